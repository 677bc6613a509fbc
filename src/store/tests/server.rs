//! The store in a database of a `PostgreSQL` server: all that holds in a file, and what is a server's own.

use super::postgres::{PASSWORD, Postgres, programs};
use super::*;
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    /// The server on which this test's stores are.
    static SERVER: RefCell<Option<Rc<Postgres>>> = const { RefCell::new(None) };
}

/// A new database, when the test runs on a server.
pub(super) fn database() -> Option<Server> {
    SERVER.with_borrow(|server| server.as_ref().map(|server| entered(server, &server.database())))
}

/// Says which test's turn it is, for whoever reads why it failed.
#[expect(clippy::print_stderr, reason = "a test says where it is")]
pub(super) fn turn(name: &str) {
    eprintln!("on a server: {name}");
}

fn entered(server: &Postgres, database: &str) -> Server {
    Server::parse(&server.address(database)).unwrap().with_password(PASSWORD)
}

/// Stores of this test are on a server from now on; `None` where none is installed.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(super) fn started() -> Option<Rc<Postgres>> {
    let Some(programs) = programs() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "PostgreSQL is missing");
        eprintln!("skipped: PostgreSQL is missing; scripts/test installs it");
        return None;
    };
    let server = Rc::new(Postgres::start(programs));
    SERVER.set(Some(Rc::clone(&server)));
    Some(server)
}

#[tokio::test]
async fn what_holds_in_a_file_holds_on_a_server() {
    let Some(_server) = started() else { return };
    bundles::on_a_server().await;
    first_night::on_a_server().await;
    intake::on_a_server().await;
    opening::on_a_server().await;
    persons::on_a_server().await;
    proposals::on_a_server().await;
    registers::on_a_server().await;
    sightings::on_a_server().await;
}

#[tokio::test]
async fn one_process_writes_wherever_its_folder_is_and_one_that_was_cut_off_neither_writes_nor_delivers() {
    let Some(server) = started() else { return };
    let (place, store, run) = fresh().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = place.place().in_folder(elsewhere.path());
    assert_eq!(code(Store::open(other.clone(), &vault(), &NAMES).await), "LG2001");
    // The server ends the writer's connection in the middle of a file, as when a machine was cut off.
    let mut file = store.begin_file(&run, NORTH).await.unwrap();
    file.put_identities(vec![identity(1)]).await.unwrap();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'";
    let fence = store.fence();
    server.sql("postgres", end);
    let second = Store::open(other, &vault(), &NAMES).await.unwrap();
    assert_eq!(code(file.put_identities(vec![identity(2)]).await), "LG2006");
    drop(file);
    assert!(second.holds_nobody().await.unwrap(), "what the first was writing is undone");
    assert_eq!(code(store.begin_file(&run, NORTH).await), "LG2006", "and it writes no more");
    second.close().await.unwrap();
    assert_eq!(code(fence.holds().await), "LG2957", "not even when it could have the lock again");
    assert_eq!(code(store.begin_file(&run, NORTH).await), "LG2006");
    drop(store);
    let third = open(place.place()).await;
    assert_eq!(code(third.fence().holds().await), "done");
    // A cut after which nobody else wrote does no harm.
    server.sql("postgres", end);
    assert_eq!(code(third.fence().holds().await), "done");
    assert_eq!(code(third.begin_file(&run, NORTH).await), "done");
}

