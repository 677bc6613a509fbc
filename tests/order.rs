//! The files of seven days arrive twice, in another order, under other names, again after newer ones, and spread over another
//! number of runs: each recipient holds in the end what it would hold had every file come alone on its day, and the ledger verifies.
//!
//! What is not said to be the same, because it tells how things came: the versions of rows and the day on which each was told, the
//! ledger's entries, and how many bundles there were. And one thing depends on the order by rule: a full list that comes after a
//! newer one is filed and not read (`a_full_list_that_comes_late_*` in `repair.rs`), so that whoever stands in an older list alone,
//! without an end, is known only where that list was taken in its time. The lists here keep whoever was ever on them.
//!
//! `LOCKGATE_ORDERS=1000` tries that many orders, `LOCKGATE_SEED=7` begins with that one: the seed that a failure names.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use fastrand::Rng;
use jiff::Span;
use jiff::civil::Date;
use lockgate::clock::Clock;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use support::small::{FIRST, FeedFile, World, load, night, night_of, small};
use support::{Deployment, RECIPIENTS};

const DAYS: usize = 7;
const PEOPLE: u32 = 20;
/// So many orders are tried on one week's files.
const ORDERS_OF_A_WEEK: u64 = 25;
/// Orders that are tried beside each other.
const AT_ONCE: usize = 4;

fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

fn day(n: usize) -> Date {
    FIRST.checked_add(Span::new().days(i64::try_from(n).unwrap())).unwrap()
}

/// A file that arrives before a run, under its own name or another.
struct Arrival {
    file: FeedFile,
    copy: String,
}

/// What arrives before each run, and the run's day.
type Plan = Vec<(Date, Vec<Arrival>)>;

fn week(number: u64) -> Vec<FeedFile> {
    let mut world = World::new(number, PEOPLE);
    (0..DAYS).flat_map(|_| world.next_day()).collect()
}

/// Every file on its day.
fn plain(files: &[FeedFile]) -> Plan {
    let of = |n| files.iter().filter(move |f| f.date == day(n));
    (0..DAYS)
        .map(|n| (day(n), of(n).map(|f| Arrival { file: f.clone(), copy: String::new() }).collect()))
        .collect()
}

/// Some other way in which the same files may come; the last run is on the last day and finds all of them.
fn some_order(files: &[FeedFile], rng: &mut Rng) -> Plan {
    let mut runs: Vec<Date> = (1..rng.usize(1..=DAYS + 2)).map(|_| day(rng.usize(..DAYS))).collect();
    runs.sort();
    runs.push(day(DAYS - 1));
    let mut plan: Plan = runs.into_iter().map(|day| (day, Vec::new())).collect();
    for file in files {
        // Once at the least, and up to twice more: at the same time, or again after newer ones.
        for copy in 0..=rng.usize(..5).saturating_sub(2) {
            let name = if copy == 0 && rng.bool() { String::new() } else { format!("_{}", rng.u32(..)) };
            let run = rng.usize(..plan.len());
            plan[run].1.push(Arrival { file: file.clone(), copy: name });
        }
    }
    plan
}

