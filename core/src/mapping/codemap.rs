//! Code maps: what a partner's own code means in the schema's words, and when.

use crate::schema::{CodeEntry, CodeList};
use alloc::string::String;
use jiff::civil::Date;

/// One line of a code map file: `from_code,to_code,from,until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeMapLine {
    /// The partner's code, as their file has it, trimmed.
    pub from_code: String,
    /// The code of the schema's list.
    pub to_code: String,
    /// First day of this meaning.
    pub from: Option<Date>,
    /// Last day of this meaning.
    pub until: Option<Date>,
}

/// A checked code map. A code that it does not hold for the day of the file refuses the row: an
/// unknown code is parked, never guessed.
#[derive(Debug, Clone, Default)]
pub struct CodeMap(CodeList);

impl CodeMap {
    /// A map from its lines; refuses an empty code and two meanings of one code for one day.
    pub fn new(lines: impl IntoIterator<Item = CodeMapLine>) -> Result<Self, String> {
        let mut entries = alloc::vec::Vec::new();
        for line in lines {
            if line.to_code.trim().is_empty() {
                return Err("a line has no `to_code`".into());
            }
            entries.push(CodeEntry {
                code: line.from_code.trim().into(),
                label: line.to_code.trim().into(),
                group: None,
                from: line.from,
                until: line.until,
            });
        }
        CodeList::new(entries).map(Self)
    }

    /// The schema's code for a partner's code on a day.
    pub fn on(&self, code: &str, day: Date) -> Option<&str> {
        self.0.on(code, day).map(|entry| entry.label.as_str())
    }

    /// Every line.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &CodeEntry> {
        self.0.entries()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn line(from_code: &str, to_code: &str, from: Option<Date>, until: Option<Date>) -> CodeMapLine {
        CodeMapLine { from_code: from_code.into(), to_code: to_code.into(), from, until }
    }

    #[test]
    fn a_code_means_what_it_meant_on_the_day() {
        let turn = Date::constant(2008, 6, 1);
        let map =
            CodeMap::new([line("A", "old", None, turn.yesterday().ok()), line("A", "new", Some(turn), None)])
                .unwrap();
        assert_eq!(map.on("A", Date::constant(2008, 5, 31)), Some("old"));
        assert_eq!(map.on("A", turn), Some("new"));
        assert_eq!(map.on("B", turn), None);
    }

    #[test]
    fn empty_and_overlapping_lines_are_refused() {
        assert!(CodeMap::new([line("", "x", None, None)]).is_err());
        assert!(CodeMap::new([line("A", " ", None, None)]).is_err());
        assert!(CodeMap::new([line("A", "x", None, None), line("A", "y", None, None)]).is_err());
    }
}
