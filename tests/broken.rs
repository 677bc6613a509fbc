//! Forty deployments, each broken in one place: what is said must name what, where, why and what to do.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use std::fmt::Write as _;
use std::fs;
use support::Deployment;

type Fault = (&'static str, fn(&Deployment));

const COHORT: &str = "mappings/wyp/cohort.toml";
const RELEASES: &str = "mappings/hmps/releases.toml";
const LCC: &str = "agreement/entitlements/lcc.toml";

fn put(d: &Deployment, file: &str, bytes: &[u8]) {
    fs::write(d.path(file), bytes).unwrap();
}

fn append(d: &Deployment, file: &str, text: &str) {
    let old = fs::read_to_string(d.path(file)).unwrap();
    put(d, file, (old + text).as_bytes());
}

const FAULTS: &[Fault] = &[
    ("misspelt_key", |d| {
        d.edit(COHORT, "key = [\"nominal\"]                     #", "kee = [\"nominal\"] #");
    }),
    ("wrong_type", |d| {
        d.edit(COHORT, "title = \"Designated offenders (PPO, IOM, deter young offender)\"", "title = 3");
    }),
    ("duplicate_key", |d| d.edit(COHORT, "partner = \"wyp\"", "partner = \"wyp\"\npartner = \"wyp\"")),
    ("unknown_field", |d| d.edit(COHORT, "forenames = \"forenames\"", "forename = \"forenames\"")),
    ("unknown_category", |d| d.edit(COHORT, "category = \"cohort\"\nkey", "category = \"cohrot\"\nkey")),
    ("unknown_column", |d| d.edit(COHORT, "surname = \"surname\"", "surname = \"surnam\"")),
    ("unused_column", |d| d.edit(COHORT, "sex = \"Sex\"", "sex = \"Sex\"\nheight = \"Height\"")),
    ("header_twice", |d| d.edit(COHORT, "sex = \"Sex\"", "sex = \"Sex\"\ngender = \"SEX\"")),
    ("date_pattern", |d| {
        d.edit(
            COHORT,
            "birth_date = { column = \"birth\", date = \"dd/mm/yyyy\" }",
            "birth_date = { column = \"birth\", date = \"dd/mm/yyy\" }",
        );
    }),
    ("unknown_partner", |d| d.edit(COHORT, "partner = \"wyp\"", "partner = \"wpy\"")),
    ("unknown_kind", |d| d.edit(COHORT, "kind = \"snapshot\"", "kind = \"snapshoot\"")),
    ("unknown_retention", |d| d.edit(COHORT, "retention = \"1 year\"", "retention = \"1 yaer\"")),
    ("unknown_place", |d| d.edit(COHORT, "place = \"wyp\"", "place = \"wpy\"")),
    ("unknown_format", |d| d.edit(COHORT, "format = \"csv\"", "format = \"cvs\"")),
    ("unknown_option", |d| d.edit(COHORT, "delimiter = \"tab\"", "delimeter = \"tab\"")),
    ("unknown_encoding", |d| d.edit(COHORT, "encoding = \"utf-16\"", "encoding = \"utf-61\"")),
    ("budget_without_form", |d| d.edit(COHORT, "error_budget = \"2%\"", "error_budget = \"two\"")),
    ("empty_without_word", |d| d.edit(COHORT, "empty = \"held\"", "empty = \"hold\"")),
    ("code_out_of_list", |d| d.edit(COHORT, "DYO = \"dyo\"", "DYO = \"dyoo\"")),
    ("unknown_code_map", |d| d.edit(RELEASES, "codes = \"hmps/sex\"", "codes = \"hmps/sxe\"")),
    ("unknown_reason", |d| d.edit(COHORT, "reason = \"test_row\"", "reason = \"tset_row\"")),
    ("condition_without_test", |d| {
        d.edit(
            COHORT,
            "when = [{ column = \"surname\", in = [\"ZZTEST\", \"TEST\"] }]",
            "when = [{ column = \"surname\" }]",
        );
    }),
    ("unknown_key_kind", |d| d.edit(RELEASES, "key_kind = \"prison_number\"", "key_kind = \"prison_numbr\"")),
    ("unknown_evidence", |d| d.edit(COHORT, "cro = \"cro\"\n", "croo = \"cro\"\n")),
    ("example_unknown_category", |d| {
        d.edit(
            COHORT,
            "{ category = \"cohort\", designation = \"ppo\"",
            "{ category = \"cohorts\", designation = \"ppo\"",
        );
    }),
    ("example_fails", |d| {
        d.edit(
            COHORT,
            "aliases = \"Conor HARGREAVES\", prison_number = \"A7341CD\" }",
            "aliases = \"Conor\", prison_number = \"A7341CD\" }",
        );
    }),
    ("join_in_a_circle", |d| {
        d.edit("mappings/lcc/orchard.toml", "on = \"TENREF\", to = \"TENREF\" },\n    { sheet = \"PROPERTY\", on = \"TENANCY.PROPREF\"", "on = \"PROPERTY.TENREF\", to = \"TENREF\" },\n    { sheet = \"TENANCY\", on = \"TENANCY.PROPREF\"");
    }),
    ("feeds_wait_for_each_other", |d| {
        d.edit(
            "mappings/g4s/orders.toml",
            "kind = \"changes\"",
            "kind = \"changes\"\nafter = [\"g4s-endings\"]",
        );
    }),
    ("three_feeds_wait_in_a_circle", |d| {
        for (mapping, after) in
            [("endings", "g4s-installs"), ("installs", "g4s-violations"), ("violations", "g4s-endings")]
        {
            let file = format!("mappings/g4s/{mapping}.toml");
            let text = fs::read_to_string(d.path(&file)).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with("after = "));
            let text: Vec<&str> = lines.collect();
            let text = text.join("\n").replacen("[source]", &format!("after = [\"{after}\"]\n\n[source]"), 1);
            put(d, &file, text.as_bytes());
        }
    }),
    ("feed_waits_for_itself", |d| {
        d.edit(COHORT, "kind = \"snapshot\"", "kind = \"snapshot\"\nafter = [\"wyp-cohort\"]");
    }),
    ("list_column_not_in_the_key", |d| {
        d.edit(
            COHORT,
            "category = \"cohort\"\n",
            "category = \"cohort\"\neach = { column = \"aliases\", split = \";\" }\n",
        );
    }),
    ("missing_code_map", |d| fs::remove_file(d.path("mappings/codes/hmps/sex.csv")).unwrap()),
    ("code_map_not_utf_8", |d| {
        put(d, "mappings/codes/hmps/sex.csv", b"from_code,to_code,from,until\nM\xe9,male,,\n");
    }),
    ("mapping_not_utf_8", |d| put(d, COHORT, b"[feed]\ntitle = \"caf\xe9\"\n")),
    ("impossible_day_in_a_code_map", |d| {
        append(d, "mappings/codes/hmps/sex.csv", "U,male,2008-02-30,\n");
    }),
    ("long_mapping_of_columns", |d| {
        let many = (0..100_000).map(|n| format!("c{n} = \"Column {n}\"\n")).collect::<Vec<_>>().concat();
        d.edit(COHORT, "[columns]\n", &format!("[columns]\n{many}"));
    }),
    ("not_utf_8", |d| put(d, "schema/person.toml", b"# caf\xe9\n")),
    ("long_mapping", |d| put(d, COHORT, "ab = 1 # line\n".repeat(100_000).as_bytes())),
    ("empty_mapping", |d| put(d, COHORT, b"")),
    ("folder_for_file", |d| {
        fs::remove_file(d.path("agreement/handling.toml")).unwrap();
        fs::create_dir(d.path("agreement/handling.toml")).unwrap();
    }),
    ("byte_order_mark_inside", |d| append(d, COHORT, "\u{feff}[more]\n")),
    ("odd_character", |d| d.edit(COHORT, "kind = \"snapshot\"", "kind\u{a0}= \"snapshot\"")),
    ("unclosed_text", |d| d.edit(COHORT, "kind = \"snapshot\"", "kind = \"snapshot")),
    ("code_list_line_twice", |d| append(d, "schema/codes/sex.csv", "male,Male,,,\n")),
    ("code_map_dates_overlap", |d| {
        append(d, "mappings/codes/hmps/sex.csv", "M,male,2008-01-01,2008-12-31\n");
    }),
    ("code_list_header", |d| d.edit("schema/codes/sex.csv", "code,label", "kode,label")),
    ("missing_code_list", |d| fs::remove_file(d.path("schema/codes/sex.csv")).unwrap()),
    ("unknown_reduction", |d| d.edit(LCC, "arrested_at = \"month\"", "arrested_at = \"moth\"")),
    ("unknown_purpose", |d| {
        d.edit(
            LCC,
            "clause = [\"5.1.1.ii\"]\npurposes = [\"c\"]",
            "clause = [\"5.1.1.ii\"]\npurposes = [\"x\"]",
        );
    }),
    ("unknown_time_zone", |d| d.edit("lockgate.toml", "Europe/London", "Europe/Lodnon")),
];

