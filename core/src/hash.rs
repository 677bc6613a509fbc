//! Keyed hashes: how the store finds things without holding a name or a number in clear.
//!
//! Identifier spaces are small (a PNC can be enumerated), so no plain hash of one ever leaves the
//! core; every hash here takes the deployment's key.

use crate::sha::{BLOCK, Begun};
use alloc::string::String;
use core::hash::Hasher;
use sha2::{Digest as _, Sha256};
use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128, SipHasher24 as SipHasher128};

/// A SHA-256 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of the parts, in order and unseparated: for what is short, without the buffers of a [`Digester`].
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Begun::EMPTY.digest(parts)
    }

    /// Lower-case hexadecimal.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

/// A digest taken piece by piece.
#[derive(Clone, Default)]
pub struct Digester(Sha256);

impl Digester {
    /// An empty digest.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// The 128-bit key of a deployment's own hashes (record ids, link keys, row fingerprints).
#[derive(Clone)]
pub struct HashKey([u8; 16]);

impl HashKey {
    /// Derives the key for one use (`purpose`) from the store's secret.
    pub fn derive(secret: &[u8], purpose: &str) -> Self {
        let tag = hmac(secret, &[b"lockgate hash key\0", purpose.as_bytes()]);
        let mut key = [0; 16];
        key.copy_from_slice(tag.0.first_chunk::<16>().unwrap_or(&[0; 16]));
        Self(key)
    }

    /// 64 bits of the parts; each part is length-prefixed, so `["ab","c"]` differs from `["a","bc"]`.
    pub fn short(&self, parts: &[&[u8]]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        feed(&mut hasher, parts);
        hasher.finish()
    }

    /// 128 bits of the parts, each length-prefixed.
    pub fn long(&self, parts: &[&[u8]]) -> u128 {
        let mut hasher = SipHasher128::new_with_key(&self.0);
        feed(&mut hasher, parts);
        hasher.finish128().as_u128()
    }
}

/// Hands over each part behind its length. What is short is gathered first: the hasher takes whole words faster than odd ends.
fn feed(hasher: &mut impl Hasher, parts: &[&[u8]]) {
    let mut held = [0; 96];
    let mut used = 0;
    for part in parts {
        let length = (part.len() as u64).to_le_bytes();
        for bytes in [&length[..], part] {
            if bytes.len() > held.len() - used {
                hasher.write(held.get(..used).unwrap_or(&[]));
                used = 0;
            }
            if let Some(room) = held.get_mut(used..used + bytes.len()) {
                room.copy_from_slice(bytes);
                used += bytes.len();
            } else {
                hasher.write(bytes);
            }
        }
    }
    hasher.write(held.get(..used).unwrap_or(&[]));
}

/// The deployment's hash keys, one per use, so that a hash of one use says nothing in another.
#[derive(Clone)]
pub struct Keys {
    /// Record ids.
    pub records: HashKey,
    /// Identity ids.
    pub identities: HashKey,
    /// Link evidence.
    pub links: HashKey,
    /// Row fingerprints; derived with the mapping's digest, so that a changed mapping reads every row anew.
    pub rows: HashKey,
    /// Record contents.
    pub contents: HashKey,
}

impl Keys {
    /// Derives all keys from the store's secret; `mapping` is the digest of the mapping in force.
    pub fn derive(secret: &[u8], mapping: &Digest) -> Self {
        let rows = hmac(secret, &[b"lockgate rows\0", &mapping.0]);
        Self {
            records: HashKey::derive(secret, "records"),
            identities: HashKey::derive(secret, "identities"),
            links: HashKey::derive(secret, "links"),
            rows: HashKey::derive(&rows.0, "rows"),
            contents: HashKey::derive(secret, "contents"),
        }
    }
}

/// HMAC-SHA-256 over the parts, in order and unseparated.
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> Digest {
    MacKey::new(key).tag(parts)
}

/// A key of HMAC-SHA-256 (RFC 2104) that is used many times: what depends on the key alone is computed once.
#[derive(Clone)]
pub struct MacKey {
    inner: Begun,
    outer: Begun,
}

impl MacKey {
    /// From a key of any length.
    pub fn new(key: &[u8]) -> Self {
        let digest = Digest::of(key);
        let mut block = [0; BLOCK];
        let key = if key.len() > BLOCK { &digest.0 } else { key };
        block.iter_mut().zip(key).for_each(|(to, byte)| *to = *byte);
        let begun = |mask: u8| Begun::with(&block.map(|byte| byte ^ mask));
        Self { inner: begun(0x36), outer: begun(0x5c) }
    }

    /// The tag of the parts, in order and unseparated.
    pub fn tag(&self, parts: &[&[u8]]) -> Digest {
        let inner = self.inner.digest(parts.iter().copied());
        self.outer.digest([&inner.0[..]])
    }
}

/// Lower-case hexadecimal of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.extend(hex_digits(*byte).map(char::from));
    }
    out
}

/// The two small hexadecimal digits of a byte, as ASCII.
pub(crate) const fn hex_digits(byte: u8) -> [u8; 2] {
    const fn digit(nibble: u8) -> u8 {
        if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
    }
    [digit(byte >> 4), digit(byte & 0xf)]
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use ::hmac::{Hmac, KeyInit as _, Mac as _};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        /// However the parts are handed over, the hash is that of each behind its length: stored hashes depend on it.
        #[test]
        fn a_hash_is_of_each_part_behind_its_length(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..130), 0..6)
        ) {
            let key = HashKey::derive(b"secret", "records");
            let (mut short, mut long) = (SipHasher24::new_with_key(&key.0), SipHasher128::new_with_key(&key.0));
            for part in &parts {
                for bytes in [&(part.len() as u64).to_le_bytes()[..], part] {
                    bytes.iter().for_each(|byte| short.write(&[*byte]));
                    long.write(bytes);
                }
            }
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(key.short(&parts), short.finish());
            prop_assert_eq!(key.long(&parts), long.finish128().as_u128());
        }
    }

    proptest! {
        /// However a message is cut, its digest and its tag are those of the standards, as the libraries have them.
        #[test]
        fn a_digest_of_parts_and_a_tag_are_those_of_the_whole(
            key in proptest::collection::vec(any::<u8>(), 0..150),
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..150), 0..5),
        ) {
            let whole = parts.concat();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(Digest::of_parts(parts.iter().copied()), Digest::of(&whole));
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
            mac.update(&whole);
            prop_assert_eq!(hmac(&key, &parts).0, <[u8; 32]>::from(mac.finalize().into_bytes()));
        }
    }

    /// Each length about the ends of a block.
    #[test]
    fn a_message_of_each_length_has_its_digest() {
        let bytes = [0xa5; 200];
        for length in 0..bytes.len() {
            let message = &bytes[..length];
            assert_eq!(Digest::of_parts([message]), Digest::of(message), "{length} bytes");
        }
    }

    #[test]
    fn parts_are_separated_and_purposes_apart() {
        let key = HashKey::derive(b"secret", "records");
        assert_ne!(key.long(&[b"ab", b"c"]), key.long(&[b"a", b"bc"]));
        assert_ne!(key.long(&[b"x"]), HashKey::derive(b"secret", "links").long(&[b"x"]));
    }

    #[test]
    fn hmac_agrees_with_rfc_4231_case_2() {
        let tag = hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(tag.hex(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
