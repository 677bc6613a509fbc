//! `lockgate link` on small files: what it writes and says, that the order of rows does not matter, and that nothing of
//! the file stands in what it says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use lockgate::link::{read, run};
use lockgate_core::linkage::cluster::{Doubt, Edge, Limits};
use lockgate_core::linkage::model::Model;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use support::{Deployment, Said};

const HEADER: &str = "record_id,agency,forename,middle_name,surname,sex,dob,address,postcode,pnc,noms,crn";

/// A person under several guises, a twin, a father, a number that is somebody else's.
const PLANTED: [&str; 8] = [
    "A1,police,Connor,James,Hargreaves,M,1981-02-14,14 Copse Row,LS9 7AA,2004/0031877J,A7341CD,",
    "A2,prison,CONNOR,,HARGREAVES,M,14/02/1981,14 Copse Row,ls97aa,04/31877J,,",
    "A3,police,Conor,J,Hargreave,M,1981-02-14,14 Copse Row,LS9 7AA,,A7341CD,",
    "A4,tagging,Hargreaves,,Connor,M,1981-02-14,14 Copse Row,,2004/0031878J,A7341CD,",
    "B1,police,Declan,,Hargreaves,M,1981-02-14,14 Copse Row,LS9 7AA,,,",
    "C1,housing,Connor,,Hargreaves,M,1956-07-30,14 Copse Row,LS9 7AA,,,",
    "D1,police,Shanelle,,Oneill,F,1985-09-03,2 Quarry Bank,LS12 4AB,2004/0031877J,,",
    "E1,housing,Shanelle,,O'Neill,F,1985-09-03,2 Quarry Bank,LS12 4AB,,,",
];

/// People who have nothing to do with them.
fn crowd(people: usize) -> Vec<String> {
    let given =
        ["ADA", "BERYL", "CYRIL", "DORIS", "ELMER", "FLORA", "GILES", "HILDA", "IVOR", "JUNO", "KEIR"];
    let family =
        ["ABLETT", "BODKIN", "CRABBE", "DITTON", "EAGLING", "FARROW", "GOTOBED", "HUNNABLE", "INSTONE"];
    let one = |n: usize| {
        let (f, s) = (given[n % given.len()], family[n / given.len() % family.len()]);
        let (year, month, day) = (1950 + n % 50, 1 + n % 12, 2 + n % 27);
        format!(
            "Z{n},police,{f},,{s},,{year}-{month:02}-{day:02},{} Sample Row,LS{} {}AB,,,",
            n % 97 + 1,
            n % 28 + 1,
            n % 9 + 1
        )
    };
    (0..people).map(one).collect()
}

struct Desk {
    deployment: Deployment,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { deployment: Deployment::fresh(), folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, rows: &[String]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
        path
    }

    fn link(&self, file: &Path, more: &[&str]) -> Said {
        let words = [&["link", file.to_str().unwrap(), "--as-of", "2026-11-29"], more].concat();
        self.deployment.run(&words)
    }

