//! A round of deliveries: what waits in the outbox goes to its doors, each recipient's bundles in their order, all
//! recipients beside each other. A door that fails keeps its own bundles waiting and nobody else's. Where the store is on a
//! server, workers bring them too (`share`).

use super::backoff;
use super::door::{Arrival, Door, DoorError, May};
use super::doors::{Doors, Way};
use super::share::{Lane, Shared};
use crate::config::Deployment;
use crate::night::publish::{Committed, record_decision};
use crate::seal::Sealed;
use crate::store::{BundleId, BundleRow, BundleState, RunId, Step, Store, Taken, Trouble};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{DecisionEntry, Outgoing, Prepared};
use lockgate_core::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// How long a round goes on; who has not answered by then is tried in the next.
const ROUND: Duration = Duration::from_mins(20);
/// From how many days on it is told that bundles wait.
const WAITS_DAYS: i32 = 1;

/// What a round goes by.
pub struct Round<'a> {
    /// The deployment as loaded.
    pub deployment: &'a Deployment,
    /// The store, open for writing.
    pub store: &'a Store,
    /// Where sealed bundles lie.
    pub doors: &'a Arc<Doors>,
    /// The run that the round is of.
    pub run: RunId,
    /// The run's day, for the ledger.
    pub day: Date,
    /// Who receives nothing for now: asked just before the first byte.
    pub closed: &'a [PartnerId],
    /// Whether a door that failed is left alone until its time has come.
    pub only_due: bool,
}

/// What came of the round for one recipient.
#[derive(Debug)]
pub struct Standing {
    /// Its key in the agreement.
    pub recipient: String,
    /// Bundles that were brought.
    pub sent: Vec<String>,
    /// Bundles that wait to be brought.
    pub waiting: u64,
    /// Bundles that wait to be fetched.
    pub to_fetch: u64,
    /// What is wrong with its door.
    pub problem: Option<Problem>,
}

/// One recipient's bundles, in their order.
struct Queue {
    id: PartnerId,
    key: String,
    rows: Vec<BundleRow>,
}

/// What became of one bundle.
pub(super) struct Word {
    pub(super) id: PartnerId,
    pub(super) bundle: BundleId,
    pub(super) what: Result<Arrival, DoorError>,
}

/// Brings what waits. `fresh` is what this night has sealed itself: it need not be read again.
pub async fn deliver(round: &Round<'_>, mut fresh: BTreeMap<i64, Sealed>) -> Result<Vec<Standing>> {
    let queues = queues(round).await?;
    let (words, mut said) = mpsc::unbounded_channel();
    let steps = round.store.deliveries().await?;
    let mut standings = Vec::new();
    let (mut before, mut lanes) = (BTreeMap::new(), Vec::new());
    for queue in &queues {
        let trouble = round.store.trouble(queue.id).await?;
        let mut standing = Standing {
            recipient: queue.key.clone(),
            sent: Vec::new(),
            waiting: queue.rows.len() as u64,
            to_fetch: 0,
            problem: None,
        };
        let rests = round.only_due && trouble.as_ref().is_some_and(rests);
        if !round.closed.contains(&queue.id) && !rests {
            match Door::of(round.deployment, &queue.key, &round.doors.published) {
                // Every night reminds whoever has not fetched what it was told of; a timer between them does not.
                Ok(door)
                    if round.only_due && door.only_tells() && queue.rows.iter().all(|r| told(r, &steps)) =>
                {
                    standing.to_fetch = queue.rows.len() as u64;
                }
                Ok(door) => lanes.push(lane(queue, door, &mut fresh).await?),
                Err(fault) => standing.problem = Some(problem(&queue.key, &fault, queue.rows.len())),
            }
        }
        before.insert(queue.id.0, trouble);
        standings.push((queue, standing));
    }
    let mut heard = Heard::default();
    let late = bring_all(round, lanes, words, &mut said, &mut heard).await?;
    let Heard { arrived, just_told, failed, to_fetch } = heard;
    for (queue, standing) in &mut standings {
        standing.to_fetch += to_fetch.get(&queue.id.0).copied().unwrap_or(0);
    }
    record(round, &queues, &arrived).await?;
    let just_told =
        queues.iter().flat_map(|q| &q.rows).filter(|r| just_told.contains(&r.id.0) && !told(r, &steps));
    note_told(round, &just_told.map(|r| r.id).collect::<Vec<_>>()).await?;
    for (queue, standing) in &mut standings {
        let names = queue.rows.iter().filter(|r| arrived.contains(&r.id.0)).map(|r| r.bundle.name.clone());
        standing.sent = names.collect();
        let open = queue.rows.len() - standing.sent.len();
        standing.waiting = (open as u64).saturating_sub(standing.to_fetch);
        if let Some(fault) = failed.get(&queue.id.0) {
            standing.problem = Some(problem(&queue.key, fault, open));
            keep_trouble(round.store, queue.id, before.remove(&queue.id.0).flatten(), fault).await?;
        } else if (!standing.sent.is_empty() || standing.to_fetch > 0)
            && before.remove(&queue.id.0).flatten().is_some()
        {
            round.store.set_trouble(queue.id, None).await?;
        } else if late && standing.waiting > 0 && !round.closed.contains(&queue.id) {
            let what = format!("the door of `{}` took too long; {open} bundles wait", queue.key);
            standing.problem = Some(Problem::new("LG2604", what));
        }
    }
    Ok(standings.into_iter().map(|(_, standing)| standing).collect())
}

