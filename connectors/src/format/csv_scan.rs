//! Records of a delimited text, cut by the `csv-core` automaton from a buffer with a cap.
//!
//! Beside the cells it keeps what a reader of partner files must know: the line on which a record
//! begins, whether its quotes were well placed, and whether the file ended inside a quote.

use crate::codes::{NUL_BYTE, QUOTE_OPEN, TOO_LONG, TOO_MANY};
use crate::format::ReadError;
use crate::limits::{Limits, input_error};
use csv_core::ReadRecordResult;
use memchr::{memchr, memchr_iter};
use std::io::{self, Read};

const CHUNK: usize = 256 << 10;

/// Cuts records; the one cut last stays in its buffers.
pub(super) struct Scanner<'a> {
    input: Box<dyn Read + Send + 'a>,
    core: csv_core::Reader,
    delimiter: u8,
    quote: Option<u8>,
    row_bytes: usize,
    cell_bytes: usize,
    columns: usize,
    /// Input not yet consumed, `start..end`; it begins with the record being cut.
    buf: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    nul: bool,
    out: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    blank: u64,
    after_cr: bool,
}

/// Where a record stands and how well it is formed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    bytes: usize,
    cells: usize,
    /// Whether every quoted cell ends with its closing quote.
    pub(super) well_quoted: bool,
}

/// How much of a record is cut so far.
#[derive(Default)]
struct Cut {
    used: usize,
    bytes: usize,
    cells: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(
        input: Box<dyn Read + Send + 'a>,
        delimiter: u8,
        quote: Option<u8>,
        limits: &Limits,
    ) -> Self {
        let mut builder = csv_core::ReaderBuilder::new();
        builder.delimiter(delimiter).quoting(quote.is_some()).quote(quote.unwrap_or(b'"'));
        Self {
            input,
            core: builder.build(),
            delimiter,
            quote,
            row_bytes: limits.row_bytes,
            cell_bytes: limits.cell_bytes,
            columns: limits.columns,
            buf: vec![0; CHUNK],
            start: 0,
            end: 0,
            ended: false,
            nul: false,
            out: vec![0; 4 << 10],
            ends: vec![0; 64],
            line: 1,
            blank: 0,
            after_cr: false,
        }
    }

    /// Cuts the next record; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Record>, ReadError> {
        if !self.skip_line_ends()? {
            return Ok(None);
        }
        let mut cut = Cut::default();
        loop {
            let fresh = self.buf.get(self.start + cut.used..self.end).unwrap_or_default();
            if fresh.is_empty() {
                if !self.ended {
                    self.fill()?;
                    continue;
                }
                self.finish(&mut cut)?;
                return self.close(&cut, 0).map(Some);
            }
            let (result, used, bytes, cells) = self.core.read_record(
                fresh,
                self.out.get_mut(cut.bytes..).unwrap_or_default(),
                self.ends.get_mut(cut.cells..).unwrap_or_default(),
            );
            cut.used += used;
            cut.bytes += bytes;
            cut.cells += cells;
            match result {
                ReadRecordResult::Record => return self.close(&cut, 1).map(Some),
                ReadRecordResult::OutputFull => self.grow_out()?,
                ReadRecordResult::OutputEndsFull => self.grow_ends()?,
                ReadRecordResult::InputEmpty => self.check_length(&cut)?,
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// The cells of the record cut last, end to end.
    pub(super) fn bytes(&self, record: &Record) -> &[u8] {
        self.out.get(..record.bytes).unwrap_or_default()
    }

    /// Where each of them ends.
    pub(super) fn ends(&self, record: &Record) -> &[usize] {
        self.ends.get(..record.cells).unwrap_or_default()
    }

    /// Empty lines passed so far.
    pub(super) fn blank(&self) -> u64 {
        self.blank
    }

    /// Passes line ends before a record; `false` at the end of the file.
    fn skip_line_ends(&mut self) -> Result<bool, ReadError> {
        loop {
            match self.buf.get(self.start..self.end).and_then(<[u8]>::first) {
                None if self.ended => return Ok(false),
                None => {
                    self.fill()?;
                    continue;
                }
                // The second half of a record's `\r\n`.
                Some(b'\n') if self.after_cr => self.after_cr = false,
                Some(end @ (b'\n' | b'\r')) => {
                    self.after_cr = *end == b'\r';
                    self.line += 1;
                    self.blank += 1;
                }
                Some(_) => {
                    self.after_cr = false;
                    return Ok(true);
                }
            }
            self.start += 1;
        }
    }

    /// Reads more input behind the record being cut.
    fn fill(&mut self) -> Result<(), ReadError> {
        let kept = self.end - self.start;
        if self.end == self.buf.len() {
            self.buf.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, kept);
            if kept == self.buf.len() {
                // `check_length` ends this growth at the cap.
                self.buf.resize(kept * 2, 0);
            }
        }
        let room = self.buf.get_mut(self.end..).unwrap_or_default();
        let got = loop {
            match self.input.read(room) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(|e| input_error(&e, Some(self.line)))?,
            }
        };
        self.nul |= memchr(0, room.get(..got).unwrap_or_default()).is_some();
        self.ended = got == 0;
        self.end += got;
        Ok(())
    }

