//! What one recipient holds of one person: enough to send the next correction or withdrawal, and
//! nothing that was in the rows themselves.
//!
//! Names of categories, partners and clauses are kept as text, because indexes move when the schema
//! or the agreement grows. A withdrawn record leaves a tombstone, so that its versions never repeat.

use super::Reference;
use super::pack::{Malformed, Reader, put_date, put_number, put_text};
use crate::hash::Digest;
use crate::problem::Problem;
use crate::record::RecordId;
use alloc::sync::Arc;
use alloc::vec::Vec;
use jiff::civil::Date;

const FORMAT: u8 = 1;
const CHECK_LEN: usize = 8;

/// What a recipient was told of one record.
#[derive(Clone, PartialEq, Eq)]
pub struct Holding {
    /// Which record.
    pub record: RecordId,
    /// The category's name.
    pub category: Arc<str>,
    /// This recipient's own count of what it was told, from 1; a withdrawal counts.
    pub version: u32,
    /// The as-of day on which this version was first sent.
    pub as_of: Date,
    /// What the recipient holds now; `None` once withdrawn.
    pub held: Option<Held>,
}

/// The row that a recipient holds, without its cells.
#[derive(Clone, PartialEq, Eq)]
pub struct Held {
    /// Keyed digest of the row's content.
    pub digest: u128,
    /// The recipient's pseudonym of the record.
    pub record_ref: Reference,
    /// The recipient's pseudonym of the person, as last told.
    pub person_ref: Reference,
    /// Key of the originator (5.2.3).
    pub originator: Arc<str>,
    /// The clause under which it left.
    pub clause: Arc<str>,
    /// Purpose letters.
    pub purpose: Arc<str>,
    /// Handling code.
    pub handling: Arc<str>,
}

/// All that one recipient holds of one person, by record.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Holdings(Vec<Holding>);

impl Holdings {
    /// Nothing held.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// From holdings in ascending order of record.
    pub(crate) fn sorted(holdings: Vec<Holding>) -> Self {
        debug_assert!(holdings.is_sorted_by(|a, b| a.record < b.record));
        Self(holdings)
    }

    /// Whether there is neither a holding nor a tombstone.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All holdings and tombstones, by record.
    pub fn iter(&self) -> core::slice::Iter<'_, Holding> {
        self.0.iter()
    }

    /// Number of records that the recipient holds now.
    pub fn live(&self) -> usize {
        self.0.iter().filter(|h| h.held.is_some()).count()
    }

    /// One record.
    pub fn get(&self, record: RecordId) -> Option<&Holding> {
        let at = self.0.binary_search_by_key(&record, |h| h.record).ok()?;
        self.0.get(at)
    }

    /// Takes over what the recipient holds of a person who turned out to be this one. Of a record
    /// in both, the later version stays.
    pub fn absorb(&mut self, other: Self) {
        for theirs in other.0 {
            match self.0.binary_search_by_key(&theirs.record, |h| h.record) {
                Ok(at) => {
                    if let Some(ours) = self.0.get_mut(at).filter(|ours| ours.version < theirs.version) {
                        *ours = theirs;
                    }
                }
                Err(at) => self.0.insert(at, theirs),
            }
        }
    }

    /// Gives away the records that belong to another person now.
    #[must_use]
    pub fn take(&mut self, mut moves: impl FnMut(RecordId) -> bool) -> Self {
        let (gone, kept) = core::mem::take(&mut self.0).into_iter().partition(|h| moves(h.record));
        self.0 = kept;
        Self(gone)
    }

    /// Takes away what the recipient never got; a tombstone keeps its version. Whether anything changed.
    pub fn forget(&mut self, mut never: impl FnMut(RecordId) -> bool) -> bool {
        let mut changed = false;
        for holding in self.0.iter_mut().filter(|h| h.held.is_some()) {
            if never(holding.record) {
                holding.held = None;
                changed = true;
            }
        }
        changed
    }

    /// Packed, with a check sum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut words = Words::default();
        let mut body = Vec::with_capacity(self.0.len() * 64);
        put_number(&mut body, self.0.len() as u64);
        for holding in &self.0 {
            put_holding(&mut body, holding, &mut words);
        }
        let mut out = Vec::with_capacity(body.len() + 128);
        out.push(FORMAT);
        put_number(&mut out, words.0.len() as u64);
        words.0.iter().for_each(|word| put_text(&mut out, word));
        out.extend_from_slice(&body);
        let check = Digest::of(&out);
        out.extend_from_slice(check.0.get(..CHECK_LEN).unwrap_or_default());
        out
    }

    /// Unpacked; fails with `LG1607` on anything but what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        read(bytes)
            .map_err(|Malformed| Problem::new("LG1607", "what a recipient holds of a person does not read"))
    }
}

