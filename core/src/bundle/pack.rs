//! Bytes in and out: numbers, texts and dates in one canonical form, for holdings, spooled rows and the ledger.
//!
//! A number is little-endian base 128 without superfluous bytes, so that one value has one form.

use alloc::vec::Vec;
use jiff::civil::Date;

/// Bytes that are not what this version writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored bytes are damaged or of an unknown version")]
pub struct Malformed;

pub(crate) fn put_number(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push((n & 0x7f) as u8);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Years 0 to 9999, as every date here is a run's or a record's day.
pub(crate) fn put_date(out: &mut Vec<u8>, date: Date) {
    let year = u64::from(date.year().unsigned_abs());
    put_number(
        out,
        (year << 9) | (u64::from(date.month().unsigned_abs()) << 5) | u64::from(date.day().unsigned_abs()),
    );
}

/// Takes values off the front of some bytes.
#[derive(Clone)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (first, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(first)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let (mut n, mut shift) = (0u64, 0u32);
        loop {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift > 63 || (shift == 63 && low > 1) {
                return Err(Malformed);
            }
            n |= low << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(Malformed) } else { Ok(n) };
            }
            shift += 7;
        }
    }

    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        // Whatever is counted takes at least a byte each, so a count above what is left is a lie;
        // refusing it here keeps a damaged count from asking for memory.
        let n = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        if n > self.0.len() { Err(Malformed) } else { Ok(n) }
    }

    pub(crate) fn small(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.number()?).map_err(|_| Malformed)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let len = self.count()?;
        core::str::from_utf8(self.bytes(len)?).map_err(|_| Malformed)
    }

    pub(crate) fn date(&mut self) -> Result<Date, Malformed> {
        let n = self.number()?;
        let year = i16::try_from(n >> 9).map_err(|_| Malformed)?;
        let (month, day) = (((n >> 5) & 0x0f) as i8, (n & 0x1f) as i8);
        Date::new(year, month, day).map_err(|_| Malformed)
    }

    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_come_back_as_they_went(n: u64, text in ".{0,40}", year in 0i16..=9999, month in 1i8..=12, day in 1i8..=28) {
            let mut out = Vec::new();
            let date = Date::constant(year, month, day);
            put_number(&mut out, n);
            put_text(&mut out, &text);
            put_date(&mut out, date);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.number(), Ok(n));
            prop_assert_eq!(reader.text(), Ok(text.as_str()));
            prop_assert_eq!(reader.date(), Ok(date));
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn a_number_has_one_form(bytes in proptest::collection::vec(any::<u8>(), 1..12)) {
            let mut reader = Reader::new(&bytes);
            if let Ok(n) = reader.number() {
                let mut again = Vec::new();
                put_number(&mut again, n);
                prop_assert_eq!(&bytes[..bytes.len() - reader.rest().len()], &again[..]);
            }
        }
    }
}
