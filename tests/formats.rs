//! The formats seen from outside: one feed in every text form gives the same records, a mapping whose options or
//! columns a format cannot use is refused by `check`, and the page about formats says what the code says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use jiff::civil::date;
use lockgate::config;
use lockgate_connectors::{FORMATS, FormatKind, Step};
use lockgate_core::hash::{Digest, Keys};
use lockgate_core::mapping::{Outcome, Scratch};
use lockgate_core::rest::{NONCE_LEN, RestKey};
use lockgate_core::row::RowBuf;
use lockgate_core::spool::SpoolWriter;
use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use support::Deployment;

const MAPPING: &str = "mappings/g4s/installs.toml";
const COLUMNS: [&str; 14] = [
    "legacy_subject_id",
    "legacy_order_id",
    "last_name",
    "pnc_id",
    "nomis_id",
    "primary_address_post_code",
    "address_1",
    "address_2",
    "address_3",
    "actual_work_start_date",
    "actual_work_start_time",
    "visit_type",
    "visit_outcome",
    "attempt",
];
const ROWS: [[&str; 14]; 4] = [
    [
        "1403310",
        "2087610",
        "Rafiq",
        "2003/0118204C",
        "",
        "LS11 8ZQ",
        "31 Osier Fold",
        "Beeston",
        "Leeds",
        "2008-11-16",
        "20:20:00",
        "Install",
        "No Show",
        "1",
    ],
    [
        "1405796",
        "2082863",
        "Hainsworth",
        "UNKNOWN",
        "",
        "LS9 7ZQ",
        "Zoë’s House",
        "",
        "Leeds",
        "2008-11-16",
        "21:15:00",
        "Install",
        "Refused by householder",
        "12",
    ],
    [
        "1405797",
        "2082864",
        "Moor",
        "",
        "",
        "",
        "",
        "",
        "",
        "2008-11-16",
        "21:30:00",
        "Install",
        "Success",
        "1",
    ],
    [
        "1405798",
        "2082865",
        "Copse",
        "",
        "",
        "",
        "",
        "",
        "",
        "2008-11-16",
        "21:45:00",
        "Install",
        "Code 12",
        "1",
    ],
];

fn csv() -> (String, Vec<u8>) {
    let line = |row: &[&str; 14]| row.join(",") + "\n";
    let text = line(&COLUMNS) + &ROWS.iter().map(line).collect::<String>() + "TRAILER,4\n";
    (String::new(), text.into_bytes())
}

fn fixed_width() -> (String, Vec<u8>) {
    let mut options = String::from(
        "encoding = \"windows-1252\"\nskip = 1\ntrailer = { starts_with = \"TRL\", start = 4, width = 6 }\n\
         kind = { start = 1, width = 3, rows = \"DTL\", skip = \"HDR\" }\n[source.fixed_width.columns]\n",
    );
    for (name, at) in COLUMNS.iter().zip(0..) {
        let _ = writeln!(options, "{name} = {{ start = {}, width = 24 }}", 4 + at * 24);
    }
    let line = |row: &[&str; 14]| {
        format!("DTL{}\r\n", row.iter().fold(String::new(), |line, cell| line + &format!("{cell:<24}")))
    };
    let text = format!("Visits\r\nHDR20081116\r\n{}TRL000004\r\n", ROWS.iter().map(line).collect::<String>());
    let byte = |c: char| match c {
        '’' => 0x92,
        c => u8::try_from(u32::from(c)).unwrap(),
    };
    (options, text.chars().map(byte).collect())
}

/// The first two cells inside an object, blanks as `null`, the attempt as a number.
fn object(row: &[&str; 14]) -> String {
    let pair = |(name, cell): (&&str, &&str)| match (*name, *cell) {
        (name, "") => format!("\"{name}\": null"),
        ("attempt", cell) => format!("\"attempt\": {cell}"),
        (name, cell) => format!("\"{name}\": \"{cell}\""),
    };
    let pairs: Vec<String> = COLUMNS.iter().zip(row).map(pair).collect();
    let (who, visit) = pairs.split_at(2);
    format!("{{\"who\": {{{}}}, {}}}", who.join(", "), visit.join(", "))
}

fn json() -> (String, Vec<u8>) {
    let rows: Vec<String> = ROWS.iter().map(object).collect();
    let text = format!("{{\"meta\": {{\"rows\": 4}}, \"data\": {{\"visits\": [{}]}}}}", rows.join(",\n"));
    ("row = \"data.visits\"\ncount = \"meta.rows\"\n".to_owned(), text.into_bytes())
}

fn json_lines() -> (String, Vec<u8>) {
    let rows: String = ROWS.iter().map(|row| object(row) + "\n").collect();
    ("count = \"rows\"\n".to_owned(), format!("{rows}{{\"rows\": 4}}\n").into_bytes())
}

