//! Rules and conditions: test rows, columns that keep rows or records back, the column that tells kinds of rows
//! apart. A rule that refuses too much is written; one that needs to be known is only suggested.

use super::{Target, Writer, quoted};
use crate::feed::header::Header;
use std::fmt::Write as _;

impl Writer<'_> {
    /// Writes or suggests what each column that looks like a condition may decide.
    pub(super) fn rules(&mut self) {
        let kinds = self.plan.vote.kinds.as_ref().map(|k| k.column);
        for at in 0..self.plan.columns.len() {
            let Some(column) = self.plan.columns.get(at) else { continue };
            if column.target != Target::Condition {
                continue;
            }
            let header = Header::new(&column.header);
            if kinds == Some(at) {
                self.kinds(at);
            } else if column.marks.contains(&"personal") || self.is_name(&header) {
                self.test_rows(at);
            } else if let Some((why, open)) = self.words.open(&header) {
                let (why, open) = (why.to_owned(), open.to_vec());
                self.keeps_back(at, &why, &open);
            } else {
                self.suggest(at);
            }
        }
    }

    fn is_name(&self, header: &Header) -> bool {
        let bare = header.without(&self.words.person.subject).unwrap_or_else(|| header.clone());
        let surname = self.words.field.get("person.surname").map_or(0, |phrases| bare.best(phrases));
        surname.max(bare.best(&self.words.person.whole_name)) >= 90
    }

    /// Rows that are no person's.
    pub(super) fn test_rows(&mut self, at: usize) {
        let mut words: Vec<String> = self.words.person.test_rows.clone();
        words.extend(
            self.lessons.into_iter().flat_map(super::super::lessons::Lessons::test_rows).map(str::to_owned),
        );
        words.sort();
        words.dedup();
        let list: Vec<String> = words.iter().map(|w| quoted(w)).collect();
        self.mark_used(at);
        let _ = write!(
            self.rules,
            "\n[[refuse]]                            # TODO: are these the names of its test rows?\nwhen = [{{ column = {}, in = [{}] }}]\nreason = \"test_row\"\n",
            quoted(self.name(at)),
            list.join(", ")
        );
        self.todo
            .push(format!("column `{}`: by which names the source's test rows are known", self.header(at)));
    }

    /// A flag that keeps rows or records back: everything but the plain words for "open" does.
    fn keeps_back(&mut self, at: usize, why: &str, open: &[String]) {
        let same = |value: &str| open.iter().any(|word| word.eq_ignore_ascii_case(value));
        let mut words = self.sample.survey.among(at, same);
        if words.is_empty() {
            words = open.to_vec();
        }
        let list: Vec<String> = words.iter().map(|w| quoted(w)).collect();
        let (column, list) = (quoted(self.name(at)), list.join(", "));
        self.mark_used(at);
        if let Some(word) = words.into_iter().next() {
            self.row.push((at, word));
        }
        if why == "sensitive" {
            let _ = writeln!(
                self.marks,
                "restricted = {{ column = {column}, not_in = [{list}] }}   # TODO: do these words say that it is not sensitive?"
            );
        } else {
            let _ = write!(
                self.rules,
                "\n[[refuse]]                            # TODO: do these words, and no other, say that the row may be used?\nwhen = [{{ column = {column}, not_in = [{list}] }}]\nreason = {}\n",
                quoted(why)
            );
        }
        self.todo
            .push(format!("column `{}`: which words say that nothing stands in the way", self.header(at)));
    }

    /// A column that tells kinds of rows apart: the words that name a category stand in the records' `when`.
    fn kinds(&mut self, at: usize) {
        let Some(kinds) = &self.plan.vote.kinds else { return };
        let chosen = self.plan.vote.chosen.iter().find_map(|category| kinds.words.get(category)?.first());
        let word = chosen.cloned();
        self.row.extend(word.map(|word| (at, word)));
        self.todo.push(format!(
            "column `{}`: what its other words mean (`[[refuse]]`, `[[skip]]`)",
            self.header(at)
        ));
    }

    /// Only a suggestion: which words count has to be known.
    fn suggest(&mut self, at: usize) {
        let seen = self.sample.survey.codes(at);
        let list: Vec<String> = seen.iter().take(12).map(|w| quoted(w)).collect();
        let shown = if list.is_empty() { "\"…\"".to_owned() } else { list.join(", ") };
        let text = format!(
            "\n# TODO `{}` may decide which rows count: which words mean that a row holds, is taken back (`cancelled` in the\n# record) or is none of this feed (`[[skip]]`)? For example:\n# [[refuse]]\n# when = [{{ column = {}, not_in = [{shown}] }}]\n# reason = \"unknown_word\"\n",
            self.header(at),
            quoted(self.name(at)),
        );
        self.rules.push_str(&text);
    }

    /// The test that picks a category's rows, where a column tells kinds of rows apart.
    pub(super) fn kind_test(&mut self, category: &str) -> Option<String> {
        let kinds = self.plan.vote.kinds.as_ref()?;
        let words: Vec<String> = kinds.words.get(category)?.iter().map(|w| quoted(w)).collect();
        self.mark_used(kinds.column);
        Some(format!("{{ column = {}, in = [{}] }}", quoted(self.name(kinds.column)), words.join(", ")))
    }

    /// Whether the example's row gives a record of the category.
    pub(super) fn meets_example(&self, category: &str) -> bool {
        let Some(kinds) = &self.plan.vote.kinds else { return true };
        let Some(words) = kinds.words.get(category) else { return true };
        self.row.iter().any(|(at, word)| *at == kinds.column && words.contains(word))
    }
}
