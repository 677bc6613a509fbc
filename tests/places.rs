//! Places of every kind in a deployment: what `check` says of them, and nights that collect from a server.

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

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use support::sshd::Sshd;
use support::wire::{Fate, Wire};
use support::{Deployment, NIGHTS, assert_same_but_for_the_ledger};

/// What `check` says of an object store without TLS.
const STORE: &str = if cfg!(feature = "s3") { "https://" } else { "--features s3" };

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The deployment with one partner's place on the server.
fn deployment_over(server: &Sshd, port: u16) -> Deployment {
    let deployment = Deployment::fresh();
    for entry in fs::read_dir(deployment.path("fixtures/hmps")).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, server.root().join(from.file_name().unwrap())).unwrap();
    }
    let sftp = server.place(port, ", timeout_s = 20");
    deployment.edit("lockgate.toml", "folder = \"fixtures/hmps\"", &sftp);
    deployment
}

#[test]
fn a_night_that_collects_a_feed_over_sftp_reads_the_same_as_from_the_folder() {
    let Some(server) = Sshd::start() else { return };
    let (over, plain) = (deployment_over(&server, server.port), Deployment::fresh());
    let before = names(&server.root());
    assert!(!before.is_empty());
    let checked = over.run(&["check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    for night in NIGHTS {
        let (there, here) = (over.night(night), plain.night(night));
        assert_eq!(there.json()["feeds"], here.json()["feeds"]);
    }
    assert_same_but_for_the_ledger(
        &over.bundle_files(),
        &plain.bundle_files(),
        "over SFTP and from the folder",
    );
    assert_eq!(names(&server.root()), before, "nothing at the source is removed");
}

#[test]
fn a_place_that_is_down_or_breaks_off_stops_no_night() {
    let Some(mut server) = Sshd::start() else { return };
    let wire = Wire::to(server.port);
    let over = deployment_over(&server, wire.port);
    let missing = |day: &str, code: &str| {
        let said = over.night(day);
        assert!(said.err.contains(code) && said.err.contains("does not answer"), "{}", said.err);
        let lines = said.json()["recipients"].as_array().map(Vec::len);
        assert_eq!(lines, Some(support::RECIPIENTS.len()), "everybody else's night");
    };
    server.stop();
    missing(NIGHTS[0], "LG1170");
    server.start_again();
    // It breaks off while a file is read.
    let kept = names(&server.root());
    let newest = server.root().join(kept.iter().find(|name| name.contains("20081118")).unwrap());
    let whole = fs::read(&newest).unwrap();
    fs::write(&newest, vec![b'x'; 4 << 20]).unwrap();
    let pieces = AtomicUsize::new(0);
    wire.rule(move || if pieces.fetch_add(1, Relaxed) < 120 { Fate::Pass } else { Fate::Cut });
    missing(NIGHTS[1], "LG1170");
    wire.rule(|| Fate::Pass);
    fs::write(&newest, whole).unwrap();
    let said = over.night(NIGHTS[2]);
    assert!(!said.err.contains("LG1170"), "{}", said.err);
    assert_eq!(said.feed("hmps-releases")["feed"], "hmps-releases");
}

/// A server that hangs is given up in its time, and everybody else's night goes on: one that takes the connection and says nothing, and
/// one that stops in the middle of a file.
#[test]
fn a_place_that_hangs_stops_no_night() {
    let Some(server) = Sshd::start() else { return };
    let over = deployment_over(&server, server.port);
    let hangs = |port: u16, day: &str| {
        let settings = fs::read_to_string(over.path("lockgate.toml")).unwrap();
        let line = settings.lines().find(|l| l.starts_with("sftp = ")).unwrap();
        let place = server.place(port, ", timeout_s = 2");
        fs::write(over.path("lockgate.toml"), settings.replace(line, &place)).unwrap();
        let said = over.night(day);
        assert!(said.err.contains("LG1171") && said.err.contains("does not answer"), "{}", said.err);
        let (json, feed) = (said.json(), said.feed("wyp-custody"));
        assert_eq!(json["recipients"].as_array().map(Vec::len), Some(support::RECIPIENTS.len()));
        assert_eq!(feed["state"], "accepted", "the other feeds are taken");
    };
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    hangs(silent.local_addr().unwrap().port(), NIGHTS[0]);
    let kept = names(&server.root());
    let newest = server.root().join(kept.iter().find(|name| name.contains("20081118")).unwrap());
    fs::write(&newest, vec![b'x'; 4 << 20]).unwrap();
    let (wire, pieces) = (Wire::to(server.port), AtomicUsize::new(0));
    wire.rule(move || if pieces.fetch_add(1, Relaxed) < 120 { Fate::Pass } else { Fate::Hold });
    hangs(wire.port, NIGHTS[1]);
}

#[test]
fn check_says_a_bad_place_and_asks_nobody() {
    let pin = format!("SHA256:{}", "A".repeat(43));
    let place = |more: &str| {
        format!(
            "sftp = {{ host = \"192.0.2.1\", user = \"u\", host_key = \"{pin}\", key = {{ file = \"k\" }}, path = \"in\"{more} }}"
        )
    };
    let said = |line: &str| {
        let fresh = Deployment::fresh();
        fresh.edit("lockgate.toml", "folder = \"fixtures/hmps\"", line);
        let said = fresh.run(&["check"]);
        assert_eq!(said.code, Some(3), "{line}: {}", said.err);
        said.err
    };
    for (line, word) in [
        ("require_marker = true", "exactly one of"),
        (
            "folder = \"a\"\nsftp = { host = \"h\", user = \"u\", host_key = \"x\", key = { file = \"k\" }, path = \"p\" }",
            "exactly one of",
        ),
        (
            "object_store = { endpoint = \"http://store.example\", bucket = \"b\", key_id = { env = \"A\" }, secret = { env = \"B\" } }",
            STORE,
        ),
        (&place(", hots = 1"), "hots"),
        (&place(", port = 70000"), "1 to 65535"),
        (&place(", temporary = \"part\""), "an ending such as"),
        (&place(", finish = \"move\""), "rename"),
        (&place("").replace(&pin, "MD5:00"), "SHA256"),
        (&place("").replace("file = \"k\"", "file = \"k\", env = \"K\""), "one of them"),
        (&place(""), "cannot be opened"),
    ] {
        let err = said(line);
        assert!(err.contains(word) && err.contains("lockgate.toml"), "{line}: {err}");
    }
}
