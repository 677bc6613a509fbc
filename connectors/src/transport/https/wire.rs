//! One request and its answer, under TLS, each step timed.

use super::options::Far;
use crate::codes::{CERTIFICATE, FAR_REFUSED, PLACE_SECRET, SERVER_AWAY, SIGN_IN, TIMED_OUT};
use crate::transport::TransportError;
use crate::transport::driver::Driver;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What speaks to a server.
#[derive(Clone)]
pub(super) struct Wire {
    far: Arc<Far>,
    driver: Arc<Driver>,
    tls: Arc<ClientConfig>,
    key: Option<HeaderValue>,
}

/// A good answer.
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    /// What the server says of its length.
    pub(super) length: Option<u64>,
    body: Incoming,
    driver: Arc<Driver>,
    timeout: Duration,
}

/// The bearer key as it is shown to the server.
pub(super) fn key(far: &Far) -> Result<Option<HeaderValue>, TransportError> {
    let Some(secret) = &far.key else { return Ok(None) };
    let unusable = |_| TransportError::lasting(PLACE_SECRET, "the secret is not one word of plain letters");
    let mut value = HeaderValue::try_from(format!("Bearer {}", secret.word()?)).map_err(unusable)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// By whom the server's certificate is trusted.
pub(super) fn trust(far: &Far) -> Result<RootCertStore, TransportError> {
    let mut roots = RootCertStore::empty();
    let Some(file) = &far.ca else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let unread = || {
        TransportError::lasting(PLACE_SECRET, "the file of `ca` is not there, or holds no certificate as PEM")
    };
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(|_| unread())?.collect();
    let (added, _) = roots.add_parsable_certificates(read.map_err(|_| unread())?);
    if added == 0 { Err(unread()) } else { Ok(roots) }
}

impl Wire {
    pub(super) fn open(far: Arc<Far>, driver: Arc<Driver>) -> Result<Self, TransportError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|_| TransportError::lasting(PLACE_SECRET, "TLS cannot be set up"))?;
        let tls = Arc::new(builder.with_root_certificates(trust(&far)?).with_no_client_auth());
        Ok(Self { key: key(&far)?, tls, driver, far })
    }

    /// Asks for a file of the folder; none where there is none.
    pub(super) fn ask(&self, method: Method, name: &str) -> Result<Option<Answer>, TransportError> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.far.target(name))
            .header(header::HOST, &self.far.authority)
            .header(header::ACCEPT_ENCODING, "identity");
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, key);
        }
        let request = request.body(Empty::new());
        let request =
            request.map_err(|_| TransportError::lasting(FAR_REFUSED, "no request can be made of a name"))?;
        let (far, tls) = (Arc::clone(&self.far), Arc::clone(&self.tls));
        let answer = within(&self.driver, self.far.timeout, send(far, tls, request))?;
        if !judged(answer.status())? {
            return Ok(None);
        }
        let (parts, body) = answer.into_parts();
        let length = parts.headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        let (driver, timeout) = (Arc::clone(&self.driver), self.far.timeout);
        Ok(Some(Answer { headers: parts.headers, length, body, driver, timeout }))
    }
}

/// Runs one step; one that takes too long is given up.
fn within<T: Send + 'static>(
    driver: &Driver,
    time: Duration,
    step: impl Future<Output = Result<T, TransportError>> + Send + 'static,
) -> Result<T, TransportError> {
    driver.run(async move {
        let late = |_| TransportError::passing(TIMED_OUT, "the server did not answer in time");
        tokio::time::timeout(time, step).await.map_err(late)?
    })
}

/// Whether the answer is the file, or says that there is none. Only its number is repeated.
fn judged(status: StatusCode) -> Result<bool, TransportError> {
    let said = format!("the server answered {}", status.as_u16());
    match status.as_u16() {
        200 => Ok(true),
        404 | 410 => Ok(false),
        401 | 403 => Err(TransportError::lasting(SIGN_IN, &said)),
        300..=399 => {
            Err(TransportError::lasting(FAR_REFUSED, &format!("{said}: where that leads is not followed")))
        }
        408 | 425 | 429 | 500..=599 => Err(TransportError::passing(SERVER_AWAY, &said)),
        _ => Err(TransportError::lasting(FAR_REFUSED, &said)),
    }
}

async fn send(
    far: Arc<Far>,
    tls: Arc<ClientConfig>,
    request: Request<Empty<Bytes>>,
) -> Result<Response<Incoming>, TransportError> {
    let away = |fault: io::Error| TransportError::from_io(SERVER_AWAY, &fault);
    let stream = TcpStream::connect((far.host.as_str(), far.port)).await.map_err(away)?;
    if !far.tls {
        return exchange(stream, request).await;
    }
    let name = ServerName::try_from(far.host.clone());
    let name =
        name.map_err(|_| TransportError::lasting(CERTIFICATE, "the host's name is none of a certificate"))?;
    let shaken = TlsConnector::from(tls).connect(name, stream).await;
    let stream = shaken.map_err(|fault| {
        let certificate = fault.get_ref().and_then(|f| f.downcast_ref::<rustls::Error>());
        if matches!(certificate, Some(rustls::Error::InvalidCertificate(_))) {
            let what = "the server's certificate is not trusted, has ended, or is of another name";
            TransportError::lasting(CERTIFICATE, what)
        } else {
            TransportError::passing(SERVER_AWAY, "the server does not speak TLS as it should")
        }
    })?;
    exchange(stream, request).await
}

async fn exchange<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<Response<Incoming>, TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |_| TransportError::passing(SERVER_AWAY, "the connection broke off before an answer came");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // It ends with the answer's last byte, or when the answer is let go.
    drop(tokio::spawn(connection));
    sender.send_request(request).await.map_err(broken)
}

impl Answer {
    /// Its bytes, piece by piece.
    pub(super) fn body(self) -> impl Read + Send + use<> {
        Body { driver: self.driver, timeout: self.timeout, rest: Some(self.body), piece: Bytes::new() }
    }
}

struct Body {
    driver: Arc<Driver>,
    timeout: Duration,
    rest: Option<Incoming>,
    piece: Bytes,
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !buf.is_empty() {
            let Some(mut rest) = self.rest.take() else { return Ok(0) };
            let next = within(&self.driver, self.timeout, async move {
                let broken =
                    |_| TransportError::passing(SERVER_AWAY, "the connection broke off within a file");
                let frame = rest.frame().await.transpose().map_err(broken)?;
                Ok(frame.map(|frame| (rest, frame.into_data().unwrap_or_default())))
            });
            let Some((rest, piece)) = next.map_err(io::Error::other)? else { return Ok(0) };
            (self.rest, self.piece) = (Some(rest), piece);
        }
        let read = self.piece.len().min(buf.len());
        let from = self.piece.split_to(read);
        if let Some(to) = buf.get_mut(..read) {
            to.copy_from_slice(&from);
        }
        Ok(read)
    }
}
