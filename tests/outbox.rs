//! The outbox: what waits for a door that fails, what may not leave any more, what is wanted once more.

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
use std::fs;
use std::path::PathBuf;
use support::doors::{name, open, open_all, sealed};
use support::{Bundle, Deployment, NIGHTS, RECIPIENTS, Said, assert_same_files, files};

/// Puts a file where a recipient's folder should be.
fn shut(deployment: &Deployment, recipient: &str) -> PathBuf {
    let door = deployment.path("state/bundles").join(recipient);
    fs::create_dir_all(door.parent().unwrap()).unwrap();
    fs::write(&door, "in the way").unwrap();
    door
}

fn night(deployment: &Deployment, day: &str, code: i32) -> Said {
    let said = deployment.run(&["run", "--as-of", day, "--json"]);
    assert_eq!(said.code, Some(code), "{day}: {}", said.err);
    said
}

fn line(said: &Said, recipient: &str) -> Value {
    let all = said.json()["recipients"].as_array().unwrap().clone();
    all.into_iter().find(|l| l["recipient"] == recipient).unwrap()
}

fn states(deployment: &Deployment, recipient: &str) -> Vec<String> {
    let listed = deployment.run(&["bundle", "list", "--recipient", recipient, "--json"]).json();
    let mut states: Vec<String> =
        listed.as_array().unwrap().iter().map(|b| b["state"].as_str().unwrap().to_owned()).collect();
    states.reverse();
    states
}

/// Three nights a door is shut; its recipient gets everything once, in order, when it opens.
#[test]
fn a_door_that_is_down_for_three_nights_gets_everything_once_in_order_and_nobody_waits_for_it() {
    let (deployment, whole) = (Deployment::sealed(), Deployment::sealed());
    let nights = ["2008-11-19", "2008-11-20", "2008-11-21"];
    for d in [&deployment, &whole] {
        NIGHTS[..2].iter().for_each(|day| drop(d.night(day)));
    }
    let place = deployment.path("state/bundles/cri");
    let first = files(&place);
    fs::rename(&place, deployment.path("cri")).unwrap();
    let door = shut(&deployment, "cri");
    for (at, day) in nights.iter().enumerate() {
        whole.night(day);
        let said = night(&deployment, day, 5);
        assert_eq!(line(&said, "cri")["waiting"], at + 1, "{}", said.err);
        assert!(said.err.contains("[LG2602]") && !said.err.contains("in the way"), "{}", said.err);
        assert_eq!(said.err.contains("[LG2603]"), at > 0, "from the second day on it is told: {}", said.err);
        for recipient in RECIPIENTS.iter().filter(|r| **r != "cri") {
            assert_eq!(sealed(&deployment, recipient).len(), at + 3, "{recipient} waits for nobody");
        }
    }
    assert_eq!(states(&deployment, "cri"), ["published", "published", "sealed", "sealed", "sealed"]);
    let kept = files(&deployment.path("state/outbox/cri"));
    // A timer that comes too early leaves the door alone; being told to, it tries.
    fs::remove_file(&door).unwrap();
    fs::rename(deployment.path("cri"), &place).unwrap();
    let said = deployment.run(&["bundle", "deliver", "--json"]);
    assert_eq!((said.code, said.json()[0]["waiting"].clone()), (Some(0), 3.into()), "{}", said.err);
    let said = deployment.run(&["bundle", "deliver", "--now", "--json"]);
    assert_eq!((said.code, said.json()[0]["waiting"].clone()), (Some(0), 0.into()), "{}", said.err);
    assert_eq!(said.json()[0]["sent"].as_array().unwrap().len(), 3);
    assert_eq!(states(&deployment, "cri"), ["published"; 5]);
    let at_door = files(&door);
    assert_eq!(at_door.len(), 10);
    assert!(first.iter().all(|(name, bytes)| at_door.get(name) == Some(bytes)), "what was there stays");
    for (name, bytes) in &at_door {
        let bundle = name.split(".zip").next().unwrap();
        assert!(kept[&format!("{bundle}/{name}")] == *bytes, "{name} is not what was sealed");
    }
    assert_eq!(open_all(&deployment), 40);
    // Once: neither a night nor a timer brings anything again.
    deployment.run(&["bundle", "deliver", "--now"]);
    deployment.night(nights[2]);
    assert_same_files(&at_door, &files(&door), "again");
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
    assert!(files(&deployment.path("state/staging")).is_empty());
    // What it received is what it would have received with an open door.
    assert_eq!(open_all(&whole), 40);
    let tables = |d: &Deployment| {
        let mut all = files(&d.path("received/cri"));
        all.retain(|name, _| name.contains("/data/"));
        all
    };
    assert_same_files(&tables(&whole), &tables(&deployment), "received late");
}

