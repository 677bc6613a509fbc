//! Disclose: the gate's answer for every recipient, against what the recipient already holds.
//!
//! One pass over the people who may have changed; each recipient's rows stream into its own bundle,
//! and what the ledger will say of them into a journal that is committed with the bundle.

use super::Night;
use super::registers::Read;
use super::summary::RecipientLine;
use crate::bundle::{BundleWriter, Options};
use crate::store::{BundleRow, DuePerson, DuePersons, PersonRef};
use crate::vault::Spool;
use anyhow::{Context as _, Result, anyhow};
use hashbrown::HashMap;
use jiff::ToSpan as _;
use jiff::civil::Date;
use lockgate_core::agreement::{PartnerId, Standing};
use lockgate_core::bundle::{BundleKind, Column, Form, Holdings, Meaning, Meta, Planner, Row, Table};
use lockgate_core::gate::{Facts, Gate, Registers, Withheld};
use lockgate_core::hash::HashKey;
use lockgate_core::ledger::{Disclosure, Entry};
use lockgate_core::link::Person;
use lockgate_core::record::Record;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// What the ledger's commit needs of one bundle: per person what the recipient holds afterwards,
/// then the encoded entries.
pub struct Open {
    /// The recipient.
    pub recipient: PartnerId,
    /// What is said about the bundle.
    pub meta: Meta,
    /// Its files so far.
    pub writer: BundleWriter,
    /// What the ledger will say.
    pub journal: Spool,
    /// Its line of the summary.
    pub line: RecipientLine,
    /// Whether it holds everything.
    snapshot: bool,
    /// This day's bundle was made before: another one only when it has rows.
    pub more: bool,
    withheld: Withheld,
}

/// Everything the decisions depend on besides the people.
pub struct Basis<'a> {
    /// Recorded human decisions.
    pub registers: &'a Registers,
    /// Pseudonym keys, by partner.
    pub pseudonyms: &'a [Vec<u8>],
    /// Key of content digests.
    pub contents: HashKey,
    /// Key of the ledger's commitments.
    pub commitments: Vec<u8>,
    /// Whether everybody is decided about, and not only who changed.
    pub everybody: bool,
}

/// One person's outcome.
struct Decided {
    person: PersonRef,
    review_on: Option<Date>,
    per: Vec<Share>,
}

/// One person's outcome for one recipient.
#[derive(Default)]
struct Share {
    rows: Vec<Row>,
    entries: Vec<Vec<u8>>,
    after: Option<Vec<u8>>,
    decided: u64,
    disclosed: u64,
    withheld: Withheld,
}

/// The kind of tonight's bundle: first a snapshot, then deltas, a snapshot again after a month.
pub fn kind(last_snapshot: Option<Date>, as_of: Date) -> BundleKind {
    let due = last_snapshot.is_none_or(|last| last.checked_add(1.month()).is_ok_and(|next| next <= as_of));
    if due { BundleKind::Snapshot } else { BundleKind::Delta }
}

/// Opens tonight's bundle of every recipient. Who has one of this day already gets another only if something
/// changed since.
/// Who is closed receives nothing for now: no bundle is made, and what it holds stays as it is.
pub async fn open(night: &Night<'_>, staging: &Path, registers: &Read) -> Result<Vec<Open>> {
    let mut open = Vec::new();
    for (id, partner) in
        night.deployment.agreement.partners().filter(|(id, _)| !registers.closed.contains(id))
    {
        let line = RecipientLine::empty(&partner.key);
        let history = night.store.bundles(Some(id), u32::MAX).await?;
        let more = history.iter().any(|b| b.bundle.as_of >= night.order.as_of);
        let meta = meta(night, id, &history)?;
        let snapshot = meta.kind == BundleKind::Snapshot;
        let options = Options {
            csv_bom: night.deployment.settings.bundles.csv_bom,
            staff_rows: night.deployment.settings.bundles.staff_rows,
            ..Options::default()
        };
        let tables = tables(night, id, &registers.registers);
        let writer = BundleWriter::create(staging, meta.clone(), tables, options)?;
        open.push(Open {
            recipient: id,
            meta,
            writer,
            journal: Spool::new_in(staging)?,
            line,
            snapshot,
            more,
            withheld: Withheld::default(),
        });
    }
    Ok(open)
}

