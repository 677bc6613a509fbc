//! Return forms that recipients have put back at their door: taken at the start of a night, each once.
//!
//! A form lies in `in/ack` of the recipient's folder. What was taken moves to `in/ack/taken`, what was refused as a whole to
//! `in/ack/refused`; nothing is removed, and a name is never written over.

use super::Night;
use crate::receipt::{self, MOST};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use lockgate_core::hash::Digest;
use lockgate_core::problem::Problem;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Takes the forms of every recipient; gives what was refused of them.
pub(super) async fn collect(night: &Night<'_>, published: &Path) -> Result<Vec<Problem>> {
    let mut refused = Vec::new();
    for (partner, p) in night.deployment.agreement.partners() {
        let folder = published.join(&p.key).join("in").join("ack");
        for file in forms(&folder)? {
            let bytes = bounded(&file).context("reading a return form")?;
            let today = Timestamp::now().to_zoned_datetime(night.deployment.zone.clone()).date();
            let day = night.order.as_of;
            let with = (night.store, night.vault);
            let outcome =
                receipt::take(night.deployment, with, partner, &bytes, (day, today.max(day))).await?;
            let whole = outcome.refused.iter().any(|p| p.code == "LG2201");
            put_away(&folder.join(if whole { "refused" } else { "taken" }), &file, &bytes)?;
            refused.extend(outcome.refused.into_iter().map(|problem| Problem {
                what: format!("a return form of `{}`: {}", p.key, problem.what),
                ..problem
            }));
        }
    }
    Ok(refused)
}

/// The files of a folder in the order of their names: no link, no folder, nothing that is still being written.
fn forms(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).context("reading a folder of return forms")? {
        let entry = entry?;
        let name = entry.file_name();
        let ending = Path::new(&name).extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        let whole = !matches!(ending.as_deref(), Some("part" | "filepart" | "tmp"))
            && !name.to_string_lossy().starts_with('.');
        if whole && entry.file_type()?.is_file() {
            out.push(entry.path());
        }
    }
    out.sort();
    Ok(out)
}

/// A file's bytes, one more than a form may have at the most.
fn bounded(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(MOST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Moves a form away under its digest: what a partner calls its files may say too much.
fn put_away(folder: &Path, file: &Path, bytes: &[u8]) -> Result<()> {
    fs::create_dir_all(folder).context("making a folder for return forms")?;
    let digest = Digest::of(bytes).hex();
    let name = digest.get(..16).unwrap_or(&digest);
    fs::rename(file, folder.join(name)).context("putting a return form away")
}
