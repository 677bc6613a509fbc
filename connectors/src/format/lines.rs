//! Lines of a plain text file, one at a time, from a buffer with a cap.

use crate::codes::{NUL_BYTE, TOO_LONG};
use crate::format::ReadError;
use crate::format::encoding::Source;
use crate::limits::{Limits, input_error};
use memchr::{memchr, memchr2};
use std::io;

const CHUNK: usize = 64 << 10;

/// Cuts lines; the one cut last stays in its buffer.
pub(super) struct Lines<'a> {
    input: Source<'a>,
    /// Whether a carriage return alone ends a line too.
    lone_return: bool,
    row_bytes: usize,
    /// Input not yet consumed, `start..end`.
    buf: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    /// Lines cut so far.
    count: u64,
    /// Whether the last line ended with a return, of which a line feed may be the second half.
    after_return: bool,
}

/// Where the line cut last stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u64,
    from: usize,
    to: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: Source<'a>, lone_return: bool, limits: &Limits) -> Self {
        Self {
            input,
            lone_return,
            row_bytes: limits.row_bytes,
            buf: vec![0; CHUNK],
            start: 0,
            end: 0,
            ended: false,
            count: 0,
            after_return: false,
        }
    }

    /// Cuts the next line, its end left out; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Line>, ReadError> {
        if self.after_return {
            self.skip_line_feed()?;
        }
        let mut searched = 0;
        loop {
            let rest = self.buf.get(self.start + searched..self.end).unwrap_or_default();
            let found = if self.lone_return { memchr2(b'\n', b'\r', rest) } else { memchr(b'\n', rest) };
            if let Some(at) = found {
                self.after_return = rest.get(at) == Some(&b'\r');
                return self.close(searched + at, 1).map(Some);
            }
            searched = self.end - self.start;
            if searched > self.row_bytes {
                return Err(self.too_long());
            }
            if !self.ended {
                self.fill()?;
            } else if searched == 0 {
                return Ok(None);
            } else {
                return self.close(searched, 0).map(Some);
            }
        }
    }

    /// The bytes of the line cut last.
    pub(super) fn bytes(&self, line: Line) -> &[u8] {
        self.buf.get(line.from..line.to).unwrap_or_default()
    }

    fn skip_line_feed(&mut self) -> Result<(), ReadError> {
        while self.start == self.end && !self.ended {
            self.fill()?;
        }
        self.after_return = false;
        if self.buf.get(self.start..self.end).and_then(<[u8]>::first) == Some(&b'\n') {
            self.start += 1;
        }
        Ok(())
    }

    fn close(&mut self, length: usize, terminator: usize) -> Result<Line, ReadError> {
        if length > self.row_bytes {
            return Err(self.too_long());
        }
        let line = Line { number: self.count + 1, from: self.start, to: self.start + length };
        if memchr(0, self.bytes(line)).is_some() {
            return Err(self.nul_byte());
        }
        self.count += 1;
        self.start += length + terminator;
        Ok(line)
    }

    /// Reads more input behind what is not consumed yet.
    fn fill(&mut self) -> Result<(), ReadError> {
        if self.end == self.buf.len() {
            let kept = self.end - self.start;
            self.buf.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, kept);
            if kept == self.buf.len() {
                // The cap on a row ends this growth.
                self.buf.resize(kept * 2, 0);
            }
        }
        let room = self.buf.get_mut(self.end..).unwrap_or_default();
        let got = loop {
            match self.input.read(room) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(|e| input_error(&e, Some(self.count + 1)))?,
            }
        };
        self.ended = got == 0;
        self.end += got;
        Ok(())
    }

    fn nul_byte(&self) -> ReadError {
        ReadError::new(NUL_BYTE, Some(self.count + 1), "a NUL byte in a text file")
    }

    fn too_long(&self) -> ReadError {
        if memchr(0, self.buf.get(self.start..self.end).unwrap_or_default()).is_some() {
            return self.nul_byte();
        }
        let what = format!("a line is longer than {} bytes", self.row_bytes);
        ReadError::new(TOO_LONG, Some(self.count + 1), &what)
    }
}
