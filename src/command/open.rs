//! `lockgate bundle verify|open`: a bundle at its recipient's, checked from the outside in, with a verdict in one line.
//!
//! No deployment is needed: whoever receives has a list of signers, a key of its own, and this program.

use super::Voice;
use crate::cli::{OpenArgs, TrustArgs, VerifyArgs};
use crate::exit::Exit;
use crate::report;
use crate::seal::{
    Asked, Fault, MANIFEST, Opened, Signed, Signers, open_file, open_folder, outer, read_identities,
};
use crate::vault::digest_from_hex;
use anyhow::Result;
use lockgate_core::hash::Digest;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Serialize)]
struct SignedJson<'a> {
    identity: &'a str,
    key: &'a str,
}

#[derive(Serialize)]
struct BundleJson<'a> {
    name: &'a str,
    recipient: &'a str,
    kind: &'a str,
    sequence: u64,
    as_of: String,
    manifest_digest: String,
    previous: Option<String>,
    files: usize,
    rows: &'a BTreeMap<String, u64>,
}

/// One object for every end.
#[derive(Serialize)]
struct VerdictJson<'a> {
    ok: bool,
    verdict: &'a str,
    /// The code of the check that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed_by: Option<SignedJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_by: Option<SignedJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<BundleJson<'a>>,
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
}

/// What a check came to.
enum Verdict {
    /// The seal alone was looked at.
    Seal(Signed),
    /// Everything.
    Whole(Box<Opened>),
}

/// Checks, and writes nothing.
pub(super) fn verify(voice: Voice, args: &VerifyArgs) -> Result<Exit> {
    let looked = || {
        let signers = Signers::open(&args.trust.signers)?;
        let asked = asked(&args.trust, &signers)?;
        if args.path.is_dir() {
            return open_folder(&args.path, &asked).map(|o| Verdict::Whole(Box::new(o)));
        }
        match &args.identity {
            None => outer(&args.path, &asked).map(|(signed, ..)| Verdict::Seal(signed)),
            Some(key) => {
                let opened = open_file(&args.path, &read_identities(key)?, &asked, None)?;
                Ok(Verdict::Whole(Box::new(opened)))
            }
        }
    };
    Ok(said(voice, looked()))
}

/// Checks and unpacks.
pub(super) fn open(voice: Voice, args: &OpenArgs) -> Result<Exit> {
    let looked = || {
        let signers = Signers::open(&args.trust.signers)?;
        let asked = asked(&args.trust, &signers)?;
        let opened = open_file(&args.file, &read_identities(&args.identity)?, &asked, Some(&args.out))?;
        Ok(Verdict::Whole(Box::new(opened)))
    };
    Ok(said(voice, looked()))
}

fn asked<'a>(trust: &'a TrustArgs, signers: &'a Signers) -> Result<Asked<'a>, Fault> {
    let now = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).datetime();
    let now = trust.at.map_or(now, |day| day.at(12, 0, 0, 0));
    let previous = trust.previous.as_deref().map(previous).transpose()?;
    Ok(Asked { signers, now, recipient: trust.recipient.as_deref(), after: trust.after, previous })
}

/// The digest of the manifest before: given as such, or taken from the bundle itself.
fn previous(text: &str) -> Result<Digest, Fault> {
    if let Some(digest) = digest_from_hex(text.strip_prefix("sha256:").unwrap_or(text)) {
        return Ok(digest);
    }
    let path = Path::new(text);
    let path = if path.is_dir() { path.join(MANIFEST) } else { path.to_owned() };
    let unreadable =
        |_| Fault::usage("LG2319", "`--previous` is neither a bundle nor the SHA-256 of a manifest");
    std::fs::read(path).map(|bytes| Digest::of(&bytes)).map_err(unreadable)
}

