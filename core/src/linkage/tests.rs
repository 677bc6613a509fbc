//! A small population with planted look-alikes, inputs that must not explode, and what holds of any input.

use super::block::{Blocks, Family, Index};
use super::card::{Deck, IdField, Raw, Reader};
use super::cluster::{Cluster, Doubt, Edge, Grouping, Limits, parts};
use super::compare::Comparer;
use super::facts::Facts;
use super::guard::{Bar, bar};
use super::model::{Model, Plain};
use super::train::{alone, settle, train};
use crate::value::identifier::IdKind;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

/// Forename, surname, sex, birth, address, postcode, pnc, prison number; and the source's own key.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    cells: [String; 8],
    own: u32,
}

fn row(cells: [&str; 8]) -> Row {
    Row { cells: cells.map(String::from), own: 0 }
}

fn deck(rows: &[Row]) -> Deck {
    let kinds = [("pnc", IdKind::Pnc), ("noms", IdKind::PrisonNumber)];
    let kinds = kinds.map(|(name, kind)| IdField { name: name.into(), kind });
    let mut reader = Reader::new(kinds.into(), 2026);
    for row in rows {
        let [forename, surname, sex, birth, address, postcode, pnc, noms] =
            row.cells.each_ref().map(String::as_str);
        let ids = [pnc, noms];
        reader.add(&Raw {
            forename,
            surname,
            sex,
            birth,
            address,
            postcode,
            ids: &ids,
            source: 1,
            own: row.own,
            ..Raw::default()
        });
    }
    reader.deck
}

/// A number that two of a small deck share is as rare as the population says that the deck is a part of, not as the deck is small.
#[test]
fn a_number_is_as_rare_as_in_the_population_of_which_a_deck_is_a_part() {
    let one = row(["Testy", "Sample", "M", "1980-05-04", "", "", "", "A1234BC"]);
    let mut deck = deck(&[one.clone(), one]);
    let mut facts = Facts::of(&mut deck);
    let number = deck.card(0).unwrap().ids[1];
    let alone = facts.id(number).rarity;
    facts.part_of(&deck, 1_000_000.0, &|_| 2);
    assert!(facts.id(number).rarity > alone + 7 * super::math::BIT, "{alone}");
}

/// Links rows from end to end as the command does; the group of each row, and the doubts.
fn linked(rows: &[Row]) -> (Vec<u32>, Vec<(Edge, Doubt)>) {
    let mut deck = deck(rows);
    let facts = Facts::of(&mut deck);
    let blocks: Vec<_> = Family::all(&deck).into_iter().map(|f| (f, Blocks::of(f, &deck, &facts))).collect();
    let names: Vec<String> = deck.kinds.iter().map(|k| k.name.clone()).collect();
    let mut model = train(&deck, &facts, &Model::shipped(&names), &blocks, &alone);
    let index = Index::of(&blocks, deck.len());
    let mut comparer = Comparer::new(&deck, &facts, &model);
    let (mut others, mut agreements, mut both) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..deck.len() {
        index.candidates(at, false, &mut others);
        for other in &others {
            let agreement = comparer.compare(deck.card(at).unwrap(), deck.card(*other).unwrap());
            agreements.push((at, *other, agreement));
            both.extend([model.score(&agreement).weight; 2]);
        }
    }
    settle(&mut model, facts.records(), deck.len(), &both);
    let mut edges: Vec<Edge> = agreements
        .iter()
        .map(|(a, b, agreement)| Edge { a: *a, b: *b, weight: model.score(agreement).weight })
        .filter(|edge| edge.weight >= 0)
        .collect();
    let ends = parts(&mut edges, deck.len());
    let mut cluster = Cluster::new(&deck, &facts, &model, Limits::default());
    let (mut group, mut doubts, mut start): (Vec<u32>, _, _) = ((0..deck.len()).collect(), Vec::new(), 0);
    for end in ends {
        let found: Grouping = cluster.group(&edges[start..end]);
        for members in found.groups {
            members.iter().for_each(|m| group[*m as usize] = members[0]);
        }
        doubts.extend(found.doubts);
        start = end;
    }
    (group, doubts)
}

