//! Strict decoding: what is no text in the declared encoding is an error, never a replacement sign.
//!
//! The one-byte encodings follow the WHATWG tables with one exception: a byte that decodes to a C1
//! control character (U+0080 to U+009F) is refused. No export writes those; the byte was unassigned
//! (0x81 in Windows-1252) or the file is in another encoding (0x92 in ISO 8859-1).

use crate::codes::OTHER_ENCODING;
use crate::format::ReadError;
use crate::limits::input_error;
use crate::options::{OptionDoc, Options, Owner};
use encoding_rs::{Decoder, DecoderResult};
use lockgate_core::problem::Problem;
use std::io::{self, Cursor, Read};

/// The option of every plain text format.
pub(crate) const ENCODING: OptionDoc = OptionDoc {
    name: "encoding",
    shape: "utf-8, utf-16, utf-16le, utf-16be, windows-1252, windows-1250, iso-8859-1 or iso-8859-15",
    default: "\"utf-8\"",
    doc: "the encoding that the partner writes; bytes without meaning in it refuse the file",
};

/// An encoding that a mapping may declare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
    Utf16Le,
    Utf16Be,
    /// One byte a character, ASCII in the lower half.
    Single(Page),
}

/// The code page of a one-byte encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Page {
    Windows1252,
    Windows1250,
    Latin1,
    Latin9,
}

/// The names a mapping may use; the first of each encoding is the one messages use.
const NAMES: &[(&str, Encoding)] = &[
    ("utf-8", Encoding::Utf8),
    ("utf-16", Encoding::Utf16),
    ("utf-16le", Encoding::Utf16Le),
    ("utf-16be", Encoding::Utf16Be),
    ("windows-1252", Encoding::Single(Page::Windows1252)),
    ("windows-1250", Encoding::Single(Page::Windows1250)),
    ("iso-8859-1", Encoding::Single(Page::Latin1)),
    ("iso-8859-15", Encoding::Single(Page::Latin9)),
    ("utf8", Encoding::Utf8),
    ("us-ascii", Encoding::Utf8),
    ("utf16", Encoding::Utf16),
    ("cp1252", Encoding::Single(Page::Windows1252)),
    ("latin1", Encoding::Single(Page::Latin1)),
    ("latin-1", Encoding::Single(Page::Latin1)),
    ("latin9", Encoding::Single(Page::Latin9)),
];

impl Encoding {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word.trim())).map(|(_, encoding)| *encoding)
    }

    /// The `encoding` option; UTF-8 where it is left out.
    pub(crate) fn option(owner: Owner, options: &Options) -> Result<Self, Problem> {
        let Some(word) = owner.text(&options.0, ENCODING.name)? else { return Ok(Self::Utf8) };
        Self::parse(word).ok_or_else(|| {
            owner.fault(ENCODING.name, "this encoding is not known").suggest(word, Self::words())
        })
    }

    pub(crate) fn words() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    pub(crate) fn word(self) -> &'static str {
        NAMES.iter().find(|(_, encoding)| *encoding == self).map_or("utf-8", |(name, _)| name)
    }
}

/// The upper half of a code page: the character of each byte from 0x80, `None` where there is none.
pub(crate) struct Upper([Option<char>; 128]);

impl Upper {
    pub(crate) fn of(page: Page) -> Self {
        let table = match page {
            Page::Windows1252 => encoding_rs::WINDOWS_1252,
            Page::Windows1250 => encoding_rs::WINDOWS_1250,
            // The WHATWG reads the label iso-8859-1 as Windows-1252; here it means itself.
            Page::Latin1 => return Self(std::array::from_fn(|i| (i >= 0x20).then(|| latin(i)).flatten())),
            Page::Latin9 => encoding_rs::ISO_8859_15,
        };
        Self(std::array::from_fn(|i| {
            let byte = [u8::try_from(i + 0x80).ok()?];
            let text = table.decode_without_bom_handling_and_without_replacement(&byte)?;
            text.chars().next().filter(|c| !c.is_control())
        }))
    }

    /// The character of any byte of the encoding.
    pub(crate) fn char(&self, byte: u8) -> Option<char> {
        match byte.checked_sub(0x80) {
            None => Some(char::from(byte)),
            Some(upper) => self.0.get(usize::from(upper)).copied().flatten(),
        }
    }
}

fn latin(upper: usize) -> Option<char> {
    u32::try_from(upper + 0x80).ok().and_then(char::from_u32)
}

/// Marks an input error that is a sequence without meaning in the encoding.
#[derive(Debug)]
pub(crate) struct BadSequence;

