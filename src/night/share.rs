//! Share: what a page of people gives each recipient.
//!
//! A page is decided about on all cores. Rows are packed and journal entries written where they were decided, so
//! that nothing of a person's records outlives its turn; what is left is a few buffers a core, which are poured
//! into the bundles in the order of the people while the next page is decided about.

use super::Night;
use super::disclose::{Basis, Open, problem};
use super::journal::{Journal, part};
use crate::store::{DuePerson, PersonRef};
use anyhow::{Context as _, Result};
use hashbrown::HashMap;
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::{Holdings, Meta, Parcel, Planner, Tables};
use lockgate_core::commit::SALT;
use lockgate_core::gate::{Facts, Gate, Withheld};
use lockgate_core::hash::MacKey;
use lockgate_core::ledger::{Disclosure, Entry};
use lockgate_core::link::Person;
use lockgate_core::record::Record;
use lockgate_core::rest::RestKey;
use rayon::prelude::*;

/// People that share their buffers, at the least.
const BATCH: usize = 64;

/// What deciding needs of one open bundle.
pub struct Desk {
    recipient: PartnerId,
    meta: Meta,
    tables: Tables,
    snapshot: bool,
}

impl Desk {
    /// The desk of an open bundle.
    pub fn of(open: &Open) -> Self {
        Self {
            recipient: open.recipient,
            meta: open.meta.clone(),
            tables: open.writer.tables().clone(),
            snapshot: open.snapshot,
        }
    }
}

/// Everything that deciding about people needs, whoever they are.
pub struct Office<'a> {
    /// The night.
    pub night: &'a Night<'a>,
    /// What the decisions depend on.
    pub basis: &'a Basis<'a>,
    /// The gate.
    pub gate: &'a Gate<'a>,
    /// One desk an open bundle.
    pub desks: &'a [Desk],
    /// Key of the ledger's commitments.
    commitments: MacKey,
    /// By when content that is first sent tonight is to be reviewed.
    review_by: Date,
}

/// Several people's outcome.
pub struct Batch {
    /// When each is to be decided about again.
    pub settled: Vec<(PersonRef, Option<Date>)>,
    /// By open bundle.
    pub per: Vec<Share>,
}

/// Several people's outcome for one recipient.
#[derive(Default)]
pub struct Share {
    rows: Parcel,
    journal: Journal,
    people: u64,
    decided: u64,
    disclosed: u64,
    withheld: Withheld,
}

/// What the recipients hold of a page of people, by open bundle.
pub type Held = [HashMap<PersonRef, Vec<u8>>];

impl<'a> Office<'a> {
    /// Ready to decide.
    pub fn new(night: &'a Night<'a>, basis: &'a Basis<'a>, gate: &'a Gate<'a>, desks: &'a [Desk]) -> Self {
        let review_by = night.deployment.agreement.review_by(night.order.as_of);
        Self { night, basis, gate, desks, commitments: MacKey::new(&basis.commitments), review_by }
    }

    /// Decides about a page of people, on all cores; batches come in the order of the people. A delta looks only at
    /// whoever is `due`.
    pub fn decide(
        &self,
        page: Vec<DuePerson>,
        held: &Held,
        due: impl Fn(PersonRef) -> bool + Sync,
    ) -> Result<Vec<Batch>> {
        page.into_par_iter()
            .with_min_len(BATCH)
            .try_fold(
                || Batch::new(self.desks.len()),
                |mut batch, person| {
                    let due = due(person.person.id);
                    self.person(&mut batch, &person, held, due).map(|()| batch)
                },
            )
            .collect()
    }

    /// Decides about one person for every open bundle.
    fn person(&self, batch: &mut Batch, row: &DuePerson, held: &Held, due: bool) -> Result<()> {
        let (id, key, salt) = (row.person.id, row.person.key, &row.person.salt.unwrap_or_default());
        let person = Person::new(key, records(row, self.night.vault.rest())?);
        let facts = self.gate.facts(&person);
        for ((desk, held), share) in self.desks.iter().zip(held).zip(&mut batch.per) {
            // A delta looks only at who changed; a snapshot at everybody.
            if due || self.basis.everybody || desk.snapshot {
                self.tell(share, desk, (id, salt), &person, &facts, held.get(&id).map(Vec::as_slice))?;
            }
        }
        batch.settled.push((id, self.gate.next_change(&facts)));
        Ok(())
    }

