//! Beside each rule of an explanation the facts it used; beside the decision the nearest thing that would change it. Both
//! name categories, kinds, counts and dates of the agreement, never a value of a person.

use super::Gate;
use super::decide::Case;
use super::rule::Rule;
use crate::agreement::handling::Release;
use crate::agreement::predicate::Predicate;
use crate::agreement::{AuthorityKind, Grant};
use crate::schema::FieldId;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl Gate<'_> {
    /// What a rule looked at.
    pub(super) fn facts_used(&self, rule: Rule, case: &Case<'_, '_>) -> Vec<String> {
        let (head, agreement) = (&case.record.head, self.agreement);
        let grant = agreement.grant(case.recipient, head.category);
        let key = |id| agreement.get(id).map_or("?", |p| p.key.as_str());
        match rule {
            Rule::Restriction => {
                let listed = self.index.over(case.person.id, head.id).count();
                let marked = if head.restricted { "marked" } else { "not marked" };
                alloc::vec![format!("{marked} by its source; {listed} restrictions in the register")]
            }
            Rule::Cancelled => alloc::vec![format!("version {} of the record", head.number)],
            Rule::Own => alloc::vec![format!("the originator is `{}`", key(head.originator))],
            Rule::InForce => {
                let day = |d: Option<jiff::civil::Date>| d.map_or("no end".to_string(), |d| d.to_string());
                let term = agreement.term;
                alloc::vec![format!(
                    "from {} to {}; asked for {}",
                    day(term.from),
                    day(term.until),
                    self.as_of
                )]
            }
            Rule::Cohort => {
                let spans = case.person.records.iter().filter_map(|r| agreement.designation(r));
                let (all, current) = spans.fold((0u32, 0u32), |(all, now), span| {
                    (all + 1, now + u32::from(span.contains(self.as_of)))
                });
                alloc::vec![format!("{all} designations, {current} of them current")]
            }
            Rule::Grant => grant
                .map(|g| format!("purposes {}; reason: {}", g.purposes().join(" "), g.reason()))
                .into_iter()
                .collect(),
            Rule::Originator => {
                let clause = agreement.clause(head.originator, head.category).unwrap_or("no clause");
                let covered = grant.map_or_else(String::new, |g| g.clauses().join(", "));
                alloc::vec![format!("shared under {clause}; the grant covers {covered}")]
            }
            Rule::Condition => grant.map_or_else(Vec::new, |g| self.conditions_used(case, g)),
            Rule::Handling => self.handling_used(case),
            Rule::Authority => alloc::vec![self.recorded(case)],
            _ => Vec::new(),
        }
    }

    fn conditions_used(&self, case: &Case<'_, '_>, grant: &Grant) -> Vec<String> {
        let conditions = grant.conditions().iter().filter_map(|at| self.agreement.conditions.get(*at));
        let one = |c: &crate::agreement::Condition| {
            let holds = case.sight.condition(c, Some(case.record)).holds;
            format!("`{}` {}: {}", c.name, if holds { "holds" } else { "does not hold" }, c.title)
        };
        conditions.map(one).collect()
    }

    fn handling_used(&self, case: &Case<'_, '_>) -> Vec<String> {
        let Some(terms) = self.terms(case.recipient, case.record.head.category) else { return Vec::new() };
        let class = self.agreement.get(case.recipient).map_or("", |p| p.class.as_str());
        let says = match terms.release(case.record) {
            None => "no dissemination code is asked for".to_string(),
            Some(Release::Free) => format!("the dissemination code permits class `{class}`"),
            Some(Release::OnAuthority) => {
                format!("the dissemination code permits class `{class}` on authority")
            }
            Some(Release::Never) => {
                format!("the dissemination code, or its absence, permits nothing to class `{class}`")
            }
        };
        alloc::vec![format!("handling `{}`; {says}", terms.handling.code)]
    }

    /// The authorities that count for this record and recipient today.
    fn recorded(&self, case: &Case<'_, '_>) -> String {
        let counts = |kind: &AuthorityKind| self.authority(case, *kind, None);
        let kinds: Vec<&str> = AuthorityKind::ALL.iter().filter(|k| counts(k)).map(|k| k.word()).collect();
        if kinds.is_empty() {
            "no authority is recorded for this record and recipient".into()
        } else {
            format!("recorded for this record and recipient: {}", kinds.join(", "))
        }
    }

    /// What would let the field through, nearest first, where a rule withheld it.
    pub(super) fn nearest(&self, case: &Case<'_, '_>, field: FieldId, rule: Rule) -> Vec<String> {
        let head = &case.record.head;
        let owner = self.agreement.get(head.originator).map_or("the originator", |p| p.name.as_str());
        let one = |text: String| alloc::vec![text];
        match rule {
            Rule::Restriction => one(format!("{owner}, and nobody else, lifts the restriction")),
            Rule::Cancelled => one(format!("{owner} sends the record again")),
            Rule::Own => one("nothing: nobody is given its own rows back".into()),
            Rule::Internal => one("nothing: the category is kept for the gateway's own decisions".into()),
            Rule::InForce => one("an agreement in force on the day".into()),
            Rule::Nominee => one("the recipient names a nominee (7.3)".into()),
            Rule::Suspended => one("the recipient's suspension ends".into()),
            Rule::Key => one("the operator gives the recipient a key for its references".into()),
            Rule::Cohort => one("a designation that is current on the day (1.1)".into()),
            Rule::Grant | Rule::Originator | Rule::Field => {
                one("a change of the agreement to which every partner agrees (9.2)".into())
            }
            Rule::Condition => {
                let grant = self.agreement.grant(case.recipient, head.category);
                let unmet = grant.and_then(|g| self.unmet(case, g));
                unmet.map_or_else(Vec::new, |c| self.unanswered(case, &c.predicate))
            }
            Rule::Handling => {
                match self.terms(case.recipient, head.category).and_then(|t| t.release(case.record)) {
                    Some(Release::OnAuthority) => one(format!("an authority of kind `nim` by {owner}")),
                    _ => one(format!(
                        "{owner} sends the record under a dissemination code that permits the recipient"
                    )),
                }
            }
            Rule::Authority => self.lacking(case, field, owner),
            Rule::Reduction => one("a value that can be reduced as the grant says".into()),
            Rule::Empty => one("a value in one of the fields that the recipient may have".into()),
            Rule::Alone => one(format!("another record of the person by {owner} that goes to the recipient")),
            Rule::Folded => one("nothing: it is counted in another row".into()),
        }
    }

    /// The authorities that are needed and not recorded.
    fn lacking(&self, case: &Case<'_, '_>, field: FieldId, owner: &str) -> Vec<String> {
        let grant = self.agreement.grant(case.recipient, case.record.head.category);
        let Some(ceiling) = grant.and_then(Grant::ceiling) else { return Vec::new() };
        let has = |kind: &&AuthorityKind| self.authority(case, **kind, Some(field));
        let lacking = ceiling.all().iter().filter(|k| !has(k)).map(|k| k.word());
        let mut words: Vec<String> = lacking.map(|w| format!("`{w}`")).collect();
        if !ceiling.any().iter().any(|k| has(&k)) && !ceiling.any().is_empty() {
            let any: Vec<String> = ceiling.any().iter().map(|k| format!("`{}`", k.word())).collect();
            words.push(any.join(" or "));
        }
        let kinds = words.join(" and ");
        alloc::vec![format!("an authority of kind {kinds} by {owner}, for this record, recipient and field")]
    }

    /// The questions of a condition that are answered no: one answered otherwise may be enough.
    fn unanswered(&self, case: &Case<'_, '_>, predicate: &Predicate) -> Vec<String> {
        match predicate {
            Predicate::Any(parts) => parts.iter().flat_map(|p| self.unanswered(case, p)).collect(),
            Predicate::All(parts) => {
                let open = parts.iter().filter(|p| !case.sight.ask(p, Some(case.record)).holds);
                let words: Vec<String> = open.map(|p| self.unanswered(case, p).join(", or ")).collect();
                alloc::vec![words.join("; and ")]
            }
            Predicate::Condition(at) => self
                .agreement
                .conditions
                .get(*at)
                .map_or_else(Vec::new, |c| self.unanswered(case, &c.predicate)),
            other => alloc::vec![self.agreement.spoken(self.schema, other, Some(case.record.head.category))],
        }
    }
}
