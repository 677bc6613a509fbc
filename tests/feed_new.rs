//! `lockgate feed new`, held against the mappings that were written by hand: for each of them the fixture
//! file is drafted as if the mapping were not there. `docs/feed-new.md` shows what a draft gets wrong.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use support::{Deployment, Said};

/// The least share of right columns that a draft of this deployment may have, in per cent.
const GOOD: usize = 80;
/// Feeds that do not reach it, with what they reach: a fall shows, a rise asks for the new figure.
const KNOWN: &[(&str, usize)] = &[
    ("cri/alerts", 11),
    ("cri/episodes", 33),
    ("cri/sessions", 16),
    ("disc/appointments", 28),
    ("disc/clients", 26),
    ("disc/clinical", 13),
    ("g4s/intelligence", 14),
    ("hmps/acct", 50),
    ("hmps/adjudications", 0),
    ("hmps/courses", 0),
    ("hmps/dates", 50),
    ("hmps/movements", 64),
    ("hmps/security", 22),
    ("lcc/asb_actions", 31),
    ("lcc/asb_cases", 55),
    ("lcc/asb_intelligence", 30),
    ("probation/cases", 58),
    ("probation/components", 18),
    ("probation/contacts", 27),
    ("probation/hostels", 0),
    ("probation/intelligence", 22),
    ("wyp/child_protection", 0),
    ("wyp/convictions", 0),
    ("wyp/custody", 58),
    ("wyp/domestic", 0),
    ("wyp/intelligence", 0),
    ("wyp/plan", 0),
    ("yos/assets", 0),
    ("yos/contacts", 26),
    ("yos/intelligence", 25),
    ("yos/plans", 0),
];
/// Feeds whose file of the first night has no rows, with the night that is looked at instead.
const LATER: [(&str, &str); 1] = [("g4s/endings", "20081119")];

/// Every mapping of the deployment with its fixture of the first night that has rows.
fn feeds() -> Vec<(String, String)> {
    let deployment = Deployment::fresh();
    let mut feeds = Vec::new();
    for (name, bytes) in support::files(&deployment.path("mappings")) {
        let Some(mapping) = name.strip_suffix(".toml") else { continue };
        let hand: toml::Table = String::from_utf8(bytes).unwrap().parse().unwrap();
        let night = LATER.iter().find(|(m, _)| *m == mapping).map_or("20081117", |(_, night)| night);
        let file = hand["source"]["file"].as_str().unwrap().replace("{date}", night);
        let place = hand["source"]["place"].as_str().unwrap();
        feeds.push((mapping.to_owned(), format!("{place}/{file}")));
    }
    feeds
}

struct Drafted {
    deployment: Deployment,
    hand: toml::Table,
    said: Said,
    text: String,
}

fn drafted(mapping: &str, fixture: &str) -> Drafted {
    let deployment = Deployment::fresh();
    let path = deployment.path(&format!("mappings/{mapping}.toml"));
    let hand: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    fs::remove_file(&path).unwrap();
    let name = hand["feed"]["name"].as_str().unwrap().to_owned();
    // No other feed can wait for one that is not there.
    for other in fs::read_dir(path.parent().unwrap()).unwrap() {
        let other = other.unwrap().path();
        let text = fs::read_to_string(&other).unwrap();
        fs::write(&other, text.replace(&format!("after = [\"{name}\"]"), "after = []")).unwrap();
    }
    let sample = deployment.path(&format!("fixtures/{fixture}"));
    let partner = hand["feed"]["partner"].as_str().unwrap();
    let said = deployment.run(&[
        "feed",
        "new",
        &name,
        "--from",
        sample.to_str().unwrap(),
        "--partner",
        partner,
        "--json",
    ]);
    let text = match said.code {
        Some(0) => fs::read_to_string(deployment.path(said.json()["mapping"].as_str().unwrap())).unwrap(),
        _ => String::new(),
    };
    Drafted { deployment, hand, said, text }
}

fn words(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::Array(all) => all.iter().map(|w| w.as_str().unwrap().to_owned()).collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    }
}

