//! Keep: what the store holds of people in the cohort, one transaction a file.

use super::Night;
use super::ingest::Taken;
use super::link::{Kept, Retained, WhoIsWho};
use super::memories::Memories;
use super::replay::{self, Replayed};
use crate::store::{FileOutcome, FileTx, NewIdentity, NewVersion, QuarantineRow, ReviewRow};
use crate::vault::Nonces;
use anyhow::Result;
use lockgate_core::agreement::PartnerId;
use lockgate_core::check::Verdict;
use lockgate_core::hash::{HashKey, Keys};
use lockgate_core::link::Fate;
use lockgate_core::record::{Candidate, IdentityId, PersonId, RecordId};
use lockgate_core::row::Fingerprint;
use std::collections::HashMap;

/// Rows written in one go.
const PAGE: usize = 2000;

/// What keeping changed.
#[derive(Debug, Default, Clone, Copy)]
pub struct KeptCounts {
    /// Records that the store did not hold.
    pub new: u64,
    /// Records with a new version.
    pub changed: u64,
    /// Records that arrived as they were held.
    pub same: u64,
    /// Rows about nobody in the cohort, dropped.
    pub outside: u64,
}

/// A mapped row about somebody in the cohort.
struct Row {
    print: Fingerprint,
    identity: IdentityId,
    candidates: Vec<Candidate>,
}

/// Writes one file's rows about people in the cohort.
struct Writer<'a, 'n> {
    night: &'a Night<'n>,
    tx: FileTx<'a>,
    who: &'a WhoIsWho,
    partner: PartnerId,
    contents: HashKey,
    nonces: Nonces,
    counts: KeptCounts,
}

/// Keeps everything that tonight brings; gives counts by tonight's file.
pub async fn keep(
    night: &Night<'_>,
    memories: &Memories,
    taken: &mut [Taken],
    retained: &Retained,
    who: &WhoIsWho,
) -> Result<Vec<KeptCounts>> {
    let mut counts = vec![KeptCounts::default(); taken.len()];
    move_people(night, who).await?;
    fill_in(night, retained, who).await?;
    for (feed, files) in retained.iter().enumerate() {
        for file in files.iter().rev() {
            let Some(n) = file.tonight else { continue };
            let Some(taken) = taken.get_mut(n) else { continue };
            memories.save(night.deployment.mapping(feed)?.name(), &file.digest, &file.memory)?;
            if let Some(slot) = counts.get_mut(n) {
                *slot = accept(night, feed, file, taken, who).await?;
            }
        }
    }
    for taken in taken.iter().filter(|t| matches!(t.verdict, Verdict::Held(_))) {
        hold(night, taken).await?;
    }
    put_reviews(night, who).await?;
    Ok(counts)
}
