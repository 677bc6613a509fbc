//! The door that is a folder: the sealed file and its signature, each under a temporary name until it is whole.

use crate::seal::{SealError, Sealed, hash_file};
use crate::vault::sync_folder;
use lockgate_core::hash::Digest;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Puts a sealed bundle into its recipient's folder, and gives the sealed file's place there.
///
/// Doing it again is harmless: what is there with the same bytes is left alone; other bytes under the name are an error and
/// never replaced.
pub fn put(sealed: &Sealed, doors: &Path) -> Result<PathBuf, SealError> {
    let folder = doors.join(sealed.recipient());
    fs::create_dir_all(&folder).map_err(SealError::io("making", &folder))?;
    let to = copy(sealed, &sealed.ciphertext(), &folder, Some((sealed.bytes(), sealed.digest())))?;
    // Last: whoever waits for the signature finds the bundle whole.
    copy(sealed, &sealed.signature(), &folder, None)?;
    Ok(to)
}

/// Copies one file; `known` is what it must be.
fn copy(
    sealed: &Sealed,
    from: &Path,
    folder: &Path,
    known: Option<(u64, Digest)>,
) -> Result<PathBuf, SealError> {
    let name = from.file_name().unwrap_or_default();
    let to = folder.join(name);
    let expected = match known {
        Some(known) => known,
        None => hash_file(from)?,
    };
    if to.exists() {
        if hash_file(&to)? == expected {
            return Ok(to);
        }
        let what = "other bytes lie under its name at the recipient's door";
        return Err(SealError::Other { name: sealed.name().into(), what });
    }
    let mut part = name.to_owned();
    part.push(".part");
    let part = folder.join(part);
    let write = || {
        let (mut source, mut target) = (File::open(from)?, fresh(&part)?);
        io::copy(&mut source, &mut target)?;
        target.sync_all()?;
        fs::rename(&part, &to)?;
        sync_folder(folder)
    };
    write().map_err(SealError::io("delivering", &to))?;
    Ok(to)
}

/// A new file in place of what a killed run left. Its group may read it: whoever carries it on need not be the service.
fn fresh(part: &Path) -> io::Result<File> {
    if part.exists() {
        fs::remove_file(part)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(part)
}
