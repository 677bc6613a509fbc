//! The words of `lockgate backup` and `lockgate restore`.

use clap::Args;
use std::path::PathBuf;

/// Where a backup goes.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The folder, which must not be there yet; with `--check` the backup that is there
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Make none: read this one through, and compare every file with its list
    #[arg(long)]
    pub check: bool,
}

/// From where is restored, by whom and why.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Who decides: a token that the ledger keeps, not a name
    #[arg(long, value_name = "WHO", default_value = "operator")]
    pub by: String,
    /// Why, or a written reference
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}
