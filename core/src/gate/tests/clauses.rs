//! The rules that hold for everyone: 1.1, 5.1.1.iii, 5.2, 5.5, 6.1, 7.3.

use super::*;
use crate::gate::{Decision, Rule};

const EVERYONE: [&str; 8] = ["wyp", "lcc", "probation", "yos", "hmps", "g4s", "disc", "cri"];

#[track_caller]
fn nothing_leaves(scene: &Scene, rule: Rule) {
    for recipient in EVERYONE {
        let out = scene.disclose(recipient);
        assert!(out.disclosed.is_empty(), "{recipient}");
        assert!(out.withheld.count(rule) > 0, "{recipient}: {:?}", out.withheld);
    }
}

#[test]
pub(super) fn something_leaves_from_the_full_scene() {
    let scene = Scene::full(ADULT);
    for recipient in EVERYONE.into_iter().filter(|r| *r != "yos") {
        assert!(!scene.rows(recipient).is_empty(), "{recipient}");
    }
    assert!(!Scene::full(YOUNG).rows("yos").is_empty());
}

#[test]
pub(super) fn clause_1_1_person_outside_cohort_leaves_nothing() {
    let ended = |scene: &mut Scene| {
        let designation = scene.find("wyp", "cohort");
        scene.set(designation, "until", Some("2008-11-16"));
    };
    let future = |scene: &mut Scene| {
        let designation = scene.find("wyp", "cohort");
        scene.set(designation, "from", Some("2008-11-18"));
    };
    let unknown = |scene: &mut Scene| {
        let designation = scene.find("wyp", "cohort");
        scene.set(designation, "from", None);
    };
    let unreadable = |scene: &mut Scene| {
        let designation = scene.find("wyp", "cohort");
        scene.set(designation, "until", Some("soon"));
    };
    let cancelled = |scene: &mut Scene| {
        let designation = scene.find("wyp", "cohort");
        scene.record(designation).head.cancelled = true;
    };
    let by_another = |scene: &mut Scene| {
        let designation = scene.find("wyp", "cohort");
        scene.record(designation).head.originator = partner("g4s");
    };
    let none = |scene: &mut Scene| scene.person.records.retain(|r| r.head.category != category("cohort"));
    let changes: [&dyn Fn(&mut Scene); 7] =
        [&ended, &future, &unknown, &unreadable, &cancelled, &by_another, &none];
    for (case, change) in changes.into_iter().enumerate() {
        let mut scene = Scene::full(ADULT);
        change(&mut scene);
        nothing_leaves(&scene, Rule::Cohort);
        assert!(scene.facts().recipients.iter().all(|r| !r.cohort), "case {case}");
    }
}

#[test]
pub(super) fn clause_1_1_the_last_day_of_a_designation_counts() {
    let mut scene = Scene::full(ADULT);
    let designation = scene.find("wyp", "cohort");
    scene.set(designation, "until", Some("2008-11-17"));
    assert!(!scene.rows("wyp").is_empty());
    assert_eq!(scene.gate().next_change(&scene.facts()), Some(date(2008, 11, 18)));
}

#[test]
pub(super) fn clause_5_1_1_iii_covert_row_changes_no_byte() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        let whole = Scene::full(birth);
        for at in 0..whole.person.records.len() {
            let (mut marked, mut without) = (Scene::full(birth), Scene::full(birth));
            marked.person.records[at].head.restricted = true;
            let gone = without.person.records.remove(at);
            for (recipient, p) in AGREEMENT.partners().filter(|(id, _)| *id != gone.head.originator) {
                assert_eq!(marked.rows(&p.key), without.rows(&p.key), "{birth} {at} {recipient:?}");
            }
        }
    }
}

#[test]
pub(super) fn clause_5_1_1_iii_a_covert_row_never_goes_to_anyone() {
    let mut scene = Scene::full(ADULT);
    for at in 0..scene.person.records.len() {
        scene.person.records[at].head.restricted =
            scene.person.records[at].head.category != category("cohort");
    }
    for recipient in EVERYONE {
        let out = scene.disclose(recipient);
        assert!(out.disclosed.is_empty(), "{recipient}");
        assert!(out.withheld.count(Rule::Restriction) > 0);
    }
}

