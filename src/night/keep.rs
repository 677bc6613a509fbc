//! Keep: what the store holds of people in the cohort, one transaction a file.

use super::Night;
use super::again::Again;
use super::behind::{Behind, Writes};
use super::collect::Due;
use super::ingest::Taken;
use super::late;
use super::link::{Doubtful, Kept, Retained, WhoIsWho};
use super::memories::Memories;
use super::memory::Rows;
use super::page::{Page, Turn, Turns};
use super::people::People;
use super::replay;
use super::take_back::take_back;
use crate::store::{
    FileCounts, FileId, FileOutcome, FileTx, IdentityRef, Imprint, NewIdentity, NewQuarantine, NewReview,
    PersonRef, StoreError,
};
use crate::vault::Nonces;
use anyhow::{Context as _, Result};
use hashbrown::HashSet;
use lockgate_core::agreement::PartnerId;
use lockgate_core::check::{Tally, Verdict};
use lockgate_core::link::Fate;
use lockgate_core::mapping::{FeedKind, Mapping};
use lockgate_core::record::{Candidate, IdentityId, PersonId};
use std::collections::BTreeSet;
use tokio::task::JoinHandle;

/// Rows written in one go.
const PAGE: usize = 2000;

/// What keeping changed.
#[derive(Debug, Default, Clone, Copy)]
pub struct KeptCounts {
    /// Records that the store did not hold.
    pub new: u64,
    /// Records with a new version.
    pub changed: u64,
    /// Rows about nobody in the cohort, dropped.
    pub outside: u64,
}

/// A mapped row about somebody in the cohort.
struct Row {
    identity: IdentityId,
    candidates: Vec<Candidate>,
}

/// Writes one file's rows about people in the cohort.
struct Writer<'a, 'n, 'w> {
    night: &'a Night<'n>,
    behind: Behind,
    who: &'a WhoIsWho,
    people: &'a mut People<'w>,
    turns: &'a Turns,
    turn: Turn,
    imprint: Imprint,
    /// The first person that tonight's files founded, or will.
    founded_from: PersonRef,
    nonces: Nonces,
    counts: KeptCounts,
}

/// Saves the remembered rows of tonight's files.
pub fn save(night: &Night<'_>, memories: &Memories, retained: &mut Retained) -> Result<()> {
    for (feed, files) in retained.iter_mut().enumerate() {
        let name = night.deployment.mapping(feed)?.name();
        for file in files.iter_mut().filter(|file| file.tonight.is_some()) {
            memories.save(name, &file.digest, &mut file.memory)?;
        }
    }
    Ok(())
}

/// Keeps everything that tonight brings; gives counts by tonight's file.
pub async fn keep(
    night: &Night<'_>,
    taken: &mut [Taken],
    retained: &Retained,
    who: &WhoIsWho,
    people: &mut People<'_>,
) -> Result<Vec<KeptCounts>> {
    let mut kept = AllKept { counts: vec![KeptCounts::default(); taken.len()], ids: vec![None; taken.len()] };
    let mut closing = None;
    let mut turns = Turns::of(night).await?;
    let aside = night.store.put_indexes_aside().await?;
    fill_in(night, retained, who, people, &turns).await?;
    // Files that designate come first: they found the persons to whom the others' identities belong.
    let mut order: Vec<(usize, &Kept)> =
        retained.iter().enumerate().flat_map(|(feed, files)| files.iter().map(move |f| (feed, f))).collect();
    order.retain(|(_, f)| f.tonight.is_some());
    order.sort_by_key(|(feed, f)| (!f.memory.designates(), f.date, *feed));
    for (feed, file) in order {
        let Some((n, taken)) = file.tonight.and_then(|n| taken.get_mut(n).map(|t| (n, t))) else { continue };
        let mapping = night.deployment.mapping(feed)?;
        night.progress.stage(format!("keeping {} of {}", mapping.name(), file.date));
        // While the store takes the end of the file before.
        let wanted = replay::Wanted::of(file, &taken.left_out, who);
        kept.file(closing.take(), &mut turns).await?;
        super::in_force::keep(night.deployment, night.state, mapping)?;
        let taken_back = match taken.again {
            None => take_back(night, &turns, feed).await?,
            Some(_) => None,
        };
        if let Verdict::Accepted(warnings) = &mut taken.verdict {
            warnings.extend(taken_back);
        }
        let (counts, id) = accept(night, feed, (file, wanted?), taken, who, people, &turns).await?;
        closing = Some(Closing { n, turn: (file.date, feed), counts, id });
    }
    kept.file(closing, &mut turns).await?;
    let AllKept { counts, ids } = kept;
    say_again(night, retained, who, people, (&turns, &ids)).await?;
    if aside {
        night.store.make_indexes().await?;
    }
    for taken in taken.iter() {
        if let Verdict::Held(problems) = &taken.verdict {
            let mapping = night.deployment.mapping(taken.due.feed)?;
            let reason = problems.first().map(|p| p.code);
            night.store.record_held(&night.run, &outcome(mapping, taken, reason)).await?;
        }
    }
    put_reviews(night, who).await?;
    super::link::remember_rules(night).await?;
    Ok(counts)
}

