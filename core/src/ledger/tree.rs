//! The tree over the ledger: one hash that stands for all entries, and short proofs that an entry is among them and that
//! a longer ledger continues a shorter one.
//!
//! Hashing and proofs are those of RFC 6962, section 2.1 (and RFC 9162, section 2.1), which the transparency logs of the
//! C2SP `tlog` documents share. A leaf is an entry's link: the hash that covers the entry and all before it. So a leaf
//! can be hashed without the entry, and who has an entry and the link before it can recompute its leaf.

use crate::hash::Digest;
use alloc::vec::Vec;

/// Hash of a leaf (RFC 6962: `0x00`, then what the leaf holds).
pub fn leaf(link: &Digest) -> Digest {
    Digest::of_parts([&[0], &link.0[..]])
}

/// Hash of a node (RFC 6962: `0x01`, left, right).
fn node(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts([&[1], &left.0[..], &right.0])
}

/// A tree that is only ever added to: the hashes of the whole subtrees that it consists of, the largest first.
///
/// There is one for each bit of the size that is set, so a ledger of a million entries has at most twenty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    whole: Vec<Digest>,
}

impl Tree {
    /// An empty tree.
    pub const fn new() -> Self {
        Self { size: 0, whole: Vec::new() }
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next entry's link.
    pub fn push(&mut self, link: &Digest) {
        let mut hash = leaf(link);
        let mut below = self.size;
        while below & 1 == 1 {
            let Some(left) = self.whole.pop() else { break };
            hash = node(&left, &hash);
            below >>= 1;
        }
        self.whole.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The one hash that stands for all leaves; of no leaf, that of nothing.
    pub fn root(&self) -> Digest {
        let mut whole = self.whole.iter().rev();
        let Some(last) = whole.next() else { return Digest::of(&[]) };
        whole.fold(*last, |right, left| node(left, &right))
    }

    /// As it is kept beside the ledger: the hashes one after another.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.whole.iter().flat_map(|hash| hash.0).collect()
    }

    /// From what was kept for a ledger of that size; `None` when that cannot be.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (whole, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && u32::try_from(whole.len()).ok() == Some(size.count_ones());
        fits.then(|| Self { size, whole: whole.iter().copied().map(Digest).collect() })
    }
}

/// A stretch of a tree's leaves whose hash a proof needs: `first..end`, whole subtrees and the ragged one at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    first: u64,
    end: u64,
}

/// What a proof consists of, found while the links are read once, in their order.
///
/// Made for a proof, given every link of the ledger up to its size, and then asked for the hashes.
#[derive(Debug)]
pub struct Proof {
    stretches: Vec<(Stretch, Tree)>,
    next: u64,
}

impl Proof {
    /// That entry `number` (from 1) is in the ledger of `size` entries; `None` when it cannot be.
    pub fn of_entry(number: u64, size: u64) -> Option<Self> {
        let index = number.checked_sub(1).filter(|i| *i < size)?;
        let mut stretches = Vec::new();
        path(index, Stretch { first: 0, end: size }, &mut stretches);
        Some(Self::of(stretches))
    }

    /// That the ledger of `size` entries begins with the one of `earlier` entries; `None` when it cannot.
    pub fn of_growth(earlier: u64, size: u64) -> Option<Self> {
        let mut stretches = Vec::new();
        if earlier == 0 || earlier > size {
            return None;
        }
        if earlier < size {
            grown(earlier, Stretch { first: 0, end: size }, true, &mut stretches);
        }
        Some(Self::of(stretches))
    }

    fn of(stretches: Vec<Stretch>) -> Self {
        Self { stretches: stretches.into_iter().map(|s| (s, Tree::new())).collect(), next: 0 }
    }

    /// Takes the next link.
    pub fn take(&mut self, link: &Digest) {
        let at = self.next;
        for (stretch, tree) in &mut self.stretches {
            if (stretch.first..stretch.end).contains(&at) {
                tree.push(link);
            }
        }
        self.next = at.saturating_add(1);
    }

    /// The hashes, nearest the leaf first; `None` when the ledger ended too early.
    pub fn hashes(&self) -> Option<Vec<Digest>> {
        let whole = |(stretch, tree): &(Stretch, Tree)| {
            (stretch.end.checked_sub(stretch.first) == Some(tree.size())).then(|| tree.root())
        };
        self.stretches.iter().map(whole).collect()
    }
}