/// What the hand-written mapping does with each header.
fn roles(hand: &toml::Table) -> BTreeMap<String, BTreeSet<String>> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    let mut roles: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (word, column) in hand["columns"].as_table().unwrap() {
        if word == "ignore" {
            for header in words(column) {
                roles.entry(header).or_default().insert("ignore".into());
            }
            continue;
        }
        let header = column.get("header").unwrap_or(column);
        headers.insert(word.clone(), words(header).remove(0));
    }
    let mut add = |word: &str, role: String| {
        roles.entry(headers[word].clone()).or_default().insert(role);
    };
    let identity = hand["identity"].as_table().unwrap();
    words(&identity["key"]).iter().for_each(|w| add(w, "key".into()));
    for (name, value) in identity.get("evidence").and_then(toml::Value::as_table).into_iter().flatten() {
        words(value).iter().for_each(|w| add(w, format!("evidence.{name}")));
    }
    let empty = toml::Value::Array(Vec::new());
    let list = |name: &str| hand.get(name).unwrap_or(&empty).as_array().unwrap().clone();
    let person = identity.get("person").map(|fields| ("person".to_owned(), fields.clone()));
    let records = list("record");
    let blocks = records.iter().map(|r| (r["category"].as_str().unwrap().to_owned(), r["fields"].clone()));
    for (category, fields) in person.into_iter().chain(blocks) {
        for (field, value) in fields.as_table().unwrap() {
            let parts = ["column", "time", "columns"].into_iter().filter_map(|k| value.get(k));
            let parts: Vec<String> =
                if value.is_str() { words(value) } else { parts.flat_map(words).collect() };
            parts.iter().for_each(|w| add(w, format!("{category}.{field}")));
        }
    }
    for record in &records {
        words(&record["key"]).iter().for_each(|w| add(w, "key".into()));
        let marks = ["cancelled", "restricted"].into_iter().filter_map(|m| record.get(m).cloned());
        let when = record.get("when").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        marks.chain(when).for_each(|c| add(c["column"].as_str().unwrap(), "condition".into()));
    }
    for rule in list("refuse").iter().chain(&list("skip")) {
        let when = rule["when"].as_array().unwrap();
        when.iter().for_each(|c| add(c["column"].as_str().unwrap(), "condition".into()));
    }
    roles
}

/// A column is right when the draft gives it one of the meanings that the hand-written mapping gives it; one that
/// is ignored by hand is right when the draft does not use it either.
fn right(target: &str, roles: &BTreeSet<String>) -> bool {
    roles.contains(target) || (roles.contains("ignore") && target == "todo")
}

#[test]
fn drafts_agree_with_the_mappings_written_by_hand() {
    let mut table =
        String::from("| Feed | Columns | Right | Wrong: column, draft, by hand |\n|---|---|---|---|\n");
    let mut rest = String::from(
        "| Feed | Columns | Right | Not recognised | Taken for something else | Named otherwise by hand |\n|---|---|---|---|---|---|\n",
    );
    let feeds = feeds();
    assert_eq!(feeds.len(), 39, "the page speaks of all feeds");
    let mut low = Vec::new();
    for (mapping, fixture) in &feeds {
        let drafted = drafted(mapping, fixture);
        let name = drafted.hand["feed"]["name"].as_str().unwrap();
        if drafted.text.is_empty() {
            let why = drafted.said.err.trim().trim_start_matches("error: ");
            writeln!(rest, "| `{name}` | | not drafted: {why} | | | |").unwrap();
            low.push((mapping.as_str(), 0));
            continue;
        }
        let (roles, json) = (roles(&drafted.hand), drafted.said.json());
        let columns = json["columns"].as_array().unwrap();
        let mut wrong = Vec::new();
        for column in columns {
            let (header, target) = (column["header"].as_str().unwrap(), column["target"].as_str().unwrap());
            let hand = roles.get(header).cloned().unwrap_or_else(|| ["no column".into()].into());
            if !right(target, &hand) {
                let hand = hand.into_iter().collect::<Vec<_>>().join(" ");
                let why = match (hand.as_str(), target) {
                    ("no column", _) => 2,
                    (_, "todo") => 0,
                    _ => 1,
                };
                wrong.push((why, format!("`{header}`: {target}, {hand}")));
            }
        }
        let share = (columns.len() - wrong.len()) * 100 / columns.len();
        if share < GOOD {
            low.push((mapping.as_str(), share));
            let [a, b, c] = [0, 1, 2].map(|why| wrong.iter().filter(|(w, _)| *w == why).count());
            writeln!(rest, "| `{name}` | {} | {share}% | {a} | {b} | {c} |", columns.len()).unwrap();
        } else {
            let shown: Vec<&str> = wrong.iter().map(|(_, text)| text.as_str()).collect();
            let shown = if shown.is_empty() { "none".into() } else { shown.join("; ") };
            writeln!(table, "| `{name}` | {} | {share}% | {shown} |", columns.len()).unwrap();
        }
        let check = drafted.deployment.run(&["check"]);
        assert_eq!(check.code, Some(0), "{mapping}: {}", check.err);
        let test = drafted.deployment.run(&["feed", "test", name]);
        assert_eq!(test.code, Some(0), "{mapping}: {}", test.out);
        assert!(drafted.text.contains("[[example]]") && drafted.text.contains("TODO"));
    }
    assert_eq!(low, KNOWN, "which feeds stay below {GOOD}%, and with what\n{table}\n{rest}");
    let page = fs::read_to_string("docs/feed-new.md").unwrap();
    for table in [table, rest] {
        assert!(page.contains(&table), "docs/feed-new.md has not this table:\n{table}");
    }
}

