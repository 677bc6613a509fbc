//! Who is let in, and that nothing of one recipient is ever shown to another.

use super::pki::tools;
use super::server::{Answer, KNOWN, Server};
use super::support::RECIPIENTS;
use serde_json::json;
use std::fs;

#[test]
fn a_recipient_lists_its_own_bundles_in_order_page_by_page() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(3);
    for recipient in KNOWN {
        let all = server.get(recipient, "/v1/bundles", &[]).json();
        let bundles = all["bundles"].as_array().unwrap();
        assert_eq!((bundles.len(), &all["more"]), (3, &json!(false)));
        for (at, bundle) in bundles.iter().enumerate() {
            let name = bundle["name"].as_str().unwrap();
            let place =
                server.deployment.path("state/bundles").join(recipient).join(format!("{name}.zip.age"));
            let file = fs::read(place).unwrap();
            assert_eq!(bundle["sequence"], at + 1);
            assert_eq!(bundle["bytes"], file.len());
            assert_eq!(bundle["sha256"], lockgate_core::hash::Digest::of(&file).hex());
            assert_eq!(bundle["created"], format!("2008-11-{}T00:00:00Z", 17 + at));
        }
        let (mut after, mut seen) = (String::new(), Vec::new());
        loop {
            let page = server.get(recipient, &format!("/v1/bundles?limit=1&after={after}"), &[]).json();
            seen.extend(page["bundles"].as_array().unwrap().clone());
            after = page["next"].as_str().unwrap().to_owned();
            if page["more"] == json!(false) {
                break;
            }
        }
        assert_eq!(&seen, bundles);
        let none = server.get(recipient, &format!("/v1/bundles?after={after}"), &[]).json();
        assert_eq!((&none["bundles"], &none["next"]), (&json!([]), &json!(after)), "nothing came since");
    }
}

/// Every way to ask for a bundle.
fn ways(name: &str) -> Vec<(String, Vec<&'static str>)> {
    let path = format!("/v1/bundles/{name}");
    vec![
        (path.clone(), vec![]),
        (path.clone(), vec!["-I"]),
        (path.clone(), vec!["-H", "Range: bytes=0-9"]),
        (path.clone(), vec!["-H", "If-None-Match: *"]),
        (format!("{path}.sig"), vec![]),
        (format!("{path}.sig"), vec!["-I"]),
    ]
}

#[test]
fn nothing_of_one_recipient_is_shown_to_another_or_told_from_what_is_not_there() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(2);
    let nobodys = "lockgate_leeds-iom_wyp_20081117_000099_delta";
    for (owner, other) in [(KNOWN[0], KNOWN[1]), (KNOWN[1], KNOWN[0])] {
        let names = server.names(owner);
        assert!(names.len() == 2 && server.names(other).iter().all(|n| !names.contains(n)));
        for name in &names {
            for ((path, more), (unknown, same)) in ways(name).into_iter().zip(ways(nobodys)) {
                let own = server.get(owner, &path, &more);
                assert!([200, 206, 304].contains(&own.status), "{path} {more:?}: {own:?}");
                let foreign = server.get(other, &path, &more);
                assert_eq!(foreign.status, 404, "{path} {more:?}");
                assert_eq!(foreign.told(), server.get(other, &unknown, &same).told(), "{path} {more:?}");
                let text = format!("{foreign:?}");
                assert!(!text.contains(name.as_str()) && !text.contains(owner), "{text}");
            }
        }
    }
    // Recipients without a key are nobody's neighbours either.
    for recipient in RECIPIENTS.iter().filter(|r| !KNOWN.contains(r)) {
        let place = server.deployment.path("state/outbox").join(recipient);
        for entry in fs::read_dir(place).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert_eq!(server.get(KNOWN[0], &format!("/v1/bundles/{name}"), &[]).status, 404);
        }
    }
    for path in
        ["..%2f..%2fstore.sqlite", "%2e%2e/x", "../../etc/passwd", "%00", "%ff", "a%2fb", ".sig", "x.sig"]
    {
        let answer = server.get(KNOWN[0], &format!("/v1/bundles/{path}"), &[]);
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
}

