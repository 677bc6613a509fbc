//! Difference between two agreements in people: of how many a field would newly leave, or leave no more, to whom and under
//! which clause. Both are asked about everybody in the store; nobody is named, no value is told, nothing is written.

use super::registers;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::store::{DuePerson, DuePersons, Store};
use crate::vault::Vault;
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::agreement::diff::{Direction, difference};
use lockgate_core::agreement::{Agreement, PartnerId};
use lockgate_core::gate::{Gate, Shift, Shifted};
use lockgate_core::link::Person;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The difference in people.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PeopleDifference {
    /// The day for which both were asked.
    pub as_of: String,
    /// People asked about.
    pub people: u64,
    /// People of whom anything would newly leave, to anybody.
    pub newly: u64,
    /// People of whom anything would leave no more.
    pub no_longer: u64,
    /// Per recipient, field, clause and way: newly first.
    pub lines: Vec<PeopleLine>,
}

/// People of whom one field would be treated otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct PeopleLine {
    /// `newly`, `no longer` or `otherwise`.
    pub shift: String,
    /// The recipient's key.
    pub recipient: String,
    /// `category.field`.
    pub field: String,
    /// The clause.
    pub clause: String,
    /// How many people.
    pub people: u64,
}

/// The word of a shift in listings.
const fn word(shift: Shift) -> &'static str {
    match shift {
        Shift::Newly => "newly",
        Shift::NoLonger => "no longer",
        Shift::Otherwise => "otherwise",
    }
}

/// Two agreements and the store on which they are compared.
pub struct Comparison<'a> {
    /// The deployment: schema, keys, and the order of the partners.
    pub deployment: &'a Deployment,
    /// The people.
    pub store: &'a Store,
    /// Opens their records.
    pub vault: &'a Vault,
    /// What is in force.
    pub before: &'a Agreement,
    /// What is proposed.
    pub after: &'a Agreement,
    /// The day.
    pub as_of: Date,
}

/// Counts so far.
#[derive(Default)]
struct Tally {
    people: u64,
    newly: u64,
    no_longer: u64,
    lines: BTreeMap<Shifted, u64>,
}

impl Tally {
    fn add(mut self, person: Vec<Shifted>) -> Self {
        self.people += 1;
        self.newly += u64::from(person.iter().any(|s| s.shift == Shift::Newly));
        self.no_longer += u64::from(person.iter().any(|s| s.shift == Shift::NoLonger));
        for shifted in person {
            *self.lines.entry(shifted).or_default() += 1;
        }
        self
    }

    fn merge(mut self, other: Self) -> Self {
        self.people += other.people;
        self.newly += other.newly;
        self.no_longer += other.no_longer;
        for (shifted, n) in other.lines {
            *self.lines.entry(shifted).or_default() += n;
        }
        self
    }
}

/// Asks both agreements about everybody.
pub async fn people(of: &Comparison<'_>) -> Result<PeopleDifference> {
    same_parties(of)?;
    let schema = &of.deployment.schema;
    let registers = registers::read(of.store, of.deployment, of.vault, of.as_of).await?.registers;
    let keys: Vec<Vec<u8>> =
        of.deployment.agreement.partners().map(|(_, p)| of.vault.pseudonym_key(&p.key)).collect();
    let before = Gate::new(of.before, schema, &registers, &keys, of.as_of);
    let after = Gate::new(of.after, schema, &registers, &keys, of.as_of);
    let recipients = touched(of);
    let mut tally = Tally::default();
    let mut next = ahead(of.store.every_person());
    while let (pages, Some(page)) = next.await? {
        // The store reads the next page while this one is asked about.
        next = ahead(pages);
        let one = |person: DuePerson| -> Result<Vec<Shifted>> {
            let records = person.records(of.vault.rest()).context("a stored record does not open")?;
            Ok(before.shifted(&after, &Person::new(person.person.key, records), &recipients))
        };
        let counted = page
            .into_par_iter()
            .map(one)
            .try_fold(Tally::default, |tally, person| person.map(|p| tally.add(p)))
            .try_reduce(Tally::default, |a, b| Ok(a.merge(b)))?;
        tally = tally.merge(counted);
    }
    Ok(told(of, &tally))
}

/// The recipients for whom a cell changes; all, when a rule about everybody does.
fn touched(of: &Comparison<'_>) -> Vec<PartnerId> {
    let schema = &of.deployment.schema;
    let changes = difference((of.before, schema), (of.after, schema));
    let effective = || changes.iter().filter(|c| c.direction != Direction::Reworded);
    let everybody = effective().any(|c| c.recipient.is_none());
    let partners =
        if of.before.partners().count() > of.after.partners().count() { of.before } else { of.after };
    let named = |key: &str| effective().any(|c| c.recipient.as_deref() == Some(key));
    partners.partners().filter(|(_, p)| everybody || named(&p.key)).map(|(id, _)| id).collect()
}

/// Stored records name their originators by the order of the deployment's partners.
fn same_parties(of: &Comparison<'_>) -> Result<()> {
    let keys = |a: &'_ Agreement| a.partners().map(|(_, p)| p.key.clone()).collect::<Vec<_>>();
    let here = keys(&of.deployment.agreement);
    let fits = |other: Vec<String>| other.iter().zip(&here).all(|(a, b)| a == b);
    if fits(keys(of.before)) && fits(keys(of.after)) {
        return Ok(());
    }
    let what = "the parties stand in another order or are others: people cannot be counted, only cells (without `--people`)";
    Err(Expected::new(Exit::Usage, what))
}

fn told(of: &Comparison<'_>, tally: &Tally) -> PeopleDifference {
    let name = |s: &Shifted| {
        let category = of.deployment.schema.get(s.category);
        let field = category.and_then(|c| c.get(s.field)).map_or("", |f| f.name.as_str());
        format!("{}.{field}", category.map_or("", |c| c.name.as_str()))
    };
    let partner =
        |id| of.after.get(id).or_else(|| of.before.get(id)).map_or_else(String::new, |p| p.key.clone());
    let mut lines: Vec<(Shift, PeopleLine)> = tally
        .lines
        .iter()
        .map(|(s, people)| {
            let line = PeopleLine {
                shift: word(s.shift).into(),
                recipient: partner(s.recipient),
                field: name(s),
                clause: s.clause.clone(),
                people: *people,
            };
            (s.shift, line)
        })
        .collect();
    lines.sort_by_key(|(shift, _)| *shift);
    PeopleDifference {
        as_of: of.as_of.to_string(),
        people: tally.people,
        newly: tally.newly,
        no_longer: tally.no_longer,
        lines: lines.into_iter().map(|(_, line)| line).collect(),
    }
}

/// What a read-ahead gives: the pager back, and the page.
type Page = (DuePersons, Option<Vec<DuePerson>>);

fn ahead(mut pages: DuePersons) -> impl Future<Output = Result<Page>> {
    let task = tokio::spawn(async move {
        let page = pages.next_page().await?;
        anyhow::Ok((pages, page))
    });
    async move { task.await.context("reading people ahead stopped")? }
}
