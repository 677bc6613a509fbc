//! What files that people lay out as tables have in common: titles above the header, headers of one
//! or two rows, and a trailer that states the number of rows.

use crate::codes::{AFTER_TRAILER, HEADER_MISSING, HEADER_TWICE, TRAILER_COUNT};
use crate::format::{ReadError, Wanted};
use crate::options::{OptionDoc, Options, Owner};
use lockgate_core::problem::Problem;
use lockgate_core::row::RowBuf;

/// Rows with content among which the header is searched.
const SEARCHED: usize = 30;

/// Where the header stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Search,
    Row(u64),
}

/// The options every table format shares.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    at: At,
    two_rows: bool,
    trailer: Option<Trailer>,
}

#[derive(Debug, Clone)]
struct Trailer {
    starts_with: String,
    count: Option<usize>,
}

pub(crate) const HEADER: OptionDoc = OptionDoc {
    name: "header",
    shape: "\"search\" or a row number",
    default: "\"search\"",
    doc: "where the header stands; a search takes the first of the first 30 rows that holds every required column",
};
pub(crate) const HEADER_ROWS: OptionDoc = OptionDoc {
    name: "header_rows",
    shape: "1 or 2",
    default: "1",
    doc: "2 = a merged upper row over the header row; a column is found by both texts joined with a space, or by the lower one where it is unique",
};
pub(crate) const TRAILER: OptionDoc = OptionDoc {
    name: "trailer",
    shape: "{ starts_with = text, count = cell number from 1 }",
    default: "no trailer",
    doc: "the row that ends the file: how its first cell begins, and which cell states the number of rows; without `count` its presence alone is the proof that the file is whole",
};

impl Layout {
    pub(crate) fn read(owner: Owner, options: &Options) -> Result<Self, Problem> {
        let at = match options.0.get("header") {
            None => At::Search,
            Some(crate::OptionValue::Text(word)) if word == "search" => At::Search,
            Some(crate::OptionValue::Whole(row)) if *row > 0 => At::Row(row.unsigned_abs()),
            Some(_) => return Err(owner.fault("header", "`\"search\"` or a row number from 1 is wanted")),
        };
        let two_rows = owner.whole(&options.0, "header_rows", 1, 2)? == Some(2);
        let trailer = match owner.table(&options.0, "trailer")? {
            None => None,
            Some(table) => {
                owner.only(table, ["starts_with", "count"].into_iter())?;
                let starts_with = owner.text(table, "starts_with")?.unwrap_or_default().trim().to_owned();
                if starts_with.is_empty() {
                    return Err(owner.fault("trailer", "`starts_with` is wanted"));
                }
                let count = owner.whole(table, "count", 1, 10_000)?;
                Some(Trailer { starts_with, count: count.and_then(|n| usize::try_from(n).ok()) })
            }
        };
        Ok(Self { at, two_rows, trailer })
    }

    /// A layout without options: searched header of one row, no trailer (joined sheets).
    pub(crate) fn plain() -> Self {
        Self { at: At::Search, two_rows: false, trailer: None }
    }
}

/// Lower case, trimmed, white space folded: how header texts are compared.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Want {
    /// Folded text and the mapping's spelling, name first.
    texts: Vec<(String, String)>,
    required: bool,
}

/// The row that comes nearest to a header.
struct Nearest {
    found: usize,
    row: u64,
    lacks: Vec<String>,
    spare: Vec<String>,
}

/// Takes rows from the top of a file until one is the header.
pub(crate) struct HeaderSearch<'l> {
    layout: &'l Layout,
    wants: Vec<Want>,
    above: Option<Vec<String>>,
    offered: usize,
    titles: u64,
    nearest: Option<Nearest>,
}

impl<'l> HeaderSearch<'l> {
    pub(crate) fn new(layout: &'l Layout, wanted: &[Wanted]) -> Self {
        let spelt = |text: &String| (fold(text), text.clone());
        let wants = wanted
            .iter()
            .map(|w| Want {
                texts: std::iter::once(&w.name).chain(&w.aliases).map(spelt).collect(),
                required: w.required,
            })
            .collect();
        Self { layout, wants, above: None, offered: 0, titles: 0, nearest: None }
    }

