//! Several processes share a night's work, on a `PostgreSQL` server: whoever of them is paused past its lease, killed or gone, each
//! bundle is at its door once, whole, with its signature last, and the result is that of one process.
//!
//! Workers are stopped by the system at a call of theirs (`SIGSTOP`, as a machine that hangs) and go on later, or are killed there.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;
use support::doors::{open_all, sealed};
use support::workers::{There, Worker, received, server, until};
use support::{Deployment, NIGHTS, RECIPIENTS, assert_same_but_for_the_ledger, copy, files, tracer};

/// Four workers beside each of two nights: of each four one stops before the sealed file has its name, one before the signature has, one
/// is killed there, and one is left alone.
#[test]
fn four_workers_some_paused_past_their_lease_and_some_killed_bring_every_bundle_once() {
    let (Some(server), Some(strace)) = (server(), tracer()) else { return };
    let (there, plain) = (There::new(server), Deployment::after(2));
    let (mut again, mut by_workers) = (0, 0);
    // The store is made by the first night. What is shared of reading is in tests/reading.rs.
    there.deployment.night(NIGHTS[0]);
    there.read_alone();
    for (at, night) in NIGHTS.iter().enumerate().skip(1) {
        let killed = format!("fsync:signal=SIGKILL:when={}", at + 1);
        let workers = [
            there.disturbed(&strace, "fsync:signal=SIGSTOP:when=1"),
            there.disturbed(&strace, "fsync:signal=SIGSTOP:when=3"),
            there.disturbed(&strace, &killed),
            there.worker(),
        ];
        there.deployment.night(night);
        again += there.number("SELECT count(*) FROM task WHERE kind = 'deliver' AND token > 1");
        by_workers += there.number("SELECT count(*) FROM task WHERE worker <> 'the night itself'");
        assert_eq!(there.number("SELECT count(*) FROM task WHERE kind = 'deliver' AND state = 'done'"), 8);
        // What was stopped goes on where it was, long after its pieces were another's.
        for worker in workers {
            let said = worker.end();
            assert!(!said.err.contains("panicked"), "{}", said.err);
        }
        there.assert_brought_once(8 * (at as u64 + 1));
    }
    assert!(again >= 3, "{again} pieces were taken over");
    assert!(by_workers >= 3, "{by_workers} pieces were done by workers");
    assert_eq!(open_all(&there.deployment), 24);
    assert_same_but_for_the_ledger(&plain.bundle_files(), &received(&there.deployment), "shared and alone");
}

