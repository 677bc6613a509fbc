//! `lockgate agreement approve|status`: the text that the holders sign (9.2), their signatures, and who is missing.

use super::{Voice, reading_if_made};
use crate::approval::signature::{Fault, Signed, verify};
use crate::approval::{self, Before, NAMESPACE, STATEMENT, Standing};
use crate::cli::ApproveArgs;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::report::{self, Severity};
use crate::store::{Names, Store, StoreError};
use crate::vault::Vault;
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::problem::Problem;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct StatusJson<'a> {
    digest: String,
    reference: &'a str,
    version: &'a str,
    in_force_from: Option<String>,
    in_force_until: Option<String>,
    reviews: Vec<String>,
    approved: bool,
    in_use: bool,
    statement: String,
    missing: Vec<&'a str>,
    faults: Vec<FaultJson<'a>>,
    holders: Vec<HolderJson<'a>>,
}

#[derive(Serialize)]
struct FaultJson<'a> {
    code: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct HolderJson<'a> {
    partner: &'a str,
    name: &'a str,
    signed: bool,
    key: Option<&'a str>,
    code: Option<&'a str>,
    what: Option<&'a str>,
}

/// What the store remembers; nothing when no night was run yet.
pub(super) async fn before(deployment: &Deployment) -> Result<Before> {
    match reading_if_made(deployment).await? {
        Some((store, _)) => Before::of(&store).await,
        None => Ok(Before::default()),
    }
}

/// The day of the last run, or today.
pub(super) async fn day(deployment: &Deployment, store: Option<&Store>) -> Result<Date> {
    let last = match store {
        Some(store) => store.status().await?.last_run.map(|r| r.as_of),
        None => None,
    };
    Ok(last.unwrap_or_else(|| Timestamp::now().to_zoned_datetime(deployment.zone.clone()).date()))
}

/// Warnings for commands that go on without an approval: they say that a night would not.
pub(super) async fn warn_unapproved(voice: Voice, deployment: &Deployment) -> Result<()> {
    let standing = approval::examine(deployment, &before(deployment).await?);
    if !standing.approved() {
        report::print(&[unapproved(&standing)], Severity::Warning, &deployment.texts, voice.style());
    }
    Ok(())
}

/// The one line for commands that need no approval.
pub(super) fn unapproved(standing: &Standing) -> Problem {
    let missing = standing.missing();
    let who = if missing.is_empty() {
        "its text is at fault".into()
    } else {
        format!("missing: {}", missing.join(", "))
    };
    Problem::new("LG0401", format!("the agreement is not approved, and a night would be refused ({who})"))
        .help("see `lockgate agreement status`")
}

/// `agreement status`: the digest, its dates, and the holders.
pub(super) async fn status(voice: Voice, deployment: &Deployment) -> Result<Exit> {
    let before = before(deployment).await?;
    let standing = approval::examine(deployment, &before);
    let agreement = &deployment.agreement;
    let text = standing.folder.join(STATEMENT);
    if voice.json {
        let term = agreement.term();
        report::json(&StatusJson {
            digest: standing.digest.hex(),
            reference: agreement.reference(),
            version: agreement.version(),
            in_force_from: term.from.map(|d| d.to_string()),
            in_force_until: term.until.map(|d| d.to_string()),
            reviews: agreement.reviews().iter().map(ToString::to_string).collect(),
            approved: standing.approved(),
            in_use: before.digest == Some(standing.digest),
            statement: shown(deployment, &text),
            missing: standing.missing(),
            faults: standing.faults.iter().map(|f| FaultJson { code: f.code, what: &f.what }).collect(),
            holders: standing.parts.iter().map(holder).collect(),
        });
    } else {
        say(voice, deployment, &standing, &before);
    }
    Ok(if standing.approved() { Exit::Done } else { Exit::Waiting })
}

