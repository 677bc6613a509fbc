//! Drift: a column whose values change their kind, against what the feed's files showed before.

use super::*;
use crate::mapping::{Bound, Change, Form, Profile, Profiler};

/// The profile of so many good rows, each changed by its number.
fn profile(m: &Mapping, rows: usize, change: impl Fn(usize) -> Vec<(&'static str, String)>) -> Profile {
    let bound = Bound::direct(m);
    let mut profiler = Profiler::new(&bound);
    for n in 0..rows {
        let booking = format!("V{n:05}");
        let date = format!("{:02}/11/2008", n % 28 + 1);
        let mut cells: Vec<(&str, String, CellKind)> =
            GOOD.iter().map(|(word, text)| (*word, String::from(*text), CellKind::Text)).collect();
        cells.extend([("booking", booking), ("release_date", date)].map(|(w, t)| (w, t, CellKind::Text)));
        cells.extend(change(n).into_iter().map(|(word, text)| (word, text, CellKind::Text)));
        let cells: Vec<_> = cells.iter().map(|(word, text, kind)| (*word, text.as_str(), *kind)).collect();
        let row = row_of(m, &cells);
        profiler.row(&row);
        profiler.outcome(&bound.map(&row, &keys(), DAY, &mut Scratch::new()));
    }
    profiler.finish()
}

/// What is said when the first file is good and the second changed.
fn drift(rows: usize, change: impl Fn(usize) -> Vec<(&'static str, String)>) -> Vec<(String, Change, bool)> {
    let m = releases();
    let (before, now) = (profile(&m, 60, |_| Vec::new()), profile(&m, rows, change));
    m.drifted(&before, &now).into_iter().map(|d| (String::from(d.word), d.how, d.holds)).collect()
}

fn one(word: &'static str, text: impl Fn(usize) -> String) -> impl Fn(usize) -> Vec<(&'static str, String)> {
    move |n| alloc::vec![(word, text(n))]
}

#[test]
fn the_same_kind_of_values_is_no_drift() {
    assert_eq!(drift(60, |_| Vec::new()), []);
    // A few odd values are the error budget's matter.
    assert_eq!(
        drift(60, one("release_date", |n| if n < 5 { "soon".into() } else { "20/11/2008".into() })),
        []
    );
    // Another length of words in free text is no other kind.
    assert_eq!(drift(60, one("addr1", |_| "Harehills".into())), []);
}

#[test]
fn days_in_another_order_hold_the_file_though_some_still_read() {
    let found = drift(60, one("release_date", |n| format!("11/{:02}/2008", n % 28 + 1)));
    let how = Change::Form { was: Form::DayFirst, now: Some(Form::MonthFirst) };
    assert_eq!(found, [("release_date".into(), how, true)]);
    let iso = drift(60, one("release_date", |n| format!("2008-11-{:02}", n % 28 + 1)));
    assert_eq!(iso.len(), 1);
    assert_eq!(iso[0].1.pattern(), Some("yyyy-mm-dd"));
    assert!(iso[0].2);
}

#[test]
fn what_reads_no_more_holds_the_file_refused_or_dropped() {
    // Words of a code that are all new: refused.
    let codes = drift(60, one("sex", |_| "Weiblich".into()));
    assert!(
        matches!(codes[..], [(ref word, Change::Faults { faults: 60, read: 60, code: "LG1245", .. }, true)] if word == "sex"),
        "{codes:?}"
    );
    // Check letters that stop passing: the values are dropped, and every row is taken.
    let letters = drift(60, one("pnc", |_| "2004/0031877Z".into()));
    assert!(
        matches!(letters[..], [(ref word, Change::Faults { faults: 60, .. }, true)] if word == "pnc"),
        "{letters:?}"
    );
}

#[test]
fn a_key_or_free_text_of_another_form_holds_the_file_though_every_value_reads() {
    let booking = drift(60, one("booking", |n| format!("{n}")));
    let how = Change::Form { was: Form::Mixed, now: Some(Form::Whole) };
    assert_eq!(booking, [("booking".into(), how, true)]);
    let name = drift(60, one("forenames", |n| format!("{:02}/03/1985", n % 28 + 1)));
    assert!(matches!(name[..], [(_, Change::Form { was: Form::Words, .. }, true)]), "{name:?}");
}

#[test]
fn a_column_that_is_suddenly_empty_holds_and_one_that_is_suddenly_full_is_told() {
    assert_eq!(drift(60, one("addr2", |_| String::new())), [("addr2".into(), Change::Emptied, true)]);
    assert_eq!(drift(60, one("remarks", |_| "Seen".into())), [("remarks".into(), Change::Filled, false)]);
    // Nine rows without it may be chance.
    assert_eq!(drift(9, one("addr2", |_| String::new())), []);
}

#[test]
fn values_that_still_read_as_the_mapping_wants_are_told_and_taken() {
    let m = releases();
    let cells = |kind| {
        let bound = Bound::direct(&m);
        let mut profiler = Profiler::new(&bound);
        for _ in 0..60 {
            let text = if kind == CellKind::Date { "2008-11-20" } else { "20/11/2008" };
            let row = good_but(&m, &[("release_date", text, kind)]);
            profiler.row(&row);
            profiler.outcome(&bound.map(&row, &keys(), DAY, &mut Scratch::new()));
        }
        profiler.finish()
    };
    let found = m.drifted(&cells(CellKind::Text), &cells(CellKind::Date));
    let how = Change::Form { was: Form::DayFirst, now: Some(Form::DateCell) };
    assert_eq!((found[0].how, found[0].holds, found.len()), (how, false, 1));
}

#[test]
fn a_missing_optional_column_counts_only_where_the_feed_had_it() {
    let m = releases();
    let header: Vec<String> =
        m.wanted().iter().map(|w| w.name.clone()).filter(|name| name != "Remarks").collect();
    let bound = m.bind(&header).unwrap();
    let without = Profiler::new(&bound).finish();
    assert_eq!(m.drifted(&profile(&m, 60, |_| Vec::new()), &without).len(), 0);
    let had = profile(&m, 60, |n| if n == 7 { alloc::vec![("remarks", "Seen".into())] } else { Vec::new() });
    let found = m.drifted(&had, &without);
    assert_eq!((found[0].how, found[0].header, found[0].holds), (Change::Missing, "Remarks", true));
}

#[test]
fn a_few_files_of_few_rows_together_make_a_habit_and_a_drift_begins_a_new_one() {
    let m = releases();
    let small = || profile(&m, 12, |_| Vec::new());
    let mut habit = small();
    let other = profile(&m, 12, one("booking", |n| format!("{n}")));
    assert!(m.drifted(&habit, &other).is_empty(), "twelve rows are no habit");
    for _ in 0..2 {
        habit = small().after(Some(&habit), &[]);
    }
    assert_eq!(m.drifted(&habit, &other).len(), 1);
    let after = other.clone().after(Some(&habit), &["booking"]);
    assert!(m.drifted(&after, &other).is_empty());
    assert_eq!(
        m.drifted(&after.clone().after(Some(&after), &[]).after(Some(&after), &[]), &small()).len(),
        1
    );
}

#[test]
fn a_column_that_the_mapping_reads_otherwise_since_is_not_compared() {
    let (old, new) = (
        releases(),
        compile(
            &RELEASES
                .replace(
                    "release_date = { column = \"release_date\", date = \"dd/mm/yyyy\" }",
                    "release_date = \"release_date\"",
                )
                .replace("release_date = \"20/11/2008\"", "release_date = \"2008-11-20\""),
        )
        .unwrap(),
    );
    let iso = |m: &Mapping| profile(m, 60, one("release_date", |_| "2008-11-20".into()));
    assert_eq!(old.drifted(&profile(&old, 60, |_| Vec::new()), &iso(&old)).len(), 1);
    assert!(new.drifted(&profile(&old, 60, |_| Vec::new()), &iso(&new)).is_empty());
}
