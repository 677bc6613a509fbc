//! The treatment of each pitfall of JSON Lines.

use crate::codes::{
    AFTER_TRAILER, BAD_SEQUENCE, JSON_BROKEN, JSON_CAP, JSON_NEVER, JSON_SHAPE, JSON_TWICE, NUL_BYTE,
    OTHER_ENCODING, TOO_LONG, TOO_MANY, TRAILER_COUNT,
};
use crate::sample::{Read, assert_rows, optional, options, read, read_with, text, text_row, want};
use crate::{Limits, Options, ReadError};

fn plain(bytes: &[u8]) -> Result<Read, ReadError> {
    read("jsonl", &Options::default(), &want(&["a"]), bytes)
}

fn counted(bytes: &str) -> Result<Read, ReadError> {
    read("jsonl", &options(&[("count", text("end.rows"))]), &want(&["a"]), bytes.as_bytes())
}

fn code(result: Result<Read, ReadError>) -> Option<(&'static str, Option<u64>)> {
    result.err().map(|e| (e.code, e.row))
}

#[test]
fn each_line_is_a_row_by_its_number_and_blank_ones_are_left_out() {
    let bytes =
        b"\xef\xbb\xbf{\"a\": 1}\r\n\n  \t\r\n {\"a\": \"x\", \"b\": {\"c\": 1}} \n{\"a\":007}\n{\"a\": 3}";
    let read = plain(bytes).unwrap();
    assert_rows(&read.rows, &[text_row(1, &["1"]), text_row(4, &["x"]), text_row(6, &["3"])]);
    assert_eq!((read.bad, read.skipped), (vec![(5, JSON_BROKEN)], 2));
    assert_eq!(read.unknown, ["b"]);
}

#[test]
fn a_broken_line_is_a_bad_row_and_the_next_is_read() {
    let cases = [
        ("{\"a\": 1", JSON_BROKEN),
        ("{\"a\": \"never closed}", JSON_BROKEN),
        ("{\"a\": 1} {\"a\": 2}", JSON_BROKEN),
        ("{\"a\": 1},", JSON_BROKEN),
        ("x", JSON_BROKEN),
        ("}", JSON_BROKEN),
        ("7", JSON_SHAPE),
        ("[{\"a\": 1}]", JSON_SHAPE),
        ("null", JSON_SHAPE),
        ("{\"a\": {\"b\": 1}}", JSON_SHAPE),
        ("{\"a\": 1, \"a\": 1}", JSON_TWICE),
        (&"[".repeat(1_000), JSON_SHAPE),
        (&format!("{{\"z\": {}", "[".repeat(1_000)), JSON_CAP),
        (&format!("{{\"z\": [{}1]}}", "1,".repeat(20_000)), JSON_CAP),
        (&format!("{{\"z\": \"{}\"}}", "x".repeat(300 << 10)), JSON_CAP),
        (&format!("{{\"z\": \"{}\"}}", "\\n".repeat(150 << 10)), JSON_CAP),
    ];
    for (line, expected) in cases {
        let bytes = format!("{{\"a\": 1}}\n{line}\n{{\"a\": 2}}\n");
        let read = plain(bytes.as_bytes()).unwrap();
        let start: String = line.chars().take(30).collect();
        let expected = if line.starts_with("[[") { JSON_CAP } else { expected };
        assert_eq!(read.bad, [(2, expected)], "{start}");
        assert_rows(&read.rows, &[text_row(1, &["1"]), text_row(3, &["2"])]);
    }
}

#[test]
fn nothing_of_a_broken_line_is_carried_to_the_next() {
    let read = read(
        "jsonl",
        &options(&[("list", text(","))]),
        &optional(&["a", "b.c"]),
        b"{\"a\": \"x\", \"b\": {\"c\": [1,\n{\"b\": {}}\n{\"a\": \"y\", \"a\": 1}\n{}\n",
    )
    .unwrap();
    assert_eq!(read.bad, [(1, JSON_BROKEN), (3, JSON_TWICE)]);
    assert!(read.rows.iter().all(lockgate_core::row::RowBuf::is_blank));
}

#[test]
fn bytes_that_are_no_text_and_lines_over_the_cap_refuse_the_file() {
    let wide: Vec<u8> = "{\"a\": 1}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: &[(&[u8], &str, u64)] = &[
        (b"{\"a\": 1}\n{\"a\": \"Zo\xeb\"}\n", BAD_SEQUENCE, 2),
        (b"{\"a\": 1}\n{\"a\": \x00}\n", NUL_BYTE, 2),
        (&wide, OTHER_ENCODING, 1),
    ];
    for (bytes, expected, line) in cases {
        assert_eq!(code(plain(bytes)), Some((*expected, Some(*line))));
    }
    let limits = Limits { row_bytes: 100, cells: 5, ..Limits::default() };
    let outcome =
        |bytes: &str| code(read_with("jsonl", &Options::default(), &want(&["a"]), bytes.as_bytes(), &limits));
    assert_eq!(outcome(&format!("{{\"a\": 1}}\n\"{}\n", "x".repeat(200))), Some((TOO_LONG, Some(2))));
    assert_eq!(outcome(&"{\"a\": 1}\n".repeat(5)), Some((TOO_MANY, Some(3))));
}

#[test]
fn the_line_with_the_count_ends_the_file() {
    let read = counted("{\"a\": 1}\n{\"end\": {\"rows\": 7}}\n\n").unwrap();
    assert_eq!((read.trailer, read.rows.len()), (Some(7), 1));
    assert_eq!(counted("{\"a\": 1}\n").unwrap().trailer, None);
    // A count alone is a file without rows, in which no column can be missing.
    assert_eq!(counted("{\"end\": {\"rows\": 0}}\n").unwrap().trailer, Some(0));
    let after = counted("{\"a\": 1}\n{\"end\": {\"rows\": 1}}\n{\"a\": 2}\n");
    assert_eq!(code(after), Some((AFTER_TRAILER, Some(3))));
    let wrong = counted("{\"a\": 1}\n{\"end\": {\"rows\": \"x\"}}\n");
    assert_eq!(code(wrong), Some((TRAILER_COUNT, Some(2))));
}

#[test]
fn a_required_key_that_never_occurs_refuses() {
    assert_eq!(code(plain(b"{\"b\": 1}\n")), Some((JSON_NEVER, None)));
    assert!(plain(b"").unwrap().rows.is_empty());
}

#[test]
fn a_broken_line_names_no_key() {
    let lines =
        "{\"a\": 1, \"new\": 2}\n{\"a0\": 1, \"aO\"Neill\": 2}\n{\"a\": 2, \"b\": {\"a\": 1}, \"a\": 3}\n";
    let read = plain(lines.as_bytes()).unwrap();
    assert_eq!((read.bad, read.unknown), (vec![(2, JSON_BROKEN), (3, JSON_TWICE)], vec!["new".to_owned()]));
    let error = plain(b"{\"aCANARY1\": 1}\n{\"other\": 1}\n{\"aSmith\", 1}\n").err().unwrap();
    assert_eq!((error.code, error.spare), (JSON_NEVER, vec!["other".to_owned()]));
    let again = plain(b"{\"b\" 1}\n{\"a\": 1, \"b\": 1}\n").unwrap();
    assert_eq!(again.unknown, ["b"]);
}
