//! Who is who: identities become persons, and never two people one person.

pub mod cluster;
pub mod evidence;
pub mod memory;
pub mod scope;
mod sieve;

use crate::problem::CodeDoc;
use crate::record::{PersonId, Record};
use alloc::vec::Vec;
use core::cmp::Reverse;

pub use cluster::{Doubt, Linking, link};
pub use evidence::{Evidence, EvidenceBuilder, Key};
pub use memory::{
    BrokenMemory, Fate, Found, INDEX_END, LastFile, Pick, Remembered, RowBytes, RowIndex, Seen, Span, repeats,
};
pub use scope::{Interest, Scope};

/// Codes of this room (`LG14nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG1401",
        title: "one identifier agrees, and nothing else",
        explanation: "Two sources give the same strong identifier, but neither the name nor the date of birth agrees. One identifier \
                      alone never joins: it may be typed wrong, or belong to somebody else. The pair waits for review.",
    },
    CodeDoc {
        code: "LG1402",
        title: "the evidence joins, but another identifier conflicts",
        explanation: "Two sources agree well enough to be one person, but each also carries a number of which a person has one, and \
                      the numbers differ. Identifiers that conflict never merge. The pair waits for review; if it is a typing slip, \
                      the source's correction joins them the night it arrives.",
    },
    CodeDoc {
        code: "LG1403",
        title: "name and date of birth agree, and nothing else",
        explanation: "Two sources give one name and date of birth, without an identifier or postcode in common. It may be one person \
                      or two of one name. The pair waits for review.",
    },
];

/// A person with the current records of all linked identities: what the gate decides about.
pub struct Person {
    pub(crate) id: PersonId,
    pub(crate) records: Vec<Record>,
}

impl Person {
    /// Puts a person together from the linker's answer and the store's current records. Of one record that
    /// stands under two identities of the person (its source corrected whom it is about), the newest counts.
    pub fn new(id: PersonId, mut records: Vec<Record>) -> Self {
        let newest = |r: &Record| (Reverse(r.head.as_of), Reverse(r.head.number), r.head.identity);
        records.sort_by_key(|r| (r.head.id, newest(r)));
        records.dedup_by_key(|r| r.head.id);
        Self { id, records }
    }

    /// Who.
    pub const fn id(&self) -> PersonId {
        self.id
    }

    /// The current records.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]
mod tests;
