//! What `lockgate.toml` says of the pull API: where it listens, and by what it knows each recipient.

use super::settings::SecretRef;
use serde::Deserialize;
use toml::Spanned;

/// The pull API: `[serve]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServeSettings {
    /// Address and port.
    pub listen: Spanned<String>,
    /// The server's certificate and those above it, as PEM; a file relative to the deployment.
    pub certificate: Option<String>,
    /// Its private key, as PEM.
    pub key: Option<SecretRef>,
    /// The certificates of whoever signs clients' certificates, as PEM; a file relative to the deployment.
    pub client_ca: Option<String>,
    /// Speaks HTTP without TLS; only on a loopback address, for something in front that speaks TLS.
    #[serde(default)]
    pub plain_http: bool,
    /// Seconds within which a request's head must have come.
    #[serde(default = "ten")]
    pub head_seconds: u32,
    /// Seconds within which a request must have come whole and be answered; sending the answer is not counted.
    #[serde(default = "sixty")]
    pub request_seconds: u32,
    /// Seconds after which a connection that takes nothing of what it asked for is closed.
    #[serde(default = "thirty")]
    pub idle_seconds: u32,
    /// Connections at once.
    #[serde(default = "connections")]
    pub connections: u32,
    /// Requests at once, and of one recipient a quarter of it.
    #[serde(default = "requests")]
    pub requests: u32,
}

/// By what the pull API knows a recipient.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiSettings {
    /// SHA-256 of its bearer keys, in hexadecimal digits: the one of today, and while it is replaced the next.
    pub token_sha256: Vec<Spanned<String>>,
    /// SHA-256 of its client certificates (of their DER form), in hexadecimal digits.
    pub certificate_sha256: Vec<Spanned<String>>,
}

const fn ten() -> u32 {
    10
}

const fn thirty() -> u32 {
    30
}

const fn sixty() -> u32 {
    60
}

const fn connections() -> u32 {
    256
}

const fn requests() -> u32 {
    64
}
