//! Clusters of identities, joined so that no two members ever conflict.

use super::evidence::Key;
use super::rule::Decided;
use super::scope::Scope;
use super::tie;
use alloc::vec::Vec;

/// Union-find whose joins are refused when any two members may not stand together.
pub(super) struct Forest<'a> {
    scope: &'a Scope,
    decided: &'a Decided,
    parent: Vec<u32>,
    /// The members of a cluster, each naming the next, in a circle.
    next: Vec<u32>,
}

impl<'a> Forest<'a> {
    pub(super) fn new(scope: &'a Scope, decided: &'a Decided) -> Self {
        Self { scope, decided, parent: scope.indexes().collect(), next: scope.indexes().collect() }
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

    fn keys(&self, i: u32) -> &[Key] {
        self.scope.keys(i)
    }

    /// Whether two identities may never stand in one cluster.
    pub(super) fn apart(&self, x: u32, y: u32) -> bool {
        let (a, b) = (self.keys(x), self.keys(y));
        self.decided.separates(x, y)
            || (tie::conflict(a, b) && !self.decided.waives(self.scope, x, y))
            || (!self.decided.joins_any(x) && !self.decided.joins_any(y) && tie::unlike(a, b))
    }

    pub(super) fn together(&mut self, a: u32, b: u32) -> bool {
        self.root(a) == self.root(b)
    }

    /// Brings two clusters together, unless two of their members may not be; whether they are together now.
    pub(super) fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return true;
        }
        if self.members(a).any(|x| self.members(b).any(|y| self.apart(x, y))) {
            return false;
        }
        self.unite(a, b);
        true
    }

    /// Brings two clusters together by a decision that was found to hold with all others.
    pub(super) fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        let (root, under) = (a.min(b), a.max(b));
        if let Some(slot) = self.parent.get_mut(under as usize) {
            *slot = root;
        }
        // Two circles become one where their successors change places.
        self.next.swap(root as usize, under as usize);
    }

    /// All clusters, in the order of their smallest member index.
    pub(super) fn clusters(mut self) -> Clusters {
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
pub(super) struct Clusters {
    members: Vec<u32>,
    ends: Vec<usize>,
}

impl Clusters {
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = core::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| self.members.get(*start..*end).unwrap_or(&[]))
    }
}
