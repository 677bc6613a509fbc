//! Difference: what the mapping as it is now makes of the last file that was taken, against what the store holds of it
//! and what the mapping that took the file made; counted in records, people and recipients, without a value or a
//! name. Nothing is written.

use super::again::{Judged, Reading, Source};
use super::link::WhoIsWho;
use super::memory::FileMemory;
use super::preview::{as_records, linked, stored_records};
use super::{Night, in_force, registers};
use crate::store::FileRow;
use anyhow::Result;
use hashbrown::HashMap;
use lockgate_core::agreement::PartnerId;
use lockgate_core::gate::{Disclosed, Gate};
use lockgate_core::hash::Keys;
use lockgate_core::link::Person;
use lockgate_core::mapping::Outcome;
use lockgate_core::record::{Candidate, IdentityId, PersonId, Record, RecordId};
use lockgate_core::row::RowBuf;
use lockgate_core::schema::FieldId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What would change.
#[derive(Debug, Default, Serialize)]
pub struct Difference {
    /// Rows of the file.
    pub rows: u64,
    /// Rows that the mapping in force takes, leaves out, refuses.
    pub mapped: u64,
    /// See `mapped`.
    pub skipped: u64,
    /// See `mapped`.
    pub refused: u64,
    /// The same when the file was taken.
    pub before: Before,
    /// Records about people in the cohort that the store does not hold.
    pub new_records: u64,
    /// Records about people in the cohort that would read otherwise.
    pub changed_records: u64,
    /// Records about people in the cohort that the mapping which took the file made of it and this one does not.
    /// Those of a full list are withdrawn with the next one, unless another feed of the same persons gives their
    /// category too; those of other feeds stay with the store and their recipients. `None` when that mapping's texts are not kept or no longer
    /// fit the schema.
    pub vanished_records: Option<u64>,
    /// People whom any of these are about.
    pub people: u64,
    /// Per recipient.
    pub recipients: Vec<RecipientDifference>,
}

/// Counts when the file was taken.
#[derive(Debug, Default, Serialize)]
pub struct Before {
    /// Rows mapped.
    pub mapped: u64,
    /// Rows left out.
    pub skipped: u64,
    /// Rows refused.
    pub refused: u64,
}

/// What would change for one recipient, in people.
#[derive(Debug, Serialize)]
pub struct RecipientDifference {
    /// The recipient's key.
    pub recipient: String,
    /// People of whom a field would newly leave.
    pub newly: u64,
    /// People of whom a field would leave no more.
    pub no_longer: u64,
    /// People of whom a field would leave with another value.
    pub otherwise: u64,
    /// Which fields, as `category.field`.
    pub fields: BTreeSet<String>,
    /// People of whom the recipient holds fields of records that would be made no more.
    pub vanished: u64,
    /// Which fields.
    pub vanished_fields: BTreeSet<String>,
}

/// Compares over a file that was taken.
pub async fn difference(night: &Night<'_>, feed: usize, file: &FileRow) -> Result<Difference> {
    let counts = file.outcome.counts;
    let mut out = Difference {
        before: Before {
            mapped: counts.mapped + counts.unchanged,
            skipped: counts.skipped,
            refused: counts.quarantined,
        },
        ..Difference::default()
    };
    let memory = remembered(night, feed, file, &mut out)?;
    let who = linked(night, feed, memory, file.outcome.data_date).await?;
    let told = records(night, feed, file, &who)?;
    let made = made_before(night, file, &who)?;
    out.vanished_records = made.is_some().then_some(0);
    let mut by_person: BTreeMap<PersonId, BTreeSet<IdentityId>> = BTreeMap::new();
    for identity in told.keys().chain(made.iter().flat_map(HashMap::keys)) {
        if let Some(person) = who.cohort.person(*identity) {
            by_person.entry(person).or_default().insert(*identity);
        }
    }
    let deployment = night.deployment;
    let registers = registers::read(night.store, deployment, night.vault, night.order.as_of).await?.registers;
    let keys: Vec<Vec<u8>> =
        deployment.agreement.partners().map(|(_, p)| night.vault.pseudonym_key(&p.key)).collect();
    let gate = Gate::new(&deployment.agreement, &deployment.schema, &registers, &keys, night.order.as_of);
    let mut tallies: Vec<RecipientDifference> = deployment
        .agreement
        .partners()
        .map(|(_, p)| RecipientDifference {
            recipient: p.key.clone(),
            newly: 0,
            no_longer: 0,
            otherwise: 0,
            fields: BTreeSet::new(),
            vanished: 0,
            vanished_fields: BTreeSet::new(),
        })
        .collect();
    for (person, members) in by_person {
        let stored = stored_records(night, person).await?;
        let gone = vanished(&stored, &members, &told, made.as_ref());
        let after = replaced(night, feed, &stored, &members, &told, &mut out)?;
        if after.is_none() && gone.is_empty() {
            continue;
        }
        out.people += 1;
        let before = Person::new(person, stored.clone());
        if let Some(count) = out.vanished_records.as_mut().filter(|_| !gone.is_empty()) {
            *count += gone.len() as u64;
            let left = stored.into_iter().filter(|r| !gone.contains(&r.head().id)).collect();
            lost(night, &gate, &before, &Person::new(person, left), &mut tallies);
        }
        if let Some(after) = after {
            compare(night, &gate, &before, &Person::new(person, after), &mut tallies);
        }
    }
    let told = |t: &RecipientDifference| t.newly + t.no_longer + t.otherwise + t.vanished > 0;
    out.recipients = tallies.into_iter().filter(told).collect();
    Ok(out)
}

