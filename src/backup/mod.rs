//! Backup and restore: the store and everything beside it that nights need, as one folder with a list of its files.
//!
//! The secret is not in it, and without the secret nobody reads it. What was sent after a backup was made is unknown to whoever
//! restores it: the first bundles afterwards are snapshots, and their numbers leave room for those that may have been used.

mod codes;
mod copy;
mod list;

pub use codes::CODES;

use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::publish::record_decision;
use crate::store::{Decision, Names, RunId, Store};
use crate::vault::Vault;
use anyhow::{Context as _, Result};
use list::{FORM, List};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::DecisionEntry;
use lockgate_core::problem::Code;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of the state that nights need; the rest is made anew.
const FOLDERS: [&str; 7] = ["acks", "agreements", "archive", "collected", "mappings", "outbox", "rows"];
/// The database in a backup.
const DATABASE: &str = "store.sqlite";
/// The list of a backup's files.
const LIST: &str = "backup.json";
/// Under this word the store remembers the last run that it knew when it was restored.
pub const RESTORED: &str = "restored";
/// Numbers of bundles that are left out after a restore: more nights than lie between two backups.
pub const ROOM: u64 = 100;

/// What was backed up, or restored.
pub struct Done {
    /// Where.
    pub folder: PathBuf,
    /// How many files.
    pub files: usize,
    /// Their size.
    pub bytes: u64,
    /// Entries of the ledger.
    pub entries: u64,
    /// When the backup was made.
    pub made_at: String,
}

/// Copies the state into a new folder. Nights wait meanwhile; recipients go on fetching.
pub async fn make(deployment: &Deployment, out: &Path) -> Result<Done> {
    let state = deployment.state();
    if out.exists() {
        let code: Code = "LG2901";
        return Err(refused(code, &format!("{} is there already: a backup is a new folder", out.display())));
    }
    let partial = beside(out, "partial");
    let (store, _) = crate::open::writing(deployment).await?;
    fresh(&partial)?;
    store.copy_to(&partial).await?;
    let tree = store.tree().await?;
    let copied = tokio::task::block_in_place(|| copy::folders(&state, &partial, &FOLDERS));
    store.close().await?;
    copied.context("copying the state")?;
    let files = tokio::task::block_in_place(|| List::files(&partial)).context("reading the copy back")?;
    let list = List {
        form: FORM,
        software: crate::SOFTWARE.into(),
        made_at: deployment.clock.now().to_string(),
        entries: tree.size(),
        root: tree.root().hex(),
        files,
    };
    list.write(&partial.join(LIST)).context("writing the list of files")?;
    copy::settle(&partial, out).context("giving the backup its name")?;
    Ok(Done::of(out, &list))
}

/// Reads a backup through: every file is there, and as it was.
pub fn check(folder: &Path) -> Result<Done> {
    listed(folder).map(|list| Done::of(folder, &list))
}

fn listed(folder: &Path) -> Result<List> {
    let list = List::read(&folder.join(LIST))
        .map_err(|what| refused("LG2902", &format!("{}: {what}", folder.display())))?;
    let faults = list.compare(folder);
    if let Some(first) = faults.first() {
        let what =
            format!("{}: {} files are not as they were, the first: {first}", folder.display(), faults.len());
        return Err(refused("LG2902", &what));
    }
    Ok(list)
}

/// Puts a backup in the place of a state that is not there any more.
pub async fn restore(deployment: &Deployment, from: &Path, decision: &Decision) -> Result<Done> {
    let state = deployment.state();
    let empty = fs::read_dir(&state).map_or(true, |mut entries| entries.next().is_none());
    if !empty {
        let what = format!("{} is not empty: move it away first, nothing is overwritten", state.display());
        return Err(refused("LG2903", &what));
    }
    let list = tokio::task::block_in_place(|| listed(from))?;
    let partial = beside(&state, "restoring");
    fresh(&partial)?;
    tokio::task::block_in_place(|| list.copy(from, &partial)).context("copying the backup")?;
    reopen(deployment, &partial, &list, decision).await?;
    to_server(deployment, &partial).await?;
    if state.exists() {
        fs::remove_dir(&state).context("making room for the state")?;
    }
    copy::settle(&partial, &state).context("putting the state in its place")?;
    Ok(Done::of(&state, &list))
}

/// Opens what was copied with the deployment's secret, compares its ledger, and records that it was restored.
async fn reopen(deployment: &Deployment, folder: &Path, list: &List, decision: &Decision) -> Result<()> {
    let vault = Vault::new(deployment.usable_secret()?);
    let (categories, partners) = deployment.names();
    let store = Store::open(folder, &vault, &Names { categories: &categories, partners: &partners }).await?;
    let tree = store.tree().await?;
    if (tree.size(), tree.root().hex()) != (list.entries, list.root.clone()) {
        return Err(refused("LG2902", "the ledger in the backup is not the one that was backed up"));
    }
    if let Some(run) = store.runs(1).await?.first() {
        let mut tx = store.begin_decisions(run.as_of).await?;
        tx.remember(RESTORED, &run.id.0.to_string()).await?;
        let entry = DecisionEntry {
            as_of: run.as_of,
            kind: "restored",
            by: &decision.by,
            reference: &decision.reference,
            subject: Digest::of(list.made_at.as_bytes()),
        };
        record_decision(&mut tx, &entry).await?;
        tx.commit().await?;
    }
    Ok(store.close().await?)
}

/// Where the deployment's store is on a server, what was restored goes there; there must be none yet.
async fn to_server(deployment: &Deployment, folder: &Path) -> Result<()> {
    let place = deployment.store_place()?;
    if place.server().is_none() {
        return Ok(());
    }
    let vault = Vault::new(deployment.usable_secret()?);
    let (categories, partners) = deployment.names();
    let store = Store::open(folder, &vault, &Names { categories: &categories, partners: &partners }).await?;
    let copied = store.move_to(&place).await;
    store.close().await?;
    copied.map_err(crate::open::unopened)?;
    fs::remove_file(folder.join(DATABASE)).context("removing what is on the server now")
}

impl Done {
    fn of(folder: &Path, list: &List) -> Self {
        Self {
            folder: folder.to_owned(),
            files: list.files.len(),
            bytes: list.files.iter().map(|f| f.bytes).sum(),
            entries: list.entries,
            made_at: list.made_at.clone(),
        }
    }
}

fn refused(code: Code, what: &str) -> anyhow::Error {
    Expected::new(Exit::Refused, format!("{what} ({code})"))
}

/// A folder beside another, for what is not whole yet.
fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    folder.with_file_name(name)
}

/// An empty folder for the service alone; what an earlier attempt left half done is removed.
fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("removing what an earlier attempt left")?;
    }
    copy::private(folder).with_context(|| format!("making {}", folder.display()))
}

/// Whether the store was restored after a run, so that what was sent later is not known.
pub async fn restored_after(store: &Store, run: RunId) -> Result<bool> {
    let restored: Option<i64> = store.meta(RESTORED).await?.and_then(|text| text.parse().ok());
    Ok(restored.is_some_and(|restored| run.0 <= restored))
}
