//! Files that are broken, hostile or not what was agreed: each is held (or accepted, where that is right) with its code
//! and place, in bounded memory, without a value in any message, and as if it had not come; the other feeds go on.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;
use support::{Deployment, NIGHTS, Said, assert_no_value, assert_same_files, canaries};

/// What the program may hold at once, unoptimised, whatever a file says.
const MEBIBYTES: u64 = 200;

/// The file of a feed for the first night.
fn file_of(feed: &str) -> &'static str {
    match feed {
        "hmps-releases" => "fixtures/hmps/HMPS_RELEASES_20081117.csv",
        "g4s-orders" => "fixtures/g4s/EMS_LEEDS_20081117_ORDERS.csv",
        "g4s-installs" => "fixtures/g4s/EMS_LEEDS_20081117_INSTALLS.csv",
        "g4s-violations" => "fixtures/g4s/EMS_LEEDS_20081117_VIOLATIONS.csv",
        "g4s-endings" => "fixtures/g4s/EMS_LEEDS_20081117_ENDINGS.csv",
        "probation-oasys" => "fixtures/probation/OASYS_EXTRACT_20081117.xml",
        "lcc-orchard" => "fixtures/lcc/ORCHARD_20081117.xlsx",
        "wyp-cohort" => "fixtures/wyp/IOM_COHORT_20081117.txt",
        other => panic!("no feed {other}"),
    }
}

/// The bundles of a first night on which a feed's file did not come.
fn without(feed: &str) -> BTreeMap<String, Vec<u8>> {
    let deployment = Deployment::fresh();
    fs::remove_file(deployment.path(file_of(feed))).unwrap();
    deployment.night(NIGHTS[0]);
    deployment.bundle_files()
}

/// The other feeds are read as if nothing had happened.
fn assert_others_go_on(said: &Said, feed: &str) {
    for line in said.json()["feeds"].as_array().unwrap().iter().filter(|l| l["feed"] != feed) {
        assert!(line["state"] == "accepted" || line["state"] == "nothing new", "beside {feed}: {line}");
    }
}

/// Held with this code and place, nothing of it anywhere, no value said.
fn assert_held(
    deployment: &Deployment,
    said: &Said,
    feed: &str,
    expected: &str,
    canaries: &[String],
    case: &str,
) {
    assert_eq!(said.code, Some(4), "{case}: {}", said.err);
    assert_eq!(said.feed(feed)["state"], "held", "{case}: {}", said.err);
    let line = said.err.lines().find(|l| l.contains(&format!("feed `{feed}`")) && l.starts_with("error["));
    let line = line.unwrap_or_else(|| panic!("{case}: no message names the feed: {}", said.err));
    assert!(line.contains(expected), "{case}: expected {expected:?}, but: {line}");
    assert_others_go_on(said, feed);
    let list = deployment.run(&["quarantine", "list"]);
    let code = &expected[..expected.len().min(6)];
    let held = list.out.lines().any(|l| l.starts_with(&format!("held file: {feed} ")) && l.contains(code));
    assert!(held, "{case}: not in quarantine: {}", list.out);
    for (place, text) in [("output", &said.out), ("messages", &said.err), ("quarantine", &list.out)] {
        assert_no_value(text, canaries, &format!("{case}: {place}"));
    }
}

/// What is said of each broken file of `fixtures/broken`: code and place.
fn said_of(case: &str) -> &'static str {
    match case {
        "count-row-missing" => "LG1302]: feed `hmps-releases`: the file ends without its trailer",
        "rows-after-count" => "LG1114]: feed `hmps-releases`, row 10: ",
        "missing-column" => {
            "LG1109]: feed `hmps-releases`, row 2: no header row was found; the nearest row lacks `Status`"
        }
        "header-twice" => {
            "LG1110]: feed `hmps-releases`, row 2: the column `Postcode` stands 2 times in the header"
        }
        "utf-8-not-windows-1252" => "LG1105]: feed `hmps-releases`, row 1: ",
        "columns-shifted" => "LG1304]: feed `hmps-releases`: 6 of 6 rows are faulty",
        "no-rows" => "LG1303]: feed `hmps-releases`: the file has no rows",
        "no-bytes" => "LG1109]: feed `hmps-releases`: ",
        "trailer-off-by-one" => "LG1301]: feed `g4s-violations`: the trailer says 6 rows, 5 were read",
        "wrong-encoding" => "LG1104]: feed `g4s-orders`, row 2: ",
        "quote-never-closed" => {
            "LG1111]: feed `g4s-installs`, row 7: a quote opened in this row is never closed"
        }
        "xml-cut-short" => "LG1140]: feed `probation-oasys`, row 4: ",
        "xml-doctype" => "LG1141]: feed `probation-oasys`, row 1: a document type declaration",
        "xml-other-document" => {
            "LG1144]: feed `probation-oasys`, row 1: the root element is not `OASysExtract`"
        }
        "xml-too-deep" => "LG1143]: feed `probation-oasys`, row 6: elements nested deeper than 64",
        "not-a-workbook" => "LG1120]: feed `lcc-orchard`: the file is no zipped workbook",
        "sheet-missing" => "LG1124]: feed `lcc-orchard`: the workbook has no sheet `TENANCY`",
        "macros" => "LG1122]: feed `lcc-orchard`: the workbook holds macros",
        "unpacks-to-too-much" => "LG1123]: feed `lcc-orchard`: ",
        "password" => "LG1121]: feed `lcc-orchard`: the workbook is encrypted",
        "shrunken-snapshot" => "LG1305]: feed `wyp-cohort`: 10 rows after 127 in the last accepted file",
        "odd-byte" => "LG1104]: feed `wyp-cohort`, row 11: ",
        other => panic!("what is said of {other}?"),
    }
}

