//! A survey of a sample: what the values of each column look like, without the values.
//!
//! Whoever drafts a mapping needs to know that a column holds dates or two sexes, and not whose. A survey
//! gives counts and shapes. Two things of the sample's own leave it, on purpose and narrowly: whether a
//! given word stands in a column, and the repeated words of a column that the asker knows to be a code
//! (each seen in at least [`REPEATED`] rows, so that no word stands for one person).

use crate::row::{CellKind, RowBuf};
use crate::value::date::{self, DateFormat};
use crate::value::identifier::{self, IdKind};
use crate::value::postcode;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

/// Rows in which a word must stand before a survey gives it out.
pub const REPEATED: u64 = 3;
/// Different values beyond which a column is no code.
pub const CODES: usize = 60;
/// Different values that are remembered of a column, to tell a key from a repeated value.
const REMEMBERED: usize = 100_000;
/// Longest word of a code, in characters.
const CODE_CHARS: usize = 40;
/// Longest reference, in characters.
const REFERENCE_CHARS: usize = 24;

/// Identifiers by whose shape a column is recognised.
pub const IDS: [IdKind; 5] = [IdKind::Pnc, IdKind::Cro, IdKind::PrisonNumber, IdKind::Crn, IdKind::Nino];

/// What a column's values look like. Every number counts rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looks {
    /// Rows with a value that is no null word.
    pub filled: u64,
    /// Rows in which the cell is empty or absent.
    pub blank: u64,
    /// Different values among the filled ones.
    pub distinct: usize,
    /// The date pattern that the most values have, and how many.
    pub date: Option<(&'static str, u64)>,
    /// Values whose first part can only be a day (above 12).
    pub day_first: u64,
    /// Values whose second part can only be a day: months first.
    pub month_first: u64,
    /// Cells that a spreadsheet itself marks as dates.
    pub date_cells: u64,
    /// Cells that a spreadsheet marks as numbers.
    pub number_cells: u64,
    /// Times of day.
    pub times: u64,
    /// Whole numbers.
    pub whole: u64,
    /// Values that may be a reference: one or two words with a digit, neither a day nor a time.
    pub references: u64,
    /// Numbers with a fraction or a currency sign.
    pub money: u64,
    /// Whole postcodes.
    pub postcodes: u64,
    /// Values by kind of identifier, in the order of [`IDS`].
    pub ids: [u64; IDS.len()],
    /// Longest value, in characters.
    pub longest: usize,
    /// Values of five words and more.
    pub prose: u64,
    /// Null words seen, as the asker's list spells them.
    pub nulls: Vec<String>,
}

impl Looks {
    /// Whether nearly all values (95 in 100) are of a shape.
    pub const fn mostly(&self, count: u64) -> bool {
        self.filled > 0 && count * 100 >= self.filled * 95
    }

    /// Whether no value stands twice.
    pub const fn is_key(&self) -> bool {
        self.filled > 0 && self.blank == 0 && self.distinct as u64 == self.filled
    }

    /// Whether it looks like a code: few different values, short ones.
    pub const fn is_code(&self) -> bool {
        self.filled > 0
            && self.distinct <= CODES
            && self.longest <= CODE_CHARS
            && self.distinct as u64 * 2 <= self.filled + 2
    }
}

/// Looks of all columns of one file. Holds values, so there is no `Debug`, and no way to print them.
pub struct Survey {
    columns: Vec<Looks>,
    values: Vec<BTreeMap<String, u64>>,
    patterns: Vec<Vec<u64>>,
    nulls: Vec<String>,
    day: Date,
    rows: u64,
}

impl Survey {
    /// A survey of so many columns. `nulls` are words that mean "no value"; `day` is the day on which
    /// two-digit years turn.
    pub fn new(columns: usize, nulls: &[&str], day: Date) -> Self {
        Self {
            columns: alloc::vec![Looks::default(); columns],
            values: alloc::vec![BTreeMap::new(); columns],
            patterns: alloc::vec![alloc::vec![0; DateFormat::KNOWN.len()]; columns],
            nulls: nulls.iter().map(|n| (*n).into()).collect(),
            day,
            rows: 0,
        }
    }

