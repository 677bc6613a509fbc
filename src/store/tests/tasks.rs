//! Shared work: who has a piece, for how long, and what whoever lost it may still do.

use super::server::started;
use super::*;
use std::collections::BTreeSet;

const LONG: Duration = Duration::from_mins(10);
/// A lease that has ended when it is looked at.
const NONE: Duration = Duration::ZERO;

fn by(name: &str, lease: Duration) -> Claimant {
    Claimant { name: name.into(), lease }
}

fn tasks(lanes: &[&str]) -> Vec<NewTask> {
    let one = |(n, lane): (usize, &&str)| NewTask {
        kind: "deliver",
        lane: (*lane).to_owned(),
        subject: format!("bundle {n}"),
    };
    lanes.iter().enumerate().map(one).collect()
}

/// A worker's place at the bench of a store.
async fn beside(place: &Somewhere) -> Bench {
    Store::open_beside(place.place(), &vault(), &NAMES).await.unwrap().1
}

async fn at_once(bench: &Bench, who: &Claimant) -> Option<Claim> {
    bench.claim(who, NONE).await.unwrap()
}

async fn stand(store: &Store) -> Vec<(TaskState, i64)> {
    store.tasks().await.unwrap().into_iter().map(|row| (row.state, row.token)).collect()
}

#[tokio::test]
async fn a_store_in_a_folder_has_one_process() {
    let (place, store, _) = fresh().await;
    assert!(store.bench().is_none());
    drop(store);
    assert_eq!(code(Store::open_beside(place.place(), &vault(), &NAMES).await.map(drop)), "LG2959");
}

#[tokio::test]
async fn two_claimers_never_have_one_piece() {
    let Some(_server) = started() else { return };
    let (place, store, run) = fresh().await;
    let lanes: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    let put = tasks(&lanes.iter().map(String::as_str).collect::<Vec<_>>());
    let numbers = store.put_tasks(run.id, &put).await.unwrap();
    let mut claimers = Vec::new();
    for n in 0..6 {
        let (bench, who) = (beside(&place).await, by(&format!("claimer {n}"), LONG));
        claimers.push(tokio::spawn(async move {
            let mut own = Vec::new();
            while let Some(claim) = at_once(&bench, &who).await {
                own.push(claim.task);
            }
            own
        }));
    }
    let mut all = Vec::new();
    for claimer in claimers {
        all.extend(claimer.await.unwrap());
    }
    assert_eq!(all.len(), numbers.len(), "each piece once");
    assert_eq!(all.iter().copied().collect::<BTreeSet<_>>(), numbers.iter().copied().collect());
    assert!(stand(&store).await.iter().all(|piece| *piece == (TaskState::Claimed, 1)));
}

#[tokio::test]
async fn what_another_is_just_claiming_is_skipped_and_not_waited_for() {
    let Some(_server) = started() else { return };
    let (place, store, run) = fresh().await;
    store.put_tasks(run.id, &tasks(&["north", "south"])).await.unwrap();
    let (one, other) = (beside(&place).await, beside(&place).await);
    // A claim that is made and not committed yet.
    let mut tx = one.0.begin().await.unwrap();
    let first: (i64, i64, i64, String, String, String) = either::query_as(sql::postgres::TASK_CLAIM)
        .bind("one")
        .bind(1_000_000_i64)
        .bind(0_i64)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    let who = by("other", LONG);
    let second = tokio::time::timeout(Duration::from_secs(20), at_once(&other, &who)).await;
    assert!(second.is_ok(), "it waits for nobody");
    assert_ne!(second.unwrap().unwrap().task, first.0);
    tx.commit().await.unwrap();
    assert_eq!(at_once(&other, &who).await, None);
    assert_eq!(stand(&store).await, [(TaskState::Claimed, 1); 2]);
}

