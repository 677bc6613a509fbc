//! One piece of shared work at a door: whoever has claimed it brings its bundle, as long as the claim holds.
//!
//! The claim is renewed while the bundle is on its way, and asked for at the door itself, before each of the two files: a
//! process that was paused for longer than its lease finds there that another has the piece, and leaves.

use super::door::{Arrival, Door, DoorError};
use crate::seal::{SealError, Sealed};
use crate::store::{Bench, Claim, Fence, StoreError};
use lockgate_core::problem::Code;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// The word of these pieces.
pub const KIND: &str = "deliver";
/// What the table of shared work calls the process whose work it is.
pub const OWN: &str = "the night itself";
/// A claim is renewed so often within its lease.
pub const RENEWALS: u32 = 3;

/// What came of bringing a bundle, as whoever brought it writes it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is at the door.
    Sent,
    /// The recipient fetches it.
    Fetched,
    /// The recipient fetches it, and was told.
    Told,
    /// It did not arrive.
    Failed {
        /// The code of the fault.
        code: String,
        /// What is wrong.
        what: String,
        /// For how many seconds the far end asks to be left alone.
        retry_after: Option<u64>,
    },
}

impl Outcome {
    /// What came of it.
    pub fn of(what: &Result<Arrival, DoorError>) -> Self {
        match what {
            Ok(Arrival::Sent) => Self::Sent,
            Ok(Arrival::Fetched) => Self::Fetched,
            Ok(Arrival::Told) => Self::Told,
            Err(fault) => Self::Failed {
                code: fault.code.to_owned(),
                what: fault.what.clone(),
                retry_after: fault.retry_after.map(|time| time.as_secs()),
            },
        }
    }

    /// The same, as a door says it. A code that this program does not know was written by another one.
    pub fn read(text: Option<&str>) -> Result<Arrival, DoorError> {
        let known = |code: &str| -> Code { crate::codes::of(code).map_or("LG2601", |doc| doc.code) };
        match text.and_then(|text| serde_json::from_str(text).ok()) {
            Some(Self::Sent) => Ok(Arrival::Sent),
            Some(Self::Fetched) => Ok(Arrival::Fetched),
            Some(Self::Told) => Ok(Arrival::Told),
            Some(Self::Failed { code, what, retry_after }) => {
                Err(DoorError { code: known(&code), what, retry_after: retry_after.map(Duration::from_secs) })
            }
            None => Err(DoorError {
                code: "LG2604",
                what: "nobody brought it to an end in time".into(),
                retry_after: None,
            }),
        }
    }
}

/// With what a process does its pieces.
#[derive(Clone)]
pub struct Hands {
    /// Where they are claimed.
    pub bench: Bench,
    /// How long a claim holds without being renewed.
    pub lease: Duration,
    /// For the writer itself: whether it still is that.
    pub fence: Option<Fence>,
}

/// How a piece ended for the process that had claimed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// What came of it is written down.
    Recorded,
    /// Another has it by now, or will claim it.
    Left,
    /// It was given back: what is to be brought does not lie where this process looks.
    Elsewhere,
}

/// Renews a claim until it is dropped.
pub struct Renewing(JoinHandle<()>);

impl Renewing {
    /// Begins to.
    pub fn of(hands: &Hands, claim: &Claim) -> Self {
        let (bench, claim, lease) = (hands.bench.clone(), claim.clone(), hands.lease);
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(lease / RENEWALS).await;
                // A server that is away for a moment is asked again; who lost the piece is told at the door.
                if let Err(StoreError::Lost) = bench.hold(&claim, lease).await {
                    return;
                }
            }
        }))
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Hands {
    async fn may(&self, claim: &Claim) -> Result<(), StoreError> {
        if let Some(fence) = &self.fence {
            fence.holds().await?;
        }
        self.bench.hold(claim, self.lease).await
    }

    /// Brings the bundle of a claim to its door, and writes down what came of it, both only as long as the claim holds.
    /// `find` says where the sealed bundle lies. Fails when the database does not answer.
    pub async fn carry(
        &self,
        claim: &Claim,
        door: Arc<Door>,
        find: impl FnOnce() -> Result<Arc<Sealed>, SealError> + Send + 'static,
    ) -> Result<Carried, StoreError> {
        let renewing = Renewing::of(self, claim);
        let (hands, own, runtime) = (self.clone(), claim.clone(), Handle::current());
        let brought = tokio::task::spawn_blocking(move || {
            let sealed = match find() {
                Ok(sealed) => sealed,
                Err(SealError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                    return Brought::Elsewhere;
                }
                Err(fault) => return Brought::Ended(Err(unsealed(&fault))),
            };
            let refused = Cell::new(false);
            let what = door.put(&sealed, &|| {
                let may = runtime.block_on(hands.may(&own));
                refused.set(may.is_err());
                may.map_err(DoorError::from)
            });
            if refused.get() { Brought::Left } else { Brought::Ended(what) }
        });
        let brought = brought.await.unwrap_or(Brought::Left);
        drop(renewing);
        match brought {
            Brought::Ended(what) => self.record(claim, &what).await,
            Brought::Left => self.bench.release(claim).await.map(|()| Carried::Left),
            Brought::Elsewhere => self.bench.release(claim).await.map(|()| Carried::Elsewhere),
        }
    }

    /// Writes down what came of a claim.
    pub async fn record(
        &self,
        claim: &Claim,
        what: &Result<Arrival, DoorError>,
    ) -> Result<Carried, StoreError> {
        let text = serde_json::to_string(&Outcome::of(what)).unwrap_or_default();
        match self.bench.record(claim, what.is_ok(), &text).await {
            Ok(()) => Ok(Carried::Recorded),
            Err(StoreError::Lost) => Ok(Carried::Left),
            Err(fault) => Err(fault),
        }
    }
}

/// How it went on the thread that talks to the door.
enum Brought {
    Ended(Result<Arrival, DoorError>),
    Left,
    Elsewhere,
}

/// What the outbox says of a bundle that cannot be brought, as a door says it.
pub fn unsealed(fault: &SealError) -> DoorError {
    DoorError { code: fault.code(), what: fault.to_string(), retry_after: None }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_a_piece_reads_back() {
        let refused = DoorError {
            code: "LG2602",
            what: "the name is taken".into(),
            retry_after: Some(Duration::from_secs(9)),
        };
        for what in [Ok(Arrival::Sent), Ok(Arrival::Fetched), Ok(Arrival::Told), Err(refused)] {
            let text = serde_json::to_string(&Outcome::of(&what)).unwrap();
            let back = Outcome::read(Some(&text));
            assert_eq!(Outcome::of(&back), Outcome::of(&what));
        }
        assert_eq!(Outcome::read(None).unwrap_err().code, "LG2604", "it was taken back");
        let strange = r#"{"failed":{"code":"LG9999","what":"","retry_after":null}}"#;
        assert_eq!(Outcome::read(Some(strange)).unwrap_err().code, "LG2601");
    }
}
