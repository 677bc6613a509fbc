//! Lockgate's core: it decides, and does nothing else.
//!
//! No file, socket, clock, environment or randomness is in reach here (`no_std`): keys, dates and
//! nonces arrive as arguments, so the same input gives the same bytes for ever. The modules stand
//! in the order in which data meets them; each uses only those above it.
//!
//! The chain of custody, each type made only by the step before it:
//! `RowBuf` → `Candidate` → `Record` → `Person` (linked) → `Disclosed` → `Prepared` → `Outgoing`.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod agreement;
pub mod bundle;
pub mod calendar;
pub mod chapter;
pub mod check;
pub mod commit;
pub mod gate;
pub mod hash;
pub mod ledger;
pub mod link;
pub mod linkage;
pub mod mapping;
pub mod personal;
pub mod preview;
pub mod problem;
pub mod receipt;
pub mod record;
pub mod reduce;
pub mod rest;
pub mod row;
pub mod schema;
mod sha;
pub mod spool;
pub mod survey;
pub mod value;
