//! Cells: how one value is read, type by type.

use super::*;

/// A feed with one record of every remaining type; `fields` replaces the defaults.
fn breaches(fields: &str) -> String {
    format!(
        r#"
[feed]
name = "hmps-breaches"
partner = "hmps"
title = "Breaches"
kind = "events"
retention = "90 days"
[source]
place = "hmps"
file = "*.xlsx"
format = "xlsx"
[columns]
key = "Key"
a = "A"
b = {{ header = "B", required = false }}
[identity]
key = "key"
[[record]]
category = "tag_breach"
key = ["key", "a", "b"]
[record.fields]
{fields}
"#
    )
}

/// The field's text for cells `a` and `b`, or the faults.
fn read(fields: &str, cells: &[(&str, &str, CellKind)]) -> String {
    let text = breaches(fields);
    let m = compile(&text).unwrap_or_else(|p| panic!("{}", render(&text, &p)));
    let cells: Vec<_> = [("key", "K1", CellKind::Text)].into_iter().chain(cells.iter().copied()).collect();
    let shown = show(&m, &run(&m, &row_of(&m, &cells)));
    shown.trim_end().trim_start_matches("tag_breach").trim_start().into()
}

const T: CellKind = CellKind::Text;
const N: CellKind = CellKind::Number;
const D: CellKind = CellKind::Date;

#[test]
fn an_instant_is_a_day_and_a_time_in_the_zone_of_the_deployment() {
    let two = "breach_at = { column = \"a\", time = \"b\", date = \"dd/mm/yyyy\" }";
    for (a, b, expected) in [
        (("20/11/2008", T), ("23:15", T), "breach_at=2008-11-20T22:15:00Z"),
        (("20/11/2008", T), ("1970-01-01T23:15:00", T), "breach_at=2008-11-20T22:15:00Z"),
        (("2008-11-20", D), ("1899-12-31T23:15:00", D), "breach_at=2008-11-20T22:15:00Z"),
        (("39772", N), ("0.96875", N), "breach_at=2008-11-20T22:15:00Z"),
        (("20/11/2008", T), ("24:00", T), "breach_at=2008-11-20T23:00:00Z"),
        (("20/11/2008", T), ("2315", N), "refused a:LG1248"),
        (("20/11/2008", T), ("", T), "refused a:LG1252"),
        (("", T), ("23:15", T), ""),
    ] {
        assert_eq!(read(two, &[("a", a.0, a.1), ("b", b.0, b.1)]), expected, "{a:?} {b:?}");
    }
}

#[test]
fn an_instant_in_one_cell_keeps_its_own_offset() {
    let used = "minutes_absent = \"b\"\n";
    for (fields, text, kind, expected) in [
        ("breach_at = \"a\"", "2008-11-05T11:48:36", T, "breach_at=2008-11-05T10:48:36Z"),
        ("breach_at = \"a\"", "2008-11-05T11:48:36.250", T, "breach_at=2008-11-05T10:48:36Z"),
        ("breach_at = \"a\"", "2008-11-05T11:48:36Z", T, "breach_at=2008-11-05T11:48:36Z"),
        ("breach_at = \"a\"", "2008-11-05T11:48:36+02:00", T, "breach_at=2008-11-05T09:48:36Z"),
        (
            "breach_at = { column = \"a\", date = \"dd/mm/yyyy\" }",
            "05/11/2008 11:48",
            T,
            "breach_at=2008-11-05T10:48:00Z",
        ),
        (
            "breach_at = { column = \"a\", date = \"yyyy-mm-ddThh:mm:ss\" }",
            "2008-11-05T11:48:36",
            T,
            "breach_at=2008-11-05T10:48:36Z",
        ),
        ("breach_at = \"a\"", "2008-11-05 11:48:36", D, "breach_at=2008-11-05T10:48:36Z"),
        ("breach_at = \"a\"", "39757.5", N, "breach_at=2008-11-05T11:00:00Z"),
        ("breach_at = \"a\"", "2008-11-05", T, "refused a:LG1252"),
        ("breach_at = \"a\"", "39757", N, "refused a:LG1252"),
    ] {
        assert_eq!(read(&format!("{used}{fields}"), &[("a", text, kind)]), expected, "{text}");
    }
}

#[test]
fn a_pattern_with_a_time_reads_days_and_instants() {
    let m = compile(&RELEASES.replace(
        "release_date = { column = \"release_date\", date = \"dd/mm/yyyy\" }",
        "release_date = { column = \"release_date\", date = \"yyyy-mm-ddThh:mm:ss\" }",
    ));
    let m = m.unwrap();
    let shown = show(&m, &run(&m, &good_but(&m, &[("release_date", "2008-11-20T00:00:00", T)])));
    assert!(shown.contains("release_date=2008-11-20 "), "{shown}");
    let one = "minutes_absent = \"b\"\nbreach_at = { column = \"a\", date = \"dd/mm/yyyy hh:mm\" }";
    assert_eq!(read(one, &[("a", "20/11/2008 23:15", T)]), "breach_at=2008-11-20T22:15:00Z");
    let two = "breach_at = { column = \"a\", time = \"b\", date = \"yyyy-mm-dd hh:mm:ss\" }";
    let cells = [("a", "2008-11-20 00:00:00", T), ("b", "23:15", T)];
    assert_eq!(read(two, &cells), "breach_at=2008-11-20T22:15:00Z");
}

