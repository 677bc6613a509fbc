//! A night settles what the sources have answered: before anything is decided, so that the ledger shows which rows were told
//! after the source had corrected its record, and which before.

use super::{GATEWAY, current, field, mark, notices};
use crate::night::Night;
use crate::night::publish::record_decision;
use crate::store::Ending;
use anyhow::Result;
use jiff::Timestamp;
use lockgate_core::hash::Digest;
use lockgate_core::ledger::DecisionEntry;

/// The kind of a settlement's ledger entry; its reference names the notice.
pub(super) const SETTLED: &str = "correction-settled";

/// The words by which the ledger names a notice.
pub(super) fn reference(number: i64) -> String {
    format!("correction {number}")
}

/// Ends every notice whose record says something else by now, or is gone. Gives how many.
pub async fn settle(night: &Night<'_>) -> Result<u64> {
    let all = night.store.registered().await?;
    let mut settled = 0;
    for (entry, correction) in notices(&all).filter(|(e, _)| e.ended.is_none()) {
        let schema = &night.deployment.schema;
        let record = current(night.store, night.vault, correction).await?;
        let outcome = match (&record, field(schema, correction)) {
            (None, _) => "withdrawn at the source",
            (Some(record), _) if record.head().cancelled => "withdrawn at the source",
            (Some(record), Some((_, field)))
                if mark(night.vault, schema, record, field) != correction.original =>
            {
                "corrected at the source"
            }
            _ => continue,
        };
        let day = night.order.as_of;
        let ending = Ending {
            on: day,
            by: GATEWAY.into(),
            reference: outcome.into(),
            notified: None,
            at: Some(Timestamp::now().to_string()),
        };
        let reference = reference(entry.id.0);
        let subject = Digest::of(format!("{reference}: {outcome}").as_bytes());
        let mut tx = night.store.begin_decisions(day).await?;
        tx.end_entry(entry.id, &ending).await?;
        let decision =
            DecisionEntry { as_of: day, kind: SETTLED, by: GATEWAY, reference: &reference, subject };
        record_decision(&mut tx, &decision).await?;
        tx.commit().await?;
        settled += 1;
    }
    Ok(settled)
}
