//! `lockgate serve`: the pull API and the nights, until it is told to end.

use super::{Voice, notify};
use crate::cli::ServeArgs;
use crate::config::{self, Deployment};
use crate::exit::{Exit, Expected};
use crate::fault;
use crate::open;
use crate::operate;
use crate::report;
use crate::schedule::{self, Alone, Current, keep_time};
use crate::serve::{Day, Notes, Server, Signals, Told};
use anyhow::{Context as _, Result};
use lockgate_core::problem::Problem;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[derive(Serialize)]
struct ListeningJson {
    url: String,
}

/// Serves: recipients by the pull API, and the clock by running nights; whichever of the two is configured.
pub(super) async fn serve(
    voice: Voice,
    root: &Path,
    deployment: Deployment,
    args: &ServeArgs,
) -> Result<Exit> {
    log(voice);
    let nothing = deployment.settings.serve.is_none() && deployment.settings.schedule.is_none();
    if nothing {
        let what = "`lockgate.toml` has neither `[serve]` nor `[schedule]`: say where to listen, or when nights run (LG2501)";
        return Err(Expected::new(Exit::Configuration, what));
    }
    let alone = Alone::take(&deployment)?;
    usable(&deployment).await?;
    let current = Current::new(Arc::new(deployment));
    let day = args.as_of.map_or(Day::Today, Day::Fixed);
    let signals = Signals::new()?;
    let server = match listen(&current.get(), day, None)? {
        Some(server) => {
            listening(voice, server.address, server.tls);
            Some(server)
        }
        None => None,
    };
    if let Some(address) = operate::start(&current).await? {
        tracing::info!("watched at http://{address}");
    }
    notify::ready();
    let (end, ends) = watch::channel(false);
    let watched = tokio::spawn(words(root.to_owned(), current.clone(), (server, day, alone), signals, end));
    keep_time(current, ends).await;
    notify::stopping();
    watched.await.context("listening for signals stopped")??;
    Ok(Exit::Done)
}

/// Whether the store is one that nights can be run on: what another version has written, or is locked by another secret, does not come
/// right by itself. One of an earlier version is brought up to date. A server that is away comes back.
async fn usable(deployment: &Deployment) -> Result<()> {
    if deployment.settings.schedule.is_none() {
        return Ok(());
    }
    match open::up_to_date(deployment).await {
        Err(fault) if matches!(fault::ended(&fault).0, Exit::Configuration | Exit::Integrity) => Err(fault),
        _ => Ok(()),
    }
}

/// The pull API, where it is configured.
fn listen(deployment: &Arc<Deployment>, day: Day, former: Option<&Server>) -> Result<Option<Server>> {
    if deployment.settings.serve.is_none() {
        return Ok(None);
    }
    let collected = Box::new(Notes::at(&deployment.state()));
    Server::start(Arc::clone(deployment), day, collected, former).map(Some)
}

/// Does what signals say, until one says to end; a server that ends by itself ends everything.
async fn words(
    root: PathBuf,
    current: Current,
    (mut server, day, mut alone): (Option<Server>, Day, Option<Alone>),
    mut signals: Signals,
    end: watch::Sender<bool>,
) -> Result<()> {
    let mut beat = tokio::time::interval(Duration::from_secs(10));
    loop {
        let own_end = async {
            match &mut server {
                Some(server) => (&mut server.done).await.context("serving stopped")?,
                None => std::future::pending().await,
            }
        };
        let told = tokio::select! {
            told = signals.next() => told,
            _ = beat.tick() => { notify::alive(); continue }
            ended = own_end => { let _ = end.send(true); return ended; }
        };
        match told {
            Told::Reload => {
                notify::reloading();
                reload(&root, &current, (&mut server, &mut alone), day);
                notify::ready();
            }
            Told::End => {
                notify::stopping();
                let _ = end.send(true);
                if let Some(server) = server {
                    server.end();
                    return server.done.await.context("serving stopped")?;
                }
                return Ok(());
            }
        }
    }
}

/// Reads the configuration again; with a fault anywhere in it, everything stays as it is.
fn reload(
    root: &Path,
    current: &Current,
    (server, alone): (&mut Option<Server>, &mut Option<Alone>),
    day: Day,
) {
    let refused = |what: String| schedule::tell(&Problem::new("LG2806", what));
    let deployment = match config::load(root) {
        Ok(deployment) => Arc::new(deployment),
        Err((problems, _)) => {
            let first = problems
                .first()
                .map_or_else(String::new, |p| format!(", the first: {} ({})", p.what, p.code));
            return refused(format!(
                "the configuration has {} faults{first}; the last good one stays in force",
                problems.len()
            ));
        }
    };
    let taken = if alone.is_some() { Ok(None) } else { Alone::take(&deployment) };
    let listens = taken.and_then(|taken| Ok((taken, listen(&deployment, day, server.as_ref())?)));
    match listens {
        Ok((taken, new)) => {
            *alone = alone.take().or(taken);
            if let Some(former) = std::mem::replace(server, new) {
                former.end();
            }
            current.set(deployment);
            tracing::info!("the configuration was read again");
        }
        Err(fault) => refused(format!("{}; the last good configuration stays in force", fault::told(&fault))),
    }
}

pub(super) fn listening(voice: Voice, address: SocketAddr, tls: bool) {
    let url = format!("{}://{address}", if tls { "https" } else { "http" });
    if voice.json {
        report::json(&ListeningJson { url });
    } else if !voice.quiet {
        report::line(&format!("listening on {url}"));
    }
}

/// The log, on standard error: our own lines alone, since a library's may quote what a client sent.
pub(super) fn log(voice: Voice) {
    let level = if voice.quiet { tracing::Level::ERROR } else { tracing::Level::INFO };
    let ours = Targets::new().with_target("lockgate", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let registry = tracing_subscriber::registry().with(ours);
    // A second log of one process is left out; the first goes on.
    let _ = if voice.json {
        registry.with(lines.json().flatten_event(true)).try_init()
    } else {
        registry.with(lines).try_init()
    };
}
