//! Reminders of dates: the agreement's review (5.6.1), the review of what recipients hold (5.5.2), and the end of keys.

use crate::config::Deployment;
use crate::store::{BundleRow, Store, StoreError};
use jiff::civil::Date;
use lockgate_core::problem::Problem;
use std::collections::BTreeMap;

/// Days ahead from which a reminder is shown.
const AHEAD: i32 = 30;

/// Whether the agreement comes due for review within the days ahead.
pub fn review(deployment: &Deployment, as_of: Date) -> Option<Problem> {
    let due = deployment.agreement.next_review(as_of)?;
    let days = within(as_of, due)?;
    let file = format!("{}/agreement.toml", deployment.settings.folders.agreement);
    let at = deployment.texts.place_of(&file, "review");
    let what = format!("the agreement is to be reviewed on {due}, in {days} days (5.6.1)");
    let help = "hold the review; what it changes is a new version that all partners sign";
    Some(Problem::new("LG0313", what).in_config(&file, at).help(help))
}

/// The recipients whose holdings come due for review within the days ahead.
pub async fn holdings(
    store: &Store,
    deployment: &Deployment,
    as_of: Date,
) -> Result<Vec<Problem>, StoreError> {
    let mut first: BTreeMap<u8, Date> = BTreeMap::new();
    for BundleRow { recipient, bundle, .. } in store.bundles(None, u32::MAX).await? {
        if let Some(recipient) = recipient {
            let earliest = first.entry(recipient.0).or_insert(bundle.as_of);
            *earliest = bundle.as_of.min(*earliest);
        }
    }
    let agreement = &deployment.agreement;
    let due = |(id, partner): (lockgate_core::agreement::PartnerId, &lockgate_core::agreement::Partner)| {
        let due = agreement.next_data_review(*first.get(&id.0)?, as_of)?;
        let days = within(as_of, due)?;
        let what = format!("{} reviews what it holds by {due}, in {days} days (5.5.2)", partner.name);
        Some(
            Problem::new("LG0314", what)
                .help("ask for the outcome; what is no longer justified is destroyed"),
        )
    };
    Ok(agreement.partners().filter_map(due).collect())
}

/// Keys that end within the days ahead, and recipients without one. A deployment of plain folders needs none.
pub fn keys(deployment: &Deployment, as_of: Date) -> Vec<Problem> {
    if deployment.settings.bundles.plain {
        return Vec::new();
    }
    let partners: Vec<&str> = deployment.agreement.partners().map(|(_, p)| p.key.as_str()).collect();
    deployment.keyring.reminders(&partners, as_of)
}

/// The days to a date, when they are few enough for a reminder.
fn within(from: Date, to: Date) -> Option<i32> {
    let days = from.until(to).ok()?.get_days();
    (0..=AHEAD).contains(&days).then_some(days)
}
