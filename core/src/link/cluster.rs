//! The safe core of linking: which identities are one person, without ever merging two people.
//!
//! Identities join on an agreeing strong identifier with an agreeing name or date of birth, or on
//! exact name, date of birth and postcode. Identifiers that conflict never merge, directly or
//! through others. The answer does not depend on the order of arrival: edges are taken strongest
//! first, ties by identity id.

use super::evidence::Key;
use super::scope::Scope;
use crate::record::{IdentityId, PersonId};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use hashbrown::HashMap;

/// A block of equal keys above this size says nothing about one person (a placeholder number, an
/// institution): it joins nobody, and its pairs go to review by their other evidence only.
const BLOCK_LIMIT: usize = 64;

/// Why a pair was not joined and waits for a human.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// One identifier agrees, neither name nor date of birth does (`LG1401`).
    IdentifierAlone,
    /// The evidence joins, another identifier conflicts (`LG1402`).
    Conflict,
    /// Name and date of birth agree, nothing else does (`LG1403`).
    NameAndBirthAlone,
}

impl Doubt {
    /// The message code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::IdentifierAlone => "LG1401",
            Self::Conflict => "LG1402",
            Self::NameAndBirthAlone => "LG1403",
        }
    }
}

/// The linker's answer for the identities in scope.
#[derive(Debug, Default)]
pub struct Linking {
    /// The person of each member, by its index.
    pub person: Vec<PersonId>,
    /// Whether that person is in the cohort, by member index.
    pub cohort: Vec<bool>,
    /// Pairs (member indexes, smaller identity first) that wait for a human, about the cohort only.
    pub doubts: Vec<(u32, u32, Doubt)>,
}

/// Links the identities in scope; pure, total, independent of their order.
pub fn link(scope: &Scope) -> Linking {
    let mut forest = Forest::new(scope);
    let mut doubts: BTreeSet<(u32, u32, Doubt)> = BTreeSet::new();
    let mut edges = edges(scope, &mut doubts);
    edges.sort_unstable_by(|a, b| {
        let ids = |e: &Edge| (scope.identity(e.a), scope.identity(e.b));
        b.rank.cmp(&a.rank).then_with(|| ids(a).cmp(&ids(b)))
    });
    for edge in edges {
        if !forest.join(edge.a, edge.b) {
            doubts.insert((edge.a, edge.b, Doubt::Conflict));
        }
    }
    let clusters = forest.clusters();
    let persons = name_clusters(scope, &clusters);
    answer(scope, &clusters, &persons, doubts)
}

fn answer(
    scope: &Scope,
    clusters: &[Vec<u32>],
    persons: &[PersonId],
    doubts: BTreeSet<(u32, u32, Doubt)>,
) -> Linking {
    let mut out = Linking { person: Vec::new(), cohort: Vec::new(), doubts: Vec::new() };
    out.person.resize(scope.len(), PersonId(0));
    out.cohort.resize(scope.len(), false);
    for (cluster, person) in clusters.iter().zip(persons) {
        let cohort = cluster.iter().any(|i| scope.designated(*i));
        for i in cluster {
            if let (Some(p), Some(c)) = (out.person.get_mut(*i as usize), out.cohort.get_mut(*i as usize)) {
                (*p, *c) = (*person, cohort);
            }
        }
    }
    let at = |i: u32| out.person.get(i as usize).copied();
    let about_cohort = |i: u32| out.cohort.get(i as usize).copied().unwrap_or(false);
    let open = |(a, b, _): &(u32, u32, Doubt)| at(*a) != at(*b) && (about_cohort(*a) || about_cohort(*b));
    let mut doubts: Vec<_> = doubts.into_iter().filter(open).collect();
    doubts.dedup_by_key(|d| (d.0, d.1));
    out.doubts = doubts;
    out
}

struct Edge {
    a: u32,
    b: u32,
    rank: u8,
}

/// The pairs that share a blocking key and join. One kind of key at a time, so that the sorted
/// list of a million people stays small.
fn edges(scope: &Scope, doubts: &mut BTreeSet<(u32, u32, Doubt)>) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut pairs: Vec<(u64, u32)> = Vec::new();
    for tag in Key::blocking_tags() {
        pairs.clear();
        for i in scope.indexes() {
            pairs.extend(scope.keys(i).iter().filter(|k| k.tag() == tag).map(|k| (k.0, i)));
        }
        pairs.sort_unstable();
        for block in pairs.chunk_by(|a, b| a.0 == b.0).filter(|b| b.len() > 1 && b.len() <= BLOCK_LIMIT) {
            for (n, (key, a)) in block.iter().enumerate() {
                for (_, b) in block.iter().skip(n + 1) {
                    consider(scope, Key(*key), *a, *b, &mut edges, doubts);
                }
            }
        }
    }
    edges
}

fn consider(
    scope: &Scope,
    key: Key,
    a: u32,
    b: u32,
    edges: &mut Vec<Edge>,
    doubts: &mut BTreeSet<(u32, u32, Doubt)>,
) {
    if scope.identity(a) == scope.identity(b) {
        return;
    }
    let (a, b) = if scope.identity(a) < scope.identity(b) { (a, b) } else { (b, a) };
    let (x, y) = (scope.keys(a), scope.keys(b));
    match Agreement::of(x, y).rank() {
        Some(rank) => edges.push(Edge { a, b, rank }),
        // Known to be two people by a number of their own: nothing to ask.
        None if conflict(x, y) => {}
        None if key.is_name_and_birth() => _ = doubts.insert((a, b, Doubt::NameAndBirthAlone)),
        None => _ = doubts.insert((a, b, Doubt::IdentifierAlone)),
    }
}

/// What two identities agree on.
struct Agreement {
    strong: u8,
    exact: bool,
    name: bool,
    birth: bool,
}

