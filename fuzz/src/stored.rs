//! The bodies of what the gateway keeps and reads back: ledger entries, holdings, row memory, chapters, spool.

use crate::sign;
use lockgate_core::bundle::{Holdings, Lexicon, Packed};
use lockgate_core::chapter::{self, ChapterHead};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::Entry;
use lockgate_core::link::{Key, RowBytes, RowIndex, Seen, repeats};
use lockgate_core::record::IdentityId;
use lockgate_core::rest::{NONCE_LEN, RestKey};
use lockgate_core::spool as core_spool;
use std::sync::LazyLock;

/// Ledger entries: what reads is what would be written.
pub fn ledger(data: &[u8]) -> u64 {
    if let Ok(entry) = Entry::decode(data) {
        assert_eq!(entry.encode(), data, "an entry has two forms");
    }
    match Entry::split(data) {
        Ok((entry, rest)) => {
            assert!(data.starts_with(&entry.encode()) && data.ends_with(rest));
            sign((entry.word(), rest.is_empty()))
        }
        Err(_) => 0,
    }
}

/// What a recipient holds. Where the first byte is odd the check sum is made right.
pub fn holdings(data: &[u8]) -> u64 {
    const CHECK: usize = 8;
    let Some((choice, packed)) = data.split_first() else { return 0 };
    let mut packed = packed.to_vec();
    if choice % 2 == 1 {
        let check = Digest::of(&packed);
        packed.extend_from_slice(check.0.first_chunk::<CHECK>().unwrap_or(&[0; CHECK]));
    }
    let lexicon = Lexicon::of([(1, "person".into()), (2, "R".into()), (200, "5.1.1".into())]);
    match Holdings::from_bytes(&packed, &lexicon) {
        Ok(holdings) => {
            let again = Holdings::from_bytes(&holdings.to_bytes(&lexicon), &lexicon);
            assert!(again.is_ok_and(|again| again == holdings), "holdings do not come back");
            assert!(holdings.iter().all(|h| holdings.get(h.record).is_some()), "a holding is not found");
            let mut twice = holdings.clone();
            twice.absorb(holdings.clone());
            assert!(twice == holdings, "holdings absorb themselves into something else");
            sign((holdings.live().min(3), holdings.iter().count().min(3)))
        }
        Err(problem) => {
            crate::known(problem.code);
            0
        }
    }
}

/// Remembered rows and, where they end, an index of what became of them: what reads is written again in the same
/// bytes. The first byte says how many rows there are.
pub fn row_memory(data: &[u8]) -> u64 {
    let Some((count, data)) = data.split_first() else { return 0 };
    let (mut rest, mut prints, mut keys, mut again) = (data, Vec::new(), 0, Vec::new());
    for row in 0..usize::from(*count) {
        let Ok(read) = RowBytes::take(&mut rest) else { return 1 };
        let seen = Seen::new(row, &read, None, true);
        let evidence: Vec<Key> = seen.keys().collect();
        RowBytes::put(&mut again, read.print, seen.identity, &evidence);
        prints.push(read.print.0);
        keys += evidence.len();
    }
    let whole = data.get(..data.len() - rest.len()).unwrap_or_default();
    assert_eq!(again, whole, "remembered rows have two forms");
    let first = RowBytes::length(whole);
    assert!(first.is_none_or(|length| length <= whole.len()), "a row is longer than it is");
    let Ok(index) = RowIndex::decode(rest) else { return 2 };
    let mut again = Vec::new();
    index.encode(&mut again);
    assert_eq!(again, rest, "an index has two forms");
    let spans = index.spans(0).count();
    assert!(index.spans(0).all(|(row, span)| index.span(row) == Some(span)), "a designation is not found");
    let repeats = repeats(&prints).len();
    sign((prints.len().min(3), keys.min(3), index.len().min(3), spans.min(3), repeats.min(2)))
}

/// A chapter's sealed entries behind its head: nothing opens that nobody sealed, and what reads is sealed again in
/// the same bytes.
pub fn chapter(data: &[u8]) -> u64 {
    static KEY: LazyLock<RestKey> = LazyLock::new(|| RestKey::new(&[7; 32]));
    const PLACE: i64 = 5;
    assert!(chapter::open(PLACE, data, &KEY).is_err(), "bytes open that nobody sealed");
    let head = ChapterHead { identity: IdentityId(1), partner: 2, file: 3, run: 4 };
    let empty = chapter::seal(&head, PLACE, [], &KEY, [1; NONCE_LEN]);
    // The seal of no entries is the clear head, the nonce and a tag.
    let clear = empty.get(..empty.len().saturating_sub(NONCE_LEN + 16)).unwrap_or_default();
    let bound = [clear, &PLACE.to_be_bytes()].concat();
    let sealed = [clear, &KEY.seal([1; NONCE_LEN], &bound, data)].concat();
    let Ok((read, entries)) = chapter::open(PLACE, &sealed, &KEY) else { return 0 };
    assert_eq!(read, head);
    assert_eq!(
        chapter::seal(&head, PLACE, &entries, &KEY, [1; NONCE_LEN]),
        sealed,
        "a chapter has two forms"
    );
    let twice = [(PLACE, sealed.as_slice()), (PLACE, sealed.as_slice())];
    let standing = chapter::standing(twice, &KEY).map(|standing| standing.len());
    assert!(standing.is_ok_and(|standing| standing <= entries.len()), "entries stand twice");
    let gone = entries.iter().filter(|entry| entry.is_gone()).count();
    sign((entries.len().min(4), gone.min(2)))
}

/// Sealed rows between reading and linking.
pub fn spool(data: &[u8]) -> u64 {
    static KEY: LazyLock<RestKey> = LazyLock::new(|| RestKey::new(&[7; 32]));
    assert!(core_spool::open(&KEY, 1, data, |_, _| true).is_err(), "bytes open that nobody sealed");
    let sealed = KEY.seal([1; NONCE_LEN], &1u64.to_be_bytes(), data);
    let all = core_spool::open(&KEY, 1, &sealed, |_, _| true);
    let none = core_spool::open(&KEY, 1, &sealed, |_, _| false);
    match all {
        Ok(rows) => {
            assert!(none.is_ok_and(|rows| rows.is_empty()));
            sign((rows.len().min(4), rows.iter().map(|r| r.candidates.len()).sum::<usize>().min(4)))
        }
        Err(_) => 0,
    }
}

/// A bundle's row as the writers read it back.
pub fn packed_row(data: &[u8]) -> u64 {
    let Some(row) = Packed::read(data) else { return 0 };
    let cells = row.cells().count();
    assert!(cells <= data.len(), "more cells than bytes");
    let _ = (row.key(), row.table(), row.record_ref(), row.handling().count());
    sign((cells.min(16), row.change().word(), row.replaces()))
}
