//! Sealing and opening: one small bundle, and everything that can happen to it on its way.

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
fn what_is_sealed_opens_as_it_was_for_its_recipient_and_nobody_else() {
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

/// The table of `bundle.md` 2.6, and what else can go wrong on the way: each is refused with its own code, and nothing is
/// left behind.
#[test]
fn every_way_to_spoil_a_sealed_file_is_refused() {
    let house = House::new();
    let file = house.delivered();
    let (bytes, signature) = (fs::read(&file).unwrap(), fs::read_to_string(beside(&file)).unwrap());
    let put = |bytes: &[u8], signature: &str| {
        fs::write(&file, bytes).unwrap();
        fs::write(beside(&file), signature).unwrap();
        house.refused(&file)
    };
    for at in [0, 60, 200, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(put(&changed, &signature), "LG2306", "byte {at}");
        house.sign_outside(&file, &changed, DELIVERY_NAMESPACE);
        let code = house.refused(&file);
        // Within the head a changed key share looks like another's key.
        assert!(code == "LG2308" || at == 60 && code == "LG2307", "byte {at} under a good signature: {code}");
    }
    for length in [0, 100, 190, bytes.len() - 17, bytes.len() - 1] {
        assert_eq!(put(&bytes[..length], &signature), "LG2306", "{length} bytes");
        house.sign_outside(&file, &bytes[..length], DELIVERY_NAMESPACE);
        assert_eq!(house.refused(&file), "LG2308", "{length} bytes under a good signature");
    }
    house.sign_outside(&file, &bytes, BUNDLE_NAMESPACE);
    assert_eq!(house.refused(&file), "LG2304", "wrong namespace");
    let stranger = Signer::parse(&new_signer("gateway@here").unwrap().secret).unwrap();
    assert_eq!(put(&bytes, &stranger.sign(DELIVERY_NAMESPACE, &bytes).unwrap()), "LG2303", "forged");
    assert_eq!(put(&bytes, &signature[..40]), "LG2302", "half a signature");
    fs::remove_file(beside(&file)).unwrap();
    assert_eq!(house.refused(&file), "LG2301", "no signature");
    assert_eq!(put(&bytes, &signature), "opened");
}

#[test]
fn a_signers_key_counts_in_its_days_and_for_its_purposes_only() {
    let house = House::new();
    let file = house.delivered();
    let key = house.signer();
    let window = Window { from: Some(date(2008, 11, 1)), until: Some(date(2008, 11, 30)) };
    let line = signers_line("gateway@here", window, key.public()).unwrap();
    let refused = |line: &str, day: Date| {
        let signers = Signers::read(line).unwrap();
        let asked = Asked { signers: &signers, now: day.at(12, 0, 0, 0), ..house.asked() };
        let code = house.open(&file, "two", &asked).err().map_or("opened", |f| f.code);
        let _ = fs::remove_dir_all(house.at("received"));
        code
    };
    let days = [date(2008, 10, 31), date(2008, 11, 1), date(2008, 11, 30), date(2008, 12, 1)];
    assert_eq!(days.map(|d| refused(&line, d)), ["LG2305", "opened", "opened", "LG2305"]);
    let other = line.replace(DELIVERY_NAMESPACE, "git");
    assert_eq!(refused(&other, days[1]), "LG2304");
    let none = line.replace("namespaces=", "valid-after=\"20080101\",namespaces=").replace("lockgate-", "x-");
    assert_eq!(refused(&none, days[1]), "LG2304");
    // Two keys in turn: the one that counts decides, wherever it stands in the list.
    let old = line.replace("20081201", "20081110");
    let new = line.replace("valid-after=\"20081101\"", "valid-after=\"20081111\"");
    assert_eq!(refused(&format!("{old}\n{new}"), days[2]), "opened");
}

/// Whoever packs anew cannot sign anew: the manifest's signature and digests hold although the outside is good.
#[test]
fn every_way_to_spoil_what_is_inside_is_refused() {
    let house = House::new();
    let files = small();
    let good = manifest(&files, |_| {});
    assert_eq!(house.code(house.zipped(&parts(&files), &good)), "opened");
    fs::remove_dir_all(house.at("received")).unwrap();
    let spoiled = |path: &'static str, bytes: Option<&str>| {
        let mut files = files.clone();
        match bytes {
            Some(bytes) => drop(files.insert(path, bytes.as_bytes().to_vec())),
            None => drop(files.remove(path)),
        }
        house.zipped(&parts(&files), &good)
    };
    let word = "record_id,surname\r\n0123456789abcdef0123,Inverted\r\n";
    for (what, zip, code) in [
        ("a word in a CSV file", spoiled("data/people.csv", Some(word)), "LG2312"),
        ("a longer CSV file", spoiled("data/people.csv", Some(&word.repeat(9))), "LG2312"),
        ("a word in the page", spoiled("summary.html", Some("<p>two row</p>")), "LG2312"),
        ("a missing file", spoiled("acknowledge.csv", None), "LG2311"),
        ("a file too much", spoiled("data/extra.csv", Some("x")), "LG2311"),
        ("a name that leads out", spoiled("../out.csv", Some("x")), "LG2309"),
        ("a hidden name", spoiled("data/.people.csv", Some("x")), "LG2309"),
        ("a program", spoiled("run.exe", Some("x")), "LG2309"),
        ("no zip", b"PK\x03\x04 nothing".to_vec(), "LG2309"),
        ("nothing", Vec::new(), "LG2309"),
    ] {
        assert_eq!(house.code(zip.clone()), code, "{what}");
        let file = house.reseal("two", &zip);
        assert_eq!(house.refused(&file), code, "{what}, sealed");
    }
    assert!(!house.at("out.csv").exists());
    // The signature of another manifest.
    let signed_other = house.zipped(&parts(&files), &manifest(&files, |m| m["title"] = json!("x")));
    let mut archive = ZipArchive::new(Cursor::new(&signed_other)).unwrap();
    let mut signature = Vec::new();
    archive.by_name(SIGNATURE).unwrap().read_to_end(&mut signature).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [(MANIFEST, good.clone()), (SIGNATURE, signature)].into_iter().chain(parts(&files)) {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    assert_eq!(house.code(zip.finish().unwrap().into_inner()), "LG2306");
}

#[test]
fn links_folders_bombs_and_files_that_stand_twice_are_refused() {
    let house = House::new();
    let files = small();
    let good = manifest(&files, |_| {});
    let with = |add: &dyn Fn(&mut zip::ZipWriter<Cursor<Vec<u8>>>)| {
        let base = house.zipped(&parts(&files), &good);
        let mut zip = zip::ZipWriter::new_append(Cursor::new(base)).unwrap();
        add(&mut zip);
        zip.finish().unwrap().into_inner()
    };
    let plain = SimpleFileOptions::default();
    assert_eq!(
        house.code(with(&|z| z.add_symlink("data/link.csv", "/etc/passwd", plain).unwrap())),
        "LG2309"
    );
    assert_eq!(house.code(with(&|z| z.add_directory("data", plain).unwrap())), "LG2309");
    let bomb = with(&|z| {
        z.start_file("data/bomb.csv", plain).unwrap();
        z.write_all(&vec![b'0'; 4 << 20]).unwrap();
    });
    assert_eq!(house.code(bomb), "LG2309");
    // A second file of one name: its bytes are renamed in the finished zip.
    let mut twice = with(&|z| {
        z.start_file("data/peoplf.csv", plain).unwrap();
        z.write_all(b"other").unwrap();
    });
    for at in 0..twice.len() - 15 {
        if &twice[at..at + 15] == b"data/peoplf.csv" {
            twice[at + 10] = b'e';
        }
    }
    assert_ne!(house.code(twice), "opened");
    // A manifest that grows without end.
    let endless = house.zipped(&[], &vec![b' '; 9 << 20]);
    assert_eq!(house.code(endless), "LG2309");
}

#[test]
fn a_manifest_that_says_something_odd_is_refused() {
    let house = House::new();
    let files = small();
    let code = |change: fn(&mut serde_json::Value)| {
        let manifest = manifest(&files, change);
        house.code(house.zipped(&parts(&files), &manifest))
    };
    assert_eq!(code(|m| m["lockgate"]["spec"] = json!("2")), "LG2310");
    assert_eq!(code(|m| m["lockgate"]["sequence"] = json!(8)), "LG2310");
    assert_eq!(code(|m| m["lockgate"]["recipient"] = json!("three")), "LG2310");
    assert_eq!(code(|m| m["lockgate"]["as_of"] = json!("2008-11-18")), "LG2310");
    assert_eq!(code(|m| m["lockgate"]["kind"] = json!("whole")), "LG2310");
    assert_eq!(code(|m| m["name"] = json!("../x")), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["path"] = json!("../../README.txt")), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["path"] = json!(["README.txt"])), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["hash"] = json!("md5:00")), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["bytes"] = json!(-1)), "LG2310");
    assert_eq!(code(|m| m["resources"][1]["path"] = json!("README.txt")), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["bytes"] = json!(u64::MAX)), "LG2309");
    assert_eq!(code(|m| *m = json!([])), "LG2310");
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

