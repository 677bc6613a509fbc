//! `lockgate ledger …`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What is asked of the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Recompute every link and root of the ledger, and compare each bundle's manifest and what others have witnessed
    #[command(
        after_help = "Examples:\n  lockgate ledger verify\n  lockgate ledger verify --against datapackage.json\n  \
                      lockgate ledger verify --bundle NAME --json\n  \
                      lockgate ledger verify --person FEED:KEY --reason \"audit 3\""
    )]
    Verify(WholeArgs),
    /// Write the ledger's entries and its checkpoint into a new folder, to be verified without this program
    #[command(after_help = "Examples:\n  lockgate ledger export --out evidence")]
    Export {
        /// The folder, which must not be there yet
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Show everything that was ever told about a person: to whom, when, under which clause, and what was answered
    #[command(
        after_help = "Examples:\n  lockgate ledger show --person FEED:KEY --reason \"subject access 12\""
    )]
    Show(ShowArgs),
    /// Prove that an entry is in the ledger, or that the ledger only grew since a size, without showing the rest
    #[command(
        after_help = "Examples:\n  lockgate ledger prove --entry 1685\n  lockgate ledger prove --entry 1685 --salts\n  \
                      lockgate ledger prove --grown-from 3063 --size 4100"
    )]
    Prove(ProveArgs),
}

/// What is to be verified besides the whole.
#[derive(Debug, Args)]
pub struct WholeArgs {
    /// What a recipient kept: the manifest of a bundle, or a checkpoint. The ledger must still begin with it
    #[arg(long, value_name = "FILE")]
    pub against: Vec<PathBuf>,
    /// Say what it has of this bundle, once it is known to be whole
    #[arg(long, value_name = "NAME")]
    pub bundle: Option<String>,
    /// Compare what each recipient is taken to hold of this person with what the ledger says it was told: `feed:key`, or 32
    /// hexadecimal digits
    #[arg(long, value_name = "PERSON", requires = "reason")]
    pub person: Option<String>,
    /// With `--person`: who asks, a token that the ledger keeps, not a name
    #[arg(long, value_name = "WHO", default_value = "operator", requires = "person")]
    pub by: String,
    /// With `--person`: why, or a written reference
    #[arg(long, value_name = "TEXT", requires = "person")]
    pub reason: Option<String>,
}

/// Whose story is asked for, and by whom.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The person: `feed:key`, or 32 hexadecimal digits
    #[arg(long, value_name = "PERSON")]
    pub person: String,
    /// Who asks: a token that the ledger keeps, not a name
    #[arg(long, value_name = "WHO", default_value = "operator")]
    pub by: String,
    /// Why, or a written reference
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// What is to be proven.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The number of the entry
    #[arg(
        long,
        value_name = "NUMBER",
        required_unless_present = "grown_from",
        conflicts_with = "grown_from"
    )]
    pub entry: Option<u64>,
    /// Give the salts of the entry's fields too: with them, whoever has a value can show that it was sent. Ends 8 once the
    /// person is forgotten
    #[arg(long, requires = "entry")]
    pub salts: bool,
    /// The earlier size
    #[arg(long, value_name = "SIZE")]
    pub grown_from: Option<u64>,
    /// The size of the ledger that the proof is about; all of it, when not given
    #[arg(long, value_name = "SIZE")]
    pub size: Option<u64>,
}
