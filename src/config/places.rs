//! Places: the ends of the wire at which feeds are collected and bundles delivered.

use super::load::Deployment;
use super::settings::{SecretRef, Settings};
use anyhow::{Result, anyhow};
use lockgate_connectors::{Limits, OptionValue, Options, TRANSPORTS, Transport, TransportError};
use lockgate_core::mapping::Mapping;
use lockgate_core::problem::Problem;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One place: exactly one of a folder, a server of one kind or another, and a store.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceSettings {
    /// A folder, relative to the deployment.
    pub folder: Option<String>,
    /// A folder of an SFTP server.
    pub sftp: Option<SftpSettings>,
    /// A folder behind HTTPS, from which feeds are collected.
    pub https: Option<HttpsSettings>,
    /// A bucket of an object store that speaks S3.
    pub object_store: Option<ObjectStoreSettings>,
    /// Milliseconds between two looks at a file that changed lately; 0 trusts what lies there.
    pub settle_ms: Option<i64>,
    /// Whether a file counts only when its sender has put a `.done` beside it.
    #[serde(default)]
    pub require_marker: bool,
}

/// A folder of an SFTP server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SftpSettings {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: Option<i64>,
    /// The user that signs in.
    pub user: String,
    /// The fingerprint `SHA256:…` of the server's host key; two while it changes.
    pub host_key: Texts,
    /// Where the OpenSSH private key is with which the user signs in, Ed25519 or ECDSA and without a passphrase.
    pub key: SecretRef,
    /// The remote folder.
    pub path: String,
    /// How a delivery ends.
    pub finish: Option<Finish>,
    /// What is put behind a delivery's name while it is written.
    pub temporary: Option<String>,
    /// Seconds within which the server has to answer.
    pub timeout_s: Option<i64>,
}

/// A folder behind HTTPS.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpsSettings {
    /// The folder's address `https://…/`.
    pub url: String,
    /// The file in it that names the others, one name a line.
    pub list: Option<String>,
    /// The certificates by which the server's is trusted, as PEM; a file relative to the deployment.
    pub ca: Option<String>,
    /// Where the bearer key is that is shown to the server.
    pub key: Option<SecretRef>,
    /// Seconds within which the server has to answer.
    pub timeout_s: Option<i64>,
}

/// A bucket of an object store that speaks S3.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectStoreSettings {
    /// The store's address `https://…`.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// The region that requests are signed for.
    pub region: Option<String>,
    /// What the names begin with.
    pub prefix: Option<String>,
    /// Where the identifier of the access key is.
    pub key_id: SecretRef,
    /// Where the access key's secret is.
    pub secret: SecretRef,
    /// Seconds within which the store has to answer.
    pub timeout_s: Option<i64>,
}

/// How a delivery ends.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// A temporary name and a rename.
    Rename,
    /// Its own name from the start, for servers that take a file away once it is closed.
    Direct,
}

/// One text, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// Options on their way to a transport; what is not given is left to the transport.
#[derive(Default)]
struct Given(BTreeMap<String, OptionValue>);

impl Given {
    fn text(mut self, name: &str, text: Option<&str>) -> Self {
        self.0.extend(text.map(|text| (name.to_owned(), OptionValue::Text(text.to_owned()))));
        self
    }

    fn whole(mut self, name: &str, number: Option<i64>) -> Self {
        self.0.extend(number.map(|number| (name.to_owned(), OptionValue::Whole(number))));
        self
    }

    fn flag(mut self, name: &str, flag: bool) -> Self {
        self.0.insert(name.to_owned(), OptionValue::Flag(flag));
        self
    }

