//! Bundles on disk: rows that have passed the gate become a folder of files, durable and hashed, and
//! a folder that the ledger has committed is sealed (`seal`), or published as it is by renaming it where a
//! deployment asks for plain folders.
//!
//! What a row, a table or a text says is decided in the core; here it is sorted, written, hashed and
//! synchronised. Memory does not grow with the rows.

mod breaks;
mod error;
mod file;
mod pages;
mod publish;
mod sort;
mod workbook;
mod writer;

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests;

pub(crate) use breaks::Breaks;
pub use error::{BundleError, Doing};
pub use publish::publish;
pub use writer::{BundleWriter, Finished, Options};
