//! Copying files for the service alone, durably.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

pub(super) use crate::vault::private_folder as private;

/// Copies some folders whole; one that is not there is left out. Links are not followed.
pub(super) fn folders(from: &Path, to: &Path, names: &[&str]) -> io::Result<()> {
    for name in names.iter().filter(|name| from.join(name).is_dir()) {
        whole(&from.join(name), &to.join(name))?;
    }
    Ok(())
}

fn whole(from: &Path, to: &Path) -> io::Result<()> {
    private(to)?;
    for entry in fs::read_dir(from)? {
        let (entry, target) = (entry?, to);
        let (kind, target) = (entry.file_type()?, target.join(entry.file_name()));
        if kind.is_dir() {
            whole(&entry.path(), &target)?;
        } else if kind.is_file() {
            file(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Copies one file; the copy is on the drive when this returns.
pub(super) fn file(from: &Path, to: &Path) -> io::Result<()> {
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(from)?, &mut target)?;
    target.sync_all()
}

/// Gives a finished folder its name, durably.
pub(super) fn settle(from: &Path, to: &Path) -> io::Result<()> {
    File::open(from)?.sync_all()?;
    fs::rename(from, to)?;
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}
