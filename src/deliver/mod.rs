//! Delivery: sealed bundles on their way to their recipients' doors. A door takes a [`Sealed`](crate::seal::Sealed) and
//! nothing else, and puts the signature last: a bundle without it was not delivered.
//!
//! `doors` seals and knows the outbox, `door` is one recipient's end of the wire, `outbox` brings what waits there, each
//! recipient's bundles in their order and all recipients beside each other, `backoff` says when a door that failed is
//! tried again, `share` has several processes bring what waits, each piece as `carry` says, `bring` does so between the nights, `collected` takes down what recipients fetched, `prune` empties the outbox of what was confirmed, and `stop` takes back what was not sent and may not be sent any more.

mod address;
pub mod backoff;
pub mod bring;
pub mod carry;
mod codes;
pub mod collected;
mod door;
pub mod door_settings;
mod doors;
pub mod folder;
pub mod outbox;
mod place;
pub mod prune;
mod share;
pub mod stop;

pub mod push;
pub mod push_codes;
pub mod push_settings;

pub use codes::CODES;
pub use door::{Arrival, Door, DoorError, May};
pub use doors::{Doors, Way};
