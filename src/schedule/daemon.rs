//! Keeping the time for `serve`: nights, feeds taken between them, what waits brought, late feeds noticed. One thing at a time:
//! what comes due meanwhile happens right after, once.

use super::alarms::{self, Told};
use super::pending::{Night, Ran, pending};
use super::{hook, place};
use crate::config::Deployment;
use crate::deliver::bring::bring;
use crate::exit::{Exit, Expected};
use crate::fault;
use crate::night::Order;
use crate::night::run::run;
use crate::open;
use crate::store::{RunRow, StoreError};
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use lockgate_core::problem::{Location, Problem};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::watch;

/// The clock is looked at that often at the least: it may be set, and a laptop may have slept.
const TICK: Duration = Duration::from_secs(15);
/// How often a late feed's place is looked at again.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// Runs that are looked through for one that was a night's.
const RUNS: u32 = 200;
/// Days after the last run from which the clock is doubted.
const DOUBTFUL_DAYS: i64 = 366;

/// What `serve` goes by; exchanged as a whole when the configuration was read again.
#[derive(Clone)]
pub struct Current(Arc<RwLock<Arc<Deployment>>>);

impl Current {
    /// Begins with a deployment.
    pub fn new(deployment: Arc<Deployment>) -> Self {
        Self(Arc::new(RwLock::new(deployment)))
    }

    /// The one in force.
    pub fn get(&self) -> Arc<Deployment> {
        Arc::clone(&self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Puts another in force.
    pub fn set(&self, deployment: Arc<Deployment>) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = deployment;
    }
}

/// Keeps the time until it is told to end.
pub async fn keep_time(current: Current, mut ends: watch::Receiver<bool>) {
    let mut daemon = Daemon::new(&current.get());
    while !*ends.borrow() {
        let deployment = current.get();
        let patience = deployment.schedules.stop;
        let wait = tokio::select! {
            wait = daemon.turn(&deployment) => wait,
            () = ended(ends.clone(), patience) => {
                tracing::warn!("a night was cut off: the next one goes on where it was");
                return;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait.min(TICK)) => {}
            _ = ends.changed() => {}
        }
    }
}

/// Ends a while after it was told to.
async fn ended(mut ends: watch::Receiver<bool>, patience: Duration) {
    while !*ends.borrow_and_update() {
        if ends.changed().await.is_err() {
            break;
        }
    }
    tokio::time::sleep(patience).await;
}

/// What was done, and when.
pub struct Daemon {
    begun: Timestamp,
    /// The night that failed, how often, and when it is tried again.
    failed: Option<(Night, u32, Timestamp)>,
    /// When what waits was last brought, and feeds last taken.
    brought: Timestamp,
    taken: BTreeMap<String, Timestamp>,
    looked: Option<Timestamp>,
    /// Whether the clock was said to be wrong already.
    doubted: bool,
}

impl Daemon {
    /// Begins now.
    pub fn new(deployment: &Deployment) -> Self {
        let begun = deployment.clock.now();
        Self { begun, failed: None, brought: begun, taken: BTreeMap::new(), looked: None, doubted: false }
    }

    /// Does what has come due; gives the time until something may come due again.
    pub async fn turn(&mut self, deployment: &Deployment) -> Duration {
        if let Err(fault) = self.due(deployment).await {
            tracing::error!(code = "LG2808", "{}", fault::ended(&fault).1);
        }
        self.wait(deployment)
    }

    async fn due(&mut self, deployment: &Deployment) -> Result<()> {
        if deployment.schedules.is_empty() {
            return Ok(());
        }
        let runs = runs(deployment).await?;
        let now = deployment.clock.now();
        if let Some(doubt) = doubt(&runs, now) {
            if !std::mem::replace(&mut self.doubted, true) {
                tell(&doubt);
            }
            return Ok(());
        }
        self.doubted = false;
        let ran: Vec<Ran> = runs.iter().filter_map(Ran::of).collect();
        let night = deployment.schedules.night.as_ref();
        let night = night.and_then(|p| pending(p, &deployment.zone, &ran, (self.begun, now)));
        if let Some(night) = night.filter(|night| self.may_try(*night, now)) {
            self.night(deployment, night).await;
        } else {
            self.between(deployment, now).await;
        }
        // Before the first run nothing is watched.
        if runs.is_empty() { Ok(()) } else { self.look(deployment).await }
    }