/// A file whose rows are written and which the store is just accepting.
struct Closing {
    /// Its place among tonight's files.
    n: usize,
    turn: Turn,
    counts: KeptCounts,
    id: JoinHandle<Result<FileId, StoreError>>,
}

/// What was kept, by tonight's file.
struct AllKept {
    counts: Vec<KeptCounts>,
    ids: Vec<Option<FileId>>,
}

impl AllKept {
    /// Waits until a file is accepted; those after it take their turns behind it.
    async fn file(&mut self, closing: Option<Closing>, turns: &mut Turns) -> Result<()> {
        let Some(Closing { n, turn, counts, id }) = closing else { return Ok(()) };
        let id = id.await.context("accepting a file stopped")??;
        turns.add(id, turn);
        if let (Some(slot), Some(of)) = (self.counts.get_mut(n), self.ids.get_mut(n)) {
            (*slot, *of) = (counts, Some(id));
        }
        Ok(())
    }
}

/// Writes one of tonight's files, and begins to accept it.
async fn accept(
    night: &Night<'_>,
    feed: usize,
    (file, wanted): (&Kept, replay::Wanted),
    taken: &mut Taken,
    who: &WhoIsWho,
    people: &mut People<'_>,
    turns: &Turns,
) -> Result<(KeptCounts, JoinHandle<Result<FileId, StoreError>>)> {
    let mapping = night.deployment.mapping(feed)?;
    let tx = match &taken.again {
        Some(again) => night.store.begin_replay(&night.run, again.file.id, mapping.partner()).await?,
        None => night.store.begin_file(&night.run, mapping.partner()).await?,
    };
    let mut writer = Writer::new(night, tx, who, people, (turns, (file.date, feed)));
    writer.replay(feed, file, wanted.rows).await?;
    let mut rows: Vec<Row> = Vec::with_capacity(PAGE);
    let mut outside = wanted.outside;
    while let Some(chunk) = taken.spool.next(|row, identity| {
        let counts = file.memory.fate(row as usize) == Some(Fate::Mapped);
        let inside = counts && who.cohort.has(identity);
        outside += u64::from(counts && !inside);
        inside && !wanted.unexpected.contains(&identity)
    })? {
        for row in chunk {
            rows.push(Row { identity: row.identity, candidates: row.candidates });
        }
        // Full pages, so that their statements are of the length that is kept prepared.
        while rows.len() >= PAGE {
            let rest = rows.split_off(PAGE);
            writer.page(std::mem::replace(&mut rows, rest)).await?;
        }
    }
    writer.page(rows).await?;
    writer.counts.outside = outside;
    let Writer { behind, counts, .. } = writer;
    let mut tx = behind.finish().await?;
    if let Some(again) = &taken.again {
        let ((settled, waiting), recount) = (again.settled(&taken.refused), Again::recount(&taken.tally));
        let id = again.file.id;
        let accepting = async move {
            tx.settle_asked(&settled, &waiting, recount).await?;
            tx.commit_replay().await.map(|()| id)
        };
        return Ok((counts, tokio::spawn(accepting)));
    }
    let refused = taken.refused.iter().map(|r| NewQuarantine {
        row: r.row,
        column: r.column.and_then(|c| mapping.column(c)).map(Into::into),
        code: r.code.into(),
    });
    let (refused, outcome) = (refused.collect(), outcome(mapping, taken, None));
    let accepting = async move {
        tx.put_quarantine(refused).await?;
        tx.commit(&outcome).await
    };
    Ok((counts, tokio::spawn(accepting)))
}

/// Fills in people who join from files received on earlier nights, oldest first.
async fn fill_in(
    night: &Night<'_>,
    retained: &Retained,
    who: &WhoIsWho,
    people: &mut People<'_>,
    turns: &Turns,
) -> Result<()> {
    if who.joining == 0 {
        return Ok(());
    }
    let mut old: Vec<(usize, &Kept)> =
        retained.iter().enumerate().flat_map(|(feed, files)| files.iter().map(move |f| (feed, f))).collect();
    old.retain(|(_, f)| f.tonight.is_none());
    old.sort_by_key(|(feed, f)| (!f.memory.designates(), f.date, *feed));
    for (feed, file) in old {
        let Some(id) = file.stored.as_ref().map(|row| row.id) else { continue };
        let wanted = replay::Wanted::of(file, &Rows::default(), who)?.rows;
        read_again(night, (feed, file, id), wanted, who, people, turns).await?;
    }
    Ok(())
}

