//! `lockgate ledger verify`: every link and root recomputed, every published manifest compared, and what others have
//! witnessed.

use super::bundle::kept;
use super::ledger_bundle::{self, BundleFound};
use super::ledger_held::{self, About, PersonFound};
use super::ledger_proof::Witness;
use super::{Voice, reading, repair};
use crate::cli::WholeArgs;
use crate::config::Deployment;
use crate::exit::Exit;
use crate::night::witness;
use crate::report;
use crate::seal::{Signing, hash_file, kept_folder};
use crate::store::{BundleRow, BundleState, LedgerEntry, Store};
use anyhow::Result;
use base64ct::{Base64, Encoding as _};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::tree::Tree;
use lockgate_core::ledger::{Chain, Entry, Kept, Verifier};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Serialize)]
struct VerifyJson {
    ok: bool,
    entries: u64,
    head: String,
    /// The tree's root, in base64 as in a checkpoint.
    root: String,
    bundles: usize,
    /// The one bundle that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<BundleFound>,
    /// The one person that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonFound>,
    faults: Vec<String>,
    /// What `--against` named, in its order.
    witnesses: Vec<WitnessJson>,
}

#[derive(Serialize)]
struct WitnessJson {
    file: String,
    entries: u64,
    /// The fingerprint of the gateway's key that signed it; `null` where none did.
    signed_by: Option<String>,
}

/// Verifies the ledger; ends 7 when anything is not as it was recorded.
pub(super) async fn verify(voice: Voice, deployment: &Deployment, args: &WholeArgs) -> Result<Exit> {
    let keys = witness::keys(deployment);
    let witnesses = args.against.iter().map(|file| Witness::read(file, &keys)).collect::<Result<Vec<_>>>()?;
    let (store, about) = opened(deployment, args).await?;
    let mut reading = Reading {
        verifier: Verifier::new(Chain::new()),
        tree: Tree::new(),
        kept: store.roots().await?.into_iter().collect(),
        recorded: BTreeMap::new(),
        faults: Vec::new(),
    };
    reading.strangers(&deployment.ledger_origin(), &witnesses);
    reading.forged(&witnesses);
    let mut pages = store.ledger_entries(1);
    let mut whole = reading.meets(&witnesses);
    while let Some(page) = pages.next_page().await?.filter(|_| whole) {
        whole = page.iter().all(|row| reading.entry(row) && reading.meets(&witnesses));
    }
    if whole {
        reading.end(&witnesses);
    }
    let bundles = store.bundles(None, u32::MAX).await?;
    reading.bundles(deployment, &bundles);
    let Reading { verifier, tree, mut faults, .. } = reading;
    let found = match args.bundle.as_deref().filter(|_| faults.is_empty()) {
        Some(name) => Some(ledger_bundle::find(deployment, &store, name).await?),
        None => None,
    };
    faults.extend(found.iter().flat_map(|f| f.faults.clone()));
    let person = match about.filter(|_| faults.is_empty()) {
        Some(about) => Some(ledger_held::find(deployment, &store, &about).await?),
        None => None,
    };
    faults.extend(person.iter().flat_map(|f| f.faults.clone()));
    let (entries, head) = verifier.finish(None).map_or((0, Digest([0; 32])), |c| (c.seq, c.head));
    let ok = faults.is_empty();
    let root = Base64::encode_string(&tree.root().0);
    if voice.json {
        let (head, bundles) = (head.hex(), bundles.len());
        let witnesses = witnesses.iter().map(witness_json).collect();
        report::json(&VerifyJson {
            ok,
            entries,
            head,
            root,
            bundles,
            bundle: found,
            person,
            faults,
            witnesses,
        });
    } else if ok {
        let bundles = bundles.len();
        report::line(&format!("The ledger is whole: {entries} entries, {bundles} bundles, root {root}"));
        found.iter().for_each(|f| report::line(&f.text()));
        person.iter().for_each(|f| report::line(&f.text()));
        for witness in &witnesses {
            report::line(&format!(
                "It begins with what {} witnessed: {} entries, {}",
                witness.file.display(),
                witness.checkpoint.size,
                match &witness.signing {
                    Signing::By(key) => format!("signed with {key}"),
                    Signing::Unknown => "signed with no key that is known here".into(),
                    Signing::None | Signing::Broken => "not signed".into(),
                }
            ));
        }
    } else {
        faults.iter().for_each(|f| anstream::eprintln!("error[LG3001]: {f}"));
    }
    Ok(if ok { Exit::Done } else { Exit::Integrity })
}

/// The store, and whom the verification is about. Nothing is written unless somebody is asked about.
async fn opened(deployment: &Deployment, args: &WholeArgs) -> Result<(Store, Option<About>)> {
    if args.person.is_none() {
        return Ok((reading(deployment).await?.0, None));
    }
    let (store, vault) = repair::writing(deployment).await?;
    let about = ledger_held::about(deployment, (&store, &vault), args).await?;
    Ok((store, about))
}

