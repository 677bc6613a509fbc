//! What a recipient may have at this moment: asked of the store at each request, before the first byte.
//!
//! The store says by one number whether anything was written since the last look; only then is everything read anew.

use crate::config::Deployment;
use crate::night::registers;
use crate::seal::{MANIFEST, SEALED_ENDING, kept_folder, read_facts};
use crate::store::{BundleRow, BundleState, Names, RunRow, Store, StoreError, Watch};
use crate::vault::{Vault, digest_from_hex};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::hash::Digest;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Mutex;

/// A manifest is at most this long.
const MANIFEST_BYTES: u64 = 16 << 20;

/// A sealed bundle in the outbox.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) sequence: u64,
    pub(super) kind: String,
    pub(super) bytes: u64,
    pub(super) sha256: Digest,
    /// The logical time of its run, as its manifest says.
    pub(super) created: String,
    folder: PathBuf,
}

impl Item {
    pub(super) fn ciphertext(&self) -> PathBuf {
        self.folder.join(format!("{}{SEALED_ENDING}", self.name))
    }

    pub(super) fn signature(&self) -> PathBuf {
        self.folder.join(format!("{}{SEALED_ENDING}.sig", self.name))
    }
}

/// What there is for one recipient.
#[derive(Debug, Clone)]
pub(super) enum Shelf {
    /// It is suspended or has no current nominee (7.3): it gets nothing.
    Closed,
    /// Its bundles, by sequence.
    Open(Vec<Arc<Item>>),
}

impl Shelf {
    /// A bundle by its name.
    pub(super) fn item(&self, name: &str) -> Option<&Arc<Item>> {
        let Self::Open(items) = self else { return None };
        items.iter().find(|item| item.name == name)
    }
}

/// The day that registers are read for.
#[derive(Debug, Clone, Copy)]
pub enum Day {
    /// Whatever day it is, in the deployment's zone.
    Today,
    /// Always this one.
    Fixed(Date),
}

/// The view of the store and the outbox.
pub(super) struct Shelves {
    deployment: Arc<Deployment>,
    vault: Vault,
    day: Day,
    opened: Mutex<Option<Opened>>,
}

struct Opened {
    store: Arc<Store>,
    watch: Watch,
    shelves: BTreeMap<PartnerId, ((i64, Date), Arc<Shelf>)>,
    /// Items by name, with the time of their folder: a bundle that is sealed anew has a new folder.
    items: BTreeMap<String, (SystemTime, Arc<Item>)>,
}

impl Shelves {
    pub(super) fn new(deployment: Arc<Deployment>, vault: Vault, day: Day) -> Self {
        Self { deployment, vault, day, opened: Mutex::default() }
    }

    /// The day on which a request comes.
    pub(super) fn day(&self) -> Date {
        match self.day {
            Day::Today => Timestamp::now().to_zoned_datetime(self.deployment.zone.clone()).date(),
            Day::Fixed(day) => day,
        }
    }

    pub(super) const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// What a recipient may have now.
    pub(super) async fn of(&self, partner: PartnerId) -> Result<Arc<Shelf>> {
        let mut place = self.opened.lock().await;
        if place.is_none() {
            *place = self.open().await?;
        }
        // Before the first night there is no store, and nothing to have.
        let Some(opened) = place.as_mut() else { return Ok(Arc::new(Shelf::Open(Vec::new()))) };
        let found = self.look(opened, partner).await;
        if found.is_err() {
            *place = None;
        }
        found
    }

    async fn look(&self, opened: &mut Opened, partner: PartnerId) -> Result<Arc<Shelf>> {
        // The number first: what is written while it is read shows at the next request.
        let now = (opened.watch.version().await?, self.day());
        if let Some((then, shelf)) = opened.shelves.get(&partner)
            && *then == now
        {
            return Ok(Arc::clone(shelf));
        }
        let found = Arc::new(self.read(opened, partner, now.1).await?);
        opened.shelves.insert(partner, (now, Arc::clone(&found)));
        Ok(found)
    }

