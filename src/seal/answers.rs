//! With which keys partners sign their return forms, and whether a signature is by one of them, of these bytes, for this
//! purpose. As `ssh-keygen -Y sign -n lockgate-ack` makes it.

use super::proof::MAX_BYTES;
use super::signers::fingerprint;
use crate::config::Settings;
use lockgate_core::problem::Problem;
use ssh_key::{Algorithm, EcdsaCurve, Error, PublicKey, SshSig};
use std::collections::BTreeMap;

/// The purpose of a signature under a return form.
pub const ACK_NAMESPACE: &str = "lockgate-ack";
/// The longest signature that is looked at, in bytes.
pub const ACK_SIGNATURE_BYTES: usize = 16 << 10;
const _: () = assert!(ACK_SIGNATURE_BYTES as u64 == MAX_BYTES, "one limit for all signatures");

/// Keys of one partner: the old one and the new.
const TOGETHER: usize = 2;

/// The public keys by which partners sign their return forms, by the partner's key in the agreement.
#[derive(Debug, Default, Clone)]
pub struct AnswerKeys(BTreeMap<String, Vec<PublicKey>>);

impl AnswerKeys {
    /// Reads and checks what the settings say.
    pub(super) fn read(settings: &Settings) -> (Self, Vec<Problem>) {
        let (mut keys, mut problems) = (Self::default(), Vec::new());
        for (partner, recipient) in &settings.recipient {
            let partner = partner.get_ref();
            for word in &recipient.answers {
                let at =
                    |code, what: String| Problem::new(code, what).in_config("lockgate.toml", word.span());
                let Some(key) = one(word.get_ref()) else {
                    // What stands there is not repeated: it might be a secret key.
                    let what =
                        format!("a key under `answers` of `{partner}` is none that can sign a return form");
                    let help = "it is the public line `ssh-ed25519 AAAA…` (or ecdsa-sha2-nistp256) of the partner's own key";
                    problems.push(at("LG2208", what).help(help));
                    continue;
                };
                if let Some(other) = keys.holder(&key) {
                    let what = format!("the key of `{partner}` is one of `{other}` already");
                    problems.push(at("LG2206", what).help("each partner has a key that nobody else has"));
                    continue;
                }
                let all = keys.0.entry(partner.clone()).or_default();
                if all.len() == TOGETHER {
                    let what =
                        format!("`{partner}` has more than {TOGETHER} keys that sign its return forms");
                    problems.push(at("LG2207", what).help("take the old keys out"));
                    break;
                }
                all.push(key);
            }
        }
        (keys, problems)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (&str, &PublicKey)> {
        self.0.iter().flat_map(|(partner, keys)| keys.iter().map(move |key| (partner.as_str(), key)))
    }

    fn holder(&self, key: &PublicKey) -> Option<&str> {
        self.all().find(|(_, k)| k.key_data() == key.key_data()).map(|(partner, _)| partner)
    }

    /// The fingerprint of the key by which a partner signed a form; why the signature does not count, in plain words.
    pub fn verify(&self, partner: &str, form: &[u8], signature: &[u8]) -> Result<String, String> {
        let text = (signature.len() <= ACK_SIGNATURE_BYTES).then(|| str::from_utf8(signature).ok()).flatten();
        let read = text.and_then(|text| SshSig::from_pem(text.trim_start()).ok());
        let Some(read) = read else {
            return Err("it is no whole signature of `ssh-keygen -Y sign`".into());
        };
        let key = PublicKey::from(read.public_key().clone());
        let print = fingerprint(&key);
        if self.holder(&key) != Some(partner) {
            // Whose key it is instead is not told: whoever sent the form may be anybody.
            return Err(format!("it was made with the key {print}, which is none of `{partner}`"));
        }
        match key.verify(ACK_NAMESPACE, form, &read) {
            Ok(()) => Ok(print),
            // The namespace is whatever the signer wrote: it is not repeated.
            Err(Error::Namespace) => Err(format!("it was made for another purpose than `{ACK_NAMESPACE}`")),
            Err(_) => Err("the form was changed since it was signed, or the signature was".into()),
        }
    }
}

/// A public key of a kind that is taken.
fn one(text: &str) -> Option<PublicKey> {
    let key = PublicKey::from_openssh(text.trim()).ok()?;
    let taken =
        matches!(key.algorithm(), Algorithm::Ed25519 | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 });
    taken.then_some(key)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use ssh_key::{HashAlg, LineEnding, PrivateKey, private::Ed25519Keypair};

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
    }

    fn line(seed: u8) -> String {
        key(seed).public_key().to_openssh().unwrap()
    }

    fn settings(answers: &[(&str, &[String])]) -> Settings {
        let mut text =
            "[store]\npath = \"s\"\nsecret = { env = \"S\" }\n[contact]\nname = \"n\"\nreach = \"r\"\n"
                .to_owned();
        for (partner, keys) in answers {
            text += &format!("[recipient.{partner}]\nkeys = []\nanswers = {keys:?}\n");
        }
        toml::from_str(&text).unwrap()
    }

    fn codes(answers: &[(&str, &[String])]) -> Vec<&'static str> {
        AnswerKeys::read(&settings(answers)).1.iter().map(|p| p.code).collect()
    }

    #[test]
    fn keys_are_public_ones_of_a_kind_that_is_taken_each_of_one_partner() {
        let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAgAB".to_owned();
        let (keys, problems) = AnswerKeys::read(&settings(&[("a", &[line(1), line(2)]), ("b", &[line(3)])]));
        assert!(problems.is_empty() && keys.all().count() == 3);
        assert_eq!(codes(&[("a", &[line(1)]), ("b", &[line(1)])]), ["LG2206"]);
        assert_eq!(codes(&[("a", &[line(1), line(1)])]), ["LG2206"]);
        assert_eq!(codes(&[("a", &[line(1), line(2), line(3)])]), ["LG2207"]);
        assert_eq!(codes(&[("a", &[rsa, "age1xyz".into(), String::new()])]), ["LG2208"; 3]);
    }

    #[test]
    fn a_signature_counts_only_of_these_bytes_for_this_purpose_by_this_partner() {
        let (keys, _) = AnswerKeys::read(&settings(&[("a", &[line(1)]), ("b", &[line(2)])]));
        let sign = |seed: u8, purpose: &str, form: &[u8]| {
            key(seed).sign(purpose, HashAlg::Sha512, form).unwrap().to_pem(LineEnding::LF).unwrap()
        };
        let good = sign(1, ACK_NAMESPACE, b"form");
        assert_eq!(keys.verify("a", b"form", good.as_bytes()), Ok(fingerprint(key(1).public_key())));
        let long = format!("{good}{}", "\n".repeat(ACK_SIGNATURE_BYTES));
        for (partner, form, signature, says) in [
            ("a", &b"farm"[..], good.clone(), "changed"),
            ("b", b"form", good.clone(), "none of `b`"),
            ("c", b"form", good.clone(), "none of `c`"),
            ("a", b"form", sign(2, ACK_NAMESPACE, b"form"), "none of `a`"),
            ("a", b"form", sign(3, ACK_NAMESPACE, b"form"), "none of `a`"),
            ("a", b"form", sign(1, "lockgate-bundle", b"form"), "another purpose"),
            ("a", b"form", good.replace("SSH SIGNATURE", "SIGNATURE"), "no whole signature"),
            ("a", b"form", String::new(), "no whole signature"),
            ("a", b"form", long, "no whole signature"),
        ] {
            let fault = keys.verify(partner, form, signature.as_bytes()).err().unwrap();
            assert!(fault.contains(says), "{says}: {fault}");
        }
    }
}
