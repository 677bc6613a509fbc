//! The bodies of the formats: a partner's file of any bytes is read to its end, and mapped where a feed
//! reads so.
//!
//! The first byte chooses how the rest is read: as one of the deployment's feeds, or with options that
//! no feed uses yet. A file is read twice, the second time a few bytes at a time: where a read ends must
//! not show.

use crate::parts;
use crate::{known, sign};
use jiff::civil::date;
use lockgate::config::{self, Deployment};
use lockgate_connectors::{FORMATS, Format, Limits, OptionValue, Options, ReadError, Rows, Step, Wanted};
use lockgate_core::hash::{Digest, HashKey, Keys};
use lockgate_core::mapping::{Bound, Mapping, Outcome, Scratch};
use lockgate_core::row::RowBuf;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::LazyLock;

/// The repository, which is a deployment.
pub static DEPLOYMENT: LazyLock<Deployment> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    config::load(&root).unwrap_or_else(|(problems, _)| panic!("the deployment does not load: {problems:?}"))
});

static WAYS: LazyLock<Vec<Way>> = LazyLock::new(|| feeds().chain(others()).collect());

/// Small caps: what outgrows them shows as memory.
const LIMITS: fn() -> Limits = || Limits {
    file_bytes: 1 << 20,
    workbook_bytes: 1 << 20,
    row_bytes: 64 << 10,
    cell_bytes: 16 << 10,
    columns: 256,
    row_elements: 2_048,
    unzip_bytes: 8 << 20,
    part_bytes: 1 << 20,
    shared_bytes: 1 << 20,
    join_bytes: 1 << 20,
    cells: 400_000,
    rows: 20_000,
    ..Limits::default()
};

/// One way to read a file.
pub(crate) struct Way {
    pub(crate) format: &'static str,
    /// The feed that reads so.
    pub(crate) mapping: Option<&'static Mapping>,
    reader: Box<dyn Format>,
    wanted: Vec<Wanted>,
}

