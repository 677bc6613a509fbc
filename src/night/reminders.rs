//! Reminders of dates: the agreement's review (5.6.1), the review of what recipients hold (5.5.2), and the end of keys.

use crate::config::Deployment;
use crate::receipt::review::{self, AHEAD, Review};
use crate::store::{Store, StoreError};
use jiff::civil::Date;
use lockgate_core::problem::Problem;

/// Whether the agreement comes due for review within the days ahead.
pub fn agreement(deployment: &Deployment, as_of: Date) -> Option<Problem> {
    let due = deployment.agreement.next_review(as_of)?;
    let days = within(as_of, due)?;
    let file = format!("{}/agreement.toml", deployment.settings.folders.agreement);
    let at = deployment.texts.place_of(&file, "review");
    let what = format!("the agreement is to be reviewed on {due}, in {days} days (5.6.1)");
    let help = "hold the review; what it changes is a new version that all partners sign";
    Some(Problem::new("LG0313", what).in_config(&file, at).help(help))
}

/// The recipients whose holdings come due for review within the days ahead, and that have not said that it is done.
pub async fn holdings(
    store: &Store,
    deployment: &Deployment,
    as_of: Date,
) -> Result<Vec<Problem>, StoreError> {
    let history = store.bundles(None, u32::MAX).await?;
    let mut out = Vec::new();
    for (id, partner) in deployment.agreement.partners() {
        let before = review::review((deployment, store), id, &history, as_of).await?;
        let Some(Review { due, .. }) = before.filter(|r| !r.done) else { continue };
        let days = within(as_of, due).unwrap_or_default();
        let what = format!("{} reviews what it holds by {due}, in {days} days (5.5.2)", partner.name);
        out.push(
            Problem::new("LG0314", what)
                .help("its return form asks for it; what is no longer justified is destroyed"),
        );
    }
    Ok(out)
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
