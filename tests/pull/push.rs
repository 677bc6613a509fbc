//! Push to a real receiver: Python's own library checks what it gets.

use super::pki::{Pki, tools};
use super::support::{Deployment, NIGHTS, python};
use lockgate::deliver::push::{Push, PushError};
use lockgate::deliver::push_settings::PushSettings;
use lockgate::seal::{Sealed, Sealer};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{LedgerCommit, Prepared};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::runtime::Runtime;

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT: &str = "whsec_plJ3nmyCDGBKInavdOK15jsl8Nm9ck4Y";

pub(super) struct Receiver {
    child: Child,
    pub(super) port: u16,
    log: PathBuf,
}

impl Receiver {
    pub(super) fn start(
        pki: &Pki,
        python: &Path,
        certificate: Option<&str>,
        secrets: &str,
        answers: &Value,
    ) -> Self {
        let log = pki.at("receiver.log");
        let _ = fs::remove_file(&log);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pull/receiver.py");
        let mut call = Command::new(python);
        call.env("KEEP", pki.at("kept"));
        let _ = fs::create_dir(pki.at("kept"));
        call.arg(script).arg(&log).arg(secrets).arg(answers.to_string()).stdout(Stdio::piped());
        if let Some(name) = certificate {
            call.arg(pki.at(&format!("{name}.pem"))).arg(pki.at(&format!("{name}.key")));
        }
        let mut child = call.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap(), log }
    }

    pub(super) fn came(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Book;

impl LedgerCommit for Book {
    type Error = ();

    async fn commit(&mut self, _: &Prepared) -> Result<(), ()> {
        Ok(())
    }
}

/// A deployment after its first night, and somebody's bundle in its outbox.
struct House {
    deployment: Deployment,
    pki: Pki,
    python: PathBuf,
    runtime: Runtime,
    sealed: Sealed,
    kept: PathBuf,
}

impl House {
    fn new() -> Option<Self> {
        tools(&["openssl"])?;
        let (python, deployment) = (python()?, Deployment::sealed());
        deployment.night(NIGHTS[0]);
        let outbox = deployment.path("state/outbox");
        let entry = fs::read_dir(outbox.join("wyp")).unwrap().next().unwrap().unwrap();
        let name = entry.file_name().into_string().unwrap();
        let manifest = Digest::of(&fs::read(entry.path().join("datapackage.json")).unwrap());
        let runtime = Runtime::new().unwrap();
        let outgoing = runtime.block_on(Prepared::new(name, manifest).release(&mut Book)).unwrap();
        let read = lockgate::config::load(deployment.root()).map_err(|(p, _)| p).unwrap();
        let day = NIGHTS[0].parse().unwrap();
        let gateway = Sealer::open(deployment.root(), &read.keyring, day, outbox).unwrap();
        let sealed = gateway.seal(&outgoing, &deployment.path("state/staging")).unwrap();
        let pki = Pki::new();
        fs::write(pki.at("secret"), format!("{SECRET}\n")).unwrap();
        fs::write(pki.at("next"), format!("{NEXT}\n")).unwrap();
        Some(Self { deployment, pki, python, runtime, sealed, kept: entry.path() })
    }

    fn receiver(&self, answers: &Value) -> Receiver {
        Receiver::start(&self.pki, &self.python, Some("server"), SECRET, answers)
    }

    /// Pushes with these settings, of which `secret` and `ca` are added.
    fn push(&self, settings: &str) -> Result<(), PushError> {
        let text =
            format!("secret = [{{ file = \"secret\" }}, {{ file = \"next\" }}]\nca = \"ca.pem\"\n{settings}");
        let settings: PushSettings = toml::from_str(&text).unwrap();
        let root = self.pki.at("secret");
        Push::open(&settings, root.parent().unwrap(), self.runtime.handle().clone())?.put(&self.sealed)
    }

    fn to(&self, receiver: &Receiver, more: &str) -> Result<(), PushError> {
        self.push(&format!(
            "url = \"https://127.0.0.1:{}/in\"\nallow = [\"127.0.0.0/8\"]\n{more}",
            receiver.port
        ))
    }
}

#[test]
fn an_event_arrives_signed_under_either_secret_and_says_nothing_of_anybody() {
    let Some(house) = House::new() else { return };
    for secrets in [SECRET, NEXT] {
        let receiver =
            Receiver::start(&house.pki, &house.python, Some("server"), secrets, &json!([[204, {}]]));
        assert_eq!(house.to(&receiver, ""), Ok(()));
        let came = receiver.came();
        assert!(came.len() == 1 && came[0]["good"] == json!(true), "{came:?}");
        assert_eq!((&came[0]["method"], &came[0]["path"]), (&json!("POST"), &json!("/in")));
        assert_eq!(came[0]["headers"]["webhook-id"], house.sealed.name());
        let body = &came[0]["body"];
        assert_eq!(
            (&body["type"], &body["timestamp"]),
            (&json!("bundle.ready"), &json!("2008-11-17T00:00:00Z"))
        );
        let data = json!({
            "name": house.sealed.name(), "sequence": 1, "kind": "snapshot",
            "bytes": house.sealed.bytes(), "sha256": house.sealed.digest().hex(),
        });
        assert_eq!(body["data"], data);
    }
    // Somebody else's secret is noticed.
    let other = Receiver::start(
        &house.pki,
        &house.python,
        Some("server"),
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &json!([[200, {}]]),
    );
    assert_eq!(house.to(&other, ""), Ok(()));
    assert_eq!(other.came()[0]["good"], json!(false));
}

#[test]
fn a_bundle_arrives_whole_with_the_gateways_signature_beside_it() {
    let Some(house) = House::new() else { return };
    let receiver = house.receiver(&json!([[201, {}]]));
    assert_eq!(house.to(&receiver, "body = \"bundle\""), Ok(()));
    let came = receiver.came().remove(0);
    assert_eq!((&came["good"], &came["method"]), (&json!(true), &json!("PUT")));
    assert_eq!(came["path"], format!("/in/{}.zip.age", house.sealed.name()));
    assert_eq!(came["sha256"], house.sealed.digest().hex());
    let signature = came["headers"]["lockgate-signature"].as_str().unwrap();
    let signature = <base64ct::Base64 as base64ct::Encoding>::decode_vec(signature).unwrap();
    assert_eq!(signature, fs::read(house.kept.join(format!("{}.zip.age.sig", house.sealed.name()))).unwrap());
    assert!(house.deployment.path("state/outbox").exists());
}

#[test]
fn only_2xx_is_success_and_each_other_answer_is_told_apart() {
    let Some(house) = House::new() else { return };
    let answers = json!([
        [500, {}], [503, { "Retry-After": "120" }], [429, { "Retry-After": "99999999" }], [429, {}],
        [302, { "Location": "/elsewhere" }], [308, { "Location": "https://example.org/" }], [410, {}], [401, {}], [200, {}],
    ]);
    let receiver = house.receiver(&answers);
    let day = Duration::from_hours(24);
    for (code, passing, wait, gone) in [
        ("LG2524", true, None, false),
        ("LG2526", true, Some(Duration::from_mins(2)), false),
        ("LG2526", true, Some(day), false),
        ("LG2526", true, None, false),
        ("LG2524", false, None, false),
        ("LG2524", false, None, false),
        ("LG2525", false, None, true),
        ("LG2524", false, None, false),
    ] {
        let said = house.to(&receiver, "").unwrap_err();
        assert_eq!(
            (said.code, said.passing, said.retry_after, said.gone),
            (code, passing, wait, gone),
            "{said}"
        );
    }
    assert_eq!(house.to(&receiver, ""), Ok(()));
    let came = receiver.came();
    assert_eq!(came.len(), 9, "no answer led anywhere");
    assert!(came.iter().all(|c| c["path"] == "/in" && c["good"] == json!(true)));
    let ids: std::collections::BTreeSet<&str> =
        came.iter().map(|c| c["headers"]["webhook-id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1, "one id on every attempt");
}

#[test]
fn nothing_is_sent_to_an_address_inside_that_is_not_listed() {
    let Some(house) = House::new() else { return };
    let receiver = house.receiver(&json!([[200, {}]]));
    let port = receiver.port;
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"] {
        for allow in ["", "allow = [\"10.0.0.0/8\"]\n"] {
            let said = house.push(&format!("url = \"https://{host}:{port}/in\"\n{allow}")).unwrap_err();
            assert!(["LG2522", "LG2523"].contains(&said.code), "{host}: {said}");
            assert!(said.code == "LG2522" || host == "2130706433", "{host}: {said}");
        }
    }
    assert_eq!(receiver.came(), [Value::Null; 0]);
    let plain = Receiver::start(&house.pki, &house.python, None, SECRET, &json!([[200, {}]]));
    let url = format!("url = \"http://127.0.0.1:{}/in\"\n", plain.port);
    assert_eq!(house.push(&url).unwrap_err().code, "LG2522");
    assert_eq!(house.push(&format!("{url}allow = [\"127.0.0.1\"]")), Ok(()));
}

#[test]
fn a_receiver_that_is_not_who_it_should_be_gets_nothing() {
    let Some(house) = House::new() else { return };
    for certificate in ["ended", "elsewhere", "selfmade"] {
        let receiver =
            Receiver::start(&house.pki, &house.python, Some(certificate), SECRET, &json!([[200, {}]]));
        let said = house.to(&receiver, "").unwrap_err();
        assert_eq!((said.code, said.passing), ("LG2527", true), "{certificate}: {said}");
        assert_eq!(receiver.came(), [Value::Null; 0], "{certificate}");
    }
    let port = house.receiver(&json!([[200, {}]])).port;
    let url = format!("url = \"https://127.0.0.1:{port}/in\"\nallow = [\"127.0.0.1\"]");
    let said = house.push(&url).unwrap_err();
    assert_eq!((said.code, said.passing), ("LG2523", true), "nobody listens any more: {said}");
    fs::write(house.pki.at("next"), "not a secret\n").unwrap();
    let said = house.push(&url).unwrap_err();
    assert!(said.code == "LG2521" && !said.to_string().contains("not a secret"), "{said}");
}
