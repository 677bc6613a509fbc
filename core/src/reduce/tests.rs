//! Reductions: each on its type, the lattice, and that nothing passes which cannot be reduced.

use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

const TODAY: Date = Date::constant(2008, 11, 17);

const KINDS: [Kind; 14] = [
    Kind::Name,
    Kind::Dob,
    Kind::Date,
    Kind::DateTime,
    Kind::Id,
    Kind::Code,
    Kind::Address,
    Kind::Postcode,
    Kind::Number,
    Kind::Flag,
    Kind::Money,
    Kind::Text,
    Kind::Person,
    Kind::File,
];

fn reduced(kind: Kind, word: &str, canonical: &str) -> Option<String> {
    Reduction::parse(kind, word)?.apply(kind, canonical, TODAY, Some("GROUP")).map(Into::into)
}

#[test]
fn policy_1_8_each_type_has_its_reductions() {
    use Kind as K;
    for (kind, word, canonical, result) in [
        (K::Dob, "month", "1985-03-09", "1985-03"),
        (K::Dob, "year", "1985-03-09", "1985"),
        (K::Dob, "age", "1985-03-09", "23"),
        (K::Dob, "age_band", "1985-03-09", "21-24"),
        (K::Date, "month", "2008-11-20", "2008-11"),
        (K::Date, "year", "2008-11-20", "2008"),
        (K::DateTime, "date", "2008-11-20T23:15:00Z", "2008-11-20"),
        (K::DateTime, "month", "2008-11-20T23:15:00Z", "2008-11"),
        (K::DateTime, "year", "2008-11-20T23:15:00Z", "2008"),
        (K::Postcode, "sector", "LS12 2TJ", "LS12 2"),
        (K::Postcode, "district", "LS12 2TJ", "LS12"),
        (K::Postcode, "area", "LS12 2TJ", "LS"),
        (K::Postcode, "area", "W1A 0AX", "W"),
        (K::Postcode, "area", "GIR 0AA", "GIR"),
        (K::Address, "town", "Flat 2, 12 Example Row, Leeds", "Leeds"),
        (K::Name, "initials", "Testy Mary-Ann o'Sample", "TMO"),
        (K::Name, "initials", "Testy Sample; (Sam) \u{e9}xample", "TS; S\u{c9}"),
        (K::Number, "presence", "0", "true"),
        (K::Flag, "presence", "false", "true"),
        (K::Money, "presence", "12.00", "true"),
        (K::Code, "group", "TH68010", "GROUP"),
    ] {
        assert_eq!(reduced(kind, word, canonical).as_deref(), Some(result), "{} {word}", kind.word());
    }
}

#[test]
fn policy_1_8_ages_fall_into_six_bands() {
    for (birth, band) in [
        ("1990-11-18", "<18"),
        ("1990-11-17", "18-20"),
        ("1987-11-18", "18-20"),
        ("1987-11-17", "21-24"),
        ("1983-11-18", "21-24"),
        ("1983-11-17", "25-34"),
        ("1973-11-18", "25-34"),
        ("1973-11-17", "35-49"),
        ("1958-11-18", "35-49"),
        ("1958-11-17", "50+"),
    ] {
        assert_eq!(reduced(Kind::Dob, "age_band", birth).as_deref(), Some(band), "{birth}");
    }
}

#[test]
fn policy_1_7_5_what_cannot_be_reduced_is_dropped() {
    use Kind as K;
    for (kind, word, canonical) in [
        (K::Dob, "age", "2008-11-18"),
        (K::Dob, "age_band", "2008-11-18"),
        (K::Dob, "year", "09/03/1985"),
        (K::Dob, "month", "1985-02-30"),
        (K::Date, "month", ""),
        (K::DateTime, "date", "2008-11-20 23:15"),
        (K::Postcode, "district", "LS122TJ"),
        (K::Postcode, "sector", "12 Example Row"),
        (K::Postcode, "district", "12 Example"),
        (K::Address, "town", "12 Example Row"),
        (K::Address, "town", "12 Example Row, LS12 2TJ"),
        (K::Address, "town", "12 Example Row, "),
        (K::Address, "town", ", Leeds"),
        (K::Name, "initials", "- ."),
        (K::Number, "count", "4"),
    ] {
        assert!(Reduction::parse(kind, word).is_some(), "{} has {word}", kind.word());
        assert_eq!(reduced(kind, word, canonical), None, "{} {word} {canonical}", kind.word());
    }
    assert_eq!(Reduction::Group.apply(K::Code, "TH68010", TODAY, None), None);
    assert_eq!(Reduction::Group.apply(K::Code, "TH68010", TODAY, Some("")), None);
}

