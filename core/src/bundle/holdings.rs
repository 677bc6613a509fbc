//! What one recipient holds of one person: enough to send the next correction or withdrawal, and
//! nothing that was in the rows themselves.
//!
//! Names of categories, partners and clauses are kept by their numbers in the [`Lexicon`], or as text, because indexes move
//! when the schema or the agreement grows. A withdrawn record leaves a tombstone, so that its versions never repeat.

use super::Reference;
use super::lexicon::Lexicon;
use super::pack::{Malformed, Reader, put_date, put_number, put_text};
use crate::hash::Digest;
use crate::problem::Problem;
use crate::record::RecordId;
use alloc::sync::Arc;
use alloc::vec::Vec;
use jiff::civil::Date;

/// All words as text: as it was before there was a lexicon.
const TEXTS: u8 = 1;
/// A word is twice its number in the lexicon, or twice its place among this person's texts and one.
const NUMBERS: u8 = 2;
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

    /// Packed, with a check sum. It can be read as long as the lexicon's words keep their numbers.
    pub fn to_bytes(&self, lexicon: &Lexicon) -> Vec<u8> {
        let mut words = Numbered { lexicon, met: Vec::new(), texts: Vec::new() };
        let mut body = Vec::with_capacity(self.0.len() * 80);
        put_number(&mut body, self.0.len() as u64);
        for holding in &self.0 {
            put_holding(&mut body, holding, &mut words);
        }
        let mut out = Vec::with_capacity(body.len() + 16);
        out.push(NUMBERS);
        put_number(&mut out, words.texts.len() as u64);
        words.texts.iter().for_each(|word| put_text(&mut out, word));
        out.extend_from_slice(&body);
        let check = Digest::of(&out);
        out.extend_from_slice(check.0.get(..CHECK_LEN).unwrap_or_default());
        out
    }

    /// Unpacked; fails with `LG1607` on anything but what [`Self::to_bytes`] wrote with this lexicon, or one that it grew from.
    pub fn from_bytes(bytes: &[u8], lexicon: &Lexicon) -> Result<Self, Problem> {
        read(bytes, lexicon)
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
pub(crate) struct Words<'l> {
    lexicon: &'l Lexicon,
    met: Vec<Arc<str>>,
}

impl<'l> Words<'l> {
    pub(crate) const fn new(lexicon: &'l Lexicon) -> Self {
        Self { lexicon, met: Vec::new() }
    }

    /// The shared copy of a word.
    pub(crate) fn share(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.met.iter().find(|w| ***w == *word) {
            return known.clone();
        }
        let new: Arc<str> = self.lexicon.share(word).unwrap_or_else(|| word.into());
        self.met.push(new.clone());
        new
    }
}

/// The words of what is being packed.
struct Numbered<'a> {
    lexicon: &'a Lexicon,
    /// What each stands as.
    met: Vec<(&'a Arc<str>, u64)>,
    texts: Vec<&'a Arc<str>>,
}

impl<'a> Numbered<'a> {
    fn number(&mut self, word: &'a Arc<str>) -> u64 {
        if let Some((_, number)) = self.met.iter().find(|(met, _)| Arc::ptr_eq(met, word)) {
            return *number;
        }
        let number = self.lexicon.number(word).map_or_else(|| self.text(word) * 2 + 1, |number| number * 2);
        self.met.push((word, number));
        number
    }

    fn text(&mut self, word: &'a Arc<str>) -> u64 {
        let at = self.texts.iter().position(|text| *text == word).unwrap_or_else(|| {
            self.texts.push(word);
            self.texts.len() - 1
        });
        at as u64
    }
}

/// The words of what is being unpacked.
struct Known<'l> {
    /// `None` when all words are texts.
    lexicon: Option<&'l Lexicon>,
    texts: Vec<Arc<str>>,
}

impl Known<'_> {
    fn get(&self, number: u64) -> Result<Arc<str>, Malformed> {
        let text = |place| usize::try_from(place).ok().and_then(|at| self.texts.get(at)).cloned();
        let word = match self.lexicon {
            Some(lexicon) if number.is_multiple_of(2) => lexicon.word(number / 2),
            Some(_) => text(number / 2),
            None => text(number),
        };
        word.ok_or(Malformed)
    }
}

fn put_holding<'a>(out: &mut Vec<u8>, holding: &'a Holding, words: &mut Numbered<'a>) {
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

