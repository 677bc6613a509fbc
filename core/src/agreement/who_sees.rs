//! Who can ever see a field, and what a recipient can ever see: answered from the table alone.

use super::grant::{Grant, GrantField, Standing};
use super::{Agreement, PartnerId};
use crate::schema::{CategoryId, FieldId, Schema};
use alloc::vec::Vec;

/// One cell of the agreement: how a recipient may have a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sees<'a> {
    /// Who.
    pub recipient: PartnerId,
    /// Of which category.
    pub category: CategoryId,
    /// Which field.
    pub field: FieldId,
    /// Clauses under which it leaves.
    pub clauses: Vec<&'a str>,
    /// Purpose letters.
    pub purposes: Vec<&'a str>,
    /// Named conditions, all of which must hold.
    pub conditions: Vec<&'a str>,
    /// By standing grant: `whole`, or the word of the reduction.
    pub standing: Option<&'static str>,
    /// Words of the authorities that are all needed to open it whole (beyond the standing grant).
    pub authority_all: Vec<&'static str>,
    /// Words of the authorities of which one is needed to open it whole.
    pub authority_any: Vec<&'static str>,
    /// Why the recipient needs it.
    pub reason: &'a str,
}

impl Agreement {
    /// Everyone who can ever see a field, in the order of the partners.
    pub fn who_sees(&self, category: CategoryId, field: FieldId) -> Vec<Sees<'_>> {
        self.partners().filter_map(|(recipient, _)| self.sees(recipient, category, field)).collect()
    }

    /// Everything that a recipient can ever see, in schema order.
    pub fn what_sees(&self, schema: &Schema, recipient: PartnerId) -> Vec<Sees<'_>> {
        let mut out = Vec::new();
        for (category, _) in schema.categories() {
            let Some(grant) = self.grant(recipient, category) else { continue };
            out.extend(grant.fields.iter().map(|f| self.cell(recipient, category, grant, *f)));
        }
        out
    }

    /// How a recipient may have a field; `None` = never.
    pub fn sees(&self, recipient: PartnerId, category: CategoryId, field: FieldId) -> Option<Sees<'_>> {
        let grant = self.grant(recipient, category)?;
        let listed = grant.fields.iter().find(|f| f.field == field)?;
        Some(self.cell(recipient, category, grant, *listed))
    }

    fn cell<'a>(
        &'a self,
        recipient: PartnerId,
        category: CategoryId,
        grant: &'a Grant,
        listed: GrantField,
    ) -> Sees<'a> {
        let ceiling = grant.ceiling.as_ref().filter(|_| listed.on_authority);
        Sees {
            recipient,
            category,
            field: listed.field,
            clauses: grant.clauses.iter().map(AsRef::as_ref).collect(),
            purposes: grant.purposes.iter().map(AsRef::as_ref).collect(),
            conditions: grant
                .conditions
                .iter()
                .filter_map(|i| self.conditions.get(*i))
                .map(|c| c.name.as_str())
                .collect(),
            standing: listed.standing.map(|s| match s {
                Standing::Whole => "whole",
                Standing::Reduced(reduction) => reduction.word(),
            }),
            authority_all: ceiling.map_or_else(Vec::new, |c| c.all.iter().map(|k| k.word()).collect()),
            authority_any: ceiling.map_or_else(Vec::new, |c| c.any.iter().map(|k| k.word()).collect()),
            reason: &grant.reason,
        }
    }
}