fn holder(part: &approval::Part) -> HolderJson<'_> {
    let (signed, fault) = (part.signed.as_ref().ok(), part.signed.as_ref().err());
    HolderJson {
        partner: &part.partner,
        name: &part.name,
        signed: signed.is_some(),
        key: signed.map(|s| s.key.as_str()),
        code: fault.map(|f| f.code),
        what: fault.map(|f| f.what.as_str()),
    }
}

fn say(voice: Voice, deployment: &Deployment, standing: &Standing, before: &Before) {
    let agreement = &deployment.agreement;
    let term = agreement.term();
    let from = term.from.map_or_else(|| "never".into(), |d| d.to_string());
    let until = term.until.map_or_else(|| "open".into(), |d| d.to_string());
    report::line(&format!("Agreement: {}, version {}", agreement.reference(), agreement.version()));
    report::line(&format!("Digest: sha256 {}", standing.digest.hex()));
    report::line(&format!("In force: from {from} until {until}"));
    let reviews: Vec<String> = agreement.reviews().iter().map(ToString::to_string).collect();
    report::line(&format!("Reviews: {}", reviews.join(", ")));
    let used = if before.digest == Some(standing.digest) {
        "nights run under it"
    } else {
        "no night ran under it yet"
    };
    let approved =
        if standing.approved() { "approved by all its holders" } else { "NOT approved: a night is refused" };
    report::line(&format!("State: {approved}; {used}"));
    for fault in &standing.faults {
        report::line(&format!("{}: {}", fault.code, fault.what));
    }
    let row = |part: &approval::Part| {
        let state = match &part.signed {
            Ok(signed) => format!("signed with {}", signed.key),
            Err(fault) => format!("{}: {}", fault.code, fault.what),
        };
        vec![part.partner.clone(), part.name.clone(), state]
    };
    let rows: Vec<Vec<String>> = standing.parts.iter().map(row).collect();
    report::line(&table(voice.plain, &["holder", "name", "signature"], &rows));
}

/// A path as it is typed: relative to the deployment where it lies in it.
fn shown(deployment: &Deployment, path: &Path) -> String {
    path.strip_prefix(&deployment.root).unwrap_or(path).display().to_string()
}

/// `agreement approve`: makes the text to sign, or takes a signature in.
pub(super) async fn approve(voice: Voice, deployment: &Deployment, args: &ApproveArgs) -> Result<Exit> {
    let before = before(deployment).await?;
    match &args.signature {
        Some(file) => take(voice, deployment, &before, file, args.holder.as_deref()).await,
        None => prepare(voice, deployment, &before),
    }
}

#[derive(Serialize)]
struct PreparedJson<'a> {
    digest: String,
    statement: String,
    namespace: &'static str,
    missing: Vec<&'a str>,
    commands: Vec<String>,
}

/// Writes the text, and says how to sign it. A text that is still true stays, with its signatures.
fn prepare(voice: Voice, deployment: &Deployment, before: &Before) -> Result<Exit> {
    let path = approval::folder(deployment).join(STATEMENT);
    if !approval::examine(deployment, before).faults.is_empty() {
        approval::write(&path, &approval::text(deployment, before)).context("writing the text to sign")?;
    }
    let standing = approval::examine(deployment, before);
    let missing = standing.missing();
    let place = shown(deployment, &path);
    let commands = vec![
        format!("ssh-keygen -Y sign -f YOUR_PRIVATE_KEY -n {NAMESPACE} {place}"),
        format!("lockgate agreement approve --signature {place}.sig"),
    ];
    if voice.json {
        let digest = standing.digest.hex();
        report::json(&PreparedJson { digest, statement: place, namespace: NAMESPACE, missing, commands });
    } else if standing.approved() {
        report::line(&format!("The agreement is approved by all its holders: {place}"));
    } else {
        report::line(&format!("The text to sign: {place}"));
        report::line(&format!("Still to sign: {}", missing.join(", ")));
        report::line(
            "Each holder reads it and signs it with the key that stands in the agreement's `holders`:",
        );
        commands.iter().for_each(|c| report::line(&format!("  {c}")));
    }
    Ok(if standing.approved() { Exit::Done } else { Exit::Waiting })
}

