//! Reading and mapping before the store, beside the bare scan of the library underneath.
//!
//! `cargo bench --bench readers -- [ROWS]` (default 100,000): makes one prison feed of twenty columns as
//! CSV, XLSX, XML, fixed width, JSON and JSON Lines, and prints per format the bare scan, our reader, and reader with mapping: medians
//! of five, and the ratio to the bare scan.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use calamine::{Reader as _, Xlsx};
use jiff::civil::date;
use lockgate::config;
use lockgate_connectors::{Format, Limits, OptionValue, Options, Step, Wanted};
use lockgate_core::hash::{Digest, Keys};
use lockgate_core::mapping::{CodeMap, CodeMapLine, Context, Draft, Mapping, Outcome, Scratch};
use lockgate_core::row::RowBuf;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufReader, Cursor};
use std::path::Path;
use std::time::Instant;

const COLUMNS: [&str; 20] = [
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
/// Columns by element group of the XML feed.
const GROUPS: [(&str, usize); 5] =
    [("Identifiers", 3), ("Person", 6), ("Custody", 6), ("Address", 2), ("Assessment", 3)];

fn row(n: u64) -> [String; 20] {
    let pick = |list: &[&str], salt: u64| {
        let at = n.wrapping_mul(2_654_435_761).wrapping_add(salt) % list.len() as u64;
        list[usize::try_from(at).unwrap()].to_owned()
    };
    let day = |salt: u64| {
        format!("{:02}/{:02}/{}", 1 + (n + salt) % 28, 1 + (n / 7 + salt) % 12, 1950 + (n * 13 + salt) % 40)
    };
    let letter = |m: u64| char::from(b'A' + u8::try_from(m % 26).unwrap());
    [
        format!("{}{:04}{}{}", letter(n), n % 10_000, letter(n / 26), letter(n / 676)),
        String::new(),
        format!("B{:05}", n % 100_000),
        pick(&["CONNOR", "Shanelle", "Mohammed", "Agnieszka"], 1),
        pick(&["James", "", "Ali"], 2),
        pick(&["HARGREAVES", "O'NEILL-MARSH", "KHAN", "NOWAK"], 3),
        day(0),
        pick(&["M", "F"], 4),
        pick(&["W1", "A2", "B1"], 5),
        pick(&["LEI", "NHI", "HLI"], 6),
        "05/06/2008".into(),
        "18/11/2008".into(),
        pick(&["CRD", "ARD", "HDC"], 7),
        "05/06/2009".into(),
        "05/06/2010".into(),
        format!("{} Copse Row, Harehills", n % 300),
        pick(&["LS9 7ZZ", "ls97tf", "LS12 2TJ"], 8),
        pick(&["Field, J", "Moor, A"], 9),
        pick(&["Low", "Medium", "High"], 10),
        pick(&["", "1", "2"], 11),
    ]
}

fn csv_feed(rows: u64) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS).unwrap();
    (0..rows).for_each(|n| out.write_record(row(n)).unwrap());
    out.into_inner().unwrap()
}

