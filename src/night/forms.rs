//! Return forms that lie at a place which is no folder of this machine: fetched once, by their bytes, to where the forms of the
//! pull API lie. Nothing at the place is moved or removed.

use super::Night;
use crate::receipt::MOST;
use crate::serve::ACKS_FOLDER;
use crate::vault::private_folder;
use anyhow::{Context as _, Result};
use lockgate_connectors::{Transport, TransportError};
use lockgate_core::hash::Digest;
use lockgate_core::problem::Problem;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

/// Fetches the forms of every recipient that has a place for them. A place that cannot be used is told, and stops nobody.
pub(super) fn fetch(night: &Night<'_>) -> Result<Vec<Problem>> {
    let mut told = Vec::new();
    for (recipient, settings) in &night.deployment.settings.recipient {
        let Some(place) = &settings.forms else { continue };
        let transport = night.deployment.place_named(place.get_ref())?;
        let folder = night.state.join(ACKS_FOLDER).join(recipient.get_ref());
        let fetched = tokio::task::block_in_place(|| from(transport.as_ref(), &folder))?;
        told.extend(fetched.err().map(|fault| {
            let what = format!(
                "the return forms of `{}` at `{}`: {}",
                recipient.get_ref(),
                place.get_ref(),
                fault.what
            );
            Problem::new("LG2401", what)
        }));
    }
    Ok(told)
}

/// Fetches what is new at one place. A signature goes with the form that it lies beside.
fn from(transport: &dyn Transport, folder: &Path) -> Result<Result<(), TransportError>> {
    let listed = match transport.list() {
        Ok(listed) => listed,
        Err(fault) => return Ok(Err(fault)),
    };
    let names: BTreeMap<&str, bool> = listed.iter().map(|l| (l.name.as_str(), l.settled)).collect();
    for (name, settled) in &names {
        if !settled || signs(name) {
            continue;
        }
        let form = match bytes(transport, name) {
            Ok(form) => form,
            Err(fault) => return Ok(Err(fault)),
        };
        let digest = Digest::of(&form).hex();
        let short = digest.get(..16).unwrap_or(&digest);
        if ["", "taken", "refused"].iter().any(|place| folder.join(place).join(short).exists()) {
            continue;
        }
        private_folder(folder).context("making the folder of forms")?;
        let signature = format!("{name}.sig");
        if names.get(signature.as_str()) == Some(&true) {
            match bytes(transport, &signature) {
                Ok(signature) => keep(folder, &format!("{short}.sig"), &signature)?,
                Err(fault) => return Ok(Err(fault)),
            }
        }
        keep(folder, short, &form)?;
    }
    Ok(Ok(()))
}

fn signs(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sig"))
}

fn bytes(transport: &dyn Transport, name: &str) -> Result<Vec<u8>, TransportError> {
    let mut bytes = Vec::new();
    let reader = transport.open(name)?;
    let read = reader.take(MOST as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|fault| TransportError { code: "LG1001", what: fault.kind().to_string(), passing: true })?;
    Ok(bytes)
}

/// Whole or not at all, so that a night that is killed leaves no half of a form.
fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let part = folder.join(format!("{name}.part"));
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, folder.join(name)))
        .context("keeping a return form")
}
