//! Where the ledger's tree stands: one row whenever entries were committed, in the same transaction.
//!
//! A row is never touched again. What stands in it follows from the ledger, and `ledger verify` computes it anew; it is
//! kept so that the next entry need not read all before it.

use super::db::{Conn, Pool};
use super::either;
use super::error::StoreError;
use super::ids::{self, count, stored};
use super::ledger::LedgerPages;
use super::{BundleTx, Store, sql};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::tree::Tree;

impl Store {
    /// The roots that were kept, by rising size.
    pub async fn roots(&self) -> Result<Vec<(u64, Digest)>, StoreError> {
        let rows: Vec<(i64, Vec<u8>)> = either::query_as(sql::TREE_ROOTS).fetch_all(&self.read).await?;
        rows.into_iter().map(|(size, root)| Ok((count(size, "tree")?, ids::digest(&root, "tree")?))).collect()
    }

    /// The ledger's tree as it was last committed.
    pub async fn tree(&self) -> Result<Tree, StoreError> {
        let kept = last(&mut self.read.acquire().await?).await?;
        grown(kept, &self.read).await
    }
}

impl BundleTx {
    /// The ledger's tree, with what this transaction has put.
    pub async fn tree(&mut self) -> Result<Tree, StoreError> {
        let kept = last(self.connection()).await?;
        grown(kept, &self.read).await
    }

    /// Keeps where the tree stands after the entries that were appended.
    pub async fn put_tree(&mut self, tree: &Tree) -> Result<(), StoreError> {
        if tree.size() != self.head {
            return Err(StoreError::LedgerOrder { expected: self.head, offered: tree.size() });
        }
        either::query(sql::TREE_ADD)
            .bind(stored(tree.size()))
            .bind(tree.root().0.to_vec())
            .bind(tree.to_bytes())
            .execute(&mut **self.connection())
            .await?;
        Ok(())
    }
}

async fn last(connection: &mut Conn) -> Result<Tree, StoreError> {
    let row: Option<(i64, Vec<u8>)> = either::query_as(sql::TREE_LAST).fetch_optional(connection).await?;
    let Some((size, whole)) = row else { return Ok(Tree::new()) };
    Tree::from_bytes(count(size, "tree")?, &whole).ok_or_else(|| StoreError::row("tree"))
}

/// Adds what was linked since: all of it in a store from before there was a tree.
async fn grown(mut tree: Tree, read: &Pool) -> Result<Tree, StoreError> {
    let mut pages = LedgerPages::from(read, tree.size() + 1);
    while let Some(page) = pages.next_page().await? {
        for entry in page {
            tree.push(&ids::digest(&entry.hash, "ledger")?);
        }
    }
    Ok(tree)
}
