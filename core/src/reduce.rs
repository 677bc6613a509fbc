//! STUB reductions
use crate::schema::Kind;
use alloc::string::String;
use jiff::civil::Date;

/// A typed reduction (policy 1.8), coarser to the right within its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reduction {
    /// STUB
    Month,
}

impl Reduction {
    /// The reduction named by a word for a type; `None` when the type has no such reduction.
    pub fn parse(_kind: Kind, _word: &str) -> Option<Self> {
        None
    }
    /// Applies.
    pub fn apply(self, _kind: Kind, _canonical: &str, _as_of: Date, _group: Option<&str>) -> Option<String> {
        None
    }
}
