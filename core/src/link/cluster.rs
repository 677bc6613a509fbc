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
    clusters: &Clusters,
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
    a.iter().filter_map(|key| key.unique_kind()).any(|kind| {
        let of_kind = |key: &&Key| key.unique_kind() == Some(kind);
        b.iter().any(|key| of_kind(&key)) && !a.iter().filter(of_kind).any(|key| b.binary_search(key).is_ok())
    })
}

/// Union-find whose joins are refused when any two members would conflict.
struct Forest<'a> {
    scope: &'a Scope,
    parent: Vec<u32>,
    /// The members of a cluster, each naming the next, in a circle.
    next: Vec<u32>,
}

impl<'a> Forest<'a> {
    fn new(scope: &'a Scope) -> Self {
        Self { scope, parent: scope.indexes().collect(), next: scope.indexes().collect() }
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

    /// The members of the cluster of `i`, from `i` on.
    fn members(&self, i: u32) -> impl Iterator<Item = u32> + '_ {
        let after = move |at: &u32| self.next.get(*at as usize).copied().filter(|next| *next != i);
        core::iter::successors(Some(i), after)
    }

    fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return true;
        }
        let apart = |x: u32| self.members(b).any(|y| conflict(self.scope.keys(x), self.scope.keys(y)));
        if self.members(a).any(apart) {
            return false;
        }
        let (root, under) = (a.min(b), a.max(b));
        if let Some(slot) = self.parent.get_mut(under as usize) {
            *slot = root;
        }
        // Two circles become one where their successors change places.
        self.next.swap(root as usize, under as usize);
        true
    }

    /// All clusters, in the order of their smallest member index.
    fn clusters(mut self) -> Clusters {
        let mut out = Clusters { members: Vec::with_capacity(self.parent.len()), ends: Vec::new() };
        for i in self.scope.indexes() {
            if self.root(i) == i {
                out.members.extend(self.members(i));
                out.ends.push(out.members.len());
            }
        }
        out
    }
}

/// Clusters of member indexes, in one list.
struct Clusters {
    members: Vec<u32>,
    ends: Vec<usize>,
}

impl Clusters {
    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = core::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| self.members.get(*start..*end).unwrap_or(&[]))
    }
}

/// Gives each cluster its person. A cluster keeps the person its members had; of several, the one
/// known longest. A person is kept by one cluster only: the one that holds the founding identity,
/// else the one with the smallest identity. A new person is named after its founding identity, a
/// designated one first, so that nothing outside the cohort list can rename anybody.
fn name_clusters(scope: &Scope, clusters: &Clusters) -> Vec<PersonId> {
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
    let mut out = Vec::with_capacity(wanted.len());
    for (n, (cluster, wanted)) in clusters.iter().zip(wanted).enumerate() {
        let kept = wanted.filter(|p| claims.get(p).is_some_and(|c| c.2 == n));
        out.push(kept.unwrap_or_else(|| found(scope, cluster, &mut taken)));
    }
    out
}

fn found(scope: &Scope, cluster: &[u32], taken: &mut BTreeSet<PersonId>) -> PersonId {
    let founder = |i: &u32| (!scope.designated(*i), scope.identity(*i));
    // An identity that founded a person who went elsewhere cannot found a second one.
    let free = |(_, identity): &(bool, IdentityId)| !taken.contains(&PersonId(identity.0));
    if let Some((_, identity)) = cluster.iter().map(founder).filter(free).min() {
        // Nobody else has this identity, hence this name.
        return PersonId(identity.0);
    }
    let first = cluster.iter().map(founder).min().map_or(0, |f| f.1.0);
    let free = |p: &PersonId| !taken.contains(p) && scope.index_of(IdentityId(p.0)).is_none();
    let person = (1..=u128::from(u32::MAX))
        .map(|n| PersonId(first.wrapping_add(n)))
        .find(free)
        .unwrap_or(PersonId(first));
    taken.insert(person);
    person
}
