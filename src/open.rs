//! Opening a deployment's store: for reading beside whatever goes on, or for writing, alone.

use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::store::{Names, Store, StoreError};
use crate::vault::Vault;
use anyhow::Result;

/// The store, open for reading; before the first night there is none.
pub async fn reading(deployment: &Deployment) -> Result<(Store, Vault)> {
    let none = || Expected::new(Exit::Usage, "there is no store yet: run a night first, `lockgate run`");
    reading_if_made(deployment).await?.ok_or_else(none)
}

/// The store, open for reading; `None` when it was never made.
pub async fn reading_if_made(deployment: &Deployment) -> Result<Option<(Store, Vault)>> {
    let vault = Vault::new(deployment.usable_secret()?);
    let (categories, partners) = deployment.names();
    let names = Names { categories: &categories, partners: &partners };
    match Store::open_read(&deployment.state(), &vault, &names).await {
        Ok(store) => Ok(Some((store, vault))),
        Err(StoreError::Absent(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// The store, open for writing; a run that goes on comes first.
pub async fn writing(deployment: &Deployment) -> Result<(Store, Vault)> {
    let vault = Vault::new(deployment.usable_secret()?);
    let (categories, partners) = deployment.names();
    let names = Names { categories: &categories, partners: &partners };
    reading(deployment).await?;
    match Store::open(&deployment.state(), &vault, &names).await {
        Ok(store) => Ok((store, vault)),
        Err(StoreError::InUse(_)) => {
            Err(Expected::new(Exit::Temporary, "a run is going on; try again when it has ended"))
        }
        Err(other) => Err(other.into()),
    }
}
