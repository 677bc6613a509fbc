//! Dates, times of day, and instants.

use super::{BIRTH, DATE, Fault, TIME};
use alloc::string::String;
use core::fmt::Write as _;
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The declared form of a column's dates. One form a column: nothing is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateFormat {
    /// `dd/mm/yyyy`
    DayMonthYear(char),
    /// `d/m/yyyy`: one or two digits for day and month
    LooseDayMonthYear,
    /// `dd/mm/yy`
    ShortYear,
    /// `yyyy-mm-dd`
    Iso,
    /// `yyyymmdd`
    Packed,
    /// `ddmmyyyy`
    PackedDayFirst,
    /// `dd-MON-yyyy`
    MonthName,
    /// `dd-MON-yy`
    MonthNameShortYear,
    /// `yyyy-mm-ddThh:mm:ss`, of which the date is taken
    IsoDateTime,
}

impl DateFormat {
    /// All forms, as written in a mapping.
    pub const KNOWN: &'static [&'static str] = &[
        "dd/mm/yyyy",
        "dd.mm.yyyy",
        "d/m/yyyy",
        "dd/mm/yy",
        "yyyy-mm-dd",
        "yyyymmdd",
        "ddmmyyyy",
        "dd-MON-yyyy",
        "dd-MON-yy",
        "yyyy-mm-ddThh:mm:ss",
    ];

    /// The form that a mapping's word names.
    pub fn parse(pattern: &str) -> Option<Self> {
        Some(match pattern {
            "dd/mm/yyyy" => Self::DayMonthYear('/'),
            "dd.mm.yyyy" => Self::DayMonthYear('.'),
            "d/m/yyyy" => Self::LooseDayMonthYear,
            "dd/mm/yy" => Self::ShortYear,
            "yyyy-mm-dd" => Self::Iso,
            "yyyymmdd" => Self::Packed,
            "ddmmyyyy" => Self::PackedDayFirst,
            "dd-MON-yyyy" => Self::MonthName,
            "dd-MON-yy" => Self::MonthNameShortYear,
            "yyyy-mm-ddThh:mm:ss" => Self::IsoDateTime,
            _ => return None,
        })
    }

    /// Whether the form writes two digits of the year.
    pub const fn short_year(self) -> bool {
        matches!(self, Self::ShortYear | Self::MonthNameShortYear)
    }
}

/// Reads a date in the declared form. Two-digit years: up to this year's two digits are 20yy, others 19yy.
pub fn read(text: &str, format: DateFormat, today: Date) -> Result<Date, Fault> {
    let text = text.trim();
    let (year, month, day) = match format {
        DateFormat::DayMonthYear(mark) => split(text, mark, [2, 2, 4]).map(|[d, m, y]| (y, m, d)),
        DateFormat::LooseDayMonthYear => loose(text).map(|[d, m, y]| (y, m, d)),
        DateFormat::ShortYear => split(text, '/', [2, 2, 2]).map(|[d, m, y]| (century(y, today), m, d)),
        DateFormat::Iso => split(text, '-', [4, 2, 2]).map(|[y, m, d]| (y, m, d)),
        DateFormat::Packed => packed(text, [4, 2, 2]).map(|[y, m, d]| (y, m, d)),
        DateFormat::PackedDayFirst => packed(text, [2, 2, 4]).map(|[d, m, y]| (y, m, d)),
        DateFormat::MonthName => named(text, 4),
        DateFormat::MonthNameShortYear => named(text, 2).map(|(y, m, d)| (century(y, today), m, d)),
        DateFormat::IsoDateTime => return read_iso_cell(text),
    }
    .ok_or(DATE)?;
    date(year, month, day)
}

fn date(year: u16, month: u16, day: u16) -> Result<Date, Fault> {
    let (year, month, day) = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = (year, month, day) else { return Err(DATE) };
    if year < 1000 {
        return Err(DATE);
    }
    Date::new(year, month, day).map_err(|_| DATE)
}

fn century(year: u16, today: Date) -> u16 {
    let this = today.year().unsigned_abs() % 100;
    if year <= this { 2000 + year } else { 1900 + year }
}

fn digits(text: &str) -> Option<u16> {
    let all = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    all.then(|| text.bytes().fold(0, |n, b| n * 10 + u16::from(b - b'0')))
}

fn split(text: &str, mark: char, widths: [usize; 3]) -> Option<[u16; 3]> {
    let mut parts = text.split(mark);
    let mut out = [0; 3];
    for (slot, width) in out.iter_mut().zip(widths) {
        *slot = digits(parts.next().filter(|p| p.len() == width)?)?;
    }
    parts.next().is_none().then_some(out)
}

fn loose(text: &str) -> Option<[u16; 3]> {
    let mut parts = text.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = day.len() <= 2 && month.len() <= 2 && year.len() == 4 && parts.next().is_none();
    if fits { Some([digits(day)?, digits(month)?, digits(year)?]) } else { None }
}

