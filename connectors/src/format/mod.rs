//! The seam between bytes and rows: what a format is, and what it hands to the core.

mod cell_text;
pub(crate) mod csv;
mod csv_scan;
pub(crate) mod encoding;
mod fixed_columns;
pub(crate) mod fixed_width;
pub(crate) mod json;
mod json_paths;
mod json_source;
mod json_walk;
pub(crate) mod jsonl;
mod lines;
pub(crate) mod ods;
pub(crate) mod sheet;
mod sheet_cells;
mod sheet_join;
pub(crate) mod table;
mod unzip;
pub(crate) mod xlsx;
pub(crate) mod xml;
mod xml_paths;
mod xml_source;

use crate::limits::Limits;
use crate::options::{OptionDoc, Options};
use lockgate_core::problem::{Code, Problem};
use lockgate_core::row::RowBuf;
use std::io::{Read, Seek};

/// A file's bytes, readable from any place in them.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// A header text (for XML: a path) that the mapping looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The header text.
    pub name: String,
    /// Other header texts of the same column.
    pub aliases: Vec<String>,
    /// Whether a file without it is refused.
    pub required: bool,
}

/// One entry of the visible list of formats.
pub struct FormatKind {
    /// The word in a mapping's `format`, and the name of its option table.
    pub name: &'static str,
    /// One line on what it reads.
    pub summary: &'static str,
    /// Its options, each documented.
    pub options: &'static [OptionDoc],
    /// Checks the options and makes the reader; needs no file.
    pub open: OpenFormat,
}

/// Makes a format from its options.
pub type OpenFormat = fn(&Options, &Limits) -> Result<Box<dyn Format>, Problem>;

/// A format with its options checked: turns bytes into rows.
pub trait Format: Send + Sync {
    /// Begins to read a file: finds the header (a broken file or a missing column is an error),
    /// and gives the rows one by one. Memory does not grow with the number of rows, except for
    /// what a workbook shares and joins, which is capped.
    fn read<'a>(
        &'a self,
        input: Box<dyn ReadSeek + 'a>,
        wanted: &[Wanted],
    ) -> Result<Box<dyn Rows + 'a>, ReadError>;

    /// Says before any file comes what [`Self::read`] would refuse of the mapping's columns: a path
    /// that does not read, a column that the options do not place.
    fn check(&self, wanted: &[Wanted]) -> Result<(), ReadError> {
        let _ = wanted;
        Ok(())
    }
}

/// The rows of one file, in the partner's order.
pub trait Rows {
    /// The column names in row order. A name that the mapping wants is spelt as the mapping spells
    /// it; any other is the file's own, trimmed, with white space folded.
    fn header(&self) -> &[String];

    /// Reads the next row into `row`. After an error or [`Step::End`] there is nothing more to read.
    fn next(&mut self, row: &mut RowBuf) -> Result<Step, ReadError>;

    /// The number of rows that the file itself states at its end; known after [`Step::End`].
    fn trailer(&self) -> Option<u64>;

    /// Title and blank rows left out so far.
    fn skipped(&self) -> u64;

    /// What a person should know about the file (sheets left out); complete after [`Step::End`].
    fn notes(&self) -> &[Problem];

    /// Columns that a streaming format met outside its header; complete after [`Step::End`].
    fn unknown(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What one call of [`Rows::next`] gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A row is in the buffer.
    Row,
    /// This row cannot be used and goes to quarantine; the buffer holds its number and no cell.
    Bad {
        /// Why.
        code: Code,
    },
    /// The file is read to its end.
    End,
}

/// A file that cannot be read (further). Holds a place and a code, never a value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The message code, `LG11nn`.
    pub code: Code,
    /// The row at which it shows, as the partner's own tool would number it.
    pub row: Option<u64>,
    /// What is wrong; lower case, one line.
    pub what: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Header texts that the mapping needs and the file does not have.
    pub lacks: Vec<String>,
    /// The file's own header texts that nobody asked for; empty where they might be values.
    pub spare: Vec<String>,
}

impl ReadError {
    pub(crate) fn new(code: Code, row: Option<u64>, what: &str) -> Self {
        Self { code, row, what: what.to_owned(), help: None, lacks: Vec::new(), spare: Vec::new() }
    }

    pub(crate) fn help(mut self, help: &str) -> Self {
        self.help = Some(help.to_owned());
        self
    }

    /// With what the file lacks, and what it has instead. A text with a digit is not kept: in a damaged file it may
    /// be a name run together with a value.
    pub(crate) fn lacking(mut self, lacks: Vec<String>, mut spare: Vec<String>) -> Self {
        spare.retain(|name| !name.contains(|c: char| c.is_numeric()));
        (self.lacks, self.spare) = (lacks, spare);
        self
    }

    /// The same as a problem of a feed.
    pub fn problem(&self, feed: &str) -> Problem {
        let problem = Problem::new(self.code, self.what.as_str()).in_data(feed, self.row, None);
        match &self.help {
            Some(help) => problem.help(help.as_str()),
            None => problem,
        }
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.row {
            Some(row) => write!(f, "{} at row {row}: {}", self.code, self.what),
            None => write!(f, "{}: {}", self.code, self.what),
        }
    }
}

impl std::error::Error for ReadError {}
