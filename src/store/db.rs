//! The two databases behind one face: `SQLite`, one file in the state folder, and `PostgreSQL`, a server.
//!
//! Everything that differs between them is here and in `place.rs` (where a server is), but for the numbering of
//! parameters in `bulk.rs`. There is no third layer: what the store asks is expanded for each driver at compile time.

use super::error::StoreError;
use super::fence::Turn;
use super::place::Server;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, Connection as _, Database, Postgres, SqlSafeStr as _, SqlStr, Sqlite, Transaction,
};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::Duration;

/// The database in the state folder.
pub(super) const DATABASE: &str = "store.sqlite";
/// The advisory lock of the one writer, in the database that is the store: `Lockgate` in letters.
pub(super) const WRITER: i64 = 0x4c6f_636b_6761_7465;
/// The advisory lock that each worker shares with the others, so that they can be counted: `Lockwork` in letters.
pub(super) const WORKER: i64 = 0x4c6f_636b_776f_726b;
/// The advisory lock that transactions beside the writer's share, so that nobody opens the store meanwhile: `Lockside` in letters.
pub(super) const BESIDE: i64 = 0x4c6f_636b_7369_6465;
/// For how long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 4 } else { 30 });
/// How often the writer's lock is tried again, a tenth of a second apart: a server needs a moment to notice that the process
/// which held it was killed.
const TRIES: u32 = 30;
/// The oldest server with which all of this is tested.
const OLDEST: i64 = 150_000;

/// The store's statements are short ones. A server that has no statistics of what was just written takes them for long ones, and
/// compiled each anew, in two hundred milliseconds where the statement itself takes ten.
const NO_COMPILER: (&str, &str) = ("jit", "off");

/// A statement is planned once. It is about rows that are found by their numbers, however many; planned anew for each page it took a table that is
/// just being filled for a small one, and read all of it.
const FIXED_PLAN: (&str, &str) = ("plan_cache_mode", "force_generic_plan");

/// What the writing connection asks of a server, whatever its administrator has set for others: what is committed is on the
/// drive before anything goes out; a long file is not cut off; and a gateway whose machine is gone is found out within two
/// minutes, so that its lock comes free.
const WRITING: [(&str, &str); 10] = [
    NO_COMPILER,
    FIXED_PLAN,
    ("synchronous_commit", "on"),
    ("statement_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "6"),
    ("client_connection_check_interval", "10s"),
];

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// Connections to one database.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// However a connection is held.
pub(super) enum Held<DB: Database> {
    Pooled(PoolConnection<DB>),
    Begun(Transaction<'static, DB>),
    Own(DB::Connection),
}

/// One connection.
pub(super) enum Conn {
    Sqlite(Held<Sqlite>),
    Postgres(Held<Postgres>),
}

/// A connection as its driver wants it.
pub(super) enum Link<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// A writing transaction. Dropped without `commit`, it leaves nothing.
pub(super) struct Tx(Conn);

impl<DB: Database> Held<DB> {
    fn connection(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Begun(transaction) => transaction,
            Self::Own(connection) => connection,
        }
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Begun(transaction) => transaction.commit().await,
            Self::Pooled(_) | Self::Own(_) => Ok(()),
        }
    }
}

impl Conn {
    pub(super) fn link(&mut self) -> Link<'_> {
        match self {
            Self::Sqlite(held) => Link::Sqlite(held.connection()),
            Self::Postgres(held) => Link::Postgres(held.connection()),
        }
    }

    /// Takes it out of its pool for good.
    pub(super) fn detach(self) -> Self {
        match self {
            Self::Sqlite(Held::Pooled(connection)) => Self::Sqlite(Held::Own(connection.detach())),
            Self::Postgres(Held::Pooled(connection)) => Self::Postgres(Held::Own(connection.detach())),
            other => other,
        }
    }

    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

