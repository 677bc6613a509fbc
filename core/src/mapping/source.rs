//! Where a feed's files are, what they are called, and the options of their format.

use super::syntax::OptionValue;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::ops::Range;
use jiff::civil::Date;

/// `[source]`, checked as far as the core can: the options are the format's own business.
#[derive(Debug, Clone)]
pub struct Source {
    /// Named place of the deployment.
    pub place: String,
    /// File name pattern: `{date}` stands for the day, `*` for any text.
    pub file: String,
    /// How `{date}` is written.
    pub date: FileDate,
    /// Word of the format.
    pub format: String,
    /// The table named as the format; empty when there is none.
    pub options: BTreeMap<String, OptionValue>,
    /// Where those options stand in the mapping file, for the format's own messages.
    pub options_at: Range<usize>,
}

/// How a day is written in a file name: the places of `yyyy` (or `yy`), `mm` and `dd` in a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDate(String);

/// Patterns of days in file names.
pub(crate) const FILE_DATES: &[&str] =
    &["yyyymmdd", "yyyy-mm-dd", "yyyy_mm_dd", "ddmmyyyy", "dd-mm-yyyy", "dd_mm_yyyy", "ddmmyy", "yymmdd"];

impl FileDate {
    /// A known pattern.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        FILE_DATES.contains(&pattern).then(|| Self(pattern.into()))
    }

    /// The day written at the start of a text, and how many bytes it takes. Two-digit years are of
    /// this century: a file name is not a date of birth.
    fn read(&self, text: &str) -> Option<(Date, usize)> {
        let (mut year, mut month, mut day) = (0i16, 0i8, 0i8);
        let cells = text.get(..self.0.len())?.bytes();
        for (mark, byte) in self.0.bytes().zip(cells) {
            let digit = byte.is_ascii_digit().then(|| byte - b'0');
            match mark {
                b'y' => year = year * 10 + i16::from(digit?),
                b'm' => month = month * 10 + i8::try_from(digit?).ok()?,
                b'd' => day = day * 10 + i8::try_from(digit?).ok()?,
                _ if mark == byte => {}
                _ => return None,
            }
        }
        let year = if self.0.contains("yyyy") { year } else { year + 2000 };
        Date::new(year, month, day).ok().map(|date| (date, self.0.len()))
    }
}

/// What a file's name said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The day in the name; `None` when the pattern has no `{date}`.
    pub date: Option<Date>,
}

impl Source {
    /// Whether a file name is of this feed, and its day. Names are compared as they stand, but for
    /// the case of ASCII letters.
    pub fn named(&self, name: &str) -> Option<Named> {
        matched(&self.file, name, &self.date, Named { date: None })
    }
}

/// Matches from the left; `*` tries the shortest text first. A second `{date}` must say the same day.
fn matched(pattern: &str, name: &str, form: &FileDate, found: Named) -> Option<Named> {
    if let Some(rest) = pattern.strip_prefix("{date}") {
        let (date, taken) = form.read(name)?;
        if found.date.is_some_and(|f| f != date) {
            return None;
        }
        return matched(rest, name.get(taken..)?, form, Named { date: Some(date) });
    }
    if let Some(rest) = pattern.strip_prefix('*') {
        let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
        return ends.filter_map(|at| name.get(at..)).find_map(|tail| matched(rest, tail, form, found));
    }
    match (pattern.chars().next(), name.chars().next()) {
        (None, None) => Some(found),
        (Some(want), Some(have)) if want.eq_ignore_ascii_case(&have) => {
            matched(pattern.get(want.len_utf8()..)?, name.get(have.len_utf8()..)?, form, found)
        }
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn named(pattern: &str, date: &str, name: &str) -> Option<Named> {
        let source = Source {
            place: "p".into(),
            file: pattern.into(),
            date: FileDate::parse(date).unwrap(),
            format: "csv".into(),
            options: BTreeMap::new(),
            options_at: 0..0,
        };
        source.named(name)
    }

    #[test]
    fn names_match_and_give_their_day() {
        let day = Some(Named { date: Some(Date::constant(2008, 11, 17)) });
        assert_eq!(named("R_{date}.csv", "yyyymmdd", "R_20081117.csv"), day);
        assert_eq!(named("R_{date}.csv", "yyyymmdd", "r_20081117.CSV"), day);
        assert_eq!(named("R_{date}.csv", "ddmmyyyy", "R_17112008.csv"), day);
        assert_eq!(named("{date}*.xml", "yyyy-mm-dd", "2008-11-17_2.xml"), day);
        assert_eq!(named("*_{date}_*.csv", "ddmmyy", "EMS_171108_ORDERS.csv"), day);
        assert_eq!(named("list.csv", "yyyymmdd", "list.csv"), Some(Named { date: None }));
    }

    #[test]
    fn other_names_are_not_taken() {
        for name in ["R_20081317.csv", "R_2008111.csv", "R_20081117.csv.tmp", "xR_20081117.csv", ""] {
            assert_eq!(named("R_{date}.csv", "yyyymmdd", name), None, "{name}");
        }
    }
}
