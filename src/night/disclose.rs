//! Disclose: the gate's answer for every recipient, against what the recipient already holds.
//!
//! One pass over the people who may have changed; each recipient's rows stream into its own bundle,
//! and what the ledger will say of them into a journal that is committed with the bundle.

use super::Night;
use super::registers::Read;
use super::share::{Desk, Office, pour};
use super::summary::{RecipientLine, Summary};
use super::watch::{Watch, watches};
use crate::backup;
use crate::bundle::{BundleWriter, Options};
use crate::correction;
use crate::receipt::review;
use crate::store::{BundleRow, BundleState, DuePerson, DuePersons, PersonRef};
use crate::vault::Spool;
use anyhow::{Context as _, Result, anyhow};
use hashbrown::HashMap;
use jiff::ToSpan as _;
use jiff::civil::Date;
use lockgate_core::agreement::{PartnerId, Standing};
use lockgate_core::bundle::{BundleKind, Column, Form, Lexicon, Meaning, Meta, Table};
use lockgate_core::gate::{Gate, Registers, Withheld};
use lockgate_core::hash::HashKey;
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
    pub(super) snapshot: bool,
    /// This day's bundle was made before: another one only when it has rows.
    pub more: bool,
    pub(super) withheld: Withheld,
    /// What still waits for the recipient from earlier nights.
    pub(super) watch: Watch,
}

/// Everything the decisions depend on besides the people.
pub struct Basis<'a> {
    /// Recorded human decisions.
    pub registers: &'a Registers,
    /// Pseudonym keys, by partner.
    pub pseudonyms: &'a [Vec<u8>],
    /// Key of content digests.
    pub contents: HashKey,
    /// The words of what recipients hold.
    pub lexicon: Lexicon,
    /// Key of the ledger's commitments.
    pub commitments: Vec<u8>,
    /// Whether everybody is decided about, and not only who changed.
    pub everybody: bool,
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
    let ledger = witnessed(night).await?;
    let mut watches = watches(night).await?;
    for (id, partner) in
        night.deployment.agreement.partners().filter(|(id, _)| !registers.closed.contains(id))
    {
        let line = RecipientLine::empty(&partner.key);
        let history = night.store.bundles(Some(id), u32::MAX).await?;
        let more = history.iter().any(|b| is_of_day(b, night.order.as_of));
        let checks = correction::checks((night.deployment, night.store, night.vault), id).await?;
        let review = review::review((night.deployment, night.store), id, &history, night.order.as_of).await?;
        let review = review.filter(|r| !r.asked).map(|r| r.due);
        let last = history.iter().max_by_key(|b| b.bundle.sequence);
        let unknown = match last {
            Some(last) => backup::restored_after(night.store, last.run).await?,
            None => false,
        };
        let meta = Meta { ledger: ledger.clone(), checks, review, ..meta(night, id, &history, unknown)? };
        let snapshot = meta.kind == BundleKind::Snapshot;
        let tables = tables(night, id, &registers.registers);
        let writer = BundleWriter::create(staging, meta.clone(), tables, options(night))?;
        open.push(Open {
            recipient: id,
            meta,
            writer,
            journal: Spool::new_in(staging)?,
            line,
            snapshot,
            more,
            withheld: Withheld::default(),
            watch: watches.remove(&id.0).unwrap_or_default(),
        });
    }
    Ok(open)
}

/// Whether a bundle is the one of a day. A notice beside it is not, and what was stopped never came.
fn is_of_day(row: &BundleRow, day: Date) -> bool {
    let bundle = &row.bundle;
    let notice = bundle.kind == BundleKind::Notice.word();
    bundle.state != BundleState::Stopped && !notice && bundle.as_of >= day
}

/// How bundles are written.
fn options(night: &Night<'_>) -> Options {
    let settings = &night.deployment.settings.bundles;
    Options { csv_bom: settings.csv_bom, staff_rows: settings.staff_rows, ..Options::default() }
}

impl Open {
    /// A bundle of actions alone in the place of one that has no row: nothing changed since this day's bundle, and something
    /// is to be asked all the same. A snapshot stays one: something was stopped, and it takes its place.
    pub(super) fn notice(self, night: &Night<'_>, staging: &Path) -> Result<Self> {
        if self.snapshot {
            return Ok(self);
        }
        let Self { recipient, meta, writer, journal, line, withheld, watch, .. } = self;
        // Its unfinished files go before the new ones are begun.
        drop(writer);
        let meta = Meta { kind: BundleKind::Notice, ..meta };
        let writer = BundleWriter::create(staging, meta.clone(), Vec::new(), options(night))?;
        Ok(Self { recipient, meta, writer, journal, line, snapshot: false, more: false, withheld, watch })
    }

    /// Whether it has nothing to say: no row, and this day's bundle was made before.
    pub(super) fn needless(&self) -> bool {
        self.more && self.line.people == 0
    }

    /// Whether it asks for something besides what its rows ask for.
    pub(super) fn asks(&self) -> bool {
        !self.meta.checks.is_empty() || self.meta.review.is_some()
    }
}

