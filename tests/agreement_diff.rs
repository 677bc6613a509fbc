//! Difference and shadow: what is said of a changed agreement is what the next night does, in people, and names no one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use support::{Deployment, NIGHTS, RECIPIENTS, assert_no_value, assert_same_files, canaries, copy};

const LCC: &str = "agreement/entitlements/lcc.toml";

/// People, by pseudonym, of whom a recipient holds a value in each field.
fn held(d: &Deployment, recipient: &str) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut out: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (record, row) in &d.replica(recipient).rows {
        for (column, cell) in row.says().into_iter().filter(|(_, cell)| !cell.is_empty()) {
            let people = out.entry(format!("{}.{column}", row.table)).or_default();
            people.entry(row.get("person_ref").into()).or_default().insert(format!("{record} {cell}"));
        }
    }
    out
}

/// The lines of a difference in people for one way and recipient: field → people.
fn lines(people: &Value, shift: &str, recipient: &str) -> BTreeMap<String, u64> {
    let lines = people["lines"].as_array().unwrap().iter();
    let of = lines.filter(|l| l["shift"] == shift && l["recipient"] == recipient);
    of.map(|l| (l["field"].as_str().unwrap().replace("person.", "people."), l["people"].as_u64().unwrap()))
        .collect()
}

/// Wider for the council's unit: every release, with the whole postcode, and no more types.
fn change(d: &Deployment) {
    let from = "when = [\"housing_or_asb_case\"]\nfields = [\"release_date\", \"release_type\"]\nreduce = { release_postcode = \"district\" }";
    d.edit(LCC, from, "fields = [\"release_date\", \"release_postcode\", \"establishment\"]");
}

