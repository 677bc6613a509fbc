//! Rows as bytes between the gate and the files: a sort key and cleaned cells, checked against the
//! table's columns, so that a writer can sort and stream without knowing any rule.
//!
//! Layout: table (2 bytes), record reference (10), version (4), all big-endian, so that bytes sort
//! as rows do; change and `replaces` (1); then the cells, each with its length.

use super::pack::{Reader, put_number};
use super::row::{Body, Row};
use super::table::{Column, PROVENANCE, Table, clean};
use super::{Change, Meta, Reference};
use crate::problem::Problem;
use crate::schema::FieldId;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::civil::Date;

/// Bytes of the sort key.
pub const KEY_LEN: usize = 16;

/// The tables of one bundle, in the order in which they are written.
#[derive(Debug, Clone)]
pub struct Tables {
    list: Vec<Table>,
    /// By category index: which table.
    by_category: Vec<Option<u16>>,
}

impl Tables {
    /// Lays out the tables: people first, then as given. Fails with `LG1605`.
    pub fn new(mut tables: Vec<Table>) -> Result<Self, Problem> {
        tables.sort_by_key(|t| t.file() != "people");
        let mut laid = Self { list: Vec::new(), by_category: Vec::new() };
        for table in tables {
            laid.push(table)?;
        }
        Ok(laid)
    }

    /// All tables; a packed row's number counts from the first.
    pub fn all(&self) -> &[Table] {
        &self.list
    }

    /// The table of a packed row.
    pub fn get(&self, number: u16) -> Option<&Table> {
        self.list.get(usize::from(number))
    }

    fn push(&mut self, table: Table) -> Result<u16, Problem> {
        let fault = |what: &str| Err(Problem::new("LG1605", format!("table `{}` {what}", table.name)));
        if self.list.iter().any(|t| t.file() == table.file()) {
            return fault("would have the file of another");
        }
        if !is_word(&table.name) || !table.columns.iter().all(|c| is_word(&c.name)) {
            return fault("or one of its columns is not a plain word");
        }
        if !table.columns.is_sorted_by(|a, b| a.field < b.field) {
            return fault("has columns out of the schema's order");
        }
        if table.columns.iter().any(|c| PROVENANCE.iter().any(|(name, ..)| *name == c.name)) {
            return fault("has a column with the name of a provenance column");
        }
        let Ok(number) = u16::try_from(self.list.len()) else { return fault("is one too many") };
        if let Some(category) = table.category {
            let at = usize::from(category.0);
            if self.by_category.len() <= at {
                self.by_category.resize(at + 1, None);
            }
            if let Some(slot) = self.by_category.get_mut(at) {
                *slot = Some(number);
            }
        }
        self.list.push(table);
        Ok(number)
    }

    /// The table of a row. `None` for a withdrawal from a category that the recipient may no longer have, or that
    /// the schema lost.
    pub(super) fn number(&self, row: &Row) -> Result<Option<u16>, Problem> {
        match &row.body {
            Body::Whole(d) => match self.by_category.get(usize::from(d.category().0)) {
                Some(Some(number)) => Ok(Some(*number)),
                _ => Err(Problem::new("LG1604", "a disclosure is of a category that has no table")),
            },
            Body::Keys(keys) => match self.list.iter().position(|t| t.name == *keys.category) {
                Some(at) => u16::try_from(at)
                    .map(Some)
                    .map_err(|_| Problem::new("LG1605", "there are too many tables")),
                None => Ok(None),
            },
        }
    }

