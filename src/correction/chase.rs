//! Where each correction stands, from the evidence: who was told the wrong value, who has been told since, who has confirmed.

use super::settle::{SETTLED, reference};
use super::{GATEWAY, STANDS, field, notices, record};
use crate::config::Deployment;
use crate::store::{Answered, Asked, BundleRow, BundleState, Correction, Registered, Store};
use crate::vault::Vault;
use anyhow::Result;
use jiff::civil::Date;
use lockgate_core::bundle::Change;
use lockgate_core::gate::record_ref;
use lockgate_core::ledger::{Disclosure, Entry};
use lockgate_core::record::RecordId;
use std::collections::{BTreeMap, HashMap};

/// Where a correction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its originator's to answer.
    Owner,
    /// The source has answered; not everybody who had the wrong value is told yet.
    Telling,
    /// Everybody is told; not everybody has confirmed.
    Confirming,
    /// Everybody who had the wrong value has confirmed.
    Closed,
    /// Its originator says that the record stands.
    Stands,
    /// Whoever opened it took it back.
    Retracted,
}

impl State {
    /// The word in listings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "with its originator",
            Self::Telling => "to be told",
            Self::Confirming => "to be confirmed",
            Self::Closed => "closed",
            Self::Stands => "stands",
            Self::Retracted => "taken back",
        }
    }

    /// Whether something is still to be done.
    pub const fn open(self) -> bool {
        matches!(self, Self::Owner | Self::Telling | Self::Confirming)
    }
}

/// One recipient that was told the wrong value.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its key.
    pub recipient: String,
    /// The bundle in which it got the wrong value last.
    pub had: String,
    /// The bundle in which it was told otherwise, what that does to its copy, and where the bundle stands.
    pub told: Option<(String, Change, BundleState)>,
    /// Its answer.
    pub answer: Option<Answered>,
    /// By when it was to answer.
    pub due_by: Option<Date>,
    /// Whether it is late.
    pub overdue: bool,
}

/// One correction.
#[derive(Debug, Clone)]
pub struct Case {
    /// The notice.
    pub entry: Registered,
    /// What it says.
    pub correction: Correction,
    /// Where it stands.
    pub state: State,
    /// By when its originator was to answer.
    pub owner_due: Option<Date>,
    /// Exactly those who were told the wrong value, in the agreement's order.
    pub told: Vec<Told>,
}

/// A row about the record of a notice, as the ledger has it.
struct Row {
    at: u64,
    recipient: String,
    sequence: u64,
    version: u32,
    change: Change,
    fields: u32,
}

/// What the ledger says of the notices: rows by record, and where each notice was settled.
#[derive(Default)]
struct Evidence {
    rows: HashMap<RecordId, Vec<Row>>,
    settled: HashMap<String, u64>,
    /// Where bundles were finished, by recipient.
    bundles: Vec<(u64, String)>,
}

/// All corrections, the newest first, as they stand on a day.
pub async fn cases(
    (deployment, store, vault): (&Deployment, &Store, &Vault),
    day: Date,
) -> Result<Vec<Case>> {
    let all = store.registered().await?;
    let mut evidence = Evidence::default();
    for (_, correction) in notices(&all) {
        evidence.rows.extend(record(correction).map(|id| (id, Vec::new())));
    }
    if evidence.rows.is_empty() {
        return Ok(Vec::new());
    }
    evidence.read(store).await?;
    let mut desk = Desk {
        deployment,
        store,
        vault,
        bundles: bundles(deployment, store).await?,
        receipts: BTreeMap::new(),
    };
    let mut out = Vec::new();
    for (entry, correction) in notices(&all) {
        let told = desk.told(entry, correction, &evidence, day).await?;
        out.push(Case {
            state: state(entry, &told),
            owner_due: deployment
                .calendar
                .after(entry.made.since, deployment.settings.bundles.acknowledge_days),
            entry: entry.clone(),
            correction: correction.clone(),
            told,
        });
    }
    out.reverse();
    Ok(out)
}

fn state(entry: &Registered, told: &[Told]) -> State {
    match &entry.ended {
        None => State::Owner,
        Some(end) if end.by != GATEWAY && end.reference.starts_with(STANDS) => State::Stands,
        Some(end) if end.by != GATEWAY => State::Retracted,
        Some(_) if told.iter().any(|t| t.told.is_none()) => State::Telling,
        Some(_) if told.iter().any(|t| t.answer.as_ref().is_none_or(|a| !a.done)) => State::Confirming,
        Some(_) => State::Closed,
    }
}

