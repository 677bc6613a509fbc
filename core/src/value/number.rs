//! Numbers and money as decimal text; no floating point anywhere.

use super::codes::{EMPTY, MONEY, NUMBER, SCIENTIFIC};
use super::{Fault, is_space};
use alloc::string::String;
use core::fmt::Write as _;

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

/// Appends a number that the partner writes in another unit: `times` of ours are one of theirs.
///
/// What is no number is refused as [`number`] refuses it, and so is a product of more than 38 digits.
pub fn number_of(text: &str, times: u32, out: &mut String) -> Result<(), Fault> {
    let trimmed = text.trim_matches(is_space);
    let (negative, body) = split_sign(trimmed);
    let decimal = decimal(body, negative).ok_or_else(|| why_not(trimmed, NUMBER))?;
    let digits = decimal.digits().chain(decimal.fraction.chars()).filter_map(|c| c.to_digit(10));
    let value = digits.fold(0u128, |sum, digit| sum * 10 + u128::from(digit));
    let value = value.checked_mul(u128::from(times)).ok_or(NUMBER)?;
    let scale = 10u128.pow(u32::try_from(decimal.fraction.len()).map_err(|_| NUMBER)?);
    let (whole, rest) = (value / scale, value % scale);
    let sign = if decimal.negative && value > 0 { "-" } else { "" };
    write!(out, "{sign}{whole}").map_err(|_| NUMBER)?;
    if rest > 0 {
        let behind = alloc::format!("{rest:0width$}", width = decimal.fraction.len());
        write!(out, ".{}", behind.trim_end_matches('0')).map_err(|_| NUMBER)?;
    }
    Ok(())
}

/// Appends an amount that the partner writes in pence, in pounds with two decimals; its sign as [`money`] reads it.
/// A pound sign or a part of a penny is refused.
pub fn pence(text: &str, positive_is_credit: bool, out: &mut String) -> Result<(), Fault> {
    let trimmed = text.trim_matches(is_space);
    let decimal = amount(trimmed).ok_or_else(|| why_not(trimmed, MONEY))?;
    if !decimal.fraction.is_empty() || trimmed.contains('£') {
        return Err(MONEY);
    }
    if decimal.negative != positive_is_credit && !decimal.is_zero() {
        out.push('-');
    }
    let digits: String = decimal.digits().collect();
    let digits = alloc::format!("{digits:0>3}");
    let (pounds, pence) = digits.split_at_checked(digits.len() - 2).ok_or(MONEY)?;
    write!(out, "{pounds}.{pence}").map_err(|_| MONEY)
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

    #[test]
    fn pence_are_pounds_and_another_unit_is_ours() {
        let in_pence = |text: &str, out: &mut String| pence(text, false, out);
        let credit_in_pence = |text: &str, out: &mut String| pence(text, true, out);
        for (text, canonical) in [
            ("18430", "184.30"),
            ("5", "0.05"),
            ("-1,240", "-12.40"),
            ("(70)", "-0.70"),
            ("0", "0.00"),
            ("100.0", "1.00"),
        ] {
            assert_eq!(got(in_pence, text).as_deref(), Ok(canonical), "{text}");
        }
        assert_eq!(got(credit_in_pence, "250").as_deref(), Ok("-2.50"));
        assert_eq!(got(credit_in_pence, "0").as_deref(), Ok("0.00"));
        for text in ["£5", "12.5", "two"] {
            assert_eq!(got(in_pence, text), Err(MONEY), "{text}");
        }
        let hours = |text: &str, out: &mut String| number_of(text, 60, out);
        for (text, canonical) in [
            ("2", "120"),
            ("1.5", "90"),
            ("0.25", "15"),
            ("-1.001", "-60.06"),
            ("0", "0"),
            ("1,000", "60000"),
        ] {
            assert_eq!(got(hours, text).as_deref(), Ok(canonical), "{text}");
        }
        assert_eq!(got(hours, ""), Err(EMPTY));
        assert_eq!(got(hours, "<1"), Err(NUMBER));
        let most = std::format!("{}.{}1", "9".repeat(18), "9".repeat(19));
        assert_eq!(got(hours, &most), Err(NUMBER), "the product has too many digits");
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
