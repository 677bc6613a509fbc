//! The indexes by which identities and persons are found: kept row by row, or made at once behind a first night's rows.
//!
//! Keys are keyed hashes, so each row that is added lands anywhere in its index. A first night adds everybody; made at once
//! from rows that stand already, the indexes cost it half. A night that is stopped in between leaves a store without them, whose
//! rows are whole: whoever opens it next to write makes them first.

use super::db::Tx;
use super::either;
use super::error::StoreError;
use super::{Store, sql};

impl Store {
    /// Puts the indexes aside, in a store that holds nobody; whether it was one. That nobody is added twice meanwhile is for the caller to
    /// see to, and is found out when they are made.
    pub async fn put_indexes_aside(&self) -> Result<bool, StoreError> {
        if !self.holds_nobody().await? {
            return Ok(false);
        }
        let mut tx = self.begin().await?;
        for text in sql::INDEXES_DROP {
            either::query(*text).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Makes the indexes that were put aside. Fails when somebody stands there twice (LG2008).
    pub async fn make_indexes(&self) -> Result<(), StoreError> {
        make_indexes(self.begin().await?).await
    }
}

/// Makes whichever is missing.
pub(super) async fn make_indexes(mut tx: Tx) -> Result<(), StoreError> {
    for text in sql::INDEXES_MAKE {
        either::query(*text).execute(&mut *tx).await?;
    }
    tx.commit().await
}
