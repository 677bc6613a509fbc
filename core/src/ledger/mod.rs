//! The ledger: who was told what about whom, when and under which clause, append-only and linked by
//! hashes, and the last step of the custody: recorded, then sent.
//!
//! It knows no storage: entries become bytes and hashes here, and whoever keeps them implements
//! [`LedgerCommit`]. Entries name partners and categories by their words, since indexes move, and
//! hold no personal value: a disclosure is there as a salted commitment to its content.

mod chain;
pub mod checkpoint;
mod custody;
mod end;
mod entry;
pub mod tree;

use crate::problem::CodeDoc;

pub use chain::{Break, Broken, Chain, Kept, Linked, Verifier, verify};
pub use custody::{LedgerCommit, Outgoing, Prepared};
pub use end::End;
pub use entry::{BundleEntry, DecisionEntry, Disclosure, Entry, FileEntry, FileState, RunEntry};

/// Codes of this room.
pub const CODES: &[CodeDoc] = &[CodeDoc {
    code: "LG3001",
    title: "the ledger does not verify",
    explanation: "An entry is missing, changed, out of place or added, or the ledger ends before its known head. The message names \
                  the first entry that does not fit. Nothing more is sent until an administrator has compared the ledger with its \
                  exported heads.",
}];
