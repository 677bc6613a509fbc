//! `lockgate agreement shadow`: what a proposed agreement would have changed, night by night and together: of the nights
//! that ran beside it, or of the last nights, asked again now. Nothing is given to anyone and nothing is written.

use super::agreement_diff::{Side, in_people, read};
use super::{Voice, reading};
use crate::cli::ShadowArgs;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::Summary;
use crate::night::past::{PastNight, past};
use crate::night::policy_diff::{PeopleDifference, Together, together};
use crate::night::summary::table;
use crate::report;
use crate::store::Store;
use anyhow::{Context as _, Result};
use lockgate_core::agreement::Agreement;
use serde::Serialize;

#[derive(Serialize)]
struct ShadowJson {
    /// Nights that were asked for.
    wanted: u32,
    /// Newest first.
    nights: Vec<NightJson>,
    /// Past nights that cannot be asked again.
    untold: Vec<UntoldJson>,
    /// What the nights come to; nothing when they ran beside different proposals.
    together: Vec<Together>,
}

#[derive(Serialize)]
struct NightJson {
    run: i64,
    as_of: String,
    /// The proposed agreement's digest and version.
    agreement: String,
    version: String,
    /// The digest of the agreement then in force, and its version where it was asked again.
    in_force: String,
    in_force_version: Option<String>,
    /// People that the night itself counted; more than were asked about when some have left since.
    cohort: u64,
    people: PeopleDifference,
}

#[derive(Serialize)]
struct UntoldJson {
    run: i64,
    as_of: String,
    why: &'static str,
}

/// What nights said of the proposed agreement beside the one in force. A named folder is asked for as it reads now: what
/// nights said of an earlier draft is not said of it.
pub(super) async fn shadow(voice: Voice, deployment: &Deployment, args: &ShadowArgs) -> Result<Exit> {
    let proposed = match &args.folder {
        Some(folder) => Some(read(voice, deployment, folder)?),
        None => None,
    };
    let proposed = proposed.as_ref().map(Side::agreement);
    let out = match args.past {
        Some(nights) => again(deployment, proposed.or(deployment.shadow.as_ref()), nights).await?,
        None => beside(deployment, proposed, args.nights).await?,
    };
    let lacking = (proposed.is_some() || args.past.is_some()) && out.nights.len() < out.wanted as usize;
    if voice.json {
        report::json(&out);
    } else {
        told(voice, &out);
        if lacking {
            let how = if args.past.is_some() { "could be asked" } else { "ran beside this agreement so far" };
            report::line(&format!("{} of {} nights {how}", out.nights.len(), out.wanted));
        }
    }
    Ok(if lacking { Exit::Waiting } else { Exit::Done })
}

/// The last nights that ran beside a proposed agreement: beside this one, or any.
async fn beside(deployment: &Deployment, proposed: Option<&Agreement>, wanted: u32) -> Result<ShadowJson> {
    let (store, _) = reading(deployment).await?;
    let nights = kept(&store, proposed.map(|p| p.digest().hex()).as_deref(), wanted).await?;
    let one = nights.iter().all(|n| nights.first().is_some_and(|first| first.agreement == n.agreement));
    let together = if one { together(nights.iter().map(|n| &n.people)) } else { Vec::new() };
    Ok(ShadowJson { wanted, nights, untold: Vec::new(), together })
}

/// What runs kept of a proposed agreement, newest first: of the one of this digest, or any.
async fn kept(store: &Store, wanted: Option<&str>, nights: u32) -> Result<Vec<NightJson>> {
    let mut out = Vec::new();
    // Runs without a proposal beside them, or with another, count for nothing when one is named.
    let back = if wanted.is_some() { u32::MAX } else { nights };
    for run in store.runs(back).await? {
        if out.len() >= nights as usize {
            break;
        }
        let Some(text) = run.summary else { continue };
        let summary: Summary = serde_json::from_str(&text).context("a run's summary does not read")?;
        let Some(shadow) = summary.shadow else { continue };
        if wanted.is_some_and(|digest| digest != shadow.agreement) {
            continue;
        }
        out.push(NightJson {
            run: run.id.0,
            as_of: run.as_of.to_string(),
            agreement: shadow.agreement,
            version: shadow.version,
            in_force: run.agreement_digest.hex(),
            in_force_version: None,
            cohort: summary.cohort,
            people: shadow.people,
        });
    }
    Ok(out)
}