#[test]
fn a_table_in_parts_is_checked_as_a_whole_too() {
    let house = House::new();
    let mut files = small();
    let [first, second] = ["h\r\n1\r\n", "h\r\n2\r\n"].map(|t| t.as_bytes().to_vec());
    let hash = |bytes: &[u8]| format!("sha256:{}", Digest::of(bytes).hex());
    let whole = b"h\r\n1\r\n2\r\n";
    let of = |whole: &[u8]| {
        manifest(&small(), |m| {
            let paths = ["data/long-0001.csv", "data/long-0002.csv"];
            let table = json!({"path": paths, "bytes": whole.len(), "hash": hash(whole)});
            m["resources"].as_array_mut().unwrap().push(table);
            let part =
                |path: &str, bytes: &[u8]| json!({"path": path, "bytes": bytes.len(), "hash": hash(bytes)});
            m["lockgate"]["parts"] = json!([part(paths[0], &first), part(paths[1], &second)]);
        })
    };
    files.insert("data/long-0001.csv", first.clone());
    files.insert("data/long-0002.csv", second.clone());
    assert_eq!(house.code(house.zipped(&parts(&files), &of(whole))), "opened");
    fs::remove_dir_all(house.at("received")).unwrap();
    assert_eq!(house.code(house.zipped(&parts(&files), &of(b"h\r\n2\r\n1\r\n"))), "LG2312");
}

