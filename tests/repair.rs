//! Repair: refused rows are read again or let go, held files are let in, and what nobody decides expires.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests: a broken promise ends them"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use serde_json::Value;
use std::fs;
use support::{Deployment, RECIPIENTS, Row};

const NIGHT: &str = "2008-11-17";

/// What waits, as `quarantine list --json` says it.
fn waiting(deployment: &Deployment, words: &[&str]) -> Vec<Value> {
    let said = deployment.run(&[&["quarantine", "list", "--json"], words].concat());
    assert!(matches!(said.code, Some(0 | 4)), "{}", said.err);
    said.json()["rows"].as_array().unwrap().clone()
}

/// Whether an item of a list is the one of this number.
fn is(item: &Value, number: &str) -> bool {
    item["id"].as_i64() == number.parse().ok()
}

/// The item about the release whose reason nobody has explained.
fn unexplained(deployment: &Deployment) -> String {
    let items = waiting(deployment, &["--feed", "hmps-releases"]);
    let lumb = items.iter().find(|i| i["row"] == 16).unwrap_or_else(|| panic!("{items:?}"));
    lumb["id"].to_string()
}

/// What ops staff do when the prison has explained the code.
fn explain_the_code(deployment: &Deployment) {
    let list = deployment.path("mappings/codes/hmps/release_type.csv");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text + "REL/QQ,conditional,,\n").unwrap();
    // The mapping's own example says that the code is refused.
    deployment.edit("mappings/hmps/releases.toml", "reason = \"QQ\"", "reason = \"QX\"");
}

fn of_lumb(rows: &[Row]) -> Vec<&Row> {
    rows.iter().filter(|r| r.get("release_address").starts_with("201 Clough")).collect()
}

