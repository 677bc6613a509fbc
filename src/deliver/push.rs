//! The door that is called: Standard Webhooks 1.0 over HTTPS. A thin event by default, or the sealed bundle itself.
//!
//! The name of the bundle is the id of the message, on every attempt; a receiver that has it answers 2xx again. Nothing
//! but 2xx is success, and no answer leads anywhere else. The address that is connected to is the one that was looked
//! at: the name is not resolved a second time.

use super::address::allowed;
use super::push_settings::{Network, PushBody, PushSettings, Target};
use crate::config::SecretRef;
use crate::seal::Sealed;
use crate::serve::body;
use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use lockgate_core::problem::Code;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use sha2::Sha256;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsConnector;

/// How long a step may take: finding the address, connecting, the handshake, and the answer; and while a bundle is sent,
/// how long nothing may move.
const PATIENCE: Duration = Duration::from_secs(20);
/// A receiver's wish to be left alone is heard for a day at the most.
const MOST_WAIT: u64 = 24 * 60 * 60;
/// How a secret of Standard Webhooks begins.
const SECRET_START: &str = "whsec_";
const BUFFER: usize = 64 * 1024;

/// Why a push did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct PushError {
    /// The stable code.
    pub code: Code,
    /// What happened; no address, no secret, nothing that the receiver said.
    pub what: String,
    /// Whether it may pass by itself: try again.
    pub passing: bool,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
    /// The receiver wants no more: nothing is sent until somebody looks into it.
    pub gone: bool,
}

impl PushError {
    fn lasting(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), passing: false, retry_after: None, gone: false }
    }

    fn passing(code: Code, what: impl Into<String>) -> Self {
        Self { passing: true, ..Self::lasting(code, what) }
    }
}

/// A recipient's receiver.
pub struct Push {
    target: Target,
    secrets: Vec<Vec<u8>>,
    body: PushBody,
    allow: Vec<Network>,
    tls: Arc<ClientConfig>,
    runtime: Handle,
}

impl Push {
    /// Takes what the settings say. `root` is what files are relative to; `runtime` is where the connection lives.
    pub fn open(settings: &PushSettings, root: &Path, runtime: Handle) -> Result<Self, PushError> {
        let unread = |why: &str| PushError::lasting("LG2520", format!("the receiver's address {why}"));
        let target = Target::read(settings.url.get_ref(), settings.body).map_err(unread)?;
        let secrets: Result<Vec<_>, _> = settings.secret.iter().map(|s| secret(root, s)).collect();
        let allow = settings.allow.iter().filter_map(|n| Network::read(n.get_ref())).collect();
        let tls = Arc::new(client(root, settings.ca.as_deref())?);
        Ok(Self { target, secrets: secrets?, body: settings.body, allow, tls, runtime })
    }

    /// Whether it only tells that a bundle is ready.
    pub const fn only_tells(&self) -> bool {
        matches!(self.body, PushBody::Event)
    }

    /// Tells the receiver of a bundle, or hands it over. Blocks: call it from a thread of its own, not from a task.
    pub fn put(&self, sealed: &Sealed) -> Result<(), PushError> {
        let now = Timestamp::now();
        let (request, patience) = self.request(sealed, now)?;
        let answer = self.runtime.block_on(self.send(request, patience))?;
        judge(&answer, now)
    }

