//! Faults of our own: they say where, and nothing of what the program was working on. What a library or a broken task says
//! of itself may quote the data.

use tokio::task::JoinError;

/// From now on a fault of ours says where it is, and no word of what it says of itself.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|fault| match fault.location() {
        Some(at) => anstream::eprintln!("error: internal fault at {}:{}; report it", at.file(), at.line()),
        None => anstream::eprintln!("error: internal fault; report it"),
    }));
}

/// An error and its causes in one line. A task that broke off would say with what words, so it is told that it did.
pub fn told(error: &anyhow::Error) -> String {
    let one = |cause: &(dyn std::error::Error + 'static)| {
        if cause.is::<JoinError>() { "a part of the program broke off".to_owned() } else { cause.to_string() }
    };
    error.chain().map(one).collect::<Vec<_>>().join(": ")
}
