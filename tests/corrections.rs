//! Corrections from a notice to the last confirmation (6.1): whose task it is, exactly who is told, who has still to confirm, and
//! the whole story in one command.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use support::{Deployment, NIGHTS, RECIPIENTS, Replica, Said};

/// Whose release date is wrong on the first night, and corrected on the second.
const CONNOR: &str = "hmps-releases:A7341CD";
const WRONG: &str = "2008-11-18";
const RIGHT: &str = "2008-11-20";

/// The recipients that hold the release that is moved on the second night, each with its own reference of the row: told from
/// what they hold after each of the two nights. Not all of them are told whom it is about.
fn holders() -> BTreeMap<&'static str, String> {
    let (before, after) = (Deployment::after(0), Deployment::after(1));
    let date = |replica: &Replica, id: &str| {
        let row = replica.rows.get(id)?;
        row.says().get("release_date").cloned()
    };
    let mut out = BTreeMap::new();
    for recipient in RECIPIENTS {
        let (before, after) = (before.replica(recipient), after.replica(recipient));
        for row in before.of("prison_release") {
            let id = row.get("record_id");
            if (date(&before, id).as_deref(), date(&after, id).as_deref()) == (Some(WRONG), Some(RIGHT)) {
                assert_eq!(out.insert(recipient, id.to_owned()), None, "{recipient}: one release is moved");
            }
        }
    }
    out
}

fn correction(deployment: &Deployment, words: &[&str]) -> Said {
    deployment.run(&[&["correction"], words, &["--json"]].concat())
}

fn signed<'a>(partner: &'a str, token: &'a str) -> [&'a str; 6] {
    ["--for", partner, "--by", token, "--reference", "note 12"]
}

fn opened(deployment: &Deployment, record: &str, by: &str) -> String {
    let words =
        [&["open", "--record", record, "--field", "release_date"][..], &signed(by, "duty-1")].concat();
    let said = correction(deployment, &words);
    assert_eq!(said.code, Some(0), "{}{}", said.err, said.out);
    said.json()["entries"][0].to_string()
}

fn shown(deployment: &Deployment, number: &str) -> Value {
    let said = correction(deployment, &["show", number]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    said.json()
}

fn recipients(case: &Value) -> BTreeSet<String> {
    case["told"].as_array().unwrap().iter().map(|t| t["recipient"].as_str().unwrap().to_owned()).collect()
}

/// The return form of a recipient's bundle, with its lines about one row answered.
fn confirm(deployment: &Deployment, recipient: &str, bundle: &str, row: &str, done: &str) {
    let place = deployment.path("state/bundles").join(recipient).join(bundle).join("acknowledge.csv");
    let text = fs::read_to_string(place).unwrap();
    let mut out = String::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let about = line.split(',').nth(3) == Some(row);
        let answered =
            format!("{},{done},2008-11-19,duty officer,", line.strip_suffix(",,,,").unwrap_or(line));
        out += if about { &answered } else { line };
        out += "\r\n";
    }
    let file = deployment.path("form.csv");
    fs::write(&file, out).unwrap();
    let said = deployment.run(&["receipt", "import", file.to_str().unwrap(), "--from", recipient, "--json"]);
    assert_eq!((said.code, said.json()["taken"].clone()), (Some(0), 1.into()), "{recipient}: {}", said.out);
}

fn late(deployment: &Deployment, day: &str) -> (Option<i32>, BTreeSet<String>) {
    let said = correction(deployment, &["list", "--overdue", "--as-of", day]);
    let mut out = BTreeSet::new();
    for case in said.json().as_array().unwrap() {
        for told in case["told"].as_array().unwrap().iter().filter(|t| t["overdue"] == true) {
            out.insert(told["recipient"].as_str().unwrap().to_owned());
        }
    }
    (said.code, out)
}

