//! Whole nights with the store in a database of a `PostgreSQL` server: what they give is what a store in a file gives, and the store
//! goes from the one to the other and back.

#![cfg(unix)]
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
use support::postgres::{PASSWORD, Postgres, programs};
use support::{Deployment, NIGHTS, RECIPIENTS, assert_same_but_for_the_ledger, files, needed};

fn server() -> Option<Postgres> {
    needed(programs(), "PostgreSQL's server").map(Postgres::start)
}

fn on(server: &Postgres) -> Deployment {
    let deployment = Deployment::fresh();
    deployment.put_on(&server.address(&server.database()));
    deployment
}

/// A command that must end well.
fn done(deployment: &Deployment, words: &[&str]) -> Value {
    let said = deployment.run(&[words, &["--json"]].concat());
    assert_eq!(said.code, Some(0), "{words:?}: {}{}", said.out, said.err);
    said.json()
}

/// What a command says, without the moments at which it was done and the ledger's root, which rests on random numbers.
fn timeless(deployment: &Deployment, words: &[&str]) -> Value {
    fn without(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.retain(|key, _| {
                    !["started_at", "finished_at", "timings", "ledger"].contains(&key.as_str())
                });
                map.values_mut().for_each(without);
            }
            Value::Array(list) => list.iter_mut().for_each(without),
            _ => {}
        }
    }
    let mut said = deployment.run(&[words, &["--json"]].concat()).json();
    without(&mut said);
    said
}

/// The first place at which two values differ.
fn difference(left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().find_map(|(key, value)| Some(format!("{key}/{}", difference(value, &b[key])?)))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut all = a.iter().zip(b).enumerate();
            all.find_map(|(place, (a, b))| Some(format!("{place}/{}", difference(a, b)?)))
        }
        _ => (left != right).then(|| format!("{left} {right}")),
    }
}

#[test]
fn three_nights_on_a_server_give_what_three_nights_in_a_file_give() {
    let Some(server) = server() else { return };
    let (file, there) = (Deployment::after(2), on(&server));
    let mut said = String::new();
    for night in NIGHTS {
        let told = there.night(night);
        said.push_str(&(told.out + &told.err));
    }
    assert!(!there.path("state/store.sqlite").exists(), "the folder has no database");
    assert_same_but_for_the_ledger(&file.bundle_files(), &there.bundle_files(), "the bundles");
    for words in
        [&["status"][..], &["history"], &["receipt", "list"], &["review", "list"], &["quarantine", "list"]]
    {
        let (left, right) = (timeless(&file, words), timeless(&there, words));
        assert_eq!(difference(&left, &right), None, "{words:?}");
    }
    let entries =
        |deployment: &Deployment| done(deployment, &["ledger", "verify"])["entries"].as_u64().unwrap();
    assert_eq!(entries(&file), entries(&there));
    assert!(entries(&there) > 100);

    let doctor = there.run(&["doctor", "--json"]).json();
    let store = doctor.as_array().unwrap().iter().find(|look| look["what"] == "store").unwrap();
    assert!(store["ok"] == true && store["found"].as_str().unwrap().contains("postgresql://"), "{store}");
    said.push_str(&doctor.to_string());
    // What fails says where, and never with which password.
    server.stop();
    let away = there.run(&["run", "--as-of", NIGHTS[2]]);
    assert_eq!(away.code, Some(75), "{}", away.err);
    assert!(away.err.contains("LG2950") && away.err.contains("127.0.0.1"), "{}", away.err);
    let doctor = there.run(&["doctor"]);
    assert!(doctor.out.contains("does not open"), "{}", doctor.out);
    for text in [said, away.out, away.err, doctor.out, doctor.err] {
        assert!(!text.contains(PASSWORD));
    }
    let kept: Vec<PathBuf> = files(&there.path("state"))
        .into_iter()
        .filter(|(_, bytes)| bytes.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()))
        .map(|(name, _)| name.into())
        .collect();
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn a_store_goes_to_a_server_between_two_nights_and_back_before_the_next() {
    let Some(server) = server() else { return };
    let (whole, moved) = (Deployment::after(2), Deployment::after(0));
    let settings = fs::read_to_string(moved.path("lockgate.toml")).unwrap();
    let address = server.address(&server.database());
    fs::write(moved.path("db.password"), PASSWORD).unwrap();
    let copied = done(&moved, &["store", "copy", "--to", &address, "--password-file", "db.password"]);
    assert!(copied["rows"].as_u64().unwrap() > 100, "{copied}");
    let old = moved.run(&["run", "--as-of", NIGHTS[1]]);
    assert!(old.code == Some(78) && old.err.contains("LG2954"), "the old store is not used: {}", old.err);
    moved.put_on(&address);
    done(&moved, &["ledger", "verify"]);
    moved.night(NIGHTS[1]);

    fs::remove_file(moved.path("state/store.sqlite")).unwrap();
    done(&moved, &["store", "copy", "--to", "folder"]);
    let old = moved.run(&["status"]);
    assert!(old.code == Some(78) && old.err.contains("LG2954"), "{}", old.err);
    fs::write(moved.path("lockgate.toml"), settings).unwrap();
    moved.night(NIGHTS[2]);
    done(&moved, &["ledger", "verify"]);
    assert_same_but_for_the_ledger(&whole.bundle_files(), &moved.bundle_files(), "the bundles");
}

