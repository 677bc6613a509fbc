//! Whom the linker looks at tonight: the changed identities, and all that their evidence touches.
//!
//! An identity's evidence is that of its newest file in each feed: a number that the source has
//! since corrected counts no more.

use super::evidence::Key;
use super::memory::{BrokenMemory, Pick, Remembered, Seen};
use super::sieve::{Sieve, Turned};
use crate::hash::Digest;
use crate::record::{IdentityId, PersonId};
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;

/// The retained files of one feed, newest first.
pub type FeedFiles<'a> = Vec<&'a dyn Remembered>;

/// Identities in scope, in one arena.
#[derive(Default)]
pub struct Scope {
    identities: Vec<IdentityId>,
    ends: Vec<u32>,
    keys: Vec<Key>,
    designated: Vec<bool>,
    known: HashMap<u32, (PersonId, i64)>,
    unsorted: bool,
}

impl Scope {
    /// The closure of the seeds over shared blocking keys and over the pairs that people have joined, with designations
    /// as at `day`.
    pub fn closure(
        feeds: &[FeedFiles<'_>],
        seeds: Vec<IdentityId>,
        ties: &[(IdentityId, IdentityId)],
        day: Date,
    ) -> Result<Self, BrokenMemory> {
        let (mut inside, mut wanted) = (Sieve::default(), Sieve::default());
        let mut ends: Vec<_> = ties.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).collect();
        ends.sort_unstable();
        let mut added = Sieve::of(seeds);
        while !added.values().is_empty() {
            let fresh = keys_of(feeds, &added, &wanted)?;
            let others = others(&ends, added.values());
            inside.absorb(added.into_values());
            added = touched(feeds, &fresh, &inside)?;
            added.absorb(others.into_iter().filter(|other| !inside.contains(*other)));
            wanted.absorb(fresh.into_values());
        }
        drop(wanted);
        Self::collect(feeds, inside, day)
    }

