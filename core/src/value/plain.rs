//! Words as people wrote them: names, free text, addresses.
//!
//! Nothing is corrected and case is kept. Only what cannot be seen goes: control characters, marks
//! that turn the direction of writing (they can make a name read as another), and white space
//! beyond one space. The rest is brought to Unicode's composed form (NFC), so that equal words are
//! equal bytes.

use super::codes::EMPTY;
use super::{Fault, is_space};
use alloc::string::String;
use unicode_normalization::UnicodeNormalization as _;

pub use super::matching::match_name;
pub use super::number::{money, number, number_of, pence};

/// Appends a name: one line, single spaces, case and spelling kept.
pub fn name(text: &str, out: &mut String) -> Result<(), Fault> {
    let trimmed = text.trim_matches(' ');
    if is_plain(trimmed) {
        return push_whole(trimmed, out);
    }
    fold(text, Shape::Name, out)
}

/// Appends free text: single spaces, line breaks kept as `\n`, at most one empty line in a row.
pub fn text(text: &str, out: &mut String) -> Result<(), Fault> {
    let trimmed = text.trim_matches(' ');
    if is_plain(trimmed) {
        return push_whole(trimmed, out);
    }
    fold(text, Shape::Text, out)
}

/// Appends an address on one line: its parts (lines, or what stands between commas) joined by a
/// comma and a space; empty parts are left out.
pub fn address(text: &str, out: &mut String) -> Result<(), Fault> {
    let trimmed = text.trim_matches(' ');
    if is_plain(trimmed) && has_clean_commas(trimmed) {
        return push_whole(trimmed, out);
    }
    fold(text, Shape::Address, out)
}

/// Printable ASCII without two spaces in a row: what nearly every cell is.
fn is_plain(trimmed: &str) -> bool {
    let mut before = 0;
    for byte in trimmed.bytes() {
        if !matches!(byte, b' '..=b'~') || (byte == b' ' && before == b' ') {
            return false;
        }
        before = byte;
    }
    true
}

/// Whether each comma stands between two parts, as in `Flat 2, 12 Example Row`.
fn has_clean_commas(trimmed: &str) -> bool {
    let mut pieces = trimmed.split(',');
    if pieces.next().is_some_and(|first| first.ends_with(' ') || (first.is_empty() && !trimmed.is_empty())) {
        return false;
    }
    pieces.all(|piece| piece.len() > 1 && piece.starts_with(' ') && !piece.ends_with(' '))
}

fn push_whole(trimmed: &str, out: &mut String) -> Result<(), Fault> {
    if trimmed.is_empty() {
        return Err(EMPTY);
    }
    out.push_str(trimmed);
    Ok(())
}

/// What becomes of line breaks and commas.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A line break is a space.
    Name,
    /// A line break is kept.
    Text,
    /// A line break is a comma.
    Address,
}

/// What stands between two words; the strongest seen is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Comma,
    Line,
    EmptyLine,
}

impl Gap {
    const fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Space => " ",
            Self::Comma => ", ",
            Self::Line => "\n",
            Self::EmptyLine => "\n\n",
        }
    }

    fn after(self, c: char, shape: Shape) -> Option<Self> {
        match (c, shape) {
            (' ', _) | ('\n', Shape::Name) => Some(self.max(Self::Space)),
            ('\n' | ',', Shape::Address) => Some(self.max(Self::Comma)),
            ('\n', Shape::Text) if self >= Self::Line => Some(Self::EmptyLine),
            ('\n', Shape::Text) => Some(Self::Line),
            _ => None,
        }
    }
}

fn fold(text: &str, shape: Shape, out: &mut String) -> Result<(), Fault> {
    let start = out.len();
    let mut gap = Gap::None;
    for c in visible(text).nfc() {
        if let Some(wider) = gap.after(c, shape) {
            gap = wider;
            continue;
        }
        if out.len() > start {
            out.push_str(gap.text());
        }
        gap = Gap::None;
        out.push(c);
    }
    if out.len() > start { Ok(()) } else { Err(EMPTY) }
}

