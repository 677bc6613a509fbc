//! XLSX workbooks, streamed cell by cell.

use crate::codes::{TOO_LONG, TOO_MANY};
use crate::format::sheet::{self, Book, OPTIONS, SheetInfo, SheetOptions, SheetRows};
use crate::format::sheet_cells::Line;
use crate::format::unzip::{Package, broken, encrypted, look_through, zip_error};
use crate::format::{Format, FormatKind, ReadError, ReadSeek, Rows, Wanted};
use crate::limits::{Limits, input_error};
use crate::options::{Options, Owner};
use calamine::{
    DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellFormulaMetadataRecord, XlsxCellReader,
    XlsxError,
};
use lockgate_core::problem::Problem;
use lockgate_core::row::CellKind;
use std::io::{BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The line of this format in the list.
pub(crate) const KIND: FormatKind = FormatKind {
    name: "xlsx",
    summary: "an Excel workbook (no macros): one sheet, other sheets joined to it by key",
    options: OPTIONS,
    open,
};

fn open(options: &Options, limits: &Limits) -> Result<Box<dyn Format>, Problem> {
    let options = SheetOptions::read(Owner::format("format xlsx"), options)?;
    Ok(Box::new(XlsxFormat { options, limits: *limits }))
}

struct XlsxFormat {
    options: SheetOptions,
    limits: Limits,
}

impl Format for XlsxFormat {
    fn read<'a>(
        &'a self,
        mut input: Box<dyn ReadSeek + 'a>,
        wanted: &[Wanted],
    ) -> Result<Box<dyn Rows + 'a>, ReadError> {
        look_through(input.as_mut(), Package::Xlsx, &self.limits)?;
        let book = guarded(None, || Xlsx::new(BufReader::new(input)))?;
        sheet::read(Box::new(XlsxBook { book, limits: self.limits }), &self.options, &self.limits, wanted)
    }
}

struct XlsxBook<R> {
    book: Xlsx<R>,
    limits: Limits,
}

impl<R: Read + Seek> Book for XlsxBook<R> {
    fn sheets(&self) -> Vec<SheetInfo> {
        let sheets = self.book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        sheets
            .map(|sheet| SheetInfo {
                name: sheet.name.clone(),
                visible: sheet.visible == SheetVisible::Visible,
            })
            .collect()
    }

    fn epoch_1904(&self) -> bool {
        self.book.has_1904_epoch()
    }

    fn rows<'b>(&'b mut self, sheet: &str) -> Result<Box<dyn SheetRows + 'b>, ReadError> {
        let epoch_1904 = self.book.has_1904_epoch();
        let book = &mut self.book;
        let cells = guarded(None, || book.worksheet_cells_reader(sheet))?;
        Ok(Box::new(XlsxRows {
            cells,
            held: None,
            epoch_1904,
            limits: self.limits,
            seen: 0,
            row: 0,
            ended: false,
        }))
    }
}

struct XlsxRows<'a, R: Read + Seek> {
    cells: XlsxCellReader<'a, R>,
    /// The first cell of the next row.
    held: Option<XlsxCellFormulaMetadataRecord<'a>>,
    epoch_1904: bool,
    limits: Limits,
    seen: u64,
    /// The sheet row read last, from 1.
    row: u64,
    ended: bool,
}

impl<R: Read + Seek> SheetRows for XlsxRows<'_, R> {
    fn next(&mut self, line: &mut Line) -> Result<bool, ReadError> {
        let first = match self.held.take() {
            Some(cell) => cell,
            None => match self.next_cell()? {
                Some(cell) => cell,
                None => return Ok(false),
            },
        };
        let row = first.pos.0;
        let number = u64::from(row) + 1;
        if number <= self.row {
            return Err(broken_at(number, "the rows of the sheet are out of order"));
        }
        self.row = number;
        line.start(number);
        self.put(line, &first)?;
        while let Some(cell) = self.next_cell()? {
            if cell.pos.0 != row {
                self.held = Some(cell);
                break;
            }
            self.put(line, &cell)?;
        }
        Ok(true)
    }
}

