//! Return forms that recipients have put back at their door: taken at the start of a night, each once.
//!
//! A form lies in `in/ack` of the recipient's folder, or where the pull API has kept it. What was taken moves to `in/ack/taken`, what was refused as a whole to
//! `in/ack/refused`, under its digest, and the signature that lay beside it (NAME.sig) goes with it; nothing is removed, and a
//! link is never followed.

use super::Night;
use crate::receipt::{self, Form, MOST};
use crate::seal::ACK_SIGNATURE_BYTES;
use anyhow::Result;
use jiff::Timestamp;
use lockgate_core::hash::Digest;
use lockgate_core::problem::Problem;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// How a form's signature ends.
const SIGNED: &str = "sig";

/// Takes the forms of every recipient; gives what was refused of them. A door is its recipient's to write into, so whatever is
/// wrong with one is told and stops nobody else; only the store's own trouble stops the night.
pub(super) async fn collect(night: &Night<'_>, published: &Path) -> Result<Vec<Problem>> {
    let mut refused = Vec::new();
    for (partner, p) in night.deployment.agreement.partners() {
        let said = |problem: Problem| Problem {
            what: format!("a return form of `{}`: {}", p.key, problem.what),
            ..problem
        };
        let mut files = Vec::new();
        for folder in [
            published.join(&p.key).join("in").join("ack"),
            night.state.join(crate::serve::ACKS_FOLDER).join(&p.key),
        ] {
            match forms(&folder) {
                Ok(found) => files.extend(found.into_iter().map(|file| (folder.clone(), file))),
                Err(fault) => refused.push(said(unusable("the folder of forms cannot be used", &fault))),
            }
        }
        for (folder, (file, signature)) in files {
            let read = bounded(&file, MOST).and_then(|form| {
                let beside = signature.as_deref().map(|s| bounded(s, ACK_SIGNATURE_BYTES)).transpose()?;
                Ok((form, beside))
            });
            let (bytes, beside) = match read {
                Ok(read) => read,
                Err(fault) => {
                    refused.push(said(unusable("it cannot be read", &fault)));
                    continue;
                }
            };
            let today = Timestamp::now().to_zoned_datetime(night.deployment.zone.clone()).date();
            let day = night.order.as_of;
            let with = (night.store, night.vault);
            let form = Form { bytes: &bytes, signature: beside.as_deref() };
            let outcome = receipt::take(night.deployment, with, partner, form, (day, today.max(day))).await?;
            let place = folder.join(if outcome.whole().is_some() { "refused" } else { "taken" });
            refused.extend(outcome.refused.into_iter().map(said));
            // What was taken is known when it is met again.
            if let Err(fault) = put_away(&place, (&file, signature.as_deref()), &bytes) {
                refused.push(said(unusable("it was read and cannot be put away", &fault)));
            }
        }
    }
    Ok(refused)
}

/// The system's words say which kind of trouble it is; they quote no name of the partner's.
fn unusable(what: &str, fault: &io::Error) -> Problem {
    Problem::new("LG2401", format!("{what}: {}", fault.kind()))
}

/// Whether a folder is there; one that is a link, or no folder, is a fault.
fn own_folder(place: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(place) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// The forms of a folder in the order of their names, each with the signature that lies beside it: no link, no folder,
/// nothing that is still being written. A signature without its form waits for it.
fn forms(folder: &Path) -> io::Result<Vec<(PathBuf, Option<PathBuf>)>> {
    let above = folder.parent().map_or(Ok(false), own_folder)?;
    if !above || !own_folder(folder)? {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for entry in fs::read_dir(folder)? {
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
    let (signatures, forms): (Vec<PathBuf>, Vec<PathBuf>) =
        out.into_iter().partition(|file| file.extension().is_some_and(|e| e == SIGNED));
    let with = |form: PathBuf| {
        let beside = signature_of(&form);
        let found = signatures.binary_search(&beside).is_ok();
        (form, found.then_some(beside))
    };
    Ok(forms.into_iter().map(with).collect())
}

/// Where a form's signature lies: NAME.sig beside NAME.
fn signature_of(form: &Path) -> PathBuf {
    let mut name = form.as_os_str().to_owned();
    name.push(".");
    name.push(SIGNED);
    name.into()
}

/// A file's bytes, one more than it may have at the most.
fn bounded(file: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Moves a form away under its digest, and its signature with it: what a partner calls its files may say too much.
fn put_away(folder: &Path, (file, signature): (&Path, Option<&Path>), bytes: &[u8]) -> io::Result<()> {
    if !own_folder(folder)? {
        fs::create_dir(folder)?;
    }
    let digest = Digest::of(bytes).hex();
    let name = digest.get(..16).unwrap_or(&digest);
    let place = folder.join(name);
    if let Some(signature) = signature {
        fs::rename(signature, signature_of(&place))?;
    }
    fs::rename(file, place)
}
