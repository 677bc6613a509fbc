//! XML events from untrusted bytes: decoded by the document's own declaration, every token capped.

use crate::codes::{BAD_SEQUENCE, NUL_BYTE, OTHER_ENCODING, XML_BROKEN, XML_CAP, XML_DOCTYPE, XML_ENTITY};
use crate::format::ReadError;
use crate::format::encoding::{Decoding, Encoding, Source, mark, settle, striped};
use crate::limits::{Limits, input_error};
use memchr::memmem;
use quick_xml::NsReader;
use quick_xml::errors::Error;
use quick_xml::escape::{EscapeError, resolve_predefined_entity};
use quick_xml::events::{BytesRef, Event};
use std::io::{self, BufRead, BufReader, Cursor, Read};

/// The events of a document.
pub(super) type Events<R> = NsReader<Meter<BufReader<Checked<R>>>>;

const CHUNK: usize = 64 << 10;

/// Reads a document that is UTF-8 already.
pub(super) fn events<R: Read>(input: R, limits: &Limits) -> Events<R> {
    let checked = BufReader::with_capacity(CHUNK, Checked(input));
    NsReader::from_reader(Meter { inner: checked, used: 0, cap: limits.cell_bytes })
}

/// Finds out the document's encoding (byte order mark, else the declaration, else UTF-8) and
/// decodes it strictly.
pub(super) fn decoded(mut input: Source<'_>) -> Result<Source<'_>, ReadError> {
    let mut head = Vec::with_capacity(1_024);
    input.by_ref().take(1_024).read_to_end(&mut head).map_err(|e| input_error(&e, None))?;
    let declared = match (mark(&head).0, striped(&head)) {
        (Some(Encoding::Utf16Le | Encoding::Utf16Be), _) => Encoding::Utf16,
        (None, Some(wide)) => wide,
        _ => declared(&head)?,
    };
    let (input, settled) = settle(Box::new(Cursor::new(head).chain(input)), declared)?;
    Ok(match Decoding::new(input, settled) {
        Ok(decoding) => Box::new(decoding),
        Err(plain) => plain,
    })
}

/// The encoding that an XML declaration in ASCII letters names.
fn declared(head: &[u8]) -> Result<Encoding, ReadError> {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if !start.starts_with(b"<?xml") {
        return Ok(Encoding::Utf8);
    }
    let end = memmem::find(start, b"?>").unwrap_or(start.len());
    let declaration = String::from_utf8_lossy(start.get(..end).unwrap_or_default());
    let Some((_, behind)) = declaration.split_once("encoding") else { return Ok(Encoding::Utf8) };
    let word = behind.trim_start_matches([' ', '\t', '\r', '\n', '=']).get(1..).unwrap_or("");
    let word = word.split(['"', '\'']).next().unwrap_or("");
    match Encoding::parse(word) {
        Some(Encoding::Utf16 | Encoding::Utf16Le | Encoding::Utf16Be) | None => {
            let what = "the document's declaration names an encoding that it is not in, or that is not read";
            Err(ReadError::new(OTHER_ENCODING, Some(1), what).help("ask the partner to write utf-8"))
        }
        Some(encoding) => Ok(encoding),
    }
}

/// Refuses NUL bytes, which no XML may hold.
pub(super) struct Checked<R>(R);

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self.0.read(buf)?;
        if buf.get(..got).is_some_and(|read| memchr::memchr(0, read).is_some()) {
            return Err(io::Error::other(Refused(NUL_BYTE)));
        }
        Ok(got)
    }
}

/// Counts what one token takes; the parser collects a token whole, so this caps its memory.
pub(super) struct Meter<R> {
    inner: R,
    used: usize,
    cap: usize,
}

impl<R> Meter<R> {
    /// Whether the token in hand has taken more than its cap.
    fn over(&self) -> bool {
        self.used > self.cap
    }
}

impl<R: BufRead> Read for Meter<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(ready) {
            *to = *from;
        }
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Meter<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.over() {
            return Err(io::Error::other(Refused(XML_CAP)));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.used += amount;
        self.inner.consume(amount);
    }
}

/// Marks an input error with the code that it means.
#[derive(Debug)]
struct Refused(&'static str);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Refused {}

/// The next event; `row` is where an error is said to be.
pub(super) fn pull<'b, R: Read>(
    events: &mut Events<R>,
    buf: &'b mut Vec<u8>,
    row: Option<u64>,
) -> Result<Event<'b>, ReadError> {
    buf.clear();
    events.get_mut().used = 0;
    match events.read_event_into(buf) {
        Ok(Event::DocType(_)) => Err(ReadError::new(XML_DOCTYPE, row, "a document type declaration")
            .help("ask for the file without a DOCTYPE")),
        // The meter refuses between two portions of input; a token that came whole in one is measured here,
        // so that how the bytes arrive changes nothing.
        Ok(_) if events.get_ref().over() => Err(over_cap(row)),
        Ok(event) => Ok(event),
        Err(error) => Err(fault(&error, row)),
    }
}

fn over_cap(row: Option<u64>) -> ReadError {
    ReadError::new(XML_CAP, row, "a tag or text is longer than its cap")
}

/// What a parser's error means; its text is not repeated, because it quotes the document.
pub(super) fn fault(error: &Error, row: Option<u64>) -> ReadError {
    let broken = |what: &str| ReadError::new(XML_BROKEN, row, what);
    match error {
        Error::Io(e) => match e.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
            Some(Refused(XML_CAP)) => over_cap(row),
            Some(Refused(code)) => ReadError::new(code, row, "a NUL byte in the document"),
            None => input_error(e, row),
        },
        Error::Syntax(_) => broken("the document breaks off inside a tag, or a tag is malformed"),
        Error::IllFormed(_) => broken("a tag is closed that is not open, or an `&` stands alone"),
        Error::InvalidAttr(_) => broken("an attribute is malformed or stands twice"),
        Error::Encoding(_) => {
            ReadError::new(BAD_SEQUENCE, row, "bytes that are no text in the document's encoding")
        }
        Error::Escape(EscapeError::UnrecognizedEntity(..)) => entity(row),
        Error::Escape(_) => broken("a character reference is malformed"),
        Error::Namespace(_) => ReadError::new(XML_CAP, row, "too many or impossible namespace declarations"),
    }
}

fn entity(row: Option<u64>) -> ReadError {
    ReadError::new(XML_ENTITY, row, "an entity other than the five predefined ones")
}

/// Resolves a reference in text: one of the five entities, or a character by number.
pub(super) fn resolve(reference: &BytesRef<'_>, out: &mut String, row: Option<u64>) -> Result<(), ReadError> {
    match reference.resolve_char_ref() {
        Ok(Some(c)) if !c.is_control() || matches!(c, '\t' | '\n' | '\r') => out.push(c),
        Ok(None) => out.push_str(resolve_predefined_entity(reference).ok_or_else(|| entity(row))?),
        _ => return Err(ReadError::new(XML_BROKEN, row, "a character reference to no character")),
    }
    Ok(())
}
