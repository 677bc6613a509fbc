//! What people decide, and the two thresholds: who is joined, who never is, and who waits.

use super::*;
use crate::record::IdentityId;
use crate::value::identifier::IdKind;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use jiff::civil::date;
use proptest::prelude::*;

const NOBODY: Who<'static> = Who { name: ("ELSE", "Someone"), birth: None, postcode: None, ids: vec![] };

fn pair(a: u128, b: u128) -> Pair {
    Pair::of(IdentityId(a), IdentityId(b)).unwrap()
}

fn says(by: &str, (a, b): (u128, u128), verdict: Verdict) -> Vote<'_> {
    Vote { pair: pair(a, b), by, verdict, despite: false, evidence: None }
}

fn designated(mut one: Member) -> Member {
    one.designated = true;
    one
}

fn rulings(votes: Vec<Vote<'_>>) -> Rulings {
    Rulings::of(votes, false)
}

/// Connor with one identifier, and what else is said.
fn with(id: u128, name: &'static str, year: i16, ids: &[(IdKind, &'static str)]) -> Member {
    let ids = ids.to_vec();
    member(id, &Who { name: ("HARGREAVES", name), birth: Some(date(year, 2, 14)), postcode: None, ids })
}

const PNC: (IdKind, &str) = (IdKind::Pnc, "2004/0031877J");
const CRO: (IdKind, &str) = (IdKind::Cro, "31877/04A");

#[test]
fn one_identifier_with_a_contradiction_is_one_person_inside_only() {
    // A twin by another's number; a father by his son's.
    for other in [with(2, "CALLUM", 1981, &[PNC]), with(2, "CONNOR", 1955, &[PNC])] {
        let linking = link(&[designated(with(1, "CONNOR", 1981, &[PNC])), other]);
        assert_ne!(linking.person[0], linking.person[1]);
        assert_eq!(linking.cohort, [true, false], "nothing of the other leaves");
        assert_eq!(doubts(&linking), [(0, 1, Doubt::Likely)]);
    }
}

#[test]
fn two_identifiers_carry_an_alias_and_a_slip_in_the_date() {
    for other in [with(2, "CALLUM", 1981, &[PNC, CRO]), with(2, "CONNOR", 1918, &[PNC, CRO])] {
        let linking = link(&[designated(with(1, "CONNOR", 1981, &[PNC, CRO])), other]);
        assert_eq!(linking.person[0], linking.person[1]);
        assert_eq!(linking.doubts, []);
    }
}

#[test]
fn a_missing_value_is_no_contradiction() {
    let bare = member(2, &Who { birth: None, postcode: None, ids: vec![PNC], ..connor() });
    let linking = link(&[designated(with(1, "CONNOR", 1981, &[PNC])), bare]);
    assert_eq!(linking.person[0], linking.person[1]);
}

#[test]
fn who_was_together_stays_while_name_and_birth_agree_and_waits_for_a_person() {
    let mut both = [designated(with(1, "CONNOR", 1981, &[PNC])), with(2, "CONNOR", 1981, &[])];
    assert_ne!(link(&both).person[0], link(&both).person[1], "it joins nobody");
    both.iter_mut().for_each(|m| m.known = Some((PersonId(1), 1)));
    let linking = link(&both);
    assert_eq!(linking.person, [PersonId(1), PersonId(1)]);
    assert_eq!(doubts(&linking), [(0, 1, Doubt::Weakened)]);
    both[1] =
        Member { known: Some((PersonId(1), 1)), ..with(2, "CONNOR", 1981, &[(IdKind::Pnc, "2005/1M")]) };
    let linking = link(&both);
    assert_ne!(linking.person[0], linking.person[1], "a corrected identifier parts them at once");
}