#[test]
pub(super) fn clause_5_2_1_nobody_gets_its_own_rows() {
    for birth in [ADULT, YOUNG] {
        let scene = Scene::full(birth);
        for recipient in EVERYONE {
            assert!(scene.rows(recipient).iter().all(|r| r.originator != recipient));
            assert!(scene.disclose(recipient).withheld.count(Rule::Own) > 0);
        }
    }
}

#[test]
pub(super) fn clause_5_2_2_field_not_listed_absent() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        let scene = Scene::full(birth);
        for (recipient, p) in AGREEMENT.partners() {
            for row in scene.rows(&p.key) {
                for name in row.cells.keys() {
                    let listed =
                        AGREEMENT.sees(recipient, category(&row.category), field(&row.category, name));
                    assert!(
                        listed.is_some_and(|s| s.standing.is_some()),
                        "{} {}.{name}",
                        p.key,
                        row.category
                    );
                }
            }
        }
    }
}

#[test]
pub(super) fn clause_5_2_2_cells_stand_in_schema_order() {
    let scene = Scene::full(ADULT);
    for out in EVERYONE.map(|recipient| scene.disclose(recipient)) {
        for row in &out.disclosed {
            let fields: Vec<FieldId> = row.cells().map(|(f, _)| f).collect();
            assert!(fields.is_sorted());
        }
    }
}

#[test]
pub(super) fn clause_5_2_2_a_row_without_any_granted_value_stays() {
    let mut scene = Scene::full(ADULT);
    let plan = scene.find("probation", "sentence_plan");
    for name in ["objective", "status"] {
        scene.set(plan, name, None);
    }
    assert!(scene.rows_of("wyp", "sentence_plan").is_empty());
    assert_eq!(scene.disclose("wyp").withheld.count(Rule::Empty), 1);
}

#[test]
pub(super) fn clause_5_2_2_an_absent_value_stands_empty_beside_the_others() {
    let mut scene = Scene::full(ADULT);
    let release = scene.find("hmps", "prison_release");
    scene.set(release, "release_address", None);
    let row = scene.row("wyp", "prison_release");
    assert_eq!(row.cells.get("release_address"), Some(&None));
    assert_eq!(row.value("release_date"), Some("2008-11-10"));
}

#[test]
pub(super) fn clause_5_2_2_identity_leaves_only_beside_something() {
    let mut scene = Scene::designated();
    scene.add("hmps", "person", &[("surname", "Invented"), ("birth_date", ADULT)]);
    assert!(scene.rows("wyp").is_empty());
    assert_eq!(scene.disclose("wyp").withheld.count(Rule::Alone), 1);
    scene.add("g4s", "tag_order_bail", &[("start_date", "2008-11-10")]);
    assert!(scene.rows_of("wyp", "person").is_empty(), "another originator's row names nobody");
    scene.add("hmps", "prison_release", &[("release_date", "2008-11-10")]);
    assert_eq!(scene.row("wyp", "person").value("surname"), Some("Invented"));
}

#[test]
pub(super) fn clause_5_2_2_identity_beside_any_originator_only_where_the_agreement_says_so() {
    let mut texts = crate::agreement::delivered::texts();
    let file = texts.get_mut("conditions.toml").expect("file");
    *file = file.replacen("beside = \"same_originator\"", "beside = \"any\"", 1);
    let agreement = crate::agreement::delivered::build(&texts).expect("holds");
    let mut scene =
        Scene { agreement: std::boxed::Box::leak(std::boxed::Box::new(agreement)), ..Scene::designated() };
    for originator in ["disc", "g4s"] {
        scene.add(originator, "person", &[("surname", "Invented")]);
    }
    scene.add("g4s", "tag_order_bail", &[("start_date", "2008-11-10")]);
    let mut named: std::vec::Vec<_> =
        scene.rows_of("wyp", "person").iter().map(|r| r.originator.clone()).collect();
    named.sort();
    assert_eq!(named, ["disc", "g4s"]);
}

