//! Who is who: identities become persons, and never two people one person.

pub mod cluster;
mod codes;
pub mod compare;
pub mod decision;
pub mod evidence;
mod forest;
pub mod memory;
mod naming;
pub mod near;
mod rule;
pub mod scope;
mod sieve;
mod tie;
pub mod weigh;

use crate::record::{PersonId, Record};
use alloc::vec::Vec;
use core::cmp::Reverse;

pub use cluster::{Doubt, Linking, Open, link};
pub use codes::CODES;
pub use compare::{How, What, compare};
pub use decision::{Concord, Pair, Ruling, Rulings, Verdict, Vote};
pub use evidence::{Evidence, EvidenceBuilder, Key};
pub use memory::{
    BrokenMemory, Fate, Found, INDEX_END, LastFile, Pick, Remembered, RowBytes, RowIndex, Seen, Span, repeats,
};
pub use near::{Marks, Meetings, Pairs};
pub use scope::{Interest, Scope, halves, whole};

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
