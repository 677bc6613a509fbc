//! Runs: one row for each, and the state of the whole for `status`.

use super::db::Pool;
use super::either;
use super::error::StoreError;
use super::ids::{self, RunId, count};
use super::{Counters, Store, sql};
use jiff::civil::Date;
use lockgate_core::hash::Digest;
use std::collections::BTreeMap;

/// What a run says of itself at its start. Times are given, never read here.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    /// The run's logical day.
    pub as_of: Date,
    /// When it was started, as an RFC 3339 text.
    pub started_at: &'a str,
    /// Digest of the agreement in force.
    pub agreement_digest: Digest,
    /// Name and version of the program.
    pub software: &'a str,
}

/// A run that is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Its row.
    pub id: RunId,
    /// Its logical day.
    pub as_of: Date,
}

/// A stored run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its row.
    pub id: RunId,
    /// Its logical day.
    pub as_of: Date,
    /// As given at its start.
    pub started_at: String,
    /// `None` when it is going on or was killed.
    pub finished_at: Option<String>,
    /// The exit code it ended with.
    pub exit_code: Option<u8>,
    /// Digest of the agreement then in force.
    pub agreement_digest: Digest,
    /// Name and version of the program.
    pub software: String,
    /// JSON as given at its end.
    pub summary: Option<String>,
}

/// What waits for a person, in counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Held files.
    pub held_files: u64,
    /// Refused rows.
    pub quarantine: u64,
    /// Pairs of identities.
    pub reviews: u64,
}

/// The state of the whole, in counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The newest run.
    pub last_run: Option<RunRow>,
    /// What waits for a person.
    pub waiting: Waiting,
    /// Persons, without those merged into another.
    pub persons: u64,
    /// Persons that the gate has to look at again.
    pub dirty_persons: u64,
    /// Identities.
    pub identities: u64,
    /// Records that stand.
    pub records: u64,
    /// Bundles that are recorded and not yet published.
    pub unpublished_bundles: u64,
    /// The ledger's last sequence number; 0 when it is empty.
    pub ledger_entries: u64,
}

type RunTuple = (i64, String, String, Option<String>, Option<i64>, Vec<u8>, String, Option<String>);

impl Store {
    /// Records that a run starts.
    pub async fn begin_run(&self, run: &NewRun<'_>) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let mut counters = Counters::read(&mut tx).await?;
        let id = counters.take("run", 1);
        either::query(sql::RUN_ADD)
            .bind(id)
            .bind(run.as_of.to_string())
            .bind(run.started_at)
            .bind(run.agreement_digest.0.to_vec())
            .bind(run.software)
            .execute(&mut *tx)
            .await?;
        counters.keep(&mut tx).await?;
        tx.commit().await?;
        Ok(Run { id: RunId(id), as_of: run.as_of })
    }

    /// Records how a run ended; `summary` is JSON without personal values.
    pub async fn finish_run(
        &self,
        run: RunId,
        finished_at: &str,
        exit_code: u8,
        summary: &str,
    ) -> Result<(), StoreError> {
        let done = either::query(sql::RUN_FINISH)
            .bind(run.0)
            .bind(finished_at)
            .bind(i64::from(exit_code))
            .bind(summary)
            .execute(&self.write)
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound("run")) }
    }

    /// The newest runs first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let rows: Vec<RunTuple> =
            either::query_as(sql::RUN_LIST).bind(i64::from(limit)).fetch_all(&self.read).await?;
        rows.into_iter().map(run_row).collect()
    }

    /// The state of the whole; counts through the store.
    pub async fn status(&self) -> Result<Status, StoreError> {
        type Counts = (i64, i64, i64, i64, i64);
        let counts: Counts = either::query_as(sql::STATUS).fetch_one(&self.read).await?;
        let of = |number| count(number, "status");
        Ok(Status {
            last_run: self.runs(1).await?.pop(),
            waiting: self.waiting().await?,
            persons: self.people().await?,
            dirty_persons: of(counts.0)?,
            identities: of(counts.1)?,
            records: of(counts.2)?,
            unpublished_bundles: of(counts.3)?,
            ledger_entries: of(counts.4)?,
        })
    }

    /// What waits for a person.
    pub async fn waiting(&self) -> Result<Waiting, StoreError> {
        let (held, quarantine, reviews): (i64, i64, i64) =
            either::query_as(sql::WAITING).fetch_one(&self.read).await?;
        let of = |number| count(number, "status");
        Ok(Waiting { held_files: of(held)?, quarantine: of(quarantine)?, reviews: of(reviews)? })
    }

    /// How many persons there are, without those merged into another.
    pub async fn people(&self) -> Result<u64, StoreError> {
        let people: i64 = either::query_scalar(sql::PEOPLE).fetch_one(&self.read).await?;
        count(people, "status")
    }

    /// How many of today's persons the store held when a run had ended.
    pub async fn people_then(&self, run: RunId) -> Result<u64, StoreError> {
        let people: i64 = either::query_scalar(sql::PEOPLE_THEN).bind(run.0).fetch_one(&self.read).await?;
        count(people, "status")
    }

    /// Whether the store has never held anybody.
    pub async fn holds_nobody(&self) -> Result<bool, StoreError> {
        Ok(either::query_scalar::<i64>(sql::NOBODY).fetch_one(&self.read).await? == 1)
    }
}

/// The logical day of each run: versions name their run, and the gate wants the day.
pub(super) async fn dates(pool: &Pool) -> Result<BTreeMap<i64, Date>, StoreError> {
    let rows: Vec<(i64, String)> = either::query_as(sql::RUN_DATES).fetch_all(pool).await?;
    rows.into_iter().map(|(id, as_of)| Ok((id, ids::date(&as_of, "run")?))).collect()
}

fn run_row(row: RunTuple) -> Result<RunRow, StoreError> {
    let (id, as_of, started_at, finished_at, exit_code, digest, software, summary) = row;
    Ok(RunRow {
        id: RunId(id),
        as_of: ids::date(&as_of, "run")?,
        started_at,
        finished_at,
        exit_code: exit_code.map(|code| count(code, "run")).transpose()?,
        agreement_digest: ids::digest(&digest, "run")?,
        software,
        summary,
    })
}
