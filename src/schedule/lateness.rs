//! When a feed is late: pure, from when its file was due, when it came, and what was said already.

use super::pattern::Pattern;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use lockgate_core::calendar::Calendar;

/// When a feed's files are due.
#[derive(Debug, Clone)]
pub struct Due {
    /// By when a file is to be there.
    pub at: Pattern,
    /// After how long it is late.
    pub grace: SignedDuration,
    /// How many days the date in the file's name may lie before the day on which it is due.
    pub age_days: u32,
    /// Whether a file is due on bank holidays too.
    pub holidays: bool,
}

/// A file that should be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// When it was due.
    pub due: Timestamp,
    /// The date that its name has at the least.
    pub date: Date,
}

/// A feed of which was said that it is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// When the first file was due that did not come.
    pub due: Timestamp,
    /// Whether was said that it is missing.
    pub missing: bool,
}

/// What is to be said of a feed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    Nothing,
    /// Its file did not come in time.
    Late(Expected),
    /// Nor did the next one.
    Missing(Expected),
    /// What was late has come.
    Back,
}

impl Due {
    /// The newest file that should be there at a moment, of those due after `since`.
    pub fn expected(
        &self,
        zone: &TimeZone,
        calendar: &Calendar,
        since: Timestamp,
        now: Timestamp,
    ) -> Option<Expected> {
        let mut until = now.checked_sub(self.grace).ok()?;
        loop {
            let due = self.at.last(zone, since, until)?;
            let day = due.to_zoned_datetime(zone.clone()).date();
            if self.holidays || !calendar.holiday(day) {
                let date = day.checked_sub(i64::from(self.age_days).days()).ok()?;
                return Some(Expected { due, date });
            }
            until = due.checked_sub(SignedDuration::from_secs(1)).ok()?;
        }
    }

    /// The next moment at which a file turns out to be late.
    pub fn next_deadline(&self, zone: &TimeZone, calendar: &Calendar, after: Timestamp) -> Option<Timestamp> {
        let mut from = after.checked_sub(self.grace).ok()?;
        // Holidays in a row are few; a calendar of nothing else names no deadline.
        for _ in 0..400 {
            let due = self.at.next(zone, from)?;
            if self.holidays || !calendar.holiday(due.to_zoned_datetime(zone.clone()).date()) {
                return due.checked_add(self.grace).ok();
            }
            from = due;
        }
        None
    }
}

