//! The ledger as evidence: whatever is done to it shows, to the program itself or to whoever has kept a checkpoint, and
//! with the program of `docs/ledger.md` as well as with this one.

#![expect(clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use lockgate_core::hash::Digest;
use lockgate_core::ledger::End;
use lockgate_core::ledger::tree::{entry_holds, growth_holds};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, query, query_as};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Deployment, NIGHTS, RECIPIENTS, copy, needed, python};

const HASH: usize = 32;

/// A row of the ledger as it lies in the store: first and last number, entries, last link.
type Row = (i64, i64, Vec<u8>, Vec<u8>);

async fn open(deployment: &Deployment) -> SqliteConnection {
    let file = deployment.path("state/store.sqlite");
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.expect("the store")
}

async fn rows(store: &mut SqliteConnection) -> Vec<Row> {
    let all = query_as("SELECT first, last, entries, head FROM ledger ORDER BY first");
    all.fetch_all(store).await.expect("rows")
}

async fn put(store: &mut SqliteConnection, row: &Row) {
    query("UPDATE ledger SET last = $2, entries = $3, head = $4 WHERE first = $1")
        .bind(row.0)
        .bind(row.1)
        .bind(&row.2)
        .bind(&row.3)
        .execute(store)
        .await
        .expect("writing");
}

/// The entries of a row, and what stands behind each: the links between them.
fn parts(row: &Row) -> Vec<(Vec<u8>, Vec<u8>)> {
    let (mut rest, mut patterns, mut out) = (&row.2[4..], Vec::new(), Vec::new());
    assert_eq!(row.2[..4], [255; 4], "the mark of a row");
    while let Some((number, behind)) = rest.split_first() {
        rest = behind;
        let mut take = |count: usize| rest.split_off(..count).expect("bytes").to_vec();
        let mut entry = Vec::new();
        if *number == 0 {
            let length = take(4).try_into().expect("four bytes");
            entry = take(u32::from_le_bytes(length) as usize);
            patterns.push(entry.clone());
        } else {
            let pattern = &patterns[usize::from(*number) - 1];
            while entry.len() < pattern.len() {
                let counts = take(2);
                entry.extend_from_slice(&pattern[entry.len()..][..usize::from(counts[0])]);
                entry.extend(take(usize::from(counts[1])));
            }
        }
        let link = rest.split_off(..HASH).unwrap_or_default().to_vec();
        out.push((entry, link));
    }
    out
}

/// The entries of a row.
fn entries(row: &Row) -> Vec<Vec<u8>> {
    parts(row).into_iter().map(|(entry, _)| entry).collect()
}

/// The row in the form that rows had before they had a mark: that is read as well.
fn plain(row: &Row) -> Row {
    let one = |(entry, link): (Vec<u8>, Vec<u8>)| {
        [&u32::try_from(entry.len()).expect("short").to_le_bytes()[..], &entry, &link].concat()
    };
    let bytes = parts(row).into_iter().map(one).collect::<Vec<_>>().concat();
    (row.0, row.1, bytes, row.3.clone())
}

/// Writes a whole ledger anew with one entry altered, links, roots and all: what somebody who holds the gateway can do.
async fn rewrite(store: &mut SqliteConnection, number: u64, alter: impl Fn(&mut Vec<u8>)) {
    let mut end = End::default();
    query("DELETE FROM tree").execute(&mut *store).await.expect("writing");
    for mut row in rows(store).await {
        let mut bytes: Vec<u8> = Vec::new();
        for mut entry in entries(&row) {
            if !bytes.is_empty() {
                bytes.extend_from_slice(&end.chain().head.0);
            }
            if end.chain().seq + 1 == number {
                alter(&mut entry);
            }
            bytes.extend_from_slice(&u32::try_from(entry.len()).expect("short").to_le_bytes());
            bytes.extend_from_slice(&entry);
            let _ = end.link(&entry);
        }
        (row.2, row.3) = (bytes, end.chain().head.0.to_vec());
        put(store, &row).await;
        query("INSERT INTO tree (size, root, whole) VALUES ($1, $2, $3)")
            .bind(i64::try_from(end.tree().size()).expect("small"))
            .bind(end.root().0.to_vec())
            .bind(end.tree().to_bytes())
            .execute(&mut *store)
            .await
            .expect("writing");
    }
}