    /// Makes sure that a row has a table: a withdrawal has to reach whoever holds the row, even when the category
    /// has none any more.
    pub fn admit(&mut self, row: &Row) -> Result<(), Problem> {
        match (&row.body, self.number(row)?) {
            (Body::Keys(keys), None) => {
                let table = Table {
                    category: None,
                    name: keys.category.to_string(),
                    title: keys.category.replace('_', " "),
                    columns: Vec::new(),
                };
                self.push(table).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Appends a row's bytes. Fails with `LG1601` (another recipient's row), `LG1602` or `LG1604`.
    pub fn pack(&self, meta: &Meta, row: &Row, out: &mut Vec<u8>) -> Result<(), Problem> {
        if row.recipient != meta.recipient {
            return Err(Problem::new("LG1601", "a row is of another recipient"));
        }
        let number = self.number(row)?;
        let Some((number, table)) = number.and_then(|n| Some((n, self.get(n)?))) else {
            return Err(Problem::new("LG1604", "a row is of a category that has no table"));
        };
        out.extend_from_slice(&number.to_be_bytes());
        out.extend_from_slice(&row.record_ref.0);
        out.extend_from_slice(&row.version.to_be_bytes());
        out.push(row.change as u8 | u8::from(row.replaces) << 7);
        put_provenance(meta, row, out);
        match &row.body {
            Body::Whole(disclosed) => put_cells(table, disclosed.cells(), out),
            Body::Keys(_) => {
                out.resize(out.len() + table.columns.len(), 0);
                Ok(())
            }
        }
    }
}

fn put_provenance(meta: &Meta, row: &Row, out: &mut Vec<u8>) {
    let partner =
        |id: crate::agreement::PartnerId| meta.partners.get(usize::from(id.0)).map_or("", String::as_str);
    put_short(&row.record_ref.written(), out);
    put_count(row.version, out);
    put_short(row.change.word().as_bytes(), out);
    match &row.body {
        Body::Whole(d) => {
            for text in [d.person_ref(), partner(d.originator()), d.clause(), d.purpose(), d.handling()] {
                put_cell(text, out);
            }
        }
        Body::Keys(keys) => {
            let held = &keys.held;
            put_short(&held.person_ref.written(), out);
            for text in [&held.originator, &held.clause, &held.purpose, &held.handling] {
                put_cell(text, out);
            }
        }
    }
    put_day(row.as_of, out);
    put_day(row.review_by, out);
}

/// A cell of a few plain characters.
fn put_short(text: &[u8], out: &mut Vec<u8>) {
    out.push(u8::try_from(text.len() & 0x7f).unwrap_or(0));
    out.extend_from_slice(text);
}

fn put_count(mut n: u32, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 10];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(n % 10).unwrap_or(0);
        n /= 10;
        used += 1;
        if n == 0 {
            break;
        }
    }
    put_short(digits.get(10 - used..).unwrap_or_default(), out);
}

fn put_day(day: Date, out: &mut Vec<u8>) {
    let (Ok(year), Ok(month), Ok(of_month)) =
        (u16::try_from(day.year()), u8::try_from(day.month()), u8::try_from(day.day()))
    else {
        return put_cell(&day.to_string(), out);
    };
    let two = |n: u8| [b'0' + n / 10 % 10, b'0' + n % 10];
    let century = two(u8::try_from(year / 100).unwrap_or(0));
    let of_century = two(u8::try_from(year % 100).unwrap_or(0));
    let (month, of_month) = (two(month), two(of_month));
    out.push(10);
    for part in [&century[..], &of_century, b"-", &month, b"-", &of_month] {
        out.extend_from_slice(part);
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn put_cells<'a>(
    table: &Table,
    cells: impl Iterator<Item = (FieldId, Option<&'a str>)>,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    let mut columns = table.columns.iter();
    for (field, value) in cells {
        let column = skip_to(&mut columns, field, out).ok_or_else(|| {
            Problem::new("LG1604", format!("a disclosure has a field that table `{}` lacks", table.name))
        })?;
        let value = value.unwrap_or("");
        if !column.form.fits(value) {
            let what = format!("a value of `{}.{}` is not a {}", table.name, column.name, column.form.word());
            return Err(Problem::new("LG1602", what));
        }
        put_cell(value, out);
    }
    out.resize(out.len() + columns.len(), 0);
    Ok(())
}

/// Leaves the columns before a field empty.
fn skip_to<'a>(
    columns: &mut core::slice::Iter<'a, Column>,
    field: FieldId,
    out: &mut Vec<u8>,
) -> Option<&'a Column> {
    for column in columns {
        if column.field == field {
            return Some(column);
        }
        out.push(0);
    }
    None
}

fn put_cell(text: &str, out: &mut Vec<u8>) {
    if text.len() < 0x80 {
        // Cleaning never makes a text longer, so its length fits one byte; fill it in afterwards.
        let at = out.len();
        out.push(0);
        clean(text, out);
        let len = out.len() - at - 1;
        if let Some(slot) = out.get_mut(at) {
            *slot = u8::try_from(len).unwrap_or(0);
        }
        return;
    }
    let mut cleaned = Vec::with_capacity(text.len());
    clean(text, &mut cleaned);
    put_number(out, cleaned.len() as u64);
    out.extend_from_slice(&cleaned);
}

/// A packed row, as a writer reads it back.
#[derive(Clone, Copy)]
pub struct Packed<'a>(&'a [u8]);

