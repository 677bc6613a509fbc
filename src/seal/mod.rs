//! Sealing: a bundle that the ledger has committed becomes one file that only its recipient can open and
//! whose sender anybody can check with OpenSSH.
//!
//! `keyring` is what the configuration says of keys, `signer` the gateway's own, `contents` what a manifest
//! lists, `pack` the plain zip, `sealer` all of it together, once. `Outgoing` (recorded in the ledger) is
//! the only thing that can be sealed, and `Sealed` the only thing that a door takes. `answers` is the keys by which
//! partners sign their return forms, `note` the signature under a checkpoint of the ledger.
//!
//! The other way round: `signers` is the list of keys that a recipient trusts, `proof` a signature against it,
//! `unpack` the zip read with nothing taken on trust, and `open` all checks in their order.

mod answers;
mod codes;
mod contents;
mod error;
mod fault;
mod generate;
mod identity;
mod keyring;
mod note;
mod open;
mod pack;
mod proof;
mod sealer;
mod signer;
mod signers;
mod unpack;
mod window;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;

pub use answers::{ACK_NAMESPACE, ACK_SIGNATURE_BYTES, AnswerKeys};
pub use codes::CODES;
pub use contents::{Contents, Listed, MANIFEST, SIGNATURE};
pub use error::SealError;
pub use fault::Fault;
pub use generate::{NewKey, new_recipient, new_signer, write_new};
pub use identity::read_identities;
pub use keyring::{Keyring, RecipientKey, SigningKey, age_fingerprint};
pub use note::{NoteKeys, Signing};
pub use open::{Asked, Opened, open_file, open_folder, open_plain, outer};
pub use pack::pack;
pub use proof::{Signature, Signed};
pub use sealer::{Facts, Sealed, Sealer, hash_file, kept_folder, read_facts, sealed_before};
pub use signer::Signer;
pub use signers::{Signers, line as signers_line};
pub use window::Window;

/// The purpose of the signature that lies inside a bundle, beside its manifest.
pub const BUNDLE_NAMESPACE: &str = "lockgate-bundle";
/// The purpose of the signature that travels beside a sealed file.
pub const DELIVERY_NAMESPACE: &str = "lockgate-delivery";
/// The ending of a sealed bundle's file.
pub const SEALED_ENDING: &str = ".zip.age";