/// The ledger in a folder, to be looked at with other means.
fn exported(deployment: &Deployment, name: &str) -> PathBuf {
    let folder = deployment.path(name);
    let said = deployment.run(&["ledger", "export", "--out", folder.to_str().expect("a path")]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    folder
}

/// A verdict of the program; with what somebody kept.
fn verdict(deployment: &Deployment, kept: Option<&Path>) -> (Option<i32>, String) {
    let mut words = vec!["ledger", "verify"];
    words.extend(kept.iter().flat_map(|file| ["--against", file.to_str().expect("a path")]));
    let said = deployment.run(&words);
    (said.code, said.out + &said.err)
}

#[tokio::test]
async fn whatever_is_changed_in_the_store_is_named() {
    let deployment = Deployment::after(0);
    let whole = verdict(&deployment, None);
    assert!(whole.0 == Some(0) && whole.1.contains("The ledger is whole"), "{whole:?}");
    let spare = deployment.path("spare");
    copy(&deployment.path("state"), &spare);
    let mut store = open(&deployment).await;
    let good = rows(&mut store).await;
    store.close().await.expect("closed");
    let long = good.iter().position(|r| entries(r).len() > 2).expect("a row of several entries");
    let mut store = open(&deployment).await;
    put(&mut store, &plain(&good[long])).await;
    store.close().await.expect("closed");
    assert_eq!(verdict(&deployment, None), whole, "in the form that rows had before");
    for what in ["flip", "flip behind", "flip a link", "swap", "delete", "cut", "insert", "another root"] {
        let mut store = open(&deployment).await;
        let mut row = plain(&good[long]);
        match what {
            "flip" => row.2[40] ^= 1,
            "flip behind" => {
                row = good[long].clone();
                let middle = row.2.len() / 2;
                row.2[middle] ^= 1;
            }
            "flip a link" => row.3[0] ^= 1,
            "swap" => {
                let (a, b) = (entries(&good[long])[0].len(), entries(&good[long])[1].len());
                let parts = [&row.2[a + 36..a + 40 + b], &row.2[a + 4..a + 36], &row.2[..a + 4]].concat();
                row.2.splice(..a + b + 40, parts);
            }
            "delete" => {
                let first = entries(&good[long])[0].len();
                row.2.drain(..first + 4 + HASH);
            }
            _ => {}
        }
        put(&mut store, &row).await;
        let changed = match what {
            "cut" => query("DELETE FROM ledger WHERE first = (SELECT max(first) FROM ledger)"),
            "insert" => query(
                "INSERT INTO ledger SELECT last + 1, last + 1, bundle, entries, head FROM ledger ORDER BY first DESC LIMIT 1",
            ),
            "another root" => {
                query("UPDATE tree SET root = zeroblob(32) WHERE size = (SELECT max(size) FROM tree)")
            }
            _ => query("SELECT 1"),
        };
        changed.execute(&mut store).await.expect("writing");
        store.close().await.expect("closed");
        let (code, text) = verdict(&deployment, None);
        assert_eq!(code, Some(7), "{what}: {text}");
        assert!(text.contains("LG3001"), "{what}: {text}");
        fs::remove_dir_all(deployment.path("state")).expect("removing");
        copy(&spare, &deployment.path("state"));
    }
    assert_eq!(verdict(&deployment, None), whole);
}

#[tokio::test]
async fn a_ledger_rewritten_from_end_to_end_differs_from_what_was_witnessed() {
    let deployment = Deployment::after(0);
    let kept = exported(&deployment, "kept").join("checkpoint.txt");
    deployment.night(NIGHTS[1]);
    assert_eq!(verdict(&deployment, Some(&kept)).0, Some(0), "it only grew");
    let mut store = open(&deployment).await;
    // The second entry is of a received file: the first byte of its feed's name is changed.
    rewrite(&mut store, 2, |entry| {
        let at = entry.len() - 34;
        entry[at] ^= 2;
    })
    .await;
    store.close().await.expect("closed");
    let (code, text) = verdict(&deployment, None);
    assert_eq!(code, Some(0), "links and roots fit again: {text}");
    let (code, text) = verdict(&deployment, Some(&kept));
    assert!(code == Some(7) && text.contains("rewritten, or is a fork"), "{text}");
    let Some(python) = needed(python(), "Python") else { return };
    let folder = exported(&deployment, "after");
    let (whole, forged) = (by_the_page(&python, &folder, &[]), by_the_page(&python, &folder, &[&kept]));
    assert!(whole.0 && !forged.0 && forged.1.contains("are not those"), "{whole:?} {forged:?}");
}

#[test]
fn a_fork_and_an_older_copy_are_told_apart_from_growth() {
    let deployment = Deployment::after(0);
    let other = Deployment::fresh();
    copy(&deployment.path("state"), &other.path("state"));
    deployment.night(NIGHTS[1]);
    let kept = exported(&deployment, "kept").join("checkpoint.txt");
    // The other copy goes its own way, and is longer.
    for night in &NIGHTS[1..] {
        other.edit(
            "lockgate.toml",
            "acknowledge_days = ",
            &format!("acknowledge_days = {}", if *night == NIGHTS[1] { "1" } else { "" }),
        );
        other.night(night);
    }
    let (code, text) = verdict(&other, Some(&kept));
    assert!(code == Some(7) && text.contains("rewritten, or is a fork"), "{text}");
    let longer = exported(&other, "kept").join("checkpoint.txt");
    let foreign = fs::read_to_string(&longer).expect("a checkpoint").replace("lockgate/", "lockgate/not-");
    fs::write(other.path("foreign.txt"), foreign).expect("writing");
    let (code, text) = verdict(&deployment, Some(&other.path("foreign.txt")));
    assert!(code == Some(7) && text.contains("another ledger") && !text.contains("older copy"), "{text}");
    let (code, text) = verdict(&deployment, Some(&longer));
    assert!(code == Some(7) && text.contains("an older copy was put back"), "{text}");
}

#[test]
fn proofs_lead_to_the_root_and_nothing_else_does() {
    let deployment = Deployment::after(0);
    let proof = |words: &[&str]| deployment.run(&[&["ledger", "prove"], words].concat()).json();
    let one = proof(&["--entry", "5"]);
    let size = one["size"].as_u64().expect("a size");
    let hashes = |v: &Value| v["proof"].as_array().expect("a proof").iter().map(digest).collect::<Vec<_>>();
    let holds = |n, link: &Digest| entry_holds(n, link, size, &digest(&one["root"]), &hashes(&one));
    assert!(holds(5, &digest(&one["link"])) && !holds(6, &digest(&one["link"])));
    let grown = proof(&["--grown-from", "7"]);
    let then = digest(&grown["root_then"]);
    let holds = |before: &Digest| growth_holds(7, before, size, &digest(&grown["root"]), &hashes(&grown));
    assert!(holds(&then) && !holds(&digest(&one["link"])));
    for words in [
        &["--entry", "0"][..],
        &["--entry", "999999999"],
        &["--grown-from", "0"],
        &["--entry", "1", "--size", "999999999"],
    ] {
        assert_eq!(deployment.run(&[&["ledger", "prove"], words].concat()).code, Some(2), "{words:?}");
    }
}

#[test]
fn the_page_verifies_an_export_with_python_alone() {
    let Some(python) = needed(python(), "Python") else { return };
    let deployment = Deployment::after(0);
    let early = exported(&deployment, "early");
    deployment.night(NIGHTS[1]);
    let late = exported(&deployment, "late");
    let (ok, text) = by_the_page(&python, &late, &[&early.join("checkpoint.txt")]);
    assert!(ok && text.contains("entries, whole"), "{text}");
    let (ok, text) = by_the_page(&python, &early, &[&late.join("checkpoint.txt")]);
    assert!(!ok && text.contains("there are only"), "{text}");
    let lines = fs::read_to_string(late.join("entries.jsonl")).expect("entries");
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.swap(3, 4);
    fs::write(late.join("entries.jsonl"), lines.join("\n")).expect("writing");
    let (ok, text) = by_the_page(&python, &late, &[]);
    assert!(!ok && text.contains("entry 4 does not follow"), "{text}");
}

#[test]
fn a_checkpoint_is_signed_and_one_that_was_changed_is_refused() {
    let deployment = Deployment::sealed();
    let first = deployment.night(NIGHTS[0]).json()["ledger"].as_str().expect("a note").to_owned();
    let origin = first.lines().next().expect("a name").to_owned();
    assert_eq!(first.lines().filter(|l| l.starts_with(&format!("\u{2014} {origin} "))).count(), 1, "{first}");
    let kept = deployment.path("kept.txt");
    fs::write(&kept, &first).expect("writing");
    let said = |against: &Path| {
        let words = ["ledger", "verify", "--json", "--against", against.to_str().expect("a path")];
        let said = deployment.run(&words);
        (said.code, said.json())
    };
    let (code, verdict) = said(&kept);
    let key = verdict["witnesses"][0]["signed_by"].as_str().expect("a key").to_owned();
    assert!(code == Some(0) && key.starts_with("SHA256:"), "{verdict}");
    // The next night's manifest carries just this note, and the manifest itself may be shown.
    deployment.night(NIGHTS[1]);
    let outbox = deployment.path("state/outbox").join(RECIPIENTS[0]);
    let of = |night: &str| {
        let mut all = fs::read_dir(&outbox).expect("an outbox").map(|e| e.expect("an entry").path());
        all.find(|p| p.to_string_lossy().contains(&night.replace('-', ""))).expect("a bundle")
    };
    let manifest = of(NIGHTS[1]).join("datapackage.json");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    let inside: Value = serde_json::from_str(&text).expect("a manifest");
    assert_eq!(inside["lockgate"]["ledger"], json!(first));
    assert_eq!((said(&manifest).0, &said(&manifest).1["witnesses"][0]["signed_by"]), (Some(0), &json!(key)));
    // Without its signature it is a witness as before; with one that does not fit it is none.
    let (bare, signature) = first.split_once("\n\n").expect("a note");
    fs::write(&kept, format!("{bare}\n")).expect("writing");
    assert_eq!((said(&kept).0, &said(&kept).1["witnesses"][0]["signed_by"]), (Some(0), &Value::Null));
    let other = exported(&deployment, "later").join("checkpoint.txt");
    let later = fs::read_to_string(&other).expect("a note");
    let (later, _) = later.split_once("\n\n").expect("a signed note");
    fs::write(&kept, format!("{later}\n\n{signature}")).expect("writing");
    let (code, verdict) = said(&kept);
    let faults = verdict["faults"].to_string();
    assert!(code == Some(7) && faults.contains("it was changed") && !faults.contains("fork"), "{faults}");
    // What is only tried out is nothing that the gateway vouches for.
    let tried = deployment.run(&["run", "--as-of", NIGHTS[2], "--dry-run", "--json"]).json();
    assert!(!tried["ledger"].as_str().expect("a text").contains('\u{2014}'), "{}", tried["ledger"]);
}

#[test]
fn without_a_key_a_checkpoint_is_the_bare_text() {
    let deployment = Deployment::fresh();
    deployment.edit("lockgate.toml", "fixtures/keys/gateway_signing", "fixtures/keys/gone");
    let note = deployment.night(NIGHTS[0]).json()["ledger"].as_str().expect("a text").to_owned();
    assert_eq!(note.lines().count(), 3, "{note}");
    let text = fs::read_to_string(exported(&deployment, "kept").join("checkpoint.txt")).expect("a text");
    assert_eq!(text.lines().count(), 3, "{text}");
}

/// The command of the page, with OpenSSL itself.
#[test]
fn openssl_checks_a_checkpoint_by_the_page() {
    let found = Command::new("sh").args(["-c", "command -v openssl"]).output().expect("a shell").stdout;
    let found = String::from_utf8(found).expect("a path");
    let Some(_) = needed((!found.trim().is_empty()).then(|| found.trim().into()), "openssl") else { return };
    let deployment = Deployment::after(0);
    let folder = exported(&deployment, "kept");
    let signers = deployment.run(&["key", "allowed-signers"]).out;
    assert_eq!(signers.lines().filter(|l| l.starts_with("# ledger lockgate/")).count(), 1, "{signers}");
    fs::write(folder.join("signers.txt"), signers).expect("writing");
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ledger.md")).expect("the page");
    let script =
        page.split("```sh\n").nth(1).and_then(|p| p.split("```").next()).expect("commands").to_owned();
    let check = || {
        let output =
            Command::new("sh").args(["-ec", &script]).current_dir(&folder).output().expect("a shell");
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).expect("a text"))
    };
    let (ok, text) = check();
    assert!(ok && text.contains("Signature Verified Successfully"), "{text}");
    let place = folder.join("checkpoint.txt");
    let note = fs::read_to_string(&place).expect("a note");
    let size = note.lines().nth(1).expect("a size").to_owned();
    fs::write(&place, note.replacen(&format!("\n{size}\n"), &format!("\n{size}0\n"), 1)).expect("writing");
    let (ok, text) = check();
    assert!(!ok && text.contains("Verification Failure"), "{text}");
}

