//! A worker's share of a night's reading: the files of one feed, in their order, as the night's own process would read them.
//!
//! The claim is renewed only as long as rows go through: a process whose drive hangs loses its piece as one that hangs itself.

use super::{ELSEWHERE, otherwise};
use crate::config::Deployment;
use crate::deliver::carry::{Carried, Hands, RENEWALS};
use crate::exit::{Exit, Expected};
use crate::night::hand_over::{Order, Tray};
use crate::night::ingest::Tools;
use crate::night::memories::Memories;
use crate::night::progress::Progress;
use crate::night::readers::feed_of;
use crate::store::{Claim, StoreError};
use crate::vault::{Archive, Vault, digest_from_hex};
use anyhow::{Context as _, Result, bail, ensure};
use lockgate_core::hash::Digest;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// What a worker reads with.
pub(super) struct Desk {
    deployment: Arc<Deployment>,
    vault: Vault,
    /// The last order, which is that of all pieces of a night.
    order: Mutex<Option<(Digest, Arc<Order>)>>,
}

/// How a piece ended on the thread that reads.
enum Ended {
    /// What was read lies under this digest.
    Told(Digest),
    /// What is to be read does not lie in this state folder.
    Elsewhere,
    /// The night goes by another configuration.
    Otherwise,
}

impl Desk {
    pub(super) fn new(deployment: &Arc<Deployment>, vault: Vault) -> Self {
        Self { deployment: Arc::clone(deployment), vault, order: Mutex::default() }
    }

    /// Reads the files of a claim and hands over what they say, as long as the claim holds. What cannot be read here is left
    /// to the night's own process.
    pub(super) async fn read(self: &Arc<Self>, hands: &Hands, claim: &Claim) -> Result<Carried> {
        let pulse = Arc::new(Pulse::default());
        let beating = Beating::of(hands, claim, &pulse);
        let (desk, own, ours, runtime) = (Arc::clone(self), claim.clone(), hands.clone(), Handle::current());
        let read = tokio::task::spawn_blocking(move || {
            let holds = || runtime.block_on(ours.bench.hold(&own, ours.lease));
            desk.read_all(&own, &pulse, &holds)
        });
        let read = read.await.unwrap_or_else(|_| Err(anyhow::anyhow!("a part of the program broke off")));
        drop(beating);
        let done = match &read {
            Ok(Ended::Told(note)) => hands.bench.record(claim, true, &note.hex()).await,
            Ok(Ended::Elsewhere | Ended::Otherwise) => hands.bench.hold(claim, hands.lease).await,
            Err(fault) => {
                let (code, what) = (crate::fault::code(fault).unwrap_or_default(), crate::fault::told(fault));
                tracing::warn!(code, lane = claim.lane, "the night reads it itself: {what}");
                hands.bench.record(claim, false, code).await
            }
        };
        match (done, read) {
            (Ok(()), Ok(Ended::Told(_))) => Ok(Carried::Recorded),
            (Ok(()), Ok(Ended::Elsewhere)) => {
                hands.bench.release(claim).await?;
                let what = "what is to be read does not lie in this worker's state folder";
                Err(Expected::new(Exit::Configuration, format!("{what} ({ELSEWHERE})")))
            }
            (Ok(()), Ok(Ended::Otherwise)) => {
                hands.bench.release(claim).await?;
                Err(otherwise("the night reads by another mapping than this worker"))
            }
            (Err(StoreError::Lost), Ok(Ended::Told(note))) => self.leave(claim, Some(note)),
            (Err(StoreError::Lost), _) | (Ok(()), Err(_)) => self.leave(claim, None),
            (Err(fault), _) => Err(fault.into()),
        }
    }

    /// Nobody takes what was handed over.
    fn leave(&self, claim: &Claim, note: Option<Digest>) -> Result<Carried> {
        if let Some(tray) = Tray::beside(&self.deployment.state(), &self.vault) {
            tray.remove(&start(claim))?;
            note.map_or(Ok(()), |note| tray.remove(&note.hex()))?;
        }
        Ok(Carried::Left)
    }

