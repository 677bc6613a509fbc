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
    insta::assert_snapshot!(failures("release_type = \"ecl\"", "release_type = \"transfer\""), @"example `an ECL release is never lost`: record 1 › prison_release.release_type: expected `transfer`, got `ecl`");
    insta::assert_snapshot!(failures("remarks = \"\", cancelled = false", "remarks = \"x\", cancelled = true"), @r#"
    example `an ECL release is never lost`: record 1 › prison_release.remarks: expected `x`, got nothing
    example `an ECL release is never lost`: record 1 › prison_release.cancelled: expected `true`, got `false`
    "#);
    insta::assert_snapshot!(failures("expect = \"skipped\"", "expect = \"refused\""), @"example `a draft is left`: expected the row to be refused, got a skipped row");
    insta::assert_snapshot!(failures("lao = true }\nexpect = \"refused\"", "lao = true }\nexpect = []"), @"example `a row of limited access waits`: expected records, got a refused row: LG1240 in `lao`");
    insta::assert_snapshot!(failures("status = \"N\", covert", "status = \"?\", covert"), @"example `an ECL release is never lost`: record 1 › prison_release: expected a record, got nothing");
    insta::assert_snapshot!(failures("expect = [ {", "expect = [ { category = \"person\" }, {"), @"example `an ECL release is never lost`: record 3 › person: expected a record, got nothing");
}
