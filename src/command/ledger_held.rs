//! `ledger verify --person`: whether what each recipient is taken to hold of one person is what the ledger, once it is known to be
//! whole, says that it was told.

use super::ledger_person::persons;
use super::{identity, repair};
use crate::cli::WholeArgs;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::publish::record_decision;
use crate::store::{BundleRow, BundleState, PersonRef, Store};
use crate::vault::Vault;
use anyhow::{Result, anyhow};
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::{BundleKind, Change, Holdings};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::Entry;
use lockgate_core::record::{PersonId, RecordId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What was found of a person.
#[derive(Serialize)]
pub(super) struct PersonFound {
    /// Rows that the ledger says were told, withdrawals among them; those of bundles that were stopped are left out.
    told: u64,
    /// By recipient that was ever told something: the rows that it is taken to hold.
    held: BTreeMap<String, usize>,
    #[serde(skip)]
    pub(super) faults: Vec<String>,
}

impl PersonFound {
    /// In one line.
    pub(super) fn text(&self) -> String {
        let held: Vec<String> =
            self.held.iter().map(|(recipient, rows)| format!("{recipient} {rows}")).collect();
        let holds = if held.is_empty() { "nobody holds anything".into() } else { held.join(", ") };
        format!("The person: {} rows were told; held now, as the ledger has it: {holds}", self.told)
    }
}

/// Whom a verification is about: every number under which the person stands or stood.
pub(super) struct About {
    persons: BTreeSet<PersonId>,
}

/// Finds the person that is asked for. Asking is recorded first, as every look at one person's entries is.
pub(super) async fn about(
    deployment: &Deployment,
    (store, vault): (&Store, &Vault),
    args: &WholeArgs,
) -> Result<Option<About>> {
    let (Some(person), Some(reason)) = (&args.person, &args.reason) else { return Ok(None) };
    let decision = repair::decision(&args.by, reason)?;
    let identity = identity(deployment, vault, person)?;
    let day = store.runs(1).await?.first().map(|r| r.as_of);
    let day = day.ok_or_else(|| Expected::new(Exit::Usage, "there is no run yet"))?;
    let mut tx = store.begin_decisions(day).await?;
    let subject = Digest::of(&identity.bytes());
    record_decision(&mut tx, &repair::entry("verify-person", day, &decision, subject)).await?;
    tx.commit().await?;
    Ok(Some(About { persons: persons(store, identity).await? }))
}

/// What the ledger says last of one record to one recipient.
struct Last {
    sequence: u64,
    held: bool,
    person: PersonId,
}

/// What each recipient was told last of each record, by recipient and record.
type Told = BTreeMap<(String, RecordId), Last>;

/// Compares what each recipient is taken to hold of a person with what the ledger says that it was told.
pub(super) async fn find(deployment: &Deployment, store: &Store, about: &About) -> Result<PersonFound> {
    let known: Vec<PersonId> = about.persons.iter().copied().collect();
    let rows: Vec<PersonRef> = store.persons_by_key(&known).await?.into_iter().map(|(_, row)| row).collect();
    let mut recipients = Vec::new();
    for (id, partner) in deployment.agreement.partners() {
        let held = held(store, id, &rows).await?;
        recipients.push(Recipient::of(&partner.key, held, &store.bundles(Some(id), u32::MAX).await?));
    }
    let (told, count) = told(store, &about.persons, &recipients).await?;
    let mut found = PersonFound { told: count, held: BTreeMap::new(), faults: Vec::new() };
    for recipient in &recipients {
        recipient.compare(&told, &about.persons, &mut found);
    }
    Ok(found)
}

/// One recipient: what it is taken to hold of the person, and which of its bundles count.
struct Recipient<'a> {
    key: &'a str,
    held: BTreeSet<RecordId>,
    /// Sequences of bundles that were stopped before they were sent.
    stopped: BTreeSet<u64>,
    /// The last snapshot's: what is not in it, its recipient destroys.
    since: u64,
    /// Whether the last bundle was stopped: a snapshot follows it, and until then the ledger and what is held may differ.
    unsettled: bool,
}