impl<'a> Packed<'a> {
    /// From the bytes that [`Tables::pack`] appended; `None` when they are too short for one.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() > KEY_LEN).then_some(Self(bytes))
    }

    /// What rows are sorted by: table, record, version.
    pub fn key(&self) -> u128 {
        self.0.first_chunk().map_or(0, |key| u128::from_be_bytes(*key))
    }

    /// The table's number.
    pub fn table(&self) -> u16 {
        self.0.first_chunk().map_or(0, |table| u16::from_be_bytes(*table))
    }

    /// The record's reference.
    pub fn record_ref(&self) -> Reference {
        Reference(self.0.get(2..12).and_then(|r| r.try_into().ok()).unwrap_or_default())
    }

    /// What it does to the recipient's copy.
    pub fn change(&self) -> Change {
        // An unknown byte cannot be packed; reading it as a withdrawal shows no cell of it.
        self.0.get(KEY_LEN).and_then(|b| Change::from_byte(b & 0x7f)).unwrap_or(Change::Withdrawal)
    }

    /// See [`Row::replaces`].
    pub fn replaces(&self) -> bool {
        self.0.get(KEY_LEN).is_some_and(|b| b & 0x80 != 0)
    }

    /// All cells, provenance first.
    pub fn cells(&self) -> Cells<'a> {
        Cells(Reader::new(self.0.get(KEY_LEN + 1..).unwrap_or_default()))
    }

    /// One provenance cell by its place in [`PROVENANCE`].
    pub fn cell(&self, at: usize) -> &'a str {
        self.cells().nth(at).unwrap_or("")
    }

    /// The handling codes of the row.
    pub fn handling(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.cell(7).split([';', ',', ' '])
    }
}

/// The cells of a packed row.
#[derive(Clone)]
pub struct Cells<'a>(Reader<'a>);

impl<'a> Iterator for Cells<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.0.text().ok()
    }
}

