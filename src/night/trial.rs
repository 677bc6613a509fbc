//! The state that a dry run works on: what it would write, it writes into a copy.

use std::path::Path;
use std::{fs, io};

/// Copies store and row memories; archived files are linked, since they never change.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    if !from.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let target = to.join(&name);
        match name.to_str() {
            Some("bundles" | "staging" | "outbox" | "lock" | "acks" | "collected" | "bench") => {}
            _ if kind.is_dir() => copy(&entry.path(), &target)?,
            _ if from.ends_with("archive") && fs::hard_link(entry.path(), &target).is_ok() => {}
            _ => {
                fs::copy(entry.path(), &target)?;
            }
        }
    }
    Ok(())
}
