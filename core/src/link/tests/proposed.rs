//! Whom the model is asked about, and what it says.

use super::*;
use crate::link::near::{LARGEST, Marks, Meetings, ONE_ROUND, Pairs, TWO_ROUNDS};
use crate::link::weigh::{Population, Scales, Told as Said, Weighed, names};
use crate::linkage::guard::Bar;
use crate::linkage::model::Model;
use alloc::vec;
use hashbrown::HashMap;

fn key() -> HashKey {
    HashKey::derive(b"test", "links")
}

fn builder(who: &Who<'_>) -> EvidenceBuilder {
    let mut builder = EvidenceBuilder::default();
    builder.name(who.name.0, who.name.1);
    who.birth.iter().for_each(|b| builder.birth(*b));
    who.postcode.iter().for_each(|p| builder.postcode(p));
    who.ids.iter().for_each(|(k, t)| builder.identifier(*k, t));
    builder
}

fn row(identity: u128, who: &Who<'_>) -> (u128, Vec<Key>, Option<Span>) {
    (identity, builder(who).finish(&key()).keys, None)
}

/// The pairs of seeds with everybody in some feeds of one file each; people up to 99 are in the cohort, each of them alone. In one
/// round and in two they are the same.
fn pairs(feeds: &[&dyn Remembered], seeds: &[u128]) -> Pairs {
    let feeds: Vec<Vec<&dyn Remembered>> = feeds.iter().map(|file| vec![*file]).collect();
    let seeds: Vec<IdentityId> = seeds.iter().copied().map(IdentityId).collect();
    let person = |identity: IdentityId| (identity.0 < 100).then_some(PersonId(identity.0));
    let found = |rounds| Meetings::in_rounds(&feeds, seeds.clone(), &person, rounds).unwrap().pairs(&person);
    let (one, two) = (found(ONE_ROUND), found(TWO_ROUNDS));
    assert_eq!(one, two, "however the four are divided");
    one
}

fn ends(pairs: &Pairs) -> Vec<(u128, u128)> {
    pairs.pairs.iter().map(|pair| (pair.a.0, pair.b.0)).collect()
}

#[test]
fn who_agrees_in_three_of_four_is_asked_about_and_in_two_is_not() {
    let married = Who { name: ("OLDROYD", "Connor"), ..connor() };
    let misheard = Who { name: ("HARGREEVES", "Conner"), postcode: None, ids: vec![], ..connor() };
    let mistyped = Who { birth: Some(date(1981, 12, 4)), ids: vec![], ..connor() };
    let sister =
        Who { name: ("HARGREAVES", "Shanelle"), birth: Some(date(1984, 5, 1)), ids: vec![], ..connor() };
    let people = [connor(), married, misheard, mistyped, sister];
    let list = Told(vec![row(1, &people[0])]);
    let other = Told((101..).zip(people.iter().skip(1)).map(|(n, who)| row(n, who)).collect());
    let found = pairs(&[&list, &other], &[1]);
    assert_eq!(ends(&found), [(1, 101), (1, 102), (1, 103)]);
    assert_eq!(ends(&pairs(&[&list, &other], &[102, 104])), [(1, 102)], "only whom tonight tells of");
    let nobody = |_: IdentityId| None;
    let feeds: Vec<Vec<&dyn Remembered>> = vec![vec![&list], vec![&other]];
    assert_eq!(Meetings::of(&feeds, vec![IdentityId(1)], &nobody).unwrap().pairs(&nobody), Pairs::default());
}

#[test]
fn who_is_one_person_already_is_not_asked_about() {
    let list = Told(vec![row(1, &connor()), row(2, &connor()), row(103, &connor())]);
    let feeds: Vec<Vec<&dyn Remembered>> = vec![vec![&list]];
    let person = |identity: IdentityId| (identity.0 < 100).then_some(PersonId(1));
    let found = Meetings::of(&feeds, vec![IdentityId(1), IdentityId(2)], &person).unwrap().pairs(&person);
    assert_eq!(ends(&found), [(1, 103), (2, 103)]);
}

