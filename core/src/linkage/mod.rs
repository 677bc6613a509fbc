//! Who is who among the records of many sources: how alike two records are, and which are one person.
//!
//! The ways of a record, each made from the one before it:
//! raw cells ([`card::Raw`]) → cleaned words and a [`card::Card`] in a [`card::Deck`] → [`facts::Facts`] (how rare each
//! value is) → [`block::Blocks`] (whom to compare) → [`compare::Agreement`] (levels) → [`model::Score`] (weight) →
//! [`cluster::Edge`]s → [`cluster::Grouping`] (persons, and pairs that wait for a human).
//!
//! **The seam for whoever drives it.** Nothing here reads a file, a clock or a core count; all of it is pure, and of one
//! deck in one order it gives one answer.
//! - A whole file: add its records to a `Reader`, `Facts::of` the deck, `Blocks::of` each family (families are
//!   independent, so they may run side by side), `train::train` or a `Model` that was kept, `Index::of` the blocks; for
//!   each card compare it with `Index::candidates`, keep the pairs worth keeping as edges, `cluster::parts` them, and
//!   `Cluster::group` each part. Parts have no card in common, so they may run side by side too. Cards must stand in an
//!   order that does not depend on arrival (their record ids'): ties are broken by it.
//! - Tonight's changed cards against all known ones: `Index::candidates(card, true, …)` for the changed cards alone gives
//!   their pairs; their edges replace the old edges of those cards, and only the parts that they touch are grouped anew.
//!   Keys of blocks are made of the words themselves, so they can be kept from night to night.
//! - Decisions of people outlast the model: whoever drives this passes them as edges of their own ("same") or splits the
//!   deck by [`card::Card::own`] ("different": one source, two keys).
//! - A few identities of a large population: `link::weigh`, which reads them from their rows and takes from keyed hashes how common their
//!   values are. It is how a night asks the model about pairs.
//! - A model is plain data ([`model::Plain`]) with version and date; weights are computed from its probabilities.

pub mod birth;
pub mod block;
pub mod card;
mod clean;
pub mod cluster;
mod codes;
pub mod compare;
pub mod explain;
pub mod facts;
pub mod field;
pub mod guard;
pub mod math;
pub mod model;
pub mod nickname;
pub mod signs;
pub mod text;
pub mod train;
pub mod words;

pub use codes::CODES;

#[cfg(test)]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]
mod tests;
