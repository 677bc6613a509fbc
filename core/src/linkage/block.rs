//! Blocks: which cards are worth comparing. Two cards meet when they share a key of some family; a family's blocks that
//! grow too large are split by year of birth and district, so that common names cost no more than rare ones.
//!
//! Keys are made of the words themselves, so they are the same every night and in any order of rows: tonight's changed
//! cards meet the known ones through the same keys.

use super::birth;
use super::card::{Card, Deck, IDS, UNSURE};
use super::facts::{Facts, births, first, ids, names, places, whole_words};
use super::words::{NONE, hash, mix};
use alloc::vec;
use alloc::vec::Vec;

/// A block of more cards than this is split, and what cannot be split is left: it describes nobody.
pub const LARGEST: usize = 48;

/// Alternatives of a card that are combined to keys.
const COMBINED: usize = 3;

/// A reason for two cards to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// One identifier of the kind at this position.
    Id(usize),
    /// Two words of the name, in whichever order and place.
    Names,
    /// Forename and surname by sound or group, and year of birth.
    SoundYear,
    /// Surname by sound, and date of birth.
    SurnameBirth,
    /// Forename by sound or group, and date of birth.
    ForenameBirth,
    /// Date of birth and postcode.
    BirthPostcode,
    /// Forename by sound or group, and postcode.
    ForenamePostcode,
    /// Surname by sound, and house.
    SurnameHouse,
    /// Forename by sound or group, and house.
    ForenameHouse,
}

impl Family {
    /// The families of a deck.
    pub fn all(deck: &Deck) -> Vec<Self> {
        let mut out: Vec<Self> = (0..deck.kinds.len().min(IDS)).map(Self::Id).collect();
        out.extend([
            Self::Names,
            Self::SoundYear,
            Self::SurnameBirth,
            Self::ForenameBirth,
            Self::BirthPostcode,
            Self::ForenamePostcode,
            Self::SurnameHouse,
            Self::ForenameHouse,
        ]);
        out
    }

    const fn seed(self) -> u64 {
        match self {
            Self::Id(kind) => 100 + kind as u64,
            Self::Names => 1,
            Self::SoundYear => 2,
            Self::SurnameBirth => 3,
            Self::ForenameBirth => 4,
            Self::BirthPostcode => 5,
            Self::ForenamePostcode => 6,
            Self::SurnameHouse => 7,
            Self::ForenameHouse => 8,
        }
    }

    /// The keys of a card.
    pub fn keys(self, deck: &Deck, facts: &Facts, card: &Card, out: &mut Vec<u64>) {
        out.clear();
        match self {
            Self::Id(kind) => out.extend(
                ids(deck, card, kind)
                    .filter(|id| id & UNSURE == 0)
                    .map(|id| hash(deck.ids.get(id).as_bytes())),
            ),
            Self::Names => name_keys(deck, facts, card, out),
            _ => self.combined(deck, facts, card, out),
        }
        let seed = self.seed();
        out.iter_mut().for_each(|key| *key = mix(seed, *key));
        out.sort_unstable();
        out.dedup();
    }

