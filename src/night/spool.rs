//! The rows of one file between reading and linking: sealed chunks in a file without a name.
//!
//! The core seals each chunk, so that personal values never stand in clear outside it; the key is
//! made here, is nowhere kept, and dies with the run.

use crate::vault::{Nonces, VaultError};
use anyhow::{Context as _, Result};
use lockgate_core::record::IdentityId;
use lockgate_core::rest::RestKey;
use lockgate_core::spool::{SpoolRow, SpoolWriter, open};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// Bytes of rows sealed at once.
const CHUNK: usize = 256 * 1024;

/// Mapped rows, written once and read once, in order.
pub struct Spool {
    key: RestKey,
    nonces: Nonces,
    waiting: SpoolWriter,
    write: Option<BufWriter<File>>,
    read: Option<BufReader<File>>,
    chunks: u64,
    next: u64,
}

impl Spool {
    /// An empty spool on the file system of `folder`.
    pub fn new_in(folder: &Path) -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| VaultError::Random)?;
        let file = tempfile::tempfile_in(folder).context("making a spool")?;
        Ok(Self {
            key: RestKey::new(&key),
            nonces: Nonces::new(),
            waiting: SpoolWriter::default(),
            write: Some(BufWriter::with_capacity(2 * CHUNK, file)),
            read: None,
            chunks: 0,
            next: 0,
        })
    }

    /// Takes rows over, in order.
    pub fn append(&mut self, rows: &mut SpoolWriter) -> Result<()> {
        self.waiting.append(rows);
        if self.waiting.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Ends the writing.
    pub fn finish(&mut self) -> Result<()> {
        self.flush()?;
        if let Some(write) = self.write.take() {
            let mut file =
                write.into_inner().map_err(std::io::IntoInnerError::into_error).context("ending a spool")?;
            file.seek(SeekFrom::Start(0)).context("rewinding a spool")?;
            self.read = Some(BufReader::with_capacity(2 * CHUNK, file));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let Some(write) = self.write.as_mut().filter(|_| !self.waiting.is_empty()) else { return Ok(()) };
        let sealed = self.waiting.seal(&self.key, self.nonces.next_nonce()?, self.chunks);
        let length = u32::try_from(sealed.len()).context("a spooled chunk is too large")?;
        write
            .write_all(&length.to_le_bytes())
            .and_then(|()| write.write_all(&sealed))
            .context("writing to a spool")?;
        self.chunks += 1;
        Ok(())
    }

    /// The next chunk's wanted rows; `None` at the end.
    pub fn next(&mut self, wanted: impl FnMut(u32, IdentityId) -> bool) -> Result<Option<Vec<SpoolRow>>> {
        if self.next == self.chunks {
            return Ok(None);
        }
        let read = self.read.as_mut().context("a spool is read before it was finished")?;
        let mut length = [0; 4];
        read.read_exact(&mut length).context("reading a spool")?;
        let mut sealed = vec![0; u32::from_le_bytes(length) as usize];
        read.read_exact(&mut sealed).context("reading a spool")?;
        let rows = open(&self.key, self.next, &sealed, wanted).context("a spooled chunk does not open")?;
        self.next += 1;
        Ok(Some(rows))
    }
}
