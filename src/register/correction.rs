//! Notices that something is wrong (6.1): taken down from any partner, answered by the record's originator alone.

use super::judge::usage;
use super::{Desk, Draft, Stop};
use crate::cli::CorrectionOpenArgs;
use crate::correction::{STANDS, mark};
use crate::night::publish::record_decision;
use crate::store::{Body, Correction, Ending, Registered};
use anyhow::{Context as _, Result};
use lockgate_core::hash::Digest;

impl Desk<'_> {
    /// Takes a notice down.
    pub async fn notice(&self, args: &CorrectionOpenArgs) -> Result<Draft, Stop> {
        let found = self.record(&args.record, args.person.as_deref()).await?;
        let head = found.record.head();
        let schema = &self.deployment.schema;
        let category = schema.get(head.category).context("a record without a category")?;
        let bare = args.field.strip_prefix(&format!("{}.", category.name)).unwrap_or(&args.field);
        let Some(field) = category.field(bare) else {
            return usage(format!("`{}` has no field `{bare}`", category.name));
        };
        let owner =
            self.deployment.agreement.get(head.originator).context("a record without an originator")?;
        let body = Correction {
            record: head.id.to_string(),
            identity: head.identity.to_string(),
            field: format!("{}.{bare}", category.name),
            owner: owner.key.clone(),
            original: mark(&self.vault, schema, &found.record, field),
        };
        Ok(self.draft(self.day, None, Body::Correction(body)))
    }

    /// The notice of a number, if it waits for the partner that signs.
    pub fn notice_of(&self, number: i64) -> Result<&Registered, Stop> {
        let open = |e: &&Registered| e.id.0 == number && e.ended.is_none();
        let entry = self.all.iter().find(open).and_then(|entry| match &entry.body {
            Body::Correction(body) => Some((entry, body)),
            _ => None,
        });
        let Some((entry, body)) = entry else {
            return Err(Stop::refused("LG2107", format!("no correction {number} is open")));
        };
        if body.owner != self.signer() {
            let what = format!("correction {number} is about a record of `{}`", body.owner);
            return Err(Stop::refused("LG2703", what));
        }
        Ok(entry)
    }

    /// Takes down that the record stands as it is.
    pub async fn stands(&self, entry: &Registered) -> Result<()> {
        let ending = Ending {
            on: self.day,
            by: self.decision.by.clone(),
            reference: format!("{STANDS}{}", self.decision.reference),
            notified: None,
            at: Some(self.now.to_string()),
        };
        let mut tx = self.store.begin_decisions(self.day).await?;
        tx.end_entry(entry.id, &ending).await?;
        let subject = Digest::of(format!("correction {}: stands", entry.id).as_bytes());
        record_decision(&mut tx, &self.entry("correction-stands", subject)).await?;
        Ok(tx.commit().await?)
    }
}
