//! Eight recipients behind four kinds of door: a folder, an SFTP server, a receiver that is called, the pull API. One is down for
//! three days.

use super::pki::{Pki, tools};
use super::push::{Receiver, SECRET};
use super::support::doors::{identity, signers};
use super::support::page::{self, Desk};
use super::support::postgres::{Postgres, programs};
use super::support::sshd::Sshd;
use super::support::{Deployment, RECIPIENTS, files, needed, python, until};
use lockgate_core::hash::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Days on which all doors work, and days on which one does not.
const UP: [&str; 2] = ["2008-11-17", "2008-11-18"];
const DOWN: [&str; 3] = ["2008-11-19", "2008-11-20", "2008-11-21"];
/// Who is behind which kind of door; the rest have folders.
const SERVERS: [&str; 2] = ["probation", "cri"];
const CALLED: [&str; 2] = ["hmps", "g4s"];
const FETCHING: [&str; 2] = ["lcc", "disc"];

struct Doors {
    deployment: Deployment,
    pki: Pki,
    servers: BTreeMap<&'static str, Sshd>,
    receiver: Receiver,
    tokens: BTreeMap<&'static str, String>,
    /// The server that has the store, its database, and who works beside the night.
    shared: Option<(Postgres, String)>,
    workers: Vec<Serving>,
}

impl Doors {
    fn new() -> Option<Self> {
        tools(&["openssl", "curl", "sftp"])?;
        page::tools()?;
        let python = python()?;
        let (deployment, pki) = (Deployment::sealed(), Pki::new());
        fs::write(pki.at("secret"), format!("{SECRET}\n")).unwrap();
        let receiver = Receiver::start(&pki, &python, Some("server"), SECRET, &json!([[204, {}]]));
        let mut servers = BTreeMap::new();
        let add = |recipient: &str, lines: &str| {
            let table = format!("[recipient.{recipient}]\n");
            deployment.edit("lockgate.toml", &table, &format!("{table}{lines}\n"));
        };
        let mut places = String::new();
        for recipient in SERVERS {
            let server = Sshd::start()?;
            places +=
                &format!("\n[place.door-{recipient}]\n{}\n", server.place(server.port, ", timeout_s = 5"));
            add(recipient, &format!("door = \"door-{recipient}\"\nmarker = \".done\""));
            servers.insert(recipient, server);
        }
        let (secret, ca) = (pki.at("secret").display().to_string(), pki.at("ca.pem").display().to_string());
        for recipient in CALLED {
            add(
                recipient,
                &format!(
                    "push = {{ url = \"https://127.0.0.1:{}/{recipient}\", secret = [{{ file = \"{secret}\" }}], \
                     body = \"bundle\", allow = [\"127.0.0.1\"], ca = \"{ca}\" }}",
                    receiver.port
                ),
            );
        }
        let mut tokens = BTreeMap::new();
        for recipient in FETCHING {
            let made = deployment.run(&["key", "new", "bearer", recipient, "--json"]).json();
            add(recipient, &format!("api = {{ token_sha256 = [{}] }}", made["token_sha256"]));
            tokens.insert(recipient, made["token"].as_str().unwrap().to_owned());
        }
        let place = |name: &str| pki.at(name).display().to_string();
        let serve = format!(
            "{places}\n[serve]\nlisten = \"127.0.0.1:0\"\ncertificate = \"{}\"\nkey = {{ file = \"{}\" }}\n",
            place("server.pem"),
            place("server.key")
        );
        let settings = fs::read_to_string(deployment.path("lockgate.toml")).unwrap();
        fs::write(deployment.path("lockgate.toml"), settings + &serve).unwrap();
        let checked = deployment.run(&["check"]);
        assert_eq!(checked.code, Some(0), "{}", checked.err);
        Some(Self { deployment, pki, servers, receiver, tokens, shared: None, workers: Vec::new() })
    }

    /// Puts the store on a server.
    fn on(&mut self, server: Postgres) {
        let database = server.database();
        self.deployment.put_on(&server.address(&database));
        self.shared = Some((server, database));
    }

    /// Lets so many workers share what is brought from here on, once there is a store.
    fn work_beside(&mut self, workers: usize) {
        for _ in 0..workers {
            let mut command = self.deployment.command(&["worker", "--threads", "1"]);
            self.workers.push(Serving(command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()));
        }
        let at_the_bench =
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted";
        until(|| self.number(at_the_bench) >= workers as u64);
    }

    fn number(&self, question: &str) -> u64 {
        let (server, database) = self.shared.as_ref().unwrap();
        server.sql(database, question).trim().parse().unwrap()
    }

