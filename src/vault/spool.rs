//! The spool: what a night sets aside while a file is not yet accepted, sealed under a key that
//! dies with it.
//!
//! Entries are gathered into chunks of about 64 KiB; each chunk is sealed and appended to a temporary
//! file that has no name, so that a crash leaves nothing to clean and nothing to read.

use super::{VaultError, random};
use lockgate_core::rest::{NONCE_LEN, RestKey};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

const CHUNK: usize = 64 * 1024;

/// Where entries are appended.
pub struct Spool {
    file: File,
    key: RestKey,
    pending: Vec<u8>,
    chunks: u64,
    entries: u64,
    bytes: u64,
}

impl Spool {
    /// An empty spool on the file system of `folder`.
    pub fn new_in(folder: &Path) -> Result<Self, VaultError> {
        let file = tempfile::tempfile_in(folder).map_err(VaultError::io("making a spool"))?;
        let key = RestKey::new(&random()?);
        Ok(Self { file, key, pending: Vec::with_capacity(CHUNK + 1024), chunks: 0, entries: 0, bytes: 0 })
    }

    /// Appends one entry.
    pub fn push(&mut self, entry: &[u8]) -> Result<(), VaultError> {
        let Ok(len) = u32::try_from(entry.len()) else {
            let source = std::io::ErrorKind::FileTooLarge.into();
            return Err(VaultError::Io { what: "spooling an entry of more than 4 GiB", source });
        };
        self.pending.extend_from_slice(&len.to_le_bytes());
        self.pending.extend_from_slice(entry);
        self.entries += 1;
        self.bytes += u64::from(len);
        if self.pending.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Number of entries so far.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Plain bytes so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the writing; the entries are read from the first.
    pub fn into_reader(mut self) -> Result<SpoolReader, VaultError> {
        self.flush()?;
        let mut reader = SpoolReader {
            file: BufReader::with_capacity(CHUNK, self.file),
            key: self.key,
            chunks: self.chunks,
            next: 0,
            chunk: Vec::new(),
            at: 0,
        };
        reader.rewind()?;
        Ok(reader)
    }

    fn flush(&mut self) -> Result<(), VaultError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let sealed = self.key.seal(place(self.chunks), &self.chunks.to_be_bytes(), &self.pending);
        let len = u64::try_from(sealed.len()).unwrap_or(u64::MAX);
        self.file
            .write_all(&len.to_le_bytes())
            .and_then(|()| self.file.write_all(&sealed))
            .map_err(VaultError::io("writing to a spool"))?;
        self.chunks += 1;
        self.pending.clear();
        Ok(())
    }
}

/// The key seals each place once, so the place is the nonce.
fn place(chunk: u64) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    let (_, right) = nonce.split_at_mut(4);
    right.copy_from_slice(&chunk.to_be_bytes());
    nonce
}

/// Reads a spool's entries in order.
pub struct SpoolReader {
    file: BufReader<File>,
    key: RestKey,
    chunks: u64,
    next: u64,
    chunk: Vec<u8>,
    at: usize,
}

impl SpoolReader {
    /// The next entry, until `None`.
    pub fn next_entry(&mut self) -> Result<Option<&[u8]>, VaultError> {
        if self.at == self.chunk.len() {
            if self.next == self.chunks {
                return Ok(None);
            }
            self.load()?;
        }
        let rest = self.chunk.get(self.at..).unwrap_or_default();
        let (len, rest) = rest.split_first_chunk::<4>().ok_or(VaultError::Damaged)?;
        let len = usize::try_from(u32::from_le_bytes(*len)).map_err(|_| VaultError::Damaged)?;
        let entry = rest.get(..len).ok_or(VaultError::Damaged)?;
        self.at += 4 + len;
        Ok(Some(entry))
    }

    /// Goes back to the first entry.
    pub fn rewind(&mut self) -> Result<(), VaultError> {
        self.file.seek(SeekFrom::Start(0)).map_err(VaultError::io("reading a spool"))?;
        (self.next, self.at) = (0, 0);
        self.chunk.clear();
        Ok(())
    }

    fn load(&mut self) -> Result<(), VaultError> {
        let mut len = [0; 8];
        self.file.read_exact(&mut len).map_err(VaultError::io("reading a spool"))?;
        let len = u64::from_le_bytes(len);
        let mut sealed = Vec::new();
        self.file.by_ref().take(len).read_to_end(&mut sealed).map_err(VaultError::io("reading a spool"))?;
        self.chunk = self.key.open(&self.next.to_be_bytes(), &sealed).map_err(|_| VaultError::Damaged)?;
        self.next += 1;
        self.at = 0;
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_in_order_and_again_after_rewinding() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new_in(folder.path()).unwrap();
        let entries: Vec<Vec<u8>> =
            (0..3_000usize).map(|i| vec![u8::try_from(i % 256).unwrap(); i % 400]).collect();
        for entry in &entries {
            spool.push(entry).unwrap();
        }
        spool.push(&vec![7; 3 * CHUNK]).unwrap();
        assert_eq!(spool.entries(), 3_001);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the spool has no name");
        let mut reader = spool.into_reader().unwrap();
        for _ in 0..2 {
            for entry in &entries {
                assert!(reader.next_entry().unwrap() == Some(&entry[..]));
            }
            assert_eq!(reader.next_entry().unwrap().map(<[u8]>::len), Some(3 * CHUNK));
            assert!(reader.next_entry().unwrap().is_none());
            reader.rewind().unwrap();
        }
    }

    #[test]
    fn an_empty_spool_ends_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut reader = Spool::new_in(folder.path()).unwrap().into_reader().unwrap();
        assert!(reader.next_entry().unwrap().is_none());
    }

    #[test]
    fn a_changed_spool_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new_in(folder.path()).unwrap();
        spool.push(b"entry").unwrap();
        spool.flush().unwrap();
        let mut file = spool.file.try_clone().unwrap();
        file.seek(SeekFrom::Start(25)).unwrap();
        file.write_all(&[0xff, 0xff]).unwrap();
        let mut reader = spool.into_reader().unwrap();
        assert!(matches!(reader.next_entry(), Err(VaultError::Damaged)));
    }
}
