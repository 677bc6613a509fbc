//! The note of whoever read a feed's files: what became of each, and what its rows and its spool have to be.

use super::{Hex, Tray, unpack};
use crate::codes;
use crate::config::Deployment;
use crate::night::ingest::{Refused, Taken};
use crate::night::memories::Memories;
use crate::night::memory::{FileMemory, HandedRows, Rows};
use crate::night::reading::Piece;
use crate::night::spool::{HandedSpool, Spool};
use anyhow::{Context as _, Result, ensure};
use lockgate_core::check::{Tally, Verdict};
use lockgate_core::hash::Digest;
use lockgate_core::mapping::Profile;
use lockgate_core::problem::{Code, Location, Problem};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Parts of a note that belong to one accepted file.
const PARTS: usize = 4;

#[derive(Serialize, Deserialize)]
struct FileForm {
    /// The received file.
    digest: Hex,
    tally: Tally,
    accepted: bool,
    problems: Vec<ProblemForm>,
    refused: Vec<(u64, Option<u16>, String)>,
    profile: Profile,
    /// Of an accepted file. What a held one says is not looked at.
    kept: Option<KeptForm>,
}

#[derive(Serialize, Deserialize)]
struct KeptForm {
    rows: String,
    rows_bytes: u64,
    rows_sum: Hex,
    /// Whether it was read on the rows of the feed's last file.
    known: bool,
    spool: String,
    spool_key: Hex,
    spool_chunks: u64,
    spool_bytes: u64,
    spool_sum: Hex,
}

#[derive(Serialize, Deserialize)]
struct ProblemForm {
    code: String,
    what: String,
    help: Option<String>,
    at: Option<PlaceForm>,
}

#[derive(Serialize, Deserialize)]
enum PlaceForm {
    Config { file: String, start: usize, end: usize },
    Data { feed: String, row: Option<u64>, column: Option<String> },
}

impl Tray {
    /// Hands over what the files of a feed say; names begin with `start`. Gives the digest by which the note is found.
    pub fn put_note(&self, start: &str, taken: Vec<Taken>) -> Result<Digest> {
        let (mut forms, mut parts) = (Vec::with_capacity(taken.len()), Vec::new());
        for (n, file) in taken.into_iter().enumerate() {
            let (accepted, problems) = match &file.verdict {
                Verdict::Accepted(problems) => (true, problems),
                Verdict::Held(problems) => (false, problems),
            };
            let refused = file.refused.iter().map(|r| (r.row, r.column, r.code.to_owned()));
            let mut form = FileForm {
                digest: Hex(file.due.digest),
                tally: file.tally,
                accepted,
                problems: problems.iter().map(ProblemForm::of).collect(),
                refused: refused.collect(),
                profile: file.profile,
                kept: None,
            };
            if accepted {
                let (rows, spool) = (format!("{start}{n}.rows"), format!("{start}{n}.spool"));
                let told = file.memory.hand_over(&self.place(&rows))?;
                let sealed = file.spool.hand_over(&self.place(&spool))?;
                form.kept = Some(KeptForm::of((rows, &told), (spool, &sealed)));
                let seen = told.seen.map(|seen| seen.encode()).unwrap_or_default();
                parts.extend([told.index, told.fresh.encode(), seen, file.left_out.encode()]);
            }
            forms.push(form);
        }
        let forms = serde_json::to_vec(&forms)?;
        let all: Vec<&[u8]> =
            std::iter::once(forms.as_slice()).chain(parts.iter().map(Vec::as_slice)).collect();
        self.put(&all)
    }

