//! Watching the store from beside: whether anything was written since one looked last.

use super::db::{Conn, Dialect};
use super::either;
use super::error::StoreError;
use super::{Store, sql};

/// A connection of its own, on which nothing is done but to ask whether somebody else has written.
pub struct Watch(Conn);

impl Store {
    /// Begins to watch.
    pub async fn watch(&self) -> Result<Watch, StoreError> {
        Ok(Watch(self.read.acquire().await?.detach()))
    }
}

impl Watch {
    /// A number that is another one after every transaction that somebody has committed. Of two watches it says nothing.
    pub async fn version(&mut self) -> Result<i64, StoreError> {
        let text = match self.0.dialect() {
            Dialect::Sqlite => sql::sqlite::VERSION,
            Dialect::Postgres => sql::postgres::VERSION,
        };
        either::query_scalar(text).fetch_one(&mut self.0).await
    }
}
