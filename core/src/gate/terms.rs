//! Terms: what the agreement says of each recipient and category, laid ready before the first person.
//!
//! Nothing is decided here. What a decision would look up again for every record, by word or in a list, is looked up
//! once; a lookup that fails leaves terms that permit nothing.

use super::Gate;
use super::marks::Marks;
use crate::agreement::condition::Condition;
use crate::agreement::grant::never_standing;
use crate::agreement::handling::Release;
use crate::agreement::{Agreement, Grant, GrantField, Handling, PartnerId, Standing};
use crate::record::{Record, text};
use crate::schema::{CategoryId, CodeList, FieldId, Kind, Schema};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What one recipient may have of one category.
pub(super) struct Terms<'a> {
    pub(super) grant: &'a Grant,
    pub(super) handling: &'a Handling,
    /// By originator: the clause under which it shares the category, when the grant covers that clause.
    clauses: Vec<Option<&'a str>>,
    /// One bit per condition about the person that must hold.
    person: u64,
    /// The conditions about the row that must hold.
    row: Vec<&'a Condition>,
    /// The fields of the grant, in schema order.
    pub(super) fields: Vec<Listed<'a>>,
    /// The field with the dissemination code, where the handling code asks for one and the category has it.
    graded: Option<FieldId>,
    /// The recipient's class for dissemination codes.
    class: &'a str,
}

/// One field of a grant.
pub(super) struct Listed<'a> {
    pub(super) field: GrantField,
    /// How it leaves without an authority.
    pub(super) standing: Option<Standing>,
    /// What type it is of.
    pub(super) kind: Kind,
    /// Its code list.
    pub(super) list: Option<&'a CodeList>,
}

impl<'a> Terms<'a> {
    /// The clause under which an originator's rows leave (5.2.3); `None` when they do not.
    pub(super) fn clause(&self, originator: PartnerId) -> Option<&'a str> {
        self.clauses.get(usize::from(originator.0)).copied().flatten()
    }

    /// Whether the conditions about the person hold.
    pub(super) const fn person_holds(&self, holds: u64) -> bool {
        self.person & !holds == 0
    }

    /// The conditions about the row.
    pub(super) fn row_conditions(&self) -> &[&'a Condition] {
        &self.row
    }

    /// What a record's dissemination code says about the recipient; `None` where the category has none.
    pub(super) fn release(&self, record: &Record) -> Option<Release> {
        let graded = self.handling.graded.as_ref()?;
        Some(graded.release(text(record, self.graded?), self.class))
    }

    /// Whether the originator's conditions travel with a record.
    pub(super) fn carries(&self, record: &Record) -> bool {
        let (Some(graded), Some(field)) = (self.handling.graded.as_ref(), self.graded) else { return false };
        graded.carries(text(record, field))
    }
}

/// What of a category can change with the day alone, for whichever recipient.
#[derive(Clone)]
pub(super) struct Dated<'a> {
    pub(super) category: CategoryId,
    /// The conditions about a row that do not ask who the recipient is.
    pub(super) conditions: Vec<&'a Condition>,
    /// The fields that leave as an age.
    pub(super) births: Vec<FieldId>,
}

impl<'a> Dated<'a> {
    fn of(category: CategoryId) -> Self {
        Self { category, conditions: Vec::new(), births: Vec::new() }
    }

    fn add(&mut self, terms: &Terms<'a>) {
        for condition in terms.row.iter().copied().filter(|c| !c.about_recipient) {
            if !self.conditions.iter().any(|known| core::ptr::eq(*known, condition)) {
                self.conditions.push(condition);
            }
        }
        for field in terms.grant.fields().iter().filter(|f| f.depends_on_day()).map(|f| f.field) {
            if !self.births.contains(&field) {
                self.births.push(field);
            }
        }
    }
}

