//! The commands by which a feed is looked at and tested, as reviewed texts in `tests/snapshots/`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use support::{Deployment, NIGHTS, Said};

fn whole(said: &Said) -> String {
    format!("exit {}\n{}{}", said.code.unwrap(), said.out, said.err)
}

fn reviewed(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.add_filter(r"_[0-9a-f]{8}\b", "_[digest]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn feeds_are_listed_with_their_last_file() {
    let deployment = Deployment::fresh();
    let before = deployment.run(&["feed", "list", "--json"]).json();
    assert!(before.as_array().unwrap().iter().all(|feed| feed.get("last_file").is_none()));
    deployment.night(NIGHTS[0]);
    reviewed("list", &whole(&deployment.run(&["feed", "list", "--plain"])));
    let after = deployment.run(&["feed", "list", "--json"]).json();
    for feed in after.as_array().unwrap() {
        let file = &feed["last_file"];
        assert_eq!((&file["date"], &file["state"]), (&NIGHTS[0].into(), &"accepted".into()), "{feed}");
        assert!(deployment.path(feed["mapping"].as_str().unwrap()).is_file());
    }
    assert_eq!(after.as_array().unwrap().len(), 39);
}

#[test]
fn examples_pass_and_what_they_do_not_touch_is_named() {
    let deployment = Deployment::fresh();
    reviewed("test", &whole(&deployment.run(&["feed", "test", "wyp-cohort"])));
    reviewed("test_json", &whole(&deployment.run(&["feed", "test", "wyp-cohort", "--json"])));
    let all = deployment.run(&["feed", "test", "--json"]).json();
    for feed in all.as_array().unwrap() {
        assert_eq!(feed["failures"].as_array().unwrap().len(), 0);
        let parts = feed["coverage"].as_array().unwrap();
        for part in parts {
            let (touched, all) = (part["touched"].as_u64().unwrap(), part["all"].as_u64().unwrap());
            assert_eq!(touched + part["untouched"].as_array().unwrap().len() as u64, all, "{part}");
        }
    }
    reviewed("test_unknown", &whole(&deployment.run(&["feed", "test", "wyp-cohrt"])));
}

#[test]
fn every_failed_example_shows_each_difference_by_its_path() {
    let deployment = Deployment::fresh();
    let mapping = "mappings/wyp/cohort.toml";
    deployment.edit(
        mapping,
        "designation = \"ppo\", from = \"2008-10-01\"",
        "designation = \"iom\", from = \"2008-10-02\"",
    );
    deployment.edit(
        mapping,
        "designation = \"iom\", until = \"2008-11-18\"",
        "designation = \"iom\", until = \"2008-11-19\"",
    );
    deployment.edit(mapping, "expect = \"refused\"", "expect = \"skipped\"");
    let said = deployment.run(&["feed", "test", "wyp-cohort"]);
    assert_eq!(said.code, Some(3));
    reviewed("test_failed", &whole(&said));
    let json = deployment.run(&["feed", "test", "wyp-cohort", "--json"]);
    assert_eq!(json.code, Some(3));
    let failures = json.json()[0]["failures"].clone();
    let paths: Vec<&str> = failures.as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        ["record 2 › cohort.designation", "record 2 › cohort.from", "record 1 › cohort.until", ""]
    );
}

#[test]
fn an_example_more_touches_more() {
    let deployment = Deployment::fresh();
    let share = |deployment: &Deployment| {
        deployment.run(&["feed", "test", "wyp-cohort", "--json"]).json()[0]["coverage_per_cent"]
            .as_u64()
            .unwrap()
    };
    let before = share(&deployment);
    let path = deployment.path("mappings/wyp/cohort.toml");
    let text = std::fs::read_to_string(&path).expect("a mapping");
    let more = "\n[[example]]\ntitle = \"their own test row\"\nrow = { nominal = \"LDS1\", surname = \"ZZTEST\" }\nexpect = \"refused\"\n";
    std::fs::write(&path, text + more).expect("writing");
    assert!(before < 100 && share(&deployment) == 100);
}
