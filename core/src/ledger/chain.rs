//! The chain: each entry's hash covers the one before, so any change shows from there on.

use super::entry::Entry;
use crate::hash::Digest;
use crate::problem::Problem;
use alloc::format;
use alloc::vec::Vec;

const DOMAIN: &[u8] = b"lockgate ledger 1\0";

/// How far a ledger goes, and the hash it ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// Number of the last entry; 0 before the first.
    pub seq: u64,
    /// Hash of the last entry.
    pub head: Digest,
}

/// An entry as it is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// Its number, from 1.
    pub seq: u64,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// Its hash, which covers all before it.
    pub hash: Digest,
}

/// An entry as it was kept.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Its number.
    pub seq: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its hash.
    pub hash: Digest,
}

impl<'a> From<&'a Linked> for Kept<'a> {
    fn from(linked: &'a Linked) -> Self {
        Self { seq: linked.seq, bytes: &linked.bytes, hash: linked.hash }
    }
}

impl Chain {
    /// An empty ledger.
    pub fn new() -> Self {
        Self { seq: 0, head: Digest::of(DOMAIN) }
    }

    /// Adds an entry.
    pub fn append(&mut self, entry: &Entry<'_>) -> Linked {
        self.append_encoded(&entry.encode())
    }

    /// Adds an entry that was encoded before: a night's entries wait in that form until their bundle is
    /// finished.
    pub fn append_encoded(&mut self, bytes: &[u8]) -> Linked {
        let Self { seq, head: hash } = self.link(bytes);
        Linked { seq, bytes: bytes.to_vec(), hash }
    }

    /// The same, without a copy of the bytes: gives the number and hash of the new entry.
    #[must_use = "the number and hash are what is kept of the entry"]
    pub fn link(&mut self, bytes: &[u8]) -> Self {
        let (seq, hash) = self.next(bytes);
        *self = Self { seq, head: hash };
        *self
    }

    fn next(&self, bytes: &[u8]) -> (u64, Digest) {
        // 2^64 entries do not happen; the release profile checks overflow all the same.
        let seq = self.seq.saturating_add(1);
        (seq, Digest::of_parts([DOMAIN, &self.head.0, &seq.to_be_bytes(), bytes]))
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

/// The first place where a ledger does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// The number that the entry there should have.
    pub seq: u64,
    /// What is wrong with it.
    pub why: Break,
}

/// How an entry can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// An entry is missing, out of order or added: the number is not the next one.
    Number,
    /// The hash does not follow from the entry and all before it.
    Hash,
    /// The hash holds, but the bytes are not an entry that this version can read.
    Entry,
    /// The ledger ends before, beyond or beside its known head.
    Head,
}

impl Broken {
    /// As a message (`LG3001`).
    pub fn problem(&self) -> Problem {
        let why = match self.why {
            Break::Number => "is missing or out of order",
            Break::Hash => "does not follow from the entries before it",
            Break::Entry => "does not read",
            Break::Head => "does not agree with the known end of the ledger",
        };
        Problem::new("LG3001", format!("ledger entry {} {why}", self.seq))
            .help("compare with the exported heads; send nothing until it is explained")
    }
}

/// Verifies a ledger entry by entry, as a store hands them out.
#[derive(Debug, Clone, Copy)]
pub struct Verifier(Chain);

impl Verifier {
    /// Starts after a point that is known to hold ([`Chain::new`] for the whole ledger).
    pub const fn new(from: Chain) -> Self {
        Self(from)
    }

    /// Checks the next entry.
    pub fn check(&mut self, kept: Kept<'_>) -> Result<(), Broken> {
        let (seq, hash) = self.0.next(kept.bytes);
        let broken = |why| Err(Broken { seq, why });
        if kept.seq != seq {
            return broken(Break::Number);
        }
        if kept.hash != hash {
            return broken(Break::Hash);
        }
        if Entry::decode(kept.bytes).is_err() {
            return broken(Break::Entry);
        }
        self.0 = Chain { seq, head: hash };
        Ok(())
    }

    /// Ends; with a known head, the ledger has to end exactly there.
    pub fn finish(self, known: Option<Chain>) -> Result<Chain, Broken> {
        match known {
            Some(known) if known != self.0 => {
                let seq = if known.seq > self.0.seq { self.0.seq.saturating_add(1) } else { known.seq };
                Err(Broken { seq, why: Break::Head })
            }
            _ => Ok(self.0),
        }
    }
}

