//! Files: accepted whole, held, rolled back, replayed.

use super::*;

on_both! {
    a_dropped_file_leaves_nothing,
    a_file_is_found_by_its_bytes_and_its_feed,
    a_held_file_waits_and_is_superseded_when_accepted,
    identities_come_back_as_they_went,
    an_identity_cannot_stand_twice,
    a_new_version_takes_the_old_ones_place_and_both_stay,
    a_record_that_ended_is_withdrawn_and_counts_on_when_it_comes_back,
    a_chapter_that_was_moved_does_not_open,
    a_replay_adds_chapters_under_the_file_that_is_there,
    numbers_around_a_full_statement_are_all_written,
    refused_rows_and_pairs_wait_for_a_person,
    a_file_can_be_worked_on_in_another_task,
}

async fn a_dropped_file_leaves_nothing() {
    let (_folder, store, run) = fresh().await;
    let before = store.status().await.unwrap();
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    let added = file.put_identities(vec![identity(1), identity(2)]).await.unwrap();
    let chapters = vec![chapter(&file, (added[0].0, 1), 0, 1, candidate(10, "one", 1, 0))];
    file.put_chapters(chapters).await.unwrap();
    file.put_quarantine(vec![NewQuarantine { row: 4, column: None, code: "LG1201".into() }]).await.unwrap();
    file.put_reviews(vec![NewReview {
        a: IdentityId(1),
        b: IdentityId(2),
        reason: "name".into(),
        evidence: 1,
    }])
    .await
    .unwrap();
    drop(file);
    assert_eq!(store.status().await.unwrap(), before);
    assert!(store.find_file("releases", &outcome("releases", 17).digest).await.unwrap().is_none());
    let again = accept(&store, &run, 17, 1, 2).await;
    assert_eq!(again[0].0, added[0].0, "ids of what was rolled back are free");
}

async fn a_file_is_found_by_its_bytes_and_its_feed() {
    let (_folder, store, run) = fresh().await;
    for day in [18, 17, 19] {
        accept(&store, &run, day, u128::from(day.unsigned_abs()) * 100, 1).await;
    }
    let found = store.find_file("releases", &outcome("releases", 18).digest).await.unwrap().unwrap();
    assert_eq!(
        (found.state, &found.outcome, found.run),
        (FileState::Accepted, &outcome("releases", 18), run.id)
    );
    assert!(store.find_file("orders", &outcome("releases", 18).digest).await.unwrap().is_none());
    assert_eq!(store.last_accepted("releases").await.unwrap().unwrap().outcome.data_date, date(2008, 11, 19));
    assert!(store.last_accepted("orders").await.unwrap().is_none());
    let days: Vec<i8> =
        store.accepted_files("releases").await.unwrap().iter().map(|f| f.outcome.data_date.day()).collect();
    assert_eq!(days, [17, 18, 19]);
    assert_eq!(store.files_before("releases", date(2008, 11, 18)).await.unwrap().len(), 1);
    assert_eq!(store.files_of_run(run.id).await.unwrap().len(), 3);
}

async fn a_held_file_waits_and_is_superseded_when_accepted() {
    let (_folder, store, run) = fresh().await;
    let held = FileOutcome { reason: Some("LG1302".into()), ..outcome("releases", 17) };
    store.record_held(&run, &held).await.unwrap();
    let second = store.record_held(&run, &held).await.unwrap();
    let waiting = store.held_files().await.unwrap();
    assert_eq!(waiting.iter().map(|file| file.id).collect::<Vec<_>>(), [second], "held twice, waits once");
    assert_eq!(waiting[0].outcome.reason.as_deref(), Some("LG1302"));
    assert!(store.last_accepted("releases").await.unwrap().is_none());
    accept(&store, &run, 17, 1, 1).await;
    assert!(store.held_files().await.unwrap().is_empty());
    let found = store.find_file("releases", &held.digest).await.unwrap().unwrap();
    assert_eq!(found.state, FileState::Accepted);
    assert_eq!(code(store.supersede_file(found.id).await), "LG2011", "only a held file can be let go");
}

