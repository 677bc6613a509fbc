//! The people of the fixtures, as evidence, and what must never happen to them.

mod decided;
mod proposed;

use super::*;
use crate::hash::HashKey;
use crate::record::IdentityId;
use crate::value::identifier::IdKind;
use alloc::vec;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use std::collections::BTreeMap;

struct Who<'a> {
    name: (&'a str, &'a str),
    birth: Option<Date>,
    postcode: Option<&'a str>,
    ids: Vec<(IdKind, &'a str)>,
}

struct Member {
    identity: IdentityId,
    keys: Vec<Key>,
    designated: bool,
    known: Option<(PersonId, i64)>,
}

impl Clone for Member {
    fn clone(&self) -> Self {
        Self { keys: self.keys.clone(), ..*self }
    }
}

/// Links members in the order given.
fn link(members: &[Member]) -> Linking {
    link_by(members, &Rulings::default())
}

fn link_by(members: &[Member], rulings: &Rulings) -> Linking {
    let mut scope = Scope::default();
    for m in members {
        scope.add(m.identity, m.keys.iter().copied(), m.designated);
        if let Some((person, run)) = m.known {
            scope.set_known(m.identity, person, run);
        }
    }
    super::link(&scope, rulings)
}

fn doubts(linking: &Linking) -> Vec<(u32, u32, Doubt)> {
    linking.doubts.iter().map(|open| (open.a, open.b, open.why)).collect()
}

fn member(id: u128, who: &Who<'_>) -> Member {
    let mut builder = EvidenceBuilder::default();
    builder.name(who.name.0, who.name.1);
    who.birth.iter().for_each(|b| builder.birth(*b));
    who.postcode.iter().for_each(|p| builder.postcode(p));
    who.ids.iter().for_each(|(k, t)| builder.identifier(*k, t));
    let keys = builder.finish(&HashKey::derive(b"test", "links")).keys;
    Member { identity: IdentityId(id), keys, designated: false, known: None }
}

fn connor() -> Who<'static> {
    Who {
        name: ("HARGREAVES", "Connor James"),
        birth: Some(date(1981, 2, 14)),
        postcode: Some("LS9 7ZZ"),
        ids: vec![(IdKind::Pnc, "2004/0031877J"), (IdKind::PrisonNumber, "A7341CD")],
    }
}

fn persons(members: &[Member]) -> Vec<PersonId> {
    link(members).person
}

#[test]
fn a_strong_identifier_with_a_name_joins_and_names_the_person_after_the_designated() {
    let mut a = member(1, &connor());
    let b = member(
        2,
        &Who { birth: None, postcode: None, ids: vec![(IdKind::Pnc, "2004/0031877J")], ..connor() },
    );
    a.designated = false;
    let mut designated = b.clone();
    designated.designated = true;
    designated.identity = IdentityId(2);
    let linking = link(&[a, designated]);
    assert_eq!(linking.person, [PersonId(2), PersonId(2)]);
    assert_eq!(linking.cohort, [true, true]);
}

#[test]
fn the_twin_stays_apart() {
    let twin = Who { name: ("HARGREAVES", "Callum"), ids: vec![], ..connor() };
    let linking = link(&[member(1, &connor()), member(2, &twin)]);
    assert_ne!(linking.person[0], linking.person[1]);
}

#[test]
fn brothers_with_one_first_forename_stay_apart() {
    let one = Who { name: ("KHAN", "Mohammed Ali"), ids: vec![], ..connor() };
    let other = Who { name: ("KHAN", "Mohammed Hassan"), ids: vec![], ..connor() };
    let mut a = member(1, &one);
    a.designated = true;
    let linking = link(&[a, member(2, &other)]);
    assert_ne!(linking.person[0], linking.person[1]);
    assert_eq!(doubts(&linking), [(0, 1, Doubt::NameAndBirthAlone)], "a human looks at them");
}

#[test]
fn father_and_son_of_one_name_stay_apart() {
    let father = Who { ids: vec![], birth: Some(date(1955, 1, 3)), ..connor() };
    let all = persons(&[member(1, &connor()), member(2, &father)]);
    assert_ne!(all[0], all[1]);
}

