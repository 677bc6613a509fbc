//! Quiet: whom the last night left linked is linked still, as long as nothing was said since and no day has come on which a
//! designation begins or ends. Then nobody is looked at, and what is remembered of the files is not even opened.

use super::Night;
use super::link::{Retained, other_rules};
use super::propose;
use super::weights::InForce;
use crate::review::said;
use crate::store::Store;
use anyhow::Result;
use jiff::civil::Date;
use lockgate_core::hash::{Digest, Digester};
use lockgate_core::mapping::FeedKind;

/// The word under which the store keeps on what the last night linked, and until when it holds.
const KEY: &str = "linked on";
/// In the place of the day when no designation begins or ends any more.
const EVER: &str = "ever";

/// Whether tonight's linking would look at nobody. `news`: whether anything was read.
pub async fn holds(night: &Night<'_>, news: bool) -> Result<bool> {
    if news || night.store.first_interrupted(night.run.id).await?.is_some() {
        return Ok(false);
    }
    let Some(left) = night.store.meta(KEY).await? else { return Ok(false) };
    let Some((on, until)) = left.split_once(' ') else { return Ok(false) };
    // Dates of one length compare as they read.
    if until != EVER && until <= night.order.as_of.to_string().as_str() {
        return Ok(false);
    }
    if on != standing(night).await?.hex() {
        return Ok(false);
    }
    // By other rules or another model everybody is looked at, and what a model left to be weighed comes next.
    let same_model = propose::last(night.store).await? == Some(InForce::of(night.deployment)?.digest);
    if !same_model || other_rules(night).await? || !night.store.unsettled_identities().await?.is_empty() {
        return Ok(false);
    }
    let registered = night.store.registered().await?;
    let runs = night.store.runs(1000).await?;
    let finished = runs.iter().filter(|run| run.finished_at.is_some()).max_by_key(|run| run.id.0);
    Ok(said::since(&registered, finished, night.order.as_of).is_empty())
}

/// The first day after tonight on which a remembered designation begins or holds no more.
pub fn until(night: &Night<'_>, retained: &Retained) -> Option<Date> {
    let memories = retained.iter().flatten().map(|kept| &kept.memory);
    memories.filter_map(|memory| memory.next_change(night.order.as_of)).min()
}

/// Leaves to the next night what this one linked. Only when all of it has come to its end.
pub async fn leave(night: &Night<'_>, until: Option<Date>) -> Result<()> {
    let until = until.map_or_else(|| EVER.to_owned(), |day| day.to_string());
    let on = standing(night).await?.hex();
    Ok(night.store.set_meta(KEY, &format!("{on} {until}")).await?)
}

/// What linking looks at: the retained files of each feed.
async fn standing(night: &Night<'_>) -> Result<Digest> {
    let Night { deployment, store, .. } = night;
    let mut digester = Digester::new();
    let mut add = |text: &str| {
        digester.update(&(text.len() as u64).to_le_bytes());
        digester.update(text.as_bytes());
    };
    // Whether one word about a pair is enough.
    add(if deployment.settings.review.two_people { "two" } else { "one" });
    for mapping in &deployment.mappings {
        add(mapping.name());
        for digest in files(store, mapping.name(), mapping.kind()).await? {
            add(&digest.hex());
        }
    }
    Ok(digester.finish())
}

/// The files of a feed that count: of full lists the last one.
async fn files(store: &Store, feed: &str, kind: FeedKind) -> Result<Vec<Digest>> {
    let stored = store.accepted_files(feed).await?;
    let from = if kind == FeedKind::Snapshot { stored.len().saturating_sub(1) } else { 0 };
    Ok(stored.into_iter().skip(from).map(|row| row.outcome.digest).collect())
}
