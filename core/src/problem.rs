//! What went wrong, where, why and what to do: one shape for every message that a person reads.
//!
//! A problem names places, never values. `what` is a lower-case fragment with words of the
//! configuration in backticks; `help` is a separate sentence. The list of codes is `CODES`;
//! `lockgate explain` prints from it.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Known words that are all shown when none is near.
const FEW: usize = 12;

/// A stable message code, `LG` and four digits.
pub type Code = &'static str;

/// One fault or warning, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable code, `LGnnnn`.
    pub code: Code,
    /// Lower-case fragment, one line, no personal value.
    pub what: String,
    /// Where, as exactly as is known.
    pub at: Option<Location>,
    /// What to do about it, or the nearest known word.
    pub help: Option<String>,
}

/// A place in the configuration or in a partner's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A configuration file, with the byte span of the offending text.
    Config {
        /// Path as the reader of the message knows it, relative to the deployment.
        file: String,
        /// Byte range in that file; empty range at 0 when only the file is known.
        span: Range<usize>,
    },
    /// A partner's file: the feed, and the row and column as their own tool would show them.
    Data {
        /// The feed's name.
        feed: String,
        /// One-based row (line, sheet row or element), when a row is meant.
        row: Option<u64>,
        /// The column's name as the mapping knows it.
        column: Option<String>,
    },
}

impl Problem {
    /// A problem without a place yet.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), at: None, help: None }
    }

    /// Adds the place in a configuration file.
    #[must_use]
    pub fn in_config(mut self, file: &str, span: Range<usize>) -> Self {
        self.at = Some(Location::Config { file: file.into(), span });
        self
    }

    /// Adds the place in a partner's file.
    #[must_use]
    pub fn in_data(mut self, feed: &str, row: Option<u64>, column: Option<&str>) -> Self {
        self.at = Some(Location::Data { feed: feed.into(), row, column: column.map(Into::into) });
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a "did you mean" when a known word is near, or else all known words when they are few.
    #[must_use]
    pub fn suggest<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match nearest(word, known.iter().copied()) {
            Some(near) => self.help(alloc::format!("did you mean `{near}`?")),
            None if (1..=FEW).contains(&known.len()) => {
                self.help(alloc::format!("known here: {}", known.join(", ")))
            }
            None => self,
        }
    }
}

/// The explanation behind a code, for `lockgate explain`.
#[derive(Debug, Clone, Copy)]
pub struct CodeDoc {
    /// The code.
    pub code: Code,
    /// One line: what it means.
    pub title: &'static str,
    /// A paragraph: why it happens and what to do.
    pub explanation: &'static str,
}

/// Every code of the core, room by room.
pub fn codes() -> impl Iterator<Item = &'static CodeDoc> {
    [
        crate::value::CODES,
        crate::schema::CODES,
        crate::mapping::CODES,
        crate::check::CODES,
        crate::link::CODES,
        crate::linkage::CODES,
        crate::agreement::CODES,
        crate::gate::CODES,
        crate::bundle::CODES,
        crate::ledger::CODES,
        crate::receipt::CODES,
    ]
    .into_iter()
    .flatten()
}

/// The known word nearest to `word`: at most a third of its letters differ (optimal string alignment).
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count();
    // Of a word of one letter nothing is left when that letter differs.
    let limit = (letters / 3).clamp(1, 3).min(letters.saturating_sub(1));
    // Words of other lengths are not near, and comparing a very long word with every known one takes long.
    let known = known.into_iter().filter(|k| k.chars().count().abs_diff(letters) <= limit);
    known.map(|k| (distance(word, k), k)).filter(|(d, _)| *d <= limit).min().map(|(_, k)| k)
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().flat_map(char::to_lowercase).collect(), b.chars().flat_map(char::to_lowercase).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut line = alloc::vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let get = |v: &Vec<usize>, k: usize| v.get(k).copied().unwrap_or(usize::MAX / 2);
            let mut best =
                (get(&above, j) + usize::from(x != y)).min(get(&above, j + 1) + 1).min(get(&line, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                best = best.min(get(&before, j - 1) + 1);
            }
            line.push(best);
        }
        before = core::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_a_slip_and_nothing_far() {
        assert_eq!(nearest("date_of_brith", ["date_of_birth", "surname"]), Some("date_of_birth"));
        assert_eq!(nearest("zzz", ["date_of_birth", "surname"]), None);
        assert_eq!(nearest("x", ["a", "b"]), None);
    }

    #[test]
    fn codes_are_unique_and_well_formed() {
        let mut seen: Vec<Code> = codes().map(|c| c.code).collect();
        assert!(seen.iter().all(|c| c.len() == 6 && c.starts_with("LG")));
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count, "a code stands twice");
    }
}
