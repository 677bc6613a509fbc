//! The log of the database in a folder: what was committed and does not stand in the database file yet.
//!
//! `SQLite` brings it over at the end of the transaction that made it long, and whoever commits waits. Here a connection of its own does,
//! while the next transaction is written. It takes part in nothing that makes a transaction last: what was committed is on the
//! drive, in the log.

use super::db::{DATABASE, Pool, sqlite_log};
use super::error::StoreError;
use super::{either, sql};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// Bytes of a log that is worth a way.
const LONG: u64 = 4 << 20;
/// Bytes that a long transaction has added to it, to be on the drive before it ends.
const EARLY: u64 = 8 << 20;

/// The log, for the one process that writes.
#[derive(Clone)]
pub(super) struct Log {
    pool: Pool,
    file: PathBuf,
    /// Only one at a time can bring it over.
    turn: Arc<Mutex<()>>,
    /// How long it was when it was last put on the drive early.
    early: Arc<AtomicU64>,
}

impl Log {
    /// The log of the database in a folder.
    pub(super) fn of(folder: &Path) -> Self {
        let file = folder.join(format!("{DATABASE}-wal"));
        Self { pool: sqlite_log(folder), file, turn: Arc::default(), early: Arc::default() }
    }

    /// While a long transaction is written: has what it added put on the drive, so that its end waits for little. It is the
    /// end that makes it last; should this fail, the end fails.
    pub(super) fn early(&self) {
        let length = std::fs::metadata(&self.file).map_or(0, |about| about.len());
        let last = self.early.load(Ordering::Relaxed);
        if length < last {
            self.early.store(length, Ordering::Relaxed);
        } else if length - last >= EARLY {
            self.early.store(length, Ordering::Relaxed);
            let file = self.file.clone();
            tokio::task::spawn_blocking(move || File::open(file).and_then(|log| log.sync_data()));
        }
    }

    /// Begins to bring over a long log, if nobody does. What goes wrong is left to whoever does it next: at the end of a
    /// command [`emptied`](Self::emptied) says why it cannot.
    pub(super) fn behind(&self) {
        let long = std::fs::metadata(&self.file).is_ok_and(|about| about.len() >= LONG);
        if let (true, Ok(turn)) = (long, Arc::clone(&self.turn).try_lock_owned()) {
            let pool = self.pool.clone();
            tokio::spawn(async move {
                let _ = either::query(sql::sqlite::BRING_OVER).execute(&pool).await;
                drop(turn);
            });
        }
    }

    /// Brings over what it can: before a stage that reads much, since from the database file alone that is faster.
    pub(super) async fn brought_over(&self) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        either::query(sql::sqlite::BRING_OVER).execute(&self.pool).await.map(drop)
    }

    /// Brings it over and empties it, on the writing connection.
    pub(super) async fn emptied(&self, write: &Pool) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        either::query(sql::sqlite::CHECKPOINT).execute(write).await.map(drop)
    }

    pub(super) async fn close(&self) {
        let _turn = self.turn.lock().await;
        self.pool.close().await;
    }
}
