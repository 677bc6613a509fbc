//! Return forms that come over the API: looked over at once, so that whoever sends one knows what of it does not count;
//! kept durably before the answer; taken down by the next night, as those at the door are.

use super::app::{App, Recipient};
use super::collected::keep;
use super::problem::{Refused, said};
use crate::receipt::{self, Form, MOST, Outcome};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64ct::{Base64, Encoding as _};
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

/// The header in which a signature travels.
const SIGNATURE_HEADER: &str = "lockgate-signature";

#[derive(Serialize)]
struct TakenJson {
    /// SHA-256 of the form as it came.
    sha256: String,
    /// Lines whose answer counts.
    answers: u64,
    /// Lines without an answer.
    open: u64,
    refused: Vec<RefusedJson>,
    /// The fingerprint of the key by which it was signed.
    signed: Option<String>,
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
    let signature = signature(request.headers());
    let _one_of_few = app.forms.try_acquire().map_err(|_| Refused::Busy)?;
    let form = whole(request.into_body()).await?;
    // A form is read by what it is; one that is sent as something else is a slip of whoever sends it.
    if ending == "csv" && form.trim_ascii_start().starts_with(b"[") {
        return Err(Refused::MediaType);
    }
    let as_came = Form { bytes: &form, signature: signature.as_deref() };
    let outcome = looked_over(&app, &recipient, as_came).await?;
    let digest = Digest::of(&form).hex();
    // The same form with another signature is another: the first may not have counted.
    let both = match &signature {
        Some(signature) => Digest::of(&[&form[..], b"\0", signature].concat()).hex(),
        None => digest.clone(),
    };
    let name = format!("{}.{ending}", both.get(..32).unwrap_or(&both));
    let folder = app.deployment.state().join(FOLDER).join(&*recipient.key);
    // One that is refused as a whole is kept as well: the night writes its refusal into the ledger.
    let kept = tokio::task::spawn_blocking(move || {
        if full(&folder)? {
            return Ok(false);
        }
        // The signature first, so that no night finds the form without it.
        if let Some(signature) = signature {
            keep(&folder, &format!("{name}.sig"), &signature)?;
        }
        keep(&folder, &name, &form).map(|()| true)
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
    if let Some(problem) = outcome.whole() {
        return Ok(said(Refused::Form, Some((problem.code, &problem.what))));
    }
    let refused = outcome.refused.into_iter().map(|p| RefusedJson { code: p.code, detail: p.what }).collect();
    let (answers, open, signed) = (outcome.taken, outcome.open, outcome.signed);
    let taken = TakenJson { sha256: digest, answers, open, refused, signed };
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

/// The form's signature: `lockgate-signature`, the signature file in base64 as push sends it. What does not read as that is kept
/// as it came, and counts no more than any other signature that does not.
fn signature(headers: &HeaderMap) -> Option<Vec<u8>> {
    let all: Vec<&[u8]> = headers.get_all(SIGNATURE_HEADER).iter().map(HeaderValue::as_bytes).collect();
    let one = if let [one] = all.as_slice() { str::from_utf8(one).ok() } else { None };
    let decoded = one.and_then(|text| Base64::decode_vec(text.trim()).ok());
    (!all.is_empty()).then(|| decoded.unwrap_or_else(|| all.join(&b'\n')))
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

async fn looked_over(app: &App, recipient: &Recipient, form: Form<'_>) -> Result<Outcome, Refused> {
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
