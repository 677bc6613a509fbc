//! Names and addresses cleaned for comparison: raw cell in, words out. What is stored or disclosed is never this.

use crate::value::matching::{TITLES, capitals, join_particle, parts};
use alloc::string::String;
use alloc::vec::Vec;

/// Written where a name is not known.
const NO_NAME: [&str; 14] = [
    "UNKNOWN",
    "NOT KNOWN",
    "NOT ENTERED",
    "NOT GIVEN",
    "NO NAME",
    "NONE",
    "NULL",
    "NIL",
    "N A",
    "NA",
    "NK",
    "UNK",
    "TBC",
    "REFUSED",
];

/// Marks of a generation behind a name, with what each says: one for the younger, two for the elder.
const GENERATIONS: [(&str, u8); 10] = [
    ("JR", 1),
    ("JNR", 1),
    ("JUNIOR", 1),
    ("II", 1),
    ("III", 1),
    ("SR", 2),
    ("SNR", 2),
    ("SENIOR", 2),
    ("YOUNGER", 1),
    ("ELDER", 2),
];

/// The words of one cell of a name, and what it says of a generation: younger (1) or elder (2).
pub(super) type Cleaned = (Vec<String>, u8);

/// Cleans a cell of forenames or of middle names; a word of one letter is an initial.
pub(super) fn given(cell: &str) -> Cleaned {
    let mut words = words(cell, &["MC"]);
    if words.first().is_some_and(|first| TITLES.contains(&first.as_str())) {
        words.remove(0);
    }
    let generation = generation(&mut words).unwrap_or(0);
    // A first letter between names (`J. Paul`) says nothing that the names do not.
    if words.len() > 3 {
        words.retain(|word| word.chars().nth(1).is_some());
    }
    (words, generation)
}

/// Cleans a cell with a surname: words of one letter go.
pub(super) fn surname(cell: &str) -> Cleaned {
    let mut words = words(cell, &["MC", "O", "D"]);
    let generation = generation(&mut words).unwrap_or(0);
    words.retain(|word| word.chars().nth(1).is_some());
    (words, generation)
}

fn words(cell: &str, particles: &[&str]) -> Vec<String> {
    let mut words = parts(&capitals(cell));
    if NO_NAME.contains(&words.join(" ").as_str())
        || !words.iter().any(|w| w.chars().any(char::is_alphabetic))
    {
        return Vec::new();
    }
    join_particle(&mut words, particles);
    words
}

/// Takes a mark of generation off the end of a name that has more than it.
fn generation(words: &mut Vec<String>) -> Option<u8> {
    let last = words.last().filter(|_| words.len() > 1)?;
    let (_, what) = GENERATIONS.iter().find(|(word, _)| word == last)?;
    words.pop();
    Some(*what)
}

/// An address: its numbers, and the words of its street.
#[derive(Default, PartialEq, Eq, Debug)]
pub(super) struct Address {
    /// House and flat numbers in the order in which they stand.
    pub numbers: String,
    /// The street (or building), up to the word that ends it.
    pub street: String,
}

/// Words in front of a flat's number, and between parts.
const FILLERS: [&str; 12] =
    ["FLAT", "APARTMENT", "APT", "UNIT", "ROOM", "NO", "NUMBER", "THE", "FLOOR", "C", "CARE", "OF"];

/// Short forms of the words that end a street's name.
const ROADS: [(&str, &str); 34] = [
    ("ROAD", "ROAD"),
    ("RD", "ROAD"),
    ("STREET", "STREET"),
    ("ST", "STREET"),
    ("STR", "STREET"),
    ("AVENUE", "AVENUE"),
    ("AVE", "AVENUE"),
    ("AV", "AVENUE"),
    ("TERRACE", "TERRACE"),
    ("TERR", "TERRACE"),
    ("TCE", "TERRACE"),
    ("TER", "TERRACE"),
    ("GROVE", "GROVE"),
    ("GR", "GROVE"),
    ("GRV", "GROVE"),
    ("MOUNT", "MOUNT"),
    ("MT", "MOUNT"),
    ("PLACE", "PLACE"),
    ("PL", "PLACE"),
    ("DRIVE", "DRIVE"),
    ("DR", "DRIVE"),
    ("DRV", "DRIVE"),
    ("CLOSE", "CLOSE"),
    ("CL", "CLOSE"),
    ("LANE", "LANE"),
    ("LN", "LANE"),
    ("CRESCENT", "CRESCENT"),
    ("CRES", "CRESCENT"),
    ("VIEW", "VIEW"),
    ("WAY", "WAY"),
    ("COURT", "COURT"),
    ("CT", "COURT"),
    ("SQUARE", "SQUARE"),
    ("SQ", "SQUARE"),
];

