//! Registers: recorded, in force on their days, ended and never edited.

use super::*;

fn made(since: i8, until: Option<i8>) -> Made {
    Made {
        author: "nominee-1".into(),
        made_at: "2008-11-10T09:00:00Z".into(),
        reference: "L/2008/1".into(),
        since: date(2008, 11, since),
        until: until.map(|day| date(2008, 11, day)),
    }
}

fn restriction(since: i8, until: Option<i8>) -> Restriction {
    Restriction {
        made: made(since, until),
        scope: "person".into(),
        subject: 5,
        recipients: vec!["*".into()],
        originator: "north".into(),
        silent: true,
        reduce: None,
    }
}

fn authority(since: i8, until: Option<i8>) -> Authority {
    Authority {
        made: made(since, until),
        kind: "harm".into(),
        record: 6,
        recipients: vec!["north".into(), "south".into()],
        fields: vec!["prescription".into()],
        ground: Some("others".into()),
        granted_by: "nominee-2".into(),
    }
}

#[tokio::test]
async fn entries_come_back_as_they_went() {
    let (_folder, store, _) = fresh().await;
    assert_eq!(store.registers(NIGHT).await.unwrap(), Registers::default());
    let consent = Consent {
        made: made(1, None),
        discloser: "north".into(),
        recipient: "south".into(),
        secondary_purpose: "housing".into(),
        scope: "tenancy".into(),
    };
    let nominee = Nominee { made: made(1, None), partner: "north".into(), token: "nominee-1".into() };
    let suspension = Suspension { made: made(1, None), partner: "south".into(), reason: "no_nominee".into() };
    let reduced = Restriction { silent: false, reduce: Some("month".into()), ..restriction(1, None) };
    store.add_restriction(&reduced).await.unwrap();
    store.add_authority(&authority(1, Some(30))).await.unwrap();
    store.add_consent(&consent).await.unwrap();
    store.add_nominee(&nominee).await.unwrap();
    store.add_suspension(&suspension).await.unwrap();
    let registers = store.registers(NIGHT).await.unwrap();
    assert_eq!(registers.restrictions[0].1, reduced);
    assert_eq!(registers.authorities[0].1, authority(1, Some(30)));
    assert_eq!(registers.consents[0].1, consent);
    assert_eq!(registers.nominees[0].1, nominee);
    assert_eq!(registers.suspensions[0].1, suspension);
}

#[tokio::test]
async fn what_opens_counts_from_its_day_and_what_closes_at_once() {
    // since, until, day → (restriction counts, authority counts)
    let cases = [
        (17, None, 17, true, true),
        (18, None, 17, true, false),
        (10, Some(17), 17, true, true),
        (10, Some(16), 17, false, false),
    ];
    for (since, until, day, closes, opens) in cases {
        let (_folder, store, _) = fresh().await;
        store.add_restriction(&restriction(since, until)).await.unwrap();
        store.add_authority(&authority(since, until)).await.unwrap();
        let registers = store.registers(date(2008, 11, day)).await.unwrap();
        assert_eq!(
            (registers.restrictions.len(), registers.authorities.len()),
            (usize::from(closes), usize::from(opens))
        );
    }
}

#[tokio::test]
async fn an_entry_is_ended_once_and_stays() {
    let (_folder, store, _) = fresh().await;
    let id = store.add_authority(&authority(1, None)).await.unwrap();
    let ending = Ending { on: date(2008, 11, 18), by: "nominee-2".into(), reference: "L/2008/2".into() };
    store.end_entry(Register::Authority, id, &ending).await.unwrap();
    assert_eq!(code(store.end_entry(Register::Authority, id, &ending).await), "LG2011");
    assert_eq!(code(store.end_entry(Register::Restriction, id, &ending).await), "LG2011");
    assert_eq!(store.registers(date(2008, 11, 17)).await.unwrap().authorities.len(), 1, "the day before");
    assert_eq!(store.registers(date(2008, 11, 18)).await.unwrap().authorities.len(), 0);
    let kept: (i64,) = sqlx::query_as("SELECT count(*) FROM authority").fetch_one(&store.read).await.unwrap();
    assert_eq!(kept.0, 1);
}
