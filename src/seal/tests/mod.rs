//! Sealing and opening: one small bundle on its way, and whose and which it must be.

mod keys;
mod spoiled;

use super::*;
use crate::config::{SecretRef, Settings};
use crate::deliver::folder;
use jiff::civil::{Date, DateTime, date};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{LedgerCommit, Outgoing, Prepared};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::write::SimpleFileOptions;

const NAME: &str = "lockgate_here_two_20081117_000007_delta";
const NIGHT: Date = date(2008, 11, 17);
const NOW: DateTime = date(2008, 11, 18).at(9, 0, 0, 0);

/// What a small bundle holds besides its manifest.
fn small() -> BTreeMap<&'static str, Vec<u8>> {
    let people = "record_id,surname\r\n0123456789abcdef0123,Invented\r\n".as_bytes();
    BTreeMap::from([
        ("README.txt", b"what it is\r\n".to_vec()),
        ("acknowledge.csv", b"bundle,action\r\n".to_vec()),
        ("data/people.csv", people.to_vec()),
        ("summary.html", b"<p>one row</p>".to_vec()),
    ])
}

/// A manifest of files; `change` may spoil it.
fn manifest(files: &BTreeMap<&str, Vec<u8>>, change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let hash = |bytes: &[u8]| format!("sha256:{}", Digest::of(bytes).hex());
    let resources: Vec<_> = files
        .iter()
        .map(|(path, bytes)| json!({"path": path, "bytes": bytes.len(), "hash": hash(bytes)}))
        .collect();
    let mut value = json!({
        "name": NAME,
        "lockgate": {
            "spec": "1", "recipient": "two", "kind": "delta", "sequence": 7, "as_of": "2008-11-17",
            "previous": hash(b"the one before"), "counts": {"people": {"new": 1, "correction": 0}},
        },
        "resources": resources,
    });
    change(&mut value);
    serde_json::to_vec_pretty(&value).unwrap()
}

struct Book;

impl LedgerCommit for Book {
    type Error = ();

    async fn commit(&mut self, _: &Prepared) -> Result<(), ()> {
        Ok(())
    }
}

fn committed(name: &str, manifest: &[u8]) -> Outgoing {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let prepared = Prepared::new(name.into(), Digest::of(manifest));
    runtime.block_on(prepared.release(&mut Book)).unwrap()
}

/// A gateway with two recipients, in a folder of its own.
struct House {
    at: tempfile::TempDir,
    keyring: Keyring,
    identities: BTreeMap<&'static str, age::x25519::Identity>,
    signers: Signers,
}

fn settings(signing: &str, keys: &[(&str, String)]) -> Settings {
    let mut text = format!(
        "[store]\npath = \"state\"\nsecret = {{ env = \"S\" }}\n[contact]\nname = \"desk\"\nreach = \"nobody\"\n\
         [gateway]\nidentity = \"gateway@here\"\n{signing}\n"
    );
    for (partner, list) in keys {
        text += &format!("[recipient.{partner}]\nkeys = [{list}]\n");
    }
    toml::from_str(&text).unwrap()
}

impl House {
    fn new() -> Self {
        let at = tempfile::tempdir().unwrap();
        let new = new_signer("gateway@here").unwrap();
        fs::write(at.path().join("signing"), &new.secret).unwrap();
        let identities: BTreeMap<&'static str, _> =
            ["two", "three"].map(|p| (p, age::x25519::Identity::generate())).into();
        let keys: Vec<(&str, String)> =
            identities.iter().map(|(p, i)| (*p, format!("{{ age = \"{}\" }}", i.to_public()))).collect();
        let signing = "[[gateway.signing]]\nkey = { file = \"signing\" }";
        let keyring = Keyring::read(&settings(signing, &keys), &["two", "three"]).ok().unwrap();
        let signer = Signer::parse(&new.secret).unwrap();
        let signers = signers_line("gateway@here", Window::default(), signer.public()).unwrap();
        let signers = Signers::read(&signers).unwrap();
        Self { at, keyring, identities, signers }
    }

    fn at(&self, place: &str) -> PathBuf {
        self.at.path().join(place)
    }

