//! A file's records scored and clustered, on all cores.

use lockgate_core::linkage::block::{Blocks, Family, Index};
use lockgate_core::linkage::card::Deck;
use lockgate_core::linkage::cluster::{Cluster, Doubt, Edge, Limits, parts};
use lockgate_core::linkage::compare::Comparer;
use lockgate_core::linkage::facts::Facts;
use lockgate_core::linkage::math::{Weight, probability};
use lockgate_core::linkage::model::Model;
use lockgate_core::linkage::train::{Job, settle, train};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread;

/// Cards that a core takes at a time.
const SLICE: u32 = 1024;

/// Cards whose pairs show how many records a person has.
const SETTLING: u32 = 10_000;

/// One pair for so many records waits for a person; of a small file a few more may.
const FIFTY: usize = 50;
const FEW: usize = 10;

/// What linking gives.
pub struct Linked {
    /// The person of each card: the number of its first card.
    pub person: Vec<u32>,
    /// Pairs that wait for a person.
    pub doubts: Vec<(Edge, Doubt)>,
    /// All pairs worth keeping.
    pub edges: Vec<Edge>,
    /// Pairs compared.
    pub compared: u64,
    /// Blocks left uncompared because they were too large.
    pub crowded: usize,
    /// The same of identifiers: for each kind by its position, how many values are carried by too many.
    pub shared_ids: Vec<(usize, usize)>,
    /// The facts of the deck.
    pub facts: Facts,
}

impl Linked {
    /// Whether two cards are one person.
    pub fn same(&self, a: u32, b: u32) -> bool {
        self.person_of(a) == self.person_of(b)
    }

    /// The person of a card.
    pub fn person_of(&self, card: u32) -> u32 {
        self.person.get(card as usize).copied().unwrap_or(card)
    }

    /// How many persons there are of each number of records.
    pub fn sizes(&self) -> BTreeMap<u32, u32> {
        let mut of: Vec<u32> = vec![0; self.person.len()];
        for person in &self.person {
            if let Some(n) = of.get_mut(*person as usize) {
                *n += 1;
            }
        }
        let mut out = BTreeMap::new();
        of.iter().filter(|n| **n > 0).for_each(|n| *out.entry(*n).or_default() += 1);
        out
    }
}

/// Facts and blocks of a deck: what training and scoring need.
pub struct Prepared {
    /// The facts.
    pub facts: Facts,
    /// The blocks by family.
    pub blocks: Vec<(Family, Blocks)>,
    /// The blocks by card, once they are put together.
    index: Option<Index>,
}

/// Does independent pieces of work on so many cores.
pub fn crew(cores: usize) -> impl Fn(&mut [Job<'_>]) + Sync {
    move |jobs| {
        let all = Mutex::new(jobs.iter_mut());
        let next = || all.lock().ok().and_then(|mut all| all.next());
        let work = || {
            while let Some(job) = next() {
                job();
            }
        };
        thread::scope(|scope| {
            for _ in 1..cores {
                scope.spawn(work);
            }
            work();
        });
    }
}

/// Finds facts and blocks.
pub fn prepare(deck: &mut Deck, cores: usize) -> Prepared {
    let facts = Facts::of(deck);
    let families = Family::all(deck);
    let (deck, facts_ref) = (&*deck, &facts);
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, Family, Blocks)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..cores.max(1) {
            scope.spawn(|| {
                while let Some(family) = families.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let blocks = Blocks::of(*family, deck, facts_ref);
                    let at = families.iter().position(|f| f == family).unwrap_or(0);
                    found.lock().map(|mut all| all.push((at, *family, blocks))).ok();
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort_by_key(|(at, _, _)| *at);
    let blocks = found.into_iter().map(|(_, family, blocks)| (family, blocks)).collect();
    Prepared { facts, blocks, index: None }
}

/// Trains on a deck; meanwhile the blocks are put together.
pub fn learn(deck: &Deck, prepared: &mut Prepared, before: &Model, cores: usize) -> Model {
    let Prepared { facts, blocks, index } = prepared;
    let (mut model, blocks) = (before.clone(), &*blocks);
    crew(cores)(&mut [&mut || model = train(deck, facts, before, blocks, &crew(cores)), &mut || {
        *index = Some(Index::of(blocks, deck.len()));
    }]);
    model
}

/// Scores and clusters.
pub fn link(
    deck: &Deck,
    prepared: Prepared,
    model: &mut Model,
    limits: Limits,
    settling: bool,
    cores: usize,
) -> Linked {
    let Prepared { facts, blocks, index } = prepared;
    let ids = |family: &Family| if let Family::Id(kind) = family { Some(*kind) } else { None };
    let crowded = blocks.iter().filter(|(f, _)| ids(f).is_none()).map(|(_, b)| b.left.len()).sum();
    let shared = blocks.iter().filter_map(|(f, b)| Some((ids(f)?, b.left.len())));
    let shared_ids = shared.filter(|(_, n)| *n > 0).collect();
    let index = index.unwrap_or_else(|| Index::of(&blocks, deck.len()));
    drop(blocks);
    model.among(facts.records());
    if settling {
        let some = deck.len().min(SETTLING);
        let weights = sample(deck, &facts, model, &index, some);
        settle(model, facts.records(), some, &weights);
    }
    let (mut edges, compared) = score(deck, &facts, model, &index, limits.review.min(limits.join), cores);
    drop(index);
    let ends = parts(&mut edges, deck.len());
    let (person, doubts) = cluster(deck, &facts, model, limits, &edges, &ends, cores);
    Linked { person, doubts, edges, compared, crowded, shared_ids, facts }
}

/// Weights of all pairs of some cards, spread over the deck; each pair counted from both its sides.
fn sample(deck: &Deck, facts: &Facts, model: &Model, index: &Index, some: u32) -> Vec<Weight> {
    let mut comparer = Comparer::new(deck, facts, model);
    let mut out = Vec::new();
    let mut others = Vec::new();
    let step = (deck.len() / some.max(1)).max(1);
    for at in (0..deck.len()).step_by(step as usize) {
        index.candidates(at, true, &mut others);
        let Some(card) = deck.card(at) else { continue };
        for other in others.iter().filter_map(|o| deck.card(*o)) {
            let weight = model.score(&comparer.compare(card, other)).weight;
            if weight > -1000 {
                out.push(weight);
            }
        }
    }
    out
}

fn score(
    deck: &Deck,
    facts: &Facts,
    model: &Model,
    index: &Index,
    least: Weight,
    cores: usize,
) -> (Vec<Edge>, u64) {
    let next = AtomicU32::new(0);
    let work = || {
        let mut comparer = Comparer::new(deck, facts, model);
        let (mut edges, mut near, mut cards, mut count) = (Vec::new(), Vec::new(), Vec::new(), 0_u64);
        loop {
            let from = next.fetch_add(SLICE, Ordering::Relaxed);
            if from >= deck.len() {
                return (edges, count);
            }
            for at in from..(from + SLICE).min(deck.len()) {
                index.candidates(at, false, &mut near);
                let Some(card) = deck.card(at) else { continue };
                // Fetched together, so that the memory is waited for once and not card by card.
                cards.clear();
                cards.extend(near.iter().filter_map(|other| Some((*other, *deck.card(*other)?))));
                for (other, two) in &cards {
                    count += 1;
                    let weight = model.score(&comparer.compare(card, two)).weight;
                    if weight >= least {
                        edges.push(Edge { a: at, b: *other, weight });
                    }
                }
            }
        }
    };
    let mut edges = Vec::new();
    let mut compared = 0;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let (mut found, count) = worker.join().unwrap_or_default();
            edges.append(&mut found);
            compared += count;
        }
    });
    (edges, compared)
}