impl Tx {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Conn::Sqlite(held) => held.commit().await?,
            Conn::Postgres(held) => held.commit().await?,
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

impl Pool {
    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(super) async fn acquire(&self) -> Result<Conn, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => Conn::Sqlite(Held::Pooled(pool.acquire().await?)),
            Self::Postgres(pool) => Conn::Postgres(Held::Pooled(pool.acquire().await?)),
        })
    }

    /// A writing transaction. On `SQLite` IMMEDIATE, because one that reads first and writes later can be refused
    /// whatever the time-out; on `PostgreSQL` the writer is alone by its lock.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx(match self {
            Self::Sqlite(pool) => Conn::Sqlite(Held::Begun(pool.begin_with("BEGIN IMMEDIATE").await?)),
            Self::Postgres(pool) => Conn::Postgres(Held::Begun(pool.begin().await?)),
        }))
    }

    /// A transaction that sees the store as it stands now, whatever is written meanwhile.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        let text = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        Ok(Tx(match self {
            Self::Sqlite(pool) => Conn::Sqlite(Held::Begun(pool.begin_with("BEGIN DEFERRED").await?)),
            Self::Postgres(pool) => Conn::Postgres(Held::Begun(pool.begin_with(text).await?)),
        }))
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Brings the tables up to date; refuses those of a newer program.
    pub(super) async fn migrate(&self, list: &[(i64, &'static str, &'static str)]) -> Result<(), StoreError> {
        let dialect = self.dialect();
        let migration = |&(version, name, text): &(i64, &'static str, &'static str)| {
            Migration::new(version, name.into(), MigrationType::Simple, dialect.tables(text), false)
        };
        let mut migrator = Migrator::with_migrations(list.iter().map(migration).collect());
        // The writer's lock is held already.
        migrator.set_locking(false);
        match self {
            Self::Sqlite(pool) => migrator.run(pool).await?,
            Self::Postgres(pool) => {
                migrator.run(pool).await?;
                leave_room(pool).await?;
                pack_lightly(pool).await?;
            }
        }
        Ok(())
    }
}

/// Each night marks persons and settles them. A page that is half empty takes the new version of each beside the old one,
/// so that no index is written; on full pages both indexes were, one of them in a random order. What an administrator has
/// set stays.
async fn leave_room(pool: &PgPool) -> Result<(), StoreError> {
    let said = "SELECT reloptions IS NOT NULL FROM pg_class WHERE oid = CAST('person' AS REGCLASS)";
    if !sqlx::query_scalar(said).fetch_one(pool).await? {
        sqlx::query("ALTER TABLE person SET (fillfactor = 50)").execute(pool).await?;
    }
    Ok(())
}

/// The ledger's rows are some 64 KiB, and packing them in the server's first way took it longer than writing them. The other is not built
/// into every server; what an administrator has set stays.
async fn pack_lightly(pool: &PgPool) -> Result<(), StoreError> {
    let able = "SELECT coalesce((SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'), false)";
    if !sqlx::query_scalar(able).fetch_one(pool).await? {
        return Ok(());
    }
    let unsaid = "SELECT attcompression = '' FROM pg_attribute WHERE attrelid = CAST('ledger' AS REGCLASS) AND attname = 'entries'";
    if sqlx::query_scalar(unsaid).fetch_one(pool).await? {
        sqlx::query("ALTER TABLE ledger ALTER COLUMN entries SET COMPRESSION lz4").execute(pool).await?;
    }
    Ok(())
}

impl Dialect {
    /// The text of a migration: as it stands for `SQLite`, and with the three words that differ for `PostgreSQL`. Texts
    /// compare by their bytes there too.
    fn tables(self, text: &'static str) -> SqlStr {
        match self {
            Self::Sqlite => text.into_sql_str(),
            Self::Postgres => AssertSqlSafe(
                text.replace("INTEGER PRIMARY KEY", "BIGINT PRIMARY KEY")
                    .replace(" BLOB", " BYTEA")
                    .replace(" WITHOUT ROWID", "")
                    .replace(" TEXT", " TEXT COLLATE \"C\""),
            )
            .into_sql_str(),
        }
    }

    /// What follows the verbs of a statement that writes in number. On `SQLite` one that fails half-way is not undone by
    /// itself: whoever gets its error drops the transaction, so that `SQLite` need not copy every page that it changes,
    /// twice for every hundred rows, only to be able to.
    pub(super) const fn verbs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Sqlite => &[("INSERT ", "INSERT OR FAIL "), ("UPDATE ", "UPDATE OR FAIL ")],
            Self::Postgres => &[],
        }
    }
}

/// The database in a folder, for the one writer.
pub(super) async fn sqlite_writing(folder: &Path) -> Result<Pool, StoreError> {
    let options = options(folder)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // KiB: the pages in which identities are looked up, so that a file's transaction spills little.
        .pragma("cache_size", "-16384")
        // Pages of a log that the writer brings over itself, should nobody else (`log.rs`): 1 GiB.
        .pragma("wal_autocheckpoint", "262144")
        // What a log keeps of its length once all of it was brought over: by its length it is known to be worth a way.
        .pragma("journal_size_limit", "1048576")
        // Deleted values are overwritten, not only unlinked: destroying means destroying.
        .pragma("secure_delete", "ON");
    sqlite_pool(options, 1).await
}

/// A connection for the log of the database in a folder, made when it is wanted.
pub(super) fn sqlite_log(folder: &Path) -> Pool {
    // It keeps no pages.
    let options = options(folder).synchronous(SqliteSynchronous::Full).pragma("cache_size", "-64");
    let options = sqlx::ConnectOptions::disable_statement_logging(options);
    let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
    Pool::Sqlite(pool.idle_timeout(None).max_lifetime(None).connect_lazy_with(options))
}