    /// Whether a night that failed is to be tried again already.
    fn may_try(&self, night: Night, now: Timestamp) -> bool {
        self.failed.is_none_or(|(failed, _, again)| failed != night || again <= now)
    }

    async fn night(&mut self, deployment: &Deployment, night: Night) {
        let order = Order { as_of: night.as_of, feeds: Vec::new(), dry_run: false };
        tracing::info!(day = %night.as_of, "night begins");
        self.failed = match one_night(deployment, order).await {
            Ok(()) => None,
            Err(fault) => {
                let tries =
                    self.failed.filter(|(failed, ..)| *failed == night).map_or(0, |(_, tries, _)| tries) + 1;
                let pause = pause(&fault, tries);
                let what =
                    format!("the night of {} did not end well: {}", night.as_of, fault::ended(&fault).1);
                tell(&Problem::new("LG2808", what));
                let again = deployment.clock.now().checked_add(pause).unwrap_or(Timestamp::MAX);
                Some((night, tries, again))
            }
        };
    }

    /// Feeds that are taken between the nights, and what waits.
    async fn between(&mut self, deployment: &Deployment, now: Timestamp) {
        let zone = &deployment.zone;
        let due = deployment.schedules.feeds.iter().filter(|feed| {
            let since = self.taken.get(&feed.name).copied().unwrap_or(self.begun);
            feed.take.as_ref().is_some_and(|take| take.last(zone, since, now).is_some())
        });
        let feeds: Vec<String> = due.map(|feed| feed.name.clone()).collect();
        if !feeds.is_empty() {
            self.taken.extend(feeds.iter().map(|feed| (feed.clone(), now)));
            let order = Order { as_of: deployment.clock.today(zone), feeds, dry_run: false };
            if let Err(fault) = one_night(deployment, order).await {
                tell(&Problem::new("LG2808", format!("feeds were not taken: {}", fault::ended(&fault).1)));
            }
        }
        let bring = deployment.schedules.bring.as_ref();
        if bring.is_some_and(|bring| bring.last(zone, self.brought, now).is_some()) {
            self.brought = now;
            if let Err(fault) = once_more(deployment).await {
                tracing::warn!("what waits was not brought: {}", fault::ended(&fault).1);
            }
        }
    }

    /// Looks whether feeds are late, when one may have become so, and every minute while one is.
    async fn look(&mut self, deployment: &Deployment) -> Result<()> {
        let now = deployment.clock.now();
        let passed = |last: Timestamp| {
            let deadline = next_deadline(deployment, last);
            deadline.is_some_and(|at| at <= now) || last.checked_add(AGAIN).is_ok_and(|again| again <= now)
        };
        if deployment.schedules.due().next().is_none() || !self.looked.is_none_or(passed) {
            return Ok(());
        }
        self.looked = Some(now);
        let told = match look_at(deployment, now).await {
            // A run that goes on looks itself.
            Err(fault) if is_busy(&fault) => Vec::new(),
            other => other?,
        };
        told.iter().for_each(|one| tell(&one.problem));
        hook::tell(deployment, &told).await.iter().for_each(tell);
        Ok(())
    }

