//! `agreement/clauses.toml` and the tests are held together, both ways.

use super::support::Deployment;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The numbered paragraphs of 5.1: so many of each partner's section.
const SHARED: [(&str, usize); 8] = [
    ("5.1.1", 7),
    ("5.1.2", 5),
    ("5.1.3", 8),
    ("5.1.4", 5),
    ("5.1.5", 5),
    ("5.1.6", 6),
    ("5.1.7", 2),
    ("5.1.8", 2),
];
const OTHERS: &str = "1.1 1.2 2.1 3.1 3.2 4 5 5.1 5.2.1 5.2.2 5.2.3 5.2.4 5.2.5 5.3.1 5.3.3 5.3.4 5.3.5 5.4.1 5.4.2 \
                      5.5.1 5.5.2 5.5.3 5.6.1 5.6.2 5.7.1 6.1 6.2 7.1 7.2 7.3 7.4 7.5 8.1 9.1 9.2 10.1 10.2 10.3 11.1 12.1 12.2";
const ROMAN: [&str; 8] = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"];

/// Every clause of the agreement; 5.3.2 does not exist.
fn agreement() -> BTreeSet<String> {
    let shared =
        SHARED.iter().flat_map(|(section, n)| ROMAN.iter().take(*n).map(move |r| format!("{section}.{r}")));
    OTHERS.split_whitespace().map(str::to_owned).chain(shared).collect()
}

/// The clause that a test is named after: its numbers, and of the paragraphs of 5.1 the roman number.
fn named_after(test: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for part in test.trim_start_matches("clause_").split('_') {
        let number = part.chars().all(|c| c.is_ascii_digit());
        let roman = out.len() == 3 && ROMAN.contains(&part);
        if !number && !roman {
            break;
        }
        out.push(part);
        if roman {
            break;
        }
    }
    out.join(".")
}

/// Test functions named after a clause, in all sources of the workspace.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = BTreeSet::new();
    for folder in ["core", "connectors", "src", "tests"] {
        gather(&root.join(folder), &mut out);
    }
    out
}

fn gather(folder: &Path, out: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for (at, line) in lines.iter().enumerate() {
                let line = line.trim_start_matches("pub(super) ").trim_start_matches("async ");
                let Some(name) = line.strip_prefix("fn clause_") else {
                    continue;
                };
                let Some((name, _)) = name.split_once('(') else { continue };
                let before = &lines[at.saturating_sub(8)..at];
                let attributes = before.rsplit(|l| l.is_empty()).next().unwrap();
                assert!(attributes.iter().any(|l| l.contains("test]")), "clause_{name} is no test");
                assert!(!attributes.iter().any(|l| l.contains("ignore")), "clause_{name} is ignored");
                out.insert(format!("clause_{name}"));
            }
        }
    }
}

/// What `agreement clauses --json` says: clause → state and tests.
fn said() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let said = Deployment::fresh().run(&["agreement", "clauses", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let all = said.json();
    let one = |c: &serde_json::Value| {
        let tests = c["tests"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned());
        (c["clause"].as_str().unwrap().to_owned(), (c["state"].as_str().unwrap().to_owned(), tests.collect()))
    };
    let clauses: BTreeMap<_, _> = all.as_array().unwrap().iter().map(one).collect();
    assert_eq!(clauses.len(), all.as_array().unwrap().len(), "a clause stands twice");
    clauses
}

#[test]
fn every_clause_of_the_agreement_has_its_place() {
    let clauses = said();
    assert_eq!(clauses.keys().cloned().collect::<BTreeSet<_>>(), agreement());
    let states = ["enforced", "recorded", "reminded", "reported", "outside"];
    assert!(clauses.values().all(|(state, _)| states.contains(&state.as_str())));
}

/// Both ways: each test named after a clause is listed under it, and each listed test is there. With `LOCKGATE_UPDATE`
/// the lists are written anew.
#[test]
fn clauses_and_the_tests_named_after_them_are_the_same() {
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for test in tests() {
        let clause = named_after(&test);
        assert!(
            agreement().contains(&clause),
            "{test} is named after `{clause}`, which is no clause of the agreement"
        );
        named.entry(clause).or_default().insert(test);
    }
    if std::env::var_os("LOCKGATE_UPDATE").is_some() {
        update(&named);
    }
    for (clause, (state, listed)) in said() {
        let of_clause = named.remove(&clause).unwrap_or_default();
        assert_eq!(
            listed, of_clause,
            "the tests of {clause} in agreement/clauses.toml are stale: run the tests with LOCKGATE_UPDATE=1"
        );
        assert!(
            state != "enforced" || !listed.is_empty(),
            "{clause} is said to be enforced, and no test shows it"
        );
        assert!(state != "outside" || listed.is_empty(), "{clause} has tests, and is said to be outside");
    }
    assert!(named.is_empty(), "{named:?}");
}

/// Writes the lists of tests into the file, and leaves everything else as it is.
fn update(named: &BTreeMap<String, BTreeSet<String>>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("agreement/clauses.toml");
    let text = fs::read_to_string(&path).unwrap();
    let mut out = Vec::new();
    for block in text.split("\n\n") {
        let head = block.split("tests = [").next().unwrap().trim_end();
        let clause = head.lines().find_map(|l| l.strip_prefix("[\"")?.strip_suffix("\"]"));
        let tests = clause.and_then(|c| named.get(c)).into_iter().flatten();
        let lines: Vec<String> = tests.map(|t| format!("    \"{t}\",\n")).collect();
        let list = if lines.is_empty() { String::new() } else { format!("\ntests = [\n{}]", lines.concat()) };
        out.push(format!("{head}{list}"));
    }
    fs::write(&path, out.join("\n\n") + "\n").unwrap();
}
