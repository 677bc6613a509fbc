//! The pull API with real clients: who gets what and who never, downloads that are cut, forms that come in, and clients
//! that mean no good. And a place behind HTTPS, where the gateway is the client.

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
mod place;
mod push;
mod sandbox;
mod server;
#[path = "../support/mod.rs"]
pub mod support;
