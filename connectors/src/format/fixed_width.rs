//! Lines whose columns stand at fixed characters, as mainframes write them.
//!
//! A line that is shorter or longer than declared, or holds a tab, is a bad row: every value behind
//! the fault would be read from a wrong place.

use crate::codes::{
    AFTER_TRAILER, FIXED_KIND, FIXED_LONG, FIXED_SHORT, FIXED_TAB, HEADER_MISSING, TOO_MANY, TRAILER_COUNT,
};
use crate::format::cell_text::{CellText, open_text};
use crate::format::fixed_columns::{FixedLayout, OPTIONS, Place};
use crate::format::lines::{Line, Lines};
use crate::format::table::fold;
use crate::format::{Format, FormatKind, ReadError, ReadSeek, Rows, Step, Wanted};
use crate::limits::Limits;
use crate::options::Options;
use lockgate_core::problem::{Code, Problem};
use lockgate_core::row::RowBuf;

/// The line of this format in the list.
pub(crate) const KIND: FormatKind = FormatKind {
    name: "fixed_width",
    summary: "lines whose columns stand at fixed characters, with kinds of line and trailer where declared",
    options: OPTIONS,
    open,
};

struct FixedWidth {
    layout: FixedLayout,
    limits: Limits,
}

fn open(options: &Options, limits: &Limits) -> Result<Box<dyn Format>, Problem> {
    Ok(Box::new(FixedWidth { layout: FixedLayout::read(options)?, limits: *limits }))
}

impl FixedWidth {
    /// The column names in order of place, as the mapping spells them.
    fn header(&self, wanted: &[Wanted]) -> Result<Vec<String>, ReadError> {
        let is = |want: &Wanted, name: &str| {
            std::iter::once(&want.name).chain(&want.aliases).find(|text| fold(text) == fold(name)).cloned()
        };
        let spelt = |(name, _): &(String, Place)| {
            wanted.iter().find_map(|want| is(want, name)).unwrap_or_else(|| name.clone())
        };
        let header: Vec<String> = self.layout.columns.iter().map(spelt).collect();
        let missing =
            wanted.iter().find(|want| want.required && !header.iter().any(|name| is(want, name).is_some()));
        match missing {
            None => Ok(header),
            Some(want) => {
                let what = format!("the format's `columns` do not place `{}`", want.name);
                Err(ReadError::new(HEADER_MISSING, None, &what)
                    .help("add it to the table of columns, or mark it `required = false`"))
            }
        }
    }
}

impl Format for FixedWidth {
    fn read<'a>(
        &'a self,
        input: Box<dyn ReadSeek + 'a>,
        wanted: &[Wanted],
    ) -> Result<Box<dyn Rows + 'a>, ReadError> {
        let header = self.header(wanted)?;
        let (input, cells) = open_text(input, self.layout.encoding, &self.limits)?;
        Ok(Box::new(FixedRows {
            lines: Lines::new(input, true, &self.limits),
            cells,
            layout: &self.layout,
            header,
            starts: Vec::new(),
            strays: vec![false; self.layout.gaps.len()],
            tail: Tail::Open,
            rows: 0,
            left_out: 0,
            max_rows: self.limits.rows,
            notes: Vec::new(),
        }))
    }

    fn check(&self, wanted: &[Wanted]) -> Result<(), ReadError> {
        self.header(wanted).map(|_| ())
    }
}

struct FixedRows<'a> {
    lines: Lines<'a>,
    cells: CellText,
    layout: &'a FixedLayout,
    header: Vec<String>,
    /// Byte offsets of the characters of a line that is not ASCII.
    starts: Vec<usize>,
    /// Gaps in which something stood.
    strays: Vec<bool>,
    tail: Tail,
    /// Rows met, the bad ones among them.
    rows: u64,
    /// Lines that are no rows.
    left_out: u64,
    max_rows: u64,
    notes: Vec<Problem>,
}

enum Tail {
    Open,
    /// The trailer was met; it states this many rows.
    Stated(u64),
}

/// What a line is.
enum Found {
    Row,
    Bad(Code),
    Trailer(u64),
    NoRow,
}

/// A line as text, cut by characters.
struct Text<'t> {
    text: &'t str,
    /// Byte offsets of the characters; `None` where every character is one byte.
    starts: Option<&'t [usize]>,
}

impl<'t> Text<'t> {
    fn new(text: &'t str, starts: &'t mut Vec<usize>) -> Self {
        if text.is_ascii() {
            return Self { text, starts: None };
        }
        starts.clear();
        starts.extend(text.char_indices().map(|(at, _)| at));
        Self { text, starts: Some(starts) }
    }

