//! Preview: rows of a file as the mapping in force reads them, and what each recipient would get of them; nothing is
//! written.
//!
//! The rows are linked like tonight's against everything remembered, each person is put together with what the store
//! holds, and the gate answers as it answers a night.

use super::again::Judged;
use super::ingest::Mill;
use super::link::{Kept, WhoIsWho, retained, who_is_who};
use super::memories::Memories;
use super::memory::FileMemory;
use super::{Night, registers};
use crate::vault::Nonces;
use anyhow::{Context as _, Result, anyhow};
use jiff::civil::Date;
use lockgate_connectors::Step;
use lockgate_core::agreement::PartnerId;
use lockgate_core::chapter::{self, ChapterHead, Entry};
use lockgate_core::gate::{Decision, Gate};
use lockgate_core::hash::Digest;
use lockgate_core::link::Person;
use lockgate_core::mapping::{Outcome, RowFault, Scratch};
use lockgate_core::preview::{self, Shown};
use lockgate_core::record::{Candidate, IdentityId, PersonId, Record, RecordId};
use lockgate_core::row::RowBuf;
use lockgate_core::schema::FieldId;
use serde::Serialize;
use std::fs::File;
use std::path::Path;

/// One row of the file.
#[derive(Serialize)]
pub struct RowView {
    /// Its number in the partner's file.
    pub row: u64,
    /// Its cells by column.
    pub cells: Vec<(String, String)>,
    /// `mapped`, `skipped` or `refused`.
    pub outcome: &'static str,
    /// Why it was refused: column and code.
    pub faults: Vec<(Option<String>, String)>,
    /// The records it becomes.
    pub records: Vec<RecordView>,
    /// Whether the person is in the cohort; nothing is kept or leaves otherwise (1.1).
    pub in_cohort: bool,
    /// What each recipient would get.
    pub recipients: Vec<RecipientView>,
}

/// A record that the row becomes.
#[derive(Serialize)]
pub struct RecordView {
    /// Its category.
    pub category: String,
    /// Its values.
    pub fields: Vec<(String, String)>,
    /// The source cancelled it.
    pub cancelled: bool,
    /// The source restricted it.
    pub restricted: bool,
}

/// What one recipient would get of one row.
#[derive(Serialize)]
pub struct RecipientView {
    /// The recipient's key.
    pub recipient: String,
    /// What would leave.
    pub leaves: Vec<LeavesView>,
    /// What would not, and why.
    pub stays: Vec<StaysView>,
}

/// A record as it would leave.
#[derive(Serialize)]
pub struct LeavesView {
    /// Its category.
    pub category: String,
    /// The clause.
    pub clause: String,
    /// The handling code.
    pub handling: String,
    /// The values as the recipient would see them.
    pub fields: Vec<(String, String)>,
}

/// Fields that would not leave, by the rule that keeps them.
#[derive(Serialize)]
pub struct StaysView {
    /// Their category.
    pub category: String,
    /// The rule's word.
    pub rule: &'static str,
    /// The rule's clause.
    pub clause: String,
    /// The rule's answer in plain words.
    pub why: String,
    /// The fields.
    pub fields: Vec<String>,
}

/// Which rows.
#[derive(Debug, Clone, Copy)]
pub enum Rows {
    /// The first so many.
    First(usize),
    /// The one of this number.
    Number(u64),
}

/// A row read and mapped.
struct Mapped {
    view: RowView,
    identity: Option<IdentityId>,
    candidates: Vec<Candidate>,
}

/// Shows rows of a file as it lies in the file system.
pub async fn preview(
    night: &Night<'_>,
    feed: usize,
    file: &Path,
    date: Date,
    rows: Rows,
) -> Result<Vec<RowView>> {
    let mut memory = FileMemory::passing();
    let mut mapped = read(night, feed, file, date, rows, &mut memory)?;
    let who = linked(night, feed, memory, date).await?;
    let registers =
        registers::read(night.store, night.deployment, night.vault, night.order.as_of).await?.registers;
    let keys: Vec<Vec<u8>> =
        night.deployment.agreement.partners().map(|(_, p)| night.vault.pseudonym_key(&p.key)).collect();
    let deployment = night.deployment;
    let gate = Gate::new(&deployment.agreement, &deployment.schema, &registers, &keys, night.order.as_of);
    for one in &mut mapped {
        let Some(identity) = one.identity else { continue };
        let Some(person) = who.cohort.person(identity) else { continue };
        one.view.in_cohort = true;
        let mut records = stored_records(night, person).await?;
        let fresh = as_records(night, feed, identity, &one.candidates, &records)?;
        records.retain(|r| fresh.iter().all(|f| f.head().id != r.head().id));
        records.extend(fresh);
        let filled = |r: &RecordView| r.fields.iter().map(|(name, _)| name.clone()).collect();
        let of: Vec<(RecordId, Vec<String>)> =
            one.candidates.iter().map(Candidate::id).zip(one.view.records.iter().map(filled)).collect();
        one.view.recipients = recipients(night, &gate, &Person::new(person, records), &of);
    }
    Ok(mapped.into_iter().map(|m| m.view).collect())
}

