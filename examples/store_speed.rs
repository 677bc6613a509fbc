//! How fast the store writes and reads, in rows a second: `cargo run --release --example store_speed [ROWS] [URL]`; with the
//! address of an empty database, on its server.
//!
//! Random keys and a chapter of 400 bytes a person, which stands for three versions, as on a first night with a
//! cohort of a third of `ROWS`.

use jiff::civil::date;
use lockgate::store::{
    BundleState, FileCounts, FileOutcome, IdentityRef, Names, NewBundle, NewChapter, NewEntry, NewIdentity,
    NewRun, PersonRef, Place, Run, Server, Settling, Store, StoreError, StorePlace,
};
use lockgate::vault::{Archive, Nonces, Secret, Spool, Vault};
use lockgate_core::agreement::PartnerId;
use lockgate_core::hash::{Digest, HashKey};
use lockgate_core::record::IdentityId;
use std::io::Write as _;
use std::time::Instant;

const BATCH: usize = 6_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let rows: usize = std::env::args().nth(1).map_or(Ok(600_000), |text| text.parse())?;
    let folder = tempfile::tempdir_in(".")?;
    let vault = Vault::new(Secret::new([1; 32]));
    let names = Names { categories: &["person", "prison_release"], partners: &["a", "b"] };
    let address = std::env::args().nth(2);
    let server = address.map(|url| Server::parse(&url).map_err(anyhow::Error::msg)).transpose()?;
    let in_a_file = server.is_none();
    let place = StorePlace::new(&folder.path().join("state"), server);
    let store = Store::open(place, &vault, &names).await?;
    let new = NewRun {
        as_of: date(2008, 11, 17),
        started_at: "2008-11-17T22:00:00Z",
        agreement_digest: Digest::of(b""),
        software: "speed",
    };
    let run = store.begin_run(&new).await?;
    let ids = first_night(&store, &run, rows).await?;
    due(&store, rows).await?;
    bundle(&store, &run, &ids, rows).await?;
    second_night(&store, &run, &ids).await?;
    settle(&store, &ids).await?;
    if in_a_file {
        let size: u64 = std::fs::metadata(folder.path().join("state/store.sqlite"))?.len();
        say(&format!(
            "database {} MB, {} bytes a version and its share of the rest",
            size / 1_000_000,
            size / rows as u64
        ))?;
    }
    vaults(folder.path(), &vault, rows)
}

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}

fn told(what: &str, rows: usize, since: Instant) -> std::io::Result<()> {
    let seconds = since.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = rows as f64 / seconds;
    say(&format!("{what:<44}{rows:>9} rows {seconds:>8.3} s {rate:>12.0} rows/s"))
}

async fn first_night(store: &Store, run: &Run, rows: usize) -> anyhow::Result<Vec<(IdentityRef, PersonRef)>> {
    let key = HashKey::derive(b"speed", "keys");
    let started = Instant::now();
    let mut file = store.begin_file(run, PartnerId(0)).await?;
    let mut ids = Vec::with_capacity(rows / 3);
    let (mut on_identities, mut on_chapters) = (0.0, 0.0);
    for batch in (0..rows).step_by(BATCH) {
        let identity = |n: usize| IdentityId(key.long(&[b"i", &(batch / 3 + n).to_le_bytes()]));
        let persons = BATCH.min(rows - batch).div_ceil(3);
        let fresh = (0..persons).map(|n| NewIdentity { key: identity(n), person: None }).collect();
        let at = Instant::now();
        let added = file.put_identities(fresh).await?;
        on_identities += at.elapsed().as_secs_f64();
        let chapter = |(identity, _): &(IdentityRef, PersonRef)| NewChapter {
            place: Place { identity: *identity, turn: 0 },
            records: 3,
            body: vec![0x5a; 400],
        };
        let chapters = added.iter().map(chapter).collect();
        let at = Instant::now();
        file.put_chapters(chapters).await?;
        on_chapters += at.elapsed().as_secs_f64();
        ids.extend(added);
    }
    let at = Instant::now();
    file.commit(&outcome()).await?;
    say(&format!(
        "identities {on_identities:.3} s, chapters {on_chapters:.3} s, commit {:.3} s",
        at.elapsed().as_secs_f64()
    ))?;
    told("first night: versions with persons", rows, started)?;
    Ok(ids)
}

fn outcome() -> FileOutcome {
    FileOutcome {
        feed: "speed".into(),
        digest: Digest::of(b"file"),
        name_token: "SPEED_20081117".into(),
        data_date: date(2008, 11, 17),
        reason: None,
        counts: FileCounts::default(),
        warnings: "[]".into(),
        profile: String::new(),
        mapping_digest: Digest::of(b""),
        bytes: 0,
    }
}

