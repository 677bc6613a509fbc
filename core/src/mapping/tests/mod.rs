//! The mapping as a whole: a realistic feed, rule by rule. The people are invented.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "tests"
)]

mod cells;
mod drift;
mod evidence;
mod examples;
mod faults;
mod language;
mod lists;
mod random;
mod rows;

use super::{CodeMap, CodeMapLine, Context, Draft, Mapping, Outcome, Scratch};
use crate::hash::{Digest, Keys};
use crate::problem::{Location, Problem};
use crate::row::{CellKind, RowBuf};
use crate::schema::{self, CodeEntry, CodeList, Schema};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

pub(super) const DAY: Date = Date::constant(2008, 11, 17);

const SCHEMA: &str = r#"
[person]
title = "Person"
fields.surname = { type = "name" }
fields.forenames = { type = "name" }
fields.aliases = { type = "name" }
fields.birth_date = { type = "dob" }
fields.sex = { type = "code", of = "sex" }
fields.pnc_id = { type = "id", of = "pnc" }
fields.prison_number = { type = "id", of = "prison_number" }

[prison_release]
title = "Prison releases"
fields.release_date = { type = "date" }
fields.release_type = { type = "code", of = "release_type" }
fields.establishment = { type = "code", of = "establishment" }
fields.release_address = { type = "address" }
fields.release_postcode = { type = "postcode" }
fields.remarks = { type = "text" }

[tag_breach]
title = "Breaches"
fields.breach_at = { type = "datetime" }
fields.minutes_absent = { type = "number" }
fields.on_tag = { type = "flag" }
fields.offence = { type = "id", of = "offence" }
fields.arrears = { type = "money" }
"#;

pub(super) const RELEASES: &str = r#"
[feed]
name = "hmps-releases"
partner = "hmps"
title = "Daily prison releases"
kind = "changes"
retention = "6 months"
key_space = "prison_number"

[source]
place = "hmps"
file = "HMPS_RELEASES_{date}.csv"
format = "csv"

[source.csv]
delimiter = ";"
header_rows = 2
trailer = { starts_with = "TRAILER", count = 2 }

[check]
error_budget = "5%"
empty = "accepted"

[columns]
prison_number = "Prison number"
booking = "Booking number"
pnc = { header = "PNC", null = ["-", "UNKNOWN PNC"] }
cro = "CRO"
surname = { header = ["Surname", "Last name"], null = ["-", "UNKNOWN"] }
forenames = "Forenames"
alias = "Alias"
dob = "DOB"
sex = "Sex"
release_date = "Release date"
movement = "Movement type"
reason = "Reason"
addr1 = "Address 1"
addr2 = "Address 2"
postcode = "Postcode"
covert = "Covert"
lao = "LAO"
status = "Status"
remarks = { header = "Remarks", required = false }
ignore = ["Ethnicity", "Length"]

[identity]
key = "prison_number"
key_kind = "prison_number"

[identity.person]
surname = "surname"
forenames = "forenames"
aliases = { columns = ["alias"], join = "; " }
birth_date = { column = "dob", date = "dd/mm/yyyy", null = ["01/01/1900", "01/01/1970"] }
sex = { column = "sex", codes = "hmps/sex" }
pnc_id = { column = "pnc", on_fault = "drop" }
prison_number = "prison_number"

[identity.evidence]
cro = "cro"
postcode = ["postcode"]

[[record]]
category = "prison_release"
key = ["prison_number", "booking"]
when = [ { column = "status", in = ["N", "C", "X"] } ]
cancelled = { column = "status", in = ["X"] }
restricted = { column = "covert", not_in = ["N"] }

[record.fields]
release_date = { column = "release_date", date = "dd/mm/yyyy" }
release_type = { columns = ["movement", "reason"], join = "/", codes = "hmps/release_type" }
establishment = { constant = "LEI" }
release_address = { columns = ["addr1", "addr2"], join = ", " }
release_postcode = "postcode"
remarks = "remarks"

[[refuse]]
when = [ { column = "lao", in = ["true"] } ]
reason = "limited_access"

