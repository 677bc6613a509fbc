//! What the gateway remembers of each row of a received file: keyed hashes, and nothing else.
//!
//! It is how an unchanged row costs a hash, how people who join the cohort are found again in files
//! received earlier, and how the linker sees everybody without holding anybody. Rows stand in the
//! file's own order; a row's index is its place among the data rows, from 0.
//!
//! A memory's bytes are one piece a row (fingerprint, identity, evidence) and then an index (fates and
//! designations). The rows are read in order, from wherever they lie; only the index is held in memory.

use super::evidence::Key;
use crate::record::IdentityId;
use crate::row::Fingerprint;
use alloc::vec::Vec;
use jiff::civil::Date;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fate {
    /// It gave an identity and its records.
    Mapped = 0,
    /// It waits in quarantine.
    Refused = 1,
    /// The mapping leaves it out.
    Skipped = 2,
    /// The same row stands earlier in the file.
    Duplicate = 3,
}

impl Fate {
    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Mapped),
            1 => Some(Self::Refused),
            2 => Some(Self::Skipped),
            3 => Some(Self::Duplicate),
            _ => None,
        }
    }
}

/// The days on which a designation for the cohort stands. An open end is `None`; without a beginning
/// the designation never stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub until: Option<Date>,
}

impl Span {
    /// Whether the span holds a day.
    pub fn holds(&self, day: Date) -> bool {
        self.from.is_some_and(|f| f <= day) && self.until.is_none_or(|u| day <= u)
    }

    /// The first day after `day` on which the span begins or holds no more.
    pub fn next_change(&self, day: Date) -> Option<Date> {
        let over = self.until.and_then(|until| until.tomorrow().ok()).filter(|over| *over > day);
        let begins = self.from.filter(|from| *from > day);
        self.from.and(begins.into_iter().chain(over).min())
    }
}

/// The stored memory does not read back: its file was changed or cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the remembered rows of a file do not read back")]
pub struct BrokenMemory;

/// A mapped row as remembered.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// Its place among the data rows.
    pub row: usize,
    /// Whom it is about.
    pub identity: IdentityId,
    /// The designation that it gives.
    pub span: Option<Span>,
    /// Whether the feed's last file did not have it.
    pub fresh: bool,
    evidence: &'a [[u8; 8]],
}

impl<'a> Seen<'a> {
    /// A row that was read, with what its file's index says of it.
    pub const fn new(row: usize, read: &RowBytes<'a>, span: Option<Span>, fresh: bool) -> Self {
        Self { row, identity: read.identity, span, fresh, evidence: read.evidence }
    }

    /// Its evidence.
    pub fn keys(&self) -> impl Iterator<Item = Key> + 'a {
        self.evidence.iter().map(|bytes| Key(u64::from_le_bytes(*bytes)))
    }
}

/// What a question about a row adds to the answers: words whose meaning is the asker's.
pub type Pick<'a> = dyn Fn(&Seen<'_>, &mut Vec<u64>) + Sync + 'a;

/// Remembered rows of one file, wherever they lie.
pub trait Remembered {
    /// Visits the mapped rows in their order.
    fn each(&self, visit: &mut dyn FnMut(&Seen<'_>)) -> Result<(), BrokenMemory>;

    /// Asks about each mapped row, and hands the answers over, many rows' at once and in the order of the rows. Who
    /// has several cores asks about many rows at a time.
    fn gather(&self, pick: &Pick<'_>, take: &mut dyn FnMut(&[u64])) -> Result<(), BrokenMemory> {
        let mut words = Vec::new();
        self.each(&mut |seen| {
            pick(seen, &mut words);
            take(&words);
            words.clear();
        })
    }
}

/// Bytes of a row before its evidence.
const HEAD: usize = 16 + 16 + 1;

/// A row's bytes, taken apart.
pub struct RowBytes<'a> {
    /// Its fingerprint.
    pub print: Fingerprint,
    /// Whom it is about; zero when it gave nobody.
    pub identity: IdentityId,
    evidence: &'a [[u8; 8]],
}

impl<'a> RowBytes<'a> {
    /// Adds a row's bytes. A row that gave nobody has identity zero and no evidence.
    pub fn put(out: &mut Vec<u8>, print: Fingerprint, identity: IdentityId, keys: &[Key]) {
        out.extend_from_slice(&print.0.to_le_bytes());
        out.extend_from_slice(&identity.0.to_le_bytes());
        let count = u8::try_from(keys.len()).unwrap_or(u8::MAX);
        out.push(count);
        keys.iter().take(usize::from(count)).for_each(|key| out.extend_from_slice(&key.0.to_le_bytes()));
    }

