//! Delimited text: commas, semicolons, tabs or pipes, in any declared encoding.

use crate::codes::{BAD_SEQUENCE, FIELD_COUNT, LOOKS_UTF8, STRAY_QUOTE, TOO_MANY};
use crate::format::csv_scan::{Record, Scanner};
use crate::format::encoding::{Decoding, Encoding, Upper, settle};
use crate::format::table::{HEADER, HEADER_ROWS, HeaderSearch, Layout, TRAILER, Tail};
use crate::format::{Format, FormatKind, ReadError, ReadSeek, Rows, Step, Wanted};
use crate::limits::{Capped, Limits};
use crate::options::{OptionDoc, Options, Owner};
use lockgate_core::problem::Problem;
use lockgate_core::row::RowBuf;
use std::io::Read;

const OWNER: Owner = Owner::format("format csv");

const OPTIONS: &[OptionDoc] = &[
    OptionDoc {
        name: "delimiter",
        shape: "one character, or \"tab\"",
        default: "\",\"",
        doc: "what separates the cells",
    },
    OptionDoc {
        name: "quote",
        shape: "one character, or \"\" for none",
        default: "'\"'",
        doc: "what encloses a cell that holds a separator or a line end; doubled inside",
    },
    OptionDoc {
        name: "encoding",
        shape: "utf-8, utf-16, utf-16le, utf-16be, windows-1252, windows-1250, iso-8859-1 or iso-8859-15",
        default: "\"utf-8\"",
        doc: "the encoding that the partner writes; bytes without meaning in it refuse the file",
    },
    HEADER,
    HEADER_ROWS,
    TRAILER,
];

/// The line of this format in the list.
pub(crate) const KIND: FormatKind = FormatKind {
    name: "csv",
    summary: "delimited text with a header, title rows and trailer where declared",
    options: OPTIONS,
    open,
};

struct Csv {
    delimiter: u8,
    quote: Option<u8>,
    encoding: Encoding,
    layout: Layout,
    limits: Limits,
}

fn open(options: &Options, limits: &Limits) -> Result<Box<dyn Format>, Problem> {
    OWNER.only(&options.0, OPTIONS.iter().map(|o| o.name))?;
    let delimiter = match OWNER.text(&options.0, "delimiter")? {
        None => b',',
        Some("tab") => b'\t',
        Some(word) => {
            sign(word).ok_or_else(|| OWNER.fault("delimiter", "one plain character, or `tab`, is wanted"))?
        }
    };
    let quote = match OWNER.text(&options.0, "quote")? {
        None => Some(b'"'),
        Some("") => None,
        Some(word) => Some(
            sign(word)
                .ok_or_else(|| OWNER.fault("quote", "one plain character, or an empty text, is wanted"))?,
        ),
    };
    if quote == Some(delimiter) {
        return Err(OWNER.fault("quote", "it is the same as the delimiter"));
    }
    let encoding = match OWNER.text(&options.0, "encoding")? {
        None => Encoding::Utf8,
        Some(word) => Encoding::parse(word).ok_or_else(|| {
            OWNER.fault("encoding", "this encoding is not known").suggest(word, Encoding::words())
        })?,
    };
    Ok(Box::new(Csv { delimiter, quote, encoding, layout: Layout::read(OWNER, options)?, limits: *limits }))
}

/// A separator: one ASCII character that is no letter, digit or line end.
fn sign(word: &str) -> Option<u8> {
    match word.as_bytes() {
        [b'\t'] => Some(b'\t'),
        [byte] if byte.is_ascii_punctuation() || *byte == b' ' => Some(*byte),
        _ => None,
    }
}

impl Format for Csv {
    fn read<'a>(
        &'a self,
        input: Box<dyn ReadSeek + 'a>,
        wanted: &[Wanted],
    ) -> Result<Box<dyn Rows + 'a>, ReadError> {
        let capped = Box::new(Capped::new(input, self.limits.file_bytes));
        let (input, settled) = settle(capped, self.encoding)?;
        let (input, cells): (Box<dyn Read + Send + 'a>, _) = match settled {
            Encoding::Utf8 => (input, CellText::Utf8),
            Encoding::Single(page) => (input, CellText::single(Upper::of(page))),
            // UTF-16 is not made of ASCII bytes, so it is decoded before it is cut.
            wide => match Decoding::new(input, wide) {
                Ok(decoding) => (Box::new(decoding), CellText::Utf8),
                Err(plain) => (plain, CellText::Utf8),
            },
        };
        let scan = Scanner::new(input, self.delimiter, self.quote, &self.limits);
        let mut rows = CsvRows {
            scan,
            cells,
            header: Vec::new(),
            tail: Tail::new(&self.layout),
            titles: 0,
            blank: 0,
            rows: 0,
            max_rows: self.limits.rows,
            notes: Vec::new(),
        };
        rows.find_header(HeaderSearch::new(&self.layout, wanted))?;
        Ok(Box::new(rows))
    }
}