    /// The request, and how long all of it may take; sending a bundle may take as long as something moves.
    fn request(
        &self,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<(Request<Body>, Option<Duration>), PushError> {
        let unread = |_| PushError::lasting("LG2528", "what was sealed cannot be read");
        let mut request = Request::builder()
            .header(header::HOST, &self.target.authority)
            .header(header::USER_AGENT, crate::SOFTWARE)
            .header("webhook-id", sealed.name())
            .header("webhook-timestamp", now.as_second());
        let start = format!("{}.{}.", sealed.name(), now.as_second());
        let built = match self.body {
            PushBody::Event => {
                let event = event(sealed).unwrap_or_default();
                request = request.method(Method::POST).uri(&self.target.path);
                request = request.header(header::CONTENT_TYPE, "application/json");
                let signed = self.signatures(&start, &event[..]).map_err(unread)?;
                (request.header("webhook-signature", signed).body(event.into()), Some(PATIENCE))
            }
            PushBody::Bundle => {
                let (place, size) = (sealed.ciphertext(), sealed.bytes());
                let signed = self.signatures(&start, File::open(&place).map_err(unread)?).map_err(unread)?;
                let outer = std::fs::read(sealed.signature()).map_err(unread)?;
                let content = body::open(&place, size, &(0..size)).map_err(unread)?;
                let folder = self.target.path.trim_end_matches('/');
                let path = format!("{folder}/{}{}", sealed.name(), crate::seal::SEALED_ENDING);
                let digest = format!("sha-256=:{}:", Base64::encode_string(&sealed.digest().0));
                request = request.method(Method::PUT).uri(path);
                request = request.header(header::CONTENT_TYPE, "application/octet-stream");
                request = request.header("content-digest", digest);
                request = request.header("lockgate-signature", Base64::encode_string(&outer));
                (request.header("webhook-signature", signed).body(content.body(Box::new(drop))), None)
            }
        };
        let request =
            built.0.map_err(|_| PushError::lasting("LG2520", "no request can be made of the address"))?;
        Ok((request, built.1))
    }

    /// `v1` HMAC-SHA-256 of `id.timestamp.body`, under each secret.
    fn signatures(&self, start: &str, mut body: impl Read) -> std::io::Result<String> {
        let none = |_| std::io::Error::from(std::io::ErrorKind::InvalidInput);
        let macs: Result<Vec<Hmac<Sha256>>, _> =
            self.secrets.iter().map(|s| Hmac::<Sha256>::new_from_slice(s)).collect();
        let mut macs = macs.map_err(none)?;
        macs.iter_mut().for_each(|mac| mac.update(start.as_bytes()));
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = body.read(&mut buffer)?;
            let Some(part) = buffer.get(..read).filter(|p| !p.is_empty()) else { break };
            macs.iter_mut().for_each(|mac| mac.update(part));
        }
        let one = |mac: Hmac<Sha256>| format!("v1,{}", Base64::encode_string(&mac.finalize().into_bytes()));
        Ok(macs.into_iter().map(one).collect::<Vec<_>>().join(" "))
    }

    async fn send(
        &self,
        request: Request<Body>,
        patience: Option<Duration>,
    ) -> Result<Response<Incoming>, PushError> {
        let stream = Box::pin(self.connect().await?);
        if !self.target.tls {
            return exchange(stream, request, patience).await;
        }
        let name = ServerName::try_from(self.target.host.clone());
        let name =
            name.map_err(|_| PushError::lasting("LG2520", "the receiver's name is none of a certificate"))?;
        let shaken = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream);
        let shaken = tokio::time::timeout(PATIENCE, shaken).await.map_err(|_| late("the handshake"))?;
        let stream = shaken.map_err(|fault| {
            let certificate = fault.get_ref().and_then(|f| f.downcast_ref::<rustls::Error>());
            if matches!(certificate, Some(rustls::Error::InvalidCertificate(_))) {
                PushError::passing(
                    "LG2527",
                    "the receiver's certificate is not trusted, has ended, or is of another name",
                )
            } else {
                PushError::passing("LG2523", "the receiver does not speak TLS as it should")
            }
        })?;
        exchange(stream, request, patience).await
    }

    /// Finds the address, looks at it, and connects to that address.
    async fn connect(&self) -> Result<TimeoutStream<TcpStream>, PushError> {
        let Target { host, port, tls, .. } = &self.target;
        let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host.as_str(), *port))).await;
        let found: Vec<SocketAddr> = found
            .map_err(|_| late("finding its address"))?
            .map_err(|_| PushError::passing("LG2523", "the receiver's name has no address"))?
            .collect();
        // One address that leads inside, and the name is not trusted for any.
        let inside = found.iter().any(|a| !allowed(a.ip(), &self.allow));
        let open = !tls && !found.iter().all(|a| a.ip().is_loopback());
        if inside || open || found.is_empty() {
            return Err(PushError::lasting(
                "LG2522",
                "the receiver's address is not one that may be connected to",
            ));
        }
        let mut last = PushError::passing("LG2523", "the receiver cannot be reached");
        for address in found {
            match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let mut stream = TimeoutStream::new(stream);
                    stream.set_read_timeout(Some(PATIENCE));
                    stream.set_write_timeout(Some(PATIENCE));
                    return Ok(stream);
                }
                Ok(Err(fault)) => last.what = format!("the receiver cannot be reached: {}", fault.kind()),
                Err(_) => last = late("connecting"),
            }
        }
        Err(last)
    }
}

fn late(doing: &str) -> PushError {
    PushError::passing("LG2523", format!("{doing} took longer than {} seconds", PATIENCE.as_secs()))
}

/// One request over a connection of its own.
async fn exchange<S>(
    stream: S,
    request: Request<Body>,
    patience: Option<Duration>,
) -> Result<Response<Incoming>, PushError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let broken = |_| PushError::passing("LG2523", "the connection broke off before an answer came");
    let talk = async {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(Pin::new(Box::new(stream))))
                .await
                .map_err(broken)?;
        let carried = tokio::spawn(connection);
        let answer = sender.send_request(request).await.map_err(broken);
        carried.abort();
        answer
    };
    match patience {
        None => talk.await,
        Some(patience) => tokio::time::timeout(patience, talk).await.map_err(|_| late("the answer"))?,
    }
}

