//! A night that is killed at any of its writes, or finds the disk full or failing there, and is then repeated, ends as if nothing had
//! happened: the same bundles, the same people, a ledger that is whole. The process is killed by the system just before the call.
//!
//! `LOCKGATE_KILLS=400 cargo nextest run --features s3 --test kills` tries that many points of each kind; docs/promises.md has the last
//! result.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use support::postgres::{Postgres, programs};
use support::{Deployment, NIGHTS, assert_same_but_for_the_ledger, copy, needed, tracer};

/// Calls that change what lies on the drive.
const CALLS: [&str; 8] = ["write", "pwrite64", "fsync", "rename", "renameat", "ftruncate", "mkdir", "unlink"];
/// The same where the store is on a server: what is said to it is sent.
const CALLS_WITH_A_SERVER: [&str; 6] = ["sendto", "write", "fsync", "rename", "renameat", "mkdir"];

/// Points of each kind that are tried.
fn points() -> usize {
    std::env::var("LOCKGATE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(14)
}

/// A night under the tracer.
fn traced(strace: &Path, deployment: &Deployment, day: &str, words: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_lockgate");
    let mut command = Command::new(strace);
    command.args(["-f", "-qq"]).args(words).arg(program).args(["run", "--quiet", "--as-of", day, "--config"]);
    command.arg(deployment.root()).output().unwrap()
}

/// How often the busiest thread makes each call in a night.
fn calls(
    strace: &Path,
    deployment: &Deployment,
    day: &str,
    which: &[&'static str],
) -> BTreeMap<&'static str, u64> {
    let log = deployment.path("trace.log");
    let trace = format!("trace={}", which.join(","));
    traced(strace, deployment, day, &["-e", &trace, "-o", log.to_str().unwrap()]);
    let mut by: BTreeMap<(&'static str, String), u64> = BTreeMap::new();
    for line in fs::read_to_string(&log).unwrap().lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let name = call.trim_start().split('(').next().unwrap_or_default();
        if let Some(call) = which.iter().find(|c| **c == name) {
            *by.entry((call, thread.to_owned())).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((call, _), count) in by {
        let most: &mut u64 = most.entry(call).or_default();
        *most = count.max(*most);
    }
    most
}

/// So many points, spread over the calls and over each call's first to last time.
fn spread(calls: &BTreeMap<&'static str, u64>, wanted: usize) -> Vec<(&'static str, u64)> {
    let each = (wanted / calls.len()).max(1) as u64;
    let mut out = Vec::new();
    for (call, most) in calls {
        let step = most.div_ceil(each).max(1);
        // Not always the same ones of a call: begun at a place of its own.
        let first = 1 + (call.len() as u64 * 7) % step;
        out.extend((first..=*most).step_by(usize::try_from(step).unwrap()).map(|at| (*call, at)));
    }
    out
}

/// A deployment after its first nights, to be copied.
struct Start {
    before: Deployment,
    /// The server that has the store, and the database in it.
    server: Option<(Postgres, String)>,
    /// The bundles, people and records of an undisturbed night.
    bundles: BTreeMap<String, Vec<u8>>,
    counts: (u64, u64),
    day: &'static str,
}

impl Start {
    fn at(night: usize) -> Self {
        let before = if night == 0 { Deployment::fresh() } else { Deployment::after(night - 1) };
        Self::of(before, night, None)
    }

    /// The same on a server.
    fn on_a_server(night: usize, server: Postgres) -> Self {
        let before = Deployment::fresh();
        let database = server.database();
        before.put_on(&server.address(&database));
        for day in NIGHTS.iter().take(night) {
            before.night(day);
        }
        Self::of(before, night, Some((server, database)))
    }

    fn of(before: Deployment, night: usize, server: Option<(Postgres, String)>) -> Self {
        let mut new = Self { before, server, bundles: BTreeMap::new(), counts: (0, 0), day: NIGHTS[night] };
        let whole = new.copied();
        whole.night(NIGHTS[night]);
        (new.bundles, new.counts) = (whole.bundle_files(), counts(&whole));
        new
    }

    /// The deployment as it stands before the night, with a store of its own.
    fn copied(&self) -> Deployment {
        let new = Deployment::fresh();
        if self.before.path("state").exists() {
            copy(&self.before.path("state"), &new.path("state"));
        }
        if let Some((server, database)) = &self.server {
            new.put_on(&server.address(&server.copy(database)));
        }
        new
    }

    /// Disturbs a night at a point, repeats it undisturbed, and compares; whether the disturbance came about.
    fn disturb(&self, strace: &Path, inject: &str) -> bool {
        let deployment = self.copied();
        let log = deployment.path("trace.log");
        // Only what is traced is disturbed.
        let call = inject.trim_start_matches("inject=").split(':').next().unwrap();
        let trace = format!("trace={call}");
        let words = ["-e", trace.as_str(), "-e", inject, "-o", log.to_str().unwrap()];
        let output = traced(strace, &deployment, self.day, &words);
        let ended = matches!(output.status.code(), Some(0 | 4));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked") && !said.contains("internal fault"), "{inject}: {said}");
        // Whatever is not killed says why it stops, and that it may be tried again.
        let told = output.status.code().is_none_or(|code| matches!(code, 0 | 4 | 5 | 75));
        assert!(
            told && (ended || output.status.code().is_none() || said.contains("LG2")),
            "{inject}: {output:?}"
        );
        let again = deployment.run(&["run", "--quiet", "--as-of", self.day]);
        assert!(matches!(again.code, Some(0 | 4)), "{inject}: {:?} {}", again.code, again.err);
        let verified = deployment.run(&["ledger", "verify"]);
        assert_eq!(verified.code, Some(0), "{inject}: {}", verified.err);
        assert_eq!(counts(&deployment), self.counts, "{inject}");
        assert_same_but_for_the_ledger(&self.bundles, &deployment.bundle_files(), inject);
        !ended
    }

    /// Kills the night at points spread over its calls.
    fn kill(&self, strace: &Path, calls: &BTreeMap<&'static str, u64>) {
        let points = spread(calls, points());
        let injects: Vec<String> =
            points.iter().map(|(call, at)| format!("inject={call}:signal=SIGKILL:when={at}")).collect();
        let wanted = injects.len();
        let came = self.disturb_all(strace, injects);
        // Threads share their work anew each time, so that a late call of one may be another's.
        assert!(came * 2 > wanted, "{came} of {wanted} nights were killed");
    }

    /// Many points, on two threads; how many came about.
    fn disturb_all(&self, strace: &Path, injects: Vec<String>) -> usize {
        let (left, came) = (Mutex::new(injects), Mutex::new(0));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let inject = left.lock().unwrap().pop();
                        let Some(inject) = inject else { return };
                        let disturbed = self.disturb(strace, &inject);
                        *came.lock().unwrap() += usize::from(disturbed);
                    }
                });
            }
        });
        came.into_inner().unwrap()
    }
}

