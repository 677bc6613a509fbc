//! Traces: after a night, or when one breaks off, its stages go, as one OpenTelemetry trace, to a collector on this machine (OTLP over HTTP, in JSON), when
//! the standard variables name one. A span has a fixed name; its attributes are names of the configuration, days and counts.

use crate::night::Summary;
use anyhow::{Context as _, Result, bail, ensure};
use axum::body::Body;
use axum::http::{Method, Request, Uri, header};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use lockgate_core::hash::Digest;
use lockgate_core::problem::{Code, Problem};
use serde_json::{Value, json};
use std::env;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long a collector may take altogether.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of one signal, whole; and of all, to which the signal's path is added.
const ENDPOINTS: [(&str, &str); 2] =
    [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""), ("OTEL_EXPORTER_OTLP_ENDPOINT", "/v1/traces")];
/// The first word of a stage, and the name of its span.
const SPANS: [(&str, &str); 10] = [
    ("collecting", "feed.collect"),
    ("reading", "feed.read"),
    ("taking", "feed.take"),
    ("waiting", "worker.wait"),
    ("linking", "identity.link"),
    ("keeping", "feed.keep"),
    ("weighing", "identity.weigh"),
    ("deciding", "gate.decide"),
    ("writing", "bundle.write"),
    ("delivering", "bundle.send"),
];
const INTERNAL: u8 = 1;
/// The specification's number of a status that is an error.
const ERROR: u8 = 2;

/// What a trace tells of a night besides its stages.
pub struct Night<'a> {
    /// The run.
    pub run: i64,
    /// Its day.
    pub as_of: &'a str,
    /// The code that it ends with.
    pub exit: u8,
    /// Seconds of each stage, in order.
    pub timings: &'a [(String, f64)],
    /// What came of it, of a night that has come to its end.
    counts: Vec<Value>,
    /// Whether it broke off, in the last of its stages.
    broke: bool,
    /// The code of what stopped it, where that has one.
    code: Option<Code>,
}

impl<'a> Night<'a> {
    /// One that has come to its end.
    fn ended(summary: &'a Summary) -> Self {
        let made = summary.recipients.iter().filter(|r| !r.failed).count() as u64;
        let counts = vec![
            count("lockgate.cohort", summary.cohort),
            count("lockgate.feeds", summary.feeds.len() as u64),
            count("lockgate.bundles", made),
        ];
        let Summary { run, as_of, exit, timings, .. } = summary;
        Self { run: *run, as_of, exit: *exit, timings, counts, broke: false, code: None }
    }

    /// One that broke off.
    pub fn broken(run: i64, as_of: &'a str, timings: &'a [(String, f64)], fault: &anyhow::Error) -> Self {
        let exit = crate::fault::ended(fault).0 as u8;
        let code = crate::fault::code(fault);
        Self { run, as_of, exit, timings, counts: Vec::new(), broke: true, code }
    }

    /// As OTLP says it: an error, with nothing of its text but the code.
    fn status(&self) -> Value {
        match (self.broke, self.code) {
            (false, _) => json!({}),
            (true, None) => json!({ "code": ERROR }),
            (true, Some(code)) => json!({ "code": ERROR, "message": code }),
        }
    }
}

/// Hands a night's trace over, if anybody wants it. What goes wrong is a warning (LG2542), and no night ends otherwise for it.
pub async fn hand_over(summary: &Summary, began: Timestamp) -> Option<Problem> {
    told(&Night::ended(summary), began).await
}

/// The same of a night in whatever way it ended.
pub async fn told(night: &Night<'_>, began: Timestamp) -> Option<Problem> {
    let (endpoint, service) = (endpoint(&|name| env::var(name).ok())?, env::var("OTEL_SERVICE_NAME").ok());
    let trace = trace(night, began, service.as_deref().unwrap_or("lockgate"));
    let sent = tokio::time::timeout(PATIENCE, send(&endpoint, trace.to_string())).await;
    let fault = match sent {
        Ok(Ok(())) => return None,
        Ok(Err(fault)) => crate::fault::told(&fault),
        Err(_) => "no answer in time".into(),
    };
    Some(Problem::new("LG2542", format!("the night's trace was not handed over: {fault}")))
}