/// Every cell of the columns that hold people's names, days of birth, numbers, addresses and free text.
fn personal_cells(fixture: &str, encoding_is_latin: bool) -> BTreeSet<String> {
    let bytes = fs::read(format!("fixtures/{fixture}")).unwrap();
    let text: String = if encoding_is_latin {
        bytes.iter().map(|b| char::from(*b)).collect()
    } else {
        String::from_utf8(bytes).unwrap()
    };
    let semicolons = text.matches(';').count() > text.matches(',').count();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if semicolons { b';' } else { b',' })
        .has_headers(false)
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let at = rows
        .iter()
        .position(|r| r.iter().any(|c| ["dob", "date_of_birth"].contains(&c.to_lowercase().as_str())))
        .unwrap();
    let words = [
        "name", "alias", "birth", "dob", "pnc", "cro", "number", "nomis", "address", "post", "notes",
        "details", "subject", "order_id", "manager",
    ];
    let not = ["organisation", "type"];
    let columns: Vec<usize> = rows[at]
        .iter()
        .enumerate()
        .filter(|(_, h)| {
            words.iter().any(|w| h.to_lowercase().contains(w))
                && !not.iter().any(|w| h.to_lowercase().contains(w))
        })
        .map(|(n, _)| n)
        .collect();
    assert!(columns.len() >= 8, "{fixture}: {columns:?}");
    let cells = rows.iter().skip(at + 1).flat_map(|r| columns.iter().filter_map(|c| r.get(*c)));
    cells.map(|c| c.trim().to_owned()).filter(|c| c.len() > 2).collect()
}

/// Feeds whose personal columns are looked for in a draft, cell by cell.
const PLAIN: [(&str, &str); 5] = [
    ("g4s/endings", "g4s/EMS_LEEDS_20081119_ENDINGS.csv"),
    ("g4s/installs", "g4s/EMS_LEEDS_20081117_INSTALLS.csv"),
    ("g4s/orders", "g4s/EMS_LEEDS_20081117_ORDERS.csv"),
    ("g4s/violations", "g4s/EMS_LEEDS_20081117_VIOLATIONS.csv"),
    ("hmps/releases", "hmps/HMPS_RELEASES_20081117.csv"),
];

#[test]
fn no_value_of_a_personal_column_stands_in_a_draft() {
    // Null words and the words of count rows are the sources', not a person's.
    let nulls =
        ["TRAILER", "ROWS", "UNKNOWN", "No Value", "01/01/1900", "1900-01-01", "000000/00Z", "1970-01-01"];
    for (mapping, fixture) in PLAIN {
        let drafted = drafted(mapping, fixture);
        let whole = format!("{}{}{}", drafted.text, drafted.said.out, drafted.said.err);
        let cells = personal_cells(fixture, mapping.starts_with("hmps"));
        assert!(cells.len() > 20, "{mapping}");
        for cell in cells.iter().filter(|c| !nulls.contains(&c.as_str())) {
            let quoted = [format!("\"{cell}\""), format!("`{cell}`")];
            assert!(
                !quoted.iter().any(|q| whole.contains(q)),
                "{mapping}: the draft holds a personal value ({cell})"
            );
        }
    }
    for (mapping, fixture, planted) in [
        (
            "probation/oasys",
            "probation/OASYS_EXTRACT_20081117.xml",
            vec![
                "Connor James",
                "Hargreaves",
                "X204118",
                "A7341CD",
                "1981-02-14",
                "canary",
                "Former partner",
            ],
        ),
        (
            "wyp/cohort",
            "wyp/IOM_COHORT_20081117.txt",
            vec!["HARGREAVES", "Connor James", "LDS000011", "2004/0031877J", "14/02/1981", "LS9 7ZZ"],
        ),
        (
            "lcc/orchard",
            "lcc/ORCHARD_20081117.xlsx",
            vec!["HARGREAVES", "Connor James", "0044210/02", "JK451208C", "14 Copse Row", "LS9 7ZZ"],
        ),
    ] {
        let drafted = drafted(mapping, fixture);
        let whole = format!("{}{}", drafted.text, drafted.said.out);
        for value in planted {
            assert!(!whole.contains(value), "{mapping}: the draft holds {value}");
        }
    }
}

