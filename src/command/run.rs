//! `lockgate run`: one night.

use super::Voice;
use crate::cli::RunArgs;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::Order;
use crate::night::reminders;
use crate::night::run::run as night;
use crate::report::{self, Severity};
use anyhow::Result;
use jiff::Timestamp;

/// Runs a night and prints its tables and balance.
pub(super) async fn run(voice: Voice, deployment: &Deployment, args: &RunArgs) -> Result<Exit> {
    let feeds: Vec<&str> = deployment.mappings.iter().map(lockgate_core::mapping::Mapping::name).collect();
    if let Some(unknown) = args.feeds.iter().find(|f| !feeds.contains(&f.as_str())) {
        let what = format!("there is no feed `{unknown}`; the feeds are {}", feeds.join(", "));
        return Err(Expected::new(Exit::Usage, what));
    }
    let today = || Timestamp::now().to_zoned_datetime(deployment.zone.clone()).date();
    let as_of = args.as_of.unwrap_or_else(today);
    let order = Order { as_of, feeds: args.feeds.clone(), dry_run: args.dry_run };
    let told = night(deployment, order, voice.quiet || voice.json).await?;
    report::print(&told.held, Severity::Error, &deployment.texts, voice.style());
    report::print(&told.warnings, Severity::Warning, &deployment.texts, voice.style());
    let reminder: Vec<_> = reminders::review(deployment, as_of).into_iter().collect();
    report::print(&reminder, Severity::Warning, &deployment.texts, voice.style());
    if voice.json {
        report::json(&told.summary);
    } else if !voice.quiet {
        report::line(told.summary.text(voice.plain).trim_end());
    }
    if !told.summary.balances() {
        return Ok(Exit::Fault);
    }
    Ok(told.summary.ended())
}
