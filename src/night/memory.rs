//! A file's rows as remembered: the rows on disk, read in order; what became of each in memory.
//!
//! While a file is read its rows are written as they come, known ones copied from the memory of the feed's last
//! file, so that afterwards everything about the file lies in one place in its own order.

mod handed;

pub use handed::HandedRows;

use super::ahead::Last;
use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use lockgate_core::hash::Digester;
use lockgate_core::link::{
    BrokenMemory, Fate, Found, Key, Pick, Remembered, RowBytes, RowIndex, Seen, Span, repeats,
};
use lockgate_core::record::IdentityId;
use lockgate_core::row::Fingerprint;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempPath};

/// First bytes of a memory file, with the version of its form.
pub const MAGIC: &[u8; 8] = b"lgrows02";
/// Bytes of rows read or written at once.
pub const PIECE: usize = 256 << 10;
/// Bytes of rows that all cores look at together, and that one core looks at before it looks for more.
const ROUND: usize = 2 << 20;
const PART: usize = 64 << 10;

/// Where rows lie.
pub enum Body {
    /// In memory: a few rows that are looked at and not kept.
    Bytes,
    /// In a file that is being written.
    New(NamedTempFile),
    /// In a file that is not kept yet. From here on none stays open: a night goes by as many files as were ever kept.
    Waiting(TempPath),
    /// In a kept file.
    Stored(PathBuf),
}

/// The remembered rows of one file.
pub struct FileMemory {
    index: RowIndex,
    /// Rows that the feed's last file did not have; of a file that is not read tonight all, or none.
    fresh: Rows,
    body: Body,
    /// Bytes of rows in the file, behind its first bytes.
    written: u64,
    pending: Vec<u8>,
    sum: Digester,
    /// The fingerprints of the fresh rows and their places, while the file is read.
    prints: Vec<u128>,
    places: Vec<u32>,
    last: Option<Last>,
    /// What went wrong in a call that gives no answer; the next flush gives it.
    fault: Option<anyhow::Error>,
}

impl FileMemory {
    /// The memory of a file that is read tonight, on that of the feed's last accepted one.
    pub fn reading(new: NamedTempFile, last: Option<Last>) -> Result<Self> {
        let mut memory = Self::with(Body::New(new), RowIndex::default());
        if let Body::New(file) = &mut memory.body {
            file.write_all(MAGIC).context("writing the remembered rows of a file")?;
        }
        memory.last = last;
        Ok(memory)
    }

    /// A memory of a few rows, which is not kept.
    pub fn passing() -> Self {
        Self::with(Body::Bytes, RowIndex::default())
    }

    /// A kept memory.
    pub fn stored(path: PathBuf, index: RowIndex, written: u64) -> Self {
        Self { written, ..Self::with(Body::Stored(path), index) }
    }

    fn with(body: Body, index: RowIndex) -> Self {
        Self {
            index,
            fresh: Rows::default(),
            body,
            written: 0,
            pending: Vec::new(),
            sum: Digester::new(),
            prints: Vec::new(),
            places: Vec::new(),
            last: None,
            fault: None,
        }
    }

    /// Looks for a row of the feed's last file.
    pub fn find(&mut self, print: Fingerprint) -> Found {
        self.last.as_mut().map_or(Found::New, |(last, _)| last.find(print))
    }

    /// What became of a row in the last file, and whether tonight's file had it already.
    pub fn last_fate(&self, row: usize) -> (Option<Fate>, bool) {
        self.last.as_ref().map_or((None, false), |(last, _)| (last.index().fate(row), last.is_seen(row)))
    }

    /// Number of rows of the last file.
    pub fn last_len(&self) -> usize {
        self.last.as_ref().map_or(0, |(last, _)| last.index().len())
    }

    /// Tonight's next row is this row of the last file.
    pub fn push_known(&mut self, row: usize) {
        let Some((last, copier)) = &mut self.last else { return };
        let Some(fate) = last.index().fate(row) else { return };
        last.see(row);
        self.index.push(fate, last.index().span(row));
        if let Err(fault) = copier.copy(row, &mut self.pending) {
            self.fault.get_or_insert(fault);
        }
    }

