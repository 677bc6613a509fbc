//! What a night asks before it begins: is the agreement approved, and in force on the day? A refusal is in the ledger.

use super::holders::{HOLDERS, Holders};
use super::{Before, Standing, examine, snapshot, statement};
use crate::config::Deployment;
use crate::night::publish::record_decision;
use crate::store::Store;
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::ledger::DecisionEntry;
use lockgate_core::problem::Problem;
use std::path::Path;

/// The agreement that nights ran under last: its digest in a line, then the lines of its holders. One text, so that a
/// digest never stands beside the keys of another.
const REMEMBERED: &str = "agreement";

/// Why a night may not be.
#[derive(Debug)]
pub struct Refused(pub Vec<Problem>);

impl Refused {
    /// One line each, and what to do.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(|p| format!("\n  {}: {}", p.code, p.what)).collect();
        let more =
            "`lockgate agreement status` shows who has signed; `lockgate agreement approve` how to sign";
        format!("refused by the agreement (9.2), nothing was done:{}\n  {more}", lines.concat())
    }
}

impl Before {
    /// What the store remembers.
    pub async fn of(store: &Store) -> Result<Self> {
        let Some(kept) = store.meta(REMEMBERED).await? else { return Ok(Self::default()) };
        let (hex, text) = kept.split_once('\n').unwrap_or((&kept, ""));
        let digest = statement::parse(hex).context("the store's agreement has no digest")?;
        let named: Vec<&str> = text.lines().filter_map(|l| l.split_whitespace().next()).collect();
        let holders = Holders::read(HOLDERS, text, &named);
        let holders = holders.map_err(|_| anyhow::anyhow!("the store's list of holders does not read"))?;
        Ok(Self { digest: Some(digest), holders })
    }
}

/// Asks, and records the answer: that a new agreement took effect, or that a night was refused. `state` is the store's
/// folder, which a dry run has copied.
pub async fn require(
    deployment: &Deployment,
    store: &Store,
    state: &Path,
    as_of: Date,
) -> Result<std::result::Result<(), Refused>> {
    let before = Before::of(store).await?;
    let standing = examine(deployment, &before);
    let mut problems = if standing.approved() { Vec::new() } else { standing.problems() };
    problems.extend(out_of_force(deployment, as_of));
    if problems.is_empty() {
        if before.digest != Some(standing.digest) {
            begin(deployment, (store, state), &standing, as_of).await?;
        }
        return Ok(Ok(()));
    }
    let mut named: Vec<String> = problems.iter().map(|p| p.code.to_owned()).collect();
    named.dedup();
    named.extend(standing.missing().iter().map(|m| (*m).to_owned()));
    record(deployment, store, as_of, "agreement-refused", &named.join(" ")).await?;
    Ok(Err(Refused(problems)))
}

/// The agreement's dates against a day (5.6).
pub fn out_of_force(deployment: &Deployment, as_of: Date) -> Option<Problem> {
    let agreement = &deployment.agreement;
    let term = agreement.term();
    let day = |d: Option<Date>, none: &str| d.map_or_else(|| none.to_owned(), |d| d.to_string());
    let what = format!(
        "the agreement {} is not in force on {as_of}, but from {} until {}",
        agreement.reference(),
        day(term.from, "never"),
        day(term.until, "open")
    );
    (!agreement.in_force(as_of)).then(|| Problem::new("LG0409", what))
}

/// The first night of an agreement: kept for comparison, recorded, remembered.
async fn begin(
    deployment: &Deployment,
    (store, state): (&Store, &Path),
    standing: &Standing,
    as_of: Date,
) -> Result<()> {
    let folder = deployment.agreement_folder();
    snapshot::keep(&folder, state, &standing.digest).context("keeping a copy of the agreement")?;
    let agreement = &deployment.agreement;
    let reference = format!("{}, version {}", agreement.reference(), agreement.version());
    let name = format!("{}/{HOLDERS}", deployment.settings.folders.agreement);
    let keys = deployment.texts.get(&name).unwrap_or_default();
    // Recorded and remembered together: a night that is killed here begins the same way again.
    let mut tx = store.begin_decisions(as_of).await?;
    record_decision(&mut tx, &entry(deployment, as_of, "agreement-in-force", &reference)).await?;
    tx.remember(REMEMBERED, &format!("{}\n{keys}", standing.digest.hex())).await?;
    Ok(tx.commit().await?)
}

/// One line of the ledger about the agreement.
pub async fn record(
    deployment: &Deployment,
    store: &Store,
    as_of: Date,
    kind: &str,
    reference: &str,
) -> Result<()> {
    let mut tx = store.begin_decisions(as_of).await?;
    record_decision(&mut tx, &entry(deployment, as_of, kind, reference)).await?;
    Ok(tx.commit().await?)
}

fn entry<'a>(deployment: &Deployment, as_of: Date, kind: &'a str, reference: &'a str) -> DecisionEntry<'a> {
    DecisionEntry { as_of, kind, by: "holders", reference, subject: *deployment.agreement.digest() }
}
