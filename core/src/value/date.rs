//! Dates, times of day and instants: one declared form per column, no guessing.
//!
//! Dates are written `2008-11-20`, instants `2008-11-20T23:15:00Z`.

use super::codes::{BIRTH, DATE_FORM, DATE_IMPOSSIBLE, EMPTY, INSTANT, SERIAL, TIME};
use super::{Fault, is_space, push_number, whole};
use alloc::string::String;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

mod format;

pub use format::DateFormat;

/// The oldest age that a living person is taken to have, in years.
const OLDEST: i16 = 110;

/// The first day on whose count of days spreadsheet programs agree.
const FIRST_SHEET_DAY: Date = Date::constant(1900, 3, 1);

/// A time of day as a partner's clock shows it; `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    next_day: bool,
}

/// The day of a text in the declared form; a time of day in the form is checked and left.
///
/// Two-digit years: up to the two digits of `today`'s year they lie in this century, beyond it in the last.
/// Columns whose dates lie ahead (an end of licence) need [`read_with_pivot`].
pub fn read(text: &str, format: DateFormat, today: Date) -> Result<Date, Fault> {
    read_with_pivot(text, format, pivot(today))
}

/// As [`read`], with the last two-digit year that lies in this century given.
pub fn read_with_pivot(text: &str, format: DateFormat, pivot: u8) -> Result<Date, Fault> {
    read_moment(text, format, pivot).map(|(date, _)| date)
}

/// The day, and the time of day where the declared form has one.
pub fn read_moment(text: &str, format: DateFormat, pivot: u8) -> Result<(Date, Option<Clock>), Fault> {
    let trimmed = text.trim_matches(is_space);
    if trimmed.is_empty() {
        return Err(EMPTY);
    }
    let (day, time) = format.split_time(trimmed).ok_or(DATE_FORM)?;
    let date = format.day(day, pivot)?;
    let clock = time.map(|time| colons(time.as_bytes()).ok_or(TIME)).transpose()?;
    Ok((date, clock))
}

/// The last two digits of a day's year, as the pivot of two-digit years.
pub fn pivot(today: Date) -> u8 {
    u8::try_from(today.year().rem_euclid(100)).unwrap_or(0)
}

