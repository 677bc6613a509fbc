//! Debian's `PostgreSQL` server, for as long as a test lasts: on a free port of this machine, with databases made for each test.
//!
//! A server does not run as root, so root lends it the user `postgres` that Debian's package brings.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// The user of the databases, and the password that the server asks of it.
pub const USER: &str = "gateway";
/// A throw-away password.
pub const PASSWORD: &str = "not-a-secret-of-anybody";

/// A running server.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    /// Where it listens.
    pub port: u16,
    made: AtomicUsize,
}

/// Where the server's programs are; nowhere when it is not installed.
pub fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    versions.into_iter().rev().find(|bin| bin.join("initdb").is_file())
}

impl Postgres {
    /// Starts one from the given programs.
    pub fn start(programs: PathBuf) -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a temporary folder");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr());
        let new =
            Self { folder, programs, port: port.expect("a free port").port(), made: AtomicUsize::new(0) };
        if root() {
            done(Command::new("chown").arg("postgres").arg(new.folder.path()));
        }
        let password = new.folder.path().join("password");
        fs::write(&password, PASSWORD).expect("a file");
        let (data, settings) = (new.data(), ["-A", "scram-sha-256", "-U", USER, "-E", "UTF8", "--no-sync"]);
        done(new.server("initdb").args(settings).arg("--pwfile").arg(&password).arg("-D").arg(&data));
        new.again();
        new
    }

    /// Starts it again, after it was stopped.
    pub fn again(&self) {
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c shared_buffers=16MB",
            self.port,
            self.folder.path().display()
        );
        let log = self.folder.path().join("log");
        done(
            self.server("pg_ctl")
                .args(["-w", "-t", "60", "-o", &options, "-l"])
                .arg(log)
                .arg("-D")
                .arg(self.data())
                .arg("start"),
        );
    }

    /// Lets it speak TLS, with a certificate of an authority of its own; gives that authority's certificate.
    pub fn encrypt(&self) -> PathBuf {
        let at = |name: &str| self.folder.path().join(name);
        fs::write(at("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1").expect("a file");
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        for words in [
            format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"),
            format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"),
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt"
                .to_owned(),
        ] {
            done(Command::new("openssl").args(words.split(' ')).current_dir(self.folder.path()));
        }
        for name in ["server.key", "server.crt"] {
            let target = self.data().join(name);
            fs::copy(at(name), &target).expect("copying");
            done(Command::new("chmod").arg("0600").arg(&target));
            if root() {
                done(Command::new("chown").arg("postgres").arg(&target));
            }
        }
        self.sql("postgres", "ALTER SYSTEM SET ssl = on");
        self.sql("postgres", "SELECT pg_reload_conf()");
        at("ca.pem")
    }

    /// Stops it at once, as when its machine loses its power.
    pub fn stop(&self) {
        done(self.server("pg_ctl").args(["-w", "-m", "immediate", "-D"]).arg(self.data()).arg("stop"));
    }

    /// The name of a new database with nothing in it.
    pub fn database(&self) -> String {
        let name = format!("store_{}", self.made.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// The name of a new database that holds what another one holds.
    pub fn copy(&self, database: &str) -> String {
        let name = format!("store_{}", self.made.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {database}"));
        name
    }

    /// The address of a database, without the password.
    pub fn address(&self, database: &str) -> String {
        format!("postgresql://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// What the server says to statements, a line a row.
    pub fn sql(&self, database: &str, text: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.env("PGPASSWORD", PASSWORD).args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]);
        psql.args(["-p", &self.port.to_string(), "-U", USER, "-d", database, "-c", text]);
        let out = psql.output().expect("psql starts");
        assert!(out.status.success(), "{text}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).expect("a text")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One of the programs that run as the server does.
    fn server(&self, program: &str) -> Command {
        let program: &Path = &self.programs.join(program);
        let mut command = Command::new(if root() { Path::new("runuser") } else { program });
        if root() {
            command.args(["-u", "postgres", "--"]).arg(program);
        }
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.server("pg_ctl");
        stop.args(["-w", "-m", "immediate", "-D"]).arg(self.data()).arg("stop");
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0)
}

fn done(command: &mut Command) {
    let out = command.stdin(Stdio::null()).stdout(Stdio::null()).output().expect("it starts");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}
