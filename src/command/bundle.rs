//! `lockgate bundle list|show`.

use super::{Voice, agreement, reading};
use crate::cli::BundleCommand;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::report;
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
    folder: PathBuf,
    manifest: serde_json::Value,
}

async fn show(voice: Voice, deployment: &Deployment, name: &str) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    let Some(row) = store.bundle(name).await? else {
        return Err(Expected::new(
            Exit::Usage,
            format!("there is no bundle `{name}`; see `lockgate bundle list`"),
        ));
    };
    let folder = deployment.settings.bundles.folder.join(recipient(deployment, &row)).join(name);
    let text = std::fs::read(deployment.root.join(&folder).join("datapackage.json"))
        .with_context(|| format!("the bundle's folder `{}` cannot be read", folder.display()))?;
    if lockgate_core::hash::Digest::of(&text) != row.bundle.manifest_digest {
        return Err(Expected::new(
            Exit::Integrity,
            format!("the manifest of `{name}` is not the one that was recorded"),
        ));
    }
    let manifest: serde_json::Value = serde_json::from_slice(&text).context("the manifest does not read")?;
    let bundle = bundle_json(deployment, &row);
    if voice.json {
        report::json(&ShowJson { bundle, folder, manifest });
        return Ok(Exit::Done);
    }
    report::line(&format!(
        "{name}\n  for {}, {}, day {}, {}",
        bundle.recipient, bundle.kind, bundle.as_of, bundle.state
    ));
    report::line(&format!("  folder {}\n  manifest sha256 {}\n", folder.display(), bundle.manifest_digest));
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