fn tables(night: &Night<'_>, recipient: PartnerId, registers: &Registers) -> Vec<Table> {
    let (agreement, schema) = (&night.deployment.agreement, &night.deployment.schema);
    let mut tables = Vec::new();
    for (id, category) in schema.categories() {
        let Some(grant) = agreement.grant(recipient, id) else { continue };
        let column = |listed: &lockgate_core::agreement::GrantField| {
            let field = category.get(listed.field)?;
            let reduced = match listed.standing {
                Some(Standing::Reduced(reduction)) => Some(reduction.word()),
                Some(Standing::Whole) | None => None,
            };
            let mut column = Column::new(listed.field, field, reduced);
            if reduced.is_some() && listed.on_authority || registers.reduces(recipient, id, listed.field) {
                // Reduced here, whole there, by an authority or a restriction: no one type fits both.
                column.form = Form::Text;
            }
            Some(column)
        };
        let columns = grant.fields().iter().filter_map(column).collect();
        tables.push(Table {
            category: Some(id),
            name: category.name.clone(),
            title: category.title.clone(),
            columns,
        });
    }
    tables
}

fn meta(night: &Night<'_>, recipient: PartnerId, history: &[BundleRow]) -> Result<Meta> {
    let deployment = night.deployment;
    let agreement = &deployment.agreement;
    let partner = agreement.get(recipient).context("a recipient is not in the agreement")?;
    let history: Vec<_> = history.iter().map(|b| &b.bundle).collect();
    let last = history.iter().max_by_key(|b| b.sequence);
    let last_snapshot =
        history.iter().filter(|b| b.kind == BundleKind::Snapshot.word()).map(|b| b.as_of).max();
    let meaning = |(word, text): (&str, &str)| Meaning { word: word.into(), text: text.into() };
    Ok(Meta {
        agreement: agreement.slug().into(),
        agreement_reference: agreement.reference().into(),
        agreement_version: agreement.version().into(),
        recipient,
        recipient_name: partner.name.clone(),
        partners: agreement.partners().map(|(_, p)| p.key.clone()).collect(),
        kind: kind(last_snapshot, night.order.as_of),
        sequence: last.map_or(1, |b| b.sequence + 1),
        previous: last.map(|b| b.manifest_digest),
        as_of: night.order.as_of,
        policy_hash: *agreement.digest(),
        software: crate::SOFTWARE.into(),
        acknowledge_by: deployment
            .calendar
            .after(night.order.as_of, deployment.settings.bundles.acknowledge_days)
            .context("the calendar of dates ends")?,
        reply_to: format!("{}, {}", deployment.settings.contact.name, deployment.settings.contact.reach),
        purposes: agreement.purposes().map(meaning).collect(),
        handling: agreement.handling_words().map(meaning).collect(),
        withheld_fields: agreement.withheld_fields(recipient, &deployment.schema),
    })
}

/// Decides about everybody due, and pours the rows into the open bundles. Gives the days on which
/// people are to be decided about again.
pub async fn disclose(
    night: &Night<'_>,
    basis: &Basis<'_>,
    open: &mut [Open],
) -> Result<Vec<(PersonRef, Option<Date>)>> {
    night.progress.stage("deciding");
    let deployment = night.deployment;
    let gate = Gate::new(
        &deployment.agreement,
        &deployment.schema,
        basis.registers,
        basis.pseudonyms,
        night.order.as_of,
    );
    let everybody = basis.everybody || open.iter().any(|o| o.snapshot);
    let deltas = open.iter().any(|o| !o.snapshot);
    let due = if everybody && deltas && !basis.everybody { due(night).await? } else { BTreeSet::new() };
    let mut settled = Vec::new();
    let mut next = ahead(if everybody {
        night.store.every_person()
    } else {
        night.store.due_persons(night.order.as_of)
    });
    while let (pages, Some(page)) = next.await? {
        // The store reads the next page while this one is decided about.
        next = ahead(pages);
        night.progress.add(page.len() as u64);
        let held = holdings(night, open, &page).await?;
        let shared: &[Open] = open;
        let decided: Vec<Decided> = page
            .into_par_iter()
            .map(|person| {
                let looked_at = !everybody || due.contains(&person.person.id);
                decide(night, basis, &gate, shared, &held, person, looked_at)
            })
            .collect::<Result<_>>()?;
        settled.extend(decided.iter().map(|d| (d.person, d.review_on)));
        open.par_iter_mut().enumerate().try_for_each(|(n, o)| pour(o, n, &decided))?;
    }
    for o in open.iter_mut() {
        o.line.withheld = o
            .withheld
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(rule, n)| (rule.word().into(), u64::from(n)))
            .collect();
    }
    Ok(settled)
}

