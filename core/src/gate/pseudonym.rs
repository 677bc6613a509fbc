//! References that only one recipient knows: stable for it, worthless to any other (policy: 5.5.3).

use crate::agreement::PartnerId;
use crate::hash::{hex, hmac};
use crate::record::{PersonId, RecordId};
use alloc::string::String;

/// A record's reference: the first 80 bits, as 20 hex characters, of
/// HMAC-SHA-256(recipient's key, `record:` then the id's bytes).
pub fn record(key: &[u8], id: RecordId) -> String {
    reference(key, b"record", &id.bytes())
}

/// A person's reference, made in the same way with `person:`.
pub fn person(key: &[u8], id: PersonId) -> String {
    reference(key, b"person", &id.bytes())
}

fn reference(key: &[u8], kind: &[u8], id: &[u8]) -> String {
    let tag = hmac(key, &[kind, b":", id]);
    hex(tag.0.first_chunk::<10>().unwrap_or(&[0; 10]))
}

/// The id of a row that stands for several records: 128 bits of HMAC-SHA-256 over what they have in
/// common, so that it stays the same while the count changes. Each part has its length before it.
pub(super) fn group(key: &[u8], recipient: PartnerId, person: PersonId, parts: &[&[u8]]) -> RecordId {
    let mut bytes = alloc::vec::Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let tag = hmac(key, &[b"group:", &[recipient.0], &person.bytes(), &bytes]);
    RecordId(u128::from_be_bytes(tag.0.first_chunk::<16>().copied().unwrap_or([0; 16])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clause_5_5_3_same_record_differs_per_recipient() {
        let (a, b) = (record(b"key of one", RecordId(7)), record(b"key of another", RecordId(7)));
        assert_ne!(a, b);
        assert_eq!(a, record(b"key of one", RecordId(7)));
        assert_eq!(a.len(), 20);
        assert!(a.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()));
    }

    #[test]
    fn kinds_of_reference_are_apart() {
        assert_ne!(record(b"key", RecordId(7)), person(b"key", PersonId(7)));
    }

    #[test]
    fn a_reference_is_what_another_program_computes() {
        // printf 'record:' plus 15 zero bytes and 0x07 | openssl dgst -sha256 -hmac key
        assert_eq!(record(b"key", RecordId(7)), REFERENCE);
    }

    const REFERENCE: &str = "b15eaa1cf88c12db042c";
}
