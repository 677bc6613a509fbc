//! The door that is a folder: the sealed file and its signature, each under a temporary name until it is whole.

use crate::seal::{SealError, Sealed, hash_file};
use crate::vault::sync_folder;
use lockgate_core::hash::Digest;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How the name of a copy that is not whole yet ends.
const PART: &str = ".part";

/// Puts a sealed bundle into its recipient's folder, and gives the sealed file's place there.
///
/// Doing it again is harmless: what is there with the same bytes is left alone; other bytes under the name are an error and
/// never replaced.
pub fn put(sealed: &Sealed, doors: &Path) -> Result<PathBuf, SealError> {
    put_while(sealed, doors, &|| Ok::<(), SealError>(()))
}

/// As [`put`], as long as the bundle may leave: asked before the first byte, and just before each of the two files gets
/// its name. What may not is taken back.
pub fn put_while<E: From<SealError>>(
    sealed: &Sealed,
    doors: &Path,
    may: &dyn Fn() -> Result<(), E>,
) -> Result<PathBuf, E> {
    may()?;
    let folder = doors.join(sealed.recipient());
    fs::create_dir_all(&folder).map_err(SealError::io("making", &folder))?;
    let known = (sealed.bytes(), sealed.digest());
    let to = copy(sealed, &sealed.ciphertext(), &folder, known, may)?;
    // Last: whoever waits for the signature finds the bundle whole.
    let signature = sealed.signature();
    copy(sealed, &signature, &folder, hash_file(&signature)?, may)?;
    Ok(to)
}

/// Copies one file; `expected` is what it must be.
fn copy<E: From<SealError>>(
    sealed: &Sealed,
    from: &Path,
    folder: &Path,
    expected: (u64, Digest),
    may: &dyn Fn() -> Result<(), E>,
) -> Result<PathBuf, E> {
    let name = from.file_name().unwrap_or_default();
    let to = folder.join(name);
    if to.exists() {
        if hash_file(&to)? == expected {
            return Ok(to);
        }
        let what = "other bytes lie under its name at the recipient's door";
        return Err(SealError::Other { name: sealed.name().into(), what }.into());
    }
    let failed = |fault| SealError::io("delivering", &to)(fault);
    let part = written(from, folder, name).map_err(failed)?;
    // Dropped, the copy goes.
    may()?;
    part.persist(&to).map_err(|fault| failed(fault.error))?;
    sync_folder(folder).map_err(failed)?;
    Ok(to)
}

/// A copy under a temporary name of its own, so that two processes that bring the same file never write into one. What a
/// killed process left of it goes first. Its group may read it: whoever carries it on need not be the service.
fn written(from: &Path, folder: &Path, name: &OsStr) -> io::Result<NamedTempFile> {
    let start = format!("{}.", name.to_string_lossy());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let there = entry.file_name();
        let there = there.to_string_lossy();
        if there.starts_with(&start) && there.ends_with(PART) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(&start).suffix(PART);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o640));
    let mut part = builder.tempfile_in(folder)?;
    io::copy(&mut File::open(from)?, &mut part)?;
    part.as_file().sync_all()?;
    Ok(part)
}
