//! Forms: what a cell looks like, whatever the mapping expects of it. A form is no value.

use crate::row::CellKind;
use serde::{Deserialize, Serialize};

/// What a cell that is not blank looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `2008-11-17`.
    IsoDay,
    /// `17/11/2008`: only the first number can be the day.
    DayFirst,
    /// `11/17/2008`: only the second number can be the day.
    MonthFirst,
    /// `05/11/2008`: either can.
    EitherFirst,
    /// `17/11/08`.
    ShortYear,
    /// `17.11.2008`.
    Dotted,
    /// `17-11-2008`.
    Dashed,
    /// `17-NOV-2008`, `17-NOV-08`.
    MonthWord,
    /// `20081117`.
    Compact,
    /// A day and a time of day.
    Moment,
    /// A time of day.
    Time,
    /// Digits alone.
    Whole,
    /// A number with a sign, a fraction or a currency.
    Amount,
    /// A spreadsheet's number.
    NumberCell,
    /// A spreadsheet's date.
    DateCell,
    /// A spreadsheet's truth value.
    TruthCell,
    /// A spreadsheet's error.
    ErrorCell,
    /// One word of letters.
    Letters,
    /// One word with digits in it.
    Mixed,
    /// Several words.
    Words,
}

impl Form {
    /// The form of a trimmed cell that is not blank.
    pub(crate) fn of(text: &str, kind: CellKind) -> Self {
        match kind {
            CellKind::Number => return Self::NumberCell,
            CellKind::Date => return Self::DateCell,
            CellKind::Bool => return Self::TruthCell,
            CellKind::Error => return Self::ErrorCell,
            CellKind::Text | CellKind::Absent => {}
        }
        if let Some(day) = day(text) {
            return day;
        }
        if text.get(6..).is_some_and(|tail| tail.contains(':')) && moment(text) {
            return Self::Moment;
        }
        let bytes = text.as_bytes();
        let all = |good: fn(&u8) -> bool| bytes.iter().all(good);
        if all(u8::is_ascii_digit) {
            return Self::Whole;
        }
        let digits = bytes.iter().any(u8::is_ascii_digit);
        if digits && text.contains(':') && all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.')) {
            return Self::Time;
        }
        let amount = text.trim_start_matches(['£', '-', '+']);
        if digits && amount.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')) {
            return Self::Amount;
        }
        match (text.contains(char::is_whitespace), digits) {
            (true, _) => Self::Words,
            (false, true) => Self::Mixed,
            (false, false) => Self::Letters,
        }
    }

    /// In the words of whoever looks after a feed.
    pub const fn words(self) -> &'static str {
        match self {
            Self::IsoDay => "dates like yyyy-mm-dd",
            Self::DayFirst => "dates like dd/mm/yyyy",
            Self::MonthFirst => "dates like mm/dd/yyyy",
            Self::EitherFirst => "dates of which day or month may come first",
            Self::ShortYear => "dates like dd/mm/yy",
            Self::Dotted => "dates like dd.mm.yyyy",
            Self::Dashed => "dates like dd-mm-yyyy",
            Self::MonthWord => "dates like dd-MON-yyyy",
            Self::Compact => "dates like yyyymmdd",
            Self::Moment => "days with a time",
            Self::Time => "times of day",
            Self::Whole => "whole numbers",
            Self::Amount => "numbers with a sign or a fraction",
            Self::NumberCell => "spreadsheet numbers",
            Self::DateCell => "spreadsheet dates",
            Self::TruthCell => "spreadsheet truth values",
            Self::ErrorCell => "spreadsheet errors",
            Self::Letters => "single words",
            Self::Mixed => "words with digits in them",
            Self::Words => "texts of several words",
        }
    }

    /// What stands for the form where a column holds free text: one word more or less is no other kind.
    pub(super) const fn coarse(self) -> Self {
        match self {
            Self::Letters | Self::Mixed | Self::Words => Self::Words,
            Self::Amount | Self::NumberCell => Self::Whole,
            other => other,
        }
    }

    /// The pattern by which a mapping would read it, where it has one.
    pub(super) const fn pattern(self) -> Option<&'static str> {
        match self {
            Self::IsoDay => Some("yyyy-mm-dd"),
            Self::DayFirst => Some("dd/mm/yyyy"),
            Self::ShortYear => Some("dd/mm/yy"),
            Self::Dotted => Some("dd.mm.yyyy"),
            Self::MonthWord => Some("dd-MON-yyyy"),
            Self::Compact => Some("yyyymmdd"),
            _ => None,
        }
    }
}

