//! What the commands say, as reviewed texts in `tests/snapshots/`: the sound deployment, deployments broken in one
//! place each, and the questions that an operator asks.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use support::{Deployment, NIGHTS, RECIPIENTS, Said, assert_no_value, canaries};

/// Everything said, with the exit code before it.
fn whole(said: &Said) -> String {
    let mut text = format!("exit {}\n", said.code.unwrap());
    for (name, part) in [("stdout", &said.out), ("stderr", &said.err)] {
        if !part.is_empty() {
            write!(text, "-- {name}\n{part}").unwrap();
        }
    }
    text
}

/// Compares with the reviewed text; times, digests and the program's version are blanked.
fn reviewed(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(true);
    settings.set_omit_expression(true);
    settings.add_filter(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "[time]");
    settings.add_filter(r"\b[0-9a-f]{64}\b", "[digest]");
    settings.add_filter(r"\b[0-9a-f]{32}\b", "[id]");
    settings.add_filter(r"[A-Za-z0-9+/]{43}=", "[root]");
    settings.add_filter(r"lockgate \d+\.\d+\.\d+", "lockgate [version]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn check_finds_the_deployment_sound() {
    let deployment = Deployment::fresh();
    reviewed("check_sound", &whole(&deployment.run(&["check", "--as-of", "2008-11-17"])));
    reviewed("check_sound_json", &whole(&deployment.run(&["check", "--json", "--as-of", "2008-11-17"])));
}

/// One thing that is wrong with a deployment.
type Fault = (&'static str, fn(&Deployment));

const FAULTS: &[Fault] = &[
    ("unknown_key", |d| d.edit("mappings/hmps/releases.toml", "[check]\n", "[check]\nshrinks = \"5%\"\n")),
    ("unknown_setting", |d| d.edit("lockgate.toml", "csv_bom = true", "csv_bomb = true")),
    ("unknown_column_word", |d| {
        d.edit("mappings/wyp/cohort.toml", "surname = \"surname\"", "surname = \"surnam\"");
    }),
    ("missing_code_list", |d| fs::remove_file(d.path("mappings/codes/hmps/release_type.csv")).unwrap()),
    ("place_not_known", |d| d.edit("mappings/hmps/releases.toml", "place = \"hmps\"", "place = \"hmp\"")),
    ("two_feeds_one_name", |d| {
        d.edit("mappings/g4s/installs.toml", "name = \"g4s-installs\"", "name = \"g4s-orders\"");
    }),
    ("entitlement_unknown_field", |d| {
        d.edit("agreement/entitlements/lcc.toml", "\"tenancy_ref\"]", "\"tenancy_reff\"]");
    }),
    ("text_by_standing_grant", |d| {
        let from = "on_authority = { all = [\"nim\", \"text_review\"], fields = [\"kind\"";
        d.edit("agreement/entitlements/lcc.toml", from, &format!("fields = [\"report\"]\n{from}"));
    }),
    ("no_such_reduction", |d| {
        d.edit("agreement/entitlements/lcc.toml", "arrested_at = \"month\"", "arrested_at = \"fortnight\"");
    }),
    ("purpose_not_collected_for", |d| {
        d.edit(
            "agreement/entitlements/lcc.toml",
            "clause = [\"5.1.1.ii\"]\npurposes = [\"c\"]",
            "clause = [\"5.1.1.ii\"]\npurposes = [\"a\"]",
        );
    }),
    ("date_pattern", |d| {
        let from = "birth_date = { column = \"birth\", date = \"dd/mm/yyyy\" }";
        d.edit("mappings/hmps/releases.toml", from, &from.replace("dd/mm/yyyy", "mm/dd/yyyy"));
    }),
    ("invalid_toml", |d| d.edit("mappings/lcc/orchard.toml", "kind = \"snapshot\"", "kind = \"snapshot")),
    ("not_utf_8", |d| fs::write(d.path("mappings/lcc/orchard.toml"), b"# Orchard \xe9\n").unwrap()),
    ("no_secret", |d| fs::remove_file(d.path("fixtures/keys/store.secret")).unwrap()),
    ("several_faults", |d| {
        d.edit("mappings/hmps/releases.toml", "place = \"hmps\"", "place = \"hmp\"");
        d.edit("mappings/g4s/orders.toml", "codes = \"g4s/sex\"", "codes = \"g4s/sexes\"");
    }),
];

#[test]
fn a_broken_deployment_says_where_and_what_to_do() {
    for (name, spoil) in FAULTS {
        let deployment = Deployment::fresh();
        spoil(&deployment);
        let check = deployment.run(&["check", "--plain"]);
        assert_eq!(check.code, Some(3), "{name}: {}{}", check.out, check.err);
        let here = deployment.root().to_str().unwrap();
        reviewed(&format!("broken_{name}"), &check.err.replace(here, "[deployment]"));
        let run = deployment.run(&["run", "--as-of", NIGHTS[0]]);
        assert_eq!(run.code, Some(78), "{name}: {}", run.err);
        assert!(!deployment.path("state/bundles").exists(), "{name}: a run went on");
    }
}

/// The snippets for a terminal point at the same place as the plain lines.
#[test]
fn a_fault_is_drawn_in_its_place() {
    let deployment = Deployment::fresh();
    deployment.edit(
        "agreement/entitlements/lcc.toml",
        "arrested_at = \"month\"",
        "arrested_at = \"fortnight\"",
    );
    reviewed("drawn_fault", &whole(&deployment.run(&["check"])));
    reviewed("fault_json", &whole(&deployment.run(&["check", "--json"])));
}

#[test]
fn who_sees_an_address_of_release() {
    let deployment = Deployment::fresh();
    let words = ["agreement", "who-sees", "prison_release.release_address"];
    reviewed("who_sees", &whole(&deployment.run(&[&words[..], &["--plain"]].concat())));
    let all = deployment.run(&[&words[..], &["--json"]].concat()).json();
    let cells: Vec<(&str, &str, Vec<&str>)> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            let conditions =
                c["conditions"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
            (c["recipient"].as_str().unwrap(), c["standing"].as_str().unwrap(), conditions)
        })
        .collect();
    let expected: [(&str, &str, Vec<&str>); 4] = [
        ("wyp", "whole", vec![]),
        ("probation", "whole", vec![]),
        ("yos", "whole", vec!["young_person"]),
        ("g4s", "whole", vec!["tagged"]),
    ];
    assert_eq!(cells, expected);
    for wrong in ["prison_release.release_adress", "prison_releases.release_address", "release_address"] {
        let said = deployment.run(&["agreement", "who-sees", wrong]);
        assert_eq!(said.code, Some(2));
        reviewed(&format!("who_sees_{}", wrong.replace('.', "_")), &whole(&said));
    }
}

#[test]
fn why_names_the_clause_or_the_first_rule_that_withheld() {
    let deployment = Deployment::after(0);
    let why = |person: &str, recipient: &str| {
        let field = "prison_release.release_address";
        let words =
            ["agreement", "why", "--person", person, "--recipient", recipient, "--field", field, "--plain"];
        let said = deployment.run(&words);
        assert_no_value(&said.out, &canaries(), "why");
        whole(&said)
    };
    reviewed("why_allowed", &why("hmps-releases:A7341CD", "wyp"));
    reviewed("why_withheld_by_condition", &why("wyp-cohort:LDS000011", "g4s"));
    reviewed("why_not_in_store", &why("hmps-releases:A7342CE", "wyp"));
    reviewed("why_unknown_feed", &why("hmps-release:A7341CD", "wyp"));
    reviewed("why_unknown_recipient", &why("hmps-releases:A7341CD", "police"));
}

/// The names of an object's keys, sorted.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn bundles_are_listed_in_the_promised_shape() {
    let deployment = Deployment::after(1);
    let all = deployment.run(&["bundle", "list", "--json"]).json();
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 16);
    for bundle in all {
        let promised = ["name", "recipient", "kind", "sequence", "as_of", "counts", "manifest_digest"];
        assert!(promised.iter().all(|key| keys(bundle).contains(key)), "{bundle}");
        let text = |key: &str| bundle[key].as_str().unwrap();
        let made = deployment.bundle(text("recipient"), text("as_of"));
        assert_eq!(text("name"), made.name);
        assert_eq!(text("manifest_digest").len(), 64);
        assert_eq!(made.manifest()["lockgate"]["sequence"], bundle["sequence"]);
        let counted: u64 = bundle["counts"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|c| c.as_object().unwrap().values())
            .map(|n| n.as_u64().unwrap())
            .sum();
        assert_eq!(counted, made.rows.len() as u64, "{}", made.name);
    }
    let one = deployment.run(&["bundle", "list", "--recipient", "disc", "--json"]).json();
    assert!(
        one.as_array().unwrap().iter().all(|b| b["recipient"] == "disc")
            && one.as_array().unwrap().len() == 2
    );
    reviewed("bundle_list", &whole(&deployment.run(&["bundle", "list", "--recipient", "disc", "--plain"])));
    reviewed(
        "bundle_list_json",
        &whole(&deployment.run(&["bundle", "list", "--recipient", "disc", "--json"])),
    );
    reviewed("bundle_list_nobody", &whole(&deployment.run(&["bundle", "list", "--recipient", "nobody"])));
}