#[derive(Serialize)]
struct EventJson<'a> {
    r#type: &'static str,
    timestamp: String,
    data: DataJson<'a>,
}

#[derive(Serialize)]
struct DataJson<'a> {
    name: &'a str,
    sequence: u64,
    kind: &'a str,
    bytes: u64,
    sha256: String,
}

/// The event of a bundle: the same bytes on every attempt, and nothing of a person.
fn event(sealed: &Sealed) -> Option<Vec<u8>> {
    let mut words = sealed.name().rsplit('_');
    let (kind, sequence, day) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    let day = jiff::civil::Date::strptime("%Y%m%d", day).ok()?;
    let event = EventJson {
        r#type: "bundle.ready",
        timestamp: format!("{day}T00:00:00Z"),
        data: DataJson {
            name: sealed.name(),
            sequence,
            kind,
            bytes: sealed.bytes(),
            sha256: sealed.digest().hex(),
        },
    };
    serde_json::to_vec(&event).ok()
}

fn judge(answer: &Response<Incoming>, now: Timestamp) -> Result<(), PushError> {
    let status = answer.status().as_u16();
    let wish = answer.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
    let wish = wish.and_then(|text| seconds(text, now)).map(|s| Duration::from_secs(s.min(MOST_WAIT)));
    let said = format!("the receiver answered {status}");
    match status {
        200..=299 => Ok(()),
        410 => Err(PushError { gone: true, ..PushError::lasting("LG2525", said) }),
        429 | 503 => Err(PushError { retry_after: wish, ..PushError::passing("LG2526", said) }),
        408 | 425 | 500..=599 => Err(PushError { retry_after: wish, ..PushError::passing("LG2524", said) }),
        _ => Err(PushError::lasting("LG2524", said)),
    }
}

/// Seconds, or the time until a date (RFC 9110, 10.2.3).
fn seconds(text: &str, now: Timestamp) -> Option<u64> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(seconds);
    }
    let until = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    u64::try_from(until.as_second().saturating_sub(now.as_second())).ok().or(Some(0))
}

/// A shared secret: `whsec_` and 24 to 64 bytes as base64.
fn secret(root: &Path, reference: &SecretRef) -> Result<Vec<u8>, PushError> {
    let (text, place) = match (&reference.file, &reference.env) {
        (Some(file), _) => {
            let mut text = String::new();
            let read = File::open(root.join(file)).and_then(|f| f.take(1024).read_to_string(&mut text));
            (read.ok().map(|_| text), format!("`{}`", file.display()))
        }
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            (std::env::var(name).ok(), format!("`{name}`"))
        }
    };
    text.and_then(|t| decoded(t.trim())).ok_or_else(|| {
        PushError::lasting("LG2521", format!("{place} is not there, or holds no secret `{SECRET_START}…`"))
    })
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64::decode_vec(text.strip_prefix(SECRET_START)?).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

/// A new shared secret.
pub fn new_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{SECRET_START}{}", Base64::encode_string(&bytes)))
}

fn client(root: &Path, ca: Option<&str>) -> Result<ClientConfig, PushError> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(file) => {
            let unread = || {
                PushError::lasting("LG2521", format!("`{file}` is not there, or holds no certificate as PEM"))
            };
            let read: Result<Vec<_>, _> =
                CertificateDer::pem_file_iter(root.join(file)).map_err(|_| unread())?.collect();
            let added = roots.add_parsable_certificates(read.map_err(|_| unread())?);
            if added.0 == 0 {
                return Err(unread());
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|_| PushError::lasting("LG2521", "TLS cannot be set up"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_wish_to_wait_is_read_as_seconds_or_as_a_date() {
        let now: Timestamp = "2008-11-17T03:00:00Z".parse().unwrap();
        for (text, is) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Mon, 17 Nov 2008 03:02:00 GMT", Some(120)),
            ("Mon, 17 Nov 2008 02:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
            ("", None),
        ] {
            assert_eq!(seconds(text, now), is, "{text}");
        }
    }

    #[test]
    fn a_secret_has_its_beginning_and_its_length() {
        let new = new_secret().unwrap();
        assert_eq!(decoded(&new).unwrap().len(), 32);
        for bad in ["", "whsec_", "whsec_AAAA", &new[6..], &format!("{new}A"), "whsec_!!!!"] {
            assert_eq!(decoded(bad), None, "{bad}");
        }
    }
}
