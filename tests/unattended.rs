//! What may lie, or no longer lie, at the places of a night that nobody watches.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::small::{FeedFile, World, small, small_of};
use support::{Deployment, NIGHTS, RECIPIENTS, Said};

/// Names in the folder of many: as many as a test may make without being slow.
const MANY: u32 = 20_000;

fn put_day(deployment: &Deployment, world: &mut World) -> String {
    let day = world.day().to_string();
    for file in world.next_day() {
        file.put(deployment, "");
    }
    day
}

/// A feed's folder is gone, or is no folder: said with its code, everybody else's night goes on, and what came meanwhile is taken when
/// it is back.
#[test]
fn a_feeds_folder_that_vanished_stops_no_other_feed_and_is_taken_up_when_it_is_back() {
    let (deployment, whole) = (small(), small());
    let (mut world, mut same) = (World::new(3, 12), World::new(3, 12));
    for _ in 0..3 {
        let day = put_day(&whole, &mut same);
        whole.night(&day);
    }
    let (place, away) = (deployment.path("fixtures/hmps"), deployment.path("away"));
    let first = put_day(&deployment, &mut world);
    fs::rename(&place, &away).unwrap();
    let said = deployment.night(&first);
    assert!(said.err.contains("LG1002") && said.err.contains("does not answer"), "{}", said.err);
    assert_eq!(said.feed("wyp-custody")["state"], "accepted");
    // A file of that name is no folder either.
    fs::write(&place, b"not a folder").unwrap();
    fs::rename(&away, deployment.path("kept")).unwrap();
    let second = world.day().to_string();
    let files = world.next_day();
    for file in files.iter().filter(|f| f.place != "hmps") {
        file.put(&deployment, "");
    }
    let said = deployment.night(&second);
    assert!(said.err.contains("does not answer"), "{}", said.err);
    fs::remove_file(&place).unwrap();
    fs::rename(deployment.path("kept"), &place).unwrap();
    for file in files.iter().filter(|f| f.place == "hmps") {
        file.put(&deployment, "");
    }
    let third = put_day(&deployment, &mut world);
    let said = deployment.night(&third);
    assert!(!said.err.contains("does not answer"), "{}", said.err);
    for recipient in RECIPIENTS {
        let says = |d: &Deployment| -> Vec<_> {
            d.replica(recipient).rows.into_iter().map(|(record, row)| (record, row.says())).collect()
        };
        assert!(says(&deployment) == says(&whole), "{recipient} holds something else");
    }
}

/// A night under the tracer, of whose calls about a file one is disturbed. Where nobody may trace anything there is none.
fn disturbed(deployment: &Deployment, day: &str, file: &Path, inject: &str) -> Option<Said> {
    let strace = support::tracer()?;
    let mut command = Command::new(strace);
    command.args(["-f", "-qq", "-o", "/dev/null", "-P"]).arg(file).args(["-e", inject]);
    command.arg(env!("CARGO_BIN_EXE_lockgate")).arg("--config").arg(deployment.root());
    let output = command.args(["run", "--as-of", day, "--json"]).output().unwrap();
    Some(Said::of(&output))
}

/// A file, or its whole folder, goes away between the moment at which it is listed and that at which it is read, or breaks off while it
/// is: only its feed waits.
#[test]
fn a_file_that_vanishes_or_breaks_off_while_a_night_reads_stops_no_other_feed() {
    for inject in ["inject=openat:error=ENOENT", "inject=openat:error=ESTALE", "inject=read:error=EIO"] {
        let deployment = small();
        let mut world = World::new(6, 12);
        let day = put_day(&deployment, &mut world);
        let file =
            deployment.path("fixtures/hmps").join(format!("HMPS_RELEASES_{}.csv", day.replace('-', "")));
        let Some(said) = disturbed(&deployment, &day, &file, inject) else { return };
        assert!(matches!(said.code, Some(0 | 4)), "{inject}: {:?} {}", said.code, said.err);
        assert!(
            said.err.contains("LG1005") && said.err.contains("does not answer"),
            "{inject}: {}",
            said.err
        );
        assert_eq!(said.feed("hmps-releases")["state"], "no file", "{inject}");
        assert_eq!(said.feed("wyp-custody")["state"], "accepted", "{inject}");
        assert_eq!(deployment.night(&day).feed("hmps-releases")["state"], "accepted", "{inject}");
    }
}

