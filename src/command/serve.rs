//! `lockgate serve`: the pull API, until it is told to end.

use super::Voice;
use crate::cli::ServeArgs;
use crate::config::Deployment;
use crate::exit::Exit;
use crate::report;
use crate::serve::{self, Day, Notes};
use anyhow::Result;
use serde::Serialize;
use std::net::SocketAddr;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[derive(Serialize)]
struct ListeningJson {
    url: String,
}

/// Serves.
pub(super) async fn serve(voice: Voice, deployment: Deployment, args: &ServeArgs) -> Result<Exit> {
    log(voice);
    let collected = Box::new(Notes::at(&deployment.state()));
    let day = args.as_of.map_or(Day::Today, Day::Fixed);
    serve::serve(deployment, day, collected, |address, tls| listening(voice, address, tls)).await?;
    Ok(Exit::Done)
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