impl std::fmt::Display for BadSequence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes that are no text in the encoding")
    }
}

impl std::error::Error for BadSequence {}

pub(crate) type Source<'a> = Box<dyn Read + Send + 'a>;

/// Looks at the first bytes and refuses a file that is plainly in another encoding than declared;
/// takes away the byte order mark. Gives the encoding with its byte order settled.
pub(crate) fn settle(mut input: Source<'_>, declared: Encoding) -> Result<(Source<'_>, Encoding), ReadError> {
    let mut head = Vec::with_capacity(512);
    input.by_ref().take(512).read_to_end(&mut head).map_err(|e| input_error(&e, Some(1)))?;
    let (marked, length) = mark(&head);
    let settled = match (declared, marked) {
        (Encoding::Utf16, Some(Encoding::Utf16Le | Encoding::Utf16Be)) => marked,
        (Encoding::Utf16, _) => None,
        (_, Some(found)) => (found == declared).then_some(found),
        (Encoding::Utf16Le | Encoding::Utf16Be, None) => Some(declared),
        (_, None) => {
            if striped(&head).is_some() {
                None
            } else {
                Some(declared)
            }
        }
    };
    let Some(settled) = settled else {
        return Err(other(declared, marked.or_else(|| striped(&head))));
    };
    head.drain(..length);
    Ok((Box::new(Cursor::new(head).chain(input)), settled))
}

fn other(declared: Encoding, found: Option<Encoding>) -> ReadError {
    let error = |what: &str| ReadError::new(OTHER_ENCODING, Some(1), what);
    match found {
        Some(found) if found != declared => {
            let (found, declared) = (found.word(), declared.word());
            error(&format!("the file is in {found}, but {declared} is declared"))
                .help(&format!("declare the encoding `{found}`"))
        }
        _ => error("a utf-16 file without a byte order mark").help("declare `utf-16le` or `utf-16be`"),
    }
}

pub(crate) fn mark(head: &[u8]) -> (Option<Encoding>, usize) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => (Some(Encoding::Utf8), 3),
        [0xff, 0xfe, ..] => (Some(Encoding::Utf16Le), 2),
        [0xfe, 0xff, ..] => (Some(Encoding::Utf16Be), 2),
        _ => (None, 0),
    }
}

/// UTF-16 without a mark shows as zeros in every second place of English text.
pub(crate) fn striped(head: &[u8]) -> Option<Encoding> {
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let half = head.len() / 2;
    let (even, odd) = (zeros(0), zeros(1));
    match () {
        () if half < 2 => None,
        () if odd * 2 > half && even == 0 => Some(Encoding::Utf16Le),
        () if even * 2 > half && odd == 0 => Some(Encoding::Utf16Be),
        () => None,
    }
}

enum Step {
    Utf16(Decoder),
    Single(Box<Upper>),
}

/// A reader that gives UTF-8, or the error [`BadSequence`] at the exact place.
pub(crate) struct Decoding<R> {
    inner: R,
    step: Step,
    raw: Vec<u8>,
    out: Vec<u8>,
    given: usize,
    ended: bool,
    bad: bool,
}

const CHUNK: usize = 32 << 10;

impl<R: Read> Decoding<R> {
    /// `None` for UTF-8, which needs no decoding (its reader checks it).
    pub(crate) fn new(inner: R, encoding: Encoding) -> Result<Self, R> {
        let step = match encoding {
            Encoding::Utf8 => return Err(inner),
            Encoding::Utf16 | Encoding::Utf16Le => {
                Step::Utf16(encoding_rs::UTF_16LE.new_decoder_without_bom_handling())
            }
            Encoding::Utf16Be => Step::Utf16(encoding_rs::UTF_16BE.new_decoder_without_bom_handling()),
            Encoding::Single(page) => Step::Single(Box::new(Upper::of(page))),
        };
        let (raw, out) = (vec![0; CHUNK], Vec::with_capacity(CHUNK * 3));
        Ok(Self { inner, step, raw, out, given: 0, ended: false, bad: false })
    }

    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.given = 0;
        while self.out.is_empty() && !self.ended && !self.bad {
            let got = match self.inner.read(&mut self.raw) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            self.ended = got == 0;
            let raw = self.raw.get(..got).unwrap_or_default();
            match &mut self.step {
                Step::Single(upper) => self.bad = !decode_single(upper, raw, &mut self.out),
                Step::Utf16(decoder) => {
                    self.bad = !decode_utf16(decoder, raw, got == 0, &mut self.out);
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.given == self.out.len() {
            self.refill()?;
        }
        let ready = self.out.get(self.given..).unwrap_or_default();
        if ready.is_empty() && self.bad && !buf.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, BadSequence));
        }
        let count = ready.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(ready) {
            *to = *from;
        }
        self.given += count;
        Ok(count)
    }
}

