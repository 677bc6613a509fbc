//! A round whose bundles several processes bring: the writer puts them on the bench, and claims them from there like every
//! worker; what became of them it reads there too, and alone writes it into store and ledger.
//!
//! With nobody beside it, it brings all recipients' bundles at once, as in a round of its own. With workers it takes its share
//! at once, and the rest as soon as that has waited a second: who is not there, hangs or died is not waited for, and what was
//! claimed by a process that is not heard of any more is free again when its lease has ended.

use super::carry::{self, Hands, OWN, Outcome};
use super::door::{Arrival, Door, DoorError};
use super::outbox::{Round, Word};
use crate::seal::Sealed;
use crate::store::{Bench, BundleId, Claimant, NewTask, RunId, StoreError, TaskState};
use anyhow::{Context as _, Result};
use lockgate_core::agreement::PartnerId;
use lockgate_core::ledger::Outgoing;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

/// How often the bench is looked at.
const TICK: Duration = Duration::from_millis(50);
/// How long the writer leaves to workers what is beyond its own share.
const HEAD_START: Duration = Duration::from_secs(1);

/// One recipient's bundles on their way, in their order.
pub(super) struct Lane {
    pub(super) id: PartnerId,
    pub(super) key: String,
    pub(super) door: Arc<Door>,
    pub(super) bundles: Vec<(BundleId, Outgoing, Option<Sealed>)>,
}

/// A bundle on the bench.
struct Piece {
    lane: PartnerId,
    bundle: BundleId,
    outgoing: Outgoing,
    door: Arc<Door>,
    sealed: Arc<Sealed>,
}

/// The pieces of a round that are not ended yet.
pub(super) struct Shared<'a> {
    round: &'a Round<'a>,
    bench: &'a Bench,
    words: UnboundedSender<Word>,
    open: BTreeMap<i64, Piece>,
    pieces: usize,
    lanes: usize,
}

impl<'a> Shared<'a> {
    /// Puts a round's bundles on the bench. What cannot be sealed is said at once, and what is behind it stays.
    pub(super) async fn put(
        round: &'a Round<'a>,
        bench: &'a Bench,
        (run, lanes): (RunId, Vec<Lane>),
        words: UnboundedSender<Word>,
    ) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut tasks = Vec::new();
        let count = lanes.len();
        for lane in lanes {
            for (bundle, outgoing, sealed) in lane.bundles {
                let (outgoing, sealed) = match sealed {
                    Some(sealed) => (outgoing, Ok(sealed)),
                    None => again(round, outgoing, &lane.key).await?,
                };
                match sealed {
                    Ok(sealed) => {
                        let subject = outgoing.name().to_owned();
                        tasks.push(NewTask { kind: carry::KIND, lane: lane.key.clone(), subject });
                        let (door, sealed) = (Arc::clone(&lane.door), Arc::new(sealed));
                        pieces.push(Piece { lane: lane.id, bundle, outgoing, door, sealed });
                    }
                    Err(fault) => {
                        let _ = words.send(Word { id: lane.id, bundle, what: Err(fault) });
                        break;
                    }
                }
            }
        }
        let numbers = round.store.put_tasks(run, &tasks).await?;
        let open: BTreeMap<i64, Piece> = numbers.into_iter().zip(pieces).collect();
        Ok(Self { round, bench, words, pieces: open.len(), open, lanes: count })
    }

    /// Brings them, together with whoever else does, until all are ended.
    pub(super) async fn bring(&mut self) -> Result<()> {
        let lease = self.round.deployment.settings.store.lease();
        let by = Claimant { name: OWN.into(), lease };
        let hands = Hands { bench: self.bench.clone(), lease, fence: Some(self.round.store.fence()) };
        let (mut running, mut taken) = (JoinSet::<Result<(), StoreError>>::new(), 0);
        loop {
            self.hear().await?;
            if self.open.is_empty() {
                return Ok(());
            }
            let share = self.pieces.div_ceil(self.bench.workers().await? + 1);
            while running.len() < self.lanes {
                let waited = if taken < share { Duration::ZERO } else { HEAD_START };
                let Some(claim) = self.bench.claim(&by, waited).await? else { break };
                // What is not of this round is of one that was cleared away.
                let Some(piece) = self.open.get(&claim.task) else { break };
                let (door, sealed) = (Arc::clone(&piece.door), Arc::clone(&piece.sealed));
                let hands = hands.clone();
                taken += 1;
                running.spawn(async move { hands.carry(&claim, door, move || Ok(sealed)).await.map(drop) });
            }
            tokio::select! {
                Some(ended) = running.join_next() => ended.context("bringing a bundle stopped")??,
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// Takes back what is not ended; what was ended meanwhile counts.
    pub(super) async fn close(mut self) -> Result<()> {
        if !self.open.is_empty() {
            self.round.store.close_tasks().await?;
            self.hear().await?;
        }
        Ok(())
    }

    /// Reads what became of the pieces, and tells of those that have ended.
    async fn hear(&mut self) -> Result<()> {
        let pieces: Vec<i64> = self.open.keys().copied().collect();
        for row in self.round.store.tasks_of(&pieces).await? {
            let ended = match row.state {
                TaskState::Waiting | TaskState::Claimed => false,
                TaskState::Done => true,
                // Taken back, and not tried: it waits for the next round, and nothing is wrong with its door.
                TaskState::Failed => row.result.is_some(),
            };
            if !ended {
                continue;
            }
            let Some(piece) = self.open.remove(&row.task) else { continue };
            let what = Outcome::read(row.result.as_deref()).and_then(|arrival| self.cleared(&piece, arrival));
            if what.is_err() {
                self.open.retain(|_, other| other.lane != piece.lane);
            } else if !self.open.values().any(|other| other.lane == piece.lane) {
                let door = Arc::clone(&piece.door);
                tokio::task::spawn_blocking(move || door.sweep());
            }
            let _ = self.words.send(Word { id: piece.lane, bundle: piece.bundle, what });
        }
        Ok(())
    }

    /// What a bundle was put together from goes once it is at its door.
    fn cleared(&self, piece: &Piece, arrival: Arrival) -> Result<Arrival, DoorError> {
        if arrival == Arrival::Sent {
            let unusable =
                |fault| DoorError { code: "LG2602", what: crate::fault::told(&fault), retry_after: None };
            self.round.doors.clear(piece.outgoing.name()).map_err(unusable)?;
        }
        Ok(arrival)
    }
}

/// A bundle that an earlier night sealed, found in the outbox or sealed anew, before anybody brings it.
async fn again(
    round: &Round<'_>,
    outgoing: Outgoing,
    recipient: &str,
) -> Result<(Outgoing, Result<Sealed, DoorError>)> {
    let (doors, recipient) = (Arc::clone(round.doors), recipient.to_owned());
    let sealing = tokio::task::spawn_blocking(move || {
        let sealed = doors.seal(&outgoing, &recipient);
        (outgoing, sealed)
    });
    let (outgoing, sealed) = sealing.await.context("sealing a bundle stopped")?;
    let sealed = match sealed {
        Ok(Some(sealed)) => Ok(sealed),
        // Plain bundles are not shared.
        Ok(None) => anyhow::bail!("a plain bundle is not brought by several"),
        Err(fault) => Err(super::outbox::unusable(fault)),
    };
    Ok((outgoing, sealed))
}
