//! The sandbox: each drill shows exactly what it says.

use super::pki::tools;
use super::support::Said;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn lockgate(folder: &Path, words: &[&str]) -> Said {
    let mut call = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    let output = call.args(words).env("NO_COLOR", "1").current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn made(folder: &Path, drill: &str) -> Value {
    let mut words = vec!["sandbox", "lcc", "--no-serve", "--json", "--out", "practice"];
    words.extend(if drill.is_empty() { vec![] } else { vec!["--drill", drill] });
    let said = lockgate(folder, &words);
    assert_eq!(said.code, Some(0), "{}", said.err);
    said.json()
}

/// Code and end of `bundle verify` and `bundle open` of each bundle, in their order.
fn checked(folder: &Path, made: &Value) -> Vec<[(Option<i32>, String); 2]> {
    let (key, signers) = (made["identity"].as_str().unwrap(), made["signers"].as_str().unwrap());
    let mut after = 0;
    let mut all = Vec::new();
    for name in made["bundles"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        let file = format!("{}/{name}.zip.age", made["door"].as_str().unwrap());
        let told = |said: &Said| (said.code, said.json()["code"].as_str().unwrap_or("GOOD").to_owned());
        let verified = lockgate(folder, &["bundle", "verify", &file, "--signers", signers, "--json"]);
        let last = after.to_string();
        let call =
            ["bundle", "open", &file, "--signers", signers, "--identity", key, "--out", "received", "--json"];
        let opened = lockgate(folder, &[&call[..], &["--recipient", "lcc", "--after", &last]].concat());
        if opened.code == Some(0) {
            after = opened.json()["bundle"]["sequence"].as_u64().unwrap();
        }
        all.push([told(&verified), told(&opened)]);
    }
    all
}

#[test]
fn each_drill_shows_what_it_says_and_nothing_else() {
    let good = || (Some(0), "GOOD".to_owned());
    let bad = |code: i32, word: &str| (Some(code), word.to_owned());
    for (drill, bundles, last) in [
        ("", 3, [good(), good()]),
        ("wrong-key", 3, [good(), bad(7, "LG2307")]),
        ("gap", 2, [good(), bad(6, "LG2315")]),
        ("tampered", 3, [bad(7, "LG2306"), bad(7, "LG2306")]),
        ("late", 4, [good(), good()]),
        ("withdrawn", 3, [good(), good()]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let made = made(folder.path(), drill);
        let all = checked(folder.path(), &made);
        assert_eq!(all.len(), bundles, "{drill}");
        let (end, before) = all.split_last().unwrap();
        assert_eq!(end, &last, "{drill}");
        assert!(before.iter().all(|b| *b == [good(), good()]), "{drill}: {before:?}");
        let expected = made["expected"].as_str().unwrap_or_default();
        for (code, word) in &last {
            assert!(*code == Some(0) || expected.contains(word.as_str()), "{drill}: {expected}");
        }
        let overdue = ["--config", "practice/gateway", "receipt", "list", "--overdue", "--recipient", "lcc"];
        let overdue = lockgate(folder.path(), &overdue);
        assert_eq!(overdue.code == Some(4), drill == "late", "{drill}: {}", overdue.out);
    }
}

/// A sandbox that is served: its process, where it listens and the bearer key.
struct Served {
    child: Child,
    url: String,
    token: String,
}

impl Served {
    fn start(folder: &Path, recipient: &str, more: &[&str]) -> Self {
        let mut call = Command::new(env!("CARGO_BIN_EXE_lockgate"));
        call.args(["sandbox", recipient, "--listen", "127.0.0.1:0"]).args(more).current_dir(folder);
        let mut child = call.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (mut url, mut token) = (String::new(), String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let mut words = line.split_whitespace().skip(2);
            if line.starts_with("bearer key") {
                words.next().unwrap().clone_into(&mut token);
            } else if line.starts_with("listening on") {
                words.next().unwrap().clone_into(&mut url);
                break;
            }
        }
        Self { child, url, token }
    }

    /// Status and body of what curl gets.
    fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let header = format!("Authorization: Bearer {}", self.token);
        let mut call = Command::new("curl");
        call.args(["-sS", "-H", &header, "-w", "\n%{http_code}", &format!("{}{path}", self.url)]);
        let mut body = call.output().unwrap().stdout;
        let end = body.iter().rposition(|b| *b == b'\n').unwrap();
        let status = String::from_utf8(body.split_off(end)).unwrap();
        (status.trim().parse().unwrap(), body)
    }

    /// What is listed.
    fn listed(&self) -> Vec<Value> {
        let (status, body) = self.get("/v1/bundles");
        assert_eq!(status, 200);
        let listed: Value = serde_json::from_slice(&body).unwrap();
        listed["bundles"].as_array().unwrap().clone()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The API gives the same 404 for the bundle that was withdrawn as for a name that never was; the snapshot behind it says what is
/// missing, and is applied.
#[test]
fn a_withdrawn_bundle_is_not_there_and_a_snapshot_stands_for_it() {
    let Some(()) = tools(&["curl"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), "lcc", &["--drill", "withdrawn"]);
    let listed = served.listed();
    let facts: Vec<(u64, &str)> =
        listed.iter().map(|b| (b["sequence"].as_u64().unwrap(), b["kind"].as_str().unwrap())).collect();
    assert_eq!(facts, [(1, "snapshot"), (2, "delta"), (4, "snapshot")]);
    let withdrawn = served.get("/v1/bundles/lockgate_leeds-iom_lcc_20081119_000003_delta");
    assert_eq!(withdrawn.0, 404);
    assert_eq!(withdrawn, served.get("/v1/bundles/lockgate_leeds-iom_lcc_20081119_000009_delta"));
    // What the API gives is what lies at the door.
    let name = listed[2]["name"].as_str().unwrap();
    let (status, bytes) = served.get(&format!("/v1/bundles/{name}"));
    let file = folder.path().join(format!("sandbox/door/{name}.zip.age"));
    assert_eq!((status, bytes), (200, fs::read(&file).unwrap()));
    let verify = |after: &str| {
        let words =
            ["bundle", "verify", file.to_str().unwrap(), "--signers", "sandbox/signers.txt", "--json"];
        let more = ["--identity", "sandbox/mine.age", "--recipient", "lcc", "--after", after];
        let said = lockgate(folder.path(), &[&words[..], &more].concat());
        assert_eq!(said.code, Some(0), "{}", said.out);
        said.json()
    };
    for (after, missing) in [("2", "number 3 is missing"), ("1", "numbers 2 to 3 are missing")] {
        let notes = verify(after)["notes"].clone();
        let note = format!("{missing}; this one is a snapshot and stands for itself");
        assert_eq!(notes, serde_json::json!([note]));
    }
    // The desk sees it stopped, and its ledger holds.
    let desk = |words: &[&str]| lockgate(folder.path(), &[&["--config", "sandbox/gateway"], words].concat());
    let said = desk(&["bundle", "list", "--recipient", "lcc", "--json"]).json();
    let state = |n: u64| {
        let rows = said.as_array().unwrap();
        rows.iter().find(|b| b["sequence"] == n).unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!([1, 2, 3, 4].map(state), ["published", "published", "stopped", "sealed"]);
    assert_eq!(desk(&["ledger", "verify"]).code, Some(0));
}

#[test]
fn the_sandbox_serves_what_its_key_opens() {
    let Some(()) = tools(&["curl"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), "g4s", &[]);
    assert_eq!(served.listed().len(), 3);
    drop(served);
    assert!(folder.path().join("sandbox/mine.age").is_file());
    // It makes nothing over what is there, and knows its recipients.
    let said = lockgate(folder.path(), &["sandbox", "g4s"]);
    assert!(said.code == Some(2) && said.err.contains("is there already"), "{}", said.err);
    let said = lockgate(folder.path(), &["sandbox", "nobody", "--out", "other"]);
    assert!(said.code == Some(2) && said.err.contains("it has") && !folder.path().join("other").exists());
    assert!(fs::read_dir(folder.path()).unwrap().count() == 1);
}
