//! The store: what the gateway knows, as versions that are never edited.
//!
//! One `SQLite` file in the state folder, written by one process at a time through one connection and read
//! through a few others. A night writes one transaction a file ([`FileTx`]) and one a bundle
//! ([`BundleTx`]); a transaction that is dropped leaves nothing. Reading in number is by pages (`next_page`
//! until `None`, never an empty page), so that memory does not grow with the store; a pager owns its
//! connections and may be moved to another task.
//!
//! Personal values are in two columns, encrypted (`chapter.body`, `register.sealed`); everything else is a keyed hash, a
//! word of the configuration, a date or a count. The store decides nothing: it links no person and judges no
//! file, and opens a chapter only with the key that it is handed.
//!
//! One writing transaction at a time: a second waits for the first, and after a while gives up with
//! LG2006.

mod alarm;
mod bulk;
mod bundle;
mod chapter;
mod counters;
mod delivery;
mod error;
mod file;
mod ids;
mod intake;
mod ledger;
mod lock;
mod names;
mod person;
mod proposal;
mod receipt;
mod register;
mod repair;
mod review;
mod run;
mod sql;
mod tree;
mod watch;

use crate::vault::{Vault, private_folder};
use lock::WriteLock;
use lockgate_core::hash::hex;
use names::Dictionaries;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{SqlSafeStr as _, Transaction};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use alarm::AlarmRow;
pub use bundle::{BundleRow, BundleState, BundleTx, NewBundle};
pub use chapter::{DuePerson, Imprint, NewChapter, Place, StoredChapter, opened};
pub(crate) use counters::Counters;
pub use counters::Numbers;
pub use delivery::{Step, Taken, Trouble};
pub use error::{CODES, StoreError};
pub use file::{FileCounts, FileOutcome, FileRow, FileState};
pub use ids::{BundleId, EntryId, FileId, IdentityRef, PersonRef, QuarantineId, RunId};
pub use intake::{FileTx, NewIdentity, NewQuarantine, NewReview};
pub use ledger::{LedgerEntry, LedgerPages, LedgerRow, NewEntry};
pub use names::Names;
pub use person::{DuePersons, Forgotten, KnownIdentity, PersonRow, Persons};
pub use proposal::Proposal;
pub use receipt::{Answered, Asked, Progress, Reviewed};
pub use register::{
    Authority, Body, Consent, Correction, Designated, Ending, LinkDecision, Made, Nominee, Registered,
    Restriction, SecondaryUse, Subject, Suspension,
};
pub use repair::{Decision, Recount};
pub use review::{QuarantineFilter, QuarantineRow, QuarantineState, ReviewRow, ReviewState};
pub use run::{NewRun, Run, RunRow, Status, Waiting};
pub use watch::Watch;

const DATABASE: &str = "store.sqlite";
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("migrations/0001_first.sql")),
    (2, "profile", include_str!("migrations/0002_profile.sql")),
    (3, "tree", include_str!("migrations/0003_tree.sql")),
    (4, "receipt", include_str!("migrations/0004_receipt.sql")),
    (5, "ended at", include_str!("migrations/0005_ended_at.sql")),
    (6, "delivery", include_str!("migrations/0006_delivery.sql")),
    (7, "salt", include_str!("migrations/0007_salt.sql")),
    (8, "signed", include_str!("migrations/0008_signed.sql")),
    (9, "link", include_str!("migrations/0009_link.sql")),
    (10, "alarm", include_str!("migrations/0010_alarm.sql")),
    (12, "proposal", include_str!("migrations/0012_proposal.sql")),
];

/// The gateway's memory.
pub struct Store {
    write: SqlitePool,
    read: SqlitePool,
    names: Arc<Dictionaries>,
    /// Held as long as this store may write.
    lock: Option<WriteLock>,
}

impl Store {
    /// Opens the store in `folder` for writing; makes it on the first night, and brings an older form up to
    /// date. No other process may write meanwhile (LG2001).
    pub async fn open(folder: &Path, vault: &Vault, names: &Names<'_>) -> Result<Self, StoreError> {
        private_folder(folder).map_err(|source| StoreError::Folder { folder: folder.to_owned(), source })?;
        let lock = WriteLock::take(folder)?;
        let write = pool(writing(folder), 1).await?;
        let mut migrator = Migrator::with_migrations(migrations());
        migrator.set_locking(false);
        migrator.run(&write).await?;
        let mut tx = begin(&write).await?;
        check_mark(&mut tx, vault, true).await?;
        let names = Arc::new(Dictionaries::resolve(&mut tx, names, true).await?);
        tx.commit().await?;
        let read = pool(reading(folder), 3).await?;
        Ok(Self { write, read, names, lock: Some(lock) })
    }

