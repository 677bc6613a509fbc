//! Profile: what the columns of a file show, as counts by form. It holds no value and no word of the data.
//!
//! The profile of a feed's accepted files is kept, so that a column whose values change their kind is noticed
//! ([`Mapping::drifted`](super::Mapping::drifted)) even where every single value still reads.

use super::apply::{Outcome, RowFault};
use super::bind::Bound;
use super::form::Form;
use super::plan::ColumnId;
use super::{Mapping, codes};
use crate::problem::Code;
use crate::row::{CellKind, RowBuf};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Rows of a file whose forms are all counted; beyond, one in [`EVERY`] is.
const WHOLE: u64 = 2048;
const EVERY: u64 = 32;
/// Rows of earlier files that count beside a new one's; older files weigh less and less.
const REMEMBERED: u64 = 4096;

/// What one column shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ColumnProfile {
    /// What the mapping does with the column, as a digest: profiles of two uses are not compared.
    pub(super) reading: String,
    /// Whether the file had the column.
    pub(super) present: bool,
    /// Rows looked at.
    pub(super) rows: u64,
    /// Filled cells by form.
    pub(super) forms: BTreeMap<Form, u64>,
    /// Rows that were mapped or refused.
    pub(super) read: u64,
    /// Of these: the column's value did not read.
    pub(super) faults: u64,
    /// The commonest fault, of tonight's file alone.
    #[serde(skip)]
    pub(super) fault: Option<Code>,
}

impl ColumnProfile {
    /// Cells that hold something.
    pub(super) fn filled(&self) -> u64 {
        self.forms.values().sum()
    }

    fn halve(&mut self) {
        for count in
            [&mut self.rows, &mut self.read, &mut self.faults].into_iter().chain(self.forms.values_mut())
        {
            *count /= 2;
        }
    }

    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.read += other.read;
        self.faults += other.faults;
        for (form, count) in &other.forms {
            *self.forms.entry(*form).or_default() += count;
        }
    }
}

/// What the columns of a file show, by the mapping's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub(super) columns: BTreeMap<String, ColumnProfile>,
}

impl Profile {
    /// This file's profile with what earlier ones showed, for the next file to be compared with. Columns in
    /// `drifted` begin anew.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>, drifted: &[&str]) -> Self {
        let Some(before) = before else { return self };
        for (word, now) in &mut self.columns {
            let Some(old) = before.columns.get(word).filter(|old| old.reading == now.reading && now.present)
            else {
                continue;
            };
            if drifted.contains(&word.as_str()) {
                continue;
            }
            let mut old = old.clone();
            while old.rows.max(old.read) > REMEMBERED {
                old.halve();
            }
            now.add(&old);
        }
        self
    }
}

/// Counts one file's cells and faults.
pub struct Profiler<'b> {
    bound: &'b Bound<'b>,
    columns: Vec<ColumnProfile>,
    faults: BTreeMap<(u16, Code), u64>,
    seen: u64,
    read: u64,
}

impl<'b> Profiler<'b> {
    /// A count from nothing.
    pub fn new(bound: &'b Bound<'b>) -> Self {
        let columns = alloc::vec![ColumnProfile::default(); bound.mapping.columns.len()];
        Self { bound, columns, faults: BTreeMap::new(), seen: 0, read: 0 }
    }

    /// Looks at a row, or passes it over: of a long file a part says as much.
    pub fn row(&mut self, row: &RowBuf) {
        self.seen += 1;
        if self.seen > WHOLE && !self.seen.is_multiple_of(EVERY) {
            return;
        }
        for ((at, column), plan) in (0u16..).zip(&mut self.columns).zip(&self.bound.mapping.columns) {
            let cell = self.bound.cell(row, ColumnId(at));
            let text = cell.text.trim();
            column.rows += 1;
            if cell.kind != CellKind::Absent && !text.is_empty() && !plan.null.hold(text) {
                *column.forms.entry(Form::of(text, cell.kind)).or_default() += 1;
            }
        }
    }

    /// Counts what became of a row.
    pub fn outcome(&mut self, outcome: &Outcome) {
        let faults = match outcome {
            Outcome::Skipped => return,
            Outcome::Mapped(mapped) => &mapped.dropped,
            Outcome::Refused(faults) => faults,
        };
        self.read += 1;
        let no_form =
            |f: &&RowFault| f.is_by_rule() || matches!(f.code, codes::INCOMPLETE | codes::KEY_TWICE);
        for fault in faults.iter().filter(|f| !no_form(f)) {
            if let Some(column) = fault.column {
                *self.faults.entry((column, fault.code)).or_default() += 1;
            }
        }
    }

    /// The file's profile.
    pub fn finish(self) -> Profile {
        let mapping = self.bound.mapping;
        let mut columns = BTreeMap::new();
        for ((at, mut one), plan) in (0u16..).zip(self.columns).zip(&mapping.columns) {
            let faults = self.faults.iter().filter(|((column, _), _)| *column == at);
            let worst = faults.clone().max_by_key(|(_, count)| **count);
            one.fault = worst.map(|((_, code), _)| *code);
            // A cell read for two fields may be at fault twice.
            one.faults = faults.map(|(_, count)| count).sum::<u64>().min(self.read);
            (one.read, one.present) = (self.read, self.bound.has(ColumnId(at)));
            one.reading = mapping.uses(ColumnId(at)).digest();
            columns.insert(plan.word.clone(), one);
        }
        Profile { columns }
    }
}

impl Mapping {
    /// The column in which most values did not read, with the commonest fault and what its values look like: for
    /// a file that is held because too many rows are faulty.
    pub fn worst(&self, now: &Profile) -> Option<(&str, Code, Option<Form>)> {
        let (word, one) = now.columns.iter().max_by_key(|(_, one)| one.faults)?;
        let header = self.columns.iter().find(|c| &c.word == word)?.headers.first()?;
        Some((header.as_str(), one.fault?, super::drift::dominant(one, None, Form::coarse)))
    }
}
