//! Publish: each bundle's files are finished, the ledger commits what left, and only then the folder
//! moves to where its recipient finds it.

use super::disclose::{JournalEntry, Open};
use super::Night;
use super::summary::RecipientLine;
use crate::bundle::{Finished, publish};
use crate::store::{BundleTx, NewBundle, NewEntry, Store, StoreError};
use crate::vault::SpoolReader;
use anyhow::{Context as _, Result};
use lockgate_core::bundle::Meta;
use lockgate_core::ledger::{BundleEntry, Chain, Entry, LedgerCommit, Prepared};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Ledger rows written in one statement's worth.
const PAGE: usize = 2000;

/// The folders of bundles.
pub struct Doors {
    /// Where bundles are put together.
    pub staging: PathBuf,
    /// Above the recipients' folders.
    pub published: PathBuf,
}

impl Doors {
    /// The folders, made when missing.
    pub fn open(night_root: &Path, state: &Path, folder: &Path) -> Result<Self> {
        let doors = Self { staging: state.join("staging"), published: night_root.join(folder) };
        std::fs::create_dir_all(&doors.staging).context("making the staging folder")?;
        std::fs::create_dir_all(&doors.published).context("making the folder of bundles")?;
        Ok(doors)
    }

    fn of(&self, recipient: &str) -> Result<PathBuf> {
        let folder = self.published.join(recipient);
        std::fs::create_dir_all(&folder).context("making a recipient's folder")?;
        Ok(folder)
    }
}

/// A bundle on its way to the ledger.
struct Closing<'a> {
    store: &'a Store,
    run: i64,
    meta: &'a Meta,
    finished: &'a Finished,
    journal: SpoolReader,
    id: Option<i64>,
}

impl LedgerCommit for Closing<'_> {
    type Error = anyhow::Error;

    async fn commit(&mut self, bundle: &Prepared) -> Result<()> {
        let mut tx = self.store.begin_bundle().await?;
        let id = tx.put_bundle(&self.row(bundle)).await?;
        let mut chain = tx.chain_head().await?;
        self.entries(&mut tx, &mut chain).await?;
        let closing = Entry::Bundle(BundleEntry {
            name: bundle.name(),
            recipient: self.meta.recipient_key(),
            sequence: self.meta.sequence,
            kind: self.meta.kind,
            as_of: self.meta.as_of,
            manifest: bundle.manifest(),
            previous: self.meta.previous,
            counts: self.finished.total(),
        });
        tx.append_ledger(vec![chain.append(&closing).into()]).await?;
        tx.commit().await?;
        self.id = Some(id);
        Ok(())
    }
}
