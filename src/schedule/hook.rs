//! Telling somebody: the program under `[alarms]` gets each alarm as one JSON object on its standard input.

use super::alarms::Told;
use crate::config::Deployment;
use anyhow::{Context as _, Result, bail};
use lockgate_core::problem::Problem;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// How long the program may take.
const MOST: Duration = Duration::from_mins(1);

/// Tells the program of every alarm; what went wrong with it is told in turn.
pub(super) async fn tell(deployment: &Deployment, told: &[Told]) -> Vec<Problem> {
    let mut out = Vec::new();
    for one in told {
        if let Err(fault) = one_alarm(deployment, one).await {
            let what =
                format!("the alarm about feed `{}` was not told: {}", one.feed, crate::fault::told(&fault));
            out.push(Problem::new("LG2807", what));
        }
    }
    out
}

async fn one_alarm(deployment: &Deployment, told: &Told) -> Result<()> {
    let Some((program, words)) = deployment.schedules.alarm.split_first() else { return Ok(()) };
    let text = serde_json::to_string(&told.json(deployment))? + "\n";
    let mut child = Command::new(program)
        .args(words)
        .current_dir(&deployment.root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("starting the program")?;
    let done = tokio::time::timeout(MOST, async {
        if let Some(mut input) = child.stdin.take() {
            // One that does not read its input may have done its work all the same: its end says so.
            let _ = input.write_all(text.as_bytes()).await;
        }
        child.wait().await
    });
    let status = done.await.context("it took longer than a minute")?.context("waiting for it")?;
    if !status.success() {
        bail!("it ended with {}", status.code().map_or_else(|| "a signal".into(), |code| code.to_string()));
    }
    Ok(())
}
