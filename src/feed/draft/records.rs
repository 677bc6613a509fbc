//! The record blocks of a draft: their keys, their fields, and what the example then expects.

use super::{Proposed, Target, Writer, quoted, record_text, tokens};
use crate::feed::invent;
use lockgate_core::schema::{Field, Kind};
use lockgate_core::value::identifier::IdKind;
use std::fmt::Write as _;

/// Columns of a record's key.
const KEYS: usize = 4;
/// Words of a column that are shown.
const SHOWN: usize = 20;

impl Writer<'_> {
    /// One record block; dates of which each is a fact of its own make a block each.
    pub(super) fn record(&mut self, key: usize, category: &str, fields: &[(&Field, Vec<usize>)]) {
        let many = fields.iter().find(|(f, at)| f.kind == Kind::Date && at.len() > 1);
        let (mut lines, mut expect) = (String::new(), Vec::new());
        for (field, at) in fields.iter().filter(|(f, _)| many.is_none_or(|(m, _)| m.name != f.name)) {
            if let Some(line) = self.line(field, category, at) {
                let _ = writeln!(lines, "{}", line.text);
                self.take(line, at, &mut expect);
            } else {
                let note = self.not_yet(category, field, at);
                lines.push_str(&note);
            }
        }
        if let Some((field, columns)) = many {
            for at in columns {
                self.part(key, category, (field, *at), (&lines, &expect));
            }
            return;
        }
        let live = lines.lines().any(|l| !l.starts_with('#'));
        if !live {
            let _ = writeln!(
                self.records,
                "\n# TODO {category}: nothing can be filled yet\n{}",
                lines.trim_end()
            );
            return;
        }
        let keys = self.record_key(key);
        self.todo.push(format!("`{category}`: whether its key is right, and whether rows need a `when`"));
        let when = self.kind_test(category).map_or_else(String::new, |test| format!("when = [{test}]\n"));
        let _ = write!(
            self.records,
            "\n[[record]]                            # TODO: is the key right? does every row give this record, or does it need a `when`?\ncategory = {}\nkey = [{keys}]\n{when}{}[record.fields]\n{lines}",
            quoted(category),
            self.marks,
        );
        self.expected(category, &expect);
    }

    fn expected(&mut self, category: &str, expect: &[String]) {
        if self.meets_example(category) {
            self.expect.push(record_text(category, expect));
        }
    }

    /// A block of its own for one of several dates.
    fn part(
        &mut self,
        key: usize,
        category: &str,
        (field, at): (&Field, usize),
        (lines, shared): (&str, &[String]),
    ) {
        let Some(line) = self.line(field, category, &[at]) else { return };
        let header = self.header(at).to_owned();
        let part: Vec<String> = tokens(&header);
        // A list of the category that knows the header's own word says what kind of date it is.
        let of = self.schema.category(category).and_then(|c| self.schema.get(c));
        let coded = of.into_iter().flat_map(|c| &c.fields).find_map(|f| {
            let list = self.schema.list(f.detail.as_deref()?)?;
            let code =
                list.codes().find(|code| part.first().is_some_and(|p| p.eq_ignore_ascii_case(code)))?;
            (!lines.contains(&format!("{} = ", f.name)))
                .then(|| format!("{} = {{ constant = {} }}\n", f.name, quoted(code)))
        });
        let keys = self.record_key(key);
        let kind = self.kind_test(category).map_or_else(String::new, |test| format!(", {test}"));
        let _ = write!(
            self.records,
            "\n[[record]]\ncategory = {}\nkey = [{keys}]\npart = {}\nwhen = [{{ column = {}, present = true }}{kind}]\n{}[record.fields]\n{}\n{lines}{}",
            quoted(category),
            quoted(&part.join("_")),
            quoted(self.name(at)),
            self.marks,
            line.text,
            coded.unwrap_or_default(),
        );
        let mut expect = shared.to_vec();
        self.take(line, &[at], &mut expect);
        self.expected(category, &expect);
    }

    fn record_key(&mut self, key: usize) -> String {
        let of = |(at, column): (usize, &Proposed)| {
            let part = column.target == Target::Key && column.looks.filled > 0;
            (at == key || part).then_some(at)
        };
        let mut columns: Vec<usize> = self.plan.columns.iter().enumerate().filter_map(of).collect();
        columns.sort_by_key(|at| *at != key);
        columns.truncate(KEYS);
        for at in &columns {
            self.mark_used(*at);
            if !self.row.iter().any(|(c, _)| c == at) {
                let value = invent::id(&self.sample.survey, IdKind::Local).unwrap_or_else(|| "1".into());
                self.row.push((*at, value));
            }
        }
        columns.iter().map(|at| quoted(self.name(*at))).collect::<Vec<_>>().join(", ")
    }

    /// A field that cannot be filled before somebody has said what its codes mean.
    fn not_yet(&mut self, category: &str, field: &Field, columns: &[usize]) -> String {
        let words: Vec<String> = columns.iter().map(|c| format!("`{}`", self.header(*c))).collect();
        let open = if field.kind == Kind::DateTime {
            "the time of day is missing"
        } else {
            "its words have to be mapped"
        };
        self.todo.push(format!("`{category}.{}`: from {}; {open}", field.name, words.join(", ")));
        let what =
            if field.kind == Kind::DateTime { "it needs a time of day" } else { "say what its words mean" };
        let mut out = format!("# TODO {} from {}: {what}", field.name, words.join(", "));
        if let Some(list) = &field.detail {
            let _ = write!(out, " in the list `{list}` (a `map` here, or a code map)");
        }
        for at in columns {
            if self.plan.columns.get(*at).is_some_and(|c| c.marks.contains(&"personal")) {
                continue;
            }
            let seen = self.sample.survey.codes(*at);
            if !seen.is_empty() {
                let shown: Vec<String> = seen.iter().take(SHOWN).map(|w| quoted(w)).collect();
                let _ = write!(out, "\n#      seen in `{}`: {}", self.header(*at), shown.join(", "));
            }
        }
        out.push('\n');
        out
    }
}
