//! Nights in which nothing comes: what did not change is neither read nor looked at again, and what changes all the same is noticed.

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
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;
use support::small::{FeedFile, World, small};
use support::{Deployment, tracer};

/// The first day's files; the first person of the cohort list is designated until the given day.
fn first_day(world: &mut World, until: &str) -> [FeedFile; 3] {
    let mut files = world.next_day();
    let units: Vec<u16> = files[0].bytes.as_chunks().0.iter().copied().map(u16::from_le_bytes).collect();
    let text = String::from_utf16(&units).unwrap();
    let lines = text.split("\r\n").enumerate().map(|(n, line)| {
        let mut cells: Vec<&str> = line.split('\t').collect();
        if n == 1 {
            cells[12] = until;
        }
        cells.join("\t")
    });
    let text = lines.collect::<Vec<_>>().join("\r\n");
    files[0].bytes = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    files
}

fn break_remembered_rows(deployment: &Deployment) {
    for entry in fs::read_dir(deployment.path("state/rows")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        bytes[20] ^= 1;
        fs::write(path, bytes).unwrap();
    }
}

/// Nobody is looked at while nothing comes, and the remembered rows are not opened: broken ones stop no quiet night. When a designation
/// ends by its own date, without any file that says so, they are needed again.
#[test]
fn a_quiet_night_looks_at_nobody_until_a_designation_ends_by_its_date() {
    let deployment = small();
    let mut world = World::new(3, 12);
    first_day(&mut world, "19/11/2008").iter().for_each(|file| file.put(&deployment, ""));
    let first = deployment.night("2008-11-17").json();
    assert_eq!((first["feeds"].as_array().unwrap().len(), first["left"].as_u64()), (3, Some(0)));
    let cohort = first["cohort"].as_u64().unwrap();
    break_remembered_rows(&deployment);
    for day in ["2008-11-18", "2008-11-19"] {
        let said = deployment.night(day).json();
        let (linked, left) = (said["linked"].as_u64(), said["left"].as_u64());
        assert_eq!((linked, left, said["cohort"].as_u64()), (Some(0), Some(0), Some(cohort)), "{day}");
    }
    let said = deployment.run(&["run", "--as-of", "2008-11-20"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("do not read back"), "{}", said.err);
    break_remembered_rows(&deployment);
    let said = deployment.night("2008-11-20").json();
    assert_eq!((said["left"].as_u64(), said["cohort"].as_u64()), (Some(1), Some(cohort - 1)));
    let said = deployment.night("2008-11-21").json();
    assert_eq!((said["left"].as_u64(), said["linked"].as_u64()), (Some(0), Some(0)));
}

/// What the last night left open is taken up though nothing came since: pairs to be weighed, a model or rules that are others by now,
/// people with whom it was not done, and a run that broke off.
#[test]
fn what_was_left_open_ends_the_quiet() {
    let deployment = small();
    World::new(3, 12).next_day().iter().for_each(|file| file.put(&deployment, ""));
    deployment.night("2008-11-17");
    for left in [
        "UPDATE meta SET value = 'more ' || value WHERE key = 'link model'",
        "UPDATE meta SET value = 'at work' WHERE key = 'link model'",
        "UPDATE meta SET value = '1' WHERE key = 'link rules'",
        "UPDATE person SET dirty = 1 WHERE id = (SELECT min(id) FROM person)",
        "UPDATE run SET finished_at = NULL WHERE id = (SELECT max(id) FROM run)",
    ] {
        break_remembered_rows(&deployment);
        deployment.night("2008-11-18");
        deployment.change_store(left);
        let said = deployment.run(&["run", "--as-of", "2008-11-18"]);
        assert!(said.code == Some(1) && said.err.contains("do not read back"), "{left}: {}", said.err);
        break_remembered_rows(&deployment);
        deployment.night("2008-11-18");
    }
}

/// Whether a night opens the feeds' files.
fn opens(strace: &Path, deployment: &Deployment, day: &str) -> bool {
    let log = deployment.path("calls");
    let program = deployment.command(&["run", "--as-of", day]);
    let mut command = Command::new(strace);
    command.args(["-f", "-e", "trace=open,openat", "-o"]).arg(&log).arg(program.get_program());
    command.args(program.get_args()).current_dir(deployment.root());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(log).unwrap().contains("CUSTODY_2008")
}

/// A known file that nothing was done to is not even opened; one with as many other bytes under its old time is read.
#[test]
fn a_known_file_is_read_again_only_after_something_was_done_to_it() {
    let Some(strace) = tracer() else { return };
    let deployment = small();
    let mut world = World::new(3, 12);
    let files = world.next_day();
    files.iter().for_each(|file| file.put(&deployment, ""));
    deployment.night("2008-11-17");
    // Until then the places' times are too coarse to vouch for anything.
    thread::sleep(Duration::from_millis(2_100));
    assert!(opens(&strace, &deployment, "2008-11-17"));
    assert!(!opens(&strace, &deployment, "2008-11-18"));
    let custody = deployment.path("fixtures/wyp").join(files[1].name(""));
    let about = fs::metadata(&custody).unwrap();
    let text = String::from_utf8(files[1].bytes.clone()).unwrap();
    let other = text.replacen("BAIL 47(3)", "CHARGED CB", 1);
    assert!(other != text && other.len() == text.len(), "the test needs somebody on bail");
    fs::write(&custody, other).unwrap();
    let file = fs::File::options().write(true).open(&custody).unwrap();
    file.set_modified(about.modified().unwrap()).unwrap();
    let said = deployment.night("2008-11-18");
    assert_eq!(said.feed("wyp-custody")["state"], "accepted");
    assert_eq!(said.feed("hmps-releases")["state"], "nothing new");
}