#[test]
fn ten_thousand_of_one_name_born_on_one_first_of_january_are_not_compared_and_that_is_said() {
    let khan = |n: usize| Who {
        name: ("KHAN", "Mohammed"),
        birth: Some(date(1980, 1, 1)),
        postcode: if n.is_multiple_of(5000) { Some("LS9 7ZZ") } else { None },
        ids: vec![],
    };
    let all = Told((0..10_000_usize).map(|n| row(1 + n as u128, &khan(n))).collect());
    let seeds: Vec<u128> = (1..=10_000).collect();
    let found = pairs(&[&all], &seeds);
    assert_eq!(found.crowded, 1);
    assert_eq!(ends(&found), [(1, 5001)], "whoever agrees in more than that is compared all the same");
    let few = Told((0..LARGEST).map(|n| row(1 + n as u128, &khan(n + 1))).collect());
    let found = pairs(&[&few], &seeds);
    assert_eq!((found.pairs.len(), found.crowded), (LARGEST * (LARGEST - 1) / 2, 0));
}

#[test]
fn a_mark_is_the_linkers_own() {
    let (a, b) = (connor(), Who { postcode: None, ..connor() });
    let list = Told(vec![row(1, &a), row(2, &b), row(1, &a)]);
    let feeds: Vec<Vec<&dyn Remembered>> = vec![vec![&list]];
    let scope = Scope::closure(&feeds, vec![IdentityId(1)], &[], date(2008, 11, 17)).unwrap();
    let marks = Marks::of(&feeds, vec![IdentityId(2), IdentityId(1)]).unwrap();
    let pair = Pair::of(IdentityId(1), IdentityId(2)).unwrap();
    assert_eq!((scope.len(), marks.mark(pair)), (2, scope.mark(0, 1)));
}

