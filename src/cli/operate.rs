//! The words of `lockgate history` and `lockgate doctor`.

use clap::Args;
use std::path::PathBuf;

/// Which runs are shown, and how.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// How many, newest first
    #[arg(long, default_value_t = 20)]
    pub last: u32,
    /// Write the newest run, or that of --run, as a page; it names nobody
    #[arg(long, value_name = "FILE", conflicts_with = "last")]
    pub html: Option<PathBuf>,
    /// The run of the page, by its number
    #[arg(long, value_name = "RUN", requires = "html")]
    pub run: Option<i64>,
}

/// What the doctor writes besides.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Put versions, counts and what was found into a file for whoever helps from afar; it holds nothing about anybody
    #[arg(long, value_name = "FILE.zip")]
    pub support: Option<PathBuf>,
}