async fn identities_come_back_as_they_went() {
    let (_folder, store, run) = fresh().await;
    assert!(store.holds_nobody().await.unwrap());
    let mut file = store.begin_file(&run, SOUTH).await.unwrap();
    let founder = file.put_identities(vec![identity(1)]).await.unwrap()[0];
    let joins = NewIdentity { person: Some(founder.1), ..identity(2) };
    let added = file.put_identities(vec![joins, identity(3)]).await.unwrap();
    assert_eq!(added[0].1, founder.1);
    assert_ne!(added[1].1, founder.1);
    file.commit(&outcome("cohort", 17)).await.unwrap();
    let keys = [IdentityId(3), IdentityId(77), IdentityId(2), IdentityId(2)];
    let mut found = store.known_identities(&keys).await.unwrap();
    found.sort_by_key(|row| row.key);
    assert_eq!(found.len(), 2);
    let expected = KnownIdentity {
        id: added[0].0,
        key: IdentityId(2),
        person: founder.1,
        person_key: lockgate_core::record::PersonId(1),
        first_run: run.id.0,
    };
    assert_eq!(found[0], expected);
    assert!(!store.holds_nobody().await.unwrap());
    assert_eq!(store.people().await.unwrap(), 2);
}

async fn an_identity_cannot_stand_twice() {
    let (_folder, store, run) = fresh().await;
    accept(&store, &run, 17, 1, 1).await;
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    assert_eq!(code(file.put_identities(vec![identity(1)]).await), "LG2008");
}

async fn a_new_version_takes_the_old_ones_place_and_both_stay() {
    let (_folder, store, run) = fresh().await;
    let (id, person) = accept(&store, &run, 17, 1, 1).await[0];
    let next = begin(&store, date(2008, 11, 18)).await;
    let mut file = store.begin_file(&next, NORTH).await.unwrap();
    let before = file.chapters(&[id]).await.unwrap();
    let standing = opened(&before, vault().rest()).unwrap();
    assert_eq!((before.len(), standing.len()), (1, 1));
    assert_eq!(before[0].place, Place { identity: id, turn: 0 });
    let (head, entry) = &standing[0];
    assert_eq!((head.identity, head.file, head.run), (IdentityId(1), 1, run.id.0.cast_unsigned()));
    assert_eq!((entry.record(), entry.number()), (RecordId(10), 1));
    assert!(entry.says(&candidate(10, "one", 1, 0)));
    let second = chapter(&file, (id, 1), 1, 2, candidate(10, "two", 1, 1));
    let bodies = vec![before[0].body.clone(), second.body.clone()];
    file.put_chapters(vec![second]).await.unwrap();
    file.commit(&outcome("releases", 18)).await.unwrap();
    let records = store.person(person).await.unwrap().unwrap().records(vault().rest()).unwrap();
    let head = records[0].head();
    assert_eq!(records.len(), 1);
    assert_eq!(
        (head.number, head.cancelled, head.restricted, head.as_of),
        (2, true, false, date(2008, 11, 18))
    );
    assert!(candidate(10, "two", 1, 1).says_the_same(&records[0]));
    let kept: Vec<Vec<u8>> =
        either::query_scalar("SELECT body FROM chapter ORDER BY id").fetch_all(&store.read).await.unwrap();
    assert_eq!(kept, bodies, "what was written stays as it was");
    assert_eq!(store.status().await.unwrap().records, 1);
}

