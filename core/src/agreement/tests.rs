//! The delivered files hold; a fault in any of them is found, with its place and the nearest word.

use super::delivered::{AGREEMENT, SCHEMA, Texts, build, root, texts};
use crate::problem::{Location, Problem};
use jiff::civil::date;
use std::prelude::v1::*;
use std::{format, fs, panic};

/// The faults after changing one text.
fn faults(file: &str, from: &str, to: &str) -> Vec<Problem> {
    let mut texts = texts();
    let text = texts.get_mut(file).expect("file");
    assert!(text.contains(from), "`{from}` is not in {file}");
    *text = text.replacen(from, to, 1);
    build(&texts).expect_err("refused")
}

/// A fault of that code, whose text or help holds the words.
#[track_caller]
fn finds(file: &str, from: &str, to: &str, code: &str, words: &str) {
    let found = faults(file, from, to);
    let text = |p: &Problem| format!("{} {}", p.what, p.help.clone().unwrap_or_default());
    assert!(found.iter().any(|p| p.code == code && text(p).contains(words)), "{found:?}");
}

#[test]
fn the_delivered_agreement_holds() {
    assert_eq!(AGREEMENT.reference(), "001/Leeds IOM");
    let keys: Vec<&str> = AGREEMENT.partners().map(|(_, p)| p.key.as_str()).collect();
    assert_eq!(keys, ["wyp", "lcc", "probation", "yos", "hmps", "g4s", "disc", "cri"]);
    assert_eq!(AGREEMENT.partners().map(|(_, p)| p.shares.len()).sum::<usize>(), 40, "paragraphs of 5.1");
}

