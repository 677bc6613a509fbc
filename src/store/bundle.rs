//! One transaction a bundle: its row, its ledger entries (`ledger.rs`) and what its recipient then holds (`holding.rs`).

use super::db::{Pool, Tx};
use super::either;
use super::error::StoreError;
use super::holding::HoldingTx;
use super::ids::{self, BundleId, RunId, count, stored};
use super::ledger::head;
use super::log::Log;
use super::names::Dictionaries;
use super::run::Run;
use super::{Counters, Store, sql};
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::hash::Digest;
use std::sync::Arc;

/// Where a bundle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleState {
    /// Its folder is written under a working name.
    Prepared,
    /// The ledger holds it; it may go out.
    Committed,
    /// It is signed and encrypted, and waits in the outbox.
    Sealed,
    /// It stands at its recipient's door.
    Published,
    /// It was not sent, and will not be.
    Stopped,
}

impl BundleState {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Committed => "committed",
            Self::Sealed => "sealed",
            Self::Published => "published",
            Self::Stopped => "stopped",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Prepared, Self::Committed, Self::Sealed, Self::Published, Self::Stopped];
        all.into_iter().find(|state| state.word() == word)
    }
}

/// A bundle to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBundle {
    /// Its one recipient.
    pub recipient: PartnerId,
    /// This recipient's own count, without gaps.
    pub sequence: u64,
    /// `snapshot`, `delta` or `notice`.
    pub kind: String,
    /// The day it stands for; one bundle a recipient and day.
    pub as_of: Date,
    /// Its name.
    pub name: String,
    /// Digest of this recipient's last manifest.
    pub previous: Option<Digest>,
    /// Digest of its manifest.
    pub manifest_digest: Digest,
    /// Where it stands.
    pub state: BundleState,
    /// JSON counts.
    pub counts: String,
}

/// A recorded bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRow {
    /// Its row.
    pub id: BundleId,
    /// The run that made it.
    pub run: RunId,
    /// `None` when the agreement no longer has the partner that `bundle.recipient` stood for; the latter then
    /// means nothing.
    pub recipient: Option<PartnerId>,
    /// Everything else.
    pub bundle: NewBundle,
}

/// The transaction of one bundle (or of a few). Dropped without [`commit`](Self::commit), it leaves nothing; after
/// an error it is to be dropped.
pub struct BundleTx {
    holding: HoldingTx,
    counters: Counters,
    run: Run,
    pub(super) read: Pool,
    /// Number of the ledger's last entry.
    pub(super) head: u64,
    pub(super) log: Option<Log>,
}

impl Store {
    /// Starts the transaction of a bundle.
    pub async fn begin_bundle(&self, run: &Run) -> Result<BundleTx, StoreError> {
        self.in_turn(HoldingTx { tx: self.begin().await?, names: Arc::clone(&self.names) }, run).await
    }

    /// Goes on with a bundle's transaction once its turn has come: the one before it was committed, or dropped.
    pub async fn in_turn(&self, mut holding: HoldingTx, run: &Run) -> Result<BundleTx, StoreError> {
        let counters = Counters::read(&mut holding.tx).await?;
        let head = head(&mut holding.tx).await?.map_or(0, |(seq, _)| seq);
        Ok(BundleTx { holding, counters, run: *run, read: self.read.clone(), head, log: self.log.clone() })
    }

    /// Bundles, the newest first, of one recipient or of all.
    pub async fn bundles(
        &self,
        recipient: Option<PartnerId>,
        limit: u32,
    ) -> Result<Vec<BundleRow>, StoreError> {
        let recipient = recipient.map(|id| self.names.partner_row(id)).transpose()?;
        let query = either::query_as(sql::BUNDLE_LIST).bind(recipient).bind(i64::from(limit));
        self.bundle_rows(query.fetch_all(&self.read).await?)
    }

    /// A recipient's last bundle: its sequence and manifest digest go into the next one.
    pub async fn last_bundle(&self, recipient: PartnerId) -> Result<Option<BundleRow>, StoreError> {
        let query = either::query_as(sql::BUNDLE_LAST).bind(self.names.partner_row(recipient)?);
        Ok(self.bundle_rows(query.fetch_all(&self.read).await?)?.pop())
    }

