//! `lockgate doctor`: whether tonight's night could do its work: configuration, store, clock, room, agreement, keys, places.
//! Unlike `check` it looks into the store and asks every place; it changes nothing.

use super::{Voice, support};
use crate::approval::{self, Before};
use crate::cli::DoctorArgs;
use crate::config::{Deployment, Texts};
use crate::deliver::outbox;
use crate::exit::{Exit, Expected};
use crate::fault;
use crate::night::reminders;
use crate::night::summary::table;
use crate::open;
use crate::report::{self, ProblemJson, Severity};
use crate::schedule;
use crate::store::Store;
use anyhow::Result;
use jiff::ToSpan as _;
use lockgate_core::problem::Problem;
use serde::Serialize;
use std::path::Path;

/// Bytes that a night needs at the least beside what it keeps already.
const ROOM: u64 = 1 << 30;
/// Days for which the calendar should know the bank holidays ahead.
const AHEAD: i64 = 60;

/// What was looked at, and what is wrong with it.
struct Look {
    what: &'static str,
    found: String,
    faults: Vec<Problem>,
    /// What works tonight, and somebody should look at.
    warnings: Vec<Problem>,
}

#[derive(Serialize)]
struct LookJson<'a> {
    what: &'a str,
    ok: bool,
    found: &'a str,
    problems: Vec<ProblemJson<'a>>,
    warnings: Vec<ProblemJson<'a>>,
}

/// Looks at everything; ends 3 when something would stop or narrow the night.
pub(super) async fn doctor(voice: Voice, deployment: &Deployment, args: &DoctorArgs) -> Result<Exit> {
    let mut looks = vec![configuration(deployment), room(deployment), keys(deployment), calendar(deployment)];
    looks.extend(tokio::task::block_in_place(|| places(deployment)));
    looks.extend(store(deployment).await);
    let ok = looks.iter().all(|look| look.faults.is_empty());
    let texts = &deployment.texts;
    let json = || looks.iter().map(|look| look.json(texts)).collect::<Vec<_>>();
    if let Some(path) = &args.support {
        support::write(deployment, &serde_json::to_string_pretty(&json())?, path).await.map_err(|fault| {
            let why = fault::told(&fault);
            Expected::new(Exit::Usage, format!("`{}` was not written: {why}", path.display()))
        })?;
    }
    if voice.json {
        report::json(&json());
    } else {
        if !voice.quiet {
            let row = |look: &Look| {
                let word = if !look.faults.is_empty() {
                    "NOT"
                } else if look.warnings.is_empty() {
                    "ok"
                } else {
                    "look"
                };
                vec![look.what.to_owned(), word.to_owned(), look.found.clone()]
            };
            let rows: Vec<Vec<String>> = looks.iter().map(row).collect();
            report::line(&table(voice.plain, &["looked at", "", "found"], &rows));
        }
        for look in &looks {
            report::print(&look.faults, Severity::Error, texts, voice.style());
            report::print(&look.warnings, Severity::Warning, texts, voice.style());
        }
    }
    Ok(if ok { Exit::Done } else { Exit::Problems })
}

impl Look {
    fn json<'a>(&'a self, texts: &'a Texts) -> LookJson<'a> {
        let told = |problems: &'a [Problem], severity| -> Vec<ProblemJson<'a>> {
            problems.iter().map(|p| ProblemJson::new(p, severity, texts)).collect()
        };
        LookJson {
            what: self.what,
            ok: self.faults.is_empty(),
            found: &self.found,
            problems: told(&self.faults, Severity::Error),
            warnings: told(&self.warnings, Severity::Warning),
        }
    }

    fn new(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, found: found.into(), faults: Vec::new(), warnings: Vec::new() }
    }
}

fn configuration(deployment: &Deployment) -> Look {
    let feeds = deployment.mappings.len();
    let mut look = Look::new(
        "configuration",
        format!("{feeds} feeds, {} partners", deployment.agreement.partners().count()),
    );
    for mapping in &deployment.mappings {
        look.faults.extend(mapping.run_examples().iter().map(|f| f.problem(mapping.file())));
    }
    look.faults.extend_from_slice(deployment.agreement.findings());
    if let Err(fault) = deployment.secret() {
        look.faults.push(Problem::new(fault.code(), fault.to_string()).in_config("lockgate.toml", 0..0));
    }
    look
}

/// The room that is left where the state lies.
fn room(deployment: &Deployment) -> Look {
    let state = deployment.state();
    let place = if state.exists() { state.as_path() } else { state.parent().unwrap_or(Path::new(".")) };
    let Some(free) = free(place) else { return Look::new("room", "not known") };
    let database = std::fs::metadata(state.join("store.sqlite")).map_or(0, |m| m.len());
    let wanted = ROOM.max(database.saturating_mul(2));
    let mut look =
        Look::new("room", format!("{} MiB free, the database has {} MiB", free >> 20, database >> 20));
    if read_only(place) {
        let what = "nothing may be written on the drive where the state lies";
        look.faults.push(Problem::new(fault::DRIVE, what).help("mount it for writing, or mend it"));
    }
    if free < wanted {
        let what = format!(
            "{} MiB are free where the state lies, and a night may need {} MiB",
            free >> 20,
            wanted >> 20
        );
        let help = "a night that finds no room stops and loses nothing; make room before it";
        look.faults.push(Problem::new("LG2809", what).help(help));
    }
    look
}

