//! A delivery into a folder: under a temporary name until it is whole, then under its own. Each delivery has a temporary name of its
//! own: one that was paused, and is taken over by another process, does not go on in the other's file.

use super::{PART, rename_new, sync};
use crate::codes::{NOT_A_FILE, PUBLISH_FAILED};
use crate::limits::{self, Limits};
use crate::transport::parcel::{self, Parcel};
use crate::transport::{Arrival, TransportError, look};
use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::path::Path;

/// Copies a file into the folder, which is made where it is missing.
pub(super) fn put(folder: &Path, local: &Path, name: &str) -> Result<Arrival, TransportError> {
    look::allowed_to_put(name, PART)?;
    let parcel = Parcel::open(local)?;
    fs::create_dir_all(folder).map_err(|e| failed(&e))?;
    let target = folder.join(name);
    clear(&folder.join(format!("{name}{PART}")))?;
    clear_all(folder, name)?;
    if let Some(arrival) = there(&parcel, &target)? {
        return Ok(arrival);
    }
    // A number that nobody else has.
    let own = RandomState::new().build_hasher().finish();
    let part = folder.join(format!("{name}.{own:016x}{PART}"));
    write(&parcel, &part)?;
    match rename_new(&part, &target) {
        Ok(()) => {}
        // Somebody was quicker.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            clear(&part)?;
            return there(&parcel, &target)?.ok_or_else(|| failed(&e));
        }
        // Some mounted file systems know no second name for a file; what lies under the name was looked for above.
        Err(e) if e.kind() != io::ErrorKind::NotFound && absent(&target) => {
            fs::rename(&part, &target).map_err(|e| failed(&e))?;
        }
        Err(e) => return Err(failed(&e)),
    }
    sync(folder).map_err(|e| failed(&e))?;
    Ok(Arrival::Sent)
}

/// Removes the gateway's own temporary files of a folder; one that does not exist holds none.
pub(super) fn sweep(folder: &Path) -> Result<usize, TransportError> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other.map_err(|e| failed(&e))?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(|e| failed(&e))?;
        let plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if plain && entry.file_name().to_str().is_some_and(|name| look::ours(name, PART)) {
            fs::remove_file(entry.path()).map_err(|e| failed(&e))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Compares with what lies under the name, if anything does. Links are not followed.
fn there(parcel: &Parcel, target: &Path) -> Result<Option<Arrival>, TransportError> {
    if absent(target) {
        return Ok(None);
    }
    let file = limits::open(target, &Limits { file_bytes: u64::MAX, ..Limits::default() })?;
    let (digest, bytes) = parcel::digest(file).map_err(|e| failed(&e))?;
    if bytes == parcel.bytes() && digest == parcel.digest(bytes)? {
        return Ok(Some(Arrival::Known));
    }
    Err(parcel::other())
}

fn absent(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|e| e.kind() == io::ErrorKind::NotFound)
}

/// Removes what a killed run left; a folder under that name is somebody else's.
fn clear(part: &Path) -> Result<(), TransportError> {
    match part.symlink_metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(failed(&e)),
        Ok(about) if about.is_dir() => {
            Err(TransportError::lasting(NOT_A_FILE, "a folder lies there under its temporary name"))
        }
        Ok(_) => fs::remove_file(part).map_err(|e| failed(&e)),
    }
}

/// Removes what killed runs left of the same file.
fn clear_all(folder: &Path, name: &str) -> Result<(), TransportError> {
    let start = format!("{name}.");
    for entry in fs::read_dir(folder).map_err(|e| failed(&e))? {
        let entry = entry.map_err(|e| failed(&e))?;
        let left = entry
            .file_name()
            .to_str()
            .and_then(|n| n.strip_prefix(&start)?.strip_suffix(PART))
            .is_some_and(own);
        if left {
            clear(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether it is the number of a temporary name.
fn own(number: &str) -> bool {
    number.len() == 16 && number.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Writes all bytes to the disk. Their group may read them: whoever carries them on need not be the service.
fn write(parcel: &Parcel, part: &Path) -> Result<(), TransportError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    let mut target: File = options.open(part).map_err(|e| failed(&e))?;
    let bytes = io::copy(&mut parcel.from(0)?, &mut target).map_err(|e| failed(&e))?;
    if bytes != parcel.bytes() {
        return Err(TransportError::passing(PUBLISH_FAILED, "the file changed while it was sent"));
    }
    target.sync_all().map_err(|e| failed(&e))
}

fn failed(error: &io::Error) -> TransportError {
    TransportError::from_io(PUBLISH_FAILED, error)
}
