//! The words that what recipients hold is full of: names of categories, keys of partners, clauses, purposes, handling codes. Each
//! has a number that it keeps for ever, so that an edited schema or agreement reads what was packed before it rightly.

use crate::agreement::{Agreement, Grant};
use crate::schema::Schema;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use hashbrown::HashMap;

/// Numbered words. A word that is not among them is packed as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexicon {
    words: BTreeMap<u64, Arc<str>>,
    numbers: HashMap<Arc<str>, u64>,
}

impl Lexicon {
    /// From words under their numbers.
    pub fn of(words: impl IntoIterator<Item = (u64, String)>) -> Self {
        let mut lexicon = Self::default();
        for (number, word) in words {
            let word: Arc<str> = word.into();
            lexicon.words.insert(number, word.clone());
            lexicon.numbers.insert(word, number);
        }
        lexicon
    }

    /// The words that an agreement and a schema bring.
    pub fn words<'a>(agreement: &'a Agreement, schema: &'a Schema) -> BTreeSet<&'a str> {
        let mut words: BTreeSet<&str> = agreement.handling_words().map(|(code, _)| code).collect();
        for (partner, about) in agreement.partners() {
            words.insert(&about.key);
            for (id, category) in schema.categories() {
                words.insert(&category.name);
                words.extend(agreement.clause(partner, id));
                words.extend(agreement.grant(partner, id).map(Grant::purpose));
            }
        }
        words
    }

    /// The shared copy of a word.
    pub(crate) fn share(&self, word: &str) -> Option<Arc<str>> {
        self.numbers.get_key_value(word).map(|(word, _)| word.clone())
    }

    /// The word with this number.
    pub(crate) fn word(&self, number: u64) -> Option<Arc<str>> {
        self.words.get(&number).cloned()
    }

    /// The number of a word.
    pub(crate) fn number(&self, word: &str) -> Option<u64> {
        self.numbers.get(word).copied()
    }
}
