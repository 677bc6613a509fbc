//! `lockgate key new|list|allowed-signers`.

use super::Voice;
use crate::cli::{KeyCommand, KeyKind};
use crate::config::Deployment;
use crate::deliver::push::new_secret;
use crate::exit::{Exit, Expected};
use crate::night::reminders;
use crate::night::summary::table;
use crate::night::witness;
use crate::report::{self, Severity};
use crate::seal::{
    NewKey, SealError, Signer, Window, age_fingerprint, new_recipient, new_signer, signers_line, write_new,
};
use crate::serve::new_bearer;
use anyhow::Result;
use jiff::civil::Date;
use lockgate_core::problem::Problem;
use serde::Serialize;
use ssh_key::HashAlg;
use std::path::Path;

#[derive(Serialize)]
struct NewJson<'a> {
    kind: &'static str,
    name: &'a str,
    file: String,
    public: &'a str,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct BearerJson<'a> {
    kind: &'static str,
    name: &'a str,
    /// The key itself, when no file was named for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    token_sha256: String,
}

/// Makes a key.
pub(super) fn new(voice: Voice, kind: KeyKind, name: &str, out: Option<&Path>) -> Result<Exit> {
    let plain = |c: char| c.is_ascii_graphic() || c == ' ';
    if name.trim().is_empty() || !name.chars().all(plain) {
        return Err(Expected::new(Exit::Usage, "a key's name is one line of plain letters"));
    }
    let (word, made) = match kind {
        KeyKind::Signer => ("signer", new_signer(name)),
        KeyKind::Recipient => ("recipient", Ok(new_recipient(name))),
        KeyKind::Bearer => return bearer(voice, name, out),
        KeyKind::Webhook => return webhook(voice, name, out),
    };
    // The command line does not read without it.
    let out = out.ok_or_else(|| Expected::new(Exit::Usage, "name the file to write: `--out FILE`"))?;
    let NewKey { secret, public, fingerprint } = made.map_err(usage)?;
    write_new(out, &secret, 0o600).map_err(usage)?;
    if kind == KeyKind::Signer {
        let mut beside = out.as_os_str().to_owned();
        beside.push(".pub");
        write_new(Path::new(&beside), &format!("{public}\n"), 0o644).map_err(usage)?;
    }
    let file = out.display().to_string();
    if voice.json {
        report::json(&NewJson { kind: word, name, file, public: &public, fingerprint: &fingerprint });
        return Ok(Exit::Done);
    }
    report::line(&format!("secret key   {file} (yours alone: keep a safe copy, send it to nobody)"));
    report::line(&format!("public key   {public}\nfingerprint  {fingerprint}"));
    Ok(Exit::Done)
}

/// Makes a key for the pull API. Its digest is all that the gateway needs of it.
fn bearer(voice: Voice, name: &str, out: Option<&Path>) -> Result<Exit> {
    let (token, digest) = new_bearer().map_err(|_| usage(SealError::Random))?;
    if let Some(out) = out {
        write_new(out, &format!("{token}\n"), 0o600).map_err(usage)?;
    }
    let token_sha256 = digest.hex();
    if voice.json {
        let file = out.map(|o| o.display().to_string());
        let token = out.is_none().then_some(token.as_str());
        report::json(&BearerJson { kind: "bearer", name, token, file, token_sha256 });
        return Ok(Exit::Done);
    }
    match out {
        Some(out) => report::line(&format!("bearer key   {} (for `{name}` alone)", out.display())),
        None => report::line(&format!(
            "bearer key   {token}\n             shown this once: hand it to `{name}` alone"
        )),
    }
    report::line(&format!(
        "for the gateway, under [recipient.{name}]:\n  api = {{ token_sha256 = [\"{token_sha256}\"] }}"
    ));
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct WebhookJson<'a> {
    kind: &'static str,
    name: &'a str,
    file: String,
}