fn packed(text: &str, widths: [usize; 3]) -> Option<[u16; 3]> {
    let mut rest = text;
    let mut out = [0; 3];
    for (slot, width) in out.iter_mut().zip(widths) {
        let (part, after) = rest.split_at_checked(width)?;
        *slot = digits(part)?;
        rest = after;
    }
    rest.is_empty().then_some(out)
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

fn named(text: &str, year_width: usize) -> Option<(u16, u16, u16)> {
    let mut parts = text.split('-');
    let day = digits(parts.next().filter(|d| d.len() == 2)?)?;
    let name = parts.next()?;
    let month = (1u16..).zip(MONTHS).find(|(_, m)| m.eq_ignore_ascii_case(name))?.0;
    let year = digits(parts.next().filter(|y| y.len() == year_width)?)?;
    parts.next().is_none().then_some((year, month, day))
}

/// Reads a spreadsheet's serial day number, for a column that is declared a date. Day 60 of the 1900
/// system never was; numbers outside 1900–2100 are refused.
pub fn read_serial(text: &str, epoch_1904: bool) -> Result<Date, Fault> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 6 || !digits(whole) || !digits(fraction) {
        return Err(DATE);
    }
    let days: i64 = whole.parse().map_err(|_| DATE)?;
    let (epoch, days) = match (epoch_1904, days) {
        (true, 0..=73_050) => (Date::constant(1904, 1, 1), days),
        (false, 1..=59) => (Date::constant(1899, 12, 31), days),
        (false, 61..=73_050) => (Date::constant(1899, 12, 30), days),
        _ => return Err(DATE),
    };
    epoch.checked_add(days.days()).map_err(|_| DATE)
}

/// Reads a cell that its format wrote as ISO 8601: a date, or a date and time of which the date is taken.
pub fn read_iso_cell(text: &str) -> Result<Date, Fault> {
    let text = text.trim();
    let day = text.get(..10).ok_or(DATE)?;
    let rest = text.get(10..).unwrap_or_default();
    if !rest.is_empty() && !rest.starts_with(['T', ' ']) {
        return Err(DATE);
    }
    let [year, month, day] = split(day, '-', [4, 2, 2]).ok_or(DATE)?;
    date(year, month, day)
}

/// Appends `yyyy-mm-dd`.
pub fn write(date: Date, out: &mut String) {
    let (y, m, d) = (date.year().unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs());
    let digit = |n: u16| char::from(b'0' + u8::try_from(n % 10).unwrap_or(0));
    let (m, d) = (u16::from(m), u16::from(d));
    out.extend([digit(y / 1000), digit(y / 100), digit(y / 10), digit(y), '-']);
    out.extend([digit(m / 10), digit(m), '-', digit(d / 10), digit(d)]);
}

/// A time of day; 24:00 is the midnight that ends the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    time: Time,
    next_day: bool,
}

/// Reads `hh:mm`, `hh:mm:ss` or `hhmm`.
pub fn read_time(text: &str) -> Result<Clock, Fault> {
    let text = text.trim();
    let (hour, minute, second) = if text.contains(':') {
        let mut parts = text.split(':');
        let (hour, minute) = (parts.next(), parts.next());
        let second = parts.next().map_or(Some("00"), |s| (s.len() == 2).then_some(s));
        let hour = hour.filter(|h| h.len() <= 2).and_then(digits);
        let minute = minute.filter(|m| m.len() == 2).and_then(digits);
        if parts.next().is_some() {
            return Err(TIME);
        }
        (hour, minute, second.and_then(digits))
    } else {
        let (hour, minute) = text.split_at_checked(2).filter(|_| text.len() == 4).ok_or(TIME)?;
        (digits(hour), digits(minute), Some(0))
    };
    let (Some(hour), Some(minute), Some(second)) = (hour, minute, second) else { return Err(TIME) };
    if (hour, minute, second) == (24, 0, 0) {
        return Ok(Clock { time: Time::midnight(), next_day: true });
    }
    let small = |n: u16| i8::try_from(n).map_err(|_| TIME);
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0).map_err(|_| TIME)?;
    Ok(Clock { time, next_day: false })
}

/// Appends the instant of a civil date and time, in UTC: `2008-11-20T23:15:00Z`.
///
/// In the hour that comes twice in autumn the first is meant; a time in the hour that spring leaves
/// out is refused, because no clock ever showed it.
pub fn instant(date: Date, clock: Clock, zone: &TimeZone, out: &mut String) -> Result<(), Fault> {
    let date = if clock.next_day { date.tomorrow().map_err(|_| TIME)? } else { date };
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(clock.time));
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return Err(TIME);
    }
    let at = ambiguous.compatible().map_err(|_| TIME)?;
    let civil = TimeZone::UTC.to_datetime(at);
    write(civil.date(), out);
    let _ = write!(out, "T{:02}:{:02}:{:02}Z", civil.hour(), civil.minute(), civil.second());
    Ok(())
}

/// Refuses a date of birth in the future or more than 110 years back.
pub fn plausible_birth(date: Date, today: Date) -> Result<(), Fault> {
    let oldest = today.checked_sub(110.years()).map_err(|_| BIRTH)?;
    if date > today || date < oldest { Err(BIRTH) } else { Ok(()) }
}

