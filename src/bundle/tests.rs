//! The writer on rows packed by hand: the gate's own rows come through it in the tests of a whole night.

use super::{BundleError, BundleWriter, Finished, Options, publish};
use calamine::{Data, Reader, Xlsx};
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::{BundleKind, Column, Counts, Form, Meta, Table};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{LedgerCommit, Outgoing, Prepared};
use lockgate_core::schema::{CategoryId, FieldId};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const NEW: u8 = 0;
const CORRECTION: u8 = 1;
const WITHDRAWAL: u8 = 2;
const CURRENT: u8 = 3;

fn meta(kind: BundleKind) -> Meta {
    Meta {
        agreement: "leeds-iom".into(),
        agreement_reference: "001/Leeds IOM".into(),
        agreement_version: "1".into(),
        recipient: PartnerId(1),
        recipient_name: "Agency <Two>".into(),
        partners: ["one", "two"].map(String::from).to_vec(),
        kind,
        sequence: 142,
        previous: None,
        as_of: Date::constant(2008, 11, 17),
        policy_hash: Digest::of(b"agreement"),
        software: "lockgate 0.1.0".into(),
        acknowledge_by: Date::constant(2008, 11, 24),
        reply_to: "gateway desk, 0113 496 0000".into(),
        purposes: Vec::new(),
        handling: Vec::new(),
        ledger: None,
        checks: Vec::new(),
        review: None,
        withheld_fields: vec!["prison_release.remarks".into()],
    }
}

fn tables() -> Vec<Table> {
    let column = |(at, (name, form)): (u8, &(&str, Form))| Column {
        field: FieldId(at),
        name: (*name).into(),
        title: name.replace('_', " "),
        form: *form,
    };
    let table = |id, name: &str, title: &str, columns: &[(&str, Form)]| Table {
        category: Some(CategoryId(id)),
        name: name.into(),
        title: title.into(),
        columns: (0..).zip(columns).map(column).collect(),
    };
    vec![
        table(
            5,
            "prison_release",
            "Prison releases",
            &[("release_date", Form::Date), ("release_address", Form::Text)],
        ),
        table(0, "person", "People", &[("surname", Form::Text), ("birth_date", Form::Date)]),
        table(9, "custody_drug_test", "Drug tests", &[("result", Form::Text)]),
        table(11, "dv_history", "Incidents", &[("incident_count", Form::Decimal)]),
    ]
}

/// As the core packs: key, change, cells with their lengths.
fn pack(table: u16, record: u8, version: u32, change: u8, handling: &str, data: &[&str]) -> Vec<u8> {
    let mut out = table.to_be_bytes().to_vec();
    out.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, record]);
    out.extend(version.to_be_bytes());
    out.push(change | if change == CORRECTION { 0x80 } else { 0 });
    let reference = format!("{record:020x}");
    let word = ["new", "correction", "withdrawal", "current"][usize::from(change)];
    let version = version.to_string();
    let person = "000000000000000000aa";
    let provenance =
        [&reference, &version, word, person, "one", "5.1.5.i", "b;c", handling, "2008-11-17", "2009-05-17"];
    for cell in provenance.iter().chain(data) {
        out.push(u8::try_from(cell.len()).expect("short cells"));
        out.extend(cell.as_bytes());
    }
    out
}

fn night() -> Vec<Vec<u8>> {
    vec![
        pack(1, 3, 1, NEW, "address", &["2008-11-20", "=1, Example Street"]),
        pack(0, 1, 1, CURRENT, "routine", &["O'Brien", "1984-03-02"]),
        pack(1, 2, 4, CORRECTION, "address", &["2008-11-21", "<b>\"2\" Example Street</b>"]),
        pack(2, 7, 1, NEW, "health", &["CANARYHEALTH"]),
        pack(3, 8, 1, NEW, "victim", &["3"]),
        pack(1, 9, 2, WITHDRAWAL, "routine", &["", ""]),
        pack(0, 4, 1, NEW, "routine", &["Zo\u{eb} 00123", ""]),
    ]
}

