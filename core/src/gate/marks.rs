//! Marks: of which categories a person has records, several categories to a bit. They only ever say a quick no: most
//! questions are about records that most people have none of.

use crate::agreement::Agreement;
use crate::agreement::predicate::Predicate;
use crate::schema::CategoryId;

/// A set of categories that may hold more than was put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks(u64);

impl Marks {
    /// The set of one category.
    pub(super) const fn of(category: CategoryId) -> Self {
        Self(1 << (category.0 % 64))
    }

    /// Both sets together.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether both sets may have a category in common; when not, they have none.
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Everything.
    pub(super) const ALL: Self = Self(u64::MAX);
}

/// The categories without any record of which a question is answered no, whatever the day; [`Marks::ALL`] when it may be
/// answered yes all the same.
pub(super) fn needed(predicate: &Predicate, agreement: &Agreement) -> Marks {
    match predicate {
        Predicate::All(parts) => {
            // One part that says no is enough: the one that asks for the fewest.
            let parts = parts.iter().map(|p| needed(p, agreement));
            parts.min_by_key(|marks| marks.0.count_ones()).unwrap_or(Marks::ALL)
        }
        Predicate::Any(parts) => {
            parts.iter().map(|p| needed(p, agreement)).fold(Marks::default(), Marks::and)
        }
        Predicate::Condition(at) => {
            agreement.conditions.get(*at).map_or(Marks::default(), |c| needed(&c.predicate, agreement))
        }
        Predicate::Age { .. } => Marks::of(agreement.identity.category),
        Predicate::Record(search) => Marks::of(search.category),
        Predicate::LatestMovement { of, .. } => {
            of.iter().map(|m| Marks::of(m.search.category)).fold(Marks::default(), Marks::and)
        }
        Predicate::Not(_) | Predicate::WorksWith(_) | Predicate::This(_) => Marks::ALL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::delivered::AGREEMENT;

    #[test]
    fn what_asks_for_the_absence_of_something_is_always_asked() {
        let record = Predicate::Record(crate::agreement::predicate::Search {
            category: CategoryId(3),
            by: alloc::vec::Vec::new(),
            tests: alloc::vec::Vec::new(),
        });
        let none = Predicate::Not(alloc::boxed::Box::new(record.clone()));
        let either = Predicate::Any(alloc::vec![record.clone(), none.clone()]);
        let both = Predicate::All(alloc::vec![record.clone(), none.clone()]);
        assert_eq!(needed(&record, &AGREEMENT), Marks::of(CategoryId(3)));
        assert_eq!(needed(&none, &AGREEMENT), Marks::ALL);
        assert_eq!(needed(&either, &AGREEMENT), Marks::ALL);
        assert_eq!(needed(&both, &AGREEMENT), Marks::of(CategoryId(3)));
        assert_eq!(needed(&Predicate::All(alloc::vec::Vec::new()), &AGREEMENT), Marks::ALL);
        assert_eq!(needed(&Predicate::Any(alloc::vec::Vec::new()), &AGREEMENT), Marks::default());
    }
}
