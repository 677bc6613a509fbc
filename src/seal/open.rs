//! All checks of a bundle in their order: first who sealed it, then that it opens, then who made it and for whom, which it
//! is, and at last every file. Nothing is left behind unless all of them hold.

use super::contents::{Contents, Listed, MANIFEST, MANIFEST_BYTES, SIGNATURE, allowed};
use super::fault::Fault;
use super::proof::{Hashes, Signature, Signed};
use super::signers::Signers;
use super::unpack::{Files, Zip};
use super::{BUNDLE_NAMESPACE, DELIVERY_NAMESPACE, SEALED_ENDING, proof};
use jiff::civil::DateTime;
use lockgate_core::hash::{Digest, Digester};
use sha2::{Digest as _, Sha512};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

const BUFFER: usize = 64 * 1024;
/// What a whole bundle may unpack to.
const MOST_BYTES: u64 = 8 << 30;

/// What a bundle is checked against.
pub struct Asked<'a> {
    /// Whom the reader trusts.
    pub signers: &'a Signers,
    /// The moment for which keys must count, in UTC.
    pub now: DateTime,
    /// Whose bundle it must be.
    pub recipient: Option<&'a str>,
    /// The last sequence that was applied.
    pub after: Option<u64>,
    /// The digest of the manifest that was applied last.
    pub previous: Option<Digest>,
}

/// A bundle of which every check held.
#[derive(Debug)]
pub struct Opened {
    /// What its manifest says.
    pub contents: Contents,
    /// Who sealed it; nothing for a bundle that was unpacked already.
    pub outer: Option<Signed>,
    /// Who made it.
    pub inner: Signed,
    /// What holds and should be known all the same.
    pub notes: Vec<String>,
    /// Where it was unpacked to.
    pub folder: Option<PathBuf>,
}

/// The outer signature: whose it is, and size and digest of the sealed file.
pub fn outer(file: &Path, asked: &Asked<'_>) -> Result<(Signed, u64, Digest), Fault> {
    let mut opened = existing(file)?;
    outer_of(file, &mut opened, asked)
}

fn existing(file: &Path) -> Result<File, Fault> {
    let unreadable = |_| Fault::usage("LG2319", format!("`{}` cannot be opened", file.display()));
    let opened = File::open(file).map_err(unreadable)?;
    match opened.metadata() {
        Ok(about) if about.is_file() => Ok(opened),
        _ => Err(Fault::usage("LG2319", format!("`{}` is no file", file.display()))),
    }
}

fn outer_of(path: &Path, file: &mut File, asked: &Asked<'_>) -> Result<(Signed, u64, Digest), Fault> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".sig");
    let signature = Signature::open(Path::new(&beside))?;
    let (bytes, sha256, sha512) = hashes(file).map_err(|_| unread())?;
    let what = "the sealed file";
    let hashes = Hashes::new(sha256, sha512);
    let signed = signature.check(what, &hashes, DELIVERY_NAMESPACE, asked.signers, asked.now)?;
    Ok((signed, bytes, sha256))
}

fn unread() -> Fault {
    Fault::usage("LG2319", "the file cannot be read")
}

fn hashes(file: &mut File) -> io::Result<(u64, Digest, Sha512)> {
    let (mut sha256, mut sha512, mut bytes) = (Digester::new(), Sha512::new(), 0);
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|p| !p.is_empty()) else { break };
        sha256.update(part);
        sha512.update(part);
        bytes += read as u64;
    }
    Ok((bytes, sha256.finish(), sha512))
}

/// Checks a sealed bundle from the outside in. With `out` it is unpacked into a folder of its name in there.
pub fn open_file(
    path: &Path,
    identities: &[age::x25519::Identity],
    asked: &Asked<'_>,
    out: Option<&Path>,
) -> Result<Opened, Fault> {
    let mut file = existing(path)?;
    let (signed, ..) = outer_of(path, &mut file, asked)?;
    file.rewind().map_err(|_| unread())?;
    let decryptor = age::Decryptor::new_buffered(BufReader::with_capacity(2 * BUFFER, file))
        .map_err(|_| Fault::new("LG2308", "the sealed file is none of age, or its head was changed"))?;
    let keys = identities.iter().map(|i| i as &dyn age::Identity);
    let plain = decryptor.decrypt(keys).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => Fault::new(
            "LG2307",
            "it is sealed to another key than the one given: it is not for you, or for your other key",
        ),
        _ => Fault::new("LG2308", "the sealed file is cut short or was changed"),
    })?;
    let mut opened = open_plain(plain, asked, out)?;
    let expected = format!("{}{SEALED_ENDING}", opened.contents.name);
    if path.file_name().is_none_or(|name| name.to_string_lossy() != expected) {
        opened.notes.push(format!("the file was renamed: it was sent as `{expected}`"));
    }
    opened.outer = Some(signed);
    Ok(opened)
}