    /// Title rows left out above the header.
    pub(crate) fn titles(&self) -> u64 {
        self.titles
    }

    /// Offers a row that is not blank; gives the column names when it completes the header.
    pub(crate) fn offer(&mut self, number: u64, cells: &[String]) -> Result<Option<Vec<String>>, ReadError> {
        self.offered += 1;
        let upper = self.above.replace(cells.to_vec());
        if self.layout.two_rows && upper.is_none() {
            return Ok(None);
        }
        let upper = if self.layout.two_rows { upper.map(|row| filled(&row, cells.len())) } else { None };
        let names = self.named(upper.as_deref(), cells);
        let taken = match self.layout.at {
            At::Row(row) if number < row => false,
            At::Row(row) if number == row => true,
            At::Row(_) => return Err(self.missing()),
            At::Search => self.complete(&names, number),
        };
        if taken {
            self.titles = (self.offered - if self.layout.two_rows { 2 } else { 1 }) as u64;
            return self.single(names, number).map(Some);
        }
        if self.layout.at == At::Search && self.offered >= SEARCHED { Err(self.missing()) } else { Ok(None) }
    }

    /// The error for a file that ended, or went on too long, without a header.
    pub(crate) fn missing(&self) -> ReadError {
        match &self.nearest {
            None => ReadError::new(HEADER_MISSING, None, "the file has no header row")
                .help("the file is empty or cut short; ask for it again"),
            Some(Nearest { row, lacks, spare, .. }) => {
                let list: Vec<String> = lacks.iter().map(|name| format!("`{name}`")).collect();
                let what = format!("no header row was found; the nearest row lacks {}", list.join(", "));
                ReadError::new(HEADER_MISSING, Some(*row), &what)
                    .help("add the column's new name to the mapping, or ask the partner what changed")
                    .lacking(lacks.clone(), spare.clone())
            }
        }
    }

    /// The mapping's spelling for each column it wants, the file's own for the others.
    fn named(&self, upper: Option<&[String]>, lower: &[String]) -> Vec<String> {
        let unique = |folded: &str| lower.iter().filter(|cell| fold(cell) == folded).count() == 1;
        let column = |(i, cell): (usize, &String)| {
            let above = upper.and_then(|row| row.get(i)).map_or("", String::as_str);
            let joined = tidy(&format!("{above} {cell}"));
            let low = fold(cell);
            let found = self.spelling(&fold(&joined));
            let found = found.or_else(|| if unique(&low) { self.spelling(&low) } else { None });
            found.map_or(joined, str::to_owned)
        };
        match upper {
            Some(_) => lower.iter().enumerate().map(column).collect(),
            None => lower
                .iter()
                .map(|cell| self.spelling(&fold(cell)).map_or_else(|| tidy(cell), str::to_owned))
                .collect(),
        }
    }

    fn spelling(&self, folded: &str) -> Option<&str> {
        let mut texts = self.wants.iter().flat_map(|want| &want.texts);
        texts.find(|(text, _)| text == folded).map(|(_, spelt)| spelt.as_str())
    }

    fn complete(&mut self, names: &[String], number: u64) -> bool {
        let has = |want: &Want| names.iter().any(|name| want.texts.iter().any(|(_, spelt)| spelt == name));
        let found = self.wants.iter().filter(|want| has(want)).count();
        let lacks: Vec<String> =
            self.wants.iter().filter(|want| want.required && !has(want)).map(Want::name).collect();
        let complete = lacks.is_empty() && (found > 0 || self.wants.is_empty());
        if self.nearest.as_ref().is_none_or(|near| found > near.found) {
            // A row of which less than half is known may be somebody's data: its texts are not kept.
            let sure = lacks.len() * 2 <= self.wants.iter().filter(|want| want.required).count();
            let own =
                |name: &&String| sure && !name.is_empty() && !self.wants.iter().any(|want| want.is(name));
            let mut spare: Vec<String> = names.iter().filter(own).cloned().collect();
            // A header that lost its line's end goes on with somebody's data, which has a digit somewhere.
            if spare.iter().any(|name| name.contains(|c: char| c.is_ascii_digit())) {
                spare.clear();
            }
            self.nearest = Some(Nearest { found, row: number, lacks, spare });
        }
        complete
    }

