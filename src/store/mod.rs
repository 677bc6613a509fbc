//! The store: what the gateway knows, as versions that are never edited.
//!
//! One `SQLite` file in the state folder, or a database of a `PostgreSQL` server; written by one process at a time through
//! one connection and read through a few others. A night writes one transaction a file ([`FileTx`]) and one a bundle
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
mod alike;
mod beside;
mod bulk;
mod bundle;
mod chapter;
mod copy;
mod counters;
mod db;
mod delivery;
mod either;
mod error;
mod fence;
mod file;
mod holding;
mod ids;
mod index;
mod intake;
mod ledger;
mod lock;
mod log;
mod names;
mod person;
mod place;
mod proposal;
mod receipt;
mod register;
mod repair;
mod review;
mod run;
mod settle;
mod sighting;
mod sql;
mod task;
mod tree;
mod watch;
mod word;

use crate::vault::{Vault, private_folder};
use db::{Conn, DATABASE, Pool, Tx};
use fence::Turn;
use lock::WriteLock;
use lockgate_core::hash::hex;
use log::Log;
use names::Dictionaries;
use std::sync::Arc;

pub use alarm::AlarmRow;
pub use bundle::{BundleRow, BundleState, BundleTx, NewBundle};
pub use chapter::{DuePerson, Imprint, NewChapter, Place, StoredChapter, opened};
pub use copy::Copied;
pub(crate) use counters::Counters;
pub use counters::Numbers;
pub use delivery::{Step, Taken, Trouble};
pub use error::{CODES, StoreError};
pub use fence::Fence;
pub use file::{FileCounts, FileOutcome, FileRow, FileState};
pub use holding::HoldingTx;
pub use ids::{BundleId, EntryId, FileId, IdentityRef, PersonRef, QuarantineId, RunId};
pub use intake::{FileTx, NewIdentity, NewQuarantine, NewReview};
pub use ledger::{LedgerEntry, LedgerPages, LedgerRow, NewEntry};
pub use names::Names;
pub use person::{DuePersons, Forgotten, KnownIdentity, PersonRow, Persons};
pub use place::{Server, StorePlace};
pub use proposal::Proposal;
pub use receipt::{Answered, Asked, Progress, Reviewed};
pub use register::{
    Authority, Body, Consent, Correction, Designated, Ending, LinkDecision, Made, Nominee, Registered,
    Restriction, SecondaryUse, Subject, Suspension,
};
pub use repair::{Decision, Recount};
pub use review::{QuarantineFilter, QuarantineRow, QuarantineState, ReviewRow, ReviewState};
pub use run::{NewRun, Run, RunRow, Status, Waiting};
pub use settle::{Settled, Settling};
pub use sighting::Sighting;
pub use task::{Bench, Claim, Claimant, NewTask, TaskRow, TaskState};
pub use watch::Watch;

/// The word under which a store remembers that it was copied and goes on elsewhere.
const MOVED: &str = "moved";
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
    (11, "proposal", include_str!("migrations/0011_proposal.sql")),
    (12, "sighting", include_str!("migrations/0012_sighting.sql")),
    (13, "task", include_str!("migrations/0013_task.sql")),
    (14, "word", include_str!("migrations/0014_word.sql")),
    (15, "identity index", include_str!("migrations/0015_identity_index.sql")),
];

/// The gateway's memory.
pub struct Store {
    write: Pool,
    read: Pool,
    names: Arc<Dictionaries>,
    turn: Turn,
    /// Where work is shared, for the writer of a store on a server.
    bench: Option<Bench>,
    /// What writes beside `write`, for the writer of a store on a server.
    beside: Option<Pool>,
    /// For the writer of a store in a folder.
    log: Option<Log>,
    /// Held as long as this store may write.
    lock: Option<WriteLock>,
}

impl Store {
    /// Opens the store at a place for writing; makes it on the first night, and brings an older form up to
    /// date. No other process may write meanwhile (LG2001).
    pub async fn open(
        place: impl Into<StorePlace>,
        vault: &Vault,
        names: &Names<'_>,
    ) -> Result<Self, StoreError> {
        let place = place.into();
        let folder = &place.folder;
        private_folder(folder).map_err(|source| StoreError::Folder { folder: folder.clone(), source })?;
        let lock = WriteLock::take(folder)?;
        let turn = Turn::default();
        let write = match &place.server {
            None => db::sqlite_writing(folder).await?,
            Some(server) => db::postgres_writing(server, turn.clone()).await?,
        };
        write.migrate(MIGRATIONS).await?;
        index::make_indexes(write.begin().await?).await?;
        let mut tx = write.begin().await?;
        let file_too = place.server.is_some() && folder.join(DATABASE).exists();
        if file_too
            && either::query_as::<(i64, String)>(sql::RUN_DATES).fetch_optional(&mut *tx).await?.is_none()
        {
            return Err(StoreError::NotCopied(folder.clone()));
        }
        check_mark(&mut tx, vault, true).await?;
        let names = Arc::new(Dictionaries::resolve(&mut tx, names, true).await?);
        if let Some(server) = &place.server {
            if !beside::nothing(&mut tx).await? {
                return Err(StoreError::InUse(server.shown().into()));
            }
            // What a former writer had put there is nobody's any more.
            either::query(sql::TASK_CLEAR).execute(&mut *tx).await?;
            let next = Turn::next(&mut tx).await?;
            tx.commit().await?;
            turn.taken(next);
        } else {
            tx.commit().await?;
        }
        let read = read_pool(&place).await?;
        let bench = place.server.as_ref().map(|server| Bench(db::postgres_bench(server)));
        let beside = place.server.as_ref().map(db::postgres_beside);
        let log = place.server.is_none().then(|| Log::of(folder));
        Ok(Self { write, read, names, turn, bench, beside, log, lock: Some(lock) })
    }

