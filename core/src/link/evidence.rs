//! Link evidence: what can show that two identities are one person, as keyed hashes only.
//!
//! A row's evidence is a short list of 64-bit keys: what the key stands for in the top six bits,
//! 58 bits of keyed hash below. Equal key = equal value. No name, date or number is kept.

use crate::hash::HashKey;
use crate::linkage::text::sound;
use crate::value::identifier::IdKind;
use crate::value::plain::match_name;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::civil::Date;

const NAME: u8 = 0;
const BIRTH: u8 = 1;
const NAME_BIRTH: u8 = 2;
const NAME_BIRTH_POSTCODE: u8 = 3;
const SURNAME_SOUND: u8 = 4;
const FORENAME_SOUND: u8 = 5;
const POSTCODE: u8 = 6;
const IDENTIFIER: u8 = 8;
const SHIFT: u32 = 58;

/// A row with more names, dates or postcodes than this gives no more combined keys: such a row is
/// no description of one person.
const COMBINATIONS: usize = 16;

/// One piece of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

impl Key {
    fn new(tag: u8, hash: u64) -> Self {
        Self((u64::from(tag) << SHIFT) | (hash & ((1 << SHIFT) - 1)))
    }

    pub(super) const fn tag(self) -> u8 {
        (self.0 >> SHIFT) as u8
    }

    /// The key of a kind of identifier, of no value.
    pub(super) const fn of_kind(kind: IdKind) -> Self {
        Self(((IDENTIFIER + kind as u8) as u64) << SHIFT)
    }

    /// Surname and first forename.
    pub const fn is_name(self) -> bool {
        self.tag() == NAME
    }

    /// Date of birth.
    pub const fn is_birth(self) -> bool {
        self.tag() == BIRTH
    }

    /// Surname, first forename and date of birth together: a reason to ask, never to join.
    pub const fn is_name_and_birth(self) -> bool {
        self.tag() == NAME_BIRTH
    }

    /// Exact full name, date of birth and postcode together.
    pub const fn is_exact(self) -> bool {
        self.tag() == NAME_BIRTH_POSTCODE
    }

    /// A strong identifier: one that may help to join.
    pub fn is_strong(self) -> bool {
        STRONG.iter().any(|k| self.tag() == IDENTIFIER + *k as u8)
    }

    /// The kind of an identifier of which a person has one: two different values are two people.
    pub fn unique_kind(self) -> Option<u8> {
        UNIQUE.iter().map(|k| IDENTIFIER + *k as u8).find(|t| *t == self.tag())
    }

    /// Whether equal keys bring two identities together to be looked at.
    pub fn blocks(self) -> bool {
        Self::blocking_tags().any(|t| t == self.tag())
    }

    /// Whether equal keys may block: told at once of names and dates, which never do.
    pub(super) const fn may_block(self) -> bool {
        matches!(self.tag(), NAME_BIRTH | NAME_BIRTH_POSTCODE | IDENTIFIER..)
    }

    /// Whether it only tells whom the model compares, and how common a value is: it proves nothing, and no rule looks at it.
    pub const fn is_near(self) -> bool {
        matches!(self.tag(), SURNAME_SOUND | FORENAME_SOUND | POSTCODE)
    }

    /// Surname by sound.
    pub(super) const fn is_surname_sound(self) -> bool {
        self.tag() == SURNAME_SOUND
    }

    /// First forename by sound.
    pub(super) const fn is_forename_sound(self) -> bool {
        self.tag() == FORENAME_SOUND
    }

    /// Postcode.
    pub(super) const fn is_postcode(self) -> bool {
        self.tag() == POSTCODE
    }

    /// That of a cleaned surname's sound.
    pub(crate) fn of_surname(key: &HashKey, surname: &str) -> Self {
        Self::new(SURNAME_SOUND, key.short(&[b"surname sound", &sound(surname).to_le_bytes()]))
    }

    /// That of a cleaned forename's sound.
    pub(crate) fn of_forename(key: &HashKey, forename: &str) -> Self {
        Self::new(FORENAME_SOUND, key.short(&[b"forename sound", &sound(forename).to_le_bytes()]))
    }

