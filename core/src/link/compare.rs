//! Two identities' evidence side by side, in words and without a value: what a person who decides sees first.

use super::evidence::Key;
use crate::value::identifier::IdKind;
use alloc::vec::Vec;

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Surname and first forename, aliases among them.
    Name,
    /// Date of birth.
    Birth,
    /// All forenames, surname, date of birth and postcode together.
    Whole,
    /// An identifier.
    Identifier(IdKind),
}

impl What {
    /// Its words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Birth => "birth_date",
            Self::Whole => "full name, date of birth and postcode together",
            Self::Identifier(kind) => kind.word(),
        }
    }

    /// Whether a person has one: two different values are two people, or a slip.
    pub fn unique(self) -> bool {
        matches!(self, Self::Identifier(kind) if Key::of_kind(kind).unique_kind().is_some())
    }

    fn is(self, key: Key) -> bool {
        match self {
            Self::Name => key.is_name(),
            Self::Birth => key.is_birth(),
            Self::Whole => key.is_exact(),
            Self::Identifier(kind) => key.tag() == Key::of_kind(kind).tag(),
        }
    }
}

/// How the two stand to each other in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// They have a value in common.
    Agree,
    /// Both have it, and no value in common.
    Differ,
    /// One of them does not have it, which says nothing.
    Missing,
}

impl How {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agree => "agrees",
            Self::Differ => "differs",
            Self::Missing => "missing",
        }
    }
}

/// Compares two identities kind by kind; a kind that neither has is left out.
pub fn compare(x: &[Key], y: &[Key]) -> Vec<(What, How)> {
    let ids = IdKind::ALL.into_iter().map(What::Identifier);
    let one = |what: What| {
        let has = |keys: &[Key]| keys.iter().any(|key| what.is(*key));
        let how = match (has(x), has(y)) {
            (false, false) => return None,
            (true, true) if x.iter().any(|key| what.is(*key) && y.contains(key)) => How::Agree,
            (true, true) => How::Differ,
            _ => How::Missing,
        };
        Some((what, how))
    };
    [What::Name, What::Birth, What::Whole].into_iter().chain(ids).filter_map(one).collect()
}
