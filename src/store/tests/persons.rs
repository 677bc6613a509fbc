//! Persons: due, settled, merged, forgotten.

use super::*;

on_both! {
    new_persons_are_due_until_settled_and_again_on_their_day,
    pages_give_everybody_once_whoever_is_due,
    the_head_names_the_identity_and_the_person_its_linked_records,
    merged_persons_keep_one_key_and_the_other_is_withdrawn,
    who_leaves_the_cohort_is_destroyed_and_the_ledger_stays,
}

async fn new_persons_are_due_until_settled_and_again_on_their_day() {
    let (_folder, store, run) = fresh().await;
    let added = accept(&store, &run, 17, 1, 3).await;
    assert_eq!(due(&store, NIGHT).await, [(1, 10, 1), (2, 20, 1), (3, 30, 1)]);
    let review = date(2008, 11, 20);
    store
        .settle(Settling::then(vec![(added[0].1, None), (added[1].1, Some(review)), (added[2].1, None)]))
        .await
        .unwrap();
    assert_eq!(due(&store, date(2008, 11, 19)).await, []);
    assert_eq!(due(&store, review).await, [(2, 20, 1)]);
    assert_eq!(due(&store, date(2008, 12, 1)).await, [(2, 20, 1)], "a missed day is caught up");
    store.mark_dirty(added[2].1).await.unwrap();
    assert_eq!(due(&store, NIGHT).await, [(3, 30, 1)]);
    store.mark_all_dirty().await.unwrap();
    assert_eq!(due(&store, NIGHT).await.len(), 3);
}

async fn pages_give_everybody_once_whoever_is_due() {
    let (_folder, store, run) = fresh().await;
    let added = accept(&store, &run, 17, 1, 4_500).await;
    let keys: Vec<u128> = everybody(&store).await.iter().map(|(key, ..)| *key).collect();
    assert_eq!(keys, (1..=4_500).collect::<Vec<_>>());
    // Every third stays due; the others lie between them.
    let settled =
        added.iter().enumerate().filter(|(n, _)| n % 3 != 0).map(|(_, (_, person))| (*person, None));
    store.settle(Settling::then(settled.collect())).await.unwrap();
    let rest = due(&store, NIGHT).await;
    assert_eq!(rest, (1..=4_500).step_by(3).map(|key| (key, key * 10, 1)).collect::<Vec<_>>());
    let mut pages = store.persons();
    let mut count = 0;
    while let Some(page) = pages.next_page().await.unwrap() {
        count += page.len();
    }
    assert_eq!(count, 4_500);
}

async fn the_head_names_the_identity_and_the_person_its_linked_records() {
    let (_folder, store, run) = fresh().await;
    let north = accept(&store, &run, 17, 1, 1).await[0];
    let mut file = store.begin_file(&run, SOUTH).await.unwrap();
    let joins = NewIdentity { person: Some(north.1), ..identity(2) };
    let south = file.put_identities(vec![joins]).await.unwrap()[0];
    let said = chapter(&file, (south.0, 2), 0, 1, candidate(20, "one", 2, 2));
    file.put_chapters(vec![said]).await.unwrap();
    file.commit(&outcome("orders", 17)).await.unwrap();
    let person = store.person(north.1).await.unwrap().unwrap();
    let records = person.records(vault().rest()).unwrap();
    let mut heads: Vec<_> = records
        .iter()
        .map(Record::head)
        .map(|head| (head.identity.0, head.originator, head.category, head.restricted, head.as_of))
        .collect();
    heads.sort();
    assert_eq!(heads, [(1, NORTH, CategoryId(1), false, NIGHT), (2, SOUTH, CategoryId(2), true, NIGHT)]);
    assert!(store.person(PersonRef(99)).await.unwrap().is_none());
}

async fn merged_persons_keep_one_key_and_the_other_is_withdrawn() {
    let (_folder, store, run) = fresh().await;
    let added = accept(&store, &run, 17, 1, 3).await;
    store.settle(Settling::then(added.iter().map(|(_, person)| (*person, None)).collect())).await.unwrap();
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    file.retire_person(added[1].1, added[0].1).await.unwrap();
    file.commit(&outcome("releases", 18)).await.unwrap();
    assert_eq!(due(&store, NIGHT).await, [(1, 10, 1), (1, 20, 1), (2, 0, 0)]);
    assert_eq!(store.person_of(IdentityId(2)).await.unwrap(), Some(added[0].1));
    let page = store.persons().next_page().await.unwrap().unwrap();
    assert_eq!(page[1].retired_into, Some(added[0].1));
    assert_eq!(store.status().await.unwrap().persons, 2);
    // Undone: the identity founds its old person again, under its old key.
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    let back = file.found_person(lockgate_core::record::PersonId(2)).await.unwrap();
    assert_eq!(back, added[1].1);
    file.set_person(&[(added[1].0, back)]).await.unwrap();
    file.mark_dirty(&[added[0].1, back]).await.unwrap();
    let fresh = file.found_person(lockgate_core::record::PersonId(77)).await.unwrap();
    assert!(added.iter().all(|(_, person)| *person != fresh));
    file.commit(&outcome("releases", 19)).await.unwrap();
    assert_eq!(due(&store, NIGHT).await, [(1, 10, 1), (2, 20, 1), (77, 0, 0)]);
}

async fn who_leaves_the_cohort_is_destroyed_and_the_ledger_stays() {
    let (folder, store, run) = fresh().await;
    let added = accept(&store, &run, 17, 1, 3).await;
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    let said = chapter(&file, (added[1].0, 2), 1, 2, candidate(20, "two", 1, 0));
    let secret = said.body.clone();
    file.put_chapters(vec![said]).await.unwrap();
    let pair = |a, b| NewReview { a: IdentityId(a), b: IdentityId(b), reason: "name".into(), evidence: 0 };
    file.put_reviews(vec![pair(1, 2), pair(2, 3), pair(1, 3)]).await.unwrap();
    file.retire_person(added[0].1, added[1].1).await.unwrap();
    file.commit(&outcome("releases", 18)).await.unwrap();
    let mut bundle = store.begin_bundle(&run).await.unwrap();
    bundle.append_ledger(None, vec![NewEntry { seq: 1, entry: vec![1], hash: [1; 32] }]).await.unwrap();
    bundle.holding().put(SOUTH, vec![(added[1].1, vec![1]), (added[2].1, vec![2])]).await.unwrap();
    bundle.commit().await.unwrap();

    let gone = store.forget_persons(&[added[1].1]).await.unwrap();
    assert_eq!(gone, Forgotten { persons: 2, identities: 2, chapters: 3 }, "with the person merged into it");
    assert_eq!(everybody(&store).await, [(3, 30, 1)]);
    assert_eq!(store.status().await.unwrap().records, 1);
    assert_eq!(store.reviews(None).await.unwrap().len(), 0);
    let all: Vec<PersonRef> = added.iter().map(|(_, person)| *person).collect();
    assert_eq!(store.holdings(SOUTH, &all).await.unwrap(), [(added[2].1, vec![2])]);
    assert_eq!(store.chain_head().await.unwrap().unwrap().0, 1);
    assert_eq!(store.forget_persons(&[]).await.unwrap(), Forgotten::default());
    // What a server does with its files is its own matter: docs/store.md.
    for name in ["store.sqlite", "store.sqlite-wal"].iter().filter(|_| folder.server.is_none()) {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        assert!(!bytes.windows(secret.len()).any(|w| w == secret), "destroyed values stand in {name}");
    }
    let later = accept(&store, &run, 19, 50, 1).await;
    assert!(later[0].1 > added[2].1, "a row number is not given again");
}
