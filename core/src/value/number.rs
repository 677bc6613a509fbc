//! Numbers and money as decimal text; no floating point anywhere.

use super::codes::{EMPTY, MONEY, NUMBER, SCIENTIFIC};
use super::{Fault, is_space};
use alloc::string::String;

/// Most digits before the point.
const WHOLE_DIGITS: usize = 18;

/// Most digits behind the point.
const FRACTION_DIGITS: usize = 20;

/// A decimal as written, with the parts apart.
struct Decimal<'a> {
    negative: bool,
    /// Digits, with commas between thousands.
    whole: &'a str,
    /// Digits without zeros at the end.
    fraction: &'a str,
}

impl Decimal<'_> {
    fn digits(&self) -> impl Iterator<Item = char> {
        self.whole.chars().filter(|c| *c != ',').skip_while(|c| *c == '0')
    }

    fn is_zero(&self) -> bool {
        self.fraction.is_empty() && self.digits().next().is_none()
    }

    /// Appends sign and whole part; zero has no sign.
    fn push_whole(&self, negative: bool, out: &mut String) {
        if negative && !self.is_zero() {
            out.push('-');
        }
        let start = out.len();
        out.extend(self.digits());
        if out.len() == start {
            out.push('0');
        }
    }
}

/// Appends a number without leading zeros, thousands' commas or zeros at the end: `1234.5`.
///
/// Shares, bounds and bands (`40%`, `<1`, `85+`) are refused, and so is scientific notation.
pub fn number(text: &str, out: &mut String) -> Result<(), Fault> {
    let trimmed = text.trim_matches(is_space);
    let (negative, body) = split_sign(trimmed);
    let decimal = decimal(body, negative).ok_or_else(|| why_not(trimmed, NUMBER))?;
    decimal.push_whole(decimal.negative, out);
    if !decimal.fraction.is_empty() {
        out.push('.');
        out.push_str(decimal.fraction);
    }
    Ok(())
}

/// Appends an amount in pounds with two decimals: `1234.50`.
///
/// The gateway's own sign: a positive amount is owed by the person, a negative one is in credit.
/// A feed that writes credit as positive says so (`positive_is_credit`), and its sign is turned.
pub fn money(text: &str, positive_is_credit: bool, out: &mut String) -> Result<(), Fault> {
    let trimmed = text.trim_matches(is_space);
    let decimal = amount(trimmed).ok_or_else(|| why_not(trimmed, MONEY))?;
    if decimal.fraction.len() > 2 {
        return Err(MONEY);
    }
    decimal.push_whole(decimal.negative != positive_is_credit, out);
    out.push('.');
    out.push_str(decimal.fraction);
    out.extend(core::iter::repeat_n('0', 2 - decimal.fraction.len()));
    Ok(())
}

fn why_not(trimmed: &str, otherwise: Fault) -> Fault {
    if trimmed.is_empty() {
        return EMPTY;
    }
    let scientific = trimmed.split_once(['e', 'E']).is_some_and(|(mantissa, exponent)| {
        let (_, mantissa) = split_sign(mantissa);
        let (_, exponent) = split_sign(exponent);
        decimal(mantissa, false).is_some()
            && !exponent.is_empty()
            && exponent.bytes().all(|b| b.is_ascii_digit())
    });
    if scientific { SCIENTIFIC } else { otherwise }
}

/// Below zero is written `-12.00`, `12.00-` or `(12.00)`; the pound sign may stand on either side of a sign.
fn amount(trimmed: &str) -> Option<Decimal<'_>> {
    if let Some(inner) = trimmed.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return decimal(pounds(inner.trim_matches(is_space)), true);
    }
    if let Some(body) = trimmed.strip_suffix('-') {
        return decimal(pounds(body), true);
    }
    let (before, body) = split_sign(trimmed);
    let signed = body.len() < trimmed.len();
    if let Some(rest) = body.strip_prefix('£') {
        let rest = rest.trim_start_matches(is_space);
        let (behind, digits) = split_sign(rest);
        return if signed && digits.len() < rest.len() { None } else { decimal(digits, before || behind) };
    }
    decimal(body, before)
}

fn pounds(text: &str) -> &str {
    text.strip_prefix('£').map_or(text, |rest| rest.trim_start_matches(is_space))
}

/// Takes a sign off; the true minus sign of typography counts.
fn split_sign(text: &str) -> (bool, &str) {
    if let Some(rest) = text.strip_prefix(['-', '\u{2212}']) {
        return (true, rest);
    }
    (false, text.strip_prefix('+').unwrap_or(text))
}

fn decimal(body: &str, negative: bool) -> Option<Decimal<'_>> {
    let (whole, fraction) = match body.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (body, ""),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !(digits(fraction) && fraction.len() <= FRACTION_DIGITS && is_whole(whole)) {
        return None;
    }
    Some(Decimal { negative, whole, fraction: fraction.trim_end_matches('0') })
}

