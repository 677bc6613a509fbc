//! Two cards side by side: the level of agreement of every field, and how rare what agrees is.

use super::birth::{self as day, Apart, Birth};
use super::card::{Card, Deck, IDS, Name, Place, Sex, UNSURE};
use super::facts::{Facts, NameFacts, births, first, ids, names, places};
use super::field::{
    self, BIRTH, FIELDS, GIVEN, ID, MIDDLE, MISSING, PLACE, SENTENCE, SEX, SURNAME, birth, given, id, middle,
    place, sentence, sex, surname,
};
use super::math::{BIT, Weight, count, log2, weight};
use super::model::Model;
use super::nickname::meet;
use super::text::{Letters, likeness, one_slip};
use super::words::{NONE, mix};
use alloc::vec::Vec;
use core::cmp::Reverse;

/// How two records agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    /// The level of each field.
    pub levels: [u8; FIELDS],
    /// How rare the agreeing value is, for the levels where that counts.
    pub rarity: [Weight; FIELDS],
    /// One is the younger and one the elder of two of one name.
    pub generations: bool,
}

impl Agreement {
    /// The level of a field.
    pub fn level(&self, field: usize) -> u8 {
        self.levels.get(field).copied().unwrap_or(MISSING)
    }

    fn set(&mut self, field: usize, level: u8, rarity: Weight) {
        if let (Some(l), Some(r)) = (self.levels.get_mut(field), self.rarity.get_mut(field)) {
            (*l, *r) = (level, rarity);
        }
    }

    /// The fields and their levels.
    pub fn fields(&self) -> impl Iterator<Item = (usize, u8, Weight)> + '_ {
        self.levels
            .iter()
            .zip(&self.rarity)
            .enumerate()
            .map(|(field, (level, rarity))| (field, *level, *rarity))
    }
}

/// How two words of names stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Like {
    Slip,
    Alike,
    Other,
}

/// Places of the memory of compared words; a power of two.
const MEMORY: usize = 1 << 14;

/// Names of one cell are few; more than this many pairings are not looked at.
const PAIRINGS: usize = 16;

/// Compares cards of one deck; remembers which words it has compared.
pub struct Comparer<'a> {
    deck: &'a Deck,
    facts: &'a Facts,
    model: &'a Model,
    memory: Vec<(u64, Like)>,
}

impl<'a> Comparer<'a> {
    /// For a deck, with its facts, by a model.
    pub fn new(deck: &'a Deck, facts: &'a Facts, model: &'a Model) -> Self {
        let mut memory = Vec::new();
        memory.resize(MEMORY, (0, Like::Other));
        Self { deck, facts, model, memory }
    }

    /// Compares two cards.
    pub fn compare(&mut self, a: &Card, b: &Card) -> Agreement {
        let mut out = Agreement::default();
        if a.more == 0 && b.more == 0 {
            self.name(a, b, &a.name, &b.name, &mut out);
            if a.birth != 0 && b.birth != 0 {
                let (level, rarity) = self.birth(a.birth, b.birth);
                out.set(BIRTH, level, rarity);
            }
            let (level, rarity) = self.place(&a.place, &b.place);
            out.set(PLACE, level, rarity);
        } else {
            self.alternatives(a, b, &mut out);
        }
        if a.sex != Sex::Unknown && b.sex != Sex::Unknown {
            out.set(SEX, if a.sex == b.sex { sex::SAME } else { sex::OTHER }, 0);
        }
        for kind in 0..self.deck.kinds.len().min(IDS) {
            let (level, rarity) = self.identifiers(a, b, kind);
            out.set(ID + kind, level, rarity);
        }
        out.generations = a.generation != 0 && b.generation != 0 && a.generation != b.generation;
        out
    }

    /// Where a card has several names, dates or addresses the best pairing counts, less what so many tries find by
    /// chance.
    fn alternatives(&mut self, a: &Card, b: &Card, out: &mut Agreement) {
        let deck = self.deck;
        let mut best: Option<(Weight, Agreement)> = None;
        let mut tries = 0;
        for x in names(deck, a).take(PAIRINGS) {
            for y in names(deck, b).take(PAIRINGS) {
                tries += 1;
                let mut one = Agreement::default();
                self.name(a, b, x, y, &mut one);
                let weight = self.model.against_strangers(&one);
                // Of two that weigh the same neither order decides.
                let rank = |weight: Weight, one: &Agreement| (weight, Reverse(one.levels), one.rarity);
                if best.as_ref().is_none_or(|(most, best)| rank(weight, &one) > rank(*most, best)) {
                    best = Some((weight, one));
                }
            }
        }
        if let Some((_, one)) = best {
            *out = one;
            let agrees = |level: u8, other: u8| level != MISSING && level < other;
            let field = if agrees(out.level(SURNAME), surname::ALIKE) { SURNAME } else { GIVEN };
            discount(out, field, tries);
        }
        let mut best = (MISSING, 0);
        let mut tries = 0;
        for x in births(deck, a) {
            for y in births(deck, b) {
                tries += 1;
                let (level, rarity) = self.birth(x, y);
                if self.better(BIRTH, (level, rarity), best) {
                    best = (level, rarity);
                }
            }
        }
        out.set(BIRTH, best.0, best.1);
        discount(out, BIRTH, tries);
        let mut best = (MISSING, 0);
        let mut tries = 0;
        for x in places(deck, a) {
            for y in places(deck, b) {
                tries += 1;
                let found = self.place(x, y);
                if self.better(PLACE, found, best) {
                    best = found;
                }
            }
        }
        out.set(PLACE, best.0, best.1);
        discount(out, PLACE, tries);
        self.sentences(a, b, out);
    }