    /// Where a recipient finds what came to its door.
    fn place(&self, recipient: &str) -> PathBuf {
        match self.servers.get(recipient) {
            Some(server) => server.root(),
            None if CALLED.contains(&recipient) => self.pki.at("kept"),
            None if FETCHING.contains(&recipient) => self.deployment.path("fetched").join(recipient),
            None => self.deployment.path("state/bundles").join(recipient),
        }
    }

    /// The sealed files of a recipient, in their order.
    fn sealed(&self, recipient: &str) -> Vec<PathBuf> {
        let place = self.place(recipient);
        let mine = |name: &String| name.ends_with(".zip.age") && name.contains(&format!("_{recipient}_"));
        files(&place).into_keys().filter(mine).map(|name| place.join(name)).collect()
    }

    /// Those that fetch do so, as their page says, with curl: what they have not got yet.
    fn fetch(&self, day: &str) {
        let log = File::create(self.deployment.path("serve.log")).unwrap();
        let mut command = self.deployment.command(&["serve", "--as-of", day]);
        let mut child = Serving(command.stderr(Stdio::from(log)).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        for (recipient, token) in &self.tokens {
            let folder = self.place(recipient);
            fs::create_dir_all(&folder).unwrap();
            let get = |path: &str, out: &Path| {
                let mut call = Command::new("curl");
                call.args(["-sSf", "--cacert"]).arg(self.pki.at("ca.pem")).arg("-o").arg(out);
                call.arg("-H").arg(format!("Authorization: Bearer {token}")).arg(format!("{url}{path}"));
                assert!(call.status().unwrap().success(), "{recipient} {path}");
            };
            get("/v1/bundles", &folder.join("list"));
            let list: Value = serde_json::from_slice(&fs::read(folder.join("list")).unwrap()).unwrap();
            for bundle in list["bundles"].as_array().unwrap() {
                let name = bundle["name"].as_str().unwrap();
                if !folder.join(format!("{name}.zip.age")).exists() {
                    get(&format!("/v1/bundles/{name}.sig"), &folder.join(format!("{name}.zip.age.sig")));
                    get(&format!("/v1/bundles/{name}"), &folder.join(format!("{name}.zip.age")));
                }
            }
        }
    }

    fn night(&self, day: &str, code: &[i32]) -> Value {
        let said = self.deployment.run(&["run", "--as-of", day, "--json"]);
        assert!(said.code.is_some_and(|c| code.contains(&c)), "{day} ended {:?}: {}", said.code, said.err);
        said.json()
    }

    fn states(&self, recipient: &str) -> Vec<String> {
        let listed = self.deployment.run(&["bundle", "list", "--recipient", recipient, "--json"]).json();
        let state = |b: &Value| b["state"].as_str().unwrap().to_owned();
        listed.as_array().unwrap().iter().rev().map(state).collect()
    }
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn eight_recipients_behind_four_kinds_of_door_get_everything_once_in_order_though_one_is_down_for_three_days()
{
    let Some(doors) = Doors::new() else { return };
    through(doors);
}

/// The same with two workers that bring what the night makes, whatever the kind of door: over SFTP and by a call too nothing comes twice.
#[test]
fn workers_bring_through_four_kinds_of_door_what_one_process_does() {
    let Some(mut doors) = Doors::new() else { return };
    let Some(programs) = needed(programs(), "PostgreSQL's server") else { return };
    doors.on(Postgres::start(programs));
    through(doors);
}

fn through(mut doors: Doors) {
    let mut by_workers = 0;
    for day in UP {
        doors.night(day, &[0, 4]);
        doors.fetch(day);
        if doors.shared.is_some() && doors.workers.is_empty() {
            doors.work_beside(2);
        }
    }
    doors.servers.get_mut("cri").unwrap().stop();
    for (at, day) in DOWN.iter().enumerate() {
        let said = doors.night(day, &[5]);
        if doors.shared.is_some() {
            by_workers += doors.number("SELECT count(*) FROM task WHERE worker <> 'the night itself'");
        }
        let line = |r: &str| {
            said["recipients"].as_array().unwrap().iter().find(|l| l["recipient"] == r).unwrap().clone()
        };
        assert_eq!((&said["undelivered"], &line("cri")["waiting"]), (&json!(1), &json!(at + 1)));
        doors.fetch(day);
        for recipient in RECIPIENTS.iter().filter(|r| **r != "cri") {
            assert_eq!(doors.sealed(recipient).len(), UP.len() + at + 1, "{recipient} waits for nobody");
        }
        assert_eq!(doors.sealed("cri").len(), UP.len());
    }
    assert_eq!(doors.states("cri"), ["published", "published", "sealed", "sealed", "sealed"]);
    let before = files(&doors.servers["cri"].root());
    assert!(doors.shared.is_none() || by_workers >= 6, "{by_workers} pieces were the workers'");
    doors.servers.get_mut("cri").unwrap().start_again();
    let said = doors.deployment.run(&["bundle", "deliver", "--now", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for recipient in RECIPIENTS {
        assert_eq!(doors.states(recipient), ["published"; 5], "{recipient}");
        assert_eq!(doors.sealed(recipient).len(), 5, "{recipient}");
    }
    let after = files(&doors.servers["cri"].root());
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)), "what was there stays");
    let markers = after.keys().filter(|n| Path::new(n).extension().is_some_and(|e| e == "done")).count();
    assert_eq!((after.len(), markers), (15, 5), "{:?}", after.keys());
    // Once: whoever is called is called once for each bundle, and a further round brings nothing.
    let came = doors.receiver.came();
    assert_eq!(came.len(), 10);
    assert!(came.iter().all(|c| c["good"] == true));
    doors.deployment.run(&["bundle", "deliver", "--now"]);
    assert_eq!(doors.receiver.came().len(), 10);
    assert_eq!(files(&doors.servers["cri"].root()), after);

    // From each door, in order, with public tools alone; and with the program's own check of the order.
    let trusted = signers(&doors.deployment);
    for recipient in RECIPIENTS {
        for (at, file) in doors.sealed(recipient).iter().enumerate() {
            let name = file.file_name().unwrap().to_str().unwrap();
            assert!(name.contains(&format!("_{:06}_", at + 1)), "{recipient}: {name}");
            let identity = identity(recipient);
            let words = ["bundle", "verify", file.to_str().unwrap(), "--signers", trusted.to_str().unwrap()];
            let after = at.to_string();
            let more =
                ["--identity", identity.to_str().unwrap(), "--recipient", recipient, "--after", &after];
            let said = doors.deployment.run(&[&words[..], &more].concat());
            assert_eq!(said.code, Some(0), "{name}: {}", said.err);
        }
        let first = doors.sealed(recipient).remove(0);
        let morning = Desk::of(&doors.deployment, recipient, &first).morning();
        assert!(morning.status.success(), "{recipient}: {}", page::said(&morning));
    }
    // Who fetched is known with the moment, and the ledger has it.
    let listed = doors.deployment.run(&["receipt", "list", "--recipient", "lcc", "--json"]).json();
    assert!(listed.as_array().unwrap().iter().all(|s| s["state"] == "collected"), "{listed}");
    assert_eq!(doors.deployment.run(&["ledger", "verify"]).code, Some(0));
}

/// A form that a recipient leaves on its own server is taken once, and nothing there is touched.
#[test]
fn clause_7_5_a_form_at_a_recipients_own_server_is_taken_once() {
    let Some(()) = tools(&["sftp"]) else { return };
    let Some(server) = Sshd::start() else { return };
    let deployment = Deployment::fresh();
    let table = "[recipient.lcc]\n";
    deployment.edit("lockgate.toml", table, &format!("{table}forms = \"acks\"\n"));
    let settings = fs::read_to_string(deployment.path("lockgate.toml")).unwrap();
    let place = format!("\n[place.acks]\nsettle_ms = 0\n{}\n", server.place(server.port, ", timeout_s = 5"));
    fs::write(deployment.path("lockgate.toml"), settings + &place).unwrap();
    deployment.night(UP[0]);
    let name = deployment.bundle("lcc", UP[0]).name;
    let form =
        fs::read_to_string(deployment.path("state/bundles/lcc").join(&name).join("acknowledge.csv")).unwrap();
    let filled = form.replace(",,,,\r\n", ",yes,2008-11-18,duty officer,\r\n");
    fs::write(server.root().join("acknowledge.csv"), &filled).unwrap();
    fs::write(server.root().join("broken.csv"), b"\x1f\x8b\x08").unwrap();
    let said = deployment.night(UP[1]);
    assert!(said.err.contains("LG2401"), "{}", said.err);
    let state = || {
        let listed = deployment.run(&["receipt", "list", "--recipient", "lcc", "--json"]).json();
        listed.as_array().unwrap().last().unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "acted");
    let entries = || deployment.run(&["status", "--json"]).json()["ledger_entries"].as_u64().unwrap();
    let before = entries();
    let said = deployment.night(UP[1]);
    assert!(!said.err.contains("LG2401"), "refused once: {}", said.err);
    assert_eq!(entries(), before, "nothing is taken twice");
    let there = files(&server.root());
    assert_eq!(there.len(), 2);
    assert_eq!(Digest::of(&there["acknowledge.csv"]), Digest::of(filled.as_bytes()));
}
