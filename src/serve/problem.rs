//! What goes wrong, as RFC 9457 says it: a type, a title, a status, and never data.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Everything that the API answers when it does not give what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No key, or one that is not known.
    Unauthorized,
    /// A name that is nobody's, another's, or withheld: the three are not to be told apart.
    UnknownBundle,
    /// A path that the API does not have.
    NotFound,
    /// The partner receives nothing at present.
    Closed,
    /// A method that the path does not have.
    Method,
    /// A parameter that does not read.
    Parameter,
    /// Bytes that the bundle does not have.
    Range,
    /// A body that is no return form.
    Form,
    /// A body of a media type that is none of a form.
    MediaType,
    /// A body that is too long.
    TooLarge,
    /// Too many requests of this partner at once.
    TooMany,
    /// Too many requests of everybody at once, or something that passes.
    Busy,
    /// The request did not come in time.
    Timeout,
    /// Something on the gateway's side that does not pass by itself.
    Fault,
}

impl Refused {
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, "unauthorized", "A key of yours is needed, and this is none")
            }
            Self::UnknownBundle => {
                (StatusCode::NOT_FOUND, "unknown-bundle", "There is no bundle of that name for you")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is nothing under this path"),
            Self::Closed => (
                StatusCode::FORBIDDEN,
                "closed",
                "Nothing is given to you at present: ask the gateway's desk",
            ),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method", "This path does not have this method"),
            Self::Parameter => (StatusCode::BAD_REQUEST, "parameter", "A parameter does not read"),
            Self::Range => (StatusCode::RANGE_NOT_SATISFIABLE, "range", "The bundle has no such bytes"),
            Self::Form => (StatusCode::UNPROCESSABLE_ENTITY, "form", "The body is no return form"),
            Self::MediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "A form is text/csv or application/json")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too long"),
            Self::TooMany => {
                (StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many of your requests at once")
            }
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Try again later"),
            Self::Timeout => (StatusCode::REQUEST_TIMEOUT, "timeout", "The request did not come in time"),
            Self::Fault => {
                (StatusCode::INTERNAL_SERVER_ERROR, "fault", "A fault of the gateway: tell its desk")
            }
        }
    }
}

/// Seconds after which whoever was put off should come again.
const AGAIN: &str = "5";

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        said(self, None)
    }
}

/// A refusal, with words about it that name no data.
pub(super) fn said(refused: Refused, detail: Option<(&str, &str)>) -> Response {
    let (status, kind, title) = refused.parts();
    let mut body = json!({ "type": format!("/problems/{kind}"), "title": title, "status": status.as_u16() });
    if let (Some((code, detail)), Some(body)) = (detail, body.as_object_mut()) {
        body.insert("code".into(), code.into());
        body.insert("detail".into(), detail.into());
    }
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    match refused {
        Refused::Unauthorized => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"lockgate\""));
        }
        Refused::TooMany | Refused::Busy => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(AGAIN));
        }
        Refused::Timeout => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}