/// What the program of the page says of an export.
fn by_the_page(python: &Path, folder: &Path, kept: &[&Path]) -> (bool, String) {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ledger.md")).expect("the page");
    let program = page.split("```python\n").nth(1).and_then(|p| p.split("```").next()).expect("a program");
    let file = folder.join("verify_ledger.py");
    fs::write(&file, program).expect("writing");
    let output = Command::new(python).arg(&file).arg(folder).args(kept).output().expect("Python starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("a text"))
}

fn digest(value: &Value) -> Digest {
    use base64ct::Encoding as _;
    let text = value.as_str().expect("a text");
    Digest(base64ct::Base64::decode_vec(text).expect("base64").try_into().expect("32 bytes"))
}

/// One bundle: which entries are its own, and that what is kept of it is what was recorded.
#[test]
fn one_bundle_is_found_in_the_ledger_with_all_its_rows() {
    let deployment = Deployment::after(1);
    let bundle = deployment.bundle("lcc", NIGHTS[1]);
    let said = deployment.run(&["ledger", "verify", "--bundle", &bundle.name, "--json"]);
    let found = said.json();
    assert_eq!((said.code, &found["ok"]), (Some(0), &true.into()), "{}", said.err);
    let rows = bundle.rows.len() as u64;
    let found = &found["bundle"];
    assert_eq!((found["rows"].as_u64(), found["manifest"].as_bool()), (Some(rows), Some(true)));
    let (first, last) =
        (found["first"].as_u64().expect("a number"), found["last"].as_u64().expect("a number"));
    assert_eq!(last - first + 1, rows, "they stand together");
    assert_eq!(found["entry"], last + 1, "and the bundle's own entry closes them");
    assert_eq!(deployment.run(&["ledger", "verify", "--bundle", "nobodys"]).code, Some(2));
    fs::write(bundle.folder.join("datapackage.json"), "{}").expect("writing");
    let said = deployment.run(&["ledger", "verify", "--bundle", &bundle.name]);
    assert_eq!(said.code, Some(7), "{}", said.err);
}

/// A person that the fixtures tell most of, as its prison names it.
const CONNOR: &str = "hmps-releases:A7341CD";

fn about(deployment: &Deployment, person: &str) -> (Option<i32>, Value, String) {
    let words = ["ledger", "verify", "--person", person, "--reason", "audit 3", "--json"];
    let said = deployment.run(&words);
    (said.code, said.json(), said.err)
}

/// The rows that each recipient has about a person, told from its bundles.
fn held(deployment: &Deployment, told: &Value) -> BTreeMap<String, usize> {
    let mut refs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in told.as_array().expect("rows") {
        let (recipient, id) = (row["recipient"].as_str(), row["record_id"].as_str());
        let recipient = refs.entry(recipient.expect("a recipient").to_owned()).or_default();
        recipient.insert(id.expect("a reference").to_owned());
    }
    let has = |(recipient, ids): (String, BTreeSet<String>)| {
        let replica = deployment.replica(&recipient);
        (recipient, ids.iter().filter(|id| replica.rows.contains_key(*id)).count())
    };
    refs.into_iter().map(has).collect()
}

/// What each recipient is taken to hold of a person is compared with what the ledger says that it was told; the asking stands
/// in the ledger itself, and needs a reason.
#[tokio::test]
async fn what_is_held_of_a_person_is_what_was_told() {
    let deployment = Deployment::after(2);
    let none = deployment.run(&["ledger", "verify", "--person", CONNOR]);
    assert_eq!(none.code, Some(2), "no look at a person without a reason: {}", none.err);
    let (code, said, _) = about(&deployment, CONNOR);
    assert_eq!((code, said["ok"].as_bool()), (Some(0), Some(true)), "{said}");
    let show = ["ledger", "show", "--person", CONNOR, "--reason", "audit 3", "--json"];
    let told = deployment.run(&show).json()["told"].clone();
    assert_eq!(said["person"]["told"].as_u64(), told.as_array().map(|rows| rows.len() as u64));
    assert_eq!(said["person"]["held"], json!(held(&deployment, &told)));
    let again = about(&deployment, CONNOR).1;
    assert_eq!(again["entries"].as_u64(), said["entries"].as_u64().map(|n| n + 2), "both looks are recorded");

    // Holdings that were lost, and holdings of somebody else's.
    let spare = deployment.path("spare");
    copy(&deployment.path("state"), &spare);
    let (lost, shifted) = (
        ["DELETE FROM holding", "SELECT 1"],
        ["UPDATE holding SET person = -person", "UPDATE holding SET person = 1 - person"],
    );
    for (changes, expected) in
        [(lost, "that it is not taken to hold"), (shifted, "that the ledger does not say it was told")]
    {
        let mut store = open(&deployment).await;
        for change in changes {
            query(change).execute(&mut store).await.expect("writing");
        }
        store.close().await.expect("closed");
        let (code, said, err) = about(&deployment, CONNOR);
        assert_eq!((code, said["ok"].as_bool()), (Some(7), Some(false)), "{changes:?}: {err}");
        assert!(said["faults"].to_string().contains(expected), "{changes:?}: {said}");
        fs::remove_dir_all(deployment.path("state")).expect("removing");
        copy(&spare, &deployment.path("state"));
    }
}
