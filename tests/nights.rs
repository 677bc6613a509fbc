//! The three nights of the fixtures, end to end: what each recipient holds after each of them, what happens to the
//! named people, and what a second, a killed or a forbidden run does.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use sqlx::{AssertSqlSafe, Row as _};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};
use support::{
    Deployment, NIGHTS, RECIPIENTS, Replica, Row, assert_same_but_for_the_ledger, assert_same_files, copy,
    files,
};

const CONNOR: (&str, &str, &str) = ("HARGREAVES", "CONNOR JAMES", "1981-02-14");

/// Every table of the store but the runs themselves and the counters of rows, as text.
fn store(deployment: &Deployment) -> BTreeMap<String, Vec<String>> {
    let place = format!("sqlite:{}", deployment.path("state/store.sqlite").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pool = sqlx::SqlitePool::connect(&place).await.unwrap();
        // A file is remembered as seen once it is some seconds old: that may be between two nights of a test.
        let names = "SELECT name FROM sqlite_master WHERE type = 'table' \
            AND name NOT IN ('run', 'counter', 'sighting', '_sqlx_migrations')";
        let mut out = BTreeMap::new();
        for table in sqlx::query(names).fetch_all(&pool).await.unwrap() {
            let table: String = table.get(0);
            let about = format!("SELECT name FROM pragma_table_info('{table}')");
            let columns = sqlx::query(AssertSqlSafe(about)).fetch_all(&pool).await.unwrap();
            let quoted: Vec<String> =
                columns.iter().map(|c| format!("quote({})", c.get::<String, _>(0))).collect();
            let all = format!("SELECT {} FROM {table} ORDER BY 1", quoted.join(" || '|' || "));
            let rows = sqlx::query(AssertSqlSafe(all)).fetch_all(&pool).await.unwrap();
            out.insert(table, rows.iter().map(|r| r.get::<String, _>(0)).collect());
        }
        pool.close().await;
        out
    })
}

fn change_store(deployment: &Deployment, sql: &'static str) {
    let place = format!("sqlite:{}", deployment.path("state/store.sqlite").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pool = sqlx::SqlitePool::connect(&place).await.unwrap();
        let done = sqlx::query(sql).execute(&pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        pool.close().await;
    });
}

/// What each recipient holds after each night: `[night][recipient]`.
fn replicas(deployment: &Deployment) -> Vec<BTreeMap<&'static str, Replica>> {
    let upto = |last: usize| {
        RECIPIENTS.iter().map(move |recipient| {
            let mut replica = Replica::default();
            deployment.bundles(recipient).iter().take(last + 1).for_each(|b| replica.apply(b));
            (*recipient, replica)
        })
    };
    (0..NIGHTS.len()).map(|night| upto(night).collect()).collect()
}

fn about<'a>(replica: &'a Replica, who: (&str, &str, &str), table: &str) -> Vec<&'a Row> {
    replica.person(who.0, who.1, who.2).map_or_else(Vec::new, |person| replica.about(&person, table))
}

/// Whether anybody may read a word in any file of any bundle of a night, workbooks aside.
fn found_in_bundles(deployment: &Deployment, night: &str, word: &str) -> Vec<String> {
    let day = night.replace('-', "");
    let (word, mut found) = (word.to_lowercase(), Vec::new());
    for (name, bytes) in deployment.bundle_files() {
        if name.contains(&day) && String::from_utf8_lossy(&bytes).to_lowercase().contains(&word) {
            found.push(name);
        }
    }
    found
}

fn in_store(deployment: &Deployment, person: &str) -> bool {
    let words =
        ["agreement", "why", "--person", person, "--recipient", "wyp", "--field", "person.surname", "--json"];
    deployment.run(&words).json()["in_store"].as_bool().unwrap()
}