    fn signer(&self) -> Signer {
        let secret = SecretRef { file: Some("signing".into()), env: None };
        Signer::read(self.at.path(), &secret).unwrap()
    }

    /// Puts a bundle into staging and commits it.
    fn stage(&self, files: &BTreeMap<&str, Vec<u8>>, manifest: &[u8]) -> Outgoing {
        let folder = self.at("staging").join(NAME);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("data")).unwrap();
        for (path, bytes) in files {
            fs::write(folder.join(path), bytes).unwrap();
        }
        fs::write(folder.join(MANIFEST), manifest).unwrap();
        committed(NAME, manifest)
    }

    fn sealer(&self) -> Sealer {
        Sealer::open(self.at.path(), &self.keyring, NIGHT, self.at("outbox")).unwrap()
    }

    /// The small bundle at its recipient's door.
    fn delivered(&self) -> PathBuf {
        let files = small();
        let outgoing = self.stage(&files, &manifest(&files, |_| {}));
        let sealed = self.sealer().seal(&outgoing, &self.at("staging")).unwrap();
        folder::put(&sealed, &self.at("doors")).unwrap()
    }

    fn asked(&self) -> Asked<'_> {
        Asked { signers: &self.signers, now: NOW, recipient: Some("two"), after: Some(6), previous: None }
    }

    fn open(&self, file: &Path, who: &str, asked: &Asked<'_>) -> Result<Opened, Fault> {
        let out = self.at("received");
        let opened = open_file(file, std::slice::from_ref(&self.identities[who]), asked, Some(&out));
        if opened.is_err() {
            let left: Vec<_> = fs::read_dir(&out).map(|all| all.flatten().collect()).unwrap_or_default();
            assert!(left.is_empty(), "a refused bundle left {left:?}");
        }
        opened
    }

    fn refused(&self, file: &Path) -> &'static str {
        self.open(file, "two", &self.asked()).err().map_or("opened", |f| f.code)
    }

    /// Seals other content to `who`, and signs the outside: what a fault of the gateway itself would make.
    fn reseal(&self, who: &str, plain: &[u8]) -> PathBuf {
        let file = self.at(&format!("{NAME}.zip.age"));
        let to = self.identities[who].to_public();
        let encryptor = age::Encryptor::with_recipients([&to as &dyn age::Recipient].into_iter()).unwrap();
        let mut out = encryptor.wrap_output(Vec::new()).unwrap();
        out.write_all(plain).unwrap();
        self.sign_outside(&file, &out.finish().unwrap(), DELIVERY_NAMESPACE);
        file
    }

    fn sign_outside(&self, file: &Path, bytes: &[u8], namespace: &str) {
        fs::write(file, bytes).unwrap();
        let signature = self.signer().sign(namespace, bytes).unwrap();
        fs::write(beside(file), signature).unwrap();
    }

    /// The plain zip as the gateway packs it.
    fn packed(&self) -> Vec<u8> {
        let files = small();
        let manifest = manifest(&files, |_| {});
        self.stage(&files, &manifest);
        let contents = Contents::read(&manifest).unwrap();
        let signature = self.signer().sign(BUNDLE_NAMESPACE, &manifest).unwrap();
        pack(&self.at("staging").join(NAME), &contents, &manifest, &signature, Vec::new()).unwrap()
    }

    /// A zip of any parts, with the manifest's true signature added.
    fn zipped(&self, parts: &[(&str, Vec<u8>)], manifest: &[u8]) -> Vec<u8> {
        let signature = self.signer().sign(BUNDLE_NAMESPACE, manifest).unwrap();
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let all = [(MANIFEST, manifest.to_vec()), (SIGNATURE, signature.into_bytes())];
        for (name, bytes) in all.iter().chain(parts) {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn plain(&self, zip: Vec<u8>) -> Result<Opened, Fault> {
        let out = self.at("received");
        let opened = open_plain(Cursor::new(zip), &self.asked(), Some(&out));
        if opened.is_err() {
            assert!(fs::read_dir(&out).map_or(0, Iterator::count) == 0, "a refused bundle left something");
        }
        opened
    }

    fn code(&self, zip: Vec<u8>) -> &'static str {
        self.plain(zip).err().map_or("opened", |f| f.code)
    }
}

