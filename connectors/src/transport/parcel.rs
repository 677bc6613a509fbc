//! A finished local file on its way to a place, and its bytes compared with those that lie there.

use crate::codes::{FILE_UNREADABLE, OTHER_BYTES};
use crate::limits::{self, Limits};
use crate::transport::TransportError;
use lockgate_core::hash::{Digest, Digester};
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

/// A plain local file that is sent.
pub(super) struct Parcel {
    file: File,
    bytes: u64,
}

impl Parcel {
    /// Opens it; a link, a folder or a device is refused.
    pub(super) fn open(local: &Path) -> Result<Self, TransportError> {
        let file = limits::open(local, &Limits { file_bytes: u64::MAX, ..Limits::default() })?;
        let bytes = file.metadata().map_err(|e| unread(&e))?.len();
        Ok(Self { file, bytes })
    }

    /// Its size.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file, standing at a byte.
    pub(super) fn from(&self, offset: u64) -> Result<&File, TransportError> {
        (&self.file).seek(SeekFrom::Start(offset)).map_err(|e| unread(&e))?;
        Ok(&self.file)
    }

    /// SHA-256 of its first bytes.
    pub(super) fn digest(&self, bytes: u64) -> Result<Digest, TransportError> {
        digest(self.from(0)?.take(bytes)).map(|(digest, _)| digest).map_err(|e| unread(&e))
    }
}

/// SHA-256 of all that a reader gives, and its length.
pub(super) fn digest(mut reader: impl Read) -> io::Result<(Digest, u64)> {
    let (mut digester, mut bytes) = (Digester::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = reader.read(&mut buffer)?;
        let Some(piece) = buffer.get(..read).filter(|p| !p.is_empty()) else { break };
        digester.update(piece);
        bytes += piece.len() as u64;
    }
    Ok((digester.finish(), bytes))
}

/// What lies under the name is something else, and stays.
pub(super) fn other() -> TransportError {
    TransportError::lasting(OTHER_BYTES, "other bytes lie there under its name; they were left alone")
}

fn unread(error: &io::Error) -> TransportError {
    TransportError::from_io(FILE_UNREADABLE, error)
}
