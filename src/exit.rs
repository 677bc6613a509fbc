//! Exit codes: an interface, named once.

/// How a command ended, for whoever scheduled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done; nothing needs a person.
    Done = 0,
    /// An internal fault.
    Fault = 1,
    /// The command line was wrong.
    Usage = 2,
    /// Check, test or lint found problems.
    Problems = 3,
    /// Finished, but items wait for a person.
    Waiting = 4,
    /// Delivered in part.
    Partial = 5,
    /// A feed is late or missing.
    Late = 6,
    /// The ledger, a bundle or the store is not what it was.
    Integrity = 7,
    /// Refused by the agreement.
    Refused = 8,
    /// Temporary; try later.
    Temporary = 75,
    /// The configuration cannot be used.
    Configuration = 78,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that knows its exit code; others are internal faults.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Expected {
    /// The code to end with.
    pub exit: Exit,
    /// What happened, in the user's words.
    pub what: String,
}

impl Expected {
    /// An expected failure as an error.
    #[expect(clippy::new_ret_no_self, reason = "it is only ever wanted as an error")]
    pub fn new(exit: Exit, what: impl Into<String>) -> anyhow::Error {
        Self { exit, what: what.into() }.into()
    }
}