/// Bytes that this process may still write at a place.
fn free(place: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(place).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Whether a place is on a drive on which nobody may write.
fn read_only(place: &Path) -> bool {
    rustix::fs::statvfs(place).is_ok_and(|stat| stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

fn keys(deployment: &Deployment) -> Look {
    let today = deployment.clock.today(&deployment.zone);
    let mut look = Look::new("keys", "the gateway's and its recipients'");
    look.faults.extend(super::key::unread(deployment));
    let (missing, ending) = reminders::keys(deployment, today).into_iter().partition(|p| p.code == "LG2213");
    look.faults.extend::<Vec<Problem>>(missing);
    look.warnings = ending;
    look
}

fn calendar(deployment: &Deployment) -> Look {
    let today = deployment.clock.today(&deployment.zone);
    let mut look = Look::new("calendar", "the bank holidays of today's year and the next two months");
    let ahead = today.checked_add(AHEAD.days()).unwrap_or(today);
    let unknown = [today, ahead].into_iter().find(|day| !deployment.calendar.knows(*day));
    if let Some(day) = unknown.filter(|_| deployment.settings.calendar.is_some()) {
        let what = format!("the calendar lists no bank holiday of {}", day.year());
        look.warnings.push(Problem::new("LG2125", what).help("add the year's when they are announced"));
    }
    look
}

/// Every place of the settings, asked for its files.
fn places(deployment: &Deployment) -> Vec<Look> {
    let one = |name: &str| {
        let mut look = Look::new("place", name);
        let place = match deployment.place_named(name) {
            Ok(place) => place,
            Err(fault) => {
                look.faults.push(Problem::new("LG0103", fault::told(&fault)));
                return look;
            }
        };
        match place.list() {
            Ok(listed) => look.found = format!("`{name}` answers: {} files", listed.len()),
            Err(fault) => {
                let what = format!("place `{name}`: {}", fault.what);
                look.faults.push(Problem::new(fault.code, what));
            }
        }
        look
    };
    deployment.settings.place.keys().map(|name| one(name.get_ref())).collect()
}

/// What the store says: that it opens, the clock, the agreement in force, what waits, who is late.
async fn store(deployment: &Deployment) -> Vec<Look> {
    let store = match open::reading_if_made(deployment).await {
        Ok(Some((store, _))) => store,
        Ok(None) => return vec![Look::new("store", "none yet: the first night makes it")],
        Err(older) if open::is_older(&older) => {
            let mut look = Look::new("store", "of an earlier version of the program");
            look.warnings.push(Problem::new("LG2013", fault::told(&older)));
            return vec![look];
        }
        Err(why) => {
            let mut look = Look::new("store", "does not open");
            look.faults.push(Problem::new("LG2810", fault::ended(&why).1));
            return vec![look];
        }
    };
    let looks = looks_into(deployment, &store).await;
    let _ = store.close().await;
    looks.unwrap_or_else(|fault| {
        let mut look = Look::new("store", "does not read");
        look.faults.push(Problem::new("LG2810", fault::ended(&fault).1));
        vec![look]
    })
}

async fn looks_into(deployment: &Deployment, store: &Store) -> Result<Vec<Look>> {
    let (now, today) = (deployment.clock.now(), deployment.clock.today(&deployment.zone));
    let runs = store.runs(200).await?;
    let last = runs.first().map_or_else(|| "no run".to_owned(), |r| format!("run {} of {}", r.id.0, r.as_of));
    let unfinished = runs.first().is_some_and(|run| run.finished_at.is_none());
    let end = if unfinished { ", which goes on or was cut off" } else { "" };
    let place = deployment.store_place()?;
    let at = place.server().map_or_else(String::new, |server| format!(" at {}", server.shown()));
    let opened = Look::new("store", format!("opens{at}; the last is {last}{end}"));
    let mut clock = Look::new("clock", format!("{now}, {today} in {}", deployment.settings.time_zone));
    clock.faults.extend(schedule::doubt(&runs, now));
    let mut agreement = Look::new("agreement", deployment.agreement.reference());
    let standing = approval::examine(deployment, &Before::of(store).await?);
    if !standing.approved() {
        agreement.faults = standing.problems();
    }
    agreement.faults.extend(approval::out_of_force(deployment, today));
    agreement.warnings.extend(reminders::agreement(deployment, today));
    let mut waiting = Look::new("outbox", "what waits for its recipients");
    waiting.warnings.extend(outbox::waiting(deployment, store, today).await?);
    let mut feeds = Look::new("feeds", "those that have a time at which they are due");
    feeds.warnings.extend(schedule::standing(deployment, store).await?);
    Ok(vec![opened, clock, agreement, waiting, feeds])
}