/// Visits what the mapping in force makes of every row.
fn each_row(
    night: &Night<'_>,
    feed: usize,
    file: &FileRow,
    mut visit: impl FnMut(&RowBuf, Judged, &Keys),
) -> Result<()> {
    let keys = night.vault.keys(night.deployment.mapping(feed)?.digest());
    let source = Source { deployment: night.deployment, archive: night.archive, keys: &keys };
    source.each_row(
        feed,
        file,
        |_| true,
        |_, row, judged| {
            if let Some(judged) = judged {
                visit(row, judged, &keys);
            }
        },
    )?;
    Ok(())
}

/// Counts the rows, and remembers those that are mapped, as hashes.
fn remembered(night: &Night<'_>, feed: usize, file: &FileRow, out: &mut Difference) -> Result<FileMemory> {
    let mut memory = FileMemory::passing();
    each_row(night, feed, file, |row, (outcome, span), keys| {
        out.rows += 1;
        match outcome {
            Outcome::Refused(_) => out.refused += 1,
            Outcome::Skipped => out.skipped += 1,
            Outcome::Mapped(mapped) => {
                out.mapped += 1;
                memory.push(row.fingerprint(&keys.rows), mapped.identity, &mapped.evidence.keys, span);
            }
        }
    })?;
    Ok(memory)
}

/// The records about people in the cohort; the last row about a record counts. Everybody else's rows are dropped.
fn records(night: &Night<'_>, feed: usize, file: &FileRow, who: &WhoIsWho) -> Result<ByIdentity> {
    let mut told = HashMap::new();
    each_row(night, feed, file, |_, (outcome, _), _| tell(&mut told, outcome, who))?;
    Ok(told)
}

/// Records by identity.
type ByIdentity = HashMap<IdentityId, Vec<Candidate>>;

fn tell(told: &mut ByIdentity, outcome: Outcome, who: &WhoIsWho) {
    let Outcome::Mapped(mapped) = outcome else { return };
    if who.cohort.has(mapped.identity) {
        let of_one = told.entry(mapped.identity).or_default();
        of_one.retain(|c| mapped.candidates.iter().all(|n| n.id() != c.id()));
        of_one.extend(mapped.candidates);
    }
}

/// What the mapping that took the file made of it, about people in the cohort.
fn made_before(night: &Night<'_>, file: &FileRow, who: &WhoIsWho) -> Result<Option<ByIdentity>> {
    let Some(former) = in_force::read(night.deployment, night.state, &file.outcome.mapping_digest) else {
        return Ok(None);
    };
    let keys = night.vault.keys(&file.outcome.mapping_digest);
    let source = Source { deployment: night.deployment, archive: night.archive, keys: &keys };
    let reading = Reading { mapping: &former.mapping, format: &*former.format, wanted: &former.wanted };
    let mut made = HashMap::new();
    source.each_row_by(
        &reading,
        file,
        |_| true,
        |_, _, judged| {
            if let Some((outcome, _)) = judged {
                tell(&mut made, outcome, who);
            }
        },
    )?;
    Ok(Some(made))
}