/// Checks a plain zip, whatever it comes out of.
pub fn open_plain<R: Read + Seek>(reader: R, asked: &Asked<'_>, out: Option<&Path>) -> Result<Opened, Fault> {
    checked(&mut Zip::open(reader)?, asked, out)
}

/// Checks a bundle that was unpacked already.
pub fn open_folder(folder: &Path, asked: &Asked<'_>) -> Result<Opened, Fault> {
    checked(&mut Loose::open(folder)?, asked, None)
}

fn checked(files: &mut dyn Files, asked: &Asked<'_>, out: Option<&Path>) -> Result<Opened, Fault> {
    let manifest = whole(files, MANIFEST, MANIFEST_BYTES)?;
    let names: BTreeSet<String> = files.names().into_iter().collect();
    if !names.contains(SIGNATURE) {
        return Err(Fault::new(
            "LG2301",
            format!("`{SIGNATURE}` is missing: nothing says who made the bundle"),
        ));
    }
    let signature = whole(files, SIGNATURE, proof::MAX_BYTES)?;
    let hashes = Hashes::of(&manifest);
    let inner = Signature::read(&String::from_utf8_lossy(&signature))?.check(
        "the manifest",
        &hashes,
        BUNDLE_NAMESPACE,
        asked.signers,
        asked.now,
    )?;
    let contents = Contents::read(&manifest)
        .map_err(|what| Fault::new("LG2310", format!("the manifest is not one of a bundle: {what}")))?;
    let notes = wanted(&contents, asked)?;
    for name in &names {
        if name != MANIFEST && name != SIGNATURE && !contents.files.contains_key(name) {
            return Err(Fault::new("LG2311", format!("`{name}` is there and the manifest does not list it")));
        }
    }
    let total: u64 = contents.files.values().fold(0, |sum, f| sum.saturating_add(f.bytes));
    if total > MOST_BYTES {
        return Err(Fault::new("LG2309", "the bundle would unpack to more bytes than any"));
    }
    let target = out.map(|out| Target::create(out, &contents.name)).transpose()?;
    for (name, listed) in &contents.files {
        one(files, name, listed, target.as_ref())?;
    }
    wholes(files, &contents)?;
    let texts = [(MANIFEST, manifest), (SIGNATURE, signature)];
    let folder = target.map(|target| target.keep(&texts)).transpose()?;
    Ok(Opened { contents, outer: None, inner, notes, folder })
}

/// Whether it is the bundle that the reader waits for.
fn wanted(contents: &Contents, asked: &Asked<'_>) -> Result<Vec<String>, Fault> {
    let mut notes = Vec::new();
    if let Some(recipient) = asked.recipient
        && recipient != contents.recipient
    {
        let what = format!("the bundle is for `{}` and not for `{recipient}`", contents.recipient);
        return Err(Fault::new("LG2313", what));
    }
    let sequence = contents.sequence;
    if let Some(after) = asked.after {
        if sequence <= after {
            let what = format!(
                "the bundle has number {sequence}, and {after} was applied already: do not apply it again"
            );
            return Err(Fault::new("LG2314", what));
        }
        if sequence > after.saturating_add(1) {
            let lost = if sequence == after.saturating_add(2) {
                format!("number {} is", after.saturating_add(1))
            } else {
                format!("numbers {} to {} are", after.saturating_add(1), sequence - 1)
            };
            if contents.kind != "snapshot" {
                let what = format!("{lost} missing: ask for what was lost before applying number {sequence}");
                return Err(Fault::missing("LG2315", what));
            }
            notes.push(format!("{lost} missing; this one is a snapshot and stands for itself"));
        }
    }
    match (asked.previous, contents.previous) {
        (Some(mine), named) if named != Some(mine) => Err(Fault::new(
            "LG2316",
            "the bundle does not follow the one that you named: its manifest names another before it",
        )),
        _ => Ok(notes),
    }
}

/// A small file whole.
fn whole(files: &mut dyn Files, name: &str, most: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let read = files.read(name, most)?.read_to_end(&mut bytes);
    if read.is_err() {
        return Err(files.failed(name));
    }
    if bytes.len() as u64 > most {
        return Err(Fault::new("LG2309", format!("`{name}` is larger than any")));
    }
    Ok(bytes)
}

/// One listed file: read once, compared with the manifest, and written out on its way.
fn one(files: &mut dyn Files, name: &str, listed: &Listed, target: Option<&Target>) -> Result<(), Fault> {
    let mut to = target.map(|t| t.file(name)).transpose()?;
    let (mut digester, mut bytes, mut buffer) = (Digester::new(), 0_u64, vec![0; BUFFER]);
    let mut reader = files.read(name, listed.bytes)?;
    let ended = loop {
        let Ok(read) = reader.read(&mut buffer) else { break false };
        let Some(part) = buffer.get(..read).filter(|p| !p.is_empty()) else { break true };
        digester.update(part);
        bytes += read as u64;
        if let Some(to) = &mut to {
            to.write_all(part).map_err(|_| unwritten())?;
        }
    };
    drop(reader);
    if !ended {
        return Err(files.failed(name));
    }
    if (Listed { bytes, hash: digester.finish() }) != *listed {
        return Err(changed(name));
    }
    match to {
        Some(to) => to.sync_all().map_err(|_| unwritten()),
        None => Ok(()),
    }
}

