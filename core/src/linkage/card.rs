//! Cards: the cleaned evidence of each record, small enough to hold millions.
//!
//! Three forms are kept apart. The raw cells stay with the caller and are never changed. The cleaned words lie once
//! each in the deck's [`Words`]. A [`Card`] holds their numbers, which is all that a comparison reads.

use super::birth::{self, Birth};
use super::clean;
use super::train::Crew;
use super::words::{NONE, Words, mix};
use crate::value::identifier::{self, IdKind};
use crate::value::postcode::{self, Postcode};
use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// How many kinds of identifier a deck takes.
pub const IDS: usize = 6;

/// Marks the number of an identifier whose check failed: it may be a slip of another, and proves nothing itself.
pub const UNSURE: u32 = 1 << 31;

/// More alternatives of one kind than this (names, dates, addresses) describe no one person.
const MOST: usize = 8;

/// Cells remembered as cleaned; beyond it the memory starts anew.
const REMEMBERED: usize = 200_000;

/// One kind of identifier in a deck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdField {
    /// Its name, as the user knows the column.
    pub name: String,
    /// Its kind; `Local` where only the user knows it.
    pub kind: IdKind,
}

impl IdField {
    /// Whether a person has one, so that two of them are two people until something else proves the contrary.
    pub const fn is_strong(&self) -> bool {
        self.kind.is_strong()
    }
}

/// Sex, where it is stated as one of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum Sex {
    /// Not stated.
    #[default]
    Unknown,
    /// Male.
    Male,
    /// Female.
    Female,
}

impl Sex {
    /// What a cell says: letters, words, or the digits of ISO 5218.
    pub fn read(cell: &str) -> Self {
        match cell.trim().to_ascii_uppercase().as_str() {
            "M" | "MALE" | "1" | "MAN" => Self::Male,
            "F" | "FEMALE" | "2" | "WOMAN" => Self::Female,
            _ => Self::Unknown,
        }
    }
}

/// A name: the numbers of forename and middle names, and of the surname.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Name {
    /// Forename, then middle names.
    pub given: [u32; 3],
    /// The whole surname, written without spaces.
    pub surname: u32,
}

/// Where somebody lives: postcode, street, and number with street.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Postcode without its space.
    pub postcode: u32,
    /// Street or building.
    pub street: u32,
    /// Numbers and street together; the street alone where there is no number.
    pub house: u32,
}

/// The evidence of one record. `0` is "not stated" everywhere, and is never a disagreement.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Card {
    /// The name.
    pub name: Name,
    /// Date of birth.
    pub birth: Birth,
    /// Where the person lives.
    pub place: Place,
    /// Identifiers, one for each of the deck's kinds; [`UNSURE`] is set where a check failed.
    pub ids: [u32; IDS],
    /// Number of the source, from 1.
    pub source: u16,
    /// Sex.
    pub sex: Sex,
    /// Younger (1) or elder (2) of two of one name.
    pub generation: u8,
    /// The source's own key, where a source holds each person once: two keys of one source are two people.
    pub own: u32,
    /// How rare the whole name is, in hundredths of a bit; 0 where its parts say it.
    pub whole: u16,
    /// Where the alternatives lie (aliases, other dates, former addresses), from 1; 0 for none.
    pub more: u32,
}

impl Card {
    /// Whether it says too little to be linked: no name, or nothing beside it.
    pub fn is_bare(&self) -> bool {
        let named = self.name.surname != NONE || self.name.given.iter().any(|w| *w != NONE);
        let more = self.birth != 0
            || self.place != Place::default()
            || self.ids.iter().any(|id| *id != NONE)
            || self.more != 0;
        !(named && more)
    }
}

/// What a card says besides: aliases, other dates of birth, other addresses and further identifiers.
#[derive(Clone, Default)]
pub struct More {
    /// Aliases.
    pub names: Vec<Name>,
    /// Other dates of birth.
    pub births: Vec<Birth>,
    /// Other addresses.
    pub places: Vec<Place>,
    /// Further identifiers, with the kind's position.
    pub ids: Vec<(usize, u32)>,
    /// Dates of sentence, sorted.
    pub sentences: Vec<Birth>,
}

