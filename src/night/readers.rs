//! Reading that several processes share, as the night's own process sees it: a feed's files are a piece, and it claims pieces
//! like every worker. What a worker hands over is taken as if it had been read here, or is read here after all.
//!
//! Nobody is waited for who is not there: it claims what is free at once, and waits only for what somebody has, as long as the
//! lease of that is renewed. Where there is no worker, or one feed alone, nothing is shared.

use super::Night;
use super::collect::Due;
use super::hand_over::{Tray, sweep};
use super::ingest::Taken;
use super::memories::Memories;
use super::reading::Piece;
use crate::deliver::carry::{Hands, OWN, Renewing};
use crate::store::{Bench, Claim, Claimant, NewTask, StoreError, TaskState};
use crate::vault::digest_from_hex;
use anyhow::{Context as _, Result};
use lockgate_core::link::Interest;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The word of these pieces.
pub const KIND: &str = "read";
/// What stands before a feed's name in the name of its lane, so that it is no recipient's.
const LANE: &str = "read ";
/// How often the bench is looked at.
const TICK: Duration = Duration::from_millis(20);

/// The feed of a lane.
pub fn feed_of(lane: &str) -> Option<&str> {
    lane.strip_prefix(LANE)
}

/// Where the reading of these files is shared, if it is.
pub(super) async fn beside<'a>(night: &Night<'a>, files: &[Due]) -> Result<Option<&'a Bench>> {
    let feeds: BTreeSet<usize> = files.iter().map(|due| due.feed).collect();
    let Some(bench) = night.store.bench().filter(|_| feeds.len() > 1) else { return Ok(None) };
    Ok((bench.workers().await? > 0).then_some(bench))
}

/// Reads the files of several feeds, together with whoever else does.
pub(super) async fn read(
    night: &Night<'_>,
    memories: &Memories,
    bench: &Bench,
    mut pieces: Vec<Piece<'_>>,
    interest: Option<&Interest>,
) -> Result<Vec<Taken>> {
    // What takes longest is begun first, so that nobody is waited for long at the end.
    pieces.sort_by_key(|piece| Reverse(piece.files.iter().map(|due| due.bytes).sum::<u64>()));
    let tray = Tray::open(night.state, night.vault)?;
    let put = || tray.put_order(night.deployment, night.order.as_of, &pieces, interest);
    let order = tokio::task::block_in_place(put)?.hex();
    let task = |piece: &Piece<'_>| -> Result<NewTask> {
        let lane = format!("{LANE}{}", night.deployment.mapping(piece.feed)?.name());
        Ok(NewTask { kind: KIND, lane, subject: order.clone() })
    };
    let tasks: Vec<NewTask> = pieces.iter().map(task).collect::<Result<_>>()?;
    let numbers = night.store.put_tasks(night.run.id, &tasks).await?;
    let open: BTreeMap<i64, Piece<'_>> = numbers.into_iter().zip(pieces).collect();
    let mut readers = Readers { night, memories, bench, interest, tray, open, taken: Vec::new() };
    readers.work().await?;
    // Whoever still has one has lost it, and what it hands over is swept.
    night.store.close_tasks().await?;
    sweep(night.state)?;
    Ok(readers.taken)
}

/// The pieces that are not read yet.
struct Readers<'a> {
    night: &'a Night<'a>,
    memories: &'a Memories,
    bench: &'a Bench,
    interest: Option<&'a Interest>,
    tray: Tray,
    open: BTreeMap<i64, Piece<'a>>,
    taken: Vec<Taken>,
}

impl Readers<'_> {
    async fn work(&mut self) -> Result<()> {
        let lease = self.night.deployment.settings.store.lease();
        let by = Claimant { name: OWN.into(), lease };
        let hands = Hands { bench: self.bench.clone(), lease, fence: None };
        let mut waits = false;
        loop {
            waits &= !self.hear().await?;
            if self.open.is_empty() {
                return Ok(());
            }
            if let Some(claim) = self.bench.claim(&by, Duration::ZERO).await? {
                self.read(&hands, &claim).await?;
                waits = false;
                continue;
            }
            if !std::mem::replace(&mut waits, true) {
                self.night.progress.stage("waiting for workers");
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Reads a claimed piece here.
    async fn read(&mut self, hands: &Hands, claim: &Claim) -> Result<()> {
        // What is not of this reading is of one that was cleared away.
        let Some(piece) = self.open.remove(&claim.task) else { return Ok(self.bench.release(claim).await?) };
        let renewing = Renewing::of(hands, claim);
        self.here(&piece)?;
        drop(renewing);
        match self.bench.record(claim, true, "").await {
            // Another took it over while this process was paused. What was read here is as good, and is there.
            Ok(()) | Err(StoreError::Lost) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    fn here(&mut self, piece: &Piece<'_>) -> Result<()> {
        let tools = self.night.tools();
        let read = || piece.read(&tools, self.memories, self.interest);
        self.taken.extend(tokio::task::block_in_place(read)?);
        Ok(())
    }

    /// Takes over what workers have read; what they could not, or what is not whole, is read here. Says whether there was any.
    async fn hear(&mut self) -> Result<bool> {
        let before = self.open.len();
        let pieces: Vec<i64> = self.open.keys().copied().collect();
        for row in self.night.store.tasks_of(&pieces).await? {
            if !matches!(row.state, TaskState::Done | TaskState::Failed) {
                continue;
            }
            let Some(piece) = self.open.remove(&row.task) else { continue };
            match self.over(row.result.as_deref().unwrap_or_default(), &piece) {
                Ok(taken) => self.taken.extend(taken),
                Err(fault) => {
                    tracing::warn!("what a worker read is read again: {}", crate::fault::told(&fault));
                    self.here(&piece)?;
                }
            }
        }
        Ok(self.open.len() < before)
    }

    fn over(&self, result: &str, piece: &Piece<'_>) -> Result<Vec<Taken>> {
        let note = digest_from_hex(result).context("a worker could not read it")?;
        let whose = (self.night.deployment, self.night.state);
        self.night.progress.stage(format!("taking {} over", whose.0.mapping(piece.feed)?.name()));
        tokio::task::block_in_place(|| self.tray.take(&note, whose, self.memories, piece))
    }
}
