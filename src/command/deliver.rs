//! `lockgate bundle deliver|resend|withdraw`: what waits, what is wanted once more, what shall not leave.

use super::{Voice, repair};
use crate::cli::BundleDecisionArgs;
use crate::config::Deployment;
use crate::deliver::bring::{Brought, bring, doors, last};
use crate::deliver::outbox::Standing;
use crate::deliver::{Door, collected, stop};
use crate::exit::{Exit, Expected};
use crate::night::publish::{Committed, record_decision};
use crate::night::registers;
use crate::night::summary::table;
use crate::report::{self, Severity};
use crate::seal::{SEALED_ENDING, kept_folder};
use crate::store::{BundleRow, BundleState, Step, Store, Taken};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use lockgate_core::agreement::PartnerId;
use lockgate_core::ledger::Prepared;
use lockgate_core::problem::Problem;
use serde::Serialize;

#[derive(Serialize)]
struct StandingJson<'a> {
    recipient: &'a str,
    sent: &'a [String],
    waiting: u64,
    to_fetch: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

/// Brings what waits.
pub(super) async fn deliver(voice: Voice, deployment: &Deployment, now: bool) -> Result<Exit> {
    let Brought { noted, undecided, standings } = bring(deployment, now).await?;
    report::print(&noted, Severity::Warning, &deployment.texts, voice.style());
    if let Some(problem) = undecided {
        report::print(&[problem], Severity::Warning, &deployment.texts, voice.style());
        return Ok(Exit::Temporary);
    }
    let failing = standings.iter().any(|s| s.problem.is_some());
    show(voice, deployment, standings);
    Ok(if failing { Exit::Partial } else { Exit::Done })
}

fn show(voice: Voice, deployment: &Deployment, standings: Vec<Standing>) {
    if voice.json {
        let one = |s: &'_ Standing| -> serde_json::Value {
            let json = StandingJson {
                recipient: &s.recipient,
                sent: &s.sent,
                waiting: s.waiting,
                to_fetch: s.to_fetch,
                code: s.problem.as_ref().map(|p| p.code),
                problem: s.problem.as_ref().map(|p| p.what.as_str()),
            };
            serde_json::to_value(json).unwrap_or_default()
        };
        report::json(&standings.iter().map(one).collect::<Vec<_>>());
        return;
    }
    if standings.is_empty() {
        if !voice.quiet {
            report::line("Nothing waits");
        }
        return;
    }
    let row = |s: &Standing| {
        let counts = [s.sent.len() as u64, s.waiting, s.to_fetch].map(|n| n.to_string());
        [vec![s.recipient.clone()], counts.to_vec()].concat()
    };
    if !voice.quiet {
        let head = ["recipient", "sent", "wait", "to be fetched"];
        report::line(&table(voice.plain, &head, &standings.iter().map(row).collect::<Vec<_>>()));
    }
    let problems: Vec<Problem> = standings.into_iter().filter_map(|s| s.problem).collect();
    report::print(&problems, Severity::Error, &deployment.texts, voice.style());
}