/// Where the standard variables send traces; nowhere when they are off or empty.
fn endpoint(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if variable("OTEL_SDK_DISABLED").is_some_and(|word| word.eq_ignore_ascii_case("true")) {
        return None;
    }
    let of = |(name, path): &(&str, &str)| {
        let base = variable(name).filter(|base| !base.is_empty())?;
        Some(if path.is_empty() { base } else { format!("{}{path}", base.trim_end_matches('/')) })
    };
    ENDPOINTS.iter().find_map(of)
}

/// The request of the OTLP specification: one trace, a span for the night and one for each stage.
fn trace(night: &Night<'_>, began: Timestamp, service: &str) -> Value {
    let began = began.as_nanosecond();
    let id = Digest::of(format!("{} {} {began}", night.run, night.as_of).as_bytes()).hex();
    let id = id.get(..32).unwrap_or_default();
    let span =
        |number: usize| Digest::of(format!("{id} {number}").as_bytes()).hex().get(..16).map(str::to_owned);
    let root = span(0);
    let mut at = began;
    let mut spans = Vec::new();
    for (number, (stage, seconds)) in night.timings.iter().enumerate() {
        let end = at.saturating_add(nanoseconds(*seconds));
        let (name, attributes) = stage_of(stage);
        let status = if number + 1 == night.timings.len() { night.status() } else { json!({}) };
        spans.push(json!({
            "traceId": id, "spanId": span(number + 1), "parentSpanId": root, "name": name, "kind": INTERNAL,
            "startTimeUnixNano": at.to_string(), "endTimeUnixNano": end.to_string(), "attributes": attributes,
            "status": status,
        }));
        at = end;
    }
    let mut attributes = vec![
        number("lockgate.run", night.run),
        text("lockgate.as_of", night.as_of),
        number("lockgate.exit", i64::from(night.exit)),
    ];
    attributes.extend(night.counts.iter().cloned());
    let root = json!({
        "traceId": id, "spanId": root, "name": "night", "kind": INTERNAL,
        "startTimeUnixNano": began.to_string(), "endTimeUnixNano": at.to_string(),
        "attributes": attributes, "status": night.status(),
    });
    spans.insert(0, root);
    json!({ "resourceSpans": [{
        "resource": { "attributes": [text("service.name", service), text("service.version", env!("CARGO_PKG_VERSION"))] },
        "scopeSpans": [{ "scope": { "name": "lockgate" }, "spans": spans }],
    }] })
}

/// The span of a stage: its first word is one of a closed list, its second the name of a feed.
fn stage_of(stage: &str) -> (&'static str, Vec<Value>) {
    let mut words = stage.split(' ');
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    let name = SPANS.iter().find(|(word, _)| *word == first).map_or("night.other", |(_, name)| name);
    let feed = second.filter(|_| name.starts_with("feed."));
    (name, feed.map(|feed| text("lockgate.feed", feed)).into_iter().collect())
}

