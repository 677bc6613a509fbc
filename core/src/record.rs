//! Records: typed facts, from the candidate that a mapping makes to the version in the store.

use crate::agreement::PartnerId;
use crate::schema::{CategoryId, FieldId};
use alloc::vec::Vec;
use core::fmt;
use jiff::civil::Date;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl $name {
            /// The bytes, big-endian, as kept in the store.
            pub const fn bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// From stored bytes; `None` when there are not 16.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Some(Self(u128::from_be_bytes(bytes.try_into().ok()?)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }
    };
}

id!(
    /// One record, whatever its version: a keyed hash of originator, category and natural key.
    RecordId
);
id!(
    /// One source's person: a keyed hash of originator, key space and source key.
    IdentityId
);
id!(
    /// A person: linked identities. Equals the identity that founded the person; never reused.
    PersonId
);

/// The values of one record: per field of its category, absent or canonical text, in one buffer.
/// Canonical text is what the bundle shows whole (ISO dates, UTC times with `Z`, codes,
/// `true`/`false`); the reductions work on it. Personal, so no `Debug` and no public reading.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<u8>);

impl Fields {
    /// Starts a record's values; push one entry per field of the category, in order.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Empties for reuse.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds the next field's canonical text, or its absence.
    pub(crate) fn push(&mut self, value: Option<&str>) {
        // Length plus one as a little-endian base-128 number; 0 = absent.
        let mut n = value.map_or(0, |v| v.len() + 1);
        loop {
            let low = u8::try_from(n & 0x7f).unwrap_or(0);
            n >>= 7;
            self.0.push(if n == 0 { low } else { low | 0x80 });
            if n == 0 {
                break;
            }
        }
        if let Some(text) = value {
            self.0.extend_from_slice(text.as_bytes());
        }
    }

    /// All values in order.
    #[expect(
        clippy::iter_without_into_iter,
        reason = "values are read by name or in schema order, never looped over as a whole"
    )]
    pub(crate) fn iter(&self) -> FieldIter<'_> {
        FieldIter(&self.0)
    }

    /// One field's value.
    pub(crate) fn get(&self, field: FieldId) -> Option<&str> {
        core::str::from_utf8(self.raw(field)?).ok()
    }

    /// One field's value where it is compared and not read.
    pub(crate) fn raw(&self, field: FieldId) -> Option<&[u8]> {
        let mut iter = self.iter();
        for _ in 0..field.0 {
            iter.step()?;
        }
        iter.step().flatten()
    }

    /// A reader of one field after another.
    pub(crate) fn walk(&self) -> Walk<'_> {
        Walk { all: self, rest: self.iter(), at: 0 }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// Walks a record's values.
pub(crate) struct FieldIter<'a>(&'a [u8]);

impl<'a> FieldIter<'a> {
    /// The next field's bytes, which are not yet known to be text.
    #[expect(clippy::option_option, reason = "no more fields, and a field without a value")]
    fn step(&mut self) -> Option<Option<&'a [u8]>> {
        let (mut n, mut shift) = (0usize, 0u32);
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            n |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 56 {
                break;
            }
        }
        let Some(len) = n.checked_sub(1) else { return Some(None) };
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(Some(text))
    }
}

impl<'a> Iterator for FieldIter<'a> {
    type Item = Option<&'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.step()?;
        Some(text.and_then(|bytes| core::str::from_utf8(bytes).ok()))
    }
}

/// Reads fields by their index; in schema order each value is passed once.
pub(crate) struct Walk<'a> {
    all: &'a Fields,
    rest: FieldIter<'a>,
    /// The field that `rest` gives next.
    at: u8,
}

impl<'a> Walk<'a> {
    /// One field's value.
    pub(crate) fn get(&mut self, field: FieldId) -> Option<&'a str> {
        if field.0 < self.at {
            *self = self.all.walk();
        }
        while self.at < field.0 {
            self.rest.step()?;
            self.at += 1;
        }
        self.at = self.at.saturating_add(1);
        self.rest.next().flatten()
    }
}

/// One typed fact of one category from one row, not yet accepted with its file.
#[derive(Clone)]
pub struct Candidate {
    pub(crate) id: RecordId,
    pub(crate) category: CategoryId,
    /// The source says that the fact no longer stands (cancelled, revoked, ended by a status).
    pub(crate) cancelled: bool,
    /// The source marked the row: silent to everyone until its originator lifts it (5.1.1.iii).
    pub(crate) restricted: bool,
    pub(crate) fields: Fields,
}

impl Candidate {
    /// The record that this is a version of.
    pub const fn id(&self) -> RecordId {
        self.id
    }

    /// Its category.
    pub const fn category(&self) -> CategoryId {
        self.category
    }

    /// Whether the source cancelled it.
    pub const fn cancelled(&self) -> bool {
        self.cancelled
    }

    /// Whether the source marked it as restricted.
    pub const fn restricted(&self) -> bool {
        self.restricted
    }

    /// Whether a stored record holds just this.
    pub fn says_the_same(&self, record: &Record) -> bool {
        let marks = (self.cancelled, self.restricted) == (record.head.cancelled, record.head.restricted);
        marks && self.fields.bytes() == record.fields.bytes()
    }
}

/// What a stored version says of itself, beside its values.
#[derive(Debug, Clone, Copy)]
pub struct VersionHead {
    /// Which record.
    pub id: RecordId,
    /// Which version, from 1.
    pub number: u32,
    /// Whose person it is about.
    pub identity: IdentityId,
    /// Who gave it (5.2.3).
    pub originator: PartnerId,
    /// Its category.
    pub category: CategoryId,
    /// The as-of date of the run that accepted this version.
    pub as_of: Date,
    /// See [`Candidate::cancelled`].
    pub cancelled: bool,
    /// See [`Candidate::restricted`].
    pub restricted: bool,
}

/// The current version of a record, as the gate reads it.
#[derive(Clone)]
pub struct Record {
    pub(crate) head: VersionHead,
    pub(crate) fields: Fields,
}

impl Record {
    /// What it says of itself.
    pub const fn head(&self) -> &VersionHead {
        &self.head
    }
}

/// One field's text of a record: the one door for conditions and reductions.
pub(crate) fn text(record: &Record, field: FieldId) -> Option<&str> {
    record.fields.get(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_come_back_as_they_went(values in proptest::collection::vec(proptest::option::of(".{0,200}"), 0..12)) {
            let mut fields = Fields::new();
            values.iter().for_each(|v| fields.push(v.as_deref()));
            let back: Vec<Option<String>> = fields.iter().map(|v| v.map(Into::into)).collect();
            prop_assert_eq!(back, values);
        }

        #[test]
        fn a_walk_gives_what_reading_by_index_gives(
            values in proptest::collection::vec(proptest::option::of(".{0,40}"), 0..12),
            order in proptest::collection::vec(0u8..14, 0..20),
        ) {
            let mut fields = Fields::new();
            values.iter().for_each(|v| fields.push(v.as_deref()));
            let mut walk = fields.walk();
            for field in order.into_iter().map(FieldId) {
                prop_assert_eq!(walk.get(field), fields.get(field));
            }
        }
    }
}
