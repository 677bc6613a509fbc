//! What a first night has of its own: indexes that are put aside, words that get their numbers, a log that is brought over beside it.

use super::*;
use lockgate_core::bundle::Lexicon;
use std::collections::BTreeSet;

on_both! {
    indexes_are_put_aside_where_nobody_is_and_made_behind_the_rows,
    a_night_that_was_stopped_without_its_indexes_gets_them_at_the_next_opening,
    whoever_stands_there_twice_is_found_when_the_indexes_are_made,
    a_word_keeps_its_number_and_others_follow,
}

async fn known(store: &Store, keys: std::ops::Range<u128>) -> usize {
    let keys: Vec<IdentityId> = keys.map(IdentityId).collect();
    store.known_identities(&keys).await.unwrap().len()
}

async fn indexes_are_put_aside_where_nobody_is_and_made_behind_the_rows() {
    let (_folder, store, run) = fresh().await;
    assert!(store.put_indexes_aside().await.unwrap());
    accept(&store, &run, 17, 1, 300).await;
    // Slower, and no less right.
    assert_eq!(known(&store, 1..400).await, 300);
    store.make_indexes().await.unwrap();
    assert_eq!((known(&store, 1..400).await, everybody(&store).await.len()), (300, 300));
    assert!(!store.put_indexes_aside().await.unwrap(), "the store holds people");
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    let twice = file.put_identities(vec![identity(300)]).await;
    assert_eq!(twice.map_err(|e| e.code()).err(), Some("LG2008"));
}

async fn a_night_that_was_stopped_without_its_indexes_gets_them_at_the_next_opening() {
    let (folder, store, run) = fresh().await;
    assert!(store.put_indexes_aside().await.unwrap());
    accept(&store, &run, 17, 1, 10).await;
    drop(store);
    let store = open(folder.place()).await;
    for name in ["identity_by_key", "identity_person", "person_by_key"] {
        let text = sqlx::AssertSqlSafe(format!("DROP INDEX {name}"));
        let mut tx = store.begin().await.unwrap();
        // One that is not there cannot be dropped.
        match tx.link() {
            Link::Sqlite(connection) => drop(sqlx::query(text).execute(connection).await.unwrap()),
            Link::Postgres(connection) => drop(sqlx::query(text).execute(connection).await.unwrap()),
        }
    }
    assert_eq!(known(&store, 1..20).await, 10);
}

async fn whoever_stands_there_twice_is_found_when_the_indexes_are_made() {
    let (_folder, store, run) = fresh().await;
    assert!(store.put_indexes_aside().await.unwrap());
    accept(&store, &run, 17, 1, 3).await;
    accept(&store, &run, 18, 3, 1).await;
    assert_eq!(store.make_indexes().await.map_err(|e| e.code()), Err("LG2008"));
}

async fn a_word_keeps_its_number_and_others_follow() {
    let (folder, store, _run) = fresh().await;
    assert!(store.lexicon().await.unwrap() == Lexicon::default());
    let first = store.learn(&BTreeSet::from(["person", "north"])).await.unwrap();
    assert!(store.learn(&BTreeSet::from(["north"])).await.unwrap() == first);
    let more = store.learn(&BTreeSet::from(["another", "north", "person"])).await.unwrap();
    let expected =
        [(1, "north"), (2, "person"), (3, "another")].map(|(number, word)| (number, word.to_owned()));
    assert!(more == Lexicon::of(expected));
    store.close().await.unwrap();
    assert!(open(folder.place()).await.lexicon().await.unwrap() == more);
}

/// The length of a file of the state folder.
fn length(folder: &Somewhere, name: &str) -> u64 {
    std::fs::metadata(folder.path().join(name)).map_or(0, |about| about.len())
}

#[tokio::test]
async fn a_long_log_is_brought_over_beside_the_next_transaction() {
    let (folder, store, run) = fresh().await;
    let entry = |seq: u64| NewEntry { seq, entry: seq.to_be_bytes().repeat(12_500), hash: [1; 32] };
    for first in [1, 101] {
        let mut tx = store.begin_bundle(&run).await.unwrap();
        for seq in first..first + 100 {
            tx.append_ledger(None, vec![entry(seq)]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    // Ten megabytes each, of which the first went over by itself, and both do now.
    store.rest().await.unwrap();
    assert!(length(&folder, "store.sqlite") >= 20_000_000);
    let mut tx = store.begin_bundle(&run).await.unwrap();
    tx.append_ledger(None, vec![entry(201)]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(length(&folder, "store.sqlite-wal") < 4 << 20, "a log that was brought over begins anew");
    store.close().await.unwrap();
    assert_eq!(length(&folder, "store.sqlite-wal"), 0);
    let store = open(folder.place()).await;
    assert_eq!(store.chain_head().await.unwrap().map(|(seq, _)| seq), Some(201));
}