    fn combined(self, deck: &Deck, facts: &Facts, card: &Card, out: &mut Vec<u64>) {
        let days = || births(deck, card).take(COMBINED).map(u64::from);
        let postcodes = || {
            let all = places(deck, card).take(COMBINED).filter(|p| p.postcode != NONE);
            all.map(|p| facts.postcodes.of(p.postcode).hash)
        };
        let houses = || {
            let all = places(deck, card).take(COMBINED).filter(|p| p.house != NONE);
            all.map(|p| hash(deck.addresses.get(p.house).as_bytes()))
        };
        if self == Self::BirthPostcode {
            out.extend(days().flat_map(|day| postcodes().map(move |code| mix(day, code))));
            return;
        }
        for name in names(deck, card).take(COMBINED) {
            let surname = facts.names.of(name.surname);
            if self == Self::SurnameBirth {
                let parts = [
                    surname.sound,
                    facts.names.of(parts(surname.parts).0).sound,
                    facts.names.of(parts(surname.parts).1).sound,
                ];
                for sound in parts.into_iter().filter(|s| *s != 0) {
                    out.extend(days().map(|day| mix(day, sound)));
                }
                continue;
            }
            if self == Self::SurnameHouse {
                if name.surname != NONE {
                    out.extend(houses().map(|house| mix(surname.sound, house)));
                }
                continue;
            }
            for forename in forename_keys(facts, first(name)) {
                match self {
                    Self::SoundYear if name.surname != NONE => {
                        let both = mix(forename, surname.sound);
                        out.extend(days().map(|day| mix(both, day / 10_000)));
                    }
                    Self::ForenameBirth => out.extend(days().map(|day| mix(forename, day))),
                    Self::ForenameHouse => out.extend(houses().map(|house| mix(forename, house))),
                    Self::ForenamePostcode => out.extend(postcodes().map(|code| mix(forename, code))),
                    _ => {}
                }
            }
        }
    }
}

const fn parts(parts: [u32; 2]) -> (u32, u32) {
    let [a, b] = parts;
    (a, b)
}

/// Every two words of a name, in no order: forename and surname exchanged, or a middle name used as either, still meet.
fn name_keys(deck: &Deck, facts: &Facts, card: &Card, out: &mut Vec<u64>) {
    for name in names(deck, card).take(COMBINED) {
        let mut words: Vec<u64> = whole_words(facts, name).iter().map(|w| facts.names.of(*w).hash).collect();
        for half in facts.names.of(name.surname).parts.into_iter().filter(|w| *w != NONE) {
            words.push(facts.names.of(half).hash);
        }
        words.sort_unstable();
        words.dedup();
        for (n, a) in words.iter().enumerate() {
            out.extend(words.iter().skip(n + 1).map(|b| mix(*a, *b)));
        }
    }
}

/// A forename's groups; where it has none, its sound.
fn forename_keys(facts: &Facts, forename: u32) -> impl Iterator<Item = u64> {
    let facts = facts.names.of(forename);
    let usable = forename != NONE && !facts.initial;
    let sound = (usable && facts.groups == [0; 4]).then_some(facts.sound);
    let groups = facts.groups.into_iter().filter(move |g| usable && *g != 0);
    groups.map(|g| mix(7, u64::from(g))).chain(sound)
}

/// The blocks of one family: cards that share a key, each block sorted.
#[derive(Default)]
pub struct Blocks {
    ends: Vec<u32>,
    members: Vec<u32>,
    /// Blocks that were too large and could not be split, with their cards.
    pub left: Vec<Vec<u32>>,
}

impl Blocks {
    /// The blocks of a family over a deck.
    pub fn of(family: Family, deck: &Deck, facts: &Facts) -> Self {
        let mut entries: Vec<(u64, u32)> = Vec::with_capacity(deck.cards.len());
        let mut keys = Vec::new();
        for (card, at) in deck.cards.iter().zip(0..) {
            family.keys(deck, facts, card, &mut keys);
            entries.extend(keys.iter().map(|key| (*key, at)));
        }
        let mut out = Self::default();
        out.fill(family, deck, facts, entries, 0);
        out
    }

    fn fill(&mut self, family: Family, deck: &Deck, facts: &Facts, mut entries: Vec<(u64, u32)>, depth: u8) {
        entries.sort_unstable();
        let mut finer = Vec::new();
        for block in entries.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
            if block.len() <= LARGEST {
                self.members.extend(block.iter().map(|(_, at)| *at));
                self.ends.push(u32::try_from(self.members.len()).unwrap_or(u32::MAX));
            } else if depth == 2 || matches!(family, Family::Id(_)) {
                self.left.push(block.iter().map(|(_, at)| *at).collect());
            } else {
                let split = block.iter().filter_map(|(key, at)| Some((*key, *at, deck.card(*at)?)));
                split.for_each(|(key, at, card)| split_keys(deck, facts, card, (key, at, depth), &mut finer));
            }
        }
        drop(entries);
        if !finer.is_empty() {
            self.fill(family, deck, facts, finer, depth + 1);
        }
    }

    /// The blocks.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = core::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(from, to)| {
            let index = |n: u32| usize::try_from(n).unwrap_or(0);
            self.members.get(index(from)..index(*to)).unwrap_or_default()
        })
    }
}