/// Unremarkable people, so that frequencies are those of a population: each once.
fn crowd(people: usize) -> Vec<Row> {
    let given = [
        "ADA", "BERYL", "CYRIL", "DORIS", "ELMER", "FLORA", "GILES", "HILDA", "IVOR", "JUNO", "KEIR", "LYDIA",
    ];
    let family =
        ["ABLETT", "BODKIN", "CRABBE", "DITTON", "EAGLING", "FARROW", "GOTOBED", "HUNNABLE", "INSTONE"];
    let one = |n: usize| {
        let (f, s) = (given[n % given.len()], family[n / given.len() % family.len()]);
        let born = format!("{}-{:02}-{:02}", 1950 + n % 50, 1 + n % 12, 2 + n % 27);
        let (address, code) =
            (format!("{} Sample Row", n % 97 + 1), format!("LS{} {}AB", n % 28 + 1, n % 9 + 1));
        row([f, s, "", &born, &address, &code, "", ""])
    };
    (0..people).map(one).collect()
}

/// The first rows of a population, with whom each of them ends up.
fn planted(rows: Vec<Row>) -> (Vec<u32>, Vec<Doubt>) {
    let many = rows.len();
    let all: Vec<Row> = rows.into_iter().chain(crowd(300)).collect();
    let (group, doubts) = linked(&all);
    (group[..many].to_vec(), doubts.into_iter().map(|(_, d)| d).collect())
}

const HOME: [&str; 2] = ["14 Copse Row", "LS9 7AA"];

#[test]
fn one_person_under_many_guises_is_joined() {
    let [a, p] = HOME;
    let (group, _) = planted(vec![
        row(["Connor James", "HARGREAVES", "M", "1981-02-14", a, p, "2004/0031877J", "A7341CD"]),
        // A short form of the number, a slip, a mistyped number, names exchanged, an alias with both numbers.
        row(["CONNOR", "Hargreaves", "M", "14/02/1981", a, p, "04/31877J", ""]),
        row(["Conor", "HARGREAVE", "", "1981-02-14", a, "ls97aa", "", "A7341CD"]),
        row(["Connor", "HARGREAVES", "M", "1981-02-14", a, p, "2004/0031878J", ""]),
        row(["Hargreaves", "Connor", "M", "1981-02-14", a, "", "", "A7341CD"]),
        row(["Connor;Kit", "HARGREAVES;BLACKETT", "M", "1981-02-14", a, p, "2004/0031877J", "A7341CD"]),
        row(["Kit", "BLACKETT", "M", "1981-02-14", a, p, "2004/0031877J", "A7341CD"]),
    ]);
    assert_eq!(group, [0; 7]);
}

#[test]
fn twins_stay_two() {
    let [a, p] = HOME;
    let (group, doubts) = planted(vec![
        row(["Connor", "HARGREAVES", "M", "1981-02-14", a, p, "2004/0031877J", ""]),
        row(["Declan", "HARGREAVES", "M", "1981-02-14", a, p, "", ""]),
        row(["Harpreet", "SANDHU", "F", "1985-09-03", a, p, "", ""]),
        row(["Gurpreet", "SANDHU", "F", "1985-09-03", a, p, "", ""]),
        // An initial agrees with both, and bridges nothing.
        row(["D", "HARGREAVES", "M", "1981-02-14", a, p, "", ""]),
    ]);
    assert!(group[0] != group[1] && group[2] != group[3] && group[4] != group[0], "{group:?} {doubts:?}");
}

#[test]
fn father_and_son_stay_two() {
    let [a, p] = HOME;
    let (group, _) = planted(vec![
        row(["Connor", "HARGREAVES", "M", "1981-02-14", a, p, "", "A7341CD"]),
        row(["Connor", "HARGREAVES", "M", "2004-07-30", a, p, "", ""]),
        row(["Connor", "HARGREAVES Jnr", "M", "", a, p, "", ""]),
        row(["Connor", "HARGREAVES Snr", "M", "", a, p, "", ""]),
    ]);
    assert!(group[0] != group[1] && group[2] != group[3], "{group:?}");
}