    /// Takes over what was handed under a digest, file by file as it was asked for. Anything that is missing, or is not what
    /// was written, is an error, and nothing of the feed is taken.
    pub fn take(
        &self,
        digest: &Digest,
        (deployment, state): (&Deployment, &Path),
        memories: &Memories,
        piece: &Piece<'_>,
    ) -> Result<Vec<Taken>> {
        let bytes = self.get(digest)?.context("what was read does not lie in the state folder")?;
        let parts = unpack(&bytes).context("a note of what was read does not read")?;
        let (forms, mut rest) = parts.split_first().context("a note of what was read does not read")?;
        let forms: Vec<FileForm> = serde_json::from_slice(forms)?;
        ensure!(forms.len() == piece.files.len(), "other files were read than were asked for");
        let name = deployment.mapping(piece.feed)?.name();
        let mut taken = Vec::with_capacity(forms.len());
        for (n, (form, due)) in forms.into_iter().zip(&piece.files).enumerate() {
            ensure!(form.digest.0 == due.digest, "other files were read than were asked for");
            let base = piece.standing.base.filter(|_| n == 0);
            let (memory, spool, left_out) = match &form.kept {
                Some(kept) => {
                    let (own, behind) =
                        rest.split_at_checked(PARTS).context("a note of what was read does not read")?;
                    rest = behind;
                    self.rows(kept, own, memories, (name, base))?
                }
                None => (FileMemory::passing(), Spool::new_in(state)?, Rows::default()),
            };
            ensure!(form.accepted == form.kept.is_some(), "a note of what was read does not read");
            let (verdict, refused) = (form.verdict()?, form.refused()?);
            let (tally, profile) = (form.tally, form.profile);
            let due = (*due).clone();
            taken.push(Taken { due, tally, verdict, memory, spool, left_out, refused, profile, again: None });
        }
        ensure!(rest.is_empty(), "a note of what was read does not read");
        Ok(taken)
    }

    fn rows(
        &self,
        kept: &KeptForm,
        parts: &[&[u8]],
        memories: &Memories,
        (feed, base): (&str, Option<Digest>),
    ) -> Result<(FileMemory, Spool, Rows)> {
        let [index, fresh, seen, left_out] = parts else {
            anyhow::bail!("a note of what was read is cut short")
        };
        let rows = |bytes: &[u8]| Rows::decode(bytes).context("a note of what was read does not read");
        let told = HandedRows {
            index: index.to_vec(),
            fresh: rows(fresh)?,
            seen: kept.known.then(|| rows(seen)).transpose()?,
            bytes: kept.rows_bytes,
            sum: kept.rows_sum.0,
        };
        let last = base.map(|base| memories.last(feed, &base)).transpose()?;
        let file = memories.adopt(&self.place(&kept.rows)).context("taking over remembered rows")?;
        let memory = FileMemory::handed(file, told, last)?;
        let sealed = HandedSpool {
            key: kept.spool_key.0.0,
            chunks: kept.spool_chunks,
            bytes: kept.spool_bytes,
            sum: kept.spool_sum.0,
        };
        Ok((memory, Spool::handed(&self.place(&kept.spool), &sealed)?, rows(left_out)?))
    }
}

impl KeptForm {
    fn of((rows, told): (String, &HandedRows), (spool, sealed): (String, &HandedSpool)) -> Self {
        Self {
            rows,
            rows_bytes: told.bytes,
            rows_sum: Hex(told.sum),
            known: told.seen.is_some(),
            spool,
            spool_key: Hex(Digest(sealed.key)),
            spool_chunks: sealed.chunks,
            spool_bytes: sealed.bytes,
            spool_sum: Hex(sealed.sum),
        }
    }
}

impl FileForm {
    fn verdict(&self) -> Result<Verdict> {
        let problems = self.problems.iter().map(ProblemForm::problem).collect::<Result<_>>()?;
        Ok(if self.accepted { Verdict::Accepted(problems) } else { Verdict::Held(problems) })
    }

    fn refused(&self) -> Result<Vec<Refused>> {
        let one = |(row, column, code): &(u64, Option<u16>, String)| {
            Ok(Refused { row: *row, column: *column, code: known(code)? })
        };
        self.refused.iter().map(one).collect()
    }
}

impl ProblemForm {
    fn of(problem: &Problem) -> Self {
        let at = problem.at.as_ref().map(|at| match at.clone() {
            Location::Config { file, span } => PlaceForm::Config { file, start: span.start, end: span.end },
            Location::Data { feed, row, column } => PlaceForm::Data { feed, row, column },
        });
        Self { code: problem.code.into(), what: problem.what.clone(), help: problem.help.clone(), at }
    }

    fn problem(&self) -> Result<Problem> {
        let at = self.at.as_ref().map(|at| match at {
            PlaceForm::Config { file, start, end } => {
                Location::Config { file: file.clone(), span: *start..*end }
            }
            PlaceForm::Data { feed, row, column } => {
                Location::Data { feed: feed.clone(), row: *row, column: column.clone() }
            }
        });
        Ok(Problem { code: known(&self.code)?, what: self.what.clone(), at, help: self.help.clone() })
    }
}

/// A code of this program. One that it does not know was written by another one.
fn known(code: &str) -> Result<Code> {
    codes::of(code).map(|doc| doc.code).context("another program has read")
}
