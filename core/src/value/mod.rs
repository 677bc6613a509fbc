//! Typed values: from a partner's text to the one canonical text that the schema knows.
//!
//! Each reader checks first and appends the canonical text to `out` last, so that a [`Fault`] leaves
//! `out` as it was. A fault names the rule that was broken, never the value. Canonical text read again gives
//! itself (money: under the gateway's own sign), so a record can be compared byte by byte with its
//! earlier version. No reader allocates, except where `out` grows.

mod codes;
pub mod date;
pub mod identifier;
pub(crate) mod matching;
mod number;
pub mod plain;
pub mod postcode;

use alloc::string::String;

pub use codes::CODES;

/// Why a value was refused. Names the rule, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault(pub &'static str);

/// White space as partners' systems make it: Unicode's, and the four ASCII separators 1C to 1F.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// The number that a few ASCII digits stand for; `None` for anything else, or for too many.
fn whole(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |n, d| n * 10 + u64::from(d - b'0')))
}

/// Appends ASCII bytes that have been checked.
fn push_ascii(out: &mut String, bytes: &[u8]) {
    out.extend(bytes.iter().map(|b| char::from(*b)));
}

/// Appends digits, with zeros before them up to a width.
fn push_padded(out: &mut String, digits: &[u8], width: usize) {
    out.extend(core::iter::repeat_n('0', width.saturating_sub(digits.len())));
    push_ascii(out, digits);
}

/// Appends a number below 10,000 with zeros before it up to a width.
fn push_number(out: &mut String, number: u16, width: usize) {
    let digit = |place: u16| char::from(b'0' + u8::try_from(number / place % 10).unwrap_or(0));
    let digits = [1000, 100, 10, 1].map(digit);
    out.extend(digits.iter().skip(digits.len().saturating_sub(width)));
}