/// What there is in the end.
#[derive(PartialEq, Eq)]
struct End {
    people: Value,
    /// What each recipient holds, by recipient and record.
    held: BTreeMap<(&'static str, String), (String, BTreeMap<String, String>)>,
}

async fn end_of(plan: &Plan, place: &str) -> End {
    let deployment = small();
    let clock = Clock::at(night_of(FIRST));
    let config = load(&deployment, &clock);
    for (day, arrivals) in plan {
        for arrival in arrivals {
            arrival.file.put(&deployment, &arrival.copy);
        }
        let told = night(&config, *day).await;
        let held: Vec<&str> = told.errors.iter().map(|p| p.code).collect();
        assert!(held.is_empty() && told.summary.balances(), "{place}: {held:?}");
    }
    let verified = deployment.run(&["ledger", "verify"]);
    assert_eq!(verified.code, Some(0), "{place}: {}{}", verified.out, verified.err);
    let people = deployment.run(&["status", "--json"]).json()["people"].clone();
    End { people, held: held(&deployment) }
}

fn held(deployment: &Deployment) -> BTreeMap<(&'static str, String), (String, BTreeMap<String, String>)> {
    let mut held = BTreeMap::new();
    for recipient in RECIPIENTS {
        for (record, row) in deployment.replica(recipient).rows {
            held.insert((recipient, record), (row.table.clone(), row.says()));
        }
    }
    held
}

/// The first differences between two ends.
fn differences(plain: &End, other: &End) -> Vec<String> {
    let mut said = Vec::new();
    if plain.people != other.people {
        said.push(format!("{} people instead of {}", other.people, plain.people));
    }
    for (key, (table, row)) in &plain.held {
        match other.held.get(key) {
            None => said.push(format!("{} lacks {table} {}", key.0, key.1)),
            Some((_, got)) if got != row => {
                let columns: Vec<_> = row.iter().filter(|(c, v)| got.get(*c) != Some(v)).collect();
                said.push(format!("{} has another {table} {}: {columns:?} {got:?}", key.0, key.1));
            }
            Some(_) => {}
        }
    }
    let more = other.held.iter().filter(|(key, _)| !plain.held.contains_key(*key));
    said.extend(more.map(|(key, (table, _))| format!("{} has {table} {} more", key.0, key.1)));
    said.truncate(12);
    said
}

/// The end of a plan, on a runtime of its own.
fn ended(plan: &Plan, place: &str) -> End {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(end_of(plan, place))
}

/// A week's files, and where they lead in their own order.
fn in_order(number: u64) -> (Vec<FeedFile>, End) {
    let files = week(number);
    assert_eq!(files.len(), 3 * DAYS);
    let end = ended(&plain(&files), &format!("week {number} in its order"));
    let tables: BTreeSet<&str> = end.held.values().map(|(table, _)| table.as_str()).collect();
    assert!(end.held.len() > 25 && tables.len() > 3, "hardly anything: {} {tables:?}", end.held.len());
    (files, end)
}

fn try_one(seed: u64, (files, expected): &(Vec<FeedFile>, End)) {
    let plan = some_order(files, &mut Rng::with_seed(seed));
    let place = format!("LOCKGATE_SEED={seed}");
    let end = ended(&plan, &place);
    let said = differences(expected, &end);
    let runs: Vec<String> = plan.iter().map(|(day, a)| format!("{day}: {} files", a.len())).collect();
    assert!(said.is_empty(), "{place}: {}\n{}", said.join("\n"), runs.join("\n"));
}

#[test]
#[expect(clippy::print_stderr, reason = "how far a long run is")]
fn whatever_order_a_weeks_files_come_in_recipients_hold_the_same() {
    let (first, count) = (asked("LOCKGATE_SEED", 0), asked("LOCKGATE_ORDERS", 32));
    let seeds: Vec<u64> = (first..first + count).collect();
    let mut tried = 0;
    for of_week in seeds.chunk_by(|a, b| a / ORDERS_OF_A_WEEK == b / ORDERS_OF_A_WEEK) {
        let expected = in_order(of_week[0] / ORDERS_OF_A_WEEK);
        let next = AtomicUsize::new(0);
        // A night waits for its drive most of the time.
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while let Some(seed) = of_week.get(next.fetch_add(1, Ordering::Relaxed)) {
                        try_one(*seed, &expected);
                    }
                });
            }
        });
        tried += of_week.len();
        eprintln!("{tried} orders, up to LOCKGATE_SEED={}", first + tried as u64 - 1);
    }
}

/// Of seven lists of changes the fourth, the sixth and the seventh come together after the fifth: the seventh repeats the fourth, and what
/// the fifth says between them is said again. It is not the last word.
#[test]
fn an_order_that_was_once_wrong_is_right() {
    try_one(642, &in_order(642 / ORDERS_OF_A_WEEK));
}
