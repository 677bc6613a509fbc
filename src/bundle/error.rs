//! What can go wrong with a bundle's files: where and what, never a value.

use lockgate_core::problem::Problem;
use std::fmt;
use std::io;
use std::path::Path;

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Making a folder or file.
    Create,
    /// Writing.
    Write,
    /// Reading back.
    Read,
    /// Making durable.
    Sync,
    /// Renaming into the published folder.
    Publish,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Write => "write",
            Self::Read => "read",
            Self::Sync => "make durable",
            Self::Publish => "publish",
        })
    }
}

/// A bundle could not be written or published.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The system refused something.
    #[error("cannot {doing} `{place}`")]
    Io {
        /// What was being done.
        doing: Doing,
        /// The file or folder, by its last name.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// The core refused something (`LG16nn`).
    #[error("{}: {}", .0.code, .0.what)]
    Rule(Problem),
    /// What lies in a folder is not the bundle that was committed.
    #[error("bundle `{name}` in the {folder} folder is not the one that the ledger committed")]
    Other {
        /// The bundle's name.
        name: String,
        /// Which folder: `staging` or `published`.
        folder: &'static str,
    },
}

impl From<Problem> for BundleError {
    fn from(problem: Problem) -> Self {
        Self::Rule(problem)
    }
}

/// Gives an i/o error its place.
pub(super) trait At<T> {
    fn at(self, doing: Doing, place: &Path) -> Result<T, BundleError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: Doing, place: &Path) -> Result<T, BundleError> {
        // The last name only: a whole path says nothing more and is not the same on two machines.
        let name = || place.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        self.map_err(|source| BundleError::Io { doing, place: name(), source })
    }
}
