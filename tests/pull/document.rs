//! The `OpenAPI` document against the server: by schemathesis, which makes up requests from it and holds every answer against
//! it, and the routes by name.

use super::pki::tools;
use super::server::Server;
use super::support::{needed, python};
use lockgate::serve::{OPENAPI, ROUTES};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_document_has_the_routes_and_every_reference_of_it_leads_somewhere() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let paths: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(paths, ROUTES.iter().copied().collect());
    for part in OPENAPI.split("\"$ref\": \"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

/// What is text to the document is looked into by the server: a place behind a bundle, and a form as CSV. That such a text
/// may be refused is not told as a fault; everything else is.
#[test]
fn made_up_requests_are_answered_as_the_document_says() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let Some(python) = python() else { return };
    let program = needed(Some(python.with_file_name("st")).filter(|p| p.is_file()), "schemathesis");
    let Some(program) = program else { return };
    let server = Server::plain(2, "");
    let key = format!("Authorization: Bearer {}", server.tokens["wyp"]);
    let folder = tempfile::tempdir().unwrap();
    let mut call = Command::new(program);
    call.args([
        "run",
        &format!("{}/v1/openapi.json", server.url),
        "-H",
        &key,
        "--max-examples",
        "30",
        "--seed",
        "7",
    ]);
    call.args(["--checks", "all", "--exclude-checks", "positive_data_acceptance", "--no-color"]);
    let output = call.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&format!("Tested: {}", ROUTES.len())), "{said}");
    let log = server.log();
    assert!(!log.contains("lgk_") && !log.contains("ERROR"), "{log}");
}
