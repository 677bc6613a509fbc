//! Rows of other sheets of a workbook, held in memory and found by key.

use crate::codes::{JOIN_AMBIGUOUS, JOIN_ORDER, NO_SHEET, TOO_MANY};
use crate::format::ReadError;
use crate::limits::Limits;
use crate::options::{OptionValue, Owner};
use lockgate_core::hash::HashKey;
use lockgate_core::problem::{Code, Problem};
use lockgate_core::row::{CellKind, RowBuf};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// One joined sheet, as the mapping declares it.
#[derive(Debug, Clone)]
pub(super) struct Join {
    pub(super) sheet: String,
    /// Column of the base sheet, or `SHEET.COLUMN` of an earlier join.
    pub(super) on: String,
    /// Column of the joined sheet.
    pub(super) to: String,
    pub(super) keep: Keep,
}

/// Which of several rows with one key is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keep {
    /// There must be only one; a base row that meets several is unusable.
    One,
    First,
    /// The last by a column's value.
    LastBy(String),
}

impl Join {
    pub(super) fn read(owner: Owner, table: &BTreeMap<String, OptionValue>) -> Result<Self, Problem> {
        owner.only(table, ["sheet", "on", "to", "keep"].into_iter())?;
        let text = |name: &str| {
            let text = owner.text(table, name)?.map(str::trim).filter(|text| !text.is_empty());
            text.map(str::to_owned).ok_or_else(|| owner.fault("join", &format!("`{name}` is wanted")))
        };
        let keep = match owner.text(table, "keep")?.map(str::trim) {
            None => Keep::One,
            Some("first") => Keep::First,
            Some(word) => match word.strip_prefix("last by ").map(str::trim) {
                Some(column) if !column.is_empty() => Keep::LastBy(column.to_owned()),
                _ => return Err(owner.fault("keep", "`first` or `last by COLUMN` is wanted")),
            },
        };
        Ok(Self { sheet: text("sheet")?, on: text("on")?, to: text("to")?, keep })
    }
}

/// The rows of one joined sheet by key.
pub(super) struct Joined {
    /// Index of `on` in the row that is being put together.
    on: usize,
    to: usize,
    width: usize,
    keep: Keep,
    /// Index of the ordering column in the joined sheet.
    order: Option<usize>,
    key: HashKey,
    rows: Vec<RowBuf>,
    by_key: HashMap<u128, Slot>,
}

struct Slot {
    row: usize,
    several: bool,
}

impl Joined {
    pub(super) fn new(on: usize, to: usize, width: usize, keep: Keep, order: Option<usize>) -> Self {
        // The key only spreads the look-ups of one run; nothing that it hashes is kept.
        let key = HashKey::derive(b"lockgate", "sheet join");
        Self { on, to, width, keep, order, key, rows: Vec::new(), by_key: HashMap::new() }
    }

    /// Takes a row of the joined sheet; one without a key can never be found and is left out.
    pub(super) fn add(&mut self, row: RowBuf) -> Result<(), ReadError> {
        let Some(key) = row.cell_key(self.to, &self.key) else { return Ok(()) };
        match self.by_key.entry(key) {
            Entry::Vacant(slot) => {
                slot.insert(Slot { row: self.rows.len(), several: false });
                self.rows.push(row);
            }
            Entry::Occupied(mut slot) => {
                let slot = slot.get_mut();
                slot.several = true;
                let (Some(order), Some(held)) = (self.order, self.rows.get_mut(slot.row)) else {
                    return Ok(());
                };
                match row.cell_order(order, held) {
                    Some(Ordering::Greater | Ordering::Equal) => *held = row,
                    Some(Ordering::Less) => {}
                    None => {
                        let what = "two rows of a joined sheet have no sure order by the column of `keep`";
                        return Err(ReadError::new(JOIN_ORDER, Some(row.number()), what));
                    }
                }
            }
        }
        Ok(())
    }

    /// Appends the cells of the row that `row` points to, absent ones when there is none.
    pub(super) fn extend(&self, row: &mut RowBuf) -> Result<(), Code> {
        let slot = row.cell_key(self.on, &self.key).and_then(|key| self.by_key.get(&key));
        match slot.and_then(|slot| Some((slot, self.rows.get(slot.row)?))) {
            Some((slot, _)) if slot.several && self.keep == Keep::One => return Err(JOIN_AMBIGUOUS),
            Some((_, joined)) => row.append(joined),
            None => (0..self.width).for_each(|_| row.push_kind("", CellKind::Absent)),
        }
        Ok(())
    }
}

/// Adds up what joined rows hold: their text, five bytes a cell, and about 160 for the row itself.
pub(super) fn hold(held: &mut usize, row: &RowBuf, limits: &Limits) -> Result<(), ReadError> {
    *held += row.text_len() + row.len() * 5 + 160;
    if *held <= limits.join_bytes {
        return Ok(());
    }
    let what = format!("the joined sheets hold more than {} bytes", limits.join_bytes);
    Err(ReadError::new(TOO_MANY, None, &what))
}

pub(super) fn no_sheet(name: &str) -> ReadError {
    ReadError::new(NO_SHEET, None, &format!("the workbook has no sheet `{name}`"))
}
