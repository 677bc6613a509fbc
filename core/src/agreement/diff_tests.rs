//! Each kind of change to the delivered agreement is told as what it is; what has no order counts as widened.

use super::delivered::{AGREEMENT, SCHEMA, build, texts};
use super::diff::{Change, Direction, difference};
use std::prelude::v1::*;
use std::{format, panic, vec};

/// The changes that one edit of one file makes.
#[track_caller]
fn after(file: &str, from: &str, to: &str) -> Vec<Change> {
    let mut texts = texts();
    let text = texts.get_mut(file).expect("file");
    assert!(text.contains(from), "`{from}` is not in {file}");
    *text = text.replacen(from, to, 1);
    let changed = build(&texts).unwrap_or_else(|p| panic!("does not build: {p:?}"));
    let found = difference((&AGREEMENT, &SCHEMA), (&changed, &SCHEMA));
    // The way back is the mirror image, but for what has no order.
    let back = difference((&changed, &SCHEMA), (&AGREEMENT, &SCHEMA));
    assert_eq!(found.len(), back.len());
    for change in &found {
        let mirror = back.iter().find(|b| (&b.recipient, &b.subject) == (&change.recipient, &change.subject));
        let ways = (change.direction, mirror.expect("the same subject").direction);
        assert_ne!(ways, (Direction::Narrowed, Direction::Narrowed), "{change:?}");
    }
    found
}

/// The changes as `direction recipient subject`.
fn told(changes: &[Change]) -> Vec<String> {
    let one = |c: &Change| {
        format!("{} {} {}", c.direction.word(), c.recipient.as_deref().unwrap_or("*"), c.subject)
    };
    changes.iter().map(one).collect()
}

const LCC: &str = "entitlements/lcc.toml";

#[test]
fn clause_9_2_the_same_agreement_has_no_difference() {
    assert_eq!(difference((&AGREEMENT, &SCHEMA), (&AGREEMENT, &SCHEMA)), vec![]);
}

#[test]
fn clause_9_2_a_finer_value_widens_and_a_coarser_narrows() {
    let changes = after(LCC, "arrested_at = \"month\"", "arrested_at = \"date\"");
    assert_eq!(told(&changes), ["widened lcc arrest.arrested_at"]);
    assert_eq!(
        (changes[0].before.as_str(), changes[0].after.as_str()),
        ("5.1.1.ii month if asb_case", "5.1.1.ii date if asb_case")
    );
    let changes = after(LCC, "arrested_at = \"month\"", "arrested_at = \"year\"");
    assert_eq!(told(&changes), ["narrowed lcc arrest.arrested_at"]);
    let changes = after(LCC, "release_postcode = \"district\"", "release_postcode = \"sector\"");
    assert_eq!(told(&changes), ["widened lcc prison_release.release_postcode"]);
}

#[test]
fn clause_9_2_a_new_field_widens_and_a_lost_one_narrows_whatever_else() {
    let changes = after(LCC, "\"release_date\", \"release_type\"]", "\"release_date\", \"establishment\"]");
    assert_eq!(
        told(&changes),
        ["widened lcc prison_release.establishment", "narrowed lcc prison_release.release_type"]
    );
}

#[test]
fn clause_9_2_a_condition_that_goes_widens_one_more_narrows_another_widens() {
    let head = "clause = [\"5.1.1.ii\"]\npurposes = [\"c\"]\n";
    let with = |when: &str| after(LCC, &format!("{head}when = [\"asb_case\"]\n"), &format!("{head}{when}"));
    let subject =
        |way: &str| vec![format!("{way} lcc arrest.arrested_at"), format!("{way} lcc arrest.offence_group")];
    assert_eq!(told(&with("")), subject("widened"));
    assert_eq!(told(&with("when = [\"asb_case\", \"adult\"]\n")), subject("narrowed"));
    assert_eq!(told(&with("when = [\"adult\"]\n")), subject("widened"));
}