#[test]
fn two_who_agree_in_nothing_do_not_hold_together_through_a_third() {
    let alias = |id, name: (&'static str, &'static str), year: i16, ids: &[(IdKind, &'static str)]| {
        let who = Who { name, birth: Some(date(year, 1, 1)), postcode: None, ids: ids.to_vec() };
        member(id, &who)
    };
    let left = designated(alias(1, ("FOX", "ADA"), 1970, &[PNC]));
    let right = alias(3, ("GREY", "BEN"), 1980, &[(IdKind::Crn, "X1")]);
    let mut between = alias(2, ("FOX", "ADA"), 1970, &[PNC, (IdKind::Crn, "X1")]);
    between.keys.extend(right.keys.iter().filter(|k| k.is_name() || k.is_birth()));
    between.keys.sort_unstable();
    let linking = link(&[left, between, right]);
    assert_ne!(linking.person[0], linking.person[2]);
    assert_eq!(doubts(&linking).iter().filter(|d| d.2 == Doubt::Through).count(), 1);
}

#[test]
fn same_joins_without_evidence_and_different_parts_in_spite_of_it() {
    let two = [designated(member(1, &connor())), member(2, &NOBODY)];
    let linking = link_by(&two, &rulings(vec![says("x", (1, 2), Verdict::Same)]));
    assert_eq!(linking.person[0], linking.person[1]);
    assert_eq!(linking.cohort, [true, true]);
    let two = [designated(member(1, &connor())), member(2, &connor())];
    assert_eq!(link(&two).person[0], link(&two).person[1]);
    let linking = link_by(&two, &rulings(vec![says("x", (2, 1), Verdict::Different)]));
    assert_ne!(linking.person[0], linking.person[1]);
    assert_eq!(linking.doubts, [], "it is decided");
}

#[test]
fn different_parts_through_others_too() {
    let three = [designated(member(1, &connor())), member(2, &connor()), member(3, &connor())];
    let linking = link_by(&three, &rulings(vec![says("x", (1, 3), Verdict::Different)]));
    assert_ne!(linking.person[0], linking.person[2]);
    assert_eq!(linking.person.iter().collect::<BTreeSet<_>>().len(), 2, "the third goes with one of them");
    assert!(doubts(&linking).iter().all(|d| d.2 == Doubt::Through));
}

#[test]
fn decisions_that_contradict_each_other_join_nobody_and_are_told() {
    let nobodies = || vec![designated(member(1, &NOBODY)), member(2, &NOBODY), member(3, &NOBODY)];
    let said = vec![says("x", (1, 2), Verdict::Same), says("y", (1, 2), Verdict::Different)];
    let linking = link_by(&nobodies(), &rulings(said));
    assert_ne!(linking.person[0], linking.person[1]);
    assert_eq!(doubts(&linking), [(0, 1, Doubt::Disputed)]);
    let said = vec![
        says("x", (1, 2), Verdict::Same),
        says("x", (2, 3), Verdict::Same),
        says("y", (1, 3), Verdict::Different),
    ];
    let linking = link_by(&nobodies(), &rulings(said));
    assert_eq!(linking.person.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(
        doubts(&linking),
        [(0, 1, Doubt::Contradiction)],
        "the other pair is about nobody in the cohort"
    );
}

#[test]
fn same_against_identifiers_needs_two_people_who_say_so() {
    let slip = |ids| member(2, &Who { ids, ..connor() });
    let two = || [designated(member(1, &connor())), slip(vec![(IdKind::Pnc, "2004/0031878K")])];
    let linking = link_by(&two(), &rulings(vec![says("x", (1, 2), Verdict::Same)]));
    assert_ne!(linking.person[0], linking.person[1]);
    assert_eq!(doubts(&linking), [(0, 1, Doubt::Overtaken)]);
    let despite = |by| Vote { despite: true, ..says(by, (1, 2), Verdict::Same) };
    let linking = link_by(&two(), &rulings(vec![despite("x")]));
    assert_eq!(doubts(&linking), [(0, 1, Doubt::Second)]);
    let linking = link_by(&two(), &rulings(vec![despite("x"), despite("y")]));
    assert_eq!(linking.person[0], linking.person[1]);
    // Who was one person with either by the same number stays with both of them.
    let [a, b] = two();
    let third = member(3, &Who { ids: vec![(IdKind::Pnc, "2004/0031877J")], ..connor() });
    let linking = link_by(&[a.clone(), b.clone(), third.clone()], &rulings(vec![despite("x"), despite("y")]));
    assert_eq!(linking.person.iter().collect::<BTreeSet<_>>().len(), 1);
    // Two others do not come together by it: of them nobody has said anything.
    let fourth = member(4, &Who { ids: vec![(IdKind::Pnc, "2004/0031878K")], ..connor() });
    let linking = link_by(&[a, b, third, fourth], &rulings(vec![despite("x"), despite("y")]));
    assert_ne!(linking.person[2], linking.person[3]);
}

#[test]
fn cannot_tell_takes_a_pair_out_until_its_evidence_changes() {
    let brothers = |other: Who<'static>| [designated(member(1, &connor())), member(2, &other)];
    let other = || Who { name: ("HARGREAVES", "Connor Lee"), postcode: None, ids: vec![], ..connor() };
    let linking = link(&brothers(other()));
    assert_eq!(doubts(&linking), [(0, 1, Doubt::NameAndBirthAlone)]);
    let unsure =
        Vote { evidence: Some(linking.doubts[0].evidence), ..says("x", (1, 2), Verdict::CannotTell) };
    let ruled = rulings(vec![unsure]);
    assert_eq!(link_by(&brothers(other()), &ruled).doubts, []);
    let moved = Who { postcode: Some("LS1 1AA"), ..other() };
    assert_eq!(doubts(&link_by(&brothers(moved), &ruled)), [(0, 1, Doubt::NameAndBirthAlone)]);
}

#[test]
fn an_un_merge_leaves_the_id_with_the_designated_then_with_the_founder() {
    let known = |m: Member| Member { known: Some((PersonId(2), 1)), ..m };
    let apart = rulings(vec![says("x", (1, 2), Verdict::Different)]);
    let one = known(designated(member(1, &connor())));
    let founder = known(member(2, &connor()));
    let linking = link_by(&[one.clone(), founder.clone()], &apart);
    assert_eq!(linking.person[0], PersonId(2), "whoever stays in the cohort keeps its references");
    assert!(linking.person[1] != PersonId(1) && linking.person[1] != PersonId(2));
    let linking = link_by(&[one, designated(founder)], &apart);
    assert_eq!(linking.person, [PersonId(1), PersonId(2)]);
}

#[test]
fn an_undone_same_leaves_nothing_that_holds_together() {
    // 1 = 2 was decided; 3 came by 2's evidence, and has 1's name and birth by chance.
    let mut all = [
        designated(with(1, "CONNOR", 1981, &[])),
        with(2, "ALIAS", 1981, &[PNC, CRO]),
        with(3, "CONNOR", 1981, &[PNC, CRO]),
    ];
    let decided = rulings(vec![says("x", (1, 2), Verdict::Same)]);
    let first = link_by(&all, &decided);
    assert_eq!(first.person.iter().collect::<BTreeSet<_>>().len(), 1);
    for (member, person) in all.iter_mut().zip(&first.person) {
        member.known = Some((*person, 1));
    }
    let undone = Rulings::default().with_undone([pair(1, 2)]);
    let after = link_by(&all, &undone);
    assert_ne!(after.person[0], after.person[2]);
    assert_eq!(after.person[1], after.person[2]);
}

/// What the property tests draw: people, what was known of them, and what others said.
#[derive(Debug, Clone)]
struct World {
    people: Vec<(u8, u8, u8, u8, u8, bool)>,
    votes: Vec<(u8, u8, u8, u8, bool)>,
    two: bool,
}

fn world() -> impl Strategy<Value = World> {
    let person = (0u8..4, 0u8..3, 0u8..3, 0u8..4, 0u8..4, any::<bool>());
    let vote = (0u8..12, 0u8..12, 0u8..3, 0u8..3, any::<bool>());
    let parts =
        (proptest::collection::vec(person, 2..12), proptest::collection::vec(vote, 0..6), any::<bool>());
    parts.prop_map(|(people, votes, two)| World { people, votes, two })
}

impl World {
    fn members(&self) -> Vec<Member> {
        let (names, codes) = (["Ann", "Ben", "Cat", "Dan"], ["LS1 1AA", "LS2 2BB", ""]);
        let one = |((n, b, c, p, x, d), id): (&(u8, u8, u8, u8, u8, bool), u128)| {
            let (pnc, crn) = (std::format!("P{p}"), std::format!("C{x}"));
            let mut ids = vec![];
            if *p > 0 {
                ids.push((IdKind::Pnc, pnc.as_str()));
            }
            if *x > 0 {
                ids.push((IdKind::Crn, crn.as_str()));
            }
            let code = codes[usize::from(*c)];
            let who = Who {
                name: ("SMITH", names[usize::from(*n)]),
                birth: (*b > 0).then(|| date(1980 + i16::from(*b), 1, 1)),
                postcode: (!code.is_empty()).then_some(code),
                ids,
            };
            Member { designated: *d, ..member(id, &who) }
        };
        self.people.iter().zip(1u128..).map(one).collect()
    }

    fn votes(&self) -> Vec<Vote<'static>> {
        let here = u8::try_from(self.people.len()).unwrap();
        let one = |(a, b, by, verdict, despite): &(u8, u8, u8, u8, bool)| {
            Some(Vote {
                pair: Pair::of(IdentityId(u128::from(a % here) + 1), IdentityId(u128::from(b % here) + 1))?,
                by: ["x", "y", "z"][usize::from(*by)],
                verdict: Verdict::ALL[usize::from(*verdict)],
                despite: *despite,
                evidence: Some(0),
            })
        };
        self.votes.iter().filter_map(one).collect()
    }

    fn rulings(&self) -> Rulings {
        Rulings::of(self.votes(), self.two)
    }
}

fn shuffled<T: Clone>(all: &[T], seed: u64) -> Vec<T> {
    let (mut out, mut state) = (all.to_vec(), seed | 1);
    for i in (1..out.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        out.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
    }
    out
}

fn by_identity(members: &[Member], linking: &Linking) -> BTreeMap<IdentityId, PersonId> {
    members.iter().map(|m| m.identity).zip(linking.person.iter().copied()).collect()
}

fn conflicts(a: &Member, b: &Member) -> bool {
    a.keys.iter().filter_map(|x| x.unique_kind()).any(|kind| {
        let of = |m: &Member| -> Vec<Key> {
            m.keys.iter().copied().filter(|k| k.unique_kind() == Some(kind)).collect()
        };
        let (x, y) = (of(a), of(b));
        !y.is_empty() && !x.iter().any(|key| y.contains(key))
    })
}

/// Whether two people said of one of two that it is one person with somebody who carries a number of the other.
fn known_slip(rulings: &Rulings, members: &[Member], (a, b): (&Member, &Member)) -> bool {
    let numbers =
        |m: &Member| m.keys.iter().copied().filter(|k| k.unique_kind().is_some()).collect::<Vec<_>>();
    let shares = |x: &Member, y: &Member| numbers(x).iter().any(|key| numbers(y).contains(key));
    let said = |x: &Member, y: &Member| {
        let ruling = Pair::of(x.identity, y.identity).and_then(|pair| rulings.get(pair));
        ruling == Some(&Ruling::Same { despite: true })
    };
    members.iter().any(|c| (said(a, c) && shares(b, c)) || (said(b, c) && shares(a, c)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever people say and in whatever order anything arrives: the same answer; nobody who was said to be different is
    /// together, nobody whose identifiers conflict without two people who said so of that very pair; and a `same` that is
    /// not followed is told.
    #[test]
    fn no_decision_and_no_evidence_merges_two_people(world in world(), seed in any::<u64>()) {
        let (members, rulings) = (world.members(), world.rulings());
        let linking = link_by(&members, &rulings);
        let persons = by_identity(&members, &linking);
        let other = shuffled(&members, seed);
        let again = Rulings::of(shuffled(&world.votes(), seed), world.two);
        prop_assert_eq!(&persons, &by_identity(&other, &link_by(&other, &again)));
        for (i, a) in members.iter().enumerate() {
            for (j, b) in members.iter().enumerate().skip(i + 1) {
                let ruling = rulings.get(pair(a.identity.0, b.identity.0));
                let together = persons[&a.identity] == persons[&b.identity];
                if together {
                    prop_assert!(!ruling.is_some_and(Ruling::separates));
                    prop_assert!(!conflicts(a, b) || known_slip(&rulings, &members, (a, b)));
                }
                if !together && matches!(ruling, Some(Ruling::Same { .. })) && (a.designated || b.designated) {
                    let (i, j) = (u32::try_from(i).unwrap(), u32::try_from(j).unwrap());
                    let told = doubts(&linking).into_iter().find(|d| (d.0, d.1) == (i, j)).map(|d| d.2);
                    prop_assert!(matches!(told, Some(Doubt::Contradiction | Doubt::Overtaken)), "{told:?}");
                }
            }
        }
    }

    /// A night on which nothing changed changes nothing, and no two clusters are one person.
    #[test]
    fn the_same_night_again_gives_the_same_people(world in world()) {
        let (mut members, rulings) = (world.members(), world.rulings());
        let first = link_by(&members, &rulings);
        for (member, person) in members.iter_mut().zip(&first.person) {
            member.known = Some((*person, 1));
        }
        let second = link_by(&members, &rulings);
        prop_assert_eq!(&first.person, &second.person);
        prop_assert_eq!(&first.doubts, &second.doubts);
        prop_assert_eq!(&first.cohort, &second.cohort);
    }

    /// When a `same` is undone, its two stay together only if all that is left would bring them together anyway.
    #[test]
    fn an_undone_same_parts_whom_nothing_else_joins(world in world(), a in 0u8..12, b in 0u8..12) {
        let here = u8::try_from(world.people.len()).unwrap();
        let (a, b) = (u128::from(a % here) + 1, u128::from(b % here) + 1);
        prop_assume!(a != b);
        let mut members = world.members();
        let mut votes = world.votes();
        votes.retain(|vote| vote.pair != pair(a, b));
        let left = Rulings::of(votes.clone(), world.two).with_undone([pair(a, b)]);
        votes.extend(["x", "y"].map(|by| Vote { despite: true, ..says(by, (a, b), Verdict::Same) }));
        let before = link_by(&members, &Rulings::of(votes, world.two));
        let fresh = by_identity(&members, &link_by(&members, &left));
        for (member, person) in members.iter_mut().zip(&before.person) {
            member.known = Some((*person, 1));
        }
        let after = by_identity(&members, &link_by(&members, &left));
        let (a, b) = (IdentityId(a), IdentityId(b));
        prop_assert!(after[&a] != after[&b] || fresh[&a] == fresh[&b]);
    }
}
