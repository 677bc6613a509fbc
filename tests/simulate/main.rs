//! Some days of feeds with faults drawn from a seed, beside the same days without: in the end, after one quiet night more, each
//! recipient holds the same, the people are the same, the ledger verifies, nothing waits and nothing is left in staging; and
//! nothing that ever stood at a door was given twice under one number, or written over.
//!
//! `LOCKGATE_SEED=7` plays exactly that one, `LOCKGATE_SIMULATIONS=500` that many, from that seed on when both are given. The plan of
//! a seed is always the same. Where a night is killed is counted in the calls of a thread; which of its threads comes there first is the
//! system's.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "tests"
)]

mod plan;
mod play;
mod recipient;
#[path = "../support/mod.rs"]
pub mod support;

use jiff::civil::Date;
use lockgate::clock::Clock;
use lockgate::fault;
use lockgate::night::{Order, run};
use plan::Plan;
use play::{End, play};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use support::Deployment;
use support::small::{FeedFile, World, night_of};

/// This program started again: it plays the plan of this seed.
const SEED: &str = "LOCKGATE_TEST_SIMULATE";
/// This program started again: it runs the night of this day, on the deployment that is named behind it.
const NIGHT: &str = "LOCKGATE_TEST_NIGHT";
const NAME: &str = "nights_with_faults_end_as_the_same_nights_without";
const PEOPLE: u32 = 14;
/// Simulations beside each other.
const AT_ONCE: usize = 2;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// This program once more, behind others' words.
fn again(mut command: Command) -> Command {
    command
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env_remove(SEED)
        .env_remove(NIGHT)
        .env("RUST_BACKTRACE", "0");
    command
}

/// A night in a process of its own, of whose calls one is disturbed; whether it was stopped. It says why it was, with a code.
fn stopped(strace: &Path, deployment: &Deployment, day: Date, (call, inject): (&str, &str)) -> bool {
    let mut command = Command::new(strace);
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", inject]);
    command.arg(std::env::current_exe().unwrap());
    let order = format!("{day} {}", deployment.root().display());
    let output = again(command).env(NIGHT, order).env("RAYON_NUM_THREADS", "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked") && !said.contains("internal fault"), "{inject}: {said}");
    match output.status.code() {
        Some(0 | 4) => false,
        None => true,
        Some(code) => {
            assert!(matches!(code, 5 | 75) && said.contains("LG"), "{inject}: it ends {code}: {said}");
            true
        }
    }
}

#[expect(clippy::print_stderr, reason = "as the program does")]
/// The night in this process, which ends as the program would.
fn one_night(order: &str) -> ! {
    let (day, root) = order.split_once(' ').unwrap();
    let day: Date = day.parse().unwrap();
    let mut config = lockgate::config::load(Path::new(root)).unwrap_or_else(|_| panic!("it does not load"));
    config.clock = Clock::at(night_of(day));
    let order = Order { as_of: day, feeds: Vec::new(), dry_run: false };
    let told = runtime().block_on(Box::pin(run::run(&config, order, true)));
    let code = match told {
        Ok(told) => {
            told.errors
                .iter()
                .chain(&told.warnings)
                .for_each(|p| eprintln!("warning[{}]: {}", p.code, p.what));
            told.summary.exit
        }
        Err(error) => {
            let (exit, what) = fault::ended(&error);
            eprintln!("error: {what}");
            exit as u8
        }
    };
    std::process::exit(code.into());
}

/// The files of a plan's days.
fn files(plan: &Plan) -> Vec<FeedFile> {
    let mut world = World::new(plan.seed, PEOPLE);
    (0..plan.nights).flat_map(|_| world.next_day()).collect()
}

