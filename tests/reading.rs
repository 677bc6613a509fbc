//! Several processes share the reading of a night, on a `PostgreSQL` server: whoever of them is paused past its lease, killed, or
//! hands over what is not whole, the night is that of one process alone, to what it says of each row.
//!
//! Who reads what is settled by rules in the test's own database, so that nothing hangs by who is faster.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

pub mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Child;
use support::workers::{OWN, There, Worker, server, until};
use support::{
    Deployment, NIGHTS, Said, assert_no_value, assert_same_but_for_the_ledger, canaries, copy, files, tracer,
};

/// A day before anything lies anywhere: its night makes the store.
const BEFORE: &str = "2008-11-16";
/// Longer than a test takes.
const LONG: u32 = 600;
const FEED: &str = "hmps-releases";

/// A deployment on a server whose store is made; its bundles are plain folders. A piece is lost after so many seconds.
fn made(lease: u32) -> Option<There> {
    let there = There::new(server()?);
    there.deployment.edit("lockgate.toml", "acknowledge_days = 5", "plain = true\nacknowledge_days = 5");
    there.deployment.edit("lockgate.toml", "lease_seconds = 2", &format!("lease_seconds = {lease}"));
    there.deployment.night(BEFORE);
    Some(there)
}

/// A deployment whose one process reads alone.
fn alone() -> Deployment {
    let deployment = Deployment::fresh();
    deployment.night(BEFORE);
    deployment
}

/// What a night says of what it did, without how long it took and where its ledger stands.
fn summary(said: &Said) -> Value {
    let mut json = said.json();
    let all = json.as_object_mut().unwrap();
    assert!(all.remove("timings").is_some() && all.remove("ledger").is_some());
    json
}

/// The same was said, of the night and of what waits.
fn assert_said_alike(shared: (&There, &Said), alone: (&Deployment, &Said)) {
    let (left, right) = (summary(shared.1), summary(alone.1));
    for (key, value) in left.as_object().unwrap() {
        assert_eq!(value, &right[key], "{key}");
    }
    assert_eq!(left.as_object().unwrap().len(), right.as_object().unwrap().len());
    assert_eq!(shared.1.err, alone.1.err);
    for words in [
        ["quarantine", "list", "--all", "--json"].as_slice(),
        &["review", "list", "--json"],
        &["status", "--json"],
    ] {
        let (left, right) = (shared.0.deployment.run(words), alone.0.run(words));
        assert_eq!(without_moments(left.json()), without_moments(right.json()), "{words:?}");
    }
}

fn without_moments(mut json: Value) -> Value {
    match &mut json {
        Value::Object(all) => {
            all.retain(|key, _| !key.ends_with("_at") && key != "ledger");
            all.values_mut().for_each(|value| *value = without_moments(value.take()));
        }
        Value::Array(all) => all.iter_mut().for_each(|value| *value = without_moments(value.take())),
        _ => {}
    }
    json
}

/// The same went out.
fn assert_same_bundles(shared: &Deployment, alone: &Deployment) {
    let (left, right) = (alone.bundle_files(), shared.bundle_files());
    assert!(left.len() > 50, "{}", left.len());
    assert_same_but_for_the_ledger(&left, &right, "shared and alone");
}

/// How many pieces of the last reading there are of which this holds.
fn pieces(there: &There, which: &str) -> u64 {
    there.number(&format!("SELECT count(*) FROM task WHERE kind = 'read' AND {which}"))
}

/// What lies in the folder of what is handed over.
fn bench(there: &There) -> BTreeMap<String, Vec<u8>> {
    files(&there.deployment.path("state/bench"))
}

/// The night's own process leaves the first pieces to so many workers, one each.
fn leave_to(there: &There, workers: usize) {
    there.hold_back(&format!(
        "NEW.token = 1 AND (SELECT count(DISTINCT worker) FROM task WHERE kind = 'read' AND token > 0) < {workers}"
    ));
}

