//! The list of a backup's files, by which it is known to be whole.

use super::copy;
use crate::seal::hash_file;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Component, Path};

/// The form of the list.
pub(super) const FORM: u32 = 1;
/// Bytes of a list, at the most.
const MOST: u64 = 1 << 30;

/// What a backup is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    /// The form of this list.
    pub(super) form: u32,
    /// Name and version of the program that made it.
    pub(super) software: String,
    /// When.
    pub(super) made_at: String,
    /// Entries of the ledger.
    pub(super) entries: u64,
    /// Its root, in hexadecimal digits.
    pub(super) root: String,
    /// The files, by path.
    pub(super) files: Vec<Listed>,
}

/// One file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    /// Its path in the backup.
    pub(super) path: String,
    /// Its size.
    pub(super) bytes: u64,
    /// SHA-256 in hexadecimal digits.
    pub(super) sha256: String,
}

impl List {
    /// Reads all files below a folder.
    pub(super) fn files(folder: &Path) -> io::Result<Vec<Listed>> {
        let mut out = Vec::new();
        below(folder, "", &mut out)?;
        out.sort_by(|a: &Listed, b| a.path.cmp(&b.path));
        Ok(out)
    }

    pub(super) fn write(&self, to: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        fs::write(to, text)?;
        fs::File::open(to)?.sync_all()
    }

    /// Reads a list.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(super) fn read(from: &Path) -> Result<Self, String> {
        let size =
            fs::metadata(from).map_err(|e| format!("it has no list of its files: {}", e.kind()))?.len();
        if size > MOST {
            return Err("its list of files is too long".into());
        }
        let text = fs::read(from).map_err(|e| format!("its list of files does not read: {}", e.kind()))?;
        let list: Self =
            serde_json::from_slice(&text).map_err(|_| "its list of files does not read".to_owned())?;
        if list.form != FORM {
            return Err(format!("its list has the form {}, and this program knows {FORM}", list.form));
        }
        if list.files.iter().any(|f| !inside(&f.path)) {
            return Err("its list names a file outside it".into());
        }
        Ok(list)
    }

    /// What is not as it was, by path: missing, changed, or not in the list.
    pub(super) fn compare(&self, folder: &Path) -> Vec<String> {
        let mut faults: Vec<String> = Vec::new();
        for file in &self.files {
            let same = hash_file(&folder.join(&file.path))
                .is_ok_and(|(bytes, hash)| bytes == file.bytes && hash.hex() == file.sha256);
            if !same {
                faults.push(file.path.clone());
            }
        }
        faults
    }

    /// Copies the listed files, and nothing else.
    pub(super) fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        for file in &self.files {
            let target = to.join(&file.path);
            if let Some(parent) = target.parent() {
                copy::private(parent)?;
            }
            copy::file(&from.join(&file.path), &target)?;
        }
        Ok(())
    }
}

fn below(folder: &Path, start: &str, out: &mut Vec<Listed>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{start}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            below(&entry.path(), &format!("{path}/"), out)?;
        } else {
            let (bytes, hash) = hash_file(&entry.path()).map_err(io::Error::other)?;
            out.push(Listed { path, bytes, sha256: hash.hex() });
        }
    }
    Ok(())
}

/// Whether a path stays inside.
fn inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}
