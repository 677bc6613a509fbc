//! STUB
use crate::problem::CodeDoc;

/// Codes of this room.
pub const CODES: &[CodeDoc] = &[];
