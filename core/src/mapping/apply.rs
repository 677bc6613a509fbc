//! Mapping one row: refuse, skip, or an identity with its evidence and candidates.
//!
//! All faults of a row are found, not the first alone, so that whoever mends the row mends it once.

use super::Mapping;
use super::bind::Bound;
use super::codes;
use super::convert::{Given, Scene, convert, day_and_time, fits};
use super::plan::{Check, ColumnId, FieldPlan, Input, Nulls, RecordPlan, Rule, Shape, Test};
use super::proof::{note, note_id, note_name};
use crate::hash::{HashKey, Keys};
use crate::link::{Evidence, EvidenceBuilder};
use crate::problem::Code;
use crate::record::{Candidate, Fields, IdentityId, RecordId};
use crate::row::{Cell, CellKind, RowBuf};
use crate::value::identifier;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

/// Faults kept of one row; more say nothing new.
const MAX_FAULTS: usize = 8;
/// Parts of a list column.
const MAX_PARTS: usize = 200;
/// Parts of a key, checked when the mapping is compiled.
pub(crate) const MAX_KEY: usize = 8;

/// What became of a row.
pub enum Outcome {
    /// It was mapped.
    Mapped(Mapped),
    /// A `[[skip]]` rule left it out.
    Skipped,
    /// It goes to quarantine, for these reasons.
    Refused(Vec<RowFault>),
}

/// A mapped row.
pub struct Mapped {
    /// Whose row it is.
    pub identity: IdentityId,
    /// What it shows about who that is.
    pub evidence: Evidence,
    /// The person and the facts that it gives.
    pub candidates: Vec<Candidate>,
    /// Values dropped on the way (`on_fault = "drop"`, unusable evidence): for a warning.
    pub dropped: Vec<RowFault>,
}

/// One fault of a row: where and why, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowFault {
    /// Index for [`Mapping::column`](super::Mapping::column); `None` when the whole row is meant.
    pub column: Option<u16>,
    /// The rule.
    pub code: Code,
}

impl RowFault {
    pub(super) fn at(column: ColumnId, code: Code) -> Self {
        Self { column: Some(column.0), code }
    }

    /// Whether a `[[refuse]]` rule set the row aside: right rows in the wrong place, not faulty ones.
    pub fn is_by_rule(&self) -> bool {
        codes::BY_RULE.contains(&self.code)
    }
}

/// Buffers that are used again for every row; one per thread.
#[derive(Default)]
pub struct Scratch {
    fields: Fields,
    pub(super) value: String,
    joined: String,
    padded: String,
    key: String,
    ends: Vec<usize>,
    pub(super) surname: String,
    pub(super) forenames: String,
    pub(super) evidence: EvidenceBuilder,
    faults: Vec<RowFault>,
    dropped: Vec<RowFault>,
}

impl Scratch {
    /// Empty buffers.
    pub fn new() -> Self {
        Self { fields: Fields::new(), ..Self::default() }
    }

    /// The evidence of the last row, in clear: for a person who decides (`preview`), and for tests.
    pub(crate) fn evidence(&self) -> &EvidenceBuilder {
        &self.evidence
    }

    fn start(&mut self) {
        self.evidence.clear();
        self.faults.clear();
        self.dropped.clear();
        self.surname.clear();
        self.forenames.clear();
    }

    /// Keeps a dropped value for the warning.
    pub(super) fn drop(&mut self, fault: RowFault) {
        if self.dropped.len() < MAX_FAULTS {
            self.dropped.push(fault);
        }
    }

