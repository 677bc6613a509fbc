//! Typed values: from a partner's text to the one canonical text that the schema knows.
//!
//! Each reader appends the canonical text to `out` and returns a `Fault` without the value.

pub mod date;
pub mod identifier;
pub mod plain;
pub mod postcode;

use crate::problem::CodeDoc;

/// Why a value was refused. Names the rule, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault(pub &'static str);

/// Codes of this room (`LG12nn`).
pub const CODES: &[CodeDoc] = &[];
