//! Restrictions and authorities.

use super::*;
use crate::agreement::AuthorityKind;
use crate::agreement::Span;
use crate::gate::{
    Authority, Decision, Effect, NoReview, Recipients, Restriction, Reviewed, Rule, Scope, original,
};
use crate::reduce::Reduction;
use crate::rest::RestKey;

fn authority(scene: &Scene, kind: AuthorityKind, record: RecordId, to: &str, fields: &[&str]) -> Authority {
    let head = scene.person.records.iter().map(|r| r.head).find(|h| h.id == record).expect("record");
    let rule = SCHEMA.get(head.category).expect("category");
    let fields: Vec<FieldId> = fields.iter().map(|f| rule.field(f).expect("field")).collect();
    let found = scene.person.records.iter().find(|r| r.head.id == record).expect("record");
    let read = |f: &FieldId| {
        let mark = original(&scene.registers.review_key, &SCHEMA, found, *f, false).ok()?;
        Some(Reviewed::as_read(*f, mark))
    };
    Authority {
        kind,
        record,
        recipients: std::vec![partner(to)],
        reviewed: if kind == AuthorityKind::TextReview {
            fields.iter().filter_map(read).collect()
        } else {
            Vec::new()
        },
        fields,
        granted_by: head.originator,
        ground: "risk to others".into(),
        reference: "D/1".into(),
        conditions: None,
        from: date(2008, 11, 10),
        until: date(2008, 11, 30),
    }
}

fn restriction(scope: Scope, recipients: Recipients, effect: Effect) -> Restriction {
    Restriction { scope, recipients, by: partner("hmps"), effect, from: date(2008, 11, 10), until: None }
}

#[test]
pub(super) fn clause_5_1_7_ii_override_opens_only_named_fields() {
    let mut scene = Scene::full(ADULT);
    let alert = scene.find("disc", "treatment_harm_alert");
    let opened = authority(&scene, AuthorityKind::Harm, alert, "wyp", &["risk_to", "advised_action"]);
    scene.registers.authorities.push(opened);
    assert_eq!(scene.row("wyp", "treatment_harm_alert").fields(), ["advised_action", "risk_to"]);
    assert_eq!(scene.recipients_of("treatment_harm_alert"), ["wyp"]);
}

#[test]
pub(super) fn clause_5_1_1_iv_a_particular_risk_opens_the_named_fields() {
    let mut scene = Scene::full(ADULT);
    let risk = scene.find("wyp", "dv_victim_risk");
    for kind in [AuthorityKind::TextReview, AuthorityKind::Harm] {
        let wrong = authority(&scene, kind, risk, "hmps", &["victim_name"]);
        scene.registers.authorities.push(wrong);
    }
    assert!(scene.recipients_of("dv_victim_risk").is_empty(), "the wrong kind opens nothing");
    let right = authority(&scene, AuthorityKind::DvRisk, risk, "hmps", &["relation", "safety_action"]);
    scene.registers.authorities.push(right);
    assert_eq!(scene.row("hmps", "dv_victim_risk").fields(), ["relation", "safety_action"]);
}

#[test]
pub(super) fn clause_5_1_1_v_needs_relevance_statement() {
    let mut scene = Scene::full(ADULT);
    let report = scene.find("wyp", "child_protection");
    let stated = authority(&scene, AuthorityKind::ChildRisk, report, "probation", &["status", "concern"]);
    scene.registers.authorities.push(Authority { ground: " ".into(), ..stated.clone() });
    assert!(scene.recipients_of("child_protection").is_empty());
    scene.registers.authorities.push(stated);
    assert_eq!(scene.recipients_of("child_protection"), ["probation"]);
}

#[test]
pub(super) fn an_authority_that_is_not_whole_opens_nothing() {
    let changes: [fn(&mut Authority); 8] = [
        |a| a.reference = String::new(),
        |a| a.granted_by = partner("lcc"),
        |a| a.until = date(2008, 11, 16),
        |a| a.from = date(2008, 11, 18),
        |a| a.recipients.clear(),
        |a| a.fields.clear(),
        |a| a.record = RecordId(1),
        |a| a.kind = AuthorityKind::ProviderConsent,
    ];
    for (case, change) in changes.into_iter().enumerate() {
        let mut scene = Scene::full(ADULT);
        let alert = scene.find("disc", "treatment_harm_alert");
        let mut opened = authority(&scene, AuthorityKind::Harm, alert, "wyp", &["risk_to"]);
        change(&mut opened);
        scene.registers.authorities.push(opened);
        assert!(scene.recipients_of("treatment_harm_alert").is_empty(), "case {case}");
    }
}

