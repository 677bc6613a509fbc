//! What a bundle asks of its recipient is recorded with it, line by line, as its return form has it.

use crate::store::{Asked, BundleId, BundleTx};
use anyhow::{Context as _, Result};
use lockgate_core::receipt::Action;
use std::path::Path;

/// Lines handed to the store at once.
const PAGE: usize = 2000;

/// Reads the form that lies in a finished bundle, and records its lines.
pub(super) async fn record(tx: &mut BundleTx, id: BundleId, form: &Path) -> Result<()> {
    let reading = || format!("reading {}", form.file_name().unwrap_or_default().display());
    let mut lines = csv::Reader::from_path(form).with_context(reading)?;
    let mut page = Vec::new();
    for line in lines.records() {
        page.push(asked(&line.with_context(reading)?).with_context(reading)?);
        if page.len() >= PAGE {
            tx.put_asked(id, &page).await?;
            page.clear();
        }
    }
    Ok(tx.put_asked(id, &page).await?)
}

fn asked(line: &csv::StringRecord) -> Option<Asked> {
    let cell = |at| line.get(at);
    let version = cell(4)?;
    Some(Asked {
        action: cell(1)?.parse().ok()?,
        what: Action::parse(cell(5)?)?,
        category: cell(2)?.into(),
        record_ref: cell(3)?.into(),
        version: if version.is_empty() { 0 } else { version.parse().ok()? },
    })
}
