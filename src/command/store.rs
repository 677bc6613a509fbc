//! `lockgate store copy`: the store to a database server, or back into the folder.

use super::Voice;
use crate::cli::{StoreCommand, StoreCopyArgs};
use crate::config::{Deployment, SecretRef, password};
use crate::exit::{Exit, Expected};
use crate::open;
use crate::report;
use crate::store::{Server, StorePlace};
use anyhow::Result;
use serde::Serialize;

#[derive(Serialize)]
struct CopiedJson {
    to: String,
    tables: usize,
    rows: u64,
    ledger_entries: u64,
}

pub(super) async fn store(voice: Voice, deployment: &Deployment, what: &StoreCommand) -> Result<Exit> {
    let StoreCommand::Copy(args) = what;
    let place = place(deployment, args)?;
    let (store, _) = open::writing(deployment).await?;
    // The ledger is counted through before it is copied: one that does not read goes nowhere.
    let tree = store.tree().await?;
    let copied = store.move_to(&place).await;
    store.close().await?;
    let copied = copied.map_err(open::unopened)?;
    let to =
        place.server().map_or_else(|| deployment.state().display().to_string(), |s| s.shown().to_owned());
    if voice.json {
        let (tables, rows, ledger_entries) = (copied.tables, copied.rows, tree.size());
        report::json(&CopiedJson { to, tables, rows, ledger_entries });
    } else if !voice.quiet {
        report::line(&format!(
            "The store is copied to {to}: {} rows of {} tables, each read back and compared; {} entries of the ledger.",
            copied.rows,
            copied.tables,
            tree.size()
        ));
        let next = match place.server() {
            Some(_) => "say `url` in [store] of lockgate.toml",
            None => "take `url` and `password` out of [store] of lockgate.toml",
        };
        report::line(&format!("It goes on there: {next}, then `lockgate ledger verify`."));
    }
    Ok(Exit::Done)
}

/// Where it goes: the other of the two places that a deployment's store can have.
fn place(deployment: &Deployment, args: &StoreCopyArgs) -> Result<StorePlace> {
    let usage = |what: &str| Expected::new(Exit::Usage, what.to_owned());
    let on_server = deployment.store_place()?.server().is_some();
    if args.to == "folder" {
        if !on_server {
            return Err(usage("the store is in the folder already"));
        }
        return Ok(StorePlace::new(&deployment.state(), None));
    }
    if on_server {
        return Err(usage(
            "the store is on a server: copy it to `folder` first, or let the server's own tools copy its database",
        ));
    }
    let mut server = Server::parse(&args.to).map_err(|what| usage(&format!("--to: {what} (LG2953)")))?;
    if let Some(file) = &args.password_file {
        let reference = SecretRef { file: Some(file.clone()), env: None };
        server = server.with_password(&password(&deployment.root, &reference).map_err(usage)?);
    }
    Ok(StorePlace::new(&deployment.state(), Some(server)))
}