    fn texts(mut self, name: &str, texts: &Texts) -> Self {
        let value = match texts {
            Texts::One(text) => OptionValue::Text(text.clone()),
            Texts::Several(texts) => {
                OptionValue::List(texts.iter().cloned().map(OptionValue::Text).collect())
            }
        };
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Where a secret lies; the secret itself is read when it is needed.
    fn secret(mut self, name: &str, secret: &SecretRef) -> Self {
        let file = secret.file.as_ref().map(|file| file.display().to_string());
        let inner = Self::default().text("file", file.as_deref()).text("env", secret.env.as_deref());
        self.0.insert(name.to_owned(), OptionValue::Table(inner.0));
        self
    }
}

impl PlaceSettings {
    /// The transport that reaches the place, and its options.
    fn transport(&self) -> Result<(&'static str, Options), Problem> {
        let given =
            Given::default().whole("settle_ms", self.settle_ms).flag("require_marker", self.require_marker);
        let (name, given) = match (&self.folder, &self.sftp, &self.https, &self.object_store) {
            (Some(folder), None, None, None) => ("folder", given.text("path", Some(folder))),
            (None, Some(sftp), None, None) => ("sftp", sftp.options(given)),
            (None, None, Some(https), None) => ("https", https.options(given)),
            (None, None, None, Some(store)) => ("object_store", store.options(given)),
            _ => {
                let what = "a place is exactly one of `folder`, `sftp`, `https` and `object_store`";
                let help = "split it into two places, each with a name of its own";
                return Err(Problem::new("LG0103", what).help(help));
            }
        };
        Ok((name, Options(given.0)))
    }

    /// The place, ready to be asked; relative paths start at `root`. Touches neither disk nor network.
    pub fn open(&self, root: &Path) -> Result<Box<dyn Transport>, Problem> {
        let (name, options) = self.transport()?;
        let unknown = || {
            let what = format!("this program was built without the transport `{name}`");
            Problem::new("LG0103", what).help("build it with `cargo build --release --features s3`")
        };
        let kind = TRANSPORTS.iter().find(|t| t.name == name).ok_or_else(unknown)?;
        (kind.open)(&options, root, &Limits::default())
    }
}

impl SftpSettings {
    fn options(&self, given: Given) -> Given {
        let finish = self.finish.map(|finish| match finish {
            Finish::Rename => "rename",
            Finish::Direct => "direct",
        });
        let given =
            given.text("host", Some(&self.host)).whole("port", self.port).text("user", Some(&self.user));
        let given =
            given.texts("host_key", &self.host_key).secret("key", &self.key).text("path", Some(&self.path));
        given
            .text("finish", finish)
            .text("temporary", self.temporary.as_deref())
            .whole("timeout_s", self.timeout_s)
    }
}

impl HttpsSettings {
    fn options(&self, given: Given) -> Given {
        let given = given.text("url", Some(&self.url)).text("list", self.list.as_deref());
        let given = given.text("ca", self.ca.as_deref()).whole("timeout_s", self.timeout_s);
        match &self.key {
            Some(key) => given.secret("key", key),
            None => given,
        }
    }
}

impl ObjectStoreSettings {
    fn options(&self, given: Given) -> Given {
        let given = given.text("endpoint", Some(&self.endpoint)).text("bucket", Some(&self.bucket));
        let given = given.text("region", self.region.as_deref()).text("prefix", self.prefix.as_deref());
        given.secret("key_id", &self.key_id).secret("secret", &self.secret).whole("timeout_s", self.timeout_s)
    }
}

/// What is wrong with the places of a deployment, as far as the settings alone tell.
pub(super) fn faults(settings: &Settings, root: &Path) -> Vec<Problem> {
    let fault = |(name, place): (&toml::Spanned<String>, &PlaceSettings)| {
        let mut problem = place.open(root).err()?;
        problem.what = format!("place `{}`: {}", name.get_ref(), problem.what);
        Some(problem.in_config("lockgate.toml", name.span()))
    };
    settings.place.iter().filter_map(fault).collect()
}

impl Deployment {
    /// The place of a feed.
    pub fn place(&self, mapping: &Mapping) -> Result<Box<dyn Transport>> {
        self.place_named(&mapping.source().place)
    }

    /// A place by its name. Each call gives a connection of its own, made when it is first needed.
    pub fn place_named(&self, name: &str) -> Result<Box<dyn Transport>> {
        let place =
            self.settings.place.get(name).ok_or_else(|| anyhow!("place `{name}` is not configured"))?;
        place.open(&self.root).map_err(|p| anyhow!("place `{name}`: {} ({})", p.what, p.code))
    }

    /// The places whose secrets cannot be used, with the reason.
    pub fn unready_places(&self) -> Vec<Problem> {
        let unready = |(name, place): (&toml::Spanned<String>, &PlaceSettings)| {
            let error: TransportError = place.open(&self.root).ok()?.ready().err()?;
            let what = format!("place `{}`: {}", name.get_ref(), error.what);
            Some(Problem::new(error.code, what).in_config("lockgate.toml", name.span()))
        };
        self.settings.place.iter().filter_map(unready).collect()
    }
}