fn sample(deployment: &Deployment, name: &str, text: &str) -> String {
    let path = deployment.path(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const HOSTEL: &str = "Approved premises weekly list\nResident,,,,\nCRN,Family name,Given name,Date of birth,Approved premises,Arrival date,Departure date,Incidents,Diagnosis,Bed\n\
X990001,QUILL,Ada,04/05/1980,Cardigan House,01/02/2008,,,none,4\nX990002,PARGETER,Bo,06/07/1981,Cardigan House,02/03/2008,,,none,5\nX990003,VELLUM,Cy,08/09/1982,Cardigan House,03/04/2008,,,none,6\n";

#[test]
fn a_file_nobody_has_seen_gives_a_draft_that_says_what_it_does_not_know() {
    let deployment = Deployment::fresh();
    let from = sample(&deployment, "RESIDENTS_17-11-2008.csv", HOSTEL);
    let said = deployment.run(&["feed", "new", "cri-residents", "--from", &from]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let text = fs::read_to_string(deployment.path("mappings/cri/residents.toml")).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!("unseen_said", said.out);
        insta::assert_snapshot!("unseen_draft", text);
    });
    assert_eq!(deployment.run(&["check"]).code, Some(0));
    let again = deployment.run(&["feed", "new", "cri-residents", "--from", &from]);
    assert_eq!(again.code, Some(2), "an existing mapping was overwritten");
    assert_eq!(fs::read_to_string(deployment.path("mappings/cri/residents.toml")).unwrap(), text);
}

#[test]
fn what_cannot_be_drafted_is_said_and_nothing_is_written() {
    let deployment = Deployment::fresh();
    let headless = "X990001,QUILL,04/05/1980\nX990002,PARGETER,06/07/1981\n";
    let cases = [
        ("wyp-list", "a.csv", headless, 3, "first row looks like data"),
        ("wyp-list", "b.csv", "", 3, "empty"),
        ("wyp-list", "c.csv", "only words\nand lines\n", 3, "no columns"),
        ("wyp-list", "d.csv", "Surname,Forename\nQUILL,\nQUILL,\n", 3, "whose row it is"),
        ("nobody-list", "e.csv", HOSTEL, 2, "--partner"),
        ("wyp-List", "f.csv", HOSTEL, 2, "no feed name"),
        ("wyp-cohort", "g.csv", HOSTEL, 2, "already"),
        ("wyp-list", "h.xlsx", "PK\u{3}\u{4}broken", 3, "no format reads it"),
        ("wyp-list", "i.xml", "<a><b>", 3, "no format reads it"),
    ];
    for (name, file, text, code, word) in cases {
        let from = sample(&deployment, file, text);
        let said = deployment.run(&["feed", "new", name, "--from", &from]);
        assert_eq!(said.code, Some(code), "{file}: {}", said.err);
        assert!(said.err.contains(word), "{file}: {}", said.err);
        assert!(!said.err.contains("QUILL"), "{file}: a value in the message");
    }
    let none = deployment.run(&["feed", "new", "wyp-list", "--from", "/nowhere/at/all.csv"]);
    assert_eq!(none.code, Some(3));
    assert!(!deployment.path("mappings/wyp/list.toml").exists());
}

#[test]
fn a_draft_is_told_as_json_too() {
    let deployment = Deployment::fresh();
    let from = sample(&deployment, "RESIDENTS_20081117.csv", HOSTEL);
    let said = deployment.run(&["feed", "new", "cri-residents", "--from", &from, "--json"]).json();
    assert_eq!((&said["format"], &said["rows"]), (&Value::from("csv"), &Value::from(3)));
    let of = |header: &str| {
        said["columns"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["header"] == header)
            .expect("the column")
            .clone()
    };
    assert_eq!(of("Family name")["target"], "person.surname");
    assert_eq!(of("Diagnosis")["marks"], serde_json::json!(["medical"]));
    assert_eq!(of("Bed")["target"], "todo");
}
