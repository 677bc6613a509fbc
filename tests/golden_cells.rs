//! Every cell of the agreement's matrix, category by recipient, has a golden row from the fixtures, and each row holds what
//! the grant's file gives and nothing more: a category or a recipient that is added without a fixture fails. What waits for
//! an authority has its golden row once the register has one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use support::{Bundle, Deployment, NIGHTS, RECIPIENTS, Row};

/// Cells that are granted by standing under a condition which nobody of the fixtures meets who has such a record: none.
/// A cell that cannot hold data is listed here with the reason, or is struck from the agreement.
const UNREACHED: [(&str, &str); 0] = [];

/// Columns that say how a row came.
const HOW: [&str; 7] =
    ["record_id", "record_version", "change", "person_ref", "as_of", "review_by", "purpose"];

/// Columns of provenance: they are beside the fields of a grant.
const PROVENANCE: [&str; 3] = ["originator", "clause", "handling"];

/// Those by whom a decision is shown, by their number on the police list.
const CONNOR: &str = "LDS000011";
const TYLER: &str = "LDS000014";
const LORRAINE: &str = "LDS000017";
const RYAN: &str = "LDS000024";
const NAOMI: &str = "LDS000030";
const ELLIS: &str = "LDS000034";
const KYLE: &str = "LDS000035";

/// What waits for an authority: category, originator, whom the record is about, and the recipients to whom it is opened.
/// The conditions of the grants hold beside the authority, so that it takes several people.
const DECISIONS: [(&str, &str, &str, &[&str]); 23] = [
    ("asb_intelligence", "lcc", KYLE, &["probation", "wyp", "yos"]),
    ("child_protection", "wyp", CONNOR, &["disc"]),
    ("child_protection", "wyp", LORRAINE, &["cri", "hmps", "probation", "yos"]),
    ("dv_history", "wyp", CONNOR, &["disc"]),
    ("dv_history", "wyp", TYLER, &["cri"]),
    ("dv_victim_risk", "wyp", CONNOR, &["cri", "disc", "hmps", "lcc", "probation", "yos"]),
    ("police_intelligence", "wyp", TYLER, &["hmps", "lcc", "probation", "yos"]),
    ("prison_intelligence", "hmps", KYLE, &["probation", "wyp", "yos"]),
    ("probation_intelligence", "probation", CONNOR, &["hmps", "wyp"]),
    ("probation_intelligence", "probation", ELLIS, &["yos"]),
    ("tag_intelligence", "g4s", KYLE, &["probation", "wyp", "yos"]),
    ("tasking", "wyp", CONNOR, &["probation"]),
    ("treatment_harm_alert", "cri", LORRAINE, &["disc"]),
    ("treatment_harm_alert", "disc", CONNOR, &["cri", "hmps", "lcc", "probation", "wyp", "yos"]),
    ("treatment_harm_alert", "disc", NAOMI, &["g4s"]),
    ("treatment_intelligence", "cri", TYLER, &["probation", "wyp", "yos"]),
    ("treatment_medical", "cri", NAOMI, &["disc"]),
    ("treatment_medical", "cri", TYLER, &["yos"]),
    ("treatment_medical", "disc", CONNOR, &["hmps", "probation"]),
    ("treatment_medical", "disc", CONNOR, &["wyp"]),
    ("treatment_medical", "disc", RYAN, &["cri"]),
    ("yos_intelligence", "yos", ELLIS, &["probation"]),
    ("yos_intelligence", "yos", TYLER, &["hmps", "wyp"]),
];

/// A cell of the matrix: a recipient and a category.
type Cell = (String, String);

/// The rows of each cell, as `line` writes them.
type Golden = BTreeMap<Cell, BTreeSet<String>>;

fn cell(recipient: &str, category: &str) -> Cell {
    (recipient.to_owned(), category.to_owned())
}

/// The table in which a category's rows stand: that of persons is named by its people.
fn table_of(category: &str) -> String {
    if category == "person" { "people".into() } else { category.to_owned() }
}

fn toml_of(deployment: &Deployment, place: &str) -> toml::Table {
    toml::from_str(&std::fs::read_to_string(deployment.path(place)).unwrap()).unwrap()
}