/// The person's records that the mapping before made of the file and this one does not.
fn vanished(
    stored: &[Record],
    members: &BTreeSet<IdentityId>,
    told: &ByIdentity,
    made: Option<&ByIdentity>,
) -> BTreeSet<RecordId> {
    let of = |all: &ByIdentity| -> BTreeSet<RecordId> {
        members.iter().filter_map(|m| all.get(m)).flatten().map(Candidate::id).collect()
    };
    let (now, before) = (of(told), made.map(of).unwrap_or_default());
    let gone = before.into_iter().filter(|id| !now.contains(id));
    gone.filter(|id| stored.iter().any(|r| r.head().id == *id)).collect()
}

/// Counts for each recipient what it holds of records that would be made no more.
fn lost(
    night: &Night<'_>,
    gate: &Gate<'_>,
    before: &Person,
    left: &Person,
    tallies: &mut [RecipientDifference],
) {
    for ((recipient, _), tally) in night.deployment.agreement.partners().zip(tallies) {
        let (old, new) = (told(night, gate, before, recipient), told(night, gate, left, recipient));
        let gone: Vec<String> =
            old.into_iter().filter(|(at, _)| !new.contains_key(at)).map(|(_, (field, _))| field).collect();
        tally.vanished += u64::from(!gone.is_empty());
        tally.vanished_fields.extend(gone);
    }
}

/// The person's records under the mapping in force; `None` when they are what they were.
fn replaced(
    night: &Night<'_>,
    feed: usize,
    stored: &[Record],
    members: &BTreeSet<IdentityId>,
    told: &ByIdentity,
    out: &mut Difference,
) -> Result<Option<Vec<Record>>> {
    let mut after: Vec<Record> = stored.to_vec();
    let mut changed = false;
    for member in members {
        for candidate in told.get(member).into_iter().flatten() {
            match stored.iter().find(|r| r.head().id == candidate.id()) {
                Some(record) if candidate.says_the_same(record) => continue,
                Some(_) => out.changed_records += 1,
                None => out.new_records += 1,
            }
            changed = true;
            let fresh = as_records(night, feed, *member, std::slice::from_ref(candidate), stored)?;
            after.retain(|r| r.head().id != candidate.id());
            after.extend(fresh);
        }
    }
    Ok(changed.then_some(after))
}

/// A disclosed value by record and field.
type Told = BTreeMap<(RecordId, FieldId), (String, String)>;

fn told(night: &Night<'_>, gate: &Gate<'_>, person: &Person, recipient: PartnerId) -> Told {
    let facts = gate.facts(person);
    let rows = gate.disclose(person, &facts, recipient).disclosed;
    let name = |row: &Disclosed, field: FieldId| {
        let category = night.deployment.schema.get(row.category());
        let field = category.and_then(|c| c.get(field)).map_or("", |f| f.name.as_str());
        format!("{}.{field}", category.map_or("", |c| c.name.as_str()))
    };
    rows.iter()
        .flat_map(|row| {
            row.cells().filter_map(|(field, value)| {
                Some(((row.record(), field), (name(row, field), value?.to_owned())))
            })
        })
        .collect()
}

fn compare(
    night: &Night<'_>,
    gate: &Gate<'_>,
    before: &Person,
    after: &Person,
    tallies: &mut [RecipientDifference],
) {
    for ((recipient, _), tally) in night.deployment.agreement.partners().zip(tallies) {
        let (old, new) = (told(night, gate, before, recipient), told(night, gate, after, recipient));
        let (mut newly, mut no_longer, mut otherwise) = (false, false, false);
        for (at, (field, value)) in &new {
            match old.get(at) {
                Some((_, was)) if was == value => continue,
                Some(_) => otherwise = true,
                None => newly = true,
            }
            tally.fields.insert(field.clone());
        }
        for (_, (field, _)) in old.iter().filter(|(at, _)| !new.contains_key(*at)) {
            no_longer = true;
            tally.fields.insert(field.clone());
        }
        tally.newly += u64::from(newly);
        tally.no_longer += u64::from(no_longer);
        tally.otherwise += u64::from(otherwise);
    }
}
