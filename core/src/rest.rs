//! At rest: personal bytes leave the core for the store only as ciphertext.
//!
//! AES-256-GCM; the nonce is handed in (core has no randomness) and stands before the ciphertext.
//! The associated data names the row or chunk, so that a ciphertext moved elsewhere does not open.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use alloc::vec::Vec;

/// Length of a nonce in bytes.
pub const NONCE_LEN: usize = 12;

/// The key under which a deployment keeps personal bytes.
pub struct RestKey(Aes256Gcm);

/// A ciphertext did not open: wrong key, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored bytes do not open under this key, or were changed")]
pub struct NotOpened;

impl RestKey {
    /// The key from its 32 bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(&(*key).into()))
    }

    /// Encrypts; the result is nonce, ciphertext, tag.
    pub fn seal(&self, nonce: [u8; NONCE_LEN], aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + 16);
        self.seal_onto(&mut out, nonce, aad, plain);
        out
    }

    /// Adds to `out` what `seal` gives.
    pub fn seal_onto(&self, out: &mut Vec<u8>, nonce: [u8; NONCE_LEN], aad: &[u8], plain: &[u8]) {
        out.extend_from_slice(&nonce);
        // AES-GCM refuses only inputs above 64 GiB, which no caller can build.
        if let Ok(sealed) = self.0.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad }) {
            out.extend_from_slice(&sealed);
        }
    }

    /// Decrypts what `seal` made.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(NotOpened)?;
        self.0.decrypt(&Nonce::from(*nonce), Payload { msg: rest, aad }).map_err(|_| NotOpened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_unchanged_and_in_its_place() {
        let key = RestKey::new(&[7; 32]);
        let sealed = key.seal([1; NONCE_LEN], b"row 1", b"plain");
        assert_eq!(key.open(b"row 1", &sealed).as_deref(), Ok(&b"plain"[..]));
        assert_eq!(key.open(b"row 2", &sealed), Err(NotOpened));
        let mut changed = sealed;
        if let Some(last) = changed.last_mut() {
            *last ^= 1;
        }
        assert_eq!(key.open(b"row 1", &changed), Err(NotOpened));
        assert_eq!(key.open(b"row 1", b"short"), Err(NotOpened));
    }
}
