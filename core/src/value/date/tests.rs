//! Dates: each form, each refusal, the two centuries, spreadsheets' counts, summer time.

#![expect(clippy::expect_used, reason = "tests")]

use super::*;
use alloc::format;
use proptest::prelude::*;

const TODAY: Date = Date::constant(2008, 11, 17);

fn form(pattern: &str) -> DateFormat {
    DateFormat::parse(pattern).expect("a known pattern")
}

fn written(date: Date) -> String {
    let mut out = String::new();
    write(date, &mut out);
    out
}

fn got(text: &str, pattern: &str) -> Result<String, Fault> {
    read(text, form(pattern), TODAY).map(written)
}

#[test]
fn each_declared_form_reads() {
    for (pattern, text) in [
        ("dd/mm/yyyy", "20/11/2008"),
        ("d/m/yyyy", "20/11/2008"),
        ("dd/mm/yy", " 20/11/08 "),
        ("yyyy-mm-dd", "2008-11-20"),
        ("yyyymmdd", "20081120"),
        ("dd-MON-yyyy", "20-NOV-2008"),
        ("dd-MON-yy", "20-nov-08"),
        ("dd.mm.yyyy", "20.11.2008"),
        ("yyyy-mm-ddThh:mm:ss", "2008-11-20T23:15:00"),
        ("yyyy-mm-dd hh:mm:ss", "2008-11-20 23:15:00"),
        ("dd/mm/yyyy hh:mm:ss", "20/11/2008 23:15:00"),
        ("dd/mm/yyyy hh:mm", "20/11/2008 23:15"),
    ] {
        assert_eq!(got(text, pattern).as_deref(), Ok("2008-11-20"), "{pattern}");
    }
    assert_eq!(got("1/2/2008", "d/m/yyyy").as_deref(), Ok("2008-02-01"));
    assert!(DateFormat::KNOWN.iter().all(|pattern| DateFormat::parse(pattern).is_some()));
    assert_eq!(DateFormat::parse("mm/dd/yyyy"), None);
    assert!(form("dd-MON-yy").has_two_digit_year() && !form("dd-MON-yyyy").has_two_digit_year());
    assert!(form("dd/mm/yyyy hh:mm").has_time() && !form("dd/mm/yyyy").has_time());
}

#[test]
fn another_form_or_an_impossible_day_is_refused() {
    for (pattern, text, fault) in [
        ("dd/mm/yyyy", "", EMPTY),
        ("dd/mm/yyyy", "1/2/2008", DATE_FORM),
        ("dd/mm/yyyy", "2008-11-20", DATE_FORM),
        ("dd/mm/yyyy", "20/11/08", DATE_FORM),
        ("dd/mm/yyyy", "20/11/2008 00:00:00", DATE_FORM),
        ("dd/mm/yy", "20/11/2008", DATE_FORM),
        ("dd/mm/yyyy", "20/11/20 8", DATE_FORM),
        ("dd/mm/yyyy", "+1/11/2008", DATE_FORM),
        ("dd/mm/yyyy", "11/20/2008", DATE_IMPOSSIBLE),
        ("dd/mm/yyyy", "31/02/2008", DATE_IMPOSSIBLE),
        ("dd/mm/yyyy", "29/02/2007", DATE_IMPOSSIBLE),
        ("dd/mm/yyyy", "31/12/9999", DATE_IMPOSSIBLE),
        ("dd/mm/yyyy", "20/11/0208", DATE_IMPOSSIBLE),
        ("yyyymmdd", "00000000", DATE_IMPOSSIBLE),
        ("yyyymmdd", "2008112", DATE_FORM),
        ("dd-MON-yyyy", "20-NOW-2008", DATE_FORM),
        ("dd-MON-yyyy", "20-NOVEMBER-2008", DATE_FORM),
        ("yyyy-mm-ddThh:mm:ss", "2008-11-20", DATE_FORM),
        ("yyyy-mm-ddThh:mm:ss", "2008-11-20T23:15:00Z", DATE_FORM),
        ("yyyy-mm-ddThh:mm:ss", "2008-11-20T25:15:00", TIME),
    ] {
        assert_eq!(got(text, pattern), Err(fault), "{pattern} {text}");
    }
}

#[test]
fn a_two_digit_year_is_split_at_the_present_year() {
    for (text, day) in [("01/01/08", "2008-01-01"), ("01/01/09", "1909-01-01"), ("01/01/00", "2000-01-01")] {
        assert_eq!(got(text, "dd/mm/yy").as_deref(), Ok(day), "{text}");
    }
    let ahead = read_with_pivot("01/01/09", form("dd/mm/yy"), 18).map(written);
    assert_eq!(ahead.as_deref(), Ok("2009-01-01"));
    assert_eq!(pivot(TODAY), 8);
}

