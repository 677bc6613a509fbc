//! What would leave under another agreement that does not leave under this one: per field, never the value.

use super::Gate;
use super::decide::Row;
use crate::agreement::PartnerId;
use crate::link::Person;
use crate::record::RecordId;
use crate::schema::{CategoryId, FieldId};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// What happens to a field of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shift {
    /// It would leave, and does not now.
    Newly,
    /// It leaves now, and would no more.
    NoLonger,
    /// It would leave with another value.
    Otherwise,
}

/// One field of one person that another agreement would treat otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shifted {
    /// Whom it goes to.
    pub recipient: PartnerId,
    /// Its category.
    pub category: CategoryId,
    /// Which field.
    pub field: FieldId,
    /// The clause under which it leaves or left.
    pub clause: String,
    /// What happens.
    pub shift: Shift,
}

/// Cells of rows by record and field. A counted row has no record of its own: it is found by its group.
type Cells<'r> = BTreeMap<(CategoryId, RecordId, FieldId), (&'r str, &'r str)>;

fn cells<'r>(rows: &'r [Row<'_>]) -> Cells<'r> {
    let mut out = Cells::new();
    for row in rows {
        for (field, value) in &row.cells {
            if let Some(value) = value {
                out.insert((row.category, row.record, *field), (row.clause, value.as_ref()));
            }
        }
    }
    out
}

impl<'a> Gate<'a> {
    /// Compares what leaves about a person with what would leave through another gate of the same schema, parties, keys
    /// and day. Each kind of change of a field stands once, however many records it is in.
    pub fn shifted<'p>(&self, other: &Gate<'a>, person: &'p Person, recipients: &[PartnerId]) -> Vec<Shifted>
    where
        'a: 'p,
    {
        let mut out = Vec::new();
        let (now, then) = (self.facts(person), other.facts(person));
        for recipient in recipients.iter().copied() {
            let (now, _) = self.rows(person, &now, recipient);
            let (then, _) = other.rows(person, &then, recipient);
            let (now, then) = (cells(&now), cells(&then));
            let mut add = |at: &(CategoryId, RecordId, FieldId), clause: &str, shift| {
                out.push(Shifted { recipient, category: at.0, field: at.2, clause: clause.into(), shift });
            };
            for (at, (clause, value)) in &then {
                match now.get(at) {
                    None => add(at, clause, Shift::Newly),
                    Some((_, was)) if was != value => add(at, clause, Shift::Otherwise),
                    Some(_) => {}
                }
            }
            for (at, (clause, _)) in now.iter().filter(|(at, _)| !then.contains_key(*at)) {
                add(at, clause, Shift::NoLonger);
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}
