//! One record, one recipient: which rule withholds it, or which fields leave and how.
//!
//! `disclose` and `explain` ask the same questions through the same functions, so that an
//! explanation cannot differ from what was done.

use super::Gate;
use super::facts::{RecipientFacts, Sight};
use super::rule::Rule;
use crate::agreement::condition::Condition;
use crate::agreement::grant::never_standing;
use crate::agreement::handling::Release;
use crate::agreement::{AuthorityKind, Grant, GrantField, Handling, PartnerId, Standing};
use crate::link::Person;
use crate::record::{Record, RecordId, text};
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

/// The rules about a row as a whole, in their order.
pub(super) const ROW_RULES: [Rule; 13] = [
    Rule::Restriction,
    Rule::Cancelled,
    Rule::Own,
    Rule::Internal,
    Rule::InForce,
    Rule::Nominee,
    Rule::Suspended,
    Rule::Key,
    Rule::Cohort,
    Rule::Grant,
    Rule::Originator,
    Rule::Condition,
    Rule::Handling,
];

impl<'a> Gate<'a> {
    /// Decides about one record.
    pub(super) fn decide<'p>(&self, case: &Case<'p, '_>) -> Result<Row<'p>, Rule>
    where
        'a: 'p,
    {
        if let Some(rule) = ROW_RULES.into_iter().find(|rule| !asked!(rule * rule, self.passes(*rule, case)))
        {
            return Err(rule);
        }
        let head = &case.record.head;
        let grant = self.agreement.grant(case.recipient, head.category).ok_or(Rule::Grant)?;
        let clause = self.agreement.clause(head.originator, head.category).ok_or(Rule::Originator)?;
        let handling = self.agreement.handling(head.category).ok_or(Rule::Handling)?;
        let (mut cells, mut counted) = (Vec::with_capacity(grant.fields().len()), Vec::new());
        for listed in grant.fields() {
            let (field, Some(how)) = (listed.field, self.how(case, grant, *listed)) else { continue };
            if how == Standing::Reduced(Reduction::Count) {
                counted.push((field, self.tallied(case, field)));
                cells.push((field, None));
            } else {
                cells.push((field, self.cell(case, field, how)?));
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
            purpose: grant.purpose(),
            handling: self.marked(case, handling)?,
            cells,
            counted,
        })
    }

