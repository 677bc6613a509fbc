//! Opening a deployment's store: for reading beside whatever goes on, or for writing, alone.

use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::store::{Names, Store, StoreError};
use crate::vault::Vault;
use anyhow::Result;
use std::path::Path;

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
    match Store::open_read(deployment.store_place()?, &vault, &names).await {
        Ok(store) => Ok(Some((store, vault))),
        Err(StoreError::Absent(_)) => Ok(None),
        Err(other) => Err(unopened(other)),
    }
}

/// As [`reading_if_made`]; a store of an earlier version of the program is brought up to date first.
pub async fn up_to_date(deployment: &Deployment) -> Result<Option<(Store, Vault)>> {
    match reading_if_made(deployment).await {
        Err(fault) if is_older(&fault) => {
            let (store, _) = writing(deployment).await?;
            store.close().await?;
            reading_if_made(deployment).await
        }
        other => other,
    }
}

/// Whether a store did not open because nobody has brought it up to date yet.
pub fn is_older(fault: &anyhow::Error) -> bool {
    matches!(fault.downcast_ref::<StoreError>(), Some(StoreError::Older(_)))
}

/// The store, open for writing; a run that goes on comes first. One of an earlier version is brought up to date.
pub async fn writing(deployment: &Deployment) -> Result<(Store, Vault)> {
    let vault = Vault::new(deployment.usable_secret()?);
    let (categories, partners) = deployment.names();
    let names = Names { categories: &categories, partners: &partners };
    match reading(deployment).await {
        Err(fault) if !is_older(&fault) => return Err(fault),
        _ => {}
    }
    match Store::open(deployment.store_place()?, &vault, &names).await {
        Ok(store) => Ok((store, vault)),
        Err(StoreError::InUse(_)) => {
            Err(Expected::new(Exit::Temporary, "a run is going on; try again when it has ended"))
        }
        Err(other) => Err(unopened(other)),
    }
}

/// Brings a store that is on a server into a folder, as a database of its own: what is tried on a copy needs no server.
pub async fn copied(deployment: &Deployment, folder: &Path) -> Result<()> {
    if deployment.store_place()?.server().is_none() {
        return Ok(());
    }
    // One that was once copied to the server may lie there still.
    for name in ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm"] {
        let _ = std::fs::remove_file(folder.join(name));
    }
    if let Some((store, _)) = reading_if_made(deployment).await? {
        store.copy_to(folder).await?;
        store.close().await?;
    }
    Ok(())
}

/// Why a store did not open, with the exit code that it calls for: a server that is away comes back, one that refuses does not.
pub fn unopened(fault: StoreError) -> anyhow::Error {
    let exit = match &fault {
        StoreError::Server { .. } => Exit::Temporary,
        StoreError::Unfit { .. } | StoreError::NotCopied(_) | StoreError::Moved | StoreError::Alone(_) => {
            Exit::Configuration
        }
        StoreError::Occupied => Exit::Refused,
        StoreError::CopyDiffers(_) => Exit::Integrity,
        _ => return fault.into(),
    };
    Expected::new(exit, format!("{fault} ({})", fault.code()))
}
