//! Work that several processes share, where the store is on a server: pieces that are claimed for a while, under a number
//! that only grows.
//!
//! The writer puts pieces on the bench and reads what became of them. It and the workers claim them, one statement a claim;
//! what somebody has claimed the others skip, until its lease has ended by the server's clock. Each claim has a number of
//! its own, the next of its piece. Whoever does not have the newest any more has lost the piece: the database refuses what it
//! has to record, and says so when it asks whether it may deliver. Pieces of a lane are done one after another.
//!
//! A process that opens the store for writing clears the bench, so that nobody goes on with what a former writer had put
//! there. Numbers of pieces are never given twice.

use super::db::Pool;
use super::either;
use super::error::StoreError;
use super::ids::RunId;
use super::{Counters, Store, sql};
use std::collections::BTreeMap;
use std::time::Duration;

/// A piece of work to be put on the bench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What kind of work.
    pub kind: &'static str,
    /// What it comes in turn with: an earlier piece of the lane that is not done holds it back.
    pub lane: String,
    /// With what it is done.
    pub subject: String,
}

/// Who claims, and how.
#[derive(Debug, Clone)]
pub struct Claimant {
    /// A name for people who look at the table.
    pub name: String,
    /// How long a claim holds without being renewed.
    pub lease: Duration,
}

/// A piece of work that a process has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The piece.
    pub task: i64,
    /// Which claim of it this is.
    pub token: i64,
    /// The run that it is of.
    pub run: RunId,
    /// What kind of work.
    pub kind: String,
    /// What it comes in turn with.
    pub lane: String,
    /// With what it is done.
    pub subject: String,
}

/// Where a piece of work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// Nobody has it.
    Waiting,
    /// Somebody has it, or had it.
    Claimed,
    /// It is done.
    Done,
    /// It was tried and failed; those behind it in its lane are left.
    Failed,
}

impl TaskState {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Claimed => "claimed",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Claimed, Self::Done, Self::Failed]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// A piece of work as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// The piece.
    pub task: i64,
    /// Where it stands.
    pub state: TaskState,
    /// Who claimed it last.
    pub worker: Option<String>,
    /// How often it was claimed.
    pub token: i64,
    /// What whoever did it wrote down; absent when nobody did.
    pub result: Option<String>,
}

/// Where the pieces are claimed. Only a store on a server has one.
#[derive(Clone)]
pub struct Bench(pub(super) Pool);

impl Bench {
    /// Claims the first piece that is free: one that has waited for so long, or whose lease has ended.
    pub async fn claim(&self, by: &Claimant, waited: Duration) -> Result<Option<Claim>, StoreError> {
        type Row = (i64, i64, i64, String, String, String);
        let row: Option<Row> = either::query_as(sql::postgres::TASK_CLAIM)
            .bind(&by.name)
            .bind(millis(by.lease))
            .bind(millis(waited))
            .fetch_optional(&self.0)
            .await?;
        Ok(row.map(|(task, token, run, kind, lane, subject)| Claim {
            task,
            token,
            run: RunId(run),
            kind,
            lane,
            subject,
        }))
    }

    /// Whether a claim still holds; from now on it does for another lease. One that ended and that nobody has taken
    /// over goes on. LG2958 when it is lost.
    pub async fn hold(&self, claim: &Claim, lease: Duration) -> Result<(), StoreError> {
        let query = either::query(sql::postgres::TASK_HOLD).bind(claim.task).bind(claim.token);
        kept(query.bind(millis(lease)).execute(&self.0).await?.rows_affected())
    }

    /// Writes down how a piece ended. LG2958, and nothing is written, when the claim is lost.
    pub async fn record(&self, claim: &Claim, done: bool, result: &str) -> Result<(), StoreError> {
        let state = if done { TaskState::Done } else { TaskState::Failed };
        let query = either::query(sql::TASK_END).bind(claim.task).bind(claim.token).bind(state.word());
        kept(query.bind(result).execute(&self.0).await?.rows_affected())
    }

    /// Gives a piece back undone. One that is lost is somebody else's already.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        either::query(sql::TASK_RELEASE).bind(claim.task).bind(claim.token).execute(&self.0).await?;
        Ok(())
    }

    /// How many workers are there.
    pub async fn workers(&self) -> Result<usize, StoreError> {
        let held = either::query_scalar::<i64>(sql::postgres::LOCKS).bind(super::db::WORKER);
        Ok(usize::try_from(held.fetch_one(&self.0).await?).unwrap_or(0))
    }

    /// Whether somebody writes to the store: a night, or a command.
    pub async fn is_written(&self) -> Result<bool, StoreError> {
        let held = either::query_scalar::<i64>(sql::postgres::LOCKS).bind(super::db::WRITER);
        Ok(held.fetch_one(&self.0).await? > 0)
    }

    /// Closes its connections.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

impl Store {
    /// Where work is shared; a store in a folder has no such place, and its one process does everything.
    pub const fn bench(&self) -> Option<&Bench> {
        self.bench.as_ref()
    }

    /// Puts pieces of work on the bench, in their order; gives their numbers.
    pub async fn put_tasks(&self, run: RunId, tasks: &[NewTask]) -> Result<Vec<i64>, StoreError> {
        let mut tx = self.begin().await?;
        let mut counters = Counters::read(&mut tx).await?;
        let first = counters.take("task", tasks.len());
        let mut numbers = Vec::with_capacity(tasks.len());
        for (task, number) in tasks.iter().zip(first..) {
            either::query(sql::postgres::TASK_ADD)
                .bind(number)
                .bind(run.0)
                .bind(task.kind)
                .bind(&task.lane)
                .bind(&task.subject)
                .execute(&mut *tx)
                .await?;
            numbers.push(number);
        }
        counters.keep(&mut tx).await?;
        tx.commit().await?;
        Ok(numbers)
    }

    /// Takes back every piece that is not ended: whoever still has one has lost it.
    pub async fn close_tasks(&self) -> Result<(), StoreError> {
        either::query(sql::TASK_CLOSE).execute(&self.write).await?;
        Ok(())
    }

    /// The pieces of work on the bench, in their order.
    pub async fn tasks(&self) -> Result<Vec<TaskRow>, StoreError> {
        type Row = (i64, String, Option<String>, i64, Option<String>);
        let rows: Vec<Row> = either::query_as(sql::TASK_LIST).fetch_all(&self.read).await?;
        let one = |(task, state, worker, token, result): Row| {
            let state = TaskState::parse(&state).ok_or_else(|| StoreError::row("task"))?;
            Ok(TaskRow { task, state, worker, token, result })
        };
        rows.into_iter().map(one).collect()
    }

    /// These pieces as they stand, in the order asked for. One that is not on the bench is an error: whoever opens the store for writing
    /// clears it.
    pub async fn tasks_of(&self, pieces: &[i64]) -> Result<Vec<TaskRow>, StoreError> {
        let mut rows: BTreeMap<i64, TaskRow> =
            self.tasks().await?.into_iter().map(|row| (row.task, row)).collect();
        pieces.iter().map(|piece| rows.remove(piece).ok_or(StoreError::Overtaken)).collect()
    }
}

fn kept(rows: u64) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Lost) }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
