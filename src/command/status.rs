//! `lockgate status`: the last run, and what waits for a person.

use super::{Voice, reading};
use crate::config::Deployment;
use crate::exit::Exit;
use crate::night::reminders;
use crate::report::{self, Severity};
use anyhow::Result;
use serde::Serialize;

#[derive(Serialize)]
struct StatusJson {
    last_run: Option<i64>,
    as_of: Option<String>,
    finished: bool,
    exit: Option<u8>,
    people: u64,
    versions: u64,
    ledger_entries: u64,
    held_files: u64,
    quarantine: u64,
    reviews: u64,
    unpublished_bundles: u64,
    agreement_in_force: bool,
    /// Reviews that come due.
    reminders: Vec<String>,
}

/// Prints the state; ends 4 when something waits for a person.
pub(super) async fn status(voice: Voice, deployment: &Deployment) -> Result<Exit> {
    let (store, vault) = reading(deployment).await?;
    let status = store.status().await?;
    let last = status.last_run.as_ref();
    let waits = status.waiting.held_files + status.waiting.quarantine + status.waiting.reviews > 0;
    let in_force = last.is_some_and(|r| deployment.agreement.in_force(r.as_of));
    let mut reminders = Vec::new();
    if let Some(run) = last {
        reminders.extend(reminders::agreement(deployment, run.as_of));
        reminders.extend(reminders::holdings(&store, deployment, run.as_of).await?);
        reminders.extend(crate::schedule::standing(deployment, &store).await?);
        reminders.extend(crate::receipt::overdue(deployment, &store, run.as_of).await?);
        reminders.extend(crate::correction::overdue((deployment, &store, &vault), run.as_of).await?);
        reminders.extend(crate::deliver::outbox::waiting(deployment, &store, run.as_of).await?);
        reminders.extend(reminders::keys(deployment, run.as_of));
    }
    if voice.json {
        report::json(&StatusJson {
            last_run: last.map(|r| r.id.0),
            as_of: last.map(|r| r.as_of.to_string()),
            finished: last.is_some_and(|r| r.finished_at.is_some()),
            exit: last.and_then(|r| r.exit_code),
            people: status.persons,
            versions: status.records,
            ledger_entries: status.ledger_entries,
            held_files: status.waiting.held_files,
            quarantine: status.waiting.quarantine,
            reviews: status.waiting.reviews,
            unpublished_bundles: status.unpublished_bundles,
            agreement_in_force: in_force,
            reminders: reminders.iter().map(|p| p.what.clone()).collect(),
        });
    } else {
        match last {
            Some(r) => {
                let end = match (&r.finished_at, r.exit_code) {
                    (Some(at), Some(exit)) => format!("finished {at}, exit {exit}"),
                    _ => "did not finish: run it again, nothing is lost".to_owned(),
                };
                report::line(&format!("Last run: {} of {}, {end}", r.id.0, r.as_of));
            }
            None => report::line("No run yet"),
        }
        report::line(&format!("People: {} in the store, {} current records", status.persons, status.records));
        report::line(&format!("Ledger: {} entries", status.ledger_entries));
        report::line(&format!(
            "Waiting for a person: {} quarantined rows, {} held files, {} pairs to review",
            status.waiting.quarantine, status.waiting.held_files, status.waiting.reviews
        ));
        if status.unpublished_bundles > 0 {
            report::line(&format!(
                "{} bundles are recorded and not yet published",
                status.unpublished_bundles
            ));
        }
        report::line(&format!(
            "Agreement: {} ({})",
            deployment.agreement.reference(),
            if in_force { "in force" } else { "NOT in force" }
        ));
    }
    report::print(&reminders, Severity::Warning, &deployment.texts, voice.style());
    Ok(if waits { Exit::Waiting } else { Exit::Done })
}