fn write(
    staging: &Path,
    kind: BundleKind,
    rows: &[Vec<u8>],
    options: Options,
) -> Result<Finished, BundleError> {
    let mut writer = BundleWriter::create(staging, meta(kind), tables(), options)?;
    for row in rows {
        writer.add_packed(row)?;
    }
    writer.finish()
}

fn delta(staging: &Path) -> Finished {
    write(staging, BundleKind::Delta, &night(), Options::default()).expect("written")
}

fn text(staging: &Path, finished: &Finished, path: &str) -> String {
    fs::read_to_string(staging.join(&finished.name).join(path)).expect(path)
}

fn all_files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("folder").map(|e| e.expect("entry").path()) {
            if entry.is_dir() {
                open.push(entry);
            } else {
                let name = entry.strip_prefix(folder).expect("inside").to_path_buf();
                files.insert(name, fs::read(entry).expect("file"));
            }
        }
    }
    files
}

#[test]
fn tables_are_sorted_guarded_and_start_with_provenance() {
    let staging = tempfile::tempdir().expect("staging");
    let finished = delta(staging.path());
    assert_eq!(finished.name, "lockgate_leeds-iom_two_20081117_000142_delta");
    let lines = |path: &str| -> Vec<String> {
        let file = text(staging.path(), &finished, path);
        let file = file.strip_prefix('\u{feff}').expect("a byte order mark");
        file.split_terminator("\r\n").map(str::to_owned).collect()
    };
    let provenance =
        "record_id,record_version,change,person_ref,originator,clause,purpose,handling,as_of,review_by";
    let one = "000000000000000000aa,one,5.1.5.i,b;c";
    let days = "2008-11-17,2009-05-17";
    assert_eq!(
        lines("data/prison_release.csv"),
        [
            format!("{provenance},release_date,release_address"),
            format!(
                "00000000000000000002,4,correction,{one},address,{days},2008-11-21,\"<b>\"\"2\"\" Example Street</b>\""
            ),
            format!("00000000000000000003,1,new,{one},address,{days},2008-11-20,\"'=1, Example Street\""),
            format!("00000000000000000009,2,withdrawal,{one},routine,{days},,"),
        ]
    );
    assert_eq!(
        lines("data/people.csv"),
        [
            format!("{provenance},surname,birth_date"),
            format!("00000000000000000001,1,current,{one},routine,{days},O'Brien,1984-03-02"),
            format!("00000000000000000004,1,new,{one},routine,{days},Zo\u{eb} 00123,"),
        ]
    );
    let name = &finished.name;
    assert_eq!(
        lines("acknowledge.csv")[1..],
        [
            format!("{name},1,,,,confirm receipt,7.5,2008-11-24,,,,"),
            format!("{name},2,prison_release,00000000000000000002,4,replace your copy,6.1,2008-11-24,,,,"),
            format!("{name},3,prison_release,00000000000000000009,2,destroy your copy,5.5.1,2008-11-24,,,,"),
        ]
    );
    let expected = Counts { new: 4, correction: 1, withdrawal: 1, current: 1 };
    assert_eq!(finished.total(), expected);
}

#[test]
fn the_manifest_lists_every_other_file_with_size_and_digest() {
    let staging = tempfile::tempdir().expect("staging");
    let finished = delta(staging.path());
    let files = all_files(&staging.path().join(&finished.name));
    let manifest = files.get(Path::new("datapackage.json")).expect("manifest");
    assert_eq!(Digest::of(manifest), finished.manifest_digest);
    let manifest: serde_json::Value = serde_json::from_slice(manifest).expect("JSON");
    let mut listed = 0;
    for resource in manifest["resources"].as_array().expect("resources") {
        let bytes =
            files.get(Path::new(resource["path"].as_str().expect("path"))).expect("a listed file exists");
        assert_eq!(resource["bytes"], bytes.len());
        assert_eq!(resource["hash"], format!("sha256:{}", Digest::of(bytes).hex()));
        listed += 1;
    }
    assert_eq!(listed + 1, files.len());
    assert_eq!(finished.files.len(), files.len());
    assert_eq!(finished.bytes, files.values().map(|f| f.len() as u64).sum::<u64>());
    // Without it, frictionless guesses a delimiter from the purposes.
    assert_eq!(manifest["resources"][0]["dialect"]["delimiter"], ",");
    assert_eq!(manifest["created"], "2008-11-17T00:00:00Z");
    assert_eq!(manifest["lockgate"]["recipient"], "two");
    assert_eq!(manifest["lockgate"]["counts"]["people"]["new"], 1);
}

