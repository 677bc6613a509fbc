//! What is still open: how far each bundle is answered, and by when it should have been.

use super::review;
use crate::config::Deployment;
use crate::store::{BundleRow, BundleState, Progress, Step, Store, Taken};
use anyhow::Result;
use jiff::civil::Date;
use lockgate_core::problem::Problem;
use std::collections::BTreeMap;

/// How far one bundle is answered.
pub struct Standing {
    /// The recipient's key.
    pub recipient: String,
    /// The bundle.
    pub bundle: BundleRow,
    /// Its lines.
    pub progress: Progress,
    /// What became of it on its way, in order.
    pub steps: Vec<Taken>,
    /// By when they are to be answered; `None` when the calendar of dates ends before.
    pub due_by: Option<Date>,
    /// By when the review is to be done that it asks for (5.5.2).
    pub review_by: Option<Date>,
}

impl Standing {
    /// Where it stands: waiting in the outbox, sent, collected once the recipient fetched it, opened once it has confirmed
    /// it, acted once every line is done. Or stopped before it was sent.
    pub fn word(&self) -> &'static str {
        let state = self.bundle.bundle.state;
        match (self.progress.confirmed, self.progress.open()) {
            _ if state == BundleState::Stopped => "stopped",
            (_, 0) => "acted",
            (true, _) => "opened",
            (false, _) if state != BundleState::Published => "waiting",
            (false, _) if self.steps.iter().any(|t| t.step == Step::Collected) => "collected",
            (false, _) => "sent",
        }
    }

    /// Lines that should have been answered before a day: nobody answers what was not brought.
    pub fn late(&self, day: Date) -> u64 {
        if self.bundle.bundle.state != BundleState::Published {
            return 0;
        }
        let past = |due: Option<Date>, lines: u64| if due.is_some_and(|due| due < day) { lines } else { 0 };
        let Progress { reviews, .. } = self.progress;
        past(self.due_by, self.progress.open().saturating_sub(reviews)) + past(self.review_by, reviews)
    }

    /// Whether an answer should have come before a day.
    pub fn overdue(&self, day: Date) -> bool {
        self.late(day) > 0
    }
}

/// Every bundle that asks something of a partner, the newest first.
pub async fn standings(deployment: &Deployment, store: &Store) -> Result<Vec<Standing>> {
    let progress: BTreeMap<_, _> = store.progress().await?.into_iter().map(|(id, p)| (id.0, p)).collect();
    let mut steps = store.deliveries().await?;
    let days = deployment.settings.bundles.acknowledge_days;
    let bundles = store.bundles(None, u32::MAX).await?;
    let first = |partner| review::first(&bundles, partner);
    let one = |bundle: &BundleRow| {
        let progress = *progress.get(&bundle.id.0)?;
        let partner = bundle.recipient?;
        let recipient = deployment.agreement.get(partner)?.key.clone();
        let asks = |first| deployment.agreement.next_data_review(first, bundle.bundle.as_of);
        let review_by = (progress.reviews > 0).then(|| first(partner).and_then(asks)).flatten();
        let due_by = deployment.calendar.after(bundle.bundle.as_of, days);
        let steps = steps.remove(&bundle.id.0).unwrap_or_default();
        Some(Standing { recipient, bundle: bundle.clone(), progress, steps, due_by, review_by })
    };
    Ok(bundles.iter().filter_map(one).collect())
}

/// A reminder for each recipient that should have answered before a day.
pub async fn overdue(deployment: &Deployment, store: &Store, day: Date) -> Result<Vec<Problem>> {
    let mut late: BTreeMap<String, (u64, u64, Option<Date>)> = BTreeMap::new();
    for standing in standings(deployment, store).await?.into_iter().filter(|s| s.overdue(day)) {
        let (bundles, lines, since) = late.entry(standing.recipient.clone()).or_default();
        *bundles += 1;
        *lines += standing.late(day);
        let due = [standing.due_by, standing.review_by].into_iter().flatten().find(|due| *due < day);
        *since = [*since, due].into_iter().flatten().min();
    }
    let one = |(recipient, (bundles, lines, since)): (String, (u64, u64, Option<Date>))| {
        let since = since.map_or_else(String::new, |day| format!(", the first since {day}"));
        let what = format!("`{recipient}` has not answered {lines} lines of {bundles} bundles{since}");
        Problem::new("LG2405", what)
            .help("ask its nominee; `lockgate receipt list --overdue` shows what is open")
    };
    Ok(late.into_iter().map(one).collect())
}
