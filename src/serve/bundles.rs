//! Listing and giving bundles.

use super::app::{App, Recipient};
use super::body::{self, Opened};
use super::problem::Refused;
use super::range::{Wanted, wanted};
use super::shelf::{Item, Shelf};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use jiff::Timestamp;
use serde::Serialize;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Bundles in one answer, when nothing is said and at the most.
const PAGE: usize = 100;
const PAGE_MOST: usize = 1000;
const CURSOR: &str = "after:";

#[derive(Serialize)]
struct ListJson<'a> {
    bundles: Vec<BundleJson<'a>>,
    /// What `after` is next time: the place behind the last of these.
    next: String,
    /// Whether there are more already.
    more: bool,
}

#[derive(Serialize)]
struct BundleJson<'a> {
    name: &'a str,
    sequence: u64,
    kind: &'a str,
    bytes: u64,
    sha256: String,
    created: &'a str,
}

/// `GET /v1/bundles`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(recipient): Extension<Recipient>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let (after, limit) = asked(query.as_deref().unwrap_or_default())?;
    let shelf = app.shelf(&recipient).await?;
    let Shelf::Open(items) = &*shelf else { return Err(Refused::Closed) };
    let mut behind = items.iter().filter(|item| item.sequence > after);
    let bundles: Vec<BundleJson<'_>> = behind.by_ref().take(limit).map(|item| json(item)).collect();
    let last = bundles.last().map_or(after, |b| b.sequence);
    Ok(Json(ListJson { next: cursor(last), more: behind.next().is_some(), bundles }).into_response())
}

fn json(item: &Item) -> BundleJson<'_> {
    BundleJson {
        name: &item.name,
        sequence: item.sequence,
        kind: &item.kind,
        bytes: item.bytes,
        sha256: item.sha256.hex(),
        created: &item.created,
    }
}

/// `after` and `limit`; anything else in the query does not read.
fn asked(query: &str) -> Result<(u64, usize), Refused> {
    let (mut after, mut limit) = (None, None);
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = match name {
            "after" => &mut after,
            "limit" => &mut limit,
            _ => return Err(Refused::Parameter),
        };
        if place.replace(value).is_some() {
            return Err(Refused::Parameter);
        }
    }
    let after = after.filter(|a| !a.is_empty()).map_or(Some(0), sequence).ok_or(Refused::Parameter)?;
    let count = |text: &str| {
        let digits = text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|n| digits && (1..=PAGE_MOST).contains(n))
    };
    let limit = limit.map_or(Some(PAGE), count).ok_or(Refused::Parameter)?;
    Ok((after, limit))
}

/// The place behind a bundle, as text that clients hand back and do not read.
fn cursor(sequence: u64) -> String {
    Base64UrlUnpadded::encode_string(format!("{CURSOR}{sequence}").as_bytes())
}

fn sequence(cursor: &str) -> Option<u64> {
    let text = Base64UrlUnpadded::decode_vec(cursor).ok()?;
    let sequence = str::from_utf8(&text).ok()?.strip_prefix(CURSOR)?.parse().ok()?;
    // One form of each place, and no other.
    (self::cursor(sequence) == cursor).then_some(sequence)
}

/// `GET /v1/bundles/NAME` and `GET /v1/bundles/NAME.sig`.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Extension(recipient): Extension<Recipient>,
    name: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    // What does not even decode is a name that nobody has.
    let Ok(Path(name)) = name else { return Err(Refused::UnknownBundle) };
    let shelf = app.shelf(&recipient).await?;
    match name.strip_suffix(".sig") {
        Some(name) => signature(shelf.item(name).ok_or(Refused::UnknownBundle)?).await,
        None => {
            let item = Arc::clone(shelf.item(&name).ok_or(Refused::UnknownBundle)?);
            ciphertext(&app, recipient, item, &method, &headers).await
        }
    }
}

async fn signature(item: &Item) -> Result<Response, Refused> {
    let bytes = tokio::fs::read(item.signature()).await.map_err(|_| broken(item))?;
    let attached = attached(&format!("{}{}.sig", item.name, crate::seal::SEALED_ENDING));
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain")), attached], bytes).into_response())
}

fn attached(file: &str) -> (HeaderName, HeaderValue) {
    let value = HeaderValue::from_str(&format!("attachment; filename=\"{file}\""));
    (header::CONTENT_DISPOSITION, value.unwrap_or(HeaderValue::from_static("attachment")))
}

/// What is kept of a bundle is not whole: told to the log, by its name.
fn broken(item: &Item) -> Refused {
    tracing::error!(code = "LG2506", bundle = item.name, "the outbox does not hold what was recorded");
    Refused::Fault
}

