//! Which categories a file is about. Every column votes for the categories that it could fill a field of, the less
//! the more categories it could be of; the names of the feed, the sheet and the row's element vote too, and so do
//! the words of a column that tells kinds of rows apart.

use super::PERSON;
use super::columns::{field_of, takes_many};
use super::header::{ENOUGH, says, tokens};
use super::score::{Scene, Seen, Why};
use lockgate_core::schema::Kind;
use std::collections::BTreeMap;

/// Categories that one file is taken to speak about.
const CATEGORIES: usize = 6;
/// Votes without which a category is not taken.
const ENOUGH_VOTES: u32 = 125;
/// Votes of a name.
const NAMED: u32 = 150;
/// Votes of a word that tells kinds of rows apart.
const TYPED: u32 = 120;
/// By how much a field of another category must fit better to count again.
const BETTER: u32 = 8;
/// Points from which each of several columns for one field counts.
const SURE: u32 = 95;
/// Different words beyond which a column does not tell kinds of rows apart.
const KINDS: usize = 12;
/// Letters of a category's name of which a shorter word of the file may stand for it.
const SHORT: usize = 3;

/// What the file is about.
#[derive(Debug, Default)]
pub(super) struct Vote {
    /// The categories, the surest first; the person is not among them.
    pub(super) chosen: Vec<String>,
    /// The column that tells kinds of rows apart.
    pub(super) kinds: Option<Kinds>,
}

/// A column whose words name categories.
#[derive(Debug)]
pub(super) struct Kinds {
    pub(super) column: usize,
    /// The file's words, by category.
    pub(super) words: BTreeMap<String, Vec<String>>,
}

impl Vote {
    pub(super) fn rank(&self, category: &str) -> usize {
        self.chosen.iter().position(|c| c == category).unwrap_or(usize::MAX)
    }
}

/// Takes the vote. `names`: those of the feed, the file, the sheet and the row's element.
pub(super) fn vote(scene: &Scene<'_>, seen: &[Seen], names: &[String]) -> Vote {
    let kinds = (0..seen.len()).filter_map(|at| kinds(scene, seen, at)).max_by_key(|k| k.words.len());
    let mut vote = Vote { chosen: Vec::new(), kinds };
    let mut left: Vec<&Seen> = seen.iter().collect();
    while vote.chosen.len() < CATEGORIES {
        let open = scene.owned.iter().filter(|c| !vote.chosen.iter().any(|o| o == *c));
        let counted = open.filter_map(|category| {
            let columns = columns_for(scene, &left, category);
            let typed = vote.kinds.as_ref().is_some_and(|k| k.words.contains_key(*category));
            let name = names.iter().any(|n| scene.words.of_category(category).iter().any(|p| says(n, p)));
            let called = u32::from(name) * NAMED + u32::from(typed) * TYPED;
            let total = columns + called;
            // Where words tell the kinds of rows apart, there is no kind that neither they nor a name know.
            let known = called > 0 || vote.kinds.is_none();
            (known && columns >= ENOUGH / 2 && total >= ENOUGH_VOTES).then_some((*category, total))
        });
        let Some((category, _)) = counted.max_by_key(|(_, total)| *total) else { break };
        let fits = |column: &Seen| column.best(category).map_or(0, |(_, score)| score.points);
        // What it explains is explained, but for what another category explains better.
        left.retain(|column| {
            let mine = fits(column);
            mine == 0
                || scene.owned.iter().any(|c| column.best(c).is_some_and(|(_, s)| s.points > mine + BETTER))
        });
        vote.chosen.push(category.to_owned());
    }
    vote
}

/// The votes of columns for a category: one column a field, parted among the categories that it fits as well.
fn columns_for(scene: &Scene<'_>, left: &[&Seen], category: &str) -> u32 {
    let mut fields: BTreeMap<&str, u32> = BTreeMap::new();
    for column in left {
        let Some((field, score)) = column.best(category) else { continue };
        let person = column.best(PERSON).map_or(0, |(_, s)| s.points);
        let ignored = scene.words.ignored(&column.header).map_or(0, |(_, points)| points * 84 / 100);
        // Where somebody lives says nothing about what a file is about.
        let kind = field_of(scene.schema, category, field).map(|f| f.kind);
        if person.max(ignored) > score.points || matches!(kind, Some(Kind::Address | Kind::Postcode)) {
            continue;
        }
        let alike = scene
            .owned
            .iter()
            .filter(|c| column.best(c).is_some_and(|(_, other)| other.points + BETTER > score.points));
        // A bare word that another feed uses so does not say that this feed is about the same.
        let learnt = if matches!(score.why, Why::Lesson(_)) { 2 } else { 1 };
        let votes = score.points / learnt / u32::try_from(alike.count().max(1)).unwrap_or(1);
        let slot = fields.entry(field).or_insert(0);
        let together = *slot + votes;
        let many = takes_many(scene.schema, category, field) && score.points >= SURE;
        *slot = if many { together } else { (*slot).max(votes) };
    }
    fields.values().sum()
}

/// Whether a column's words name two or more categories.
fn kinds(scene: &Scene<'_>, seen: &[Seen], at: usize) -> Option<Kinds> {
    let looks = &seen.get(at)?.looks;
    if looks.filled == 0 || looks.distinct > KINDS || looks.distinct < 2 || looks.prose > 0 {
        return None;
    }
    let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for category in &scene.owned {
        let phrases = scene.words.of_category(category);
        let met = scene.survey.among(at, |value| phrases.iter().any(|phrase| stands_for(value, phrase)));
        if !met.is_empty() {
            words.insert((*category).to_owned(), met);
        }
    }
    // A word that names several categories does not tell them apart.
    let met: Vec<&String> = words.values().flatten().collect();
    let apart = met.iter().collect::<std::collections::BTreeSet<_>>().len();
    (words.len() > 1 && apart > 1 && apart * 2 >= looks.distinct).then_some(Kinds { column: at, words })
}

/// Whether a word of a file is a category's phrase, or the beginning of one of a single word.
fn stands_for(value: &str, phrase: &str) -> bool {
    let (value, phrase) = (tokens(value), tokens(phrase));
    if value == phrase {
        return true;
    }
    match (value.as_slice(), phrase.as_slice()) {
        ([short], [long]) => short.len() >= SHORT && long.starts_with(short.as_str()),
        _ => false,
    }
}
