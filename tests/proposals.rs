//! The model in the night: what it proposes, why, and that it joins nobody; a person decides, and that outlasts the model.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use lockgate_core::link::weigh::names;
use lockgate_core::linkage::model::Model;
use serde_json::Value;
use std::fs;
use support::{Deployment, NIGHTS, Said, assert_no_value, canaries};

/// His prison list has two digits of his PNC the wrong way round.
const MARCUS: [&str; 2] = ["wyp-cohort:LDS000023", "hmps-releases:A3390BD"];
/// Probation's row about her is rewritten on the second night: her name as it was heard, and no number.
const SHE: &str = "probation-cases:X201176";
const WRITTEN: &str = "X201176||2005/0160340H|QUARTEY|Bernadette|13/10/1976|F|LS13 3ZN|";
const HEARD: &str = "X201176|||QUARTAY|Bernadet|13/10/1976|F|LS13 3ZN|";
const PROPOSED: &str = "LG1479";

fn review(deployment: &Deployment, words: &[&str]) -> Said {
    deployment.run(&[&["review"], words, &["--json"]].concat())
}

/// The pairs that wait because the model proposes them.
fn proposed(deployment: &Deployment) -> Vec<Value> {
    let list = review(deployment, &["list"]).json();
    list.as_array().unwrap().iter().filter(|pair| pair["code"] == PROPOSED).cloned().collect()
}

/// Decides about the one pair that is proposed.
fn decide(deployment: &Deployment, verdict: &str) {
    let signed = [verdict, "--by", "reviewer-1", "--reason", "case 16"];
    let pair = proposed(deployment).pop().unwrap();
    let pair = ["a", "b"].map(|end| pair[end].as_str().unwrap());
    let said = review(deployment, &[&["decide"], &pair[..], &signed].concat());
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
}

fn kept(deployment: &Deployment) -> bool {
    let words =
        ["agreement", "why", "--recipient", "wyp", "--field", "person.surname", "--json", "--person", SHE];
    deployment.run(&words).json()["in_store"] == true
}

/// The second night, with her row of that day as it was heard.
fn heard() -> Deployment {
    let deployment = Deployment::after(0);
    for day in ["18", "19"] {
        deployment.edit(&format!("fixtures/probation/DELIUS_CASES_200811{day}.csv"), WRITTEN, HEARD);
    }
    deployment.night(NIGHTS[1]);
    deployment
}

/// A model to which two records are hardly ever one person's.
fn doubtful(deployment: &Deployment) {
    let mut plain = Model::shipped(&names()).plain;
    (plain.own, plain.version, plain.date) = (1e-5, "doubtful".into(), "2008-11-01".into());
    fs::write(deployment.path("doubtful.json"), serde_json::to_string(&plain).unwrap()).unwrap();
}

fn use_model(deployment: &Deployment, file: &str) {
    deployment.edit("lockgate.toml", "[bundles]\n", &format!("[link]\nmodel = \"{file}\"\n\n[bundles]\n"));
}

#[test]
fn the_fixtures_look_alikes_are_not_proposed_and_the_mistyped_number_is_weighed() {
    let deployment = Deployment::fresh();
    for night in NIGHTS {
        deployment.night(night);
        assert_eq!(proposed(&deployment), [] as [Value; 0], "{night}");
    }
    let shown = review(&deployment, &[&["show"], &MARCUS[..]].concat()).json();
    assert_eq!(shown["code"], "LG1402");
    let weights = &shown["weights"];
    assert_eq!((weights["barred"].as_str(), weights["model"].as_str()), (Some("LG1410"), Some("shipped")));
    assert!(weights["bits"].as_f64().unwrap() >= 10.0, "all else agrees: {weights}");
    let lines = weights["lines"].as_array().unwrap();
    let sum: f64 = lines.iter().map(|line| line["bits"].as_f64().unwrap()).sum();
    assert!((sum - weights["bits"].as_f64().unwrap()).abs() < 0.01, "the lines add up: {weights}");
    let pnc = lines.iter().find(|line| line["field"] == "pnc").unwrap();
    assert_eq!(pnc["agreement"], "different", "two digits and the letter that fits them");
}

