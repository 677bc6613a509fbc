//! Workbooks, part by part: most changes inside a zip only break its check sum, so a part is taken out,
//! changed and put back.

use std::io::{Cursor, Read, Write};
use zip::CompressionMethod::{Deflated, Stored};
use zip::write::SimpleFileOptions;

/// A part of a workbook: name and bytes.
pub type Part = (String, Vec<u8>);

/// A part larger than this is cut: the input stays small.
const PART: u64 = 256 << 10;

/// The parts of a zip; none when it does not open.
pub fn unzip(bytes: &[u8]) -> Vec<Part> {
    let Ok(mut zip) = zip::ZipArchive::new(Cursor::new(bytes)) else { return Vec::new() };
    let mut parts = Vec::new();
    for at in 0..zip.len().min(40) {
        let Ok(file) = zip.by_index(at) else { continue };
        let Ok(name) = file.name().map(std::borrow::Cow::into_owned) else { continue };
        let mut bytes = Vec::new();
        if file.take(PART).read_to_end(&mut bytes).is_ok() {
            parts.push((name, bytes));
        }
    }
    parts
}

/// A zip of parts; a name that stands twice is left out.
pub fn zip(parts: &[Part], packed: bool) -> Vec<u8> {
    let method = if packed { Deflated } else { Stored };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        if zip.start_file(name.as_str(), options).is_ok() {
            let _ = zip.write_all(bytes);
        }
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// A workbook around the text of its sheet, for bytes that are no zip; `None` when they stand as they are.
pub fn book(format: &str, sheet: &[u8]) -> Option<Vec<u8>> {
    if sheet.starts_with(b"PK") {
        return None;
    }
    let own =
        |parts: &[(&str, &str)]| parts.iter().map(|(n, t)| ((*n).into(), t.as_bytes().into())).collect();
    let (mut parts, name): (Vec<Part>, _) = match format {
        "xlsx" => (own(&XLSX), "xl/worksheets/sheet1.xml"),
        "ods" => (own(&ODS), "content.xml"),
        _ => return None,
    };
    parts.push((name.to_owned(), sheet.to_vec()));
    Some(zip(&parts, false))
}

const ODS: [(&str, &str); 2] =
    [("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("META-INF/manifest.xml", "<m/>")];

const XLSX: [(&str, &str); 5] = [
    (
        "_rels/.rels",
        "<Relationships><Relationship Id='r' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument' \
         Target='xl/workbook.xml'/></Relationships>",
    ),
    (
        "xl/workbook.xml",
        "<workbook xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><sheets>\
         <sheet name='S' sheetId='1' r:id='a'/><sheet name='J' sheetId='2' r:id='b'/></sheets></workbook>",
    ),
    (
        "xl/_rels/workbook.xml.rels",
        "<Relationships><Relationship Id='a' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet' \
         Target='worksheets/sheet1.xml'/><Relationship Id='b' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet' \
         Target='worksheets/sheet1.xml'/></Relationships>",
    ),
    (
        "xl/styles.xml",
        "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='46'/></cellXfs></styleSheet>",
    ),
    ("xl/sharedStrings.xml", "<sst uniqueCount='2'><si><t>A</t></si><si><t>B</t></si></sst>"),
];
