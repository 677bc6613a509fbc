//! What recipients' own tools make of the bundles: frictionless validates every one, pandas loads the tables as they are, and
//! a spreadsheet program reads every `staff.xlsx` cell for cell as the CSV files say; of plain bundles, and of sealed ones that
//! `age` and `unzip` opened. A test is skipped where its tool is missing, except under `CI=true`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::doors::{identity, name, sealed};
use support::{Bundle, Deployment, RECIPIENTS, Row, needed, python};

fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    needed(std::env::split_paths(&path).map(|f| f.join(name)).find(|p| p.is_file()), name)
}

fn spreadsheets() -> Option<PathBuf> {
    tool("soffice")
}

fn all(deployment: &Deployment) -> Vec<Bundle> {
    let bundles: Vec<Bundle> = RECIPIENTS.iter().flat_map(|r| deployment.bundles(r)).collect();
    assert_eq!(bundles.len(), 24);
    bundles
}

/// One process for all bundles; the same call as `frictionless validate datapackage.json`.
const VALIDATE: &str = "
import sys
from frictionless import validate
for place in sys.argv[1:]:
    report = validate(place + '/datapackage.json')
    checked = sum(task.stats.get('rows', 0) for task in report.tasks)
    errors = report.flatten(['name', 'type', 'rowNumber', 'fieldName'])
    print('valid' if report.valid else 'INVALID', len(report.tasks), checked, place, report.errors, errors)
";

fn validated(python: &Path, places: &[PathBuf]) -> Vec<String> {
    let output = Command::new(python).arg("-c").arg(VALIDATE).args(places).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn frictionless_accepts_every_bundle() {
    let Some(python) = python() else { return };
    let deployment = Deployment::after(2);
    let bundles = all(&deployment);
    let places: Vec<PathBuf> = bundles.iter().map(|b| b.folder.clone()).collect();
    let said = validated(&python, &places);
    assert_eq!(said.len(), bundles.len());
    for (line, bundle) in said.iter().zip(&bundles) {
        assert!(line.starts_with("valid "), "{line}");
        let rows: usize = line.split(' ').nth(2).unwrap().parse().unwrap();
        assert!(rows >= bundle.rows.len(), "{}: {rows} rows were looked at", bundle.name);
    }
}

/// The check above can fail: a changed word, a date that is none and a missing file are each refused.
#[test]
fn frictionless_refuses_a_bundle_that_was_changed() {
    let Some(python) = python() else { return };
    let deployment = Deployment::after(0);
    let bundle = deployment.bundle("wyp", "2008-11-17");
    let copies: Vec<PathBuf> = ["word", "date", "missing"].iter().map(|name| deployment.path(name)).collect();
    for copy in &copies {
        support::copy(&bundle.folder, copy);
    }
    let release = |at: usize| copies[at].join("data/prison_release.csv");
    for (at, from, to) in [(0, "ecl", "hdc"), (1, "2008-11-18", "18/11/2008")] {
        let text = std::fs::read_to_string(release(at)).unwrap();
        assert!(text.contains(from));
        std::fs::write(release(at), text.replacen(from, to, 1)).unwrap();
    }
    std::fs::remove_file(release(2)).unwrap();
    assert!(validated(&python, &copies).iter().all(|line| line.starts_with("INVALID ")));
}

/// What a sheet must say of a table: its header and all rows but those that concern a victim, in the file's order.
fn sheet(bundle: &Bundle, table: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(bundle.folder.join("data").join(format!("{table}.csv"))).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<Vec<String>> =
        reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
    let handling = rows[0].iter().position(|c| c == "handling").unwrap();
    let staff = rows.into_iter().filter(|r| !r[handling].split(';').any(|code| code == "victim"));
    // A CSV cell that looks like a formula is guarded by an apostrophe; a text cell of a workbook needs none.
    let bare = |cell: String| cell.strip_prefix('\'').map_or(cell.clone(), str::to_owned);
    staff.map(|row| row.into_iter().map(bare).collect()).collect()
}

/// Every sheet of every workbook as a spreadsheet program shows it: all workbooks in one call.
fn shown(
    soffice: &Path,
    books: &BTreeMap<String, PathBuf>,
    work: &Path,
) -> BTreeMap<String, Vec<Vec<String>>> {
    let (input, output) = (work.join("in"), work.join("out"));
    std::fs::create_dir_all(&input).unwrap();
    let named: Vec<PathBuf> = books.keys().map(|name| input.join(format!("{name}.xlsx"))).collect();
    for (book, copy) in books.values().zip(&named) {
        std::fs::copy(book, copy).unwrap();
    }
    // Comma, quote, UTF-8, from line 1; cells as shown; no formulas; every sheet in a file of its own.
    let filter = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1";
    let profile = format!("-env:UserInstallation=file://{}", work.join("profile").display());
    let run = Command::new(soffice)
        .args([profile.as_str(), "--headless", "--convert-to", filter, "--outdir"])
        .arg(&output)
        .args(&named)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let mut sheets = BTreeMap::new();
    for entry in std::fs::read_dir(&output).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.trim_start_matches('\u{feff}');
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let rows = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
        sheets.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), rows);
    }
    sheets
}

