//! Who is who: identities become persons, and never two people one person.

pub mod evidence;

use crate::problem::CodeDoc;
use crate::record::{PersonId, Record};
use alloc::vec::Vec;

pub use evidence::{Evidence, EvidenceBuilder};

/// Codes of this room (`LG14nn`).
pub const CODES: &[CodeDoc] = &[];

/// A person with the current records of all linked identities: what the gate decides about.
pub struct Person {
    pub(crate) id: PersonId,
    pub(crate) records: Vec<Record>,
}

impl Person {
    /// Puts a person together from the linker's answer and the store's current records.
    pub const fn new(id: PersonId, records: Vec<Record>) -> Self {
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
