//! What XLSX and ODS share: choosing the sheet, finding the header, joining other sheets, and
//! turning sheet rows into rows.

use crate::codes::{FIELD_COUNT, JOIN_COLUMN, NO_SHEET, SHEETS_LEFT, TOO_MANY};
use crate::format::sheet_cells::Line;
use crate::format::sheet_join::{Join, Joined, Keep, hold, no_sheet};
use crate::format::table::{HEADER, HEADER_ROWS, HeaderSearch, Layout, TRAILER, Tail, fold};
use crate::format::{ReadError, Rows, Step, Wanted};
use crate::limits::Limits;
use crate::options::{OptionDoc, Options, Owner};
use lockgate_core::problem::Problem;
use lockgate_core::row::RowBuf;
use self_cell::{MutBorrow, self_cell};

/// The options of both formats.
pub(super) const OPTIONS: &[OptionDoc] = &[
    OptionDoc {
        name: "sheet",
        shape: "text",
        default: "the first visible sheet",
        doc: "the sheet whose rows are the feed's rows",
    },
    OptionDoc {
        name: "join",
        shape: "[{ sheet = text, on = column, to = column, keep = \"first\" or \"last by COLUMN\" }]",
        default: "no join",
        doc: "other sheets found by key: `on` names a column of the base sheet or `SHEET.COLUMN` of an earlier join, `to` the joined sheet's column; its columns are called `SHEET.COLUMN`; without `keep` a key that several rows hold makes the base row unusable",
    },
    HEADER,
    HEADER_ROWS,
    TRAILER,
];

/// A sheet of a workbook.
pub(super) struct SheetInfo {
    pub(super) name: String,
    pub(super) visible: bool,
}

/// An open workbook.
pub(super) trait Book {
    fn sheets(&self) -> Vec<SheetInfo>;

    /// Whether serial numbers count from 1904.
    fn epoch_1904(&self) -> bool;

    /// Streams a sheet of the list.
    fn rows<'b>(&'b mut self, sheet: &str) -> Result<Box<dyn SheetRows + 'b>, ReadError>;
}

/// The rows of a sheet that hold any cell, in order.
pub(super) trait SheetRows {
    /// Reads the next row; `false` at the end.
    fn next(&mut self, line: &mut Line) -> Result<bool, ReadError>;
}

type Stream<'a> = Box<dyn SheetRows + 'a>;

self_cell!(
    /// A workbook together with the sheet streamed from it.
    struct Streamed<'i> {
        owner: MutBorrow<Box<dyn Book + 'i>>,
        #[not_covariant]
        dependent: Stream,
    }
);

/// The checked options.
pub(super) struct SheetOptions {
    sheet: Option<String>,
    joins: Vec<Join>,
    layout: Layout,
    plain: Layout,
}

impl SheetOptions {
    pub(super) fn read(owner: Owner, options: &Options) -> Result<Self, Problem> {
        owner.only(&options.0, OPTIONS.iter().map(|o| o.name))?;
        let sheet = owner.text(&options.0, "sheet")?.map(str::to_owned);
        let tables = owner.tables(&options.0, "join")?;
        let joins: Vec<Join> = tables.into_iter().map(|t| Join::read(owner, t)).collect::<Result<_, _>>()?;
        for (i, join) in joins.iter().enumerate() {
            if joins.iter().take(i).any(|earlier| fold(&earlier.sheet) == fold(&join.sheet)) {
                return Err(owner.fault("join", &format!("the sheet `{}` is joined twice", join.sheet)));
            }
        }
        Ok(Self { sheet, joins, layout: Layout::read(owner, options)?, plain: Layout::plain() })
    }
}

