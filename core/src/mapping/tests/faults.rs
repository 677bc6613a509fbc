//! Diagnostics of mapping files: every fault at once, each with its place and the nearest word.

use super::*;

fn faults(changes: &[(&str, &str)]) -> String {
    let mut text = String::from(RELEASES);
    for (from, to) in changes {
        let next = text.replace(from, to);
        assert_ne!(next, text, "nothing to change: {from}");
        text = next;
    }
    match compile(&text) {
        Ok(_) => "compiles".into(),
        Err(problems) => render(&text, &problems),
    }
}

#[test]
fn all_faults_of_a_file_come_at_once_in_order() {
    let found = faults(&[
        ("partner = \"hmps\"", "partner = \"hmsp\""),
        ("retention = \"6 months\"", "retention = \"6 moons\""),
        ("error_budget = \"5%\"", "error_budget = \"5 %%\""),
        ("surname = \"surname\"", "surnme = \"surname\""),
        ("codes = \"hmps/sex\"", "codes = \"hmps/sexes\""),
        ("category = \"prison_release\"\nkey", "category = \"prison_relase\"\nkey"),
        ("column = \"covert\"", "column = \"cover\""),
        ("[[example]]\ntitle = \"a draft", "[[example]]\nrow = { stats = \"D\" }\ntitle = \"a draft"),
        ("row = { status = \"D\" }\n", ""),
        ("reason = \"test_row\"", "reason = \"test_rows\""),
    ]);
    insta::assert_snapshot!(found, @r#"
    LG0207 4 ["hmsp"] unknown partner `hmsp` (did you mean `hmps`?)
    LG0207 7 ["6 moons"] `retention` does not read (write it as `90 days`, `8 weeks`, `6 months` or `1 year`)
    LG0209 21 ["5 %%"] `error_budget` does not read (write a share such as "5%" or a number of rows)
    LG0203 51 [surnme] unknown field of `person` `surnme` (did you mean `surname`?)
    LG0206 55 ["hmps/sexes"] unknown code map `hmps/sexes` (did you mean `hmps/sex`?)
    LG0203 64 ["prison_relase"] unknown category `prison_relase` (did you mean `prison_release`?)
    LG0204 68 ["cover"] unknown column `cover` (did you mean `covert`?)
    LG0208 84 ["test_rows"] unknown reason `test_rows` (did you mean `test_row`?)
    LG0211 101 [stats] unknown column `stats` (did you mean `status`?)
    "#);
}

#[test]
fn each_fault_is_found() {
    let mut out = String::new();
    for (from, to) in [
        ("place = \"hmps\"\n", ""),
        ("format = \"csv\"\n", "format = \"xlsx\"\n"),
        ("format = \"csv\"\n", "format = \"csv\"\ndate = \"yyyyddmm\"\n"),
        ("empty = \"accepted\"", "empty = \"acepted\""),
        ("error_budget = \"5%\"", "shrink = true"),
        ("cro = \"CRO\"", "cro = \"Pnc\""),
        ("ignore = [\"Ethnicity\"", "ignore = [\"Sex\""),
        ("ignore =", "spare = \"Spare\"\nignore ="),
        ("key_kind = \"prison_number\"", "key_kind = \"prison_numbr\""),
        ("key = \"prison_number\"\n", "key = [\"prison_number\", \"booking\"]\n"),
        ("[identity.evidence]\ncro", "[identity.evidence]\nlocal"),
        ("date = \"dd/mm/yyyy\" }\nrelease_type", "date = \"dd/mm/yyy\" }\nrelease_type"),
        (
            "release_postcode = \"postcode\"",
            "release_postcode = { column = \"postcode\", date = \"dd/mm/yyyy\", pad = 3 }",
        ),
        ("columns = [\"alias\"], join", "column = \"alias\", join"),
        ("columns = [\"addr1\", \"addr2\"], join = \", \"", "columns = [\"addr1\", \"addr2\"]"),
        ("establishment = { constant = \"LEI\" }", "establishment = { constant = \"LEJ\" }"),
        (
            "establishment = { constant = \"LEI\" }",
            "establishment = { constant = \"LEI\", on_fault = \"drop\", pad = 2 }",
        ),
        (
            "sex = { column = \"sex\", codes = \"hmps/sex\" }",
            "sex = { column = \"sex\", map = { 1 = \"M\", 2 = \"W\" } }",
        ),
        ("codes = \"hmps/sex\"", "codes = \"hmps/stale\""),
        ("on_fault = \"drop\"", "on_fault = \"dorp\""),
        ("category = \"prison_release\"\nkey", "category = \"person\"\nkey"),
        (
            "cancelled = { column = \"status\", in = [\"X\"] }",
            "cancelled = { column = \"status\", in = [\"X\"], present = true }",
        ),
        ("restricted = { column = \"covert\"", "restricted = { column = \"remarks\""),
        ("when = [ { column = \"lao\", in = [\"true\"] } ]", "when = []"),
        ("release_type = \"ecl\"", "release_typ = \"ecl\""),
        ("expect = \"skipped\"", "expect = \"skiped\""),
        ("retention = \"6 months\"", "retention = \"0 days\""),
        ("name = \"hmps-releases\"", "name = \"HMPS releases\""),
    ] {
        out.push_str(&faults(&[(from, to)]));
    }
    insta::assert_snapshot!(out, @r#"
    LG0210 10 [[source]] `[source]` has no `place`
    LG0210 15 [csv] `format` is `xlsx`, and the options stand under `[source.csv]` (one of the two words is a slip: the table is named as the format)
    LG0210 14 ["yyyyddmm"] unknown file date `yyyyddmm` (known here: yyyymmdd, yyyy-mm-dd, yyyy_mm_dd, ddmmyyyy, dd-mm-yyyy, dd_mm_yyyy, ddmmyy, yymmdd)
    LG0209 22 ["acepted"] unknown word for `empty` `acepted` (did you mean `accepted`?)
    LG0209 21 [true] `shrink` does not read (write a share such as "5%" or a number of rows)
    LG0204 28 [cro] header `Pnc` stands under `pnc` and `cro`
    LG0204 44 [ignore] header `sex` stands under `sex` and under `ignore`
    LG0204 44 [spare] column `spare` is declared and used nowhere (put its header under `ignore`, or use it)
    LG0213 48 ["prison_numbr"] unknown kind of identifier `prison_numbr` (did you mean `prison_number`?)
    LG0213 48 ["prison_number"] `key_kind` needs a key of one column
    LG0213 60 [local] unknown link evidence `local` (known here: pnc, cro, prison_number, crn, nino, postcode)
    LG0205 71 ["dd/mm/yyy"] unknown date pattern `dd/mm/yyy` (did you mean `dd/mm/yy`?)
    LG0205 75 ["dd/mm/yyyy"] `date` does not fit `release_postcode`, a field of type `postcode`
    LG0205 75 [3] `pad` does not fit `release_postcode`, a field of type `postcode`
    LG0205 53 [{ column = "alias", join = "; " }] `join` needs `columns`
    LG0205 74 [{ columns = ["addr1", "addr2"] }] several columns need `join`, the text between them
    LG0212 73 [{ constant = "LEJ" }] `LEJ` is not a value of `establishment`, a field of type `code` (did you mean `LEI`?)
    LG0205 73 [{ constant = "LEI", on_fault = "drop", pad = 2 }] a constant takes no other option
    LG0212 55 ["W"] `W` is not a value of `sex`, a field of type `code` (known here: F, M)
    LG0206 55 ["hmps/stale"] code map `hmps/stale` gives `gone`, which is not in the list `sex` (known here: F, M)
    LG0205 56 ["dorp"] unknown word for `on_fault` `dorp` (did you mean `drop`?)
    LG0203 64 ["person"] the person is given under `[identity.person]`
    LG0208 67 [{ column = "status", in = ["X"], present = true }] a condition has one of `in`, `not_in`, `present = true` and `absent = true`
    LG0208 68 ["remarks"] column `remarks` is optional, but the mark `restricted` depends on it
    LG0208 80 ["limited_access"] a rule without a condition would take every row
    LG0211 93 [release_typ] unknown field of `prison_release` `release_typ` (did you mean `release_type`?)
    LG0211 104 ["skiped"] unknown expectation `skiped` (did you mean `skipped`?)
    LG0207 7 ["0 days"] `retention` does not read (write it as `90 days`, `8 weeks`, `6 months` or `1 year`)
    LG0207 3 ["HMPS releases"] a feed's name is small letters, digits and hyphens
    "#);
}

#[test]
fn two_feeds_that_give_one_person_are_told() {
    let other = RELEASES.replace("name = \"hmps-releases\"", "name = \"hmps-alerts\"");
    let what = |a: &str, b: &str| {
        let all = [compile(a).unwrap(), compile(b).unwrap()];
        super::super::together(&all).into_iter().map(|p| p.what).collect::<Vec<_>>()
    };
    assert_eq!(
        what(RELEASES, &other),
        ["feeds `hmps-releases` and `hmps-alerts` both give the person of key space `prison_number`"]
    );
    let apart = other.replace("key_space = \"prison_number\"\n", "");
    assert!(what(RELEASES, &apart).is_empty());
    assert_eq!(what(&apart, &apart).len(), 2);
}

#[test]
fn unknown_keys_are_refused_where_they_stand() {
    for (from, to) in [
        ("[check]\n", "[check]\nerror_buget = \"5%\"\n"),
        ("key_kind =", "key_knd ="),
        ("reason = \"test_row\"", "reason = \"test_row\"\nwhy = \"x\""),
        ("on_fault = \"drop\"", "on_fualt = \"drop\""),
    ] {
        let text = RELEASES.replace(from, to);
        assert!(toml::from_str::<Draft>(&text).is_err_and(|e| e.span().is_some()), "{to}");
    }
}
