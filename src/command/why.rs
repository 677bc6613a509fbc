//! `lockgate agreement why`: each rule in its order, for one person, recipient and field.

use super::{Voice, agreement, reading};
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::registers;
use crate::report;
use crate::store::PersonRef;
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::gate::{Decision, Explained, Gate};
use lockgate_core::hash::Digest;
use lockgate_core::link::Person;
use lockgate_core::record::{IdentityId, Record};
use serde::Serialize;

#[derive(Serialize)]
struct WhyJson {
    recipient: String,
    field: String,
    as_of: String,
    in_store: bool,
    records: Vec<RecordJson>,
}

#[derive(Serialize)]
struct RecordJson {
    record: String,
    decision: String,
    clause: String,
    steps: Vec<StepJson>,
}

#[derive(Serialize)]
struct StepJson {
    rule: &'static str,
    passed: bool,
    text: String,
}

fn json(one: &Explained) -> RecordJson {
    let decision = match one.decision {
        Decision::Whole => "disclosed whole".to_owned(),
        Decision::Reduced(word) => format!("disclosed reduced to {word}"),
        Decision::Withheld(rule) => format!("withheld by {}", rule.word()),
    };
    let steps =
        one.steps.iter().map(|s| StepJson { rule: s.rule.word(), passed: s.passed, text: s.text.clone() });
    RecordJson {
        record: one.record.to_string(),
        decision,
        clause: one.clause.clone(),
        steps: steps.collect(),
    }
}

/// Explains the decision about one field of one person for one recipient.
pub(super) async fn why(
    voice: Voice,
    deployment: &Deployment,
    person: &str,
    recipient: &str,
    field: &str,
    as_of: Option<Date>,
) -> Result<Exit> {
    let to = agreement::partner(deployment, recipient)?;
    let (category, at) = agreement::field(deployment, field)?;
    let (store, vault) = reading(deployment).await?;
    let identity = identity(deployment, &vault, person)?;
    let last = store.runs(1).await?.first().map(|r| r.as_of);
    let as_of = as_of.or(last).context("there is no run yet")?;
    let found: Option<PersonRef> = store.person_of(identity).await?;
    let mut records = Vec::new();
    if let Some(due) = match found {
        Some(row) => store.person(row).await?,
        None => None,
    } {
        let opened: Result<Vec<Record>, _> = due
            .versions
            .iter()
            .map(|(head, sealed)| Record::from_rest(*head, vault.rest(), sealed))
            .collect();
        let person = Person::new(due.person.key, opened.context("a stored record does not open")?);
        let registers = registers::read(&store, deployment, &vault, as_of).await?.registers;
        let keys: Vec<Vec<u8>> =
            deployment.agreement.partners().map(|(_, p)| vault.pseudonym_key(&p.key)).collect();
        let gate = Gate::new(&deployment.agreement, &deployment.schema, &registers, &keys, as_of);
        records = gate.explain(&person, to, category, at).iter().map(json).collect();
    }
    let out = WhyJson {
        recipient: recipient.into(),
        field: field.into(),
        as_of: as_of.to_string(),
        in_store: found.is_some(),
        records,
    };
    if voice.json {
        report::json(&out);
    } else {
        text(&out);
    }
    Ok(Exit::Done)
}

fn text(out: &WhyJson) {
    report::line(&format!("{} for {} on {}", out.field, out.recipient, out.as_of));
    if !out.in_store {
        report::line(
            "Nothing leaves: the gateway keeps nothing about this person, who is not in the cohort (clause 1.1).",
        );
        return;
    }
    if out.records.is_empty() {
        report::line("Nothing leaves: the gateway holds no such record about this person.");
    }
    for record in &out.records {
        report::line(&format!("\nrecord {}: {} (clause {})", record.record, record.decision, record.clause));
        for step in &record.steps {
            let mark = if step.passed { "yes" } else { "NO " };
            report::line(&format!("  {mark}  {}: {}", step.rule, step.text));
        }
    }
}

/// `feed:key` as the identity that the feed's mapping would make of it, or 32 hexadecimal digits.
pub(crate) fn identity(
    deployment: &Deployment,
    vault: &crate::vault::Vault,
    person: &str,
) -> Result<IdentityId> {
    if let Some(id) = Some(person).filter(|p| p.len() == 32).and_then(|p| u128::from_str_radix(p, 16).ok()) {
        return Ok(IdentityId(id));
    }
    let usage = |what: String| Expected::new(Exit::Usage, what);
    let Some((feed, key)) = person.split_once(':') else {
        return Err(usage(
            "a person is given as `feed:key`, where the key is the one that the feed's own source uses"
                .into(),
        ));
    };
    let Some(mapping) = deployment.mappings.iter().find(|m| m.name() == feed) else {
        let feeds: Vec<&str> =
            deployment.mappings.iter().map(lockgate_core::mapping::Mapping::name).collect();
        return Err(usage(format!("there is no feed `{feed}`; the feeds are {}", feeds.join(", "))));
    };
    let keys = vault.keys(&Digest([0; 32]));
    let today = jiff::Timestamp::now().to_zoned_datetime(deployment.zone.clone()).date();
    mapping
        .identity_of(&[key], &keys, today)
        .ok_or_else(|| usage(format!("`{key}` is not a key of feed `{feed}`")))
}
