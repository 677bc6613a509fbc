//! A process beside the one that runs the night: it claims pieces of the work that is on the bench, does them, and writes down
//! what came of them, each only as long as its claim holds. It writes nothing else: store and ledger are the night's.
//!
//! It shares the deployment's configuration and its state folder with the night, and both in the same state: what it would
//! bring must lie there, and the agreement must be the one that the run goes by.

mod read;

use crate::config::Deployment;
use crate::deliver::Door;
use crate::deliver::carry::{self, Carried, Hands};
use crate::exit::{Exit, Expected};
use crate::night::publish::Committed;
use crate::night::readers;
use crate::open;
use crate::seal::sealed_before;
use crate::store::{BundleState, Claim, Claimant, Names, Store, StoreError};
use crate::vault::Vault;
use anyhow::{Context as _, Result};
use lockgate_core::ledger::Prepared;
use lockgate_core::problem::{Code, CodeDoc};
use read::Desk;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often it is looked for work while somebody writes to the store, and while nobody does.
const BUSY: Duration = Duration::from_millis(50);
const IDLE: Duration = Duration::from_millis(500);
/// The longest pause before a server that is away is asked again.
const AWAY: Duration = Duration::from_secs(15);
/// How long pieces that are under way may still take when the worker is told to end.
const LAST: Duration = Duration::from_mins(1);

/// What it is to bring or to read does not lie in its state folder.
const ELSEWHERE: Code = "LG2960";
/// The run goes by another agreement or mapping.
const OTHER_AGREEMENT: Code = "LG2961";

/// Codes of this room.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: ELSEWHERE,
        title: "a worker does not see the state folder",
        explanation: "A bundle that waits in the outbox, or the order to read files, is not where this worker looks for it: the state folder \
                      of its `[store] path` is not the one that the night uses. All processes of a deployment share one folder, on one \
                      machine or on a file system that all of them mount. The worker gave its piece back and ended.",
    },
    CodeDoc {
        code: OTHER_AGREEMENT,
        title: "a worker has another agreement or mapping than the night",
        explanation: "The worker read its configuration before the agreement or a mapping was changed, or reads another one, or is another \
                      version of the program. It did nothing and ended: start it again, from the same configuration as the night.",
    },
];

/// What a worker is told when it starts.
#[derive(Debug, Clone, Copy)]
pub struct Orders {
    /// To end with what is under way.
    pub once: bool,
    /// Pieces at a time.
    pub threads: usize,
}

/// Works until it is told to end; gives the number of pieces that it did. `ready` is called once it looks for work.
pub async fn work(
    deployment: &Arc<Deployment>,
    orders: Orders,
    mut ends: watch::Receiver<bool>,
    ready: fn(),
) -> Result<u64> {
    let bench = Arc::new(Place::open(deployment).await?);
    ready();
    tracing::info!(name = bench.by.name, threads = orders.threads, "worker ready");
    let mut hands: JoinSet<Result<Carried>> = JoinSet::new();
    let (mut done, mut away) = (0, Duration::ZERO);
    while !*ends.borrow() {
        let looked = tokio::select! {
            looked = bench.claim(hands.len() < orders.threads && !bench.reads.load(Ordering::Relaxed)) => looked,
            // A server that is away is not waited for. What was claimed in this moment is free when its lease has ended.
            _ = ends.changed() => break,
        };
        let wait = match looked {
            Ok(Looked::Claimed(claim)) => {
                away = Duration::ZERO;
                let (bench, is_reading) = (Arc::clone(&bench), claim.kind == readers::KIND);
                bench.reads.fetch_or(is_reading, Ordering::Relaxed);
                hands.spawn(async move {
                    let came = bench.work(&claim).await;
                    bench.reads.fetch_and(!is_reading, Ordering::Relaxed);
                    came
                });
                continue;
            }
            Ok(Looked::Nothing) => BUSY,
            Ok(Looked::Nobody) if orders.once && hands.is_empty() => break,
            Ok(Looked::Nobody) => IDLE,
            // A server that is away comes back; the pieces that were claimed are another's by then.
            Err(fault) if fault.exit() == Exit::Temporary && !orders.once => {
                tracing::warn!(code = fault.code(), "{fault}");
                away = (away * 2).clamp(IDLE, AWAY);
                away
            }
            Err(fault) => return Err(open::unopened(fault)),
        };
        tokio::select! {
            Some(ended) = hands.join_next() => done += counted(ended.context("a piece of work stopped")?)?,
            () = tokio::time::sleep(wait) => {}
            _ = ends.changed() => {}
        }
    }
    let last = async {
        while let Some(ended) = hands.join_next().await {
            done += counted(ended.context("a piece of work stopped")?)?;
        }
        anyhow::Ok(())
    };
    // What takes longer is somebody else's when its lease has ended.
    if let Ok(ended) = tokio::time::timeout(LAST, last).await {
        ended?;
    }
    tracing::info!(done, "worker ends");
    Ok(done)
}

