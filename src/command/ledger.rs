//! `lockgate ledger verify`: every link recomputed, every published manifest compared.

use super::bundle::kept;
use super::{Voice, reading};
use crate::config::Deployment;
use crate::exit::Exit;
use crate::report;
use crate::seal::{hash_file, kept_folder};
use crate::store::BundleState;
use anyhow::Result;
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{Chain, Entry, Kept, Verifier};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Serialize)]
struct VerifyJson {
    ok: bool,
    entries: u64,
    head: String,
    bundles: usize,
    faults: Vec<String>,
}

/// Verifies the ledger; ends 7 when anything is not as it was recorded.
pub(super) async fn verify(voice: Voice, deployment: &Deployment) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    let mut faults = Vec::new();
    let mut verifier = Verifier::new(Chain::new());
    let mut pages = store.ledger_entries(1);
    let mut recorded: BTreeMap<String, Digest> = BTreeMap::new();
    'pages: while let Some(page) = pages.next_page().await? {
        for row in &page {
            let hash = <[u8; 32]>::try_from(row.hash.as_slice()).map_or(Digest([0; 32]), Digest);
            if let Err(broken) = verifier.check(Kept { seq: row.seq, bytes: &row.entry, hash }) {
                faults.push(broken.problem().what);
                break 'pages;
            }
            if let Ok(Entry::Bundle(bundle)) = Entry::decode(&row.entry) {
                recorded.insert(bundle.name.to_owned(), bundle.manifest);
            }
        }
    }
    let end = verifier.finish(None).ok();
    let bundles = store.bundles(None, u32::MAX).await?;
    for row in &bundles {
        let bundle = &row.bundle;
        if faults.is_empty() && recorded.remove(&bundle.name) != Some(bundle.manifest_digest) {
            faults
                .push(format!("bundle `{}` is not recorded in the ledger as the store has it", bundle.name));
        }
        if bundle.state == BundleState::Published {
            faults.extend(published(deployment, row));
        }
    }
    if faults.is_empty() {
        faults.extend(
            recorded.keys().map(|name| format!("bundle `{name}` is in the ledger and not in the store")),
        );
    }
    let (entries, head) = end.map_or((0, Digest([0; 32])), |c| (c.seq, c.head));
    let ok = faults.is_empty();
    if voice.json {
        report::json(&VerifyJson { ok, entries, head: head.hex(), bundles: bundles.len(), faults });
    } else if ok {
        report::line(&format!(
            "The ledger is whole: {entries} entries, {} bundles, head {}",
            bundles.len(),
            head.hex()
        ));
    } else {
        faults.iter().for_each(|f| anstream::eprintln!("error[LG3001]: {f}"));
    }
    Ok(if ok { Exit::Done } else { Exit::Integrity })
}

/// Compares what is kept of a published bundle with what was recorded, and the sealed bytes with their digest; what its
/// recipient took from its door is no fault.
fn published(deployment: &Deployment, row: &crate::store::BundleRow) -> Option<String> {
    let name = &row.bundle.name;
    let kept = kept(deployment, row).ok()?;
    if Digest::of(&kept.manifest) != row.bundle.manifest_digest {
        return Some(format!("the published manifest of `{name}` is not the one that was recorded"));
    }
    let sealed = kept.sealed?;
    let partner = deployment.agreement.get(row.recipient?)?;
    let outbox = kept_folder(&deployment.state().join("outbox"), &partner.key, name).join(&sealed.file);
    let differs = |place: &Path| hash_file(place).is_ok_and(|(_, hash)| hash.hex() != sealed.sha256);
    [outbox, deployment.root.join(&kept.place)]
        .iter()
        .any(|place| differs(place))
        .then(|| format!("the sealed bytes of `{name}` were changed since it was sealed"))
}
