//! What people decide about refused rows and held files: read again, let go, let in. Each decision goes into the ledger
//! with who, when and why, in the transaction that takes effect.

use super::Voice;
use crate::cli::{DecideArgs, RetryArgs};
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::again::Source;
use crate::report;
use crate::store::{Decision, FileRow, QuarantineFilter, QuarantineRow, QuarantineState, Store};
use crate::vault::{Archive, Vault};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{DecisionEntry, Entry};
use lockgate_core::mapping::{FeedKind, Outcome};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What was decided, or why not.
#[derive(Serialize)]
struct Line {
    id: i64,
    feed: String,
    row: u64,
    done: bool,
    why: String,
}

pub(crate) use crate::open::writing;

pub(crate) fn decision(by: &str, reference: &str) -> Result<Decision> {
    let (by, reference) = (by.trim(), reference.trim());
    let bad = |text: &str| text.is_empty() || text.len() > 200 || text.contains(char::is_control);
    if bad(by) || bad(reference) {
        let what = "who decides and why are one line each, of at most 200 characters";
        return Err(Expected::new(Exit::Usage, what));
    }
    Ok(Decision { by: by.into(), at: Timestamp::now().to_string(), reference: reference.into() })
}

/// The items that a command names; one that waits no more is an error before anything is done.
async fn chosen(store: &Store, ids: &[i64], feed: Option<&str>) -> Result<Vec<QuarantineRow>> {
    let mut items = Vec::new();
    for state in [QuarantineState::Open, QuarantineState::Asked] {
        items.extend(store.quarantine(QuarantineFilter { feed, state: Some(state) }, u32::MAX).await?);
    }
    items.sort_by_key(|i| i.id);
    if ids.is_empty() {
        return Ok(items);
    }
    let wanted: BTreeSet<i64> = ids.iter().copied().collect();
    items.retain(|i| wanted.contains(&i.id.0));
    let found: BTreeSet<i64> = items.iter().map(|i| i.id.0).collect();
    if let Some(missing) = wanted.difference(&found).next() {
        let what = format!("no item {missing} waits in quarantine; see `lockgate quarantine list`");
        return Err(Expected::new(Exit::Usage, what));
    }
    Ok(items)
}

/// What the ledger holds of an item: its file, row and code, as a digest.
fn subject(file: &FileRow, item: &QuarantineRow) -> Digest {
    Digest::of(&[&file.outcome.digest.0[..], &item.row.to_be_bytes(), item.code.as_bytes()].concat())
}

/// `quarantine retry`: tries the rows under the mapping in force; the next run takes those that map now.
pub(super) async fn retry(voice: Voice, deployment: &Deployment, args: &RetryArgs) -> Result<Exit> {
    if args.ids.is_empty() && args.feed.is_none() {
        return Err(Expected::new(
            Exit::Usage,
            "say which: item numbers, or `--feed NAME` for all of a feed",
        ));
    }
    let decision = decision(&args.by, &args.reason)?;
    let (store, vault) = writing(deployment).await?;
    let items = chosen(&store, &args.ids, args.feed.as_deref()).await?;
    let mut by_file: BTreeMap<i64, Vec<QuarantineRow>> = BTreeMap::new();
    for item in items {
        by_file.entry(item.file.0).or_default().push(item);
    }
    let mut lines = Vec::new();
    for items in by_file.into_values() {
        lines.extend(retry_file(deployment, &store, &vault, items, &decision).await?);
    }
    lines.sort_by_key(|l| l.id);
    store.close().await?;
    Ok(said(voice, &lines, "the next run takes it"))
}

