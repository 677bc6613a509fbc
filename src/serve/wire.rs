//! The wire: connections counted, their handshakes timed, clients' certificates verified, and closed when nothing is taken.

use super::app::Peer;
use crate::config::{SecretRef, ServeSettings};
use crate::exit::{Exit, Expected};
use anyhow::Result;
use axum::http::Request;
use axum_server::accept::Accept;
use lockgate_core::hash::Digest;
use lockgate_core::problem::Code;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tower::Service;

type Timed = Pin<Box<TimeoutStream<TcpStream>>>;

/// How connections are taken.
#[derive(Clone)]
pub(super) struct Door {
    tls: Option<TlsAcceptor>,
    connections: Arc<Semaphore>,
    handshake: Duration,
    idle: Duration,
}

impl Door {
    pub(super) fn new(serve: &ServeSettings, tls: Option<rustls::ServerConfig>) -> Self {
        Self {
            tls: tls.map(|config| TlsAcceptor::from(Arc::new(config))),
            connections: Arc::new(Semaphore::new(serve.connections as usize)),
            handshake: Duration::from_secs(serve.head_seconds.into()),
            idle: Duration::from_secs(serve.idle_seconds.into()),
        }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Door {
    type Stream = Either<Timed, Box<TlsStream<Timed>>>;
    type Service = Known<S>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let door = self.clone();
        Box::pin(async move {
            // One too many is closed: whoever waits in a queue without an end is served by nobody.
            let permit = Arc::clone(&door.connections).try_acquire_owned();
            let permit = permit.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            stream.set_nodelay(true)?;
            let mut timed = TimeoutStream::new(stream);
            // What is read is timed above, head and body: a client that is being sent a long file says nothing meanwhile.
            timed.set_write_timeout(Some(door.idle));
            let timed = Box::pin(timed);
            let Some(tls) = door.tls else {
                return Ok((Either::Left(timed), Known::new(service, None, permit)));
            };
            let late = |_| io::Error::from(io::ErrorKind::TimedOut);
            let stream = tokio::time::timeout(door.handshake, tls.accept(timed)).await.map_err(late)??;
            let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let certificate = certificate.map(|certificate| Digest::of(certificate));
            Ok((Either::Right(Box::new(stream)), Known::new(service, certificate, permit)))
        })
    }
}

/// A connection's service: every request carries the certificate of its handshake, and the connection is counted as long
/// as it lives.
#[derive(Clone)]
pub(super) struct Known<S> {
    inner: S,
    peer: Peer,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl<S> Known<S> {
    fn new(inner: S, certificate: Option<Digest>, permit: OwnedSemaphorePermit) -> Self {
        Self { inner, peer: Peer(certificate), _permit: Arc::new(permit) }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Known<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(self.peer);
        self.inner.call(request)
    }
}

/// What TLS needs, from the files that the settings name; `None` where HTTP is spoken without it.
pub(super) fn tls(root: &Path, serve: &ServeSettings) -> Result<Option<rustls::ServerConfig>> {
    let (Some(certificate), Some(key)) = (&serve.certificate, &serve.key) else { return Ok(None) };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = certificates(root, certificate)?;
    let key = private_key(root, key)?;
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider));
    let unusable = |_| unusable("the certificate and its key do not go together");
    let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
    let builder = match &serve.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => builder.with_client_cert_verifier(verifier(&certificates(root, file)?, provider)?),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(config))
}

/// A certificate is verified when one is shown; whoever shows none has a bearer key.
fn verifier(
    authorities: &[CertificateDer<'static>],
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>> {
    let unread = || unusable("`client_ca` holds no certificate that could sign others");
    let mut roots = RootCertStore::empty();
    for certificate in authorities {
        roots.add(certificate.clone()).map_err(|_| unread())?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    builder.allow_unauthenticated().build().map_err(|_| unread())
}

fn certificates(root: &Path, file: &str) -> Result<Vec<CertificateDer<'static>>> {
    let unread = || unusable(&format!("`{file}` is not there, or holds no certificate as PEM"));
    let read: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(root.join(file)).map_err(|_| unread())?.collect();
    read.ok().filter(|all| !all.is_empty()).ok_or_else(unread)
}

fn private_key(root: &Path, key: &SecretRef) -> Result<PrivateKeyDer<'static>> {
    let (read, place) = match (&key.file, &key.env) {
        (Some(file), _) => {
            (PrivateKeyDer::from_pem_file(root.join(file)).ok(), format!("`{}`", file.display()))
        }
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let text = std::env::var(name).unwrap_or_default();
            (PrivateKeyDer::from_pem_slice(text.as_bytes()).ok(), format!("`{name}`"))
        }
    };
    read.ok_or_else(|| unusable(&format!("{place} is not there, or holds no private key as PEM")))
}

fn unusable(what: &str) -> anyhow::Error {
    let code: Code = "LG2503";
    Expected::new(Exit::Configuration, format!("{what} ({code})"))
}
