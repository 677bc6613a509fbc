//! The seam between Lockgate and a place where files lie: what a transport is.

mod driver;
pub(crate) mod folder;
pub(crate) mod https;
mod look;
#[cfg(feature = "s3")]
pub(crate) mod object_store;
mod pace;
mod parcel;
mod secret;
pub(crate) mod sftp;

use crate::codes::{ALREADY_THERE, PUBLISH_FAILED};
use crate::limits::Limits;
use crate::options::{OptionDoc, Options};
use lockgate_core::hash::Digest;
use lockgate_core::problem::{Code, Problem};
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// One entry of the visible list of transports.
pub struct TransportKind {
    /// The word in a place's `transport`.
    pub name: &'static str,
    /// One line on what it reaches.
    pub summary: &'static str,
    /// Its options, each documented.
    pub options: &'static [OptionDoc],
    /// Checks the options; touches no file. Relative paths start at the folder given.
    pub open: OpenTransport,
}

/// Makes a transport from its options.
pub type OpenTransport = fn(&Options, &Path, &Limits) -> Result<Box<dyn Transport>, Problem>;

/// A place: files are listed and opened there, or bundles published.
pub trait Transport: Send + Sync {
    /// The files of the place in order of name, without temporary ones.
    fn list(&self) -> Result<Vec<Listed>, TransportError>;

    /// Opens a file of the list by its name.
    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, TransportError>;

    /// Moves a finished file or folder into the place under a name, durably, all at once, and
    /// never over something that is there. A place that is not of this machine takes files alone.
    fn publish(&self, staged: &Path, name: &str) -> Result<(), TransportError> {
        match self.put(staged, name)? {
            Arrival::Known => Err(already()),
            Arrival::Sent => fs::remove_file(staged).map_err(|e| TransportError::from_io(PUBLISH_FAILED, &e)),
        }
    }

    /// Brings a finished local file to the place under a name: whole or not at all, durably, and never over other
    /// bytes. The local file stays. What an earlier call left half done is taken up or done again, so a call that
    /// failed in passing is simply repeated.
    fn put(&self, local: &Path, name: &str) -> Result<Arrival, TransportError>;

    /// Removes what deliveries of the gateway that were given up left under temporary names, and gives their number.
    /// Other senders' files stay. For a moment in which nothing is being put: a delivery that is to go on would begin
    /// anew.
    fn sweep(&self) -> Result<usize, TransportError>;

    /// Whether the secrets that the place needs can be used; asks nobody at the place.
    fn ready(&self) -> Result<(), TransportError> {
        Ok(())
    }
}

/// How a file came to be at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// This call brought it.
    Sent,
    /// The very same bytes lay there already.
    Known,
}

/// A file of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, without a folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Whether it has stopped changing; a file that has not is left for the next run.
    pub settled: bool,
    /// Another one as soon as anything was written to the file, moved onto its name or done to its times; a look that finds
    /// the same one finds the same bytes. `None` where the place cannot vouch for that, or not yet.
    pub stamp: Option<Digest>,
}

/// What went wrong at a place. Holds no file content; the file's name is the caller's to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// The message code, `LG10nn`, `LG1103` or `LG117n`.
    pub code: Code,
    /// What is wrong; lower case, one line.
    pub what: String,
    /// Whether trying again later may help.
    pub passing: bool,
}

impl TransportError {
    pub(crate) fn lasting(code: Code, what: &str) -> Self {
        Self { code, what: what.to_owned(), passing: false }
    }

    pub(crate) fn passing(code: Code, what: &str) -> Self {
        Self { code, what: what.to_owned(), passing: true }
    }

    pub(crate) fn from_io(code: Code, error: &io::Error) -> Self {
        use io::ErrorKind::{InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied};
        let lasting =
            matches!(error.kind(), NotFound | PermissionDenied | NotADirectory | IsADirectory | InvalidInput);
        Self { code, what: error.kind().to_string(), passing: !lasting }
    }

    /// The same as a problem.
    pub fn problem(&self) -> Problem {
        Problem::new(self.code, self.what.as_str())
    }
}

impl std::fmt::Display for TransportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.what)
    }
}

impl std::error::Error for TransportError {}

pub(crate) fn already() -> TransportError {
    TransportError::lasting(ALREADY_THERE, "something of this name is already published")
}
