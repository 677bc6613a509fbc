//! Canaries: planted words stand in every cell of every feed, and are looked for everywhere.
//!
//! `tests/oracle/` makes the deployment and says, without any of the product's code, what each recipient may
//! have. Here the program is run on it, and what it leaves is compared, searched, and compared byte by byte
//! with and without what nobody may know of.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "canary/exits.rs"]
mod exits;

use jiff::civil::date;
use lockgate::config;
use lockgate::store::{Body, Made, Names, Restriction, Store, Subject};
use lockgate::vault::Vault;
use lockgate_core::record::RecordId;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const NIGHTS: [&str; 2] = ["2008-11-17", "2008-11-18"];
const RECIPIENTS: [&str; 8] = ["wyp", "lcc", "probation", "yos", "hmps", "g4s", "disc", "cri"];

/// A planted deployment; gone when dropped.
struct Planted(tempfile::TempDir);

impl Planted {
    fn new(words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("said")).unwrap();
        let planted = Self(folder);
        good(&planted.python("plant.py", words));
        planted
    }

    fn at(&self) -> &Path {
        self.0.path()
    }

    fn python(&self, script: &str, words: &[&str]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle").join(script);
        Command::new("python3").arg("-B").arg(script).arg(self.at()).args(words).output().unwrap()
    }

    /// Runs the program; what it says is kept for the search.
    fn lockgate(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
        command.current_dir(self.at()).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1").args(words);
        let output = command.output().unwrap();
        let said = self.at().join("said");
        let number = fs::read_dir(&said).unwrap().count();
        fs::write(said.join(format!("{number}.txt")), [&output.stdout[..], &output.stderr].concat()).unwrap();
        output
    }

    fn night(&self, day: &str) {
        let output = self.lockgate(&["run", "--as-of", day]);
        assert!(matches!(output.status.code(), Some(0 | 4)), "{day}: {}", text(&output));
    }

    fn both_nights(&self) {
        for day in NIGHTS {
            self.night(day);
        }
    }

    /// The bundle of a recipient for a night: file by file.
    fn bundle(&self, recipient: &str, day: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let folder = self.at().join("state/bundles").join(recipient);
        let day = day.replace('-', "");
        let named = |name: &str| name.contains(&format!("_{day}_"));
        let found = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path());
        let mut found = found.filter(|p| named(&p.file_name().unwrap().to_string_lossy()));
        let at = found.next().unwrap_or_else(|| panic!("{recipient} has no bundle of {day}"));
        assert!(found.next().is_none());
        let mut files = BTreeMap::new();
        read_files(&at, &at, &mut files);
        files
    }

    /// The ids of all records in the store.
    async fn records(&self) -> Vec<RecordId> {
        let (store, vault) = self.store().await;
        let (mut pages, mut out) = (store.every_person(), Vec::new());
        while let Some(page) = pages.next_page().await.unwrap() {
            for person in page {
                out.extend(person.records(vault.rest()).unwrap().iter().map(|r| r.head().id));
            }
        }
        store.close().await.unwrap();
        out
    }

    /// Enters a silent restriction of the police for each record, as it would stand in the register.
    async fn restrict(&self, records: &[RecordId], recipients: [&str; 3]) {
        let (store, _) = self.store().await;
        let day = date(2008, 11, 17);
        let made = Made {
            partner: "wyp".into(),
            author: "t".into(),
            made_at: "2008-11-17T12:00:00Z".into(),
            reference: "ref".into(),
            since: day,
            until: None,
        };
        let mut tx = store.begin_decisions(day).await.unwrap();
        for record in records {
            let body = Body::Restriction(Restriction {
                about: Subject::Record(record.to_string()),
                identity: record.to_string(),
                recipients: recipients.map(Into::into).to_vec(),
                reduce: Vec::new(),
                identities: Vec::new(),
            });
            tx.add_entry(&made, &body, None).await.unwrap();
        }
        tx.commit().await.unwrap();
        store.close().await.unwrap();
    }

    async fn store(&self) -> (Store, Vault) {
        let deployment = config::load(self.at()).ok().unwrap();
        let vault = Vault::new(deployment.usable_secret().unwrap());
        let (categories, partners) = deployment.names();
        let names = Names { categories: &categories, partners: &partners };
        let store = Store::open(&deployment.state(), &vault, &names).await.unwrap();
        (store, vault)
    }
}

