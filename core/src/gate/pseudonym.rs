//! References that only one recipient knows: stable for it, worthless to any other (policy: 5.5.3).

use crate::agreement::PartnerId;
use crate::hash::{MacKey, hex_digits};
use crate::record::{PersonId, RecordId};
use alloc::string::String;

/// A reference as it is written: 20 hexadecimal characters.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Written([u8; 20]);

impl Written {
    /// The characters.
    pub(super) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// What tests of other rooms write as they like.
    #[cfg(test)]
    pub(super) fn sample(text: &str) -> Self {
        Self(text.as_bytes().try_into().unwrap_or([b'-'; 20]))
    }
}

/// A record's reference: the first 80 bits, as 20 hex characters, of
/// HMAC-SHA-256(recipient's key, `record:` then the id's bytes).
pub(super) fn record(key: &MacKey, id: RecordId) -> Written {
    reference(key, b"record", &id.bytes())
}

/// A person's reference, made in the same way with `person:`.
pub(super) fn person(key: &MacKey, id: PersonId) -> Written {
    reference(key, b"person", &id.bytes())
}

/// A record's reference as a recipient of that key has it: for finding again what a bundle calls by it.
pub fn record_ref(key: &[u8], id: RecordId) -> String {
    record(&MacKey::new(key), id).as_str().into()
}

/// A person's reference as a recipient of that key has it.
pub fn person_ref(key: &[u8], id: PersonId) -> String {
    person(&MacKey::new(key), id).as_str().into()
}

fn reference(key: &MacKey, kind: &[u8], id: &[u8]) -> Written {
    let tag = key.tag(&[kind, b":", id]);
    let mut out = [0; 20];
    for (to, byte) in out.chunks_exact_mut(2).zip(tag.0) {
        to.copy_from_slice(&hex_digits(byte));
    }
    Written(out)
}

/// The id of a row that stands for several records: 128 bits of HMAC-SHA-256 over what they have in
/// common, so that it stays the same while the count changes. Each part has its length before it.
pub(super) fn group(key: &MacKey, recipient: PartnerId, person: PersonId, parts: &[&[u8]]) -> RecordId {
    let mut bytes = alloc::vec::Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let tag = key.tag(&[b"group:", &[recipient.0], &person.bytes(), &bytes]);
    RecordId(u128::from_be_bytes(tag.0.first_chunk::<16>().copied().unwrap_or([0; 16])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clause_5_5_3_same_record_differs_per_recipient() {
        let of = |key: &[u8]| record(&MacKey::new(key), RecordId(7));
        let (a, b) = (of(b"key of one"), of(b"key of another"));
        assert!(a != b && a == of(b"key of one"));
        assert_eq!(a.as_str().len(), 20);
        assert!(a.as_str().chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()));
    }

    #[test]
    fn kinds_of_reference_are_apart() {
        let key = MacKey::new(b"key");
        assert!(record(&key, RecordId(7)) != person(&key, PersonId(7)));
    }

    #[test]
    fn a_reference_is_what_another_program_computes() {
        // printf 'record:' plus 15 zero bytes and 0x07 | openssl dgst -sha256 -hmac key
        assert_eq!(record(&MacKey::new(b"key"), RecordId(7)).as_str(), REFERENCE);
    }

    const REFERENCE: &str = "b15eaa1cf88c12db042c";
}
