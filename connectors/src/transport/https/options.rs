//! The options of a folder behind HTTPS.

use crate::limits::Limits;
use crate::options::{OptionDoc, Options, Owner, doc};
use crate::transport::look::Settling;
use crate::transport::secret::Secret;
use hyper::Uri;
use lockgate_core::problem::Problem;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

const OWNER: Owner = Owner::transport("transport https");

pub(super) const OPTIONS: &[OptionDoc] = &[
    doc(
        "url",
        "text",
        "none; must be given",
        "the folder's address `https://…/`; `http://` for this machine alone",
    ),
    doc("list", "text", "index.txt", "the file in that folder that names the others, one name a line"),
    doc(
        "ca",
        "text",
        "those of the system",
        "a file of the certificates (PEM) that the server's is trusted by",
    ),
    doc(
        "key",
        "`{ file = … }` or `{ env = … }`",
        "none",
        "where the bearer key lies that is shown to the server",
    ),
    doc("settle_ms", "whole number, 0 to 600000", "2000", "the time between two looks at a file"),
    doc("require_marker", "true or false", "false", "take only files with a marker `NAME.done` in the list"),
    doc("timeout_s", "whole number, 1 to 600", "30", "seconds within which the server has to answer"),
];

/// A folder behind HTTPS as it is configured.
#[derive(Debug, Clone)]
pub(super) struct Far {
    pub(super) tls: bool,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// What the header `Host` says.
    pub(super) authority: String,
    /// The folder's path, with a slash at either end.
    path: String,
    pub(super) list: String,
    pub(super) ca: Option<PathBuf>,
    pub(super) key: Option<Secret>,
    pub(super) settling: Settling,
    pub(super) timeout: Duration,
    pub(super) limits: Limits,
}

impl Far {
    pub(super) fn read(options: &Options, base: &Path, limits: &Limits) -> Result<Self, Problem> {
        let table = &options.0;
        OWNER.only(table, OPTIONS.iter().map(|o| o.name))?;
        let pause = OWNER.whole(table, "settle_ms", 0, 600_000)?.unwrap_or(2_000);
        let timeout = OWNER.whole(table, "timeout_s", 1, 600)?.unwrap_or(30);
        let list = OWNER.text(table, "list")?.unwrap_or("index.txt");
        if crate::transport::look::allowed(list).is_err() {
            return Err(OWNER.fault("list", "the name of a file in the folder is wanted"));
        }
        let key = table.contains_key("key").then(|| Secret::option(OWNER, table, "key", base)).transpose()?;
        let text = OWNER.text(table, "url")?.unwrap_or_default();
        let wanted =
            || OWNER.fault("url", "an address `https://…/` is wanted; `http://` is for this machine alone");
        let (uri, tls) = address(text).ok_or_else(wanted)?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Ok(Self {
            tls,
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            authority: uri.authority().map(ToString::to_string).unwrap_or_default(),
            host,
            path: uri.path().to_owned(),
            list: list.to_owned(),
            ca: OWNER.text(table, "ca")?.map(|file| base.join(file)),
            key,
            settling: Settling {
                pause: Duration::from_millis(pause),
                require_marker: OWNER.flag(table, "require_marker")?,
            },
            timeout: Duration::from_secs(timeout),
            limits: *limits,
        })
    }

    /// The path of a file of the folder, whose name the caller has checked.
    pub(super) fn target(&self, name: &str) -> String {
        let mut out = self.path.clone();
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    }
}

/// Data and keys cross a network only under TLS.
fn address(text: &str) -> Option<(Uri, bool)> {
    let odd = text.contains(['@', '?', '#']) || text.chars().any(|c| c.is_whitespace() || c.is_control());
    let uri: Uri = text.parse().ok()?;
    let host = uri.host()?.trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let tls = uri.scheme_str()? == "https";
    let fits = !odd
        && !host.is_empty()
        && uri.path().ends_with('/')
        && (tls || here && uri.scheme_str() == Some("http"));
    fits.then_some((uri, tls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_folder_under_tls_or_of_this_machine() {
        for good in [
            "https://host.example/",
            "https://10.0.0.7:8443/out/daily/",
            "http://127.0.0.1:80/",
            "http://[::1]/a/",
        ] {
            assert!(address(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "/out/",
            "host.example/",
            "https://host.example/out",
            "http://host.example/",
            "http://10.0.0.7/",
            "http://localhost.example/",
            "https://me:secret@host.example/",
            "https://host.example/?a=/",
            "https://host.example/a b/",
            "ftp://127.0.0.1/",
        ] {
            assert!(address(bad).is_none(), "{bad}");
        }
    }
}