#[test]
fn same_rows_give_the_same_bytes_whatever_their_order_and_the_memory() {
    let staging = tempfile::tempdir().expect("staging");
    let first = all_files(&staging.path().join(delta(staging.path()).name));
    // The clock of a workbook counts seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let mut rows = night();
    rows.reverse();
    let options = Options { memory: 1, ..Options::default() };
    let again = write(staging.path(), BundleKind::Delta, &rows, options).expect("written");
    assert!(all_files(&staging.path().join(again.name)) == first);
}

#[test]
fn staff_see_the_same_cells_as_text_without_guard_and_without_victims() {
    let staging = tempfile::tempdir().expect("staging");
    let finished = delta(staging.path());
    let mut book: Xlsx<_> =
        calamine::open_workbook(staging.path().join(&finished.name).join("staff.xlsx")).expect("opens");
    assert_eq!(book.sheet_names(), ["people", "prison_release", "custody_drug_test"]);
    for sheet in ["people", "prison_release"] {
        let range = book.worksheet_range(sheet).expect("sheet");
        let cells: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(cell).collect()).collect();
        let file = text(staging.path(), &finished, &format!("data/{sheet}.csv"));
        assert_eq!(cells, parse(&file), "{sheet}");
        assert!(book.worksheet_formula(sheet).expect("sheet").is_empty(), "no formula");
    }
    assert!(text(staging.path(), &finished, "data/dv_history.csv").contains("victim"));
    assert!(
        text(staging.path(), &finished, "README.txt")
            .replace("\r\n", " ")
            .contains("1 row with the handling code victim")
    );
}

fn cell(data: &Data) -> String {
    match data {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        other => panic!("not text: {other:?}"),
    }
}

/// A plain reader of the CSV, as a recipient would write it.
fn parse(file: &str) -> Vec<Vec<String>> {
    let (mut lines, mut quoted) = (vec![vec![String::new()]], false);
    let mut chars = file.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        let line = lines.last_mut().expect("a line");
        let cell = line.last_mut().expect("a cell");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.push(chars.next().expect("a quote")),
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => lines.push(vec![String::new()]),
            _ => cell.push(c),
        }
    }
    lines.pop();
    let undo = |cell: String| lockgate_core::bundle::table::unguard(&cell).to_owned();
    lines.into_iter().map(|line| line.into_iter().map(undo).collect()).collect()
}

#[test]
fn the_summary_runs_nothing_and_hides_what_may_not_be_shown() {
    let staging = tempfile::tempdir().expect("staging");
    let page = text(staging.path(), &delta(staging.path()), "summary.html");
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    assert!(
        !page.contains("<script")
            && !page.contains("http:")
            && !page.contains("https:")
            && !page.contains("src=")
    );
    assert!(page.contains("<bdi>&lt;b&gt;&quot;2&quot; Example Street&lt;/b&gt;</bdi>"));
    assert!(page.contains("Agency &lt;Two&gt;"));
    assert!(page.contains("Drug tests") && page.contains("Incidents"), "counted");
    assert!(!page.contains("CANARYHEALTH") && !page.contains("victim"), "not shown");
}

#[test]
fn an_empty_night_still_has_a_bundle() {
    let staging = tempfile::tempdir().expect("staging");
    let finished = write(staging.path(), BundleKind::Delta, &[], Options::default()).expect("written");
    let files = all_files(&staging.path().join(&finished.name));
    let names: Vec<&str> = files.keys().filter_map(|p| p.to_str()).collect();
    assert_eq!(names, ["README.txt", "acknowledge.csv", "datapackage.json", "summary.html"]);
    assert!(finished.counts.is_empty());
    assert!(text(staging.path(), &finished, "acknowledge.csv").contains("confirm receipt"));
}

