//! Link: who is who tonight, and who is in the cohort.
//!
//! The scope is what changed and all that its evidence touches. On a first night that is everybody
//! whom the cohort list's evidence touches: rows about nobody in the cohort are never linked.

use super::Night;
use super::cohort::Cohort;
use super::ingest::Taken;
use super::memories::Memories;
use super::memory::FileMemory;
use crate::review::said;
use crate::store::{FileId, FileRow, KnownIdentity, PersonRef, ReviewRow, ReviewState};
use anyhow::Result;
use hashbrown::HashSet;
use jiff::civil::Date;
use lockgate_core::check::Verdict;
use lockgate_core::hash::Digest;
use lockgate_core::link::{Doubt, Open, Remembered, Scope, link};
use lockgate_core::mapping::FeedKind;
use lockgate_core::record::{IdentityId, PersonId};
use std::collections::BTreeSet;

/// The rules by which identities are linked. When they become others, everybody is looked at again: whom the former ones
/// joined may be two people by these.
const RULES: &str = "2";
/// The word under which the store keeps the rules of the last night.
const KEY: &str = "link rules";

/// Above this many changed identities the scope starts from the cohort list instead.
pub(super) const MANY: usize = 50_000;

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
    pub cohort: Cohort,
    /// Identities that the store holds and that are in the cohort no more.
    pub leavers: Vec<KnownIdentity>,
    /// Identities that the store holds and that belong to another person now, those that leave the cohort among them.
    pub moved: Vec<(KnownIdentity, PersonId)>,
    /// Identities in scope that the store holds, in the cohort or not.
    pub known: Vec<KnownIdentity>,
    /// The keys of those, but for those that a run without an end added.
    pub held: HashSet<IdentityId>,
    /// How many identities of the cohort the store does not hold yet.
    pub joining: u64,
    /// Pairs for review.
    pub doubts: Vec<Doubtful>,
    /// Pairs that waited and wait no more.
    pub settled: Vec<(IdentityId, IdentityId)>,
    /// Identities looked at.
    pub scope: usize,
}

/// A pair for review.
#[derive(Debug, Clone, Copy)]
pub struct Doubtful {
    /// One.
    pub a: IdentityId,
    /// The other.
    pub b: IdentityId,
    /// Why.
    pub why: Doubt,
    /// A mark of what the two bring.
    pub evidence: u64,
}

impl WhoIsWho {
    /// Whether an identity is in the cohort and the store does not hold it yet.
    pub fn joins(&self, identity: IdentityId) -> bool {
        self.cohort.has(identity) && !self.held.contains(&identity)
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
    seeds.extend(night.store.unsettled_identities().await?);
    let registered = night.store.registered().await?;
    let runs = night.store.runs(1000).await?;
    let finished = runs.iter().filter(|run| run.finished_at.is_some()).max_by_key(|run| run.id.0);
    seeds.extend(said::since(&registered, finished, day));
    let rulings = said::rulings(&registered, day, night.deployment.settings.review.two_people);
    companions(night, &mut seeds).await?;
    let unfinished: HashSet<IdentityId> = unfinished.into_iter().collect();
    let views: Vec<Vec<&dyn Remembered>> = retained
        .iter()
        .map(|files| files.iter().map(|kept| &kept.memory as &dyn Remembered).collect())
        .collect();
    let mut scope = tokio::task::block_in_place(|| Scope::closure(&views, seeds, &rulings.ties(), day))?;
    let mut stored = Vec::new();
    if !night.store.holds_nobody().await? {
        let ids: Vec<IdentityId> = scope.indexes().map(|i| scope.identity(i)).collect();
        stored = night.store.known_identities(&ids).await?;
    }
    for row in &stored {
        scope.set_known(row.key, row.person_key, row.first_run);
    }
    let linking = link(&scope, &rulings);
    let mut out = WhoIsWho { scope: scope.len(), ..WhoIsWho::default() };
    let held: HashSet<IdentityId> =
        stored.iter().map(|r| r.key).filter(|k| !unfinished.contains(k)).collect();
    let linked = scope.indexes().zip(&linking.person).zip(&linking.cohort);
    let inside = linked.filter(|(_, cohort)| **cohort).map(|((i, person), _)| (scope.identity(i), *person));
    out.cohort = Cohort::of(inside);
    out.joining = out.cohort.identities().iter().filter(|identity| !held.contains(*identity)).count() as u64;
    for row in &stored {
        if !out.cohort.has(row.key) {
            out.leavers.push(*row);
        }
        // Who leaves by being told apart from somebody who stays leaves as a person of its own.
        let now = scope.index_of(row.key).and_then(|at| linking.person.get(at as usize));
        out.moved.extend(now.filter(|person| **person != row.person_key).map(|person| (*row, *person)));
    }
    (out.known, out.held) = (stored, held);
    let pair = |open: &Open| Doubtful {
        a: scope.identity(open.a),
        b: scope.identity(open.b),
        why: open.why,
        evidence: open.evidence,
    };
    out.doubts = linking.doubts.iter().map(pair).collect();
    out.settled = settled(night, &scope, &out.doubts).await?;
    Ok(out)
}

/// Whether the store was last linked by other rules.
pub(super) async fn other_rules(night: &Night<'_>) -> Result<bool> {
    Ok(night.store.meta(KEY).await?.as_deref() != Some(RULES))
}

/// Remembers by which rules everybody is linked now.
pub async fn remember_rules(night: &Night<'_>) -> Result<()> {
    Ok(night.store.set_meta(KEY, RULES).await?)
}

/// Whoever was one person with somebody who changed is looked at too: it may be so no more, whatever they share now.
pub(crate) async fn companions(night: &Night<'_>, seeds: &mut Vec<IdentityId>) -> Result<()> {
    if seeds.is_empty() || night.store.holds_nobody().await? {
        return Ok(());
    }
    let known = night.store.known_identities(seeds).await?;
    let persons: BTreeSet<PersonRef> = known.iter().map(|k| k.person).collect();
    let persons: Vec<PersonRef> = persons.into_iter().collect();
    seeds.extend(night.store.members(&persons).await?);
    Ok(())
}

/// The pairs that wait though one of them was looked at tonight and nothing is in doubt about them any more.
async fn settled(
    night: &Night<'_>,
    scope: &Scope,
    doubts: &[Doubtful],
) -> Result<Vec<(IdentityId, IdentityId)>> {
    if scope.is_empty() {
        return Ok(Vec::new());
    }
    let doubted: HashSet<(IdentityId, IdentityId)> = doubts.iter().map(|d| (d.a, d.b)).collect();
    let looked_at = |identity| scope.index_of(identity).is_some();
    let mut waiting = night.store.reviews(Some(ReviewState::Open)).await?;
    // What the model proposes is taken back by it alone.
    let by_rule = |row: &ReviewRow| row.reason != Doubt::Proposed.code();
    waiting.retain(|row| (looked_at(row.a) || looked_at(row.b)) && !doubted.contains(&(row.a, row.b)));
    waiting.retain(by_rule);
    Ok(waiting.into_iter().map(|row| (row.a, row.b)).collect())
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
    // By other rules everybody is looked at: whoever is stored is one person with somebody designated.
    if !empty && changed.len() <= MANY && !other_rules(night).await? {
        return Ok(changed.into_iter().collect());
    }
    let all: Vec<IdentityId> = changed.into_iter().collect();
    designated.extend(night.store.known_identities(&all).await?.into_iter().map(|r| r.key));
    Ok(designated)
}
