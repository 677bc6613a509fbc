//! The store against real databases in temporary folders.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod bundles;
mod intake;
mod opening;
mod persons;
mod registers;

use super::*;
use crate::vault::Secret;
use jiff::civil::{Date, date};
use lockgate_core::agreement::PartnerId;
use lockgate_core::hash::Digest;
use lockgate_core::link::{Evidence, evidence::Key};
use lockgate_core::record::{IdentityId, RecordId};
use lockgate_core::schema::CategoryId;

const NAMES: Names<'static> =
    Names { categories: &["person", "prison_release", "tag_order"], partners: &["north", "south"] };
const NIGHT: Date = date(2008, 11, 17);
const NORTH: PartnerId = PartnerId(0);
const SOUTH: PartnerId = PartnerId(1);

fn vault() -> Vault {
    Vault::new(Secret::new([8; 32]))
}

/// A store in a folder of its own, with one run begun.
async fn fresh() -> (tempfile::TempDir, Store, Run) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let run = begin(&store, NIGHT).await;
    (folder, store, run)
}

async fn open(folder: &Path) -> Store {
    Store::open(folder, &vault(), &NAMES).await.unwrap()
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
    NewIdentity {
        key: IdentityId(key),
        person: None,
        cohort: None,
        evidence: Evidence { keys: vec![Key(7), Key(9)] },
    }
}

fn version(identity: IdentityRef, record: u128, number: u32) -> NewVersion {
    NewVersion {
        identity,
        record: RecordId(record),
        number,
        category: CategoryId(1),
        row_fp: 11,
        content: 12,
        cancelled: false,
        restricted: false,
        payload: vec![0xaa, u8::try_from(number).unwrap()],
    }
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
    let versions = added.iter().zip(first..).map(|((id, _), key)| version(*id, key * 10, 1)).collect();
    file.put_versions(versions).await.unwrap();
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
            if person.versions.is_empty() {
                out.push((person.person.key.0, 0, 0));
            }
            out.extend(person.versions.iter().map(|(head, _)| (person.person.key.0, head.id.0, head.number)));
        }
    }
    out
}

fn code<T>(result: Result<T, StoreError>) -> &'static str {
    result.err().map_or("done", |error| error.code())
}
