//! The one layout of the configuration files: blanks, blank lines, indents and comments; never a word or a value.
//!
//! It works on the words of the text as a TOML reader splits them, so that every word and every comment comes out again,
//! and the result is held against the text: what reads as something else is not given.

mod lines;
mod statement;

use statement::{Kind, Statement};

/// The order of keys that a mapping's tables have, as the grammar lists them.
pub const ORDER: &[(&str, &[&str])] = &[
    ("feed", &["name", "partner", "title", "kind", "retention", "owner", "key_space", "after"]),
    ("source", &["place", "file", "date", "format"]),
];

/// The text in its one layout; `None` when it is not TOML, or would no longer say the same.
pub fn formatted(text: &str) -> Option<String> {
    let before: toml::Table = toml::from_str(text).ok()?;
    let mut statements = statement::split(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    if statements.iter().filter(|s| s.is_header(&["feed", "source", "columns"])).count() == 3 {
        in_order(&mut statements);
    }
    let out = lines::written(&statements);
    (toml::from_str::<toml::Table>(&out).ok()? == before).then_some(out)
}

/// Sorts the keys of the tables in [`ORDER`]; a table with comments or blank lines between its keys stays as it is, for
/// nobody but its author knows what those belong to.
fn in_order(statements: &mut [Statement<'_>]) {
    for (table, order) in ORDER {
        let Some(header) = statements.iter().position(|s| s.is_header(&[table])) else { continue };
        let inside = statements.get_mut(header + 1..).unwrap_or_default();
        let end = inside.iter().position(|s| s.kind != Kind::Pair).unwrap_or(inside.len());
        let begins_next = inside.get(end).is_none_or(|next| next.kind == Kind::Header || next.blanks > 0);
        let own = inside.get(end..).unwrap_or_default().iter().take_while(|s| s.kind == Kind::Comment);
        let followed = inside.get(end + own.count()).is_none_or(|next| next.kind == Kind::Header);
        let (keys, _) = inside.split_at_mut(end);
        if begins_next && followed && keys.iter().skip(1).all(|s| s.blanks == 0) {
            keys.sort_by_key(|s| order.iter().position(|k| *k == s.key()).unwrap_or(order.len()));
        }
    }
}

#[cfg(test)]
mod tests;
