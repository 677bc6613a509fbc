//! How rare each value is in a deck, and what a comparison needs to know of each name.

use super::birth::{self, Birth};
use super::card::{Card, Deck, Name, Place, UNSURE};
use super::math::{Weight, log2, weight};
use super::nickname::{Groups, Nicknames};
use super::signs::Signs;
use super::text::sound;
use super::words::{NONE, PerWord, Words, hash};
use alloc::vec::Vec;
use hashbrown::HashMap;

/// What is known of a word of a name.
#[derive(Clone, Copy, Default)]
pub struct NameFacts {
    /// Groups of forenames that are one.
    pub groups: Groups,
    /// How it sounds.
    pub sound: u64,
    /// The hash of the word itself.
    pub hash: u64,
    /// The parts of a double name.
    pub parts: [u32; 2],
    /// The first letter.
    pub letter: u8,
    /// Whether it is one letter.
    pub initial: bool,
    /// How rare it is as a forename or middle name.
    pub as_given: Weight,
    /// How rare it is as a surname.
    pub as_surname: Weight,
}

/// What is known of a postcode.
#[derive(Clone, Copy, Default)]
pub struct PostcodeFacts {
    /// The hash of the postcode.
    pub hash: u64,
    /// Its letters and digits.
    pub signs: Signs,
    /// The hash of its district (outward code); 0 where it has none.
    pub district: u64,
    /// How rare it is.
    pub rarity: Weight,
    /// How rare its district is.
    pub district_rarity: Weight,
}

/// What is known of an identifier.
#[derive(Clone, Copy, Default)]
pub struct IdFacts {
    /// Its letters and digits.
    pub signs: Signs,
    /// How often the deck has it.
    count: u32,
    /// How rare it is that two records share it.
    pub rarity: Weight,
}

/// Facts about the words of a deck.
#[derive(Default)]
pub struct Facts {
    /// Of names.
    pub names: PerWord<NameFacts>,
    /// Of postcodes.
    pub postcodes: PerWord<PostcodeFacts>,
    /// How rare an address is.
    pub addresses: PerWord<Weight>,
    /// Of identifiers.
    pub ids: PerWord<IdFacts>,
    /// How rare a date of birth is that two records share.
    births: HashMap<Birth, Weight>,
    cards: f64,
    people: f64,
}

/// A value that nobody has yet is taken to be had by one in so many.
const RARE_NAME: f64 = 40_000.0;
const RARE_BIRTH: f64 = 18_000.0;
const RARE_POSTCODE: f64 = 40_000.0;
const RARE_ADDRESS: f64 = 200_000.0;
const RARE_ID: f64 = 1_000_000.0;

/// So many people stand behind the shipped frequencies, against the deck's own.
const SHIPPED_PEOPLE: f64 = 4_000.0;

/// Records of one person that share a whole name, of those counted for it.
const OWN: f64 = 8.0;

/// How rare a value is that two records share: the others that have it are counted, and not these two, or every
/// person would make the own values common.
fn rarity(count: u32, cards: f64, rare: f64) -> Weight {
    let others = f64::from(count.saturating_sub(2)) + SHIPPED_PEOPLE / rare;
    weight(-log2((others / (cards + SHIPPED_PEOPLE)).min(1.0)))
}

/// A value of which it is not known how common it is is had by one in so many.
const COMMON: f64 = 500.0;
/// A partnership's area has so many postcode districts.
const DISTRICTS: f64 = 16.0;

