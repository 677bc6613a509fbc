//! The door that is a place: any transport that feeds are collected by too. The sealed file, its signature, and where the
//! recipient's own transfer program waits for one, an empty file last.

use super::door::{Arrival, DoorError, May};
use crate::seal::Sealed;
use lockgate_connectors::{Transport, TransportError};
use std::path::Path;

/// A recipient's place.
pub struct Place {
    transport: Box<dyn Transport>,
    /// What is put behind the sealed file's name in that of the empty file.
    marker: Option<String>,
}

impl From<TransportError> for DoorError {
    fn from(error: TransportError) -> Self {
        Self { code: error.code, what: error.what, retry_after: None }
    }
}

impl Place {
    /// A place, with the ending of its empty file where one is wanted.
    pub fn new(transport: Box<dyn Transport>, marker: Option<String>) -> Self {
        Self { transport, marker }
    }

    /// Brings a bundle: each file whole or not at all, the signature after the sealed file, the empty file after both. Before
    /// each it is asked whether the bundle may leave.
    pub fn put(&self, sealed: &Sealed, may: &May<'_>) -> Result<Arrival, DoorError> {
        for file in [sealed.ciphertext(), sealed.signature()] {
            may()?;
            self.transport.put(&file, name(&file))?;
        }
        if let Some(ending) = &self.marker {
            let io = |e: std::io::Error| DoorError {
                code: "LG2601",
                what: format!("the empty file that ends a delivery cannot be made: {}", e.kind()),
                retry_after: None,
            };
            let empty = tempfile::NamedTempFile::new().map_err(io)?;
            let ciphertext = sealed.ciphertext();
            may()?;
            self.transport.put(empty.path(), &format!("{}{ending}", name(&ciphertext)))?;
        }
        Ok(Arrival::Sent)
    }

    /// Removes what was left unfinished of deliveries; for when nothing waits any more.
    pub fn sweep(&self) -> Result<usize, DoorError> {
        Ok(self.transport.sweep()?)
    }
}

fn name(file: &Path) -> &str {
    file.file_name().and_then(|n| n.to_str()).unwrap_or_default()
}