#[test]
fn a_spreadsheets_count_of_days_is_read_in_its_own_system() {
    for (text, epoch_1904, day) in [
        ("39772", false, "2008-11-20"),
        ("39772.96875", false, "2008-11-20"),
        ("38310", true, "2008-11-20"),
        ("61", false, "1900-03-01"),
        ("1", true, "1904-01-02"),
        ("40000", false, "2009-07-06"),
    ] {
        assert_eq!(read_serial(text, epoch_1904).map(written).as_deref(), Ok(day), "{text}");
    }
    for (text, fault) in [
        ("", EMPTY),
        ("0", SERIAL),
        ("60", SERIAL),
        ("0.5", SERIAL),
        ("2008", SERIAL),
        ("20081120", SERIAL),
        ("4E4", SERIAL),
        ("-39772", SERIAL),
        ("39772.", SERIAL),
        ("999999", SERIAL),
    ] {
        assert_eq!(read_serial(text, false), Err(fault), "{text}");
    }
    assert_eq!(read_serial("0", true), Err(SERIAL));
}

#[test]
fn a_date_cell_is_read_with_or_without_its_time() {
    for text in ["2008-11-20", "2008-11-20T00:00:00", "2008-11-20 23:15:00", "2008-11-20T23:15:00.000"] {
        assert_eq!(read_iso_cell(text).map(written).as_deref(), Ok("2008-11-20"), "{text}");
    }
    for (text, fault) in [
        ("", EMPTY),
        ("20/11/2008", DATE_FORM),
        ("2008-02-30", DATE_IMPOSSIBLE),
        ("2008-11-20Tx", TIME),
        ("1899-12-31T08:45:00", SERIAL),
        ("1900-01-01", SERIAL),
    ] {
        assert_eq!(read_iso_cell(text), Err(fault), "{text}");
    }
}

fn london() -> TimeZone {
    TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").expect("the rule of the United Kingdom")
}

fn utc(date: Date, time: &str) -> Result<String, Fault> {
    let mut out = String::new();
    instant(date, read_time(time)?, &london(), &mut out).map(|()| out)
}

#[test]
fn a_time_of_day_reads() {
    let day = Date::constant(2008, 11, 20);
    for (time, stamp) in [
        ("08:45", "2008-11-20T08:45:00Z"),
        (" 08:45:30 ", "2008-11-20T08:45:30Z"),
        ("0845", "2008-11-20T08:45:00Z"),
        ("8:45", "2008-11-20T08:45:00Z"),
        ("00:00", "2008-11-20T00:00:00Z"),
        ("24:00", "2008-11-21T00:00:00Z"),
        ("24:00:00", "2008-11-21T00:00:00Z"),
        ("2400", "2008-11-21T00:00:00Z"),
        ("1899-12-31T08:45:00", "2008-11-20T08:45:00Z"),
        ("1970-01-01 08:45:00.000", "2008-11-20T08:45:00Z"),
    ] {
        assert_eq!(utc(day, time).as_deref(), Ok(stamp), "{time}");
    }
    for (time, fault) in [
        ("", EMPTY),
        ("24:01", TIME),
        ("25:00", TIME),
        ("08:60", TIME),
        ("08:45:60", TIME),
        ("845", TIME),
        ("08.45", TIME),
        ("8:45pm", TIME),
        ("2008-11-20T08:45:00", TIME),
    ] {
        assert_eq!(read_time(time), Err(fault), "{time}");
    }
}

#[test]
fn summer_time_has_one_rule_for_the_hour_shown_twice_and_the_hour_left_out() {
    let (summer, spring, autumn) =
        (Date::constant(2008, 6, 21), Date::constant(2008, 3, 30), Date::constant(2008, 10, 26));
    assert_eq!(utc(summer, "00:15").as_deref(), Ok("2008-06-20T23:15:00Z"));
    assert_eq!(utc(summer, "24:00").as_deref(), Ok("2008-06-21T23:00:00Z"));
    assert_eq!(utc(spring, "01:30").as_deref(), Ok("2008-03-30T01:30:00Z"), "left out");
    assert_eq!(utc(spring, "02:30").as_deref(), Ok("2008-03-30T01:30:00Z"));
    assert_eq!(utc(autumn, "01:30").as_deref(), Ok("2008-10-26T00:30:00Z"), "shown twice: the first");
    assert_eq!(utc(autumn, "02:00").as_deref(), Ok("2008-10-26T02:00:00Z"));
}

#[test]
fn a_birth_to_come_or_too_long_ago_is_refused() {
    for (birth, plausible) in [
        ((2008, 11, 17), true),
        ((2008, 11, 18), false),
        ((1898, 11, 17), true),
        ((1897, 11, 18), true),
        ((1897, 11, 17), false),
    ] {
        let (y, m, d) = birth;
        let result = plausible_birth(Date::constant(y, m, d), TODAY);
        assert_eq!(result, if plausible { Ok(()) } else { Err(BIRTH) }, "{birth:?}");
    }
}

