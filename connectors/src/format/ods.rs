//! ODS workbooks, streamed row by row.
//!
//! The usual library holds every sheet as a dense rectangle, which a file of a few kilobytes can
//! blow up through its repeat attributes; here a repeat is a count until a row is given.

use crate::codes::{TOO_LONG, TOO_MANY};
use crate::format::sheet::{self, Book, OPTIONS, SheetInfo, SheetOptions, SheetRows};
use crate::format::sheet_cells::Line;
use crate::format::sheet_join::no_sheet;
use crate::format::unzip::{Package, broken, look_through, zip_error};
use crate::format::xml_source::{Events, events, fault, pull, resolve};
use crate::format::{Format, FormatKind, ReadError, ReadSeek, Rows, Wanted};
use crate::limits::Limits;
use crate::options::{Options, Owner};
use lockgate_core::problem::Problem;
use lockgate_core::row::CellKind;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeSet;
use std::io::{BufReader, Read, Seek};
use zip::ZipArchive;
use zip::read::ZipFile;

/// The line of this format in the list.
pub(crate) const KIND: FormatKind = FormatKind {
    name: "ods",
    summary: "an OpenDocument workbook (no macros): one sheet, other sheets joined to it by key",
    options: OPTIONS,
    open,
};

fn open(options: &Options, limits: &Limits) -> Result<Box<dyn Format>, Problem> {
    let options = SheetOptions::read(Owner::format("format ods"), options)?;
    Ok(Box::new(Ods { options, limits: *limits }))
}

struct Ods {
    options: SheetOptions,
    limits: Limits,
}

impl Format for Ods {
    fn read<'a>(
        &'a self,
        mut input: Box<dyn ReadSeek + 'a>,
        wanted: &[Wanted],
    ) -> Result<Box<dyn Rows + 'a>, ReadError> {
        look_through(input.as_mut(), Package::Ods, &self.limits)?;
        let zip = ZipArchive::new(BufReader::new(input)).map_err(|e| zip_error(&e))?;
        let mut book = OdsBook { zip, sheets: Vec::new(), limits: self.limits };
        book.sheets = book.list()?;
        sheet::read(Box::new(book), &self.options, &self.limits, wanted)
    }
}

struct OdsBook<R> {
    zip: ZipArchive<R>,
    sheets: Vec<(String, bool)>,
    limits: Limits,
}

impl<R: Read + Seek> OdsBook<R> {
    fn content(&mut self) -> Result<Content<'_, R>, ReadError> {
        let part = self.zip.by_name("content.xml").map_err(|e| zip_error(&e))?;
        let events = events(part, &self.limits);
        Ok(Content { events, buf: Vec::new(), limits: self.limits, row: 0, cells: 0 })
    }

    /// The sheets in order; a sheet is hidden through its style.
    fn list(&mut self) -> Result<Vec<(String, bool)>, ReadError> {
        let mut content = self.content()?;
        let mut sheets = Vec::new();
        let mut hidden = BTreeSet::new();
        let mut style = String::new();
        let mut depth = 0_usize;
        let mut buf = Vec::new();
        loop {
            match pull(&mut content.events, &mut buf, None)? {
                Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                    "style" => style = attribute(&tag, "name")?.unwrap_or_default(),
                    "table-properties" if attribute(&tag, "display")?.as_deref() == Some("false") => {
                        hidden.insert(style.clone());
                    }
                    "table" => {
                        depth += 1;
                        let name = attribute(&tag, "name")?;
                        let style = attribute(&tag, "style-name")?.unwrap_or_default();
                        if let (1, Some(name)) = (depth, name) {
                            sheets.push((name, !hidden.contains(&style)));
                        }
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == "table" => depth = depth.saturating_sub(1),
                Event::Eof => return Ok(sheets),
                _ => {}
            }
            if sheets.len() > 1_000 {
                return Err(ReadError::new(TOO_MANY, None, "more than 1000 sheets"));
            }
        }
    }
}

impl<R: Read + Seek> Book for OdsBook<R> {
    fn sheets(&self) -> Vec<SheetInfo> {
        self.sheets
            .iter()
            .map(|(name, visible)| SheetInfo { name: name.clone(), visible: *visible })
            .collect()
    }

    fn epoch_1904(&self) -> bool {
        // Dates are written out in this format; no cell holds a serial number by its style.
        false
    }

    fn rows<'b>(&'b mut self, sheet: &str) -> Result<Box<dyn SheetRows + 'b>, ReadError> {
        let mut content = self.content()?;
        let mut buf = Vec::new();
        loop {
            match pull(&mut content.events, &mut buf, None)? {
                Event::Start(tag)
                    if tag.local_name().as_ref() == "table"
                        && attribute(&tag, "name")?.as_deref() == Some(sheet) =>
                {
                    break;
                }
                Event::Eof => return Err(no_sheet(sheet)),
                _ => {}
            }
        }
        Ok(Box::new(OdsRows { content, again: 0, kept: Line::default() }))
    }
}

