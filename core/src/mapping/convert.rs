//! One value: from the text of a cell to the canonical text of a field.
//!
//! What a spreadsheet did to a value is not undone by guessing: a number where a number loses
//! leading zeros, a date where no date belongs, and scientific notation are refused.

use super::codemap::CodeMap;
use super::codes;
use super::plan::Shape;
use crate::problem::Code;
use crate::row::CellKind;
use crate::schema::CodeList;
use crate::value::date::{self, pivot};
use crate::value::postcode::Postcode;
use crate::value::{identifier, plain, postcode};
use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What a conversion may look at beside the value.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) lists: &'a [CodeList],
    pub(crate) maps: &'a [CodeMap],
    pub(crate) zone: &'a TimeZone,
    /// The file's own day: codes mean what they meant then, and two-digit years pivot on it.
    pub(crate) day: Date,
    pub(crate) epoch_1904: bool,
}

/// A cell's trimmed text and what the format knew about it.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) text: &'a str,
    pub(crate) kind: CellKind,
}

/// Whether a cell of this kind may stand in a field of this shape. `mapped`: an inline map answers
/// for it, so the set of texts is closed; `padded`: lost zeros are put back by declaration.
pub(crate) fn fits(shape: Shape, kind: CellKind, mapped: bool, padded: bool) -> Result<(), Code> {
    let good = match kind {
        CellKind::Text | CellKind::Absent => return Ok(()),
        CellKind::Error => return Err(codes::CELL_ERROR),
        CellKind::Bool => mapped || matches!(shape, Shape::Flag | Shape::Code { .. }),
        CellKind::Date => matches!(shape, Shape::Date(_) | Shape::Birth { .. } | Shape::DateTime { .. }),
        CellKind::Number => {
            let checked = match shape {
                Shape::Id(kind) => kind.has_check(),
                Shape::Name | Shape::Text | Shape::Postcode => false,
                _ => true,
            };
            return if mapped || padded || checked { Ok(()) } else { Err(codes::NUMBER_CELL) };
        }
    };
    if good { Ok(()) } else { Err(codes::CELL_KIND) }
}

/// Appends the canonical text of a value; `false` when the value says that there is none.
pub(crate) fn convert(
    shape: Shape,
    given: Given<'_>,
    null_dates: &[Date],
    scene: &Scene<'_>,
    out: &mut String,
) -> Result<bool, Code> {
    let text = given.text;
    let textual =
        matches!(shape, Shape::Name | Shape::Text | Shape::Address | Shape::Id(_) | Shape::Code { .. });
    if textual && scientific(text) {
        return Err(codes::SCIENTIFIC);
    }
    let done = match shape {
        Shape::Name => return name(text, out).map(|()| true),
        Shape::Text => plain::text(text, out),
        Shape::Address => plain::address(text, out),
        Shape::Number { times: 1 } => plain::number(text, out),
        Shape::Number { times } => plain::number_of(text, times, out),
        Shape::Money { positive_is_credit, in_pence: false } => plain::money(text, positive_is_credit, out),
        Shape::Money { positive_is_credit, in_pence: true } => plain::pence(text, positive_is_credit, out),
        Shape::Id(kind) => identifier::read(kind, text, pivot(scene.day), out),
        Shape::Code { map, list } => return code(text, map, list, scene, out).map(|()| true),
        Shape::Flag => return flag(text, out).map(|()| true),
        Shape::Postcode => return postcode(text, out),
        Shape::Date(format) => {
            let day = day_of(given, format, ahead(scene.day), scene)?;
            return Ok(write_unless(day, null_dates, out));
        }
        Shape::Birth { format, two_digits } => {
            let mut day = day_of(given, format, pivot(scene.day), scene)?;
            if null_dates.contains(&day) {
                return Ok(false);
            }
            if two_digits && given.kind == CellKind::Text {
                day = date::birth_century(day, scene.day);
            }
            date::plausible_birth(day, scene.day).map(|()| date::write(day, out))
        }
        Shape::DateTime { format, .. } => return moment(given, format, null_dates, scene, out),
    };
    done.map(|()| true).map_err(|fault| fault.0)
}

