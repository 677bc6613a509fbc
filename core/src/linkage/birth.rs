//! Dates of birth as they were typed: read, and compared by how far apart they are.

/// A date of birth, `yyyymmdd` as a number; 0 when none is known. It need not be a day of the calendar: a mistyped
/// one still shows what it may have been.
pub type Birth = u32;

/// How two known dates of birth stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Apart {
    /// One date.
    Same,
    /// Day and month exchanged.
    Swapped,
    /// One digit changed, or two neighbours exchanged.
    Digit,
    /// One is 1 January, where an office knows the year alone, of the same year or the next to it.
    YearOnly,
    /// Two of day, month and year are the same.
    TwoParts,
    /// Less than six years.
    Years,
    /// Less than thirteen years.
    Decade,
    /// A generation or more.
    Generation,
}

/// The month words of dates such as `3 Sep 1985`.
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Reads a date of birth: year first (`1985-09-03`, `19850903`), or day first as it is written in this country
/// (`3/9/1985`, `03.09.1985`, `3 Sep 1985`), or a year alone, which is its 1 January. A time behind it is left.
///
/// `this_year` bounds what can be: nobody is born later, or before 1900. What systems write for `unknown`
/// (1 January of 1900 or 1970) is none.
pub fn read(cell: &str, this_year: u32) -> Option<Birth> {
    let text = cell.trim();
    let mut numbers = [0_u32; 3];
    let mut lengths = [0_usize; 3];
    let mut found = 0;
    for part in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|p| !p.is_empty()).take(3) {
        let part = part
            .split_once('T')
            .filter(|(day, _)| day.len() == 2 && day.bytes().all(|b| b.is_ascii_digit()))
            .map_or(part, |(day, _)| day);
        let (Some(number), Some(length)) = (numbers.get_mut(found), lengths.get_mut(found)) else { break };
        *number = number_of(part)?;
        *length = part.len();
        found += 1;
    }
    let (year, month, day) = match (found, numbers, lengths) {
        (1, [n, ..], [8, ..]) => (n / 10_000, n / 100 % 100, n % 100),
        (1, [n, ..], [4, ..]) => (n, 1, 1),
        (3, [y, m, d], [4, ..]) | (3, [d, m, y], [_, _, 4]) => (y, m, d),
        _ => return None,
    };
    let known = month <= 99 && day <= 99 && (1900..=this_year).contains(&year);
    let placeholder = month == 1 && day == 1 && (year == 1900 || year == 1970);
    (known && !placeholder).then_some(year * 10_000 + month * 100 + day)
}

fn number_of(part: &str) -> Option<u32> {
    if part.bytes().all(|b| b.is_ascii_digit()) {
        return part.parse().ok();
    }
    let begin = part.get(..3)?;
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(begin))?;
    u32::try_from(at + 1).ok()
}

/// The year.
pub const fn year(birth: Birth) -> u32 {
    birth / 10_000
}

/// Whether it is a 1 January: often a year that was known alone.
pub const fn is_new_year(birth: Birth) -> bool {
    birth % 10_000 == 101
}

/// Day and month.
const fn day_month(birth: Birth) -> (u32, u32) {
    (birth % 100, birth / 100 % 100)
}

/// Compares two known dates.
pub fn compare(a: Birth, b: Birth) -> Apart {
    if a == b {
        return Apart::Same;
    }
    let years = year(a).abs_diff(year(b));
    let ((d1, m1), (d2, m2)) = (day_month(a), day_month(b));
    if years == 0 && d1 == m2 && d2 == m1 {
        Apart::Swapped
    } else if is_new_year(a) != is_new_year(b) && years <= 1 {
        Apart::YearOnly
    } else if one_digit(a, b) {
        Apart::Digit
    } else if (years == 0 && (d1 == d2 || m1 == m2)) || (years <= 2 && d1 == d2 && m1 == m2) {
        Apart::TwoParts
    } else if years < 6 {
        Apart::Years
    } else if years < 13 {
        Apart::Decade
    } else {
        Apart::Generation
    }
}

/// Whether two numbers of eight digits differ in one digit, or in two neighbours exchanged.
fn one_digit(a: u32, b: u32) -> bool {
    let mut wrong = [(0_u8, 0_u32, 0_u32); 2];
    let (mut found, mut left, mut right) = (0, a, b);
    for place in 0..8 {
        if left % 10 != right % 10 {
            let Some(one) = wrong.get_mut(found) else { return false };
            *one = (place, left % 10, right % 10);
            found += 1;
        }
        (left, right) = (left / 10, right / 10);
    }
    let [(low, a1, b1), (high, a2, b2)] = wrong;
    found == 1 || (found == 2 && high == low + 1 && a1 == b2 && a2 == b1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_they_are_written() {
        for (cell, birth) in [
            ("1985-09-03", Some(19_850_903)),
            ("1985-09-03T00:00:00", Some(19_850_903)),
            ("03/09/1985", Some(19_850_903)),
            ("3.9.1985 00:00", Some(19_850_903)),
            ("19850903", Some(19_850_903)),
            ("3 September 1985", Some(19_850_903)),
            ("3 OCT 1985", Some(19_851_003)),
            ("1985", Some(19_850_101)),
            ("1985-13-41", Some(19_851_341)),
            ("1900-01-01", None),
            ("01/01/1970", None),
            ("1970-01-02", Some(19_700_102)),
            ("2040-01-01", None),
            ("1899-12-31", None),
            ("03/09/85", None),
            ("unknown", None),
            ("", None),
            ("1985-09", None),
            ("99999999999999", None),
        ] {
            assert_eq!(read(cell, 2026), birth, "{cell}");
        }
    }

    #[test]
    fn dates_are_compared_by_what_may_have_gone_wrong() {
        for (a, b, apart) in [
            (19_850_903, 19_850_903, Apart::Same),
            (19_850_903, 19_850_309, Apart::Swapped),
            (19_850_903, 19_850_908, Apart::Digit),
            (19_850_912, 19_850_921, Apart::Digit),
            (19_850_903, 19_950_903, Apart::Digit),
            (19_850_903, 19_850_101, Apart::YearOnly),
            (19_850_903, 19_860_101, Apart::YearOnly),
            (19_850_903, 19_850_917, Apart::TwoParts),
            (19_890_903, 19_900_903, Apart::TwoParts),
            (19_850_903, 19_880_417, Apart::Years),
            (19_850_903, 19_930_417, Apart::Decade),
            (19_850_903, 20_040_417, Apart::Generation),
        ] {
            assert_eq!((compare(a, b), compare(b, a)), (apart, apart), "{a} {b}");
        }
    }
}
