//! A store of another version of the program: a newer one's is refused by name and left as it is, an earlier one's is brought up to date.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use std::fs;
use std::path::Path;
use support::{Deployment, NIGHTS, assert_same_files, files};

/// Nights that never come while a test runs.
const SCHEDULE: &str = "\n[schedule]\nnight = \"0 3 29 Feb *\"\n";

fn schedule(deployment: &Deployment) {
    let settings = fs::read_to_string(deployment.path("lockgate.toml")).unwrap();
    fs::write(deployment.path("lockgate.toml"), settings + SCHEDULE).unwrap();
}

async fn database(deployment: &Deployment) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(deployment.path("state/store.sqlite"));
    SqliteConnection::connect_with(&options.create_if_missing(true)).await.unwrap()
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_by_name_and_left_as_it_is() {
    let deployment = Deployment::after(0);
    schedule(&deployment);
    let mut database = database(&deployment).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'of a later program', TRUE, x'00', 0)";
    sqlx::query(newer).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    // What lies beside a database while somebody reads it holds nothing of its own.
    let kept = || {
        let mut all = files(&deployment.path("state"));
        all.retain(|name, bytes| !(name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty()));
        all
    };
    let before = kept();
    for words in [
        &["run"][..],
        &["run", "--as-of", NIGHTS[1]],
        &["run", "--as-of", NIGHTS[1], "--dry-run"],
        &["serve"],
        &["status"],
        &["ledger", "verify"],
        &["bundle", "deliver"],
    ] {
        let said = deployment.run(words);
        assert_eq!(said.code, Some(78), "{words:?}: {}{}", said.out, said.err);
        assert!(
            said.err.contains("another form") && said.err.contains("(LG2004)"),
            "{words:?}: {}",
            said.err
        );
    }
    let doctor = deployment.run(&["doctor", "--plain"]);
    assert_eq!(doctor.code, Some(3), "{}", doctor.err);
    assert!(doctor.err.contains("LG2810") && doctor.err.contains("(LG2004)"), "{}", doctor.err);
    assert_same_files(&before, &kept(), "a newer store");
}

/// An upgrade: what the program wrote before is not read before it is brought up to date, which a run by the clock does itself.
#[tokio::test]
async fn a_store_of_an_earlier_version_is_brought_up_to_date_by_a_run_of_today() {
    let older = tempfile::tempdir().unwrap();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations");
    let mut names: Vec<_> = fs::read_dir(&all).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    for name in &names[..names.len() - 1] {
        fs::copy(all.join(name), older.path().join(name)).unwrap();
    }
    for words in [&["run", "--json"][..], &["serve"]] {
        let deployment = Deployment::fresh();
        schedule(&deployment);
        fs::create_dir(deployment.path("state")).unwrap();
        let mut database = database(&deployment).await;
        sqlx::migrate::Migrator::new(older.path()).await.unwrap().run(&mut database).await.unwrap();
        database.close().await.unwrap();
        let status = deployment.run(&["status"]);
        assert_eq!(status.code, Some(75), "{}", status.err);
        assert!(status.err.contains("earlier version") && status.err.contains("(LG2013)"), "{}", status.err);
        let doctor = deployment.run(&["doctor", "--plain"]);
        assert!(doctor.err.contains("warning[LG2013]"), "no reason to stop: {}", doctor.err);
        if words[0] == "serve" {
            let mut serving = deployment.start(words);
            support::until(|| deployment.run(&["status"]).code != Some(75));
            serving.kill().unwrap();
            serving.wait().unwrap();
        } else {
            let said = deployment.run(words);
            assert!(matches!(said.code, Some(0 | 4)), "{}", said.err);
        }
        assert!(matches!(deployment.run(&["status"]).code, Some(0 | 4)), "it is read again");
    }
}
