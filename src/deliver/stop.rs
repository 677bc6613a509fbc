//! Taking back what was sealed and never sent: the bundles are stopped, and what their recipient is taken to hold becomes
//! what it really has, so that nothing is corrected or withdrawn that it never got.

use super::doors::Doors;
use crate::config::Deployment;
use crate::night::publish::record_decision;
use crate::seal::kept_folder;
use crate::store::{BundleRow, BundleState, PersonRef, Step, Store, Taken};
use anyhow::{Result, anyhow};
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::{Change, Holdings};
use lockgate_core::ledger::{DecisionEntry, Entry};
use lockgate_core::problem::Problem;
use lockgate_core::record::RecordId;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Who stops bundles, and why.
pub struct Why<'a> {
    /// The run's day, for the ledger.
    pub day: Date,
    /// Who decides: a token, or the gateway itself.
    pub by: &'a str,
    /// The written reference.
    pub reference: &'a str,
}

/// Stops a bundle of a recipient that was sealed and not sent, with every one behind it; gives what was stopped.
pub async fn from(
    deployment: &Deployment,
    store: &Store,
    recipient: PartnerId,
    first: u64,
    why: &Why<'_>,
) -> Result<Vec<BundleRow>> {
    let mut rows = store.sealed_bundles().await?;
    rows.retain(|r| r.recipient == Some(recipient) && r.bundle.sequence >= first);
    stop((deployment, store, &deployment.state()), recipient, &rows, why).await?;
    // Whoever was decided about is decided about again: what was told with these bundles was not.
    store.set_meta("basis", "").await?;
    Ok(rows)
}

/// Stops bundles of one recipient; `state` is the store's folder, with the outbox. All later ones that wait must be among
/// them. The next bundle is then a snapshot. One that waits no more was sent: it stays so, and so does what it told.
pub async fn stop(
    (deployment, store, state): (&Deployment, &Store, &Path),
    recipient: PartnerId,
    rows: &[BundleRow],
    why: &Why<'_>,
) -> Result<()> {
    let Some(partner) = deployment.agreement.get(recipient) else { return Ok(()) };
    let waiting: BTreeSet<i64> = store.sealed_bundles().await?.iter().map(|r| r.id.0).collect();
    let rows: Vec<BundleRow> = rows.iter().filter(|r| waiting.contains(&r.id.0)).cloned().collect();
    let rows = rows.as_slice();
    let stopped: BTreeSet<u64> = rows.iter().map(|r| r.bundle.sequence).collect();
    let never = never_told(store, &partner.key, &stopped).await?;
    let holdings = as_it_is(store, recipient, &never).await?;
    let at = Timestamp::now().to_string();
    let mut tx = store.begin_decisions(why.day).await?;
    tx.holding().put(recipient, holdings).await?;
    for row in rows {
        tx.set_bundle_state(row.id, BundleState::Stopped).await?;
        let taken = Taken { step: Step::Stopped, at: at.clone(), actor: why.by.to_owned() };
        tx.put_step(row.id, &taken).await?;
        let reference = format!("{}: {}", row.bundle.name, why.reference);
        let entry = DecisionEntry {
            as_of: why.day,
            kind: "bundle-stopped",
            by: why.by,
            reference: &reference,
            subject: row.bundle.manifest_digest,
        };
        record_decision(&mut tx, &entry).await?;
    }
    tx.commit().await?;
    sweep(state, &partner.key, rows);
    Ok(())
}

/// Removes the sealed bytes, and what they were made of. The manifest stays, as the record of what was stopped. What
/// cannot be removed is harmless: nobody sends a stopped bundle.
fn sweep(state: &Path, recipient: &str, rows: &[BundleRow]) {
    for row in rows {
        let folder = kept_folder(&state.join("outbox"), recipient, &row.bundle.name);
        for ending in [".zip.age", ".zip.age.sig"] {
            let _ = std::fs::remove_file(folder.join(format!("{}{ending}", row.bundle.name)));
        }
        let _ = Doors::clear_in(&state.join("staging"), &row.bundle.name);
    }
}

/// The records that a recipient was told of in stopped bundles, and does not have from any other.
async fn never_told(store: &Store, recipient: &str, stopped: &BTreeSet<u64>) -> Result<BTreeSet<RecordId>> {
    // Whether the recipient has the record by what was really sent; absent = nothing was.
    let mut sent: HashMap<RecordId, bool> = HashMap::new();
    let mut never = BTreeSet::new();
    let mut pages = store.ledger_entries(1);
    while let Some(page) = pages.next_page().await? {
        for row in &page {
            let Ok(Entry::Disclosure(d)) = Entry::decode(&row.entry) else { continue };
            if d.recipient != recipient {
                continue;
            }
            if stopped.contains(&d.sequence) {
                never.insert(d.record);
            } else {
                sent.insert(d.record, d.change != Change::Withdrawal);
            }
        }
    }
    never.retain(|record| !sent.get(record).copied().unwrap_or(false));
    Ok(never)
}

/// What the recipient is taken to hold, less what it never got. A withdrawn reference stays, so that version numbers
/// never repeat.
async fn as_it_is(
    store: &Store,
    recipient: PartnerId,
    never: &BTreeSet<RecordId>,
) -> Result<Vec<(PersonRef, Vec<u8>)>> {
    let (lexicon, mut out) = (store.lexicon().await?, Vec::new());
    let mut pages = store.persons();
    while let Some(page) = pages.next_page().await? {
        let ids: Vec<PersonRef> = page.iter().map(|p| p.id).collect();
        for (person, packed) in store.holdings(recipient, &ids).await? {
            let unread = |p: Problem| anyhow!("{} ({})", p.what, p.code);
            let mut held = Holdings::from_bytes(&packed, &lexicon).map_err(unread)?;
            if held.forget(|record| never.contains(&record)) {
                out.push((person, held.to_bytes(&lexicon)));
            }
        }
    }
    Ok(out)
}