/// What is to be said: one alarm for as long as a feed is late, once more when it misses the next time too, and one word
/// when it is back. `newest` is the latest date that any of its files has.
pub fn judge(open: Option<Open>, expected: Option<Expected>, newest: Option<Date>) -> Verdict {
    let Some(expected) = expected else { return Verdict::Nothing };
    let there = newest.is_some_and(|newest| newest >= expected.date);
    match open {
        None if there => Verdict::Nothing,
        None => Verdict::Late(expected),
        Some(_) if there => Verdict::Back,
        Some(Open { due, missing: false }) if expected.due > due => Verdict::Missing(expected),
        Some(_) => Verdict::Nothing,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn due(pattern: &str, holidays: bool, age_days: u32) -> Due {
        let at = Pattern::parse(pattern).unwrap();
        Due { at, grace: SignedDuration::from_mins(60), age_days, holidays }
    }

    fn calendar() -> Calendar {
        Calendar::new([
            date(2008, 12, 25),
            date(2008, 12, 26),
            date(2009, 1, 1),
            date(2009, 4, 10),
            date(2009, 4, 13),
        ])
    }

    #[test]
    fn a_file_is_expected_from_its_grace_on_and_not_on_a_holiday() {
        let zone = TimeZone::get("Europe/London").unwrap();
        let since = "2008-11-01T00:00:00Z".parse().unwrap();
        let expected = |holidays, age, now: &str| {
            let found =
                due("0 6 * * *", holidays, age).expected(&zone, &calendar(), since, now.parse().unwrap());
            found.map(|e| (e.due.to_string(), e.date))
        };
        let of = |due: &str, day| Some((due.to_owned(), day));
        assert_eq!(expected(true, 0, "2008-11-01T06:59:59Z"), None);
        assert_eq!(expected(true, 0, "2008-11-18T06:59:59Z"), of("2008-11-17T06:00:00Z", date(2008, 11, 17)));
        assert_eq!(expected(true, 0, "2008-11-18T07:00:00Z"), of("2008-11-18T06:00:00Z", date(2008, 11, 18)));
        assert_eq!(expected(true, 1, "2008-11-18T07:00:00Z"), of("2008-11-18T06:00:00Z", date(2008, 11, 17)));
        assert_eq!(
            expected(false, 0, "2008-12-26T12:00:00Z"),
            of("2008-12-24T06:00:00Z", date(2008, 12, 24))
        );
        assert_eq!(expected(true, 0, "2008-12-26T12:00:00Z"), of("2008-12-26T06:00:00Z", date(2008, 12, 26)));
        let next = due("0 6 * * *", false, 0).next_deadline(
            &zone,
            &calendar(),
            "2008-12-24T07:00:00Z".parse().unwrap(),
        );
        assert_eq!(next.map(|t| t.to_string()).as_deref(), Some("2008-12-27T07:00:00Z"));
    }

    /// Four hundred days, looked at every quarter of an hour, with files that come late by hours or days: one alarm and one
    /// word of return each, within a quarter of an hour; nothing for a file that comes in time, or on a holiday without one.
    #[test]
    fn four_hundred_days_give_one_alarm_and_one_return_for_each_late_file() {
        let (zone, calendar, due) =
            (TimeZone::get("Europe/London").unwrap(), calendar(), due("0 6 * * *", false, 0));
        let begin = date(2008, 11, 1);
        // By day: hours after it was due at which its file comes; absent = in time.
        let late = |n: i64| match n % 23 {
            7 => Some(2),
            15 => Some(20),
            // Two nights without a file.
            20 => Some(52),
            21 => Some(28),
            _ => None,
        };
        let start = begin.to_zoned_datetime(zone.clone()).unwrap().timestamp();
        let arrives = |n: i64| {
            let day = begin.checked_add(n.days()).unwrap();
            let nominal = day.at(6, 0, 0, 0).to_zoned_datetime(zone.clone()).unwrap().timestamp();
            let hours = late(n).unwrap_or(-1);
            (!calendar.holiday(day)).then(|| (nominal.checked_add(hours.hours()).unwrap(), day))
        };
        let files: Vec<(Timestamp, Date)> = (0..400).filter_map(arrives).collect();
        let (mut open, mut said, mut now) = (None, Vec::new(), start);
        let end = start.checked_add((400 * 24).hours()).unwrap();
        while now < end {
            let newest = files.iter().filter(|(at, _)| *at <= now).map(|(_, day)| *day).max();
            let verdict = judge(open, due.expected(&zone, &calendar, start, now), newest);
            match verdict {
                Verdict::Nothing => {}
                Verdict::Late(e) => open = Some(Open { due: e.due, missing: false }),
                Verdict::Missing(_) => open = open.map(|o| Open { missing: true, ..o }),
                Verdict::Back => open = None,
            }
            if verdict != Verdict::Nothing {
                said.push((verdict, now));
            }
            now = now.checked_add(15.minutes()).unwrap();
        }
        let of = |want: fn(&Verdict) -> bool| said.iter().filter(|(v, _)| want(v)).count();
        let counts = (
            of(|v| matches!(v, Verdict::Late(_))),
            of(|v| matches!(v, Verdict::Missing(_))),
            of(|v| *v == Verdict::Back),
        );
        // Told from the calendar of the test itself: an episode for each run of late days.
        let is_late = |n: i64| late(n).is_some() && !calendar.holiday(begin.checked_add(n.days()).unwrap());
        let episodes = (0..400).filter(|n| is_late(*n) && !(n % 23 == 21 && is_late(n - 1))).count();
        let pairs = (0..399).filter(|n| n % 23 == 20 && is_late(*n) && is_late(n + 1)).count();
        assert_eq!(counts, (episodes, pairs, episodes), "{said:?}");
        for (verdict, at) in &said {
            if let Verdict::Late(e) = verdict {
                let seconds = at.as_second() - e.due.as_second();
                assert!((3600..3600 + 900).contains(&seconds), "{seconds} s after");
            }
        }
    }
}
