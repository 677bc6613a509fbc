//! One connection at work: each operation waits for the server's answer, and never for longer than the place allows.

use super::connect::{self, Link};
use super::options::Far;
use super::{fault, missing};
use crate::codes::{CROWDED, FAR_REFUSED, SERVER_AWAY, TIMED_OUT};
use crate::transport::TransportError;
use crate::transport::driver::{Driver, Later};
use russh_sftp::client::error::Error;
use russh_sftp::protocol::{FileAttributes, OpenFlags, Packet, StatusCode};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

/// Requests on the wire at once: an answer is a round trip away.
const AHEAD: usize = 16;

/// Names that one look at a folder reads.
const MOST_NAMES: usize = 50_000;

/// A connection and the thread that drives it.
#[derive(Clone)]
pub(super) struct Session {
    driver: Arc<Driver>,
    link: Arc<Link>,
    timeout: Duration,
}

impl Session {
    /// Connects and signs in.
    pub(super) fn open(far: &Arc<Far>) -> Result<Self, TransportError> {
        let key = Arc::new(connect::client_key(&far.key)?);
        let driver = Arc::new(Driver::start()?);
        let to = far.clone();
        let link = driver.run(async move { connect::connect(&to, key).await })?;
        Ok(Self { driver, link: Arc::new(link), timeout: far.timeout })
    }

    /// How long the server may take for an answer.
    pub(super) fn patience(&self) -> Duration {
        self.timeout
    }

    /// Whether the server knows the rename that overwrites.
    pub(super) fn knows_posix_rename(&self) -> bool {
        self.link.posix_rename
    }

    /// What lies at a path; none where nothing does. Links are not followed.
    pub(super) fn lstat(&self, path: &str) -> Result<Option<FileAttributes>, TransportError> {
        let (link, path) = (self.link.clone(), path.to_owned());
        self.driver.run(async move {
            match link.sftp.lstat(path).await {
                Ok(attrs) => Ok(Some(attrs.attrs)),
                Err(e) if missing(&e) => Ok(None),
                Err(e) => Err(fault("looking at a file", &e)),
            }
        })
    }

    /// The names of a folder with what the server says of each.
    pub(super) fn names(&self, folder: &str) -> Result<Vec<(String, FileAttributes)>, TransportError> {
        let (link, folder) = (self.link.clone(), folder.to_owned());
        // A long list takes several answers; one without end is no answer.
        let time = self.timeout.saturating_mul(10);
        self.driver.run(async move {
            let silent = |_| Err(TransportError::passing(TIMED_OUT, "the server's list of names has no end"));
            tokio::time::timeout(time, names(&link, folder)).await.unwrap_or_else(silent)
        })
    }

    /// Removes a file.
    pub(super) fn remove(&self, path: &str) -> Result<(), TransportError> {
        let (link, path) = (self.link.clone(), path.to_owned());
        self.driver.run(async move {
            match link.sftp.remove(path).await {
                Ok(_) => Ok(()),
                Err(e) if missing(&e) => Ok(()),
                Err(e) => Err(fault("removing a temporary file", &e)),
            }
        })
    }

    /// Renames a file, never over another one; the server's refusal is the inner result.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<Result<(), StatusCode>, TransportError> {
        let (link, from, to) = (self.link.clone(), from.to_owned(), to.to_owned());
        self.driver.run(async move {
            match link.sftp.rename(from, to).await {
                Ok(_) => Ok(Ok(())),
                Err(Error::Status(status)) => Ok(Err(status.status_code)),
                Err(e) => Err(fault("renaming", &e)),
            }
        })
    }

    /// The rename that overwrites, for a name that was seen to be free.
    pub(super) fn posix_rename(&self, from: &str, to: &str) -> Result<(), TransportError> {
        let mut paths = Vec::new();
        for path in [from, to] {
            paths.extend(u32::try_from(path.len()).unwrap_or(u32::MAX).to_be_bytes());
            paths.extend(path.as_bytes());
        }
        let link = self.link.clone();
        self.driver.run(async move {
            match link.sftp.extended("posix-rename@openssh.com", paths).await {
                Ok(Packet::Status(status)) if status.status_code == StatusCode::Ok => Ok(()),
                Ok(Packet::Status(status)) => Err(fault("renaming", &Error::Status(status))),
                Ok(_) => Err(fault("renaming", &Error::UnexpectedPacket)),
                Err(e) => Err(fault("renaming", &e)),
            }
        })
    }

    /// Opens a file.
    pub(super) fn file(&self, path: &str, flags: OpenFlags) -> Result<FarFile, TransportError> {
        let (link, path) = (self.link.clone(), path.to_owned());
        let handle = self.driver.run(async move {
            let opened = link.sftp.open(path, flags, FileAttributes::empty()).await;
            opened.map(|handle| handle.handle).map_err(|e| fault("opening a file", &e))
        })?;
        Ok(FarFile { session: self.clone(), handle: Some(handle) })
    }
}

async fn names(link: &Link, folder: String) -> Result<Vec<(String, FileAttributes)>, TransportError> {
    let handle = link.sftp.opendir(folder).await.map_err(|e| fault("opening the folder", &e))?.handle;
    let mut names = Vec::new();
    loop {
        match link.sftp.readdir(handle.as_str()).await {
            Ok(more) if more.files.is_empty() => break,
            Ok(more) => names.extend(more.files.into_iter().map(|f| (f.filename, f.attrs))),
            Err(Error::Status(status)) if status.status_code == StatusCode::Eof => break,
            Err(e) => return Err(fault("listing the folder", &e)),
        }
        if names.len() > MOST_NAMES {
            let what = format!("the folder holds more than {MOST_NAMES} names");
            return Err(TransportError::lasting(CROWDED, &what));
        }
    }
    link.sftp.close(handle).await.map_err(|e| fault("closing the folder", &e))?;
    Ok(names)
}

