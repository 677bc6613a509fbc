//! Delimited text: commas, semicolons, tabs or pipes, in any declared encoding.

use crate::codes::{FIELD_COUNT, STRAY_QUOTE, TOO_MANY};
use crate::format::cell_text::{CellText, open_text};
use crate::format::csv_scan::{Record, Scanner};
use crate::format::encoding::{ENCODING, Encoding};
use crate::format::table::{HEADER, HEADER_ROWS, HeaderSearch, Layout, TRAILER, Tail};
use crate::format::{Format, FormatKind, ReadError, ReadSeek, Rows, Step, Wanted};
use crate::limits::Limits;
use crate::options::{OptionDoc, Options, Owner};
use lockgate_core::problem::Problem;
use lockgate_core::row::RowBuf;

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
    ENCODING,
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
    let encoding = Encoding::option(OWNER, options)?;
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
        let (input, cells) = open_text(input, self.encoding, &self.limits)?;
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
        self.notes.extend(self.cells.doubt());
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
