//! What a sample file is: its format with options, its columns, and their looks.
//!
//! Formats are asked through the list that the night uses, so one that is added later is found. Only
//! delimited text, XML, JSON and workbooks need more than trying: their options are looked up in the bytes.

use super::words::Words;
use jiff::civil::Date;
use lockgate_connectors::{FORMATS, Limits, OptionValue, Options, Step, Wanted};
use lockgate_core::row::RowBuf;
use lockgate_core::survey::Survey;
use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Rows of a sample that are looked at.
const ROWS: u64 = 20_000;
/// Bytes in which the form of a text is looked for.
const LOOKED: usize = 1 << 20;
/// Rows at the top among which the header is looked for.
const TOP: usize = 12;
/// Bytes at the end of a text in which its last row is looked for.
const TAIL: u64 = 4096;
/// Levels of nested elements that are looked into.
const DEEP: u8 = 12;
/// A delimiter, as the option writes it.
const DELIMITERS: [(char, &str); 4] = [(',', ","), (';', ";"), ('\t', "tab"), ('|', "|")];

/// A sample that could be read.
pub struct Sample {
    /// The word of its format.
    pub format: &'static str,
    /// The options that a mapping needs.
    pub options: BTreeMap<String, OptionValue>,
    /// Header texts, in order.
    pub header: Vec<String>,
    /// What the columns look like.
    pub survey: Survey,
    /// What was guessed about the file, in words.
    pub notes: Vec<String>,
    /// Names of groups of columns that stand in front of the columns' own.
    pub(super) groups: Vec<String>,
}

/// Options for reading the sample and those that the mapping keeps (a header row number is only for the
/// sample: a mapping finds its header by the columns).
struct Try {
    options: BTreeMap<String, OptionValue>,
    reading: BTreeMap<String, OptionValue>,
    notes: Vec<String>,
    /// Columns that are known before the format is asked.
    wanted: Vec<Wanted>,
    /// Names of groups of columns, in front of the columns' own.
    groups: Vec<String>,
}

/// Guesses what a file is; says in one sentence why not, when it cannot.
pub fn guess(path: &Path, day: Date) -> Result<Sample, String> {
    let mut head = Vec::new();
    let mut file = lockgate_connectors::limits::open(path, &Limits::default()).map_err(|e| e.to_string())?;
    file.by_ref().take(LOOKED as u64).read_to_end(&mut head).map_err(|e| e.kind().to_string())?;
    let words = Words::shipped().map_err(|e| e.message().to_owned())?;
    let nulls: Vec<&str> = words.null.iter().map(String::as_str).collect();
    let start =
        head.iter().position(|b| !b.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(b)).unwrap_or(0);
    let tries: Vec<(&str, Try)> = match head.get(start..).unwrap_or_default() {
        [] => return Err("the file is empty".into()),
        [b'P', b'K', ..] => workbook(path, &nulls, day),
        [b'<', ..] => vec![("xml", xml::document(path))],
        [b'{' | b'[', ..] => {
            let whole = json::document(path).map(|made| ("json", made));
            whole.into_iter().chain([("jsonl", Try::plain())]).collect()
        }
        _ => vec![("csv", text(path, &head, day)?)],
    };
    for (format, attempt) in tries {
        let Some(kind) = FORMATS.iter().find(|f| f.name == format) else { continue };
        if let Some((header, survey)) = look(kind, &attempt, path, &nulls, day) {
            if header.iter().any(|text| is_value(text, day)) {
                return Err("its first row looks like data; a feed needs a row of column names, so ask the partner for one".into());
            }
            let Try { options, notes, groups, .. } = attempt;
            return Ok(Sample { format: kind.name, options, header, survey, notes, groups });
        }
    }
    Err("no format reads it; `source.format` knows ".to_owned()
        + &FORMATS.iter().map(|f| format!("`{}`", f.name)).collect::<Vec<_>>().join(", "))
}

