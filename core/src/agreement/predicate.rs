//! The closed list of questions that a named condition may ask, checked and ready to compute.

use super::PartnerId;
use super::syntax::Direction;
use crate::schema::{CategoryId, FieldId};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// A question about a person, a recipient and a day. Unknown or missing = does not hold.
#[derive(Debug, Clone)]
pub(crate) enum Predicate {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// Index of a condition above this one.
    Condition(usize),
    /// Whole years at the as-of date: at least `from`, less than `below`.
    Age {
        from: Option<u8>,
        below: Option<u8>,
    },
    /// Is originator of a record about the person, identity and internal rows aside.
    WorksWith(Who),
    Record(Search),
    /// The latest movement up to the day; all movements of one day must agree.
    LatestMovement {
        is: Direction,
        of: Vec<Movement>,
    },
    /// The record that would be disclosed, per category that has the tested fields.
    This(Vec<(CategoryId, Vec<Test>)>),
}

/// A partner in a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Recipient,
    /// Anyone but the recipient.
    Other,
    Partner(PartnerId),
}

impl Who {
    pub(crate) fn is(self, partner: PartnerId, recipient: PartnerId) -> bool {
        match self {
            Self::Recipient => partner == recipient,
            Self::Other => partner != recipient,
            Self::Partner(p) => partner == p,
        }
    }
}

/// Which record is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub(crate) category: CategoryId,
    /// Every one must be true of the originator.
    pub(crate) by: Vec<Who>,
    pub(crate) tests: Vec<Test>,
}

/// A record that tells of a movement.
#[derive(Debug, Clone)]
pub(crate) struct Movement {
    pub(crate) search: Search,
    pub(crate) date: FieldId,
    pub(crate) goes: Direction,
}

/// A question about one record's fields.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    In(FieldId, Vec<String>),
    NotIn(FieldId, Vec<String>),
    /// The code is the recipient's key.
    NamesRecipient(FieldId),
    Present(FieldId, bool),
    Reached(FieldId, bool),
    /// Days behind and ahead, inclusive.
    Days(FieldId, u16, u16),
    /// First day (must be there and reached) and last day (open when absent).
    Span(Option<FieldId>, Option<FieldId>),
}

impl Predicate {
    /// Whether the answer may differ between recipients who may look at the same records.
    pub(crate) fn about_recipient(&self, conditions: &[super::Condition]) -> bool {
        let partner = |who: &Who| matches!(who, Who::Recipient | Who::Other);
        let tests = |tests: &[Test]| tests.iter().any(|t| matches!(t, Test::NamesRecipient(_)));
        let search = |s: &Search| s.by.iter().any(partner) || tests(&s.tests);
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|p| p.about_recipient(conditions)),
            Self::Not(part) => part.about_recipient(conditions),
            Self::Condition(i) => conditions.get(*i).is_none_or(|c| c.about_recipient),
            Self::Age { .. } => false,
            Self::WorksWith(who) => partner(who),
            Self::Record(s) => search(s),
            Self::LatestMovement { of, .. } => of.iter().any(|m| search(&m.search)),
            Self::This(of) => of.iter().any(|(_, t)| tests(t)),
        }
    }

    /// The categories for which every question about the disclosed record can be answered; `None` =
    /// it asks none, so it can be computed once per person.
    pub(crate) fn about_record(&self, conditions: &[super::Condition]) -> Option<Vec<CategoryId>> {
        let joined = |parts: &[Self]| {
            parts
                .iter()
                .filter_map(|p| p.about_record(conditions))
                .reduce(|a, b| a.into_iter().filter(|c| b.contains(c)).collect())
        };
        match self {
            Self::All(parts) | Self::Any(parts) => joined(parts),
            Self::Not(part) => part.about_record(conditions),
            Self::Condition(i) => conditions.get(*i)?.about_record.clone(),
            Self::This(tests) => Some(tests.iter().map(|(c, _)| *c).collect()),
            Self::Age { .. } | Self::WorksWith(_) | Self::Record(_) | Self::LatestMovement { .. } => None,
        }
    }
}
