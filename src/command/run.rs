//! `lockgate run`: one night.

use super::Voice;
use crate::cli::RunArgs;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::Order;
use crate::night::Summary;
use crate::night::reminders;
use crate::night::run::run as night;
use crate::open;
use crate::report::{self, GroupJson, ProblemJson, ProblemsJson, Severity};
use crate::schedule;
use anyhow::Result;
use jiff::civil::Date;
use serde::Serialize;

/// The night's numbers, and what is to be said about its files.
#[derive(Serialize)]
struct RunJson<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    problems: Vec<ProblemJson<'a>>,
    groups: Vec<GroupJson<'a>>,
}

/// Today, if the clock can be right: a night of a day far ahead would make every later one impossible.
async fn today(deployment: &Deployment) -> Result<Date> {
    if let Some((store, _)) = open::up_to_date(deployment).await? {
        let runs = store.runs(200).await?;
        store.close().await?;
        if let Some(doubt) = schedule::doubt(&runs, deployment.clock.now()) {
            return Err(Expected::new(Exit::Temporary, format!("{} ({})", doubt.what, doubt.code)));
        }
    }
    Ok(deployment.clock.today(&deployment.zone))
}

/// Runs a night and prints its tables and balance.
pub(super) async fn run(voice: Voice, deployment: &Deployment, args: &RunArgs) -> Result<Exit> {
    let feeds: Vec<&str> = deployment.mappings.iter().map(lockgate_core::mapping::Mapping::name).collect();
    if let Some(unknown) = args.feeds.iter().find(|f| !feeds.contains(&f.as_str())) {
        let what = format!("there is no feed `{unknown}`; the feeds are {}", feeds.join(", "));
        return Err(Expected::new(Exit::Usage, what));
    }
    let as_of = match args.as_of {
        Some(day) => day,
        None => today(deployment).await?,
    };
    let order = Order { as_of, feeds: args.feeds.clone(), dry_run: args.dry_run };
    let told = night(deployment, order, voice.quiet || voice.json).await?;
    let texts = &deployment.texts;
    let mut warnings = told.warnings.clone();
    warnings.extend(reminders::agreement(deployment, as_of));
    // A key that is missing was an error of the night already.
    warnings.extend(reminders::keys(deployment, as_of).into_iter().filter(|p| p.code != "LG2213"));
    // Cron mails what is said: how it ended stands first, and a clean night says nothing.
    if voice.quiet
        && !voice.json
        && (told.summary.ended() != Exit::Done || !told.errors.is_empty() || !warnings.is_empty())
    {
        anstream::eprintln!("{}", told.summary.headline());
    }
    report::print(&told.errors, Severity::Error, texts, voice.style());
    report::print(&warnings, Severity::Warning, texts, voice.style());
    if voice.json {
        let mut problems = ProblemsJson::new(&told.errors, Severity::Error, texts);
        problems.extend(&warnings, Severity::Warning, texts);
        let ProblemsJson { problems, groups } = problems;
        report::json(&RunJson { summary: &told.summary, problems, groups });
    } else if !voice.quiet {
        report::line(told.summary.text(voice.plain).trim_end());
    }
    Ok(told.summary.ended())
}