/// The ways to read a format; the first byte of an input is an index into them.
pub(crate) fn ways(format: &'static str) -> impl Iterator<Item = &'static Way> {
    WAYS.iter().filter(move |way| way.format == format)
}

fn open(format: &str, options: &Options) -> (&'static str, Box<dyn Format>) {
    let kind = FORMATS.iter().find(|kind| kind.name == format);
    let kind = kind.unwrap_or_else(|| panic!("no format `{format}`"));
    let reader = (kind.open)(options, &LIMITS());
    (kind.name, reader.unwrap_or_else(|p| panic!("the options of `{format}`: {}", p.what)))
}

fn feeds() -> impl Iterator<Item = Way> {
    DEPLOYMENT.mappings.iter().map(|mapping| {
        let source = mapping.source();
        let (format, reader) = open(&source.format, &Options(source.options.clone()));
        let one = |w: lockgate_core::mapping::Wanted| Wanted {
            name: w.name,
            aliases: w.aliases,
            required: w.required,
        };
        let wanted = mapping.wanted().into_iter().map(one).collect();
        Way { format, mapping: Some(mapping), reader, wanted }
    })
}

/// Options that no feed of the deployment uses; their columns are `A` and `B`.
fn others() -> impl Iterator<Item = Way> {
    let more: Vec<(&str, &str)> = vec![
        ("csv", "encoding = 'windows-1252'\ndelimiter = ';'"),
        ("csv", "encoding = 'utf-16le'\ndelimiter = 'tab'"),
        ("csv", "header_rows = 2\ntrailer = { starts_with = 'T', count = 2 }"),
        ("fixed_width", "columns = { A = { start = 2, width = 3 }, B = { start = 6, width = 4 } }"),
        (
            "fixed_width",
            "columns = { A = { start = 2, width = 3 }, B = { start = 6, width = 4 } }\n\
             encoding = 'windows-1252'\nshort = 'padded'",
        ),
        (
            "fixed_width",
            "columns = { A = { start = 2, width = 3 }, B = { start = 6, width = 4 } }\n\
             encoding = 'utf-16le'\ncomment = '*'",
        ),
        (
            "fixed_width",
            "columns = { A = { start = 2, width = 3 }, B = { start = 6, width = 4 } }\n\
             kind = { start = 1, width = 1, rows = 'D', skip = 'H' }\n\
             trailer = { start = 2, width = 3, starts_with = 'T' }",
        ),
        ("json", "row = '[]'"),
        ("json", "row = 'x.y'\ncount = 'n'\nlist = ';'"),
        ("json", "row = 'x[].y'\nlist = ';'"),
        ("jsonl", ""),
        ("jsonl", "count = 'n'\nlist = ';'"),
        ("xml", "row = 'X/R'"),
        ("xml", "row = 'X/R'\nnamespace = 'u'"),
        ("xlsx", ""),
        ("xlsx", "join = [{ sheet = 'J', on = 'A', to = 'A' }]"),
        ("ods", ""),
        ("ods", "join = [{ sheet = 'J', on = 'A', to = 'A' }]"),
    ];
    more.into_iter().map(|(format, text)| {
        let table: toml::Table = toml::from_str(text).unwrap_or_else(|e| panic!("{format}: {e}"));
        let options = table.into_iter().map(|(name, value)| (name, option(value))).collect();
        let (format, reader) = open(format, &Options(options));
        let wanted =
            ["A", "B"].map(|name| Wanted { name: name.to_owned(), aliases: Vec::new(), required: false });
        Way { format, mapping: None, reader, wanted: wanted.to_vec() }
    })
}

fn option(value: toml::Value) -> OptionValue {
    match value {
        toml::Value::String(text) => OptionValue::Text(text),
        toml::Value::Integer(n) => OptionValue::Whole(n),
        toml::Value::Boolean(flag) => OptionValue::Flag(flag),
        toml::Value::Array(list) => OptionValue::List(list.into_iter().map(option).collect()),
        toml::Value::Table(table) => {
            let pairs: BTreeMap<_, _> =
                table.into_iter().map(|(name, value)| (name, option(value))).collect();
            OptionValue::Table(pairs)
        }
        other => panic!("no option is written as {other}"),
    }
}

/// Reads the bytes behind the first as a file of the format.
pub fn body(format: &'static str, data: &[u8]) -> u64 {
    let Some((choice, file)) = data.split_first() else { return 0 };
    let Some(way) = ways(format).nth(usize::from(*choice) % ways(format).count().max(1)) else { return 0 };
    let whole = parts::book(format, file);
    let file = whole.as_deref().unwrap_or(file);
    let first = trace(way, Cursor::new(file), way.mapping);
    let again = trace(way, Dribble(Cursor::new(file), 0), None);
    assert!(agree(&first, &again), "read a few bytes at a time it reads otherwise: {first:?}, {again:?}");
    sign((
        choice,
        first.code,
        first.count.min(3),
        first.bad,
        first.trailer.is_some(),
        first.notes,
        first.mapped,
    ))
}

/// What reading a file gave.
#[derive(Debug, Default)]
struct Trace {
    /// Over number, width, cells and kinds of all rows.
    rows: u64,
    count: u64,
    /// Codes of bad rows, the first few.
    bad: Vec<&'static str>,
    code: Option<&'static str>,
    error: Option<ReadError>,
    trailer: Option<u64>,
    skipped: u64,
    notes: Vec<&'static str>,
    unknown: Vec<String>,
    /// Codes of refused rows, the first few; not compared.
    mapped: Vec<&'static str>,
}

/// Whether two readings of one file agree. Of a file with several faults either may be told first, so
/// that of a refused file only the refusal is compared.
fn agree(one: &Trace, other: &Trace) -> bool {
    let numbers = |t: &Trace| (t.rows, t.count, t.trailer, t.skipped);
    match (&one.error, &other.error) {
        (Some(_), Some(_)) => true,
        (None, None) => {
            numbers(one) == numbers(other)
                && (&one.bad, &one.notes, &one.unknown) == (&other.bad, &other.notes, &other.unknown)
        }
        _ => false,
    }
}

fn trace(way: &Way, input: impl Read + Seek + Send, mapping: Option<&Mapping>) -> Trace {
    let mut trace = Trace::default();
    let mut rows = match way.reader.read(Box::new(input), &way.wanted) {
        Ok(rows) => rows,
        Err(error) => return Trace { code: refusal(way, &error), error: Some(error), ..trace },
    };
    for wanted in way.wanted.iter().filter(|w| w.required) {
        assert!(rows.header().contains(&wanted.name), "a required column is gone from the header");
    }
    let header = rows.header().to_vec();
    let bound = mapping.and_then(|mapping| mapping.bind(&header).ok());
    let outcome = walk(&mut *rows, bound.as_ref(), &mut trace);
    trace.code = outcome.as_ref().err().and_then(|error| refusal(way, error));
    trace.error = outcome.err();
    trace.skipped = rows.skipped();
    // A row in the middle of which the file breaks off may or may not have left a note.
    if trace.error.is_none() {
        trace.trailer = rows.trailer();
        trace.notes = rows.notes().iter().map(|note| note.code).collect();
        trace.unknown = rows.unknown();
    }
    trace.notes.iter().for_each(|code| known(code));
    trace
}

fn walk(rows: &mut dyn Rows, bound: Option<&Bound<'_>>, trace: &mut Trace) -> Result<(), ReadError> {
    let (key, keys) = (HashKey::derive(b"fuzz", "rows"), Keys::derive(b"fuzz", &Digest::of(b"fuzz")));
    let (mut row, mut scratch, mut hasher) = (RowBuf::new(), Scratch::new(), DefaultHasher::new());
    let mut last = 0;
    loop {
        match rows.next(&mut row)? {
            Step::End => break,
            Step::Bad { code } => {
                assert!(row.is_empty(), "a bad row gives a cell");
                keep(&mut trace.bad, code);
            }
            Step::Row => {
                (row.number(), row.len(), row.fingerprint(&key)).hash(&mut hasher);
                assert!(row.text_len() <= LIMITS().row_bytes, "a row is longer than its cap");
                if let Some(bound) = bound {
                    mapped(&bound.map(&row, &keys, date(2008, 11, 17), &mut scratch), trace);
                }
            }
        }
        assert!(row.number() > last, "row {} comes after row {last}", row.number());
        last = row.number();
        trace.count += 1;
        assert!(trace.count <= LIMITS().rows, "more rows than the cap");
        trace.rows = hasher.finish();
    }
    Ok(())
}

fn mapped(outcome: &Outcome, trace: &mut Trace) {
    match outcome {
        Outcome::Mapped(mapped) => {
            mapped.dropped.iter().for_each(|fault| keep(&mut trace.mapped, fault.code));
        }
        Outcome::Skipped => keep(&mut trace.mapped, "LG0208"),
        Outcome::Refused(faults) => {
            assert!(!faults.is_empty(), "a row is refused for nothing");
            faults.iter().for_each(|fault| keep(&mut trace.mapped, fault.code));
        }
    }
}

/// Keeps a code that is not there yet, in few.
fn keep(codes: &mut Vec<&'static str>, code: &'static str) {
    known(code);
    if codes.len() < 4 && !codes.contains(&code) {
        codes.push(code);
    }
}

/// The code of a refused file; its message must not be able to hold a value: what it quotes is a column
/// or element that the mapping names or a short word of ours.
fn refusal(way: &Way, error: &ReadError) -> Option<&'static str> {
    known(error.code);
    for (at, piece) in error.what.split('`').enumerate() {
        let named = || way.wanted.iter().any(|w| w.name == piece || w.aliases.iter().any(|a| a == piece));
        // The names of elements and sheets stand in the mapping's options.
        let configured = || way.mapping.is_some_and(|m| format!("{:?}", m.source().options).contains(piece));
        let longest = if at % 2 == 0 { 200 } else { 12 };
        let ours = piece.is_ascii() && piece.len() <= longest;
        assert!(ours || named() || configured(), "the message may hold a value: {}", error.what);
    }
    Some(error.code)
}

/// Gives one to seven bytes at a time.
struct Dribble<R>(R, usize);

impl<R: Read> Read for Dribble<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1 % 7 + 1;
        let room = self.1.min(buf.len());
        self.0.read(buf.get_mut(..room).unwrap_or_default())
    }
}

impl<R: Seek> Seek for Dribble<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
