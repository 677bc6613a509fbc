//! What a bundle's recipient holds afterwards: written with the bundle's entries in the ledger, or, on a server, while the bundle before it is
//! recorded. The ledger is one chain, so that bundles are recorded one after another; what recipients hold is each one's own.

use super::journal::JournalEntry;
use crate::store::{HoldingTx, PersonRef, Store};
use crate::vault::{Spool, SpoolReader};
use anyhow::{Context as _, Result};
use lockgate_core::agreement::PartnerId;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

/// People of a journal that are handed to the store at once.
pub(super) const PAGE: usize = 2000;

/// How what one recipient holds is written.
pub(super) struct Hold {
    recipient: PartnerId,
    /// Whether it may hold something of the same people already.
    again: bool,
}

/// What is packed of some people.
pub(super) type Held = Vec<(PersonRef, Vec<u8>)>;

/// A bundle's journal that waits for its turn.
pub(super) enum Waiting {
    /// Nobody has read it.
    Unread(Box<Spool>),
    /// What its recipient holds is being written.
    Ahead(JoinHandle<Result<(HoldingTx, SpoolReader)>>),
}

/// A bundle's journal whose turn has come.
pub(super) enum Ready {
    /// Nobody has read it.
    Unread(SpoolReader),
    /// What its recipient holds stands in the transaction.
    Held(HoldingTx, SpoolReader),
}

impl Hold {
    /// Ready to write, in a transaction.
    pub(super) async fn of(tx: &mut HoldingTx, recipient: PartnerId) -> Result<Self> {
        Ok(Self { recipient, again: tx.any(recipient).await? })
    }

    /// Writes what is held of some people.
    pub(super) async fn page(&self, tx: &mut HoldingTx, held: Held) -> Result<()> {
        let written =
            if self.again { tx.put(self.recipient, held).await } else { tx.add(self.recipient, held).await };
        Ok(written?)
    }
}

impl Waiting {
    /// Begins to write what is held before the turn has come, where the store can. Where it cannot, that is written in its turn.
    pub(super) async fn begun(self, store: &Store, recipient: PartnerId) -> Self {
        match (self, store.begin_ahead().await) {
            (Self::Unread(journal), Ok(Some(tx))) => {
                Self::Ahead(tokio::spawn(ahead(tx, recipient, *journal)))
            }
            (as_it_was, _) => as_it_was,
        }
    }

    /// Waits for what was begun.
    pub(super) async fn ready(self) -> Result<Ready> {
        match self {
            Self::Unread(journal) => Ok(Ready::Unread(journal.into_reader()?)),
            Self::Ahead(writing) => {
                let (tx, journal) = writing.await.context("writing what is held stopped")??;
                Ok(Ready::Held(tx, journal))
            }
        }
    }
}

/// Writes what is held, and gives the journal back from its beginning.
async fn ahead(mut tx: HoldingTx, recipient: PartnerId, journal: Spool) -> Result<(HoldingTx, SpoolReader)> {
    let mut journal = journal.into_reader()?;
    let hold = Hold::of(&mut tx, recipient).await?;
    let (sender, mut pages) = tokio::sync::mpsc::channel(2);
    let reading = tokio::task::spawn_blocking(move || {
        read_pages(&mut journal, &sender)?;
        journal.rewind()?;
        anyhow::Ok(journal)
    });
    while let Some(page) = pages.recv().await {
        hold.page(&mut tx, page).await?;
    }
    Ok((tx, reading.await.context("reading the night's journal stopped")??))
}

fn read_pages(journal: &mut SpoolReader, pages: &Sender<Held>) -> Result<()> {
    let mut page = Held::new();
    let send = |page: Held| pages.blocking_send(page).ok().context("the store stopped");
    while let Some(bytes) = journal.next_entry()? {
        let one = JournalEntry::read(bytes).context("the night's journal does not read back")?;
        page.extend(one.after.map(|held| (one.person, held.to_vec())));
        if page.len() >= PAGE {
            send(std::mem::take(&mut page))?;
        }
    }
    send(page)
}
