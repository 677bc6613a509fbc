//! Files made for tests: the same small table in every format, and workbooks part by part.

use crate::{FORMATS, Format, Limits, OptionValue, Options, ReadError, Step, Wanted};
use lockgate_core::hash::HashKey;
use lockgate_core::problem::Code;
use lockgate_core::row::{CellKind, RowBuf};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// An option table from pairs.
pub(crate) fn table(pairs: &[(&str, OptionValue)]) -> OptionValue {
    OptionValue::Table(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
}

pub(crate) fn text(text: &str) -> OptionValue {
    OptionValue::Text(text.to_owned())
}

pub(crate) fn options(pairs: &[(&str, OptionValue)]) -> Options {
    Options(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
}

/// The options of a fixed-width file: columns as name, start and width, and others beside.
pub(crate) fn fixed_options(columns: &[(&str, i64, i64)], others: &[(&str, OptionValue)]) -> Options {
    let place =
        |start, width| table(&[("start", OptionValue::Whole(start)), ("width", OptionValue::Whole(width))]);
    let columns: Vec<(&str, OptionValue)> =
        columns.iter().map(|(name, start, width)| (*name, place(*start, *width))).collect();
    let mut all = options(others);
    all.0.insert("columns".to_owned(), table(&columns));
    all
}

/// Its trailer that states the count at a place.
pub(crate) fn fixed_trailer(starts_with: &str, start: i64, width: i64) -> OptionValue {
    table(&[
        ("starts_with", text(starts_with)),
        ("start", OptionValue::Whole(start)),
        ("width", OptionValue::Whole(width)),
    ])
}

/// Columns that a file may lack.
pub(crate) fn optional(names: &[&str]) -> Vec<Wanted> {
    want(names).into_iter().map(|w| Wanted { required: false, ..w }).collect()
}

pub(crate) fn want(names: &[&str]) -> Vec<Wanted> {
    let wanted = |name: &&str| Wanted { name: (*name).to_owned(), aliases: Vec::new(), required: true };
    names.iter().map(wanted).collect()
}

pub(crate) fn format(name: &str, options: &Options, limits: &Limits) -> Box<dyn Format> {
    let kind = FORMATS.iter().find(|kind| kind.name == name).unwrap();
    (kind.open)(options, limits).unwrap_or_else(|e| panic!("{e:?}"))
}

/// A file read to its end.
pub(crate) struct Read {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<RowBuf>,
    /// Rows that cannot be used, by number.
    pub(crate) bad: Vec<(u64, Code)>,
    pub(crate) trailer: Option<u64>,
    pub(crate) skipped: u64,
    pub(crate) notes: Vec<Code>,
    pub(crate) unknown: Vec<String>,
}

pub(crate) fn read(name: &str, chosen: &Options, wanted: &[Wanted], bytes: &[u8]) -> Result<Read, ReadError> {
    read_with(name, chosen, wanted, bytes, &Limits::default())
}

pub(crate) fn read_with(
    name: &str,
    chosen: &Options,
    wanted: &[Wanted],
    bytes: &[u8],
    limits: &Limits,
) -> Result<Read, ReadError> {
    let format = format(name, chosen, limits);
    let mut rows = format.read(Box::new(Cursor::new(bytes)), wanted)?;
    let (mut good, mut bad, mut row) = (Vec::new(), Vec::new(), RowBuf::new());
    loop {
        match rows.next(&mut row)? {
            Step::Row => good.push(row.clone()),
            Step::Bad { code } => {
                assert!(row.is_empty(), "a bad row gives no cell");
                bad.push((row.number(), code));
            }
            Step::End => break,
        }
    }
    Ok(Read {
        header: rows.header().to_vec(),
        rows: good,
        bad,
        trailer: rows.trailer(),
        skipped: rows.skipped(),
        notes: rows.notes().iter().map(|note| note.code).collect(),
        unknown: rows.unknown(),
    })
}

/// A row of cells with their kinds.
pub(crate) fn row_of(number: u64, cells: &[(&str, CellKind)]) -> RowBuf {
    let mut row = RowBuf::new();
    row.start(number);
    for (text, kind) in cells {
        row.push_kind(text, *kind);
    }
    row
}

pub(crate) fn text_row(number: u64, cells: &[&str]) -> RowBuf {
    let cells: Vec<_> = cells.iter().map(|c| (*c, CellKind::Text)).collect();
    row_of(number, &cells)
}

/// Compares rows by number, cells and kinds (a row shows nothing of itself).
#[track_caller]
pub(crate) fn assert_rows(found: &[RowBuf], expected: &[RowBuf]) {
    let key = HashKey::derive(b"test", "rows");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert_eq!((a.number(), a.len()), (b.number(), b.len()), "number and width of row {i}");
        let different: Vec<usize> =
            (0..a.len()).filter(|c| a.cell_key(*c, &key) != b.cell_key(*c, &key)).collect();
        assert_eq!(different, Vec::<usize>::new(), "cells of row {i}");
        assert!(a.fingerprint(&key) == b.fingerprint(&key), "kinds or white space of row {i}");
    }
    assert_eq!(found.len(), expected.len(), "number of rows");
}

/// A zip file of parts.
pub(crate) fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// An XLSX workbook from the XML inside `sheetData` of each sheet.
pub(crate) fn xlsx(sheets: &[(&str, &str)], epoch_1904: bool) -> Vec<u8> {
    xlsx_with(sheets, epoch_1904, &[])
}

/// The same with more parts; style 1 is a date, style 2 a date and time, style 3 a time.
pub(crate) fn xlsx_with(sheets: &[(&str, &str)], epoch_1904: bool, more: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut list, mut rels, mut parts) = (String::new(), String::new(), Vec::new());
    for (i, (name, data)) in sheets.iter().enumerate() {
        let (name, state) = match name.strip_prefix("hidden:") {
            Some(name) => (name, " state=\"hidden\""),
            None => (*name, ""),
        };
        list += &format!("<sheet name=\"{name}\" sheetId=\"{}\"{state} r:id=\"rId{}\"/>", i + 1, i + 1);
        rels += &format!(
            "<Relationship Id=\"rId{}\" Type=\"{REL}/worksheet\" Target=\"worksheets/sheet{}.xml\"/>",
            i + 1,
            i + 1
        );
        let sheet = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{data}</sheetData></worksheet>");
        parts.push((format!("xl/worksheets/sheet{}.xml", i + 1), sheet.into_bytes()));
    }
    let epoch = if epoch_1904 { "<workbookPr date1904=\"1\"/>" } else { "" };
    let book =
        format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{REL}\">{epoch}<sheets>{list}</sheets></workbook>");
    let top = format!(
        "<Relationships><Relationship Id=\"rId1\" Type=\"{REL}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let rels = format!("<Relationships>{rels}</Relationships>");
    let styles = format!(
        "<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"4\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/><xf numFmtId=\"21\"/></cellXfs></styleSheet>"
    );
    let mut all: Vec<(&str, &[u8])> = vec![
        ("_rels/.rels", top.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", rels.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
    ];
    all.extend(parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    all.extend(
        more.iter().filter(|(name, _)| !all.iter().any(|(n, _)| n == name)).copied().collect::<Vec<_>>(),
    );
    zipped(&all)
}

/// The XML of a sheet row of inline texts.
pub(crate) fn xlsx_row(number: u32, cells: &[&str]) -> String {
    let cell = |(i, text): (usize, &&str)| {
        let column = char::from(b'A' + u8::try_from(i).unwrap());
        format!("<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    let cells: String = cells.iter().enumerate().map(cell).collect();
    format!("<row r=\"{number}\">{cells}</row>")
}

/// An ODS workbook from the XML inside each table.
pub(crate) fn ods(sheets: &[(&str, &str)]) -> Vec<u8> {
    let mut tables = String::new();
    for (name, rows) in sheets {
        let (name, style) = match name.strip_prefix("hidden:") {
            Some(name) => (name, "ta2"),
            None => (*name, "ta1"),
        };
        tables +=
            &format!("<table:table table:name=\"{name}\" table:style-name=\"{style}\">{rows}</table:table>");
    }
    let styles = "<office:automatic-styles><style:style style:name=\"ta1\"><style:table-properties table:display=\"true\"/></style:style><style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/></style:style></office:automatic-styles>";
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content xmlns:office=\"o\" xmlns:style=\"s\" xmlns:table=\"t\" xmlns:text=\"x\" xmlns:calcext=\"c\">{styles}<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    let manifest = "<manifest:manifest/>";
    zipped(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

/// The XML of a table row of texts.
pub(crate) fn ods_row(cells: &[&str]) -> String {
    let cell = |text: &&str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    format!("<table:table-row>{}</table:table-row>", cells.iter().map(cell).collect::<String>())
}

/// The same two people in one format.
pub(crate) struct Sample {
    pub(crate) format: &'static str,
    pub(crate) options: Options,
    pub(crate) bytes: Vec<u8>,
    /// The numbers of the two rows.
    pub(crate) numbers: [u64; 2],
}

/// The header that every sample has.
pub(crate) const HEADER: [&str; 3] = ["Number", "Surname", "Street"];

/// The two rows that every sample has; every value carries the mark that no message may repeat.
pub(crate) const PEOPLE: [[&str; 3]; 2] =
    [["CANARY1", "O'CANARY-NEILL", "1 CANARY Row"], ["CANARY2", "CANARY", "2 CANARY Row"]];

/// One sample for each format of the list.
pub(crate) fn samples() -> Vec<Sample> {
    let [one, two] = PEOPLE;
    let trailer = table(&[("starts_with", text("TRAILER")), ("count", OptionValue::Whole(2))]);
    let csv = [HEADER, one, two].map(|row| row.join(";")).join("\r\n") + "\r\nTRAILER;2;\r\n";
    let sheet: String = [HEADER, one, two].iter().zip(1..).map(|(row, n)| xlsx_row(n, row)).collect();
    let table_rows: String = [HEADER, one, two].iter().map(|row| ods_row(row)).collect();
    let element = |row: [&str; 3]| {
        let [a, b, c] = row;
        format!("<p><Number>{a}</Number><Surname>{b}</Surname><Street>{c}</Street></p>")
    };
    let xml = format!("<?xml version=\"1.0\"?><all>{}{}</all>", element(one), element(two));
    let line = |[a, b, c]: [&str; 3]| format!("{a:<8}{b:<15}{c:<12}\r\n");
    let fixed = format!("Printed by night\r\n{}{}TRL 0000002\r\n", line(one), line(two));
    let object =
        |[a, b, c]: [&str; 3]| format!("{{\"Number\":\"{a}\",\"Surname\":\"{b}\",\"Street\":\"{c}\"}}");
    let json = format!("{{\"count\":2,\"items\":[{},{}]}}\n", object(one), object(two));
    let json_lines = format!("{}\n{}\n{{\"count\":2}}\n", object(one), object(two));
    vec![
        Sample {
            format: "csv",
            options: options(&[("delimiter", text(";")), ("trailer", trailer)]),
            bytes: csv.into_bytes(),
            numbers: [2, 3],
        },
        Sample {
            format: "xlsx",
            options: Options::default(),
            bytes: xlsx(&[("S", &sheet)], false),
            numbers: [2, 3],
        },
        Sample {
            format: "ods",
            options: Options::default(),
            bytes: ods(&[("S", &table_rows)]),
            numbers: [2, 3],
        },
        Sample {
            format: "xml",
            options: options(&[("row", text("all/p"))]),
            bytes: xml.into_bytes(),
            numbers: [1, 2],
        },
        Sample {
            format: "fixed_width",
            options: fixed_options(
                &[("Number", 1, 8), ("Surname", 9, 15), ("Street", 24, 12)],
                &[("skip", OptionValue::Whole(1)), ("trailer", fixed_trailer("TRL", 5, 7))],
            ),
            bytes: fixed.into_bytes(),
            numbers: [2, 3],
        },
        Sample {
            format: "json",
            options: options(&[("row", text("items")), ("count", text("count"))]),
            bytes: json.into_bytes(),
            numbers: [1, 2],
        },
        Sample {
            format: "jsonl",
            options: options(&[("count", text("count"))]),
            bytes: json_lines.into_bytes(),
            numbers: [1, 2],
        },
    ]
}
