//! One night, in the order of its picture: collect → ingest → link → keep → disclose → publish.

pub mod again;
mod ahead;
mod asked;
pub mod behind;
mod beside;
pub mod cohort;
pub mod collect;
pub mod disclose;
mod drift;
pub mod feed_diff;
mod forms;
pub mod hand_over;
mod hold;
mod in_force;
pub mod ingest;
pub mod journal;
pub mod keep;
pub mod known;
mod late;
pub mod link;
pub mod memories;
pub mod memory;
pub mod page;
pub mod past;
pub mod people;
pub mod policy_diff;
pub mod preview;
pub mod progress;
pub mod propose;
pub mod publish;
pub mod quiet;
pub mod readers;
pub mod reading;
mod receipts;
pub mod registers;
pub mod reminders;
pub mod replay;
pub mod run;
mod send;
pub mod share;
pub mod spool;
pub mod stored_rows;
pub mod summary;
pub mod take_back;
pub mod trial;
mod watch;
pub mod weights;
pub mod witness;

use crate::config::Deployment;
use crate::store::{Run, Store};
use crate::vault::{Archive, Vault};
use jiff::civil::Date;
use lockgate_core::hash::{Digest, HashKey};
use std::path::Path;

pub use summary::Summary;

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct Order {
    /// The run's logical day; nothing reads the wall clock.
    pub as_of: Date,
    /// Only these feeds; empty = all.
    pub feeds: Vec<String>,
    /// Say the effect, write nothing.
    pub dry_run: bool,
}

/// Everything that a stage may touch.
pub struct Night<'a> {
    /// The deployment as loaded.
    pub deployment: &'a Deployment,
    /// The store.
    pub store: &'a Store,
    /// Keys.
    pub vault: &'a Vault,
    /// Received files, encrypted.
    pub archive: &'a Archive,
    /// The store's folder.
    pub state: &'a Path,
    /// What was asked.
    pub order: Order,
    /// This run's row in the store.
    pub run: Run,
    /// Where the terminal sees how far it is.
    pub progress: progress::Progress,
}

impl Night<'_> {
    /// With what its files are read.
    pub fn tools(&self) -> ingest::Tools<'_> {
        ingest::Tools {
            deployment: self.deployment,
            vault: self.vault,
            archive: self.archive,
            folder: self.state,
            beside: None,
            as_of: self.order.as_of,
            progress: &self.progress,
        }
    }

    /// The key of content digests, the same for every mapping.
    pub fn contents(&self) -> HashKey {
        self.vault.keys(&Digest([0; 32])).contents
    }
}