#[test]
fn a_night_read_by_three_processes_is_that_of_one() {
    let Some(there) = made(LONG) else { return };
    let plain = alone();
    assert!(!plain.path("state/bench").exists(), "one process hands nothing over");
    leave_to(&there, 2);
    let workers = [there.worker(), there.worker()];
    for night in NIGHTS {
        let (told, said) = (plain.night(night), there.deployment.night(night));
        assert_eq!(pieces(&there, "state <> 'done'"), 0);
        let by = |who: &str| pieces(&there, &format!("worker {who} '{OWN}' AND token = 1"));
        assert!(by("<>") >= 2 && by("<>") + by("=") > 20, "{} by workers, {} here", by("<>"), by("="));
        assert_eq!(bench(&there).len(), 0);
        assert_eq!(files(&there.deployment.path("state/rows")).len(), files(&plain.path("state/rows")).len());
        assert_said_alike((&there, &said), (&plain, &told));
    }
    for worker in workers {
        let said = worker.end();
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.err.contains("lane=\"read ") && said.err.contains("came=Recorded"), "{}", said.err);
    }
    assert_same_bundles(&there.deployment, &plain);
}

/// Of four workers one stops before its rows have a name, one before its note has, one is killed there, and the drive of one hangs
/// while the process goes on.
#[test]
fn a_worker_that_is_paused_past_its_lease_or_killed_changes_nothing() {
    let (Some(there), Some(strace)) = (made(2), tracer()) else { return };
    let plain = alone();
    leave_to(&there, 4);
    for night in &NIGHTS[..2] {
        let told = plain.night(night);
        let workers = [
            "renameat:signal=SIGSTOP:when=1",
            "renameat:signal=SIGSTOP:when=3",
            "renameat:signal=SIGKILL:when=3",
            "fsync:delay_enter=15s:when=1",
        ]
        .map(|what| there.disturbed(&strace, what));
        let said = there.deployment.night(night);
        assert_eq!(pieces(&there, "token > 1"), 4, "all were taken over");
        assert_eq!(pieces(&there, &format!("token = 1 AND worker <> '{OWN}'")), 0);
        assert_eq!(bench(&there).len(), 0, "what they had begun is swept");
        assert_said_alike((&there, &said), (&plain, &told));
        for (at, worker) in workers.into_iter().enumerate() {
            let said = worker.end();
            assert!(at == 2 || said.err.contains("came=Left"), "{}", said.err);
            assert!(!said.err.contains("panicked"), "{}", said.err);
        }
        assert_eq!(bench(&there).len(), 0, "and nothing of it comes later");
    }
    assert_same_bundles(&there.deployment, &plain);
}

/// A night in the background, until three workers have handed something over and wait to say so.
fn until_handed(there: &There, night: &str) -> Child {
    there.shut_gate();
    let lead = there.deployment.start(&["run", "--as-of", night, "--json"]);
    let noted = || {
        // Names alone: what is being written is about to have another.
        let Ok(all) = fs::read_dir(there.deployment.path("state/bench")) else { return 0 };
        all.flatten().filter(|entry| entry.file_name().len() == 64).count()
    };
    // An order and three notes.
    until("three to hand over", || noted() == 4);
    lead
}

fn ended(there: &There, lead: Child) -> Said {
    there.open_gate();
    let said = Said::of(&lead.wait_with_output().unwrap());
    assert!(matches!(said.code, Some(0 | 4)), "{}", said.err);
    said
}

#[test]
fn what_was_changed_on_the_drive_is_read_again_and_nothing_there_or_in_the_table_is_in_clear() {
    let Some(there) = made(LONG) else { return };
    let plain = alone();
    leave_to(&there, 3);
    there.gate();
    let workers = [there.worker(), there.worker(), there.worker()];
    let folder = there.deployment.path("state/bench");
    for (at, night) in NIGHTS.iter().enumerate() {
        let told = plain.night(night);
        let lead = until_handed(&there, night);
        let handed = bench(&there);
        assert_nothing_in_clear(&there, &handed);
        let with =
            |end: &str| -> Vec<String> { handed.keys().filter(|n| n.ends_with(end)).cloned().collect() };
        let (rows, spools) = (with(".rows"), with(".spool"));
        let changed = |name: &String, place: usize| {
            let mut bytes = handed[name].clone();
            bytes[place] ^= 1;
            fs::write(folder.join(name), bytes).unwrap();
        };
        match at {
            0 => {
                assert_eq!((rows.len(), spools.len()), (3, 3), "all were taken whole");
                changed(&rows[0], handed[&rows[0]].len() / 2);
                fs::write(folder.join(&spools[1]), &handed[&spools[1]][..handed[&spools[1]].len() - 1])
                    .unwrap();
                fs::remove_file(folder.join(&rows[2])).unwrap();
            }
            1 => handed.keys().filter(|name| name.len() == 64).for_each(|note| changed(note, 40)),
            _ => handed.keys().filter(|name| name.len() == 64).for_each(|note| {
                fs::write(folder.join(note), &handed[note][..handed[note].len() / 2]).unwrap();
            }),
        }
        let said = ended(&there, lead);
        assert!(pieces(&there, &format!("state = 'done' AND worker <> '{OWN}'")) >= 3, "and so it was said");
        assert_eq!(bench(&there).len(), 0);
        assert_said_alike((&there, &said), (&plain, &told));
    }
    workers.into_iter().for_each(|worker| drop(worker.end()));
    assert_same_bundles(&there.deployment, &plain);
}

