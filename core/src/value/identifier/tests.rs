//! Identifiers: worked samples of each kind, refusals by rule, and properties over any text.

#![expect(clippy::indexing_slicing, reason = "tests")]

use super::*;
use proptest::prelude::*;

const PIVOT: u8 = 26;

fn got(kind: IdKind, text: &str, pivot: u8) -> Result<String, Fault> {
    let mut out = String::from("kept");
    let result = read(kind, text, pivot, &mut out);
    let rest = out.strip_prefix("kept").map(String::from).unwrap_or_default();
    assert!(result.is_ok() || rest.is_empty(), "a refused value left something behind");
    result.map(|()| rest)
}

#[test]
fn each_kind_has_one_canonical_form() {
    use IdKind as K;
    for (kind, text, canonical) in [
        (K::Pnc, "2008/0123456M", "2008/0123456M"),
        (K::Pnc, "99/7N", "1999/0000007N"),
        (K::Pnc, "850000001u", "1985/0000001U"),
        (K::Pnc, "033Y", "2003/0000003Y"),
        (K::Pnc, " - 02/73319z ", "2002/0073319Z"),
        (K::Pnc, "2008/56560Z", "2008/0056560Z"),
        (K::Cro, "12345/08V", "012345/08V"),
        (K::Cro, "777/99P", "000777/99P"),
        (K::Cro, " sf83/4321v", "SF83/4321V"),
        (K::Asn, "11/01ZD/01/00000410836V", "1101ZD0100000410836V"),
        (K::Asn, "0713L70000000000099V", "0713L70000000000099V"),
        (K::PrisonNumber, "a9876zz", "A9876ZZ"),
        (K::Crn, "e000001", "E000001"),
        (K::Nino, "jk 12 34 56 d", "JK123456D"),
        (K::Nino, "CE765432", "CE765432"),
        (K::Uprn, "000000199356", "199356"),
        (K::Attributor, "xy01011985f", "XY01011985F"),
        (K::EmSubject, "AB12", "AB12"),
        (K::Booking, "LE1234", "LE1234"),
        (K::Offence, "00102", "00102"),
        (K::CjsOffence, "CD71040A", "CD71040A"),
        (K::CourtOu, "C13LE", "C13LE"),
        (K::PoliceUnit, "13ld", "13LD"),
        (K::Staff, "n02abcu", "N02ABCU"),
        (K::Team, "YSWUAT", "YSWUAT"),
        (K::OasysPk, "6758939", "6758939"),
        (K::TenancyRef, " 0116172/01 ", "0116172/01"),
        (K::YosId, "y 123", "Y123"),
        (K::Local, " aB 12-x ", "aB 12-x"),
    ] {
        assert_eq!(got(kind, text, PIVOT).as_deref(), Ok(canonical), "{} {text}", kind.word());
    }
}

#[test]
fn each_refusal_names_its_rule() {
    use IdKind as K;
    for (kind, text, fault) in [
        (K::Pnc, "", EMPTY),
        (K::Pnc, " - ", EMPTY),
        (K::Pnc, "UNKNOWN PNC", ID_SHAPE),
        (K::Pnc, "2008/0123456A", ID_CHECK),
        (K::Pnc, "2008/123456I", ID_CHECK),
        (K::Pnc, "08/12345678A", ID_SHAPE),
        (K::Pnc, "2001/0171310S", ID_CHECK),
        (K::Pnc, "2008/\u{200e}0123456M", ID_SHAPE),
        (K::Cro, "000000/00Z", ID_PLACEHOLDER),
        (K::Cro, "0/08Q", ID_PLACEHOLDER),
        (K::Cro, "SF08/12345I", ID_CHECK),
        (K::Cro, "1234567/08A", ID_SHAPE),
        (K::Cro, "CRO112234", ID_SHAPE),
        (K::Asn, "1101ZD0100000410836W", ID_CHECK),
        (K::Asn, "08/13/LD", ID_SHAPE),
        (K::PrisonNumber, "A12345B", ID_SHAPE),
        (K::Crn, "XX12345", ID_SHAPE),
        (K::Nino, "QQ123456C", ID_NEVER_ISSUED),
        (K::Nino, "BG123456A", ID_NEVER_ISSUED),
        (K::Nino, "AO123456A", ID_NEVER_ISSUED),
        (K::Nino, "AB123456E", ID_SHAPE),
        (K::Uprn, "0", ID_PLACEHOLDER),
        (K::Uprn, "1234567890123", ID_SHAPE),
        (K::Attributor, "AB32131979M", ID_SHAPE),
        (K::CourtOu, "D13HT00", ID_SHAPE),
        (K::Offence, "102", ID_SHAPE),
        (K::EmSubject, "12-34", ID_SHAPE),
        (K::OasysPk, "12.0E5", ID_SHAPE),
        (K::Offence, "0010\u{662}", ID_SHAPE),
        (K::Crn, "\u{17f}123456", ID_SHAPE),
        (K::Local, "UNKNOWN", ID_SHAPE),
        (K::Local, "0000", ID_PLACEHOLDER),
        (K::Local, "12\u{202e}34", ID_SHAPE),
        (K::YosId, "N/A", ID_SHAPE),
        (K::TenancyRef, "0/00", ID_PLACEHOLDER),
    ] {
        assert_eq!(got(kind, text, PIVOT), Err(fault), "{} {text}", kind.word());
    }
}