fn nanoseconds(seconds: f64) -> i128 {
    Duration::try_from_secs_f64(seconds).map_or(0, |time| i128::try_from(time.as_nanos()).unwrap_or(0))
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// Whole numbers are texts in OTLP's JSON.
fn number(key: &str, value: i64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn count(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

async fn send(endpoint: &str, body: String) -> Result<()> {
    let uri: Uri = endpoint.parse().ok().context("the collector's address is none")?;
    let authority = uri.authority().context("the collector's address names no machine")?;
    let address: SocketAddr = match authority.host() {
        "localhost" => format!("127.0.0.1:{}", authority.port_u16().unwrap_or(4318)),
        host => format!("{host}:{}", authority.port_u16().unwrap_or(4318)),
    }
    .parse()
    .ok()
    .context("the collector's address is no number")?;
    // What is told is about no person, and still not for others: small counts can tell something.
    let near = uri.scheme_str() == Some("http") && address.ip().is_loopback();
    ensure!(near, "only a collector on this machine is told, over http");
    let stream = TcpStream::connect(address).await.context("the collector does not answer")?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .ok()
        .context("the collector speaks something else")?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri(uri.path())
        .header(header::HOST, authority.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .context("asking the collector")?;
    let answer = sender.send_request(request).await.ok().context("the collector broke off")?;
    if !answer.status().is_success() {
        bail!("the collector answers {}", answer.status().as_u16());
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_standard_variables_say_where_and_whether() {
        let of = |set: &[(&str, &str)]| {
            let set: Vec<(String, String)> =
                set.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            endpoint(&|name| set.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone()))
        };
        let (all, one) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(all, "")]), None);
        assert_eq!(of(&[(all, "http://localhost:4318/")]), Some("http://localhost:4318/v1/traces".into()));
        let both = [(all, "http://a"), (one, "http://b/traces")];
        assert_eq!(of(&both), Some("http://b/traces".into()));
        assert_eq!(of(&[both[0], both[1], ("OTEL_SDK_DISABLED", "TRUE")]), None);
    }

    #[test]
    fn stages_follow_each_other_under_the_night_and_say_a_feed_at_the_most() {
        let timings = [
            ("opening", 0.5),
            ("reading a-feed of 2008-11-17", 1.25),
            ("linking", 0.25),
            ("taking b-feed over", 0.0),
            ("waiting for workers", 0.0),
        ];
        let summary = Summary {
            run: 3,
            as_of: "2008-11-17".into(),
            timings: timings.map(|(stage, seconds)| (stage.to_owned(), seconds)).into(),
            ..Summary::default()
        };
        let began = "2008-11-17T22:00:00Z".parse().unwrap();
        let told = trace(&Night::ended(&summary), began, "gateway");
        let spans = told["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
        let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["night", "night.other", "feed.read", "identity.link", "feed.take", "worker.wait"]);
        let time = |at: usize, key: &str| spans[at][key].as_str().unwrap().parse::<i64>().unwrap();
        assert_eq!(time(0, "endTimeUnixNano") - time(0, "startTimeUnixNano"), 2_000_000_000);
        assert_eq!(time(2, "startTimeUnixNano"), time(1, "endTimeUnixNano"));
        assert_eq!(
            spans[2]["attributes"],
            json!([{ "key": "lockgate.feed", "value": { "stringValue": "a-feed" } }])
        );
        assert_eq!(spans[3]["attributes"], json!([]));
        assert_eq!(spans[4]["attributes"][0]["value"]["stringValue"], "b-feed");
        assert_eq!(spans[5]["attributes"], json!([]));
        let id = |at: usize, key: &str| spans[at][key].as_str().unwrap().to_owned();
        assert!((0..4).all(|at| id(at, "traceId").len() == 32 && id(at, "spanId").len() == 16));
        assert!(
            (1..4).all(|at| id(at, "parentSpanId") == id(0, "spanId") && id(at, "spanId") != id(0, "spanId"))
        );
        assert!(spans.iter().all(|span| span["status"] == json!({})));

        let fault = anyhow::Error::from(crate::store::StoreError::Random).context("ZZCANARY");
        let told = trace(&Night::broken(3, "2008-11-17", &summary.timings[..2], &fault), began, "gateway");
        assert!(!told.to_string().contains("ZZCANARY"));
        let spans = told["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
        let error = json!({ "code": 2, "message": crate::store::StoreError::Random.code() });
        let status = |at: usize| &spans[at]["status"];
        assert_eq!((spans.len(), status(0), status(1), status(2)), (3, &error, &json!({}), &error));
    }

    #[tokio::test]
    async fn only_a_collector_on_this_machine_is_told() {
        for (endpoint, why) in [
            ("https://127.0.0.1:9/v1/traces", "over http"),
            ("http://192.0.2.7:4318/v1/traces", "over http"),
            ("http://collector.example/v1/traces", "is no number"),
            ("/v1/traces", "names no machine"),
        ] {
            let fault = send(endpoint, String::new()).await.unwrap_err().to_string();
            assert!(fault.contains(why), "{endpoint}: {fault}");
        }
    }
}
