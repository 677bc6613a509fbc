//! The ledger as it is stored: entries stand many to a row, each with its hash.
//!
//! A row holds a run of entries of one bundle: the number of its first and last entry, the entries, and the hash of
//! the last (the head). Inside, each entry stands as `alike.rs` writes it; between two entries stands the hash
//! of the one before. So every hash is stored once, and a row is written once and never touched again.
//!
//! Rows begin with a mark. Those that were written before there was one have no mark, and each entry as its length
//! (4 bytes) and its bytes.

use super::alike;
use super::bulk::Values;
use super::db::{Conn, Pool};
use super::either;
use super::error::StoreError;
use super::ids::{self, BundleId, count, stored};
use super::log::Log;
use super::{BundleTx, Store, sql};

/// Bytes of entries in a row, about.
const ROW: usize = 64 * 1024;
/// Rows read at once.
const ROWS_A_PAGE: i64 = 16;
const HASH: usize = 32;
/// In front of a row's entries; no entry has this length.
const ALIKE: [u8; 4] = [u8::MAX; 4];

/// A linked entry to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Its number, from 1, the head's plus one.
    pub seq: u64,
    /// What was recorded, as the core wrote it.
    pub entry: Vec<u8>,
    /// The hash that links it to the one before.
    pub hash: [u8; HASH],
}

/// A stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its number.
    pub seq: u64,
    /// The bundle it belongs to.
    pub bundle: Option<BundleId>,
    /// What was recorded.
    pub entry: Vec<u8>,
    /// Its link. As stored: `ledger verify` decides whether it is right, so a wrong length is no error here.
    pub hash: Vec<u8>,
}

/// Linked entries that become one row.
#[derive(Debug, Default)]
pub struct LedgerRow {
    first: u64,
    last: u64,
    entries: Vec<u8>,
    patterns: alike::Patterns,
    head: [u8; HASH],
}

impl LedgerRow {
    /// Adds the next entry.
    pub fn push(&mut self, seq: u64, entry: &[u8], hash: [u8; HASH]) {
        if self.entries.is_empty() {
            self.entries.reserve_exact(ROW + 1024);
            self.entries.extend_from_slice(&ALIKE);
            self.first = seq;
        } else {
            self.entries.extend_from_slice(&self.head);
        }
        self.patterns.put(&mut self.entries, entry);
        (self.last, self.head) = (seq, hash);
    }

