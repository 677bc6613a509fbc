//! Reductions: a value made coarser, by a closed list of typed steps (policy 1.8).
//!
//! Each works on canonical text and is total: what cannot be reduced gives `None`, and the row is
//! dropped for that recipient rather than sent whole.

use crate::schema::Kind;
use alloc::format;
use alloc::string::String;
use jiff::civil::Date;

/// A reduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reduction {
    /// Date of an instant.
    DateOnly,
    /// `yyyy-mm`
    Month,
    /// `yyyy`
    Year,
    /// Age in whole years on the bundle's day.
    Age,
    /// Age band on the bundle's day.
    AgeBand,
    /// Postcode sector: `LS9 7`
    Sector,
    /// Postcode district: `LS9`
    District,
    /// Postcode area: `LS`
    Area,
    /// Town of an address.
    Town,
    /// Initials of a name.
    Initials,
    /// The group of a code.
    Group,
    /// That there is a value.
    Presence,
    /// How many, aggregated by the gate.
    Count,
}

impl Reduction {
    /// The chain of a type, from fine to coarse.
    const fn chain(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Dob => &[Self::Month, Self::Year, Self::Age, Self::AgeBand],
            Kind::Date => &[Self::Month, Self::Year],
            Kind::DateTime => &[Self::DateOnly, Self::Month, Self::Year],
            Kind::Postcode => &[Self::Sector, Self::District, Self::Area],
            Kind::Address => &[Self::Town],
            Kind::Name => &[Self::Initials],
            Kind::Number | Kind::Flag => &[Self::Presence, Self::Count],
            Kind::Code => &[Self::Group],
            Kind::Id | Kind::Money | Kind::Text | Kind::Person | Kind::File => &[],
        }
    }

    /// The word used in entitlement files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DateOnly => "date",
            Self::Month => "month",
            Self::Year => "year",
            Self::Age => "age",
            Self::AgeBand => "age_band",
            Self::Sector => "sector",
            Self::District => "district",
            Self::Area => "area",
            Self::Town => "town",
            Self::Initials => "initials",
            Self::Group => "group",
            Self::Presence => "presence",
            Self::Count => "count",
        }
    }

    /// The words that a type has.
    pub fn words(kind: Kind) -> impl Iterator<Item = &'static str> {
        Self::chain(kind).iter().map(|r| r.word())
    }

    /// The reduction that a word names for a type; `None` when the type has no such reduction.
    pub fn parse(kind: Kind, word: &str) -> Option<Self> {
        Self::chain(kind).iter().copied().find(|r| r.word() == word)
    }

    /// The coarser of two reductions of one field; none is the finest.
    pub fn coarser(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        a.max(b)
    }

    /// Whether the result changes with the day, without new data.
    pub const fn depends_on_day(self) -> bool {
        matches!(self, Self::Age | Self::AgeBand)
    }

    /// Reduces canonical text; `None` when it cannot be. `group` is the code's group in its list.
    pub fn apply(self, kind: Kind, canonical: &str, as_of: Date, group: Option<&str>) -> Option<String> {
        if !Self::chain(kind).contains(&self) || canonical.is_empty() {
            return None;
        }
        let front = |n: usize| canonical.get(..n).filter(|t| !t.is_empty()).map(String::from);
        match self {
            Self::DateOnly => front(10),
            Self::Month => front(7),
            Self::Year => front(4),
            Self::Age => age(canonical, as_of).map(|n| format!("{n}")),
            Self::AgeBand => age(canonical, as_of).map(|n| band(n).into()),
            Self::Sector => {
                let (outward, inward) = canonical.split_once(' ')?;
                Some(format!("{outward} {}", inward.get(..1)?))
            }
            Self::District => canonical.split_once(' ').map(|(outward, _)| outward.into()),
            Self::Area => {
                let end = canonical.find(|c: char| !c.is_ascii_uppercase())?;
                front(end)
            }
            Self::Town => {
                let (rest, town) = canonical.rsplit_once(',')?;
                let town = town.trim();
                (!town.is_empty() && !rest.trim().is_empty()).then(|| town.into())
            }
            Self::Initials => initials(canonical),
            Self::Group => group.map(Into::into),
            Self::Presence => Some("true".into()),
            Self::Count => None,
        }
    }
}

fn age(birth: &str, as_of: Date) -> Option<i16> {
    let birth: Date = birth.parse().ok()?;
    let had = (as_of.month(), as_of.day()) >= (birth.month(), birth.day());
    let years = as_of.year() - birth.year() - i16::from(!had);
    (0..=130).contains(&years).then_some(years)
}

const fn band(age: i16) -> &'static str {
    match age {
        i16::MIN..18 => "<18",
        18..=20 => "18-20",
        21..=24 => "21-24",
        25..=34 => "25-34",
        35..=49 => "35-49",
        _ => "50+",
    }
}

fn initials(name: &str) -> Option<String> {
    let first = |part: &str| part.chars().find(|c| c.is_alphabetic());
    let out: String = name.split([' ', '-']).filter_map(first).flat_map(char::to_uppercase).collect();
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn each_step_gives_what_policy_1_8_says() {
        let day = Date::constant(2008, 11, 17);
        let cases = [
            (Kind::Dob, "year", "1981-02-14", Some("1981")),
            (Kind::Dob, "age", "1990-11-18", Some("17")),
            (Kind::Dob, "age_band", "1990-11-17", Some("18-20")),
            (Kind::Date, "month", "2008-11-18", Some("2008-11")),
            (Kind::DateTime, "date", "2008-11-20T23:15:00Z", Some("2008-11-20")),
            (Kind::Postcode, "sector", "LS9 7TF", Some("LS9 7")),
            (Kind::Postcode, "district", "LS9 7TF", Some("LS9")),
            (Kind::Postcode, "area", "LS9 7TF", Some("LS")),
            (Kind::Address, "town", "14 Copse Row, Harehills, Leeds", Some("Leeds")),
            (Kind::Address, "town", "14 Copse Row", None),
            (Kind::Name, "initials", "Connor James", Some("CJ")),
            (Kind::Number, "presence", "3", Some("true")),
            (Kind::Flag, "count", "true", None),
            (Kind::Code, "group", "TH68010", Some("theft")),
        ];
        for (kind, word, text, expected) in cases {
            let reduction = Reduction::parse(kind, word).expect(word);
            assert_eq!(reduction.apply(kind, text, day, Some("theft")).as_deref(), expected, "{word} of {text}");
        }
        assert_eq!(Reduction::parse(Kind::Text, "initials"), None);
        assert_eq!(Reduction::Month.apply(Kind::Text, "2008-11-18", day, None), None);
        assert_eq!(Reduction::Group.apply(Kind::Code, "X", day, None), None, "no group, no row");
    }

    proptest! {
        /// The coarser of two is a lattice's join, and nothing panics on any text.
        #[test]
        fn coarser_is_a_join(kind in 0usize..14, a in 0usize..5, b in 0usize..5, c in 0usize..5, text in ".{0,20}") {
            let chain = Reduction::chain(KINDS[kind]);
            let at = |n: usize| chain.get(n).copied();
            let (a, b, c) = (at(a), at(b), at(c));
            let join = Reduction::coarser;
            prop_assert_eq!(join(a, b), join(b, a));
            prop_assert_eq!(join(a, join(b, c)), join(join(a, b), c));
            prop_assert_eq!(join(a, a), a);
            prop_assert_eq!(join(a, None), a);
            for reduction in chain {
                let _ = reduction.apply(KINDS[kind], &text, Date::constant(2008, 11, 17), None);
            }
        }
    }
}
