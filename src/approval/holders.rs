//! `agreement/holders`: whose signature counts for which partner, in the form of OpenSSH's allowed signers.
//!
//! The same file serves `ssh-keygen -Y verify -f agreement/holders`. Of that form's options only `namespaces` is taken, and
//! of its patterns none: whatever OpenSSH might read otherwise than this program is refused.

use super::NAMESPACE;
use lockgate_core::problem::Problem;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, PublicKey};

/// The file's name in the agreement's folder.
pub const HOLDERS: &str = "holders";

/// The public keys of the holders.
#[derive(Debug, Default)]
pub struct Holders(Vec<(String, PublicKey)>);

impl Holders {
    /// Reads the file; `partners` are the keys of the agreement's partners.
    pub fn read(file: &str, text: &str, partners: &[&str]) -> Result<Self, Vec<Problem>> {
        let (mut holders, mut problems, mut at) = (Self::default(), Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let span = at..at + line.trim_end().len();
            at += line.len();
            let entry = line.trim();
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            let fault = |what: String| Problem::new("LG0408", what).in_config(file, span.clone());
            match one(entry, partners) {
                Ok((_, key)) if holders.of_key(&key).is_some() => {
                    problems.push(fault("the key of this line stands twice: each holder has its own".into()));
                }
                Ok(holder) => holders.0.push(holder),
                Err(what) => problems.push(
                    fault(what).suggest(entry.split(' ').next().unwrap_or(""), partners.iter().copied()),
                ),
            }
        }
        if problems.is_empty() { Ok(holders) } else { Err(problems) }
    }

    /// The keys of a partner.
    pub fn keys<'a>(&'a self, partner: &'a str) -> impl Iterator<Item = &'a PublicKey> {
        self.0.iter().filter(move |(p, _)| p == partner).map(|(_, key)| key)
    }

    /// The partner that has a key.
    pub fn of_key(&self, key: &PublicKey) -> Option<&str> {
        self.0.iter().find(|(_, k)| k.key_data() == key.key_data()).map(|(p, _)| p.as_str())
    }

    /// The partners that have a key, each once.
    pub fn partners(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for (partner, _) in &self.0 {
            if !out.contains(&partner.as_str()) {
                out.push(partner);
            }
        }
        out
    }

    /// The fingerprints of a partner's keys.
    pub fn fingerprints(&self, partner: &str) -> Vec<String> {
        self.keys(partner).map(fingerprint).collect()
    }
}

/// `SHA256:…`, as `ssh-keygen -l` says it.
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// What the file says, without comments, blanks and the order of its lines.
pub fn canonical(text: &str) -> Vec<u8> {
    let entry = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let key = words
            .iter()
            .position(|w| w.starts_with("ssh-") || w.starts_with("ecdsa-") || w.starts_with("sk-"));
        words.iter().take(key.map_or(words.len(), |k| k + 2)).copied().collect::<Vec<_>>().join(" ")
    };
    let mut lines: Vec<String> =
        text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(entry).collect();
    lines.sort_unstable();
    lines.join("\n").into_bytes()
}

/// One line: partner, `namespaces="…"`, key.
fn one(entry: &str, partners: &[&str]) -> Result<(String, PublicKey), String> {
    let mut words = entry.split_whitespace();
    let partner = words.next().unwrap_or_default();
    if !partners.contains(&partner) {
        return Err(format!("`{partner}` is not a partner of the agreement"));
    }
    let option = words.next().unwrap_or_default();
    if option != format!("namespaces=\"{NAMESPACE}\"") {
        return Err(format!("after the partner stands `namespaces=\"{NAMESPACE}\"` and no other option"));
    }
    let key: Vec<&str> = words.collect();
    let key =
        PublicKey::from_openssh(&key.join(" ")).map_err(|_| "this is no public key of OpenSSH".to_owned())?;
    let taken =
        matches!(key.algorithm(), Algorithm::Ed25519 | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 });
    if !taken {
        return Err(format!(
            "keys of the kind `{}` are not taken; make one with `ssh-keygen -t ed25519`",
            key.algorithm()
        ));
    }
    Ok((partner.to_owned(), key))
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    fn codes(text: &str) -> Vec<String> {
        Holders::read("holders", text, &["a", "b"])
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|p| p.what)
            .collect()
    }

    #[test]
    fn clause_9_2_a_holder_is_a_partner_with_a_key_for_this_purpose_alone() {
        let line = format!("a namespaces=\"{NAMESPACE}\" {KEY} post\n");
        let holders = Holders::read("holders", &format!("# why\n\n{line}"), &["a", "b"]).expect("one holder");
        assert_eq!((holders.partners(), holders.fingerprints("a").len()), (vec!["a"], 1));
        for (wrong, says) in [
            (line.replace("a name", "c name"), "not a partner"),
            (line.replace("a name", "a,b name"), "not a partner"),
            (line.replace("a name", "* name"), "not a partner"),
            (format!("a {KEY}\n"), "namespaces"),
            (line.replace(NAMESPACE, "git"), "namespaces"),
            (line.replace(NAMESPACE, "*"), "namespaces"),
            (line.replace("namespaces", "cert-authority,namespaces"), "namespaces"),
            (line.replace("JdD7", "JdD"), "no public key"),
            (format!("{line}{}", line.replace("a name", "b name")), "stands twice"),
        ] {
            let found = codes(&wrong);
            assert!(found.len() == 1 && found[0].contains(says), "{wrong}: {found:?}");
        }
    }

    #[test]
    fn clause_9_2_comments_and_order_of_the_holders_void_nothing_and_keys_do() {
        let line = |partner: &str| format!("{partner} namespaces=\"{NAMESPACE}\" {KEY}");
        let one = canonical(&format!("{}\n{} a post\n", line("a"), line("b")));
        assert_eq!(one, canonical(&format!("# new\n{}\n\n{}", line("b"), line("a"))));
        assert_ne!(one, canonical(&format!("{}\n{}", line("b"), line("a").replace("AIJd", "AIJe"))));
    }
}
