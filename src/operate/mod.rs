//! For whoever watches the gateway: `/livez`, `/readyz` and `/metrics`, on a loopback address of their own, and the traces of nights. Nothing here is about a
//! person: labels are names of the configuration alone, values are counts, days and moments.

mod gauges;
pub mod traces;

use crate::config::{Deployment, Settings};
use crate::open;
use crate::schedule::Current;
use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lockgate_core::problem::{CodeDoc, Problem};
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use toml::Spanned;

/// Codes of this room (`LG254n`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2541",
        title: "where it is watched cannot be listened at",
        explanation: "`listen` under `[operate]` is an address and port of this machine alone, such as 127.0.0.1:9464: what is told there is not for \
                      others, since small counts can tell something. Whoever collects them from elsewhere puts something in front that asks who it is.",
    },
    CodeDoc {
        code: "LG2542",
        title: "a night's trace was not handed over",
        explanation: "`OTEL_EXPORTER_OTLP_ENDPOINT` (or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) names a collector that did not take the trace: it is away, \
                      answered an error, or is not on this machine (an address of 127.0.0.0/8 or [::1], over http). The night is not touched by it, and \
                      the trace is not sent again.",
    },
];

/// A look at the store takes no longer.
const MOST: Duration = Duration::from_secs(10);

/// Where the gateway is watched: `[operate]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperateSettings {
    /// A loopback address and a port.
    pub listen: Spanned<String>,
}

/// What is wrong with the settings.
pub fn check(settings: &Settings) -> Option<Problem> {
    let listen = &settings.operate.as_ref()?.listen;
    let address = listen.get_ref().parse::<SocketAddr>().ok();
    if address.is_some_and(|address| address.ip().is_loopback()) {
        return None;
    }
    let what = format!("`{}` is no loopback address with a port", listen.get_ref());
    Some(
        Problem::new("LG2541", what)
            .in_config("lockgate.toml", listen.span())
            .help("write it as 127.0.0.1:9464"),
    )
}

/// Listens where the settings say, if they do, as long as the process lives.
pub async fn start(current: &Current) -> Result<Option<SocketAddr>> {
    let deployment = current.get();
    let Some(operate) = &deployment.settings.operate else { return Ok(None) };
    let at = operate.listen.get_ref();
    let listener = TcpListener::bind(at).await.with_context(|| format!("listening at {at} (LG2541)"))?;
    let address = listener.local_addr().context("the address that is listened at")?;
    let routes = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(current.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(Some(address))
}

/// Whether the next night could begin: the store opens with the secret, the agreement is in force, nothing is wrong with the clock.
async fn ready(State(current): State<Current>) -> Response {
    let deployment = current.get();
    let found = tokio::time::timeout(MOST, unready(&deployment)).await;
    let why = found.unwrap_or_else(|_| vec!["the store does not answer".into()]);
    if why.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, why.join("\n") + "\n").into_response()
}

async fn unready(deployment: &Deployment) -> Vec<String> {
    let mut why = Vec::new();
    let today = deployment.clock.today(&deployment.zone);
    why.extend(crate::approval::out_of_force(deployment, today).map(|p| p.what));
    match runs(deployment).await {
        Ok(runs) => why.extend(crate::schedule::doubt(&runs, deployment.clock.now()).map(|p| p.what)),
        Err(fault) => why.push(crate::fault::told(&fault)),
    }
    why
}

async fn runs(deployment: &Deployment) -> Result<Vec<crate::store::RunRow>> {
    let Some((store, _)) = open::reading_if_made(deployment).await? else { return Ok(Vec::new()) };
    let runs = store.runs(200).await?;
    store.close().await?;
    Ok(runs)
}

async fn metrics(State(current): State<Current>) -> Response {
    let deployment = current.get();
    match tokio::time::timeout(MOST, gauges::text(&deployment)).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Ok(Err(fault)) => {
            tracing::warn!("the metrics could not be read: {}", crate::fault::told(&fault));
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