fn release_ref() -> String {
    let plain = Deployment::after(0);
    let replica = plain.replica("probation");
    format!("probation:{}", replica.of("adjudication")[0].get("record_id"))
}

const SIGNED: [&str; 6] = ["--for", "hmps", "--by", "officer-2", "--reference", "letter 4"];

/// What was sealed and not yet sent is stopped by a restriction that comes before its first byte, and the recipient gets a
/// snapshot without it, which names nothing that it never had.
#[test]
fn clause_5_1_1_iii_a_restriction_stops_what_waits_and_is_not_sent_yet() {
    let reference = release_ref();
    let record = reference.split_once(':').unwrap().1;
    let deployment = Deployment::sealed();
    let door = shut(&deployment, "probation");
    night(&deployment, NIGHTS[0], 5);
    let words = [&["register", "add", "restriction", "--record", &reference][..], &SIGNED].concat();
    assert_eq!(deployment.run(&words).code, Some(0));
    // Between the nights nothing leaves that was decided before it.
    fs::remove_file(&door).unwrap();
    let said = deployment.run(&["bundle", "deliver", "--now"]);
    assert!(said.code == Some(75) && said.err.contains("LG2606"), "{}", said.err);
    assert!(sealed(&deployment, "probation").is_empty());
    let said = deployment.run(&["run", "--as-of", NIGHTS[1], "--json"]);
    assert!(
        matches!(said.code, Some(0 | 4)) && said.err.contains("[LG2605]"),
        "{:?} {}",
        said.code,
        said.err
    );
    assert_eq!(states(&deployment, "probation"), ["stopped", "published"]);
    let at_door = sealed(&deployment, "probation");
    assert!(at_door.len() == 1 && name(&at_door[0]).ends_with("_000002_snapshot"), "{at_door:?}");
    let opened = open(&deployment, "probation", &at_door[0], &["--after", "0"]);
    assert_eq!(opened.code, Some(0), "{}", opened.err);
    let bundle = Bundle::read(&deployment.path("received/probation").join(name(&at_door[0])));
    assert!(bundle.rows.iter().all(|r| r.get("change") == "current" && r.get("record_id") != record));
    let form = fs::read_to_string(bundle.folder.join("acknowledge.csv")).unwrap();
    assert!(!form.contains(record), "it is asked to destroy what it never had");
    // Of the stopped one only the manifest is left.
    let kept: Vec<String> = files(&deployment.path("state/outbox/probation")).into_keys().collect();
    assert!(!kept.iter().any(|n| n.contains("000001") && n.contains(".zip.age")), "{kept:?}");
    assert!(kept.iter().any(|n| n.contains("000001") && n.ends_with("datapackage.json")), "{kept:?}");
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
    // The others got theirs on each night; the next night goes on from the snapshot.
    assert_eq!(sealed(&deployment, "lcc").len(), 2);
    deployment.night(NIGHTS[2]);
    let at_door = sealed(&deployment, "probation");
    assert!(at_door.len() == 2 && name(&at_door[1]).ends_with("_000003_delta"), "{at_door:?}");
    let said = open(&deployment, "probation", &at_door[1], &["--after", "2"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let listed = deployment.run(&["receipt", "list", "--recipient", "probation", "--json"]).json();
    let states: Vec<&str> = listed.as_array().unwrap().iter().map(|s| s["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["sent", "sent", "stopped"]);
    // What recipients are taken to hold of each person is what the ledger says they were sent.
    let mut held = 0;
    let people = support::table(&deployment.path("fixtures/truth.csv"));
    for person in people.iter().filter(|person| !person["hmps"].is_empty()).take(6) {
        let key = format!("hmps-releases:{}", person["hmps"]);
        let words = ["ledger", "verify", "--person", key.as_str(), "--reason", "audit 3", "--json"];
        let said = deployment.run(&words);
        assert_eq!(said.code, Some(0), "{key}: {}{}", said.out, said.err);
        held += said.json()["person"]["held"]["probation"].as_u64().unwrap_or_default();
    }
    assert!(held > 5, "{held} rows");
}

/// A person can stop what was not sent, and have sent what was lost; what was sent is not called back.
#[test]
fn what_was_not_sent_is_stopped_and_what_was_sent_is_sent_again() {
    let deployment = Deployment::sealed();
    let door = shut(&deployment, "yos");
    night(&deployment, NIGHTS[0], 5);
    let listed = deployment.run(&["bundle", "list", "--recipient", "yos", "--json"]).json();
    let waiting = listed[0]["name"].as_str().unwrap().to_owned();
    let reason = ["--reason", "letter 6"];
    let said = deployment.run(&[&["bundle", "resend", &waiting][..], &reason].concat());
    assert!(said.code == Some(8) && said.err.contains("never sent"), "{}", said.err);
    let said = deployment.run(&[&["bundle", "withdraw", &waiting][..], &reason].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(states(&deployment, "yos"), ["stopped"]);
    fs::remove_file(&door).unwrap();
    deployment.night(NIGHTS[0]);
    let at_door = sealed(&deployment, "yos");
    assert!(at_door.len() == 1 && name(&at_door[0]).ends_with("_000002_snapshot"), "{at_door:?}");
    let sent = name(&at_door[0]).to_owned();
    let said = deployment.run(&[&["bundle", "withdraw", &sent][..], &reason].concat());
    assert!(said.code == Some(8) && said.err.contains("open a correction"), "{}", said.err);
    // It was lost at the door: the same bytes come again.
    let before = files(&door);
    fs::remove_dir_all(&door).unwrap();
    let said = deployment.run(&[&["bundle", "resend", &sent][..], &reason].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_same_files(&before, &files(&door), "sent again");
    let verified = deployment.run(&["ledger", "verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
}

/// A dry run looks at what waits and leaves it alone.
#[test]
fn a_dry_run_stops_nothing() {
    let reference = release_ref();
    let deployment = Deployment::sealed();
    shut(&deployment, "probation");
    night(&deployment, NIGHTS[0], 5);
    let words = [&["register", "add", "restriction", "--record", &reference][..], &SIGNED].concat();
    assert_eq!(deployment.run(&words).code, Some(0));
    let kept = files(&deployment.path("state/outbox"));
    let said = deployment.run(&["run", "--as-of", NIGHTS[1], "--dry-run"]);
    assert!(matches!(said.code, Some(0 | 4)), "{:?} {}", said.code, said.err);
    assert_same_files(&kept, &files(&deployment.path("state/outbox")), "dry run");
    assert_eq!(states(&deployment, "probation"), ["sealed"]);
}

/// What a recipient has fetched is not taken for unsent, though no night has taken the note of it down yet: it is known what
/// the recipient holds.
#[test]
fn what_was_fetched_already_cannot_be_stopped() {
    let deployment = Deployment::sealed();
    shut(&deployment, "yos");
    night(&deployment, NIGHTS[0], 5);
    let listed = deployment.run(&["bundle", "list", "--recipient", "yos", "--json"]).json();
    let name = listed[0]["name"].as_str().unwrap().to_owned();
    let folder = deployment.path("state/collected/yos");
    fs::create_dir_all(&folder).unwrap();
    let note = serde_json::json!({ "recipient": "yos", "bundle": name, "at": "2008-11-17T09:00:00Z" });
    fs::write(folder.join(format!("{name}.json")), note.to_string()).unwrap();
    let said = deployment.run(&["bundle", "withdraw", &name, "--reason", "letter 6"]);
    assert!(said.code == Some(8) && said.err.contains("open a correction"), "{:?} {}", said.code, said.err);
    assert_eq!(states(&deployment, "yos"), ["published"]);
    assert!(files(&folder).is_empty(), "the note is taken down");
}
