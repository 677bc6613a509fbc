//! `[[example]]`: rows with what they must give, run like any row. People in them are invented.

use super::apply::{Outcome, Scratch};
use super::bind::Bound;
use super::compile::{Compiler, PERSON};
use super::plan::RecordPlan;
use super::syntax::{ExampleDraft, ExpectDraft, OptionValue, Pairs};
use super::{Mapping, codes};
use crate::hash::{Digest, Keys};
use crate::problem::Problem;
use crate::record::Candidate;
use crate::row::{CellKind, RowBuf};
use crate::schema::{CategoryId, FieldId};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;
use jiff::civil::Date;
use serde_spanned::Spanned;

/// The file's day where an example names none.
const DAY: Date = Date::constant(2008, 11, 17);

/// A compiled example.
#[derive(Debug)]
pub(crate) struct Example {
    title: String,
    span: Range<usize>,
    day: Date,
    /// One cell per column of the mapping.
    cells: Vec<(String, CellKind)>,
    expect: Expect,
}

#[derive(Debug)]
enum Expect {
    Refused,
    Skipped,
    Records(Vec<Expected>),
}

/// A record that must come; an empty text expects the field to be absent.
#[derive(Debug)]
struct Expected {
    category: CategoryId,
    name: String,
    fields: Vec<(FieldId, String, String)>,
    marks: Vec<(Mark, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Cancelled,
    Restricted,
}

impl Mark {
    const ALL: [(Self, &'static str); 2] = [(Self::Cancelled, "cancelled"), (Self::Restricted, "restricted")];

    const fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Restricted => "restricted",
        }
    }

    const fn of(self, candidate: &Candidate) -> bool {
        match self {
            Self::Cancelled => candidate.cancelled,
            Self::Restricted => candidate.restricted,
        }
    }
}

/// How an example came out otherwise. Its values may be shown: they are invented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleFailure {
    /// The example.
    pub title: String,
    /// Where its title stands in the mapping file.
    pub span: Range<usize>,
    /// Which of the expected records is meant, from 1, in the order of `expect`.
    pub record: Option<usize>,
    /// The record's category, when one is meant.
    pub category: Option<String>,
    /// The field or mark, when one is meant.
    pub field: Option<String>,
    /// What should have come.
    pub expected: String,
    /// What came; `None`: nothing.
    pub actual: Option<String>,
}

impl ExampleFailure {
    /// As a problem of the mapping file.
    pub fn problem(&self, file: &str) -> Problem {
        let path = self.path();
        let place = if path.is_empty() { path } else { format!("{path}: ") };
        let what = format!("example `{}`: {place}{}", self.title, self.difference());
        let help = "mend the mapping, or the example when it asks for the wrong thing";
        Problem::new(codes::EXAMPLE_FAILED, what).in_config(file, self.span.clone()).help(help)
    }

    /// Where in what was expected: `record 2 › prison_release.release_date`; empty for the row as a whole.
    pub fn path(&self) -> String {
        let record = self.record.map(|number| format!("record {number}"));
        let names: Vec<&str> =
            [&self.category, &self.field].into_iter().filter_map(|p| p.as_deref()).collect();
        let names = (!names.is_empty()).then(|| names.join("."));
        [record, names].into_iter().flatten().collect::<Vec<String>>().join(" › ")
    }

    /// What was expected and what came.
    pub fn difference(&self) -> String {
        format!("expected {}, got {}", self.expected, self.actual.as_deref().unwrap_or("nothing"))
    }
}

