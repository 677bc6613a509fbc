//! `staff.xlsx`: the tables for people, every cell as text, so that no zero is lost and no date
//! rewritten; built from already minimised rows only.
//!
//! No formula, link, comment, author or hidden sheet, and no time but the run's day. Rows with the
//! handling code `victim` stay out of it (handling rules of the agreement).

use super::breaks::Breaks;
use super::error::{At, BundleError, Doing};
use super::file::{hash_file, private_file};
use crate::fault;
use jiff::civil::Date;
use lockgate_core::bundle::manifest::FileFacts;
use lockgate_core::bundle::{Packed, Table};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, IgnoreError, Workbook, Worksheet, XlsxError};
use std::io;
use std::path::Path;

/// Excel's own limit of characters in a cell.
const CELL_CHARACTERS: usize = 32_767;
/// Excel's own limit of characters in the name of a sheet.
const SHEET_CHARACTERS: usize = 31;
const TOO_LONG: &str = "(too long for a cell: see the file in data)";
/// The workbook's name.
pub(super) const STAFF: &str = "staff.xlsx";

/// The workbook while its rows go by, table by table.
pub(super) struct Staff {
    book: Workbook,
    bold: Format,
    sheets: usize,
    line: u32,
    columns: u16,
    kept_out: u64,
}

impl Staff {
    /// An empty workbook, whose temporary files lie beside the bundle.
    pub(super) fn new(staging: &Path, as_of: Date) -> Result<Self, BundleError> {
        let build = || -> Result<Workbook, XlsxError> {
            let mut book = Workbook::new();
            book.set_tempdir(staging)?;
            let (year, month, day) = (as_of.year(), as_of.month(), as_of.day());
            let created =
                ExcelDateTime::from_ymd(year.unsigned_abs(), month.unsigned_abs(), day.unsigned_abs())?;
            book.set_properties(&DocProperties::new().set_creation_datetime(&created));
            Ok(book)
        };
        let book = library(build)?;
        Ok(Self { book, bold: Format::new().set_bold(), sheets: 0, line: 0, columns: 0, kept_out: 0 })
    }

    /// Says that the next row is of another table; its sheet is made when it has a row.
    pub(super) fn next_table(&mut self) -> Result<(), BundleError> {
        if self.line > 0 {
            let (last, columns) = (self.line - 1, self.columns.saturating_sub(1));
            library(|| {
                let kind = IgnoreError::NumberStoredAsText;
                self.sheet()?.ignore_error_range(1, 0, last.max(1), columns, kind).map(|_| ())
            })?;
        }
        self.line = 0;
        Ok(())
    }

    /// Adds a row.
    pub(super) fn row(&mut self, table: &Table, row: &Packed<'_>) -> Result<(), BundleError> {
        if row.handling().any(|code| code == "victim") {
            self.kept_out += 1;
            return Ok(());
        }
        library(|| self.write(table, row))
    }

    fn write(&mut self, table: &Table, row: &Packed<'_>) -> Result<(), XlsxError> {
        if self.line == 0 {
            self.start_sheet(table)?;
        }
        let line = self.line;
        self.line += 1;
        let sheet = self.sheet()?;
        for (cell, column) in row.cells().zip(0u16..) {
            if cell.is_empty() {
                continue;
            }
            let long = cell.len() > CELL_CHARACTERS && cell.chars().count() > CELL_CHARACTERS;
            sheet.write_string(line, column, if long { TOO_LONG } else { cell })?;
        }
        Ok(())
    }

    fn start_sheet(&mut self, table: &Table) -> Result<(), XlsxError> {
        let name = sheet_name(table.file(), self.sheets);
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for ((title, _), column) in table.header().zip(0u16..) {
            sheet.write_string_with_format(0, column, title, &self.bold)?;
            self.columns = column + 1;
        }
        self.sheets += 1;
        self.line = 1;
        Ok(())
    }

    fn sheet(&mut self) -> Result<&mut Worksheet, XlsxError> {
        self.book.worksheet_from_index(self.sheets.saturating_sub(1))
    }

    /// Rows that stayed out.
    pub(super) const fn kept_out(&self) -> u64 {
        self.kept_out
    }

    /// Writes the workbook; `None` when no row went in, since a workbook needs a sheet.
    pub(super) fn finish(mut self, folder: &Path) -> Result<Option<FileFacts>, BundleError> {
        self.next_table()?;
        if self.sheets == 0 {
            return Ok(None);
        }
        let place = folder.join(STAFF);
        let file = private_file(&place).at(Doing::Create, &place)?;
        let mut writer = Breaks::new(&file);
        library(|| self.book.save_to_writer(&mut writer))?;
        writer.whole().at(Doing::Write, &place)?;
        file.sync_all().at(Doing::Sync, &place)?;
        hash_file(&place, STAFF).map(Some)
    }
}

/// At most 31 characters; a longer name is cut and numbered, so that it stays unique.
fn sheet_name(name: &str, number: usize) -> String {
    if name.len() <= SHEET_CHARACTERS {
        return name.into();
    }
    let end = format!("_{number}");
    let start: String = name.chars().take(SHEET_CHARACTERS - end.len()).collect();
    start + &end
}

/// Asks the library for something. Where the drive takes nothing of its temporary files it breaks off instead of saying so.
fn library<T>(ask: impl FnOnce() -> Result<T, XlsxError>) -> Result<T, BundleError> {
    refused(fault::caught(ask).at(Doing::Write, Path::new(STAFF))?)
}

/// The library's own messages may name cells, so only the system's error passes.
fn refused<T>(result: Result<T, XlsxError>) -> Result<T, BundleError> {
    result
        .map_err(|error| match error {
            XlsxError::IoError(source) | XlsxError::TempFileError(_, source) => source,
            _ => io::Error::other("the workbook's library refused a cell or sheet"),
        })
        .at(Doing::Write, Path::new(STAFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_stay_short_and_apart() {
        assert_eq!(sheet_name("prison_release", 3), "prison_release");
        let long = "a_category_whose_name_is_rather_long";
        assert_eq!(sheet_name(long, 3), "a_category_whose_name_is_rath_3");
        assert_ne!(sheet_name(long, 3), sheet_name(long, 4));
        assert!(sheet_name(long, 12).len() <= SHEET_CHARACTERS);
    }
}