#[test]
fn brothers_under_one_number_stay_two() {
    let [a, p] = HOME;
    let (group, _) = planted(vec![
        row(["Connor", "HARGREAVES", "M", "1981-02-14", a, p, "2004/0031877J", ""]),
        row(["Liam", "HARGREAVES", "M", "1984-11-02", a, p, "2004/0031877J", ""]),
    ]);
    assert_ne!(group[0], group[1]);
}

#[test]
fn one_identifier_alone_joins_nobody_and_is_asked_about() {
    let rows = vec![
        row(["Connor", "HARGREAVES", "M", "1981-02-14", "", "", "2004/0031877J", ""]),
        row(["Shanelle", "ONEILL", "F", "1985-09-03", "", "", "2004/0031877J", ""]),
    ];
    let (group, _) = planted(rows.clone());
    assert_ne!(group[0], group[1]);
    assert_eq!(barred(&rows), Some(Bar::Alone));
}

fn barred(rows: &[Row]) -> Option<Bar> {
    let mut deck = deck(rows);
    let facts = Facts::of(&mut deck);
    let model = Model::shipped(&["pnc".into(), "noms".into()]);
    let (a, b) = (deck.card(0).unwrap(), deck.card(1).unwrap());
    let agreement = Comparer::new(&deck, &facts, &model).compare(a, b);
    bar(&deck.kinds, a, b, &agreement, true)
}

#[test]
fn numbers_that_conflict_forbid_unless_a_third_proves_a_second_number() {
    let with =
        |pnc: &str, noms: &str| row(["Connor", "HARGREAVES", "M", "1981-02-14", "", "LS9 7AA", pnc, noms]);
    for (one, two, found) in [
        (with("2004/0031877J", ""), with("2008/0123456M", ""), Some(Bar::Identifiers)),
        (with("", "A7341CD"), with("", "B2206FH"), Some(Bar::Identifiers)),
        (with("2004/0031877J", "A7341CD"), with("2004/0031877J", "B2206FH"), None),
        (with("2004/0031877J", "A7341CD"), with("2008/0123456M", "A7341CD"), Some(Bar::Identifiers)),
        // One digit apart is a slip, and a number that fails its check is no other number.
        (with("", "A7341CD"), with("", "A7342CD"), None),
        (with("2004/0031877J", ""), with("2008/0123456A", ""), None),
    ] {
        assert_eq!(barred(&[one, two]), found);
    }
}

#[test]
fn a_source_that_holds_each_person_once_has_two_people() {
    let mut rows = vec![row(["Connor", "HARGREAVES", "M", "1981-02-14", HOME[0], HOME[1], "", "A7341CD"]); 2];
    assert_eq!(planted(rows.clone()).0, [0, 0]);
    (rows[0].own, rows[1].own) = (1, 2);
    assert_eq!(planted(rows).0, [0, 1]);
}

#[test]
fn an_identifier_in_the_wrong_column_counts_where_it_belongs() {
    let one = row(["Connor", "HARGREAVES", "", "1981-02-14", "", "", "", "A7341CD"]);
    let mut strayed = one.clone();
    strayed.cells.swap(6, 7);
    let deck = deck(&[one, strayed]);
    assert_eq!(deck.cards[0].ids, deck.cards[1].ids);
}

#[test]
fn thousands_of_one_name_and_one_birthday_neither_explode_nor_join() {
    let one = |n: u32| row(["Mohammed", "Khan", "M", &format!("{}-01-01", 1950 + n % 60), "", "", "", ""]);
    let (group, doubts) = linked(&(0..10_000).map(one).collect::<Vec<_>>());
    assert!(group.iter().zip(0..).all(|(group, at)| *group == at));
    assert!(doubts.is_empty(), "{} doubts", doubts.len());
}

#[test]
fn a_prison_is_no_home() {
    let one = |n: usize| {
        let mut row = crowd(n + 1).pop().unwrap_or_default();
        (row.cells[4], row.cells[5]) = ("HMP Sample".into(), "LS12 2TJ".into());
        row
    };
    let rows: Vec<Row> = (0..108).map(one).collect();
    let (group, _) = linked(&rows);
    assert!(group.iter().zip(0..).all(|(group, at)| *group == at));
}

