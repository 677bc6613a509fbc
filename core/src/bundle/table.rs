//! A table of a bundle as CSV bytes: RFC 4180 quoting, CRLF, the ten provenance columns, and a
//! reversible guard against cells that a spreadsheet would take for a formula.
//!
//! Text cells that start with `= + - @ ' ＝ ＋ － ＠` get one leading apostrophe; a reader removes
//! one leading apostrophe from text columns. Typed columns are validated instead. Control and
//! bidirectional-format characters are never written.

use crate::schema::{CategoryId, Field, FieldId, Kind};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The byte order mark that makes Excel read CSV as UTF-8.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// The columns with which every row starts.
pub const PROVENANCE: [(&str, Form, &str); 10] = [
    ("record_id", Form::Text, "Record (your own reference)"),
    ("record_version", Form::Integer, "Version of the record as told to you"),
    ("change", Form::Text, "What this row does to your copy"),
    ("person_ref", Form::Text, "Person (your own reference)"),
    ("originator", Form::Text, "Who gave the information (5.2.3)"),
    ("clause", Form::Text, "Clause of the agreement"),
    ("purpose", Form::Text, "Purposes (5.2.4)"),
    ("handling", Form::Text, "Handling code"),
    ("as_of", Form::Date, "Day on which this content was first sent"),
    ("review_by", Form::Date, "Review by (5.5.2)"),
];

/// What a cell's text looks like, hence its type in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Any text; guarded.
    Text,
    /// `2008-11-17`.
    Date,
    /// `2008-11-17T23:15:00Z`.
    DateTime,
    /// `2008-11`.
    YearMonth,
    /// `2008`.
    Year,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// `true` or `false`.
    Boolean,
}

impl Form {
    /// The form of a whole value.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Dob | Kind::Date => Self::Date,
            Kind::DateTime => Self::DateTime,
            Kind::Number | Kind::Money => Self::Decimal,
            Kind::Flag => Self::Boolean,
            Kind::Name
            | Kind::Id
            | Kind::Code
            | Kind::Address
            | Kind::Postcode
            | Kind::Text
            | Kind::Person
            | Kind::File => Self::Text,
        }
    }

    /// The form of a reduced value, by the reduction's word; text when the word says nothing.
    pub fn reduced(word: &str) -> Self {
        match word {
            "date" | "date_only" => Self::Date,
            "month" => Self::YearMonth,
            "year" => Self::Year,
            "age" | "count" => Self::Integer,
            "presence" => Self::Boolean,
            _ => Self::Text,
        }
    }

    /// The type's word in a Table Schema.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::YearMonth => "yearmonth",
            Self::Year => "year",
            Self::Integer => "integer",
            Self::Decimal => "number",
            Self::Boolean => "boolean",
        }
    }

    /// Whether a value may stand in a column of this form; the empty cell may stand in any.
    pub fn fits(self, text: &str) -> bool {
        text.is_empty()
            || match self {
                Self::Text => true,
                Self::Date => is_date(text),
                Self::DateTime => like(text, "dddd-dd-ddTdd:dd:ddZ") && text.get(..10).is_some_and(is_date),
                Self::YearMonth => like(text, "dddd-dd") && in_range(text, 5..7, 1..=12),
                Self::Year => like(text, "dddd"),
                Self::Integer => is_decimal(text, false),
                Self::Decimal => is_decimal(text, true),
                Self::Boolean => matches!(text, "true" | "false"),
            }
    }
}

fn like(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(t, s)| if s == b'd' { t.is_ascii_digit() } else { t == s })
}

fn in_range(text: &str, at: core::ops::Range<usize>, allowed: core::ops::RangeInclusive<u8>) -> bool {
    text.get(at).and_then(|t| t.parse().ok()).is_some_and(|n| allowed.contains(&n))
}

fn is_date(text: &str) -> bool {
    like(text, "dddd-dd-dd") && in_range(text, 5..7, 1..=12) && in_range(text, 8..10, 1..=31)
}

fn is_decimal(text: &str, fraction: bool) -> bool {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, part)) => fraction && digits(whole) && digits(part),
        None => digits(text),
    }
}

/// One granted column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Which field of the category.
    pub field: FieldId,
    /// Its name in files.
    pub name: String,
    /// Plain words.
    pub title: String,
    /// What its cells look like.
    pub form: Form,
}

