//! Link: who is who tonight, and who is in the cohort.
//!
//! The scope is what changed and all that its evidence touches. On a first night that is everybody
//! whom the cohort list's evidence touches: rows about nobody in the cohort are never linked.

use super::Night;
use super::ingest::Taken;
use super::memories::Memories;
use super::memory::FileMemory;
use crate::store::{FileId, FileRow, KnownIdentity};
use anyhow::Result;
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;
use lockgate_core::check::Verdict;
use lockgate_core::hash::Digest;
use lockgate_core::link::{Doubt, Remembered, Scope, link};
use lockgate_core::mapping::FeedKind;
use lockgate_core::record::{IdentityId, PersonId};

/// Above this many changed identities the scope starts from the cohort list instead.
const MANY: usize = 50_000;

/// A retained file of a feed, with its rows as remembered.
pub struct Kept {
    /// The store's row of the file; `None` for one that arrived tonight.
    pub stored: Option<FileRow>,
    /// Index among tonight's files.
    pub tonight: Option<usize>,
    /// Its rows.
    pub memory: FileMemory,
    /// The date of its name.
    pub date: Date,
    /// Its content.
    pub digest: Digest,
}

/// All retained files, per feed, newest first.
pub type Retained = Vec<Vec<Kept>>;

/// The linker's answer in the terms of the store.
#[derive(Default)]
pub struct WhoIsWho {
    /// Identities in scope that belong to a person in the cohort.
    pub cohort: HashMap<IdentityId, PersonId>,
    /// Identities that the store holds and that are in the cohort no more.
    pub leavers: Vec<KnownIdentity>,
    /// Identities that the store holds and that belong to another person now.
    pub moved: Vec<(KnownIdentity, PersonId)>,
    /// Identities in scope that the store holds, in the cohort or not.
    pub known: Vec<KnownIdentity>,
    /// The keys of those, but for those that a run without an end added.
    pub held: HashSet<IdentityId>,
    /// How many identities of the cohort the store does not hold yet.
    pub joining: u64,
    /// Pairs for review.
    pub doubts: Vec<(IdentityId, IdentityId, Doubt)>,
    /// Identities looked at.
    pub scope: usize,
}

impl WhoIsWho {
    /// Whether an identity is in the cohort and the store does not hold it yet.
    pub fn joins(&self, identity: IdentityId) -> bool {
        self.cohort.contains_key(&identity) && !self.held.contains(&identity)
    }
}

/// Collects tonight's accepted files and the stored ones that still count.
pub async fn retained(night: &Night<'_>, memories: &Memories, taken: &mut [Taken]) -> Result<Retained> {
    let mut out = Retained::new();
    for (feed, mapping) in night.deployment.mappings.iter().enumerate() {
        let mut files: Vec<Kept> = Vec::new();
        for (n, file) in taken.iter_mut().enumerate().filter(|(_, t)| t.due.feed == feed) {
            if matches!(file.verdict, Verdict::Accepted(_)) {
                let memory = std::mem::replace(&mut file.memory, FileMemory::passing());
                let (date, digest) = (file.due.date, file.due.digest);
                let stored = file.again.as_ref().map(|again| again.file.clone());
                files.push(Kept { stored, tonight: Some(n), memory, date, digest });
            }
        }
        let whole = mapping.kind() == FeedKind::Snapshot;
        if !whole || files.is_empty() {
            let mut stored = night.store.accepted_files(mapping.name()).await?;
            if whole {
                stored = stored.pop().into_iter().collect();
            }
            let again: Vec<FileId> =
                files.iter().filter_map(|f| f.stored.as_ref()).map(|row| row.id).collect();
            for row in stored.into_iter().filter(|row| !again.contains(&row.id)) {
                let memory = memories.load(mapping.name(), &row.outcome.digest)?;
                let (date, digest) = (row.outcome.data_date, row.outcome.digest);
                files.push(Kept { stored: Some(row), tonight: None, memory, date, digest });
            }
        }
        // Newest data first; of one date, tonight's first.
        files.sort_by_key(|f| {
            std::cmp::Reverse((f.date, f.tonight.map_or(-1, |n| i64::try_from(n).unwrap_or(0))))
        });
        out.push(files);
    }
    Ok(out)
}