/// Where a tree of `count` leaves, two or more, is divided: the largest power of two below.
const fn half(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

impl Stretch {
    /// The two subtrees of more than one leaf.
    fn halves(self) -> Option<(Self, Self)> {
        let count = self.end.checked_sub(self.first).filter(|n| *n > 1)?;
        let middle = self.first + half(count);
        Some((Self { end: middle, ..self }, Self { first: middle, ..self }))
    }
}

/// RFC 6962, 2.1.1: the siblings on the way from a leaf to the root.
fn path(index: u64, of: Stretch, out: &mut Vec<Stretch>) {
    let Some((left, right)) = of.halves() else { return };
    if index < left.end {
        path(index, left, out);
        out.push(right);
    } else {
        path(index, right, out);
        out.push(left);
    }
}

/// RFC 6962, 2.1.2: what joins the earlier root to the later one. `known` says that the stretch up to here is the earlier
/// tree itself, whose root whoever checks has already.
fn grown(earlier: u64, of: Stretch, known: bool, out: &mut Vec<Stretch>) {
    if earlier == of.end {
        if !known {
            out.push(of);
        }
        return;
    }
    let Some((left, right)) = of.halves() else { return };
    if earlier <= left.end {
        grown(earlier, left, known, out);
        out.push(right);
    } else {
        grown(earlier, right, false, out);
        out.push(left);
    }
}

/// Whether a proof shows that an entry of this link, `number` from 1, is in the ledger of `size` entries with that root
/// (RFC 9162, 2.1.3.2).
pub fn entry_holds(number: u64, link: &Digest, size: u64, root: &Digest, proof: &[Digest]) -> bool {
    let Some(index) = number.checked_sub(1).filter(|i| *i < size) else { return false };
    let (mut climb, mut hash) = (Climb { at: index, last: size - 1 }, leaf(link));
    for sibling in proof {
        hash = match climb.step() {
            Some(Side::Left) => node(sibling, &hash),
            Some(Side::Right) => node(&hash, sibling),
            None => return false,
        };
    }
    climb.last == 0 && hash == *root
}

/// On which side of the way up a proof's next hash stands.
enum Side {
    Left,
    Right,
}

/// The way from a leaf, or the last of a subtree, to the root of a tree whose last leaf is `last`.
struct Climb {
    at: u64,
    last: u64,
}

impl Climb {
    /// One step up; `None` when the root is reached already.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let left = self.at & 1 == 1 || self.at == self.last;
        while left && self.at & 1 == 0 && self.at != 0 {
            self.up();
        }
        self.up();
        Some(if left { Side::Left } else { Side::Right })
    }

    const fn up(&mut self) {
        self.at >>= 1;
        self.last >>= 1;
    }
}

