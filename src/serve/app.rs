//! The routes and what stands before them: who asks, how many at once, how long.

use super::acks;
use super::bundles;
use super::collected::{Collected, Pieces};
use super::keys::{Keys, Shown};
use super::problem::Refused;
use super::shelf::{Shelf, Shelves};
use crate::config::Deployment;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use lockgate_core::agreement::PartnerId;
use lockgate_core::hash::Digest;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The `OpenAPI` document, as it is served; `tests/pull.rs` holds it against the server.
pub const OPENAPI: &str = include_str!("openapi.json");
/// All routes, as the router and the document know them.
pub const ROUTES: &[&str] =
    &["/v1/bundles", "/v1/bundles/{name}", "/v1/acks", "/v1/openapi.json", "/healthz"];

/// How much at once, and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Requests at once.
    pub(super) requests: usize,
    /// How long one may take until its answer begins.
    pub(super) request: Duration,
}

/// Everything that the routes share.
pub(super) struct App {
    pub(super) deployment: Arc<Deployment>,
    pub(super) keys: Keys,
    pub(super) shelves: Shelves,
    pub(super) collected: Box<dyn Collected>,
    pub(super) pieces: Pieces,
    /// Forms that are looked at, at once: each may be long.
    pub(super) forms: Semaphore,
    limits: Limits,
    requests: Semaphore,
    going_on: Mutex<BTreeMap<PartnerId, usize>>,
}

/// The certificate that a connection's handshake has verified, by its SHA-256.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) Option<Digest>);

/// Whoever asks: a partner of the agreement, known by its key or certificate.
#[derive(Debug, Clone)]
pub(super) struct Recipient {
    pub(super) id: PartnerId,
    pub(super) key: Arc<str>,
}

impl App {
    pub(super) fn new(
        deployment: Arc<Deployment>,
        keys: Keys,
        shelves: Shelves,
        collected: Box<dyn Collected>,
        limits: Limits,
    ) -> Self {
        Self {
            deployment,
            keys,
            shelves,
            collected,
            pieces: Pieces::default(),
            forms: Semaphore::new(2),
            limits,
            requests: Semaphore::new(limits.requests),
            going_on: Mutex::default(),
        }
    }

    /// What a recipient may have now; a fault is told to the log and never to the recipient.
    pub(super) async fn shelf(&self, recipient: &Recipient) -> Result<Arc<Shelf>, Refused> {
        self.shelves.of(recipient.id).await.map_err(|fault| {
            tracing::error!(code = "LG2505", fault = %crate::fault::told(&fault), "nothing can be given");
            Refused::Busy
        })
    }

    /// Counts one more request of a partner; `None` when it has too many already.
    fn one_more(self: &Arc<Self>, partner: PartnerId) -> Option<GoingOn> {
        let most = (self.limits.requests / 4).max(1);
        let mut all = self.going_on.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(partner).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(GoingOn { app: Arc::clone(self), partner })
    }
}

/// A request of a partner that goes on.
struct GoingOn {
    app: Arc<App>,
    partner: PartnerId,
}

impl Drop for GoingOn {
    fn drop(&mut self) {
        let mut all = self.app.going_on.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.partner) {
            *count = count.saturating_sub(1);
        }
    }
}

/// The service.
pub(super) fn router(app: &Arc<App>) -> Router {
    let known = Router::new()
        .route("/v1/bundles", get(bundles::list))
        .route("/v1/bundles/{name}", get(bundles::get))
        .route("/v1/acks", post(acks::take))
        .route_layer(from_fn_with_state(Arc::clone(app), known));
    Router::new()
        .merge(known)
        .route("/v1/openapi.json", get(openapi))
        .route("/healthz", get(healthz))
        .fallback(async || Refused::NotFound)
        .method_not_allowed_fallback(async || Refused::Method)
        .layer(from_fn_with_state(Arc::clone(app), bounded))
        .with_state(Arc::clone(app))
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn healthz() -> Response {
    ([(header::CONTENT_TYPE, "text/plain")], "ok\n").into_response()
}

/// Every request: counted, timed, and told to the log without a word of what the client sent.
async fn bounded(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let mut response = match app.requests.try_acquire() {
        Err(_) => Refused::Busy.into_response(),
        Ok(_permit) => match tokio::time::timeout(app.limits.request, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Refused::Timeout.into_response(),
        },
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let who = response.extensions().get::<Recipient>().map(|r| Arc::clone(&r.key));
    tracing::info!(
        method = known_method(method.as_str()),
        route = route.as_deref().unwrap_or("none"),
        partner = who.as_deref().unwrap_or("nobody"),
        status = response.status().as_u16(),
        ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

/// A method's word, unless a client invented it.
fn known_method(method: &str) -> &str {
    const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];
    if KNOWN.contains(&method) { method } else { "other" }
}

/// Only for whoever is known.
async fn known(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let recipient = match who(&app, &request) {
        Ok(recipient) => recipient,
        Err(refused) => return refused.into_response(),
    };
    let Some(going_on) = app.one_more(recipient.id) else { return Refused::TooMany.into_response() };
    request.extensions_mut().insert(recipient.clone());
    let mut response = next.run(request).await;
    drop(going_on);
    response.extensions_mut().insert(recipient);
    response
}

fn who(app: &App, request: &Request) -> Result<Recipient, Refused> {
    let token = match request.headers().get(header::AUTHORIZATION) {
        None => None,
        Some(value) => Some(value.to_str().ok().and_then(bearer).ok_or(Refused::Unauthorized)?),
    };
    let certificate = request.extensions().get::<Peer>().and_then(|peer| peer.0);
    let key = app.keys.partner(Shown { token, certificate }).ok_or(Refused::Unauthorized)?;
    // Keys are listed for partners of the agreement alone; one that has left it is nobody.
    let id = app.deployment.agreement.partner(key).ok_or(Refused::Unauthorized)?;
    Ok(Recipient { id, key: key.into() })
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
