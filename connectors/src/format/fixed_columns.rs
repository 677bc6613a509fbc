//! Where the columns of a fixed-width line stand, and which lines are rows: the options, checked.

use crate::format::encoding::{ENCODING, Encoding};
use crate::format::table::fold;
use crate::options::{OptionDoc, OptionValue, Options, Owner};
use lockgate_core::problem::Problem;
use std::collections::BTreeMap;

pub(super) const OWNER: Owner = Owner::format("format fixed_width");

/// The furthest character a column may reach.
const REACH: u64 = 65_536;

pub(super) const OPTIONS: &[OptionDoc] = &[
    OptionDoc {
        name: "columns",
        shape: "a table of NAME = { start = character from 1, width = characters }",
        default: "none; must be given",
        doc: "the columns; characters are counted in the declared encoding (a letter with its accent in one code point is one), two columns may not overlap",
    },
    OptionDoc {
        name: "width",
        shape: "a number of characters",
        default: "the end of the last column",
        doc: "how long a line of a row is; a longer one is a bad row",
    },
    OptionDoc {
        name: "short",
        shape: "\"refused\" or \"padded\"",
        default: "\"refused\"",
        doc: "a line shorter than `width`: a bad row, or one that lost the blanks at its end on the way",
    },
    ENCODING,
    OptionDoc {
        name: "skip",
        shape: "a number of lines",
        default: "0",
        doc: "title lines at the top of the file that are left out",
    },
    OptionDoc {
        name: "comment",
        shape: "text",
        default: "no comments",
        doc: "a line that begins so is left out; blank lines always are",
    },
    OptionDoc {
        name: "kind",
        shape: "{ start, width, rows = text or list of texts, skip = text or list of texts }",
        default: "every line is a row",
        doc: "the characters that say what kind of line it is: which kinds are rows, which are left out; any other kind is a bad row",
    },
    OptionDoc {
        name: "trailer",
        shape: "{ starts_with = text, start, width }",
        default: "no trailer",
        doc: "the line that ends the file: how it begins, and where it states the number of rows; without `start` its presence alone is the proof that the file is whole",
    },
];

/// Characters of a line, counted from 0; the last one is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Place {
    /// As the options count: `characters 9 to 12`.
    pub(super) fn said(self) -> String {
        if self.from + 1 == self.to {
            return format!("character {}", self.to);
        }
        format!("characters {} to {}", self.from + 1, self.to)
    }
}

/// What the options say about the lines of a file.
#[derive(Debug)]
pub(super) struct FixedLayout {
    pub(super) encoding: Encoding,
    /// In the order of their places.
    pub(super) columns: Vec<(String, Place)>,
    /// Characters that belong to no column.
    pub(super) gaps: Vec<Place>,
    pub(super) width: usize,
    /// Whether a short line has lost the blanks at its end.
    pub(super) padded: bool,
    pub(super) skip: u64,
    pub(super) comment: Option<String>,
    pub(super) kind: Option<Kind>,
    pub(super) trailer: Option<Trailer>,
}

/// The characters that mark the kind of a line.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) place: Place,
    pub(super) rows: Vec<String>,
    pub(super) skip: Vec<String>,
}

/// The line that ends the file.
#[derive(Debug)]
pub(super) struct Trailer {
    pub(super) starts_with: String,
    pub(super) count: Option<Place>,
}

impl FixedLayout {
    pub(super) fn read(options: &Options) -> Result<Self, Problem> {
        OWNER.only(&options.0, OPTIONS.iter().map(|o| o.name))?;
        let columns = columns(options)?;
        let end = columns.last().map_or(0, |(_, place)| place.to);
        let width = OWNER.whole(&options.0, "width", 1, REACH)?.map_or(Ok(end), size)?;
        if width < end {
            let what = format!("the columns reach to character {end}, a line only to {width}");
            return Err(OWNER.fault("width", &what));
        }
        let padded = match OWNER.text(&options.0, "short")? {
            None | Some("refused") => false,
            Some("padded") => true,
            Some(_) => return Err(OWNER.fault("short", "`refused` or `padded` is wanted")),
        };
        let comment = OWNER.text(&options.0, "comment")?.map(str::to_owned);
        if comment.as_ref().is_some_and(|sign| sign.trim().is_empty()) {
            return Err(OWNER.fault("comment", "the text that begins a comment is wanted"));
        }
        let kind = Kind::read(options)?;
        let known = columns.iter().map(|(_, place)| *place).chain(kind.as_ref().map(|k| k.place));
        Ok(Self {
            encoding: Encoding::option(OWNER, options)?,
            gaps: gaps(known.collect(), width),
            width,
            padded,
            skip: OWNER.whole(&options.0, "skip", 0, 10_000)?.unwrap_or(0),
            comment,
            kind,
            trailer: Trailer::read(options)?,
            columns,
        })
    }
}

