//! One recipient's end of the wire, whatever it is.

use super::folder;
use super::place::Place;
use super::push::{Push, PushError};
use crate::config::Deployment;
use crate::seal::{SealError, Sealed};
use crate::store::StoreError;
use lockgate_core::problem::Code;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Handle;

/// A recipient's door.
pub enum Door {
    /// A folder of this machine, above the recipients' own.
    Folder(PathBuf),
    /// A place, as feeds have them.
    Place(Place),
    /// A receiver that is called.
    Push(Box<Push>),
    /// Nothing is brought: the recipient fetches from the pull API.
    Pull,
}

/// What came of bringing a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Its bytes are at the door now.
    Sent,
    /// The recipient fetches it from the outbox: it waits there until then.
    Fetched,
    /// As `Fetched`, and the recipient was told that it is there.
    Told,
}

/// Whether what is being brought may still leave; asked in the middle of bringing it.
pub type May<'a> = dyn Fn() -> Result<(), DoorError> + 'a;

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

impl From<StoreError> for DoorError {
    /// What the store says when it is asked whether a bundle may leave.
    fn from(error: StoreError) -> Self {
        Self { code: error.code(), what: error.to_string(), retry_after: None }
    }
}

impl From<PushError> for DoorError {
    fn from(error: PushError) -> Self {
        Self { code: error.code, what: error.what, retry_after: error.retry_after }
    }
}

fn lasting(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{AlreadyExists, InvalidInput, IsADirectory, NotADirectory, PermissionDenied};
    matches!(kind, AlreadyExists | InvalidInput | IsADirectory | NotADirectory | PermissionDenied)
}

impl Door {
    /// The door of a recipient, as the settings say: a place, a receiver that is called, the pull API, or
    /// else its folder.
    pub fn of(deployment: &Deployment, recipient: &str, published: &Path) -> Result<Self, DoorError> {
        let settings = deployment.settings.recipient.iter().find(|(key, _)| key.get_ref() == recipient);
        let Some((_, settings)) = settings else { return Ok(Self::Folder(published.to_owned())) };
        if let Some(place) = &settings.door {
            let unusable = |e: anyhow::Error| DoorError {
                code: "LG2602",
                what: crate::fault::told(&e),
                retry_after: None,
            };
            let transport = deployment.place_named(place.get_ref()).map_err(unusable)?;
            let marker = settings.marker.as_ref().map(|m| m.get_ref().clone());
            return Ok(Self::Place(Place::new(transport, marker)));
        }
        if let Some(push) = &settings.push {
            let push = Push::open(push, &deployment.root, Handle::current())?;
            return Ok(Self::Push(Box::new(push)));
        }
        if settings.api.is_some() {
            return Ok(Self::Pull);
        }
        Ok(Self::Folder(published.to_owned()))
    }

    /// Whether a bundle that was told of need not be told of again so soon.
    pub const fn only_tells(&self) -> bool {
        matches!(self, Self::Push(push) if push.only_tells())
    }

    /// Whether nothing is brought.
    pub const fn is_pull(&self) -> bool {
        matches!(self, Self::Pull)
    }

    /// The kind's word, for the record of who brought what.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Folder(_) => "folder",
            Self::Place(_) => "place",
            Self::Push(_) => "push",
            Self::Pull => "pull",
        }
    }

    /// Tidies up once nothing waits for the recipient any more.
    pub fn sweep(&self) {
        if let Self::Place(place) = self {
            // What is left over does no harm: it is under no final name, and is looked for again the next time.
            let _ = place.sweep();
        }
    }

    /// Brings a sealed bundle, and then its signature, as long as it may leave: that is asked at the last moment before each
    /// of the two. Done again it is harmless: what is there is recognised by its bytes, and nothing is ever written over. It
    /// may take a while, and is called where that blocks nobody.
    pub fn put(&self, sealed: &Sealed, may: &May<'_>) -> Result<Arrival, DoorError> {
        match self {
            Self::Folder(doors) => folder::put_while(sealed, doors, may).map(|_| Arrival::Sent),
            Self::Place(place) => place.put(sealed, may),
            Self::Push(push) => {
                may()?;
                let arrival = if push.only_tells() { Arrival::Told } else { Arrival::Sent };
                push.put(sealed).map(|()| arrival).map_err(DoorError::from)
            }
            Self::Pull => Ok(Arrival::Fetched),
        }
    }
}
