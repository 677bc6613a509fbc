//! Why a field goes to a recipient, or does not: each rule in its order, in plain words, no values.

use super::Gate;
use super::decide::{Case, ROW_RULES};
use super::facts::{RecipientFacts, Sight};
use super::rule::Rule;
use crate::agreement::{PartnerId, Standing};
use crate::link::Person;
use crate::record::{Record, RecordId};
use crate::schema::{CategoryId, FieldId};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The answer about one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Which record.
    pub record: RecordId,
    /// What was decided.
    pub decision: Decision,
    /// The clause under which it leaves, or that of the first rule that withheld.
    pub clause: String,
    /// The rules that were asked, in order; the last is the one that withheld, when one did.
    pub steps: Vec<Step>,
    /// Where a rule withheld: what would let the field through, each of them enough for that rule.
    pub nearest: Vec<String>,
}

/// What was decided about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It leaves as it is.
    Whole,
    /// It leaves reduced; the word of the reduction.
    Reduced(&'static str),
    /// It stays, by this rule.
    Withheld(Rule),
}

/// One rule and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// Whether it lets pass.
    pub passed: bool,
    /// The answer in plain words.
    pub text: String,
    /// What the rule looked at, without a value of a person.
    pub facts: Vec<String>,
}

impl Gate<'_> {
    /// Explains the decision about one field, for every record of its category about a person.
    ///
    /// The answer covers records that are silent for the recipient; it is for the gateway's own
    /// operator and is never shown to a recipient.
    pub fn explain(
        &self,
        person: &Person,
        recipient: PartnerId,
        category: CategoryId,
        field: FieldId,
    ) -> Vec<Explained> {
        let facts = self.facts(person);
        let of = facts.recipients.get(usize::from(recipient.0)).copied().unwrap_or_default();
        let sight = Sight::new(self, person, recipient);
        let records = person.records.iter().filter(|r| r.head.category == category);
        records.map(|record| self.explain_record(person, record, recipient, of, &sight, field)).collect()
    }

    fn explain_record<'s>(
        &self,
        person: &Person,
        record: &Record,
        recipient: PartnerId,
        facts: RecipientFacts,
        sight: &'s Sight<'s>,
        field: FieldId,
    ) -> Explained {
        let case = Case { person, record, recipient, facts, sight };
        let mut steps = Vec::new();
        let decision = self.steps(&case, field, &mut steps);
        let clause = if let Decision::Withheld(rule) = decision {
            rule.clause().to_string()
        } else {
            let head = &record.head;
            self.agreement.clause(head.originator, head.category).unwrap_or_default().to_string()
        };
        let nearest = match decision {
            Decision::Withheld(rule) => self.nearest(&case, field, rule),
            _ => Vec::new(),
        };
        for step in &mut steps {
            step.facts = self.facts_used(step.rule, &case);
        }
        Explained { record: record.head.id, decision, clause, steps, nearest }
    }

    fn steps(&self, case: &Case<'_, '_>, field: FieldId, steps: &mut Vec<Step>) -> Decision {
        for rule in ROW_RULES {
            let passed = asked!(rule rule, self.passes(rule, case));
            steps.push(Step { rule, passed, text: self.words(rule, passed, case), facts: Vec::new() });
            if !passed {
                return Decision::Withheld(rule);
            }
        }
        let category = case.record.head.category;
        let terms = self.terms(case.recipient, category);
        let Some((terms, listed)) =
            terms.and_then(|t| Some((t, t.fields.iter().find(|l| l.field.field == field)?)))
        else {
            return withhold(Rule::Field, steps);
        };
        pass(Rule::Field, steps);
        let Some(how) = self.how(case, terms, listed) else {
            let needed = terms.grant.ceiling().map_or_else(String::new, needed);
            let text = format!("{}{needed}", Rule::Authority.title());
            steps.push(Step { rule: Rule::Authority, passed: false, text, facts: Vec::new() });
            return Decision::Withheld(Rule::Authority);
        };
        pass(Rule::Authority, steps);
        // A row is given or withheld as a whole, so the other fields have their say.
        if let Err(rule) = self.decide(case) {
            return withhold(rule, steps);
        }
        pass(Rule::Reduction, steps);
        pass(Rule::Empty, steps);
        if category == self.agreement.identity_category() {
            if !self.accompanied(case) {
                return withhold(Rule::Alone, steps);
            }
            pass(Rule::Alone, steps);
        }
        match how {
            Standing::Whole => Decision::Whole,
            Standing::Reduced(reduction) => Decision::Reduced(reduction.word()),
        }
    }

    /// Whether another record goes to the recipient, so that an identity row may.
    fn accompanied(&self, case: &Case<'_, '_>) -> bool {
        let others = case.person.records.iter().filter(|r| r.head.category != case.record.head.category);
        let mut rows =
            others.filter_map(|record| self.decide(&Case { record, person: case.person, ..*case }).ok());
        rows.any(|row| self.beside(row.originator, case.record.head.originator))
    }

    fn words(&self, rule: Rule, passed: bool, case: &Case<'_, '_>) -> String {
        let grant = self.agreement.grant(case.recipient, case.record.head.category);
        let unmet = grant.filter(|_| rule == Rule::Condition).and_then(|g| self.unmet(case, g));
        match (passed, unmet) {
            (true, _) => rule.holds().to_string(),
            (false, Some(condition)) => {
                format!("the condition `{}` does not hold: {}", condition.name, condition.title)
            }
            (false, None) => rule.title().to_string(),
        }
    }
}

fn needed(ceiling: &crate::agreement::Ceiling) -> String {
    let words = |kinds: &[crate::agreement::AuthorityKind], joint: &str| {
        kinds.iter().map(|k| format!("`{}`", k.word())).collect::<Vec<_>>().join(joint)
    };
    match (ceiling.all(), ceiling.any()) {
        ([], any) => format!(": {}", words(any, " or ")),
        (all, _) => format!(": {}", words(all, " and ")),
    }
}

fn pass(rule: Rule, steps: &mut Vec<Step>) {
    steps.push(Step { rule, passed: true, text: rule.holds().to_string(), facts: Vec::new() });
}

fn withhold(rule: Rule, steps: &mut Vec<Step>) -> Decision {
    steps.push(Step { rule, passed: false, text: rule.title().to_string(), facts: Vec::new() });
    Decision::Withheld(rule)
}