fn said(voice: Voice, looked: Result<Verdict, Fault>) -> Exit {
    match looked {
        Ok(Verdict::Seal(signed)) => {
            let verdict = format!(
                "GOOD SEAL: sealed by {} and not changed since; `--identity` looks inside",
                signed.identity
            );
            let sealed_by = Some(SignedJson { identity: &signed.identity, key: &signed.key });
            let verdict = VerdictJson {
                ok: true,
                verdict: &verdict,
                code: None,
                sealed_by,
                made_by: None,
                bundle: None,
                notes: &[],
                folder: None,
            };
            tell(voice, &verdict);
            Exit::Done
        }
        Ok(Verdict::Whole(opened)) => {
            whole(voice, &opened);
            Exit::Done
        }
        Err(fault) => {
            refused(voice, &fault);
            fault.exit
        }
    }
}

fn whole(voice: Voice, opened: &Opened) {
    let Opened { contents, outer, inner, notes, folder } = opened;
    let signed = |s: &Signed| -> (String, String) { (s.identity.clone(), s.key.clone()) };
    let (identity, key) = signed(inner);
    let verdict = format!(
        "GOOD: number {} for `{}`, a {} of {}, made by {identity}; every file is as it was signed",
        contents.sequence, contents.recipient, contents.kind, contents.as_of
    );
    let bundle = BundleJson {
        name: &contents.name,
        recipient: &contents.recipient,
        kind: &contents.kind,
        sequence: contents.sequence,
        as_of: contents.as_of.to_string(),
        manifest_digest: contents.digest.hex(),
        previous: contents.previous.map(|d| d.hex()),
        files: contents.files.len() + 2,
        rows: &contents.rows,
    };
    let sealed_by = outer.as_ref().map(|s| SignedJson { identity: &s.identity, key: &s.key });
    let verdict = VerdictJson {
        ok: true,
        verdict: &verdict,
        code: None,
        sealed_by,
        made_by: Some(SignedJson { identity: &identity, key: &key }),
        bundle: Some(bundle),
        notes,
        folder: folder.as_ref().map(|f| f.display().to_string()),
    };
    tell(voice, &verdict);
}

fn tell(voice: Voice, verdict: &VerdictJson<'_>) {
    if voice.json {
        return report::json(verdict);
    }
    if voice.quiet {
        return;
    }
    report::line(verdict.verdict);
    if let Some(by) = &verdict.sealed_by {
        report::line(&format!("  seal      {} {}", by.identity, by.key));
    }
    if let Some(by) = &verdict.made_by {
        report::line(&format!("  manifest  {} {}", by.identity, by.key));
    }
    if let Some(bundle) = &verdict.bundle {
        let rows: Vec<String> =
            bundle.rows.iter().filter(|(_, n)| **n > 0).map(|(change, n)| format!("{n} {change}")).collect();
        let rows = if rows.is_empty() { "none".to_owned() } else { rows.join(", ") };
        report::line(&format!("  name      {}\n  files     {}, rows: {rows}", bundle.name, bundle.files));
        report::line(&format!(
            "  sha256    {} (the manifest: keep it for `--previous`)",
            bundle.manifest_digest
        ));
    }
    for note in verdict.notes {
        report::line(&format!("  note      {note}"));
    }
    if let Some(folder) = &verdict.folder {
        report::line(&format!("  unpacked  {folder}"));
    }
}

fn refused(voice: Voice, fault: &Fault) {
    let start = match fault.exit {
        Exit::Usage => "NOT CHECKED",
        Exit::Late => "NOT YET",
        Exit::Temporary => "NOT UNPACKED",
        _ => "DO NOT USE",
    };
    let verdict = format!("{start}: {}", fault.what);
    if voice.json {
        let code = Some(fault.code);
        let verdict = VerdictJson {
            ok: false,
            verdict: &verdict,
            code,
            sealed_by: None,
            made_by: None,
            bundle: None,
            notes: &[],
            folder: None,
        };
        return report::json(&verdict);
    }
    anstream::eprintln!("error[{}]: {verdict}", fault.code);
    if let Some(doc) = crate::codes::of(fault.code) {
        anstream::eprintln!("  {}", doc.explanation);
    }
}
