//! Where the header of a table stands: below title rows, in one row or two.

use super::is_value;
use jiff::civil::Date;

/// Where the header stands among the rows at the top.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Heading {
    /// The row of the names; where there are two rows, the lower.
    pub(super) row: usize,
    /// The names of groups of columns in the row above, when it has such.
    pub(super) groups: Vec<String>,
}

/// Finds the header among rows; nothing when no row is one.
pub(super) fn find(rows: &[Vec<String>], day: Date) -> Option<Heading> {
    let widest = rows.iter().map(|row| width(row)).max().filter(|w| *w > 0)?;
    let named =
        |row: &Vec<String>| filled(row) * 10 >= widest * 9 && !row.iter().any(|cell| is_value(cell, day));
    let row = rows.iter().position(named)?;
    let below = rows.get(row + 1).filter(|below| named(below));
    let this = rows.get(row)?;
    // Names do not stand twice in one row, but the name of a group does, over each of its columns.
    if below.is_some() && groups(this, widest) {
        return Some(Heading { row: row + 1, groups: names(this) });
    }
    let above = row.checked_sub(1).and_then(|at| rows.get(at));
    let above = above.filter(|above| groups(above, widest) && !above.iter().any(|cell| is_value(cell, day)));
    Some(Heading { row, groups: above.map_or_else(Vec::new, |above| names(above)) })
}

/// What a row holds, each text once.
fn names(row: &[String]) -> Vec<String> {
    let mut out: Vec<String> = row.iter().map(|c| c.trim().to_owned()).filter(|c| !c.is_empty()).collect();
    out.dedup();
    out
}

/// Whether a row looks like names of groups of columns: at least two, some over several columns, to the end of the table.
fn groups(row: &[String], widest: usize) -> bool {
    let mut seen: Vec<&str> = row.iter().map(|c| c.trim()).filter(|c| !c.is_empty()).collect();
    let blank = width(row) > filled(row);
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    seen.len() > 1 && (blank || seen.len() < all) && width(row) * 10 >= widest * 6
}

/// Cells up to the last that holds something.
fn width(row: &[String]) -> usize {
    row.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |at| at + 1)
}

fn filled(row: &[String]) -> usize {
    row.iter().filter(|cell| !cell.trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2008, 11, 17);

    fn rows(text: &[&[&str]]) -> Vec<Vec<String>> {
        text.iter().map(|row| row.iter().map(|c| (*c).to_owned()).collect()).collect()
    }

    #[test]
    fn titles_are_left_out_and_groups_are_seen() {
        let plain = rows(&[&["Weekly list"], &["Name", "From", "To"], &["A", "01/02/2008", ""]]);
        assert_eq!(find(&plain, DAY), Some(Heading { row: 1, groups: vec![] }));
        let two = rows(&[
            &["Weekly list"],
            &["Resident", "", "Stay", ""],
            &["CRN", "Name", "From", "To"],
            &["X990001", "A", "01/02/2008", "02/02/2008"],
        ]);
        assert_eq!(find(&two, DAY), Some(Heading { row: 2, groups: vec!["Resident".into(), "Stay".into()] }));
        let repeated = rows(&[&["Stay", "Stay", "Rules"], &["From", "To", "Curfew"], &["1", "2", "3"]]);
        assert_eq!(
            find(&repeated, DAY),
            Some(Heading { row: 1, groups: vec!["Stay".into(), "Rules".into()] })
        );
    }

    #[test]
    fn data_is_no_header() {
        assert_eq!(find(&rows(&[&["X990001", "01/02/2008"], &["X990002", "02/02/2008"]]), DAY), None);
        // A title in two cells groups nothing.
        let title = rows(&[&["Leeds", "Unit"], &["a", "b", "c", "d"], &["1", "2", "3", "4"]]);
        assert_eq!(find(&title, DAY), Some(Heading { row: 1, groups: vec![] }));
    }
}