/// Whether a piece was done by this process. One that failed for a reason that concerns all pieces ends it.
fn counted(ended: Result<Carried>) -> Result<u64> {
    match ended {
        Ok(Carried::Recorded) => Ok(1),
        Ok(Carried::Left) => Ok(0),
        Ok(Carried::Elsewhere) => {
            let what =
                format!("a bundle that waits does not lie in this worker's state folder ({ELSEWHERE})");
            Err(Expected::new(Exit::Configuration, what))
        }
        Err(fault)
            if fault.downcast_ref::<StoreError>().is_some_and(|fault| fault.exit() == Exit::Temporary) =>
        {
            tracing::warn!("{}", crate::fault::told(&fault));
            Ok(0)
        }
        Err(fault) => Err(fault),
    }
}

/// What was found on the bench.
enum Looked {
    Claimed(Claim),
    /// Somebody writes to the store, and there is no free piece.
    Nothing,
    /// Nobody writes to the store.
    Nobody,
}

/// A worker's place at the bench.
struct Place {
    deployment: Arc<Deployment>,
    store: Store,
    hands: Hands,
    by: Claimant,
    desk: Arc<Desk>,
    /// Whether it reads: on all its cores, and nothing beside it, so that its memory does not grow with its threads.
    reads: AtomicBool,
}

impl Place {
    async fn open(deployment: &Arc<Deployment>) -> Result<Self> {
        let vault = Vault::new(deployment.usable_secret()?);
        let (categories, partners) = deployment.names();
        let names = Names { categories: &categories, partners: &partners };
        let opened = Store::open_beside(deployment.store_place()?, &vault, &names).await;
        let (store, bench) = match opened {
            Err(fault @ StoreError::Absent(_)) => {
                return Err(Expected::new(Exit::Temporary, format!("{fault} ({})", fault.code())));
            }
            other => other.map_err(open::unopened)?,
        };
        let lease = deployment.settings.store.lease();
        let hands = Hands { bench, lease, fence: None };
        let desk = Arc::new(Desk::new(deployment, vault));
        let by = Claimant { name: name(), lease };
        let deployment = Arc::clone(deployment);
        Ok(Self { deployment, store, hands, by, desk, reads: AtomicBool::new(false) })
    }

    /// Looks for a piece, and claims it when it has a hand free. Without a writer nobody would take down what was done.
    async fn claim(&self, free: bool) -> Result<Looked, StoreError> {
        if !self.hands.bench.is_written().await? {
            return Ok(Looked::Nobody);
        }
        let claim = if free { self.hands.bench.claim(&self.by, Duration::ZERO).await? } else { None };
        Ok(claim.map_or(Looked::Nothing, Looked::Claimed))
    }

    /// Does a piece.
    async fn work(&self, claim: &Claim) -> Result<Carried> {
        if !self.same_agreement(claim).await? {
            self.hands.bench.release(claim).await?;
            return Err(otherwise("the night goes by another agreement than this worker"));
        }
        match claim.kind.as_str() {
            carry::KIND => self.carry(claim).await,
            readers::KIND => {
                let came = self.desk.read(&self.hands, claim).await?;
                tracing::info!(lane = claim.lane, came = ?came, "piece ended");
                Ok(came)
            }
            _ => {
                self.hands.bench.release(claim).await?;
                Err(otherwise("the night is of another version of the program"))
            }
        }
    }

    /// Brings the bundle of a claim to its door.
    async fn carry(&self, claim: &Claim) -> Result<Carried> {
        let row = self.store.bundle(&claim.subject).await?;
        let Some(row) = row.filter(|row| row.bundle.state == BundleState::Sealed) else {
            // It was stopped, or is at its door: the round that it was of is over.
            self.hands.bench.release(claim).await?;
            return Ok(Carried::Left);
        };
        let deployment = &self.deployment;
        let published = deployment.root.join(&deployment.settings.bundles.folder);
        let door = match Door::of(deployment, &claim.lane, &published) {
            Ok(door) => Arc::new(door),
            Err(fault) => return Ok(self.hands.record(claim, &Err(fault)).await?),
        };
        let prepared = Prepared::new(row.bundle.name, row.bundle.manifest_digest);
        let outgoing = prepared.release(&mut Committed).await?;
        let outbox = deployment.state().join("outbox");
        let find = move || sealed_before(&outgoing, &outbox).map(Arc::new);
        let carried = self.hands.carry(claim, door, find).await?;
        tracing::info!(bundle = claim.subject, recipient = claim.lane, came = ?carried, "piece ended");
        Ok(carried)
    }

    async fn same_agreement(&self, claim: &Claim) -> Result<bool, StoreError> {
        let runs = self.store.runs(1).await?;
        let run = runs.first().filter(|run| run.id == claim.run);
        Ok(run.is_some_and(|run| run.agreement_digest == *self.deployment.agreement.digest()))
    }
}

/// Its configuration is not that of the night.
fn otherwise(what: &str) -> anyhow::Error {
    Expected::new(Exit::Configuration, format!("{what} ({OTHER_AGREEMENT})"))
}

/// What the table of shared work calls this process: for people who look at it.
fn name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{} {}", machine.trim(), std::process::id()).trim_start().to_owned()
}
