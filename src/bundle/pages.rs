//! The sorted rows going by once: each is written to its table's file, the workbook, the summary and
//! the return form.

use super::error::BundleError;
use super::file::HashedFile;
use super::workbook::Staff;
use super::writer::Options;
use lockgate_core::bundle::acknowledge::Return;
use lockgate_core::bundle::manifest::{FileFacts, TableFiles};
use lockgate_core::bundle::summary::Summary;
use lockgate_core::bundle::table::BOM;
use lockgate_core::bundle::{BundleKind, Change, Counts, Meta, Packed, Table, TableFacts, Tables};
use lockgate_core::hash::Digester;
use lockgate_core::problem::Problem;
use std::path::Path;

/// Everything that is written while the rows go by.
pub(super) struct Pages<'a> {
    folder: &'a Path,
    tables: &'a Tables,
    counts: &'a [Counts],
    options: Options,
    snapshot: bool,
    previous: Option<u128>,
    current: Option<(u16, TableFile<'a>)>,
    done: Vec<TableFiles<'a>>,
    form: Return<'a>,
    acknowledge: HashedFile,
    summary: Summary,
    staff: Option<Staff>,
}

/// What the pages came to.
pub(super) struct Written<'a> {
    pub(super) tables: Vec<TableFiles<'a>>,
    pub(super) acknowledge: FileFacts,
    pub(super) summary: String,
    pub(super) staff: Option<Staff>,
}

impl<'a> Pages<'a> {
    /// Starts the pages; `counts` are the rows of each table's file.
    pub(super) fn start(
        folder: &'a Path,
        (meta, name): (&'a Meta, &'a str),
        (tables, counts): (&'a Tables, &'a [Counts]),
        options: Options,
        staff: Option<Staff>,
    ) -> Result<Self, BundleError> {
        let mut acknowledge = HashedFile::create(folder, "acknowledge.csv")?;
        let form = acknowledge.append(|out| {
            put_bom(options, out);
            Return::start(meta, name, out)
        })?;
        let summary = Summary::start(meta, name, &facts(tables, counts), options.summary_rows);
        let snapshot = meta.kind == BundleKind::Snapshot;
        let (previous, current, done) = (None, None, Vec::new());
        Ok(Self {
            folder,
            tables,
            counts,
            options,
            snapshot,
            previous,
            current,
            done,
            form,
            acknowledge,
            summary,
            staff,
        })
    }

    /// Writes one row; rows come sorted.
    pub(super) fn row(&mut self, row: &Packed<'_>) -> Result<(), BundleError> {
        let record = row.key() >> 32;
        if self.previous.replace(record) == Some(record) {
            return Err(Problem::new("LG1603", "a record stands twice in one bundle").into());
        }
        let (tables, number) = (self.tables, row.table());
        let Some(table) = tables.get(number) else {
            return Err(Problem::new("LG1604", "a row is of a table that the bundle does not have").into());
        };
        self.acknowledge.append(|out| self.form.row(table.file(), row, out))?;
        if self.snapshot && row.change() == Change::Withdrawal {
            // A snapshot is what the recipient may hold; what is gone is only asked for.
            return Ok(());
        }
        if self.current.as_ref().is_none_or(|(at, _)| *at != number) {
            self.next_table(number, table)?;
        }
        if let Some((_, file)) = &mut self.current {
            file.row(row)?;
        }
        self.summary.row(table, row);
        match &mut self.staff {
            Some(staff) => staff.row(table, row),
            None => Ok(()),
        }
    }

    fn next_table(&mut self, number: u16, table: &'a Table) -> Result<(), BundleError> {
        self.close_table()?;
        let counts = self.counts.get(usize::from(number)).copied().unwrap_or_default();
        let file = TableFile::start(self.folder, table, counts.total(), self.options)?;
        self.summary.table(&TableFacts { file: table.file().into(), title: table.title.clone(), counts });
        self.current = Some((number, file));
        match &mut self.staff {
            Some(staff) => staff.next_table(),
            None => Ok(()),
        }
    }

