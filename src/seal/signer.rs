//! The gateway's signing key at work. Ed25519: the same input gives the same signature.

use super::error::SealError;
use super::signers;
use crate::config::SecretRef;
use sha2::Sha512;
use ssh_key::{HashAlg, LineEnding, PrivateKey, PublicKey};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// A key file is a few hundred bytes.
const MAX_BYTES: u64 = 64 << 10;

/// A signing key. It has no `Debug` or `Display`, so that it cannot end up in a message by accident.
pub struct Signer(PrivateKey);

impl Signer {
    /// Reads the key that a reference names: an OpenSSH private key, Ed25519, without a passphrase.
    pub fn read(root: &Path, secret: &SecretRef) -> Result<Self, SealError> {
        let text = match (&secret.file, &secret.env) {
            (Some(file), _) => {
                let unread = |what| SealError::SigningKey { place: format!("`{}`", file.display()), what };
                let mut text = String::new();
                let file = File::open(root.join(file)).map_err(|_| unread("cannot be opened"))?;
                file.take(MAX_BYTES).read_to_string(&mut text).map_err(|_| unread("cannot be read"))?;
                text
            }
            (None, name) => {
                let name = name.as_deref().unwrap_or_default();
                let unset = |_| SealError::SigningKey { place: format!("`{name}`"), what: "is not set" };
                std::env::var(name).map_err(unset)?
            }
        };
        let place = match (&secret.file, &secret.env) {
            (Some(file), _) => format!("`{}`", file.display()),
            (None, name) => format!("`{}`", name.as_deref().unwrap_or_default()),
        };
        Self::parse(&text).map_err(|what| SealError::SigningKey { place, what })
    }

    /// Reads an OpenSSH private key; the fault in plain words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let key = PrivateKey::from_openssh(text.trim_start()).map_err(|_| "is no private key of OpenSSH")?;
        if key.is_encrypted() {
            return Err("has a passphrase: nobody is there at night to type it");
        }
        if key.key_data().ed25519().is_none() {
            return Err("is not an Ed25519 key: only those give the same signature for the same input");
        }
        Ok(Self(key))
    }

    /// Signs a text for a purpose: what `ssh-keygen -Y sign` writes.
    pub fn sign(&self, namespace: &str, text: &[u8]) -> Result<String, SealError> {
        pem(self.0.sign(namespace, HashAlg::Sha512, text))
    }

    /// Signs what was hashed on its way.
    pub fn sign_digest(&self, namespace: &str, digest: Sha512) -> Result<String, SealError> {
        pem(self.0.sign_digest(namespace, digest))
    }

    /// The bare signature of a text, 64 bytes; only for texts that say what they are.
    pub(super) fn raw(&self, text: &[u8]) -> Option<Vec<u8>> {
        use signature::Signer as _;
        self.0.key_data().try_sign(text).ok().map(|signature| signature.as_bytes().to_vec())
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        self.0.public_key()
    }

    /// `SHA256:…`, as `ssh-keygen -l` says it.
    pub fn fingerprint(&self) -> String {
        signers::fingerprint(self.public())
    }
}

fn pem(signed: ssh_key::Result<ssh_key::SshSig>) -> Result<String, SealError> {
    let fault = |_| SealError::SigningKey { place: "in use".into(), what: "does not sign" };
    signed.and_then(|s| s.to_pem(LineEnding::LF)).map_err(fault)
}
