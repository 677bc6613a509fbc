//! Emptying the outbox: what its recipient has confirmed line by line is destroyed after a while. age has no forward
//! secrecy: whoever steals a recipient's key could read what is still kept.

use crate::config::Deployment;
use crate::receipt::standings;
use crate::seal::{SEALED_ENDING, kept_folder};
use crate::store::Store;
use anyhow::Result;
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::path::Path;

/// Destroys the sealed bytes of bundles that were answered whole and are older than the settings say; their manifests
/// stay. Gives how many were destroyed. What cannot be removed is tried again the next night.
pub async fn prune(deployment: &Deployment, store: &Store, state: &Path, day: Date) -> Result<u64> {
    let keep = i64::from(deployment.settings.bundles.keep_days);
    let mut gone = 0;
    for standing in standings(deployment, store).await? {
        let bundle = &standing.bundle.bundle;
        let until = bundle.as_of.saturating_add(keep.days());
        if standing.word() != "acted" || until >= day {
            continue;
        }
        let folder = kept_folder(&state.join("outbox"), &standing.recipient, &bundle.name);
        let sealed = folder.join(format!("{}{SEALED_ENDING}", bundle.name));
        gone += u64::from(sealed.exists() && std::fs::remove_file(&sealed).is_ok());
        let _ = std::fs::remove_file(folder.join(format!("{}{SEALED_ENDING}.sig", bundle.name)));
    }
    Ok(gone)
}
