//! Who is who changed: what a recipient holds of a record goes with the record to the person to whom it belongs now, so
//! that the next bundle corrects or withdraws it under the number and version by which the recipient knows it.

use super::Holdings;
use crate::record::RecordId;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Records that go from one person to another.
pub type Moves<P> = BTreeMap<(P, P), BTreeSet<RecordId>>;

/// Moves what one recipient holds. `held` has what it holds of each person that occurs; the answer names those of whom it
/// holds something else now. All is taken before anything is given, so that persons may change places.
pub fn regroup<P: Ord + Copy>(held: &mut BTreeMap<P, Holdings>, moves: &Moves<P>) -> BTreeSet<P> {
    let (mut taken, mut changed) = (Vec::new(), BTreeSet::new());
    for ((from, to), records) in moves {
        let Some(source) = held.get_mut(from).filter(|_| from != to) else { continue };
        let gone = source.take(|record| records.contains(&record));
        if !gone.is_empty() {
            changed.extend([*from, *to]);
            taken.push((*to, gone));
        }
    }
    for (to, records) in taken {
        held.entry(to).or_default().absorb(records);
    }
    changed
}