impl Compiler<'_> {
    /// Compiles an example against the columns and the records of this mapping. `blocks` are the
    /// categories of all record blocks, those at fault included: a slip there is told there.
    pub(crate) fn example(
        &mut self,
        draft: ExampleDraft,
        plans: &[&RecordPlan],
        blocks: &[String],
    ) -> Example {
        let mut cells: Vec<(String, CellKind)> =
            self.columns.iter().map(|_| (String::new(), CellKind::Absent)).collect();
        for (word, value) in draft.row.0 {
            let at = self.columns.iter().position(|c| &c.word == word.get_ref());
            let Some(slot) = at.and_then(|at| cells.get_mut(at)) else {
                let known: Vec<String> = self.columns.iter().map(|c| c.word.clone()).collect();
                self.unknown(codes::EXAMPLE, &word, "column", known.iter().map(String::as_str));
                continue;
            };
            match value.get_ref() {
                OptionValue::Text(text) => *slot = (text.clone(), CellKind::Text),
                OptionValue::Whole(number) => *slot = (number.to_string(), CellKind::Number),
                OptionValue::Flag(flag) => *slot = (flag.to_string(), CellKind::Bool),
                _ => self.fault(codes::EXAMPLE, value.span(), "a cell is one value"),
            }
        }
        let at = draft.expect.span();
        let expect = match draft.expect.into_inner() {
            ExpectDraft::Word(word) => match word.as_str() {
                "refused" => Expect::Refused,
                "skipped" => Expect::Skipped,
                _ => {
                    self.unknown(
                        codes::EXAMPLE,
                        &Spanned::new(at, word),
                        "expectation",
                        ["refused", "skipped"],
                    );
                    Expect::Refused
                }
            },
            ExpectDraft::Records(records) => {
                Expect::Records(records.iter().filter_map(|r| self.expected(r, plans, blocks, &at)).collect())
            }
        };
        let day = draft.day.map_or(DAY, |d| d.0);
        Example { span: draft.title.span(), title: draft.title.into_inner(), day, cells, expect }
    }

    fn expected(
        &mut self,
        draft: &Pairs<Spanned<OptionValue>>,
        plans: &[&RecordPlan],
        blocks: &[String],
        at: &Range<usize>,
    ) -> Option<Expected> {
        let is_category = |w: &Spanned<String>| w.get_ref() == "category";
        let Some((_, category)) = draft.0.iter().find(|(w, _)| is_category(w)) else {
            self.fault(codes::EXAMPLE, at.clone(), "an expected record names its `category`");
            return None;
        };
        let word = Spanned::new(category.span(), category.get_ref().plain().unwrap_or_default());
        let Some(plan) = plans.iter().find(|p| &p.name == word.get_ref()) else {
            let compiled = plans.iter().filter(|p| p.name != PERSON).count();
            if compiled == blocks.len() && !blocks.contains(word.get_ref()) {
                self.unknown(codes::EXAMPLE, &word, "category", plans.iter().map(|p| p.name.as_str()));
            }
            return None;
        };
        let mut expected = Expected {
            category: plan.category,
            name: plan.name.clone(),
            fields: Vec::new(),
            marks: Vec::new(),
        };
        for (word, value) in draft.0.iter().filter(|(w, _)| !is_category(w)) {
            let field =
                plan.names.iter().position(|n| n == word.get_ref()).and_then(|i| u8::try_from(i).ok());
            let mark = Mark::ALL.iter().find(|(_, w)| w == word.get_ref());
            match (field, mark, value.get_ref()) {
                (Some(field), _, value) => {
                    let text = value.plain().unwrap_or_default();
                    expected.fields.push((FieldId(field), word.get_ref().clone(), text));
                }
                (None, Some((mark, _)), OptionValue::Flag(on)) => expected.marks.push((*mark, *on)),
                (None, Some((mark, _)), _) => {
                    self.fault(codes::EXAMPLE, value.span(), format!("`{}` is true or false", mark.word()));
                }
                (None, None, _) => {
                    let what = format!("field of `{}`", plan.name);
                    self.unknown(codes::EXAMPLE, word, &what, plan.names.iter().map(String::as_str));
                }
            }
        }
        Some(expected)
    }
}

impl Mapping {
    /// Number of examples.
    pub fn example_count(&self) -> usize {
        self.examples.len()
    }

    /// Runs every `[[example]]`; empty when all come out as they say.
    ///
    /// Of each category that an example names, exactly the named records must come; `expect = []`
    /// says that no record comes at all but the person.
    pub fn run_examples(&self) -> Vec<ExampleFailure> {
        let keys = Keys::derive(b"examples", &Digest::of(b"examples"));
        let bound = Bound::direct(self);
        let mut scratch = Scratch::new();
        let mut failures = Vec::new();
        for example in &self.examples {
            let outcome = bound.map(&example.row(), &keys, example.day, &mut scratch);
            self.compare(example, &outcome, &mut failures);
        }
        failures
    }

