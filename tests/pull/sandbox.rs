//! The sandbox: each drill shows exactly what it says.

use super::pki::tools;
use super::support::Said;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

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
        let overdue =
            lockgate(folder.path(), &["--config", "practice/gateway", "receipt", "list", "--overdue"]);
        assert_eq!(overdue.code == Some(4), drill == "late", "{drill}: {}", overdue.out);
    }
}

#[test]
fn the_sandbox_serves_what_its_key_opens() {
    let Some(()) = tools(&["curl"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut call = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    call.args(["sandbox", "g4s", "--listen", "127.0.0.1:0"]).current_dir(folder.path());
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
    let header = format!("Authorization: Bearer {token}");
    let output =
        Command::new("curl").args(["-sSf", "-H", &header, &format!("{url}/v1/bundles")]).output().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed["bundles"].as_array().unwrap().len(), 3);
    assert!(folder.path().join("sandbox/mine.age").is_file());
    // It makes nothing over what is there, and knows its recipients.
    let said = lockgate(folder.path(), &["sandbox", "g4s"]);
    assert!(said.code == Some(2) && said.err.contains("is there already"), "{}", said.err);
    let said = lockgate(folder.path(), &["sandbox", "nobody", "--out", "other"]);
    assert!(said.code == Some(2) && said.err.contains("it has") && !folder.path().join("other").exists());
    assert!(fs::read_dir(folder.path()).unwrap().count() == 1);
}