/// The database in a folder, for reading.
pub(super) async fn sqlite_reading(folder: &Path) -> Result<Pool, StoreError> {
    // Reading goes through once, on several connections: what each of them keeps helps none.
    sqlite_pool(options(folder).read_only(true).pragma("cache_size", "-2048"), 3).await
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

async fn sqlite_pool(options: SqliteConnectOptions, connections: u32) -> Result<Pool, StoreError> {
    let options = sqlx::ConnectOptions::disable_statement_logging(options);
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    Ok(Pool::Sqlite(pool))
}

/// A server's database, for the one writer: its only connection holds the writer's lock, from its first moment and as long as
/// it lives. Should the connection break, what it was writing is undone by the server, and a new one writes only once it has
/// the lock again, and nobody else has written meanwhile (`fence.rs`): so no two processes ever write at a time, and none goes on
/// from what it knew before another.
pub(super) async fn postgres_writing(server: &Server, turn: Turn) -> Result<Pool, StoreError> {
    let options = server.options().options(WRITING);
    let mut first = connected(server, &options).await?;
    usable(server, &mut first).await?;
    if !(locked(&mut first, WRITER).await? && locked(&mut first, BESIDE).await?) {
        return Err(StoreError::InUse(server.shown().into()));
    }
    first.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            let turn = turn.clone();
            Box::pin(async move {
                let own = locked(connection, WRITER).await? && turn.stands(connection).await?;
                if own { Ok(()) } else { Err(sqlx::Error::WorkerCrashed) }
            })
        })
        .connect_with(options)
        .await?;
    Ok(Pool::Postgres(pool))
}

/// Connections to the table of shared work, for the writer: made when they are wanted.
pub(super) fn postgres_bench(server: &Server) -> Pool {
    Pool::Postgres(bench(2).connect_lazy_with(server.options().options(WRITING)))
}

/// Connections for what is written beside the writer's own transaction (`beside.rs`), made when they are wanted: of the bundle that is
/// recorded, of the next one, and of the persons that are settled. Should the server have none left, all is written one after another.
pub(super) fn postgres_beside(server: &Server) -> Pool {
    let pool = bench(3).acquire_timeout(Duration::from_secs(5));
    Pool::Postgres(pool.connect_lazy_with(server.options().options(WRITING)))
}

/// The connection of a worker to the table of shared work. It shows that the worker is there, as long as it lives.
pub(super) async fn postgres_worker(server: &Server) -> Result<Pool, StoreError> {
    let options = server.options().options(WRITING);
    connected(server, &options).await?.close().await?;
    let pool = bench(1)
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query("SELECT pg_advisory_lock_shared($1)").bind(WORKER).execute(connection).await?;
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    Ok(Pool::Postgres(pool))
}

fn bench(connections: u32) -> PgPoolOptions {
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
    pool.idle_timeout(None).max_lifetime(None)
}

/// A server's database, for reading.
pub(super) async fn postgres_reading(server: &Server) -> Result<Pool, StoreError> {
    let options =
        server.options().options([("default_transaction_read_only", "on"), NO_COMPILER, FIXED_PLAN]);
    connected(server, &options).await?.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(3)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    Ok(Pool::Postgres(pool))
}

/// A first connection, which says at once why there is none.
async fn connected(
    server: &Server,
    options: &sqlx::postgres::PgConnectOptions,
) -> Result<PgConnection, StoreError> {
    let connecting = PgConnection::connect_with(options);
    match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(connection) => connection.map_err(|fault| StoreError::unreached(server.shown(), &fault)),
        Err(_) => Err(StoreError::Server { server: server.shown().into(), why: "it does not answer".into() }),
    }
}

/// Whether the server is one that the program is tested with.
async fn usable(server: &Server, connection: &mut PgConnection) -> Result<(), StoreError> {
    let about = "SELECT current_setting('server_version_num')::BIGINT, current_setting('server_encoding')";
    let (version, encoding): (i64, String) = sqlx::query_as(about).fetch_one(connection).await?;
    let why = if version < OLDEST {
        format!("it is PostgreSQL {}, and 15 is the oldest that serves", version / 10_000)
    } else if encoding == "UTF8" {
        return Ok(());
    } else {
        format!("its database is encoded in {encoding}, and must be in UTF8")
    };
    Err(StoreError::Unfit { server: server.shown().into(), why })
}

/// Whether the tables of a store are in a server's database.
pub(super) async fn made(connection: &mut Conn) -> Result<bool, StoreError> {
    match connection.link() {
        Link::Sqlite(_) => Ok(true),
        Link::Postgres(connection) => {
            let there = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
            Ok(sqlx::query_scalar(there).fetch_one(connection).await?)
        }
    }
}

async fn locked(connection: &mut PgConnection, lock: i64) -> Result<bool, sqlx::Error> {
    for _ in 0..TRIES {
        let taken = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(lock);
        if taken.fetch_one(&mut *connection).await? {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(false)
}