fn words(value: Option<&toml::Value>) -> BTreeSet<String> {
    let list = value.and_then(toml::Value::as_array).into_iter().flatten();
    list.map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// A grant, read from its file by itself: the program's own table is what is tested.
struct Grant {
    clauses: BTreeSet<String>,
    purposes: BTreeSet<String>,
    when: BTreeSet<String>,
    whole: BTreeSet<String>,
    reduced: BTreeMap<String, String>,
    all: BTreeSet<String>,
    any: BTreeSet<String>,
    ceiling: BTreeSet<String>,
}

impl Grant {
    fn of(table: &toml::Value) -> Self {
        let reduced = table.get("reduce").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        let ceiling = table.get("on_authority");
        let of = |key: &str| words(ceiling.and_then(|c| c.get(key)));
        Self {
            clauses: words(table.get("clause")),
            purposes: words(table.get("purposes")),
            when: words(table.get("when")),
            whole: words(table.get("fields")),
            reduced: reduced.iter().map(|(f, word)| (f.clone(), word.as_str().unwrap().into())).collect(),
            all: of("all"),
            any: of("any"),
            ceiling: of("fields"),
        }
    }

    /// Whether anything leaves without a decision.
    fn standing(&self) -> bool {
        !self.whole.is_empty() || !self.reduced.is_empty()
    }
}

/// The agreement as its files have it: the grants by cell, and of each category the owners' clauses and the handling.
struct Agreement {
    grants: BTreeMap<Cell, Grant>,
    categories: toml::Table,
    conditions: toml::Table,
}

impl Agreement {
    fn of(deployment: &Deployment) -> Self {
        let mut grants = BTreeMap::new();
        for recipient in RECIPIENTS {
            let mut file = toml_of(deployment, &format!("agreement/entitlements/{recipient}.toml"));
            assert_eq!(file.remove("recipient").unwrap().as_str(), Some(recipient));
            for (category, table) in &file {
                grants.insert(cell(recipient, &table_of(category)), Grant::of(table));
            }
        }
        let conditions = toml_of(deployment, "agreement/conditions.toml");
        let conditions = conditions["condition"].as_table().unwrap().clone();
        Self { grants, categories: toml_of(deployment, "agreement/categories.toml"), conditions }
    }

    /// Asserts that a row's own words are among those that the conditions on the row ask for, where it shows them.
    fn fits(&self, grant: &Grant, row: &Row, place: &str) {
        for name in &grant.when {
            let this = self.conditions[name].get("is").and_then(|is| is.get("this"));
            for ask in this.and_then(toml::Value::as_array).into_iter().flatten() {
                let (field, allowed) = (ask.get("field").and_then(toml::Value::as_str), words(ask.get("in")));
                let shown = field.map_or("", |field| row.get(field));
                let fits = shown.is_empty() || allowed.is_empty() || allowed.contains(shown);
                assert!(fits, "`{name}` does not hold: {place}");
            }
        }
    }

    /// Asserts that a row is what its recipient may have, and nothing more; gives it as one line.
    fn read(&self, recipient: &str, row: &Row, opened: bool) -> String {
        let place = format!("{recipient} {}:{}", row.table, line(row));
        let grant =
            self.grants.get(&cell(recipient, &row.table)).unwrap_or_else(|| panic!("no grant {place}"));
        let category = if row.table == "people" { "person" } else { &row.table };
        let category = &self.categories[category];
        let clause = category["clause"].get(row.get("originator")).and_then(toml::Value::as_str);
        assert_eq!(clause, Some(row.get("clause")), "the originator's clause of {place}");
        assert!(grant.clauses.contains(row.get("clause")), "the clause of {place}");
        assert_ne!(row.get("originator"), recipient, "its own row: {place}");
        self.fits(grant, row, &place);
        let purposes: BTreeSet<String> = row.get("purpose").split(';').map(Into::into).collect();
        assert_eq!(purposes, grant.purposes, "the purposes of {place}");
        assert_eq!(category["handling"].as_str(), Some(row.get("handling")), "the handling of {place}");
        let fields = row.cells.iter().filter(|(column, value)| {
            let how = HOW.contains(&column.as_str()) || PROVENANCE.contains(&column.as_str());
            !how && !value.is_empty()
        });
        for (column, value) in fields {
            if let Some(word) = grant.reduced.get(column) {
                assert!(is_reduced(word, value), "{column} is no {word}: {place}");
            } else {
                let may = grant.whole.contains(column) || (opened && grant.ceiling.contains(column));
                assert!(may, "{column} is not granted: {place}");
            }
        }
        line(row)
    }
}

/// Whether a value has the form to which a reduction brings it.
fn is_reduced(word: &str, value: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    match word {
        "year" => digits(value, 4),
        "month" => value.split_once('-').is_some_and(|(year, month)| digits(year, 4) && digits(month, 2)),
        "district" => (2..=4).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric()),
        "count" => value.parse::<u32>().is_ok(),
        other => panic!("how does `{other}` look?"),
    }
}