#[test]
fn clause_9_2_a_condition_that_means_something_else_widens_all_that_rests_on_it() {
    let changes = after("conditions.toml", "is = { age = { under = 18 } }", "is = { age = { under = 21 } }");
    assert!(changes.len() > 20);
    assert!(
        changes.iter().all(|c| c.direction == Direction::Widened && c.parts == ["conditions"]),
        "{changes:?}"
    );
    assert!(changes.iter().all(|c| c.after.contains("young_person")));
}

#[test]
fn clause_9_2_authorities_are_ordered_by_what_opens_the_field() {
    let from = "on_authority = { all = [\"nim\", \"text_review\"], fields = [\"kind\"";
    let fewer =
        after(LCC, from, "on_authority = { all = [\"nim\", \"text_review\", \"harm\"], fields = [\"kind\"");
    assert!(!fewer.is_empty() && fewer.iter().all(|c| c.direction == Direction::Narrowed), "{fewer:?}");
    assert!(fewer.iter().all(|c| c.parts == ["authority"]));
}

#[test]
fn clause_9_2_classes_codes_and_handling_count_as_widened() {
    let text = "[partner.g4s]\nname = \"Group 4 Securicor\"\nclass = \"non_prosecuting\"";
    let changes = after("agreement.toml", text, &text.replace("non_prosecuting", "law"));
    assert!(changes.iter().all(|c| c.direction == Direction::Widened));
    assert!(told(&changes).contains(&"widened * partner g4s: class".to_owned()), "{changes:?}");
    let changes = after(
        "categories.toml",
        "collected_for = [\"c\"]\nhandling = \"routine\"\nflags = [\"unproven\"]",
        "collected_for = [\"c\"]\nhandling = \"routine\"",
    );
    assert!(
        changes.len() > 3
            && changes.iter().all(|c| c.direction == Direction::Widened && c.parts == ["handling"]),
        "{changes:?}"
    );
}

#[test]
fn clause_9_2_dates_are_a_change_too() {
    let changes = after(
        "agreement.toml",
        "in_force = \"2008-11-01\"",
        "in_force = \"2008-12-01\"\nuntil = \"2009-10-31\"",
    );
    assert_eq!(told(&changes), ["narrowed * in force from", "narrowed * in force until"]);
    let changes = after("agreement.toml", "version = \"1\"", "version = \"2\"");
    assert_eq!(told(&changes), ["reworded * version"]);
}

#[test]
fn clause_9_2_another_reason_is_reworded_and_comes_last() {
    let changes =
        after(LCC, "reason = \"unproven: group and month are enough\"", "reason = \"a month is enough\"");
    assert_eq!(told(&changes), ["reworded lcc arrest.arrested_at", "reworded lcc arrest.offence_group"]);
    assert_eq!(changes[0].after, "a month is enough");
}

#[test]
fn clause_5_2_2_an_age_followed_over_nights_tells_a_birthday_so_it_has_no_order() {
    let file = "entitlements/g4s.toml";
    let text = texts()[file].clone();
    let Some(line) = text.lines().find(|l| l.contains("birth_date")) else {
        panic!("no birth date for {file}")
    };
    let to = |how: &str| {
        line.replace("\"birth_date\", ", "").replace(", \"birth_date\"", "")
            + &format!("\nreduce = {{ birth_date = \"{how}\" }}")
    };
    let mut year = texts();
    *year.get_mut(file).expect("file") = text.replacen(line, &to("year"), 1);
    let mut age = texts();
    *age.get_mut(file).expect("file") = text.replacen(line, &to("age"), 1);
    let (year, age) = (build(&year).expect("year"), build(&age).expect("age"));
    let ways = |a, b| told(&difference((a, &SCHEMA), (b, &SCHEMA)));
    assert_eq!(ways(&year, &age), ["widened g4s person.birth_date"]);
    assert_eq!(ways(&age, &year), ["widened g4s person.birth_date"]);
    assert_eq!(ways(&AGREEMENT, &age), ["narrowed g4s person.birth_date"]);
}
