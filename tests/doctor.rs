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
