//! Ingest: one file, read → map → check, on all cores, in bounded memory.
//!
//! The file is accepted whole or held. Rows that the feed's last file had are known by their
//! fingerprint and are neither mapped nor spooled again.

use super::again::Again;
use super::collect::Due;
use super::drift;
use super::memory::{FileMemory, Rows};
use super::progress::Progress;
use super::spool::Spool;
use crate::config::Deployment;
use crate::vault::{Archive, Vault};
use anyhow::Result;
use jiff::civil::Date;
use lockgate_connectors::{ReadError, Rows as Reader, Step};
use lockgate_core::agreement::Agreement;
use lockgate_core::check::{Tally, Verdict, judge};
use lockgate_core::hash::Keys;
use lockgate_core::link::{Fate, Found, Interest, Span};
use lockgate_core::mapping::{Bound, FeedKind, Mapping, Outcome, Profile, Profiler, RowFault, Scratch};
use lockgate_core::problem::{Code, Problem};
use lockgate_core::row::{Fingerprint, RowBuf};
use lockgate_core::spool::SpoolWriter;
use rayon::prelude::*;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Rows handed from the reader to the mapper at once.
const BATCH: usize = 2048;
/// Rows mapped by one thread before it looks for more.
const STRIDE: usize = 128;
/// Quarantined rows of one file that are listed one by one; beyond it the file is held anyway.
const LISTED: usize = 100_000;

/// A refused row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The partner's own row number.
    pub row: u64,
    /// The mapping's column, when one is at fault.
    pub column: Option<u16>,
    /// Why.
    pub code: Code,
}

/// A file that was read to its end, or as far as it could be.
pub struct Taken {
    /// Which file.
    pub due: Due,
    /// Its counts.
    pub tally: Tally,
    /// Accepted with warnings, or held with reasons.
    pub verdict: Verdict,
    /// Its rows as remembered.
    pub memory: FileMemory,
    /// Its mapped fresh rows, sealed.
    pub spool: Spool,
    /// Its mapped fresh rows that are not in the spool, being about nobody of whom tonight's designations tell.
    pub left_out: Rows,
    /// Its refused rows.
    pub refused: Vec<Refused>,
    /// What its columns show, with what the feed's files showed before.
    pub profile: Profile,
    /// Set for a file accepted before, of which some rows are read again.
    pub again: Option<Again>,
}

/// A batch on its way from the reader to the mapper.
#[derive(Default)]
struct Batch {
    rows: Vec<RowBuf>,
    /// For a row that the reader could not use, why.
    bad: Vec<Option<Code>>,
    used: usize,
}

impl Batch {
    fn rows(&self) -> &[RowBuf] {
        self.rows.get(..self.used).unwrap_or(&[])
    }
}

/// What the feed's last accepted file left to compare with.
#[derive(Debug, Clone, Default)]
pub struct Before {
    /// Rows read.
    pub rows: Option<u64>,
    /// What its columns showed.
    pub profile: Option<Profile>,
}

/// With what files are read: by the night's own process, or by one that shares the reading.
pub struct Tools<'a> {
    /// The deployment as loaded.
    pub deployment: &'a Deployment,
    /// Keys.
    pub vault: &'a Vault,
    /// Received files.
    pub archive: &'a Archive,
    /// Where mapped rows wait.
    pub folder: &'a Path,
    /// For another process, and not for this one: whether it is to go on, asked with each batch of rows.
    pub beside: Option<&'a (dyn Fn() -> Result<()> + Sync)>,
    /// The run's day.
    pub as_of: Date,
    /// Where the terminal sees how far it is.
    pub progress: &'a Progress,
}

impl Tools<'_> {
    fn spool(&self) -> Result<Spool> {
        if self.beside.is_some() { Spool::named_in(self.folder) } else { Spool::new_in(self.folder) }
    }
}

