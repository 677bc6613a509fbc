//! Every cell of the agreement's matrix, category by recipient, has a golden row from the fixtures, or is listed here with the reason why
//! no row can come: a category or a recipient that is added without a fixture fails.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use support::{Deployment, NIGHTS, RECIPIENTS, Row};

/// Cells that are granted by standing under a condition which nobody of the fixtures meets who has such a record, with
/// that condition. The list may only become shorter: a cell that is reached has to leave it.
const UNREACHED: &[(&str, &str, &str)] = &[
    ("cri", "action_plan", "own_action"),
    ("cri", "bail_drug_restriction", "on_caseload"),
    ("cri", "hostel_residence", "on_caseload"),
    ("cri", "licence_conditions", "on_caseload"),
    ("cri", "prison_course", "on_caseload"),
    ("cri", "prison_transfer", "on_caseload"),
    ("cri", "probation_breach", "on_caseload"),
    ("cri", "release_projection", "on_caseload"),
    ("cri", "required_assessment", "on_caseload"),
    ("cri", "self_harm", "on_caseload"),
    ("cri", "sentence_dates", "on_caseload"),
    ("cri", "treatment_engagement", "transfer_of_care"),
    ("disc", "community_order", "on_caseload"),
    ("disc", "licence_conditions", "on_caseload"),
    ("disc", "prison_transfer", "on_caseload"),
    ("disc", "self_harm", "on_caseload"),
    ("disc", "tag_order_sentence", "on_caseload"),
    ("disc", "treatment_circumstances", "transfer_of_care"),
    ("disc", "treatment_engagement", "transfer_of_care"),
    ("disc", "treatment_plan", "transfer_of_care"),
    ("g4s", "hostel_residence", "tagged"),
    ("hmps", "tag_breach_sentence", "hdc"),
    ("hmps", "tag_breach_supervised", "hdc"),
    ("hmps", "tag_not_installed", "hdc"),
    ("hmps", "tag_order_sentence", "hdc"),
    ("lcc", "community_order", "housing_or_asb_case"),
    ("lcc", "hostel_residence", "housing_or_asb_case"),
    ("yos", "community_order", "transition"),
    ("yos", "licence_conditions", "transition"),
    ("yos", "prison_course", "young_person"),
    ("yos", "prison_transfer", "young_person"),
    ("yos", "probation_breach", "transition"),
    ("yos", "self_harm", "young_person"),
    ("yos", "sentence_dates", "transition"),
    ("yos", "tag_breach_bail", "young_person"),
    ("yos", "tag_breach_sentence", "young_person"),
    ("yos", "tag_not_installed", "young_person"),
    ("yos", "tenancy", "young_person"),
];

/// Columns that say how a row came.
const HOW: [&str; 7] =
    ["record_id", "record_version", "change", "person_ref", "as_of", "review_by", "purpose"];

/// A cell of the matrix: a recipient and a category.
type Cell = (String, String);

/// The cells of the matrix: those with a field by standing, and those that wait for an authority altogether.
fn cells(deployment: &Deployment) -> (BTreeSet<Cell>, BTreeSet<Cell>) {
    let matrix = deployment.run(&["agreement", "matrix", "--json"]).json();
    let (mut standing, mut all) = (BTreeSet::new(), BTreeSet::new());
    for field in matrix.as_array().unwrap() {
        let word = |key: &str| field[key].as_str().unwrap().to_owned();
        // The table of persons is named by its people.
        let category = word("category").replace("person", "people");
        let cell = (word("recipient"), category);
        if field["standing"].is_string() {
            standing.insert(cell.clone());
        }
        all.insert(cell);
    }
    let shut = all.difference(&standing).cloned().collect();
    (standing, shut)
}

/// A row as it stands, without how it came.
fn line(row: &Row) -> String {
    let mut out = String::new();
    for (column, cell) in row.cells.iter().filter(|(c, v)| !HOW.contains(&c.as_str()) && !v.is_empty()) {
        write!(out, " {column}={cell}").unwrap();
    }
    out
}

#[test]
fn every_cell_that_may_have_a_row_has_a_golden_one() {
    let deployment = Deployment::fresh();
    NIGHTS.iter().for_each(|night| drop(deployment.night(night)));
    let mut rows: BTreeMap<Cell, BTreeSet<String>> = BTreeMap::new();
    for recipient in RECIPIENTS {
        for row in deployment.bundles(recipient).iter().flat_map(|b| &b.rows) {
            if row.get("change") != "withdrawal" {
                rows.entry((recipient.into(), row.table.clone())).or_default().insert(line(row));
            }
        }
    }
    let (standing, shut) = cells(&deployment);
    assert!(standing.len() > 100 && !shut.is_empty(), "{} {}", standing.len(), shut.len());
    let unreached: BTreeSet<Cell> =
        standing.iter().filter(|cell| !rows.contains_key(cell)).cloned().collect();
    let listed: BTreeSet<Cell> = UNREACHED.iter().map(|(r, c, _)| ((*r).into(), (*c).into())).collect();
    assert_eq!(unreached, listed, "cells without a row, and cells listed as such");
    for cell in &shut {
        assert!(!rows.contains_key(cell), "{cell:?} waits for an authority, and there is none");
    }
    let mut golden = String::new();
    for (cell, rows) in rows.iter().filter(|(_, rows)| !rows.is_empty()) {
        // The longest says the most; of two alike the first in the alphabet.
        let best = rows.iter().max_by_key(|r| (r.len(), std::cmp::Reverse(*r))).unwrap();
        writeln!(golden, "{} {}:{best}", cell.0, cell.1).unwrap();
    }
    for (recipient, category) in &shut {
        writeln!(golden, "{recipient} {category}: nothing without an authority").unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("golden_cells", golden));
}

/// Every category that a feed fills, and no recipient may have by standing, is known as such.
#[test]
fn every_category_that_leaves_has_a_feed_with_a_row_in_the_fixtures() {
    let deployment = Deployment::after(0);
    let (standing, shut) = cells(&deployment);
    let conditions = deployment.run(&["agreement", "matrix", "--json"]).out;
    UNREACHED.iter().for_each(|(_, _, condition)| assert!(conditions.contains(condition), "{condition}"));
    let categories: BTreeSet<&str> = standing.iter().chain(&shut).map(|(_, c)| c.as_str()).collect();
    let feeds = deployment.run(&["feed", "list", "--json"]).json();
    let mut filled = BTreeSet::new();
    let with_rows = |feed: &&serde_json::Value| feed["last_file"]["rows"].as_u64() > Some(0);
    for feed in feeds.as_array().unwrap().iter().filter(with_rows) {
        let text = std::fs::read_to_string(deployment.path(feed["mapping"].as_str().unwrap())).unwrap();
        let mapping: toml::Table = toml::from_str(&text).unwrap();
        let records = mapping.get("record").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        for record in records {
            filled.insert(record["category"].as_str().unwrap().to_owned());
        }
    }
    for category in categories {
        assert!(category == "people" || filled.contains(category), "no feed fills `{category}`");
    }
}
