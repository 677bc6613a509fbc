//! `[[example]]` blocks: they run, and they can fail.

use super::*;

#[test]
fn good_examples_pass() {
    let m = releases();
    assert_eq!(m.example_count(), 3);
    assert_eq!(m.run_examples(), []);
}

fn failures(from: &str, to: &str) -> String {
    let text = RELEASES.replace(from, to);
    assert_ne!(text, RELEASES);
    let m = compile(&text).unwrap_or_else(|p| panic!("{}", render(&text, &p)));
    let problems: Vec<_> = m.run_examples().iter().map(|f| f.problem(m.file())).collect();
    problems.iter().map(|p| p.what.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_failure_names_example_record_and_field() {
    insta::assert_snapshot!(failures("release_type = \"ecl\"", "release_type = \"transfer\""), @"example `an ECL release is never lost`: prison_release.release_type: expected `transfer`, is `ecl`");
    insta::assert_snapshot!(failures("remarks = \"\", cancelled = false", "remarks = \"x\", cancelled = true"), @r#"
    example `an ECL release is never lost`: prison_release.remarks: expected `x`, is absent
    example `an ECL release is never lost`: prison_release.cancelled: expected `true`, is `false`
    "#);
    insta::assert_snapshot!(failures("expect = \"skipped\"", "expect = \"refused\""), @"example `a draft is left`: expected the row to be refused, is a skipped row");
    insta::assert_snapshot!(failures("lao = true }\nexpect = \"refused\"", "lao = true }\nexpect = []"), @"example `a row of limited access waits`: expected records, is a refused row: LG1240 in `lao`");
    insta::assert_snapshot!(failures("status = \"N\", covert", "status = \"?\", covert"), @"example `an ECL release is never lost`: prison_release: expected a record, is absent");
    insta::assert_snapshot!(failures("expect = [ {", "expect = [ { category = \"person\" }, {"), @"example `an ECL release is never lost`: person: expected a record, is absent");
}
