//! Received files: one row for each, accepted or held, with its counts and never its raw name.

use super::db::Conn;
use super::either::{self, Row};
use super::error::StoreError;
use super::ids::{self, FileId, RunId, count, stored};
use super::run::Run;
use super::{Counters, Store, sql};
use jiff::civil::Date;
use lockgate_core::hash::Digest;

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// Taken in whole.
    Accepted,
    /// Kept out whole until a person decides.
    Held,
    /// Held, and let in by a person: the next run takes it.
    Released,
    /// Once held; accepted since, or let go.
    Superseded,
    /// Held until its retention ended.
    Expired,
}

impl FileState {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Held => "held",
            Self::Released => "released",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Accepted, Self::Held, Self::Released, Self::Superseded, Self::Expired];
        all.into_iter().find(|state| state.word() == word)
    }
}

/// The balance of a file: rows read = mapped + unchanged + quarantined + duplicate + skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// Rows read.
    pub rows: u64,
    /// Rows that were mapped.
    pub mapped: u64,
    /// Rows known from the feed's last accepted file.
    pub unchanged: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// Rows that stood twice.
    pub duplicate: u64,
    /// Rows left by a rule of the mapping.
    pub skipped: u64,
}

/// What is recorded about a file when its work ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOutcome {
    /// The feed's name.
    pub feed: String,
    /// Digest of the bytes: the file's name in the archive.
    pub digest: Digest,
    /// What people read instead of the raw name, which may be personal: pattern, date, digest prefix.
    pub name_token: String,
    /// The day that the data is about, from the name.
    pub data_date: Date,
    /// The code for which it was held.
    pub reason: Option<String>,
    /// Its balance.
    pub counts: FileCounts,
    /// JSON list of warnings, without values.
    pub warnings: String,
    /// What the columns of the feed's files showed up to this one, as JSON; empty when it was not read.
    pub profile: String,
    /// Digest of the mapping that read it.
    pub mapping_digest: Digest,
    /// Its length.
    pub bytes: u64,
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Its row.
    pub id: FileId,
    /// The run that took it.
    pub run: RunId,
    /// Where it stands.
    pub state: FileState,
    /// Everything else.
    pub outcome: FileOutcome,
}

impl Store {
    /// The newest row of these bytes in this feed: same bytes = same file.
    pub async fn find_file(&self, feed: &str, digest: &Digest) -> Result<Option<FileRow>, StoreError> {
        let query = either::query(sql::FILE_BY_DIGEST).bind(feed).bind(digest.0.to_vec());
        query.fetch_optional(&self.read).await?.map(|row| file_row(&row)).transpose()
    }

    /// Whether a file of this many bytes is known of the feed, whatever became of it.
    pub async fn knows_size(&self, feed: &str, bytes: u64) -> Result<bool, StoreError> {
        let query = either::query_scalar::<i64>(sql::FILE_OF_SIZE).bind(feed).bind(stored(bytes));
        Ok(query.fetch_one(&self.read).await? > 0)
    }

    /// The feed's accepted file with the latest data date.
    pub async fn last_accepted(&self, feed: &str) -> Result<Option<FileRow>, StoreError> {
        let query = either::query(sql::FILE_LAST).bind(feed);
        query.fetch_optional(&self.read).await?.map(|row| file_row(&row)).transpose()
    }

    /// The feed's accepted files in the order of their data dates, for replay.
    pub async fn accepted_files(&self, feed: &str) -> Result<Vec<FileRow>, StoreError> {
        file_rows(&either::query(sql::FILE_ACCEPTED).bind(feed).fetch_all(&self.read).await?)
    }

    /// Files that wait for a person.
    pub async fn held_files(&self) -> Result<Vec<FileRow>, StoreError> {
        file_rows(&either::query(sql::FILE_HELD).fetch_all(&self.read).await?)
    }

    /// Held files that a person let in and no run has taken yet.
    pub async fn released_files(&self) -> Result<Vec<FileRow>, StoreError> {
        file_rows(&either::query(sql::FILE_RELEASED).fetch_all(&self.read).await?)
    }

    /// One file.
    pub async fn file(&self, file: FileId) -> Result<Option<FileRow>, StoreError> {
        let row = either::query(sql::FILE_ONE).bind(file.0).fetch_optional(&self.read).await?;
        row.map(|row| file_row(&row)).transpose()
    }

