//! `lockgate receipt …`.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::path::PathBuf;

/// What is done with receipts.
#[derive(Debug, Subcommand)]
pub enum ReceiptCommand {
    /// Take a return form that a recipient sent back: `acknowledge.csv` filled in, or JSON
    #[command(
        after_help = "Examples:\n  lockgate receipt import acknowledge.csv --from PARTNER\n  lockgate receipt import form.csv --from PARTNER --signature form.csv.sig"
    )]
    Import {
        /// The form
        file: PathBuf,
        /// The partner that sent it
        #[arg(long, value_name = "PARTNER")]
        from: String,
        /// The partner's signature of the form, by `ssh-keygen -Y sign -n lockgate-ack` (default: FILE.sig, when it is there)
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
    },
    /// List what was asked with each bundle and how far it is answered
    #[command(
        after_help = "Examples:\n  lockgate receipt list --overdue\n  lockgate receipt list --recipient PARTNER --json"
    )]
    List(ReceiptListArgs),
}

/// Options of `receipt list`.
#[derive(Debug, Args)]
pub struct ReceiptListArgs {
    /// Only this recipient
    #[arg(long, value_name = "PARTNER")]
    pub recipient: Option<String>,
    /// Only what should have been answered by now
    #[arg(long)]
    pub overdue: bool,
    /// The day to compare with (default: the last run's)
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
}
