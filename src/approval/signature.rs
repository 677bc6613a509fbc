//! One holder's signature, as `ssh-keygen -Y sign` makes it: whether it is of this text, this purpose and this holder.

use super::NAMESPACE;
use super::holders::{Holders, fingerprint};
use lockgate_core::problem::Code;
use ssh_key::{Error, PublicKey, SshSig};

/// A signature file is a few hundred bytes.
pub const MAX_BYTES: u64 = 16 << 10;

/// Whose signature it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The partner.
    pub partner: String,
    /// The key's fingerprint.
    pub key: String,
}

/// Why a signature does not count: a code and plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable code.
    pub code: Code,
    /// What is wrong.
    pub what: String,
}

impl Fault {
    /// A fault.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into() }
    }
}

/// Checks a signature of `text` by any of the holders.
pub fn verify(signature: &str, text: &[u8], holders: &Holders) -> Result<Signed, Fault> {
    let unreadable = |_| Fault::new("LG0402", "it is no whole signature of `ssh-keygen -Y sign`");
    let signature = SshSig::from_pem(signature.trim_start()).map_err(unreadable)?;
    let key = PublicKey::from(signature.public_key().clone());
    let Some(partner) = holders.of_key(&key) else {
        let what = format!("it was made with the key {}, which is no holder's", fingerprint(&key));
        return Err(Fault::new("LG0403", what));
    };
    match key.verify(NAMESPACE, text, &signature) {
        Ok(()) => Ok(Signed { partner: partner.to_owned(), key: fingerprint(&key) }),
        Err(Error::Namespace) => {
            // The namespace is whatever the signer wrote: it is not repeated.
            Err(Fault::new("LG0404", format!("`{partner}` signed for another purpose than `{NAMESPACE}`")))
        }
        Err(_) => Err(Fault::new(
            "LG0405",
            format!("`{partner}` signed another text, or the signature was changed"),
        )),
    }
}

/// The same, and it must be this partner's.
pub fn verify_of(partner: &str, signature: &str, text: &[u8], holders: &Holders) -> Result<Signed, Fault> {
    let signed = verify(signature, text, holders)?;
    if signed.partner == partner {
        return Ok(signed);
    }
    Err(Fault::new("LG0403", format!("it was made with the key of `{}`, not of `{partner}`", signed.partner)))
}
