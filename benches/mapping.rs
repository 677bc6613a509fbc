//! Mapping alone: rows of twenty columns that lie in memory, under the mapping of `benches/deployment`, on one thread.
//!
//! `cargo bench --bench mapping -- [ROWS]` (default 200,000) prints, as medians of seven, what a row costs: its
//! fingerprint, its mapping, and the count of its forms for drift.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use jiff::civil::{Date, date};
use lockgate::config;
use lockgate_core::hash::Keys;
use lockgate_core::mapping::{Mapping, Outcome, Profiler, Scratch};
use lockgate_core::row::RowBuf;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const TURNS: usize = 7;
const HEADER: [&str; 20] = [
    "noms_id",
    "pnc_id",
    "booking_no",
    "forename",
    "middle_names",
    "surname",
    "dob",
    "gender",
    "ethnicity",
    "establishment",
    "reception_date",
    "release_date",
    "release_type",
    "sentence_expiry",
    "licence_expiry",
    "release_address",
    "release_postcode",
    "offender_manager",
    "risk_level",
    "mappa_level",
];

fn pick<'a>(list: &[&'a str], n: u64, salt: u64) -> &'a str {
    let at = n.wrapping_mul(2_654_435_761).wrapping_add(salt) % list.len() as u64;
    list.get(usize::try_from(at).unwrap()).unwrap()
}

fn row(n: u64, out: &mut RowBuf) {
    let letter = |m: u64| char::from(b'A' + u8::try_from(m % 26).unwrap());
    let day = |salt: u64, year: u64| {
        format!("{:02}/{:02}/{}", 1 + (n + salt) % 28, 1 + (n / 7 + salt) % 12, year + (n * 13 + salt) % 40)
    };
    let number = format!("{}{:04}{}{}", letter(n), n % 10_000, letter(n / 26), letter(n / 676));
    out.start(n + 1);
    for cell in [
        number.as_str(),
        "",
        &format!("B{:05}", n % 100_000),
        pick(&["Connor", "Shanelle", "Tyler", "Wayne", "Lorraine"], n, 1),
        pick(&["James", "", "Anne Marie", ""], n, 2),
        pick(&["HARGREAVES", "O'Neill-Marsh", "RAFIQ", "Boothroyd"], n, 3),
        &day(1, 1950),
        pick(&["M", "F"], n, 4),
        "W1",
        pick(&["LEI", "NHI", "WDI"], n, 5),
        &day(2, 1968),
        &day(3, 1969),
        pick(&["CRD", "HDC", "ARD"], n, 6),
        &day(4, 1970),
        &day(5, 1970),
        &format!("{} {}, Harehills, Leeds", n % 200, pick(&["Copse Row", "Heddle Mount"], n, 7)),
        pick(&["LS9 7ZZ", "LS12 2ZE", "ls97zz"], n, 8),
        "Waterloo House",
        pick(&["H", "M", "L"], n, 9),
        "1",
    ] {
        out.push(cell);
    }
}

/// Median nanoseconds a row over so many turns.
fn median(rows: usize, mut turn: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..TURNS)
        .map(|_| {
            let start = Instant::now();
            turn();
            start.elapsed().as_secs_f64() * 1e9
        })
        .collect();
    times.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    let rows = rows as f64;
    times.get(TURNS / 2).copied().unwrap_or_default() / rows
}

fn main() {
    let count: u64 = std::env::args().find_map(|a| a.parse().ok()).unwrap_or(200_000);
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/deployment");
    let deployment = config::load(&place).unwrap_or_else(|_| unreachable!("the timing deployment reads"));
    let mapping: &Mapping = deployment.mappings.iter().find(|m| m.name() == "hmps-bench").unwrap();
    let header: Vec<String> = HEADER.iter().map(|h| (*h).into()).collect();
    let bound = mapping.bind(&header).unwrap();
    let keys = Keys::derive(b"timing", mapping.digest());
    let rows: Vec<RowBuf> = (0..count)
        .map(|n| {
            let mut buf = RowBuf::new();
            row(n, &mut buf);
            buf
        })
        .collect();
    let day: Date = date(2008, 11, 17);
    let mut scratch = Scratch::new();
    let mapped =
        rows.iter().filter(|r| matches!(bound.map(r, &keys, day, &mut scratch), Outcome::Mapped(_))).count();
    println!(
        "{} rows of {} columns, {mapped} mapped; medians of {TURNS}, one thread\n",
        rows.len(),
        HEADER.len()
    );
    println!("| part | µs a row |\n| --- | --- |");
    let print = |name: &str, nanoseconds: f64| println!("| {name} | {:.2} |", nanoseconds / 1000.0);
    print(
        "fingerprint",
        median(rows.len(), || {
            rows.iter().for_each(|r| {
                black_box(r.fingerprint(&keys.rows));
            });
        }),
    );
    print(
        "mapping",
        median(rows.len(), || {
            rows.iter().for_each(|r| drop(black_box(bound.map(r, &keys, day, &mut scratch))));
        }),
    );
    print(
        "counting forms",
        median(rows.len(), || {
            let mut profiler = Profiler::new(&bound);
            rows.iter().for_each(|r| profiler.row(r));
            drop(black_box(profiler.finish()));
        }),
    );
}