/// Links what changed since `last` (the as-of date of the last finished run).
pub async fn who_is_who(night: &Night<'_>, retained: &Retained, last: Option<Date>) -> Result<WhoIsWho> {
    night.progress.stage("linking");
    let day = night.order.as_of;
    let mut seeds = seeds(night, retained, last).await?;
    // Whom a run added that came to no end joins once more: not all that is known of it may have been read.
    let unfinished = night.store.interrupted_identities(night.run.id).await?;
    seeds.extend_from_slice(&unfinished);
    let unfinished: HashSet<IdentityId> = unfinished.into_iter().collect();
    let views: Vec<Vec<&dyn Remembered>> = retained
        .iter()
        .map(|files| files.iter().map(|kept| &kept.memory as &dyn Remembered).collect())
        .collect();
    let mut scope = tokio::task::block_in_place(|| Scope::closure(&views, seeds, day))?;
    let mut stored = Vec::new();
    if !night.store.holds_nobody().await? {
        let ids: Vec<IdentityId> = scope.indexes().map(|i| scope.identity(i)).collect();
        stored = night.store.known_identities(&ids).await?;
    }
    for row in &stored {
        scope.set_known(row.key, row.person_key, row.first_run);
    }
    let linking = link(&scope);
    let mut out = WhoIsWho { scope: scope.len(), ..WhoIsWho::default() };
    let held: HashSet<IdentityId> =
        stored.iter().map(|r| r.key).filter(|k| !unfinished.contains(k)).collect();
    for ((i, person), cohort) in scope.indexes().zip(&linking.person).zip(&linking.cohort) {
        if *cohort {
            let identity = scope.identity(i);
            out.cohort.insert(identity, *person);
            out.joining += u64::from(!held.contains(&identity));
        }
    }
    for row in &stored {
        match out.cohort.get(&row.key) {
            None => out.leavers.push(*row),
            Some(person) if *person != row.person_key => out.moved.push((*row, *person)),
            Some(_) => {}
        }
    }
    (out.known, out.held) = (stored, held);
    out.doubts =
        linking.doubts.iter().map(|(a, b, why)| (scope.identity(*a), scope.identity(*b), *why)).collect();
    Ok(out)
}

/// The identities to start from: what changed; or, when that is too many, everybody designated and
/// everybody stored among the changed.
async fn seeds(night: &Night<'_>, retained: &Retained, last: Option<Date>) -> Result<Vec<IdentityId>> {
    let day = night.order.as_of;
    let (mut changed, mut designated) = (HashSet::new(), Vec::new());
    let empty = night.store.holds_nobody().await?;
    for file in retained.iter().flatten() {
        let fresh = file.tonight.is_some();
        if fresh {
            file.memory.each_vanished(|seen| {
                changed.insert(seen.identity);
            })?;
        }
        // On an empty store only the designated can matter.
        if !file.memory.designates() && (empty || !fresh) {
            continue;
        }
        file.memory.each(&mut |seen| {
            if fresh && !empty && seen.fresh {
                changed.insert(seen.identity);
            }
            if let Some(span) = seen.span {
                if span.holds(day) {
                    designated.push(seen.identity);
                }
                if !empty && last.is_none_or(|l| span.holds(l) != span.holds(day)) {
                    changed.insert(seen.identity);
                }
            }
        })?;
    }
    if !empty && changed.len() <= MANY {
        return Ok(changed.into_iter().collect());
    }
    let all: Vec<IdentityId> = changed.into_iter().collect();
    designated.extend(night.store.known_identities(&all).await?.into_iter().map(|r| r.key));
    Ok(designated)
}
