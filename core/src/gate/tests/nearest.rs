//! What would change a decision, rule by rule, and the facts that each rule used.

use super::*;
use crate::gate::{Decision, Rule};

/// The first explanation about a field: what was decided, what would change it, the facts of the last rule asked.
#[track_caller]
fn explained(scene: &Scene, recipient: &str, of: (&str, &str)) -> (Decision, String, String) {
    let found =
        scene.gate().explain(&scene.person, partner(recipient), category(of.0), field(of.0, of.1)).remove(0);
    let facts = found.steps.last().expect("a step").facts.join("; ");
    (found.decision, found.nearest.join(" | "), facts)
}

#[test]
pub(super) fn what_is_disclosed_needs_nothing() {
    let (decision, nearest, _) = explained(&Scene::full(ADULT), "wyp", ("prison_release", "release_address"));
    assert_eq!((decision, nearest.as_str()), (Decision::Whole, ""));
}

#[test]
pub(super) fn a_condition_names_the_questions_that_would_hold() {
    let mut scene = Scene::full(ADULT);
    let of = ("prison_release", "release_date");
    let (decision, nearest, facts) = explained(&scene, "yos", of);
    assert_eq!(decision, Decision::Withheld(Rule::Condition));
    assert_eq!(nearest, "the person is under 18, by every date of birth");
    assert!(facts.starts_with("`young_person` does not hold"), "{facts}");
    for order in ["tag_order_bail", "tag_order_sentence"] {
        scene.set_all(order, "end_date", Some("2008-11-16"));
    }
    let (_, nearest, _) = explained(&scene, "g4s", of);
    assert!(nearest.contains("`Tag as a condition of bail` with `Start"), "{nearest}");
    assert_eq!(nearest.matches(" | ").count(), 1, "either order would do: {nearest}");
}

#[test]
pub(super) fn an_authority_names_the_kinds_that_are_not_recorded() {
    let (decision, nearest, facts) = explained(&Scene::full(ADULT), "wyp", ("prison_intelligence", "report"));
    assert_eq!(decision, Decision::Withheld(Rule::Authority));
    assert!(
        nearest.starts_with("an authority of kind `nim` and `text_review` by HM Prison Service"),
        "{nearest}"
    );
    assert_eq!(facts, "no authority is recorded for this record and recipient");
}

#[test]
pub(super) fn what_the_table_never_gives_needs_a_changed_agreement() {
    let (decision, nearest, _) = explained(&Scene::full(ADULT), "lcc", ("prison_release", "release_address"));
    assert_eq!(decision, Decision::Withheld(Rule::Field));
    assert!(nearest.contains("every partner agrees (9.2)"), "{nearest}");
}

/// Neither facts nor what would change a decision says a value of the person.
#[test]
pub(super) fn no_value_stands_in_an_explanation() {
    let scene = Scene::full(SEVENTEEN);
    let values: Vec<&str> = scene
        .person
        .records
        .iter()
        .flat_map(|r| r.fields.iter().flatten())
        .filter(|v| v.contains([' ', '-']))
        // The agreement's own first day, and the day that is asked about, may be said.
        .filter(|v| ![AGREEMENT.term().from, Some(TODAY)].iter().flatten().any(|d| d.to_string() == **v))
        .collect();
    for (id, rule) in SCHEMA.categories().filter(|(_, c)| !c.internal) {
        for (recipient, _) in AGREEMENT.partners() {
            for at in (0u8..).zip(&rule.fields).map(|(at, _)| FieldId(at)) {
                for one in scene.gate().explain(&scene.person, recipient, id, at) {
                    let steps = one.steps.iter().flat_map(|s| s.facts.iter().chain([&s.text]));
                    for text in steps.chain(&one.nearest) {
                        let said = values.iter().find(|v| text.contains(**v));
                        assert!(said.is_none(), "{text}");
                    }
                }
            }
        }
    }
}
