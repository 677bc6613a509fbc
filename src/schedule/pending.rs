//! Which night is to be run: the last one whose time has come, if no run was for it.

use super::pattern::Pattern;
use crate::store::RunRow;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A night whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Night {
    /// When it was to begin.
    pub(super) at: Timestamp,
    /// The day that it is for.
    pub(super) as_of: Date,
}

/// A run that counts for the schedule: one that took all feeds, and came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ran {
    /// When it began.
    pub(super) at: Timestamp,
    /// The day that it was for.
    pub(super) as_of: Date,
}

impl Ran {
    /// What a stored run counts for; nothing when it did not end, or took some feeds only.
    pub(super) fn of(run: &RunRow) -> Option<Self> {
        run.finished_at.as_ref()?;
        let summary: super::super::night::Summary = serde_json::from_str(run.summary.as_deref()?).ok()?;
        summary.only.is_empty().then_some(())?;
        Some(Self { at: run.started_at.parse().ok()?, as_of: run.as_of })
    }
}

/// The night to be run now. Of several that were missed only the last is: a night takes all that has come. Before the first
/// run nothing counts as missed that lay before `begun`. A run for an earlier day than the night's is no run for it, so that
/// filling in a gap touches no schedule.
pub(super) fn pending(
    pattern: &Pattern,
    zone: &TimeZone,
    runs: &[Ran],
    (begun, now): (Timestamp, Timestamp),
) -> Option<Night> {
    let since = runs.iter().map(|run| run.at).min().unwrap_or(begun);
    let at = pattern.last(zone, since, now)?;
    let as_of = at.to_zoned_datetime(zone.clone()).date();
    let done = runs.iter().any(|run| run.at >= at && run.as_of >= as_of);
    (!done).then_some(Night { at, as_of })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_missed_night_is_caught_up_with_once() {
        let (pattern, zone) =
            (Pattern::parse("30 2 * * *").unwrap(), TimeZone::get("Europe/London").unwrap());
        let ts = |text: &str| text.parse::<Timestamp>().unwrap();
        let ran = |at: &str, day| Ran { at: ts(at), as_of: date(2026, 11, day) };
        let at = |runs: &[Ran], now: &str| {
            pending(&pattern, &zone, runs, (ts("2026-11-20T12:00:00Z"), ts(now))).map(|n| n.as_of.day())
        };
        // Before the first run only what comes after the beginning counts.
        assert_eq!(at(&[], "2026-11-21T02:29:59Z"), None);
        assert_eq!(at(&[], "2026-11-21T02:30:00Z"), Some(21));
        // Down for days: one night, the last.
        let one = [ran("2026-11-21T02:30:00Z", 21)];
        assert_eq!(at(&one, "2026-11-21T23:00:00Z"), None);
        assert_eq!(at(&one, "2026-11-28T10:00:00Z"), Some(28));
        let caught_up = [ran("2026-11-28T10:00:00Z", 28), one[0]];
        assert_eq!(at(&caught_up, "2026-11-28T12:00:00Z"), None);
        assert_eq!(at(&caught_up, "2026-11-29T02:30:01Z"), Some(29));
        // A run by hand before its time does not do it; one after it does; one for an earlier day does not.
        assert_eq!(at(&[ran("2026-11-29T02:00:00Z", 29)], "2026-11-29T02:30:00Z"), Some(29));
        assert_eq!(at(&[ran("2026-11-29T02:31:00Z", 29), one[0]], "2026-11-29T02:40:00Z"), None);
        assert_eq!(at(&[ran("2026-11-29T03:00:00Z", 27), one[0]], "2026-11-29T03:10:00Z"), Some(29));
    }
}
