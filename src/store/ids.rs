//! Row ids, one type for each table, and the reading of stored keys and dates.

use super::error::StoreError;
use core::fmt;
use jiff::civil::Date;
use lockgate_core::hash::Digest;

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id!(
    /// A run.
    RunId
);
row_id!(
    /// A received file.
    FileId
);
row_id!(
    /// A stored identity: the short name of an `IdentityId`.
    IdentityRef
);
row_id!(
    /// A stored person: the short name of a `PersonId`.
    PersonRef
);
row_id!(
    /// A refused row.
    QuarantineId
);
row_id!(
    /// A bundle.
    BundleId
);
row_id!(
    /// An entry of a register.
    EntryId
);

/// A 128-bit key from its stored bytes.
pub(super) fn key(bytes: &[u8], table: &str) -> Result<u128, StoreError> {
    bytes.try_into().map(u128::from_be_bytes).map_err(|_| StoreError::row(table))
}

pub(super) fn digest(bytes: &[u8], table: &str) -> Result<Digest, StoreError> {
    bytes.try_into().map(Digest).map_err(|_| StoreError::row(table))
}

pub(super) fn date(text: &str, table: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| StoreError::row(table))
}

pub(super) fn maybe_date(text: Option<&str>, table: &str) -> Result<Option<Date>, StoreError> {
    text.map(|text| date(text, table)).transpose()
}

/// A count or index from its stored form; a negative one is damage.
pub(super) fn count<T: TryFrom<i64>>(number: i64, table: &str) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| StoreError::row(table))
}

/// A count for the store; none that this program makes is too large.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_columns_are_damage_and_not_a_panic() {
        assert_eq!(key(&[0; 15], "person").map_err(|e| e.code()), Err("LG2007"));
        assert_eq!(digest(&[0; 31], "file").map_err(|e| e.code()), Err("LG2007"));
        assert_eq!(date("17/11/2008", "run").map_err(|e| e.code()), Err("LG2007"));
        assert_eq!(count::<u32>(-1, "version").map_err(|e| e.code()), Err("LG2007"));
        assert_eq!(maybe_date(None, "person").map_err(|e| e.code()), Ok(None));
    }
}
