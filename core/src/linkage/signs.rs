//! The letters and digits of an identifier or postcode as one number, so that two are compared without reading their texts.

/// Bits of a sign: room for a digit, a letter, or none.
const BITS: u32 = 6;

/// The longest identifier that is looked at.
const LONGEST: u32 = 20;

/// Fewer signs than these are no identifier of which a slip could be told.
const FEWEST: u32 = 5;

/// The digits and capital letters of an identifier, in their order; what stands between them does not count. Beyond
/// twenty nothing is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signs(u128);

impl Signs {
    /// Those of an identifier.
    pub fn of(id: &str) -> Self {
        let signs = id.bytes().filter_map(sign).take(LONGEST as usize);
        Self(signs.zip(0..).fold(0, |all, (sign, at): (u8, u32)| all | u128::from(sign) << (at * BITS)))
    }

    /// How many there are.
    pub const fn count(self) -> u32 {
        (u128::BITS - self.0.leading_zeros()).div_ceil(BITS)
    }

    /// All behind the first so many.
    const fn behind(self, signs: u32) -> Self {
        Self(if signs >= LONGEST { 0 } else { self.0 >> (signs * BITS) })
    }

    /// Whether one of two different identifiers may be the other with a slip: one sign changed, left out or added, or
    /// two neighbours exchanged. A year of two digits that failed its check may stand beside one of four.
    pub fn slip(self, other: Self) -> bool {
        let (short, long) = if self.count() <= other.count() { (self, other) } else { (other, self) };
        if short.count() < FEWEST {
            return false;
        }
        let end = long.behind(2);
        short.one_slip(long) || (long.count() == short.count() + 2 && (end == short || short.one_slip(end)))
    }

    /// Whether two different ones are one slip apart.
    pub fn one_slip(self, other: Self) -> bool {
        let (short, long) = if self.count() <= other.count() { (self, other) } else { (other, self) };
        if short == long || long.count() - short.count() > 1 {
            return false;
        }
        let same = (short.0 ^ long.0).trailing_zeros() / BITS;
        let (short_rest, long_rest) = (short.behind(same), long.behind(same));
        if short.count() < long.count() {
            return short_rest == long_rest.behind(1);
        }
        let two = |rest: Self| (rest.0 & MASK, rest.behind(1).0 & MASK);
        let ((a, b), (c, d)) = (two(short_rest), two(long_rest));
        short_rest.behind(1) == long_rest.behind(1)
            || (short_rest.behind(2) == long_rest.behind(2) && a == d && b == c)
    }
}

/// The bits of one sign.
const MASK: u128 = (1 << BITS) - 1;

/// A digit or letter as a number from 1; none for anything else.
const fn sign(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0' + 1),
        b'A'..=b'Z' => Some(byte - b'A' + 11),
        b'a'..=b'z' => Some(byte - b'a' + 37),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::text;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// The same, sign by sign.
    fn slip(x: &str, y: &str) -> bool {
        let strip = |id: &str| id.bytes().filter(u8::is_ascii_alphanumeric).take(20).collect::<Vec<u8>>();
        let (x, y) = (strip(x), strip(y));
        let (n, m) = (x.len(), y.len());
        let short = |long: &[u8], short: &[u8]| {
            long.get(2..).is_some_and(|end| end == short || text::one_slip(end, short))
        };
        n.min(m) >= 5
            && (text::one_slip(&x, &y) || (n == m + 2 && short(&x, &y)) || (m == n + 2 && short(&y, &x)))
    }

    #[test]
    fn a_slip_is_told() {
        for (a, b) in [
            ("A1234BC", "A1234BD"),
            ("A1234BC", "A1243BC"),
            ("A1234BC", "A134BC"),
            ("1998/0012345X", "98/0012345X"),
            ("1998/0012345X", "98/0012354X"),
        ] {
            assert!(Signs::of(a).slip(Signs::of(b)) && Signs::of(b).slip(Signs::of(a)), "{a} {b}");
        }
        for (a, b) in [("A1234BC", "B2345CD"), ("123", "124"), ("", ""), ("A1234BC", "A1234BC")] {
            assert!(!Signs::of(a).slip(Signs::of(b)), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn signs_say_what_texts_say(
            a in "[0-3A-Ca-b/ -]{0,24}",
            edits in prop::collection::vec((0_usize..3, 0_usize..24, "[0-3A-C]"), 0..3),
        ) {
            let mut b: Vec<char> = a.chars().collect();
            for (what, at, sign) in edits {
                let sign = sign.chars().next().unwrap_or('0');
                match what {
                    0 => b.insert(at.min(b.len()), sign),
                    1 if at < b.len() => { b.remove(at); }
                    _ if at + 1 < b.len() => b.swap(at, at + 1),
                    _ => {}
                }
            }
            let b: alloc::string::String = b.into_iter().collect();
            prop_assert_eq!(Signs::of(&a).slip(Signs::of(&b)), slip(&a, &b), "{} {}", a, b);
        }
    }
}
