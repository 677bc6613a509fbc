//! Alarms: what is to be said of late feeds, said once, and remembered in the store.

use super::lateness::{Open, Verdict, judge};
use crate::config::Deployment;
use crate::store::{AlarmRow, Store};
use anyhow::Result;
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::problem::Problem;
use serde::Serialize;

/// What was found of a feed.
#[derive(Debug, Clone)]
pub struct Told {
    /// `late`, `missing` or `back`.
    pub state: &'static str,
    /// The feed.
    pub feed: String,
    /// When its file was due.
    pub due: Timestamp,
    /// The same, for people.
    pub problem: Problem,
}

/// What the program under `[alarms]` gets on its standard input.
#[derive(Serialize)]
pub struct AlarmJson<'a> {
    /// See [`Told::state`].
    pub state: &'a str,
    /// The code, for `lockgate explain`.
    pub code: &'a str,
    /// The feed.
    pub feed: &'a str,
    /// The partner's desk.
    pub owner: &'a str,
    /// When its file was due.
    pub due: String,
    /// In words.
    pub text: &'a str,
}

impl Told {
    /// For a program.
    pub fn json<'a>(&'a self, deployment: &'a Deployment) -> AlarmJson<'a> {
        AlarmJson {
            state: self.state,
            code: self.problem.code,
            feed: &self.feed,
            owner: deployment.owner(&self.feed),
            due: self.due.to_string(),
            text: &self.problem.what,
        }
    }
}

/// Looks whether feeds are late at a moment. `seen` is the latest date of a file that lies at its place and was not taken
/// yet. What is to be said is said once; the first look at a feed only begins to watch it.
pub async fn look(
    deployment: &Deployment,
    store: &Store,
    now: Timestamp,
    seen: impl Fn(&str) -> Option<Date>,
) -> Result<Vec<Told>> {
    let open = store.open_alarms().await?;
    let mut told = Vec::new();
    for (feed, due) in deployment.schedules.due() {
        let Some(since) = watched(store, feed, now).await? else { continue };
        let expected = due.expected(&deployment.zone, &deployment.calendar, since, now);
        let newest = store.newest_date(feed).await?.max(seen(feed));
        let alarm = open.iter().find(|a| a.feed == feed);
        let before = alarm.map(|a| Open { due: a.due_at, missing: a.missing_at.is_some() });
        let verdict = judge(before, expected, newest);
        told.extend(say(deployment, store, feed, (alarm, verdict), now).await?);
    }
    Ok(told)
}

/// Alarms that go on, for whoever asks; nothing is recorded.
pub async fn standing(deployment: &Deployment, store: &Store) -> Result<Vec<Problem>> {
    let due = |feed: &str| deployment.schedules.due().any(|(name, _)| name == feed);
    let open = store.open_alarms().await?.into_iter().filter(|a| due(&a.feed));
    Ok(open
        .map(|a| {
            if a.missing_at.is_some() {
                missing(deployment, &a.feed, a.due_at)
            } else {
                late(deployment, &a.feed, a.due_at)
            }
        })
        .collect())
}

/// Since when a feed is watched; `None` when that begins now.
async fn watched(store: &Store, feed: &str, now: Timestamp) -> Result<Option<Timestamp>> {
    let key = format!("watched.{feed}");
    if let Some(since) = store.meta(&key).await?.and_then(|text| text.parse().ok()) {
        return Ok(Some(since));
    }
    store.set_meta(&key, &now.to_string()).await?;
    Ok(None)
}

async fn say(
    deployment: &Deployment,
    store: &Store,
    feed: &str,
    (alarm, verdict): (Option<&AlarmRow>, Verdict),
    now: Timestamp,
) -> Result<Option<Told>> {
    let (state, due, problem) = match (verdict, alarm) {
        (Verdict::Late(expected), None) => {
            store.raise_alarm(feed, expected.due, now).await?;
            ("late", expected.due, late(deployment, feed, expected.due))
        }
        (Verdict::Missing(_), Some(alarm)) => {
            store.escalate_alarm(alarm.id, now).await?;
            ("missing", alarm.due_at, missing(deployment, feed, alarm.due_at))
        }
        (Verdict::Back, Some(alarm)) => {
            store.end_alarm(alarm.id, now).await?;
            ("back", alarm.due_at, back(deployment, feed, alarm.due_at))
        }
        _ => return Ok(None),
    };
    Ok(Some(Told { state, feed: feed.to_owned(), due, problem }))
}

fn late(deployment: &Deployment, feed: &str, due: Timestamp) -> Problem {
    let what = format!("feed `{feed}` is late: its file was due {}", civil(deployment, due));
    Problem::new("LG2802", what).help(ask(deployment, feed))
}

fn missing(deployment: &Deployment, feed: &str, due: Timestamp) -> Problem {
    let what =
        format!("feed `{feed}` is missing: no file since that which was due {}", civil(deployment, due));
    Problem::new("LG2803", what).help(ask(deployment, feed))
}

fn back(deployment: &Deployment, feed: &str, due: Timestamp) -> Problem {
    let what = format!("feed `{feed}` is back: it was late since {}", civil(deployment, due));
    Problem::new("LG2804", what)
}

fn ask(deployment: &Deployment, feed: &str) -> String {
    format!("ask {}", deployment.owner(feed))
}

fn civil(deployment: &Deployment, at: Timestamp) -> String {
    at.to_zoned_datetime(deployment.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}