#[test]
fn each_broken_file_is_held_or_accepted_as_its_table_says() {
    let (mut absent, canaries) = (BTreeMap::new(), canaries());
    let cases =
        support::table(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/broken/expected.csv"));
    assert!(cases.len() >= 25);
    for row in &cases {
        let (case, feed, file) = (row["case"].as_str(), row["feed"].as_str(), &row["file"]);
        let deployment = Deployment::fresh();
        let good = deployment.path(file_of(feed));
        let bad = fs::read(deployment.path("fixtures/broken").join(case).join(file)).unwrap();
        if case == "shrunken-snapshot" {
            shrunken(&deployment, file, &bad, &canaries);
            continue;
        }
        fs::remove_file(&good).unwrap();
        fs::write(good.with_file_name(file), &bad).unwrap();
        let said = deployment.run(&["run", "--as-of", NIGHTS[0], "--json", "--plain"]);
        let lost = match row["outcome"].as_str() {
            "held" => {
                assert_held(&deployment, &said, feed, said_of(case), &canaries, case);
                true
            }
            "accepted" => {
                assert_eq!(said.feed(feed)["state"], "accepted", "{case}: {}", said.err);
                assert_no_value(&said.err, &canaries, case);
                false
            }
            "not taken" => {
                assert_eq!(said.feed(feed)["state"], "no file", "{case}: {}", said.err);
                true
            }
            other => panic!("{case}: unknown outcome {other}"),
        };
        if lost {
            let absent = absent.entry(feed.to_owned()).or_insert_with(|| without(feed));
            assert_same_files(absent, &deployment.bundle_files(), case);
        }
    }
}

/// A list that lost most of its rows takes nobody's place: what recipients hold stays as it was.
fn shrunken(deployment: &Deployment, file: &str, bad: &[u8], canaries: &[String]) {
    deployment.night(NIGHTS[2]);
    let held = deployment.run(&["status", "--json"]).json()["people"].clone();
    fs::write(deployment.path("fixtures/wyp").join(file), bad).unwrap();
    let said = deployment.run(&["run", "--as-of", "2008-11-20", "--json", "--plain"]);
    let case = "shrunken-snapshot";
    assert_held(deployment, &said, "wyp-cohort", said_of(case), canaries, case);
    assert_eq!(deployment.run(&["status", "--json"]).json()["people"], held, "{case}");
    let withdrawn = deployment.bundle("probation", "2008-11-20").changes("withdrawal").len();
    assert_eq!(withdrawn, 0, "{case}: a held list ends nobody's designation");
}

#[test]
fn an_unknown_column_is_reported_and_not_used() {
    let deployment = Deployment::fresh();
    let file = "IOM_COHORT_20081117.txt";
    fs::copy(
        deployment.path("fixtures/broken/unknown-column").join(file),
        deployment.path("fixtures/wyp").join(file),
    )
    .unwrap();
    let said = deployment.run(&["run", "--as-of", NIGHTS[0], "--json", "--plain"]);
    assert!(
        said.err.contains("warning[LG1312]: feed `wyp-cohort`, column `Photo reference`"),
        "{}",
        said.err
    );
    let bundles = deployment.bundle_files();
    assert!(bundles.values().all(|bytes| !bytes.windows(4).any(|w| w == b"IMG1")));
}

/// Rows that the reader cannot use are never taken for one another: each of them waits.
#[test]
fn every_unreadable_row_waits_in_quarantine() {
    let deployment = Deployment::fresh();
    let path = deployment.path(file_of("hmps-releases"));
    let bytes = fs::read(&path).unwrap();
    let at = bytes.windows(5).rposition(|w| w == b"ROWS;").unwrap();
    let mut text = bytes[..at].to_vec();
    text.extend_from_slice(b"LEI;short;row\r\n");
    text.extend_from_slice(b"ROWS;76\r\n");
    fs::write(&path, text).unwrap();
    let said = deployment.night(NIGHTS[0]);
    let feed = said.feed("hmps-releases");
    assert_eq!(
        (feed["read"].as_u64(), feed["quarantined"].as_u64(), feed["duplicate"].as_u64()),
        (Some(76), Some(4), Some(1))
    );
    let list = deployment.run(&["quarantine", "list", "--feed", "hmps-releases", "--json"]).json();
    let unreadable = list["rows"].as_array().unwrap().iter().filter(|r| r["code"] == "LG1112").count();
    assert_eq!(unreadable, 2, "{list}");
}

/// Runs the first night and gives the most memory that the program held, in bytes.
fn measured(deployment: &Deployment) -> (Said, u64) {
    let out = deployment.path("out");
    let mut command = deployment.command(&["run", "--as-of", NIGHTS[0], "--json", "--plain"]);
    command
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(out.with_extension("err")).unwrap());
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let code = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak =
            text.lines().find_map(|l| l.strip_prefix("VmHWM:")).and_then(|l| l.trim().strip_suffix(" kB"));
        most = peak.and_then(|kib| kib.parse::<u64>().ok()).map_or(most, |kib| kib * 1024);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(most > 0, "no memory was measured");
    let read = |path: PathBuf| fs::read_to_string(path).unwrap();
    (Said { code, out: read(out.clone()), err: read(out.with_extension("err")) }, most)
}

