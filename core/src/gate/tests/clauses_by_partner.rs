//! What each partner shares, paragraph by paragraph of 5.1. One test per paragraph that says more
//! than its line of the matrix.

use super::*;

const INTELLIGENCE: [&str; 7] = [
    "police_intelligence",
    "asb_intelligence",
    "probation_intelligence",
    "yos_intelligence",
    "prison_intelligence",
    "tag_intelligence",
    "treatment_intelligence",
];

#[test]
pub(super) fn clause_5_sensitive_needs_case_decision() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        let scene = Scene::full(birth);
        let sensitive =
            ["tasking", "dv_victim_risk", "child_protection", "treatment_medical", "treatment_harm_alert"];
        for category in INTELLIGENCE.into_iter().chain(sensitive) {
            assert!(scene.recipients_of(category).is_empty(), "{category}");
        }
    }
}

#[test]
pub(super) fn clause_5_1_1_i_g4s_gets_none() {
    for birth in [ADULT, YOUNG] {
        assert!(!Scene::full(birth).recipients_of("conviction_history").contains(&"g4s"));
    }
}

#[test]
pub(super) fn clause_5_1_1_ii_charity_sees_month_only() {
    for charity in ["disc", "cri"] {
        let row = Scene::full(ADULT).row(charity, "arrest");
        assert_eq!(row.fields(), ["arrested_at"]);
        assert_eq!(row.value("arrested_at"), Some("2008-11"));
    }
}

#[test]
pub(super) fn clause_5_1_1_iii_others_see_their_own_action_only() {
    for lead in ["lcc", "hmps", "disc", "cri"] {
        let mut scene = Scene::full(ADULT);
        scene.set_all("action_plan", "lead_agency", Some(lead));
        assert_eq!(scene.recipients_of("action_plan"), {
            let mut expected = std::vec!["lcc", "probation", "hmps", "disc", "cri"];
            expected.retain(|p| *p == "probation" || *p == lead);
            expected
        });
    }
}

#[test]
pub(super) fn clause_5_1_1_iv_no_victim_token_in_any_bundle() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        let scene = Scene::full(birth);
        assert!(scene.recipients_of("dv_victim_risk").is_empty());
        for (_, p) in AGREEMENT.partners() {
            for row in scene.rows(&p.key) {
                let token = |v: &Option<String>| v.as_deref().is_some_and(|v| v.contains("victim_name"));
                assert!(!row.cells.values().any(token));
            }
        }
    }
    let row = Scene::full(ADULT).row("lcc", "dv_history");
    assert_eq!(row.fields(), ["incident_count"]);
}

#[test]
pub(super) fn clause_5_1_1_vi_lcc_hmps_g4s_none() {
    for category in ["custody_drug_test", "bail_drug_restriction", "required_assessment"] {
        let adult = Scene::full(ADULT).recipients_of(category);
        assert_eq!(adult, ["probation", "disc", "cri"], "{category}");
    }
    let young = Scene::full(YOUNG);
    assert!(young.recipients_of("custody_drug_test").contains(&"yos"));
    assert!(young.recipients_of("required_assessment").is_empty(), "required assessments begin at 18");
}

#[test]
pub(super) fn clause_5_1_2_i_complainant_never_leaves() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        assert!(Scene::full(birth).recipients_of_field("asb_complaint", "complainant").is_empty());
    }
}

#[test]
pub(super) fn clause_5_1_2_ii_terms_to_wyp_prob_yos() {
    assert_eq!(Scene::full(ADULT).recipients_of_field("asb_pre_court", "terms"), ["wyp", "probation"]);
    assert_eq!(Scene::full(YOUNG).recipients_of_field("asb_pre_court", "terms"), ["wyp", "probation", "yos"]);
}

#[test]
pub(super) fn clause_5_1_2_iii_proposed_not_to_charity() {
    let mut scene = Scene::full(ADULT);
    assert_eq!(scene.recipients_of("asb_court_action"), ["wyp", "probation", "hmps", "g4s", "disc", "cri"]);
    for stage in ["proposed", "applied", "adjourned", "refused", "withdrawn", "past"] {
        scene.set_all("asb_court_action", "stage", Some(stage));
        assert_eq!(scene.recipients_of("asb_court_action"), ["wyp", "probation"], "{stage}");
    }
}

