//! The treatment of each pitfall of fixed-width files.

use crate::codes::{
    AFTER_TRAILER, BAD_SEQUENCE, FIXED_KIND, FIXED_LONG, FIXED_SHORT, FIXED_TAB, FORMAT_OPTION,
    HEADER_MISSING, LOOKS_UTF8, NUL_BYTE, OTHER_ENCODING, TOO_LONG, TRAILER_COUNT,
};
use crate::sample::{
    Read, assert_rows, fixed_options, fixed_trailer, format, options, read, read_with, table, text, text_row,
    want,
};
use crate::{FORMATS, Limits, OptionValue, Options, ReadError};
use proptest::prelude::*;

/// `A` at 1 to 4 and `B` at 5 to 8, with more options.
fn ab(others: &[(&str, OptionValue)]) -> Options {
    fixed_options(&[("A", 1, 4), ("B", 5, 4)], others)
}

fn plain(bytes: &[u8]) -> Result<Read, ReadError> {
    read("fixed_width", &ab(&[]), &want(&["A", "B"]), bytes)
}

fn with(others: &[(&str, OptionValue)], bytes: &[u8]) -> Result<Read, ReadError> {
    read("fixed_width", &ab(others), &want(&["A", "B"]), bytes)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn columns_are_cut_by_their_characters_and_stand_in_the_order_of_their_places() {
    let chosen = fixed_options(&[("Number", 10, 3), ("Surname", 1, 6)], &[("width", OptionValue::Whole(12))]);
    let read = read("fixed_width", &chosen, &want(&["number", "SURNAME"]), b"SMITH    7  \r\nO NEIL    42\n")
        .unwrap();
    assert_eq!(read.header, ["SURNAME", "number"]);
    assert_rows(&read.rows, &[text_row(1, &["SMITH", "7"]), text_row(2, &["O NEIL", "42"])]);
}

#[test]
fn characters_are_those_of_the_declared_encoding() {
    let words = "Zoë O’Ne\r\n😀é    x\n";
    let expected = [text_row(1, &["Zoë", "O’Ne"]), text_row(2, &["😀é", "x"])];
    for (encoding, bytes) in [
        ("utf-8", words.as_bytes().to_vec()),
        ("utf-8", [b"\xef\xbb\xbf", words.as_bytes()].concat()),
        ("utf-16", [&[0xff, 0xfe][..], &utf16(words)].concat()),
        ("utf-16le", utf16(words)),
    ] {
        let read = with(&[("encoding", text(encoding)), ("short", text("padded"))], &bytes).unwrap();
        assert_rows(&read.rows, &expected);
    }
    let read = with(&[("encoding", text("windows-1252"))], b"Zo\xeb O\x92Ne").unwrap();
    assert_rows(&read.rows, &expected[..1]);
    assert_eq!(
        with(&[("encoding", text("windows-1252"))], "Zoë O’N\n".as_bytes()).unwrap().notes,
        [LOOKS_UTF8]
    );
}

#[test]
fn bytes_that_are_no_text_refuse_the_file_with_their_line() {
    let cases: &[(&str, &[u8], &str, u64)] = &[
        ("utf-8", b"1234abcd\nZo\xeb Neil\n", BAD_SEQUENCE, 2),
        ("windows-1252", b"1234abcd\n\x81234abcd\n", BAD_SEQUENCE, 2),
        ("utf-8", b"1234abcd\n12\x004abcd\n", NUL_BYTE, 2),
        ("utf-8", b"\xff\xfe1\x002\x00", OTHER_ENCODING, 1),
    ];
    for (encoding, bytes, code, line) in cases {
        let error = with(&[("encoding", text(encoding))], bytes).err().unwrap();
        assert_eq!((error.code, error.row), (*code, Some(*line)), "{encoding} {error}");
    }
}

#[test]
fn a_line_of_another_length_or_with_a_tab_is_a_bad_row_with_its_number() {
    let read = plain(b"1234abcd\n1234abc\n1234abcde\n123\tabcd\n12\t4abc\n\n5678efgh").unwrap();
    assert_eq!(read.bad, [(2, FIXED_SHORT), (3, FIXED_LONG), (4, FIXED_TAB), (5, FIXED_TAB)]);
    assert_rows(&read.rows, &[text_row(1, &["1234", "abcd"]), text_row(7, &["5678", "efgh"])]);
    assert_eq!(read.skipped, 1);
    // Blanks stripped at the end of a line come back where that is declared; a longer line never passes.
    let read = with(&[("short", text("padded"))], b"1234ab\n12\n1234abcde\n").unwrap();
    assert_eq!(read.bad, [(3, FIXED_LONG)]);
    assert_rows(&read.rows, &[text_row(1, &["1234", "ab"]), text_row(2, &["12", ""])]);
    // Characters behind the last column are the record's where its width is declared.
    let read = with(&[("width", OptionValue::Whole(10))], b"1234abcd  \n1234abcd\n1234abcdXY\n").unwrap();
    assert_eq!((read.bad, read.rows.len()), (vec![(2, FIXED_SHORT)], 2));
    assert_eq!(read.unknown, ["characters 9 to 10"]);
}

#[test]
fn what_stands_between_the_columns_is_told() {
    let chosen = fixed_options(&[("A", 2, 3), ("B", 7, 2)], &[]);
    let wanted = want(&["A", "B"]);
    assert!(read("fixed_width", &chosen, &wanted, b" abc  de\n").unwrap().unknown.is_empty());
    let read = read("fixed_width", &chosen, &wanted, b" abc  de\nXabc Yde\n").unwrap();
    assert_eq!(read.unknown, ["character 1", "characters 5 to 6"]);
}

#[test]
fn titles_comments_and_blank_lines_are_left_out_and_counted() {
    let others = [("skip", OptionValue::Whole(2)), ("comment", text("*"))];
    let read = with(&others, b"Report\n\n* by night\n1234abcd\n   \n* end\r5678efgh\r\n").unwrap();
    assert_rows(&read.rows, &[text_row(4, &["1234", "abcd"]), text_row(7, &["5678", "efgh"])]);
    assert_eq!(read.skipped, 5);
}

#[test]
fn kinds_of_lines_are_rows_left_out_or_refused() {
    let word = |words: &[&str]| OptionValue::List(words.iter().map(|w| text(w)).collect());
    let kind = table(&[
        ("start", OptionValue::Whole(1)),
        ("width", OptionValue::Whole(3)),
        ("rows", text("DTL")),
        ("skip", word(&["HDR", "X"])),
    ]);
    let chosen = fixed_options(&[("A", 4, 2)], &[("kind", kind), ("trailer", fixed_trailer("TRL", 4, 9))]);
    let bytes = b"HDR20081117 whatever\nDTL12\nX  a\nNEW12\nDTL34\nTRL000000003\n";
    let read = read("fixed_width", &chosen, &want(&["A"]), bytes).unwrap();
    assert_rows(&read.rows, &[text_row(2, &["12"]), text_row(5, &["34"])]);
    assert_eq!((read.bad, read.trailer, read.skipped), (vec![(4, FIXED_KIND)], Some(3), 2));
    assert!(read.unknown.is_empty(), "the place of the kind is no gap");
}

#[test]
fn the_trailer_states_the_count_and_ends_the_file() {
    let trailer = || [("trailer", fixed_trailer("TRL", 4, 5))];
    let read = with(&trailer(), b"1234abcd\nTRL00007\n\n").unwrap();
    assert_eq!((read.trailer, read.rows.len()), (Some(7), 1));
    assert_eq!(with(&trailer(), b"1234abcd\n").unwrap().trailer, None);
    let after = with(&trailer(), b"1234abcd\nTRL00001\n1234abcd\n").err().unwrap();
    assert_eq!((after.code, after.row), (AFTER_TRAILER, Some(3)));
    for count in ["x", "", "-1", "1.0"] {
        let error = with(&trailer(), format!("1234abcd\nTRL{count}\n").as_bytes()).err().unwrap();
        assert_eq!((error.code, error.row), (TRAILER_COUNT, Some(2)), "{count}");
    }
    let bare = [("trailer", table(&[("starts_with", text("END"))]))];
    let read = with(&bare, b"1234abcd\n1234abc\nEND OF REPORT, LONGER THAN ANY ROW\n").unwrap();
    assert_eq!((read.trailer, read.rows.len(), read.bad.len()), (Some(2), 1, 1));
}

#[test]
fn lines_over_the_cap_refuse_the_file() {
    let limits = Limits { row_bytes: 1_000, ..Limits::default() };
    let read = |tail: Vec<u8>| {
        let bytes = [b"1234abcd\n".to_vec(), tail].concat();
        read_with("fixed_width", &ab(&[]), &want(&["A"]), &bytes, &limits).err().map(|e| (e.code, e.row))
    };
    assert_eq!(read(vec![b'x'; 1_000]), None);
    assert_eq!(read(vec![b'x'; 1_001]), Some((TOO_LONG, Some(2))));
    assert_eq!(read(vec![b'x'; 1 << 20]), Some((TOO_LONG, Some(2))));
    assert_eq!(read(vec![0; 1 << 20]), Some((NUL_BYTE, Some(2))));
}

#[test]
fn options_that_cannot_be_are_named() {
    let cases: &[(Options, &str)] = &[
        (options(&[]), "a table of columns is wanted"),
        (fixed_options(&[("A", 1, 5), ("B", 5, 2)], &[]), "`A` and `B` overlap at character 5"),
        (fixed_options(&[("B", 1, 2), ("A", 1, 2)], &[]), "overlap at character 1"),
        (fixed_options(&[("A", 0, 5)], &[]), "`start` of format fixed_width: a whole number from 1"),
        (fixed_options(&[("A", 1, 0)], &[]), "`width` of format fixed_width: a whole number from 1"),
        (fixed_options(&[("A", 65_536, 2)], &[]), "beyond character 65536"),
        (fixed_options(&[("Name", 1, 2), ("NAME", 3, 2)], &[]), "are one name"),
        (options(&[("columns", table(&[("A", text("1-4"))]))]), "`A` is no `{ start, width }`"),
        (options(&[("columns", table(&[("A", table(&[]))]))]), "`A` has no `start` and `width`"),
        (ab(&[("width", OptionValue::Whole(7))]), "the columns reach to character 8, a line only to 7"),
        (ab(&[("short", text("cut"))]), "`refused` or `padded` is wanted"),
        (ab(&[("comment", text(" "))]), "the text that begins a comment"),
        (ab(&[("kind", table(&[("rows", text("D"))]))]), "`start` and `width` are wanted"),
        (ab(&[("trailer", fixed_trailer("", 1, 2))]), "`starts_with` is wanted"),
        (ab(&[("skip", text("2"))]), "a whole number from 0 to 10000 is wanted"),
        (ab(&[("tabs", text("8"))]), "has no option `tabs`"),
    ];
    let kind = FORMATS.iter().find(|kind| kind.name == "fixed_width").unwrap();
    for (chosen, expected) in cases {
        let problem = (kind.open)(chosen, &Limits::default()).err().unwrap();
        assert_eq!(problem.code, FORMAT_OPTION);
        assert!(problem.what.contains(expected), "{expected}: {}", problem.what);
    }
    let kinds = |rows: &str, skip: &str| {
        let place = [("start", OptionValue::Whole(1)), ("width", OptionValue::Whole(3))];
        let words = [("rows", text(rows)), ("skip", text(skip))];
        (kind.open)(&ab(&[("kind", table(&[place, words].concat()))]), &Limits::default()).err()
    };
    assert!(kinds("DTL", "DTL").unwrap().what.contains("`DTL` stands in `rows` and in `skip`"));
    assert!(kinds("DETL", "HDR").unwrap().what.contains("`DETL` cannot stand in characters 1 to 3"));
    assert!(kinds("DTL", "HDR").is_none());
}

#[test]
fn a_required_column_that_is_not_placed_is_named() {
    let format = format("fixed_width", &ab(&[]), &Limits::default());
    let error = format.check(&want(&["A", "C"])).unwrap_err();
    assert_eq!(error.code, HEADER_MISSING);
    assert!(error.what.contains("do not place `C`"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Rows written at their places are read back as they were.
    #[test]
    fn rows_written_are_read_back(
        rows in proptest::collection::vec(("[^\\p{C}\\p{Z}]{1,5}", "([^\\p{C}\\p{Z}]([^\\p{C}\\p{Z}]| ){0,5}[^\\p{C}\\p{Z}])?"), 0..20),
        wide in any::<bool>(),
    ) {
        let line = |(a, b): &(String, String)| format!("{a:<6}{b:<8}\n");
        let written: String = rows.iter().map(line).collect();
        let (encoding, bytes) =
            if wide { ("utf-16le", utf16(&written)) } else { ("utf-8", written.into_bytes()) };
        let chosen = fixed_options(&[("A", 1, 6), ("B", 7, 8)], &[("encoding", text(encoding))]);
        let expected: Vec<_> =
            rows.iter().zip(1..).map(|((a, b), number)| text_row(number, &[a, b])).collect();
        let read = read("fixed_width", &chosen, &want(&["A", "B"]), &bytes);
        // A first character that is a byte order mark is none of the text; such rows are not made.
        prop_assert!(read.is_ok());
        assert_rows(&read.unwrap().rows, &expected);
    }
}