/// Words that do not come about by chance.
fn assert_nothing_in_clear(there: &There, handed: &BTreeMap<String, Vec<u8>>) {
    let words = canaries();
    let long: Vec<&String> = words.iter().filter(|word| word.len() > 7).collect();
    assert!(long.len() > 500 && handed.values().map(Vec::len).sum::<usize>() > 10_000);
    for (name, bytes) in handed {
        for word in &long {
            assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{name} holds {word}");
        }
    }
    let table = there.server.sql(&there.database, "SELECT row_to_json(task)::text FROM task");
    assert!(table.contains("read hmps-releases"), "{table}");
    assert_no_value(&table, &words, "the table");
}

/// The second night's release list, with the month before the day, and with a row that does not read.
fn spoiled(deployment: &Deployment) {
    let path = deployment.path("fixtures/hmps/HMPS_RELEASES_20081118.csv");
    let bytes = fs::read(deployment.path("fixtures/hmps/HMPS_RELEASES_20081117.csv")).unwrap();
    let text: String = bytes.into_iter().map(char::from).collect();
    let mut lines: Vec<Vec<String>> =
        text.lines().map(|line| line.split(';').map(Into::into).collect()).collect();
    let at = lines[2].iter().position(|header| header == "Release date").unwrap();
    for line in lines.iter_mut().skip(3).filter(|line| line.len() > at) {
        let day = line[at].clone();
        if let [d, m, y] = day.split('/').collect::<Vec<_>>().as_slice() {
            line[at] = format!("{m}/{d}/{y}");
        }
    }
    let text: Vec<String> = lines.iter().map(|cells| cells.join(";")).collect();
    fs::write(path, text.join("\r\n").chars().map(|c| c as u8).collect::<Vec<u8>>()).unwrap();
}

#[test]
fn a_held_file_a_drifted_column_and_refused_rows_are_told_as_by_one_process() {
    let Some(there) = made(LONG) else { return };
    let plain = Deployment::fresh();
    [&plain, &there.deployment].into_iter().for_each(spoiled);
    plain.night(BEFORE);
    // The feeds that are looked at are a worker's.
    there.hold_back(
        "NEW.token = 1 AND NEW.lane IN ('read hmps-releases', 'read wyp-custody', 'read g4s-orders')",
    );
    let worker = there.worker();
    for night in &NIGHTS[..2] {
        let (told, said) = (plain.night(night), there.deployment.night(night));
        let own = format!("worker <> '{OWN}' AND state = 'done' AND lane = 'read {FEED}'");
        assert_eq!(pieces(&there, &own), 1, "a worker read it");
        assert_said_alike((&there, &said), (&plain, &told));
    }
    let list = there.deployment.run(&["quarantine", "list", "--all", "--json"]);
    assert!(list.out.contains("LG1314") && list.out.contains(FEED), "{}", list.out);
    assert!(list.json()["rows"].as_array().is_some_and(|rows| !rows.is_empty()), "{}", list.out);
    drop(worker.end());
    assert_same_bundles(&there.deployment, &plain);
}

