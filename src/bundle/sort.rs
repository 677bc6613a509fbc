//! Sorting more rows than memory should hold: sorted runs in one nameless temporary file, then merged.
//!
//! A night's bundle usually fits the buffer and touches no disk at all.

use super::error::{At, BundleError, Doing};
use lockgate_core::bundle::{Packed, Parcel};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes that are read ahead of each run.
const AHEAD: usize = 32 * 1024;

/// Takes packed rows in any order.
pub(super) struct Sorter {
    folder: PathBuf,
    limit: usize,
    rows: Vec<u8>,
    index: Vec<(u128, usize, usize)>,
    spilled: Option<File>,
    runs: Vec<Run>,
    written: u64,
}

impl Sorter {
    /// Keeps up to `limit` bytes of rows in memory, and the rest in `folder`.
    pub(super) fn new(folder: &Path, limit: usize) -> Self {
        Self {
            folder: folder.into(),
            limit,
            rows: Vec::new(),
            index: Vec::new(),
            spilled: None,
            runs: Vec::new(),
            written: 0,
        }
    }

    /// Takes one row, as the caller packs it. A row that fails to pack leaves no trace.
    pub(super) fn push<E: Into<BundleError>>(
        &mut self,
        pack: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Packed<'_>, BundleError> {
        if self.rows.len() >= self.limit {
            self.spill()?;
        }
        let start = self.rows.len();
        if let Err(error) = pack(&mut self.rows) {
            self.rows.truncate(start);
            return Err(error.into());
        }
        let row =
            Packed::read(self.rows.get(start..).unwrap_or_default()).ok_or_else(|| damaged(&self.folder))?;
        self.index.push((row.key(), start, self.rows.len()));
        Ok(row)
    }

    /// Takes over rows that are packed.
    pub(super) fn extend(&mut self, parcel: &Parcel) -> Result<(), BundleError> {
        if self.rows.len() >= self.limit {
            self.spill()?;
        }
        let start = self.rows.len();
        self.rows.extend_from_slice(parcel.bytes());
        self.index.extend(parcel.rows().map(|(at, row)| (row.key(), start + at.start, start + at.end)));
        Ok(())
    }

    fn spill(&mut self) -> Result<(), BundleError> {
        self.index.sort_unstable();
        let mut file = match self.spilled.take() {
            Some(file) => file,
            // Nameless where the system allows it, so that a crash leaves no personal data behind.
            None => tempfile::tempfile_in(&self.folder).at(Doing::Create, &self.folder)?,
        };
        let mut out = BufWriter::with_capacity(AHEAD, &mut file);
        let mut end = self.written;
        for (_, start, stop) in &self.index {
            let row = self.rows.get(*start..*stop).unwrap_or_default();
            let len = u32::try_from(row.len()).unwrap_or(u32::MAX);
            out.write_all(&len.to_le_bytes())
                .and_then(|()| out.write_all(row))
                .at(Doing::Write, &self.folder)?;
            end += 4 + row.len() as u64;
        }
        out.flush().at(Doing::Write, &self.folder)?;
        drop(out);
        self.runs.push(Run { at: self.written, end, ahead: Vec::new(), start: 0, row: 0..0 });
        self.written = end;
        self.spilled = Some(file);
        self.rows.clear();
        self.index.clear();
        Ok(())
    }

    /// All rows in order.
    pub(super) fn sorted(mut self) -> Result<Sorted, BundleError> {
        if self.spilled.is_some() && !self.index.is_empty() {
            self.spill()?;
        }
        let Some(file) = self.spilled else {
            self.index.sort_unstable();
            return Ok(Sorted::Memory { rows: self.rows, index: self.index.into_iter() });
        };
        let mut merge =
            Merge { folder: self.folder, file, runs: self.runs, heap: BinaryHeap::new(), last: None };
        for at in 0..merge.runs.len() {
            merge.advance(at)?;
        }
        Ok(Sorted::Merge(merge))
    }
}