#[test]
fn exact_name_birth_and_postcode_join() {
    let housing = Who { ids: vec![(IdKind::Local, "P001")], ..connor() };
    let all = persons(&[member(1, &connor()), member(2, &housing)]);
    assert_eq!(all[0], all[1]);
}

#[test]
fn one_identifier_alone_never_joins() {
    let stranger =
        Who { name: ("OTHER", "Person"), birth: Some(date(1970, 5, 5)), postcode: None, ..connor() };
    let mut a = member(1, &connor());
    a.designated = true;
    let linking = link(&[a, member(2, &stranger)]);
    assert_ne!(linking.person[0], linking.person[1]);
    assert_eq!(doubts(&linking), [(0, 1, Doubt::IdentifierAlone)]);
}

#[test]
fn conflict_is_refused_through_a_third() {
    // The middle one agrees with both; the outer two carry different CROs.
    let left = Who { ids: vec![(IdKind::Pnc, "P"), (IdKind::Cro, "1")], ..connor() };
    let middle = Who { ids: vec![(IdKind::Pnc, "P"), (IdKind::Crn, "C")], ..connor() };
    let right = Who { ids: vec![(IdKind::Crn, "C"), (IdKind::Cro, "2")], ..connor() };
    let all = persons(&[member(1, &left), member(2, &middle), member(3, &right)]);
    assert_ne!(all[0], all[2]);
}

#[test]
fn persons_keep_their_id_and_are_never_shared() {
    let mut a = member(1, &connor());
    let mut b = member(2, &Who { name: ("ELSE", "Someone"), ids: vec![], ..connor() });
    a.known = Some((PersonId(1), 1));
    b.known = Some((PersonId(1), 1));
    let all = persons(&[a, b]);
    assert_eq!(all, [PersonId(1), PersonId(2)], "a split leaves the person with its founder");
}

proptest! {
    /// Any shuffle of any evidence gives the same partition, and no cluster holds a conflict.
    #[test]
    fn order_does_not_matter_and_no_cluster_conflicts(
        people in proptest::collection::vec((0u8..4, 0u8..3, 0u8..3, 0u8..4, 0u8..4), 1..24),
        seed in any::<u64>(),
    ) {
        let names = ["Ann", "Ben", "Cat", "Dan"];
        let codes = ["LS1 1AA", "LS2 2BB", ""];
        let members: Vec<Member> = people.iter().zip(1u128..).map(|((n, b, c, p, x), id)| {
            let (pnc, crn) = (std::format!("P{p}"), std::format!("C{x}"));
            let mut ids = vec![];
            if *p > 0 { ids.push((IdKind::Pnc, pnc.as_str())); }
            if *x > 0 { ids.push((IdKind::Crn, crn.as_str())); }
            let code = codes[usize::from(*c)];
            member(id, &Who {
                name: ("SMITH", names[usize::from(*n)]),
                birth: Some(date(1980 + i16::from(*b), 1, 1)),
                postcode: (!code.is_empty()).then_some(code),
                ids,
            })
        }).collect();
        let by_identity = |members: &[Member]| -> BTreeMap<IdentityId, PersonId> {
            members.iter().map(|m| m.identity).zip(persons(members)).collect()
        };
        let mut shuffled = members.clone();
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
        }
        let first = by_identity(&members);
        prop_assert_eq!(&first, &by_identity(&shuffled));
        for a in &members {
            for b in &members {
                if first[&a.identity] == first[&b.identity] {
                    let kind = |m: &Member| m.keys.iter().copied().filter(|k| k.unique_kind().is_some()).collect::<Vec<_>>();
                    for x in kind(a) {
                        let same: Vec<Key> = kind(b).into_iter().filter(|y| y.unique_kind() == x.unique_kind()).collect();
                        prop_assert!(same.is_empty() || same.contains(&x));
                    }
                }
            }
        }
    }
}

