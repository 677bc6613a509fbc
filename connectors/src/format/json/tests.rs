//! The treatment of each pitfall of JSON documents.

use crate::codes::{
    BAD_SEQUENCE, FORMAT_OPTION, JSON_BROKEN, JSON_CAP, JSON_LATE, JSON_LIST, JSON_NEVER, JSON_ROWS,
    JSON_SHAPE, JSON_TWICE, NUL_BYTE, OTHER_ENCODING, TOO_LONG, TOO_MANY, TRAILER_COUNT,
};
use crate::sample::{Read, assert_rows, optional, options, read, read_with, row_of, text, text_row, want};
use crate::{FORMATS, Limits, ReadError, Wanted};
use lockgate_core::row::CellKind::{Absent, Bool, Text};
use lockgate_core::row::RowBuf;
use proptest::prelude::*;

fn at(row: &str, wanted: &[Wanted], document: &str) -> Result<Read, ReadError> {
    read("json", &options(&[("row", text(row))]), wanted, document.as_bytes())
}

fn code(result: Result<Read, ReadError>) -> (&'static str, Option<u64>) {
    result.err().map_or(("read", None), |e| (e.code, e.row))
}

#[test]
fn values_come_from_paths_and_enclosing_objects() {
    let wanted =
        optional(&["date", "risk.ogrs.two", "../crn", "../name.last", "../../../made", "../../area"]);
    let document = r#"{"made": "today", "head": {"x": [1, {}]}, "data": {"area": "W",
        "people": [
            {"crn": "X1", "name": {"last": "Ż\u00e9\ud83d\ude00", "first": 1}, "orders": [
                {"date": " 2008-11-05 ", "risk": {"ogrs": {"one": 9, "two": 48}}},
                {"risk": {"ogrs": {}, "level": null}, "date": ""}]},
            {"crn": null, "orders": []},
            {"orders": null}, {},
            {"name": null, "orders": [{"date": "a\n\"b\""}]}]}}"#;
    let read = at("data.people[].orders", &wanted, document).unwrap();
    assert_eq!(
        read.header,
        ["date", "risk.ogrs.two", "../crn", "../name.last", "../../../made", "../../area"]
    );
    let (t, none) = (|text| (text, Text), ("", Absent));
    let expected = [
        row_of(1, &[t(" 2008-11-05 "), t("48"), t("X1"), t("Żé😀"), t("today"), t("W")]),
        row_of(2, &[t(""), none, t("X1"), t("Żé😀"), t("today"), t("W")]),
        row_of(3, &[t("a\n\"b\""), none, none, none, t("today"), t("W")]),
    ];
    assert_rows(&read.rows, &expected);
    assert_eq!(read.unknown, ["../../../head", "../name.first", "risk.ogrs.one", "risk.level"]);
}