#[test]
fn what_no_rule_joins_is_proposed_with_its_reasons_and_nothing_leaves_until_a_person_has_decided() {
    let deployment = heard();
    let found = proposed(&deployment);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0]["proposed"]["bits"].as_f64().unwrap() >= 3.0);
    assert_eq!(found[0]["proposed"]["model"], "shipped");
    assert!(!kept(&deployment), "a proposal joins nobody");
    let shown =
        deployment.run(&["review", "show", found[0]["a"].as_str().unwrap(), found[0]["b"].as_str().unwrap()]);
    for words in ["the model proposes", "bits for one person against", "a person is asked from +3.0 bits on"]
    {
        assert!(shown.out.contains(words), "{}", shown.out);
    }
    assert_no_value(&shown.out, &canaries(), "what is shown of a proposal");
    deployment.night(NIGHTS[1]);
    assert_eq!(proposed(&deployment), found, "the same night again proposes the same");

    decide(&deployment, "same");
    deployment.night(NIGHTS[1]);
    assert!(kept(&deployment), "decided to be the same");
    assert_eq!(proposed(&deployment), [] as [Value; 0]);
    deployment.night(NIGHTS[2]);
    assert!(kept(&deployment) && proposed(&deployment).is_empty(), "a decision lasts");
}

#[test]
fn another_model_tells_what_would_move_before_it_does_and_decisions_outlast_it() {
    let deployment = heard();
    doubtful(&deployment);
    let file = deployment.path("doubtful.json");
    let moves = review(&deployment, &["model", file.to_str().unwrap()]).json();
    assert_eq!((&moves["both"], moves["after"].as_str()), (&Value::from(0), Some("doubtful of 2008-11-01")));
    assert_eq!(moves["no_longer"].as_array().map(Vec::len), Some(1), "{moves}");
    assert_eq!(moves["newly"].as_array().map(Vec::len), Some(0), "{moves}");
    assert_eq!(proposed(&deployment).len(), 1, "nothing has moved yet");
    use_model(&deployment, "doubtful.json");
    let night = deployment.night(NIGHTS[1]);
    assert_eq!(night.json()["warnings"]["LG1481"], 1, "{}", night.out);
    assert_eq!(proposed(&deployment), [] as [Value; 0]);
    deployment.edit("lockgate.toml", "model = \"doubtful.json\"\n", "");
    assert_eq!(deployment.night(NIGHTS[1]).json()["warnings"]["LG1481"], 1);
    assert_eq!(proposed(&deployment).len(), 1);

    decide(&deployment, "different");
    deployment.night(NIGHTS[1]);
    deployment.edit("lockgate.toml", "[link]\n", "[link]\nask_from_bits = 1\n");
    deployment.night(NIGHTS[2]);
    assert_eq!(proposed(&deployment), [] as [Value; 0], "decided to be different, whatever the model says");
    assert!(!kept(&deployment));
}

#[test]
fn a_model_that_cannot_be_used_stops_the_night() {
    let deployment = Deployment::fresh();
    use_model(&deployment, "none.json");
    for text in [None, Some("{}"), Some("{\"form\":\"ZZCANARY\"}")] {
        text.iter().for_each(|text| fs::write(deployment.path("none.json"), text).unwrap());
        let said = deployment.run(&["run", "--as-of", NIGHTS[0]]);
        assert_eq!(said.code, Some(78), "{}", said.err);
        assert!(said.err.contains("LG1477") && !said.err.contains("ZZCANARY"), "{}", said.err);
    }
    assert_eq!(deployment.run(&["explain", "LG1477"]).code, Some(0));
}
