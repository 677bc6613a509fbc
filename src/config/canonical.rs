//! What a TOML file says, as bytes: without comments, blanks, order of keys and kinds of quotation marks.
//!
//! The digest that the holders sign (9.2) is taken over these, so that laying a file out anew or explaining it better
//! voids no signature, and every changed word does.

use lockgate_core::hash::{Digest, Digester};
use toml::Value;

/// Files of the agreement's folder that decide about nobody's rights, hence are not signed: nominees are notified, not
/// agreed (7.4); `clauses.toml` says what the software does about each clause.
pub(super) const UNSIGNED: [&str; 2] = ["nominees.toml", "clauses.toml"];

/// The canonical bytes of a text; `None` when it does not parse.
pub(super) fn canonical(text: &str) -> Option<Vec<u8>> {
    let table: toml::Table = toml::from_str(text).ok()?;
    let mut out = Vec::new();
    put(&Value::Table(table), &mut out);
    Some(out)
}

/// The digest of several files whatever their order: per file its name and bytes, each with its length before it.
pub(super) fn digest<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Digest {
    let mut files: Vec<(&str, Vec<u8>)> = files.into_iter().collect();
    files.sort_unstable();
    let mut digester = Digester::new();
    for (name, bytes) in &files {
        for part in [name.as_bytes(), bytes] {
            digester.update(&(part.len() as u64).to_le_bytes());
            digester.update(part);
        }
    }
    digester.finish()
}

/// A value behind a letter for its kind; texts and lists behind their length.
fn put(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::String(text) => put_text(b's', text, out),
        Value::Integer(number) => put_text(b'i', &number.to_string(), out),
        Value::Float(number) => put_text(b'f', &number.to_string(), out),
        Value::Boolean(flag) => put_text(b'b', if *flag { "true" } else { "false" }, out),
        Value::Datetime(time) => put_text(b'd', &time.to_string(), out),
        Value::Array(values) => {
            put_length(b'a', values.len(), out);
            values.iter().for_each(|v| put(v, out));
        }
        Value::Table(table) => {
            put_length(b't', table.len(), out);
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            for (key, value) in entries {
                put_text(b'k', key, out);
                put(value, out);
            }
        }
    }
}

fn put_length(kind: u8, length: usize, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

fn put_text(kind: u8, text: &str, out: &mut Vec<u8>) {
    put_length(kind, text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clause_9_2_layout_and_comments_void_nothing_and_words_do() {
        let plain = canonical("a = \"x\"\nb = [1, 2]\n[t]\nc = true\n");
        assert!(plain.is_some());
        let other = canonical("# why\nb = [ 1,\n 2 ]   # twice\na = 'x'\n\n[t]\nc=true\n");
        assert_eq!(plain, other);
        for changed in ["a = \"y\"", "a = \"x\"\nb = [2, 1]", "a = \"x\"\nb = [1, 2]\n[u]\nc = true", "a = 1"]
        {
            assert_ne!(plain, canonical(changed), "{changed}");
        }
        assert_eq!(canonical("a = "), None);
    }

    #[test]
    fn clause_9_2_a_text_moved_from_one_file_to_the_next_is_another_agreement() {
        let one = digest([("a", b"xy".to_vec()), ("b", Vec::new())]);
        assert_ne!(one, digest([("a", b"x".to_vec()), ("b", b"y".to_vec())]));
        assert_eq!(one, digest([("b", Vec::new()), ("a", b"xy".to_vec())]));
    }
}