fn cluster(
    deck: &Deck,
    facts: &Facts,
    model: &Model,
    limits: Limits,
    edges: &[Edge],
    ends: &[usize],
    cores: usize,
) -> (Vec<u32>, Vec<(Edge, Doubt)>) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut clusters = Cluster::new(deck, facts, model, limits);
        let (mut groups, mut doubts) = (Vec::new(), Vec::new());
        loop {
            let from = next.fetch_add(256, Ordering::Relaxed);
            if from >= ends.len() {
                return (groups, doubts);
            }
            for at in from..(from + 256).min(ends.len()) {
                let start = at.checked_sub(1).and_then(|n| ends.get(n)).copied().unwrap_or(0);
                let end = ends.get(at).copied().unwrap_or(start);
                let grouping = clusters.group(edges.get(start..end).unwrap_or_default());
                groups.extend(grouping.groups.into_iter().filter(|g| g.len() > 1));
                doubts.extend(grouping.doubts);
            }
        }
    };
    let mut person: Vec<u32> = (0..deck.len()).collect();
    let mut doubts = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let (groups, mut found): (Vec<Vec<u32>>, Vec<(Edge, Doubt)>) = worker.join().unwrap_or_default();
            doubts.append(&mut found);
            for group in groups {
                let first = group.first().copied().unwrap_or(0);
                for card in group {
                    if let Some(to) = person.get_mut(card as usize) {
                        *to = first;
                    }
                }
            }
        }
    });
    let doubts = worth_asking(&person, doubts);
    (person, doubts)
}

/// The pairs that a person is asked about: no more than one for fifty records, those first whose joining is likeliest to
/// bring most records together.
fn worth_asking(person: &[u32], doubts: Vec<(Edge, Doubt)>) -> Vec<(Edge, Doubt)> {
    let mut sizes: Vec<u32> = vec![0; person.len()];
    for one in person {
        if let Some(size) = sizes.get_mut(*one as usize) {
            *size += 1;
        }
    }
    let size = |card: u32| {
        let person = person.get(card as usize).copied().unwrap_or(card);
        f64::from(sizes.get(person as usize).copied().unwrap_or(1))
    };
    let gain = |edge: &Edge| probability(edge.weight) * size(edge.a) * size(edge.b);
    let mut ranked: Vec<(f64, Edge, Doubt)> = doubts.into_iter().map(|(e, d)| (gain(&e), e, d)).collect();
    ranked.sort_unstable_by(|x, y| {
        y.0.total_cmp(&x.0).then_with(|| (x.1.a, x.1.b, x.2).cmp(&(y.1.a, y.1.b, y.2)))
    });
    ranked.truncate((person.len() / FIFTY).max(FEW));
    ranked.into_iter().map(|(_, edge, doubt)| (edge, doubt)).collect()
}
