//! A JSON sample: which array holds the rows, where their number is stated, and the paths of the columns.
//!
//! A key that is data itself (a name, a number) would put a person into the draft: only keys that many rows
//! share are columns.

use super::Try;
use lockgate_connectors::{OptionValue, Wanted};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

/// Bytes of a sample that are looked at; a larger one gives no guess.
const LOOKED: u64 = 64 << 20;
/// Rows of which the keys are counted.
const ROWS: usize = 2000;
/// A key is a column when it stands in one row of so many.
const SHARED: usize = 10;
/// Columns of one object, at most; where there are more, the keys are data.
const NAMED: usize = 40;
/// Levels of objects inside a row, and of objects around it, that are looked into.
const DEEP: usize = 6;
/// Words by which a document names the number of its rows.
const COUNTS: [&str; 5] = ["count", "total", "rows", "records", "number"];

/// An array of objects met on the way.
struct Found<'v> {
    /// As the option `row` writes it.
    path: String,
    /// The objects around the rows, outermost first: those of the first row.
    around: Vec<&'v Map<String, Value>>,
    /// The rows.
    rows: Vec<&'v Map<String, Value>>,
}

/// The options and columns of a document; nothing when it is none, or has no rows.
pub(super) fn document(path: &Path) -> Option<Try> {
    let mut text = Vec::new();
    BufReader::new(File::open(path).ok()?).take(LOOKED).read_to_end(&mut text).ok()?;
    let whole: Value = serde_json::from_slice(text.trim_ascii()).ok()?;
    let mut found: Vec<Found<'_>> = Vec::new();
    walk(&whole, "", &mut Vec::new(), &mut found);
    // Of arrays of one length the outermost is the rows.
    let best =
        found.into_iter().reduce(|best, one| if one.rows.len() > best.rows.len() { one } else { best })?;
    let mut made = Try::plain();
    made.notes.push(format!("a row is an object of `{}`", best.path));
    made.options.insert("row".into(), OptionValue::Text(best.path.clone()));
    if let Some(count) = count(&whole, best.rows.len()) {
        made.notes.push(format!("`{count}` states the number of rows"));
        made.options.insert("count".into(), OptionValue::Text(count));
    }
    let mut columns = Columns::default();
    for row in best.rows.iter().take(ROWS) {
        columns.count(row, "", 0);
    }
    let rows = best.rows.len().min(ROWS);
    let mut names = columns.shared(rows);
    let outer = best.around.iter().rev().enumerate().take(DEEP);
    for (up, object) in outer {
        let plain = object.iter().filter(|(_, v)| is_plain(v) && !v.is_null()).take(NAMED);
        names.extend(plain.map(|(key, _)| format!("{}{}", "../".repeat(up + 1), escaped(key))));
    }
    if columns.lists {
        made.options.insert("list".into(), OptionValue::Text("; ".into()));
    }
    made.reading = made.options.clone();
    made.wanted = names.into_iter().map(|name| Wanted { name, ..Wanted::default() }).collect();
    Some(made)
}

/// Gathers every array of objects; those of one path under several objects are one.
fn walk<'v>(
    value: &'v Value,
    path: &str,
    around: &mut Vec<&'v Map<String, Value>>,
    found: &mut Vec<Found<'v>>,
) {
    match value {
        Value::Object(object) if around.len() < DEEP => {
            around.push(object);
            for (key, inner) in object {
                let dot = if path.is_empty() { "" } else { "." };
                walk(inner, &format!("{path}{dot}{}", escaped(key)), around, found);
            }
            around.pop();
        }
        Value::Array(all) => {
            let path = format!("{path}[]");
            let rows: Vec<&Map<String, Value>> = all.iter().filter_map(Value::as_object).collect();
            if rows.is_empty() {
                return;
            }
            match found.iter_mut().find(|f| f.path == path) {
                Some(same) => same.rows.extend(&rows),
                None => found.push(Found { path: path.clone(), around: around.clone(), rows }),
            }
            all.iter().for_each(|inner| walk(inner, &path, around, found));
        }
        _ => {}
    }
}

/// A whole number outside the arrays that is the number of rows, under a word that says so.
fn count(whole: &Value, rows: usize) -> Option<String> {
    let says = |key: &str| COUNTS.iter().any(|word| key.to_lowercase().contains(word));
    let object = whole.as_object()?;
    object.iter().find_map(|(key, value)| match value {
        Value::Number(n) if says(key) && n.as_u64() == u64::try_from(rows).ok() => Some(escaped(key)),
        Value::Object(_) => count(value, rows).map(|inner| format!("{}.{inner}", escaped(key))),
        _ => None,
    })
}

/// The paths of a row's values, in the order in which they are met, and in how many rows each stands.
#[derive(Default)]
struct Columns {
    order: Vec<String>,
    rows: BTreeMap<String, usize>,
    lists: bool,
}

impl Columns {
    fn count(&mut self, object: &Map<String, Value>, prefix: &str, level: usize) {
        for (key, value) in object {
            let path = format!("{prefix}{}", escaped(key));
            match value {
                Value::Object(inner) if level < DEEP => self.count(inner, &format!("{path}."), level + 1),
                Value::Array(all) if all.iter().all(is_plain) => {
                    self.lists = true;
                    self.met(path);
                }
                value if is_plain(value) => self.met(path),
                _ => {}
            }
        }
    }

    fn met(&mut self, path: String) {
        if !self.rows.contains_key(&path) {
            self.order.push(path.clone());
        }
        *self.rows.entry(path).or_default() += 1;
    }

    /// Those that enough rows share, unless one object has so many that they must be data.
    fn shared(&self, rows: usize) -> Vec<String> {
        let of = |path: &str| path.rsplit_once('.').map_or("", |(object, _)| object).to_owned();
        let mut objects: BTreeMap<String, usize> = BTreeMap::new();
        self.order.iter().for_each(|path| *objects.entry(of(path)).or_default() += 1);
        let enough = |path: &&String| {
            let seen = self.rows.get(*path).copied().unwrap_or(0);
            seen * SHARED >= rows && objects.get(&of(path)).copied().unwrap_or(0) <= NAMED
        };
        self.order.iter().filter(enough).cloned().collect()
    }
}

const fn is_plain(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

/// A key as a path writes it.
fn escaped(key: &str) -> String {
    key.replace('\\', "\\\\").replace('.', "\\.")
}
