//! When something is to happen: a cron expression in the partners' civil time.
//!
//! The rule for the two nights on which the clocks change: a time of day that does not exist happens as long after the last
//! one before it as on any other day, so 01:30 happens at 02:30 summer time; a time that comes twice happens the first time
//! it comes. So each time that an expression names happens once.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};
use cron::Schedule;
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use std::str::FromStr as _;

/// An expression that comes at some time.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    schedule: Schedule,
}

/// Hours around a change of the clocks within which the order of civil times is not that of moments.
const AROUND: i64 = 4;
/// How far back is looked for the last time, in seconds: further only when there was none, so that a frequent one is not
/// gone through from long ago.
const WINDOWS: [i64; 7] = [60, 3600, 24 * 3600, 8 * 86_400, 40 * 86_400, 400 * 86_400, 9 * 366 * 86_400];

impl Pattern {
    /// Reads five fields (minute, hour, day of the month, month, day of the week), or six with the second first.
    ///
    /// # Errors
    /// Says in plain words what does not read. Days of the week are names: numbers mean different days to different programs.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let ([_, _, _, _, weekday] | [_, _, _, _, _, weekday]) = fields.as_slice() else {
            let what = "it has five fields: minute, hour, day of the month, month, day of the week; or six, with the second first";
            return Err(what.into());
        };
        if weekday.contains(|c: char| c.is_ascii_digit()) {
            return Err("a day of the week is a name such as `Mon`: numbers mean different days to different programs".into());
        }
        let six = if fields.len() == 5 { format!("0 {text}") } else { text.to_owned() };
        let schedule = Schedule::from_str(six.trim()).map_err(|_| {
            "a field is no number, name, range (`1-5`), list (`1,3`) or step (`*/15`) of its kind".to_owned()
        })?;
        let begin = chrono(civil::date(2024, 1, 1).at(0, 0, 0, 0));
        if begin.is_none_or(|begin| schedule.after(&begin).next().is_none()) {
            return Err("it names no day that ever comes".into());
        }
        Ok(Self { text: text.trim().to_owned(), schedule })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first moment after another.
    pub fn next(&self, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
        // Civil time may just have been put back: then what comes is looked for from before.
        let back = if steady(zone, after, after) { 0 } else { AROUND };
        let from = after.to_zoned_datetime(zone.clone()).datetime().checked_sub(back.hours()).ok()?;
        let moments = self.schedule.after(&chrono(from)?).filter_map(|at| moment(zone, &at));
        let mut first: Option<Timestamp> = None;
        for at in moments.filter(|at| *at > after) {
            let Some(best) = first else {
                first = Some(at);
                if steady(zone, after, at) {
                    break;
                }
                continue;
            };
            first = Some(best.min(at));
            if at > best.checked_add(AROUND.hours()).ok()? {
                break;
            }
        }
        first
    }

    /// The last moment after one and up to another.
    pub fn last(&self, zone: &TimeZone, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        for seconds in WINDOWS {
            let from = until.checked_sub(seconds.seconds()).map_or(after, |from| from.max(after));
            let mut last = None;
            let mut next = self.next(zone, from);
            while let Some(at) = next.filter(|at| *at <= until) {
                last = Some(at);
                next = self.next(zone, at);
            }
            if last.is_some() || from == after {
                return last;
            }
        }
        None
    }
}

/// Whether the clocks stay as they are from before a moment until after another.
fn steady(zone: &TimeZone, from: Timestamp, to: Timestamp) -> bool {
    let (Ok(from), Ok(to)) = (from.checked_sub(AROUND.hours()), to.checked_add(AROUND.hours())) else {
        return true;
    };
    zone.following(from).next().is_none_or(|change| change.timestamp() > to)
}

/// A civil time as the cron library takes it: as if it were one of a zone whose clocks never change.
fn chrono(civil: civil::DateTime) -> Option<DateTime<Utc>> {
    let number = |n: i8| u32::try_from(n).ok();
    let day = NaiveDate::from_ymd_opt(i32::from(civil.year()), number(civil.month())?, number(civil.day())?)?;
    let time = day.and_hms_opt(number(civil.hour())?, number(civil.minute())?, number(civil.second())?)?;
    Some(time.and_utc())
}

