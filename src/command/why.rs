//! `lockgate agreement why`: each rule in its order with the facts it used, for one person, recipient and field, and the
//! nearest thing that would change the decision. Looking is itself recorded in the ledger.

use super::{Voice, agreement, repair};
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::publish::record_decision;
use crate::night::registers;
use crate::report;
use crate::store::PersonRef;
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::gate::{Decision, Explained, Gate, Step};
use lockgate_core::hash::Digest;
use lockgate_core::link::Person;
use lockgate_core::record::IdentityId;
use lockgate_core::schema::{CategoryId, FieldId};
use serde::Serialize;

/// Days on which something may change that are looked at; whoever asks wants tomorrow's change, not that of ten years.
const DAYS: u32 = 200;

#[derive(Serialize)]
struct WhyJson {
    recipient: String,
    field: String,
    as_of: String,
    in_store: bool,
    /// The next day on which the decision is another without new data, and what it is then.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<ChangeJson>,
    records: Vec<RecordJson>,
}

#[derive(Serialize)]
struct ChangeJson {
    on: String,
    record: String,
    decision: String,
    because: String,
}

#[derive(Serialize)]
struct RecordJson {
    record: String,
    decision: String,
    clause: String,
    steps: Vec<StepJson>,
    nearest: Vec<String>,
}

#[derive(Serialize)]
struct StepJson {
    rule: &'static str,
    passed: bool,
    text: String,
    facts: Vec<String>,
}

fn told(decision: Decision) -> String {
    match decision {
        Decision::Whole => "disclosed whole".to_owned(),
        Decision::Reduced(word) => format!("disclosed reduced to {word}"),
        Decision::Withheld(rule) => format!("withheld by {}", rule.word()),
    }
}

fn json(one: &Explained) -> RecordJson {
    let step = |s: &Step| StepJson {
        rule: s.rule.word(),
        passed: s.passed,
        text: s.text.clone(),
        facts: s.facts.clone(),
    };
    RecordJson {
        record: one.record.to_string(),
        decision: told(one.decision),
        clause: one.clause.clone(),
        steps: one.steps.iter().map(step).collect(),
        nearest: one.nearest.clone(),
    }
}

/// What is asked.
pub(super) struct Asked<'a> {
    pub(super) person: &'a str,
    pub(super) recipient: &'a str,
    pub(super) field: &'a str,
    pub(super) as_of: Option<Date>,
}

/// Explains the decision about one field of one person for one recipient.
pub(super) async fn why(
    voice: Voice,
    deployment: &Deployment,
    asked: &Asked<'_>,
    (by, reason): (&str, &str),
) -> Result<Exit> {
    let to = agreement::partner(deployment, asked.recipient)?;
    let about = agreement::field(deployment, asked.field)?;
    let decision = repair::decision(by, reason)?;
    let (store, vault) = repair::writing(deployment).await?;
    let identity = identity(deployment, &vault, asked.person)?;
    let last = store.runs(1).await?.first().map(|r| r.as_of);
    let as_of = asked.as_of.or(last).context("there is no run yet")?;
    // Recorded, then shown: an answer says something about a person.
    let key =
        [&identity.0.to_be_bytes()[..], asked.recipient.as_bytes(), b" ", asked.field.as_bytes()].concat();
    let mut tx = store.begin_decisions(as_of).await?;
    let entry = repair::entry("why", as_of, &decision, Digest::of(&key));
    record_decision(&mut tx, &entry).await?;
    tx.commit().await?;
    let found: Option<PersonRef> = store.person_of(identity).await?;
    let (mut records, mut changes) = (Vec::new(), None);
    if let Some(due) = match found {
        Some(row) => store.person(row).await?,
        None => None,
    } {
        let opened = due.records(vault.rest()).context("a stored record does not open")?;
        let person = Person::new(due.person.key, opened);
        let registers = registers::read(&store, deployment, &vault, as_of).await?.registers;
        let keys: Vec<Vec<u8>> =
            deployment.agreement.partners().map(|(_, p)| vault.pseudonym_key(&p.key)).collect();
        let gate = |day| Gate::new(&deployment.agreement, &deployment.schema, &registers, &keys, day);
        let explained = gate(as_of).explain(&person, to, about.0, about.1);
        changes = next_change(&gate, as_of, &person, (to, about), &explained);
        records = explained.iter().map(json).collect();
    }
    store.close().await?;
    let out = WhyJson {
        recipient: asked.recipient.into(),
        field: asked.field.into(),
        as_of: as_of.to_string(),
        in_store: found.is_some(),
        changes,
        records,
    };
    if voice.json {
        report::json(&out);
    } else {
        text(&out);
    }
    Ok(Exit::Done)
}

/// The first later day on which one of the records is decided about otherwise without new data: a birthday, an edge of
/// a span of days, an end in a register. Registers and records are those of today.
fn next_change<'a>(
    gate: &impl Fn(Date) -> Gate<'a>,
    as_of: Date,
    person: &Person,
    (to, (category, field)): (PartnerId, (CategoryId, FieldId)),
    today: &[Explained],
) -> Option<ChangeJson> {
    let mut day = as_of;
    for _ in 0..DAYS {
        let at = gate(day);
        day = at.next_change(&at.facts(person))?;
        let then = gate(day).explain(person, to, category, field);
        let other = then.iter().zip(today).find(|(then, now)| then.decision != now.decision);
        if let Some((then, _)) = other {
            let because = then.steps.last().map(|s| s.text.clone()).unwrap_or_default();
            return Some(ChangeJson {
                on: day.to_string(),
                record: then.record.to_string(),
                decision: told(then.decision),
                because,
            });
        }
    }
    None
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
            step.facts.iter().for_each(|fact| report::line(&format!("         {fact}")));
        }
        if !record.nearest.is_empty() {
            report::line("  what would change it:");
            record.nearest.iter().for_each(|what| report::line(&format!("    - {what}")));
        }
    }
    if let Some(change) = &out.changes {
        report::line(&format!(
            "\nOn {}, without new data, record {} is {}: {}",
            change.on, change.record, change.decision, change.because
        ));
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