    /// The length of the row at the front, when its head is there.
    pub fn length(bytes: &[u8]) -> Option<usize> {
        bytes.get(HEAD - 1).map(|count| HEAD + usize::from(*count) * 8)
    }

    /// Reads one row from the front of `bytes`.
    pub fn take(bytes: &mut &'a [u8]) -> Result<Self, BrokenMemory> {
        let print = Fingerprint(u128::from_le_bytes(take(bytes)?));
        let identity = IdentityId(u128::from_le_bytes(take(bytes)?));
        let [count] = take::<1>(bytes)?;
        let (evidence, rest) = bytes.split_at_checked(usize::from(count) * 8).ok_or(BrokenMemory)?;
        *bytes = rest;
        Ok(Self { print, identity, evidence: evidence.as_chunks().0 })
    }
}

/// What is held in memory of a file's rows: what became of each, and who is designated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowIndex {
    fates: Vec<u8>,
    spans: Vec<(u32, Span)>,
}

/// Bytes of an index behind its parts: how many rows and how many designations.
pub const INDEX_END: usize = 16;
const SPAN: usize = 12;

impl RowIndex {
    /// Adds a row.
    pub fn push(&mut self, fate: Fate, span: Option<Span>) {
        if let (Some(span), Ok(row)) = (span, u32::try_from(self.fates.len())) {
            self.spans.push((row, span));
        }
        self.fates.push(fate as u8);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.fates.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.fates.is_empty()
    }

    /// What became of a row.
    pub fn fate(&self, row: usize) -> Option<Fate> {
        self.fates.get(row).copied().and_then(Fate::from_byte)
    }

    /// Says anew what became of a row; gives what it was.
    pub fn set_fate(&mut self, row: usize, fate: Fate) -> Option<Fate> {
        let slot = self.fates.get_mut(row)?;
        let was = Fate::from_byte(*slot);
        *slot = fate as u8;
        was
    }

    /// The designation that a row gives.
    pub fn span(&self, row: usize) -> Option<Span> {
        let row = u32::try_from(row).ok()?;
        self.spans.binary_search_by_key(&row, |s| s.0).ok().and_then(|i| self.spans.get(i)).map(|s| s.1)
    }

    /// Whether any row designates.
    pub fn designates(&self) -> bool {
        !self.spans.is_empty()
    }

    /// The designations from a row on, by rising row.
    pub fn spans(&self, row: usize) -> impl Iterator<Item = (usize, Span)> + '_ {
        let start = self.spans.partition_point(|(at, _)| (*at as usize) < row);
        self.spans.iter().skip(start).map(|(row, span)| (*row as usize, *span))
    }

    /// Adds the index's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.fates);
        for (row, span) in &self.spans {
            out.extend_from_slice(&row.to_le_bytes());
            [span.from, span.until].into_iter().for_each(|d| out.extend_from_slice(&pack(d)));
        }
        for count in [self.fates.len(), self.spans.len()] {
            out.extend_from_slice(&(count as u64).to_le_bytes());
        }
    }

    /// How many bytes an index has, by its last [`INDEX_END`] bytes.
    pub fn length(end: &[u8; INDEX_END]) -> Option<u64> {
        let (rows, spans) = counts(end);
        spans.checked_mul(SPAN as u64)?.checked_add(rows)?.checked_add(INDEX_END as u64)
    }

    /// Reads an index; it has one form.
    pub fn decode(bytes: &[u8]) -> Result<Self, BrokenMemory> {
        let (parts, end) = bytes.split_last_chunk::<INDEX_END>().ok_or(BrokenMemory)?;
        let (rows, _) = counts(end);
        if Self::length(end) != u64::try_from(bytes.len()).ok() {
            return Err(BrokenMemory);
        }
        let rows = usize::try_from(rows).map_err(|_| BrokenMemory)?;
        let (fates, mut rest) = parts.split_at_checked(rows).ok_or(BrokenMemory)?;
        if !fates.iter().all(|fate| Fate::from_byte(*fate).is_some()) {
            return Err(BrokenMemory);
        }
        let mut spans: Vec<(u32, Span)> = Vec::with_capacity(rest.len() / SPAN);
        while !rest.is_empty() {
            let row = u32::from_le_bytes(take(&mut rest)?);
            let (from, until) = (unpack(take(&mut rest)?)?, unpack(take(&mut rest)?)?);
            if row as usize >= rows || spans.last().is_some_and(|last| last.0 >= row) {
                return Err(BrokenMemory);
            }
            spans.push((row, Span { from, until }));
        }
        Ok(Self { fates: fates.to_vec(), spans })
    }
}

