//! Link evidence: what a row shows about who it is, and what it must not.

use super::*;
use crate::value::identifier::IdKind;

const T: CellKind = CellKind::Text;

/// Names, births, postcodes and identifiers of the good row with some cells changed.
fn evidence(changes: &[(&str, &str, CellKind)]) -> String {
    let m = releases();
    let mut scratch = Scratch::new();
    super::super::Bound::direct(&m).map(&good_but(&m, changes), &keys(), DAY, &mut scratch);
    let found = scratch.evidence();
    let mut out: Vec<String> = found.names.iter().map(|(s, f)| format!("{s}|{f}")).collect();
    out.extend(found.births.iter().map(|b| format!("{b}")));
    out.extend(found.postcodes.iter().cloned());
    out.extend(found.identifiers.iter().map(|(kind, id)| format!("{}={id}", kind.word())));
    out.sort();
    out.join("; ")
}

#[test]
fn a_whole_row_shows_names_birth_postcode_and_strong_ids() {
    insta::assert_snapshot!(evidence(&[]), @"1981-02-14; HARGREAVES|CONNOR JAMES; HARGREAVES|Con; HARGREAVES|Conor; LS9 7ZZ; cro=004410/04U; pnc=2004/0031877J; prison_number=A7341CD");
}

#[test]
fn half_a_name_is_no_evidence() {
    for (word, text) in [("surname", ""), ("forenames", ""), ("surname", "UNKNOWN")] {
        assert!(!evidence(&[(word, text, T), ("alias", "", T)]).contains('|'), "{word}");
    }
    assert!(!evidence(&[("surname", "", T), ("alias", "CON", T)]).contains('|'));
}

#[test]
fn unusable_values_are_no_evidence() {
    for (word, text, kind, gone) in [
        ("pnc", "2004/0031877Z", T, "pnc="),
        ("cro", "004410/04A", T, "cro="),
        ("cro", "004410", CellKind::Date, "cro="),
        ("cro", "#N/A", CellKind::Error, "cro="),
        ("postcode", "NF1 1NF", T, "LS9"),
        ("dob", "01/01/1900", T, "1900"),
    ] {
        assert!(!evidence(&[(word, text, kind)]).contains(gone), "{word} {text}");
    }
}

#[test]
fn a_filler_birth_is_no_evidence_even_where_it_is_a_value() {
    let text = RELEASES.replace(", null = [\"01/01/1900\", \"01/01/1970\"]", "");
    let m = compile(&text).unwrap();
    let mut scratch = Scratch::new();
    let row = good_but(&m, &[("dob", "01/01/1970", T)]);
    let outcome = super::super::Bound::direct(&m).map(&row, &keys(), DAY, &mut scratch);
    assert!(show(&m, &outcome).contains("birth_date=1970-01-01"));
    assert!(scratch.evidence().births.is_empty());
}

#[test]
fn evidence_of_one_row_never_stays_for_the_next() {
    let m = releases();
    let mut scratch = Scratch::new();
    let bound = super::super::Bound::direct(&m);
    bound.map(&row(&m, GOOD), &keys(), DAY, &mut scratch);
    bound.map(&row(&m, &[("prison_number", "A2206FH")]), &keys(), DAY, &mut scratch);
    assert!(scratch.evidence().names.is_empty() && scratch.evidence().births.is_empty());
    assert!(
        scratch.evidence().identifiers.iter().all(|(k, id)| *k == IdKind::PrisonNumber && id == "A2206FH")
    );
}