    /// Whether a rule about the row as a whole lets pass.
    pub(super) fn passes(&self, rule: Rule, case: &Case<'_, '_>) -> bool {
        let head = &case.record.head;
        let standing = self.recipients.get(usize::from(case.recipient.0));
        let grant = || self.agreement.grant(case.recipient, head.category);
        match rule {
            Rule::Restriction => !self.index.silent(case.person.id, case.record, case.recipient, self.as_of),
            Rule::Cancelled => !head.cancelled,
            Rule::Own => head.originator != case.recipient,
            Rule::Internal => self.agreement.rule(head.category).is_some(),
            Rule::InForce => self.agreement.in_force(self.as_of),
            Rule::Nominee => standing.is_some_and(|s| s.nominated),
            Rule::Suspended => standing.is_some_and(|s| !s.suspended),
            Rule::Key => !self.key(case.recipient).is_empty(),
            Rule::Cohort => case.facts.cohort,
            Rule::Grant => grant().is_some(),
            Rule::Originator => self
                .agreement
                .clause(head.originator, head.category)
                .is_some_and(|clause| grant().is_some_and(|g| g.clauses().iter().any(|c| c == clause))),
            Rule::Condition => grant().is_some_and(|g| self.unmet(case, g).is_none()),
            Rule::Handling => {
                let handling = self.agreement.handling(head.category);
                handling.is_some_and(|h| self.permitted(case, h) && self.marked(case, h).is_ok())
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

    /// The dissemination code, where the category has one: what it says about the recipient.
    pub(super) fn release(&self, case: &Case<'_, '_>, handling: &Handling) -> Option<Release> {
        let graded = handling.graded.as_ref()?;
        let field = self.schema.get(case.record.head.category)?.field(&graded.field)?;
        let class = self.agreement.get(case.recipient).map_or("", |p| p.class.as_str());
        Some(graded.release(text(case.record, field), class))
    }

    fn permitted(&self, case: &Case<'_, '_>, handling: &Handling) -> bool {
        match self.release(case, handling) {
            None | Some(Release::Free) => true,
            Some(Release::OnAuthority) => asked!(Released, self.authority(case, AuthorityKind::Nim, None)),
            Some(Release::Never) => false,
        }
    }

    /// The handling code as it stands in the row, with the originator's conditions when its
    /// dissemination code makes them travel; without those conditions the row cannot leave.
    fn marked<'p>(&self, case: &Case<'_, '_>, handling: &'p Handling) -> Result<Cow<'p, str>, Rule> {
        let code = Cow::Borrowed(handling.code.as_str());
        let field = handling.graded.as_ref().and_then(|graded| {
            let field = self.schema.get(case.record.head.category)?.field(&graded.field)?;
            asked!(Carries, graded.carries(text(case.record, field))).then_some(field)
        });
        if field.is_none() {
            return Ok(code);
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
    pub(super) fn how(&self, case: &Case<'_, '_>, grant: &Grant, listed: GrantField) -> Option<Standing> {
        let category = case.record.head.category;
        let handling = self.agreement.handling(category)?;
        let kind = self.schema.get(category)?.get(listed.field)?.kind;
        let opened = listed.on_authority && self.authorised(case, grant, handling, listed.field);
        let granted = if asked!(Opened, opened) {
            None
        } else {
            match listed
                .standing
                .filter(|_| asked!(Standing, handling.standing) && asked!(MayStand, !never_standing(kind)))?
            {
                Standing::Whole => None,
                Standing::Reduced(reduction) => Some(reduction),
            }
        };
        let restricted =
            self.index.reduction(case.person.id, case.record, listed.field, case.recipient, self.as_of);
        Some(Reduction::coarser(granted, restricted).map_or(Standing::Whole, Standing::Reduced))
    }

    /// Whether recorded authorities open a field: what the grant asks for, and what its handling
    /// code asks for besides.
    fn authorised(&self, case: &Case<'_, '_>, grant: &Grant, handling: &Handling, field: FieldId) -> bool {
        let Some(ceiling) = grant.ceiling() else { return false };
        let has = |kind: &AuthorityKind| {
            // A dissemination code that permits the recipient's class is itself the authority to
            // disseminate; the review of the text is not spared by it.
            (*kind == AuthorityKind::Nim
                && asked!(FreeByCode, self.release(case, handling) == Some(Release::Free)))
                || self.authority(case, *kind, Some(field))
        };
        let stated = !ceiling.all().is_empty() || !ceiling.any().is_empty();
        let any = |kinds: &[AuthorityKind]| kinds.is_empty() || kinds.iter().any(has);
        asked!(Stated, stated)
            && asked!(GrantAll, ceiling.all().iter().all(has))
            && asked!(GrantAny, any(ceiling.any()))
            && asked!(HandlingAll, handling.needs_all.iter().all(has))
            && asked!(HandlingAny, any(&handling.needs_any))
    }

    fn tallied(&self, case: &Case<'_, '_>, field: FieldId) -> bool {
        let kind = self.schema.get(case.record.head.category).and_then(|c| c.get(field)).map(|f| f.kind);
        match text(case.record, field) {
            Some(value) => kind != Some(Kind::Flag) || value == "true",
            None => false,
        }
    }

    /// One cell; a value that cannot be reduced drops the row.
    pub(super) fn cell<'p>(
        &self,
        case: &Case<'p, '_>,
        field: FieldId,
        how: Standing,
    ) -> Result<Option<Cow<'p, str>>, Rule>
    where
        'a: 'p,
    {
        let Some(value) = text(case.record, field) else { return Ok(None) };
        let Standing::Reduced(reduction) = how else {
            return Ok(Some(self.reviewed_text(case, field).unwrap_or(value).into()));
        };
        let head = &case.record.head;
        let kind = self.schema.get(head.category).and_then(|c| c.get(field)).map(|f| f.kind);
        let list = self.schema.list_of(head.category, field);
        // The group is the one of the day on which the record was accepted, whatever today's list says.
        let entry = list.and_then(|l| l.on(value, head.as_of).or_else(|| l.any(value)));
        let group = entry.and_then(|e| e.group.as_deref());
        let reduced = kind.and_then(|kind| reduction.apply(kind, value, self.as_of, group));
        if asked!(rule Rule::Reduction, reduced.is_some()) { Ok(reduced) } else { Err(Rule::Reduction) }
    }
}