impl<'a, R: Read + Seek> XlsxRows<'a, R> {
    fn next_cell(&mut self) -> Result<Option<XlsxCellFormulaMetadataRecord<'a>>, ReadError> {
        self.seen += 1;
        if self.seen > self.limits.cells {
            let what = format!("more than {} cells", self.limits.cells);
            return Err(ReadError::new(TOO_MANY, Some(self.row), &what));
        }
        if self.ended {
            return Ok(None);
        }
        let (cells, here) = (&mut self.cells, Some(self.row + 1));
        // Stays so when the call fails.
        self.ended = true;
        let cell = guarded(here, || cells.next_cell_with_formula_metadata())?;
        self.ended = cell.is_none();
        Ok(cell)
    }

    fn put(&self, line: &mut Line, cell: &XlsxCellFormulaMetadataRecord<'_>) -> Result<(), ReadError> {
        let at = cell.pos.1 as usize;
        if cell.value == DataRef::Empty && cell.formula.is_none() {
            return Ok(());
        }
        if at >= self.limits.columns {
            let what = format!("a cell stands beyond column {}", self.limits.columns);
            return Err(ReadError::new(TOO_MANY, Some(line.number()), &what));
        }
        if at < line.len() {
            return Err(broken_at(line.number(), "the cells of a row are out of order"));
        }
        line.pad(at);
        let before = line.bytes();
        self.write(line, &cell.value);
        if line.bytes() - before > self.limits.cell_bytes || line.bytes() > self.limits.row_bytes {
            return Err(ReadError::new(
                TOO_LONG,
                Some(line.number()),
                "a cell or row is longer than its cap",
            ));
        }
        Ok(())
    }

    fn write(&self, line: &mut Line, value: &DataRef<'_>) {
        match value {
            DataRef::String(text) => line.push(text, CellKind::Text),
            DataRef::SharedString(text) => line.push(text, CellKind::Text),
            DataRef::Float(number) => line.push_number(*number),
            #[expect(clippy::cast_precision_loss, reason = "what a double cannot hold is an error cell")]
            DataRef::Int(number) => line.push_number(*number as f64),
            DataRef::Bool(flag) => line.push(if *flag { "true" } else { "false" }, CellKind::Bool),
            DataRef::DateTime(at) if at.is_duration() => line.push_span(at.as_f64()),
            DataRef::DateTime(at) => line.push_serial(at.as_f64(), self.epoch_1904),
            DataRef::DateTimeIso(iso) => line.push_iso(iso),
            DataRef::DurationIso(iso) => line.push_duration(iso),
            // A formula without a stored value has none that anyone has seen.
            DataRef::Error(_) | DataRef::Empty => line.push("", CellKind::Error),
        }
    }
}

/// Calls the library; arithmetic on hostile cell references panics in it (`B2:A1`, `ZZZZZZZZ1`), and
/// one partner's file must not end the night. After a panic the reader is not used again.
fn guarded<T>(row: Option<u64>, work: impl FnOnce() -> Result<T, XlsxError>) -> Result<T, ReadError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|e| fault(&e, row)),
        Err(_) => Err(ReadError { row, ..broken("the workbook is damaged") }),
    }
}

fn broken_at(row: u64, what: &str) -> ReadError {
    ReadError { row: Some(row), ..broken(what) }
}

fn fault(error: &XlsxError, row: Option<u64>) -> ReadError {
    match error {
        XlsxError::Password => encrypted(),
        XlsxError::Zip(e) => zip_error(e),
        XlsxError::Io(e) if e.get_ref().is_some() => input_error(e, row),
        XlsxError::CellError(_) => ReadError { row, ..broken("a cell holds an unknown error value") },
        XlsxError::FileNotFound(_) | XlsxError::RelationshipNotFound => {
            broken("a part of the workbook is missing")
        }
        _ => ReadError { row, ..broken("the workbook is damaged") },
    }
}
