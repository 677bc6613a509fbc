//! `lockgate history`: the runs, newest first.

use super::{Voice, reading};
use crate::config::Deployment;
use crate::exit::Exit;
use crate::night::Summary;
use crate::night::summary::table;
use crate::report;
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct RunJson {
    run: i64,
    as_of: String,
    started_at: String,
    finished_at: Option<String>,
    exit: Option<u8>,
    software: String,
    agreement: String,
    summary: Option<serde_json::Value>,
}

/// Prints the last runs.
pub(super) async fn history(voice: Voice, deployment: &Deployment, last: u32) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    let runs = store.runs(last).await?;
    if voice.json {
        let runs: Vec<RunJson> = runs
            .into_iter()
            .map(|r| RunJson {
                run: r.id.0,
                as_of: r.as_of.to_string(),
                started_at: r.started_at,
                finished_at: r.finished_at,
                exit: r.exit_code,
                software: r.software,
                agreement: r.agreement_digest.hex(),
                summary: r.summary.and_then(|s| serde_json::from_str(&s).ok()),
            })
            .collect();
        report::json(&runs);
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

/// What became of a run's files: how many were accepted, held, let in, read again for their refused rows.
fn files(summary: &str) -> String {
    let Ok(summary) = serde_json::from_str::<Summary>(summary) else { return String::new() };
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    let taken = summary.feeds.iter().filter(|f| f.date.is_some());
    taken.for_each(|f| *states.entry(f.state.as_str()).or_default() += 1);
    let each: Vec<String> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    if each.is_empty() { "nothing new".into() } else { each.join(", ") }
}
