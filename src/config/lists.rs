//! Code lists and code maps: small CSV files of the deployment, every fault at once and in its place.

use jiff::civil::Date;
use lockgate_core::calendar::Calendar;
use lockgate_core::mapping::{CodeMap, CodeMapLine};
use lockgate_core::problem::Problem;
use lockgate_core::schema::{CodeEntry, CodeList};
use std::ops::Range;

const CODE: &str = "LG0202";

/// The columns of a code list in `schema/codes`.
pub const CODE_LIST_COLUMNS: [&str; 5] = ["code", "label", "group", "from", "until"];
/// The columns of a code map in `mappings/codes`.
pub const CODE_MAP_COLUMNS: [&str; 4] = ["from_code", "to_code", "from", "until"];

/// Reads a code list, `code,label,group,from,until`; `name` names the file in messages.
pub fn code_list(name: &str, text: &str) -> Result<CodeList, Vec<Problem>> {
    let lines = csv(name, text, &CODE_LIST_COLUMNS, |cells| {
        let [code, label, group, from, until] = cells else { return None };
        let group = (!group.is_empty()).then(|| group.clone());
        let (from, until) = (day(from)?, day(until)?);
        Some(CodeEntry { code: code.clone(), label: label.clone(), group, from, until })
    })?;
    CodeList::new(lines).map_err(|what| vec![twice(what, name, text)])
}

/// Reads a code map, `from_code,to_code,from,until`; `name` names the file in messages.
pub fn code_map(name: &str, text: &str) -> Result<CodeMap, Vec<Problem>> {
    let lines = csv(name, text, &CODE_MAP_COLUMNS, |cells| {
        let [from_code, to_code, from, until] = cells else { return None };
        let (from, until) = (day(from)?, day(until)?);
        Some(CodeMapLine { from_code: from_code.clone(), to_code: to_code.clone(), from, until })
    })?;
    CodeMap::new(lines).map_err(|what| vec![twice(what, name, text)])
}

/// The columns of the bank holidays.
pub const BANK_HOLIDAY_COLUMNS: [&str; 2] = ["date", "name"];

/// Reads the bank holidays, `date,name`; `name` names the file in messages.
pub fn bank_holidays(name: &str, text: &str) -> Result<Calendar, Vec<Problem>> {
    let lines = csv(name, text, &BANK_HOLIDAY_COLUMNS, |cells| {
        let [date, _] = cells else { return None };
        day(date)?
    })?;
    Ok(Calendar::new(lines))
}

/// Reads a small CSV with exactly these columns.
fn csv<T>(
    name: &str,
    text: &str,
    header: &[&str],
    line: impl Fn(&[String]) -> Option<T>,
) -> Result<Vec<T>, Vec<Problem>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let found: Vec<String> = reader.headers().map(|h| h.iter().map(Into::into).collect()).unwrap_or_default();
    if found != header {
        let what = format!("`{name}` needs the columns {}", header.join(","));
        return Err(vec![Problem::new(CODE, what).in_config(name, 0..0)]);
    }
    let (mut out, mut problems) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let (at, cells) = match &record {
            Ok(r) => (r.position().map(csv::Position::byte), r.iter().map(|c| c.trim().to_owned()).collect()),
            Err(e) => (e.position().map(csv::Position::byte), Vec::new()),
        };
        match line(&cells) {
            Some(line) => out.push(line),
            None => {
                let what = "this line does not have the form of the list".to_owned();
                problems.push(Problem::new(CODE, what).in_config(name, line_at(text, at)));
            }
        }
    }
    if problems.is_empty() { Ok(out) } else { Err(problems) }
}

/// A code with two meanings, at the last line that has it.
fn twice(what: String, name: &str, text: &str) -> Problem {
    let code = what.split('`').nth(1).unwrap_or_default().to_owned();
    let (mut at, mut found) = (0, 0..0);
    for line in text.split_inclusive('\n') {
        if line.split(',').next().is_some_and(|cell| cell.trim() == code) {
            found = at..at + line.trim_end().len();
        }
        at += line.len();
    }
    let help = "leave one of the lines out, or give them days (`from`, `until`) that do not overlap";
    Problem::new(CODE, what).in_config(name, found).help(help)
}

/// The line at a byte offset, without its end; the whole file where the offset is no place in it.
fn line_at(text: &str, at: Option<u64>) -> Range<usize> {
    let start = at.and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
    let rest = text.get(start..).and_then(|rest| rest.lines().next());
    rest.map_or(0..0, |line| start..start + line.len())
}

/// An ISO date or nothing; `None` when it is neither.
#[expect(clippy::option_option, reason = "absent and wrong are two things")]
fn day(text: &str) -> Option<Option<Date>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::config::Texts;
    use jiff::civil::date;

    #[test]
    fn the_shipped_bank_holidays_are_those_of_england_and_wales() {
        let text = include_str!("../../calendar/bank-holidays.csv");
        let calendar = bank_holidays("calendar/bank-holidays.csv", text).expect("a calendar");
        for year in 2008..=2030 {
            assert!(calendar.knows(date(year, 6, 1)), "{year}");
            let lines = text.lines().filter(|l| l.starts_with(&year.to_string())).count();
            let special = i32::from([2011, 2012, 2023].contains(&year)) + 2 * i32::from(year == 2022);
            assert_eq!(i32::try_from(lines), Ok(8 + special), "{year}");
        }
        // Substitute days, moved days, and days of their own.
        for day in [
            date(2008, 12, 25),
            date(2009, 12, 28),
            date(2010, 12, 27),
            date(2010, 12, 28),
            date(2011, 1, 3),
            date(2011, 4, 29),
            date(2012, 6, 4),
            date(2012, 6, 5),
            date(2016, 12, 27),
            date(2020, 5, 8),
            date(2022, 6, 2),
            date(2022, 6, 3),
            date(2022, 9, 19),
            date(2023, 5, 8),
            date(2027, 3, 26),
            date(2027, 12, 27),
            date(2027, 12, 28),
        ] {
            assert!(!calendar.works(day), "{day}");
        }
        for day in [date(2012, 5, 28), date(2020, 5, 4), date(2022, 5, 30), date(2010, 12, 29)] {
            assert!(calendar.works(day), "{day}");
        }
        assert!(bank_holidays("b", "date,name\n25/12/2008,Christmas Day\n").is_err());
    }
    use crate::report::{Severity, Style, render};
    use lockgate_core::problem::Location;

    /// Found by the fuzz runner: a wide character at the start of the line, a line at the text's very end.
    #[test]
    fn a_wrong_line_is_shown_whole_and_at_its_place() {
        let head = "from_code,to_code,from,until\n";
        for (line, name) in [("\u{feff}LAC,a,b,c,d", "bom"), ("\u{e9},x,31/12/2008,", "wide"), ("x", "short")]
        {
            for text in [format!("{head}{line}"), format!("{head}A,b,,\n{line}\nC,d,,\n")] {
                let problems = code_map("m.csv", &text).expect_err("refused");
                let Some(Location::Config { span, .. }) = &problems.first().expect("one").at else {
                    unreachable!("{name} has no place")
                };
                assert_eq!(text.get(span.clone()), Some(line), "{name}");
                let mut texts = Texts::default();
                texts.add("m.csv", text);
                let shown = problems.iter().map(|p| render(p, Severity::Error, &texts, Style::Human));
                assert!(shown.count() == 1, "{name}");
            }
        }
    }
}