fn assert_sheets(soffice: &Path, bundles: &[Bundle]) -> usize {
    let work = tempfile::tempdir().unwrap();
    let books = bundles
        .iter()
        .map(|b| (b.name.clone(), b.folder.join("staff.xlsx")))
        .filter(|(_, p)| p.is_file())
        .collect();
    let mut sheets = shown(soffice, &books, work.path());
    let mut cells = 0;
    for bundle in bundles {
        let mut tables: Vec<&str> = bundle.rows.iter().map(|r: &Row| r.table.as_str()).collect();
        tables.dedup();
        for table in tables {
            let expected = sheet(bundle, table);
            let place = format!("{}-{table}", bundle.name);
            if expected.len() == 1 {
                assert!(!sheets.contains_key(&place), "{place} has no row for staff");
                continue;
            }
            let got = sheets.remove(&place).unwrap_or_else(|| panic!("{place} is not shown"));
            assert_eq!(got.len(), expected.len(), "{place}");
            for (line, (got, expected)) in got.iter().zip(&expected).enumerate() {
                // A spreadsheet program leaves empty cells at a line's end out.
                let (mut got, mut expected) = (got.clone(), expected.clone());
                for row in [&mut got, &mut expected] {
                    while row.last().is_some_and(String::is_empty) {
                        row.pop();
                    }
                }
                assert_eq!(got, expected, "{place}, line {line}");
                cells += got.len();
            }
        }
    }
    assert!(sheets.is_empty(), "sheets that no table has: {:?}", sheets.keys());
    cells
}

#[test]
fn a_spreadsheet_program_shows_every_cell_of_staff_xlsx_as_written() {
    let Some(soffice) = spreadsheets() else { return };
    let deployment = Deployment::after(2);
    // A tenancy number with leading zeros is shown to the landlord's neighbours in the exchange only as it was sent.
    assert!(assert_sheets(&soffice, &all(&deployment)) > 5_000);
}

/// A source that writes something else where it should write an address.
fn rewrite(deployment: &Deployment, cells: &[(&str, &str)]) {
    let path = deployment.path("fixtures/hmps/HMPS_RELEASES_20081117.csv");
    let bytes = std::fs::read(&path).unwrap();
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    let text = cells.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    std::fs::write(&path, text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>())
        .unwrap();
}

/// Cells that look like formulas, numbers or dates come through as text.
#[test]
fn nothing_in_staff_xlsx_is_computed_or_rewritten() {
    let Some(soffice) = spreadsheets() else { return };
    let deployment = Deployment::fresh();
    rewrite(
        &deployment,
        &[
            ("14 Copse Row", "=1+1"),
            ("9 Lantern Close", "0012"),
            ("2 Roper Garth", "1E5"),
            ("63 Bobbin Court", "@SUM(A1)"),
        ],
    );
    deployment.night("2008-11-17");
    let bundle = deployment.bundle("wyp", "2008-11-17");
    let addresses: Vec<&str> = bundle.rows.iter().map(|r| r.get("release_address")).collect();
    for start in ["'=1+1, ", "0012, ", "1E5, "] {
        assert!(
            addresses.iter().any(|a| a.starts_with(start)),
            "{start} is not in the bundle: {addresses:?}"
        );
    }
    assert_sheets(&soffice, &[bundle]);
}

