//! The named conditions of the delivered agreement, each with the edges at which it turns, and the
//! day on which it turns.

use super::*;

/// Whether a condition about the person holds for a recipient.
#[track_caller]
fn holds(scene: &Scene, recipient: &str, condition: &str) -> bool {
    let at = AGREEMENT.conditions().iter().position(|c| c.name == condition).expect(condition);
    scene.facts().recipients[usize::from(partner(recipient).0)].holds >> at & 1 == 1
}

/// A condition holds on the days of a span and on no other near them, and says when it turns.
#[track_caller]
fn turns(mut scene: Scene, recipient: &str, condition: &str, first: Date, last: Option<Date>) {
    let mut day = first.saturating_sub(jiff::Span::new().days(3));
    let end = last.unwrap_or(first).saturating_add(jiff::Span::new().days(3));
    while day <= end {
        scene.as_of = day;
        let expected = first <= day && last.is_none_or(|l| day <= l);
        assert_eq!(holds(&scene, recipient, condition), expected, "{condition} on {day}");
        let turn = if day < first {
            Some(first)
        } else {
            last.filter(|l| day <= *l).and_then(|l| l.tomorrow().ok())
        };
        if let Some(turn) = turn {
            let next = scene.gate().next_change(&scene.facts()).expect("a day");
            assert!(day < next && next <= turn, "{condition} on {day} turns on {turn}, not {next}");
        }
        day = day.tomorrow().expect("a day");
    }
}

#[test]
pub(super) fn works_with_needs_a_current_record_that_is_no_identity() {
    let mut scene = Scene::designated();
    scene.add("lcc", "person", &[("surname", "Invented")]);
    scene.add("disc", "caseload", &[("kind", "treatment"), ("from", "2008-11-01")]);
    assert!(!holds(&scene, "lcc", "works_with") && !holds(&scene, "disc", "works_with"));
    let tenancy = scene.add("lcc", "tenancy", &[("start_date", "2001-01-01")]);
    assert!(holds(&scene, "lcc", "works_with") && !holds(&scene, "g4s", "works_with"));
    scene.record(tenancy).head.cancelled = true;
    assert!(!holds(&scene, "lcc", "works_with"));
}

#[test]
pub(super) fn on_caseload_is_the_recipients_own_list() {
    let mut scene = Scene::designated();
    scene.add("disc", "caseload", &[("from", "2008-11-05"), ("until", "2008-11-20")]);
    assert!(!holds(&scene, "cri", "on_caseload"));
    turns(scene, "disc", "on_caseload", date(2008, 11, 5), Some(date(2008, 11, 20)));
}

#[test]
pub(super) fn young_person_by_every_date_of_birth() {
    let mut scene = Scene::designated();
    assert!(!holds(&scene, "yos", "young_person"), "no date of birth");
    scene.add("hmps", "person", &[("birth_date", "1990-11-18")]);
    assert!(holds(&scene, "yos", "young_person"), "18 tomorrow");
    assert_eq!(scene.gate().next_change(&scene.facts()), Some(date(2008, 11, 18)));
    let second = scene.add("wyp", "person", &[("birth_date", "1990-11-17")]);
    assert!(!holds(&scene, "yos", "young_person"), "18 today by the other");
    assert!(!holds(&scene, "yos", "adult"), "and not 18 by the first: unknown");
    scene.set(second, "birth_date", Some("17/11/1993"));
    assert!(!holds(&scene, "yos", "young_person"), "unreadable");
}

#[test]
pub(super) fn somebody_born_on_29_february_is_18_on_1_march() {
    let mut scene = Scene::designated();
    scene.add("hmps", "person", &[("birth_date", "1992-02-29")]);
    scene.as_of = date(2010, 2, 28);
    assert!(holds(&scene, "yos", "young_person"));
    scene.as_of = date(2010, 3, 1);
    assert!(!holds(&scene, "yos", "young_person") && holds(&scene, "yos", "adult"));
}

#[test]
pub(super) fn transition_needs_both_services_and_the_age() {
    let mut scene = Scene::designated();
    scene.add("yos", "person", &[("birth_date", "1991-11-10")]);
    scene.add("yos", "yos_plan", &[("status", "agreed")]);
    assert!(!holds(&scene, "yos", "transition"));
    scene.add("probation", "sentence_plan", &[("status", "agreed")]);
    turns(scene, "yos", "transition", date(2008, 11, 10), Some(date(2010, 11, 9)));
}