impl Column {
    /// The column of a granted field, with the word of its reduction if the grant has one. A field
    /// that is sometimes whole and sometimes reduced (more on an authority) is text: set `form`.
    pub fn new(id: FieldId, field: &Field, reduced: Option<&str>) -> Self {
        let form = reduced.map_or(Form::of(field.kind), Form::reduced);
        Self { field: id, name: field.name.clone(), title: field.title.clone(), form }
    }
}

/// One table: a category with the columns granted to this recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Which category; `None` for one that the schema no longer has, of which only withdrawals leave.
    pub category: Option<CategoryId>,
    /// The category's name.
    pub name: String,
    /// Plain words.
    pub title: String,
    /// The granted columns in the schema's order.
    pub columns: Vec<Column>,
}

impl Table {
    /// File name without folder and ending: `people` for the identity fields, else the category's name.
    pub fn file(&self) -> &str {
        if self.name == "person" { "people" } else { &self.name }
    }

    /// Names and forms of all columns, provenance first.
    pub fn header(&self) -> impl Iterator<Item = (&str, Form)> {
        let own = self.columns.iter().map(|c| (c.name.as_str(), c.form));
        PROVENANCE.iter().map(|(name, form, _)| (*name, *form)).chain(own)
    }

    /// Writes the header line.
    pub fn write_header(&self, out: &mut Vec<u8>) {
        write_line(self.header().map(|(name, _)| (name, Form::Text)), out);
    }

    /// Writes one row's line; the cells are those of a packed row.
    pub fn write_row<'a>(&self, cells: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
        write_line(cells.zip(self.header().map(|(_, form)| form)), out);
    }
}

/// Writes one line of CSV.
pub(super) fn write_line<'a>(cells: impl Iterator<Item = (&'a str, Form)>, out: &mut Vec<u8>) {
    for (at, (text, form)) in cells.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_cell(text, form, out);
    }
    out.extend_from_slice(b"\r\n");
}

