//! The bodies of what the gateway keeps and reads back: ledger entries, holdings, row memory, spool.

use crate::sign;
use lockgate_core::bundle::{Holdings, Packed};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::Entry;
use lockgate_core::link::{FileMemory, RowMemory};
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
    match Holdings::from_bytes(&packed) {
        Ok(holdings) => {
            let again = Holdings::from_bytes(&holdings.to_bytes());
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

/// Remembered rows: what reads is written again in the same bytes.
pub fn row_memory(data: &[u8]) -> u64 {
    let (mut memory, mut rest) = (RowMemory::default(), data);
    while !rest.is_empty() {
        let before = rest;
        if memory.decode_row(&mut rest).is_err() {
            rest = before;
            break;
        }
    }
    let read = data.get(..data.len() - rest.len()).unwrap_or_default();
    if !rest.is_empty() {
        // A broken row ends the file; the rows before it are asked about without it.
        return 2 + row_memory(read).min(1);
    }
    let rows = memory.len();
    let mut file = FileMemory::whole(memory);
    let mut out = Vec::new();
    assert_eq!(file.encode(0, usize::MAX, &mut out), rows);
    assert_eq!(out, read, "remembered rows have two forms");
    let keys: usize = (0..rows).map(|row| file.keys(row).count()).sum();
    let spans = (0..rows).filter(|row| file.span(*row).is_some()).count();
    let repeats = file.mark_repeats().len();
    sign((rows.min(3), keys.min(3), spans.min(3), repeats.min(2)))
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
