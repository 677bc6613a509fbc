//! Settling: the gate is done with persons until a day, or until something changes.

use super::bulk::Values;
use super::db::Tx;
use super::error::StoreError;
use super::ids::PersonRef;
use super::{Store, sql};
use jiff::civil::Date;
use tokio::task::JoinHandle;

/// Persons with the day on which each is to be decided about again.
pub type Settled = Vec<(PersonRef, Option<Date>)>;

/// Persons who will be settled once [`Store::settle`] is told so. Dropped, they are due the next night.
pub struct Settling(State);

enum State {
    /// Written when it is told.
    Then(Settled),
    /// Being written in a transaction of its own, which that commits.
    Beside(JoinHandle<Result<Tx, StoreError>>),
}

impl Settling {
    /// All of it is done when it is told.
    pub const fn then(persons: Settled) -> Self {
        Self(State::Then(persons))
    }
}

impl Store {
    /// Begins to settle persons while bundles are recorded, where the store is on a server. Until it is told, or dropped, the rows of these
    /// persons are locked: whoever writes to one of them meanwhile waits for that.
    pub async fn settling(&self, persons: Settled) -> Settling {
        if persons.is_empty() {
            return Settling::then(persons);
        }
        match self.begin_beside().await {
            Ok(Some(mut tx)) => Settling(State::Beside(tokio::spawn(async move {
                settle(&mut tx, persons).await?;
                Ok(tx)
            }))),
            // Whatever is wrong with the server is found when they are settled.
            Ok(None) | Err(_) => Settling::then(persons),
        }
    }

    /// Persons are settled from here on.
    pub async fn settle(&self, settling: Settling) -> Result<(), StoreError> {
        let tx = match settling.0 {
            State::Beside(writing) => {
                let stopped = |_| StoreError::Refused("settling stopped".into());
                writing.await.map_err(stopped)??
            }
            State::Then(persons) => {
                let mut tx = self.begin().await?;
                settle(&mut tx, persons).await?;
                tx
            }
        };
        tx.commit().await
    }
}

async fn settle(tx: &mut Tx, persons: Settled) -> Result<(), StoreError> {
    let bind = |values: &mut Values, (person, review): (PersonRef, Option<Date>)| {
        values.int(person.0);
        values.text(review.map(|day| day.to_string()));
    };
    sql::SETTLE.write(tx, &[], persons, bind).await.map(drop)
}
