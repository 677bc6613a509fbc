//! Bundles, ledger and holdings.

use super::*;

on_both! {
    a_bundle_comes_back_as_it_went,
    a_recipient_has_no_sequence_twice_and_may_have_a_second_bundle_of_a_day,
    a_dropped_bundle_leaves_neither_entry_nor_holding,
    the_ledger_has_no_gap_and_no_second_entry,
    the_ledger_is_read_in_order_with_its_bundles,
    holdings_are_replaced_and_dropped,
}

pub(super) fn bundle(recipient: PartnerId, sequence: u64, day: i8) -> NewBundle {
    NewBundle {
        recipient,
        sequence,
        kind: "delta".into(),
        as_of: date(2008, 11, day),
        name: format!("bundle_{}_{sequence}", recipient.0),
        previous: (sequence > 1).then(|| Digest::of(b"before")),
        manifest_digest: Digest::of(&[recipient.0, u8::try_from(sequence).unwrap()]),
        state: BundleState::Committed,
        counts: "{\"new\":1}".into(),
    }
}

pub(super) async fn put(tx: &mut BundleTx, bundle: &NewBundle) -> Result<BundleId, StoreError> {
    let id = tx.number_bundle();
    tx.put_bundle(id, bundle).await.map(|()| id)
}

pub(super) fn entries(first: u64, count: u64) -> Vec<NewEntry> {
    let entry = |seq: u64| NewEntry {
        seq,
        entry: seq.to_be_bytes().to_vec(),
        hash: [u8::try_from(seq % 256).unwrap(); 32],
    };
    (first..first + count).map(entry).collect()
}

async fn a_bundle_comes_back_as_it_went() {
    let (_folder, store, run) = fresh().await;
    let mut tx = store.begin_bundle(&run).await.unwrap();
    let first = put(&mut tx, &bundle(NORTH, 1, 17)).await.unwrap();
    put(&mut tx, &bundle(SOUTH, 1, 17)).await.unwrap();
    let second = put(&mut tx, &bundle(NORTH, 2, 18)).await.unwrap();
    tx.commit().await.unwrap();
    let last = store.last_bundle(NORTH).await.unwrap().unwrap();
    assert_eq!(
        (last.id, last.run, last.recipient, &last.bundle),
        (second, run.id, Some(NORTH), &bundle(NORTH, 2, 18))
    );
    assert_eq!(store.bundles(None, 10).await.unwrap().len(), 3);
    assert_eq!(store.bundles(Some(SOUTH), 10).await.unwrap()[0].bundle, bundle(SOUTH, 1, 17));
    assert_eq!(store.bundle("bundle_0_1").await.unwrap().unwrap().id, first);
    assert_eq!(store.unpublished_bundles().await.unwrap().len(), 3);
    store.set_bundle_state(first, BundleState::Published).await.unwrap();
    assert_eq!(store.unpublished_bundles().await.unwrap().len(), 2);
    assert_eq!(code(store.set_bundle_state(BundleId(99), BundleState::Published).await), "LG2011");
}

async fn a_recipient_has_no_sequence_twice_and_may_have_a_second_bundle_of_a_day() {
    let (_folder, store, run) = fresh().await;
    let mut tx = store.begin_bundle(&run).await.unwrap();
    put(&mut tx, &bundle(NORTH, 1, 17)).await.unwrap();
    tx.commit().await.unwrap();
    for (again, expected) in [(bundle(NORTH, 1, 18), "LG2008"), (bundle(NORTH, 2, 17), "done")] {
        let mut tx = store.begin_bundle(&run).await.unwrap();
        assert_eq!(code(put(&mut tx, &again).await), expected);
    }
}