/// A row is refused for a code that nobody knows. The code is added, the row retried, and the same night delivers it:
/// to whom a fresh start with the code delivers it, once.
#[test]
fn a_code_is_added_and_the_row_is_delivered_the_same_night() {
    let deployment = Deployment::after(0);
    let item = unexplained(&deployment);
    let early = deployment.run(&["quarantine", "retry", &item, "--json"]);
    assert_eq!(early.code, Some(4), "{}", early.err);
    assert_eq!(early.json()[0]["done"], false);
    explain_the_code(&deployment);
    let words =
        ["quarantine", "retry", &item, "--by", "desk-2", "--reason", "letter 14 of the prison", "--json"];
    let retried = deployment.run(&words);
    assert_eq!((retried.code, &retried.json()[0]["done"]), (Some(0), &Value::Bool(true)), "{}", retried.err);

    let again = deployment.night(NIGHT);
    let line = again.feed("hmps-releases");
    assert_eq!(
        (line["state"].as_str(), line["read"].as_u64(), line["mapped"].as_u64()),
        (Some("read again"), Some(1), Some(1))
    );
    let fresh = Deployment::fresh();
    explain_the_code(&fresh);
    fresh.night(NIGHT);
    let mut told = 0;
    for recipient in RECIPIENTS {
        let bundles = deployment.bundles(recipient);
        let (one, other) = (deployment.replica(recipient), fresh.replica(recipient));
        let says = |rows: &std::collections::BTreeMap<String, Row>| -> Vec<_> {
            rows.iter().map(|(record, row)| (record.clone(), row.table.clone(), row.says())).collect()
        };
        assert_eq!(says(&one.rows), says(&other.rows), "{recipient}");
        assert!(of_lumb(&bundles[0].rows).is_empty(), "{recipient}");
        for more in bundles.iter().skip(1) {
            told += of_lumb(&more.rows).len();
            assert!(
                more.rows.iter().all(|r| r.get("person_ref") == more.rows[0].get("person_ref")),
                "{recipient}"
            );
        }
    }
    assert!(told > 0);

    let before = deployment.bundle_files();
    deployment.night(NIGHT);
    assert_eq!(before, deployment.bundle_files(), "nothing is told twice");
    assert!(waiting(&deployment, &[]).iter().all(|i| !is(i, &item)));
    let shown = deployment.run(&["quarantine", "show", &item]).out;
    assert!(
        shown.contains("(retried)") && shown.contains("Decided by desk-2") && shown.contains("in run 2"),
        "{shown}"
    );
    let of_ledger = "quarantine-retry by desk-2, letter 14 of the prison";
    assert!(shown.contains("Ledger entry ") && shown.contains(of_ledger), "{shown}");
    let ledger = deployment.run(&["quarantine", "show", &item, "--json"]).json()["ledger"].clone();
    assert_eq!(ledger.as_array().unwrap().len(), 1, "{ledger}");
    let history = deployment.run(&["history", "--json"]).json().to_string();
    assert!(history.contains("read again"), "{history}");
    let history = deployment.run(&["history", "--plain"]).out;
    assert!(history.contains("files: 1 read again,"), "{history}");
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

/// A row let go waits no more, and is never read again.
#[test]
fn a_discarded_row_is_let_go_with_a_reason() {
    let deployment = Deployment::after(0);
    let item = unexplained(&deployment);
    assert_eq!(deployment.run(&["quarantine", "discard", &item]).code, Some(2), "a reason is needed");
    let done = deployment.run(&["quarantine", "discard", &item, "--reason", "a test row, said the prison"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(waiting(&deployment, &[]).iter().all(|i| !is(i, &item)));
    let all = waiting(&deployment, &["--all"]);
    let gone = all.iter().find(|i| is(i, &item)).unwrap();
    assert_eq!(
        (gone["state"].as_str(), gone["reference"].as_str()),
        (Some("discarded"), Some("a test row, said the prison"))
    );
    let twice = deployment.run(&["quarantine", "discard", &item, "--reason", "again"]);
    assert_eq!(twice.code, Some(2), "{}", twice.out);
    explain_the_code(&deployment);
    assert_eq!(deployment.run(&["quarantine", "retry", &item]).code, Some(2));
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

/// A full list that arrives after a newer one was taken changes nothing.
#[test]
fn a_full_list_that_comes_late_is_not_taken_for_the_newest() {
    let nights = |late: bool| {
        let deployment = Deployment::fresh();
        let old = deployment.path("fixtures/wyp/IOM_COHORT_20081117.txt");
        let list = fs::read(&old).unwrap();
        fs::remove_file(&old).unwrap();
        fs::remove_file(deployment.path("fixtures/wyp/IOM_COHORT_20081119.txt")).unwrap();
        deployment.night("2008-11-18");
        if late {
            fs::write(&old, list).unwrap();
        }
        let said = deployment.night("2008-11-19");
        (deployment, said)
    };
    let ((with, said), (without, _)) = (nights(true), nights(false));
    assert_eq!(said.feed("wyp-cohort")["state"], "superseded");
    for recipient in RECIPIENTS {
        assert!(with.replica(recipient).rows == without.replica(recipient).rows, "{recipient}");
    }
}

/// Nobody decided for as long as the feed's files are kept.
#[test]
fn what_nobody_decides_expires_with_its_feeds_retention() {
    let deployment = Deployment::after(0);
    let item = unexplained(&deployment);
    deployment.night("2009-05-16");
    assert_eq!(waiting(&deployment, &["--feed", "hmps-releases"]).iter().filter(|i| is(i, &item)).count(), 1);
    deployment.night("2009-05-18");
    assert!(waiting(&deployment, &[]).iter().all(|i| !is(i, &item)));
    let shown = deployment.run(&["quarantine", "show", &item]).out;
    assert!(shown.contains("(expired)"), "{shown}");
}

/// A list that lost half its people is held. A person lets it in, and the same night takes it.
#[test]
fn a_held_file_is_let_in_by_a_person() {
    let deployment = Deployment::after(0);
    let place = deployment.path("fixtures/wyp/IOM_COHORT_20081118.txt");
    let units: Vec<u16> =
        fs::read(&place).unwrap().chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let list = String::from_utf16(&units).unwrap();
    let half: Vec<&str> = list.split_inclusive("\r\n").take(60).collect();
    fs::write(&place, half.concat().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    let held = deployment.night("2008-11-18");
    assert_eq!(held.feed("wyp-cohort")["state"], "held");
    assert_eq!(deployment.run(&["feed", "release", "wyp-cohort"]).code, Some(2), "a reason is needed");
    assert_eq!(
        deployment.run(&["feed", "release", "hmps-releases", "--reason", "x"]).code,
        Some(2),
        "it is not held"
    );
    let words = ["feed", "release", "wyp-cohort", "--reason", "the list was cleaned, letter 9", "--json"];
    let said = deployment.run(&words);
    assert_eq!((said.code, &said.json()[0]["held_for"]), (Some(0), &Value::from("LG1305")), "{}", said.err);
    let taken = deployment.night("2008-11-18");
    let line = taken.feed("wyp-cohort");
    assert_eq!((line["state"].as_str(), line["read"].as_u64()), (Some("released"), Some(59)));
    assert!(taken.json()["warnings"]["LG1305"].as_u64() >= Some(1), "the reason stays as a warning");
    let again = deployment.night("2008-11-18");
    assert_eq!(again.feed("wyp-cohort")["state"], "nothing new");
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}
