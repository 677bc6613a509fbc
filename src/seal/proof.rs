//! A signature of the gateway, as `ssh-keygen -Y sign` makes it: whether it is of these bytes, for this purpose, by a key
//! that is trusted today.

use super::fault::Fault;
use super::signers::{Signers, fingerprint};
use jiff::civil::DateTime;
use lockgate_core::hash::Digest;
use sha2::{Digest as _, Sha256, Sha512};
use ssh_key::{HashAlg, PublicKey, SshSig};
use std::path::Path;

/// A signature file is a few hundred bytes.
pub(super) const MAX_BYTES: u64 = 16 << 10;

/// A signature that reads.
#[derive(Debug)]
pub struct Signature(SshSig);

/// Whose signature it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The name in the list of signers.
    pub identity: String,
    /// The key's fingerprint.
    pub key: String,
}

/// The two digests that a signature may be of.
pub(super) struct Hashes {
    sha256: [u8; 32],
    sha512: [u8; 64],
}

impl Hashes {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { sha256: Sha256::digest(bytes).into(), sha512: Sha512::digest(bytes).into() }
    }

    pub(super) fn new(sha256: Digest, sha512: Sha512) -> Self {
        Self { sha256: sha256.0, sha512: sha512.finalize().into() }
    }
}

impl Signature {
    /// Reads the file beside a sealed bundle; without it nothing was delivered.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        if !path.exists() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(Fault::new(
                "LG2301",
                format!("its signature `{name}` is missing: it was not delivered yet"),
            ));
        }
        let text = crate::approval::read(path, MAX_BYTES);
        Self::read(&text.ok_or_else(|| Fault::new("LG2302", "its signature cannot be read"))?)
    }

    /// Reads a signature.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let unreadable = |_| Fault::new("LG2302", "its signature is no whole one of `ssh-keygen -Y sign`");
        SshSig::from_pem(text.trim_start()).map(Self).map_err(unreadable)
    }

    /// Checks it. `what` is what was signed, in plain words.
    pub(super) fn check(
        &self,
        what: &str,
        hashes: &Hashes,
        namespace: &str,
        signers: &Signers,
        now: DateTime,
    ) -> Result<Signed, Fault> {
        let key = PublicKey::from(self.0.public_key().clone());
        let print = fingerprint(&key);
        let mut entries = signers.of(&key).peekable();
        if entries.peek().is_none() {
            return Err(Fault::new(
                "LG2303",
                format!("{what} is signed with the key {print}, which is not in the list of signers"),
            ));
        }
        if self.0.namespace() != namespace {
            // The namespace is whatever the signer wrote: it is not repeated.
            return Err(Fault::new(
                "LG2304",
                format!("{what} carries a signature that was made for another purpose than `{namespace}`"),
            ));
        }
        let mut entries = entries.filter(|e| e.namespaces.iter().any(|n| n == namespace)).peekable();
        if entries.peek().is_none() {
            return Err(Fault::new(
                "LG2304",
                format!("the list of signers does not let the key {print} sign for `{namespace}`"),
            ));
        }
        let current = |e: &&super::signers::Entry| {
            e.after.is_none_or(|after| after <= now) && e.before.is_none_or(|before| now < before)
        };
        let Some(entry) = entries.find(current) else {
            return Err(Fault::new(
                "LG2305",
                format!("the key {print} does not count on {}: it has ended, or not begun", now.date()),
            ));
        };
        let prehash: &[u8] = match self.0.hash_alg() {
            HashAlg::Sha256 => &hashes.sha256,
            _ => &hashes.sha512,
        };
        match key.verify_prehash(namespace, prehash, &self.0) {
            Ok(()) => Ok(Signed { identity: entry.identity.clone(), key: print }),
            Err(_) => Err(Fault::new(
                "LG2306",
                format!("{what} was changed since it was signed, or its signature was"),
            )),
        }
    }
}
