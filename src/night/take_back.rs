//! Taking back: what a changed mapping makes no more of a full list, though the mapping before it did.
//!
//! A full list says all that its source holds, so that the last one, read under both mappings, shows which records
//! only the former one makes. They end with the first list that is taken under the changed mapping. Lists of changes
//! and of events do not say what still stands: what was made of them stays.

use super::again::{Reading, Source};
use super::page::{Turn, Turns};
use super::people::end_records;
use super::{Night, in_force};
use crate::config::Former;
use crate::store::{FileRow, KnownIdentity, PersonRef};
use anyhow::Result;
use hashbrown::{HashMap, HashSet};
use lockgate_core::mapping::{FeedKind, Mapping, Outcome};
use lockgate_core::problem::Problem;
use lockgate_core::record::{Candidate, IdentityId, RecordId};
use lockgate_core::schema::CategoryId;
use std::collections::BTreeSet;

/// Identities read in one go.
const PAGE: usize = 2000;

/// What was made of a list and is made no more.
type Gone = HashMap<IdentityId, BTreeSet<RecordId>>;

/// Ends what the mapping in force makes no more of the feed's last list, when another one took it; gives a warning
/// with the count. Call it before tonight's list of the feed is written.
pub async fn take_back(night: &Night<'_>, turns: &Turns, feed: usize) -> Result<Option<Problem>> {
    let mapping = night.deployment.mapping(feed)?;
    if mapping.kind() != FeedKind::Snapshot {
        return Ok(None);
    }
    let Some(last) = night.store.last_accepted(mapping.name()).await? else { return Ok(None) };
    if last.outcome.mapping_digest == *mapping.digest() {
        return Ok(None);
    }
    // A mapping whose texts no longer fit the schema cannot be asked what it made.
    let Some(former) = in_force::read(night.deployment, night.state, &last.outcome.mapping_digest) else {
        return Ok(None);
    };
    night.progress.stage(format!("reading {} of {} again", mapping.name(), last.outcome.data_date));
    let gone = gone(night, feed, &last, &former)?;
    let count = end(night, (turns, (last.outcome.data_date, feed)), &last, &gone).await?;
    let what = format!(
        "{count} records that the mapping before made of the last full list are made no more; they are withdrawn"
    );
    Ok((count > 0).then(|| Problem::new("LG1316", what).in_data(mapping.name(), None, None)))
}

/// Records that only the former mapping makes of the list. A row that the mapping in force refuses says nothing: what
/// was made of it stays.
fn gone(night: &Night<'_>, feed: usize, list: &FileRow, former: &Former) -> Result<Gone> {
    let mapping = night.deployment.mapping(feed)?;
    let (mut made, mut refused) = (HashSet::<RecordId>::new(), HashSet::<u64>::new());
    let keys = night.vault.keys(mapping.digest());
    let source = Source { deployment: night.deployment, archive: night.archive, keys: &keys };
    source.each_row(
        feed,
        list,
        |_| true,
        |_, row, judged| match judged {
            Some((Outcome::Mapped(mapped), _)) => made.extend(mapped.candidates.iter().map(Candidate::id)),
            Some((Outcome::Refused(_), _)) => drop(refused.insert(row.number())),
            _ => {}
        },
    )?;
    let keys = night.vault.keys(&list.outcome.mapping_digest);
    let source = Source { deployment: night.deployment, archive: night.archive, keys: &keys };
    let reading = Reading { mapping: &former.mapping, format: &*former.format, wanted: &former.wanted };
    let mut gone = Gone::new();
    source.each_row_by(
        &reading,
        list,
        |_| true,
        |_, row, judged| {
            let Some((Outcome::Mapped(mapped), _)) = judged else { return };
            if refused.contains(&row.number()) {
                return;
            }
            let only = |c: &&Candidate| !made.contains(&c.id()) && is_its_own(night, mapping, c.category());
            let ids: BTreeSet<RecordId> = mapped.candidates.iter().filter(only).map(Candidate::id).collect();
            if !ids.is_empty() {
                gone.entry(mapped.identity).or_default().extend(ids);
            }
        },
    )?;
    Ok(gone)
}

/// Whether this feed alone speaks of a category's records. Of what another feed of the same persons gives too, that one
/// may still hold true; and a designation ends by its own dates alone.
fn is_its_own(night: &Night<'_>, mapping: &Mapping, category: CategoryId) -> bool {
    let beside = |m: &&Mapping| {
        m.name() != mapping.name() && m.partner() == mapping.partner() && m.key_space() == mapping.key_space()
    };
    let shared = night.deployment.mappings.iter().filter(beside).any(|m| m.gives(category));
    !shared && category != night.deployment.agreement.cohort_category()
}

/// Ends these records where the store holds them and no later file spoke of them; gives how many.
async fn end(night: &Night<'_>, (turns, turn): (&Turns, Turn), list: &FileRow, gone: &Gone) -> Result<u64> {
    let identities: Vec<IdentityId> = gone.keys().copied().collect();
    let mut count = 0;
    let known: Vec<KnownIdentity> = night.store.known_identities(&identities).await?;
    if known.is_empty() {
        return Ok(count);
    }
    let partner = night.deployment.mapping(turn.1)?.partner();
    let mut tx = night.store.begin_replay(&night.run, list.id, partner).await?;
    for some in known.chunks(PAGE) {
        let refs: Vec<_> = some.iter().map(|k| k.id).collect();
        count += end_records(night, &mut tx, &refs, |head, entry| {
            let of_one = gone.get(&head.identity).is_some_and(|ids| ids.contains(&entry.record()));
            of_one && !turns.is_after(head.file, turn)
        })
        .await?;
        let persons: BTreeSet<PersonRef> = some.iter().map(|k| k.person).collect();
        tx.mark_dirty(&persons.into_iter().collect::<Vec<_>>()).await?;
    }
    tx.commit_replay().await?;
    Ok(count)
}
