//! How bytes arrive, leave and become rows. Knows no rule: what a column means, who may see it and
//! whose feed it is are the core's and the data's matter.
//!
//! Adding a format or a transport is one file and one line in [`FORMATS`] or [`TRANSPORTS`]; the
//! shared contract suite then holds it to the promises of the seam.
//!
//! - A bad row is a row ([`format::Step::Bad`]); a broken file is a file ([`format::ReadError`]).
//! - Every size is capped ([`limits::Limits`]), and memory does not grow with the rows.
//! - Errors hold places and codes, never a value; the libraries' own messages are not repeated,
//!   because they quote data.

#![expect(clippy::result_large_err, reason = "a problem is made once a file or less, never once a row")]

pub mod codes;
pub mod format;
pub mod limits;
pub mod options;
pub mod transport;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod contract;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, clippy::format_push_string, reason = "tests")]
mod sample;

pub use codes::CODES;
pub use format::{Format, FormatKind, ReadError, ReadSeek, Rows, Step, Wanted};
pub use limits::Limits;
pub use options::{OptionDoc, OptionValue, Options};
pub use transport::{Arrival, Listed, Transport, TransportError, TransportKind};

/// Every format, in the order of the manual.
pub const FORMATS: &[FormatKind] = &[
    format::csv::KIND,
    format::fixed_width::KIND,
    format::xlsx::KIND,
    format::ods::KIND,
    format::xml::KIND,
    format::json::KIND,
    format::jsonl::KIND,
];

/// Every transport, in the order of the manual.
pub const TRANSPORTS: &[TransportKind] = &[
    transport::folder::KIND,
    transport::sftp::KIND,
    transport::https::KIND,
    #[cfg(feature = "s3")]
    transport::object_store::KIND,
];