/// The form of a text that is a day and nothing else.
fn day(text: &str) -> Option<Form> {
    let bytes = text.as_bytes();
    if bytes.len() == 8 && bytes.iter().all(u8::is_ascii_digit) {
        let (month, day) = (number(text.get(4..6)?)?, number(text.get(6..)?)?);
        let century = matches!(text.get(..2), Some("19" | "20"));
        return (century && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Form::Compact);
    }
    if !(6..=11).contains(&bytes.len()) {
        return None;
    }
    let separator = *bytes.iter().find(|b| matches!(b, b'/' | b'-' | b'.'))?;
    let mut parts = text.split(char::from(separator));
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let days = |text: &str| number(text).filter(|n| (1..=31).contains(n) && text.len() <= 2);
    let year = |text: &str| number(text).is_some() && text.len() == 4;
    if separator == b'-' && year(a) {
        return (days(b).is_some_and(|m| m <= 12) && days(c).is_some()).then_some(Form::IsoDay);
    }
    let short = number(c).is_some() && c.len() == 2;
    let first = days(a)?;
    if separator == b'-' && b.len() == 3 && b.bytes().all(|l| l.is_ascii_alphabetic()) {
        return (short || year(c)).then_some(Form::MonthWord);
    }
    let second = days(b)?;
    match (separator, short, year(c), first > 12, second > 12) {
        (_, _, _, true, true) | (_, false, false, _, _) => None,
        (b'/', true, ..) => Some(Form::ShortYear),
        (b'/', _, _, true, false) => Some(Form::DayFirst),
        (b'/', _, _, false, true) => Some(Form::MonthFirst),
        (b'/', ..) => Some(Form::EitherFirst),
        (b'.', ..) => Some(Form::Dotted),
        _ => Some(Form::Dashed),
    }
}

/// A day, a blank or a `T`, and a time of day.
fn moment(text: &str) -> bool {
    let cut = text.find(':').and_then(|at| text.get(..at)).and_then(|head| head.rfind([' ', 'T']));
    cut.and_then(|at| text.get(..at)).is_some_and(|head| day(head.trim()).is_some())
}

fn number(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_told_by_their_form() {
        use Form::*;
        for (text, form) in [
            ("2008-11-17", IsoDay),
            ("17/11/2008", DayFirst),
            ("11/17/2008", MonthFirst),
            ("5/11/2008", EitherFirst),
            ("17/11/08", ShortYear),
            ("17.11.2008", Dotted),
            ("17-11-2008", Dashed),
            ("17-NOV-08", MonthWord),
            ("20081117", Compact),
            ("20081399", Whole),
            ("2008-11-17T09:00:00", Moment),
            ("17/11/2008 9:00", Moment),
            ("09:15:00", Time),
            ("39770", Whole),
            ("-12.50", Amount),
            ("£1,200", Amount),
            ("Leeds", Letters),
            ("A1234BC", Mixed),
            ("14 Copse Row", Words),
            ("31/31/2008", Mixed),
            ("17/11/2008/x", Mixed),
            ("é/1/2008", Mixed),
            ("Note: see file", Words),
        ] {
            assert_eq!(Form::of(text, CellKind::Text), form, "{text}");
        }
        assert_eq!(Form::of("39770", CellKind::Number), NumberCell);
        assert_eq!(Form::of("2008-11-17", CellKind::Date), DateCell);
    }
}
