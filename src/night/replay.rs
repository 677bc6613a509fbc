//! Replay: rows of files received earlier, mapped again for people who joined the cohort.
//!
//! Intake keeps nothing about people outside the cohort but hashes; the encrypted file is where
//! their rows come from when they join.

use super::Night;
use super::link::{Kept, WhoIsWho};
use super::memory::Rows;
use anyhow::{Result, bail};
use hashbrown::HashSet;
use lockgate_connectors::Step;
use lockgate_core::link::Remembered as _;
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

/// What a file has to be read again for.
#[derive(Default)]
pub struct Wanted {
    /// The rows, ascending.
    pub rows: Vec<usize>,
    /// Whom tonight's rows turned out to be about although some of them were left out of the spool: all their rows are
    /// among those wanted, so that they are told in their order.
    pub unexpected: HashSet<IdentityId>,
    /// Rows that were left out of the spool, and are about nobody in the cohort.
    pub outside: u64,
}

impl Wanted {
    /// Of people who join the cohort the rows that were not read afresh tonight; of people who were not expected in it
    /// those that were.
    pub fn of(file: &Kept, left_out: &Rows, who: &WhoIsWho) -> Result<Self> {
        let mut wanted = Self::default();
        if !left_out.is_empty() {
            file.memory.each(&mut |seen| {
                if left_out.has(seen.row) {
                    if who.cohort.contains_key(&seen.identity) {
                        wanted.unexpected.insert(seen.identity);
                    } else {
                        wanted.outside += 1;
                    }
                }
            })?;
        }
        let known = who.joining > 0 && (file.tonight.is_none() || file.memory.has_known());
        if known || !wanted.unexpected.is_empty() {
            let Self { rows, unexpected, .. } = &mut wanted;
            file.memory.each(&mut |seen| {
                let fresh = file.tonight.is_some() && seen.fresh;
                if if fresh { unexpected.contains(&seen.identity) } else { who.joins(seen.identity) } {
                    rows.push(seen.row);
                }
            })?;
        }
        Ok(wanted)
    }
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::memory::FileMemory;
    use super::*;
    use jiff::civil::date;
    use lockgate_core::hash::Digest;
    use lockgate_core::record::PersonId;
    use lockgate_core::row::Fingerprint;

    #[test]
    fn whoever_was_not_expected_in_the_cohort_is_read_again_with_all_rows_in_their_order() {
        let mut memory = FileMemory::passing();
        for (print, identity) in [(1, 7), (2, 8), (3, 7), (4, 9)] {
            memory.push(Fingerprint(print), IdentityId(identity), &[], None);
        }
        let kept = |tonight, memory| Kept {
            stored: None,
            tonight,
            memory,
            date: date(2008, 11, 17),
            digest: Digest::of(b"file"),
        };
        // The first and the last row were left out of the spool; 7 is in the cohort after all, 9 is not.
        let mut left_out = Rows::default();
        [0, 3].into_iter().for_each(|row| left_out.add(row));
        let mut who = WhoIsWho::default();
        who.cohort.extend([7, 8].map(|n| (IdentityId(n), PersonId(n))));
        who.joining = 2;
        let tonight = kept(Some(0), memory);
        let wanted = Wanted::of(&tonight, &left_out, &who).unwrap();
        assert_eq!(wanted.rows, [0, 2]);
        assert_eq!(wanted.unexpected.into_iter().collect::<Vec<_>>(), [IdentityId(7)]);
        assert_eq!(wanted.outside, 1);
        // Of a file of an earlier night the rows of those who join are wanted.
        who.held.insert(IdentityId(8));
        let earlier = kept(None, tonight.memory);
        assert_eq!(Wanted::of(&earlier, &Rows::default(), &who).unwrap().rows, [0, 2]);
    }
}