async fn ciphertext(
    app: &Arc<App>,
    recipient: Recipient,
    item: Arc<Item>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let etag = format!("\"{}\"", item.sha256.hex());
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|known| names(known, &etag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag(&etag))]).into_response());
    }
    let whole = 0..item.bytes;
    // A part of another version is no part of this one.
    let ranged = text(header::IF_RANGE).is_none_or(|condition| condition.trim() == etag);
    let (part, status) = match wanted(text(header::RANGE).filter(|_| ranged), item.bytes) {
        Wanted::Whole => (whole, StatusCode::OK),
        Wanted::Part(part) => (part, StatusCode::PARTIAL_CONTENT),
        Wanted::Beyond => return Ok(beyond(item.bytes)),
    };
    let opened = if method == Method::HEAD {
        None
    } else {
        let (place, size, part) = (item.ciphertext(), item.bytes, part.clone());
        Some(opened(place, size, part).await.ok_or_else(|| broken(&item))?)
    };
    let mut response = status.into_response();
    head(response.headers_mut(), &item, &etag, (status, &part), method);
    if let Some(opened) = opened {
        let app = Arc::clone(app);
        let from = part.start;
        *response.body_mut() =
            opened.body(Box::new(move |handed| ended(&app, &recipient, &item, (from, handed))));
    }
    Ok(response)
}

async fn opened(place: PathBuf, size: u64, part: Range<u64>) -> Option<Opened> {
    tokio::task::spawn_blocking(move || body::open(&place, size, &part)).await.ok()?.ok()
}

/// `ETag`s are compared weakly for a `GET` (RFC 9110, 13.1.2).
fn names(header: &str, etag: &str) -> bool {
    header.trim() == "*" || header.split(',').any(|one| one.trim().trim_start_matches("W/") == etag)
}

fn tag(etag: &str) -> HeaderValue {
    HeaderValue::from_str(etag).unwrap_or(HeaderValue::from_static("\"\""))
}

fn beyond(bytes: u64) -> Response {
    let mut response = super::problem::said(Refused::Range, None);
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{bytes}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

fn head(
    headers: &mut HeaderMap,
    item: &Item,
    etag: &str,
    (status, part): (StatusCode, &Range<u64>),
    method: &Method,
) {
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    // RFC 9530: the digest of the whole, whatever part is sent; of the content where the content is the whole.
    let digest = format!("sha-256=:{}:", Base64::encode_string(&item.sha256.0));
    put(HeaderName::from_static("repr-digest"), &digest);
    if status == StatusCode::OK && method != Method::HEAD {
        put(HeaderName::from_static("content-digest"), &digest);
    }
    put(header::ETAG, etag);
    put(header::ACCEPT_RANGES, "bytes");
    put(header::CONTENT_TYPE, "application/octet-stream");
    put(header::CONTENT_LENGTH, &(part.end - part.start).to_string());
    put(header::CACHE_CONTROL, "private, no-store");
    if status == StatusCode::PARTIAL_CONTENT {
        let last = part.end.saturating_sub(1);
        put(header::CONTENT_RANGE, &format!("bytes {}-{last}/{}", part.start, item.bytes));
    }
    let (name, value) = attached(&format!("{}{}", item.name, crate::seal::SEALED_ENDING));
    headers.insert(name, value);
}

/// A body has ended: whether the recipient has the whole bundle now.
fn ended(app: &App, recipient: &Recipient, item: &Item, (from, handed): (u64, u64)) {
    let whole = app.pieces.add(&item.name, (from, from + handed), item.bytes);
    tracing::info!(partner = &*recipient.key, bundle = item.name, from, handed, whole, "handed over");
    if whole && let Err(fault) = app.collected.collected(&recipient.key, &item.name, Timestamp::now()) {
        tracing::error!(code = "LG2507", bundle = item.name, fault = %fault.kind(), "not noted as collected");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_has_one_form() {
        for place in [0, 1, 142, u64::MAX] {
            assert_eq!(sequence(&cursor(place)), Some(place));
        }
        let odd = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        for other in ["", "1", "after:1", &odd("after:01"), &odd("after:+1"), &odd("1"), &odd("after:x")] {
            assert_eq!(sequence(other), None, "{other}");
        }
    }

    #[test]
    fn a_query_has_two_parameters_once_each() {
        let good = [("", (0, 100)), ("limit=7", (0, 7)), ("after=&limit=1000", (0, 1000))];
        for (query, is) in good {
            assert_eq!(asked(query), Ok(is), "{query}");
        }
        assert_eq!(asked(&format!("limit=2&after={}", cursor(9))), Ok((9, 2)));
        for query in
            ["limit=0", "limit=1001", "limit=x", "limit=", "limit=+1", "limit=1&limit=1", "x=1", "after=x"]
        {
            assert_eq!(asked(query), Err(Refused::Parameter), "{query}");
        }
    }

    #[test]
    fn known_versions_are_compared_weakly() {
        for (header, is) in
            [("*", true), ("\"a\"", true), ("W/\"a\"", true), ("\"b\", \"a\"", true), ("\"b\"", false)]
        {
            assert_eq!(names(header, "\"a\""), is, "{header}");
        }
    }
}