/// Lets newer lists of changes say again what they say about whoever a list that came late names. A run that was stopped may not
/// have come to it: what it took counts as late as well.
async fn say_again(
    night: &Night<'_>,
    retained: &Retained,
    who: &WhoIsWho,
    people: &mut People<'_>,
    (turns, ids): (&Turns, &[Option<FileId>]),
) -> Result<()> {
    let stopped = night.store.first_interrupted(night.run.id).await?;
    let since = |file: &Kept| file.stored.as_ref().is_some_and(|f| stopped.is_some_and(|run| f.run >= run));
    let came = |file: &Kept| file.tonight.is_some() || since(file);
    for (feed, files) in retained.iter().enumerate() {
        if night.deployment.mapping(feed)?.kind() != FeedKind::Snapshot {
            for (file, rows) in late::said_again(files, &came, who)? {
                let tonight = file.tonight.and_then(|n| ids.get(n).copied().flatten());
                let stored = file.stored.as_ref().map(|row| row.id);
                let Some(id) = tonight.or(stored) else { continue };
                read_again(night, (feed, file, id), rows, who, people, turns).await?;
            }
        }
    }
    Ok(())
}

/// Reads rows of a file that was accepted before once more, and keeps what they say that is new.
async fn read_again(
    night: &Night<'_>,
    (feed, file, id): (usize, &Kept, FileId),
    rows: Vec<usize>,
    who: &WhoIsWho,
    people: &mut People<'_>,
    turns: &Turns,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mapping = night.deployment.mapping(feed)?;
    let tx = night.store.begin_replay(&night.run, id, mapping.partner()).await?;
    let mut writer = Writer::new(night, tx, who, people, (turns, (file.date, feed)));
    writer.replay(feed, file, rows).await?;
    Ok(writer.behind.finish().await?.commit_replay().await?)
}

impl<'a, 'n, 'w> Writer<'a, 'n, 'w> {
    fn new(
        night: &'a Night<'n>,
        tx: FileTx,
        who: &'a WhoIsWho,
        people: &'a mut People<'w>,
        (turns, turn): (&'a Turns, Turn),
    ) -> Self {
        let (nonces, counts) = (Nonces::new(), KeptCounts::default());
        let (imprint, behind) = (tx.imprint(), Behind::new(tx));
        let founded_from = people.founded_from(behind.numbers().next_person());
        Self { night, behind, who, people, turns, turn, imprint, founded_from, nonces, counts }
    }

    async fn replay(&mut self, feed: usize, file: &Kept, wanted: Vec<usize>) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut replay = replay::Replay::begin(self.night, feed, file, wanted)?;
        loop {
            let page = tokio::task::block_in_place(|| replay.next_page(PAGE))?;
            if page.is_empty() {
                return Ok(());
            }
            let row = |one: replay::Replayed| Row { identity: one.identity, candidates: one.candidates };
            self.page(page.into_iter().map(row).collect()).await?;
        }
    }

    /// Writes a page of rows, in their order.
    async fn page(&mut self, rows: Vec<Row>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.night.progress.add(rows.len() as u64);
        let mut writes = Writes::default();
        let fresh = self.identities(&rows, &mut writes).await?;
        let mut page = self.standing(&rows, &fresh).await?;
        let mut changed: BTreeSet<PersonRef> = BTreeSet::new();
        for row in rows {
            let (at, person) = self.people.at(row.identity).context("an identity was not kept")?;
            for candidate in row.candidates {
                let turns = (self.turns, self.turn);
                if page.candidate(turns, &self.imprint, (at, row.identity), candidate)? {
                    changed.insert(person);
                }
            }
        }
        // Persons founded tonight are marked from the beginning.
        writes.dirty = changed.into_iter().filter(|person| *person < self.founded_from).collect();
        let (chapters, counts) = page.sealed(self.night.vault.rest(), &mut self.nonces)?;
        writes.chapters = chapters;
        self.counts.new += counts.new;
        self.counts.changed += counts.changed;
        self.behind.write(writes).await
    }

