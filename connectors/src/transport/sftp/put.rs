//! A delivery over SFTP: what lies there already, what of it is taken up, and how it gets its name.

use super::options::{Far, Finish};
use super::session::Session;
use super::{denied, plain, refusal};
use crate::codes::{FAR_REFUSED, NOT_A_FILE};
use crate::transport::pace::Paced;
use crate::transport::parcel::{self, Parcel};
use crate::transport::{Arrival, TransportError, look};
use lockgate_core::hash::Digest;
use russh_sftp::protocol::{FileAttributes, OpenFlags, StatusCode};
use std::io::Read as _;

/// Brings a file to the place.
pub(super) fn put(
    session: &Session,
    far: &Far,
    parcel: &Parcel,
    name: &str,
) -> Result<Arrival, TransportError> {
    let (target, part) = (far.path(name), format!("{}{}", far.path(name), far.temporary));
    match far.finish {
        Finish::Rename => by_rename(session, parcel, &target, &part),
        Finish::Direct => directly(session, parcel, &target),
    }
}

fn by_rename(
    session: &Session,
    parcel: &Parcel,
    target: &str,
    part: &str,
) -> Result<Arrival, TransportError> {
    if let Some(about) = session.lstat(target)? {
        same(session, parcel, target, &about)?;
        // A rename that was cut short on the server may have left both names.
        session.remove(part)?;
        return Ok(Arrival::Known);
    }
    match session.lstat(part)? {
        None => write(session, parcel, part, None)?,
        Some(about) => match kept(session, parcel, part, &about)? {
            None => {
                session.remove(part)?;
                write(session, parcel, part, None)?;
            }
            kept => write(session, parcel, part, kept)?,
        },
    }
    let size = session.lstat(part)?.and_then(|about| about.size);
    if size.is_some_and(|size| size != parcel.bytes()) {
        return Err(TransportError::passing(
            FAR_REFUSED,
            "the server kept another number of bytes than it was sent",
        ));
    }
    named(session, parcel, part, target)
}

/// Gives a whole file its name, unless something has the name by now.
fn named(session: &Session, parcel: &Parcel, part: &str, target: &str) -> Result<Arrival, TransportError> {
    let Err(status) = session.rename(part, target)? else { return Ok(Arrival::Sent) };
    match session.lstat(target)? {
        Some(about) => {
            let outcome = same(session, parcel, target, &about);
            session.remove(part)?;
            outcome.map(|()| Arrival::Known)
        }
        // Some servers refuse every rename of the old kind; with nothing under the name the other one overwrites nothing.
        None if session.knows_posix_rename()
            && matches!(status, StatusCode::OpUnsupported | StatusCode::Failure) =>
        {
            session.posix_rename(part, target).map(|()| Arrival::Sent)
        }
        None => Err(refusal(
            "renaming a delivery; where it takes files away at once, set `finish = \"direct\"`",
            status,
        )),
    }
}

fn directly(session: &Session, parcel: &Parcel, target: &str) -> Result<Arrival, TransportError> {
    // A server that shows its user nothing says only when the file is opened whether the name is free.
    let about = session.lstat(target).or_else(|error| if denied(&error) { Ok(None) } else { Err(error) })?;
    let Some(about) = about else { return write(session, parcel, target, None).map(|()| Arrival::Sent) };
    if !plain(&about) {
        return Err(link_or_folder());
    }
    if about.size != Some(parcel.bytes()) {
        // What a broken delivery left is taken up where the server shows it.
        return match kept(session, parcel, target, &about) {
            Ok(kept @ Some(_)) => write(session, parcel, target, kept).map(|()| Arrival::Sent),
            Err(error) if error.passing => Err(error),
            _ => Err(parcel::other()),
        };
    }
    match same(session, parcel, target, &about) {
        // It may not be read back: its size has to do.
        Err(error) if denied(&error) => Ok(Arrival::Known),
        other => other.map(|()| Arrival::Known),
    }
}

/// Whether the bytes under a name are those of the parcel; an error when they are not.
fn same(
    session: &Session,
    parcel: &Parcel,
    path: &str,
    about: &FileAttributes,
) -> Result<(), TransportError> {
    if !plain(about) {
        return Err(link_or_folder());
    }
    if about.size != Some(parcel.bytes()) {
        return Err(parcel::other());
    }
    if far_digest(session, path, parcel.bytes())? == Some(parcel.digest(parcel.bytes())?) {
        Ok(())
    } else {
        Err(parcel::other())
    }
}

/// How many bytes an earlier call left under a name that are the parcel's first ones; none when it has to begin anew.
fn kept(
    session: &Session,
    parcel: &Parcel,
    path: &str,
    about: &FileAttributes,
) -> Result<Option<u64>, TransportError> {
    if !plain(about) {
        return Err(link_or_folder());
    }
    let Some(bytes) = about.size.filter(|bytes| *bytes <= parcel.bytes()) else { return Ok(None) };
    let same = far_digest(session, path, bytes)? == Some(parcel.digest(bytes)?);
    Ok(same.then_some(bytes))
}

/// SHA-256 of a file's first bytes; none where it is shorter.
fn far_digest(session: &Session, path: &str, bytes: u64) -> Result<Option<Digest>, TransportError> {
    let file = session.file(path, OpenFlags::READ)?;
    let reader = Paced::new(file.reader(0), session.patience()).take(bytes);
    let (digest, read) = parcel::digest(reader).map_err(|e| super::from_reading(&e))?;
    Ok((read == bytes).then_some(digest))
}

/// Writes the parcel into a new file, or behind the bytes that a file has of it.
fn write(session: &Session, parcel: &Parcel, path: &str, kept: Option<u64>) -> Result<(), TransportError> {
    let (flags, from) = match kept {
        None => (OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUDE, 0),
        Some(bytes) => (OpenFlags::WRITE, bytes),
    };
    let mut source = parcel.from(from)?;
    let written = session.file(path, flags)?.write(&mut source, from)?;
    if from + written == parcel.bytes() {
        Ok(())
    } else {
        Err(TransportError::passing(FAR_REFUSED, "the file changed while it was sent"))
    }
}

/// Removes the temporary files of the gateway's own deliveries.
pub(super) fn sweep(session: &Session, far: &Far) -> Result<usize, TransportError> {
    let names = session.names(far.folder())?;
    let ours = names.iter().filter(|(name, about)| look::ours(name, &far.temporary) && plain(about));
    let mut removed = 0;
    for (name, _) in ours {
        session.remove(&far.path(name))?;
        removed += 1;
    }
    Ok(removed)
}

fn link_or_folder() -> TransportError {
    TransportError::lasting(NOT_A_FILE, "a link, a folder or a device lies there under its name")
}