impl Try {
    fn plain() -> Self {
        Self {
            options: BTreeMap::new(),
            reading: BTreeMap::new(),
            notes: Vec::new(),
            wanted: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Takes the header's place for reading the sample, and its two rows for the mapping.
    fn headed(&mut self, heading: heading::Heading) {
        if !heading.groups.is_empty() {
            self.options.insert("header_rows".into(), OptionValue::Whole(2));
            self.notes.push("the header has two rows; the upper one groups the lower".into());
        }
        self.reading.clone_from(&self.options);
        let number = i64::try_from(heading.row + 1).unwrap_or(1);
        self.reading.insert("header".into(), OptionValue::Whole(number));
        self.groups = heading.groups;
    }
}

/// Reads a file with a format; a format without a header of its own is read again, level by level,
/// for what it met.
fn look(
    kind: &lockgate_connectors::FormatKind,
    attempt: &Try,
    path: &Path,
    nulls: &[&str],
    day: Date,
) -> Option<(Vec<String>, Survey)> {
    let format = (kind.open)(&Options(attempt.reading.clone()), &Limits::default()).ok()?;
    let mut wanted: Vec<Wanted> = attempt.wanted.clone();
    let mut passes = 0;
    loop {
        let file = lockgate_connectors::limits::open(path, &Limits::default()).ok()?;
        let mut rows = format.read(Box::new(file), &wanted).ok()?;
        let header = rows.header().to_vec();
        let mut survey = Survey::new(header.len(), nulls, day);
        let mut row = RowBuf::new();
        loop {
            match rows.next(&mut row).ok()? {
                Step::Row => survey.row(&row),
                Step::Bad { .. } => {}
                Step::End => break,
            }
            if survey.rows() >= ROWS {
                break;
            }
        }
        let unknown = rows.unknown();
        if unknown.is_empty() || !attempt.wanted.is_empty() || header.len() > wanted.len() || passes == DEEP {
            return (!header.is_empty()).then_some((header, survey));
        }
        // What holds only other elements gives way to those.
        let holds = |name: &str| {
            unknown.iter().any(|u| u.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
        };
        wanted.retain(|w| {
            !holds(&w.name)
                || header.iter().position(|h| *h == w.name).is_some_and(|at| survey.looks(at).filled > 0)
        });
        wanted.extend(unknown.into_iter().map(|name| Wanted { name, ..Wanted::default() }));
        passes += 1;
    }
}

/// Whether a header text is rather a value: a file without header would put its first person into the draft.
fn is_value(text: &str, day: Date) -> bool {
    let mut survey = Survey::new(1, &[], day);
    let mut row = RowBuf::new();
    row.start(1);
    row.push(text);
    survey.row(&row);
    let looks = survey.looks(0);
    looks.whole > 0 || looks.date.is_some() || looks.postcodes > 0 || looks.ids.iter().any(|n| *n > 0)
}

/// Delimiter, encoding, header row and count row of a text.
fn text(path: &Path, head: &[u8], day: Date) -> Result<Try, String> {
    let (encoding, text) = decoded(head);
    let lines: Vec<&str> = text.lines().map(|l| l.trim_end_matches('\r')).collect();
    let top: Vec<&str> = lines.iter().copied().filter(|l| !l.trim().is_empty()).take(40).collect();
    let score = |sign: char| {
        let counts: Vec<usize> = top.iter().map(|l| parts(l, sign)).collect();
        let most = counts.iter().max().copied().unwrap_or(0);
        counts.iter().filter(|n| **n == most).count() * most
    };
    let Some((sign, word)) =
        DELIMITERS.into_iter().max_by_key(|(sign, _)| score(*sign)).filter(|(s, _)| score(*s) > 0)
    else {
        return Err("the text has no columns: no comma, semicolon, tab or bar parts its lines".into());
    };
    let width = |line: &str| parts(line, sign) + 1;
    let widest = top.iter().map(|l| width(l)).max().unwrap_or(1);
    let rows: Vec<Vec<String>> = lines.iter().take(TOP).map(|line| cells(line, sign)).collect();
    let heading = heading::find(&rows, day).unwrap_or_else(|| heading::Heading {
        row: lines.iter().position(|l| width(l) * 10 >= widest * 9).unwrap_or(0),
        groups: Vec::new(),
    });
    let mut made = Try::plain();
    let value = |t: &str| OptionValue::Text(t.to_owned());
    if word != "," {
        made.options.insert("delimiter".into(), value(word));
    }
    if encoding != "utf-8" {
        made.options.insert("encoding".into(), value(encoding));
    }
    if let Some(trailer) = trailer(path, encoding, sign, widest) {
        made.notes.push("a last row that counts the rows".into());
        made.options.insert("trailer".into(), trailer);
    }
    made.notes.push(format!("{encoding}, cells parted by `{word}`, header in line {}", heading.row + 1));
    made.headed(heading);
    Ok(made)
}

/// The cells of a line, for looking at the top of a text.
fn cells(line: &str, sign: char) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match (letter, out.last_mut()) {
            ('"', _) => quoted = !quoted,
            (letter, _) if letter == sign && !quoted => out.push(String::new()),
            (letter, Some(cell)) => cell.push(letter),
            _ => {}
        }
    }
    out
}

/// How often a sign parts cells in a line: inside quotes it does not, and would make a line of data look wider
/// than the header.
fn parts(line: &str, sign: char) -> usize {
    line.split('"').step_by(2).map(|outside| outside.matches(sign).count()).sum()
}

fn decoded(bytes: &[u8]) -> (&'static str, String) {
    let wide = |pair: fn([u8; 2]) -> u16| {
        let units: Vec<u16> =
            bytes.chunks_exact(2).skip(1).filter_map(|c| c.try_into().ok().map(pair)).collect();
        ("utf-16", String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => ("utf-8", text.trim_start_matches('\u{feff}').to_owned()),
            // The look may have ended inside a character.
            Err(fault) if fault.error_len().is_none() => {
                ("utf-8", String::from_utf8_lossy(bytes).into_owned())
            }
            Err(_) => ("windows-1252", bytes.iter().map(|b| char::from(*b)).collect()),
        },
    }
}

/// A last row such as `TRAILER,12`: one word, a number, and fewer cells than the header.
fn trailer(path: &Path, encoding: &str, sign: char, widest: usize) -> Option<OptionValue> {
    if encoding == "utf-16" {
        return None;
    }
    let mut file = std::fs::File::open(path).ok()?;
    let from = file.metadata().ok()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let last = bytes.rsplit(|b| *b == b'\n').find(|l| !l.trim_ascii().is_empty())?;
    let last = std::str::from_utf8(last).ok()?.trim();
    let cells: Vec<&str> = last.split(sign).map(str::trim).collect();
    let filled = cells.iter().filter(|c| !c.is_empty()).count();
    let word = cells.first().filter(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_uppercase()))?;
    let count = cells.iter().skip(1).position(|c| c.parse::<u64>().is_ok())? + 2;
    (filled == 2 && widest > 3).then(|| {
        OptionValue::Table(BTreeMap::from([
            ("starts_with".to_owned(), OptionValue::Text((*word).to_owned())),
            ("count".to_owned(), OptionValue::Whole(i64::try_from(count).unwrap_or(2))),
        ]))
    })
}

