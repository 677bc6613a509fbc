//! Approval (9.2): an agreement takes effect when all its holders have signed one text about it with their own keys.
//!
//! The signatures lie in `agreement/approvals/<digest>/`, made by `ssh-keygen -Y sign` and checked here and by
//! `ssh-keygen -Y verify` alike. Nothing switches this off: a night of an agreement that is not approved ends with exit
//! code 8. What a deployment's nights ran under is remembered in its store, so that a change is approved as a change from
//! that, and by those who held it.

mod codes;
pub mod holders;
mod in_force;
pub mod signature;
pub mod snapshot;
pub mod statement;

use crate::config::Deployment;
use holders::Holders;
use lockgate_core::hash::Digest;
use lockgate_core::problem::{Code, Problem};
use signature::{Fault, Signed, verify_of};
use snapshot::Kept;
use statement::{Known, Subject};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

pub use codes::CODES;
pub use in_force::{Refused, out_of_force, record, require};

/// The purpose that a signature must state, so that one made for something else is never taken for an approval.
pub const NAMESPACE: &str = "lockgate-agreement";
/// The text that is signed, in the approval's folder.
pub const STATEMENT: &str = "statement.txt";

/// What the store remembers of the agreement that its nights ran under last.
#[derive(Debug, Default)]
pub struct Before {
    /// Its digest.
    pub digest: Option<Digest>,
    /// Its holders' keys.
    pub holders: Holders,
}

/// One holder's part.
#[derive(Debug)]
pub struct Part {
    /// The partner's key.
    pub partner: String,
    /// The partner's name.
    pub name: String,
    /// Its signature; what is wrong with it; or that there is none.
    pub signed: Result<Signed, Fault>,
}

/// How far the approval of a deployment's agreement has come.
#[derive(Debug)]
pub struct Standing {
    /// What it is about.
    pub digest: Digest,
    /// Where the signatures lie.
    pub folder: PathBuf,
    /// What is wrong with the text, its place in the chain of changes, or the keys.
    pub faults: Vec<Fault>,
    /// The holders, in the agreement's order; those who held the one before and are no party any more come last.
    pub parts: Vec<Part>,
}

impl Standing {
    /// Whether all holders have signed a true text.
    pub fn approved(&self) -> bool {
        !self.parts.is_empty() && self.faults.is_empty() && self.parts.iter().all(|p| p.signed.is_ok())
    }

    /// Everything that keeps it from being approved, the text's faults first.
    pub fn problems(&self) -> Vec<Problem> {
        let problem = |code: Code, what: String| Problem::new(code, what);
        let text = self.faults.iter().map(|f| problem(f.code, f.what.clone()));
        let parts = self.parts.iter().filter_map(|p| {
            let fault = p.signed.as_ref().err()?;
            Some(problem(fault.code, format!("`{}` ({}): {}", p.partner, p.name, fault.what)))
        });
        text.chain(parts).collect()
    }

    /// The partners whose good signature is missing.
    pub fn missing(&self) -> Vec<&str> {
        self.parts.iter().filter(|p| p.signed.is_err()).map(|p| p.partner.as_str()).collect()
    }
}

/// The folder of an agreement's approval.
pub fn folder(deployment: &Deployment) -> PathBuf {
    let hex = deployment.agreement.digest().hex();
    deployment.agreement_folder().join("approvals").join(hex.get(..16).unwrap_or(&hex))
}

/// What the deployment asks its holders to sign.
pub fn subject(deployment: &Deployment) -> Subject<'_> {
    Subject { agreement: &deployment.agreement, schema: &deployment.schema, holders: &deployment.holders }
}

/// The text to sign, after the agreement that the store remembers.
pub fn text(deployment: &Deployment, before: &Before) -> String {
    let replaces = before.digest.filter(|d| d != deployment.agreement.digest());
    let kept = replaces.map(|d| snapshot::read(&deployment.state(), &d, &deployment.schema));
    let old = match &kept {
        Some(Kept::Whole(policy)) => Some(&policy.agreement),
        _ => None,
    };
    statement::text(subject(deployment), replaces, old)
}