    /// Opens the store for reading only, beside a run that may be going on. Calls that write fail with LG2008.
    pub async fn open_read(folder: &Path, vault: &Vault, names: &Names<'_>) -> Result<Self, StoreError> {
        if !folder.join(DATABASE).exists() {
            return Err(StoreError::Absent(folder.to_owned()));
        }
        let read = pool(reading(folder), 3).await?;
        let mut connection = read.acquire().await?;
        let (newest, applied): (Option<i64>, i64) = sqlx::query_as(sql::FORM)
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| match error.into() {
                // Made by nobody, or by a first run that is just making it.
                StoreError::Refused(_) => StoreError::Absent(folder.to_owned()),
                other => other,
            })?;
        let known = MIGRATIONS.last().map(|(version, ..)| *version);
        if newest != known || usize::try_from(applied) != Ok(MIGRATIONS.len()) {
            return Err(StoreError::Form(format!("its last migration is {}", newest.unwrap_or(0))));
        }
        check_mark(&mut connection, vault, false).await?;
        let names = Arc::new(Dictionaries::resolve(&mut connection, names, false).await?);
        drop(connection);
        Ok(Self { write: read.clone(), read, names, lock: None })
    }

    /// Closes all connections and brings everything into the one database file, then gives the lock back.
    pub async fn close(mut self) -> Result<(), StoreError> {
        self.read.close().await;
        if self.lock.is_some() {
            self.checkpoint().await?;
            self.write.close().await;
        }
        self.lock = None;
        Ok(())
    }

    /// Stored category names and partner keys that the configuration no longer knows. Their records are not
    /// read, hence not disclosed: the caller says so.
    pub fn forgotten_names(&self) -> (&[String], &[String]) {
        self.names.forgotten()
    }

    /// A small text kept under a word, such as the digest of the agreement of the last re-evaluation.
    pub async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar(sql::META_READ).bind(key).fetch_optional(&self.read).await?)
    }

    /// Writes the whole database into a new file, as it stands now.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let name = file.to_str().ok_or_else(|| StoreError::Form("the copy's path is not text".into()))?;
        sqlx::query(sql::COPY).bind(name).execute(&self.write).await?;
        Ok(())
    }

    /// Keeps a small text under a word.
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query(sql::META_WRITE).bind(key).bind(value).execute(&self.write).await?;
        Ok(())
    }

    /// Moves what was written from the log to the database file and empties the log, so that what was
    /// destroyed is gone from the drive too.
    async fn checkpoint(&self) -> Result<(), StoreError> {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.write).await?;
        Ok(())
    }

    async fn begin(&self) -> Result<Transaction<'static, sqlx::Sqlite>, StoreError> {
        begin(&self.write).await
    }
}

/// A writing transaction. IMMEDIATE, because one that reads first and writes later can be refused whatever
/// the time-out.
async fn begin(pool: &SqlitePool) -> Result<Transaction<'static, sqlx::Sqlite>, StoreError> {
    Ok(pool.begin_with("BEGIN IMMEDIATE").await?)
}

fn migrations() -> Vec<Migration> {
    let migration = |&(version, name, text): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    MIGRATIONS.iter().map(migration).collect()
}

fn writing(folder: &Path) -> SqliteConnectOptions {
    options(folder)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // KiB: the pages in which identities are looked up, so that a file's transaction spills little.
        .pragma("cache_size", "-16384")
        // Deleted values are overwritten, not only unlinked: destroying means destroying.
        .pragma("secure_delete", "ON")
}

fn reading(folder: &Path) -> SqliteConnectOptions {
    // Reading goes through once, on several connections: what each of them keeps helps none.
    options(folder).read_only(true).pragma("cache_size", "-2048")
}

fn options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(folder.join(DATABASE))
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("temp_store", "MEMORY")
        // Rows handed over at a time; fewer changes of thread than with the driver's 50.
        .row_buffer_size(1_000)
}

async fn pool(options: SqliteConnectOptions, connections: u32) -> Result<SqlitePool, StoreError> {
    let options = sqlx::ConnectOptions::disable_statement_logging(options);
    Ok(SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?)
}

/// A store made under another secret would look empty, and everything would be disclosed as new: so the
/// secret is compared before anything else.
async fn check_mark(connection: &mut SqliteConnection, vault: &Vault, make: bool) -> Result<(), StoreError> {
    let mark = hex(&vault.mark());
    let stored: Option<String> =
        sqlx::query_scalar(sql::META_READ).bind("secret").fetch_optional(&mut *connection).await?;
    match stored {
        Some(stored) if stored == mark => Ok(()),
        None if make => {
            sqlx::query(sql::META_WRITE).bind("secret").bind(mark).execute(connection).await?;
            Ok(())
        }
        _ => Err(StoreError::OtherSecret),
    }
}

#[cfg(test)]
mod tests;
