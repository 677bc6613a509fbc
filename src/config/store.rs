//! Where the store is kept: a file in its folder, or a database of a `PostgreSQL` server.

use super::load::Deployment;
use super::settings::{SecretRef, Settings};
use crate::exit::{Exit, Expected};
use crate::store::{Server, StorePlace};
use anyhow::Result;
use lockgate_core::problem::{Code, Problem};
use std::path::Path;

/// Of an address of a store that does not read.
const ADDRESS: Code = "LG2953";

/// What is wrong with the settings of the store.
pub(super) fn faults(settings: &Settings) -> Option<Problem> {
    let store = &settings.store;
    let (what, span) = match (&store.url, &store.password) {
        (Some(url), _) => (Server::parse(url.get_ref()).err()?, url.span()),
        (None, Some(password)) => {
            ("`password` is for a store on a server, and there is no `url`", password.span())
        }
        (None, None) => return None,
    };
    let help = "docs/store.md says how a store on a server is set up";
    Some(Problem::new(ADDRESS, format!("[store] {what}")).help(help).in_config("lockgate.toml", span))
}

impl Deployment {
    /// Where the store is: the folder, and the server that has its database when there is one.
    pub fn store_place(&self) -> Result<StorePlace> {
        let settings = &self.settings.store;
        let Some(url) = &settings.url else { return Ok(StorePlace::new(&self.state(), None)) };
        let unusable = |what: &str| Expected::new(Exit::Configuration, format!("[store] {what} ({ADDRESS})"));
        let mut server = Server::parse(url.get_ref()).map_err(unusable)?;
        if let Some(reference) = &settings.password {
            server = server.with_password(&password(&self.root, reference.get_ref()).map_err(unusable)?);
        }
        Ok(StorePlace::new(&self.state(), Some(server)))
    }
}

/// The password of the server's user: a line of a file, or an environment variable.
pub(crate) fn password(root: &Path, reference: &SecretRef) -> Result<String, &'static str> {
    let text = match (&reference.file, &reference.env) {
        (Some(file), _) => {
            std::fs::read_to_string(root.join(file)).map_err(|_| "the file of `password` cannot be read")?
        }
        (None, Some(name)) => {
            std::env::var(name).map_err(|_| "the environment variable of `password` is not set")?
        }
        (None, None) => return Err("`password` says neither `file` nor `env`"),
    };
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains('\n') {
        return Err("what `password` names is not one line");
    }
    Ok(line.to_owned())
}
