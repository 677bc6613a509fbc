//! The safe core of linking: which identities are one person, without ever merging two people.
//!
//! People's decisions come first. Then identities join on an agreeing strong identifier with an agreeing name or date of
//! birth, or on exact name, date of birth and postcode; who was together stays so while name and date of birth agree.
//! Identifiers that conflict never merge, directly or through others. Only what is tied well enough to disclose is one
//! person; what is tied less waits for a human. The answer does not depend on the order of arrival: edges are taken
//! strongest first, ties by identity id.

use super::decision::Rulings;
use super::evidence::Key;
use super::forest::{Clusters, Forest};
use super::naming::name_clusters;
use super::rule::{Decided, ordered};
use super::scope::Scope;
use super::tie::{self, Tie, tie};
use crate::record::PersonId;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use hashbrown::HashSet;

/// A block of equal keys above this size says nothing about one person (a placeholder number, an
/// institution): it joins nobody, and its pairs go to review by their other evidence only.
const BLOCK_LIMIT: usize = 64;

/// Why a pair waits for a human.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// Two people's decisions about it contradict each other (`LG1460`).
    Disputed,
    /// A decision contradicts others through a third identity, or an identifier of one (`LG1461`).
    Contradiction,
    /// Decided to be the same, and since then their identifiers conflict (`LG1462`).
    Overtaken,
    /// Decided to be the same by one person, and a second one is needed (`LG1463`).
    Second,
    /// Tied well enough to be one person inside, not for anything to leave (`LG1464`).
    Likely,
    /// Held together by less than would join them (`LG1465`).
    Weakened,
    /// One identifier agrees, neither name nor date of birth does (`LG1401`).
    IdentifierAlone,
    /// The evidence joins, another identifier conflicts (`LG1402`).
    Conflict,
    /// The evidence joins, and would bring two others together who may not be (`LG1466`).
    Through,
    /// No rule asks about it, and the model does (`LG1479`).
    Proposed,
    /// Name and date of birth agree, nothing else does (`LG1403`).
    NameAndBirthAlone,
}

impl Doubt {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Disputed,
        Self::Contradiction,
        Self::Overtaken,
        Self::Second,
        Self::Likely,
        Self::Weakened,
        Self::IdentifierAlone,
        Self::Conflict,
        Self::Through,
        Self::Proposed,
        Self::NameAndBirthAlone,
    ];

    /// The message code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Disputed => "LG1460",
            Self::Contradiction => "LG1461",
            Self::Overtaken => "LG1462",
            Self::Second => "LG1463",
            Self::Likely => "LG1464",
            Self::Weakened => "LG1465",
            Self::IdentifierAlone => "LG1401",
            Self::Conflict => "LG1402",
            Self::Through => "LG1466",
            Self::Proposed => "LG1479",
            Self::NameAndBirthAlone => "LG1403",
        }
    }

    /// Whether it is asked of two who are together, or of two who are not.
    const fn together(self) -> bool {
        matches!(self, Self::Weakened)
    }
}

/// A pair that waits for a human: member indexes, smaller identity first, why, and the mark of the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// The smaller identity.
    pub a: u32,
    /// The greater one.
    pub b: u32,
    /// Why.
    pub why: Doubt,
    /// What the two bring, as a mark that changes when it does.
    pub evidence: u64,
}

/// The linker's answer for the identities in scope.
#[derive(Debug, Default)]
pub struct Linking {
    /// The person of each member, by its index.
    pub person: Vec<PersonId>,
    /// Whether that person is in the cohort, by member index.
    pub cohort: Vec<bool>,
    /// Pairs that wait for a human, each once, about the cohort only.
    pub doubts: Vec<Open>,
}

/// Pairs and why they may have to be looked at.
type Doubts = BTreeSet<(u32, u32, Doubt)>;