/// Reads one due file.
pub fn ingest(
    tools: &Tools<'_>,
    due: &Due,
    base: FileMemory,
    before: &Before,
    interest: Option<&Interest>,
) -> Result<Taken> {
    let deployment = tools.deployment;
    let mapping = deployment.mapping(due.feed)?;
    tools.progress.stage(format!("reading {} of {}", mapping.name(), due.date));
    let format = deployment.format(due.feed)?;
    let mut taken = Taken {
        due: due.clone(),
        tally: Tally::default(),
        verdict: Verdict::Accepted(Vec::new()),
        memory: base,
        spool: tools.spool()?,
        left_out: Rows::default(),
        refused: Vec::new(),
        profile: Profile::default(),
        again: None,
    };
    let input = tools.archive.open(&due.digest)?;
    let read = format.read(Box::new(input), deployment.wanted(due.feed));
    let outcome = match read {
        Ok(mut rows) => pour(tools, mapping, rows.as_mut(), &mut taken, interest)?,
        Err(fault) => Err(vec![drift::broken(mapping, &fault)]),
    };
    taken.verdict = match outcome {
        Ok(mut warnings) => {
            mark_repeats(&mut taken);
            let found = judge(mapping.checks(), mapping.kind(), &taken.tally, before.rows);
            match drift::columns(mapping, before.profile.as_ref(), &mut taken.profile, found) {
                Verdict::Accepted(more) => {
                    warnings.extend(more);
                    warnings.extend(carried(tools, mapping, &mut taken)?);
                    Verdict::Accepted(warnings)
                }
                // A person looked at the reasons and let the file in; they stay as warnings.
                Verdict::Held(reasons) if due.released => {
                    warnings.extend(reasons);
                    warnings.extend(carried(tools, mapping, &mut taken)?);
                    Verdict::Accepted(warnings)
                }
                held => held,
            }
        }
        Err(problems) => Verdict::Held(problems),
    };
    taken.memory.settle()?;
    Ok(taken)
}

/// Pours all rows through the mapping; `Ok(Err)` is a file that must be held.
fn pour(
    tools: &Tools<'_>,
    mapping: &Mapping,
    rows: &mut dyn Reader,
    taken: &mut Taken,
    interest: Option<&Interest>,
) -> Result<Result<Vec<Problem>, Vec<Problem>>> {
    let bound = match mapping.bind(rows.header()) {
        Ok(bound) => bound,
        Err(fault) => return Ok(Err(drift::header(mapping, &fault))),
    };
    let keys = tools.vault.keys(mapping.digest());
    let mill =
        Mill { bound: &bound, keys: &keys, day: taken.due.date, agreement: &tools.deployment.agreement };
    let mut profiler = Profiler::new(&bound);
    let result = std::thread::scope(|scope| -> Result<Result<(), ReadError>> {
        let (full, from_reader) = sync_channel::<Batch>(2);
        let (empty, for_reader) = sync_channel::<Batch>(4);
        let (taken, profiler, progress) = (&mut *taken, &mut profiler, tools.progress);
        let on = tools.beside;
        let worker = scope.spawn(move || -> Result<()> {
            let mut before: Option<Milled> = None;
            for batch in from_reader {
                on.map_or(Ok(()), |on| on())?;
                progress.add(batch.used as u64);
                let (milled, settled) = mill.grind(batch, before.take(), taken, profiler, interest)?;
                before = Some(milled);
                let _ = settled.map(|batch| empty.send(batch));
            }
            before.map_or(Ok(()), |last| last.settle(taken, profiler, interest).map(drop))
        });
        let read = fill(rows, &full, &for_reader);
        drop(full);
        worker.join().map_err(|_| anyhow::anyhow!("the mapping thread stopped"))??;
        Ok(read)
    })?;
    if let Err(fault) = result {
        return Ok(Err(vec![drift::broken(mapping, &fault)]));
    }
    // A header whose line did not end goes on with somebody's data, and no row is as wide as it.
    let mut warnings = if taken.tally.read > taken.tally.quarantined {
        drift::unknown(mapping, bound.unknown(), bound.absent())
    } else {
        drift::unnamed(mapping, bound.unknown().len())
    };
    taken.profile = profiler.finish();
    taken.spool.finish()?;
    taken.tally.trailer = rows.trailer();
    let unknown: Vec<String> = rows.unknown().into_iter().filter(|name| !mapping.ignores(name)).collect();
    warnings.extend(drift::unknown(mapping, &unknown, &[]));
    warnings.extend(rows.notes().iter().cloned().map(|n| n.in_data(mapping.name(), None, None)));
    Ok(Ok(warnings))
}