fn changed(name: &str) -> Fault {
    Fault::new("LG2312", format!("`{name}` is not as the manifest says: it was changed"))
}

fn unwritten() -> Fault {
    Fault {
        code: "LG2320",
        what: "the files cannot be written here".into(),
        exit: crate::exit::Exit::Temporary,
    }
}

/// Tables in parts: the parts one after the other, with the first one's header, are what the manifest says of the whole.
fn wholes(files: &mut dyn Files, contents: &Contents) -> Result<(), Fault> {
    for (parts, listed) in &contents.wholes {
        let (mut digester, mut bytes) = (Digester::new(), 0_u64);
        for (at, name) in parts.iter().enumerate() {
            let most = contents.files.get(name).map_or(0, |f| f.bytes);
            let mut reader = BufReader::with_capacity(BUFFER, files.read(name, most)?);
            let mut header = Vec::new();
            let read = io::BufRead::read_until(&mut reader, b'\n', &mut header);
            let mut copied = Hashing { digester: &mut digester, bytes: &mut bytes };
            let head = if at == 0 { copied.write_all(&header) } else { Ok(()) };
            let rest = head.and_then(|()| io::copy(&mut reader, &mut copied));
            drop(reader);
            if read.is_err() || rest.is_err() {
                return Err(files.failed(name));
            }
        }
        if (Listed { bytes, hash: digester.finish() }) != *listed {
            return Err(changed(parts.first().map_or("", String::as_str)));
        }
    }
    Ok(())
}

struct Hashing<'a> {
    digester: &'a mut Digester,
    bytes: &'a mut u64,
}

impl Write for Hashing<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.digester.update(part);
        *self.bytes += part.len() as u64;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where a bundle is unpacked: under another name until all checks held, and gone again if not.
struct Target {
    part: PathBuf,
    folder: PathBuf,
    kept: bool,
}

impl Target {
    fn create(out: &Path, name: &str) -> Result<Self, Fault> {
        let (folder, part) = (out.join(name), out.join(format!(".{name}.part")));
        if folder.exists() {
            return Err(Fault::usage("LG2320", format!("`{}` is there already", folder.display())));
        }
        let make = || {
            fs::create_dir_all(out)?;
            if part.exists() {
                fs::remove_dir_all(&part)?;
            }
            crate::vault::private_folder(&part)
        };
        make().map_err(|_| unwritten())?;
        Ok(Self { part, folder, kept: false })
    }

    /// Creates a file; its name is an allowed one.
    fn file(&self, name: &str) -> Result<File, Fault> {
        let place = self.part.join(name);
        let create = || {
            if let Some(above) = place.parent() {
                crate::vault::private_folder(above)?;
            }
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(&place)
        };
        create().map_err(|_| unwritten())
    }

    fn keep(mut self, texts: &[(&str, Vec<u8>)]) -> Result<PathBuf, Fault> {
        for (name, bytes) in texts {
            self.file(name)?.write_all(bytes).map_err(|_| unwritten())?;
        }
        fs::rename(&self.part, &self.folder).map_err(|_| unwritten())?;
        self.kept = true;
        Ok(self.folder.clone())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_dir_all(&self.part);
        }
    }
}

/// An unpacked bundle.
struct Loose {
    folder: PathBuf,
    names: Vec<String>,
}

impl Loose {
    /// Lists the folder; links and names that no bundle has are refused.
    fn open(folder: &Path) -> Result<Self, Fault> {
        let mut names = Vec::new();
        for prefix in ["", "data/"] {
            let at = folder.join(prefix);
            if !prefix.is_empty() && !at.exists() {
                continue;
            }
            let unreadable = |_| Fault::usage("LG2319", format!("`{}` cannot be read", at.display()));
            for entry in fs::read_dir(&at).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let kind = entry.file_type().map_err(unreadable)?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                if name == "data" && kind.is_dir() {
                    continue;
                }
                if !kind.is_file() || !allowed(&name) {
                    return Err(Fault::new("LG2311", "something lies in the folder that no bundle has"));
                }
                names.push(name);
            }
        }
        Ok(Self { folder: folder.into(), names })
    }
}

impl Files for Loose {
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn read(&mut self, name: &str, most: u64) -> Result<Box<dyn Read + '_>, Fault> {
        if !self.names.iter().any(|n| n == name) {
            return Err(Fault::new("LG2311", format!("`{name}` is missing")));
        }
        let file = File::open(self.folder.join(name)).map_err(|_| self.failed(name))?;
        Ok(Box::new(file.take(most.saturating_add(1))))
    }

    fn failed(&self, name: &str) -> Fault {
        Fault::usage("LG2319", format!("`{name}` cannot be read"))
    }
}
