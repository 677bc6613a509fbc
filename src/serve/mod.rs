//! The pull API: recipients fetch their sealed bundles and hand in their forms over HTTPS.
//!
//! `keys` says who asks, `shelf` what there is for whom at this moment, `bundles` and `acks` answer, `app` stands before
//! them, `wire` below. It reads the store beside the nights and never writes to it: what it has to tell the store it leaves
//! in files (`collected`, `acks`), which the next night takes.

mod acks;
mod app;
pub(crate) mod body;
mod bundles;
mod codes;
mod collected;
mod keys;
mod problem;
mod range;
mod shelf;
mod wire;

pub use acks::FOLDER as ACKS_FOLDER;
pub use app::{OPENAPI, ROUTES};
pub use codes::CODES;
pub use collected::{Collected, FOLDER as COLLECTED_FOLDER, Note, Notes, notes};
pub use keys::{Keys, new_bearer};
pub use shelf::Day;

use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::vault::Vault;
use anyhow::{Context as _, Result};
use app::{App, Limits};
use axum_server::Handle;
use lockgate_core::problem::Code;
use shelf::Shelves;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long requests that go on may still take when the server is told to end.
const LAST: Duration = Duration::from_secs(30);
/// A request's head is at most this long.
const HEAD_BYTES: usize = 32 * 1024;
const HEADERS: usize = 64;

/// Serves until the process is told to end; `told` is called with the address once it listens.
pub async fn serve(
    deployment: Deployment,
    day: Day,
    collected: Box<dyn Collected>,
    told: impl FnOnce(SocketAddr, bool) + Send,
) -> Result<()> {
    let serve = deployment.settings.serve.as_ref();
    let serve = serve.ok_or_else(|| {
        Expected::new(Exit::Configuration, "`lockgate.toml` has no `[serve]`: say where to listen (LG2501)")
    })?;
    let tls = wire::tls(&deployment.root, serve)?;
    let encrypted = tls.is_some();
    let door = wire::Door::new(serve, tls);
    let head = Duration::from_secs(serve.head_seconds.into());
    let limits = Limits {
        requests: serve.requests as usize,
        request: Duration::from_secs(serve.request_seconds.into()),
    };
    let listener = listener(serve.listen.get_ref())?;
    let address = listener.local_addr().context("the address that is listened at")?;
    let vault = Vault::new(deployment.usable_secret()?);
    let keys = deployment.api.clone();
    let deployment = Arc::new(deployment);
    let shelves = Shelves::new(Arc::clone(&deployment), vault, day);
    let app = Arc::new(App::new(deployment, keys, shelves, collected, limits));
    let handle = Handle::new();
    end_when_told(handle.clone())?;
    let mut server = axum_server::from_tcp(listener)
        .context("the listener")?
        .handle(handle)
        .acceptor(door)
        .http1_only()
        .first_request_timeout(head);
    server.http_builder().http1().header_read_timeout(head).max_buf_size(HEAD_BYTES).max_headers(HEADERS);
    told(address, encrypted);
    server.serve(app::router(&app).into_make_service()).await.context("serving")
}

fn listener(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|fault| {
        let code: Code = "LG2504";
        let what = format!("cannot listen at {address}: {} ({code})", fault.kind());
        Expected::new(Exit::Temporary, what)
    })
}

/// On SIGTERM or SIGINT no connection is taken any more, and what goes on comes to its end.
fn end_when_told(handle: Handle<SocketAddr>) -> Result<()> {
    let mut term = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut int = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        handle.graceful_shutdown(Some(LAST));
    });
    Ok(())
}