/// A record's cells as they came; several values in a cell stand apart by `;`.
#[derive(Clone, Copy, Default)]
pub struct Raw<'a> {
    /// Forename or forenames.
    pub forename: &'a str,
    /// Middle names.
    pub middle: &'a str,
    /// Surname.
    pub surname: &'a str,
    /// Sex.
    pub sex: &'a str,
    /// Date of birth.
    pub birth: &'a str,
    /// Address.
    pub address: &'a str,
    /// Postcode.
    pub postcode: &'a str,
    /// Dates of sentence.
    pub sentences: &'a str,
    /// Number of the source, from 1.
    pub source: u16,
    /// See [`Card::own`].
    pub own: u32,
    /// Identifiers, in the order of the deck's kinds.
    pub ids: &'a [&'a str],
}

/// Cards with the words they speak of.
#[derive(Default)]
pub struct Deck {
    /// The kinds of identifier.
    pub kinds: Vec<IdField>,
    /// The cards, in the order in which they were added.
    pub cards: Vec<Card>,
    /// What cards say besides.
    pub more: Vec<More>,
    /// Words of names.
    pub names: Words,
    /// Postcodes.
    pub postcodes: Words,
    /// Streets, and numbers with streets.
    pub addresses: Words,
    /// Identifiers.
    pub ids: Words,
}

impl Deck {
    /// An empty deck.
    pub fn new(kinds: Vec<IdField>) -> Self {
        Self { kinds, ..Self::default() }
    }

    /// The card of a number.
    pub fn card(&self, at: u32) -> Option<&Card> {
        usize::try_from(at).ok().and_then(|at| self.cards.get(at))
    }

    /// What a card says besides.
    pub fn more(&self, card: &Card) -> Option<&More> {
        let at = usize::try_from(card.more).ok()?.checked_sub(1)?;
        self.more.get(at)
    }

    /// How many cards there are.
    pub fn len(&self) -> u32 {
        u32::try_from(self.cards.len()).unwrap_or(u32::MAX)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// For each card a number that cards which are likely one person's share: by the sound of the surname, and the date of
    /// birth. Comparing is mostly waiting for memory, and of neighbours one waits once.
    pub fn likeness(&self) -> Vec<u64> {
        let sounds: Vec<u64> =
            (0..=self.names.len()).map(|n| super::text::sound(self.names.get(n))).collect();
        let sound = |n: u32| usize::try_from(n).ok().and_then(|n| sounds.get(n)).copied().unwrap_or(0);
        self.cards.iter().map(|card| mix(sound(card.name.surname), u64::from(card.birth))).collect()
    }

    /// Takes over another deck's cards, behind its own: both were filled from parts of one file. The crew takes over the
    /// words.
    pub fn absorb(&mut self, mut other: Self, crew: Crew<'_>) {
        let [mut names, mut postcodes, mut addresses, mut ids] = [const { Vec::new() }; 4];
        // The longest first.
        crew(&mut [
            &mut || addresses = self.addresses.absorb(&other.addresses),
            &mut || ids = self.ids.absorb(&other.ids),
            &mut || names = self.names.absorb(&other.names),
            &mut || postcodes = self.postcodes.absorb(&other.postcodes),
        ]);
        let shift = u32::try_from(self.more.len()).unwrap_or(u32::MAX);
        let number = |map: &[u32], old: u32| {
            let new = usize::try_from(old & !UNSURE).ok().and_then(|n| map.get(n)).copied().unwrap_or(NONE);
            new | (old & UNSURE)
        };
        let name = |n: &mut Name| {
            n.given.iter_mut().for_each(|w| *w = number(&names, *w));
            n.surname = number(&names, n.surname);
        };
        let place = |p: &mut Place| {
            p.postcode = number(&postcodes, p.postcode);
            p.street = number(&addresses, p.street);
            p.house = number(&addresses, p.house);
        };
        for card in &mut other.cards {
            name(&mut card.name);
            place(&mut card.place);
            card.ids.iter_mut().for_each(|w| *w = number(&ids, *w));
            card.more = if card.more == 0 { 0 } else { card.more.saturating_add(shift) };
        }
        for more in &mut other.more {
            more.names.iter_mut().for_each(name);
            more.places.iter_mut().for_each(place);
            more.ids.iter_mut().for_each(|(_, w)| *w = number(&ids, *w));
        }
        self.cards.append(&mut other.cards);
        self.more.append(&mut other.more);
    }
}

/// Cleans records and adds them to a deck.
pub struct Reader {
    /// The deck so far.
    pub deck: Deck,
    this_year: u32,
    given: HashMap<String, ([u32; 3], u8)>,
    surnames: HashMap<String, (u32, u8)>,
    scratch: String,
}

impl Reader {
    /// A reader for records of a year: nobody is born after it, and two-digit years of identifiers end with it.
    pub fn new(kinds: Vec<IdField>, this_year: u32) -> Self {
        Self {
            deck: Deck::new(kinds),
            this_year,
            given: HashMap::new(),
            surnames: HashMap::new(),
            scratch: String::new(),
        }
    }

