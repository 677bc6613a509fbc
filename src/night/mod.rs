//! One night, in the order of its picture: collect → ingest → link → keep → disclose → publish.

pub mod collect;
pub mod disclose;
pub mod ingest;
pub mod journal;
pub mod keep;
pub mod link;
pub mod memories;
pub mod progress;
pub mod replay;
pub mod summary;

use crate::config::Deployment;
use crate::store::Store;
use crate::vault::Vault;
use jiff::civil::Date;

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
    /// Keys and the archive of received files.
    pub vault: &'a Vault,
    /// What was asked.
    pub order: Order,
    /// This run's number in the store.
    pub run: i64,
    /// Where the terminal sees how far it is.
    pub progress: progress::Progress,
}