    /// Refuses a header in which one wanted column stands twice.
    fn single(&self, names: Vec<String>, number: u64) -> Result<Vec<String>, ReadError> {
        for want in &self.wants {
            let hits = names.iter().filter(|name| want.texts.iter().any(|(_, spelt)| spelt == *name)).count();
            if hits > 1 {
                let what = format!("the column `{}` stands {hits} times in the header", want.name());
                return Err(ReadError::new(HEADER_TWICE, Some(number), &what));
            }
        }
        Ok(names)
    }
}

impl Want {
    fn is(&self, name: &str) -> bool {
        self.texts.iter().any(|(_, spelt)| spelt == name)
    }

    fn name(&self) -> String {
        self.texts.first().map(|(_, spelt)| spelt.clone()).unwrap_or_default()
    }
}

/// A merged cell keeps its text in its first column only: carry it to the right, to the end of the
/// lower row. Spreadsheets leave out the empty cells behind the last text.
fn filled(row: &[String], width: usize) -> Vec<String> {
    let mut last = "";
    (0..width.max(row.len()))
        .map(|i| {
            last = row.get(i).map(String::as_str).filter(|cell| !cell.trim().is_empty()).unwrap_or(last);
            last.to_owned()
        })
        .collect()
}

/// Watches the rows for the trailer.
pub(crate) struct Tail<'l> {
    layout: &'l Layout,
    rows: u64,
    seen: bool,
    stated: Option<u64>,
}

impl<'l> Tail<'l> {
    pub(crate) fn new(layout: &'l Layout) -> Self {
        Self { layout, rows: 0, seen: false, stated: None }
    }

    /// Whether the row is the trailer; a row behind the trailer is an error.
    pub(crate) fn is_trailer(&mut self, row: &RowBuf) -> Result<bool, ReadError> {
        if self.seen {
            return Err(ReadError::new(AFTER_TRAILER, Some(row.number()), "a row stands behind the trailer"));
        }
        let Some(trailer) = &self.layout.trailer else { return Ok(false) };
        if !row.cell_starts_with(0, &trailer.starts_with) {
            self.rows += 1;
            return Ok(false);
        }
        self.seen = true;
        self.stated = match trailer.count {
            None => Some(self.rows),
            Some(cell) => Some(row.cell_count(cell - 1).ok_or_else(|| {
                let what = format!("cell {cell} of the trailer is no number of rows");
                ReadError::new(TRAILER_COUNT, Some(row.number()), &what)
            })?),
        };
        Ok(true)
    }

    /// The number of rows the file states.
    pub(crate) fn stated(&self) -> Option<u64> {
        self.stated
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn want(name: &str, aliases: &[&str], required: bool) -> Wanted {
        Wanted { name: name.into(), aliases: aliases.iter().map(|a| (*a).to_owned()).collect(), required }
    }

    fn search(layout: &Layout, wanted: &[Wanted], rows: &[&[&str]]) -> Result<(Vec<String>, u64), ReadError> {
        let mut search = HeaderSearch::new(layout, wanted);
        for (i, row) in rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().map(|c| (*c).to_owned()).collect();
            if let Some(names) = search.offer(i as u64 + 1, &cells)? {
                return Ok((names, search.titles()));
            }
        }
        Err(search.missing())
    }

