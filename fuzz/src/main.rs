//! The runner: each target in a process of its own, so that an overflowing stack or an exhausted memory
//! is a find as a panic is, and the input survives it.
//!
//! `lockgate-fuzz SECONDS [TARGET…] [--seed N] [--found FOLDER]`, `lockgate-fuzz --replay TARGET FILE`,
//! `lockgate-fuzz --list`. See `fuzz/README.md`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod work;

use lockgate_fuzz::{TARGETS, Target, target};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;
use std::{env, fs};

type Fault = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: lockgate-fuzz SECONDS [TARGET…] [--seed N] [--found FOLDER]\n       \
                     lockgate-fuzz --replay TARGET FILE\n       lockgate-fuzz --list";

/// What was asked.
struct Plan {
    seconds: u64,
    targets: Vec<&'static Target>,
    seed: u64,
    found: PathBuf,
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["--list"] => {
            TARGETS.iter().for_each(|target| println!("{}", target.name));
            Ok(true)
        }
        ["--replay", name, file] => named(name).and_then(|target| work::replay(target, Path::new(file))),
        ["--work", name, seconds, seed, file] => worker(name, seconds, seed, file),
        words => plan(words).and_then(|plan| run(&plan)),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("error: {fault}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn named(name: &str) -> Result<&'static Target, Fault> {
    target(name).ok_or_else(|| format!("no target `{name}`; --list names them").into())
}

fn worker(name: &str, seconds: &str, seed: &str, file: &str) -> Result<bool, Fault> {
    work::work(named(name)?, seconds.parse()?, seed.parse()?, Path::new(file))
}

fn plan(words: &[&str]) -> Result<Plan, Fault> {
    let mut plan = Plan {
        seconds: 0,
        targets: Vec::new(),
        seed: fastrand::u64(..),
        found: Path::new(env!("CARGO_MANIFEST_DIR")).join("found"),
    };
    let mut words = words.iter();
    plan.seconds = words.next().ok_or("for how long?")?.parse().map_err(|_| "SECONDS is a whole number")?;
    while let Some(word) = words.next() {
        match *word {
            "--seed" => plan.seed = words.next().ok_or("--seed needs a number")?.parse()?,
            "--found" => plan.found = words.next().ok_or("--found needs a folder")?.into(),
            name => plan.targets.push(named(name)?),
        }
    }
    if plan.targets.is_empty() {
        plan.targets.extend(TARGETS);
    }
    Ok(plan)
}

/// Runs the targets, as many at a time as there are cores; gives whether nothing was found.
fn run(plan: &Plan) -> Result<bool, Fault> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    println!(
        "seed {}, {} targets for {} s each, {cores} at a time",
        plan.seed,
        plan.targets.len(),
        plan.seconds
    );
    let queue: Mutex<VecDeque<_>> = Mutex::new(plan.targets.iter().copied().collect());
    let next = || queue.lock().ok().and_then(|mut queue| queue.pop_front());
    let clean = thread::scope(|scope| {
        let each = || {
            let mut clean = true;
            while let Some(target) = next() {
                clean &= one(plan, target)?;
            }
            Ok::<bool, Fault>(clean)
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(each)).collect();
        let ends =
            threads.into_iter().map(|t| t.join().map_err(|_| Fault::from("a runner's thread ended"))?);
        ends.collect::<Result<Vec<bool>, Fault>>()
    })?;
    Ok(clean.into_iter().all(|clean| clean))
}

/// Runs one target in its own process; gives whether nothing was found.
fn one(plan: &Plan, target: &Target) -> Result<bool, Fault> {
    let current = env::temp_dir().join(format!("lockgate-fuzz-{}-{}", std::process::id(), target.name));
    let ended = Command::new(env::current_exe()?)
        .args(["--work", target.name, &plan.seconds.to_string(), &plan.seed.to_string()])
        .arg(&current)
        .status()?;
    let input = fs::read(&current);
    let _ = fs::remove_file(&current);
    if ended.success() {
        return Ok(true);
    }
    let input = input?;
    fs::create_dir_all(&plan.found)?;
    let name = lockgate_core::hash::Digest::of(&input).hex();
    let kept = plan.found.join(format!("{}-{}.bin", target.name, name.get(..12).unwrap_or(&name)));
    fs::write(&kept, &input)?;
    eprintln!(
        "FOUND: target {}, seed {}, input of {} bytes, worker ended with {ended}\n  kept as {}\n  \
         replay: scripts/fuzz --replay {} {}",
        target.name,
        plan.seed,
        input.len(),
        kept.display(),
        target.name,
        kept.display()
    );
    Ok(false)
}
