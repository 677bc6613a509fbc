//! Delivery: what became of each sealed bundle on its way, and which doors are in trouble.

use super::either;
use super::error::StoreError;
use super::ids::{BundleId, count, stored};
use super::{BundleTx, Store, sql};
use lockgate_core::agreement::PartnerId;
use std::collections::BTreeMap;

/// A step on a bundle's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its bytes are at the recipient's door.
    Sent,
    /// The recipient was told that it can be fetched.
    Told,
    /// The recipient fetched it.
    Collected,
    /// It will not be sent any more.
    Stopped,
    /// The same bytes were put at the door once more.
    Again,
}

impl Step {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Told => "told",
            Self::Collected => "collected",
            Self::Stopped => "stopped",
            Self::Again => "sent again",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Sent, Self::Told, Self::Collected, Self::Stopped, Self::Again]
            .into_iter()
            .find(|s| s.word() == word)
    }
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Which.
    pub step: Step,
    /// When, as an RFC 3339 text.
    pub at: String,
    /// The kind of door, or whoever decided.
    pub actor: String,
}

/// A door in trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when, as an RFC 3339 text.
    pub since: String,
    /// Tries in a row that failed.
    pub failures: u64,
    /// When it is tried next, as an RFC 3339 text.
    pub next_at: String,
    /// The code of the last fault.
    pub code: String,
}

impl BundleTx {
    /// Records a step of a bundle.
    pub async fn put_step(&mut self, bundle: BundleId, taken: &Taken) -> Result<(), StoreError> {
        let id = self.take_number("delivery");
        either::query(sql::DELIVERY_ADD)
            .bind(id)
            .bind(bundle.0)
            .bind(taken.step.word())
            .bind(taken.at.clone())
            .bind(taken.actor.clone())
            .execute(&mut **self.connection())
            .await?;
        Ok(())
    }
}

impl Store {
    /// The steps of each bundle, in their order.
    pub async fn deliveries(&self) -> Result<BTreeMap<i64, Vec<Taken>>, StoreError> {
        let rows: Vec<(i64, String, String, String)> =
            either::query_as(sql::DELIVERY_LIST).fetch_all(&self.read).await?;
        let mut out: BTreeMap<i64, Vec<Taken>> = BTreeMap::new();
        for (bundle, step, at, actor) in rows {
            let step = Step::parse(&step).ok_or_else(|| StoreError::row("delivery"))?;
            out.entry(bundle).or_default().push(Taken { step, at, actor });
        }
        Ok(out)
    }

    /// The trouble with a recipient's door; `None` when it works, or was never tried.
    pub async fn trouble(&self, recipient: PartnerId) -> Result<Option<Trouble>, StoreError> {
        let row: Option<(String, i64, String, String)> = either::query_as(sql::DOOR_READ)
            .bind(self.names.partner_row(recipient)?)
            .fetch_optional(&self.read)
            .await?;
        row.map(|(since, failures, next_at, code)| {
            Ok(Trouble { since, failures: count(failures, "door")?, next_at, code })
        })
        .transpose()
    }

    /// Keeps the trouble with a door, or that there is none any more.
    pub async fn set_trouble(
        &self,
        recipient: PartnerId,
        trouble: Option<&Trouble>,
    ) -> Result<(), StoreError> {
        let row = self.names.partner_row(recipient)?;
        let query = match trouble {
            None => either::query(sql::DOOR_DROP).bind(row),
            Some(t) => either::query(sql::DOOR_PUT)
                .bind(row)
                .bind(t.since.clone())
                .bind(stored(t.failures))
                .bind(t.next_at.clone())
                .bind(t.code.clone()),
        };
        query.execute(&self.write).await?;
        Ok(())
    }
}
