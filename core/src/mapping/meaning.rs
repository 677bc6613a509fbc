//! What a mapping says its columns mean: the lessons that a new mapping can learn from those in force.
//!
//! Configuration only: header texts, words of rules and code maps, shapes of the examples' invented keys.

use super::Mapping;
use super::codemap::CodeMap;
use super::plan::{Check, ColumnId, FieldPlan, Input, Proof, RecordPlan, Rule, Shape, Test};
use crate::value::identifier::IdKind;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// One use that a mapping makes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning<'a> {
    /// Part of the person's key.
    Key,
    /// Part of a record's key.
    RecordKey,
    /// Link evidence, under its word in `[identity.evidence]`.
    Evidence(&'a str),
    /// A field of a category (`person` among them).
    Field(&'a str, &'a str),
    /// It decides whether a row or a record counts.
    Condition,
    /// Known, and not used.
    Ignored,
}

/// A word of a partner's files and the code that a field makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeWord<'a> {
    /// The field's category.
    pub category: &'a str,
    /// The field.
    pub field: &'a str,
    /// The partner's word.
    pub word: &'a str,
    /// The code of the schema's list, or `true` or `false`.
    pub code: &'a str,
}

impl Mapping {
    /// Every header text with every use that the mapping makes of its column.
    pub fn meanings(&self) -> Vec<(&str, Meaning<'_>)> {
        let mut uses: BTreeSet<(ColumnId, Meaning<'_>)> = BTreeSet::new();
        let identity = &self.identity;
        uses.extend(identity.key.iter().map(|c| (*c, Meaning::Key)));
        uses.extend(identity.evidence.iter().map(|(c, proof)| (*c, Meaning::Evidence(proof_word(*proof)))));
        for record in identity.person.iter().chain(&self.records) {
            uses.extend(record.key.iter().map(|c| (*c, Meaning::RecordKey)));
            let marks = record.cancelled.iter().chain(&record.restricted);
            uses.extend(record.when.iter().chain(marks).map(|t| (t.column, Meaning::Condition)));
            for (name, field) in filled(record) {
                let meaning = Meaning::Field(&record.name, name);
                uses.extend(inputs(field).into_iter().map(|c| (c, meaning)));
            }
        }
        let rules = self.refuse.iter().chain(&self.skip).flat_map(|rule| &rule.when);
        uses.extend(rules.map(|t| (t.column, Meaning::Condition)));
        let mut out = Vec::new();
        for (at, meaning) in uses {
            let headers = self.columns.get(usize::from(at.0)).into_iter().flat_map(|c| &c.headers);
            out.extend(headers.map(|header| (header.as_str(), meaning)));
        }
        out.extend(self.ignore.iter().map(|header| (header.as_str(), Meaning::Ignored)));
        out
    }

    /// Header texts that a rule takes test rows out by, with the words of that rule.
    pub fn test_rows(&self) -> Vec<(&str, Vec<&str>)> {
        let rules = self.refuse.iter().filter(|rule| rule.code == super::codes::TEST_ROW);
        rules.flat_map(|rule| self.words_of(rule)).collect()
    }

    /// The partner's words and their codes, of every coded field.
    pub fn code_words(&self) -> Vec<CodeWord<'_>> {
        let mut out = Vec::new();
        for record in self.identity.person.iter().chain(&self.records) {
            for (field, plan) in filled(record) {
                let category = record.name.as_str();
                let word = |word, code| CodeWord { category, field, word, code };
                if let Some(words) = &plan.words {
                    out.extend(words.iter().map(|(from, to)| word(from, to)));
                } else if let Shape::Code { map: Some(map), .. } = plan.shape {
                    let lines = self.maps.get(map).into_iter().flat_map(CodeMap::entries);
                    out.extend(lines.map(|line| word(&line.code, &line.label)));
                }
            }
        }
        out
    }

    /// The key values of the examples: invented, and shaped like the partner's own.
    pub fn example_keys(&self) -> Vec<&str> {
        let Some(ColumnId(at)) = self.identity.key.first() else { return Vec::new() };
        self.examples.iter().filter_map(|e| e.text(usize::from(*at))).collect()
    }

    fn words_of<'m>(&'m self, rule: &'m Rule) -> Vec<(&'m str, Vec<&'m str>)> {
        let of = |test: &'m Test| match &test.check {
            Check::In(words) => {
                let header = self.columns.get(usize::from(test.column.0))?.headers.first()?;
                Some((header.as_str(), words.iter().map(String::as_str).collect()))
            }
            _ => None,
        };
        rule.when.iter().filter_map(of).collect()
    }
}

fn filled(record: &RecordPlan) -> impl Iterator<Item = (&str, &FieldPlan)> {
    let each = record.names.iter().zip(&record.fields);
    each.filter_map(|(name, field)| Some((name.as_str(), field.as_ref()?)))
}

fn inputs(field: &FieldPlan) -> Vec<ColumnId> {
    let mut columns = match &field.input {
        Input::Constant(_) => Vec::new(),
        Input::One(column) => alloc::vec![*column],
        Input::Many(columns, _) => columns.clone(),
    };
    if let Shape::DateTime { time: Some(time), .. } = field.shape {
        columns.push(time);
    }
    columns
}

const fn proof_word(proof: Proof) -> &'static str {
    match proof {
        Proof::Postcode => "postcode",
        Proof::Identifier(kind) => IdKind::word(kind),
    }
}
