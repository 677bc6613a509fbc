//! Lists in a cell, and rows of another name.

use super::*;
use crate::record::Candidate;

fn text(word: &'static str, value: &'static str) -> (&'static str, &'static str, CellKind) {
    (word, value, CellKind::Text)
}

/// The releases feed with a block that gives a breach for each part of `remarks`.
fn with_list() -> String {
    let block = "[[record]]\ncategory = \"tag_breach\"\nkey = [\"booking\", \"remarks\"]\neach = { column = \"remarks\", split = \";\" }\n\
        [record.fields]\nminutes_absent = { column = \"remarks\", map = { Late = \"15\", Out = \"60\" } }\n\n[[refuse]]";
    RELEASES.replacen("remarks = \"remarks\"\n", "", 1).replace(", remarks = \"\"", "").replacen(
        "[[refuse]]",
        block,
        1,
    )
}

fn mapped(m: &Mapping, changes: &[(&'static str, &'static str)]) -> Vec<Candidate> {
    let changes: Vec<_> = changes.iter().map(|(w, t)| text(w, t)).collect();
    match run(m, &good_but(m, &changes)) {
        Outcome::Mapped(mapped) => mapped.candidates,
        Outcome::Refused(faults) => panic!("refused: {faults:?}"),
        Outcome::Skipped => panic!("skipped"),
    }
}

#[test]
fn each_part_of_a_list_gives_a_record_of_its_own_and_a_part_that_stands_twice_gives_one() {
    let m = compile(&with_list()).unwrap();
    let shown = |cell: &'static str| {
        let row = good_but(&m, &[text("remarks", cell)]);
        let all = show(&m, &run(&m, &row));
        all.lines().filter(|l| l.starts_with("tag_breach")).map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(shown("Late; Out"), ["tag_breach minutes_absent=15", "tag_breach minutes_absent=60"]);
    assert_eq!(shown("Late;;late ;"), ["tag_breach minutes_absent=15"]);
    assert_eq!(shown(""), [] as [&str; 0]);
    // The same part is the same fact, wherever it stands in the list.
    let ids = |cell: &'static str| -> Vec<_> {
        mapped(&m, &[("remarks", cell)]).iter().map(Candidate::id).collect()
    };
    let (one, other) = (ids("Late;Out"), ids("Out;Late"));
    assert_eq!((one[2], one[3]), (other[3], other[2]));
}

#[test]
fn a_part_that_does_not_read_refuses_the_row_and_a_list_without_end_does_too() {
    let m = compile(&with_list()).unwrap();
    let unknown = good_but(&m, &[text("remarks", "Late;Perhaps")]);
    assert_eq!(show(&m, &run(&m, &unknown)), "refused remarks:LG1247");
    let many: Vec<String> = (0..201).map(|n| format!("{n}")).collect();
    let many = many.join(";");
    let long = good_but(&m, &[("remarks", many.as_str(), CellKind::Text)]);
    assert_eq!(show(&m, &run(&m, &long)), "refused remarks:LG1255");
}

#[test]
fn a_list_needs_its_column_in_the_key_and_a_text_between_its_parts() {
    for (from, to, expected) in [
        ("\"booking\", \"remarks\"]", "\"booking\"]", "LG0208"),
        ("split = \";\"", "split = \"\"", "LG0208"),
        ("each = { column = \"remarks\"", "each = { column = \"remraks\"", "LG0204"),
    ] {
        let text = with_list().replacen(from, to, 1);
        let problems = compile(&text).map(|_| ()).unwrap_err();
        assert!(problems.iter().any(|p| p.code == expected), "{to}: {}", render(&text, &problems));
    }
}

/// A source with a row for each name: the current name is the person's, each other one stands among the aliases.
#[test]
fn rows_of_other_names_belong_to_the_one_person_and_take_no_name_away() {
    let mark = "other_name = { column = \"status\", in = [\"A\"] }\nkey_kind =";
    let m = compile(&RELEASES.replacen("key_kind =", mark, 1)).unwrap();
    let own = mapped(&m, &[("alias", "")]);
    let other = mapped(&m, &[("status", "A"), ("surname", "HARGREAVE"), ("forenames", "CON")]);
    let again = mapped(&m, &[("status", "A"), ("surname", "PIKE"), ("forenames", "CON")]);
    assert_eq!((own.len(), other.len()), (2, 1));
    assert_ne!(own[0].id(), other[0].id());
    assert_ne!(other[0].id(), again[0].id());
    let person = |cells: &[(&'static str, &'static str)]| {
        let cells: Vec<_> = cells.iter().map(|(w, t)| text(w, t)).collect();
        show(&m, &run(&m, &good_but(&m, &cells)))
    };
    assert_eq!(
        person(&[("status", "A"), ("surname", "HARGREAVE"), ("forenames", "CON")]),
        "person aliases=HARGREAVE, CON\n"
    );
    // Both rows are of one identity, and the other name helps to recognise the person.
    let identity = |status: &'static str| match run(&m, &good_but(&m, &[text("status", status)])) {
        Outcome::Mapped(mapped) => (mapped.identity, mapped.evidence.keys.len()),
        _ => panic!("not mapped"),
    };
    assert_eq!(identity("A").0, identity("N").0);
    assert!(identity("A").1 > 0);
    let without = RELEASES.replacen("key_kind =", mark, 1).replacen("surname = \"surname\"\nfore", "fore", 1);
    let problems = compile(&without).map(|_| ()).unwrap_err();
    assert!(problems.iter().any(|p| p.code == "LG0213"), "{}", render(&without, &problems));
}