fn moment(zone: &TimeZone, at: &DateTime<Utc>) -> Option<Timestamp> {
    let number = |n: u32| i8::try_from(n).ok();
    let day =
        civil::Date::new(i16::try_from(at.year()).ok()?, number(at.month())?, number(at.day())?).ok()?;
    let time = civil::Time::new(number(at.hour())?, number(at.minute())?, number(at.second())?, 0).ok()?;
    Some(day.to_datetime(time).to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn london() -> TimeZone {
        TimeZone::get("Europe/London").unwrap()
    }

    fn ts(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn comes(pattern: &str, from: &str, count: usize) -> Vec<String> {
        let (pattern, zone, mut at) = (Pattern::parse(pattern).unwrap(), london(), ts(from));
        let mut out = Vec::new();
        for _ in 0..count {
            at = pattern.next(&zone, at).unwrap();
            out.push(at.to_string());
        }
        out
    }

    #[test]
    fn an_hour_that_does_not_exist_and_one_that_comes_twice() {
        // The clocks go forward at 01:00 on 28 March 2027, and back at 02:00 summer time on 25 October 2026.
        assert_eq!(
            comes("30 1 * * *", "2027-03-27T12:00:00Z", 2),
            ["2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z"]
        );
        assert_eq!(
            comes("30 1 * * *", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        // Asked in the hour that comes again, it is the next day's.
        assert_eq!(comes("30 1 * * *", "2026-10-25T01:10:00Z", 1), ["2026-10-26T01:30:00Z"]);
        assert_eq!(
            comes("*/30 0-2 * * *", "2026-10-24T22:45:00Z", 6),
            [
                "2026-10-24T23:00:00Z",
                "2026-10-24T23:30:00Z",
                "2026-10-25T00:00:00Z",
                "2026-10-25T00:30:00Z",
                "2026-10-25T02:00:00Z",
                "2026-10-25T02:30:00Z"
            ]
        );
        // Out of order on the day on which the clocks go forward: 01:30 comes with 02:30, after 02:00.
        assert_eq!(
            comes("0,30 1,2 * * *", "2027-03-28T00:10:00Z", 3),
            ["2027-03-28T01:00:00Z", "2027-03-28T01:30:00Z", "2027-03-29T00:00:00Z"]
        );
    }

    /// Every change of the clocks until 2040: an expression of each hour and half hour about it happens just once on that day,
    /// in order, and never on a wrong day.
    #[test]
    fn each_time_of_day_happens_once_on_every_day_on_which_the_clocks_change() {
        let zone = london();
        let (mut changes, end) = (0, ts("2041-01-01T00:00:00Z"));
        for change in zone.following(ts("2024-01-01T00:00:00Z")).take_while(|c| c.timestamp() < end) {
            changes += 1;
            let day = change.timestamp().to_zoned_datetime(zone.clone()).date();
            let (begin, after) = (day.yesterday().unwrap(), day.tomorrow().unwrap());
            let midnight =
                |d: civil::Date| d.to_zoned_datetime(zone.clone()).unwrap().timestamp() - 1.millisecond();
            for half in 0..48 {
                let pattern = Pattern::parse(&format!("{} {} * * *", 30 * (half % 2), half / 2)).unwrap();
                let (mut at, mut days) = (midnight(begin), Vec::new());
                while let Some(next) =
                    pattern.next(&zone, at).filter(|next| *next <= midnight(after.tomorrow().unwrap()))
                {
                    assert!(next > at);
                    days.push(next.to_zoned_datetime(zone.clone()).date());
                    at = next;
                }
                assert_eq!(days, [begin, day, after], "{pattern:?} about {day}");
            }
        }
        assert_eq!(changes, 2 * 17);
    }

    #[test]
    fn what_does_not_read_is_said() {
        for (text, words) in [
            ("", "five fields"),
            ("30 2 * *", "five fields"),
            ("30 2 * * 1-5", "numbers mean different days"),
            ("30 25 * * *", "a field is no number"),
            ("x 2 * * *", "a field is no number"),
            ("0 0 30 Feb *", "no day that ever comes"),
            ("@daily", "five fields"),
        ] {
            let said = Pattern::parse(text).map(|p| p.text().to_owned());
            assert!(said.as_ref().is_err_and(|e| e.contains(words)), "{text}: {said:?}");
        }
        for text in ["30 2 * * *", "0 30 2 * * Mon-Fri", "*/15 7-19 * * *", " 0 6 1 * * "] {
            assert!(Pattern::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_last_time_is_found_however_long_ago() {
        let zone = london();
        let last = |pattern: &str, after: &str, until: &str| {
            Pattern::parse(pattern).unwrap().last(&zone, ts(after), ts(until)).map(|t| t.to_string())
        };
        let begin = "2020-01-01T00:00:00Z";
        assert_eq!(
            last("30 2 * * *", begin, "2026-11-29T02:29:59Z").as_deref(),
            Some("2026-11-28T02:30:00Z")
        );
        assert_eq!(
            last("30 2 * * *", begin, "2026-11-29T02:30:00Z").as_deref(),
            Some("2026-11-29T02:30:00Z")
        );
        assert_eq!(
            last("0 6 29 Feb *", begin, "2027-11-29T00:00:00Z").as_deref(),
            Some("2024-02-29T06:00:00Z")
        );
        assert_eq!(
            last("* * * * * *", begin, "2026-11-29T00:00:00Z").as_deref(),
            Some("2026-11-29T00:00:00Z")
        );
        assert_eq!(last("30 2 * * *", "2026-11-28T02:30:00Z", "2026-11-29T02:29:59Z"), None);
    }
}
