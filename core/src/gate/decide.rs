//! One record, one recipient: which rule withholds it, or which fields leave and how.
//!
//! `disclose` and `explain` ask the same questions through the same functions, so that an
//! explanation cannot differ from what was done.

use super::Gate;
use super::facts::{RecipientFacts, Sight};
use super::rule::Rule;
use super::terms::{Listed, Terms};
use crate::agreement::condition::Condition;
use crate::agreement::handling::Release;
use crate::agreement::{AuthorityKind, Grant, PartnerId, Standing};
use crate::link::Person;
use crate::record::{Record, RecordId};
use crate::reduce::Reduction;
use crate::schema::{CategoryId, FieldId, Kind};
use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

/// One question: may this record of this person go to this recipient?
pub(super) struct Case<'p, 's> {
    pub(super) person: &'p Person,
    pub(super) record: &'p Record,
    pub(super) recipient: PartnerId,
    pub(super) facts: RecipientFacts,
    pub(super) sight: &'s Sight<'s>,
}

/// A row before it is grouped and closed as a `Disclosed`.
pub(super) struct Row<'p> {
    pub(super) record: RecordId,
    pub(super) version: u32,
    pub(super) category: CategoryId,
    pub(super) originator: PartnerId,
    pub(super) clause: &'p str,
    pub(super) purpose: &'p str,
    pub(super) handling: Cow<'p, str>,
    /// In schema order; a counted field stands as `None` until the rows are grouped.
    pub(super) cells: Vec<(FieldId, Option<Cow<'p, str>>)>,
    /// Counted fields, and whether this row counts.
    pub(super) counted: Vec<(FieldId, bool)>,
}

/// The rules about a row as a whole in their order, and the first of them that withholds: one list, asked without a loop.
macro_rules! row_rules {
    ($($rule:ident)*) => {
        /// The rules about a row as a whole, in their order.
        pub(super) const ROW_RULES: [Rule; [$(Rule::$rule),*].len()] = [$(Rule::$rule),*];

        impl Gate<'_> {
            /// The first rule about the row as a whole that withholds it.
            fn withheld_by(&self, case: &Case<'_, '_>) -> Option<Rule> {
                $(if !asked!(rule Rule::$rule, self.passes(Rule::$rule, case)) {
                    return Some(Rule::$rule);
                })*
                None
            }
        }
    };
}

row_rules! {
    Restriction Cancelled Own Internal InForce Nominee Suspended Key Cohort Grant Originator Condition Handling
}

impl<'a> Gate<'a> {
    /// Decides about one record.
    pub(super) fn decide<'p>(&self, case: &Case<'p, '_>) -> Result<Row<'p>, Rule>
    where
        'a: 'p,
    {
        if let Some(rule) = self.withheld_by(case) {
            return Err(rule);
        }
        let head = &case.record.head;
        let terms = self.terms(case.recipient, head.category).ok_or(Rule::Grant)?;
        let clause = terms.clause(head.originator).ok_or(Rule::Originator)?;
        let (mut cells, mut counted) = (Vec::with_capacity(terms.fields.len()), Vec::new());
        let mut values = case.record.fields.walk();
        for listed in &terms.fields {
            let (field, Some(how)) = (listed.field.field, self.how(case, terms, listed)) else { continue };
            let value = values.get(field);
            if how == Standing::Reduced(Reduction::Count) {
                counted.push((field, tallied(listed.kind, value)));
                cells.push((field, None));
            } else {
                cells.push((field, self.cell(case, listed, value, how)?));
            }
        }
        if asked!(NoCell, cells.is_empty()) {
            return Err(Rule::Authority);
        }
        if asked!(NoValue, cells.iter().all(|(_, value)| value.is_none())) {
            return Err(Rule::Empty);
        }
        Ok(Row {
            record: head.id,
            version: head.number,
            category: head.category,
            originator: head.originator,
            clause,
            purpose: terms.grant.purpose(),
            handling: self.marked(case, terms)?,
            cells,
            counted,
        })
    }

    /// Whether a rule about the row as a whole lets pass.
    #[expect(clippy::inline_always, reason = "with a rule known in advance nothing of the choice is left")]
    #[inline(always)]
    pub(super) fn passes(&self, rule: Rule, case: &Case<'_, '_>) -> bool {
        let head = &case.record.head;
        let standing = self.recipients.get(usize::from(case.recipient.0));
        let terms = || self.terms(case.recipient, head.category);
        match rule {
            Rule::Restriction => !self.index.silent(case.person.id, case.record, case.recipient, self.as_of),
            Rule::Cancelled => !head.cancelled,
            Rule::Own => head.originator != case.recipient,
            Rule::Internal => self.agreement.rule(head.category).is_some(),
            Rule::InForce => self.in_force,
            Rule::Nominee => standing.is_some_and(|s| s.nominated),
            Rule::Suspended => standing.is_some_and(|s| !s.suspended),
            Rule::Key => standing.is_some_and(|s| s.keyed),
            Rule::Cohort => case.facts.cohort,
            Rule::Grant => terms().is_some(),
            Rule::Originator => terms().is_some_and(|t| t.clause(head.originator).is_some()),
            Rule::Condition => terms().is_some_and(|t| met(case, t)),
            Rule::Handling => {
                terms().is_some_and(|t| self.permitted(case, t) && self.marked(case, t).is_ok())
            }
            // Rules about fields and groups of rows are asked elsewhere.
            Rule::Authority | Rule::Field | Rule::Reduction | Rule::Empty | Rule::Alone | Rule::Folded => {
                true
            }
        }
    }