/// Who is who when these rows were the feed's newest.
pub async fn linked(night: &Night<'_>, feed: usize, memory: FileMemory, date: Date) -> Result<WhoIsWho> {
    let memories = Memories::open(night.state)?;
    let mut kept = retained(night, &memories, &mut Vec::new()).await?;
    let digest = Digest([0; 32]);
    let newest = Kept { stored: None, tonight: Some(0), memory, date, digest };
    kept.get_mut(feed).context("a feed without a place among the files")?.insert(0, newest);
    let last = night.store.runs(1).await?.first().map(|run| run.as_of);
    who_is_who(night, &kept, last).await
}

/// What the store holds of a person; nothing of somebody new.
pub async fn stored_records(night: &Night<'_>, person: PersonId) -> Result<Vec<Record>> {
    let known = night.store.persons_by_key(&[person]).await?;
    let Some((_, row)) = known.first() else { return Ok(Vec::new()) };
    let due = night.store.person(*row).await?;
    let Some(due) = due else { return Ok(Vec::new()) };
    due.records(night.vault.rest()).context("a stored record does not open")
}

/// Reads and maps the rows asked for.
fn read(
    night: &Night<'_>,
    feed: usize,
    file: &Path,
    date: Date,
    wanted: Rows,
    memory: &mut FileMemory,
) -> Result<Vec<Mapped>> {
    let mapping = night.deployment.mapping(feed)?;
    let input = File::open(file).with_context(|| format!("opening {}", file.display()))?;
    let format = night.deployment.format(feed)?;
    let broken = |fault: &lockgate_connectors::ReadError| anyhow!("{fault}");
    let mut rows = format.read(Box::new(input), night.deployment.wanted(feed)).map_err(|f| broken(&f))?;
    let header = rows.header().to_vec();
    let bound = mapping
        .bind(&header)
        .map_err(|fault| anyhow!("the file's header lacks {} (LG1310)", fault.missing.join(", ")))?;
    let keys = night.vault.keys(mapping.digest());
    let mill = Mill { bound: &bound, keys: &keys, day: date, agreement: &night.deployment.agreement };
    let (mut row, mut scratch, mut out) = (RowBuf::new(), Scratch::default(), Vec::new());
    loop {
        let step = rows.next(&mut row).map_err(|f| broken(&f))?;
        let (done, here) = match wanted {
            Rows::First(count) => (out.len() >= count, true),
            Rows::Number(number) => (row.number() > number, row.number() == number),
        };
        if step == Step::End || done {
            return Ok(out);
        }
        if !here {
            continue;
        }
        let judged: Judged = match step {
            Step::Bad { code } => (Outcome::Refused(vec![RowFault { column: None, code }]), None),
            Step::Row | Step::End => mill.map(&row, &mut scratch),
        };
        let cells = preview::cells(&header, &row);
        let print = row.fingerprint(&keys.rows);
        if let Outcome::Mapped(mapped) = &judged.0 {
            memory.push(print, mapped.identity, &mapped.evidence.keys, judged.1);
        }
        out.push(view(night, feed, row.number(), cells, judged.0)?);
    }
}

fn view(
    night: &Night<'_>,
    feed: usize,
    row: u64,
    cells: Vec<(String, String)>,
    outcome: Outcome,
) -> Result<Mapped> {
    let mapping = night.deployment.mapping(feed)?;
    let (word, faults, identity, candidates) = match outcome {
        Outcome::Refused(faults) => {
            let told =
                |f: &RowFault| (f.column.and_then(|c| mapping.column(c)).map(Into::into), f.code.to_owned());
            ("refused", faults.iter().map(told).collect(), None, Vec::new())
        }
        Outcome::Skipped => ("skipped", Vec::new(), None, Vec::new()),
        Outcome::Mapped(mapped) => ("mapped", Vec::new(), Some(mapped.identity), mapped.candidates),
    };
    let shown = |c: &Candidate| {
        let Shown { category, fields, cancelled, restricted } = preview::record(c, &night.deployment.schema);
        RecordView { category, fields, cancelled, restricted }
    };
    let records = candidates.iter().map(shown).collect();
    let view =
        RowView { row, cells, outcome: word, faults, records, in_cohort: false, recipients: Vec::new() };
    Ok(Mapped { view, identity, candidates })
}

