//! The registers as the gate takes them: names of the store become ids of the agreement.
//!
//! An entry that names a partner, kind, field or category that is not known holds nothing open; a
//! restriction that cannot be read stops the night, because it would stop restricting.

use crate::config::Deployment;
use crate::store::{self, Store};
use anyhow::{Context as _, Result, bail};
use jiff::civil::Date;
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
pub async fn read(store: &Store, deployment: &Deployment, as_of: Date) -> Result<Read> {
    let stored = store.registers(as_of).await?;
    let mut registers = Registers::default();
    for (_, entry) in &stored.restrictions {
        registers.restrictions.push(restriction(deployment, entry)?);
    }
    for (_, entry) in &stored.authorities {
        registers.authorities.extend(authority(deployment, entry));
    }
    for (_, entry) in &stored.suspensions {
        let partner = deployment.agreement.partner(&entry.partner);
        registers
            .suspended
            .push(partner.context("a suspension names a partner that the agreement does not have")?);
    }
    let entries = stored.restrictions.len() + stored.authorities.len() + stored.suspensions.len();
    let text = format!("{:?} {:?} {:?}", stored.restrictions, stored.authorities, stored.suspensions);
    Ok(Read { registers, empty: entries == 0, text })
}

fn restriction(deployment: &Deployment, entry: &store::Restriction) -> Result<Restriction> {
    let agreement = &deployment.agreement;
    let known =
        |key: &String| agreement.partner(key).context("a restriction names a partner that is not known");
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
    Ok(Restriction {
        scope,
        recipients,
        by,
        effect: Effect::Silent,
        from: entry.made.since,
        until: entry.made.until,
    })
}

/// An authority opens something only when all of it is understood.
fn authority(deployment: &Deployment, entry: &store::Authority) -> Option<Authority> {
    let agreement = &deployment.agreement;
    let kind = AuthorityKind::parse(&entry.kind)?;
    let granted_by = agreement.partner(&entry.granted_by)?;
    let recipients: Option<Vec<PartnerId>> = entry.recipients.iter().map(|r| agreement.partner(r)).collect();
    let fields: Option<Vec<FieldId>> = entry.fields.iter().map(|f| field(deployment, f)).collect();
    Some(Authority {
        kind,
        record: RecordId(entry.record),
        version: None,
        recipients: recipients?,
        fields: fields?,
        granted_by,
        ground: entry.ground.clone().unwrap_or_default(),
        reference: entry.made.reference.clone(),
        conditions: None,
        from: entry.made.since,
        until: entry.made.until?,
    })
}

/// `category.field` as the field's index.
fn field(deployment: &Deployment, text: &str) -> Option<FieldId> {
    let schema = &deployment.schema;
    let (category, field) = text.split_once('.')?;
    schema.get(schema.category(category)?)?.field(field)
}