#[test]
fn an_unpacked_bundle_is_checked_again_and_links_are_not_followed() {
    let house = House::new();
    let folder = house.open(&house.delivered(), "two", &house.asked()).unwrap().folder.unwrap();
    let code = || open_folder(&folder, &house.asked()).err().map_or("opened", |f| f.code);
    assert_eq!(code(), "opened");
    let people = folder.join("data/people.csv");
    let bytes = fs::read(&people).unwrap();
    fs::write(&people, "changed").unwrap();
    assert_eq!(code(), "LG2312");
    fs::remove_file(&people).unwrap();
    assert_eq!(code(), "LG2311");
    #[cfg(unix)]
    {
        fs::write(house.at("elsewhere.csv"), &bytes).unwrap();
        std::os::unix::fs::symlink(house.at("elsewhere.csv"), &people).unwrap();
        assert_eq!(code(), "LG2311");
        fs::remove_file(&people).unwrap();
    }
    fs::write(&people, bytes).unwrap();
    assert_eq!(code(), "opened");
    fs::write(folder.join("note.txt"), "mine").unwrap();
    assert_eq!(code(), "LG2311");
}

#[test]
fn during_a_rotation_both_keys_open_and_the_new_signer_takes_over() {
    let house = House::new();
    let [old, new, other] = [(); 3].map(|()| age::x25519::Identity::generate());
    let signer = new_signer("next").unwrap();
    fs::write(house.at("next"), &signer.secret).unwrap();
    let signing = "[[gateway.signing]]\nkey = { file = \"signing\" }\nuntil = \"2008-11-20\"\n\
                   [[gateway.signing]]\nkey = { file = \"next\" }\nfrom = \"2008-11-18\"";
    let keys = format!(
        "{{ age = \"{}\", until = \"2008-11-18\" }}, {{ age = \"{}\", from = \"2008-11-17\" }}",
        old.to_public(),
        new.to_public()
    );
    let more = format!("{{ age = \"{}\" }}", other.to_public());
    let keyring = Keyring::read(&settings(signing, &[("two", keys), ("three", more)]), &["two", "three"]);
    let house = House { keyring: keyring.ok().unwrap(), ..house };
    let opens = |day: Date| {
        let _ = fs::remove_dir_all(house.at("outbox"));
        let files = small();
        let outgoing = house.stage(&files, &manifest(&files, |_| {}));
        let sealer = Sealer::open(house.at.path(), &house.keyring, day, house.at("outbox")).unwrap();
        let sealed = sealer.seal(&outgoing, &house.at("staging")).unwrap();
        let facts = read_facts(&kept_folder(&house.at("outbox"), "two", NAME)).unwrap();
        assert_eq!(facts.sha256, sealed.digest().hex());
        let cipher = fs::read(sealed.ciphertext()).unwrap();
        let opens = |identity: &age::x25519::Identity| {
            let decryptor = age::Decryptor::new_buffered(cipher.as_slice()).unwrap();
            decryptor.decrypt([identity as &dyn age::Identity].into_iter()).is_ok()
        };
        (opens(&old), opens(&new), opens(&other), facts.signed_by == signer.fingerprint)
    };
    assert_eq!(opens(date(2008, 11, 16)), (true, false, false, false));
    assert_eq!(opens(date(2008, 11, 17)), (true, true, false, false));
    assert_eq!(opens(date(2008, 11, 18)), (true, true, false, true));
    assert_eq!(opens(date(2008, 11, 19)), (false, true, false, true));
}

