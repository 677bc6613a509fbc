//! Questions in words, for explanations: what would have to be recorded for one to be answered yes.

use super::Agreement;
use super::predicate::{Predicate, Search, Test, Who};
use super::syntax::Direction;
use crate::schema::{Category, CategoryId, FieldId, Schema};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Codes beyond these are counted.
const FEW: usize = 4;

impl Agreement {
    /// One question in words; `this` is the category of the record that would be disclosed.
    pub(crate) fn spoken(&self, schema: &Schema, question: &Predicate, this: Option<CategoryId>) -> String {
        let joined = |parts: &[Predicate], joint: &str| {
            parts.iter().map(|p| self.spoken(schema, p, this)).collect::<Vec<_>>().join(joint)
        };
        match question {
            Predicate::All(parts) => joined(parts, "; and "),
            Predicate::Any(parts) => joined(parts, ", or "),
            Predicate::Not(part) => format!("not so: {}", self.spoken(schema, part, this)),
            Predicate::Condition(at) => {
                self.conditions.get(*at).map_or_else(String::new, |c| c.title.clone())
            }
            Predicate::Age { from, below } => match (from, below) {
                (Some(from), Some(below)) => format!("the person is at least {from} and under {below}"),
                (Some(from), None) => format!("the person is at least {from}, by every date of birth"),
                (None, Some(below)) => format!("the person is under {below}, by every date of birth"),
                (None, None) => String::new(),
            },
            Predicate::WorksWith(who) => {
                format!("a current record about the person from {}", self.named(*who))
            }
            Predicate::Record(search) => self.record(schema, search),
            Predicate::LatestMovement { is, .. } => {
                let way = if *is == Direction::In { "into custody" } else { "out of custody" };
                format!("the latest recorded movement goes {way}")
            }
            Predicate::This(of) => {
                let asked = of.iter().find(|(category, _)| Some(*category) == this);
                asked.map_or_else(String::new, |(category, tests)| {
                    format!("the record itself has {}", tested(schema.get(*category), tests))
                })
            }
        }
    }

    fn named(&self, who: Who) -> String {
        match who {
            Who::Recipient => "the recipient".into(),
            Who::Other => "another partner".into(),
            Who::Partner(id) => self.get(id).map_or_else(String::new, |p| p.name.clone()),
        }
    }

    fn record(&self, schema: &Schema, search: &Search) -> String {
        let category = schema.get(search.category);
        let title = category.map_or("", |c| c.title.as_str());
        let by: Vec<String> = search.by.iter().map(|who| format!(" from {}", self.named(*who))).collect();
        let with = if search.tests.is_empty() { "" } else { " with " };
        format!("a current record of `{title}`{}{with}{}", by.concat(), tested(category, &search.tests))
    }
}

fn tested(category: Option<&Category>, tests: &[Test]) -> String {
    let title = |field: FieldId| category.and_then(|c| c.get(field)).map_or("?", |f| f.title.as_str());
    let codes = |codes: &[String]| {
        let shown: Vec<&str> = codes.iter().take(FEW).map(String::as_str).collect();
        let more = codes.len().saturating_sub(FEW);
        if more > 0 { format!("{} or {more} others", shown.join(", ")) } else { shown.join(" or ") }
    };
    let one = |test: &Test| match test {
        Test::In(field, list) => format!("`{}` {}", title(*field), codes(list)),
        Test::NotIn(field, list) => format!("`{}` other than {}", title(*field), codes(list)),
        Test::NamesRecipient(field) => format!("`{}` naming the recipient", title(*field)),
        Test::Present(field, true) => format!("a value of `{}`", title(*field)),
        Test::Present(field, false) => format!("no value of `{}`", title(*field)),
        Test::Reached(field, true) => format!("`{}` past", title(*field)),
        Test::Reached(field, false) => format!("`{}` still to come", title(*field)),
        Test::Days(field, 0, ahead) => format!("`{}` within {ahead} days ahead", title(*field)),
        Test::Days(field, behind, 0) => format!("`{}` within {behind} days past", title(*field)),
        Test::Days(field, behind, ahead) => {
            format!("`{}` within {behind} days past and {ahead} ahead", title(*field))
        }
        Test::Span(from, until) => {
            let begun = from.map(|f| format!("`{}` reached", title(f)));
            let open = until.map(|f| format!("`{}` not past", title(f)));
            begun.into_iter().chain(open).collect::<Vec<_>>().join(" and ")
        }
    };
    let words: Vec<String> = tests.iter().map(one).collect();
    words.join(" and ")
}
