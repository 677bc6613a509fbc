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
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

/// How long requests that go on may still take when the server is told to end.
const LAST: Duration = Duration::from_secs(30);
/// A request's head is at most this long.
const HEAD_BYTES: usize = 32 * 1024;
const HEADERS: usize = 64;

/// A server that listens, until it is told to end or dropped with the process.
pub struct Server {
    handle: Handle<SocketAddr>,
    listener: TcpListener,
    at: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Ends when the server has.
    pub done: JoinHandle<Result<()>>,
}

impl Server {
    /// Starts to serve. In the place of a `former` one at the same address it takes over the listening, so that nobody is
    /// turned away meanwhile.
    pub fn start(
        deployment: Arc<Deployment>,
        day: Day,
        collected: Box<dyn Collected>,
        former: Option<&Self>,
    ) -> Result<Self> {
        let serve = deployment.settings.serve.as_ref();
        let serve = serve.ok_or_else(|| {
            Expected::new(
                Exit::Configuration,
                "`lockgate.toml` has no `[serve]`: say where to listen (LG2501)",
            )
        })?;
        let tls = wire::tls(&deployment.root, serve)?;
        let encrypted = tls.is_some();
        let door = wire::Door::new(serve, tls);
        let head = Duration::from_secs(serve.head_seconds.into());
        let limits = Limits {
            requests: serve.requests as usize,
            request: Duration::from_secs(serve.request_seconds.into()),
        };
        let at = serve.listen.get_ref().clone();
        let listener = match former.filter(|former| former.at == at) {
            Some(former) => former.listener.try_clone().context("taking over the listening")?,
            None => listener(&at)?,
        };
        let address = listener.local_addr().context("the address that is listened at")?;
        let vault = Vault::new(deployment.usable_secret()?);
        let keys = deployment.api.clone();
        let shelves = Shelves::new(Arc::clone(&deployment), vault, day);
        let app = Arc::new(App::new(deployment, keys, shelves, collected, limits));
        let handle = Handle::new();
        let mut server = axum_server::from_tcp(listener.try_clone().context("the listener")?)
            .context("the listener")?
            .handle(handle.clone())
            .acceptor(door)
            .http1_only()
            .first_request_timeout(head);
        server.http_builder().http1().header_read_timeout(head).max_buf_size(HEAD_BYTES).max_headers(HEADERS);
        let done = tokio::spawn(async move {
            server.serve(app::router(&app).into_make_service()).await.context("serving")
        });
        Ok(Self { handle, listener, at, address, tls: encrypted, done })
    }

    /// Takes no connection any more; what goes on comes to its end.
    pub fn end(&self) {
        self.handle.graceful_shutdown(Some(LAST));
    }
}

/// Serves until the process is told to end; `told` is called with the address once it listens.
pub async fn serve(
    deployment: Deployment,
    day: Day,
    collected: Box<dyn Collected>,
    told: impl FnOnce(SocketAddr, bool) + Send,
) -> Result<()> {
    let mut server = Server::start(Arc::new(deployment), day, collected, None)?;
    told(server.address, server.tls);
    let mut ends = Signals::new()?;
    tokio::select! {
        done = &mut server.done => done.context("serving stopped")?,
        () = ends.end() => {
            server.end();
            server.done.await.context("serving stopped")?
        }
    }
}

fn listener(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|fault| {
        let code: Code = "LG2504";
        let what = format!("cannot listen at {address}: {} ({code})", fault.kind());
        Expected::new(Exit::Temporary, what)
    })
}

/// What the process is told from outside.
pub struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    /// Listens from now on.
    pub fn new() -> Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate()).context("listening for SIGTERM")?,
            int: signal(SignalKind::interrupt()).context("listening for SIGINT")?,
            hup: signal(SignalKind::hangup()).context("listening for SIGHUP")?,
        })
    }

    /// SIGTERM or SIGINT: to end. SIGHUP alone changes nothing here.
    pub async fn end(&mut self) {
        while let Told::Reload = self.next().await {}
    }

    /// The next word.
    pub async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.term.recv() => Told::End,
            _ = self.int.recv() => Told::End,
            _ = self.hup.recv() => Told::Reload,
        }
    }
}

/// What a signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// To end.
    End,
    /// To read the configuration again.
    Reload,
}