/// The day of a spreadsheet's day count, in the workbook's own date system; a fraction is a time
/// of day and is left.
///
/// Refused besides nonsense: counts up to 60 in the 1900 system (fillers; programs disagree about
/// them, since the first of them counted a 29 February 1900) and 0 in the 1904 system, and numbers
/// from 1800 to 2199, which are years that somebody typed into a date column.
pub fn read_serial(text: &str, epoch_1904: bool) -> Result<Date, Fault> {
    let trimmed = text.trim_matches(is_space);
    if trimmed.is_empty() {
        return Err(EMPTY);
    }
    let (days, fraction) = trimmed.split_once('.').unwrap_or((trimmed, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) || days.len() > 6 {
        return Err(SERIAL);
    }
    let days = whole(days.as_bytes()).and_then(|n| i32::try_from(n).ok()).ok_or(SERIAL)?;
    let (epoch, filler) =
        if epoch_1904 { (Date::constant(1904, 1, 1), 0) } else { (Date::constant(1899, 12, 30), 60) };
    if days <= filler || (1800..2200).contains(&days) {
        return Err(SERIAL);
    }
    let date = epoch.checked_add(jiff::Span::new().days(days)).map_err(|_| SERIAL)?;
    in_range(date).map_err(|_| SERIAL)
}

/// The day of a spreadsheet's date cell: an ISO date, alone or with a time of day.
///
/// Days before 1 March 1900 are refused, as for [`read_serial`]: an empty or time-only cell shows
/// them as soon as it has the style of a date.
pub fn read_iso_cell(text: &str) -> Result<Date, Fault> {
    read_iso_moment(text).map(|(date, _)| date)
}

/// The day and, where it stands there, the time of a spreadsheet's date cell. A fraction of a
/// second is left.
pub fn read_iso_moment(text: &str) -> Result<(Date, Option<Clock>), Fault> {
    let trimmed = text.trim_matches(is_space);
    if trimmed.is_empty() {
        return Err(EMPTY);
    }
    let (day, time) = match trimmed.split_once(['T', ' ']) {
        Some((day, time)) => (day, Some(time)),
        None => (trimmed, None),
    };
    let date = iso_day(day).ok_or(DATE_FORM)?.and_then(in_range)?;
    if date < FIRST_SHEET_DAY {
        return Err(SERIAL);
    }
    let clock = time.map(|time| colons(without_fraction(time).as_bytes()).ok_or(TIME)).transpose()?;
    Ok((date, clock))
}

/// Appends `2008-11-20`.
pub fn write(date: Date, out: &mut String) {
    push_number(out, date.year().unsigned_abs(), 4);
    out.push('-');
    push_small(out, date.month());
    out.push('-');
    push_small(out, date.day());
}

/// A time of day: `08:45`, `08:45:00`, `0845`, and `24:00` for midnight at the end of the day.
///
/// A date-time on the first day of a spreadsheet's or a database's calendar (1899-12-30,
/// 1899-12-31, 1900-01-01, 1904-01-01, 1970-01-01) is the time of day that such a system stores
/// with a day that it had to make up.
pub fn read_time(text: &str) -> Result<Clock, Fault> {
    let trimmed = text.trim_matches(is_space);
    if trimmed.is_empty() {
        return Err(EMPTY);
    }
    let time = match trimmed.split_once(['T', ' ']) {
        Some(("1899-12-30" | "1899-12-31" | "1900-01-01" | "1904-01-01" | "1970-01-01", time)) => {
            without_fraction(time)
        }
        Some(_) => return Err(TIME),
        None => trimmed,
    };
    if let [h1, h2, m1, m2] = *time.as_bytes() {
        // `0845`; `8:45` has four characters as well, and fails here.
        if let Some(clock) = clock(&[h1, h2], &[m1, m2], b"00") {
            return Ok(clock);
        }
    }
    colons(time.as_bytes()).ok_or(TIME)
}

/// Appends the instant, in UTC, at which a clock in `zone` shows that day and time.
///
/// An hour that the clock shows twice (end of summer time) means the first; an hour that it leaves
/// out (start of summer time) is read as if the clock had not yet been put forward, so 01:30 then
/// is half past two in summer time.
pub fn instant(date: Date, time: Clock, zone: &TimeZone, out: &mut String) -> Result<(), Fault> {
    let date = if time.next_day { date.tomorrow().map_err(|_| INSTANT)? } else { date };
    let shown = date.at(time.hour, time.minute, time.second, 0);
    let stamp = zone.to_ambiguous_timestamp(shown).compatible().map_err(|_| INSTANT)?;
    let utc = Offset::UTC.to_datetime(stamp);
    if !(0..=9999).contains(&utc.year()) {
        return Err(INSTANT);
    }
    write(utc.date(), out);
    for (mark, part) in [('T', utc.hour()), (':', utc.minute()), (':', utc.second())] {
        out.push(mark);
        push_small(out, part);
    }
    out.push('Z');
    Ok(())
}

/// Whether a person can have been born on that day: not after today, not over 110 years old.
pub fn plausible_birth(date: Date, today: Date) -> Result<(), Fault> {
    match age_on(date, today) {
        Some(age) if age <= OLDEST => Ok(()),
        _ => Err(BIRTH),
    }
}

/// A date of birth to come, out of a two-digit year, is one of a hundred years earlier: databases
/// that split the centuries at 50 write 1945 as 2045. For columns of such years only; in a column
/// of whole years a birth to come is a mistake, and `plausible_birth` refuses it.
pub fn birth_century(date: Date, today: Date) -> Date {
    if date <= today {
        return date;
    }
    date.year()
        .checked_sub(100)
        .and_then(|year| Date::new(year, date.month(), date.day()).ok())
        .unwrap_or(date)
}

/// Whether a date of birth is one that systems write for `unknown` (1 January 1900 or 1970): it
/// never counts as evidence that two records are one person.
pub fn is_placeholder_birth(date: Date) -> bool {
    matches!((date.year(), date.month(), date.day()), (1900 | 1970, 1, 1))
}

/// Completed years of age on a day; `None` before birth. Born on 29 February, one is a year older
/// on 1 March of a common year.
pub fn age_on(birth: Date, day: Date) -> Option<i16> {
    if birth > day {
        return None;
    }
    let had_birthday = (day.month(), day.day()) >= (birth.month(), birth.day());
    day.year().checked_sub(birth.year())?.checked_sub(i16::from(!had_birthday))
}

/// The day of a canonical date, or the day with which a canonical instant begins.
pub(crate) fn canonical_day(canonical: &str) -> Option<Date> {
    let (day, rest) = canonical.split_at_checked(10)?;
    let instant = || {
        let time = rest.strip_prefix('T')?.strip_suffix('Z')?;
        (time.len() == 8).then_some(colons(time.as_bytes())?)
    };
    if !rest.is_empty() {
        instant()?;
    }
    iso_day(day)?.ok()
}

/// `yyyy-mm-dd`: `None` for another form, a fault for a day that does not exist.
fn iso_day(text: &str) -> Option<Result<Date, Fault>> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else { return None };
    let year = whole(&[y1, y2, y3, y4])?;
    Some(day_of(year, whole(&[m1, m2])?, whole(&[d1, d2])?))
}

