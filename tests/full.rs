//! A night on a drive that has less room than it needs: at every size it ends with a code that says so, and with room it is run again
//! and ends as on a drive that never was full. And a drive on which nothing may be written.
//!
//! The drive is a tmpfs of a chosen size, seen by the program alone (a mount namespace of its own). `LOCKGATE_FULL=1` tries every size
//! from 64 KiB on in steps of 64 KiB; otherwise some of them. docs/promises.md has the last result.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

pub mod support;

use std::fs;
use std::process::{Command, Stdio};
use support::doors::open_all;
use support::small::{World, small_of};
use support::{Deployment, assert_same_but_for_the_ledger, copy, files};

/// Bytes of a step.
const STEP: u64 = 64 << 10;
/// Exit codes of a night that came to its end.
const ENDED: [&str; 2] = ["0", "4"];

/// What happens on the drive: it is filled up to some steps, a night is run, there is room, and it is run again.
const SCRIPT: &str = r#"
mount -t tmpfs -o size=1g,mode=0700 none "$ROOT/state" || exit 99
cp -a "$BEFORE/." "$ROOT/state/" || exit 99
used=$(($(df --output=used -B1 "$ROOT/state" | tail -1)))
$LIMIT || exit 99
"$LOCKGATE" --config "$ROOT" run --quiet --as-of "$DAY" 2>"$ROOT/first.err"; echo $? >"$ROOT/first"
"$LOCKGATE" --config "$ROOT" doctor --plain >"$ROOT/doctor.out" 2>"$ROOT/doctor.err"
mount -o remount,rw,size=1g "$ROOT/state" || exit 99
"$LOCKGATE" --config "$ROOT" run --quiet --as-of "$DAY" 2>"$ROOT/again.err"; echo $? >"$ROOT/again"
cp -a "$ROOT/state/." "$ROOT/after/" || exit 99
"#;

/// How a program may have a drive of its own: as root, or as a user who is root in a namespace of its own.
fn namespace() -> Option<Vec<&'static str>> {
    support::in_memory();
    let tries = [vec!["-m"], vec!["-r", "-m"]];
    let folder = tempfile::tempdir().unwrap();
    let may = |words: &Vec<&str>| {
        let mut command = Command::new("unshare");
        command.args(words).args(["mount", "-t", "tmpfs", "none"]).arg(folder.path());
        command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let found = tries.into_iter().find(may);
    if found.is_none() {
        let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0");
        let ci = std::env::var("CI").as_deref() == Ok("true");
        assert!(!(root && ci), "root may have no drive of its own");
        eprintln!("skipped: this system lets nobody mount a drive of a chosen size");
    }
    found
}

/// A deployment before its night, and what the night is on a drive with room.
struct Start {
    namespace: Vec<&'static str>,
    sealed: bool,
    day: String,
    before: Deployment,
    after: Deployment,
}