/// Whether a proof shows that the ledger of `size` entries with root `root` begins with the one of `earlier` entries with
/// root `before` (RFC 9162, 2.1.4.2).
pub fn growth_holds(earlier: u64, before: &Digest, size: u64, root: &Digest, proof: &[Digest]) -> bool {
    if earlier == size {
        return proof.is_empty() && before == root;
    }
    if earlier == 0 || earlier > size {
        return false;
    }
    let (first, rest) = match proof.split_first() {
        _ if earlier.is_power_of_two() => (before, proof),
        Some((first, rest)) => (first, rest),
        None => return false,
    };
    let mut climb = Climb { at: earlier - 1, last: size - 1 };
    while climb.at & 1 == 1 {
        climb.up();
    }
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        match climb.step() {
            Some(Side::Left) => (old, new) = (node(sibling, &old), node(sibling, &new)),
            Some(Side::Right) => new = node(&new, sibling),
            None => return false,
        }
    }
    climb.last == 0 && old == *before && new == *root
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn links(count: usize) -> Vec<Digest> {
        (0..count).map(|n| Digest::of(&n.to_le_bytes())).collect()
    }

    fn tree(links: &[Digest]) -> Tree {
        let mut tree = Tree::new();
        links.iter().for_each(|link| tree.push(link));
        tree
    }

    /// RFC 6962, 2.1, word by word.
    fn as_defined(links: &[Digest]) -> Digest {
        match links {
            [] => Digest::of(&[]),
            [one] => leaf(one),
            more => {
                let middle = (1..more.len()).filter(|n| n.is_power_of_two()).max().expect("two or more");
                node(&as_defined(&more[..middle]), &as_defined(&more[middle..]))
            }
        }
    }

    fn proven(proof: Option<Proof>, links: &[Digest]) -> Vec<Digest> {
        let mut proof = proof.expect("within the ledger");
        links.iter().for_each(|link| proof.take(link));
        proof.hashes().expect("whole")
    }

    #[test]
    fn the_tree_is_the_one_of_the_standard_at_every_size() {
        let links = links(130);
        let mut tree = Tree::new();
        for (size, link) in links.iter().enumerate() {
            assert_eq!(tree.root(), as_defined(&links[..size]));
            assert_eq!(Tree::from_bytes(size as u64, &tree.to_bytes()), Some(tree.clone()));
            tree.push(link);
        }
        assert_eq!(Tree::from_bytes(3, &[0; 32]), None);
        assert_eq!(Tree::from_bytes(1, &[0; 31]), None);
    }

    #[test]
    fn the_root_of_nothing_and_of_one_leaf_are_those_of_the_standard() {
        // SHA-256 of nothing, and of one zero byte followed by 32 of them.
        assert!(Tree::new().root().hex().starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
        assert_eq!(tree(&[Digest([0; 32])]).root(), Digest::of(&[0; 33]));
    }

    #[test]
    fn every_entry_of_every_size_is_proven_and_no_other() {
        let links = links(40);
        for size in 1..=links.len() {
            let root = tree(&links[..size]).root();
            for number in 1..=size {
                let (n, s) = (number as u64, size as u64);
                let proof = proven(Proof::of_entry(n, s), &links[..size]);
                assert!(entry_holds(n, &links[number - 1], s, &root, &proof), "{n} of {s}");
                let others = (1..=size).filter(|other| *other != number);
                for other in others {
                    assert!(!entry_holds(other as u64, &links[number - 1], s, &root, &proof));
                    assert!(!entry_holds(n, &links[other - 1], s, &root, &proof));
                }
            }
        }
        assert!(Proof::of_entry(0, 3).is_none() && Proof::of_entry(4, 3).is_none());
    }

    #[test]
    fn every_growth_is_proven() {
        let links = links(40);
        for size in 1..=links.len() {
            let root = tree(&links[..size]).root();
            for earlier in 1..=size {
                let (e, s) = (earlier as u64, size as u64);
                let proof = proven(Proof::of_growth(e, s), &links[..size]);
                let before = tree(&links[..earlier]).root();
                assert!(growth_holds(e, &before, s, &root, &proof), "{e} to {s}");
            }
        }
        assert!(Proof::of_growth(0, 3).is_none() && Proof::of_growth(4, 3).is_none());
    }

    #[test]
    fn a_proof_of_a_ledger_that_ends_too_early_is_none() {
        let mut proof = Proof::of_entry(1, 5).expect("within");
        links(4).iter().for_each(|link| proof.take(link));
        assert_eq!(proof.hashes(), None);
    }

    proptest! {
        #[test]
        fn a_ledger_that_was_rewritten_is_no_growth_of_what_it_was(
            size in 2usize..60, at: prop::sample::Index, earlier: prop::sample::Index, flip in 1u8..,
        ) {
            let honest = links(size);
            let earlier = 1 + earlier.index(size - 1);
            let before = tree(&honest[..earlier]).root();
            // Rewritten within what was witnessed before.
            let mut forged = honest;
            forged[at.index(earlier)].0[0] ^= flip;
            let proof = proven(Proof::of_growth(earlier as u64, size as u64), &forged);
            let root = tree(&forged).root();
            prop_assert!(!growth_holds(earlier as u64, &before, size as u64, &root, &proof));
        }

        #[test]
        fn a_changed_proof_proves_nothing(
            size in 2usize..60, number: prop::sample::Index, earlier: prop::sample::Index, at: prop::sample::Index, flip in 1u8..,
        ) {
            let links = links(size);
            let root = tree(&links).root();
            let number = number.index(size);
            let mut proof = proven(Proof::of_entry(number as u64 + 1, size as u64), &links);
            let which = at.index(proof.len());
            proof[which].0[7] ^= flip;
            prop_assert!(!entry_holds(number as u64 + 1, &links[number], size as u64, &root, &proof));
            let earlier = 1 + earlier.index(size - 1);
            let before = tree(&links[..earlier]).root();
            let mut proof = proven(Proof::of_growth(earlier as u64, size as u64), &links);
            let which = at.index(proof.len());
            proof[which].0[7] ^= flip;
            prop_assert!(!growth_holds(earlier as u64, &before, size as u64, &root, &proof));
        }

        #[test]
        fn no_proof_makes_the_check_stop(number: u64, size: u64, earlier: u64, proof in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
            let proof: Vec<Digest> = proof.into_iter().map(Digest).collect();
            let root = Digest([1; 32]);
            prop_assert!(!entry_holds(number, &root, size, &root, &proof));
            let _ = growth_holds(earlier, &root, size, &root, &proof);
        }
    }
}