/// A source corrects whom a fact is about: until its old word is taken back, the fact stands under two identities of
/// what may be one person. It is one record, as told last.
#[test]
fn a_record_under_two_identities_of_a_person_counts_once_as_told_last() {
    use crate::record::{Fields, Record, RecordId, VersionHead};
    let record = |identity: u128, day: i8, number: u32| {
        let (id, category) = (RecordId(5), crate::schema::CategoryId(0));
        let head = VersionHead {
            id,
            number,
            identity: IdentityId(identity),
            originator: crate::agreement::PartnerId(0),
            category,
            as_of: date(2008, 11, day),
            cancelled: false,
            restricted: false,
        };
        Record { head, fields: Fields::new() }
    };
    for records in [
        vec![record(1, 17, 1), record(2, 18, 1)],
        vec![record(2, 18, 1), record(1, 17, 1)],
        vec![record(2, 18, 1), record(1, 17, 2), record(2, 18, 1)],
    ] {
        let person = Person::new(PersonId(9), records);
        assert_eq!(person.records().iter().map(|r| r.head.identity.0).collect::<Vec<_>>(), [2]);
    }
}

/// Rows in memory.
struct Told(Vec<(u128, Vec<Key>, Option<Span>)>);

impl Remembered for Told {
    fn each(&self, visit: &mut dyn FnMut(&Seen<'_>)) -> Result<(), BrokenMemory> {
        for (row, (identity, keys, span)) in self.0.iter().enumerate() {
            let mut bytes = Vec::new();
            RowBytes::put(&mut bytes, crate::row::Fingerprint(0), IdentityId(*identity), keys);
            visit(&Seen::new(row, &RowBytes::take(&mut bytes.as_slice())?, *span, true));
        }
        Ok(())
    }
}

fn strong(hash: u64) -> Key {
    Key((8 << 58) | hash)
}

#[test]
fn the_scope_reaches_whoever_shares_evidence_with_somebody_between() {
    let day = date(2008, 11, 17);
    let span = Some(Span { from: Some(day), until: None });
    let list = Told(vec![(5, vec![strong(1)], span), (6, vec![strong(9)], None)]);
    let newer = Told(vec![(3, vec![strong(1), strong(2)], None), (2, vec![strong(3)], None)]);
    let older =
        Told(vec![(3, vec![strong(4)], None), (1, vec![strong(2)], None), (8, vec![strong(4)], None)]);
    let feeds: Vec<Vec<&dyn Remembered>> = vec![vec![&list], vec![&newer, &older]];
    let scope = Scope::closure(&feeds, vec![IdentityId(5), IdentityId(77)], &[], day).unwrap();
    let inside: Vec<u128> = scope.indexes().map(|i| scope.identity(i).0).collect();
    assert_eq!(inside, [1, 3, 5], "8 shares what 3 gave up; 77 is in no file");
    assert_eq!(scope.keys(1), [strong(1), strong(2)]);
    assert_eq!([0, 1, 2].map(|i| scope.designated(i)), [false, false, true]);
    let interest = Interest::of(&[&list], day).unwrap().unwrap();
    assert!(interest.takes(IdentityId(5), &[]), "the designated");
    assert!(interest.takes(IdentityId(3), &[strong(1)]), "who shares evidence with them");
    assert!(!interest.takes(IdentityId(6), &[strong(9)]) && !interest.takes(IdentityId(1), &[strong(2)]));
    assert!(Interest::of(&[&newer, &older], day).unwrap().is_none(), "nobody is designated");
    // Another process asks the same of its bytes, and cut or longer ones are no interest.
    let mut bytes = Vec::new();
    interest.encode(&mut bytes);
    let other = Interest::decode(&bytes).unwrap();
    for (identity, keys) in [(5, vec![]), (3, vec![strong(1)]), (6, vec![strong(9)]), (1, vec![strong(2)])] {
        assert_eq!(other.takes(IdentityId(identity), &keys), interest.takes(IdentityId(identity), &keys));
    }
    (0..bytes.len())
        .for_each(|length| assert!(Interest::decode(&bytes[..length]).is_err(), "{length} bytes"));
    bytes.push(0);
    assert!(Interest::decode(&bytes).is_err());
}
