//! A few identities weighed against each other as part of a population that is known by keyed hashes alone.
//!
//! A night asks about pairs, not about everybody: their rows are read again, and what is said of them in clear lives here and
//! no longer than it takes to weigh them. How rare a name, a date or a postcode is comes from what is remembered of all rows,
//! where each stands as a keyed hash; so the weights are those of the whole population.

use super::evidence::{EvidenceBuilder, Key};
use crate::hash::HashKey;
use crate::linkage::birth::Birth;
use crate::linkage::card::{Deck, IdField, Raw, Reader};
use crate::linkage::compare::Comparer;
use crate::linkage::explain::{Line, lines};
use crate::linkage::facts::{Facts, Value, first};
use crate::linkage::guard::{Bar, bar};
use crate::linkage::math::Weight;
use crate::linkage::model::{Model, Score};
use crate::value::identifier::IdKind;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use hashbrown::HashMap;
use jiff::civil::Date;

/// The identifiers that a night compares, in the order of its model.
pub const KINDS: [IdKind; 5] = [IdKind::Pnc, IdKind::Cro, IdKind::PrisonNumber, IdKind::Crn, IdKind::Nino];

/// The names of those identifiers.
pub fn names() -> Vec<String> {
    KINDS.iter().map(|kind| kind.word().into()).collect()
}

/// What the rows about one identity say of who it is, in clear. The order of the rows does not matter.
#[derive(Default)]
pub struct Told {
    names: BTreeSet<(String, String)>,
    births: BTreeSet<Date>,
    postcodes: BTreeSet<String>,
    ids: BTreeSet<(IdKind, String)>,
}

impl Told {
    /// Takes in what a row says.
    pub(crate) fn add(&mut self, evidence: &EvidenceBuilder) {
        self.names.extend(evidence.names.iter().cloned());
        self.births.extend(evidence.births.iter().copied());
        self.postcodes.extend(evidence.postcodes.iter().cloned());
        self.ids.extend(evidence.identifiers.iter().cloned());
    }

    /// The keyed hashes of its values: those of which it has to be known how common they are.
    pub fn keys(&self, key: &HashKey) -> Vec<Key> {
        let mut builder = EvidenceBuilder::default();
        self.names.iter().for_each(|(surname, forenames)| builder.name(surname, forenames));
        self.births.iter().for_each(|birth| builder.birth(*birth));
        self.postcodes.iter().for_each(|postcode| builder.postcode(postcode));
        builder.finish(key).keys
    }

    fn read(&self, reader: &mut Reader) {
        // The values of a cell stand apart by this sign, so no value may hold it.
        let cell = |values: &mut dyn Iterator<Item = String>| {
            values.map(|value| value.replace(';', " ")).collect::<Vec<_>>().join(";")
        };
        let surname = cell(&mut self.names.iter().map(|name| name.0.clone()));
        let forename = cell(&mut self.names.iter().map(|name| name.1.clone()));
        let birth = cell(&mut self.births.iter().map(ToString::to_string));
        let postcode = cell(&mut self.postcodes.iter().cloned());
        let ids = KINDS.map(|kind| {
            let of = self.ids.iter().filter(|(other, _)| *other == kind);
            cell(&mut of.map(|(_, value)| value.clone()))
        });
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        reader.add(&Raw {
            forename: &forename,
            surname: &surname,
            birth: &birth,
            postcode: &postcode,
            ids: &ids,
            ..Raw::default()
        });
    }
}

/// How often values are remembered, as keyed hashes.
pub struct Population<'a> {
    /// Rows that are remembered.
    pub rows: f64,
    /// How many of them have a value.
    pub counts: &'a HashMap<Key, u32>,
    /// The key of the hashes.
    pub key: &'a HashKey,
}

impl Population<'_> {
    fn count(&self, value: Value<'_>) -> u32 {
        let key = match value {
            Value::Given(word) => Key::of_forename(self.key, word),
            Value::Surname(word) => Key::of_surname(self.key, word),
            Value::Postcode(word) => Key::of_postcode(self.key, word),
            Value::Birth(born) => Key::of_birth(self.key, &written(born)),
        };
        self.counts.get(&key).copied().unwrap_or(0)
    }
}

/// A date of birth as the remembered ones were written.
fn written(born: Birth) -> String {
    alloc::format!("{:04}-{:02}-{:02}", born / 10_000, born / 100 % 100, born % 100)
}

/// A pair, weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// Its weight, and against which story.
    pub score: Score,
    /// What forbids to join it, whatever it weighs.
    pub bar: Option<Bar>,
    /// What each field adds, in words that hold no value; the sum is the weight.
    pub lines: Vec<Line>,
}

/// Identities ready to be weighed.
pub struct Scales {
    deck: Deck,
    facts: Facts,
    model: Model,
}

impl Scales {
    /// For identities by their places in a list. `this_year` bounds births.
    pub fn of<'t>(
        told: impl IntoIterator<Item = &'t Told>,
        mut model: Model,
        population: &Population<'_>,
        this_year: u32,
    ) -> Self {
        let kinds = KINDS.map(|kind| IdField { name: kind.word().into(), kind }).to_vec();
        let mut reader = Reader::new(kinds, this_year);
        let mut whole = Vec::new();
        for one in told {
            one.read(&mut reader);
            let key = one.names.first().and_then(|(s, f)| Key::of_name(population.key, s, f));
            whole.push(key.and_then(|key| population.counts.get(&key)).copied().unwrap_or(0));
        }
        let mut deck = reader.deck;
        let mut facts = Facts::of(&mut deck);
        facts.part_of(&deck, population.rows, &|value| population.count(value));
        for (card, count) in deck.cards.iter_mut().zip(whole) {
            let parts =
                facts.names.of(first(&card.name)).as_given + facts.names.of(card.name.surname).as_surname;
            let rarity = facts.whole_name(count);
            card.whole = if rarity < parts { u16::try_from(rarity.max(1)).unwrap_or(0) } else { 0 };
        }
        model.among(population.rows);
        Self { deck, facts, model }
    }

    /// Weighs pairs of places; one without a card on a side is left out.
    pub fn weigh(
        &self,
        pairs: impl IntoIterator<Item = (u32, u32)>,
        mut each: impl FnMut((u32, u32), Weighed),
    ) {
        let mut comparer = Comparer::new(&self.deck, &self.facts, &self.model);
        for (a, b) in pairs {
            let (Some(x), Some(y)) = (self.deck.card(a), self.deck.card(b)) else { continue };
            let agreement = comparer.compare(x, y);
            let score = self.model.score(&agreement);
            let bar = bar(&self.deck.kinds, x, y, &agreement, true);
            each(
                (a, b),
                Weighed { score, bar, lines: lines(&self.model, &self.deck.kinds, &agreement, score) },
            );
        }
    }
}

/// A weight from which on a pair is shown to a person, where a deployment says nothing: odds of eight to one.
pub const ASK: Weight = 300;
