//! What recipients hold: of each person, packed (the core's `Holdings`).

use super::bulk::Values;
use super::db::{Pool, Tx};
use super::either;
use super::error::StoreError;
use super::ids::PersonRef;
use super::names::Dictionaries;
use super::{DuePersons, Store, sql};
use lockgate_core::agreement::PartnerId;
use std::sync::Arc;

impl Store {
    /// What a recipient holds about these persons; a person of whom it holds nothing is absent.
    pub async fn holdings(
        &self,
        recipient: PartnerId,
        persons: &[PersonRef],
    ) -> Result<Vec<(PersonRef, Vec<u8>)>, StoreError> {
        read((&self.read, &self.names), recipient, persons).await
    }

    /// Whether a recipient holds anything of anybody.
    pub async fn holds(&self, recipient: PartnerId) -> Result<bool, StoreError> {
        let query = either::query_scalar::<i64>(sql::HOLDS).bind(self.names.partner_row(recipient)?);
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }
}

impl DuePersons {
    /// What a recipient holds about persons of a page; a person of whom it holds nothing is absent.
    pub async fn holdings(
        &self,
        recipient: PartnerId,
        persons: &[PersonRef],
    ) -> Result<Vec<(PersonRef, Vec<u8>)>, StoreError> {
        read((&self.pool, &self.names), recipient, persons).await
    }
}

async fn read(
    (pool, names): (&Pool, &Dictionaries),
    recipient: PartnerId,
    persons: &[PersonRef],
) -> Result<Vec<(PersonRef, Vec<u8>)>, StoreError> {
    let shared = [Some(names.partner_row(recipient)?)];
    let (mut connection, mut found) = (pool.acquire().await?, Vec::new());
    let take = |(person, packed): (i64, Vec<u8>)| {
        found.push((PersonRef(person), packed));
        Ok(())
    };
    sql::HOLDING_READ.read(&mut connection, &shared, persons, |values, id| values.int(id.0), take).await?;
    Ok(found)
}

/// What recipients hold, in a transaction that is a bundle's, or will be when its turn at the ledger comes.
pub struct HoldingTx {
    pub(super) tx: Tx,
    pub(super) names: Arc<Dictionaries>,
}

impl Store {
    /// Begins the transaction of a bundle before its turn has come, beside that of another ([`Store::in_turn`]). `None` where one
    /// connection writes: the store is in a folder.
    pub async fn begin_ahead(&self) -> Result<Option<HoldingTx>, StoreError> {
        let beside = self.begin_beside().await?;
        Ok(beside.map(|tx| HoldingTx { tx, names: Arc::clone(&self.names) }))
    }
}

impl HoldingTx {
    /// Whether a recipient holds anything of anybody.
    pub async fn any(&mut self, recipient: PartnerId) -> Result<bool, StoreError> {
        let query = either::query_scalar::<i64>(sql::HOLDS).bind(self.names.partner_row(recipient)?);
        Ok(query.fetch_optional(&mut *self.tx).await?.is_some())
    }

    /// Sets what a recipient holds about persons from now on; an empty pack = nothing any more.
    pub async fn put(
        &mut self,
        recipient: PartnerId,
        holdings: Vec<(PersonRef, Vec<u8>)>,
    ) -> Result<(), StoreError> {
        let shared = [Some(self.names.partner_row(recipient)?)];
        let (kept, dropped): (Vec<_>, Vec<_>) =
            holdings.into_iter().partition(|(_, packed)| !packed.is_empty());
        sql::HOLDING_PUT.write(&mut self.tx, &shared, kept, held).await?;
        sql::HOLDING_DROP.write(&mut self.tx, &shared, dropped, |values, (id, _)| values.int(id.0)).await?;
        Ok(())
    }

    /// Sets what a recipient holds from now on of persons of whom it held nothing: a server spends half as long on it,
    /// looking for nothing that may stand there already. Refused when something does.
    pub async fn add(
        &mut self,
        recipient: PartnerId,
        mut holdings: Vec<(PersonRef, Vec<u8>)>,
    ) -> Result<(), StoreError> {
        holdings.retain(|(_, packed)| !packed.is_empty());
        let shared = [Some(self.names.partner_row(recipient)?)];
        sql::HOLDING_ADD.write(&mut self.tx, &shared, holdings, held).await.map(drop)
    }
}

fn held(values: &mut Values, (person, packed): (PersonRef, Vec<u8>)) {
    values.int(person.0);
    values.blob(packed);
}
