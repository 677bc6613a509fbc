//! The mappings that were in force when files were taken: their texts, kept beside the store by digest.
//!
//! Configuration alone, no data. A later mapping is compared with them (`feed diff`).

use crate::config::{Deployment, Former};
use anyhow::{Context as _, Result};
use lockgate_core::hash::Digest;
use lockgate_core::mapping::Mapping;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A mapping's texts.
#[derive(Serialize, Deserialize)]
struct Texts {
    file: String,
    text: String,
    codes: BTreeMap<String, String>,
}

fn place(state: &Path, digest: &Digest) -> PathBuf {
    state.join("mappings").join(format!("{}.json", digest.hex()))
}

/// Keeps the texts of a mapping, once.
pub(super) fn keep(deployment: &Deployment, state: &Path, mapping: &Mapping) -> Result<()> {
    let place = place(state, mapping.digest());
    if place.exists() {
        return Ok(());
    }
    let folder = state.join("mappings");
    fs::create_dir_all(&folder).context("making the folder of mappings")?;
    let (text, codes) = deployment.texts_of(mapping);
    let texts = Texts { file: mapping.file().into(), text, codes };
    let mut out = tempfile::NamedTempFile::new_in(&folder)?;
    out.write_all(serde_json::to_string(&texts)?.as_bytes())?;
    out.as_file().sync_all()?;
    out.persist(place)?;
    Ok(())
}

/// The mapping of a digest; `None` when its texts are not kept or no longer fit the schema.
pub(super) fn read(deployment: &Deployment, state: &Path, digest: &Digest) -> Option<Former> {
    let text = fs::read_to_string(place(state, digest)).ok()?;
    let texts: Texts = serde_json::from_str(&text).ok()?;
    deployment.former(&texts.file, &texts.text, &texts.codes)
}
