//! Keep: what the store holds of people in the cohort, one transaction a file.

use super::Night;
use super::again::Again;
use super::behind::{Behind, Writes};
use super::collect::Due;
use super::ingest::Taken;
use super::link::{Kept, Retained, WhoIsWho};
use super::memories::Memories;
use super::people::People;
use super::replay;
use crate::store::{
    FileCounts, FileId, FileOutcome, FileTx, IdentityRef, NewIdentity, NewQuarantine, NewReview, NewVersion,
    PersonRef, VersionRef,
};
use crate::vault::Nonces;
use anyhow::{Context as _, Result};
use hashbrown::{HashMap, HashSet};
use lockgate_core::agreement::PartnerId;
use lockgate_core::check::{Tally, Verdict};
use lockgate_core::hash::HashKey;
use lockgate_core::link::{Evidence, Fate};
use lockgate_core::mapping::Mapping;
use lockgate_core::record::{Candidate, IdentityId, PersonId, RecordId};
use lockgate_core::row::Fingerprint;
use std::collections::BTreeSet;

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
    print: Fingerprint,
    identity: IdentityId,
    candidates: Vec<Candidate>,
}

/// When a file speaks: the day of its name, then its feed's turn among those of the day.
type Turn = (jiff::civil::Date, usize);

/// The turns of all accepted files, by their row.
struct Turns(HashMap<FileId, Turn>);

impl Turns {
    async fn of(night: &Night<'_>) -> Result<Self> {
        let mut turns = HashMap::new();
        for (feed, mapping) in night.deployment.mappings.iter().enumerate() {
            let files = night.store.accepted_files(mapping.name()).await?;
            turns.extend(files.into_iter().map(|f| (f.id, (f.outcome.data_date, feed))));
        }
        Ok(Self(turns))
    }
}

/// Writes one file's rows about people in the cohort.
struct Writer<'a, 'n> {
    night: &'a Night<'n>,
    behind: Behind,
    who: &'a WhoIsWho,
    people: &'a mut People,
    turns: &'a Turns,
    turn: Turn,
    contents: HashKey,
    nonces: Nonces,
    counts: KeptCounts,
}

/// Keeps everything that tonight brings; gives counts by tonight's file.
pub async fn keep(
    night: &Night<'_>,
    memories: &Memories,
    taken: &mut [Taken],
    retained: &Retained,
    who: &WhoIsWho,
    people: &mut People,
) -> Result<Vec<KeptCounts>> {
    let mut counts = vec![KeptCounts::default(); taken.len()];
    let mut turns = Turns::of(night).await?;
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
        super::in_force::keep(night.deployment, night.state, mapping)?;
        memories.save(mapping.name(), &file.digest, &file.memory)?;
        let (kept, id) = accept(night, feed, file, taken, who, people, &turns).await?;
        turns.0.insert(id, (file.date, feed));
        if let Some(slot) = counts.get_mut(n) {
            *slot = kept;
        }
    }
    for taken in taken.iter() {
        if let Verdict::Held(problems) = &taken.verdict {
            let mapping = night.deployment.mapping(taken.due.feed)?;
            let reason = problems.first().map(|p| p.code);
            night.store.record_held(&night.run, &outcome(mapping, taken, reason)).await?;
        }
    }
    put_reviews(night, who).await?;
    Ok(counts)
}

