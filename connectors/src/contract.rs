//! The promises that every format and every transport of the lists keeps, checked over the lists.

use crate::codes::{
    FILE_TOO_LARGE, FILE_UNREADABLE, FORMAT_OPTION, INPUT_FAILED, NAME_REFUSED, NOT_A_FILE, PLACE_OPTION,
    TOO_MANY,
};
use crate::sample::{
    HEADER, PEOPLE, Sample, assert_rows, format, options, read, read_with, samples, text, text_row, want,
};
use crate::{CODES, FORMATS, Limits, Options, ReadError, Step, TRANSPORTS, Transport};
use lockgate_core::problem::Problem;
use lockgate_core::row::RowBuf;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io::{self, Cursor, Seek, SeekFrom};
use std::path::Path;

fn expected(sample: &Sample) -> Vec<RowBuf> {
    PEOPLE.iter().zip(sample.numbers).map(|(cells, number)| text_row(number, cells)).collect()
}

#[test]
fn every_format_has_a_sample_and_reads_it() {
    let named: BTreeSet<&str> = samples().iter().map(|s| s.format).collect();
    assert_eq!(named, FORMATS.iter().map(|kind| kind.name).collect(), "a format without a sample");
    for sample in samples() {
        let read = read(sample.format, &sample.options, &want(&HEADER), &sample.bytes).unwrap();
        assert_eq!(read.header, HEADER, "{}", sample.format);
        assert_rows(&read.rows, &expected(&sample));
        assert!(read.bad.is_empty() && read.unknown.is_empty());
    }
}

#[test]
fn a_column_that_cannot_be_read_is_refused_before_any_file_comes() {
    for sample in samples() {
        let format = format(sample.format, &sample.options, &Limits::default());
        assert_eq!(format.check(&want(&HEADER)), Ok(()), "{}", sample.format);
    }
    let cases = [("xml", "a[1]"), ("json", "../../a"), ("jsonl", "a..b"), ("fixed_width", "Not placed")];
    for (name, column) in cases {
        let sample = samples().into_iter().find(|s| s.format == name).unwrap();
        let format = format(name, &sample.options, &Limits::default());
        let error = format.check(&want(&[column])).unwrap_err();
        assert!(error.what.contains(column), "{error}");
        assert_eq!(Err(error), read(name, &sample.options, &want(&[column]), &sample.bytes).map(|_| ()));
    }
}

#[test]
fn every_option_is_documented_and_an_unknown_one_is_refused_with_the_nearest_word() {
    for kind in FORMATS {
        assert!(!kind.summary.is_empty() && !kind.options.is_empty(), "{}", kind.name);
        for option in kind.options {
            assert!([option.name, option.shape, option.default, option.doc].iter().all(|t| !t.is_empty()));
            let slip = format!("{}x", option.name);
            let problem = (kind.open)(&options(&[(&slip, text("1"))]), &Limits::default()).err().unwrap();
            assert_eq!(problem.code, FORMAT_OPTION);
            assert!(problem.help.unwrap().contains(option.name), "{} {}", kind.name, option.name);
        }
    }
    for kind in TRANSPORTS {
        assert!(!kind.summary.is_empty() && !kind.options.is_empty(), "{}", kind.name);
        for option in kind.options {
            assert!([option.name, option.shape, option.default, option.doc].iter().all(|t| !t.is_empty()));
            let slip = format!("{}x", option.name);
            let wrong = options(&[("path", text("in")), (&slip, text("1"))]);
            let problem = (kind.open)(&wrong, std::path::Path::new("."), &Limits::default()).err().unwrap();
            assert_eq!(problem.code, PLACE_OPTION);
            assert!(problem.help.unwrap().contains(option.name), "{} {}", kind.name, option.name);
        }
    }
}

/// What a damaged file gives: an error with a documented code, or rows.
fn damaged(sample: &Sample, bytes: &[u8]) -> Result<(Vec<RowBuf>, bool), ReadError> {
    let limits =
        Limits { unzip_bytes: 8 << 20, shared_bytes: 1 << 20, part_bytes: 1 << 20, ..Limits::default() };
    let read = read_with(sample.format, &sample.options, &want(&HEADER), bytes, &limits);
    if let Err(error) = &read {
        assert!(CODES.iter().any(|doc| doc.code == error.code), "{} is not documented", error.code);
        let said = format!("{error:?} {error} {:?}", error.problem("feed"));
        assert!(!said.contains("CANARY"), "{} repeats a value: {said}", sample.format);
    }
    read.map(|read| (read.rows, read.trailer.is_some()))
}

