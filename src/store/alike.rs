//! Entries that are alike: what an entry of a row of the ledger has in common with an earlier one is written once.
//!
//! A night's entries say the same few words (recipient, category, clause, grant) at the same places, and between them what is
//! each one's own. An entry that stands whole is written as the number 0 (1 byte), its length (4 bytes, little-endian) and its
//! bytes; it is a **pattern** for those behind it, counted from 1. Any other is written as the number of a pattern that is as
//! long, and by turns how many bytes the two have in common and how many are its own (1 byte each), which follow. Nothing here
//! knows what an entry says; each comes back byte for byte.

/// Patterns of a row, at the most.
const PATTERNS: usize = 32;
/// Equal bytes between different ones that are worth two numbers.
const WORTH: usize = 4;
/// Bytes that one number counts.
const MOST: usize = 255;

/// The patterns of a row that is being written.
#[derive(Debug, Default)]
pub(super) struct Patterns(Vec<Vec<u8>>);

impl Patterns {
    /// Appends an entry.
    pub(super) fn put(&mut self, out: &mut Vec<u8>, entry: &[u8]) {
        let start = out.len();
        if let Some((number, pattern)) = (1u8..).zip(&self.0).find(|(_, p)| p.len() == entry.len()) {
            out.push(number);
            put_differences(out, pattern, entry);
            if out.len() - start <= entry.len() {
                return;
            }
            out.truncate(start);
        }
        out.push(0);
        out.extend_from_slice(&u32::try_from(entry.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(entry);
        if self.0.len() < PATTERNS {
            self.0.push(entry.to_vec());
        }
    }
}

/// Both are as long.
fn put_differences(out: &mut Vec<u8>, pattern: &[u8], entry: &[u8]) {
    let (mut pattern, mut entry) = (pattern, entry);
    while !entry.is_empty() {
        let common = entry.iter().zip(pattern).take(MOST).take_while(|(a, b)| a == b).count();
        (pattern, entry) = (behind(pattern, common), behind(entry, common));
        let own = different(pattern, entry);
        out.extend_from_slice(&[common, own].map(|count| u8::try_from(count).unwrap_or(u8::MAX)));
        out.extend_from_slice(entry.get(..own).unwrap_or_default());
        (pattern, entry) = (behind(pattern, own), behind(entry, own));
    }
}

fn behind(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or_default()
}

/// How many bytes go before the next that are equal for long enough.
fn different(pattern: &[u8], entry: &[u8]) -> usize {
    let (mut count, mut equal) = (0, 0);
    for (a, b) in entry.iter().zip(pattern).take(MOST) {
        count += 1;
        equal = if a == b { equal + 1 } else { 0 };
        if equal == WORTH {
            return count - WORTH;
        }
    }
    count
}

/// The patterns of a row that is read.
#[derive(Debug, Default)]
pub(super) struct Read<'a>(Vec<&'a [u8]>);

impl<'a> Read<'a> {
    /// Takes an entry off the front; `None` when there is none that reads.
    pub(super) fn take(&mut self, rest: &mut &'a [u8]) -> Option<Vec<u8>> {
        let (number, mut bytes) = rest.split_first()?;
        let entry = match usize::from(*number).checked_sub(1) {
            None => self.whole(&mut bytes)?.to_vec(),
            Some(pattern) => like(self.0.get(pattern)?, &mut bytes)?,
        };
        *rest = bytes;
        Some(entry)
    }

    fn whole(&mut self, bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        let (length, behind) = bytes.split_first_chunk::<4>()?;
        let (entry, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        *bytes = behind;
        if self.0.len() < PATTERNS {
            self.0.push(entry);
        }
        Some(entry)
    }
}

fn like(pattern: &[u8], bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let mut entry = Vec::with_capacity(pattern.len());
    while entry.len() < pattern.len() {
        let ([common, own], behind) = bytes.split_first_chunk::<2>()?;
        let (own, behind) = behind.split_at_checked(usize::from(*own))?;
        let common = pattern.get(entry.len()..)?.get(..usize::from(*common))?;
        if common.is_empty() && own.is_empty() {
            return None;
        }
        entry.extend_from_slice(common);
        entry.extend_from_slice(own);
        *bytes = behind;
    }
    (entry.len() == pattern.len()).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(entries: &[Vec<u8>]) -> Vec<u8> {
        let (mut patterns, mut out) = (Patterns::default(), Vec::new());
        entries.iter().for_each(|entry| patterns.put(&mut out, entry));
        out
    }

    fn unpacked(mut bytes: &[u8]) -> (Vec<Vec<u8>>, usize) {
        let (mut read, mut entries) = (Read::default(), Vec::new());
        while let Some(entry) = read.take(&mut bytes) {
            entries.push(entry);
        }
        (entries, bytes.len())
    }

    const WORDS: &[&[u8]] = &[b"prison_release", b"person", b"", b"5.1.5.i"];

    /// Entries of a few shapes: a word, bytes of their own, a word, bytes of their own.
    fn entry() -> impl Strategy<Value = Vec<u8>> {
        let word = || prop::sample::select(WORDS);
        let own = || prop::collection::vec(prop::sample::select([0u8, 1, 255].to_vec()), 0..5);
        let long = prop::collection::vec(any::<u8>(), 0..600);
        prop_oneof![
            4 => (word(), own(), word(), own()).prop_map(|(a, b, c, d)| [a, &b, c, &d].concat()),
            1 => long,
            1 => (0usize..600).prop_map(|length| vec![7; length]),
        ]
    }

    proptest! {
        #[test]
        fn entries_come_back_byte_for_byte(entries in prop::collection::vec(entry(), 0..120)) {
            prop_assert_eq!(unpacked(&packed(&entries)), (entries, 0));
        }

        #[test]
        fn no_entry_takes_more_than_itself_and_five_bytes(entries in prop::collection::vec(entry(), 0..60)) {
            let most: usize = entries.iter().map(|entry| entry.len() + 5).sum();
            prop_assert!(packed(&entries).len() <= most);
        }

        #[test]
        fn whatever_bytes_there_are_reading_them_ends(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let (entries, left) = unpacked(&bytes);
            prop_assert!(entries.len() + left <= bytes.len());
        }
    }

    #[test]
    fn words_in_common_are_written_once() {
        let entry = |own: u8| [b"recipient".as_slice(), &[own; 16], b"category clause", &[own; 16]].concat();
        let entries: Vec<Vec<u8>> = (0..10).map(entry).collect();
        // The first stands whole; each other is its pattern's number, twice two numbers, and 32 bytes of its own.
        assert_eq!(packed(&entries).len(), (5 + 56) + 9 * (1 + 2 + 16 + 2 + 16));
    }

    #[test]
    fn a_number_that_counts_nothing_is_not_read_for_ever() {
        let (whole, like) = ([0, 1, 0, 0, 0, 9], [1, 0, 0]);
        assert_eq!(unpacked(&[whole.as_slice(), &like].concat()), (vec![vec![9]], 3));
        assert_eq!(unpacked(&[whole.as_slice(), &[1, 2, 0]].concat()), (vec![vec![9]], 3));
    }
}