fn counts(end: &[u8; INDEX_END]) -> (u64, u64) {
    let half = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |b| u64::from_le_bytes(*b));
    (half(end.first_chunk()), half(end.last_chunk()))
}

/// Finds the fingerprints that stand at an earlier place as well; gives their places.
pub fn repeats(prints: &[u128]) -> Vec<usize> {
    let order = by_print(prints);
    let print = |place: &u32| prints.get(*place as usize);
    let again = order.chunk_by(|a, b| print(a) == print(b)).flat_map(|same| same.iter().skip(1));
    again.map(|place| *place as usize).collect()
}

/// The places of fingerprints in the order of these; equal ones as they stand.
fn by_print(prints: &[u128]) -> Vec<u32> {
    let mut order: Vec<u32> = (0u32..).take(prints.len()).collect();
    order.sort_unstable_by_key(|place| (prints.get(*place as usize).copied(), *place));
    order
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], BrokenMemory> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(BrokenMemory)?;
    *bytes = rest;
    Ok(*head)
}

/// A date as year, month, day; all zero for none.
fn pack(date: Option<Date>) -> [u8; 4] {
    date.map_or([0; 4], |d| {
        let [a, b] = d.year().to_le_bytes();
        [a, b, d.month().unsigned_abs(), d.day().unsigned_abs()]
    })
}

fn unpack([a, b, month, day]: [u8; 4]) -> Result<Option<Date>, BrokenMemory> {
    if [a, b, month, day] == [0; 4] {
        return Ok(None);
    }
    let (month, day) =
        (i8::try_from(month).map_err(|_| BrokenMemory)?, i8::try_from(day).map_err(|_| BrokenMemory)?);
    Date::new(i16::from_le_bytes([a, b]), month, day).map(Some).map_err(|_| BrokenMemory)
}

/// What the feed's last file knew of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    New,
    /// It had the row, at this index.
    Known(usize),
    /// It had the row, and it was refused: it is looked at again, and is no news if it is refused again.
    Refused,
}

/// The feed's last file while tonight's is read: which of its rows come again.
#[derive(Default)]
pub struct LastFile {
    index: RowIndex,
    prints: Vec<u128>,
    by_print: Vec<u32>,
    next: usize,
    seen: Vec<bool>,
}

impl LastFile {
    /// The last file's index, with the fingerprints of its rows.
    pub fn new(index: RowIndex, prints: Vec<u128>) -> Self {
        let seen = alloc::vec![false; prints.len()];
        Self { index, prints, seen, ..Self::default() }
    }

