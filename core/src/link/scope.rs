//! Whom the linker looks at tonight: the changed identities, and all that their evidence touches.
//!
//! An identity's evidence is that of its newest file in each feed: a number that the source has
//! since corrected counts no more.

use super::evidence::Key;
use super::memory::FileMemory;
use crate::record::{IdentityId, PersonId};
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;

/// The retained files of one feed, newest first.
pub type FeedFiles<'a> = Vec<&'a FileMemory>;

/// Identities in scope, in one arena.
#[derive(Default)]
pub struct Scope {
    identities: Vec<IdentityId>,
    ends: Vec<u32>,
    keys: Vec<Key>,
    designated: Vec<bool>,
    known: HashMap<u32, (PersonId, i64)>,
    index: HashMap<IdentityId, u32>,
}

impl Scope {
    /// The closure of the seeds over shared blocking keys, with designations as at `day`.
    pub fn closure(feeds: &[FeedFiles<'_>], seeds: HashSet<IdentityId>, day: Date) -> Self {
        let mut inside: HashSet<IdentityId> = HashSet::with_capacity(seeds.len());
        let mut wanted: HashSet<u64> = HashSet::new();
        let mut added: HashSet<IdentityId> = seeds;
        while !added.is_empty() {
            inside.extend(added.iter().copied());
            let fresh = keys_of(feeds, &added, &mut wanted);
            added = touched(feeds, &fresh, &inside);
        }
        Self::collect(feeds, &inside, day)
    }

    fn collect(feeds: &[FeedFiles<'_>], inside: &HashSet<IdentityId>, day: Date) -> Self {
        // One row of (identity, key) a piece, then grouped: no list per identity.
        let mut pieces: Vec<(IdentityId, Key)> = Vec::new();
        let mut designated: HashSet<IdentityId> = HashSet::new();
        let mut bare: Vec<IdentityId> = Vec::new();
        for feed in feeds {
            each_current(feed, |file, row, identity| {
                if inside.contains(&identity) {
                    let before = pieces.len();
                    pieces.extend(file.keys(row).map(|k| (identity, k)));
                    if pieces.len() == before {
                        bare.push(identity);
                    }
                    if file.span(row).is_some_and(|s| s.holds(day)) {
                        designated.insert(identity);
                    }
                }
            });
        }
        pieces.sort_unstable();
        pieces.dedup();
        let mut scope = Self::default();
        for of_one in pieces.chunk_by(|a, b| a.0 == b.0) {
            if let Some((identity, _)) = of_one.first() {
                scope.add(*identity, of_one.iter().map(|(_, k)| *k), designated.contains(identity));
            }
        }
        for identity in bare {
            if !scope.index.contains_key(&identity) {
                scope.add(identity, core::iter::empty(), designated.contains(&identity));
            }
        }
        scope
    }

    /// Adds an identity with its sorted keys.
    pub fn add(&mut self, identity: IdentityId, keys: impl Iterator<Item = Key>, designated: bool) {
        let Ok(at) = u32::try_from(self.identities.len()) else { return };
        self.keys.extend(keys);
        self.identities.push(identity);
        self.designated.push(designated);
        self.ends.push(u32::try_from(self.keys.len()).unwrap_or(u32::MAX));
        self.index.insert(identity, at);
    }

    /// Says which person an identity belongs to already, since which run.
    pub fn set_known(&mut self, identity: IdentityId, person: PersonId, run: i64) {
        if let Some(at) = self.index.get(&identity) {
            self.known.insert(*at, (person, run));
        }
    }

    /// Number of identities.
    pub fn len(&self) -> usize {
        self.identities.len()
    }

    /// Whether nobody is in scope.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// All indexes.
    pub fn indexes(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.identities.len()).unwrap_or(u32::MAX)
    }

    /// The identity at an index.
    pub fn identity(&self, index: u32) -> IdentityId {
        self.identities.get(index as usize).copied().unwrap_or(IdentityId(0))
    }

    /// The index of an identity.
    pub fn index_of(&self, identity: IdentityId) -> Option<u32> {
        self.index.get(&identity).copied()
    }

    /// An identity's evidence, sorted.
    pub fn keys(&self, index: u32) -> &[Key] {
        let at = index as usize;
        let end = self.ends.get(at).map_or(0, |e| *e as usize);
        let start = at.checked_sub(1).and_then(|a| self.ends.get(a)).map_or(0, |e| *e as usize);
        self.keys.get(start..end).unwrap_or(&[])
    }

    /// Whether an identity is designated for the cohort.
    pub fn designated(&self, index: u32) -> bool {
        self.designated.get(index as usize).copied().unwrap_or(false)
    }

    /// The person an identity belongs to already.
    pub fn known(&self, index: u32) -> Option<(PersonId, i64)> {
        self.known.get(&index).copied()
    }
}

/// Walks the rows of a feed that count: for each identity, those of the newest file that has it.
fn each_current<'a>(feed: &FeedFiles<'a>, mut visit: impl FnMut(&'a FileMemory, usize, IdentityId)) {
    let mut newer: HashSet<IdentityId> = HashSet::new();
    for (n, file) in feed.iter().enumerate() {
        for row in 0..file.len() {
            if let Some(identity) = file.identity(row).filter(|i| n == 0 || !newer.contains(i)) {
                visit(file, row, identity);
            }
        }
        if feed.len() > n + 1 {
            newer.extend((0..file.len()).filter_map(|row| file.identity(row)));
        }
    }
}

/// The blocking keys of some identities that were not wanted before.
fn keys_of(feeds: &[FeedFiles<'_>], of: &HashSet<IdentityId>, wanted: &mut HashSet<u64>) -> HashSet<u64> {
    let mut fresh = HashSet::new();
    for feed in feeds {
        each_current(feed, |file, row, identity| {
            if of.contains(&identity) {
                for key in file.keys(row).filter(|k| k.blocks()) {
                    if wanted.insert(key.0) {
                        fresh.insert(key.0);
                    }
                }
            }
        });
    }
    fresh
}

/// The identities outside that share one of the keys.
fn touched(
    feeds: &[FeedFiles<'_>],
    keys: &HashSet<u64>,
    inside: &HashSet<IdentityId>,
) -> HashSet<IdentityId> {
    let mut out = HashSet::new();
    if keys.is_empty() {
        return out;
    }
    for feed in feeds {
        each_current(feed, |file, row, identity| {
            if !inside.contains(&identity) && file.keys(row).any(|k| keys.contains(&k.0)) {
                out.insert(identity);
            }
        });
    }
    out
}