/// Verifies a ledger and names the first entry that does not hold.
pub fn verify<'a>(
    from: Chain,
    entries: impl IntoIterator<Item = Kept<'a>>,
    known: Option<Chain>,
) -> Result<Chain, Broken> {
    let mut verifier = Verifier::new(from);
    entries.into_iter().try_for_each(|kept| verifier.check(kept))?;
    verifier.finish(known)
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::ledger::entry::samples::{Seed, entry, seed};
    use proptest::prelude::*;

    fn ledger(seeds: &[Seed]) -> (Vec<Linked>, Chain) {
        let mut chain = Chain::new();
        let entries = seeds.iter().map(|s| chain.append(&entry(s))).collect();
        (entries, chain)
    }

    fn check(entries: &[Linked], known: Chain) -> Result<Chain, Broken> {
        verify(Chain::new(), entries.iter().map(Kept::from), Some(known))
    }

    fn seeds(min: usize) -> impl Strategy<Value = Vec<Seed>> {
        prop::collection::vec(seed(), min..10)
    }

    proptest! {
        #[test]
        fn an_untouched_ledger_verifies_whole_and_from_any_point(seeds in seeds(0), cut: prop::sample::Index) {
            let (entries, head) = ledger(&seeds);
            prop_assert_eq!(check(&entries, head), Ok(head));
            if let Some(at) = (!entries.is_empty()).then(|| cut.index(entries.len())) {
                let from = Chain { seq: entries[at].seq, head: entries[at].hash };
                prop_assert_eq!(verify(from, entries[at + 1..].iter().map(Kept::from), Some(head)), Ok(head));
            }
        }

        #[test]
        fn any_changed_byte_is_found_where_it_is(seeds in seeds(1), at: prop::sample::Index, byte: prop::sample::Index, flip in 1u8..) {
            let (mut entries, head) = ledger(&seeds);
            let at = at.index(entries.len());
            let len = entries[at].bytes.len();
            match byte.index(len + 32 + 8) {
                b if b < len => entries[at].bytes[b] ^= flip,
                b if b < len + 32 => entries[at].hash.0[b - len] ^= flip,
                b => entries[at].seq ^= u64::from(flip) << (8 * (b - len - 32)),
            }
            prop_assert_eq!(check(&entries, head).map_err(|b| b.seq), Err(at as u64 + 1));
        }

        #[test]
        fn a_deleted_entry_is_found(seeds in seeds(1), at: prop::sample::Index) {
            let (mut entries, head) = ledger(&seeds);
            let at = at.index(entries.len());
            entries.remove(at);
            prop_assert_eq!(check(&entries, head).map_err(|b| b.seq), Err(at as u64 + 1));
        }

        #[test]
        fn swapped_entries_are_found_even_when_renumbered(seeds in seeds(2), at: prop::sample::Index) {
            let (mut entries, head) = ledger(&seeds);
            let at = at.index(entries.len() - 1);
            entries.swap(at, at + 1);
            prop_assert_eq!(check(&entries, head), Err(Broken { seq: at as u64 + 1, why: Break::Number }));
            for (entry, seq) in entries.iter_mut().zip(1..) {
                entry.seq = seq;
            }
            prop_assert_eq!(check(&entries, head), Err(Broken { seq: at as u64 + 1, why: Break::Hash }));
        }

        #[test]
        fn an_added_or_repeated_entry_is_found(seeds in seeds(1), at: prop::sample::Index) {
            let (mut entries, head) = ledger(&seeds);
            let at = at.index(entries.len());
            entries.insert(at, entries[at].clone());
            prop_assert!(check(&entries, head).is_err());
        }

        #[test]
        fn a_cut_tail_is_found_against_the_known_head(seeds in seeds(1), at: prop::sample::Index) {
            let (mut entries, head) = ledger(&seeds);
            let at = at.index(entries.len());
            entries.truncate(at);
            prop_assert_eq!(check(&entries, head), Err(Broken { seq: at as u64 + 1, why: Break::Head }));
        }

        #[test]
        fn a_rewritten_tail_is_found_against_the_known_head(seeds in seeds(1), other in seed()) {
            let (mut entries, head) = ledger(&seeds);
            let last = entries.pop();
            let mut chain = entries.last().map_or(Chain::new(), |l| Chain { seq: l.seq, head: l.hash });
            entries.push(chain.append(&entry(&other)));
            prop_assume!(entries.last() != last.as_ref());
            prop_assert!(check(&entries, head).is_err());
        }
    }

    #[test]
    fn an_entry_of_an_unknown_form_is_said_to_be_one() {
        let chain = Chain::new();
        let (seq, hash) = chain.next(b"later");
        let kept = Kept { seq, bytes: b"later", hash };
        assert_eq!(verify(chain, [kept], None), Err(Broken { seq: 1, why: Break::Entry }));
    }
}
