//! Binding: which column of this file is which column of the mapping.
//!
//! By header name, never by place. A required column that is missing, or a name that stands twice,
//! stops the file: a value in the wrong field is worse than a late file.

use super::Mapping;
use super::plan::ColumnId;
use crate::row::{Cell, RowBuf};
use alloc::string::String;
use alloc::vec::Vec;

/// A mapping bound to the header of one file. `Sync`: rows may be mapped from several threads.
pub struct Bound<'m> {
    pub(crate) mapping: &'m Mapping,
    at: Vec<Option<usize>>,
    unknown: Vec<String>,
    absent: Vec<String>,
}

/// Why a header does not fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderFault {
    /// Header texts of required columns that the file does not have.
    pub missing: Vec<String>,
    /// Header texts that the file has more than once.
    pub twice: Vec<String>,
    /// The file's own texts that the mapping does not know: empty unless at least half of the required columns
    /// stand beside them, because only then are they surely header texts and nobody's values.
    pub spare: Vec<String>,
}

impl Mapping {
    /// Whether the mapping lists a header text under `ignore`: known, and not used.
    pub fn ignores(&self, header: &str) -> bool {
        self.ignore.contains(&fold(header))
    }

    /// Binds to a file's header: case-insensitive, trimmed, runs of white space taken as one space.
    pub fn bind(&self, header: &[String]) -> Result<Bound<'_>, HeaderFault> {
        let folded: Vec<String> = header.iter().map(|h| fold(h)).collect();
        let mut used = alloc::vec![false; header.len()];
        let mut fault = HeaderFault::default();
        let (mut at, mut absent) = (Vec::with_capacity(self.columns.len()), Vec::new());
        for column in &self.columns {
            let wanted: Vec<String> = column.headers.iter().map(|h| fold(h)).collect();
            let mut found = folded.iter().enumerate().filter(|(_, h)| wanted.contains(h)).map(|(i, _)| i);
            let first = found.next();
            let name = column.headers.first().cloned().unwrap_or_default();
            if let Some(other) = found.next() {
                fault.twice.push(name);
                mark(&mut used, other);
            } else if first.is_none() && column.required {
                fault.missing.push(name);
            } else if first.is_none() {
                absent.push(name);
            }
            if let Some(first) = first {
                mark(&mut used, first);
            }
            at.push(first);
        }
        let known = |h: &String| h.is_empty() || self.ignore.contains(h);
        let spare = header.iter().zip(&folded).zip(&used).filter(|((_, f), used)| !**used && !known(f));
        let unknown = spare.map(|((h, _), _)| h.clone()).collect();
        if fault != HeaderFault::default() {
            let required = self.columns.iter().filter(|c| c.required).count();
            if fault.missing.len() * 2 <= required {
                fault.spare = unknown;
            }
            return Err(fault);
        }
        Ok(Bound { mapping: self, at, unknown, absent })
    }
}

fn mark(used: &mut [bool], at: usize) {
    if let Some(slot) = used.get_mut(at) {
        *slot = true;
    }
}

impl<'m> Bound<'m> {
    /// Bound to rows whose cells stand in the order of the mapping's own columns.
    pub(crate) fn direct(mapping: &'m Mapping) -> Self {
        let at = (0..mapping.columns.len()).map(Some).collect();
        Self { mapping, at, unknown: Vec::new(), absent: Vec::new() }
    }
}

impl Bound<'_> {
    /// Columns of the file that the mapping neither uses nor lists under `ignore`. These are the
    /// file's own words; they are known as header texts because every required one stood beside them.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Optional columns that this file does not have: their fields stay absent in every record.
    pub fn absent(&self) -> &[String] {
        &self.absent
    }

    /// The mapping.
    pub const fn mapping(&self) -> &Mapping {
        self.mapping
    }

    /// Whether the file has the column.
    pub(crate) fn has(&self, column: ColumnId) -> bool {
        self.at.get(usize::from(column.0)).copied().flatten().is_some()
    }

    pub(crate) fn cell<'r>(&self, row: &'r RowBuf, column: ColumnId) -> Cell<'r> {
        let at = self.at.get(usize::from(column.0)).copied().flatten();
        row.cell(at.unwrap_or(usize::MAX))
    }
}

/// A header text as it is compared.
pub(crate) fn fold(header: &str) -> String {
    let mut out = String::with_capacity(header.len());
    for word in header.trim_start_matches('\u{feff}').split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}
