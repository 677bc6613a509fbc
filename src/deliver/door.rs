//! One recipient's end of the wire, whatever it is.

use super::folder;
use crate::config::Deployment;
use crate::seal::{SealError, Sealed};
use lockgate_core::problem::Code;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// A recipient's door.
pub enum Door {
    /// A folder of this machine, above the recipients' own.
    Folder(PathBuf),
}

/// What came of bringing a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Its bytes are at the door now.
    Sent,
    /// The recipient fetches it from the outbox: it waits there until then.
    Fetched,
}

/// Why a bundle did not arrive: no value and no secret stands in it.
#[derive(Debug, Clone)]
pub struct DoorError {
    /// The stable code.
    pub code: Code,
    /// What is wrong; lower case, one line.
    pub what: String,
    /// How long the far end asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl From<SealError> for DoorError {
    fn from(error: SealError) -> Self {
        let passing = match &error {
            SealError::Io { source, .. } => !lasting(source.kind()),
            _ => false,
        };
        let what = match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        Self { code: if passing { "LG2601" } else { "LG2602" }, what, retry_after: None }
    }
}

fn lasting(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{AlreadyExists, InvalidInput, IsADirectory, NotADirectory, PermissionDenied};
    matches!(kind, AlreadyExists | InvalidInput | IsADirectory | NotADirectory | PermissionDenied)
}

impl Door {
    /// The door of a recipient, as the settings say.
    pub fn of(_deployment: &Deployment, _recipient: &str, published: &Path) -> Result<Self, DoorError> {
        Ok(Self::Folder(published.to_owned()))
    }

    /// The kind's word, for the record of who brought what.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Folder(_) => "folder",
        }
    }

    /// Brings a sealed bundle, and then its signature. Done again it is harmless: what is there is recognised by its
    /// bytes, and nothing is ever written over. It may take a while, and is called where that blocks nobody.
    pub fn put(&self, sealed: &Sealed) -> Result<Arrival, DoorError> {
        match self {
            Self::Folder(doors) => folder::put(sealed, doors).map(|_| Arrival::Sent).map_err(DoorError::from),
        }
    }
}