/// The terms of every recipient and category; a copy shares them.
#[cfg_attr(test, derive(Clone))]
pub(super) struct Table<'a> {
    /// `[recipient × categories + category]`.
    terms: Arc<[Option<Terms<'a>>]>,
    categories: usize,
    /// What can change with the day alone, for all recipients together.
    pub(super) dated: Arc<[Dated<'a>]>,
    /// The categories of it.
    pub(super) dated_marks: Marks,
    /// By recipient: the categories with a condition about a row that asks who the recipient is.
    own: Arc<[Marks]>,
}

impl<'a> Table<'a> {
    pub(super) fn new(agreement: &'a Agreement, schema: &'a Schema) -> Self {
        let categories = agreement.rules.len();
        let mut terms = Vec::with_capacity(agreement.partners.len() * categories);
        let mut dated: Vec<Dated<'a>> =
            (0..).map_while(|c| Some(Dated::of(CategoryId(c)))).take(categories).collect();
        let mut own = Vec::new();
        for (recipient, _) in agreement.partners() {
            let mut marks = Marks::default();
            for (dated, category) in dated.iter_mut().zip((0..).map(CategoryId)) {
                let of = terms_of(agreement, schema, recipient, category);
                if let Some(of) = &of {
                    dated.add(of);
                    let asks = of.row.iter().any(|condition| condition.about_recipient);
                    marks = if asks { marks.and(Marks::of(category)) } else { marks };
                }
                terms.push(of);
            }
            own.push(marks);
        }
        dated.retain(|dated| !dated.conditions.is_empty() || !dated.births.is_empty());
        let dated_marks = dated.iter().map(|d| Marks::of(d.category)).fold(Marks::default(), Marks::and);
        Self { terms: terms.into(), categories, dated: dated.into(), dated_marks, own: own.into() }
    }

    /// What a recipient may have of a category; `None` is nothing.
    pub(super) fn get(&self, recipient: PartnerId, category: CategoryId) -> Option<&Terms<'a>> {
        let category = usize::from(category.0);
        if category >= self.categories {
            return None;
        }
        self.terms.get(usize::from(recipient.0) * self.categories + category)?.as_ref()
    }

    /// The categories with a condition about a row that asks who the recipient is.
    pub(super) fn asks_who(&self, recipient: PartnerId) -> Marks {
        self.own.get(usize::from(recipient.0)).copied().unwrap_or_default()
    }
}

fn terms_of<'a>(
    agreement: &'a Agreement,
    schema: &'a Schema,
    recipient: PartnerId,
    category: CategoryId,
) -> Option<Terms<'a>> {
    let grant = agreement.grant(recipient, category)?;
    let handling = agreement.handling(category)?;
    let covered = |id| agreement.clause(id, category).filter(|c| grant.clauses().iter().any(|g| g == c));
    let (mut person, mut row) = (0, Vec::new());
    for at in grant.conditions() {
        let condition = agreement.conditions.get(*at)?;
        if condition.about_record.is_some() {
            row.push(condition);
        } else {
            person |= 1u64.checked_shl(u32::try_from(*at).ok()?)?;
        }
    }
    let listed = |listed: &GrantField| {
        let kind = schema.get(category)?.get(listed.field)?.kind;
        let standing = listed
            .standing
            .filter(|_| asked!(Standing, handling.standing) && asked!(MayStand, !never_standing(kind)));
        Some(Listed { field: *listed, standing, kind, list: schema.list_of(category, listed.field) })
    };
    let graded = handling.graded.as_ref().and_then(|g| schema.get(category)?.field(&g.field));
    Some(Terms {
        grant,
        handling,
        clauses: agreement.partners().map(|(id, _)| covered(id)).collect(),
        person,
        row,
        fields: grant.fields().iter().filter_map(listed).collect(),
        graded,
        class: agreement.get(recipient).map_or("", |p| p.class.as_str()),
    })
}

impl<'a> Gate<'a> {
    /// What a recipient may have of a category; `None` is nothing.
    pub(super) fn terms(&self, recipient: PartnerId, category: CategoryId) -> Option<&Terms<'a>> {
        self.table.get(recipient, category)
    }
}