/// Weighs the first of some people against each other one, as part of a population in which each value is so common.
fn weigh(people: &[Who<'_>], rows: f64, each: u32) -> Vec<Weighed> {
    let told: Vec<Said> = people.iter().map(|who| said(&[builder(who)])).collect();
    let counts: HashMap<Key, u32> = told.iter().flat_map(|t| t.keys(&key())).map(|key| (key, each)).collect();
    let population = Population { rows, counts: &counts, key: &key() };
    let scales = Scales::of(&told, Model::shipped(&names()), &population, 2008);
    let mut out = Vec::new();
    let others = (1..).take(people.len() - 1).map(|other| (0, other));
    scales.weigh(others, |_, weighed| out.push(weighed));
    out
}

fn said(rows: &[EvidenceBuilder]) -> Said {
    let mut said = Said::default();
    rows.iter().for_each(|row| said.add(row));
    said
}

#[test]
fn a_slip_of_an_identifier_weighs_and_is_barred_and_twin_father_and_son_do_not_weigh() {
    let slip = Who { ids: vec![(IdKind::Pnc, "2004/0031887A")], ..connor() };
    let twin = Who { name: ("HARGREAVES", "Callum"), ids: vec![], ..connor() };
    let father = Who { birth: Some(date(1955, 1, 3)), ids: vec![], ..connor() };
    let married =
        Who { name: ("OLDROYD", "Connor"), ids: vec![(IdKind::PrisonNumber, "A7341CD")], ..connor() };
    let misheard = Who { name: ("HARGREEVES", "Conor"), ids: vec![], ..connor() };
    let found = weigh(&[connor(), slip, twin, father, married, misheard], 100_000.0, 3);
    let bits: Vec<i32> = found.iter().map(|w| w.score.weight / 100).collect();
    let bars: Vec<Option<Bar>> = found.iter().map(|w| w.bar).collect();
    assert!(bits[0] >= 3 && bits[1] < 3 && bits[2] < 3 && bits[3] >= 10 && bits[4] >= 3, "{bits:?}");
    assert_eq!(bars[1..], [Some(Bar::Twins), Some(Bar::Generation), None, None]);
    for weighed in &found {
        let sum: i32 = weighed.lines.iter().map(|line| line.weight).sum();
        assert_eq!(sum, weighed.score.weight, "the lines add up");
    }
}

#[test]
fn what_is_common_among_all_weighs_little_even_where_only_two_have_it() {
    let two = || [Who { ids: vec![], ..connor() }, Who { ids: vec![], postcode: None, ..connor() }];
    let (rare, common) = (weigh(&two(), 1_000_000.0, 3), weigh(&two(), 1_000_000.0, 5_000));
    assert!(rare[0].score.weight > common[0].score.weight + 800, "{rare:?} {common:?}");
    assert!(common[0].score.weight < 300, "{common:?}");
    // Of a value that nobody is known to have it is not taken that it is rare.
    assert!(weigh(&two(), 1_000_000.0, 0)[0].score.weight < rare[0].score.weight);
}

proptest! {
    /// In whichever order rows, files of feeds and seeds come: the same pairs, and each of them of two people, one in the
    /// cohort, one told of tonight.
    #[test]
    fn order_does_not_matter_to_whom_the_model_is_asked_about(
        people in proptest::collection::vec((0u8..4, 0u8..3, 0u8..3, 0u8..4, any::<bool>(), 0u8..2), 1..40),
        seed in any::<u64>(),
    ) {
        let surnames = ["SMITH", "SMYTHE", "O'NEILL", "KHAN"];
        let forenames = ["Ann", "Anne", "Ben"];
        let codes = ["LS1 1AA", "LS2 2BB", "", "LS3 3CC"];
        let mut rows: Vec<_> = people.iter().zip(80u128..).map(|((s, f, b, c, fresh, feed), id)| {
            let code = codes[usize::from(*c)];
            let who = Who {
                name: (surnames[usize::from(*s)], forenames[usize::from(*f)]),
                birth: Some(date(1980 + i16::from(*b), 1, 1)),
                postcode: (!code.is_empty()).then_some(code),
                ids: vec![],
            };
            (*feed, *fresh, row(id, &who))
        }).collect();
        let found = |rows: &[(u8, bool, (u128, Vec<Key>, Option<Span>))], turned: bool| {
            let of = |feed: u8| Told(rows.iter().filter(|r| r.0 == feed).map(|r| r.2.clone()).collect());
            let (one, two) = (of(0), of(1));
            let seeds: Vec<u128> = rows.iter().filter(|r| r.1).map(|r| r.2.0).collect();
            let files: [&dyn Remembered; 2] = if turned { [&two, &one] } else { [&one, &two] };
            pairs(&files, &seeds)
        };
        let first = found(&rows, false);
        prop_assert_eq!(&first, &found(&rows, false));
        let fresh: Vec<u128> = rows.iter().filter(|r| r.1).map(|r| r.2.0).collect();
        for (a, b) in ends(&first) {
            prop_assert!(a != b && a < 100 && (fresh.contains(&a) || fresh.contains(&b)));
        }
        let mut state = seed | 1;
        for i in (1..rows.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            rows.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
        }
        prop_assert_eq!(&first, &found(&rows, true));
    }

    /// Of several rows about one identity none comes first; and any text at all is weighed.
    #[test]
    fn order_does_not_matter_to_what_weighs_and_any_text_is_weighed(
        rows in proptest::collection::vec(("\\PC{0,12}", "\\PC{0,12}", 0i16..90, "[A-Z]{2}[0-9 ]{3}[A-Z]{2}"), 2..6),
        rows_of_all in 1.0f64..1e7,
        each in 0u32..10_000,
    ) {
        let of = |(s, f, year, code): &(std::string::String, std::string::String, i16, std::string::String)| {
            builder(&Who {
                name: (s, f),
                birth: Some(date(1910 + year, 1, 1)),
                postcode: Some(code),
                ids: vec![(IdKind::Pnc, s), (IdKind::Crn, code)],
            })
        };
        let forward: Vec<EvidenceBuilder> = rows.iter().map(of).collect();
        let back: Vec<EvidenceBuilder> = rows.iter().rev().map(of).collect();
        let weighed = |mine: &[EvidenceBuilder], other: &EvidenceBuilder| {
            let told = [said(mine), said(core::slice::from_ref(other))];
            let counts: HashMap<Key, u32> =
                told.iter().flat_map(|t| t.keys(&key())).map(|key| (key, each)).collect();
            let population = Population { rows: rows_of_all, counts: &counts, key: &key() };
            let scales = Scales::of(&told, Model::shipped(&names()), &population, 2008);
            let mut out = Vec::new();
            scales.weigh([(0, 1), (1, 0)], |_, weighed| out.push(weighed));
            out
        };
        let (one, two) = (weighed(&forward, &forward[0]), weighed(&back, &forward[0]));
        prop_assert_eq!(&one, &two);
        prop_assert_eq!(one[0].score.weight, one[1].score.weight, "and both ways alike");
        prop_assert_eq!(one[0].bar, one[1].bar);
    }
}
