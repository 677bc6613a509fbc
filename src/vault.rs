//! The vault: the deployment's secret, what is derived from it, and the two places where personal
//! bytes lie outside the database: the [`Archive`] of received files and the [`Spool`] of a night.
//!
//! One secret of 32 bytes per deployment. Every key is derived from it for one use, so that a key
//! of one use opens nothing of another. Losing the secret loses the store and the archive; that is
//! also how a deployment is destroyed.

mod archive;
mod spool;

use core::fmt;
use lockgate_core::hash::{Digest, Keys, hmac};
use lockgate_core::problem::{Code, CodeDoc};
use lockgate_core::rest::{NONCE_LEN, RestKey};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub use archive::{Archive, Archived};
pub use spool::{Spool, SpoolReader};

/// Length of the secret in bytes.
pub const SECRET_LEN: usize = 32;

/// Codes of this room (`LG205n`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2050",
        title: "the secret cannot be read",
        explanation: "The file that holds the deployment's secret is missing or closed to this user. Put the secret back from its \
                      safe copy: a new secret opens neither the store nor the archive.",
    },
    CodeDoc {
        code: "LG2051",
        title: "the secret has the wrong form",
        explanation: "The secret is 32 bytes, or 64 hexadecimal characters on one line. Nothing runs with a shortened or damaged \
                      secret, because what it would write could not be found again.",
    },
    CodeDoc {
        code: "LG2052",
        title: "a secret is already there",
        explanation: "A new secret is never written over another: everything kept under the old one would be lost.",
    },
    CodeDoc {
        code: "LG2053",
        title: "no randomness",
        explanation: "The operating system gave no random bytes, and nothing is encrypted without them.",
    },
    CodeDoc {
        code: "LG2054",
        title: "the archive cannot be read or written",
        explanation: "A folder or file of the archive, or a temporary file, cannot be used: full disk, wrong owner or a failing \
                      drive. Nothing was half-kept; mend the cause and run again.",
    },
    CodeDoc {
        code: "LG2055",
        title: "a received file is not in the archive",
        explanation: "Its retention has passed and it was destroyed, or somebody removed it. A replay goes on without it only when \
                      the feed is told so.",
    },
    CodeDoc {
        code: "LG2056",
        title: "an archived file was changed or cut short",
        explanation: "A kept file does not open as it was sealed: truncated, altered, put under another name, or kept under \
                      another secret. It is not read further; ask the partner to send the file again.",
    },
];

/// What can go wrong here. No variant holds a value, a key or a partner's file name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The secret's file does not read.
    #[error("the secret in `{}` cannot be read", .0.display())]
    SecretUnread(PathBuf, #[source] io::Error),
    /// The secret's file holds something else.
    #[error("the secret in `{}` is not 32 bytes or 64 hexadecimal characters", .0.display())]
    SecretForm(PathBuf),
    /// A secret would be overwritten.
    #[error("`{}` already holds a secret", .0.display())]
    SecretThere(PathBuf),
    /// No random bytes.
    #[error("the operating system gave no random bytes")]
    Random,
    /// Reading or writing below the archive or the spool.
    #[error("{what} failed")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The archive holds no such file.
    #[error("the archive holds no file with digest {}", .0.hex())]
    Missing(Digest),
    /// A kept file does not open as it was sealed.
    #[error("kept bytes were changed or cut short")]
    Damaged,
}

impl VaultError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::SecretUnread(..) => "LG2050",
            Self::SecretForm(_) => "LG2051",
            Self::SecretThere(_) => "LG2052",
            Self::Random => "LG2053",
            Self::Io { .. } => "LG2054",
            Self::Missing(_) => "LG2055",
            Self::Damaged => "LG2056",
        }
    }

    /// For `map_err`: an I/O error while doing `what`.
    pub(crate) fn io(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}

/// The deployment's secret. It has no `Debug`, `Display`, `Clone` or comparison, so that it cannot
/// end up in a message by accident.
pub struct Secret([u8; SECRET_LEN]);

