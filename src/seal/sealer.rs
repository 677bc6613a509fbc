//! Sealing once: a committed bundle becomes ciphertext and signature in the outbox, whole or not at all. Done again,
//! what was sealed is found and not sealed anew: age is random, and the same bundle is only ever sent as the same bytes.

use super::contents::{Contents, MANIFEST, MANIFEST_BYTES, SIGNATURE};
use super::error::SealError;
use super::keyring::Keyring;
use super::pack::pack;
use super::signer::Signer;
use super::{BUNDLE_NAMESPACE, DELIVERY_NAMESPACE, SEALED_ENDING};
use crate::vault::{digest_from_hex, sync_folder};
use jiff::civil::Date;
use lockgate_core::hash::{Digest, Digester};
use lockgate_core::ledger::Outgoing;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha512};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// What is kept about a sealed bundle beside its bytes.
const FACTS: &str = "sealed.json";
const BUFFER: usize = 64 * 1024;

/// A sealed bundle in the outbox, and what is known of it. Only [`Sealer::seal`] makes one, from what the ledger has
/// committed, and [`sealed_before`] finds it again; it is what a door takes.
#[derive(Debug)]
pub struct Sealed {
    name: String,
    recipient: String,
    folder: PathBuf,
    bytes: u64,
    digest: Digest,
}

impl Sealed {
    /// The bundle's name, without ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The one recipient whose key opens it.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// Where the ciphertext lies.
    pub fn ciphertext(&self) -> PathBuf {
        self.folder.join(format!("{}{SEALED_ENDING}", self.name))
    }

    /// Where its signature lies.
    pub fn signature(&self) -> PathBuf {
        self.folder.join(format!("{}{SEALED_ENDING}.sig", self.name))
    }

    /// Size of the ciphertext.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of the ciphertext.
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// A committed bundle that was sealed before, as it lies in the outbox: for a process that brings what another one sealed, and
/// has no key that signs.
pub fn sealed_before(outgoing: &Outgoing, outbox: &Path) -> Result<Sealed, SealError> {
    let recipient = outgoing.name().split('_').nth(2).unwrap_or_default();
    found(outgoing, recipient, kept_folder(outbox, recipient, outgoing.name())).map(|(sealed, _)| sealed)
}

/// What the outbox keeps of a sealed bundle, for whoever looks; the recipient does not get it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Facts {
    /// The sealed file's name.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// The public keys that it is sealed to.
    pub sealed_to: Vec<String>,
    /// The fingerprint of the key that signed it.
    pub signed_by: String,
}

/// The outbox's folder of a bundle.
pub fn kept_folder(outbox: &Path, recipient: &str, name: &str) -> PathBuf {
    outbox.join(recipient).join(name)
}

/// The facts of a sealed bundle; `None` when it was not sealed, or they do not read.
pub fn read_facts(folder: &Path) -> Option<Facts> {
    serde_json::from_slice(&fs::read(folder.join(FACTS)).ok()?).ok()
}

/// Keys and outbox of one night.
pub struct Sealer {
    signer: Signer,
    keyring: Keyring,
    day: Date,
    outbox: PathBuf,
}

impl Sealer {
    /// Takes the key that signs on the day. `root` is what files of secrets are relative to.
    pub fn open(root: &Path, keyring: &Keyring, day: Date, outbox: PathBuf) -> Result<Self, SealError> {
        let signer = Signer::read(root, &keyring.signs(day)?.secret)?;
        Ok(Self { signer, keyring: keyring.clone(), day, outbox })
    }

    /// Whether a recipient's bundle can be sealed: asked before anything is recorded.
    pub fn ready(&self, recipient: &str) -> Result<(), SealError> {
        self.keyring.seals_to(recipient, self.day).map(drop)
    }

    /// Seals a committed bundle, or finds it sealed. Whose it is stands in the manifest that was committed, so that there
    /// is no way to seal one recipient's bundle to another's key.
    pub fn seal(&self, outgoing: &Outgoing, staging: &Path) -> Result<Sealed, SealError> {
        let name = outgoing.name();
        // The recipient is the third word of the name; the manifest must agree with it.
        let recipient = name.split('_').nth(2).unwrap_or_default();
        let folder = kept_folder(&self.outbox, recipient, name);
        let plain = staging.join(name);
        if folder.exists() {
            let (sealed, facts) = found(outgoing, recipient, folder.clone())?;
            let keys = self.keyring.seals_to(recipient, self.day)?;
            if keys.iter().any(|k| facts.sealed_to.contains(&k.text)) {
                return Ok(sealed);
            }
            // Its key ended, perhaps in bad hands, before it was at the door: until then the plain files are kept.
            if !plain.exists() {
                let what = "it is sealed to a key that has ended, and was sent already";
                return Err(SealError::Other { name: name.into(), what });
            }
            fs::remove_dir_all(&folder).map_err(SealError::io("removing", &folder))?;
        }
        let (manifest, contents) = committed(outgoing, &plain)?;
        let part = self.outbox.join(recipient).join(format!(".{name}.part"));
        start(&part)?;
        let facts = self.write(&plain, &manifest, &contents, &part)?;
        fs::rename(&part, &folder).map_err(SealError::io("renaming", &folder))?;
        let above = self.outbox.join(recipient);
        sync_folder(&above).map_err(SealError::io("synchronising", &above))?;
        let digest = digest_from_hex(&facts.sha256).unwrap_or(Digest([0; 32]));
        Ok(Sealed { name: name.into(), recipient: recipient.into(), folder, bytes: facts.bytes, digest })
    }

