//! Read again: refused rows of an accepted file, under the mapping now in force, because a person asked for it.
//!
//! Only the rows asked for are mapped; every other row of the file stays what it was.

use super::Night;
use super::collect::Due;
use super::ingest::{Mill, Refused, Settled, Taken, settle_fresh};
use super::memories::Memories;
use super::memory::Rows;
use super::spool::Spool;
use crate::config::Deployment;
use crate::store::{
    FileId, FileRow, QuarantineFilter, QuarantineId, QuarantineRow, QuarantineState, Recount,
};
use crate::vault::Archive;
use anyhow::{Context as _, Result};
use lockgate_connectors::{Format, ReadError, Step, Wanted};
use lockgate_core::check::{Tally, Verdict};
use lockgate_core::hash::Keys;
use lockgate_core::link::Span;
use lockgate_core::mapping::{FeedKind, Mapping, Outcome, Profile, RowFault, Scratch};
use lockgate_core::row::RowBuf;
use lockgate_core::spool::SpoolWriter;
use std::collections::BTreeMap;

/// An accepted file of which rows are read again.
#[derive(Debug, Clone)]
pub struct Again {
    /// The file as it was accepted.
    pub file: FileRow,
    /// The items of each row asked for, by the row's number in the file.
    pub rows: BTreeMap<u64, Vec<QuarantineId>>,
}

impl Again {
    /// Which items are settled and which wait again, after the rows in `refused` were refused again.
    pub fn settled(&self, refused: &[Refused]) -> (Vec<QuarantineId>, Vec<QuarantineId>) {
        let again = |row: &u64| refused.iter().any(|r| r.row == *row);
        let (mut taken, mut waiting) = (Vec::new(), Vec::new());
        for (row, items) in &self.rows {
            if again(row) { waiting.extend(items) } else { taken.extend(items) }
        }
        (taken, waiting)
    }

    /// How the file's counts change.
    pub const fn recount(tally: &Tally) -> Recount {
        Recount { mapped: tally.mapped, skipped: tally.skipped, duplicate: tally.duplicate }
    }
}

/// Files with rows that somebody asked for, with the index of their feed, oldest first.
pub async fn asked(night: &Night<'_>) -> Result<Vec<(usize, Again)>> {
    let filter = QuarantineFilter { feed: None, state: Some(QuarantineState::Asked) };
    let mut by_file: BTreeMap<FileId, Vec<QuarantineRow>> = BTreeMap::new();
    for item in night.store.quarantine(filter, u32::MAX).await? {
        by_file.entry(item.file).or_default().push(item);
    }
    let mut out = Vec::new();
    for (id, items) in by_file {
        let file = night.store.file(id).await?.context("an item in quarantine is of no file")?;
        let chosen = night.order.feeds.is_empty() || night.order.feeds.contains(&file.outcome.feed);
        let feed = night.deployment.mappings.iter().position(|m| m.name() == file.outcome.feed);
        let Some(feed) = feed.filter(|_| chosen) else { continue };
        let mut rows: BTreeMap<u64, Vec<QuarantineId>> = BTreeMap::new();
        for item in items {
            rows.entry(item.row).or_default().push(item.id);
        }
        out.push((feed, Again { file, rows }));
    }
    out.sort_by_key(|(feed, again)| (again.file.outcome.data_date, *feed));
    Ok(out)
}

/// Whether tonight makes it needless: a newer full list is judged by itself.
pub fn overtaken(mapping: &Mapping, again: &Again, due: &[Due], feed: usize, last: Option<FileId>) -> bool {
    let newer = due.iter().any(|d| d.feed == feed && d.date >= again.file.outcome.data_date);
    mapping.kind() == FeedKind::Snapshot && (newer || last != Some(again.file.id))
}

/// Reads the rows asked for.
pub fn reread(night: &Night<'_>, memories: &Memories, feed: usize, again: Again) -> Result<Taken> {
    let mapping = night.deployment.mapping(feed)?;
    let outcome = &again.file.outcome;
    night.progress.stage(format!("reading rows of {} of {} again", mapping.name(), outcome.data_date));
    let due =
        Due { feed, date: outcome.data_date, digest: outcome.digest, bytes: outcome.bytes, released: false };
    let memory = memories.reading(mapping.name(), Some(&outcome.digest))?;
    let mut taken = Taken {
        due,
        tally: Tally::default(),
        verdict: Verdict::Accepted(Vec::new()),
        memory,
        spool: Spool::new_in(night.state)?,
        left_out: Rows::default(),
        refused: Vec::new(),
        profile: Profile::default(),
        again: None,
    };
    let known = taken.memory.last_len();
    let read = read_rows(night, mapping, &again, &mut taken)?;
    // Designations that were carried on stand behind the file's own rows.
    (read..known).for_each(|row| taken.memory.push_known(row));
    taken.memory.settle()?;
    taken.spool.finish()?;
    taken.again = Some(again);
    Ok(taken)
}