fn decode_single(upper: &Upper, raw: &[u8], out: &mut Vec<u8>) -> bool {
    if raw.is_ascii() {
        out.extend_from_slice(raw);
        return true;
    }
    raw.iter().all(|byte| match upper.char(*byte) {
        Some(c) => {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            true
        }
        None => false,
    })
}

fn decode_utf16(decoder: &mut Decoder, raw: &[u8], last: bool, out: &mut Vec<u8>) -> bool {
    let room = decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(raw.len() * 4 + 16);
    let mut text = String::with_capacity(room);
    let (result, _) = decoder.decode_to_string_without_replacement(raw, &mut text, last);
    out.extend_from_slice(text.as_bytes());
    // The room is sufficient by construction, so anything but a consumed input is malformed.
    result == DecoderResult::InputEmpty
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], declared: Encoding) -> Result<String, String> {
        let (input, settled) =
            settle(Box::new(io::Cursor::new(bytes.to_vec())), declared).map_err(|e| e.what)?;
        let mut out = Vec::new();
        let result = match Decoding::new(input, settled) {
            Ok(mut decoding) => decoding.read_to_end(&mut out),
            Err(mut plain) => plain.read_to_end(&mut out),
        };
        result.map_err(|e| input_error(&e, None).code.to_owned())?;
        String::from_utf8(out).map_err(|_| "not utf-8".to_owned())
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn every_encoding_reads_its_own_text() {
        let single = |word| Encoding::parse(word).unwrap();
        let le = [&[0xff, 0xfe][..], &utf16("Zoë €", false)].concat();
        let be = [&[0xfe, 0xff][..], &utf16("Zoë 😀", true)].concat();
        let cases: &[(&[u8], Encoding, &str)] = &[
            (b"\xef\xbb\xbfZo\xc3\xab", Encoding::Utf8, "Zoë"),
            (&le, Encoding::Utf16, "Zoë €"),
            (&be, Encoding::Utf16, "Zoë 😀"),
            (&utf16("Zoë", false), Encoding::Utf16Le, "Zoë"),
            (b"Zo\xeb O\x92Neill \x80", single("windows-1252"), "Zoë O’Neill €"),
            (b"Zo\xeb \xa4", single("ISO-8859-1"), "Zoë ¤"),
            (b"Zo\xeb \xa4", single("iso-8859-15"), "Zoë €"),
            (b"\xa3ukasz \xb3", single("windows-1250"), "Łukasz ł"),
        ];
        for (bytes, encoding, expected) in cases {
            assert_eq!(decode(bytes, *encoding).as_deref(), Ok(*expected), "{}", encoding.word());
        }
    }

    #[test]
    fn what_is_no_text_is_an_error_and_never_replaced() {
        let single = |word| Encoding::parse(word).unwrap();
        let cases: &[(&[u8], Encoding)] = &[
            (b"O\x92Neill", single("iso-8859-1")),
            (b"x\x81y", single("windows-1252")),
            (b"\xff\xfea\0\x00\xd8b\0", Encoding::Utf16),
            (b"\xff\xfea\0b", Encoding::Utf16),
        ];
        for (bytes, encoding) in cases {
            assert_eq!(decode(bytes, *encoding), Err("LG1104".to_owned()), "{}", encoding.word());
        }
    }

    #[test]
    fn a_file_in_another_encoding_is_named() {
        let bom = [&[0xff, 0xfe][..], &utf16("surname", false)].concat();
        let cases: &[(&[u8], &str, &str)] = &[
            (&bom, "utf-8", "the file is in utf-16le, but utf-8 is declared"),
            (&utf16("surname", true), "utf-8", "the file is in utf-16be, but utf-8 is declared"),
            (&utf16("surname", false), "utf-16", "the file is in utf-16le, but utf-16 is declared"),
            (b"\xef\xbb\xbfa", "windows-1252", "the file is in utf-8, but windows-1252 is declared"),
            (b"surname", "utf-16", "a utf-16 file without a byte order mark"),
        ];
        for (bytes, declared, expected) in cases {
            assert_eq!(decode(bytes, Encoding::parse(declared).unwrap()), Err((*expected).to_owned()));
        }
    }
}
