//! Reductions: what a recipient gets instead of a whole value (policy 1.8).
//!
//! The list is closed, each one belongs to certain types, and each is a pure function of the
//! canonical text; only an age also depends on the day. A value that cannot be reduced gives
//! `None`, and its row is dropped: nothing leaves wider than it was granted.

use crate::schema::Kind;
use crate::value::date::{age_on, canonical_day};
use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use jiff::civil::Date;

/// A typed reduction (policy 1.8), coarser downwards within its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reduction {
    /// The day of an instant, in UTC: `2008-11-20`.
    DateOnly,
    /// `2008-11`.
    Month,
    /// `2008`.
    Year,
    /// Completed years on the as-of date.
    Age,
    /// `<18`, `18-20`, `21-24`, `25-34`, `35-49` or `50+` on the as-of date.
    AgeBand,
    /// Postcode sector, `LS12 2`: some 2,900 addresses.
    Sector,
    /// Postcode district, `LS12`: some 9,600 addresses.
    District,
    /// Postcode area, `LS`.
    Area,
    /// The last part of an address.
    Town,
    /// First letters; of people who are known, they are not anonymous.
    Initials,
    /// `true` where there is a value, whatever it is.
    Presence,
    /// Only how many: the gate counts the rows, no row has a value.
    Count,
    /// The group that a code list gives for a code.
    Group,
}

const DOB: &[&str] = &["month", "year", "age", "age_band"];
const DATE: &[&str] = &["month", "year"];
const DATE_TIME: &[&str] = &["date", "month", "year"];
const POSTCODE: &[&str] = &["sector", "district", "area"];
const QUANTITY: &[&str] = &["presence", "count"];

impl Reduction {
    const ALL: [Self; 13] = [
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
        Self::Presence,
        Self::Count,
        Self::Group,
    ];

    /// The reduction named by a word for a type; `None` when the type has no such reduction.
    pub fn parse(kind: Kind, word: &str) -> Option<Self> {
        let known = Self::words(kind).contains(&word);
        Self::ALL.into_iter().find(|reduction| known && reduction.word() == word)
    }

    /// The word used in configuration files.
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
            Self::Presence => "presence",
            Self::Count => "count",
            Self::Group => "group",
        }
    }

    /// The reductions of a type, finest first. Free text, other people and files have none: no
    /// automatic step makes them safe. An identifier leaves whole or as a pseudonym.
    pub const fn words(kind: Kind) -> &'static [&'static str] {
        match kind {
            Kind::Dob => DOB,
            Kind::Date => DATE,
            Kind::DateTime => DATE_TIME,
            Kind::Postcode => POSTCODE,
            Kind::Address => &["town"],
            Kind::Name => &["initials"],
            Kind::Number | Kind::Flag | Kind::Money => QUANTITY,
            Kind::Code => &["group"],
            Kind::Id | Kind::Text | Kind::Person | Kind::File => &[],
        }
    }

    /// Where two meet, the coarser (policy 1.7.4); `None` is the whole value. Both are meant to be
    /// of one type; over all types the order is total, so that the meeting is never undecided.
    pub fn coarser(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        a.max(b)
    }

    /// Reduces canonical text. `None` means that the value cannot be reduced, hence that its row
    /// must be dropped; it is also the answer for a reduction that the type does not have, and for
    /// `count`, which only the gate can give. `group` is the code's group. Most results are a part of what was
    /// given, and are not copied.
    pub fn apply<'t>(
        self,
        kind: Kind,
        canonical: &'t str,
        as_of: Date,
        group: Option<&'t str>,
    ) -> Option<Cow<'t, str>> {
        if canonical.is_empty() || !Self::words(kind).contains(&self.word()) {
            return None;
        }
        match self {
            Self::DateOnly => day_prefix(canonical, 10).map(Into::into),
            Self::Month => day_prefix(canonical, 7).map(Into::into),
            Self::Year => day_prefix(canonical, 4).map(Into::into),
            Self::Age => age_on(canonical_day(canonical)?, as_of).map(|age| age.to_string().into()),
            Self::AgeBand => age_on(canonical_day(canonical)?, as_of).map(|age| age_band(age).into()),
            Self::Sector => postcode(canonical).map(|(_, sector)| sector.into()),
            Self::District => postcode(canonical).map(|(outward, _)| outward.into()),
            Self::Area => postcode(canonical).and_then(|(outward, _)| area(outward)).map(Into::into),
            Self::Town => town(canonical).map(Into::into),
            Self::Initials => initials(canonical).map(Into::into),
            Self::Presence => Some("true".into()),
            Self::Count => None,
            Self::Group => group.filter(|group| !group.is_empty()).map(Into::into),
        }
    }

    /// Whether the result can change from one day to the next without new data.
    pub const fn depends_on_day(self) -> bool {
        matches!(self, Self::Age | Self::AgeBand)
    }
}

fn day_prefix(canonical: &str, length: usize) -> Option<&str> {
    canonical_day(canonical)?;
    canonical.get(..length)
}

const fn age_band(age: i16) -> &'static str {
    match age {
        ..18 => "<18",
        18..=20 => "18-20",
        21..=24 => "21-24",
        25..=34 => "25-34",
        35..=49 => "35-49",
        50.. => "50+",
    }
}

/// The outward half, and the sector: that half with the digit after it.
fn postcode(canonical: &str) -> Option<(&str, &str)> {
    let (outward, inward) = canonical.split_once(' ')?;
    let alphanumeric = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let shaped = (2..=4).contains(&outward.len()) && inward.len() == 3;
    let sector =
        canonical.get(..outward.len() + 2).filter(|_| inward.starts_with(|c: char| c.is_ascii_digit()))?;
    (shaped && alphanumeric(outward) && alphanumeric(inward)).then_some((outward, sector))
}

fn area(outward: &str) -> Option<&str> {
    let end = outward.find(|c: char| c.is_ascii_digit()).unwrap_or(outward.len());
    outward.get(..end).filter(|area| !area.is_empty())
}

/// The last of at least two parts. One with a digit is a postcode, a flat or a house number, never
/// a town.
fn town(canonical: &str) -> Option<&str> {
    let (before, last) = canonical.rsplit_once(',')?;
    let town = last.trim();
    let is_town = !town.is_empty() && !town.contains(char::is_numeric);
    (is_town && !before.trim().is_empty()).then_some(town)
}

/// First letter of each word, in capitals; the names of a list stay apart.
fn initials(canonical: &str) -> Option<String> {
    let mut out = String::new();
    for name in canonical.split(';') {
        let start = out.len();
        for letter in name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphabetic())) {
            if out.len() == start && start > 0 {
                out.push_str("; ");
            }
            out.extend(letter.to_uppercase());
        }
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests;
