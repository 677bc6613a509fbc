//! The treatment of each pitfall of delimited files.

use crate::codes::{
    AFTER_TRAILER, BAD_SEQUENCE, FIELD_COUNT, HEADER_MISSING, LOOKS_UTF8, NUL_BYTE, OTHER_ENCODING,
    QUOTE_OPEN, STRAY_QUOTE, TOO_LONG, TOO_MANY, TRAILER_COUNT,
};
use crate::sample::{assert_rows, options, read, read_with, table, text, text_row, want};
use crate::{Limits, OptionValue, Options, ReadError};

fn plain(bytes: &[u8]) -> Result<crate::sample::Read, ReadError> {
    read("csv", &Options::default(), &want(&["A", "B"]), bytes)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn pitfall_1_each_encoding_gives_the_same_rows() {
    let words = "A,B\r\nZoë,O’Neill\r\n";
    let expected = [text_row(2, &["Zoë", "O’Neill"])];
    let cases: &[(&str, Vec<u8>)] = &[
        ("utf-8", words.as_bytes().to_vec()),
        ("utf-8", [b"\xef\xbb\xbf", words.as_bytes()].concat()),
        ("utf-16", [&[0xff, 0xfe][..], &utf16(words)].concat()),
        ("utf-16le", utf16(words)),
        ("windows-1252", b"A,B\r\nZo\xeb,O\x92Neill\r\n".to_vec()),
    ];
    for (encoding, bytes) in cases {
        let read = read("csv", &options(&[("encoding", text(encoding))]), &want(&["A", "B"]), bytes).unwrap();
        assert_eq!(read.header, ["A", "B"], "{encoding}");
        assert_rows(&read.rows, &expected);
    }
}

#[test]
fn pitfall_1_what_is_no_text_refuses_the_file_with_its_line_and_is_never_replaced() {
    let cases: &[(&str, &[u8], &str, u64)] = &[
        ("utf-8", b"A,B\n1,2\nZo\xeb,4\n", BAD_SEQUENCE, 3),
        // Two cells whose bytes would be one character together.
        ("utf-8", b"A,B\n\xc3,\xa9\n", BAD_SEQUENCE, 2),
        ("windows-1252", b"A,B\n1,2\n\n3,\x81\n", BAD_SEQUENCE, 4),
        ("iso-8859-1", b"A,B\nO\x92Neill,x\n", BAD_SEQUENCE, 2),
        ("utf-8", b"A,B\n1,\x00\n", NUL_BYTE, 2),
        ("windows-1252", b"A,B\n1,2\n\x00,2\n", NUL_BYTE, 3),
        ("utf-8", b"A,B\nZo\xc3\xab,\xed\xa0\x80\n", BAD_SEQUENCE, 2),
    ];
    for (encoding, bytes, code, line) in cases {
        let chosen = options(&[("encoding", text(encoding))]);
        let error = read("csv", &chosen, &want(&["A", "B"]), bytes).err().unwrap();
        assert_eq!((error.code, error.row), (*code, Some(*line)), "{encoding} {error}");
    }
    let wide = [&[0xff, 0xfe][..], &utf16("A,B\n1,2\nx"), &[0x00, 0xdc, b',', 0, b'3', 0]].concat();
    let error =
        read("csv", &options(&[("encoding", text("utf-16"))]), &want(&["A", "B"]), &wide).err().unwrap();
    assert_eq!((error.code, error.row), (BAD_SEQUENCE, Some(3)));
}

#[test]
fn pitfall_1_a_utf_16_file_declared_as_utf_8_is_named() {
    for bytes in [[&[0xff, 0xfe][..], &utf16("A,B\n1,2\n")].concat(), utf16("A,B\n1,2\n")] {
        let error = plain(&bytes).err().unwrap();
        assert_eq!((error.code, error.row), (OTHER_ENCODING, Some(1)));
        assert_eq!(error.help.as_deref(), Some("declare the encoding `utf-16le`"));
    }
}

#[test]
fn pitfall_1_utf_8_read_as_windows_1252_is_noted() {
    let chosen = options(&[("encoding", text("windows-1252"))]);
    let wanted = want(&["A", "B"]);
    let read_as = |bytes: &[u8]| read("csv", &chosen, &wanted, bytes).unwrap().notes;
    assert_eq!(read_as("A,B\nZoë,René\n".as_bytes()), [LOOKS_UTF8]);
    assert!(read_as(b"A,B\nZo\xeb,2\n").is_empty());
    assert!(read_as(b"A,B\n1,2\n").is_empty());
}

#[test]
fn pitfall_2_line_ends_of_all_kinds_and_lines_inside_cells() {
    let bytes = b"A,B\r\n1,\"two\nlines\"\r\n\"a\rb\",\"c\r\n\r\nd\"\n5,6\r7,8";
    let read = plain(bytes).unwrap();
    let expected = [
        text_row(2, &["1", "two\nlines"]),
        text_row(4, &["a\rb", "c\r\n\r\nd"]),
        text_row(7, &["5", "6"]),
        text_row(8, &["7", "8"]),
    ];
    assert_rows(&read.rows, &expected);
}

#[test]
fn pitfalls_3_and_43_a_wrong_number_of_cells_makes_the_row_unusable() {
    let read = plain(b"A,B\n1,2\n1,2,3\n1\n\"x\"\"y\",\"a,b\"\n").unwrap();
    assert_eq!(read.bad, [(3, FIELD_COUNT), (4, FIELD_COUNT)]);
    assert_rows(&read.rows, &[text_row(2, &["1", "2"]), text_row(5, &["x\"y", "a,b"])]);
}

#[test]
fn pitfall_3_text_behind_a_closing_quote_makes_the_row_unusable() {
    let read = plain(b"A,B\n\"the \"big\" house\",2\n\"a\" ,2\n5\" pipe,2\n").unwrap();
    assert_eq!(read.bad, [(2, STRAY_QUOTE), (3, STRAY_QUOTE)]);
    assert_rows(&read.rows, &[text_row(4, &["5\" pipe", "2"])]);
}

#[test]
fn pitfall_3_delimiters_and_quotes_are_declared() {
    let cases: &[(&str, &str, &[u8])] = &[
        (";", "\"", b"A;B\n\"x;\";y\n"),
        ("tab", "\"", b"A\tB\n\"x;\"\ty\n"),
        ("|", "'", b"A|B\n'x;'|y\n"),
        ("|", "", b"A|B\nx;|y\n"),
    ];
    for (delimiter, quote, bytes) in cases {
        let chosen = options(&[("delimiter", text(delimiter)), ("quote", text(quote))]);
        let read = read("csv", &chosen, &want(&["A", "B"]), bytes).unwrap();
        assert_rows(&read.rows, &[text_row(2, &["x;", "y"])]);
    }
}

#[test]
fn pitfall_4_title_and_blank_rows_are_left_out_and_counted() {
    let read = plain(b"Releases for LEI\n\nPrinted,17/11/2008,x\nb,a,C\n1,2,3\n,,\n \t\n4,5,6\n\n").unwrap();
    assert_eq!(read.header, ["B", "A", "C"]);
    assert_rows(&read.rows, &[text_row(5, &["1", "2", "3"]), text_row(8, &["4", "5", "6"])]);
    assert_eq!(read.skipped, 6);
}

#[test]
fn pitfall_4_two_header_rows_are_joined() {
    let chosen = options(&[("header_rows", OptionValue::Whole(2))]);
    let bytes = b",Home,,Work\nId,Street,Town,Town\n1,a,b,c\n";
    let read = read("csv", &chosen, &want(&["Id", "Work Town", "street"]), bytes).unwrap();
    assert_eq!(read.header, ["Id", "street", "Home Town", "Work Town"]);
    assert_rows(&read.rows, &[text_row(3, &["1", "a", "b", "c"])]);
}

fn with_trailer(bytes: &[u8]) -> Result<crate::sample::Read, ReadError> {
    let trailer = table(&[("starts_with", text("TRAILER")), ("count", OptionValue::Whole(2))]);
    read("csv", &options(&[("trailer", trailer)]), &want(&["A", "B"]), bytes)
}

#[test]
fn pitfall_25_the_trailer_states_the_count_and_ends_the_file() {
    let read = with_trailer(b"A,B\n1,2\nTRAILER,007\n\n").unwrap();
    assert_eq!((read.trailer, read.rows.len()), (Some(7), 1));
    assert_eq!(with_trailer(b"A,B\n1,2\n").unwrap().trailer, None);
    let after = with_trailer(b"A,B\n1,2\nTRAILER,1\n3,4\n").err().unwrap();
    assert_eq!((after.code, after.row), (AFTER_TRAILER, Some(4)));
    let twice = with_trailer(b"A,B\nTRAILER,1\nTRAILER,1\n").err().unwrap();
    assert_eq!(twice.code, AFTER_TRAILER);
    for count in ["x", "", "-1", "1.0"] {
        let bytes = format!("A,B\nTRAILER,{count}\n");
        assert_eq!(with_trailer(bytes.as_bytes()).err().map(|e| e.code), Some(TRAILER_COUNT), "{count}");
    }
}

#[test]
fn pitfall_25_a_trailer_without_a_count_proves_the_file_whole() {
    let chosen = options(&[("trailer", table(&[("starts_with", text("*** END"))]))]);
    let bytes = b"A,B\n1,2\n3,4,5\n*** END ***\n";
    let read = read("csv", &chosen, &want(&["A", "B"]), bytes).unwrap();
    assert_eq!((read.trailer, read.rows.len(), read.bad.len()), (Some(2), 1, 1));
}

#[test]
fn pitfall_27_a_file_without_rows_and_one_without_anything_differ() {
    assert!(plain(b"A,B\n").unwrap().rows.is_empty());
    for bytes in [&b""[..], b"\n\n", b"\xef\xbb\xbf"] {
        assert_eq!(plain(bytes).err().map(|e| e.code), Some(HEADER_MISSING));
    }
}

#[test]
fn a_quote_never_closed_is_an_error_at_the_row_that_opens_it() {
    let mut long = b"A,B\n1,2\n\"3,4\n".to_vec();
    assert_eq!(plain(&long).err().map(|e| (e.code, e.row)), Some((QUOTE_OPEN, Some(3))));
    long.extend(std::iter::repeat_n(b"5,6\n", 1 << 20).flatten());
    assert_eq!(plain(&long).err().map(|e| (e.code, e.row)), Some((QUOTE_OPEN, Some(3))));
    // The same with the quote as the very last byte of the file.
    assert_eq!(plain(b"A,B\n1,\"").err().map(|e| e.code), Some(QUOTE_OPEN));
    assert_rows(&plain(b"A,B\n1,\"\"").unwrap().rows, &[text_row(2, &["1", ""])]);
}

#[test]
fn rows_and_cells_over_their_caps_are_errors_with_their_line() {
    let limits = Limits { cell_bytes: 100, row_bytes: 1_000, columns: 50, ..Limits::default() };
    let read = |row: String| {
        let bytes = format!("A,B\n1,2\n{row}\n");
        read_with("csv", &Options::default(), &want(&["A", "B"]), bytes.as_bytes(), &limits)
            .err()
            .map(|e| (e.code, e.row))
    };
    assert_eq!(read(format!("{},x", "y".repeat(100))), None);
    assert_eq!(read(format!("{},x", "y".repeat(101))), Some((TOO_LONG, Some(3))));
    assert_eq!(read("y,".repeat(400) + &"z".repeat(300)), Some((TOO_MANY, Some(3))));
    assert_eq!(read(format!("{}z", format!("{},", "y".repeat(90)).repeat(12))), Some((TOO_LONG, Some(3))));
    assert_eq!(read("x".repeat(5 << 20)), Some((TOO_LONG, Some(3))));
}

#[test]
fn the_size_of_the_reads_changes_nothing() {
    /// Gives a few bytes at a time, as a slow network does.
    struct Dribble(std::io::Cursor<Vec<u8>>, usize);
    impl std::io::Read for Dribble {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            let room = buf.len().min(self.1);
            self.0.read(buf.get_mut(..room).unwrap())
        }
    }
    impl std::io::Seek for Dribble {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.0.seek(to)
        }
    }
    let bytes = "A,B\r\n\r\n1,\"two\r\nlines\"\r\nZoë,’\r\n\"x\"\"\",\r\n".as_bytes().to_vec();
    let whole = plain(&bytes).unwrap().rows;
    for size in 1..20 {
        let format = crate::sample::format("csv", &Options::default(), &Limits::default());
        let input = Dribble(std::io::Cursor::new(bytes.clone()), size);
        let mut rows = format.read(Box::new(input), &want(&["A", "B"])).unwrap();
        let mut row = lockgate_core::row::RowBuf::new();
        let mut found = Vec::new();
        while rows.next(&mut row).unwrap() == crate::Step::Row {
            found.push(row.clone());
        }
        assert_rows(&found, &whole);
    }
}
