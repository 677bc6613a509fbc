//! A far end that gives a byte now and then is never silent, and would hold a night for weeks: a floor on its speed.

use crate::codes::TIMED_OUT;
use crate::transport::TransportError;
use std::io::{self, Read};
use std::time::{Duration, Instant};

/// Bytes a second that a far end has to give, once its grace is spent.
const SLOWEST: u64 = 4 << 10;

/// Counts the time spent waiting for the inner reader, and fails when it is too long for what came.
pub(super) struct Paced<R> {
    inner: R,
    grace: Duration,
    waited: Duration,
    bytes: u64,
}

impl<R: Read> Paced<R> {
    pub(super) fn new(inner: R, grace: Duration) -> Self {
        Self { inner, grace, waited: Duration::ZERO, bytes: 0 }
    }
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let begun = Instant::now();
        let read = self.inner.read(buf)?;
        self.waited += begun.elapsed();
        self.bytes += read as u64;
        if self.waited > self.grace + Duration::from_secs(self.bytes / SLOWEST) {
            let error = TransportError::passing(TIMED_OUT, "the server sends too slowly to wait for");
            return Err(io::Error::new(io::ErrorKind::TimedOut, error));
        }
        Ok(read)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::thread;

    /// One byte at a time, for ever.
    struct Trickle;

    impl Read for Trickle {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            thread::sleep(Duration::from_millis(1));
            Ok(buf.len().min(1))
        }
    }

    #[test]
    fn a_trickle_is_given_up_and_a_steady_flow_is_not() {
        let error = Paced::new(Trickle, Duration::from_millis(20)).read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let mut all = Vec::new();
        Paced::new(io::repeat(7).take(1 << 20), Duration::from_mins(1)).read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 1 << 20);
    }
}
