//! Invented values for a draft's example: of the right shape, and none that stands in the sample.

use lockgate_core::survey::Survey;
use lockgate_core::value::identifier::{self, IdKind};

const SURNAMES: [&str; 4] = ["EXAMPLE", "SAMPLESON", "INVENTED", "NOBODY"];
const FORENAMES: [&str; 4] = ["Alex", "Robin", "Sam", "Jo"];
const STREETS: [&str; 3] = ["1 Invented Street", "2 Example Road", "3 Nowhere Lane"];
/// Postcodes of a sector that no post goes to.
const POSTCODES: [&str; 3] = ["LS99 9ZZ", "LS99 9ZY", "LS99 9ZX"];

fn first(survey: &Survey, candidates: impl IntoIterator<Item = String>) -> Option<String> {
    candidates.into_iter().find(|c| !survey.holds(c))
}

fn words(survey: &Survey, list: &[&str]) -> Option<String> {
    first(survey, list.iter().map(|w| (*w).to_owned()))
}

/// A surname, forenames or any other name.
pub(super) fn name(survey: &Survey, field: &str) -> Option<String> {
    words(survey, if field == "surname" { &SURNAMES } else { &FORENAMES })
}

/// A line of an address.
pub(super) fn street(survey: &Survey) -> Option<String> {
    words(survey, &STREETS)
}

/// A postcode.
pub(super) fn postcode(survey: &Survey) -> Option<String> {
    words(survey, &POSTCODES)
}

/// A day of the pattern and the same as ISO; `birth`: one long ago.
pub(super) fn day(survey: &Survey, pattern: &str, birth: bool) -> Option<(String, String)> {
    let days = (1..=28u8).map(|day| {
        let (year, month) = if birth { (1981u16, 2) } else { (2008, 11) };
        let written = pattern
            .replace("Thh:mm:ss", "T10:00:00")
            .replace("hh:mm:ss", "10:00:00")
            .replace("hh:mm", "10:00")
            .replace("yyyy", &year.to_string())
            .replace("yy", &format!("{:02}", year % 100))
            .replace("MON", if birth { "FEB" } else { "NOV" })
            .replace("mm", &format!("{month:02}"))
            .replace("dd", &format!("{day:02}"));
        let short = written.replace("d/m/", &format!("{day}/{month}/"));
        (short, format!("{year}-{month:02}-{day:02}"))
    });
    days.into_iter().find(|(written, _)| !survey.holds(written))
}

/// An identifier with a right check letter.
pub(super) fn id(survey: &Survey, kind: IdKind) -> Option<String> {
    let letters = ('A'..='Z').collect::<Vec<char>>();
    let mut out = String::new();
    (1..200u32)
        .flat_map(|n| {
            letters
                .iter()
                .map(move |letter| match kind {
                    IdKind::Pnc => format!("2007/{:07}{letter}", 990_000 + n),
                    IdKind::Cro => format!("{:06}/07{letter}", 990_000 + n),
                    IdKind::PrisonNumber => format!("A{:04}Z{letter}", 9_000 + n),
                    IdKind::Crn => format!("{letter}{:06}", 990_000 + n),
                    IdKind::Nino => format!("AA{:06}A", 990_000 + n),
                    _ => format!("{}", 9_990_000 + n),
                })
                .collect::<Vec<String>>()
        })
        .find(|text| {
            out.clear();
            identifier::read(kind, text, 8, &mut out).is_ok() && !survey.holds(text)
        })
}