fn beside(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}.sig", file.display()))
}

fn parts(files: &BTreeMap<&'static str, Vec<u8>>) -> Vec<(&'static str, Vec<u8>)> {
    files.iter().map(|(name, bytes)| (*name, bytes.clone())).collect()
}

#[test]
fn the_same_files_give_the_same_zip_in_the_specified_form() {
    let house = House::new();
    let zip = house.packed();
    assert_eq!(zip, house.packed());
    let mut archive = ZipArchive::new(Cursor::new(&zip)).unwrap();
    let mut names = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index(at).unwrap();
        names.push(entry.name().unwrap().into_owned());
        assert_eq!(entry.compression(), zip::CompressionMethod::Deflated);
        assert_eq!(entry.last_modified().unwrap().to_string(), "1980-01-01 00:00:00");
        assert_eq!(entry.unix_mode(), Some(0o100_644));
        assert!(entry.extra_data().is_none_or(|d| d.is_empty()) && entry.comment().is_empty());
    }
    let expected = [MANIFEST, SIGNATURE, "README.txt", "acknowledge.csv", "data/people.csv", "summary.html"];
    assert_eq!(names, expected);
    assert!(archive.comment().is_empty());
}

#[test]
fn clause_5_2_1_what_is_sealed_opens_for_its_recipient_and_nobody_else() {
    let house = House::new();
    let file = house.delivered();
    let opened = house.open(&file, "two", &house.asked()).unwrap();
    let folder = opened.folder.unwrap();
    assert_eq!(folder.file_name().unwrap(), NAME);
    for (path, bytes) in small() {
        assert_eq!(fs::read(folder.join(path)).unwrap(), bytes, "{path}");
    }
    assert_eq!(
        (opened.outer.unwrap().identity, opened.inner.identity.as_str()),
        ("gateway@here".into(), "gateway@here")
    );
    assert!(opened.notes.is_empty());
    open_folder(&folder, &house.asked()).unwrap();
    fs::remove_dir_all(house.at("received")).unwrap();
    let fault = house.open(&file, "three", &house.asked()).unwrap_err();
    assert_eq!((fault.code, fault.exit), ("LG2307", crate::exit::Exit::Integrity));
}

#[test]
fn a_bundle_is_sealed_once_whatever_comes_between() {
    let house = House::new();
    let file = house.delivered();
    let (bytes, signature) = (fs::read(&file).unwrap(), fs::read(beside(&file)).unwrap());
    // Again with the staging folder, without it, and with a door that lost everything.
    assert_eq!(house.delivered(), file);
    fs::remove_dir_all(house.at("staging")).unwrap();
    fs::remove_dir_all(house.at("doors")).unwrap();
    let files = small();
    let outgoing = committed(NAME, &manifest(&files, |_| {}));
    let sealed = house.sealer().seal(&outgoing, &house.at("staging")).unwrap();
    assert_eq!(sealed.digest(), Digest::of(&bytes));
    folder::put(&sealed, &house.at("doors")).unwrap();
    assert_eq!((fs::read(&file).unwrap(), fs::read(beside(&file)).unwrap()), (bytes, signature));
}

#[test]
fn what_a_killed_run_left_half_done_begins_anew() {
    let house = House::new();
    let part = house.at("outbox/two").join(format!(".{NAME}.part"));
    fs::create_dir_all(&part).unwrap();
    fs::write(part.join(format!("{NAME}.zip.age")), "half").unwrap();
    fs::create_dir_all(house.at("doors/two")).unwrap();
    fs::write(house.at("doors/two").join(format!("{NAME}.zip.age.part")), "half").unwrap();
    let file = house.delivered();
    house.open(&file, "two", &house.asked()).unwrap();
    let left = fs::read_dir(house.at("doors/two")).unwrap().flatten().count();
    assert_eq!((left, part.exists()), (2, false));
}