/// Makes a secret that the gateway and a recipient's receiver share. It is in the file alone.
fn webhook(voice: Voice, name: &str, out: Option<&Path>) -> Result<Exit> {
    let out = out.ok_or_else(|| Expected::new(Exit::Usage, "name the file to write: `--out FILE`"))?;
    let secret = new_secret().map_err(|_| usage(SealError::Random))?;
    write_new(out, &format!("{secret}\n"), 0o600).map_err(usage)?;
    let file = out.display().to_string();
    if voice.json {
        report::json(&WebhookJson { kind: "webhook", name, file });
    } else {
        report::line(&format!("shared secret  {file} (for the gateway and `{name}` alone)"));
    }
    Ok(Exit::Done)
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn usage(error: SealError) -> anyhow::Error {
    let exit = if matches!(error, SealError::Exists(_)) { Exit::Usage } else { Exit::Temporary };
    let cause = std::error::Error::source(&error).map_or_else(String::new, |c| format!(": {c}"));
    Expected::new(exit, format!("{error}{cause} ({})", error.code()))
}

/// Does what the words say, on a deployment.
pub(super) fn key(voice: Voice, deployment: &Deployment, what: &KeyCommand) -> Result<Exit> {
    match what {
        KeyCommand::New { kind, name, out } => new(voice, *kind, name, out.as_deref()),
        KeyCommand::List { as_of } => Ok(list(voice, deployment, *as_of)),
        KeyCommand::AllowedSigners => allowed_signers(voice, deployment),
    }
}

#[derive(Serialize)]
struct KeyJson {
    kind: &'static str,
    name: String,
    /// `null` where the key does not read.
    fingerprint: Option<String>,
    public: Option<String>,
    from: Option<String>,
    until: Option<String>,
    state: &'static str,
}

#[derive(Serialize)]
struct ListJson {
    keys: Vec<KeyJson>,
    reminders: Vec<String>,
}

fn key_json(
    (kind, name): (&'static str, &str),
    (fingerprint, public): (Option<String>, Option<String>),
    window: Window,
    state: &'static str,
) -> KeyJson {
    let text = |date: Option<Date>| date.map(|d| d.to_string());
    let (from, until) = (text(window.from), text(window.until));
    KeyJson { kind, name: name.into(), fingerprint, public, from, until, state }
}

fn state(window: Window, day: Date) -> &'static str {
    match () {
        () if window.over(day) => "ended",
        () if window.holds(day) => "valid",
        () => "to come",
    }
}

fn list(voice: Voice, deployment: &Deployment, as_of: Option<Date>) -> Exit {
    let today = || jiff::Timestamp::now().to_zoned_datetime(deployment.zone.clone()).date();
    let day = as_of.unwrap_or_else(today);
    let keyring = &deployment.keyring;
    let signs = keyring.signs(day).ok().map(|k| k.window);
    let mut keys = Vec::new();
    for key in &keyring.signing {
        let signer = Signer::read(&deployment.root, &key.secret).ok();
        let public = signer.as_ref().and_then(|s| s.public().to_openssh().ok());
        let state = if signs == Some(key.window) { "signs" } else { state(key.window, day) };
        let named = ("signer", keyring.identity.as_str());
        keys.push(key_json(named, (signer.map(|s| s.fingerprint()), public), key.window, state));
    }
    for (partner, all) in &keyring.recipients {
        for key in all {
            let shown = (Some(age_fingerprint(&key.text)), Some(key.text.clone()));
            keys.push(key_json(("recipient", partner), shown, key.window, state(key.window, day)));
        }
    }
    for (partner, key) in keyring.answers.all() {
        let shown = (Some(key.fingerprint(HashAlg::Sha256).to_string()), key.to_openssh().ok());
        keys.push(key_json(("answers", partner), shown, Window::default(), "valid"));
    }
    let reminders = reminders::keys(deployment, day);
    let waits = !reminders.is_empty();
    if voice.json {
        report::json(&ListJson { keys, reminders: reminders.iter().map(|p| p.what.clone()).collect() });
    } else {
        let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.to_owned());
        let row = |k: &KeyJson| {
            let days = [or(&k.from, "-"), or(&k.until, "-"), k.state.to_owned()];
            let whose = [k.kind.to_owned(), k.name.clone(), or(&k.fingerprint, "DOES NOT READ")];
            whose.into_iter().chain(days).collect::<Vec<String>>()
        };
        let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
        report::line(&table(voice.plain, &["kind", "name", "fingerprint", "from", "until", "state"], &rows));
    }
    report::print(&reminders, Severity::Warning, &deployment.texts, voice.style());
    if waits { Exit::Waiting } else { Exit::Done }
}

#[derive(Serialize)]
struct SignersJson {
    lines: Vec<String>,
    /// The same keys as they stand under checkpoints of the ledger: C2SP verifier keys.
    ledger: Vec<String>,
}

fn allowed_signers(voice: Voice, deployment: &Deployment) -> Result<Exit> {
    let keyring = &deployment.keyring;
    let mut lines = Vec::new();
    for key in &keyring.signing {
        let unusable = |e: SealError| Expected::new(Exit::Configuration, format!("{e} ({})", e.code()));
        let signer = Signer::read(&deployment.root, &key.secret).map_err(unusable)?;
        lines.extend(signers_line(&keyring.identity, key.window, signer.public()));
    }
    let ledger = witness::keys(deployment).lines().collect::<Vec<_>>();
    if voice.json {
        report::json(&SignersJson { lines, ledger });
    } else {
        lines.iter().for_each(|line| report::line(line));
        // A comment to OpenSSH and to `bundle verify`: one file serves all.
        ledger.iter().for_each(|key| report::line(&format!("# ledger {key}")));
    }
    Ok(Exit::Done)
}

/// Signing keys that do not read; a deployment of plain folders needs none.
pub(super) fn unread(deployment: &Deployment) -> Vec<Problem> {
    if deployment.settings.bundles.plain {
        return Vec::new();
    }
    let faults = deployment.keyring.signing.iter().filter_map(|k| {
        let error = Signer::read(&deployment.root, &k.secret).err()?;
        Some(Problem::new(error.code(), error.to_string()).in_config("lockgate.toml", k.at.clone()))
    });
    faults.collect()
}