    /// The examples' titles, in order.
    pub fn example_titles(&self) -> impl Iterator<Item = &str> {
        self.examples.iter().map(|e| e.title.as_str())
    }

    fn compare(&self, example: &Example, outcome: &Outcome, failures: &mut Vec<ExampleFailure>) {
        let expected = match (&example.expect, outcome) {
            (Expect::Refused, Outcome::Refused(_)) | (Expect::Skipped, Outcome::Skipped) => return,
            (Expect::Records(expected), Outcome::Mapped(mapped)) => {
                return self.records(example, expected, &mapped.candidates, failures);
            }
            (Expect::Refused, _) => "the row to be refused",
            (Expect::Skipped, _) => "the row to be skipped",
            (Expect::Records(_), _) => "records",
        };
        let actual = match outcome {
            Outcome::Mapped(_) => "a mapped row".into(),
            Outcome::Skipped => "a skipped row".into(),
            Outcome::Refused(faults) => {
                let each = faults.iter().map(|f| match f.column.and_then(|c| self.column(c)) {
                    Some(column) => format!("{} in `{column}`", f.code),
                    None => f.code.into(),
                });
                format!("a refused row: {}", each.collect::<Vec<String>>().join(", "))
            }
        };
        failures.push(example.failure(None, (None, None), expected.into(), Some(actual)));
    }

    fn records(
        &self,
        example: &Example,
        expected: &[Expected],
        candidates: &[Candidate],
        failures: &mut Vec<ExampleFailure>,
    ) {
        let mut left: Vec<&Candidate> = candidates.iter().collect();
        for (at, want) in expected.iter().enumerate() {
            let number = Some(at + 1);
            let of_category = left.iter().enumerate().filter(|(_, c)| c.category == want.category);
            let best = of_category.min_by_key(|(_, c)| want.differences(c).len()).map(|(at, _)| at);
            let Some(at) = best else {
                failures.push(example.failure(number, (Some(&want.name), None), "a record".into(), None));
                continue;
            };
            for (field, expected, actual) in want.differences(left.swap_remove(at)) {
                let path = (Some(want.name.as_str()), Some(field.as_str()));
                failures.push(example.failure(number, path, expected, actual));
            }
        }
        let person = self.identity.person.as_ref().map(|p| p.category);
        for extra in left {
            let named = expected.iter().any(|e| e.category == extra.category);
            if named || (expected.is_empty() && Some(extra.category) != person) {
                let name =
                    self.records.iter().find(|p| p.category == extra.category).map(|p| p.name.as_str());
                let actual = Some("a record more".into());
                failures.push(example.failure(None, (name, None), "no other record".into(), actual));
            }
        }
    }
}

impl Example {
    /// The text of a column's cell, when it has one.
    pub(super) fn text(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(|(text, _)| text.as_str()).filter(|text| !text.is_empty())
    }

    /// Its cells as a row in the order of the mapping's columns.
    pub(super) fn row(&self) -> RowBuf {
        let mut row = RowBuf::new();
        row.start(1);
        self.cells.iter().for_each(|(text, kind)| row.push_kind(text, *kind));
        row
    }

    /// The file's day.
    pub(super) const fn day(&self) -> Date {
        self.day
    }

    fn failure(
        &self,
        record: Option<usize>,
        (category, field): (Option<&str>, Option<&str>),
        expected: String,
        actual: Option<String>,
    ) -> ExampleFailure {
        ExampleFailure {
            title: self.title.clone(),
            span: self.span.clone(),
            record,
            category: category.map(Into::into),
            field: field.map(Into::into),
            expected,
            actual,
        }
    }
}

impl Expected {
    /// Field or mark, expected, actual.
    fn differences(&self, candidate: &Candidate) -> Vec<(String, String, Option<String>)> {
        let mut out = Vec::new();
        for (id, name, want) in &self.fields {
            let have = candidate.fields.get(*id);
            if have.unwrap_or("") != want {
                let expected = if want.is_empty() { "no value".into() } else { format!("`{want}`") };
                out.push((name.clone(), expected, have.map(|h| format!("`{h}`"))));
            }
        }
        for (mark, want) in &self.marks {
            let have = mark.of(candidate);
            if have != *want {
                out.push((mark.word().into(), format!("`{want}`"), Some(format!("`{have}`"))));
            }
        }
        out
    }
}
