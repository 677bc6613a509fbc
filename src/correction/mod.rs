//! Corrections (6.1): anybody's notice that something is wrong becomes its originator's task; what the source then says goes to
//! exactly those who were told the wrong value; and each is chased until it confirms.
//!
//! A notice is an entry of a register (`store::Correction`). Nothing else is kept: who was told what, and who has confirmed,
//! is read from the ledger and the receipts (`chase`).

mod chase;
mod codes;
mod settle;

pub use chase::{Case, State, Told, cases};
pub use codes::CODES;
pub use settle::settle;

use crate::config::Deployment;
use crate::store::{Body, Correction, Registered, Store};
use crate::vault::Vault;
use anyhow::Result;
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::Check;
use lockgate_core::gate::{original, record_ref};
use lockgate_core::problem::Problem;
use lockgate_core::record::{IdentityId, Record, RecordId};
use lockgate_core::schema::{CategoryId, FieldId, Schema};

/// By whom a notice is ended when the source itself says otherwise.
pub const GATEWAY: &str = "gateway";
/// How the reference of an ending begins when the originator says that the record stands.
pub const STANDS: &str = "stands: ";

/// The record of a notice.
pub fn record(correction: &Correction) -> Option<RecordId> {
    u128::from_str_radix(&correction.record, 16).ok().map(RecordId)
}

/// Whose person it is about.
fn identity(correction: &Correction) -> Option<IdentityId> {
    u128::from_str_radix(&correction.identity, 16).ok().map(IdentityId)
}

/// The field of a notice in today's schema.
fn field(schema: &Schema, correction: &Correction) -> Option<(CategoryId, FieldId)> {
    let (category, field) = correction.field.split_once('.')?;
    let (id, category) = schema.categories().find(|(_, c)| c.name == category)?;
    Some((id, category.field(field)?))
}

/// The keyed mark of a field as it stands; `None` when it is empty. Reviews of a text have the same kind of mark.
pub fn mark(vault: &Vault, schema: &Schema, record: &Record, field: FieldId) -> Option<String> {
    original(&vault.review_key(), schema, record, field, false).ok().map(|mark| mark.hex())
}

/// The notices among the entries of all registers.
fn notices(all: &[Registered]) -> impl Iterator<Item = (&Registered, &Correction)> {
    all.iter().filter_map(|entry| match &entry.body {
        Body::Correction(body) => Some((entry, body)),
        _ => None,
    })
}

/// The record as it stands; `None` when its source withdrew it, or its person is no longer held.
async fn current(store: &Store, vault: &Vault, correction: &Correction) -> Result<Option<Record>> {
    let (Some(identity), Some(wanted)) = (identity(correction), record(correction)) else { return Ok(None) };
    let Some(row) = store.person_of(identity).await? else { return Ok(None) };
    let Some(person) = store.person(row).await? else { return Ok(None) };
    let records =
        person.records(vault.rest()).map_err(|_| anyhow::anyhow!("a stored record does not open"))?;
    Ok(records.into_iter().find(|r| r.head().id == wanted))
}

/// What a partner's next bundle asks it to look at: its own records of which somebody said so since it was asked last.
pub async fn checks(
    (deployment, store, vault): (&Deployment, &Store, &Vault),
    partner: PartnerId,
) -> Result<Vec<Check>> {
    let Some(key) = deployment.agreement.get(partner).map(|p| p.key.as_str()) else { return Ok(Vec::new()) };
    let all = store.registered().await?;
    let open: Vec<_> = notices(&all).filter(|(e, c)| e.ended.is_none() && c.owner == key).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let asked = store.checks_asked(partner).await?;
    let pseudonym = vault.pseudonym_key(key);
    let mut out: Vec<Check> = Vec::new();
    for (entry, correction) in open {
        let Some(id) = record(correction) else { continue };
        let reference = record_ref(&pseudonym, id);
        let made: Option<Timestamp> = entry.made.made_at.parse().ok();
        let since = |at: &str| at.parse::<Timestamp>().ok() >= made;
        let table = correction.field.split_once('.').map_or("", |(category, _)| category);
        let known = asked.iter().any(|(r, at)| *r == reference && since(at));
        if !known && !out.iter().any(|c| c.record_ref == reference) {
            out.push(Check { table: table.to_owned(), record_ref: reference });
        }
    }
    Ok(out)
}

/// Who is late on a day: an originator with its task, recipients with their confirmations.
pub async fn overdue(with: (&Deployment, &Store, &Vault), day: Date) -> Result<Vec<Problem>> {
    let mut out = Vec::new();
    for case in cases(with, day).await? {
        let number = case.entry.id;
        if case.state == State::Owner && case.owner_due.is_some_and(|due| due < day) {
            let (owner, since) = (&case.correction.owner, case.entry.made.since);
            let what = format!("`{owner}` has not answered correction {number}, a notice of {since}");
            out.push(
                Problem::new("LG2701", what).help("`lockgate correction show` says which record it is about"),
            );
        }
        let late: Vec<&str> = case.told.iter().filter(|t| t.overdue).map(|t| t.recipient.as_str()).collect();
        if !late.is_empty() {
            let what = format!("correction {number} is not confirmed by {}", late.join(", "));
            out.push(
                Problem::new("LG2702", what)
                    .help("ask their nominees; `lockgate correction show` says since when"),
            );
        }
    }
    Ok(out)
}
