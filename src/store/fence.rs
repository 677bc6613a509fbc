//! The fence around a store on a server: a process that lost its connection, and with it the writer's lock, writes and
//! delivers no more once another process has written.
//!
//! Every opening for writing takes the next turn, a number in the store. A connection that the writer makes anew has to find its
//! own turn there; so a process that was paused, or cut off, for however long never goes on from what it knew before another's
//! turn. A file in the folder needs no fence: its lock ends with its process and no sooner.

use super::db::{Conn, Dialect, Pool};
use super::error::StoreError;
use super::{Store, either, sql};
use sqlx::postgres::PgConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// The word under which the store keeps whose turn it is.
const TURN: &str = "writer";

/// The turn of this process.
#[derive(Clone, Default)]
pub(super) struct Turn(Arc<Taken>);

#[derive(Default)]
struct Taken {
    /// 0 while none is taken.
    own: AtomicI64,
    /// Whether another's was found.
    over: AtomicBool,
}

impl Turn {
    /// Takes the next turn, in the transaction that opens the store.
    pub(super) async fn next(connection: &mut Conn) -> Result<i64, StoreError> {
        let last: Option<String> =
            either::query_scalar(sql::META_READ).bind(TURN).fetch_optional(&mut *connection).await?;
        let next = last.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0) + 1;
        either::query(sql::META_WRITE).bind(TURN).bind(next.to_string()).execute(connection).await?;
        Ok(next)
    }

    /// It is committed: from now on every connection has to find it.
    pub(super) fn taken(&self, turn: i64) {
        self.0.own.store(turn, Ordering::SeqCst);
    }

    /// Whether a connection that has just got the writer's lock finds this turn.
    pub(super) async fn stands(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let own = self.0.own.load(Ordering::SeqCst);
        if own == 0 {
            return Ok(true);
        }
        let now: Option<String> =
            sqlx::query_scalar(sql::META_READ).bind(TURN).fetch_optional(connection).await?;
        let stands = now.is_some_and(|text| text == own.to_string());
        if !stands {
            self.0.over.store(true, Ordering::SeqCst);
        }
        Ok(stands)
    }
}

/// What says, at the moment of a delivery, whether this process is still the store's writer.
#[derive(Clone)]
pub struct Fence {
    write: Pool,
    turn: Turn,
}

impl Fence {
    /// Fails when another process has written since this one opened the store (LG2957), or the server does not say.
    pub async fn holds(&self) -> Result<(), StoreError> {
        if self.write.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let over = || self.turn.0.over.load(Ordering::SeqCst);
        if over() {
            return Err(StoreError::Overtaken);
        }
        // A connection that is not alive any more is made anew here, and has to pass the fence.
        let asked = self.write.acquire().await;
        asked.map(drop).map_err(|fault| if over() { StoreError::Overtaken } else { fault })
    }
}

impl Store {
    /// The fence of this store's writer.
    pub fn fence(&self) -> Fence {
        Fence { write: self.write.clone(), turn: self.turn.clone() }
    }
}