#[test]
pub(super) fn clause_5_1_2_v_no_household_no_arrears() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        let scene = Scene::full(birth);
        assert!(scene.recipients_of("tenancy").contains(&"wyp"));
        for field in ["household", "arrears"] {
            assert!(scene.recipients_of_field("tenancy", field).is_empty());
        }
    }
}

#[test]
pub(super) fn clause_5_1_3_i_raw_score_not_to_wyp() {
    assert_eq!(Scene::full(ADULT).recipients_of_field("oasys_scores", "ogrs"), ["hmps"]);
    assert_eq!(Scene::full(SEVENTEEN).recipients_of_field("oasys_scores", "ogrs"), ["yos", "hmps"]);
    assert!(Scene::full(ADULT).recipients_of_field("oasys_at_risk", "named_person").is_empty());
}

#[test]
pub(super) fn clause_5_1_3_ii_proposed_condition_withheld() {
    let mut scene = Scene::full(ADULT);
    scene.set_all("licence_conditions", "condition", Some("reside"));
    assert_eq!(scene.recipients_of("licence_conditions"), ["wyp", "lcc", "hmps", "g4s"]);
    scene.set_all("licence_conditions", "status", Some("proposed"));
    assert_eq!(scene.recipients_of("licence_conditions"), ["wyp", "hmps"]);
    scene.set_all("licence_conditions", "status", Some("current"));
    scene.set_all("licence_conditions", "condition", Some("drug_testing"));
    assert_eq!(scene.recipients_of("licence_conditions"), ["wyp", "hmps", "disc", "cri"]);
    scene.set_all("licence_conditions", "end_date", Some("2008-11-16"));
    assert_eq!(scene.recipients_of("licence_conditions"), ["wyp", "hmps"]);
}

#[test]
pub(super) fn clause_5_1_3_iii_lcc_gets_month() {
    let row = Scene::full(ADULT).row("lcc", "sentence_dates");
    assert_eq!(row.cells, BTreeMap::from([("earliest_release".into(), Some("2008-11".into()))]));
}

#[test]
pub(super) fn clause_5_1_3_iv_g4s_curfew_requirement_only() {
    for (requirement, who) in [
        ("curfew", std::vec!["wyp", "g4s"]),
        ("residence", std::vec!["wyp", "lcc"]),
        ("drug_rehabilitation", std::vec!["wyp", "disc", "cri"]),
        ("unpaid_work", std::vec!["wyp"]),
    ] {
        let mut scene = Scene::full(ADULT);
        scene.set_all("community_order", "requirement", Some(requirement));
        assert_eq!(scene.recipients_of("community_order"), who, "{requirement}");
    }
}

#[test]
pub(super) fn clause_5_1_3_v_lcc_hmps_g4s_none() {
    assert_eq!(Scene::full(ADULT).recipients_of("probation_compliance"), ["wyp", "disc", "cri"]);
}

#[test]
pub(super) fn clause_5_1_3_vi_incident_note_needs_review() {
    let scene = Scene::full(ADULT);
    assert!(scene.recipients_of("hostel_residence").contains(&"wyp"));
    assert!(scene.recipients_of_field("hostel_residence", "incident_note").is_empty());
}

#[test]
pub(super) fn clause_5_1_3_vii_charity_sees_status_only() {
    let scene = Scene::full(ADULT);
    assert_eq!(scene.row("disc", "probation_breach").fields(), ["status"]);
    assert_eq!(scene.recipients_of_field("probation_breach", "ground"), ["wyp"]);
}

#[test]
pub(super) fn clause_5_1_4_i_notes_withheld() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        assert!(Scene::full(birth).recipients_of_field("asset_sections", "section_note").is_empty());
    }
}

/// Whether probation gets a category of the youth service at three ages.
fn probation_gets(category: &str) -> [bool; 3] {
    [ADULT, YOUNG, SEVENTEEN].map(|birth| Scene::full(birth).recipients_of(category).contains(&"probation"))
}

#[test]
pub(super) fn clause_5_1_4_ii_adult_service_needs_transition() {
    assert_eq!(probation_gets("yos_plan"), [false, false, true]);
    assert_eq!(Scene::full(YOUNG).row("wyp", "yos_plan").fields(), ["objective", "status"]);
    for birth in [YOUNG, SEVENTEEN] {
        assert!(Scene::full(birth).recipients_of_field("yos_plan", "plan_note").is_empty());
    }
}

