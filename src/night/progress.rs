//! What a person at the terminal sees while a night runs; nothing when nobody looks.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::Duration;

/// A progress line on standard error, hidden unless that is a terminal.
pub struct Progress(ProgressBar);

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
        Self(bar)
    }

    /// The stage that begins; the count starts anew.
    pub fn stage(&self, what: impl Into<String>) {
        self.0.set_message(what.into());
        self.0.set_position(0);
        self.0.reset_eta();
    }

    /// Rows done.
    pub fn add(&self, rows: u64) {
        self.0.inc(rows);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
