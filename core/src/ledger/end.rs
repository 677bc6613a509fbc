//! Where a ledger ends: the link that the next entry follows, and the tree over all links. Both grow together.

use super::chain::Chain;
use super::tree::Tree;
use crate::hash::Digest;

/// The end of a ledger that entries are added to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct End {
    chain: Chain,
    tree: Tree,
}

impl End {
    /// The end of a ledger; `None` when its tree is of another size.
    pub fn of(chain: Chain, tree: Tree) -> Option<Self> {
        (chain.seq == tree.size()).then_some(Self { chain, tree })
    }

    /// Adds an entry that was encoded before; gives its number and link.
    #[must_use = "the number and link are what is kept of the entry"]
    pub fn link(&mut self, bytes: &[u8]) -> Chain {
        let linked = self.chain.link(bytes);
        self.tree.push(&linked.head);
        linked
    }

    /// The last entry's number and link.
    pub const fn chain(&self) -> Chain {
        self.chain
    }

    /// The tree over all links.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The one hash that stands for the whole ledger.
    pub fn root(&self) -> Digest {
        self.tree.root()
    }
}
