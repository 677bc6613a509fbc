//! `lockgate partner list|suspend|resume`: who receives, and letting one receive nothing for now.

use super::register::{said, stopped};
use super::{Voice, reading};
use crate::cli::{PartnerCommand, Signed};
use crate::config::Deployment;
use crate::exit::Exit;
use crate::night::registers;
use crate::night::summary::table;
use crate::register::{Desk, Stop};
use crate::report;
use crate::store::{Body, Registered};
use anyhow::{Context as _, Result};
use lockgate_core::problem::Problem;
use serde::Serialize;

#[derive(Serialize)]
struct PartnerJson<'a> {
    partner: &'a str,
    name: &'a str,
    receives: bool,
    suspended: bool,
    /// Whether a post of `nominees.toml` is current.
    post: bool,
    /// Nominees of the register: current, and ever.
    nominees: usize,
    nominees_ever: usize,
    /// Entries of standing suspensions.
    suspensions: Vec<i64>,
}

/// Does what the words say.
pub(super) async fn partner(voice: Voice, deployment: &Deployment, what: &PartnerCommand) -> Result<Exit> {
    match what {
        PartnerCommand::List => list(voice, deployment).await,
        PartnerCommand::Suspend { partner, reason, signed } => {
            suspend(voice, deployment, partner, reason, signed).await
        }
        PartnerCommand::Resume { partner, signed } => resume(voice, deployment, partner, signed).await,
    }
}

fn suspends(entry: &Registered, partner: &str) -> bool {
    matches!(&entry.body, Body::Suspension(body) if body.suspended == partner)
}

async fn list(voice: Voice, deployment: &Deployment) -> Result<Exit> {
    let (store, vault) = reading(deployment).await?;
    let day = store.runs(1).await?.first().map(|r| r.as_of).context("there is no run yet")?;
    let all = store.registered().await?;
    let read = registers::read(&store, deployment, &vault, day).await?;
    let mut out = Vec::new();
    for (id, partner) in deployment.agreement.partners() {
        let nominees: Vec<&Registered> = all
            .iter()
            .filter(|e| matches!(e.body, Body::Nominee(_)) && e.made.partner == partner.key)
            .collect();
        let suspensions: Vec<i64> =
            all.iter().filter(|e| suspends(e, &partner.key) && e.holds(day)).map(|e| e.id.0).collect();
        out.push(PartnerJson {
            partner: &partner.key,
            name: &partner.name,
            receives: !read.closed.contains(&id),
            suspended: !suspensions.is_empty(),
            post: deployment.agreement.nominated(id, day).0,
            nominees: nominees.iter().filter(|e| e.holds(day)).count(),
            nominees_ever: nominees.len(),
            suspensions,
        });
    }
    if voice.json {
        report::json(&out);
    } else {
        let rows: Vec<Vec<String>> = out.iter().map(row).collect();
        report::line(&table(voice.plain, &["partner", "name", "receives", "nominees"], &rows));
    }
    Ok(Exit::Done)
}

fn row(one: &PartnerJson<'_>) -> Vec<String> {
    let receives = match (one.receives, one.suspended) {
        (true, _) => "yes",
        (false, true) => "no: suspended",
        (false, false) => "no: no current nominee",
    };
    let nominees = match (one.nominees_ever, one.post) {
        (0, true) => "the agreement's post".to_owned(),
        (0, false) => "no current post".to_owned(),
        (ever, _) => format!("{} of {ever} current", one.nominees),
    };
    vec![one.partner.into(), one.name.into(), receives.into(), nominees]
}

async fn suspend(
    voice: Voice,
    deployment: &Deployment,
    partner: &str,
    reason: &str,
    signed: &Signed,
) -> Result<Exit> {
    super::partner_of(deployment, partner)?;
    let desk = Desk::open(deployment, signed).await?;
    let draft = match desk.in_order().await {
        Ok(()) => desk.suspension(partner, reason),
        Err(stop) => Err(stop),
    };
    let draft = match draft {
        Ok(draft) => draft,
        Err(stop) => return stopped(voice, desk, stop, &format!("suspend {partner} {signed:?}")).await,
    };
    let id = desk.take_down(&draft).await?;
    desk.store.close().await?;
    said(voice, &[id.0], Vec::new(), "recorded");
    Ok(Exit::Done)
}

/// The suspensions of a partner that stand, all of which whoever decides may end.
fn standing(desk: &Desk<'_>, partner: &str) -> Result<Vec<Registered>, Stop> {
    let found: Vec<Registered> =
        desk.all.iter().filter(|e| suspends(e, partner) && e.holds(desk.day)).cloned().collect();
    if found.is_empty() {
        return Err(Stop::Refused(Problem::new("LG2107", format!("`{partner}` is not suspended"))));
    }
    found.iter().try_for_each(|entry| desk.may_end(entry))?;
    Ok(found)
}

async fn resume(voice: Voice, deployment: &Deployment, partner: &str, signed: &Signed) -> Result<Exit> {
    super::partner_of(deployment, partner)?;
    let desk = Desk::open(deployment, signed).await?;
    let found = match desk.in_order().await {
        Ok(()) => standing(&desk, partner),
        Err(stop) => Err(stop),
    };
    let found = match found {
        Ok(found) => found,
        Err(stop) => return stopped(voice, desk, stop, &format!("resume {partner} {signed:?}")).await,
    };
    for entry in &found {
        desk.end(entry, desk.day, None).await?;
    }
    desk.store.close().await?;
    let entries: Vec<i64> = found.iter().map(|e| e.id.0).collect();
    said(voice, &entries, Vec::new(), "ended");
    Ok(Exit::Done)
}
