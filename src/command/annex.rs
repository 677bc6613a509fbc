//! `lockgate agreement matrix` in all its forms, and `lockgate agreement clauses`.

use super::{Voice, agreement};
use crate::annex;
use crate::cli::{MatrixArgs, MatrixFormat};
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::report;
use anyhow::Result;
use lockgate_core::agreement::clauses::{Clause, ClauseState};
use serde::Serialize;
use std::io::Write as _;
use std::path::Path;

#[derive(Serialize)]
struct ClauseJson<'a> {
    clause: &'a str,
    state: ClauseState,
    asks: &'a str,
    by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<&'a str>,
    tests: &'a [String],
}

fn json(clause: &Clause) -> ClauseJson<'_> {
    ClauseJson {
        clause: &clause.number,
        state: clause.state,
        asks: &clause.asks,
        by: &clause.by,
        left: clause.left.as_deref(),
        tests: &clause.tests,
    }
}

/// What the software does about each clause.
pub(super) fn clauses(voice: Voice, deployment: &Deployment) {
    if voice.json {
        return report::json(&deployment.clauses.iter().map(json).collect::<Vec<_>>());
    }
    let row = |c: &Clause| {
        let tests = if c.tests.is_empty() { "-".to_owned() } else { c.tests.len().to_string() };
        let left = c.left.clone().unwrap_or_else(|| "-".into());
        vec![c.number.clone(), c.state.word().to_owned(), c.asks.clone(), c.by.clone(), left, tests]
    };
    let rows: Vec<Vec<String>> = deployment.clauses.iter().map(row).collect();
    let heads =
        ["clause", "state", "asks", "what the software does", "left to people, or not built yet", "tests"];
    report::line(&table(voice.plain, &heads, &rows));
    let count = |state| deployment.clauses.iter().filter(|c| c.state == state).count();
    let states = [
        ClauseState::Enforced,
        ClauseState::Recorded,
        ClauseState::Reminded,
        ClauseState::Reported,
        ClauseState::Outside,
    ];
    let counts: Vec<String> = states.iter().map(|s| format!("{} {}", count(*s), s.word())).collect();
    report::line(&format!("{} clauses: {}", deployment.clauses.len(), counts.join(", ")));
}

/// The whole table, in the form that was asked for.
pub(super) fn matrix(voice: Voice, deployment: &Deployment, args: &MatrixArgs) -> Result<Exit> {
    let format = args.format.or_else(|| ending(args.out.as_deref()?)).unwrap_or(MatrixFormat::Text);
    let bytes = match format {
        MatrixFormat::Text if args.out.is_none() => {
            agreement::matrix(voice, deployment);
            return Ok(Exit::Done);
        }
        MatrixFormat::Text => deployment.agreement.matrix(&deployment.schema).into_bytes(),
        MatrixFormat::Html => annex::html(&annex::annex(deployment))?.into_bytes(),
        MatrixFormat::Csv => annex::csv(&annex::annex(deployment))?,
        MatrixFormat::Svg => annex::svg(deployment)?.into_bytes(),
        MatrixFormat::Xlsx if args.out.is_none() => {
            return Err(Expected::new(Exit::Usage, "a workbook goes into a file: add `--out annex.xlsx`"));
        }
        MatrixFormat::Xlsx => {
            let day = deployment.agreement.term().from.unwrap_or(jiff::civil::Date::MIN);
            annex::xlsx(&annex::annex(deployment), day)?
        }
    };
    let Some(path) = &args.out else {
        std::io::stdout().lock().write_all(&bytes)?;
        return Ok(Exit::Done);
    };
    std::fs::write(path, &bytes).map_err(|e| {
        Expected::new(Exit::Usage, format!("`{}` cannot be written: {}", path.display(), e.kind()))
    })?;
    if voice.json {
        report::json(&serde_json::json!({ "file": path, "bytes": bytes.len() }));
    } else if !voice.quiet {
        report::line(&format!("{} written: {} bytes", path.display(), bytes.len()));
    }
    Ok(Exit::Done)
}

/// The form that a file's ending asks for.
fn ending(path: &Path) -> Option<MatrixFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "txt" => Some(MatrixFormat::Text),
        "html" | "htm" => Some(MatrixFormat::Html),
        "csv" => Some(MatrixFormat::Csv),
        "xlsx" => Some(MatrixFormat::Xlsx),
        "svg" => Some(MatrixFormat::Svg),
        _ => None,
    }
}