    /// That of a canonical postcode.
    pub(crate) fn of_postcode(key: &HashKey, postcode: &str) -> Self {
        Self::new(POSTCODE, key.short(&[b"postcode", postcode.as_bytes()]))
    }

    /// That of a date of birth, written year first.
    pub(crate) fn of_birth(key: &HashKey, birth: &str) -> Self {
        Self::new(BIRTH, key.short(&[b"birth", birth.as_bytes()]))
    }

    /// That of a name as stored; `None` when nothing is left of one of its halves.
    pub(crate) fn of_name(key: &HashKey, surname: &str, forenames: &str) -> Option<Self> {
        let (surname, forenames) = match_name(surname, forenames);
        let first = forenames.first().filter(|_| !surname.is_empty())?;
        Some(Self::new(NAME, key.short(&[b"name", surname.as_bytes(), first.as_bytes()])))
    }

    /// The kinds of key that bring identities together.
    pub(super) fn blocking_tags() -> impl Iterator<Item = u8> {
        STRONG.iter().map(|k| IDENTIFIER + *k as u8).chain([NAME_BIRTH, NAME_BIRTH_POSTCODE])
    }
}

/// Identifiers that may join persons, with agreeing name or date of birth.
const STRONG: [IdKind; 5] = [IdKind::Pnc, IdKind::Cro, IdKind::PrisonNumber, IdKind::Crn, IdKind::Nino];

/// Identifiers of which a person has one. A source's own person number is among them: two of one
/// source are two people until a human says otherwise.
const UNIQUE: [IdKind; 8] = [
    IdKind::Pnc,
    IdKind::Cro,
    IdKind::PrisonNumber,
    IdKind::Crn,
    IdKind::Nino,
    IdKind::EmSubject,
    IdKind::YosId,
    IdKind::Attributor,
];

/// The evidence of one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// All keys, sorted, each once.
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

    /// A canonical identifier whose check passed.
    pub fn identifier(&mut self, kind: IdKind, canonical: &str) {
        self.identifiers.push((kind, canonical.into()));
    }

    /// Closes the evidence as keyed hashes.
    pub fn finish(&self, key: &HashKey) -> Evidence {
        let mut keys = Vec::with_capacity(
            self.identifiers.len() + self.births.len() + self.postcodes.len() + self.names.len() * 5,
        );
        for (kind, text) in &self.identifiers {
            keys.push(Key::new(
                IDENTIFIER + *kind as u8,
                key.short(&[b"id", &[*kind as u8], text.as_bytes()]),
            ));
        }
        let births: Vec<String> = self.births.iter().map(ToString::to_string).collect();
        for birth in &births {
            keys.push(Key::of_birth(key, birth));
        }
        keys.extend(self.postcodes.iter().take(COMBINATIONS).map(|postcode| Key::of_postcode(key, postcode)));
        for (surname, forenames) in self.names.iter().take(COMBINATIONS) {
            self.name_keys(key, surname, forenames, &births, &mut keys);
        }
        keys.sort_unstable();
        keys.dedup();
        Evidence { keys }
    }

    fn name_keys(
        &self,
        key: &HashKey,
        surname: &str,
        forenames: &str,
        births: &[String],
        keys: &mut Vec<Key>,
    ) {
        let (surname, forenames) = match_name(surname, forenames);
        let Some(first) = forenames.first().filter(|_| !surname.is_empty()) else { return };
        keys.extend([Key::of_surname(key, &surname), Key::of_forename(key, first)]);
        let (surname, first) = (surname.as_bytes(), first.as_bytes());
        // Brothers may share their first of several forenames, so the exact key takes all of them.
        let whole = forenames.join(" ");
        keys.push(Key::new(NAME, key.short(&[b"name", surname, first])));
        for birth in births.iter().take(COMBINATIONS) {
            let birth = birth.as_bytes();
            keys.push(Key::new(NAME_BIRTH, key.short(&[b"name birth", surname, first, birth])));
            for postcode in self.postcodes.iter().take(COMBINATIONS) {
                let parts: [&[u8]; 5] = [b"exact", surname, whole.as_bytes(), birth, postcode.as_bytes()];
                keys.push(Key::new(NAME_BIRTH_POSTCODE, key.short(&parts)));
            }
        }
    }
}
