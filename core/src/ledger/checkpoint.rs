//! Checkpoints: a ledger's size and root as a signed note that others keep, so that it cannot be rewritten unseen.
//!
//! The text is that of C2SP `tlog-checkpoint`, the signature lines those of C2SP `signed-note`. Signing and checking a
//! signature need a key and are done outside; here are the bytes that are signed, and what stands where.

use crate::hash::{Digest, Digester, hex};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use base64ct::{Base64, Encoding as _};

/// Signature type of Ed25519 in C2SP `signed-note`.
const ED25519: u8 = 1;
/// A note is a few lines; a longer text is none.
const MOST: usize = 64 * 1024;

/// A ledger's size and root, and whose ledger it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger: one name for ever, without a space.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// The tree's root.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed: three lines.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, Base64::encode_string(&self.root.0))
    }

    /// Reads such a text; lines behind the third are extensions and say nothing here.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let plain = !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit());
        let canonical = plain && (size == "0" || !size.starts_with('0'));
        let root = Base64::decode_vec(root).ok()?.try_into().ok()?;
        let fits = is_name(origin) && canonical && lines.all(|l| !l.is_empty());
        fits.then_some(Self { origin: origin.into(), size: size.parse().ok()?, root: Digest(root) })
    }
}

/// Whether a text can name a ledger or a key: not empty, without a space, a plus sign or a control character.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// The first four bytes by which a signature names its key: SHA-256 of the key's name, a line feed, the type and the
/// public key.
pub fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let mut digester = Digester::new();
    digester.update(name.as_bytes());
    digester.update(&[b'\n', ED25519]);
    digester.update(public);
    let Digest([a, b, c, d, ..]) = digester.finish();
    [a, b, c, d]
}

/// A key as others write it down to check notes by (C2SP `signed-note`: a "verifier key").
pub fn verifier_key(name: &str, public: &[u8; 32]) -> String {
    let id = hex(&key_id(name, public));
    let mut bytes = Vec::with_capacity(33);
    bytes.push(ED25519);
    bytes.extend_from_slice(public);
    format!("{name}+{id}+{}", Base64::encode_string(&bytes))
}

/// One signature under a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key's name.
    pub name: String,
    /// See [`key_id`].
    pub key: [u8; 4],
    /// What the key made of the text; 64 bytes for Ed25519.
    pub bytes: Vec<u8>,
}

/// A text with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is signed, with its last line feed.
    pub text: String,
    /// By whom.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// As it is kept and sent.
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.text);
        for signature in &self.signatures {
            let bytes = [&signature.key[..], &signature.bytes].concat();
            out.push_str(&format!("\u{2014} {} {}\n", signature.name, Base64::encode_string(&bytes)));
        }
        out
    }

    /// Reads a note; `None` when it is none, or has no signature.
    pub fn parse(note: &str) -> Option<Self> {
        if note.len() > MOST {
            return None;
        }
        let at = note.rfind("\n\n")?;
        let (text, lines) = (note.get(..=at)?, note.get(at + 2..)?.strip_suffix('\n')?);
        let signatures: Option<Vec<Signature>> = lines.split('\n').map(signature).collect();
        Some(Self { text: text.to_string(), signatures: signatures? })
    }
}

fn signature(line: &str) -> Option<Signature> {
    let (name, bytes) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = Base64::decode_vec(bytes).ok()?;
    let (key, bytes) = bytes.split_first_chunk::<4>()?;
    (is_name(name) && !bytes.is_empty()).then(|| Signature {
        name: name.into(),
        key: *key,
        bytes: bytes.into(),
    })
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Checkpoint {
        Checkpoint { origin: "lockgate.example/leeds-iom".into(), size: 3063, root: Digest::of(b"root") }
    }

    #[test]
    fn a_checkpoint_is_the_three_lines_of_the_standard() {
        assert_eq!(
            sample().text(),
            "lockgate.example/leeds-iom\n3063\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"
        );
        assert_eq!(Checkpoint::parse(&sample().text()), Some(sample()));
    }

    #[test]
    fn a_text_that_is_no_checkpoint_is_refused() {
        let good = sample().text();
        let bad = [
            String::new(),
            good.trim_end().to_string(),
            good.replace("3063", "03063"),
            good.replace("3063", "+3063"),
            good.replace("3063", "99999999999999999999"),
            good.replace("SBNJ", "S"),
            good.replace("leeds", "le eds"),
            good.replace("lockgate.example/leeds-iom", ""),
            format!("{good}\n"),
        ];
        for text in bad {
            assert_eq!(Checkpoint::parse(&text), None, "{text:?}");
        }
        let extended = format!("{good}an extension\n");
        assert_eq!(Checkpoint::parse(&extended), Some(sample()));
    }

    #[test]
    fn the_published_example_of_a_verifier_key_is_made_alike() {
        // The key of the C2SP signed-note document and of golang.org/x/mod/sumdb/note: PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW.
        let key = Base64::decode_vec("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").expect("base64");
        let public: [u8; 32] = key.get(1..).and_then(|k| k.try_into().ok()).expect("32 bytes");
        assert_eq!(
            verifier_key("PeterNeumann", &public),
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        );
    }

    #[test]
    fn a_note_comes_back_as_it_went() {
        let signature =
            |name: &str| Signature { name: name.into(), key: [1, 2, 3, 4], bytes: alloc::vec![7; 64] };
        let note = Note { text: sample().text(), signatures: alloc::vec![signature("a"), signature("b")] };
        assert_eq!(Note::parse(&note.to_text()), Some(note.clone()));
        for cut in ["\u{2014} ", "\n\n"] {
            assert_eq!(Note::parse(&note.to_text().replace(cut, "")), None);
        }
        assert_eq!(Note::parse(note.to_text().trim_end()), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(?s).{0,300}") {
            if let Some(note) = Note::parse(&text) {
                prop_assert_eq!(note.to_text(), text.clone());
            }
            if let Some(checkpoint) = Checkpoint::parse(&text) {
                prop_assert!(text.starts_with(&checkpoint.text()));
            }
        }
    }
}
