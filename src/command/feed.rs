//! `lockgate feed list|test`: the feeds as they stand, and the examples inside their mappings.

use super::{Voice, reading_if_made};
use crate::cli::FeedCommand;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::report;
use crate::store::{FileRow, Store};
use anyhow::Result;
use lockgate_core::mapping::{Coverage, ExampleFailure, FeedKind, Mapping, Untouched};
use lockgate_core::problem::nearest;
use serde::Serialize;
use std::collections::BTreeMap;

/// Names of one kind that a text report shows before it counts the rest.
const SHOWN: usize = 4;

#[derive(Serialize)]
struct FeedJson<'a> {
    name: &'a str,
    title: &'a str,
    partner: &'a str,
    kind: &'static str,
    format: &'a str,
    place: &'a str,
    file: &'a str,
    mapping: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_file: Option<FileJson>,
}

#[derive(Serialize)]
struct FileJson {
    file: String,
    date: String,
    state: &'static str,
    rows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

#[derive(Serialize)]
struct TestJson<'a> {
    feed: &'a str,
    mapping: &'a str,
    examples: usize,
    failures: Vec<FailureJson<'a>>,
    coverage_per_cent: usize,
    coverage: Vec<PartJson>,
}

#[derive(Serialize)]
struct FailureJson<'a> {
    example: &'a str,
    line: Option<usize>,
    path: String,
    expected: &'a str,
    got: Option<&'a str>,
}

#[derive(Serialize)]
struct PartJson {
    part: &'static str,
    touched: usize,
    all: usize,
    untouched: Vec<String>,
}

/// Does what the group's word says.
pub(super) async fn feed(voice: Voice, deployment: &Deployment, what: FeedCommand) -> Result<Exit> {
    match what {
        FeedCommand::List => list(voice, deployment).await,
        FeedCommand::Test { name } => test(voice, deployment, name.as_deref()),
        FeedCommand::New(args) => super::feed_new::new(voice, deployment, &args),
        FeedCommand::Preview(args) => super::preview::feed_preview(voice, deployment, &args).await,
        FeedCommand::Diff { name } => super::preview::feed_diff(voice, deployment, &name).await,
        FeedCommand::Release { name, by, reason } => {
            super::repair::release(voice, deployment, &name, &by, &reason).await
        }
    }
}

const fn kind(mapping: &Mapping) -> &'static str {
    match mapping.kind() {
        FeedKind::Snapshot => "snapshot",
        FeedKind::Changes => "changes",
        FeedKind::Events => "events",
    }
}

/// The file of a feed that was decided about last: held ones wait, accepted ones are in.
async fn last_file(store: &Store, feed: &str) -> Result<Option<FileRow>> {
    let held = store.held_files().await?.into_iter().filter(|f| f.outcome.feed == feed);
    let all = store.last_accepted(feed).await?.into_iter().chain(held);
    Ok(all.max_by_key(|f| (f.outcome.data_date, f.id.0)))
}

fn file_json(file: FileRow) -> FileJson {
    FileJson {
        file: file.outcome.name_token,
        date: file.outcome.data_date.to_string(),
        state: file.state.word(),
        rows: file.outcome.counts.rows,
        code: file.outcome.reason,
    }
}

async fn list(voice: Voice, deployment: &Deployment) -> Result<Exit> {
    let mut last = BTreeMap::new();
    if let Some((store, _)) = reading_if_made(deployment).await? {
        for mapping in &deployment.mappings {
            last.insert(mapping.name(), last_file(&store, mapping.name()).await?.map(file_json));
        }
    }
    let mut feeds: Vec<FeedJson<'_>> = deployment
        .mappings
        .iter()
        .map(|m| FeedJson {
            name: m.name(),
            title: m.title(),
            partner: m.partner_key(),
            kind: kind(m),
            format: &m.source().format,
            place: &m.source().place,
            file: &m.source().file,
            mapping: m.file(),
            last_file: last.remove(m.name()).flatten(),
        })
        .collect();
    feeds.sort_by_key(|f| (f.partner, f.name));
    if voice.json {
        report::json(&feeds);
        return Ok(Exit::Done);
    }
    let line = |f: &FeedJson<'_>| {
        let (date, state) = match &f.last_file {
            Some(file) => (file.date.clone(), format!("{}, {} rows", file.state, file.rows)),
            None => ("none yet".into(), "-".into()),
        };
        let words = [f.name, f.partner, f.kind, f.format, f.file].map(String::from);
        words.into_iter().chain([date, state]).collect()
    };
    let lines: Vec<Vec<String>> = feeds.iter().map(line).collect();
    let head = ["feed", "partner", "kind", "format", "file", "last file of", "state"];
    report::line(&table(voice.plain, &head, &lines));
    Ok(Exit::Done)
}

