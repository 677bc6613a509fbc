//! The journal of one bundle: per person what the recipient holds afterwards, and what the ledger will say.
//!
//! An entry: the person's row (8 bytes), then parts, each with its length (4 bytes): what is held afterwards (the
//! length 2^32 − 1 = unchanged), and one part a ledger entry.

use crate::store::PersonRef;

const UNCHANGED: u32 = u32::MAX;

/// Journal entries of some people, one behind the other.
#[derive(Default)]
pub struct Journal {
    bytes: Vec<u8>,
    /// Where each entry ends.
    ends: Vec<usize>,
}

impl Journal {
    /// Adds one person's entry; `entries` appends each ledger entry through [`part`].
    pub fn add(&mut self, person: PersonRef, after: Option<&[u8]>, entries: impl FnOnce(&mut Vec<u8>)) {
        self.bytes.extend_from_slice(&person.0.to_le_bytes());
        match after {
            Some(held) => part(&mut self.bytes, |out| out.extend_from_slice(held)),
            None => self.bytes.extend_from_slice(&UNCHANGED.to_le_bytes()),
        }
        entries(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// The entries in the order in which they came.
    pub fn entries(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| self.bytes.get(start..*end))
    }
}

/// Appends one part with its length before it.
pub fn part(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len() - at - 4).unwrap_or(UNCHANGED - 1);
    if let Some(slot) = out.get_mut(at..at + 4) {
        slot.copy_from_slice(&length.to_le_bytes());
    }
}

/// What a journal entry says.
pub struct JournalEntry<'a> {
    /// The person's row.
    pub person: PersonRef,
    /// What the recipient holds afterwards; `None` when that did not change.
    pub after: Option<&'a [u8]>,
    /// The ledger entries.
    pub entries: Vec<&'a [u8]>,
}

impl<'a> JournalEntry<'a> {
    /// Reads one entry back; `None` when it is not one.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (person, mut rest) = bytes.split_first_chunk::<8>()?;
        let person = PersonRef(i64::from_le_bytes(*person));
        let after = match rest.split_first_chunk::<4>()? {
            (length, behind) if u32::from_le_bytes(*length) == UNCHANGED => {
                rest = behind;
                None
            }
            _ => Some(take(&mut rest)?),
        };
        let mut entries = Vec::new();
        while !rest.is_empty() {
            entries.push(take(&mut rest)?);
        }
        Some(Self { person, after, entries })
    }
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let (part, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = behind;
    Some(part)
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn journal_entries_come_back() {
        let mut journal = Journal::default();
        journal.add(PersonRef(7), None, |out| {
            part(out, |out| out.extend_from_slice(&[1, 2]));
            part(out, |_| {});
        });
        journal.add(PersonRef(8), Some(&[9]), |_| {});
        let bytes: Vec<&[u8]> = journal.entries().collect();
        let back = JournalEntry::read(bytes[0]).unwrap();
        assert_eq!((back.person, back.after, back.entries), (PersonRef(7), None, vec![&[1u8, 2][..], &[]]));
        let back = JournalEntry::read(bytes[1]).unwrap();
        assert_eq!((back.person, back.after, back.entries.len()), (PersonRef(8), Some(&[9u8][..]), 0));
        assert!(JournalEntry::read(&bytes[0][..bytes[0].len() - 1]).is_none());
    }
}