#[test]
fn the_matrix_is_the_reviewed_file() {
    let (path, matrix) = (root().join("agreement/matrix.txt"), AGREEMENT.matrix(&SCHEMA));
    if std::env::var_os("LOCKGATE_UPDATE").is_some() {
        fs::write(&path, &matrix).expect("written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == matrix,
        "agreement/matrix.txt is stale: run the tests with LOCKGATE_UPDATE=1 and review the diff"
    );
}

#[test]
fn who_sees_a_release_address() {
    let category = SCHEMA.category("prison_release").expect("category");
    let field = SCHEMA.get(category).and_then(|c| c.field("release_address")).expect("field");
    let answer: Vec<String> = AGREEMENT
        .who_sees(category, field)
        .iter()
        .map(|s| {
            let who = &AGREEMENT.get(s.recipient).expect("partner").key;
            format!("{who} {} {}", s.standing.unwrap_or("-"), s.conditions.join(" and "))
        })
        .collect();
    assert_eq!(answer, ["wyp whole ", "probation whole ", "yos whole young_person", "g4s whole tagged"]);
}

#[test]
fn what_a_recipient_sees_is_who_sees_it() {
    for (recipient, _) in AGREEMENT.partners() {
        for sees in AGREEMENT.what_sees(&SCHEMA, recipient) {
            assert!(AGREEMENT.who_sees(sees.category, sees.field).contains(&sees));
        }
    }
}

#[test]
fn every_condition_is_explained_in_the_documentation_and_used() {
    let page = fs::read_to_string(root().join("docs/conditions.md")).expect("page");
    for (at, condition) in AGREEMENT.conditions().iter().enumerate() {
        assert!(
            page.contains(&format!("| `{}` |", condition.name)),
            "docs/conditions.md lacks `{}`",
            condition.name
        );
        let used = AGREEMENT.table.iter().flatten().any(|g| g.conditions().contains(&at));
        let named = texts()["conditions.toml"].contains(&format!("condition = \"{}\"", condition.name));
        assert!(used || named, "no grant asks for `{}`", condition.name);
    }
}

#[test]
fn clause_3_1_ninth_partner_refused() {
    finds(
        "entitlements/cri.toml",
        "recipient = \"cri\"",
        "recipient = \"cry\"",
        "LG0301",
        "did you mean `cri`?",
    );
}

#[test]
fn a_missing_entitlement_file_is_found() {
    let mut texts: Texts = texts();
    texts.remove("entitlements/cri.toml");
    let found = build(&texts).expect_err("refused");
    assert!(found.iter().any(|p| p.code == "LG0304" && p.what.contains("`cri`")), "{found:?}");
}

#[test]
fn clause_4_grant_without_basis_refused() {
    let file = "entitlements/g4s.toml";
    finds(file, "reason = \"identify at the door\"\n", "", "LG0302", "reason");
    finds(file, "reason = \"identify at the door\"\n", "reason = \" \"\n", "LG0302", "reason");
    finds(file, "clause = [\"5.1\"]\n", "", "LG0302", "clause");
}

#[test]
fn clause_5_2_4_grant_without_purpose_refused() {
    finds("entitlements/g4s.toml", "purposes = [\"c\"]\n", "", "LG0302", "purposes");
    finds(
        "entitlements/g4s.toml",
        "purposes = [\"c\"]",
        "purposes = [\"z\"]",
        "LG0301",
        "unknown purpose `z`",
    );
}

#[test]
fn clause_5_2_5_incompatible_purpose_refused() {
    finds(
        "entitlements/g4s.toml",
        "purposes = [\"c\"]",
        "purposes = [\"d\"]",
        "LG0303",
        "not collected for purpose `d`",
    );
}

#[test]
fn every_unknown_word_is_found_with_the_nearest() {
    let g4s = "entitlements/g4s.toml";
    finds(g4s, "[person]", "[persn]", "LG0301", "did you mean `person`?");
    finds(g4s, "\"forenames\"", "\"forename\"", "LG0301", "did you mean `forenames`?");
    finds(g4s, "when = [\"tagged\"]", "when = [\"taged\"]", "LG0301", "did you mean `tagged`?");
    finds(g4s, "all = [\"harm\"]", "all = [\"harms\"]", "LG0301", "did you mean `harm`?");
    finds(g4s, "clause = [\"5.1.2.iii\"]", "clause = [\"5.1.2.ii\"]", "LG0301", "unknown clause");
    finds(
        "entitlements/disc.toml",
        "birth_date = \"year\"",
        "birth_date = \"yaer\"",
        "LG0301",
        "reduction of a dob",
    );
    finds(
        "categories.toml",
        "handling = \"covert\"",
        "handling = \"covrt\"",
        "LG0301",
        "did you mean `covert`?",
    );
    finds(
        "categories.toml",
        "flags = [\"unproven\"]",
        "flags = [\"unprovn\"]",
        "LG0301",
        "did you mean `unproven`?",
    );
    finds(
        "conditions.toml",
        "status\", in = [\"current\"]",
        "status\", in = [\"curent\"]",
        "LG0306",
        "condition_current",
    );
    finds(
        "conditions.toml",
        "\"hdc_rerelease\"",
        "\"hdc_reelease\"",
        "LG0301",
        "did you mean `hdc_rerelease`?",
    );
    finds("nominees.toml", "partner = \"g4s\"", "partner = \"g5s\"", "LG0301", "unknown partner `g5s`");
    finds(
        "handling.toml",
        "classes = [\"law\"] }",
        "classes = [\"lawe\"] }",
        "LG0301",
        "did you mean `law`?",
    );
}

#[test]
fn all_faults_are_reported_at_once_with_their_places() {
    let mut texts = texts();
    for (file, from, to) in [
        ("entitlements/g4s.toml", "\"forenames\"", "\"forename\""),
        ("entitlements/disc.toml", "when = [\"on_caseload\"]", "when = [\"caseload\"]"),
        ("agreement.toml", "in_force = \"2008-11-01\"", "in_force = \"1.11.08\""),
    ] {
        let text = texts.get_mut(file).expect("file");
        *text = text.replacen(from, to, 1);
    }
    let found = build(&texts).expect_err("refused");
    let places: Vec<&str> = found
        .iter()
        .map(|p| match &p.at {
            Some(Location::Config { file, span }) => {
                assert!(!span.is_empty());
                &texts[file.as_str()][span.clone()]
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(places, ["\"caseload\"", "\"forename\"", "\"1.11.08\""]);
}

#[test]
fn text_and_other_persons_never_by_standing_grant() {
    let wyp = "entitlements/wyp.toml";
    for field in ["complainant", "detail"] {
        let to = format!("\"ward\", \"{field}\"]\n");
        finds(wyp, "\"ward\", \"status\"]\n", &to, "LG0303", "only an authority opens it");
    }
    finds(wyp, "\"prison_number\"]", "\"photo\"]", "LG0303", "only an authority opens it");
}

#[test]
fn medical_and_intelligence_never_by_standing_grant() {
    let lcc = "entitlements/lcc.toml";
    for (category, field, handling) in
        [("treatment_harm_alert", "immediacy", "medical"), ("police_intelligence", "kind", "intel")]
    {
        let (from, words) = (format!("[{category}]\n"), format!("handling `{handling}` gives nothing"));
        finds(lcc, &from, &format!("{from}fields = [\"{field}\"]\n"), "LG0303", &words);
    }
}

#[test]
fn a_ceiling_asks_for_what_the_handling_asks_for() {
    finds(
        "entitlements/g4s.toml",
        "all = [\"harm\"]",
        "all = [\"text_review\"]",
        "LG0303",
        "harm or subject_consent",
    );
    finds(
        "entitlements/wyp.toml",
        "all = [\"nim\", \"text_review\"]",
        "all = [\"nim\"]",
        "LG0303",
        "`text_review`",
    );
    finds(
        "entitlements/wyp.toml",
        "all = [\"nim\", \"text_review\"], ",
        "",
        "LG0302",
        "either `all` or `any`",
    );
}

#[test]
fn nobody_is_granted_its_own_or_what_the_gateway_keeps() {
    let grant = "clause = [\"5.1.6.i\"]\npurposes = [\"b\"]\nfields = [\"court\"]\nreason = \"x\"\n";
    let own = format!("[tag_order_bail]\n{grant}\n[person]");
    let found = faults("entitlements/g4s.toml", "[person]", &own);
    assert!(found.iter().any(|p| p.code == "LG0303" && p.what.contains("itself the owner")), "{found:?}");
    finds(
        "entitlements/g4s.toml",
        "[person]",
        &format!("[caseload]\n{grant}\n[person]"),
        "LG0303",
        "own decisions",
    );
}

#[test]
fn a_provider_does_not_list_its_own_clause() {
    finds(
        "entitlements/disc.toml",
        "clause = [\"5.1.8.i\"]",
        "clause = [\"5.1.7.i\"]",
        "LG0301",
        "of another owner",
    );
}

#[test]
fn every_paragraph_and_every_category_is_decided_about() {
    let found = faults("categories.toml", "[tag_intelligence]", "[tag_inteligence]");
    let all: String = found.iter().map(|p| p.what.clone() + "\n").collect();
    assert!(all.contains("category `tag_intelligence` of the schema has no rule"), "{all}");
    assert!(found.iter().any(|p| p.help.as_deref() == Some("did you mean `tag_intelligence`?")), "{found:?}");
    let found = faults("categories.toml", "g4s = \"5.1.6.vi\"", "g4s = \"5.1.6.v\"");
    assert!(found.iter().any(|p| p.code == "LG0304" && p.what.contains("`5.1.6.vi`")), "{found:?}");
}

#[test]
fn nothing_goes_whole_to_everyone() {
    let mut texts = texts();
    let grant = "\n[self_harm]\nclause = [\"5.1.5.iv\"]\npurposes = [\"a\"]\n\
                 fields = [\"incident_date\", \"watch_open\", \"method\"]\nreason = \"x\"\n";
    for (name, text) in &mut texts {
        if name.starts_with("entitlements/") && !name.contains("hmps") {
            if let Some(at) = text.find("[self_harm]") {
                let end = text[at + 1..].find("\n[").map_or(text.len(), |e| at + 1 + e + 1);
                text.replace_range(at..end, "");
            }
            text.push_str(grant);
        }
    }
    let found = build(&texts).expect_err("refused");
    assert_eq!(found.iter().map(|p| p.code).collect::<Vec<_>>(), ["LG0307"], "{found:?}");
}

#[test]
fn a_condition_asks_what_its_field_can_answer() {
    let file = "conditions.toml";
    finds(
        file,
        "{ field = \"release_date\", days",
        "{ field = \"release_type\", days",
        "LG0306",
        "not a date",
    );
    finds(
        file,
        "{ field = \"expires_on\", present = true }",
        "{ field = \"expires_on\" }",
        "LG0306",
        "one question",
    );
    finds(file, "{ under = 18 }", "{}", "LG0306", "`age` needs");
    finds(file, "condition = \"asb_case\"", "condition = \"transfer_of_care\"", "LG0301", "above this one");
    finds(file, "works_with = \"recipient\"", "any = []", "LG0306", "at least one question");
}

#[test]
fn a_condition_is_used_only_where_its_fields_are() {
    let found = faults("entitlements/g4s.toml", "when = [\"tagged\"]", "when = [\"own_action\"]");
    assert!(found.iter().any(|p| p.code == "LG0306" && p.what.contains("`person` has not")), "{found:?}");
}

#[test]
fn unknown_keys_are_refused_while_reading() {
    let text = texts()["entitlements/g4s.toml"].replacen("fields =", "onlyfields =", 1);
    let fault = toml::from_str::<super::EntitlementDraft>(&text).expect_err("refused").to_string();
    assert!(fault.contains("onlyfields"), "{fault}");
}

#[test]
fn clause_5_5_2_due_after_six_months() {
    assert_eq!(AGREEMENT.review_by(date(2008, 11, 17)), date(2009, 5, 17));
    assert_eq!(AGREEMENT.review_by(date(2008, 8, 31)), date(2009, 2, 28));
}

#[test]
fn the_digest_changes_with_any_text_and_not_with_the_order() {
    let mut texts = texts();
    let before = *AGREEMENT.digest();
    assert_eq!(super::digest_of(texts.iter().rev().map(|(n, t)| (n.as_str(), t.as_str()))), before);
    texts.get_mut("entitlements/g4s.toml").expect("file").push('\n');
    assert_ne!(*build(&texts).expect("holds").digest(), before);
}

#[test]
fn in_force_from_its_first_day() {
    assert!(!AGREEMENT.in_force(date(2008, 10, 31)));
    assert!(AGREEMENT.in_force(date(2008, 11, 1)));
    let supposed = AGREEMENT.supposed_in_force();
    assert!(supposed.in_force(date(2008, 10, 31)) && supposed.in_force(jiff::civil::Date::MIN));
    assert_eq!(supposed.digest(), AGREEMENT.digest());
}

/// The findings after changing one text; the agreement still reads.
#[track_caller]
fn lints(file: &str, from: &str, to: &str, code: &str, words: &str) {
    let mut texts = texts();
    let text = texts.get_mut(file).expect("file");
    assert!(text.contains(from), "`{from}` is not in {file}");
    *text = text.replacen(from, to, 1);
    let built = build(&texts).unwrap_or_else(|faults| panic!("{faults:?}"));
    let found = built.findings();
    assert!(found.iter().any(|p| p.code == code && p.what.contains(words)), "{found:?}");
    assert_eq!(found.len(), 1, "one slip, one finding: {found:?}");
}

#[test]
fn the_delivered_agreement_has_no_findings() {
    assert_eq!(AGREEMENT.findings(), []);
}

#[test]
fn a_grant_without_its_neighbours_condition_is_found() {
    let wanted = "clause = [\"5.1\"]\npurposes = [\"c\"]\nwhen = [\"tagged\"]\n";
    lints(
        "entitlements/g4s.toml",
        wanted,
        &wanted.replace("when = [\"tagged\"]\n", ""),
        "LG0310",
        "12 other",
    );
    let all = "collected_for = [\"a\", \"b\", \"c\", \"d\", \"e\"]";
    lints("categories.toml", "collected_for = [\"b\", \"c\", \"e\"]", all, "LG0310", "every purpose");
}

#[test]
fn questions_that_exclude_each_other_are_found() {
    let file = "conditions.toml";
    lints(
        file,
        "{ age = { under = 18 } }",
        "{ age = { from = 18, under = 18 } }",
        "LG0311",
        "`young_person`",
    );
    let both = "[{ field = \"status\", in = [\"current\"] }, { field = \"status\", not_in = [\"current\"] }";
    lints(file, "[{ field = \"status\", in = [\"current\"] }", both, "LG0311", "`condition_current`");
    lints(
        file,
        "category = \"caseload\", by = [\"recipient\"]",
        "category = \"caseload\", by = [\"recipient\", \"other\"]",
        "LG0311",
        "`on_caseload`",
    );
    let nobody = "{ category = \"prison_release\", by = [\"lcc\"], where = [\n    { field = \"release_type\"";
    lints(
        file,
        "{ category = \"prison_release\", where = [\n    { field = \"release_type\"",
        nobody,
        "LG0311",
        "`hdc`",
    );
}

#[test]
fn conditions_of_a_grant_that_exclude_each_other_are_found() {
    let when = "when = [\"housing_or_asb_case\", \"condition_current\", \"housing_licence_condition\"]";
    let to = when.replace("\"condition_current\"", "\"treatment_licence_condition\"");
    lints("entitlements/lcc.toml", when, &to, "LG0311", "`licence_conditions` exclude each other");
    let to = "when = [\"young_person\", \"adult\"]";
    lints("entitlements/probation.toml", "when = [\"adult\"]", to, "LG0311", "`young_person`, `adult`");
}

#[test]
fn what_has_no_effect_is_found() {
    let lcc = "entitlements/lcc.toml";
    let both = "when = [\"housing_or_asb_case\", \"asb_case\"]";
    lints(
        lcc,
        "when = [\"asb_case\"]",
        both,
        "LG0312",
        "`housing_or_asb_case` adds nothing beside `asb_case`",
    );
    let nominee = "partner = \"cri\"\nrole = \"Service manager\"\nfrom = \"2008-11-01\"";
    let ended = nominee.replace("2008-11-01", "2007-01-01") + "\nuntil = \"2008-10-31\"";
    lints("nominees.toml", nominee, &ended, "LG0312", "`cri` has no nominee");
}

#[test]
fn clause_5_6_1_reminder_dates() {
    let next = |y, m, d| AGREEMENT.next_review(date(y, m, d));
    assert_eq!(next(2008, 11, 1), Some(date(2009, 4, 1)), "the sheet's date is earlier than six months");
    assert_eq!(next(2009, 4, 1), Some(date(2009, 4, 1)), "the day itself");
    assert_eq!(next(2009, 4, 2), Some(date(2010, 4, 1)), "then every year");
    assert_eq!(next(2016, 12, 31), Some(date(2017, 4, 1)));
}

#[test]
fn clause_5_5_2_holdings_come_due_every_six_months() {
    let next = |day| AGREEMENT.next_data_review(date(2008, 11, 17), day);
    assert_eq!(next(date(2008, 11, 18)), Some(date(2009, 5, 17)));
    assert_eq!(next(date(2009, 5, 18)), Some(date(2009, 11, 17)));
}
