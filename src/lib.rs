//! Lockgate's program as a library: the rooms that talk to the world, around a core that decides.

pub mod annex;
pub mod approval;
pub mod backup;
pub mod bundle;
pub mod cli;
pub mod clock;
pub mod codes;
pub mod command;
pub mod config;
pub mod correction;
pub mod deliver;
pub mod exit;
pub mod fault;
pub mod feed;
pub mod layout;
pub mod link;
pub mod night;
pub mod open;
pub mod open_files;
pub mod operate;
pub mod receipt;
pub mod register;
pub mod report;
pub mod review;
pub mod sandbox;
pub mod schedule;
pub mod schemas;
pub mod seal;
pub mod serve;
pub mod store;
pub mod vault;
pub mod worker;

/// Name and version of this program, as manifests, runs and the ledger say it.
pub const SOFTWARE: &str = concat!("lockgate ", env!("CARGO_PKG_VERSION"));
