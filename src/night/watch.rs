//! Watching what waits: a bundle that was sealed on an earlier night and not yet sent may hold what may not leave any more.
//!
//! Tonight's decisions show it: a row of it is withdrawn tonight, or has fewer fields, or is corrected while a restriction
//! or an authority changed, or the agreement or the schema did. Then nothing of what waits is sent.

use super::Night;
use super::journal::JournalEntry;
use super::registers::changed;
use crate::store::BundleRow;
use anyhow::Result;
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::Change;
use lockgate_core::ledger::Entry;
use lockgate_core::record::RecordId;
use std::collections::{BTreeMap, HashMap};

/// What waits for one recipient.
#[derive(Default)]
pub(super) struct Watch {
    /// The bundles, in their order.
    pub(super) bundles: Vec<BundleRow>,
    /// Records in them as they are told last, with the fields that hold a value.
    rows: HashMap<RecordId, u32>,
    /// Whether a correction may be a narrowing.
    strict: bool,
    narrowed: bool,
}

impl Watch {
    /// Whether something that waits may not be sent any more.
    pub(super) const fn narrowed(&self) -> bool {
        self.narrowed
    }

    /// Looks at what tonight says of one person; what does not read counts as a narrowing.
    pub(super) fn see(&mut self, journal: &[u8]) {
        if self.narrowed || self.rows.is_empty() {
            return;
        }
        let Some(one) = JournalEntry::read(journal) else {
            self.narrowed = true;
            return;
        };
        self.narrowed = one.entries.iter().any(|entry| match Entry::decode(entry) {
            Ok(Entry::Disclosure(d)) => self.rows.get(&d.record).is_some_and(|before| match d.change {
                Change::Withdrawal => true,
                Change::Correction => self.strict || before & !d.fields != 0,
                // A snapshot restates whatever changed.
                Change::Current => before & !d.fields != 0,
                Change::New => false,
            }),
            Ok(_) => false,
            Err(_) => true,
        });
    }
}

/// What waits in the outbox, by recipient, with everything that it says.
pub(super) async fn watches(night: &Night<'_>) -> Result<BTreeMap<u8, Watch>> {
    let mut out: BTreeMap<u8, Watch> = BTreeMap::new();
    let mut of: HashMap<i64, PartnerId> = HashMap::new();
    for row in night.store.sealed_bundles().await? {
        let Some(recipient) = row.recipient else { continue };
        of.insert(row.id.0, recipient);
        out.entry(recipient.0).or_default().bundles.push(row);
    }
    if out.is_empty() {
        return Ok(out);
    }
    let (runs, registered) = (night.store.runs(u32::MAX).await?, night.store.registered().await?);
    for watch in out.values_mut() {
        for row in &watch.bundles {
            let made = runs.iter().find(|run| run.id == row.run);
            watch.narrowed |=
                made.is_none_or(|run| run.agreement_digest != *night.deployment.agreement.digest());
            watch.strict |=
                made.is_none_or(|run| registered.iter().any(|entry| changed(entry, run, night.order.as_of)));
        }
    }
    let mut pages = night.store.ledger_entries(1);
    while let Some(page) = pages.next_page().await? {
        for entry in &page {
            let Some(watch) = entry.bundle.and_then(|id| out.get_mut(&of.get(&id.0)?.0)) else { continue };
            if let Ok(Entry::Disclosure(d)) = Entry::decode(&entry.entry) {
                watch.rows.insert(d.record, d.fields);
            }
        }
    }
    Ok(out)
}
