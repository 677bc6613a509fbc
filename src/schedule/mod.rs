//! Times: when nights run, when feeds are due, and who is told when one is late.
//!
//! `pattern` reads a cron expression in civil time, `lateness` judges a feed, `pending` says which night is to be run (all pure);
//! `alarms` says once that a feed is late, `daemon` keeps the time for `serve`, `alone` sees to it that one does.

mod alarms;
mod alone;
mod codes;
mod daemon;
mod hook;
mod lateness;
mod pattern;
mod pending;
mod place;
mod settings;

pub use alarms::{AlarmJson, Told, look, standing};
pub use alone::Alone;
pub use codes::CODES;
pub use daemon::{Current, Daemon, doubt, keep_time, tell};
pub use lateness::{Due, Expected, Open, Verdict, judge};
pub use pattern::Pattern;
pub use settings::{AlarmSettings, Feed, FeedSettings, ScheduleSettings, Schedules};
