//! Names, addresses, texts and numbers: tidied, never changed in meaning.

use super::{EMPTY, Fault, NUMBER, guarded};
use alloc::string::String;
use alloc::vec::Vec;
use unicode_normalization::UnicodeNormalization as _;

/// The twelve characters that turn the direction of text (Unicode `Bidi_Control`): what a reader sees
/// would not be what is stored.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Reads a name: as written, in composed form, with white space folded and control characters removed.
pub fn name(text: &str, out: &mut String) -> Result<(), Fault> {
    line(text, out)
}

/// Reads one line of an address, as a name is read.
pub fn address(text: &str, out: &mut String) -> Result<(), Fault> {
    line(text, out)
}

fn line(text: &str, out: &mut String) -> Result<(), Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(EMPTY);
    }
    let simple = text.bytes().all(|b| (b' '..0x7f).contains(&b)) && !text.contains("  ");
    if simple {
        out.push_str(text);
        return Ok(());
    }
    guarded(out, |out| {
        let before = out.len();
        let mut space = false;
        for c in text.nfc().filter(|c| !turns(*c)) {
            if c.is_whitespace() {
                space = true;
            } else if !c.is_control() {
                if space && out.len() > before {
                    out.push(' ');
                }
                space = false;
                out.push(c);
            }
        }
        if out.len() == before { Err(EMPTY) } else { Ok(()) }
    })
}

/// Reads free text: composed form, line breaks as `\n`, other control characters removed.
pub fn text(text: &str, out: &mut String) -> Result<(), Fault> {
    guarded(out, |out| {
        let before = out.len();
        let mut letters = text.trim().nfc().peekable();
        while let Some(c) = letters.next() {
            match c {
                '\r' => {
                    if letters.peek() != Some(&'\n') {
                        out.push('\n');
                    }
                }
                '\n' => out.push('\n'),
                '\t' => out.push(' '),
                c if c.is_control() || turns(c) => {}
                c => out.push(c),
            }
        }
        // What was removed may have stood outside the white space that was trimmed before.
        let kept = out.get(before..).unwrap_or_default();
        let (inner, end) = (kept.trim_start(), kept.trim_end().len());
        let start = kept.len() - inner.len();
        out.truncate(before + end.max(start));
        out.replace_range(before..before + start, "");
        if out.len() == before { Err(EMPTY) } else { Ok(()) }
    })
}

/// Reads a decimal number: `1,234.50`, `-12`, `(12.00)`, `+7`. Written without leading zeros, commas or
/// a needless point.
pub fn number(text: &str, out: &mut String) -> Result<(), Fault> {
    guarded(out, |out| decimal(text.trim(), false, out))
}

/// Reads an amount of money; a pound sign may stand before it. `positive_is_credit` is the feed's sign
/// rule: canonical amounts are positive when owed by the person.
pub fn money(text: &str, positive_is_credit: bool, out: &mut String) -> Result<(), Fault> {
    let text = text.trim();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let rest = rest.trim_start().strip_prefix('\u{a3}').unwrap_or(rest).trim_start();
    guarded(out, |out| decimal(rest, sign != positive_is_credit, out))
}

fn decimal(text: &str, turn: bool, out: &mut String) -> Result<(), Fault> {
    let (negative, body) = match (text.strip_prefix('(').and_then(|t| t.strip_suffix(')')), text.strip_prefix('-')) {
        (Some(inner), _) => (true, inner),
        (None, Some(rest)) => (true, rest),
        (None, None) => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    let grouped = whole.contains(',');
    let groups_fit = !grouped
        || whole.split(',').enumerate().all(|(n, g)| if n == 0 { (1..=3).contains(&g.len()) } else { g.len() == 3 });
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit() || b == b',');
    let whole_digits = whole.bytes().filter(u8::is_ascii_digit).count();
    let fits = whole_digits > 0 && whole_digits <= 18 && fraction.len() <= 9 && groups_fit;
    if !fits || !digits(whole) || !fraction.bytes().all(|b| b.is_ascii_digit()) || body.ends_with('.') {
        return Err(NUMBER);
    }
    let fraction = fraction.trim_end_matches('0');
    let leading = whole.trim_start_matches(['0', ',']);
    let zero = leading.is_empty() && fraction.is_empty();
    if negative != turn && !zero {
        out.push('-');
    }
    if leading.is_empty() {
        out.push('0');
    }
    out.extend(leading.chars().filter(|c| *c != ','));
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    Ok(())
}

/// Prefixes that systems put before names of broken rows.
const PREFIXES: [&str; 3] = ["MIG_ERROR_", "NO_SHOW_", "DUPLICATE_"];
/// Titles that stand in forename columns.
const TITLES: [&str; 5] = ["MR", "MRS", "MISS", "MS", "DR"];

