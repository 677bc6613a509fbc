//! Drafting a feed. `guess` says what a sample file is; `key` whose rows it holds; `score` how well each column
//! fits each field, by `words`, by the mappings in force (`lessons`) and by its values; `vote` what the file is
//! about; `assign` which column is what; `columns` brings these together; `draft` writes the mapping file that
//! says so, with an example of invented values (`invent`).
//!
//! A draft holds header texts and repeated code words of the sample, and no other text of it.

mod assign;
mod columns;
mod draft;
mod guess;
mod header;
mod invent;
mod key;
mod lessons;
mod score;
mod vote;
mod words;

/// The category of who somebody is.
pub const PERSON: &str = "person";

pub use columns::{Plan, Proposed, Target, Trust};
pub use draft::{Brief, Draft, Known, draft};
pub use guess::{Sample, guess};
