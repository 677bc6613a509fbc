//! What lies in a folder, what is taken from it, and what is put there.

use crate::codes::{
    ALREADY_THERE, FILE_TOO_LARGE, FILE_UNREADABLE, FOLDER_UNREADABLE, NAME_REFUSED, NOT_A_FILE, OTHER_BYTES,
};
use crate::sample::{options, text};
use crate::{Arrival, Limits, OptionValue, TRANSPORTS, Transport};
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

fn folder(base: &Path, more: &[(&str, OptionValue)]) -> Box<dyn Transport> {
    let mut pairs = vec![("path", text("in"))];
    pairs.extend(more.iter().cloned());
    let limits = Limits { file_bytes: 1_000, ..Limits::default() };
    let kind = TRANSPORTS.iter().find(|kind| kind.name == "folder").unwrap();
    (kind.open)(&options(&pairs), base, &limits).unwrap_or_else(|e| panic!("{e:?}"))
}

fn base() -> tempfile::TempDir {
    let base = tempfile::tempdir().unwrap();
    fs::create_dir(base.path().join("in")).unwrap();
    base
}

fn put(base: &Path, name: &str, content: &str) {
    fs::write(base.join("in").join(name), content).unwrap();
}

fn listed(place: &dyn Transport) -> Vec<(String, bool)> {
    place.list().unwrap().into_iter().map(|file| (file.name, file.settled)).collect()
}

const QUICK: (&str, OptionValue) = ("settle_ms", OptionValue::Whole(1));

#[test]
fn pitfall_26_only_finished_plain_files_are_listed() {
    let base = base();
    for name in ["b.csv", "a.csv", "c.csv.part", "d.TMP", "e.filepart", ".hidden", "a.csv.done"] {
        put(base.path(), name, "x");
    }
    fs::create_dir(base.path().join("in/sub")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", base.path().join("in/link.csv")).unwrap();
    let place = folder(base.path(), &[QUICK]);
    assert_eq!(listed(place.as_ref()), [("a.csv".into(), true), ("b.csv".into(), true)]);
    assert_eq!(place.list().unwrap().first().map(|file| file.bytes), Some(1));
}

#[test]
fn pitfall_26_a_file_that_changes_between_two_looks_is_not_settled() {
    let base = base();
    put(base.path(), "a.csv", "x");
    put(base.path(), "b.csv", "x");
    let place = folder(base.path(), &[("settle_ms", OptionValue::Whole(400))]);
    let path = base.path().to_owned();
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        put(&path, "a.csv", "xy");
    });
    assert_eq!(listed(place.as_ref()), [("a.csv".into(), false), ("b.csv".into(), true)]);
    writer.join().unwrap();
}

#[test]
fn pitfall_26_a_marker_settles_at_once_and_may_be_required() {
    let base = base();
    put(base.path(), "a.csv", "x");
    put(base.path(), "b.csv", "x");
    put(base.path(), "a.csv.done", "");
    let place = folder(
        base.path(),
        &[("require_marker", OptionValue::Flag(true)), ("settle_ms", OptionValue::Whole(600_000))],
    );
    assert_eq!(listed(place.as_ref()), [("a.csv".into(), true), ("b.csv".into(), false)]);
}

#[test]
fn a_file_long_unchanged_needs_no_second_look() {
    let base = base();
    put(base.path(), "a.csv", "x");
    let file = fs::File::options().write(true).open(base.path().join("in/a.csv")).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
    let place = folder(base.path(), &[("settle_ms", OptionValue::Whole(60_000))]);
    assert_eq!(listed(place.as_ref()), [("a.csv".into(), true)]);
}

#[test]
fn names_cannot_leave_the_folder() {
    let base = base();
    fs::write(base.path().join("secret"), "x").unwrap();
    let place = folder(base.path(), &[QUICK]);
    let staged = base.path().join("secret");
    for name in [
        "../secret",
        "..",
        ".",
        "",
        "a/b",
        "a\\b",
        "/etc/passwd",
        ".hidden",
        "a\0b",
        "a\nb",
        &"x".repeat(300),
    ] {
        assert_eq!(place.open(name).err().map(|e| e.code), Some(NAME_REFUSED), "{name:?}");
        assert_eq!(place.publish(&staged, name).err().map(|e| e.code), Some(NAME_REFUSED), "{name:?}");
    }
    assert!(staged.exists());
}

