//! One worker: changes inputs of one target until the time is up, with an eye on time and memory.

use crate::Fault;
use lockgate_fuzz::{Target, mutate};
use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{process, thread};

/// An input that takes longer hangs.
const SLOW: Duration = Duration::from_secs(10);
/// More memory than this is more than any input of the size allows.
const MEMORY_KIB: u64 = 640 << 10;
/// Inputs that are mutated further, beside the seeds.
const NOVEL: usize = 400;

thread_local! {
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The number of the input under way, and when it began (milliseconds since the start).
struct Clock {
    start: Instant,
    count: AtomicU64,
    began: AtomicU64,
}

impl Clock {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn tick(&self) {
        self.began.store(self.now(), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs one input again; gives whether it passes.
pub(crate) fn replay(target: &Target, file: &Path) -> Result<bool, Fault> {
    let input = fs::read(file)?;
    let start = Instant::now();
    let passed = catch_unwind(AssertUnwindSafe(|| (target.body)(&input))).is_ok();
    let word = if passed { "passed" } else { "FAILED" };
    println!("{word}: {} bytes, {:?}, at most {} KiB", input.len(), start.elapsed(), peak());
    Ok(passed)
}

/// Changes and runs inputs for some seconds; `file` holds the input under way. Gives whether all passed.
pub(crate) fn work(target: &'static Target, seconds: u64, seed: u64, file: &Path) -> Result<bool, Fault> {
    quiet();
    let mut file = File::create(file)?;
    let mut corpus = (target.seeds)();
    let (seeds, mut signs) = (corpus.len(), HashSet::new());
    let mut random = fastrand::Rng::with_seed(seed ^ number(target));
    let clock: &'static Clock = Box::leak(Box::new(Clock {
        start: Instant::now(),
        count: AtomicU64::new(0),
        began: AtomicU64::new(0),
    }));
    clock.tick();
    thread::spawn(move || watch(target, clock));
    let (mut at, mut slowest, limit) = (0, 0, Duration::from_secs(seconds));
    while at < seeds || clock.start.elapsed() < limit {
        let input = match corpus.get(at).filter(|_| at < seeds) {
            Some(seed) => seed.clone(),
            None => mutate::next(&mut random, target, &corpus),
        };
        at += 1;
        file.rewind()?;
        file.write_all(&input)?;
        file.set_len(input.len() as u64)?;
        clock.tick();
        let Ok(sign) = catch_unwind(AssertUnwindSafe(|| (target.body)(&input))) else {
            let said = SAID.with_borrow(Clone::clone);
            eprintln!("{}: input {at}: {said}", target.name);
            return Ok(false);
        };
        slowest = slowest.max(clock.now().saturating_sub(clock.began.load(Ordering::Relaxed)));
        if signs.insert(sign) && at > seeds && corpus.len() < seeds + NOVEL {
            corpus.push(input);
        }
    }
    let rate = at as u64 * 1000 / clock.now().max(1);
    let (name, signs, peak) = (target.name, signs.len(), peak() >> 10);
    println!("{name:>12}: {at} inputs, {rate}/s, {signs} signs, slowest {slowest} ms, at most {peak} MiB");
    Ok(true)
}

/// Targets of one run differ in their numbers.
fn number(target: &Target) -> u64 {
    target.name.bytes().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// Keeps a panic's message instead of printing it: the workbook library's own panics are caught by the
/// product and told as a broken workbook; only what escapes the body is a find.
fn quiet() {
    panic::set_hook(Box::new(|info| {
        SAID.with_borrow_mut(|said| *said = info.to_string());
    }));
}

/// Ends the process when an input hangs or takes too much memory.
fn watch(target: &Target, clock: &Clock) {
    loop {
        thread::sleep(Duration::from_millis(50));
        let count = clock.count.load(Ordering::Relaxed);
        let slow = Duration::from_millis(clock.now().saturating_sub(clock.began.load(Ordering::Relaxed)));
        let memory = resident();
        if slow > SLOW {
            eprintln!("{}: input {count} takes longer than {SLOW:?}", target.name);
        } else if memory > MEMORY_KIB {
            eprintln!("{}: input {count} takes {} MiB", target.name, memory >> 10);
        } else {
            continue;
        }
        process::exit(3);
    }
}

/// Memory in use in KiB; 0 where the system does not tell.
fn resident() -> u64 {
    status("VmRSS:")
}

/// The most memory ever in use in KiB; 0 where the system does not tell.
fn peak() -> u64 {
    status("VmHWM:")
}

fn status(word: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