#[test]
fn policy_1_8_text_people_files_and_identifiers_have_no_reduction() {
    for kind in [Kind::Text, Kind::Person, Kind::File, Kind::Id] {
        for reduction in Reduction::ALL {
            assert_eq!(Reduction::parse(kind, reduction.word()), None);
            assert_eq!(reduction.apply(kind, "2008-11-20", TODAY, Some("GROUP")), None);
        }
    }
}

#[test]
fn words_stand_in_the_order_of_the_lattice() {
    for kind in KINDS {
        let chain: Vec<Reduction> =
            Reduction::words(kind).iter().filter_map(|word| Reduction::parse(kind, word)).collect();
        assert_eq!(chain.len(), Reduction::words(kind).len(), "{}", kind.word());
        assert!(chain.is_sorted(), "{}", kind.word());
        for (at, finer) in chain.iter().enumerate() {
            for coarser in chain.iter().skip(at) {
                assert_eq!(Reduction::coarser(Some(*finer), Some(*coarser)), Some(*coarser));
            }
        }
    }
    assert_eq!(Reduction::parse(Kind::Dob, "date"), None);
    assert_eq!(Reduction::parse(Kind::Date, "age"), None);
    assert_eq!(Reduction::parse(Kind::Name, "none"), None);
}

#[test]
fn only_ages_depend_on_the_day() {
    let moving: Vec<Reduction> = Reduction::ALL.into_iter().filter(|r| r.depends_on_day()).collect();
    assert_eq!(moving, [Reduction::Age, Reduction::AgeBand]);
}

fn any_reduction() -> impl Strategy<Value = Option<Reduction>> {
    proptest::option::of(proptest::sample::select(&Reduction::ALL[..]))
}

fn any_canonical() -> impl Strategy<Value = (Kind, String)> {
    prop_oneof![
        "(19[0-9]{2}|200[0-7])-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])".prop_map(|t| (Kind::Dob, t)),
        "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T(0[0-9]|1[0-9]):[0-5][0-9]:00Z"
            .prop_map(|t| (Kind::DateTime, t)),
        "(LS|W|M)[1-9][0-9]? [1-3][ABDE]{2}".prop_map(|t| (Kind::Postcode, t)),
    ]
}

proptest! {
    #[test]
    fn coarser_is_a_lattice(a in any_reduction(), b in any_reduction(), c in any_reduction()) {
        let meet = Reduction::coarser;
        prop_assert_eq!(meet(a, b), meet(b, a));
        prop_assert_eq!(meet(meet(a, b), c), meet(a, meet(b, c)));
        prop_assert_eq!(meet(a, a), a);
        prop_assert_eq!(meet(a, None), a);
    }

    #[test]
    fn a_coarser_result_follows_from_a_finer_one((kind, canonical) in any_canonical()) {
        let results: Vec<String> = Reduction::words(kind)
            .iter()
            .filter_map(|word| Reduction::parse(kind, word))
            .filter(|reduction| !reduction.depends_on_day())
            .map(|reduction| reduction.apply(kind, &canonical, TODAY, None).unwrap_or_default().into())
            .collect();
        prop_assert!(results.iter().all(|result| !result.is_empty() && canonical.starts_with(result.as_str())));
        for (finer, coarser) in results.iter().zip(results.iter().skip(1)) {
            prop_assert!(finer.starts_with(coarser.as_str()) && finer != coarser);
        }
    }

    #[test]
    fn no_text_brings_a_reduction_down_or_passes_whole(
        text in prop_oneof![any::<String>(), "\\PC{0,20}", "[0-9A-Z ,;-]{0,20}"],
        reduction in proptest::sample::select(&Reduction::ALL[..]),
    ) {
        for kind in KINDS {
            let result = reduction.apply(kind, &text, TODAY, None);
            if matches!(kind, Kind::Dob | Kind::Date | Kind::DateTime | Kind::Postcode | Kind::Address) {
                prop_assert!(result.is_none_or(|r| r != text));
            }
        }
    }
}
