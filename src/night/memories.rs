//! The remembered rows of accepted files, one file each beside the store: hashes only.

use anyhow::{Context as _, Result, ensure};
use lockgate_core::hash::{Digest, Digester};
use lockgate_core::link::{FileMemory, RowMemory};
use std::fs::{self, File};
use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// First bytes of a memory file, with the version of its form.
const MAGIC: &[u8; 8] = b"lgrows01";
/// Bytes read or written at once.
const PIECE: usize = 1 << 20;

/// The folder of row memories.
#[derive(Debug, Clone)]
pub struct Memories(PathBuf);

impl Memories {
    /// Opens the folder, making it when missing.
    pub fn open(state: &Path) -> Result<Self> {
        let folder = state.join("rows");
        fs::create_dir_all(&folder).context("making the folder of row memories")?;
        Ok(Self(folder))
    }

    fn path(&self, feed: &str, digest: &Digest) -> PathBuf {
        self.0.join(format!("{feed}-{}", digest.hex()))
    }

    /// Writes a file's memory, durably, before the store commits the file.
    pub fn save(&self, feed: &str, digest: &Digest, memory: &FileMemory) -> Result<()> {
        let mut out = tempfile::NamedTempFile::new_in(&self.0)?;
        out.write_all(MAGIC)?;
        let mut sum = Digester::new();
        let (mut row, mut piece) = (0, Vec::with_capacity(PIECE + 256));
        while row < memory.len() {
            row = memory.encode(row, PIECE, &mut piece);
            sum.update(&piece);
            out.write_all(&piece)?;
            piece.clear();
        }
        out.write_all(&sum.finish().0)?;
        out.as_file().sync_all()?;
        out.persist(self.path(feed, digest))?;
        File::open(&self.0)?.sync_all()?;
        Ok(())
    }

    /// Reads a file's memory back; a changed or cut one is an error.
    pub fn load(&self, feed: &str, digest: &Digest) -> Result<RowMemory> {
        let place = || format!("the remembered rows of feed `{feed}`");
        let file = File::open(self.path(feed, digest)).with_context(place)?;
        let total = file.metadata()?.len();
        let body = total.checked_sub(8 + 32).with_context(place)?;
        let mut reader = BufReader::with_capacity(PIECE, file);
        let mut magic = [0; 8];
        reader.read_exact(&mut magic)?;
        ensure!(&magic == MAGIC, "{} have an unknown form", place());
        let (memory, sum) = decode(&mut reader, body).with_context(place)?;
        let mut stored = [0; 32];
        reader.read_exact(&mut stored)?;
        ensure!(stored == sum.0, "{} were changed", place());
        Ok(memory)
    }

    /// Forgets a file's rows.
    pub fn remove(&self, feed: &str, digest: &Digest) -> Result<()> {
        match fs::remove_file(self.path(feed, digest)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }
}

fn decode(reader: &mut impl std::io::Read, mut body: u64) -> Result<(RowMemory, Digest)> {
    let (mut memory, mut sum) = (RowMemory::default(), Digester::new());
    let mut held: Vec<u8> = Vec::with_capacity(PIECE * 2);
    while body > 0 || !held.is_empty() {
        let before = held.len();
        let read = reader.take(body.min(PIECE as u64)).read_to_end(&mut held)?;
        ensure!(read > 0 || before > 0, "cut short");
        sum.update(held.get(before..).unwrap_or_default());
        body -= read as u64;
        let mut rest = held.as_slice();
        // A row is at most a few kilobytes: what is left over belongs to the next piece.
        while !rest.is_empty() && (body == 0 || rest.len() > 4096) {
            memory.decode_row(&mut rest)?;
        }
        let left = rest.len();
        held.drain(..held.len() - left);
        ensure!(body > 0 || left == 0 || read > 0, "cut short");
    }
    Ok((memory, sum.finish()))
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use lockgate_core::link::{Fate, Key};
    use lockgate_core::record::IdentityId;
    use lockgate_core::row::Fingerprint;

    #[test]
    fn comes_back_whole_and_a_changed_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let memories = Memories::open(folder.path()).unwrap();
        let mut rows = RowMemory::default();
        for n in 0..50_000u128 {
            rows.push(Fingerprint(n), IdentityId(n), &[Key(7), Key(8)], None);
        }
        rows.push_other(Fingerprint(1), Fate::Skipped);
        let digest = Digest::of(b"x");
        memories.save("f", &digest, &FileMemory::whole(rows)).unwrap();
        let back = memories.load("f", &digest).unwrap();
        assert_eq!((back.len(), back.identity(49_999)), (50_001, Some(IdentityId(49_999))));
        let path = memories.path("f", &digest);
        let mut bytes = fs::read(&path).unwrap();
        bytes[1000] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(memories.load("f", &digest).is_err());
        bytes[1000] ^= 1;
        bytes.truncate(bytes.len() - 1);
        fs::write(&path, bytes).unwrap();
        assert!(memories.load("f", &digest).is_err());
    }
}