async fn due(store: &Store, rows: usize) -> Result<(), anyhow::Error> {
    let (started, mut pages, mut count) = (Instant::now(), store.due_persons(date(2008, 11, 17)), 0);
    while let Some(page) = pages.next_page().await? {
        count += page.len();
    }
    anyhow::ensure!(count * 3 >= rows, "{count} persons came back of {rows} versions");
    told("due persons, with their chapters", count, started)?;
    Ok(())
}

async fn bundle(
    store: &Store,
    run: &Run,
    ids: &[(IdentityRef, PersonRef)],
    rows: usize,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut tx = store.begin_bundle(run).await?;
    let bundle = NewBundle {
        recipient: PartnerId(1),
        sequence: 1,
        kind: "snapshot".into(),
        as_of: run.as_of,
        name: "speed".into(),
        previous: None,
        manifest_digest: Digest::of(b""),
        state: BundleState::Committed,
        counts: "{}".into(),
    };
    let id = tx.number_bundle();
    tx.put_bundle(id, &bundle).await?;
    for first in (0..rows).step_by(BATCH) {
        let entries = (first..(first + BATCH).min(rows))
            .map(|n| NewEntry { seq: n as u64 + 1, entry: vec![7; 90], hash: [3; 32] })
            .collect();
        tx.append_ledger(Some(id), entries).await?;
    }
    told("ledger entries", rows, started)?;
    let at = Instant::now();
    for part in ids.chunks(BATCH) {
        tx.holding()
            .put(PartnerId(1), part.iter().map(|(_, person)| (*person, vec![9; 130])).collect())
            .await?;
    }
    told("holdings", ids.len(), at)?;
    tx.commit().await?;
    let (at, mut count) = (Instant::now(), 0);
    let persons: Vec<PersonRef> = ids.iter().map(|(_, person)| *person).collect();
    for part in persons.chunks(2_000) {
        count += store.holdings(PartnerId(1), part).await?.len();
    }
    told("holdings read", count, at)?;
    let (at, mut pages, mut count) = (Instant::now(), store.ledger_entries(1), 0);
    while let Some(page) = pages.next_page().await? {
        count += page.len();
    }
    told("ledger read", count, at)?;
    Ok(())
}

async fn second_night(store: &Store, run: &Run, ids: &[(IdentityRef, PersonRef)]) -> anyhow::Result<()> {
    let key = HashKey::derive(b"speed", "keys");
    let mut file = store.begin_file(run, PartnerId(0)).await?;
    let keys: Vec<IdentityId> =
        (0..ids.len()).map(|n| IdentityId(key.long(&[b"i", &n.to_le_bytes()]))).collect();
    let (at, mut count) = (Instant::now(), 0);
    for part in keys.chunks(BATCH) {
        count += store.known_identities(part).await?.len();
    }
    told("identities by key", count, at)?;
    let (at, mut count) = (Instant::now(), 0);
    let refs: Vec<IdentityRef> = ids.iter().map(|(id, _)| *id).collect();
    for part in refs.chunks(BATCH) {
        count += file.chapters(part).await?.len();
    }
    told("chapters by identity", count, at)?;
    Ok(())
}

async fn settle(store: &Store, ids: &[(IdentityRef, PersonRef)]) -> Result<(), StoreError> {
    let at = Instant::now();
    store
        .settle(Settling::then(ids.iter().map(|(_, person)| (*person, Some(date(2009, 5, 16)))).collect()))
        .await?;
    let _ = told("persons settled", ids.len(), at);
    let (at, mut count) = (Instant::now(), 0);
    if let Some(page) = store.due_persons(date(2008, 11, 18)).next_page().await? {
        count += page.len();
    }
    let _ = told("nobody due", count, at);
    Ok(())
}

fn vaults(folder: &std::path::Path, vault: &Vault, rows: usize) -> anyhow::Result<()> {
    let at = Instant::now();
    let mut nonces = Nonces::new();
    for _ in 0..rows {
        nonces.next_nonce()?;
    }
    told("nonces", rows, at)?;
    let at = Instant::now();
    let mut spool = Spool::new_in(folder)?;
    for _ in 0..rows {
        spool.push(&[1; 200])?;
    }
    let mut reader = spool.into_reader()?;
    while reader.next_entry()?.is_some() {}
    told("spooled and read back, 200 bytes", rows, at)?;
    let archive = Archive::at(&folder.join("archive"), vault)?;
    let bytes = vec![0x41; 167_000_000];
    let at = Instant::now();
    let (digest, _) = archive.put(&bytes[..])?;
    told("archive put, bytes", bytes.len(), at)?;
    let at = Instant::now();
    std::io::copy(&mut archive.open(&digest)?, &mut std::io::sink())?;
    told("archive read, bytes", bytes.len(), at)?;
    Ok(())
}