#[tokio::test]
async fn an_ended_lease_is_taken_over_and_the_former_neither_holds_nor_records() {
    let Some(_server) = started() else { return };
    let (place, store, run) = fresh().await;
    store.put_tasks(run.id, &tasks(&["north"])).await.unwrap();
    let (one, other) = (beside(&place).await, beside(&place).await);
    let former = at_once(&one, &by("one", LONG)).await.unwrap();
    assert_eq!((former.lane.as_str(), former.subject.as_str(), former.run), ("north", "bundle 0", run.id));
    assert_eq!(at_once(&other, &by("other", LONG)).await, None, "it is somebody's");
    // Its lease ends. As long as nobody took it over, it goes on with it.
    one.hold(&former, NONE).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    one.hold(&former, NONE).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let newer = at_once(&other, &by("other", LONG)).await.unwrap();
    assert_eq!((newer.task, newer.token), (former.task, former.token + 1), "the number grows");
    assert_eq!(code(one.hold(&former, LONG).await), "LG2958");
    assert_eq!(code(one.record(&former, true, "\"sent\"").await), "LG2958");
    one.release(&former).await.unwrap();
    assert_eq!(stand(&store).await, [(TaskState::Claimed, 2)], "and what it says changes nothing");
    other.record(&newer, true, "\"fetched\"").await.unwrap();
    let row = store.tasks().await.unwrap().remove(0);
    assert_eq!((row.state, row.worker.as_deref()), (TaskState::Done, Some("other")));
    assert_eq!(row.result.as_deref(), Some("\"fetched\""));
    assert_eq!(code(other.record(&newer, false, "again").await), "LG2958", "it is ended once");
    assert_eq!(at_once(&one, &by("one", LONG)).await, None);
}

#[tokio::test]
async fn pieces_of_a_lane_are_claimed_one_after_another_and_none_behind_one_that_failed() {
    let Some(_server) = started() else { return };
    let (place, store, run) = fresh().await;
    store.put_tasks(run.id, &tasks(&["north", "north", "north", "south"])).await.unwrap();
    let (bench, who) = (beside(&place).await, by("one", LONG));
    let north = at_once(&bench, &who).await.unwrap();
    let south = at_once(&bench, &who).await.unwrap();
    assert_eq!((north.subject.as_str(), south.subject.as_str()), ("bundle 0", "bundle 3"));
    assert_eq!(at_once(&bench, &who).await, None, "the others of the lane wait for the first");
    // Given back, it is there for the next.
    bench.release(&north).await.unwrap();
    let north = at_once(&bench, &who).await.unwrap();
    assert_eq!((north.subject.as_str(), north.token), ("bundle 0", 2));
    bench.record(&north, true, "").await.unwrap();
    let second = at_once(&bench, &who).await.unwrap();
    assert_eq!(second.subject, "bundle 1");
    bench.record(&second, false, "").await.unwrap();
    assert_eq!(at_once(&bench, &who).await, None);
    // What is not ended is taken back: whoever has it has lost it.
    store.close_tasks().await.unwrap();
    assert_eq!(code(bench.hold(&south, LONG).await), "LG2958");
    assert_eq!(code(bench.record(&south, true, "").await), "LG2958");
}

#[tokio::test]
async fn whoever_opens_the_store_for_writing_clears_the_bench_and_numbers_never_come_twice() {
    let Some(_server) = started() else { return };
    let (place, store, run) = fresh().await;
    let before = store.put_tasks(run.id, &tasks(&["north", "south"])).await.unwrap();
    let (bench, who) = (beside(&place).await, by("one", LONG));
    let claim = at_once(&bench, &who).await.unwrap();
    assert!(bench.is_written().await.unwrap());
    store.close().await.unwrap();
    // The server notices in a moment that the writer has gone.
    while bench.is_written().await.unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let store = open(place.place()).await;
    assert_eq!(stand(&store).await, []);
    let after = store.put_tasks(run.id, &tasks(&["north"])).await.unwrap();
    assert!(after > before, "{before:?} {after:?}");
    let newer = at_once(&bench, &who).await.unwrap();
    assert_eq!(code(bench.record(&claim, true, "").await), "LG2958");
    bench.record(&newer, true, "").await.unwrap();
}

#[tokio::test]
async fn the_writer_leaves_a_piece_to_workers_for_a_while_and_knows_how_many_there_are() {
    let Some(_server) = started() else { return };
    let (place, store, run) = fresh().await;
    let own = store.bench().unwrap();
    assert_eq!(own.workers().await.unwrap(), 0);
    let (one, other) = (beside(&place).await, beside(&place).await);
    assert_eq!(own.workers().await.unwrap(), 2);
    other.close().await;
    while own.workers().await.unwrap() == 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    store.put_tasks(run.id, &tasks(&["north"])).await.unwrap();
    assert_eq!(own.claim(&by("the night", LONG), LONG).await.unwrap(), None);
    assert!(at_once(&one, &by("one", LONG)).await.is_some());
}
