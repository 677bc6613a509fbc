//! UK postcodes (BS7666): outward A9 A99 A9A AA9 AA99 AA9A, inward 9AA, and GIR 0AA.

use super::{Fault, POSTCODE};
use alloc::string::String;

/// What a postcode column said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Postcode {
    /// A postcode, appended as `OUT IN`.
    Whole,
    /// The marker for no fixed abode (NF1 1NF, NF1 1FA): nothing is appended, and it never links.
    NoFixedAbode,
}

/// Reads a postcode: case and spaces are tidied, and the letter O is read as zero where only a digit can stand.
pub fn read(text: &str, out: &mut String) -> Result<Postcode, Fault> {
    let mut letters = [0u8; 7];
    let mut used = 0;
    for c in text.trim_matches(|c: char| c.is_whitespace() || c == '-').chars().filter(|c| !c.is_whitespace()) {
        let slot = letters.get_mut(used).ok_or(POSTCODE)?;
        if !c.is_ascii_alphanumeric() {
            return Err(POSTCODE);
        }
        *slot = u8::try_from(c.to_ascii_uppercase()).map_err(|_| POSTCODE)?;
        used += 1;
    }
    let letters = letters.get_mut(..used).filter(|l| l.len() >= 5).ok_or(POSTCODE)?;
    if matches!(&*letters, b"NF11NF" | b"NF11FA") {
        return Ok(Postcode::NoFixedAbode);
    }
    if !valid(letters) {
        mend(letters);
        if !valid(letters) {
            return Err(POSTCODE);
        }
    }
    let (outward, inward) = letters.split_at_checked(used - 3).ok_or(POSTCODE)?;
    out.extend(outward.iter().map(|b| char::from(*b)));
    out.push(' ');
    out.extend(inward.iter().map(|b| char::from(*b)));
    Ok(Postcode::Whole)
}

/// Reads O as zero where only a digit can stand: first of the inward part, last of a plain outward part.
fn mend(letters: &mut [u8]) {
    let inward = letters.len() - 3;
    let digit = |letters: &mut [u8], at: usize| {
        if let Some(b) = letters.get_mut(at).filter(|b| **b == b'O') {
            *b = b'0';
        }
    };
    digit(letters, inward);
    if !valid(letters) && inward >= 2 {
        digit(letters, inward - 1);
    }
}

fn valid(letters: &[u8]) -> bool {
    if letters == b"GIR0AA" {
        return true;
    }
    let Some((outward, [digit, a, b])) = letters.split_last_chunk::<3>() else { return false };
    let inward = |b: &u8| b.is_ascii_uppercase() && !b"CIKMOV".contains(b);
    digit.is_ascii_digit() && inward(a) && inward(b) && valid_outward(outward)
}

fn valid_outward(outward: &[u8]) -> bool {
    let first = |b: &u8| b.is_ascii_uppercase() && !b"QVX".contains(b);
    let second = |b: &u8| b.is_ascii_uppercase() && !b"IJZ".contains(b);
    let digit = u8::is_ascii_digit;
    match outward {
        [a, x] => first(a) && digit(x),
        [a, b, x] if b.is_ascii_uppercase() => first(a) && second(b) && digit(x),
        [a, x, y] => first(a) && digit(x) && (digit(y) || b"ABCDEFGHJKPSTUW".contains(y)),
        [a, b, x, y] => first(a) && second(b) && digit(x) && (digit(y) || b"ABEHMNPRVWXY".contains(y)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tidy(text: &str) -> Result<(Postcode, String), Fault> {
        let mut out = String::new();
        read(text, &mut out).map(|p| (p, out))
    }

    #[test]
    fn tidies_repairs_and_refuses() {
        let good = [
            ("LS12 2TJ", "LS12 2TJ"),
            ("ls97tf", "LS9 7TF"),
            ("W1A 0AX", "W1A 0AX"),
            (" LS9\u{a0}OTF", "LS9 0TF"),
            ("LSO 7TF", "LS0 7TF"),
            ("gir 0aa", "GIR 0AA"),
            ("EC1A 1BB", "EC1A 1BB"),
        ];
        for (text, expected) in good {
            assert_eq!(tidy(text), Ok((Postcode::Whole, expected.into())), "{text}");
        }
        for marker in ["NF1 1NF", "nf11fa"] {
            assert_eq!(tidy(marker), Ok((Postcode::NoFixedAbode, String::new())));
        }
        for bad in ["LS12 2TI", "QS1 1AA", "LS9", "", "NFA", "LS9 7TF X", "LS9-7TF", "L\u{e9}9 7TF", "LS9 7OF"] {
            assert_eq!(tidy(bad), Err(POSTCODE), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_reads_its_own_writing(text in ".{0,12}") {
            if let Ok((Postcode::Whole, out)) = tidy(&text) {
                prop_assert_eq!(tidy(&out), Ok((Postcode::Whole, out.clone())));
            }
        }
    }
}
