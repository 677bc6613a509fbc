//! What an information-governance officer relies on: every clause has its honest place, slips in the agreement are
//! shown, the annex is the agreement, the officer's page is true.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

mod annex;
mod clauses;
mod evidence;
mod page;
mod slips;
#[path = "../support/mod.rs"]
pub mod support;