/// A file that goes on growing after it was listed as settled: it waits, and nobody else does.
#[test]
fn a_file_that_grows_while_a_night_reads_it_waits_and_stops_nobody() {
    let deployment = small();
    let mut world = World::new(7, 12);
    let day = put_day(&deployment, &mut world);
    let file = deployment.path("fixtures/hmps").join(format!("HMPS_RELEASES_{}.csv", day.replace('-', "")));
    let whole = fs::read(&file).unwrap();
    let ended = AtomicBool::new(false);
    let said = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut grows = fs::OpenOptions::new().append(true).open(&file).unwrap();
            while !ended.load(Ordering::Relaxed) {
                grows.write_all(b"x").unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        // It stands still between its listing and its reading for a second: long enough to grow.
        let said = disturbed(&deployment, &day, &file, "inject=openat:delay_enter=1000000");
        ended.store(true, Ordering::Relaxed);
        said
    });
    let Some(said) = said else { return };
    assert!(matches!(said.code, Some(0 | 4)), "{:?} {}", said.code, said.err);
    assert!(said.err.contains("LG1313"), "{}", said.err);
    assert_eq!(said.feed("hmps-releases")["state"], "no file");
    assert_eq!(said.feed("wyp-custody")["state"], "accepted");
    fs::write(&file, whole).unwrap();
    assert_eq!(deployment.night(&day).feed("hmps-releases")["state"], "accepted");
}

/// A night in which somebody leaves the cohort and one bundle cannot be made: what is stored of whoever left is destroyed by the next
/// that makes them all, on the same day or later.
#[test]
fn whoever_leaves_in_a_night_without_all_bundles_is_destroyed_by_the_next() {
    let whole = Deployment::after(2);
    let stored = |d: &Deployment| {
        let status = d.run(&["status", "--json"]).json();
        (status["people"].clone(), status["versions"].clone())
    };
    for again in [NIGHTS[2], "2008-11-20"] {
        let deployment = Deployment::after(1);
        let before = stored(&deployment);
        let door = deployment.path("state/bundles/wyp");
        fs::rename(&door, deployment.path("away")).unwrap();
        fs::write(&door, b"in the way").unwrap();
        let said = deployment.run(&["run", "--as-of", NIGHTS[2], "--json"]);
        assert_eq!(said.code, Some(5), "{}", said.err);
        assert!(said.json()["left"].as_u64() > Some(0), "nobody left: {}", said.out);
        fs::remove_file(&door).unwrap();
        fs::rename(deployment.path("away"), &door).unwrap();
        deployment.night(again);
        assert_ne!(stored(&deployment), before);
        assert_eq!(stored(&deployment), stored(&whole), "again on {again}");
    }
}

/// Very many small files in a feed's folder: as many again that are no feed's, and copies of one under other names. Each is read for its
/// digest and taken for what it is; none is read twice as a new one.
#[test]
fn very_many_small_files_in_a_folder_are_passed_over() {
    let deployment = small();
    let mut world = World::new(4, 12);
    let day = world.day().to_string();
    let files = world.next_day();
    for file in &files {
        file.put(&deployment, "");
    }
    let custody = files.iter().find(|f| f.stem == "CUSTODY").unwrap();
    for n in 0..MANY {
        fs::write(deployment.path("fixtures/wyp").join(format!("{n}.tmp.csv")), b"x").unwrap();
        if n % 10 == 0 {
            custody.put(&deployment, &format!("_{n}"));
        }
    }
    let said = deployment.night(&day);
    assert_eq!(said.feed("wyp-custody")["state"], "accepted");
    let states = said.json()["feeds"].as_array().unwrap().len();
    assert!(states <= 4, "{states} lines of three feeds");
    let again = deployment.night(&day);
    assert_eq!(again.feed("wyp-custody")["state"], "nothing new");
}