#[test]
fn clause_9_2_the_difference_in_people_is_what_the_next_night_does() {
    let d = Deployment::after(0);
    change(&d);
    let said = d.run(&["agreement", "diff", "--people", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_no_value(&said.out, &canaries(), "agreement diff");
    let diff = said.json();
    let ways: BTreeSet<(&str, &str)> = diff["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["direction"].as_str().unwrap(), c["subject"].as_str().unwrap()))
        .collect();
    assert_eq!(
        ways,
        BTreeSet::from([
            ("widened", "prison_release.establishment"),
            ("widened", "prison_release.release_date"),
            ("widened", "prison_release.release_postcode"),
            ("narrowed", "prison_release.release_type"),
        ])
    );
    assert_eq!(diff["changes"][0]["direction"], "widened");
    let before = held(&d, "lcc");
    d.sign();
    // A second run of the same day: nothing comes in, only the agreement is another.
    d.night(NIGHTS[0]);
    let after = held(&d, "lcc");
    let people = &diff["people"];
    let none = BTreeMap::new();
    let fields: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut seen = (0, 0);
    for field in fields.into_iter().filter(|f| f.starts_with("prison_release.") || f.starts_with("people.")) {
        let (old, new) = (before.get(field).unwrap_or(&none), after.get(field).unwrap_or(&none));
        let known = field.split('.').nth(1).unwrap();
        if ["person_ref", "record_id", "originator", "clause", "purpose", "handling"].contains(&known) {
            continue;
        }
        let records = |of: &BTreeMap<String, BTreeSet<String>>, p: &String| -> BTreeSet<String> {
            of.get(p).into_iter().flatten().map(|r| r.split(' ').next().unwrap().to_owned()).collect()
        };
        let newly =
            new.keys().filter(|p| records(new, p).difference(&records(old, p)).next().is_some()).count()
                as u64;
        let gone =
            old.keys().filter(|p| records(old, p).difference(&records(new, p)).next().is_some()).count()
                as u64;
        assert_eq!(lines(people, "newly", "lcc").get(field).copied().unwrap_or(0), newly, "{field} newly");
        assert_eq!(
            lines(people, "no longer", "lcc").get(field).copied().unwrap_or(0),
            gone,
            "{field} no longer"
        );
        seen = (seen.0 + newly, seen.1 + gone);
    }
    assert!(seen.0 > 10 && seen.1 > 0, "the change touches nobody: {seen:?}");
    assert!(people["newly"].as_u64().unwrap() > 0);
    assert!(RECIPIENTS.iter().filter(|r| **r != "lcc").all(|r| lines(people, "newly", r).is_empty()));
    assert!(d.run(&["agreement", "diff"]).out.contains("Nothing changes"), "the new one is in force now");
}

#[test]
fn clause_9_2_two_folders_are_compared_without_a_store() {
    let d = Deployment::fresh();
    copy(&d.path("agreement"), &d.path("next"));
    assert_eq!(d.run(&["agreement", "diff"]).code, Some(2));
    let (old, new) = (d.path("agreement"), d.path("next"));
    let words = ["agreement", "diff", old.to_str().unwrap(), new.to_str().unwrap(), "--plain"];
    assert!(d.run(&words).out.contains("Nothing changes"));
    let lcc = d.path("next/entitlements/lcc.toml");
    let text = fs::read_to_string(&lcc).unwrap();
    fs::write(&lcc, text.replace("arrested_at = \"month\"", "arrested_at = \"year\"")).unwrap();
    let said = d.run(&words);
    assert!(
        said.out.contains("change: narrowed, recipient: lcc, field or rule: arrest.arrested_at"),
        "{}",
        said.out
    );
    fs::write(&lcc, "recipient = \"nobody\"\n").unwrap();
    let said = d.run(&words);
    assert!(said.code == Some(78) && said.err.contains("LG0301"), "{}", said.err);
}

#[test]
fn clause_9_2_a_proposed_agreement_beside_the_nights_changes_no_byte() {
    let (plain, beside) = (Deployment::after(1), Deployment::fresh());
    copy(&beside.path("agreement"), &beside.path("next"));
    let from = "when = [\"housing_or_asb_case\"]\nfields = [\"release_date\", \"release_type\"]";
    beside.edit("next/entitlements/lcc.toml", from, "fields = [\"release_date\", \"release_type\"]");
    let settings = fs::read_to_string(beside.path("lockgate.toml")).unwrap();
    fs::write(beside.path("lockgate.toml"), settings + "\n[shadow]\nagreement = \"next\"\n").unwrap();
    for night in &NIGHTS[..2] {
        let said = beside.night(night);
        let people = &said.json()["shadow"]["people"];
        assert!(people["newly"].as_u64().unwrap() > 0, "{people}");
        assert_eq!(people["lines"].as_array().unwrap().iter().filter(|l| l["recipient"] != "lcc").count(), 0);
    }
    assert_same_files(&plain.bundle_files(), &beside.bundle_files(), "with a proposed agreement beside");
    let shown = beside.run(&["agreement", "shadow", "--nights", "2", "--json"]);
    assert_no_value(&shown.out, &canaries(), "agreement shadow");
    assert_eq!(shown.json().as_array().unwrap().len(), 2);
    assert_eq!(shown.json()[0]["as_of"], NIGHTS[1]);
    assert!(plain.run(&["agreement", "shadow"]).out.contains("[shadow]"));
    // The folder as it reads now: two nights of two, of three not yet; of another draft none.
    let next = beside.path("next");
    let named = |nights| beside.run(&["agreement", "shadow", next.to_str().unwrap(), "--nights", nights]);
    assert_eq!(named("2").code, Some(0));
    let lacking = named("3");
    assert_eq!(lacking.code, Some(4), "{}", lacking.err);
    assert!(lacking.out.contains("2 of 3 nights ran beside this agreement so far"), "{}", lacking.out);
    beside.edit("next/entitlements/lcc.toml", "arrested_at = \"month\"", "arrested_at = \"year\"");
    let draft = named("1");
    assert!(draft.code == Some(4) && draft.out.contains("0 of 1 nights"), "{}", draft.out);
}
