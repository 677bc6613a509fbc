//! What the pull API has noted: bundles that their recipients have fetched whole. Each note is taken down once, in store and
//! ledger, and only then removed.

use crate::config::Deployment;
use crate::night::publish::record_decision;
use crate::serve::notes;
use crate::store::{BundleState, Step, Store, Taken};
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::ledger::DecisionEntry;
use lockgate_core::problem::Problem;
use std::path::Path;

/// Takes the notes down; `state` is the store's folder. Gives what people should know of them.
pub async fn take(deployment: &Deployment, store: &Store, state: &Path, day: Date) -> Result<Vec<Problem>> {
    let steps = store.deliveries().await?;
    let mut problems = Vec::new();
    for (file, note) in notes(state).context("reading what the pull API has noted")? {
        let row = store.bundle(&note.bundle).await?;
        let of = row.as_ref().and_then(|row| deployment.agreement.get(row.recipient?));
        let (Some(row), true) = (&row, of.is_some_and(|p| p.key == note.recipient)) else {
            problems.push(Problem::new("LG2607", "a note of the pull API names no bundle of that recipient"));
            continue;
        };
        let known = |step: Step| steps.get(&row.id.0).is_some_and(|all| all.iter().any(|t| t.step == step));
        if row.bundle.state == BundleState::Stopped && !known(Step::Collected) {
            let what =
                format!("`{}` was fetched by `{}` while it was being stopped", note.bundle, note.recipient);
            problems.push(
                Problem::new("LG2608", what).help("ask its nominee to destroy it: it is not to be used"),
            );
        }
        if !known(Step::Collected) {
            let mut tx = store.begin_decisions(day).await?;
            if row.bundle.state == BundleState::Sealed {
                tx.set_bundle_state(row.id, BundleState::Published).await?;
            }
            let taken = Taken { step: Step::Collected, at: note.at.clone(), actor: note.recipient.clone() };
            tx.put_step(row.id, &taken).await?;
            let entry = DecisionEntry {
                as_of: day,
                kind: "bundle-collected",
                by: &note.recipient,
                reference: &note.bundle,
                subject: row.bundle.manifest_digest,
            };
            record_decision(&mut tx, &entry).await?;
            tx.commit().await?;
        }
        std::fs::remove_file(&file).context("removing a note of the pull API")?;
    }
    Ok(problems)
}