impl Secret {
    /// A secret from bytes that the caller already has (a test, another secret source).
    pub const fn new(bytes: [u8; SECRET_LEN]) -> Self {
        Self(bytes)
    }

    /// Reads the secret from the file that a typed reference names: 32 raw bytes, or 64 hexadecimal
    /// characters with or without a line end.
    pub fn read(path: &Path) -> Result<Self, VaultError> {
        let unread = |source| VaultError::SecretUnread(path.to_owned(), source);
        let mut bytes = Vec::with_capacity(128);
        // A secret is short: anything longer than this is another file.
        File::open(path).map_err(unread)?.take(128).read_to_end(&mut bytes).map_err(unread)?;
        parse(&bytes).map(Self).ok_or_else(|| VaultError::SecretForm(path.to_owned()))
    }

    /// Reads a secret from an environment variable, in the same form as from a file.
    pub fn from_env(name: &str) -> Result<Self, VaultError> {
        let missing = |kind: io::ErrorKind| VaultError::SecretUnread(PathBuf::from(name), kind.into());
        let text = std::env::var(name).map_err(|_| missing(io::ErrorKind::NotFound))?;
        parse(text.as_bytes()).map(Self).ok_or_else(|| VaultError::SecretForm(PathBuf::from(name)))
    }

    /// Makes a new secret and writes it to a file that only this user may read. Never overwrites.
    pub fn create(path: &Path) -> Result<Self, VaultError> {
        let bytes = random::<SECRET_LEN>()?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => VaultError::SecretThere(path.to_owned()),
            _ => VaultError::Io { what: "writing a new secret", source },
        })?;
        let text = format!("{}\n", lockgate_core::hash::hex(&bytes));
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(VaultError::io("writing a new secret"))?;
        Ok(Self(bytes))
    }
}

fn parse(bytes: &[u8]) -> Option<[u8; SECRET_LEN]> {
    if let Ok(raw) = bytes.try_into() {
        return Some(raw);
    }
    let (pairs, odd) = bytes.trim_ascii_end().as_chunks::<2>();
    if pairs.len() != SECRET_LEN || !odd.is_empty() {
        return None;
    }
    let mut secret = [0; SECRET_LEN];
    for (byte, [high, low]) in secret.iter_mut().zip(pairs) {
        *byte = (hex_digit(*high)? << 4) | hex_digit(*low)?;
    }
    Some(secret)
}

/// A digest from its 64 hexadecimal digits.
pub fn digest_from_hex(text: &str) -> Option<Digest> {
    if text.len() == 2 * SECRET_LEN { parse(text.as_bytes()).map(Digest) } else { None }
}

fn hex_digit(c: u8) -> Option<u8> {
    u8::try_from(char::from(c).to_digit(16)?).ok()
}

/// What the deployment's secret opens.
pub struct Vault {
    secret: Secret,
    rest: RestKey,
}

impl Vault {
    /// Takes the secret and derives the store's keys.
    pub fn new(secret: Secret) -> Self {
        let rest = RestKey::new(&derive(&secret, "records at rest"));
        Self { secret, rest }
    }

    /// The key under which record values stand in the store.
    pub const fn rest(&self) -> &RestKey {
        &self.rest
    }

    /// The hash keys of a run; `mapping` is the digest of the mapping in force.
    pub fn keys(&self, mapping: &Digest) -> Keys {
        Keys::derive(&self.secret.0, mapping)
    }

    /// The pseudonym key of one recipient, by the partner's key in the agreement.
    pub fn pseudonym_key(&self, partner: &str) -> Vec<u8> {
        derive(&self.secret, &format!("pseudonyms\0{partner}")).to_vec()
    }

    /// The key of the marks by which a review of a text knows the text that was read.
    pub fn review_key(&self) -> Vec<u8> {
        derive(&self.secret, "reviews").to_vec()
    }

    /// Eight bytes that show whether a store was made under this secret, and nothing more.
    /// The key of the ledger's commitments to what was sent.
    pub fn commitment_key(&self) -> Vec<u8> {
        derive(&self.secret, "commitments").to_vec()
    }

