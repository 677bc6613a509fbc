//! The declared forms of a date column.

use super::{day_of, in_range, iso_day};
use crate::value::codes::DATE_FORM;
use crate::value::{Fault, whole};
use jiff::civil::Date;

/// One declared form of a date, with or without a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateFormat {
    day: Day,
    /// The separator before a time of day, where the form has one, and its length.
    time: Option<(char, usize)>,
}

/// The part of a form that is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    /// Day, month, year with that separator; the digits of a day and of a year.
    Parts { separator: char, short_day: bool, year: usize },
    /// `20-NOV-2008`, with the digits of a year.
    MonthWord { year: usize },
    /// `2008-11-20`.
    Iso,
    /// `20081120`.
    Digits,
}

const MONTHS: [&[u8; 3]; 12] =
    [b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC"];

impl DateFormat {
    /// Every pattern that can be declared.
    pub const KNOWN: &'static [&'static str] = &[
        "dd/mm/yyyy",
        "d/m/yyyy",
        "dd/mm/yy",
        "yyyy-mm-dd",
        "yyyymmdd",
        "dd-MON-yyyy",
        "dd-MON-yy",
        "dd.mm.yyyy",
        "yyyy-mm-ddThh:mm:ss",
        "yyyy-mm-dd hh:mm:ss",
        "dd/mm/yyyy hh:mm:ss",
        "dd/mm/yyyy hh:mm",
    ];

    /// The form of a pattern; `None` when it is not among [`Self::KNOWN`].
    pub fn parse(pattern: &str) -> Option<Self> {
        let parts = |separator, short_day, year| Day::Parts { separator, short_day, year };
        let (day, time) = match pattern {
            "dd/mm/yyyy" => (parts('/', false, 4), None),
            "d/m/yyyy" => (parts('/', true, 4), None),
            "dd/mm/yy" => (parts('/', false, 2), None),
            "yyyy-mm-dd" => (Day::Iso, None),
            "yyyymmdd" => (Day::Digits, None),
            "dd-MON-yyyy" => (Day::MonthWord { year: 4 }, None),
            "dd-MON-yy" => (Day::MonthWord { year: 2 }, None),
            "dd.mm.yyyy" => (parts('.', false, 4), None),
            "yyyy-mm-ddThh:mm:ss" => (Day::Iso, Some(('T', 8))),
            "yyyy-mm-dd hh:mm:ss" => (Day::Iso, Some((' ', 8))),
            "dd/mm/yyyy hh:mm:ss" => (parts('/', false, 4), Some((' ', 8))),
            "dd/mm/yyyy hh:mm" => (parts('/', false, 4), Some((' ', 5))),
            _ => return None,
        };
        Some(Self { day, time })
    }

    /// Whether the form leaves the century open.
    pub const fn has_two_digit_year(self) -> bool {
        matches!(self.day, Day::Parts { year: 2, .. } | Day::MonthWord { year: 2 })
    }

    /// Whether the form has a time of day.
    pub const fn has_time(self) -> bool {
        self.time.is_some()
    }

    /// Takes the time of day off; `None` when the text has not what the form says.
    pub(super) fn split_time(self, text: &str) -> Option<(&str, Option<&str>)> {
        let Some((separator, length)) = self.time else { return Some((text, None)) };
        let (day, time) = text.split_once(separator)?;
        (time.len() == length).then_some((day, Some(time)))
    }

    /// The day.
    pub(super) fn day(self, text: &str, pivot: u8) -> Result<Date, Fault> {
        let read = match self.day {
            Day::Iso => iso_day(text),
            Day::Digits => digits(text.as_bytes()),
            Day::Parts { separator, short_day, year } => parts(text, separator, short_day, year, pivot),
            Day::MonthWord { year } => month_word(text, year, pivot),
        };
        read.ok_or(DATE_FORM)?.and_then(in_range)
    }
}

fn digits(text: &[u8]) -> Option<Result<Date, Fault>> {
    let [y1, y2, y3, y4, m1, m2, d1, d2] = *text else { return None };
    Some(day_of(whole(&[y1, y2, y3, y4])?, whole(&[m1, m2])?, whole(&[d1, d2])?))
}

fn parts(
    text: &str,
    separator: char,
    short_day: bool,
    length: usize,
    pivot: u8,
) -> Option<Result<Date, Fault>> {
    let (day, rest) = text.split_once(separator)?;
    let (month, year) = rest.split_once(separator)?;
    let number = |part: &str| {
        let fits = part.len() == 2 || (short_day && part.len() == 1);
        fits.then(|| whole(part.as_bytes())).flatten()
    };
    Some(day_of(full_year(year, length, pivot)?, number(month)?, number(day)?))
}

fn month_word(text: &str, length: usize, pivot: u8) -> Option<Result<Date, Fault>> {
    let (day, rest) = text.split_once('-')?;
    let (word, year) = rest.split_once('-')?;
    let month = (1..).zip(MONTHS).find(|(_, m)| word.as_bytes().eq_ignore_ascii_case(*m)).map(|(n, _)| n)?;
    let day = if day.len() == 2 { whole(day.as_bytes())? } else { return None };
    Some(day_of(full_year(year, length, pivot)?, month, day))
}

fn full_year(text: &str, length: usize, pivot: u8) -> Option<u64> {
    let year = if text.len() == length { whole(text.as_bytes())? } else { return None };
    Some(match length {
        2 if year <= u64::from(pivot) => 2000 + year,
        2 => 1900 + year,
        _ => year,
    })
}
