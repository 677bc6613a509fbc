//! Working days: every day but Saturday, Sunday and the bank holidays of the deployment's calendar (7.4).
//!
//! The holidays are data. A year for which none is listed is not known: there only Saturdays and Sundays are left
//! out, and [`Calendar::knows`] says so.

use alloc::collections::BTreeSet;
use jiff::civil::Date;

/// Bank holidays, by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar(BTreeSet<Date>);

impl Calendar {
    /// A calendar of these bank holidays.
    pub fn new(holidays: impl IntoIterator<Item = Date>) -> Self {
        Self(holidays.into_iter().collect())
    }

    /// Whether the bank holidays of a day's year are listed.
    pub fn knows(&self, day: Date) -> bool {
        let (first, last) = (Date::new(day.year(), 1, 1), Date::new(day.year(), 12, 31));
        first.is_ok_and(|first| last.is_ok_and(|last| self.0.range(first..=last).next().is_some()))
    }

    /// Whether a day is a working day.
    pub fn works(&self, day: Date) -> bool {
        day.weekday().to_monday_one_offset() < 6 && !self.0.contains(&day)
    }

    /// Whether a day is a bank holiday.
    pub fn holiday(&self, day: Date) -> bool {
        self.0.contains(&day)
    }

    /// The day that many working days later; the day itself does not count. `None` where the calendar of dates ends.
    pub fn after(&self, day: Date, mut days: u32) -> Option<Date> {
        let mut at = day;
        while days > 0 {
            at = at.tomorrow().ok()?;
            days -= u32::from(self.works(at));
        }
        Some(at)
    }

    /// How many working days lie after one day, up to and with another; 0 when the other is not later. Counting stops
    /// at 1,000: more is never asked for.
    pub fn between(&self, from: Date, to: Date) -> u32 {
        let (mut at, mut days) = (from, 0);
        while at < to && days < 1_000 {
            let Ok(next) = at.tomorrow() else { break };
            at = next;
            days += u32::from(self.works(at));
        }
        days
    }
}

/// Working days within which a change of nominated officers is to be notified (7.4).
pub const NOTICE_DAYS: u32 = 5;

/// Whether a change of nominated officers was notified too late (7.4).
pub fn notified_late(calendar: &Calendar, changed: Date, notified: Date) -> bool {
    calendar.between(changed, notified) > NOTICE_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// Christmas 2008.
    fn christmas() -> Calendar {
        Calendar::new([date(2008, 12, 25), date(2008, 12, 26), date(2009, 1, 1)])
    }

    #[test]
    fn working_days_step_over_weekends_and_bank_holidays() {
        let calendar = christmas();
        for (from, days, expected) in [
            (date(2008, 11, 17), 5, date(2008, 11, 24)),
            (date(2008, 11, 21), 1, date(2008, 11, 24)),
            (date(2008, 12, 24), 1, date(2008, 12, 29)),
            (date(2008, 12, 22), 5, date(2008, 12, 31)),
            (date(2008, 12, 31), 1, date(2009, 1, 2)),
            (date(2008, 12, 27), 0, date(2008, 12, 27)),
        ] {
            assert_eq!(calendar.after(from, days), Some(expected), "{days} after {from}");
            assert_eq!(calendar.between(from, expected), days, "from {from} to {expected}");
        }
        assert_eq!(calendar.after(Date::MAX, 1), None);
    }

    #[test]
    fn clause_7_4_sixth_working_day_is_late() {
        let calendar = christmas();
        // Changed on a Monday; the Thursday and Friday are bank holidays.
        let changed = date(2008, 12, 22);
        for (notified, late) in [
            (date(2008, 12, 22), false),
            (date(2008, 12, 30), false),
            (date(2008, 12, 31), false),
            (date(2009, 1, 1), false),
            (date(2009, 1, 2), true),
            (date(2008, 12, 1), false),
        ] {
            assert_eq!(notified_late(&calendar, changed, notified), late, "notified on {notified}");
        }
        assert!(
            notified_late(&Calendar::default(), changed, date(2008, 12, 30)),
            "without the bank holidays the 30th is the sixth working day"
        );
    }

    #[test]
    fn a_year_without_holidays_is_not_known() {
        assert!(christmas().knows(date(2008, 3, 1)) && christmas().knows(date(2009, 12, 31)));
        assert!(!christmas().knows(date(2010, 1, 1)));
    }
}