/// A row's records as the store would give them back.
pub fn as_records(
    night: &Night<'_>,
    feed: usize,
    identity: IdentityId,
    candidates: &[Candidate],
    stored: &[Record],
) -> Result<Vec<Record>> {
    let originator: PartnerId = night.deployment.mapping(feed)?.partner();
    let (rest, mut nonces) = (night.vault.rest(), Nonces::new());
    let head = ChapterHead { identity, partner: 0, file: 0, run: 0 };
    let mut out = Vec::with_capacity(candidates.len());
    for c in candidates {
        let before = stored.iter().map(Record::head).find(|head| head.id == c.id());
        let number = before.map_or(1, |head| head.number.saturating_add(1));
        // Sealed and opened at once, and never stored: the one way to a record leads through the store's form.
        let entry = [Entry::of(c.clone(), number, 0)];
        let sealed = chapter::seal(&head, 0, &entry, rest, nonces.next_nonce()?);
        let (_, back) = chapter::open(0, &sealed, rest).context("a record does not open")?;
        let (category, as_of) = (c.category(), night.order.as_of);
        out.extend(back.into_iter().map(|entry| entry.into_record(identity, originator, category, as_of)));
    }
    Ok(out)
}

fn recipients(
    night: &Night<'_>,
    gate: &Gate<'_>,
    person: &Person,
    of: &[(RecordId, Vec<String>)],
) -> Vec<RecipientView> {
    let (agreement, schema) = (&night.deployment.agreement, &night.deployment.schema);
    let facts = gate.facts(person);
    let mut out = Vec::new();
    for (recipient, partner) in agreement.partners() {
        let told = gate.disclose(person, &facts, recipient).disclosed;
        let mut leaves = Vec::new();
        for one in told.iter().filter(|d| of.iter().any(|(id, _)| *id == d.record())) {
            let Some(category) = schema.get(one.category()) else { continue };
            let fields = one
                .cells()
                .filter_map(|(field, value)| Some((category.get(field)?.name.clone(), value?.to_owned())));
            leaves.push(LeavesView {
                category: category.name.clone(),
                clause: one.clause().into(),
                handling: one.handling().into(),
                fields: fields.collect(),
            });
        }
        let stays = stays(night, gate, person, recipient, of);
        out.push(RecipientView { recipient: partner.key.clone(), leaves, stays });
    }
    out
}

/// Fields with a value that stay, by category and reason.
fn stays(
    night: &Night<'_>,
    gate: &Gate<'_>,
    person: &Person,
    recipient: PartnerId,
    of: &[(RecordId, Vec<String>)],
) -> Vec<StaysView> {
    let schema = &night.deployment.schema;
    let mut out: Vec<StaysView> = Vec::new();
    let held = |id: RecordId| person.records().iter().map(Record::head).find(|head| head.id == id);
    for (id, filled) in of {
        let Some(category_id) = held(*id).map(|head| head.category) else { continue };
        let Some(category) = schema.get(category_id) else { continue };
        for (at, field) in (0u8..).zip(&category.fields).filter(|(_, field)| filled.contains(&field.name)) {
            let answers = gate.explain(person, recipient, category_id, FieldId(at));
            let Some(one) = answers.iter().find(|one| one.record == *id) else { continue };
            let Decision::Withheld(rule) = one.decision else { continue };
            let why = one.steps.last().map_or("", |step| step.text.as_str());
            let same =
                |s: &&mut StaysView| s.category == category.name && s.rule == rule.word() && s.why == why;
            match out.iter_mut().find(same) {
                Some(known) if known.fields.contains(&field.name) => {}
                Some(known) => known.fields.push(field.name.clone()),
                None => out.push(StaysView {
                    category: category.name.clone(),
                    rule: rule.word(),
                    clause: one.clause.clone(),
                    why: why.to_owned(),
                    fields: vec![field.name.clone()],
                }),
            }
        }
    }
    out
}