#[test]
fn the_first_night_gives_eight_snapshots_and_the_same_again_gives_nothing() {
    let deployment = Deployment::fresh();
    let first = deployment.night(NIGHTS[0]);
    for recipient in RECIPIENTS {
        let bundles = deployment.bundles(recipient);
        assert_eq!(bundles.len(), 1, "{recipient}");
        let (bundle, manifest) = (&bundles[0], bundles[0].manifest());
        assert_eq!(bundle.name, format!("lockgate_leeds-iom_{recipient}_20081117_000001_snapshot"));
        for file in ["datapackage.json", "README.txt", "summary.html", "acknowledge.csv"] {
            assert!(bundle.folder.join(file).is_file(), "{recipient} has no {file}");
        }
        let about =
            ["kind", "recipient", "as_of"].map(|key| manifest["lockgate"][key].as_str().unwrap().to_owned());
        assert_eq!(about, ["snapshot", recipient, NIGHTS[0]]);
        assert!(bundle.rows.iter().all(|r| r.get("change") == "current" && r.version() == 1), "{recipient}");
        assert!(
            bundle.rows.iter().all(|r| r.get("originator") != recipient),
            "{recipient} gets its own rows back"
        );
    }
    let (bundles, before) = (deployment.bundle_files(), store(&deployment));
    let second = deployment.night(NIGHTS[0]);
    assert_eq!(first.code, second.code);
    assert_same_files(&bundles, &deployment.bundle_files(), "the same night again");
    let after = store(&deployment);
    for (table, rows) in &before {
        assert!(rows == &after[table], "the second run changed {table}");
    }
    let said = second.json();
    assert!(said["feeds"].as_array().unwrap().iter().all(|f| f["state"] == "nothing new"), "{}", second.out);
    assert!(said["recipients"].as_array().unwrap().iter().all(|r| r["bundle"].is_null()), "{}", second.out);
}

/// Counts of every file against what the generator meant (`fixtures/expected.csv`).
#[test]
fn every_row_of_every_file_becomes_what_its_writer_meant() {
    let deployment = Deployment::fresh();
    let expected = support::table(&deployment.path("fixtures/expected.csv"));
    // One joins on the second night, one leaves on the third.
    for (night, cohort) in NIGHTS.into_iter().zip([126, 127, 126]) {
        let said = deployment.night(night);
        for line in expected.iter().filter(|l| l["night"] == night) {
            let feed = said.feed(&line["feed"]);
            let place = format!("{night} {}: {feed}", line["feed"]);
            if line["rows"] == "0" && night != NIGHTS[0] {
                // The very bytes of yesterday's empty file: the same file again.
                assert_eq!(feed["state"], "nothing new", "{place}");
                continue;
            }
            assert_eq!(feed["state"], "accepted", "{place}");
            let columns = ["rows", "mapped", "refused", "skipped", "duplicate"];
            let counts = ["read", "mapped", "quarantined", "skipped", "duplicate"];
            for (column, count) in columns.iter().zip(counts) {
                assert_eq!(line[*column], feed[count].to_string(), "{column} of {place}");
            }
        }
        assert_eq!(said.json()["cohort"], cohort, "{night}");
        assert_eq!(deployment.run(&["status", "--json"]).json()["people"], cohort, "{night}");
    }
}

/// Corrections and withdrawals go to exactly those who held the old value: each recipient can apply its bundles in their
/// order (`Replica::apply` fails otherwise), and holds afterwards what a deployment that starts that day would give it.
#[test]
fn what_recipients_hold_after_three_nights_is_what_a_fresh_start_gives() {
    let (nightly, fresh) = (Deployment::after(2), Deployment::fresh());
    fresh.night(NIGHTS[2]);
    let mut changes = BTreeMap::new();
    for recipient in RECIPIENTS {
        let (held, given) = (nightly.replica(recipient), fresh.replica(recipient));
        // A row that is simply gone from the police list ends nothing by itself; a fresh start never saw it.
        // Some hear of him from the prison alone, whose code page has no Ś.
        let vanished = held
            .person("WIŚNIEWSKI", "Piotr", "1979-03-22")
            .or_else(|| held.person("WISNIEWSKI", "PIOTR", "1979-03-22"));
        let says = |replica: &Replica| -> BTreeMap<String, (String, BTreeMap<String, String>)> {
            let rows = replica.rows.iter().filter(|(_, r)| Some(r.get("person_ref")) != vanished.as_deref());
            rows.map(|(record, r)| (record.clone(), (r.table.clone(), r.says()))).collect()
        };
        let (held, given) = (says(&held), says(&given));
        for (record, row) in &given {
            assert_eq!(held.get(record), Some(row), "{recipient} {record}");
        }
        let more: Vec<_> = held.iter().filter(|(record, _)| !given.contains_key(*record)).collect();
        assert!(more.is_empty(), "{recipient} holds more than a fresh start gives: {more:?}");
        for bundle in nightly.bundles(recipient).iter().skip(1) {
            for row in &bundle.rows {
                *changes.entry(row.get("change").to_owned()).or_insert(0) += 1;
            }
        }
    }
    for change in ["new", "correction", "withdrawal", "current"] {
        assert!(changes.get(change).is_some_and(|n| *n > 10), "hardly any {change}: {changes:?}");
    }
}

