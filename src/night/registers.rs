//! The registers as the gate takes them: names of the store become ids of the agreement.
//!
//! An entry that names a partner, kind, field or category that is not known holds nothing open; a
//! restriction that cannot be read stops the night, because it would stop restricting.

use super::Night;
use crate::store;
use anyhow::{Context as _, Result, bail};
use lockgate_core::agreement::{AuthorityKind, PartnerId};
use lockgate_core::gate::{Authority, Effect, Recipients, Registers, Restriction, Scope};
use lockgate_core::hash::Digest;
use lockgate_core::record::{PersonId, RecordId};
use lockgate_core::schema::FieldId;

/// The registers of one night.
pub struct Read {
    /// For the gate.
    pub registers: Registers,
    /// Whether no entry stands.
    pub empty: bool,
    text: String,
}

impl Read {
    /// What changes whenever a decision could change for another reason than people's data.
    pub fn digest(&self, agreement: &Digest) -> String {
        Digest::of(&[&agreement.0, self.text.as_bytes(), crate::SOFTWARE.as_bytes()].concat()).hex()
    }
}

/// Reads the registers as they stand on the run's day.
pub async fn read(night: &Night<'_>) -> Result<Read> {
    let stored = night.store.registers(night.order.as_of).await?;
    let mut registers = Registers::default();
    for (_, entry) in &stored.restrictions {
        registers.restrictions.push(restriction(night, entry)?);
    }
    for (_, entry) in &stored.authorities {
        registers.authorities.extend(authority(night, entry).await?);
    }
    for (_, entry) in &stored.suspensions {
        let partner = night.deployment.agreement.partner(&entry.partner);
        registers.suspended.push(partner.context("a suspension names a partner that the agreement does not have")?);
    }
    let entries = stored.restrictions.len() + stored.authorities.len() + stored.suspensions.len();
    let text = format!("{:?} {:?} {:?}", stored.restrictions, stored.authorities, stored.suspensions);
    Ok(Read { registers, empty: entries == 0, text })
}

fn restriction(night: &Night<'_>, entry: &store::Restriction) -> Result<Restriction> {
    let agreement = &night.deployment.agreement;
    let known = |key: &String| agreement.partner(key).context("a restriction names a partner that is not known");
    let scope = match entry.scope.as_str() {
        "record" => Scope::Record(RecordId(entry.subject)),
        "person" => Scope::Person(PersonId(entry.subject)),
        _ => bail!("a restriction is about neither a record nor a person"),
    };
    let recipients = if entry.recipients.iter().any(|r| r == "*") {
        Recipients::All
    } else {
        Recipients::Only(entry.recipients.iter().map(known).collect::<Result<_>>()?)
    };
    if !entry.silent || entry.reduce.is_some() {
        // Reducing restrictions come with the registers' own commands; until then the strict side.
        return Ok(Restriction {
            scope,
            recipients: Recipients::All,
            by: known(&entry.originator)?,
            effect: Effect::Silent,
            from: entry.made.since,
            until: entry.made.until,
        });
    }
    let by = known(&entry.originator)?;
    Ok(Restriction { scope, recipients, by, effect: Effect::Silent, from: entry.made.since, until: entry.made.until })
}

/// An authority opens something only when all of it is understood.
async fn authority(night: &Night<'_>, entry: &store::Authority) -> Result<Option<Authority>> {
    let agreement = &night.deployment.agreement;
    let Some(kind) = AuthorityKind::parse(&entry.kind) else { return Ok(None) };
    let Some(granted_by) = agreement.partner(&entry.granted_by) else { return Ok(None) };
    let recipients: Option<Vec<PartnerId>> = entry.recipients.iter().map(|r| agreement.partner(r)).collect();
    let fields: Option<Vec<FieldId>> = entry.fields.iter().map(|f| field(night, f)).collect();
    let (Some(recipients), Some(fields), Some(until)) = (recipients, fields, entry.made.until) else { return Ok(None) };
    Ok(Some(Authority {
        kind,
        record: RecordId(entry.record),
        version: None,
        recipients,
        fields,
        granted_by,
        ground: entry.ground.clone().unwrap_or_default(),
        reference: entry.made.reference.clone(),
        conditions: None,
        from: entry.made.since,
        until,
    }))
}

/// `category.field` as the field's index.
fn field(night: &Night<'_>, text: &str) -> Option<FieldId> {
    let schema = &night.deployment.schema;
    let (category, field) = text.split_once('.')?;
    schema.get(schema.category(category)?)?.field(field)
}
