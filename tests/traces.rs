//! The trace of a night, as a collector on this machine gets it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};
use support::Deployment;
use support::small::{World, small};

/// A collector that takes one request and answers it; gives its first line and its body.
fn collector(answer: &'static str) -> (String, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let taken = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let (mut first, mut length, mut line) = (String::new(), 0, String::new());
        while reader.read_line(&mut line).unwrap() > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            let read = std::mem::take(&mut line);
            first = if first.is_empty() { read } else { first };
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        (&stream).write_all(answer.as_bytes()).unwrap();
        (first, String::from_utf8(body).unwrap())
    });
    (address, taken)
}

fn first_night() -> Deployment {
    let deployment = small();
    World::new(5, 12).next_day().iter().for_each(|file| file.put(&deployment, ""));
    deployment
}

/// Runs the first night with a collector named; gives how it ended and what it said.
fn night(deployment: &Deployment, collector: &str) -> (Option<i32>, String) {
    let mut command = deployment.command(&["run", "--as-of", "2008-11-17"]);
    let output = command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_nights_stages_reach_a_collector_as_one_trace_without_anything_about_a_person() {
    let (address, taken) = collector("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    let (code, said) = night(&first_night(), &address);
    assert!(matches!(code, Some(0 | 4)) && !said.contains("LG2542"), "{said}");
    let (first, body) = taken.join().unwrap();
    assert_eq!(first, "POST /v1/traces HTTP/1.1\r\n");
    let told: Value = serde_json::from_str(&body).unwrap();
    let spans = told["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    for name in ["night", "feed.collect", "feed.read", "identity.link", "gate.decide", "bundle.write"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    let lower = body.to_lowercase();
    for value in ["ackerby", "brindlow", "cawthra", "bethan", "a1000cd", "a1003cd", "copse", "1960"] {
        assert!(!lower.contains(value), "{value}");
    }
}

#[test]
fn a_collector_that_is_away_or_refuses_is_a_warning_and_the_night_ends_as_without() {
    let without = first_night().night("2008-11-17");
    let (address, taken) = collector("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    let refused = night(&first_night(), &address);
    taken.join().unwrap();
    let away = night(&first_night(), &address);
    let abroad = night(&first_night(), "http://192.0.2.7:4318");
    for (why, (code, said)) in
        [("503", refused), ("does not answer", away), ("only a collector on this machine", abroad)]
    {
        assert_eq!(code, without.code, "{said}");
        assert!(said.contains("LG2542") && said.contains(why), "{why}: {said}");
    }
}

#[test]
fn a_night_that_breaks_off_is_told_as_far_as_it_came() {
    let (address, taken) = collector("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    let deployment = first_night();
    deployment.edit("lockgate.toml", "[bundles]\n", "[link]\nmodel = \"none.json\"\n\n[bundles]\n");
    let (code, said) = night(&deployment, &address);
    assert!(code == Some(78) && said.contains("LG1477"), "{code:?} {said}");
    let (_, body) = taken.join().unwrap();
    let told: Value = serde_json::from_str(&body).unwrap();
    let spans = told["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let with = |of: &dyn Fn(&Value) -> bool| -> Vec<&str> {
        spans.iter().filter(|span| of(span)).map(|span| span["name"].as_str().unwrap()).collect()
    };
    assert_eq!(with(&|span| span["status"]["code"] == 2), ["night", "identity.link"]);
    assert!(with(&|_| true).contains(&"feed.read") && !with(&|_| true).contains(&"feed.keep"));
    let exit = spans[0]["attributes"].as_array().unwrap().iter().find(|a| a["key"] == "lockgate.exit");
    assert_eq!(exit.unwrap()["value"]["intValue"], "78");
    assert!(!body.contains("none.json"), "{body}");
}
