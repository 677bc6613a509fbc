//! What the mappings in force teach: header texts that already have a meaning, words whose code is known, and
//! what a partner's key looks like.

use super::header::Header;
use lockgate_core::mapping::{Mapping, Meaning};
use lockgate_core::survey;
use std::collections::{BTreeMap, BTreeSet};

/// One column of a mapping in force.
struct Lesson<'a> {
    feed: &'a str,
    own_partner: bool,
    header: Header,
    meanings: Vec<Meaning<'a>>,
}

/// Everything that the mappings in force teach about a new feed of one partner.
pub(super) struct Lessons<'a> {
    columns: Vec<Lesson<'a>>,
    /// Words by `category.field` and their codes.
    codes: BTreeMap<(&'a str, &'a str), BTreeMap<&'a str, &'a str>>,
    keys: Vec<KnownKey<'a>>,
    test_rows: BTreeSet<&'a str>,
}

/// The key of another feed of the partner.
pub(super) struct KnownKey<'a> {
    pub(super) header: Header,
    pub(super) kind: Option<&'static str>,
    pub(super) space: &'a str,
    /// The shapes that the key has in that feed's examples.
    pub(super) shapes: BTreeSet<String>,
    /// Whether that feed says who its persons are.
    pub(super) gives_person: bool,
    pub(super) feed: &'a str,
}

impl<'a> Lessons<'a> {
    /// Learns from every mapping for a feed of the partner.
    pub(super) fn learn(mappings: &'a [Mapping], partner: &str) -> Self {
        let mut lessons = Self {
            columns: Vec::new(),
            codes: BTreeMap::new(),
            keys: Vec::new(),
            test_rows: BTreeSet::new(),
        };
        for mapping in mappings {
            lessons.read(mapping, mapping.partner_key() == partner);
        }
        lessons
    }

    fn read(&mut self, mapping: &'a Mapping, own_partner: bool) {
        let mut by_header: BTreeMap<&str, Vec<Meaning<'_>>> = BTreeMap::new();
        for (header, meaning) in mapping.meanings() {
            by_header.entry(header).or_default().push(meaning);
        }
        let (feed, space) = (mapping.name(), mapping.key_space());
        self.columns.extend(by_header.into_iter().map(|(header, meanings)| Lesson {
            feed,
            own_partner,
            header: Header::new(header),
            meanings,
        }));
        for word in mapping.code_words() {
            self.codes.entry((word.category, word.field)).or_default().insert(word.word, word.code);
        }
        self.test_rows.extend(mapping.test_rows().into_iter().flat_map(|(_, words)| words));
        let mut headers = mapping.key_headers();
        if let (true, Some(header), None) = (own_partner, headers.next(), headers.next()) {
            self.keys.push(KnownKey {
                header: Header::new(header),
                kind: mapping.key_kind(),
                space,
                shapes: mapping.example_keys().into_iter().map(survey::shape).collect(),
                gives_person: mapping.gives_person(),
                feed,
            });
        }
    }

    /// The keys of the partner's other feeds.
    pub(super) fn keys(&self) -> &[KnownKey<'a>] {
        &self.keys
    }

    /// The feed that gives the persons of a key space, when one does.
    pub(super) fn giver(&self, space: &str) -> Option<&'a str> {
        self.keys.iter().find(|k| k.space == space && k.gives_person).map(|k| k.feed)
    }

    /// Every use of a header with these words: the feed, whether it is of the partner, the use.
    pub(super) fn of(&self, header: &Header) -> impl Iterator<Item = (&'a str, bool, Meaning<'a>)> {
        let same = self.columns.iter().filter(|l| l.header.same(header));
        same.flat_map(|l| l.meanings.iter().map(|m| (l.feed, l.own_partner, *m)))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Words whose code for a field is known from elsewhere.
    pub(super) fn codes(&self, category: &str, field: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let of = self.codes.iter().filter(|((c, f), _)| *c == category && *f == field);
        of.flat_map(|(_, words)| words.iter().map(|(w, c)| (*w, *c))).collect::<Vec<_>>().into_iter()
    }

    /// Surnames of test rows that some feed takes out.
    pub(super) fn test_rows(&self) -> impl Iterator<Item = &'a str> {
        self.test_rows.iter().copied()
    }
}