/// The finer keys of a card in a block that is too large: with the year of birth and with the district, and then with
/// the date and the postcode.
fn split_keys(
    deck: &Deck,
    facts: &Facts,
    card: &Card,
    (key, at, depth): (u64, u32, u8),
    out: &mut Vec<(u64, u32)>,
) {
    for day in births(deck, card).take(COMBINED) {
        let part = if depth == 0 { birth::year(day) } else { day };
        out.push((mix(key, u64::from(part)), at));
    }
    for place in places(deck, card).take(COMBINED).filter(|p| p.postcode != NONE) {
        let facts = facts.postcodes.of(place.postcode);
        let part = if depth == 0 { facts.district } else { facts.hash };
        if part != 0 {
            out.push((mix(key, part), at));
        }
    }
}

/// The blocks of every card: with whom it is to be compared.
#[derive(Default)]
pub struct Index {
    ends: Vec<u32>,
    members: Vec<u32>,
    card_ends: Vec<u32>,
    blocks: Vec<u32>,
}

impl Index {
    /// Puts the families' blocks together.
    pub fn of(families: &[(Family, Blocks)], cards: u32) -> Self {
        let size = usize::try_from(cards).unwrap_or(0);
        let mut out = Self::default();
        let mut counts = vec![0_u32; size + 1];
        for (_, blocks) in families {
            for block in blocks.iter() {
                for at in block {
                    if let Some(n) = usize::try_from(*at).ok().and_then(|at| counts.get_mut(at)) {
                        *n += 1;
                    }
                }
                out.members.extend(block);
                out.ends.push(u32::try_from(out.members.len()).unwrap_or(u32::MAX));
            }
        }
        let mut sum = 0;
        for n in &mut counts {
            // From counts to where each card's list begins.
            (sum, *n) = (sum + *n, sum);
        }
        out.blocks.resize(usize::try_from(sum).unwrap_or(0), 0);
        for block in 0..u32::try_from(out.ends.len()).unwrap_or(u32::MAX) {
            for at in block_of(&out.ends, &out.members, block) {
                let Some(next) = usize::try_from(*at).ok().and_then(|at| counts.get_mut(at)) else {
                    continue;
                };
                if let Some(cell) = usize::try_from(*next).ok().and_then(|n| out.blocks.get_mut(n)) {
                    *cell = block;
                }
                *next += 1;
            }
        }
        out.card_ends = counts;
        out
    }

    /// The cards to compare one with, each once, sorted; only those behind it, or with `all` the others too.
    pub fn candidates(&self, at: u32, all: bool, out: &mut Vec<u32>) {
        out.clear();
        let Ok(place) = usize::try_from(at) else { return };
        let end =
            |n: usize| self.card_ends.get(n).copied().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let begin = place.checked_sub(1).map_or(0, end);
        for block in self.blocks.get(begin..end(place)).unwrap_or_default() {
            let members = block_of(&self.ends, &self.members, *block);
            // Blocks are small, and reading on costs less than searching.
            out.extend(members.iter().filter(|other| **other > at || (all && **other != at)));
        }
        out.sort_unstable();
        out.dedup();
    }
}

fn block_of<'m>(ends: &[u32], members: &'m [u32], block: u32) -> &'m [u32] {
    let Ok(at) = usize::try_from(block) else { return &[] };
    let from = at.checked_sub(1).and_then(|n| ends.get(n)).copied().unwrap_or(0);
    let to = ends.get(at).copied().unwrap_or(from);
    members.get(usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0)).unwrap_or_default()
}
