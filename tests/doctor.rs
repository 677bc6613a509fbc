//! `lockgate doctor`: what would stop or narrow tonight's night is said before it, by name.

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
use support::{Deployment, NIGHTS};

type Break = fn(&Deployment);

#[test]
fn a_sound_deployment_is_found_sound_and_each_fault_by_its_name() {
    let deployment = Deployment::sealed();
    let fresh = deployment.run(&["doctor", "--json"]);
    assert_eq!(fresh.code, Some(0), "{}{}", fresh.out, fresh.err);
    deployment.night(NIGHTS[0]);
    // A time for the clock to be right at is not asked for: the fixtures' night began just now.
    let sound = deployment.run(&["doctor", "--plain"]);
    assert_eq!(sound.code, Some(0), "{}{}", sound.out, sound.err);
    for words in
        ["configuration", "store", "clock", "room", "keys", "agreement", "calendar", "`hmps` answers"]
    {
        assert!(sound.out.contains(words), "{words}: {}", sound.out);
    }
    let cases: [(&str, &str, Break); 5] = [
        ("place", "LG1002", |d| fs::rename(d.path("fixtures/hmps"), d.path("gone")).unwrap()),
        ("store", "LG2810", |d| fs::write(d.path("fixtures/keys/store.secret"), "7".repeat(64)).unwrap()),
        ("keys", "LG22", |d| fs::remove_file(d.path("fixtures/keys/gateway_signing")).unwrap()),
        ("agreement", "LG0401", |d| {
            let folder = fs::read_dir(d.path("agreement/approvals")).unwrap().next().unwrap().unwrap().path();
            fs::remove_file(folder.join("hmps.sig")).unwrap();
        }),
        ("configuration", "LG", |d| fs::remove_file(d.path("fixtures/keys/store.secret")).unwrap()),
    ];
    for (what, code, harm) in cases {
        let broken = Deployment::sealed();
        support::copy(&deployment.path("state"), &broken.path("state"));
        harm(&broken);
        let said = broken.run(&["doctor", "--json"]);
        assert_eq!(said.code, Some(3), "{what}: {}{}", said.out, said.err);
        let looks = said.json();
        let bad: Vec<&serde_json::Value> =
            looks.as_array().unwrap().iter().filter(|l| l["ok"] == false && l["what"] == what).collect();
        let problems = bad.first().map(|l| l["problems"].to_string()).unwrap_or_default();
        assert!(problems.contains(code), "{what}: {looks}");
    }
}

/// The file for whoever helps from afar: versions, digests, counts, and none of what was exchanged or configured.
#[test]
fn the_support_file_holds_counts_and_no_text_of_the_configuration() {
    let deployment = Deployment::sealed();
    let before = deployment.path("before.zip");
    let said = deployment.run(&["doctor", "--support", before.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert_eq!(part(&before, "runs.json"), serde_json::json!([]), "no store yet is no reason for no file");

    deployment.night(NIGHTS[0]);
    let file = deployment.path("support.zip");
    deployment.run(&["doctor", "--support", file.to_str().unwrap(), "--quiet"]);
    let runs = part(&file, "runs.json");
    assert_eq!((&runs[0]["as_of"], &runs[0]["exit"]), (&NIGHTS[0].into(), &4.into()));
    let waits = part(&file, "quarantine.json");
    let rows: u64 = waits.as_array().unwrap().iter().map(|w| w["rows"].as_u64().unwrap()).sum();
    assert_eq!(rows, runs[0]["summary"]["quarantine"].as_u64().unwrap());
    assert_eq!(part(&file, "about.json")["software"], runs[0]["software"]);
    let looks = part(&file, "doctor.json");
    assert!(looks.as_array().unwrap().iter().any(|look| look["what"] == "store"));

    let configuration = part(&file, "configuration.json");
    let listed = configuration.as_array().unwrap().iter().find(|c| c["file"] == "lockgate.toml").unwrap();
    let text = fs::read(deployment.path("lockgate.toml")).unwrap();
    assert_eq!(listed["sha256"], lockgate_core::hash::Digest::of(&text).hex());
    let all: String = zip::ZipArchive::new(fs::File::open(&file).unwrap()).map_or_else(
        |_| panic!("no archive"),
        |mut zip| {
            let parts = (0..zip.len()).map(|at| std::io::read_to_string(zip.by_index(at).unwrap()).unwrap());
            parts.collect()
        },
    );
    for line in
        String::from_utf8(text).unwrap().lines().filter(|line| line.contains(" = ") && line.len() > 20)
    {
        assert!(!all.contains(line.trim()), "a line of the configuration: {line}");
    }
    let unwritten = deployment.run(&["doctor", "--support", "no/such/folder/support.zip"]);
    assert_eq!(unwritten.code, Some(2), "{}", unwritten.err);
    assert!(unwritten.err.contains("was not written"), "{}", unwritten.err);
}

/// A part of an archive, as JSON.
fn part(file: &std::path::Path, name: &str) -> serde_json::Value {
    let mut zip = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    serde_json::from_reader(zip.by_name(name).unwrap()).unwrap()
}