/// The characters that can be seen, with every white space as a space and every line break as `\n`.
pub(super) fn visible(text: &str) -> impl Iterator<Item = char> {
    let mut before = ' ';
    text.chars().filter_map(move |c| {
        let second_half = before == '\r' && c == '\n';
        before = c;
        match c {
            _ if second_half => None,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            _ if is_space(c) => Some(' '),
            _ if c.is_control() || is_invisible(c) => None,
            _ => Some(c),
        }
    })
}

/// Marks of direction, and characters without width that nobody types on purpose.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Reader = fn(&str, &mut String) -> Result<(), Fault>;

    fn got(reader: Reader, given: &str) -> Result<String, Fault> {
        let mut out = String::from("kept");
        let result = reader(given, &mut out);
        let rest = out.strip_prefix("kept").map(String::from).unwrap_or_default();
        assert!(result.is_ok() || rest.is_empty(), "a refused value left something behind");
        result.map(|()| rest)
    }

    #[test]
    fn a_name_keeps_its_case_and_spelling() {
        for (given, kept) in [
            ("  Testy  O'Sample ", "Testy O'Sample"),
            ("SAMPLE-PERSON", "SAMPLE-PERSON"),
            ("Rene\u{301}e", "Ren\u{e9}e"),
            ("Rene\u{200b}\u{301}e", "Ren\u{e9}e"),
            ("Te\u{202e}sty\u{200f}", "Testy"),
            ("Te\0s\u{9f}ty", "Testy"),
            ("Testy\tSam\r\nple\u{a0}\u{1f}X", "Testy Sam ple X"),
            ("\u{feff}Testy", "Testy"),
        ] {
            assert_eq!(got(name, given).as_deref(), Ok(kept), "{given:?}");
        }
    }

    #[test]
    fn nothing_visible_is_no_value() {
        for given in ["", "  ", "\u{202e}", "\0", "\n\t", "\u{200b} \u{feff}"] {
            for reader in [name as Reader, text, address] {
                assert_eq!(got(reader, given), Err(EMPTY), "{given:?}");
            }
        }
        assert_eq!(got(address, " , ,\n"), Err(EMPTY));
    }

    #[test]
    fn text_keeps_its_lines() {
        for (given, kept) in [
            ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
            (" one  \n\n\n  two \n", "one\n\ntwo"),
            ("a  b\u{2028}c\td", "a b\nc d"),
        ] {
            assert_eq!(got(text, given).as_deref(), Ok(kept), "{given:?}");
        }
    }

    #[test]
    fn an_address_is_one_line_of_parts() {
        for (given, kept) in [
            ("Flat 2,12 Example Row", "Flat 2, 12 Example Row"),
            ("12 Example Row\r\n\r\nLeeds", "12 Example Row, Leeds"),
            (", 12  Example Row , , Leeds,", "12 Example Row, Leeds"),
            ("12 Example Row, Leeds", "12 Example Row, Leeds"),
            ("12 Example Row", "12 Example Row"),
        ] {
            assert_eq!(got(address, given).as_deref(), Ok(kept), "{given:?}");
        }
    }

    fn folded(given: &str, shape: Shape) -> Option<String> {
        let mut out = String::new();
        fold(given, shape, &mut out).ok().map(|()| out)
    }

    proptest! {
        #[test]
        fn any_text_reads_or_is_refused_and_reads_again_as_itself(
            given in prop_oneof!["\\PC{0,40}", "[ ,a-c\\n\\r\\t\u{301}\u{a0}\u{202e}\u{2000}]{0,16}", any::<String>()],
        ) {
            for reader in [name as Reader, text, address] {
                if let Ok(canonical) = got(reader, &given) {
                    prop_assert!(!canonical.chars().any(|c| (c.is_control() && c != '\n') || is_invisible(c)));
                    prop_assert_eq!(got(reader, &canonical), Ok(canonical.clone()));
                }
            }
        }

        #[test]
        fn the_short_way_gives_what_the_long_way_gives(given in "[ -~]{0,24}|[ ,a]{0,8}") {
            prop_assert_eq!(got(name, &given).ok(), folded(&given, Shape::Name));
            prop_assert_eq!(got(text, &given).ok(), folded(&given, Shape::Text));
            prop_assert_eq!(got(address, &given).ok(), folded(&given, Shape::Address));
        }
    }
}
