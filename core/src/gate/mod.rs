//! The gate: STUB

pub mod disclosed;

use crate::problem::CodeDoc;

pub use disclosed::Disclosed;

/// Codes of this room (`LG15nn`).
pub const CODES: &[CodeDoc] = &[];
