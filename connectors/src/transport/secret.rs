//! Where a secret lies. It is read when it is needed, so that it stands in no option, and a new one counts at once.

use crate::codes::PLACE_SECRET;
use crate::options::{OptionValue, Owner};
use crate::transport::TransportError;
use lockgate_core::problem::Problem;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A key file is a few hundred bytes.
const MAX_BYTES: u64 = 64 << 10;

/// A reference to a secret.
#[derive(Debug, Clone)]
pub(super) enum Secret {
    File(PathBuf),
    Variable(String),
}

impl Secret {
    /// Reads the option `name`: a table `{ file = … }` or `{ env = … }`; relative paths start at `base`.
    pub(super) fn option(
        owner: Owner,
        table: &BTreeMap<String, OptionValue>,
        name: &'static str,
        base: &Path,
    ) -> Result<Self, Problem> {
        let wanted = || owner.fault(name, "`{ file = … }` or `{ env = … }` is wanted, one of them");
        let inner = owner.table(table, name)?.ok_or_else(wanted)?;
        match (owner.text(inner, "file")?, owner.text(inner, "env")?, inner.len()) {
            (Some(file), None, 1) if !file.is_empty() => Ok(Self::File(base.join(file))),
            (None, Some(variable), 1) if !variable.is_empty() => Ok(Self::Variable(variable.to_owned())),
            _ => Err(wanted()),
        }
    }

    /// A secret of one word.
    pub(super) fn word(&self) -> Result<String, TransportError> {
        let text = self.text()?.trim().to_owned();
        if text.is_empty() || text.chars().any(char::is_whitespace) {
            return Err(TransportError::lasting(PLACE_SECRET, "the secret is not one word"));
        }
        Ok(text)
    }

    /// The secret's text. The message names neither the file nor what it holds: the place's name says enough.
    pub(super) fn text(&self) -> Result<String, TransportError> {
        let lasting = |what| TransportError::lasting(PLACE_SECRET, what);
        match self {
            Self::File(path) => {
                let mut text = String::new();
                let file =
                    File::open(path).map_err(|_| lasting("the file of the secret cannot be opened"))?;
                let read = file.take(MAX_BYTES).read_to_string(&mut text);
                read.map_err(|_| lasting("the file of the secret cannot be read as text"))?;
                Ok(text)
            }
            Self::Variable(name) => {
                std::env::var(name).map_err(|_| lasting("the variable of the secret is not set"))
            }
        }
    }
}
