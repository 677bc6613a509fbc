//! What a model said of pairs: kept, replaced, and gone with those of whom it was said.

use super::*;
use lockgate_core::link::Pair;

on_both! { what_was_said_last_counts_and_goes_with_those_of_whom_it_was_said }

fn said(a: u128, b: u128, weight: i32) -> Proposal {
    Proposal {
        pair: Pair::of(IdentityId(a), IdentityId(b)).unwrap(),
        evidence: u64::MAX - 1,
        weight,
        barred: (weight < 0).then(|| "LG1413".into()),
        model: "digest".into(),
        version: "trained-2008-11-17".into(),
        dated: "2008-11-17".into(),
    }
}

async fn all(store: &Store) -> Vec<Proposal> {
    let mut all = store.proposals().await.unwrap();
    all.sort_by_key(|said| said.pair);
    all
}

async fn what_was_said_last_counts_and_goes_with_those_of_whom_it_was_said() {
    let (_folder, store, run) = fresh().await;
    let added = accept(&store, &run, 17, 1, 3).await;
    let mut tx = store.begin_replay(&run, FileId(0), NORTH).await.unwrap();
    tx.put_proposals(&[said(1, 2, 1), said(9, 1, -5), said(2, 3, 7), said(3, 9, 8)]).await.unwrap();
    tx.put_proposals(&[said(2, 1, 4)]).await.unwrap();
    tx.commit_replay().await.unwrap();
    assert_eq!(all(&store).await, [said(1, 2, 4), said(1, 9, -5), said(2, 3, 7), said(3, 9, 8)]);
    let mut held = store.held_identities().await.unwrap();
    held.sort_unstable();
    assert_eq!(held, [1, 2, 3].map(IdentityId));
    store.empty_persons(&[added[0].1]).await.unwrap();
    assert_eq!(all(&store).await, [said(2, 3, 7), said(3, 9, 8)]);
    store.forget_persons(&[added[1].1]).await.unwrap();
    assert_eq!(all(&store).await, [said(3, 9, 8)]);
    let mut tx = store.begin_replay(&run, FileId(0), NORTH).await.unwrap();
    tx.clear_proposals().await.unwrap();
    tx.commit_replay().await.unwrap();
    assert!(all(&store).await.is_empty());
}