    /// Ends the last record of a file that has no line end behind it.
    fn finish(&mut self, cut: &mut Cut) -> Result<(), ReadError> {
        loop {
            let (result, _, bytes, cells) = self.core.read_record(
                b"\n",
                self.out.get_mut(cut.bytes..).unwrap_or_default(),
                self.ends.get_mut(cut.cells..).unwrap_or_default(),
            );
            match result {
                ReadRecordResult::OutputFull => self.grow_out()?,
                ReadRecordResult::OutputEndsFull => self.grow_ends()?,
                // A line end that does not end the record is inside a quote.
                ReadRecordResult::InputEmpty => return Err(self.open_quote()),
                ReadRecordResult::Record | ReadRecordResult::End => {
                    cut.bytes += bytes;
                    cut.cells += cells;
                    return Ok(());
                }
            }
        }
    }

    fn open_quote(&self) -> ReadError {
        ReadError::new(QUOTE_OPEN, Some(self.line), "a quote opened in this row is never closed")
    }

    fn close(&mut self, cut: &Cut, terminator: usize) -> Result<Record, ReadError> {
        if cut.used > self.row_bytes {
            return Err(self.row_too_long());
        }
        let raw = self.buf.get(self.start..self.start + cut.used).unwrap_or_default();
        let line = self.line;
        if self.nul {
            if raw.contains(&0) {
                return Err(self.nul_byte());
            }
            let rest = self.buf.get(self.start + cut.used..self.end).unwrap_or_default();
            self.nul = rest.contains(&0);
        }
        self.check_cells(cut)?;
        let body = raw.get(..raw.len().saturating_sub(terminator)).unwrap_or_default();
        let plain = cut.bytes + cut.cells.saturating_sub(1) == body.len();
        let well_quoted = plain || self.quote.is_none_or(|quote| quotes_fit(body, self.delimiter, quote));
        if !plain {
            self.line += memchr_iter(b'\n', body).count() as u64;
        }
        if terminator == 1 {
            self.after_cr = raw.last() == Some(&b'\r');
            self.line += 1;
        }
        self.start += cut.used;
        Ok(Record { line, bytes: cut.bytes, cells: cut.cells, well_quoted })
    }

    fn check_length(&mut self, cut: &Cut) -> Result<(), ReadError> {
        if cut.used <= self.row_bytes { Ok(()) } else { Err(self.over_length()) }
    }

    /// The error for a record that is given up; a swallowed rest of the file is the likelier reason
    /// than a long row.
    fn over_length(&mut self) -> ReadError {
        if self.nul && memchr(0, self.buf.get(self.start..self.end).unwrap_or_default()).is_some() {
            return self.nul_byte();
        }
        let (result, ..) = self.core.read_record(b"\n", &mut [0; 4], &mut [0; 4]);
        if result == ReadRecordResult::InputEmpty {
            return self.open_quote();
        }
        self.row_too_long()
    }

    fn nul_byte(&self) -> ReadError {
        ReadError::new(NUL_BYTE, Some(self.line), "a NUL byte in a text file")
    }

    fn row_too_long(&self) -> ReadError {
        self.too_long(&format!("a row is longer than {} bytes", self.row_bytes))
    }

    fn check_cells(&self, cut: &Cut) -> Result<(), ReadError> {
        if cut.bytes <= self.cell_bytes {
            return Ok(());
        }
        let mut before = 0;
        for end in self.ends.get(..cut.cells).unwrap_or_default() {
            if end - before > self.cell_bytes {
                return Err(self.too_long(&format!("a cell is longer than {} bytes", self.cell_bytes)));
            }
            before = *end;
        }
        Ok(())
    }

    fn too_long(&self, what: &str) -> ReadError {
        ReadError::new(TOO_LONG, Some(self.line), what)
    }

    fn grow_out(&mut self) -> Result<(), ReadError> {
        if self.out.len() > self.row_bytes {
            return Err(self.over_length());
        }
        self.out.resize(self.out.len() * 2, 0);
        Ok(())
    }

    fn grow_ends(&mut self) -> Result<(), ReadError> {
        if self.ends.len() > self.columns {
            let what = format!("a row has more than {} cells", self.columns);
            return Err(ReadError::new(TOO_MANY, Some(self.line), &what));
        }
        self.ends.resize(self.ends.len() * 2, 0);
        Ok(())
    }
}

/// Whether every cell that begins with a quote ends with its closing one.
fn quotes_fit(record: &[u8], delimiter: u8, quote: u8) -> bool {
    let behind = |at: usize| record.get(at..).unwrap_or_default();
    let next = |from: usize| memchr(quote, behind(from)).map(|at| from + at);
    let mut from = 0;
    while let Some(opening) = next(from) {
        let begins_cell = opening == 0 || record.get(opening - 1) == Some(&delimiter);
        if !begins_cell {
            // Inside an unquoted cell a quote is a character like any other.
            from = opening + 1;
            continue;
        }
        let mut inside = opening + 1;
        let closing = loop {
            match next(inside) {
                None => return false,
                Some(doubled) if record.get(doubled + 1) == Some(&quote) => inside = doubled + 2,
                Some(closing) => break closing,
            }
        };
        match record.get(closing + 1) {
            None => return true,
            Some(byte) if *byte == delimiter => from = closing + 2,
            Some(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_fit_only_where_every_quoted_cell_is_closed_at_its_end() {
        let cases = [
            ("a,b", true),
            ("\"a\",b", true),
            ("\"a\"\"b\",\"c\"", true),
            ("\"\",\"\"", true),
            ("5\" pipe,x", true),
            ("\"the \"big\" house\",x", false),
            ("\"a\" ,b", false),
            ("x,\"a\"b", false),
        ];
        for (record, expected) in cases {
            assert_eq!(quotes_fit(record.as_bytes(), b',', b'"'), expected, "{record}");
        }
    }
}