/// A value whose frequency is asked for.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// A forename.
    Given(&'a str),
    /// A surname.
    Surname(&'a str),
    /// A postcode.
    Postcode(&'a str),
    /// A date of birth.
    Birth(Birth),
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn share(of: f64) -> u32 {
    of.clamp(0.0, 1e9) as u32
}

#[derive(Clone, Copy, Default)]
struct NameCount {
    given: u32,
    surname: u32,
}

impl Facts {
    /// Counts a deck, and writes into its cards how rare their whole names are.
    pub fn of(deck: &mut Deck) -> Self {
        let mut out = Self { cards: f64::from(deck.len()), people: f64::from(deck.len()), ..Self::default() };
        let parts = parts(&mut deck.names);
        out.count_names(deck, &parts);
        out.count_places(deck);
        let mut ids: PerWord<u32> = PerWord::up_to(deck.ids.len());
        let mut counts: HashMap<Birth, u32> = HashMap::new();
        for card in &deck.cards {
            let more = deck.more(card).map(|m| m.ids.as_slice()).unwrap_or_default();
            let all = card.ids.iter().chain(more.iter().map(|(_, id)| id));
            all.filter(|id| **id != NONE).for_each(|id| ids.change(id & !UNSURE, |n| *n += 1));
            let births = deck.more(card).map(|m| m.births.as_slice()).unwrap_or_default();
            for born in births.iter().chain(Some(&card.birth)).filter(|b| **b != 0) {
                *counts.entry(*born).or_default() += 1;
            }
        }
        let id = |number: u32| IdFacts {
            signs: Signs::of(deck.ids.get(number)),
            count: ids.of(number),
            rarity: rarity(ids.of(number), out.cards, RARE_ID),
        };
        out.ids = PerWord((0..=deck.ids.len()).map(id).collect());
        out.births =
            counts.iter().map(|(born, count)| (*born, rare_birth(*born, *count, out.cards))).collect();
        out.whole_names(deck);
        out
    }

    fn count_names(&mut self, deck: &Deck, parts: &PerWord<[u32; 2]>) {
        let mut counts: PerWord<NameCount> = PerWord::up_to(deck.names.len());
        let mut count = |name: &Name| {
            name.given.iter().filter(|w| **w != NONE).for_each(|w| counts.change(*w, |c| c.given += 1));
            counts.change(name.surname, |c| c.surname += 1);
            let halves = parts.of(name.surname);
            halves.iter().filter(|w| **w != NONE).for_each(|w| counts.change(*w, |c| c.surname += 1));
        };
        deck.cards.iter().for_each(|card| count(&card.name));
        deck.more.iter().flat_map(|m| &m.names).for_each(&mut count);
        let list = Nicknames::default();
        let of = |number: u32| {
            let word = deck.names.get(number);
            let counted = counts.of(number);
            NameFacts {
                groups: list.of(word),
                sound: sound(word),
                hash: hash(word.as_bytes()),
                parts: parts.of(number),
                letter: word.bytes().next().unwrap_or(0),
                initial: word.chars().nth(1).is_none(),
                as_given: rarity(counted.given, self.cards, RARE_NAME),
                as_surname: rarity(counted.surname, self.cards, RARE_NAME),
            }
        };
        self.names = PerWord((0..=deck.names.len()).map(of).collect());
    }

    fn count_places(&mut self, deck: &Deck) {
        let mut postcodes: PerWord<u32> = PerWord::up_to(deck.postcodes.len());
        let mut addresses: PerWord<u32> = PerWord::up_to(deck.addresses.len());
        let mut count = |place: &Place| {
            postcodes.change(place.postcode, |n| *n += 1);
            addresses.change(place.street, |n| *n += 1);
            if place.house != place.street {
                addresses.change(place.house, |n| *n += 1);
            }
        };
        deck.cards.iter().for_each(|card| count(&card.place));
        deck.more.iter().flat_map(|m| &m.places).for_each(&mut count);
        let mut districts: HashMap<u64, u32> = HashMap::new();
        for number in 1..=deck.postcodes.len() {
            if let Some(district) = district(deck.postcodes.get(number)) {
                *districts.entry(hash(district.as_bytes())).or_default() += postcodes.of(number);
            }
        }
        let of = |number: u32| {
            let word = deck.postcodes.get(number);
            let district = district(word).map_or(0, |d| hash(d.as_bytes()));
            let in_district = districts.get(&district).copied().unwrap_or(0);
            PostcodeFacts {
                hash: hash(word.as_bytes()),
                signs: Signs::of(word),
                district,
                rarity: rarity(postcodes.of(number), self.cards, RARE_POSTCODE),
                district_rarity: rarity(in_district, self.cards, 300.0),
            }
        };
        self.postcodes = PerWord((0..=deck.postcodes.len()).map(of).collect());
        let rarities = addresses.0.iter().map(|n| rarity(*n, self.cards, RARE_ADDRESS));
        self.addresses = PerWord(rarities.collect());
    }

    /// Names go together: of all who are called MOHAMMED more are called KHAN than of all others. Where a whole name
    /// is common, its own frequency counts.
    fn whole_names(&mut self, deck: &mut Deck) {
        let common = weight(log2(self.cards / 20.0).max(0.0));
        let is_common = |name: &Name| {
            let (f, s) = (self.names.of(first(name)), self.names.of(name.surname));
            first(name) != NONE && name.surname != NONE && f.as_given < common && s.as_surname < common
        };
        let mut counts: HashMap<(u32, u32), u32> = HashMap::new();
        for card in deck.cards.iter().filter(|card| is_common(&card.name)) {
            *counts.entry((first(&card.name), card.name.surname)).or_default() += 1;
        }
        for card in deck.cards.iter_mut().filter(|card| is_common(&card.name)) {
            let count = counts.get(&(first(&card.name), card.name.surname)).copied().unwrap_or(0);
            let others = f64::from(count) - OWN;
            let parts =
                self.names.of(first(&card.name)).as_given + self.names.of(card.name.surname).as_surname;
            let whole = if others > 0.0 { weight(-log2((others / self.cards).min(1.0))) } else { parts };
            if whole < parts {
                card.whole = u16::try_from(whole.max(1)).unwrap_or(0);
            }
        }
    }

    /// Takes how rare each value is from a population of so many records of which the deck is a small part: `count` says how
    /// many of them have a value. A value of which nothing is known, 0, is taken for a common one.
    pub fn part_of(&mut self, deck: &Deck, records: f64, count: &dyn Fn(Value<'_>) -> u32) {
        (self.cards, self.people) = (records, records);
        let known = |value: Value<'_>| match count(value) {
            0 => share(records / COMMON),
            some => some,
        };
        for (number, facts) in (0..).zip(&mut self.names.0).skip(1) {
            let word = deck.names.get(number);
            facts.as_given = rarity(known(Value::Given(word)), records, RARE_NAME);
            facts.as_surname = rarity(known(Value::Surname(word)), records, RARE_NAME);
        }
        for (number, facts) in (0..).zip(&mut self.postcodes.0).skip(1) {
            facts.rarity = rarity(known(Value::Postcode(deck.postcodes.get(number))), records, RARE_POSTCODE);
            facts.district_rarity = rarity(share(records / DISTRICTS), records, RARE_POSTCODE);
        }
        for facts in &mut self.ids.0 {
            facts.rarity = rarity(facts.count, records, RARE_ID);
        }
        for (born, rarity) in &mut self.births {
            *rarity = rare_birth(*born, known(Value::Birth(*born)), records);
        }
    }

    /// How rare a whole name is that so many records have.
    pub fn whole_name(&self, count: u32) -> Weight {
        rarity(count, self.cards, RARE_NAME)
    }

    /// How rare a date of birth is that two records share.
    pub fn birth(&self, born: Birth) -> Weight {
        self.births.get(&born).copied().unwrap_or_else(|| rare_birth(born, 0, self.cards))
    }

    /// What is known of an identifier.
    pub fn id(&self, id: u32) -> IdFacts {
        self.ids.of(id & !UNSURE)
    }

    /// The logarithm of how many records there are, for the odds that two of them are one person's.
    pub fn records(&self) -> f64 {
        self.people.max(2.0)
    }

    /// The prior counts people of the whole population, of which a deck may hold a part only.
    pub fn among(&mut self, people: f64) {
        self.people = people;
    }
}

fn rare_birth(born: Birth, count: u32, cards: f64) -> Weight {
    // Every office has people whose year is known alone, so a 1 January is common even where few have it.
    let rare = if birth::is_new_year(born) { RARE_BIRTH / 12.0 } else { RARE_BIRTH };
    rarity(count, cards, rare)
}

/// The forename.
pub(crate) const fn first(name: &Name) -> u32 {
    let [first, ..] = name.given;
    first
}

/// The parts of double names, as words of their own.
fn parts(names: &mut Words) -> PerWord<[u32; 2]> {
    let last = names.len();
    let mut out = PerWord::up_to(last);
    for number in 1..=last {
        let word = names.get(number);
        let Some((left, right)) = word.split_once(' ') else { continue };
        let right = right.rsplit(' ').next().unwrap_or(right);
        let (left, right) = (alloc::string::String::from(left), alloc::string::String::from(right));
        let both = [names.add(&left), names.add(&right)];
        out.change(number, |p| *p = both);
    }
    out
}

/// The outward code of a British postcode.
fn district(postcode: &str) -> Option<&str> {
    let (outward, inward) = postcode.split_at_checked(postcode.len().checked_sub(3)?)?;
    let inward = inward.trim_start();
    let british = inward.len() == 3
        && inward.starts_with(|c: char| c.is_ascii_digit())
        && inward.bytes().skip(1).all(|b| b.is_ascii_uppercase())
        && (2..=5).contains(&outward.len());
    british.then_some(outward.trim_end())
}

/// The names of a card: its own and its aliases.
pub(super) fn names<'d>(deck: &'d Deck, card: &'d Card) -> impl Iterator<Item = &'d Name> {
    let more = deck.more(card).map(|m| m.names.as_slice()).unwrap_or_default();
    core::iter::once(&card.name).chain(more)
}

/// The places of a card.
pub(super) fn places<'d>(deck: &'d Deck, card: &'d Card) -> impl Iterator<Item = &'d Place> {
    let more = deck.more(card).map(|m| m.places.as_slice()).unwrap_or_default();
    core::iter::once(&card.place).chain(more)
}

/// The known dates of birth of a card.
pub(super) fn births<'d>(deck: &'d Deck, card: &'d Card) -> impl Iterator<Item = Birth> + Clone + 'd {
    let more = deck.more(card).map(|m| m.births.as_slice()).unwrap_or_default();
    core::iter::once(card.birth).chain(more.iter().copied()).filter(|b| *b != 0)
}

/// The identifiers of a card of one kind.
pub(super) fn ids<'d>(deck: &'d Deck, card: &'d Card, kind: usize) -> impl Iterator<Item = u32> + Clone + 'd {
    let own = card.ids.get(kind).copied().unwrap_or(NONE);
    let more = deck.more(card).map(|m| m.ids.as_slice()).unwrap_or_default();
    let more = more.iter().filter(move |(k, _)| *k == kind).map(|(_, id)| *id);
    core::iter::once(own).chain(more).filter(|id| *id != NONE)
}

/// All words of a name that are not initials.
pub(super) fn whole_words(facts: &Facts, name: &Name) -> Vec<u32> {
    let all = name.given.iter().chain(core::iter::once(&name.surname));
    all.copied().filter(|w| *w != NONE && !facts.names.of(*w).initial).collect()
}
