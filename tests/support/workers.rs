//! A deployment whose store is on a server, and workers beside its nights: left alone, stopped at a call of theirs (`SIGSTOP`, as a
//! machine that hangs) and going on later, or killed there.

use super::postgres::{Postgres, programs};
use super::{Deployment, NIGHTS, RECIPIENTS, Said, files, needed};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const AS: &str = "as it should be";

/// What the table calls the night's own process.
pub const OWN: &str = "the night itself";

/// For how long something is waited for, at the most.
const PATIENCE: Duration = Duration::from_mins(2);

/// The server, where one is installed.
pub fn server() -> Option<Postgres> {
    needed(programs(), "PostgreSQL's server").map(Postgres::start)
}

/// A deployment whose store is on a server.
pub struct There {
    /// The deployment.
    pub deployment: Deployment,
    /// The server.
    pub server: Postgres,
    /// Its database.
    pub database: String,
}

impl There {
    /// On a database of a server; a piece is lost after two seconds.
    pub fn new(server: Postgres) -> Self {
        let (deployment, database) = (Deployment::sealed(), server.database());
        deployment.put_on(&server.address(&database));
        let new = Self { deployment, server, database };
        new.lease(2);
        new
    }

    /// How long a piece stays with a process that is not heard of.
    pub fn lease(&self, seconds: u32) {
        let line = format!("path = \"state\"\nlease_seconds = {seconds}\n");
        self.deployment.edit("lockgate.toml", "path = \"state\"\n", &line);
    }

    /// The same configuration in another folder, with the same state folder, and without the key that signs.
    pub fn beside(&self) -> Deployment {
        let other = Deployment::sealed();
        let text = fs::read_to_string(self.deployment.path("lockgate.toml")).expect(AS);
        let state = self.deployment.path("state");
        let text = text.replace("\"state\"", &format!("\"{}\"", state.display()));
        let text = text.replace("\"state/bundles\"", &format!("\"{}/bundles\"", state.display()));
        fs::write(other.path("lockgate.toml"), text).expect(AS);
        fs::copy(self.deployment.path("db.password"), other.path("db.password")).expect(AS);
        fs::remove_file(other.path("fixtures/keys/gateway_signing")).expect(AS);
        other
    }

    /// What a question of one number is answered.
    pub fn number(&self, question: &str) -> u64 {
        self.server.sql(&self.database, question).trim().parse().expect(AS)
    }

    /// Sessions that hold the workers' lock.
    pub fn workers(&self) -> u64 {
        self.number(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted",
        )
    }

    /// Starts a worker and waits until it is at the bench.
    pub fn worker(&self) -> Worker {
        self.started(self.deployment.command(&["worker", "--threads", "1"]))
    }

    /// The same, with something that becomes of it at a call.
    pub fn disturbed(&self, strace: &Path, inject: &str) -> Worker {
        self.started(self.traced(strace, inject, &["worker", "--threads", "1"]))
    }

    /// The program, and what becomes of it at a call.
    pub fn traced(&self, strace: &Path, inject: &str, words: &[&str]) -> Command {
        let call = inject.split(':').next().expect(AS);
        let mut command = Command::new(strace);
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={inject}")]).arg(env!("CARGO_BIN_EXE_lockgate"));
        command.arg("--config").arg(self.deployment.root()).args(words);
        command
    }

    /// Starts a worker and waits until it is at the bench.
    pub fn started(&self, command: Command) -> Worker {
        let before = self.workers();
        let worker = Worker::start(command);
        until("a worker at the bench", || self.workers() > before);
        worker
    }

    /// Lets the night's own process claim nothing that is to be read as long as this holds of the piece (`NEW`).
    pub fn hold_back(&self, as_long_as: &str) {
        let which = format!("NEW.worker = '{OWN}' AND NEW.kind = 'read' AND ({as_long_as})");
        self.rule("hold_back", &claims_nothing(&which));
    }

    /// Lets no worker claim anything that is to be read.
    pub fn read_alone(&self) {
        self.rule("read_alone", &claims_nothing(&format!("NEW.worker <> '{OWN}' AND NEW.kind = 'read'")));
    }

    /// Settles which worker claims a lane of reading first; it claims no other, and nobody else before it.
    pub fn assign(&self, to: &[(&Worker, &str)]) {
        let one = |(worker, lane): &(&Worker, &str)| {
            let own = format!("(NEW.worker LIKE '% {}')", worker.id().expect(AS));
            claims_nothing(&format!(
                "NEW.kind = 'read' AND ({own} AND (NEW.lane <> '{lane}' OR NEW.token > 1) \
                 OR NOT {own} AND NEW.lane = '{lane}' AND NEW.token = 1)"
            ))
        };
        self.rule("assign", &to.iter().map(one).collect::<String>());
    }

    /// Tells whoever says that something is read, and was its first to claim it, that it has lost it.
    pub fn lose(&self) {
        let which = "NEW.kind = 'read' AND NEW.state = 'done' AND NEW.token = 1";
        self.rule("lose", &format!("IF {which} THEN RETURN NULL; END IF;"));
    }

