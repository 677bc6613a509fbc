//! The decision written twice: a naive reading of the entitlement files as plain tables, with the
//! conditions of each scene stated by hand, against the gate.

use super::*;
use crate::agreement::delivered::texts;
use std::collections::BTreeSet;
use toml::{Table, Value};

fn words(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.map(|v| v.as_str().expect("a word").to_owned()).collect()
}

/// Field → `whole` or the reduction: what a recipient may see of a category without any authority.
fn may_see(file: &Table, category: &str, held: &[&str]) -> BTreeMap<String, String> {
    let Some(grant) = file.get(category).and_then(Value::as_table) else { return BTreeMap::new() };
    if !words(grant.get("when")).iter().all(|c| held.contains(&c.as_str())) {
        return BTreeMap::new();
    }
    let whole = words(grant.get("fields")).into_iter().map(|f| (f, "whole".to_owned()));
    let reduced = grant.get("reduce").and_then(Value::as_table).into_iter().flatten();
    whole.chain(reduced.map(|(f, how)| (f.clone(), how.as_str().expect("word").to_owned()))).collect()
}

/// The conditions that hold in the full scene, written down from its records.
fn held(recipient: &str, birth: &str) -> Vec<&'static str> {
    let mut out = std::vec![
        "custody_or_due",
        "hdc",
        "tagged",
        "asb_case",
        "housing_or_asb_case",
        "works_with",
        "condition_current",
        "order_in_force",
        "housing_licence_condition",
        "curfew_licence_condition",
    ];
    match birth {
        ADULT => out.push("adult"),
        SEVENTEEN => out.extend(["young_person", "transition"]),
        _ => out.push("young_person"),
    }
    if ["disc", "cri"].contains(&recipient) {
        out.push("on_caseload");
    }
    if recipient == "g4s" {
        out.push("own_action");
    }
    out
}

/// What a value becomes; only the reductions that the agreement uses.
fn reduced(how: &str, value: &str) -> String {
    match how {
        "whole" => value.to_owned(),
        "month" => value[..7].to_owned(),
        "year" => value[..4].to_owned(),
        "district" => value.split(' ').next().expect("outward half").to_owned(),
        "count" => "1".to_owned(),
        other => std::unreachable!("no second reading of `{other}`"),
    }
}

#[test]
pub(super) fn the_gate_gives_what_a_second_reading_of_the_tables_allows() {
    let texts = texts();
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        let mut scene = Scene::full(birth);
        scene.set_all("community_order", "requirement", Some("unpaid_work"));
        for (_, p) in AGREEMENT.partners() {
            let name = std::format!("entitlements/{}.toml", p.key);
            let file: Table = texts[&name].parse().expect("reads");
            let held = held(&p.key, birth);
            let mut expected: BTreeSet<(String, String, String, String)> = BTreeSet::new();
            for (id, rule) in SCHEMA.categories() {
                for (owner, o) in AGREEMENT.partners() {
                    if AGREEMENT.clause(owner, id).is_none() || o.key == p.key {
                        continue;
                    }
                    for (field, how) in may_see(&file, &rule.name, &held) {
                        let value =
                            if (rule.name.as_str(), field.as_str()) == ("community_order", "requirement") {
                                "unpaid_work".into()
                            } else {
                                reduced(&how, &filler(&rule.name, &field, birth))
                            };
                        expected.insert((rule.name.clone(), o.key.clone(), field, value));
                    }
                }
            }
            let named: BTreeSet<String> =
                expected.iter().filter(|e| e.0 != "person").map(|e| e.1.clone()).collect();
            expected.retain(|e| e.0 != "person" || named.contains(&e.1));
            let mut given = BTreeSet::new();
            for row in scene.rows(&p.key) {
                for (field, value) in &row.cells {
                    let value = value.clone().expect("the scene is full");
                    given.insert((row.category.clone(), row.originator.clone(), field.clone(), value));
                }
            }
            let leaked: Vec<_> = given.difference(&expected).collect();
            let missing: Vec<_> = expected.difference(&given).collect();
            assert!(
                leaked.is_empty() && missing.is_empty(),
                "{} {birth}: leaked {leaked:?}, missing {missing:?}",
                p.key
            );
        }
    }
}