/// The last nights, asked again.
async fn again(deployment: &Deployment, proposed: Option<&Agreement>, wanted: u32) -> Result<ShadowJson> {
    let Some(proposed) = proposed else {
        let what = "name the folder of the proposed agreement: `lockgate agreement shadow DIR --past N`";
        return Err(Expected::new(Exit::Usage, what));
    };
    let (store, vault) = reading(deployment).await?;
    let mut out = ShadowJson { wanted, nights: Vec::new(), untold: Vec::new(), together: Vec::new() };
    for PastNight { run, told } in past(deployment, &store, &vault, proposed, wanted as usize).await? {
        let (id, as_of) = (run.id.0, run.as_of.to_string());
        match told {
            Err(why) => out.untold.push(UntoldJson { run: id, as_of, why }),
            Ok(night) => out.nights.push(NightJson {
                run: id,
                as_of,
                agreement: proposed.digest().hex(),
                version: proposed.version().to_owned(),
                in_force: run.agreement_digest.hex(),
                in_force_version: Some(night.in_force),
                cohort: night.cohort.unwrap_or(night.people.people),
                people: night.people,
            }),
        }
    }
    out.together = together(out.nights.iter().map(|n| &n.people));
    Ok(out)
}

fn told(voice: Voice, out: &ShadowJson) {
    if out.nights.is_empty() && out.untold.is_empty() {
        report::line(
            "No night ran beside a proposed agreement: name its folder in `lockgate.toml`, `[shadow] agreement = \"…\"`, \
             or ask the last nights at once, `lockgate agreement shadow DIR --past 7`",
        );
    }
    for night in &out.nights {
        one(voice, night);
    }
    for UntoldJson { run, as_of, why } in &out.untold {
        report::line(&format!("Night of {as_of}, run {run}: {why}"));
    }
    if out.nights.len() < 2 {
        return;
    }
    if out.together.is_empty() && out.nights.iter().any(|n| !n.people.lines.is_empty()) {
        return report::line(
            "The nights ran beside different proposals: name one to see what they come to together",
        );
    }
    report::line(&format!("{} nights together", out.nights.len()));
    let row = |t: &Together| {
        let between =
            if t.fewest == t.most { t.most.to_string() } else { format!("{} to {}", t.fewest, t.most) };
        let (shift, recipient) = (t.shift.clone(), t.recipient.clone());
        vec![shift, recipient, t.field.clone(), t.clause.clone(), t.nights.to_string(), between]
    };
    let rows: Vec<Vec<String>> = out.together.iter().map(row).collect();
    let head = ["shift", "recipient", "field", "clause", "nights", "people a night"];
    report::line(&table(voice.plain, &head, &rows));
}

fn one(voice: Voice, night: &NightJson) {
    let short = |digest: &str| digest.get(..16).unwrap_or(digest).to_owned();
    let against = night.in_force_version.as_ref().map_or(String::new(), |version| {
        format!(", against version {version} ({}) then in force", short(&night.in_force))
    });
    let (version, digest) = (&night.version, short(&night.agreement));
    report::line(&format!(
        "Night of {}, run {}, beside version {version} ({digest}){against}",
        night.as_of, night.run
    ));
    if night.in_force_version.is_some() && night.cohort != night.people.people {
        report::line(&format!(
            "The night itself counted {} people: of those who have left since nothing is kept, and merged people are one",
            night.cohort
        ));
    }
    in_people(voice, &night.people);
}