async fn retry_file(
    deployment: &Deployment,
    store: &Store,
    vault: &Vault,
    mut items: Vec<QuarantineRow>,
    decision: &Decision,
) -> Result<Vec<Line>> {
    let id = items.first().context("a file without items")?.file;
    let file = store.file(id).await?.context("an item in quarantine is of no file")?;
    // All faults of a row are one question.
    let rows: BTreeSet<u64> = items.iter().map(|i| i.row).collect();
    for state in [QuarantineState::Open, QuarantineState::Asked] {
        let filter = QuarantineFilter { feed: Some(&file.outcome.feed), state: Some(state) };
        for other in store.quarantine(filter, u32::MAX).await? {
            if other.file == id && rows.contains(&other.row) && items.iter().all(|i| i.id != other.id) {
                items.push(other);
            }
        }
    }
    let faults = tried(deployment, store, vault, &file, &rows).await?;
    let mut tx = store.begin_decisions(file.outcome.data_date).await?;
    let (mut lines, mut asked) = (Vec::new(), Vec::new());
    for item in &items {
        let why = faults.get(&item.row).cloned().unwrap_or_else(|| Some("its row is not in the file".into()));
        if why.is_none() {
            tx.decide_quarantine(item.id, QuarantineState::Asked, decision).await?;
            asked.push(subject(&file, item));
        }
        lines.push(Line {
            id: item.id.0,
            feed: item.feed.clone(),
            row: item.row,
            done: why.is_none(),
            why: why.unwrap_or_default(),
        });
    }
    for subject in asked {
        let entry = entry("quarantine-retry", file.outcome.data_date, decision, subject);
        crate::night::publish::record_decision(&mut tx, &entry).await?;
    }
    tx.commit().await?;
    Ok(lines)
}

/// A decision about an item, as the ledger has it.
#[derive(Serialize)]
pub(super) struct Recorded {
    /// Its number in the ledger.
    entry: u64,
    as_of: String,
    kind: String,
    by: String,
    reference: String,
}

impl Recorded {
    /// One line for people.
    pub(super) fn text(&self) -> String {
        let Self { entry, as_of, kind, by, reference } = self;
        format!("Ledger entry {entry} of {as_of}: {kind} by {by}, {reference}")
    }
}

/// The ledger's decisions about an item.
pub(super) async fn recorded(store: &Store, item: &QuarantineRow) -> Result<Vec<Recorded>> {
    let Some(file) = store.file(item.file).await? else { return Ok(Vec::new()) };
    let subject = subject(&file, item);
    let (mut pages, mut out) = (store.ledger_entries(1), Vec::new());
    while let Some(page) = pages.next_page().await? {
        for row in &page {
            let Ok(Entry::Decision(one)) = Entry::decode(&row.entry) else { continue };
            if one.subject == subject {
                out.push(Recorded {
                    entry: row.seq,
                    as_of: one.as_of.to_string(),
                    kind: one.kind.into(),
                    by: one.by.into(),
                    reference: one.reference.into(),
                });
            }
        }
    }
    Ok(out)
}

pub(super) fn entry<'a>(
    kind: &'a str,
    as_of: jiff::civil::Date,
    decision: &'a Decision,
    subject: Digest,
) -> DecisionEntry<'a> {
    DecisionEntry { as_of, kind, by: &decision.by, reference: &decision.reference, subject }
}