#[test]
fn flags_come_from_a_map_or_from_true_and_false() {
    let used = "minutes_absent = \"b\"\n";
    let mapped = "on_tag = { column = \"a\", map = { Y = \"true\", N = \"false\", 1 = true } }";
    for (fields, text, kind, expected) in [
        (mapped, "Y", T, "on_tag=true"),
        (mapped, "1", N, "on_tag=true"),
        (mapped, "N", T, "on_tag=false"),
        (mapped, "y", T, "refused a:LG1247"),
        (mapped, "", T, ""),
        ("on_tag = \"a\"", "TRUE", T, "on_tag=true"),
        ("on_tag = \"a\"", "false", CellKind::Bool, "on_tag=false"),
        ("on_tag = \"a\"", "Y", T, "refused a:LG1247"),
    ] {
        assert_eq!(read(&format!("{used}{fields}"), &[("a", text, kind)]), expected, "{fields} {text}");
    }
}

#[test]
fn what_a_spreadsheet_did_to_a_value_is_not_guessed_back() {
    let used = "minutes_absent = \"b\"\n";
    for (fields, text, kind, expected) in [
        ("offence = \"a\"", "00102", T, "offence=00102"),
        ("offence = \"a\"", "102", N, "refused a:LG1248"),
        ("offence = { column = \"a\", pad = 5 }", "102", N, "offence=00102"),
        ("offence = { column = \"a\", pad = 5 }", "102", T, "offence=00102"),
        ("offence = { column = \"a\", pad = 5 }", "10.2", N, "refused a:LG1248"),
        ("offence = \"a\"", "1.00023E+11", T, "refused a:LG1251"),
        ("offence = \"a\"", "2008-08-07", D, "refused a:LG1249"),
        ("offence = \"a\"", "true", CellKind::Bool, "refused a:LG1249"),
        ("offence = \"a\"", "#REF!", CellKind::Error, "refused a:LG1250"),
        ("arrears = \"a\"", "2008-08-07", D, "refused a:LG1249"),
    ] {
        let key = "category = \"tag_breach\"\nkey = [\"key\", \"a\", \"b\"]";
        let text_of =
            breaches(&format!("{used}{fields}")).replace(key, "category = \"tag_breach\"\nkey = \"key\"");
        let m = compile(&text_of).unwrap();
        let cells = [("key", "K1", T), ("a", text, kind)];
        let shown = show(&m, &run(&m, &row_of(&m, &cells)));
        assert_eq!(
            shown.trim_end().trim_start_matches("tag_breach").trim_start(),
            expected,
            "{fields} {text}"
        );
    }
}

#[test]
fn the_first_character_of_an_answer_is_the_score() {
    let fields = "on_tag = { column = \"b\", map = { x = \"true\" } }\nminutes_absent = { column = \"a\", first_char = true }";
    assert_eq!(read(fields, &[("a", "2 - some problems", T)]), "minutes_absent=2");
    assert!(read(fields, &[("a", "é", T)]).starts_with("refused a:LG12"));
}

#[test]
fn a_positive_amount_is_owed_unless_the_feed_says_that_it_is_credit() {
    let used = "minutes_absent = \"b\"\n";
    for (options, text, expected) in [
        ("", "184.30", "arrears=184.30"),
        (", positive = \"owed\"", "184.30", "arrears=184.30"),
        (", positive = \"owed\"", "-12.40", "arrears=-12.40"),
        (", positive = \"credit\"", "184.30", "arrears=-184.30"),
        (", positive = \"credit\"", "-12.40", "arrears=12.40"),
    ] {
        let fields = format!("{used}arrears = {{ column = \"a\"{options} }}");
        assert_eq!(read(&fields, &[("a", text, T)]), expected, "{options} {text}");
    }
}

#[test]
fn pence_and_hours_are_brought_to_the_units_of_the_schema() {
    let used = "minutes_absent = \"b\"\n";
    for (options, text, expected) in [
        (", unit = \"pounds\"", "184.30", "arrears=184.30"),
        (", unit = \"pence\"", "18430", "arrears=184.30"),
        (", unit = \"pence\", positive = \"credit\"", "1240", "arrears=-12.40"),
    ] {
        let fields = format!("{used}arrears = {{ column = \"a\"{options} }}");
        assert_eq!(read(&fields, &[("a", text, T)]), expected, "{options} {text}");
    }
    let hours = "minutes_absent = { column = \"a\", times = 60 }\non_tag = { column = \"b\", map = { x = \"true\" } }";
    assert_eq!(read(hours, &[("a", "1.5", T)]), "minutes_absent=90");
    assert!(read(hours, &[("a", "ninety", T)]).starts_with("refused a:LG12"));
}