#[test]
fn files_are_opened_whole_or_refused() {
    let base = base();
    put(base.path(), "a.csv", "content");
    put(base.path(), "big.csv", &"x".repeat(1_001));
    let place = folder(base.path(), &[QUICK]);
    let mut read = String::new();
    place.open("a.csv").unwrap().read_to_string(&mut read).unwrap();
    assert_eq!(read, "content");
    assert_eq!(place.open("big.csv").err().map(|e| e.code), Some(FILE_TOO_LARGE));
    let gone = place.open("none.csv").err().unwrap();
    assert_eq!((gone.code, gone.passing), (FILE_UNREADABLE, false));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(base.path().join("in/a.csv"), base.path().join("in/link.csv")).unwrap();
        assert_eq!(place.open("link.csv").err().map(|e| e.code), Some(NOT_A_FILE));
    }
}

#[test]
fn a_folder_that_is_not_there_says_so() {
    let base = tempfile::tempdir().unwrap();
    let error = folder(base.path(), &[QUICK]).list().err().unwrap();
    assert_eq!(error.code, FOLDER_UNREADABLE);
    assert!(!error.what.contains("in"), "no path in the message: {}", error.what);
}

#[test]
fn what_is_published_appears_whole_and_never_over_anything() {
    let base = base();
    let place = folder(base.path(), &[QUICK]);
    let stage = |name: &str| {
        let staged = base.path().join(name);
        fs::create_dir_all(staged.join("inner")).unwrap();
        fs::write(staged.join("people.csv"), name).unwrap();
        fs::write(staged.join("inner/x"), name).unwrap();
        staged
    };
    let first = stage("first");
    place.publish(&first, "bundle").unwrap();
    assert!(!first.exists());
    assert_eq!(fs::read_to_string(base.path().join("in/bundle/people.csv")).unwrap(), "first");
    assert_eq!(fs::read_to_string(base.path().join("in/bundle/inner/x")).unwrap(), "first");
    let second = stage("second");
    assert_eq!(place.publish(&second, "bundle").err().map(|e| e.code), Some(ALREADY_THERE));
    assert_eq!(fs::read_to_string(base.path().join("in/bundle/people.csv")).unwrap(), "first");
    assert!(second.exists(), "what was refused stays staged");
    let file = base.path().join("file");
    fs::write(&file, "1").unwrap();
    place.publish(&file, "file.zip").unwrap();
    fs::write(&file, "2").unwrap();
    assert_eq!(place.publish(&file, "file.zip").err().map(|e| e.code), Some(ALREADY_THERE));
    assert_eq!(fs::read_to_string(base.path().join("in/file.zip")).unwrap(), "1");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/hostname", second.join("link")).unwrap();
        assert_eq!(place.publish(&second, "other").err().map(|e| e.code), Some(NOT_A_FILE));
    }
}

fn lies(base: &Path, name: &str) -> String {
    fs::read_to_string(base.join("in").join(name)).unwrap()
}

#[test]
fn a_delivery_is_put_once_and_never_over_other_bytes() {
    let base = base();
    let place = folder(base.path(), &[QUICK]);
    let local = base.path().join("sealed");
    fs::write(&local, "sealed bytes").unwrap();
    put(base.path(), "lockgate_x.zip.age.part", "what a killed run left");
    put(base.path(), "lockgate_x.zip.age.0123456789abcdef.part", "what another one left");
    put(base.path(), "lockgate_x.zip.age.notes.part", "somebody else's");
    assert_eq!(place.put(&local, "lockgate_x.zip.age"), Ok(Arrival::Sent));
    assert!(!base.path().join("in/lockgate_x.zip.age.0123456789abcdef.part").exists());
    assert_eq!(lies(base.path(), "lockgate_x.zip.age.notes.part"), "somebody else's");
    assert_eq!(lies(base.path(), "lockgate_x.zip.age"), "sealed bytes");
    assert!(local.exists() && !base.path().join("in/lockgate_x.zip.age.part").exists());
    assert_eq!(place.put(&local, "lockgate_x.zip.age"), Ok(Arrival::Known));
    fs::write(&local, "other bytes!").unwrap();
    let error = place.put(&local, "lockgate_x.zip.age").unwrap_err();
    assert_eq!((error.code, error.passing), (OTHER_BYTES, false));
    assert_eq!(lies(base.path(), "lockgate_x.zip.age"), "sealed bytes");
    for name in ["../x", ".x", "a/b", "x.part", "x.tmp"] {
        assert_eq!(place.put(&local, name).err().map(|e| e.code), Some(NAME_REFUSED), "{name}");
    }
    assert_eq!(place.put(&base.path().join("none"), "y").err().map(|e| e.code), Some(FILE_UNREADABLE));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(base.path().join("in/lockgate_x.zip.age")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "its group may carry it on");
    }
}