    /// Everything that the outbox keeps of the bundle, into a folder that is not yet under its name.
    fn write(
        &self,
        plain: &Path,
        manifest: &[u8],
        contents: &Contents,
        part: &Path,
    ) -> Result<Facts, SealError> {
        let keys = self.keyring.seals_to(&contents.recipient, self.day)?;
        let inner = self.signer.sign(BUNDLE_NAMESPACE, manifest)?;
        let file = format!("{}{SEALED_ENDING}", contents.name);
        let place = part.join(&file);
        let failed = |doing: &'static str| SealError::io(doing, &place);
        let out = Tee::new(private(&place).map_err(failed("creating"))?);
        let to = keys.iter().map(|k| k.key() as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(to).map_err(|_| SealError::Other {
            name: contents.name.clone(),
            what: "it cannot be encrypted to its key",
        })?;
        let out = encryptor.wrap_output(out).map_err(failed("encrypting"))?;
        let out = pack(plain, contents, manifest, &inner, out)?;
        let tee = out.finish().map_err(failed("encrypting"))?;
        let (bytes, sha256, sha512) = tee.finish().map_err(failed("synchronising"))?;
        let outer = self.signer.sign_digest(DELIVERY_NAMESPACE, sha512)?;
        let facts = Facts {
            bytes,
            sha256: sha256.hex(),
            sealed_to: keys.iter().map(|k| k.text.clone()).collect(),
            signed_by: self.signer.fingerprint(),
            file: file.clone(),
        };
        let text = serde_json::to_vec_pretty(&facts).unwrap_or_default();
        whole(&part.join(format!("{file}.sig")), outer.as_bytes())?;
        whole(&part.join(MANIFEST), manifest)?;
        whole(&part.join(SIGNATURE), inner.as_bytes())?;
        whole(&part.join(FACTS), &text)?;
        sync_folder(part).map_err(SealError::io("synchronising", part))?;
        Ok(facts)
    }
}

/// The manifest that lies in staging, which must be the committed one.
fn committed(outgoing: &Outgoing, plain: &Path) -> Result<(Vec<u8>, Contents), SealError> {
    let other = |what| SealError::Other { name: outgoing.name().into(), what };
    let manifest = small(&plain.join(MANIFEST))?;
    if Digest::of(&manifest) != outgoing.manifest() {
        return Err(other("what lies in the staging folder is not what the ledger committed"));
    }
    let contents = Contents::read(&manifest).map_err(|_| other("its manifest does not read"))?;
    if contents.name != outgoing.name() {
        return Err(other("its manifest is of another bundle"));
    }
    Ok((manifest, contents))
}

/// A bundle that was sealed before: the same manifest, and the bytes unchanged since.
fn found(outgoing: &Outgoing, recipient: &str, folder: PathBuf) -> Result<(Sealed, Facts), SealError> {
    let name = outgoing.name();
    let other = |what| SealError::Other { name: name.into(), what };
    if Digest::of(&small(&folder.join(MANIFEST))?) != outgoing.manifest() {
        return Err(other("another bundle was sealed under its name"));
    }
    let facts = read_facts(&folder).ok_or_else(|| other("what the outbox keeps of it does not read"))?;
    let digest =
        digest_from_hex(&facts.sha256).ok_or_else(|| other("its digest in the outbox does not read"))?;
    let (name, recipient) = (name.to_owned(), recipient.to_owned());
    let sealed = Sealed { name, recipient, folder, bytes: facts.bytes, digest };
    if hash_file(&sealed.ciphertext())? != (sealed.bytes, digest) || !sealed.signature().is_file() {
        return Err(SealError::Other { name: sealed.name, what: "what was sealed was changed since" });
    }
    Ok((sealed, facts))
}

/// A new empty folder; what a killed run left under the name goes.
fn start(part: &Path) -> Result<(), SealError> {
    if part.exists() {
        fs::remove_dir_all(part).map_err(SealError::io("removing", part))?;
    }
    crate::vault::private_folder(part).map_err(SealError::io("making", part))
}

fn private(place: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(place)
}

fn whole(place: &Path, bytes: &[u8]) -> Result<(), SealError> {
    let write = || {
        let mut file = private(place)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(SealError::io("writing", place))
}

fn small(place: &Path) -> Result<Vec<u8>, SealError> {
    let mut bytes = Vec::new();
    let file = File::open(place).map_err(SealError::io("opening", place))?;
    file.take(MANIFEST_BYTES).read_to_end(&mut bytes).map_err(SealError::io("reading", place))?;
    Ok(bytes)
}

/// Size and SHA-256 of a file.
pub fn hash_file(place: &Path) -> Result<(u64, Digest), SealError> {
    let read = || {
        let (mut file, mut digester) = (File::open(place)?, Digester::new());
        let (mut bytes, mut buffer) = (0, vec![0; BUFFER]);
        loop {
            let read = file.read(&mut buffer)?;
            let Some(part) = buffer.get(..read).filter(|p| !p.is_empty()) else { break };
            digester.update(part);
            bytes += read as u64;
        }
        Ok((bytes, digester.finish()))
    };
    read().map_err(SealError::io("reading", place))
}

/// Writes and hashes: SHA-256 is what people compare, SHA-512 is what the signature is of.
struct Tee {
    file: BufWriter<File>,
    sha256: Digester,
    sha512: Sha512,
    bytes: u64,
}

impl Tee {
    fn new(file: File) -> Self {
        let file = BufWriter::with_capacity(2 * BUFFER, file);
        Self { file, sha256: Digester::new(), sha512: Sha512::new(), bytes: 0 }
    }

    fn finish(self) -> io::Result<(u64, Digest, Sha512)> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok((self.bytes, self.sha256.finish(), self.sha512))
    }
}

impl Write for Tee {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.file.write_all(part)?;
        self.sha256.update(part);
        self.sha512.update(part);
        self.bytes += part.len() as u64;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
