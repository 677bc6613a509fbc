//! A wire between a client and a server of this machine, that a test cuts or holds when it likes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What becomes of a piece of bytes on its way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Pass,
    /// The connection is cut before it.
    Cut,
    /// It waits, and all behind it; the connection stays.
    Hold,
}

/// Asked before each piece, in either direction.
type Rule = Arc<dyn Fn() -> Fate + Send + Sync>;

/// A port that leads to another one.
pub struct Wire {
    /// Where it begins.
    pub port: u16,
    rule: Arc<Mutex<Rule>>,
}

impl Wire {
    /// A wire to a port, through which all passes at first.
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a port").port();
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Arc::new(|| Fate::Pass)));
        let rules = rule.clone();
        // Ends with the test.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
                    let rules = rules.clone();
                    thread::spawn(move || carry(from, to, &rules));
                }
            }
        });
        Self { port, rule }
    }

    /// Sets what becomes of the pieces from now on.
    pub fn rule(&self, rule: impl Fn() -> Fate + Send + Sync + 'static) {
        *self.rule.lock().expect("the rule") = Arc::new(rule);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, rules: &Mutex<Rule>) {
    let mut buffer = vec![0; 1 << 14];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let piece = buffer.get(..read).unwrap_or_default();
        if !passes(rules) || to.write_all(piece).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// Waits for the fate of a piece.
fn passes(rules: &Mutex<Rule>) -> bool {
    loop {
        let rule = rules.lock().expect("the rule").clone();
        match rule() {
            Fate::Pass => return true,
            Fate::Cut => return false,
            Fate::Hold => thread::sleep(Duration::from_millis(20)),
        }
    }
}
