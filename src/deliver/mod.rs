//! Delivery: sealed bundles at their recipients' doors. A door takes a [`Sealed`](crate::seal::Sealed) and nothing else,
//! and puts the signature last: a bundle without it was not delivered.

mod address;
pub mod folder;
pub mod push;
pub mod push_codes;
pub mod push_settings;
