//! Telling the service manager how things stand, where one listens (`sd_notify(3)`): ready, reading anew, alive, ending.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

pub(super) fn ready() {
    say("READY=1");
}

pub(super) fn reloading() {
    // The manager waits for a word that is not older than its own signal.
    let microseconds = clock_monotonic().unwrap_or_default();
    say(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
}

pub(super) fn alive() {
    say("WATCHDOG=1");
}

pub(super) fn stopping() {
    say("STOPPING=1");
}

/// Nobody listens where the variable is not set; a manager that does not answer stops nobody.
fn say(text: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes().split_first() {
        Some((b'@', rest)) => SocketAddr::from_abstract_name(rest),
        _ => SocketAddr::from_pathname(&name),
    };
    if let (Ok(address), Ok(socket)) = (address, UnixDatagram::unbound()) {
        let _ = socket.send_to_addr(text.as_bytes(), &address);
    }
}

/// Microseconds since the machine started, as the manager counts them.
fn clock_monotonic() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split(' ').next()?.parse().ok()?;
    // Hundredths of a second, rounded up: not older than the signal.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a machine's uptime")]
    Some(((seconds + 0.01) * 1_000_000.0) as u64)
}
