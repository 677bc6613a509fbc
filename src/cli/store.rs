//! The words of `lockgate store`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What is done with the store as a whole.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Copy the store to a database server, or back into the state folder; it goes on there
    #[command(
        after_help = "Examples:\n  lockgate store copy --to postgresql://lockgate@db.example/lockgate --password-file keys/db\n  \
        lockgate store copy --to folder\n\n\
        Every row is read back and compared. Afterwards let [store] in lockgate.toml name the place; the store that\n\
        was copied is not opened again. Ends 75 while a night runs."
    )]
    Copy(StoreCopyArgs),
}

/// Where the store goes.
#[derive(Debug, Args)]
pub struct StoreCopyArgs {
    /// The address of an empty database, `postgresql://USER@HOST/DATABASE`, or `folder` for the state folder
    #[arg(long, value_name = "PLACE")]
    pub to: String,
    /// The file that holds the password of that database's user
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}