fn counts(deployment: &Deployment) -> (u64, u64) {
    let status = deployment.run(&["status", "--json"]).json();
    (status["people"].as_u64().unwrap(), status["versions"].as_u64().unwrap())
}

#[test]
fn a_night_killed_at_any_write_and_repeated_ends_as_if_it_had_not_been() {
    let Some(strace) = tracer() else { return };
    for night in [0, 1] {
        let start = Start::at(night);
        let calls = calls(&strace, &start.copied(), start.day, &CALLS);
        assert!(calls.len() >= 5 && calls["fsync"] > 5, "{calls:?}");
        start.kill(&strace, &calls);
    }
}

#[test]
fn a_night_killed_with_its_store_on_a_server_and_repeated_ends_as_if_it_had_not_been() {
    let Some(strace) = tracer() else { return };
    let Some(programs) = needed(programs(), "PostgreSQL's server") else { return };
    let start = Start::on_a_server(1, Postgres::start(programs));
    let calls = calls(&strace, &start.copied(), start.day, &CALLS_WITH_A_SERVER);
    assert!(calls["sendto"] > 50 && calls["fsync"] > 5, "{calls:?}");
    start.kill(&strace, &calls);
}

#[test]
fn a_night_that_finds_the_disk_full_or_failing_says_so_and_loses_nothing() {
    let Some(strace) = tracer() else { return };
    let start = Start::at(1);
    let calls = calls(&strace, &start.copied(), start.day, &CALLS);
    let mut injects = Vec::new();
    for (call, fault) in [("pwrite64", "ENOSPC"), ("fsync", "EIO"), ("mkdir", "EROFS"), ("renameat", "EIO")] {
        let Some(most) = calls.get(call) else { continue };
        let one = BTreeMap::from([(call, *most)]);
        // From that call on, as a full disk stays full.
        let points = spread(&one, points() / 4);
        injects.extend(points.iter().map(|(_, at)| format!("inject={call}:error={fault}:when={at}+")));
    }
    assert!(!injects.is_empty());
    let wanted = injects.len();
    let came = start.disturb_all(&strace, injects);
    assert!(came * 2 > wanted, "{came} of {wanted} nights were stopped");
}

/// A drive that takes its time over every write delays a night, and nothing else: nobody gives up, and nothing is said.
#[test]
fn a_night_on_a_slow_drive_ends_as_on_a_fast_one() {
    let Some(strace) = tracer() else { return };
    let start = Start::at(1);
    let deployment = start.copied();
    let (slow, log) =
        ("inject=fsync,pwrite64,rename,renameat:delay_enter=2000", deployment.path("trace.log"));
    let words = ["-e", "trace=fsync,pwrite64,rename,renameat", "-e", slow, "-o", log.to_str().unwrap()];
    // What the tracer itself has to say goes elsewhere: it may end while a thread does.
    let quiet = traced(&strace, &start.copied(), start.day, &["-e", "trace=none", "-o", "/dev/null"]);
    let output = traced(&strace, &deployment, start.day, &words);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{output:?}");
    assert_eq!(output.stderr, quiet.stderr, "a slow drive is told as something else");
    let delayed = fs::read_to_string(&log).unwrap().matches("(DELAYED)").count();
    assert!(delayed > 200, "{delayed} calls were slow");
    assert_eq!(counts(&deployment), start.counts);
    assert_same_but_for_the_ledger(&start.bundles, &deployment.bundle_files(), slow);
}
