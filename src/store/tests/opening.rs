//! Opening, locking, names, and every statement.

use super::*;

on_both! {
    every_statement_prepares,
    a_store_reopens_with_what_it_held,
    two_processes_do_not_write_one_store,
    reading_goes_on_beside_a_run_and_cannot_write,
    another_secret_another_form_and_another_file_are_refused,
    names_keep_their_rows_when_the_configuration_is_reordered,
    a_second_writer_inside_the_process_waits,
}

async fn every_statement_prepares() {
    use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};
    let (_folder, store, _) = fresh().await;
    let mut connection = store.write.acquire().await.unwrap();
    for (name, text) in sql::ALL {
        let text = AssertSqlSafe(*text).into_sql_str();
        let fault = match connection.link() {
            Link::Sqlite(connection) => connection.prepare(text).await.err(),
            Link::Postgres(connection) => connection.prepare(text).await.err(),
        };
        assert!(fault.is_none(), "{name}: {fault:?}");
    }
    // On the other database these are prepared only when their values are known: other tests run them.
    let Link::Sqlite(connection) = connection.link() else { return };
    for (name, bulk) in sql::BULKS {
        for rows in [1, bulk.rows] {
            let text = AssertSqlSafe(bulk.text(rows, Dialect::Sqlite)).into_sql_str();
            let outcome = connection.prepare(text).await;
            assert!(outcome.is_ok(), "{name}: {:?}", outcome.err());
        }
    }
}

async fn a_store_reopens_with_what_it_held() {
    let (folder, store, run) = fresh().await;
    accept(&store, &run, 17, 1, 3).await;
    store.set_meta("agreement", "digest").await.unwrap();
    store.finish_run(run.id, "2008-11-17T22:05:00Z", 4, "{\"files\":1}").await.unwrap();
    store.close().await.unwrap();
    let store = open(folder.place()).await;
    assert_eq!(store.meta("agreement").await.unwrap().as_deref(), Some("digest"));
    assert_eq!(everybody(&store).await, [(1, 10, 1), (2, 20, 1), (3, 30, 1)]);
    let last = store.status().await.unwrap().last_run.unwrap();
    assert_eq!((last.id, last.as_of, last.exit_code), (run.id, NIGHT, Some(4)));
    assert_eq!(begin(&store, NIGHT).await.id, RunId(run.id.0 + 1), "ids go on");
}

#[tokio::test]
async fn a_killed_process_leaves_what_was_committed() {
    let (folder, store, run) = fresh().await;
    accept(&store, &run, 17, 1, 2).await;
    let mut open_file = store.begin_file(&run, NORTH).await.unwrap();
    open_file.put_identities(vec![identity(99)]).await.unwrap();
    // What a kill leaves: the files as they are, with a log that was not brought in.
    let copy = tempfile::tempdir().unwrap();
    for name in ["store.sqlite", "store.sqlite-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let store = open(copy.path()).await;
    assert_eq!(everybody(&store).await, [(1, 10, 1), (2, 20, 1)]);
}

async fn two_processes_do_not_write_one_store() {
    let (folder, store, _) = fresh().await;
    assert_eq!(code(Store::open(folder.place(), &vault(), &NAMES).await), "LG2001");
    store.close().await.unwrap();
    assert_eq!(code(Store::open(folder.place(), &vault(), &NAMES).await), "done");
}

async fn reading_goes_on_beside_a_run_and_cannot_write() {
    let (folder, store, run) = fresh().await;
    accept(&store, &run, 17, 1, 2).await;
    let mut writing = store.begin_file(&run, NORTH).await.unwrap();
    writing.put_identities(vec![identity(5)]).await.unwrap();
    let reader = Store::open_read(folder.place(), &vault(), &NAMES).await.unwrap();
    assert_eq!(reader.status().await.unwrap().persons, 2);
    assert_eq!(code(reader.set_meta("x", "y").await), "LG2008");
    reader.close().await.unwrap();
    writing.commit(&outcome("releases", 18)).await.unwrap();
}

#[tokio::test]
async fn there_is_nothing_to_read_before_the_first_night() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(Store::open_read(folder.path(), &vault(), &NAMES).await), "LG2003");
    std::fs::write(folder.path().join(DATABASE), b"").unwrap();
    assert_eq!(code(Store::open_read(folder.path(), &vault(), &NAMES).await), "LG2003");
}

async fn another_secret_another_form_and_another_file_are_refused() {
    let (folder, store, _) = fresh().await;
    store.close().await.unwrap();
    let other = Vault::new(Secret::new([9; 32]));
    assert_eq!(code(Store::open(folder.place(), &other, &NAMES).await), "LG2005");
    assert_eq!(code(Store::open_read(folder.place(), &other, &NAMES).await), "LG2005");
    let store = open(folder.place()).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'x', TRUE, $1, 0)";
    either::query(newer).bind(vec![0u8]).execute(&store.write).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(code(Store::open(folder.place(), &vault(), &NAMES).await), "LG2004");
    assert_eq!(code(Store::open_read(folder.place(), &vault(), &NAMES).await), "LG2004");
    if folder.server.is_some() {
        return;
    }
    std::fs::write(folder.path().join(DATABASE), [b'x'; 9_000]).unwrap();
    assert_eq!(code(Store::open(folder.place(), &vault(), &NAMES).await), "LG2007");
}

async fn names_keep_their_rows_when_the_configuration_is_reordered() {
    let (folder, store, run) = fresh().await;
    accept(&store, &run, 17, 1, 1).await;
    store.close().await.unwrap();
    let reordered = Names { categories: &["asb", "prison_release"], partners: &["east", "south", "north"] };
    let store = Store::open(folder.place(), &vault(), &reordered).await.unwrap();
    let (categories, partners) = store.forgotten_names();
    assert_eq!(categories, ["person", "tag_order"]);
    assert!(partners.is_empty());
    let page = store.every_person().next_page().await.unwrap().unwrap();
    let records = page[0].records(vault().rest()).unwrap();
    let head = records[0].head();
    assert_eq!((head.category, head.originator), (CategoryId(1), PartnerId(2)));
    store.close().await.unwrap();
    let without = Names { categories: &["person"], partners: &["north"] };
    let store = Store::open(folder.place(), &vault(), &without).await.unwrap();
    assert_eq!(everybody(&store).await, [(1, 0, 0)], "a record without a category is not disclosed");
    assert_eq!(code(store.last_bundle(PartnerId(7)).await), "LG2009");
}

async fn a_second_writer_inside_the_process_waits() {
    let (_folder, store, run) = fresh().await;
    let store = Arc::new(store);
    let file = store.begin_file(&run, NORTH).await.unwrap();
    let other = Arc::clone(&store);
    let waiting = tokio::spawn(async move { other.begin_bundle(&run).await.map(drop) });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    drop(file);
    assert_eq!(code(waiting.await.unwrap()), "done");
}

#[tokio::test]
async fn nothing_plain_is_needed_to_read_the_folder() {
    // The lock and the database are the only files, and only this user may enter.
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("state");
    let store = open(&folder).await;
    store.close().await.unwrap();
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["store.lock", "store.sqlite"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o077, 0);
    }
}