#[test]
fn clause_5_1_5_i_ecl_reaches_wyp_same_night() {
    let deployment = Deployment::after(1);
    let nights = replicas(&deployment);
    let first = about(&nights[0]["wyp"], CONNOR, "prison_release");
    assert_eq!(first.len(), 1);
    let columns =
        ["release_date", "release_type", "establishment", "release_address", "release_postcode", "clause"];
    let expected = ["2008-11-18", "ecl", "LEI", "14 Copse Row, Harehills, Leeds", "LS9 7ZZ", "5.1.5.i"];
    assert_eq!(columns.map(|c| first[0].get(c)), expected);
    // He was on the list of the very day: the last moment at which the police may still hear of it.
    let wayne = about(&nights[1]["wyp"], ("TORDOFF", "WAYNE", "1977-12-30"), "prison_release");
    assert_eq!(wayne.len(), 1);
    assert_eq!(
        ["release_date", "release_type", "change"].map(|c| wayne[0].get(c)),
        ["2008-11-18", "ecl", "new"]
    );
}

#[test]
fn a_moved_release_is_corrected_and_a_cancelled_one_withdrawn_where_it_was_held() {
    let deployment = Deployment::after(2);
    let nights = replicas(&deployment);
    let craig = ("AINSWORTH", "CRAIG ANTHONY", "1969-07-08");
    for (recipient, holds) in [("wyp", true), ("probation", true), ("lcc", true), ("yos", false)] {
        let old = about(&nights[0][recipient], CONNOR, "prison_release");
        assert_eq!(old.len(), usize::from(holds), "{recipient}");
        let second = deployment.bundle(recipient, NIGHTS[1]);
        let third = deployment.bundle(recipient, NIGHTS[2]);
        let Some(old) = old.first() else {
            let releases = second.changes("correction").into_iter().filter(|r| r.table == "prison_release");
            assert_eq!(releases.count(), 0, "{recipient} has nothing to correct");
            continue;
        };
        let of = |row: &&&Row| row.get("record_id") == old.get("record_id");
        let moved = second
            .changes("correction")
            .iter()
            .find(of)
            .map(|r| (r.get("release_date").to_owned(), r.version()));
        assert_eq!(moved, Some(("2008-11-20".to_owned(), 2)), "{recipient}");
        let gone: Vec<u32> = third.changes("withdrawal").iter().filter(of).map(|r| r.version()).collect();
        assert_eq!(gone, [3], "{recipient}");
        assert!(!nights[2][recipient].rows.contains_key(old.get("record_id")), "{recipient}");
    }
    for recipient in ["wyp", "probation"] {
        assert_eq!(about(&nights[1][recipient], craig, "prison_release").len(), 1, "{recipient}");
        assert_eq!(about(&nights[2][recipient], craig, "prison_release").len(), 0, "{recipient}");
    }
}

#[test]
fn clause_1_1_who_joins_the_cohort_is_filled_in_from_earlier_files() {
    let deployment = Deployment::after(0);
    assert!(!in_store(&deployment, "hmps-releases:A6620FB"));
    assert_eq!(found_in_bundles(&deployment, NIGHTS[0], "McAllister"), [""; 0]);
    deployment.night(NIGHTS[1]);
    assert!(in_store(&deployment, "hmps-releases:A6620FB"));
    let wyp = deployment.replica("wyp");
    let person = wyp.person("MCALLISTER", "KIERAN", "1988-01-27").unwrap();
    // Release, order and assessment stand only in the files of the 17th.
    let release = wyp.about(&person, "prison_release");
    assert_eq!(
        ["release_date", "change", "as_of"].map(|c| release[0].get(c)),
        ["2008-11-21", "new", NIGHTS[1]]
    );
    let tables = ["tag_order_bail", "tenancy", "oasys_scores", "release_projection"];
    assert!(tables.iter().all(|table| !wyp.about(&person, table).is_empty()));
    assert_eq!(wyp.about(&person, "tag_order_bail")[0].get("start_date"), "2008-11-10");
}

