//! The ledger's checkpoint as it is handed out: a note signed by the gateway's key, or the bare text where no key reads.

use crate::config::Deployment;
use crate::seal::{NoteKeys, SealError, Signer};
use jiff::civil::Date;
use lockgate_core::ledger::checkpoint::Checkpoint;

/// The key that signs on a day; nothing where none is, or none reads: a deployment of plain folders needs none.
pub fn signer(deployment: &Deployment, day: Date) -> Option<Signer> {
    let key = deployment.keyring.signs(day).ok()?;
    Signer::read(&deployment.root, &key.secret).ok()
}

/// A checkpoint as others keep it.
pub fn note(checkpoint: &Checkpoint, signer: Option<&Signer>) -> Result<String, SealError> {
    signer.map_or_else(|| Ok(checkpoint.text()), |signer| signer.note(checkpoint))
}

/// The keys by which this deployment's checkpoints are known, whether they sign today or not; those that do not read are
/// left out.
pub fn keys(deployment: &Deployment) -> NoteKeys {
    let read = |key: &crate::seal::SigningKey| Signer::read(&deployment.root, &key.secret).ok();
    let all = deployment.keyring.signing.iter().filter_map(read);
    NoteKeys::new(deployment.ledger_origin(), all.map(|signer| signer.public().clone()))
}