#[cfg(unix)]
#[test]
fn links_at_the_door_are_neither_followed_nor_written_through() {
    use std::os::unix::fs::symlink;
    let base = base();
    let place = folder(base.path(), &[QUICK]);
    let (local, outside) = (base.path().join("sealed"), base.path().join("outside"));
    fs::write(&local, "sealed bytes").unwrap();
    fs::write(&outside, "sealed bytes").unwrap();
    symlink(&outside, base.path().join("in/a")).unwrap();
    assert_eq!(place.put(&local, "a").err().map(|e| e.code), Some(NOT_A_FILE), "of the same bytes even");
    fs::write(&outside, "precious").unwrap();
    symlink(&outside, base.path().join("in/b.part")).unwrap();
    assert_eq!(place.put(&local, "b"), Ok(Arrival::Sent));
    fs::create_dir(base.path().join("in/c.part")).unwrap();
    assert_eq!(place.put(&local, "c").err().map(|e| e.code), Some(NOT_A_FILE));
    assert_eq!(fs::read_to_string(&outside).unwrap(), "precious");
}

#[test]
fn a_sweep_takes_only_what_deliveries_of_the_gateway_left() {
    let base = base();
    let place = folder(base.path(), &[QUICK]);
    for name in ["lockgate_a.zip.age.part", "lockgate_b.zip.age", "theirs.csv.part", ".lockgate_c.part"] {
        put(base.path(), name, "x");
    }
    fs::create_dir(base.path().join("in/lockgate_d.part")).unwrap();
    assert_eq!(place.sweep(), Ok(1));
    assert_eq!(place.sweep(), Ok(0));
    assert!(!base.path().join("in/lockgate_a.zip.age.part").exists());
    for kept in ["lockgate_b.zip.age", "theirs.csv.part", ".lockgate_c.part", "lockgate_d.part"] {
        assert!(base.path().join("in").join(kept).exists(), "{kept}");
    }
    assert_eq!(folder(&base.path().join("nowhere"), &[]).sweep(), Ok(0));
}

#[cfg(unix)]
#[test]
fn a_stamp_stays_while_nothing_is_done_to_a_file_and_is_another_after_anything() {
    let base = base();
    put(base.path(), "a.csv", "one");
    put(base.path(), "b.csv", "one");
    let place = folder(base.path(), &[QUICK]);
    let stamps = || place.list().unwrap().into_iter().map(|file| file.stamp).collect::<Vec<_>>();
    assert_eq!(stamps(), [None, None], "too young to vouch for anything");
    let later = || thread::sleep(Duration::from_millis(2_100));
    later();
    let (first, path) = (stamps(), base.path().join("in/a.csv"));
    assert!(first.iter().all(Option::is_some) && first[0] != first[1]);
    assert_eq!(stamps(), first);
    // As many bytes, and a time that was set back to what it was.
    let about = fs::metadata(&path).unwrap();
    fs::write(&path, "two").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(about.modified().unwrap()).unwrap();
    assert_eq!(stamps(), [None, first[1]]);
    later();
    assert!(stamps()[0].is_some() && stamps()[0] != first[0]);
    // Another file moved onto the name.
    fs::rename(base.path().join("in/b.csv"), &path).unwrap();
    later();
    assert!(stamps().len() == 1 && !first.contains(&stamps()[0]));
}