/// Links the identities in scope by their evidence and by what people have decided; pure, total, independent of the
/// order of either.
pub fn link(scope: &Scope, rulings: &Rulings) -> Linking {
    let decided = Decided::of(scope, rulings);
    let mut forest = Forest::new(scope, &decided);
    let mut doubts: Doubts = decided.troubles.iter().copied().collect();
    decided.joins().for_each(|(a, b)| forest.unite(a, b));
    let mut edges = edges(scope, &mut doubts);
    edges.sort_unstable_by(|a, b| {
        let ids = |e: &Edge| (scope.identity(e.a), scope.identity(e.b));
        b.tie.cmp(&a.tie).then_with(|| ids(a).cmp(&ids(b)))
    });
    for Edge { a, b, tie } in edges {
        if forest.together(a, b) {
            continue;
        }
        let joined = match tie {
            Tie::Disclosure(_) => forest.join(a, b),
            Tie::Holding => decided.settled_person(scope, a, b).is_some() && forest.join(a, b),
            Tie::Inside => false,
        };
        let conflict = || tie::conflict(scope.keys(a), scope.keys(b));
        let doubt = match (tie, joined) {
            (Tie::Disclosure(_), true) => continue,
            (Tie::Holding, true) => Doubt::Weakened,
            // Known to be two people by a number of their own: nothing to ask.
            (Tie::Holding, false) if conflict() => continue,
            (Tie::Holding, false) => Doubt::NameAndBirthAlone,
            (Tie::Disclosure(_) | Tie::Inside, _) if conflict() => Doubt::Conflict,
            (Tie::Disclosure(_), false) => Doubt::Through,
            (Tie::Inside, _) => Doubt::Likely,
        };
        doubts.insert((a, b, doubt));
    }
    let clusters = forest.clusters();
    let persons = name_clusters(scope, &clusters);
    answer(scope, &clusters, &persons, (&doubts, &decided))
}

fn answer(
    scope: &Scope,
    clusters: &Clusters,
    persons: &[PersonId],
    (doubts, decided): (&Doubts, &Decided),
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
    let waits = |(a, b, why): &&(u32, u32, Doubt)| {
        let settled = (decided.separates(*a, *b) && *why != Doubt::Disputed) || decided.parks(scope, *a, *b);
        (at(*a) == at(*b)) == why.together() && (about_cohort(*a) || about_cohort(*b)) && !settled
    };
    let open =
        |(a, b, why): &(u32, u32, Doubt)| Open { a: *a, b: *b, why: *why, evidence: scope.mark(*a, *b) };
    let mut doubts: Vec<Open> = doubts.iter().filter(waits).map(open).collect();
    // Of one pair the gravest.
    doubts.dedup_by_key(|d| (d.a, d.b));
    out.doubts = doubts;
    out
}

struct Edge {
    a: u32,
    b: u32,
    tie: Tie,
}

/// The pairs that share a blocking key and are tied, each once: who is one person mostly shares several. One kind of key at a
/// time, so that the sorted list of a million people stays small.
fn edges(scope: &Scope, doubts: &mut Doubts) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut seen: HashSet<(u32, u32)> = HashSet::new();
    let mut pairs: Vec<(u64, u32)> = Vec::new();
    for tag in Key::blocking_tags() {
        pairs.clear();
        for i in scope.indexes() {
            pairs.extend(scope.keys(i).iter().filter(|k| k.tag() == tag).map(|k| (k.0, i)));
        }
        pairs.sort_unstable();
        for block in pairs.chunk_by(|a, b| a.0 == b.0).filter(|b| b.len() > 1 && b.len() <= BLOCK_LIMIT) {
            for (n, (_, a)) in block.iter().enumerate() {
                for (_, b) in block.iter().skip(n + 1) {
                    if seen.insert(((*a).min(*b), (*a).max(*b))) {
                        consider(scope, *a, *b, &mut edges, doubts);
                    }
                }
            }
        }
    }
    edges
}

fn consider(scope: &Scope, a: u32, b: u32, edges: &mut Vec<Edge>, doubts: &mut Doubts) {
    if scope.identity(a) == scope.identity(b) {
        return;
    }
    let (a, b) = ordered(scope, a, b);
    let (x, y) = (scope.keys(a), scope.keys(b));
    match tie(x, y) {
        Some(tie) => edges.push(Edge { a, b, tie }),
        // Known to be two people by a number of their own: nothing to ask.
        None if tie::conflict(x, y) => {}
        None => _ = doubts.insert((a, b, Doubt::IdentifierAlone)),
    }
}
