//! The words of `lockgate correction …`.

use super::Signed;
use clap::{Args, Subcommand};
use jiff::civil::Date;

/// `lockgate correction …`
#[derive(Debug, Subcommand)]
pub enum CorrectionCommand {
    /// Take down anybody's notice that a field of a record is wrong (6.1): its originator is asked with its next bundle
    #[command(
        after_help = "Examples:\n  lockgate correction open --record PARTNER:RECORD_ID --field release_date \\\n    \
        --for PARTNER --by nominee-3 --reference \"telephone note 12\""
    )]
    Open(CorrectionOpenArgs),
    /// List corrections: where each stands, and who has still to confirm
    #[command(
        after_help = "Examples:\n  lockgate correction list\n  lockgate correction list --overdue --json\n\n\
        Ends 4 when anything is overdue."
    )]
    List(CorrectionListArgs),
    /// Show one correction: exactly who was told the wrong value, in which bundle, who was told otherwise, who has confirmed
    #[command(after_help = "Examples:\n  lockgate correction show 12\n  lockgate correction show 12 --json")]
    Show {
        /// Its number
        number: i64,
    },
    /// Take down that the originator says its record stands as it is
    #[command(
        after_help = "Examples:\n  lockgate correction stands 12 --for PARTNER --by nominee-1 --reference \"letter 8\"\n\n\
        Ends 8 when it is not this partner's to say. What is wrong is corrected at the source; the next night takes it."
    )]
    Stands {
        /// Its number
        number: i64,
        /// Who says so
        #[command(flatten)]
        signed: Signed,
    },
}

/// Options of `lockgate correction open`.
#[derive(Debug, Args)]
pub struct CorrectionOpenArgs {
    /// The record: `PARTNER:record_id` as that partner's bundle shows it, or 32 hexadecimal digits
    #[arg(long, value_name = "RECORD")]
    pub record: String,
    /// The person, so that the record is found at once
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// The field that is wrong
    #[arg(long, value_name = "FIELD")]
    pub field: String,
    /// Who says so
    #[command(flatten)]
    pub signed: Signed,
}

/// Options of `lockgate correction list`.
#[derive(Debug, Args)]
pub struct CorrectionListArgs {
    /// Also those that are closed
    #[arg(long)]
    pub all: bool,
    /// Only those of which somebody is late
    #[arg(long)]
    pub overdue: bool,
    /// The day to compare with (default: the last run's)
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
}
