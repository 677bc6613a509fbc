//! What is written to a server beside the writer's own transaction.

use super::bundles::{bundle, entries, put};
use super::server::started;
use super::*;

#[tokio::test]
async fn beside_a_bundle_the_next_is_begun_and_recorded_in_its_turn() {
    let Some(_server) = started() else { return };
    let (_folder, store, run) = fresh().await;
    let added = accept(&store, &run, 17, 1, 3).await;
    let held = |n: u8| added.iter().map(|(_, person)| (*person, vec![n])).collect::<Vec<_>>();
    let persons: Vec<PersonRef> = added.iter().map(|(_, person)| *person).collect();
    let mut first = store.begin_bundle(&run).await.unwrap();
    let mut second = store.begin_ahead().await.unwrap().unwrap();
    let mut dropped = store.begin_ahead().await.unwrap().unwrap();
    assert!(!second.any(SOUTH).await.unwrap());
    second.add(SOUTH, held(2)).await.unwrap();
    dropped.add(NORTH, held(9)).await.unwrap();
    drop(dropped);
    let id = put(&mut first, &bundle(NORTH, 1, 17)).await.unwrap();
    first.holding().add(NORTH, held(1)).await.unwrap();
    first.append_ledger(Some(id), entries(1, 2)).await.unwrap();
    first.commit().await.unwrap();
    assert_eq!(store.holdings(SOUTH, &persons).await.unwrap(), []);
    let mut second = store.in_turn(second, &run).await.unwrap();
    assert_eq!(second.chain_head().await.unwrap(), Some((2, [2; 32])));
    let next = put(&mut second, &bundle(SOUTH, 1, 17)).await.unwrap();
    assert_ne!(id, next);
    second.append_ledger(Some(next), entries(3, 1)).await.unwrap();
    second.commit().await.unwrap();
    for (recipient, n) in [(NORTH, 1), (SOUTH, 2)] {
        let mut now = store.holdings(recipient, &persons).await.unwrap();
        now.sort();
        assert_eq!(now, held(n));
    }
    assert_eq!(store.chain_head().await.unwrap(), Some((3, [3; 32])));
}

#[tokio::test]
async fn persons_are_settled_beside_bundles_when_all_of_them_are_recorded() {
    let Some(_server) = started() else { return };
    let (_folder, store, run) = fresh().await;
    let added = accept(&store, &run, 17, 1, 3).await;
    let all = || added.iter().map(|(_, person)| (*person, None)).collect::<Settled>();
    let dirty = async || store.status().await.unwrap().dirty_persons;
    let settling = store.settling(all()).await;
    let mut tx = store.begin_bundle(&run).await.unwrap();
    put(&mut tx, &bundle(NORTH, 1, 17)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(dirty().await, 3);
    drop(settling);
    // Whoever is due still can be settled once that has let go of them.
    let settling = store.settling(all()).await;
    store.settle(settling).await.unwrap();
    assert_eq!(dirty().await, 0);
}

#[tokio::test]
async fn while_something_is_written_beside_nobody_else_opens_the_store_and_afterwards_nothing_is_begun() {
    let Some(server) = started() else { return };
    let (place, store, _run) = fresh().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = place.place().in_folder(elsewhere.path());
    let ahead = store.begin_ahead().await.unwrap().unwrap();
    // The server ends the writer's own connection alone.
    let lock = crate::store::db::WRITER & 0xffff_ffff;
    let end = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND objid = {lock}"
    );
    server.sql("postgres", &end);
    assert_eq!(code(Store::open(other.clone(), &vault(), &NAMES).await), "LG2001");
    drop(ahead);
    let second = Store::open(other, &vault(), &NAMES).await.unwrap();
    assert_eq!(code(store.begin_ahead().await), "LG2957");
    // All that can be done beside is left to the writer, who finds the same.
    let settling = store.settling(vec![(PersonRef(1), None)]).await;
    assert_eq!(code(store.settle(settling).await), "LG2006");
    second.close().await.unwrap();
}