/// Written where somebody has no address.
const NO_ADDRESS: [&str; 7] =
    ["NO FIXED ABODE", "NO FIXED ADDRESS", "NFA", "UNKNOWN", "NOT KNOWN", "HOMELESS", "NONE"];

/// Cleans an address that stands in one cell, or in several joined by a space.
pub(super) fn address(cell: &str) -> Address {
    let words = parts(&capitals(cell));
    let mut out = Address::default();
    let whole = words.join(" ");
    if NO_ADDRESS.iter().any(|none| whole.starts_with(none)) {
        return out;
    }
    let mut in_street = 0;
    for word in &words {
        if word.bytes().any(|b| b.is_ascii_digit()) {
            if in_street > 0 {
                break;
            }
            push(&mut out.numbers, word);
            continue;
        }
        if in_street == 0 && FILLERS.contains(&word.as_str()) {
            continue;
        }
        let road = ROADS.iter().find(|(short, _)| short == word).filter(|_| in_street > 0);
        push(&mut out.street, road.map_or(word.as_str(), |(_, whole)| whole));
        in_street += 1;
        if road.is_some() || in_street == 4 {
            break;
        }
    }
    // Without a word that ends a street it is not known where the town begins.
    if !ROADS.iter().any(|(_, whole)| out.street.ends_with(whole)) {
        let second = out.street.match_indices(' ').nth(1).map(|(at, _)| at);
        out.street.truncate(second.unwrap_or(out.street.len()));
    }
    out
}

fn push(text: &mut String, word: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forenames_are_cleaned() {
        for (cell, words, generation) in [
            ("Mr Testy", "TESTY", 0),
            ("MIG_ERROR_Testy Ann", "TESTY ANN", 0),
            ("T", "T", 0),
            ("Not Known", "", 0),
            ("12345", "", 0),
            ("", "", 0),
            ("A B C D Testy", "TESTY", 0),
            ("\u{418}\u{432}\u{430}\u{43d}", "\u{418}\u{412}\u{410}\u{41d}", 0),
            ("Testy SENIOR", "TESTY", 2),
            ("Junior", "JUNIOR", 0),
        ] {
            let (got, said) = given(cell);
            assert_eq!((got.join(" ").as_str(), said), (words, generation), "{cell}");
        }
    }

    #[test]
    fn surnames_are_cleaned() {
        for (cell, words, generation) in [
            ("O'Sample", "OSAMPLE", 0),
            ("Sample-Person", "SAMPLE PERSON", 0),
            ("Mc Test", "MCTEST", 0),
            ("UNKNOWN", "", 0),
            ("X", "", 0),
            ("...", "", 0),
            ("Tes\u{202e}ter", "TESTER", 0),
            ("Sample Jnr", "SAMPLE", 1),
        ] {
            let (got, said) = surname(cell);
            assert_eq!((got.join(" ").as_str(), said), (words, generation), "{cell}");
        }
    }

    #[test]
    fn addresses_are_cleaned() {
        for (cell, numbers, street) in [
            ("12 Example Road, Sampletown", "12", "EXAMPLE ROAD"),
            ("Flat 3, 12 Example Rd", "3 12", "EXAMPLE ROAD"),
            ("12A EXAMPLE ST SAMPLETOWN", "12A", "EXAMPLE STREET"),
            ("HMP Sample 2 Example Terrace", "", "HMP SAMPLE"),
            ("St Test Way 4", "", "ST TEST WAY"),
            ("The Old Mill Sampletown", "", "OLD MILL"),
            ("NFA", "", ""),
            ("", "", ""),
        ] {
            let got = address(cell);
            assert_eq!((got.numbers.as_str(), got.street.as_str()), (numbers, street), "{cell}");
        }
    }
}
