//! The store against real databases in temporary folders.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

/// Names tests that hold on both databases: each is a test of its own on `SQLite`, and all of them together run on a server.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name().await;
            })*
        }

        pub(super) async fn on_a_server() {
            $(super::server::turn(stringify!($name));
            Box::pin($name()).await;)*
        }
    };
}

mod beside;
mod bundles;
mod first_night;
mod intake;
mod opening;
mod persons;
#[expect(
    unreachable_pub,
    dead_code,
    clippy::expect_used,
    reason = "the tests of the whole program have it too"
)]
#[path = "../../../tests/support/postgres.rs"]
mod postgres;
mod proposals;
mod registers;
mod server;
mod sightings;
mod tasks;

use super::db::{Dialect, Link};
use super::*;
use crate::vault::Secret;
use jiff::civil::{Date, date};
use lockgate_core::agreement::PartnerId;
use lockgate_core::chapter::{Entry, seal};
use lockgate_core::hash::Digest;
use lockgate_core::record::{Candidate, IdentityId, Record, RecordId};
use lockgate_core::rest::{NONCE_LEN, RestKey};
use lockgate_core::schema::CategoryId;
use lockgate_core::spool;
use std::path::Path;
use std::time::Duration;

const NAMES: Names<'static> =
    Names { categories: &["person", "prison_release", "tag_order"], partners: &["north", "south"] };
const NIGHT: Date = date(2008, 11, 17);
const NORTH: PartnerId = PartnerId(0);
const SOUTH: PartnerId = PartnerId(1);

fn vault() -> Vault {
    Vault::new(Secret::new([8; 32]))
}

/// Where a test's store is: in a folder, and in a database of the server when all run on one.
struct Somewhere {
    folder: tempfile::TempDir,
    server: Option<Server>,
}

impl Somewhere {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server: server::database() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn place(&self) -> StorePlace {
        StorePlace::new(self.path(), self.server.clone())
    }
}

/// A store in a place of its own, with one run begun.
async fn fresh() -> (Somewhere, Store, Run) {
    let folder = Somewhere::new();
    let store = open(folder.place()).await;
    let run = begin(&store, NIGHT).await;
    (folder, store, run)
}

async fn open(place: impl Into<StorePlace>) -> Store {
    Store::open(place, &vault(), &NAMES).await.unwrap()
}

async fn begin(store: &Store, as_of: Date) -> Run {
    let new = NewRun {
        as_of,
        started_at: "2008-11-17T22:00:00Z",
        agreement_digest: Digest::of(b"agreement"),
        software: "lockgate test",
    };
    store.begin_run(&new).await.unwrap()
}

fn outcome(feed: &str, day: i8) -> FileOutcome {
    FileOutcome {
        feed: feed.into(),
        digest: Digest::of(&[feed.as_bytes(), &day.to_be_bytes()].concat()),
        name_token: format!("{feed}_{day}"),
        data_date: date(2008, 11, day),
        reason: None,
        counts: FileCounts { rows: 6, mapped: 1, unchanged: 2, quarantined: 1, duplicate: 1, skipped: 1 },
        warnings: "[]".into(),
        profile: String::new(),
        mapping_digest: Digest::of(b"mapping"),
        bytes: 1_234,
    }
}

fn identity(key: u128) -> NewIdentity {
    NewIdentity { key: IdentityId(key), person: None }
}

/// A record as a mapping gives it: of category 1, one value, marks 1 (cancelled) and 2 (restricted).
fn candidate(record: u128, value: &str, category: u16, marks: u8) -> Candidate {
    let key = RestKey::new(&[1; 32]);
    let mut row = [0; 20].to_vec();
    row.extend_from_slice(&record.to_be_bytes());
    row.extend_from_slice(&category.to_le_bytes());
    row.push(marks);
    let length = u8::try_from(value.len() + 1).unwrap();
    row.extend_from_slice(&u32::from(length).to_le_bytes());
    row.push(length);
    row.extend_from_slice(value.as_bytes());
    let row = [&u32::try_from(row.len()).unwrap().to_le_bytes()[..], &row].concat();
    let sealed = key.seal([0; NONCE_LEN], &0u64.to_be_bytes(), &row);
    spool::open(&key, 0, &sealed, |_, _| true).unwrap().remove(0).candidates.remove(0)
}

/// A chapter that says one thing.
fn chapter(file: &FileTx, at: (IdentityRef, u128), turn: u32, number: u32, one: Candidate) -> NewChapter {
    let category = file.imprint().category(one.category()).unwrap();
    let entry = Entry::of(one, number, category);
    sealed(file, at, turn, i64::from(number == 1), &[entry])
}

fn sealed(
    file: &FileTx,
    (identity, key): (IdentityRef, u128),
    turn: u32,
    records: i64,
    entries: &[Entry],
) -> NewChapter {
    let place = Place { identity, turn };
    let (head, nonce) = (file.imprint().head(IdentityId(key)), [u8::try_from(turn).unwrap(); NONCE_LEN]);
    let body = seal(&head, place.row().unwrap(), entries, vault().rest(), nonce);
    NewChapter { place, records, body }
}

/// One accepted file with `people` identities (keys from `first`) of one record each.
async fn accept(
    store: &Store,
    run: &Run,
    day: i8,
    first: u128,
    people: u128,
) -> Vec<(IdentityRef, PersonRef)> {
    let mut file = store.begin_file(run, NORTH).await.unwrap();
    let added = file.put_identities((first..first + people).map(identity).collect()).await.unwrap();
    let say = |((id, _), key): (&(IdentityRef, PersonRef), u128)| {
        chapter(&file, (*id, key), 0, 1, candidate(key * 10, "one", 1, 0))
    };
    let chapters = added.iter().zip(first..).map(say).collect();
    file.put_chapters(chapters).await.unwrap();
    file.commit(&outcome("releases", day)).await.unwrap();
    added
}

/// Everybody's records, as (person key, record, version number).
async fn everybody(store: &Store) -> Vec<(u128, u128, u32)> {
    collect(store.every_person()).await
}

async fn due(store: &Store, as_of: Date) -> Vec<(u128, u128, u32)> {
    collect(store.due_persons(as_of)).await
}

async fn collect(mut pages: DuePersons) -> Vec<(u128, u128, u32)> {
    let mut out = Vec::new();
    while let Some(page) = pages.next_page().await.unwrap() {
        for person in page {
            let records = person.records(vault().rest()).unwrap();
            if records.is_empty() {
                out.push((person.person.key.0, 0, 0));
            }
            let heads = records.iter().map(Record::head);
            out.extend(heads.map(|head| (person.person.key.0, head.id.0, head.number)));
        }
    }
    out
}

fn code<T>(result: Result<T, StoreError>) -> &'static str {
    result.err().map_or("done", |error| error.code())
}