#[test]
fn each_fault_says_what_where_why_and_what_to_do() {
    assert!(FAULTS.len() >= 40);
    let mut all = String::new();
    for (name, spoil) in FAULTS {
        let deployment = Deployment::fresh();
        spoil(&deployment);
        let check = deployment.run(&["check", "--plain"]);
        assert_eq!(check.code, Some(3), "{name}: {}{}", check.out, check.err);
        let here = deployment.root().to_str().unwrap();
        let said = check.err.replace(here, "[deployment]");
        writeln!(all, "== {name}\n{said}").unwrap();
        for word in ["panicked", "Draft", "struct ", "enum ", "Option<", "internal fault", "serde", "E02"] {
            assert!(!said.contains(word), "{name}: {word} in {said}");
        }
        let drawn = deployment.run(&["check"]);
        assert!(drawn.code == Some(3) && drawn.err.contains("error[LG"), "{name}: {}", drawn.err);
        let json = deployment.run(&["check", "--json"]).json();
        for problem in json["problems"].as_array().unwrap() {
            for key in ["code", "severity", "what", "why", "file"] {
                assert!(problem.get(key).is_some(), "{name}: no `{key}` in {problem}");
            }
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("broken", all));
}

/// Every code that the program can say is explained, and every explained code can be said.
#[test]
fn codes_said_and_codes_explained_are_the_same() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for folder in ["src", "core/src", "connectors/src"] {
        gather(&root.join(folder), &mut text);
    }
    let explained: Vec<&str> = lockgate::codes::all().map(|doc| doc.code).collect();
    let said = text
        .match_indices("\"LG")
        .filter_map(|(at, _)| text.get(at + 1..at + 7))
        .filter(|c| c.ends_with(|d: char| d.is_ascii_digit()));
    for code in said {
        assert!(explained.contains(&code), "{code} is said and not explained");
    }
    for code in explained {
        let literal = format!("\"{code}\"");
        // A code has a name by which it is said: a constant's, or a rule's (`Cohort "LG1509"`).
        let line = text.lines().find(|l| l.contains(&literal)).unwrap();
        let before = line.split(&literal).next().unwrap();
        let mut words = before.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty());
        let name = words.rfind(|w| !["Code", "const", "str", "static", "code", "new"].contains(w));
        let uses = match name.filter(|n| n.starts_with(char::is_uppercase) && *n != "Problem") {
            Some(name) => {
                text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| *w == name).count()
            }
            None => text.matches(&literal).count(),
        };
        assert!(uses >= 2, "{code} is explained and never said: {name:?}");
    }
}

fn gather(folder: &std::path::Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, text);
        } else if path.extension().is_some_and(|e| e == "rs")
            && !path.iter().any(|p| p == "tests")
            && !path.ends_with("tests.rs")
        {
            let whole = fs::read_to_string(&path).unwrap();
            text.push_str(
                whole
                    .split("#[cfg(test)]\n#[expect")
                    .next()
                    .and_then(|t| t.split("#[cfg(test)]\nmod tests {").next())
                    .unwrap(),
            );
        }
    }
}