    /// The same, ready for rows in any order. Without it the first row that is not where it was waits for that.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.by_print = by_print(&self.prints);
        self
    }

    /// Looks for a row with this fingerprint; the next one is tried first, since most files keep their order. A
    /// row refused last time is looked at again every time.
    pub fn find(&mut self, print: Fingerprint) -> Found {
        let Some(row) = self.find_row(print) else { return Found::New };
        if self.index.fate(row) == Some(Fate::Refused) { Found::Refused } else { Found::Known(row) }
    }

    fn find_row(&mut self, print: Fingerprint) -> Option<usize> {
        let hinted = self.prints.get(self.next) == Some(&print.0);
        let found = if hinted && self.index.fate(self.next) != Some(Fate::Duplicate) {
            self.next
        } else {
            self.search(print)?
        };
        self.next = if hinted { self.next + 1 } else { found + 1 };
        Some(found)
    }

    /// The first row with this fingerprint.
    fn search(&mut self, print: Fingerprint) -> Option<usize> {
        let prints = &self.prints;
        if self.by_print.len() != prints.len() {
            self.by_print = by_print(prints);
        }
        let at = self.by_print.partition_point(|i| prints.get(*i as usize).is_some_and(|p| *p < print.0));
        let row = *self.by_print.get(at)? as usize;
        (prints.get(row) == Some(&print.0)).then_some(row)
    }

    /// The last file after tonight's was read by another process: which of its rows came again.
    pub fn settled(index: RowIndex, seen: Vec<bool>) -> Self {
        Self { index, seen, ..Self::default() }
    }

    /// Which of its rows tonight's file has, in their order.
    pub fn seen(&self) -> &[bool] {
        &self.seen
    }

    /// Its index.
    pub const fn index(&self) -> &RowIndex {
        &self.index
    }

    /// Whether tonight's file had a row already.
    pub fn is_seen(&self, row: usize) -> bool {
        self.seen.get(row).copied().unwrap_or(false)
    }

    /// Tonight's file has this row.
    pub fn see(&mut self, row: usize) {
        if let Some(seen) = self.seen.get_mut(row) {
            *seen = true;
        }
    }

    /// Tonight's file is read: its rows are looked for no more.
    pub fn settle(&mut self) {
        self.prints = Vec::new();
        self.by_print = Vec::new();
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn sample() -> RowIndex {
        let mut index = RowIndex::default();
        index.push(Fate::Mapped, Some(Span { from: Some(date(2008, 10, 1)), until: None }));
        index.push(Fate::Refused, None);
        index.push(Fate::Mapped, None);
        index
    }

    #[test]
    fn a_span_changes_on_its_first_day_and_on_the_one_after_its_last() {
        let span = |from, until| Span { from, until };
        let (first, last) = (date(2008, 10, 3), date(2008, 10, 9));
        let whole = span(Some(first), Some(last));
        let mut day = date(2008, 9, 30);
        while day < date(2008, 10, 15) {
            let Ok(next) = day.tomorrow() else { break };
            let mut later = core::iter::successors(Some(next), |d| d.tomorrow().ok()).take(30);
            assert_eq!(whole.next_change(day), later.find(|d| whole.holds(*d) != whole.holds(day)), "{day}");
            day = next;
        }
        assert_eq!(span(Some(first), None).next_change(last), None);
        assert_eq!(span(None, Some(last)).next_change(first), None, "it never stands");
    }

    #[test]
    fn a_row_comes_back_and_a_cut_one_is_broken() {
        let mut bytes = Vec::new();
        RowBytes::put(&mut bytes, Fingerprint(1), IdentityId(11), &[Key(5), Key(6)]);
        RowBytes::put(&mut bytes, Fingerprint(2), IdentityId(0), &[]);
        assert_eq!(RowBytes::length(&bytes), Some(33 + 16));
        let mut rest = bytes.as_slice();
        let row = RowBytes::take(&mut rest).expect("reads");
        let seen = Seen::new(0, &row, None, true);
        assert_eq!((row.print, seen.identity), (Fingerprint(1), IdentityId(11)));
        assert_eq!(seen.keys().collect::<Vec<_>>(), [Key(5), Key(6)]);
        assert_eq!(rest.len(), 33);
        assert!(RowBytes::take(&mut &rest[..32]).is_err());
        assert_eq!(RowBytes::length(&rest[..32]), None);
    }

    #[test]
    fn an_index_has_one_form_and_anything_else_is_broken() {
        let (index, mut bytes) = (sample(), Vec::new());
        index.encode(&mut bytes);
        assert_eq!(RowIndex::decode(&bytes), Ok(sample()));
        assert_eq!(bytes.last_chunk().and_then(RowIndex::length), Some(bytes.len() as u64));
        assert!(index.span(0).is_some_and(|s| s.holds(date(2008, 11, 17)) && !s.holds(date(2008, 9, 30))));
        // Three fates, then a designation of a row and two days, then the counts.
        for (at, byte) in [(0, 4), (3, 3), (9, 13), (14, 1), (15, 4), (23, 0), (23, 2), (22, 1)] {
            let mut changed = bytes.clone();
            changed[at] = byte;
            assert_eq!(RowIndex::decode(&changed), Err(BrokenMemory), "byte {at}");
        }
        assert_eq!(RowIndex::decode(&bytes[1..]), Err(BrokenMemory));
    }

    #[test]
    fn a_last_file_knows_its_rows_in_any_order() {
        let mut last = LastFile::new(sample(), alloc::vec![1, 2, 3]);
        assert_eq!(last.find(Fingerprint(3)), Found::Known(2));
        assert_eq!(last.find(Fingerprint(9)), Found::New);
        assert_eq!(last.find(Fingerprint(2)), Found::Refused, "a refused row is read again");
        last.see(2);
        assert_eq!([0, 1, 2].map(|row| last.is_seen(row)), [false, false, true]);
    }

    #[test]
    fn a_row_that_stands_twice_counts_once_whatever_the_order() {
        assert_eq!(repeats(&[1, 2, 3, 1, 2, 1]), [3, 5, 4]);
        let mut index = sample();
        index.push(Fate::Skipped, None);
        assert_eq!(index.set_fate(3, Fate::Duplicate), Some(Fate::Skipped));
        let mut next = LastFile::new(index, alloc::vec![1, 2, 3, 1]);
        // The later one comes first tonight: it is the same row, known as the first.
        assert_eq!(next.find(Fingerprint(3)), Found::Known(2));
        assert_eq!(next.find(Fingerprint(1)), Found::Known(0));
    }
}