/// Whether a recipient was told of a bundle.
fn told(row: &BundleRow, steps: &BTreeMap<i64, Vec<Taken>>) -> bool {
    steps.get(&row.id.0).is_some_and(|steps| steps.iter().any(|taken| taken.step == Step::Told))
}

async fn note_told(round: &Round<'_>, bundles: &[BundleId]) -> Result<()> {
    if bundles.is_empty() {
        return Ok(());
    }
    let mut tx = round.store.begin_decisions(round.day).await?;
    for bundle in bundles {
        let taken = Taken { step: Step::Told, at: Timestamp::now().to_string(), actor: "push".into() };
        tx.put_step(*bundle, &taken).await?;
    }
    Ok(tx.commit().await?)
}

/// Whether a door that failed is left alone for now.
fn rests(trouble: &Trouble) -> bool {
    trouble.next_at.parse::<Timestamp>().is_ok_and(|next| next > Timestamp::now())
}

fn problem(recipient: &str, fault: &DoorError, open: usize) -> Problem {
    Problem::new(fault.code, format!("the door of `{recipient}`: {}; {open} bundles wait", fault.what))
}

/// What waits, by recipient in the agreement's order; what is for a partner that has left the agreement stays.
async fn queues(round: &Round<'_>) -> Result<Vec<Queue>> {
    let mut by: BTreeMap<u8, Queue> = BTreeMap::new();
    for row in round.store.sealed_bundles().await? {
        let Some(id) = row.recipient else { continue };
        let Some(partner) = round.deployment.agreement.get(id) else { continue };
        let queue =
            by.entry(id.0).or_insert_with(|| Queue { id, key: partner.key.clone(), rows: Vec::new() });
        queue.rows.push(row);
    }
    Ok(by.into_values().collect())
}

/// What was said of the bundles.
#[derive(Default)]
struct Heard {
    arrived: BTreeSet<i64>,
    just_told: BTreeSet<i64>,
    /// By recipient.
    failed: BTreeMap<u8, DoorError>,
    /// How many bundles of each recipient wait to be fetched.
    to_fetch: BTreeMap<u8, u64>,
}

impl Heard {
    fn take(&mut self, word: Word) {
        match word.what {
            Ok(Arrival::Sent) => drop(self.arrived.insert(word.bundle.0)),
            Ok(arrival) => {
                *self.to_fetch.entry(word.id.0).or_default() += 1;
                if arrival == Arrival::Told {
                    self.just_told.insert(word.bundle.0);
                }
            }
            Err(fault) => drop(self.failed.insert(word.id.0, fault)),
        }
    }
}

/// Brings all recipients' bundles; whether somebody took too long.
async fn bring_all(
    round: &Round<'_>,
    lanes: Vec<Lane>,
    words: UnboundedSender<Word>,
    said: &mut UnboundedReceiver<Word>,
    heard: &mut Heard,
) -> Result<bool> {
    let bench = round.store.bench().filter(|_| matches!(round.doors.way, Way::Sealed(_)));
    let Some(bench) = bench else {
        lanes.into_iter().for_each(|lane| start(round, lane, words.clone()));
        drop(words);
        let all = async {
            while let Some(word) = said.recv().await {
                heard.take(word);
            }
        };
        return Ok(tokio::time::timeout(ROUND, all).await.is_err());
    };
    // Where nothing is brought there is nothing to share.
    let (brought, fetched): (Vec<Lane>, Vec<Lane>) = lanes.into_iter().partition(|l| !l.door.is_pull());
    fetched.into_iter().for_each(|lane| start(round, lane, words.clone()));
    let mut shared = Shared::put(round, bench, (round.run, brought), words).await?;
    let ended = tokio::time::timeout(ROUND, shared.bring()).await;
    let late = ended.is_err();
    let closed = shared.close().await;
    if let Ok(ended) = ended {
        ended?;
    }
    closed?;
    while let Some(word) = said.recv().await {
        heard.take(word);
    }
    Ok(late)
}

/// One recipient's bundles on their way: the ledger has them since they were sealed.
async fn lane(queue: &Queue, door: Door, fresh: &mut BTreeMap<i64, Sealed>) -> Result<Lane> {
    let mut bundles = Vec::new();
    for row in &queue.rows {
        let prepared = Prepared::new(row.bundle.name.clone(), row.bundle.manifest_digest);
        bundles.push((row.id, prepared.release(&mut Committed).await?, fresh.remove(&row.id.0)));
    }
    Ok(Lane { id: queue.id, key: queue.key.clone(), door: Arc::new(door), bundles })
}

