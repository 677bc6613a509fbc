//! What `lockgate.toml` says of times: when nights run, when feeds are due, who is told.

use super::lateness::Due;
use super::pattern::Pattern;
use crate::config::Settings;
use jiff::SignedDuration;
use lockgate_core::problem::Problem;
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

/// What `serve` does at which times: `[schedule]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSettings {
    /// When a night runs.
    pub night: Spanned<String>,
    /// When what waits is brought once more between the nights.
    pub bring: Option<Spanned<String>>,
    /// Seconds that a night may still take when `serve` is told to end; what is cut off then goes on with the next night.
    #[serde(default = "minute")]
    pub stop_seconds: u32,
}

/// Times of one feed: `[feed.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSettings {
    /// By when its file is to be there.
    pub due: Option<Spanned<String>>,
    /// Minutes after which it is late.
    #[serde(default = "sixty")]
    pub grace_minutes: u32,
    /// Days by which the date in the file's name may lie before the day on which it is due.
    #[serde(default)]
    pub age_days: u32,
    /// Whether a file is due on bank holidays too.
    #[serde(default = "yes")]
    pub holidays: bool,
    /// When it is taken besides, between the nights.
    pub take: Option<Spanned<String>>,
}

/// Who is told of alarms: `[alarms]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmSettings {
    /// A program and its words; it gets one JSON object on its standard input.
    pub command: Spanned<Vec<String>>,
}

const fn minute() -> u32 {
    60
}

const fn sixty() -> u32 {
    60
}

const fn yes() -> bool {
    true
}

/// All times of a deployment, read.
#[derive(Debug, Default)]
pub struct Schedules {
    /// When a night runs.
    pub night: Option<Pattern>,
    /// When what waits is brought once more.
    pub bring: Option<Pattern>,
    /// How long a night may still take when it is told to end.
    pub stop: Duration,
    /// Feeds with times of their own.
    pub feeds: Vec<Feed>,
    /// The program that is told of alarms, with its words.
    pub alarm: Vec<String>,
}

/// A feed with times of its own.
#[derive(Debug)]
pub struct Feed {
    /// Its name.
    pub name: String,
    /// When its files are due.
    pub due: Option<Due>,
    /// When it is taken between the nights.
    pub take: Option<Pattern>,
}

impl Schedules {
    /// Reads and checks what the settings say; `feeds` are the names of the deployment's feeds.
    pub fn read(settings: &Settings, feeds: &[&str]) -> Result<Self, Vec<Problem>> {
        let (mut out, mut problems) = (Self::default(), Vec::new());
        let mut pattern = |written: Option<&Spanned<String>>| {
            let written = written?;
            let told = |what: String| {
                let what = format!("`{}` is no time: {what}", written.get_ref());
                problems.push(Problem::new("LG2801", what).in_config("lockgate.toml", written.span()).help(
                    "write it as `30 2 * * Mon-Fri`: minute, hour, day of the month, month, day of the week",
                ));
            };
            Pattern::parse(written.get_ref()).map_err(told).ok()
        };
        if let Some(schedule) = &settings.schedule {
            out.night = pattern(Some(&schedule.night));
            out.bring = pattern(schedule.bring.as_ref());
            out.stop = Duration::from_secs(schedule.stop_seconds.into());
        }
        for (name, feed) in &settings.feed {
            let due = pattern(feed.due.as_ref()).map(|at| Due {
                at,
                grace: SignedDuration::from_mins(feed.grace_minutes.into()),
                age_days: feed.age_days,
                holidays: feed.holidays,
            });
            let take = pattern(feed.take.as_ref());
            out.feeds.push(Feed { name: name.get_ref().clone(), due, take });
        }
        for name in settings.feed.keys().filter(|name| !feeds.contains(&name.get_ref().as_str())) {
            let what = format!("there is no feed `{}`", name.get_ref());
            let problem = Problem::new("LG0103", what).in_config("lockgate.toml", name.span());
            problems.push(problem.suggest(name.get_ref(), feeds.iter().copied()));
        }
        if let Some(alarms) = &settings.alarms {
            out.alarm.clone_from(alarms.command.get_ref());
            if out.alarm.is_empty() {
                let what = "`command` names no program";
                problems.push(Problem::new("LG2801", what).in_config("lockgate.toml", alarms.command.span()));
            }
        }
        if problems.is_empty() { Ok(out) } else { Err(problems) }
    }

    /// Whether nothing happens by the clock.
    pub fn is_empty(&self) -> bool {
        self.night.is_none() && self.bring.is_none() && self.feeds.is_empty()
    }

    /// The feeds whose files are due at some time.
    pub fn due(&self) -> impl Iterator<Item = (&str, &Due)> {
        self.feeds.iter().filter_map(|feed| Some((feed.name.as_str(), feed.due.as_ref()?)))
    }
}
