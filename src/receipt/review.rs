//! The review of what each recipient holds (5.5.2): due every six months, asked for once in a return form, open until it is done.

use crate::config::Deployment;
use crate::store::{BundleRow, BundleState, Reviewed, Store, StoreError};
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;

/// Days before a review is due from which it is asked for.
pub const AHEAD: i32 = 30;

/// A review that is due within the days ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    /// By when.
    pub due: Date,
    /// Whether a bundle has asked for it.
    pub asked: bool,
    /// Whether the recipient says that it is done.
    pub done: bool,
}

/// The review that a recipient has before it on a day, if one is due within the days ahead.
pub async fn review(
    (deployment, store): (&Deployment, &Store),
    partner: PartnerId,
    history: &[BundleRow],
    day: Date,
) -> Result<Option<Review>, StoreError> {
    let Some(first) = first(history, partner) else { return Ok(None) };
    let Some(due) = deployment.agreement.next_data_review(first, day) else { return Ok(None) };
    if !within(day, due) {
        return Ok(None);
    }
    let asked = store.reviews_asked(partner).await?;
    Ok(Some(standing(due, &asked)))
}

/// The day of the first bundle that a recipient was sent.
pub fn first(history: &[BundleRow], partner: PartnerId) -> Option<Date> {
    let sent = history.iter().filter(|b| b.recipient == Some(partner));
    sent.filter(|b| b.bundle.state != BundleState::Stopped).map(|b| b.bundle.as_of).min()
}

fn standing(due: Date, asked: &[Reviewed]) -> Review {
    let of_this: Vec<_> = asked.iter().filter(|r| r.as_of <= due && within(r.as_of, due)).collect();
    Review { due, asked: !of_this.is_empty(), done: of_this.iter().any(|r| r.done) }
}

/// Whether a day lies few enough days before another.
fn within(day: Date, due: Date) -> bool {
    day.until(due).is_ok_and(|span| (0..=AHEAD).contains(&span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn clause_5_5_2_a_review_is_asked_for_once_a_period() {
        let due = date(2009, 5, 17);
        let asked = |as_of, done| Reviewed { as_of, done };
        let state = |asked: &[Reviewed]| {
            let Review { asked, done, .. } = standing(due, asked);
            (asked, done)
        };
        assert_eq!(state(&[]), (false, false));
        assert_eq!(
            state(&[asked(date(2008, 11, 10), true)]),
            (false, false),
            "the one before counts no more"
        );
        assert_eq!(state(&[asked(date(2009, 4, 17), false)]), (true, false));
        assert_eq!(state(&[asked(date(2009, 4, 17), true)]), (true, true));
        let begins: Vec<_> = [16, 17, 18].map(|d| within(date(2009, 4, d), due)).into();
        assert_eq!((begins, within(due, due)), (vec![false, true, true], true));
        assert!(!within(date(2009, 5, 18), due));
    }
}
