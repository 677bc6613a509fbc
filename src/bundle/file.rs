//! Files of a bundle: hashed while they are written, readable by their owner only, durable at the end.

use super::error::{At, BundleError, Doing};
use lockgate_core::bundle::manifest::FileFacts;
use lockgate_core::hash::{Digest, Digester};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const BUFFER: usize = 64 * 1024;

/// A file that is being written.
pub(super) struct HashedFile {
    place: PathBuf,
    path: String,
    file: File,
    digester: Digester,
    bytes: u64,
    buffer: Vec<u8>,
}

impl HashedFile {
    /// Creates `path` in the bundle's folder; it must not be there yet.
    pub(super) fn create(folder: &Path, path: &str) -> Result<Self, BundleError> {
        let place = folder.join(path);
        let file = private_file(&place).at(Doing::Create, &place)?;
        let buffer = Vec::with_capacity(BUFFER + 4096);
        Ok(Self { place, path: path.into(), file, digester: Digester::new(), bytes: 0, buffer })
    }

    /// Lets the caller append; written out whenever enough has gathered.
    pub(super) fn append<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> Result<T, BundleError> {
        let result = write(&mut self.buffer);
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(result)
    }

    fn flush(&mut self) -> Result<(), BundleError> {
        self.digester.update(&self.buffer);
        self.bytes += self.buffer.len() as u64;
        self.file.write_all(&self.buffer).at(Doing::Write, &self.place)?;
        self.buffer.clear();
        Ok(())
    }

    /// Makes the file durable.
    pub(super) fn finish(mut self) -> Result<FileFacts, BundleError> {
        self.flush()?;
        self.file.sync_all().at(Doing::Sync, &self.place)?;
        Ok(FileFacts { path: self.path, bytes: self.bytes, hash: self.digester.finish() })
    }
}

/// Writes a whole file.
pub(super) fn write_file(folder: &Path, path: &str, content: &[u8]) -> Result<FileFacts, BundleError> {
    let mut file = HashedFile::create(folder, path)?;
    file.append(|out| out.extend_from_slice(content))?;
    file.finish()
}

/// Size and digest of a file that is there.
pub(super) fn hash_file(place: &Path, path: &str) -> Result<FileFacts, BundleError> {
    let mut file = File::open(place).at(Doing::Read, place)?;
    let (mut digester, mut bytes) = (Digester::new(), 0);
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = file.read(&mut buffer).at(Doing::Read, place)?;
        if read == 0 {
            break;
        }
        digester.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
    Ok(FileFacts { path: path.into(), bytes, hash: digester.finish() })
}

/// Digest of a bundle's manifest; `None` when there is no such bundle.
pub(super) fn manifest_digest(bundle: &Path) -> Result<Option<Digest>, BundleError> {
    let place = bundle.join(MANIFEST);
    match hash_file(&place, MANIFEST) {
        Ok(facts) => Ok(Some(facts.hash)),
        Err(BundleError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The manifest's name.
pub(super) const MANIFEST: &str = "datapackage.json";

/// Creates a file that only its owner can read.
pub(super) fn private_file(place: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(place)
}

/// Creates a folder that only its owner can enter.
pub(super) fn private_folder(place: &Path) -> Result<(), BundleError> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(place).at(Doing::Create, place)
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(place: &Path) -> Result<(), BundleError> {
    // Only Unix lets a folder be opened and synchronised; elsewhere the rename itself is the promise.
    if cfg!(unix) {
        File::open(place).and_then(|folder| folder.sync_all()).at(Doing::Sync, place)?;
    }
    Ok(())
}
