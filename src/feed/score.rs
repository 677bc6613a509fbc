//! How well each column fits each field that the partner may fill: by its header, by what other mappings call so,
//! and by its values.

use super::PERSON;
use super::header::{ENOUGH, Header};
use super::lessons::Lessons;
use super::words::Words;
use lockgate_core::mapping::Meaning;
use lockgate_core::schema::{Category, Field, Kind, Schema};
use lockgate_core::survey::{Looks, Survey};
use std::collections::{BTreeMap, BTreeSet};

/// Points of an exact word for a field of that name, once its category is known.
const ASPECT: u32 = 86;
/// Points of a word together with its category's name in one header.
const TOGETHER: u32 = 94;
/// Points of a header that another mapping of the partner, or of another partner, uses for the very field.
const LESSON: (u32, u32) = (97, 90);
/// Points of a header that another mapping uses for a field of that name in another category.
const LIKE: u32 = 80;
/// What is taken off where the values cannot be the field's.
const UNFIT: u32 = 45;
/// How well a header fits a phrase when they have the same words.
const WHOLE: u32 = 95;
/// Different values from which a column whose values are all different and unknown is no code.
const REFERENCES: usize = 3;
/// How well a header fits a condition's word when its codes alone do not make it a field.
const DECIDES: u32 = 70;
/// What is taken off a person's field where the header names somebody else.
const OTHER_PERSON: u32 = 30;

/// Why a column is taken for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The header is the field's own phrase.
    Phrase,
    /// The header is a word for such a field, in a file about its category.
    Word,
    /// The header names category and field.
    Together,
    /// Another mapping uses the header so.
    Lesson(String),
    /// The values are codes of the field's list.
    Codes,
    /// The values look like it.
    Values,
    /// Its place among numbered columns.
    Place,
}

impl Why {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Phrase => "by its header".into(),
            Self::Word => "by its header and the columns beside it".into(),
            Self::Together => "its header names both".into(),
            Self::Lesson(feed) => format!("as in {feed}"),
            Self::Codes => "its words are codes of that list".into(),
            Self::Values => "by what its values look like".into(),
            Self::Place => "only by its place".into(),
        }
    }
}

/// How well a column fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Score {
    pub(super) points: u32,
    pub(super) why: Why,
}

/// A column with what it may be.
pub(super) struct Seen {
    pub(super) header: Header,
    /// The header without the word for the person whom the row is about.
    pub(super) bare: Header,
    pub(super) looks: Looks,
    /// By category and field.
    pub(super) fields: BTreeMap<(String, String), Score>,
}

impl Seen {
    /// The best field of a category.
    pub(super) fn best(&self, category: &str) -> Option<(&str, &Score)> {
        let of = self.fields.iter().filter(|((c, _), _)| c == category);
        of.map(|((_, field), score)| (field.as_str(), score)).max_by_key(|(_, score)| score.points)
    }
}

/// What scores are given by.
pub(super) struct Scene<'a> {
    pub(super) words: &'a Words,
    pub(super) schema: &'a Schema,
    pub(super) lessons: &'a Lessons<'a>,
    pub(super) survey: &'a Survey,
    /// Categories that the partner may fill.
    pub(super) owned: BTreeSet<&'a str>,
}

