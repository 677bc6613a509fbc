//! Return forms that come over the API: looked over at once, so that whoever sends one knows what of it does not count;
//! kept durably before the answer; taken down by the next night, as those at the door are.

use super::app::{App, Recipient};
use super::collected::keep;
use super::problem::{Refused, said};
use crate::receipt::{self, MOST, Outcome};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use lockgate_core::hash::Digest;
use serde::Serialize;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The folder of the forms in the state folder; in it one for each recipient.
pub const FOLDER: &str = "acks";
/// Forms of one recipient that may wait for the night.
const WAITING: usize = 1000;

#[derive(Serialize)]
struct TakenJson {
    /// SHA-256 of the form as it came.
    sha256: String,
    /// Lines whose answer counts.
    answers: u64,
    /// Lines without an answer.
    open: u64,
    refused: Vec<RefusedJson>,
}

#[derive(Serialize)]
struct RefusedJson {
    code: &'static str,
    detail: String,
}

/// `POST /v1/acks`.
pub(super) async fn take(
    State(app): State<Arc<App>>,
    Extension(recipient): Extension<Recipient>,
    request: Request,
) -> Result<Response, Refused> {
    let ending = ending(request.headers()).ok_or(Refused::MediaType)?;
    let _one_of_few = app.forms.try_acquire().map_err(|_| Refused::Busy)?;
    let form = whole(request.into_body()).await?;
    // A form is read by what it is; one that is sent as something else is a slip of whoever sends it.
    if ending == "csv" && form.trim_ascii_start().starts_with(b"[") {
        return Err(Refused::MediaType);
    }
    let outcome = looked_over(&app, &recipient, &form).await?;
    let digest = Digest::of(&form).hex();
    let name = format!("{}.{ending}", digest.get(..32).unwrap_or(&digest));
    let folder = app.deployment.state().join(FOLDER).join(&*recipient.key);
    // One that is refused as a whole is kept as well: the night writes its refusal into the ledger.
    let kept = tokio::task::spawn_blocking(move || {
        if full(&folder)? { Ok(false) } else { keep(&folder, &name, &form).map(|()| true) }
    });
    match kept.await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => return Err(Refused::Busy),
        Ok(Err(fault)) => {
            tracing::error!(code = "LG2507", fault = %fault.kind(), "a form is not kept");
            return Err(Refused::Busy);
        }
        Err(_) => return Err(Refused::Fault),
    }
    if let Some(problem) = outcome.refused.iter().find(|p| p.code == "LG2401") {
        return Ok(said(Refused::Form, Some((problem.code, &problem.what))));
    }
    let refused = outcome.refused.into_iter().map(|p| RefusedJson { code: p.code, detail: p.what }).collect();
    let taken = TakenJson { sha256: digest, answers: outcome.taken, open: outcome.open, refused };
    Ok((StatusCode::ACCEPTED, Json(taken)).into_response())
}

/// How a form's file ends, by the media type that it came as.
fn ending(headers: &HeaderMap) -> Option<&'static str> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
    match () {
        () if kind.eq_ignore_ascii_case("text/csv") => Some("csv"),
        () if kind.eq_ignore_ascii_case("application/json") => Some("json"),
        () => None,
    }
}

/// A body of at most a form's length.
async fn whole(body: Body) -> Result<Vec<u8>, Refused> {
    match to_bytes(body, MOST).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(fault) => {
            let long = std::error::Error::source(&fault)
                .and_then(|inner| inner.downcast_ref::<http_body_util::LengthLimitError>())
                .is_some();
            Err(if long { Refused::TooLarge } else { Refused::Timeout })
        }
    }
}

async fn looked_over(app: &App, recipient: &Recipient, form: &[u8]) -> Result<Outcome, Refused> {
    let look = async {
        let Some(store) = app.shelves.store().await? else { return Ok(None) };
        let day = app.shelves.day();
        let today = Timestamp::now().to_zoned_datetime(app.deployment.zone.clone()).date();
        let with = (&*store, app.shelves.vault());
        let outcome =
            receipt::look_over(&app.deployment, with, recipient.id, form, (day, today.max(day))).await?;
        anyhow::Ok(Some(outcome))
    };
    match look.await {
        Ok(Some(outcome)) => Ok(outcome),
        // Before the first night nothing was sent that could be answered.
        Ok(None) => Err(Refused::Busy),
        Err(fault) => {
            tracing::error!(code = "LG2505", fault = %crate::fault::told(&fault), "a form is not looked over");
            Err(Refused::Busy)
        }
    }
}

fn full(folder: &Path) -> io::Result<bool> {
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(entries.take(WAITING).count() == WAITING),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(fault) => Err(fault),
    }
}
