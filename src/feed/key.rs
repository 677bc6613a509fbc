//! Whose row it is: the column that is the key of another feed of the partner, by its header or by the shape of
//! its values, or a known number of a person.

use super::guess::Sample;
use super::lessons::Lessons;
use super::score::Seen;
use super::words::Words;
use lockgate_core::survey::IDS;
use lockgate_core::value::identifier::IdKind;

/// Signs of a key up to which its shape tells nothing.
const TELLING: usize = 4;

/// The column that says whose row it is.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) column: usize,
    pub(super) kind: Option<String>,
    /// The space of keys that it shares with another feed of the partner.
    pub(super) space: Option<String>,
    /// How it was found, where that is not its header.
    pub(super) note: Option<String>,
}

/// Finds the key; nothing when no column can be one.
pub(super) fn find(sample: &Sample, seen: &[Seen], words: &Words, lessons: &Lessons<'_>) -> Option<Key> {
    let by_words = || by_words(seen, words).map(|key| shared(key, lessons));
    by_header(seen, lessons).or_else(|| by_shape(sample, seen, lessons)).or_else(by_words).or_else(|| {
        let at = seen.iter().position(|s| s.looks.is_key() && s.looks.date.is_none())?;
        Some(Key { column: at, kind: None, space: None, note: Some("no value stands twice in it".into()) })
    })
}

fn by_header(seen: &[Seen], lessons: &Lessons<'_>) -> Option<Key> {
    let found = |key: &super::lessons::KnownKey<'_>| {
        let same = seen.iter().position(|s| s.header.same(&key.header));
        same.or_else(|| seen.iter().position(|s| s.header.ends_with(&key.header)))
    };
    let of = |(column, key): (usize, &super::lessons::KnownKey<'_>)| Key {
        column,
        kind: key.kind.map(Into::into),
        space: Some(key.space.to_owned()),
        note: None,
    };
    lessons.keys().iter().find_map(|key| Some(of((found(key)?, key))))
}

/// A column whose values have the shapes of another feed's key, where shapes tell.
fn by_shape(sample: &Sample, seen: &[Seen], lessons: &Lessons<'_>) -> Option<Key> {
    let telling = |shape: &String| {
        shape.chars().any(char::is_alphabetic) && shape.contains('9') && shape.len() > TELLING
    };
    for key in lessons.keys() {
        let shapes = key.shapes.iter().filter(|s| telling(s)).cloned().collect();
        let fits = |at: &usize| {
            seen.get(*at).is_some_and(|s| full(s) && s.looks.mostly(sample.survey.shaped(*at, &shapes)))
        };
        if let Some(column) = (0..seen.len()).find(fits) {
            return Some(Key {
                column,
                kind: key.kind.map(Into::into),
                space: Some(key.space.to_owned()),
                note: Some(format!("its values have the shape of the key of {}", key.feed)),
            });
        }
    }
    None
}

/// Numbers of one kind are one space of keys for all feeds of the partner that have it.
fn shared(key: Key, lessons: &Lessons<'_>) -> Key {
    let same =
        |known: &&super::lessons::KnownKey<'_>| key.kind.is_some() && known.kind == key.kind.as_deref();
    let given = lessons.keys().iter().filter(same).max_by_key(|known| lessons.giver(known.space).is_some());
    let space = given.map(|known| known.space.to_owned());
    Key { space, ..key }
}

/// A kind that is known is a better key than a local number; of two equal ones the latter (a joined sheet's own key).
fn by_words(seen: &[Seen], words: &Words) -> Option<Key> {
    let kinds = words
        .key
        .iter()
        .filter(|(k, _)| *k != "local")
        .chain(words.key.iter().filter(|(k, _)| *k == "local"));
    for (kind, phrases) in kinds {
        let fits = |s: &Seen| s.header.best(phrases).max(s.bare.best(phrases)) >= 90 && full(s);
        if let Some(column) = seen.iter().rposition(fits) {
            return Some(Key {
                column,
                kind: (kind != "local").then(|| kind.clone()),
                space: None,
                note: None,
            });
        }
    }
    // Numbers of two kinds are known by their values alone.
    let strong = [IdKind::PrisonNumber, IdKind::Crn];
    for (kind, nth) in strong.iter().filter_map(|k| Some((k, IDS.iter().position(|i| i == k)?))) {
        let fits = |s: &Seen| full(s) && s.looks.ids.get(nth).is_some_and(|n| s.looks.mostly(*n));
        if let Some(column) = seen.iter().position(fits) {
            let note = Some("its values are numbers of that kind".into());
            return Some(Key { column, kind: Some(kind.word().to_owned()), space: None, note });
        }
    }
    None
}

/// Filled in nearly every row.
fn full(column: &Seen) -> bool {
    column.looks.filled > 0 && column.looks.blank * 20 <= column.looks.blank + column.looks.filled
}