    /// Whether it is long enough.
    pub const fn full(&self) -> bool {
        self.entries.len() >= ROW
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Pages of the ledger.
pub struct LedgerPages {
    pool: Pool,
    /// The number of the first entry wanted.
    from: u64,
    /// The row after which to read on.
    after: Option<i64>,
}

impl Store {
    /// The ledger's last number and hash; `None` while it is empty.
    pub async fn chain_head(&self) -> Result<Option<(u64, [u8; HASH])>, StoreError> {
        head(&mut self.read.acquire().await?).await
    }

    /// The ledger from `first` on, by rising number, as it is stored.
    pub fn ledger_entries(&self, first: u64) -> LedgerPages {
        LedgerPages::from(&self.read, first)
    }
}

impl BundleTx {
    /// The ledger's last number and hash, with what this transaction has appended.
    pub async fn chain_head(&mut self) -> Result<Option<(u64, [u8; HASH])>, StoreError> {
        head(self.connection()).await
    }

    /// Appends entries. Their numbers must follow the head without a gap; otherwise nothing is written (LG2010).
    pub async fn append_ledger(
        &mut self,
        bundle: Option<BundleId>,
        entries: Vec<NewEntry>,
    ) -> Result<(), StoreError> {
        for (entry, expected) in entries.iter().zip(self.head + 1..) {
            if entry.seq != expected {
                return Err(StoreError::LedgerOrder { expected, offered: entry.seq });
            }
        }
        let (mut rows, mut row) = (Vec::new(), LedgerRow::default());
        for entry in &entries {
            row.push(entry.seq, &entry.entry, entry.hash);
            if row.full() {
                rows.push(std::mem::take(&mut row));
            }
        }
        rows.push(row);
        self.append_rows(bundle, rows).await
    }

    /// Appends rows of entries that follow each other. The first must follow the head, and each the one before it; otherwise
    /// nothing is written (LG2010).
    pub async fn append_rows(
        &mut self,
        bundle: Option<BundleId>,
        mut rows: Vec<LedgerRow>,
    ) -> Result<(), StoreError> {
        rows.retain(|row| !row.is_empty());
        let mut head = self.head;
        for row in &rows {
            if row.first != head + 1 {
                return Err(StoreError::LedgerOrder { expected: head + 1, offered: row.first });
            }
            head = row.last;
        }
        let bind = |values: &mut Values, row: LedgerRow| {
            values.int(stored(row.first));
            values.int(stored(row.last));
            values.blob(row.entries);
            values.blob(row.head.to_vec());
        };
        sql::LEDGER_ADD.write(self.connection(), &[bundle.map(|id| id.0)], rows, bind).await?;
        self.head = head;
        self.log.iter().for_each(Log::early);
        Ok(())
    }
}

impl LedgerPages {
    /// From the entry `first` on.
    pub(super) fn from(pool: &Pool, first: u64) -> Self {
        Self { pool: pool.clone(), from: first, after: None }
    }

    /// The next page.
    pub async fn next_page(&mut self) -> Result<Option<Vec<LedgerEntry>>, StoreError> {
        loop {
            let after = match self.after {
                Some(after) => after,
                None => self.start().await?,
            };
            let query = either::query_as(sql::LEDGER_PAGE).bind(after).bind(ROWS_A_PAGE);
            let rows: Vec<StoredRow> = query.fetch_all(&self.pool).await?;
            let Some(last) = rows.last() else { return Ok(None) };
            self.after = Some(last.0);
            let mut page = Vec::new();
            for row in &rows {
                unpack(row, &mut page)?;
            }
            page.retain(|entry| entry.seq >= self.from);
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
    }

    /// The row after which the first wanted entry stands.
    async fn start(&self) -> Result<i64, StoreError> {
        let query = either::query_scalar(sql::LEDGER_ROW).bind(stored(self.from));
        let row: Option<i64> = query.fetch_one(&self.pool).await?;
        Ok(row.map_or(i64::MIN, |first| first.saturating_sub(1)))
    }
}

type StoredRow = (i64, i64, Option<i64>, Vec<u8>, Vec<u8>);

/// The entries of a row. What does not read comes out as an entry that does not verify.
fn unpack(
    (first, last, bundle, entries, head): &StoredRow,
    out: &mut Vec<LedgerEntry>,
) -> Result<(), StoreError> {
    let (bundle, mut seq) = (bundle.map(BundleId), count::<u64>(*first, "ledger")?);
    let mut packed = Packed::of(entries);
    loop {
        let taken = packed.take();
        let whole = taken.is_some();
        let entry = taken.unwrap_or_else(|| packed.rest.to_vec());
        match packed.rest.split_at_checked(HASH) {
            Some((hash, next)) if whole => {
                out.push(LedgerEntry { seq, bundle, entry, hash: hash.to_vec() });
                packed.rest = next;
                seq = seq.saturating_add(1);
            }
            _ => {
                // The last one has the number and hash that the row states for it.
                let hash = if whole && packed.rest.is_empty() { head.clone() } else { Vec::new() };
                let seq = count(*last, "ledger")?;
                out.push(LedgerEntry { seq, bundle, entry, hash });
                return Ok(());
            }
        }
    }
}

/// The entries of a row, as they are read.
struct Packed<'a> {
    rest: &'a [u8],
    /// `None` in a row without the mark.
    patterns: Option<alike::Read<'a>>,
}

impl<'a> Packed<'a> {
    fn of(entries: &'a [u8]) -> Self {
        match entries.strip_prefix(&ALIKE) {
            Some(rest) => Self { rest, patterns: Some(alike::Read::default()) },
            None => Self { rest: entries, patterns: None },
        }
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        if let Some(patterns) = &mut self.patterns {
            return patterns.take(&mut self.rest);
        }
        let (length, behind) = self.rest.split_first_chunk::<4>()?;
        let (entry, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.rest = behind;
        Some(entry.to_vec())
    }
}

/// The ledger's last number and hash.
pub(super) async fn head(connection: &mut Conn) -> Result<Option<(u64, [u8; HASH])>, StoreError> {
    let row: Option<(i64, Vec<u8>)> = either::query_as(sql::LEDGER_HEAD).fetch_optional(connection).await?;
    row.map(|(seq, hash)| Ok((count(seq, "ledger")?, ids::digest(&hash, "ledger")?.0))).transpose()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// The second entry is like the first.
    fn bytes(seq: u8) -> Vec<u8> {
        [&b"a word or two "[..], &[seq; 8]].concat()
    }

    fn row() -> StoredRow {
        let mut row = LedgerRow::default();
        for seq in 5..8u8 {
            row.push(u64::from(seq), &bytes(seq), [seq; HASH]);
        }
        (5, 7, None, row.entries, row.head.to_vec())
    }

    /// The same, as rows were written that have no mark.
    fn old_row() -> StoredRow {
        let mut entries = Vec::new();
        for seq in 5..8u8 {
            if seq > 5 {
                entries.extend_from_slice(&[seq - 1; HASH]);
            }
            let entry = bytes(seq);
            entries.extend_from_slice(&u32::try_from(entry.len()).unwrap().to_le_bytes());
            entries.extend_from_slice(&entry);
        }
        (5, 7, None, entries, vec![7; HASH])
    }

    fn entries(row: &StoredRow) -> Vec<(u64, Vec<u8>, Vec<u8>)> {
        let mut out = Vec::new();
        unpack(row, &mut out).unwrap();
        out.into_iter().map(|e| (e.seq, e.entry, e.hash)).collect()
    }

    #[test]
    fn entries_come_back_with_their_numbers_and_hashes() {
        let expected: Vec<_> = (5..8u8).map(|n| (u64::from(n), bytes(n), vec![n; HASH])).collect();
        assert_eq!(entries(&row()), expected);
        assert_eq!(entries(&old_row()), expected);
        assert!(row().3.len() < old_row().3.len());
    }

    #[test]
    fn whatever_is_changed_in_a_row_shows_in_an_entry() {
        let whole = entries(&row());
        for row in [row(), old_row()] {
            for at in 0..row.3.len() {
                let mut changed = row.clone();
                changed.3[at] ^= 1;
                assert_ne!(entries(&changed), whole, "byte {at}");
                let mut cut = row.clone();
                cut.3.truncate(at);
                assert_ne!(entries(&cut), whole, "cut at {at}");
            }
        }
        let (first, last, bundle, bytes, head) = row();
        for changed in [
            (6, last, bundle, bytes.clone(), head.clone()),
            (first, 8, bundle, bytes.clone(), head),
            (first, last, bundle, bytes.clone(), vec![1; HASH]),
            (first, last, bundle, bytes, Vec::new()),
        ] {
            assert_ne!(entries(&changed), whole);
        }
    }
}
