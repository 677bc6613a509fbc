//! Publishing: a committed bundle's folder moves from staging to the published folder, whole or not at all.

use super::error::{At, BundleError, Doing};
use super::file::{manifest_digest, sync_folder};
use lockgate_core::ledger::Outgoing;
use std::fs;
use std::path::{Path, PathBuf};

/// Moves a committed bundle from `staging` to `published` (both on one file system) and gives its place.
///
/// The manifest that lies there must be the committed one. Doing it again is harmless: a bundle that
/// is published already, with the same manifest, is left alone; one with another manifest is an
/// error and never replaced.
pub fn publish(outgoing: &Outgoing, staging: &Path, published: &Path) -> Result<PathBuf, BundleError> {
    let name = outgoing.name();
    let (from, to) = (staging.join(name), published.join(name));
    let other = |folder| Err(BundleError::Other { name: name.into(), folder });
    match manifest_digest(&to)? {
        Some(there) if there == outgoing.manifest() => {
            if from.exists() {
                fs::remove_dir_all(&from).at(Doing::Publish, &from)?;
            }
            return Ok(to);
        }
        Some(_) => return other("published"),
        None if to.exists() => return other("published"),
        None => {}
    }
    if manifest_digest(&from)? != Some(outgoing.manifest()) {
        return other("staging");
    }
    fs::rename(&from, &to).at(Doing::Publish, &to)?;
    sync_folder(published)?;
    sync_folder(staging)?;
    Ok(to)
}