    /// Cleans a record and adds its card.
    pub fn add(&mut self, raw: &Raw<'_>) {
        let mut more = More::default();
        let mut card = Card { sex: Sex::read(raw.sex), source: raw.source, own: raw.own, ..Card::default() };
        self.names(raw, &mut card, &mut more);
        let mut births = raw.birth.split(';').take(MOST).filter_map(|cell| birth::read(cell, self.this_year));
        card.birth = births.next().unwrap_or(0);
        more.births = births.filter(|b| *b != card.birth).collect();
        self.places(raw, &mut card, &mut more);
        self.identifiers(raw.ids, &mut card, &mut more);
        more.sentences = sentences(raw.sentences, self.this_year);
        let full = !(more.names.is_empty()
            && more.births.is_empty()
            && more.places.is_empty()
            && more.ids.is_empty()
            && more.sentences.is_empty());
        if full {
            self.deck.more.push(more);
            card.more = u32::try_from(self.deck.more.len()).unwrap_or(0);
        }
        self.deck.cards.push(card);
    }

    fn names(&mut self, raw: &Raw<'_>, card: &mut Card, more: &mut More) {
        let (mut middle, m) = self.given(raw.middle);
        let mut forenames = raw.forename.split(';');
        let mut surnames = raw.surname.split(';');
        let (first, last) = (forenames.next().unwrap_or_default(), surnames.next().unwrap_or_default());
        let (given, f) = self.given(first);
        let (surname, s) = self.surname(last);
        card.generation = f.max(m).max(s);
        card.name = Name { given: behind(given, middle), surname };
        // Further forenames and surnames stand for aliases: beside each other where both cells have them.
        let (mut forename, mut surname) = (first, last);
        for _ in 1..MOST {
            let next = (forenames.next(), surnames.next());
            if next == (None, None) {
                return;
            }
            (forename, surname) = (next.0.unwrap_or(forename), next.1.unwrap_or(surname));
            if next.0.is_some() {
                middle = [NONE; 3];
            }
            let name =
                Name { given: behind(self.given(forename).0, middle), surname: self.surname(surname).0 };
            if name != card.name && name != Name::default() {
                more.names.push(name);
            }
        }
    }

    fn given(&mut self, cell: &str) -> ([u32; 3], u8) {
        if cell.is_empty() {
            return ([NONE; 3], 0);
        }
        if let Some(known) = self.given.get(cell) {
            return *known;
        }
        let (words, generation) = clean::given(cell);
        let mut numbers = [NONE; 3];
        numbers.iter_mut().zip(&words).for_each(|(to, word)| *to = self.deck.names.add(word));
        if self.given.len() > REMEMBERED {
            self.given.clear();
        }
        self.given.insert(cell.into(), (numbers, generation));
        (numbers, generation)
    }

    fn surname(&mut self, cell: &str) -> (u32, u8) {
        if cell.is_empty() {
            return (NONE, 0);
        }
        if let Some(known) = self.surnames.get(cell) {
            return *known;
        }
        let (words, generation) = clean::surname(cell);
        // Parts of a double-barrelled name are found by the spaces between them.
        let whole = if words.iter().all(|w| w.len() > 3) { words.join(" ") } else { words.concat() };
        let number = self.deck.names.add(&whole);
        if self.surnames.len() > REMEMBERED {
            self.surnames.clear();
        }
        self.surnames.insert(cell.into(), (number, generation));
        (number, generation)
    }

    fn places(&mut self, raw: &Raw<'_>, card: &mut Card, more: &mut More) {
        let (mut addresses, mut postcodes) = (raw.address.split(';'), raw.postcode.split(';'));
        let first = (addresses.next().unwrap_or_default(), postcodes.next().unwrap_or_default());
        card.place = self.place(first.0, first.1);
        for _ in 1..MOST {
            let next = (addresses.next(), postcodes.next());
            if next == (None, None) {
                return;
            }
            let place = self.place(next.0.unwrap_or_default(), next.1.unwrap_or_default());
            if place != Place::default() && place != card.place {
                more.places.push(place);
            }
        }
    }

