//! `Disclosed`: the only shape in which anything about a person leaves, and only the gate makes one.

use super::pseudonym::Written;
use crate::agreement::PartnerId;
use crate::record::{PersonId, RecordId};
use crate::schema::{CategoryId, FieldId};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// One record as one recipient may have it: reduced, with originator, clause and purpose.
///
/// No `Debug`, no `Clone`: it is written into the bundle of its one recipient and dropped. Whole values are not
/// copied: they are those of the person's records.
pub struct Disclosed<'p> {
    pub(in crate::gate) recipient: PartnerId,
    pub(in crate::gate) category: CategoryId,
    pub(in crate::gate) originator: PartnerId,
    pub(in crate::gate) record: RecordId,
    pub(in crate::gate) person: PersonId,
    pub(in crate::gate) version: u32,
    /// 20 hex characters, this recipient's own pseudonym (policy 1.8).
    pub(in crate::gate) record_ref: Written,
    pub(in crate::gate) person_ref: Written,
    pub(in crate::gate) clause: &'p str,
    /// Purpose letters joined by `;` (5.2.4).
    pub(in crate::gate) purpose: &'p str,
    pub(in crate::gate) handling: Cow<'p, str>,
    /// Granted fields in schema order; a field whose value is absent in the record stands as `None`.
    pub(in crate::gate) cells: Vec<(FieldId, Option<Cow<'p, str>>)>,
}

impl Disclosed<'_> {
    /// The one recipient.
    pub const fn recipient(&self) -> PartnerId {
        self.recipient
    }
    /// The category, hence the table of the bundle.
    pub const fn category(&self) -> CategoryId {
        self.category
    }
    /// Who gave it (5.2.3).
    pub const fn originator(&self) -> PartnerId {
        self.originator
    }
    /// The gateway's own id of the record: for the ledger, never for a bundle.
    pub const fn record(&self) -> RecordId {
        self.record
    }
    /// The gateway's own id of the person: for the ledger, never for a bundle.
    pub const fn person(&self) -> PersonId {
        self.person
    }
    /// The stored version that was read.
    pub const fn version(&self) -> u32 {
        self.version
    }
    /// This recipient's pseudonym of the record.
    pub fn record_ref(&self) -> &str {
        self.record_ref.as_str()
    }
    /// This recipient's pseudonym of the person.
    pub fn person_ref(&self) -> &str {
        self.person_ref.as_str()
    }
    /// The clause under which it leaves.
    pub fn clause(&self) -> &str {
        self.clause
    }
    /// Purpose letters joined by `;`.
    pub fn purpose(&self) -> &str {
        self.purpose
    }
    /// Handling code.
    pub fn handling(&self) -> &str {
        &self.handling
    }
    /// The granted fields in schema order.
    pub fn cells(&self) -> impl Iterator<Item = (FieldId, Option<&str>)> {
        self.cells.iter().map(|(f, v)| (*f, v.as_deref()))
    }
}

#[cfg(test)]
impl<'p> Disclosed<'p> {
    /// A disclosure for the tests of the rooms behind the gate.
    pub(crate) fn sample(
        recipient: PartnerId,
        person: PersonId,
        record: RecordId,
        category: CategoryId,
        cells: &[(u8, Option<&'p str>)],
    ) -> Self {
        Self {
            recipient,
            category,
            originator: PartnerId(0),
            record,
            person,
            version: 7,
            record_ref: Written::sample(&alloc::format!(
                "{:018x}{:02x}",
                record.0 & 0xffff_ffff,
                recipient.0
            )),
            person_ref: Written::sample(&alloc::format!(
                "{:018x}{:02x}",
                person.0 & 0xffff_ffff,
                recipient.0
            )),
            clause: "5.1.5.i",
            purpose: "b;c",
            handling: "routine".into(),
            cells: cells.iter().map(|(field, value)| (FieldId(*field), value.map(Into::into))).collect(),
        }
    }

    /// The same with another handling code.
    pub(crate) fn handled(mut self, handling: &'p str) -> Self {
        self.handling = handling.into();
        self
    }
}