#[test]
pub(super) fn clause_5_1_4_iii_adult_service_needs_transition() {
    assert_eq!(probation_gets("yos_compliance"), [false, false, true]);
    assert_eq!(Scene::full(YOUNG).recipients_of("yos_compliance"), ["wyp", "disc", "cri"]);
    assert_eq!(Scene::full(YOUNG).recipients_of_field("yos_compliance", "stage"), ["wyp"]);
}

#[test]
pub(super) fn clause_5_1_4_iv_adult_service_needs_transition() {
    assert_eq!(probation_gets("yos_breach"), [false, false, true]);
    let scene = Scene::full(YOUNG);
    assert_eq!(scene.recipients_of_field("yos_breach", "ground"), ["wyp"]);
    for recipient in ["g4s", "disc", "cri"] {
        assert_eq!(scene.row(recipient, "yos_breach").fields(), ["status"], "{recipient}");
    }
}

#[test]
pub(super) fn clause_5_1_4_i_adult_service_needs_transition() {
    for category in ["asset_scores", "asset_sections"] {
        assert_eq!(probation_gets(category), [false, false, true], "{category}");
    }
}

/// The other way round: what the probation service shares reaches the youth service at the hand-over only.
#[test]
pub(super) fn clause_5_1_3_iii_goes_to_the_youth_service_at_the_hand_over_only() {
    let adult =
        ["licence_conditions", "sentence_plan", "sentence_dates", "probation_compliance", "probation_breach"];
    for (birth, expected) in [(ADULT, false), (YOUNG, false), (SEVENTEEN, true)] {
        let scene = Scene::full(birth);
        for category in adult {
            assert_eq!(scene.recipients_of(category).contains(&"yos"), expected, "{birth} {category}");
        }
    }
}

#[test]
pub(super) fn clause_5_1_5_i_ecl_reaches_wyp_same_night() {
    let mut scene = Scene::full(ADULT);
    scene.set_all("prison_release", "release_type", Some("ecl"));
    let row = scene.row("wyp", "prison_release");
    assert_eq!((row.value("release_type"), row.value("release_date")), (Some("ecl"), Some("2008-11-10")));
}

#[test]
pub(super) fn clause_5_1_5_i_release_address_by_need() {
    let address = |birth| Scene::full(birth).recipients_of_field("prison_release", "release_address");
    assert_eq!(address(ADULT), ["wyp", "probation", "g4s"]);
    assert_eq!(address(YOUNG), ["wyp", "probation", "yos", "g4s"]);
    let row = Scene::full(ADULT).row("lcc", "prison_release");
    assert_eq!(row.value("release_postcode"), Some("LS12"));
}

#[test]
pub(super) fn clause_5_1_5_ii_transfer_not_to_lcc() {
    let who = Scene::full(ADULT).recipients_of("prison_transfer");
    assert_eq!(who, ["wyp", "probation", "disc", "cri"]);
}

#[test]
pub(super) fn clause_5_1_5_iii_projection_never_overwrites_release() {
    let mut scene = Scene::full(ADULT);
    scene.set_all("release_projection", "projected_date", Some("2008-12-24"));
    for recipient in ["wyp", "probation", "disc"] {
        let released = scene.row(recipient, "prison_release");
        assert_eq!(released.value("release_date"), Some("2008-11-10"), "{recipient}");
        assert_eq!(scene.row(recipient, "release_projection").value("projected_date"), Some("2008-12-24"));
    }
    assert_eq!(scene.row("lcc", "release_projection").value("projected_date"), Some("2008-12"));
    assert!(!scene.row("g4s", "release_projection").fields().contains(&"basis"));
}

#[test]
pub(super) fn clause_5_1_5_iv_self_harm_method_never_default() {
    for birth in [ADULT, YOUNG] {
        let scene = Scene::full(birth);
        assert!(scene.recipients_of("self_harm").contains(&"probation"));
        for field in ["method", "narrative"] {
            assert!(scene.recipients_of_field("self_harm", field).is_empty());
        }
    }
    assert_eq!(Scene::full(ADULT).row("probation", "self_harm").value("incident_date"), Some("2008-11"));
}

