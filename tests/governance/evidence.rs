//! What the gateway records, and how it shows: clauses of the agreement, on the nights of the fixtures.

use super::support::{Deployment, NIGHTS, RECIPIENTS};
use std::fs;

#[test]
fn clause_1_2_manifest_names_agreement_version() {
    let deployment = Deployment::after(0);
    for recipient in RECIPIENTS {
        let about = &deployment.bundle(recipient, NIGHTS[0]).manifest()["lockgate"];
        assert_eq!(about["agreement_reference"], "001/Leeds IOM", "{recipient}");
        assert_eq!(about["agreement_version"], "1", "{recipient}");
    }
}

#[test]
fn clause_2_1_every_bundle_says_its_kind() {
    let deployment = Deployment::after(2);
    for recipient in RECIPIENTS {
        let kinds: Vec<String> = deployment
            .bundles(recipient)
            .iter()
            .map(|b| b.manifest()["lockgate"]["kind"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(kinds, ["snapshot", "delta", "delta"], "{recipient}");
    }
}

/// There is no way out but to a partner: a bundle lies in the folder of one, and an entitlement for anybody else does not
/// load.
#[test]
fn clause_5_2_1_unknown_destination_refused() {
    let deployment = Deployment::after(0);
    let mut folders: Vec<String> = fs::read_dir(deployment.path("state/bundles"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut partners = RECIPIENTS.map(str::to_owned);
    partners.sort();
    assert_eq!(folders, partners);
    let g4s = fs::read_to_string(deployment.path("agreement/entitlements/g4s.toml")).unwrap();
    let press = g4s.replace("recipient = \"g4s\"", "recipient = \"press\"");
    fs::write(deployment.path("agreement/entitlements/press.toml"), press).unwrap();
    let said = deployment.run(&["run", "--as-of", NIGHTS[1]]);
    assert_eq!(said.code, Some(78), "{}", said.err);
    assert!(said.err.contains("LG0301") && said.err.contains("unknown partner `press`"), "{}", said.err);
}

#[test]
fn clause_5_7_1_ledger_proves_what_was_sent() {
    let deployment = Deployment::after(1);
    let verified = deployment.run(&["ledger", "verify", "--json"]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    assert_eq!(verified.json()["bundles"], 16);
    // The manifest holds the digest of every file; the ledger holds that of the manifest.
    let manifest = deployment.bundle("wyp", NIGHTS[0]).folder.join("datapackage.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("001/Leeds IOM", "001/Leeds 10M", 1)).unwrap();
    let found = deployment.run(&["ledger", "verify", "--json"]);
    assert_eq!(found.code, Some(7));
    assert_eq!(found.json()["faults"].as_array().unwrap().len(), 1);
}

#[test]
fn clause_7_5_every_delivery_verifies() {
    let deployment = Deployment::after(2);
    let verified = deployment.run(&["ledger", "verify", "--json"]);
    assert_eq!((verified.code, &verified.json()["bundles"]), (Some(0), &24.into()));
}

/// Looking at why is a disclosure to whoever asks, and stands in the ledger.
#[test]
fn each_why_is_in_the_ledger_with_who_asked() {
    let deployment = Deployment::after(0);
    let entries = |d: &Deployment| d.run(&["ledger", "verify", "--json"]).json()["entries"].as_u64().unwrap();
    let before = entries(&deployment);
    let field = "prison_release.release_address";
    let ask = |more: &[&str]| {
        let words =
            ["agreement", "why", "--person", "hmps-releases:A7341CD", "--recipient", "g4s", "--field", field];
        deployment.run(&[&words[..], more].concat())
    };
    assert_eq!(ask(&["--by", "officer", "--reason", "letter 3"]).code, Some(0));
    assert_eq!(entries(&deployment), before + 1);
    assert_eq!(ask(&["--by", " "]).code, Some(2), "nobody asks");
    assert_eq!(entries(&deployment), before + 1);
}

#[test]
fn why_names_the_facts_and_what_would_change_the_decision() {
    let deployment = Deployment::after(0);
    let field = "prison_release.release_address";
    let ask = |person: &str, recipient: &str| {
        let words =
            ["agreement", "why", "--person", person, "--recipient", recipient, "--field", field, "--json"];
        deployment.run(&words).json()
    };
    let withheld = ask("hmps-releases:A7341CD", "g4s");
    let record = &withheld["records"][0];
    assert_eq!(record["decision"], "withheld by condition");
    let nearest = record["nearest"].to_string();
    assert!(nearest.contains("a current record of `Tag as a condition of bail`"), "{nearest}");
    let asked = record["steps"].as_array().unwrap().last().unwrap();
    assert!(asked["facts"][0].as_str().unwrap().starts_with("`tagged` does not hold"), "{asked}");
    let other = ask("hmps-releases:A7341CD", "lcc");
    let nearest = other["records"][0]["nearest"].to_string();
    assert!(
        nearest.contains("to which every partner agrees (9.2)") || nearest.contains("current record"),
        "{nearest}"
    );
}

/// Reminders begin thirty days ahead, and stop nothing.
#[test]
fn reviews_are_reminded_of() {
    let deployment = Deployment::fresh();
    let check = |day: &str| deployment.run(&["check", "--plain", "--as-of", day]);
    for (day, told) in
        [("2009-03-01", false), ("2009-03-02", true), ("2009-04-01", true), ("2009-04-02", false)]
    {
        let said = check(day);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(
            said.err.contains("warning[LG0313]: agreement/agreement.toml:9:1"),
            told,
            "{day}: {}",
            said.err
        );
    }
    deployment.night(NIGHTS[0]);
    let run = deployment.run(&["run", "--as-of", "2009-03-20", "--plain"]);
    assert!(run.err.contains("to be reviewed on 2009-04-01, in 12 days"), "{}", run.err);
    // Recipients that have not answered are reminded of beside: that is another matter.
    let reminders = |clause: &str| {
        let status = deployment.run(&["status", "--json"]).json();
        let all = status["reminders"].as_array().unwrap();
        all.iter().filter(|r| r.as_str().unwrap().contains(clause)).count()
    };
    assert_eq!((reminders("(5.6.1)"), reminders("(5.5.2)")), (1, 0));
    deployment.run(&["run", "--as-of", "2009-05-01", "--quiet"]);
    assert_eq!(reminders("(5.5.2)"), 8, "each recipient reviews what it holds");
}