#[test]
fn names_and_texts_refuse_numbers_and_codes_take_them() {
    let m = releases();
    for (word, text, expected) in [
        ("surname", "42", "refused surname:LG1248"),
        ("remarks", "42", "refused remarks:LG1248"),
        ("addr1", "14", "prison_release"),
    ] {
        let shown = show(&m, &run(&m, &good_but(&m, &[(word, text, N)])));
        assert!(shown.contains(expected), "{word} {shown}");
    }
}

#[test]
fn an_identity_key_that_may_have_lost_zeros_is_no_key() {
    let fields = "minutes_absent = \"a\"\non_tag = \"b\"";
    assert_eq!(read(fields, &[("key", "123", N)]), "refused key:LG1248");
    assert_eq!(read(fields, &[("key", "#N/A", CellKind::Error)]), "refused key:LG1250");
}

#[test]
fn a_sentinel_date_is_no_value_in_any_kind_of_cell() {
    let m = releases();
    for (text, kind) in [("01/01/1970", T), ("1970-01-01", D), ("25569", N)] {
        let shown = show(&m, &run(&m, &good_but(&m, &[("dob", text, kind)])));
        assert!(shown.starts_with("person ") && !shown.contains("birth_date"), "{text} {shown}");
    }
    let shown = show(&m, &run(&m, &good_but(&m, &[("dob", "29631", N)])));
    assert!(shown.contains("birth_date=1981-02-14"), "{shown}");
}

#[test]
fn a_two_digit_year_of_birth_is_never_ahead_and_a_whole_one_is_refused() {
    let short = RELEASES
        .replace("date = \"dd/mm/yyyy\", null = [\"01/01/1900\", \"01/01/1970\"]", "date = \"dd/mm/yy\"");
    let m = compile(&short).unwrap();
    let shown = show(&m, &run(&m, &good_but(&m, &[("dob", "31/12/08", T)])));
    assert!(shown.contains("birth_date=1908-12-31"), "{shown}");
    let m = releases();
    let shown = show(&m, &run(&m, &good_but(&m, &[("dob", "31/12/2008", T)])));
    assert!(shown.starts_with("refused dob:"), "{shown}");
}

#[test]
fn a_two_digit_year_of_an_event_may_lie_ahead() {
    let short = RELEASES.replace(
        "release_date = { column = \"release_date\", date = \"dd/mm/yyyy\" }",
        "release_date = { column = \"release_date\", date = \"dd/mm/yy\" }",
    );
    let m = compile(&short).unwrap();
    for (text, expected) in
        [("05/01/09", "2009-01-05"), ("05/01/38", "2038-01-05"), ("05/01/39", "1939-01-05")]
    {
        let shown = show(&m, &run(&m, &good_but(&m, &[("release_date", text, T)])));
        assert!(shown.contains(&format!("release_date={expected}")), "{shown}");
    }
}

#[test]
fn a_record_key_of_blanks_is_refused() {
    let text = breaches("minutes_absent = \"a\"\non_tag = \"b\"")
        .replace("key = [\"key\", \"a\", \"b\"]", "key = [\"a\", \"b\"]");
    let m = compile(&text).unwrap();
    assert_eq!(show(&m, &run(&m, &row(&m, &[("key", "K"), ("a", " ")]))), "refused a:LG1244");
}

#[test]
fn two_facts_of_one_row_need_a_part_to_tell_them_apart() {
    let block = |part: &str, when: &str, constant: &str| {
        format!(
            "[[record]]\ncategory = \"tag_breach\"\nkey = [\"key\", \"a\", \"b\"]\n{part}\n{when}\n[record.fields]\noffence = {{ constant = \"{constant}\" }}\n"
        )
    };
    let run_with = |more: &str| {
        let text = format!(
            "{}{more}",
            breaches("minutes_absent = \"a\"\non_tag = { column = \"b\", map = { Y = \"true\" } }")
        );
        compile(&text)
            .map(|m| show(&m, &run(&m, &row(&m, &[("key", "K"), ("a", "5"), ("b", "Y")]))))
            .map_err(|p| p.iter().map(|p| p.code).collect::<Vec<_>>())
    };
    assert_eq!(run_with(&block("", "", "00102")), Err(alloc::vec!["LG0208"]));
    let parted = run_with(&block("part = \"offence\"", "", "00102"));
    assert_eq!(parted.as_deref(), Ok("tag_breach minutes_absent=5 on_tag=true\ntag_breach offence=00102\n"));
    let first = "when = [ { column = \"b\", in = [\"Y\"] } ]";
    let both = format!("{}{}", block("part = \"x\"", first, "00102"), block("part = \"x\"", first, "00103"));
    assert_eq!(run_with(&both).as_deref(), Ok("refused key:LG1253"));
}
