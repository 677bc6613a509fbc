//! Backup and restore: what was backed up comes back whole, what was changed is refused, and what was sent meanwhile does no harm.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use std::fs;
use support::doors::{name, open, sealed};
use support::{Deployment, NIGHTS, RECIPIENTS, Said, assert_same_files, files};

fn restore(deployment: &Deployment) -> Said {
    deployment.run(
        &["restore", "kept", "--reason", "ticket 8"]
            .map(|w| if w == "kept" { kept(deployment) } else { w.to_owned() })
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    )
}

fn kept(deployment: &Deployment) -> String {
    deployment.path("kept").to_str().unwrap().to_owned()
}

fn backup(deployment: &Deployment, more: &[&str]) -> Said {
    let place = kept(deployment);
    deployment.run(&[&["backup", place.as_str()], more].concat())
}

/// Whatever of a backup is missing or changed is refused, by its path, before anything is restored.
#[test]
fn a_backup_is_whole_or_is_refused() {
    let deployment = Deployment::after(0);
    let said = backup(&deployment, &["--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let entries = deployment.run(&["ledger", "verify", "--json"]).json()["entries"].clone();
    assert_eq!(said.json()["ledger_entries"], entries);
    let again = backup(&deployment, &[]);
    assert!(again.code == Some(8) && again.err.contains("LG2901"), "{}", again.err);
    assert_eq!(backup(&deployment, &["--check"]).code, Some(0));
    let refused = restore(&deployment);
    assert!(refused.code == Some(8) && refused.err.contains("LG2903"), "{}", refused.err);

    let good = files(&deployment.path("kept"));
    let some: Vec<&String> = good.keys().step_by(7).collect();
    assert!(some.len() > 10 && good.contains_key("store.sqlite"), "{some:?}");
    for path in some.into_iter().chain([&"store.sqlite".to_owned(), &"backup.json".to_owned()]) {
        let place = deployment.path("kept").join(path);
        let mut bytes = good[path].clone();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs::write(&place, &bytes).unwrap();
        let said = backup(&deployment, &["--check"]);
        // A bit of the list may be one of a date: then it is the same list all the same.
        let in_list = path == "backup.json" && said.code == Some(0);
        assert!(
            in_list || said.code == Some(8) && said.err.contains("LG2902"),
            "{path}: {}{}",
            said.out,
            said.err
        );
        fs::remove_file(&place).unwrap();
        let said = backup(&deployment, &["--check"]);
        assert!(said.code == Some(8) && said.err.contains("LG2902"), "{path}: {}", said.err);
        fs::write(&place, &good[path]).unwrap();
    }
    assert_eq!(backup(&deployment, &["--check"]).code, Some(0));
    // Another deployment's secret does not open it.
    let file = deployment.path("fixtures/keys/store.secret");
    let secret = fs::read_to_string(&file).unwrap();
    fs::rename(deployment.path("state"), deployment.path("gone")).unwrap();
    fs::write(&file, "7".repeat(64)).unwrap();
    assert_ne!(restore(&deployment).code, Some(0));
    assert!(!deployment.path("state/store.sqlite").exists(), "nothing is left half restored");
    fs::write(&file, secret).unwrap();
    assert_eq!(restore(&deployment).code, Some(0));
}

/// The disk fails after two nights of which one was backed up: what comes back is the state of the first, and the next night
/// brings every recipient a snapshot under a number that was never used, from which it goes on as if nothing had been lost.
#[test]
fn what_was_sent_after_the_backup_does_no_harm() {
    let (deployment, whole) = (Deployment::sealed(), Deployment::sealed());
    for other in [&deployment, &whole] {
        other.night(NIGHTS[0]);
    }
    assert_eq!(backup(&deployment, &[]).code, Some(0));
    deployment.night(NIGHTS[1]);
    whole.night(NIGHTS[1]);
    whole.night(NIGHTS[2]);
    let before: Vec<usize> = RECIPIENTS.iter().map(|r| sealed(&deployment, r).len()).collect();
    // The doors are elsewhere; the state is gone.
    let doors = deployment.path("doors");
    fs::rename(deployment.path("state/bundles"), &doors).unwrap();
    fs::remove_dir_all(deployment.path("state")).unwrap();
    let said = restore(&deployment);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("sends everybody a snapshot"), "{}", said.out);
    fs::rename(&doors, deployment.path("state/bundles")).unwrap();
    let verified = deployment.run(&["ledger", "verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    deployment.night(NIGHTS[2]);
    let tables = |d: &Deployment, recipient: &str, file: &std::path::Path, more: &[&str]| {
        let said = open(d, recipient, file, more);
        assert_eq!(said.code, Some(0), "{recipient}: {}{}", said.out, said.err);
        files(&d.path("received").join(recipient).join(name(file)))
    };
    for (recipient, before) in RECIPIENTS.iter().zip(before) {
        let all = sealed(&deployment, recipient);
        let new: Vec<_> =
            all.iter().filter(|f| name(f).ends_with("_snapshot") && !name(f).contains("_000001_")).collect();
        assert_eq!((all.len(), new.len()), (before + 1, 1), "{recipient}");
        assert!(name(new[0]).contains("_000102_"), "{}", name(new[0]));
        let rows = tables(&deployment, recipient, new[0], &["--after", "2"]);
        assert!(rows.keys().any(|path| path.starts_with("data/")), "{recipient}");
    }
    // A recipient that holds what the snapshot has holds what one holds whose gateway lost nothing.
    let lost = deployment.run(&["ledger", "verify"]);
    assert_eq!(lost.code, Some(0), "{}", lost.err);
    let (a, b) = (counts(&deployment), counts(&whole));
    assert_eq!(a, b, "people and records");
    assert_same_files(&fixtures(&deployment), &fixtures(&whole), "nothing else was touched");
}

fn counts(deployment: &Deployment) -> (u64, u64) {
    let status = deployment.run(&["status", "--json"]).json();
    (status["people"].as_u64().unwrap(), status["versions"].as_u64().unwrap())
}

fn fixtures(deployment: &Deployment) -> std::collections::BTreeMap<String, Vec<u8>> {
    files(&deployment.path("fixtures"))
}

/// A backup beside a night that goes on says that it is busy, and makes nothing.
#[test]
fn a_backup_beside_a_night_says_that_it_is_busy() {
    let deployment = Deployment::after(0);
    // What a night holds as long as it runs.
    let lock = fs::File::options().write(true).open(deployment.path("state/store.lock")).unwrap();
    lock.lock().unwrap();
    let said = backup(&deployment, &[]);
    assert!(said.code == Some(75) && said.err.contains("a run is going on"), "{:?} {}", said.code, said.err);
    assert!(!deployment.path("kept").exists());
    drop(lock);
    assert_eq!(backup(&deployment, &[]).code, Some(0));
}