struct Content<'b, R: Read + Seek> {
    events: Events<ZipFile<'b, R>>,
    buf: Vec<u8>,
    limits: Limits,
    /// The sheet row read last, from 1.
    row: u64,
    cells: u64,
}

/// Streams rows; a row that the file repeats is kept and given again.
struct OdsRows<'b, R: Read + Seek> {
    content: Content<'b, R>,
    again: u64,
    kept: Line,
}

impl<R: Read + Seek> SheetRows for OdsRows<'_, R> {
    fn next(&mut self, line: &mut Line) -> Result<bool, ReadError> {
        if self.again == 0 {
            match self.content.next_row(&mut self.kept)? {
                None => return Ok(false),
                Some(times) => self.again = times,
            }
        } else {
            let number = self.kept.number() + 1;
            self.kept.renumber(number);
        }
        self.again -= 1;
        line.clone_from(&self.kept);
        Ok(true)
    }
}

/// How a cell's element says what is in it.
#[derive(Default)]
struct CellHead {
    value_type: String,
    value: Option<String>,
    formula: bool,
    repeat: u64,
}

impl<R: Read + Seek> Content<'_, R> {
    /// Reads up to the next row that holds anything; gives how often it stands in the sheet.
    fn next_row(&mut self, line: &mut Line) -> Result<Option<u64>, ReadError> {
        let mut buf = std::mem::take(&mut self.buf);
        let result = self.find_row(line, &mut buf);
        self.buf = buf;
        result
    }

    fn find_row(&mut self, line: &mut Line, buf: &mut Vec<u8>) -> Result<Option<u64>, ReadError> {
        loop {
            let here = Some(self.row + 1);
            let (times, empty) = match pull(&mut self.events, buf, here)? {
                Event::Start(tag) if tag.local_name().as_ref() == "table-row" => {
                    (rows_repeated(&tag)?, false)
                }
                Event::Empty(tag) if tag.local_name().as_ref() == "table-row" => (rows_repeated(&tag)?, true),
                Event::End(tag) if tag.local_name().as_ref() == "table" => return Ok(None),
                Event::Eof => {
                    return Err(ReadError { row: here, ..broken("the sheet ends before it is closed") });
                }
                _ => continue,
            };
            line.start(self.row + 1);
            if !empty {
                self.read_row(line, buf)?;
            }
            self.row = self.row.saturating_add(times);
            line.trim();
            if line.len() > 0 {
                return Ok(Some(times));
            }
        }
    }

    fn read_row(&mut self, line: &mut Line, buf: &mut Vec<u8>) -> Result<(), ReadError> {
        // Empty cells are only counted until something stands behind them.
        let mut column = 0_u64;
        loop {
            let here = Some(line.number());
            let (head, empty, covered) = match pull(&mut self.events, buf, here)? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "table-cell" => (CellHead::read(&tag)?, false, false),
                    "covered-table-cell" => (CellHead::read(&tag)?, false, true),
                    _ => continue,
                },
                Event::Empty(tag) => match tag.local_name().as_ref() {
                    "table-cell" => (CellHead::read(&tag)?, true, false),
                    "covered-table-cell" => (CellHead::read(&tag)?, true, true),
                    _ => continue,
                },
                Event::End(tag) if tag.local_name().as_ref() == "table-row" => return Ok(()),
                Event::Eof => return Err(ReadError { row: here, ..broken("a row is not closed") }),
                _ => continue,
            };
            let mut text = String::new();
            if !empty {
                self.cell_text(&mut text, buf, here)?;
            }
            self.cells += 1;
            if self.cells > self.limits.cells {
                let what = format!("more than {} cells", self.limits.cells);
                return Err(ReadError::new(TOO_MANY, here, &what));
            }
            // What a merged cell covers is not on the sheet that the partner sees.
            let blank = covered || (head.value_type.is_empty() && text.is_empty() && !head.formula);
            if !blank {
                self.put(line, column, &head, &text)?;
            }
            column = column.saturating_add(head.repeat);
        }
    }

    fn put(&self, line: &mut Line, column: u64, head: &CellHead, text: &str) -> Result<(), ReadError> {
        let here = Some(line.number());
        let (start, end) = (column, column.saturating_add(head.repeat));
        let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else {
            return Err(ReadError::new(TOO_MANY, here, "a cell stands beyond the last column"));
        };
        if end > self.limits.columns {
            let what = format!("a cell stands beyond column {}", self.limits.columns);
            return Err(ReadError::new(TOO_MANY, here, &what));
        }
        line.pad(start);
        for _ in start..end {
            head.write(line, text);
            if line.bytes() > self.limits.row_bytes {
                return Err(ReadError::new(TOO_LONG, here, "a row is longer than its cap"));
            }
        }
        Ok(())
    }

    /// The paragraphs of a cell, joined by line ends; notes and pictures are left out.
    fn cell_text(&mut self, out: &mut String, buf: &mut Vec<u8>, here: Option<u64>) -> Result<(), ReadError> {
        let mut depth = 1_usize;
        // Depth of an element whose content is no text of the cell.
        let mut aside: Option<usize> = None;
        let mut paragraphs = 0;
        while depth > 0 {
            let event = pull(&mut self.events, buf, here)?;
            match &event {
                Event::Start(tag) => {
                    depth += 1;
                    if depth > self.limits.depth {
                        return Err(ReadError { row: here, ..broken("a cell's text is nested too deeply") });
                    }
                    if aside.is_none() && !begin_text(tag, out, &mut paragraphs)? {
                        aside = Some(depth);
                    }
                }
                Event::Empty(tag) if aside.is_none() => {
                    begin_text(tag, out, &mut paragraphs)?;
                }
                Event::End(_) => {
                    if aside == Some(depth) {
                        aside = None;
                    }
                    depth -= 1;
                }
                Event::Text(text) if aside.is_none() && paragraphs > 0 => out.push_str(&text.xml10_content()),
                Event::CData(text) if aside.is_none() && paragraphs > 0 => {
                    out.push_str(&text.xml10_content());
                }
                Event::GeneralRef(reference) if aside.is_none() => resolve(reference, out, here)?,
                Event::Eof => return Err(ReadError { row: here, ..broken("a cell is not closed") }),
                _ => {}
            }
            if out.len() > self.limits.cell_bytes {
                return Err(ReadError::new(TOO_LONG, here, "a cell is longer than its cap"));
            }
        }
        Ok(())
    }
}