/// A row as it stands, without how it came.
fn line(row: &Row) -> String {
    let mut out = String::new();
    for (column, cell) in row.cells.iter().filter(|(c, v)| !HOW.contains(&c.as_str()) && !v.is_empty()) {
        write!(out, " {column}={cell}").unwrap();
    }
    out
}

/// The rows of bundles by cell, each read against its grant.
fn golden(agreement: &Agreement, recipient: &str, bundles: &[Bundle], opened: bool, into: &mut Golden) {
    for row in bundles.iter().flat_map(|b| &b.rows).filter(|row| row.get("change") != "withdrawal") {
        let line = agreement.read(recipient, row, opened);
        into.entry(cell(recipient, &row.table)).or_default().insert(line);
    }
}

fn assert_golden(name: &str, rows: &Golden) {
    let mut golden = String::new();
    for (cell, rows) in rows {
        // The longest says the most; of two alike the first in the alphabet.
        let best = rows.iter().max_by_key(|r| (r.len(), std::cmp::Reverse(*r))).unwrap();
        writeln!(golden, "{} {}:{best}", cell.0, cell.1).unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, golden));
}

#[test]
fn clause_5_1_every_cell_has_a_golden_row_that_is_what_its_recipient_may_have_and_nothing_more() {
    let deployment = Deployment::fresh();
    NIGHTS.iter().for_each(|night| drop(deployment.night(night)));
    let agreement = Agreement::of(&deployment);
    let mut rows = Golden::new();
    for recipient in RECIPIENTS {
        golden(&agreement, recipient, &deployment.bundles(recipient), false, &mut rows);
    }
    let standing = |(_, grant): &(&Cell, &Grant)| grant.standing();
    let standing: BTreeSet<Cell> = agreement.grants.iter().filter(standing).map(|(c, _)| c.clone()).collect();
    assert!(standing.len() > 200, "{}", standing.len());
    let unreached: BTreeSet<Cell> = standing.iter().filter(|c| !rows.contains_key(c)).cloned().collect();
    let listed: BTreeSet<Cell> = UNREACHED.iter().map(|(r, c)| cell(r, c)).collect();
    assert_eq!(unreached, listed, "cells without a row, and cells listed as such");
    for cell in rows.keys() {
        assert!(standing.contains(cell), "{cell:?} waits for an authority, and there is none");
    }
    assert_golden("golden_cells", &rows);
}

/// The matrix that the program prints has these very cells, and says of the same ones that something leaves by standing.
#[test]
fn the_matrix_has_the_cells_of_the_grants_files() {
    let deployment = Deployment::fresh();
    let matrix = deployment.run(&["agreement", "matrix", "--json"]).json();
    let (mut all, mut standing) = (BTreeSet::new(), BTreeSet::new());
    for field in matrix.as_array().unwrap() {
        let cell = cell(field["recipient"].as_str().unwrap(), &table_of(field["category"].as_str().unwrap()));
        if field["standing"].is_string() {
            standing.insert(cell.clone());
        }
        all.insert(cell);
    }
    let grants = Agreement::of(&deployment).grants;
    assert_eq!(all, grants.keys().cloned().collect());
    assert_eq!(standing, grants.iter().filter(|(_, g)| g.standing()).map(|(c, _)| c.clone()).collect());
}

/// The record of a person in a category that no mark of its source holds back, as `agreement why` names it.
fn record(deployment: &Deployment, person: &str, recipient: &str, field: &str) -> String {
    let words =
        ["agreement", "why", "--person", person, "--recipient", recipient, "--field", field, "--json"];
    let said = deployment.run(&words);
    let said = said.json();
    let open = |r: &&serde_json::Value| r["decision"] != "withheld by restriction";
    let found: Vec<_> = said["records"].as_array().unwrap().iter().filter(open).collect();
    // Of several persons at risk, or of several actions, the first will do.
    found
        .first()
        .unwrap_or_else(|| panic!("{person} has no {field}"))
        .get("record")
        .unwrap()
        .as_str()
        .unwrap()
        .into()
}