impl Scene<'_> {
    /// Scores a column for every field that the partner may fill.
    pub(super) fn seen(&self, at: usize, text: &str, header: Header) -> Seen {
        let bare = header.without(&self.words.person.subject).unwrap_or_else(|| header.clone());
        let mut seen = Seen { header, bare, looks: self.survey.looks(at), fields: BTreeMap::new() };
        for (_, category) in self.schema.categories() {
            if category.name != PERSON && !self.owned.contains(category.name.as_str()) {
                continue;
            }
            for field in &category.fields {
                let score = self.score((at, text), &seen, category, field);
                if score.points >= ENOUGH {
                    seen.fields.insert((category.name.clone(), field.name.clone()), score);
                }
            }
        }
        seen
    }

    fn score(&self, (at, text): (usize, &str), seen: &Seen, category: &Category, field: &Field) -> Score {
        let mut best = self.by_header(seen, category, field);
        for (feed, own, meaning) in self.lessons.of(&seen.header) {
            let Meaning::Field(c, f) = meaning else { continue };
            let points = match (c == category.name, f == field.name) {
                (true, true) if own => LESSON.0,
                (true, true) => LESSON.1,
                (false, true) if c != PERSON && category.name != PERSON => LIKE,
                _ => continue,
            };
            if points > best.points {
                best = Score { points, why: Why::Lesson(feed.to_owned()) };
            }
        }
        let other_person = self.words.marked("third_party", &seen.bare);
        if category.name == PERSON && other_person {
            best.points = best.points.saturating_sub(OTHER_PERSON);
        }
        // `Complainant address` is nobody's tenancy, unless the category is about that other person.
        let whose = matches!(field.kind, Kind::Address | Kind::Postcode | Kind::Name | Kind::Dob | Kind::Id);
        if category.name != PERSON && other_person && whose && best.points < TOGETHER {
            best.points = 0;
        }
        if !suits(field.kind, &seen.looks) {
            best.points = best.points.saturating_sub(UNFIT);
        }
        if field.kind == Kind::Code && category.name != PERSON {
            self.by_codes((at, text), &seen.looks, category, field, &mut best);
        }
        best
    }

    fn by_header(&self, seen: &Seen, category: &Category, field: &Field) -> Score {
        let specific = self.words.field.get(&format!("{}.{}", category.name, field.name));
        let header = if category.name == PERSON { &seen.bare } else { &seen.header };
        let mut phrase = specific.map_or(0, |p| header.best(p).max(seen.header.best(p)));
        if field.kind == Kind::Person && phrase < WHOLE {
            // `Complainant address` is not who complained.
            phrase = 0;
        }
        let mut best = Score { points: phrase, why: Why::Phrase };
        if category.name == PERSON {
            return best;
        }
        let phrases = self.aspect(field);
        let of_word = |header: &Header| {
            let parted = if field.kind == Kind::Person { named(header) } else { None };
            parted.map_or(0, |h| h.best(&phrases)).max(header.best(&phrases))
        };
        let word = of_word(&seen.header).min(100) * ASPECT / 100;
        if word > best.points {
            best = Score { points: word, why: Why::Word };
        }
        let names = self.words.of_category(&category.name);
        let rest = seen.header.without(&names);
        let together = rest.is_some_and(|rest| of_word(&rest) >= WHOLE)
            || (seen.header.within(&names) && of_word(&seen.header) >= WHOLE);
        if together && best.points < TOGETHER {
            best = Score { points: TOGETHER, why: Why::Together };
        }
        best
    }

    /// What such a field is called.
    fn aspect(&self, field: &Field) -> Vec<String> {
        let listed = self.words.aspect.get(&field.name).into_iter().flatten().cloned();
        listed.chain([field.name.replace('_', " "), field.title.clone()]).collect()
    }

    /// Values that are words of the field's list speak for it, whatever the header says.
    fn by_codes(
        &self,
        (at, text): (usize, &str),
        looks: &Looks,
        category: &Category,
        field: &Field,
        best: &mut Score,
    ) {
        if looks.distinct == 0 {
            return;
        }
        let known = self.known_words(&category.name, field);
        let met = self.survey.among(at, |value| known.iter().any(|word| alike(word, value)));
        let share = u32::try_from(met.len() * 100 / looks.distinct).unwrap_or(0);
        let telling = met.iter().any(|word| word.chars().any(char::is_alphabetic) && word.len() > 1);
        if met.is_empty()
            && !known.is_empty()
            && looks.is_key()
            && looks.mostly(looks.references)
            && looks.distinct >= REFERENCES
        {
            // Values of which none is known and none stands twice are rather references than codes.
            best.points = best.points.saturating_sub(UNFIT);
        }
        // A column that has no name of its own may mean something else in rows of another kind.
        let enough = if is_number(text) { 1 } else { 50 };
        let decides = self.words.condition(&Header::new(text)) >= DECIDES;
        if share < enough || best.points < ENOUGH && (!telling || decides) {
            return;
        }
        if best.points >= ENOUGH {
            best.points += share / 9;
        } else {
            *best = Score { points: ENOUGH + share / 8, why: Why::Codes };
        }
    }

    /// Words that are known for a coded field: its list's codes and labels, what other mappings map, and usual spellings.
    pub(super) fn known_words(&self, category: &str, field: &Field) -> Vec<String> {
        let list = field.detail.as_deref().and_then(|list| self.schema.list(list));
        let listed = list
            .into_iter()
            .flat_map(lockgate_core::schema::CodeList::entries)
            .flat_map(|e| [e.code.clone(), e.label.clone()]);
        let learnt = self.lessons.codes(category, &field.name).map(|(word, _)| word.to_owned());
        listed.chain(learnt).collect()
    }
}

/// Whether two words of a file are the same for a reader.
pub(super) fn alike(a: &str, b: &str) -> bool {
    super::header::tokens(a) == super::header::tokens(b)
}

/// A header that says nothing: one letter, a number, or `field 3`.
pub(super) fn is_number(text: &str) -> bool {
    let words = super::header::tokens(text);
    match words.as_slice() {
        [one] => one.chars().count() == 1 || one.parse::<u16>().is_ok(),
        [word, number] => {
            ["field", "column", "col", "text", "data", "value", "item"].contains(&word.as_str())
                && number.parse::<u16>().is_ok()
        }
        _ => false,
    }
}

/// A header about another person without the words for parts of a name.
fn named(header: &Header) -> Option<Header> {
    let parts = ["first name", "last name", "full name", "forename", "surname", "name"].map(str::to_owned);
    header.without(&parts)
}

/// Whether values that look so can fill a field of that type.
pub(super) fn suits(kind: Kind, looks: &Looks) -> bool {
    if looks.filled == 0 {
        return true;
    }
    let dated = looks.date.is_some_and(|(_, n)| looks.mostly(n)) || looks.mostly(looks.date_cells);
    let numeric = looks.mostly(looks.whole) || looks.mostly(looks.number_cells);
    match kind {
        Kind::Date | Kind::Dob => dated || looks.date.is_some_and(|(_, n)| n * 10 >= looks.filled * 6),
        Kind::DateTime => {
            dated || looks.mostly(looks.times) || looks.date.is_some_and(|(_, n)| n * 10 >= looks.filled * 6)
        }
        Kind::Postcode => looks.postcodes * 10 >= looks.filled * 8,
        Kind::Number => numeric,
        Kind::Money => looks.mostly(looks.number_cells.max(looks.money + looks.whole)),
        Kind::Code | Kind::Flag => !dated && looks.longest <= 80,
        Kind::Name => !dated && looks.whole == 0,
        Kind::Address | Kind::Person => !dated && !numeric && looks.longest > 2,
        Kind::Text | Kind::File => !dated,
        Kind::Id => true,
    }
}
