//! Signing in: the pinned host key, the gateway's key, and the SFTP part of the connection.

use super::fault;
use super::options::Far;
use crate::codes::{FAR_REFUSED, HOST_KEY, PLACE_SECRET, SERVER_AWAY, SIGN_IN, TIMED_OUT};
use crate::transport::TransportError;
use crate::transport::secret::Secret;
use russh::client::{self, AuthResult, Handle};
use russh::keys::ssh_key::Fingerprint;
use russh::keys::{
    Algorithm, EcdsaCurve, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate,
};
use russh::{ChannelMsg, Preferred, cipher};
use russh_sftp::client::RawSftpSession;
use russh_sftp::client::rawsession::Limits;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;

/// Host keys that are accepted: without those that sign with SHA-1.
const KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// Ciphers, the one that processors help with first.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

/// Bytes of one read or write request; every server takes so many.
const CHUNK: u32 = 32 << 10;

/// A connection that is signed in and speaks SFTP.
pub(super) struct Link {
    pub(super) sftp: RawSftpSession,
    /// The server can bring a file to its disk when asked.
    pub(super) fsync: bool,
    /// The server has the rename that overwrites.
    pub(super) posix_rename: bool,
    /// Bytes of one request.
    pub(super) chunk: u32,
    /// Ends the connection when it goes.
    _handle: Handle<Checker>,
}

/// Compares the host key with the pinned ones, and remembers the one that was shown.
struct Checker {
    pins: Vec<Fingerprint>,
    shown: Arc<Mutex<Option<(Fingerprint, Algorithm)>>>,
}

impl client::Handler for Checker {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let key = shown.public_key();
        let print = key.fingerprint(HashAlg::Sha256);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some((print, key.algorithm()));
        Ok(self.pins.contains(&print))
    }
}

/// Reads the key with which the user signs in.
pub(super) fn client_key(secret: &Secret) -> Result<PrivateKey, TransportError> {
    let lasting = |what| TransportError::lasting(PLACE_SECRET, what);
    let key = PrivateKey::from_openssh(secret.text()?.trim_start());
    let key = key.map_err(|_| lasting("the place's key is no private key of OpenSSH"))?;
    if key.is_encrypted() {
        return Err(lasting("the place's key has a passphrase: nobody is there at night to type it"));
    }
    match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::Ecdsa { .. } => Ok(key),
        Algorithm::Rsa { .. } => Err(lasting("the place's key is an RSA key; an Ed25519 key is wanted")),
        _ => Err(lasting("the place's key is of a kind that is not used here; an Ed25519 key is wanted")),
    }
}

/// Why an attempt came to nothing.
enum Refused {
    /// The server showed a host key that is not pinned.
    Key(Fingerprint, Algorithm),
    /// The server has no host key of the kinds that were asked for.
    Kinds,
    Other(TransportError),
}

/// Connects. A server has several host keys and shows one of the kinds that it is asked for: where that one is not
/// pinned, the other kinds are asked for too before the server is refused.
pub(super) async fn connect(far: &Far, key: Arc<PrivateKey>) -> Result<Link, TransportError> {
    let (mut kinds, mut seen) = (KEYS.to_vec(), Vec::new());
    while !kinds.is_empty() {
        let attempt = tokio::time::timeout(far.timeout, attempt(far, key.clone(), kinds.clone()));
        match attempt.await {
            Err(_) => return Err(TransportError::passing(TIMED_OUT, "the server did not answer in time")),
            Ok(Ok(link)) => return Ok(link),
            Ok(Err(Refused::Key(print, kind))) => {
                kinds.retain(|other| std::mem::discriminant(other) != std::mem::discriminant(&kind));
                seen.push(print);
            }
            Ok(Err(Refused::Kinds)) if !seen.is_empty() => break,
            Ok(Err(Refused::Kinds)) => {
                return Err(TransportError::lasting(
                    SERVER_AWAY,
                    "the server and the gateway know no common way to speak safely",
                ));
            }
            Ok(Err(Refused::Other(error))) => return Err(error),
        }
    }
    Err(other_key(&seen, &far.pins))
}