/// What a paused worker had begun, another brought, and its recipient took away: when the worker goes on, it puts nothing there.
#[test]
fn a_worker_that_lost_its_piece_puts_nothing_at_a_door_any_more() {
    let (Some(server), Some(strace)) = (server(), tracer()) else { return };
    let there = There::new(server);
    there.waiting(2);
    // Before anything lies at the door, before the sealed file has its name, and before the signature has its own.
    let calls = ["mkdir:signal=SIGSTOP:when=1", "fsync:signal=SIGSTOP:when=1", "fsync:signal=SIGSTOP:when=3"];
    let workers = calls.map(|call| there.disturbed(&strace, call));
    let said = there.deployment.run(&["bundle", "deliver", "--now"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        there.number("SELECT count(*) FROM task WHERE token > 1") >= 3,
        "all were paused past their lease"
    );
    there.assert_brought_once(40);
    let doors = there.deployment.path("state/bundles");
    fs::rename(&doors, there.deployment.path("taken")).unwrap();
    RECIPIENTS.iter().for_each(|recipient| fs::create_dir_all(doors.join(recipient)).unwrap());
    for worker in workers {
        let said = worker.end();
        assert!(said.err.contains("came=Left"), "it was told: {}", said.err);
    }
    assert_eq!(files(&doors).keys().collect::<Vec<_>>(), [] as [&String; 0]);
    fs::remove_dir_all(&doors).unwrap();
    fs::rename(there.deployment.path("taken"), &doors).unwrap();
    assert_eq!(open_all(&there.deployment), 40);
}

/// The process that the workers help is paused itself, past the leases of what it has in hand: they bring all of it, and when it
/// goes on it brings nothing again, and writes everything down once.
#[test]
fn what_the_nights_own_process_lost_while_it_was_paused_it_only_writes_down() {
    let (Some(server), Some(strace)) = (server(), tracer()) else { return };
    let there = There::new(server);
    there.waiting(2);
    let workers = [there.worker(), there.worker()];
    let words = ["bundle", "deliver", "--now", "--json"];
    let lead = Worker::start(there.traced(&strace, "fsync:signal=SIGSTOP:when=1", &words));
    until("the workers to bring everything", || {
        there.number("SELECT count(*) FROM task WHERE state = 'done'") == 16
    });
    assert!(there.number("SELECT count(*) FROM task WHERE token > 1") > 0, "it had something in hand");
    let doors = there.deployment.path("state/bundles");
    let at_door = files(&doors);
    fs::rename(&doors, there.deployment.path("taken")).unwrap();
    RECIPIENTS.iter().for_each(|recipient| fs::create_dir_all(doors.join(recipient)).unwrap());
    let said = lead.go_on();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let standings = said.json();
    assert!(
        standings.as_array().unwrap().iter().all(|s| s["sent"].as_array().unwrap().len() == 2),
        "{standings}"
    );
    assert_eq!(files(&doors).keys().collect::<Vec<_>>(), [] as [&String; 0]);
    fs::remove_dir_all(&doors).unwrap();
    fs::rename(there.deployment.path("taken"), &doors).unwrap();
    there.assert_brought_once(40);
    support::assert_same_files(&whole(&at_door), &files(&doors), "afterwards");
    workers.into_iter().for_each(|worker| drop(worker.end()));
}

/// Without what was not whole yet.
fn whole(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let mut whole = files.clone();
    whole.retain(|name, _| Path::new(name).extension().is_none_or(|ending| ending != "part"));
    whole
}

/// Each recipient's bundles come in their order, whoever brings them; a door that fails keeps its own waiting and nobody else's.
#[test]
fn what_waits_between_the_nights_is_shared_in_order_and_a_door_that_fails_stops_its_own() {
    let Some(server) = server() else { return };
    let there = There::new(server);
    there.waiting(3);
    let shut = there.deployment.path("state/bundles/cri");
    let kept = there.deployment.path("cri");
    fs::rename(&shut, &kept).unwrap();
    fs::write(&shut, "in the way").unwrap();
    let workers = [there.worker(), there.worker()];
    let said = there.deployment.run(&["bundle", "deliver", "--now", "--json"]);
    assert_eq!(said.code, Some(5), "{}", said.err);
    let standings = said.json();
    for standing in standings.as_array().unwrap() {
        let failing = standing["recipient"] == "cri";
        let (sent, code) = (standing["sent"].as_array().unwrap().len(), standing["code"].as_str());
        assert_eq!((sent, code), if failing { (0, Some("LG2602")) } else { (3, None) }, "{standing}");
    }
    // One of the failing lane was tried; none behind it.
    assert_eq!(there.number("SELECT count(*) FROM task WHERE lane = 'cri' AND token > 0"), 1);
    assert!(there.number("SELECT count(*) FROM task WHERE worker <> 'the night itself'") > 0);
    let order = "SELECT count(*) FROM task AS a JOIN task AS b ON a.lane = b.lane AND a.id < b.id \
                 WHERE a.state <> 'done' AND b.state = 'done'";
    assert_eq!(there.number(order), 0);
    fs::remove_file(&shut).unwrap();
    fs::rename(&kept, &shut).unwrap();
    let said = there.deployment.run(&["bundle", "deliver", "--now"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    there.assert_brought_once(48);
    for worker in workers {
        let said = worker.end();
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
}

/// A worker that could do harm, or nothing, says so and ends; what it gave back the night brings itself.
#[test]
fn a_worker_with_another_folder_agreement_or_store_ends_and_says_so() {
    let alone = Deployment::sealed();
    let said = alone.run(&["worker", "--once"]);
    assert!(said.code == Some(78) && said.err.contains("LG2959"), "{:?} {}", said.code, said.err);
    let Some(server) = server() else { return };
    let there = There::new(server);
    let said = there.deployment.run(&["worker", "--once"]);
    assert!(said.code == Some(75) && said.err.contains("LG2003"), "there is no store yet: {}", said.err);
    there.doors(true);
    there.deployment.run(&["run", "--as-of", NIGHTS[0]]);
    there.doors(false);
    let said = there.deployment.run(&["worker", "--once", "--json"]);
    assert_eq!(
        (said.code, said.json()["done"].as_u64()),
        (Some(0), Some(0)),
        "nothing is under way: {}",
        said.err
    );
    // Of the same store, and the state folder of another deployment.
    let elsewhere = |edit: bool| {
        let other = Deployment::sealed();
        fs::copy(there.deployment.path("lockgate.toml"), other.path("lockgate.toml")).unwrap();
        fs::copy(there.deployment.path("db.password"), other.path("db.password")).unwrap();
        if edit {
            copy(&there.deployment.path("state"), &other.path("state"));
            let from = "\"tenancy_ref\"]";
            other.edit("agreement/entitlements/lcc.toml", from, "]");
        }
        other
    };
    let others = [elsewhere(false), elsewhere(true)];
    let workers = others.each_ref().map(|other| there.started(other.command(&["worker", "--threads", "1"])));
    let said = there.deployment.run(&["bundle", "deliver", "--now"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    there.assert_brought_once(8);
    for (mut worker, code) in workers.into_iter().zip(["LG2960", "LG2961"]) {
        until("a worker to end", || worker_ended(&mut worker));
        let said = worker.end();
        assert!(said.code == Some(78) && said.err.contains(code), "{code}: {:?} {}", said.code, said.err);
    }
    assert!(sealed(&others[0], "wyp").is_empty(), "it brought nothing anywhere");
}

/// A worker outlives the server's restarts, and ends when it is told to, whether the server answers or not. It has the
/// configuration of its own machine, without the key that signs.
#[test]
fn a_worker_waits_for_a_server_that_is_away() {
    let Some(server) = server() else { return };
    let there = There::new(server);
    there.waiting(1);
    let apart = there.beside();
    let one = there.started(apart.command(&["worker", "--threads", "1"]));
    let other = there.worker();
    there.server.stop();
    std::thread::sleep(Duration::from_secs(2));
    let said = other.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    there.server.again();
    until("the worker to be back", || there.workers() == 1);
    let said = there.deployment.run(&["bundle", "deliver", "--now"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    there.assert_brought_once(32);
    assert!(there.number("SELECT count(*) FROM task WHERE worker <> 'the night itself'") > 0);
    let said = one.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
}

fn worker_ended(worker: &mut Worker) -> bool {
    worker.child.try_wait().unwrap().is_some()
}

/// The server goes away in the middle of a round, with one piece just at its door and nobody to write it down: the command says so and may
/// be tried again, and once the server is back every bundle is at its door once.
#[test]
fn a_round_whose_server_goes_away_ends_with_75_and_the_next_brings_the_rest_once() {
    let (Some(server), Some(strace)) = (server(), tracer()) else { return };
    let there = There::new(server);
    there.waiting(2);
    let worker = there.worker();
    let words = ["bundle", "deliver", "--now"];
    let lead = Worker::start(there.traced(&strace, "fsync:signal=SIGSTOP:when=3", &words));
    until("a piece that somebody has at its door", || {
        there.number("SELECT count(*) FROM task WHERE state = 'done'") > 0
    });
    there.server.stop();
    let said = lead.go_on();
    assert_eq!(said.code, Some(75), "{}", said.err);
    assert!(said.err.contains("LG2") && !said.err.contains("panicked"), "{}", said.err);
    there.server.again();
    until("the worker to be back", || there.workers() == 1);
    let said = there.deployment.run(&["bundle", "deliver", "--now"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    there.assert_brought_once(40);
    assert_eq!(worker.end().code, Some(0));
    assert_eq!(open_all(&there.deployment), 40);
}