/// The ledger's checkpoint after the last finished run, as its summary has it.
async fn witnessed(night: &Night<'_>) -> Result<Option<String>> {
    let runs = night.store.runs(1000).await?;
    let last = runs.iter().filter(|run| run.finished_at.is_some()).max_by_key(|run| run.id.0);
    let summary = last.and_then(|run| serde_json::from_str::<Summary>(run.summary.as_deref()?).ok());
    Ok(summary.and_then(|summary| summary.ledger))
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

/// What is said about tonight's bundle. `unknown` is whether the store was restored since the last one that it knows: others
/// may have been sent after it.
fn meta(night: &Night<'_>, recipient: PartnerId, history: &[BundleRow], unknown: bool) -> Result<Meta> {
    let deployment = night.deployment;
    let agreement = &deployment.agreement;
    let partner = agreement.get(recipient).context("a recipient is not in the agreement")?;
    let history: Vec<_> = history.iter().map(|b| &b.bundle).collect();
    let last = history.iter().max_by_key(|b| b.sequence);
    // What was stopped never came to the recipient: a snapshot takes its place, and follows what did come.
    let sent = || history.iter().filter(|b| b.state != BundleState::Stopped);
    let stopped = last.is_some_and(|b| b.state == BundleState::Stopped);
    let last_snapshot = sent()
        .filter(|b| !stopped && !unknown && b.kind == BundleKind::Snapshot.word())
        .map(|b| b.as_of)
        .max();
    let meaning = |(word, text): (&str, &str)| Meaning { word: word.into(), text: text.into() };
    Ok(Meta {
        agreement: agreement.slug().into(),
        agreement_reference: agreement.reference().into(),
        agreement_version: agreement.version().into(),
        recipient,
        recipient_name: partner.name.clone(),
        partners: agreement.partners().map(|(_, p)| p.key.clone()).collect(),
        kind: kind(last_snapshot, night.order.as_of),
        sequence: last.map_or(1, |b| b.sequence + 1) + if unknown { backup::ROOM } else { 0 },
        previous: sent().max_by_key(|b| b.sequence).map(|b| b.manifest_digest),
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
        ledger: None,
        checks: Vec::new(),
        review: None,
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
    let desks: Vec<Desk> = open.iter().map(Desk::of).collect();
    let office = Office::new(night, basis, &gate, &desks);
    let is_due = |person: PersonRef| !everybody || due.contains(&person);
    let (mut settled, mut decided) = (Vec::new(), Vec::new());
    let pages =
        if everybody { night.store.every_person() } else { night.store.due_persons(night.order.as_of) };
    let mut next = ahead(Reading { pages, holders: holders(night, open).await? });
    while let (reading, Some((page, held))) = next.await? {
        // The store reads the next page while this one is decided about, and the one before is poured.
        next = ahead(reading);
        night.progress.add(page.len() as u64);
        let both = || rayon::join(|| office.decide(page, &held, is_due), || pour(open, &decided));
        let (now, poured) = tokio::task::block_in_place(both);
        poured?;
        decided = now?;
        settled.extend(decided.iter().flat_map(|batch| &batch.settled).copied());
    }
    tokio::task::block_in_place(|| pour(open, &decided))?;
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

/// What is read ahead.
struct Reading {
    pages: DuePersons,
    /// By open bundle the recipient, if it holds anything of anybody.
    holders: Vec<Option<PartnerId>>,
}

/// What a read-ahead gives: the pager back, and a page with what each open bundle's recipient holds of it.
type Page = (Reading, Option<(Vec<DuePerson>, Vec<HashMap<PersonRef, Vec<u8>>>)>);

/// Reads the next page in a task of its own.
async fn ahead_of(mut reading: Reading) -> Result<Page> {
    let Some(page) = reading.pages.next_page().await? else { return Ok((reading, None)) };
    let ids: Vec<PersonRef> = page.iter().map(|p| p.person.id).collect();
    let mut held = Vec::with_capacity(reading.holders.len());
    for holder in &reading.holders {
        let of = match holder {
            Some(recipient) => reading.pages.holdings(*recipient, &ids).await?,
            None => Vec::new(),
        };
        held.push(of.into_iter().collect());
    }
    Ok((reading, Some((page, held))))
}

fn ahead(reading: Reading) -> impl Future<Output = Result<Page>> {
    let task = tokio::spawn(ahead_of(reading));
    async move { task.await.context("reading people ahead stopped")? }
}

/// By open bundle the recipient, if it holds anything of anybody.
async fn holders(night: &Night<'_>, open: &[Open]) -> Result<Vec<Option<PartnerId>>> {
    let mut holders = Vec::with_capacity(open.len());
    for o in open {
        holders.push(night.store.holds(o.recipient).await?.then_some(o.recipient));
    }
    Ok(holders)
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

/// A core problem as an error of this stage.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub fn problem(problem: lockgate_core::problem::Problem) -> anyhow::Error {
    anyhow!("{} ({})", problem.what, problem.code)
}

#[cfg(test)]
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
}
