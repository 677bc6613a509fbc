//! A gateway to practise on, with invented people alone: for a recipient's IT staff, before they are given anything real.
//!
//! The program carries a deployment of invented people (`build.rs`). A folder gets a copy of it with new keys, its nights are
//! run, and what they made is served by the real pull API. No other deployment can be used: nothing real comes near it.

mod drill;

pub use drill::Drill;

use crate::config::{self, Deployment};
use crate::deliver::stop;
use crate::exit::{Exit, Expected};
use crate::night::{self, Order};
use crate::seal::{NewKey, SEALED_ENDING, Signer, kept_folder, new_recipient, signers_line, write_new};
use crate::serve::{Collected as _, Notes, new_bearer};
use crate::store::{Names, Store};
use crate::vault::{Vault, private_folder};
use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use std::fs;
use std::path::{Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/sandbox.rs"));

/// The nights of the invented people.
const NIGHTS: [Date; 3] = [date(2008, 11, 17), date(2008, 11, 18), date(2008, 11, 19)];
/// The night after them: the files have nothing for it.
const NEXT: Date = date(2008, 11, 20);
/// A night by which the forms of the first ones are overdue.
const LATER: Date = date(2008, 12, 10);
const SETTINGS: &str = "lockgate.toml";

/// Where a sandbox lies.
#[derive(Debug, Clone)]
pub struct Place(PathBuf);

impl Place {
    /// The deployment: what the gateway's desk would see.
    pub fn gateway(&self) -> PathBuf {
        self.0.join("gateway")
    }

    /// The recipient's door, as a folder.
    pub fn door(&self) -> PathBuf {
        self.0.join("door")
    }

    /// The recipient's secret key.
    pub fn identity(&self) -> PathBuf {
        self.0.join("mine.age")
    }

    /// The gateway's lines.
    pub fn signers(&self) -> PathBuf {
        self.0.join("signers.txt")
    }
}

/// A sandbox that is ready to be served.
pub struct Sandbox {
    /// Where it lies.
    pub place: Place,
    /// Its deployment.
    pub deployment: Deployment,
    /// The recipient's bearer key.
    pub token: String,
    /// The last night's day.
    pub day: Date,
    /// The names of the bundles that there are.
    pub bundles: Vec<String>,
}

/// Makes a sandbox in a folder that is not there yet.
pub async fn make(folder: &Path, recipient: &str, drill: Option<Drill>, listen: &str) -> Result<Sandbox> {
    if folder.exists() {
        let what = format!("`{}` is there already: name another folder with --out", folder.display());
        return Err(Expected::new(Exit::Usage, what));
    }
    let place = Place(folder.to_owned());
    let settings = known(recipient)?;
    private_folder(folder).context("making the folder")?;
    unpack(&place.gateway()).context("writing the deployment")?;
    let NewKey { secret, public, .. } = new_recipient(recipient);
    write_new(&place.identity(), &secret, 0o600)?;
    let (token, digest) = new_bearer().map_err(|_| anyhow!("the operating system gave no random bytes"))?;
    let write = |key: &str| -> Result<()> {
        let own =
            format!("keys = [{{ age = \"{key}\" }}]\napi = {{ token_sha256 = [\"{}\"] }}", digest.hex());
        let serve = format!("\n[serve]\nlisten = \"{listen}\"\nplain_http = true\n");
        let text =
            with_keys(settings, recipient, &own).context("the settings have no such recipient")? + &serve;
        fs::write(place.gateway().join(SETTINGS), text).context("writing the settings")
    };
    write(&public)?;
    for day in NIGHTS {
        if drill == Some(Drill::WrongKey) && Some(&day) == NIGHTS.last() {
            write(&new_recipient("somebody else").public)?;
        }
        night_of(&place, recipient, day).await?;
    }
    let day = afterwards(&place, recipient, drill).await?;
    let deployment = load(&place)?;
    fs::write(place.signers(), signers(&deployment)?).context("writing the list of signers")?;
    fill(&place, recipient).context("filling the door")?;
    let names = bundles(&place)?;
    if let Some(drill) = drill {
        drill.spoil(&place, recipient, &names)?;
    }
    let bundles = bundles(&place)?;
    Ok(Sandbox { place, deployment, token, day, bundles })
}

/// What a drill needs to happen after the nights; the day it is then.
async fn afterwards(place: &Place, recipient: &str, drill: Option<Drill>) -> Result<Date> {
    let day = match drill {
        Some(Drill::Late) => LATER,
        Some(Drill::Withdrawn) => {
            withdraw(place, recipient).await?;
            NEXT
        }
        _ => return Ok(NIGHTS[2]),
    };
    night_of(place, recipient, day).await?;
    Ok(day)
}

/// Withdraws the last bundle, as the desk does with `bundle withdraw`.
async fn withdraw(place: &Place, recipient: &str) -> Result<()> {
    let deployment = load(place)?;
    let vault = Vault::new(deployment.usable_secret()?);
    let (categories, partners) = deployment.names();
    let names = Names { categories: &categories, partners: &partners };
    let store = Store::open(deployment.store_place()?, &vault, &names).await?;
    let name = waiting(place, recipient)?.pop().context("a bundle waits")?;
    let row = store.bundle(&name).await?.context("the store knows what waits")?;
    let partner = row.recipient.context("a bundle has a recipient")?;
    let why = stop::Why { day: row.bundle.as_of, by: "sandbox", reference: "a drill" };
    stop::from(&deployment, &store, partner, row.bundle.sequence, &why).await?;
    store.close().await.context("closing the store")
}

/// The settings of the deployment, if they have the recipient.
fn known(recipient: &str) -> Result<&'static str> {
    let file = FILES.iter().find(|(name, _)| *name == SETTINGS).context("the program carries settings")?;
    let text = str::from_utf8(file.1).context("the settings are a text")?;
    let table: toml::Table = toml::from_str(text).context("the settings read")?;
    let all =
        table.get("recipient").and_then(toml::Value::as_table).context("the settings have recipients")?;
    if all.contains_key(recipient) {
        return Ok(text);
    }
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    let what = format!("the sandbox has no recipient `{recipient}`; it has {}", names.join(", "));
    Err(Expected::new(Exit::Usage, what))
}

