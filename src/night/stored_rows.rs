//! The kept rows of a feed's last file: read through once, then copied from, row by row.

use super::memory::{MAGIC, PIECE, each_row, in_pieces};
use anyhow::{Context as _, Result, ensure};
use lockgate_core::hash::Digester;
use lockgate_core::link::{INDEX_END, LastFile, RowBytes, RowIndex, Seen};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

/// Rows between two places that are known.
const MARK: usize = 16;
/// Bytes read at once when rows do not come in their order.
const JUMP: usize = 4 << 10;
const SUM: usize = 32;

/// Kept rows that read back whole.
pub struct StoredRows {
    /// Their file.
    pub file: File,
    /// What became of them.
    pub index: RowIndex,
    /// Bytes of rows.
    pub bytes: u64,
    prints: Vec<u128>,
    marks: Vec<u64>,
}

impl StoredRows {
    /// Reads a memory file through; a changed or cut one is an error. The fingerprints are kept when asked for.
    pub fn open(mut file: File, prints: bool) -> Result<Self> {
        let total = file.metadata()?.len();
        let least = (MAGIC.len() + INDEX_END + SUM) as u64;
        ensure!(total >= least, "cut short");
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic)?;
        ensure!(&magic == MAGIC, "of an unknown form");
        let mut end = [0; INDEX_END + SUM];
        file.seek(SeekFrom::Start(total - end.len() as u64))?;
        file.read_exact(&mut end)?;
        let (counts, sum) = end.split_first_chunk::<INDEX_END>().context("cut short")?;
        let length = RowIndex::length(counts).context("of another length")?;
        let bytes = total.checked_sub((MAGIC.len() + SUM) as u64).and_then(|body| body.checked_sub(length));
        let bytes = bytes.context("of another length")?;
        file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
        let mut out = Self { file, index: RowIndex::default(), bytes, prints: Vec::new(), marks: Vec::new() };
        let mut digester = Digester::new();
        let rows = out.read_rows(prints, &mut digester)?;
        let mut index = Vec::new();
        (&out.file).take(length).read_to_end(&mut index)?;
        digester.update(&index);
        ensure!(digester.finish().0 == *sum, "changed");
        out.index = RowIndex::decode(&index)?;
        ensure!(out.index.len() == rows, "of another length");
        Ok(out)
    }

    /// Reads the rows; gives how many there are.
    fn read_rows(&mut self, prints: bool, digester: &mut Digester) -> Result<usize> {
        let (mut rows, mut at) = (0, 0u64);
        let Self { file, prints: kept, marks, bytes, .. } = self;
        let mut seen = 0;
        in_pieces(&mut &*file, *bytes, PIECE, |held| {
            // What was left over from the piece before is counted in the digest already.
            digester.update(held.get(seen..).unwrap_or_default());
            while let Some(length) = RowBytes::length(held).filter(|length| *length <= held.len()) {
                let (mut one, rest) = held.split_at(length);
                *held = rest;
                if prints {
                    kept.push(RowBytes::take(&mut one)?.print.0);
                    if rows % MARK == 0 {
                        marks.push(at);
                    }
                }
                at += length as u64;
                rows += 1;
            }
            seen = held.len();
            Ok(())
        })?;
        Ok(rows)
    }

    /// As the last file of a feed whose next is read.
    pub fn into_last(self) -> (LastFile, Copier) {
        let (index, prints, copier) = self.apart();
        (LastFile::new(index, prints), copier)
    }

    /// As the last file of a feed whose next was read by another process; some of its rows came again.
    pub fn into_read(self, seen: Vec<bool>) -> (LastFile, Copier) {
        let (index, _, copier) = self.apart();
        (LastFile::settled(index, seen), copier)
    }

    fn apart(self) -> (RowIndex, Vec<u128>, Copier) {
        let copier = Copier {
            file: self.file,
            bytes: self.bytes,
            marks: self.marks,
            row: 0,
            at: 0,
            window: Vec::new(),
            start: 0,
        };
        (self.index, self.prints, copier)
    }
}

/// Copies kept rows, cheaply when they come in their order.
pub struct Copier {
    file: File,
    bytes: u64,
    marks: Vec<u64>,
    /// The row that stands next, and where.
    row: usize,
    at: u64,
    /// Bytes read from `start` on.
    window: Vec<u8>,
    start: u64,
}

impl Copier {
    /// Adds a row's bytes.
    pub fn copy(&mut self, row: usize, out: &mut Vec<u8>) -> Result<()> {
        let mark = row / MARK;
        if row < self.row || self.row / MARK < mark {
            let at = self.marks.get(mark).copied().context("a remembered row is not there")?;
            (self.row, self.at) = (mark * MARK, at);
        }
        while self.row < row {
            let length = self.here()?.len();
            self.step(length);
        }
        let one = self.here()?;
        out.extend_from_slice(one);
        let length = one.len();
        self.step(length);
        Ok(())
    }

    fn step(&mut self, length: usize) {
        self.at += length as u64;
        self.row += 1;
    }

    /// The bytes of the row that stands next.
    fn here(&mut self) -> Result<&[u8]> {
        if self.in_window().is_none() {
            self.read()?;
        }
        self.in_window().context("the remembered rows of a file are cut short")
    }

    fn in_window(&self) -> Option<&[u8]> {
        let from = usize::try_from(self.at.checked_sub(self.start)?).ok()?;
        let rest = self.window.get(from..)?;
        rest.get(..RowBytes::length(rest)?)
    }

    fn read(&mut self) -> Result<()> {
        let end = self.start + self.window.len() as u64;
        let onward = self.at <= end && self.at >= self.start;
        let size = if onward { PIECE } else { JUMP } as u64;
        self.file.seek(SeekFrom::Start(MAGIC.len() as u64 + self.at))?;
        self.window.clear();
        self.start = self.at;
        let left = self.bytes.saturating_sub(self.at);
        (&self.file).take(size.min(left)).read_to_end(&mut self.window)?;
        Ok(())
    }

    /// Visits the mapped rows.
    pub fn each(&self, index: &RowIndex, visit: &mut dyn FnMut(&Seen<'_>)) -> Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
        each_row(&mut file, self.bytes, index, &|_| false, visit)
    }
}