/// Starts bringing one recipient's bundles; it stops at the first that does not arrive, so that none overtakes another.
fn start(round: &Round<'_>, lane: Lane, words: UnboundedSender<Word>) {
    let Lane { id, key, door, bundles } = lane;
    let doors = Arc::clone(round.doors);
    let (fence, runtime) = (round.store.fence(), tokio::runtime::Handle::current());
    tokio::task::spawn_blocking(move || {
        // Asked at the last moment: a process that was cut off from the store leaves the rest to whoever writes now.
        let may = || runtime.block_on(fence.holds()).map_err(DoorError::from);
        for (bundle, outgoing, sealed) in bundles {
            let what = bring((&doors, &door), &outgoing, &key, sealed, &may);
            let failed = what.is_err();
            if words.send(Word { id, bundle, what }).is_err() || failed {
                return;
            }
        }
        door.sweep();
    });
}

fn bring(
    (doors, door): (&Doors, &Door),
    outgoing: &Outgoing,
    recipient: &str,
    sealed: Option<Sealed>,
    may: &May<'_>,
) -> Result<Arrival, DoorError> {
    may()?;
    let sealed = match sealed {
        Some(sealed) => sealed,
        None => match doors.seal(outgoing, recipient).map_err(unusable)? {
            Some(sealed) => sealed,
            None => return Ok(Arrival::Sent),
        },
    };
    let arrival = door.put(&sealed, may)?;
    if arrival == Arrival::Sent {
        doors.clear(outgoing.name()).map_err(unusable)?;
    }
    Ok(arrival)
}

/// What cannot be sealed or cleared away, as a door says it.
pub(super) fn unusable(fault: anyhow::Error) -> DoorError {
    match fault.downcast::<crate::seal::SealError>() {
        Ok(seal) => DoorError { code: seal.code(), what: seal.to_string(), retry_after: None },
        Err(other) => DoorError { code: "LG2602", what: crate::fault::told(&other), retry_after: None },
    }
}

/// Writes down what arrived, in one order whoever was first.
async fn record(round: &Round<'_>, queues: &[Queue], arrived: &BTreeSet<i64>) -> Result<()> {
    let mut sent = Vec::new();
    for queue in queues {
        let word = Door::of(round.deployment, &queue.key, &round.doors.published).map_or("", |d| d.word());
        for row in queue.rows.iter().filter(|r| arrived.contains(&r.id.0)) {
            sent.push((row.id, row.bundle.name.as_str(), row.bundle.manifest_digest, word));
        }
    }
    record_sent(round.store, round.day, &sent).await
}

/// Writes down that bundles are at their doors: bundle, name, manifest, kind of door.
pub async fn record_sent(store: &Store, day: Date, sent: &[(BundleId, &str, Digest, &str)]) -> Result<()> {
    if sent.is_empty() {
        return Ok(());
    }
    let at = Timestamp::now().to_string();
    let mut tx = store.begin_decisions(day).await?;
    for (id, name, manifest, door) in sent {
        tx.set_bundle_state(*id, BundleState::Published).await?;
        let taken = Taken { step: Step::Sent, at: at.clone(), actor: (*door).to_owned() };
        tx.put_step(*id, &taken).await?;
        let entry = DecisionEntry {
            as_of: day,
            kind: "bundle-sent",
            by: "gateway",
            reference: name,
            subject: *manifest,
        };
        record_decision(&mut tx, &entry).await?;
    }
    Ok(tx.commit().await?)
}

async fn keep_trouble(
    store: &Store,
    recipient: PartnerId,
    before: Option<Trouble>,
    fault: &DoorError,
) -> Result<()> {
    let now = Timestamp::now();
    let failures = before.as_ref().map_or(0, |t| t.failures).saturating_add(1);
    let mut random = [0; 8];
    getrandom::fill(&mut random).ok().context("the operating system gave no random bytes")?;
    let next = backoff::next(now, failures, fault.retry_after, u64::from_le_bytes(random));
    let trouble = Trouble {
        since: before.map_or_else(|| now.to_string(), |t| t.since),
        failures,
        next_at: next.to_string(),
        code: fault.code.to_owned(),
    };
    Ok(store.set_trouble(recipient, Some(&trouble)).await?)
}

/// A reminder for each recipient for whom bundles have waited since the day before or longer.
pub async fn waiting(deployment: &Deployment, store: &Store, day: Date) -> Result<Vec<Problem>> {
    let mut by: BTreeMap<u8, (String, u64, Date)> = BTreeMap::new();
    for row in store.sealed_bundles().await? {
        let Some(partner) = row.recipient.and_then(|id| Some((id, deployment.agreement.get(id)?))) else {
            continue;
        };
        let since = row.bundle.as_of;
        let slot = by.entry(partner.0.0).or_insert_with(|| (partner.1.key.clone(), 0, since));
        (slot.1, slot.2) = (slot.1 + 1, slot.2.min(since));
    }
    let late = by.into_values().filter(|(_, _, since)| (day - *since).get_days() >= WAITS_DAYS);
    let one = |(recipient, bundles, since)| {
        let what = format!("{bundles} bundles wait for `{recipient}`, the first since {since}");
        Problem::new("LG2603", what).help("tell its nominee; `lockgate bundle list` shows which")
    };
    Ok(late.map(one).collect())
}