/// Opens the rows of a workbook.
pub(super) fn read<'a>(
    mut book: Box<dyn Book + 'a>,
    options: &'a SheetOptions,
    limits: &Limits,
    wanted: &[Wanted],
) -> Result<Box<dyn Rows + 'a>, ReadError> {
    let (sheet, notes) = choose(&book.sheets(), options)?;
    let epoch_1904 = book.epoch_1904();
    let mut held = 0;
    let mut others = Vec::new();
    for join in &options.joins {
        let name = named(&book.sheets(), &join.sheet)?;
        let mut stream = book.rows(&name)?;
        let other = read_joined(stream.as_mut(), join, &options.plain, wanted, &mut held, limits)?;
        others.push(other);
    }
    let mut cell = Streamed::try_new(MutBorrow::new(book), |book| book.borrow_mut().rows(&sheet))?;
    let mut search = HeaderSearch::new(&options.layout, &of_base(wanted, &options.joins));
    let mut blank = 0;
    let mut header =
        cell.with_dependent_mut(|_, rows| find_header(rows.as_mut(), &mut search, &mut blank))?;
    let titles = search.titles();
    let width = header.len();
    let mut joins = Vec::new();
    for (join, other) in options.joins.iter().zip(others) {
        let on = column(&header, &join.on).ok_or_else(|| no_column(&join.on))?;
        header.extend(other.header.iter().map(|name| format!("{}.{name}", join.sheet)));
        joins.push(other.index(on, join)?);
    }
    Ok(Box::new(SheetReader {
        cell,
        line: Line::default(),
        header,
        width,
        joins,
        tail: Tail::new(&options.layout),
        skipped: titles + blank,
        rows: 0,
        max_rows: limits.rows,
        epoch_1904,
        notes,
    }))
}

/// The sheet to read, and a note on what is left out.
fn choose(sheets: &[SheetInfo], options: &SheetOptions) -> Result<(String, Vec<Problem>), ReadError> {
    let name = match &options.sheet {
        Some(name) => named(sheets, name)?,
        None => sheets
            .iter()
            .find(|sheet| sheet.visible)
            .map(|sheet| sheet.name.clone())
            .ok_or_else(|| ReadError::new(NO_SHEET, None, "the workbook has no visible sheet"))?,
    };
    let read = |sheet: &SheetInfo| {
        sheet.name == name || options.joins.iter().any(|join| fold(&join.sheet) == fold(&sheet.name))
    };
    let left = |visible: bool| sheets.iter().filter(|s| !read(s) && s.visible == visible).count();
    let (visible, hidden) = (left(true), left(false));
    let mut notes = Vec::new();
    if visible + hidden > 0 {
        let what = format!("{visible} visible and {hidden} hidden sheets were not read");
        notes.push(Problem::new(SHEETS_LEFT, what));
    }
    if sheets.iter().any(|sheet| read(sheet) && !sheet.visible) {
        notes.push(Problem::new(SHEETS_LEFT, "a sheet that the mapping reads is hidden"));
    }
    Ok((name, notes))
}

/// The workbook's own spelling of a sheet's name.
fn named(sheets: &[SheetInfo], name: &str) -> Result<String, ReadError> {
    let exact = sheets.iter().find(|sheet| sheet.name == name);
    let near = || sheets.iter().find(|sheet| fold(&sheet.name) == fold(name));
    exact.or_else(near).map(|sheet| sheet.name.clone()).ok_or_else(|| no_sheet(name))
}

fn column(header: &[String], name: &str) -> Option<usize> {
    header.iter().position(|text| fold(text) == fold(name))
}

fn no_column(name: &str) -> ReadError {
    ReadError::new(JOIN_COLUMN, None, &format!("a join names the column `{name}`, which is not there"))
}

/// The wanted columns of the base sheet: all that do not begin with a joined sheet's name.
fn of_base(wanted: &[Wanted], joins: &[Join]) -> Vec<Wanted> {
    let base = |text: &String| joins.iter().all(|join| own(text, &join.sheet).is_none());
    narrowed(wanted, |text| base(text).then(|| text.clone()))
}

fn own<'t>(text: &'t str, sheet: &str) -> Option<&'t str> {
    text.strip_prefix(sheet)?.strip_prefix('.')
}

fn narrowed(wanted: &[Wanted], take: impl Fn(&String) -> Option<String>) -> Vec<Wanted> {
    let narrow = |w: &Wanted| {
        let mut texts = std::iter::once(&w.name).chain(&w.aliases).filter_map(&take);
        let name = texts.next()?;
        let aliases: Vec<String> = texts.collect();
        // A column that may stand in either of two sheets is not required of one.
        let required = w.required && aliases.len() == w.aliases.len();
        Some(Wanted { name, aliases, required })
    };
    wanted.iter().filter_map(narrow).collect()
}

