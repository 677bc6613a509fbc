//! Replay: rows of files received earlier, mapped again for people who joined the cohort.
//!
//! Intake keeps nothing about people outside the cohort but hashes; the encrypted file is where
//! their rows come from when they join.

use super::Night;
use super::ingest::Rows;
use super::link::{Kept, WhoIsWho};
use anyhow::{Result, bail};
use hashbrown::HashSet;
use lockgate_connectors::Step;
use lockgate_core::mapping::{Mapping, Outcome, Scratch};
use lockgate_core::record::{Candidate, IdentityId};
use lockgate_core::row::RowBuf;

/// A row mapped again.
pub struct Replayed {
    /// Its place among the data rows.
    pub row: usize,
    /// Whom it is about.
    pub identity: IdentityId,
    /// Its records.
    pub candidates: Vec<Candidate>,
}

/// The rows of a file that are wanted of people who join the cohort: those that were not read afresh tonight.
pub fn wanted_rows(file: &Kept, who: &WhoIsWho) -> Vec<usize> {
    if who.joining == 0 {
        return Vec::new();
    }
    let held = who.held();
    let known = |row: &usize| file.tonight.is_none() || !file.memory.is_fresh(*row);
    let joins = |i: IdentityId| who.cohort.contains_key(&i) && !held.contains(&i);
    let wanted = |row: &usize| file.memory.identity(*row).is_some_and(joins);
    (0..file.memory.len()).filter(|r| known(r) && wanted(r)).collect()
}

/// Whom tonight's rows turned out to be about although they were left out of the spool.
pub fn left_out(file: &Kept, left_out: &Rows, who: &WhoIsWho) -> HashSet<IdentityId> {
    let identities = left_out.iter().filter_map(|row| file.memory.identity(row));
    identities.filter(|identity| who.cohort.contains_key(identity)).collect()
}

/// The rows about these identities that were read afresh tonight.
pub fn fresh_rows(file: &Kept, of: &HashSet<IdentityId>) -> Vec<usize> {
    if of.is_empty() {
        return Vec::new();
    }
    let wanted = |row: &usize| file.memory.identity(*row).is_some_and(|i| of.contains(&i));
    (0..file.memory.len()).filter(|r| file.memory.is_fresh(*r) && wanted(r)).collect()
}

/// Reads a file's wanted rows (ascending) from the archive and maps them.
pub fn replay(night: &Night<'_>, feed: usize, file: &Kept, wanted: &[usize]) -> Result<Vec<Replayed>> {
    let mapping = night.deployment.mapping(feed)?;
    night.progress.stage(format!("filling in from {} of {}", mapping.name(), file.date));
    let input = night.archive.open(&file.digest)?;
    let format = night.deployment.format(feed)?;
    let mut rows = match format.read(Box::new(input), night.deployment.wanted(feed)) {
        Ok(rows) => rows,
        Err(fault) => bail!(
            "a file of feed `{}` that was accepted does not read again ({})",
            mapping.name(),
            fault.code
        ),
    };
    // When the mapping changed since, the file may no longer fit it, and cannot fill anybody in.
    let Ok(bound) = mapping.bind(rows.header()) else { return Ok(Vec::new()) };
    let keys = night.vault.keys(mapping.digest());
    let (mut row, mut scratch, mut out) = (RowBuf::new(), Scratch::default(), Vec::new());
    let mut next = wanted.iter().copied().peekable();
    for at in 0.. {
        let Some(want) = next.peek().copied() else { break };
        match rows.next(&mut row) {
            Ok(Step::End) => break,
            Ok(Step::Row) if at == want => {
                if let Outcome::Mapped(mapped) = bound.map(&row, &keys, file.date, &mut scratch) {
                    out.push(Replayed { row: at, identity: mapped.identity, candidates: mapped.candidates });
                }
                next.next();
            }
            Ok(_) => {}
            Err(fault) => {
                bail!("a file of feed `{}` broke off at its replay ({})", Mapping::name(mapping), fault.code)
            }
        }
    }
    Ok(out)
}
