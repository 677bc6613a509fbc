//! Return forms over the API: looked over at once, kept, and taken down by the next night.

use super::pki::tools;
use super::server::{Answer, Server};
use super::support::{NIGHTS, files, signature};
use base64ct::{Base64, Encoding as _};
use serde_json::json;
use std::fs;

fn post(server: &Server, who: &str, kind: &str, form: &[u8]) -> Answer {
    signed(server, who, kind, form, &[])
}

/// The same with a form's signatures, each in a header of its own.
fn signed(server: &Server, who: &str, kind: &str, form: &[u8], signatures: &[String]) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("form");
    fs::write(&file, form).unwrap();
    let (kind, body) = (format!("Content-Type: {kind}"), format!("@{}", file.display()));
    let lines: Vec<String> = signatures.iter().map(|s| format!("lockgate-signature: {s}")).collect();
    let mut words = vec!["-H", &kind, "--data-binary", &body];
    words.extend(lines.iter().flat_map(|line| ["-H", line]));
    server.get(who, "/v1/acks", &words)
}

const HEADER: &str =
    "bundle,action,table,record_id,record_version,what_to_do,clause,due_by,done,done_on,done_by,remark";

fn confirm(name: &str, answer: &str) -> String {
    format!("{name},1,,,,confirm receipt,7.5,,{answer}\r\n")
}

#[test]
fn clause_7_5_a_form_that_came_over_the_api_counts_from_the_next_night_on() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(1);
    let (name, foreign) = (server.names("wyp").remove(0), server.names("lcc").remove(0));
    let answer = "yes,2008-11-18,duty officer,nothing to say";
    let form = format!(
        "{HEADER}\r\n{}{}{}{}",
        confirm(&name, answer),
        confirm(&foreign, answer),
        confirm("lockgate_none", answer),
        confirm(&name, ",,,")
    );
    let taken = post(&server, "wyp", "text/csv; charset=utf-8", form.as_bytes());
    assert_eq!(taken.status, 202, "{taken:?}");
    let said = taken.json();
    assert_eq!((&said["answers"], &said["open"]), (&json!(1), &json!(1)));
    assert_eq!(said["sha256"], lockgate_core::hash::Digest::of(form.as_bytes()).hex());
    let refused = said["refused"].as_array().unwrap();
    let words = |at: usize| refused[at]["detail"].as_str().unwrap().split(": ").last().unwrap().to_owned();
    assert!(refused.len() == 2 && refused.iter().all(|r| r["code"] == "LG2402"));
    assert_eq!(words(0), words(1), "another's bundle and nobody's are told alike");
    let text = String::from_utf8(taken.body).unwrap();
    assert!(!text.contains(&foreign) && !text.contains("duty officer") && !text.contains("nothing to say"));
    let state = |deployment: &super::support::Deployment| {
        let all = deployment.run(&["receipt", "list", "--json"]).json();
        all.as_array().unwrap().iter().find(|s| s["bundle"] == name.as_str()).unwrap()["state"].clone()
    };
    assert_eq!(state(&server.deployment), "sent", "nothing is written beside a night");
    // Twice the same, and one as JSON that a former reader of posts could not have signed.
    assert_eq!(post(&server, "wyp", "text/csv", form.as_bytes()).status, 202);
    let items = json!([{ "bundle": name, "action": 1, "done": true, "done_on": "2008-11-18", "done_by": "duty officer" }]);
    assert_eq!(post(&server, "wyp", "application/json", items.to_string().as_bytes()).status, 202);
    let waiting = files(&server.deployment.path("state/acks"));
    assert_eq!(waiting.len(), 2, "{:?}", waiting.keys());
    let told = server.deployment.night(NIGHTS[1]).json();
    assert_eq!(told["warnings"]["LG2402"], json!(2), "{}", told["warnings"]);
    assert_ne!(state(&server.deployment), "sent");
    assert!(files(&server.deployment.path("state/acks")).keys().all(|n| n.starts_with("wyp/taken/")));
    assert_eq!(server.deployment.run(&["ledger", "verify"]).code, Some(0));
    assert!(!server.log().contains("duty officer"));
}