async fn a_record_that_ended_is_withdrawn_and_counts_on_when_it_comes_back() {
    let (_folder, store, run) = fresh().await;
    let added = accept(&store, &run, 17, 1, 3).await;
    let at = (added[0].0, 1);
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    let standing = opened(&file.chapters(&[at.0]).await.unwrap(), vault().rest()).unwrap();
    let ended = standing[0].1.ended();
    file.put_chapters(vec![sealed(&file, at, 1, -1, &[ended])]).await.unwrap();
    file.commit(&outcome("releases", 18)).await.unwrap();
    assert_eq!(everybody(&store).await, [(1, 0, 0), (2, 20, 1), (3, 30, 1)]);
    assert_eq!(store.status().await.unwrap().records, 2);
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    let standing = opened(&file.chapters(&[at.0]).await.unwrap(), vault().rest()).unwrap();
    let (_, last) = &standing[0];
    assert_eq!((standing.len(), last.number(), last.is_gone()), (1, 2, true));
    assert!(!last.says(&candidate(10, "one", 1, 0)), "what is gone says nothing");
    let again = Entry::of(candidate(10, "one", 1, 0), 3, last.category());
    file.put_chapters(vec![sealed(&file, at, 2, 1, &[again])]).await.unwrap();
    file.commit(&outcome("releases", 19)).await.unwrap();
    assert_eq!(everybody(&store).await[0], (1, 10, 3));
    assert_eq!(store.status().await.unwrap().records, 3);
}

async fn a_chapter_that_was_moved_does_not_open() {
    let (_folder, store, run) = fresh().await;
    let added = accept(&store, &run, 17, 1, 2).await;
    let row = |n: usize| Place { identity: added[n].0, turn: 0 }.row().unwrap();
    let swap = "UPDATE chapter SET body = (SELECT body FROM chapter WHERE id = $2) WHERE id = $1";
    either::query(swap).bind(row(0)).bind(row(1)).execute(&store.write).await.unwrap();
    let person = store.person(added[0].1).await.unwrap().unwrap();
    assert_eq!(code(person.records(vault().rest())), "LG2007");
}

async fn a_replay_adds_chapters_under_the_file_that_is_there() {
    let (_folder, store, run) = fresh().await;
    accept(&store, &run, 17, 1, 1).await;
    let file_id = store.last_accepted("releases").await.unwrap().unwrap().id;
    let mut replay = store.begin_replay(&run, file_id, NORTH).await.unwrap();
    let added = replay.put_identities(vec![identity(5)]).await.unwrap();
    let said = chapter(&replay, (added[0].0, 5), 0, 1, candidate(50, "one", 1, 0));
    replay.put_chapters(vec![said]).await.unwrap();
    let standing = opened(&replay.chapters(&[added[0].0]).await.unwrap(), vault().rest()).unwrap();
    assert_eq!(standing[0].0.file, file_id.0.cast_unsigned());
    replay.commit_replay().await.unwrap();
    assert_eq!(store.accepted_files("releases").await.unwrap().len(), 1);
    assert_eq!(everybody(&store).await, [(1, 10, 1), (5, 50, 1)]);
}

async fn numbers_around_a_full_statement_are_all_written() {
    let (_folder, store, run) = fresh().await;
    for (night, people) in [1u128, 99, 100, 101, 200, 201, 450].into_iter().enumerate() {
        let first = u128::try_from(night).unwrap() * 10_000 + 1;
        let added = accept(&store, &run, 17, first, people).await;
        let ids: Vec<IdentityRef> = added.iter().map(|(id, _)| *id).collect();
        let mut file = store.begin_file(&run, NORTH).await.unwrap();
        let chapters = file.chapters(&ids).await.unwrap();
        let whose: Vec<IdentityRef> = chapters.iter().map(|chapter| chapter.place.identity).collect();
        assert_eq!(whose, ids, "each identity has its chapter, in order");
        assert!(opened(&chapters, vault().rest()).unwrap().iter().all(|(_, e)| e.record().0 % 10 == 0));
    }
}

