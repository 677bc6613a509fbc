//! Chapters: what one file said about one identity, sealed as one piece.
//!
//! A chapter is never edited. What stands of a record is its newest entry: an identity's chapters are read in
//! their order, and a later entry of a record takes the place of an earlier one. A record that its source has no
//! more ends with an entry that is gone, so that its numbers go on should it come back.
//!
//! In the store's bytes a head stands in clear (keyed hash and row numbers), then the sealed entries. The head
//! and the chapter's place are bound to the seal: a chapter that was moved or relabelled does not open.

use crate::agreement::PartnerId;
use crate::record::{Candidate, Fields, IdentityId, Record, RecordId, VersionHead};
use crate::rest::{NONCE_LEN, NotOpened, RestKey};
use crate::schema::CategoryId;
use alloc::vec::Vec;
use jiff::civil::Date;

const CANCELLED: u8 = 1;
const RESTRICTED: u8 = 2;
const GONE: u8 = 4;

/// Whose chapter it is and where it comes from, in row numbers of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChapterHead {
    /// Whose.
    pub identity: IdentityId,
    /// The store's number of the partner that gave it (5.2.3).
    pub partner: u64,
    /// The file that said it; 0 when no file did.
    pub file: u64,
    /// The run that accepted it.
    pub run: u64,
}

/// One version of one record. Its values are personal, so there is no `Debug`.
#[derive(Clone)]
pub struct Entry {
    record: RecordId,
    number: u32,
    category: u64,
    marks: u8,
    fields: Fields,
}

impl Entry {
    /// A version of a record: its number from 1, and the store's number of its category.
    pub fn of(candidate: Candidate, number: u32, category: u64) -> Self {
        let Candidate { id, cancelled, restricted, fields, .. } = candidate;
        let marks = u8::from(cancelled) * CANCELLED + u8::from(restricted) * RESTRICTED;
        Self { record: id, number, category, marks, fields }
    }

    /// The end of this record, under the next number.
    #[must_use]
    pub fn ended(&self) -> Self {
        let number = self.number.saturating_add(1);
        Self { record: self.record, number, category: self.category, marks: GONE, fields: Fields::new() }
    }

    /// Which record.
    pub const fn record(&self) -> RecordId {
        self.record
    }

    /// Which version, from 1.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The store's number of its category.
    pub const fn category(&self) -> u64 {
        self.category
    }

    /// Whether the record is in its source no more.
    pub const fn is_gone(&self) -> bool {
        self.marks & GONE != 0
    }

    /// Whether a candidate would change nothing.
    pub fn says(&self, candidate: &Candidate) -> bool {
        let marks = u8::from(candidate.cancelled) * CANCELLED + u8::from(candidate.restricted) * RESTRICTED;
        self.marks == marks && self.fields == candidate.fields
    }

    /// The version as the gate reads it.
    pub fn into_record(
        self,
        identity: IdentityId,
        originator: PartnerId,
        category: CategoryId,
        as_of: Date,
    ) -> Record {
        let head = VersionHead {
            id: self.record,
            number: self.number,
            identity,
            originator,
            category,
            as_of,
            cancelled: self.marks & CANCELLED != 0,
            restricted: self.marks & RESTRICTED != 0,
        };
        Record { head, fields: self.fields }
    }
}

/// Seals a chapter for its place in the store.
pub fn seal<'a>(
    head: &ChapterHead,
    place: i64,
    entries: impl IntoIterator<Item = &'a Entry>,
    key: &RestKey,
    nonce: [u8; NONCE_LEN],
) -> Vec<u8> {
    let mut plain = Vec::with_capacity(512);
    for entry in entries {
        plain.extend_from_slice(&entry.record.bytes());
        put(&mut plain, u64::from(entry.number));
        put(&mut plain, entry.category);
        plain.push(entry.marks);
        let fields = entry.fields.bytes();
        put(&mut plain, fields.len() as u64);
        plain.extend_from_slice(fields);
    }
    let mut out = Vec::with_capacity(40 + NONCE_LEN + plain.len() + 16);
    out.extend_from_slice(&head.identity.bytes());
    [head.partner, head.file, head.run].into_iter().for_each(|number| put(&mut out, number));
    let bound = bound(&out, place);
    key.seal_onto(&mut out, nonce, &bound, &plain);
    out
}