/// Rows in order of table, record and version.
pub(super) enum Sorted {
    /// Everything was in memory.
    Memory { rows: Vec<u8>, index: std::vec::IntoIter<(u128, usize, usize)> },
    /// From several runs.
    Merge(Merge),
}

impl Sorted {
    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Packed<'_>>, BundleError> {
        match self {
            Self::Memory { rows, index } => {
                Ok(index.next().and_then(|(_, start, end)| Packed::read(rows.get(start..end)?)))
            }
            Self::Merge(merge) => merge.next(),
        }
    }
}

/// One sorted run in the temporary file.
struct Run {
    at: u64,
    end: u64,
    ahead: Vec<u8>,
    start: usize,
    row: std::ops::Range<usize>,
}

/// Merges runs by their first rows.
pub(super) struct Merge {
    folder: PathBuf,
    file: File,
    runs: Vec<Run>,
    heap: BinaryHeap<Reverse<(u128, usize)>>,
    last: Option<usize>,
}

impl Merge {
    fn next(&mut self) -> Result<Option<Packed<'_>>, BundleError> {
        if let Some(last) = self.last.take() {
            self.advance(last)?;
        }
        let Some(Reverse((_, at))) = self.heap.pop() else { return Ok(None) };
        self.last = Some(at);
        let row = self.runs.get(at).and_then(|run| Packed::read(run.ahead.get(run.row.clone())?));
        row.map(Some).ok_or_else(|| damaged(&self.folder))
    }

    fn advance(&mut self, at: usize) -> Result<(), BundleError> {
        let Some(run) = self.runs.get_mut(at) else { return Ok(()) };
        if let Some(key) = run.advance(&mut self.file, &self.folder)? {
            self.heap.push(Reverse((key, at)));
        }
        Ok(())
    }
}

impl Run {
    /// Steps to the next row and gives its key; `None` at the end of the run.
    fn advance(&mut self, file: &mut File, folder: &Path) -> Result<Option<u128>, BundleError> {
        self.start = self.row.end;
        if self.start == self.ahead.len() && self.at == self.end {
            return Ok(None);
        }
        self.hold(4, file, folder)?;
        let len = self
            .ahead
            .get(self.start..self.start + 4)
            .and_then(|b| b.try_into().ok())
            .map(u32::from_le_bytes);
        let len = len.ok_or_else(|| damaged(folder))? as usize;
        self.hold(4 + len, file, folder)?;
        self.row = self.start + 4..self.start + 4 + len;
        let row = self.ahead.get(self.row.clone()).and_then(Packed::read);
        row.map(|row| Some(row.key())).ok_or_else(|| damaged(folder))
    }

    /// Reads ahead until `need` bytes lie after `start`, or the run ends.
    fn hold(&mut self, need: usize, file: &mut File, folder: &Path) -> Result<(), BundleError> {
        if self.ahead.len() - self.start >= need {
            return Ok(());
        }
        self.ahead.drain(..self.start);
        self.start = 0;
        let wanted = (need.max(AHEAD) - self.ahead.len()) as u64;
        let wanted = wanted.min(self.end - self.at);
        file.seek(SeekFrom::Start(self.at)).at(Doing::Read, folder)?;
        let read = Read::by_ref(file).take(wanted).read_to_end(&mut self.ahead).at(Doing::Read, folder)?;
        self.at += read as u64;
        if (read as u64) < wanted {
            return Err(damaged(folder));
        }
        Ok(())
    }
}

fn damaged(folder: &Path) -> BundleError {
    let source = std::io::Error::new(std::io::ErrorKind::InvalidData, "a temporary file came back changed");
    match Err::<(), _>(source).at(Doing::Read, folder) {
        Err(error) => error,
        Ok(()) => BundleError::Other { name: String::new(), folder: "staging" },
    }
}
