//! STUB
use crate::problem::CodeDoc;

/// Codes of this room (`LG03nn`).
pub const CODES: &[CodeDoc] = &[];

/// Index of a partner in the agreement, in the order of `agreement.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerId(pub u8);
