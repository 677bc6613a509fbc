//! Guards: what forbids that two records are one person, whatever the weight of their agreement.

use super::card::{Card, IDS, IdField};
use super::compare::{Agreement, agrees};
use super::field::{BIRTH, GIVEN, ID, PLACE, SEX, SURNAME, birth, given, id, sex, surname};

/// What forbids to join a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bar {
    /// Each has a number of which a person has one, and they differ (`LG1410`).
    Identifiers,
    /// One source holds both, under keys of its own (`LG1411`).
    Source,
    /// Born a generation apart, or said to be the younger and the elder (`LG1412`).
    Generation,
    /// One date of birth and surname, other forenames: twins (`LG1413`).
    Twins,
    /// Other forenames and other dates of birth: brothers and sisters, or an identifier that is somebody else's (`LG1414`).
    Forenames,
    /// One identifier agrees, and neither a forename nor a date of birth (`LG1415`).
    Alone,
    /// Man and woman, with forenames that are merely near (`LG1416`).
    Sex,
}

impl Bar {
    /// Every bar.
    pub const ALL: [Self; 7] = [
        Self::Identifiers,
        Self::Source,
        Self::Generation,
        Self::Twins,
        Self::Forenames,
        Self::Alone,
        Self::Sex,
    ];

    /// Whether nothing that other records say can lift it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Identifiers | Self::Source | Self::Generation)
    }

    /// The message code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Identifiers => "LG1410",
            Self::Source => "LG1411",
            Self::Generation => "LG1412",
            Self::Twins => "LG1413",
            Self::Forenames => "LG1414",
            Self::Alone => "LG1415",
            Self::Sex => "LG1416",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Identifiers => "identifiers conflict",
            Self::Source => "one source's own keys differ",
            Self::Generation => "born a generation apart",
            Self::Twins => "same birth and surname, other forename",
            Self::Forenames => "other forename and other birth",
            Self::Alone => "an identifier alone agrees",
            Self::Sex => "man and woman with forenames merely near",
        }
    }
}

/// What forbids to join two cards, if anything does. `families` says whether the deck is one of a real population, in
/// which there are twins, fathers and sons: of one that shows none the weight alone decides about those
/// ([`Model::has_families`](super::model::Model::has_families)).
pub fn bar(kinds: &[IdField], a: &Card, b: &Card, agreement: &Agreement, families: bool) -> Option<Bar> {
    if a.own != 0 && b.own != 0 && a.source == b.source && a.own != b.own {
        return Some(Bar::Source);
    }
    if conflict(kinds, agreement, proven(kinds, agreement)) {
        return Some(Bar::Identifiers);
    }
    if agreement.generations {
        return Some(Bar::Generation);
    }
    let (forename, born) = (agreement.level(GIVEN), agreement.level(BIRTH));
    let (named, dated) = (agrees(GIVEN, forename), agrees(BIRTH, born));
    if has_identifier(agreement) {
        // One identifier alone never joins. With more beside it the weight decides, and it knows how often a number
        // is typed into a relative's record.
        let placed = agrees(PLACE, agreement.level(PLACE));
        return (!named && !dated && !placed).then_some(Bar::Alone);
    }
    if !families {
        return (!named && !dated && !agrees(PLACE, agreement.level(PLACE))).then_some(Bar::Alone);
    }
    if born == birth::GENERATION {
        return Some(Bar::Generation);
    }
    let other = matches!(forename, given::OTHER | given::ALIKE);
    if other && dated && family_name(agreement) {
        return Some(Bar::Twins);
    }
    if other && !dated {
        return Some(Bar::Forenames);
    }
    if !named && !dated {
        return Some(Bar::Alone);
    }
    let near = matches!(forename, given::INITIAL | given::SLIP | given::FORM);
    (near && agreement.level(SEX) == sex::OTHER).then_some(Bar::Sex)
}

/// Whether an identifier of any kind agrees.
fn has_identifier(agreement: &Agreement) -> bool {
    (0..IDS).any(|kind| agreement.level(ID + kind) == id::SAME)
}

/// Whether surnames are one family's.
fn family_name(agreement: &Agreement) -> bool {
    matches!(agreement.level(SURNAME), surname::SAME | surname::PART | surname::SLIP)
}

/// How many strong identifiers agree.
fn proven(kinds: &[IdField], agreement: &Agreement) -> usize {
    strong(kinds, agreement).filter(|(_, level)| *level == id::SAME).count()
}

/// Whether strong identifiers conflict. One with a check letter is hardly ever typed wrong unnoticed, so two of them
/// conflict in any case; of another a person may have got a second by mistake, which a third identifier proves.
fn conflict(kinds: &[IdField], agreement: &Agreement, proven: usize) -> bool {
    strong(kinds, agreement).any(|(kind, level)| level == id::OTHER && (proven == 0 || kind.kind.has_check()))
}

fn strong<'k>(kinds: &'k [IdField], agreement: &'k Agreement) -> impl Iterator<Item = (&'k IdField, u8)> {
    let levels = kinds.iter().take(IDS).enumerate().map(|(at, kind)| (kind, agreement.level(ID + at)));
    levels.filter(|(kind, _)| kind.is_strong())
}
