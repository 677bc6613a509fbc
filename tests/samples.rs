//! The sample bundles of `docs/samples`: every command of their page, run as it stands, ends and says what the page says.

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
use std::path::Path;
use std::process::Command;
use support::{copy, needed};

/// A command of the page and what it comes to.
struct Step {
    /// The variables of its block, and the command.
    script: String,
    ends: i32,
    says: String,
}

/// The commands of the page, in their order; every one must be followed by what it comes to.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for block in page.split("```\n").skip(1).step_by(2) {
        let (mut variables, mut command) = (String::new(), String::new());
        for line in block.lines() {
            let set = line.split_once('=').is_some_and(|(name, _)| matches!(name, "F" | "K" | "N"));
            if let Some(end) = line.strip_prefix("# ends ") {
                let (ends, says) = end.split_once(": ").unwrap();
                let script = format!("{variables}{command}");
                assert!(!command.is_empty(), "nothing stands before `{line}`");
                steps.push(Step { script, ends: ends.parse().unwrap(), says: says.to_owned() });
                command.clear();
            } else if set {
                variables += &format!("{line}\n");
            } else {
                command += &format!("{line}\n");
            }
        }
        assert!(command.is_empty(), "the page does not say what it comes to: {command}");
    }
    steps
}

#[test]
fn every_command_of_the_samples_page_ends_and_says_what_it_says() {
    let path = std::env::var_os("PATH").unwrap();
    for tool in ["age", "ssh-keygen", "unzip", "sha256sum", "jq", "bash"] {
        let found = std::env::split_paths(&path).map(|f| f.join(tool)).find(|p| p.is_file());
        let Some(_) = needed(found, tool) else { return };
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = tempfile::tempdir().unwrap();
    let desk = place.path().join("docs/samples");
    copy(&root.join("docs/samples"), &desk);
    copy(&root.join("fixtures/keys"), &place.path().join("fixtures/keys"));
    let program = Path::new(env!("CARGO_BIN_EXE_lockgate")).parent().unwrap();
    let path = std::env::join_paths([program.to_owned()].into_iter().chain(std::env::split_paths(&path)));
    let path = path.unwrap();
    let all = steps(&fs::read_to_string(desk.join("README.md")).unwrap());
    assert!(all.len() > 15, "{} commands", all.len());
    for step in all {
        let mut call = Command::new("bash");
        call.args(["-euo", "pipefail", "-c", &step.script]).current_dir(&desk);
        let output = call.env("PATH", &path).env("NO_COLOR", "1").env("LC_ALL", "C").output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(step.ends), "{}{said}", step.script);
        assert!(said.contains(&step.says), "{}says not `{}`: {said}", step.script, step.says);
    }
    assert!(!desk.join("tampered.zip").exists() || fs::read(desk.join("tampered.zip")).unwrap().is_empty());
    // Of the bundle that was changed nothing is left.
    let unpacked = fs::read_dir(desk.join("received")).unwrap();
    let mut left: Vec<String> = unpacked.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    let kept = ["20081117_000001_snapshot", "20081119_000003_delta"];
    assert_eq!(left, kept.map(|n| format!("lockgate_leeds-iom_cri_{n}")));
}

/// The samples were made with the keys that are there now.
#[test]
fn the_signers_of_the_samples_are_those_of_the_fixtures() {
    let listed = support::Deployment::sealed().run(&["key", "allowed-signers"]);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/samples/signers.txt");
    assert_eq!(fs::read_to_string(beside).unwrap(), listed.out);
}