#[test]
fn names_of_one_letter_no_letter_or_another_script_join_nobody() {
    let rows: Vec<Row> = [["A", "B"], ["A", "B"], ["", ""], ["", ""], ["-", "X"], ["\u{202e}", "\u{200f}"]]
        .map(|[f, s]| row([f, s, "M", "", "", "LS12 2TJ", "", ""]))
        .into();
    let (group, _) = linked(&rows);
    assert!(group.iter().zip(0..).all(|(group, at)| *group == at), "{group:?}");
    let born = |forename| {
        row([
            forename,
            "\u{418}\u{432}\u{430}\u{43d}\u{43e}\u{432}",
            "",
            "1981-02-14",
            HOME[0],
            HOME[1],
            "",
            "",
        ])
    };
    let (group, _) = planted(vec![
        born("\u{41e}\u{43b}\u{435}\u{433}"),
        born("\u{41e}\u{43b}\u{435}\u{433}"),
        born("\u{418}\u{433}\u{43e}\u{440}\u{44c}"),
    ]);
    assert!(group[0] == group[1] && group[0] != group[2], "{group:?}");
}

#[test]
fn a_model_file_reads_back_as_it_was_and_another_is_refused() {
    let ids = ["pnc".into(), "noms".into()];
    let model = Model::shipped(&ids);
    let text = serde_json::to_string(&model.plain).unwrap();
    let plain: Plain = serde_json::from_str(&text).unwrap();
    assert_eq!(plain, model.plain);
    assert!(Model::read(plain.clone(), &ids).is_ok());
    assert!(Model::read(plain.clone(), &ids[..1]).is_err());
    assert!(Model::read(Plain { form: 9, ..plain.clone() }, &ids).is_err());
    assert!(Model::read(Plain { own: f64::NAN, ..plain }, &ids).is_err());
}

fn any_row() -> impl Strategy<Value = Row> {
    let forename = prop_oneof!["ANN|ANNE|BEN|BENJAMIN|BEM|C|DAN", Just(String::new()), "\\PC{0,6}"];
    let surname = prop_oneof!["SAMPLE|SAMPEL|TEST|SAMPLE-TEST|TESTER", Just(String::new()), "\\PC{0,6}"];
    let sex = "M|F|";
    let birth = "1981-02-14|1981-04-12|1981-02-15|2004-02-14|1981-01-01|";
    let address = "1 Row Road|2 Row Road|";
    let postcode = "LS9 7AA|LS9 7AB|";
    let pnc = "2004/0031877J|2008/0123456M|2004/0031878J|";
    let noms = "A7341CD|A7341CE|B2206FH|";
    (forename, surname, sex, birth, address, postcode, pnc, noms, 0..4_u32).prop_map(
        |(f, s, x, b, a, p, c, n, own)| Row { cells: [f, s, x, b, a, p, c, n].map(String::from), own },
    )
}

/// The groups as sets of rows.
fn sets(rows: &[Row]) -> Vec<Vec<usize>> {
    let (group, _) = linked(rows);
    let mut out: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    group.iter().enumerate().for_each(|(row, group)| out.entry(*group).or_default().push(row));
    let mut sets: Vec<Vec<usize>> = out.into_values().collect();
    sets.sort();
    sets
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_forbidden_is_ever_joined(rows in proptest::collection::vec(any_row(), 2..40)) {
        let deck = deck(&rows);
        for set in sets(&rows) {
            let cards: Vec<_> = set.iter().map(|row| deck.cards[*row]).collect();
            for (n, a) in cards.iter().enumerate() {
                for b in cards.iter().skip(n + 1) {
                    prop_assert!(a.own == 0 || b.own == 0 || a.own == b.own, "two keys of one source");
                    let sure = |id: u32| id != 0 && id & super::card::UNSURE == 0;
                    prop_assert!(!(sure(a.ids[0]) && sure(b.ids[0]) && a.ids[0] != b.ids[0]), "two numbers with a check");
                }
            }
        }
    }

    #[test]
    fn the_same_rows_give_the_same_groups_again(rows in proptest::collection::vec(any_row(), 2..40)) {
        prop_assert_eq!(sets(&rows), sets(&rows));
    }
}
