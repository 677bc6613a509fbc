//! Why a bundle could not be sealed, or a key not be used: where and what, never a key or a value.

use lockgate_core::problem::Code;
use std::io;

/// What can go wrong on the gateway's side.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The signing key does not read, or is none that is taken.
    #[error("the signing key {place} {what}")]
    SigningKey {
        /// Where it should be: a file or an environment variable.
        place: String,
        /// What is wrong.
        what: &'static str,
    },
    /// No signing key is valid on the day.
    #[error("no signing key of the gateway is valid on {0}")]
    NoSigningKey(jiff::civil::Date),
    /// A recipient has no key that is valid on the day.
    #[error("`{recipient}` has no age key that is valid on {day}: its bundle is not sent")]
    NoRecipientKey {
        /// The recipient's key in the agreement.
        recipient: String,
        /// The day.
        day: jiff::civil::Date,
    },
    /// Reading or writing.
    #[error("{doing} `{place}` failed")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or folder, by its last name.
        place: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// What lies there is not what the ledger committed, or was changed since.
    #[error("bundle `{name}`: {what}")]
    Other {
        /// The bundle's name.
        name: String,
        /// What differs.
        what: &'static str,
    },
    /// A file that would be written is there already.
    #[error("`{0}` is there already: a key is never overwritten")]
    Exists(String),
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes")]
    Random,
}

impl SealError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::SigningKey { .. } => "LG2211",
            Self::NoSigningKey(_) => "LG2212",
            Self::NoRecipientKey { .. } => "LG2213",
            Self::Io { .. } => "LG2215",
            Self::Other { .. } => "LG2216",
            Self::Exists(_) => "LG2217",
            Self::Random => "LG2053",
        }
    }

    /// For `map_err`: an I/O error while doing something to a place.
    pub(crate) fn io(doing: &'static str, place: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        // The last name only: a whole path says nothing more and is not the same on two machines.
        let place = place.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        move |source| Self::Io { doing, place, source }
    }
}
