//! A long good file streams: the reader takes no more of the input than it needs for the row it gives, and
//! a million rows need no more memory than the first thousand.
//!
//! One test in a process of its own, because the peak of memory is the process's.
#![expect(clippy::unwrap_used, reason = "tests")]

use lockgate_connectors::{FORMATS, Limits, OptionValue, Options, Step, Wanted};
use lockgate_core::row::RowBuf;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const OBJECTS: u64 = 1_000_000;
/// Rows after which the buffers have their size.
const SETTLED: u64 = 1_000;
/// How far the reader may be ahead of the row it gives: its own buffer of 64 KiB and the decoder's.
const AHEAD: u64 = 256 << 10;
/// How much more memory all rows may take than the settled ones; the file has more than 40 MiB.
const GROWTH_KIB: u64 = 4 << 10;

/// An array of objects that is made while it is read, and counts what it gave.
struct Made {
    next: u64,
    waiting: String,
    at: usize,
    given: Arc<AtomicU64>,
}

impl Made {
    fn piece(&mut self) {
        self.waiting.clear();
        self.at = 0;
        match self.next {
            OBJECTS => self.waiting.push(']'),
            n if n > OBJECTS => {}
            n => {
                let start = if n == 0 { '[' } else { ',' };
                writeln!(self.waiting, "{start}{{\"A\":\"person {n}\",\"B\":{n}.5,\"C\":null}}").unwrap();
            }
        }
        self.next += 1;
    }
}

impl Read for Made {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buf.len() {
            if self.at == self.waiting.len() {
                self.piece();
            }
            let rest = self.waiting.as_bytes().get(self.at..).unwrap();
            if rest.is_empty() {
                break;
            }
            let some = rest.len().min(buf.len() - done);
            buf.get_mut(done..done + some).unwrap().copy_from_slice(rest.get(..some).unwrap());
            done += some;
            self.at += some;
        }
        self.given.fetch_add(done as u64, Ordering::Relaxed);
        Ok(done)
    }
}

impl Seek for Made {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::Error::other("a stream is read once"))
    }
}

/// The most memory that the process has held; `None` where the system does not tell.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

#[test]
fn an_array_of_a_million_objects_streams() {
    let kind = FORMATS.iter().find(|kind| kind.name == "json").unwrap();
    let options = Options(BTreeMap::from([("row".to_owned(), OptionValue::Text("[]".to_owned()))]));
    let format = (kind.open)(&options, &Limits::default()).unwrap();
    let given = Arc::new(AtomicU64::new(0));
    let made = Made { next: 0, waiting: String::new(), at: 0, given: Arc::clone(&given) };
    let wanted = ["A", "B", "C"].map(|name| Wanted { name: name.to_owned(), ..Wanted::default() });
    let mut rows = format.read(Box::new(made), &wanted).unwrap();

    let (mut row, mut count, mut used, mut settled) = (RowBuf::new(), 0u64, 0u64, None);
    while rows.next(&mut row).unwrap() == Step::Row {
        assert!(row.cell_is(0, &format!("person {count}")) && row.number() == count + 1);
        // `{"A":"","B":,"C":null}`, a comma or bracket and the line's end stand around the two cells.
        used += row.text_len() as u64 + 24;
        let ahead = given.load(Ordering::Relaxed).saturating_sub(used);
        assert!(ahead <= AHEAD, "{ahead} bytes ahead at row {count}");
        count += 1;
        if count == SETTLED {
            settled = peak_kib();
        }
    }
    assert_eq!(count, OBJECTS);
    assert!(given.load(Ordering::Relaxed) > 40 << 20, "the file is too small to say anything");
    if let (Some(before), Some(after)) = (settled, peak_kib()) {
        assert!(after - before <= GROWTH_KIB, "memory grew from {before} to {after} KiB");
    }
}
