//! Whether questions can be answered yes together: what they demand of age, originator and fields is collected, and
//! what excludes itself is found. What it does not understand it takes for possible.

use super::Agreement;
use super::predicate::{Predicate, Search, Test, Who};
use crate::schema::{CategoryId, FieldId};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// What must be true of one person and, where the category is known, of the record that would be disclosed.
pub(super) struct Demands<'a> {
    agreement: &'a Agreement,
    category: Option<CategoryId>,
    /// Whole years: at least, and less than.
    from: u16,
    below: u16,
    holds: Vec<usize>,
    fails: Vec<usize>,
    fields: BTreeMap<FieldId, Demand>,
    never: bool,
}

/// What must be true of one field.
#[derive(Default)]
struct Demand {
    /// The codes still possible; any when absent.
    codes: Option<Vec<String>>,
    asked: Vec<Asked>,
}

/// What is asked of a field besides its code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    There,
    Absent,
    Past,
    Ahead,
}

impl Demand {
    fn never(&self) -> bool {
        let both = |one, other| self.asked.contains(&one) && self.asked.contains(&other);
        let coded = self.codes.as_ref().is_some_and(Vec::is_empty);
        coded || both(Asked::There, Asked::Absent) || both(Asked::Past, Asked::Ahead)
    }
}

/// Whether a question can be answered yes about nobody.
pub(super) fn never(agreement: &Agreement, predicate: &Predicate) -> bool {
    let mut demands = Demands::about(agreement, None);
    demands.ask(predicate);
    demands.never()
}

impl<'a> Demands<'a> {
    /// Nothing is demanded yet.
    pub(super) const fn about(agreement: &'a Agreement, category: Option<CategoryId>) -> Self {
        Self {
            agreement,
            category,
            from: 0,
            below: u16::MAX,
            holds: Vec::new(),
            fails: Vec::new(),
            fields: BTreeMap::new(),
            never: false,
        }
    }

    /// Whether what is demanded excludes itself.
    pub(super) fn never(&self) -> bool {
        self.never
            || self.from >= self.below
            || self.holds.iter().any(|at| self.fails.contains(at))
            || self.fields.values().any(Demand::never)
    }

    /// Demands that a question be answered yes.
    pub(super) fn ask(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::All(parts) => parts.iter().for_each(|p| self.ask(p)),
            Predicate::Any(parts) => match parts.as_slice() {
                [only] => self.ask(only),
                several => self.never |= several.iter().all(|p| never(self.agreement, p)),
            },
            Predicate::Not(part) => {
                if let Predicate::Condition(at) = **part {
                    self.fails.push(at);
                }
            }
            Predicate::Condition(at) => {
                self.holds.push(*at);
                if let Some(condition) = self.agreement.conditions.get(*at) {
                    self.ask(&condition.predicate);
                }
            }
            Predicate::Age { from, below } => {
                self.from = self.from.max(from.map_or(0, u16::from));
                self.below = self.below.min(below.map_or(u16::MAX, u16::from));
            }
            Predicate::WorksWith(_) => {}
            Predicate::Record(search) => self.never |= self.unfound(search),
            Predicate::LatestMovement { is, of } => {
                self.never |= !of.iter().any(|m| m.goes == *is && !self.unfound(&m.search));
            }
            Predicate::This(of) => self.this(of),
        }
    }

    fn this(&mut self, of: &[(CategoryId, Vec<Test>)]) {
        let Some(category) = self.category else {
            self.never |= of.iter().all(|(_, tests)| excluded(tests));
            return;
        };
        if let Some((_, tests)) = of.iter().find(|(c, _)| *c == category) {
            tests.iter().for_each(|t| demand(&mut self.fields, t));
        }
    }

    /// Whether no record can be found: no such originator, or tests that exclude each other.
    fn unfound(&self, search: &Search) -> bool {
        let owners = self.agreement.rule(search.category).map(|rule| &rule.owners);
        let shares = |who: &Who| match (who, owners) {
            (Who::Partner(p), Some(owners)) => owners.iter().any(|(o, _)| o == p),
            _ => true,
        };
        let both = search.by.contains(&Who::Recipient) && search.by.contains(&Who::Other);
        let partners: Vec<&Who> = search.by.iter().filter(|w| matches!(w, Who::Partner(_))).collect();
        let several = partners.iter().any(|p| partners.first() != Some(p));
        both || several || !search.by.iter().all(shares) || excluded(&search.tests)
    }
}

fn excluded(tests: &[Test]) -> bool {
    let mut fields = BTreeMap::new();
    tests.iter().for_each(|t| demand(&mut fields, t));
    fields.values().any(Demand::never)
}

fn demand(fields: &mut BTreeMap<FieldId, Demand>, test: &Test) {
    let (Test::In(field, _)
    | Test::NotIn(field, _)
    | Test::NamesRecipient(field)
    | Test::Present(field, _)
    | Test::Reached(field, _)
    | Test::Days(field, ..)
    | Test::Span(Some(field), _)) = test
    else {
        return;
    };
    let of = fields.entry(*field).or_default();
    if !matches!(test, Test::Present(_, false)) {
        of.asked.push(Asked::There);
    }
    match test {
        Test::In(_, codes) => of.codes.get_or_insert_with(|| codes.clone()).retain(|c| codes.contains(c)),
        Test::NotIn(_, codes) => {
            if let Some(possible) = &mut of.codes {
                possible.retain(|c| !codes.contains(c));
            }
        }
        Test::Present(_, false) => of.asked.push(Asked::Absent),
        Test::Reached(_, false) => of.asked.push(Asked::Ahead),
        Test::Reached(_, true) | Test::Span(..) => of.asked.push(Asked::Past),
        Test::Present(_, true) | Test::NamesRecipient(_) | Test::Days(..) => {}
    }
}
