//! A folder of this machine, or one that is mounted on it.

mod put;

use crate::codes::{FILE_UNREADABLE, FOLDER_UNREADABLE, NOT_A_FILE, PUBLISH_FAILED};
use crate::limits::{self, Capped, Limits};
use crate::options::{OptionDoc, Options, Owner};
use crate::transport::look::{self, Look, Seen, Settling};
use crate::transport::{Arrival, Listed, Transport, TransportError, TransportKind, already};
use lockgate_core::hash::Digest;
use lockgate_core::problem::Problem;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const OWNER: Owner = Owner::transport("transport folder");

const OPTIONS: &[OptionDoc] = &[
    OptionDoc {
        name: "path",
        shape: "text",
        default: "none; must be given",
        doc: "the folder; a relative path starts at the deployment's folder",
    },
    OptionDoc {
        name: "settle_ms",
        shape: "whole number, 0 to 600000",
        default: "2000",
        doc: "the time between two looks; a file is settled when its size and time of change are the same in both",
    },
    OptionDoc {
        name: "require_marker",
        shape: "true or false",
        default: "false",
        doc: "take only files with a marker `NAME.done` beside them",
    },
];

/// The line of this transport in the list.
pub(crate) const KIND: TransportKind =
    TransportKind { name: "folder", summary: "a local or mounted folder", options: OPTIONS, open: build };

/// What a delivery is called while it is written.
const PART: &str = ".part";

/// A file unchanged for so long needs no second look: every write would have moved its time.
const QUIET: Duration = Duration::from_mins(1);

/// More than the steps in which a file system counts its times.
const STEP: Duration = Duration::from_secs(2);

/// A file of the place. What fails while it is read is the place's fault, which is told apart from one of our own drive: a mounted
/// folder goes away.
struct Placed(File);

impl Read for Placed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let placed = |e: io::Error| match e.kind() {
            io::ErrorKind::Interrupted => e,
            kind => io::Error::new(kind, TransportError::from_io(FILE_UNREADABLE, &e)),
        };
        self.0.read(buffer).map_err(placed)
    }
}

struct Folder {
    path: PathBuf,
    settling: Settling,
    limits: Limits,
}

fn build(options: &Options, base: &Path, limits: &Limits) -> Result<Box<dyn Transport>, Problem> {
    OWNER.only(&options.0, OPTIONS.iter().map(|o| o.name))?;
    let path = OWNER.text(&options.0, "path")?.filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| OWNER.fault("path", "the folder's path is wanted"))?;
    let settle = OWNER.whole(&options.0, "settle_ms", 0, 600_000)?.unwrap_or(2_000);
    let settling = Settling {
        pause: Duration::from_millis(settle),
        require_marker: OWNER.flag(&options.0, "require_marker")?,
    };
    Ok(Box::new(Folder { path: base.join(path), settling, limits: *limits }))
}

impl Folder {
    fn look(&self) -> Result<Look<SystemTime>, TransportError> {
        let failed = |e: &io::Error| TransportError::from_io(FOLDER_UNREADABLE, e);
        let mut seen = Look::new();
        for entry in fs::read_dir(&self.path).map_err(|e| failed(&e))? {
            let entry = entry.map_err(|e| failed(&e))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            // `DirEntry::metadata` does not follow links; what vanished meanwhile is not there.
            let Ok(about) = entry.metadata() else { continue };
            if about.is_file() && look::counts(&name) {
                seen.insert(
                    name,
                    Seen { bytes: about.len(), changed: about.modified().ok(), stamp: stamp(&about) },
                );
            }
        }
        Ok(seen)
    }

    fn quiet(&self, seen: &Seen<SystemTime>) -> bool {
        seen.changed.and_then(|t| t.elapsed().ok()).is_some_and(|age| age >= QUIET.max(self.settling.pause))
    }

    fn place(&self, name: &str) -> Result<PathBuf, TransportError> {
        look::allowed(name)?;
        Ok(self.path.join(name))
    }
}

impl Transport for Folder {
    fn list(&self) -> Result<Vec<Listed>, TransportError> {
        self.settling.list(&self.look()?, |seen| self.quiet(seen), || self.look())
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, TransportError> {
        let file = limits::open(&self.place(name)?, &self.limits)?;
        Ok(Box::new(Capped::new(Placed(file), self.limits.file_bytes)))
    }

    fn publish(&self, staged: &Path, name: &str) -> Result<(), TransportError> {
        let failed = |e: &io::Error| match e.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => already(),
            _ => TransportError::from_io(PUBLISH_FAILED, e),
        };
        let target = self.place(name)?;
        fs::create_dir_all(&self.path).map_err(|e| failed(&e))?;
        if target.symlink_metadata().is_ok() {
            return Err(already());
        }
        make_durable(staged)?;
        match rename_new(staged, &target) {
            Err(e) if e.kind() == io::ErrorKind::CrossesDevices => {
                let near = self.path.join(format!(".{name}.part"));
                remove(&near).map_err(|e| failed(&e))?;
                copy(staged, &near).map_err(|e| failed(&e))?;
                make_durable(&near)?;
                rename_new(&near, &target).map_err(|e| failed(&e))?;
                remove(staged).map_err(|e| failed(&e))?;
            }
            other => other.map_err(|e| failed(&e))?,
        }
        sync(&self.path).map_err(|e| failed(&e))?;
        match staged.parent() {
            Some(parent) => sync(parent).map_err(|e| failed(&e)),
            None => Ok(()),
        }
    }

    fn put(&self, local: &Path, name: &str) -> Result<Arrival, TransportError> {
        put::put(&self.path, local, name)
    }

    fn sweep(&self) -> Result<usize, TransportError> {
        put::sweep(&self.path)
    }
}

/// A change of a file's content, name or times sets its time of change to now, and nobody can set it to anything else. It moves
/// in steps of some milliseconds: what changed just now may change again within the same step.
#[cfg(unix)]
fn stamp(about: &Metadata) -> Option<Digest> {
    use std::os::unix::fs::MetadataExt as _;
    let changed = Duration::new(u64::try_from(about.ctime()).ok()?, u32::try_from(about.ctime_nsec()).ok()?);
    let age = SystemTime::UNIX_EPOCH.checked_add(changed)?.elapsed().ok()?;
    let told = [about.ctime(), about.ctime_nsec(), about.mtime(), about.mtime_nsec()].map(i64::cast_unsigned);
    let words = [about.dev(), about.ino(), about.len()].into_iter().chain(told);
    let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    (age >= STEP).then(|| Digest::of(&bytes))
}

#[cfg(not(unix))]
const fn stamp(_: &Metadata) -> Option<Digest> {
    None
}

/// Moves without overwriting. A file is linked under its new name first, which fails when the name
/// is taken; a folder's rename fails by itself unless the target is an empty folder.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    if from.symlink_metadata()?.is_dir() {
        return fs::rename(from, to);
    }
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Brings a file, or a folder with all it holds, to the disk; refuses links and devices.
fn make_durable(path: &Path) -> Result<(), TransportError> {
    let failed = |e: &io::Error| TransportError::from_io(PUBLISH_FAILED, e);
    let about = path.symlink_metadata().map_err(|e| failed(&e))?;
    if about.is_dir() {
        for entry in fs::read_dir(path).map_err(|e| failed(&e))? {
            make_durable(&entry.map_err(|e| failed(&e))?.path())?;
        }
    } else if !about.is_file() {
        return Err(TransportError::lasting(NOT_A_FILE, "a link or a device cannot be published"));
    }
    sync(path).map_err(|e| failed(&e))
}

fn sync(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.symlink_metadata()?.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
mod tests;
