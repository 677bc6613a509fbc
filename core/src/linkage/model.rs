//! The model: how often each level of agreement is met in pairs of one person and of others, as weights.
//!
//! The weight of a pair is the logarithm of how much likelier one person is than the likeliest other story: two
//! strangers, two relatives of one household, or twins. Against strangers a rare surname is strong evidence, against
//! relatives it is none. So the same name at one address does not make father and son one person.

use super::card::IDS;
use super::compare::Agreement;
use super::field::{self, FIELDS, ID, LEVELS, Level, shipped};
use super::math::{BIT, Weight, log2, weight};
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The form of model files that this program reads and writes.
pub const FORM: u32 = 1;

/// Other records of one's own that a record has, in a deck of which nothing is known.
const SHIPPED_OWN: f64 = 0.5;

/// Records of a twin that a record has, and how many more those of other relatives are.
pub(super) const TWINS: f64 = 0.04;
const RELATIVES_PER_TWIN: f64 = 10.0;

/// The story that stands against one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Against {
    /// Two who have nothing to do with each other.
    Strangers,
    /// Two of one household or family.
    Relatives,
    /// Twins.
    Twins,
}

impl Against {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Strangers => "two strangers",
            Self::Relatives => "two relatives",
            Self::Twins => "twins",
        }
    }
}

/// The weight of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// How much the evidence speaks for one person, in hundredths of a bit.
    pub weight: Weight,
    /// Against which story.
    pub against: Against,
}

type Table = [[Weight; LEVELS]; FIELDS];

/// A trained or shipped model.
#[derive(Clone)]
pub struct Model {
    /// What a model file says.
    pub plain: Plain,
    stranger: Table,
    relative: Table,
    twin: Table,
    prior: [Weight; 3],
}

/// A model as a file has it.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    /// The form of the file.
    pub form: u32,
    /// Which model: a name, or a number that grows.
    pub version: String,
    /// The day on which it was trained.
    pub date: String,
    /// Records that it was trained on; 0 for the model that is shipped.
    pub records: u32,
    /// How many other records of the same person a record has, on average.
    pub own: f64,
    /// How many records of a twin a record has, on average; of other relatives it is ten times as many.
    pub twins: f64,
    /// Whether there are families among the records, so that twins, fathers and sons have to be kept apart.
    pub families: bool,
    /// The fields, in the order of comparison.
    pub fields: Vec<PlainField>,
}

/// A field of a model file.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PlainField {
    /// Its name.
    pub name: String,
    /// Its levels; the first is `missing`.
    pub levels: Vec<PlainLevel>,
}

/// A level of a model file.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PlainLevel {
    /// In words.
    pub level: String,
    /// How often pairs of one person have it.
    pub same: f64,
    /// How often pairs of strangers have it; not used where the value's own frequency counts.
    pub stranger: f64,
    /// How often pairs of relatives have it.
    pub relative: f64,
    /// How often pairs of twins have it.
    pub twin: f64,
}

/// Why a model file cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadModel {
    /// It is of another form.
    Form,
    /// Its fields or levels are not those of this program and file.
    Fields,
    /// A probability is none.
    Probability,
}

impl Model {
    /// The model that is shipped, for identifiers of these names.
    pub fn shipped(ids: &[String]) -> Self {
        let fields = (0..ID + ids.len().min(IDS)).map(|field| {
            let name = field::NAMES.get(field).map(|n| String::from(*n));
            let name = name.or_else(|| ids.get(field.saturating_sub(ID)).cloned()).unwrap_or_default();
            let of = |l: &Level| PlainLevel {
                level: l.words.into(),
                same: l.same,
                stranger: l.stranger,
                relative: l.relative,
                twin: l.twin,
            };
            PlainField { name, levels: shipped(field).iter().map(of).collect() }
        });
        let plain = Plain {
            form: FORM,
            version: "shipped".into(),
            date: String::new(),
            records: 0,
            own: SHIPPED_OWN,
            twins: TWINS,
            families: true,
            fields: fields.collect(),
        };
        Self::of(plain)
    }

    /// The model of a file, for a deck whose identifiers have these names.
    pub fn read(plain: Plain, ids: &[String]) -> Result<Self, BadModel> {
        if plain.form != FORM {
            return Err(BadModel::Form);
        }
        let wanted = Self::shipped(ids).plain;
        let names = |p: &Plain| {
            let field = |f: &PlainField| {
                (f.name.clone(), f.levels.iter().map(|l| l.level.clone()).collect::<Vec<_>>())
            };
            p.fields.iter().map(field).collect::<Vec<_>>()
        };
        if names(&plain) != names(&wanted) {
            return Err(BadModel::Fields);
        }
        let mut levels = plain.fields.iter().flat_map(|f| &f.levels);
        let fine = |p: f64| p > 0.0 && p <= 1.0;
        let level = |l: &PlainLevel| [l.same, l.stranger, l.relative, l.twin].into_iter().all(fine);
        let rate = |n: f64| n > 0.0 && n < 1e6;
        if !levels.all(level) || !rate(plain.own) || !rate(plain.twins) {
            return Err(BadModel::Probability);
        }
        Ok(Self::of(plain))
    }