    fn read_all(
        &self,
        claim: &Claim,
        pulse: &Pulse,
        holds: &dyn Fn() -> Result<(), StoreError>,
    ) -> Result<Ended> {
        let state = self.deployment.state();
        let Some(tray) = Tray::beside(&state, &self.vault) else { return Ok(Ended::Elsewhere) };
        let Some(order) = self.order(&tray, claim)? else { return Ok(Ended::Elsewhere) };
        let name = feed_of(&claim.lane).context("a piece of reading is of no feed")?;
        let asked = order.of(name).context("a piece of reading is of no feed")?;
        let feed =
            self.deployment.mappings.iter().position(|m| m.name() == name && *m.digest() == asked.mapping);
        let Some(feed) = feed.filter(|_| order.software == crate::SOFTWARE) else {
            return Ok(Ended::Otherwise);
        };
        let archive = Archive::at(&state.join("archive"), &self.vault)?;
        let (progress, memories) = (Progress::new(true), Memories::beside(&state, tray.folder()));
        let on = || pulse.beat();
        let tools = Tools {
            deployment: &self.deployment,
            vault: &self.vault,
            archive: &archive,
            folder: tray.folder(),
            beside: Some(&on),
            as_of: order.as_of,
            progress: &progress,
        };
        let (mut standing, mut taken) = (asked.standing.clone(), Vec::new());
        for due in asked.files(feed) {
            holds()?;
            taken.push(standing.read(&tools, &memories, &due, order.interest.as_ref())?);
        }
        holds()?;
        Ok(Ended::Told(tray.put_note(&start(claim), taken)?))
    }

    /// The order of a claim; nothing when it does not lie here.
    fn order(&self, tray: &Tray, claim: &Claim) -> Result<Option<Arc<Order>>> {
        let digest = digest_from_hex(&claim.subject).context("a piece of reading has no order")?;
        let Ok(mut last) = self.order.lock() else { bail!("a part of the program broke off") };
        if let Some((_, order)) = last.as_ref().filter(|(known, _)| *known == digest) {
            return Ok(Some(Arc::clone(order)));
        }
        let order = tray.order(&digest)?.map(Arc::new);
        *last = order.as_ref().map(|order| (digest, Arc::clone(order)));
        Ok(order)
    }
}

/// How the names of what is handed over for a claim begin.
fn start(claim: &Claim) -> String {
    format!("{}-{}-", claim.task, claim.token)
}

/// Whether rows go through, and whether they still are to.
#[derive(Default)]
struct Pulse {
    beats: AtomicU64,
    lost: AtomicBool,
}

impl Pulse {
    fn beat(&self) -> Result<()> {
        ensure!(!self.lost.load(Ordering::Relaxed), "another has the piece by now");
        self.beats.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Renews a claim while rows go through, until it is dropped.
struct Beating(JoinHandle<()>);

impl Beating {
    fn of(hands: &Hands, claim: &Claim, pulse: &Arc<Pulse>) -> Self {
        let (bench, claim, lease, pulse) =
            (hands.bench.clone(), claim.clone(), hands.lease, Arc::clone(pulse));
        Self(tokio::spawn(async move {
            let mut before = None;
            loop {
                tokio::time::sleep(lease / RENEWALS).await;
                let beats = pulse.beats.load(Ordering::Relaxed);
                if before.replace(beats) == Some(beats) {
                    continue;
                }
                // A server that is away for a moment is asked again.
                if let Err(StoreError::Lost) = bench.hold(&claim, lease).await {
                    return pulse.lost.store(true, Ordering::Relaxed);
                }
            }
        }))
    }
}

impl Drop for Beating {
    fn drop(&mut self) {
        self.0.abort();
    }
}