fn unpack(folder: &Path) -> std::io::Result<()> {
    for (name, bytes) in FILES {
        let place = folder.join(name);
        if let Some(above) = place.parent() {
            private_folder(above)?;
        }
        fs::write(place, bytes)?;
    }
    Ok(())
}

/// The settings with other lines under a recipient.
fn with_keys(settings: &str, recipient: &str, lines: &str) -> Option<String> {
    let head = format!("[recipient.{recipient}]\n");
    let (before, after) = settings.split_once(&head)?;
    let rest = after.split_once("\n\n").map_or("", |(_, rest)| rest);
    Some(format!("{before}{head}{lines}\n\n{rest}"))
}

fn load(place: &Place) -> Result<Deployment> {
    config::load(&place.gateway()).map_err(|(problems, _)| {
        anyhow!("the sandbox does not read: {}", problems.first().map_or("", |p| p.what.as_str()))
    })
}

/// A night, after a recipient that has fetched all that there was: what waits and holds something that was withdrawn since would be
/// stopped, and nobody would see a delta.
async fn night_of(place: &Place, recipient: &str, day: Date) -> Result<()> {
    let notes = Notes::at(&place.gateway().join("state"));
    for name in waiting(place, recipient)? {
        notes.collected(recipient, &name, Timestamp::now()).context("noting what was fetched")?;
    }
    let deployment = load(place)?;
    let order = Order { as_of: day, feeds: Vec::new(), dry_run: false };
    night::run::run(&deployment, order, true).await.map(drop)
}

fn signers(deployment: &Deployment) -> Result<String> {
    let keyring = &deployment.keyring;
    let mut text = String::new();
    for key in &keyring.signing {
        let signer = Signer::read(&deployment.root, &key.secret)?;
        let line = signers_line(&keyring.identity, key.window, signer.public());
        text += &format!("{}\n", line.context("a signer's line")?);
    }
    Ok(text)
}

/// The names of the recipient's sealed bundles in the outbox, in their order.
fn waiting(place: &Place, recipient: &str) -> Result<Vec<String>> {
    let outbox = place.gateway().join("state/outbox");
    let mut names = Vec::new();
    let entries = match fs::read_dir(outbox.join(recipient)) {
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(names),
        entries => entries.context("the outbox")?,
    };
    for entry in entries {
        let name = entry.context("the outbox")?.file_name().to_string_lossy().into_owned();
        // Of a bundle that was stopped the manifest alone is there.
        if kept_folder(&outbox, recipient, &name).join(format!("{name}{SEALED_ENDING}")).is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Puts at the door what the API gives: the recipient fetches, and nothing is brought to it.
fn fill(place: &Place, recipient: &str) -> Result<()> {
    private_folder(&place.door())?;
    for name in waiting(place, recipient)? {
        let kept = kept_folder(&place.gateway().join("state/outbox"), recipient, &name);
        for ending in [SEALED_ENDING.to_owned(), format!("{SEALED_ENDING}.sig")] {
            let file = format!("{name}{ending}");
            fs::copy(kept.join(&file), place.door().join(&file))?;
        }
    }
    Ok(())
}

/// The names of the bundles at the door, in their order.
fn bundles(place: &Place) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(place.door()).context("the door")? {
        let name = entry.context("the door")?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(SEALED_ENDING).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_program_carries_its_own_deployment_and_nothing_broken() {
        let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert!(names.len() > 100 && names.contains(&"fixtures/keys/store.secret"));
        assert!(names.iter().all(|n| !n.starts_with("fixtures/broken")));
    }

    #[test]
    fn a_recipients_lines_are_replaced_and_no_others() {
        let text = "a = 1\n[recipient.x]\nkeys = [1]\n\n[recipient.y]\nkeys = [2]\n";
        let new = with_keys(text, "x", "keys = [3]").unwrap();
        assert_eq!(new, "a = 1\n[recipient.x]\nkeys = [3]\n\n[recipient.y]\nkeys = [2]\n");
        assert_eq!(
            with_keys(text, "y", "keys = [3]").unwrap(),
            "a = 1\n[recipient.x]\nkeys = [1]\n\n[recipient.y]\nkeys = [3]\n\n"
        );
        assert_eq!(with_keys(text, "z", ""), None);
    }
}
