//! A part of a file as a body: read piece by piece, and told when it ends how much of it was handed over.

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio_util::io::poll_read_buf;

/// Bytes read at once: what a body holds in memory.
const PIECE: u64 = 64 * 1024;

/// Called once, when a body ends or its connection does, with the bytes that were handed over.
pub(crate) type Ended = Box<dyn FnOnce(u64) + Send>;

/// A part of a file.
pub(crate) struct FilePart {
    /// What was read with the file's opening.
    first: Bytes,
    /// Where the rest comes from; a small part has none.
    rest: Option<tokio::fs::File>,
    left: u64,
    handed: u64,
    ended: Option<Ended>,
}

/// A file's beginning of a part, before it is known who is told of its end.
pub(crate) struct Opened {
    first: Bytes,
    rest: Option<File>,
    bytes: u64,
}

/// Opens a file that must have this size, at a part of it. Blocks.
pub(crate) fn open(place: &Path, size: u64, part: &Range<u64>) -> io::Result<Opened> {
    let mut file = File::open(place)?;
    if file.metadata()?.len() != size {
        return Err(io::ErrorKind::InvalidData.into());
    }
    file.seek(SeekFrom::Start(part.start))?;
    let bytes = part.end.saturating_sub(part.start);
    let mut first = Vec::with_capacity(usize::try_from(bytes.min(PIECE)).unwrap_or_default());
    (&mut file).take(bytes.min(PIECE)).read_to_end(&mut first)?;
    let rest = (bytes > PIECE).then_some(file);
    Ok(Opened { first: first.into(), rest, bytes })
}

impl Opened {
    /// The body.
    pub(crate) fn body(self, ended: Ended) -> axum::body::Body {
        axum::body::Body::new(FilePart {
            first: self.first,
            rest: self.rest.map(tokio::fs::File::from_std),
            left: self.bytes,
            handed: 0,
            ended: Some(ended),
        })
    }
}

impl FilePart {
    fn hand(&mut self, piece: Bytes) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let bytes = piece.len() as u64;
        self.left = self.left.saturating_sub(bytes);
        self.handed += bytes;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl Body for FilePart {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        if !this.first.is_empty() {
            let first = std::mem::take(&mut this.first);
            return this.hand(first);
        }
        let Some(file) = this.rest.as_mut() else {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        };
        let mut piece = BytesMut::with_capacity(usize::try_from(PIECE).unwrap_or_default());
        match ready!(poll_read_buf(Pin::new(file), cx, &mut piece)) {
            Err(fault) => Poll::Ready(Some(Err(fault))),
            // Shorter than when it was opened: the connection breaks off, so that nobody takes it for whole.
            Ok(0) => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            Ok(_) => {
                piece.truncate(usize::try_from(this.left).unwrap_or(usize::MAX));
                this.hand(piece.freeze())
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl Drop for FilePart {
    fn drop(&mut self) {
        if let Some(ended) = self.ended.take() {
            ended(self.handed);
        }
    }
}