fn columns(options: &Options) -> Result<Vec<(String, Place)>, Problem> {
    let table = OWNER.table(&options.0, "columns")?.filter(|table| !table.is_empty());
    let table = table.ok_or_else(|| {
        OWNER.fault("columns", "a table of columns is wanted, such as `surname = { start = 9, width = 20 }`")
    })?;
    let mut columns: Vec<(String, Place)> = Vec::with_capacity(table.len());
    for (name, value) in table {
        let OptionValue::Table(inner) = value else {
            return Err(OWNER.fault("columns", &format!("`{name}` is no `{{ start, width }}`")));
        };
        OWNER.only(inner, ["start", "width"].into_iter())?;
        let place = place(inner)?
            .ok_or_else(|| OWNER.fault("columns", &format!("`{name}` has no `start` and `width`")))?;
        if let Some((other, _)) = columns.iter().find(|(other, _)| fold(other) == fold(name)) {
            return Err(OWNER.fault("columns", &format!("`{other}` and `{name}` are one name")));
        }
        columns.push((name.clone(), place));
    }
    columns.sort_by_key(|(_, place)| place.from);
    for ((name, place), (next, after)) in columns.iter().zip(columns.iter().skip(1)) {
        if place.to > after.from {
            let what = format!("`{name}` and `{next}` overlap at character {}", after.from + 1);
            return Err(OWNER.fault("columns", &what));
        }
    }
    Ok(columns)
}

/// `start` and `width` of a table; `None` where neither is there.
fn place(table: &BTreeMap<String, OptionValue>) -> Result<Option<Place>, Problem> {
    let start = OWNER.whole(table, "start", 1, REACH)?;
    let width = OWNER.whole(table, "width", 1, REACH)?;
    match (start, width) {
        (None, None) => Ok(None),
        (Some(start), Some(width)) if start + width - 1 <= REACH => {
            Ok(Some(Place { from: size(start - 1)?, to: size(start + width - 1)? }))
        }
        (Some(_), Some(_)) => Err(OWNER.fault("width", &format!("it reaches beyond character {REACH}"))),
        (None, Some(_)) => Err(OWNER.fault("start", "it is wanted beside `width`")),
        (Some(_), None) => Err(OWNER.fault("width", "it is wanted beside `start`")),
    }
}

fn size(number: u64) -> Result<usize, Problem> {
    usize::try_from(number).map_err(|_| OWNER.fault("width", "the number is too large"))
}

/// What lies between the known places up to the width.
fn gaps(mut known: Vec<Place>, width: usize) -> Vec<Place> {
    known.sort_by_key(|place| place.from);
    let (mut gaps, mut at) = (Vec::new(), 0);
    for place in known.into_iter().chain([Place { from: width, to: width }]) {
        if place.from > at {
            gaps.push(Place { from: at, to: place.from });
        }
        at = at.max(place.to);
    }
    gaps
}

impl Kind {
    fn read(options: &Options) -> Result<Option<Self>, Problem> {
        let Some(table) = OWNER.table(&options.0, "kind")? else { return Ok(None) };
        OWNER.only(table, ["start", "width", "rows", "skip"].into_iter())?;
        let place = place(table)?.ok_or_else(|| OWNER.fault("kind", "`start` and `width` are wanted"))?;
        let (rows, skip) = (OWNER.texts(table, "rows")?, OWNER.texts(table, "skip")?);
        if rows.is_empty() {
            return Err(OWNER.fault("kind", "`rows` is wanted: the kinds of line that are rows"));
        }
        if let Some(both) = rows.iter().find(|word| skip.contains(word)) {
            return Err(OWNER.fault("kind", &format!("`{both}` stands in `rows` and in `skip`")));
        }
        let long = |word: &&String| word.trim().is_empty() || word.chars().count() > place.to - place.from;
        if let Some(word) = rows.iter().chain(&skip).find(long) {
            return Err(OWNER.fault("kind", &format!("`{word}` cannot stand in {}", place.said())));
        }
        Ok(Some(Self { place, rows, skip }))
    }
}

impl Trailer {
    fn read(options: &Options) -> Result<Option<Self>, Problem> {
        let Some(table) = OWNER.table(&options.0, "trailer")? else { return Ok(None) };
        OWNER.only(table, ["starts_with", "start", "width"].into_iter())?;
        let starts_with = OWNER.text(table, "starts_with")?.unwrap_or_default().trim_end().to_owned();
        if starts_with.is_empty() {
            return Err(OWNER.fault("trailer", "`starts_with` is wanted"));
        }
        Ok(Some(Self { starts_with, count: place(table)? }))
    }
}
