//! Clustering with guards: pairs become persons, strongest first, and nothing is joined that a guard forbids.
//!
//! Two groups of records join when some pair of theirs weighs enough, no pair across them is barred, and the pairs
//! across them together do not speak against it. The answer depends on the cards alone: pairs of one weight are taken in
//! the order of the cards, which the caller has put into the order of their record ids.

use super::card::{Card, Deck};
use super::codes;
use super::compare::{Agreement, Comparer, agrees};
use super::facts::Facts;
use super::field::{GIVEN, given};
use super::guard::{Bar, bar};
use super::math::{BIT, Weight};
use super::model::Model;
use alloc::vec::Vec;

/// A scored pair; `a` comes before `b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The first card.
    pub a: u32,
    /// The second card.
    pub b: u32,
    /// The weight of the pair.
    pub weight: Weight,
}

/// From which weights on what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Two groups join.
    pub join: Weight,
    /// A pair that does not join waits for a person.
    pub review: Weight,
    /// The mean weight across two groups that join.
    pub cohesion: Weight,
    /// No person has more records than this; a group that would is not made.
    pub largest: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { join: 10 * BIT, review: 0, cohesion: 0, largest: 400 }
    }
}

impl Limits {
    /// The limits for decks of a model. Where it is proven that no two people are relatives, hardly anything is left
    /// that a pair of some weight may be but one person, and less weight is safe.
    pub fn for_model(model: &Model) -> Self {
        let join = if model.has_families() { Self::default().join } else { 0 };
        Self { join, ..Self::default() }
    }
}

/// Why a pair was not joined and waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// A guard forbids it.
    Barred(Bar),
    /// It weighs too little to join and too much to leave.
    Weak,
    /// Taken together the two groups do not agree.
    Loose,
    /// The group would be larger than any person's.
    Large,
}

impl Doubt {
    /// The message code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Barred(bar) => bar.code(),
            Self::Weak => codes::WEAK,
            Self::Loose => codes::LOOSE,
            Self::Large => codes::LARGE,
        }
    }
}

/// The persons of some cards.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Grouping {
    /// Groups of cards, each sorted, in the order of their first cards.
    pub groups: Vec<Vec<u32>>,
    /// Pairs of groups that wait for a person, by the strongest pair between them.
    pub doubts: Vec<(Edge, Doubt)>,
}

/// What clustering looks at.
pub struct Cluster<'a> {
    deck: &'a Deck,
    model: &'a Model,
    limits: Limits,
    comparer: Comparer<'a>,
}

impl<'a> Cluster<'a> {
    /// For the cards of a deck.
    pub fn new(deck: &'a Deck, facts: &'a Facts, model: &'a Model, limits: Limits) -> Self {
        Self { deck, model, limits, comparer: Comparer::new(deck, facts, model) }
    }

    /// Groups the cards that some edges connect.
    pub fn group(&mut self, edges: &[Edge]) -> Grouping {
        let mut cards: Vec<u32> = edges.iter().flat_map(|e| [e.a, e.b]).collect();
        cards.sort_unstable();
        cards.dedup();
        let mut forest = Forest::new(&cards);
        let mut edges = edges.to_vec();
        edges.sort_unstable_by_key(|e| (-e.weight, e.a, e.b));
        let mut refused: Vec<(Edge, Doubt)> = Vec::new();
        for edge in &edges {
            let (Some(a), Some(b)) = (forest.root_of(edge.a), forest.root_of(edge.b)) else { continue };
            if a == b {
                continue;
            }
            let verdict = if edge.weight < self.limits.join {
                Err(Doubt::Weak)
            } else {
                self.may_join(forest.group(a), forest.group(b))
            };
            match verdict {
                Ok(()) => forest.join(a, b),
                Err(doubt) => refused.push((*edge, doubt)),
            }
        }
        let doubts = forest.open(refused, self.limits.review);
        Grouping { groups: forest.groups(), doubts }
    }

    fn may_join(&mut self, left: &[u32], right: &[u32]) -> Result<(), Doubt> {
        if left.len() + right.len() > self.limits.largest {
            return Err(Doubt::Large);
        }
        let mut sum = 0_i64;
        let mut cells: Vec<Cell> = Vec::with_capacity(left.len() * right.len());
        for a in left {
            for b in right {
                let (Some(x), Some(y)) = (self.deck.card(*a), self.deck.card(*b)) else { continue };
                let agreement = self.comparer.compare(x, y);
                let bar = self.barred(x, y, &agreement);
                if let Some(bar) = bar.filter(|bar| bar.is_final()) {
                    return Err(Doubt::Barred(bar));
                }
                cells.push(Cell { a: *a, b: *b, bar, bridges: bar.is_none() && bridges(&agreement) });
                sum += i64::from(self.model.score(&agreement).weight);
            }
        }
        if let Some(bar) = open_bar(&cells) {
            return Err(Doubt::Barred(bar));
        }
        let pairs = i64::try_from(left.len() * right.len()).unwrap_or(1);
        if sum < pairs * i64::from(self.limits.cohesion) { Err(Doubt::Loose) } else { Ok(()) }
    }

    fn barred(&self, x: &Card, y: &Card, agreement: &Agreement) -> Option<Bar> {
        bar(&self.deck.kinds, x, y, agreement, self.model.has_families())
    }
}