fn find_header(
    rows: &mut (dyn SheetRows + '_),
    search: &mut HeaderSearch<'_>,
    blank: &mut u64,
) -> Result<Vec<String>, ReadError> {
    let mut line = Line::default();
    while rows.next(&mut line)? {
        line.trim();
        if line.len() == 0 {
            *blank += 1;
            continue;
        }
        if let Some(names) = search.offer(line.number(), &line.texts())? {
            return Ok(names);
        }
    }
    Err(search.missing())
}

/// A joined sheet's rows, before it is known where its key stands in the base.
struct Other {
    header: Vec<String>,
    rows: Vec<RowBuf>,
}

fn read_joined(
    stream: &mut (dyn SheetRows + '_),
    join: &Join,
    layout: &Layout,
    wanted: &[Wanted],
    held: &mut usize,
    limits: &Limits,
) -> Result<Other, ReadError> {
    let mut wanted = narrowed(wanted, |text| own(text, &join.sheet).map(str::to_owned));
    // The key column makes the header known even where the mapping reads little of the sheet.
    if !wanted.iter().any(|w| std::iter::once(&w.name).chain(&w.aliases).any(|t| fold(t) == fold(&join.to))) {
        wanted.push(Wanted { name: join.to.clone(), aliases: Vec::new(), required: true });
    }
    let mut search = HeaderSearch::new(layout, &wanted);
    let header = find_header(stream, &mut search, &mut 0)?;
    let mut rows = Vec::new();
    let mut line = Line::default();
    while stream.next(&mut line)? {
        line.trim();
        if line.len() == 0 {
            continue;
        }
        line.pad(header.len());
        if line.len() != header.len() {
            let what = format!("a row of the sheet `{}` has more cells than its header", join.sheet);
            return Err(ReadError::new(FIELD_COUNT, Some(line.number()), &what));
        }
        let mut row = RowBuf::new();
        row.start(line.number());
        line.fill(&mut row);
        hold(held, &row, limits)?;
        rows.push(row);
    }
    Ok(Other { header, rows })
}

impl Other {
    fn index(self, on: usize, join: &Join) -> Result<Joined, ReadError> {
        let to = column(&self.header, &join.to).ok_or_else(|| no_column(&join.to))?;
        let order = match &join.keep {
            Keep::LastBy(name) => Some(column(&self.header, name).ok_or_else(|| no_column(name))?),
            Keep::One | Keep::First => None,
        };
        let mut joined = Joined::new(on, to, self.header.len(), join.keep.clone(), order);
        for row in self.rows {
            joined.add(row)?;
        }
        Ok(joined)
    }
}

struct SheetReader<'a> {
    cell: Streamed<'a>,
    line: Line,
    header: Vec<String>,
    width: usize,
    joins: Vec<Joined>,
    tail: Tail<'a>,
    skipped: u64,
    rows: u64,
    max_rows: u64,
    epoch_1904: bool,
    notes: Vec<Problem>,
}

impl Rows for SheetReader<'_> {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn next(&mut self, row: &mut RowBuf) -> Result<Step, ReadError> {
        loop {
            let line = &mut self.line;
            if !self.cell.with_dependent_mut(|_, rows| rows.next(line))? {
                return Ok(Step::End);
            }
            line.trim();
            if line.len() == 0 {
                self.skipped += 1;
                continue;
            }
            let number = line.number();
            row.start(number);
            row.set_epoch_1904(self.epoch_1904);
            let whole = line.len() <= self.width;
            line.pad(self.width);
            line.fill(row);
            if self.tail.is_trailer(row)? {
                continue;
            }
            self.rows += 1;
            if self.rows > self.max_rows {
                let what = format!("more than {} rows", self.max_rows);
                return Err(ReadError::new(TOO_MANY, Some(number), &what));
            }
            let joined = self.joins.iter().try_for_each(|join| join.extend(row));
            let code = match joined {
                _ if !whole => FIELD_COUNT,
                Err(code) => code,
                Ok(()) => return Ok(Step::Row),
            };
            row.start(number);
            return Ok(Step::Bad { code });
        }
    }

    fn trailer(&self) -> Option<u64> {
        self.tail.stated()
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn notes(&self) -> &[Problem] {
        &self.notes
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
