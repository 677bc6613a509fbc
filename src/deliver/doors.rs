//! Where bundles are put together, how they leave, and the outbox in which sealed ones wait.

use crate::bundle::publish;
use crate::seal::{SealError, Sealed, Sealer};
use anyhow::{Context as _, Result};
use lockgate_core::ledger::Outgoing;
use std::path::{Path, PathBuf};

/// How bundles leave.
pub enum Way {
    /// Signed and encrypted: one file and its signature.
    Sealed(Box<Sealer>),
    /// As plain folders: the deployment asked for it.
    Plain,
}

/// Where bundles are put together, and the recipients' doors.
pub struct Doors {
    /// Where bundles are put together.
    pub staging: PathBuf,
    /// Above the recipients' folders.
    pub published: PathBuf,
    /// How they leave.
    pub way: Way,
}

impl Doors {
    /// The folders, made when missing.
    pub fn open(state: &Path, published: PathBuf, way: Way) -> Result<Self> {
        let doors = Self { staging: state.join("staging"), published, way };
        std::fs::create_dir_all(&doors.staging).context("making the staging folder")?;
        std::fs::create_dir_all(&doors.published).context("making the folder of bundles")?;
        Ok(doors)
    }

    /// Whether a bundle could leave for a recipient: asked before one is made.
    pub fn ready(&self, recipient: &str) -> Result<(), SealError> {
        match &self.way {
            Way::Sealed(sealer) => sealer.ready(recipient),
            Way::Plain => Ok(()),
        }
    }

    /// Seals what the ledger has committed, or finds it sealed. A plain bundle is put at its door at once, and gives
    /// nothing. Done again, it goes on where it was stopped.
    pub fn seal(&self, outgoing: &Outgoing, recipient: &str) -> Result<Option<Sealed>> {
        match &self.way {
            Way::Sealed(sealer) => Ok(Some(sealer.seal(outgoing, &self.staging)?)),
            Way::Plain => {
                let folder = self.published.join(recipient);
                std::fs::create_dir_all(&folder).context("making a recipient's folder")?;
                publish(outgoing, &self.staging, &folder)?;
                Ok(None)
            }
        }
    }

    /// Removes what a bundle was put together from: once it is at its door, or will never be. Until then it is what the
    /// bundle could be sealed anew from, should its key end.
    pub fn clear(&self, name: &str) -> Result<()> {
        Self::clear_in(&self.staging, name)
    }

    /// As [`clear`](Self::clear), in a staging folder.
    pub fn clear_in(staging: &Path, name: &str) -> Result<()> {
        let plain = staging.join(name);
        if plain.exists() {
            std::fs::remove_dir_all(&plain).context("clearing the staging folder")?;
        }
        Ok(())
    }
}
