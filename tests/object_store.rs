//! The transport for object stores against a server of another make that speaks S3 (moto): what is read and delivered,
//! and what is refused.

#![cfg(feature = "s3")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use lockgate_connectors::{Arrival, Limits, OptionValue, Options, TRANSPORTS, Transport};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use support::wire::{Fate, Wire};
use support::{Deployment, NIGHTS, assert_same_but_for_the_ledger, needed, python};
use tempfile::TempDir;

/// Makes the bucket; its arguments are the port and the files to lay into it.
const FILL: &str = r#"
import boto3, pathlib, sys
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
try: s3.create_bucket(Bucket="bundles")
except s3.exceptions.BucketAlreadyOwnedByYou: pass
for name in sys.argv[2:]:
    key, _, file = name.partition("=")
    s3.put_object(Bucket="bundles", Key=key, Body=pathlib.Path(file).read_bytes())
"#;

/// A server, for as long as a test lasts.
struct Store {
    python: PathBuf,
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Store {
    fn start() -> Option<Self> {
        let python = python()?;
        let found =
            Command::new(&python).args(["-c", "import moto.server, boto3"]).stderr(Stdio::null()).status();
        needed(found.is_ok_and(|s| s.success()).then(|| python.clone()), "a Python with moto")?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(&python);
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("id"), "key\n").unwrap();
        fs::write(folder.path().join("secret"), "secret\n").unwrap();
        let store = Self { python, child, port, folder };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begun.elapsed() < Duration::from_mins(1), "the server does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        store.fill(&[]);
        Some(store)
    }

    /// Lays local files into the bucket, past the transport.
    fn fill(&self, files: &[(String, PathBuf)]) {
        let files = files.iter().map(|(key, file)| format!("{key}={}", file.display()));
        let status =
            Command::new(&self.python).args(["-c", FILL]).arg(self.port.to_string()).args(files).status();
        assert!(status.unwrap().success());
    }