fn read_files(root: &Path, folder: &Path, out: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_files(root, &path, out);
        } else {
            out.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn good(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
}

/// What stands in `planted.json` under `keys`: how the sources call each person.
fn keys(planted: &Planted) -> Vec<(String, String)> {
    let file = fs::read(planted.at().join("planted.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let people = json.get("keys").and_then(|k| k.as_object()).unwrap();
    let of = |person: &serde_json::Value| -> Vec<(String, String)> {
        person
            .as_object()
            .unwrap()
            .iter()
            .map(|(feed, key)| (feed.clone(), key.as_str().unwrap().to_owned()))
            .collect()
    };
    people.values().flat_map(of).collect()
}

/// Every question that the program answers about a night.
fn ask_everything(planted: &Planted) {
    for words in [
        &["status"][..],
        &["history"],
        &["check"],
        &["quarantine", "list"],
        &["quarantine", "show", "1"],
        &["review", "list", "--all"],
        &["review", "next"],
        &["bundle", "list"],
        &["ledger", "verify"],
        &["agreement", "matrix"],
    ] {
        planted.lockgate(words);
        planted.lockgate(&[words, &["--json"]].concat());
    }
    ask_pages(planted);
    for recipient in RECIPIENTS {
        let folder = planted.at().join("state/bundles").join(recipient);
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            planted.lockgate(&["bundle", "show", &name]);
            planted.lockgate(&["bundle", "show", &name, "--json"]);
        }
    }
}

/// What is written for others to read: the page of a run, and the parts of the file for whoever helps.
fn ask_pages(planted: &Planted) {
    let said = planted.at().join("said");
    planted.lockgate(&["history", "--html", said.join("run.html").to_str().unwrap()]);
    assert!(fs::read_to_string(said.join("run.html")).unwrap().contains("What left"));
    let file = planted.at().join("support.zip");
    planted.lockgate(&["doctor", "--support", file.to_str().unwrap()]);
    zip::ZipArchive::new(fs::File::open(&file).unwrap()).unwrap().extract(said.join("support")).unwrap();
    assert!(fs::read_to_string(said.join("support/runs.json")).unwrap().contains("recipients"));
}

/// `why` for a few people of each source, for all recipients in turn, and for people that there are not.
fn ask_why(planted: &Planted) {
    let fields = [
        "person.surname",
        "prison_release.release_address",
        "oasys_at_risk.nature",
        "tenancy.postcode",
        "arrest.circumstances",
    ];
    let unknown = [
        ("wyp-cohort".to_owned(), "QXBBBBBBBB".to_owned()),
        ("no-feed".to_owned(), "QXBBBBBBBC7".to_owned()),
    ];
    for (n, (feed, key)) in keys(planted).into_iter().step_by(7).chain(unknown).enumerate() {
        let person = format!("{feed}:{key}");
        let (Some(recipient), Some(field)) = (RECIPIENTS.get(n % 8), fields.get(n % 5)) else { continue };
        let words = ["agreement", "why", "--person", &person, "--recipient", recipient, "--field", field];
        planted.lockgate(&words);
        planted.lockgate(&[words.as_slice(), &["--json"]].concat());
    }
}

/// Clauses 5.1 and 5.2.2: on a first night and the next, every recipient has exactly what an independent
/// reading of the tables allows; and no planted word is said or kept in plain anywhere else.
#[test]
fn clause_5_2_2_each_recipient_has_exactly_its_share_and_no_word_is_elsewhere() {
    let planted = Planted::new(&[]);
    for (n, day) in ["0", "1"].iter().zip(NIGHTS) {
        planted.night(day);
        good(&planted.python("compare.py", &[n]));
    }
    let told = planted.bundle("probation", NIGHTS[1]);
    planted.night(NIGHTS[1]);
    assert!(told == planted.bundle("probation", NIGHTS[1]), "the same night again makes no other bundle");
    good(&planted.lockgate(&["ledger", "verify"]));
    ask_everything(&planted);
    ask_why(&planted);
    good(&planted.python("search.py", &[]));
    the_oracle_notices(&planted);
}

/// A test that cannot fail is none: a row less, a cell changed, a word too many are all noticed.
fn the_oracle_notices(planted: &Planted) {
    let folder = planted.at().join("state/bundles/probation");
    let first = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.to_string_lossy().contains("_20081117_"));
    let table = first.unwrap().join("data/tenancy.csv");
    let before = fs::read_to_string(&table).unwrap();
    let cut = before.trim_end().rsplit_once("\r\n").unwrap().0.to_owned();
    for (spoiled, word) in [(format!("{cut}\r\n"), "missing"), (before.replacen("LS", "LT", 1), "too many")] {
        assert_ne!(spoiled, before);
        fs::write(&table, spoiled).unwrap();
        let told = planted.python("compare.py", &["0"]);
        assert!(!told.status.success() && text(&told).contains(word), "{}", text(&told));
    }
    fs::write(&table, before).unwrap();
    let (_, key) = keys(planted).swap_remove(0);
    let kept = planted.at().join("state/rows/kept.bin");
    for place in [planted.at().join("said/x.txt"), kept] {
        fs::write(&place, format!("\u{1}{}\u{2}", key.to_lowercase())).unwrap();
        assert!(!planted.python("search.py", &[]).status.success());
        fs::remove_file(&place).unwrap();
    }
}

/// Files that cannot be read say where and why, never what.
#[test]
fn no_planted_word_is_in_the_errors_about_broken_files() {
    let planted = Planted::new(&[]);
    good(&planted.python("breakage.py", &[]));
    let output = planted.lockgate(&["run", "--as-of", NIGHTS[0]]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
    let listed = planted.lockgate(&["quarantine", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(listed.to_string().matches("LG").count() > 10, "{listed}");
    for id in 1..20 {
        planted.lockgate(&["quarantine", "show", &id.to_string()]);
    }
    ask_everything(&planted);
    good(&planted.python("search.py", &[]));
}

/// Clause 5.1.1.iii: with a record that its source marks as silent and without it, nobody else's bundle
/// differs by a byte, the same night; later nights by the ledger's checkpoint alone.
#[tokio::test]
async fn clause_5_1_1_iii_a_marked_record_changes_no_byte_for_others() {
    let with = Planted::new(&["--steady"]);
    with.both_nights();
    for source in ["wyp", "probation"] {
        let without = Planted::new(&["--steady", "--without-restricted", source]);
        without.both_nights();
        assert!(with.records().await.len() > without.records().await.len() + 10);
        for recipient in RECIPIENTS.iter().filter(|r| **r != source) {
            for day in NIGHTS {
                same_bytes(&with, &without, recipient, day);
            }
        }
    }
}

fn same_bytes(with: &Planted, without: &Planted, recipient: &str, day: &str) {
    let (a, b) = (with.bundle(recipient, day), without.bundle(recipient, day));
    assert!(a.keys().eq(b.keys()), "{recipient} {day}: {:?} / {:?}", a.keys(), b.keys());
    for (name, bytes) in &a {
        let other = b.get(name).unwrap();
        let same = if name.ends_with("datapackage.json") && day != NIGHTS[0] {
            without_checkpoint(bytes) == without_checkpoint(other)
        } else {
            bytes == other
        };
        assert!(same, "{recipient} {day}: {} differs", name.display());
    }
}

/// A manifest but for the hash over everything that the ledger held after the night before, which differs with any file.
fn without_checkpoint(manifest: &[u8]) -> serde_json::Value {
    let mut manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    assert!(manifest.pointer_mut("/lockgate/ledger").unwrap().take().is_string());
    manifest
}

/// Clause 5.1.1.iii: a restriction in the register hides what arrives under it as if it had not arrived;
/// those whom it does not name have their rows.
#[tokio::test]
async fn clause_5_1_1_iii_a_restricted_record_changes_no_byte_for_those_it_names() {
    let (known, with, without) = (Planted::new(&[]), Planted::new(&[]), Planted::new(&["--without-late"]));
    known.both_nights();
    without.both_nights();
    with.night(NIGHTS[0]);
    let told = without.records().await;
    let late: Vec<RecordId> = known.records().await.into_iter().filter(|r| !told.contains(r)).collect();
    assert!(late.len() > 40, "{}", late.len());
    with.restrict(&late, ["lcc", "yos", "g4s"]).await;
    with.night(NIGHTS[1]);
    for recipient in ["lcc", "yos", "g4s"] {
        same_bytes(&with, &without, recipient, NIGHTS[1]);
        assert_ne!(known.bundle(recipient, NIGHTS[1]), without.bundle(recipient, NIGHTS[1]), "{recipient}");
    }
    for recipient in ["wyp", "hmps", "probation"] {
        let data = |p: &Planted| {
            p.bundle(recipient, NIGHTS[1])
                .into_iter()
                .filter(|(n, _)| n.starts_with("data"))
                .collect::<Vec<_>>()
        };
        assert!(data(&with) == data(&known), "{recipient}");
    }
}
