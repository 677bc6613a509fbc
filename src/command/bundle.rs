//! `lockgate bundle list|show`: what was made, from the store and from what was kept of it.

use super::{Voice, agreement, reading};
use crate::cli::BundleCommand;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::report;
use crate::seal::{Facts, MANIFEST, SEALED_ENDING, kept_folder, read_facts};
use crate::store::BundleRow;
use anyhow::{Context as _, Result};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
struct BundleJson {
    name: String,
    recipient: String,
    kind: String,
    sequence: u64,
    as_of: String,
    counts: serde_json::Value,
    manifest_digest: String,
    state: &'static str,
}

fn bundle_json(deployment: &Deployment, row: &BundleRow) -> BundleJson {
    let bundle = &row.bundle;
    BundleJson {
        name: bundle.name.clone(),
        recipient: recipient(deployment, row),
        kind: bundle.kind.clone(),
        sequence: bundle.sequence,
        as_of: bundle.as_of.to_string(),
        counts: serde_json::from_str(&bundle.counts).unwrap_or_default(),
        manifest_digest: bundle.manifest_digest.hex(),
        state: bundle.state.word(),
    }
}

fn recipient(deployment: &Deployment, row: &BundleRow) -> String {
    let partner = row.recipient.and_then(|id| deployment.agreement.get(id));
    partner.map_or_else(|| "a former partner".into(), |p| p.key.clone())
}

/// Lists or shows bundles.
pub(super) async fn bundle(voice: Voice, deployment: &Deployment, what: &BundleCommand) -> Result<Exit> {
    match what {
        BundleCommand::List { recipient } => list(voice, deployment, recipient.as_deref()).await,
        BundleCommand::Show { name } => show(voice, deployment, name).await,
        BundleCommand::Deliver { now } => super::deliver::deliver(voice, deployment, *now).await,
        BundleCommand::Resend(args) => super::deliver::resend(voice, deployment, args).await,
        BundleCommand::Withdraw(args) => super::deliver::withdraw(voice, deployment, args).await,
        // These need no deployment: they are done before one is loaded.
        BundleCommand::Verify(args) => super::open::verify(voice, args),
        BundleCommand::Open(args) => super::open::open(voice, args),
    }
}

async fn list(voice: Voice, deployment: &Deployment, recipient: Option<&str>) -> Result<Exit> {
    let id = recipient.map(|key| agreement::partner(deployment, key)).transpose()?;
    let (store, _) = reading(deployment).await?;
    let rows = store.bundles(id, u32::MAX).await?;
    let all: Vec<BundleJson> = rows.iter().map(|r| bundle_json(deployment, r)).collect();
    if voice.json {
        report::json(&all);
        return Ok(Exit::Done);
    }
    let line = |b: &BundleJson| {
        let total = |change: &str| -> u64 {
            let tables = b.counts.as_object();
            tables.map_or(0, |t| t.values().filter_map(|c| c.get(change)?.as_u64()).sum())
        };
        let mut cells = vec![b.name.clone(), b.recipient.clone(), b.kind.clone(), b.as_of.clone()];
        cells.extend(["new", "correction", "withdrawal", "current"].map(|c| total(c).to_string()));
        cells.push(b.state.to_owned());
        cells
    };
    let head =
        ["name", "recipient", "kind", "as of", "new", "corrections", "withdrawals", "current", "state"];
    report::line(&table(voice.plain, &head, &all.iter().map(line).collect::<Vec<_>>()));
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct ShowJson {
    #[serde(flatten)]
    bundle: BundleJson,
    /// Where the recipient finds it: a sealed file, or a plain folder.
    place: PathBuf,
    /// The sealed file's size and digest; `null` for a plain folder.
    sealed: Option<Facts>,
    manifest: serde_json::Value,
}

/// What is kept of a bundle: the manifest's bytes, where its recipient finds it, and the facts of its seal.
pub(super) struct Kept {
    pub(super) manifest: Vec<u8>,
    pub(super) place: PathBuf,
    pub(super) sealed: Option<Facts>,
}

/// Finds the manifest of a bundle: of a sealed one in the outbox, of a plain one in its folder.
pub(super) fn kept(deployment: &Deployment, row: &BundleRow) -> std::io::Result<Kept> {
    let (recipient, name) = (recipient(deployment, row), &row.bundle.name);
    let door = deployment.settings.bundles.folder.join(&recipient);
    let outbox = kept_folder(&deployment.state().join("outbox"), &recipient, name);
    if let Ok(manifest) = std::fs::read(outbox.join(MANIFEST)) {
        let place = door.join(format!("{name}{SEALED_ENDING}"));
        return Ok(Kept { manifest, place, sealed: read_facts(&outbox) });
    }
    let place = door.join(name);
    let manifest = std::fs::read(deployment.root.join(&place).join(MANIFEST))?;
    Ok(Kept { manifest, place, sealed: None })
}

async fn show(voice: Voice, deployment: &Deployment, name: &str) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    let Some(row) = store.bundle(name).await? else {
        return Err(Expected::new(
            Exit::Usage,
            format!("there is no bundle `{name}`; see `lockgate bundle list`"),
        ));
    };
    let Kept { manifest, place, sealed } = kept(deployment, &row)
        .with_context(|| format!("nothing is kept of the bundle `{name}`, neither sealed nor plain"))?;
    if lockgate_core::hash::Digest::of(&manifest) != row.bundle.manifest_digest {
        return Err(Expected::new(
            Exit::Integrity,
            format!("the manifest of `{name}` is not the one that was recorded"),
        ));
    }
    let manifest: serde_json::Value =
        serde_json::from_slice(&manifest).context("the manifest does not read")?;
    let bundle = bundle_json(deployment, &row);
    if voice.json {
        report::json(&ShowJson { bundle, place, sealed, manifest });
        return Ok(Exit::Done);
    }
    report::line(&format!(
        "{name}\n  for {}, {}, day {}, {}",
        bundle.recipient, bundle.kind, bundle.as_of, bundle.state
    ));
    report::line(&format!("  at {}\n  manifest sha256 {}", place.display(), bundle.manifest_digest));
    match &sealed {
        Some(f) => report::line(&format!("  sealed: {} bytes, sha256 {}\n", f.bytes, f.sha256)),
        None => report::line("  plain: neither signed nor encrypted\n"),
    }
    let text = |v: Option<&serde_json::Value>| match v {
        Some(serde_json::Value::String(s)) => s.clone(),
        Some(serde_json::Value::Array(parts)) => format!("{} parts", parts.len()),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let file = |r: &serde_json::Value| vec![text(r.get("path")), text(r.get("bytes")), text(r.get("hash"))];
    let files: Vec<Vec<String>> = manifest
        .get("resources")
        .and_then(|r| r.as_array())
        .map(|r| r.iter().map(file).collect())
        .unwrap_or_default();
    report::line(&table(voice.plain, &["file", "bytes", "hash"], &files));
    Ok(Exit::Done)
}
