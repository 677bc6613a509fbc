//! What is left of somebody who was erased: entries that still verify, commitments that prove what was sent to whoever has kept the
//! salts, and in the store's bytes nothing of what it held.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use lockgate_core::hash::Digest;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, query_as};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use support::{Deployment, NIGHTS, RECIPIENTS, Row, files};

/// Rows of a table of the store.
fn blobs(deployment: &Deployment, select: &'static str) -> Vec<(i64, Vec<u8>)> {
    let options = SqliteConnectOptions::new().filename(deployment.path("state/store.sqlite")).read_only(true);
    let read = async {
        let mut store = SqliteConnection::connect_with(&options).await.unwrap();
        query_as(select).fetch_all(&mut store).await.unwrap()
    };
    tokio::runtime::Runtime::new().unwrap().block_on(read)
}

/// What recipients hold of each person, by recipient and reference.
fn held(deployment: &Deployment) -> BTreeMap<(&'static str, String), Vec<Row>> {
    let mut out: BTreeMap<_, Vec<Row>> = BTreeMap::new();
    for recipient in RECIPIENTS {
        for row in deployment.replica(recipient).rows.values() {
            out.entry((recipient, row.get("person_ref").to_owned())).or_default().push(row.clone());
        }
    }
    out
}

/// What a row says of its person, without where it comes from.
fn values(row: &Row) -> impl Iterator<Item = String> {
    const FROM: [&str; 6] = ["record_id", "person_ref", "originator", "clause", "purpose", "handling"];
    row.says().into_iter().filter(|(column, _)| !FROM.contains(&column.as_str())).map(|(_, value)| value)
}

fn find(place: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(place, wanted).is_some()
}

