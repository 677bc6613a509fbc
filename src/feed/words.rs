//! The word list by which columns and categories are recognised.

use super::header::{Header, stems};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The list, as data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) null: Vec<String>,
    pub(super) key: BTreeMap<String, Vec<String>>,
    record_key: Phrases,
    pub(super) evidence: BTreeMap<String, Vec<String>>,
    pub(super) field: BTreeMap<String, Vec<String>>,
    pub(super) category: BTreeMap<String, Vec<String>>,
    pub(super) aspect: BTreeMap<String, Vec<String>>,
    pub(super) person: PersonWords,
    open: BTreeMap<String, Open>,
    ignore: BTreeMap<String, Vec<String>>,
    condition: Phrases,
    mark: BTreeMap<String, Vec<String>>,
    pub(super) codes: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Deserialize)]
struct Phrases {
    words: Vec<String>,
}

/// Words about whole persons.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonWords {
    /// Who a row is about, in front of another word.
    pub(super) subject: Vec<String>,
    /// Headers of a name that is not parted.
    pub(super) whole_name: Vec<String>,
    /// Surnames of rows that are no person's.
    pub(super) test_rows: Vec<String>,
}

/// A flag that keeps rows or records back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    headers: Vec<String>,
    words: Vec<String>,
}

impl Words {
    /// The list that comes with the program.
    pub(super) fn shipped() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("words.toml"))
    }

    /// Why a header is known as one that is not used.
    pub(super) fn ignored(&self, header: &Header) -> Option<(&str, u32)> {
        let each = self.ignore.iter().map(|(why, phrases)| (why.as_str(), header.best(phrases)));
        each.max_by_key(|(_, score)| *score)
    }

    pub(super) fn condition(&self, header: &Header) -> u32 {
        header.best(&self.condition.words)
    }

    pub(super) fn record_key(&self, header: &Header) -> u32 {
        header.best(&self.record_key.words)
    }

    /// What calls a category by its name.
    pub(super) fn of_category(&self, category: &str) -> Vec<String> {
        let own = category.replace('_', " ");
        self.category.get(category).into_iter().flatten().cloned().chain([own]).collect()
    }

    /// What keeps a row or record back when this column does not say that it is open: the reason, and the words
    /// that say it.
    pub(super) fn open(&self, header: &Header) -> Option<(&str, &[String])> {
        let each = self.open.iter().map(|(why, open)| (why.as_str(), open, header.best(&open.headers)));
        let best = each.filter(|(_, _, score)| *score >= 90).max_by_key(|(_, _, score)| *score);
        best.map(|(why, open, _)| (why, open.words.as_slice()))
    }

    /// Whether a header has a word of a mark: `personal`, `medical`, `third_party`, `free_text`.
    pub(super) fn marked(&self, mark: &str, header: &Header) -> bool {
        let all = self.mark.get(mark).into_iter().flatten();
        all.flat_map(|phrase| stems(phrase)).any(|w| header.own.contains(&w))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_reads_and_knows_what_keeps_rows_back() {
        let words = Words::shipped().unwrap();
        assert!(words.field.len() > 80 && words.aspect.len() > 100 && words.category.len() > 50);
        assert_eq!(words.open(&Header::new("Restricted")).unwrap().0, "limited_access");
        assert!(words.open(&Header::new("Surname")).is_none());
        assert!(words.marked("medical", &Header::new("Diagnosis")), "the s of a word is no plural");
    }
}
