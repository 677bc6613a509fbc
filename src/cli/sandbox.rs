//! The words of `lockgate sandbox`.

use crate::sandbox::Drill;
use clap::Args;
use std::path::PathBuf;

/// Options of `lockgate sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Whose bundles
    pub recipient: String,
    /// The folder to make
    #[arg(long, value_name = "FOLDER", default_value = "sandbox")]
    pub out: PathBuf,
    /// Something is wrong: can you tell what?
    #[arg(long, value_enum, value_name = "WHAT")]
    pub drill: Option<Drill>,
    /// Where the pull API listens; a loopback address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub listen: String,
    /// Make the folder alone
    #[arg(long)]
    pub no_serve: bool,
}
