//! Files made to hurt: each is refused with its code and row, and none makes memory grow.
//!
//! One test in a process of its own, because the peak of memory is the process's.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use lockgate_connectors::{FORMATS, Limits, OptionValue, Options, ReadError, ReadSeek, Step, Wanted};
use lockgate_core::row::RowBuf;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use zip::write::SimpleFileOptions;

/// How much more than before any file may make the process hold.
const BOUND_KIB: u64 = 64 << 10;

/// An endless file that is made while it is read: a start, then one piece again and again.
struct Made {
    start: Vec<u8>,
    again: Vec<u8>,
    length: u64,
    at: u64,
}

impl Made {
    fn new(start: &[u8], again: &[u8], length: u64) -> Self {
        Self { start: start.to_vec(), again: again.to_vec(), length, at: 0 }
    }
}

impl Read for Made {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.length - self.at).unwrap().min(buf.len());
        for slot in buf.iter_mut().take(room) {
            let at = usize::try_from(self.at).unwrap();
            let again = || self.again.get((at - self.start.len()) % self.again.len());
            *slot = *self.start.get(at).or_else(again).unwrap();
            self.at += 1;
        }
        Ok(room)
    }
}

impl Seek for Made {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

fn read(format: &str, input: Box<dyn ReadSeek>) -> Result<u64, ReadError> {
    let options = match format {
        "xml" => BTreeMap::from([("row".to_owned(), OptionValue::Text("X/A".to_owned()))]),
        "json" => BTreeMap::from([("row".to_owned(), OptionValue::Text("[]".to_owned()))]),
        "fixed_width" => {
            let whole = |name: &str, number| (name.to_owned(), OptionValue::Whole(number));
            let place = OptionValue::Table(BTreeMap::from([whole("start", 1), whole("width", 4)]));
            BTreeMap::from([(
                "columns".to_owned(),
                OptionValue::Table(BTreeMap::from([("A".to_owned(), place)])),
            )])
        }
        _ => BTreeMap::new(),
    };
    let kind = FORMATS.iter().find(|kind| kind.name == format).unwrap();
    let format = (kind.open)(&Options(options), &Limits::default()).unwrap_or_else(|e| panic!("{e:?}"));
    let wanted = [Wanted { name: "A".to_owned(), aliases: Vec::new(), required: false }];
    let mut rows = format.read(input, &wanted)?;
    let (mut row, mut count) = (RowBuf::new(), 0);
    while rows.next(&mut row)? != Step::End {
        count += 1;
    }
    Ok(count)
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A zip of one part of many equal pieces, made without ever holding them.
fn zip_bomb(name: &str, start: &[u8], again: &[u8], mebibytes: usize) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(start).unwrap();
    let piece = again.repeat((1 << 20) / again.len());
    for _ in 0..mebibytes {
        zip.write_all(&piece).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The process's peak of memory; `None` where the system does not tell.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

/// What it is, the format it is read as, its bytes, and the code and row of the refusal.
type Case = (&'static str, &'static str, Box<dyn ReadSeek>, &'static str, Option<u64>);

#[test]
fn hostile_files_are_refused_with_their_code_within_bounded_memory() {
    const GIB: u64 = 1 << 30;
    let made = |start: &[u8], again: &[u8]| -> Box<dyn ReadSeek> { Box::new(Made::new(start, again, GIB)) };
    let held = |bytes: Vec<u8>| -> Box<dyn ReadSeek> { Box::new(Cursor::new(bytes)) };
    let ods_head = b"<office:document-content><table:table table:name=\"S\"><table:table-row><table:table-cell office:value-type=\"string\"><text:p>";
    let ods_bomb = zip_bomb("content.xml", ods_head, b"a", 64);
    let sheet = "xl/worksheets/sheet1.xml";
    let xlsx_bomb = zip_bomb("xl/styles.xml", b"<styleSheet><cellXfs>", b"<xf/>", 64);
    let xlsx_cell = zip_bomb(sheet, b"<worksheet><sheetData><row><c><v>", b"a", 64);
    let before = peak_kib();
    let laughs = b"<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><X><A>&b;</A></X>";
    let cases: Vec<Case> = vec![
        ("a cell of 1 GiB", "csv", made(b"A\n", b"x"), "LG1107", Some(2)),
        ("a quoted cell of 1 GiB", "csv", made(b"A\n\"", b"x\n"), "LG1111", Some(2)),
        ("a row of 1 GiB of cells", "csv", made(b"A\n", b","), "LG1108", Some(2)),
        ("1 GiB of NUL bytes", "csv", made(b"A\n", b"\0"), "LG1106", Some(2)),
        ("a header of 1 GiB", "csv", made(b"A", b"x"), "LG1107", Some(1)),
        ("a text of 1 GiB", "xml", made(b"<X><A><A>", b"x"), "LG1143", Some(1)),
        ("a tag of 1 GiB", "xml", made(b"<X><A ", b"x"), "LG1143", Some(1)),
        ("attributes of 1 GiB", "xml", made(b"<X><A ", b"a='' "), "LG1143", Some(1)),
        ("a comment of 1 GiB", "xml", made(b"<X><!--", b"x<"), "LG1143", Some(1)),
        ("an entity name of 1 GiB", "xml", made(b"<X><A>&", b"x"), "LG1143", Some(1)),
        ("elements 1 GiB deep", "xml", made(b"<X>", b"<A>"), "LG1143", Some(1)),
        ("1 GiB of elements in a row", "xml", made(b"<X><A>", b"<b/>"), "LG1143", Some(1)),
        ("1 GiB of new names in a row", "xml", made(b"<X><A>", b"<b></b><c/>"), "LG1143", Some(1)),
        ("a billion laughs", "xml", held(laughs.to_vec()), "LG1141", Some(1)),
        ("a line of 1 GiB", "fixed_width", made(b"1234\n", b"x"), "LG1107", Some(2)),
        ("1 GiB of NUL bytes in a line", "fixed_width", made(b"1234\n", b"\0"), "LG1106", Some(2)),
        ("a JSON text of 1 GiB", "json", made(b"[{\"A\":\"", b"x"), "LG1161", Some(1)),
        (
            "a JSON text of 1 GiB that nothing reads",
            "json",
            made(b"[{},{\"B\":\"", b"x\n"),
            "LG1161",
            Some(2),
        ),
        ("a key of 1 GiB", "json", made(b"[{\"", b"k"), "LG1161", Some(1)),
        ("a number of 1 GiB", "json", made(b"[{\"A\":1", b"0"), "LG1161", Some(1)),
        ("arrays 1 GiB deep", "json", made(b"[", b"["), "LG1161", Some(2)),
        ("objects 1 GiB deep", "json", made(b"[", b"{\"A\":"), "LG1161", Some(1)),
        ("1 GiB of values in a row", "json", made(b"[{\"B\":[", b"1,"), "LG1161", Some(1)),
        ("1 GiB of keys in a row", "json", made(b"[{", b"\"b\":1,\"c\":{},"), "LG1161", Some(1)),
        ("1 GiB of NUL bytes in a text", "json", made(b"[{\"A\":\"", b"\0"), "LG1106", Some(1)),
        ("a JSON line of 1 GiB", "jsonl", made(b"{}\n{\"A\":\"", b"x"), "LG1107", Some(2)),
        ("an ODS cell that unpacks to 64 MiB", "ods", held(ods_bomb), "LG1123", None),
        ("styles that unpack to 64 MiB", "xlsx", held(xlsx_bomb), "LG1123", None),
        ("a sheet of one cell of 64 MiB", "xlsx", held(xlsx_cell), "LG1143", None),
        ("a broken workbook", "xlsx", held(zipped(&[("xl/workbook.xml", b"<x")])), "LG1120", None),
        ("1 GiB that is no workbook", "xlsx", made(b"", b"PK"), "LG1103", None),
        ("no directory", "xlsx", held(b"PK\x03\x04".repeat(1 << 20)), "LG1120", None),
        ("a million directories", "ods", held(b"PK\x05\x06".repeat(1 << 20)), "LG1120", None),
    ];
    for (what, format, input, code, row) in cases {
        let error = read(format, input).expect_err(what);
        assert_eq!((error.code, error.row), (code, row), "{what}: {error}");
        if let (Some(before), Some(now)) = (before, peak_kib()) {
            assert!(now < before + BOUND_KIB, "{what}: from {before} to {now} KiB");
        }
    }
}
