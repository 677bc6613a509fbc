//! Review: people decide about pairs of identities of which the linker is not sure, and take links apart that are wrong.
//!
//! A decision is an entry of the register `link`: append-only, with author, time and reason, in the ledger like every
//! other. Nothing is joined or parted here; the next night does it by what stands (`said`).

pub mod effect;
pub mod look;
pub mod said;
pub mod side;
