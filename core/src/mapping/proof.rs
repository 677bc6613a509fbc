//! Link evidence of a row: what its fields show about who it is.

use super::apply::{Reader, RowFault, Scratch};
use super::convert::fits;
use super::plan::{ColumnId, Proof, Role, Shape};
use crate::link::EvidenceBuilder;
use crate::value::date::{is_placeholder_birth, pivot};
use crate::value::identifier::IdKind;
use crate::value::{identifier, postcode};

impl Reader<'_> {
    /// Link evidence beside the person's own fields. An unusable value proves nothing and hides
    /// nothing: it is dropped and counted.
    pub(super) fn evidence(&self, scratch: &mut Scratch) {
        for (column, proof) in &self.bound.mapping.identity.evidence {
            scratch.value.clear();
            if let Err(fault) = self.proof(*column, *proof, scratch) {
                scratch.drop(fault);
            }
        }
    }

    fn proof(&self, column: ColumnId, proof: Proof, scratch: &mut Scratch) -> Result<(), RowFault> {
        let Some(given) = self.given(column, None)? else { return Ok(()) };
        let fault = |code| RowFault::at(column, code);
        match proof {
            Proof::Postcode => {
                fits(Shape::Postcode, given.kind, false, false).map_err(fault)?;
                let read = postcode::read(given.text, &mut scratch.value).map_err(|f| fault(f.0))?;
                if read == postcode::Postcode::Whole {
                    scratch.evidence.postcode(&scratch.value);
                }
            }
            Proof::Identifier(kind) => {
                fits(Shape::Id(kind), given.kind, false, false).map_err(fault)?;
                let year = pivot(self.scene.day);
                identifier::read(kind, given.text, year, &mut scratch.value).map_err(|f| fault(f.0))?;
                note_id(kind, &scratch.value, &mut scratch.evidence);
            }
        }
        Ok(())
    }
}

/// The person's own name, when both halves are there: half a name is shared by a family.
pub(super) fn note_name(scratch: &mut Scratch) {
    if !scratch.surname.is_empty() && !scratch.forenames.is_empty() {
        scratch.evidence.name(&scratch.surname, &scratch.forenames);
    }
}

/// Hands a person field to the linker as well.
pub(super) fn note(role: Role, scratch: &mut Scratch) {
    let Scratch { value, surname, forenames, evidence, .. } = scratch;
    match role {
        Role::None => {}
        Role::Surname => surname.push_str(value),
        Role::Forenames => forenames.push_str(value),
        Role::Aliases => {
            for (surname, forenames) in value.split(';').filter_map(alias) {
                evidence.name(surname, forenames);
            }
        }
        Role::Birth => {
            // A filler that the mapping does not list as null still shows nothing.
            if let Some(date) = value.parse().ok().filter(|d| !is_placeholder_birth(*d)) {
                evidence.birth(date);
            }
        }
        Role::Strong(kind) => note_id(kind, value, evidence),
    }
}

/// One alias as surname and forenames. Two forms are read: `SURNAME, Forenames`, and
/// `Forenames SURNAME` where the last word is the surname. A single word is no name to link by.
fn alias(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let (surname, forenames) = match text.split_once(',') {
        Some((surname, forenames)) => (surname.trim(), forenames.trim()),
        None => text.rsplit_once(' ').map(|(forenames, surname)| (surname, forenames.trim()))?,
    };
    (!surname.is_empty() && !forenames.is_empty()).then_some((surname, forenames))
}

/// A strong identifier, once: the key of a person often stands among the person's fields as well.
pub(super) fn note_id(kind: IdKind, id: &str, evidence: &mut EvidenceBuilder) {
    if !evidence.identifiers.iter().any(|(k, i)| *k == kind && i == id) {
        evidence.identifier(kind, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_read_in_two_forms() {
        assert_eq!(alias("HARGREAVES, Conor"), Some(("HARGREAVES", "Conor")));
        assert_eq!(alias(" Conor James HARGREAVES "), Some(("HARGREAVES", "Conor James")));
        assert_eq!(alias("HARGREAVES"), None);
        assert_eq!(alias("HARGREAVES,"), None);
        assert_eq!(alias(""), None);
    }
}