#[test]
fn a_two_digit_year_is_never_read_as_a_year_to_come() {
    let letter = |yy: u64| char::from(LETTERS[usize::try_from((yy * 10_000_000 + 1) % 23).unwrap_or(0)]);
    for (yy, pivot, year) in [(8, 8, "2008"), (9, 8, "1909"), (0, 0, "2000"), (99, 8, "1999")] {
        let text = std::format!("{yy:02}/1{}", letter(yy));
        assert_eq!(
            got(IdKind::Pnc, &text, pivot),
            Ok(std::format!("{year}/0000001{}", letter(yy))),
            "{text} with pivot {pivot}"
        );
    }
    let to_come = std::format!("2009/1{}", letter(9));
    assert_eq!(got(IdKind::Pnc, &to_come, 8), Err(ID_NEVER_ISSUED));
    assert!(got(IdKind::Pnc, &to_come, 9).is_ok());
}

#[test]
fn words_name_their_kinds() {
    for kind in IdKind::ALL {
        assert_eq!(IdKind::parse(kind.word()), Some(kind));
    }
    assert_eq!(IdKind::parse("PNC"), None);
    let strong: alloc::vec::Vec<&str> =
        IdKind::ALL.into_iter().filter(|k| k.is_strong()).map(IdKind::word).collect();
    assert_eq!(strong, ["pnc", "cro", "prison_number", "crn", "nino"]);
    let checked: alloc::vec::Vec<&str> =
        IdKind::ALL.into_iter().filter(|k| k.has_check()).map(IdKind::word).collect();
    assert_eq!(checked, ["pnc", "cro", "asn"]);
}

fn any_kind() -> impl Strategy<Value = IdKind> {
    proptest::sample::select(&IdKind::ALL[..])
}

proptest! {
    #[test]
    fn any_text_reads_or_is_refused_and_reads_again_as_itself(
        kind in any_kind(),
        text in prop_oneof![".{0,24}", "[A-Za-z0-9/ -]{0,24}", "[A-Z]{0,2}[0-9]{1,10}[A-Z]{0,2}"],
        pivot in any::<u8>(),
    ) {
        if let Ok(canonical) = got(kind, &text, pivot) {
            prop_assert_eq!(got(kind, &canonical, pivot), Ok(canonical.clone()));
        }
    }

    #[test]
    fn one_mistyped_digit_or_swap_never_passes_the_check(
        year in 1950_u64..2026, number in 0_u64..10_000_000, at in 0_usize..9, by in 1_u8..10, swap: bool,
    ) {
        let digits = std::format!("{:02}{number:07}", year % 100).into_bytes();
        let letter = LETTERS[usize::try_from(whole(&digits).unwrap_or(0) % 23).unwrap_or(0)];
        let mut wrong = digits.clone();
        if swap && at < 8 {
            wrong.swap(at, at + 1);
        } else {
            wrong[at] = b'0' + (wrong[at] - b'0' + by) % 10;
        }
        prop_assume!(wrong != digits);
        wrong.push(letter);
        let text = String::from_utf8(wrong).unwrap_or_default();
        prop_assert_eq!(got(IdKind::Pnc, &text, PIVOT), Err(ID_CHECK));
    }
}