#[test]
pub(super) fn an_authority_of_another_kind_than_the_grants_opens_nothing() {
    let mut scene = Scene::full(ADULT);
    let medical = scene.find("disc", "treatment_medical");
    for to in ["wyp", "probation"] {
        let consent = authority(&scene, AuthorityKind::SubjectConsent, medical, to, &["diagnosis"]);
        scene.registers.authorities.push(consent);
    }
    assert_eq!(scene.recipients_of("treatment_medical"), ["probation"], "consent opens what its grant says");
}

#[test]
pub(super) fn a_ceiling_that_asked_for_less_would_still_need_what_the_handling_asks_for() {
    // Defence in depth: a table changed behind the checker's back.
    let mut agreement =
        crate::agreement::delivered::build(&crate::agreement::delivered::texts()).expect("holds");
    for ceiling in agreement.table.iter_mut().flatten().filter_map(|g| g.ceiling.as_mut()) {
        ceiling.all = std::vec![AuthorityKind::ProviderConsent];
        ceiling.any.clear();
    }
    let mut scene =
        Scene { agreement: std::boxed::Box::leak(std::boxed::Box::new(agreement)), ..Scene::full(ADULT) };
    for (owner, category) in [
        ("disc", "treatment_medical"),
        ("disc", "treatment_harm_alert"),
        ("wyp", "police_intelligence"),
        ("hmps", "self_harm"),
    ] {
        let record = scene.find(owner, category);
        let fields: Vec<&str> = SCHEMA
            .get(super::category(category))
            .expect("category")
            .fields
            .iter()
            .map(|f| f.name.as_str())
            .collect();
        let opened = authority(&scene, AuthorityKind::ProviderConsent, record, "probation", &fields);
        scene.registers.authorities.push(opened);
    }
    for category in ["treatment_medical", "treatment_harm_alert", "police_intelligence"] {
        assert!(scene.rows_of("probation", category).is_empty(), "{category}");
    }
    assert!(scene.row("probation", "self_harm").fields().contains(&"method"), "health asks for nothing more");
}

#[test]
pub(super) fn an_authority_opens_nothing_above_the_ceiling() {
    let mut scene = Scene::full(ADULT);
    let tenancy = scene.find("lcc", "tenancy");
    for kind in AuthorityKind::ALL {
        let opened = authority(&scene, kind, tenancy, "wyp", &["household", "arrears"]);
        scene.registers.authorities.push(opened);
    }
    assert!(!scene.row("wyp", "tenancy").fields().contains(&"household"));
}

#[test]
pub(super) fn clause_5_1_1_vii_a_changed_original_voids_the_review() {
    let mut scene = Scene::full(ADULT);
    let release = scene.find("hmps", "prison_release");
    let review = authority(&scene, AuthorityKind::TextReview, release, "wyp", &["remarks"]);
    scene.registers.authorities.push(Authority { reviewed: Vec::new(), ..review.clone() });
    assert!(!scene.row("wyp", "prison_release").fields().contains(&"remarks"), "nothing was read");
    scene.registers.authorities.push(review);
    assert_eq!(scene.row("wyp", "prison_release").value("remarks"), Some("prison_release remarks"));
    scene.record(release).head.number = 4;
    scene.set(release, "establishment", None);
    assert!(
        scene.row("wyp", "prison_release").fields().contains(&"remarks"),
        "the text is the one that was read"
    );
    scene.set(release, "remarks", Some("prison_release remarks, and one more"));
    assert!(!scene.row("wyp", "prison_release").fields().contains(&"remarks"), "a changed text is unread");
    scene.set(release, "remarks", Some("prison_release remarks"));
    assert!(scene.row("wyp", "prison_release").fields().contains(&"remarks"), "and so is known again");
    scene.registers.review_key = std::vec![1];
    assert!(!scene.row("wyp", "prison_release").fields().contains(&"remarks"), "a mark under another key");
}