/// The last two-digit year of this century in columns whose dates may lie ahead.
fn ahead(day: Date) -> u8 {
    pivot(day).saturating_add(AHEAD).min(99)
}

/// `1.00023E+11`: what a spreadsheet shows of a long number. The digits are gone.
fn scientific(text: &str) -> bool {
    let Some((mantissa, power)) = text.split_once(['e', 'E']) else { return false };
    let power = power.strip_prefix(['+', '-']).unwrap_or("");
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    digits(power) && mantissa.split(['.', ',']).count() <= 2 && mantissa.split(['.', ',']).all(digits)
}

/// A name, or several with `;` between them, written back with `; `.
fn name(text: &str, out: &mut String) -> Result<(), Code> {
    if !text.contains(';') {
        return plain::name(text, out).map_err(|fault| fault.0);
    }
    let start = out.len();
    for part in text.split(';').map(str::trim).filter(|p| !p.is_empty()) {
        if out.len() > start {
            out.push_str("; ");
        }
        plain::name(part, out).map_err(|fault| fault.0)?;
    }
    if out.len() == start { plain::name("", out).map_err(|fault| fault.0) } else { Ok(()) }
}

fn code(
    text: &str,
    map: Option<usize>,
    list: usize,
    scene: &Scene<'_>,
    out: &mut String,
) -> Result<(), Code> {
    let code = match map {
        None => text,
        Some(map) => {
            let map = scene.maps.get(map).ok_or(codes::UNKNOWN_CODE)?;
            map.on(text, scene.day).ok_or(codes::UNKNOWN_CODE)?
        }
    };
    let list = scene.lists.get(list).ok_or(codes::NOT_IN_LIST)?;
    list.on(code, scene.day).ok_or(codes::NOT_IN_LIST)?;
    out.push_str(code);
    Ok(())
}

fn flag(text: &str, out: &mut String) -> Result<(), Code> {
    let word = ["true", "false"].into_iter().find(|w| w.eq_ignore_ascii_case(text));
    out.push_str(word.ok_or(codes::UNKNOWN_WORD)?);
    Ok(())
}

/// The marker for no fixed abode is no place: the field stays absent.
fn postcode(text: &str, out: &mut String) -> Result<bool, Code> {
    let start = out.len();
    match postcode::read(text, out).map_err(|fault| fault.0)? {
        Postcode::Whole => Ok(true),
        Postcode::NoFixedAbode => {
            out.truncate(start);
            Ok(false)
        }
    }
}

fn write_unless(day: Date, null_dates: &[Date], out: &mut String) -> bool {
    if null_dates.contains(&day) {
        return false;
    }
    date::write(day, out);
    true
}

/// How far ahead a two-digit year may lie, in years: a licence ends in years to come, a birth never.
const AHEAD: u8 = 30;

/// The day in a cell: by the declared pattern, by the spreadsheet's own date, or by its serial.
fn day_of(given: Given<'_>, format: date::DateFormat, pivot: u8, scene: &Scene<'_>) -> Result<Date, Code> {
    match given.kind {
        CellKind::Number => date::read_serial(given.text, scene.epoch_1904),
        CellKind::Date => date::read_iso_cell(given.text),
        _ => date::read_with_pivot(given.text, format, pivot),
    }
    .map_err(|fault| fault.0)
}

/// An instant from one cell that holds day and time.
fn moment(
    given: Given<'_>,
    format: date::DateFormat,
    null_dates: &[Date],
    scene: &Scene<'_>,
    out: &mut String,
) -> Result<bool, Code> {
    let (day_text, time) = match given.kind {
        CellKind::Number => (given.text, None),
        _ => split_moment(given.text),
    };
    let day = day_of(Given { text: day_text, ..given }, format, ahead(scene.day), scene)?;
    if null_dates.contains(&day) {
        return Ok(false);
    }
    if given.kind == CellKind::Number {
        return join(day, &clock_of_serial(given.text).ok_or(codes::NO_TIME)?, scene, out);
    }
    let time = time.ok_or(codes::NO_TIME)?;
    if time.ends_with(['Z', 'z']) || time.contains(['+', '-']) {
        // The source says its own offset: the zone of the deployment has no part in it.
        let stamp: Timestamp = given.text.parse().map_err(|_| codes::NO_TIME)?;
        let whole = Timestamp::from_second(stamp.as_second()).map_err(|_| codes::NO_TIME)?;
        let _ = write!(out, "{whole}");
        return Ok(true);
    }
    join(day, time, scene, out)
}

