//! The words of `lockgate worker`.

use clap::Args;
use std::num::NonZeroUsize;

/// Options of `lockgate worker`.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// End with the night or the deliveries that are under way, or at once when there are none
    #[arg(long)]
    pub once: bool,
    /// How many pieces of work at a time (default: one for each core)
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}
