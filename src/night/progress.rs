//! What a person at the terminal sees while a night runs; nothing when nobody looks.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A progress line on standard error, hidden unless that is a terminal.
pub struct Progress {
    bar: ProgressBar,
    /// When the stage began, and what earlier ones took.
    clock: Mutex<(Instant, String, Vec<(String, f64)>)>,
}

impl Progress {
    /// A line, or nothing.
    pub fn new(quiet: bool) -> Self {
        let shown = std::io::stderr().is_terminal() && !quiet;
        let bar = ProgressBar::with_draw_target(
            None,
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
        );
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {elapsed} {msg} {human_pos} rows {per_sec}")
        {
            bar.set_style(style);
        }
        if shown {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, clock: Mutex::new((Instant::now(), "opening".into(), Vec::new())) }
    }

    /// The stage that begins; the count starts anew.
    pub fn stage(&self, what: impl Into<String>) {
        let what = what.into();
        if let Ok(mut clock) = self.clock.lock() {
            let took = clock.0.elapsed().as_secs_f64();
            let before = std::mem::replace(&mut clock.1, what.clone());
            clock.2.push((before, took));
            clock.0 = Instant::now();
        }
        self.bar.set_message(what);
        self.bar.set_position(0);
        self.bar.reset_eta();
    }

    /// Seconds of each stage so far, in order; for the summary.
    pub fn timings(&self) -> Vec<(String, f64)> {
        self.stage("ending");
        self.clock.lock().map(|c| c.2.clone()).unwrap_or_default()
    }

    /// Rows done.
    pub fn add(&self, rows: u64) {
        self.bar.inc(rows);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