impl<'a> IntoIterator for &'a Holdings {
    type Item = &'a Holding;
    type IntoIter = core::slice::Iter<'a, Holding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The few different words of one person's holdings, each kept once.
#[derive(Default)]
pub(crate) struct Words(Vec<Arc<str>>);

impl Words {
    /// The shared copy of a word.
    pub(crate) fn share(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|w| ***w == *word) {
            return known.clone();
        }
        let new: Arc<str> = word.into();
        self.0.push(new.clone());
        new
    }

    fn number(&mut self, word: &Arc<str>) -> u64 {
        let at = self.0.iter().position(|w| Arc::ptr_eq(w, word) || w == word).unwrap_or_else(|| {
            self.0.push(word.clone());
            self.0.len() - 1
        });
        at as u64
    }

    fn get(&self, number: u64) -> Result<Arc<str>, Malformed> {
        usize::try_from(number).ok().and_then(|at| self.0.get(at)).cloned().ok_or(Malformed)
    }
}

fn put_holding(out: &mut Vec<u8>, holding: &Holding, words: &mut Words) {
    out.extend_from_slice(&holding.record.bytes());
    out.push(u8::from(holding.held.is_some()));
    put_number(out, words.number(&holding.category));
    put_number(out, u64::from(holding.version));
    put_date(out, holding.as_of);
    if let Some(held) = &holding.held {
        out.extend_from_slice(&held.digest.to_be_bytes());
        out.extend_from_slice(&held.record_ref.0);
        out.extend_from_slice(&held.person_ref.0);
        for word in [&held.originator, &held.clause, &held.purpose, &held.handling] {
            put_number(out, words.number(word));
        }
    }
}

fn read(bytes: &[u8]) -> Result<Holdings, Malformed> {
    let (plain, check) = bytes.split_last_chunk::<CHECK_LEN>().ok_or(Malformed)?;
    if !Digest::of(plain).0.starts_with(check) {
        return Err(Malformed);
    }
    let mut reader = Reader::new(plain);
    if reader.byte()? != FORMAT {
        return Err(Malformed);
    }
    let mut words = Words::default();
    for _ in 0..reader.count()? {
        words.0.push(reader.text()?.into());
    }
    let count = reader.count()?;
    let mut holdings: Vec<Holding> = Vec::with_capacity(count);
    for _ in 0..count {
        let holding = read_holding(&mut reader, &words)?;
        if holdings.last().is_some_and(|before| before.record >= holding.record) {
            return Err(Malformed);
        }
        holdings.push(holding);
    }
    reader.end()?;
    Ok(Holdings(holdings))
}

fn read_holding(reader: &mut Reader<'_>, words: &Words) -> Result<Holding, Malformed> {
    let record = RecordId(u128::from_be_bytes(reader.array()?));
    let live = match reader.byte()? {
        0 => false,
        1 => true,
        _ => return Err(Malformed),
    };
    let category = words.get(reader.number()?)?;
    let version = reader.small()?;
    let as_of = reader.date()?;
    let held = if live { Some(read_held(reader, words)?) } else { None };
    Ok(Holding { record, category, version, as_of, held })
}

