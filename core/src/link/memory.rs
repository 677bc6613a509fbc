//! What the gateway remembers of each row of a received file: keyed hashes, and nothing else.
//!
//! It is how an unchanged row costs a hash, how people who join the cohort are found again in files
//! received earlier, and how the linker sees everybody without holding anybody. Rows stand in the
//! file's own order; a row's index is its place among the data rows, from 0.

use super::evidence::Key;
use crate::record::IdentityId;
use crate::row::Fingerprint;
use alloc::collections::BTreeSet;
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
}

/// The remembered rows of one file.
#[derive(Default)]
pub struct RowMemory {
    prints: Vec<u128>,
    identities: Vec<u128>,
    fates: Vec<u8>,
    ends: Vec<u32>,
    keys: Vec<u64>,
    spans: Vec<(u32, Span)>,
}

/// The stored memory does not read back: its file was changed or cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the remembered rows of a file do not read back")]
pub struct BrokenMemory;

impl RowMemory {
    /// Adds a row that gave an identity.
    pub fn push(&mut self, print: Fingerprint, identity: IdentityId, keys: &[Key], span: Option<Span>) {
        if let (Some(span), Ok(row)) = (span, u32::try_from(self.prints.len())) {
            self.spans.push((row, span));
        }
        self.keys.extend(keys.iter().map(|k| k.0));
        self.add(print, Fate::Mapped, identity.0);
    }

    /// Adds a row that gave none.
    pub fn push_other(&mut self, print: Fingerprint, fate: Fate) {
        self.add(print, fate, 0);
    }

    fn add(&mut self, print: Fingerprint, fate: Fate, identity: u128) {
        self.prints.push(print.0);
        self.identities.push(identity);
        self.fates.push(fate as u8);
        self.ends.push(u32::try_from(self.keys.len()).unwrap_or(u32::MAX));
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    /// A row's fingerprint.
    pub fn print(&self, row: usize) -> Option<Fingerprint> {
        self.prints.get(row).copied().map(Fingerprint)
    }

    /// What became of a row.
    pub fn fate(&self, row: usize) -> Option<Fate> {
        self.fates.get(row).copied().and_then(Fate::from_byte)
    }

    /// The identity of a mapped row.
    pub fn identity(&self, row: usize) -> Option<IdentityId> {
        (self.fate(row)? == Fate::Mapped).then(|| self.identities.get(row).copied().map(IdentityId))?
    }

    /// A row's evidence.
    pub fn keys(&self, row: usize) -> impl Iterator<Item = Key> + '_ {
        let end = self.ends.get(row).map_or(0, |e| *e as usize);
        let start = row.checked_sub(1).and_then(|r| self.ends.get(r)).map_or(0, |e| *e as usize);
        self.keys.get(start..end).unwrap_or(&[]).iter().map(|k| Key(*k))
    }

    fn span(&self, row: usize) -> Option<Span> {
        let row = u32::try_from(row).ok()?;
        self.spans.binary_search_by_key(&row, |s| s.0).ok().and_then(|i| self.spans.get(i)).map(|s| s.1)
    }

    /// Marks the rows whose fingerprint stands at an earlier row as well; gives what they were.
    fn mark_repeats(&mut self) -> Vec<Fate> {
        let mut order: Vec<u32> = (0u32..).take(self.prints.len()).collect();
        let print = |row: &u32| self.prints.get(*row as usize).copied();
        order.sort_unstable_by_key(|row| (print(row), *row));
        let again = order.chunk_by(|a, b| print(a) == print(b)).flat_map(|same| same.iter().skip(1));
        let again: Vec<usize> = again.map(|row| *row as usize).collect();
        let mut were = Vec::with_capacity(again.len());
        for row in again {
            were.extend(self.fate(row).filter(|f| *f != Fate::Duplicate));
            if let Some(fate) = self.fates.get_mut(row) {
                *fate = Fate::Duplicate as u8;
            }
        }
        were
    }

    fn encode_row(&self, row: usize, out: &mut Vec<u8>) {
        let keys = self.keys(row);
        out.extend_from_slice(&self.prints.get(row).copied().unwrap_or(0).to_le_bytes());
        out.push(self.fates.get(row).copied().unwrap_or(Fate::Skipped as u8));
        out.extend_from_slice(&self.identities.get(row).copied().unwrap_or(0).to_le_bytes());
        let at = out.len();
        out.push(0);
        let mut count = 0u8;
        for key in keys.take(255) {
            out.extend_from_slice(&key.0.to_le_bytes());
            count += 1;
        }
        if let Some(slot) = out.get_mut(at) {
            *slot = count;
        }
        let span = self.span(row);
        out.push(u8::from(span.is_some()));
        if let Some(span) = span {
            [span.from, span.until].into_iter().for_each(|d| out.extend_from_slice(&pack(d)));
        }
    }