/// What a read-ahead gives: the pager back, and the page.
type Page = (DuePersons, Option<Vec<DuePerson>>);

/// Reads the next page in a task of its own.
async fn ahead_of(mut pages: DuePersons) -> Result<Page> {
    let page = pages.next_page().await?;
    Ok((pages, page))
}

fn ahead(pages: DuePersons) -> impl Future<Output = Result<Page>> {
    let task = tokio::spawn(ahead_of(pages));
    async move { task.await.context("reading people ahead stopped")? }
}

/// What each open bundle's recipient holds of a page of people; nobody holds anything before a first bundle.
async fn holdings(
    night: &Night<'_>,
    open: &[Open],
    page: &[DuePerson],
) -> Result<Vec<HashMap<PersonRef, Vec<u8>>>> {
    let ids: Vec<PersonRef> = page.iter().map(|p| p.person.id).collect();
    let mut held = Vec::with_capacity(open.len());
    for o in open {
        let first = o.meta.sequence == 1;
        let of = if first { Vec::new() } else { night.store.holdings(o.recipient, &ids).await? };
        held.push(of.into_iter().collect());
    }
    Ok(held)
}

/// The people who would be due if only changes counted: a delta beside a snapshot looks at them alone.
async fn due(night: &Night<'_>) -> Result<BTreeSet<PersonRef>> {
    let mut pages = night.store.due_persons(night.order.as_of);
    let mut due = BTreeSet::new();
    while let Some(page) = pages.next_page().await? {
        due.extend(page.iter().map(|p| p.person.id));
    }
    Ok(due)
}

/// Decides about one person for every open bundle.
fn decide(
    night: &Night<'_>,
    basis: &Basis<'_>,
    gate: &Gate<'_>,
    open: &[Open],
    held: &[HashMap<PersonRef, Vec<u8>>],
    row: DuePerson,
    due: bool,
) -> Result<Decided> {
    let rest = night.vault.rest();
    let records: Vec<Record> = row
        .versions
        .into_iter()
        .map(|(head, sealed)| Record::from_rest(head, rest, &sealed))
        .collect::<Result<_, _>>()
        .context("a stored record does not open")?;
    let person = Person::new(row.person.key, records);
    let facts = gate.facts(&person);
    let mut per = Vec::with_capacity(open.len());
    for (o, held) in open.iter().zip(held) {
        // A delta looks only at who changed; a snapshot at everybody.
        if !(due || basis.everybody || o.snapshot) {
            per.push(Share::default());
            continue;
        }
        let before = match held.get(&row.person.id) {
            Some(bytes) => Holdings::from_bytes(bytes).map_err(problem)?,
            None => Holdings::new(),
        };
        per.push(share(night, basis, gate, o, &person, &facts, &before)?);
    }
    Ok(Decided { person: row.person.id, review_on: gate.next_change(&facts), per })
}