fn other_key(seen: &[Fingerprint], pins: &[Fingerprint]) -> TransportError {
    let list =
        |prints: &[Fingerprint]| prints.iter().map(Fingerprint::to_string).collect::<Vec<_>>().join(" and ");
    let what = format!("the server shows the host key {}; pinned is {}", list(seen), list(pins));
    TransportError::lasting(HOST_KEY, &what)
}

async fn attempt(far: &Far, key: Arc<PrivateKey>, kinds: Vec<Algorithm>) -> Result<Link, Refused> {
    let stream = TcpStream::connect((far.host.as_str(), far.port)).await.map_err(|e| {
        Refused::Other(TransportError::passing(SERVER_AWAY, &format!("connecting failed: {}", e.kind())))
    })?;
    let shown = Arc::new(Mutex::new(None));
    let checker = Checker { pins: far.pins.clone(), shown: shown.clone() };
    let preferred =
        Preferred { key: Cow::Owned(kinds), cipher: Cow::Borrowed(CIPHERS), ..Preferred::default() };
    let config = client::Config { preferred, nodelay: true, ..client::Config::default() };
    let mut handle =
        client::connect_stream(Arc::new(config), stream, checker).await.map_err(|error| {
            match (error, shown.lock().unwrap_or_else(PoisonError::into_inner).take()) {
                (russh::Error::UnknownKey, Some((print, kind))) => Refused::Key(print, kind),
                (russh::Error::NoCommonAlgo { .. }, _) => Refused::Kinds,
                _ => Refused::Other(TransportError::passing(
                    SERVER_AWAY,
                    "the connection ended before it was signed in",
                )),
            }
        })?;
    sign_in(&mut handle, &far.user, key).await.map_err(Refused::Other)?;
    speak_sftp(handle, far).await.map_err(Refused::Other)
}

async fn sign_in(
    handle: &mut Handle<Checker>,
    user: &str,
    key: Arc<PrivateKey>,
) -> Result<(), TransportError> {
    let lost = || TransportError::passing(SERVER_AWAY, "the connection ended while signing in");
    let key = PrivateKeyWithHashAlg::new(key, None);
    match handle.authenticate_publickey(user, key).await.map_err(|_| lost())? {
        AuthResult::Success => Ok(()),
        AuthResult::Failure { partial_success: true, .. } => {
            Err(TransportError::lasting(SIGN_IN, "the server wants a second proof beside the key"))
        }
        AuthResult::Failure { remaining_methods, .. }
            if remaining_methods.is_empty() && handle.is_closed() =>
        {
            Err(lost())
        }
        AuthResult::Failure { .. } => {
            Err(TransportError::lasting(SIGN_IN, "the server refuses the user or the gateway's key"))
        }
    }
}

async fn speak_sftp(handle: Handle<Checker>, far: &Far) -> Result<Link, TransportError> {
    let lost = |_| TransportError::passing(SERVER_AWAY, "the connection ended before SFTP began");
    let mut channel = handle.channel_open_session().await.map_err(lost)?;
    channel.request_subsystem(true, "sftp").await.map_err(lost)?;
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => break,
            Some(ChannelMsg::Failure) => {
                return Err(TransportError::lasting(FAR_REFUSED, "the server has no SFTP for this user"));
            }
            Some(_) => {}
            None => {
                return Err(TransportError::passing(SERVER_AWAY, "the connection ended before SFTP began"));
            }
        }
    }
    let config = russh_sftp::client::Config {
        request_timeout_secs: far.timeout.as_secs(),
        ..russh_sftp::client::Config::default()
    };
    let mut sftp = RawSftpSession::new_with_config(channel.into_stream(), config);
    let version = sftp.init().await.map_err(|e| fault("beginning SFTP", &e))?;
    let offers = |name: &str| version.extensions.contains_key(name);
    let mut chunk = CHUNK;
    if offers("limits@openssh.com") {
        let limits = Limits::from(sftp.limits().await.map_err(|e| fault("asking for limits", &e))?);
        let smallest = [limits.read_len, limits.write_len].into_iter().flatten().min();
        chunk = smallest.and_then(|most| u32::try_from(most).ok()).map_or(CHUNK, |most| CHUNK.min(most));
        sftp.set_limits(limits);
    }
    let (fsync, posix_rename) = (offers("fsync@openssh.com"), offers("posix-rename@openssh.com"));
    Ok(Link { sftp, fsync, posix_rename, chunk, _handle: handle })
}