/// Begins an element inside a cell; `false` when its content is no text of the cell.
fn begin_text(tag: &BytesStart<'_>, out: &mut String, paragraphs: &mut usize) -> Result<bool, ReadError> {
    match tag.local_name().as_ref() {
        "p" | "h" => {
            if *paragraphs > 0 {
                out.push('\n');
            }
            *paragraphs += 1;
        }
        "s" => {
            let count = attribute(tag, "c")?.and_then(|c| c.parse::<usize>().ok()).unwrap_or(1);
            out.extend(std::iter::repeat_n(' ', count.min(1_000)));
        }
        "tab" => out.push('\t'),
        "line-break" => out.push('\n'),
        "span" | "a" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

impl CellHead {
    fn read(tag: &BytesStart<'_>) -> Result<Self, ReadError> {
        let mut head = Self { repeat: 1, ..Self::default() };
        for found in tag.attributes() {
            let found = found.map_err(|e| fault(&e.into(), None))?;
            let value = || found.normalized_value(XmlVersion::Implicit1_0).map_err(|e| fault(&e, None));
            let (local, prefix) = found.key.decompose();
            let prefix = prefix.as_ref().map_or("", AsRef::<str>::as_ref);
            match (prefix, local.as_ref()) {
                ("table", "number-columns-repeated") => head.repeat = repeat(&value()?)?,
                ("table", "formula") => head.formula = true,
                ("office", "value-type") if head.value_type != "error" => {
                    head.value_type = value()?.into_owned();
                }
                ("calcext", "value-type") if value()? == "error" => "error".clone_into(&mut head.value_type),
                ("office", "value" | "date-value" | "time-value" | "boolean-value" | "string-value") => {
                    head.value = Some(value()?.into_owned());
                }
                _ => {}
            }
        }
        Ok(head)
    }

    fn write(&self, line: &mut Line, text: &str) {
        let value = self.value.as_deref();
        let number = || value.and_then(|v| v.trim().parse::<f64>().ok());
        match (self.value_type.as_str(), value) {
            ("string", _) => line.push(value.unwrap_or(text), CellKind::Text),
            ("float" | "percentage" | "currency", _) => line.push_number(number().unwrap_or(f64::NAN)),
            ("date", Some(iso)) => line.push_iso(iso),
            ("time", Some(iso)) => line.push_duration(iso),
            ("boolean", Some(flag @ ("true" | "false"))) => line.push(flag, CellKind::Bool),
            ("", _) if !self.formula => line.push(text, CellKind::Text),
            _ => line.push("", CellKind::Error),
        }
    }
}

fn rows_repeated(tag: &BytesStart<'_>) -> Result<u64, ReadError> {
    attribute(tag, "number-rows-repeated")?.map_or(Ok(1), |count| repeat(&count))
}

fn repeat(text: &str) -> Result<u64, ReadError> {
    text.trim().parse().ok().filter(|count| *count > 0).ok_or_else(|| broken("a repeat count is no number"))
}

/// An attribute by its local name.
fn attribute(tag: &BytesStart<'_>, local: &str) -> Result<Option<String>, ReadError> {
    for found in tag.attributes() {
        let found = found.map_err(|e| fault(&e.into(), None))?;
        if found.key.local_name().as_ref() == local {
            let value = found.normalized_value(XmlVersion::Implicit1_0).map_err(|e| fault(&e, None))?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}
