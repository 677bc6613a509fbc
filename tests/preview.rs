//! `feed preview` says what a night does: compared with the bundles that the night then makes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests: a broken promise ends them"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use support::{Deployment, RECIPIENTS, files};

const NIGHT: &str = "2008-11-17";
const FILE: &str = "fixtures/hmps/HMPS_RELEASES_20081117.csv";

/// A record's fields and values.
type Fields = BTreeMap<String, String>;

/// What a preview says leaves to a recipient of one category.
fn leaves(rows: &[Value], recipient: &str, category: &str) -> BTreeSet<Fields> {
    let of = |row: &Value| -> Vec<Value> {
        let all = row["recipients"].as_array().unwrap();
        let one = all.iter().find(|r| r["recipient"] == recipient);
        one.map(|r| r["leaves"].as_array().unwrap().clone()).unwrap_or_default()
    };
    let fields = |record: Value| -> Fields {
        let pairs = record["fields"].as_array().unwrap();
        pairs.iter().map(|p| (p[0].as_str().unwrap().into(), p[1].as_str().unwrap().into())).collect()
    };
    rows.iter().flat_map(of).filter(|record| record["category"] == category).map(fields).collect()
}

/// A file is previewed before any night has seen it. The night then gives every recipient just that.
#[test]
fn what_a_preview_says_leaves_is_what_the_night_sends() {
    let deployment = Deployment::fresh();
    let file = deployment.path("HMPS_RELEASES_20081117.csv");
    fs::rename(deployment.path(FILE), &file).unwrap();
    deployment.night(NIGHT);
    // Opening the database leaves its two side files beside it, empty.
    let kept = |deployment: &Deployment| -> BTreeMap<String, Vec<u8>> {
        let all = files(&deployment.path("state")).into_iter();
        all.filter(|(name, _)| !name.contains("store.sqlite-")).collect()
    };
    let before = kept(&deployment);
    let place = file.to_str().unwrap();
    let said =
        deployment.run(&["feed", "preview", "hmps-releases", "--file", place, "--rows", "1000", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(before == kept(&deployment), "a preview writes nothing");
    let rows = said.json().as_array().unwrap().clone();

    fs::rename(&file, deployment.path(FILE)).unwrap();
    let night = deployment.night(NIGHT);
    assert_eq!(rows.len() as u64, night.feed("hmps-releases")["read"].as_u64().unwrap());
    let mut compared = 0;
    for recipient in RECIPIENTS {
        for category in ["prison_release", "release_projection"] {
            let said = leaves(&rows, recipient, category);
            let replica = deployment.replica(recipient);
            let held = replica.rows.values().filter(|r| r.table == category && r.get("originator") == "hmps");
            let names: BTreeSet<&String> = said.iter().flat_map(BTreeMap::keys).collect();
            let held: BTreeSet<Fields> = held
                .map(|row| {
                    let filled = names.iter().filter(|name| !row.get(name).is_empty());
                    filled.map(|name| ((*name).clone(), row.get(name).to_owned())).collect()
                })
                .collect();
            // The other prison feed brings dates of its own.
            let brought: BTreeSet<&Fields> = held.iter().filter(|row| said.contains(*row)).collect();
            assert_eq!(brought.len(), said.len(), "{recipient} {category}");
            if category == "prison_release" {
                assert_eq!(held, said, "{recipient}");
            }
            compared += said.len();
        }
    }
    assert!(compared > 50, "{compared}");
}

/// Who is refused is told why; who is not in the cohort leaves nothing; the page fetches nothing and is escaped.
#[test]
fn a_preview_tells_of_refused_rows_and_of_people_outside_the_cohort() {
    let deployment = Deployment::after(0);
    let refused = deployment.run(&["feed", "preview", "hmps-releases", "--file", FILE_AT, "--row", "16"]);
    let place = deployment.path(FILE);
    assert_ne!(refused.code, Some(0), "a file that is not there");
    let file = place.to_str().unwrap();
    let refused = deployment.run(&["feed", "preview", "hmps-releases", "--file", file, "--row", "16"]).out;
    assert!(refused.contains("refused: movement LG1245"), "{refused}");
    let all = deployment
        .run(&["feed", "preview", "hmps-releases", "--file", file, "--rows", "1000", "--json"])
        .json();
    let outside: Vec<&Value> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["outcome"] == "mapped" && r["in_cohort"] == false)
        .collect();
    assert!(!outside.is_empty() && outside.iter().all(|r| r["recipients"].as_array().unwrap().is_empty()));

    let text = fs::read(&place).unwrap();
    let text: String = text.into_iter().map(char::from).collect();
    let marked = deployment.path("HMPS_RELEASES_20081118.csv");
    let changed: Vec<u8> =
        text.replace("14 Copse Row", "<script>1</script>").chars().map(|c| c as u8).collect();
    fs::write(&marked, changed).unwrap();
    let page = deployment.path("page.html");
    let words = [
        "feed",
        "preview",
        "hmps-releases",
        "--file",
        marked.to_str().unwrap(),
        "--html",
        page.to_str().unwrap(),
    ];
    assert_eq!(deployment.run(&words).code, Some(0));
    let page = fs::read_to_string(page).unwrap();
    assert!(
        page.contains("&lt;script&gt;1") && !page.contains("<script") && page.contains("default-src 'none'")
    );
    assert_eq!(deployment.run(&["feed", "preview", "no-such-feed"]).code, Some(2));
}

const FILE_AT: &str = "not-there/HMPS_RELEASES_20081117.csv";

/// A mapping that is as it was changes nothing. One with a code added tells beforehand, in people and fields, what the
/// retried row then brings to whom; and one that says less tells who loses it.
#[test]
fn a_difference_counts_what_a_changed_mapping_would_tell() {
    let deployment = Deployment::after(0);
    let same = deployment.run(&["feed", "diff", "hmps-releases", "--json"]);
    assert_eq!(same.code, Some(0), "{}", same.err);
    let same = same.json();
    assert_eq!(
        (same["new_records"].as_u64(), same["changed_records"].as_u64()),
        (Some(0), Some(0)),
        "{same}"
    );
    assert!(same["recipients"].as_array().unwrap().is_empty());

    let list = deployment.path("mappings/codes/hmps/release_type.csv");
    fs::write(&list, fs::read_to_string(&list).unwrap() + "REL/QQ,conditional,,\n").unwrap();
    deployment.edit("mappings/hmps/releases.toml", "reason = \"QQ\"", "reason = \"QX\"");
    let more = deployment.run(&["feed", "diff", "hmps-releases", "--json"]).json();
    assert_eq!((more["people"].as_u64(), more["changed_records"].as_u64()), (Some(1), Some(0)), "{more}");
    assert_eq!(more["refused"].as_u64().unwrap() + 1, more["before"]["refused"].as_u64().unwrap());
    let of = |found: &Value, recipient: &str| -> Option<Value> {
        found["recipients"].as_array().unwrap().iter().find(|r| r["recipient"] == recipient).cloned()
    };
    let police = of(&more, "wyp").unwrap();
    assert_eq!((police["newly"].as_u64(), police["no_longer"].as_u64()), (Some(1), Some(0)), "{police}");
    assert!(police["fields"].as_array().unwrap().contains(&"prison_release.release_date".into()));
    assert!(of(&more, "hmps").is_none(), "the originator is told nothing of its own");

    let item = deployment.run(&["quarantine", "retry", "--feed", "hmps-releases"]);
    assert!(item.out.contains("the next run takes it"), "{}", item.out);
    deployment.night(NIGHT);
    for recipient in RECIPIENTS {
        let second = deployment.bundles(recipient).len() == 2;
        assert_eq!(second, of(&more, recipient).is_some(), "{recipient}");
    }
    let address = "null = [\"NFA\", \"NO FIXED ABODE\"]";
    deployment.edit("mappings/hmps/releases.toml", address, "null = [\"14 Copse Row\"]");
    let less = deployment.run(&["feed", "diff", "hmps-releases", "--json"]).json();
    let police = of(&less, "wyp").unwrap();
    assert!(police["otherwise"].as_u64() >= Some(1), "{police}");
    assert_eq!(
        police["newly"].as_u64().map(|n| n > 0),
        Some(true),
        "a place written NFA would leave now: {police}"
    );
}

/// A record block is taken out of the mapping of a feed of changes. What the store and its recipients hold of it is
/// counted, and stays theirs: the next file does not say what still stands of earlier ones.
#[test]
fn a_difference_counts_what_would_be_made_no_longer_and_who_holds_it() {
    let deployment = Deployment::after(0);
    let held = |recipient: &str| -> BTreeSet<String> {
        let replica = deployment.replica(recipient);
        let of = replica.of("release_projection");
        of.iter().map(|row| row.get("person_ref").to_owned()).collect()
    };
    let before: BTreeMap<&str, BTreeSet<String>> = RECIPIENTS.iter().map(|r| (*r, held(r))).collect();
    let mapping = deployment.path("mappings/hmps/dates.toml");
    let text = fs::read_to_string(&mapping).unwrap();
    // A date that nobody set by hand gives nothing any more.
    let plain = "when = [{ column = \"override\", absent = true }]";
    let never =
        "when = [{ column = \"override\", absent = true }, { column = \"status\", in = [\"never\"] }]";
    assert_eq!(text.matches(plain).count(), 1);
    let silent = text.replace(plain, never);
    fs::write(&mapping, silent.split("[[example]]").next().unwrap()).unwrap();
    let check = deployment.run(&["check"]);
    assert_eq!(check.code, Some(0), "{}", check.err);
    let less = deployment.run(&["feed", "diff", "hmps-dates", "--json"]).json();
    assert!(less["vanished_records"].as_u64() > Some(0), "{less}");
    assert_eq!(
        (less["new_records"].as_u64(), less["changed_records"].as_u64()),
        (Some(0), Some(0)),
        "{less}"
    );
    let mut holders = 0;
    for recipient in RECIPIENTS {
        let told = less["recipients"].as_array().unwrap().iter().find(|r| r["recipient"] == recipient);
        let people = told.map_or(0, |r| r["vanished"].as_u64().unwrap());
        assert!(people <= before[recipient].len() as u64, "{recipient}: {less}");
        if let Some(told) = told {
            assert_eq!((told["newly"].as_u64(), told["no_longer"].as_u64()), (Some(0), Some(0)));
            let fields = told["vanished_fields"].as_array().unwrap();
            assert!(!fields.is_empty() && fields.iter().all(|f| f.as_str().unwrap().contains('.')), "{told}");
            holders += 1;
        }
    }
    assert!(holders > 0, "{less}");
    let text = deployment.run(&["feed", "diff", "hmps-dates"]).out;
    assert!(text.contains("would be made no longer; the store keeps them"), "{text}");
    assert!(deployment.night("2008-11-18").json()["warnings"]["LG1316"].is_null());
    let after = held("probation");
    assert!(before["probation"].iter().all(|person| after.contains(person)), "nobody's was taken back");
}