    async fn open(&self) -> Result<Option<Opened>> {
        let (categories, partners) = self.deployment.names();
        let names = Names { categories: &categories, partners: &partners };
        let store = match Store::open_read(self.deployment.store_place()?, &self.vault, &names).await {
            Ok(store) => Arc::new(store),
            Err(StoreError::Absent(_)) => return Ok(None),
            Err(fault) => return Err(fault.into()),
        };
        let watch = store.watch().await?;
        Ok(Some(Opened { store, watch, shelves: BTreeMap::new(), items: BTreeMap::new() }))
    }

    /// The store, for whoever only reads; `None` before the first night.
    pub(super) async fn store(&self) -> Result<Option<Arc<Store>>> {
        let mut place = self.opened.lock().await;
        if place.is_none() {
            *place = self.open().await?;
        }
        Ok(place.as_ref().map(|opened| Arc::clone(&opened.store)))
    }

    async fn read(&self, opened: &mut Opened, partner: PartnerId, day: Date) -> Result<Shelf> {
        let registers = registers::read(&opened.store, &self.deployment, &self.vault, day).await?;
        if registers.closed.contains(&partner) {
            return Ok(Shelf::Closed);
        }
        let key = &self.deployment.agreement.get(partner).context("a partner of the agreement")?.key;
        let mut rows = opened.store.bundles(Some(partner), u32::MAX).await?;
        let decided = decided(&opened.store, day).await?;
        rows.retain(|row| offered(row, decided(row)));
        rows.sort_by_key(|row| row.bundle.sequence);
        let outbox = self.deployment.state().join("outbox");
        let mut there = Vec::with_capacity(rows.len());
        for row in &rows {
            let folder = kept_folder(&outbox, key, &row.bundle.name);
            let Ok(changed) = fs::metadata(&folder).and_then(|m| m.modified()) else { continue };
            if let Some((then, item)) = opened.items.get(&row.bundle.name)
                && *then == changed
            {
                there.push(Arc::clone(item));
            } else if let Some(item) = item(row, folder) {
                let item = Arc::new(item);
                opened.items.insert(row.bundle.name.clone(), (changed, Arc::clone(&item)));
                there.push(item);
            }
        }
        Ok(Shelf::Open(there))
    }
}

/// Whether a night has looked at what waits since a register changed last: the one that made it, or the last that came to its
/// end, whichever is later.
async fn decided(store: &Store, day: Date) -> Result<impl Fn(&BundleRow) -> bool> {
    let (runs, registered) = (store.runs(u32::MAX).await?, store.registered().await?);
    let ended = runs.iter().filter(|run| run.finished_at.is_some()).map(|run| run.id.0).max().unwrap_or(0);
    let changed = |run: &RunRow| registered.iter().any(|entry| registers::changed(entry, run, day));
    let runs: Vec<(i64, bool)> =
        runs.iter().filter(|r| r.id.0 >= ended).map(|r| (r.id.0, !changed(r))).collect();
    Ok(move |row: &BundleRow| {
        let last = row.run.0.max(ended);
        runs.iter().any(|(run, unchanged)| *run == last && *unchanged)
    })
}

/// Whether a bundle is given at all: one that was given before, or that waits; a register that changed since the last night may
/// take back what waits, and only a night can say.
fn offered(row: &BundleRow, decided: bool) -> bool {
    match row.bundle.state {
        BundleState::Published => true,
        BundleState::Sealed => decided,
        BundleState::Prepared | BundleState::Committed | BundleState::Stopped => false,
    }
}

/// What the outbox keeps of a bundle; `None` while it is not whole, or is none of the committed manifest.
fn item(row: &BundleRow, folder: PathBuf) -> Option<Item> {
    let facts = read_facts(&folder)?;
    let manifest = manifest(&folder.join(MANIFEST))?;
    if Digest::of(&manifest) != row.bundle.manifest_digest {
        return None;
    }
    let Created { created } = serde_json::from_slice(&manifest).ok()?;
    Some(Item {
        name: row.bundle.name.clone(),
        sequence: row.bundle.sequence,
        kind: row.bundle.kind.clone(),
        bytes: facts.bytes,
        sha256: digest_from_hex(&facts.sha256)?,
        created,
        folder,
    })
}

#[derive(Deserialize)]
struct Created {
    created: String,
}

fn manifest(place: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(place).ok()?.take(MANIFEST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