impl<'a> Recipient<'a> {
    fn of(key: &'a str, held: BTreeSet<RecordId>, bundles: &[BundleRow]) -> Self {
        let is_stopped = |b: &&BundleRow| b.bundle.state == BundleState::Stopped;
        let stopped: BTreeSet<u64> = bundles.iter().filter(is_stopped).map(|b| b.bundle.sequence).collect();
        let snapshots = bundles.iter().filter(|b| b.bundle.kind == BundleKind::Snapshot.word());
        let sent = snapshots.map(|b| b.bundle.sequence).filter(|sequence| !stopped.contains(sequence));
        let last = bundles.iter().map(|b| b.bundle.sequence).max();
        let unsettled = last.is_some_and(|last| stopped.contains(&last));
        Self { key, held, since: sent.max().unwrap_or_default(), unsettled, stopped }
    }

    fn compare(&self, told: &Told, persons: &BTreeSet<PersonId>, found: &mut PersonFound) {
        let own: Vec<(RecordId, &Last)> = told
            .iter()
            .filter(|((r, _), _)| r == self.key)
            .map(|((_, record), last)| (*record, last))
            .collect();
        if !own.is_empty() {
            found.held.insert(self.key.to_owned(), self.held.len());
        }
        if self.unsettled {
            return;
        }
        // A record that was told of another person last is that one's.
        let stands = |last: &Last| last.held && last.sequence >= self.since && persons.contains(&last.person);
        let said: BTreeSet<RecordId> = own.iter().filter(|(_, last)| stands(last)).map(|(r, _)| *r).collect();
        let unsaid = self.held.difference(&said).count();
        let lost = said.difference(&self.held).count();
        if unsaid > 0 {
            found.faults.push(format!(
                "`{}` is taken to hold {unsaid} rows of the person that the ledger does not say it was told",
                self.key
            ));
        }
        if lost > 0 {
            found.faults.push(format!(
                "the ledger says that `{}` was told {lost} rows of the person that it is not taken to hold",
                self.key
            ));
        }
    }
}

/// What was told last of each record that is or was the person's, and how many entries are about the person.
async fn told(
    store: &Store,
    persons: &BTreeSet<PersonId>,
    recipients: &[Recipient<'_>],
) -> Result<(Told, u64)> {
    let (mut told, mut count) = (Told::new(), 0);
    let mut pages = store.ledger_entries(1);
    while let Some(page) = pages.next_page().await? {
        for row in &page {
            let Ok(Entry::Disclosure(d)) = Entry::decode(&row.entry) else { continue };
            let Some(recipient) = recipients.iter().find(|r| r.key == d.recipient) else { continue };
            if recipient.stopped.contains(&d.sequence) {
                continue;
            }
            let about = persons.contains(&d.person);
            count += u64::from(about);
            let key = (d.recipient.to_owned(), d.record);
            if about || recipient.held.contains(&d.record) || told.contains_key(&key) {
                let held = d.change != Change::Withdrawal;
                told.insert(key, Last { sequence: d.sequence, held, person: d.person });
            }
        }
    }
    Ok((told, count))
}

/// The records of a person that a recipient is taken to hold.
async fn held(store: &Store, recipient: PartnerId, rows: &[PersonRef]) -> Result<BTreeSet<RecordId>> {
    let (lexicon, mut out) = (store.lexicon().await?, BTreeSet::new());
    for (_, packed) in store.holdings(recipient, rows).await? {
        let held = Holdings::from_bytes(&packed, &lexicon).map_err(|p| anyhow!("{} ({})", p.what, p.code))?;
        out.extend(held.iter().filter(|h| h.held.is_some()).map(|h| h.record));
    }
    Ok(out)
}
