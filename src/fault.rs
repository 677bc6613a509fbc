//! Faults of our own: they say where, and nothing of what the program was working on. What a library or a broken task says
//! of itself may quote the data. And what is no fault of ours: a drive that is full or fails ends a command with a code, too.

use crate::bundle::BundleError;
use crate::exit::{Exit, Expected};
use crate::seal::SealError;
use crate::store::StoreError;
use crate::vault::VaultError;
use lockgate_core::problem::Code;
use std::any::Any;
use std::cell::RefCell;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use tokio::task::JoinError;

thread_local! {
    /// Whether this thread is in [`caught`], and where it broke off there.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on a fault of ours says where it is, and no word of what it says of itself.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|fault| {
        let at = fault.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let kept = CAUGHT.try_with(|caught| match caught.try_borrow_mut() {
            Ok(mut caught) => caught.as_mut().map(|kept| kept.clone_from(&at)).is_some(),
            Err(_) => false,
        });
        if !kept.unwrap_or(false) {
            said(&at);
        }
    }));
}

fn said(at: &str) {
    anstream::eprintln!("error: internal fault{at}; report it");
}

/// Calls a library that breaks off when the system refuses it something, instead of giving that on: then it is given on here, by
/// its number alone. Whatever else it breaks off for stays a fault.
pub fn caught<T>(call: impl FnOnce() -> T) -> io::Result<T> {
    let outer = CAUGHT.replace(Some(String::new()));
    let called = catch_unwind(AssertUnwindSafe(call));
    let at = CAUGHT.replace(outer).unwrap_or_default();
    called.or_else(|why| match system_error(why.as_ref()) {
        Some(number) => Err(io::Error::from_raw_os_error(number)),
        None => {
            said(&at);
            resume_unwind(why)
        }
    })
}

/// The number of the system's error for which something broke off, as `unwrap` and `expect` quote it.
fn system_error(why: &(dyn Any + Send)) -> Option<i32> {
    let text = why.downcast_ref::<String>()?;
    let number = text.split("Os { code: ").nth(1)?.split(',').next()?;
    number.parse().ok()
}

/// An error and its causes in one line. A task that broke off would say with what words, so it is told that it did.
pub fn told(error: &anyhow::Error) -> String {
    let one = |cause: &(dyn Error + 'static)| {
        if cause.is::<JoinError>() { "a part of the program broke off".to_owned() } else { cause.to_string() }
    };
    error.chain().map(one).collect::<Vec<_>>().join(": ")
}

/// How a command ends that an error stopped, and what is said of it: with the code behind it, where it has one.
pub fn ended(error: &anyhow::Error) -> (Exit, String) {
    if let Some(expected) = error.downcast_ref::<Expected>() {
        return (expected.exit, told(error));
    }
    match error.chain().find_map(known) {
        Some((exit, code)) => (exit, format!("{} ({code})", told(error))),
        None => (Exit::Fault, told(error)),
    }
}

/// The code of what stopped something, where it has one.
pub fn code(error: &anyhow::Error) -> Option<Code> {
    error.chain().find_map(known).map(|(_, code)| code)
}

/// What is no fault of the program: how it ends, and its code.
fn known(cause: &(dyn Error + 'static)) -> Option<(Exit, Code)> {
    if let Some(fault) = cause.downcast_ref::<StoreError>() {
        return Some((fault.exit(), fault.code()));
    }
    if let Some(fault) = cause.downcast_ref::<VaultError>() {
        let exit = match fault {
            VaultError::Io { source, .. } if of_the_drive(source) => Exit::Temporary,
            VaultError::Damaged => Exit::Integrity,
            _ => Exit::Fault,
        };
        return Some((exit, fault.code()));
    }
    if let Some(fault @ SealError::Io { source, .. }) = cause.downcast_ref::<SealError>() {
        return of_the_drive(source).then_some((Exit::Temporary, fault.code()));
    }
    if let Some(BundleError::Io { source, .. }) = cause.downcast_ref::<BundleError>() {
        return of_the_drive(source).then_some((Exit::Temporary, DRIVE));
    }
    of_the_drive(cause.downcast_ref::<io::Error>()?).then_some((Exit::Temporary, DRIVE))
}

/// A drive that is full or fails, or on which nothing may be written.
pub const DRIVE: Code = "LG2012";

/// Whether the system speaks of the drive, and not of what the program asked for.
pub fn of_the_drive(fault: &io::Error) -> bool {
    /// An error of reading or writing itself; no kind of its own.
    const EIO: i32 = 5;
    let kinds = [
        ErrorKind::StorageFull,
        ErrorKind::QuotaExceeded,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::PermissionDenied,
        ErrorKind::FileTooLarge,
    ];
    kinds.contains(&fault.kind()) || fault.raw_os_error() == Some(EIO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::unwrap_used, clippy::panic, reason = "what is caught")]
    fn a_library_that_breaks_off_for_a_full_drive_gives_that_and_anything_else_stays_a_fault() {
        let full = || Err::<(), _>(io::Error::from_raw_os_error(28));
        assert_eq!(caught(|| full().unwrap()).err().map(|e| e.kind()), Some(ErrorKind::StorageFull));
        assert_eq!(caught(|| 7).ok(), Some(7));
        assert!(catch_unwind(|| caught(|| panic!("no number"))).is_err());
        assert!(CAUGHT.take().is_none(), "it is as it was before");
    }
}
