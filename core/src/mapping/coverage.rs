//! What no example of a mapping touches: columns, records, conditions, rules and codes.
//!
//! An example touches a column that it fills, a record that its row gives, a rule that its row meets, and
//! a code that one of its cells is read by. A record with conditions is touched on both sides: by a row
//! that gives it, and by a row that is mapped and does not.

use super::Mapping;
use super::apply::{Outcome, Reader, Scratch, prepare};
use super::bind::Bound;
use super::convert::{Given, Scene};
use super::plan::{ColumnId, FieldPlan, Input, RecordPlan, Rule, Shape};
use crate::hash::{Digest, Keys};
use crate::row::CellKind;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A kind of part that an example can touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untouched {
    /// A column that no example fills.
    Column,
    /// A record block that no example gives.
    Record,
    /// A record's `when` that holds for every example, so that nobody sees what it keeps out.
    Condition,
    /// A `[[refuse]]` rule that no example meets.
    Refuse,
    /// A `[[skip]]` rule that no example meets.
    Skip,
    /// A code of a code map or a word of an inline `map`.
    Code,
}

impl Untouched {
    /// Every kind, in the order of a report.
    pub const ALL: [Self; 6] =
        [Self::Column, Self::Record, Self::Condition, Self::Refuse, Self::Skip, Self::Code];

    /// The word of reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Column => "columns",
            Self::Record => "records",
            Self::Condition => "conditions",
            Self::Refuse => "refuse rules",
            Self::Skip => "skip rules",
            Self::Code => "codes",
        }
    }
}

/// What the examples of one mapping touch. Names are the mapping's own words.
#[derive(Debug, Default)]
pub struct Coverage {
    all: BTreeSet<(Untouched, String)>,
    touched: BTreeSet<(Untouched, String)>,
}

impl Coverage {
    /// Touched and all parts of a kind.
    pub fn count(&self, kind: Untouched) -> (usize, usize) {
        let of = |set: &BTreeSet<(Untouched, String)>| set.iter().filter(|(k, _)| *k == kind).count();
        (of(&self.touched), of(&self.all))
    }

    /// The parts of a kind that no example touches, in alphabetical order.
    pub fn untouched(&self, kind: Untouched) -> impl Iterator<Item = &str> {
        self.all.difference(&self.touched).filter(move |(k, _)| *k == kind).map(|(_, n)| n.as_str())
    }

    /// Touched parts in a hundred, rounded down; codes are not among them: a long list would hide the rest.
    pub fn per_cent(&self) -> usize {
        let kinds = Untouched::ALL.into_iter().filter(|k| *k != Untouched::Code);
        let (touched, all) =
            kinds.map(|k| self.count(k)).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        (touched * 100).checked_div(all).unwrap_or(100)
    }

    fn declare(&mut self, kind: Untouched, name: String) {
        self.all.insert((kind, name));
    }

    fn touch(&mut self, kind: Untouched, name: String) {
        if self.all.contains(&(kind, name.clone())) {
            self.touched.insert((kind, name));
        }
    }
}

impl Mapping {
    /// What the examples touch.
    pub fn coverage(&self) -> Coverage {
        let mut coverage = self.parts();
        let keys = Keys::derive(b"examples", &Digest::of(b"examples"));
        let bound = Bound::direct(self);
        let mut scratch = Scratch::new();
        for example in &self.examples {
            let row = example.row();
            let outcome = bound.map(&row, &keys, example.day(), &mut scratch);
            let scene = Scene {
                lists: &self.lists,
                maps: &self.maps,
                zone: &self.zone,
                day: example.day(),
                epoch_1904: false,
            };
            let reader = Reader::new(&bound, &row, scene);
            self.columns_filled(&reader, &mut coverage);
            self.rules_met(&reader, &mut coverage);
            if matches!(outcome, Outcome::Mapped(_)) {
                self.records_given(&reader, &mut coverage);
            }
        }
        coverage
    }

    /// Every part of this mapping.
    fn parts(&self) -> Coverage {
        let mut coverage = Coverage::default();
        self.columns.iter().for_each(|c| coverage.declare(Untouched::Column, c.word.clone()));
        for (at, record) in self.records.iter().enumerate() {
            coverage.declare(Untouched::Record, self.record_name(at, record));
            if !record.when.is_empty() {
                coverage.declare(Untouched::Condition, self.record_name(at, record));
            }
        }
        self.each_rule(|kind, name, _| coverage.declare(kind, name));
        for (record, name, field) in self.fields() {
            if let Some(words) = &field.words {
                words
                    .iter()
                    .for_each(|(from, _)| coverage.declare(Untouched::Code, inline(record, name, from)));
            } else if let Shape::Code { map: Some(map), .. } = field.shape {
                let codes = self.maps.get(map).into_iter().flat_map(super::CodeMap::entries);
                codes.for_each(|e| coverage.declare(Untouched::Code, self.of_map(map, &e.code)));
            }
        }
        coverage
    }

