//! Agreements that were in force, kept with the store under their digest: what the next one is compared with.

use crate::config::{Policy, load_agreement};
use lockgate_core::hash::Digest;
use lockgate_core::schema::Schema;
use std::io;
use std::path::{Path, PathBuf};

/// Where a copy lies in the state folder.
pub fn place(state: &Path, digest: &Digest) -> PathBuf {
    state.join("agreements").join(digest.hex())
}

/// Copies the agreement's files, but not its approvals. A copy that was begun and not finished is made anew.
pub fn keep(folder: &Path, state: &Path, digest: &Digest) -> io::Result<()> {
    let target = place(state, digest);
    if target.exists() {
        return Ok(());
    }
    let making = target.with_extension("new");
    if making.exists() {
        std::fs::remove_dir_all(&making)?;
    }
    copy(folder, &making, 0)?;
    std::fs::rename(&making, &target)
}

fn copy(from: &Path, to: &Path, depth: u8) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let wanted = name.to_str().is_some_and(|n| {
            Path::new(n).extension().is_some_and(|e| e == "toml") || n == super::holders::HOLDERS
        });
        if kind.is_dir() && name == "entitlements" && depth == 0 {
            copy(&entry.path(), &to.join(&name), depth + 1)?;
        } else if kind.is_file() && wanted {
            std::fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

/// An agreement that was in force, as far as it is at hand.
pub enum Kept {
    /// It reads, and is what its digest says.
    Whole(Box<Policy>),
    /// It is there and does not read under today's schema.
    Unreadable,
    /// It is not there, or is not what its digest says.
    Absent,
}

/// Reads the copy of that digest.
pub fn read(state: &Path, digest: &Digest, schema: &Schema) -> Kept {
    let folder = place(state, digest);
    if !folder.exists() {
        return Kept::Absent;
    }
    match load_agreement(&folder, schema) {
        Ok(policy) if policy.agreement.digest() == digest => Kept::Whole(Box::new(policy)),
        Ok(_) => Kept::Absent,
        Err(_) => Kept::Unreadable,
    }
}
