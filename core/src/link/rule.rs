//! The decisions of people, as the linker of one night takes them: which joins they order, which they forbid, and which
//! of them cannot be followed.
//!
//! A set of `same` that cannot all hold joins nobody, so that no order decides which of them counts.

use super::cluster::Doubt;
use super::decision::{Pair, Ruling, Rulings};
use super::scope::Scope;
use super::tie;
use crate::record::PersonId;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Pairs as member indexes, the smaller identity first.
type Pairs = BTreeSet<(u32, u32)>;

/// Decisions about members of the scope.
#[derive(Default)]
pub(super) struct Decided {
    apart: Pairs,
    waived: Pairs,
    same: Pairs,
    joining: BTreeSet<u32>,
    parked: BTreeMap<(u32, u32), BTreeSet<u64>>,
    /// What cannot be followed, and why.
    pub(super) troubles: Vec<(u32, u32, Doubt)>,
    /// Persons who give nobody the benefit of having been together: a decision that may have made them counts no more.
    unsettled: BTreeSet<PersonId>,
}

impl Decided {
    pub(super) fn of(scope: &Scope, rulings: &Rulings) -> Self {
        let mut out = Self::default();
        for (pair, ruling) in rulings.iter() {
            let (Some(a), Some(b)) = (scope.index_of(pair.a), scope.index_of(pair.b)) else { continue };
            match ruling {
                Ruling::Different => _ = out.apart.insert((a, b)),
                Ruling::Disputed => {
                    out.apart.insert((a, b));
                    out.troubles.push((a, b, Doubt::Disputed));
                }
                Ruling::Waiting => out.troubles.push((a, b, Doubt::Second)),
                Ruling::Parked(marks) => _ = out.parked.insert((a, b), marks.clone()),
                Ruling::Same { despite } => {
                    if tie::conflict(scope.keys(a), scope.keys(b)) && !despite {
                        out.troubles.push((a, b, Doubt::Overtaken));
                        continue;
                    }
                    out.same.insert((a, b));
                    if *despite {
                        out.waived.insert((a, b));
                    }
                }
            }
        }
        out.withdraw_contradictions(scope);
        out.joining = out.same.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let undone = rulings.undone().iter().filter_map(|identity| scope.index_of(*identity));
        let void = out.troubles.iter().flat_map(|(a, b, _)| [*a, *b]);
        let known = |i: u32| scope.known(i).map(|(person, _)| person);
        out.unsettled = undone.chain(void).filter_map(known).collect();
        out
    }

    /// Takes every group of `same` out that holds two who are apart.
    fn withdraw_contradictions(&mut self, scope: &Scope) {
        for group in groups(&self.same) {
            let mut members = group.iter();
            let bad = |x: u32, y: u32| {
                let pair = ordered(scope, x, y);
                self.apart.contains(&pair)
                    || (tie::conflict(scope.keys(x), scope.keys(y)) && !self.waives(scope, x, y))
            };
            let contradicts = core::iter::from_fn(|| Some((members.next()?, members.clone())))
                .any(|(x, mut rest)| rest.any(|y| bad(*x, *y)));
            if contradicts {
                let inside = |(a, b): &(u32, u32)| group.contains(a) && group.contains(b);
                self.troubles.extend(
                    self.same.iter().filter(|p| inside(p)).map(|(a, b)| (*a, *b, Doubt::Contradiction)),
                );
                self.same.retain(|pair| !inside(pair));
                self.waived.retain(|pair| !inside(pair));
            }
        }
    }

    /// The joins that people have ordered.
    pub(super) fn joins(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.same.iter().copied()
    }

    /// Whether a person has joined this identity with any other.
    pub(super) fn joins_any(&self, i: u32) -> bool {
        !self.joining.is_empty() && self.joining.contains(&i)
    }

    pub(super) fn separates(&self, x: u32, y: u32) -> bool {
        !self.apart.is_empty() && (self.apart.contains(&(x, y)) || self.apart.contains(&(y, x)))
    }

    /// Whether two people have said of one of two that it is one person with somebody who carries the other's number: what
    /// conflicts is then the slip of which they know. Two of whom nobody said anything never conflict in one cluster.
    pub(super) fn waives(&self, scope: &Scope, x: u32, y: u32) -> bool {
        if self.waived.is_empty() {
            return false;
        }
        let (a, b) = (scope.keys(x), scope.keys(y));
        self.waived.iter().any(|(one, other)| {
            let explains = |named: u32, partner: u32| {
                (named == x && tie::explained(a, b, scope.keys(partner)))
                    || (named == y && tie::explained(b, a, scope.keys(partner)))
            };
            explains(*one, *other) || explains(*other, *one)
        })
    }

    /// Whether people could not tell on the very evidence that there is.
    pub(super) fn parks(&self, scope: &Scope, a: u32, b: u32) -> bool {
        self.parked.get(&(a, b)).is_some_and(|marks| marks.contains(&scope.mark(a, b)))
    }

    /// The person to whom both belong already, when that says anything for their belonging together.
    pub(super) fn settled_person(&self, scope: &Scope, a: u32, b: u32) -> Option<PersonId> {
        let (x, y) = (scope.known(a)?.0, scope.known(b)?.0);
        (x == y && !self.unsettled.contains(&x)).then_some(x)
    }
}

/// The smaller identity first.
pub(super) fn ordered(scope: &Scope, a: u32, b: u32) -> (u32, u32) {
    let pair = Pair::of(scope.identity(a), scope.identity(b));
    if pair.is_some_and(|pair| pair.a == scope.identity(a)) { (a, b) } else { (b, a) }
}

/// The members of each group that the pairs connect.
fn groups(pairs: &Pairs) -> Vec<BTreeSet<u32>> {
    let mut out: Vec<BTreeSet<u32>> = Vec::new();
    for (a, b) in pairs {
        let (touched, mut rest): (Vec<_>, Vec<_>) =
            out.into_iter().partition(|group| group.contains(a) || group.contains(b));
        let mut group: BTreeSet<u32> = touched.into_iter().flatten().collect();
        group.extend([*a, *b]);
        rest.push(group);
        out = rest;
    }
    out
}