[[refuse]]
when = [ { column = "surname", in = ["ZZTEST"] }, { column = "forenames", in = ["TEST"] } ]
reason = "test_row"

[[skip]]
when = [ { column = "status", in = ["D"] } ]
reason = "draft rows"

[[example]]
title = "an ECL release is never lost"
row = { prison_number = "A7341CD", booking = "V74111", surname = "HARGREAVES", forenames = "CONNOR JAMES", release_date = "20/11/2008", movement = "TAP", reason = "EL", status = "N", covert = "N" }
expect = [ { category = "prison_release", release_type = "ecl", release_date = "2008-11-20", remarks = "", cancelled = false }, { category = "person", surname = "HARGREAVES" } ]

[[example]]
title = "a row of limited access waits"
row = { prison_number = "A7341CD", booking = "V74111", status = "N", lao = true }
expect = "refused"

[[example]]
title = "a draft is left"
day = 2008-11-18
row = { status = "D" }
expect = "skipped"
"#;

fn list(codes: &[&str]) -> CodeList {
    let entry = |code: &&str| CodeEntry {
        code: (*code).into(),
        label: String::new(),
        group: None,
        from: None,
        until: None,
    };
    CodeList::new(codes.iter().map(entry)).unwrap()
}

fn map(lines: &[(&str, &str)]) -> CodeMap {
    let line = |(from, to): &(&str, &str)| CodeMapLine {
        from_code: (*from).into(),
        to_code: (*to).into(),
        from: None,
        until: None,
    };
    CodeMap::new(lines.iter().map(line)).unwrap()
}

pub(super) fn schema() -> Schema {
    let draft: schema::Draft = toml::from_str(SCHEMA).unwrap();
    let mut release = list(&["ecl", "transfer"]);
    // `hdc` came into use after the files' day.
    let late = CodeEntry {
        code: "hdc".into(),
        label: String::new(),
        group: None,
        from: Some(Date::constant(2009, 1, 1)),
        until: None,
    };
    release = CodeList::new(release.entries().cloned().chain([late])).unwrap();
    let lists = BTreeMap::from([
        ("sex".into(), list(&["M", "F"])),
        ("release_type".into(), release),
        ("establishment".into(), list(&["LEI", "NHI"])),
    ]);
    Schema::build(alloc::vec![("schema.toml".into(), draft)], lists).unwrap()
}

pub(super) fn code_maps() -> BTreeMap<String, CodeMap> {
    let dated = |to: &str, from: Option<Date>, until: Option<Date>| CodeMapLine {
        from_code: "A".into(),
        to_code: to.into(),
        from,
        until,
    };
    let turn = [
        dated("ecl", None, Some(DAY.yesterday().unwrap())),
        dated("transfer", Some(DAY), Some(Date::constant(2009, 6, 30))),
    ];
    BTreeMap::from([
        ("hmps/dated".into(), CodeMap::new(turn).unwrap()),
        ("hmps/sex".into(), map(&[("M", "M"), ("F", "F")])),
        ("hmps/release_type".into(), map(&[("TAP/EL", "ecl"), ("TRN", "transfer"), ("HDC/HD", "hdc")])),
        ("hmps/stale".into(), map(&[("A", "gone")])),
    ])
}

pub(super) fn compile(text: &str) -> Result<Mapping, Vec<Problem>> {
    let draft: Draft = toml::from_str(text).unwrap_or_else(|e| panic!("{e}"));
    let (schema, code_maps) = (schema(), code_maps());
    // An hour off UTC, so that an instant that was not converted shows.
    let zone = TimeZone::fixed(Offset::constant(1));
    let ctx = Context { schema: &schema, code_maps: &code_maps, partners: &["wyp", "hmps"], zone };
    Mapping::compile("mappings/hmps/releases.toml", text, draft, &ctx)
}

pub(super) fn releases() -> Mapping {
    compile(RELEASES).unwrap_or_else(|p| panic!("{}", render(RELEASES, &p)))
}

