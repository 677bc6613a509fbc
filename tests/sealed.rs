//! What the compiler refuses: looking at a personal value, making a disclosure without the gate, and
//! sealing or sending a bundle that the ledger has not taken. Each forbidden use has a twin that is allowed and
//! differs by little, so that a case cannot fail for another reason than its own.

#[test]
fn the_forbidden_does_not_compile_and_its_twin_does() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/sealed/*_refused.rs");
    cases.pass("tests/sealed/*_allowed.rs");
}
