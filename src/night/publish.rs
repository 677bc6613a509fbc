//! Publish: each bundle's files are finished, the ledger commits what leaves, and only then the bundle is sealed and
//! put where its recipient finds it.

use super::Night;
use super::asked;
use super::disclose::Open;
use super::hold::{Hold, PAGE, Ready, Waiting};
use super::journal::JournalEntry;
use super::summary::RecipientLine;
use crate::bundle::{BundleError, Finished};
use crate::deliver::{Doors, outbox};
use crate::seal::{SealError, Sealed};
use crate::store::{BundleId, BundleState, BundleTx, LedgerRow, NewBundle, NewEntry, PersonRef};
use crate::vault::SpoolReader;
use anyhow::{Context as _, Result};
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::{Counts, Meta};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{
    BundleEntry, Chain, DecisionEntry, End, Entry, FileEntry, FileState, LedgerCommit, Prepared, RunEntry,
};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

/// A bundle on its way into the ledger: its entries are written, and what names its files is not yet.
struct Closing<'a> {
    tx: Option<BundleTx>,
    id: BundleId,
    end: End,
    /// The return form in the finished bundle.
    form: PathBuf,
    meta: &'a Meta,
    /// What the bundle holds, once its files are finished.
    counts: (Counts, String),
}

impl LedgerCommit for Closing<'_> {
    type Error = anyhow::Error;

    async fn commit(&mut self, bundle: &Prepared) -> Result<()> {
        let mut tx = self.tx.take().context("a bundle is recorded once")?;
        let row = self.row(bundle);
        tx.put_bundle(self.id, &row).await?;
        asked::record(&mut tx, self.id, &self.form).await?;
        let closing = Entry::Bundle(BundleEntry {
            name: bundle.name(),
            recipient: self.meta.recipient_key(),
            sequence: self.meta.sequence,
            kind: self.meta.kind,
            as_of: self.meta.as_of,
            manifest: bundle.manifest(),
            previous: self.meta.previous,
            counts: self.counts.0,
        });
        let entry = linked(&mut self.end, &closing.encode());
        tx.append_ledger(Some(self.id), vec![entry]).await?;
        tx.put_tree(self.end.tree()).await?;
        Ok(tx.commit().await?)
    }
}

/// Opens the night's chapter of the ledger: under which agreement and schema, and what became of which file.
pub async fn open_chapter(night: &Night<'_>, files: &[(String, Digest, FileState)]) -> Result<()> {
    let mut tx = night.store.begin_bundle(&night.run).await?;
    let mut end = end(&mut tx).await?;
    let deployment = night.deployment;
    let run = Entry::Run(RunEntry {
        as_of: night.order.as_of,
        agreement: *deployment.agreement.digest(),
        schema: deployment.schema_digest(),
        software: crate::SOFTWARE,
    });
    let mut entries = vec![linked(&mut end, &run.encode())];
    for (feed, digest, state) in files {
        let entry = Entry::File(FileEntry { feed, file: *digest, state: *state });
        entries.push(linked(&mut end, &entry.encode()));
    }
    tx.append_ledger(None, entries).await?;
    tx.put_tree(end.tree()).await?;
    Ok(tx.commit().await?)
}

/// Records a person's decision in the ledger.
pub async fn record_decision(tx: &mut BundleTx, entry: &DecisionEntry<'_>) -> Result<()> {
    record_decisions(tx, std::iter::once(entry.clone())).await
}

/// Records decisions in the ledger.
pub async fn record_decisions(
    tx: &mut BundleTx,
    entries: impl Iterator<Item = DecisionEntry<'_>>,
) -> Result<()> {
    let mut end = end(tx).await?;
    let linked: Vec<NewEntry> =
        entries.map(|entry| linked(&mut end, &Entry::Decision(entry).encode())).collect();
    if linked.is_empty() {
        return Ok(());
    }
    tx.append_ledger(None, linked).await?;
    Ok(tx.put_tree(end.tree()).await?)
}