    fn fault(&mut self, fault: RowFault) {
        if self.faults.len() < MAX_FAULTS && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

impl Mapping {
    /// The identity that a source's key of a person makes, given in the order of `[identity] key`; `None`
    /// when the parts do not fit. For asking about a person by a number that a partner knows.
    pub fn identity_of(&self, parts: &[&str], keys: &Keys, day: Date) -> Option<IdentityId> {
        if parts.len() != self.identity.key.len() {
            return None;
        }
        let mut row = RowBuf::new();
        row.start(1);
        for at in 0..self.columns.len() {
            let part =
                self.identity.key.iter().position(|c| usize::from(c.0) == at).and_then(|n| parts.get(n));
            row.push(part.copied().unwrap_or(""));
        }
        let bound = Bound::direct(self);
        let scene = Scene { lists: &self.lists, maps: &self.maps, zone: &self.zone, day, epoch_1904: false };
        Reader::new(&bound, &row, scene).identity(keys, &mut Scratch::new())
    }
}

impl Bound<'_> {
    /// Maps a row; `day` is the file's own date. Never fails: whatever the cells hold, the row is
    /// mapped, skipped or refused.
    pub fn map(&self, row: &RowBuf, keys: &Keys, day: Date, scratch: &mut Scratch) -> Outcome {
        let m = self.mapping;
        let scene =
            Scene { lists: &m.lists, maps: &m.maps, zone: &m.zone, day, epoch_1904: row.epoch_1904() };
        Reader::new(self, row, scene).map(keys, scratch)
    }
}

/// One row under one bound mapping.
pub(super) struct Reader<'a> {
    pub(super) bound: &'a Bound<'a>,
    row: &'a RowBuf,
    pub(super) scene: Scene<'a>,
    /// A list column of which one part is read.
    part: Option<(ColumnId, &'a str)>,
}

impl<'a> Reader<'a> {
    /// One row, to be looked at piece by piece.
    pub(super) const fn new(bound: &'a Bound<'a>, row: &'a RowBuf, scene: Scene<'a>) -> Self {
        Self { bound, row, scene, part: None }
    }

    pub(super) const fn row(&self) -> &RowBuf {
        self.row
    }

    fn map(&self, keys: &Keys, scratch: &mut Scratch) -> Outcome {
        let mapping = self.bound.mapping;
        scratch.start();
        match self.rules(&mapping.refuse) {
            Ok(None) => {}
            Ok(Some(fault)) | Err(fault) => return Outcome::Refused(alloc::vec![fault]),
        }
        match self.rules(&mapping.skip) {
            Ok(None) => {}
            Ok(Some(_)) => return Outcome::Skipped,
            Err(fault) => return Outcome::Refused(alloc::vec![fault]),
        }
        let identity = self.identity(keys, scratch);
        let other_name = match mapping.identity.other_name.as_ref().map(|mark| self.test(mark)) {
            None => false,
            Some(Ok(holds)) => holds,
            Some(Err(fault)) => return Outcome::Refused(alloc::vec![fault]),
        };
        let mut candidates = Vec::with_capacity(mapping.records.len() + 1);
        if let (Some(plan), Some(identity)) = (&mapping.identity.person, identity) {
            let person = self.record(plan, self.person_id(plan, identity, keys, false), scratch);
            note_name(scratch);
            candidates.extend(match person {
                Some(person) if other_name => self.other_name(plan, &person, identity, keys, scratch),
                person => person,
            });
        } else if let Some(plan) = &mapping.identity.person {
            // The row is lost; its other faults are still worth knowing.
            self.record(plan, RecordId(0), scratch);
        }
        self.evidence(scratch);
        let (mut open, mut silent) = (false, false);
        for plan in &mapping.records {
            if !self.wanted(plan, scratch) {
                continue;
            }
            for reader in self.parts(plan, scratch) {
                let Some(id) = reader.key(plan, keys, scratch) else { continue };
                if candidates.iter().any(|c: &Candidate| c.id == id) {
                    scratch.fault(RowFault { column: plan.key.first().map(|c| c.0), code: codes::KEY_TWICE });
                }
                let made = reader.record(plan, id, scratch);
                silent |= made.as_ref().is_some_and(|c| c.restricted);
                open |= made.as_ref().is_some_and(|c| !c.restricted) && !plan.internal;
                candidates.extend(made);
            }
        }
        if let (Some(plan), Some(identity), true) = (&mapping.identity.person, identity, silent && !open) {
            for one in candidates.iter_mut().filter(|c| c.category == plan.category) {
                one.restricted = true;
                one.id = if other_name {
                    RecordId(keys.records.long(&[&one.id.0.to_be_bytes(), b"silent"]))
                } else {
                    self.person_id(plan, identity, keys, true)
                };
            }
        }
        match identity {
            Some(identity) if scratch.faults.is_empty() => Outcome::Mapped(Mapped {
                identity,
                evidence: scratch.evidence.finish(&keys.links),
                candidates,
                dropped: scratch.dropped.clone(),
            }),
            _ => Outcome::Refused(scratch.faults.clone()),
        }
    }

    /// A column's cell, or the part of it that is read.
    fn cell(&self, column: ColumnId) -> Cell<'a> {
        let cell = self.bound.cell(self.row, column);
        match self.part {
            Some((list, text)) if list == column => Cell { text, ..cell },
            _ => cell,
        }
    }

