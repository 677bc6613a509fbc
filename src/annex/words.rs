//! The words of the agreement as an officer reads them.

use super::Legend;
use lockgate_core::agreement::{Agreement, AuthorityKind};

/// What a reduction leaves of a value.
pub(super) fn reduced_to(word: &str) -> &str {
    match word {
        "date" => "the day",
        "month" => "the month",
        "year" => "the year",
        "age" => "the age",
        "age_band" => "an age band",
        "sector" => "the postcode sector",
        "district" => "the postcode district",
        "area" => "the postcode area",
        "town" => "the town",
        "initials" => "initials",
        "presence" => "whether there is one",
        "count" => "a monthly count",
        "group" => "the group of the code",
        other => other,
    }
}

/// What a kind of authority is.
pub(super) const fn authority(kind: AuthorityKind) -> &'static str {
    match kind {
        AuthorityKind::DvRisk => "risk to a particular victim",
        AuthorityKind::ChildRisk => "relevance to the current risk, for child protection",
        AuthorityKind::CovertRelease => "release by the operational head",
        AuthorityKind::Harm => "prevention of harm",
        AuthorityKind::SubjectConsent => "consent of the person",
        AuthorityKind::Nim => "dissemination authorised",
        AuthorityKind::TextReview => "text reviewed",
        AuthorityKind::ProviderConsent => "written consent of the provider",
    }
}

/// The lists of words at the end of the annex.
pub(super) fn legends(agreement: &Agreement) -> Vec<Legend> {
    let own = |(word, meaning): (&str, &str)| (word.to_owned(), meaning.to_owned());
    let reductions = [
        ("the month, the year", "of a date; the day is withheld"),
        ("the day", "of a date and time; the hour is withheld"),
        ("the age, an age band", "on the day of the bundle; the date of birth is withheld"),
        (
            "the postcode sector, district, area",
            "the beginning of the postcode: some 2,900 addresses, some 9,600, a whole post town",
        ),
        ("the town", "the last part of an address"),
        ("initials", "first letters; of people who are known they are not anonymous"),
        ("whether there is one", "yes, whatever the value"),
        ("a monthly count", "rows of a month become one row with their number"),
        ("the group of the code", "such as a group of offences"),
    ];
    let authorities = AuthorityKind::ALL.map(|k| (authority(k).to_owned(), meaning(k).to_owned()));
    vec![
        Legend {
            title: "Purposes",
            about: "Each disclosure serves at least one (5.2.4), and none for which the information was not collected (5.2.5).",
            words: agreement.purposes().map(own).collect(),
        },
        Legend {
            title: "Conditions",
            about: "Computed each night from what is recorded; what is unknown or missing does not hold.",
            words: agreement.conditions().iter().map(|c| (c.name.clone(), c.title.clone())).collect(),
        },
        Legend {
            title: "Reductions",
            about: "A value that cannot be reduced as stated is not given at all.",
            words: reductions.map(own).into(),
        },
        Legend {
            title: "Authorities",
            about: "A decision of the originator, recorded for one record, named recipients and named fields, with a written \
                    reference and an end. It opens nothing beyond what this annex names.",
            words: authorities.into(),
        },
        Legend {
            title: "Handling",
            about: "Stands in every row that leaves, and binds its recipient.",
            words: agreement.handling_words().map(own).collect(),
        },
    ]
}

const fn meaning(kind: AuthorityKind) -> &'static str {
    match kind {
        AuthorityKind::DvRisk => "a particular victim or potential victim is at risk (5.1.1.iv)",
        AuthorityKind::ChildRisk => "the information is relevant to the current risk of offending (5.1.1.v)",
        AuthorityKind::CovertRelease => "an operationally sensitive matter may be told (5.1.1.iii)",
        AuthorityKind::Harm => {
            "self-harm, harm to others, or a substantial public interest (5.1.7.ii, 5.1.8.ii)"
        }
        AuthorityKind::SubjectConsent => "the person agreed to this disclosure",
        AuthorityKind::Nim => "the owner of intelligence permits its dissemination (5.1.1.vii)",
        AuthorityKind::TextReview => "a person has read the text and released it",
        AuthorityKind::ProviderConsent => "the provider agreed in writing to a further use (5.2.3, 5.5.3)",
    }
}
