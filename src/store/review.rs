//! What waits for a person: refused rows, and pairs of identities.

use super::bundle::BundleTx;
use super::either;
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
    /// A person has decided; the register says what.
    Decided,
    /// It waits no more: nothing brings the two together, or they are one person.
    Settled,
}

impl ReviewState {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Decided => "decided",
            Self::Settled => "settled",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        let known = [Self::Open, Self::Decided, Self::Settled].into_iter().find(|state| state.word() == word);
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
    /// Why a person has to look: a code.
    pub reason: String,
    /// The run that first found it.
    pub first_run: RunId,
    /// Where it stands.
    pub state: ReviewState,
    /// A mark of what the two bring.
    pub evidence: u64,
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
type ReviewTuple = (Vec<u8>, Vec<u8>, String, i64, String, i64);

impl Store {
    /// Refused rows, the newest first.
    pub async fn quarantine(
        &self,
        filter: QuarantineFilter<'_>,
        limit: u32,
    ) -> Result<Vec<QuarantineRow>, StoreError> {
        let query = either::query_as(sql::QUARANTINE_LIST)
            .bind(filter.feed)
            .bind(filter.state.map(QuarantineState::word));
        let rows: Vec<QuarantineTuple> = query.bind(i64::from(limit)).fetch_all(&self.read).await?;
        rows.into_iter().map(quarantine_row).collect()
    }

    /// One refused row.
    pub async fn quarantined(&self, id: QuarantineId) -> Result<Option<QuarantineRow>, StoreError> {
        let row: Option<QuarantineTuple> =
            either::query_as(sql::QUARANTINE_ONE).bind(id.0).fetch_optional(&self.read).await?;
        row.map(quarantine_row).transpose()
    }

    /// Pairs in one state or in all, the oldest first.
    pub async fn reviews(&self, state: Option<ReviewState>) -> Result<Vec<ReviewRow>, StoreError> {
        let query = either::query_as(sql::REVIEW_LIST).bind(state.map(ReviewState::word));
        let rows: Vec<ReviewTuple> = query.fetch_all(&self.read).await?;
        rows.into_iter().map(review_row).collect()
    }
}

impl BundleTx {
    /// Says where a pair stands, after a person has decided or taken a decision back. One that never waited has no row.
    pub async fn mark_review(
        &mut self,
        (a, b): (IdentityId, IdentityId),
        state: ReviewState,
    ) -> Result<(), StoreError> {
        let query =
            either::query(sql::REVIEW_STATE).bind(a.min(b).bytes().to_vec()).bind(a.max(b).bytes().to_vec());
        query.bind(state.word()).execute(&mut **self.connection()).await?;
        Ok(())
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

fn review_row((a, b, reason, run, state, evidence): ReviewTuple) -> Result<ReviewRow, StoreError> {
    Ok(ReviewRow {
        a: IdentityId(ids::key(&a, "review")?),
        b: IdentityId(ids::key(&b, "review")?),
        reason,
        first_run: RunId(run),
        state: ReviewState::parse(&state)?,
        evidence: evidence.cast_unsigned(),
    })
}