impl Evidence {
    async fn read(&mut self, store: &Store) -> Result<()> {
        let mut pages = store.ledger_entries(1);
        while let Some(page) = pages.next_page().await? {
            for row in &page {
                match Entry::decode(&row.entry) {
                    Ok(Entry::Disclosure(d)) => self.row(row.seq, &d),
                    Ok(Entry::Decision(d)) if d.kind == SETTLED => {
                        self.settled.insert(d.reference.to_owned(), row.seq);
                    }
                    Ok(Entry::Bundle(b)) => self.bundles.push((row.seq, b.recipient.to_owned())),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, at: u64, d: &Disclosure<'_>) {
        if let Some(rows) = self.rows.get_mut(&d.record) {
            rows.push(Row {
                at,
                recipient: d.recipient.to_owned(),
                sequence: d.sequence,
                version: d.version,
                change: d.change,
                fields: d.fields,
            });
        }
    }
}

/// Bundles by recipient's key and sequence.
type Bundles = BTreeMap<(String, u64), BundleRow>;

async fn bundles(deployment: &Deployment, store: &Store) -> Result<Bundles> {
    let key =
        |row: &BundleRow| Some((deployment.agreement.get(row.recipient?)?.key.clone(), row.bundle.sequence));
    Ok(store.bundles(None, u32::MAX).await?.into_iter().filter_map(|row| Some((key(&row)?, row))).collect())
}

struct Desk<'a> {
    deployment: &'a Deployment,
    store: &'a Store,
    vault: &'a Vault,
    bundles: Bundles,
    receipts: BTreeMap<i64, (Vec<Asked>, Vec<Answered>)>,
}

impl Desk<'_> {
    /// Who was told the wrong value of one notice, and what became of it.
    async fn told(
        &mut self,
        entry: &Registered,
        correction: &Correction,
        evidence: &Evidence,
        day: Date,
    ) -> Result<Vec<Told>> {
        let (Some(id), Some((_, field))) = (record(correction), field(&self.deployment.schema, correction))
        else {
            return Ok(Vec::new());
        };
        let settled = evidence.settled.get(&reference(entry.id.0)).copied().unwrap_or(u64::MAX);
        let bit = 1_u32.checked_shl(u32::from(field.0)).unwrap_or(0);
        // What was stopped in the outbox was told to nobody.
        let sent = |row: &&Row| {
            let bundle = self.bundles.get(&(row.recipient.clone(), row.sequence));
            bundle.is_none_or(|b| b.bundle.state != BundleState::Stopped)
        };
        let rows: Vec<&Row> = evidence.rows.get(&id).into_iter().flatten().filter(sent).collect();
        let mut out = Vec::new();
        for (_, partner) in self.deployment.agreement.partners() {
            let of = || rows.iter().filter(|r| r.recipient == partner.key);
            let last = of().rfind(|r| r.at < settled);
            let Some(had) = last.filter(|r| r.change != Change::Withdrawal && r.fields & bit != 0) else {
                continue;
            };
            let told = of().find(|r| r.at > settled).map(|r| (r.sequence, r.version, r.change));
            let since = || evidence.bundles.iter().any(|(at, to)| *at > settled && *to == partner.key);
            if told.is_none() && since() {
                // Its bundle after the correction says nothing of the row: what it has of it, reduced, was never wrong.
                continue;
            }
            out.push((partner.key.clone(), had.sequence, told));
        }
        let mut told = Vec::new();
        for (recipient, had, since) in out {
            told.extend(self.one(recipient, had, since, id, day).await?);
        }
        Ok(told)
    }

    async fn one(
        &mut self,
        recipient: String,
        had: u64,
        since: Option<(u64, u32, Change)>,
        id: RecordId,
        day: Date,
    ) -> Result<Option<Told>> {
        let name = |b: Option<&BundleRow>| b.map(|b| b.bundle.name.clone()).unwrap_or_default();
        let had = name(self.bundles.get(&(recipient.clone(), had)));
        let mut told = Told { recipient, had, told: None, answer: None, due_by: None, overdue: false };
        let Some((sequence, version, change)) = since else { return Ok(Some(told)) };
        let Some(bundle) = self.bundles.get(&(told.recipient.clone(), sequence)) else {
            return Ok(Some(told));
        };
        told.told = Some((bundle.bundle.name.clone(), change, bundle.bundle.state));
        let days = self.deployment.settings.bundles.acknowledge_days;
        told.due_by = self.deployment.calendar.after(bundle.bundle.as_of, days);
        let reference = record_ref(&self.vault.pseudonym_key(&told.recipient), id);
        let (row, sent) = (bundle.id, bundle.bundle.state == BundleState::Published);
        if let std::collections::btree_map::Entry::Vacant(slot) = self.receipts.entry(row.0) {
            slot.insert((self.store.asked(row).await?, self.store.answers(row).await?));
        }
        let none = (Vec::new(), Vec::new());
        let (asked, answers) = self.receipts.get(&row.0).unwrap_or(&none);
        let asked = asked.iter().find(|a| a.record_ref == reference && a.version == u64::from(version));
        if asked.is_none() && change == Change::Current {
            // Restated and unchanged: what it has of the row, reduced, was never wrong.
            return Ok(None);
        }
        let answer = asked.and_then(|asked| answers.iter().find(|w| w.action == asked.action));
        told.answer = answer.cloned();
        let done = answer.is_some_and(|a| a.done);
        told.overdue = sent && !done && told.due_by.is_some_and(|due| due < day);
        Ok(Some(told))
    }
}
