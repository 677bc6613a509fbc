//! What a decision would let out, and what it would call back: the gate asked about the people as they are and as they would
//! be. Recipients, categories, fields and counts; no value.

use super::look::{Look, Who};
use crate::night::preview::as_records;
use crate::night::registers;
use crate::store::PersonRef;
use anyhow::{Context as _, Result};
use hashbrown::HashMap;
use lockgate_core::agreement::PartnerId;
use lockgate_core::gate::Gate;
use lockgate_core::link::Person;
use lockgate_core::record::{Candidate, IdentityId, PersonId, Record, RecordId};
use lockgate_core::schema::{CategoryId, FieldId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What changes for one recipient in one category.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct EffectLine {
    /// `newly` or `no longer`.
    pub shift: &'static str,
    /// The recipient's key.
    pub recipient: String,
    /// The category.
    pub category: String,
    /// The fields.
    pub fields: Vec<String>,
    /// Of how many records.
    pub records: u64,
}

/// What leaves: fields by recipient, category and record.
type Leaves = BTreeMap<(PartnerId, CategoryId, RecordId), BTreeSet<FieldId>>;

/// What would leave that does not, and what would leave no more, when who is who became another.
pub async fn effect(look: &Look<'_>, before: &Who, after: &Who) -> Result<Vec<EffectLine>> {
    let night = look.night;
    let deployment = night.deployment;
    let concerned = concerned(before, after);
    let records = records(look, &concerned).await?;
    let registers = registers::read(night.store, deployment, night.vault, night.order.as_of).await?.registers;
    let keys: Vec<Vec<u8>> =
        deployment.agreement.partners().map(|(_, p)| night.vault.pseudonym_key(&p.key)).collect();
    let gate = Gate::new(&deployment.agreement, &deployment.schema, &registers, &keys, night.order.as_of);
    let leaves = |who: &Who| leaves(look, &gate, who, &concerned, &records);
    let (was, will) = (leaves(before), leaves(after));
    let mut lines = shifts(look, "newly", &will, &was);
    lines.extend(shifts(look, "no longer", &was, &will));
    Ok(lines)
}

/// Everybody whose person consists of others before than after.
fn concerned(before: &Who, after: &Who) -> BTreeSet<IdentityId> {
    let all = before.person.keys().copied();
    let differs = |identity: &IdentityId| {
        let inside = |who: &Who| who.cohort.contains(identity);
        before.with(*identity) != after.with(*identity) || inside(before) != inside(after)
    };
    all.filter(differs).collect()
}

/// The records of each identity: from the store, and of those that it does not hold from the files.
async fn records(
    look: &Look<'_>,
    concerned: &BTreeSet<IdentityId>,
) -> Result<HashMap<IdentityId, Vec<Record>>> {
    let mut out: HashMap<IdentityId, Vec<Record>> = HashMap::new();
    let persons: BTreeSet<PersonRef> =
        look.known.iter().filter(|k| concerned.contains(&k.key)).map(|k| k.person).collect();
    for person in persons {
        let Some(due) = look.night.store.person(person).await? else { continue };
        let stored = due.records(look.night.vault.rest()).context("a stored record does not open")?;
        for record in stored.into_iter().filter(|r| concerned.contains(&r.head().identity)) {
            out.entry(record.head().identity).or_default().push(record);
        }
    }
    let held: BTreeSet<IdentityId> = look.known.iter().map(|k| k.key).collect();
    for identity in concerned.difference(&held) {
        let mut newest: BTreeMap<RecordId, (usize, Candidate)> = BTreeMap::new();
        for row in tokio::task::block_in_place(|| look.rows(*identity))? {
            for candidate in row.candidates {
                newest.insert(candidate.id(), (row.feed, candidate));
            }
        }
        let mut records = Vec::new();
        for (feed, candidate) in newest.into_values() {
            records.extend(as_records(look.night, feed, *identity, &[candidate], &[])?);
        }
        out.insert(*identity, records);
    }
    Ok(out)
}

fn leaves(
    look: &Look<'_>,
    gate: &Gate<'_>,
    who: &Who,
    concerned: &BTreeSet<IdentityId>,
    records: &HashMap<IdentityId, Vec<Record>>,
) -> Leaves {
    let mut people: BTreeMap<PersonId, Vec<Record>> = BTreeMap::new();
    for identity in who.cohort.iter().filter(|identity| concerned.contains(*identity)) {
        let Some(person) = who.person.get(identity) else { continue };
        people.entry(*person).or_default().extend(records.get(identity).into_iter().flatten().cloned());
    }
    let mut out = Leaves::new();
    for (id, records) in people {
        let person = Person::new(id, records);
        let facts = gate.facts(&person);
        for (recipient, _) in look.night.deployment.agreement.partners() {
            for row in gate.disclose(&person, &facts, recipient).disclosed {
                let fields = row.cells().filter(|(_, value)| value.is_some()).map(|(field, _)| field);
                out.entry((recipient, row.category(), row.record())).or_default().extend(fields);
            }
        }
    }
    out
}

/// What stands in the one and not in the other, by recipient and category.
fn shifts(look: &Look<'_>, shift: &'static str, more: &Leaves, less: &Leaves) -> Vec<EffectLine> {
    let mut found: BTreeMap<(PartnerId, CategoryId), (BTreeSet<FieldId>, u64)> = BTreeMap::new();
    for (key, fields) in more {
        let other = less.get(key);
        let gone: Vec<FieldId> =
            fields.iter().filter(|f| other.is_none_or(|o| !o.contains(f))).copied().collect();
        if !gone.is_empty() {
            let of = found.entry((key.0, key.1)).or_default();
            of.0.extend(gone);
            of.1 += 1;
        }
    }
    let deployment = look.night.deployment;
    let line =
        |((recipient, category), (fields, records)): ((PartnerId, CategoryId), (BTreeSet<FieldId>, u64))| {
            let category = deployment.schema.get(category)?;
            let name = |field: &FieldId| category.get(*field).map(|f| f.name.clone());
            Some(EffectLine {
                shift,
                recipient: deployment.agreement.get(recipient)?.key.clone(),
                category: category.name.clone(),
                fields: fields.iter().filter_map(name).collect(),
                records,
            })
        };
    found.into_iter().filter_map(line).collect()
}
