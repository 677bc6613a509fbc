//! A gateway to practise on, with invented people alone: for a recipient's IT staff, before they are given anything real.
//!
//! The program carries a deployment of invented people (`build.rs`). A folder gets a copy of it with new keys, its nights are
//! run, and what they made is served by the real pull API. No other deployment can be used: nothing real comes near it.

mod drill;

pub use drill::Drill;

use crate::config::{self, Deployment};
use crate::exit::{Exit, Expected};
use crate::night::{self, Order};
use crate::seal::{NewKey, SEALED_ENDING, Signer, new_recipient, signers_line, write_new};
use crate::serve::new_bearer;
use crate::vault::private_folder;
use anyhow::{Context as _, Result, anyhow};
use jiff::civil::{Date, date};
use std::fs;
use std::path::{Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/sandbox.rs"));

/// The nights of the invented people.
const NIGHTS: [Date; 3] = [date(2008, 11, 17), date(2008, 11, 18), date(2008, 11, 19)];
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
        night_of(&place, day).await?;
    }
    let day = if drill == Some(Drill::Late) { LATER } else { date(2008, 11, 19) };
    if day == LATER {
        night_of(&place, day).await?;
    }
    let deployment = load(&place)?;
    fs::write(place.signers(), signers(&deployment)?).context("writing the list of signers")?;
    copy(&place.gateway().join("state/bundles").join(recipient), &place.door())
        .context("filling the door")?;
    let names = bundles(&place)?;
    if let Some(drill) = drill {
        drill.spoil(&place, recipient, &names)?;
    }
    let bundles = bundles(&place)?;
    Ok(Sandbox { place, deployment, token, day, bundles })
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

async fn night_of(place: &Place, day: Date) -> Result<()> {
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

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    private_folder(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
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
