//! The gate alone: what deciding about records for all recipients costs on one core.
//!
//! `cargo bench --bench gate -- [DEPLOYMENT] [AS_OF]`: takes the people from the store of a deployment that has run a
//! night, or, without one, runs the first night of the repository's own deployment in a temporary folder. Prints how
//! many records and recipients are decided about in a second, and the time of one record for all recipients.

#![expect(clippy::print_stdout, reason = "a benchmark")]

use anyhow::{Context as _, Result};
use jiff::civil::{Date, date};
use lockgate::config::{self, Deployment};
use lockgate::night::{self, Order};
use lockgate::store::{Names, Store};
use lockgate::vault::Vault;
use lockgate_core::agreement::PartnerId;
use lockgate_core::gate::{Gate, Registers};
use lockgate_core::link::Person;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// The program's own allocator.
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Records decided about before the clock is read, at the least.
const ENOUGH: usize = 200_000;
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let as_of = given.get(1).map_or(Ok(date(2008, 11, 17)), |day| day.parse()).context("the day")?;
    let scratch = tempfile::tempdir()?;
    let deployment = match given.first() {
        Some(folder) => load(Path::new(folder))?,
        None => fresh(scratch.path(), as_of).await?,
    };
    let people = people(&deployment).await?;
    let vault = Vault::new(deployment.usable_secret()?);
    let agreement = &deployment.agreement;
    let keys: Vec<Vec<u8>> = agreement.partners().map(|(_, p)| vault.pseudonym_key(&p.key)).collect();
    let registers = Registers::default();
    let gate = Gate::new(agreement, &deployment.schema, &registers, &keys, as_of);
    let recipients: Vec<PartnerId> = agreement.partners().map(|(id, _)| id).collect();
    report(&gate, &people, &recipients);
    Ok(())
}

fn load(folder: &Path) -> Result<Deployment> {
    config::load(folder)
        .map_err(|(problems, _)| anyhow::anyhow!("{} problems in {}", problems.len(), folder.display()))
}

/// The repository's own deployment after its first night, in a folder of its own.
async fn fresh(folder: &Path, as_of: Date) -> Result<Deployment> {
    let mut deployment = load(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    deployment.settings.store.path = folder.join("state");
    deployment.settings.bundles.folder = folder.join("bundles");
    night::run::run(&deployment, Order { as_of, feeds: Vec::new(), dry_run: false }, true).await?;
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
            let key = row.person.key;
            let records = night::share::records(&row, vault.rest())?;
            people.push(Person::new(key, records));
        }
    }
    Ok(people)
}

fn report(gate: &Gate<'_>, people: &[Person], recipients: &[PartnerId]) {
    let records: usize = people.iter().map(|p| p.records().len()).sum();
    let turns = ENOUGH.div_ceil(records.max(1));
    let (mut facts, mut whole) = (Vec::new(), Vec::new());
    let mut rows = 0;
    for _ in 0..ROUNDS {
        facts.push(timed(|| {
            for person in (0..turns).flat_map(|_| people) {
                black_box(gate.facts(person));
            }
        }));
        rows = 0;
        whole.push(timed(|| {
            for person in (0..turns).flat_map(|_| people) {
                let facts = gate.facts(person);
                for recipient in recipients {
                    rows += black_box(gate.disclose(person, &facts, *recipient)).disclosed.len();
                }
            }
        }));
    }
    facts.sort_unstable();
    whole.sort_unstable();
    let median = |times: &[Duration]| times.get(ROUNDS / 2).map_or(0.0, Duration::as_secs_f64);
    let (facts, whole) = (median(&facts), median(&whole));
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let (decided, recipients) = (count(records * turns), count(recipients.len()));
    println!(
        "{} people, {records} records, {recipients} recipients, {} rows disclosed a turn",
        people.len(),
        rows / turns
    );
    println!(
        "| what | records x recipients a second | µs a record for all recipients |\n| --- | --- | --- |"
    );
    for (what, seconds) in [("conditions alone", facts), ("the whole decision", whole)] {
        println!(
            "| {what} | {:.1} million | {:.2} |",
            decided * recipients / seconds / 1e6,
            seconds * 1e6 / decided
        );
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
