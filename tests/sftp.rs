//! The SFTP transport against OpenSSH's own server: what is read, what is delivered, and what a hostile or failing far
//! end can do.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use lockgate_connectors::{Arrival, Limits, OptionValue, Options, TRANSPORTS, Transport, TransportError};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::sshd::{Sshd, sftp_client};
use support::wire::{Fate, Wire};
use tempfile::TempDir;

const MIB: usize = 1 << 20;

fn text(text: impl Into<String>) -> OptionValue {
    OptionValue::Text(text.into())
}

/// The options of the place that is the server's folder.
fn options(server: &Sshd, port: u16) -> BTreeMap<String, OptionValue> {
    let key = BTreeMap::from([("file".to_owned(), text(server.key().display().to_string()))]);
    [
        ("host", text("127.0.0.1")),
        ("port", OptionValue::Whole(port.into())),
        ("user", text(server.user.clone())),
        ("host_key", text(server.host_key())),
        ("key", OptionValue::Table(key)),
        ("path", text(server.root().display().to_string())),
        ("settle_ms", OptionValue::Whole(1)),
        ("timeout_s", OptionValue::Whole(20)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn open(options: BTreeMap<String, OptionValue>, limits: &Limits) -> Box<dyn Transport> {
    let kind = TRANSPORTS.iter().find(|kind| kind.name == "sftp").unwrap();
    (kind.open)(&Options(options), Path::new("/"), limits).unwrap_or_else(|e| panic!("{e:?}"))
}

fn place_over(server: &Sshd, port: u16, more: &[(&str, OptionValue)]) -> Box<dyn Transport> {
    let mut options = options(server, port);
    options.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    open(options, &Limits::default())
}

fn place(server: &Sshd) -> Box<dyn Transport> {
    place_over(server, server.port, &[])
}

/// Bytes without a pattern, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(word).take(length / 8 + 1).flatten().collect();
    bytes.truncate(length);
    bytes
}

/// A local file to be sent.
fn local(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealed");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn read(place: &dyn Transport, name: &str) -> Result<Vec<u8>, TransportError> {
    let mut bytes = Vec::new();
    place.open(name)?.read_to_end(&mut bytes).expect("reading");
    Ok(bytes)
}

const NAME: &str = "lockgate_lios_wyp_20081117_000001_snapshot.zip.age";

#[test]
fn a_file_makes_the_round_trip_and_openssh_reads_the_same() {
    let Some(server) = Sshd::start() else { return };
    let place = place(&server);
    for length in [0, 1, 32 << 10, (32 << 10) + 1, 3 * MIB + 7] {
        let bytes = noise(length);
        let (_kept, path) = local(&bytes);
        let name = format!("lockgate_{length}");
        assert_eq!(place.put(&path, &name), Ok(Arrival::Sent));
        assert_eq!(place.put(&path, &name), Ok(Arrival::Known));
        assert_eq!(read(place.as_ref(), &name), Ok(bytes));
    }
    let listed = place.list().unwrap();
    assert_eq!(listed.len(), 5);
    assert!(listed.iter().all(|file| file.settled && file.name == format!("lockgate_{}", file.bytes)));
    let fetched = tempfile::tempdir().unwrap();
    let (from, to) = (server.root().join("lockgate_3145735"), fetched.path().join("fetched"));
    assert!(sftp_client(&server, &format!("get {} {}\n", from.display(), to.display())));
    assert_eq!(fs::read(&to).unwrap(), noise(3 * MIB + 7));
    assert_eq!((place.sweep(), names(&server.root()).len()), (Ok(0), 5));
}

#[test]
fn a_wrong_or_changed_host_key_is_refused_with_both_fingerprints_and_two_may_be_pinned() {
    let Some(mut server) = Sshd::start() else { return };
    let pinned = server.host_key();
    place(&server).list().unwrap();
    server.change_host_key();
    server.start_again();
    let changed = server.host_key();
    let old = place_over(&server, server.port, &[("host_key", text(pinned.clone()))]);
    let (_kept, path) = local(b"sealed");
    for error in [old.list().unwrap_err(), old.put(&path, NAME).unwrap_err(), old.sweep().unwrap_err()] {
        assert_eq!((error.code, error.passing), ("LG1172", false));
        assert!(error.what.contains(&pinned) && error.what.contains(&changed), "{}", error.what);
    }
    assert!(names(&server.root()).is_empty());
    let both = OptionValue::List(vec![text(pinned), text(changed)]);
    place_over(&server, server.port, &[("host_key", both)]).list().unwrap();
}

#[test]
fn a_server_of_several_host_keys_is_known_by_any_of_them() {
    let Some(server) = Sshd::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = |kind: &str| {
        let path = folder.path().join(kind);
        let made = Command::new("ssh-keygen").args(["-q", "-N", "", "-t", kind, "-f"]).arg(&path).status();
        assert!(made.unwrap().success());
        let line = Command::new("ssh-keygen").arg("-lf").arg(&path).output().unwrap().stdout;
        let line = String::from_utf8(line).unwrap();
        (path, line.split_whitespace().nth(1).unwrap().to_owned())
    };
    drop(server);
    let ((rsa, rsa_print), (ecdsa, ecdsa_print)) = (key("rsa"), key("ecdsa"));
    let more = format!("HostKey {}\nHostKey {}", rsa.display(), ecdsa.display());
    let Some(server) = Sshd::with(&more) else { return };
    for print in [server.host_key(), rsa_print, ecdsa_print] {
        place_over(&server, server.port, &[("host_key", text(print))]).list().unwrap();
    }
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let error = place_over(&server, server.port, &[("host_key", text(other))]).list().unwrap_err();
    assert_eq!(error.what.matches("SHA256:").count(), 4, "three shown and one pinned: {}", error.what);
}

#[test]
fn keys_that_the_server_or_the_gateway_refuses() {
    let Some(server) = Sshd::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let list = |key: &Path| {
        let key = OptionValue::Table([("file".to_owned(), text(key.display().to_string()))].into());
        let place = place_over(&server, server.port, &[("key", key)]);
        (place.list().unwrap_err(), place.ready())
    };
    let made = |kind: &str, phrase: &str| {
        let path = folder.path().join(format!("{kind}{phrase}"));
        let made =
            Command::new("ssh-keygen").args(["-q", "-N", phrase, "-t", kind, "-f"]).arg(&path).status();
        assert!(made.unwrap().success());
        path
    };
    let (stranger, ready) = list(&made("ed25519", ""));
    assert_eq!((stranger.code, stranger.passing, ready), ("LG1173", false, Ok(())));
    for (key, word) in [
        (made("rsa", ""), "RSA"),
        (made("ed25519", "phrase"), "passphrase"),
        (folder.path().join("none"), "cannot be opened"),
        (server.root(), "cannot be read"),
    ] {
        let (error, ready) = list(&key);
        assert_eq!((error.code, error.passing), ("LG1174", false));
        assert!(error.what.contains(word), "{}", error.what);
        assert_eq!(ready, Err(error), "`check` says the same");
    }
    let error =
        place_over(&server, server.port, &[("user", text("nobody-of-this-name"))]).list().unwrap_err();
    assert_eq!(error.code, "LG1173");
}

#[test]
fn what_a_hostile_far_end_lays_out_is_neither_listed_nor_followed() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let Some(server) = Sshd::start() else { return };
    let (root, secret) = (server.root(), tempfile::NamedTempFile::new().unwrap());
    for name in
        ["good.csv", ".hidden", "a\nb.csv", "a\u{1b}[31m.csv", "back\\slash", "x.part", "y.filepart", "z.tmp"]
    {
        fs::write(root.join(name), "x").unwrap();
    }
    fs::write(root.join(OsStr::from_bytes(b"not\xfftext.csv")), "x").unwrap();
    symlink(secret.path(), root.join("link.csv")).unwrap();
    symlink("/nowhere", root.join("broken.csv")).unwrap();
    fs::create_dir(root.join("folder.csv")).unwrap();
    assert!(Command::new("mkfifo").arg(root.join("pipe.csv")).status().unwrap().success());
    let place = place(&server);
    let listed: Vec<String> = place.list().unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(listed, ["good.csv"]);
    for name in ["link.csv", "broken.csv", "folder.csv", "pipe.csv"] {
        assert_eq!(place.open(name).err().unwrap().code, "LG1004", "{name}");
    }
    for name in
        ["../place/good.csv", "/good.csv", "..", "", ".hidden", "a\nb.csv", "a\u{fffd}", &"x".repeat(300)]
    {
        assert_eq!(place.open(name).err().unwrap().code, "LG1003", "{name:?}");
    }
    assert_eq!(place.open("none.csv").err().unwrap().code, "LG1005");
    // A link under the name of a delivery, and one under its temporary name.
    let (_kept, path) = local(b"sealed bytes");
    symlink(secret.path(), root.join("lockgate_a")).unwrap();
    symlink(secret.path(), root.join("lockgate_b.part")).unwrap();
    for name in ["lockgate_a", "lockgate_b"] {
        let error = place.put(&path, name).unwrap_err();
        assert_eq!((error.code, error.passing), ("LG1004", false), "{name}");
    }
    assert_eq!(fs::read(secret.path()).unwrap(), b"", "nothing was written through a link");
    assert_eq!(place.sweep(), Ok(0), "a link is not of the gateway's making");
    // Far more than the cap on a file's bytes.
    fs::write(root.join("big.csv"), vec![b'x'; 2_000]).unwrap();
    let small = open(options(&server, server.port), &Limits { file_bytes: 1_000, ..Limits::default() });
    assert_eq!(small.open("big.csv").err().unwrap().code, "LG1103");
}

#[test]
fn a_place_that_is_missing_or_closed_says_so() {
    let Some(mut server) = Sshd::start() else { return };
    let missing = place_over(&server, server.port, &[("path", text("no/such/folder"))]);
    let (_kept, path) = local(b"sealed bytes");
    for error in [missing.list().unwrap_err(), missing.put(&path, NAME).unwrap_err()] {
        assert_eq!((error.code, error.passing), ("LG1175", false), "{}", error.what);
    }
    let place = place(&server);
    place.list().unwrap();
    server.stop();
    let error = place.list().unwrap_err();
    assert_eq!((error.code, error.passing), ("LG1170", true), "{}", error.what);
    server.start_again();
    assert_eq!(place.put(&path, NAME), Ok(Arrival::Sent), "the same place, once its server is back");
    // A connection that the server closed while it was idle is made anew without a word.
    server.stop();
    server.start_again();
    assert_eq!(place.list().unwrap().len(), 1);
}

#[test]
fn a_name_taken_by_other_bytes_is_never_overwritten() {
    let Some(server) = Sshd::start() else { return };
    let (_kept, path) = local(&noise(MIB));
    let mut other = noise(MIB);
    other[MIB - 1] ^= 1;
    for finish in ["rename", "direct"] {
        let place = place_over(&server, server.port, &[("finish", text(finish))]);
        for there in [&other[..], b"shorter", &noise(2 * MIB), b""] {
            let target = server.root().join(NAME);
            fs::write(&target, there).unwrap();
            let outcome = place.put(&path, NAME);
            if finish == "direct" && there.is_empty() {
                // An empty file is the beginning of every delivery.
                assert_eq!(outcome, Ok(Arrival::Sent));
                continue;
            }
            assert_eq!(outcome.map_err(|e| (e.code, e.passing)), Err(("LG1176", false)), "{finish}");
            assert!(fs::read(&target).unwrap() == there, "left alone");
        }
        assert_eq!(names(&server.root()), [NAME], "no orphan");
        fs::remove_file(server.root().join(NAME)).unwrap();
    }
}

#[test]
fn a_delivery_is_taken_up_only_where_its_bytes_are_the_same() {
    let Some(server) = Sshd::start() else { return };
    let bytes = noise(2 * MIB);
    let (_kept, path) = local(&bytes);
    let (part, target) = (server.root().join(format!("{NAME}.part")), server.root().join(NAME));
    let place = place(&server);
    let longer = [&bytes[..], b"more"].concat();
    let mut wrong = bytes[..MIB].to_vec();
    wrong[77] ^= 1;
    for (left, taken_up) in
        [(&bytes[..MIB], true), (&bytes[..], true), (&wrong, false), (&longer, false), (b"", true)]
    {
        fs::write(&part, left).unwrap();
        let before = fs::metadata(&part).unwrap();
        assert_eq!(place.put(&path, NAME), Ok(Arrival::Sent));
        assert!(fs::read(&target).unwrap() == bytes);
        let after = fs::metadata(&target).unwrap();
        let same =
            std::os::unix::fs::MetadataExt::ino(&before) == std::os::unix::fs::MetadataExt::ino(&after);
        assert!(same || !taken_up, "a good beginning of {} bytes was thrown away", left.len());
        assert_eq!(names(&server.root()), [NAME]);
        fs::remove_file(&target).unwrap();
    }
    let other = place_over(&server, server.port, &[("temporary", text(".filepart"))]);
    assert_eq!(other.put(&path, NAME), Ok(Arrival::Sent));
    assert_eq!(other.put(&path, "lockgate_x.filepart").unwrap_err().code, "LG1003");
}

#[test]
fn a_write_once_server_takes_a_delivery_under_its_own_name() {
    // What may not be read, renamed or removed there; only written.
    let denied = "ForceCommand internal-sftp -P rename,remove,posix-rename,setstat,fsetstat,read";
    let Some(server) = Sshd::with(denied) else { return };
    let (_kept, path) = local(&noise(MIB));
    let rename = place(&server);
    let error = rename.put(&path, NAME).unwrap_err();
    assert!(error.code == "LG1175" && error.what.contains("direct"), "{}", error.what);
    fs::remove_file(server.root().join(format!("{NAME}.part"))).unwrap();
    let place = place_over(&server, server.port, &[("finish", text("direct"))]);
    assert_eq!(place.put(&path, NAME), Ok(Arrival::Sent));
    assert_eq!(place.put(&path, NAME), Ok(Arrival::Known), "by its size, since it cannot be read back");
    assert!(fs::read(server.root().join(NAME)).unwrap() == noise(MIB));
    let (_kept, other) = local(b"of another size");
    assert_eq!(place.put(&other, NAME).unwrap_err().code, "LG1176");
}

/// Stands before OpenSSH's `sftp-server` and answers one kind of request with a status, as a poorer server would.
const POORER: &str = r#"
import struct, subprocess, sys, threading
kind, status = int(sys.argv[1]), int(sys.argv[2])
server = subprocess.Popen(["/usr/lib/openssh/sftp-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
lock = threading.Lock()
def packets(pipe):
    while (head := pipe.read(4)) and len(head) == 4:
        yield head + pipe.read(struct.unpack(">I", head)[0])
def out(packet):
    with lock:
        sys.stdout.buffer.write(packet)
        sys.stdout.buffer.flush()
def answers():
    for packet in packets(server.stdout):
        out(packet)
threading.Thread(target=answers, daemon=True).start()
for packet in packets(sys.stdin.buffer):
    if packet[4] == kind:
        body = b"\x65" + packet[5:9] + struct.pack(">III", status, 0, 0)
        out(struct.pack(">I", len(body)) + body)
    else:
        server.stdin.write(packet)
        server.stdin.flush()
server.kill()
"#;

#[test]
fn where_the_old_rename_is_unknown_the_other_one_is_used_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("poorer.py");
    fs::write(&script, POORER).unwrap();
    let bytes = noise(MIB);
    let (_kept, path) = local(&bytes);
    // A rename (18) that is not supported (8), or that fails without a reason (4); one that is forbidden (3) stays so.
    for (status, sent) in [(8, true), (4, true), (3, false)] {
        let command = format!("ForceCommand python3 {} 18 {status}", script.display());
        let Some(server) = Sshd::with(&command) else { return };
        let place = place(&server);
        let outcome = place.put(&path, NAME);
        if !sent {
            assert_eq!(outcome.unwrap_err().code, "LG1175");
            assert_eq!((names(&server.root()), place.sweep()), (vec![format!("{NAME}.part")], Ok(1)));
            continue;
        }
        assert_eq!(outcome, Ok(Arrival::Sent), "{status}");
        assert!(fs::read(server.root().join(NAME)).unwrap() == bytes);
        assert_eq!(place.put(&path, NAME), Ok(Arrival::Known));
        // Somebody lays other bytes under the name while the delivery is written.
        let (part, target) = (server.root().join("lockgate_late.part"), server.root().join("lockgate_late"));
        let (wire, late) = (Wire::to(server.port), target.clone());
        wire.rule(move || {
            if length(&part) == MIB as u64 && !late.exists() {
                fs::write(&late, "quicker").unwrap();
            }
            Fate::Pass
        });
        let outcome = place_over(&server, wire.port, &[]).put(&path, "lockgate_late");
        assert_eq!(outcome.unwrap_err().code, "LG1176");
        assert_eq!(fs::read(&target).unwrap(), b"quicker");
        assert_eq!(names(&server.root()), ["lockgate_late", NAME], "no orphan");
    }
}

/// Bytes of a file of the server; none where it is not there.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}

#[test]
fn cut_at_every_hundredth_of_a_large_file_nothing_partial_has_its_name_and_nothing_is_left() {
    let Some(server) = Sshd::start() else { return };
    let bytes = noise(50 * MIB);
    let (_kept, path) = local(&bytes);
    let wire = Wire::to(server.port);
    let place = place_over(&server, wire.port, &[]);
    let (part, target) = (server.root().join(format!("{NAME}.part")), server.root().join(NAME));
    let hundredth = bytes.len() as u64 / 100;
    for cut in 1..=100 {
        let watched = part.clone();
        wire.rule(move || if length(&watched) >= cut * hundredth { Fate::Cut } else { Fate::Pass });
        let error = place.put(&path, NAME).unwrap_err();
        assert!(error.passing, "{cut} %: {error}");
        let kept = length(&part);
        assert!(kept >= cut * hundredth && kept <= (cut * hundredth + 2 * MIB as u64), "{cut} %: {kept}");
        assert_eq!(names(&server.root()), [format!("{NAME}.part")], "{cut} %");
        // Half-way it is given up and swept; what was there is laid back, so that the table goes on.
        if cut == 50 {
            assert_eq!(place_over(&server, server.port, &[]).sweep(), Ok(1), "given up half-way");
            assert!(names(&server.root()).is_empty());
            fs::write(&part, &bytes[..usize::try_from(kept).unwrap()]).unwrap();
        }
    }
    wire.rule(|| Fate::Pass);
    assert_eq!(place.put(&path, NAME), Ok(Arrival::Sent));
    assert!(fs::read(&target).unwrap() == bytes);
    assert_eq!((place.sweep(), names(&server.root())), (Ok(0), vec![NAME.to_owned()]));
}

#[test]
fn a_rename_whose_answer_was_lost_is_known_the_next_time() {
    let Some(server) = Sshd::start() else { return };
    let (_kept, path) = local(&noise(MIB));
    let wire = Wire::to(server.port);
    let target = server.root().join(NAME);
    wire.rule(move || if target.exists() { Fate::Cut } else { Fate::Pass });
    let place = place_over(&server, wire.port, &[]);
    let error = place.put(&path, NAME).unwrap_err();
    assert!(error.passing, "{error}");
    wire.rule(|| Fate::Pass);
    assert_eq!(names(&server.root()), [NAME]);
    assert_eq!(place.put(&path, NAME), Ok(Arrival::Known));
    assert_eq!((place.sweep(), names(&server.root())), (Ok(0), vec![NAME.to_owned()]));
}

#[test]
fn a_server_that_stalls_is_given_up_in_time() {
    let Some(server) = Sshd::start() else { return };
    let (_kept, path) = local(&noise(4 * MIB));
    fs::write(server.root().join("feed.csv"), noise(4 * MIB)).unwrap();
    let wire = Wire::to(server.port);
    let short = |wire: &Wire| place_over(&server, wire.port, &[("timeout_s", OptionValue::Whole(1))]);
    let begun = Instant::now();
    let part = server.root().join(format!("{NAME}.part"));
    wire.rule(move || if length(&part) >= MIB as u64 { Fate::Hold } else { Fate::Pass });
    let error = short(&wire).put(&path, NAME).unwrap_err();
    assert_eq!((error.code, error.passing), ("LG1171", true), "while writing: {error}");
    wire.rule(|| Fate::Pass);
    let place = short(&wire);
    let mut reader = place.open("feed.csv").unwrap();
    reader.read_exact(&mut [0; 1000]).unwrap();
    wire.rule(|| Fate::Hold);
    let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut, "while reading: {error}");
    let error = short(&wire).list().unwrap_err();
    assert_eq!((error.code, error.passing), ("LG1171", true), "before a word was said: {error}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