/// A reviewed text, as it goes into the store and comes back.
fn edited(scene: &Scene, record: RecordId, name: &str, text: &str) -> Result<Reviewed, NoReview> {
    let found = scene.person.records.iter().find(|r| r.head.id == record).expect("record");
    let field = SCHEMA.get(found.head.category).and_then(|c| c.field(name)).expect("field");
    let mark = original(&scene.registers.review_key, &SCHEMA, found, field, true)?;
    let key = RestKey::new(&[5; 32]);
    let sealed = Reviewed::to_rest(&key, [1; 12], record, mark, text)?;
    assert!(Reviewed::from_rest(&key, RecordId(1), field, mark, &sealed).is_err(), "of another record");
    Ok(Reviewed::from_rest(&key, record, field, mark, &sealed).expect("opens"))
}

#[test]
pub(super) fn clause_5_1_1_vii_the_reviewed_text_leaves_in_place_of_the_original() {
    let mut scene = Scene::full(ADULT);
    let release = scene.find("hmps", "prison_release");
    let review = authority(&scene, AuthorityKind::TextReview, release, "wyp", &["remarks"]);
    let reviewed = edited(&scene, release, "remarks", " met  at the gate ").expect("a review");
    let review = Authority { reviewed: std::vec![reviewed], ..review };
    scene.registers.authorities.push(review.clone());
    assert_eq!(scene.row("wyp", "prison_release").value("remarks"), Some("met at the gate"));
    assert_eq!(scene.recipients_of_field("prison_release", "remarks"), ["wyp"], "to whom it was released");
    let later = edited(&scene, release, "remarks", "met").expect("a review");
    scene.registers.authorities.push(Authority { reviewed: std::vec![later], ..review });
    assert_eq!(scene.row("wyp", "prison_release").value("remarks"), Some("met"), "the newest");
    scene.set(release, "remarks", Some("another"));
    assert_eq!(scene.row("wyp", "prison_release").value("remarks"), None, "a changed original voids both");
}

#[test]
pub(super) fn only_a_text_that_is_there_can_leave_in_other_words() {
    let mut scene = Scene::full(ADULT);
    let release = scene.find("hmps", "prison_release");
    let fault = |scene: &Scene, field: &str, text: &str| edited(scene, release, field, text).err();
    assert_eq!(fault(&scene, "release_date", "soon"), Some(NoReview::Typed));
    assert_eq!(fault(&scene, "remarks", " \u{202e} "), Some(NoReview::Text));
    scene.set(release, "remarks", None);
    assert_eq!(fault(&scene, "remarks", "x"), Some(NoReview::Empty));
}

#[test]
pub(super) fn clause_7_3_former_nominee_refused() {
    // Registered nominees of one partner: the days; then whether it receives on the 17th, and what changes next.
    let span = |from: i8, until: Option<i8>| Span {
        from: Some(date(2008, 11, from)),
        until: until.map(|day| date(2008, 11, day)),
    };
    for (spans, receives, next) in [
        (std::vec![], true, None),
        (std::vec![span(1, None)], true, None),
        (std::vec![span(1, Some(16))], false, None),
        (std::vec![span(1, Some(17))], true, Some(date(2008, 11, 18))),
        (std::vec![span(18, None)], false, Some(date(2008, 11, 18))),
        (std::vec![span(1, Some(10)), span(11, None)], true, None),
    ] {
        let mut scene = Scene::full(ADULT);
        scene.registers.nominees = spans.iter().map(|s| (partner("lcc"), *s)).collect();
        assert_eq!(!scene.rows("lcc").is_empty(), receives, "{spans:?}");
        assert_eq!(scene.registers.receives(&AGREEMENT, partner("lcc"), TODAY), receives, "{spans:?}");
        assert!(!scene.rows("wyp").is_empty(), "the others receive");
        if let Some(day) = next {
            assert!(scene.gate().next_change(&scene.facts()).is_some_and(|d| d <= day), "{spans:?}");
        }
    }
}