#[test]
fn what_is_no_form_is_refused_and_its_refusal_is_in_the_ledger() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(1);
    for (kind, body, status, problem) in [
        ("text/csv", &b"PK\x03\x04 a workbook"[..], 422, "/problems/form"),
        ("text/csv", b"\xff\xfeb\0", 422, "/problems/form"),
        ("application/json", b"{", 422, "/problems/form"),
        ("text/csv", b" [{\"bundle\": \"b\"}]", 415, "/problems/media-type"),
        ("application/zip", b"PK\x03\x04", 415, "/problems/media-type"),
        ("text/csv", b"", 422, "/problems/form"),
    ] {
        let answer = post(&server, "wyp", kind, body);
        assert_eq!((answer.status, &answer.json()["type"]), (status, &json!(problem)), "{kind}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let huge = post(&server, "wyp", "text/csv", &vec![b' '; (16 << 20) + 1]);
    assert_eq!((huge.status, &huge.json()["type"]), (413, &json!("/problems/too-large")));
    assert_eq!(files(&server.deployment.path("state/acks")).len(), 4);
    let told = server.deployment.night(NIGHTS[1]).json();
    assert_eq!(told["warnings"]["LG2401"], json!(4), "{}", told["warnings"]);
}

#[test]
fn clause_7_3_a_form_of_somebody_who_is_no_nominee_is_refused_line_by_line() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(1);
    let name = server.names("wyp").remove(0);
    let add = ["register", "add", "nominee", "--token", "officer-1"];
    let signed = ["--for", "wyp", "--by", "holder-1", "--reference", "letter 1"];
    assert_eq!(server.deployment.run(&[&add[..], &signed].concat()).code, Some(0));
    let form = |by: &str| format!("{HEADER}\r\n{}", confirm(&name, &format!("yes,2008-11-18,{by},")));
    let said = post(&server, "wyp", "text/csv", form("officer-9").as_bytes()).json();
    assert_eq!((&said["answers"], &said["refused"][0]["code"]), (&json!(0), &json!("LG2403")));
    let said = post(&server, "wyp", "text/csv", form("officer-1").as_bytes()).json();
    assert_eq!((&said["answers"], &said["refused"]), (&json!(1), &json!([])));
}

#[test]
fn clause_7_5_a_form_is_signed_in_a_header_and_one_that_does_not_count_is_refused_whole() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(1);
    let name = server.names("wyp").remove(0);
    let form = format!("{HEADER}\r\n{}", confirm(&name, "yes,2008-11-18,duty officer,"));
    let header =
        |by: &str, purpose: &str| Base64::encode_string(signature(by, purpose, form.as_bytes()).as_bytes());
    let good = header("wyp", "lockgate-ack");
    let bad = [
        vec![header("lcc", "lockgate-ack")],
        vec![header("wyp", "lockgate-bundle")],
        vec!["no base64 at all".to_owned()],
        vec![good.clone(), good.clone()],
    ];
    for signatures in &bad {
        let answer = signed(&server, "wyp", "text/csv", form.as_bytes(), signatures);
        assert_eq!((answer.status, &answer.json()["code"]), (422, &json!("LG2406")), "{answer:?}");
    }
    // The same form, signed as it should be, is another than the one before.
    let said = signed(&server, "wyp", "text/csv", form.as_bytes(), &[good]);
    assert_eq!(said.status, 202, "{said:?}");
    assert!(said.json()["signed"].as_str().unwrap().starts_with("SHA256:"), "{said:?}");
    assert_eq!(post(&server, "wyp", "text/csv", form.as_bytes()).json()["signed"], json!(null));
    let told = server.deployment.night(NIGHTS[1]).json();
    assert_eq!(told["warnings"]["LG2406"], json!(bad.len()), "{}", told["warnings"]);
    let all = server.deployment.run(&["receipt", "list", "--json"]).json();
    let mine = all.as_array().unwrap().iter().find(|s| s["bundle"] == name.as_str()).unwrap().clone();
    assert_eq!((&mine["signed"], &mine["done"]), (&json!(1), &json!(1)));
    let left = files(&server.deployment.path("state/acks"));
    assert!(left.keys().all(|n| n.contains("/taken/") || n.contains("/refused/")), "{:?}", left.keys());
}