#[test]
fn faults_of_keys_have_their_codes_and_repeat_no_key() {
    let [a, b, c] = [(); 3].map(|()| age::x25519::Identity::generate().to_public().to_string());
    let signing = "[[gateway.signing]]\nkey = { env = \"K\" }";
    let codes = |signing: &str, keys: &[(&str, String)]| -> Vec<&'static str> {
        let faults = Keyring::read(&settings(signing, keys), &["two", "three"]).err().unwrap_or_default();
        for fault in &faults {
            assert!(!fault.what.contains("age1") && fault.at.is_some(), "{fault:?}");
        }
        faults.into_iter().map(|f| f.code).collect()
    };
    let key = |text: &str, more: &str| format!("{{ age = \"{text}\"{more} }}");
    assert_eq!(codes(signing, &[("two", key(&a, "")), ("three", key(&b, ""))]), [""; 0]);
    assert_eq!(codes("", &[]), ["LG2201"]);
    assert_eq!(codes("[[gateway.signing]]\nkey = { env = \"K\", file = \"k\" }", &[]), ["LG2202"]);
    assert_eq!(codes(&format!("{signing}\n{signing}"), &[]), ["LG2202"]);
    assert_eq!(codes(signing, &[("two", key("age1nonsense", ""))]), ["LG2203"]);
    assert_eq!(codes(signing, &[("two", key(&a, ", from = \"17/11/2008\""))]), ["LG2204"]);
    assert_eq!(
        codes(signing, &[("two", key(&a, ", from = \"2008-11-17\", until = \"2008-11-16\""))]),
        ["LG2204"]
    );
    assert_eq!(codes(signing, &[("four", key(&a, ""))]), ["LG2205"]);
    assert_eq!(codes(signing, &[("two", key(&a, "")), ("three", key(&a, ""))]), ["LG2206"]);
    assert_eq!(codes(signing, &[("two", format!("{}, {}", key(&a, ""), key(&a, "")))]), ["LG2206"]);
    let three = [key(&a, ""), key(&b, ""), key(&c, "")].join(", ");
    assert_eq!(codes(signing, &[("two", three)]), ["LG2207"]);
}

