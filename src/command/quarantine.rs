//! `lockgate quarantine list|show`: places and reasons, never a value.

use super::{Voice, explain, reading, repair};
use crate::cli::QuarantineCommand;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::report;
use crate::store::{FileRow, QuarantineFilter, QuarantineId, QuarantineRow, QuarantineState};
use anyhow::Result;
use jiff::civil::Date;
use serde::Serialize;

#[derive(Serialize)]
struct RowJson {
    id: i64,
    feed: String,
    file: String,
    file_date: String,
    row: u64,
    column: Option<String>,
    code: String,
    reason: &'static str,
    state: &'static str,
    /// Days since the file's day, on the day of the last run.
    days: i32,
    /// Who looks after the feed.
    owner: String,
    decided_by: Option<String>,
    decided_at: Option<String>,
    reference: Option<String>,
    refused_in_run: i64,
    settled_in_run: Option<i64>,
}

#[derive(Serialize)]
struct HeldJson {
    feed: String,
    file: String,
    file_date: String,
    code: Option<String>,
    warnings: serde_json::Value,
}

#[derive(Serialize)]
struct ListJson {
    rows: Vec<RowJson>,
    held_files: Vec<HeldJson>,
}

/// One item, with the ledger's decisions about it.
#[derive(Serialize)]
struct ShownJson {
    #[serde(flatten)]
    row: RowJson,
    ledger: Vec<repair::Recorded>,
}

fn title(code: &str) -> &'static str {
    explain::codes().find(|c| c.code == code).map_or("", |c| c.title)
}

fn row_json(deployment: &Deployment, row: &QuarantineRow, today: Option<Date>) -> RowJson {
    let decision = row.decision.as_ref();
    RowJson {
        days: today.map_or(0, |today| repair::days(row.data_date, today)),
        owner: deployment.owner(&row.feed).to_owned(),
        decided_by: decision.map(|d| d.by.clone()),
        decided_at: decision.map(|d| d.at.clone()),
        reference: decision.map(|d| d.reference.clone()),
        refused_in_run: row.created_run.0,
        settled_in_run: row.settled_run.map(|r| r.0),
        id: row.id.0,
        feed: row.feed.clone(),
        file: row.name_token.clone(),
        file_date: row.data_date.to_string(),
        row: row.row,
        column: row.column.clone(),
        code: row.code.clone(),
        reason: title(&row.code),
        state: row.state.word(),
    }
}

fn held_json(file: &FileRow) -> HeldJson {
    HeldJson {
        feed: file.outcome.feed.clone(),
        file: file.outcome.name_token.clone(),
        file_date: file.outcome.data_date.to_string(),
        code: file.outcome.reason.clone(),
        warnings: serde_json::from_str(&file.outcome.warnings).unwrap_or_default(),
    }
}

/// Lists or shows what waits; ends 4 when something does.
pub(super) async fn quarantine(
    voice: Voice,
    deployment: &Deployment,
    what: &QuarantineCommand,
) -> Result<Exit> {
    match what {
        QuarantineCommand::List { feed, all } => list(voice, deployment, feed.as_deref(), *all).await,
        QuarantineCommand::Retry(args) => repair::retry(voice, deployment, args).await,
        QuarantineCommand::Discard(args) => repair::discard(voice, deployment, args).await,
        QuarantineCommand::Show { id } => show(voice, deployment, *id).await,
    }
}

async fn list(voice: Voice, deployment: &Deployment, feed: Option<&str>, all: bool) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    let today = store.runs(1).await?.first().map(|r| r.as_of);
    let items = store.quarantine(QuarantineFilter { feed, state: None }, u32::MAX).await?;
    let waiting = |state| matches!(state, QuarantineState::Open | QuarantineState::Asked);
    let shown = items.iter().filter(|i| all || waiting(i.state));
    let mut rows: Vec<RowJson> = shown.map(|i| row_json(deployment, i, today)).collect();
    rows.sort_by_key(|r| r.id);
    let open = items.iter().any(|i| waiting(i.state));
    let held = store.held_files().await?;
    let held: Vec<HeldJson> =
        held.iter().filter(|f| feed.is_none_or(|name| f.outcome.feed == name)).map(held_json).collect();
    let waits = open || !held.is_empty();
    if voice.json {
        report::json(&ListJson { rows, held_files: held });
    } else if rows.is_empty() && held.is_empty() {
        report::line("Nothing waits in quarantine");
    } else {
        let line = |r: &RowJson| {
            let column = r.column.clone().unwrap_or_else(|| "whole row".into());
            vec![
                r.id.to_string(),
                r.feed.clone(),
                r.file_date.clone(),
                r.row.to_string(),
                column,
                r.days.to_string(),
                r.owner.clone(),
                r.state.to_owned(),
                format!("{} {}", r.code, r.reason),
            ]
        };
        let lines: Vec<Vec<String>> = rows.iter().map(line).collect();
        if !lines.is_empty() {
            report::line(&table(
                voice.plain,
                &["id", "feed", "file of", "row", "column", "days", "owner", "state", "reason"],
                &lines,
            ));
        }
        for file in &held {
            let code = file.code.as_deref().unwrap_or("");
            report::line(&format!("held file: {} ({code} {})", file.file, title(code)));
        }
    }
    Ok(if waits { Exit::Waiting } else { Exit::Done })
}

async fn show(voice: Voice, deployment: &Deployment, id: i64) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    let Some(row) = store.quarantined(QuarantineId(id)).await? else {
        return Err(Expected::new(
            Exit::Usage,
            format!("there is no quarantine item {id}; see `lockgate quarantine list`"),
        ));
    };
    let today = store.runs(1).await?.first().map(|r| r.as_of);
    let ledger = repair::recorded(&store, &row).await?;
    let row = row_json(deployment, &row, today);
    if voice.json {
        report::json(&ShownJson { row, ledger });
        return Ok(Exit::Done);
    }
    let column = row.column.as_deref().map_or_else(|| "the whole row".into(), |c| format!("column `{c}`"));
    report::line(&format!(
        "Item {}: feed `{}`, file of {}, row {}, {column}",
        row.id, row.feed, row.file_date, row.row
    ));
    report::line(&format!("{} {} ({})", row.code, row.reason, row.state));
    report::line(&format!(
        "Refused in run {}, {} days ago; {} looks after it",
        row.refused_in_run, row.days, row.owner
    ));
    if let (Some(by), Some(at), Some(reference)) = (&row.decided_by, &row.decided_at, &row.reference) {
        report::line(&format!("Decided by {by} at {at}: {reference}"));
    }
    if let Some(run) = row.settled_in_run {
        report::line(&format!("Last looked at in run {run}"));
    }
    ledger.iter().for_each(|one| report::line(&one.text()));
    if let Some(doc) = explain::codes().find(|c| c.code == row.code) {
        report::line(&format!("\n{}", doc.explanation));
    }
    Ok(Exit::Done)
}