/// The first night with these bytes as a feed's file.
fn attack(
    feed: &str,
    expected: &str,
    absent: &mut BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    bytes: impl FnOnce(&[u8]) -> Vec<u8>,
) {
    let deployment = Deployment::fresh();
    let path = deployment.path(file_of(feed));
    let good = fs::read(&path).unwrap();
    fs::write(&path, bytes(&good)).unwrap();
    let (said, most) = measured(&deployment);
    assert_held(&deployment, &said, feed, expected, &canaries(), expected);
    assert!(most < MEBIBYTES << 20, "{expected}: {} MiB", most >> 20);
    let absent = absent.entry(feed.to_owned()).or_insert_with(|| without(feed));
    assert_same_files(absent, &deployment.bundle_files(), expected);
}

/// Where the first data row of the release list begins.
fn first_row(list: &[u8]) -> usize {
    let mut ends = list.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
    ends.nth(1).unwrap()
}

#[test]
fn hostile_files_are_held_in_bounded_memory() {
    let absent = &mut BTreeMap::new();
    attack(
        "probation-oasys",
        "LG1141]: feed `probation-oasys`, row 1: a document type declaration",
        absent,
        |good| {
            let mut laughs =
                String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE OASysExtract [<!ENTITY a0 \"ha\">");
            for n in 1..40 {
                let ten = format!("&a{};", n - 1).repeat(10);
                laughs.extend(["<!ENTITY a", &n.to_string(), " \"", &ten, "\">"]);
            }
            let text = String::from_utf8(good.to_vec()).unwrap();
            let body = &text[text.find("<OASysExtract").unwrap()..];
            format!("{laughs}]>\n{}", body.replacen("<familyName>", "<familyName>&a39;", 1)).into_bytes()
        },
    );
    attack(
        "probation-oasys",
        "LG1143]: feed `probation-oasys`, row 1: a tag or text is longer than its cap",
        absent,
        |good| {
            let text = String::from_utf8(good.to_vec()).unwrap();
            text.replacen("<familyName>", &format!("<familyName>{}", "A".repeat(64 << 20)), 1).into_bytes()
        },
    );
    attack(
        "hmps-releases",
        "LG1111]: feed `hmps-releases`, row 3: a quote opened in this row is never closed",
        absent,
        |good| {
            let at = first_row(good);
            [&good[..at], b"\"", &vec![b'A'; 64 << 20], b"\"", &good[at..]].concat()
        },
    );
    attack(
        "hmps-releases",
        "LG1111]: feed `hmps-releases`, row 3: a quote opened in this row is never closed",
        absent,
        |good| {
            let at = first_row(good);
            [&good[..at], b"\"", &good[at..], &b"LEI;17/11/2008\r\n".repeat(4 << 20)].concat()
        },
    );
    attack("hmps-releases", "LG1", absent, |good| [&good[..first_row(good)], &vec![0; 64 << 20]].concat());
    let rows = "<row></row>";
    let packed = "LG1123]: feed `lcc-orchard`: a part of the workbook unpacks to far more than any real one";
    attack("lcc-orchard", packed, absent, |good| bomb(good, "xl/worksheets/sheet1.xml", rows, 9));
}

