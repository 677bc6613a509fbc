//! Reading ahead: the remembered rows of a feed's last file are read and put in order while tonight's file is collected. They hang by nothing
//! that the file says.

use super::stored_rows::{Copier, StoredRows};
use anyhow::{Result, anyhow};
use lockgate_core::link::LastFile;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// The rows of one kept memory, on their way; of one at a time, since they take memory.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<Option<Underway>>);

#[derive(Debug)]
struct Underway {
    path: PathBuf,
    rows: JoinHandle<Result<Last>>,
}

/// The last file, and what copies from it.
pub(super) type Last = (LastFile, Copier);

impl Ahead {
    /// Begins to read a memory, unless another is on its way.
    pub(super) fn begin(&self, path: PathBuf) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            let of = path.clone();
            let rows = thread::spawn(move || {
                let (last, copier) = StoredRows::open(File::open(of)?, true)?.into_last();
                Ok((last.in_order(), copier))
            });
            *slot = Some(Underway { path, rows });
        }
    }

    /// What was read of this memory, if it was begun; waits for it.
    pub(super) fn take(&self, path: &Path) -> Option<Result<Last>> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = slot.take_if(|underway| underway.path == path)?;
        Some(begun.rows.join().unwrap_or_else(|_| Err(anyhow!("a part of the program broke off"))))
    }

    /// Gives up what nobody took.
    pub(super) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