#[test]
fn status_history_and_quarantine_say_what_happened() {
    let deployment = Deployment::fresh();
    reviewed("status_before_any_run", &whole(&deployment.run(&["status"])));
    deployment.night(NIGHTS[0]);
    reviewed("status", &whole(&deployment.run(&["status"])));
    reviewed("status_json", &whole(&deployment.run(&["status", "--json"])));
    reviewed("history", &whole(&deployment.run(&["history", "--plain"])));
    let mut history = deployment.run(&["history", "--json"]).json();
    let summary = history[0]["summary"].take();
    assert_eq!(summary["recipients"].as_array().unwrap().len(), RECIPIENTS.len());
    reviewed("history_json", &serde_json::to_string_pretty(&history).unwrap());
    reviewed("quarantine_list", &whole(&deployment.run(&["quarantine", "list", "--plain"])));
    reviewed("quarantine_show", &whole(&deployment.run(&["quarantine", "show", "1"])));
    reviewed("quarantine_show_nothing", &whole(&deployment.run(&["quarantine", "show", "4711"])));
    reviewed("ledger_verify", &whole(&deployment.run(&["ledger", "verify"])));
}

#[test]
fn a_night_is_a_page() {
    let deployment = Deployment::fresh();
    let page = deployment.path("night.html");
    let write = |words: &[&str]| {
        let file = page.to_str().unwrap();
        deployment.run(&[&["history", "--html", file], words].concat())
    };
    assert_eq!(write(&[]).code, Some(2), "no night, no page");
    deployment.night(NIGHTS[0]);
    deployment.night(NIGHTS[1]);
    assert_eq!(write(&[]).code, Some(0));
    let newest = std::fs::read_to_string(&page).unwrap();
    assert!(newest.contains(&format!("<h1>Night of {}</h1>", NIGHTS[1])), "{newest}");
    assert_eq!(write(&["--run", "1"]).code, Some(0));
    let first = std::fs::read_to_string(&page).unwrap();
    let said = deployment.run(&["history", "--json"]).json();
    let summary = &said[1]["summary"];
    for recipient in summary["recipients"].as_array().unwrap() {
        let (name, people) = (recipient["bundle"].as_str().unwrap(), &recipient["people"]);
        let row = format!("<td>{name}</td><td class=\"n\">{people}</td>");
        assert!(first.contains(&row), "{row}: {first}");
    }
    for feed in summary["feeds"].as_array().unwrap() {
        let (name, read) = (feed["feed"].as_str().unwrap(), &feed["read"]);
        assert!(first.contains(&format!("<th scope=\"row\">{name}</th>")), "{name}");
        assert!(first.contains(&format!("<td class=\"n\">{read}</td>")), "{name}: {read}");
    }
    assert!(first.contains(&format!("<li>{} rows are in quarantine:", summary["quarantine"])), "{first}");
    assert_no_value(&first, &canaries(), "the page");
    assert_eq!(write(&["--run", "4711"]).code, Some(2));
}