/// Whoever would read otherwise, or sees nothing of it, gives it back and ends; what cannot be read by a worker the night reads.
#[test]
fn a_worker_with_another_mapping_folder_or_a_fault_of_its_own_leaves_it_to_the_night() {
    let (Some(there), Some(strace)) = (made(LONG), tracer()) else { return };
    let plain = alone();
    let other = |edit: bool| {
        let other = if edit { there.beside() } else { Deployment::sealed() };
        if edit {
            let path = other.path("mappings/hmps/releases.toml");
            fs::write(&path, fs::read_to_string(&path).unwrap() + "\n# Another text.\n").unwrap();
        } else {
            for name in ["lockgate.toml", "db.password"] {
                fs::copy(there.deployment.path(name), other.path(name)).unwrap();
            }
            copy(&there.deployment.path("state"), &other.path("state"));
        }
        other
    };
    let others = [other(true), other(false)];
    let full = there.disturbed(&strace, "fsync:error=ENOSPC:when=1+");
    let mut workers =
        others.each_ref().map(|other| there.started(other.command(&["worker", "--threads", "1"])));
    there.assign(&[
        (&full, "read wyp-custody"),
        (&workers[0], "read hmps-releases"),
        (&workers[1], "read lcc-orchard"),
    ]);
    let (told, said) = (plain.night(NIGHTS[0]), there.deployment.night(NIGHTS[0]));
    assert_eq!(bench(&there).len(), 0);
    assert_said_alike((&there, &said), (&plain, &told));
    let full = full.end().err;
    assert!(full.contains("the night reads it itself") && full.contains("LG2012"), "{full}");
    workers.iter_mut().for_each(|worker| until("a worker to end", || worker_ended(worker)));
    for (worker, code) in workers.into_iter().zip(["LG2961", "LG2960"]) {
        let said = worker.end();
        assert!(said.code == Some(78) && said.err.contains(code), "{code}: {:?} {}", said.code, said.err);
    }
    assert!(!others[1].path("state/bench").exists(), "and leaves nothing where it does not belong");
    assert_same_bundles(&there.deployment, &plain);
}

/// Whoever says first that something is read is told that it has lost it: what the night's own process read it has all the same, and
/// what a worker read is read once more.
#[test]
fn a_piece_that_was_lost_by_the_time_it_was_read_is_read_by_whoever_has_it() {
    let Some(there) = made(2) else { return };
    let plain = alone();
    leave_to(&there, 1);
    there.lose();
    let worker = there.worker();
    for night in &NIGHTS[..2] {
        let (told, said) = (plain.night(night), there.deployment.night(night));
        assert!(pieces(&there, "token > 1") > 0);
        assert_eq!(pieces(&there, "state = 'done' AND token = 1"), 0);
        assert_eq!(bench(&there).len(), 0);
        assert_said_alike((&there, &said), (&plain, &told));
    }
    let said = worker.end();
    assert!(said.err.contains("came=Left"), "{}", said.err);
    assert_same_bundles(&there.deployment, &plain);
}

/// A process that was taken for dead and whose table another has cleared neither waits for its pieces nor goes on.
#[test]
fn a_night_whose_table_another_has_cleared_ends() {
    let Some(there) = made(LONG) else { return };
    there.read_alone();
    there.hold_back("true");
    let worker = there.worker();
    let lead = there.deployment.start(&["run", "--as-of", NIGHTS[0]]);
    until("the pieces", || pieces(&there, "true") > 20);
    there.server.sql(&there.database, "DELETE FROM task");
    let said = Said::of(&lead.wait_with_output().unwrap());
    assert!(said.code == Some(75) && said.err.contains("LG2957"), "{:?} {}", said.code, said.err);
    drop(worker.end());
    // What it left is swept by the next, which reads everything.
    assert_eq!(bench(&there).len(), 1, "the order");
    there.deployment.night(NIGHTS[0]);
    assert_eq!(bench(&there).len(), 0);
}

/// What workers say to a night that was killed meanwhile is said to nobody: the next run of the day sweeps what they handed over,
/// and reads everything, with the same workers.
#[test]
fn a_night_killed_while_workers_read_for_it_is_made_whole_by_the_next_run() {
    let Some(there) = made(LONG) else { return };
    let plain = alone();
    leave_to(&there, 3);
    there.gate();
    let workers = [there.worker(), there.worker(), there.worker()];
    for night in &NIGHTS[..2] {
        let told = plain.night(night);
        let mut lead = until_handed(&there, night);
        lead.kill().unwrap();
        lead.wait().unwrap();
        there.open_gate();
        until("three who say it to nobody", || pieces(&there, "state = 'done'") >= 3);
        assert!(bench(&there).len() >= 4, "what was handed over lies there");
        let said = there.deployment.night(night);
        assert_eq!(bench(&there).len(), 0);
        assert!(pieces(&there, &format!("worker <> '{OWN}'")) >= 3, "and is read by workers once more");
        let without_run = |said: &Said| {
            let mut summary = summary(said);
            assert!(summary.as_object_mut().unwrap().remove("run").is_some());
            summary
        };
        assert_eq!(without_run(&said), without_run(&told));
    }
    workers.into_iter().for_each(|worker| drop(worker.end()));
    assert_same_bundles(&there.deployment, &plain);
    let verified = there.deployment.run(&["ledger", "verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
}

fn worker_ended(worker: &mut Worker) -> bool {
    worker.child.try_wait().unwrap().is_some()
}