#[test]
fn only_what_the_ledger_committed_is_sealed() {
    let house = House::new();
    let files = small();
    let good = manifest(&files, |_| {});
    let refused = |outgoing: &Outgoing| {
        let fault = house.sealer().seal(outgoing, &house.at("staging")).err().map(|e| e.code());
        let kept = kept_folder(&house.at("outbox"), "two", NAME);
        assert!(!kept.exists(), "something was sealed");
        fault
    };
    // Another manifest lies in staging than the one committed.
    let outgoing = house.stage(&files, &good);
    fs::write(house.at("staging").join(NAME).join(MANIFEST), manifest(&files, |m| m["title"] = json!("x")))
        .unwrap();
    assert_eq!(refused(&outgoing), Some("LG2216"));
    // A file is not the one that the manifest lists.
    let outgoing = house.stage(&files, &good);
    fs::write(house.at("staging").join(NAME).join("data/people.csv"), "record_id\r\n").unwrap();
    assert_eq!(refused(&outgoing), Some("LG2216"));
    // The manifest is of another recipient than the name.
    let other = manifest(&files, |m| m["lockgate"]["recipient"] = json!("three"));
    let outgoing = house.stage(&files, &other);
    assert_eq!(refused(&outgoing), Some("LG2216"));
    // What was sealed was changed afterwards.
    let file = house.delivered();
    let kept = kept_folder(&house.at("outbox"), "two", NAME).join(file.file_name().unwrap());
    let mut bytes = fs::read(&kept).unwrap();
    bytes[300] ^= 1;
    fs::write(&kept, bytes).unwrap();
    let fault = house.sealer().seal(&committed(NAME, &good), &house.at("staging")).unwrap_err();
    assert_eq!(fault.code(), "LG2216");
}

#[test]
fn a_door_never_replaces_other_bytes() {
    let house = House::new();
    let file = house.delivered();
    fs::write(&file, "somebody else's").unwrap();
    let files = small();
    let outgoing = committed(NAME, &manifest(&files, |_| {}));
    let sealed = house.sealer().seal(&outgoing, &house.at("staging")).unwrap();
    assert_eq!(folder::put(&sealed, &house.at("doors")).unwrap_err().code(), "LG2216");
    assert_eq!(fs::read(&file).unwrap(), b"somebody else's");
}

#[test]
fn whose_it_is_and_which_it_is_are_asked() {
    let house = House::new();
    let files = small();
    // The gateway's own fault: another recipient's bundle under this one's key.
    let file = house.reseal("three", &house.packed());
    let asked = Asked { recipient: Some("three"), ..house.asked() };
    assert_eq!(house.open(&file, "three", &asked).unwrap_err().code, "LG2313");
    let file = house.delivered();
    let after = |seq| {
        let asked = Asked { after: Some(seq), ..house.asked() };
        let fault = house.open(&file, "two", &asked).err().map(|f| (f.code, f.exit as u8));
        let _ = fs::remove_dir_all(house.at("received"));
        fault
    };
    let replayed = Some(("LG2314", 7));
    let missing = Some(("LG2315", 6));
    assert_eq!([9, 7, 6, 5, 0].map(after), [replayed, replayed, None, missing, missing]);
    // A snapshot stands for itself, and says what is missing.
    let snapshot = manifest(&files, |m| {
        m["lockgate"]["kind"] = json!("snapshot");
        m["name"] = json!(NAME.replace("delta", "snapshot"));
    });
    let zip = house.zipped(&parts(&files), &snapshot);
    let asked = Asked { after: Some(3), ..house.asked() };
    let opened = open_plain(Cursor::new(zip), &asked, None).unwrap();
    assert_eq!(opened.notes, ["numbers 4 to 6 are missing; this one is a snapshot and stands for itself"]);
    for (before, code) in [(&b"the one before"[..], "opened"), (b"another", "LG2316")] {
        let asked = Asked { previous: Some(Digest::of(before)), ..house.asked() };
        let code_of =
            open_plain(Cursor::new(house.packed()), &asked, None).err().map_or("opened", |f| f.code);
        assert_eq!(code_of, code);
    }
}
