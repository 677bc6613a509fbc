//! Drafting a feed: what a sample file is (`guess`), what its columns may mean (`words`, `columns`), and the
//! mapping file that says so (`draft`), with an example of invented values (`invent`).
//!
//! A draft holds header texts and repeated code words of the sample, and no other text of it.

mod columns;
mod draft;
mod guess;
mod invent;
mod words;

pub use columns::{Plan, Proposed, Target};
pub use draft::{Brief, Draft, draft};
pub use guess::{Sample, guess};
