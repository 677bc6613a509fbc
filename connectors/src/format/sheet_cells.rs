//! Spreadsheet cells as text: numbers, dates and truth values written one way whatever the program.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};
use lockgate_core::row::{CellKind, RowBuf};
use std::fmt::Write as _;

/// One sheet row before it becomes a [`RowBuf`]: readable here, because headers are searched in it.
#[derive(Clone, Default)]
pub(super) struct Line {
    number: u64,
    text: String,
    cells: Vec<(usize, CellKind)>,
}

impl Line {
    pub(super) fn start(&mut self, number: u64) {
        self.number = number;
        self.text.clear();
        self.cells.clear();
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn renumber(&mut self, number: u64) {
        self.number = number;
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn push(&mut self, text: &str, kind: CellKind) {
        self.text.push_str(text);
        self.cells.push((self.text.len(), kind));
    }

    /// Adds empty cells up to a width.
    pub(super) fn pad(&mut self, width: usize) {
        let width = width.max(self.cells.len());
        self.cells.resize(width, (self.text.len(), CellKind::Text));
    }

    /// Adds a number; what a double cannot hold exactly is an error cell.
    pub(super) fn push_number(&mut self, value: f64) {
        let kind = write_number(value, &mut self.text);
        self.cells.push((self.text.len(), kind));
    }

    /// Adds a date by its serial number.
    pub(super) fn push_serial(&mut self, serial: f64, epoch_1904: bool) {
        let kind = write_serial(serial, epoch_1904, &mut self.text);
        self.cells.push((self.text.len(), kind));
    }

    /// Adds a time span in days as a clock time.
    pub(super) fn push_span(&mut self, days: f64) {
        let kind = write_clock(seconds(days), &mut self.text);
        self.cells.push((self.text.len(), kind));
    }

    /// Adds a date or date-time that is written in ISO form in the file.
    pub(super) fn push_iso(&mut self, iso: &str) {
        let kind = write_iso(iso, &mut self.text);
        self.cells.push((self.text.len(), kind));
    }

    /// Adds an ISO 8601 duration (`PT08H45M00S`) as a clock time.
    pub(super) fn push_duration(&mut self, iso: &str) {
        let kind = write_clock(duration_seconds(iso), &mut self.text);
        self.cells.push((self.text.len(), kind));
    }

    /// Takes away empty cells at the end: formatting without content.
    pub(super) fn trim(&mut self) {
        while let Some((end, kind)) = self.cells.last() {
            let start = self.cells.len().checked_sub(2).and_then(|i| self.cells.get(i)).map_or(0, |c| c.0);
            let blank = self.text.get(start..*end).is_none_or(|text| text.trim().is_empty());
            if *kind != CellKind::Text || !blank {
                return;
            }
            self.text.truncate(start);
            self.cells.pop();
        }
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.iter().map(|(text, _)| text.to_owned()).collect()
    }

    pub(super) fn fill(&self, row: &mut RowBuf) {
        self.iter().for_each(|(text, kind)| row.push_kind(text, kind));
    }

    fn iter(&self) -> impl Iterator<Item = (&str, CellKind)> {
        let mut start = 0;
        self.cells.iter().map(move |(end, kind)| {
            let text = self.text.get(start..*end).unwrap_or("");
            start = *end;
            (text, *kind)
        })
    }
}

/// Whole numbers from here on have more digits than a spreadsheet keeps (15), so the last ones are
/// invented zeros.
const UNSURE: f64 = 1e15;

fn write_number(value: f64, out: &mut String) -> CellKind {
    if !value.is_finite() || value.abs() >= UNSURE {
        return CellKind::Error;
    }
    // Writing to a String cannot fail. Adding zero turns a negative zero into a plain one.
    let _ = write!(out, "{}", value + 0.0);
    CellKind::Number
}

const DAY: i64 = 86_400;

/// Seconds of a count of days, rounded: a double misses most times of day by a hair.
fn seconds(days: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
    (days.is_finite() && (0.0..4_000_000.0).contains(&days)).then(|| (days * 86_400.0).round() as i64)
}

fn write_clock(seconds: Option<i64>, out: &mut String) -> CellKind {
    let Some(seconds) = seconds else { return CellKind::Error };
    let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    CellKind::Text
}

/// A serial below one day is a time of day without a date and written as such, as text.
fn write_serial(serial: f64, epoch_1904: bool, out: &mut String) -> CellKind {
    let Some(total) = seconds(serial) else { return CellKind::Error };
    if total < DAY {
        return write_clock(Some(total), out);
    }
    let (days, rest) = (total / DAY, total % DAY);
    let start = match (epoch_1904, days) {
        (true, _) => date(1904, 1, 1),
        // The programs count a 29 February 1900 that never was; serial 60 is no day at all.
        (false, 60) => return CellKind::Error,
        (false, ..60) => date(1899, 12, 31),
        (false, _) => date(1899, 12, 30),
    };
    match start.checked_add(days.days()) {
        Ok(day) => write_day(day, rest, out),
        Err(_) => CellKind::Error,
    }
}

fn write_day(day: Date, seconds: i64, out: &mut String) -> CellKind {
    let _ = write!(out, "{day}");
    if seconds > 0 {
        out.push('T');
        write_clock(Some(seconds), out);
    }
    CellKind::Date
}

fn write_iso(iso: &str, out: &mut String) -> CellKind {
    let iso = iso.trim();
    match (iso.parse::<DateTime>(), iso.parse::<Date>()) {
        (Ok(at), _) => {
            let clock = at.time();
            let seconds =
                i64::from(clock.hour()) * 3_600 + i64::from(clock.minute()) * 60 + i64::from(clock.second());
            write_day(at.date(), seconds, out)
        }
        (_, Ok(day)) => write_day(day, 0, out),
        _ => CellKind::Error,
    }
}

fn duration_seconds(iso: &str) -> Option<i64> {
    let mut rest = iso.trim().strip_prefix("PT")?;
    let mut total = 0;
    for (unit, worth) in [('H', 3_600), ('M', 60), ('S', 1)] {
        if let Some((number, behind)) = rest.split_once(unit) {
            // Fractions of a second are left off.
            let whole = number.split(['.', ',']).next()?;
            total += whole.parse::<u32>().ok().map(i64::from)? * worth;
            rest = behind;
        }
    }
    (rest.is_empty() && iso.len() > 2).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut String) -> CellKind) -> (String, CellKind) {
        let mut out = String::new();
        let kind = write(&mut out);
        (out, kind)
    }

