//! Replay: rows of files received earlier, mapped again for people who joined the cohort.
//!
//! Intake keeps nothing about people outside the cohort but hashes; the encrypted file is where
//! their rows come from when they join.

use super::Night;
use super::link::{Kept, WhoIsWho};
use super::memory::Rows;
use anyhow::{Result, bail};
use hashbrown::HashSet;
use jiff::civil::Date;
use lockgate_connectors::{Rows as Reader, Step};
use lockgate_core::hash::Keys;
use lockgate_core::link::{Remembered as _, Seen, halves, whole};
use lockgate_core::mapping::{Bound, Mapping, Outcome, Scratch};
use lockgate_core::record::{Candidate, IdentityId};
use lockgate_core::row::RowBuf;
use std::iter::Peekable;

/// A row mapped again.
pub struct Replayed {
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
            let member = |seen: &Seen<'_>, out: &mut Vec<u64>| {
                if left_out.has(seen.row) {
                    let inside = who.cohort.has(seen.identity);
                    out.push(u64::from(inside));
                    if inside {
                        out.extend(halves(seen.identity));
                    }
                }
            };
            file.memory.gather(&member, &mut |mut words| {
                while let Some((inside, rest)) = words.split_first() {
                    words = rest;
                    match rest.split_first_chunk::<2>() {
                        Some((identity, rest)) if *inside == 1 => {
                            wanted.unexpected.insert(whole(identity));
                            words = rest;
                        }
                        _ => wanted.outside += 1,
                    }
                }
            })?;
        }
        let known = who.joining > 0 && (file.tonight.is_none() || file.memory.has_known());
        if known || !wanted.unexpected.is_empty() {
            let Self { rows, unexpected, .. } = &mut wanted;
            let asked = |seen: &Seen<'_>, out: &mut Vec<u64>| {
                let fresh = file.tonight.is_some() && seen.fresh;
                if if fresh { unexpected.contains(&seen.identity) } else { who.joins(seen.identity) } {
                    out.push(seen.row as u64);
                }
            };
            file.memory.gather(&asked, &mut |words| {
                rows.extend(words.iter().filter_map(|row| usize::try_from(*row).ok()));
            })?;
        }
        Ok(wanted)
    }
}

/// A file's wanted rows, read from the archive and mapped page by page.
pub struct Replay<'n> {
    mapping: &'n Mapping,
    rows: Box<dyn Reader + 'n>,
    /// `None` when the mapping changed since and the file fits it no longer: then it can fill nobody in.
    bound: Option<Bound<'n>>,
    keys: Keys,
    date: Date,
    wanted: Peekable<std::vec::IntoIter<usize>>,
    /// The place of the next row.
    at: usize,
    row: RowBuf,
    scratch: Scratch,
}

impl<'n> Replay<'n> {
    /// Ready to read the wanted rows (ascending).
    pub fn begin(night: &Night<'n>, feed: usize, file: &Kept, wanted: Vec<usize>) -> Result<Self> {
        let mapping = night.deployment.mapping(feed)?;
        night.progress.stage(format!("filling in from {} of {}", mapping.name(), file.date));
        let input = night.archive.open(&file.digest)?;
        let format = night.deployment.format(feed)?;
        let rows = match format.read(Box::new(input), night.deployment.wanted(feed)) {
            Ok(rows) => rows,
            Err(fault) => bail!(
                "a file of feed `{}` that was accepted does not read again ({})",
                mapping.name(),
                fault.code
            ),
        };
        let bound = mapping.bind(rows.header()).ok();
        let keys = night.vault.keys(mapping.digest());
        let wanted = wanted.into_iter().peekable();
        let (row, scratch) = (RowBuf::new(), Scratch::default());
        Ok(Self { mapping, rows, bound, keys, date: file.date, wanted, at: 0, row, scratch })
    }

    /// The next rows, `most` at a time; empty at the end.
    pub fn next_page(&mut self, most: usize) -> Result<Vec<Replayed>> {
        let mut page = Vec::new();
        let Some(bound) = &self.bound else { return Ok(page) };
        while page.len() < most
            && let Some(want) = self.wanted.peek().copied()
        {
            match self.rows.next(&mut self.row) {
                Ok(Step::End) => break,
                Ok(Step::Row) if self.at == want => {
                    let mapped = bound.map(&self.row, &self.keys, self.date, &mut self.scratch);
                    if let Outcome::Mapped(mapped) = mapped {
                        let (identity, candidates) = (mapped.identity, mapped.candidates);
                        page.push(Replayed { identity, candidates });
                    }
                    self.wanted.next();
                }
                Ok(_) => {}
                Err(fault) => {
                    let feed = self.mapping.name();
                    bail!("a file of feed `{feed}` broke off at its replay ({})", fault.code)
                }
            }
            self.at += 1;
        }
        Ok(page)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::memory::FileMemory;
    use super::*;
    use crate::night::cohort::Cohort;
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
        let cohort = Cohort::of([7, 8].map(|n| (IdentityId(n), PersonId(n))).into_iter());
        let mut who = WhoIsWho { cohort, joining: 2, ..WhoIsWho::default() };
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
