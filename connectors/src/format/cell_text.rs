//! How the bytes of a plain text file become text, strictly and record by record.

use crate::codes::{BAD_SEQUENCE, LOOKS_UTF8};
use crate::format::encoding::{Decoding, Encoding, Source, Upper, settle};
use crate::format::{ReadError, ReadSeek};
use crate::limits::{Capped, Limits};
use lockgate_core::problem::Problem;
use lockgate_core::row::RowBuf;

/// Opens a text file in its declared encoding, under its cap. What comes from the reader is made of
/// ASCII bytes where it means ASCII, so that records can be cut before they are decoded.
pub(super) fn open_text<'a>(
    input: Box<dyn ReadSeek + 'a>,
    encoding: Encoding,
    limits: &Limits,
) -> Result<(Source<'a>, CellText), ReadError> {
    let capped = Box::new(Capped::new(input, limits.file_bytes));
    let (input, settled) = settle(capped, encoding)?;
    Ok(match settled {
        Encoding::Utf8 => (input, CellText::Utf8),
        Encoding::Single(page) => (input, CellText::single(Upper::of(page))),
        // UTF-16 is not made of ASCII bytes, so it is decoded before it is cut.
        wide => match Decoding::new(input, wide) {
            Ok(decoding) => (Box::new(decoding), CellText::Utf8),
            Err(plain) => (plain, CellText::Utf8),
        },
    })
}

/// How the bytes of a record become text.
pub(super) enum CellText {
    Utf8,
    Single {
        upper: Box<Upper>,
        text: String,
        ends: Vec<usize>,
        /// Records with bytes above ASCII, and those among them that would be valid UTF-8.
        accented: u64,
        utf8: u64,
    },
}

impl CellText {
    fn single(upper: Upper) -> Self {
        Self::Single { upper: Box::new(upper), text: String::new(), ends: Vec::new(), accented: 0, utf8: 0 }
    }

    /// Puts a record's cells into the row; the row's number says where an error is.
    pub(super) fn fill(&mut self, row: &mut RowBuf, bytes: &[u8], ends: &[usize]) -> Result<(), ReadError> {
        let number = row.number();
        let (text, ends) = self.decode(bytes, ends, number)?;
        if row.push_cells(text, ends) { Ok(()) } else { Err(bad_sequence(number)) }
    }

    /// The same as texts, for the few rows above the header.
    pub(super) fn texts(
        &mut self,
        bytes: &[u8],
        ends: &[usize],
        line: u64,
    ) -> Result<Vec<String>, ReadError> {
        let (text, ends) = self.decode(bytes, ends, line)?;
        let mut before = 0;
        let cell = |end: &usize| {
            let cell = text.get(before..*end).map(str::to_owned).ok_or_else(|| bad_sequence(line));
            before = *end;
            cell
        };
        ends.iter().map(cell).collect()
    }

    /// Decodes a record whose cells lie end to end; gives the text and where each cell ends in it.
    pub(super) fn decode<'s>(
        &'s mut self,
        bytes: &'s [u8],
        ends: &'s [usize],
        line: u64,
    ) -> Result<(&'s str, &'s [usize]), ReadError> {
        let valid = std::str::from_utf8(bytes);
        match self {
            Self::Utf8 => Ok((valid.map_err(|_| bad_sequence(line))?, ends)),
            Self::Single { upper, text, ends: decoded, accented, utf8 } => {
                if let Ok(text) = valid {
                    if text.is_ascii() {
                        return Ok((text, ends));
                    }
                    *utf8 += 1;
                }
                *accented += 1;
                text.clear();
                decoded.clear();
                let mut before = 0;
                for end in ends {
                    let cell = bytes.get(before..*end).unwrap_or_default();
                    match std::str::from_utf8(cell).ok().filter(|cell| cell.is_ascii()) {
                        Some(plain) => text.push_str(plain),
                        None => {
                            for byte in cell {
                                text.push(upper.char(*byte).ok_or_else(|| bad_sequence(line))?);
                            }
                        }
                    }
                    decoded.push(text.len());
                    before = *end;
                }
                Ok((text, decoded))
            }
        }
    }

    /// What to tell when the file was probably written in UTF-8 although a one-byte encoding is declared.
    pub(super) fn doubt(&self) -> Option<Problem> {
        let doubtful =
            matches!(self, Self::Single { accented, utf8, .. } if *accented > 0 && accented == utf8);
        doubtful.then(|| {
            Problem::new(LOOKS_UTF8, "every accented letter of the file forms valid utf-8")
                .help("set `encoding = \"utf-8\"` if names read wrong")
        })
    }
}

fn bad_sequence(line: u64) -> ReadError {
    ReadError::new(BAD_SEQUENCE, Some(line), "bytes that are no text in the declared encoding")
        .help("declare the encoding that the partner really writes")
}
