//! Each rule of precedence, and each part of one, left out or turned round in turn: the tests of the gate, run as they are,
//! must fail. What no test notices is listed by name.

use super::altered::{Point, Way, fail_quietly, with};
use super::*;
use crate::gate::Rule;
use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::LazyLock;

macro_rules! judges {
    ($($file:ident: $($test:ident)*;)*) => {
        /// The tests that judge, quick ones that need nothing but the delivered agreement.
        const JUDGES: &[(&str, fn())] = &[
            $($((concat!(stringify!($file), "::", stringify!($test)), super::$file::$test),)*)*
        ];
    };
}

judges! {
    clauses:
        something_leaves_from_the_full_scene
        clause_1_1_person_outside_cohort_leaves_nothing
        clause_1_1_the_last_day_of_a_designation_counts
        clause_5_1_1_iii_a_covert_row_never_goes_to_anyone
        clause_5_2_1_nobody_gets_its_own_rows
        clause_5_2_2_field_not_listed_absent
        clause_5_2_2_cells_stand_in_schema_order
        clause_5_2_2_a_row_without_any_granted_value_stays
        clause_5_2_2_an_absent_value_stands_empty_beside_the_others
        clause_5_2_2_identity_leaves_only_beside_something
        clause_5_2_2_identity_beside_any_originator_only_where_the_agreement_says_so
        clause_5_2_2_a_value_that_cannot_be_reduced_is_not_given
        clause_5_2_3_every_row_names_its_originator_and_that_originators_clause
        clause_5_2_3_a_row_from_somebody_who_does_not_share_it_stays
        clause_5_2_3_a_clause_that_the_grant_does_not_list_opens_nothing
        clause_5_2_4_every_row_has_its_purposes
        clause_5_5_3_same_record_differs_per_recipient
        clause_5_5_3_without_a_key_nothing_leaves
        clause_6_1_a_cancelled_record_is_not_disclosed
        clause_7_3_without_a_nominee_nothing_is_received
        clause_7_3_a_suspended_partner_receives_nothing
        the_agreement_permits_nothing_before_its_first_day
        facts_of_another_person_open_nothing
        records_are_disclosed_or_withheld_and_counted_once
        an_explanation_names_the_condition_and_no_value;
    registers:
        clause_5_1_7_ii_override_opens_only_named_fields
        clause_5_1_1_iv_a_particular_risk_opens_the_named_fields
        clause_5_1_1_v_needs_relevance_statement
        an_authority_that_is_not_whole_opens_nothing
        an_authority_of_another_kind_than_the_grants_opens_nothing
        a_ceiling_that_asked_for_less_would_still_need_what_the_handling_asks_for
        an_authority_opens_nothing_above_the_ceiling
        clause_5_1_1_vii_a_changed_original_voids_the_review
        clause_5_1_1_vii_the_reviewed_text_leaves_in_place_of_the_original
        only_a_text_that_is_there_can_leave_in_other_words
        clause_7_3_former_nominee_refused
        an_authority_opens_whole_what_stands_reduced
        clause_5_1_1_vii_missing_code_is_denied
        clause_5_1_1_vii_the_originators_conditions_travel_or_the_row_stays
        clause_5_1_2_iv_review_needed
        clause_5_1_3_viii_review_needed
        clause_5_1_4_v_review_needed
        clause_5_1_5_v_review_needed
        clause_5_1_6_vi_review_needed
        clause_5_1_7_i_intelligence_needs_review
        clause_5_1_8_i_intelligence_needs_review
        clause_5_1_7_i_medical_details_are_closed
        clause_5_1_8_i_medical_details_are_closed
        clause_5_1_8_ii_override_opens_only_named_fields
        no_authority_passes_a_restriction
        a_person_can_be_restricted_for_a_time
        two_reductions_meet_at_the_coarser
        a_restriction_holds_from_those_it_names_and_on_its_days_alone
        a_code_that_releases_on_authority_is_no_authority_itself
        a_ceiling_that_states_no_authority_opens_nothing;
    second_reading:
        the_gate_gives_what_a_second_reading_of_the_tables_allows;
    properties:
        without_an_authority_no_text_and_no_other_person_leaves
        a_table_that_gave_text_would_still_give_none;
    clauses_by_partner:
        clause_5_sensitive_needs_case_decision
        clause_5_1_7_i_attendance_goes_to_wyp_as_a_monthly_count;
    conditions:
        a_record_from_somebody_who_does_not_share_it_counts_for_nothing
        a_covert_record_counts_for_its_originator_only;
    precedence:
        the_first_rule_that_withholds_is_the_one_that_is_told;
}

/// Rules that are asked in parts: what opens a field, whether a row holds anything, whether rows are counted. The rule
/// about fields has no question at all: its mutants are altered grants (`exhaustive.rs`).
const IN_PARTS: [Rule; 4] = [Rule::Authority, Rule::Empty, Rule::Folded, Rule::Field];

/// Mutants that no data can tell from the gate, each with why.
const EQUIVALENT: &[(Point, Way, &str)] = &[
    (Point::OfRecord, Way::Yes, "another answer: authorities are found by their record already"),
    (Point::NoCount, Way::No, "another answer: without a counted row folding gives the rows as they are"),
];

fn equivalent(point: Point, way: Way) -> Option<&'static str> {
    EQUIVALENT.iter().find(|(p, w, _)| (*p, *w) == (point, way)).map(|(.., why)| *why)
}

fn points() -> Vec<Point> {
    let rules = Rule::ALL.iter().filter(|r| !IN_PARTS.contains(r));
    rules.map(|r| Point::Rule(*r)).chain(Point::PARTS.iter().copied()).collect()
}

/// A rule is left out, made to withhold always, and turned round; a part of one is left out or made to fail.
fn ways(point: Point) -> &'static [Way] {
    match point {
        Point::Rule(_) => &[Way::Yes, Way::No, Way::Otherwise],
        _ => &[Way::Yes, Way::No],
    }
}

/// The first test that fails while an answer is altered.
fn noticed(point: Point, way: Way) -> Option<&'static str> {
    let fails = |test: fn()| {
        let mut failed = false;
        with(point, way, || failed = catch_unwind(test).is_err());
        failed
    };
    JUDGES.iter().find(|(_, test)| fails(*test)).map(|(name, _)| *name)
}

#[test]
fn every_rule_left_out_or_turned_round_makes_a_test_fail() {
    fail_quietly();
    // A test that fails may not take what all share with it.
    LazyLock::force(&KEYS);
    LazyLock::force(&super::tables::TABLES);
    let (mut killed, mut survivors) = (BTreeSet::new(), Vec::new());
    let mut tried = 0;
    for point in points() {
        for way in ways(point) {
            tried += 1;
            match (noticed(point, *way), equivalent(point, *way)) {
                (Some(by), None) => {
                    killed.insert(by);
                }
                (None, Some(_)) => {}
                (None, None) => survivors.push(std::format!("{point:?} {way:?}")),
                (Some(by), Some(why)) => {
                    survivors.push(std::format!("{point:?} {way:?}: {by} tells it, so it is not {why}"));
                }
            }
        }
    }
    assert!(tried > 110, "{tried} mutants");
    assert!(killed.len() > 10, "few tests judge: {killed:?}");
    assert!(survivors.is_empty(), "{} of {tried} mutants live: {survivors:#?}", survivors.len());
}
