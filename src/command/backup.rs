//! `lockgate backup|restore`: the state as one folder, and back.

use super::{Voice, repair};
use crate::backup::{self, Done, ROOM};
use crate::cli::{BackupArgs, RestoreArgs};
use crate::config::Deployment;
use crate::exit::Exit;
use crate::report;
use anyhow::Result;
use serde::Serialize;

#[derive(Serialize)]
struct DoneJson<'a> {
    folder: String,
    files: usize,
    bytes: u64,
    ledger_entries: u64,
    made_at: &'a str,
}

/// Makes a backup, or reads one through.
pub(super) async fn backup(voice: Voice, deployment: &Deployment, args: &BackupArgs) -> Result<Exit> {
    let (done, word) = if args.check {
        (tokio::task::block_in_place(|| backup::check(&args.folder))?, "is whole")
    } else {
        (backup::make(deployment, &args.folder).await?, "is made")
    };
    say(voice, &done, &format!("The backup {} {word}", done.folder.display()));
    Ok(Exit::Done)
}

/// Puts a backup in the place of the state.
pub(super) async fn restore(voice: Voice, deployment: &Deployment, args: &RestoreArgs) -> Result<Exit> {
    let decision = repair::decision(&args.by, &args.reason)?;
    let done = backup::restore(deployment, &args.folder, &decision).await?;
    say(voice, &done, &format!("The state is restored to {}", done.folder.display()));
    if !voice.quiet && !voice.json {
        report::line(&format!(
            "What was sent after {} is not known: the next night sends everybody a snapshot, numbered {ROOM} further on.",
            done.made_at
        ));
    }
    Ok(Exit::Done)
}

fn say(voice: Voice, done: &Done, what: &str) {
    if voice.json {
        report::json(&DoneJson {
            folder: done.folder.display().to_string(),
            files: done.files,
            bytes: done.bytes,
            ledger_entries: done.entries,
            made_at: &done.made_at,
        });
    } else if !voice.quiet {
        let Done { files, bytes, entries, made_at, .. } = done;
        report::line(&format!(
            "{what}: {files} files, {bytes} bytes, {entries} entries of the ledger, of {made_at}"
        ));
    }
}
