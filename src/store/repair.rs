//! What people decide about refused rows and held files, and what becomes of it: recorded with the ledger, at once.

use super::bundle::BundleTx;
use super::either;
use super::error::StoreError;
use super::ids::{FileId, QuarantineId, RunId};
use super::intake::FileTx;
use super::review::QuarantineState;
use super::run::Run;
use super::{Store, sql};
use jiff::civil::Date;

/// Who decided something, when, on what ground.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Who decided: a token, never a name.
    pub by: String,
    /// When, as an RFC 3339 text.
    pub at: String,
    /// The reason or written reference.
    pub reference: String,
}

/// How many rows of a file changed their fate when they were read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recount {
    /// Refused rows that are mapped now.
    pub mapped: u64,
    /// Refused rows that the mapping leaves out now.
    pub skipped: u64,
    /// Refused rows that repeat another now.
    pub duplicate: u64,
}

impl Store {
    /// Starts a transaction in which decisions and their ledger entries are recorded together.
    pub async fn begin_decisions(&self, as_of: Date) -> Result<BundleTx, StoreError> {
        self.begin_bundle(&Run { id: RunId(0), as_of }).await
    }
}

impl BundleTx {
    /// Records what a person decided about a refused row. An item that waits no more is not found.
    pub async fn decide_quarantine(
        &mut self,
        id: QuarantineId,
        state: QuarantineState,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let query = either::query(sql::QUARANTINE_DECIDE)
            .bind(id.0)
            .bind(state.word())
            .bind(decision.by.clone())
            .bind(decision.at.clone())
            .bind(decision.reference.clone());
        let done = query.execute(&mut **self.connection()).await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound("quarantined row")) }
    }

    /// Keeps a small text under a word, together with what else is decided.
    pub async fn remember(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let query = either::query(sql::META_WRITE).bind(key.to_owned()).bind(value.to_owned());
        query.execute(&mut **self.connection()).await?;
        Ok(())
    }

    /// Lets a held file in: the next run takes it.
    pub async fn release_file(&mut self, file: FileId) -> Result<(), StoreError> {
        let done = either::query(sql::FILE_RELEASE).bind(file.0).execute(&mut **self.connection()).await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound("held file")) }
    }

    /// Ends what waits of a feed's files whose data is older than `before`; gives the numbers of rows and files.
    pub async fn expire(&mut self, feed: &str, before: Date, run: RunId) -> Result<(u64, u64), StoreError> {
        let (feed, before) = (feed.to_owned(), before.to_string());
        let query = either::query(sql::QUARANTINE_EXPIRE).bind(feed.clone()).bind(before.clone()).bind(run.0);
        let rows = query.execute(&mut **self.connection()).await?.rows_affected();
        let query = either::query(sql::FILE_EXPIRE).bind(feed).bind(before);
        let files = query.execute(&mut **self.connection()).await?.rows_affected();
        Ok((rows, files))
    }
}

impl FileTx {
    /// Ends the asking of rows that were read again: taken ones are settled, the others wait again.
    pub async fn settle_asked(
        &mut self,
        taken: &[QuarantineId],
        refused: &[QuarantineId],
        recount: Recount,
    ) -> Result<(), StoreError> {
        let (run, file) = ([Some(self.run().id.0)], self.file());
        let tx = self.connection();
        sql::QUARANTINE_SETTLE.write(tx, &run, taken, |values, id| values.int(id.0)).await?;
        sql::QUARANTINE_REOPEN.write(tx, &run, refused, |values, id| values.int(id.0)).await?;
        let stored = super::ids::stored;
        either::query(sql::FILE_RECOUNT)
            .bind(file.0)
            .bind(stored(recount.mapped))
            .bind(stored(recount.skipped))
            .bind(stored(recount.duplicate))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}