#[test]
pub(super) fn clause_5_2_2_a_value_that_cannot_be_reduced_is_not_given() {
    let mut scene = Scene::full(ADULT);
    let arrest = scene.find("wyp", "arrest");
    scene.set(arrest, "arrested_at", Some("?"));
    assert!(scene.rows_of("disc", "arrest").is_empty());
    assert_eq!(scene.disclose("disc").withheld.count(Rule::Reduction), 1);
}

#[test]
pub(super) fn clause_5_2_3_every_row_names_its_originator_and_that_originators_clause() {
    let scene = Scene::full(ADULT);
    for recipient in EVERYONE {
        for row in scene.rows(recipient) {
            let clause = AGREEMENT.clause(partner(&row.originator), category(&row.category));
            assert_eq!(clause, Some(row.clause.as_str()));
            assert!(!row.purpose.is_empty() && !row.handling.is_empty());
        }
    }
    let plans = scene.rows_of("probation", "treatment_plan");
    let clauses: Vec<(&str, &str)> =
        plans.iter().map(|r| (r.originator.as_str(), r.clause.as_str())).collect();
    assert_eq!(clauses.len(), 2);
    assert!(clauses.contains(&("disc", "5.1.7.i")) && clauses.contains(&("cri", "5.1.8.i")), "{clauses:?}");
}

#[test]
pub(super) fn clause_5_2_3_a_row_from_somebody_who_does_not_share_it_stays() {
    let mut scene = Scene::full(ADULT);
    let release = scene.find("hmps", "prison_release");
    scene.record(release).head.originator = partner("g4s");
    assert!(scene.rows_of("wyp", "prison_release").is_empty());
    assert!(scene.disclose("wyp").withheld.count(Rule::Originator) > 0);
}

#[test]
pub(super) fn clause_5_2_3_a_clause_that_the_grant_does_not_list_opens_nothing() {
    let mut texts = crate::agreement::delivered::texts();
    let file = texts.get_mut("entitlements/probation.toml").expect("file");
    let (before, after) = file.split_once("[treatment_plan]").expect("grant");
    *file = std::format!(
        "{before}[treatment_plan]{}",
        after.replacen("[\"5.1.7.i\", \"5.1.8.i\"]", "[\"5.1.8.i\"]", 1)
    );
    let agreement = crate::agreement::delivered::build(&texts).expect("holds");
    let scene =
        Scene { agreement: std::boxed::Box::leak(std::boxed::Box::new(agreement)), ..Scene::full(ADULT) };
    assert_eq!(scene.row("probation", "treatment_plan").originator, "cri");
    assert_eq!(scene.disclose("probation").withheld.count(Rule::Originator), 1);
}

#[test]
pub(super) fn clause_5_2_4_every_row_has_its_purposes() {
    let row = Scene::full(ADULT).row("wyp", "prison_release");
    assert_eq!(row.purpose, "b;c;e");
}

#[test]
pub(super) fn clause_5_5_3_same_record_differs_per_recipient() {
    let scene = Scene::full(ADULT);
    let (one, other) = (scene.row("wyp", "prison_release"), scene.row("probation", "prison_release"));
    assert_eq!(one.cells, other.cells);
    assert_ne!(one.record_ref, other.record_ref);
    assert_ne!(one.person_ref, other.person_ref);
}

#[test]
pub(super) fn clause_5_5_3_without_a_key_nothing_leaves() {
    let scene = Scene::full(ADULT);
    let keys = [std::vec![1; 32]];
    let gate = Gate::new(&AGREEMENT, &SCHEMA, &scene.registers, &keys, TODAY);
    let out = gate.disclose(&scene.person, &scene.facts(), partner("probation"));
    assert!(out.disclosed.is_empty() && out.withheld.count(Rule::Key) > 0);
}

#[test]
pub(super) fn clause_6_1_a_cancelled_record_is_not_disclosed() {
    let mut scene = Scene::full(ADULT);
    let release = scene.find("hmps", "prison_release");
    scene.record(release).head.cancelled = true;
    assert!(scene.recipients_of("prison_release").is_empty());
}

