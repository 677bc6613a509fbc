//! The return form as it comes back: CSV in whatever encoding and with whatever separator a spreadsheet program saved it, or
//! a JSON array of its lines. An archive is never opened.

use lockgate_core::problem::Problem;
use lockgate_core::receipt::Line;
use serde_json::Value;
use std::borrow::Cow;

/// A form is at most this long.
pub const MOST: usize = 16 << 20;
/// Columns without which a line cannot be known.
const NEEDED: [&str; 5] = ["bundle", "action", "done", "done_on", "done_by"];
/// How archives, workbooks and other programs' files begin.
const BINARY: [(&[u8], &str); 8] = [
    (b"PK", "an archive or a workbook"),
    (b"\x1f\x8b", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
    (b"BZh", "an archive"),
    (b"\xfd7zXZ", "an archive"),
    (b"\xd0\xcf\x11\xe0", "a workbook"),
    (b"%PDF", "a PDF"),
];

/// The lines of a form, each with its number in the file.
pub fn read(bytes: &[u8]) -> Result<Vec<(u64, Line)>, Problem> {
    if bytes.len() > MOST {
        return Err(none(format!("it is longer than {} MiB", MOST >> 20)));
    }
    if let Some((_, what)) = BINARY.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(none(format!("it is {what}; save the form as CSV")));
    }
    let text = decoded(bytes)?;
    if text.trim_start().starts_with('[') { json(&text) } else { csv(&text) }
}

fn none(what: impl Into<String>) -> Problem {
    Problem::new("LG2401", what)
}

/// UTF-8 with or without its mark, or else Windows-1252, in which any byte is a sign.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err(none("it is UTF-16 or no text; save the form as CSV (UTF-8)"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    })
}

fn csv(text: &str) -> Result<Vec<(u64, Line)>, Problem> {
    let header = text.lines().next().unwrap_or_default();
    let separators = [b',', b';', b'\t'];
    let most = |separator: &&u8| header.bytes().filter(|b| b == *separator).count();
    let separator = separators.iter().max_by_key(most).copied().unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let unread = |e: &csv::Error| {
        none(format!("it does not read as CSV at line {}", e.position().map_or(0, csv::Position::line)))
    };
    let columns = reader.headers().map_err(|e| unread(&e))?.clone();
    let columns: Vec<String> = columns.iter().map(|c| c.trim().to_ascii_lowercase()).collect();
    needed(|name| columns.iter().any(|c| c == name))?;
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| unread(&e))?;
        let number = record.position().map_or(0, csv::Position::line);
        let mut line = Line::default();
        for (column, cell) in columns.iter().zip(&record) {
            put(&mut line, column, cell);
        }
        if record.iter().any(|cell| !cell.trim().is_empty()) {
            lines.push((number, line));
        }
    }
    Ok(lines)
}

fn json(text: &str) -> Result<Vec<(u64, Line)>, Problem> {
    let value: Value = serde_json::from_str(text)
        .map_err(|e| none(format!("it does not read as JSON at line {}, column {}", e.line(), e.column())))?;
    let Value::Array(items) = value else { return Err(none("it is no array of lines")) };
    let mut lines = Vec::new();
    for (number, item) in (1u64..).zip(items) {
        let Value::Object(cells) = item else { return Err(none(format!("line {number} is no object"))) };
        needed(|name| cells.contains_key(name) || name.starts_with("done"))?;
        let mut line = Line::default();
        for (column, cell) in &cells {
            match cell {
                Value::String(text) => put(&mut line, column, text),
                Value::Null => {}
                Value::Bool(_) | Value::Number(_) => put(&mut line, column, &cell.to_string()),
                Value::Array(_) | Value::Object(_) => {
                    return Err(none(format!("line {number} has a list or an object for a cell")));
                }
            }
        }
        lines.push((number, line));
    }
    Ok(lines)
}

fn needed(has: impl Fn(&str) -> bool) -> Result<(), Problem> {
    match NEEDED.iter().find(|name| !has(name)) {
        Some(name) => Err(none(format!("it has no column `{name}`"))),
        None => Ok(()),
    }
}

fn put(line: &mut Line, column: &str, cell: &str) {
    let place = match column {
        "bundle" => &mut line.bundle,
        "action" => &mut line.action,
        "table" => &mut line.table,
        "record_id" => &mut line.record_id,
        "record_version" => &mut line.record_version,
        "done" => &mut line.done,
        "done_on" => &mut line.done_on,
        "done_by" => &mut line.done_by,
        "remark" => &mut line.remark,
        _ => return,
    };
    cell.clone_into(place);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    const HEADER: &str =
        "bundle,action,table,record_id,record_version,what_to_do,clause,due_by,done,done_on,done_by,remark";
    const FILLED: &str =
        "b,2,prison_release,0a1b,2,replace your copy,6.1,2008-11-24,yes,24/11/2008,dco-1,caf\u{e9}";

    fn only(bytes: &[u8]) -> Line {
        let lines = read(bytes).unwrap();
        assert_eq!(lines.len(), 1);
        lines[0].1.clone()
    }

    #[test]
    fn a_form_reads_alike_however_it_was_saved() {
        let text = format!("{HEADER}\r\n{FILLED}\r\n");
        let plain = only(text.as_bytes());
        assert_eq!(
            (plain.action.as_str(), plain.done_on.as_str(), plain.remark.as_str()),
            ("2", "24/11/2008", "caf\u{e9}")
        );
        let western = encoding_rs::WINDOWS_1252.encode(&text).0;
        for other in [
            format!("\u{feff}{text}").into_bytes(),
            western.into_owned(),
            text.replace(',', ";").into_bytes(),
            text.replace(',', "\t").into_bytes(),
            text.replace("\r\n", "\n").into_bytes(),
            format!("{text}{}\r\n", ",".repeat(11)).into_bytes(),
            text.replace("bundle,action", "Bundle, Action").into_bytes(),
        ] {
            assert_eq!(only(&other), plain);
        }
        let json = r#"[{"bundle": "b", "action": 2, "table": "prison_release", "record_id": "0a1b", "record_version": 2,
            "done": "yes", "done_on": "24/11/2008", "done_by": "dco-1", "remark": "caf\u00e9", "more": null}]"#;
        assert_eq!(only(json.as_bytes()), plain);
    }

    #[test]
    fn what_is_no_form_is_refused_with_its_reason() {
        let long = vec![b' '; MOST + 1];
        for (bytes, why) in [
            (&b"PK\x03\x04..."[..], "archive or a workbook"),
            (b"\x1f\x8b\x08", "archive"),
            (b"\xd0\xcf\x11\xe0", "workbook"),
            (b"%PDF-1.4", "PDF"),
            (b"\xff\xfeb\0u\0", "UTF-16"),
            (b"bundle\0", "no text"),
            (&long, "longer than 16 MiB"),
            (b"", "no column `bundle`"),
            (b"bundle,action\n", "no column `done`"),
            (b"[{\"bundle\": \"b\"}]", "no column `action`"),
            (b"[{\"bundle\": [], \"action\": 1}]", "list or an object"),
            (b"[1]", "no object"),
            (b"[{", "JSON at line 1"),
        ] {
            let problem = read(bytes).unwrap_err();
            assert!(problem.code == "LG2401" && problem.what.contains(why), "{why}: {}", problem.what);
        }
    }
}