fn witness_json(witness: &Witness) -> WitnessJson {
    let signed_by = if let Signing::By(key) = &witness.signing { Some(key.clone()) } else { None };
    WitnessJson { file: witness.file.display().to_string(), entries: witness.checkpoint.size, signed_by }
}

/// The ledger as it is read, entry by entry.
struct Reading {
    verifier: Verifier,
    tree: Tree,
    /// The roots that were kept, by size; those that were met are taken out.
    kept: BTreeMap<u64, Digest>,
    /// The bundles that the ledger names.
    recorded: BTreeMap<String, Digest>,
    faults: Vec<String>,
}

impl Reading {
    /// Takes the next entry; whether it holds.
    fn entry(&mut self, row: &LedgerEntry) -> bool {
        let hash = <[u8; 32]>::try_from(row.hash.as_slice()).map_or(Digest([0; 32]), Digest);
        if let Err(broken) = self.verifier.check(Kept { seq: row.seq, bytes: &row.entry, hash }) {
            self.faults.push(broken.problem().what);
            return false;
        }
        self.tree.push(&hash);
        if let Ok(Entry::Bundle(bundle)) = Entry::decode(&row.entry) {
            self.recorded.insert(bundle.name.to_owned(), bundle.manifest);
        }
        let size = self.tree.size();
        if self.kept.remove(&size).is_some_and(|root| root != self.tree.root()) {
            self.faults.push(format!("the root kept for {size} entries is not the one that they have"));
        }
        true
    }

    /// What was kept of another deployment's ledger says nothing about this one, however long either is.
    fn strangers(&mut self, origin: &str, witnesses: &[Witness]) {
        for witness in witnesses.iter().filter(|w| w.checkpoint.origin != origin) {
            let file = witness.file.display();
            self.faults.push(format!("{file} is about another ledger than `{origin}`"));
        }
    }

    /// A checkpoint that was changed since this gateway signed it witnesses nothing.
    fn forged(&mut self, witnesses: &[Witness]) {
        for witness in witnesses.iter().filter(|w| w.signing == Signing::Broken) {
            let file = witness.file.display();
            self.faults.push(format!(
                "{file} names a key of this gateway's, and its signature is not of this text: it was changed"
            ));
        }
    }

    /// Compares with what others witnessed at this size; whether it agrees.
    fn meets(&mut self, witnesses: &[Witness]) -> bool {
        let size = self.tree.size();
        for witness in witnesses.iter().filter(|w| w.checkpoint.size == size) {
            let file = witness.file.display();
            if witness.checkpoint.root != self.tree.root() {
                self.faults.push(format!(
                    "the first {size} entries are not those that {file} witnessed: the ledger was rewritten, or is a fork"
                ));
            }
        }
        self.faults.is_empty()
    }

    /// What is left when the ledger has ended: it may not be shorter than anybody saw it.
    fn end(&mut self, witnesses: &[Witness]) {
        let size = self.tree.size();
        for witness in witnesses.iter().filter(|w| w.checkpoint.size > size) {
            self.faults.push(format!(
                "the ledger ends after {size} entries, and {} witnessed {}: it was cut, or an older copy was put back",
                witness.file.display(),
                witness.checkpoint.size
            ));
        }
        if let Some(later) = self.kept.keys().next_back() {
            self.faults.push(format!("the ledger ends after {size} entries, and a root is kept for {later}"));
        }
    }

    /// Compares the store's bundles with those that the ledger names.
    fn bundles(&mut self, deployment: &Deployment, bundles: &[BundleRow]) {
        for row in bundles {
            let bundle = &row.bundle;
            if self.faults.is_empty() && self.recorded.remove(&bundle.name) != Some(bundle.manifest_digest) {
                let fault =
                    format!("bundle `{}` is not recorded in the ledger as the store has it", bundle.name);
                self.faults.push(fault);
            }
            if bundle.state == BundleState::Published {
                self.faults.extend(published(deployment, row));
            }
        }
        if self.faults.is_empty() {
            let stray = self.recorded.keys();
            self.faults.extend(stray.map(|b| format!("bundle `{b}` is in the ledger and not in the store")));
        }
    }
}

/// Compares what is kept of a published bundle with what was recorded, and the sealed bytes with their digest; what its
/// recipient took from its door is no fault.
fn published(deployment: &Deployment, row: &crate::store::BundleRow) -> Option<String> {
    let name = &row.bundle.name;
    let kept = kept(deployment, row).ok()?;
    if Digest::of(&kept.manifest) != row.bundle.manifest_digest {
        return Some(format!("the published manifest of `{name}` is not the one that was recorded"));
    }
    let sealed = kept.sealed?;
    let partner = deployment.agreement.get(row.recipient?)?;
    let outbox = kept_folder(&deployment.state().join("outbox"), &partner.key, name).join(&sealed.file);
    let differs = |place: &Path| hash_file(place).is_ok_and(|(_, hash)| hash.hex() != sealed.sha256);
    [outbox, deployment.root.join(&kept.place)]
        .iter()
        .any(|place| differs(place))
        .then(|| format!("the sealed bytes of `{name}` were changed since it was sealed"))
}
