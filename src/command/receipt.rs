//! `lockgate receipt import|list`: what recipients answer, and what is still open.

use super::{Voice, partner_of, reading, writing};
use crate::cli::{ReceiptCommand, ReceiptListArgs};
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::receipt::{Form, MOST, standings, take};
use crate::report::{self, Severity};
use crate::seal::ACK_SIGNATURE_BYTES;
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::Serialize;
use std::io::Read as _;
use std::path::Path;

#[derive(Serialize)]
struct TakenJson {
    taken: u64,
    known: u64,
    open: u64,
    refused: Vec<RefusedJson>,
    /// The fingerprint of the key by which the form was signed.
    signed: Option<String>,
}

#[derive(Serialize)]
struct RefusedJson {
    code: &'static str,
    what: String,
}

#[derive(Serialize)]
struct StandingJson {
    recipient: String,
    bundle: String,
    as_of: String,
    state: &'static str,
    asked: u64,
    done: u64,
    refused: u64,
    /// Lines of which the last answer came in a signed form.
    signed: u64,
    due_by: Option<String>,
    overdue: bool,
}

/// Does what the words say.
pub(super) async fn receipt(voice: Voice, deployment: &Deployment, what: &ReceiptCommand) -> Result<Exit> {
    match what {
        ReceiptCommand::Import { file, from, signature } => {
            import(voice, deployment, (file, signature.as_deref()), from).await
        }
        ReceiptCommand::List(args) => list(voice, deployment, args).await,
    }
}

/// Takes a form; ends 3 when something of it was refused.
async fn import(
    voice: Voice,
    deployment: &Deployment,
    (file, signature): (&Path, Option<&Path>),
    from: &str,
) -> Result<Exit> {
    let partner = partner_of(deployment, from)?;
    let bytes = bounded(file, MOST)?;
    let mut beside = file.as_os_str().to_owned();
    beside.push(".sig");
    let beside = Path::new(&beside);
    let signature = signature.or_else(|| beside.exists().then_some(beside));
    let signature = signature.map(|s| bounded(s, ACK_SIGNATURE_BYTES)).transpose()?;
    let (store, vault) = writing(deployment).await?;
    let day = store.runs(1).await?.first().map(|r| r.as_of).context("there is no run yet")?;
    let today = Timestamp::now().to_zoned_datetime(deployment.zone.clone()).date();
    let form = Form { bytes: &bytes, signature: signature.as_deref() };
    let outcome = take(deployment, (&store, &vault), partner, form, (day, today.max(day))).await?;
    store.close().await?;
    let end = if outcome.refused.is_empty() { Exit::Done } else { Exit::Problems };
    if voice.json {
        let refused = outcome.refused.into_iter().map(|p| RefusedJson { code: p.code, what: p.what });
        let (taken, known, open) = (outcome.taken, outcome.known, outcome.open);
        let signed = outcome.signed;
        report::json(&TakenJson { taken, known, open, refused: refused.collect(), signed });
        return Ok(end);
    }
    report::print(&outcome.refused, Severity::Error, &deployment.texts, voice.style());
    if !voice.quiet {
        report::line(&format!(
            "{} answers taken down, {} known already, {} lines not answered yet, {} refused",
            outcome.taken,
            outcome.known,
            outcome.open,
            outcome.refused.len()
        ));
        match &outcome.signed {
            _ if outcome.whole().is_some() => {}
            Some(key) => report::line(&format!("the form is signed with {key}")),
            None => report::line("the form is not signed"),
        }
    }
    Ok(end)
}

/// A file's bytes, one more than it may have at the most.
fn bounded(file: &Path, most: usize) -> Result<Vec<u8>> {
    let unread =
        |e: std::io::Error| Expected::new(Exit::Usage, format!("{} cannot be read: {e}", file.display()));
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(unread)?;
    opened.take(most as u64 + 1).read_to_end(&mut bytes).map_err(unread)?;
    Ok(bytes)
}

/// Lists bundles and how far they are answered; ends 4 when an answer is overdue.
async fn list(voice: Voice, deployment: &Deployment, args: &ReceiptListArgs) -> Result<Exit> {
    if let Some(recipient) = &args.recipient {
        partner_of(deployment, recipient)?;
    }
    let (store, _) = reading(deployment).await?;
    let last = store.runs(1).await?.first().map(|r| r.as_of);
    let day = args.as_of.or(last).context("there is no run yet")?;
    let all = standings(deployment, &store).await?.into_iter();
    let shown: Vec<StandingJson> = all
        .filter(|s| args.recipient.as_ref().is_none_or(|r| *r == s.recipient))
        .filter(|s| !args.overdue || s.overdue(day))
        .map(|s| StandingJson {
            state: s.word(),
            overdue: s.overdue(day),
            asked: s.progress.asked,
            done: s.progress.done,
            refused: s.progress.refused,
            signed: s.progress.signed,
            due_by: s.due_by.map(|d| d.to_string()),
            as_of: s.bundle.bundle.as_of.to_string(),
            bundle: s.bundle.bundle.name,
            recipient: s.recipient,
        })
        .collect();
    let end = if shown.iter().any(|s| s.overdue) { Exit::Waiting } else { Exit::Done };
    if voice.json {
        report::json(&shown);
    } else if shown.is_empty() {
        report::line("nothing is open");
    } else {
        let head = ["recipient", "bundle", "state", "asked", "done", "refused", "signed", "due by", ""];
        let row = |s: &StandingJson| {
            let late = if s.overdue { "overdue" } else { "" };
            let due = s.due_by.clone().unwrap_or_default();
            let count = [s.asked, s.done, s.refused, s.signed].map(|n| n.to_string());
            let [asked, done, refused, signed] = count;
            vec![
                s.recipient.clone(),
                s.bundle.clone(),
                s.state.into(),
                asked,
                done,
                refused,
                signed,
                due,
                late.into(),
            ]
        };
        report::line(&table(voice.plain, &head, &shown.iter().map(row).collect::<Vec<_>>()));
    }
    Ok(end)
}
