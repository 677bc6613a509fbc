//! Bringing what waits between the nights: once more to every door whose pause is over, unless something changed about which
//! only a night decides.

use super::collected;
use super::doors::Doors;
use super::outbox::{self, Round, Standing};
use crate::config::Deployment;
use crate::night::{self, registers};
use crate::open;
use crate::store::{RunRow, Store};
use crate::vault::Vault;
use anyhow::{Context as _, Result};
use lockgate_core::problem::Problem;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What came of it.
pub struct Brought {
    /// What is to be said of what recipients fetched.
    pub noted: Vec<Problem>,
    /// Why nothing was brought.
    pub undecided: Option<Problem>,
    /// How each recipient stands for which something waited.
    pub standings: Vec<Standing>,
}

/// Brings what waits; with `now`, to doors whose pause is not over too.
pub async fn bring(deployment: &Deployment, now: bool) -> Result<Brought> {
    let (store, vault) = open::writing(deployment).await?;
    let run = last(&store).await?;
    let doors = doors(deployment, &run)?;
    if let Some(problem) = undecided(&store, deployment, &vault, &run).await? {
        store.close().await?;
        return Ok(Brought { noted: Vec::new(), undecided: Some(problem), standings: Vec::new() });
    }
    let noted = collected::take(deployment, &store, &deployment.state(), run.as_of).await?;
    let registers = registers::read(&store, deployment, &vault, run.as_of).await?;
    let round = Round {
        deployment,
        store: &store,
        doors: &doors,
        run: run.id,
        day: run.as_of,
        closed: &registers.closed,
        only_due: !now,
    };
    let standings = outbox::deliver(&round, BTreeMap::new()).await?;
    store.close().await?;
    Ok(Brought { noted, undecided: None, standings })
}

/// The last run: what waits was decided with it.
pub async fn last(store: &Store) -> Result<RunRow> {
    store.runs(1).await?.into_iter().next().context("there is no run yet")
}

/// The doors as the last night had them.
pub fn doors(deployment: &Deployment, run: &RunRow) -> Result<Arc<Doors>> {
    let state = deployment.state();
    let way = night::run::way(deployment, run.as_of, &state)?;
    Ok(Arc::new(Doors::open(&state, deployment.root.join(&deployment.settings.bundles.folder), way)?))
}

/// Whether a register changed after the last night had decided what waits: then only a night may say what leaves.
async fn undecided(
    store: &Store,
    deployment: &Deployment,
    vault: &Vault,
    run: &RunRow,
) -> Result<Option<Problem>> {
    let then = registers::read_then(store, deployment, vault, run).await?;
    let now = registers::read(store, deployment, vault, run.as_of).await?;
    let basis = deployment.decides();
    let closed = then.digest(&basis) != now.digest(&basis);
    let registered = store.registered().await?.iter().any(|e| registers::changed(e, run, run.as_of));
    let agreement = run.agreement_digest != *deployment.agreement.digest();
    Ok((closed || registered || agreement).then(|| {
        Problem::new(
            "LG2606",
            "the agreement or a register changed since the last night; nothing is sent before the next one",
        )
        .help("run the night: it decides what waits anew, and delivers")
    }))
}