/// One problem a line: code, line, offending text, what, help.
pub(super) fn render(text: &str, problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        let Some(Location::Config { span, .. }) = &problem.at else { panic!("no place") };
        let line = text.get(..span.start).unwrap().matches('\n').count() + 1;
        let found = text.get(span.clone()).unwrap().lines().next().unwrap_or("");
        let help = problem.help.as_ref().map_or_else(String::new, |h| format!(" ({h})"));
        out.push_str(&format!("{} {line} [{found}] {}{help}\n", problem.code, problem.what));
    }
    out
}

pub(super) fn keys() -> Keys {
    Keys::derive(b"test", &Digest::of(b"test"))
}

/// A row by column words; the columns not given are absent.
pub(super) fn row(mapping: &Mapping, cells: &[(&str, &str)]) -> RowBuf {
    let cells: Vec<_> = cells.iter().map(|(word, text)| (*word, *text, CellKind::Text)).collect();
    row_of(mapping, &cells)
}

pub(super) fn row_of(mapping: &Mapping, cells: &[(&str, &str, CellKind)]) -> RowBuf {
    assert!(
        cells.iter().all(|(word, ..)| mapping.columns().any(|c| c == *word)),
        "a column of the test is unknown"
    );
    let mut row = RowBuf::new();
    row.start(1);
    for column in mapping.columns() {
        match cells.iter().rfind(|(word, ..)| *word == column) {
            Some((_, text, kind)) => row.push_kind(text, *kind),
            None => row.push_kind("", CellKind::Absent),
        }
    }
    row
}

pub(super) fn run(mapping: &Mapping, row: &RowBuf) -> Outcome {
    super::Bound::direct(mapping).map(row, &keys(), DAY, &mut Scratch::new())
}

/// An outcome in one text: `category field=value … !mark`, faults as `column:code`.
pub(super) fn show(mapping: &Mapping, outcome: &Outcome) -> String {
    let fault = |f: &super::RowFault| {
        format!("{}:{}", f.column.and_then(|c| mapping.column(c)).unwrap_or("row"), f.code)
    };
    match outcome {
        Outcome::Skipped => "skipped".into(),
        Outcome::Refused(faults) => {
            format!("refused {}", faults.iter().map(fault).collect::<Vec<_>>().join(" "))
        }
        Outcome::Mapped(mapped) => {
            let mut out = String::new();
            for candidate in &mapped.candidates {
                let person = mapping.identity.person.iter();
                let plan = person.chain(&mapping.records).find(|p| p.category == candidate.category).unwrap();
                out.push_str(&plan.name);
                for (name, value) in plan.names.iter().zip(candidate.fields.iter()) {
                    if let Some(value) = value {
                        out.push_str(&format!(" {name}={value}"));
                    }
                }
                out.push_str(if candidate.cancelled { " !cancelled" } else { "" });
                out.push_str(if candidate.restricted { " !restricted" } else { "" });
                out.push('\n');
            }
            mapped.dropped.iter().for_each(|f| out.push_str(&format!("dropped {}\n", fault(f))));
            out
        }
    }
}

/// A good row of the releases feed.
pub(super) const GOOD: &[(&str, &str)] = &[
    ("prison_number", "A7341CD"),
    ("booking", "V74111"),
    ("pnc", "2004/0031877J"),
    ("cro", "004410/04U"),
    ("surname", "HARGREAVES"),
    ("forenames", "CONNOR JAMES"),
    ("alias", "Conor HARGREAVES; HARGREAVES, Con"),
    ("dob", "14/02/1981"),
    ("sex", "M"),
    ("release_date", "20/11/2008"),
    ("movement", "TAP"),
    ("reason", "EL"),
    ("addr1", "14 Copse Row"),
    ("addr2", "Harehills"),
    ("postcode", "LS9 7ZZ"),
    ("covert", "N"),
    ("lao", ""),
    ("status", "N"),
];

/// The good row with some cells changed.
pub(super) fn good_but(mapping: &Mapping, changes: &[(&str, &str, CellKind)]) -> RowBuf {
    let good = GOOD.iter().map(|(word, text)| (*word, *text, CellKind::Text));
    row_of(mapping, &good.chain(changes.iter().copied()).collect::<Vec<_>>())
}