    /// Everybody inside with all their evidence. Two passes over the rows, so that each list has its place before it
    /// is filled: the keys of a million people stand once in memory.
    fn collect(feeds: &[FeedFiles<'_>], inside: Sieve<IdentityId>, day: Date) -> Result<Self, BrokenMemory> {
        let mut people = alloc::vec![OfOne::default(); inside.values().len()];
        let count = |seen: &Seen<'_>, out: &mut Vec<u64>| {
            if let Some(at) = inside.position(seen.identity) {
                let designated = seen.span.is_some_and(|s| s.holds(day));
                out.extend([at as u64, ruled(seen).count() as u64, u64::from(designated)]);
            }
        };
        each_current(feeds, &count, &mut |words| {
            for [at, keys, designated] in words.as_chunks().0 {
                let Some(one) = usize::try_from(*at).ok().and_then(|at| people.get_mut(at)) else { continue };
                one.keys = one.keys.saturating_add(u32::try_from(*keys).unwrap_or(u32::MAX));
                one.seen = true;
                one.designated |= *designated == 1;
            }
        })?;
        let mut total = 0u32;
        for one in &mut people {
            one.next = total;
            total = total.saturating_add(one.keys);
        }
        let mut keys = alloc::vec![Key(0); total as usize];
        let keyed = |seen: &Seen<'_>, out: &mut Vec<u64>| {
            if let Some(at) = inside.position(seen.identity) {
                out.extend([at as u64, ruled(seen).count() as u64]);
                out.extend(ruled(seen).map(|key| key.0));
            }
        };
        each_current(feeds, &keyed, &mut |mut words| {
            while let [at, count, rest @ ..] = words {
                let count = usize::try_from(*count).unwrap_or(usize::MAX);
                let (of_row, rest) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                words = rest;
                let Some(one) = usize::try_from(*at).ok().and_then(|at| people.get_mut(at)) else { continue };
                let place = one.next as usize;
                if let Some(slots) = keys.get_mut(place..place + of_row.len()) {
                    slots.iter_mut().zip(of_row).for_each(|(slot, key)| *slot = Key(*key));
                }
                one.next = one.next.saturating_add(u32::try_from(of_row.len()).unwrap_or(u32::MAX));
            }
        })?;
        Ok(Self::gather(inside.into_values(), &people, keys))
    }

    /// Sorts each one's keys, drops what stands twice, and moves them together in the one list.
    fn gather(identities: Vec<IdentityId>, people: &[OfOne], mut keys: Vec<Key>) -> Self {
        let mut scope = Self::default();
        let (mut from, mut to) = (0usize, 0usize);
        for (identity, one) in identities.into_iter().zip(people) {
            let (until, start) = (from + one.keys as usize, to);
            if let Some(of_one) = keys.get_mut(from..until) {
                of_one.sort_unstable();
            }
            for at in from..until {
                let Some(key) = keys.get(at).copied() else { break };
                if to > start && keys.get(to - 1) == Some(&key) {
                    continue;
                }
                if let Some(slot) = keys.get_mut(to) {
                    *slot = key;
                }
                to += 1;
            }
            from = until;
            if one.seen {
                scope.identities.push(identity);
                scope.designated.push(one.designated);
                scope.ends.push(u32::try_from(to).unwrap_or(u32::MAX));
            }
        }
        keys.truncate(to);
        scope.keys = keys;
        scope
    }

    /// Adds an identity with its sorted keys.
    pub fn add(&mut self, identity: IdentityId, keys: impl Iterator<Item = Key>, designated: bool) {
        self.unsorted |= self.identities.last().is_some_and(|last| *last > identity);
        self.keys.extend(keys);
        self.identities.push(identity);
        self.designated.push(designated);
        self.ends.push(u32::try_from(self.keys.len()).unwrap_or(u32::MAX));
    }

    /// Says which person an identity belongs to already, since which run.
    pub fn set_known(&mut self, identity: IdentityId, person: PersonId, run: i64) {
        if let Some(at) = self.index_of(identity) {
            self.known.insert(at, (person, run));
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
    pub fn indexes(&self) -> impl Iterator<Item = u32> + Clone + use<> {
        0..u32::try_from(self.identities.len()).unwrap_or(u32::MAX)
    }

    /// The identity at an index.
    pub fn identity(&self, index: u32) -> IdentityId {
        self.identities.get(index as usize).copied().unwrap_or(IdentityId(0))
    }

    /// The index of an identity.
    pub fn index_of(&self, identity: IdentityId) -> Option<u32> {
        // A closure stands in order; what was put together one by one is searched through.
        let at = self.identities.binary_search(&identity).ok();
        let at = at.or_else(|| self.unsorted.then(|| self.identities.iter().position(|i| *i == identity))?);
        at.and_then(|at| u32::try_from(at).ok())
    }

    /// An identity's evidence, sorted.
    pub fn keys(&self, index: u32) -> &[Key] {
        let at = index as usize;
        let end = self.ends.get(at).map_or(0, |e| *e as usize);
        let start = at.checked_sub(1).and_then(|a| self.ends.get(a)).map_or(0, |e| *e as usize);
        self.keys.get(start..end).unwrap_or(&[])
    }

    /// A mark of what two identities bring: another one as soon as any of it changes. Of two in either order the same.
    pub fn mark(&self, a: u32, b: u32) -> u64 {
        let (first, second) = if self.identity(a) <= self.identity(b) { (a, b) } else { (b, a) };
        mark(self.keys(first), self.keys(second))
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

/// The mark of two identities' sorted evidence, that of the smaller identity first ([`Scope::mark`]).
pub(super) fn mark(first: &[Key], second: &[Key]) -> u64 {
    let mut bytes = Vec::new();
    for keys in [first, second] {
        bytes.extend_from_slice(&(keys.len() as u64).to_le_bytes());
        keys.iter().for_each(|key| bytes.extend_from_slice(&key.0.to_le_bytes()));
    }
    Digest::of(&bytes).0.first_chunk().map_or(0, |head| u64::from_le_bytes(*head))
}

/// A row's evidence that rules look at.
fn ruled<'a>(seen: &Seen<'a>) -> impl Iterator<Item = Key> + 'a {
    seen.keys().filter(|key| !key.is_near())
}

/// What is gathered about one identity.
#[derive(Clone, Copy, Default)]
struct OfOne {
    keys: u32,
    next: u32,
    seen: bool,
    designated: bool,
}

/// Who may turn out to be in the cohort: the designated, and whoever shares evidence with them directly. Others can
/// still be reached through somebody between, so it tells what is likely and never what is sure.
pub struct Interest {
    identities: Sieve<IdentityId>,
    keys: Sieve<Turned>,
}

impl Interest {
    /// That of the people whom these files designate on `day`; `None` when there is nobody.
    pub fn of(files: &[&dyn Remembered], day: Date) -> Result<Option<Self>, BrokenMemory> {
        let mut designated = Vec::new();
        for file in files {
            file.each(&mut |seen| {
                if seen.span.is_some_and(|span| span.holds(day)) {
                    designated.push(seen.identity);
                }
            })?;
        }
        if designated.is_empty() {
            return Ok(None);
        }
        let identities = Sieve::of(designated);
        let feeds: Vec<FeedFiles<'_>> = files.iter().map(|file| alloc::vec![*file]).collect();
        let keys = keys_of(&feeds, &identities, &Sieve::default())?;
        Ok(Some(Self { identities, keys }))
    }

    /// Whether a row about an identity, with this evidence, may be about somebody in the cohort.
    pub fn takes(&self, identity: IdentityId, keys: &[Key]) -> bool {
        let wanted = |key: &Key| key.may_block() && self.keys.contains(Turned::of(*key));
        self.identities.contains(identity) || keys.iter().any(wanted)
    }

    /// Adds its bytes, for another process of the same deployment: how many identities and how many keys, then each.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (identities, keys) = (self.identities.values(), self.keys.values());
        out.reserve(16 + identities.len() * 16 + keys.len() * 8);
        for count in [identities.len(), keys.len()] {
            out.extend_from_slice(&(count as u64).to_le_bytes());
        }
        identities.iter().for_each(|identity| out.extend_from_slice(&identity.0.to_le_bytes()));
        keys.iter().for_each(|key| out.extend_from_slice(&key.word().to_le_bytes()));
    }

    /// Reads what `encode` wrote; nothing may stand behind it.
    pub fn decode(bytes: &[u8]) -> Result<Self, BrokenMemory> {
        let (counts, rest) = bytes.split_first_chunk::<16>().ok_or(BrokenMemory)?;
        let ([identities, keys], _) = counts.as_chunks::<8>() else { return Err(BrokenMemory) };
        let count = |bytes: &[u8; 8]| usize::try_from(u64::from_le_bytes(*bytes)).map_err(|_| BrokenMemory);
        let (identities, keys) = (count(identities)?, count(keys)?);
        let border = identities.checked_mul(16).ok_or(BrokenMemory)?;
        let (first, second) = rest.split_at_checked(border).ok_or(BrokenMemory)?;
        if keys.checked_mul(8) != Some(second.len()) {
            return Err(BrokenMemory);
        }
        let identities = first.as_chunks().0.iter().map(|bytes| IdentityId(u128::from_le_bytes(*bytes)));
        let keys = second.as_chunks().0.iter().map(|bytes| Turned::of_word(u64::from_le_bytes(*bytes)));
        Ok(Self { identities: Sieve::of(identities.collect()), keys: Sieve::of(keys.collect()) })
    }
}

