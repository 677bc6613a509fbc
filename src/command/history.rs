//! `lockgate history`: the runs, newest first, or one of them as a page.

use super::{Voice, reading, run_page};
use crate::cli::HistoryArgs;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::Summary;
use crate::night::summary::table;
use crate::report;
use crate::store::{RunRow, Store};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A run as `--json` shows it.
#[derive(Serialize)]
pub(super) struct RunJson {
    run: i64,
    as_of: String,
    started_at: String,
    finished_at: Option<String>,
    exit: Option<u8>,
    software: String,
    agreement: String,
    summary: Option<serde_json::Value>,
}

impl From<RunRow> for RunJson {
    fn from(row: RunRow) -> Self {
        Self {
            run: row.id.0,
            as_of: row.as_of.to_string(),
            started_at: row.started_at,
            finished_at: row.finished_at,
            exit: row.exit_code,
            software: row.software,
            agreement: row.agreement_digest.hex(),
            summary: row.summary.and_then(|text| serde_json::from_str(&text).ok()),
        }
    }
}

/// Prints the last runs, or writes the page of one.
pub(super) async fn history(voice: Voice, deployment: &Deployment, args: &HistoryArgs) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    if let Some(path) = &args.html {
        return page(voice, deployment, &store, args.run, path).await;
    }
    let runs = store.runs(args.last).await?;
    if voice.json {
        report::json(&runs.into_iter().map(RunJson::from).collect::<Vec<_>>());
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = runs
        .into_iter()
        .map(|r| {
            let ended = r.exit_code.map_or_else(|| "did not finish".to_owned(), |e| e.to_string());
            let finished = r.finished_at.unwrap_or_else(|| "-".into());
            let files = r.summary.as_deref().map_or_else(String::new, files);
            vec![r.id.0.to_string(), r.as_of.to_string(), r.started_at, finished, ended, files, r.software]
        })
        .collect();
    report::line(&table(
        voice.plain,
        &["run", "as of", "started", "finished", "exit", "files", "software"],
        &rows,
    ));
    Ok(Exit::Done)
}

/// Writes the page of the newest run, or of the one of that number.
async fn page(
    voice: Voice,
    deployment: &Deployment,
    store: &Store,
    wanted: Option<i64>,
    path: &Path,
) -> Result<Exit> {
    let runs = store.runs(wanted.map_or(1, |_| u32::MAX)).await?;
    let run = runs.into_iter().find(|run| wanted.is_none_or(|number| run.id.0 == number));
    let none = || match wanted {
        Some(number) => format!("there is no run {number}: `lockgate history` lists them"),
        None => "there was no run yet".into(),
    };
    let run = run.ok_or_else(|| Expected::new(Exit::Usage, none()))?;
    let text = run_page::page(deployment.agreement.slug(), &run);
    std::fs::write(path, text).map_err(|e| {
        Expected::new(Exit::Usage, format!("`{}` cannot be written: {}", path.display(), e.kind()))
    })?;
    if voice.json {
        report::json(&serde_json::json!({ "file": path, "run": run.id.0 }));
    } else if !voice.quiet {
        report::line(&format!("{} written: run {} of {}", path.display(), run.id.0, run.as_of));
    }
    Ok(Exit::Done)
}

/// What became of a run's files: how many were accepted, held, let in, read again for their refused rows.
fn files(summary: &str) -> String {
    let Ok(summary) = serde_json::from_str::<Summary>(summary) else { return String::new() };
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    let taken = summary.feeds.iter().filter(|f| f.date.is_some());
    taken.for_each(|f| *states.entry(f.state.as_str()).or_default() += 1);
    let each: Vec<String> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    if each.is_empty() { "nothing new".into() } else { each.join(", ") }
}
