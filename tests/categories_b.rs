//! Categories of probation, the prisons, the tagging contractor and the treatment providers: which recipients hold which
//! rows about the named people after each night, field by field. The golden rows were read against the agreement.

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
use support::{Deployment, NIGHTS, RECIPIENTS, Replica};

/// What these feeds bring and standing grants give.
const CATEGORIES: [&str; 15] = [
    "licence_conditions",
    "sentence_plan",
    "sentence_dates",
    "community_order",
    "probation_compliance",
    "hostel_residence",
    "probation_breach",
    "prison_transfer",
    "release_projection",
    "adjudication",
    "prison_course",
    "self_harm",
    "treatment_plan",
    "treatment_circumstances",
    "treatment_engagement",
];
/// Only an authority for the case opens these, and there is none: nobody holds a row.
const SHUT: [&str; 6] = [
    "probation_intelligence",
    "prison_intelligence",
    "tag_intelligence",
    "treatment_intelligence",
    "treatment_medical",
    "treatment_harm_alert",
];
/// The named people of the fixtures; everybody else is the crowd.
const NAMED: [&str; 14] = [
    "HARGREAVES",
    "MARSH",
    "RAFIQ",
    "BOOTHROYD",
    "TORDOFF",
    "AINSWORTH",
    "BECKWITH",
    "MCALLISTER",
    "OSEI",
    "SYKES-PATEL",
    "ROYSTON",
    "OYELARAN",
    "FEATHERSTONE",
    "DUBOIS",
];
/// Columns that every row has.
const PROVENANCE: [&str; 9] = [
    "record_id",
    "record_version",
    "change",
    "person_ref",
    "purpose",
    "handling",
    "as_of",
    "review_by",
    "originator",
];

/// The surname under which a recipient knows each person.
fn surnames(replica: &Replica) -> BTreeMap<&str, &str> {
    let mut names = BTreeMap::new();
    for row in replica.of("people") {
        let known = NAMED.iter().find(|name| row.get("surname").to_uppercase().ends_with(*name));
        if let Some(name) = known {
            names.insert(row.get("person_ref"), *name);
        }
    }
    names
}

/// The rows of a table about the named people, as text.
fn held(replica: &Replica, table: &str) -> BTreeSet<String> {
    let names = surnames(replica);
    let mut lines = BTreeSet::new();
    for row in replica.of(table) {
        let Some(name) = names.get(row.get("person_ref")) else { continue };
        let mut line = format!("{name} from {} under {}:", row.get("originator"), row.get("clause"));
        for (column, cell) in &row.cells {
            if !PROVENANCE.contains(&column.as_str()) && column != "clause" && !cell.is_empty() {
                write!(line, " {column}={cell}").unwrap();
            }
        }
        lines.insert(line);
    }
    lines
}

/// What each recipient holds of a category after each night: the first night whole, then what came (`+`) and went (`-`).
fn story(nights: &[BTreeMap<&str, Replica>], table: &str) -> String {
    let mut out = String::new();
    for recipient in RECIPIENTS {
        let mut before = BTreeSet::new();
        for (night, replicas) in NIGHTS.iter().zip(nights) {
            let now = held(&replicas[recipient], table);
            let (came, went) = (now.difference(&before), before.difference(&now));
            for (sign, line) in went.map(|l| ('-', l)).chain(came.map(|l| ('+', l))) {
                writeln!(out, "{recipient} {} {sign} {line}", &night[5..]).unwrap();
            }
            before = now;
        }
    }
    out
}

fn three_nights() -> (Deployment, Vec<BTreeMap<&'static str, Replica>>) {
    let deployment = Deployment::after(2);
    let deployed = &deployment;
    let upto = |last: usize| {
        RECIPIENTS.iter().map(move |recipient| {
            let mut replica = Replica::default();
            deployed.bundles(recipient).iter().take(last + 1).for_each(|b| replica.apply(b));
            (*recipient, replica)
        })
    };
    let nights = (0..NIGHTS.len()).map(|night| upto(night).collect()).collect();
    (deployment, nights)
}

#[test]
fn each_category_reaches_whom_the_agreement_names_and_nobody_else() {
    let (deployment, nights) = three_nights();
    for table in CATEGORIES {
        insta::assert_snapshot!(table, story(&nights, table));
    }
    for (table, recipient) in SHUT.iter().flat_map(|table| RECIPIENTS.map(|r| (table, r))) {
        for replicas in &nights {
            assert!(
                replicas[recipient].of(table).is_empty(),
                "{recipient} holds {table} without an authority"
            );
        }
    }
    // Free text, associates and medical cells: in no file of any bundle.
    let notes: Vec<String> =
        support::canaries().into_iter().filter(|word| word.starts_with("canary-")).collect();
    assert!(notes.len() > 30);
    for (name, bytes) in deployment.bundle_files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(notes.iter().all(|note| !text.contains(note.as_str())), "{name} holds a note");
    }
}

/// Every row that must not come in waits in quarantine, and a person outside the cohort is in no store.
#[test]
fn rows_about_others_stay_out() {
    let deployment = Deployment::after(0);
    for key in ["disc-clients:D1004", "hmps-movements:A4471CB", "cri-episodes:C1020"] {
        let words = [
            "agreement",
            "why",
            "--person",
            key,
            "--recipient",
            "wyp",
            "--field",
            "person.surname",
            "--json",
        ];
        assert_eq!(deployment.run(&words).json()["in_store"].as_bool(), Some(false), "{key}");
    }
}