    fn place(&mut self, address: &str, postcode: &str) -> Place {
        let mut out = Place { postcode: self.postcode(postcode), ..Place::default() };
        if address.is_empty() {
            return out;
        }
        let cleaned = clean::address(address);
        out.street = self.deck.addresses.add(&cleaned.street);
        self.scratch.clear();
        self.scratch.push_str(&cleaned.numbers);
        self.scratch.push('|');
        self.scratch.push_str(&cleaned.street);
        let none = cleaned.numbers.is_empty() || cleaned.street.is_empty();
        out.house = if none { out.street } else { self.deck.addresses.add(&self.scratch) };
        out
    }

    /// A postcode that does not read is kept as it stands: it may be a slip of one that does, or of another country.
    fn postcode(&mut self, cell: &str) -> u32 {
        self.scratch.clear();
        match postcode::read(cell, &mut self.scratch) {
            Ok(Postcode::NoFixedAbode) => return NONE,
            Ok(Postcode::Whole) => {}
            Err(_) => {
                self.scratch.clear();
                let letters = cell.chars().filter(char::is_ascii_alphanumeric);
                self.scratch.extend(letters.take(10).map(|c| c.to_ascii_uppercase()));
                if self.scratch.len() < 3 || !self.scratch.bytes().any(|b| b.is_ascii_digit()) {
                    return NONE;
                }
            }
        }
        self.deck.postcodes.add(&self.scratch)
    }

    fn identifiers(&mut self, cells: &[&str], card: &mut Card, more: &mut More) {
        let mut strayed: Vec<(usize, &str)> = Vec::new();
        for (at, cell) in cells.iter().enumerate().take(IDS).filter(|(_, cell)| !cell.is_empty()) {
            for (n, value) in cell.split(';').take(MOST).enumerate() {
                let Some(kind) = self.deck.kinds.get(at).map(|field| field.kind) else { continue };
                let number = self.identifier(kind, value);
                if number & UNSURE != 0 {
                    strayed.push((at, value));
                }
                match card.ids.get_mut(at) {
                    Some(slot) if n == 0 || *slot == NONE => *slot = number,
                    _ if number != NONE => more.ids.push((at, number)),
                    _ => {}
                }
            }
        }
        for (at, value) in strayed {
            if self.put_back(value, card)
                && let Some(left) = card.ids.get_mut(at).filter(|id| **id & UNSURE != 0)
            {
                *left = NONE;
            }
        }
    }

    /// An identifier in a wrong column is known by its shape and check, and counts where it belongs.
    fn put_back(&mut self, value: &str, card: &mut Card) -> bool {
        for at in 0..self.deck.kinds.len().min(IDS) {
            let Some(field) = self.deck.kinds.get(at).filter(|f| f.is_strong()) else { continue };
            let empty = card.ids.get(at).is_some_and(|id| *id == NONE || id & UNSURE != 0);
            let kind = field.kind;
            let number = if empty { self.identifier(kind, value) } else { NONE };
            if number != NONE && number & UNSURE == 0 {
                if let Some(slot) = card.ids.get_mut(at) {
                    *slot = number;
                }
                return true;
            }
        }
        false
    }

    fn identifier(&mut self, kind: IdKind, value: &str) -> u32 {
        self.scratch.clear();
        let pivot = u8::try_from(self.this_year % 100).unwrap_or(0);
        if identifier::read(kind, value, pivot, &mut self.scratch).is_ok() {
            return self.deck.ids.add(&self.scratch);
        }
        self.scratch.clear();
        let letters = value.chars().filter(char::is_ascii_alphanumeric).take(20);
        self.scratch.extend(letters.map(|c| c.to_ascii_uppercase()));
        let digits = self.scratch.bytes().filter(u8::is_ascii_digit);
        // A slip of an identifier still has its digits; a word such as `UNKNOWN` and a row of zeros have not.
        if digits.clone().count() < 3 || digits.clone().all(|d| d == b'0') {
            return NONE;
        }
        self.deck.ids.add(&self.scratch) | UNSURE
    }
}

/// Middle names behind forenames.
fn behind(forenames: [u32; 3], middle: [u32; 3]) -> [u32; 3] {
    let mut out = [NONE; 3];
    let all = forenames.iter().filter(|w| **w != NONE).chain(middle.iter().filter(|w| **w != NONE));
    out.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
    out
}

fn sentences(cell: &str, this_year: u32) -> Vec<Birth> {
    let mut out: Vec<Birth> =
        cell.split(';').filter_map(|day| birth::read(day, this_year)).take(64).collect();
    out.sort_unstable();
    out.dedup();
    out
}
