//! Drills: one thing is wrong, and the recipient should notice just that.

use super::Place;
use crate::seal::{SEALED_ENDING, kept_folder};
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use std::fs;
use std::path::PathBuf;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Drill {
    /// The last bundle is sealed to somebody else's key
    WrongKey,
    /// The bundle before the last is missing
    Gap,
    /// Forms are overdue
    Late,
    /// A byte of the last bundle was changed on its way
    Tampered,
    /// The third bundle was withdrawn before it was fetched, and a snapshot followed
    Withdrawn,
}

impl Drill {
    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::WrongKey => "wrong-key",
            Self::Gap => "gap",
            Self::Late => "late",
            Self::Tampered => "tampered",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What the recipient should see, and do.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::WrongKey => {
                "The last bundle's signature is good, and your key does not open it: `bundle open` says LG2307 and ends 7, age says that \
                 no identity matched. Load nothing, and call the desk: it came to the wrong door, or was sealed to a key that you no \
                 longer have."
            }
            Self::Gap => {
                "Every bundle that is there is good, and number 2 is not there: `bundle open --after 1` of the last one says LG2315 and \
                 ends 6. Apply nothing after the gap; ask the desk for the missing one, and apply both in their order."
            }
            Self::Late => {
                "Every bundle is good. The forms of the first ones should have come back by now: the desk sees it with `lockgate receipt \
                 list --overdue`, which ends 4. Fill in `acknowledge.csv` and send it (docs/pull.md, or `in/ack` of the door); after the \
                 next night the list is shorter."
            }
            Self::Tampered => {
                "The last bundle is not as the gateway signed it: `bundle verify` says LG2306 and ends 7, ssh-keygen says that the \
                 signature is incorrect. Do not open it; fetch it again, and when it stays so, call the desk."
            }
            Self::Withdrawn => {
                "Every bundle that is there is good, and number 3 is not there: the list has 1, 2 and 4, and whoever asks for it is told 404, \
                 as of any name that does not exist. Number 4 is a snapshot: `bundle open --after 2` says GOOD, ends 0, and notes that \
                 number 3 is missing and that a snapshot stands for itself; so does `bundle verify --identity … --after 2`. Apply it: what \
                 is not in it is to be destroyed. Do not wait for number 3."
            }
        }
    }

    /// Spoils what lies in the outbox, from which the API gives, and at the door.
    pub(super) fn spoil(self, place: &Place, recipient: &str, names: &[String]) -> Result<()> {
        let kept = |name: &str| kept_folder(&place.gateway().join("state/outbox"), recipient, name);
        let last = names.last().context("a bundle was made")?;
        match self {
            Self::WrongKey | Self::Late | Self::Withdrawn => Ok(()),
            Self::Gap => {
                let at = names.len().saturating_sub(2);
                let name = names.get(at).context("two bundles were made")?;
                fs::remove_dir_all(kept(name)).context("removing a bundle")?;
                for ending in [SEALED_ENDING.to_owned(), format!("{SEALED_ENDING}.sig")] {
                    fs::remove_file(place.door().join(format!("{name}{ending}")))
                        .context("removing a bundle")?;
                }
                Ok(())
            }
            Self::Tampered => {
                let file = format!("{last}{SEALED_ENDING}");
                for place in [kept(last).join(&file), place.door().join(&file)] {
                    change(&place).context("changing a byte")?;
                }
                Ok(())
            }
        }
    }
}

fn change(place: &PathBuf) -> std::io::Result<()> {
    let mut bytes = fs::read(place)?;
    let at = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1;
    }
    fs::write(place, bytes)
}