#[test]
fn clause_5_5_1_a_snapshot_asks_for_what_is_gone_and_does_not_list_it() {
    let staging = tempfile::tempdir().expect("staging");
    let rows = [
        pack(0, 1, 1, CURRENT, "routine", &["Example", ""]),
        pack(1, 9, 2, WITHDRAWAL, "routine", &["", ""]),
    ];
    let finished = write(staging.path(), BundleKind::Snapshot, &rows, Options::default()).expect("written");
    assert!(!staging.path().join(&finished.name).join("data/prison_release.csv").exists());
    assert!(
        text(staging.path(), &finished, "acknowledge.csv")
            .contains("prison_release,00000000000000000009,2,destroy your copy,5.5.1")
    );
    assert_eq!(finished.total(), Counts { withdrawal: 1, current: 1, ..Counts::default() });
}

#[test]
fn long_tables_are_split_and_the_workbook_left_out() {
    let staging = tempfile::tempdir().expect("staging");
    let rows: Vec<_> = (0..7).map(|r| pack(0, r, 1, NEW, "routine", &["Example", ""])).collect();
    let options = Options { part_rows: 3, staff_rows: 6, ..Options::default() };
    let finished = write(staging.path(), BundleKind::Delta, &rows, options).expect("written");
    let parts = [1, 2, 3].map(|n| text(staging.path(), &finished, &format!("data/people-000{n}.csv")));
    assert_eq!(parts.each_ref().map(|p| p.lines().count()), [4, 4, 2]);
    let header = parts[0].split_inclusive("\r\n").next().expect("a header");
    let joined = parts.each_ref().map(|p| p.strip_prefix(header).expect("each part has the header")).concat();
    let whole = format!("{header}{joined}");
    let manifest: serde_json::Value =
        serde_json::from_str(&text(staging.path(), &finished, "datapackage.json")).expect("JSON");
    let people = &manifest["resources"][0];
    assert_eq!(people["path"].as_array().map(Vec::len), Some(3));
    assert_eq!(people["hash"], format!("sha256:{}", Digest::of(whole.as_bytes()).hex()));
    for (part, text) in manifest["lockgate"]["parts"].as_array().expect("parts").iter().zip(&parts) {
        assert_eq!(part["hash"], format!("sha256:{}", Digest::of(text.as_bytes()).hex()));
    }
    assert!(!staging.path().join(&finished.name).join("staff.xlsx").exists());
    assert!(text(staging.path(), &finished, "README.txt").contains("more than 6 rows"));
}

#[test]
fn without_a_byte_order_mark_on_request() {
    let staging = tempfile::tempdir().expect("staging");
    let options = Options { csv_bom: false, ..Options::default() };
    let finished = write(staging.path(), BundleKind::Delta, &night(), options).expect("written");
    assert!(text(staging.path(), &finished, "data/people.csv").starts_with("record_id,"));
    assert!(
        text(staging.path(), &delta(staging.path()), "data/people.csv").starts_with("\u{feff}record_id,")
    );
}

#[test]
fn a_record_that_stands_twice_stops_the_bundle_and_leaves_nothing() {
    let staging = tempfile::tempdir().expect("staging");
    let rows = [pack(1, 9, 2, WITHDRAWAL, "routine", &["", ""]), pack(1, 9, 1, NEW, "routine", &["", ""])];
    let fault = write(staging.path(), BundleKind::Delta, &rows, Options::default());
    assert!(matches!(fault, Err(BundleError::Rule(p)) if p.code == "LG1603"));
    assert_eq!(all_files(staging.path()), BTreeMap::new());
}

