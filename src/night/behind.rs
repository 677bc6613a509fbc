//! Writing behind: the store takes one page of a file while the next is put together.

use crate::store::{FileTx, IdentityRef, NewChapter, NewIdentity, Numbers, PersonRef, StoreError};
use anyhow::{Context as _, Result};
use tokio::task::JoinHandle;

/// What one page writes, in this order.
#[derive(Default)]
pub struct Writes {
    /// Identities with their rows, each list numbered at once.
    pub identities: Vec<(Vec<NewIdentity>, Vec<(IdentityRef, PersonRef)>)>,
    /// Persons from this row on were founded by tonight's files.
    pub founded_from: Option<PersonRef>,
    /// Sealed chapters.
    pub chapters: Vec<NewChapter>,
    /// Persons to decide about again.
    pub dirty: Vec<PersonRef>,
}

/// A file's transaction with at most one page under way.
pub struct Behind {
    numbers: Numbers,
    state: State,
}

enum State {
    Idle(FileTx),
    Busy(JoinHandle<Result<FileTx, StoreError>>),
    /// A page failed: nothing of the file will stand.
    Lost,
}

impl Behind {
    /// Nothing under way yet.
    pub fn new(tx: FileTx) -> Self {
        Self { numbers: tx.numbers(), state: State::Idle(tx) }
    }

    /// The transaction's counters.
    pub const fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// The transaction, once everything given so far is written.
    pub async fn tx(&mut self) -> Result<&mut FileTx> {
        let tx = self.take().await?;
        self.state = State::Idle(tx);
        match &mut self.state {
            State::Idle(tx) => Ok(tx),
            State::Busy(_) | State::Lost => anyhow::bail!("a page of the file was not written"),
        }
    }

    /// Starts to write a page, once the page before is written.
    pub async fn write(&mut self, page: Writes) -> Result<()> {
        let tx = self.take().await?;
        self.state = State::Busy(tokio::spawn(written(tx, page)));
        Ok(())
    }

    /// Waits for everything.
    pub async fn finish(mut self) -> Result<FileTx> {
        self.take().await
    }

    async fn take(&mut self) -> Result<FileTx> {
        match std::mem::replace(&mut self.state, State::Lost) {
            State::Idle(tx) => Ok(tx),
            State::Busy(task) => Ok(task.await.context("writing to the store stopped")??),
            State::Lost => anyhow::bail!("a page of the file was not written"),
        }
    }
}

async fn written(mut tx: FileTx, page: Writes) -> Result<FileTx, StoreError> {
    for (new, rows) in page.identities {
        tx.write_identities(new, &rows, page.founded_from).await?;
    }
    tx.put_chapters(page.chapters).await?;
    tx.mark_dirty(&page.dirty).await?;
    tx.go_on();
    Ok(tx)
}
