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
use std::path::Path;
use support::{Deployment, Said};

/// The least share of right columns that a draft of a feed of this deployment may have, in per cent.
const GOOD: usize = 80;
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
    // A code map that only this feed uses came with its mapping.
    let mappings = deployment.path("mappings");
    let all = support::files(&mappings);
    let uses = |(_, text): &(&String, &Vec<u8>), map: &str| {
        String::from_utf8_lossy(text).contains(&format!("codes = \"{map}\""))
    };
    for map in all.keys().filter_map(|name| name.strip_prefix("codes/")?.strip_suffix(".csv")) {
        if !all.iter().any(|feed| uses(&feed, map)) {
            fs::remove_file(mappings.join(format!("codes/{map}.csv"))).unwrap();
        }
    }
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

/// How the columns of a draft compare with what they should be.
#[derive(Default)]
struct Compared {
    columns: usize,
    /// Not recognised, taken for something else.
    wrong: [usize; 2],
    shown: Vec<String>,
}

impl Compared {
    fn of(json: &Value, fits: impl Fn(&str, &str) -> Result<(), String>) -> Self {
        let mut compared = Self::default();
        for column in json["columns"].as_array().unwrap() {
            let (header, target) = (column["header"].as_str().unwrap(), column["target"].as_str().unwrap());
            compared.columns += 1;
            if let Err(hand) = fits(header, target) {
                compared.wrong[usize::from(target != "todo")] += 1;
                compared.shown.push(format!("`{header}`: {target}, {hand}"));
            }
        }
        compared
    }

    fn right(&self) -> usize {
        self.columns - self.wrong[0] - self.wrong[1]
    }

    fn share(&self) -> usize {
        self.right() * 100 / self.columns
    }

    fn line(&self, name: &str) -> String {
        let shown = if self.shown.is_empty() { "none".into() } else { self.shown.join("; ") };
        format!("| `{name}` | {} | {}% | {shown} |\n", self.columns, self.share())
    }
}

const HEAD: &str = "| Feed | Columns | Right | Wrong: column, draft, by hand |\n|---|---|---|---|\n";

fn is_on_the_page(text: &str) {
    let page = fs::read_to_string("docs/feed-new.md").unwrap();
    assert!(page.contains(text), "docs/feed-new.md has not this:\n{text}");
}

#[test]
fn drafts_agree_with_the_mappings_written_by_hand() {
    let mut table = String::from(HEAD);
    let feeds = feeds();
    assert_eq!(feeds.len(), 39, "the page speaks of all feeds");
    let (mut low, mut all) = (Vec::new(), [0, 0]);
    for (mapping, fixture) in &feeds {
        let drafted = drafted(mapping, fixture);
        let name = drafted.hand["feed"]["name"].as_str().unwrap();
        assert!(!drafted.text.is_empty(), "{mapping} is not drafted: {}", drafted.said.err);
        let roles = roles(&drafted.hand);
        let compared = Compared::of(&drafted.said.json(), |header, target| {
            let hand = roles.get(header).cloned().unwrap_or_else(|| ["no column".into()].into());
            let words = || hand.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
            if right(target, &hand) { Ok(()) } else { Err(words()) }
        });
        table.push_str(&compared.line(name));
        all = [all[0] + compared.columns, all[1] + compared.right()];
        if compared.share() < GOOD {
            low.push((mapping, compared.share()));
        }
        let check = drafted.deployment.run(&["check"]);
        assert_eq!(check.code, Some(0), "{mapping}: {}", check.err);
        let test = drafted.deployment.run(&["feed", "test", name]);
        assert_eq!(test.code, Some(0), "{mapping}: {}", test.out);
        assert!(drafted.text.contains("[[example]]") && drafted.text.contains("TODO"));
    }
    assert_eq!(low, [], "which feeds stay below {GOOD}%\n{table}");
    writeln!(table, "\nTogether {} of {} columns.", all[1], all[0]).unwrap();
    is_on_the_page(&table);
}

/// Files of systems that exist nowhere, drafted for a partner of the deployment. Their shares are told, whatever they are.
#[test]
fn drafts_of_files_from_systems_that_no_list_has_seen() {
    let expected: toml::Table = fs::read_to_string("tests/drafts/expected.toml").unwrap().parse().unwrap();
    let mut table = String::from(HEAD);
    let (mut columns, mut wrong) = (0, [0, 0]);
    for sample in expected.values() {
        let deployment = Deployment::fresh();
        let name = sample["name"].as_str().unwrap();
        let from = Path::new("tests/drafts").canonicalize().unwrap().join(sample["file"].as_str().unwrap());
        let partner = sample["partner"].as_str().unwrap();
        let said = deployment.run(&[
            "feed",
            "new",
            name,
            "--from",
            from.to_str().unwrap(),
            "--partner",
            partner,
            "--json",
        ]);
        assert_eq!(said.code, Some(0), "{name}: {}", said.err);
        let compared = Compared::of(&said.json(), |header, target| {
            let wanted = sample["columns"].get(header).map(words).unwrap_or_default();
            if wanted.iter().any(|w| w == target) { Ok(()) } else { Err(wanted.join(" or ")) }
        });
        table.push_str(&compared.line(name));
        columns += compared.columns;
        wrong = [wrong[0] + compared.wrong[0], wrong[1] + compared.wrong[1]];
        let check = deployment.run(&["check"]);
        assert_eq!(check.code, Some(0), "{name}: {}", check.err);
        for person in
            ["QUILL", "PARGETER", "VELLUM", "Invented Close", "asked many things", "search of the yard"]
        {
            let text = fs::read_to_string(deployment.path(said.json()["mapping"].as_str().unwrap())).unwrap();
            assert!(!text.contains(person), "{name}: the draft holds {person}");
        }
    }
    writeln!(
        table,
        "\nTogether {} of {columns} columns; {} were not recognised, {} taken for something else.",
        columns - wrong[0] - wrong[1],
        wrong[0],
        wrong[1]
    )
    .unwrap();
    is_on_the_page(&table);
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
    // Null words, the words of count rows and the names of test rows are the sources', not a person's.
    let nulls = [
        "ZZTEST",
        "TEST",
        "XXTEST",
        "TRAILER",
        "ROWS",
        "UNKNOWN",
        "No Value",
        "01/01/1900",
        "1900-01-01",
        "000000/00Z",
        "1970-01-01",
    ];
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
            "wyp/custody",
            "wyp/CUSTODY_20081117.csv",
            vec!["HARGREAVES", "Connor James", "LDS000011", "14/02/1981", "Ivy Ramscroft", "13L7/08/014077"],
        ),
        (
            "wyp/domestic",
            "wyp/DV_REGISTER_20081117.ods",
            vec!["HARGREAVES", "Odette Quennell", "Loom Place", "V-0060", "LDS000011", "canary"],
        ),
        (
            "lcc/asb_cases",
            "lcc/ASB_CASES_20081117.csv",
            vec!["BOOTHROYD", "Doreen", "Holdcroft", "Cobbler Court", "0113 496", "P00417", "canary"],
        ),
        (
            "yos/assets",
            "yos/YOIS_ASSETS_20081117.xml",
            vec!["Boothroyd", "YOT-2008-0317", "1992-06-21", "LS9 6ZP", "Eastbrook", "canary"],
        ),
        ("cri/alerts", "cri/CRI_ALERTS_20081117.ods", vec!["C1008", "canary"]),
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
