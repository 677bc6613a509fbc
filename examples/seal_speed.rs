//! How fast a bundle is sealed, and checked again, and in how much memory:
//! `cargo run --release --example seal_speed [ROWS] [FOLDER]`, in the repository. What was made stays in FOLDER, so that
//! other tools can be timed on the same bytes.

use jiff::civil::date;
use lockgate::config;
use lockgate::seal::{
    Asked, MANIFEST, Sealer, Signer, Signers, Window, open_file, read_identities, signers_line,
};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{LedgerCommit, Prepared};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

const NAME: &str = "lockgate_leeds-iom_wyp_20081117_000001_snapshot";

struct Book;

impl LedgerCommit for Book {
    type Error = std::convert::Infallible;

    async fn commit(&mut self, _: &Prepared) -> Result<(), Self::Error> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let rows: u32 = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let scratch = tempfile::tempdir_in(".")?;
    let folder = std::env::args().nth(2).map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    let deployment = config::load(Path::new(".")).map_err(|_| anyhow::anyhow!("run it in the repository"))?;
    let day = date(2008, 11, 17);
    let sealer = Sealer::open(&deployment.root, &deployment.keyring, day, folder.join("outbox"))?;
    let (manifest, bytes) = bundle(&folder.join("staging").join(NAME), rows)?;
    let outgoing = Prepared::new(NAME.into(), Digest::of(&manifest)).release(&mut Book).await?;
    let before = peak();
    let started = Instant::now();
    let made = sealer.seal(&outgoing, &folder.join("staging"))?;
    let sealing = started.elapsed().as_secs_f64();
    let signer = Signer::read(&deployment.root, &deployment.keyring.signs(day)?.secret)?;
    let line = signers_line("gateway@here", Window::default(), signer.public());
    let signers = Signers::read(&line.unwrap_or_default())?;
    let identities = read_identities(Path::new("fixtures/keys/recipient_wyp.age"))?;
    let now = day.at(12, 0, 0, 0);
    let asked = Asked { signers: &signers, now, recipient: Some("wyp"), after: Some(0), previous: None };
    let started = Instant::now();
    open_file(&made.ciphertext(), &identities, &asked, None)?;
    let checking = started.elapsed().as_secs_f64();
    let mega =
        |bytes: u64, seconds: f64| f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1e3 / seconds;
    say(&format!(
        "{rows} rows, {bytes} bytes plain, {} sealed\nsealed in {sealing:.2} s ({:.0} MB of plain files a second)\n\
         checked in {checking:.2} s ({:.0} MB a second)\npeak of memory {before} KiB before, {} KiB after",
        made.bytes(),
        mega(bytes, sealing),
        mega(bytes, checking),
        peak()
    ));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what it is for")]
fn say(text: &str) {
    println!("{text}");
}

/// A bundle of one table in staging: its manifest, and the size of its files.
fn bundle(folder: &Path, rows: u32) -> anyhow::Result<(Vec<u8>, u64)> {
    std::fs::create_dir_all(folder.join("data"))?;
    let mut table =
        String::from("record_id,record_version,change,person_ref,originator,clause,surname,birth_date\r\n");
    for row in 0..rows {
        let hex = Digest::of(&row.to_le_bytes()).hex();
        let (id, person) = (hex.get(..20).unwrap_or_default(), hex.get(20..40).unwrap_or_default());
        let (name, tail) = (row % 4_999, row % 28 + 1);
        write!(table, "{id},1,current,{person},wyp,5.1.1.ii,INVENTED-{name},1980-05-{tail:02}\r\n")?;
    }
    let path = "data/people.csv";
    std::fs::write(folder.join(path), &table)?;
    let manifest = serde_json::json!({
        "name": NAME,
        "lockgate": {
            "spec": "1", "recipient": "wyp", "kind": "snapshot", "sequence": 1, "as_of": "2008-11-17", "previous": null,
        },
        "resources": [{
            "path": path, "bytes": table.len(), "hash": format!("sha256:{}", Digest::of(table.as_bytes()).hex()),
        }],
    });
    let manifest = serde_json::to_vec(&manifest)?;
    std::fs::write(folder.join(MANIFEST), &manifest)?;
    Ok((manifest, table.len() as u64))
}

/// The most memory that this process has held, in KiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