#[test]
pub(super) fn custody_by_the_latest_movement() {
    let mut scene = Scene::designated();
    assert!(!holds(&scene, "hmps", "custody_or_due"), "nothing known");
    scene.add("hmps", "custody_movement", &[("moved_on", "2008-11-10"), ("direction", "in")]);
    assert!(holds(&scene, "hmps", "custody_or_due"));
    scene.add("g4s", "custody_movement", &[("moved_on", "2008-11-12"), ("direction", "out")]);
    assert!(holds(&scene, "hmps", "custody_or_due"), "only the prison tells of its movements");
    let out = scene.add("hmps", "prison_release", &[("release_date", "2008-11-12")]);
    assert!(!holds(&scene, "hmps", "custody_or_due"));
    scene.set(out, "release_date", Some("2008-11-10"));
    assert!(!holds(&scene, "hmps", "custody_or_due"), "in and out on one day: unknown");
    scene.add("hmps", "prison_transfer", &[("moved_on", "2008-11-14")]);
    assert!(holds(&scene, "hmps", "custody_or_due"));
    scene.set(out, "release_date", Some("2009-03-01"));
    assert_eq!(
        scene.gate().next_change(&scene.facts()),
        Some(date(2009, 2, 1)),
        "the release comes within 28 days"
    );
}

#[test]
pub(super) fn due_within_28_days() {
    for category in ["prison_release", "release_projection"] {
        let mut scene = Scene::designated();
        let name = if category == "prison_release" { "release_date" } else { "projected_date" };
        let id = scene.add("hmps", category, &[(name, "2008-12-20")]);
        if category == "release_projection" {
            assert!(!holds(&scene, "hmps", "custody_or_due"), "of unknown kind");
            scene.set(id, "basis", Some("CRD"));
        }
        turns(scene, "hmps", "custody_or_due", date(2008, 11, 22), Some(date(2008, 12, 20)));
    }
}

#[test]
pub(super) fn due_in_by_a_recall_not_yet_carried_out() {
    for (originator, category, name, open, done) in [
        ("probation", "probation_breach", "status", "unlawfully_at_large", "recalled"),
        ("probation", "probation_breach", "status", "recall_requested", "withdrawn"),
        ("yos", "yos_breach", "status", "recall_requested", "completed"),
        ("g4s", "tag_breach_sentence", "action_taken", "recall_requested", "letter"),
    ] {
        let mut scene = Scene::designated();
        let id = scene.add(originator, category, &[(name, open)]);
        assert!(holds(&scene, "hmps", "custody_or_due"), "{category} {open}");
        scene.set(id, name, Some(done));
        assert!(!holds(&scene, "hmps", "custody_or_due"), "{category} {done}");
    }
    let mut scene = Scene::designated();
    scene.add(
        "g4s",
        "tag_breach_sentence",
        &[("action_taken", "recall_requested"), ("outcome", "returned_to_custody")],
    );
    assert!(!holds(&scene, "hmps", "custody_or_due"));
}

#[test]
pub(super) fn hdc_until_the_tag_orders_end() {
    let mut scene = Scene::designated();
    scene.add("hmps", "prison_release", &[("release_type", "hdc"), ("release_date", "2008-11-10")]);
    assert!(!holds(&scene, "hmps", "hdc"), "no tag order");
    scene.add("g4s", "tag_order_sentence", &[("start_date", "2008-11-10"), ("end_date", "2008-11-25")]);
    turns(scene, "hmps", "hdc", date(2008, 11, 10), Some(date(2008, 11, 25)));
}

#[test]
pub(super) fn tagged_while_an_order_runs() {
    for category in ["tag_order_bail", "tag_order_sentence"] {
        let mut scene = Scene::designated();
        let order = scene.add("g4s", category, &[("start_date", "2008-11-10"), ("end_date", "2008-11-25")]);
        scene.set(order, "end_date", None);
        assert!(holds(&scene, "g4s", "tagged"), "an open end counts");
        scene.set(order, "start_date", None);
        assert!(!holds(&scene, "g4s", "tagged"), "an unknown beginning does not");
        scene.set(order, "start_date", Some("2008-11-10"));
        scene.set(order, "end_date", Some("2008-11-25"));
        turns(scene, "g4s", "tagged", date(2008, 11, 10), Some(date(2008, 11, 25)));
    }
}

