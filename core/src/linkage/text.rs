//! How alike two words are: one slip apart, or alike as a whole; and how a name sounds.

/// The longest part of a word that is looked at.
const LONGEST: usize = 40;

/// The letters of a word, one byte each. Beyond ASCII the low byte of each character stands for it: within one
/// script that tells letters apart, and no more is asked here.
pub struct Letters {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Letters {
    /// The letters of a cleaned word.
    pub fn of(word: &str) -> Self {
        let mut out = Self { bytes: [0; LONGEST], len: 0 };
        for (to, c) in out.bytes.iter_mut().zip(word.chars()) {
            *to = u8::try_from(u32::from(c) & 0xff).unwrap_or(0);
            out.len += 1;
        }
        out
    }

    /// As bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Whether two different words are one slip apart: a letter changed, left out, added, or two neighbours exchanged.
pub fn one_slip(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short == long || long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (short, long) = (short.get(same..).unwrap_or_default(), long.get(same..).unwrap_or_default());
    let behind = |n: usize| long.get(n..).unwrap_or_default();
    if short.len() < long.len() {
        return short == behind(1);
    }
    match (short, long) {
        ([_, x @ ..], [_, y @ ..]) if x == y => true,
        ([one, two, x @ ..], [other, last, y @ ..]) => one == last && two == other && x == y,
        _ => false,
    }
}

/// Jaro's and Winkler's likeness of two words, in thousandths: shared letters near each other, their order, and a
/// like beginning.
pub fn likeness(a: &[u8], b: &[u8]) -> u32 {
    if a.is_empty() || b.is_empty() {
        return 0;
    }
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (mut left, mut right) = (0_u64, 0_u64);
    for (i, x) in a.iter().enumerate().take(LONGEST) {
        let from = i.saturating_sub(reach);
        for (j, y) in b.iter().enumerate().take(LONGEST.min(i + reach + 1)).skip(from) {
            if x == y && right >> j & 1 == 0 {
                right |= 1 << j;
                left |= 1 << i;
                break;
            }
        }
    }
    let common = left.count_ones();
    if common == 0 {
        return 0;
    }
    let marked = |word: &[u8], mask: u64| -> [u8; LONGEST] {
        let mut out = [0; LONGEST];
        let hits = word.iter().enumerate().take(LONGEST).filter(|(i, _)| mask >> i & 1 == 1);
        out.iter_mut().zip(hits).for_each(|(to, (_, byte))| *to = *byte);
        out
    };
    let (x, y) = (marked(a, left), marked(b, right));
    let moved = x.iter().zip(&y).filter(|(x, y)| x != y).count();
    let (common, moved) = (f64::from(common), crate::linkage::math::count(moved) / 2.0);
    let len = |word: &[u8]| crate::linkage::math::count(word.len());
    let jaro = (common / len(a) + common / len(b) + (common - moved) / common) / 3.0;
    let begin = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count();
    thousandths(jaro + crate::linkage::math::count(begin) * 0.1 * (1.0 - jaro))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn thousandths(x: f64) -> u32 {
    (x.clamp(0.0, 1.0) * 1000.0) as u32
}

/// How a name sounds, as a number: names that are written in two ways mostly share it. Vowels and doubled letters do
/// not count, and letters that stand for one sound are one.
pub fn sound(word: &str) -> u64 {
    if !word.is_ascii() {
        return super::words::hash(word.as_bytes());
    }
    let letters = Letters::of(word);
    let mut rest = letters.bytes();
    let (mut code, mut last, mut len) = (0_u64, 0_u8, 0);
    while let Some((letter, behind)) = rest.split_first() {
        let (class, skip) = sound_class(*letter, behind);
        // The first letter counts even when it is a vowel.
        let class = if len == 0 && class == 0 { b'A' } else { class };
        if class != 0 && class != last && len < 6 {
            code = code << 8 | u64::from(class);
            len += 1;
        }
        if class != 0 || !matches!(letter, b'H' | b'W') {
            last = class;
        }
        rest = behind.get(skip..).unwrap_or_default();
    }
    code
}

/// The class of a letter's sound (0 for none), and how many letters behind it belong to it.
const fn sound_class(letter: u8, behind: &[u8]) -> (u8, usize) {
    match (letter, behind) {
        (b'P', [b'H', ..]) => (b'F', 1),
        (b'G', [b'H', ..]) | (b'D', [b'G', ..]) => (b'G', 1),
        (b'C', [b'K', ..]) => (b'K', 1),
        (b'B' | b'P', _) => (b'B', 0),
        (b'F' | b'V', _) => (b'F', 0),
        (b'C' | b'K' | b'Q', _) => (b'K', 0),
        (b'G' | b'J', _) => (b'G', 0),
        (b'S' | b'Z', _) => (b'S', 0),
        (b'X', _) => (b'X', 0),
        (b'D' | b'T', _) => (b'T', 0),
        (b'M' | b'N', _) => (b'N', 0),
        (b'L' | b'R', _) => (letter, 0),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slip(a: &str, b: &str) -> bool {
        one_slip(Letters::of(a).bytes(), Letters::of(b).bytes())
    }

    #[test]
    fn one_slip_is_one() {
        for (a, b) in
            [("SMITH", "SMIHT"), ("SMITH", "SMTH"), ("SMITH", "SMITTH"), ("SMITH", "SMYTH"), ("A", "B")]
        {
            assert!(slip(a, b) && slip(b, a), "{a} {b}");
        }
        for (a, b) in
            [("SMITH", "SMITH"), ("SMITH", "SMHTI"), ("SMITH", "SMITHSS"), ("", "AB"), ("ABCD", "BADC")]
        {
            assert!(!slip(a, b) && !slip(b, a), "{a} {b}");
        }
    }

    #[test]
    fn likeness_is_that_of_the_books() {
        for (a, b, thousandths) in [
            ("MARTHA", "MARHTA", 961),
            ("DIXON", "DICKSONX", 813),
            ("DWAYNE", "DUANE", 840),
            ("ABC", "XYZ", 0),
        ] {
            assert_eq!(likeness(a.as_bytes(), b.as_bytes()), thousandths, "{a} {b}");
        }
    }

    #[test]
    fn names_written_in_two_ways_sound_alike() {
        for (a, b) in [
            ("STEPHEN", "STEVEN"),
            ("CATHERINE", "KATHERINE"),
            ("SMITH", "SMYTHE"),
            ("JEFFREY", "GEOFFREY"),
            ("PHILIP", "FILIP"),
            ("HUSSAIN", "HUSSEIN"),
        ] {
            assert_eq!(sound(a), sound(b), "{a} {b}");
        }
        assert_ne!(sound("HARPREET"), sound("GURPREET"));
        assert_ne!(sound("\u{418}\u{412}\u{410}\u{41d}"), sound("\u{41e}\u{41b}\u{415}\u{413}"));
    }

    proptest! {
        #[test]
        fn any_words_compare_and_both_ways_alike(a in "\\PC{0,50}", b in "\\PC{0,50}") {
            let (x, y) = (Letters::of(&a), Letters::of(&b));
            prop_assert_eq!(one_slip(x.bytes(), y.bytes()), one_slip(y.bytes(), x.bytes()));
            prop_assert!(likeness(x.bytes(), y.bytes()) <= 1000);
            let _ = sound(&a);
        }
    }
}
