//! `lockgate ledger show --person`: everything that was ever told about one person: to whom, when, in which bundle, under
//! which clause, and whether the recipient has answered. Looking is itself recorded in the ledger.

use super::correction::{self, CaseJson};
use super::ledger_links::{self as links, LinkJson};
use super::{Voice, identity, repair};
use crate::cli::ShowArgs;
use crate::config::Deployment;
use crate::correction::cases;
use crate::exit::Exit;
use crate::night::publish::record_decision;
use crate::night::summary::table;
use crate::report;
use crate::store::{Answered, Asked, BundleRow, PersonRow, Store};
use crate::vault::Vault;
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::bundle::Change;
use lockgate_core::gate::record_ref;
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{Disclosure, Entry};
use lockgate_core::record::{IdentityId, PersonId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the ledger knows of a person.
#[derive(Serialize)]
struct StoryJson {
    told: Vec<ToldJson>,
    corrections: Vec<CaseJson>,
    /// Who was decided to be the same or another, and from which person to which the nights moved the identity.
    links: Vec<LinkJson>,
}

/// One row that was told, or withdrawn.
#[derive(Serialize)]
struct ToldJson {
    /// Its entry in the ledger.
    entry: u64,
    as_of: String,
    recipient: String,
    bundle: String,
    /// Where the bundle stands: what was stopped in the outbox was told to nobody.
    bundle_state: &'static str,
    change: &'static str,
    category: String,
    clause: String,
    /// The recipient's own reference, by which its bundle calls the row.
    record_id: String,
    version: u32,
    /// For what was asked of the recipient about the row: what it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerJson>,
}

#[derive(Serialize)]
struct AnswerJson {
    asked: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// The fingerprint of the key by which the recipient signed its form.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<String>,
}

/// Shows what was told about a person.
pub(super) async fn show(voice: Voice, deployment: &Deployment, args: &ShowArgs) -> Result<Exit> {
    let decision = repair::decision(&args.by, &args.reason)?;
    let (store, vault) = repair::writing(deployment).await?;
    let about = identity(deployment, &vault, &args.person)?;
    let day = store.runs(1).await?.first().map(|r| r.as_of).context("there is no run yet")?;
    // Recorded, then shown: an answer says something about a person.
    let mut tx = store.begin_decisions(day).await?;
    record_decision(&mut tx, &repair::entry("show-person", day, &decision, Digest::of(&about.bytes())))
        .await?;
    tx.commit().await?;
    let persons = persons(&store, about).await?;
    let moves = links::moves(&store, about).await?;
    let mut context = Story::of(deployment, &store, &vault).await?;
    let mut pages = store.ledger_entries(1);
    let mut told = Vec::new();
    while let Some(page) = pages.next_page().await? {
        for row in &page {
            if let Ok(Entry::Disclosure(d)) = Entry::decode(&row.entry)
                && links::was(&moves, &persons, row.seq, d.person)
            {
                told.push(context.told(row.seq, &d).await?);
            }
        }
    }
    drop(context);
    let corrections = corrections(deployment, &store, &vault, (about, &persons), day).await?;
    let links = links::story(&store.registered().await?, about, &moves);
    store.close().await?;
    if voice.json {
        report::json(&StoryJson { told, corrections, links });
        return Ok(Exit::Done);
    }
    if told.is_empty() {
        report::line("Nothing was ever told about this person.");
    } else {
        print(voice, &told);
    }
    if !corrections.is_empty() {
        report::line("\nCorrections (`lockgate correction show NUMBER` says more)");
        let head = ["number", "field", "originator", "opened", "state", "outcome", "told", "confirmed"];
        let row = |c: &CaseJson| {
            let [told, confirmed] = c.counts().map(|n| format!("{n} of {}", c.told.len()));
            let outcome = c.outcome.clone().unwrap_or_default();
            let words = [&c.field, &c.originator, &c.opened_on].map(Clone::clone);
            let [field, originator, opened] = words;
            vec![
                c.correction.to_string(),
                field,
                originator,
                opened,
                c.state.into(),
                outcome,
                told,
                confirmed,
            ]
        };
        report::line(&table(voice.plain, &head, &corrections.iter().map(row).collect::<Vec<_>>()));
    }
    links::print(voice, &links);
    Ok(Exit::Done)
}

/// What was ever said to be wrong about the person.
async fn corrections(
    deployment: &Deployment,
    store: &Store,
    vault: &Vault,
    (about, persons): (IdentityId, &BTreeSet<PersonId>),
    day: Date,
) -> Result<Vec<CaseJson>> {
    let mut out = Vec::new();
    let now = store.person_of(about).await?;
    for case in cases((deployment, store, vault), day).await? {
        let Some(identity) = u128::from_str_radix(&case.correction.identity, 16).ok().map(IdentityId) else {
            continue;
        };
        let same = now.is_some() && store.person_of(identity).await? == now;
        if same || identity == about || persons.contains(&PersonId(identity.0)) {
            out.push(correction::json(&case, day));
        }
    }
    Ok(out)
}

fn print(voice: Voice, told: &[ToldJson]) {
    let head = ["day", "recipient", "category", "change", "version", "clause", "entry", "answer"];
    let answer = |t: &ToldJson| match &t.answer {
        _ if t.bundle_state == "stopped" => "stopped: was not sent".to_owned(),
        None => String::new(),
        Some(AnswerJson { asked, done: None, .. }) => format!("asked to {asked}, not answered"),
        Some(AnswerJson { asked, done: Some(done), on, signed, .. }) => {
            let word = if *done { "done" } else { "not done" };
            let signed = if signed.is_some() { ", signed" } else { "" };
            format!("{asked}: {word}, {}{signed}", on.as_deref().unwrap_or_default())
        }
    };
    let row = |t: &ToldJson| {
        let (version, entry) = (t.version.to_string(), t.entry.to_string());
        let words = [&t.as_of, &t.recipient, &t.category].map(Clone::clone);
        let [day, recipient, category] = words;
        vec![day, recipient, category, t.change.into(), version, t.clause.clone(), entry, answer(t)]
    };
    report::line(&table(voice.plain, &head, &told.iter().map(row).collect::<Vec<_>>()));
}

/// Every number under which the person stands or stood: its own, those merged into it, and that of the identity itself,
/// which founded a person if it ever did.
pub(super) async fn persons(store: &Store, about: IdentityId) -> Result<BTreeSet<PersonId>> {
    let mut out = BTreeSet::from([PersonId(about.0)]);
    let Some(now) = store.person_of(about).await? else { return Ok(out) };
    let (mut all, mut pages): (Vec<PersonRow>, _) = (Vec::new(), store.persons());
    while let Some(page) = pages.next_page().await? {
        all.extend(page.into_iter().filter(|p| p.id == now || p.retired_into.is_some()));
    }
    let mut into = BTreeSet::from([now.0]);
    // Merged persons point at where they went; a few steps, since who was merged into may be merged again.
    while let Some(more) = all
        .iter()
        .find(|p| !into.contains(&p.id.0) && p.retired_into.is_some_and(|to| into.contains(&to.0)))
        .map(|p| p.id.0)
    {
        into.insert(more);
    }
    out.extend(all.iter().filter(|p| into.contains(&p.id.0)).map(|p| p.key));
    Ok(out)
}

/// What the ledger's entries are told with.
struct Story<'a> {
    store: &'a Store,
    vault: &'a Vault,
    /// By recipient's key and sequence.
    bundles: BTreeMap<(String, u64), BundleRow>,
    /// What bundles asked, and what was answered, by the bundle's row.
    receipts: BTreeMap<i64, (Vec<Asked>, Vec<Answered>)>,
}