    /// The time until something may come due.
    fn wait(&self, deployment: &Deployment) -> Duration {
        let (now, zone, schedules) = (deployment.clock.now(), &deployment.zone, &deployment.schedules);
        let patterns = [&schedules.night, &schedules.bring].into_iter().flatten();
        let patterns = patterns.chain(schedules.feeds.iter().filter_map(|feed| feed.take.as_ref()));
        let moments = patterns.filter_map(|pattern| pattern.next(zone, now));
        let moments =
            moments.chain(self.failed.map(|(_, _, again)| again)).chain(next_deadline(deployment, now));
        let next = moments.filter(|at| *at > now).min().unwrap_or(Timestamp::MAX);
        Duration::try_from(now.duration_until(next)).unwrap_or(TICK)
    }
}

/// The next moment after another at which a feed may turn out to be late.
fn next_deadline(deployment: &Deployment, after: Timestamp) -> Option<Timestamp> {
    let (zone, calendar) = (&deployment.zone, &deployment.calendar);
    deployment.schedules.due().filter_map(|(_, due)| due.next_deadline(zone, calendar, after)).min()
}

/// How long a night that failed waits: one that found another run going on a minute, others ten minutes and then twice as long
/// each time.
fn pause(fault: &anyhow::Error, tries: u32) -> SignedDuration {
    if is_busy(fault) {
        return SignedDuration::from_mins(1);
    }
    SignedDuration::from_mins(10 << tries.saturating_sub(1).min(5))
}

fn is_busy(fault: &anyhow::Error) -> bool {
    fault.downcast_ref::<Expected>().is_some_and(|e| e.exit == Exit::Temporary)
        || matches!(fault.downcast_ref::<StoreError>(), Some(StoreError::InUse(_)))
}

async fn one_night(deployment: &Deployment, order: Order) -> Result<()> {
    let told = run(deployment, order, true).await?;
    told.errors.iter().chain(&told.warnings).for_each(tell);
    let failed = told.summary.recipients.iter().filter(|r| r.failed).count();
    tracing::info!(
        day = told.summary.as_of,
        run = told.summary.run,
        exit = told.summary.exit,
        failed,
        waiting = told.summary.undelivered,
        "night ends"
    );
    if !told.summary.balances() {
        anyhow::bail!("the night's numbers do not add up");
    }
    hook::tell(deployment, &told.alarms).await.iter().for_each(tell);
    Ok(())
}

async fn once_more(deployment: &Deployment) -> Result<()> {
    let brought = bring(deployment, false).await?;
    brought.noted.iter().chain(&brought.undecided).for_each(tell);
    for standing in brought.standings {
        tracing::info!(
            recipient = standing.recipient,
            sent = standing.sent.len(),
            waiting = standing.waiting,
            "brought"
        );
        standing.problem.iter().for_each(tell);
    }
    Ok(())
}

async fn look_at(deployment: &Deployment, now: Timestamp) -> Result<Vec<Told>> {
    let today = now.to_zoned_datetime(deployment.zone.clone()).date();
    let (store, _) = open::writing(deployment).await?;
    let told = alarms::look(deployment, &store, now, |feed| place::newest(deployment, feed, today)).await;
    store.close().await?;
    told
}

/// The newest runs; none when there is no store yet.
async fn runs(deployment: &Deployment) -> Result<Vec<RunRow>> {
    let Some((store, _)) = open::up_to_date(deployment).await? else { return Ok(Vec::new()) };
    let runs = store.runs(RUNS).await?;
    store.close().await?;
    Ok(runs)
}

/// Whether the clock cannot be right, by what the runs say.
pub fn doubt(runs: &[RunRow], now: Timestamp) -> Option<Problem> {
    let last = runs.iter().filter_map(|run| run.started_at.parse::<Timestamp>().ok()).max()?;
    let tolerance = SignedDuration::from_hours(1);
    let behind = now.checked_add(tolerance).is_ok_and(|later| later < last);
    let ahead =
        last.checked_add(SignedDuration::from_hours(24 * DOUBTFUL_DAYS)).is_ok_and(|later| later < now);
    let what = match (behind, ahead) {
        (true, _) => format!("the clock says {now}, and a run began at {last} already"),
        (_, true) => format!("the clock says {now}, more than a year after the last run began ({last})"),
        _ => return None,
    };
    let help = "set the clock; if it is right, run one night by hand: `lockgate run --as-of DATE`";
    Some(Problem::new("LG2805", what).help(help))
}

/// Into the log.
pub fn tell(problem: &Problem) {
    let (feed, row, column) = match &problem.at {
        Some(Location::Data { feed, row, column }) => (Some(feed.as_str()), *row, column.as_deref()),
        _ => (None, None, None),
    };
    let (code, what) = (problem.code, &problem.what);
    match code {
        "LG2804" => tracing::info!(code, feed, row, column, "{what}"),
        "LG2802" | "LG2803" | "LG2805" | "LG2808" => tracing::error!(code, feed, row, column, "{what}"),
        _ => tracing::warn!(code, feed, row, column, "{what}"),
    }
}
