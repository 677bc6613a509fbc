//! The words of `lockgate bundle …`.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::path::PathBuf;

/// `lockgate bundle …`
#[derive(Debug, Subcommand)]
pub enum BundleCommand {
    /// List bundles, newest first
    #[command(
        after_help = "Examples:\n  lockgate bundle list\n  lockgate bundle list --recipient PARTNER --json"
    )]
    List {
        /// Only this recipient's
        #[arg(long)]
        recipient: Option<String>,
    },
    /// Show one bundle: its files, counts and digest
    #[command(after_help = "Examples:\n  lockgate bundle show NAME\n  lockgate bundle show NAME --json")]
    Show {
        /// The bundle's name
        name: String,
    },
    /// Bring what waits in the outbox to its recipients' doors; a door that failed is left alone until its time has come
    #[command(
        after_help = "Examples:\n  lockgate bundle deliver\n  lockgate bundle deliver --now --json\n\n\
        For a timer between the nights. Ends 0 when nothing waits any more for a door that fails, 5 otherwise."
    )]
    Deliver {
        /// Try every door, whatever its pause
        #[arg(long)]
        now: bool,
    },
    /// Put the same bytes of a bundle at its recipient's door once more, when it says that it lost them
    #[command(
        after_help = "Examples:\n  lockgate bundle resend NAME --reason \"letter 5: the file was lost\""
    )]
    Resend(BundleDecisionArgs),
    /// Stop a bundle that was not sent yet, with every one behind it; the next one is a snapshot
    #[command(
        after_help = "Examples:\n  lockgate bundle withdraw NAME --reason \"made with a wrong list, letter 6\"\n\n\
        What was sent cannot be called back: open a correction. Ends 8 then."
    )]
    Withdraw(BundleDecisionArgs),
    /// For recipients: check a sealed bundle or an unpacked one; needs no deployment and writes nothing
    #[command(after_help = "Examples:\n  lockgate bundle verify NAME.zip.age --signers signers.txt\n  \
        lockgate bundle verify NAME.zip.age --signers signers.txt --identity mine.age --recipient PARTNER --after 141\n  \
        lockgate bundle verify NAME --signers signers.txt\n\n\
        Ends 0 when every check holds, 2 when the list, the key or the file does not read, 6 when a bundle before this one is\n\
        missing, 7 when this one was changed, forged, applied already or is for somebody else.")]
    Verify(VerifyArgs),
    /// For recipients: check a sealed bundle and unpack it; nothing is left when a check fails
    #[command(
        after_help = "Examples:\n  lockgate bundle open NAME.zip.age --identity mine.age --signers signers.txt --out received\n  \
        lockgate bundle open NAME.zip.age --identity mine.age --signers signers.txt --out received --recipient PARTNER --after 141\n\n\
        Ends as `bundle verify` does, and 75 when the files cannot be written."
    )]
    Open(OpenArgs),
}

/// Options of `lockgate bundle resend` and `withdraw`.
#[derive(Debug, Args)]
pub struct BundleDecisionArgs {
    /// The bundle's name
    pub name: String,
    /// Who decides: a token that the ledger keeps, not a name
    #[arg(long, value_name = "WHO", default_value = "operator")]
    pub by: String,
    /// Why, or a written reference
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Options of `lockgate bundle verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A sealed file (`.zip.age`, its `.sig` beside it) or the folder of an unpacked bundle
    #[arg(value_name = "FILE|FOLDER")]
    pub path: PathBuf,
    /// Your age key, to look inside a sealed file
    #[arg(long, value_name = "KEYFILE")]
    pub identity: Option<PathBuf>,
    /// What to check against
    #[command(flatten)]
    pub trust: TrustArgs,
}

/// Options of `lockgate bundle open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// The sealed file; its `.sig` lies beside it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Your age key
    #[arg(long, value_name = "KEYFILE")]
    pub identity: PathBuf,
    /// Where a folder of the bundle's name is made
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// What to check against
    #[command(flatten)]
    pub trust: TrustArgs,
}

/// What a bundle is checked against.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// The gateway's line, as its desk gave it to you: a list in the form of OpenSSH's allowed signers
    #[arg(long, value_name = "FILE")]
    pub signers: PathBuf,
    /// Whose bundle it must be: your key in the agreement
    #[arg(long, value_name = "PARTNER")]
    pub recipient: Option<String>,
    /// The number of the last bundle that you applied
    #[arg(long, value_name = "SEQ")]
    pub after: Option<u64>,
    /// The bundle that you applied last: its folder, its manifest, or the manifest's SHA-256
    #[arg(long, value_name = "FOLDER|SHA256")]
    pub previous: Option<String>,
    /// The day for which the signer's key must count (default: today)
    #[arg(long, value_name = "DATE")]
    pub at: Option<Date>,
}
