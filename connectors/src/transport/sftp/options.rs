//! The options of an SFTP place.

use crate::limits::Limits;
use crate::options::{OptionDoc, Options, Owner, doc};
use crate::transport::look::{MARKER, Settling};
use crate::transport::secret::Secret;
use lockgate_core::problem::Problem;
use russh::keys::ssh_key::Fingerprint;
use std::path::Path;
use std::time::Duration;

const OWNER: Owner = Owner::transport("transport sftp");

pub(super) const OPTIONS: &[OptionDoc] = &[
    doc("host", "text", "none; must be given", "the server's name or address"),
    doc("port", "whole number, 1 to 65535", "22", "its port"),
    doc("user", "text", "none; must be given", "the user that signs in"),
    doc(
        "host_key",
        "text or list of two texts",
        "none; must be given",
        "the fingerprint `SHA256:…` of the server's host key; two while it changes",
    ),
    doc(
        "key",
        "`{ file = … }` or `{ env = … }`",
        "none; must be given",
        "where the private key lies with which the user signs in: OpenSSH's form, Ed25519 or ECDSA, without a passphrase",
    ),
    doc(
        "path",
        "text",
        "none; must be given",
        "the remote folder; without a leading `/` it starts where the server lets the user in",
    ),
    doc(
        "settle_ms",
        "whole number, 0 to 600000",
        "2000",
        "the time between two looks; a file is settled when its size and time of change are the same in both",
    ),
    doc("require_marker", "true or false", "false", "take only files with a marker `NAME.done` beside them"),
    doc(
        "finish",
        "`rename` or `direct`",
        "rename",
        "how a delivery ends: a temporary name and a rename, or, for servers that take a file away once it is closed, its own name from the start",
    ),
    doc(
        "temporary",
        "text of 2 to 16 characters",
        ".part",
        "what is put behind the name of a delivery while it is written",
    ),
    doc("timeout_s", "whole number, 1 to 600", "30", "seconds within which the server has to answer"),
];

/// How a delivery ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    /// Written under a temporary name, then renamed.
    Rename,
    /// Written under its own name.
    Direct,
}

/// An SFTP place as it is configured.
#[derive(Debug, Clone)]
pub(super) struct Far {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    /// One or two fingerprints.
    pub(super) pins: Vec<Fingerprint>,
    pub(super) key: Secret,
    folder: String,
    pub(super) settling: Settling,
    pub(super) finish: Finish,
    /// What is put behind a name while its file is written.
    pub(super) temporary: String,
    pub(super) timeout: Duration,
    pub(super) limits: Limits,
}

impl Far {
    pub(super) fn read(options: &Options, base: &Path, limits: &Limits) -> Result<Self, Problem> {
        let table = &options.0;
        OWNER.only(table, OPTIONS.iter().map(|o| o.name))?;
        let port = OWNER.whole(table, "port", 1, 65_535)?.and_then(|port| u16::try_from(port).ok());
        let settle = OWNER.whole(table, "settle_ms", 0, 600_000)?.unwrap_or(2_000);
        let timeout = OWNER.whole(table, "timeout_s", 1, 600)?.unwrap_or(30);
        Ok(Self {
            host: word(options, "host")?,
            port: port.unwrap_or(22),
            user: word(options, "user")?,
            pins: pins(options)?,
            key: Secret::option(OWNER, table, "key", base)?,
            folder: folder(options)?,
            settling: Settling {
                pause: Duration::from_millis(settle),
                require_marker: OWNER.flag(table, "require_marker")?,
            },
            finish: finish(options)?,
            temporary: temporary(options)?,
            timeout: Duration::from_secs(timeout),
            limits: *limits,
        })
    }

    /// The remote folder.
    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    /// The remote path of a name, which the caller has checked.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder.trim_end_matches('/'))
    }
}

/// A text without blanks or control characters.
fn word(options: &Options, name: &'static str) -> Result<String, Problem> {
    let text = OWNER.text(&options.0, name)?.unwrap_or_default();
    if text.is_empty() || text.len() > 255 || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(OWNER.fault(name, "it must be given, without blanks"));
    }
    Ok(text.to_owned())
}

fn folder(options: &Options) -> Result<String, Problem> {
    let path = OWNER.text(&options.0, "path")?.unwrap_or_default();
    if path.is_empty() || path.len() > 1_024 || path.chars().any(char::is_control) {
        return Err(
            OWNER.fault("path", "the remote folder is wanted; `.` is where the server lets the user in")
        );
    }
    Ok(path.to_owned())
}

fn pins(options: &Options) -> Result<Vec<Fingerprint>, Problem> {
    let texts = OWNER.texts(&options.0, "host_key")?;
    let wanted = || {
        OWNER
            .fault(
                "host_key",
                "the fingerprint `SHA256:…` of the server's host key is wanted, at most two of them",
            )
            .help("ask the partner for the line that `ssh-keygen -lf` shows of the server's host key")
    };
    if texts.is_empty() || texts.len() > 2 {
        return Err(wanted());
    }
    let pin =
        |text: &String| text.parse().ok().filter(|print: &Fingerprint| print.is_sha256()).ok_or_else(wanted);
    texts.iter().map(pin).collect()
}

fn finish(options: &Options) -> Result<Finish, Problem> {
    match OWNER.text(&options.0, "finish")? {
        None | Some("rename") => Ok(Finish::Rename),
        Some("direct") => Ok(Finish::Direct),
        Some(other) => {
            Err(OWNER.fault("finish", "`rename` or `direct` is wanted").suggest(other, ["rename", "direct"]))
        }
    }
}

fn temporary(options: &Options) -> Result<String, Problem> {
    let suffix = OWNER.text(&options.0, "temporary")?.unwrap_or(".part");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let fits = (2..=16).contains(&suffix.len()) && suffix.starts_with('.') && suffix.chars().all(plain);
    if !fits || suffix == MARKER {
        return Err(OWNER.fault("temporary", "an ending such as `.part` is wanted, and not the marker's"));
    }
    Ok(suffix.to_owned())
}