/// A date of birth after `today` that came from a two-digit year belongs to the century before
/// (Oracle's `RR` reads 45 as 2045).
pub fn birth_century(date: Date, today: Date) -> Date {
    if date > today { date.checked_sub(100.years()).unwrap_or(date) } else { date }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const TODAY: Date = Date::constant(2008, 11, 17);

    #[test]
    fn each_form_reads_its_own_and_refuses_the_others() {
        let good = [
            ("14/02/1981", "dd/mm/yyyy", date(1981, 2, 14)),
            ("14.02.1981", "dd.mm.yyyy", date(1981, 2, 14)),
            ("4/2/1981", "d/m/yyyy", date(1981, 2, 4)),
            ("01/02/08", "dd/mm/yy", date(2008, 2, 1)),
            ("01/02/09", "dd/mm/yy", date(1909, 2, 1)),
            ("1981-02-14", "yyyy-mm-dd", date(1981, 2, 14)),
            ("19810214", "yyyymmdd", date(1981, 2, 14)),
            ("14021981", "ddmmyyyy", date(1981, 2, 14)),
            ("14-FEB-1981", "dd-MON-yyyy", date(1981, 2, 14)),
            ("14-feb-81", "dd-MON-yy", date(1981, 2, 14)),
            ("2008-11-05T11:48:36", "yyyy-mm-ddThh:mm:ss", date(2008, 11, 5)),
            ("29/02/2008", "dd/mm/yyyy", date(2008, 2, 29)),
        ];
        for (text, form, expected) in good {
            assert_eq!(read(text, DateFormat::parse(form).unwrap(), TODAY), Ok(expected), "{text}");
        }
        let bad = ["31/02/1980", "1980-02-03", "??", "", "1/2/1980", "14/13/1981", "14/02/1981x", "14/02/81", "29/02/2007"];
        for text in bad {
            assert_eq!(read(text, DateFormat::DayMonthYear('/'), TODAY), Err(DATE), "{text}");
        }
        assert_eq!(DateFormat::KNOWN.iter().filter(|f| DateFormat::parse(f).is_none()).count(), 0);
    }

    #[test]
    fn serials_follow_the_workbooks_epoch_and_the_day_that_never_was() {
        assert_eq!(read_serial("39769", false), Ok(date(2008, 11, 17)));
        assert_eq!(read_serial("39769.5", false), Ok(date(2008, 11, 17)));
        assert_eq!(read_serial("38307", true), Ok(date(2008, 11, 17)));
        assert_eq!(read_serial("59", false), Ok(date(1900, 2, 28)));
        for bad in ["60", "0", "1.2E+11", "-1", "", "999999"] {
            assert_eq!(read_serial(bad, false), Err(DATE), "{bad}");
        }
    }

    #[test]
    fn instants_stand_in_utc_and_the_clocks_changes_are_said() {
        let zone = TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").unwrap();
        let at = |d, t: &str| {
            let mut out = String::new();
            instant(d, read_time(t)?, &zone, &mut out).map(|()| out)
        };
        assert_eq!(at(date(2008, 11, 20), "23:15").as_deref(), Ok("2008-11-20T23:15:00Z"));
        assert_eq!(at(date(2008, 7, 1), "08:45:10").as_deref(), Ok("2008-07-01T07:45:10Z"));
        assert_eq!(at(date(2008, 11, 20), "24:00").as_deref(), Ok("2008-11-21T00:00:00Z"));
        assert_eq!(at(date(2008, 11, 20), "0845").as_deref(), Ok("2008-11-20T08:45:00Z"));
        assert_eq!(at(date(2008, 10, 26), "01:30").as_deref(), Ok("2008-10-26T00:30:00Z"), "the first of two");
        assert_eq!(at(date(2008, 3, 30), "01:30"), Err(TIME), "no clock showed it");
        for bad in ["25:00", "24:01", "1:60", "8", "", "08:45:00:00", "ab:cd"] {
            assert_eq!(read_time(bad), Err(TIME), "{bad}");
        }
    }

    #[test]
    fn births_are_plausible_and_of_the_right_century() {
        assert_eq!(birth_century(date(2045, 1, 2), TODAY), date(1945, 1, 2));
        assert_eq!(plausible_birth(date(2008, 11, 18), TODAY), Err(BIRTH));
        assert_eq!(plausible_birth(date(1898, 11, 16), TODAY), Err(BIRTH));
        assert_eq!(plausible_birth(date(1898, 11, 17), TODAY), Ok(()));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_written_reads_back(text in ".{0,24}") {
            for form in DateFormat::KNOWN {
                if let Ok(day) = read(&text, DateFormat::parse(form).unwrap(), TODAY) {
                    let mut out = String::new();
                    write(day, &mut out);
                    prop_assert_eq!(read(&out, DateFormat::Iso, TODAY), Ok(day));
                }
            }
            let _ = (read_serial(&text, true), read_iso_cell(&text), read_time(&text));
        }
    }
}