    /// Reads one encoded row from the front of `bytes`.
    pub fn decode_row(&mut self, bytes: &mut &[u8]) -> Result<(), BrokenMemory> {
        let print = u128::from_le_bytes(take(bytes)?);
        let [fate] = take::<1>(bytes)?;
        let fate = Fate::from_byte(fate).ok_or(BrokenMemory)?;
        let identity = u128::from_le_bytes(take(bytes)?);
        let [count] = take::<1>(bytes)?;
        for _ in 0..count {
            self.keys.push(u64::from_le_bytes(take(bytes)?));
        }
        match take::<1>(bytes)? {
            [0] => {}
            [1] => {
                let (from, until) = (unpack(take(bytes)?)?, unpack(take(bytes)?)?);
                let row = u32::try_from(self.prints.len()).map_err(|_| BrokenMemory)?;
                self.spans.push((row, Span { from, until }));
            }
            _ => return Err(BrokenMemory),
        }
        self.add(Fingerprint(print), fate, identity);
        Ok(())
    }
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

/// Where a row of tonight's file is remembered.
#[derive(Clone, Copy)]
enum Slot {
    Base(usize),
    Fresh(usize),
}

/// The memory of one file: rows known from the feed's last file, and fresh ones.
#[derive(Default)]
pub struct FileMemory {
    base: RowMemory,
    fresh: RowMemory,
    /// Per row: index into `fresh`, or into `base` with the top bit set. Empty: `fresh` is all.
    slots: Vec<u32>,
    by_print: Vec<u32>,
    next: usize,
    seen: Vec<bool>,
}

const BASE: u32 = 1 << 31;

impl FileMemory {
    /// Starts on the memory of the feed's last accepted file.
    pub fn on(base: RowMemory) -> Self {
        let seen = alloc::vec![false; base.len()];
        Self { base, seen, ..Self::default() }
    }

    /// A file's memory as read back.
    pub fn whole(fresh: RowMemory) -> Self {
        Self { fresh, ..Self::default() }
    }

    /// Looks for a row of the last file with this fingerprint; the next one is tried first, since
    /// most files keep their order. A row refused last time is looked at again every time.
    pub fn find(&mut self, print: Fingerprint) -> Found {
        let Some(row) = self.find_row(print) else { return Found::New };
        if self.base.fate(row) == Some(Fate::Refused) { Found::Refused } else { Found::Known(row) }
    }

    fn find_row(&mut self, print: Fingerprint) -> Option<usize> {
        let hinted = self.base.prints.get(self.next) == Some(&print.0);
        let found = if hinted && self.base.fate(self.next) != Some(Fate::Duplicate) {
            self.next
        } else {
            self.search(print)?
        };
        self.next = if hinted { self.next + 1 } else { found + 1 };
        Some(found)
    }

    /// The first row of the last file with this fingerprint.
    fn search(&mut self, print: Fingerprint) -> Option<usize> {
        let prints = &self.base.prints;
        if self.by_print.len() != prints.len() {
            self.by_print = (0u32..).take(prints.len()).collect();
            self.by_print.sort_unstable_by_key(|i| (prints.get(*i as usize).copied(), *i));
        }
        let at = self.by_print.partition_point(|i| prints.get(*i as usize).is_some_and(|p| *p < print.0));
        let row = *self.by_print.get(at)? as usize;
        (prints.get(row) == Some(&print.0)).then_some(row)
    }

    /// Number of rows of the last file.
    pub fn base_len(&self) -> usize {
        self.base.len()
    }

    /// What became of a row in the last file, and whether tonight's file had it already.
    pub fn base_fate(&self, base_row: usize) -> (Option<Fate>, bool) {
        (self.base.fate(base_row), self.seen.get(base_row).copied().unwrap_or(false))
    }

    /// Tonight's next row is this row of the last file.
    pub fn push_known(&mut self, base_row: usize) {
        if let (Some(seen), Ok(row)) = (self.seen.get_mut(base_row), u32::try_from(base_row)) {
            *seen = true;
            self.slots.push(row | BASE);
        }
    }

