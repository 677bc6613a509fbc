//! Late: a list of changes that comes after newer ones of its feed is not the last word about those whom it names.
//!
//! A row that says what its record says already leaves nothing behind: the store holds no version of it, and a file's remembered
//! rows are not read twice. So of a record that said A, then B, then A again the store knows only the first A, and the B that
//! comes late would stand. What the newer files say about whoever a late one names is therefore said again.

use super::link::{Kept, WhoIsWho};
use anyhow::Result;
use hashbrown::HashSet;
use lockgate_core::link::Remembered as _;
use lockgate_core::record::IdentityId;

/// Of a feed's files, newest first, those that are to be said again, oldest first, each with its rows about whoever in the cohort an
/// older one that `came` now names: those that were taken before, and behind the first of them tonight's too, which may only have
/// repeated what an older one of tonight said.
pub(super) fn said_again<'k>(
    files: &'k [Kept],
    came: &dyn Fn(&Kept) -> bool,
    who: &WhoIsWho,
) -> Result<Vec<(&'k Kept, Vec<usize>)>> {
    let newest = files.iter().position(|file| !came(file)).unwrap_or(files.len());
    // Most nights bring nothing older than what was taken before.
    if !files.iter().skip(newest).any(came) {
        return Ok(Vec::new());
    }
    let mut named: HashSet<IdentityId> = HashSet::new();
    let mut again = Vec::new();
    for file in files.iter().rev() {
        let late = came(file);
        if !named.is_empty() && (!late || !again.is_empty()) {
            let mut rows = Vec::new();
            file.memory.each(&mut |seen| {
                if named.contains(&seen.identity) {
                    rows.push(seen.row);
                }
            })?;
            if !rows.is_empty() {
                again.push((file, rows));
            }
        }
        if late {
            file.memory.each(&mut |seen| {
                let read = file.tonight.is_none() || seen.fresh;
                if read && who.cohort.has(seen.identity) {
                    named.insert(seen.identity);
                }
            })?;
        }
    }
    Ok(again)
}