#[test]
fn an_unfinished_bundle_is_replaced_and_a_dropped_one_leaves_nothing() {
    let staging = tempfile::tempdir().expect("staging");
    let left = staging.path().join(meta(BundleKind::Delta).name().expect("name"));
    fs::create_dir_all(left.join("data")).expect("left behind");
    fs::write(left.join("data/stale.csv"), "x").expect("left behind");
    drop(
        BundleWriter::create(staging.path(), meta(BundleKind::Delta), tables(), Options::default())
            .expect("created"),
    );
    assert!(!left.exists());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_bundle() {
    use std::os::unix::fs::PermissionsExt as _;
    let staging = tempfile::tempdir().expect("staging");
    let folder = staging.path().join(delta(staging.path()).name);
    for name in all_files(&folder).into_keys() {
        let mode = fs::metadata(folder.join(&name)).expect("file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", name.display());
    }
    assert_eq!(fs::metadata(&folder).expect("folder").permissions().mode() & 0o077, 0);
}

struct Book;

impl LedgerCommit for Book {
    type Error = ();

    async fn commit(&mut self, _: &Prepared) -> Result<(), ()> {
        Ok(())
    }
}

fn release(prepared: Prepared) -> Outgoing {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
    runtime.block_on(prepared.release(&mut Book)).expect("committed")
}

#[test]
fn publishing_moves_the_committed_bundle_once() {
    let staging = tempfile::tempdir().expect("staging");
    let published = tempfile::tempdir_in(staging.path()).expect("published");
    let outgoing = release(delta(staging.path()).prepared());
    let place = publish(&outgoing, staging.path(), published.path()).expect("published");
    assert!(place.join("datapackage.json").exists() && !staging.path().join(outgoing.name()).exists());
    assert_eq!(publish(&outgoing, staging.path(), published.path()).expect("again"), place);
    // Written again after a crash: the copy in staging goes, the published one stays.
    let again = release(delta(staging.path()).prepared());
    publish(&again, staging.path(), published.path()).expect("again");
    assert!(!staging.path().join(again.name()).exists());
}

#[test]
fn publishing_refuses_another_bundle_of_the_same_name() {
    let staging = tempfile::tempdir().expect("staging");
    let published = tempfile::tempdir_in(staging.path()).expect("published");
    let committed = release(delta(staging.path()).prepared());
    write(staging.path(), BundleKind::Delta, &[], Options::default()).expect("another one");
    let fault = publish(&committed, staging.path(), published.path());
    assert!(matches!(fault, Err(BundleError::Other { folder: "staging", .. })));
    let other = release(
        write(staging.path(), BundleKind::Delta, &[], Options::default()).expect("another one").prepared(),
    );
    publish(&other, staging.path(), published.path()).expect("published");
    delta(staging.path());
    let fault = publish(&committed, staging.path(), published.path());
    assert!(matches!(fault, Err(BundleError::Other { folder: "published", .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However rows arrive and however little memory there is, they leave sorted and whole.
    #[test]
    fn rows_leave_sorted_whatever_the_memory(
        keys in prop::collection::btree_set((0u16..3, any::<u8>(), 1u32..9), 0..60),
        shuffle in any::<prop::sample::Index>(),
        memory in 1usize..2000,
    ) {
        let folder = tempfile::tempdir().expect("folder");
        let rows: Vec<Vec<u8>> = keys.iter().map(|(t, r, v)| pack(*t, *r, *v, NEW, "routine", &[&"x".repeat(usize::from(r % 90))])).collect();
        let mut mixed = rows.clone();
        if !mixed.is_empty() {
            let at = shuffle.index(mixed.len());
            mixed.rotate_left(at);
            mixed.swap(0, at);
        }
        let mut sorter = super::sort::Sorter::new(folder.path(), memory);
        for row in &mixed {
            let taken = sorter.push(|out| { out.extend_from_slice(row); Ok::<_, BundleError>(()) });
            prop_assert!(taken.is_ok());
        }
        let mut sorted = sorter.sorted().expect("sorts");
        let mut back = Vec::new();
        while let Some(row) = sorted.next().expect("reads") {
            back.push((row.key(), row.cells().map(str::to_owned).collect::<Vec<_>>()));
        }
        prop_assert!(back.is_sorted_by(|a, b| a.0 < b.0));
        prop_assert_eq!(back.len(), rows.len());
        for (row, (_, cells)) in rows.iter().zip(&back) {
            let expected = lockgate_core::bundle::Packed::read(row).expect("a row").cells().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(&expected, cells);
        }
    }
}