    fn better(&self, field: usize, found: (u8, Weight), best: (u8, Weight)) -> bool {
        let of = |(level, rarity): (u8, Weight)| self.model.stranger(field, level) + rarity;
        let rank = |found: (u8, Weight)| (of(found), Reverse(found.0));
        best.0 == MISSING || (found.0 != MISSING && rank(found) > rank(best))
    }

    fn sentences(&self, a: &Card, b: &Card, out: &mut Agreement) {
        let of = |card| self.deck.more(card).map(|m| m.sentences.as_slice()).unwrap_or_default();
        let (x, y): (&[Birth], &[Birth]) = (of(a), of(b));
        if x.is_empty() || y.is_empty() {
            return;
        }
        let shared = x.iter().any(|day| y.binary_search(day).is_ok());
        let level = if shared { sentence::SHARED } else { sentence::OTHER };
        // A court day is one of some thousand; the more days, the sooner one meets by chance.
        let chance = weight(log2(3000.0 / count(x.len() * y.len())).max(0.0));
        out.set(SENTENCE, level, if shared { chance } else { 0 });
    }

    fn birth(&self, a: Birth, b: Birth) -> (u8, Weight) {
        match day::compare(a, b) {
            Apart::Same if day::is_new_year(a) => (birth::NEW_YEAR, self.facts.birth(a)),
            Apart::Same => (birth::SAME, self.facts.birth(a)),
            Apart::Swapped => (birth::SWAPPED, 0),
            Apart::Digit => (birth::DIGIT, 0),
            Apart::YearOnly => (birth::YEAR_ONLY, 0),
            Apart::TwoParts => (birth::TWO_PARTS, 0),
            Apart::Years => (birth::YEARS, 0),
            Apart::Decade => (birth::DECADE, 0),
            Apart::Generation => (birth::GENERATION, 0),
        }
    }

    fn name(&mut self, a: &Card, b: &Card, x: &Name, y: &Name, out: &mut Agreement) {
        let straight = (self.given(x, y), self.surname(a, b, x, y));
        let (mut forename, mut last) = straight;
        let agree = |level: u8, limit: u8| level != MISSING && level < limit;
        if !(agree(forename.0, given::SWAPPED) && agree(last.0, surname::MIDDLE))
            && let Some((g, s)) = self.swapped(x, y)
        {
            (forename, last) = (g, s);
        }
        out.set(GIVEN, forename.0, forename.1);
        out.set(SURNAME, last.0, last.1);
        // Known of a card's first name; of an alias that agrees with one, from the other card.
        let of = |card: &Card, name: &Name| (name == &card.name && card.whole != 0).then_some(card.whole);
        let whole = of(a, x).into_iter().chain(of(b, y)).min().map(Weight::from);
        if let Some(whole) = whole.filter(|_| forename.0 == given::SAME && last.0 == surname::SAME) {
            // The whole name is commoner than its parts say.
            out.set(SURNAME, last.0, (whole - forename.1).max(0));
            if whole < forename.1 {
                out.set(GIVEN, forename.0, whole);
            }
        }
        if forename.0 != given::MIDDLE && last.0 != surname::MIDDLE && forename.0 != given::SWAPPED {
            let (level, rarity) = self.middle(x, y);
            out.set(MIDDLE, level, rarity);
        }
    }

    fn given(&mut self, x: &Name, y: &Name) -> (u8, Weight) {
        let (a, b) = (first(x), first(y));
        if a == NONE || b == NONE {
            return (MISSING, 0);
        }
        let (one, two) = (self.facts.names.of(a), self.facts.names.of(b));
        let commoner = one.as_given.min(two.as_given);
        if one.initial || two.initial {
            return if one.letter == two.letter { (given::INITIAL, 0) } else { (given::OTHER, 0) };
        }
        if a == b {
            return (given::SAME, one.as_given);
        }
        if meet(one.groups, two.groups) {
            return (given::FORM, commoner);
        }
        let like = self.like(a, b);
        if like == Like::Slip {
            return (given::SLIP, commoner);
        }
        let across = [(later(x).contains(&b), two), (later(y).contains(&a), one)];
        if let Some(rarity) = across.iter().filter(|(meets, _)| *meets).map(|(_, name)| name.as_given).min() {
            return (given::MIDDLE, rarity);
        }
        if like == Like::Alike { (given::ALIKE, 0) } else { (given::OTHER, 0) }
    }

