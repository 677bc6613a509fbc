//! `lockgate worker`: a process that shares the work of the one that runs the night.

use super::serve::log;
use super::{Voice, notify};
use crate::cli::WorkerArgs;
use crate::config::Deployment;
use crate::exit::Exit;
use crate::report;
use crate::serve::Signals;
use crate::worker::{Orders, work};
use anyhow::{Context as _, Result};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

#[derive(Serialize)]
struct WorkedJson {
    done: u64,
}

pub(super) async fn worker(voice: Voice, deployment: Deployment, args: &WorkerArgs) -> Result<Exit> {
    log(voice);
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok());
    let orders = Orders { once: args.once, threads: threads.map_or(1, NonZeroUsize::get) };
    let (mut signals, (end, ends)) = (Signals::new()?, watch::channel(false));
    let told = tokio::spawn(async move {
        let mut beat = tokio::time::interval(Duration::from_secs(10));
        loop {
            tokio::select! {
                () = signals.end() => break,
                _ = beat.tick() => notify::alive(),
            }
        }
        notify::stopping();
        let _ = end.send(true);
        // Whoever listens sees that nothing more is said only when the work is done.
        std::future::pending::<()>().await;
    });
    let done = work(&Arc::new(deployment), orders, ends, notify::ready).await.context("working")?;
    told.abort();
    if voice.json {
        report::json(&WorkedJson { done });
    } else if !voice.quiet && args.once {
        report::line(&format!("{done} pieces of work done"));
    }
    Ok(Exit::Done)
}