/// The first differences between two ends.
fn differences(plain: &End, other: &End) -> Vec<String> {
    let mut said = Vec::new();
    if plain.people != other.people {
        said.push(format!("{} people instead of {}", other.people, plain.people));
    }
    for (key, row) in &plain.held {
        if other.held.get(key) != Some(row) {
            said.push(format!("{} has {:?} instead of {row:?}", key.0, other.held.get(key)));
        }
    }
    let more = other.held.iter().filter(|(key, _)| !plain.held.contains_key(*key));
    said.extend(more.map(|(key, row)| format!("{} has {row:?} more", key.0)));
    said.truncate(8);
    said
}

/// Plays a seed's plan, and the same nights undisturbed.
#[expect(clippy::print_stderr, reason = "what was played")]
fn one_simulation(seed: u64) {
    support::in_memory();
    let plan = Plan::drawn(seed);
    eprintln!("{plan}");
    let (files, runtime) = (files(&plan), runtime());
    let undisturbed = runtime.block_on(play(&plan.undisturbed(), &files));
    let disturbed = runtime.block_on(play(&plan, &files));
    let said = differences(&undisturbed, &disturbed);
    assert!(said.is_empty(), "{plan}{}", said.join("\n"));
    assert!(undisturbed.held.len() > 20, "{plan}hardly anything: {}", undisturbed.held.len());
    eprintln!("stopped {}", disturbed.stopped);
}

/// Starts a simulation as a process of its own: what another starts meanwhile would hold a copy of its lock.
fn simulate(seed: u64) -> Output {
    let mut command = again(Command::new(std::env::current_exe().unwrap()));
    command.env(SEED, seed.to_string()).output().unwrap()
}

#[test]
#[expect(clippy::print_stderr, reason = "how far a long run is")]
fn nights_with_faults_end_as_the_same_nights_without() {
    if let Ok(order) = std::env::var(NIGHT) {
        one_night(&order);
    }
    if let Some(seed) = asked(SEED) {
        return one_simulation(seed);
    }
    let first = asked("LOCKGATE_SEED");
    let count = asked("LOCKGATE_SIMULATIONS").unwrap_or(if first.is_some() { 1 } else { 4 });
    let first = first.unwrap_or(0);
    let (left, failed) = (Mutex::new(first..first + count), Mutex::new(Vec::new()));
    let (played, stops) = (Mutex::new(0_u64), Mutex::new(0_usize));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(seed) = left.lock().unwrap().next() else { return };
                    let output = simulate(seed);
                    let said = String::from_utf8_lossy(&output.stderr).into_owned();
                    if !output.status.success() {
                        eprintln!("FAILED:\n{said}");
                        failed.lock().unwrap().push(seed);
                    }
                    let stopped = said.lines().find_map(|l| l.strip_prefix("stopped ")?.parse().ok());
                    *stops.lock().unwrap() += stopped.unwrap_or(0_usize);
                    let mut played = played.lock().unwrap();
                    *played += 1;
                    if played.is_multiple_of(50) {
                        eprintln!("{played} simulations, {} nights stopped", stops.lock().unwrap());
                    }
                }
            });
        }
    });
    let stops = stops.into_inner().unwrap();
    eprintln!("{count} simulations from LOCKGATE_SEED={first} on, {stops} nights stopped");
    let mut failed = failed.into_inner().unwrap();
    failed.sort_unstable();
    assert!(failed.is_empty(), "play one of them again with LOCKGATE_SEED=n: {failed:?}");
}

/// A seed is always the same plan, and no fault is one that is never drawn.
#[test]
fn a_seed_is_one_plan_and_every_fault_is_drawn() {
    let plans: Vec<Plan> = (0..400).map(Plan::drawn).collect();
    assert!(plans.iter().all(
        |plan| *plan == Plan::drawn(plan.seed) && plan.to_string() == Plan::drawn(plan.seed).to_string()
    ));
    let mut kinds: Vec<_> =
        plans.iter().flat_map(|p| &p.faults).map(|(_, f)| std::mem::discriminant(f)).collect();
    let drawn = kinds.len();
    kinds.sort_by_key(|kind| format!("{kind:?}"));
    kinds.dedup();
    assert_eq!(kinds.len(), 13, "of {drawn} faults");
}
