//! What is wrong with an agreement that reads: it would work, and not as its writer meant. `lockgate check` shows these
//! findings and ends 3; a run goes on, since none of them opens anything that the table does not show.

use super::grant::Grant;
use super::never::{Demands, never};
use super::predicate::Predicate;
use super::syntax::{CategoryDraft, EntitlementDraft, GrantDraft, Word};
use super::{Agreement, Condition, Files, PartnerId};
use crate::problem::{Code, Problem};
use crate::schema::{CategoryId, Schema};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A grant without a condition stands out where so many other grants of the same recipient ask for one.
const NEIGHBOURS: usize = 5;

/// Looks through an agreement that was built from these files.
pub(super) fn lint(files: &Files, agreement: &Agreement, schema: &Schema) -> Vec<Problem> {
    let mut lint = Lint { agreement, schema, found: Vec::new() };
    lint.conditions(&files.conditions.0, files.conditions.1.condition.0.iter().map(|(name, _)| name));
    for (name, rule) in &files.categories.1.0.0 {
        lint.collected_for_everything(&files.categories.0, name, rule);
    }
    for (file, draft) in &files.entitlements {
        lint.entitlements(file, draft);
    }
    lint.found
}

struct Lint<'a> {
    agreement: &'a Agreement,
    schema: &'a Schema,
    found: Vec<Problem>,
}

impl Lint<'_> {
    fn at(&mut self, code: Code, file: &str, word: &Word, what: String, help: &str) {
        self.found.push(Problem::new(code, what).in_config(file, word.span()).help(help));
    }

    /// Conditions that hold for nobody, whatever is recorded.
    fn conditions<'w>(&mut self, file: &str, names: impl Iterator<Item = &'w Word>) {
        for (condition, name) in self.agreement.conditions.iter().zip(names) {
            if never(self.agreement, &condition.predicate) {
                let what = format!(
                    "condition `{}` can never hold: its questions exclude each other",
                    condition.name
                );
                self.at(
                    "LG0311",
                    file,
                    name,
                    what,
                    "correct the question, or remove the condition and what it guards",
                );
            }
        }
    }

    fn entitlements(&mut self, file: &str, draft: &EntitlementDraft) {
        let Some(recipient) = self.agreement.partner(draft.recipient.get_ref()) else { return };
        if !self.can_receive(recipient) {
            let what = format!("`{}` has no nominee on any day of the agreement", draft.recipient.get_ref());
            let help = "name a post in `nominees.toml`, or close the file's grants: today nothing can leave under them";
            self.at("LG0312", file, &draft.recipient, what, help);
        }
        for (name, written) in &draft.grants {
            let Some(category) = self.schema.category(name.get_ref()) else { continue };
            let Some(grant) = self.agreement.grant(recipient, category) else { continue };
            self.without_effect(file, grant, written);
            self.never_together(file, (name, category), grant);
            self.stands_out(file, (name, recipient), grant);
        }
    }

    /// Whether any nominee's days and the agreement's have one in common.
    fn can_receive(&self, recipient: PartnerId) -> bool {
        let term = self.agreement.term;
        let meets = |span: &super::Span| {
            let begins = term.until.is_none_or(|last| span.from.is_some_and(|first| first <= last));
            begins && span.until.is_none_or(|last| term.from.is_some_and(|first| first <= last))
        };
        self.agreement.nominees.iter().any(|(p, span)| *p == recipient && meets(span))
    }

    /// A condition that another one of the same grant already asks for, a kind of authority that is needed anyway.
    fn without_effect(&mut self, file: &str, grant: &Grant, written: &GrantDraft) {
        let conditions = &self.agreement.conditions;
        for (asked, word) in grant.conditions.iter().zip(&written.when) {
            let other = grant
                .conditions
                .iter()
                .filter(|other| *other != asked)
                .filter_map(|other| Some((*other, conditions.get(*other)?)))
                .find(|(at, other)| implies((*at, other), *asked, conditions));
            if let Some((_, other)) = other {
                let what = format!("condition `{}` adds nothing beside `{}`", word.get_ref(), other.name);
                self.at("LG0312", file, word, what, "keep the narrower of the two");
            }
        }
        let Some(ceiling) = &written.on_authority else { return };
        for word in ceiling.any.iter().filter(|w| ceiling.all.iter().any(|a| a.get_ref() == w.get_ref())) {
            let what = format!(
                "the authority `{}` is needed anyway, so that `any` asks for nothing",
                word.get_ref()
            );
            self.at("LG0312", file, word, what, "name it in `all` or in `any`");
        }
    }

    /// The conditions of one grant, all of which must hold, exclude each other.
    fn never_together(&mut self, file: &str, (name, category): (&Word, CategoryId), grant: &Grant) {
        let mut demands = Demands::about(self.agreement, Some(category));
        let named: Vec<&Condition> =
            grant.conditions.iter().filter_map(|at| self.agreement.conditions.get(*at)).collect();
        if named.iter().any(|c| never(self.agreement, &c.predicate)) {
            return; // told where the condition stands
        }
        for at in &grant.conditions {
            demands.ask(&Predicate::Condition(*at));
        }
        if demands.never() {
            let words: Vec<String> = named.iter().map(|c| format!("`{}`", c.name)).collect();
            let what =
                format!("the conditions of `{}` exclude each other: {}", name.get_ref(), words.join(", "));
            self.at(
                "LG0311",
                file,
                name,
                what,
                "nothing can ever leave under this grant: drop a condition, or the grant",
            );
        }
    }

    /// A category collected for every purpose at once was collected for none that was thought about, and 5.2.5 would
    /// hold nothing back.
    fn collected_for_everything(&mut self, file: &str, name: &Word, rule: &CategoryDraft) {
        let all = self.agreement.purposes.len();
        if all > 1 && rule.collected_for.len() >= all {
            let what = format!("`{}` is said to be collected for every purpose there is", name.get_ref());
            self.at("LG0310", file, name, what, "state the purposes for which its owner holds it (5.2.5)");
        }
    }

    /// The one standing grant that asks for nothing, in a file where every other one asks for a condition.
    fn stands_out(&mut self, file: &str, (name, recipient): (&Word, PartnerId), grant: &Grant) {
        let standing = |g: &Grant| g.fields.iter().any(|f| f.standing.is_some());
        if !standing(grant) || !grant.conditions.is_empty() {
            return;
        }
        let categories = self.schema.categories();
        let others = categories.filter_map(|(id, _)| self.agreement.grant(recipient, id));
        let others: Vec<&Grant> = others.filter(|g| !core::ptr::eq(*g, grant) && standing(g)).collect();
        if others.len() >= NEIGHBOURS && others.iter().all(|g| !g.conditions.is_empty()) {
            let what = format!(
                "`{}` goes without a condition, and each of the {} other standing grants asks for one",
                name.get_ref(),
                others.len()
            );
            self.at(
                "LG0310",
                file,
                name,
                what,
                "add the condition under which the recipient needs it (5.2.2)",
            );
        }
    }
}

/// Whether one condition holding means that another does: it names it among all its questions, or the other takes it
/// as one of several.
fn implies(one: (usize, &Condition), other: usize, conditions: &[Condition]) -> bool {
    let named = |at: usize| move |p: &Predicate| matches!(p, Predicate::Condition(i) if *i == at);
    let asks = match &one.1.predicate {
        Predicate::All(parts) => parts.iter().any(named(other)),
        only => named(other)(only),
    };
    let taken = conditions.get(other).is_some_and(|c| match &c.predicate {
        Predicate::Any(parts) => parts.iter().any(named(one.0)),
        only => named(one.0)(only),
    });
    asks || taken
}
