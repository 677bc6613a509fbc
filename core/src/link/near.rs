//! Whom the model is asked about: identities that meet in three of four, by the keyed hashes that are remembered of every
//! row: surname by sound, forename by sound, date of birth, postcode.
//!
//! The rules join what agrees exactly; here those are found who agree nearly, without anybody's name in clear. Tonight's
//! changed identities are held against everybody who is remembered, so that a night costs one look at each row and then
//! what changed. A meeting proves nothing.

use super::decision::Pair;
use super::evidence::Key;
use super::memory::{BrokenMemory, Seen};
use super::scope::{FeedFiles, each_current, halves, mark, whole};
use super::sieve::{Sieve, Turned};
use super::tie;
use crate::linkage::words::mix;
use crate::record::{IdentityId, PersonId};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// A meeting of more identities than this says nothing about one person: a common name with 1 January, a prison's postcode.
pub const LARGEST: usize = 48;

/// From so many seeds on they are looked at in two rounds.
const MANY: usize = 50_000;
pub(super) const ONE_ROUND: &[&[usize]] = &[&[0, 1, 2, 3]];
pub(super) const TWO_ROUNDS: &[&[usize]] = &[&[0, 1], &[2, 3]];

/// Beyond so many pairs no further meeting is looked at: a source has sent what describes nobody.
const MOST: usize = 200_000;

/// Values of one kind in a row that are combined; a row with more describes no one person.
const COMBINED: usize = 4;

/// In what a seed meets others, and its place: in twelve bytes, since a night in which all are new has two for each of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Met {
    key: [u32; 2],
    at: u32,
}

impl Met {
    fn of([key, at]: [u64; 2]) -> Self {
        let half = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self { key: [half(key >> 32), half(key)], at: u32::try_from(at).unwrap_or(u32::MAX) }
    }

    fn key(self) -> u64 {
        let [high, low] = self.key.map(u64::from);
        high << 32 | low
    }
}

/// In what seeds meet, each by its place, and who else has the same.
type Looked = (Vec<Met>, Vec<(u64, IdentityId)>);

/// What a row says, among its words: the one or the other of these.
const OWN: u64 = 0;
const OTHERS: u64 = 1;

/// Identities that meet somebody.
#[derive(Default)]
pub struct Meetings {
    /// In what they meet, and who; sorted, each once.
    entries: Vec<(u64, IdentityId)>,
    seeds: Sieve<IdentityId>,
}

/// Pairs that the model is asked about.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// Each once, in their order.
    pub pairs: Vec<Pair>,
    /// Meetings that were too large to be looked at, or too many.
    pub crowded: usize,
}

