//! Agreements with one slip each: what is said must name what, where, why and what to do. The slips that stop the start
//! stand in `tests/broken.rs` too; those here read, and would not do what their writer meant, or lack what every grant
//! states.

use super::support::Deployment;
use std::fmt::Write as _;

type Slip = (&'static str, fn(&Deployment));

const G4S: &str = "agreement/entitlements/g4s.toml";
const LCC: &str = "agreement/entitlements/lcc.toml";
const CONDITIONS: &str = "agreement/conditions.toml";

const SLIPS: &[Slip] = &[
    ("grant_without_a_reason", |d| d.edit(G4S, "reason = \"identify at the door\"\n", "")),
    ("grant_without_a_clause", |d| d.edit(G4S, "clause = [\"5.1\"]\n", "")),
    ("purpose_it_was_not_collected_for", |d| {
        d.edit(G4S, "clause = [\"5.1\"]\npurposes = [\"c\"]", "clause = [\"5.1\"]\npurposes = [\"d\"]");
    }),
    ("unknown_condition", |d| {
        d.edit(G4S, "when = [\"tagged\", \"order_in_force\"]", "when = [\"taged\", \"order_in_force\"]");
    }),
    ("text_by_standing_grant", |d| {
        d.edit(LCC, "fields = [\"surname\", \"forenames\",", "fields = [\"surname\", \"photo\",");
    }),
    ("intelligence_by_standing_grant", |d| {
        d.edit(LCC, "[police_intelligence]\n", "[police_intelligence]\nfields = [\"kind\"]\n");
    }),
    ("medical_without_its_authority", |d| {
        d.edit(G4S, "on_authority = { all = [\"harm\"]", "on_authority = { all = [\"text_review\"]");
    }),
    ("field_given_twice", |d| {
        d.edit(
            LCC,
            "fields = [\"offence_group\"]\nreduce = { conviction_date",
            "fields = [\"offence_group\", \"conviction_date\"]\nreduce = { conviction_date",
        );
    }),
    ("clause_without_a_category", |d| {
        d.edit(
            "agreement/categories.toml",
            "clause = { g4s = \"5.1.6.vi\" }",
            "clause = { g4s = \"5.1.6.v\" }",
        );
    }),
    ("broader_than_its_neighbours", |d| {
        d.edit(
            G4S,
            "clause = [\"5.1.2.v\"]\npurposes = [\"c\"]\nwhen = [\"tagged\"]\n",
            "clause = [\"5.1.2.v\"]\npurposes = [\"c\"]\n",
        );
    }),
    ("collected_for_everything", |d| {
        d.edit(
            "agreement/categories.toml",
            "clause = { hmps = \"5.1.5.ii\" }\ncollected_for = [\"c\"]",
            "clause = { hmps = \"5.1.5.ii\" }\ncollected_for = [\"a\", \"b\", \"c\", \"d\", \"e\"]",
        );
    }),
    ("condition_that_never_holds", |d| {
        d.edit(CONDITIONS, "is = { age = { under = 18 } }", "is = { age = { from = 18, under = 18 } }");
    }),
    ("conditions_that_exclude_each_other", |d| {
        d.edit(
            LCC,
            "when = [\"housing_or_asb_case\", \"condition_current\", \"housing_licence_condition\"]",
            "when = [\"treatment_licence_condition\", \"condition_current\", \"housing_licence_condition\"]",
        );
    }),
    ("condition_that_adds_nothing", |d| {
        d.edit(
            LCC,
            "clause = [\"5.1.1.ii\"]\npurposes = [\"c\"]\nwhen = [\"asb_case\"]",
            "clause = [\"5.1.1.ii\"]\npurposes = [\"c\"]\nwhen = [\"asb_case\", \"housing_or_asb_case\"]",
        );
    }),
    ("nominee_whose_days_are_over", |d| {
        d.edit("agreement/nominees.toml", "role = \"Electronic monitoring centre, duty manager\"\nfrom = \"2008-11-01\"", "role = \"Electronic monitoring centre, duty manager\"\nfrom = \"2007-11-01\"\nuntil = \"2008-10-31\"");
    }),
    ("enforced_without_a_test", |d| {
        let path = d.path("agreement/clauses.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replace("\"clause_5_1_6_vi_", "\"clause_5_1_6_v_")).unwrap();
    }),
    ("unknown_state_of_a_clause", |d| {
        d.edit(
            "agreement/clauses.toml",
            "[\"9.1\"]\nasks = \"suggestions for amendments\"\nstate = \"outside\"",
            "[\"9.1\"]\nasks = \"suggestions for amendments\"\nstate = \"outsied\"",
        );
    }),
];

#[test]
fn each_slip_is_said_with_what_where_why_and_what_to_do() {
    let mut all = String::new();
    for (name, spoil) in SLIPS {
        let deployment = Deployment::fresh();
        spoil(&deployment);
        let check = deployment.run(&["check", "--plain", "--as-of", "2008-11-17"]);
        assert_eq!(check.code, Some(3), "{name}: {}{}", check.out, check.err);
        let here = deployment.root().to_str().unwrap();
        writeln!(all, "== {name}\n{}", check.err.replace(here, "[deployment]")).unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("agreement_slips", all));
}
