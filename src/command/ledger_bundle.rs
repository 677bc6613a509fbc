//! `ledger verify --bundle`: what the ledger, once it is known to be whole, says of one bundle, against what is kept of it.

use super::bundle::kept;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::store::Store;
use anyhow::Result;
use lockgate_core::bundle::{Change, Counts};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::Entry;
use serde::Serialize;

/// What was found of a bundle.
#[derive(Serialize)]
pub(super) struct BundleFound {
    name: String,
    state: &'static str,
    /// The entry that names its manifest.
    entry: u64,
    /// The entries of its rows: how many, the first and the last.
    rows: u64,
    first: Option<u64>,
    last: Option<u64>,
    /// Whether its manifest is kept, and is the one that was recorded.
    manifest: Option<bool>,
    #[serde(skip)]
    pub(super) faults: Vec<String>,
}

impl BundleFound {
    /// In one line.
    pub(super) fn text(&self) -> String {
        let (first, last) = (self.first.unwrap_or_default(), self.last.unwrap_or_default());
        let rows = match self.rows {
            0 => "no rows".to_owned(),
            1 => format!("one row, entry {first}"),
            rows => format!("{rows} rows, entries {first} to {last}"),
        };
        let manifest = match self.manifest {
            Some(true) => "its manifest is the one that was recorded",
            Some(false) => "its manifest is NOT the one that was recorded",
            None => "its manifest is not kept any more",
        };
        format!("{} ({}): recorded as entry {}, {rows}; {manifest}", self.name, self.state, self.entry)
    }
}

/// Looks a bundle up in the whole ledger.
pub(super) async fn find(deployment: &Deployment, store: &Store, name: &str) -> Result<BundleFound> {
    let none =
        || Expected::new(Exit::Usage, format!("there is no bundle `{name}`; see `lockgate bundle list`"));
    let row = store.bundle(name).await?.ok_or_else(none)?;
    let partner = row.recipient.and_then(|id| deployment.agreement.get(id)).map_or("", |p| p.key.as_str());
    let mut found = BundleFound {
        name: name.to_owned(),
        state: row.bundle.state.word(),
        entry: 0,
        rows: 0,
        first: None,
        last: None,
        manifest: kept(deployment, &row).ok().map(|k| Digest::of(&k.manifest) == row.bundle.manifest_digest),
        faults: Vec::new(),
    };
    let (mut counted, mut stated) = (Counts::default(), None);
    let mut pages = store.ledger_entries(1);
    while let Some(page) = pages.next_page().await? {
        for entry in &page {
            match Entry::decode(&entry.entry) {
                Ok(Entry::Disclosure(d)) if d.recipient == partner && d.sequence == row.bundle.sequence => {
                    found.rows += 1;
                    found.first.get_or_insert(entry.seq);
                    found.last = Some(entry.seq);
                    add(&mut counted, d.change);
                }
                Ok(Entry::Bundle(b)) if b.name == name => (found.entry, stated) = (entry.seq, Some(b.counts)),
                _ => {}
            }
        }
    }
    if stated.is_none() {
        found.faults.push(format!("the ledger does not name the bundle `{name}`"));
    } else if !agree(stated.as_ref(), &counted, &row.bundle.kind) {
        found.faults.push(format!("the ledger has other rows of `{name}` than the bundle was recorded with"));
    }
    if found.manifest == Some(false) {
        found.faults.push(format!("the manifest of `{name}` is not the one that was recorded"));
    }
    Ok(found)
}

const fn add(counts: &mut Counts, change: Change) {
    match change {
        Change::New => counts.new += 1,
        Change::Correction => counts.correction += 1,
        Change::Withdrawal => counts.withdrawal += 1,
        Change::Current => counts.current += 1,
    }
}

/// A snapshot's withdrawals stand in the ledger and in its return form, and not among its rows.
fn agree(stated: Option<&Counts>, counted: &Counts, kind: &str) -> bool {
    stated.is_some_and(|stated| {
        let rows = |c: &Counts| (c.new, c.correction, c.current);
        rows(stated) == rows(counted) && (kind == "snapshot" || stated.withdrawal == counted.withdrawal)
    })
}
