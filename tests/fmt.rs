//! `lockgate fmt` as it is used: what it writes, what it leaves alone, and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use std::fs;
use support::Deployment;

const FEED: &str = "mappings/hmps/releases.toml";

#[test]
fn the_shipped_deployment_has_its_layout() {
    let said = Deployment::fresh().run(&["fmt", "--check", "--json"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let json = said.json();
    assert!(json["files"].as_u64().unwrap() > 50 && json["changed"].as_array().unwrap().is_empty());
}

#[test]
fn check_names_what_differs_and_writes_nothing() {
    let deployment = Deployment::fresh();
    let before = fs::read_to_string(deployment.path(FEED)).unwrap();
    deployment.edit(FEED, "retention = ", "retention=");
    deployment.edit("lockgate.toml", "csv_bom = ", "csv_bom   = ");
    let spoilt = fs::read_to_string(deployment.path(FEED)).unwrap();
    let said = deployment.run(&["fmt", "--check"]);
    assert_eq!((said.code, said.out.as_str()), (Some(3), "lockgate.toml\nmappings/hmps/releases.toml\n"));
    assert_eq!(fs::read_to_string(deployment.path(FEED)).unwrap(), spoilt);

    let said = deployment.run(&["fmt", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(said.json()["changed"], serde_json::json!(["lockgate.toml", FEED]));
    assert_eq!(fs::read_to_string(deployment.path(FEED)).unwrap(), before);
    assert_eq!(deployment.run(&["fmt", "--check"]).code, Some(0));
    assert_eq!(deployment.run(&["check"]).code, Some(0));
}

#[test]
fn a_file_that_does_not_parse_is_told_as_check_tells_it_and_left_alone() {
    let deployment = Deployment::fresh();
    deployment.edit(FEED, "retention = \"", "retention=");
    deployment.edit("mappings/g4s/orders.toml", "retention = ", "retention=");
    let broken = fs::read_to_string(deployment.path(FEED)).unwrap();
    let said = deployment.run(&["fmt", "--plain"]);
    assert_eq!(said.code, Some(3));
    assert_eq!(said.out, "mappings/g4s/orders.toml\n", "the others are laid out");
    let check = deployment.run(&["check", "--plain"]);
    let at = said.err.lines().next().unwrap();
    assert!(at.contains(FEED) && check.err.contains(at), "{}\n{}", said.err, check.err);
    assert_eq!(fs::read_to_string(deployment.path(FEED)).unwrap(), broken);
}

#[test]
fn files_are_named_from_where_one_stands() {
    let deployment = Deployment::fresh();
    deployment.edit(FEED, "retention = ", "retention=");
    deployment.edit("lockgate.toml", "csv_bom = ", "csv_bom   = ");
    let mut command = deployment.command(&["fmt", "releases.toml"]);
    let output = command.current_dir(deployment.path("mappings/hmps")).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().next(), Some("releases.toml"));
    assert_eq!(deployment.run(&["fmt", "--check"]).out, "lockgate.toml\n", "only the file named was written");
    assert_eq!(deployment.run(&["fmt", "no-such-file.toml"]).code, Some(3));
}

#[test]
fn a_drafted_mapping_has_its_layout() {
    let deployment = Deployment::fresh();
    let sample = deployment.path("sample_20081117.csv");
    fs::write(&sample, "Ref,Surname,DOB\n1,Ainsworth,08/07/1969\n2,Marsh,01/02/1980\n").unwrap();
    let said = deployment.run(&["feed", "new", "hmps-sample", "--from", sample.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let said = deployment.run(&["fmt", "--check"]);
    assert_eq!(said.code, Some(0), "{}", said.out);
}
