//! Rows that are given as a count: one row for all records of a person that are alike but for it.
//!
//! A grant with `reduce = { x = "count" }` gives, per person, originator and values of the other
//! fields, how many records have `x` (a flag: how many have it set). The row's id is a keyed hash of
//! those other values, so that a changed count is a correction of the same row.

use super::decide::Row;
use super::pseudonym;
use crate::agreement::PartnerId;
use crate::hash::MacKey;
use crate::record::PersonId;
use alloc::collections::BTreeMap;
use alloc::string::ToString as _;
use alloc::vec::Vec;

/// Folds counted rows; the second value is how many records went into the row of another.
pub(super) fn fold<'p>(
    rows: Vec<Row<'p>>,
    key: &MacKey,
    recipient: PartnerId,
    person: PersonId,
) -> (Vec<Row<'p>>, u32) {
    if asked!(NoCount, rows.iter().all(|row| row.counted.is_empty())) {
        return (rows, 0);
    }
    let mut out = Vec::new();
    let mut groups: BTreeMap<Vec<u8>, (Row, Vec<u64>)> = BTreeMap::new();
    let mut folded = 0;
    for row in rows {
        if row.counted.is_empty() {
            out.push(row);
            continue;
        }
        let counts: Vec<u64> = row.counted.iter().map(|(_, counts)| u64::from(*counts)).collect();
        match groups.get_mut(&alike(&row)) {
            Some((first, sums)) => {
                folded += 1;
                first.version = first.version.max(row.version);
                sums.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
            }
            None => {
                groups.insert(alike(&row), (row, counts));
            }
        }
    }
    for (same, (mut row, sums)) in groups {
        row.record = pseudonym::group(key, recipient, person, &[&same]);
        for ((field, _), sum) in row.counted.iter().zip(sums) {
            if let Some((_, value)) = row.cells.iter_mut().find(|(f, _)| f == field) {
                *value = Some(sum.to_string().into());
            }
        }
        out.push(row);
    }
    (out, folded)
}

/// What records of one group have in common, each part with its length before it.
fn alike(row: &Row) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&row.category.0.to_le_bytes());
    out.push(row.originator.0);
    for text in [row.clause, &row.handling] {
        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    for (field, value) in &row.cells {
        let text = value.as_deref();
        out.push(field.0);
        out.extend_from_slice(&text.map_or(0, |t| t.len() as u64 + 1).to_le_bytes());
        out.extend_from_slice(text.unwrap_or("").as_bytes());
    }
    out
}