#[test]
pub(super) fn a_record_from_somebody_who_does_not_share_it_counts_for_nothing() {
    let mut scene = Scene::designated();
    let order = scene.add("g4s", "tag_order_bail", &[("start_date", "2008-11-10")]);
    assert!(holds(&scene, "g4s", "tagged"));
    scene.record(order).head.originator = partner("lcc");
    assert!(!holds(&scene, "g4s", "tagged") && !holds(&scene, "lcc", "works_with"));
}

#[test]
pub(super) fn a_covert_record_counts_for_its_originator_only() {
    let mut scene = Scene::designated();
    let order = scene.add("g4s", "tag_order_bail", &[("start_date", "2008-11-10")]);
    scene.record(order).head.restricted = true;
    assert!(holds(&scene, "g4s", "tagged") && holds(&scene, "g4s", "works_with"));
    assert!(!holds(&scene, "wyp", "tagged") && !holds(&scene, "yos", "tagged"));
}

#[test]
pub(super) fn asb_case_while_something_is_open() {
    let mut scene = Scene::designated();
    let complaint = scene.add("lcc", "asb_complaint", &[("status", "monitoring")]);
    assert!(holds(&scene, "lcc", "asb_case"));
    for status in [Some("closed"), Some("referred"), None] {
        scene.set(complaint, "status", status);
        assert!(!holds(&scene, "lcc", "asb_case"), "{status:?}");
    }
    let letter = scene.add("lcc", "asb_pre_court", &[("issued_on", "2008-11-10")]);
    assert!(!holds(&scene, "lcc", "asb_case"), "a step whose end is unknown");
    scene.set(letter, "expires_on", Some("2008-11-25"));
    turns(scene, "lcc", "asb_case", date(2008, 11, 10), Some(date(2008, 11, 25)));
}

#[test]
pub(super) fn housing_until_183_days_after_the_tenancy() {
    let mut scene = Scene::designated();
    let tenancy = scene.add("lcc", "tenancy", &[("start_date", "2008-11-10"), ("end_date", "2009-01-31")]);
    turns(scene, "lcc", "housing_or_asb_case", date(2008, 11, 10), Some(date(2009, 8, 2)));
    let mut scene = Scene::designated();
    scene.add("lcc", "tenancy", &[("start_date", "2008-11-10")]);
    assert!(holds(&scene, "lcc", "housing_or_asb_case"));
    scene.set(RecordId(tenancy.0), "start_date", None);
    assert!(!holds(&scene, "lcc", "housing_or_asb_case"));
    scene.add("lcc", "asb_complaint", &[("status", "open")]);
    assert!(holds(&scene, "lcc", "housing_or_asb_case"));
}

#[test]
pub(super) fn transfer_of_care_by_the_other_provider_to_the_recipient() {
    let mut scene = Scene::designated();
    let transfer = [("from_partner", "disc"), ("to_partner", "cri"), ("transferred_on", "2008-12-01")];
    scene.add("disc", "care_transfer", &transfer);
    assert!(!holds(&scene, "disc", "transfer_of_care"));
    turns(scene, "cri", "transfer_of_care", date(2008, 11, 3), Some(date(2008, 12, 29)));
    let mut own = Scene::designated();
    own.add("cri", "care_transfer", &transfer);
    own.as_of = date(2008, 12, 1);
    assert!(!holds(&own, "cri", "transfer_of_care"), "nobody opens the other's records by its own word");
}

#[test]
pub(super) fn conditions_on_a_row_say_when_they_turn() {
    let mut scene = Scene::designated();
    scene.add("lcc", "tenancy", &[("start_date", "2000-01-01")]);
    scene.add(
        "probation",
        "licence_conditions",
        &[
            ("condition", "reside"),
            ("status", "current"),
            ("start_date", "2008-11-01"),
            ("end_date", "2008-11-20"),
        ],
    );
    assert_eq!(scene.rows_of("lcc", "licence_conditions").len(), 1);
    assert_eq!(scene.gate().next_change(&scene.facts()), Some(date(2008, 11, 21)));
    scene.as_of = date(2008, 11, 21);
    assert!(scene.rows_of("lcc", "licence_conditions").is_empty());
}

#[test]
pub(super) fn nothing_turns_when_nothing_is_dated() {
    let mut scene = Scene::designated();
    scene.add("lcc", "asb_complaint", &[("status", "open"), ("received_on", "2008-11-03")]);
    assert_eq!(scene.gate().next_change(&scene.facts()), None);
}
