//! Why a bundle is not to be used: a code and plain words, and how the command ends.

use crate::exit::Exit;
use lockgate_core::problem::Code;
use std::fmt;

/// A check that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable code.
    pub code: Code,
    /// What is wrong: a lower-case fragment, no value of a person.
    pub what: String,
    /// How the command ends.
    pub exit: Exit,
}

impl Fault {
    /// The bundle is not what was sent, or not for whoever asks.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), exit: Exit::Integrity }
    }

    /// What was given to check with does not serve.
    pub fn usage(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), exit: Exit::Usage }
    }

    /// A bundle before this one is missing.
    pub fn missing(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), exit: Exit::Late }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}