#[test]
fn without_a_key_of_its_own_nobody_gets_past_the_door() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(1);
    let name = server.names("wyp").remove(0);
    let pem = |n: &str| server.pki.at(n).display().to_string();
    let refused = |answer: &Answer, what: &str| {
        assert_eq!(answer.status, 401, "{what}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"lockgate\"");
        assert_eq!(answer.json()["type"], "/problems/unauthorized");
    };
    for path in
        ["/v1/bundles", &format!("/v1/bundles/{name}"), &format!("/v1/bundles/{name}.sig"), "/v1/acks"]
    {
        let post: &[&str] =
            if path == "/v1/acks" { &["-H", "Content-Type: text/csv", "-d", "x"] } else { &[] };
        refused(&server.curl(path, post).unwrap(), path);
        for header in [
            "Authorization:  Bearer",
            "Authorization: Bearer lgk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "Authorization: Basic d3lwOng=",
            &format!("Authorization: Bearer {}x", server.tokens["wyp"]),
            &format!(
                "Authorization: Bearer {}",
                lockgate_core::hash::Digest::of(server.tokens["wyp"].as_bytes()).hex()
            ),
        ] {
            refused(&server.curl(path, &[post, &["-H", header]].concat()).unwrap(), header);
        }
    }
    let by = |certificate: &str, path: &str| {
        let (cert, key) = (pem(&format!("{certificate}.pem")), pem(&format!("{certificate}.key")));
        server.curl(path, &["--cert", &cert, "--key", &key])
    };
    assert_eq!(by("good", &format!("/v1/bundles/{name}")).unwrap().status, 200);
    refused(&by("stranger", "/v1/bundles").unwrap(), "a certificate of nobody");
    // These are listed, and do not get through the handshake.
    for certificate in ["expired", "foreign"] {
        assert!(by(certificate, "/healthz").is_err(), "{certificate}");
    }
    let both = |token: &str| {
        let (cert, key) = (pem("good.pem"), pem("good.key"));
        server.get(token, "/v1/bundles", &["--cert", &cert, "--key", &key]).status
    };
    assert_eq!((both("wyp"), both("lcc")), (200, 401), "two partners in one request are none");
    assert_eq!(server.curl("/healthz", &[]).unwrap().body, b"ok\n");
    assert_eq!(server.curl("/v1/openapi.json", &[]).unwrap().json()["openapi"], "3.1.0");
    assert_eq!(server.curl("/nothing", &[]).unwrap().json()["type"], "/problems/not-found");
    let method = server.get("wyp", "/v1/bundles", &["-X", "DELETE"]);
    assert_eq!((method.status, method.header("allow")), (405, "GET,HEAD"));
    // Without the authority's certificate the client trusts nobody.
    assert!(server.curl("/healthz", &["--cacert", &pem("other.pem")]).is_err());
}

#[test]
fn clause_7_3_whoever_is_suspended_gets_nothing_from_the_next_request_on() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(1);
    let name = server.names("lcc").remove(0);
    let unknown = server.get("lcc", "/v1/bundles/lockgate_none", &[]);
    let signed = ["--for", "wyp", "--by", "officer-1", "--reference", "letter 2"];
    let suspend = ["partner", "suspend", "lcc", "--reason", "lost laptop", "--since", "2008-11-18"];
    let said = server.deployment.run(&[&suspend[..5], &signed].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let listed = server.get("lcc", "/v1/bundles", &[]);
    assert_eq!((listed.status, &listed.json()["type"]), (403, &json!("/problems/closed")));
    for (path, more) in ways(&name) {
        let answer = server.get("lcc", &path, &more);
        assert_eq!(answer.status, 404, "{path} {more:?}");
        if more.is_empty() {
            assert_eq!(answer.told(), unknown.told());
        }
    }
    assert_eq!(server.names("wyp").len(), 1, "the others go on");
    let said = server.deployment.run(&[&["partner", "resume", "lcc"][..], &signed].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(server.names("lcc"), std::slice::from_ref(&name));
    // What is not, or no longer, in the outbox is not there.
    fs::remove_dir_all(server.deployment.path("state/outbox/lcc").join(&name)).unwrap();
    server.deployment.night(super::support::NIGHTS[1]);
    assert_eq!(server.get("lcc", &format!("/v1/bundles/{name}"), &[]).told(), unknown.told());
    assert_eq!(server.names("lcc").len(), 1, "the next night's is there without a restart");
}
