//! What the sources say of one identity: its rows in the files that count, from the archive, under the mapping in force.

use super::look::Look;
use crate::night::link::Kept;
use crate::night::weights::each_row;
use anyhow::Result;
use lockgate_core::link::Remembered as _;
use lockgate_core::preview;
use lockgate_core::record::{Candidate, IdentityId};
use std::collections::{BTreeMap, BTreeSet};

/// One row about an identity.
pub struct SideRow {
    /// Index of its feed.
    pub feed: usize,
    /// The records that it becomes.
    pub candidates: Vec<Candidate>,
    /// What it says of who its person is, by kind: personal values.
    pub describes: Vec<(&'static str, String)>,
}

impl Look<'_> {
    /// Index and rows of each feed that says something about an identity: its files oldest first.
    pub fn sources(&self, identity: IdentityId) -> Result<BTreeMap<usize, u64>> {
        let mut out = BTreeMap::new();
        for (feed, files) in self.files.iter().enumerate() {
            for file in files {
                let rows = places(file, identity)?.len() as u64;
                if rows > 0 {
                    *out.entry(feed).or_default() += rows;
                }
            }
        }
        Ok(out)
    }

    /// All rows about an identity, the oldest file first.
    pub fn rows(&self, identity: IdentityId) -> Result<Vec<SideRow>> {
        let mut out = Vec::new();
        let mut files: Vec<(usize, &Kept)> =
            self.files.iter().enumerate().flat_map(|(n, of)| of.iter().map(move |f| (n, f))).collect();
        files.sort_by_key(|(feed, file)| (file.date, *feed));
        for (feed, file) in files {
            let wanted = places(file, identity)?;
            each_row(self.night, (feed, file), &wanted, &mut |_, mapped, scratch| {
                if mapped.identity == identity {
                    let describes = preview::evidence(scratch);
                    out.push(SideRow { feed, candidates: mapped.candidates, describes });
                }
            })?;
        }
        Ok(out)
    }
}

/// Where in a file an identity's rows stand.
fn places(file: &Kept, identity: IdentityId) -> Result<BTreeSet<usize>> {
    let mut out = BTreeSet::new();
    file.memory.each(&mut |seen| {
        if seen.identity == identity {
            out.insert(seen.row);
        }
    })?;
    Ok(out)
}