/// Fills batches until the file ends; stops quietly when the mapper has stopped.
fn fill(rows: &mut dyn Reader, full: &SyncSender<Batch>, empty: &Receiver<Batch>) -> Result<(), ReadError> {
    loop {
        let mut batch = empty.try_recv().unwrap_or_default();
        let end = fill_one(rows, &mut batch)?;
        if batch.used > 0 && full.send(batch).is_err() {
            return Ok(());
        }
        if end {
            return Ok(());
        }
    }
}

fn fill_one(rows: &mut dyn Reader, batch: &mut Batch) -> Result<bool, ReadError> {
    batch.used = 0;
    batch.bad.clear();
    let mut bytes = 0;
    while batch.used < BATCH && bytes < (4 << 20) {
        if batch.rows.len() == batch.used {
            batch.rows.push(RowBuf::new());
        }
        let Some(row) = batch.rows.get_mut(batch.used) else { return Ok(true) };
        let bad = match rows.next(row)? {
            Step::Row => None,
            Step::Bad { code } => Some(code),
            Step::End => return Ok(true),
        };
        bytes += row.text_len();
        batch.bad.push(bad);
        batch.used += 1;
    }
    Ok(false)
}

/// What became of one row in the mill.
enum Ground {
    /// The feed's last file had it.
    Known(usize),
    /// It was refused by the reader.
    Bad(Code),
    /// It was mapped, skipped or refused.
    Fresh(Outcome, Option<Span>),
}

/// Maps batches of rows of one file.
pub struct Mill<'a> {
    /// The mapping on the file's header.
    pub bound: &'a Bound<'a>,
    /// Keys of hashes.
    pub keys: &'a Keys,
    /// The file's day.
    pub day: Date,
    /// What is a designation.
    pub agreement: &'a Agreement,
}

/// A batch that is mapped, and not settled yet.
struct Milled {
    batch: Batch,
    prints: Vec<Fingerprint>,
    known: Vec<Found>,
    ground: Vec<Ground>,
}

impl Milled {
    /// Counts, remembers and spools its rows in the file's order; gives the batch back.
    fn settle(
        self,
        taken: &mut Taken,
        profiler: &mut Profiler<'_>,
        interest: Option<&Interest>,
    ) -> Result<Batch> {
        let Self { batch, prints, known, ground } = self;
        let mut spool = SpoolWriter::default();
        for (((row, print), ground), known) in batch.rows().iter().zip(prints).zip(ground).zip(known) {
            match &ground {
                Ground::Bad(_) => {}
                Ground::Known(_) => profiler.row(row),
                Ground::Fresh(outcome, _) => {
                    profiler.row(row);
                    profiler.outcome(outcome);
                }
            }
            let one = Settled { number: row.number(), print, news: known != Found::Refused, interest };
            settle(taken, &mut spool, &one, ground);
        }
        taken.memory.flush()?;
        taken.spool.append(&mut spool)?;
        Ok(batch)
    }
}

impl Mill<'_> {
    /// Maps a batch while the one before it is settled, so that no core waits for the other; gives that one back.
    fn grind(
        &self,
        batch: Batch,
        before: Option<Milled>,
        taken: &mut Taken,
        profiler: &mut Profiler<'_>,
        interest: Option<&Interest>,
    ) -> Result<(Milled, Option<Batch>)> {
        let rows = batch.rows();
        let prints: Vec<Fingerprint> =
            rows.par_iter().with_min_len(STRIDE).map(|r| r.fingerprint(&self.keys.rows)).collect();
        // Looking up is one comparison for most rows, and asks nothing of what tonight's rows have added.
        let known: Vec<Found> = prints.iter().map(|p| taken.memory.find(*p)).collect();
        let (ground, settled) = rayon::join(
            || self.ground(&batch, &known),
            || before.map(|before| before.settle(taken, profiler, interest)).transpose(),
        );
        Ok((Milled { batch, prints, known, ground }, settled?))
    }

    fn ground(&self, batch: &Batch, known: &[Found]) -> Vec<Ground> {
        (batch.rows(), &batch.bad, known)
            .into_par_iter()
            .with_min_len(STRIDE)
            .map_init(Scratch::default, |scratch, (row, bad, known)| match (bad, known) {
                (Some(code), _) => Ground::Bad(code),
                (None, Found::Known(base)) => Ground::Known(*base),
                (None, Found::New | Found::Refused) => {
                    let (outcome, span) = self.map(row, scratch);
                    Ground::Fresh(outcome, span)
                }
            })
            .collect()
    }

    /// Maps one row; gives the designation in it besides.
    pub fn map(&self, row: &RowBuf, scratch: &mut Scratch) -> (Outcome, Option<Span>) {
        let outcome = self.bound.map(row, self.keys, self.day, scratch);
        let span = match &outcome {
            Outcome::Mapped(mapped) => mapped
                .candidates
                .iter()
                .filter(|c| !c.cancelled())
                .find_map(|c| self.agreement.cohort_span(c))
                .map(|s| Span { from: s.from, until: s.until }),
            _ => None,
        };
        (outcome, span)
    }
}