    fn surname(&mut self, a: &Card, b: &Card, x: &Name, y: &Name) -> (u8, Weight) {
        let (left, right) = (x.surname, y.surname);
        if left == NONE || right == NONE {
            return (MISSING, 0);
        }
        let (one, two) = (self.facts.names.of(left), self.facts.names.of(right));
        if left == right {
            return (surname::SAME, one.as_surname);
        }
        let part = |whole: [u32; 2], other: u32| whole.contains(&other) && other != NONE;
        let halves = [(part(one.parts, right), two), (part(two.parts, left), one)];
        if let Some(rarity) = halves.iter().filter(|(meets, _)| *meets).map(|(_, name)| name.as_surname).min()
        {
            return (surname::PART, rarity);
        }
        let like = self.like(left, right);
        if like == Like::Slip {
            return (surname::SLIP, one.as_surname.min(two.as_surname));
        }
        let across = [(later(x).contains(&right), two), (later(y).contains(&left), one)];
        let rarity = |name: &NameFacts| name.as_given.min(name.as_surname);
        if let Some(rarity) = across.iter().filter(|(meets, _)| *meets).map(|(_, name)| rarity(name)).min() {
            return (surname::MIDDLE, rarity);
        }
        let woman =
            a.sex != Sex::Male && b.sex != Sex::Male && (a.sex == Sex::Female || b.sex == Sex::Female);
        match like {
            Like::Alike => (surname::ALIKE, 0),
            _ if woman => (surname::OTHER_WOMAN, 0),
            _ => (surname::OTHER, 0),
        }
    }

    /// Forename and surname stand in each other's place: both meet across, one of them perhaps with a slip.
    fn swapped(&mut self, x: &Name, y: &Name) -> Option<((u8, Weight), (u8, Weight))> {
        let (f1, s1, f2, s2) = (first(x), x.surname, first(y), y.surname);
        if [f1, s1, f2, s2].contains(&NONE) {
            return None;
        }
        let across = [(f1, s2), (s1, f2)];
        let same = across.iter().filter(|(a, b)| a == b).count();
        if same == 0
            || !across.iter().all(|(a, b)| a == b || self.form(*a, *b) || self.like(*a, *b) == Like::Slip)
        {
            return None;
        }
        let rarity = |(a, b): (u32, u32)| {
            let (a, b) = (self.facts.names.of(a), self.facts.names.of(b));
            a.as_given.min(a.as_surname).min(b.as_given).min(b.as_surname)
        };
        let [one, other] = across.map(rarity);
        Some(((given::SWAPPED, one), (surname::SWAPPED, other)))
    }

    /// Whether two words are forms of one forename.
    fn form(&self, a: u32, b: u32) -> bool {
        meet(self.facts.names.of(a).groups, self.facts.names.of(b).groups)
    }

    fn middle(&mut self, x: &Name, y: &Name) -> (u8, Weight) {
        let (a, b) = (later(x), later(y));
        let known = |words: &[u32; 2]| words.iter().any(|w| *w != NONE);
        if !known(&a) || !known(&b) {
            return (MISSING, 0);
        }
        let mut best = (middle::OTHER, 0);
        let pairs = a.iter().flat_map(|v| b.iter().map(move |w| (*v, *w)));
        for (v, w) in pairs.filter(|(v, w)| *v != NONE && *w != NONE) {
            let (one, two) = (self.facts.names.of(v), self.facts.names.of(w));
            let found = if one.initial || two.initial {
                if one.letter != two.letter {
                    continue;
                }
                (middle::INITIAL, 0)
            } else if v == w {
                (middle::SAME, one.as_given)
            } else if meet(one.groups, two.groups) || self.like(v, w) == Like::Slip {
                (middle::SLIP, one.as_given.min(two.as_given))
            } else {
                continue;
            };
            best = closer(best, found);
        }
        best
    }

