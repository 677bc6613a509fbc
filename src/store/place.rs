//! Where a store is: a folder, and for some a server's database beside it. A password never stands in what is shown.

use core::fmt;
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

/// What an address may say after its `?`. Anything else the driver would only write to a log, value and all.
const SAID: [&str; 6] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port"];

/// Where a store is.
#[derive(Debug, Clone)]
pub struct StorePlace {
    pub(super) folder: PathBuf,
    pub(super) server: Option<Server>,
}

impl StorePlace {
    /// A folder with, or without, a server that has the database.
    pub fn new(folder: &Path, server: Option<Server>) -> Self {
        Self { folder: folder.to_owned(), server }
    }

    /// The same server with another folder.
    #[must_use]
    pub fn in_folder(&self, folder: &Path) -> Self {
        Self::new(folder, self.server.clone())
    }

    /// The server, where the database is not in the folder.
    pub const fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }
}

impl From<&Path> for StorePlace {
    fn from(folder: &Path) -> Self {
        Self::new(folder, None)
    }
}

impl From<&PathBuf> for StorePlace {
    fn from(folder: &PathBuf) -> Self {
        Self::new(folder, None)
    }
}

/// A database of a `PostgreSQL` server, with what is needed to enter.
#[derive(Clone)]
pub struct Server {
    options: PgConnectOptions,
    shown: String,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Server {
    /// Reads an address `postgresql://user@host:port/database`; gives what is wrong with it, without its parts. A password
    /// in it is refused: it is a secret, and stands elsewhere.
    pub fn parse(address: &str) -> Result<Self, &'static str> {
        let rest = address
            .strip_prefix("postgresql://")
            .or_else(|| address.strip_prefix("postgres://"))
            .ok_or("an address of a store begins with `postgresql://`")?;
        let (path, said) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = path.split_once('/').unwrap_or((path, ""));
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        if user.contains(':') {
            return Err("a password does not stand in the address: say `password = { file = … }` beside it");
        }
        if user.is_empty() || database.is_empty() {
            return Err("the address names its user and its database: `postgresql://USER@HOST/DATABASE`");
        }
        let mut mode = false;
        for pair in said.split('&').filter(|pair| !pair.is_empty()) {
            let key = pair.split_once('=').map_or(pair, |(key, _)| key);
            if !SAID.contains(&key) {
                return Err(
                    "after `?` an address has `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `host` and `port` alone",
                );
            }
            mode |= key == "sslmode";
        }
        let options = PgConnectOptions::from_str(address).map_err(|_| "the address does not read")?;
        let options = options.application_name("lockgate").disable_statement_logging();
        let here = options.get_socket().is_some()
            || ["localhost", "127.0.0.1", "[::1]", "::1"].contains(&options.get_host());
        // Over a network nothing goes plain, and to no one who only says that it is the server.
        let options = if mode || here { options } else { options.ssl_mode(PgSslMode::VerifyFull) };
        Ok(Self { options, shown: address.split_once('?').map_or(address, |(shown, _)| shown).to_owned() })
    }

    /// The same with a password.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        Self { options: self.options.password(password), ..self }
    }

    /// The address, without anything secret.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_no_password_and_shows_none() {
        let refused = Server::parse("postgresql://gateway:hunter2@db.example/lockgate").unwrap_err();
        assert!(refused.contains("password") && !refused.contains("hunter2"));
        let refused = Server::parse("postgresql://gateway@db.example/lockgate?passwort=hunter2").unwrap_err();
        assert!(!refused.contains("hunter2"));
        let server = Server::parse("postgresql://gateway@db.example/lockgate?sslmode=require").unwrap();
        let shown = format!("{:?} {}", server.clone().with_password("hunter2"), server.shown());
        assert_eq!(
            shown,
            "postgresql://gateway@db.example/lockgate postgresql://gateway@db.example/lockgate"
        );
    }

    #[test]
    fn over_a_network_the_server_has_to_prove_itself() {
        let mode = |address: &str| Server::parse(address).unwrap().options.get_ssl_mode();
        assert!(matches!(mode("postgresql://g@db.example/l"), PgSslMode::VerifyFull));
        assert!(matches!(mode("postgresql://g@db.example/l?sslmode=require"), PgSslMode::Require));
        assert!(matches!(mode("postgresql://g@127.0.0.1:5433/l"), PgSslMode::Prefer));
        assert!(matches!(mode("postgresql://g@%2Frun%2Fpostgresql/l"), PgSslMode::Prefer));
    }

    #[test]
    fn what_an_address_lacks_is_said() {
        for address in
            ["mysql://g@h/d", "postgresql://h/d", "postgresql://g@h", "postgresql://g@h/", "postgresql://"]
        {
            assert!(Server::parse(address).is_err(), "{address}");
        }
    }
}