    /// Tonight's next row is new and gave an identity.
    pub fn push(&mut self, print: Fingerprint, identity: IdentityId, keys: &[Key], span: Option<Span>) {
        self.add(print, Fate::Mapped, span);
        RowBytes::put(&mut self.pending, print, identity, keys);
    }

    /// Tonight's next row is new and gave none.
    pub fn push_other(&mut self, print: Fingerprint, fate: Fate) {
        self.add(print, fate, None);
        RowBytes::put(&mut self.pending, print, IdentityId(0), &[]);
    }

    fn add(&mut self, print: Fingerprint, fate: Fate, span: Option<Span>) {
        let row = self.index.len();
        self.prints.push(print.0);
        if self.last.is_some() {
            self.places.push(u32::try_from(row).unwrap_or(u32::MAX));
        }
        self.fresh.add(row);
        self.index.push(fate, span);
    }

    /// Writes the rows that wait, when they are many; gives what went wrong since the last time.
    pub fn flush(&mut self) -> Result<()> {
        if self.pending.len() >= PIECE { self.write() } else { self.fault.take().map_or(Ok(()), Err) }
    }

    fn write(&mut self) -> Result<()> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        if let Body::New(file) = &mut self.body {
            self.sum.update(&self.pending);
            file.seek(SeekFrom::End(0))?;
            file.write_all(&self.pending).context("writing the remembered rows of a file")?;
            self.written += self.pending.len() as u64;
            self.pending.clear();
        }
        Ok(())
    }

    /// Marks fresh rows that repeat an earlier fresh row; gives what they were before.
    pub fn mark_repeats(&mut self) -> Vec<Fate> {
        let again = repeats(&self.prints);
        let place = |at: usize| self.places.get(at).map_or(at, |row| *row as usize);
        let rows: Vec<usize> = again.into_iter().map(place).collect();
        let fates = rows.into_iter().filter_map(|row| self.index.set_fate(row, Fate::Duplicate));
        fates.filter(|fate| *fate != Fate::Duplicate).collect()
    }

    /// Ends the reading: everything is written, and no row is looked for any more.
    pub fn settle(&mut self) -> Result<()> {
        self.prints = Vec::new();
        self.places = Vec::new();
        if let Some((last, _)) = &mut self.last {
            last.settle();
        }
        self.write()?;
        self.set_aside();
        Ok(())
    }

    /// Closes the file.
    fn set_aside(&mut self) {
        self.body = match std::mem::replace(&mut self.body, Body::Bytes) {
            Body::New(file) => Body::Waiting(file.into_temp_path()),
            other => other,
        };
    }

    /// Takes over, after the rows of tonight's file, the rows of the last file that designate on `day` somebody whom
    /// tonight's file does not name: a row that is merely gone ends nothing. Gives how many.
    pub fn carry_designations(&mut self, day: Date) -> Result<usize> {
        self.write()?;
        let mut gone: Vec<(usize, IdentityId)> = Vec::new();
        self.each_vanished(|seen| {
            if seen.span.is_some_and(|span| span.holds(day)) {
                gone.push((seen.row, seen.identity));
            }
        })?;
        if gone.is_empty() {
            return Ok(0);
        }
        let mut absent: BTreeSet<IdentityId> = gone.iter().map(|(_, identity)| *identity).collect();
        self.visit(&mut |seen| {
            absent.remove(&seen.identity);
        })?;
        let carried: Vec<usize> =
            gone.into_iter().filter(|(_, identity)| absent.contains(identity)).map(|(row, _)| row).collect();
        carried.iter().for_each(|row| self.push_known(*row));
        self.write()?;
        Ok(carried.len())
    }

    /// Visits the rows of the last file that tonight's file has no more.
    pub fn each_vanished(&self, mut visit: impl FnMut(&Seen<'_>)) -> Result<()> {
        let Some((last, copier)) = &self.last else { return Ok(()) };
        copier.each(last.index(), &mut |seen| {
            if !last.is_seen(seen.row) {
                visit(seen);
            }
        })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether the file has no row.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// What became of a row.
    pub fn fate(&self, row: usize) -> Option<Fate> {
        self.index.fate(row)
    }

    /// Whether any row designates.
    pub fn designates(&self) -> bool {
        self.index.designates()
    }

    /// The first day after `day` on which a designation begins or holds no more.
    pub fn next_change(&self, day: Date) -> Option<Date> {
        self.index.spans(0).filter_map(|(_, span)| span.next_change(day)).min()
    }

    /// Whether some rows are known from the last file.
    pub fn has_known(&self) -> bool {
        self.last.is_some()
    }

    /// Ends the file: rows, index, and a digest over both. Gives the file that is to be kept.
    pub fn finish(&mut self) -> Result<File> {
        self.write()?;
        self.set_aside();
        let mut index = Vec::new();
        self.index.encode(&mut index);
        let mut sum = self.sum.clone();
        sum.update(&index);
        let Body::Waiting(path) = &self.body else { anyhow::bail!("a kept memory is kept again") };
        let mut file = File::options().append(true).open(path)?;
        file.write_all(&index)?;
        file.write_all(&sum.finish().0)?;
        Ok(file)
    }

    /// What is there is kept under its name from now on.
    pub fn keep_as(&mut self, path: &Path) -> Result<()> {
        self.set_aside();
        if let Body::Waiting(waiting) = std::mem::replace(&mut self.body, Body::Bytes) {
            waiting.persist(path)?;
            self.body = Body::Stored(path.to_owned());
        }
        Ok(())
    }

    fn visit(&self, visit: &mut dyn FnMut(&Seen<'_>)) -> Result<()> {
        self.walk(&mut |from, bytes| each_row(from, bytes, &self.index, &|row| self.fresh.has(row), visit))
    }

    /// Hands over where the rows lie, at the first of them, and how many bytes they are.
    fn walk(&self, walk: &mut dyn FnMut(&mut dyn Read, u64) -> Result<()>) -> Result<()> {
        let open = |path: &Path| File::open(path).context("opening the remembered rows of a file");
        let opened;
        let mut file = match &self.body {
            Body::Bytes => return walk(&mut self.pending.as_slice(), self.pending.len() as u64),
            Body::New(file) => file.as_file(),
            Body::Waiting(path) => {
                opened = open(path)?;
                &opened
            }
            Body::Stored(path) => {
                opened = open(path)?;
                &opened
            }
        };
        ensure!(self.pending.is_empty(), "remembered rows are read before they are written");
        file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
        walk(&mut file, self.written)
    }
}

impl Remembered for FileMemory {
    fn each(&self, visit: &mut dyn FnMut(&Seen<'_>)) -> Result<(), BrokenMemory> {
        self.visit(visit).map_err(|_| BrokenMemory)
    }

    fn gather(&self, pick: &Pick<'_>, take: &mut dyn FnMut(&[u64])) -> Result<(), BrokenMemory> {
        let fresh = |row| self.fresh.has(row);
        self.walk(&mut |from, bytes| on_all_cores(from, bytes, &self.index, &fresh, (pick, &mut *take)))
            .map_err(|_| BrokenMemory)
    }
}

/// Reads `bytes` bytes of rows piece by piece, and visits the mapped ones.
pub fn each_row(
    from: &mut dyn Read,
    bytes: u64,
    index: &RowIndex,
    fresh: &dyn Fn(usize) -> bool,
    visit: &mut dyn FnMut(&Seen<'_>),
) -> Result<()> {
    let mut row = 0;
    in_pieces(from, bytes, PIECE, |bytes| {
        let part = Part::cut(bytes, row, usize::MAX);
        row = part.end;
        part.visit(index, fresh, visit)
    })?;
    ensure!(row == index.len(), "the remembered rows of a file do not read back");
    Ok(())
}

/// Reads `bytes` bytes of rows, and asks about many of the mapped ones at once; answers come in the rows' order.
fn on_all_cores(
    from: &mut dyn Read,
    bytes: u64,
    index: &RowIndex,
    fresh: &(dyn Fn(usize) -> bool + Sync),
    (pick, take): (&Pick<'_>, &mut dyn FnMut(&[u64])),
) -> Result<()> {
    let mut row = 0;
    in_pieces(from, bytes, ROUND, |bytes| {
        let mut parts = Vec::new();
        loop {
            let part = Part::cut(bytes, row, PART);
            if part.rows.is_empty() {
                break;
            }
            row = part.end;
            parts.push(part);
        }
        let asked = |part: Part<'_>| -> Result<Vec<u64>> {
            let mut words = Vec::new();
            part.visit(index, fresh, &mut |seen| pick(seen, &mut words))?;
            Ok(words)
        };
        let answers: Vec<Vec<u64>> = parts.into_par_iter().map(asked).collect::<Result<_>>()?;
        answers.iter().for_each(|words| take(words));
        Ok(())
    })?;
    ensure!(row == index.len(), "the remembered rows of a file do not read back");
    Ok(())
}

/// Some whole rows that follow each other.
struct Part<'a> {
    rows: &'a [u8],
    /// Number of the first row, and of the one behind the last.
    start: usize,
    end: usize,
}

impl<'a> Part<'a> {
    /// Cuts whole rows off the front, until they are `most` bytes or more.
    fn cut(bytes: &mut &'a [u8], start: usize, most: usize) -> Self {
        let (mut at, mut end) = (0, start);
        while at < most
            && let Some(length) = bytes.get(at..).and_then(RowBytes::length)
            && at + length <= bytes.len()
        {
            at += length;
            end += 1;
        }
        let (rows, rest) = bytes.split_at(at);
        *bytes = rest;
        Self { rows, start, end }
    }

    /// Visits the mapped ones.
    fn visit(
        &self,
        index: &RowIndex,
        fresh: &dyn Fn(usize) -> bool,
        visit: &mut dyn FnMut(&Seen<'_>),
    ) -> Result<()> {
        let mut spans = index.spans(self.start).peekable();
        let mut rest = self.rows;
        for row in self.start..self.end {
            let read = RowBytes::take(&mut rest)?;
            if index.fate(row) == Some(Fate::Mapped) {
                while spans.next_if(|(at, _)| *at < row).is_some() {}
                let span = spans.peek().filter(|(at, _)| *at == row).map(|(_, span)| *span);
                visit(&Seen::new(row, &read, span, fresh(row)));
            }
        }
        Ok(())
    }
}

/// Hands bytes over piece by piece; what `take` leaves stands before the next piece.
pub fn in_pieces(
    from: &mut dyn Read,
    mut bytes: u64,
    piece: usize,
    mut take: impl FnMut(&mut &[u8]) -> Result<()>,
) -> Result<()> {
    let mut held: Vec<u8> = Vec::with_capacity(piece + (8 << 10));
    while bytes > 0 {
        let read = from.take(bytes.min(piece as u64)).read_to_end(&mut held)?;
        ensure!(read > 0, "the remembered rows of a file are cut short");
        bytes -= read as u64;
        let mut rest = held.as_slice();
        take(&mut rest)?;
        let left = rest.len();
        held.drain(..held.len() - left);
    }
    ensure!(held.is_empty(), "the remembered rows of a file are cut short");
    Ok(())
}

/// A set of rows of a file, a bit each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows(Vec<u64>);

impl Rows {
    /// Adds a row.
    pub fn add(&mut self, row: usize) {
        if self.0.len() <= row / 64 {
            self.0.resize(row / 64 + 1, 0);
        }
        if let Some(word) = self.0.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    /// Whether a row is among them.
    pub fn has(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Reads what `encode` gave.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        rest.is_empty().then(|| Self(words.iter().map(|word| u64::from_le_bytes(*word)).collect()))
    }
}
