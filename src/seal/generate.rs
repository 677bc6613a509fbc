//! New keys: made here, written to a file that only this user may read, never over another.

use super::error::SealError;
use super::keyring::age_fingerprint;
use super::signers::fingerprint;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// A new key pair.
pub struct NewKey {
    /// The secret file's text.
    pub secret: String,
    /// The public half, as it is handed on.
    pub public: String,
    /// What two people compare.
    pub fingerprint: String,
}

/// A signing key of the gateway: an Ed25519 key of OpenSSH. `name` becomes its comment.
pub fn new_signer(name: &str) -> Result<NewKey, SealError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| SealError::Random)?;
    let fault = |_| SealError::SigningKey { place: "that was made".into(), what: "cannot be written" };
    let pair = Ed25519Keypair::from_seed(&seed);
    let key = PrivateKey::new(KeypairData::Ed25519(pair), name).map_err(fault)?;
    Ok(NewKey {
        secret: key.to_openssh(LineEnding::LF).map_err(fault)?.to_string(),
        public: key.public_key().to_openssh().map_err(fault)?,
        fingerprint: fingerprint(key.public_key()),
    })
}

/// A recipient's key: an age identity, as `age-keygen` writes it.
pub fn new_recipient(name: &str) -> NewKey {
    use age::secrecy::ExposeSecret as _;
    let identity = age::x25519::Identity::generate();
    let public = identity.to_public().to_string();
    let secret = identity.to_string();
    let text = format!("# {name}\n# public key: {public}\n{}\n", secret.expose_secret());
    NewKey { secret: text, fingerprint: age_fingerprint(&public), public }
}

/// Writes a secret file for this user alone; one that is there stays.
pub fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), SealError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(path).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => SealError::Exists(path.display().to_string()),
        _ => SealError::io("writing", path)(source),
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(SealError::io("writing", path))
}