/// Somebody leaves the cohort on the third night: withdrawn from every recipient, and erased.
#[test]
fn clause_5_5_1_of_whoever_was_erased_no_value_is_left_in_the_store_and_every_entry_still_verifies() {
    let deployment = Deployment::sealed();
    let plain = Deployment::after(1);
    NIGHTS[..2].iter().for_each(|day| drop(deployment.night(day)));
    let (chapters, salts) = (
        blobs(&deployment, "SELECT id, body FROM chapter"),
        blobs(&deployment, "SELECT id, salt FROM person WHERE salt IS NOT NULL"),
    );
    let before = held(&plain);
    let said = deployment.night(NIGHTS[2]);
    assert!(said.json()["left"].as_u64().unwrap() > 0, "{}", said.out);
    plain.night(NIGHTS[2]);
    let after = held(&plain);

    // Bytes that stood in the store before, and belong to nobody now.
    let left = blobs(&deployment, "SELECT id, body FROM chapter");
    let kept: BTreeSet<&[u8]> = left.iter().map(|(_, body)| body.as_slice()).collect();
    let gone: Vec<&[u8]> =
        chapters.iter().map(|(_, body)| body.as_slice()).filter(|body| !kept.contains(body)).collect();
    let left = blobs(&deployment, "SELECT id, salt FROM person WHERE salt IS NOT NULL");
    let numbers: BTreeSet<&[u8]> = left.iter().map(|(_, salt)| salt.as_slice()).collect();
    let erased: Vec<i64> =
        salts.iter().filter(|(_, salt)| !numbers.contains(salt.as_slice())).map(|(id, _)| *id).collect();
    let salts_gone: Vec<&[u8]> =
        salts.iter().map(|(_, salt)| salt.as_slice()).filter(|salt| !numbers.contains(salt)).collect();
    assert!(!gone.is_empty() && !erased.is_empty() && salts_gone.iter().all(|s| s.len() == 16));

    // What recipients held of those persons, in plain words; what others have as well is nobody's alone.
    let others: BTreeSet<String> = after.values().flatten().flat_map(values).collect();
    let erased_values: BTreeSet<String> = before
        .iter()
        .filter(|(person, _)| !after.contains_key(*person))
        .flat_map(|(_, rows)| rows.iter().flat_map(values))
        .filter(|value| value.len() > 8 && !others.contains(value))
        .collect();
    assert!(erased_values.len() > 5, "{}", erased_values.len());
    let mut looked = 0;
    for (name, bytes) in files(&deployment.path("state")) {
        // A received file stays, encrypted, for its retention; the texts of mappings are configuration.
        if name.starts_with("archive/") || name.starts_with("mappings/") {
            continue;
        }
        looked += bytes.len();
        assert!(!gone.iter().chain(&salts_gone).any(|old| find(&bytes, old)), "{name} holds erased bytes");
        for value in &erased_values {
            assert!(!find(&bytes, value.as_bytes()), "{name} holds an erased value: {value:?}");
        }
    }
    assert!(looked > 100_000);

    let said = deployment.run(&["ledger", "verify", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let (mut proven, mut refused) = (0, 0);
    for entry in exported(&deployment).into_iter().filter(|e| e["says"]["kind"] == "disclosure") {
        let number = entry["number"].to_string();
        if proven > 3 && refused > 3 {
            break;
        }
        let said = deployment.run(&["ledger", "prove", "--entry", &number, "--salts"]);
        match said.code {
            Some(0) => proven += 1,
            Some(8) => {
                assert!(said.err.contains("forgotten"), "{}", said.err);
                let said = deployment.run(&["ledger", "prove", "--entry", &number]);
                assert_eq!(said.code, Some(0), "the entry itself is proven for ever");
                refused += 1;
            }
            other => panic!("{other:?} {}", said.err),
        }
    }
    assert!(proven > 0 && refused > 0, "{proven} {refused}");
}

fn exported(deployment: &Deployment) -> Vec<Value> {
    let folder = deployment.path("evidence");
    let said = deployment.run(&["ledger", "export", "--out", folder.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let lines = fs::read_to_string(folder.join("entries.jsonl")).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// What the page says: leaves of salt and value, and the commitment of the leaves.
fn commitment(row: &Row, leaves: &serde_json::Map<String, Value>) -> String {
    let mut all: Vec<(u64, Vec<u8>)> = Vec::new();
    for (name, leaf) in leaves {
        let value = if name == "(provenance)" {
            let from =
                ["person_ref", "originator", "purpose", "handling"].map(|c| format!("{}\n", row.get(c)));
            from.concat()
        } else {
            // What a spreadsheet would take for a formula has an apostrophe before it in the file.
            let cell = row.get(name);
            cell.strip_prefix('\'').unwrap_or(cell).to_owned()
        };
        let salted = [&[0][..], &bytes(leaf["salt"].as_str().unwrap()), value.as_bytes()].concat();
        all.push((leaf["index"].as_u64().unwrap(), Digest::of(&salted).0.to_vec()));
    }
    all.sort();
    let mut whole = vec![1];
    for (index, leaf) in all {
        whole.push(u8::try_from(index).unwrap());
        whole.extend(leaf);
    }
    Digest::of(&whole).hex()
}

/// A row as its recipient has it, with the salts of its entry, gives the ledger's commitment; another value does not.
#[test]
fn what_was_sent_is_proven_field_by_field_with_the_salts() {
    let deployment = Deployment::after(0);
    let (mut proven, mut others) = (0, 0);
    for entry in exported(&deployment).into_iter().filter(|e| e["says"]["kind"] == "disclosure").step_by(97) {
        let number = entry["number"].to_string();
        let shown = deployment.run(&["ledger", "prove", "--entry", &number, "--salts"]).json();
        let (says, leaves) = (&entry["says"], shown["fields"]["leaves"].as_object().unwrap());
        assert_eq!(shown["fields"]["commitment"], says["commitment"]);
        let recipient = RECIPIENTS.iter().find(|r| says["recipient"] == **r).unwrap();
        let bundle = deployment.bundle(recipient, NIGHTS[0]);
        let of_table = bundle.rows.iter().filter(|r| {
            says["category"] == r.table.as_str() || (says["category"] == "person" && r.table == "people")
        });
        let (same, other): (Vec<&Row>, Vec<&Row>) =
            of_table.partition(|row| says["commitment"] == commitment(row, leaves).as_str());
        assert!(!same.is_empty(), "entry {number}: no row is what was sent");
        others += other.len();
        let content = |row: &Row| values(row).collect::<Vec<_>>();
        assert!(
            same.iter().all(|r| content(r) == content(same[0])),
            "entry {number}: two contents are proven"
        );
        proven += 1;
    }
    assert!(proven > 10 && others > 10, "{proven} {others}");
}
