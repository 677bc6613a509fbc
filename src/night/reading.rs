//! Reading: tonight's files, each on the memory of its feed's last accepted one. Those that designate come first: of the
//! others' rows only those need to wait in a spool that may be about somebody designated.
//!
//! What a feed's files say hangs by nothing else, so the other feeds may be read by several processes (`readers.rs`).

use super::beside::beside;
use super::collect::{Collected, Due, collect};
use super::ingest::{Before, Taken, Tools, ingest};
use super::memories::Memories;
use super::{Night, again, readers};
use anyhow::Result;
use jiff::civil::Date;
use lockgate_core::check::Verdict;
use lockgate_core::hash::Digest;
use lockgate_core::link::{Interest, Remembered};
use lockgate_core::mapping::Mapping;
use std::collections::BTreeMap;

/// On what the next file of a feed stands.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// What it is compared with.
    pub before: Before,
    /// The file whose rows it may have again. Of several new files of one feed the first stands on the last accepted one; a
    /// changed mapping reads everything anew, since no fingerprint is the same.
    pub base: Option<Digest>,
}

impl Standing {
    /// That of a feed's first file tonight.
    pub async fn of(night: &Night<'_>, feed: usize) -> Result<Self> {
        let mapping = night.deployment.mapping(feed)?;
        let Some(last) = night.store.last_accepted(mapping.name()).await? else { return Ok(Self::default()) };
        let outcome = last.outcome;
        let before =
            Before { rows: Some(outcome.counts.rows), profile: serde_json::from_str(&outcome.profile).ok() };
        let same = outcome.mapping_digest == *mapping.digest();
        Ok(Self { before, base: same.then_some(outcome.digest) })
    }

    /// Reads the feed's next file.
    pub fn read(
        &mut self,
        tools: &Tools<'_>,
        memories: &Memories,
        due: &Due,
        interest: Option<&Interest>,
    ) -> Result<Taken> {
        let name = tools.deployment.mapping(due.feed)?.name();
        let base = memories.reading(name, self.base.take().as_ref())?;
        let one = ingest(tools, due, base, &self.before, interest)?;
        if matches!(one.verdict, Verdict::Accepted(_)) {
            self.before.profile = Some(one.profile.clone());
        }
        Ok(one)
    }
}

/// The files of one feed that are due, in their order.
pub struct Piece<'a> {
    /// Index of the feed in the deployment.
    pub feed: usize,
    /// On what the first of them stands.
    pub standing: Standing,
    /// The files.
    pub files: Vec<&'a Due>,
}

impl Piece<'_> {
    /// Reads them.
    pub fn read(
        &self,
        tools: &Tools<'_>,
        memories: &Memories,
        interest: Option<&Interest>,
    ) -> Result<Vec<Taken>> {
        let mut standing = self.standing.clone();
        self.files.iter().map(|due| standing.read(tools, memories, due, interest)).collect()
    }
}

/// Collects tonight's files and reads them. Those that designate are read while the others are collected.
pub(super) async fn collect_and_read(
    night: &Night<'_>,
    memories: &Memories,
) -> Result<(Collected, Vec<Taken>)> {
    let cohort = night.deployment.agreement.cohort_category();
    let designate = |mapping: &Mapping| mapping.gives(cohort);
    let first = collect(night, memories, designate).await?;
    let (then, mut taken) = if first.due.is_empty() {
        (collect(night, memories, |mapping| !designate(mapping)).await?, Vec::new())
    } else {
        let others = collect(night, memories, |mapping| !designate(mapping));
        beside(others, |handle| handle.block_on(here(night, memories, &first.due, None)))?
    };
    taken.extend(others(night, memories, &then.due, &taken).await?);
    memories.done();
    let collected = first.and(then);
    let order =
        |t: &Taken| collected.due.iter().position(|d| (d.feed, d.digest) == (t.due.feed, t.due.digest));
    taken.sort_by_key(order);
    for (feed, again) in again::asked(night).await? {
        let mapping = night.deployment.mapping(feed)?;
        let last = night.store.last_accepted(mapping.name()).await?.map(|l| l.id);
        if !again::overtaken(mapping, &again, &collected.due, feed, last) {
            taken.push(tokio::task::block_in_place(|| again::reread(night, memories, feed, again))?);
        }
    }
    Ok((collected, taken))
}

/// Reads the files that designate nobody, once those that do are read.
async fn others(
    night: &Night<'_>,
    memories: &Memories,
    due: &[Due],
    designations: &[Taken],
) -> Result<Vec<Taken>> {
    let interest = interest_of(designations, night.order.as_of)?;
    match readers::beside(night, due).await? {
        Some(bench) => {
            let pieces = pieces(night, due).await?;
            readers::read(night, memories, bench, pieces, interest.as_ref()).await
        }
        None => here(night, memories, due, interest.as_ref()).await,
    }
}

/// Reads files in this process, in the order of their days.
async fn here(
    night: &Night<'_>,
    memories: &Memories,
    files: &[Due],
    interest: Option<&Interest>,
) -> Result<Vec<Taken>> {
    let mut taken = Vec::with_capacity(files.len());
    let mut standings: BTreeMap<usize, Standing> = BTreeMap::new();
    for due in files {
        let mut standing = match standings.remove(&due.feed) {
            Some(standing) => standing,
            None => Standing::of(night, due.feed).await?,
        };
        let tools = night.tools();
        let one = tokio::task::block_in_place(|| standing.read(&tools, memories, due, interest))?;
        standings.insert(due.feed, standing);
        taken.push(one);
    }
    Ok(taken)
}

/// The files feed by feed.
async fn pieces<'a>(night: &Night<'_>, files: &'a [Due]) -> Result<Vec<Piece<'a>>> {
    let mut feeds: BTreeMap<usize, Vec<&Due>> = BTreeMap::new();
    for due in files {
        feeds.entry(due.feed).or_default().push(due);
    }
    let mut pieces = Vec::with_capacity(feeds.len());
    for (feed, files) in feeds {
        pieces.push(Piece { feed, standing: Standing::of(night, feed).await?, files });
    }
    Ok(pieces)
}

/// Who may be in the cohort by the designations that were read.
fn interest_of(taken: &[Taken], day: Date) -> Result<Option<Interest>> {
    let accepted = taken.iter().filter(|t| matches!(t.verdict, Verdict::Accepted(_)));
    let files: Vec<&dyn Remembered> =
        accepted.filter(|t| t.memory.designates()).map(|t| &t.memory as &dyn Remembered).collect();
    Ok(Interest::of(&files, day)?)
}