/// Records by the originator whatever decisions a grant asks for, of all fields of its ceiling; `text_review` is one of them.
fn decide(deployment: &Deployment, grant: &Grant, line: &(&str, &str, &str, &[&str])) {
    let (category, by, person, recipients) = *line;
    let person = format!("wyp-cohort:{person}");
    let first = grant.ceiling.first().unwrap();
    let record = record(deployment, &person, recipients[0], &format!("{category}.{first}"));
    let about = ["--record", &record, "--person", &person, "--until", "2009-01-31"];
    let mut what: Vec<&str> = about.to_vec();
    what.extend(["--for", by, "--by", "officer-1", "--reference", "panel of the 17th"]);
    recipients.iter().for_each(|r| what.extend(["--recipient", r]));
    grant.ceiling.iter().for_each(|f| what.extend(["--field", f]));
    for kind in grant.all.iter().chain(grant.any.last()) {
        let how: Vec<&str> = match kind.as_str() {
            "text_review" => vec!["text-review", "--as-read"],
            "harm" => vec!["authority", "--kind", "harm", "--ground", "others"],
            kind => vec!["authority", "--kind", kind, "--ground", "decided by the panel"],
        };
        let said = deployment.run(&[&["register", "add"], &how[..], &what].concat());
        assert_eq!(said.code, Some(0), "{line:?} {kind}: {}", said.err);
    }
}

/// What waits for an authority leaves when the originator has decided so: to those whom the decision names, in the fields of
/// their ceiling, and nothing else changes.
#[test]
fn clause_5_2_2_a_cell_that_waits_for_an_authority_has_a_golden_row_once_there_is_one() {
    let deployment = Deployment::after(0);
    let agreement = Agreement::of(&deployment);
    let shut = |(_, grant): &(&Cell, &Grant)| !grant.standing();
    let shut: BTreeSet<Cell> = agreement.grants.iter().filter(shut).map(|(c, _)| c.clone()).collect();
    for line in &DECISIONS {
        let (category, _, _, recipients) = *line;
        let grants: Vec<&Grant> = recipients.iter().map(|r| &agreement.grants[&cell(r, category)]).collect();
        let same =
            |g: &&Grant| g.ceiling == grants[0].ceiling && g.all == grants[0].all && g.any == grants[0].any;
        assert!(grants.iter().all(same), "{line:?}: their ceilings differ");
        decide(&deployment, grants[0], line);
    }
    let before: BTreeMap<&str, usize> =
        RECIPIENTS.iter().map(|r| (*r, deployment.bundles(r).len())).collect();
    deployment.night(NIGHTS[0]);
    let mut rows = Golden::new();
    for recipient in RECIPIENTS {
        let bundles = deployment.bundles(recipient).split_off(before[recipient]);
        assert!(bundles.iter().all(|b| b.changes("withdrawal").is_empty()), "{recipient}");
        golden(&agreement, recipient, &bundles, true, &mut rows);
    }
    // Beside them the rows that say whom they are about are restated, as in every delta.
    rows.retain(|cell, _| cell.1 != "people");
    let opened: BTreeSet<Cell> = rows.keys().cloned().collect();
    assert_eq!(opened, shut, "cells that were opened, and cells that wait for an authority");
    assert_golden("golden_cells_by_authority", &rows);
}

/// Every category that a feed fills, and no recipient may have by standing, is known as such.
#[test]
fn every_category_that_leaves_has_a_feed_with_a_row_in_the_fixtures() {
    let deployment = Deployment::after(0);
    let grants = Agreement::of(&deployment).grants;
    let categories: BTreeSet<&str> = grants.keys().map(|(_, category)| category.as_str()).collect();
    let feeds = deployment.run(&["feed", "list", "--json"]).json();
    let mut filled = BTreeSet::new();
    let with_rows = |feed: &&serde_json::Value| feed["last_file"]["rows"].as_u64() > Some(0);
    for feed in feeds.as_array().unwrap().iter().filter(with_rows) {
        let mapping = toml_of(&deployment, feed["mapping"].as_str().unwrap());
        let records = mapping.get("record").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        for record in records {
            filled.insert(record["category"].as_str().unwrap().to_owned());
        }
    }
    for category in categories {
        assert!(category == "people" || filled.contains(category), "no feed fills `{category}`");
    }
}
