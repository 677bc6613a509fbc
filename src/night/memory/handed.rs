//! A memory that one process wrote and another takes over: its rows lie in a file, the rest is told.

use super::{Body, FileMemory, MAGIC, PIECE, Rows};
use crate::night::stored_rows::StoredRows;
use anyhow::{Context as _, Result, bail, ensure};
use lockgate_core::hash::{Digest, Digester};
use lockgate_core::link::RowIndex;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use tempfile::NamedTempFile;

/// What is to be known of a memory beside the file in which its rows lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedRows {
    /// What became of the rows, and who is designated: the bytes of an index.
    pub index: Vec<u8>,
    /// Rows that the feed's last file did not have.
    pub fresh: Rows,
    /// Rows of the feed's last file that came again; absent when the file was not read on one.
    pub seen: Option<Rows>,
    /// Bytes of rows.
    pub bytes: u64,
    /// SHA-256 of these.
    pub sum: Digest,
}

impl FileMemory {
    /// Gives a settled memory away: its rows are on the drive under the name `to` when this returns.
    pub fn hand_over(self, to: &Path) -> Result<HandedRows> {
        ensure!(self.pending.is_empty(), "remembered rows are handed over before they are written");
        let Body::Waiting(path) = self.body else {
            bail!("a memory is handed over that is not settled, or is kept")
        };
        let mut index = Vec::new();
        self.index.encode(&mut index);
        let seen = self.last.as_ref().map(|(last, _)| {
            let mut rows = Rows::default();
            last.seen().iter().enumerate().filter(|(_, seen)| **seen).for_each(|(row, _)| rows.add(row));
            rows
        });
        File::open(&path)?.sync_all().context("handing over the remembered rows of a file")?;
        path.persist(to).context("handing over the remembered rows of a file")?;
        Ok(HandedRows { index, fresh: self.fresh, seen, bytes: self.written, sum: self.sum.finish() })
    }

    /// Takes over what another process gave away, on the rows of the same last file. Rows that are not what it wrote are an
    /// error.
    pub fn handed(file: NamedTempFile, told: HandedRows, last: Option<StoredRows>) -> Result<Self> {
        let mut memory = Self::with(Body::New(file), RowIndex::decode(&told.index)?);
        memory.sum = memory.read_through(told.bytes)?;
        memory.set_aside();
        ensure!(memory.sum.clone().finish() == told.sum, "the remembered rows of a file were changed");
        ensure!(
            last.is_some() == told.seen.is_some(),
            "the feed's last file is not the one that was read on"
        );
        (memory.fresh, memory.written) = (told.fresh, told.bytes);
        memory.last = last.zip(told.seen).map(|(last, seen)| {
            let seen = (0..last.index.len()).map(|row| seen.has(row)).collect();
            last.into_read(seen)
        });
        Ok(memory)
    }

    /// Reads so many bytes of rows, which are all that the file has.
    fn read_through(&mut self, bytes: u64) -> Result<Digester> {
        let Body::New(file) = &mut self.body else { bail!("a kept memory is taken over") };
        ensure!(
            file.as_file().metadata()?.len().checked_sub(MAGIC.len() as u64) == Some(bytes),
            "the remembered rows of a file are cut short"
        );
        let mut magic = [0; MAGIC.len()];
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut magic)?;
        ensure!(&magic == MAGIC, "the remembered rows of a file are of an unknown form");
        let (mut sum, mut piece) = (Digester::new(), vec![0; PIECE]);
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                return Ok(sum);
            }
            sum.update(piece.get(..read).unwrap_or_default());
        }
    }
}
