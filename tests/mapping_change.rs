//! A mapping that changes between two nights: of a full list, what it makes no more is taken back.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use support::{Deployment, NIGHTS, RECIPIENTS, Replica};

/// A row without how it came: its table, and what it says.
type Says = (String, BTreeMap<String, String>);

/// What a recipient holds, in the order of the rows' text: a row that stands twice is twice in it.
fn says(replica: &Replica) -> Vec<Says> {
    let mut all: Vec<Says> = replica.rows.values().map(|r| (r.table.clone(), r.says())).collect();
    all.sort();
    all
}

/// The records of a table that come from one originator.
fn held(deployment: &Deployment, recipient: &str, table: &str, from: &str) -> BTreeSet<String> {
    let replica = deployment.replica(recipient);
    let rows = replica.rows.iter().filter(|(_, r)| r.table == table && r.get("originator") == from);
    rows.map(|(record, _)| record.clone()).collect()
}

/// Edits a mapping, and leaves its examples away, which may not hold any more.
fn change(deployment: &Deployment, file: &str, from: &str, to: &str) {
    let path = deployment.path(file);
    let text = fs::read_to_string(&path).unwrap();
    let text = text.split("[[example]]").next().unwrap();
    assert_eq!(text.matches(from).count(), 1, "{file} holds {from:?} not once");
    fs::write(&path, text.replace(from, to)).unwrap();
    let check = deployment.run(&["check"]);
    assert_eq!(check.code, Some(0), "{}", check.err);
}

const CLIENTS: &str = "mappings/disc/clients.toml";
const CIRCUMSTANCES: &str = "category = \"treatment_circumstances\"\nkey = [\"client\"]\n";
const NO_CIRCUMSTANCES: &str = "category = \"treatment_circumstances\"\nkey = [\"client\"]\n\
    when = [{ column = \"stage\", in = [\"never\"] }]\n";

#[test]
fn what_a_changed_mapping_makes_no_more_of_a_full_list_is_withdrawn_and_comes_back_with_it() {
    let (deployment, plain, fresh) = (Deployment::after(0), Deployment::after(2), Deployment::fresh());
    let before: BTreeMap<&str, BTreeSet<String>> =
        RECIPIENTS.iter().map(|r| (*r, held(&deployment, r, "treatment_circumstances", "disc"))).collect();
    assert!(before.values().filter(|records| !records.is_empty()).count() > 2, "{before:?}");
    let whole = fs::read_to_string(deployment.path(CLIENTS)).unwrap();
    for one in [&deployment, &fresh] {
        change(one, CLIENTS, CIRCUMSTANCES, NO_CIRCUMSTANCES);
    }
    let told = deployment.run(&["feed", "diff", "disc-clients"]).out;
    assert!(told.contains("would be made no longer; they are withdrawn with the next full list"), "{told}");

    let said = deployment.night(NIGHTS[1]);
    assert_eq!(said.json()["warnings"]["LG1316"], 1, "{}", said.err);
    assert!(deployment.run(&["explain", "LG1316"]).code == Some(0));
    fresh.night(NIGHTS[0]);
    fresh.night(NIGHTS[1]);
    for recipient in RECIPIENTS {
        let bundles = deployment.bundles(recipient);
        let taken_back: BTreeSet<String> = bundles
            .iter()
            .skip(1)
            .flat_map(|b| b.changes("withdrawal"))
            .filter(|r| r.table == "treatment_circumstances")
            .map(|r| r.get("record_id").to_owned())
            .collect();
        assert_eq!(taken_back, before[recipient], "{recipient}");
        let (held, given) = (says(&deployment.replica(recipient)), says(&fresh.replica(recipient)));
        assert!(held == given, "{recipient} holds what the feed gives that was always read so");
    }
    // The mapping that took the list is in force: nothing more is to be taken back.
    assert!(deployment.night(NIGHTS[1]).json()["warnings"]["LG1316"].is_null());

    fs::write(deployment.path(CLIENTS), whole).unwrap();
    let said = deployment.night(NIGHTS[2]);
    assert!(said.json()["warnings"]["LG1316"].is_null(), "{}", said.err);
    for recipient in RECIPIENTS {
        let (held, given) = (says(&deployment.replica(recipient)), says(&plain.replica(recipient)));
        assert!(held == given, "{recipient} holds what it would if the mapping had stayed");
    }
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

/// Under another key the same stay is another record: its holders have it once, not twice.
#[test]
fn a_changed_key_leaves_no_second_record_of_the_same_fact() {
    let (deployment, fresh) = (Deployment::after(0), Deployment::fresh());
    for one in [&deployment, &fresh] {
        change(one, "mappings/probation/hostels.toml", "[\"crn\", \"arrived\"]", "[\"crn\", \"premises\"]");
    }
    let before = held(&deployment, "wyp", "hostel_residence", "probation");
    let said = deployment.night(NIGHTS[1]);
    assert_eq!(said.json()["warnings"]["LG1316"], 1, "{}", said.err);
    fresh.night(NIGHTS[0]);
    fresh.night(NIGHTS[1]);
    let after = held(&deployment, "wyp", "hostel_residence", "probation");
    assert!(before.len() > 3 && before.is_disjoint(&after), "{before:?} {after:?}");
    for recipient in RECIPIENTS {
        let (held, given) = (says(&deployment.replica(recipient)), says(&fresh.replica(recipient)));
        assert!(held == given, "{recipient}");
    }
}

/// A row that the changed mapping refuses waits for a person: nothing is taken back meanwhile.
#[test]
fn what_a_changed_mapping_refuses_stays_with_its_holders() {
    let deployment = Deployment::after(0);
    let held = |d: &Deployment| held(d, "wyp", "hostel_residence", "probation");
    let before = held(&deployment);
    deployment.edit("mappings/codes/probation/hostel.csv", "RIPON HOUSE,approved_premises_leeds,,\n", "");
    change(
        &deployment,
        "mappings/probation/hostels.toml",
        "retention = \"6 months\"",
        "retention = \"7 months\"",
    );
    let said = deployment.night(NIGHTS[1]);
    assert_eq!(said.feed("probation-hostels")["quarantined"], 2, "{}", said.err);
    assert!(said.json()["warnings"]["LG1316"].is_null(), "{}", said.err);
    assert_eq!(held(&deployment), before);
}

/// Where a second feed of the same persons gives the category too, a record may be its: nothing is taken back.
#[test]
fn what_another_feed_may_hold_true_is_not_taken_back() {
    let deployment = Deployment::fresh();
    let block = "[[record]]\ncategory = \"hostel_residence\"\nkey = [\"crn\", \"reference\"]\n\
        when = [{ column = \"status\", in = [\"never\"] }]\n[record.fields]\nhostel = { constant = \"bail_hostel\" }\n\n";
    let refuse = "[[refuse]]\nwhen = [{ column = \"status\", absent = true }]";
    change(&deployment, "mappings/probation/components.toml", refuse, &format!("{block}{refuse}"));
    deployment.night(NIGHTS[0]);
    let before = held(&deployment, "wyp", "hostel_residence", "probation");
    change(
        &deployment,
        "mappings/probation/hostels.toml",
        "[\"crn\", \"arrived\"]",
        "[\"crn\", \"premises\"]",
    );
    let said = deployment.night(NIGHTS[1]);
    assert!(said.json()["warnings"]["LG1316"].is_null(), "{}", said.err);
    let after = held(&deployment, "wyp", "hostel_residence", "probation");
    assert!(!before.is_empty() && after.is_superset(&before), "{before:?} {after:?}");
}