/// Opens the chapter that stands at a place.
pub fn open(place: i64, bytes: &[u8], key: &RestKey) -> Result<(ChapterHead, Vec<Entry>), NotOpened> {
    let mut rest = bytes;
    let identity = IdentityId(u128::from_be_bytes(take(&mut rest)?));
    let head = ChapterHead {
        identity,
        partner: number(&mut rest)?,
        file: number(&mut rest)?,
        run: number(&mut rest)?,
    };
    let clear = bytes.get(..bytes.len() - rest.len()).ok_or(NotOpened)?;
    let plain = key.open(&bound(clear, place), rest)?;
    Ok((head, entries(&plain)?))
}

/// Reads the entries of an opened chapter.
fn entries(mut plain: &[u8]) -> Result<Vec<Entry>, NotOpened> {
    let mut out = Vec::with_capacity(4);
    while !plain.is_empty() {
        let record = RecordId(u128::from_be_bytes(take(&mut plain)?));
        let version = u32::try_from(number(&mut plain)?).map_err(|_| NotOpened)?;
        let category = number(&mut plain)?;
        let [marks] = take::<1>(&mut plain)?;
        if marks > GONE {
            return Err(NotOpened);
        }
        let length = usize::try_from(number(&mut plain)?).map_err(|_| NotOpened)?;
        let (fields, after) = plain.split_at_checked(length).ok_or(NotOpened)?;
        plain = after;
        let fields = Fields::from_bytes(fields.to_vec());
        out.push(Entry { record, number: version, category, marks, fields });
    }
    Ok(out)
}

/// What stands after chapters that are given by identity, each identity's in their order: of each record the newest
/// entry, the gone ones among them, with the head of its chapter.
pub fn standing<'a>(
    chapters: impl IntoIterator<Item = (i64, &'a [u8])>,
    key: &RestKey,
) -> Result<Vec<(ChapterHead, Entry)>, NotOpened> {
    stood(chapters, key, u64::MAX)
}

/// What stood when the run of this number had ended: as [`standing`], without the chapters that came later.
pub fn stood<'a>(
    chapters: impl IntoIterator<Item = (i64, &'a [u8])>,
    key: &RestKey,
    run: u64,
) -> Result<Vec<(ChapterHead, Entry)>, NotOpened> {
    let mut out: Vec<(ChapterHead, Entry)> = Vec::new();
    let (mut start, mut chapters_of_one) = (0, 0);
    for (place, bytes) in chapters {
        // Opened though it may not count: before that its run is only what its clear bytes say.
        let (head, entries) = open(place, bytes, key)?;
        if head.run > run {
            continue;
        }
        if out.get(start).is_some_and(|(first, _)| first.identity != head.identity) {
            newest(&mut out, start, chapters_of_one);
            (start, chapters_of_one) = (out.len(), 0);
        }
        chapters_of_one += 1;
        out.extend(entries.into_iter().map(|entry| (head, entry)));
    }
    newest(&mut out, start, chapters_of_one);
    Ok(out)
}

/// Keeps, from `start` on, the last entry of each record.
fn newest(out: &mut Vec<(ChapterHead, Entry)>, start: usize, chapters: usize) {
    if chapters < 2 {
        return;
    }
    let mut of_one = out.split_off(start);
    // Stable: entries of one record stay in their order.
    of_one.sort_by_key(|(_, entry)| entry.record);
    let mut of_one = of_one.into_iter().peekable();
    while let Some((head, entry)) = of_one.next() {
        if of_one.peek().is_none_or(|(_, after)| after.record != entry.record) {
            out.push((head, entry));
        }
    }
}

/// What the seal is bound to.
fn bound(clear: &[u8], place: i64) -> Vec<u8> {
    [clear, &place.to_be_bytes()].concat()
}

/// A number in groups of seven bits, the lowest first.
fn put(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        out.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            break;
        }
    }
}

