//! The words of `lockgate serve`.

use clap::Args;
use jiff::civil::Date;

/// Options of `lockgate serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The day for nominees and suspensions (default: today in the deployment's zone)
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
}
