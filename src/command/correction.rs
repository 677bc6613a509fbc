//! `lockgate correction open|list|show|stands`: from a notice to the last confirmation.

use super::register::{said, stopped};
use super::{Voice, reading};
use crate::cli::{CorrectionCommand, CorrectionListArgs, CorrectionOpenArgs, Signed};
use crate::config::Deployment;
use crate::correction::{Case, State, Told, cases};
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::register::Desk;
use crate::report;
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct CaseJson {
    pub(super) correction: i64,
    pub(super) state: &'static str,
    pub(super) open: bool,
    pub(super) field: String,
    pub(super) record: String,
    pub(super) originator: String,
    pub(super) opened_by: String,
    pub(super) opened_on: String,
    pub(super) reference: String,
    pub(super) originator_due_by: Option<String>,
    /// How the notice ended: the source was corrected or withdrew, or the record stands.
    pub(super) outcome: Option<String>,
    pub(super) overdue: bool,
    pub(super) told: Vec<ToldJson>,
}

#[derive(Serialize)]
pub(super) struct ToldJson {
    recipient: String,
    /// The bundle in which it got the wrong value last.
    had_in: String,
    /// The bundle that says otherwise.
    told_in: Option<String>,
    change: Option<&'static str>,
    /// Where that bundle stands.
    bundle: Option<&'static str>,
    confirmed: Option<bool>,
    on: Option<String>,
    by: Option<String>,
    /// The fingerprint of the key by which it signed its form.
    signed: Option<String>,
    due_by: Option<String>,
    overdue: bool,
}

impl CaseJson {
    /// Of those who had the wrong value: how many are told, how many have confirmed.
    pub(super) fn counts(&self) -> [usize; 2] {
        let told = self.told.iter().filter(|t| t.told_in.is_some()).count();
        [told, self.told.iter().filter(|t| t.confirmed == Some(true)).count()]
    }
}

/// Does what the words say.
pub(super) async fn correction(
    voice: Voice,
    deployment: &Deployment,
    what: &CorrectionCommand,
) -> Result<Exit> {
    match what {
        CorrectionCommand::Open(args) => open(voice, deployment, args).await,
        CorrectionCommand::List(args) => list(voice, deployment, args).await,
        CorrectionCommand::Show { number } => show(voice, deployment, *number).await,
        CorrectionCommand::Stands { number, signed } => stands(voice, deployment, *number, signed).await,
    }
}

async fn open(voice: Voice, deployment: &Deployment, args: &CorrectionOpenArgs) -> Result<Exit> {
    let desk = Desk::open(deployment, &args.signed).await?;
    let draft = match desk.in_order().await {
        Ok(()) => desk.notice(args).await,
        Err(stop) => Err(stop),
    };
    let draft = match draft {
        Ok(draft) => draft,
        Err(stop) => return stopped(voice, desk, stop, &format!("{args:?}")).await,
    };
    let id = desk.take_down(&draft).await?;
    desk.store.close().await?;
    said(voice, &[id.0], Vec::new(), "opened");
    Ok(Exit::Done)
}

async fn stands(voice: Voice, deployment: &Deployment, number: i64, signed: &Signed) -> Result<Exit> {
    let desk = Desk::open(deployment, signed).await?;
    let found = match desk.in_order().await {
        Ok(()) => desk.notice_of(number),
        Err(stop) => Err(stop),
    };
    let entry = match found {
        Ok(entry) => entry.clone(),
        Err(stop) => return stopped(voice, desk, stop, &format!("correction {number} stands")).await,
    };
    desk.stands(&entry).await?;
    desk.store.close().await?;
    said(voice, &[number], Vec::new(), "answered");
    Ok(Exit::Done)
}

async fn all(deployment: &Deployment, as_of: Option<Date>) -> Result<(Vec<Case>, Date)> {
    let (store, vault) = reading(deployment).await?;
    let last = store.runs(1).await?.first().map(|r| r.as_of);
    let day = as_of.or(last).context("there is no run yet")?;
    Ok((cases((deployment, &store, &vault), day).await?, day))
}

fn late(case: &Case, day: Date) -> bool {
    let owner = case.state == State::Owner && case.owner_due.is_some_and(|due| due < day);
    owner || case.told.iter().any(|t| t.overdue)
}

