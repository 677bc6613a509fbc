//! `lockgate doctor --support FILE.zip`: what whoever helps from afar needs, and nothing about anybody: versions, names of the
//! configuration, digests, counts, and what the doctor found. No configuration text (it may hold addresses of places and
//! digests of keys), no file of a partner, no value.

use super::history::RunJson;
use crate::config::Deployment;
use crate::open;
use crate::store::{QuarantineFilter, QuarantineState, Store};
use anyhow::Result;
use lockgate_core::hash::Digest;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Seek, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Runs that go with it.
const RUNS: u32 = 30;

const README: &str = "What this file holds, for whoever is to help with a Lockgate deployment.

about.json          version of the program, system, day, size of what the state folder holds
doctor.json         what `lockgate doctor` found: names of places and feeds, codes, no value
configuration.json  name, size and SHA-256 of each configuration file; not its text
runs.json           the last runs with their counts
quarantine.json     open refused rows, counted by feed, column and code

There is no name, number, date or text of any offender in it, no file of a partner, no key and no configuration text.
Read it through before you send it: it says which agencies and feeds there are, and how much they send.
";

#[derive(Serialize)]
struct About {
    software: &'static str,
    system: &'static str,
    machine: &'static str,
    day: String,
    agreement: String,
    agreement_version: String,
    agreement_digest: String,
    /// Bytes by the first name below the state folder.
    state: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct ConfigurationFile<'a> {
    file: &'a str,
    bytes: usize,
    sha256: String,
}

/// Open refused rows of one feed, column and code.
#[derive(Serialize)]
struct Refused {
    feed: String,
    column: Option<String>,
    code: String,
    rows: u64,
}

/// Makes the file; `doctor` is what the doctor says as JSON. A store that does not open is left out: the doctor says why.
pub(super) async fn write(deployment: &Deployment, doctor: &str, to: &Path) -> Result<()> {
    let (mut runs, mut waiting): (Vec<RunJson>, _) = (Vec::new(), Vec::new());
    if let Ok(Some((store, _))) = open::reading_if_made(deployment).await {
        runs = store.runs(RUNS).await?.into_iter().map(RunJson::from).collect();
        waiting = refused(&store).await?;
        store.close().await?;
    }
    let config: Vec<ConfigurationFile<'_>> = deployment
        .texts
        .below("")
        .map(|(file, text)| ConfigurationFile {
            file,
            bytes: text.len(),
            sha256: Digest::of(text.as_bytes()).hex(),
        })
        .collect();
    let parts = [
        ("README.txt", README.to_owned()),
        ("about.json", serde_json::to_string_pretty(&about(deployment))?),
        ("doctor.json", doctor.to_owned()),
        ("configuration.json", serde_json::to_string_pretty(&config)?),
        ("runs.json", serde_json::to_string_pretty(&runs)?),
        ("quarantine.json", serde_json::to_string_pretty(&waiting)?),
    ];
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    pack(file.as_file_mut(), &parts)?;
    file.persist(to)?;
    Ok(())
}

fn about(deployment: &Deployment) -> About {
    let agreement = &deployment.agreement;
    About {
        software: crate::SOFTWARE,
        system: std::env::consts::OS,
        machine: std::env::consts::ARCH,
        day: deployment.clock.today(&deployment.zone).to_string(),
        agreement: agreement.slug().into(),
        agreement_version: agreement.version().into(),
        agreement_digest: agreement.digest().hex(),
        state: sizes(&deployment.state()),
    }
}

async fn refused(store: &Store) -> Result<Vec<Refused>> {
    let filter = QuarantineFilter { feed: None, state: Some(QuarantineState::Open) };
    let mut counts: BTreeMap<(String, Option<String>, String), u64> = BTreeMap::new();
    for row in store.quarantine(filter, u32::MAX).await? {
        *counts.entry((row.feed, row.column, row.code)).or_default() += 1;
    }
    let one = |((feed, column, code), rows)| Refused { feed, column, code, rows };
    Ok(counts.into_iter().map(one).collect())
}

/// Bytes of what lies in a folder, by its first names. What cannot be read counts nothing.
fn sizes(folder: &Path) -> BTreeMap<String, u64> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    let one = |entry: std::fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), size(&entry));
    entries.flatten().map(one).collect()
}

fn size(entry: &std::fs::DirEntry) -> u64 {
    let Ok(meta) = entry.metadata() else { return 0 };
    if !meta.is_dir() {
        return meta.len();
    }
    std::fs::read_dir(entry.path()).map_or(0, |inner| inner.flatten().map(|e| size(&e)).sum())
}

fn pack(to: &mut (impl Write + Seek), parts: &[(&str, String)]) -> io::Result<()> {
    let mut zip = ZipWriter::new(to);
    for (name, text) in parts {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        zip.start_file(*name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    zip.finish()?.flush()
}