    fn len(&self) -> usize {
        self.starts.map_or(self.text.len(), <[usize]>::len)
    }

    /// The characters at a place, as far as the line reaches.
    fn at(&self, place: Place) -> &'t str {
        let byte = |at: usize| {
            let at = self.starts.map_or(Some(at), |starts| starts.get(at).copied());
            at.map_or(self.text.len(), |at| at.min(self.text.len()))
        };
        self.text.get(byte(place.from)..byte(place.to)).unwrap_or_default()
    }
}

impl FixedRows<'_> {
    /// Reads a line; a row's cells go into the buffer.
    fn line(&mut self, line: Line, row: &mut RowBuf) -> Result<Found, ReadError> {
        let layout = self.layout;
        let bytes = self.lines.bytes(line);
        let ends = [bytes.len()];
        let (text, _) = self.cells.decode(bytes, &ends, line.number)?;
        let commented = layout.comment.as_ref().is_some_and(|sign| text.starts_with(sign.as_str()));
        if line.number <= layout.skip || text.trim().is_empty() || commented {
            return Ok(Found::NoRow);
        }
        if matches!(self.tail, Tail::Stated(_)) {
            let what = "a line stands behind the trailer";
            return Err(ReadError::new(AFTER_TRAILER, Some(line.number), what));
        }
        let text = Text::new(text, &mut self.starts);
        if let Some(trailer) = layout.trailer.as_ref().filter(|t| text.text.starts_with(&t.starts_with)) {
            let Some(place) = trailer.count else { return Ok(Found::Trailer(self.rows)) };
            let count = text.at(place).trim().parse().map_err(|_| {
                let what = format!("{} of the trailer hold no number of rows", place.said());
                ReadError::new(TRAILER_COUNT, Some(line.number), &what)
            })?;
            return Ok(Found::Trailer(count));
        }
        if let Some(kind) = &layout.kind {
            let word = text.at(kind.place).trim();
            let is_in = |words: &[String]| words.iter().any(|known| known.trim() == word);
            match () {
                () if is_in(&kind.skip) => return Ok(Found::NoRow),
                () if !is_in(&kind.rows) => return Ok(Found::Bad(FIXED_KIND)),
                () => {}
            }
        }
        match text.len() {
            _ if text.text.contains('\t') => return Ok(Found::Bad(FIXED_TAB)),
            length if length > layout.width => return Ok(Found::Bad(FIXED_LONG)),
            length if length < layout.width && !layout.padded => return Ok(Found::Bad(FIXED_SHORT)),
            _ => {}
        }
        for (_, place) in &layout.columns {
            // Blanks fill a column up and are no part of its value.
            row.push(text.at(*place).trim_matches(' '));
        }
        for (gap, stray) in layout.gaps.iter().zip(&mut self.strays) {
            *stray = *stray || !text.at(*gap).trim().is_empty();
        }
        Ok(Found::Row)
    }

    fn count(&mut self, line: Line) -> Result<(), ReadError> {
        self.rows += 1;
        if self.rows <= self.max_rows {
            return Ok(());
        }
        Err(ReadError::new(TOO_MANY, Some(line.number), &format!("more than {} rows", self.max_rows)))
    }
}

impl Rows for FixedRows<'_> {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn next(&mut self, row: &mut RowBuf) -> Result<Step, ReadError> {
        loop {
            let Some(line) = self.lines.next()? else {
                self.notes.extend(self.cells.doubt());
                return Ok(Step::End);
            };
            row.start(line.number);
            match self.line(line, row)? {
                Found::Row => return self.count(line).map(|()| Step::Row),
                Found::Bad(code) => return self.count(line).map(|()| Step::Bad { code }),
                Found::Trailer(count) => self.tail = Tail::Stated(count),
                Found::NoRow => self.left_out += 1,
            }
        }
    }

    fn trailer(&self) -> Option<u64> {
        match self.tail {
            Tail::Open => None,
            Tail::Stated(count) => Some(count),
        }
    }

    fn skipped(&self) -> u64 {
        self.left_out
    }

    fn notes(&self) -> &[Problem] {
        &self.notes
    }

    fn unknown(&self) -> Vec<String> {
        let met = self.layout.gaps.iter().zip(&self.strays).filter(|(_, stray)| **stray);
        met.map(|(gap, _)| gap.said()).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
