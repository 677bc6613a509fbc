//! A folder of an SFTP server.

mod connect;
mod options;
mod put;
mod session;

use crate::codes::{FAR_REFUSED, FILE_TOO_LARGE, FILE_UNREADABLE, NOT_A_FILE, SERVER_AWAY, TIMED_OUT};
use crate::limits::{Capped, Limits};
use crate::options::Options;
use crate::transport::look::{self, Look, Seen};
use crate::transport::pace::Paced;
use crate::transport::parcel::Parcel;
use crate::transport::{Arrival, Listed, Transport, TransportError, TransportKind};
use lockgate_core::problem::Problem;
use options::Far;
use russh_sftp::client::error::Error;
use russh_sftp::protocol::{FileAttributes, OpenFlags, StatusCode};
use session::Session;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The line of this transport in the list.
pub(crate) const KIND: TransportKind = TransportKind {
    name: "sftp",
    summary: "a folder of an SFTP server, whose host key is pinned",
    options: options::OPTIONS,
    open: build,
};

struct Sftp {
    far: Arc<Far>,
    /// The connection of the last call, for the next one.
    session: Mutex<Option<Session>>,
}

fn build(options: &Options, base: &Path, limits: &Limits) -> Result<Box<dyn Transport>, Problem> {
    let far = Arc::new(Far::read(options, base, limits)?);
    Ok(Box::new(Sftp { far, session: Mutex::new(None) }))
}

impl Sftp {
    /// Works over the connection of the last call, or a new one. Where the old one fails in passing, once more over a new
    /// one: servers close idle connections.
    fn with<T>(&self, work: impl Fn(&Session) -> Result<T, TransportError>) -> Result<T, TransportError> {
        let held = self.session.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(session) = held {
            match work(&session) {
                Err(error) if error.passing && error.code != TIMED_OUT => {}
                other => return self.keep(session, other),
            }
        }
        let session = Session::open(&self.far)?;
        let outcome = work(&session);
        self.keep(session, outcome)
    }

    /// Keeps a connection that may still be good.
    fn keep<T>(&self, session: Session, outcome: Result<T, TransportError>) -> Result<T, TransportError> {
        if !outcome.as_ref().is_err_and(|error| error.passing) {
            *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        }
        outcome
    }

    fn look(&self) -> Result<Look<u32>, TransportError> {
        let names = self.with(|session| session.names(self.far.folder()))?;
        let files = names.into_iter().filter(|(name, about)| look::counts(name) && plain(about));
        let unfinished = |name: &String| name.ends_with(&self.far.temporary);
        // Its times are in whole seconds, and the sender may set them: they vouch for nothing.
        let seen = |about: &FileAttributes| Seen {
            bytes: about.size.unwrap_or(0),
            changed: about.mtime,
            stamp: None,
        };
        Ok(files.filter(|(name, _)| !unfinished(name)).map(|(name, about)| (name, seen(&about))).collect())
    }
}

impl Transport for Sftp {
    fn list(&self) -> Result<Vec<Listed>, TransportError> {
        // The server's clock is its own: how long a file was left alone is seen only by looking twice.
        self.far.settling.list(&self.look()?, |_| false, || self.look())
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, TransportError> {
        look::allowed(name)?;
        let (path, most) = (self.far.path(name), self.far.limits.file_bytes);
        let file = self.with(|session| {
            let none = || TransportError::lasting(FILE_UNREADABLE, "the file is not there");
            let about = session.lstat(&path)?.ok_or_else(none)?;
            if !plain(&about) {
                return Err(TransportError::lasting(NOT_A_FILE, "the entry is no plain file"));
            }
            if about.size.is_some_and(|bytes| bytes > most) {
                let what = format!("the file is larger than {most} bytes");
                return Err(TransportError::lasting(FILE_TOO_LARGE, &what));
            }
            session.file(&path, OpenFlags::READ)
        })?;
        Ok(Box::new(Capped::new(Paced::new(file.reader(0), self.far.timeout), most)))
    }

    fn put(&self, local: &Path, name: &str) -> Result<Arrival, TransportError> {
        look::allowed_to_put(name, &self.far.temporary)?;
        let parcel = Parcel::open(local)?;
        self.with(|session| put::put(session, &self.far, &parcel, name))
    }

    fn sweep(&self) -> Result<usize, TransportError> {
        self.with(|session| put::sweep(session, &self.far))
    }

    fn ready(&self) -> Result<(), TransportError> {
        connect::client_key(&self.far.key).map(drop)
    }
}

/// Whether the server calls it a plain file: neither a link nor a folder nor a device.
fn plain(about: &FileAttributes) -> bool {
    about.permissions.is_some_and(|mode| mode & 0o170_000 == 0o100_000)
}

fn missing(error: &Error) -> bool {
    matches!(error, Error::Status(status) if status.status_code == StatusCode::NoSuchFile)
}

/// What an error of the library means. Its own text is not repeated: a server may write into it what it likes.
fn fault(doing: &str, error: &Error) -> TransportError {
    match error {
        Error::Status(status) => refusal(doing, status.status_code),
        Error::Timeout => {
            TransportError::passing(TIMED_OUT, &format!("the server stopped answering: {doing}"))
        }
        Error::IO(_) | Error::UnexpectedBehavior(_) => {
            TransportError::passing(SERVER_AWAY, &format!("the connection was lost: {doing}"))
        }
        Error::UnexpectedPacket | Error::Limited(_) => TransportError::lasting(
            FAR_REFUSED,
            &format!("the server answers in no way that SFTP knows: {doing}"),
        ),
    }
}

/// What the server's refusal means; whether it may pass is the server's guess too.
fn refusal(doing: &str, status: StatusCode) -> TransportError {
    let (word, passing) = match status {
        StatusCode::NoSuchFile => ("there is no such file or folder", false),
        StatusCode::PermissionDenied => (DENIED, false),
        StatusCode::OpUnsupported => ("the server does not know how", false),
        StatusCode::NoConnection | StatusCode::ConnectionLost => ("the connection was lost", true),
        _ => ("the server says only that it failed", true),
    };
    let what = format!("{word}: {doing}");
    if passing {
        TransportError::passing(FAR_REFUSED, &what)
    } else {
        TransportError::lasting(FAR_REFUSED, &what)
    }
}

const DENIED: &str = "permission denied";

/// Whether the server lets its user not even look.
fn denied(error: &TransportError) -> bool {
    error.code == FAR_REFUSED && error.what.starts_with(DENIED)
}

/// The error of a read that [`session::FarReader`] gave.
fn from_reading(error: &io::Error) -> TransportError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<TransportError>());
    inner.cloned().unwrap_or_else(|| TransportError::from_io(FAR_REFUSED, error))
}