/// Per row: why it is still refused; `None` when the mapping in force takes it or leaves it out.
async fn tried(
    deployment: &Deployment,
    store: &Store,
    vault: &Vault,
    file: &FileRow,
    rows: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, Option<String>>> {
    let all = |why: &str| rows.iter().map(|row| (*row, Some(why.to_owned()))).collect();
    let Some(feed) = deployment.mappings.iter().position(|m| m.name() == file.outcome.feed) else {
        return Ok(all("its feed is no longer configured"));
    };
    let mapping = deployment.mapping(feed)?;
    let last = store.last_accepted(mapping.name()).await?.map(|l| l.id);
    if mapping.kind() == FeedKind::Snapshot && last != Some(file.id) {
        return Ok(all("a newer full list was taken since, and is judged by itself"));
    }
    let archive = Archive::at(&deployment.state().join("archive"), vault)?;
    let keys = vault.keys(mapping.digest());
    let mut out = BTreeMap::new();
    let source = Source { deployment, archive: &archive, keys: &keys };
    source.each_row(
        feed,
        file,
        |row| rows.contains(&row),
        |_, row, judged| {
            let why = judged.and_then(|(outcome, _)| match outcome {
                Outcome::Refused(faults) => {
                    let codes: BTreeSet<&str> = faults.iter().map(|f| f.code).collect();
                    let codes: Vec<&str> = codes.into_iter().collect();
                    Some(format!("still refused: {}", codes.join(", ")))
                }
                Outcome::Mapped(_) | Outcome::Skipped => None,
            });
            if rows.contains(&row.number()) {
                out.insert(row.number(), why);
            }
        },
    )?;
    Ok(out)
}

/// `quarantine discard`: a person lets rows go, with a reason.
pub(super) async fn discard(voice: Voice, deployment: &Deployment, args: &DecideArgs) -> Result<Exit> {
    let decision = decision(&args.by, &args.reason)?;
    let (store, _) = writing(deployment).await?;
    let items = chosen(&store, &args.ids, None).await?;
    let mut lines = Vec::new();
    for item in &items {
        let file = store.file(item.file).await?.context("an item in quarantine is of no file")?;
        let mut tx = store.begin_decisions(item.data_date).await?;
        tx.decide_quarantine(item.id, QuarantineState::Discarded, &decision).await?;
        let entry = entry("quarantine-discard", item.data_date, &decision, subject(&file, item));
        crate::night::publish::record_decision(&mut tx, &entry).await?;
        tx.commit().await?;
        let why = String::new();
        lines.push(Line { id: item.id.0, feed: item.feed.clone(), row: item.row, done: true, why });
    }
    store.close().await?;
    Ok(said(voice, &lines, "discarded"))
}

#[derive(Serialize)]
struct ReleasedJson {
    file: String,
    held_for: Option<String>,
}

/// `feed release`: a person lets the held files of a feed in; the next run takes them.
pub(super) async fn release(
    voice: Voice,
    deployment: &Deployment,
    feed: &str,
    by: &str,
    reason: &str,
) -> Result<Exit> {
    let decision = decision(by, reason)?;
    let (store, _) = writing(deployment).await?;
    let held: Vec<FileRow> =
        store.held_files().await?.into_iter().filter(|f| f.outcome.feed == feed).collect();
    if held.is_empty() {
        return Err(Expected::new(Exit::Usage, format!("no file of feed `{feed}` is held")));
    }
    let mut lines = Vec::new();
    for file in &held {
        let mut tx = store.begin_decisions(file.outcome.data_date).await?;
        tx.release_file(file.id).await?;
        let subject = file.outcome.digest;
        let entry = entry("file-release", file.outcome.data_date, &decision, subject);
        crate::night::publish::record_decision(&mut tx, &entry).await?;
        tx.commit().await?;
        let (file, held_for) = (file.outcome.name_token.clone(), file.outcome.reason.clone());
        lines.push(ReleasedJson { file, held_for });
    }
    store.close().await?;
    if voice.json {
        report::json(&lines);
    } else {
        for line in &lines {
            let code = line.held_for.as_deref().unwrap_or("");
            report::line(&format!("{} (held for {code}): the next run takes it", line.file));
        }
    }
    Ok(Exit::Done)
}

fn said(voice: Voice, lines: &[Line], done: &str) -> Exit {
    if voice.json {
        report::json(&lines);
    } else if lines.is_empty() {
        report::line("Nothing waits in quarantine");
    } else {
        for line in lines {
            let what = if line.done { done } else { &line.why };
            report::line(&format!("item {}: feed `{}`, row {}: {what}", line.id, line.feed, line.row));
        }
    }
    if lines.iter().all(|l| l.done) { Exit::Done } else { Exit::Waiting }
}

/// Used by listings: how many days something has waited, on the day of the last run.
pub(super) fn days(since: jiff::civil::Date, today: jiff::civil::Date) -> i32 {
    today.since(since).map_or(0, |span| span.get_days()).max(0)
}