/// Formats in which nothing but a trailer says that a file is whole.
const ENDED_BY_TRAILER: [&str; 3] = ["csv", "fixed_width", "jsonl"];

/// Formats without a header or an outermost value: an empty file is one without rows, and the
/// missing trailer shows where one is declared.
const MAY_BE_EMPTY: [&str; 2] = ["fixed_width", "jsonl"];

#[test]
fn a_truncated_file_never_passes_for_a_whole_one() {
    for sample in samples() {
        let whole = expected(&sample);
        for cut in 0..sample.bytes.len() {
            let Ok((rows, trailer)) = damaged(&sample, sample.bytes.get(..cut).unwrap()) else { continue };
            // Only a file without its trailer may read to an end, and the missing trailer shows; a
            // cut behind the last significant byte takes nothing away.
            if ENDED_BY_TRAILER.contains(&sample.format) && !trailer {
                continue;
            }
            assert_rows(&rows, &whole);
        }
    }
}

#[test]
fn an_empty_file_and_noise_are_refused() {
    let noise: Vec<u8> = (0..5_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for sample in samples() {
        match damaged(&sample, b"") {
            Err(_) => {}
            Ok((rows, trailer)) => {
                assert!(MAY_BE_EMPTY.contains(&sample.format), "{}", sample.format);
                assert!(rows.is_empty() && !trailer, "{}", sample.format);
            }
        }
        assert!(damaged(&sample, &noise).is_err(), "{}", sample.format);
    }
}

#[test]
fn the_caps_on_bytes_and_rows_hold_for_every_format() {
    for sample in samples() {
        let wanted = want(&HEADER);
        let read = |limits: Limits| {
            read_with(sample.format, &sample.options, &wanted, &sample.bytes, &limits).err().map(|e| e.code)
        };
        assert_eq!(
            read(Limits { file_bytes: 60, ..Limits::default() }),
            Some(FILE_TOO_LARGE),
            "{}",
            sample.format
        );
        assert_eq!(read(Limits { rows: 1, ..Limits::default() }), Some(TOO_MANY), "{}", sample.format);
    }
}

/// Gives its first bytes and then fails, as a broken disk does.
struct Failing {
    inner: Cursor<Vec<u8>>,
    good: u64,
}

impl io::Read for Failing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.good.saturating_sub(self.inner.position())).unwrap().min(buf.len());
        if room == 0 && !buf.is_empty() {
            return Err(io::Error::other("CANARY"));
        }
        self.inner.read(&mut buf[..room])
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn a_failing_disk_is_an_error_and_never_an_early_end() {
    for sample in samples() {
        for good in 0..sample.bytes.len() as u64 {
            let format = format(sample.format, &sample.options, &Limits::default());
            let input = Failing { inner: Cursor::new(sample.bytes.clone()), good };
            let outcome = format.read(Box::new(input), &want(&HEADER)).and_then(|mut rows| {
                let mut row = RowBuf::new();
                while rows.next(&mut row)? != Step::End {}
                Ok(rows.trailer())
            });
            let code = outcome.expect_err(&format!("{} after {good} bytes", sample.format)).code;
            let workbook = ["xlsx", "ods"].contains(&sample.format);
            assert!(code == INPUT_FAILED || workbook, "{} {code}", sample.format);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any few changed bytes: no panic, no value in a message, and never a cell of a third person.
    #[test]
    fn changed_bytes_are_an_error_or_rows(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for sample in samples() {
            let mut bytes = sample.bytes.clone();
            for (at, byte) in &changes {
                *at.get_mut(&mut bytes) = *byte;
            }
            let _ = damaged(&sample, &bytes);
        }
    }
}

#[test]
fn codes_are_unique_in_order_and_every_one_used_is_documented() {
    let codes: Vec<&str> = CODES.iter().map(|doc| doc.code).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "out of order or twice");
    assert!(codes.iter().all(|c| c.len() == 6 && (c.starts_with("LG10") || c.starts_with("LG11"))));
    assert!(CODES.iter().all(|doc| !doc.title.is_empty() && doc.explanation.len() > 60));
}

#[test]
fn options_of_the_wrong_shape_are_refused() {
    use crate::OptionValue::{Flag, List, Whole};
    let cases: &[(&str, &str, crate::OptionValue)] = &[
        ("csv", "delimiter", text("ab")),
        ("csv", "delimiter", text("é")),
        ("csv", "delimiter", Whole(3)),
        ("csv", "quote", text(",")),
        ("csv", "encoding", text("utf-7")),
        ("csv", "header", Whole(0)),
        ("csv", "header_rows", Whole(3)),
        ("csv", "trailer", Flag(true)),
        ("xlsx", "sheet", Whole(1)),
        ("xlsx", "join", text("TENANCY")),
        ("ods", "join", List(vec![crate::sample::table(&[("sheet", text("A")), ("on", text("x"))])])),
        ("fixed_width", "columns", text("A")),
        ("fixed_width", "encoding", text("utf-7")),
        ("json", "row", text("a..b")),
        ("json", "list", text("")),
        ("jsonl", "count", Whole(2)),
        ("jsonl", "list", Flag(true)),
        ("xml", "row", text("a//b")),
        ("xml", "namespace", Flag(false)),
    ];
    for (name, key, value) in cases {
        let kind = FORMATS.iter().find(|kind| kind.name == *name).unwrap();
        let problem = (kind.open)(&options(&[(key, value.clone())]), &Limits::default()).err();
        assert_eq!(problem.map(|p| p.code), Some(FORMAT_OPTION), "{name} {key}");
    }
    for needs_more in ["xml", "json", "fixed_width"] {
        let kind = FORMATS.iter().find(|kind| kind.name == needs_more).unwrap();
        assert!((kind.open)(&Options::default(), &Limits::default()).is_err(), "{needs_more}");
    }
}

/// Options with which every transport opens. None of them reaches anything.
fn places() -> Vec<(&'static str, Options)> {
    let pin = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let key = || crate::sample::table(&[("file", text("none"))]);
    vec![
        ("folder", options(&[("path", text("in"))])),
        (
            "sftp",
            options(&[
                ("host", text("192.0.2.1")),
                ("user", text("gateway")),
                ("host_key", text(pin)),
                ("key", key()),
                ("path", text("in")),
            ]),
        ),
        ("https", options(&[("url", text("https://192.0.2.1/out/"))])),
        #[cfg(feature = "s3")]
        (
            "object_store",
            options(&[
                ("endpoint", text("https://192.0.2.1")),
                ("bucket", text("bundles")),
                ("key_id", key()),
                ("secret", key()),
            ]),
        ),
    ]
}

fn place(name: &str, options: &Options, base: &Path) -> Result<Box<dyn Transport>, Problem> {
    let kind = TRANSPORTS.iter().find(|kind| kind.name == name).unwrap();
    (kind.open)(options, base, &Limits::default())
}

#[test]
fn every_transport_refuses_hostile_names_and_what_is_no_file_before_it_asks_anybody() {
    let named: BTreeSet<&str> = places().iter().map(|(name, _)| *name).collect();
    assert_eq!(named, TRANSPORTS.iter().map(|kind| kind.name).collect(), "a transport without a sample");
    let base = tempfile::tempdir().unwrap();
    let local = base.path().join("sealed");
    std::fs::write(&local, "x").unwrap();
    let long = "x".repeat(256);
    let hostile =
        ["", ".", "..", "../a", "a/b", "a\\b", "/etc/passwd", ".hidden", "a\0", "a\nb", "a\u{fffd}b", &long];
    for (kind, options) in places() {
        let place = place(kind, &options, base.path()).ok().unwrap();
        for name in hostile {
            assert_eq!(place.open(name).err().map(|e| e.code), Some(NAME_REFUSED), "{kind} {name:?}");
            assert_eq!(place.put(&local, name).err().map(|e| e.code), Some(NAME_REFUSED), "{kind} {name:?}");
            assert_eq!(
                place.publish(&local, name).err().map(|e| e.code),
                Some(NAME_REFUSED),
                "{kind} {name:?}"
            );
        }
        for unseen in ["a.part", "a.tmp", "a.filepart"] {
            assert_eq!(
                place.put(&local, unseen).err().map(|e| e.code),
                Some(NAME_REFUSED),
                "{kind} {unseen}"
            );
        }
        let put = |path: &Path| place.put(path, "lockgate_a").err().map(|e| (e.code, e.passing));
        assert_eq!(put(&base.path().join("none")), Some((FILE_UNREADABLE, false)), "{kind}");
        assert_eq!(put(base.path()), Some((NOT_A_FILE, false)), "{kind}");
        assert!(local.exists());
    }
}

#[test]
fn options_of_places_of_the_wrong_shape_are_refused() {
    use crate::OptionValue::{Flag, List, Whole};
    let pin = || text("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let table = crate::sample::table;
    let cases: &[(&str, &str, Option<crate::OptionValue>)] = &[
        ("folder", "path", None),
        ("folder", "settle_ms", Some(Whole(-1))),
        ("folder", "require_marker", Some(Whole(1))),
        ("sftp", "host", None),
        ("sftp", "host", Some(text("a b"))),
        ("sftp", "port", Some(Whole(0))),
        ("sftp", "port", Some(Whole(65_536))),
        ("sftp", "user", Some(text(""))),
        ("sftp", "host_key", None),
        ("sftp", "host_key", Some(List(Vec::new()))),
        ("sftp", "host_key", Some(List(vec![pin(), pin(), pin()]))),
        ("sftp", "host_key", Some(text("MD5:00:11"))),
        ("sftp", "host_key", Some(text("SHA512:AAAA"))),
        ("sftp", "host_key", Some(text("ssh-ed25519 AAAA"))),
        ("sftp", "key", None),
        ("sftp", "key", Some(text("-----BEGIN OPENSSH PRIVATE KEY-----"))),
        ("sftp", "key", Some(table(&[]))),
        ("sftp", "key", Some(table(&[("file", text("a")), ("env", text("B"))]))),
        ("sftp", "key", Some(table(&[("path", text("a"))]))),
        ("sftp", "path", Some(text("a\nb"))),
        ("sftp", "settle_ms", Some(Whole(600_001))),
        ("sftp", "require_marker", Some(text("yes"))),
        ("sftp", "finish", Some(text("move"))),
        ("sftp", "temporary", Some(text("part"))),
        ("sftp", "temporary", Some(text(".done"))),
        ("sftp", "temporary", Some(text("./x"))),
        ("sftp", "timeout_s", Some(Whole(0))),
        ("sftp", "timeout_s", Some(Flag(true))),
        ("https", "url", None),
        ("https", "url", Some(text("http://host.example/out/"))),
        ("https", "url", Some(text("https://host.example/out"))),
        ("https", "list", Some(text("../index.txt"))),
        ("https", "key", Some(text("hunter2"))),
        ("https", "timeout_s", Some(Whole(0))),
        #[cfg(feature = "s3")]
        ("object_store", "endpoint", Some(text("http://store.example"))),
        #[cfg(feature = "s3")]
        ("object_store", "endpoint", Some(text("http://127.0.0.1.example"))),
        #[cfg(feature = "s3")]
        ("object_store", "endpoint", Some(text("https://key@store.example"))),
        #[cfg(feature = "s3")]
        ("object_store", "endpoint", Some(text("https://"))),
        #[cfg(feature = "s3")]
        ("object_store", "bucket", Some(text("a/b"))),
        #[cfg(feature = "s3")]
        ("object_store", "prefix", Some(text("a/../b"))),
        #[cfg(feature = "s3")]
        ("object_store", "secret", Some(text("hunter2"))),
    ];
    for (kind, key, value) in cases {
        let mut wrong = places().into_iter().find(|(name, _)| name == kind).unwrap().1;
        wrong.0.remove(*key);
        wrong.0.extend(value.clone().map(|value| ((*key).to_owned(), value)));
        let problem = place(kind, &wrong, Path::new(".")).err();
        assert_eq!(problem.as_ref().map(|p| p.code), Some(PLACE_OPTION), "{kind} {key} {value:?}");
        assert!(problem.unwrap().what.contains(*key), "{kind} {key}");
    }
}
