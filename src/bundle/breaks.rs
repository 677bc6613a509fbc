//! A writer for libraries that write once more when they are dropped, and complain aloud when they cannot: after its first
//! error, which it gives, it takes everything and keeps nothing.

use std::io::{self, Seek, SeekFrom, Write};

/// Writes to `inner` until that fails once.
pub(crate) struct Breaks<W> {
    inner: W,
    /// What failed, once it has.
    fault: Option<io::ErrorKind>,
    /// Where it stands, and how far it ever stood, as whoever writes sees it.
    at: u64,
    end: u64,
}

impl<W> Breaks<W> {
    /// A writer that stands at the beginning.
    pub(crate) const fn new(inner: W) -> Self {
        Self { inner, fault: None, at: 0, end: 0 }
    }

    /// What was written to, if all of it was taken.
    pub(crate) fn whole(self) -> io::Result<W> {
        self.fault.map_or(Ok(self.inner), |kind| Err(kind.into()))
    }

    const fn moved(&mut self, at: u64) {
        self.at = at;
        if at > self.end {
            self.end = at;
        }
    }

    /// Gives an error on, the first time; that the call is to be made again is none.
    fn noted<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|fault| {
            if fault.kind() != io::ErrorKind::Interrupted {
                self.fault = Some(fault.kind());
            }
        })
    }
}

impl<W: Write> Write for Breaks<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = if self.fault.is_some() {
            bytes.len()
        } else {
            let result = self.inner.write(bytes);
            self.noted(result)?
        };
        self.moved(self.at.saturating_add(taken as u64));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.fault.is_some() {
            return Ok(());
        }
        let result = self.inner.flush();
        self.noted(result)
    }
}

impl<W: Write + Seek> Seek for Breaks<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = if self.fault.is_some() {
            let from = |start: u64, by: i64| start.saturating_add_signed(by);
            match to {
                SeekFrom::Start(at) => at,
                SeekFrom::End(by) => from(self.end, by),
                SeekFrom::Current(by) => from(self.at, by),
            }
        } else {
            let result = self.inner.seek(to);
            self.noted(result)?
        };
        self.moved(at);
        Ok(at)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn the_first_error_is_given_and_what_follows_is_taken() {
        let mut writer = Breaks::new(Cursor::new(Vec::new()));
        writer.write_all(b"12345678").unwrap();
        writer.seek(SeekFrom::Start(2)).unwrap();
        writer.write_all(b"x").unwrap();
        assert_eq!(writer.whole().unwrap().into_inner(), b"12x45678");

        let mut writer = Breaks::new(Full(3));
        writer.write_all(b"123").unwrap();
        assert_eq!(writer.write_all(b"4").unwrap_err().kind(), io::ErrorKind::StorageFull);
        writer.write_all(b"5678").unwrap();
        assert_eq!(writer.stream_position().unwrap(), 7);
        assert_eq!(writer.seek(SeekFrom::End(-2)).unwrap(), 5);
        writer.flush().unwrap();
        assert_eq!(writer.whole().err().unwrap().kind(), io::ErrorKind::StorageFull);
    }

    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    impl Seek for Full {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
}