    /// A bundle by its name.
    pub async fn bundle(&self, name: &str) -> Result<Option<BundleRow>, StoreError> {
        let query = either::query_as(sql::BUNDLE_BY_NAME).bind(name);
        Ok(self.bundle_rows(query.fetch_all(&self.read).await?)?.pop())
    }

    /// Bundles that wait in the outbox, in the order in which they were recorded.
    pub async fn sealed_bundles(&self) -> Result<Vec<BundleRow>, StoreError> {
        self.bundle_rows(either::query_as(sql::BUNDLE_SEALED).fetch_all(&self.read).await?)
    }

    /// Bundles that are recorded and not yet sealed: what a run after a crash begins with.
    pub async fn unpublished_bundles(&self) -> Result<Vec<BundleRow>, StoreError> {
        self.bundle_rows(either::query_as(sql::BUNDLE_UNPUBLISHED).fetch_all(&self.read).await?)
    }

    /// Moves a bundle to its next state.
    pub async fn set_bundle_state(&self, bundle: BundleId, state: BundleState) -> Result<(), StoreError> {
        let query = either::query(sql::BUNDLE_STATE).bind(bundle.0).bind(state.word());
        let done = query.execute(&self.write).await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound("bundle")) }
    }

    fn bundle_rows(&self, rows: Vec<BundleTuple>) -> Result<Vec<BundleRow>, StoreError> {
        rows.into_iter().map(|row| bundle_row(row, &self.names)).collect()
    }
}

impl BundleTx {
    pub(super) const fn connection(&mut self) -> &mut Tx {
        &mut self.holding.tx
    }

    /// What recipients hold.
    pub const fn holding(&mut self) -> &mut HoldingTx {
        &mut self.holding
    }

    /// A new number of a table.
    pub(super) fn take_number(&mut self, table: &'static str) -> i64 {
        self.counters.take(table, 1)
    }

    /// Moves a bundle to its next state, with what is recorded about it.
    pub async fn set_bundle_state(&mut self, bundle: BundleId, state: BundleState) -> Result<(), StoreError> {
        let query = either::query(sql::BUNDLE_STATE).bind(bundle.0).bind(state.word());
        let done = query.execute(&mut *self.holding.tx).await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound("bundle")) }
    }

    /// The row that the bundle will have.
    pub fn number_bundle(&mut self) -> BundleId {
        BundleId(self.take_number("bundle"))
    }

    /// Records the bundle under the row that was numbered for it. A second one for its recipient and day, or a used sequence number, is refused (LG2008).
    pub async fn put_bundle(&mut self, id: BundleId, bundle: &NewBundle) -> Result<(), StoreError> {
        either::query(sql::BUNDLE_ADD)
            .bind(id.0)
            .bind(self.run.id.0)
            .bind(self.holding.names.partner_row(bundle.recipient)?)
            .bind(stored(bundle.sequence))
            .bind(bundle.kind.clone())
            .bind(bundle.as_of.to_string())
            .bind(bundle.name.clone())
            .bind(bundle.previous.map(|digest| digest.0.to_vec()))
            .bind(bundle.manifest_digest.0.to_vec())
            .bind(bundle.state.word())
            .bind(bundle.counts.clone())
            .execute(&mut *self.holding.tx)
            .await?;
        Ok(())
    }

    /// From here on it was recorded: what the bundle holds may go out.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.counters.keep(&mut self.holding.tx).await?;
        self.holding.tx.commit().await?;
        self.log.iter().for_each(Log::behind);
        Ok(())
    }
}

type BundleTuple = (i64, i64, i64, i64, String, String, String, Option<Vec<u8>>, Vec<u8>, String, String);

fn bundle_row(row: BundleTuple, names: &Dictionaries) -> Result<BundleRow, StoreError> {
    let (id, run, recipient, sequence, kind, as_of, name, previous, manifest, state, counts) = row;
    let recipient = names.partner(recipient);
    Ok(BundleRow {
        id: BundleId(id),
        run: RunId(run),
        recipient,
        bundle: NewBundle {
            recipient: recipient.unwrap_or(PartnerId(u8::MAX)),
            sequence: count(sequence, "bundle")?,
            kind,
            as_of: ids::date(&as_of, "bundle")?,
            name,
            previous: previous.map(|bytes| ids::digest(&bytes, "bundle")).transpose()?,
            manifest_digest: ids::digest(&manifest, "bundle")?,
            state: BundleState::parse(&state).ok_or_else(|| StoreError::row("bundle"))?,
            counts,
        },
    })
}
