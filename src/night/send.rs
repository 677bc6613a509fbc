//! Sending: what waits in the outbox goes to its doors; what may not leave any more is stopped, and a snapshot takes its place.

use super::Night;
use super::disclose::{self, Basis, Open};
use super::publish::{Fresh, publish_all};
use super::registers;
use super::summary::{RecipientLine, Summary};
use crate::deliver::{Doors, collected, outbox, prune, stop};
use anyhow::Result;
use lockgate_core::agreement::PartnerId;
use lockgate_core::problem::Problem;
use std::sync::Arc;

/// What is to be said of the deliveries.
#[derive(Default)]
pub(super) struct Delivered {
    /// What keeps bundles from their doors.
    pub(super) failed: Vec<Problem>,
    /// What somebody should know besides.
    pub(super) noted: Vec<Problem>,
}

/// What waited for these recipients may not be sent any more: it is stopped, what was decided for them tonight is dropped,
/// and each gets a snapshot of what it may have now.
pub(super) async fn instead(
    night: &Night<'_>,
    doors: &Arc<Doors>,
    (basis, registers): (&Basis<'_>, &registers::Read),
    narrowed: Vec<Open>,
) -> Result<(Vec<RecipientLine>, Fresh, Vec<Problem>)> {
    let why = stop::Why { day: night.order.as_of, by: "gateway", reference: "narrowed before it was sent" };
    let mut only: Vec<PartnerId> = Vec::new();
    // What was fetched since the night began is sent, and is not stopped.
    let noted = collected::take(night.deployment, night.store, night.state, night.order.as_of).await?;
    for open in narrowed {
        let (recipient, rows) = (open.recipient, open.watch.bundles.clone());
        // Its unfinished files go before the new ones are begun.
        drop(open);
        stop::stop((night.deployment, night.store, night.state), recipient, &rows, &why).await?;
        only.push(recipient);
    }
    let others = night.deployment.agreement.partners().map(|(id, _)| id).filter(|id| !only.contains(id));
    let mut rest = registers.clone();
    rest.close(others);
    let mut open = disclose::open(night, &doors.staging, &rest).await?;
    disclose::disclose(night, basis, &mut open).await?;
    let (lines, fresh) = publish_all(night, doors, open).await?;
    Ok((lines, fresh, noted))
}

/// Brings what waits in the outbox, tonight's and what earlier nights could not bring; a night tries every door. Who
/// receives nothing is asked once more, just before.
pub(super) async fn deliver(
    night: &Night<'_>,
    doors: &Arc<Doors>,
    fresh: Fresh,
    summary: &mut Summary,
) -> Result<Delivered> {
    night.progress.stage("delivering");
    let registers = registers::read(night.store, night.deployment, night.vault, night.order.as_of).await?;
    let round = outbox::Round {
        deployment: night.deployment,
        store: night.store,
        doors,
        run: night.run.id,
        day: night.order.as_of,
        closed: &registers.closed,
        only_due: false,
    };
    let mut said = Delivered::default();
    for recipient in &summary.stopped {
        let what = format!(
            "what waited for `{recipient}` may not be sent any more: it was stopped, and a snapshot takes its place"
        );
        said.noted.push(Problem::new("LG2605", what));
    }
    for standing in outbox::deliver(&round, fresh).await? {
        if let Some(line) = summary.recipients.iter_mut().find(|l| l.recipient == standing.recipient) {
            line.waiting = standing.waiting;
        }
        summary.undelivered += u64::from(standing.problem.is_some());
        said.failed.extend(standing.problem);
    }
    said.noted.extend(outbox::waiting(night.deployment, night.store, night.order.as_of).await?);
    prune::prune(night.deployment, night.store, night.state, night.order.as_of).await?;
    Ok(said)
}
