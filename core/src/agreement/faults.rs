//! Collects every fault of the agreement's files, each with its place.

use super::syntax::Word;
use super::{PartnerId, Span};
use crate::problem::{Code, Problem};
use crate::schema::{CategoryId, Field, FieldId, Schema};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

/// The faults found so far, and the words against which others are checked.
pub(crate) struct Faults<'a> {
    pub(crate) schema: &'a Schema,
    /// Keys of the partners, in order.
    pub(crate) partners: Vec<String>,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Faults<'a> {
    pub(crate) const fn new(schema: &'a Schema) -> Self {
        Self { schema, partners: Vec::new(), problems: Vec::new() }
    }

    /// A fault at a word.
    pub(crate) fn at(&mut self, code: Code, file: &str, word: &Word, what: String) {
        self.problems.push(Problem::new(code, what).in_config(file, word.span()));
    }

    /// A fault of a file as a whole.
    pub(crate) fn whole(&mut self, code: Code, file: &str, what: String) {
        self.problems.push(Problem::new(code, what).in_config(file, 0..0));
    }

    /// An unknown word, with the nearest known one.
    pub(crate) fn unknown<'w>(
        &mut self,
        file: &str,
        word: &Word,
        sort: &str,
        known: impl IntoIterator<Item = &'w str>,
    ) {
        let text = word.get_ref();
        let problem = Problem::new("LG0301", format!("unknown {sort} `{text}`")).in_config(file, word.span());
        self.problems.push(problem.suggest(text, known));
    }

    /// The position of a word in a list of known words.
    pub(crate) fn find(&mut self, file: &str, word: &Word, sort: &str, known: &[String]) -> Option<usize> {
        let at = known.iter().position(|k| k == word.get_ref());
        if at.is_none() {
            self.unknown(file, word, sort, known.iter().map(String::as_str));
        }
        at
    }

    /// The partner of that key.
    pub(crate) fn partner(&mut self, file: &str, word: &Word) -> Option<PartnerId> {
        let known = core::mem::take(&mut self.partners);
        let at = self.find(file, word, "partner", &known);
        self.partners = known;
        at.and_then(|i| u8::try_from(i).ok()).map(PartnerId)
    }

    /// The category of that name.
    pub(crate) fn category(&mut self, file: &str, word: &Word) -> Option<CategoryId> {
        let schema = self.schema;
        let found = schema.category(word.get_ref());
        if found.is_none() {
            self.unknown(file, word, "category", schema.categories().map(|(_, c)| c.name.as_str()));
        }
        found
    }

    /// The field of that name in a category.
    pub(crate) fn field(
        &mut self,
        file: &str,
        category: CategoryId,
        word: &Word,
    ) -> Option<(FieldId, &'a Field)> {
        let rule = self.schema.get(category)?;
        let found = rule.field(word.get_ref()).and_then(|id| Some((id, rule.get(id)?)));
        if found.is_none() {
            let sort = format!("field of `{}`", rule.name);
            self.unknown(file, word, &sort, rule.fields.iter().map(|f| f.name.as_str()));
        }
        found
    }

    /// A date.
    pub(crate) fn date(&mut self, file: &str, word: &Word) -> Option<Date> {
        let date = word.get_ref().parse::<Date>().ok().filter(|_| word.get_ref().len() == 10);
        if date.is_none() {
            self.at("LG0305", file, word, format!("`{}` is not a date such as 2008-11-01", word.get_ref()));
        }
        date
    }

    /// A span of dates; an unreadable or earlier end is a fault.
    pub(crate) fn span(&mut self, file: &str, from: &Word, until: Option<&Word>) -> Span {
        let span = Span { from: self.date(file, from), until: until.and_then(|u| self.date(file, u)) };
        if let (Some(first), Some(last), Some(word)) = (span.from, span.until, until)
            && last < first
        {
            self.at("LG0305", file, word, format!("`{last}` lies before the beginning `{first}`"));
        }
        span
    }

    /// Reports the second of two equal words in a list.
    pub(crate) fn once<'w>(&mut self, file: &str, words: impl IntoIterator<Item = &'w Word>) {
        let mut seen: Vec<&str> = Vec::new();
        for word in words {
            if seen.contains(&word.get_ref().as_str()) {
                self.at("LG0308", file, word, format!("`{}` stands twice", word.get_ref()));
            }
            seen.push(word.get_ref());
        }
    }
}