/// Digits alone, or in groups of three behind a first group of one to three.
fn is_whole(whole: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    match whole.split_once(',') {
        None => digits(whole) && whole.len() <= WHOLE_DIGITS,
        Some((first, rest)) => {
            (1..=3).contains(&first.len())
                && digits(first)
                && rest.split(',').all(|group| group.len() == 3 && digits(group))
                && whole.len() <= WHOLE_DIGITS + WHOLE_DIGITS / 3
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn got(reader: impl Fn(&str, &mut String) -> Result<(), Fault>, text: &str) -> Result<String, Fault> {
        let mut out = String::from("kept");
        let result = reader(text, &mut out);
        let rest = out.strip_prefix("kept").map(String::from).unwrap_or_default();
        assert!(result.is_ok() || rest.is_empty(), "a refused value left something behind");
        result.map(|()| rest)
    }

    fn owed(text: &str, out: &mut String) -> Result<(), Fault> {
        money(text, false, out)
    }

    fn credit(text: &str, out: &mut String) -> Result<(), Fault> {
        money(text, true, out)
    }

    #[test]
    fn a_number_is_decimal_text() {
        for (text, canonical) in [
            ("42", "42"),
            (" 007 ", "7"),
            ("+3.50", "3.5"),
            ("-0.0", "0"),
            (".5", "0.5"),
            ("1,234,567.0", "1234567"),
            ("\u{2212}12", "-12"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("123456789012345678", "123456789012345678"),
        ] {
            assert_eq!(got(number, text).as_deref(), Ok(canonical), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (text, fault) in [
            ("", EMPTY),
            ("1.2E+11", SCIENTIFIC),
            ("4e3", SCIENTIFIC),
            ("-1E-5", SCIENTIFIC),
            ("<1", NUMBER),
            ("85+", NUMBER),
            ("40%", NUMBER),
            ("1 000", NUMBER),
            ("12,34", NUMBER),
            ("1,2345", NUMBER),
            (",123", NUMBER),
            ("5.", NUMBER),
            (".", NUMBER),
            ("-", NUMBER),
            ("--1", NUMBER),
            ("1.2.3", NUMBER),
            ("\u{661}", NUMBER),
            ("£5", NUMBER),
            ("1234567890123456789", NUMBER),
        ] {
            assert_eq!(got(number, text), Err(fault), "{text}");
        }
    }

    #[test]
    fn money_has_two_decimals_and_one_sign() {
        for (text, canonical) in [
            ("12", "12.00"),
            ("£1,234.5", "1234.50"),
            ("(12.00)", "-12.00"),
            ("(£12)", "-12.00"),
            ("-£3.10", "-3.10"),
            ("£ -3.10", "-3.10"),
            ("3.10-", "-3.10"),
            ("-0.00", "0.00"),
            ("7.5000", "7.50"),
        ] {
            assert_eq!(got(owed, text).as_deref(), Ok(canonical), "{text}");
        }
        for (text, fault) in [
            ("", EMPTY),
            ("£", MONEY),
            ("12.005", MONEY),
            ("(-12)", MONEY),
            ("-£-12", MONEY),
            ("-12-", MONEY),
            ("12.00 CR", MONEY),
            ("1.2E+3", SCIENTIFIC),
            ("$5", MONEY),
        ] {
            assert_eq!(got(owed, text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_feed_that_writes_credit_as_positive_has_its_sign_turned() {
        for (text, canonical) in [("12", "-12.00"), ("-12", "12.00"), ("(5)", "5.00"), ("0", "0.00")] {
            assert_eq!(got(credit, text).as_deref(), Ok(canonical), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_or_is_refused_and_reads_again_as_itself(
            text in prop_oneof![".{0,12}", "[-+(£]{0,2}[0-9,]{0,9}[.]?[0-9]{0,4}[-)eE]?[0-9]{0,2}"],
        ) {
            for reader in [number, owed] {
                if let Ok(canonical) = got(reader, &text) {
                    prop_assert_eq!(got(reader, &canonical), Ok(canonical.clone()));
                }
            }
            if let Ok(canonical) = got(credit, &text) {
                prop_assert_eq!(got(owed, &canonical), Ok(canonical.clone()));
                let turned = got(credit, &canonical).map(|t| got(credit, &t));
                prop_assert_eq!(turned, Ok(Ok(canonical)));
            }
        }

        #[test]
        fn whole_numbers_keep_their_value(n in -999_999_999_999_999_999_i64..=999_999_999_999_999_999) {
            prop_assert_eq!(got(number, &std::format!("{n}")), Ok(std::format!("{n}")));
        }
    }
}