#[tokio::test]
async fn a_server_that_is_away_or_refuses_is_said() {
    let Some(server) = started() else { return };
    let (place, store, run) = fresh().await;
    accept(&store, &run, 17, 1, 2).await;
    let mut open_file = store.begin_file(&run, NORTH).await.unwrap();
    open_file.put_identities(vec![identity(99)]).await.unwrap();
    server.stop();
    assert_eq!(code(open_file.put_identities(vec![identity(98)]).await), "LG2006");
    drop((open_file, store));
    assert_eq!(code(Store::open_read(place.place(), &vault(), &NAMES).await), "LG2950");
    server.again();
    let store = open(place.place()).await;
    assert_eq!(everybody(&store).await, [(1, 10, 1), (2, 20, 1)], "what was committed stands");

    let folder = tempfile::tempdir().unwrap();
    let at = |entered: Server| StorePlace::new(folder.path(), Some(entered));
    let wrong = Server::parse(&server.address("postgres")).unwrap().with_password("another");
    let fault = Store::open(at(wrong), &vault(), &NAMES).await.err().unwrap();
    assert_eq!(fault.code(), "LG2951");
    assert!(!format!("{fault:?} {fault}").contains("another"), "{fault}");
    assert_eq!(code(Store::open(at(entered(&server, "nowhere")), &vault(), &NAMES).await), "LG2951");
    server.sql("postgres", "CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    assert_eq!(code(Store::open(at(entered(&server, "narrow")), &vault(), &NAMES).await), "LG2951");
    let empty = at(entered(&server, &server.database()));
    assert_eq!(code(Store::open_read(empty, &vault(), &NAMES).await), "LG2003");
}

#[tokio::test]
async fn over_tls_the_server_proves_who_it_is_or_nothing_is_said_to_it() {
    let Some(server) = started() else { return };
    let (folder, authority) = (tempfile::tempdir().unwrap(), server.encrypt());
    let at = |said: &str| {
        let address = format!("{}?{said}", server.address("postgres"));
        StorePlace::new(folder.path(), Some(Server::parse(&address).unwrap().with_password(PASSWORD)))
    };
    let with = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    // The server takes its new settings over when it next looks.
    let mut opened = code(Store::open_read(at(&with), &vault(), &NAMES).await);
    for _ in 0..50 {
        if opened == "LG2951" {
            tokio::time::sleep(Duration::from_millis(100)).await;
            opened = code(Store::open_read(at(&with), &vault(), &NAMES).await);
        }
    }
    assert_eq!(opened, "LG2003", "it is entered, and there is no store yet");
    // The public authorities know nothing of this one.
    let unknown = at("sslmode=verify-full");
    assert_eq!(code(Store::open_read(unknown, &vault(), &NAMES).await), "LG2951");
}

#[tokio::test]
async fn a_watch_sees_what_others_commit() {
    let Some(_server) = started() else { return };
    let (place, store, run) = fresh().await;
    let reader = Store::open_read(place.place(), &vault(), &NAMES).await.unwrap();
    let mut watch = reader.watch().await.unwrap();
    let before = watch.version().await.unwrap();
    assert_eq!(watch.version().await.unwrap(), before, "nothing was written");
    accept(&store, &run, 17, 1, 1).await;
    assert_ne!(watch.version().await.unwrap(), before);
}

#[tokio::test]
async fn a_store_goes_to_a_server_and_back_and_nothing_is_lost() {
    let Some(_server) = started() else { return };
    let folder = Somewhere::new();
    let (file, server) = (StorePlace::from(folder.path()), folder.place());
    let store = open(file.clone()).await;
    let run = begin(&store, NIGHT).await;
    accept(&store, &run, 17, 1, 450).await;
    let mut tx = store.begin_bundle(&run).await.unwrap();
    tx.append_ledger(None, vec![NewEntry { seq: 1, entry: vec![0, 1, 255], hash: [1; 32] }]).await.unwrap();
    tx.commit().await.unwrap();
    store.finish_run(run.id, "2008-11-17T22:05:00Z", 0, "{}").await.unwrap();
    let held = (everybody(&store).await, store.chain_head().await.unwrap(), store.status().await.unwrap());
    // A server that has nothing yet, beside a store in the folder, would begin anew.
    store.close().await.unwrap();
    assert_eq!(code(Store::open(server.clone(), &vault(), &NAMES).await), "LG2952");

    let store = open(file.clone()).await;
    let there = store.move_to(&server).await.unwrap();
    assert!(there.tables > 15 && there.rows > 1_350, "{there:?}");
    store.close().await.unwrap();
    assert_eq!(code(Store::open(file.clone(), &vault(), &NAMES).await), "LG2954");
    assert_eq!(code(Store::open_read(file.clone(), &vault(), &NAMES).await), "LG2954");
    let store = open(server.clone()).await;
    let now = (everybody(&store).await, store.chain_head().await.unwrap(), store.status().await.unwrap());
    assert_eq!(now, held);
    assert_eq!(begin(&store, NIGHT).await.id, RunId(run.id.0 + 1), "ids go on");

    assert_eq!(code(store.move_to(&file).await), "LG2955", "nothing is copied over a store");
    std::fs::remove_file(folder.path().join(DATABASE)).unwrap();
    let back = store.move_to(&file).await.unwrap();
    assert_eq!(back.tables, there.tables);
    store.close().await.unwrap();
    assert_eq!(code(Store::open(server, &vault(), &NAMES).await), "LG2954");
    let store = open(file).await;
    assert_eq!(everybody(&store).await, held.0);
    assert_eq!(code(store.move_to(&folder.place()).await), "LG2955", "the server has one already");
}

/// What was measured to matter there, and what somebody else has set is left.
#[tokio::test]
async fn a_server_is_asked_for_what_nights_need_and_what_was_set_there_stays() {
    let Some(server) = started() else { return };
    let (place, store, _run) = fresh().await;
    let database =
        server.sql("postgres", "SELECT datname FROM pg_stat_activity WHERE datname <> 'postgres' LIMIT 1");
    let database = database.trim();
    let room = "SELECT array_to_string(reloptions, ',') FROM pg_class WHERE relname = 'person'";
    let packing = "SELECT attcompression FROM pg_attribute WHERE attrelid = CAST('ledger' AS REGCLASS) AND attname = 'entries'";
    assert_eq!(server.sql(database, room).trim(), "fillfactor=50");
    assert_eq!(server.sql(database, packing).trim(), "l");
    let mut held = store.read.acquire().await.unwrap();
    let compiler: String = match held.link() {
        Link::Postgres(connection) => sqlx::query_scalar("SHOW jit").fetch_one(connection).await.unwrap(),
        Link::Sqlite(_) => "none there".into(),
    };
    assert_eq!(compiler, "off");
    drop(held);
    store.close().await.unwrap();
    server.sql(database, "ALTER TABLE person SET (fillfactor = 80)");
    server.sql(database, "ALTER TABLE ledger ALTER COLUMN entries SET COMPRESSION pglz");
    open(place.place()).await.close().await.unwrap();
    assert_eq!(server.sql(database, room).trim(), "fillfactor=80");
    assert_eq!(server.sql(database, packing).trim(), "p");
}