    fn close_table(&mut self) -> Result<(), BundleError> {
        if let Some((number, file)) = self.current.take() {
            let counts = self.counts.get(usize::from(number)).copied().unwrap_or_default();
            self.done.push(file.finish(counts)?);
        }
        Ok(())
    }

    /// Ends all files.
    pub(super) fn finish(mut self) -> Result<Written<'a>, BundleError> {
        self.close_table()?;
        let acknowledge = self.acknowledge.finish()?;
        Ok(Written { tables: self.done, acknowledge, summary: self.summary.finish(), staff: self.staff })
    }
}

/// The tables with rows, as README and summary name them.
pub(super) fn facts(tables: &Tables, counts: &[Counts]) -> Vec<TableFacts> {
    let all = tables.all().iter().zip(counts).filter(|(_, counts)| counts.total() > 0);
    all.map(|(table, counts)| TableFacts {
        file: table.file().into(),
        title: table.title.clone(),
        counts: *counts,
    })
    .collect()
}

fn put_bom(options: Options, out: &mut Vec<u8>) {
    if options.csv_bom {
        out.extend_from_slice(BOM);
    }
}

/// One table's file, or its parts.
struct TableFile<'a> {
    folder: &'a Path,
    table: &'a Table,
    options: Options,
    file: HashedFile,
    rows: u64,
    parts: Vec<FileFacts>,
    /// Of a table in parts: size and digest of all parts joined with one header.
    whole: Option<(u64, Digester)>,
}

impl<'a> TableFile<'a> {
    fn start(folder: &'a Path, table: &'a Table, rows: u64, options: Options) -> Result<Self, BundleError> {
        let whole = (rows > options.part_rows).then(|| (0, Digester::new()));
        let path = match whole {
            Some(_) => part_path(table, 1),
            None => format!("data/{}.csv", table.file()),
        };
        let file = HashedFile::create(folder, &path)?;
        let mut started = Self { folder, table, options, file, rows: 0, parts: Vec::new(), whole };
        started.header()?;
        Ok(started)
    }

    fn header(&mut self) -> Result<(), BundleError> {
        let (table, options, first) = (self.table, self.options, self.parts.is_empty());
        let whole = self.whole.as_mut().filter(|_| first);
        self.file.append(|out| {
            let start = out.len();
            put_bom(options, out);
            table.write_header(out);
            count_whole(whole, out.get(start..));
        })
    }

    fn row(&mut self, row: &Packed<'_>) -> Result<(), BundleError> {
        if self.whole.is_some() && self.rows == self.options.part_rows {
            let path = part_path(self.table, self.parts.len() + 2);
            let next = HashedFile::create(self.folder, &path)?;
            self.parts.push(std::mem::replace(&mut self.file, next).finish()?);
            self.rows = 0;
            self.header()?;
        }
        self.rows += 1;
        let (table, whole) = (self.table, self.whole.as_mut());
        self.file.append(|out| {
            let start = out.len();
            table.write_row(row.cells(), out);
            count_whole(whole, out.get(start..));
        })
    }

    fn finish(mut self, counts: Counts) -> Result<TableFiles<'a>, BundleError> {
        let last = self.file.finish()?;
        let whole = match self.whole {
            Some((bytes, digester)) => (bytes, digester.finish()),
            None => (last.bytes, last.hash),
        };
        self.parts.push(last);
        Ok(TableFiles { table: self.table, counts, parts: self.parts, whole })
    }
}

fn count_whole(whole: Option<&mut (u64, Digester)>, bytes: Option<&[u8]>) {
    if let (Some((size, digester)), Some(bytes)) = (whole, bytes) {
        *size += bytes.len() as u64;
        digester.update(bytes);
    }
}

fn part_path(table: &Table, part: usize) -> String {
    format!("data/{}-{part:04}.csv", table.file())
}
