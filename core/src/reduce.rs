//! Reductions: stand-in until the values room has its own.
use crate::schema::Kind;
use alloc::string::{String, ToString};
use jiff::civil::Date;

/// A typed reduction, coarser to the right within its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "stand-in")]
pub enum Reduction {
    DateOnly,
    Month,
    Year,
    Age,
    AgeBand,
    Sector,
    District,
    Area,
    Town,
    Initials,
    Band,
    Presence,
    Count,
    Group,
}

impl Reduction {
    const ALL: [Self; 14] = [
        Self::DateOnly,
        Self::Month,
        Self::Year,
        Self::Age,
        Self::AgeBand,
        Self::Sector,
        Self::District,
        Self::Area,
        Self::Town,
        Self::Initials,
        Self::Band,
        Self::Presence,
        Self::Count,
        Self::Group,
    ];
    /// Word.
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
            Self::Band => "band",
            Self::Presence => "presence",
            Self::Count => "count",
            Self::Group => "group",
        }
    }
    /// Words.
    pub fn words(kind: Kind) -> &'static [&'static str] {
        match kind {
            Kind::Dob => &["month", "year", "age", "age_band"],
            Kind::Date => &["month", "year"],
            Kind::DateTime => &["date", "month", "year"],
            Kind::Postcode => &["sector", "district", "area"],
            Kind::Address => &["town"],
            Kind::Name => &["initials"],
            Kind::Number | Kind::Flag => &["band", "presence", "count"],
            Kind::Code => &["group"],
            _ => &[],
        }
    }
    /// Parses.
    pub fn parse(kind: Kind, word: &str) -> Option<Self> {
        Self::words(kind).iter().find(|w| **w == word)?;
        Self::ALL.into_iter().find(|r| r.word() == word)
    }
    /// The coarser.
    pub fn coarser(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        a.max(b)
    }
    /// Applies.
    pub fn apply(self, kind: Kind, canonical: &str, _as_of: Date, group: Option<&str>) -> Option<String> {
        match (self, kind) {
            (Self::DateOnly, _) => canonical.get(..10).map(ToString::to_string),
            (Self::Month, _) => canonical.get(..7).map(ToString::to_string),
            (Self::Year, _) => canonical.get(..4).map(ToString::to_string),
            (Self::District, _) => canonical.split(' ').next().map(ToString::to_string),
            (Self::Group, _) => group.map(ToString::to_string),
            _ => None,
        }
    }
    /// Day.
    pub const fn depends_on_day(self) -> bool {
        matches!(self, Self::Age | Self::AgeBand)
    }
}