    fn columns_filled(&self, reader: &Reader<'_>, coverage: &mut Coverage) {
        for (at, column) in self.columns.iter().enumerate() {
            let cell = reader.bound.cell(reader.row(), ColumnId(u16::try_from(at).unwrap_or(u16::MAX)));
            if cell.kind != CellKind::Absent {
                coverage.touch(Untouched::Column, column.word.clone());
            }
        }
    }

    /// Only the first rule that a row meets decides, so only that one is touched.
    fn rules_met(&self, reader: &Reader<'_>, coverage: &mut Coverage) {
        let mut met = false;
        self.each_rule(|kind, name, rule| {
            if !met && reader.all(&rule.when).unwrap_or(false) {
                met = true;
                coverage.touch(kind, name);
            }
        });
    }

    fn records_given(&self, reader: &Reader<'_>, coverage: &mut Coverage) {
        if let Some(person) = &self.identity.person {
            self.codes_read(person, reader, coverage);
        }
        for (at, record) in self.records.iter().enumerate() {
            if reader.all(&record.when).unwrap_or(false) {
                coverage.touch(Untouched::Record, self.record_name(at, record));
                for part in reader.parts(record, &mut Scratch::new()) {
                    self.codes_read(record, &part, coverage);
                }
            } else {
                coverage.touch(Untouched::Condition, self.record_name(at, record));
            }
        }
    }

    fn codes_read(&self, record: &RecordPlan, reader: &Reader<'_>, coverage: &mut Coverage) {
        for (name, field) in record.names.iter().zip(&record.fields) {
            let Some(field) = field else { continue };
            let mut joined = String::new();
            let Some(text) = reader.code(field, &mut joined) else { continue };
            if let Some(words) = &field.words {
                if let Some((from, _)) = words.iter().find(|(from, _)| *from == text) {
                    coverage.touch(Untouched::Code, inline(record, name, from));
                }
            } else if let Shape::Code { map: Some(map), .. } = field.shape {
                coverage.touch(Untouched::Code, self.of_map(map, &text));
            }
        }
    }

    fn each_rule(&self, mut each: impl FnMut(Untouched, String, &Rule)) {
        for (kind, rules) in [(Untouched::Refuse, &self.refuse), (Untouched::Skip, &self.skip)] {
            for (at, rule) in rules.iter().enumerate() {
                let columns: Vec<String> = rule
                    .when
                    .iter()
                    .filter_map(|t| self.column(t.column.0))
                    .map(|word| format!("`{word}`"))
                    .collect();
                each(kind, format!("{} on {}", at + 1, columns.join(", ")), rule);
            }
        }
    }

    fn fields(&self) -> impl Iterator<Item = (&RecordPlan, &str, &FieldPlan)> {
        self.identity.person.iter().chain(&self.records).flat_map(|record| {
            let each = record.names.iter().zip(&record.fields);
            each.filter_map(move |(name, field)| Some((record, name.as_str(), field.as_ref()?)))
        })
    }

    fn record_name(&self, at: usize, record: &RecordPlan) -> String {
        let part = record.part.as_ref().map(|p| format!(" part `{p}`")).unwrap_or_default();
        let twin = |r: &RecordPlan| r.name == record.name && r.part == record.part;
        let twins = self.records.iter().filter(|r| twin(r)).count();
        let nth = self.records.iter().take(at + 1).filter(|r| twin(r)).count();
        let block = if twins > 1 { format!(" (block {nth} of {twins})") } else { String::new() };
        format!("`{}`{part}{block}", record.name)
    }

    fn of_map(&self, map: usize, code: &str) -> String {
        format!("`{code}` of `{}`", self.map_names.get(map).map_or("", String::as_str))
    }
}

fn inline(record: &RecordPlan, field: &str, word: &str) -> String {
    format!("`{word}` of `{}.{field}`", record.name)
}

impl Reader<'_> {
    /// The text by which a coded field looks its answer up; `None` when there is none.
    fn code(&self, field: &FieldPlan, joined: &mut String) -> Option<String> {
        let given = match &field.input {
            Input::Constant(_) => return None,
            Input::One(column) => self.given(*column, Some(&field.null)).ok()??,
            Input::Many(columns, between) => {
                self.join(field, columns, between, joined).ok()??;
                Given { text: joined, kind: CellKind::Text }
            }
        };
        let mut padded = String::new();
        match &field.words {
            Some(_) if field.first_char => given.text.chars().next().map(|c| c.to_string()),
            Some(_) => Some(given.text.to_string()),
            None => prepare(field, given, &mut padded).ok().map(|g| g.text.to_string()),
        }
    }
}
