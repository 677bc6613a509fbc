//! Registers: recorded, in force on their days, ended and never edited.

use super::*;

on_both! {
    entries_come_back_as_they_went,
    what_is_not_committed_was_never_recorded,
    what_opens_counts_from_its_day_and_what_closes_at_once,
    an_entry_is_ended_once_and_stays,
}

fn made(since: i8, until: Option<i8>) -> Made {
    Made {
        partner: "north".into(),
        author: "nominee-1".into(),
        made_at: "2008-11-10T09:00:00Z".into(),
        reference: "L/2008/1".into(),
        since: date(2008, 11, since),
        until: until.map(|day| date(2008, 11, day)),
    }
}

fn bodies() -> Vec<Body> {
    let key = "00000000000000000000000000000005".to_owned();
    vec![
        Body::Restriction(Restriction {
            about: Subject::Person(key.clone()),
            identity: key.clone(),
            recipients: vec![],
            reduce: vec![("arrest.arrested_at".into(), "month".into())],
            identities: Vec::new(),
        }),
        Body::Authority(Authority {
            kind: "text_review".into(),
            record: key.clone(),
            identity: key,
            recipients: vec!["south".into()],
            fields: vec!["arrest.circumstances".into()],
            ground: "read".into(),
            conditions: Some("ask first".into()),
            originals: vec!["00".into()],
        }),
        Body::Consent(Consent {
            recipient: "south".into(),
            purpose: "housing".into(),
            scope: vec!["tenancy".into()],
            third_party: None,
        }),
        Body::Nominee(Nominee { token: "nominee-2".into(), notified: NIGHT }),
        Body::Use(SecondaryUse {
            purpose: "housing need".into(),
            scope: vec!["tenancy".into()],
            third_party: Some("a housing association".into()),
            consents: vec![3],
        }),
        Body::Designated(Designated { token: "d-1".into(), registration: "Z1".into() }),
        Body::Suspension(Suspension { suspended: "south".into(), reason: "lost keys".into() }),
    ]
}

async fn add(store: &Store, made: &Made, body: &Body, sealed: Option<&[u8]>) -> EntryId {
    let mut tx = store.begin_decisions(NIGHT).await.unwrap();
    let id = tx.add_entry(made, body, sealed).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn entries_come_back_as_they_went() {
    let (_folder, store, _) = fresh().await;
    assert!(store.registered().await.unwrap().is_empty());
    let mut expected = Vec::new();
    for (n, body) in bodies().into_iter().enumerate() {
        assert!(Body::REGISTERS.contains(&body.register()));
        let (made, sealed) = (made(1, Some(30)), (n == 1).then(|| vec![7, 8]));
        let id = add(&store, &made, &body, sealed.as_deref()).await;
        expected.push(Registered { id, made, ended: None, body, sealed });
    }
    assert_eq!(store.registered().await.unwrap(), expected);
}

async fn what_is_not_committed_was_never_recorded() {
    let (_folder, store, _) = fresh().await;
    let mut tx = store.begin_decisions(NIGHT).await.unwrap();
    tx.add_entry(&made(1, None), &bodies()[3], None).await.unwrap();
    drop(tx);
    assert!(store.registered().await.unwrap().is_empty());
}

async fn what_opens_counts_from_its_day_and_what_closes_at_once() {
    // since, until, day → (restriction holds, authority holds)
    let cases = [
        (17, None, 17, true, true),
        (18, None, 17, true, false),
        (10, Some(17), 17, true, true),
        (10, Some(16), 17, false, false),
    ];
    for (since, until, day, closes, opens) in cases {
        let (_folder, store, _) = fresh().await;
        for body in &bodies()[..2] {
            add(&store, &made(since, until), body, None).await;
        }
        let all = store.registered().await.unwrap();
        let holds: Vec<bool> = all.iter().map(|e| e.holds(date(2008, 11, day))).collect();
        assert_eq!(holds, [closes, opens], "{since} {until:?} {day}");
    }
}

async fn an_entry_is_ended_once_and_stays() {
    let (_folder, store, _) = fresh().await;
    let id = add(&store, &made(1, None), &bodies()[1], None).await;
    let ending = Ending {
        on: date(2008, 11, 18),
        by: "nominee-2".into(),
        reference: "L/2008/2".into(),
        notified: None,
        at: Some("2008-11-18T09:00:00Z".into()),
    };
    let mut tx = store.begin_decisions(NIGHT).await.unwrap();
    tx.end_entry(id, &ending).await.unwrap();
    assert_eq!(code(tx.end_entry(id, &ending).await), "LG2011");
    tx.commit().await.unwrap();
    let all = store.registered().await.unwrap();
    assert_eq!(all[0].ended, Some(ending));
    assert!(all[0].holds(date(2008, 11, 17)) && !all[0].holds(date(2008, 11, 18)), "from that day on");
    assert!(all[0].over(date(2008, 11, 18)) && !all[0].over(date(2008, 11, 17)));
}