    /// Tonight's next row is new; the caller adds it to the returned memory.
    pub fn push_fresh(&mut self) -> &mut RowMemory {
        if !self.base.is_empty() {
            self.slots.push(u32::try_from(self.fresh.len()).unwrap_or(u32::MAX >> 1));
        }
        &mut self.fresh
    }

    fn slot(&self, row: usize) -> Slot {
        match self.slots.get(row) {
            Some(slot) if slot & BASE != 0 => Slot::Base((slot & !BASE) as usize),
            Some(slot) => Slot::Fresh(*slot as usize),
            None => Slot::Fresh(row),
        }
    }

    fn at(&self, row: usize) -> (&RowMemory, usize) {
        match self.slot(row) {
            Slot::Base(i) => (&self.base, i),
            Slot::Fresh(i) => (&self.fresh, i),
        }
    }

    /// Number of rows of tonight's file.
    pub fn len(&self) -> usize {
        if self.slots.is_empty() { self.fresh.len() } else { self.slots.len() }
    }

    /// Whether the file has no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a row is new against the last file.
    pub fn is_fresh(&self, row: usize) -> bool {
        matches!(self.slot(row), Slot::Fresh(_))
    }

    /// The identity of a mapped row.
    pub fn identity(&self, row: usize) -> Option<IdentityId> {
        let (memory, i) = self.at(row);
        memory.identity(i)
    }

    /// A row's fingerprint.
    pub fn print(&self, row: usize) -> Option<Fingerprint> {
        let (memory, i) = self.at(row);
        memory.print(i)
    }

    /// A row's evidence.
    pub fn keys(&self, row: usize) -> impl Iterator<Item = Key> + '_ {
        let (memory, i) = self.at(row);
        memory.keys(i)
    }

    /// What became of a row.
    pub fn fate(&self, row: usize) -> Option<Fate> {
        let (memory, i) = self.at(row);
        memory.fate(i)
    }

    /// The designation that a row gives.
    pub fn span(&self, row: usize) -> Option<Span> {
        let (memory, i) = self.at(row);
        memory.span(i)
    }

    /// Whether any row designates.
    pub fn designates(&self) -> bool {
        !self.base.spans.is_empty() || !self.fresh.spans.is_empty()
    }

    /// Marks fresh rows that repeat an earlier fresh row; gives what they were before.
    pub fn mark_repeats(&mut self) -> Vec<Fate> {
        self.fresh.mark_repeats()
    }

