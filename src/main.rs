//! The program: parse the words, do what they say, end with a code.

use clap::Parser as _;
use lockgate::cli::{Cli, Command};
use lockgate::exit::Exit;
use lockgate::{fault, open_files};
use std::process::ExitCode;

/// Memory that is free again is given back to the system while the night goes on; how soon, and from how many
/// places it is served, stands in `.cargo/config.toml`. `SQLite` takes its memory from here too.
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    fault::quiet_panics();
    open_files::raise();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    if matches!(cli.command, Command::Link(_)) {
        with_large_pages();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("error: the program cannot start: {error}");
            return Exit::Fault.into();
        }
    };
    let done = runtime.block_on(lockgate::command::dispatch(cli));
    // A far end that hangs keeps its thread: the program does not wait for it.
    runtime.shutdown_background();
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            let (exit, what) = fault::ended(&error);
            anstream::eprintln!("error: {what}");
            exit.into()
        }
    }
}

/// Linking a file looks up what lies anywhere in hundreds of MiB, and large pages spare it a sixth of its time; a night would only
/// take more memory by them. Which it is to be is settled before a program begins, so this one begins anew. Where that cannot be
/// done, it goes on as it is.
fn with_large_pages() {
    const SETTLED: &str = "MALLOC_CONF";
    #[cfg(unix)]
    if std::env::var_os(SETTLED).is_none()
        && let Ok(program) = std::env::current_exe()
    {
        use std::os::unix::process::CommandExt as _;
        let mut anew = std::process::Command::new(program);
        anew.args(std::env::args_os().skip(1)).env(SETTLED, "thp:always");
        drop(anew.exec());
    }
}