    /// Looks at a row.
    pub fn row(&mut self, row: &RowBuf) {
        self.rows += 1;
        for at in 0..self.columns.len() {
            let cell = row.cell(at);
            self.cell(at, cell.text.trim(), cell.kind);
        }
    }

    /// Rows seen.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The looks of a column.
    pub fn looks(&self, column: usize) -> Looks {
        let mut looks = self.columns.get(column).cloned().unwrap_or_default();
        looks.distinct = self.values.get(column).map_or(0, BTreeMap::len);
        let best = self.patterns.get(column).and_then(|counts| {
            let each = counts.iter().zip(DateFormat::KNOWN).filter(|(n, _)| **n > 0);
            // Of two forms that read alike the first listed is the stricter one.
            each.rev().max_by_key(|(n, _)| **n).map(|(n, pattern)| (*pattern, *n))
        });
        looks.date = best;
        looks
    }

    /// Whether a text stands in any cell as a value, without regard to case.
    pub fn holds(&self, text: &str) -> bool {
        let text = text.trim().to_lowercase();
        self.values.iter().any(|values| values.keys().any(|v| v.to_lowercase() == text))
    }

    /// Those of the given words that stand in a column, as the file spells them, folded alike.
    pub fn among(&self, column: usize, same: impl Fn(&str) -> bool) -> Vec<String> {
        let values = self.values.get(column).into_iter().flatten();
        values.map(|(value, _)| value).filter(|value| same(value)).cloned().collect()
    }

    /// In how many rows a column has a value of one of the given shapes (see [`shape`]).
    pub fn shaped(&self, column: usize, shapes: &BTreeSet<String>) -> u64 {
        let values = self.values.get(column).into_iter().flatten();
        values.filter(|(value, _)| shapes.contains(&shape(value))).map(|(_, count)| *count).sum()
    }

    /// The repeated words of a column that is known to be a code; empty when it does not look like one.
    pub fn codes(&self, column: usize) -> Vec<String> {
        if !self.looks(column).is_code() {
            return Vec::new();
        }
        let values = self.values.get(column).into_iter().flatten();
        values.filter(|(_, count)| **count >= REPEATED).map(|(value, _)| value.clone()).collect()
    }

    /// Whether every value of one column stands in another of another survey: a key and its reference.
    /// Gives the share of matched values in a hundred.
    pub fn meets(&self, column: usize, other: &Self, at: usize) -> usize {
        let (Some(mine), Some(theirs)) = (self.values.get(column), other.values.get(at)) else { return 0 };
        let met = mine.keys().filter(|v| theirs.contains_key(*v)).count();
        (met * 100).checked_div(mine.len()).unwrap_or(0)
    }

    fn cell(&mut self, at: usize, text: &str, kind: CellKind) {
        let (Some(looks), Some(values), Some(patterns)) =
            (self.columns.get_mut(at), self.values.get_mut(at), self.patterns.get_mut(at))
        else {
            return;
        };
        if text.is_empty() || matches!(kind, CellKind::Absent | CellKind::Error) {
            looks.blank += 1;
            return;
        }
        if let Some(null) = self.nulls.iter().find(|n| n.eq_ignore_ascii_case(text)) {
            if !looks.nulls.contains(null) {
                looks.nulls.push(null.clone());
            }
            return;
        }
        looks.filled += 1;
        if values.len() < REMEMBERED || values.contains_key(text) {
            *values.entry(text.into()).or_insert(0) += 1;
        }
        looks.longest = looks.longest.max(text.chars().count());
        looks.prose += u64::from(text.split_whitespace().count() >= 5);
        match kind {
            CellKind::Date => looks.date_cells += 1,
            CellKind::Number => looks.number_cells += 1,
            _ => {}
        }
        shapes(looks, patterns, text, self.day);
    }
}

/// The shape of a text: `9` for every digit, letters as capitals, every other sign as it is. Numbers of one system
/// are alike in it (`LDS999999`); those of two systems seldom are.
pub fn shape(text: &str) -> String {
    let sign = |letter: char| if letter.is_numeric() { '9' } else { letter };
    text.trim().chars().map(sign).flat_map(char::to_uppercase).collect()
}

