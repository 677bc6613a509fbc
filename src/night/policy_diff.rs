//! Difference between two agreements in people: of how many a field would newly leave, or leave no more, to whom and under
//! which clause. Both are asked about everybody in the store; nobody is named, no value is told, nothing is written.

use super::registers;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::store::{DuePerson, DuePersons, RunRow, Store};
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
    /// Whether the proposed agreement is not in force on that day, and was asked as though it were.
    #[serde(default)]
    pub supposed: bool,
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

/// What several nights come to for one field: counts of people, who are mostly the same on each.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Together {
    /// As in [`PeopleLine`].
    pub shift: String,
    /// The recipient's key.
    pub recipient: String,
    /// `category.field`.
    pub field: String,
    /// The clause.
    pub clause: String,
    /// Nights on which it concerned anybody.
    pub nights: u64,
    /// The fewest people on one of those nights.
    pub fewest: u64,
    /// The most.
    pub most: u64,
}

/// Brings the nights of one comparison together: newly first, then by recipient and field.
pub fn together<'a>(nights: impl IntoIterator<Item = &'a PeopleDifference>) -> Vec<Together> {
    let rank = |line: &PeopleLine| SHIFTS.iter().position(|s| word(*s) == line.shift);
    let mut out: BTreeMap<(Option<usize>, &str, &str, &str), Together> = BTreeMap::new();
    for line in nights.into_iter().flat_map(|night| &night.lines) {
        let key = (rank(line), line.recipient.as_str(), line.field.as_str(), line.clause.as_str());
        let so_far = out.entry(key).or_insert_with(|| Together {
            shift: line.shift.clone(),
            recipient: line.recipient.clone(),
            field: line.field.clone(),
            clause: line.clause.clone(),
            nights: 0,
            fewest: line.people,
            most: line.people,
        });
        so_far.nights += 1;
        so_far.fewest = so_far.fewest.min(line.people);
        so_far.most = so_far.most.max(line.people);
    }
    out.into_values().collect()
}

const SHIFTS: [Shift; 3] = [Shift::Newly, Shift::NoLonger, Shift::Otherwise];

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
    /// The run whose records and registers are asked about, as they stood when it had ended; `None` = today's.
    pub then: Option<&'a RunRow>,
}

/// Counts so far.
#[derive(Default)]
struct Tally {
    newly: u64,
    no_longer: u64,
    lines: BTreeMap<Shifted, u64>,
}

impl Tally {
    fn add(mut self, person: Vec<Shifted>) -> Self {
        self.newly += u64::from(person.iter().any(|s| s.shift == Shift::Newly));
        self.no_longer += u64::from(person.iter().any(|s| s.shift == Shift::NoLonger));
        for shifted in person {
            *self.lines.entry(shifted).or_default() += 1;
        }
        self
    }

    fn merge(mut self, other: Self) -> Self {
        self.newly += other.newly;
        self.no_longer += other.no_longer;
        for (shifted, n) in other.lines {
            *self.lines.entry(shifted).or_default() += n;
        }
        self
    }
}

/// Asks both agreements about everybody, each as though it were in force on the day: a proposed one seldom is yet.
pub async fn people(of: &Comparison<'_>) -> Result<PeopleDifference> {
    same_parties(of)?;
    let schema = &of.deployment.schema;
    let (registers, pages, people) = match of.then {
        None => {
            let registers = registers::read(of.store, of.deployment, of.vault, of.as_of).await?;
            (registers.registers, of.store.every_person(), of.store.people().await?)
        }
        Some(run) => {
            let registers = registers::read_then(of.store, of.deployment, of.vault, run).await?;
            (registers.registers, of.store.every_person_then(run.id), of.store.people_then(run.id).await?)
        }
    };
    let keys: Vec<Vec<u8>> =
        of.deployment.agreement.partners().map(|(_, p)| of.vault.pseudonym_key(&p.key)).collect();
    let (in_force, proposed) = (of.before.supposed_in_force(), of.after.supposed_in_force());
    let before = Gate::new(&in_force, schema, &registers, &keys, of.as_of);
    let after = Gate::new(&proposed, schema, &registers, &keys, of.as_of);
    let recipients = touched(of);
    let mut tally = Tally::default();
    let mut next = ahead(pages);
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
    Ok(told(of, &tally, people))
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

/// Whether an agreement's partners stand in the order of the deployment's: stored records name their originators by it.
pub fn fits(deployment: &Deployment, other: &Agreement) -> bool {
    deployment.agreement.partners().zip(other.partners()).all(|((_, a), (_, b))| a.key == b.key)
}

fn same_parties(of: &Comparison<'_>) -> Result<()> {
    if fits(of.deployment, of.before) && fits(of.deployment, of.after) {
        return Ok(());
    }
    let what = "the parties stand in another order or are others: people cannot be counted, only cells (`agreement diff` without `--people`)";
    Err(Expected::new(Exit::Usage, what))
}

fn told(of: &Comparison<'_>, tally: &Tally, people: u64) -> PeopleDifference {
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
        supposed: !of.after.in_force(of.as_of),
        people,
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