/// The ledger's end.
async fn end(tx: &mut BundleTx) -> Result<End> {
    let chain =
        tx.chain_head().await?.map_or_else(Chain::new, |(seq, head)| Chain { seq, head: Digest(head) });
    End::of(chain, tx.tree().await?).context("the ledger and its tree do not end together")
}

fn linked(end: &mut End, bytes: &[u8]) -> NewEntry {
    let Chain { seq, head } = end.link(bytes);
    NewEntry { seq, entry: bytes.to_vec(), hash: head.0 }
}

impl<'a> Closing<'a> {
    /// Links the journal's entries to the ledger, and sets what the recipient holds from now on. The next pages
    /// are linked while the store takes one. Nothing stands before the bundle's own row does: without it all of
    /// this is dropped.
    async fn begin(night: &Night<'_>, meta: &'a Meta, journal: Waiting) -> Result<Self> {
        let (mut tx, journal, hold) = match journal.ready().await? {
            Ready::Held(holding, journal) => (night.store.in_turn(holding, &night.run).await?, journal, None),
            Ready::Unread(journal) => {
                let mut tx = night.store.begin_bundle(&night.run).await?;
                let hold = Hold::of(tx.holding(), meta.recipient).await?;
                (tx, journal, Some(hold))
            }
        };
        let (id, start) = (tx.number_bundle(), end(&mut tx).await?);
        let (sender, mut pages) = tokio::sync::mpsc::channel(2);
        let holding = hold.is_some();
        let linking = tokio::task::spawn_blocking(move || link_pages(journal, start, holding, &sender));
        while let Some(page) = pages.recv().await {
            tx.append_rows(Some(id), page.rows).await?;
            if let Some(hold) = &hold {
                hold.page(tx.holding(), page.holdings).await?;
            }
        }
        let end = linking.await.context("linking the ledger stopped")??;
        Ok(Self {
            tx: Some(tx),
            id,
            end,
            form: PathBuf::new(),
            meta,
            counts: (Counts::default(), String::new()),
        })
    }

    fn row(&self, bundle: &Prepared) -> NewBundle {
        NewBundle {
            recipient: self.meta.recipient,
            sequence: self.meta.sequence,
            kind: self.meta.kind.word().into(),
            as_of: self.meta.as_of,
            name: bundle.name().into(),
            previous: self.meta.previous,
            manifest_digest: bundle.manifest(),
            state: BundleState::Committed,
            counts: self.counts.1.clone(),
        }
    }
}

/// A bundle's counts by table, as JSON.
fn counts_by_table(finished: &Finished) -> String {
    let one = |(table, c): &(String, Counts)| {
        let counts = serde_json::json!({
            "new": c.new, "correction": c.correction, "withdrawal": c.withdrawal, "current": c.current,
        });
        (table.clone(), counts)
    };
    let counts: serde_json::Map<String, serde_json::Value> = finished.counts.iter().map(one).collect();
    serde_json::Value::Object(counts).to_string()
}

/// What goes into the store at once.
#[derive(Default)]
struct Page {
    rows: Vec<LedgerRow>,
    holdings: Vec<(PersonRef, Vec<u8>)>,
}

/// Reads the journal and links its entries, page by page, with what is held if that is not written yet; gives the ledger's
/// end.
fn link_pages(mut journal: SpoolReader, mut end: End, holding: bool, pages: &Sender<Page>) -> Result<End> {
    let (mut page, mut row, mut people) = (Page::default(), LedgerRow::default(), 0);
    let send = |page: Page| pages.blocking_send(page).ok().context("the store stopped");
    while let Some(bytes) = journal.next_entry()? {
        let one = JournalEntry::read(bytes).context("the night's journal does not read back")?;
        for entry in one.entries {
            let Chain { seq, head } = end.link(entry);
            row.push(seq, entry, head.0);
            if row.full() {
                page.rows.push(std::mem::take(&mut row));
            }
        }
        page.holdings.extend(one.after.filter(|_| holding).map(|held| (one.person, held.to_vec())));
        people += 1;
        if people >= PAGE {
            send(std::mem::take(&mut page))?;
            people = 0;
        }
    }
    page.rows.push(row);
    send(page)?;
    Ok(end)
}