    /// How two different words stand to each other, remembered.
    fn like(&mut self, a: u32, b: u32) -> Like {
        let key = u64::from(a.min(b)) << 32 | u64::from(a.max(b));
        let at = usize::try_from(mix(key, key)).unwrap_or(0) & (MEMORY - 1);
        match self.memory.get(at) {
            Some((known, like)) if *known == key => return *like,
            _ => {}
        }
        let (x, y) = (Letters::of(self.deck.names.get(a)), Letters::of(self.deck.names.get(b)));
        let (x, y) = (x.bytes(), y.bytes());
        let short = x.len().min(y.len());
        let (one, two) = (self.facts.names.of(a), self.facts.names.of(b));
        // Of two short names one slip apart (TIM and TOM) the one is a slip only if hardly anybody has it.
        let odd = (one.as_given - two.as_given).abs() > 4 * BIT && one.as_given.max(two.as_given) > 12 * BIT;
        let like = match likeness(x, y) {
            _ if short >= 3 && odd && one_slip(x, y) => Like::Slip,
            _ if short >= 4 && one_slip(x, y) => Like::Slip,
            930.. if short >= 5 => Like::Slip,
            850.. if short >= 4 && one.sound == two.sound => Like::Slip,
            800.. => Like::Alike,
            _ => Like::Other,
        };
        if let Some(place) = self.memory.get_mut(at) {
            *place = (key, like);
        }
        like
    }

    fn place(&self, x: &Place, y: &Place) -> (u8, Weight) {
        let both = |a: u32, b: u32| a != NONE && b != NONE;
        let same_house = x.house == y.house && x.house != NONE;
        let houses = both(x.house, y.house);
        let address = self.facts.addresses.of(x.house);
        let (p, q) = (self.facts.postcodes.of(x.postcode), self.facts.postcodes.of(y.postcode));
        if x.postcode == y.postcode && x.postcode != NONE {
            return match (same_house, houses) {
                (true, _) => (place::HOUSE, address.max(p.rarity)),
                (_, false) => (place::POSTCODE, p.rarity),
                _ => (place::NEIGHBOUR, p.rarity),
            };
        }
        let near = p.district != 0 && p.district == q.district;
        let known = both(x.postcode, y.postcode);
        let slip = known && p.signs.count().min(q.signs.count()) >= 4 && p.signs.one_slip(q.signs);
        if same_house && (!known || slip || near) {
            return (place::ADDRESS, address);
        }
        if slip {
            return (place::SLIP, 0);
        }
        if near {
            return (place::DISTRICT, p.district_rarity);
        }
        let elsewhere = if known { true } else { houses && x.street != y.street };
        if elsewhere { (place::ELSEWHERE, 0) } else { (MISSING, 0) }
    }

    fn identifiers(&self, a: &Card, b: &Card, kind: usize) -> (u8, Weight) {
        let (x, y) = (a.ids.get(kind).copied().unwrap_or(NONE), b.ids.get(kind).copied().unwrap_or(NONE));
        if a.more == 0 && b.more == 0 {
            return if x == NONE || y == NONE { (MISSING, 0) } else { self.identifier(x, y) };
        }
        let mut best = (MISSING, 0);
        for x in ids(self.deck, a, kind) {
            for y in ids(self.deck, b, kind) {
                let found = self.identifier(x, y);
                best = if best.0 == MISSING { found } else { closer(best, found) };
            }
        }
        best
    }

    fn identifier(&self, x: u32, y: u32) -> (u8, Weight) {
        let (one, two) = (self.facts.id(x), self.facts.id(y));
        if x == y {
            // Equal numbers that fail their check are one slip, copied, or a filler.
            return if x & UNSURE == 0 { (id::SAME, one.rarity) } else { (id::SLIP, 0) };
        }
        if one.signs.slip(two.signs) {
            (id::SLIP, 0)
        } else if (x | y) & UNSURE != 0 {
            (id::UNSURE, 0)
        } else {
            (id::OTHER, 0)
        }
    }
}

/// The better level of two; of one level the rarer value.
fn closer(a: (u8, Weight), b: (u8, Weight)) -> (u8, Weight) {
    if (b.0, Reverse(b.1)) < (a.0, Reverse(a.1)) { b } else { a }
}

/// Middle names.
const fn later(name: &Name) -> [u32; 2] {
    let [_, second, third] = name.given;
    [second, third]
}

/// What so many pairings find by chance is taken off.
fn discount(out: &mut Agreement, field: usize, tries: usize) {
    if let Some(rarity) = out.rarity.get_mut(field).filter(|_| tries > 1) {
        *rarity = rarity.saturating_sub(weight(log2(count(tries))));
    }
}

/// Whether a level of a field speaks for one person at all.
pub fn agrees(field: usize, level: u8) -> bool {
    let limit = match field {
        GIVEN => given::ALIKE,
        SURNAME => surname::ALIKE,
        MIDDLE => middle::OTHER,
        BIRTH => return matches!(level, birth::SAME..=birth::TWO_PARTS | birth::NEW_YEAR),
        PLACE => place::DISTRICT,
        SEX => sex::OTHER,
        SENTENCE => sentence::OTHER,
        _ => id::OTHER,
    };
    level != field::MISSING && level < limit
}
