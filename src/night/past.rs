//! The nights that were: what another agreement would have given on each, beside the one that was in force on it.
//!
//! Asked of the versions and the registers as that night left and found them. Four things are as they are now: who is
//! linked to whom, the schema, the calendar and this program. Of people who have left since nothing is kept, so that they
//! are missing; how many people the night itself counted is told beside how many were asked about.

use super::Summary;
use super::policy_diff::{Comparison, PeopleDifference, fits, people};
use crate::approval::snapshot::{self, Kept};
use crate::config::Deployment;
use crate::store::{RunRow, Store};
use crate::vault::Vault;
use anyhow::Result;
use lockgate_core::agreement::Agreement;
use lockgate_core::hash::Digest;
use std::collections::BTreeMap;

/// One past night, asked again.
pub struct PastNight {
    /// The run; of several on one day the last.
    pub run: RunRow,
    /// What came of it, or why it could not be asked.
    pub told: Result<Beside, &'static str>,
}

/// What came of asking a past night again.
pub struct Beside {
    /// Version of the agreement that was in force on it.
    pub in_force: String,
    /// People that the night itself counted, when its summary says so.
    pub cohort: Option<u64>,
    /// The difference, in people.
    pub people: PeopleDifference,
}

/// Agreements that were in force, or why one cannot be asked.
type Former = BTreeMap<Digest, Result<Agreement, &'static str>>;

/// Asks the last nights of the store, the newest first.
pub async fn past(
    deployment: &Deployment,
    store: &Store,
    vault: &Vault,
    proposed: &Agreement,
    nights: usize,
) -> Result<Vec<PastNight>> {
    let mut former = Former::new();
    let mut out = Vec::new();
    for run in last_of_each_day(store.runs(u32::MAX).await?).into_iter().take(nights) {
        let digest = run.agreement_digest;
        let told = match former.entry(digest).or_insert_with(|| in_force(deployment, &digest)) {
            Err(why) => Err(*why),
            Ok(before) => {
                let then = Some(&run);
                let of =
                    Comparison { deployment, store, vault, before, after: proposed, as_of: run.as_of, then };
                let summary: Option<Summary> =
                    run.summary.as_deref().and_then(|text| serde_json::from_str(text).ok());
                Ok(Beside {
                    in_force: before.version().to_owned(),
                    cohort: summary.map(|s| s.cohort),
                    people: people(&of).await?,
                })
            }
        };
        out.push(PastNight { run, told });
    }
    Ok(out)
}

/// Of runs, newest first, those that ended; of each day the last.
fn last_of_each_day(runs: Vec<RunRow>) -> Vec<RunRow> {
    let mut out: Vec<RunRow> = runs.into_iter().filter(|run| run.finished_at.is_some()).collect();
    out.dedup_by_key(|run| run.as_of);
    out
}

/// The agreement of that digest: the deployment's own, or the store's copy.
fn in_force(deployment: &Deployment, digest: &Digest) -> Result<Agreement, &'static str> {
    if deployment.agreement.digest() == digest {
        return Ok(deployment.agreement.clone());
    }
    match snapshot::read(&deployment.state(), digest, &deployment.schema) {
        Kept::Whole(policy) if fits(deployment, &policy.agreement) => Ok(policy.agreement),
        Kept::Whole(_) => Err("the agreement then in force had other parties, or in another order"),
        Kept::Unreadable => Err("the agreement then in force does not read under today's schema"),
        Kept::Absent => Err("the store's copy of the agreement then in force is gone or was changed"),
    }
}