fn share(
    night: &Night<'_>,
    basis: &Basis<'_>,
    gate: &Gate<'_>,
    open: &Open,
    person: &Person,
    facts: &Facts,
    before: &Holdings,
) -> Result<Share> {
    let deployment = night.deployment;
    let answer = gate.disclose(person, facts, open.recipient);
    let planner = Planner {
        recipient: open.recipient,
        kind: open.meta.kind,
        as_of: night.order.as_of,
        review_by: &|day| deployment.agreement.review_by(day),
        schema: &deployment.schema,
        partners: &open.meta.partners,
        person: deployment.agreement.person_category(),
        contents: &basis.contents,
    };
    let disclosed = answer.disclosed.len() as u64;
    let decided = disclosed + u64::from(answer.withheld.total());
    let mut share = Share { decided, disclosed, withheld: answer.withheld, ..Share::default() };
    let plan = planner.plan(person.id(), answer.disclosed, before).map_err(problem)?;
    let key = &basis.commitments;
    for row in &plan.rows {
        let grant = row.category(&deployment.schema);
        let entry = Disclosure::of(
            row,
            &deployment.schema,
            open.meta.recipient_key(),
            open.meta.sequence,
            grant,
            key,
        );
        share.entries.push(Entry::Disclosure(entry).encode());
    }
    if plan.after != *before {
        share.after = Some(plan.after.to_bytes());
    }
    share.rows = plan.rows;
    Ok(share)
}

/// Adds a page's rows to one bundle.
fn pour(open: &mut Open, at: usize, decided: &[Decided]) -> Result<()> {
    for one in decided {
        let Some(share) = one.per.get(at) else { continue };
        open.line.decided += share.decided;
        open.line.disclosed += share.disclosed;
        open.withheld.merge(&share.withheld);
        open.line.people += u64::from(!share.rows.is_empty());
        for row in &share.rows {
            open.line.count(row.change());
            open.writer.add(row)?;
        }
        if share.after.is_some() || !share.entries.is_empty() {
            open.journal.push(&journal_entry(one.person, share))?;
        }
    }
    Ok(())
}

/// A journal entry: person, what is held afterwards (length, bytes; none = unchanged), entries.
fn journal_entry(person: PersonRef, share: &Share) -> Vec<u8> {
    let mut out = person.0.to_le_bytes().to_vec();
    let mut put = |bytes: Option<&[u8]>| {
        let length = bytes.map_or(u32::MAX, |b| u32::try_from(b.len()).unwrap_or(u32::MAX - 1));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(bytes.unwrap_or_default());
    };
    put(share.after.as_deref());
    share.entries.iter().for_each(|e| put(Some(e)));
    out
}

/// What a journal entry says.
pub struct JournalEntry<'a> {
    /// The person's row.
    pub person: PersonRef,
    /// What the recipient holds afterwards; `None` when that did not change.
    pub after: Option<&'a [u8]>,
    /// The ledger entries.
    pub entries: Vec<&'a [u8]>,
}

impl<'a> JournalEntry<'a> {
    /// Reads one entry back; `None` when it is not one.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (person, mut rest) = bytes.split_first_chunk::<8>()?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let length = u32::from_le_bytes(*length);
            if length == u32::MAX {
                parts.push(None);
                rest = after;
            } else {
                let (part, after) = after.split_at_checked(length as usize)?;
                parts.push(Some(part));
                rest = after;
            }
        }
        let mut parts = parts.into_iter();
        let after = parts.next()?;
        Some(Self {
            person: PersonRef(i64::from_le_bytes(*person)),
            after,
            entries: parts.flatten().collect(),
        })
    }
}

/// A core problem as an error of this stage.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub fn problem(problem: lockgate_core::problem::Problem) -> anyhow::Error {
    anyhow!("{} ({})", problem.what, problem.code)
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn first_a_snapshot_then_deltas_then_a_snapshot_after_a_month() {
        let cases = [
            (None, BundleKind::Snapshot),
            (Some(date(2008, 11, 16)), BundleKind::Delta),
            (Some(date(2008, 10, 18)), BundleKind::Delta),
            (Some(date(2008, 10, 17)), BundleKind::Snapshot),
        ];
        for (last, expected) in cases {
            assert_eq!(kind(last, date(2008, 11, 17)), expected, "last {last:?}");
        }
    }

    #[test]
    fn a_journal_entry_comes_back() {
        let share = Share { after: None, entries: vec![vec![1, 2], vec![]], ..Share::default() };
        let bytes = journal_entry(PersonRef(7), &share);
        let back = JournalEntry::read(&bytes).unwrap();
        assert_eq!((back.person, back.after, back.entries), (PersonRef(7), None, vec![&[1u8, 2][..], &[]]));
        assert!(JournalEntry::read(&bytes[..bytes.len() - 1]).is_none());
    }
}
