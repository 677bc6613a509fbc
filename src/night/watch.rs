//! Watching what waits: a bundle that was sealed on an earlier night and not yet sent may hold what may not leave any more.
//!
//! Tonight's decisions show it: a row of it is withdrawn tonight, or has fewer fields, or turns out to be about another person,
//! or is corrected while a restriction or an authority changed, or the agreement or the schema did. Then nothing of what
//! waits is sent.

use super::Night;
use super::journal::JournalEntry;
use super::registers::changed;
use crate::store::BundleRow;
use anyhow::Result;
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::Change;
use lockgate_core::ledger::Entry;
use lockgate_core::record::{PersonId, RecordId};
use std::collections::{BTreeMap, HashMap};

/// What waits for one recipient.
#[derive(Default)]
pub(super) struct Watch {
    /// The bundles, in their order.
    pub(super) bundles: Vec<BundleRow>,
    /// Records in them as they are told last: the fields that hold a value, and about whom.
    rows: HashMap<RecordId, (u32, PersonId)>,
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
            Ok(Entry::Disclosure(d)) => {
                self.rows.get(&d.record).is_some_and(|(before, person)| match d.change {
                    Change::Withdrawal => true,
                    Change::Correction => self.strict || before & !d.fields != 0 || *person != d.person,
                    // A snapshot restates whatever changed.
                    Change::Current => before & !d.fields != 0 || *person != d.person,
                    Change::New => false,
                })
            }
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
                watch.rows.insert(d.record, (d.fields, d.person));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::journal::{Journal, part};
    use super::*;
    use crate::store::PersonRef;
    use lockgate_core::hash::Digest;
    use lockgate_core::ledger::Disclosure;

    /// Whether a row of record 5, of which fields 0 and 1 wait about person 7, stops what waits.
    fn stops(change: Change, person: u128, fields: u32) -> bool {
        let row = Disclosure {
            recipient: "two",
            sequence: 2,
            person: PersonId(person),
            record: RecordId(5),
            stored_version: 2,
            version: 2,
            change,
            category: "tenancy",
            clause: "5.1.2.v",
            fields,
            grant: "tenancy",
            commitment: Digest([0; 32]),
        };
        let mut journal = Journal::default();
        journal.add(PersonRef(1), None, |out| {
            part(out, |out| Entry::Disclosure(row).encode_to(out));
        });
        let mut watch = Watch::default();
        watch.rows.insert(RecordId(5), (0b11, PersonId(7)));
        journal.entries().for_each(|entry| watch.see(entry));
        watch.narrowed()
    }

    #[test]
    fn what_waits_about_one_person_is_not_sent_when_it_turns_out_to_be_anothers() {
        assert!(stops(Change::Correction, 8, 0b11) && stops(Change::Current, 8, 0b11));
        assert!(!stops(Change::Correction, 7, 0b11) && !stops(Change::Current, 7, 0b111));
        assert!(stops(Change::Correction, 7, 0b01) && stops(Change::Withdrawal, 7, 0b11));
    }
}