    /// Links into a file, and gives the cluster of each record.
    fn clusters(&self, file: &Path, more: &[&str]) -> BTreeMap<String, String> {
        let out = self.path("out.csv");
        let said = self.link(file, &[&["--out", out.to_str().unwrap()], more].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
        let rows = fs::read_to_string(out).unwrap();
        let mut lines = rows.lines();
        assert_eq!(lines.next(), Some("record_id,cluster_id"));
        lines.map(|l| l.split_once(',').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
    }
}

fn population() -> Vec<String> {
    PLANTED.iter().map(|row| (*row).to_owned()).chain(crowd(300)).collect()
}

#[test]
fn one_person_is_one_and_look_alikes_are_not() {
    let desk = Desk::new();
    let found = desk.clusters(&desk.put("people.csv", &population()), &[]);
    for (record, cluster) in [
        ("A1", "A1"),
        ("A2", "A1"),
        ("A3", "A1"),
        ("A4", "A1"),
        ("B1", "B1"),
        ("C1", "C1"),
        ("D1", "D1"),
        ("E1", "D1"),
    ] {
        assert_eq!(found[record], cluster, "{record}");
    }
    assert!(
        found.iter().filter(|(record, _)| record.starts_with('Z')).all(|(record, cluster)| record == cluster)
    );
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let desk = Desk::new();
    let rows = population();
    let first = desk.clusters(&desk.put("people.csv", &rows), &[]);
    let backwards: Vec<String> = rows.iter().rev().cloned().collect();
    assert_eq!(desk.clusters(&desk.put("backwards.csv", &backwards), &[]), first);
    let mut mixed = rows;
    mixed.sort_by_key(|row| row.bytes().map(u32::from).fold(7, |n, b| (n * 31 + b) % 1009));
    assert_eq!(desk.clusters(&desk.put("mixed.csv", &mixed), &[]), first);
}

#[test]
fn a_trained_model_gives_its_own_answer_again() {
    let desk = Desk::new();
    let file = desk.put("people.csv", &population());
    let model = desk.path("model.json");
    let trained = desk.clusters(&file, &["--train", model.to_str().unwrap()]);
    assert_eq!(desk.clusters(&file, &["--model", model.to_str().unwrap()]), trained);
    let text = fs::read_to_string(&model).unwrap();
    assert!(
        text.contains("\"date\": \"2026-11-29\"") && text.contains("\"version\": \"trained-2026-11-29\""),
        "{text}"
    );
    fs::write(&model, text.replace("\"form\": 1", "\"form\": 2")).unwrap();
    let said = desk.link(&file, &["--model", model.to_str().unwrap()]);
    assert!(said.code == Some(3) && said.err.contains("LG1425"), "{}", said.err);
}

#[test]
fn nothing_of_the_file_stands_in_what_is_said() {
    let desk = Desk::new();
    let file = desk.put("people.csv", &population());
    let (pairs, page) = (desk.path("pairs.csv"), desk.path("report.html"));
    let more = [
        "--pairs",
        pairs.to_str().unwrap(),
        "--report",
        page.to_str().unwrap(),
        "--explain",
        "A1,A3",
        "--review",
        "-9",
    ];
    let said = desk.link(&file, &more);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let all =
        [said.out, said.err, fs::read_to_string(pairs).unwrap(), fs::read_to_string(page).unwrap()].concat();
    let all = all.to_lowercase();
    for value in [
        "connor",
        "hargreave",
        "declan",
        "1981",
        "copse",
        "ls9 7aa",
        "31877",
        "7341",
        "sample row",
        "gotobed",
    ] {
        assert!(!all.contains(value), "{value} is said");
    }
}

#[test]
fn a_pair_is_explained_and_the_page_needs_nothing_else() {
    let desk = Desk::new();
    let file = desk.put("people.csv", &population());
    let said = desk.link(&file, &["--explain", "A1,B1", "--json"]);
    let pair = &said.json()["explained"];
    assert_eq!((pair["joined"].as_bool(), pair["barred"].as_str()), (Some(false), Some("LG1413")), "{pair}");
    let sum: f64 = pair["lines"].as_array().unwrap().iter().map(|l| l["weight"].as_f64().unwrap()).sum();
    assert!((sum - pair["weight"].as_f64().unwrap()).abs() < 0.001, "{pair}");
    let truth = desk.path("truth.csv");
    let of = |row: &String| {
        row.split_once(',')
            .map(|(id, _)| format!("{id},{}\n", &id.replace(['1', '2', '3', '4'], "")))
            .unwrap()
    };
    let persons: String = population().iter().map(of).collect();
    fs::write(&truth, format!("record_id,person_id\n{persons}")).unwrap();
    let page = desk.path("report.html");
    let said =
        desk.link(&file, &["--report", page.to_str().unwrap(), "--truth", truth.to_str().unwrap(), "--json"]);
    assert!(said.json()["quality"]["precision"].as_f64().is_some(), "{}", said.out);
    let html = fs::read_to_string(page).unwrap();
    assert!(
        html.contains("Thresholds against precision and recall")
            && html.contains("prefers-color-scheme")
            && html.contains("@media print")
    );
    assert!(
        !html.contains("http:")
            && !html.contains("https:")
            && !html.contains("<script")
            && !html.contains("src="),
        "the page fetches something"
    );
}

#[test]
fn further_columns_are_mapped_and_a_source_may_hold_each_person_once() {
    let desk = Desk::new();
    let file = desk.path("other.csv");
    let mut rows = String::from("nr,given,last,born,street,no,member\n");
    rows.push_str("1,Connor,Hargreaves,1981-02-14,Copse Row,14,55512345\n2,Conor,Hargreaves,1981-02-14,Copse Row,14,55512345\n");
    for (n, row) in crowd(200).iter().enumerate() {
        let cells: Vec<&str> = row.split(',').collect();
        writeln!(rows, "{},{},{},{},Sample Row,{n},7{n:07}", n + 3, cells[2], cells[4], cells[6]).unwrap();
    }
    fs::write(&file, rows).unwrap();
    let maps = [
        "record_id=nr",
        "forename=given",
        "surname=last",
        "dob=born",
        "address=no+street",
        "id.member=member",
    ];
    let more: Vec<&str> = maps.iter().flat_map(|m| ["--map", m]).collect();
    assert_eq!(desk.clusters(&file, &more)["2"], "1");
    assert_eq!(desk.clusters(&file, &[&more[..], &["--unique", "all"]].concat())["2"], "2");
}

#[test]
fn a_file_that_cannot_be_linked_is_refused_with_the_place() {
    let desk = Desk::new();
    let out = desk.path("out.csv");
    fs::write(&out, "before").unwrap();
    for (name, bytes, code) in [
        ("no_id.csv", &b"id,surname\n1,Sample\n"[..], "LG1420"),
        ("empty.csv", b"", "LG1420"),
        ("twice.csv", b"record_id,surname\n1,Sample\n1,Test\n", "LG1422"),
        ("without.csv", b"record_id,surname\n1,Sample\n,Test\n", "LG1422"),
        ("ragged.csv", b"record_id,surname\n1,Sample\n2,Sample,Test\n", "LG1423"),
        ("latin.csv", b"record_id,surname\n1,Sampl\xe9\n", "LG1423"),
    ] {
        let file = desk.path(name);
        fs::write(&file, bytes).unwrap();
        let said = desk.link(&file, &["--out", out.to_str().unwrap()]);
        assert_eq!(said.code, Some(3), "{name}: {}", said.err);
        assert!(said.err.contains(code) && !said.err.contains("Sampl"), "{name}: {}", said.err);
        assert_eq!(fs::read_to_string(&out).unwrap(), "before", "{name}");
    }
    let said = desk.link(&desk.path("absent.csv"), &[]);
    assert!(said.code == Some(3) && said.err.contains("LG1424"), "{}", said.err);
    let file = desk.put("people.csv", &population());
    assert!(desk.link(&file, &["--map", "dob=birthday"]).err.contains("LG1420"));
    assert!(desk.link(&file, &["--explain", "A1,Q9"]).err.contains("LG1426"));
    assert_eq!(desk.link(&file, &["--map", "shoe=size"]).code, Some(2));
}

#[test]
fn bad_input_is_said_and_joins_nobody() {
    let desk = Desk::new();
    let mut rows = population();
    // One number in a whole column of people, and rows that say nothing.
    rows.extend(crowd(60).iter().enumerate().map(|(n, row)| {
        let cells: Vec<&str> = row.split(',').collect();
        format!("Y{n},yos,{}x,,{}ov,,19{}-03-{:02},,,,,X111111", cells[2], cells[4], 60 + n % 30, n % 27 + 1)
    }));
    rows.extend((0..5).map(|n| format!("W{n},,,,,,,,,,,")));
    let said = desk.link(&desk.put("people.csv", &rows), &["--json"]);
    let found = said.json();
    let notes: Vec<&str> =
        found["notes"].as_array().unwrap().iter().map(|n| n["code"].as_str().unwrap()).collect();
    assert_eq!(notes, ["LG1432", "LG1431"], "{found}");
    assert_eq!(found["largest"], 4, "{found}");
}

#[test]
fn help_names_the_fields() {
    let said = Desk::new().deployment.run(&["link", "--help"]);
    for word in [
        "record_id",
        "middle_name",
        "id.NAME",
        "--threshold",
        "--pairs",
        "--explain",
        "--train",
        "--model",
        "--report",
    ] {
        assert!(said.out.contains(word), "{word}");
    }
}

/// Persons and pairs in doubt by their record ids, on so many cores.
fn persons(rows: &[String], cores: usize) -> (Vec<[Vec<u8>; 2]>, Vec<String>) {
    let file = format!("{HEADER}\n{}", rows.join("\n"));
    let mut csv = csv::Reader::from_reader(file.as_bytes());
    let columns = lockgate::link::columns(&mut csv, &[]).unwrap();
    let mut people = read::read(csv, &columns, &read::Unique::No, 2026, cores).unwrap();
    let names: Vec<String> = columns.kinds.iter().map(|kind| kind.name.clone()).collect();
    let mut prepared = run::prepare(&mut people.deck, cores);
    let mut model = run::learn(&people.deck, &mut prepared, &Model::shipped(&names), cores);
    let limits = Limits::for_model(&model);
    let linked = run::link(&people.deck, prepared, &mut model, limits, true, cores);
    let group = people.persons(&linked.person).into_iter().zip(0..);
    let group = group.map(|(first, at)| [at, first].map(|id| people.ids.get(id).to_vec())).collect();
    let doubt = |(edge, doubt): &(Edge, Doubt)| {
        let mut two = [edge.a, edge.b].map(|card| String::from_utf8_lossy(people.id(card)).into_owned());
        two.sort();
        format!("{two:?} {} {}", edge.weight, doubt.code())
    };
    let mut doubts: Vec<String> = linked.doubts.iter().map(doubt).collect();
    doubts.sort();
    (group, doubts)
}

/// A small population in which a few people stand several times, some of them with slips.
fn any_population() -> impl Strategy<Value = Vec<String>> {
    let given = ["CONNOR", "CONOR", "DECLAN", "ANN", "ANNE", "JAMES", "MOHAMMED", ""];
    let family = ["HARGREAVES", "HARGREAVE", "KHAN", "ONEILL", "SMITH", "SMITH-KHAN", ""];
    let births = ["1981-02-14", "1981-04-12", "1981-02-15", "1956-07-30", "1980-01-01", ""];
    let codes = ["LS9 7AA", "LS9 7AB", "LS12 4AB", ""];
    let pncs = ["2004/0031877J", "2004/0031878J", "2008/0123456M", "", ""];
    let noms = ["A7341CD", "A7341CE", "", ""];
    let one = (
        0..given.len(),
        0..given.len(),
        0..family.len(),
        0..births.len(),
        0..codes.len(),
        0..pncs.len(),
        0..noms.len(),
    );
    proptest::collection::vec(one, 2..60).prop_map(move |people| {
        let row = |(n, (g, m, f, b, c, p, x)): (usize, (usize, usize, usize, usize, usize, usize, usize))| {
            let (given, alias) = (given[g], given[m]);
            let given =
                if m % 3 == 0 && !alias.is_empty() { format!("{given};{alias}") } else { given.to_owned() };
            format!("R{n:03},,{given},,{},M,{},,{},{},{},", family[f], births[b], codes[c], pncs[p], noms[x])
        };
        people.into_iter().enumerate().map(row).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Rows in any order, on any number of cores: the same persons, the same pairs in doubt, with the same weights.
    #[test]
    fn the_order_of_rows_and_the_number_of_cores_do_not_matter_to_any_population(
        rows in any_population(),
        seed in any::<u64>(),
    ) {
        let first = persons(&rows, 1);
        let mut shuffled = rows;
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
        }
        prop_assert_eq!(&first, &persons(&shuffled, 1));
        prop_assert_eq!(&first, &persons(&shuffled, 3));
    }
}