async fn a_dropped_bundle_leaves_neither_entry_nor_holding() {
    let (_folder, store, run) = fresh().await;
    let person = accept(&store, &run, 17, 1, 1).await[0].1;
    let mut tx = store.begin_bundle(&run).await.unwrap();
    let id = put(&mut tx, &bundle(SOUTH, 1, 17)).await.unwrap();
    tx.append_ledger(Some(id), entries(1, 250)).await.unwrap();
    tx.holding().put(SOUTH, vec![(person, vec![1])]).await.unwrap();
    assert_eq!(tx.chain_head().await.unwrap().unwrap().0, 250);
    drop(tx);
    assert!(store.chain_head().await.unwrap().is_none());
    assert!(store.bundles(None, 10).await.unwrap().is_empty());
    assert!(store.holdings(SOUTH, &[person]).await.unwrap().is_empty());
}

async fn the_ledger_has_no_gap_and_no_second_entry() {
    let (_folder, store, run) = fresh().await;
    let mut tx = store.begin_bundle(&run).await.unwrap();
    assert_eq!(code(tx.append_ledger(None, entries(2, 1)).await), "LG2010");
    tx.append_ledger(None, entries(1, 3)).await.unwrap();
    assert_eq!(code(tx.append_ledger(None, entries(3, 2)).await), "LG2010");
    let mut holed = entries(4, 3);
    holed.remove(1);
    assert_eq!(code(tx.append_ledger(None, holed).await), "LG2010");
    tx.append_ledger(None, entries(4, 1)).await.unwrap();
    tx.append_ledger(None, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.chain_head().await.unwrap(), Some((4, [4; 32])));
    let mut tx = store.begin_bundle(&run).await.unwrap();
    tx.append_ledger(None, entries(5, 1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.status().await.unwrap().ledger_entries, 5);
}

async fn the_ledger_is_read_in_order_with_its_bundles() {
    let (_folder, store, run) = fresh().await;
    let mut tx = store.begin_bundle(&run).await.unwrap();
    let id = put(&mut tx, &bundle(NORTH, 1, 17)).await.unwrap();
    tx.append_ledger(None, entries(1, 1)).await.unwrap();
    tx.append_ledger(Some(id), entries(2, 7_000)).await.unwrap();
    tx.commit().await.unwrap();
    let (mut pages, mut next) = (store.ledger_entries(1), 1u64);
    while let Some(page) = pages.next_page().await.unwrap() {
        for entry in page {
            assert_eq!((entry.seq, &entry.entry[..]), (next, &next.to_be_bytes()[..]));
            assert_eq!((entry.hash.len(), entry.bundle), (32, (next > 1).then_some(id)));
            next += 1;
        }
    }
    assert_eq!(next, 7_002);
    assert_eq!(store.ledger_entries(7_001).next_page().await.unwrap().unwrap().len(), 1);
}

async fn holdings_are_replaced_and_dropped() {
    let (folder, store, run) = fresh().await;
    let on_server = folder.place().server.is_some();
    assert_eq!(
        store.begin_ahead().await.unwrap().is_some(),
        on_server,
        "a folder has one connection that writes"
    );
    let added = accept(&store, &run, 17, 1, 300).await;
    let persons: Vec<PersonRef> = added.iter().map(|(_, person)| *person).collect();
    let mut tx = store.begin_bundle(&run).await.unwrap();
    assert!(!tx.holding().any(SOUTH).await.unwrap());
    tx.holding().add(SOUTH, persons.iter().map(|person| (*person, vec![1, 2])).collect()).await.unwrap();
    assert!(tx.holding().any(SOUTH).await.unwrap() && !tx.holding().any(NORTH).await.unwrap());
    tx.holding().put(NORTH, vec![(persons[0], vec![7])]).await.unwrap();
    tx.holding().put(SOUTH, vec![(persons[0], Vec::new()), (persons[1], vec![3])]).await.unwrap();
    tx.commit().await.unwrap();
    let mut held = store.holdings(SOUTH, &persons).await.unwrap();
    held.sort();
    assert_eq!((held.len(), &held[0], &held[1]), (299, &(persons[1], vec![3]), &(persons[2], vec![1, 2])));
    assert_eq!(store.holdings(NORTH, &persons).await.unwrap(), [(persons[0], vec![7])]);
    let mut again = store.begin_bundle(&run).await.unwrap();
    assert!(
        again.holding().add(SOUTH, vec![(persons[1], vec![4])]).await.is_err(),
        "it holds something already"
    );
}