#[test]
fn a_run_ends_with_its_tables_and_its_balance() {
    let deployment = Deployment::fresh();
    let said = deployment.run(&["run", "--as-of", NIGHTS[0], "--plain"]);
    let canaries = canaries();
    assert_no_value(&said.out, &canaries, "the tables");
    assert_no_value(&said.err, &canaries, "the warnings");
    reviewed("run", &whole(&said));
    reviewed("run_unknown_feed", &whole(&deployment.run(&["run", "--feed", "nobody"])));
}

#[test]
fn codes_are_explained() {
    let deployment = Deployment::fresh();
    reviewed("explain", &whole(&deployment.run(&["explain", "lg1301"])));
    reviewed("explain_unknown", &whole(&deployment.run(&["explain", "LG1399"])));
}

#[test]
fn the_command_line_is_helpful() {
    let deployment = Deployment::fresh();
    let unknown = deployment.run(&["nonsense"]);
    assert_eq!(unknown.code, Some(2));
    reviewed("unknown_command", &whole(&unknown));
    for (name, words) in [("help", &["--help"][..]), ("help_run", &["run", "--help"]), ("no_command", &[])] {
        reviewed(name, &whole(&deployment.run(words)));
    }
    assert_eq!(deployment.run(&["run", "--as-of", "17/11/2008"]).code, Some(2));
}