#[test]
fn rows_stand_at_a_path_or_are_the_document() {
    let wanted = optional(&["a"]);
    for (row, document) in [
        ("[]", r#"[{"a": 1}, {"a": "2"}]"#),
        ("data.items", r#"{"data": {"items": [{"a": 1}, {"a": "2"}]}}"#),
        ("items[]", "\u{feff}{\"items\": [{\"a\": 1}, {\"a\": \"2\"}]}\r\n"),
        ("[].x", r#"[{"x": [{"a": 1}]}, {"x": []}, {"x": [{"a": "2"}]}]"#),
        (r"@odata\.value", r#"{"@odata.value": [{"a": 1}, {"a": "2"}]}"#),
    ] {
        let read = at(row, &wanted, document).unwrap();
        assert_rows(&read.rows, &[text_row(1, &["1"]), text_row(2, &["2"])]);
    }
    assert!(at("[]", &want(&["a"]), "[]").unwrap().rows.is_empty());
}

#[test]
fn numbers_keep_their_text_and_absent_differs_from_empty() {
    let numbers = ["0", "-0", "1.10", "1e5", "1E+05", "12345678901234567890123", "0.1000000000000000055511"];
    for number in numbers {
        let document = format!("[{{\"a\": {number}, \"b\": \"00{number}\"}}]");
        let read = at("[]", &want(&["a", "b"]), &document).unwrap();
        assert_rows(&read.rows, &[text_row(1, &[number, &format!("00{number}")])]);
    }
    for no_number in ["012", "+1", "1.", ".5", "1e", "NaN", "0x1", "1_000"] {
        let outcome = at("[]", &want(&["a"]), &format!("[{{\"a\": {no_number}}}]"));
        assert_eq!(code(outcome), (JSON_BROKEN, Some(1)), "{no_number}");
    }
    let read = at("[]", &optional(&["a", "b"]), r#"[{"a": true, "b": false}, {"a": null, "b": ""}, {}]"#);
    let expected = [
        row_of(1, &[("true", Bool), ("false", Bool)]),
        row_of(2, &[("", Absent), ("", Text)]),
        row_of(3, &[("", Absent), ("", Absent)]),
    ];
    assert_rows(&read.unwrap().rows, &expected);
}

#[test]
fn lists_of_plain_values_are_joined_where_that_is_declared() {
    let document = r#"[{"a": ["x", 1, true, null]}, {"a": []}, {"a": "y"}, {"a": ["x; y"]}, {"a": ["", "x"]},
        {"a": [["x"]]}, {"a": [{"b": 1}]}, {"a": ["z"]}]"#;
    let chosen = options(&[("row", text("[]")), ("list", text("; "))]);
    let joined = read("json", &chosen, &want(&["a"]), document.as_bytes()).unwrap();
    assert_eq!(joined.bad, [(4, JSON_LIST), (5, JSON_LIST), (6, JSON_SHAPE), (7, JSON_SHAPE)]);
    let expected =
        [text_row(1, &["x; 1; true"]), text_row(2, &[""]), text_row(3, &["y"]), text_row(8, &["z"])];
    assert_rows(&joined.rows, &expected);
    let refused = at("[]", &want(&["a"]), document).unwrap();
    assert_eq!((refused.bad.len(), refused.rows.len()), (7, 1));
}

#[test]
fn a_value_of_another_shape_or_a_key_twice_makes_its_row_unusable() {
    let rows = r#"[{"a": {"b": "1"}, "c": "x"}, {"a": "1"}, {"a": {"b": {"d": 1}}}, {"a": [{"b": 1}]},
        {"c": {"x": 1}}, {"c": 1, "a": {"b": 1, "b": 1}}, {"c": 1, "z": {"k": 1, "k": 2}, "c": 1},
        {"z": 1, "z": 2}, 7, "x", null, [{"c": 1}], {"old": 1, "c": 1}, {"old": null, "c": "9"}]"#;
    let mut wanted = optional(&["a.b", "c"]);
    wanted.last_mut().unwrap().aliases.push("old".into());
    let read = at("[]", &wanted, rows).unwrap();
    let shape = [2, 3, 4, 5, 9, 10, 11, 12].map(|row| (row, JSON_SHAPE));
    let twice = [6, 7, 8, 13].map(|row| (row, JSON_TWICE));
    let mut expected = [&shape[..], &twice[..]].concat();
    expected.sort_unstable();
    assert_eq!(read.bad, expected);
    assert_rows(&read.rows, &[text_row(1, &["1", "x"]), row_of(14, &[("", Absent), ("9", Text)])]);
}

#[test]
fn faults_around_the_rows_refuse_the_file() {
    let wanted = optional(&["a", "../crn"]);
    let cases = [
        (r#"{"crn": 1, "rows": [{"a": 1}], "crn": 2}"#, JSON_TWICE),
        (r#"{"crn": {"x": 1}, "rows": [{"a": 1}]}"#, JSON_SHAPE),
        (r#"{"rows": [{"a": 1}], "rows": [{"a": 2}]}"#, JSON_TWICE),
        (r#"{"rows": [{"a": 1}], "crn": 2}"#, JSON_LATE),
        (r#"{"rows": {"a": 1}}"#, JSON_ROWS),
        (r#"{"rows": null}"#, JSON_ROWS),
        (r#"{"other": [{"a": 1}]}"#, JSON_ROWS),
        (r#"[{"a": 1}]"#, JSON_ROWS),
        ("7", JSON_ROWS),
        ("null", JSON_ROWS),
    ];
    for (document, expected) in cases {
        assert_eq!(code(at("rows", &wanted, document)).0, expected, "{document}");
    }
    // Behind an array that gave no row nothing was missed.
    let read =
        at("people[].rows", &wanted, r#"{"people": [{"rows": [], "crn": 1}, {"crn": 2, "rows": [{}]}]}"#);
    assert_rows(&read.unwrap().rows, &[row_of(1, &[("", Absent), ("2", Text)])]);
}

#[test]
fn what_no_path_names_is_told_once_and_a_required_path_that_never_occurs_refuses() {
    let rows =
        r#"[{"new": 1, "a": 1, "b": {"c": 1, "d": {"e": 1}}}, {"new": 2, "b": null, "x.y": 1, "a": 2}]"#;
    assert_eq!(at("[]", &want(&["a", "b.c"]), rows).unwrap().unknown, ["new", "b.d", r"x\.y"]);
    assert_eq!(code(at("[]", &want(&["a", "b.gone"]), rows)).0, JSON_NEVER);
    assert_eq!(at("[]", &want(&["gone"]), "[]").unwrap().rows.len(), 0);
    let alias = Wanted { name: "old".into(), aliases: vec!["a".into()], required: true };
    assert_eq!(at("[]", &[alias], rows).unwrap().header, ["old"]);
}

#[test]
fn keys_that_are_data_are_not_named() {
    let read = at("[]", &optional(&["a"]), r#"[{"Canary O'Neill": 1, "A1234BC": {}, "plain": 1}]"#).unwrap();
    assert_eq!(read.unknown, ["*", "plain"]);
    let letter = |n: u8| char::from(b'a' + n % 26);
    let keys: Vec<String> = (0..100).map(|n| format!("\"{}{}\": {n}", letter(n), letter(n / 26))).collect();
    let read = at("[]", &optional(&["x"]), &format!("[{{{}}}]", keys.join(", "))).unwrap();
    assert_eq!((read.unknown, read.rows.len()), (vec!["*".to_owned()], 1));
}

#[test]
fn the_declared_count_is_the_trailer() {
    let counted = |document: &str| {
        let chosen = options(&[("row", text("items")), ("count", text("meta.total"))]);
        read("json", &chosen, &want(&["a"]), document.as_bytes())
    };
    for document in [
        r#"{"meta": {"total": 7}, "items": [{"a": 1}, 2]}"#,
        r#"{"items": [{"a": 1}, 2], "meta": {"total": "7"}}"#,
    ] {
        let read = counted(document).unwrap();
        assert_eq!((read.trailer, read.rows.len(), read.bad.len()), (Some(7), 1, 1));
    }
    assert_eq!(counted(r#"{"items": [{"a": 1}]}"#).unwrap().trailer, None);
    assert_eq!(counted(r#"{"meta": {"total": null}, "items": [{"a": 1}]}"#).unwrap().trailer, None);
    for count in ["-1", "1.0", "\"x\"", "true", "1e3"] {
        let outcome = counted(&format!("{{\"meta\": {{\"total\": {count}}}, \"items\": [{{\"a\": 1}}]}}"));
        assert_eq!(code(outcome).0, TRAILER_COUNT, "{count}");
    }
    assert_eq!(code(counted(r#"{"meta": 7, "items": []}"#)).0, JSON_SHAPE);
}

#[test]
fn documents_that_break_off_or_are_ill_formed_name_the_row() {
    let cases = [
        (r#"[{"a": 1}, {"a": 2}"#, 3),
        (r#"[{"a": 1}, {"a": 2"#, 2),
        (r#"[{"a": 1}, {"a": "never closed}]"#, 2),
        (r#"[{"a": 1},]"#, 2),
        (r#"[{"a": 1,}]"#, 1),
        (r#"[{"a" 1}]"#, 1),
        (r"[{a: 1}]", 1),
        (r"[{'a': 1}]", 1),
        (r#"[{"a": 1}] x"#, 2),
        (r#"[{"a": 1}][]"#, 2),
        (r#"[{"a": 1}}"#, 2),
        (r#"[{"a": tru}]"#, 1),
        (r#"[{"a": "\x"}]"#, 1),
        (r#"[{"a": "\ud800"}]"#, 1),
        ("[{\"a\": \"two\nlines\"}]", 1),
        ("// no\n[]", 1),
        ("   ", 1),
    ];
    for (document, row) in cases {
        assert_eq!(code(at("[]", &want(&["a"]), document)), (JSON_BROKEN, Some(row)), "{document}");
    }
}

#[test]
fn other_encodings_and_bytes_are_refused() {
    let wide: Vec<u8> = r#"[{"a": 1}]"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: &[(&[u8], &str)] = &[
        (b"[{\"a\": \"Zo\xeb\"}]", BAD_SEQUENCE),
        (b"[{\"a\": \"\xed\xa0\x80\"}]", BAD_SEQUENCE),
        (b"[{\"a\": \"\x00\"}]", NUL_BYTE),
        (b"[{\"a\": 1}\x00]", NUL_BYTE),
        (&wide, OTHER_ENCODING),
        (&[&[0xff, 0xfe][..], &wide].concat(), OTHER_ENCODING),
    ];
    for (bytes, expected) in cases {
        let error = read("json", &options(&[("row", text("[]"))]), &want(&["a"]), bytes).err().unwrap();
        assert_eq!(error.code, *expected, "{}", String::from_utf8_lossy(bytes));
        assert!(!error.help.unwrap_or_default().contains("declare"), "there is nothing to declare");
    }
}

#[test]
fn the_caps_on_depth_text_keys_and_values_hold() {
    let limits = Limits {
        depth: 10,
        cell_bytes: 200,
        row_bytes: 500,
        row_elements: 20,
        cells: 60,
        ..Limits::default()
    };
    let outcome = |document: &str| {
        let chosen = options(&[("row", text("[]")), ("list", text(";"))]);
        code(read_with("json", &chosen, &optional(&["a", "b", "c"]), document.as_bytes(), &limits)).0
    };
    let long = "x".repeat(70_000);
    assert_eq!(outcome(&"[".repeat(1_000)), JSON_CAP);
    assert_eq!(outcome(&format!("[{{\"z\": {}", "{\"z\":".repeat(1_000))), JSON_CAP);
    assert_eq!(outcome(&format!("[{{\"a\": \"{long}{long}\"}}]")), JSON_CAP);
    assert_eq!(outcome(&format!("[{{\"z\": \"{long}{long}\"}}]")), JSON_CAP);
    assert_eq!(outcome(&format!("[{{\"{long}{long}\": 1}}]")), JSON_CAP);
    assert_eq!(outcome(&format!("[{{\"a\": {}}}]", "1".repeat(140_000))), JSON_CAP);
    assert_eq!(outcome(&format!("[{{\"a\": [{}\"\"]}}]", "1,".repeat(30))), JSON_CAP);
    assert_eq!(
        outcome(&format!("[{{\"a\": [{}]}}]", vec![format!("\"{}\"", "x".repeat(90)); 3].join(","))),
        JSON_CAP
    );
    let cell = "x".repeat(190);
    let three = format!("[{{\"a\": \"{cell}\", \"b\": \"{cell}\", \"c\": \"{cell}\"}}]");
    assert_eq!(outcome(&three), TOO_LONG);
    assert_eq!(outcome(&format!("[{}7]", "{},".repeat(80))), TOO_MANY);
    assert_eq!(outcome("[{\"a\": \"fine\"}]"), "read");
    // A text that comes whole in one portion of input is held to its cap as it is written, like one that
    // comes in pieces: the space before it does not count.
    let spaced = |text: &str| format!("[{{\"z\":{}\"{text}\"}}]", " ".repeat(300));
    assert_eq!(outcome(&spaced(&"x".repeat(198))), "read");
    assert_eq!(outcome(&spaced(&"x".repeat(199))), JSON_CAP);
    assert_eq!(outcome(&spaced(&"\\n".repeat(99))), "read");
    assert_eq!(outcome(&spaced(&"\\n".repeat(100))), JSON_CAP);
    assert_eq!(outcome(&format!("[{{\"z\": {}}}]", "1".repeat(200))), "read");
    assert_eq!(outcome(&format!("[{{\"z\": {}}}]", "1".repeat(201))), JSON_CAP);
}

#[test]
fn paths_and_options_that_cannot_be_read_are_named() {
    for path in ["a[1]", "../x", "..", "", "a..b"] {
        let error = at("[]", &optional(&[path]), "[]").err().unwrap();
        assert_eq!(error.code, FORMAT_OPTION, "{path}");
    }
    let two_levels = Wanted { name: "a".into(), aliases: vec!["../a".into()], required: false };
    assert_eq!(code(at("rows", &[two_levels], "{}")).0, FORMAT_OPTION);
    assert_eq!(code(at("rows", &optional(&["../rows"]), "{}")).0, FORMAT_OPTION);
    let kind = FORMATS.iter().find(|kind| kind.name == "json").unwrap();
    let cases: &[(&[(&str, crate::OptionValue)], &str)] = &[
        (&[], "the path of the array of rows"),
        (&[("row", text("a[0]"))], "the path of the array of rows"),
        (&[("row", text("[]")), ("count", text("n"))], "has no place for it"),
        (&[("row", text("a")), ("count", text("../n"))], "a path is wanted"),
        (&[("row", text("a")), ("rows", text("b"))], "has no option `rows`"),
    ];
    for (chosen, expected) in cases {
        let problem = (kind.open)(&options(chosen), &Limits::default()).err().unwrap();
        assert!(problem.what.contains(expected), "{expected}: {}", problem.what);
    }
}

/// A cell as it is written and as it is read.
#[derive(Debug, Clone)]
enum Cell {
    Missing,
    Null,
    Text(String),
    Number(String),
    Flag(bool),
    List(Vec<String>),
}

fn quoted(text: &str) -> String {
    let sign = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(sign).collect::<String>())
}

impl Cell {
    fn written(&self) -> Option<String> {
        Some(match self {
            Self::Missing => return None,
            Self::Null => "null".to_owned(),
            Self::Text(text) => quoted(text),
            Self::Number(number) => number.clone(),
            Self::Flag(flag) => flag.to_string(),
            Self::List(items) => {
                format!("[{}]", items.iter().map(|i| quoted(i)).collect::<Vec<_>>().join(", "))
            }
        })
    }

    fn push(&self, row: &mut RowBuf) {
        match self {
            Self::Missing | Self::Null => row.push_kind("", Absent),
            Self::Text(text) | Self::Number(text) => row.push(text),
            Self::Flag(flag) => row.push_kind(&flag.to_string(), Bool),
            Self::List(items) => row.push(&items.join("|")),
        }
    }
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Missing),
        Just(Cell::Null),
        any::<String>().prop_map(Cell::Text),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?".prop_map(Cell::Number),
        any::<bool>().prop_map(Cell::Flag),
        proptest::collection::vec("[a-z0-9]{1,5}", 0..4).prop_map(Cell::List),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Rows written in any order of keys, by the array or by the line, are read back as they were.
    #[test]
    fn rows_written_are_read_back(
        rows in proptest::collection::vec(([cell(), cell(), cell()], any::<bool>()), 0..12),
    ) {
        let object = |(cells, turned): &([Cell; 3], bool)| {
            let [a, b, c] = cells.each_ref().map(Cell::written);
            let inner = format!("\"n\": {{{}}}", c.map_or(String::new(), |c| format!("\"c\": {c}")));
            let mut parts =
                vec![a.map(|a| format!("\"a\": {a}")), b.map(|b| format!("\"b\\u0021\": {b}")), Some(inner)];
            if *turned {
                parts.reverse();
            }
            format!("{{{}}}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        };
        let objects: Vec<String> = rows.iter().map(object).collect();
        let expected: Vec<RowBuf> = rows.iter().zip(1..).map(|((cells, _), number)| {
            let mut row = RowBuf::new();
            row.start(number);
            cells.iter().for_each(|cell| cell.push(&mut row));
            row
        }).collect();
        let wanted = optional(&["a", "b!", "n.c"]);
        let document = format!("{{\"x\": [{}]}}", objects.join(",\n"));
        let chosen = options(&[("row", text("x")), ("list", text("|"))]);
        let json = read("json", &chosen, &wanted, document.as_bytes()).unwrap();
        let lines = read("jsonl", &options(&[("list", text("|"))]), &wanted, objects.join("\n").as_bytes()).unwrap();
        prop_assert!(json.bad.is_empty() && lines.bad.is_empty());
        assert_rows(&json.rows, &expected);
        assert_rows(&lines.rows, &expected);
    }
}
