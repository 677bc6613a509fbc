//! JSON tokens from untrusted bytes: UTF-8 only, every token capped, the numbers' own text kept.

use crate::codes::{BAD_SEQUENCE, JSON_BROKEN, JSON_CAP, NUL_BYTE, OTHER_ENCODING};
use crate::format::encoding::{Encoding, Source, settle};
use crate::format::{ReadError, ReadSeek};
use crate::limits::{Capped, Limits, input_error};
use json_event_parser::{JsonEvent, LowLevelJsonParser};
use std::io;

const CHUNK: usize = 64 << 10;

/// What a document is made of. The text of a key, a string or a number stands in the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Key,
    Text,
    Number,
    Flag,
    Null,
    End,
}

/// Opens a file that must be UTF-8, with or without a byte order mark.
pub(super) fn utf8<'a>(input: Box<dyn ReadSeek + 'a>, limits: &Limits) -> Result<Source<'a>, ReadError> {
    let capped = Box::new(Capped::new(input, limits.file_bytes));
    let (input, _) = settle(capped, Encoding::Utf8).map_err(|error| {
        if error.code != OTHER_ENCODING {
            return error;
        }
        let what = "the file is in another encoding than utf-8, the only one that JSON is read in";
        ReadError::new(OTHER_ENCODING, Some(1), what).help("ask the partner to write utf-8")
    })?;
    Ok(input)
}

/// The tokens of a document, read piece by piece.
pub(super) struct Tokens<'a> {
    input: Source<'a>,
    parser: Parser,
    /// Input not yet consumed, `start..end`.
    buf: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(input: Source<'a>, limits: &Limits) -> Self {
        Self {
            input,
            parser: Parser::new(limits.cell_bytes),
            buf: vec![0; CHUNK],
            start: 0,
            end: 0,
            ended: false,
        }
    }

    /// The next token; `row` is where an error is said to be.
    pub(super) fn next(&mut self, row: u64) -> Result<Token, ReadError> {
        loop {
            let fresh = self.buf.get(self.start..self.end).unwrap_or_default();
            let (used, token) = self.parser.step(fresh, self.ended, row);
            self.start += used;
            if let Some(token) = token.transpose()? {
                return Ok(token);
            }
            let held = self.buf.get(self.start..self.end).unwrap_or_default();
            if held.len() > self.parser.cap {
                return Err(self.parser.too_long(held, row));
            }
            self.fill(row)?;
        }
    }

    /// The text of the last key, string or number; `true` or `false` of a flag.
    pub(super) fn text(&self) -> &str {
        &self.parser.text
    }

    fn fill(&mut self, row: u64) -> Result<(), ReadError> {
        let kept = self.end - self.start;
        if self.end == self.buf.len() {
            self.buf.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, kept);
            if kept == self.buf.len() {
                // The cap on a token ends this growth.
                self.buf.resize(kept * 2, 0);
            }
        }
        let room = self.buf.get_mut(self.end..).unwrap_or_default();
        let got = loop {
            match self.input.read(room) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(|e| input_error(&e, Some(row)))?,
            }
        };
        self.ended = got == 0;
        self.end += got;
        Ok(())
    }
}

/// The tokens of one line that is a document of its own.
pub(super) struct LineTokens<'l> {
    parser: Parser,
    line: &'l [u8],
}

impl<'l> LineTokens<'l> {
    /// `text` is where a token's text is put; [`Self::into_text`] gives it back for the next line.
    pub(super) fn new(line: &'l [u8], text: String, limits: &Limits) -> Self {
        Self { parser: Parser { text, ..Parser::new(limits.cell_bytes) }, line }
    }

    pub(super) fn into_text(self) -> String {
        self.parser.text
    }

    /// The next token; `row` is where an error is said to be.
    pub(super) fn next(&mut self, row: u64) -> Result<Token, ReadError> {
        loop {
            let (used, token) = self.parser.step(self.line, true, row);
            self.line = self.line.get(used..).unwrap_or_default();
            if let Some(token) = token.transpose()? {
                return Ok(token);
            }
        }
    }

    /// The text of the last key, string or number; `true` or `false` of a flag.
    pub(super) fn text(&self) -> &str {
        &self.parser.text
    }
}

/// The library's parser, with its tokens' text copied out so that the buffer is free again.
struct Parser {
    inner: LowLevelJsonParser,
    text: String,
    /// Bytes that a key, text or number may take as it is written in the document.
    cap: usize,
}

impl Parser {
    fn new(cap: usize) -> Self {
        Self { inner: LowLevelJsonParser::new(), text: String::new(), cap }
    }

    /// One step over the bytes: how many are used up, and a token if they held a whole one.
    fn step(&mut self, bytes: &[u8], ending: bool, row: u64) -> (usize, Option<Result<Token, ReadError>>) {
        let result = self.inner.parse_next(bytes, ending);
        let used = result.consumed_bytes;
        let Some(event) = result.event else { return (used, None) };
        // The library's own message is not repeated, because it quotes the document.
        let Ok(event) = event else {
            return (used, Some(Err(fault(bytes.get(..used).unwrap_or_default(), row))));
        };
        // Measured as written, so that a document reads the same in whatever portions it comes.
        let written = written(bytes.get(..used).unwrap_or_default());
        if written.len() > self.cap {
            return (used, Some(Err(self.too_long(written, row))));
        }
        self.text.clear();
        let token = match event {
            JsonEvent::ObjectKey(text) => self.keep(&text, Token::Key),
            JsonEvent::String(text) => self.keep(&text, Token::Text),
            JsonEvent::Number(text) => self.keep(&text, Token::Number),
            JsonEvent::Boolean(flag) => self.keep(if flag { "true" } else { "false" }, Token::Flag),
            JsonEvent::Null => Token::Null,
            JsonEvent::StartArray => Token::ArrayStart,
            JsonEvent::EndArray => Token::ArrayEnd,
            JsonEvent::StartObject => Token::ObjectStart,
            JsonEvent::EndObject => Token::ObjectEnd,
            JsonEvent::Eof => Token::End,
        };
        (used, Some(Ok(token)))
    }

    fn keep(&mut self, text: &str, token: Token) -> Token {
        self.text.push_str(text);
        token
    }

    fn too_long(&self, written: &[u8], row: u64) -> ReadError {
        if written.contains(&0) {
            return nul_byte(row);
        }
        let what = format!("a key, text or number is longer than {} bytes", self.cap);
        ReadError::new(JSON_CAP, Some(row), &what)
    }
}

/// The bytes of a token, without the space and separators that the library uses up before it.
fn written(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':'));
    start.and_then(|start| bytes.get(start..)).unwrap_or_default()
}

/// What the bytes of a refused token mean.
fn fault(bytes: &[u8], row: u64) -> ReadError {
    if bytes.contains(&0) {
        return nul_byte(row);
    }
    if std::str::from_utf8(bytes).is_err() {
        return no_utf8(row);
    }
    ReadError::new(JSON_BROKEN, Some(row), "the JSON breaks off or is malformed")
}

pub(super) fn no_utf8(row: u64) -> ReadError {
    ReadError::new(BAD_SEQUENCE, Some(row), "bytes that are no utf-8 text")
        .help("ask the partner to write utf-8, the only encoding that JSON is read in")
}

fn nul_byte(row: u64) -> ReadError {
    ReadError::new(NUL_BYTE, Some(row), "a NUL byte in a text file")
}