/// A bundle whose files are being finished.
struct Underway {
    meta: Meta,
    journal: Waiting,
    /// Of the journal.
    bytes: u64,
    line: RecipientLine,
    finished: JoinHandle<Result<Finished, BundleError>>,
}

/// What a night has sealed, by the bundle's row.
pub type Fresh = BTreeMap<i64, Sealed>;

/// Finishes, records and seals tonight's bundles. One recipient's trouble stops its bundle only. What was recorded
/// is sealed while the next one is recorded.
pub async fn publish_all(
    night: &Night<'_>,
    doors: &Arc<Doors>,
    open: Vec<Open>,
) -> Result<(Vec<RecipientLine>, Fresh)> {
    night.progress.stage("writing bundles");
    // A second bundle of a day without a row would tell nothing; an empty first one tells that there is nothing.
    // Something to ask makes it a notice.
    let (needless, mut open): (Vec<Open>, Vec<Open>) = open.into_iter().partition(Open::needless);
    let (notices, needless): (Vec<Open>, Vec<Open>) = needless.into_iter().partition(Open::asks);
    let mut lines: Vec<RecipientLine> = needless.into_iter().map(|o| o.line).collect();
    for notice in notices {
        open.push(notice.notice(night, &doors.staging)?);
    }
    let (mut leaving, mut underway) = (Vec::new(), finishing(open));
    while let Some(Underway { meta, journal, line, finished, .. }) = underway.pop_front() {
        begin_ahead(night, &mut underway).await;
        let recorded = record(night, doors, &meta, journal, finished).await;
        leaving.push((meta.recipient_key().to_owned(), line, recorded));
    }
    let mut fresh = Fresh::new();
    for (recipient, mut line, recorded) in leaving {
        match sealed(night, recorded, &mut fresh).await {
            Ok(name) => line.bundle = Some(name),
            Err(fault) => {
                told(&recipient, "was not made", &fault);
                line.failed = true;
            }
        }
        lines.push(line);
    }
    let place = |line: &RecipientLine| {
        night.deployment.agreement.partners().position(|(_, p)| p.key == line.recipient)
    };
    lines.sort_by_key(place);
    Ok((lines, fresh))
}

impl Underway {
    /// What its recipient holds is being written, if that can be before its turn.
    async fn begun(self, night: &Night<'_>) -> Self {
        let journal = self.journal.begun(night.store, self.meta.recipient).await;
        Self { journal, ..self }
    }
}

/// Of the bundles that wait, begins the one with the most to write before its turn, unless one is begun already.
async fn begin_ahead(night: &Night<'_>, waiting: &mut VecDeque<Underway>) {
    if waiting.iter().any(|one| matches!(one.journal, Waiting::Ahead(_))) {
        return;
    }
    let largest = (0..waiting.len()).max_by_key(|at| waiting.get(*at).map(|one| one.bytes));
    if let Some((at, one)) = largest.and_then(|at| Some((at, waiting.remove(at)?))) {
        waiting.insert(at, one.begun(night).await);
    }
}

/// Finishes the bundles' files in their order, as many at a time as there are cores.
fn finishing(open: Vec<Open>) -> VecDeque<Underway> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let turns = Arc::new(Semaphore::new(cores));
    let finish = |Open { meta, journal, line, writer, .. }: Open| {
        let turns = Arc::clone(&turns);
        let finished = tokio::spawn(async move {
            let turn = turns.acquire_owned().await;
            let finished = tokio::task::block_in_place(|| writer.finish());
            drop(turn);
            finished
        });
        let (bytes, journal) = (journal.bytes(), Waiting::Unread(Box::new(journal)));
        Underway { meta, journal, bytes, line, finished }
    };
    open.into_iter().map(finish).collect()
}