    /// Numbers the identities that the store does not hold; gives them. Those that found their person come
    /// first, so that the others of the page find it.
    async fn identities(&mut self, rows: &[Row], writes: &mut Writes) -> Result<HashSet<IdentityId>> {
        let missing: BTreeSet<IdentityId> =
            rows.iter().map(|r| r.identity).filter(|i| self.people.identity(*i).is_none()).collect();
        let (mut founders, mut others) = (Vec::new(), Vec::new());
        for identity in &missing {
            let person = self.who.cohort.person(*identity).context("a row of nobody in the cohort")?;
            let founds = person.0 == identity.0 && self.people.person(person).is_none();
            if founds { founders.push((*identity, person)) } else { others.push((*identity, person)) }
        }
        self.number(
            founders.into_iter().map(|(identity, person)| (identity, person, None)).collect(),
            writes,
        );
        let mut belong = Vec::with_capacity(others.len());
        for (identity, person) in others {
            let row = match self.people.person(person) {
                Some(known) => known,
                None => self.people.found(self.behind.tx().await?, person).await?,
            };
            belong.push((identity, person, Some(row)));
        }
        self.number(belong, writes);
        Ok(missing.into_iter().collect())
    }

    /// Gives identities their rows.
    fn number(&mut self, new: Vec<(IdentityId, PersonId, Option<PersonRef>)>, writes: &mut Writes) {
        let identities: Vec<NewIdentity> =
            new.iter().map(|(key, _, person)| NewIdentity { key: *key, person: *person }).collect();
        let rows = self.behind.numbers().identities(&identities);
        for ((identity, key, _), (at, person)) in new.into_iter().zip(&rows) {
            self.people.add(identity, *at, *person, key);
        }
        writes.identities.push((identities, rows));
        writes.founded_from = Some(self.founded_from);
    }

    /// What stands of identities that the store held before this page.
    async fn standing(&mut self, rows: &[Row], fresh: &HashSet<IdentityId>) -> Result<Page> {
        let known: BTreeSet<IdentityId> =
            rows.iter().map(|r| r.identity).filter(|i| !fresh.contains(i)).collect();
        let refs: Vec<IdentityRef> = known.iter().filter_map(|i| self.people.identity(*i)).collect();
        if refs.is_empty() {
            return Ok(Page::default());
        }
        let chapters = self.behind.tx().await?.chapters(&refs).await?;
        Page::on(&chapters, self.night.vault.rest())
    }
}

fn counts(tally: &Tally) -> FileCounts {
    FileCounts {
        rows: tally.read,
        mapped: tally.mapped,
        unchanged: tally.unchanged,
        quarantined: tally.quarantined,
        duplicate: tally.duplicate,
        skipped: tally.skipped,
    }
}

/// What is recorded about a file: never its own name, which may be personal.
pub fn outcome(mapping: &Mapping, taken: &Taken, reason: Option<&str>) -> FileOutcome {
    let problems = match &taken.verdict {
        Verdict::Accepted(p) | Verdict::Held(p) => p,
    };
    let warnings: Vec<serde_json::Value> =
        problems.iter().map(|p| serde_json::json!({ "code": p.code, "what": p.what })).collect();
    let digest = taken.due.digest.hex();
    FileOutcome {
        feed: mapping.name().into(),
        digest: taken.due.digest,
        name_token: format!("{} {} {}", mapping.name(), taken.due.date, digest.get(..8).unwrap_or_default()),
        data_date: taken.due.date,
        reason: reason.map(Into::into),
        counts: counts(&taken.tally),
        warnings: serde_json::Value::Array(warnings).to_string(),
        profile: serde_json::to_string(&taken.profile).unwrap_or_default(),
        mapping_digest: *mapping.digest(),
        bytes: taken.due.bytes,
    }
}

/// What is recorded of a file that was not read.
pub fn unread(mapping: &Mapping, due: &Due) -> FileOutcome {
    let digest = due.digest.hex();
    FileOutcome {
        feed: mapping.name().into(),
        digest: due.digest,
        name_token: format!("{} {} {}", mapping.name(), due.date, digest.get(..8).unwrap_or_default()),
        data_date: due.date,
        reason: None,
        counts: FileCounts::default(),
        warnings: "[]".into(),
        profile: String::new(),
        mapping_digest: *mapping.digest(),
        bytes: due.bytes,
    }
}

async fn put_reviews(night: &Night<'_>, who: &WhoIsWho) -> Result<()> {
    if who.doubts.is_empty() && who.settled.is_empty() {
        return Ok(());
    }
    let pair = |d: &Doubtful| NewReview { a: d.a, b: d.b, reason: d.why.code().into(), evidence: d.evidence };
    let mut tx = night.store.begin_replay(&night.run, crate::store::FileId(0), PartnerId(0)).await?;
    tx.settle_reviews(&who.settled).await?;
    tx.put_reviews(who.doubts.iter().map(pair).collect()).await?;
    tx.commit_replay().await?;
    Ok(())
}