fn test(voice: Voice, deployment: &Deployment, name: Option<&str>) -> Result<Exit> {
    let chosen: Vec<&Mapping> =
        deployment.mappings.iter().filter(|m| name.is_none_or(|n| n == m.name())).collect();
    if let (Some(name), true) = (name, chosen.is_empty()) {
        return Err(unknown_feed(deployment, name));
    }
    let results: Vec<(&Mapping, Vec<ExampleFailure>, Coverage)> =
        chosen.into_iter().map(|m| (m, m.run_examples(), m.coverage())).collect();
    let failed = results.iter().any(|(_, failures, _)| !failures.is_empty());
    if voice.json {
        let all: Vec<TestJson<'_>> = results.iter().map(|(m, f, c)| test_json(deployment, m, f, c)).collect();
        report::json(&all);
    } else {
        for (mapping, failures, coverage) in &results {
            if !voice.quiet || !failures.is_empty() {
                report::line(&test_text(deployment, mapping, failures, coverage, voice.quiet));
            }
        }
    }
    Ok(if failed { Exit::Problems } else { Exit::Done })
}

fn unknown_feed(deployment: &Deployment, name: &str) -> anyhow::Error {
    let near = nearest(name, deployment.mappings.iter().map(Mapping::name));
    let help = near.map_or_else(
        || "; `lockgate feed list` shows the feeds".to_owned(),
        |near| format!("; did you mean `{near}`?"),
    );
    Expected::new(Exit::Usage, format!("there is no feed `{name}`{help}"))
}

fn line_of(deployment: &Deployment, mapping: &Mapping, failure: &ExampleFailure) -> Option<usize> {
    deployment.texts.line_and_column(mapping.file(), failure.span.start).map(|at| at.0)
}

fn test_json<'a>(
    deployment: &Deployment,
    mapping: &'a Mapping,
    failures: &'a [ExampleFailure],
    coverage: &Coverage,
) -> TestJson<'a> {
    let failure = |f: &'a ExampleFailure| FailureJson {
        example: &f.title,
        line: line_of(deployment, mapping, f),
        path: f.path(),
        expected: &f.expected,
        got: f.actual.as_deref(),
    };
    let part = |kind: Untouched| {
        let (touched, all) = coverage.count(kind);
        let untouched = coverage.untouched(kind).map(Into::into).collect();
        PartJson { part: kind.word(), touched, all, untouched }
    };
    TestJson {
        feed: mapping.name(),
        mapping: mapping.file(),
        examples: mapping.example_count(),
        failures: failures.iter().map(failure).collect(),
        coverage_per_cent: coverage.per_cent(),
        coverage: Untouched::ALL.into_iter().map(part).collect(),
    }
}

/// One block per failed example, then what no example touches.
fn test_text(
    deployment: &Deployment,
    mapping: &Mapping,
    failures: &[ExampleFailure],
    coverage: &Coverage,
    quiet: bool,
) -> String {
    let mut lines = Vec::new();
    let failed: std::collections::BTreeSet<usize> = failures.iter().map(|f| f.span.start).collect();
    let (name, count) = (mapping.name(), mapping.example_count());
    lines.push(match failed.len() {
        0 => format!("{name}: {count} examples, all as they say"),
        some => format!("{name}: {count} examples, {some} failed"),
    });
    for start in &failed {
        let mut of_example = failures.iter().filter(|f| f.span.start == *start).peekable();
        if let Some(first) = of_example.peek() {
            let line = line_of(deployment, mapping, first).unwrap_or(1);
            lines.push(format!("  failed: {} ({}:{line})", first.title, mapping.file()));
        }
        for failure in of_example {
            let path = failure.path();
            let path = if path.is_empty() { "the row".to_owned() } else { path };
            lines.push(format!("    {path}: {}", failure.difference()));
        }
    }
    if !quiet {
        lines.push(format!("  the examples touch {}% of the mapping", coverage.per_cent()));
        lines.extend(Untouched::ALL.into_iter().filter_map(|kind| untouched(coverage, kind)));
    }
    lines.join("\n")
}

fn untouched(coverage: &Coverage, kind: Untouched) -> Option<String> {
    let (touched, all) = coverage.count(kind);
    if touched == all {
        return None;
    }
    let mut names: Vec<&str> = coverage.untouched(kind).take(SHOWN).collect();
    let more = format!("and {} more", all - touched - names.len());
    if all - touched > names.len() {
        names.push(&more);
    }
    Some(format!("    {}: {touched} of {all}; not touched: {}", kind.word(), names.join("; ")))
}