impl<'a> Story<'a> {
    async fn of(deployment: &Deployment, store: &'a Store, vault: &'a Vault) -> Result<Self> {
        let key = |row: &BundleRow| {
            let partner = deployment.agreement.get(row.recipient?)?;
            Some((partner.key.clone(), row.bundle.sequence))
        };
        let all = store.bundles(None, u32::MAX).await?;
        let bundles = all.into_iter().filter_map(|row| Some((key(&row)?, row))).collect();
        Ok(Self { store, vault, bundles, receipts: BTreeMap::new() })
    }

    async fn told(&mut self, entry: u64, d: &Disclosure<'_>) -> Result<ToldJson> {
        let record_id = record_ref(&self.vault.pseudonym_key(d.recipient), d.record);
        let bundle = self.bundles.get(&(d.recipient.to_owned(), d.sequence));
        let id = bundle.map(|b| b.id);
        let bundle_state = bundle.map_or("", |b| b.bundle.state.word());
        let (name, as_of) =
            bundle.map(|b| (b.bundle.name.clone(), b.bundle.as_of.to_string())).unwrap_or_default();
        if let Some(id) = id.filter(|id| !self.receipts.contains_key(&id.0)) {
            let receipts = (self.store.asked(id).await?, self.store.answers(id).await?);
            self.receipts.insert(id.0, receipts);
        }
        let answer = id.and_then(|id| self.receipts.get(&id.0)).and_then(|(asked, answers)| {
            let same = |a: &&Asked| a.record_ref == record_id && a.version == u64::from(d.version);
            let asked = asked.iter().find(same)?;
            let answer = answers.iter().find(|w| w.action == asked.action);
            Some(AnswerJson {
                asked: asked.what.word(),
                done: answer.map(|w| w.done),
                on: answer.map(|w| w.on.to_string()),
                by: answer.map(|w| w.author.clone()),
                signed: answer.and_then(|w| w.signed.clone()),
            })
        });
        Ok(ToldJson {
            entry,
            as_of,
            recipient: d.recipient.into(),
            bundle: name,
            bundle_state,
            change: Change::word(d.change),
            category: d.category.into(),
            clause: d.clause.into(),
            record_id,
            version: d.version,
            answer,
        })
    }
}