/// Reads what lies in the approval's folder and checks all of it.
pub fn examine(deployment: &Deployment, before: &Before) -> Standing {
    let (folder, digest) = (folder(deployment), *deployment.agreement.digest());
    let mut faults = Vec::new();
    let text = read(&folder.join(STATEMENT), 4 << 20);
    match &text {
        Some(text) => faults.extend(about(deployment, before, text).err()),
        None => faults.push(Fault::new(
            "LG0401",
            "there is no text to sign yet: `lockgate agreement approve` makes it",
        )),
    }
    let text = text.unwrap_or_default();
    let one = |partner: &str, name: &str| Part {
        partner: partner.into(),
        name: name.into(),
        signed: part(deployment, &folder, partner, &text),
    };
    let mut parts: Vec<Part> = deployment.agreement.partners().map(|(_, p)| one(&p.key, &p.name)).collect();
    // In force already: who held it before was asked when it began.
    if before.digest.is_some_and(|d| d != digest) {
        held(before, &folder, &text, &mut parts);
    }
    Standing { digest, folder, faults, parts }
}

/// A partner's signature under its key of today.
fn part(deployment: &Deployment, folder: &Path, partner: &str, text: &str) -> Result<Signed, Fault> {
    if deployment.holders.keys(partner).next().is_none() {
        return Err(Fault::new("LG0401", "it has no key in the agreement's `holders`"));
    }
    let file = folder.join(format!("{partner}.sig"));
    if !file.exists() {
        return Err(Fault::new("LG0401", "its signature is missing"));
    }
    let unreadable = || Fault::new("LG0402", "its signature file cannot be read, or is too large for one");
    let signature = read(&file, signature::MAX_BYTES).ok_or_else(unreadable)?;
    verify_of(partner, &signature, text.as_bytes(), &deployment.holders)
}

/// Whoever held the agreement before agrees under the key that it had then: a new key is vouched for by the old one, and
/// a partner that is no party any more has agreed to that.
fn held(before: &Before, folder: &Path, text: &str, parts: &mut Vec<Part>) {
    for partner in before.holders.partners() {
        let same = |s: &Signed| before.holders.fingerprints(partner).contains(&s.key);
        let at = parts.iter().position(|p| p.partner == partner);
        let part = at.and_then(|at| parts.get_mut(at));
        if part.as_ref().is_some_and(|p| !p.signed.as_ref().is_ok_and(|s| !same(s))) {
            continue;
        }
        let old = read(&folder.join(format!("{partner}.before.sig")), signature::MAX_BYTES)
            .ok_or_else(|| Fault::new("LG0410", "its key changed, and the key that it had has not signed"))
            .and_then(|s| verify_of(partner, &s, text.as_bytes(), &before.holders));
        match part {
            Some(part) => part.signed = old.and(part.signed.clone()),
            None => parts.push(Part {
                partner: partner.into(),
                name: "party to the agreement before".into(),
                signed: old,
            }),
        }
    }
}

/// Whether the text is of this agreement, says what is true, and follows from the agreement before.
fn about(deployment: &Deployment, before: &Before, text: &str) -> Result<(), Fault> {
    let digest = *deployment.agreement.digest();
    let (Some(of), Some(replaces)) = statement::about(text) else {
        return Err(Fault::new(
            "LG0406",
            "the text that was signed does not say which agreement it is about",
        ));
    };
    if of != digest {
        return Err(Fault::new("LG0406", "the text that was signed is about another agreement"));
    }
    if before.digest == Some(digest) {
        return Ok(());
    }
    if before.digest.is_some() && before.digest != replaces {
        let what = "it was approved as a change of another agreement than the one in force: it is a change of this one now";
        return Err(Fault::new("LG0407", what));
    }
    let kept = replaces.map(|d| snapshot::read(&deployment.state(), &d, &deployment.schema));
    let known = match &kept {
        None | Some(Kept::Unreadable) => Known::Nothing,
        Some(Kept::Whole(policy)) => Known::Agreement(&policy.agreement),
        Some(Kept::Absent) => Known::Unknown,
    };
    if statement::is_true(text, subject(deployment), replaces, known) {
        return Ok(());
    }
    Err(Fault::new(
        "LG0406",
        "the text that was signed is not what this program says of the agreement and its effect",
    ))
}

/// A small text file; `None` when it is not there, too large, or no text.
pub fn read(path: &Path, most: u64) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most + 1).read_to_end(&mut bytes).ok()?;
    String::from_utf8(bytes).ok().filter(|t| t.len() as u64 <= most)
}

/// Keeps a file whole or not at all.
pub fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    file.as_file().sync_all()?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode)?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}