    /// The model of a file for other identifiers than those on which it was trained: each is taken by its name, or by its other
    /// one, and those that the file does not know are as shipped. There are always families: that a file of tests has none says
    /// nothing of a population.
    pub fn fitted(mut plain: Plain, ids: &[String], other_names: &[(&str, &str)]) -> Result<Self, BadModel> {
        let shipped = Self::shipped(ids).plain;
        let own = plain.fields.split_off(plain.fields.len().min(ID));
        for wanted in shipped.fields.into_iter().skip(ID) {
            let other = other_names.iter().find(|(name, _)| *name == wanted.name).map(|(_, other)| *other);
            let is = |field: &&PlainField| field.name == wanted.name || Some(field.name.as_str()) == other;
            let found = own.iter().find(is).cloned();
            let named = |field: PlainField| PlainField { name: wanted.name.clone(), ..field };
            plain.fields.push(found.map_or_else(|| wanted.clone(), named));
        }
        plain.families = true;
        Self::read(plain, ids)
    }

    /// Reckons the weights of probabilities, for a deck of two records; see [`Model::among`].
    pub fn of(plain: Plain) -> Self {
        let mut out = Self {
            plain,
            stranger: Table::default(),
            relative: Table::default(),
            twin: Table::default(),
            prior: [0; 3],
        };
        for (at, field) in out.plain.fields.iter().enumerate().take(FIELDS) {
            for (n, (level, ship)) in field.levels.iter().zip(shipped(at)).enumerate().skip(1) {
                let other = if ship.rare { 1.0 } else { level.stranger };
                put(&mut out.stranger, at, n, log2(level.same / other));
                put(&mut out.relative, at, n, log2(level.same / level.relative));
                put(&mut out.twin, at, n, log2(level.same / level.twin));
            }
        }
        out.among(2.0);
        out
    }

    /// Whether the deck is one of a population in which there are families. Files are met, of tests above all, in which
    /// forenames were exchanged at random and no two people are related; only one that proves it says no.
    pub const fn has_families(&self) -> bool {
        self.plain.families
    }

    /// Sets the odds before any evidence, for two of so many records.
    pub fn among(&mut self, records: f64) {
        let own = self.plain.own;
        self.prior = [
            own / (records - 1.0).max(1.0),
            own / (self.plain.twins * RELATIVES_PER_TWIN),
            own / self.plain.twins,
        ]
        .map(|odds| weight(log2(odds)));
    }

    /// The weight of a level against strangers, without the rarity of the value.
    pub fn stranger(&self, field: usize, level: u8) -> Weight {
        look(&self.stranger, field, level)
    }

    /// The weight of a level against a story, without the rarity of the value.
    pub fn part(&self, against: Against, field: usize, level: u8) -> Weight {
        match against {
            Against::Strangers => look(&self.stranger, field, level),
            Against::Relatives => look(&self.relative, field, level),
            Against::Twins => look(&self.twin, field, level),
        }
    }

    /// The odds before any evidence, against a story.
    pub fn prior(&self, against: Against) -> Weight {
        let [strangers, relatives, twins] = self.prior;
        match against {
            Against::Strangers => strangers,
            Against::Relatives => relatives,
            Against::Twins => twins,
        }
    }

    /// The evidence of an agreement against strangers, without the odds before it.
    pub fn against_strangers(&self, agreement: &Agreement) -> Weight {
        agreement.fields().map(|(f, l, rarity)| look(&self.stranger, f, l) + rarity).sum()
    }

    /// The weight of a pair.
    pub fn score(&self, agreement: &Agreement) -> Score {
        let all = [Against::Strangers, Against::Relatives, Against::Twins];
        let scores = all.map(|against| Score { weight: self.weight(agreement, against), against });
        let [first, ..] = scores;
        scores.into_iter().fold(first, |least, one| if one.weight < least.weight { one } else { least })
    }

    /// The weight of a pair against one story.
    pub fn weight(&self, agreement: &Agreement, against: Against) -> Weight {
        let mut parts = [0; FIELDS];
        self.parts(agreement, against, &mut parts);
        self.prior(against) + parts.iter().sum::<Weight>()
    }

    /// What each field adds against a story. Identifiers travel together (one form copies them from another), so of
    /// several that agree the strongest counts whole and each other by half.
    pub fn parts(&self, agreement: &Agreement, against: Against, parts: &mut [Weight; FIELDS]) {
        let rare = against == Against::Strangers;
        for (part, (field, level, rarity)) in parts.iter_mut().zip(agreement.fields()) {
            *part = self.part(against, field, level) + if rare { rarity } else { 0 };
        }
        let ids = parts.get_mut(ID..).unwrap_or_default();
        let best = ids.iter().enumerate().max_by_key(|(_, w)| **w).map(|(at, _)| at);
        for (at, part) in ids.iter_mut().enumerate().filter(|(_, w)| **w > 0) {
            if Some(at) != best {
                *part /= 2;
            }
        }
    }
}

/// The least weight for which one may say that the odds are a thousand to one.
pub const THOUSAND_TO_ONE: Weight = 10 * BIT;

fn put(table: &mut Table, field: usize, level: usize, bits: f64) {
    if let Some(cell) = table.get_mut(field).and_then(|f| f.get_mut(level)) {
        *cell = weight(bits);
    }
}

fn look(table: &Table, field: usize, level: u8) -> Weight {
    table.get(field).and_then(|f| f.get(usize::from(level))).copied().unwrap_or(0)
}