    /// The first condition of a grant that does not hold.
    pub(super) fn unmet(&self, case: &Case<'_, '_>, grant: &Grant) -> Option<&Condition> {
        for at in grant.conditions() {
            let condition = self.agreement.conditions.get(*at)?;
            let holds = if condition.about_record.is_some() {
                case.sight.condition(condition, Some(case.record)).holds
            } else {
                case.facts.holds >> at & 1 == 1
            };
            if !holds {
                return Some(condition);
            }
        }
        None
    }

    fn permitted(&self, case: &Case<'_, '_>, terms: &Terms<'_>) -> bool {
        match terms.release(case.record) {
            None | Some(Release::Free) => true,
            Some(Release::OnAuthority) => asked!(Released, self.authority(case, AuthorityKind::Nim, None)),
            Some(Release::Never) => false,
        }
    }

    /// The handling code as it stands in the row, with the originator's conditions when its
    /// dissemination code makes them travel; without those conditions the row cannot leave.
    fn marked<'h>(&self, case: &Case<'_, '_>, terms: &Terms<'h>) -> Result<Cow<'h, str>, Rule> {
        let code = terms.handling.code.as_str();
        if !asked!(Carries, terms.carries(case.record)) {
            return Ok(code.into());
        }
        let conditions = self
            .index
            .authorities(case.record.head.id)
            .filter(|a| a.counts(AuthorityKind::Nim, case.record, case.recipient, self.as_of))
            .find_map(|a| a.conditions.as_deref().map(str::trim).filter(|c| !c.is_empty()));
        conditions.map(|c| format!("{code}; {c}").into()).ok_or(Rule::Handling)
    }

    /// Whether an authority of a kind counts for the record, recipient and (when given) field.
    pub(super) fn authority(&self, case: &Case<'_, '_>, kind: AuthorityKind, field: Option<FieldId>) -> bool {
        if kind == AuthorityKind::TextReview {
            return field.is_some_and(|f| self.review(case, f).is_some());
        }
        self.index.authorities(case.record.head.id).any(|a| {
            a.counts(kind, case.record, case.recipient, self.as_of)
                && asked!(NamesField, field.is_none_or(|f| a.fields.contains(&f)))
        })
    }

    /// How one field leaves, if at all.
    pub(super) fn how(
        &self,
        case: &Case<'_, '_>,
        terms: &Terms<'_>,
        listed: &Listed<'_>,
    ) -> Option<Standing> {
        let field = listed.field.field;
        let opened = listed.field.on_authority && self.authorised(case, terms, field);
        let granted = if asked!(Opened, opened) {
            None
        } else {
            match listed.standing? {
                Standing::Whole => None,
                Standing::Reduced(reduction) => Some(reduction),
            }
        };
        let restricted = self.index.reduction(case.person.id, case.record, field, case.recipient, self.as_of);
        Some(Reduction::coarser(granted, restricted).map_or(Standing::Whole, Standing::Reduced))
    }

    /// Whether recorded authorities open a field: what the grant asks for, and what its handling
    /// code asks for besides.
    fn authorised(&self, case: &Case<'_, '_>, terms: &Terms<'_>, field: FieldId) -> bool {
        let Some(ceiling) = terms.grant.ceiling() else { return false };
        let has = |kind: &AuthorityKind| {
            // A dissemination code that permits the recipient's class is itself the authority to
            // disseminate; the review of the text is not spared by it.
            (*kind == AuthorityKind::Nim
                && asked!(FreeByCode, terms.release(case.record) == Some(Release::Free)))
                || self.authority(case, *kind, Some(field))
        };
        let stated = !ceiling.all().is_empty() || !ceiling.any().is_empty();
        let any = |kinds: &[AuthorityKind]| kinds.is_empty() || kinds.iter().any(has);
        asked!(Stated, stated)
            && asked!(GrantAll, ceiling.all().iter().all(has))
            && asked!(GrantAny, any(ceiling.any()))
            && asked!(HandlingAll, terms.handling.needs_all.iter().all(has))
            && asked!(HandlingAny, any(&terms.handling.needs_any))
    }

    /// One cell; a value that cannot be reduced drops the row.
    pub(super) fn cell<'p>(
        &self,
        case: &Case<'p, '_>,
        listed: &Listed<'p>,
        value: Option<&'p str>,
        how: Standing,
    ) -> Result<Option<Cow<'p, str>>, Rule>
    where
        'a: 'p,
    {
        let Some(value) = value else { return Ok(None) };
        let Standing::Reduced(reduction) = how else {
            return Ok(Some(self.reviewed_text(case, listed.field.field).unwrap_or(value).into()));
        };
        // The group is the one of the day on which the record was accepted, whatever today's list says.
        let entry = listed.list.and_then(|l| l.on(value, case.record.head.as_of).or_else(|| l.any(value)));
        let group = entry.and_then(|e| e.group.as_deref());
        let reduced = reduction.apply(listed.kind, value, self.as_of, group);
        if asked!(rule Rule::Reduction, reduced.is_some()) { Ok(reduced) } else { Err(Rule::Reduction) }
    }
}

/// Whether the conditions of a grant hold.
fn met(case: &Case<'_, '_>, terms: &Terms<'_>) -> bool {
    let row = |c: &&Condition| case.sight.condition(c, Some(case.record)).holds;
    terms.person_holds(case.facts.holds) && terms.row_conditions().iter().all(row)
}

/// Whether a row counts where its field is given as a count.
fn tallied(kind: Kind, value: Option<&str>) -> bool {
    value.is_some_and(|value| kind != Kind::Flag || value == "true")
}