/// A pair across two groups.
struct Cell {
    a: u32,
    b: u32,
    bar: Option<Bar>,
    bridges: bool,
}

/// Whether whole forenames agree, more than by an initial.
fn bridges(agreement: &Agreement) -> bool {
    let forename = agreement.level(GIVEN);
    agrees(GIVEN, forename) && forename != given::INITIAL
}

/// A bar that nothing explains. A forename that differs is explained by a record on one side that has both: it was
/// typed with a slip, or the middle name was used.
fn open_bar(cells: &[Cell]) -> Option<Bar> {
    let bridged = |cell: &Cell| cells.iter().any(|c| c.bridges && (c.a == cell.a || c.b == cell.b));
    cells.iter().filter(|cell| cell.bar.is_some() && !bridged(cell)).find_map(|cell| cell.bar)
}

/// Groups of cards that grow together.
struct Forest {
    cards: Vec<u32>,
    root: Vec<usize>,
    groups: Vec<Vec<u32>>,
}

impl Forest {
    fn new(cards: &[u32]) -> Self {
        Self {
            cards: cards.to_vec(),
            root: (0..cards.len()).collect(),
            groups: cards.iter().map(|c| Vec::from([*c])).collect(),
        }
    }

    fn root_of(&self, card: u32) -> Option<usize> {
        self.cards.binary_search(&card).ok().and_then(|at| self.root.get(at)).copied()
    }

    fn group(&self, root: usize) -> &[u32] {
        self.groups.get(root).map(Vec::as_slice).unwrap_or_default()
    }

    fn join(&mut self, a: usize, b: usize) {
        let (keep, gone) = if self.group(a).len() >= self.group(b).len() { (a, b) } else { (b, a) };
        let moved = self.groups.get_mut(gone).map(core::mem::take).unwrap_or_default();
        for card in &moved {
            if let Ok(at) = self.cards.binary_search(card)
                && let Some(root) = self.root.get_mut(at)
            {
                *root = keep;
            }
        }
        if let Some(group) = self.groups.get_mut(keep) {
            group.extend(moved);
        }
    }

    /// What was refused between groups that are still two; the strongest pair of each two, strongest first.
    fn open(&self, mut refused: Vec<(Edge, Doubt)>, least: Weight) -> Vec<(Edge, Doubt)> {
        refused.retain(|(edge, _)| edge.weight >= least && self.root_of(edge.a) != self.root_of(edge.b));
        let mut seen: Vec<(usize, usize)> = Vec::new();
        refused.retain(|(edge, _)| {
            let (Some(a), Some(b)) = (self.root_of(edge.a), self.root_of(edge.b)) else { return false };
            let both = (a.min(b), a.max(b));
            let new = !seen.contains(&both);
            if new {
                seen.push(both);
            }
            new
        });
        refused
    }

    fn groups(self) -> Vec<Vec<u32>> {
        let mut groups: Vec<Vec<u32>> = self.groups.into_iter().filter(|g| !g.is_empty()).collect();
        groups.iter_mut().for_each(|g| g.sort_unstable());
        groups.sort_unstable();
        groups
    }
}

/// Sorts edges so that those of one part lie together: parts have no card in common, and with whom a card may become
/// one is settled inside its part. Gives the end of each part.
pub fn parts(edges: &mut [Edge], cards: u32) -> Vec<usize> {
    let mut parent: Vec<u32> = (0..cards).collect();
    for edge in edges.iter() {
        let (a, b) = (find(&mut parent, edge.a), find(&mut parent, edge.b));
        if let Some(root) = usize::try_from(a.max(b)).ok().and_then(|at| parent.get_mut(at)) {
            *root = a.min(b);
        }
    }
    // Parts in the order of their first cards: counted and put behind each other, which is quicker than comparing.
    let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let roots: Vec<u32> = edges.iter().map(|edge| find(&mut parent, edge.a)).collect();
    let mut ends = alloc::vec![0_usize; parent.len() + 1];
    for root in &roots {
        ends.get_mut(place(*root) + 1).into_iter().for_each(|n| *n += 1);
    }
    let mut sum = 0;
    for n in &mut ends {
        sum += *n;
        *n = sum;
    }
    let mut sorted = edges.to_vec();
    for (edge, root) in edges.iter().zip(&roots) {
        // Where the part's next edge goes; behind its last one is its end.
        let Some(next) = ends.get_mut(place(*root)) else { continue };
        sorted.get_mut(*next).into_iter().for_each(|to| *to = *edge);
        *next += 1;
    }
    edges.copy_from_slice(&sorted);
    ends.dedup();
    ends.retain(|end| *end > 0);
    let mut start = 0;
    for end in &ends {
        edges.get_mut(start..*end).unwrap_or_default().sort_unstable_by_key(|e| (e.a, e.b));
        start = *end;
    }
    ends
}

fn find(parent: &mut [u32], card: u32) -> u32 {
    let of = |parent: &[u32], at: u32| {
        usize::try_from(at).ok().and_then(|at| parent.get(at)).copied().unwrap_or(at)
    };
    let mut at = card;
    loop {
        let up = of(parent, at);
        if up == at {
            return at;
        }
        let further = of(parent, up);
        if let Some(cell) = usize::try_from(at).ok().and_then(|at| parent.get_mut(at)) {
            *cell = further;
        }
        at = further;
    }
}