impl Start {
    /// Before the night of this number, from 0.
    fn at(namespace: &[&'static str], sealed: bool, night: usize) -> Self {
        let ((before, days), (after, _)) = (two_days(sealed), two_days(sealed));
        fs::create_dir(before.path("state")).unwrap();
        days[..night].iter().for_each(|day| drop(before.night(day)));
        copy(&before.path("state"), &after.path("state"));
        after.night(&days[night]);
        Self { namespace: namespace.to_vec(), sealed, day: days[night].clone(), before, after }
    }

    /// The night on a drive to which this is done, and once more with room; how the first one ended, what it said, and what
    /// the desk's look said then.
    fn on(&self, limit: &str) -> (String, String, String) {
        let (place, _) = two_days(self.sealed);
        for folder in ["state", "after"] {
            fs::create_dir(place.path(folder)).unwrap();
        }
        let mut command = Command::new("unshare");
        command.args(&self.namespace).args(["sh", "-c", &SCRIPT.replace("$LIMIT", limit)]);
        command.env("ROOT", place.root()).env("BEFORE", self.before.path("state")).env("DAY", &self.day);
        let output = command.env("LOCKGATE", env!("CARGO_BIN_EXE_lockgate")).output().unwrap();
        assert!(output.status.success(), "{limit}: {}", String::from_utf8_lossy(&output.stderr));
        let said = |name: &str| fs::read_to_string(place.path(name)).unwrap().trim().to_owned();
        assert!(ENDED.contains(&said("again").as_str()), "{limit}: {} {}", said("again"), said("again.err"));
        self.as_undisturbed(&place, limit);
        (said("first"), said("first.err"), said("doctor.out") + &said("doctor.err"))
    }

    /// What lies on the drive in the end is what lies on one that had room.
    fn as_undisturbed(&self, place: &Deployment, limit: &str) {
        fs::remove_dir(place.path("state")).unwrap();
        fs::rename(place.path("after"), place.path("state")).unwrap();
        let verified = place.run(&["ledger", "verify"]);
        assert_eq!(verified.code, Some(0), "{limit}: {}", verified.err);
        let counts = |d: &Deployment| {
            let status = d.run(&["status", "--json"]).json();
            (status["people"].clone(), status["versions"].clone())
        };
        assert_eq!(counts(place), counts(&self.after), "{limit}");
        assert!(files(&place.path("state/staging")).is_empty(), "{limit}: left in staging");
        if !self.sealed {
            return assert_same_but_for_the_ledger(&self.after.bundle_files(), &place.bundle_files(), limit);
        }
        let names = |d: &Deployment| d.bundle_files().into_keys().collect::<Vec<_>>();
        assert_eq!(names(place), names(&self.after), "{limit}");
        assert_eq!(open_all(place), names(place).len() / 2, "{limit}");
    }

    /// A night with so many steps of room: whether that was enough. If not, it says so with a code.
    fn enough(&self, steps: u64) -> bool {
        let limit = format!("mount -o remount,size=$((used + {})) \"$ROOT/state\"", steps * STEP);
        let (code, said, _) = self.on(&limit);
        assert!(!said.contains("panicked") && !said.contains("internal fault"), "{steps} steps: {said}");
        if ENDED.contains(&code.as_str()) {
            return true;
        }
        assert!(matches!(code.as_str(), "5" | "75"), "{steps} steps: it ends {code}: {said}");
        assert!(
            ["LG2002", "LG2012", "LG2054", "LG2215"].iter().any(|c| said.contains(c)),
            "{steps} steps: {said}"
        );
        assert!(said.contains("full") || said.contains("No space"), "{steps} steps: {said}");
        false
    }

    /// Sizes from too small to begin to enough; how many were too small.
    fn all_sizes(&self) -> u64 {
        let every = std::env::var("LOCKGATE_FULL").is_ok();
        let (mut steps, mut short) = (1, 0);
        while !self.enough(steps) {
            short += 1;
            steps += if every { 1 } else { 1 + steps / 2 };
            assert!(steps * STEP < 1 << 28, "no room is enough");
        }
        let kind = if self.sealed { "sealed" } else { "plain" };
        eprintln!("{kind}, {}: {short} sizes too small, {} KiB enough", self.day, (steps * STEP) >> 10);
        short
    }
}

/// A deployment of three feeds with the files of two days.
fn two_days(sealed: bool) -> (Deployment, [String; 2]) {
    let new = small_of(if sealed { Deployment::sealed() } else { Deployment::fresh() });
    let mut world = World::new(5, 12);
    let days = [(); 2].map(|()| {
        let day = world.day().to_string();
        world.next_day().iter().for_each(|file| file.put(&new, ""));
        day
    });
    (new, days)
}

#[test]
fn a_night_that_finds_too_little_room_says_so_and_with_room_ends_as_if_there_had_always_been() {
    let Some(namespace) = namespace() else { return };
    for (sealed, night) in [(false, 0), (true, 1)] {
        let short = Start::at(&namespace, sealed, night).all_sizes();
        assert!(short > 4, "only {short} sizes were too small");
    }
}

#[test]
fn a_drive_on_which_nothing_may_be_written_is_said_and_nothing_is_lost() {
    let Some(namespace) = namespace() else { return };
    for night in [0, 1] {
        let start = Start::at(&namespace, true, night);
        let (code, said, doctor) = start.on("mount -o remount,ro \"$ROOT/state\"");
        assert_eq!(code, "75", "night {night}: {said}");
        assert!(said.contains("Read-only file system") && said.contains("LG20"), "night {night}: {said}");
        assert!(doctor.contains("LG2012"), "night {night}: {doctor}");
    }
}
