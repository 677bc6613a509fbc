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
use support::{
    Deployment, NIGHTS, RECIPIENTS, Replica, Said, assert_no_value, assert_same_but_for_the_ledger,
    assert_same_files, canaries, copy,
};

const LCC: &str = "agreement/entitlements/lcc.toml";

/// By field and person's pseudonym: the record and what it says.
type Held = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// People, by pseudonym, of whom a recipient holds a value in each field.
fn held(replica: &Replica) -> Held {
    let mut out = Held::new();
    for (record, row) in &replica.rows {
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

/// Asserts that what is said of the council's unit is what its bundles before and after differ in, in people; gives how
/// many fields of people are newly there and there no more.
fn assert_shifts(people: &Value, before: &Held, after: &Held) -> (u64, u64) {
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
        let lacks = |one: &BTreeMap<_, _>, other: &BTreeMap<_, _>| {
            let people =
                one.keys().filter(|p| records(one, p).difference(&records(other, p)).next().is_some());
            people.count() as u64
        };
        let (newly, gone) = (lacks(new, old), lacks(old, new));
        let told = |shift| lines(people, shift, "lcc").get(field).copied().unwrap_or(0);
        assert_eq!((told("newly"), told("no longer")), (newly, gone), "{field}: {people}");
        seen = (seen.0 + newly, seen.1 + gone);
    }
    seen
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
    let before = held(&d.replica("lcc"));
    d.sign();
    // A second run of the same day: nothing comes in, only the agreement is another.
    d.night(NIGHTS[0]);
    let after = held(&d.replica("lcc"));
    let people = &diff["people"];
    let seen = assert_shifts(people, &before, &after);
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
    assert_same_but_for_the_ledger(
        &plain.bundle_files(),
        &beside.bundle_files(),
        "with a proposed agreement beside",
    );
    let shown = beside.run(&["agreement", "shadow", "--nights", "2", "--json"]);
    assert_no_value(&shown.out, &canaries(), "agreement shadow");
    assert_eq!(shown.json()["nights"].as_array().unwrap().len(), 2);
    assert_eq!(shown.json()["nights"][0]["as_of"], NIGHTS[1]);
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

const RELEASES: &str = "when = [\"housing_or_asb_case\"]\nfields = [\"release_date\", \"release_type\"]\n\
    reduce = { release_postcode = \"district\" }";

/// A proposal in `next` that takes force in the new year: every release with its prison, and no more types.
fn propose(d: &Deployment) -> String {
    copy(&d.path("agreement"), &d.path("next"));
    d.edit("next/agreement.toml", "in_force = \"2008-11-01\"", "in_force = \"2009-01-01\"");
    d.edit(
        "next/entitlements/lcc.toml",
        RELEASES,
        "fields = [\"release_date\", \"establishment\"]\nreduce = { release_postcode = \"district\" }",
    );
    d.path("next").to_str().unwrap().to_owned()
}

/// What the recipient holds after the nights so far.
fn until(d: &Deployment, night: &str) -> Held {
    let mut replica = Replica::default();
    let day = night.replace('-', "");
    let named = |name: &str| {
        name.split('_').find(|part| part.len() == 8 && part.starts_with("2008")).map(String::from)
    };
    let so_far = d.bundles("lcc").into_iter().filter(|b| named(&b.name).unwrap() <= day);
    so_far.for_each(|b| replica.apply(&b));
    held(&replica)
}

fn nights(said: &Said) -> Vec<Value> {
    said.json()["nights"].as_array().unwrap_or_else(|| panic!("{}", said.err)).clone()
}

#[test]
fn clause_9_2_past_nights_are_what_the_recipients_would_have_held() {
    let (plain, other) = (Deployment::after(1), Deployment::fresh());
    let next = propose(&plain);
    propose(&other);
    // The same proposal, in force from the beginning: its bundles are the other side of the comparison.
    other.edit("next/agreement.toml", "in_force = \"2009-01-01\"", "in_force = \"2008-11-01\"");
    fs::rename(other.path("agreement"), other.path("former")).unwrap();
    fs::rename(other.path("next"), other.path("agreement")).unwrap();
    other.sign();
    NIGHTS[..2].iter().for_each(|night| drop(other.night(night)));
    let files = plain.bundle_files();
    let ledger = || plain.run(&["status", "--json"]).json()["ledger_entries"].clone();
    let before = ledger();
    let said = plain.run(&["agreement", "shadow", &next, "--past", "2", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_no_value(&said.out, &canaries(), "agreement shadow --past");
    let mut counts = BTreeSet::new();
    for (night, told) in NIGHTS[..2].iter().rev().zip(nights(&said)) {
        assert_eq!(
            (told["as_of"].as_str(), told["people"]["supposed"].as_bool()),
            (Some(*night), Some(true))
        );
        assert_eq!(told["cohort"], told["people"]["people"], "nobody has left yet");
        let seen = assert_shifts(&told["people"], &until(&plain, night), &until(&other, night));
        assert!(seen.0 > 20 && seen.1 > 5, "{night}: the proposal touches nobody: {seen:?}");
        counts.insert(seen);
        let of_type = until(&plain, night)["prison_release.release_type"].len() as u64;
        assert_eq!(lines(&told["people"], "no longer", "lcc")["prison_release.release_type"], of_type);
    }
    assert_eq!(counts.len(), 2, "the nights differ, so that one's records are not the other's");
    let together = &said.json()["together"];
    let newly = |of: &Value| lines(of, "newly", "lcc")["prison_release.establishment"];
    let both: Vec<u64> = nights(&said).iter().map(|n| newly(&n["people"])).collect();
    let line =
        together.as_array().unwrap().iter().find(|l| l["field"] == "prison_release.establishment").unwrap();
    assert_eq!((line["nights"].as_u64(), line["shift"].as_str()), (Some(2), Some("newly")));
    let (fewest, most) = (line["fewest"].as_u64().unwrap(), line["most"].as_u64().unwrap());
    assert_eq!((fewest, most), (*both.iter().min().unwrap(), *both.iter().max().unwrap()));
    assert_same_files(&files, &plain.bundle_files(), "after asking");
    assert_eq!(before, ledger(), "asking writes nothing");
    let more = plain.run(&["agreement", "shadow", &next, "--past", "3"]);
    assert!(more.code == Some(4) && more.out.contains("2 of 3 nights could be asked"), "{}", more.out);
    let unnamed = plain.run(&["agreement", "shadow", "--past", "1"]);
    assert!(unnamed.code == Some(2) && unnamed.err.contains("--past N"), "{}", unnamed.err);
}

#[test]
fn clause_9_2_past_nights_asked_again_say_what_was_said_as_they_ran() {
    let d = Deployment::fresh();
    let next = propose(&d);
    let settings = fs::read_to_string(d.path("lockgate.toml")).unwrap();
    fs::write(d.path("lockgate.toml"), settings + "\n[shadow]\nagreement = \"next\"\n").unwrap();
    let newly =
        |said: &Said| lines(&said.json()["shadow"]["people"], "newly", "lcc")["prison_release.establishment"];
    let first = newly(&d.night(NIGHTS[0]));
    // Held back after the night, seen by a second one of the same day, and ended after that: by their days alone the
    // entry would have held on neither.
    let record = d.replica("lcc").of("prison_release")[0].get("record_id").to_owned();
    let signed = ["--for", "hmps", "--by", "officer-2", "--reference", "letter 4", "--json"];
    let restriction = ["register", "add", "restriction", "--record", &format!("lcc:{record}")];
    let added = d.run(&[&restriction[..], &signed].concat());
    assert_eq!(added.code, Some(0), "{}", added.err);
    assert_eq!(newly(&d.night(NIGHTS[0])), first - 1, "the restriction holds one back");
    let entry = added.json()["entries"][0].to_string();
    assert_eq!(d.run(&[&["register", "end", &entry][..], &signed].concat()).code, Some(0));
    d.night(NIGHTS[1]);
    // Two nights, of the first its last run.
    let ran: Vec<Value> = nights(&d.run(&["agreement", "shadow", &next, "--nights", "3", "--json"]));
    let asked = nights(&d.run(&["agreement", "shadow", &next, "--past", "2", "--json"]));
    assert_eq!(ran.len(), 3);
    for (ran, asked) in [(&ran[0], &asked[0]), (&ran[1], &asked[1])] {
        assert_eq!(
            (&ran["run"], &ran["people"], &ran["in_force"]),
            (&asked["run"], &asked["people"], &asked["in_force"])
        );
        assert_eq!(asked["in_force_version"], "1");
    }
    assert_ne!(ran[0]["people"]["lines"], ran[1]["people"]["lines"]);
    // Somebody leaves on the third night: of him nothing is kept, and that is said.
    d.night(NIGHTS[2]);
    let said = d.run(&["agreement", "shadow", &next, "--past", "3", "--json"]);
    let missing: Vec<u64> = nights(&said)
        .iter()
        .map(|n| n["cohort"].as_u64().unwrap() - n["people"]["people"].as_u64().unwrap())
        .collect();
    assert_eq!(missing, [0, 1, 1]);
    let told = d.run(&["agreement", "shadow", "--past", "3", "--plain"]);
    assert_eq!(told.out.matches("of those who have left since nothing is kept").count(), 2, "{}", told.out);
    assert!(told.out.contains("3 nights together"), "{}", told.out);
}

#[test]
fn clause_9_2_a_past_night_is_asked_against_the_agreement_of_its_day() {
    let d = Deployment::after(0);
    let former = names_in(&d.path("state/agreements"));
    let next = propose(&d);
    change(&d);
    d.sign();
    d.night(NIGHTS[1]);
    let said = d.run(&["agreement", "shadow", &next, "--past", "2", "--json"]);
    let (now, then) = (nights(&said)[0].clone(), nights(&said)[1].clone());
    assert_ne!(now["in_force"], then["in_force"]);
    // The prison was given from the second night on, so that only on the first it would be new.
    let field = "prison_release.establishment";
    assert!(lines(&then["people"], "newly", "lcc")[field] > 20);
    assert!(!lines(&now["people"], "newly", "lcc").contains_key(field));
    // Without the store's copy of the former agreement nothing is said of its night.
    for name in former {
        fs::remove_dir_all(d.path("state/agreements").join(name)).unwrap();
    }
    let said = d.run(&["agreement", "shadow", &next, "--past", "2", "--json"]);
    assert_eq!((said.code, nights(&said).len()), (Some(4), 1), "{}", said.err);
    let untold = &said.json()["untold"][0];
    assert_eq!(untold["as_of"], NIGHTS[0]);
    assert!(untold["why"].as_str().unwrap().contains("gone or was changed"), "{untold}");
}

fn names_in(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}