    /// The files that a run took.
    pub async fn files_of_run(&self, run: RunId) -> Result<Vec<FileRow>, StoreError> {
        file_rows(&either::query(sql::FILE_OF_RUN).bind(run.0).fetch_all(&self.read).await?)
    }

    /// The feed's files whose data is older than `before`: what retention looks at.
    pub async fn files_before(&self, feed: &str, before: Date) -> Result<Vec<FileRow>, StoreError> {
        let query = either::query(sql::FILE_BEFORE).bind(feed).bind(before.to_string());
        file_rows(&query.fetch_all(&self.read).await?)
    }

    /// Records a file that is kept out. Nothing else of it is stored. Held again, it replaces its earlier
    /// held row.
    pub async fn record_held(&self, run: &Run, outcome: &FileOutcome) -> Result<FileId, StoreError> {
        let mut tx = self.begin().await?;
        let mut counters = Counters::read(&mut tx).await?;
        let id = FileId(counters.take("file", 1));
        supersede_held(&mut tx, outcome).await?;
        insert(&mut tx, id, run.id, FileState::Held, outcome).await?;
        counters.keep(&mut tx).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Lets a held file go.
    pub async fn supersede_file(&self, file: FileId) -> Result<(), StoreError> {
        let done = either::query(sql::FILE_SUPERSEDE).bind(file.0).execute(&self.write).await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound("held file")) }
    }
}

pub(super) async fn supersede_held(connection: &mut Conn, outcome: &FileOutcome) -> Result<(), StoreError> {
    let query =
        either::query(sql::FILE_SUPERSEDE_HELD).bind(outcome.feed.clone()).bind(outcome.digest.0.to_vec());
    query.execute(connection).await?;
    Ok(())
}

pub(super) async fn insert(
    connection: &mut Conn,
    id: FileId,
    run: RunId,
    state: FileState,
    outcome: &FileOutcome,
) -> Result<(), StoreError> {
    let counts = outcome.counts;
    either::query(sql::FILE_ADD)
        .bind(id.0)
        .bind(run.0)
        .bind(outcome.feed.clone())
        .bind(outcome.digest.0.to_vec())
        .bind(outcome.name_token.clone())
        .bind(outcome.data_date.to_string())
        .bind(state.word())
        .bind(outcome.reason.clone())
        .bind(stored(counts.rows))
        .bind(stored(counts.mapped))
        .bind(stored(counts.unchanged))
        .bind(stored(counts.quarantined))
        .bind(stored(counts.duplicate))
        .bind(stored(counts.skipped))
        .bind(outcome.warnings.clone())
        .bind(outcome.mapping_digest.0.to_vec())
        .bind(stored(outcome.bytes))
        .bind(outcome.profile.clone())
        .execute(connection)
        .await?;
    Ok(())
}

fn file_rows(rows: &[Row]) -> Result<Vec<FileRow>, StoreError> {
    rows.iter().map(file_row).collect()
}

fn file_row(row: &Row) -> Result<FileRow, StoreError> {
    let number = |column: &str| -> Result<u64, StoreError> { count(row.try_get::<i64>(column)?, "file") };
    let state: String = row.try_get("state")?;
    Ok(FileRow {
        id: FileId(row.try_get("id")?),
        run: RunId(row.try_get("run")?),
        state: FileState::parse(&state).ok_or_else(|| StoreError::row("file"))?,
        outcome: FileOutcome {
            feed: row.try_get("feed")?,
            digest: ids::digest(row.try_get("digest")?, "file")?,
            name_token: row.try_get("name_token")?,
            data_date: ids::date(row.try_get("data_date")?, "file")?,
            reason: row.try_get("reason")?,
            counts: FileCounts {
                rows: number("row_count")?,
                mapped: number("mapped")?,
                unchanged: number("unchanged")?,
                quarantined: number("quarantined")?,
                duplicate: number("duplicate")?,
                skipped: number("skipped")?,
            },
            warnings: row.try_get("warnings")?,
            mapping_digest: ids::digest(row.try_get("mapping_digest")?, "file")?,
            bytes: number("bytes")?,
            profile: row.try_get("profile")?,
        },
    })
}