/// An open file of the server. It is closed when it goes, without waiting for the answer.
pub(super) struct FarFile {
    session: Session,
    handle: Option<String>,
}

impl FarFile {
    fn handle(&self) -> String {
        self.handle.clone().unwrap_or_default()
    }

    /// Reads from a byte on.
    pub(super) fn reader(self, offset: u64) -> FarReader {
        FarReader { file: self, ahead: VecDeque::new(), offset, chunk: Vec::new(), at: 0, ended: false }
    }

    /// Writes all that `source` gives, from a byte on, and brings it to the server's disk where the server can. Gives
    /// the number of bytes.
    pub(super) fn write(mut self, source: &mut impl Read, from: u64) -> Result<u64, TransportError> {
        let (mut offset, mut ahead) = (from, VecDeque::new());
        loop {
            let mut data = Vec::new();
            let most = u64::from(self.session.link.chunk);
            let unread = |e: io::Error| TransportError::from_io(crate::codes::FILE_UNREADABLE, &e);
            let read = source.by_ref().take(most).read_to_end(&mut data).map_err(unread)?;
            if read == 0 {
                break;
            }
            if ahead.len() == AHEAD
                && let Some(oldest) = ahead.pop_front()
            {
                Later::get(oldest)?;
            }
            let (link, handle) = (self.session.link.clone(), self.handle());
            ahead.push_back(self.session.driver.begin(async move {
                let written = link.sftp.write(handle, offset, data).await;
                written.map(drop).map_err(|e| fault("writing", &e))
            }));
            offset += read as u64;
        }
        for later in ahead {
            later.get()?;
        }
        let (link, handle) = (self.session.link.clone(), self.handle.take().unwrap_or_default());
        self.session.driver.run(async move {
            if link.fsync {
                match link.sftp.fsync(handle.as_str()).await {
                    Ok(_) => {}
                    Err(Error::Status(s)) if s.status_code == StatusCode::OpUnsupported => {}
                    Err(e) => return Err(fault("bringing a file to the disk", &e)),
                }
            }
            link.sftp.close(handle).await.map(drop).map_err(|e| fault("closing a file", &e))
        })?;
        Ok(offset - from)
    }
}

impl Drop for FarFile {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            let link = self.session.link.clone();
            drop(self.session.driver.begin(async move { drop(link.sftp.close(handle).await) }));
        }
    }
}

/// Reads a file of the server in order, some requests ahead.
pub(super) struct FarReader {
    file: FarFile,
    ahead: VecDeque<Later<Result<Vec<u8>, TransportError>>>,
    offset: u64,
    chunk: Vec<u8>,
    at: usize,
    ended: bool,
}

impl FarReader {
    fn ask(&mut self) {
        let session = &self.file.session;
        let (link, handle, offset) = (session.link.clone(), self.file.handle(), self.offset);
        let (timeout, length) = (session.timeout, session.link.chunk);
        // A whole chunk within the time: a server that trickles does not answer.
        let all = async move {
            tokio::time::timeout(timeout, chunk(&link, &handle, offset, length))
                .await
                .unwrap_or_else(|_| Err(TransportError::passing(TIMED_OUT, "the server stopped answering")))
        };
        self.ahead.push_back(session.driver.begin(all));
        self.offset += u64::from(length);
    }
}

impl Read for FarReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.chunk.len() && !self.ended && !buf.is_empty() {
            // One at first: a short file needs no more.
            let most = if self.ahead.is_empty() && self.chunk.is_empty() { 1 } else { AHEAD };
            while self.ahead.len() < most {
                self.ask();
            }
            let next = self.ahead.pop_front().map(Later::get).transpose().map_err(broken)?;
            self.chunk = next.unwrap_or_default();
            self.at = 0;
            // Only the end of the file cuts a chunk short.
            self.ended =
                self.chunk.len() < usize::try_from(self.file.session.link.chunk).unwrap_or(usize::MAX);
            if self.ended {
                self.ahead.clear();
            }
        }
        let left = self.chunk.get(self.at..).unwrap_or_default();
        let read = left.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..read), left.get(..read)) {
            to.copy_from_slice(from);
        }
        self.at += read;
        Ok(read)
    }
}

/// The bytes of a range, or all up to the end of the file.
async fn chunk(link: &Link, handle: &str, offset: u64, length: u32) -> Result<Vec<u8>, TransportError> {
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        let got = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let Some(left @ 1..) = length.checked_sub(got) else { return Ok(bytes) };
        match link.sftp.read(handle, offset + u64::from(got), left).await {
            Ok(data) if data.data.is_empty() => return Ok(bytes),
            Ok(data) if data.data.len() as u64 > u64::from(left) => {
                return Err(TransportError::lasting(
                    FAR_REFUSED,
                    "the server gives more than it was asked for",
                ));
            }
            Ok(data) => bytes.extend(data.data),
            Err(Error::Status(status)) if status.status_code == StatusCode::Eof => return Ok(bytes),
            Err(e) => return Err(fault("reading", &e)),
        }
    }
}

/// The same as an error of reading; [`TransportError`] is found inside it again.
fn broken(error: TransportError) -> io::Error {
    let kind = if error.code == TIMED_OUT {
        io::ErrorKind::TimedOut
    } else if error.code == SERVER_AWAY {
        io::ErrorKind::ConnectionAborted
    } else {
        io::ErrorKind::Other
    };
    io::Error::new(kind, error)
}