impl Agreement {
    fn of(x: &[Key], y: &[Key]) -> Self {
        let mut out = Self { strong: 0, exact: false, name: false, birth: false };
        for key in shared(x, y) {
            out.strong += u8::from(key.is_strong());
            out.exact |= key.is_exact();
            out.name |= key.is_name();
            out.birth |= key.is_birth();
        }
        out
    }

    /// How strongly the pair joins; `None` when it does not.
    fn rank(&self) -> Option<u8> {
        let joins = self.exact || (self.strong > 0 && (self.name || self.birth));
        let rank = self.strong.min(7) * 8
            + u8::from(self.exact) * 4
            + u8::from(self.birth) * 2
            + u8::from(self.name);
        joins.then_some(rank)
    }
}

/// The keys that stand in both sorted lists.
fn shared<'a>(a: &'a [Key], b: &'a [Key]) -> impl Iterator<Item = Key> + 'a {
    a.iter().copied().filter(|k| b.binary_search(k).is_ok())
}

/// Whether two identities both carry a number of one kind, and no value of it in common.
fn conflict(a: &[Key], b: &[Key]) -> bool {
    let kinds = |keys: &[Key]| keys.iter().filter_map(|k| k.unique_kind()).collect::<BTreeSet<u8>>();
    let both: Vec<u8> = kinds(a).intersection(&kinds(b)).copied().collect();
    both.iter().any(|kind| !shared(a, b).any(|k| k.unique_kind() == Some(*kind)))
}

/// Union-find whose joins are refused when any two members would conflict.
struct Forest<'a> {
    scope: &'a Scope,
    parent: Vec<u32>,
    /// Members of clusters of two or more, by root.
    groups: HashMap<u32, Vec<u32>>,
}

impl<'a> Forest<'a> {
    fn new(scope: &'a Scope) -> Self {
        Self { scope, parent: scope.indexes().collect(), groups: HashMap::new() }
    }

    fn root(&mut self, mut i: u32) -> u32 {
        while let Some(up) = self.parent.get(i as usize).copied().filter(|up| *up != i) {
            let over = self.parent.get(up as usize).copied().unwrap_or(up);
            if let Some(slot) = self.parent.get_mut(i as usize) {
                *slot = over;
            }
            i = over;
        }
        i
    }

    fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return true;
        }
        let (one, other) = ([a], [b]);
        let left = self.groups.get(&a).map_or(&one[..], Vec::as_slice);
        let right = self.groups.get(&b).map_or(&other[..], Vec::as_slice);
        if left.iter().any(|x| right.iter().any(|y| conflict(self.scope.keys(*x), self.scope.keys(*y)))) {
            return false;
        }
        let mut all = left.to_vec();
        all.extend_from_slice(right);
        let (root, under) = (a.min(b), a.max(b));
        if let Some(slot) = self.parent.get_mut(under as usize) {
            *slot = root;
        }
        self.groups.remove(&under);
        self.groups.insert(root, all);
        true
    }

    /// All clusters, in the order of their smallest member index.
    fn clusters(mut self) -> Vec<Vec<u32>> {
        let mut out: Vec<Vec<u32>> = Vec::new();
        for i in self.scope.indexes() {
            if self.root(i) == i {
                out.push(self.groups.remove(&i).unwrap_or_else(|| alloc::vec![i]));
            }
        }
        out
    }
}

/// Gives each cluster its person. A cluster keeps the person its members had; of several, the one
/// known longest. A person is kept by one cluster only: the one that holds the founding identity,
/// else the one with the smallest identity. A new person is named after its founding identity, a
/// designated one first, so that nothing outside the cohort list can rename anybody.
fn name_clusters(scope: &Scope, clusters: &[Vec<u32>]) -> Vec<PersonId> {
    let mut claims: BTreeMap<PersonId, (bool, IdentityId, usize)> = BTreeMap::new();
    let wanted: Vec<Option<PersonId>> = clusters
        .iter()
        .enumerate()
        .map(|(n, cluster)| {
            let (_, person) =
                cluster.iter().filter_map(|i| scope.known(*i)).map(|(p, run)| (run, p)).min()?;
            let founder = cluster.iter().any(|i| scope.identity(*i).0 == person.0);
            let least = cluster.iter().map(|i| scope.identity(*i)).min()?;
            let claim = (!founder, least, n);
            let best = claims.entry(person).or_insert(claim);
            *best = (*best).min(claim);
            Some(person)
        })
        .collect();
    let mut taken: BTreeSet<PersonId> = claims.keys().copied().collect();
    let mut out = Vec::with_capacity(clusters.len());
    for (n, (cluster, wanted)) in clusters.iter().zip(wanted).enumerate() {
        let kept = wanted.filter(|p| claims.get(p).is_some_and(|c| c.2 == n));
        out.push(kept.unwrap_or_else(|| found(scope, cluster, &mut taken)));
    }
    out
}

fn found(scope: &Scope, cluster: &[u32], taken: &mut BTreeSet<PersonId>) -> PersonId {
    let mut founders: Vec<(bool, IdentityId)> =
        cluster.iter().map(|i| (!scope.designated(*i), scope.identity(*i))).collect();
    founders.sort_unstable();
    // An identity that founded a person who went elsewhere cannot found a second one.
    let free = founders.iter().map(|(_, i)| PersonId(i.0)).find(|p| !taken.contains(p));
    let person = free.unwrap_or_else(|| {
        let first = founders.first().map_or(0, |f| f.1.0);
        (1..=u128::from(u32::MAX))
            .map(|n| PersonId(first.wrapping_add(n)))
            .find(|p| !taken.contains(p))
            .unwrap_or(PersonId(first))
    });
    taken.insert(person);
    person
}