fn read(bytes: &[u8], lexicon: &Lexicon) -> Result<Holdings, Malformed> {
    let (plain, check) = bytes.split_last_chunk::<CHECK_LEN>().ok_or(Malformed)?;
    if !Digest::of(plain).0.starts_with(check) {
        return Err(Malformed);
    }
    let mut reader = Reader::new(plain);
    let lexicon = match reader.byte()? {
        TEXTS => None,
        NUMBERS => Some(lexicon),
        _ => return Err(Malformed),
    };
    let mut words = Known { lexicon, texts: Vec::new() };
    for _ in 0..reader.count()? {
        words.texts.push(reader.text()?.into());
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

fn read_holding(reader: &mut Reader<'_>, words: &Known<'_>) -> Result<Holding, Malformed> {
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

fn read_held(reader: &mut Reader<'_>, words: &Known<'_>) -> Result<Held, Malformed> {
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

    /// Some of the words have numbers, others none.
    fn lexicon() -> Lexicon {
        Lexicon::of([(1, "5.1.5.i".into()), (2, "c;e".into()), (300, "one".into())])
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
            let back = Holdings::from_bytes(&holdings.0.to_bytes(&lexicon()), &lexicon());
            prop_assert!(back.is_ok_and(|back| back == holdings.0));
        }

        #[test]
        fn any_changed_byte_is_an_error(holdings in holdings().prop_map(Hidden), at: prop::sample::Index, flip in 1u8..) {
            let mut bytes = holdings.0.to_bytes(&lexicon());
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert_eq!(Holdings::from_bytes(&bytes, &lexicon()).map_err(|p| p.code).err(), Some("LG1607"));
        }

        #[test]
        fn any_cut_is_an_error(holdings in holdings().prop_map(Hidden), at: prop::sample::Index) {
            let bytes = holdings.0.to_bytes(&lexicon());
            prop_assert!(Holdings::from_bytes(&bytes[..at.index(bytes.len())], &lexicon()).is_err());
        }
    }

    #[test]
    fn no_bytes_are_not_an_empty_list() {
        assert_eq!(Holdings::from_bytes(&[], &lexicon()).map_err(|p| p.code).err(), Some("LG1607"));
        let none = Holdings::new().to_bytes(&lexicon());
        assert!(Holdings::from_bytes(&none, &lexicon()).is_ok_and(|h| h.is_empty()));
    }

    /// As they were packed before words had numbers: the words, then each holding with their places.
    fn as_texts(holdings: &Holdings) -> Vec<u8> {
        let (mut texts, mut body): (Vec<Arc<str>>, Vec<u8>) = Default::default();
        put_number(&mut body, holdings.0.len() as u64);
        let place = |word: &Arc<str>, texts: &mut Vec<Arc<str>>| {
            let at = texts.iter().position(|text| text == word);
            at.unwrap_or_else(|| {
                texts.push(word.clone());
                texts.len() - 1
            }) as u64
        };
        for holding in holdings {
            body.extend_from_slice(&holding.record.bytes());
            body.push(u8::from(holding.held.is_some()));
            put_number(&mut body, place(&holding.category, &mut texts));
            put_number(&mut body, u64::from(holding.version));
            put_date(&mut body, holding.as_of);
            let Some(held) = &holding.held else { continue };
            body.extend_from_slice(&held.digest.to_be_bytes());
            body.extend_from_slice(&held.record_ref.0);
            body.extend_from_slice(&held.person_ref.0);
            for word in [&held.originator, &held.clause, &held.purpose, &held.handling] {
                put_number(&mut body, place(word, &mut texts));
            }
        }
        let mut out = alloc::vec![TEXTS];
        put_number(&mut out, texts.len() as u64);
        texts.iter().for_each(|text| put_text(&mut out, text));
        out.extend_from_slice(&body);
        let check = Digest::of(&out);
        out.extend_from_slice(&check.0[..CHECK_LEN]);
        out
    }

    proptest! {
        #[test]
        fn what_was_packed_before_words_had_numbers_reads_with_any_lexicon(holdings in holdings().prop_map(Hidden)) {
            for lexicon in [lexicon(), Lexicon::default()] {
                let back = Holdings::from_bytes(&as_texts(&holdings.0), &lexicon);
                prop_assert!(back.is_ok_and(|back| back == holdings.0));
            }
        }

        #[test]
        fn a_lexicon_may_grow_and_never_lose_a_word(holdings in holdings().prop_map(Hidden)) {
            let packed = holdings.0.to_bytes(&lexicon());
            let known = [(1, "5.1.5.i"), (2, "c;e"), (300, "one")].map(|(number, word)| (number, word.into()));
            let grown = Lexicon::of(known.into_iter().chain([(7, "routine".into()), (8, alloc::string::String::new())]));
            prop_assert!(Holdings::from_bytes(&packed, &grown).is_ok_and(|back| back == holdings.0));
            let says = |word: &str| holdings.0.iter().any(|h| {
                let held = h.held.iter().flat_map(|h| [&h.originator, &h.clause, &h.purpose, &h.handling]);
                held.chain([&h.category]).any(|said| **said == *word)
            });
            let less = Lexicon::of([(1, "5.1.5.i".into()), (2, "c;e".into())]);
            prop_assert_eq!(Holdings::from_bytes(&packed, &less).is_err(), says("one"));
        }
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
