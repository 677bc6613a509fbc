//! Night after night in one process, as `serve` runs them: the handles that are open and the memory that is held do not grow, the
//! staging folder is empty after each, and the ledger verifies at the end.
//!
//! `LOCKGATE_NIGHTS=1000` runs that many nights.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use jiff::civil::Date;
use jiff::{SignedDuration, Span};
use lockgate::clock::Clock;
use lockgate::config::Deployment as Config;
use lockgate::schedule::Daemon;
use std::fs;
use std::time::Duration;
use support::small::{FIRST, World, load, night_of, small};
use support::{Deployment, files};

/// The program's own: the system's keeps what short-lived threads gave back, some 90 KiB a night.
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The night after which nothing that is held grows any more.
const WARM: u64 = 10;
/// Bytes by which what is resident may have grown from then on. A night's own room is about as much, and what the allocator has given
/// back is not all gone at once; a leak of 64 KiB a night is seen in a thousand.
const ROOM: u64 = 48 << 20;

fn nights() -> u64 {
    let asked = std::env::var("LOCKGATE_NIGHTS").ok().and_then(|n| n.parse().ok()).unwrap_or(25);
    assert!(asked > WARM, "LOCKGATE_NIGHTS must be above {WARM}");
    asked
}

/// What this process has open: files, sockets and the like, each by what it leads to.
fn handles() -> Vec<String> {
    let all = fs::read_dir("/proc/self/fd").unwrap();
    // The folder that is being read is among them, and gone by then.
    let mut open: Vec<String> =
        all.filter_map(|e| fs::read_link(e.unwrap().path()).ok()).map(|p| p.display().to_string()).collect();
    open.retain(|p| !p.starts_with("/proc/"));
    open.sort();
    open
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// A night in its time: what came due is done, and what is late looked at.
async fn one_night(daemon: &mut Daemon, config: &Config, day: Date) {
    for minutes in [0, 1, 300] {
        let at = night_of(day).checked_add(SignedDuration::from_mins(minutes)).unwrap();
        config.clock.set(at);
        daemon.turn(config).await;
    }
}

fn ran(deployment: &Deployment) -> u64 {
    let status = deployment.run(&["history", "--json", "--last", "5000"]);
    let runs = status.json();
    let runs = runs.as_array().unwrap();
    assert!(runs.iter().all(|r| matches!(r["exit"].as_u64(), Some(0 | 4))), "a night did not end well");
    runs.len() as u64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stderr, reason = "the figures of a long run")]
async fn a_process_that_runs_night_after_night_holds_no_more_than_at_first() {
    let deployment = small();
    let settings = fs::read_to_string(deployment.path("lockgate.toml")).unwrap();
    let more = "\n[schedule]\nnight = \"30 1 * * *\"\nbring = \"*/15 * * * *\"\n\n[feed.hmps-releases]\ndue = \"0 6 * * *\"\n";
    fs::write(deployment.path("lockgate.toml"), settings + more).unwrap();
    let noon = night_of(FIRST.checked_sub(Span::new().days(1)).unwrap());
    let clock = Clock::at(noon.checked_add(SignedDuration::from_hours(10)).unwrap());
    let config = load(&deployment, &clock);
    let mut daemon = Daemon::new(&config);
    let mut world = World::new(2008, 12);
    let (wanted, mut at_first, mut most) = (nights(), (Vec::new(), 0), 0);
    for night in 1..=wanted {
        let day = world.day();
        for file in world.next_day() {
            file.put(&deployment, "");
        }
        one_night(&mut daemon, &config, day).await;
        assert!(
            files(&deployment.path("state/staging")).is_empty(),
            "night {night} left something in staging"
        );
        let mut now = (handles(), resident());
        // The database's own thread may still be closing what the night is done with.
        for _ in 0..100 {
            if night <= WARM || now.0 == at_first.0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            now.0 = handles();
        }
        most = most.max(now.1);
        if night == WARM {
            at_first = now;
        } else if night > WARM {
            assert_eq!(now.0, at_first.0, "handles after night {night} and after night {WARM}");
            let grown = now.1.saturating_sub(at_first.1);
            assert!(grown <= ROOM, "after night {night} {grown} bytes more are held than after night {WARM}");
        }
        if night.is_multiple_of(100) || night == wanted {
            let (open, kib) = (handles().len(), resident() >> 10);
            eprintln!("night {night}: {open} handles, {kib} KiB resident (at most {} KiB)", most >> 10);
        }
    }
    drop(daemon);
    assert_eq!(ran(&deployment), wanted, "one run a night");
    let verified = deployment.run(&["ledger", "verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
}