/// Accepts one of tonight's files.
async fn accept(
    night: &Night<'_>,
    feed: usize,
    file: &Kept,
    taken: &mut Taken,
    who: &WhoIsWho,
    people: &mut People,
    turns: &Turns,
) -> Result<(KeptCounts, FileId)> {
    let mapping = night.deployment.mapping(feed)?;
    let tx = match &taken.again {
        Some(again) => night.store.begin_replay(&night.run, again.file.id, mapping.partner()).await?,
        None => night.store.begin_file(&night.run, mapping.partner()).await?,
    };
    let mut writer = Writer::new(night, tx, who, people, (turns, (file.date, feed)));
    // Rows known from the last file were not read tonight; of people who join they are wanted now.
    let wanted = replay::wanted_rows(file, &who.joiners);
    writer.replay(feed, file, &wanted).await?;
    let mut rows: Vec<Row> = Vec::with_capacity(PAGE);
    let mut outside = 0;
    while let Some(chunk) = taken.spool.next(|row, identity| {
        let counts = file.memory.fate(row as usize) == Some(Fate::Mapped);
        let inside = counts && who.cohort.contains_key(&identity);
        outside += u64::from(counts && !inside);
        inside
    })? {
        for row in chunk {
            let print = file.memory.print(row.row as usize).context("a spooled row is not remembered")?;
            rows.push(Row { print, identity: row.identity, candidates: row.candidates });
        }
        if rows.len() >= PAGE {
            writer.page(std::mem::take(&mut rows)).await?;
        }
    }
    writer.page(rows).await?;
    writer.counts.outside = outside;
    let Writer { behind, counts, .. } = writer;
    let mut tx = behind.finish().await?;
    if let Some(again) = &taken.again {
        let (settled, waiting) = again.settled(&taken.refused);
        tx.settle_asked(&settled, &waiting, Again::recount(&taken.tally)).await?;
        tx.commit_replay().await?;
        return Ok((counts, again.file.id));
    }
    let refused = taken.refused.iter().map(|r| NewQuarantine {
        row: r.row,
        column: r.column.and_then(|c| mapping.column(c)).map(Into::into),
        code: r.code.into(),
    });
    tx.put_quarantine(refused.collect()).await?;
    let id = tx.commit(&outcome(mapping, taken, None)).await?;
    Ok((counts, id))
}

/// Fills in people who join from files received on earlier nights, oldest first.
async fn fill_in(
    night: &Night<'_>,
    retained: &Retained,
    who: &WhoIsWho,
    people: &mut People,
    turns: &Turns,
) -> Result<()> {
    if who.joiners.is_empty() {
        return Ok(());
    }
    let mut old: Vec<(usize, &Kept)> =
        retained.iter().enumerate().flat_map(|(feed, files)| files.iter().map(move |f| (feed, f))).collect();
    old.retain(|(_, f)| f.tonight.is_none());
    old.sort_by_key(|(feed, f)| (!f.memory.designates(), f.date, *feed));
    for (feed, file) in old {
        let wanted = replay::wanted_rows(file, &who.joiners);
        let Some(stored) = file.stored.as_ref().filter(|_| !wanted.is_empty()) else { continue };
        let mapping = night.deployment.mapping(feed)?;
        let tx = night.store.begin_replay(&night.run, stored.id, mapping.partner()).await?;
        let mut writer = Writer::new(night, tx, who, people, (turns, (file.date, feed)));
        writer.replay(feed, file, &wanted).await?;
        writer.behind.finish().await?.commit_replay().await?;
    }
    Ok(())
}

