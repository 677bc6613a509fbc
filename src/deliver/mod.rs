//! Delivery: sealed bundles at their recipients' doors. A door takes a [`Sealed`](crate::seal::Sealed) and nothing else,
//! and puts the signature last: a bundle without it was not delivered.

pub mod folder;
