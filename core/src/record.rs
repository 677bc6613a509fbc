//! Records: typed facts, from the candidate that a mapping makes to the version in the store.

use crate::agreement::PartnerId;
use crate::schema::{CategoryId, FieldId};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
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
#[derive(Clone)]
pub struct Fields(Buffer);

/// The bytes, and what is known of them.
#[derive(Clone)]
enum Buffer {
    /// Not looked at as a whole.
    Bytes(Vec<u8>),
    /// Text from end to end, lengths and all, as those of nearly all records are: the values are read for eight recipients and
    /// need not be looked through each time.
    Text(String),
}

impl Default for Fields {
    fn default() -> Self {
        Self(Buffer::Bytes(Vec::new()))
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Fields {}

impl Fields {
    /// Starts a record's values; push one entry per field of the category, in order.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Empties for reuse.
    pub(crate) fn clear(&mut self) {
        match &mut self.0 {
            Buffer::Bytes(bytes) => bytes.clear(),
            Buffer::Text(_) => *self = Self::default(),
        }
    }

    /// Adds the next field's canonical text, or its absence.
    pub(crate) fn push(&mut self, value: Option<&str>) {
        if let Buffer::Text(text) = &mut self.0 {
            self.0 = Buffer::Bytes(core::mem::take(text).into_bytes());
        }
        let Buffer::Bytes(bytes) = &mut self.0 else { return };
        // Length plus one as a little-endian base-128 number; 0 = absent.
        let mut n = value.map_or(0, |v| v.len() + 1);
        loop {
            let low = u8::try_from(n & 0x7f).unwrap_or(0);
            n >>= 7;
            bytes.push(if n == 0 { low } else { low | 0x80 });
            if n == 0 {
                break;
            }
        }
        if let Some(text) = value {
            bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// All values in order.
    #[expect(
        clippy::iter_without_into_iter,
        reason = "values are read by name or in schema order, never looped over as a whole"
    )]
    pub(crate) fn iter(&self) -> FieldIter<'_> {
        let text = match &self.0 {
            Buffer::Bytes(_) => None,
            Buffer::Text(text) => Some(text.as_str()),
        };
        FieldIter { bytes: self.bytes(), text, at: 0 }
    }

    /// One field's value.
    pub(crate) fn get(&self, field: FieldId) -> Option<&str> {
        let (iter, value) = self.find(field)?;
        iter.text(value)
    }

    /// One field's value where it is compared and not read.
    pub(crate) fn raw(&self, field: FieldId) -> Option<&[u8]> {
        let (iter, value) = self.find(field)?;
        iter.bytes.get(value)
    }

    /// Where a field's value stands.
    fn find(&self, field: FieldId) -> Option<(FieldIter<'_>, Range<usize>)> {
        let mut iter = self.iter();
        for _ in 0..field.0 {
            iter.step()?;
        }
        let value = iter.step().flatten()?;
        Some((iter, value))
    }

    /// A reader of one field after another.
    pub(crate) fn walk(&self) -> Walk<'_> {
        Walk { all: self, rest: self.iter(), at: 0 }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.0 {
            Buffer::Bytes(bytes) => bytes,
            Buffer::Text(text) => text.as_bytes(),
        }
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(match String::from_utf8(bytes) {
            Ok(text) => Buffer::Text(text),
            // A value of 127 bytes or more has a length that is no text.
            Err(bytes) => Buffer::Bytes(bytes.into_bytes()),
        })
    }
}

/// Walks a record's values.
#[derive(Clone)]
pub(crate) struct FieldIter<'a> {
    bytes: &'a [u8],
    text: Option<&'a str>,
    at: usize,
}

impl<'a> FieldIter<'a> {
    /// Where the next field's value stands.
    #[expect(clippy::option_option, reason = "no more fields, and a field without a value")]
    fn step(&mut self) -> Option<Option<Range<usize>>> {
        let (mut n, mut shift) = (0usize, 0u32);
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            n |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 56 {
                break;
            }
        }
        let Some(length) = n.checked_sub(1) else { return Some(None) };
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let value = self.at..end;
        self.at = end;
        Some(Some(value))
    }

    /// A value as text.
    fn text(&self, value: Range<usize>) -> Option<&'a str> {
        let known = self.text.and_then(|text| text.get(value.clone()));
        // Lengths that happen to be text may hide that a value begins inside a character: then its own bytes are looked through.
        known.or_else(|| core::str::from_utf8(self.bytes.get(value)?).ok())
    }
}

impl<'a> Iterator for FieldIter<'a> {
    type Item = Option<&'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        let value = self.step()?;
        Some(value.and_then(|value| self.text(value)))
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_come_back_as_they_went(values in proptest::collection::vec(proptest::option::of(".{0,200}"), 0..12)) {
            let mut fields = Fields::new();
            values.iter().for_each(|v| fields.push(v.as_deref()));
            for fields in [Fields::from_bytes(fields.bytes().to_vec()), fields] {
                let back: Vec<Option<String>> = fields.iter().map(|v| v.map(Into::into)).collect();
                prop_assert_eq!(&back, &values);
            }
        }

        #[test]
        fn a_stored_record_reads_as_its_bytes_do_whatever_they_are(
            bytes in proptest::collection::vec(prop_oneof![0u8..6, Just(0xc3), Just(0x80), any::<u8>()], 0..40),
        ) {
            let (stored, plain) = (Fields::from_bytes(bytes.clone()), Fields(Buffer::Bytes(bytes)));
            let values: Vec<Option<&str>> = stored.iter().collect();
            prop_assert_eq!(&values, &plain.iter().collect::<Vec<_>>());
            for field in (0..12).map(FieldId) {
                prop_assert_eq!(stored.get(field), plain.get(field));
                prop_assert_eq!(stored.raw(field), plain.raw(field));
            }
        }

        #[test]
        fn what_is_added_to_stored_values_stands_behind_them(
            values in proptest::collection::vec(proptest::option::of(".{0,200}"), 0..6),
            more in proptest::option::of(".{0,200}"),
        ) {
            let mut fields = Fields::new();
            values.iter().for_each(|v| fields.push(v.as_deref()));
            let mut stored = Fields::from_bytes(fields.bytes().to_vec());
            for fields in [&mut stored, &mut fields] {
                fields.push(more.as_deref());
            }
            prop_assert!(stored == fields);
            stored.clear();
            prop_assert_eq!(stored.iter().count(), 0);
        }

        #[test]
        fn a_walk_gives_what_reading_by_index_gives(
            values in proptest::collection::vec(proptest::option::of(".{0,40}"), 0..12),
            order in proptest::collection::vec(0u8..14, 0..20),
        ) {
            let mut fields = Fields::new();
            values.iter().for_each(|v| fields.push(v.as_deref()));
            let stored = Fields::from_bytes(fields.bytes().to_vec());
            let mut walks = [fields.walk(), stored.walk()];
            for field in order.into_iter().map(FieldId) {
                for walk in &mut walks {
                    prop_assert_eq!(walk.get(field), fields.get(field));
                }
            }
        }
    }
}