#[test]
fn a_key_that_ends_soon_is_told_unless_another_follows() {
    let keys = |text: &str| {
        let signing = "[[gateway.signing]]\nkey = { env = \"K\" }\nuntil = \"2008-12-31\"";
        let [a, b] = [(); 2].map(|()| age::x25519::Identity::generate().to_public().to_string());
        let list = text.replace("A1", &format!("age = \"{a}\"")).replace("A2", &format!("age = \"{b}\""));
        let keyring = Keyring::read(&settings(signing, &[("two", list)]), &["two", "three"]).ok().unwrap();
        move |day: Date| -> Vec<&'static str> {
            keyring.reminders(&["two"], day).into_iter().map(|p| p.code).collect()
        }
    };
    let one = keys("{ A1, until = \"2008-11-30\" }");
    assert_eq!(one(date(2008, 10, 30)), [""; 0]);
    assert_eq!(one(date(2008, 10, 31)), ["LG2214"]);
    assert_eq!(one(date(2008, 12, 1)), ["LG2214", "LG2213"]);
    let followed = keys("{ A1, until = \"2008-11-30\" }, { A2, from = \"2008-11-29\" }");
    assert_eq!(followed(date(2008, 11, 29)), [""; 0]);
    assert_eq!(followed(date(2009, 1, 1)), ["LG2214"]);
    assert_eq!(keys("")(date(2008, 11, 29)), ["LG2213"]);
}

#[test]
fn a_signing_key_is_ed25519_and_has_no_passphrase() {
    let new = new_signer("a").unwrap();
    assert!(Signer::parse(&new.secret).is_ok_and(|s| s.fingerprint() == new.fingerprint));
    assert_eq!(Signer::parse("nothing").err(), Some("is no private key of OpenSSH"));
    let other = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB\n-----END OPENSSH PRIVATE KEY-----\n";
    assert!(Signer::parse(other).is_err());
    let house = House::new();
    let missing = SecretRef { file: Some("nowhere".into()), env: None };
    assert_eq!(Signer::read(house.at.path(), &missing).err().unwrap().code(), "LG2211");
    let unset = SecretRef { file: None, env: Some("LOCKGATE_TEST_NO_SUCH_KEY".into()) };
    assert_eq!(Signer::read(house.at.path(), &unset).err().unwrap().code(), "LG2211");
    // The same input gives the same signature.
    let signer = house.signer();
    assert_eq!(signer.sign(BUNDLE_NAMESPACE, b"x").unwrap(), signer.sign(BUNDLE_NAMESPACE, b"x").unwrap());
}

#[test]
fn a_new_key_is_for_its_owner_alone_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.age");
    let new = new_recipient("us");
    write_new(&path, &new.secret, 0o600).unwrap();
    assert_eq!(write_new(&path, "other", 0o600).unwrap_err().code(), "LG2217");
    let identities = read_identities(&path).unwrap();
    assert_eq!(identities[0].to_public().to_string(), new.public);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for bad in ["", "# nothing\n", "age1notsecret\n", "AGE-SECRET-KEY-1QQQ\n"] {
        fs::write(&path, bad).unwrap();
        let fault = read_identities(&path).err().unwrap();
        assert!(fault.code == "LG2318" && !fault.what.contains("QQQ"), "{bad}: {fault}");
    }
    assert_eq!(age_fingerprint("age1").len(), 39);
}

#[test]
fn every_code_of_sealing_is_documented() {
    let errors = [
        SealError::NoSigningKey(NIGHT),
        SealError::NoRecipientKey { recipient: "two".into(), day: NIGHT },
        SealError::SigningKey { place: String::new(), what: "" },
        SealError::Other { name: String::new(), what: "" },
        SealError::Exists(String::new()),
        SealError::Random,
    ];
    for error in errors {
        assert!(crate::codes::of(error.code()).is_some(), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// However a zip is spoiled, it is refused or holds what was signed; nothing panics and nothing is left.
    #[test]
    fn a_spoiled_zip_is_refused_or_says_the_same(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        use std::sync::OnceLock;
        static ONE: OnceLock<(House, Vec<u8>)> = OnceLock::new();
        let (house, zip) = ONE.get_or_init(|| { let house = House::new(); let zip = house.packed(); (house, zip) });
        let mut zip = zip.clone();
        let at = at.index(zip.len());
        zip[at] = byte;
        if let Some(cut) = cut {
            zip.truncate(cut.index(zip.len()));
        }
        match open_plain(Cursor::new(zip), &house.asked(), None) {
            Ok(opened) => prop_assert_eq!(opened.contents.files.len(), small().len()),
            Err(fault) => prop_assert!(crate::codes::of(fault.code).is_some()),
        }
    }
}