/// Puts the bytes of a bundle at its door once more.
pub(super) async fn resend(voice: Voice, deployment: &Deployment, args: &BundleDecisionArgs) -> Result<Exit> {
    let decision = repair::decision(&args.by, &args.reason)?;
    let (store, vault) = repair::writing(deployment).await?;
    let run = last(&store).await?;
    let (row, recipient) = found(&store, &args.name).await?;
    let refused = |what: String| Expected::new(Exit::Refused, what);
    if row.bundle.state != BundleState::Published {
        let what = format!("`{}` was never sent ({})", args.name, row.bundle.state.word());
        return Err(refused(format!("{what}; `lockgate bundle deliver` brings what waits")));
    }
    let partner = deployment.agreement.get(recipient).context("a recipient is not in the agreement")?;
    let closed = registers::read(&store, deployment, &vault, run.as_of).await?.closed;
    if closed.contains(&recipient) {
        return Err(refused(format!("`{}` receives nothing for now", partner.key)));
    }
    // Corrections of it may have left since: the recipient applies bundles in their order, and this one again first.
    let doors = doors(deployment, &run)?;
    let kept = kept_folder(&deployment.state().join("outbox"), &partner.key, &row.bundle.name);
    if !kept.join(format!("{}{SEALED_ENDING}", row.bundle.name)).is_file() {
        let what = "is not kept any more: its recipient had confirmed it, or it left as a plain folder";
        return Err(refused(format!("`{}` {what}", args.name)));
    }
    let prepared = Prepared::new(row.bundle.name.clone(), row.bundle.manifest_digest);
    let outgoing = prepared.release(&mut Committed).await?;
    let sealed =
        doors.seal(&outgoing, &partner.key)?.context("plain bundles are not kept: copy the folder")?;
    let door = Door::of(deployment, &partner.key, &doors.published).map_err(|f| unusable(&f))?;
    let word = door.word();
    tokio::task::spawn_blocking(move || door.put(&sealed, &|| Ok(())))
        .await
        .context("bringing a bundle stopped")?
        .map_err(|fault| unusable(&fault))?;
    let mut tx = store.begin_decisions(run.as_of).await?;
    let taken = Taken { step: Step::Again, at: Timestamp::now().to_string(), actor: decision.by.clone() };
    tx.put_step(row.id, &taken).await?;
    let entry = repair::entry("bundle-resent", run.as_of, &decision, row.bundle.manifest_digest);
    record_decision(&mut tx, &entry).await?;
    tx.commit().await?;
    store.close().await?;
    if !voice.quiet {
        report::line(&format!("`{}` is at the {word} of `{}` again, the same bytes", args.name, partner.key));
    }
    Ok(Exit::Done)
}

fn unusable(fault: &crate::deliver::DoorError) -> anyhow::Error {
    Expected::new(Exit::Temporary, format!("{} ({})", fault.what, fault.code))
}

/// Stops a bundle that was not sent, and those behind it.
pub(super) async fn withdraw(
    voice: Voice,
    deployment: &Deployment,
    args: &BundleDecisionArgs,
) -> Result<Exit> {
    let decision = repair::decision(&args.by, &args.reason)?;
    let (store, _) = repair::writing(deployment).await?;
    let run = last(&store).await?;
    // What was fetched is sent, though no night has heard of it yet.
    let noted = collected::take(deployment, &store, &deployment.state(), run.as_of).await?;
    report::print(&noted, Severity::Warning, &deployment.texts, voice.style());
    let (row, recipient) = found(&store, &args.name).await?;
    if row.bundle.state != BundleState::Sealed {
        let what = match row.bundle.state {
            BundleState::Stopped => "was stopped already",
            BundleState::Published => "was sent and cannot be called back: open a correction",
            _ => "is not sealed yet: run the night again first",
        };
        return Err(Expected::new(Exit::Refused, format!("`{}` {what}", args.name)));
    }
    let why = stop::Why { day: run.as_of, by: &decision.by, reference: &decision.reference };
    let rows = stop::from(deployment, &store, recipient, row.bundle.sequence, &why).await?;
    store.close().await?;
    if !voice.quiet {
        let names: Vec<&str> = rows.iter().map(|r| r.bundle.name.as_str()).collect();
        report::line(&format!("stopped: {}; the next night sends a snapshot", names.join(", ")));
    }
    Ok(Exit::Done)
}

async fn found(store: &Store, name: &str) -> Result<(BundleRow, PartnerId)> {
    let none =
        || Expected::new(Exit::Usage, format!("there is no bundle `{name}`; see `lockgate bundle list`"));
    let row = store.bundle(name).await?.ok_or_else(none)?;
    let recipient = row.recipient.ok_or_else(|| Expected::new(Exit::Usage, "it is of a former partner"))?;
    Ok((row, recipient))
}
