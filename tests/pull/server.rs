//! A running server on a deployment of its own, and curl as its client.

use super::pki::Pki;
use super::support::{Deployment, NIGHTS};
use lockgate_core::hash::Digest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A server that runs.
pub(super) struct Server {
    pub(super) deployment: Deployment,
    pub(super) pki: Pki,
    /// Where it listens.
    pub(super) url: String,
    /// The recipients' bearer keys.
    pub(super) tokens: BTreeMap<String, String>,
    child: Child,
    /// A store that was never made anew must not be asked for.
    _stdout: BufReader<std::process::ChildStdout>,
}

/// An answer as curl got it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// What a client can tell it by: everything but when it came.
    pub(super) fn told(&self) -> (u16, BTreeMap<String, String>, Vec<u8>) {
        let mut headers = self.headers.clone();
        headers.remove("date");
        (self.status, headers, self.body.clone())
    }
}

/// The recipients that the server knows: two by bearer keys, one of them by a certificate as well.
pub(super) const KNOWN: [&str; 2] = ["wyp", "lcc"];

impl Server {
    /// TLS, after so many nights.
    pub(super) fn tls(nights: usize) -> Self {
        Self::start(nights, true, "")
    }

    /// HTTP without TLS on loopback, with more lines in `[serve]`.
    pub(super) fn plain(nights: usize, more: &str) -> Self {
        Self::start(nights, false, more)
    }

    fn start(nights: usize, tls: bool, more: &str) -> Self {
        let (deployment, pki) = (Deployment::sealed(), Pki::new());
        for night in NIGHTS.iter().take(nights) {
            deployment.night(night);
        }
        let mut tokens = BTreeMap::new();
        for recipient in KNOWN {
            let said = deployment.run(&["key", "new", "bearer", recipient, "--json"]).json();
            let token = said["token"].as_str().unwrap().to_owned();
            assert_eq!(said["token_sha256"], Digest::of(token.as_bytes()).hex());
            let mut api = format!("token_sha256 = [\"{}\"]", said["token_sha256"].as_str().unwrap());
            if recipient == "wyp" && tls {
                let digests = ["good", "expired", "foreign"].map(|n| format!("\"{}\"", pki.digest(n)));
                api += &format!(", certificate_sha256 = [{}]", digests.join(", "));
            }
            let table = format!("[recipient.{recipient}]\n");
            let answers = format!("answers = [\"{}\"]\n", holder(recipient));
            deployment.edit("lockgate.toml", &table, &format!("{table}{answers}api = {{ {api} }}\n"));
            tokens.insert(recipient.into(), token);
        }
        let place = |name: &str| pki.at(name).display().to_string();
        let serve = if tls {
            format!(
                "certificate = \"{}\"\nkey = {{ file = \"{}\" }}\nclient_ca = \"{}\"",
                place("server.pem"),
                place("server.key"),
                place("ca.pem")
            )
        } else {
            "plain_http = true".into()
        };
        let text = fs::read_to_string(deployment.path("lockgate.toml")).unwrap();
        let text = format!("{text}\n[serve]\nlisten = \"127.0.0.1:0\"\n{serve}\n{more}\n");
        fs::write(deployment.path("lockgate.toml"), text).unwrap();
        let log = File::create(deployment.path("serve.log")).unwrap();
        let mut command = deployment.command(&["serve", "--as-of", NIGHTS[2]]);
        let mut child = command.stderr(Stdio::from(log)).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ");
        let log = || fs::read_to_string(deployment.path("serve.log")).unwrap();
        let url = url.unwrap_or_else(|| panic!("{line}{}", log())).to_owned();
        Self { deployment, pki, url, tokens, child, _stdout: out }
    }

    /// Address and port.
    pub(super) fn address(&self) -> &str {
        self.url.split("//").nth(1).unwrap()
    }

    /// What curl gets as a recipient; nobody's key when it is empty.
    pub(super) fn get(&self, recipient: &str, path: &str, more: &[&str]) -> Answer {
        let header = self.tokens.get(recipient).map(|t| format!("Authorization: Bearer {t}"));
        let mut words: Vec<&str> = header.iter().flat_map(|h| ["-H", h.as_str()]).collect();
        words.extend(more);
        self.curl(path, &words).unwrap_or_else(|code| panic!("curl ended {code}"))
    }

    /// What curl gets; its own exit code when there was no answer.
    pub(super) fn curl(&self, path: &str, more: &[&str]) -> Result<Answer, i32> {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| -> PathBuf { folder.path().join(name) };
        let mut call = Command::new("curl");
        call.args(["-sS", "-m", "60", "--path-as-is", "-w", "%{http_code}", "-D"])
            .arg(at("head"))
            .arg("-o")
            .arg(at("body"));
        call.arg("--cacert").arg(self.pki.at("ca.pem")).args(more).arg(format!("{}{path}", self.url));
        let output = call.output().unwrap();
        if !output.status.success() {
            return Err(output.status.code().unwrap());
        }
        let head = fs::read_to_string(at("head")).unwrap();
        let last = head.trim_end().rsplit("\r\n\r\n").next().unwrap();
        let pair = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_lowercase(), v.trim().to_owned()));
        Ok(Answer {
            status: String::from_utf8(output.stdout).unwrap().parse().unwrap(),
            headers: last.lines().filter_map(pair).collect(),
            // Of a HEAD, curl writes the headers there once more, with the time in them.
            body: if more.contains(&"-I") { Vec::new() } else { fs::read(at("body")).unwrap_or_default() },
        })
    }

    /// The names that a recipient is listed.
    pub(super) fn names(&self, recipient: &str) -> Vec<String> {
        let listed = self.get(recipient, "/v1/bundles", &[]);
        assert_eq!(listed.status, 200, "{listed:?}");
        let names = listed.json();
        names["bundles"].as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap().to_owned()).collect()
    }

    /// What the server has logged by now.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.deployment.path("serve.log")).unwrap()
    }

    /// Tells it to end, and how it did.
    pub(super) fn end(&mut self) -> Option<i32> {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code()
    }
}

/// The public half of the throw-away key by which a partner signs.
fn holder(partner: &str) -> String {
    let place = format!("{}/fixtures/keys/holder_{partner}.pub", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(place).unwrap().trim().to_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