    /// Identities of rows of the last file that tonight's file has no more.
    pub fn vanished(&self) -> impl Iterator<Item = IdentityId> + '_ {
        self.seen
            .iter()
            .enumerate()
            .filter(|(_, seen)| !**seen)
            .filter_map(|(row, _)| self.base.identity(row))
    }

    /// Takes over, after the rows of tonight's file, the rows of the last file that designate on `day` somebody whom
    /// tonight's file does not name: a row that is merely gone ends nothing. Gives how many.
    pub fn carry_designations(&mut self, day: Date) -> usize {
        let gone: Vec<(usize, IdentityId)> = (0..self.seen.len())
            .filter(|row| self.seen.get(*row) == Some(&false))
            .filter(|row| self.base.span(*row).is_some_and(|span| span.holds(day)))
            .filter_map(|row| Some((row, self.base.identity(row)?)))
            .collect();
        if gone.is_empty() {
            return 0;
        }
        let named: BTreeSet<IdentityId> = (0..self.len()).filter_map(|row| self.identity(row)).collect();
        let carried = gone.into_iter().filter(|(_, identity)| !named.contains(identity));
        carried.map(|(row, _)| self.push_known(row)).count()
    }

    /// Encodes rows from `from` on until `out` holds at least `bytes`; returns the next row.
    pub fn encode(&self, from: usize, bytes: usize, out: &mut Vec<u8>) -> usize {
        let mut row = from;
        while row < self.len() && out.len() < bytes {
            let (memory, i) = self.at(row);
            memory.encode_row(i, out);
            row += 1;
        }
        row
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn sample() -> RowMemory {
        let mut memory = RowMemory::default();
        let span = Span { from: Some(date(2008, 10, 1)), until: None };
        memory.push(Fingerprint(1), IdentityId(11), &[Key(5), Key(6)], Some(span));
        memory.push_other(Fingerprint(2), Fate::Refused);
        memory.push(Fingerprint(3), IdentityId(13), &[Key(7)], None);
        memory
    }

    #[test]
    fn a_row_has_one_form_and_anything_else_is_broken() {
        let mut bytes = Vec::new();
        FileMemory::whole(sample()).encode(0, 1, &mut bytes);
        let read = |bytes: &[u8]| RowMemory::default().decode_row(&mut &*bytes);
        assert_eq!(read(&bytes), Ok(()));
        // The mark of a designation stands before its two days of four bytes.
        let mark = bytes.len() - 9;
        for (at, byte) in [(mark, 2), (mark, 48), (bytes.len() - 4, 7), (bytes.len() - 1, 1)] {
            let mut changed = bytes.clone();
            changed[at] = byte;
            assert_eq!(read(&changed), Err(BrokenMemory), "byte {at}");
        }
    }

    #[test]
    fn a_designation_that_is_merely_gone_is_carried_on_and_an_ended_one_is_not() {
        let day = date(2008, 11, 19);
        let mut file = FileMemory::on(sample());
        file.push_fresh().push(Fingerprint(9), IdentityId(19), &[], None);
        assert_eq!(file.carry_designations(date(2008, 9, 30)), 0, "it did not stand yet");
        assert_eq!(file.carry_designations(day), 1);
        assert_eq!((file.identity(1), file.vanished().count()), (Some(IdentityId(11)), 1));
        assert_eq!(file.keys(1).collect::<Vec<_>>(), [Key(5), Key(6)]);
        let mut ended = FileMemory::on(sample());
        let until = Some(date(2008, 11, 18));
        ended.push_fresh().push(Fingerprint(9), IdentityId(11), &[], Some(Span { from: None, until }));
        assert_eq!(ended.carry_designations(day), 0);
    }

    #[test]
    fn a_second_file_remembers_known_and_fresh_rows_in_its_own_order() {
        let mut file = FileMemory::on(sample());
        assert_eq!(file.find(Fingerprint(3)), Found::Known(2));
        file.push_known(2);
        assert_eq!(file.find(Fingerprint(9)), Found::New);
        file.push_fresh().push(Fingerprint(9), IdentityId(19), &[Key(8)], None);
        assert_eq!(file.find(Fingerprint(2)), Found::Refused, "a refused row is read again");
        file.push_fresh().push_other(Fingerprint(2), Fate::Refused);
        assert_eq!(file.vanished().collect::<Vec<_>>(), [IdentityId(11)]);
        let mut bytes = Vec::new();
        assert_eq!(file.encode(0, usize::MAX, &mut bytes), 3);
        let (mut back, mut rest) = (RowMemory::default(), &bytes[..]);
        while !rest.is_empty() {
            back.decode_row(&mut rest).expect("reads");
        }
        assert_eq!(
            (0..3).map(|r| back.identity(r)).collect::<Vec<_>>(),
            [Some(IdentityId(13)), Some(IdentityId(19)), None]
        );
        assert_eq!(back.keys(1).collect::<Vec<_>>(), [Key(8)]);
    }

    #[test]
    fn spans_come_back_and_a_cut_memory_is_refused() {
        let file = FileMemory::whole(sample());
        let mut bytes = Vec::new();
        file.encode(0, usize::MAX, &mut bytes);
        let (mut back, mut rest) = (RowMemory::default(), &bytes[..]);
        back.decode_row(&mut rest).expect("reads");
        assert!(back.span(0).is_some_and(|s| s.holds(date(2008, 11, 17)) && !s.holds(date(2008, 9, 30))));
        let mut cut = &bytes[..bytes.len() - 1];
        let mut other = RowMemory::default();
        let mut result = Ok(());
        while result.is_ok() && !cut.is_empty() {
            result = other.decode_row(&mut cut);
        }
        assert_eq!(result, Err(BrokenMemory));
    }

    #[test]
    fn a_row_that_stands_twice_counts_once_whatever_the_order() {
        let mut memory = sample();
        memory.push_other(Fingerprint(1), Fate::Skipped);
        let mut file = FileMemory::whole(memory);
        assert_eq!(file.mark_repeats(), [Fate::Skipped]);
        assert_eq!(file.fate(3), Some(Fate::Duplicate));
        let FileMemory { fresh, .. } = file;
        let mut next = FileMemory::on(fresh);
        // The later one comes first tonight: it is the same row, known as the first.
        assert_eq!(next.find(Fingerprint(3)), Found::Known(2));
        assert_eq!(next.find(Fingerprint(1)), Found::Known(0));
        assert_eq!(next.base_fate(0), (Some(Fate::Mapped), false));
        next.push_known(0);
        assert_eq!(next.find(Fingerprint(1)), Found::Known(0));
        assert!(next.base_fate(0).1, "and now it repeats");
    }
}
