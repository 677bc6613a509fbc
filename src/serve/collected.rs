//! Who fetched what: noted once per bundle, in files of their own, so that the server needs no right to write to the
//! store. A night takes the notes from there.

use crate::vault::{private_folder, sync_folder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The folder of the notes in the state folder.
pub const FOLDER: &str = "collected";

/// Takes down that a recipient has fetched a bundle whole.
pub trait Collected: Send + Sync {
    /// Called when the last byte was handed to the connection; of one bundle it may be called more than once.
    fn collected(&self, recipient: &str, bundle: &str, at: Timestamp) -> io::Result<()>;
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The recipient's key.
    pub recipient: String,
    /// The bundle's name.
    pub bundle: String,
    /// When its last byte was handed to the connection, as RFC 3339 says it.
    pub at: String,
}

/// Notes as files `collected/RECIPIENT/BUNDLE.json`, each written whole and once.
pub struct Notes {
    folder: PathBuf,
    known: Mutex<BTreeSet<String>>,
}

impl Notes {
    /// Notes in a state folder.
    pub fn at(state: &Path) -> Self {
        Self { folder: state.join(FOLDER), known: Mutex::default() }
    }
}

impl Collected for Notes {
    fn collected(&self, recipient: &str, bundle: &str, at: Timestamp) -> io::Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(bundle) {
            return Ok(());
        }
        let note = Note { recipient: recipient.into(), bundle: bundle.into(), at: at.to_string() };
        keep(&self.folder.join(recipient), &format!("{bundle}.json"), &serde_json::to_vec(&note)?)?;
        known.insert(bundle.into());
        Ok(())
    }
}

/// Writes a small file that is there whole or not at all, also after a power cut; one that is there already stays.
pub(super) fn keep(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let to = folder.join(name);
    if to.exists() {
        return Ok(());
    }
    private_folder(folder)?;
    let part = folder.join(format!(".{name}.part"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, &to)?;
    sync_folder(folder)
}

/// The notes that lie in a state folder, each with its file: whoever has taken one down removes the file.
pub fn notes(state: &Path) -> io::Result<Vec<(PathBuf, Note)>> {
    let mut out = Vec::new();
    for file in files_below(&state.join(FOLDER))? {
        // One that does not read stays where it is, for somebody to look at.
        if let Ok(note) = serde_json::from_slice(&fs::read(&file)?) {
            out.push((file, note));
        }
    }
    Ok(out)
}

/// The whole files in the folders of a folder, in the order of their names.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    let listed = |folder: &Path| match fs::read_dir(folder) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(fault) => Err(fault),
        Ok(entries) => entries.collect::<io::Result<Vec<_>>>(),
    };
    for above in listed(folder)?.into_iter().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())) {
        let files = listed(&above.path())?.into_iter().map(|e| e.path());
        out.extend(files.filter(|f| f.extension().is_some_and(|e| e == "json")));
    }
    out.sort();
    Ok(out)
}

/// How much of each bundle a recipient has by now, when it comes in pieces.
#[derive(Default)]
pub(super) struct Pieces(Mutex<BTreeMap<String, u64>>);

impl Pieces {
    /// Adds the bytes `from..to` of a bundle that were handed over; whether it is whole with them.
    pub(super) fn add(&self, bundle: &str, (from, to): (u64, u64), bytes: u64) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = all.get(bundle).copied().unwrap_or(0);
        if from > reached || to <= reached {
            return false;
        }
        if to >= bytes {
            all.remove(bundle);
            return true;
        }
        all.insert(bundle.into(), to);
        false
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn pieces_count_only_without_a_gap() {
        let pieces = Pieces::default();
        assert!(!pieces.add("b", (99, 100), 100), "the last byte alone is not the bundle");
        assert!(!pieces.add("b", (0, 40), 100));
        assert!(!pieces.add("b", (50, 100), 100), "ten bytes are missing");
        assert!(!pieces.add("b", (30, 60), 100));
        assert!(!pieces.add("c", (60, 100), 100));
        assert!(pieces.add("b", (60, 100), 100));
        assert!(pieces.add("b", (0, 100), 100), "once more, from the beginning");
    }

    #[test]
    fn a_note_is_written_once_and_found() {
        let folder = tempfile::tempdir().unwrap();
        let at: Timestamp = "2008-11-18T03:00:00Z".parse().unwrap();
        let later: Timestamp = "2008-11-19T03:00:00Z".parse().unwrap();
        assert_eq!(notes(folder.path()).unwrap(), []);
        let book = Notes::at(folder.path());
        book.collected("one", "b2", at).unwrap();
        book.collected("one", "b2", later).unwrap();
        // A server that was started anew.
        Notes::at(folder.path()).collected("one", "b2", later).unwrap();
        book.collected("another", "b1", later).unwrap();
        let found: Vec<Note> = notes(folder.path()).unwrap().into_iter().map(|(_, n)| n).collect();
        assert_eq!(found.len(), 2);
        assert!(found.iter().any(|n| n.bundle == "b2" && n.recipient == "one" && n.at == at.to_string()));
    }
}