/// Asks about the rows that count: for each identity of a feed, those of the newest file that has it.
pub(super) fn each_current(
    feeds: &[FeedFiles<'_>],
    pick: &Pick<'_>,
    take: &mut dyn FnMut(&[u64]),
) -> Result<(), BrokenMemory> {
    for feed in feeds {
        let mut newer: HashSet<IdentityId> = HashSet::new();
        for (n, file) in feed.iter().enumerate() {
            let current = |seen: &Seen<'_>, out: &mut Vec<u64>| {
                if n == 0 || !newer.contains(&seen.identity) {
                    pick(seen, out);
                }
            };
            file.gather(&current, take)?;
            if feed.len() > n + 1 {
                file.gather(&|seen, out| out.extend(halves(seen.identity)), &mut |words| {
                    newer.extend(words.as_chunks().0.iter().map(whole));
                })?;
            }
        }
    }
    Ok(())
}

/// The other ends of the ties of some identities.
fn others(tied: &[(IdentityId, IdentityId)], of: &[IdentityId]) -> Vec<IdentityId> {
    if tied.is_empty() {
        return Vec::new();
    }
    let ends = |one: &IdentityId| {
        let from = tied.partition_point(|(end, _)| end < one);
        tied.iter().skip(from).take_while(|(end, _)| end == one).map(|(_, other)| *other).collect::<Vec<_>>()
    };
    of.iter().flat_map(ends).collect()
}

/// An identity as two words, for [`Remembered::gather`](super::Remembered::gather).
pub fn halves(identity: IdentityId) -> [u64; 2] {
    [(identity.0 >> 64) as u64, (identity.0 << 64 >> 64) as u64]
}

/// The identity of two words.
pub fn whole(halves: &[u64; 2]) -> IdentityId {
    let [high, low] = halves.map(u128::from);
    IdentityId(high << 64 | low)
}

/// The blocking keys of some identities that were not wanted before.
fn keys_of(
    feeds: &[FeedFiles<'_>],
    of: &Sieve<IdentityId>,
    wanted: &Sieve<Turned>,
) -> Result<Sieve<Turned>, BrokenMemory> {
    let mut fresh = Vec::new();
    let pick = |seen: &Seen<'_>, out: &mut Vec<u64>| {
        if of.contains(seen.identity) {
            let keys = seen.keys().filter(|k| k.blocks()).map(Turned::of);
            out.extend(keys.filter(|key| !wanted.contains(*key)).map(Turned::word));
        }
    };
    each_current(feeds, &pick, &mut |words| fresh.extend(words.iter().copied().map(Turned::of_word)))?;
    Ok(Sieve::of(fresh))
}

/// The identities outside that share one of the keys.
fn touched(
    feeds: &[FeedFiles<'_>],
    keys: &Sieve<Turned>,
    inside: &Sieve<IdentityId>,
) -> Result<Sieve<IdentityId>, BrokenMemory> {
    let mut out = Vec::new();
    if keys.values().is_empty() {
        return Ok(Sieve::default());
    }
    let pick = |seen: &Seen<'_>, out: &mut Vec<u64>| {
        let wanted = |key: Key| key.may_block() && keys.contains(Turned::of(key));
        if seen.keys().any(wanted) && !inside.contains(seen.identity) {
            out.extend(halves(seen.identity));
        }
    };
    each_current(feeds, &pick, &mut |words| out.extend(words.as_chunks().0.iter().map(whole)))?;
    Ok(Sieve::of(out))
}