#[test]
pub(super) fn an_authority_opens_whole_what_stands_reduced() {
    let mut scene = Scene::full(ADULT);
    let harm = scene.find("hmps", "self_harm");
    assert_eq!(scene.row("probation", "self_harm").value("incident_date"), Some("2008-11"));
    let opened = authority(&scene, AuthorityKind::Harm, harm, "probation", &["incident_date"]);
    scene.registers.authorities.push(opened);
    assert_eq!(scene.row("probation", "self_harm").value("incident_date"), Some("2008-11-10"));
    assert!(scene.gate().next_change(&scene.facts()).expect("a day") <= date(2008, 12, 1));
}

#[test]
pub(super) fn clause_5_1_1_vii_missing_code_is_denied() {
    // code, to a law enforcement body, to another: without and with the originator's authority.
    for (code, law, law_on, other, other_on) in [
        (Some("1"), true, true, false, false),
        (Some("2"), true, true, false, true),
        (Some("3"), false, false, false, false),
        (Some("4"), false, false, false, false),
        (Some("5"), false, true, false, true),
        (Some("P"), true, true, false, true),
        (Some("C"), false, true, false, true),
        (Some("9"), false, false, false, false),
        (None, false, false, false, false),
    ] {
        for (to, plain, on) in [("probation", law, law_on), ("lcc", other, other_on)] {
            let mut scene = Scene::full(ADULT);
            let report = scene.find("wyp", "police_intelligence");
            scene.set(report, "nim_code", code);
            let review = authority(&scene, AuthorityKind::TextReview, report, to, &["kind", "report"]);
            scene.registers.authorities.push(review);
            assert_eq!(!scene.rows_of(to, "police_intelligence").is_empty(), plain, "{code:?} {to}");
            let mut nim = authority(&scene, AuthorityKind::Nim, report, to, &["kind", "report"]);
            nim.conditions = Some("not to be acted on without a call".into());
            scene.registers.authorities.push(nim);
            assert_eq!(
                !scene.rows_of(to, "police_intelligence").is_empty(),
                on,
                "{code:?} {to} on authority"
            );
        }
    }
}

#[test]
pub(super) fn clause_5_1_1_vii_the_originators_conditions_travel_or_the_row_stays() {
    let mut scene = Scene::full(ADULT);
    let report = scene.find("wyp", "police_intelligence");
    scene.set(report, "nim_code", Some("5"));
    for kind in [AuthorityKind::TextReview, AuthorityKind::Nim] {
        let opened = authority(&scene, kind, report, "probation", &["kind", "report"]);
        scene.registers.authorities.push(opened);
    }
    assert!(scene.rows_of("probation", "police_intelligence").is_empty());
    scene.registers.authorities[1].conditions = Some("ask first".into());
    assert_eq!(scene.row("probation", "police_intelligence").handling, "intel; ask first");
}

/// Intelligence of an owner reaches the police only when its dissemination is authorised and its text reviewed, and
/// then what both name. Nobody else hears of it.
#[track_caller]
fn needs_dissemination_and_review(owner: &str, category: &str) {
    let mut scene = Scene::full(YOUNG);
    let report = scene.find(owner, category);
    let of_owner = |scene: &Scene| {
        let mut rows = scene.rows_of("wyp", category);
        rows.retain(|r| r.originator == owner);
        rows
    };
    let nim = authority(&scene, AuthorityKind::Nim, report, "wyp", &["kind", "report"]);
    scene.registers.authorities.push(nim);
    assert!(of_owner(&scene).is_empty(), "{category}: not without a review");
    let review = authority(&scene, AuthorityKind::TextReview, report, "wyp", &["report"]);
    scene.registers.authorities.push(review);
    assert_eq!(of_owner(&scene).iter().map(Shown::fields).collect::<Vec<_>>(), [["report"]], "{category}");
    assert_eq!(scene.recipients_of(category), ["wyp"], "{category}");
}

#[test]
pub(super) fn clause_5_1_2_iv_review_needed() {
    needs_dissemination_and_review("lcc", "asb_intelligence");
}

#[test]
pub(super) fn clause_5_1_3_viii_review_needed() {
    needs_dissemination_and_review("probation", "probation_intelligence");
}

#[test]
pub(super) fn clause_5_1_4_v_review_needed() {
    needs_dissemination_and_review("yos", "yos_intelligence");
}