/// Sheets by their own names, each format tried; joined where a key of one stands in another.
fn workbook(path: &Path, nulls: &[&str], day: Date) -> Vec<(&'static str, Try)> {
    let names = sheets::names(path);
    let mut tries = Vec::new();
    for kind in FORMATS.iter().filter(|f| f.options.iter().any(|o| o.name == "sheet")) {
        let each = names.iter().filter_map(|name| {
            let mut attempt = Try::plain();
            attempt.options.insert("sheet".to_owned(), OptionValue::Text(name.clone()));
            attempt.headed(heading::find(&top(kind, name, path), day)?);
            let (header, survey) = look(kind, &attempt, path, nulls, day)?;
            Some((sheets::Sheet { name: name.clone(), header, survey }, attempt))
        });
        let (found, mut attempts): (Vec<sheets::Sheet>, Vec<Try>) = each.unzip();
        if found.len() > 1 {
            let (options, notes) = sheets::join(&found);
            tries.push((kind.name, Try { reading: options.clone(), options, notes, ..Try::plain() }));
        } else if let Some(only) = attempts.pop() {
            tries.push((kind.name, only));
        }
    }
    let rest = FORMATS.iter().filter(|f| !["csv", "xml"].contains(&f.name));
    tries.extend(rest.map(|f| (f.name, Try::plain())));
    tries
}

/// The rows at the top of a sheet, each read as if it were the header; blank ones are left blank.
fn top(kind: &lockgate_connectors::FormatKind, sheet: &str, path: &Path) -> Vec<Vec<String>> {
    let row = |number: usize| {
        let options = BTreeMap::from([
            ("sheet".to_owned(), OptionValue::Text(sheet.to_owned())),
            ("header".to_owned(), OptionValue::Whole(i64::try_from(number).unwrap_or(1))),
        ]);
        let format = (kind.open)(&Options(options), &Limits::default()).ok()?;
        let file = lockgate_connectors::limits::open(path, &Limits::default()).ok()?;
        let rows = format.read(Box::new(file), &[]).ok()?;
        Some(rows.header().to_vec())
    };
    (1..=TOP).map(|number| row(number).unwrap_or_default()).collect()
}

mod heading;
mod json;
mod sheets;
mod xml;
