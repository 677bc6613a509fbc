//! The annex in its four forms is the agreement's own table, and the picture that is kept is current.

use super::support::{Deployment, RECIPIENTS};
use calamine::{Reader as _, Xlsx, open_workbook};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What the table itself says: recipient, category, field.
fn cells(deployment: &Deployment) -> BTreeSet<[String; 3]> {
    let all = deployment.run(&["agreement", "matrix", "--json"]).json();
    let word = |c: &serde_json::Value, key: &str| c[key].as_str().unwrap().to_owned();
    let one = |c: &serde_json::Value| [word(c, "recipient"), word(c, "category"), word(c, "field")];
    all.as_array().unwrap().iter().map(one).collect()
}

fn written(deployment: &Deployment, name: &str) -> std::path::PathBuf {
    let path = deployment.path(name);
    let said = deployment.run(&["agreement", "matrix", "--out", path.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    path
}

#[test]
fn the_table_and_the_workbook_hold_every_cell() {
    let deployment = Deployment::fresh();
    let expected = cells(&deployment);
    assert!(expected.len() > 600, "{}", expected.len());
    let lines = super::support::table(&written(&deployment, "annex.csv"));
    let of = |l: &std::collections::BTreeMap<String, String>| {
        ["recipient", "category", "field"].map(|c| l[c].clone())
    };
    assert_eq!(lines.iter().map(of).collect::<BTreeSet<_>>(), expected);
    assert_eq!(lines.len(), expected.len());
    assert!(
        lines.iter().all(|l| !l["reason"].is_empty() && !l["clause"].is_empty() && !l["purpose"].is_empty())
    );

    let path = written(&deployment, "annex.xlsx");
    assert_eq!(
        fs::read(&path).unwrap(),
        fs::read(written(&deployment, "again.xlsx")).unwrap(),
        "the same bytes"
    );
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let sheets = book.sheet_names();
    assert_eq!(sheets.first().map(String::as_str), Some("Agreement"));
    assert_eq!(sheets.last().map(String::as_str), Some("Signatures"));
    let mut found = BTreeSet::new();
    for recipient in RECIPIENTS {
        let range = book.worksheet_range(recipient).unwrap();
        for row in range.rows().skip(3) {
            if let Some((category, field)) =
                row.get(8).map(ToString::to_string).unwrap_or_default().split_once('.')
            {
                found.insert([recipient.to_owned(), category.to_owned(), field.to_owned()]);
            }
        }
    }
    assert_eq!(found, expected);
    let signatures = book.worksheet_range("Signatures").unwrap();
    assert_eq!(signatures.rows().skip(1).filter(|r| !r[0].to_string().is_empty()).count(), 8);
    assert_eq!(
        deployment.run(&["agreement", "matrix", "--format", "xlsx"]).code,
        Some(2),
        "not to a terminal"
    );
}

#[test]
fn the_document_has_its_parts_and_needs_nothing_beside_it() {
    let deployment = Deployment::fresh();
    let page = fs::read_to_string(written(&deployment, "annex.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en-GB\">"));
    for recipient in RECIPIENTS {
        assert!(page.contains(&format!("<section class=\"recipient\" id=\"{recipient}\"")), "{recipient}");
    }
    assert_eq!(page.matches("<div class=\"holder\">").count(), 8, "eight sign");
    assert_eq!(
        page.matches("<table").count(),
        page.matches("<caption>").count(),
        "each table says what it is"
    );
    assert!(page.matches("<th>").count() == 0, "each head says what it heads");
    for outside in ["http:", "https:", "<script", "src=", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for word in
        ["size:A4", "table-header-group", "001/Leeds IOM", "2008-11-01", "2009-04-01", "reduced to the month"]
    {
        assert!(page.contains(word), "{word}");
    }
}

/// `docs/matrix.svg` is what the README shows; `LOCKGATE_UPDATE=1` writes it anew.
#[test]
fn the_picture_of_the_readme_is_current() {
    let deployment = Deployment::fresh();
    let drawn = fs::read_to_string(written(&deployment, "matrix.svg")).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/matrix.svg");
    if std::env::var_os("LOCKGATE_UPDATE").is_some() {
        fs::write(&kept, &drawn).unwrap();
    }
    let kept = fs::read_to_string(&kept).unwrap_or_default();
    assert!(kept == drawn, "docs/matrix.svg is stale: lockgate agreement matrix --out docs/matrix.svg");
    assert!(drawn.contains("<title") && drawn.contains("<desc") && drawn.contains("role=\"img\""));
}