/// What cron mails: nothing after a clean night; else how it ended in the first line, errors before warnings, and no table.
#[test]
fn what_a_quiet_night_says_begins_with_how_it_ended_and_errors_come_before_warnings() {
    let deployment = small_of(Deployment::sealed());
    let mut world = World::new(5, 12);
    let quiet = |day: &str| deployment.run(&["run", "--quiet", "--as-of", day]);
    let day = put_day(&deployment, &mut world);
    let clean = quiet(&day);
    assert_eq!((clean.code, clean.out.as_str(), clean.err.as_str()), (Some(0), "", ""));
    // A file that is cut is held, a folder that is gone is a warning, and one recipient's door is no folder.
    let day = world.day().to_string();
    for file in world.next_day() {
        file.put(&deployment, "");
    }
    let newest = fs::read_dir(deployment.path("fixtures/wyp")).unwrap().map(|f| f.unwrap().path());
    let newest = newest.filter(|f| f.to_str().unwrap().contains("CUSTODY")).max().unwrap();
    fs::write(&newest, &fs::read(&newest).unwrap()[..40]).unwrap();
    fs::rename(deployment.path("fixtures/hmps"), deployment.path("away")).unwrap();
    fs::remove_dir_all(deployment.path("state/bundles/lcc")).unwrap();
    fs::write(deployment.path("state/bundles/lcc"), b"not a folder").unwrap();
    let said = quiet(&day);
    assert_eq!((said.code, said.out.as_str()), (Some(5), ""), "{}", said.err);
    let first = format!("Night of {day}, run 2, ended 5: 1 recipient not reached, 1 held file\n");
    assert!(said.err.starts_with(&first), "{}", said.err);
    let at = |word: &str| said.err.find(word).unwrap_or_else(|| panic!("{word}: {}", said.err));
    assert!(said.err.rfind("error[").unwrap() < at("warning["), "{}", said.err);
    assert!(at("error[") < at("LG1002") && said.err.contains("error[LG260"), "{}", said.err);
}

/// A command in a process that may hold only so many files open at once, and more to nobody's asking.
fn with_few_files(deployment: &Deployment, few: u32, words: &[&str]) -> Said {
    let script = format!("ulimit -n {few}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_lockgate"), "--config"])
        .arg(deployment.root())
        .args(words);
    Said::of(&command.output().unwrap())
}

/// More new files of a feed than a night takes: the night says so and takes the others' as always, and the next runs go on until all were
/// taken.
#[test]
fn more_new_files_than_a_night_takes_are_taken_by_several_and_are_said() {
    const FILES: u64 = 30;
    let deployment = small();
    let mut world = World::new(6, 12);
    let day = world.day().to_string();
    let files = world.next_day();
    for file in &files {
        file.put(&deployment, "");
    }
    let custody = files.iter().find(|f| f.stem == "CUSTODY").unwrap();
    let text = String::from_utf8(custody.bytes.clone()).unwrap();
    for n in 1..FILES {
        let bytes = text.replace("14000", &(20_000 + n).to_string()).into_bytes();
        assert_ne!(bytes, custody.bytes, "{text}");
        let other = FeedFile { bytes, ..custody.clone() };
        other.put(&deployment, &format!("_{n}"));
    }
    let night = || with_few_files(&deployment, 256, &["run", "--json", "--as-of", &day]);
    let taken = |said: &Said| {
        assert!(matches!(said.code, Some(0 | 4)), "{:?} {}", said.code, said.err);
        let feeds = said.json()["feeds"].as_array().unwrap().clone();
        let of = |name: &str| {
            feeds.iter().filter(|f| f["feed"] == name && f["state"] == "accepted").count() as u64
        };
        (of("wyp-custody"), of("wyp-cohort"), of("hmps-releases"))
    };
    let first = night();
    let (some, ..) = taken(&first);
    assert_eq!(taken(&first), (some, 1, 1));
    assert!((1..FILES).contains(&some) && first.err.contains("LG1317"), "{some} {}", first.err);
    assert!(first.err.contains(&format!("more than {some} new files lie at the place")), "{}", first.err);
    let second = night();
    assert_eq!(taken(&second), (FILES - some, 0, 0));
    assert!(!second.err.contains("LG1317"), "{}", second.err);
    assert_eq!(taken(&night()), (0, 0, 0));
}

/// What was ever kept is looked at again, and none of it stays open: a deployment of many feeds comes to thousands of files.
#[test]
fn a_night_opens_no_more_files_the_more_nights_were_before_it() {
    let deployment = small();
    let mut world = World::new(7, 12);
    for _ in 0..45 {
        let day = put_day(&deployment, &mut world);
        deployment.night(&day);
    }
    let day = put_day(&deployment, &mut world);
    let said = with_few_files(&deployment, 96, &["run", "--json", "--as-of", &day]);
    assert!(matches!(said.code, Some(0 | 4)), "{:?} {}", said.code, said.err);
}