/// Whether a value may be a reference. A bare number with a fraction is an amount.
fn is_reference(text: &str, dated: bool) -> bool {
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    let amount = text.contains(['£', '.', ':', ',']);
    digits
        && !dated
        && !amount
        && text.chars().count() <= REFERENCE_CHARS
        && text.split_whitespace().count() <= 2
}

/// Counts the shapes that a value has.
fn shapes(looks: &mut Looks, patterns: &mut [u64], text: &str, day: Date) {
    let mut dated = false;
    for (count, pattern) in patterns.iter_mut().zip(DateFormat::KNOWN) {
        let Some(form) = DateFormat::parse(pattern) else { continue };
        let reads = if form.has_time() {
            matches!(date::read_moment(text, form, date::pivot(day)), Ok((_, Some(_))))
        } else {
            date::read(text, form, day).is_ok()
        };
        *count += u64::from(reads);
        dated |= reads;
    }
    let mut parts = text.split(['/', '.', '-', ' ']).map(str::parse::<u16>);
    if let (Some(Ok(first)), Some(Ok(second)), Some(Ok(_))) = (parts.next(), parts.next(), parts.next()) {
        looks.day_first += u64::from((13..=31).contains(&first) && second <= 12);
        looks.month_first += u64::from((13..=31).contains(&second) && first <= 12);
    }
    looks.times += u64::from(text.contains(':') && date::read_time(text).is_ok());
    looks.whole += u64::from(text.bytes().all(|b| b.is_ascii_digit()));
    looks.references += u64::from(is_reference(text, dated));
    let amount = text.trim_start_matches(['£', '-', '+']);
    let numeric = amount.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',');
    looks.money += u64::from(numeric && !amount.is_empty() && (text.contains('£') || amount.contains('.')));
    let mut out = String::new();
    looks.postcodes += u64::from(postcode::read(text, &mut out) == Ok(postcode::Postcode::Whole));
    for (count, kind) in looks.ids.iter_mut().zip(IDS) {
        out.clear();
        *count += u64::from(identifier::read(kind, text, date::pivot(day), &mut out).is_ok());
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2008, 11, 17);

    fn survey(columns: &[&[&str]]) -> Survey {
        let mut survey = Survey::new(columns.len(), &["-", "01/01/1900"], DAY);
        for at in 0..columns[0].len() {
            let mut row = RowBuf::new();
            row.start(1);
            columns.iter().for_each(|c| row.push(c[at]));
            survey.row(&row);
        }
        survey
    }

    #[test]
    fn shapes_are_counted() {
        let survey = survey(&[
            &["14/02/1981", "03/09/1985", "01/01/1900", ""],
            &["LS9 7ZZ", "LS12 2ZE", "-", "LS1"],
            &["2004/0031877J", "1998/0456012F", "2004/0031877Z", "x"],
            &["19:00:00", "07:00:00", "", ""],
        ]);
        let dates = survey.looks(0);
        assert_eq!((dates.filled, dates.blank, dates.date), (2, 1, Some(("dd/mm/yyyy", 2))));
        assert_eq!(
            (dates.day_first, dates.month_first, dates.nulls),
            (1, 0, alloc::vec!["01/01/1900".into()])
        );
        assert_eq!(survey.looks(1).postcodes, 2);
        assert_eq!(survey.looks(2).ids, [2, 0, 0, 0, 0]);
        assert_eq!(survey.looks(3).times, 2);
        assert_eq!([0, 1, 2, 3].map(|at| survey.looks(at).references), [0, 3, 3, 0]);
        let pnc = BTreeSet::from(["9999/9999999J".into()]);
        assert_eq!((shape(" 2004/0031877j "), survey.shaped(2, &pnc)), ("9999/9999999J".into(), 1));
    }

    #[test]
    fn a_word_leaves_only_when_it_is_repeated() {
        let survey =
            survey(&[&["M", "M", "M", "F", "F", "M", "F", "X"], &["a", "b", "c", "d", "e", "f", "g", "h"]]);
        assert_eq!(survey.codes(0), ["F", "M"]);
        assert!(survey.codes(1).is_empty());
        assert!(survey.looks(1).is_key() && !survey.looks(0).is_key());
        assert!(survey.holds(" f ") && !survey.holds("z"));
    }
}
