//! Drift from night to night: a retyped or missing column is said by its name, holds the file where taking it could
//! change or take back anything, and says no value.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests: a broken promise ends them"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use std::fs;
use support::{Deployment, RECIPIENTS, Said};

const FIRST: &str = "2008-11-17";
const SECOND: &str = "2008-11-18";
const FEED: &str = "hmps-releases";

/// The second night's release list: the first night's, with the cells of one column changed.
fn second_list(deployment: &Deployment, column: &str, change: impl Fn(&str) -> Option<String>) {
    let bytes = fs::read(deployment.path("fixtures/hmps/HMPS_RELEASES_20081117.csv")).unwrap();
    let text: String = bytes.into_iter().map(char::from).collect();
    let mut lines: Vec<Vec<String>> =
        text.lines().map(|line| line.split(';').map(Into::into).collect()).collect();
    let at = lines[2].iter().position(|h| h == column).unwrap();
    let rows = lines.len() - 1;
    for (n, line) in lines.iter_mut().enumerate().take(rows).skip(2) {
        let now = if n == 2 { change(&line[at]).map(|_| line[at].clone()) } else { change(&line[at]) };
        match now {
            Some(cell) => line[at] = cell,
            None => drop(line.remove(at)),
        }
    }
    let text: Vec<String> = lines.iter().map(|cells| cells.join(";")).collect();
    let bytes: Vec<u8> = text.join("\r\n").chars().map(|c| c as u8).collect();
    fs::write(deployment.path("fixtures/hmps/HMPS_RELEASES_20081118.csv"), bytes).unwrap();
}

/// A first night whose release list has a fourth address line, which the fixture never fills.
fn with_fourth_line() -> Deployment {
    let deployment = Deployment::fresh();
    let second = deployment.path("fixtures/hmps/HMPS_RELEASES_20081118.csv");
    second_list(&deployment, "Release address 4", |_| Some("Yorkshire".into()));
    fs::rename(&second, deployment.path("fixtures/hmps/HMPS_RELEASES_20081117.csv")).unwrap();
    deployment.night(FIRST);
    deployment
}

/// The third night's release list: the second's, with another town, because the same bytes are the same file.
fn third_list(deployment: &Deployment) {
    let bytes = fs::read(deployment.path("fixtures/hmps/HMPS_RELEASES_20081118.csv")).unwrap();
    let text: String = bytes.into_iter().map(char::from).collect();
    let bytes: Vec<u8> = text.replace("Harehills", "Armley").chars().map(|c| c as u8).collect();
    fs::write(deployment.path("fixtures/hmps/HMPS_RELEASES_20081119.csv"), bytes).unwrap();
}

/// The first night, and a second one whose release list has one column changed.
fn nights(column: &str, change: impl Fn(&str) -> Option<String>) -> (Deployment, Said) {
    let deployment = Deployment::after(0);
    second_list(&deployment, column, change);
    let said = deployment.night(SECOND);
    (deployment, said)
}

/// Rows of releases that the recipients hold.
fn releases(deployment: &Deployment) -> Vec<String> {
    let rows = |r: &str| -> Vec<String> {
        deployment.replica(r).of("prison_release").iter().map(|row| format!("{r} {:?}", row.says())).collect()
    };
    RECIPIENTS.iter().flat_map(|r| rows(r)).collect()
}

/// The two nights of all other feeds, with the first night's release list alone: what a held one leaves.
fn without_second_list() -> Deployment {
    let deployment = Deployment::after(0);
    fs::remove_file(deployment.path("fixtures/hmps/HMPS_RELEASES_20081118.csv")).unwrap();
    deployment.night(SECOND);
    deployment
}

fn held_for(deployment: &Deployment) -> String {
    let list = deployment.run(&["quarantine", "list", "--feed", FEED, "--json"]).json();
    list["held_files"][0]["code"].as_str().expect("a held file").into()
}

#[test]
fn days_that_turned_to_months_first_are_named_and_nothing_is_taken() {
    let swapped = |day: &str| {
        let parts: Vec<&str> = day.split('/').collect();
        Some(if parts.len() == 3 { format!("{}/{}/{}", parts[1], parts[0], parts[2]) } else { day.into() })
    };
    let before = releases(&without_second_list());
    let (deployment, said) = nights("Release date", swapped);
    assert_eq!(said.feed(FEED)["state"], "held");
    assert_eq!(held_for(&deployment), "LG1314", "the column is the first reason");
    for words in [
        "column `Release date` was retyped: dates like dd/mm/yyyy before",
        "dates like mm/dd/yyyy now",
        "ask the partner to send the day first again",
        "LG1304",
        "most faults are in column `Release date`",
    ] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
    let json = said.json();
    let group =
        json["groups"].as_array().unwrap().iter().find(|g| g["feed"] == FEED && g["severity"] == "error");
    assert_eq!(group.unwrap()["codes"]["LG1314"], 1);
    assert_eq!(releases(&deployment), before);
    support::assert_no_value(&said.err, &support::canaries(), "the reason");
    let explained = deployment.run(&["explain", "LG1314"]);
    assert!(explained.out.contains("retyped"), "{}", explained.out);
}