    /// The readers by which a record block reads the row: itself, or one for each different part of its list.
    pub(super) fn parts(&self, plan: &RecordPlan, scratch: &mut Scratch) -> Vec<Self> {
        let here = || Self { bound: self.bound, row: self.row, scene: self.scene, part: None };
        let Some((column, split)) = &plan.each else { return alloc::vec![here()] };
        let whole = match self.given(*column, None) {
            Ok(given) => given.map_or("", |g| g.text),
            Err(fault) => {
                scratch.fault(fault);
                return Vec::new();
            }
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split(split.as_str()).map(str::trim).filter(|p| !p.is_empty()) {
            if parts.len() == MAX_PARTS {
                scratch.fault(RowFault::at(*column, codes::LONG_LIST));
                return Vec::new();
            }
            if !parts.iter().any(|known| known.to_uppercase() == part.to_uppercase()) {
                parts.push(part);
            }
        }
        parts.into_iter().map(|text| Self { part: Some((*column, text)), ..here() }).collect()
    }

    /// A row of another name: a record of that name alone, beside the person's own, as one of the aliases.
    fn other_name(
        &self,
        plan: &RecordPlan,
        person: &Candidate,
        identity: IdentityId,
        keys: &Keys,
        scratch: &mut Scratch,
    ) -> Option<Candidate> {
        let of = |name: &str| {
            let at = plan.names.iter().position(|n| n == name)?;
            person.fields.iter().nth(at).flatten()
        };
        let surname = of("surname")?;
        scratch.joined.clear();
        scratch.joined.push_str(surname);
        if let Some(forenames) = of("forenames") {
            scratch.joined.push_str(", ");
            scratch.joined.push_str(forenames);
        }
        scratch.fields.clear();
        for name in &plan.names {
            scratch.fields.push((name == "aliases").then_some(scratch.joined.as_str()));
        }
        let (partner, bytes) = (self.bound.mapping.partner_key.as_bytes(), identity.bytes());
        let parts: [&[u8]; 5] =
            [partner, plan.name.as_bytes(), &bytes, b"other name", scratch.joined.as_bytes()];
        let (id, fields) = (RecordId(keys.records.long(&parts)), scratch.fields.clone());
        let Candidate { category, cancelled, restricted, .. } = *person;
        Some(Candidate { id, category, cancelled, restricted, fields })
    }

    /// A column's value: `None` when absent, blank or a null word.
    pub(super) fn given(
        &self,
        column: ColumnId,
        null: Option<&Nulls>,
    ) -> Result<Option<Given<'a>>, RowFault> {
        let cell = self.cell(column);
        if cell.kind == CellKind::Error {
            return Err(RowFault::at(column, codes::CELL_ERROR));
        }
        let text = cell.text.trim();
        let of_column = self.bound.mapping.columns.get(usize::from(column.0)).map(|c| &c.null);
        let empty = cell.kind == CellKind::Absent || text.is_empty();
        let none = empty || of_column.is_some_and(|n| n.hold(text)) || null.is_some_and(|n| n.hold(text));
        Ok((!none).then_some(Given { text, kind: cell.kind }))
    }

    /// Whether a test holds; a cell that cannot be read is an answer to nothing.
    fn test(&self, test: &Test) -> Result<bool, RowFault> {
        let is_in = |words: &[String]| {
            let cell = self.cell(test.column).text.trim();
            words.iter().any(|w| w.eq_ignore_ascii_case(cell))
        };
        let value = self.given(test.column, None)?;
        Ok(match &test.check {
            Check::In(words) => is_in(words),
            Check::NotIn(words) => !is_in(words),
            Check::Present => value.is_some(),
            Check::Absent => value.is_none(),
        })
    }