/// Reads a number back; it has one form.
fn number(bytes: &mut &[u8]) -> Result<u64, NotOpened> {
    let mut out = 0u64;
    for shift in (0..64).step_by(7) {
        let [byte] = take::<1>(bytes)?;
        let part = u64::from(byte & 0x7f);
        let lost = (part << shift) >> shift != part;
        let padded = byte == 0 && shift > 0;
        if lost || padded {
            return Err(NotOpened);
        }
        out |= part << shift;
        if byte & 0x80 == 0 {
            return Ok(out);
        }
    }
    Err(NotOpened)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], NotOpened> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(NotOpened)?;
    *bytes = rest;
    Ok(*head)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use alloc::vec;

    const HEAD: ChapterHead = ChapterHead { identity: IdentityId(7), partner: 300, file: 2, run: 1 };

    fn candidate(record: u128, text: &str) -> Candidate {
        let mut fields = Fields::new();
        fields.push(Some(text));
        Candidate {
            id: RecordId(record),
            category: CategoryId(0),
            cancelled: false,
            restricted: true,
            fields,
        }
    }

    fn key() -> RestKey {
        RestKey::new(&[3; 32])
    }

    #[test]
    fn a_chapter_comes_back_and_opens_only_as_itself() {
        let entries = [Entry::of(candidate(5, "a"), 1, 4), Entry::of(candidate(6, ""), u32::MAX, 0)];
        let bytes = seal(&HEAD, 9, &entries, &key(), [0; NONCE_LEN]);
        let (head, back) = open(9, &bytes, &key()).expect("opens");
        assert_eq!(head, HEAD);
        assert_eq!(
            back.iter().map(|e| (e.record.0, e.number, e.category)).collect::<Vec<_>>(),
            [(5, 1, 4), (6, u32::MAX, 0)]
        );
        assert!(back.iter().zip([candidate(5, "a"), candidate(6, "")]).all(|(e, c)| e.says(&c)));
        assert!(back.iter().all(|e| !e.says(&candidate(5, "b")) && !e.is_gone()));
        assert!(open(10, &bytes, &key()).is_err(), "at another place");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 1;
            }
            assert!(open(9, &changed, &key()).is_err(), "byte {at} changed");
        }
    }

    #[test]
    fn the_newest_entry_of_a_record_stands_within_its_identity() {
        let other = ChapterHead { identity: IdentityId(8), ..HEAD };
        let second = ChapterHead { file: 3, run: 2, ..HEAD };
        let first = [Entry::of(candidate(5, "a"), 1, 0), Entry::of(candidate(6, "b"), 1, 0)];
        let later = [Entry::of(candidate(5, "c"), 2, 0)];
        let last = [first.get(1).expect("two").ended()];
        let sealed = [
            (1, seal(&HEAD, 1, &first, &key(), [0; NONCE_LEN])),
            (2, seal(&second, 2, &later, &key(), [1; NONCE_LEN])),
            (3, seal(&second, 3, &last, &key(), [2; NONCE_LEN])),
            (9, seal(&other, 9, &first, &key(), [3; NONCE_LEN])),
        ];
        let all = standing(sealed.iter().map(|(place, bytes)| (*place, bytes.as_slice())), &key());
        let told: Vec<_> = all
            .expect("opens")
            .iter()
            .map(|(head, e)| (head.identity.0, head.run, e.record.0, e.number, e.is_gone()))
            .collect();
        assert_eq!(
            told,
            vec![(7, 2, 5, 2, false), (7, 2, 6, 2, true), (8, 1, 5, 1, false), (8, 1, 6, 1, false)]
        );
        let then = |run| {
            let opened = stood(sealed.iter().map(|(place, bytes)| (*place, bytes.as_slice())), &key(), run);
            let numbers =
                |(head, e): &(ChapterHead, Entry)| (head.identity.0, e.record.0, e.number, e.is_gone());
            opened.expect("opens").iter().map(numbers).collect::<Vec<_>>()
        };
        assert_eq!(then(1), vec![(7, 5, 1, false), (7, 6, 1, false), (8, 5, 1, false), (8, 6, 1, false)]);
        assert_eq!(then(2).len(), told.len());
        assert!(then(0).is_empty());
    }

    #[test]
    fn a_number_has_one_form() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            assert_eq!(number(&mut bytes.as_slice()), Ok(value));
        }
        for wrong in [
            &[][..],
            &[0x80],
            &[0x80, 0],
            &[0xff; 10],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        ] {
            assert_eq!(number(&mut &*wrong), Err(NotOpened));
        }
    }
}