    /// Opens the store of a writer whose work this process shares: for reading, with a place of its own at the bench. A
    /// store in a folder has one process (LG2959).
    pub async fn open_beside(
        place: impl Into<StorePlace>,
        vault: &Vault,
        names: &Names<'_>,
    ) -> Result<(Self, Bench), StoreError> {
        let place = place.into();
        let Some(server) = place.server.clone() else { return Err(StoreError::Alone(place.folder)) };
        let store = Self::open_read(place, vault, names).await?;
        let bench = Bench(db::postgres_worker(&server).await?);
        Ok((store, bench))
    }

    /// Opens the store for reading only, beside a run that may be going on. Calls that write fail with LG2008.
    pub async fn open_read(
        place: impl Into<StorePlace>,
        vault: &Vault,
        names: &Names<'_>,
    ) -> Result<Self, StoreError> {
        let place = place.into();
        let folder = &place.folder;
        if place.server.is_none() && !folder.join(DATABASE).exists() {
            return Err(StoreError::Absent(folder.clone()));
        }
        let read = read_pool(&place).await?;
        let mut connection = read.acquire().await?;
        if !db::made(&mut connection).await? {
            return Err(StoreError::Absent(folder.clone()));
        }
        let (newest, applied): (Option<i64>, i64) =
            either::query_as(sql::FORM).fetch_one(&mut connection).await.map_err(|error| match error {
                // Made by nobody, or by a first run that is just making it.
                StoreError::Refused(_) => StoreError::Absent(folder.clone()),
                other => other,
            })?;
        let known = MIGRATIONS.last().map(|(version, ..)| *version);
        if newest != known || usize::try_from(applied) != Ok(MIGRATIONS.len()) {
            let what = format!("its last migration is {}", newest.unwrap_or(0));
            let fault = if newest < known { StoreError::Older } else { StoreError::Form };
            return Err(fault(what));
        }
        check_mark(&mut connection, vault, false).await?;
        let names = Arc::new(Dictionaries::resolve(&mut connection, names, false).await?);
        drop(connection);
        Ok(Self {
            write: read.clone(),
            read,
            names,
            turn: Turn::default(),
            bench: None,
            beside: None,
            log: None,
            lock: None,
        })
    }

    /// Closes all connections and brings everything into the one database file, then gives the lock back.
    pub async fn close(mut self) -> Result<(), StoreError> {
        self.read.close().await;
        if let Some(bench) = &self.bench {
            bench.close().await;
        }
        if self.lock.is_some() {
            self.checkpoint().await?;
            if let Some(beside) = &self.beside {
                beside.close().await;
            }
            if let Some(log) = &self.log {
                log.close().await;
            }
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
        either::query_scalar(sql::META_READ).bind(key).fetch_optional(&self.read).await
    }

    /// Keeps a small text under a word.
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        either::query(sql::META_WRITE).bind(key).bind(value).execute(&self.write).await?;
        Ok(())
    }

    /// Makes what was destroyed gone from the database's files, as far as the database can: `SQLite` brings its log into
    /// the database file, in which it has written over what was deleted, and empties it; `PostgreSQL` gives the room free
    /// to be written over (docs/store.md says what that does not do).
    async fn checkpoint(&self) -> Result<(), StoreError> {
        if let Some(log) = &self.log {
            return log.emptied(&self.write).await;
        }
        let [one, other] = sql::postgres::CLEAN;
        let beside = match &self.beside {
            Some(pool) => pool.acquire().await.ok(),
            None => None,
        };
        let mut write = self.write.acquire().await?;
        match beside {
            Some(mut beside) => {
                tokio::try_join!(clean(&mut write, one), clean(&mut beside, other))?;
            }
            None => clean(&mut write, &[one, other].concat()).await?,
        }
        Ok(())
    }

    /// Gives back the memory in which the writing connection keeps pages, before a stage that needs memory and writes nothing; and brings
    /// over what that stage will read.
    pub async fn rest(&self) -> Result<(), StoreError> {
        // What a server keeps is its own.
        let Some(log) = &self.log else { return Ok(()) };
        log.brought_over().await?;
        either::query(sql::sqlite::REST).execute(&self.write).await.map(drop)
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        self.write.begin().await
    }
}

async fn clean(connection: &mut Conn, statements: &[&'static str]) -> Result<(), StoreError> {
    for text in statements {
        either::query(*text).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn read_pool(place: &StorePlace) -> Result<Pool, StoreError> {
    match &place.server {
        None => db::sqlite_reading(&place.folder).await,
        Some(server) => db::postgres_reading(server).await,
    }
}

/// A store made under another secret would look empty, and everything would be disclosed as new: so the
/// secret is compared before anything else.
async fn check_mark(connection: &mut Conn, vault: &Vault, make: bool) -> Result<(), StoreError> {
    let moved: Option<String> =
        either::query_scalar(sql::META_READ).bind(MOVED).fetch_optional(&mut *connection).await?;
    if moved.is_some() {
        return Err(StoreError::Moved);
    }
    let mark = hex(&vault.mark());
    let stored: Option<String> =
        either::query_scalar(sql::META_READ).bind("secret").fetch_optional(&mut *connection).await?;
    match stored {
        Some(stored) if stored == mark => Ok(()),
        None if make => {
            either::query(sql::META_WRITE).bind("secret").bind(mark).execute(connection).await?;
            Ok(())
        }
        _ => Err(StoreError::OtherSecret),
    }
}

#[cfg(test)]
mod tests;