impl Meetings {
    /// Of the seeds with everybody who is remembered, but for those who are one person as far as is known yet.
    pub fn of(
        feeds: &[FeedFiles<'_>],
        seeds: Vec<IdentityId>,
        person: &dyn Fn(IdentityId) -> Option<PersonId>,
    ) -> Result<Self, BrokenMemory> {
        // More looks at each row, for half of the room.
        let rounds = if seeds.len() < MANY { ONE_ROUND } else { TWO_ROUNDS };
        Self::in_rounds(feeds, seeds, person, rounds)
    }

    /// The same, by which of the four are left out in each round: however they are divided, who meets whom is the same.
    pub(super) fn in_rounds(
        feeds: &[FeedFiles<'_>],
        seeds: Vec<IdentityId>,
        person: &dyn Fn(IdentityId) -> Option<PersonId>,
        rounds: &[&[usize]],
    ) -> Result<Self, BrokenMemory> {
        let mut out = Self { entries: Vec::new(), seeds: Sieve::of(seeds) };
        let mut rounds = if out.seeds.values().is_empty() { &[] } else { rounds }.iter().copied();
        let Some(mut left_out) = rounds.next() else { return Ok(out) };
        let (mut met, _) = out.look(feeds, Some(left_out), None)?;
        loop {
            met.sort_unstable();
            met.dedup();
            let keys = Sieve::of(met.iter().map(|one| Turned::of_word(one.key())).collect());
            let next = rounds.next();
            let (next_met, others) = out.look(feeds, next, Some((left_out, &keys)))?;
            drop(keys);
            out.gather(&met, others, person);
            let Some(next) = next else { break };
            (left_out, met) = (next, next_met);
        }
        out.entries.sort_unstable();
        out.entries.dedup();
        Ok(out)
    }

    /// One look at each row: what the seeds meet in, by three of the four but these; and who else has one of the keys, by three
    /// but those.
    fn look(
        &self,
        feeds: &[FeedFiles<'_>],
        own: Option<&[usize]>,
        others: Option<(&[usize], &Sieve<Turned>)>,
    ) -> Result<Looked, BrokenMemory> {
        // Of each row that says anything: how many and of which kind, then each.
        let pick = |seen: &Seen<'_>, words: &mut Vec<u64>| {
            let start = words.len();
            words.push(0);
            let (kind, width) = match (self.seeds.position(seen.identity), own, others) {
                // A seed by its place, which takes half of the room.
                (Some(at), Some(left_out), _) => {
                    meets(seen, left_out, |key| words.extend([key, at as u64]));
                    (OWN, 2)
                }
                (None, _, Some((left_out, keys))) => {
                    meets(seen, left_out, |key| {
                        if keys.contains(Turned::of_word(key)) {
                            entry(words, key, seen.identity);
                        }
                    });
                    (OTHERS, 3)
                }
                _ => (OWN, 2),
            };
            let count = (words.len() - start - 1) / width;
            match words.get_mut(start).filter(|_| count > 0) {
                Some(head) => *head = (count as u64) << 1 | kind,
                None => words.truncate(start),
            }
        };
        let (mut met, mut strangers): Looked = (Vec::new(), Vec::new());
        met.reserve_exact(own.map_or(0, |left_out| self.seeds.values().len() * left_out.len()));
        each_current(feeds, &pick, &mut |mut words| {
            while let [head, rest @ ..] = words {
                let (kind, width) = if head & 1 == OWN { (OWN, 2) } else { (OTHERS, 3) };
                let count = usize::try_from(head >> 1).unwrap_or(usize::MAX).saturating_mul(width);
                let (of_row, behind) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                words = behind;
                if kind == OWN {
                    met.extend(of_row.as_chunks().0.iter().copied().map(Met::of));
                } else {
                    strangers.extend(of_row.as_chunks().0.iter().map(read));
                }
            }
        })?;
        Ok((met, strangers))
    }

    /// Keeps who meets somebody else.
    fn gather(
        &mut self,
        met: &[Met],
        mut others: Vec<(u64, IdentityId)>,
        person: &dyn Fn(IdentityId) -> Option<PersonId>,
    ) {
        others.sort_unstable();
        for block in met.chunk_by(|a, b| a.key == b.key) {
            let Some(key) = block.first().map(|one| one.key()) else { continue };
            let from = others.partition_point(|one| one.0 < key);
            let mut strangers = others.iter().skip(from).take_while(|one| one.0 == key).peekable();
            let own = block.iter().filter_map(|one| self.seeds.values().get(one.at as usize).copied());
            let mut persons = own.clone().map(person);
            let first = persons.next().flatten();
            // Whoever meets nobody but themselves is forgotten at once: mostly everybody does.
            if strangers.peek().is_none()
                && (block.len() == 1 || (first.is_some() && persons.all(|p| p == first)))
            {
                continue;
            }
            self.entries.extend(own.map(|identity| (key, identity)).chain(strangers.copied()));
        }
    }

    /// Everybody who meets somebody, each once.
    pub fn identities(&self) -> Vec<IdentityId> {
        let mut all: Vec<IdentityId> = self.entries.iter().map(|(_, identity)| *identity).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The pairs of which one is a seed, one is in the cohort (and so has a person), and which are two people now.
    pub fn pairs(&self, person: &dyn Fn(IdentityId) -> Option<PersonId>) -> Pairs {
        let mut out = Pairs::default();
        for block in self.entries.chunk_by(|a, b| a.0 == b.0) {
            let of: Vec<(IdentityId, Option<PersonId>)> =
                block.iter().map(|(_, identity)| (*identity, person(*identity))).collect();
            let alone =
                of.first().is_some_and(|first| first.1.is_some() && of.iter().all(|one| one.1 == first.1));
            if alone || of.iter().all(|one| one.1.is_none()) {
                continue;
            }
            if of.len() > LARGEST || out.pairs.len() > MOST {
                out.crowded += 1;
                continue;
            }
            for (n, (a, p)) in of.iter().enumerate() {
                for (b, q) in of.iter().skip(n + 1).filter(|(_, q)| p != q) {
                    let asked = p.is_some() || q.is_some();
                    if asked && (self.seeds.contains(*a) || self.seeds.contains(*b)) {
                        out.pairs.extend(Pair::of(*a, *b));
                    }
                }
            }
        }
        out.pairs.sort_unstable();
        out.pairs.dedup();
        out
    }
}

fn entry(words: &mut Vec<u64>, key: u64, identity: IdentityId) {
    let [high, low] = halves(identity);
    words.extend([key, high, low]);
}

fn read(words: &[u64; 3]) -> (u64, IdentityId) {
    let [key, high, low] = *words;
    (key, whole(&[high, low]))
}

/// In what a row meets others: three of its four values together, one of these left out.
fn meets(seen: &Seen<'_>, left_out: &[usize], mut each: impl FnMut(u64)) {
    let of = |kind: fn(Key) -> bool| {
        let mut found = [0_u64; COMBINED];
        let mut count = 0;
        for (slot, key) in found.iter_mut().zip(seen.keys().filter(|key| kind(*key))) {
            (*slot, count) = (key.0, count + 1);
        }
        (found, count)
    };
    let kinds =
        [of(Key::is_surname_sound), of(Key::is_forename_sound), of(Key::is_birth), of(Key::is_postcode)];
    for left_out in left_out {
        let mut three = kinds.iter().enumerate().filter(|(n, _)| n != left_out);
        let (Some((_, x)), Some((_, y)), Some((_, z))) = (three.next(), three.next(), three.next()) else {
            continue;
        };
        for a in x.0.iter().take(x.1) {
            for b in y.0.iter().take(y.1) {
                z.0.iter().take(z.1).for_each(|c| each(mix(mix(*a, *b), *c)));
            }
        }
    }
}

/// The sorted evidence of some identities that rules look at.
pub struct Marks(BTreeMap<IdentityId, Vec<Key>>);

impl Marks {
    /// Of these identities.
    pub fn of(feeds: &[FeedFiles<'_>], wanted: Vec<IdentityId>) -> Result<Self, BrokenMemory> {
        let wanted = Sieve::of(wanted);
        let mut all: BTreeMap<IdentityId, Vec<Key>> = BTreeMap::new();
        let pick = |seen: &Seen<'_>, words: &mut Vec<u64>| {
            if wanted.contains(seen.identity) {
                seen.keys().filter(|key| !key.is_near()).for_each(|key| entry(words, key.0, seen.identity));
            }
        };
        each_current(feeds, &pick, &mut |words| {
            for (key, identity) in words.as_chunks().0.iter().map(read) {
                all.entry(identity).or_default().push(Key(key));
            }
        })?;
        for keys in all.values_mut() {
            keys.sort_unstable();
            keys.dedup();
        }
        Ok(Self(all))
    }

    /// Whether two are known to be two people by a number of which a person has one.
    pub fn conflict(&self, pair: Pair) -> bool {
        let keys = |identity| self.0.get(&identity).map(Vec::as_slice).unwrap_or_default();
        tie::conflict(keys(pair.a), keys(pair.b))
    }

    /// What two bring, as a mark that changes when it does: the same as the linker's own ([`super::Scope::mark`]).
    pub fn mark(&self, pair: Pair) -> u64 {
        let keys = |identity| self.0.get(&identity).map(Vec::as_slice).unwrap_or_default();
        mark(keys(pair.a), keys(pair.b))
    }
}

/// How often each of some values is remembered, in rows.
pub fn counts(feeds: &[FeedFiles<'_>], of: Vec<Key>) -> Result<HashMap<Key, u32>, BrokenMemory> {
    let wanted = Sieve::of(of.into_iter().map(Turned::of).collect());
    let mut out: HashMap<Key, u32> = HashMap::new();
    let pick = |seen: &Seen<'_>, words: &mut Vec<u64>| {
        words.extend(seen.keys().filter(|key| wanted.contains(Turned::of(*key))).map(|key| key.0));
    };
    each_current(feeds, &pick, &mut |words| {
        words.iter().for_each(|key| *out.entry(Key(*key)).or_default() += 1);
    })?;
    Ok(out)
}