/// NUL bytes inside a file that is good otherwise spoil the row or the file, and reach nobody.
#[test]
fn nul_bytes_reach_nobody() {
    let deployment = Deployment::fresh();
    let path = deployment.path(file_of("hmps-releases"));
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(10).position(|w| w == b"HARGREAVES").unwrap();
    bytes[at + 3] = 0;
    fs::write(&path, bytes).unwrap();
    let said = deployment.run(&["run", "--as-of", NIGHTS[0], "--json", "--plain"]);
    assert_eq!(said.code, Some(4), "{}", said.err);
    assert_others_go_on(&said, "hmps-releases");
    for (name, bytes) in deployment.bundle_files() {
        assert!(name.ends_with("staff.xlsx") || !bytes.contains(&0), "{name} holds a NUL byte");
    }
}

/// A list of six million words that no cell uses: what a workbook holds whole has a cap of its own.
#[test]
fn an_endless_list_of_shared_words_stays_in_bounded_memory() {
    let deployment = Deployment::fresh();
    let path = deployment.path(file_of("lcc-orchard"));
    let good = fs::read(&path).unwrap();
    fs::write(&path, bomb(&good, "xl/sharedStrings.xml", "<si><t>A</t></si>", 1)).unwrap();
    let (said, most) = measured(&deployment);
    assert_eq!(said.code, Some(4), "{}", said.err);
    assert_others_go_on(&said, "lcc-orchard");
    // The table of shared words is held whole, up to 128 MiB of it, and short words weigh four times their bytes.
    assert!(most < 512 << 20, "{} MiB: {}", most >> 20, said.err);
}

/// The workbook with one part that unpacks to 96 MiB more, packed well or badly.
fn bomb(good: &[u8], part: &str, padding: &str, level: i64) -> Vec<u8> {
    let mut old = zip::ZipArchive::new(std::io::Cursor::new(good)).unwrap();
    let mut new = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for at in 0..old.len() {
        let mut entry = old.by_index(at).unwrap();
        let (name, mut bytes) = (entry.name().unwrap().into_owned(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        new.start_file(name.clone(), options.compression_level(Some(level))).unwrap();
        if name != part {
            new.write_all(&bytes).unwrap();
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        let inside = text.find("<row").or_else(|| text.find("<si")).unwrap();
        new.write_all(&text.as_bytes()[..inside]).unwrap();
        let block = padding.repeat(1 << 14);
        for _ in 0..(96 << 20) / block.len() {
            new.write_all(block.as_bytes()).unwrap();
        }
        new.write_all(&text.as_bytes()[inside..]).unwrap();
    }
    if !old.file_names().any(|name| name.is_ok_and(|n| n == part)) {
        new.start_file(part, options.compression_level(Some(level))).unwrap();
        let head = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">";
        new.write_all(head.as_bytes()).unwrap();
        (0..(96 << 20) / (padding.len() << 14))
            .for_each(|_| new.write_all(padding.repeat(1 << 14).as_bytes()).unwrap());
        new.write_all(b"</sst>").unwrap();
    }
    let bytes = new.finish().unwrap().into_inner();
    assert!(bytes.len() < 8 << 20);
    bytes
}

/// Where the header's line does not end, the first row's cells stand as header texts: none of them is said.
#[test]
fn a_header_that_goes_on_with_a_row_says_nothing_of_the_row() {
    let deployment = Deployment::fresh();
    let path = deployment.path("fixtures/wyp/CUSTODY_20081117.csv");
    let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
    let (header, rest) = text.split_once('\n').unwrap();
    let first = rest.lines().next().unwrap().to_owned();
    fs::write(&path, format!("{}|{rest}", header.trim_end())).unwrap();
    deployment.night(NIGHTS[0]);
    // Held as it is, and let in by somebody who did not look.
    let release = ["feed", "release", "wyp-custody", "--reason", "letter 40"];
    assert_eq!(deployment.run(&release).code, Some(0));
    let said = deployment.run(&["run", "--as-of", NIGHTS[0], "--json", "--plain"]);
    let told = format!("{}{}", said.out, said.err);
    let values: Vec<&str> =
        first.split('|').map(|cell| cell.trim_matches('"')).filter(|c| c.len() > 4).collect();
    assert!(values.len() > 4, "{values:?}");
    for value in values {
        assert!(!told.contains(value) || header.contains(value), "{value}: {told}");
    }
    assert!(said.err.contains("no row fits it"), "{}", said.err);
}
