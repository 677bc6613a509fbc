//! Sets of hash values as sorted lists: a third of a hash table's memory, and nearly as fast, because the values
//! are even by nature. A sieve of bits answers most questions before the list; for the others it says where to look,
//! within a handful of places.

use super::evidence::Key;
use crate::record::IdentityId;
use alloc::vec::Vec;

/// Bits of the sieve for each value.
const BITS: usize = 8;

/// A value that is a keyed hash.
pub(super) trait Even: Copy + Ord {
    /// 64 bits in the order of the value.
    fn even(self) -> u64;
}

impl Even for IdentityId {
    fn even(self) -> u64 {
        (self.0 >> 64) as u64
    }
}

/// A key by its hash, its kind last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turned(u64);

impl Turned {
    pub(super) fn of(key: Key) -> Self {
        Self(key.0.rotate_left(6))
    }

    pub(super) const fn word(self) -> u64 {
        self.0
    }

    pub(super) const fn of_word(word: u64) -> Self {
        Self(word)
    }
}

impl Even for Turned {
    fn even(self) -> u64 {
        self.0
    }
}

/// A set that is made at once.
pub(super) struct Sieve<T> {
    sorted: Vec<T>,
    bits: Vec<u64>,
    /// Where in the list the values of each word of bits begin; one more at the end.
    starts: Vec<u32>,
    shift: u32,
}

impl<T: Even> Default for Sieve<T> {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl<T: Even> Sieve<T> {
    pub(super) fn of(mut values: Vec<T>) -> Self {
        values.sort_unstable();
        values.dedup();
        let words = (values.len() * BITS).next_power_of_two().max(64) / 64;
        let shift = 64 - (words * 64).trailing_zeros();
        let (mut bits, mut starts) = (alloc::vec![0u64; words], Vec::with_capacity(words + 1));
        for (place, value) in (0u32..).zip(&values) {
            let at = value.even() >> shift;
            let word = (at / 64) as usize;
            // The list is in the order of the bits.
            starts.resize(starts.len().max(word + 1), place);
            if let Some(word) = bits.get_mut(word) {
                *word |= 1 << (at % 64);
            }
        }
        starts.resize(words + 1, u32::try_from(values.len()).unwrap_or(u32::MAX));
        Self { sorted: values, bits, starts, shift }
    }

    /// Takes more values in.
    pub(super) fn absorb(&mut self, more: impl IntoIterator<Item = T>) {
        let mut values = core::mem::take(&mut self.sorted);
        values.extend(more);
        *self = Self::of(values);
    }

    pub(super) fn contains(&self, value: T) -> bool {
        self.position(value).is_some()
    }

    /// The place in the sorted list.
    pub(super) fn position(&self, value: T) -> Option<usize> {
        let at = value.even() >> self.shift;
        let word = (at / 64) as usize;
        if self.bits.get(word)? & (1 << (at % 64)) == 0 {
            return None;
        }
        let (low, high) = (*self.starts.get(word)? as usize, *self.starts.get(word + 1)? as usize);
        self.sorted.get(low..high)?.binary_search(&value).ok().map(|place| low + place)
    }

    pub(super) fn values(&self) -> &[T] {
        &self.sorted
    }

    pub(super) fn into_values(self) -> Vec<T> {
        self.sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn holds_what_it_was_given_and_nothing_else(
            values in proptest::collection::vec(prop_oneof![any::<u128>(), 0u128..50, any::<u64>().prop_map(u128::from)], 0..300),
            others in proptest::collection::vec(prop_oneof![any::<u128>(), 0u128..50], 0..100),
        ) {
            let mut sieve = Sieve::default();
            let half = values.len() / 2;
            let ids = |part: &[u128]| part.iter().copied().map(IdentityId).collect::<Vec<_>>();
            sieve.absorb(ids(values.get(..half).unwrap_or_default()));
            sieve.absorb(ids(values.get(half..).unwrap_or_default()));
            for value in &values {
                let at = sieve.position(IdentityId(*value));
                prop_assert_eq!(at.and_then(|at| sieve.values().get(at)), Some(&IdentityId(*value)));
            }
            for value in others {
                prop_assert_eq!(sieve.contains(IdentityId(value)), values.contains(&value));
            }
        }
    }
}