#[derive(Serialize)]
struct TakenJson<'a> {
    partner: &'a str,
    key: &'a str,
    approved: bool,
    missing: Vec<&'a str>,
}

/// Checks a signature, and keeps it beside the text; what is refused is in the ledger too.
async fn take(
    voice: Voice,
    deployment: &Deployment,
    before: &Before,
    file: &Path,
    holder: Option<&str>,
) -> Result<Exit> {
    let (signed, kept_as) = match checked(deployment, before, file, holder) {
        Ok(found) => found,
        Err(fault) => {
            record(deployment, "agreement-signature-refused", fault.code).await?;
            let what = format!("the signature was not taken: {}: {}", fault.code, fault.what);
            return Err(Expected::new(Exit::Refused, what));
        }
    };
    let text =
        approval::read(file, crate::approval::signature::MAX_BYTES).context("reading the signature again")?;
    approval::write(&approval::folder(deployment).join(kept_as), &text).context("keeping the signature")?;
    record(deployment, "agreement-signed", &format!("{} {}", signed.partner, signed.key)).await?;
    let standing = approval::examine(deployment, before);
    if voice.json {
        let (approved, missing) = (standing.approved(), standing.missing());
        report::json(&TakenJson { partner: &signed.partner, key: &signed.key, approved, missing });
    } else {
        report::line(&format!("Taken: `{}` signed with {}", signed.partner, signed.key));
        let missing = standing.missing();
        let more = if missing.is_empty() { "nobody".to_owned() } else { missing.join(", ") };
        report::line(&format!("Still to sign: {more}"));
    }
    Ok(if standing.approved() { Exit::Done } else { Exit::Waiting })
}

/// Whose signature it is, and under which name it is kept: a holder's own, or that of the key which it had before.
fn checked(
    deployment: &Deployment,
    before: &Before,
    file: &Path,
    holder: Option<&str>,
) -> Result<(Signed, String), Fault> {
    let standing = approval::examine(deployment, before);
    if let Some(fault) = standing.faults.into_iter().next() {
        return Err(fault);
    }
    let text = approval::read(&standing.folder.join(STATEMENT), 4 << 20).unwrap_or_default();
    let signature = approval::read(file, crate::approval::signature::MAX_BYTES)
        .ok_or_else(|| Fault::new("LG0402", "the file cannot be read, or is too large for a signature"))?;
    let now = verify(&signature, text.as_bytes(), &deployment.holders);
    let (signed, name) = match now {
        Err(fault) if fault.code == "LG0403" => {
            let old = verify(&signature, text.as_bytes(), &before.holders).map_err(|_| fault)?;
            let name = format!("{}.before.sig", old.partner);
            (old, name)
        }
        now => now.map(|s| {
            let name = format!("{}.sig", s.partner);
            (s, name)
        })?,
    };
    match holder.filter(|h| *h != signed.partner) {
        Some(other) => {
            let what = format!("it was made with the key of `{}`, not of `{other}`", signed.partner);
            Err(Fault::new("LG0403", what))
        }
        None => Ok((signed, name)),
    }
}

/// Records it in the ledger, when there is one.
async fn record(deployment: &Deployment, kind: &str, reference: &str) -> Result<()> {
    if reading_if_made(deployment).await?.is_none() {
        return Ok(());
    }
    let vault = Vault::new(deployment.usable_secret()?);
    let (categories, partners) = deployment.names();
    let names = Names { categories: &categories, partners: &partners };
    match Store::open(deployment.store_place()?, &vault, &names).await {
        Ok(store) => {
            let as_of = day(deployment, Some(&store)).await?;
            approval::record(deployment, &store, as_of, kind, reference).await?;
            Ok(store.close().await?)
        }
        Err(StoreError::InUse(_)) => {
            Err(Expected::new(Exit::Temporary, "a run is going on; try again when it has ended"))
        }
        Err(other) => Err(crate::open::unopened(other)),
    }
}
