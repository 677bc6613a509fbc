//! The remembered rows of accepted files, one file each beside the store: hashes only.

use super::ahead::Ahead;
use super::memory::FileMemory;
use super::stored_rows::StoredRows;
use anyhow::{Context as _, Result};
use lockgate_core::hash::Digest;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;

/// Below the state folder.
const FOLDER: &str = "rows";
/// How the memory of a file that is being read is named.
const READING: &str = ".reading-";

/// The folder of row memories.
#[derive(Debug, Clone)]
pub struct Memories {
    kept: PathBuf,
    /// Where those of files lie that are being read.
    new: PathBuf,
    ahead: Arc<Ahead>,
}

impl Memories {
    /// Opens the folder, making it when missing.
    pub fn open(state: &Path) -> Result<Self> {
        let folder = state.join(FOLDER);
        fs::create_dir_all(&folder).context("making the folder of row memories")?;
        Ok(Self { kept: folder.clone(), new: folder, ahead: Arc::default() })
    }

    /// Those of a night whose reading this process shares: what it reads itself lies in `new`.
    pub fn beside(state: &Path, new: &Path) -> Self {
        Self { kept: state.join(FOLDER), new: new.to_owned(), ahead: Arc::default() }
    }

    /// Removes what a killed run left half-written. Only for the process that holds the store's lock.
    pub fn sweep(&self) -> Result<()> {
        for entry in fs::read_dir(&self.new)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(READING)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn path(&self, feed: &str, digest: &Digest) -> PathBuf {
        self.kept.join(format!("{feed}-{}", digest.hex()))
    }

    /// An empty memory of a file that is to be read, on that of the feed's last accepted file.
    pub fn reading(&self, feed: &str, last: Option<&Digest>) -> Result<FileMemory> {
        let new = tempfile::Builder::new().prefix(READING).tempfile_in(&self.new)?;
        let of = |digest| match self.ahead.take(&self.path(feed, digest)) {
            Some(read) => read.with_context(|| unread(feed)),
            None => self.rows(feed, digest, true).map(StoredRows::into_last),
        };
        FileMemory::reading(new, last.map(of).transpose()?)
    }

    /// Begins to read the rows of the feed's last file, while its next one is collected.
    pub fn begin(&self, feed: &str, last: &Digest) {
        self.ahead.begin(self.path(feed, last));
    }

    /// All files are read: what was begun for one of them that was not is given up.
    pub fn done(&self) {
        self.ahead.clear();
    }

    /// Takes over the rows that another process wrote, as if they had been written here.
    pub fn adopt(&self, path: &Path) -> Result<NamedTempFile> {
        let own = tempfile::Builder::new().prefix(READING).tempfile_in(&self.new)?.into_temp_path();
        fs::rename(path, &own)?;
        let file = File::options().read(true).write(true).open(&own)?;
        Ok(NamedTempFile::from_parts(file, own))
    }

    /// The rows of the feed's last file, for one that was read on them by another process.
    pub fn last(&self, feed: &str, digest: &Digest) -> Result<StoredRows> {
        self.rows(feed, digest, false)
    }

    /// Keeps a file's memory, durably, before the store commits the file.
    pub fn save(&self, feed: &str, digest: &Digest, memory: &mut FileMemory) -> Result<()> {
        memory.finish().context("keeping the remembered rows of a file")?.sync_all()?;
        memory.keep_as(&self.path(feed, digest))?;
        File::open(&self.kept)?.sync_all()?;
        Ok(())
    }

    /// Reads a kept memory through; a changed or cut one is an error.
    pub fn load(&self, feed: &str, digest: &Digest) -> Result<FileMemory> {
        let StoredRows { index, bytes, .. } = self.rows(feed, digest, false)?;
        Ok(FileMemory::stored(self.path(feed, digest), index, bytes))
    }

    fn rows(&self, feed: &str, digest: &Digest, prints: bool) -> Result<StoredRows> {
        let open = || StoredRows::open(File::open(self.path(feed, digest))?, prints);
        open().with_context(|| unread(feed))
    }

    /// Forgets a file's rows.
    pub fn remove(&self, feed: &str, digest: &Digest) -> Result<()> {
        match fs::remove_file(self.path(feed, digest)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }
}

fn unread(feed: &str) -> String {
    format!("the remembered rows of feed `{feed}` do not read back")
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use jiff::civil::date;
    use lockgate_core::link::{Fate, Found, Key, Remembered as _, Span};
    use lockgate_core::record::IdentityId;
    use lockgate_core::row::Fingerprint;

    fn memories() -> (tempfile::TempDir, Memories) {
        let folder = tempfile::tempdir().unwrap();
        let memories = Memories::open(folder.path()).unwrap();
        (folder, memories)
    }

    fn told(memory: &FileMemory) -> Vec<(usize, u128, Vec<u64>, bool, bool)> {
        let mut out = Vec::new();
        let mut tell = |row: &lockgate_core::link::Seen<'_>| {
            let keys = row.keys().map(|key| key.0).collect();
            out.push((row.row, row.identity.0, keys, row.span.is_some(), row.fresh));
        };
        memory.each(&mut tell).unwrap();
        out
    }

    /// One designated, one refused, one other.
    fn first(memories: &Memories) -> Digest {
        let mut file = memories.reading("f", None).unwrap();
        let span = Span { from: Some(date(2008, 10, 1)), until: None };
        file.push(Fingerprint(1), IdentityId(11), &[Key(5), Key(6)], Some(span));
        file.push_other(Fingerprint(2), Fate::Refused);
        file.push(Fingerprint(3), IdentityId(13), &[Key(7)], None);
        assert_eq!(file.mark_repeats(), []);
        let digest = Digest::of(b"first");
        memories.save("f", &digest, &mut file).unwrap();
        digest
    }

    #[test]
    fn comes_back_whole_and_a_changed_byte_is_noticed() {
        let (_folder, memories) = memories();
        let mut file = memories.reading("f", None).unwrap();
        for n in 0..50_000u128 {
            file.push(Fingerprint(n), IdentityId(n), &[Key(7), Key(8)], None);
            file.flush().unwrap();
        }
        file.push_other(Fingerprint(1), Fate::Skipped);
        assert_eq!(file.mark_repeats(), [Fate::Skipped]);
        let digest = Digest::of(b"x");
        memories.save("f", &digest, &mut file).unwrap();
        let back = memories.load("f", &digest).unwrap();
        assert_eq!((back.len(), back.fate(50_000)), (50_001, Some(Fate::Duplicate)));
        let rows = told(&back);
        assert_eq!((rows.len(), &rows[49_999]), (50_000, &(49_999, 49_999, vec![7, 8], false, false)));
        let path = memories.path("f", &digest);
        let whole = fs::read(&path).unwrap();
        for at in [3, 1_000, whole.len() - 40, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(memories.load("f", &digest).is_err(), "byte {at}");
        }
        for length in [0, 20, 1_000, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(memories.load("f", &digest).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_second_file_remembers_known_and_fresh_rows_in_its_own_order() {
        let (_folder, memories) = memories();
        let digest = first(&memories);
        let mut file = memories.reading("f", Some(&digest)).unwrap();
        assert_eq!(file.find(Fingerprint(3)), Found::Known(2));
        file.push_known(2);
        assert_eq!(file.find(Fingerprint(9)), Found::New);
        file.push(Fingerprint(9), IdentityId(19), &[Key(8)], None);
        assert_eq!(file.find(Fingerprint(2)), Found::Refused, "a refused row is read again");
        file.push_other(Fingerprint(2), Fate::Refused);
        assert_eq!(file.mark_repeats(), []);
        let mut vanished = Vec::new();
        file.each_vanished(|row| vanished.push(row.identity.0)).unwrap();
        assert_eq!(vanished, [11]);
        memories.save("f", &Digest::of(b"second"), &mut file).unwrap();
        let expected = |fresh| [(0, 13, vec![7], false, false), (1, 19, vec![8], false, fresh)];
        assert_eq!(told(&file), expected(true));
        assert_eq!(told(&memories.load("f", &Digest::of(b"second")).unwrap()), expected(false));
    }

    #[test]
    fn rows_come_over_in_any_order() {
        let (_folder, memories) = memories();
        let mut file = memories.reading("f", None).unwrap();
        let keys: Vec<Key> = (0..20).map(Key).collect();
        for n in 0..5_000usize {
            file.push(Fingerprint(n as u128), IdentityId(n as u128), &keys[..n % 20], None);
        }
        file.mark_repeats();
        let digest = Digest::of(b"many");
        memories.save("f", &digest, &mut file).unwrap();
        let mut next = memories.reading("f", Some(&digest)).unwrap();
        let order: Vec<usize> = (0..5_000).map(|n| n * 1_777 % 5_000).chain(4_000..4_200).collect();
        for row in &order {
            next.push_known(*row);
        }
        next.mark_repeats();
        memories.save("f", &Digest::of(b"next"), &mut next).unwrap();
        let back = told(&memories.load("f", &Digest::of(b"next")).unwrap());
        assert_eq!(back.len(), order.len());
        for ((_, identity, keys, ..), row) in back.iter().zip(order) {
            assert_eq!((*identity, keys.len()), (row as u128, row % 20));
        }
    }

    #[test]
    fn a_designation_that_is_merely_gone_is_carried_on_and_an_ended_one_is_not() {
        let (_folder, memories) = memories();
        let (digest, day) = (first(&memories), date(2008, 11, 19));
        let mut file = memories.reading("f", Some(&digest)).unwrap();
        file.push(Fingerprint(9), IdentityId(19), &[], None);
        file.mark_repeats();
        assert_eq!(file.carry_designations(date(2008, 9, 30)).unwrap(), 0, "it did not stand yet");
        assert_eq!(file.carry_designations(day).unwrap(), 1);
        assert_eq!(told(&file), [(0, 19, vec![], false, true), (1, 11, vec![5, 6], true, false)]);
        let mut ended = memories.reading("f", Some(&digest)).unwrap();
        let span = Span { from: None, until: Some(date(2008, 11, 18)) };
        ended.push(Fingerprint(9), IdentityId(11), &[], Some(span));
        ended.mark_repeats();
        assert_eq!(ended.carry_designations(day).unwrap(), 0);
    }

    #[test]
    fn what_a_killed_run_left_is_swept_and_nothing_else() {
        let (_folder, memories) = memories();
        let digest = first(&memories);
        fs::write(memories.new.join(format!("{READING}x")), b"half").unwrap();
        memories.sweep().unwrap();
        assert_eq!(fs::read_dir(&memories.new).unwrap().count(), 1);
        assert!(memories.load("f", &digest).is_ok());
    }
}
