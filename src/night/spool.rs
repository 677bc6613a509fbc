//! The rows of one file between reading and linking: sealed chunks in a file without a name.
//!
//! The core seals each chunk, so that personal values never stand in clear outside it; the key is
//! made here, is nowhere kept, and dies with the run. A spool that another process is to read has a name, and
//! its key is told together with what proves that it is whole.

use crate::vault::{Nonces, VaultError};
use anyhow::{Context as _, Result, ensure};
use lockgate_core::hash::{Digest, Digester};
use lockgate_core::record::IdentityId;
use lockgate_core::rest::RestKey;
use lockgate_core::spool::{SpoolRow, SpoolWriter, open};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use tempfile::{NamedTempFile, TempPath};

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
    named: Option<Named>,
}

/// A spool for another process.
struct Named {
    path: TempPath,
    key: [u8; 32],
    bytes: u64,
    sum: Digester,
}

/// What is to be known of a spool beside its file.
#[derive(Clone, PartialEq, Eq)]
pub struct HandedSpool {
    /// The key of its chunks.
    pub key: [u8; 32],
    /// How many these are.
    pub chunks: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sum: Digest,
}

impl Spool {
    /// An empty spool on the file system of `folder`.
    pub fn new_in(folder: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(folder).context("making a spool")?;
        Ok(Self::writing(file, &key()?))
    }

    /// An empty spool in `folder` that another process is to read.
    pub fn named_in(folder: &Path) -> Result<Self> {
        let key = key()?;
        let (file, path) = NamedTempFile::new_in(folder).context("making a spool")?.into_parts();
        let named = Named { path, key, bytes: 0, sum: Digester::new() };
        Ok(Self { named: Some(named), ..Self::writing(file, &key) })
    }

    fn writing(file: File, key: &[u8; 32]) -> Self {
        Self {
            key: RestKey::new(key),
            nonces: Nonces::new(),
            waiting: SpoolWriter::default(),
            write: Some(BufWriter::with_capacity(2 * CHUNK, file)),
            read: None,
            chunks: 0,
            next: 0,
            named: None,
        }
    }

    /// Gives a finished spool away: it is on the drive under the name `to` when this returns.
    pub fn hand_over(mut self, to: &Path) -> Result<HandedSpool> {
        let named = self.named.take().context("a spool without a name is handed over")?;
        let file = self.read.take().context("a spool is handed over before it was finished")?;
        file.get_ref().sync_all().context("handing over a spool")?;
        named.path.persist(to).context("handing over a spool")?;
        let Named { key, bytes, sum, .. } = named;
        Ok(HandedSpool { key, chunks: self.chunks, bytes, sum: sum.finish() })
    }

    /// Takes over what another process gave away; from now on it has no name. Bytes that are not what it wrote are an error.
    pub fn handed(path: &Path, told: &HandedSpool) -> Result<Self> {
        let mut file = File::open(path).context("taking over a spool")?;
        std::fs::remove_file(path).context("taking over a spool")?;
        ensure!(file.metadata()?.len() == told.bytes, "a spool is cut short");
        let (mut sum, mut piece) = (Digester::new(), vec![0; CHUNK]);
        loop {
            let read = file.read(&mut piece).context("taking over a spool")?;
            if read == 0 {
                break;
            }
            sum.update(piece.get(..read).unwrap_or_default());
        }
        ensure!(sum.finish() == told.sum, "a spool was changed");
        file.seek(SeekFrom::Start(0)).context("rewinding a spool")?;
        let read = Some(BufReader::with_capacity(2 * CHUNK, file.try_clone()?));
        Ok(Self { write: None, read, chunks: told.chunks, ..Self::writing(file, &told.key) })
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
        if let Some(named) = &mut self.named {
            named.sum.update(&length.to_le_bytes());
            named.sum.update(&sealed);
            named.bytes += 4 + u64::from(length);
        }
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

fn key() -> Result<[u8; 32], VaultError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| VaultError::Random)?;
    Ok(key)
}