/// Writes the feed's mapping for another format.
fn rewrite(deployment: &Deployment, format: &str, options: &str) {
    let path = deployment.path(MAPPING);
    let text = fs::read_to_string(&path).unwrap();
    let mut text = text.replace("format = \"csv\"", &format!("format = \"{format}\""));
    if format != "csv" {
        text = text.replace(
            "[source.csv]\ntrailer = { starts_with = \"TRAILER\", count = 2 }\n",
            &format!("[source.{format}]\n{options}"),
        );
    }
    if format.starts_with("json") {
        for name in COLUMNS.iter().take(2) {
            text = text.replace(&format!("\"{name}\""), &format!("\"who.{name}\""));
        }
    }
    fs::write(path, text).unwrap();
}

/// What the mapping makes of the rows: identity, records and their contents, or why there is none.
fn records(format: &str, options: &str, bytes: &[u8]) -> Vec<String> {
    let deployment = Deployment::fresh();
    rewrite(&deployment, format, options);
    let loaded = config::load(deployment.root()).map_err(|(p, _)| p).unwrap();
    let feed =
        (0..loaded.mappings.len()).find(|at| loaded.mapping(*at).unwrap().name() == "g4s-installs").unwrap();
    let mapping = loaded.mapping(feed).unwrap();
    assert!(mapping.checks().trailer, "{format}: a file without its count is held");
    let mut rows =
        loaded.format(feed).unwrap().read(Box::new(Cursor::new(bytes)), loaded.wanted(feed)).unwrap();
    let bound = mapping.bind(rows.header()).unwrap();
    let (keys, rest) = (Keys::derive(b"test", &Digest::of(b"test")), RestKey::new(&[7; 32]));
    let (mut row, mut scratch, mut found) = (RowBuf::new(), Scratch::new(), Vec::new());
    loop {
        match rows.next(&mut row).unwrap() {
            Step::End => break,
            Step::Bad { code } => found.push(format!("bad {code}")),
            Step::Row => found.push(match bound.map(&row, &keys, date(2008, 11, 17), &mut scratch) {
                Outcome::Mapped(mapped) => {
                    // Values are not to be had in plain; the same key and nonce seal the same records alike.
                    let mut spool = SpoolWriter::default();
                    spool.push(0, mapped.identity, &mapped.candidates);
                    let records = Digest::of(&spool.seal(&rest, [0; NONCE_LEN], 0)).hex();
                    format!("{:?} {} {records}", mapped.identity, mapped.candidates.len())
                }
                Outcome::Skipped => "skipped".to_owned(),
                Outcome::Refused(faults) => format!("refused {faults:?}"),
            }),
        }
    }
    assert_eq!(rows.trailer(), Some(4), "{format}");
    assert!(rows.unknown().is_empty(), "{format}: {:?}", rows.unknown());
    found
}

#[test]
fn one_feed_in_every_text_form_gives_the_same_records() {
    let (options, bytes) = csv();
    let expected = records("csv", &options, &bytes);
    assert_eq!(expected.len(), 4);
    assert_ne!(expected.first(), expected.get(1));
    assert!(expected.get(2).unwrap() == "skipped" && expected.get(3).unwrap().starts_with("refused"));
    for (format, (options, bytes)) in
        [("fixed_width", fixed_width()), ("json", json()), ("jsonl", json_lines())]
    {
        assert_eq!(records(format, &options, &bytes), expected, "{format}");
    }
}

#[test]
fn check_refuses_options_and_columns_that_a_format_cannot_use() {
    let overlap = fixed_width().0.replace("start = 28,", "start = 20,");
    let short = fixed_width().0.replace("attempt = ", "attempts = ");
    let cases = [
        ("fixed_width", overlap.as_str(), "LG1101", "overlap at character 20"),
        ("fixed_width", &short, "LG1109", "do not place `attempt`"),
        ("json", "rows = \"data\"\n", "LG1101", "has no option `rows`"),
        ("json", "row = 3\n", "LG1101", "a text is wanted"),
        ("jsonl", "count = \"a..b\"\n", "LG1101", "a path is wanted"),
    ];
    for (format, options, code, words) in cases {
        let deployment = Deployment::fresh();
        rewrite(&deployment, format, options);
        let said = deployment.run(&["check", "--plain"]);
        assert_ne!(said.code, Some(0), "{words}");
        assert!(said.err.contains(code) && said.err.contains(words), "{words}: {}", said.err);
        assert!(said.err.contains("installs.toml"), "{words}: {}", said.err);
    }
}

/// The part of the page that the options' own documentation makes.
fn section(kind: &FormatKind) -> String {
    let bar = |text: &str| text.replace('|', "\\|");
    let mut out = format!("## `{}`\n\n{}.\n\n", kind.name, kind.summary);
    out += "| option | value | when left out | what it does |\n|---|---|---|---|\n";
    for option in kind.options {
        let cells = [option.shape, option.default, option.doc].map(bar);
        let _ = writeln!(out, "| `{}` | {} |", option.name, cells.join(" | "));
    }
    out
}

#[test]
fn the_page_about_formats_says_what_the_options_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md");
    let page = fs::read_to_string(path).unwrap();
    for kind in FORMATS {
        let section = section(kind);
        assert!(page.contains(&section), "docs/formats.md should have:\n{section}");
    }
    let known = page.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'));
    assert!(
        known.eq(FORMATS.iter().map(|kind| kind.name)),
        "a section for each format, in the order of the list"
    );
}
