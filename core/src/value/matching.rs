//! Names cleaned for comparison: what the linker compares, never what is stored or disclosed.
//!
//! The steps are those of the Ministry of Justice's person matching: capitals; system prefixes and
//! `NOT ENTERED` taken off; hyphens as spaces; apostrophes deleted; `MC SMITH` as `MCSMITH`; parts
//! of one letter dropped. Beyond them, Latin accents are dropped (older systems cannot hold them),
//! `O BRIEN` meets `O'BRIEN`, and a title in front of a forename goes.

use super::plain::visible;
use alloc::string::String;
use alloc::vec::Vec;
use unicode_normalization::UnicodeNormalization as _;

/// Written in front of a name by systems on migration.
const PREFIXES: [&str; 3] = ["MIG_ERROR_", "NO_SHOW_", "DUPLICATE_"];

/// Titles that stand in forename columns.
pub(crate) const TITLES: [&str; 4] = ["MR", "MRS", "MISS", "MS"];

/// A surname (all its parts, joined by a space; empty when nothing is left) and the forenames in
/// order, cleaned for comparison.
pub fn match_name(surname: &str, forenames: &str) -> (String, Vec<String>) {
    let mut surname = parts(&capitals(surname));
    join_particle(&mut surname, &["MC", "O", "D"]);
    keep_names(&mut surname);
    let mut forenames = parts(&capitals(forenames));
    join_particle(&mut forenames, &["MC"]);
    if forenames.first().is_some_and(|first| TITLES.contains(&first.as_str())) {
        forenames.remove(0);
    }
    keep_names(&mut forenames);
    (surname.join(" "), forenames)
}

/// Capitals without accents and apostrophes, and without the prefixes of systems.
pub(crate) fn capitals(text: &str) -> String {
    // Nearly every name: each letter is one byte, and composed as it is.
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let upper = if printable { plain_capitals(text) } else { any_capitals(text) };
    let mut rest = upper.trim_start();
    while let Some(behind) = PREFIXES.iter().find_map(|prefix| rest.strip_prefix(prefix)) {
        rest = behind.trim_start();
    }
    if printable { rest.into() } else { rest.nfc().collect() }
}

fn plain_capitals(text: &str) -> String {
    let letters = text.bytes().map(char::from).filter(|c| !is_apostrophe(*c));
    let mut out = String::with_capacity(text.len());
    letters.for_each(|c| out.push(c.to_ascii_uppercase()));
    out
}

fn any_capitals(text: &str) -> String {
    let letters = visible(text).nfd().filter(|c| !is_accent(*c) && !is_apostrophe(*c));
    letters.flat_map(char::to_uppercase).collect()
}

/// The combining marks of Latin, Greek and Cyrillic; the vowel signs of other scripts are letters.
const fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

const fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`'
            | '\u{b4}'
            | '\u{2bb}'
            | '\u{2bc}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2032}'
            | '\u{ff07}'
    )
}

/// Splits at ASCII punctuation, spaces and dashes, and takes the words `NOT ENTERED` out.
pub(crate) fn parts(text: &str) -> Vec<String> {
    let apart = |c: char| {
        (c.is_ascii() && !c.is_ascii_alphanumeric())
            || c.is_whitespace()
            || matches!(c, '\u{2010}'..='\u{2015}')
    };
    let mut kept: Vec<String> = Vec::new();
    for part in text.split(apart).filter(|part| !part.is_empty()) {
        if part == "ENTERED" && kept.last().is_some_and(|last| last == "NOT") {
            kept.pop();
        } else {
            kept.push(part.into());
        }
    }
    kept
}

/// Joins a particle to the part behind it: `MC SMITH`.
pub(crate) fn join_particle(parts: &mut Vec<String>, particles: &[&str]) {
    let mut at = 0;
    while at + 1 < parts.len() {
        if parts.get(at).is_some_and(|part| particles.contains(&part.as_str())) {
            let particle = parts.remove(at);
            if let Some(next) = parts.get_mut(at) {
                next.insert_str(0, &particle);
            }
        }
        at += 1;
    }
}

/// Drops parts of one letter.
fn keep_names(parts: &mut Vec<String>) {
    parts.retain(|part| part.chars().nth(1).is_some());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_mean_one_are_written_as_one() {
        for (surname, cleaned) in [
            ("O'Sample", "OSAMPLE"),
            ("O SAMPLE", "OSAMPLE"),
            ("O\u{2019}sample", "OSAMPLE"),
            ("osample", "OSAMPLE"),
            ("Mc Test", "MCTEST"),
            ("McTest", "MCTEST"),
            ("Sample-Person", "SAMPLE PERSON"),
            ("MIG_ERROR_SAMPLE", "SAMPLE"),
            ("DUPLICATE_NO_SHOW_ Sample", "SAMPLE"),
            ("Sampl\u{e9}", "SAMPLE"),
            ("Sample\u{301}", "SAMPLE"),
            ("Samp\u{202e}le", "SAMPLE"),
            ("Stra\u{df}e", "STRASSE"),
            ("NOT ENTERED", ""),
            ("X", ""),
            ("O", ""),
            ("", ""),
            (" - ", ""),
        ] {
            assert_eq!(match_name(surname, "").0, cleaned, "{surname}");
        }
    }

    #[test]
    fn forenames_keep_their_order() {
        for (forenames, cleaned) in [
            ("Testy Mary-Ann", &["TESTY", "MARY", "ANN"][..]),
            ("Mr Testy", &["TESTY"]),
            ("Testy J.", &["TESTY"]),
            ("J P", &[]),
            ("not entered", &[]),
            ("Not Testy", &["NOT", "TESTY"]),
            ("Testy,Anne", &["TESTY", "ANNE"]),
        ] {
            assert_eq!(match_name("", forenames).1, cleaned, "{forenames}");
        }
    }

    #[test]
    fn a_vowel_sign_is_no_accent() {
        let (with, _) = match_name("\u{930}\u{93e}\u{92e}", "");
        let (without, _) = match_name("\u{930}\u{92e}", "");
        assert_ne!(with, without);
    }

    proptest! {
        #[test]
        fn case_hyphens_and_invisible_marks_make_no_difference(surname in "[a-z]{2,8}", other in "[a-z]{2,8}") {
            prop_assume!(surname != "mc" && surname != "not");
            let plain = match_name(&std::format!("{surname} {other}"), "");
            let dirty = std::format!(" \u{200e}{}-{other} ", surname.to_uppercase());
            prop_assert_eq!(match_name(&dirty, ""), plain);
        }

        #[test]
        fn any_text_is_cleaned_to_words(surname in any::<String>(), forenames in "\\PC{0,30}") {
            let (surname, forenames) = match_name(&surname, &forenames);
            for part in surname.split(' ').filter(|p| !p.is_empty()).chain(forenames.iter().map(String::as_str)) {
                prop_assert!(part.chars().count() >= 2);
                prop_assert!(!part.contains([' ', '\'', '-']));
            }
        }
    }

    proptest! {
        #[test]
        fn printable_names_have_the_same_capitals_by_the_short_way(text in "[ -~]{0,40}") {
            prop_assert_eq!(plain_capitals(&text), any_capitals(&text));
        }
    }
}
