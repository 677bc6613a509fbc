//! UK postcodes (BS 7666): tidied, checked and written as `OUT IN`.

use super::codes::POSTCODE;
use super::{Fault, is_space, push_ascii};
use alloc::string::String;

/// What a cell with a postcode says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Postcode {
    /// A whole postcode.
    Whole,
    /// The marker for no fixed abode (`NF1 1NF`, `NF1 1FA`). It is written like a postcode, but
    /// many people share it, so it is never evidence that two records are one person.
    NoFixedAbode,
}

/// Longest tidied postcode: `AA9A9AA`.
const MAX: usize = 7;

/// Appends a postcode as `OUT IN` in capitals, with one space.
///
/// Spaces, dashes at the ends and case are tidied. A letter O is read as 0 only in a place where
/// none but a digit can stand, and only when a postcode comes of it; nothing else is guessed.
pub fn read(text: &str, out: &mut String) -> Result<Postcode, Fault> {
    let mut buffer = [0; MAX];
    let tidied = tidy(text, &mut buffer).ok_or(POSTCODE)?;
    if matches!(tidied, b"NF11NF" | b"NF11FA") {
        push(tidied, out);
        return Ok(Postcode::NoFixedAbode);
    }
    if is_postcode(tidied) {
        push(tidied, out);
        return Ok(Postcode::Whole);
    }
    let mended = mend(tidied).ok_or(POSTCODE)?;
    push(mended.get(..tidied.len()).unwrap_or_default(), out);
    Ok(Postcode::Whole)
}

fn tidy<'b>(text: &str, buffer: &'b mut [u8; MAX]) -> Option<&'b [u8]> {
    let mut len = 0;
    for c in text.trim_matches(|c| is_space(c) || c == '-').chars().filter(|c| !is_space(*c)) {
        if !c.is_ascii_alphanumeric() {
            return None;
        }
        *buffer.get_mut(len)? = u8::try_from(c.to_ascii_uppercase()).ok()?;
        len += 1;
    }
    buffer.get(..len)
}

fn push(tidied: &[u8], out: &mut String) {
    if let Some((outward, inward)) = tidied.split_last_chunk::<3>() {
        push_ascii(out, outward);
        out.push(' ');
        push_ascii(out, inward);
    }
}

/// Reads O as 0 where none but a digit can stand: the district's digits, and the one before the
/// last two letters. The first digit of a longer district is left, since none starts with 0.
fn mend(tidied: &[u8]) -> Option<[u8; MAX]> {
    let (outward, _) = tidied.split_last_chunk::<3>()?;
    let area = if tidied.get(1).is_some_and(u8::is_ascii_digit) { 1 } else { 2 };
    let first = if outward.len() > area + 1 { area + 1 } else { area };
    let places = first..=outward.len();
    let mut buffer = [0; MAX];
    for (at, (to, from)) in buffer.iter_mut().zip(tidied).enumerate() {
        *to = if *from == b'O' && places.contains(&at) { b'0' } else { *from };
    }
    is_postcode(buffer.get(..tidied.len())?).then_some(buffer)
}

fn is_postcode(tidied: &[u8]) -> bool {
    let Some((outward, inward)) = tidied.split_last_chunk::<3>() else { return false };
    let [sector, first, second] = inward;
    if outward == b"GIR" {
        return inward == b"0AA";
    }
    sector.is_ascii_digit() && is_unit(*first) && is_unit(*second) && is_outward(outward)
}

fn is_unit(b: u8) -> bool {
    b.is_ascii_uppercase() && !matches!(b, b'C' | b'I' | b'K' | b'M' | b'O' | b'V')
}

/// The six outward forms: A9, A99, A9A, AA9, AA99, AA9A, each with its permitted letters.
fn is_outward(outward: &[u8]) -> bool {
    let Some((area, rest)) = outward.split_first() else { return false };
    let digit = u8::is_ascii_digit;
    if !area.is_ascii_uppercase() || matches!(area, b'Q' | b'V' | b'X') {
        return false;
    }
    let second = |b: &u8| b.is_ascii_uppercase() && !matches!(b, b'I' | b'J' | b'Z');
    match rest {
        [d] => digit(d),
        [d, e] if digit(d) => digit(e) || matches!(e, b'A'..=b'H' | b'J' | b'K' | b'P' | b'S'..=b'U' | b'W'),
        [a, d] => second(a) && digit(d),
        [a, d, e] => second(a) && digit(d) && (digit(e) || b"ABEHMNPRVWXY".contains(e)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn got(text: &str) -> Result<(Postcode, String), Fault> {
        let mut out = String::from("kept");
        let result = read(text, &mut out);
        let rest = out.strip_prefix("kept").map(String::from).unwrap_or_default();
        assert!(result.is_ok() || rest.is_empty(), "a refused value left something behind");
        result.map(|p| (p, rest))
    }

    #[test]
    fn a_postcode_is_tidied() {
        for (text, canonical) in [
            ("LS12 2TJ", "LS12 2TJ"),
            ("ls97tf", "LS9 7TF"),
            (" W1A 0AX ", "W1A 0AX"),
            ("-EC1A\u{a0}1BB-", "EC1A 1BB"),
            ("gir0aa", "GIR 0AA"),
            ("m 1 1 a e", "M1 1AE"),
        ] {
            assert_eq!(got(text), Ok((Postcode::Whole, canonical.into())), "{text}");
        }
    }

    #[test]
    fn the_letter_o_becomes_zero_only_where_a_digit_must_stand() {
        for (text, canonical) in [
            ("LS1O 2TJ", "LS10 2TJ"),
            ("LS9 OTF", "LS9 0TF"),
            ("W1A OAX", "W1A 0AX"),
            ("GIR OAA", "GIR 0AA"),
            ("SO1 1AA", "SO1 1AA"),
            ("OL1 1AA", "OL1 1AA"),
            ("SO1 OAA", "SO1 0AA"),
            ("BSO 1AA", "BS0 1AA"),
        ] {
            assert_eq!(got(text), Ok((Postcode::Whole, canonical.into())), "{text}");
        }
        for text in ["LS12 2TO", "LS12 2OJ", "SO 1AA", "EO1 OAA x", "O1O OOO"] {
            assert_eq!(got(text), Err(POSTCODE), "{text}");
        }
    }

    #[test]
    fn a_wrong_postcode_is_refused() {
        for text in
            ["", "LS12", "LS12 2TI", "QS1 1AA", "LI1 1AA", "LS123 1AA", "LS12 2TJ x", "LS1\u{200e}2 2TJ", "é"]
        {
            assert_eq!(got(text), Err(POSTCODE), "{text}");
        }
    }

    #[test]
    fn no_fixed_abode_is_told_apart() {
        assert_eq!(got("nf1 1nf"), Ok((Postcode::NoFixedAbode, "NF1 1NF".into())));
        assert_eq!(got("NF11FA"), Ok((Postcode::NoFixedAbode, "NF1 1FA".into())));
    }

    proptest! {
        #[test]
        fn any_text_reads_or_is_refused_and_reads_again_as_itself(
            text in prop_oneof![".{0,12}", "[A-Zo ]{1,2}[0-9Oo]{1,2}[A-Z]? ?[0-9Oo][A-Z]{2}"],
        ) {
            if let Ok((kind, canonical)) = got(&text) {
                prop_assert_eq!(got(&canonical), Ok((kind, canonical.clone())));
            }
        }
    }
}
