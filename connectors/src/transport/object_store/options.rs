//! The options of an object store.

use crate::limits::Limits;
use crate::options::{OptionDoc, Options, Owner, doc};
use crate::transport::look::Settling;
use crate::transport::secret::Secret;
use lockgate_core::problem::Problem;
use object_store::path::Path as Key;
use std::path::Path;
use std::time::Duration;

const OWNER: Owner = Owner::transport("transport object_store");

pub(super) const OPTIONS: &[OptionDoc] = &[
    doc(
        "endpoint",
        "text",
        "none; must be given",
        "the store's address `https://…`; `http://` for this machine alone",
    ),
    doc("bucket", "text", "none; must be given", "the bucket"),
    doc("region", "text", "us-east-1", "the region that requests are signed for"),
    doc("prefix", "text", "none: the bucket's top", "what the names begin with, such as `out/daily`"),
    doc(
        "key_id",
        "`{ file = … }` or `{ env = … }`",
        "none; must be given",
        "where the identifier of the access key lies",
    ),
    doc(
        "secret",
        "`{ file = … }` or `{ env = … }`",
        "none; must be given",
        "where the access key's secret lies",
    ),
    doc("settle_ms", "whole number, 0 to 600000", "2000", "takes no effect: what a store shows is complete"),
    doc("require_marker", "true or false", "false", "take only files with a marker `NAME.done` beside them"),
    doc("timeout_s", "whole number, 1 to 600", "30", "seconds within which the store has to answer"),
];

/// An object store as it is configured.
#[derive(Debug, Clone)]
pub(super) struct Far {
    pub(super) endpoint: String,
    pub(super) bucket: String,
    pub(super) region: String,
    /// Without a slash at either end; empty for the bucket's top.
    prefix: String,
    pub(super) key_id: Secret,
    pub(super) secret: Secret,
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
        let prefix = OWNER.text(table, "prefix")?.unwrap_or_default().trim_matches('/').to_owned();
        Key::parse(&prefix).map_err(|_| OWNER.fault("prefix", "names with `/` between them are wanted"))?;
        Ok(Self {
            endpoint: endpoint(options)?,
            bucket: word(options, "bucket", None)?,
            region: word(options, "region", Some("us-east-1"))?,
            prefix,
            key_id: Secret::option(OWNER, table, "key_id", base)?,
            secret: Secret::option(OWNER, table, "secret", base)?,
            settling: Settling {
                pause: Duration::from_millis(pause),
                require_marker: OWNER.flag(table, "require_marker")?,
            },
            timeout: Duration::from_secs(timeout),
            limits: *limits,
        })
    }

    /// What the keys of the place begin with; none for the bucket's top.
    pub(super) fn prefix(&self) -> Option<Key> {
        Key::parse(&self.prefix).ok().filter(|_| !self.prefix.is_empty())
    }

    /// The key of a name, which the caller has checked.
    pub(super) fn key(&self, name: &str) -> Option<Key> {
        Key::parse(format!("{}/{name}", self.prefix).trim_start_matches('/')).ok()
    }

    /// The name of a key, where it lies directly at the place.
    pub(super) fn name<'a>(&self, key: &'a Key) -> Option<&'a str> {
        let name = key.as_ref().strip_prefix(&self.prefix)?;
        let name = if self.prefix.is_empty() { name } else { name.strip_prefix('/')? };
        (!name.contains('/')).then_some(name)
    }
}

/// A text of letters, digits, dots, hyphens and underscores.
fn word(options: &Options, name: &'static str, default: Option<&str>) -> Result<String, Problem> {
    let text = OWNER.text(&options.0, name)?.or(default).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if text.is_empty() || text.len() > 255 || !text.chars().all(plain) {
        return Err(OWNER.fault(name, "it must be given, in letters, digits, dots and hyphens"));
    }
    Ok(text.to_owned())
}

/// Secrets and data cross a network only under TLS.
fn endpoint(options: &Options) -> Result<String, Problem> {
    let text = OWNER.text(&options.0, "endpoint")?.unwrap_or_default().trim_end_matches('/');
    let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    let odd = text.contains('@') || text.chars().any(|c| c.is_whitespace() || c.is_control());
    let here = |host: &str| {
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|name| host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
    };
    let fits = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => !host(rest).is_empty(),
        (_, Some(rest)) => here(&host(rest)),
        _ => false,
    };
    if odd || !fits {
        return Err(
            OWNER.fault("endpoint", "an address `https://…` is wanted; `http://` is for this machine alone")
        );
    }
    Ok(text.to_owned())
}
