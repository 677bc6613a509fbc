//! `lockgate agreement diff`: what a changed agreement would give to whom, in cells and in people.

use super::{Voice, approve, reading};
use crate::approval::snapshot::{self, Kept};
use crate::cli::AgreementDiffArgs;
use crate::config::{Deployment, load_agreement};
use crate::exit::{Exit, Expected};
use crate::night::policy_diff::{Comparison, PeopleDifference, people};
use crate::night::summary::table;
use crate::report::{self, Severity};
use anyhow::{Context as _, Result};
use lockgate_core::agreement::Agreement;
use lockgate_core::agreement::diff::{Change, Direction, difference};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct DiffJson<'a> {
    before: String,
    after: String,
    changes: Vec<ChangeJson<'a>>,
    people: Option<&'a PeopleDifference>,
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    direction: &'static str,
    recipient: Option<&'a str>,
    subject: &'a str,
    before: &'a str,
    after: &'a str,
    parts: &'a [&'static str],
}

fn change(of: &Change) -> ChangeJson<'_> {
    ChangeJson {
        direction: of.direction.word(),
        recipient: of.recipient.as_deref(),
        subject: &of.subject,
        before: &of.before,
        after: &of.after,
        parts: &of.parts,
    }
}

/// One side of the comparison: the deployment's own agreement, or one that was read for it.
pub(super) enum Side<'a> {
    Here(&'a Agreement),
    Read(Box<Agreement>),
}

impl Side<'_> {
    pub(super) const fn agreement(&self) -> &Agreement {
        match self {
            Side::Here(agreement) => agreement,
            Side::Read(agreement) => agreement,
        }
    }
}

/// Compares two agreements, and on request counts people.
pub(super) async fn diff(voice: Voice, deployment: &Deployment, args: &AgreementDiffArgs) -> Result<Exit> {
    let before = match &args.before {
        Some(folder) => read(voice, deployment, folder)?,
        None => in_force(deployment).await?,
    };
    let after = match &args.after {
        Some(folder) => read(voice, deployment, folder)?,
        None => Side::Here(&deployment.agreement),
    };
    let (before, after) = (before.agreement(), after.agreement());
    let changes = difference((before, &deployment.schema), (after, &deployment.schema));
    let counted = if args.people { Some(count(deployment, args, before, after).await?) } else { None };
    if voice.json {
        let (from, to) = (before.digest().hex(), after.digest().hex());
        let changes = changes.iter().map(change).collect();
        report::json(&DiffJson { before: from, after: to, changes, people: counted.as_ref() });
    } else {
        cells(voice, &changes);
        if let Some(counted) = &counted {
            in_people(voice, counted);
        }
    }
    Ok(Exit::Done)
}

/// The agreement that nights ran under last.
async fn in_force<'a>(deployment: &Deployment) -> Result<Side<'a>> {
    let none = |what: &str| {
        Expected::new(Exit::Usage, format!("{what}: name the folder to compare with, `agreement diff A B`"))
    };
    let before = approve::before(deployment).await?;
    let digest = before.digest.ok_or_else(|| none("no night ran under any agreement yet"))?;
    match snapshot::read(&deployment.state(), &digest, &deployment.schema) {
        Kept::Whole(policy) => Ok(Side::Read(Box::new(policy.agreement))),
        Kept::Unreadable => Err(none("the agreement that is in force does not read under today's schema")),
        Kept::Absent => {
            Err(none("the store's copy of the agreement that is in force is gone or was changed"))
        }
    }
}

/// Reads the agreement in a folder, or in its `agreement/`.
pub(super) fn read<'a>(voice: Voice, deployment: &Deployment, folder: &Path) -> Result<Side<'a>> {
    let inner = folder.join("agreement");
    let folder: PathBuf = if inner.join("agreement.toml").exists() { inner } else { folder.to_owned() };
    let folder = std::path::absolute(&folder).context("finding the folder")?;
    match load_agreement(&folder, &deployment.schema) {
        Ok(policy) => Ok(Side::Read(Box::new(policy.agreement))),
        Err((problems, texts)) => {
            report::print(&problems, Severity::Error, &texts, voice.style());
            let what = format!("the agreement in `{}` does not read", folder.display());
            Err(Expected::new(Exit::Configuration, what))
        }
    }
}

async fn count(
    deployment: &Deployment,
    args: &AgreementDiffArgs,
    before: &Agreement,
    after: &Agreement,
) -> Result<PeopleDifference> {
    let (store, vault) = reading(deployment).await?;
    let as_of = match args.as_of {
        Some(day) => day,
        None => approve::day(deployment, Some(&store)).await?,
    };
    people(&Comparison { deployment, store: &store, vault: &vault, before, after, as_of, then: None }).await
}

fn cells(voice: Voice, changes: &[Change]) {
    if changes.is_empty() {
        return report::line("Nothing changes about who may receive what");
    }
    let counts: Vec<String> = Direction::ALL
        .iter()
        .map(|d| format!("{} {}", changes.iter().filter(|c| c.direction == *d).count(), d.word()))
        .collect();
    report::line(&counts.join(", "));
    let row = |c: &Change| {
        let who = c.recipient.clone().unwrap_or_else(|| "everybody".into());
        let what = [
            c.direction.word().into(),
            who,
            c.subject.clone(),
            c.before.clone(),
            c.after.clone(),
            c.parts.join(", "),
        ];
        what.to_vec()
    };
    let rows: Vec<Vec<String>> = changes.iter().map(row).collect();
    report::line(&table(
        voice.plain,
        &["change", "recipient", "field or rule", "before", "after", "of"],
        &rows,
    ));
}

/// Prints a difference in people.
pub(super) fn in_people(voice: Voice, counted: &PeopleDifference) {
    if counted.supposed {
        report::line(&format!(
            "The proposed agreement is not in force on {}: it was asked as though it were",
            counted.as_of
        ));
    }
    report::line(&format!(
        "Of {} people on {}: something would newly leave of {}, and leave no more of {}",
        counted.people, counted.as_of, counted.newly, counted.no_longer
    ));
    if counted.lines.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = counted
        .lines
        .iter()
        .map(|l| {
            vec![
                l.shift.clone(),
                l.recipient.clone(),
                l.field.clone(),
                l.clause.clone(),
                l.people.to_string(),
            ]
        })
        .collect();
    report::line(&table(voice.plain, &["shift", "recipient", "field", "clause", "people"], &rows));
}