fn write_cell(text: &str, form: Form, out: &mut Vec<u8>) {
    if form != Form::Text {
        // Validated when the row was packed: digits, signs and two words, nothing to quote.
        return out.extend_from_slice(text.as_bytes());
    }
    let guard = if needs_guard(text) { "'" } else { "" };
    if any(text, |b| matches!(b, b',' | b'"' | b'\r' | b'\n')) {
        out.push(b'"');
        out.extend_from_slice(guard.as_bytes());
        for (at, part) in text.split('"').enumerate() {
            if at > 0 {
                out.extend_from_slice(b"\"\"");
            }
            out.extend_from_slice(part.as_bytes());
        }
        out.push(b'"');
    } else {
        out.extend_from_slice(guard.as_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}

/// Whether any byte is one of some; a few bytes at a time, without a branch between them.
fn any(text: &str, is: impl Fn(u8) -> bool) -> bool {
    text.as_bytes().chunks(16).any(|part| part.iter().fold(false, |found, b| found | is(*b)))
}

fn needs_guard(text: &str) -> bool {
    if text.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric) {
        return false;
    }
    text.starts_with(['=', '+', '-', '@', '\'', '\t', '\r', '＝', '＋', '－', '＠'])
}

/// The text of a text cell with its guard.
pub fn guard(text: &str) -> Cow<'_, str> {
    if needs_guard(text) { Cow::Owned(alloc::format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text behind a text cell: what a reader of the CSV does.
pub fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

/// Appends a value without the characters that are never written: line breaks and tabs become one
/// space, other control characters and bidirectional marks vanish, and a leading one cannot shield
/// a formula sign.
pub(super) fn clean(text: &str, out: &mut Vec<u8>) {
    if !any(text, |b| !(0x20..0x7f).contains(&b)) {
        return out.extend_from_slice(text.as_bytes());
    }
    let start = out.len();
    let mut gap = false;
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => gap = true,
            _ if is_silent(c) => {}
            _ => {
                if core::mem::take(&mut gap) && out.len() > start {
                    out.push(b' ');
                }
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

fn is_silent(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn cleaned(text: &str) -> String {
        let mut out = Vec::new();
        clean(text, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    fn cell(text: &str, form: Form) -> String {
        let mut out = Vec::new();
        write_cell(text, form, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    #[test]
    fn cells_are_guarded_and_quoted() {
        for (text, written) in [
            ("Harehills", "Harehills"),
            ("O'Brien", "O'Brien"),
            ("'tis", "''tis"),
            ("''", "'''"),
            ("=1+1", "'=1+1"),
            ("+441134960000", "'+441134960000"),
            ("-", "'-"),
            ("@x", "'@x"),
            ("＝1", "'＝1"),
            ("＠SUM", "'＠SUM"),
            ("1 Example Street, Leeds", "\"1 Example Street, Leeds\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("00123A", "00123A"),
            ("", ""),
        ] {
            assert_eq!(cell(text, Form::Text), written, "{text}");
        }
        assert_eq!(cell("-12.50", Form::Decimal), "-12.50", "a typed cell has no guard");
    }

    #[test]
    fn control_and_bidi_characters_are_never_written() {
        for (text, written) in [
            ("a\tb\r\n\nc", "a b c"),
            ("\t=1+1", "=1+1"),
            ("\r\n\u{202e}=1", "=1"),
            ("x\0\u{7}\u{7f}\u{9f}y", "xy"),
            ("Zo\u{eb}\u{200f}", "Zo\u{eb}"),
            ("end\n", "end"),
        ] {
            assert_eq!(cleaned(text), written);
        }
    }

    #[test]
    fn forms_fit_only_their_own_values() {
        let table: [(Form, &[&str], &[&str]); 7] = [
            (
                Form::Date,
                &["2008-11-17", ""],
                &["2008-13-01", "2008-11-32", "17/11/2008", "=2008-11-1", "2008-11"],
            ),
            (Form::DateTime, &["2008-11-20T23:15:00Z"], &["2008-11-20T23:15:00", "2008-11-20 23:15:00Z"]),
            (Form::YearMonth, &["2008-11"], &["2008-00", "2008-1", "2008-11-01"]),
            (Form::Year, &["2008"], &["08", "+2008"]),
            (Form::Integer, &["0", "-3", "42"], &["1.5", "+1", "1e5", "-", "=1"]),
            (Form::Decimal, &["1", "-0.5", "12.50"], &[".5", "1.", "1,000", "1E5", "--1"]),
            (Form::Boolean, &["true", "false"], &["TRUE", "1", "yes"]),
        ];
        for (form, good, bad) in table {
            assert_eq!(good.iter().find(|t| !form.fits(t)), None, "{form:?}");
            assert_eq!(bad.iter().find(|t| form.fits(t)), None, "{form:?}");
        }
    }

    proptest! {
        #[test]
        fn the_guard_is_reversible(text in "([=+@'＝＋－＠-]|\t|\r)?.{0,30}") {
            let guarded = guard(&text);
            prop_assert_eq!(unguard(&guarded), text.as_str());
        }

        #[test]
        fn a_guarded_cell_starts_no_formula(text in "\\PC{0,4}[=+@＝-]?.{0,20}") {
            let written = guard(&cleaned(&text)).to_string();
            prop_assert!(!written.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']));
            prop_assert!(!written.chars().any(|c| c.is_control() || is_silent(c)));
        }

        #[test]
        fn a_line_reads_back_as_its_cells(cells in prop::collection::vec("[ -~é\"',=＝-]{0,12}", 1..6)) {
            let cells: Vec<String> = cells.iter().map(|c| cleaned(c)).collect();
            let mut out = Vec::new();
            write_line(cells.iter().map(|c| (c.as_str(), Form::Text)), &mut out);
            let line = String::from_utf8(out).expect("text");
            let back: Vec<String> = parse(&line).iter().map(|c| unguard(c).into()).collect();
            prop_assert_eq!(back, cells);
        }
    }

    /// A second reading of RFC 4180, a character at a time.
    fn parse(line: &str) -> Vec<String> {
        let (mut cells, mut quoted) = (alloc::vec![String::new()], false);
        let mut chars = line.strip_suffix("\r\n").expect("CRLF").chars().peekable();
        while let Some(c) = chars.next() {
            let cell = cells.last_mut().expect("one");
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => cell.push(chars.next().expect("quote")),
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                _ => cell.push(c),
            }
        }
        cells
    }
}