async fn refused_rows_and_pairs_wait_for_a_person() {
    let (_folder, store, run) = fresh().await;
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    let row = |row, column: Option<&str>| NewQuarantine {
        row,
        column: column.map(Into::into),
        code: "LG1201".into(),
    };
    file.put_quarantine(vec![row(3, Some("dob")), row(9, None)]).await.unwrap();
    let pair =
        |a, b| NewReview { a: IdentityId(a), b: IdentityId(b), reason: "same name".into(), evidence: 1 };
    file.put_reviews(vec![pair(2, 1), pair(1, 2), pair(3, 4)]).await.unwrap();
    file.commit(&outcome("releases", 17)).await.unwrap();

    let filter = QuarantineFilter { feed: Some("releases"), state: Some(QuarantineState::Open) };
    let rows = store.quarantine(filter, 10).await.unwrap();
    assert_eq!(
        rows.iter().map(|r| (r.row, r.column.as_deref())).collect::<Vec<_>>(),
        [(9, None), (3, Some("dob"))]
    );
    assert_eq!(rows[0].name_token, "releases_17");
    let decision =
        Decision { by: "nominee-3".into(), at: "2008-11-18T09:00:00Z".into(), reference: "R/12".into() };
    let mut tx = store.begin_decisions(date(2008, 11, 18)).await.unwrap();
    tx.decide_quarantine(rows[0].id, QuarantineState::Discarded, &decision).await.unwrap();
    let again = tx.decide_quarantine(rows[0].id, QuarantineState::Asked, &decision).await;
    assert_eq!(code(again), "LG2011", "what was let go waits no more");
    tx.commit().await.unwrap();
    assert_eq!(store.quarantine(filter, 10).await.unwrap().len(), 1);
    let gone = store.quarantined(rows[0].id).await.unwrap().unwrap();
    assert_eq!((gone.state, gone.decision.as_ref()), (QuarantineState::Discarded, Some(&decision)));
    assert!(
        store
            .quarantine(QuarantineFilter { feed: Some("orders"), state: None }, 10)
            .await
            .unwrap()
            .is_empty()
    );

    assert_eq!(
        store.reviews(Some(ReviewState::Open)).await.unwrap().len(),
        2,
        "a pair is one pair in any order"
    );
    let mut tx = store.begin_decisions(date(2008, 11, 18)).await.unwrap();
    tx.mark_review((IdentityId(2), IdentityId(1)), ReviewState::Decided).await.unwrap();
    tx.commit().await.unwrap();
    let decided = store.reviews(Some(ReviewState::Decided)).await.unwrap();
    assert_eq!((decided[0].a.0, decided[0].b.0, decided[0].evidence), (1, 2, 1));
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    file.settle_reviews(&[(IdentityId(4), IdentityId(3))]).await.unwrap();
    file.put_reviews(vec![NewReview { evidence: u64::MAX, ..pair(1, 2) }]).await.unwrap();
    file.commit(&outcome("releases", 18)).await.unwrap();
    let open = store.reviews(Some(ReviewState::Open)).await.unwrap();
    assert_eq!(open.len(), 1, "what is asked again waits again, and what is settled does not");
    assert_eq!((open[0].b.0, open[0].evidence), (2, u64::MAX));
    let status = store.status().await.unwrap();
    assert_eq!((status.waiting.quarantine, status.waiting.reviews), (1, 1));
}

async fn a_file_can_be_worked_on_in_another_task() {
    let (_folder, store, run) = fresh().await;
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    let task = tokio::spawn(async move {
        let added = file.put_identities(vec![identity(1)]).await?;
        let said = chapter(&file, (added[0].0, 1), 0, 1, candidate(10, "one", 1, 0));
        file.put_chapters(vec![said]).await?;
        file.chapters(&[added[0].0]).await?;
        file.mark_dirty(&[added[0].1]).await?;
        file.commit(&outcome("releases", 17)).await
    });
    assert_eq!(code(task.await.unwrap()), "done");
}