/// Puts the rows asked for where they belong now; gives the number of the file's rows.
fn read_rows(night: &Night<'_>, mapping: &Mapping, again: &Again, taken: &mut Taken) -> Result<usize> {
    let keys = night.vault.keys(mapping.digest());
    let mut spool = SpoolWriter::default();
    let source = Source { deployment: night.deployment, archive: night.archive, keys: &keys };
    let (feed, file) = (taken.due.feed, &again.file);
    let read = source.each_row(
        feed,
        file,
        |row| again.rows.contains_key(&row),
        |at, row, judged| {
            let Some((outcome, span)) = judged else { return taken.memory.push_known(at) };
            if let Outcome::Refused(faults) = &outcome {
                taken.tally.count(&outcome);
                taken.memory.push_known(at);
                let refused = |f: &RowFault| Refused { row: row.number(), column: f.column, code: f.code };
                return taken.refused.extend(faults.iter().map(refused));
            }
            let one = Settled {
                number: row.number(),
                print: row.fingerprint(&keys.rows),
                news: true,
                interest: None,
            };
            settle_fresh(taken, &mut spool, &one, outcome, span);
        },
    )?;
    taken.spool.append(&mut spool)?;
    Ok(read)
}

/// What a mapping makes of one row, and the designation in it.
pub type Judged = (Outcome, Option<Span>);

/// Where the rows of accepted files come from again.
pub struct Source<'a> {
    /// The deployment as loaded.
    pub deployment: &'a Deployment,
    /// Received files.
    pub archive: &'a Archive,
    /// The hash keys of the file's mapping.
    pub keys: &'a Keys,
}

/// A mapping and what reads its files.
pub struct Reading<'a> {
    /// The mapping.
    pub mapping: &'a Mapping,
    /// Its format.
    pub format: &'a dyn Format,
    /// The columns that the reader looks for.
    pub wanted: &'a [Wanted],
}

impl Source<'_> {
    /// Visits every row of a file, with its place from 0; those wanted (by their number) come with what the mapping
    /// in force makes of them. Gives the number of rows.
    pub fn each_row(
        &self,
        feed: usize,
        file: &FileRow,
        wanted: impl Fn(u64) -> bool,
        visit: impl FnMut(usize, &RowBuf, Option<Judged>),
    ) -> Result<usize> {
        let (mapping, format) = (self.deployment.mapping(feed)?, self.deployment.format(feed)?);
        let reading = Reading { mapping, format, wanted: self.deployment.wanted(feed) };
        self.each_row_by(&reading, file, wanted, visit)
    }

    /// The same under a given mapping.
    pub fn each_row_by(
        &self,
        reading: &Reading<'_>,
        file: &FileRow,
        wanted: impl Fn(u64) -> bool,
        mut visit: impl FnMut(usize, &RowBuf, Option<Judged>),
    ) -> Result<usize> {
        let Reading { mapping, format, wanted: columns } = reading;
        let broken = |fault: &ReadError| {
            let feed = mapping.name();
            anyhow::anyhow!("a file of feed `{feed}` that was accepted does not read again ({})", fault.code)
        };
        let input = self.archive.open(&file.outcome.digest)?;
        let mut rows = format.read(Box::new(input), columns).map_err(|fault| broken(&fault))?;
        let bound = mapping.bind(rows.header()).ok();
        let (mut row, mut scratch) = (RowBuf::new(), Scratch::default());
        let refused = |code| (Outcome::Refused(vec![RowFault { column: None, code }]), None);
        for at in 0.. {
            let step = rows.next(&mut row).map_err(|fault| broken(&fault))?;
            if step == Step::End {
                return Ok(at);
            }
            let judged = wanted(row.number()).then(|| match (step, &bound) {
                (Step::Bad { code }, _) => refused(code),
                // The mapping no longer fits the file's header.
                (_, None) => refused("LG1310"),
                (_, Some(bound)) => {
                    let (keys, agreement) = (self.keys, &self.deployment.agreement);
                    Mill { bound, keys, day: file.outcome.data_date, agreement }.map(&row, &mut scratch)
                }
            });
            visit(at, &row, judged);
        }
        Ok(0)
    }
}
