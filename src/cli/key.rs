//! The words of `lockgate key …`.

use clap::{Subcommand, ValueEnum};
use jiff::civil::Date;
use std::path::PathBuf;

/// `lockgate key …`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key; its secret is written for you alone and never over another
    #[command(
        after_help = "Examples:\n  lockgate key new signer gateway@partnership --out /etc/lockgate/signing\n  \
        lockgate key new recipient us --out mine.age\n  lockgate key new bearer PARTNER\n\n\
        A signer's public half is written beside it (.pub); a bearer key without --out is printed, once. Needs no deployment."
    )]
    New {
        /// For the gateway, which signs; for a recipient, which opens; or for the pull API, by which a recipient is known
        #[arg(value_enum)]
        kind: KeyKind,
        /// Whose it is: the gateway's identity, or the recipient's name
        name: String,
        /// The secret file to write
        #[arg(long, value_name = "FILE", required_if_eq_any([("kind", "signer"), ("kind", "recipient"), ("kind", "webhook")]))]
        out: Option<PathBuf>,
    },
    /// List the deployment's keys: fingerprints, first and last day, and what is to be seen to
    #[command(
        after_help = "Examples:\n  lockgate key list\n  lockgate key list --as-of 2026-11-29 --json\n\nEnds 4 when one is to be seen to."
    )]
    List {
        /// The day (default: today in the deployment's zone)
        #[arg(long, value_name = "DATE")]
        as_of: Option<Date>,
    },
    /// Print the lines by which recipients know the gateway's signatures
    #[command(after_help = "Examples:\n  lockgate key allowed-signers > signers.txt")]
    AllowedSigners,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// Signs bundles: an Ed25519 key of OpenSSH
    Signer,
    /// Opens bundles: an age key
    Recipient,
    /// Fetches bundles from the pull API: a random key, of which the gateway keeps the SHA-256 alone
    Bearer,
    /// Signs what is pushed to a recipient: a secret that both sides have, `whsec_…`
    Webhook,
}