#[test]
fn a_birth_to_come_goes_back_a_century() {
    let birth = |y, m, d| birth_century(Date::constant(y, m, d), TODAY);
    assert_eq!(birth(2045, 6, 1), Date::constant(1945, 6, 1));
    assert_eq!(birth(2048, 2, 29), Date::constant(1948, 2, 29));
    assert_eq!(birth(2008, 11, 17), TODAY);
    assert_eq!(birth(1945, 6, 1), Date::constant(1945, 6, 1));
}

#[test]
fn fillers_for_an_unknown_birth_are_known() {
    assert!(
        is_placeholder_birth(Date::constant(1900, 1, 1)) && is_placeholder_birth(Date::constant(1970, 1, 1))
    );
    assert!(!is_placeholder_birth(Date::constant(1970, 1, 2)));
}

#[test]
fn age_is_in_completed_years() {
    let leap = Date::constant(1988, 2, 29);
    for (birth, day, age) in [
        (Date::constant(1990, 11, 17), TODAY, Some(18)),
        (Date::constant(1990, 11, 18), TODAY, Some(17)),
        (TODAY, TODAY, Some(0)),
        (Date::constant(2008, 11, 18), TODAY, None),
        (leap, Date::constant(2006, 2, 28), Some(17)),
        (leap, Date::constant(2006, 3, 1), Some(18)),
    ] {
        assert_eq!(age_on(birth, day), age, "{birth} on {day}");
    }
}

#[test]
fn only_canonical_text_has_a_canonical_day() {
    for text in ["2008-11-20", "2008-11-20T23:15:00Z"] {
        assert_eq!(canonical_day(text), Some(Date::constant(2008, 11, 20)), "{text}");
    }
    for text in [
        "",
        "2008-11-2",
        "2008-02-30",
        "2008-11-20x",
        "2008-11-20T23:15:00",
        "2008-11-20T2:15Z",
        "é008-11-20",
    ] {
        assert_eq!(canonical_day(text), None, "{text}");
    }
}

fn any_date() -> impl Strategy<Value = Date> {
    (1800_i16..2200, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| Date::constant(y, m, d))
}

proptest! {
    #[test]
    fn no_text_brings_a_reader_down(text in prop_oneof![any::<String>(), "[0-9/:T. -]{0,22}"], epoch_1904: bool) {
        for pattern in DateFormat::KNOWN {
            if let Ok((date, clock)) = read_moment(&text, form(pattern), 8) {
                prop_assert_eq!(read(&written(date), form("yyyy-mm-dd"), TODAY), Ok(date));
                prop_assert_eq!(clock.is_some(), form(pattern).has_time());
            }
        }
        let _ = (read_serial(&text, epoch_1904), read_iso_moment(&text), canonical_day(&text));
        if let Ok(clock) = read_time(&text) {
            let mut out = String::new();
            prop_assert_eq!(instant(TODAY, clock, &london(), &mut out), Ok(()));
            prop_assert!(canonical_day(&out).is_some());
        }
    }

    #[test]
    fn a_written_date_reads_as_itself(date in any_date()) {
        let (y, m, d) = (date.year(), date.month(), date.day());
        prop_assert_eq!(read(&written(date), form("yyyy-mm-dd"), TODAY), Ok(date));
        prop_assert_eq!(read_iso_cell(&written(date)).ok(), (date >= FIRST_SHEET_DAY).then_some(date));
        prop_assert_eq!(read(&format!("{d:02}/{m:02}/{y}"), form("dd/mm/yyyy"), TODAY), Ok(date));
        prop_assert_eq!(read(&format!("{d}/{m}/{y}"), form("d/m/yyyy"), TODAY), Ok(date));
        prop_assert_eq!(read(&format!("{y}{m:02}{d:02}"), form("yyyymmdd"), TODAY), Ok(date));
        prop_assert_eq!(canonical_day(&written(date)), Some(date));
    }

    #[test]
    fn a_spreadsheets_count_agrees_with_the_calendar(days in 2200_i32..100_000) {
        let day = read_serial(&format!("{days}"), false);
        let same = read_serial(&format!("{}", days - 1462), true);
        if days - 1462 >= 2200 {
            prop_assert_eq!(day, same);
        }
    }

    #[test]
    fn age_grows_by_one_a_year(birth in any_date(), years in 0_i16..100) {
        let on = Date::constant(birth.year() + years, birth.month(), birth.day());
        prop_assert_eq!(age_on(birth, on), Some(years));
        prop_assert_eq!(age_on(birth, on.yesterday().expect("in range")), (years > 0).then(|| years - 1));
    }
}
