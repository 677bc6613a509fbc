//! The public test vectors of the age format (`tests/vectors/age`), run with the identities and the decryptor that open sealed
//! bundles. Each vector has one fault or none; what it must come to stands in its head.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use age::{DecryptError, Decryptor, Identity, x25519};
use flate2::read::ZlibDecoder;
use lockgate_core::hash::Digest;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Read as _};
use std::path::Path;

/// The age crate takes these two, on purpose: it still reads stanzas of before the format had a last short line.
const TAKEN: [&str; 2] = ["stanza_missing_body", "stanza_missing_final_line"];

/// A vector: what its head says, and the file to be opened.
struct Vector {
    expect: String,
    payload: Option<String>,
    identities: Vec<x25519::Identity>,
    file: Vec<u8>,
}

impl Vector {
    fn read(bytes: &[u8]) -> Self {
        let (mut expect, mut payload, mut identities, mut packed) = (None, None, Vec::new(), false);
        let mut rest = bytes;
        loop {
            let end = rest.iter().position(|b| *b == b'\n').unwrap();
            let line = str::from_utf8(rest.get(..end).unwrap()).unwrap();
            rest = rest.get(end + 1..).unwrap();
            let Some((key, value)) = line.split_once(": ") else { break };
            match key {
                "expect" => expect = Some(value.to_owned()),
                "payload" => payload = Some(value.to_owned()),
                "identity" => identities.push(value.parse().unwrap()),
                "compressed" => packed = value == "zlib",
                "file key" | "comment" => {}
                other => panic!("the head has an unknown line {other}"),
            }
        }
        let mut file = rest.to_vec();
        if packed {
            file.clear();
            ZlibDecoder::new(rest).read_to_end(&mut file).unwrap();
        }
        Self { expect: expect.unwrap(), payload, identities, file }
    }

    /// What opening it comes to, in the words of the vectors, and all that was handed out until then.
    fn opened(&self) -> (&'static str, Vec<u8>) {
        let refused = |error: &DecryptError| match error {
            DecryptError::InvalidMac => "HMAC failure",
            DecryptError::DecryptionFailed | DecryptError::NoMatchingKeys => "no match",
            DecryptError::InvalidHeader | DecryptError::UnknownFormat | DecryptError::Io(_) => {
                "header failure"
            }
            _ => "a failure that no vector has",
        };
        let mut out = Vec::new();
        let keys = self.identities.iter().map(|i| i as &dyn Identity);
        let decryptor = Decryptor::new_buffered(BufReader::new(self.file.as_slice()));
        let mut plain = match decryptor.and_then(|decryptor| decryptor.decrypt(keys)) {
            Ok(plain) => plain,
            Err(error) => return (refused(&error), out),
        };
        match plain.read_to_end(&mut out) {
            Ok(_) => ("success", out),
            Err(_) => ("payload failure", out),
        }
    }
}

#[test]
fn every_vector_of_the_format_comes_to_what_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/age");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if matches!(name, "LICENSE" | "README.md") {
            continue;
        }
        let vector = Vector::read(&fs::read(&path).unwrap());
        let (came_to, out) = vector.opened();
        let expected = if TAKEN.contains(&name) { "success" } else { vector.expect.as_str() };
        assert_eq!(came_to, expected, "{name}");
        // Also of a file that fails further on, nothing may have been handed out but what was proven.
        if let Some(payload) = &vector.payload {
            assert_eq!(&Digest::of(&out).hex(), payload, "{name}");
        } else if !TAKEN.contains(&name) {
            assert!(out.is_empty(), "{name}");
        }
        *seen.entry(vector.expect).or_default() += 1;
    }
    let all = [
        ("HMAC failure", 1),
        ("header failure", 31),
        ("no match", 3),
        ("payload failure", 18),
        ("success", 14),
    ];
    assert_eq!(seen, all.map(|(what, n)| (what.to_owned(), n)).into());
}