#[test]
fn clause_1_1_who_leaves_the_cohort_is_withdrawn_everywhere_and_gone_from_the_store() {
    let deployment = Deployment::after(2);
    let nights = replicas(&deployment);
    let mut held_by = Vec::new();
    for recipient in RECIPIENTS {
        let before = &nights[1][recipient];
        let Some(person) = before.person("OSEI", "DOMINIC KOFI", "1983-10-05") else { continue };
        held_by.push(recipient);
        let held: Vec<&str> = before
            .rows
            .values()
            .filter(|r| r.get("person_ref") == person)
            .map(|r| r.get("record_id"))
            .collect();
        let third = deployment.bundle(recipient, NIGHTS[2]);
        let withdrawn: Vec<&str> = third.changes("withdrawal").iter().map(|r| r.get("record_id")).collect();
        assert!(held.iter().all(|record| withdrawn.contains(record)), "{recipient}");
        assert!(nights[2][recipient].rows.values().all(|r| r.get("person_ref") != person), "{recipient}");
        let keys_only = third.changes("withdrawal").iter().all(|r| r.get("surname").is_empty());
        assert!(keys_only, "a withdrawal for {recipient} still says a name");
        assert!(third.rows.iter().all(|r| r.get("person_ref") != person || r.get("change") == "withdrawal"));
    }
    assert!(["wyp", "lcc", "probation", "hmps"].iter().all(|r| held_by.contains(r)), "{held_by:?}");
    for key in ["wyp-cohort:LDS000019", "hmps-releases:A1183GJ"] {
        assert!(!in_store(&deployment, key), "{key}");
    }
    assert_eq!(found_in_bundles(&deployment, NIGHTS[2], "Osei"), [""; 0]);
}

/// The twin and the father are not in the cohort: nothing about them leaves. Designated, they stay persons of their own.
#[test]
fn a_twin_and_a_father_of_the_same_name_stay_other_persons() {
    let deployment = Deployment::after(2);
    for (night, word) in NIGHTS.iter().flat_map(|n| ["declan", "1956-05-02", "A7342CE"].map(|w| (n, w))) {
        assert_eq!(found_in_bundles(&deployment, night, word), [""; 0], "{word}");
    }
    let connor = deployment.replica("probation");
    let of_connor = about(&connor, CONNOR, "people");
    assert!(
        of_connor.iter().all(
            |r| r.get("birth_date") == "1981-02-14" && r.get("forenames").to_lowercase() != "declan paul"
        )
    );

    let both = Deployment::fresh();
    let list = both.path("fixtures/wyp/IOM_COHORT_20081117.txt");
    let bytes = fs::read(&list).unwrap();
    let (mark, units) = bytes.split_at(2);
    let units: Vec<u16> = units.chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
    let mut text = String::from_utf16(&units).unwrap();
    let row = |nominal: &str, surname: &str, forenames: &str, birth: &str, postcode: &str| {
        [nominal, "", "", "", surname, forenames, "", birth, "M", postcode, "IOM", "01/10/2008", "", "", ""]
            .join("\t")
            + "\r\n"
    };
    text += &row("LDS900001", "HARGREAVES", "Declan Paul", "14/02/1981", "LS9 7ZZ");
    text += &row("LDS900002", "RAFIQ", "Mohammed", "02/05/1956", "LS11 8ZQ");
    let bytes: Vec<u8> = mark.iter().copied().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    fs::write(&list, bytes).unwrap();
    both.night(NIGHTS[0]);
    // `person` fails when one name, forename and birth has two pseudonyms.
    let replica = both.replica("probation");
    let (connor, declan) =
        (replica.person(CONNOR.0, CONNOR.1, CONNOR.2), replica.person("HARGREAVES", "Declan Paul", CONNOR.2));
    assert!(connor.is_some() && declan.is_some() && connor != declan);
    let dates = |who: Option<String>| -> Vec<String> {
        let rows = replica.about(who.as_deref().unwrap(), "prison_release");
        rows.iter().map(|r| r.get("release_date").to_owned()).collect()
    };
    assert_eq!((dates(connor), dates(declan)), (vec!["2008-11-18".into()], vec!["2008-11-20".into()]));
    let replica = both.replica("wyp");
    let (son, father) = (
        replica.person("RAFIQ", "Mohammed", "1985-09-19"),
        replica.person("RAFIQ", "Mohammed", "1956-05-02"),
    );
    assert!(son.is_some() && father.is_some() && son != father);
    assert!(
        replica.about(father.as_deref().unwrap(), "tag_order_bail").is_empty(),
        "the son's order is the father's"
    );
    assert_eq!(replica.about(son.as_deref().unwrap(), "tag_order_bail").len(), 1);
}

