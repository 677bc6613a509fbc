//! Lengthens a deployment's ledger by so many entries, for timing `lockgate ledger verify` on a long one:
//! `ledger_grow DEPLOYMENT ENTRIES`. The entries are linked and committed as a night's are, a page at a time.

use anyhow::{Context as _, Result};
use lockgate::config;
use lockgate::store::{LedgerRow, Names, Store};
use lockgate::vault::Vault;
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{Chain, DecisionEntry, End, Entry};
use std::path::Path;

/// Entries of one transaction.
const TOGETHER: u64 = 200_000;

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let root = words.next().context("which deployment?")?;
    let wanted: u64 = words.next().context("how many entries?")?.parse().context("entries are a number")?;
    let deployment =
        config::load(Path::new(&root)).map_err(|_| anyhow::anyhow!("the deployment does not load"))?;
    let vault = Vault::new(deployment.usable_secret()?);
    let (categories, partners) = deployment.names();
    let names = Names { categories: &categories, partners: &partners };
    let store = Store::open(&deployment.state(), &vault, &names).await?;
    let day = store.runs(1).await?.first().context("run a night first")?.as_of;
    let mut left = wanted;
    while left > 0 {
        let now = left.min(TOGETHER);
        let mut tx = store.begin_decisions(day).await?;
        let chain =
            tx.chain_head().await?.map_or_else(Chain::new, |(seq, head)| Chain { seq, head: Digest(head) });
        let mut end =
            End::of(chain, tx.tree().await?).context("the ledger and its tree do not end together")?;
        let mut row = LedgerRow::default();
        for number in 0..now {
            let reference =
                format!("made to measure, number {number} of a page, as long as a row's own entry is");
            let entry = Entry::Decision(DecisionEntry {
                as_of: day,
                kind: "measured",
                by: "nobody",
                reference: &reference,
                subject: Digest::of(&number.to_be_bytes()),
            })
            .encode();
            let Chain { seq, head } = end.link(&entry);
            row.push(seq, &entry, head.0);
            if row.full() {
                tx.append_rows(None, vec![std::mem::take(&mut row)]).await?;
            }
        }
        tx.append_rows(None, vec![row]).await?;
        tx.put_tree(end.tree()).await?;
        tx.commit().await?;
        left -= now;
    }
    store.close().await?;
    Ok(())
}
