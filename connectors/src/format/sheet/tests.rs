//! The treatment of each pitfall of workbooks, in both formats where both have it.

use crate::codes::{
    BOMB, ENCRYPTED, FIELD_COUNT, JOIN_AMBIGUOUS, JOIN_COLUMN, JOIN_ORDER, MACROS, NO_SHEET, SHEETS_LEFT,
    TOO_LONG, TOO_MANY, WORKBOOK_BROKEN, XML_CAP, XML_DOCTYPE,
};
use crate::sample::{
    Read, assert_rows, ods, ods_row, options, read, read_with, row_of, table, text, text_row, want, xlsx,
    xlsx_row, xlsx_with, zipped,
};
use crate::{Limits, OptionValue, Options, ReadError};
use lockgate_core::row::CellKind::{Absent, Bool, Date, Error, Number, Text};

/// The same rows of text as a workbook of either format.
fn both(sheets: &[(&str, &[&[&str]])]) -> [(&'static str, Vec<u8>); 2] {
    let lines = |rows: &[&[&str]], line: &dyn Fn(u32, &[&str]) -> String| -> String {
        rows.iter().zip(1..).map(|(cells, n)| line(n, cells)).collect()
    };
    let in_xlsx: Vec<(&str, String)> =
        sheets.iter().map(|(name, rows)| (*name, lines(rows, &|n, cells| xlsx_row(n, cells)))).collect();
    let in_ods: Vec<(&str, String)> =
        sheets.iter().map(|(name, rows)| (*name, lines(rows, &|_, cells| ods_row(cells)))).collect();
    let in_xlsx: Vec<(&str, &str)> = in_xlsx.iter().map(|(name, rows)| (*name, rows.as_str())).collect();
    let in_ods: Vec<(&str, &str)> = in_ods.iter().map(|(name, rows)| (*name, rows.as_str())).collect();
    [("xlsx", xlsx(&in_xlsx, false)), ("ods", ods(&in_ods))]
}

fn code(result: Result<Read, ReadError>) -> (&'static str, Option<u64>) {
    result.err().map_or(("read", None), |e| (e.code, e.row))
}

#[test]
fn pitfall_4_titles_above_the_header_blank_rows_and_row_numbers_of_the_sheet() {
    let sheet: &[&[&str]] =
        &[&["Tenancies"], &["", ""], &["b", "A", "C"], &["1", "2"], &["", "", ""], &["4", "", "6"]];
    for (format, bytes) in both(&[("S", sheet)]) {
        let read = read(format, &Options::default(), &want(&["A", "B"]), &bytes).unwrap();
        assert_eq!(read.header, ["B", "A", "C"]);
        assert_rows(&read.rows, &[text_row(4, &["1", "2", ""]), text_row(6, &["4", "", "6"])]);
        assert!(read.skipped >= 1, "{format}");
    }
}

#[test]
fn a_value_right_of_the_header_makes_the_row_unusable() {
    let sheet: &[&[&str]] = &[&["A", "B"], &["1", "2", "3"], &["1", "2", " "], &["5", "6"]];
    for (format, bytes) in both(&[("S", sheet)]) {
        let read = read(format, &Options::default(), &want(&["A", "B"]), &bytes).unwrap();
        assert_eq!(read.bad, [(2, FIELD_COUNT)], "{format}");
        assert_rows(&read.rows, &[text_row(3, &["1", "2"]), text_row(4, &["5", "6"])]);
    }
}

#[test]
fn pitfall_6_sheets_left_out_and_hidden_ones_are_reported() {
    let rows: &[&[&str]] = &[&["A"], &["1"]];
    for (format, bytes) in both(&[("hidden:H", rows), ("S", rows), ("T", &[&["x"]])]) {
        let first_visible = read(format, &Options::default(), &want(&["A"]), &bytes).unwrap();
        assert_eq!((first_visible.rows.len(), first_visible.notes), (1, vec![SHEETS_LEFT]), "{format}");
        let hidden = read(format, &options(&[("sheet", text("h"))]), &want(&["A"]), &bytes).unwrap();
        assert_eq!(hidden.notes, [SHEETS_LEFT, SHEETS_LEFT], "{format}");
        let none = read(format, &options(&[("sheet", text("NONE"))]), &want(&["A"]), &bytes);
        assert_eq!(code(none).0, NO_SHEET, "{format}");
    }
}

#[test]
fn pitfalls_6_to_9_each_kind_of_cell_has_one_text() {
    let sheet = format!(
        "{}<row r=\"2\"><c r=\"A2\" t=\"s\"><v>1</v></c><c r=\"B2\"><v>42</v></c><c r=\"C2\"><v>0.10000000000000001</v></c>\
         <c r=\"D2\" s=\"1\"><v>39770</v></c><c r=\"E2\" s=\"2\"><v>39770.364583333336</v></c><c r=\"F2\" s=\"3\"><v>0.36458333333333331</v></c>\
         <c r=\"G2\" t=\"b\"><v>1</v></c><c r=\"H2\" t=\"e\"><v>#N/A</v></c><c r=\"I2\"><f>A2</f><v>7</v></c><c r=\"J2\"><f>A2</f></c>\
         <c r=\"K2\" t=\"str\"><f>A2</f><v>x</v></c><c r=\"M2\"><v>1.2E+11</v></c><c r=\"N2\"><v>1.2345678901234567E+18</v></c></row>",
        xlsx_row(1, &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"])
    );
    let shared = b"<sst uniqueCount=\"2\"><si><t>no</t></si><si><r><t>Zo</t></r><r><t>&#235; &amp; co</t></r></si></sst>";
    let bytes = xlsx_with(&[("S", &sheet)], false, &[("xl/sharedStrings.xml", shared)]);
    let read = read("xlsx", &Options::default(), &want(&["a"]), &bytes).unwrap();
    let expected = row_of(
        2,
        &[
            ("Zoë & co", Text),
            ("42", Number),
            ("0.1", Number),
            ("2008-11-18", Date),
            ("2008-11-18T08:45:00", Date),
            ("08:45:00", Text),
            ("true", Bool),
            ("", Error),
            ("7", Number),
            ("", Error),
            ("x", Text),
            ("", Text),
            ("120000000000", Number),
            ("", Error),
        ],
    );
    assert_rows(&read.rows, &[expected]);
}

#[test]
fn pitfall_9_a_1904_workbook_dates_by_its_own_epoch() {
    let sheet = format!("{}<row r=\"2\"><c r=\"A2\" s=\"1\"><v>30000</v></c></row>", xlsx_row(1, &["A"]));
    for (epoch, expected) in [(true, "1986-02-19"), (false, "1982-02-18")] {
        let read = read("xlsx", &Options::default(), &want(&["A"]), &xlsx(&[("S", &sheet)], epoch)).unwrap();
        assert_rows(&read.rows, &[row_of(2, &[(expected, Date)])]);
    }
}

#[test]
fn ods_cells_have_the_same_texts() {
    let cell = |attributes: &str, inside: &str| {
        format!("<table:table-cell {attributes}>{inside}</table:table-cell>")
    };
    let row = [
        cell("office:value-type=\"string\"", "<text:p>two<text:s text:c=\"2\"/>lines</text:p><text:p>a<text:span>b</text:span>&amp;c</text:p><office:annotation><text:p>CANARY</text:p></office:annotation>"),
        cell("office:value-type=\"float\" office:value=\"42\"", "<text:p>42.00</text:p>"),
        cell("office:value-type=\"date\" office:date-value=\"2008-11-18T08:45:00\"", "<text:p>18/11/08</text:p>"),
        cell("office:value-type=\"time\" office:time-value=\"PT08H45M00S\"", "<text:p>08:45</text:p>"),
        cell("office:value-type=\"boolean\" office:boolean-value=\"true\"", "<text:p>TRUE</text:p>"),
        cell("table:formula=\"of:=1/0\" office:value-type=\"string\" calcext:value-type=\"error\"", "<text:p>#DIV/0!</text:p>"),
        cell("table:number-columns-repeated=\"2\" office:value-type=\"string\"", "<text:p>r</text:p>"),
        "<table:covered-table-cell office:value-type=\"string\"><text:p>CANARY</text:p></table:covered-table-cell>".into(),
        cell("table:formula=\"of:=A1\"", ""),
    ];
    let sheet = format!(
        "<table:table-header-rows>{}</table:table-header-rows><table:table-row table:number-rows-repeated=\"2\"/>\
         <table:table-row table:number-rows-repeated=\"2\">{}</table:table-row><table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>",
        ods_row(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]),
        row.concat()
    );
    let read = read("ods", &Options::default(), &want(&["a"]), &ods(&[("S", &sheet)])).unwrap();
    let cells = [
        ("two  lines\nab&c", Text),
        ("42", Number),
        ("2008-11-18T08:45:00", Date),
        ("08:45:00", Text),
        ("true", Bool),
        ("", Error),
        ("r", Text),
        ("r", Text),
        ("", Text),
        ("", Error),
    ];
    assert_rows(&read.rows, &[row_of(4, &cells), row_of(5, &cells)]);
}

fn join(sheet: &str, on: &str, to: &str, keep: Option<&str>) -> OptionValue {
    let mut pairs = vec![("sheet", text(sheet)), ("on", text(on)), ("to", text(to))];
    pairs.extend(keep.map(|keep| ("keep", text(keep))));
    table(&pairs)
}

const OCCUPANT: &[&[&str]] =
    &[&["TENREF", "PERSREF"], &["t1", "p1"], &["t2", "p2"], &["t9", "p3"], &["", "p4"]];
const TENANCY: &[&[&str]] = &[
    &["Tenancies on 17/11"],
    &["TENREF", "PROPREF", "RENT"],
    &["t1", "00023402", "72.15"],
    &["t2", "00023403"],
];
const PROPERTY: &[&[&str]] = &[&["PROPREF", "POSTCODE"], &["00023402", "LS9 7ZZ"]];

#[test]
fn sheets_are_joined_by_key_in_turn() {
    let chosen = options(&[
        ("sheet", text("OCCUPANT")),
        (
            "join",
            OptionValue::List(vec![
                join("TENANCY", "TENREF", "TENREF", None),
                join("PROPERTY", "TENANCY.PROPREF", "PROPREF", None),
            ]),
        ),
    ]);
    let wanted = want(&["TENREF", "PERSREF", "TENANCY.RENT", "PROPERTY.POSTCODE"]);
    for (format, bytes) in both(&[("OCCUPANT", OCCUPANT), ("TENANCY", TENANCY), ("PROPERTY", PROPERTY)]) {
        let read = read(format, &chosen, &wanted, &bytes).unwrap();
        let header = [
            "TENREF",
            "PERSREF",
            "TENANCY.TENREF",
            "TENANCY.PROPREF",
            "TENANCY.RENT",
            "PROPERTY.PROPREF",
            "PROPERTY.POSTCODE",
        ];
        assert_eq!(read.header, header);
        let t = |text| (text, Text);
        let none = ("", Absent);
        let expected = [
            row_of(2, &[t("t1"), t("p1"), t("t1"), t("00023402"), t("72.15"), t("00023402"), t("LS9 7ZZ")]),
            row_of(3, &[t("t2"), t("p2"), t("t2"), t("00023403"), t(""), none, none]),
            row_of(4, &[t("t9"), t("p3"), none, none, none, none, none]),
            row_of(5, &[t(""), t("p4"), none, none, none, none, none]),
        ];
        assert_rows(&read.rows, &expected);
        assert!(read.notes.is_empty());
    }
}

/// The key and the event of each row that comes out.
type Kept<'k> = &'k [(&'k str, &'k str)];

#[test]
fn which_of_several_joined_rows_is_taken_is_declared_or_the_row_is_unusable() {
    let events: &[&[&str]] = &[
        &["TENREF", "DATE", "TYPE"],
        &["t1", "2008-10-13", "NOSP"],
        &["t1", "2008-12-02", "COURT"],
        &["t1", "", "DRAFT"],
        &["t2", "2008-01-01", "NOSP"],
    ];
    let cases: &[(Option<&str>, Kept<'_>)] = &[
        (Some("first"), &[("t1", "NOSP"), ("t2", "NOSP")]),
        (Some("last by DATE"), &[("t1", "COURT"), ("t2", "NOSP")]),
        (None, &[("t2", "NOSP")]),
    ];
    for (format, bytes) in both(&[("BASE", &[&["TENREF"], &["t1"], &["t2"]]), ("EVENTS", events)]) {
        for (keep, expected) in cases {
            let chosen =
                options(&[("join", OptionValue::List(vec![join("EVENTS", "TENREF", "TENREF", *keep)]))]);
            let read = read(format, &chosen, &want(&["TENREF"]), &bytes).unwrap();
            let kept: Vec<(&str, &str)> = read
                .rows
                .iter()
                .map(|row| {
                    let pick = |at, words: [&'static str; 3]| {
                        words.into_iter().find(|w| row.cell_is(at, w)).unwrap_or("?")
                    };
                    (pick(0, ["t1", "t2", "t3"]), pick(3, ["NOSP", "COURT", "DRAFT"]))
                })
                .collect();
            assert_eq!(kept, *expected, "{format} {keep:?}");
            let bad: &[_] = if keep.is_none() { &[(2, JOIN_AMBIGUOUS)] } else { &[] };
            assert_eq!(read.bad, bad);
        }
    }
}

#[test]
fn a_join_that_would_guess_refuses_the_file() {
    let dates: &[&[&str]] = &[&["K", "DATE"], &["1", "03/02/2008"], &["1", "28/01/2008"]];
    let books = both(&[("BASE", &[&["K"], &["1"]]), ("E", dates)]);
    let cases: &[(&str, &str, &str, Option<&str>, &str)] = &[
        ("E", "K", "K", Some("last by DATE"), JOIN_ORDER),
        ("E", "KK", "K", None, JOIN_COLUMN),
        ("E", "K", "K", Some("last by WHEN"), JOIN_COLUMN),
        ("F", "K", "K", None, NO_SHEET),
    ];
    for (format, bytes) in books {
        for (sheet, on, to, keep, expected) in cases {
            let chosen = options(&[("join", OptionValue::List(vec![join(sheet, on, to, *keep)]))]);
            assert_eq!(code(read(format, &chosen, &want(&["K"]), &bytes)).0, *expected, "{format} {sheet}");
        }
        let limits = Limits { join_bytes: 200, ..Limits::default() };
        let chosen = options(&[("join", OptionValue::List(vec![join("E", "K", "K", Some("first"))]))]);
        assert_eq!(code(read_with(format, &chosen, &want(&["K"]), &bytes, &limits)).0, TOO_MANY, "{format}");
    }
}

#[test]
fn pitfall_6_macro_workbooks_are_refused() {
    let book = xlsx_with(&[("S", &xlsx_row(1, &["A"]))], false, &[("xl/vbaProject.bin", b"x")]);
    assert_eq!(code(read("xlsx", &Options::default(), &want(&["A"]), &book)).0, MACROS);
    let book = zipped(&[("mimetype", b"x"), ("Basic/Standard/M.xml", b"<x/>")]);
    assert_eq!(code(read("ods", &Options::default(), &want(&["A"]), &book)).0, MACROS);
}

#[test]
fn pitfall_47_encrypted_and_old_workbooks_are_refused() {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let ole = [b"\xd0\xcf\x11\xe0".as_slice(), &[0; 600], &name].concat();
    assert_eq!(code(read("xlsx", &Options::default(), &want(&["A"]), &ole)).0, ENCRYPTED);
    let old = [b"\xd0\xcf\x11\xe0".as_slice(), &[0; 600]].concat();
    let error = read("xlsx", &Options::default(), &want(&["A"]), &old).err().unwrap();
    assert_eq!((error.code, error.help.is_some()), (WORKBOOK_BROKEN, true));
    let manifest = b"<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    let book =
        zipped(&[("mimetype", b"x"), ("META-INF/manifest.xml", manifest), ("content.xml", b"\x01\x02")]);
    assert_eq!(code(read("ods", &Options::default(), &want(&["A"]), &book)).0, ENCRYPTED);
}

#[test]
fn bombs_are_refused_by_what_they_unpack_to() {
    let header = xlsx_row(1, &["A"]);
    let sheet = |inside: &str| xlsx(&[("S", &format!("{header}{inside}"))], false);
    let read_xlsx = |bytes: &[u8], limits: &Limits| {
        code(read_with("xlsx", &Options::default(), &want(&["A"]), bytes, limits)).0
    };
    let limits = Limits::default();
    // One part that packs a thousand to one.
    let spaces = xlsx_with(&[("S", &header)], false, &[("xl/media/image1.png", &vec![0; 8 << 20])]);
    assert_eq!(read_xlsx(&spaces, &limits), BOMB);
    // More in total than allowed, each part small.
    let few = Limits { unzip_bytes: 900, ..limits };
    assert_eq!(read_xlsx(&sheet(""), &few), BOMB);
    let parts: Vec<(String, &[u8])> = (0..3_000).map(|i| (format!("p{i}"), b"".as_slice())).collect();
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(n, b)| (n.as_str(), *b)).collect();
    assert_eq!(read_xlsx(&zipped(&parts), &limits), BOMB);
    // A count of shared texts that the parser would reserve room for.
    for count in ["18446744073709551615", "99999999999999999999999", "-1", "4000000000"] {
        let shared = format!("<sst uniqueCount=\"{count}\"><si><t>x</t></si></sst>");
        let book = xlsx_with(&[("S", &header)], false, &[("xl/sharedStrings.xml", shared.as_bytes())]);
        assert_eq!(read_xlsx(&book, &limits), BOMB, "{count}");
    }
    let padded = format!("{}<sst uniqueCount=\"4000000000\"/>", " ".repeat(9_000));
    let book = xlsx_with(&[("S", &header)], false, &[("xl/sharedStrings.xml", padded.as_bytes())]);
    assert_eq!(read_xlsx(&book, &limits), WORKBOOK_BROKEN);
    // One endless cell; an entity bomb.
    let noise: String =
        (0..400_000_u32).map(|i| char::from(b'a' + (i.wrapping_mul(2_654_435_761) >> 28) as u8)).collect();
    let cell = format!("<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>{noise}</t></is></c></row>");
    assert_eq!(read_xlsx(&sheet(&cell), &limits), XML_CAP);
    let doctype = xlsx_with(
        &[("S", &header)],
        false,
        &[("xl/theme/theme1.xml", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a/>")],
    );
    assert_eq!(read_xlsx(&doctype, &limits), XML_DOCTYPE);
}

#[test]
fn a_range_bomb_costs_what_its_cells_cost() {
    let sheet = format!("{}<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>", xlsx_row(1, &["A"]));
    let outcome = code(read("xlsx", &Options::default(), &want(&["A"]), &xlsx(&[("S", &sheet)], false)));
    assert_eq!(outcome, (TOO_MANY, Some(1_048_576)));
    let sheet = format!("{}<row r=\"900000\"><c r=\"GR900000\"><v>1</v></c></row>", xlsx_row(1, &["A"]));
    let read = read("xlsx", &Options::default(), &want(&["A"]), &xlsx(&[("S", &sheet)], false)).unwrap();
    assert_eq!(read.bad, [(900_000, FIELD_COUNT)]);
}

#[test]
fn cell_references_that_overflow_are_an_error() {
    for reference in ["ZZZZZZZZZZZZ1", "A99999999999999", "A4294967296", "1", "A0", "é1", "A"] {
        let sheet = format!("{}<row r=\"2\"><c r=\"{reference}\"><v>1</v></c></row>", xlsx_row(1, &["A"]));
        let outcome = code(read("xlsx", &Options::default(), &want(&["A"]), &xlsx(&[("S", &sheet)], false)));
        assert_eq!(outcome.0, WORKBOOK_BROKEN, "{reference}");
    }
    let backwards = b"<worksheet><dimension ref=\"B2:A1\"/><sheetData/></worksheet>";
    let book = xlsx_with(&[], false, &[("xl/worksheets/sheet1.xml", backwards)]);
    assert_eq!(code(read("xlsx", &Options::default(), &want(&["A"]), &book)).0, NO_SHEET);
    let list =
        b"<workbook xmlns:r=\"r\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>";
    let rels = b"<Relationships><Relationship Id=\"a\" Type=\"t/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>";
    let top = b"<Relationships><Relationship Id=\"r\" Type=\"t/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
    let book = zipped(&[
        ("_rels/.rels", top),
        ("xl/workbook.xml", list),
        ("xl/_rels/workbook.xml.rels", rels),
        ("xl/worksheets/sheet1.xml", backwards),
    ]);
    assert_eq!(code(read("xlsx", &Options::default(), &want(&["A"]), &book)).0, WORKBOOK_BROKEN);
}

#[test]
fn repeat_attributes_of_an_ods_workbook_stay_counts() {
    let repeat = |rows: &str, columns: &str, cell: &str| {
        let row = format!(
            "<table:table-row table:number-rows-repeated=\"{rows}\"><table:table-cell table:number-columns-repeated=\"{columns}\" office:value-type=\"string\">{cell}</table:table-cell></table:table-row>"
        );
        let sheet = format!("{}{row}", ods_row(&["A"]));
        let limits = Limits { rows: 5_000, ..Limits::default() };
        code(read_with("ods", &Options::default(), &want(&["A"]), &ods(&[("S", &sheet)]), &limits))
    };
    assert_eq!(repeat("1", "16384", "<text:p>x</text:p>"), (TOO_MANY, Some(2)));
    assert_eq!(repeat("1", "18446744073709551615", "<text:p>x</text:p>"), (TOO_MANY, Some(2)));
    assert_eq!(repeat("4000000000", "1", "<text:p>x</text:p>").0, TOO_MANY);
    assert_eq!(repeat("0", "1", "<text:p>x</text:p>").0, WORKBOOK_BROKEN);
    let spaces = format!("<text:p>{}</text:p>", "<text:s text:c=\"99999999\"/>".repeat(300));
    assert_eq!(repeat("1", "1", &spaces), (TOO_LONG, Some(2)));
}

#[test]
fn what_calamine_reads_is_what_we_read() {
    use calamine::{Data, Reader as _};
    use rust_xlsxwriter::{Format, Workbook};
    let mut book = Workbook::new();
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let sheet = book.add_worksheet();
    for (i, name) in (0_u16..).zip(["id", "name", "born", "rent"]) {
        sheet.write(0, i, name).unwrap();
    }
    for (row, name) in (1..200_u32).zip(["Zoë & <co>", "", "O'Neill", "two\nlines"].into_iter().cycle()) {
        sheet.write(row, 0, format!("{row:08}")).unwrap();
        sheet.write(row, 1, name).unwrap();
        sheet.write_number_with_format(row, 2, 20_000 + row, &date).unwrap();
        sheet.write(row, 3, f64::from(row) / 4.0).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let read = read("xlsx", &Options::default(), &want(&["id", "name", "born", "rent"]), &bytes).unwrap();
    let mut other: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(&bytes)).unwrap();
    let range = other.worksheet_range("Sheet1").unwrap();
    let expected: Vec<_> = range
        .rows()
        .zip(1..)
        .skip(1)
        .map(|(cells, number)| {
            let cells: Vec<(String, _)> = cells
                .iter()
                .map(|cell| match cell {
                    Data::DateTime(at) => {
                        let (y, m, d, ..) = at.to_ymd_hms_milli();
                        (format!("{y:04}-{m:02}-{d:02}"), Date)
                    }
                    Data::Float(value) => (value.to_string(), Number),
                    other => (other.to_string(), Text),
                })
                .collect();
            let cells: Vec<_> = cells.iter().map(|(text, kind)| (text.as_str(), *kind)).collect();
            row_of(number, &cells)
        })
        .collect();
    assert_rows(&read.rows, &expected);
}
