//! Caps on everything that comes from outside, and the one place that opens a received file.

use crate::codes::{BAD_SEQUENCE, FILE_TOO_LARGE, FILE_UNREADABLE, INPUT_FAILED, NOT_A_FILE};
use crate::format::ReadError;
use crate::format::encoding::BadSequence;
use crate::transport::TransportError;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Upper bounds; the defaults are several times any real file of the partnership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one received file, as received.
    pub file_bytes: u64,
    /// Bytes of one workbook, packed.
    pub workbook_bytes: u64,
    /// Bytes of one row, all cells together.
    pub row_bytes: usize,
    /// Bytes of one cell.
    pub cell_bytes: usize,
    /// Columns of one row.
    pub columns: usize,
    /// Nested elements (XML), or objects and arrays (JSON).
    pub depth: usize,
    /// Attributes of one element.
    pub xml_attributes: usize,
    /// Elements in one row element (XML), or values in one row (JSON).
    pub row_elements: usize,
    /// Bytes that a compressed file may unpack to, all parts together.
    pub unzip_bytes: u64,
    /// Unpacked bytes for each packed byte, counted once a part exceeds 1 MiB.
    pub unzip_ratio: u64,
    /// Parts of a compressed file.
    pub unzip_parts: usize,
    /// Bytes that a workbook's part other than a sheet may unpack to (styles, relations).
    pub part_bytes: u64,
    /// Bytes that a workbook's table of shared texts may unpack to; it is held in memory.
    pub shared_bytes: u64,
    /// Bytes of rows held in memory for joins.
    pub join_bytes: usize,
    /// Cells of one file.
    pub cells: u64,
    /// Rows of one file.
    pub rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 4 << 30,
            workbook_bytes: 256 << 20,
            row_bytes: 1 << 20,
            cell_bytes: 256 << 10,
            columns: 2_048,
            depth: 64,
            xml_attributes: 128,
            row_elements: 16_384,
            unzip_bytes: 2 << 30,
            unzip_ratio: 200,
            unzip_parts: 2_000,
            part_bytes: 4 << 20,
            shared_bytes: 128 << 20,
            join_bytes: 256 << 20,
            cells: 400_000_000,
            rows: 20_000_000,
        }
    }
}

/// Opens a plain file for reading: a link, a folder or a device is refused, and so is a file that
/// was exchanged between the look and the opening.
pub fn open(path: &Path, limits: &Limits) -> Result<File, TransportError> {
    let seen = path.symlink_metadata().map_err(|e| TransportError::from_io(FILE_UNREADABLE, &e))?;
    if !seen.is_file() {
        return Err(TransportError::lasting(NOT_A_FILE, "the entry is no plain file"));
    }
    if seen.len() > limits.file_bytes {
        let what = format!("the file is larger than {} bytes", limits.file_bytes);
        return Err(TransportError::lasting(FILE_TOO_LARGE, &what));
    }
    let file = File::open(path).map_err(|e| TransportError::from_io(FILE_UNREADABLE, &e))?;
    let got = file.metadata().map_err(|e| TransportError::from_io(FILE_UNREADABLE, &e))?;
    if !got.is_file() || !same(&seen, &got) {
        return Err(TransportError::passing(NOT_A_FILE, "the file was exchanged while it was opened"));
    }
    Ok(file)
}

#[cfg(unix)]
fn same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    a.dev() == b.dev() && a.ino() == b.ino()
}

#[cfg(not(unix))]
fn same(a: &Metadata, b: &Metadata) -> bool {
    a.len() == b.len()
}

/// Marks the error of a [`Capped`] reader that ran into its cap.
#[derive(Debug)]
pub(crate) struct OverCap;

impl std::fmt::Display for OverCap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("more bytes than the cap")
    }
}

impl std::error::Error for OverCap {}

/// A reader that fails once it has given `left` bytes and more follow.
pub(crate) struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Capped<R> {
    pub(crate) fn new(inner: R, bytes: u64) -> Self {
        Self { inner, left: bytes }
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let more = self.inner.read(&mut [0; 1])?;
            return if more == 0 || buf.is_empty() { Ok(0) } else { Err(io::Error::other(OverCap)) };
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        let got = self.inner.read(buf.get_mut(..room).unwrap_or_default())?;
        self.left -= got as u64;
        Ok(got)
    }
}

/// Says what an input error means, with the row being read; the library's text is not repeated.
pub(crate) fn input_error(error: &io::Error, row: Option<u64>) -> ReadError {
    let inner = error.get_ref();
    if inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<OverCap>) {
        return ReadError::new(FILE_TOO_LARGE, row, "the file is larger than its cap");
    }
    if inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<BadSequence>) {
        return ReadError::new(BAD_SEQUENCE, row, "bytes that are no text in the file's encoding")
            .help("declare the encoding that the partner really writes");
    }
    ReadError::new(INPUT_FAILED, row, &format!("input error: {}", error.kind()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_capped_reader_gives_exactly_its_bytes_and_then_fails() {
        let mut out = Vec::new();
        Capped::new(&b"12345"[..], 5).read_to_end(&mut out).unwrap();
        assert_eq!(out, b"12345");
        let error = Capped::new(&b"123456"[..], 5).read_to_end(&mut out).unwrap_err();
        assert_eq!(input_error(&error, Some(3)).code, FILE_TOO_LARGE);
    }

    #[test]
    fn only_plain_files_within_the_cap_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "12345").unwrap();
        let limits = Limits { file_bytes: 5, ..Limits::default() };
        assert!(open(&path, &limits).is_ok());
        let small = Limits { file_bytes: 4, ..limits };
        assert_eq!(open(&path, &small).unwrap_err().code, FILE_TOO_LARGE);
        assert_eq!(open(folder.path(), &limits).unwrap_err().code, NOT_A_FILE);
        assert_eq!(open(&folder.path().join("none"), &limits).unwrap_err().code, FILE_UNREADABLE);
        #[cfg(unix)]
        {
            let link = folder.path().join("link.csv");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            assert_eq!(open(&link, &limits).unwrap_err().code, NOT_A_FILE);
        }
    }
}