#[test]
pub(super) fn clause_5_1_5_v_review_needed() {
    needs_dissemination_and_review("hmps", "prison_intelligence");
}

#[test]
pub(super) fn clause_5_1_6_vi_review_needed() {
    needs_dissemination_and_review("g4s", "tag_intelligence");
}

#[test]
pub(super) fn clause_5_1_7_i_intelligence_needs_review() {
    needs_dissemination_and_review("disc", "treatment_intelligence");
}

#[test]
pub(super) fn clause_5_1_8_i_intelligence_needs_review() {
    needs_dissemination_and_review("cri", "treatment_intelligence");
}

/// Medical details are closed but for an authority, whose kind the grant names.
#[track_caller]
fn medical_is_closed(owner: &str) {
    let mut scene = Scene::full(ADULT);
    assert!(scene.recipients_of("treatment_medical").is_empty());
    let medical = scene.find(owner, "treatment_medical");
    let opened = authority(&scene, AuthorityKind::Harm, medical, "wyp", &["prescription"]);
    scene.registers.authorities.push(opened);
    assert_eq!(scene.row("wyp", "treatment_medical").fields(), ["prescription"]);
    assert_eq!(scene.recipients_of("treatment_medical"), ["wyp"]);
}

#[test]
pub(super) fn clause_5_1_7_i_medical_details_are_closed() {
    medical_is_closed("disc");
}

#[test]
pub(super) fn clause_5_1_8_i_medical_details_are_closed() {
    medical_is_closed("cri");
}

#[test]
pub(super) fn clause_5_1_8_ii_override_opens_only_named_fields() {
    let mut scene = Scene::full(ADULT);
    let alert = scene.find("cri", "treatment_harm_alert");
    let opened = authority(&scene, AuthorityKind::Harm, alert, "lcc", &["risk_to"]);
    scene.registers.authorities.push(opened);
    assert_eq!(scene.row("lcc", "treatment_harm_alert").fields(), ["risk_to"]);
    assert_eq!(scene.recipients_of("treatment_harm_alert"), ["lcc"]);
    assert_eq!(scene.row("lcc", "treatment_harm_alert").clause, "5.1.8.ii");
}

#[test]
pub(super) fn no_authority_passes_a_restriction() {
    let mut scene = Scene::full(ADULT);
    let alert = scene.find("disc", "treatment_harm_alert");
    let opened = authority(&scene, AuthorityKind::Harm, alert, "wyp", &["risk_to"]);
    scene.registers.authorities.push(opened);
    let only = Recipients::Only(std::vec![partner("wyp")]);
    scene.registers.restrictions.push(restriction(Scope::Record(alert), only, Effect::Silent));
    assert!(scene.recipients_of("treatment_harm_alert").is_empty());
    assert_eq!(scene.disclose("wyp").withheld.count(Rule::Restriction), 1);
}

#[test]
pub(super) fn clause_5_1_1_iii_a_registered_restriction_changes_no_byte() {
    for birth in [ADULT, SEVENTEEN] {
        for at in 0..Scene::full(birth).person.records.len() {
            let (mut marked, mut without) = (Scene::full(birth), Scene::full(birth));
            let id = marked.person.records[at].head.id;
            let only = Recipients::Only(["wyp", "lcc", "yos"].map(partner).into());
            marked.registers.restrictions.push(restriction(Scope::Record(id), only, Effect::Silent));
            let whole = without.rows("hmps");
            without.person.records.remove(at);
            for recipient in ["wyp", "lcc", "yos"] {
                assert_eq!(marked.rows(recipient), without.rows(recipient), "{birth} {at} {recipient}");
            }
            assert_eq!(marked.rows("hmps"), whole, "others see what they saw");
        }
    }
}

#[test]
pub(super) fn a_person_can_be_restricted_for_a_time() {
    let mut scene = Scene::full(ADULT);
    let mut silent = restriction(Scope::Person(scene.person.id), Recipients::All, Effect::Silent);
    silent.until = Some(date(2008, 11, 17));
    scene.registers.restrictions.push(silent);
    assert!(scene.rows("wyp").is_empty());
    assert_eq!(scene.gate().next_change(&scene.facts()), Some(date(2008, 11, 18)));
    scene.as_of = date(2008, 11, 18);
    assert!(!scene.rows("wyp").is_empty());
    scene.registers.restrictions[0].until = Some(date(2008, 11, 1));
    assert!(scene.rows("wyp").is_empty(), "an end before the beginning is no end");
}

