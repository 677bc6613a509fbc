//! The pull API with real clients: who gets what and who never, downloads that are cut, forms that come in, and clients
//! that mean no good.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "tests"
)]

mod access;
mod acks;
mod bad_input;
mod document;
mod doors;
mod download;
mod page;
mod pki;
mod push;
mod sandbox;
mod server;
#[path = "../support/mod.rs"]
pub mod support;
