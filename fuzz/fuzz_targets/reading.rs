//! What every target does with its bytes.

use lockgate_connectors::{CODES, FORMATS, Limits, OptionValue, Options, ReadError, Step, Wanted};
use lockgate_core::row::RowBuf;
use std::collections::BTreeMap;
use std::io::{Cursor, Write};

/// Small caps: what outgrows them shows as memory at once.
fn limits() -> Limits {
    Limits {
        file_bytes: 1 << 20,
        unzip_bytes: 4 << 20,
        part_bytes: 1 << 20,
        shared_bytes: 1 << 20,
        join_bytes: 1 << 20,
        rows: 20_000,
        ..Limits::default()
    }
}

/// Reads the bytes as one format; the first byte chooses among the option sets.
pub fn read(format: &str, option_sets: &[&[(&str, OptionValue)]], data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let Some(set) = option_sets.get(usize::from(*choice) % option_sets.len().max(1)) else { return };
    let options: BTreeMap<String, OptionValue> =
        set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let kind = FORMATS.iter().find(|kind| kind.name == format).expect("the format is in the list");
    let format = (kind.open)(&Options(options), &limits()).expect("the options are right");
    let wanted =
        ["A", "B"].map(|name| Wanted { name: name.to_owned(), aliases: Vec::new(), required: false });
    let outcome = (|| -> Result<(), ReadError> {
        let mut rows = format.read(Box::new(Cursor::new(data)), &wanted)?;
        let mut row = RowBuf::new();
        while rows.next(&mut row)? != Step::End {}
        Ok(())
    })();
    if let Err(error) = outcome {
        assert!(CODES.iter().any(|doc| doc.code == error.code), "{} is not documented", error.code);
        assert!(error.what.is_ascii() && error.what.len() < 300, "the message may hold a value");
    }
}

/// A workbook whose last part is the fuzzer's: most changes inside a zip only break its check sum,
/// so the part is put in afterwards.
#[allow(dead_code, reason = "used by the targets of workbooks")]
pub fn workbook(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, stored).expect("a part begins");
        zip.write_all(bytes).expect("a part is written");
    }
    zip.finish().expect("the zip ends").into_inner()
}
