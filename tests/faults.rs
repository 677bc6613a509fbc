//! A fault of our own while a value is at hand: what the program says then, by whichever thread it breaks.
//!
//! The fault is forced in a process of its own, which is this test started again, and what it says is searched.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::string_slice, reason = "a test")]
#![expect(clippy::print_stderr, reason = "a test that speaks as the program does")]

use anyhow::Context as _;
use lockgate::fault;
use rayon::prelude::*;
use std::process::Command;

/// Names the fault that this process is to have.
const ASKED: &str = "LOCKGATE_TEST_FAULT";
/// What it is working on then. Cut within the letter, the library's own message quotes all of it.
const VALUE: &str = "14 Pl\u{e4}nted Row, QXBCDFGHJK";

fn cut(value: &str) -> usize {
    value[..6].len()
}

/// A task that breaks off, and the error that the command ends with.
fn in_a_task() -> anyhow::Error {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let task = async { tokio::spawn(async { cut(VALUE) }).await.context("reading ahead stopped") };
    runtime.block_on(task).expect_err("it breaks off")
}

/// What the program does when it breaks: as `main` has it.
fn broken(what: &str) -> ! {
    fault::quiet_panics();
    match what {
        "thread" => drop(std::thread::spawn(|| cut(VALUE)).join()),
        "many threads" => {
            let all = || [VALUE, VALUE].par_iter().map(|v| cut(v)).sum::<usize>();
            drop(std::panic::catch_unwind(all));
        }
        "task" => eprintln!("error: {}", fault::told(&in_a_task())),
        "message" => drop(std::panic::catch_unwind(|| panic!("no such person: {VALUE}"))),
        other => panic!("no such fault: {other}"),
    }
    std::process::exit(1);
}

#[test]
fn a_fault_says_where_and_no_value() {
    if let Ok(what) = std::env::var(ASKED) {
        broken(&what);
    }
    for what in ["thread", "many threads", "task", "message"] {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "a_fault_says_where_and_no_value", "--nocapture"]);
        let output = again.env(ASKED, what).env("RUST_BACKTRACE", "full").output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(1), "{what}: {said}");
        assert!(said.contains("internal fault at") && said.contains("faults.rs:"), "{what}: {said}");
        for part in ["Pl\u{e4}nted", "Row", "QXBCDFGHJK", "14 "] {
            assert!(!said.contains(part), "{what} says a value: {said}");
        }
        let told = said.contains("error: reading ahead stopped: a part of the program broke off");
        assert_eq!(told, what == "task", "{said}");
    }
}

/// Without the care taken of it, a task that breaks off says with what words: what the test above keeps from happening.
#[test]
fn a_broken_task_would_quote_the_value() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let error = in_a_task();
    std::panic::set_hook(before);
    assert!(format!("{error:#}").contains("QXBCDFGHJK"), "{error:#}");
    assert!(!fault::told(&error).contains("QXBCDFGHJK"));
}