/// A tenth of the rows may be faulty; this file has none, and would blank an address line of everybody.
#[test]
fn a_column_that_is_suddenly_empty_holds_the_file_until_a_person_lets_it_in() {
    let before = releases(&without_second_list());
    let (deployment, said) = nights("Postcode", |_| Some(String::new()));
    assert_eq!((said.feed(FEED)["state"].as_str(), held_for(&deployment).as_str()), (Some("held"), "LG1314"));
    assert!(
        said.err.contains("column `Postcode` was retyped: it held values before and holds none now"),
        "{}",
        said.err
    );
    assert_eq!(releases(&deployment), before);

    let reason = ["feed", "release", FEED, "--reason", "the prisons send no postcodes any more, letter 40"];
    assert_eq!(deployment.run(&reason).code, Some(0));
    let taken = deployment.night(SECOND);
    assert_eq!(taken.feed(FEED)["state"], "released");
    assert_eq!(taken.json()["warnings"]["LG1314"], 1, "the reason stays as a warning");
    assert_ne!(releases(&deployment), before);
    // What was let in is what the next file is compared with.
    third_list(&deployment);
    assert_eq!(deployment.night("2008-11-19").feed(FEED)["state"], "accepted");
}

/// `Release address 4` may be missing from a file; of a feed that had it, its absence takes nothing back unseen.
#[test]
fn an_optional_column_that_goes_missing_takes_nothing_back_before_a_person_says_so() {
    let deployment = with_fourth_line();
    let before = releases(&deployment);
    assert!(before.iter().any(|row| row.contains(", Yorkshire")), "{before:?}");
    second_list(&deployment, "Release address 4", |_| None);
    let said = deployment.night(SECOND);
    assert_eq!((said.feed(FEED)["state"].as_str(), held_for(&deployment).as_str()), (Some("held"), "LG1315"));
    assert!(
        said.err.contains("the file has no column `Release address 4`, which the feed's files had before"),
        "{}",
        said.err
    );
    let lines = |deployment: &Deployment| {
        releases(deployment).iter().filter(|row| row.contains(", Yorkshire")).count()
    };
    let after = lines(&deployment);
    assert!(after > 0);
    let reason = ["feed", "release", FEED, "--reason", "the fourth line is no longer sent, letter 41"];
    assert_eq!(deployment.run(&reason).code, Some(0));
    assert_eq!(deployment.night(SECOND).feed(FEED)["state"], "released");
    assert!(lines(&deployment) < after, "a person let the line go");
    third_list(&deployment);
    assert_eq!(deployment.night("2008-11-19").feed(FEED)["state"], "accepted");
}

/// A feed that never had an optional column may go without it.
#[test]
fn an_optional_column_that_never_was_there_is_not_missed() {
    let deployment = Deployment::fresh();
    let cut = |day: &str| {
        second_list(&deployment, "Release address 4", |_| None);
        let from = deployment.path("fixtures/hmps/HMPS_RELEASES_20081118.csv");
        let list = fs::read(&from).unwrap();
        fs::remove_file(&from).unwrap();
        (deployment.path(&format!("fixtures/hmps/HMPS_RELEASES_{day}.csv")), list)
    };
    let (first, list) = cut("20081117");
    fs::write(&first, &list).unwrap();
    assert_eq!(deployment.night(FIRST).feed(FEED)["state"], "accepted");
    let text: String = list.into_iter().map(char::from).collect();
    let changed = text.replace("Harehills", "Armley");
    let bytes: Vec<u8> = changed.chars().map(|c| c as u8).collect();
    fs::write(deployment.path("fixtures/hmps/HMPS_RELEASES_20081118.csv"), bytes).unwrap();
    assert_eq!(deployment.night(SECOND).feed(FEED)["state"], "accepted");
}

/// A column that was always empty and is filled now is told, and taken: nothing is taken back by it.
#[test]
fn a_column_that_fills_is_told_and_taken() {
    let deployment = Deployment::fresh();
    let place = "fixtures/hmps/HMPS_RELEASES_20081117.csv";
    second_list(&deployment, "Release address 3", |_| Some(String::new()));
    let empty = fs::read(deployment.path("fixtures/hmps/HMPS_RELEASES_20081118.csv")).unwrap();
    let full = fs::read(deployment.path(place)).unwrap();
    fs::write(deployment.path(place), empty).unwrap();
    deployment.night(FIRST);
    fs::write(deployment.path("fixtures/hmps/HMPS_RELEASES_20081118.csv"), full).unwrap();
    // Of the fixture nine in ten have a third line: fill the others.
    second_list(&deployment, "Release address 3", |_| Some("Leeds".into()));
    let said = deployment.night(SECOND);
    assert_eq!(said.feed(FEED)["state"], "accepted", "{}", said.err);
    assert!(said.err.contains("warning[LG1314]") && said.err.contains("it was always empty"), "{}", said.err);
}