#[test]
pub(super) fn clause_7_3_without_a_nominee_nothing_is_received() {
    let mut texts = crate::agreement::delivered::texts();
    let nominees = texts.get_mut("nominees.toml").expect("file");
    *nominees =
        nominees.replacen("from = \"2008-11-01\"", "from = \"2008-11-01\"\nuntil = \"2008-11-16\"", 1);
    let agreement = crate::agreement::delivered::build(&texts).expect("holds");
    let scene =
        Scene { agreement: std::boxed::Box::leak(std::boxed::Box::new(agreement)), ..Scene::full(ADULT) };
    let out = scene.disclose("wyp");
    assert!(out.disclosed.is_empty() && out.withheld.count(Rule::Nominee) > 0);
    assert!(!scene.rows("probation").is_empty());
    let before = Scene { as_of: date(2008, 11, 16), ..scene };
    assert!(!before.rows("wyp").is_empty());
    assert_eq!(before.gate().next_change(&before.facts()), Some(TODAY));
}

#[test]
pub(super) fn clause_7_3_a_suspended_partner_receives_nothing() {
    let mut scene = Scene::full(ADULT);
    scene.registers.suspended.push(partner("lcc"));
    assert!(scene.rows("lcc").is_empty());
    assert!(scene.disclose("lcc").withheld.count(Rule::Suspended) > 0);
    assert!(!scene.rows("wyp").is_empty());
}

#[test]
pub(super) fn the_agreement_permits_nothing_before_its_first_day() {
    let scene = Scene { as_of: date(2008, 10, 31), ..Scene::full(ADULT) };
    nothing_leaves(&scene, Rule::InForce);
    assert_eq!(scene.gate().next_change(&scene.facts()), Some(date(2008, 11, 1)));
}

#[test]
pub(super) fn facts_of_another_person_open_nothing() {
    let (scene, mut other) = (Scene::full(ADULT), Scene::full(ADULT));
    other.person.id = PersonId(8);
    let out = scene.gate().disclose(&scene.person, &other.facts(), partner("wyp"));
    assert!(out.disclosed.is_empty());
}

#[test]
pub(super) fn records_are_disclosed_or_withheld_and_counted_once() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        let scene = Scene::full(birth);
        for recipient in EVERYONE {
            let out = scene.disclose(recipient);
            let total = out.disclosed.len() + out.withheld.total() as usize;
            assert_eq!(total, scene.person.records.len(), "{recipient}");
        }
    }
}

#[test]
pub(super) fn explanations_say_what_was_done() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        let mut scene = Scene::full(birth);
        scene.add("hmps", "prison_transfer", &[("moved_on", "2008-11-02")]);
        for (recipient, p) in AGREEMENT.partners() {
            let out = scene.disclose(&p.key);
            let given =
                |record, f| out.disclosed.iter().any(|d| d.record() == record && d.cells().any(|c| c.0 == f));
            for (id, rule) in SCHEMA.categories() {
                let counted = AGREEMENT.grant(recipient, id).is_some_and(crate::agreement::Grant::counts);
                for (f, at) in rule.fields.iter().zip(0u8..).filter(|_| !counted) {
                    for why in scene.gate().explain(&scene.person, recipient, id, FieldId(at)) {
                        let leaves = !matches!(why.decision, Decision::Withheld(_));
                        let place = std::format!("{} {}.{} {why:?}", p.key, rule.name, f.name);
                        assert_eq!(leaves, given(why.record, FieldId(at)), "{place}");
                        assert_eq!(why.steps.iter().all(|s| s.passed), leaves, "{place}");
                        assert!(!why.clause.is_empty(), "{place}");
                    }
                }
            }
        }
    }
}

#[test]
pub(super) fn an_explanation_names_the_condition_and_no_value() {
    let scene = Scene::full(ADULT);
    let place = field("prison_release", "release_address");
    let why = &scene.gate().explain(&scene.person, partner("yos"), category("prison_release"), place)[0];
    assert_eq!(why.decision, Decision::Withheld(Rule::Condition));
    let last = why.steps.last().expect("a step");
    assert_eq!(
        last.text,
        "the condition `young_person` does not hold: under 18 by every accepted date of birth"
    );
    let given = &scene.gate().explain(&scene.person, partner("wyp"), category("prison_release"), place)[0];
    assert_eq!((given.decision, given.clause.as_str()), (Decision::Whole, "5.1.5.i"));
}
