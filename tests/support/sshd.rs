//! Debian's OpenSSH server, for as long as a test lasts: on a free port, as this user, with keys of its own.

use super::needed;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running server, or one that was stopped.
pub struct Sshd {
    folder: TempDir,
    program: PathBuf,
    child: Option<Child>,
    /// Where it listens, on this machine alone.
    pub port: u16,
    /// The user that may sign in.
    pub user: String,
}

impl Sshd {
    /// Starts one; none where it is not installed.
    pub fn start() -> Option<Self> {
        Self::with("")
    }

    /// Starts one with more lines in its configuration.
    pub fn with(more: &str) -> Option<Self> {
        let program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].map(PathBuf::from).into_iter();
        let program = needed(program.into_iter().find(|p| p.is_file()), "OpenSSH's server")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("root")).expect("a folder");
        let user = said(Command::new("id").arg("-un"));
        let mut new = Self { folder, program, child: None, port: 0, user };
        new.new_key("host");
        new.new_key("client");
        fs::copy(new.path("client.pub"), new.path("authorized")).expect("copying a key");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr());
        new.port = port.expect("a free port").port();
        let path = |name: &str| new.path(name).display().to_string();
        let text = format!(
            "ListenAddress 127.0.0.1:{}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n\
             Subsystem sftp internal-sftp\n{more}\n",
            new.port,
            path("host"),
            path("authorized"),
        );
        fs::write(new.path("sshd_config"), text).expect("writing");
        new.start_again();
        Some(new)
    }

    /// Starts it again on the same port.
    pub fn start_again(&mut self) {
        if self.user == "root" {
            fs::create_dir_all("/run/sshd").expect("a folder that the server wants");
        }
        let log = fs::File::create(self.path("log")).expect("a log");
        let mut command = Command::new(&self.program);
        command.arg("-D").arg("-e").arg("-f").arg(self.path("sshd_config"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.child = Some(child.expect("the server starts"));
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let log = || fs::read_to_string(self.path("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(20), "the server does not answer: {}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it, with all its connections.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let mut all = vec![child.id()];
        let mut at = 0;
        while let Some(parent) = all.get(at).copied() {
            let list = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
            all.extend(list.unwrap_or_default().split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
            at += 1;
        }
        let _ = child.kill();
        let _ = child.wait();
        let rest: Vec<String> = all.iter().skip(1).map(u32::to_string).collect();
        if !rest.is_empty() {
            let _ = Command::new("kill").arg("-9").args(rest).stderr(Stdio::null()).status();
        }
    }

    /// Gives it another host key, as when it is installed anew; call [`Self::start_again`].
    pub fn change_host_key(&mut self) {
        self.stop();
        for name in ["host", "host.pub"] {
            fs::remove_file(self.path(name)).expect("a key");
        }
        self.new_key("host");
    }

    /// The fingerprint `SHA256:…` of its host key.
    pub fn host_key(&self) -> String {
        let line = said(Command::new("ssh-keygen").arg("-lf").arg(self.path("host.pub")));
        line.split_whitespace().nth(1).expect("a fingerprint").to_owned()
    }

    /// The private key with which the user signs in.
    pub fn key(&self) -> PathBuf {
        self.path("client")
    }

    /// The folder that tests use as the remote one.
    pub fn root(&self) -> PathBuf {
        self.path("root")
    }

    /// The inline table of a place of `lockgate.toml`, reached over a port (its own, or a wire's).
    pub fn place(&self, port: u16, more: &str) -> String {
        format!(
            "sftp = {{ host = \"127.0.0.1\", port = {port}, user = \"{}\", host_key = \"{}\", key = {{ file = \"{}\" }}, \
             path = \"{}\"{more} }}",
            self.user,
            self.host_key(),
            self.key().display(),
            self.root().display(),
        )
    }

    fn new_key(&self, name: &str) {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]).arg(self.path(name));
        said(&mut command);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a command says; it must succeed.
fn said(command: &mut Command) -> String {
    let output = command.output().expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs OpenSSH's own client in batch mode: these lines, on this server.
pub fn sftp_client(server: &Sshd, lines: &str) -> bool {
    let known = server.path("known_hosts");
    let key = fs::read_to_string(server.path("host.pub")).expect("a key");
    fs::write(&known, format!("[127.0.0.1]:{} {key}", server.port)).expect("writing");
    let batch: &Path = &server.path("batch");
    fs::write(batch, lines).expect("writing");
    let mut command = Command::new("sftp");
    command.arg("-q").arg("-b").arg(batch).arg("-P").arg(server.port.to_string()).arg("-i").arg(server.key());
    command.args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o"]);
    command.arg(format!("UserKnownHostsFile={}", known.display()));
    command.arg(format!("{}@127.0.0.1", server.user)).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
