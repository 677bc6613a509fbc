//! What processes that share the reading of a night hand to each other: an order from the night's own process, and from
//! whoever read a feed's files a note of what they say, with the rows beside it. All of it lies in the state folder below
//! `bench`, for as long as it takes to be read.
//!
//! Order and note are sealed as the archive's files are, under a key of the deployment for this use, and are found by their
//! digest alone, which goes over the database: one that is cut, changed or another's does not open. Mapped rows are in a
//! spool, whose key is in the note; remembered rows are hashes, as where they are kept. Of both the note says length and
//! digest. Everything has its name only once it is on the drive.

mod note;
mod order;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;

pub use order::{Asked, Order};

use crate::vault::{Archive, Vault, VaultError, digest_from_hex, private_folder};
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::hash::Digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Below the state folder.
const FOLDER: &str = "bench";

/// Where it lies.
pub struct Tray {
    folder: PathBuf,
    sealed: Archive,
}

impl Tray {
    /// That of a night, whose folder is made when it is missing.
    pub fn open(state: &Path, vault: &Vault) -> Result<Self> {
        private_folder(&state.join(FOLDER)).context("making the folder of shared work")?;
        Ok(Self::of(state, vault))
    }

    /// That of a night whose work this process shares; nothing when it is not in this state folder.
    pub fn beside(state: &Path, vault: &Vault) -> Option<Self> {
        state.join(FOLDER).is_dir().then(|| Self::of(state, vault))
    }

    fn of(state: &Path, vault: &Vault) -> Self {
        let folder = state.join(FOLDER);
        Self { sealed: Archive::of_bench(&folder, vault), folder }
    }

    /// Where whatever is being written lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A place by its name.
    fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Removes what begins with these letters, as far as it is there.
    pub fn remove(&self, start: &str) -> Result<()> {
        removed(&self.folder, |name| name.starts_with(start))
    }

    fn put(&self, parts: &[&[u8]]) -> Result<Digest> {
        Ok(self.sealed.put(pack(parts).as_slice())?.0)
    }

    /// What was sealed under this digest; nothing when it does not lie here.
    fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        match self.sealed.open(digest) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(VaultError::Missing(_)) => return Ok(None),
            Err(fault) => return Err(fault.into()),
        };
        Ok(Some(bytes))
    }
}

/// Removes everything that was handed over and not taken. Only for the process that holds the store's lock.
pub fn sweep(state: &Path) -> Result<()> {
    removed(&state.join(FOLDER), |_| true)
}

fn removed(folder: &Path, which: impl Fn(&str) -> bool) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.context("sweeping the folder of shared work")?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&which) {
            // Whoever was writing it may just take it away itself.
            match fs::remove_file(entry.path()) {
                Err(fault) if fault.kind() != ErrorKind::NotFound => {
                    return Err(fault).context("sweeping the folder of shared work");
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Parts one behind another, their number and lengths first.
fn pack(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + parts.iter().map(|part| 8 + part.len()).sum::<usize>());
    out.extend_from_slice(&(parts.len() as u64).to_le_bytes());
    for part in parts {
        out.extend_from_slice(&(part.len() as u64).to_le_bytes());
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// The parts again; nothing when they are not exactly what `pack` made.
fn unpack(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let (count, rest) = bytes.split_first_chunk::<8>()?;
    let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
    let (lengths, mut rest) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut parts = Vec::with_capacity(count);
    for length in lengths.as_chunks::<8>().0 {
        let (part, behind) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        parts.push(part);
        rest = behind;
    }
    rest.is_empty().then_some(parts)
}

/// A digest as hexadecimal digits.
struct Hex(Digest);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.hex())
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        digest_from_hex(&text).map(Self).ok_or_else(|| D::Error::custom("no digest"))
    }
}

/// A date as text.
struct Day(Date);

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("no date"))
    }
}
