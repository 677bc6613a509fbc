//! `lockgate ledger export|prove`: what whoever does not trust this program needs to check the ledger by other means.

use super::Voice;
use super::reading;
use crate::cli::ProveArgs;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::witness;
use crate::report;
use crate::seal::{NoteKeys, Signing};
use crate::store::{LedgerEntry, Store};
use crate::vault::Vault;
use anyhow::{Context as _, Result};
use base64ct::{Base64, Encoding as _};
use lockgate_core::bundle::Change;
use lockgate_core::commit::{PROVENANCE, Salts};
use lockgate_core::hash::{Digest, MacKey, hex};
use lockgate_core::ledger::Entry;
use lockgate_core::ledger::checkpoint::{Checkpoint, Note};
use lockgate_core::ledger::tree::{Proof, Tree};
use lockgate_core::schema::FieldId;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// A checkpoint that somebody kept.
pub(super) struct Witness {
    /// Where it was read from.
    pub(super) file: PathBuf,
    /// What it says.
    pub(super) checkpoint: Checkpoint,
    /// By whom it is signed.
    pub(super) signing: Signing,
}

impl Witness {
    /// Reads a checkpoint: a bundle's manifest, a signed note, or the text alone.
    pub(super) fn read(file: &Path, keys: &NoteKeys) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .map_err(|e| Expected::new(Exit::Usage, format!("{} cannot be read: {e}", file.display())))?;
        let manifest = serde_json::from_str::<Value>(&text).ok();
        let inside = manifest.as_ref().and_then(|m| m.pointer("/lockgate/ledger")?.as_str());
        let text = inside.unwrap_or(&text);
        let note = Note::parse(text);
        let signing = keys.check(note.as_ref());
        let checkpoint =
            Checkpoint::parse(note.as_ref().map_or(text, |note| &note.text)).ok_or_else(|| {
                Expected::new(
                    Exit::Usage,
                    format!(
                        "{} holds no checkpoint of a ledger; a first night's manifest has none yet",
                        file.display()
                    ),
                )
            })?;
        Ok(Self { file: file.to_owned(), checkpoint, signing })
    }
}

/// Writes entries and checkpoint into a new folder.
pub(super) async fn export(voice: Voice, deployment: &Deployment, out: &Path) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    std::fs::create_dir(out).map_err(|e| {
        Expected::new(Exit::Usage, format!("the folder {} cannot be made: {e}", out.display()))
    })?;
    let mut lines = BufWriter::new(File::create_new(out.join("entries.jsonl"))?);
    let mut tree = Tree::new();
    let mut pages = store.ledger_entries(1);
    while let Some(page) = pages.next_page().await? {
        for row in page {
            tree.push(&link(&row));
            serde_json::to_writer(&mut lines, &exported(&row))?;
            lines.write_all(b"\n")?;
        }
    }
    lines.into_inner().context("writing the entries")?.sync_all()?;
    let checkpoint = Checkpoint { origin: deployment.ledger_origin(), size: tree.size(), root: tree.root() };
    let day = store.runs(1).await?.first().map(|run| run.as_of);
    let signer = day.and_then(|day| witness::signer(deployment, day));
    std::fs::write(out.join("checkpoint.txt"), witness::note(&checkpoint, signer.as_ref())?)?;
    if !voice.quiet {
        let how = if signer.is_some() { "" } else { " (not signed: no key of the gateway reads)" };
        report::line(&format!(
            "{} entries and their checkpoint{} are in {}",
            tree.size(),
            how,
            out.display()
        ));
    }
    Ok(Exit::Done)
}

/// An entry with the link that stands beside it; one that is damaged is for `ledger verify` to say.
fn link(row: &LedgerEntry) -> Digest {
    row.hash.as_slice().try_into().map_or(Digest([0; 32]), Digest)
}

/// What is written of an entry: its bytes and link, and beside them what they say.
fn exported(row: &LedgerEntry) -> Value {
    let says = Entry::decode(&row.entry).map_or(Value::Null, |entry| says(&entry));
    json!({
        "number": row.seq,
        "entry": Base64::encode_string(&row.entry),
        "link": Base64::encode_string(&row.hash),
        "says": says,
    })
}

fn says(entry: &Entry<'_>) -> Value {
    let kind = entry.word();
    match entry {
        Entry::Disclosure(d) => json!({
            "kind": kind, "recipient": d.recipient, "sequence": d.sequence, "person": d.person.to_string(),
            "record": d.record.to_string(), "stored_version": d.stored_version, "version": d.version,
            "change": d.change.word(), "category": d.category, "clause": d.clause, "fields": d.fields,
            "grant": d.grant, "commitment": d.commitment.hex(),
        }),
        Entry::Bundle(b) => json!({
            "kind": kind, "name": b.name, "recipient": b.recipient, "sequence": b.sequence,
            "bundle_kind": b.kind.word(), "as_of": b.as_of.to_string(), "manifest": b.manifest.hex(),
            "previous": b.previous.map(|p| p.hex()),
            "rows": { "new": b.counts.new, "correction": b.counts.correction,
                "withdrawal": b.counts.withdrawal, "current": b.counts.current },
        }),
        Entry::Run(r) => json!({
            "kind": kind, "as_of": r.as_of.to_string(), "agreement": r.agreement.hex(), "schema": r.schema.hex(),
            "software": r.software,
        }),
        Entry::File(f) => json!({
            "kind": kind, "feed": f.feed, "file": f.file.hex(), "state": f.state.word(),
        }),
        Entry::Decision(d) => json!({
            "kind": kind, "as_of": d.as_of.to_string(), "decision": d.kind, "by": d.by,
            "reference": d.reference, "subject": d.subject.hex(),
        }),
    }
}