impl<'a, 'n> Writer<'a, 'n> {
    fn new(
        night: &'a Night<'n>,
        tx: FileTx,
        who: &'a WhoIsWho,
        people: &'a mut People,
        (turns, turn): (&'a Turns, Turn),
    ) -> Self {
        let (contents, nonces, counts) = (night.contents(), Nonces::new(), KeptCounts::default());
        let behind = Behind::new(tx);
        Self { night, behind, who, people, turns, turn, contents, nonces, counts }
    }

    async fn replay(&mut self, feed: usize, file: &Kept, wanted: &[usize]) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::new();
        for one in replay::replay(self.night, feed, file, wanted)? {
            let print = file.memory.print(one.row).context("a replayed row is not remembered")?;
            rows.push(Row { print, identity: one.identity, candidates: one.candidates });
        }
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(PAGE));
            self.page(std::mem::replace(&mut rows, rest)).await?;
        }
        Ok(())
    }

    /// Writes a page of rows, in their order.
    async fn page(&mut self, rows: Vec<Row>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.night.progress.add(rows.len() as u64);
        let mut page = Page::default();
        let fresh = self.identities(&rows, &mut page.writes).await?;
        self.current(&rows, &fresh, &mut page).await?;
        for row in rows {
            let at = self.people.identity(row.identity).context("an identity was not kept")?;
            for candidate in row.candidates {
                self.candidate(at, row.print, &candidate, &mut page)?;
            }
        }
        let Page { mut writes, touched, .. } = page;
        let persons: BTreeSet<PersonRef> = touched.iter().filter_map(|i| self.people.person_of(*i)).collect();
        writes.dirty = persons.into_iter().collect();
        self.counts.new += writes.new.iter().filter(|v| v.number == 1).count() as u64;
        self.counts.changed += writes.new.iter().filter(|v| v.number > 1).count() as u64;
        self.behind.write(writes).await
    }

    /// Numbers the identities that the store does not hold; gives them. Those that found their person come
    /// first, so that the others of the page find it.
    async fn identities(&mut self, rows: &[Row], writes: &mut Writes) -> Result<HashSet<IdentityId>> {
        let missing: BTreeSet<IdentityId> =
            rows.iter().map(|r| r.identity).filter(|i| self.people.identity(*i).is_none()).collect();
        let (mut founders, mut others) = (Vec::new(), Vec::new());
        for identity in &missing {
            let person = self.who.cohort.get(identity).copied().context("a row of nobody in the cohort")?;
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
        let identities: Vec<NewIdentity> = new
            .iter()
            .map(|(key, _, person)| NewIdentity {
                key: *key,
                person: *person,
                cohort: None,
                evidence: Evidence::default(),
            })
            .collect();
        let rows = self.behind.numbers().identities(&identities);
        for ((identity, key, _), (at, person)) in new.into_iter().zip(&rows) {
            self.people.add(identity, *at, *person, key);
        }
        writes.identities.push((identities, rows));
    }

    /// Reads the current versions of identities that the store held before this page.
    async fn current(&mut self, rows: &[Row], fresh: &HashSet<IdentityId>, page: &mut Page) -> Result<()> {
        let known: BTreeSet<IdentityId> =
            rows.iter().map(|r| r.identity).filter(|i| !fresh.contains(i)).collect();
        let refs: Vec<IdentityRef> = known.iter().filter_map(|i| self.people.identity(*i)).collect();
        if refs.is_empty() {
            return Ok(());
        }
        for version in self.behind.tx().await?.current(&refs).await? {
            let content = (!version.gone).then_some(version.content);
            let turn = self.turns.0.get(&version.file).copied();
            let held =
                Held { number: version.number, content, stored: Some(version.id), pending: None, turn };
            page.held.insert(version.record, held);
        }
        Ok(())
    }

    fn candidate(
        &mut self,
        at: IdentityRef,
        print: Fingerprint,
        one: &Candidate,
        page: &mut Page,
    ) -> Result<()> {
        let content = one.content(&self.contents);
        let before = page.held.get(&one.id()).copied();
        // A file that comes late speaks of an earlier day: it never takes back what a later one said.
        if before.is_some_and(|b| b.content == Some(content) || b.turn.is_some_and(|t| t > self.turn)) {
            return Ok(());
        }
        // Of two rows about one fact in one page the later one stands, under the one number.
        let number = match before {
            Some(Held { pending: Some(_), number, .. }) => number,
            Some(Held { number, .. }) => number.saturating_add(1),
            None => 1,
        };
        let version = NewVersion {
            identity: at,
            record: one.id(),
            number,
            category: one.category(),
            row_fp: print.0,
            content,
            cancelled: one.cancelled(),
            restricted: one.restricted(),
            payload: one.to_rest(self.night.vault.rest(), self.nonces.next_nonce()?, number),
        };
        page.touched.insert(at);
        page.put(version, before);
        Ok(())
    }
}

/// What is known of a record while a page is written.
#[derive(Clone, Copy)]
struct Held {
    number: u32,
    content: Option<u128>,
    stored: Option<VersionRef>,
    pending: Option<usize>,
    /// When the file that brought it spoke; unknown once that file is forgotten.
    turn: Option<Turn>,
}

/// One page's writes.
#[derive(Default)]
struct Page {
    held: HashMap<RecordId, Held>,
    writes: Writes,
    touched: BTreeSet<IdentityRef>,
}

impl Page {
    fn put(&mut self, version: NewVersion, before: Option<Held>) {
        let (record, number, content) = (version.record, version.number, Some(version.content));
        let slot = before.and_then(|b| b.pending).and_then(|p| self.writes.new.get_mut(p).map(|s| (p, s)));
        let pending = match slot {
            Some((at, slot)) => {
                *slot = version;
                at
            }
            None => {
                self.writes.closed.extend(before.and_then(|b| b.stored));
                self.writes.new.push(version);
                self.writes.new.len() - 1
            }
        };
        self.held.insert(record, Held { number, content, stored: None, pending: Some(pending), turn: None });
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
    if who.doubts.is_empty() {
        return Ok(());
    }
    let pairs =
        who.doubts.iter().map(|(a, b, why)| NewReview { a: *a, b: *b, reason: why.code().into() }).collect();
    let mut tx = night.store.begin_replay(&night.run, crate::store::FileId(0), PartnerId(0)).await?;
    tx.put_reviews(pairs).await?;
    tx.commit_replay().await?;
    Ok(())
}
