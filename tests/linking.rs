//! Who is who in the fixtures, against the truth by which they were made (`fixtures/truth.csv`).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use jiff::civil::date;
use lockgate::config;
use lockgate::night::memories::Memories;
use lockgate::store::{Names, ReviewState, Store};
use lockgate::vault::Vault;
use lockgate_core::hash::Digest;
use lockgate_core::link::Remembered as _;
use lockgate_core::record::{IdentityId, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use support::{Deployment, NIGHTS, table};

/// The column of the truth, and the feed whose keys stand in it.
const FEEDS: [(&str, &str); 5] = [
    ("wyp", "wyp-cohort"),
    ("hmps", "hmps-releases"),
    ("probation", "probation-cases"),
    ("g4s", "g4s-orders"),
    ("lcc", "lcc-orchard"),
];

/// Who of the stories is told of by an agency and not joined: a valid number of somebody else, typed by mistake.
const APART: [(&str, &str); 1] = [("marcus", "hmps")];

/// One person of the truth.
struct Person {
    story: String,
    designated: bool,
    identities: Vec<(&'static str, IdentityId)>,
}

fn truth(deployment: &Deployment) -> Vec<Person> {
    let loaded = config::load(deployment.root()).ok().unwrap();
    let keys = Vault::new(loaded.usable_secret().unwrap()).keys(&Digest([0; 32]));
    let identity = |(column, feed): (&'static str, &str), key: &str| {
        let mapping = loaded.mappings.iter().find(|m| m.name() == feed).unwrap();
        (column, mapping.identity_of(&[key], &keys, date(2008, 11, 17)).unwrap())
    };
    let one = |row: &BTreeMap<String, String>| Person {
        story: row["story"].clone(),
        designated: !row["designation"].is_empty(),
        identities: FEEDS
            .into_iter()
            .filter(|(column, _)| !row[*column].is_empty())
            .map(|of| identity(of, &row[of.0]))
            .collect(),
    };
    table(&deployment.path("fixtures/truth.csv")).iter().map(one).collect()
}

/// What the store knows after a night: the person of each identity, and of which identities any taken row speaks.
struct Known {
    person: BTreeMap<IdentityId, PersonId>,
    told: BTreeSet<IdentityId>,
    waits: Vec<(IdentityId, IdentityId)>,
}

fn known(deployment: &Deployment, wanted: &[IdentityId]) -> Known {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let loaded = config::load(deployment.root()).ok().unwrap();
        let vault = Vault::new(loaded.usable_secret().unwrap());
        let (categories, partners) = loaded.names();
        let names = Names { categories: &categories, partners: &partners };
        let store = Store::open_read(&loaded.state(), &vault, &names).await.unwrap();
        let known = store.known_identities(wanted).await.unwrap();
        let memories = Memories::open(&loaded.state()).unwrap();
        let mut told = BTreeSet::new();
        for mapping in &loaded.mappings {
            for file in store.accepted_files(mapping.name()).await.unwrap() {
                let memory = memories.load(mapping.name(), &file.outcome.digest).unwrap();
                memory.each(&mut |seen| _ = told.insert(seen.identity)).unwrap();
            }
        }
        let waits = store.reviews(Some(ReviewState::Open)).await.unwrap();
        let waits = waits.iter().map(|row| (row.a, row.b)).collect();
        store.close().await.unwrap();
        Known { person: known.into_iter().map(|k| (k.key, k.person_key)).collect(), told, waits }
    })
}

#[test]
fn the_three_nights_join_whom_the_truth_joins_and_nobody_else() {
    let deployment = Deployment::fresh();
    let truth = truth(&deployment);
    let all: Vec<IdentityId> = truth.iter().flat_map(|p| p.identities.iter().map(|i| i.1)).collect();
    for night in NIGHTS {
        deployment.night(night);
        let known = known(&deployment, &all);
        let mut owner: BTreeMap<PersonId, &str> = BTreeMap::new();
        let (mut joined, mut apart) = (0, Vec::new());
        for (n, person) in truth.iter().enumerate() {
            let of: BTreeSet<PersonId> =
                person.identities.iter().filter_map(|i| known.person.get(&i.1)).copied().collect();
            let name = format!("{} (line {})", person.story, n + 2);
            assert!(of.len() <= 1, "{night}: {name} is {} people", of.len());
            for id in &of {
                let before = owner.insert(*id, &person.story);
                assert!(before.is_none(), "{night}: {name} is one person with {before:?}");
                assert!(person.designated, "{night}: {name} is kept and in no cohort");
            }
            for (column, identity) in
                person.identities.iter().filter(|i| !of.is_empty() && known.told.contains(&i.1))
            {
                if known.person.contains_key(identity) {
                    joined += 1;
                    continue;
                }
                let same = |other: &IdentityId| known.person.get(other).is_some_and(|p| of.contains(p));
                let waits =
                    known.waits.iter().any(|(a, b)| (a == identity && same(b)) || (b == identity && same(a)));
                assert!(waits, "{night}: {name} at {column} is not joined, and waits for nobody");
                apart.push((person.story.as_str(), *column));
            }
        }
        // Of the others a few are known to the tagging contractor by name and date of birth alone.
        apart.retain(|(story, _)| !story.is_empty());
        assert_eq!(apart, APART, "{night}: told of, and not joined");
        assert!(joined > 200, "{night}: {joined} identities");
    }
}
