//! Conditions spelled out with names in place of indexes, so that two agreements can be compared.

use super::Agreement;
use super::predicate::{Movement, Predicate, Search, Test, Who};
use super::syntax::Direction;
use crate::schema::{CategoryId, FieldId, Schema};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What indexes mean.
pub(super) struct Spelling<'a> {
    pub(super) agreement: &'a Agreement,
    pub(super) schema: &'a Schema,
}

impl Spelling<'_> {
    /// A condition's question; conditions that it refers to are spelled out too.
    pub(super) fn predicate(&self, predicate: &Predicate) -> String {
        let parts = |parts: &[Predicate], word: &str| {
            let mut parts: Vec<String> = parts.iter().map(|p| self.predicate(p)).collect();
            parts.sort();
            format!("{word}({})", parts.join(","))
        };
        match predicate {
            Predicate::All(of) => parts(of, "all"),
            Predicate::Any(of) => parts(of, "any"),
            Predicate::Not(of) => format!("not({})", self.predicate(of)),
            Predicate::Condition(at) => match self.agreement.conditions.get(*at) {
                Some(condition) => self.predicate(&condition.predicate),
                None => "never".into(),
            },
            Predicate::Age { from, below } => format!("age({from:?},{below:?})"),
            Predicate::WorksWith(who) => format!("works_with({})", self.who(*who)),
            Predicate::Record(search) => format!("record({})", self.search(search)),
            Predicate::LatestMovement { is, of } => {
                let mut of: Vec<String> = of.iter().map(|m| self.movement(m)).collect();
                of.sort();
                format!("latest({},{})", way(*is), of.join(","))
            }
            Predicate::This(tests) => {
                let one = |(category, tests): &(CategoryId, Vec<Test>)| self.tests(*category, tests);
                let mut of: Vec<String> = tests.iter().map(one).collect();
                of.sort();
                format!("this({})", of.join(","))
            }
        }
    }

    fn who(&self, who: Who) -> &str {
        match who {
            Who::Recipient => "recipient",
            Who::Other => "other",
            Who::Partner(id) => self.agreement.get(id).map_or("nobody", |p| p.key.as_str()),
        }
    }

    fn movement(&self, movement: &Movement) -> String {
        let search = &movement.search;
        format!(
            "{},{},{}",
            self.search(search),
            self.field(search.category, movement.date),
            way(movement.goes)
        )
    }

    fn search(&self, search: &Search) -> String {
        let mut by: Vec<&str> = search.by.iter().map(|w| self.who(*w)).collect();
        by.sort_unstable();
        format!("by({}),{}", by.join(","), self.tests(search.category, &search.tests))
    }

    fn tests(&self, category: CategoryId, tests: &[Test]) -> String {
        let mut tests: Vec<String> = tests.iter().map(|t| self.test(category, t)).collect();
        tests.sort();
        format!("{}[{}]", self.schema.get(category).map_or("", |c| c.name.as_str()), tests.join(","))
    }

    fn test(&self, category: CategoryId, test: &Test) -> String {
        let field = |f: &FieldId| self.field(category, *f);
        let codes = |codes: &[String]| {
            let mut codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            codes.sort_unstable();
            codes.join("|")
        };
        let may = |f: &Option<FieldId>| f.as_ref().map_or("", field);
        match test {
            Test::In(f, of) => format!("{} in {}", field(f), codes(of)),
            Test::NotIn(f, of) => format!("{} not in {}", field(f), codes(of)),
            Test::NamesRecipient(f) => format!("{} names the recipient", field(f)),
            Test::Present(f, yes) => format!("{} present {yes}", field(f)),
            Test::Reached(f, yes) => format!("{} reached {yes}", field(f)),
            Test::Days(f, behind, ahead) => format!("{} within {behind} and {ahead} days", field(f)),
            Test::Span(from, until) => format!("from {} until {}", may(from), may(until)),
        }
    }

    fn field(&self, category: CategoryId, field: FieldId) -> &str {
        self.schema.get(category).and_then(|c| c.get(field)).map_or("", |f| f.name.as_str())
    }
}

const fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
    }
}