fn xlsx_feed(rows: u64) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().unwrap();
    for (at, name) in COLUMNS.iter().enumerate() {
        sheet.write_string(0, u16::try_from(at).unwrap(), *name).unwrap();
    }
    for n in 0..rows {
        for (at, text) in row(n).iter().enumerate().filter(|(_, t)| !t.is_empty()) {
            sheet.write_string(u32::try_from(n + 1).unwrap(), u16::try_from(at).unwrap(), text).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

fn xml_feed(rows: u64) -> Vec<u8> {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OASysExtract version=\"1\">\n");
    for n in 0..rows {
        let cells = row(n);
        let mut at = 0;
        out.push_str("  <Offender>\n");
        for (group, width) in GROUPS {
            let _ = write!(out, "    <{group}>");
            for (name, text) in COLUMNS.iter().zip(&cells).skip(at).take(width) {
                let text = text.replace('&', "&amp;");
                let _ = write!(out, "<{name}>{text}</{name}>");
            }
            let _ = writeln!(out, "</{group}>");
            at += width;
        }
        out.push_str("  </Offender>\n");
    }
    out.push_str("</OASysExtract>\n");
    out.into_bytes()
}

/// The width of each column in the fixed-width feed; the longest address fits.
const WIDTH: usize = 32;

fn fixed_feed(rows: u64) -> Vec<u8> {
    let mut out = String::new();
    for n in 0..rows {
        row(n).iter().for_each(|text| {
            let _ = write!(out, "{text:<WIDTH$}");
        });
        out.push('\n');
    }
    out.into_bytes()
}

fn fixed_columns() -> OptionValue {
    let whole = |n: usize| OptionValue::Whole(i64::try_from(n).unwrap());
    let place = |at: usize| {
        let pairs = [("start", whole(at * WIDTH + 1)), ("width", whole(WIDTH))];
        OptionValue::Table(pairs.into_iter().map(|(name, n)| (name.to_owned(), n)).collect())
    };
    let columns = COLUMNS.iter().enumerate().map(|(at, name)| ((*name).to_owned(), place(at)));
    OptionValue::Table(columns.collect())
}

/// Objects with a separator between them: an array's content, or JSON Lines.
fn json_objects(rows: u64, between: &str) -> String {
    let mut out = String::new();
    for n in 0..rows {
        out.push_str(if n == 0 { "" } else { between });
        for (at, (name, text)) in COLUMNS.iter().zip(row(n)).enumerate() {
            let start = if at == 0 { '{' } else { ',' };
            let _ = write!(out, "{start}\"{name}\":{}", serde_json::Value::from(text));
        }
        out.push('}');
    }
    out
}

/// The timing deployment's mapping, with the header texts of the format.
fn mapping(xml: bool) -> Mapping {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let deployment = config::load(root).map_err(|(p, _)| p).unwrap();
    let folder = root.join("benches/deployment/mappings");
    let mut text = std::fs::read_to_string(folder.join("hmps/bench.toml")).unwrap();
    if xml {
        let mut at = 0;
        for (group, width) in GROUPS {
            for name in COLUMNS.iter().skip(at).take(width) {
                text = text.replace(&format!("\"{name}\"\n"), &format!("\"{group}/{name}\"\n"));
            }
            at += width;
        }
    }
    let mut maps = BTreeMap::new();
    for entry in std::fs::read_dir(folder.join("codes/hmps")).unwrap() {
        let path = entry.unwrap().path();
        let mut lines = csv::Reader::from_path(&path).unwrap();
        let line = |r: csv::StringRecord| CodeMapLine {
            from_code: r[0].into(),
            to_code: r[1].into(),
            from: None,
            until: None,
        };
        let map = CodeMap::new(lines.records().map(|r| line(r.unwrap()))).unwrap();
        maps.insert(format!("hmps/{}", path.file_stem().unwrap().to_str().unwrap()), map);
    }
    let partners: Vec<&str> = deployment.agreement.partners().map(|(_, p)| p.key.as_str()).collect();
    let context = Context {
        schema: &deployment.schema,
        code_maps: &maps,
        partners: &partners,
        zone: deployment.zone.clone(),
    };
    let draft: Draft = toml::from_str(&text).unwrap();
    Mapping::compile("bench.toml", &text, draft, &context).unwrap()
}

fn format(name: &str, option: Option<(&str, OptionValue)>) -> Box<dyn Format> {
    let kind = lockgate_connectors::FORMATS.iter().find(|f| f.name == name).unwrap();
    let all = option.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    (kind.open)(&Options(all), &Limits::default()).unwrap()
}

/// Reads all rows, and maps them when a mapping is given; gives how many rows counted.
fn ours(format: &dyn Format, bytes: &[u8], mapping: &Mapping, map: bool) -> u64 {
    let wanted: Vec<Wanted> = mapping
        .wanted()
        .into_iter()
        .map(|w| Wanted { name: w.name, aliases: w.aliases, required: w.required })
        .collect();
    let mut rows = format.read(Box::new(Cursor::new(bytes)), &wanted).unwrap();
    let bound = mapping.bind(rows.header()).unwrap();
    let keys = Keys::derive(b"bench", &Digest::of(b"bench"));
    let (mut row, mut scratch, mut count) = (RowBuf::new(), Scratch::new(), 0);
    loop {
        match rows.next(&mut row).unwrap() {
            Step::End => return count,
            Step::Bad { .. } => {}
            Step::Row if map => {
                let outcome = bound.map(&row, &keys, date(2008, 11, 17), &mut scratch);
                count += u64::from(matches!(outcome, Outcome::Mapped(_)));
            }
            Step::Row => count += 1,
        }
    }
}

fn median(mut run: impl FnMut() -> u64) -> (f64, u64) {
    let mut times = Vec::new();
    let mut count = 0;
    for _ in 0..5 {
        let start = Instant::now();
        count = run();
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    (times[2], count)
}

fn report(name: &str, bare: f64, read: (f64, u64), mapped: (f64, u64)) {
    println!(
        "| {name} | {bare:.3} | {:.3} ({:.2}x) | {:.3} ({:.2}x) | {} of {} |",
        read.0,
        read.0 / bare,
        mapped.0,
        mapped.0 / bare,
        mapped.1,
        read.1
    );
}

fn main() {
    let rows = std::env::args().find_map(|a| a.parse().ok()).unwrap_or(100_000);
    println!("| format, {rows} rows | bare scan s | reader s | reader and mapping s | mapped |");
    println!("| --- | --- | --- | --- | --- |");
    let (flat, paths) = (mapping(false), mapping(true));

    let bytes = csv_feed(rows);
    let bare = median(|| {
        let (mut reader, mut record, mut n) =
            (csv::Reader::from_reader(&bytes[..]), csv::ByteRecord::new(), 0);
        while reader.read_byte_record(&mut record).unwrap() {
            n += 1;
        }
        n
    });
    let csv = format("csv", None);
    report(
        "csv",
        bare.0,
        median(|| ours(&*csv, &bytes, &flat, false)),
        median(|| ours(&*csv, &bytes, &flat, true)),
    );

    let bytes = xlsx_feed(rows);
    let bare = median(|| {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(&bytes)).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        range.rows().count() as u64
    });
    let xlsx = format("xlsx", None);
    report(
        "xlsx",
        bare.0,
        median(|| ours(&*xlsx, &bytes, &flat, false)),
        median(|| ours(&*xlsx, &bytes, &flat, true)),
    );

    let bytes = xml_feed(rows);
    let bare = median(|| {
        let mut reader = quick_xml::Reader::from_reader(BufReader::new(&bytes[..]));
        let (mut buffer, mut n) = (Vec::new(), 0);
        loop {
            match reader.read_event_into(&mut buffer).unwrap() {
                quick_xml::events::Event::Start(_) => n += 1,
                quick_xml::events::Event::Eof => return n,
                _ => {}
            }
            buffer.clear();
        }
    });
    let xml = format("xml", Some(("row", OptionValue::Text("OASysExtract/Offender".into()))));
    report(
        "xml",
        bare.0,
        median(|| ours(&*xml, &bytes, &paths, false)),
        median(|| ours(&*xml, &bytes, &paths, true)),
    );
    lines_and_objects(rows, &flat);
}

/// Fixed width beside walking its lines; JSON and JSON Lines beside `serde_json` into maps.
fn lines_and_objects(rows: u64, flat: &Mapping) {
    let bytes = fixed_feed(rows);
    let bare = median(|| std::str::from_utf8(&bytes).unwrap().lines().count() as u64);
    let fixed = format("fixed_width", Some(("columns", fixed_columns())));
    report(
        "fixed_width",
        bare.0,
        median(|| ours(&*fixed, &bytes, flat, false)),
        median(|| ours(&*fixed, &bytes, flat, true)),
    );

    let bytes = format!("[{}]", json_objects(rows, ",")).into_bytes();
    let bare = median(|| {
        let all: Vec<BTreeMap<&str, &str>> = serde_json::from_slice(&bytes).unwrap();
        all.len() as u64
    });
    let json = format("json", Some(("row", OptionValue::Text("[]".into()))));
    report(
        "json",
        bare.0,
        median(|| ours(&*json, &bytes, flat, false)),
        median(|| ours(&*json, &bytes, flat, true)),
    );

    let bytes = json_objects(rows, "\n").into_bytes();
    let bare = median(|| {
        let lines = bytes.split(|b| *b == b'\n');
        lines
            .map(|line| serde_json::from_slice::<BTreeMap<&str, &str>>(line).unwrap())
            .filter(|o| !o.is_empty())
            .count() as u64
    });
    let jsonl = format("jsonl", None);
    report(
        "jsonl",
        bare.0,
        median(|| ours(&*jsonl, &bytes, flat, false)),
        median(|| ours(&*jsonl, &bytes, flat, true)),
    );
}