/// Two digits the wrong way round give a number that is valid and somebody else's: what conflicts never merges, and
/// waits for a person. A wrong check letter is a number that nobody has: it is left out, and the release is not lost.
#[test]
fn an_identifier_typed_wrong_merges_nobody_and_loses_no_release() {
    let deployment = Deployment::after(0);
    assert!(!in_store(&deployment, "hmps-releases:A3390BD"));
    let wyp = deployment.replica("wyp");
    let marcus = ("OYELARAN", "MARCUS", "1982-06-09");
    assert!(
        about(&wyp, marcus, "prison_release").is_empty() && !about(&wyp, marcus, "oasys_scores").is_empty()
    );
    let reviews = deployment.run(&["status", "--json"]).json()["reviews"].as_u64().unwrap();
    assert!(reviews > 0, "the conflict waits for nobody");
    let ryan = ("FEATHERSTONE", "RYAN LEE", "1984-03-03");
    let release = about(&wyp, ryan, "prison_release");
    assert_eq!((release.len(), release[0].get("release_date")), (1, "2008-11-22"));
    let people = about(&wyp, ryan, "people");
    assert!(people.iter().filter(|r| r.get("originator") == "hmps").all(|r| r.get("pnc_id").is_empty()));
}

#[test]
fn the_same_nights_give_the_same_bytes() {
    let (one, other) = (Deployment::after(2), Deployment::after(2));
    let (one, other) = (one.bundle_files(), other.bundle_files());
    assert!(one.len() > 8 * 3 * 4);
    // The ledger's commitments are salted at random, so that its checkpoint tells nothing.
    assert_same_but_for_the_ledger(&one, &other, "two deployments");
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_the_run_says() {
    let deployment = Deployment::after(0);
    for night in [NIGHTS[1], NIGHTS[2]] {
        let before = files(&deployment.path("state"));
        let dry = deployment.run(&["run", "--as-of", night, "--dry-run", "--json"]);
        assert_same_files(&before, &files(&deployment.path("state")), "a dry run");
        let wet = deployment.night(night);
        assert_eq!(dry.code, wet.code);
        let (mut dry, mut wet) = (dry.json(), wet.json());
        assert_eq!((dry["dry_run"].as_bool(), wet["dry_run"].as_bool()), (Some(true), Some(false)));
        for said in [&mut dry, &mut wet] {
            // A dry run's ledger is a fork, which nobody signs.
            let own = ["dry_run", "timings", "ledger"];
            said.as_object_mut().unwrap().retain(|key, _| !own.contains(&key.as_str()));
        }
        assert_eq!(dry, wet, "{night}");
    }
}

/// A first dry run, on a deployment that has no store yet, makes none.
#[test]
fn a_dry_run_before_the_first_night_makes_no_store() {
    let deployment = Deployment::fresh();
    let dry = deployment.run(&["run", "--as-of", NIGHTS[0], "--dry-run", "--json"]);
    assert!(matches!(dry.code, Some(0 | 4)), "{}", dry.err);
    assert!(files(&deployment.path("state")).is_empty());
    assert_eq!(dry.json()["recipients"], deployment.night(NIGHTS[0]).json()["recipients"]);
}

#[test]
fn a_run_that_is_killed_and_repeated_gives_the_same_bundles() {
    let reference = Deployment::fresh();
    let started = Instant::now();
    reference.night(NIGHTS[0]);
    let whole = started.elapsed();
    NIGHTS[1..].iter().for_each(|n| drop(reference.night(n)));
    let deployment = Deployment::fresh();
    // A plain linear congruence: the moments are spread, and the same in every run of this test.
    let (mut seed, mut killed) = (2008_u32, 0);
    for (night, kills) in NIGHTS.iter().zip([5, 4, 3]) {
        for _ in 0..kills {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wait = whole.mul_f64(f64::from(seed >> 16) / 65_536.0);
            let mut child = deployment.start(&["run", "--as-of", night, "--json"]);
            std::thread::sleep(wait);
            let ended = child.try_wait().unwrap().is_some();
            child.kill().unwrap();
            child.wait().unwrap();
            killed += u32::from(!ended);
        }
        deployment.night(night);
        let verified = deployment.run(&["ledger", "verify"]);
        assert_eq!(verified.code, Some(0), "{night}: {}", verified.err);
    }
    assert!(killed >= 4, "only {killed} runs were killed before their end");
    assert_same_but_for_the_ledger(
        &reference.bundle_files(),
        &deployment.bundle_files(),
        "killed and repeated",
    );
    let left: Vec<String> = files(&deployment.path("state/staging")).into_keys().collect();
    assert!(left.is_empty(), "staging still holds {left:?}");
    for recipient in RECIPIENTS {
        deployment.replica(recipient);
    }
}

#[test]
fn a_changed_ledger_row_ends_the_verification_with_7() {
    let deployment = Deployment::after(0);
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
    let kept = tempfile::tempdir().unwrap();
    copy(&deployment.path("state"), kept.path());
    for change in [
        "UPDATE ledger SET entries = zeroblob(length(entries)) WHERE first = (SELECT max(first) FROM ledger WHERE first <= 17)",
        "UPDATE ledger SET entries = substr(entries, 1, length(entries) - 1) || CASE substr(entries, -1) WHEN x'00' THEN x'01' ELSE x'00' END WHERE first = (SELECT max(first) FROM ledger WHERE first <= 17)",
        "UPDATE ledger SET head = zeroblob(32) WHERE first = (SELECT max(first) FROM ledger WHERE first <= 17)",
        "UPDATE ledger SET last = last + 1 WHERE first = (SELECT max(first) FROM ledger WHERE first <= 17)",
        "DELETE FROM ledger WHERE first = (SELECT max(first) FROM ledger WHERE first <= 17)",
        "DELETE FROM ledger WHERE first = (SELECT max(first) FROM ledger)",
        "UPDATE bundle SET manifest_digest = zeroblob(32) WHERE id = 1",
    ] {
        fs::remove_dir_all(deployment.path("state")).unwrap();
        copy(kept.path(), &deployment.path("state"));
        change_store(&deployment, change);
        let said = deployment.run(&["ledger", "verify"]);
        assert_eq!(said.code, Some(7), "{change}: {}{}", said.out, said.err);
    }
    fs::remove_dir_all(deployment.path("state")).unwrap();
    copy(kept.path(), &deployment.path("state"));
    let bundle = deployment.bundle("wyp", NIGHTS[0]);
    let manifest = bundle.folder.join("datapackage.json");
    let text = fs::read_to_string(&manifest).unwrap().replacen("leeds", "Leeds", 1);
    fs::write(&manifest, text).unwrap();
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(7));
}

