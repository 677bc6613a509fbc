//! A linkage held against the truth, where somebody has it: counted in pairs, and in persons mixed up or torn apart.

use super::LinkError;
use super::read::People;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::io::Read;

/// How good a linkage is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// Of the pairs joined, the share that are one person.
    pub precision: f64,
    /// Of the pairs that are one person, the share joined.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// Groups that hold more than one person.
    pub over_merges: usize,
    /// Persons in more than one group.
    pub split_persons: usize,
}

/// Reads `record_id,person_id`: the true person of each card, as a number; a record without one is alone.
pub fn truth(csv: &mut csv::Reader<impl Read>, people: &People) -> Result<Vec<u32>, LinkError> {
    let header = csv.byte_headers().map_err(|e| LinkError::from_csv(&e))?.clone();
    let position = |name: &str| header.iter().position(|h| h == name.as_bytes());
    let record = position("record_id").ok_or(LinkError::BadTruth)?;
    let person = position("person_id").ok_or(LinkError::BadTruth)?;
    let mut of: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut numbers: HashMap<Vec<u8>, u32> = HashMap::new();
    for row in csv.byte_records() {
        let row = row.map_err(|e| LinkError::from_csv(&e))?;
        let (Some(record), Some(person)) = (row.get(record), row.get(person)) else { continue };
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        of.insert(record.to_vec(), *numbers.entry(person.to_vec()).or_insert(next));
    }
    let known = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    Ok((0..people.ids.len())
        .map(|card| of.get(people.id(card)).copied().unwrap_or(known.saturating_add(card)))
        .collect())
}

/// Compares groups with persons; both by the records' places.
pub fn quality(person: &[u32], group: &[u32]) -> Quality {
    let cells = counts(person.iter().zip(group));
    let hit = pairs(cells.values());
    let said = pairs(counts(group.iter()).values());
    let all = pairs(counts(person.iter()).values());
    let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { 1.0 };
    let (precision, recall) = (ratio(hit, said), ratio(hit, all));
    let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
    let cells: HashSet<(u32, u32)> = cells.into_keys().map(|(p, g)| (*p, *g)).collect();
    let several = |all: HashMap<u32, usize>| all.values().filter(|n| **n > 1).count();
    Quality {
        precision,
        recall,
        f1,
        over_merges: several(counts(cells.iter().map(|(_, g)| *g))),
        split_persons: several(counts(cells.iter().map(|(p, _)| *p))),
    }
}

fn counts<K: Hash + Eq>(keys: impl Iterator<Item = K>) -> HashMap<K, usize> {
    let mut out = HashMap::new();
    keys.for_each(|key| *out.entry(key).or_default() += 1);
    out
}

fn pairs<'a>(sizes: impl Iterator<Item = &'a usize>) -> f64 {
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    sizes.map(|n| count(*n) * (count(*n) - 1.0) / 2.0).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixed_group_and_a_torn_person_are_counted() {
        let found = quality(&[1, 1, 1, 2, 3], &[0, 0, 2, 2, 4]);
        assert!((found.precision - 0.5).abs() < 1e-9 && (found.recall - 1.0 / 3.0).abs() < 1e-9, "{found:?}");
        assert_eq!((found.over_merges, found.split_persons), (1, 1));
    }

    #[test]
    fn nothing_joined_is_nothing_wrong() {
        let found = quality(&[1, 2], &[0, 1]);
        assert!((found.precision - 1.0).abs() < 1e-9 && (found.recall - 1.0).abs() < 1e-9);
    }
}
