//! When a door that failed is tried again: soon at first, then rarer, for ever; never all doors at the same moment.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Pauses after the first, second, third … failure in a row, in seconds; the last one goes on.
const PAUSES: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// By how much a pause is made longer or shorter at random: a fifth.
const JITTER: u64 = 5;
/// The longest that a far end may ask for.
const MOST: u64 = 86_400;

/// When the door is tried next after so many failures in a row (1 or more). `asked` is what the far end asked for; `random`
/// is any number, and moves the moment by up to a fifth.
pub fn next(now: Timestamp, failures: u64, asked: Option<Duration>, random: u64) -> Timestamp {
    let at = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = PAUSES.get(at.min(PAUSES.len() - 1)).copied().unwrap_or(MOST);
    let spread = pause / JITTER;
    let jittered = pause - spread + random % (2 * spread + 1);
    let wished = asked.map_or(0, |d| d.as_secs().min(MOST));
    let pause = SignedDuration::from_secs(i64::try_from(jittered.max(wished)).unwrap_or(0));
    now.saturating_add(pause).unwrap_or(now)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(failures: u64, asked: Option<u64>, random: u64) -> i64 {
        let now: Timestamp = "2008-11-17T02:00:00Z".parse().unwrap();
        let next = next(now, failures, asked.map(Duration::from_secs), random);
        next.as_second() - now.as_second()
    }

    #[test]
    fn the_pauses_grow_to_a_day_and_stay_there() {
        // The middle of the spread is the pause itself.
        let middle = |failures: u64, pause: u64| after(failures, None, pause / JITTER);
        let pauses: Vec<i64> = PAUSES.iter().zip(1..).map(|(pause, n)| middle(n, *pause)).collect();
        assert_eq!(pauses, PAUSES.map(|p| i64::try_from(p).unwrap()));
        assert_eq!(middle(1_000, 86_400), 86_400);
    }

    proptest! {
        #[test]
        fn a_pause_moves_by_a_fifth_at_most_and_heeds_the_far_end(
            failures in 1_u64..40, asked in proptest::option::of(0_u64..1_000_000), random: u64,
        ) {
            let pause = PAUSES[usize::try_from(failures - 1).unwrap().min(8)];
            let got = u64::try_from(after(failures, asked, random)).unwrap();
            let wished = asked.unwrap_or(0).min(MOST);
            prop_assert!(got >= (pause - pause / 5).max(wished));
            prop_assert!(got <= (pause + pause / 5).max(wished));
        }
    }
}