#[test]
fn a_dry_run_a_backup_and_a_restore_work_with_a_server() {
    let Some(server) = server() else { return };
    let there = on(&server);
    there.night(NIGHTS[0]);
    let (before, bundles) = (done(&there, &["ledger", "verify"]), there.bundle_files());
    let dry = there.run(&["run", "--dry-run", "--as-of", NIGHTS[1], "--json"]);
    assert!(matches!(dry.code, Some(0 | 4)), "{}", dry.err);
    assert_eq!((done(&there, &["ledger", "verify"]), there.bundle_files()), (before.clone(), bundles));

    let backup = there.path("backup");
    let place = backup.to_str().unwrap();
    done(&there, &["backup", place]);
    done(&there, &["backup", "--check", place]);
    assert!(backup.join("store.sqlite").is_file(), "a backup needs no server");
    fs::remove_dir_all(there.path("state")).unwrap();
    let onto = there.run(&["restore", place, "--reason", "a drill"]);
    assert!(onto.err.contains("LG2955"), "the old database is still there: {}", onto.err);
    let old = there.path("lockgate.toml");
    let text = fs::read_to_string(&old).unwrap();
    let url = text.lines().find(|line| line.starts_with("url = ")).unwrap();
    let new = format!("url = \"{}\"", server.address(&server.database()));
    fs::write(&old, text.replace(url, &new)).unwrap();
    done(&there, &["restore", place, "--reason", "a drill"]);
    assert!(!there.path("state/store.sqlite").exists());
    assert_eq!(
        done(&there, &["ledger", "verify"])["entries"].as_u64(),
        before["entries"].as_u64().map(|n| n + 1)
    );
    there.night(NIGHTS[1]);
    for recipient in RECIPIENTS {
        let last = there.bundles(recipient).pop().unwrap();
        assert!(last.name.contains("20081118_000102_snapshot"), "{}", last.name);
    }
}

#[test]
fn settings_of_a_server_are_checked_and_a_password_in_them_is_not_shown() {
    let said = |line: &str| {
        let deployment = Deployment::fresh();
        deployment.edit("lockgate.toml", "path = \"state\"\n", &format!("path = \"state\"\n{line}\n"));
        let said = deployment.run(&["check"]);
        assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
        said.out + &said.err
    };
    assert!(said("url = \"mysql://me@db/x\"").contains("LG2953"));
    assert!(said("password = { env = \"X\" }").contains("LG2953"));
    let with = said("url = \"postgresql://me:hunter2@db/x\"");
    assert!(with.contains("LG0104") && !with.contains("hunter2"), "{with}");
}
