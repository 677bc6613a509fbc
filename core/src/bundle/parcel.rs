//! Rows on their way from the gate to a bundle: packed where they were decided, so that nothing of a person's
//! records is held on to, and taken over by the writer in the order of the people.

use super::Meta;
use super::packed::{Packed, Tables};
use super::row::Row;
use crate::problem::Problem;
use alloc::vec::Vec;

/// Packed rows of one recipient. Only rows that the planner made go in.
#[derive(Default)]
pub struct Parcel {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
    /// Withdrawals that find no table yet.
    late: Vec<Row<'static>>,
}

impl Parcel {
    /// Packs a row, which leaves no trace when it fails (see [`Tables::pack`]).
    pub fn add(&mut self, tables: &Tables, meta: &Meta, row: Row<'_>) -> Result<(), Problem> {
        let row = if tables.number(&row)?.is_none() {
            match row.keys() {
                Ok(keys) => {
                    self.late.push(keys);
                    return Ok(());
                }
                Err(whole) => whole,
            }
        } else {
            row
        };
        let start = self.bytes.len();
        match tables.pack(meta, &row, &mut self.bytes) {
            Ok(()) => self.ends.push(self.bytes.len()),
            Err(problem) => {
                self.bytes.truncate(start);
                return Err(problem);
            }
        }
        Ok(())
    }

    /// The bytes of all packed rows.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The packed rows with their places in [`Self::bytes`], in the order in which they came.
    pub fn rows(&self) -> impl Iterator<Item = (core::ops::Range<usize>, Packed<'_>)> {
        let starts = core::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .filter_map(|(start, end)| Some((start..*end, Packed::read(self.bytes.get(start..*end)?)?)))
    }

    /// Withdrawals that found no table: the writer admits one first.
    pub fn late(&self) -> &[Row<'static>] {
        &self.late
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::bundle::samples::{PERSON, RELEASE, key, meta, schema, tables, two};
    use crate::bundle::{BundleKind, Holdings, Lexicon, Planner};
    use crate::record::PersonId;
    use jiff::civil::Date;

    #[test]
    fn a_withdrawal_without_a_table_waits_and_a_faulty_row_leaves_no_trace() {
        let (schema, meta, key) = (schema(), meta(), key());
        let planner = Planner {
            recipient: meta.recipient,
            kind: BundleKind::Delta,
            as_of: meta.as_of,
            review_by: &|day: Date| day,
            schema: &schema,
            partners: &meta.partners,
            person: PERSON,
            contents: &key,
            lexicon: &Lexicon::default(),
        };
        let plan =
            |disclosed, held: &Holdings| planner.plan(PersonId(1), disclosed, held).map_err(|p| p.what);
        let whole = || alloc::vec![two(2, RELEASE, &[(0, Some("2008-11-20"))])];
        let first = plan(whole(), &Holdings::new()).expect("a plan");
        let gone = plan(alloc::vec![], &first.after).expect("a plan");
        let (tables, none) = (tables(&schema), Tables::new(Vec::new()).expect("no tables"));
        let mut parcel = Parcel::default();
        for row in gone.rows {
            parcel.add(&none, &meta, row).map_err(|p| p.what).expect("waits");
        }
        assert_eq!((parcel.rows().count(), parcel.late().len()), (0, 1));
        for row in first.rows {
            parcel.add(&tables, &meta, row).map_err(|p| p.what).expect("packs");
        }
        let faulty =
            plan(alloc::vec![two(3, RELEASE, &[(0, Some("soon"))])], &Holdings::new()).expect("a plan");
        let before = parcel.bytes().len();
        for row in faulty.rows {
            assert_eq!(parcel.add(&tables, &meta, row).map_err(|p| p.code), Err("LG1602"));
        }
        assert_eq!(parcel.rows().map(|(at, row)| (at, row.table())).collect::<Vec<_>>(), [(0..before, 1)]);
    }
}
