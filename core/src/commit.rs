//! Commitments: what the ledger keeps of a row that was told. Each field is committed to on its own, under a salt of its own,
//! so that one field can be proven without showing the others, and no value can be guessed from the ledger.
//!
//! A row's salts follow from a key of the gateway and a random number that is kept with the person. When the person is
//! erased the number is destroyed, and with it the last way from the ledger to a value; the entries stay as they were, and
//! whoever was given the salts before can still prove what was sent.
//!
//! `leaf = SHA-256(0x00 ‖ salt ‖ value)`, `commitment = SHA-256(0x01 ‖ index ‖ leaf ‖ index ‖ leaf …)` by rising index.

use crate::hash::{Digest, Digester, MacKey};

/// Bytes of a salt, and of a person's number.
pub const SALT: usize = 16;
/// The index of the leaf that holds where the row comes from: the person's reference, originator, purpose and handling, each
/// with a line feed behind it.
pub const PROVENANCE: u8 = 255;

/// The salts of one row.
#[derive(Clone)]
pub struct Salts(Digest);

impl Salts {
    /// Of the row of a record that a recipient was told in a version.
    pub fn of(key: &MacKey, person: &[u8; SALT], recipient: &str, record: u128, version: u32) -> Self {
        let length = (recipient.len() as u64).to_be_bytes();
        let parts: [&[u8]; 6] = [
            b"lockgate row\0",
            person,
            &length,
            recipient.as_bytes(),
            &record.to_be_bytes(),
            &version.to_be_bytes(),
        ];
        Self(key.tag(&parts))
    }

    /// Of one leaf.
    pub fn field(&self, index: u8) -> [u8; SALT] {
        let digest = Digest::of_parts([&self.0.0[..], &[index]]);
        *digest.0.first_chunk::<SALT>().unwrap_or(&[0; SALT])
    }
}

/// What stands for one field.
pub fn leaf(salt: &[u8; SALT], value: &[&str]) -> Digest {
    let value = value.iter().map(|part| part.as_bytes());
    Digest::of_parts([&[0], &salt[..]].into_iter().chain(value))
}

/// What stands for a row: of its leaves, by rising index.
#[derive(Clone)]
pub struct Commitment(Digester);

impl Default for Commitment {
    fn default() -> Self {
        let mut digester = Digester::new();
        digester.update(&[1]);
        Self(digester)
    }
}

impl Commitment {
    /// Adds the next leaf.
    pub fn leaf(&mut self, index: u8, leaf: &Digest) {
        self.0.update(&[index]);
        self.0.update(&leaf.0);
    }

    /// The commitment to all leaves.
    pub fn finish(self) -> Digest {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    type Cells = Vec<(u8, String)>;

    fn commit(salts: &Salts, cells: &Cells) -> Digest {
        let mut commitment = Commitment::default();
        cells.iter().for_each(|(at, value)| commitment.leaf(*at, &leaf(&salts.field(*at), &[value])));
        commitment.finish()
    }

    fn salts(person: u8, recipient: &str, record: u128, version: u32) -> Salts {
        Salts::of(&MacKey::new(b"key"), &[person; SALT], recipient, record, version)
    }

    proptest! {
        #[test]
        fn another_value_or_row_or_person_is_another_commitment(
            cells in proptest::collection::btree_map(0_u8..32, ".{0,40}", 1..12),
            at in any::<prop::sample::Index>(), other in ".{0,40}",
        ) {
            let cells: Cells = cells.into_iter().collect();
            let mine = salts(1, "south", 7, 2);
            let whole = commit(&mine, &cells);
            let mut changed = cells.clone();
            let cell = at.get_mut(&mut changed);
            prop_assume!(cell.1 != other);
            cell.1 = other;
            prop_assert_ne!(commit(&mine, &changed), whole);
            for foreign in [salts(2, "south", 7, 2), salts(1, "north", 7, 2), salts(1, "south", 8, 2), salts(1, "south", 7, 3)] {
                prop_assert_ne!(commit(&foreign, &cells), whole);
            }
        }

        /// One field, its salt and the other leaves prove the field; the other values stay hidden.
        #[test]
        fn a_field_is_proven_beside_the_leaves_of_the_others(
            cells in proptest::collection::btree_map(0_u8..32, ".{0,40}", 1..12), at in any::<prop::sample::Index>(),
        ) {
            let cells: Cells = cells.into_iter().collect();
            let salts = salts(1, "south", 7, 2);
            let shown = at.index(cells.len());
            let mut proven = Commitment::default();
            for (n, (index, value)) in cells.iter().enumerate() {
                let hidden = leaf(&salts.field(*index), &[value]);
                let leaf = if n == shown { leaf(&salts.field(*index), &[value]) } else { hidden };
                proven.leaf(*index, &leaf);
            }
            prop_assert_eq!(proven.finish(), commit(&salts, &cells));
        }
    }

    #[test]
    fn parts_are_one_value() {
        let salt = [7; SALT];
        assert_eq!(leaf(&salt, &["a", "b"]), leaf(&salt, &["ab"]));
    }
}