    fn local(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn place_over(&self, port: u16, more: &[(&str, OptionValue)], limits: &Limits) -> Box<dyn Transport> {
        let text = |text: &str| OptionValue::Text(text.to_owned());
        let file = |name: &str| OptionValue::Table([("file".to_owned(), text(name))].into());
        let mut options = vec![
            ("endpoint", text(&format!("http://127.0.0.1:{port}"))),
            ("bucket", text("bundles")),
            ("prefix", text("out/daily")),
            ("key_id", file("id")),
            ("secret", file("secret")),
            ("timeout_s", OptionValue::Whole(20)),
        ];
        options.extend(more.iter().cloned());
        let options = options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let kind = TRANSPORTS.iter().find(|kind| kind.name == "object_store").unwrap();
        (kind.open)(&Options(options), self.folder.path(), limits).unwrap_or_else(|e| panic!("{e:?}"))
    }

    fn place(&self) -> Box<dyn Transport> {
        self.place_over(self.port, &[], &Limits::default())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(place: &dyn Transport, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    place.open(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_delivery_makes_the_round_trip_once_and_never_over_other_bytes() {
    let Some(store) = Store::start() else { return };
    let place = store.place();
    assert_eq!(place.list(), Ok(Vec::new()));
    for length in [0, 1, (5 << 20) + 7] {
        let bytes: Vec<u8> = (0..251).cycle().take(length).collect();
        let (path, name) = (store.local("sealed", &bytes), format!("lockgate_{length}"));
        assert_eq!(place.put(&path, &name), Ok(Arrival::Sent));
        assert_eq!(place.put(&path, &name), Ok(Arrival::Known));
        assert!(read(place.as_ref(), &name) == bytes);
        let other = store.local("other", &[&bytes[..length.saturating_sub(1)], b"!"].concat());
        let error = place.put(&other, &name).unwrap_err();
        assert_eq!((error.code, error.passing), ("LG1176", false), "{length}");
        assert!(read(place.as_ref(), &name) == bytes, "left alone");
    }
    let listed = place.list().unwrap();
    assert!(
        listed.len() == 3 && listed.iter().all(|f| f.settled && f.name == format!("lockgate_{}", f.bytes))
    );
    assert_eq!(place.sweep(), Ok(0));
}

#[test]
fn only_plain_names_directly_at_the_place_are_seen() {
    let Some(store) = Store::start() else { return };
    let file = store.local("feed", b"a,b\n1,2\n");
    let keys = ["good.csv", "good.csv.done", "late.csv", "sub/in.csv", ".hidden", "x.part", "a%0Ab.csv"];
    let mut files: Vec<(String, PathBuf)> =
        keys.iter().map(|key| (format!("out/daily/{key}"), file.clone())).collect();
    files.push(("out/daily2/other.csv".into(), file.clone()));
    files.push(("top.csv".into(), file));
    store.fill(&files);
    let place = store.place();
    let names = |place: &dyn Transport| -> Vec<(String, bool)> {
        place.list().unwrap().into_iter().map(|f| (f.name, f.settled)).collect()
    };
    let all = names(place.as_ref());
    assert!(all.contains(&("good.csv".into(), true)) && all.contains(&("late.csv".into(), true)), "{all:?}");
    assert!(all.iter().all(|(name, _)| !name.contains(['/', '\n']) && name != ".hidden" && name != "x.part"));
    assert!(!all.iter().any(|(name, _)| name == "other.csv" || name == "top.csv"), "{all:?}");
    let marked = store.place_over(
        store.port,
        &[("require_marker", OptionValue::Flag(true)), ("settle_ms", OptionValue::Whole(0))],
        &Limits::default(),
    );
    assert!(names(marked.as_ref()).contains(&("good.csv".into(), true)));
    assert!(names(marked.as_ref()).contains(&("late.csv".into(), false)));
    assert_eq!(place.open("none.csv").err().unwrap().code, "LG1005");
    let small = store.place_over(store.port, &[], &Limits { file_bytes: 7, ..Limits::default() });
    assert_eq!(small.open("good.csv").err().unwrap().code, "LG1103");
    let top =
        store.place_over(store.port, &[("prefix", OptionValue::Text(String::new()))], &Limits::default());
    assert_eq!(names(top.as_ref()), [("top.csv".to_owned(), true)]);
}

#[test]
fn an_answer_that_was_lost_is_known_the_next_time_and_a_silent_store_is_given_up() {
    let Some(store) = Store::start() else { return };
    let path = store.local("sealed", &vec![b'x'; 1 << 20]);
    let wire = Wire::to(store.port);
    let short = [("timeout_s", OptionValue::Whole(1))];
    let place = store.place_over(wire.port, &short, &Limits::default());
    assert_eq!(place.list(), Ok(Vec::new()));
    // All that is said by the store once the delivery is there is held.
    let there = store.place();
    let held = std::sync::atomic::AtomicBool::new(false);
    wire.rule(move || {
        use std::sync::atomic::Ordering::Relaxed;
        if held.load(Relaxed) || there.list().is_ok_and(|list| !list.is_empty()) {
            held.store(true, Relaxed);
            return Fate::Hold;
        }
        Fate::Pass
    });
    let error = place.put(&path, "lockgate_a").unwrap_err();
    assert!(error.passing && ["LG1170", "LG1171"].contains(&error.code), "{error}");
    wire.rule(|| Fate::Pass);
    assert_eq!(store.place().put(&path, "lockgate_a"), Ok(Arrival::Known));
    wire.rule(|| Fate::Hold);
    let begun = Instant::now();
    let silent = store.place_over(wire.port, &short, &Limits::default());
    for error in [silent.list().unwrap_err(), silent.put(&path, "lockgate_b").unwrap_err()] {
        assert!(error.passing && ["LG1170", "LG1171"].contains(&error.code), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
    let missing =
        store.place_over(store.port, &[("bucket", OptionValue::Text("none".into()))], &Limits::default());
    assert_eq!(missing.list().unwrap_err().code, "LG1175");
    let error = store.place_over(1, &[], &Limits::default()).list().unwrap_err();
    assert_eq!((error.code, error.passing), ("LG1170", true));
    let secret = store.folder.path().join("secret");
    fs::File::options().append(true).open(&secret).unwrap().write_all(b"two words").unwrap();
    let error = store.place().ready().unwrap_err();
    assert!(error.code == "LG1174" && !error.what.contains("words"), "{error}");
    fs::remove_file(secret).unwrap();
    assert_eq!(store.place().list().unwrap_err().code, "LG1174");
}

#[test]
fn a_night_that_collects_from_a_bucket_reads_the_same_as_from_the_folder() {
    let Some(store) = Store::start() else { return };
    let (over, plain) = (Deployment::fresh(), Deployment::fresh());
    let files = fs::read_dir(over.path("fixtures/hmps")).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (format!("in/{}", path.file_name().unwrap().to_str().unwrap()), path)
    });
    store.fill(&files.collect::<Vec<_>>());
    let secret = |name: &str| Path::new(store.folder.path()).join(name).display().to_string();
    let place = format!(
        "object_store = {{ endpoint = \"http://127.0.0.1:{}\", bucket = \"bundles\", prefix = \"in\", \
         key_id = {{ file = \"{}\" }}, secret = {{ file = \"{}\" }} }}",
        store.port,
        secret("id"),
        secret("secret"),
    );
    over.edit("lockgate.toml", "folder = \"fixtures/hmps\"", &place);
    let checked = over.run(&["check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    let (there, here) = (over.night(NIGHTS[0]), plain.night(NIGHTS[0]));
    assert_eq!(there.json()["feeds"], here.json()["feeds"]);
    assert_same_but_for_the_ledger(
        &over.bundle_files(),
        &plain.bundle_files(),
        "from the bucket and from the folder",
    );
}