    /// Lets nobody say that something is read until `open_gate`.
    pub fn gate(&self) {
        self.server.sql(&self.database, "CREATE TABLE gate ()");
        let wait = "WHILE NEW.kind = 'read' AND NEW.state = 'done' AND NOT EXISTS (SELECT 1 FROM gate) LOOP PERFORM pg_sleep(0.02); END LOOP;";
        self.rule("gate", wait);
    }

    /// From now on what is read is said.
    pub fn open_gate(&self) {
        self.server.sql(&self.database, "INSERT INTO gate DEFAULT VALUES");
    }

    /// Closes it again.
    pub fn shut_gate(&self) {
        self.server.sql(&self.database, "DELETE FROM gate");
    }

    /// Something that the database does before a piece of work changes.
    fn rule(&self, name: &str, what: &str) {
        let text = format!(
            "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {what} RETURN NEW; END $$; \
             CREATE TRIGGER {name} BEFORE UPDATE ON task FOR EACH ROW EXECUTE FUNCTION {name}()"
        );
        self.server.sql(&self.database, &text);
    }

    /// Puts a file where each recipient's folder should be, or takes it away.
    pub fn doors(&self, shut: bool) {
        for recipient in RECIPIENTS {
            let door = self.deployment.path("state/bundles").join(recipient);
            if shut {
                fs::create_dir_all(door.parent().expect(AS)).expect(AS);
                fs::write(&door, "in the way").expect(AS);
            } else {
                fs::remove_file(&door).expect(AS);
            }
        }
    }

    /// Three nights, and so many more with every door shut: their bundles wait.
    pub fn waiting(&self, nights: usize) {
        NIGHTS.iter().for_each(|night| drop(self.deployment.night(night)));
        let (doors, aside) = (self.deployment.path("state/bundles"), self.deployment.path("aside"));
        fs::rename(&doors, &aside).expect(AS);
        self.doors(true);
        for day in ["2008-11-20", "2008-11-21", "2008-11-22"].iter().take(nights) {
            let said = self.deployment.run(&["run", "--as-of", day]);
            assert_eq!(said.code, Some(5), "{}", said.err);
        }
        fs::remove_dir_all(&doors).expect(AS);
        fs::rename(&aside, &doors).expect(AS);
    }

    /// Every bundle is at its door once, and so it was written down.
    pub fn assert_brought_once(&self, bundles: u64) {
        let steps = "FROM delivery WHERE step = 'sent'";
        assert_eq!(self.number(&format!("SELECT count(*) {steps}")), bundles);
        assert_eq!(self.number(&format!("SELECT count(DISTINCT bundle) {steps}")), bundles);
        assert_eq!(self.number("SELECT count(*) FROM bundle WHERE state = 'published'"), bundles);
        let at_door = self.deployment.bundle_files();
        assert_eq!(at_door.len() as u64, bundles * 2, "{:?}", at_door.keys());
        assert!(files(&self.deployment.path("state/staging")).is_empty());
        let verified = self.deployment.run(&["ledger", "verify"]);
        assert_eq!(verified.code, Some(0), "{}", verified.err);
    }
}

fn claims_nothing(which: &str) -> String {
    format!("IF NEW.state = 'claimed' AND {which} THEN RETURN NULL; END IF;")
}

/// A worker, or the tracer that runs one.
pub struct Worker {
    /// The process.
    pub child: Child,
    traced: bool,
}

impl Worker {
    /// Starts one.
    pub fn start(mut command: Command) -> Self {
        let traced = command.get_program().to_string_lossy().ends_with("strace");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { child: command.spawn().expect(AS), traced }
    }

    /// The process itself.
    pub fn id(&self) -> Option<String> {
        let own = self.child.id();
        if !self.traced {
            return Some(own.to_string());
        }
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).ok()?;
        children.split_whitespace().next().map(str::to_owned)
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        if let Some(id) = self.id() {
            let _ = Command::new("kill").args([name, &id]).stderr(Stdio::null()).status();
        }
    }

    /// Tells it to end, and lets it go on wherever it was stopped, until it has.
    pub fn end(self) -> Said {
        self.signal("-TERM");
        self.go_on()
    }

    /// Lets it go on wherever it was stopped, until it has ended.
    pub fn go_on(mut self) -> Said {
        let begun = Instant::now();
        while self.child.try_wait().expect(AS).is_none() {
            self.signal("-CONT");
            std::thread::sleep(Duration::from_millis(50));
            assert!(begun.elapsed() < PATIENCE, "a worker does not end");
        }
        let output = self.child.wait_with_output().expect(AS);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect(AS);
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Waits until something has come about.
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What recipients unpacked, without the signatures of the manifests.
pub fn received(deployment: &Deployment) -> BTreeMap<String, Vec<u8>> {
    let mut all = files(&deployment.path("received"));
    all.retain(|name, _| !name.ends_with("datapackage.json.sig"));
    all
}
