//! The days on which a key may be used.

use jiff::civil::Date;

/// First and last day, both included; open where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl Window {
    /// Whether a day lies in it.
    pub fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && !self.over(day)
    }

    /// Whether it has ended before a day.
    pub fn over(&self, day: Date) -> bool {
        self.until.is_some_and(|until| until < day)
    }

    /// Days from a day to its last one; `None` when it does not end.
    pub fn days_left(&self, day: Date) -> Option<i32> {
        Some(day.until(self.until?).ok()?.get_days())
    }

    /// Whether two windows share a day.
    pub fn meets(&self, other: &Self) -> bool {
        let before =
            |a: &Self, b: &Self| matches!((a.until, b.from), (Some(end), Some(start)) if end < start);
        !before(self, other) && !before(other, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn both_ends_are_included_and_open_ends_hold() {
        let window = Window { from: Some(date(2008, 11, 1)), until: Some(date(2008, 11, 30)) };
        let days = [date(2008, 10, 31), date(2008, 11, 1), date(2008, 11, 30), date(2008, 12, 1)];
        assert_eq!(days.map(|d| window.holds(d)), [false, true, true, false]);
        assert_eq!(days.map(|d| window.over(d)), [false, false, false, true]);
        assert_eq!(window.days_left(date(2008, 11, 20)), Some(10));
        assert!(days.iter().all(|d| Window::default().holds(*d)));
    }

    #[test]
    fn windows_meet_when_they_share_a_day() {
        let of = |from, until| Window { from, until };
        let (a, b) = (date(2008, 11, 1), date(2008, 11, 2));
        assert!(of(None, Some(a)).meets(&of(Some(a), None)));
        assert!(!of(None, Some(a)).meets(&of(Some(b), None)));
        assert!(!of(Some(b), None).meets(&of(None, Some(a))));
        assert!(Window::default().meets(&of(Some(a), Some(b))));
    }
}