struct CsvRows<'a> {
    scan: Scanner<'a>,
    cells: CellText,
    header: Vec<String>,
    tail: Tail<'a>,
    titles: u64,
    blank: u64,
    rows: u64,
    max_rows: u64,
    notes: Vec<Problem>,
}

impl CsvRows<'_> {
    fn find_header(&mut self, mut search: HeaderSearch<'_>) -> Result<(), ReadError> {
        while let Some(record) = self.scan.next()? {
            if self.is_blank(&record) {
                self.blank += 1;
                continue;
            }
            let cells = self.cells.texts(self.scan.bytes(&record), self.scan.ends(&record), record.line)?;
            if let Some(names) = search.offer(record.line, &cells)? {
                self.header = names;
                self.titles = search.titles();
                return Ok(());
            }
        }
        Err(search.missing())
    }

    fn is_blank(&self, record: &Record) -> bool {
        self.scan.bytes(record).iter().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
    }

    fn end(&mut self) -> Step {
        if self.cells.looks_utf8() {
            self.notes.push(
                Problem::new(LOOKS_UTF8, "every accented letter of the file forms valid utf-8")
                    .help("set `encoding = \"utf-8\"` if names read wrong"),
            );
        }
        Step::End
    }
}

impl Rows for CsvRows<'_> {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn next(&mut self, row: &mut RowBuf) -> Result<Step, ReadError> {
        loop {
            let Some(record) = self.scan.next()? else { return Ok(self.end()) };
            if self.is_blank(&record) {
                self.blank += 1;
                continue;
            }
            row.start(record.line);
            self.cells.fill(row, self.scan.bytes(&record), self.scan.ends(&record))?;
            if self.tail.is_trailer(row)? {
                continue;
            }
            self.rows += 1;
            if self.rows > self.max_rows {
                let what = format!("more than {} rows", self.max_rows);
                return Err(ReadError::new(TOO_MANY, Some(record.line), &what));
            }
            let code = match () {
                () if !record.well_quoted => STRAY_QUOTE,
                () if row.len() != self.header.len() => FIELD_COUNT,
                () => return Ok(Step::Row),
            };
            row.start(record.line);
            return Ok(Step::Bad { code });
        }
    }

    fn trailer(&self) -> Option<u64> {
        self.tail.stated()
    }

    fn skipped(&self) -> u64 {
        self.titles + self.blank + self.scan.blank()
    }

    fn notes(&self) -> &[Problem] {
        &self.notes
    }
}

/// How the bytes of a record become text.
enum CellText {
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
    fn fill(&mut self, row: &mut RowBuf, bytes: &[u8], ends: &[usize]) -> Result<(), ReadError> {
        let number = row.number();
        let (text, ends) = self.decode(bytes, ends, number)?;
        if row.push_cells(text, ends) { Ok(()) } else { Err(bad_sequence(number)) }
    }

    /// The same as texts, for the few rows above the header.
    fn texts(&mut self, bytes: &[u8], ends: &[usize], line: u64) -> Result<Vec<String>, ReadError> {
        let (text, ends) = self.decode(bytes, ends, line)?;
        let mut before = 0;
        let cell = |end: &usize| {
            let cell = text.get(before..*end).map(str::to_owned).ok_or_else(|| bad_sequence(line));
            before = *end;
            cell
        };
        ends.iter().map(cell).collect()
    }

    fn decode<'s>(
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

    fn looks_utf8(&self) -> bool {
        matches!(self, Self::Single { accented, utf8, .. } if *accented > 0 && accented == utf8)
    }
}

fn bad_sequence(line: u64) -> ReadError {
    ReadError::new(BAD_SEQUENCE, Some(line), "bytes that are no text in the declared encoding")
        .help("declare the encoding that the partner really writes")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