    pub(super) fn all(&self, tests: &[Test]) -> Result<bool, RowFault> {
        for test in tests {
            if !self.test(test)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn rules(&self, rules: &[Rule]) -> Result<Option<RowFault>, RowFault> {
        for rule in rules {
            if self.all(&rule.when)? {
                return Ok(Some(RowFault { column: rule.when.first().map(|t| t.column.0), code: rule.code }));
            }
        }
        Ok(None)
    }

    /// Whether a record block speaks about this row.
    fn wanted(&self, plan: &RecordPlan, scratch: &mut Scratch) -> bool {
        self.all(&plan.when).unwrap_or_else(|fault| {
            scratch.fault(fault);
            false
        })
    }

    /// The id of the person's record. Rows that hold nothing but silent records give a record of their
    /// own: beside open rows, the name alone would say that the source knows something (5.1.1.iii), and
    /// as a version of the open record it would take that away or change it.
    fn person_id(&self, plan: &RecordPlan, identity: IdentityId, keys: &Keys, silent: bool) -> RecordId {
        let (partner, bytes) = (self.bound.mapping.partner_key.as_bytes(), identity.bytes());
        let parts: [&[u8]; 4] = [partner, plan.name.as_bytes(), &bytes, b"silent"];
        let (open, _) = parts.split_at(3);
        RecordId(keys.records.long(if silent { &parts } else { open }))
    }

    fn identity(&self, keys: &Keys, scratch: &mut Scratch) -> Option<IdentityId> {
        let mapping = self.bound.mapping;
        let plan = &mapping.identity;
        scratch.key.clear();
        scratch.ends.clear();
        let mut whole = true;
        for column in &plan.key {
            if let Err(fault) = self.identity_part(*column, scratch) {
                scratch.fault(fault);
                whole = false;
            }
            scratch.ends.push(scratch.key.len());
        }
        let prefix = [mapping.partner_key.as_bytes(), plan.space.as_bytes()];
        whole.then(|| IdentityId(hash(&keys.identities, &prefix, &scratch.key, &scratch.ends)))
    }

    /// One cell of the source's key of the person. A number that may have lost its zeros would be
    /// someone else's key, so it is refused.
    fn identity_part(&self, column: ColumnId, scratch: &mut Scratch) -> Result<(), RowFault> {
        let fault = |code| RowFault::at(column, code);
        let given = self.given(column, None)?.ok_or(fault(codes::NO_IDENTITY))?;
        let kind = self.bound.mapping.identity.kind;
        let shape = Shape::Id(kind.unwrap_or(identifier::IdKind::Local));
        fits(shape, given.kind, false, false).map_err(fault)?;
        let Some(kind) = kind else {
            upper(given.text, &mut scratch.key);
            return Ok(());
        };
        convert(shape, given, &[], &self.scene, &mut scratch.key).map_err(fault)?;
        if kind.is_strong() {
            // With a kind the key is one cell, so the buffer holds this value and no other.
            note_id(kind, &scratch.key, &mut scratch.evidence);
        }
        Ok(())
    }

    /// The id of a fact: originator, category and natural key. A key of blanks would be every row's.
    fn key(&self, plan: &RecordPlan, keys: &Keys, scratch: &mut Scratch) -> Option<RecordId> {
        scratch.key.clear();
        scratch.ends.clear();
        for column in &plan.key {
            match self.given(*column, None) {
                Ok(given) => upper(given.map_or("", |g| g.text), &mut scratch.key),
                Err(fault) => {
                    scratch.fault(fault);
                    return None;
                }
            }
            scratch.ends.push(scratch.key.len());
        }
        if scratch.key.is_empty() {
            let column = plan.key.first().map(|c| c.0);
            scratch.fault(RowFault { column, code: codes::NO_KEY });
            return None;
        }
        if let Some(part) = &plan.part {
            scratch.key.push_str(part);
            scratch.ends.push(scratch.key.len());
        }
        // Two systems of one partner may count alike: their facts are apart, as their people are.
        let (partner, space) = (&self.bound.mapping.partner_key, &self.bound.mapping.identity.space);
        let prefix = [partner.as_bytes(), space.as_bytes(), plan.name.as_bytes()];
        Some(RecordId(hash(&keys.records, &prefix, &scratch.key, &scratch.ends)))
    }

    /// Fills one record; `None` when a field refuses the row.
    fn record(&self, plan: &RecordPlan, id: RecordId, scratch: &mut Scratch) -> Option<Candidate> {
        let before = scratch.faults.len();
        scratch.fields.clear();
        for field in &plan.fields {
            let filled = field.as_ref().is_some_and(|f| self.field(f, scratch));
            scratch.fields.push(filled.then_some(scratch.value.as_str()));
        }
        let mut mark = |test: &Option<Test>| {
            test.as_ref().is_some_and(|t| {
                self.test(t).unwrap_or_else(|fault| {
                    scratch.fault(fault);
                    true
                })
            })
        };
        let (cancelled, restricted) = (mark(&plan.cancelled), mark(&plan.restricted));
        let good = scratch.faults.len() == before;
        let fields = scratch.fields.clone();
        good.then_some(Candidate { id, category: plan.category, cancelled, restricted, fields })
    }

    /// Leaves a field's canonical text in `scratch.value`; `false` when it has none.
    fn field(&self, plan: &FieldPlan, scratch: &mut Scratch) -> bool {
        scratch.value.clear();
        match self.value(plan, scratch) {
            Ok(filled) => {
                if filled {
                    note(plan.role, scratch);
                }
                filled
            }
            Err(fault) if plan.drop => {
                scratch.drop(fault);
                false
            }
            Err(fault) => {
                scratch.fault(fault);
                false
            }
        }
    }

    fn value(&self, plan: &FieldPlan, scratch: &mut Scratch) -> Result<bool, RowFault> {
        let Scratch { value: out, joined, padded, .. } = scratch;
        let (column, given) = match &plan.input {
            Input::Constant(text) => {
                out.push_str(text);
                return Ok(true);
            }
            Input::One(column) => match self.given(*column, Some(&plan.null))? {
                Some(given) => (*column, given),
                None => return Ok(false),
            },
            Input::Many(columns, between) => {
                let Some(first) = self.join(plan, columns, between, joined)? else { return Ok(false) };
                (first, Given { text: joined.as_str(), kind: CellKind::Text })
            }
        };
        let fault = |code| RowFault::at(column, code);
        let given = prepare(plan, given, padded).map_err(fault)?;
        if let Shape::DateTime { format, time: Some(time) } = plan.shape {
            let clock = self.given(time, None)?;
            return day_and_time((given, clock), format, &plan.null_dates, &self.scene, out).map_err(fault);
        }
        convert(plan.shape, given, &plan.null_dates, &self.scene, out).map_err(fault)
    }

    /// Joins the columns that hold something; gives the first of them, for the place of a fault.
    pub(super) fn join(
        &self,
        plan: &FieldPlan,
        columns: &[ColumnId],
        between: &str,
        joined: &mut String,
    ) -> Result<Option<ColumnId>, RowFault> {
        joined.clear();
        let mut first = None;
        for column in columns {
            let Some(given) = self.given(*column, Some(&plan.null))? else { continue };
            fits(plan.shape, given.kind, plan.words.is_some(), plan.pad > 0)
                .map_err(|c| RowFault::at(*column, c))?;
            if first.is_none() {
                first = Some(*column);
            } else {
                joined.push_str(between);
            }
            joined.push_str(given.text);
        }
        Ok(first)
    }
}

/// First character, inline map and padding, before the typed reading.
pub(super) fn prepare<'t>(
    plan: &FieldPlan,
    given: Given<'t>,
    padded: &'t mut String,
) -> Result<Given<'t>, Code> {
    let mut text = given.text;
    fits(plan.shape, given.kind, plan.words.is_some(), plan.pad > 0)?;
    if plan.first_char {
        text = text.chars().next().and_then(|c| text.get(..c.len_utf8())).unwrap_or("");
    }
    if let Some(words) = &plan.words {
        let (_, to) = words.iter().find(|(from, _)| from == text).ok_or(codes::UNKNOWN_WORD)?;
        padded.clear();
        padded.push_str(to);
        return Ok(Given { text: padded, kind: CellKind::Text });
    }
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if plan.pad > 0 && given.kind == CellKind::Number && !digits {
        return Err(codes::NUMBER_CELL);
    }
    if text.len() < plan.pad && digits {
        padded.clear();
        padded.extend(core::iter::repeat_n('0', plan.pad - text.len()));
        padded.push_str(text);
        return Ok(Given { text: padded, ..given });
    }
    Ok(Given { text, ..given })
}

fn upper(text: &str, out: &mut String) {
    out.extend(text.chars().flat_map(char::to_uppercase));
}

/// Hashes a prefix and the parts of a key, which lie end to end in one buffer.
fn hash(key: &HashKey, prefix: &[&[u8]], text: &str, ends: &[usize]) -> u128 {
    let mut parts: [&[u8]; MAX_KEY + 4] = [&[]; MAX_KEY + 4];
    let mut start = 0;
    let cut = ends.iter().map(|end| {
        let part = text.get(start..*end).unwrap_or("");
        start = *end;
        part.as_bytes()
    });
    let mut count = 0;
    for (slot, part) in parts.iter_mut().zip(prefix.iter().copied().chain(cut)) {
        *slot = part;
        count += 1;
    }
    key.long(parts.get(..count).unwrap_or(&parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_parts_keep_their_borders() {
        let key = HashKey::derive(b"s", "records");
        let prefix: [&[u8]; 2] = [b"p", b"c"];
        assert_ne!(hash(&key, &prefix, "ABC", &[1, 3]), hash(&key, &prefix, "ABC", &[2, 3]));
        assert_eq!(hash(&key, &prefix, "ABC", &[1, 3]), key.long(&[b"p", b"c", b"A", b"BC"]));
    }
}