/// A row on its way to the tally.
pub struct Settled<'a> {
    /// The partner's own row number.
    pub number: u64,
    /// The row's fingerprint.
    pub print: Fingerprint,
    /// Whether the feed's last file did not refuse the same row.
    pub news: bool,
    /// Whom a row has to be about to be spooled.
    pub interest: Option<&'a Interest>,
}

/// Counts a row, remembers it, and spools what it gave.
fn settle(taken: &mut Taken, spool: &mut SpoolWriter, one: &Settled<'_>, ground: Ground) {
    let print = one.print;
    match ground {
        Ground::Known(base) => match taken.memory.last_fate(base) {
            (_, true) => {
                taken.tally.count_duplicate();
                taken.memory.push_other(print, Fate::Duplicate);
            }
            (Some(Fate::Mapped), false) => {
                taken.tally.count_unchanged();
                taken.memory.push_known(base);
            }
            (_, false) => {
                taken.tally.count(&Outcome::Skipped);
                taken.memory.push_known(base);
            }
        },
        Ground::Bad(code) => {
            taken.tally.count_unreadable();
            // Nothing was kept of its cells: by its number it is no repeat of another unreadable row.
            let unread = Settled { print: Fingerprint(u128::from(one.number)), ..*one };
            refuse(taken, &unread, &[RowFault { column: None, code }]);
        }
        Ground::Fresh(outcome, span) => settle_fresh(taken, spool, one, outcome, span),
    }
}

/// Counts, remembers and spools a row that was mapped, skipped or refused.
pub fn settle_fresh(
    taken: &mut Taken,
    spool: &mut SpoolWriter,
    one: &Settled<'_>,
    outcome: Outcome,
    span: Option<Span>,
) {
    let row = u32::try_from(taken.memory.len()).unwrap_or(u32::MAX);
    taken.tally.count(&outcome);
    match outcome {
        Outcome::Refused(faults) => refuse(taken, one, &faults),
        Outcome::Skipped => taken.memory.push_other(one.print, Fate::Skipped),
        Outcome::Mapped(mapped) => {
            let keys = &mapped.evidence.keys;
            taken.memory.push(one.print, mapped.identity, keys, span);
            if one.interest.is_none_or(|interest| interest.takes(mapped.identity, keys)) {
                spool.push(row, mapped.identity, &mapped.candidates);
            } else {
                taken.left_out.add(row as usize);
            }
        }
    }
}

/// A row that was refused in the feed's last file too waits in quarantine already.
fn refuse(taken: &mut Taken, one: &Settled<'_>, faults: &[RowFault]) {
    taken.memory.push_other(one.print, Fate::Refused);
    if one.news && taken.refused.len() < LISTED {
        taken.refused.extend(faults.iter().map(|f| Refused {
            row: one.number,
            column: f.column,
            code: f.code,
        }));
    }
}

/// Designated people whom a full list does not name any more stay designated, and are reported.
fn carried(tools: &Tools<'_>, mapping: &Mapping, taken: &mut Taken) -> Result<Option<Problem>> {
    if mapping.kind() != FeedKind::Snapshot {
        return Ok(None);
    }
    let people = taken.memory.carry_designations(tools.as_of)?;
    let what =
        || format!("{people} designated are in the list no more, without an end; they stay designated");
    Ok((people > 0).then(|| Problem::new("LG1309", what()).in_data(mapping.name(), None, None)))
}

/// Rows that stand twice count once.
fn mark_repeats(taken: &mut Taken) {
    for fate in taken.memory.mark_repeats() {
        match fate {
            Fate::Mapped => taken.tally.mapped -= 1,
            Fate::Skipped => taken.tally.skipped -= 1,
            Fate::Refused => taken.tally.quarantined -= 1,
            Fate::Duplicate => continue,
        }
        taken.tally.duplicate += 1;
    }
}
