//! What is written to a server beside the writer's own transaction, so that its processes share the work: a bundle's holdings before its
//! turn at the ledger comes, and the settling of persons while bundles are recorded.
//!
//! The writer's lock is another connection's. So each such transaction shares a lock of its own as long as it lasts, and has to find its
//! process's turn behind it. Who opens the store takes that lock alone before it takes the next turn: while one is under way nobody opens
//! the store, and afterwards none of the former turn begins. A process that is gone takes its transactions along.

use super::Store;
use super::db::{BESIDE, Conn, Link, Tx};
use super::error::StoreError;

impl Store {
    /// Begins a transaction beside the writer's. `None` where one connection writes: the store is in a folder.
    pub(super) async fn begin_beside(&self) -> Result<Option<Tx>, StoreError> {
        let Some(pool) = &self.beside else { return Ok(None) };
        let mut tx = pool.begin().await?;
        if let Link::Postgres(connection) = tx.link() {
            let shared = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock_shared($1)").bind(BESIDE);
            let shared: bool = shared.fetch_one(&mut *connection).await?;
            if !shared || !self.turn.stands(connection).await? {
                return Err(StoreError::Overtaken);
            }
        }
        Ok(Some(tx))
    }
}

/// Whether nothing is under way beside a former writer. Until the transaction in which this is asked has ended, nothing begins.
pub(super) async fn nothing(connection: &mut Conn) -> Result<bool, StoreError> {
    match connection.link() {
        Link::Sqlite(_) => Ok(true),
        Link::Postgres(connection) => {
            let alone = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(BESIDE);
            Ok(alone.fetch_one(connection).await?)
        }
    }
}
