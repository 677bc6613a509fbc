//! A row of a bundle: what the planner makes of a disclosure, or of one that is withdrawn.

use super::holdings::Held;
use super::{Change, Reference};
use crate::agreement::PartnerId;
use crate::commit::{Commitment, PROVENANCE, Salts, leaf};
use crate::gate::Disclosed;
use crate::hash::Digest;
use crate::record::{PersonId, RecordId};
use crate::schema::Schema;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use jiff::civil::Date;

/// One row of a bundle: a disclosure, or the keys of one that is withdrawn.
///
/// Only [`Planner::plan`] makes one, so whatever a writer is given has passed the gate.
pub struct Row<'p> {
    pub(super) recipient: PartnerId,
    pub(super) person: PersonId,
    pub(super) change: Change,
    pub(super) replaces: bool,
    pub(super) version: u32,
    pub(super) as_of: Date,
    pub(super) review_by: Date,
    pub(super) digest: u128,
    pub(super) record_ref: Reference,
    pub(super) body: Body<'p>,
}

pub(super) enum Body<'p> {
    Whole(Disclosed<'p>),
    Keys(Box<Keys>),
}

pub(super) struct Keys {
    pub(super) record: RecordId,
    pub(super) category: Arc<str>,
    pub(super) held: Held,
}

impl<'p> Row<'p> {
    /// A withdrawal on its own: it borrows nothing from the person's records.
    pub(super) fn keys(self) -> Result<Row<'static>, Self> {
        let Row { recipient, person, change, replaces, version, as_of, review_by, digest, record_ref, body } =
            self;
        match body {
            Body::Keys(keys) => {
                let body = Body::Keys(keys);
                Ok(Row {
                    recipient,
                    person,
                    change,
                    replaces,
                    version,
                    as_of,
                    review_by,
                    digest,
                    record_ref,
                    body,
                })
            }
            Body::Whole(d) => {
                let body: Body<'p> = Body::Whole(d);
                Err(Row {
                    recipient,
                    person,
                    change,
                    replaces,
                    version,
                    as_of,
                    review_by,
                    digest,
                    record_ref,
                    body,
                })
            }
        }
    }

    /// The one recipient.
    pub const fn recipient(&self) -> PartnerId {
        self.recipient
    }

    /// The gateway's own id of the person: for the ledger, never for a bundle.
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// The gateway's own id of the record: for the ledger, never for a bundle.
    pub const fn record(&self) -> RecordId {
        match &self.body {
            Body::Whole(disclosed) => disclosed.record(),
            Body::Keys(keys) => keys.record,
        }
    }

    /// What the row does to the recipient's copy.
    pub const fn change(&self) -> Change {
        self.change
    }

    /// Whether the recipient holds an earlier version that this row replaces (6.1): every
    /// correction, and a row of a snapshot whose content is new.
    pub const fn replaces(&self) -> bool {
        self.replaces
    }

    /// This recipient's own version.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The stored version that was read; 0 for a withdrawal.
    pub const fn stored_version(&self) -> u32 {
        match &self.body {
            Body::Whole(disclosed) => disclosed.version(),
            Body::Keys(_) => 0,
        }
    }

    /// The as-of day on which this content was first sent.
    pub const fn as_of(&self) -> Date {
        self.as_of
    }

    /// The day by which to review whether to keep it (5.5.2).
    pub const fn review_by(&self) -> Date {
        self.review_by
    }

    /// The category's name.
    pub fn category<'a>(&'a self, schema: &'a Schema) -> &'a str {
        match &self.body {
            Body::Whole(disclosed) => schema.get(disclosed.category()).map_or("", |c| c.name.as_str()),
            Body::Keys(keys) => &keys.category,
        }
    }

    /// The clause under which it leaves, or left.
    pub fn clause(&self) -> &str {
        match &self.body {
            Body::Whole(disclosed) => disclosed.clause(),
            Body::Keys(keys) => &keys.held.clause,
        }
    }

    /// The fields that hold a value in this row, one bit by field index.
    pub fn fields(&self) -> u32 {
        let Body::Whole(disclosed) = &self.body else { return 0 };
        let bit = |at: u8| 1u32.checked_shl(u32::from(at)).unwrap_or(0);
        disclosed.cells().filter(|(_, value)| value.is_some()).fold(0, |mask, (field, _)| mask | bit(field.0))
    }

    /// The ledger's commitment to what the row says: each field that holds a value, and where it comes from. A withdrawal says
    /// nothing.
    pub fn commitment(&self, salts: &Salts, partners: &[String]) -> Digest {
        let mut commitment = Commitment::default();
        if let Body::Whole(d) = &self.body {
            for (field, value) in d.cells() {
                if let Some(value) = value {
                    commitment.leaf(field.0, &leaf(&salts.field(field.0), &[value]));
                }
            }
            let originator = partners.get(usize::from(d.originator().0)).map_or("", String::as_str);
            let from = [d.person_ref(), "\n", originator, "\n", d.purpose(), "\n", d.handling(), "\n"];
            commitment.leaf(PROVENANCE, &leaf(&salts.field(PROVENANCE), &from));
        }
        commitment.finish()
    }

    /// Keyed digest of the content (for a withdrawal: of what is withdrawn).
    pub const fn digest(&self) -> u128 {
        self.digest
    }
}