#[cfg(test)]
#[expect(clippy::panic, clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::bundle::samples::{PERSON, RELEASE, TEST, key, meta, schema, tables, two};
    use crate::bundle::{BundleKind, Holdings, Lexicon, Planner};
    use crate::gate::Disclosed;
    use crate::record::PersonId;
    use crate::schema::{CategoryId, Schema};

    fn plan<'p>(schema: &Schema, disclosed: Vec<Disclosed<'p>>, held: &Holdings) -> crate::bundle::Plan<'p> {
        let meta = meta();
        let planner = Planner {
            recipient: meta.recipient,
            kind: BundleKind::Delta,
            as_of: meta.as_of,
            review_by: &|day: Date| day.saturating_add(jiff::Span::new().months(6)),
            schema,
            partners: &meta.partners,
            person: PERSON,
            contents: &key(),
            lexicon: &Lexicon::default(),
        };
        planner.plan(PersonId(1), disclosed, held).unwrap_or_else(|p| panic!("{}", p.what))
    }

    fn lines(tables: &mut Tables, rows: &[Row]) -> Vec<String> {
        let pack = |row| {
            let mut bytes = Vec::new();
            let packed = tables.admit(row).and_then(|()| tables.pack(&meta(), row, &mut bytes));
            packed.unwrap_or_else(|p| panic!("{}", p.what));
            bytes
        };
        let packed: Vec<Vec<u8>> = rows.iter().map(pack).collect();
        let line = |bytes: &Vec<u8>| {
            let row = Packed::read(bytes).expect("a row");
            let mut out = Vec::new();
            tables.get(row.table()).expect("its table").write_row(row.cells(), &mut out);
            String::from_utf8(out).expect("text")
        };
        packed.iter().map(line).collect()
    }

    #[test]
    fn a_row_has_provenance_then_its_granted_columns() {
        let schema = schema();
        let disclosed =
            alloc::vec![two(2, RELEASE, &[(0, Some("2008-11-20")), (1, Some("=1, Example\nStreet"))])];
        let plan = plan(&schema, disclosed, &Holdings::new());
        let mut tables = tables(&schema);
        assert_eq!(
            lines(&mut tables, &plan.rows),
            [
                "00000000000000000201,1,new,00000000000000000101,one,5.1.5.i,b;c,routine,2008-11-17,2009-05-17,\
              2008-11-20,\"'=1, Example Street\",\r\n"
            ]
        );
    }

    #[test]
    fn clause_5_5_1_a_withdrawal_row_has_keys_and_no_data() {
        let schema = schema();
        let first = plan(&schema, alloc::vec![two(2, RELEASE, &[(0, Some("2008-11-20"))])], &Holdings::new());
        let gone = plan(&schema, alloc::vec![], &first.after);
        let keys = "00000000000000000201,2,withdrawal,00000000000000000101,one,5.1.5.i,b;c,routine,2008-11-17,2009-05-17";
        assert_eq!(lines(&mut tables(&schema), &gone.rows), [alloc::format!("{keys},,,\r\n")]);
        // The grant is gone, and its table with it: the withdrawal still finds one.
        let mut none = Tables::new(Vec::new()).expect("no tables");
        assert_eq!(lines(&mut none, &gone.rows), [alloc::format!("{keys}\r\n")]);
        assert_eq!(none.all().first().map(Table::file), Some("prison_release"));
    }

    #[test]
    fn people_come_first_and_bytes_sort_as_rows() {
        let schema = schema();
        let tables = tables(&schema);
        assert_eq!(tables.all().first().map(Table::file), Some("people"));
        let rows = plan(
            &schema,
            alloc::vec![two(9, PERSON, &[]), two(3, RELEASE, &[]), two(4, RELEASE, &[])],
            &Holdings::new(),
        )
        .rows;
        let mut keys = Vec::new();
        for row in &rows {
            let mut bytes = Vec::new();
            tables.pack(&meta(), row, &mut bytes).unwrap_or_else(|p| panic!("{}", p.what));
            keys.push(Packed::read(&bytes).map(|p| (p.key(), p.table(), p.record_ref())));
        }
        keys.sort();
        let order: Vec<_> =
            keys.iter().flatten().map(|(_, table, reference)| (*table, reference.0[8])).collect();
        assert_eq!(order, [(0, 9), (1, 3), (1, 4)]);
    }

    #[test]
    fn what_gate_and_tables_disagree_on_stops_the_bundle() {
        let schema = schema();
        for (disclosed, code) in [
            (two(2, RELEASE, &[(0, Some("soon"))]), "LG1602"),
            (two(2, RELEASE, &[(2, Some("=1"))]), "LG1602"),
            (two(2, TEST, &[(1, Some("x"))]), "LG1604"),
            (two(2, TEST, &[(0, None), (0, None)]), "LG1604"),
        ] {
            let rows = plan(&schema, alloc::vec![disclosed], &Holdings::new()).rows;
            let mut out = Vec::new();
            let fault = rows.iter().map(|r| tables(&schema).pack(&meta(), r, &mut out)).find_map(Result::err);
            assert_eq!(fault.as_ref().map(|p| p.code), Some(code));
            assert!(
                fault.is_some_and(|p| !p.what.contains("soon") && !p.what.contains("=1")),
                "no value in an error"
            );
        }
        let rows = plan(&schema, alloc::vec![two(2, RELEASE, &[])], &Holdings::new()).rows;
        let other = Meta { recipient: crate::agreement::PartnerId(2), ..meta() };
        let fault =
            rows.iter().map(|r| tables(&schema).pack(&other, r, &mut Vec::new())).find_map(Result::err);
        assert_eq!(fault.map(|p| p.code), Some("LG1601"));
    }

    #[test]
    fn tables_that_cannot_stand_side_by_side_are_refused() {
        let column = |field: u8, name: &str| Column {
            field: FieldId(field),
            name: name.into(),
            title: String::new(),
            form: crate::bundle::Form::Text,
        };
        let table = |name: &str, columns: Vec<Column>| Table {
            category: Some(CategoryId(0)),
            name: name.into(),
            title: String::new(),
            columns,
        };
        for bad in [
            alloc::vec![table("person", Vec::new()), table("people", Vec::new())],
            alloc::vec![table("../etc", Vec::new())],
            alloc::vec![table("a", alloc::vec![column(1, "x"), column(0, "y")])],
            alloc::vec![table("a", alloc::vec![column(0, "as_of")])],
            alloc::vec![table("a", alloc::vec![column(0, "a,b")])],
        ] {
            assert_eq!(Tables::new(bad).map(|_| ()).map_err(|p| p.code), Err("LG1605"));
        }
    }

    #[test]
    fn numbers_and_days_are_written_as_they_are_shown() {
        let mut out = Vec::new();
        let numbers = [0, 7, 10, 4_294_967_295];
        numbers.iter().for_each(|n| put_count(*n, &mut out));
        let days =
            [Date::constant(2008, 11, 7), Date::constant(9999, 12, 31), Date::constant(33, 1, 2), Date::MIN];
        days.iter().for_each(|d| put_day(*d, &mut out));
        let shown = numbers.map(|n| n.to_string()).into_iter().chain(days.map(|d| d.to_string()));
        assert_eq!(Cells(Reader::new(&out)).collect::<Vec<_>>(), shown.collect::<Vec<_>>());
    }

    #[test]
    fn long_and_mixed_cells_come_back_cleaned() {
        for text in [
            "x".repeat(127),
            "x".repeat(128),
            "\u{e9}".repeat(64),
            alloc::format!("{}\n\n{}", "y".repeat(90), "z".repeat(90)),
        ] {
            let mut out = Vec::new();
            put_cell(&text, &mut out);
            let back = Cells(Reader::new(&out)).collect::<Vec<_>>();
            assert_eq!(back, [text.replace("\n\n", " ")]);
        }
    }
}