/// A sealed bundle as `age` and `unzip` open it, into a folder of its own.
fn opened(deployment: &Deployment, recipient: &str, file: &Path) -> Option<Bundle> {
    let (age, unzip) = (tool("age")?, tool("unzip")?);
    let folder = deployment.path("received").join(name(file));
    std::fs::create_dir_all(&folder).unwrap();
    let zip = folder.with_extension("zip");
    let run = |call: &mut Command| {
        let output = call.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(Command::new(age).args(["-d", "-i"]).arg(identity(recipient)).arg("-o").arg(&zip).arg(file));
    run(Command::new(unzip).arg("-q").arg(&zip).arg("-d").arg(&folder));
    Some(Bundle::read(&folder))
}

/// The call of docs/recipients.md for every table, told as JSON.
const LOAD: &str = "
import json, pathlib, pandas
out = {}
for path in sorted(pathlib.Path('data').glob('*.csv')):
    table = pandas.read_csv(path, dtype=str, keep_default_na=False)
    assert all(type(cell) is str for column in table for cell in table[column])
    out[path.stem] = table.to_dict('records')
print(json.dumps(out))
";

/// Sealed bundles, opened with public tools alone and handed to each tool that a recipient has: nothing is computed, no zero and
/// no `+44` is lost. No field of the schema holds telephone numbers, so a source writes some where an address should be.
#[test]
fn a_sealed_bundle_ends_in_the_recipients_own_tools_as_it_was_written() {
    let (Some(soffice), Some(python)) = (spreadsheets(), python()) else { return };
    let deployment = Deployment::sealed();
    rewrite(
        &deployment,
        &[
            ("14 Copse Row", "+44 113 496 0000"),
            ("9 Lantern Close", "0113 496 0001"),
            ("2 Roper Garth", "=1+1"),
        ],
    );
    deployment.night("2008-11-17");
    let mut bundles = Vec::new();
    for recipient in ["wyp", "cri"] {
        let Some(bundle) = opened(&deployment, recipient, &sealed(&deployment, recipient)[0]) else { return };
        let here = |program: &Path, words: &[&str]| {
            Command::new(program).args(words).current_dir(&bundle.folder).output().unwrap()
        };
        let said = here(&python.with_file_name("frictionless"), &["validate", "datapackage.json"]);
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.status.success() && !text.contains("INVALID"), "{text}");
        assert!(text.contains("people") && text.matches("VALID").count() > 1, "{text}");
        let said = here(&python, &["-c", LOAD]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let loaded: BTreeMap<String, Vec<BTreeMap<String, String>>> =
            serde_json::from_slice(&said.stdout).unwrap();
        for (table, loaded) in &loaded {
            let rows: Vec<_> = bundle.rows.iter().filter(|r| r.table == *table).map(|r| &r.cells).collect();
            assert_eq!(loaded.iter().collect::<Vec<_>>(), rows, "{recipient}: {table}");
        }
        let cells = || loaded.values().flatten().flatten();
        assert_eq!(loaded.values().map(Vec::len).sum::<usize>(), bundle.rows.len(), "{recipient}");
        // Some of the pseudonyms begin with a zero, as a sixteenth of them must.
        assert!(cells().any(|(column, cell)| column == "record_id" && cell.starts_with('0')), "{recipient}");
        bundles.push(bundle);
    }
    let addresses: Vec<&str> = bundles[0].rows.iter().map(|r| r.get("release_address")).collect();
    for start in ["'+44 113 496 0000, ", "0113 496 0001, ", "'=1+1, "] {
        assert!(addresses.iter().any(|a| a.starts_with(start)), "{start} is not in {addresses:?}");
    }
    // Every cell as it is shown, against the CSV files.
    assert!(assert_sheets(&soffice, &bundles) > 3_000);
}
