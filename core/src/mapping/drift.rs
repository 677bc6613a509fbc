//! A renamed column: which header text of a file, known to nobody, may be the new name of one that is missing.
//!
//! Only said, never acted upon: the file is held, and a person adds the name. Header texts are compared, no values.

use super::Mapping;
use super::bind::fold;
use crate::problem::nearest;
use alloc::string::String;
use alloc::vec::Vec;

impl Mapping {
    /// For each missing header text the spare text of the file that is most like it, where one alone is. Texts
    /// under `ignore` are known to be something else.
    pub fn renamed<'a>(&self, missing: &'a [String], spare: &'a [String]) -> Vec<(&'a str, &'a str)> {
        let spare: Vec<&str> = spare.iter().filter(|s| !self.ignores(s)).map(String::as_str).collect();
        missing.iter().filter_map(|name| Some((name.as_str(), most_like(name, &spare)?))).collect()
    }
}

/// The text most like a header: a few letters off, its initials, or most of its words. Nothing when two are alike.
fn most_like<'a>(header: &str, spare: &[&'a str]) -> Option<&'a str> {
    let folded: Vec<(String, &str)> = spare.iter().map(|s| (fold(s), *s)).collect();
    if let Some(near) = nearest(&fold(header), folded.iter().map(|(f, _)| f.as_str())) {
        return folded.iter().find(|(f, _)| f == near).map(|(_, s)| *s);
    }
    let own = words(header);
    let mut scores: Vec<(usize, &str)> = spare.iter().map(|s| (alike(&own, &words(s)), *s)).collect();
    scores.sort_unstable();
    match scores.as_slice() {
        [.., (second, _), (best, text)] if *best > *second && *best >= HALF => Some(*text),
        [(best, text)] if *best >= HALF => Some(*text),
        _ => None,
    }
}

/// Half of the words, in hundredths.
const HALF: usize = 50;

/// How many of all words of both stand in both, in hundredths; initials of several words are these words.
fn alike(a: &[String], b: &[String]) -> usize {
    let initials = |all: &[String]| all.iter().filter_map(|w| w.chars().next()).collect::<String>();
    let short =
        |one: &[String], many: &[String]| many.len() > 1 && matches!(one, [word] if *word == initials(many));
    if short(a, b) || short(b, a) {
        return 100;
    }
    let shared = a.iter().filter(|w| b.contains(w)).count();
    let all = a.len() + b.len() - shared;
    (shared * 100).checked_div(all).unwrap_or(0)
}

/// The words of a header: parted by anything but letters and digits, and before a capital inside a word.
fn words(header: &str) -> Vec<String> {
    let (mut out, mut word, mut small) = (Vec::new(), String::new(), false);
    for c in header.chars() {
        if !c.is_alphanumeric() || (small && c.is_uppercase()) {
            out.extend(Some(core::mem::take(&mut word)).filter(|w| !w.is_empty()));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase();
    }
    out.extend(Some(word).filter(|w| !w.is_empty()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_column_is_recognised_by_its_letters_its_words_or_its_initials() {
        for (missing, spare, expected) in [
            ("Finished", &["Date finished", "Tutor"][..], Some("Date finished")),
            ("Surname", &["SURNAMES", "Ward"], Some("SURNAMES")),
            ("DOB", &["Date of Birth", "Date of arrest"], Some("Date of Birth")),
            ("ReleaseDate", &["Release_Date_Time", "Wing"], Some("Release_Date_Time")),
            ("Finished", &["Date finished", "Finished on"], None),
            ("Result", &["Tutor", "Remarks"], None),
            ("Result", &[], None),
        ] {
            assert_eq!(most_like(missing, spare), expected, "{missing}");
        }
    }
}