#[test]
pub(super) fn clause_5_1_6_i_bail_tag_not_to_probation() {
    let mut scene = Scene::designated();
    scene.add("g4s", "tag_order_bail", &[("start_date", "2008-11-10"), ("curfew_hours", "1900-0700")]);
    scene.add("probation", "person", &[("surname", "Invented")]);
    assert!(scene.rows("probation").is_empty(), "an identity row is no work");
    scene.add("probation", "sentence_dates", &[("licence_expiry", "2009-01-01")]);
    let row = scene.row("probation", "tag_order_bail");
    assert_eq!(
        row.fields(),
        ["start_date", "end_date", "curfew_hours"]
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
}

#[test]
pub(super) fn clause_5_1_6_ii_failed_install_to_wyp() {
    let row = Scene::full(ADULT).row("wyp", "tag_not_installed");
    assert_eq!(row.fields(), ["address", "attempts", "reason", "tried_at"]);
}

#[test]
pub(super) fn clause_5_1_6_iii_bail_breach_only_wyp_yos() {
    assert_eq!(Scene::full(ADULT).recipients_of("tag_breach_bail"), ["wyp"]);
    assert_eq!(Scene::full(YOUNG).recipients_of("tag_breach_bail"), ["wyp", "yos"]);
}

#[test]
pub(super) fn clause_5_1_6_iv_outcome_updates_same_record() {
    let mut scene = Scene::full(ADULT);
    let before = scene.row("wyp", "tag_breach_sentence");
    let whole = ["action_taken", "breach_at", "court_date", "kind", "minutes_absent", "outcome"];
    assert_eq!(before.fields(), whole, "breach, action, progress and outcome are one row");
    let breach = scene.find("g4s", "tag_breach_sentence");
    scene.set(breach, "outcome", Some("order_revoked"));
    scene.record(breach).head.number = 4;
    let after = scene.row("wyp", "tag_breach_sentence");
    assert_eq!((after.record_ref.as_str(), after.version), (before.record_ref.as_str(), 4));
    assert_eq!(after.value("outcome"), Some("order_revoked"));
}

#[test]
pub(super) fn clause_5_1_6_v_routes_by_supervisor() {
    let supervisor = |birth| {
        let mut who = Scene::full(birth).recipients_of("tag_breach_supervised");
        who.retain(|p| ["probation", "yos"].contains(p));
        who
    };
    assert_eq!(supervisor(ADULT), ["probation"]);
    assert_eq!(supervisor(YOUNG), ["yos"]);
}

#[test]
pub(super) fn clause_5_1_7_i_attendance_goes_to_wyp_as_a_monthly_count() {
    let mut scene = Scene::designated();
    for (due, attended) in [
        ("2008-10-03T09:00:00Z", "true"),
        ("2008-11-03T09:00:00Z", "true"),
        ("2008-11-10T09:00:00Z", "true"),
        ("2008-11-11T09:00:00Z", "false"),
    ] {
        scene.add("disc", "treatment_engagement", &[("due_at", due), ("attended", attended)]);
    }
    scene.add("cri", "treatment_engagement", &[("due_at", "2008-11-12T09:00:00Z"), ("attended", "false")]);
    let mut rows: Vec<(String, String, String)> = scene
        .rows_of("wyp", "treatment_engagement")
        .iter()
        .map(|r| {
            (
                r.originator.clone(),
                r.value("due_at").expect("month").into(),
                r.value("attended").expect("count").into(),
            )
        })
        .collect();
    rows.sort();
    let expected = [("cri", "2008-11", "0"), ("disc", "2008-10", "1"), ("disc", "2008-11", "2")];
    assert_eq!(rows, expected.map(|(a, b, c)| (a.into(), b.into(), c.into())));
    let before = scene.rows_of("wyp", "treatment_engagement");
    scene.add("disc", "treatment_engagement", &[("due_at", "2008-11-14T09:00:00Z"), ("attended", "true")]);
    let refs = |rows: &[Shown]| rows.iter().map(|r| r.record_ref.clone()).collect::<Vec<_>>();
    assert_eq!(
        refs(&before),
        refs(&scene.rows_of("wyp", "treatment_engagement")),
        "a changed count is the same row"
    );
}