fn day_of(year: u64, month: u64, day: u64) -> Result<Date, Fault> {
    let year = i16::try_from(year).map_err(|_| DATE_IMPOSSIBLE)?;
    let month = i8::try_from(month).map_err(|_| DATE_IMPOSSIBLE)?;
    let day = i8::try_from(day).map_err(|_| DATE_IMPOSSIBLE)?;
    Date::new(year, month, day).map_err(|_| DATE_IMPOSSIBLE)
}

/// Years that a record can have; beyond them lie fillers such as 31/12/9999 and slips such as 0208.
fn in_range(date: Date) -> Result<Date, Fault> {
    if (1800..2200).contains(&date.year()) { Ok(date) } else { Err(DATE_IMPOSSIBLE) }
}

fn without_fraction(time: &str) -> &str {
    match time.split_once('.') {
        Some((seconds, fraction))
            if seconds.len() == 8 && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()) =>
        {
            seconds
        }
        _ => time,
    }
}

/// `08:45`, `8:45` or `08:45:00`.
fn colons(time: &[u8]) -> Option<Clock> {
    match *time {
        [h, b':', m1, m2] => clock(&[h], &[m1, m2], b"00"),
        [h1, h2, b':', m1, m2] => clock(&[h1, h2], &[m1, m2], b"00"),
        [h1, h2, b':', m1, m2, b':', s1, s2] => clock(&[h1, h2], &[m1, m2], &[s1, s2]),
        _ => None,
    }
}

fn clock(hour: &[u8], minute: &[u8], second: &[u8]) -> Option<Clock> {
    let part =
        |digits: &[u8], below: u64| whole(digits).filter(|n| *n < below).and_then(|n| i8::try_from(n).ok());
    let (hour, minute, second) = (part(hour, 25)?, part(minute, 60)?, part(second, 60)?);
    let next_day = hour == 24;
    if next_day && (minute, second) != (0, 0) {
        return None;
    }
    Some(Clock { hour: if next_day { 0 } else { hour }, minute, second, next_day })
}

fn push_small(out: &mut String, number: i8) {
    push_number(out, u16::from(number.unsigned_abs()), 2);
}

#[cfg(test)]
mod tests;