    pub(crate) fn mark(&self) -> [u8; 8] {
        derive(&self.secret, "mark").first_chunk().copied().unwrap_or_default()
    }

    pub(crate) fn archive_key(&self) -> [u8; 32] {
        derive(&self.secret, "archive")
    }

    /// The key of what processes of this deployment hand to each other.
    pub(crate) fn bench_key(&self) -> [u8; 32] {
        derive(&self.secret, "bench")
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

fn derive(secret: &Secret, purpose: &str) -> [u8; 32] {
    hmac(&secret.0, &[b"lockgate vault\0", purpose.as_bytes()]).0
}

/// Random nonces, fetched from the system 340 at a time: one system call for each would be half the
/// cost of sealing a record.
///
/// 96 random bits: the key must change before 2^32 records were sealed under it (dependencies.md 10).
pub struct Nonces {
    buffer: [u8; NONCE_LEN * 340],
    used: usize,
}

impl Nonces {
    /// An empty stock; the first call fills it.
    pub const fn new() -> Self {
        Self { buffer: [0; NONCE_LEN * 340], used: NONCE_LEN * 340 }
    }

    /// A nonce that was not given before.
    pub fn next_nonce(&mut self) -> Result<[u8; NONCE_LEN], VaultError> {
        if self.used == self.buffer.len() {
            getrandom::fill(&mut self.buffer).map_err(|_| VaultError::Random)?;
            self.used = 0;
        }
        let nonce = self.buffer.get(self.used..).and_then(|rest| rest.first_chunk::<NONCE_LEN>());
        self.used += NONCE_LEN;
        nonce.copied().ok_or(VaultError::Random)
    }
}

impl Default for Nonces {
    fn default() -> Self {
        Self::new()
    }
}

fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| VaultError::Random)?;
    Ok(bytes)
}

/// Makes a folder's new names survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes a folder that only this user may enter.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_raw_or_as_hex_and_in_no_other_form() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let hex = "0f".repeat(32);
        let cases: [(&[u8], bool); 8] = [
            (&[9; 32], true),
            (hex.as_bytes(), true),
            (&[hex.as_bytes(), b"\n"].concat(), true),
            (&[hex.as_bytes(), b"\r\n"].concat(), true),
            (b"", false),
            (&[9; 31], false),
            (&[hex.as_bytes(), b"0f"].concat(), false),
            ("0g".repeat(32).leak().as_bytes(), false),
        ];
        for (bytes, good) in cases {
            fs::write(&path, bytes).unwrap();
            assert_eq!(Secret::read(&path).is_ok(), good, "{} bytes", bytes.len());
        }
    }

    #[test]
    fn a_new_secret_reads_back_and_never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let made = Secret::create(&path).unwrap();
        assert!(Secret::read(&path).unwrap().0 == made.0);
        assert_eq!(Secret::create(&path).err().unwrap().code(), "LG2052");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        }
    }

    #[test]
    fn uses_and_partners_have_their_own_keys() {
        let vault = Vault::new(Secret::new([1; 32]));
        assert_ne!(vault.pseudonym_key("a"), vault.pseudonym_key("b"));
        assert_ne!(vault.pseudonym_key("a"), Vault::new(Secret::new([2; 32])).pseudonym_key("a"));
        assert_ne!(&vault.archive_key()[..8], vault.mark());
        assert_ne!(vault.archive_key(), vault.bench_key());
    }

    #[test]
    fn nonces_do_not_repeat_across_refills() {
        let mut nonces = Nonces::new();
        let mut seen: Vec<_> = (0..2_000).map(|_| nonces.next_nonce().unwrap()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 2_000);
    }

    #[test]
    fn codes_are_documented() {
        for error in [VaultError::Random, VaultError::Damaged, VaultError::Missing(Digest([0; 32]))] {
            assert!(CODES.iter().any(|doc| doc.code == error.code()));
        }
    }
}