/// A wrong release date, said to be wrong by the council, is corrected by the prison: exactly those who had it are told,
/// each is chased until it confirms, and the ledger has the whole story.
#[test]
fn clause_6_1_a_notice_reaches_exactly_those_who_had_the_wrong_value_and_is_chased_to_the_end() {
    let deployment = Deployment::after(0);
    let had = holders();
    assert!(had.len() >= 3 && had.len() < 7, "{had:?}");
    let (by, row) = had.iter().next().unwrap();
    let number = opened(&deployment, &format!("{by}:{row}"), by);
    let case = shown(&deployment, &number);
    assert_eq!(
        (case["state"].as_str(), case["originator"].as_str()),
        (Some("with its originator"), Some("hmps"))
    );
    let names: BTreeSet<String> = had.keys().map(|r| (*r).to_owned()).collect();
    assert_eq!(recipients(&case), names, "exactly those who were told it");
    assert!(case["told"].as_array().unwrap().iter().all(|t| t["told_in"].is_null()));
    // The originator has its days; then it is late.
    let by_then = correction(&deployment, &["list", "--overdue", "--as-of", "2008-11-24"]);
    assert_eq!((by_then.code, by_then.json()), (Some(0), Value::Array(Vec::new())));
    assert_eq!(correction(&deployment, &["list", "--overdue", "--as-of", "2008-11-25"]).code, Some(4));

    let night = deployment.night(NIGHTS[1]);
    assert!(!night.err.contains("LG2701"), "{}", night.err);
    let case = shown(&deployment, &number);
    assert_eq!(case["outcome"], "corrected at the source");
    assert_eq!(case["state"], "to be confirmed");
    assert_eq!(recipients(&case), names);
    for told in case["told"].as_array().unwrap() {
        let recipient = told["recipient"].as_str().unwrap();
        assert_eq!(
            (&told["change"], &told["bundle"]),
            (&"correction".into(), &"published".into()),
            "{recipient}"
        );
        assert!(told["had_in"].as_str().unwrap().contains("20081117"), "{told}");
        assert!(told["told_in"].as_str().unwrap().contains("20081118"), "{told}");
        // What the bundle itself says.
        let bundle = deployment.bundle(recipient, NIGHTS[1]);
        let row = bundle.rows.iter().find(|r| r.get("record_id") == had[recipient]).unwrap();
        assert_eq!((row.get("change"), row.get("release_date")), ("correction", RIGHT), "{recipient}");
    }
    // Each that confirms is late no more; who did not do it still is.
    let (mut waiting, day) = (names.clone(), "2008-12-20");
    assert_eq!(late(&deployment, day), (Some(4), waiting.clone()));
    assert!(deployment.run(&["correction", "list", "--plain"]).out.contains("to be confirmed"));
    for (at, told) in case["told"].as_array().unwrap().iter().enumerate() {
        let (recipient, bundle) = (told["recipient"].as_str().unwrap(), told["told_in"].as_str().unwrap());
        if at == 0 {
            confirm(&deployment, recipient, bundle, &had[recipient], "no");
            assert_eq!(late(&deployment, day).1, waiting, "said no");
        }
        confirm(&deployment, recipient, bundle, &had[recipient], "yes");
        waiting.remove(recipient);
        assert_eq!(late(&deployment, day).1, waiting);
    }
    assert_eq!(late(&deployment, day).0, Some(0));
    assert_eq!(shown(&deployment, &number)["state"], "closed");
    assert_eq!(correction(&deployment, &["list"]).json(), Value::Array(Vec::new()));
    assert_eq!(correction(&deployment, &["list", "--all"]).json()[0]["state"], "closed");

    // One command tells it all: what each was told on the first night, what on the second, and that each has confirmed.
    let story =
        deployment.run(&["ledger", "show", "--person", CONNOR, "--reason", "subject access 12", "--json"]);
    let story = story.json();
    assert_eq!(story["corrections"][0]["correction"].to_string(), number);
    assert_eq!(recipients(&story["corrections"][0]), names);
    for (recipient, row) in &had {
        let of: Vec<&Value> =
            story["told"].as_array().unwrap().iter().filter(|t| t["record_id"] == row.as_str()).collect();
        let changes: Vec<&str> = of.iter().map(|t| t["change"].as_str().unwrap()).collect();
        assert_eq!(changes, ["current", "correction"], "{recipient}");
        assert_eq!(of[1]["answer"]["done"], true, "{recipient}");
    }
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

/// The originator is asked once, in the return form of its next bundle; it may say that the record stands, nobody else may.
#[test]
fn clause_6_1_the_originator_is_asked_with_its_next_bundle_and_may_say_that_the_record_stands() {
    let deployment = Deployment::after(0);
    let replica = deployment.replica("lcc");
    let wrong = replica.person("HARGREAVES", "CONNOR JAMES", "1981-02-14");
    let rows = replica.of("prison_release");
    let row = rows.iter().find(|r| wrong.as_deref() != Some(r.get("person_ref"))).unwrap();
    let number = opened(&deployment, &format!("lcc:{}", row.get("record_id")), "lcc");
    let asked = |night: &str| {
        let name = deployment.bundle("hmps", night).name;
        let form = deployment.path("state/bundles/hmps").join(&name).join("acknowledge.csv");
        fs::read_to_string(form).unwrap().matches("check your record").count()
    };
    deployment.night(NIGHTS[1]);
    assert_eq!(asked(NIGHTS[1]), 1);
    for other in RECIPIENTS.iter().filter(|r| **r != "hmps") {
        let folder = deployment.bundle(other, NIGHTS[1]).folder;
        assert!(!fs::read_to_string(folder.join("acknowledge.csv")).unwrap().contains("check your record"));
    }
    deployment.night(NIGHTS[2]);
    assert_eq!(asked(NIGHTS[2]), 0, "once");
    let stands = |partner: &str| {
        let words = [&["stands", number.as_str()][..], &signed(partner, "duty-2")].concat();
        correction(&deployment, &words)
    };
    let said = stands("lcc");
    assert_eq!((said.code, said.json()["code"].as_str()), (Some(8), Some("LG2703")), "{}", said.out);
    assert_eq!(stands("hmps").code, Some(0));
    assert_eq!(shown(&deployment, &number)["state"], "stands");
    assert_eq!(stands("hmps").json()["code"], "LG2107", "once");
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

#[test]
fn a_notice_that_names_nothing_is_refused() {
    let deployment = Deployment::after(0);
    let row = holders()["lcc"].clone();
    let record = format!("lcc:{row}");
    let open = |record: &str, field: &str, by: &str| {
        let words = [&["open", "--record", record, "--field", field][..], &signed(by, "duty-1")].concat();
        correction(&deployment, &words)
    };
    assert_eq!(open(&record, "no_such_field", "lcc").code, Some(2));
    let said = open("lcc:00000000000000000000", "release_date", "lcc");
    assert_eq!((said.code, said.json()["code"].as_str()), (Some(8), Some("LG2105")));
    assert_eq!(open(&record, "release_date", "nobody").code, Some(2));
    // Taken back by whoever opened it.
    let number = opened(&deployment, &record, "lcc");
    let words = [&["register", "end", number.as_str()][..], &signed("lcc", "duty-1")].concat();
    assert_eq!(deployment.run(&words).code, Some(0));
    assert_eq!(shown(&deployment, &number)["state"], "taken back");
    assert_eq!(correction(&deployment, &["show", "99"]).code, Some(2));
}
