//! Signatures under the ledger's checkpoints: C2SP signed notes, by the gateway's Ed25519 key over the text itself.
//!
//! The key's name in a note is the ledger's own, as `tlog-checkpoint` wants it. The key is the one that signs the bundles: an SSHSIG
//! begins with the bytes `SSHSIG`, a checkpoint with the ledger's name, so that neither signature can stand for the other.

use super::error::SealError;
use super::signer::Signer;
use super::signers::fingerprint;
use lockgate_core::ledger::checkpoint::{Checkpoint, Note, Signature, key_id, verifier_key};
use ssh_key::{Algorithm, PublicKey};

/// The keys by which checkpoints of one ledger are known.
pub struct NoteKeys {
    origin: String,
    keys: Vec<PublicKey>,
}

/// What is known of a note's signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signing {
    /// There is none.
    None,
    /// There is none by a key that is known here.
    Unknown,
    /// It is signed by the key of this fingerprint.
    By(String),
    /// It names a key that is known, and the text is not what that key signed.
    Broken,
}

impl Signer {
    /// A checkpoint as a signed note.
    pub fn note(&self, checkpoint: &Checkpoint) -> Result<String, SealError> {
        let (name, text) = (checkpoint.origin.clone(), checkpoint.text());
        let fault = || SealError::SigningKey { place: "in use".into(), what: "does not sign" };
        let key = key_id(&name, &public(self.public()).ok_or_else(fault)?);
        let bytes = self.raw(text.as_bytes()).ok_or_else(fault)?;
        Ok(Note { text, signatures: vec![Signature { name, key, bytes }] }.to_text())
    }
}

impl NoteKeys {
    /// Keys of the gateway that made a ledger.
    pub fn new(origin: String, keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self { origin, keys: keys.into_iter().collect() }
    }

    /// The keys as others write them down (C2SP `signed-note`: "verifier keys").
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.keys.iter().filter_map(|key| Some(verifier_key(&self.origin, &public(key)?)))
    }

    /// Looks at a note's signatures; those by other keys say nothing, as the form has it.
    pub fn check(&self, note: Option<&Note>) -> Signing {
        let Some(note) = note else { return Signing::None };
        let mut known = Signing::Unknown;
        for signature in note.signatures.iter().filter(|s| s.name == self.origin) {
            let named = |key: &&PublicKey| {
                public(key).is_some_and(|bytes| key_id(&self.origin, &bytes) == signature.key)
            };
            // Two keys with the same four bytes are possible; one of them must have signed.
            let mut named = self.keys.iter().filter(named).peekable();
            if named.peek().is_none() {
                continue;
            }
            match named.find(|key| holds(key, note.text.as_bytes(), &signature.bytes)) {
                Some(key) => known = Signing::By(fingerprint(key)),
                None => return Signing::Broken,
            }
        }
        known
    }
}

fn public(key: &PublicKey) -> Option<[u8; 32]> {
    key.key_data().ed25519().map(|key| key.0)
}

fn holds(key: &PublicKey, text: &[u8], bytes: &[u8]) -> bool {
    use signature::Verifier;
    let signature = ssh_key::Signature::new(Algorithm::Ed25519, bytes);
    signature.is_ok_and(|signature| Verifier::verify(key.key_data(), text, &signature).is_ok())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use lockgate_core::hash::Digest;
    use ssh_key::{LineEnding, PrivateKey, private::Ed25519Keypair};

    fn signer(seed: u8) -> Signer {
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]));
        Signer::parse(&key.to_openssh(LineEnding::LF).unwrap()).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "lockgate/here".into(), size: 7, root: Digest::of(b"root") }
    }

    #[test]
    fn a_note_is_signed_alike_each_time_and_known_by_its_key_alone() {
        let (mine, text) = (signer(1), checkpoint().text());
        let note = mine.note(&checkpoint()).unwrap();
        assert_eq!(note, mine.note(&checkpoint()).unwrap());
        assert!(note.starts_with(&format!("{text}\n\u{2014} lockgate/here ")));
        let note = Note::parse(&note).unwrap();
        assert_eq!((note.text.clone(), note.signatures[0].bytes.len()), (text, 64));
        let keys = |seed: u8| NoteKeys::new("lockgate/here".into(), [signer(seed).public().clone()]);
        assert_eq!(keys(1).check(Some(&note)), Signing::By(mine.fingerprint()));
        assert_eq!(keys(2).check(Some(&note)), Signing::Unknown);
        assert_eq!(keys(1).check(None), Signing::None);
        let elsewhere = NoteKeys::new("lockgate/there".into(), [mine.public().clone()]);
        assert_eq!(elsewhere.check(Some(&note)), Signing::Unknown);
        let line = keys(1).lines().next().unwrap();
        assert!(line.starts_with(&format!("lockgate/here+{}+", hex(&note.signatures[0].key))), "{line}");
    }

    #[test]
    fn a_changed_text_or_signature_by_a_known_key_is_broken_whatever_else_stands_there() {
        let (mine, other) = (signer(1), signer(2));
        let keys = NoteKeys::new("lockgate/here".into(), [mine.public().clone(), other.public().clone()]);
        let good = Note::parse(&mine.note(&checkpoint()).unwrap()).unwrap();
        let second = Note::parse(&other.note(&checkpoint()).unwrap()).unwrap().signatures.remove(0);
        let mut both = good.clone();
        both.signatures.push(second);
        assert_eq!(keys.check(Some(&both)), Signing::By(other.fingerprint()));
        for spoil in [
            |n: &mut Note| n.text = n.text.replace('7', "8"),
            |n: &mut Note| n.signatures[0].bytes[5] ^= 1,
            |n: &mut Note| n.signatures[0].bytes.truncate(63),
            |n: &mut Note| n.signatures[0].bytes = n.signatures[1].bytes.clone(),
        ] {
            let mut spoiled = both.clone();
            spoil(&mut spoiled);
            assert_eq!(keys.check(Some(&spoiled)), Signing::Broken);
        }
    }

    fn hex(bytes: &[u8]) -> String {
        lockgate_core::hash::hex(bytes)
    }
}