    #[test]
    fn pitfall_4_and_5_the_header_is_found_by_name_below_titles_and_spelt_as_wanted() {
        let wanted = [
            want("Prison number", &[], true),
            want("Surname", &["Last name"], true),
            want("PNC", &[], false),
        ];
        let rows: &[&[&str]] =
            &[&["Releases"], &["LEI", "17/11/2008"], &[" PRISON  number", "last name", "Wing"]];
        let (names, titles) = search(&Layout::plain(), &wanted, rows).unwrap();
        assert_eq!((names.join("|").as_str(), titles), ("Prison number|Last name|Wing", 2));
    }

    #[test]
    fn pitfall_5_a_missing_required_column_names_itself_and_the_nearest_row() {
        let wanted = [want("A", &[], true), want("B", &[], true)];
        let error = search(&Layout::plain(), &wanted, &[&["x"], &["a", "c"], &["1", "2"]]).unwrap_err();
        assert_eq!((error.code, error.row), (HEADER_MISSING, Some(2)));
        assert!(error.what.contains("lacks `B`"), "{}", error.what);
        assert_eq!((error.lacks, error.spare), (vec!["B".to_owned()], vec!["c".to_owned()]));
        // A row that is known by less than half may be somebody's data.
        let wanted = ["A", "B", "C"].map(|name| want(name, &[], true));
        let error = search(&Layout::plain(), &wanted, &[&["A", "Quill"]]).unwrap_err();
        assert_eq!((error.lacks.len(), error.spare.len()), (2, 0));
        // So may be what follows a header whose line does not end.
        let wanted = [want("A", &[], true), want("Street", &[], true)];
        let error = search(&Layout::plain(), &wanted, &[&["A", "StreetQuill", "1 Example Row"]]).unwrap_err();
        assert_eq!((error.lacks.len(), error.spare.len()), (1, 0));
    }

    #[test]
    fn a_wanted_column_that_stands_twice_is_refused() {
        let wanted = [want("Surname", &["Family name"], true)];
        for header in [["surname", "SURNAME"], ["Surname", "family name"]] {
            let error = search(&Layout::plain(), &wanted, &[&header]).unwrap_err();
            assert_eq!(error.code, HEADER_TWICE);
        }
    }

    #[test]
    fn pitfall_4_a_merged_upper_row_is_filled_to_the_right() {
        let layout = Layout { two_rows: true, ..Layout::plain() };
        let upper: &[&str] = &["", "Home", "", "Work", ""];
        let lower: &[&str] = &["Id", "Street", "Postcode", "Street", "Phone"];
        let wanted = [
            want("id", &[], true),
            want("home postcode", &[], true),
            want("Work Street", &[], true),
            want("phone", &[], true),
        ];
        let (names, titles) = search(&layout, &wanted, &[&["Title"], upper, lower]).unwrap();
        assert_eq!(names, ["id", "Home Street", "home postcode", "Work Street", "phone"]);
        assert_eq!(titles, 1);
        // A spreadsheet ends the upper row at its last text, though that covers more columns.
        let (names, _) = search(&layout, &wanted, &[&["", "Home", "", "Work"], lower]).unwrap();
        assert_eq!(names, ["id", "Home Street", "home postcode", "Work Street", "phone"]);
        let short = [want("Work Phone", &[], true)];
        assert!(search(&layout, &short, &[&["", "Home", "", "Work"], lower]).is_ok());
        // The lower name alone is not enough where two groups share it.
        let error = search(&layout, &[want("Street", &[], true)], &[upper, lower]).unwrap_err();
        assert_eq!(error.code, HEADER_MISSING);
    }

    #[test]
    fn a_fixed_header_row_is_taken_as_it_is() {
        let layout = Layout { at: At::Row(2), ..Layout::plain() };
        let (names, titles) = search(&layout, &[want("A", &[], true)], &[&["A"], &["b"]]).unwrap();
        assert_eq!((names, titles), (vec!["b".to_owned()], 1));
    }

    #[test]
    fn no_row_among_thirty_is_no_header() {
        let row: &[&str] = &["x"];
        let rows = vec![row; 40];
        let error = search(&Layout::plain(), &[want("A", &[], true)], &rows).unwrap_err();
        assert_eq!(error.code, HEADER_MISSING);
    }
}
