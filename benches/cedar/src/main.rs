//! The gate beside Cedar on the same question: of each record, what may each recipient see?
//!
//! `cargo run --release` in this folder. Both are asked about the people of the repository's own deployment after its first
//! night, on one thread, in turn, in the same minutes; the time is
//! that of the thread on its core. Cedar's policies are made of the agreement's grants ([`policies`]); the
//! facts on which they rest (which conditions hold, the cohort, the clause, the dissemination code) are worked out by the
//! gate beforehand and given to Cedar for nothing ([`questions`]), while the gate works them out each time.

mod policies;
mod questions;

use anyhow::{Context as _, Result, ensure};
use cedar_policy::{Authorizer, Decision, Entities, PolicySet, Request};
use jiff::civil::{Date, date};
use lockgate::config::{self, Deployment};
use lockgate::night::{self, Order};
use lockgate::store::{Names, Store};
use lockgate::vault::Vault;
use lockgate_core::agreement::PartnerId;
use lockgate_core::gate::{Gate, Registers};
use lockgate_core::link::Person;
use lockgate_core::schema::FieldId;
use policies::Policies;
use questions::Question;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

const DAY: Date = date(2008, 11, 17);
const ROUNDS: usize = 5;
/// Records decided about before the clock is read, at the least: by the gate, by Cedar, and by Cedar with all policies in
/// one set, so that a round of each takes from a tenth of a second to a few.
const ENOUGH: usize = 100_000;
const ENOUGH_OF_CEDAR: usize = 10_000;
const ENOUGH_OF_ALL: usize = 50;

#[tokio::main]
async fn main() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let deployment = fresh(scratch.path()).await?;
    let people = people(&deployment).await?;
    let vault = Vault::new(deployment.usable_secret()?);
    let agreement = &deployment.agreement;
    let keys: Vec<Vec<u8>> = agreement.partners().map(|(_, p)| vault.pseudonym_key(&p.key)).collect();
    let registers = Registers::default();
    let gate = Gate::new(agreement, &deployment.schema, &registers, &keys, DAY);
    let recipients: Vec<PartnerId> = agreement.partners().map(|(id, _)| id).collect();
    let policies = Policies::of(agreement, &deployment.schema)?;
    let questions = questions::of(&gate, agreement, &deployment.schema, &people)?;
    compare(&gate, &people, &recipients, &policies, &questions)?;
    measure(&gate, &people, &recipients, &policies, &questions)
}

async fn fresh(folder: &Path) -> Result<Deployment> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut deployment = config::load(&root.canonicalize()?)
        .map_err(|(problems, _)| anyhow::anyhow!("{} problems in the deployment", problems.len()))?;
    deployment.settings.store.path = folder.join("state");
    deployment.settings.bundles.folder = folder.join("bundles");
    night::run::run(&deployment, Order { as_of: DAY, feeds: Vec::new(), dry_run: false }, true).await?;
    Ok(deployment)
}

async fn people(deployment: &Deployment) -> Result<Vec<Person>> {
    let vault = Vault::new(deployment.usable_secret()?);
    let (categories, partners) = deployment.names();
    let names = Names { categories: &categories, partners: &partners };
    let store = Store::open_read(&deployment.state(), &vault, &names).await?;
    let (mut pages, mut people) = (store.every_person(), Vec::new());
    while let Some(page) = pages.next_page().await? {
        for row in page {
            people.push(Person::new(row.person.key, night::share::records(&row, vault.rest())?));
        }
    }
    Ok(people)
}

/// Both must be asked the same: what the gate lets leave, Cedar allows. Cedar allows more, since rules about more than one
/// field or row are no question to it; how much is told.
fn compare(
    gate: &Gate<'_>,
    people: &[Person],
    recipients: &[PartnerId],
    policies: &Policies,
    questions: &[Question],
) -> Result<()> {
    let cedar = Cedar::new();
    let mut allowed = BTreeSet::new();
    let mut rows = BTreeSet::new();
    for q in questions {
        if policies.about(q, None).is_some_and(|set| cedar.allows(&q.row, set)) {
            rows.insert((q.record, q.recipient));
        }
        for (field, request) in &q.fields {
            if policies.about(q, Some(*field)).is_some_and(|set| cedar.allows(request, set)) {
                allowed.insert((q.record, q.recipient, *field));
            }
        }
    }
    let (mut cells, mut leave) = (0u64, 0u64);
    for person in people {
        let facts = gate.facts(person);
        for recipient in recipients {
            for row in &gate.disclose(person, &facts, *recipient).disclosed {
                // A counted row stands for several records.
                if policies.counted.contains(&(*recipient, row.category())) {
                    continue;
                }
                leave += 1;
                ensure!(rows.contains(&(row.record(), *recipient)), "Cedar withholds a row that leaves");
                for (field, _) in row.cells().filter(|(_, value)| value.is_some()) {
                    cells += 1;
                    let same = allowed.contains(&(row.record(), *recipient, field));
                    ensure!(same, "Cedar withholds a field that leaves");
                }
            }
        }
    }
    let records: usize = people.iter().map(|p| p.records().len()).sum();
    println!(
        "{} people, {records} records, {} recipients; {} policies. The gate lets {leave} rows leave (counted ones aside) with \
         {cells} values; Cedar allows all of them, and {} rows in \
         all: counted and empty ones too, and such as wait for an authority or leave only beside others",
        people.len(),
        recipients.len(),
        policies.count,
        rows.len()
    );
    Ok(())
}