/// A name cleaned for comparison, never for storage (the MoJ's cleaning: upper case, system prefixes off,
/// hyphens to spaces, apostrophes out, titles and initials dropped from forenames).
/// Gives the surname as one text without spaces (`MC SMITH` and `O BRIEN` are one with their joined
/// forms) and the forenames in order.
pub fn match_name(surname: &str, forenames: &str) -> (String, Vec<String>) {
    let surname = parts(surname).concat();
    let real = |p: &String| p.chars().count() > 1 && !TITLES.contains(&p.as_str());
    let forenames = parts(forenames).into_iter().filter(real).collect();
    (surname, forenames)
}

fn parts(text: &str) -> Vec<String> {
    let mut upper = String::with_capacity(text.len());
    for c in text.trim().nfc() {
        match c {
            '\'' | '\u{2019}' | '\u{2018}' | '`' | '\u{b4}' => {}
            '-' | '\u{2010}' | '\u{2013}' | '.' | ',' => upper.push(' '),
            c => upper.extend(c.to_uppercase()),
        }
    }
    let mut rest = upper.as_str();
    while let Some(shorter) = PREFIXES.iter().find_map(|p| rest.strip_prefix(p)) {
        rest = shorter;
    }
    if rest.trim() == "NOT ENTERED" { Vec::new() } else { rest.split_whitespace().map(Into::into).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(read: impl Fn(&str, &mut String) -> Result<(), Fault>, text: &str) -> Result<String, Fault> {
        let mut out = String::new();
        read(text, &mut out).map(|()| out)
    }

    #[test]
    fn names_are_kept_as_written() {
        let cases = [
            ("  Connor  James ", Ok("Connor James")),
            ("O\u{2019}Neill", Ok("O\u{2019}Neill")),
            ("Zoe\u{308}", Ok("Zo\u{eb}")),
            ("A\u{202e}BC", Ok("ABC")),
            ("\u{1}", Err(EMPTY)),
            ("   ", Err(EMPTY)),
        ];
        for (text, expected) in cases {
            assert_eq!(with(name, text).as_deref(), expected.as_ref().copied(), "{text:?}");
        }
    }

    #[test]
    fn texts_keep_their_lines() {
        assert_eq!(with(super::text, "one\r\ntwo\rthree\tfour\u{0}").as_deref(), Ok("one\ntwo\nthree four"));
    }

    #[test]
    fn numbers_are_decimal_and_never_scientific() {
        let good =
            [("007", "7"), ("1,234.50", "1234.5"), ("(12.00)", "-12"), ("-0", "0"), ("+7", "7"), ("0.25", "0.25"), ("36", "36")];
        for (text, expected) in good {
            assert_eq!(with(number, text).as_deref(), Ok(expected), "{text}");
        }
        for bad in ["1.2E+11", "", "1,23", "12.", ".5", "85+", "<1", "1 2", "--1", "9999999999999999999"] {
            assert_eq!(with(number, bad), Err(NUMBER), "{bad}");
        }
    }

    #[test]
    fn money_follows_the_feeds_sign() {
        assert_eq!(with(|t, o| money(t, false, o), "\u{a3}184.30").as_deref(), Ok("184.3"));
        assert_eq!(with(|t, o| money(t, true, o), "184.30").as_deref(), Ok("-184.3"));
        assert_eq!(with(|t, o| money(t, true, o), "-\u{a3}5").as_deref(), Ok("5"));
    }

    #[test]
    fn names_compare_across_systems() {
        let same = [("O'BRIEN", "MR Sean"), ("O BRIEN", "SEAN"), ("O\u{2019}Brien", "S\u{e9}an")];
        assert_eq!(match_name(same[0].0, same[0].1), ("OBRIEN".into(), alloc::vec!["SEAN".into()]));
        assert_eq!(match_name(same[2].0, "Sean").0, "OBRIEN");
        assert_eq!(match_name(same[1].0, "A Sean B").1, match_name(same[1].0, "Sean").1);
        assert_eq!(match_name(same[1].0, same[1].1).0, "OBRIEN");
        assert_eq!(match_name("MC SMITH", "Jo-Anne").0, "MCSMITH");
        assert_eq!(match_name("MIG_ERROR_DUPLICATE_KHAN", "").0, "KHAN");
        assert_eq!(match_name("O'Neill-Marsh", "").0, match_name("ONEILL MARSH", "").0);
    }

    proptest! {
        #[test]
        fn never_panic_and_read_their_own_writing(text in "\\PC{0,40}|.{0,40}") {
            for read in [name, super::text, number] {
                if let Ok(out) = with(read, &text) {
                    prop_assert_eq!(with(read, &out), Ok(out.clone()));
                }
            }
            let _ = (match_name(&text, &text), with(|t, o| money(t, true, o), &text));
        }
    }
}