/// A correction as it is told.
pub(super) fn json(case: &Case, day: Date) -> CaseJson {
    let told = |t: &Told| ToldJson {
        recipient: t.recipient.clone(),
        had_in: t.had.clone(),
        told_in: t.told.as_ref().map(|(name, ..)| name.clone()),
        change: t.told.as_ref().map(|(_, change, _)| change.word()),
        bundle: t.told.as_ref().map(|(.., state)| state.word()),
        confirmed: t.answer.as_ref().map(|a| a.done),
        on: t.answer.as_ref().map(|a| a.on.to_string()),
        by: t.answer.as_ref().map(|a| a.author.clone()),
        signed: t.answer.as_ref().and_then(|a| a.signed.clone()),
        due_by: t.due_by.map(|d| d.to_string()),
        overdue: t.overdue,
    };
    CaseJson {
        correction: case.entry.id.0,
        state: case.state.word(),
        open: case.state.open(),
        field: case.correction.field.clone(),
        record: case.correction.record.clone(),
        originator: case.correction.owner.clone(),
        opened_by: case.entry.made.partner.clone(),
        opened_on: case.entry.made.since.to_string(),
        reference: case.entry.made.reference.clone(),
        originator_due_by: case.owner_due.map(|d| d.to_string()),
        outcome: case.entry.ended.as_ref().map(|e| e.reference.clone()),
        overdue: late(case, day),
        told: case.told.iter().map(told).collect(),
    }
}

async fn list(voice: Voice, deployment: &Deployment, args: &CorrectionListArgs) -> Result<Exit> {
    let (cases, day) = all(deployment, args.as_of).await?;
    let shown: Vec<CaseJson> = cases
        .iter()
        .filter(|c| args.all || c.state.open())
        .filter(|c| !args.overdue || late(c, day))
        .map(|c| json(c, day))
        .collect();
    let end = if shown.iter().any(|c| c.overdue) { Exit::Waiting } else { Exit::Done };
    if voice.json {
        report::json(&shown);
    } else if shown.is_empty() {
        report::line("no correction is open");
    } else {
        let head = ["number", "field", "originator", "opened", "state", "told", "confirmed", ""];
        let row = |c: &CaseJson| {
            let ([told, confirmed], of) = (c.counts(), c.told.len());
            vec![
                c.correction.to_string(),
                c.field.clone(),
                c.originator.clone(),
                c.opened_on.clone(),
                c.state.into(),
                format!("{told} of {of}"),
                format!("{confirmed} of {of}"),
                if c.overdue { "overdue".into() } else { String::new() },
            ]
        };
        report::line(&table(voice.plain, &head, &shown.iter().map(row).collect::<Vec<_>>()));
    }
    Ok(end)
}

async fn show(voice: Voice, deployment: &Deployment, number: i64) -> Result<Exit> {
    let (cases, day) = all(deployment, None).await?;
    let none = || {
        Expected::new(
            Exit::Usage,
            format!("there is no correction {number}; see `lockgate correction list --all`"),
        )
    };
    let case = cases.iter().find(|c| c.entry.id.0 == number).map(|c| json(c, day)).ok_or_else(none)?;
    if voice.json {
        report::json(&case);
        return Ok(Exit::Done);
    }
    report::line(&format!(
        "Correction {number}: {} of record {}, {}\n  opened on {} by {} ({}); its originator is {}",
        case.field, case.record, case.state, case.opened_on, case.opened_by, case.reference, case.originator
    ));
    match (&case.outcome, &case.originator_due_by) {
        (Some(outcome), _) => report::line(&format!("  {outcome}")),
        (None, Some(due)) => report::line(&format!("  its originator answers by {due}")),
        (None, None) => {}
    }
    if case.told.is_empty() {
        report::line("Nobody was told the value.");
        return Ok(Exit::Done);
    }
    let head = ["recipient", "had it in", "told otherwise in", "how", "confirmed", "due by", ""];
    let row = |t: &ToldJson| {
        let confirmed = match (t.confirmed, &t.on) {
            (Some(true), Some(on)) => format!("yes, {on}"),
            (Some(_), on) => format!("no, {}", on.as_deref().unwrap_or_default()),
            (None, _) => String::new(),
        };
        let told = match (&t.told_in, t.bundle) {
            (Some(name), Some("published") | None) => name.clone(),
            (Some(name), Some(state)) => format!("{name} ({state})"),
            (None, _) => "not yet".into(),
        };
        vec![
            t.recipient.clone(),
            t.had_in.clone(),
            told,
            t.change.unwrap_or_default().into(),
            confirmed,
            t.due_by.clone().unwrap_or_default(),
            if t.overdue { "overdue".into() } else { String::new() },
        ]
    };
    report::line(&table(voice.plain, &head, &case.told.iter().map(row).collect::<Vec<_>>()));
    Ok(Exit::Done)
}