#[test]
pub(super) fn two_reductions_meet_at_the_coarser() {
    let mut scene = Scene::full(ADULT);
    let id = scene.find("wyp", "arrest");
    let at = field("arrest", "arrested_at");
    let coarse = Effect::Reduce(std::vec![(category("arrest"), at, Reduction::Year)]);
    scene.registers.restrictions.push(restriction(Scope::Record(id), Recipients::All, coarse));
    assert_eq!(scene.row("disc", "arrest").value("arrested_at"), Some("2008"), "month and year");
    assert_eq!(scene.row("probation", "arrest").value("arrested_at"), Some("2008"), "whole and year");
    let fine = Effect::Reduce(std::vec![(category("arrest"), at, Reduction::DateOnly)]);
    scene.registers.restrictions[0].effect = fine;
    assert_eq!(scene.row("disc", "arrest").value("arrested_at"), Some("2008-11"), "month and date");
}

#[test]
pub(super) fn a_restriction_holds_from_those_it_names_and_on_its_days_alone() {
    let mut scene = Scene::full(ADULT);
    let id = scene.find("wyp", "arrest");
    let at = (category("arrest"), field("arrest", "arrested_at"), Reduction::Year);
    for effect in [Effect::Silent, Effect::Reduce(std::vec![at])] {
        let only = Recipients::Only(std::vec![partner("lcc")]);
        scene.registers.restrictions = std::vec![restriction(Scope::Record(id), only, effect.clone())];
        let whole = Scene::full(ADULT).row("probation", "arrest");
        assert_eq!(scene.row("probation", "arrest"), whole, "{effect:?}: not named");
        let held = scene.rows_of("lcc", "arrest");
        assert!(held.iter().all(|r| r.value("arrested_at") == Some("2008")), "{effect:?}: named");
        scene.registers.restrictions[0].from = date(2008, 11, 18);
        let named = Scene::full(ADULT).rows_of("lcc", "arrest");
        assert_eq!(scene.rows_of("lcc", "arrest"), named, "{effect:?}: not begun");
    }
}

#[test]
pub(super) fn a_code_that_releases_on_authority_is_no_authority_itself() {
    let mut scene = Scene::full(ADULT);
    let report = scene.find("wyp", "police_intelligence");
    scene.set(report, "nim_code", Some("2"));
    let review = authority(&scene, AuthorityKind::TextReview, report, "lcc", &["kind", "report"]);
    scene.registers.authorities.push(review);
    let told = |scene: &Scene| {
        let (category, field) = (category("police_intelligence"), field("police_intelligence", "report"));
        scene.gate().explain(&scene.person, partner("lcc"), category, field)[0].decision
    };
    assert_eq!(told(&scene), Decision::Withheld(Rule::Handling));
    let nim = authority(&scene, AuthorityKind::Nim, report, "lcc", &["kind"]);
    scene.registers.authorities.push(nim);
    assert_eq!(scene.row("lcc", "police_intelligence").fields(), ["kind"], "what the authority names");
    assert_eq!(told(&scene), Decision::Withheld(Rule::Authority));
}

#[test]
pub(super) fn a_ceiling_that_states_no_authority_opens_nothing() {
    // Defence in depth: a table changed behind the checker's back.
    let mut agreement =
        crate::agreement::delivered::build(&crate::agreement::delivered::texts()).expect("holds");
    for ceiling in agreement.table.iter_mut().flatten().filter_map(|g| g.ceiling.as_mut()) {
        ceiling.all.clear();
        ceiling.any.clear();
    }
    let scene =
        Scene { agreement: std::boxed::Box::leak(std::boxed::Box::new(agreement)), ..Scene::full(ADULT) };
    for recipient in AGREEMENT.partners().map(|(_, p)| p.key.as_str()) {
        assert_eq!(scene.rows(recipient), Scene::full(ADULT).rows(recipient), "{recipient}");
    }
}