    /// Adds what one recipient is told about one person.
    fn tell(
        &self,
        share: &mut Share,
        desk: &Desk,
        (id, salt): (PersonRef, &[u8; SALT]),
        person: &Person,
        facts: &Facts,
        held: Option<&[u8]>,
    ) -> Result<()> {
        let answer = self.gate.disclose(person, facts, desk.recipient);
        let disclosed = answer.disclosed.len() as u64;
        share.disclosed += disclosed;
        share.decided += disclosed + u64::from(answer.withheld.total());
        share.withheld.merge(&answer.withheld);
        if disclosed == 0 && held.is_none() {
            return Ok(());
        }
        let lexicon = &self.basis.lexicon;
        let before =
            held.map_or(Ok(Holdings::new()), |held| Holdings::from_bytes(held, lexicon)).map_err(problem)?;
        let agreement = &self.night.deployment.agreement;
        let as_of = self.night.order.as_of;
        let planner = Planner {
            recipient: desk.recipient,
            kind: desk.meta.kind,
            as_of,
            review_by: &|day| if day == as_of { self.review_by } else { agreement.review_by(day) },
            schema: &self.night.deployment.schema,
            partners: &desk.meta.partners,
            person: agreement.person_category(),
            contents: &self.basis.contents,
            lexicon,
        };
        let plan = planner.plan(person.id(), answer.disclosed, &before).map_err(problem)?;
        let after = (plan.after != before).then(|| plan.after.to_bytes(lexicon));
        if plan.rows.is_empty() && after.is_none() {
            return Ok(());
        }
        share.people += u64::from(!plan.rows.is_empty());
        share.journal.add(id, after.as_deref(), |out| {
            for row in &plan.rows {
                part(out, |out| self.entry(desk, row, salt).encode_to(out));
            }
        });
        for row in plan.rows {
            share.rows.add(&desk.tables, &desk.meta, row).map_err(problem)?;
        }
        Ok(())
    }

    /// What the ledger will say of a row.
    fn entry<'r>(
        &'r self,
        desk: &'r Desk,
        row: &'r lockgate_core::bundle::Row<'_>,
        salt: &[u8; SALT],
    ) -> Entry<'r> {
        let schema = &self.night.deployment.schema;
        let (to, grant) = ((desk.meta.recipient_key(), desk.meta.sequence), row.category(schema));
        let with = (&self.commitments, salt);
        Entry::Disclosure(Disclosure::of(row, schema, to, grant, &desk.meta.partners, with))
    }
}

impl Batch {
    fn new(desks: usize) -> Self {
        Self { settled: Vec::new(), per: std::iter::repeat_with(Share::default).take(desks).collect() }
    }
}

/// The records of a person of the store.
pub fn records(row: &DuePerson, rest: &RestKey) -> Result<Vec<Record>> {
    row.records(rest).context("a stored record does not open")
}

/// Pours decided people into the open bundles, each bundle's in the order of the people.
pub fn pour(open: &mut [Open], batches: &[Batch]) -> Result<()> {
    open.par_iter_mut().enumerate().with_max_len(1).try_for_each(|(at, open)| {
        batches.iter().filter_map(|batch| batch.per.get(at)).try_for_each(|share| share.pour(open))
    })
}

impl Share {
    fn pour(&self, open: &mut Open) -> Result<()> {
        open.line.decided += self.decided;
        open.line.disclosed += self.disclosed;
        open.line.people += self.people;
        open.withheld.merge(&self.withheld);
        open.line.add(&open.writer.take(&self.rows)?);
        for entry in self.journal.entries() {
            open.watch.see(entry);
            open.journal.push(entry)?;
        }
        Ok(())
    }
}