fn read_held(reader: &mut Reader<'_>, words: &Words) -> Result<Held, Malformed> {
    Ok(Held {
        digest: u128::from_be_bytes(reader.array()?),
        record_ref: Reference(reader.array()?),
        person_ref: Reference(reader.array()?),
        originator: words.get(reader.number()?)?,
        clause: words.get(reader.number()?)?,
        purpose: words.get(reader.number()?)?,
        handling: words.get(reader.number()?)?,
    })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word() -> impl Strategy<Value = Arc<str>> {
        prop::sample::select(["5.1.5.i", "5.1.2.v", "c;e", "routine", "one", ""].as_slice())
            .prop_map(Arc::from)
    }

    prop_compose! {
        fn held()(digest: u128, record: [u8; 10], person: [u8; 10], words in [word(), word(), word(), word()]) -> Held {
            let [originator, clause, purpose, handling] = words;
            let (record_ref, person_ref) = (Reference(record), Reference(person));
            Held { digest, record_ref, person_ref, originator, clause, purpose, handling }
        }
    }

    prop_compose! {
        fn holdings()(records in prop::collection::btree_map(any::<u128>(), (word(), any::<u32>(), 1i8..=12, prop::option::of(held().no_shrink())), 0..20)) -> Holdings {
            Holdings(records.into_iter().map(|(record, (category, version, month, held))| Holding {
                record: RecordId(record), category, version, as_of: Date::constant(2008, month, 17), held,
            }).collect())
        }
    }

    // Holdings have no `Debug`, on purpose; the runner prints this in its place.
    struct Hidden<T>(T);
    impl<T> core::fmt::Debug for Hidden<T> {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("holdings")
        }
    }

    impl core::fmt::Debug for Held {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("held")
        }
    }
    impl core::fmt::Debug for Holdings {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("holdings")
        }
    }

    proptest! {
        #[test]
        fn holdings_come_back_as_they_went(holdings in holdings().prop_map(Hidden)) {
            let back = Holdings::from_bytes(&holdings.0.to_bytes());
            prop_assert!(back.is_ok_and(|back| back == holdings.0));
        }

        #[test]
        fn any_changed_byte_is_an_error(holdings in holdings().prop_map(Hidden), at: prop::sample::Index, flip in 1u8..) {
            let mut bytes = holdings.0.to_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert_eq!(Holdings::from_bytes(&bytes).map_err(|p| p.code).err(), Some("LG1607"));
        }

        #[test]
        fn any_cut_is_an_error(holdings in holdings().prop_map(Hidden), at: prop::sample::Index) {
            let bytes = holdings.0.to_bytes();
            prop_assert!(Holdings::from_bytes(&bytes[..at.index(bytes.len())]).is_err());
        }
    }

    #[test]
    fn no_bytes_are_not_an_empty_list() {
        assert_eq!(Holdings::from_bytes(&[]).map_err(|p| p.code).err(), Some("LG1607"));
        assert!(Holdings::from_bytes(&Holdings::new().to_bytes()).is_ok_and(|h| h.is_empty()));
    }

    #[test]
    fn records_move_with_their_person() {
        let one = |record, version| Holding {
            record: RecordId(record),
            category: "person".into(),
            version,
            as_of: Date::constant(2008, 11, 17),
            held: None,
        };
        let mut ours = Holdings(alloc::vec![one(1, 1), one(3, 2)]);
        ours.absorb(Holdings(alloc::vec![one(2, 1), one(3, 4)]));
        assert_eq!(
            ours.iter().map(|h| (h.record.0, h.version)).collect::<Vec<_>>(),
            [(1, 1), (2, 1), (3, 4)]
        );
        let theirs = ours.take(|record| record == RecordId(2));
        assert_eq!((theirs.iter().count(), ours.iter().count()), (1, 2));
    }
}