/// An instant from a day's cell and a time's cell; a day without a time cannot be placed.
pub(crate) fn day_and_time(
    (day, time): (Given<'_>, Option<Given<'_>>),
    format: date::DateFormat,
    null_dates: &[Date],
    scene: &Scene<'_>,
    out: &mut String,
) -> Result<bool, Code> {
    let day = day_of(day, format, ahead(scene.day), scene)?;
    if null_dates.contains(&day) {
        return Ok(false);
    }
    let time = time.ok_or(codes::NO_TIME)?;
    if time.kind == CellKind::Number {
        // 0.364 is a time of day; a bare 845 has lost its form.
        let clock = clock_of_serial(time.text).filter(|_| time.text.starts_with("0.") || time.text == "0");
        return join(day, &clock.ok_or(codes::NUMBER_CELL)?, scene, out);
    }
    join(day, time.text, scene, out)
}

fn join(day: Date, time: &str, scene: &Scene<'_>, out: &mut String) -> Result<bool, Code> {
    let seconds = time.split('.').next().unwrap_or(time);
    let clock = date::read_time(seconds).map_err(|fault| fault.0)?;
    date::instant(day, clock, scene.zone, out).map_err(|fault| fault.0)?;
    Ok(true)
}

/// Cuts a day from its time at the first space, or at a `T` between digits (`20-OCT-2008` keeps its own).
fn split_moment(text: &str) -> (&str, Option<&str>) {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    let cut = bytes.iter().enumerate().position(|(i, b)| match b {
        b' ' => true,
        b'T' => digit(i.checked_sub(1)) && digit(Some(i + 1)),
        _ => false,
    });
    match cut.and_then(|i| Some((text.get(..i)?, text.get(i + 1..)?))) {
        Some((day, time)) => (day, Some(time.trim()).filter(|t| !t.is_empty())),
        None => (text, None),
    }
}

/// The time of day in the fraction of a spreadsheet serial, to the second; `None` without a fraction.
fn clock_of_serial(text: &str) -> Option<String> {
    let part = if text == "0" { "0" } else { text.split_once('.')?.1 };
    let nine: String = part.chars().chain(core::iter::repeat('0')).take(9).collect();
    let billionths: u64 = nine.parse().ok()?;
    let seconds = ((billionths * 86_400 + 500_000_000) / 1_000_000_000).min(86_399);
    Some(format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scientific_notation_is_seen_and_plain_codes_are_not() {
        for text in ["1.00023E+11", "1E+11", "4,2e-7"] {
            assert!(scientific(text), "{text}");
        }
        for text in ["12E45", "E+11", "1.2", "A1E+3", "1.2.3E+4", "1E+", ""] {
            assert!(!scientific(text), "{text}");
        }
    }

    #[test]
    fn a_moment_is_cut_at_its_time() {
        assert_eq!(split_moment("2008-11-05T11:48:36"), ("2008-11-05", Some("11:48:36")));
        assert_eq!(split_moment("20-OCT-2008 10:00"), ("20-OCT-2008", Some("10:00")));
        assert_eq!(split_moment("20-OCT-2008"), ("20-OCT-2008", None));
        assert_eq!(split_moment("20/11/2008 "), ("20/11/2008", None));
        assert_eq!(split_moment("08:45"), ("08:45", None));
    }

    #[test]
    fn serial_fractions_are_times_to_the_second() {
        assert_eq!(clock_of_serial("39772.5").as_deref(), Some("12:00:00"));
        assert_eq!(clock_of_serial("0.364583333333333").as_deref(), Some("08:45:00"));
        assert_eq!(clock_of_serial("39772.999999999").as_deref(), Some("23:59:59"));
        assert_eq!(clock_of_serial("39772"), None);
    }
}