/// Prints a proof.
pub(super) async fn prove(deployment: &Deployment, args: &ProveArgs) -> Result<Exit> {
    let (store, vault) = reading(deployment).await?;
    let whole = store.tree().await?.size();
    let size = args.size.unwrap_or(whole);
    let none = |what: String| Expected::new(Exit::Usage, format!("{what}; the ledger has {whole} entries"));
    if size > whole {
        return Err(none(format!("there is no ledger of {size} entries")));
    }
    let proof = match (args.entry, args.grown_from) {
        (Some(entry), _) => Proof::of_entry(entry, size)
            .ok_or_else(|| none(format!("there is no entry {entry} among the first {size}")))?,
        (None, earlier) => {
            let earlier = earlier.unwrap_or_default();
            Proof::of_growth(earlier, size)
                .ok_or_else(|| none(format!("a ledger of {size} entries did not grow from {earlier}")))?
        }
    };
    let mut shown = proven(&store, proof, size, args).await?;
    if let Some(entry) = args.entry.filter(|_| args.salts) {
        shown.push(("fields".into(), salts(deployment, (&store, &vault), entry).await?));
    }
    report::json(&Value::Object(
        [("origin".into(), deployment.ledger_origin().into())].into_iter().chain(shown).collect(),
    ));
    Ok(Exit::Done)
}

/// The salts of an entry's leaves: by field, with the index under which the commitment has it.
async fn salts(deployment: &Deployment, (store, vault): (&Store, &Vault), number: u64) -> Result<Value> {
    let mut pages = store.ledger_entries(number);
    let page = pages.next_page().await?.unwrap_or_default();
    let row = page.first().context("the entry is not there")?;
    let refused = |what: &str| Expected::new(Exit::Refused, format!("entry {number} {what}"));
    let Ok(Entry::Disclosure(d)) = Entry::decode(&row.entry) else {
        return Err(refused("is no disclosure: it commits to no field"));
    };
    let known = store.persons_by_key(&[d.person]).await?.into_iter().next();
    let person = match known {
        Some((_, row)) => store.person(row).await?.and_then(|person| person.person.salt),
        None => None,
    };
    let person =
        person.ok_or_else(|| refused("is about a person who is forgotten: its salts are destroyed"))?;
    let key = MacKey::new(&vault.commitment_key());
    let salts = Salts::of(&key, &person, d.recipient, d.record.0, d.version);
    let category = deployment.schema.categories().find(|(_, c)| c.name == d.category).map(|(_, c)| c);
    let mut fields = serde_json::Map::new();
    let bits = (0..32_u8).filter(|at| d.fields & 1_u32.checked_shl(u32::from(*at)).unwrap_or(0) != 0);
    for index in bits.chain((d.change != Change::Withdrawal).then_some(PROVENANCE)) {
        let name = category.and_then(|c| c.get(FieldId(index))).map_or("", |f| f.name.as_str());
        let name = if index == PROVENANCE { "(provenance)" } else { name };
        fields.insert(name.into(), json!({ "index": index, "salt": hex(&salts.field(index)) }));
    }
    Ok(json!({ "commitment": d.commitment.hex(), "leaves": fields }))
}

/// Reads the ledger once for a proof; gives what is shown of it.
async fn proven(
    store: &Store,
    mut proof: Proof,
    size: u64,
    args: &ProveArgs,
) -> Result<Vec<(String, Value)>> {
    let base64 = |digest: &Digest| Value::from(Base64::encode_string(&digest.0));
    let (mut tree, mut shown) = (Tree::new(), Vec::new());
    let mut pages = store.ledger_entries(1);
    while let Some(page) = pages.next_page().await? {
        for row in page.iter().filter(|row| row.seq <= size) {
            let link = link(row);
            tree.push(&link);
            proof.take(&link);
            if args.entry == Some(row.seq) {
                shown.push(("entry".into(), row.seq.into()));
                shown.push(("link".into(), base64(&link)));
            }
            if args.grown_from == Some(row.seq) {
                shown.push(("grown_from".into(), row.seq.into()));
                shown.push(("root_then".into(), base64(&tree.root())));
            }
        }
    }
    let hashes = proof.hashes().context("the ledger ends before its size")?;
    shown.push(("size".into(), size.into()));
    shown.push(("root".into(), base64(&tree.root())));
    shown.push(("proof".into(), hashes.iter().map(base64).collect()));
    Ok(shown)
}
