//! What waits for a person: refused rows, and pairs of identities.

use super::error::StoreError;
use super::ids::{self, FileId, QuarantineId, RunId, count};
use super::repair::Decision;
use super::{Store, sql};
use jiff::civil::Date;
use lockgate_core::record::IdentityId;

/// Where a refused row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuarantineState {
    /// Waits for a person.
    Open,
    /// The next run reads it again.
    Asked,
    /// It was read again and taken.
    Retried,
    /// A person let it go.
    Discarded,
    /// Nobody decided as long as its feed's files are kept.
    Expired,
}

impl QuarantineState {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Asked => "asked",
            Self::Retried => "retried",
            Self::Discarded => "discarded",
            Self::Expired => "expired",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        let all = [Self::Open, Self::Asked, Self::Retried, Self::Discarded, Self::Expired];
        let known = all.into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| StoreError::row("quarantine"))
    }
}

/// Which refused rows; `None` = all.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuarantineFilter<'a> {
    /// Of this feed.
    pub feed: Option<&'a str>,
    /// In this state.
    pub state: Option<QuarantineState>,
}

/// A refused row: places and a code, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Its row.
    pub id: QuarantineId,
    /// The file it stood in.
    pub file: FileId,
    /// That file's feed.
    pub feed: String,
    /// That file's name token.
    pub name_token: String,
    /// That file's data date.
    pub data_date: Date,
    /// Row of the file, as the partner's own tool would show it.
    pub row: u64,
    /// The column's word in the mapping.
    pub column: Option<String>,
    /// Why.
    pub code: String,
    /// Where it stands.
    pub state: QuarantineState,
    /// The run that refused it.
    pub created_run: RunId,
    /// What a person decided about it, when anybody has.
    pub decision: Option<Decision>,
    /// The run that last read it again, or in which it expired.
    pub settled_run: Option<RunId>,
}

/// Where a pair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// Waits for a person.
    Open,
    /// One person: to be linked.
    Same,
    /// Two persons: never to be linked.
    Different,
}

impl ReviewState {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Same => "same",
            Self::Different => "different",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        let known = [Self::Open, Self::Same, Self::Different].into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| StoreError::row("review"))
    }
}

/// A pair of identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRow {
    /// The smaller key.
    pub a: IdentityId,
    /// The greater key.
    pub b: IdentityId,
    /// Why a person has to look.
    pub reason: String,
    /// The run that first found it.
    pub first_run: RunId,
    /// Where it stands.
    pub state: ReviewState,
    /// The decision, when there is one.
    pub decision: Option<Decision>,
}

type QuarantineTuple = (
    i64,
    i64,
    String,
    String,
    String,
    i64,
    Option<String>,
    String,
    String,
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
);
type ReviewTuple = (Vec<u8>, Vec<u8>, String, i64, String, Option<String>, Option<String>, Option<String>);

impl Store {
    /// Refused rows, the newest first.
    pub async fn quarantine(
        &self,
        filter: QuarantineFilter<'_>,
        limit: u32,
    ) -> Result<Vec<QuarantineRow>, StoreError> {
        let query = sqlx::query_as(sql::QUARANTINE_LIST)
            .bind(filter.feed)
            .bind(filter.state.map(QuarantineState::word));
        let rows: Vec<QuarantineTuple> = query.bind(i64::from(limit)).fetch_all(&self.read).await?;
        rows.into_iter().map(quarantine_row).collect()
    }

    /// One refused row.
    pub async fn quarantined(&self, id: QuarantineId) -> Result<Option<QuarantineRow>, StoreError> {
        let row: Option<QuarantineTuple> =
            sqlx::query_as(sql::QUARANTINE_ONE).bind(id.0).fetch_optional(&self.read).await?;
        row.map(quarantine_row).transpose()
    }

    /// Pairs in one state or in all, the oldest first.
    pub async fn reviews(&self, state: Option<ReviewState>) -> Result<Vec<ReviewRow>, StoreError> {
        let query = sqlx::query_as(sql::REVIEW_LIST).bind(state.map(ReviewState::word));
        let rows: Vec<ReviewTuple> = query.fetch_all(&self.read).await?;
        rows.into_iter().map(review_row).collect()
    }

    /// Records what a person decided about a pair, or opens it again with `ReviewState::Open`.
    pub async fn decide_review(
        &self,
        pair: (IdentityId, IdentityId),
        state: ReviewState,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let (a, b) = (pair.0.min(pair.1), pair.0.max(pair.1));
        let done = sqlx::query(sql::REVIEW_DECIDE)
            .bind(a.bytes().to_vec())
            .bind(b.bytes().to_vec())
            .bind(state.word())
            .bind(decision.by.clone())
            .bind(decision.at.clone())
            .bind(decision.reference.clone())
            .execute(&self.write)
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound("pair under review")) }
    }
}

fn quarantine_row(row: QuarantineTuple) -> Result<QuarantineRow, StoreError> {
    let (id, file, feed, name_token, data_date, number, column, code, state, run, by, at, reference, settled) =
        row;
    Ok(QuarantineRow {
        id: QuarantineId(id),
        file: FileId(file),
        feed,
        name_token,
        data_date: ids::date(&data_date, "file")?,
        row: count(number, "quarantine")?,
        column,
        code,
        state: QuarantineState::parse(&state)?,
        created_run: RunId(run),
        decision: by.zip(at).zip(reference).map(|((by, at), reference)| Decision { by, at, reference }),
        settled_run: settled.map(RunId),
    })
}

fn review_row(row: ReviewTuple) -> Result<ReviewRow, StoreError> {
    let (a, b, reason, run, state, by, at, reference) = row;
    let decision = by.zip(at).zip(reference);
    Ok(ReviewRow {
        a: IdentityId(ids::key(&a, "review")?),
        b: IdentityId(ids::key(&b, "review")?),
        reason,
        first_run: RunId(run),
        state: ReviewState::parse(&state)?,
        decision: decision.map(|((by, at), reference)| Decision { by, at, reference }),
    })
}
