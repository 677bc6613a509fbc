//! The words of the mapping language that the other files of this folder do not name: one test each.

use super::*;

/// The releases feed with one text replaced, and without its examples, on a row with some cells changed.
fn with(from: &str, to: &str, cells: &[(&str, &str)], day: Date) -> String {
    let text = RELEASES.split("[[example]]").next().unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from}");
    let text = text.replace(from, to);
    let m = compile(&text).unwrap_or_else(|p| panic!("{}", render(&text, &p)));
    let cells: Vec<_> = cells.iter().map(|(word, text)| (*word, *text, CellKind::Text)).collect();
    let row = good_but(&m, &cells);
    show(&m, &super::super::Bound::direct(&m).map(&row, &keys(), day, &mut Scratch::new()))
}

/// The field of a release that a row gives; empty when there is none.
fn field(name: &str, shown: &str) -> String {
    let line = shown.lines().find(|l| l.starts_with("prison_release")).unwrap_or(shown);
    let Some((_, rest)) = line.split_once(&format!(" {name}=")) else { return String::new() };
    let next = [" release_", " establishment=", " remarks="].map(|next| rest.find(next));
    let end = next.into_iter().flatten().min().unwrap_or(rest.len());
    rest[..end].into()
}

#[test]
fn several_columns_are_joined_and_a_blank_one_leaves_no_gap() {
    let join = "columns = [\"addr1\", \"addr2\"], join = \", \"";
    for (first, second, expected) in [
        ("14 Copse Row", "Harehills", "14 Copse Row, Harehills"),
        ("14 Copse Row", " ", "14 Copse Row"),
        ("", "Harehills", "Harehills"),
        ("", "", ""),
    ] {
        let shown = with(join, join, &[("addr1", first), ("addr2", second)], DAY);
        assert_eq!(field("release_address", &shown), expected, "{first:?} {second:?}");
    }
    let turned = "columns = [\"addr2\", \"addr1\"], join = \" / \"";
    assert_eq!(field("release_address", &with(join, turned, &[], DAY)), "Harehills / 14 Copse Row");
}

#[test]
fn a_constant_stands_whatever_the_row_says() {
    let constant = "establishment = { constant = \"LEI\" }";
    for cells in [&[][..], &[("addr1", ""), ("postcode", ""), ("remarks", "NHI")]] {
        assert_eq!(field("establishment", &with(constant, constant, cells, DAY)), "LEI");
    }
    let other = "establishment = { constant = \"NHI\" }";
    assert_eq!(field("establishment", &with(constant, other, &[], DAY)), "NHI");
}

#[test]
fn null_words_of_a_field_are_of_that_field_alone() {
    // The same column is evidence beside: there the word is a value, and no postcode.
    let field_of = "release_postcode = \"postcode\"";
    let null = "release_postcode = { column = \"postcode\", null = [\"LS9 7ZZ\"] }";
    assert_eq!(field("release_postcode", &with(field_of, field_of, &[], DAY)), "LS9 7ZZ");
    assert_eq!(field("release_postcode", &with(field_of, null, &[], DAY)), "");
    assert_eq!(field("release_postcode", &with(field_of, null, &[("postcode", "ls9 7zz")], DAY)), "");
    assert_eq!(field("release_postcode", &with(field_of, null, &[("postcode", "LS9 7ZY")], DAY)), "LS9 7ZY");
}

#[test]
fn each_test_of_a_condition_looks_at_its_one_cell() {
    let when = "when = [ { column = \"status\", in = [\"N\", \"C\", \"X\"] } ]";
    let of = |test: &str, cell: &str| {
        let to = format!("when = [ {{ column = \"alias\", {test} }} ]");
        with(when, &to, &[("alias", cell)], DAY).contains("prison_release")
    };
    for (test, cell, holds) in [
        ("in = [\"a\", \"b\"]", "B", true),
        ("in = [\"a\", \"b\"]", "c", false),
        ("in = [\"a\", \"b\"]", "", false),
        ("not_in = [\"a\"]", "A", false),
        ("not_in = [\"a\"]", "c", true),
        ("not_in = [\"a\"]", "", true),
        ("present = true", "c", true),
        ("present = true", " ", false),
        ("absent = true", "c", false),
        ("absent = true", " ", true),
    ] {
        assert_eq!(of(test, cell), holds, "{test} of {cell:?}");
    }
    // All of several must hold.
    let both = "when = [ { column = \"status\", in = [\"N\"] }, { column = \"alias\", absent = true } ]";
    for (alias, holds) in [("", true), ("TJ", false)] {
        assert_eq!(with(when, both, &[("alias", alias)], DAY).contains("prison_release"), holds, "{alias}");
    }
}

#[test]
fn a_code_of_the_partner_means_what_it_meant_on_the_files_day() {
    let codes = "release_type = { columns = [\"movement\", \"reason\"], join = \"/\", codes = \"hmps/release_type\" }";
    let dated = "release_type = { column = \"movement\", codes = \"hmps/dated\" }";
    // `reason` is then used nowhere.
    let used = format!("{dated}\nremarks = \"reason\"");
    let on = |day: Date| {
        let text = RELEASES.split("[[example]]").next().unwrap();
        let text = text.replace(codes, &used).replace("\nremarks = \"remarks\"\n", "\n");
        let text = text.replace("remarks = { header = \"Remarks\", required = false }\n", "");
        let m = compile(&text).unwrap_or_else(|p| panic!("{}", render(&text, &p)));
        let row = good_but(&m, &[("movement", "A", CellKind::Text)]);
        show(&m, &super::super::Bound::direct(&m).map(&row, &keys(), day, &mut Scratch::new()))
    };
    assert_eq!(field("release_type", &on(DAY.yesterday().unwrap())), "ecl");
    assert_eq!(field("release_type", &on(DAY)), "transfer");
    let late = on(Date::constant(2009, 7, 1));
    assert!(late.starts_with("refused movement:LG1245"), "a code that had ended waits for a person: {late}");
}