/// Says what became of a recipient's bundle, with the code where there is one.
pub fn told(recipient: &str, became: &str, fault: &anyhow::Error) {
    let code = fault.downcast_ref::<SealError>().map(SealError::code).or_else(|| crate::fault::code(fault));
    let code = code.map_or_else(String::new, |code| format!("[{code}]"));
    let what = crate::fault::told(fault);
    anstream::eprintln!("error{code}: the bundle of `{recipient}` {became}: {what}");
}

/// A bundle that is recorded and on its way out.
struct Leaving {
    id: BundleId,
    name: String,
    manifest: Digest,
    sealed: JoinHandle<Result<Option<Sealed>>>,
}

/// Records a bundle while its files are finished, and has it sealed when both are done.
async fn record(
    night: &Night<'_>,
    doors: &Arc<Doors>,
    meta: &Meta,
    journal: Waiting,
    finished: JoinHandle<Result<Finished, BundleError>>,
) -> Result<Leaving> {
    let mut closing = Closing::begin(night, meta, journal).await?;
    let finished = finished.await.context("finishing a bundle stopped")??;
    closing.counts = (finished.total(), counts_by_table(&finished));
    closing.form = doors.staging.join(&finished.name).join("acknowledge.csv");
    let outgoing = finished.prepared().release(&mut closing).await?;
    let (doors, recipient) = (Arc::clone(doors), meta.recipient_key().to_owned());
    let manifest = outgoing.manifest();
    let sealed = tokio::task::spawn_blocking(move || doors.seal(&outgoing, &recipient));
    Ok(Leaving { id: closing.id, name: finished.name, manifest, sealed })
}

/// Waits for a bundle to be sealed, or to be at its door when it leaves plain; its name.
async fn sealed(night: &Night<'_>, recorded: Result<Leaving>, fresh: &mut Fresh) -> Result<String> {
    let Leaving { id, name, manifest, sealed } = recorded?;
    match sealed.await.context("sealing a bundle stopped")?? {
        Some(sealed) => {
            night.store.set_bundle_state(id, BundleState::Sealed).await?;
            fresh.insert(id.0, sealed);
        }
        None => {
            outbox::record_sent(night.store, night.order.as_of, &[(id, &name, manifest, "folder")]).await?;
        }
    }
    Ok(name)
}

/// The ledger has the bundle already: it was committed before.
pub struct Committed;

impl LedgerCommit for Committed {
    type Error = anyhow::Error;

    async fn commit(&mut self, _: &Prepared) -> Result<()> {
        Ok(())
    }
}

/// Seals what an earlier run recorded and did not live to seal, each recipient's bundles in their order. What is for a
/// partner that receives nothing for now waits until it does again. Gives the recipients whose bundle still cannot be
/// sealed: they get no later one before it.
pub async fn finish_earlier(
    night: &Night<'_>,
    doors: &Arc<Doors>,
    closed: &[PartnerId],
) -> Result<Vec<PartnerId>> {
    let mut stuck = Vec::new();
    for row in night.store.unpublished_bundles().await? {
        if row.recipient.is_some_and(|r| closed.contains(&r) || stuck.contains(&r)) {
            continue;
        }
        let bundle = &row.bundle;
        let of = row.recipient.and_then(|r| Some((r, night.deployment.agreement.get(r)?.key.clone())));
        let (id, recipient) = of.with_context(|| format!("bundle `{}` is of no partner", bundle.name))?;
        let prepared = Prepared::new(bundle.name.clone(), bundle.manifest_digest);
        let outgoing = prepared.release(&mut Committed).await?;
        match tokio::task::block_in_place(|| doors.seal(&outgoing, &recipient)) {
            Ok(Some(_)) => night.store.set_bundle_state(row.id, BundleState::Sealed).await?,
            Ok(None) => {
                let sent = [(row.id, bundle.name.as_str(), bundle.manifest_digest, "folder")];
                outbox::record_sent(night.store, night.order.as_of, &sent).await?;
            }
            Err(fault) => {
                told(&recipient, "that an earlier run recorded was not sealed", &fault);
                stuck.push(id);
            }
        }
    }
    Ok(stuck)
}