    #[test]
    fn pitfalls_7_and_8_numbers_are_shortest_exact_and_never_scientific() {
        let cases = [
            (42.0, "42"),
            (0.5, "0.5"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1.2e11, "120000000000"),
        ];
        for (value, expected) in cases {
            assert_eq!(written(|out| write_number(value, out)), (expected.to_owned(), CellKind::Number));
        }
        for value in [f64::NAN, f64::INFINITY, 1e15, -1.5e300] {
            assert_eq!(written(|out| write_number(value, out)), (String::new(), CellKind::Error), "{value}");
        }
    }

    #[test]
    fn pitfall_9_serials_become_dates_of_the_workbooks_own_epoch() {
        use CellKind::{Date, Error, Text};
        let cases = [
            (39_770.0, false, "2008-11-18", Date),
            (39_770.364_583_333, false, "2008-11-18T08:45:00", Date),
            (39_769.999_999_9, false, "2008-11-18", Date),
            (30_000.0, true, "1986-02-19", Date),
            (0.364_583_333, false, "08:45:00", Text),
            (59.0, false, "1900-02-28", Date),
            (60.0, false, "", Error),
            (61.0, false, "1900-03-01", Date),
            (-1.0, false, "", Error),
            (f64::NAN, false, "", Error),
            (3_999_999.0, false, "", Error),
        ];
        for (serial, epoch, expected, kind) in cases {
            assert_eq!(
                written(|out| write_serial(serial, epoch, out)),
                (expected.to_owned(), kind),
                "{serial}"
            );
        }
    }

    #[test]
    fn iso_dates_and_durations_have_one_form() {
        use CellKind::{Date, Error, Text};
        let dates = [
            ("2008-11-18", "2008-11-18", Date),
            ("2008-11-18T00:00:00", "2008-11-18", Date),
            ("2008-11-18T08:45:00.250", "2008-11-18T08:45:00", Date),
            ("18/11/2008", "", Error),
        ];
        for (iso, expected, kind) in dates {
            assert_eq!(written(|out| write_iso(iso, out)), (expected.to_owned(), kind), "{iso}");
        }
        let spans =
            [("PT08H45M00S", "08:45:00", Text), ("PT26H00M01.5S", "26:00:01", Text), ("P1D", "", Error)];
        for (iso, expected, kind) in spans {
            assert_eq!(
                written(|out| write_clock(duration_seconds(iso), out)),
                (expected.to_owned(), kind),
                "{iso}"
            );
        }
    }

    #[test]
    fn trimming_takes_only_empty_text_at_the_end() {
        let mut line = Line::default();
        line.start(1);
        line.push("a", CellKind::Text);
        line.push("", CellKind::Error);
        line.push(" ", CellKind::Text);
        line.pad(9);
        line.trim();
        assert_eq!((line.len(), line.bytes()), (2, 1));
    }
}