/// The first run is stopped while it holds the store, so that the second surely meets it.
#[test]
fn of_two_runs_at_once_the_second_is_told_to_try_later() {
    let deployment = Deployment::fresh();
    let mut first = deployment.start(&["run", "--as-of", NIGHTS[0], "--json"]);
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &first.id().to_string()]).status().unwrap().success());
    };
    // Trying the lock here could take it from the first run: its journal of writes stands only while it has the store.
    let held = || deployment.path("state/store.sqlite-wal").exists();
    let limit = Instant::now() + Duration::from_secs(20);
    while !held() {
        assert!(Instant::now() < limit, "the first run never took the lock");
        std::thread::sleep(Duration::from_millis(1));
    }
    signal("-STOP");
    let second = deployment.run(&["run", "--as-of", NIGHTS[0]]);
    signal("-CONT");
    assert_eq!(second.code, Some(75), "{}", second.err);
    assert!(second.err.contains("another run is going on"), "{}", second.err);
    assert!(matches!(first.wait().unwrap().code(), Some(0 | 4)));
    assert!(RECIPIENTS.iter().all(|r| deployment.bundles(r).len() == 1));
}

#[test]
fn a_run_for_an_earlier_day_is_refused() {
    let deployment = Deployment::fresh();
    deployment.night(NIGHTS[1]);
    let before = (store(&deployment), deployment.bundle_files());
    let said = deployment.run(&["run", "--as-of", NIGHTS[0]]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{}", said.err);
    assert!(said.err.contains("would go back in time"), "{}", said.err);
    assert!(before == (store(&deployment), deployment.bundle_files()));
}

#[test]
fn an_agreement_out_of_force_ends_every_run() {
    let deployment = Deployment::fresh();
    let said = deployment.run(&["run", "--as-of", "2008-10-31"]);
    assert_eq!((said.code, said.out.as_str()), (Some(8), ""), "{}", said.err);
    assert!(said.err.contains("is not in force on 2008-10-31"), "{}", said.err);
    // The refusal is in the ledger, and nothing else happened.
    let status = deployment.run(&["status", "--json"]).json();
    assert_eq!((status["ledger_entries"].as_u64(), status["last_run"].as_u64()), (Some(1), None));
    assert!(deployment.bundle_files().is_empty());
}

/// A file sent again under another name, with other bytes and the same rows, tells nobody anything.
#[test]
fn a_full_list_sent_again_the_next_day_changes_nothing() {
    let deployment = Deployment::after(2);
    let list = fs::read(deployment.path("fixtures/wyp/IOM_COHORT_20081119.txt")).unwrap();
    fs::write(deployment.path("fixtures/wyp/IOM_COHORT_20081120.txt"), list).unwrap();
    deployment.night("2008-11-20");
    for recipient in RECIPIENTS {
        let bundle = deployment.bundle(recipient, "2008-11-20");
        let moved: Vec<&Row> = bundle.rows.iter().filter(|r| r.get("change") != "current").collect();
        // Days pass by themselves: whoever is due within 28 days or under way today may enter or leave a condition.
        assert!(moved.iter().all(|r| r.get("change") != "correction"), "{recipient}: {moved:?}");
    }
}

/// A row that is merely gone from the police list ends nothing: its person stays in the cohort, also when something else
/// about him changes later, and the night says so.
#[test]
fn a_designation_that_is_merely_gone_is_reported_and_ends_nothing() {
    let deployment = Deployment::after(2);
    let list = fs::read(deployment.path("fixtures/hmps/HMPS_RELEASES_20081117.csv")).unwrap();
    let list: String = list.into_iter().map(char::from).collect();
    let piotr = list.lines().find(|l| l.contains(";WISNIEWSKI;")).unwrap();
    let head: Vec<&str> = list.lines().take(3).collect();
    let changed = format!("{}\r\n{piotr}\r\nROWS;1\r\n", head.join("\r\n"));
    let changed = changed.replace("17/11/2008", "21/11/2008").replace("80 Treadle", "81 Treadle");
    fs::write(deployment.path("fixtures/hmps/HMPS_RELEASES_20081121.csv"), changed).unwrap();
    let said = deployment.night("2008-11-21");
    assert_eq!(said.json()["left"], 0, "{}", said.out);
    let correction = deployment.bundle("wyp", "2008-11-21");
    let moved: Vec<_> =
        correction.changes("correction").iter().map(|r| r.get("release_address").to_owned()).collect();
    assert!(moved.iter().any(|address| address.starts_with("81 Treadle")), "{moved:?}");
}

/// Somebody who stands in the police list under several numbers is one person with one row, whichever number
/// is read first.
#[test]
fn somebody_listed_under_several_numbers_is_one_person() {
    let deployment = Deployment::fresh();
    let place = deployment.path("fixtures/wyp/IOM_COHORT_20081117.txt");
    let units: Vec<u16> =
        fs::read(&place).unwrap().chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let mut list = String::from_utf16(&units).unwrap();
    let connor = list.lines().find(|l| l.contains("\tHARGREAVES\t")).unwrap().to_owned();
    let number = connor.split('\t').find(|cell| cell.starts_with("LDS")).unwrap();
    for other in ["LDS990001", "LDS990002", "LDS990003"] {
        list.push_str(&format!("{}\r\n", connor.replace(number, other)));
    }
    let bytes: Vec<u8> = list.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&place, bytes).unwrap();
    deployment.night("2008-11-17");
    let store = store(&deployment);
    let keys: BTreeSet<&str> = store["person"].iter().map(|row| row.split('|').nth(1).unwrap()).collect();
    assert_eq!(keys.len(), store["person"].len());
    let bundle = deployment.bundle("probation", "2008-11-17");
    let of_connor =
        bundle.rows.iter().filter(|r| r.get("surname") == CONNOR.0 && r.get("forenames") == CONNOR.1);
    let references: BTreeSet<&str> = of_connor.map(|r| r.get("person_ref")).collect();
    assert_eq!(references.len(), 1);
}