impl Policies {
    fn about(&self, q: &Question, field: Option<FieldId>) -> Option<&PolicySet> {
        self.sorted.get(&(q.recipient, q.category, field))
    }
}

struct Cedar {
    authorizer: Authorizer,
    entities: Entities,
}

impl Cedar {
    fn new() -> Self {
        Self { authorizer: Authorizer::new(), entities: Entities::empty() }
    }

    fn allows(&self, request: &Request, set: &PolicySet) -> bool {
        self.authorizer.is_authorized(request, set, &self.entities).decision() == Decision::Allow
    }
}

fn measure(
    gate: &Gate<'_>,
    people: &[Person],
    recipients: &[PartnerId],
    policies: &Policies,
    questions: &[Question],
) -> Result<()> {
    let cedar = Cedar::new();
    let records: usize = people.iter().map(|p| p.records().len()).sum();
    let turns = ENOUGH.div_ceil(records.max(1));
    let fewer = ENOUGH_OF_CEDAR.div_ceil(records.max(1));
    let part =
        questions.get(..(ENOUGH_OF_ALL * recipients.len()).min(questions.len())).context("no questions")?;
    let the_gate = || {
        for person in (0..turns).flat_map(|_| people) {
            let facts = gate.facts(person);
            for recipient in recipients {
                black_box(gate.disclose(person, &facts, *recipient));
            }
        }
    };
    // Where no policy names the recipient and the field, the answer is no without asking.
    let a_row = || {
        for q in (0..fewer).flat_map(|_| questions) {
            if let Some(set) = policies.about(q, None) {
                black_box(cedar.allows(&q.row, set));
            }
        }
    };
    let each_field = || {
        for q in (0..fewer).flat_map(|_| questions) {
            for (field, request) in &q.fields {
                if let Some(set) = policies.about(q, Some(*field)) {
                    black_box(cedar.allows(request, set));
                }
            }
        }
    };
    let made_each_time = || {
        for q in (0..fewer).flat_map(|_| questions).filter(|q| policies.about(q, None).is_some()) {
            for (field, request) in (0u8..).map(FieldId).zip(q.make().into_iter().flatten()) {
                if let Some(set) = policies.about(q, Some(field)) {
                    black_box(cedar.allows(&request, set));
                }
            }
        }
    };
    let all_in_one = || {
        for (_, request) in part.iter().flat_map(|q| &q.fields) {
            black_box(cedar.allows(request, &policies.whole));
        }
    };
    let (decided, asked) = (count(questions.len() * turns), count(questions.len() * fewer));
    let ways: [(&str, &dyn Fn(), f64); 5] = [
        ("the gate: conditions, rows, fields, values", &the_gate, decided),
        ("Cedar: may the row leave; requests made and policies sorted before", &a_row, asked),
        ("Cedar: may each field leave; the same", &each_field, asked),
        ("Cedar: may each field leave; requests made as they are asked", &made_each_time, asked),
        (
            "Cedar: may each field leave; requests made before, all policies in one set",
            &all_in_one,
            count(part.len()),
        ),
    ];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); ways.len()];
    for round in 0..=ROUNDS {
        for ((_, work, _), times) in ways.iter().zip(&mut times) {
            let start = busy()?;
            work();
            // The first round warms.
            if round > 0 {
                times.push(busy()?.saturating_sub(start));
            }
        }
    }
    println!(
        "\n| what | thousand records x recipients a second | µs a record for all recipients |\n| --- | --- | --- |"
    );
    for ((what, _, decided), times) in ways.iter().zip(&mut times) {
        times.sort_unstable();
        let seconds = times.get(ROUNDS / 2).context("no rounds")?.as_secs_f64();
        let each = count(recipients.len());
        println!("| {what} | {:.2} | {:.2} |", decided / seconds / 1e3, seconds * 1e6 / (decided / each));
    }
    println!(
        "\nNot asked of Cedar, which answers yes or no: the reduced value, the count of several rows, the clause, purposes and \
         handling that travel with a row, that a row leaves whole or not at all, and the facts themselves."
    );
    Ok(())
}

/// What this thread has had of a processor: on a shared machine the clock measures the neighbours too.
fn busy() -> Result<Duration> {
    let text =
        std::fs::read_to_string("/proc/thread-self/schedstat").context("this measurement needs Linux")?;
    let first = text.split_whitespace().next().context("an empty schedstat")?;
    Ok(Duration::from_nanos(first.parse()?))
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
