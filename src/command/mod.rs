//! The commands: one file each; they say what happened and end with an exit code.

mod agreement;
mod agreement_diff;
mod agreement_shadow;
mod annex;
mod approve;
mod backup;
mod bundle;
mod check;
mod correction;
mod deliver;
mod doctor;
mod explain;
mod feed;
mod feed_new;
mod fmt;
mod history;
mod key;
mod ledger;
mod ledger_bundle;
mod ledger_held;
mod ledger_links;
mod ledger_person;
mod ledger_proof;
mod link;
mod notify;
mod open;
mod partner;
mod preview;
mod quarantine;
mod receipt;
mod register;
mod repair;
mod review;
mod review_model;
mod review_show;
mod run;
mod run_page;
mod sandbox;
mod schema;
mod serve;
mod status;
mod store;
mod support;
mod why;
mod worker;

use crate::cli::{AgreementCommand, BundleCommand, Cli, Command, KeyCommand, LedgerCommand};
use crate::config::{self, Deployment};
use crate::exit::Exit;
use crate::open::{reading, reading_if_made};
use crate::report::{self, GroupJson, ProblemJson, ProblemsJson, Severity, Style};
use anyhow::Result;
use clap::CommandFactory as _;
use serde::Serialize;

pub(crate) use agreement::partner as partner_of;
pub(crate) use repair::{decision, writing};
pub(crate) use why::identity;

/// How a command speaks.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    /// JSON on standard output.
    pub json: bool,
    /// No drawings.
    pub plain: bool,
    /// Problems only.
    pub quiet: bool,
}

impl Voice {
    /// The style of problems.
    pub const fn style(self) -> Style {
        if self.plain { Style::Plain } else { Style::Human }
    }
}

/// Does what the command line says.
pub async fn dispatch(cli: Cli) -> Result<Exit> {
    let voice = Voice { json: cli.json, plain: cli.plain, quiet: cli.quiet };
    match &cli.command {
        Command::Explain { code } => return explain::explain(voice, code),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "lockgate", &mut std::io::stdout());
            return Ok(Exit::Done);
        }
        Command::Check { as_of } => return check::check(voice, &cli.config, *as_of),
        Command::Fmt(args) => return fmt::fmt(voice, &cli.config, args),
        Command::Schema { kind, out } => return schema::schema(voice, kind.as_deref(), out.as_deref()),
        Command::Bundle(BundleCommand::Verify(args)) => return open::verify(voice, args),
        Command::Bundle(BundleCommand::Open(args)) => return open::open(voice, args),
        Command::Sandbox(args) => return sandbox::sandbox(voice, args).await,
        Command::Link(args) => return link::link(voice, args),
        Command::Key(KeyCommand::New { kind, name, out }) => {
            return key::new(voice, *kind, name, out.as_deref());
        }
        _ => {}
    }
    let Some(deployment) = load(voice, &cli.config) else { return Ok(Exit::Configuration) };
    match cli.command {
        Command::Run(args) => run::run(voice, &deployment, &args).await,
        Command::Serve(args) => Box::pin(serve::serve(voice, &cli.config, deployment, &args)).await,
        Command::Worker(args) => Box::pin(worker::worker(voice, deployment, &args)).await,
        Command::Status => status::status(voice, &deployment).await,
        Command::History(args) => history::history(voice, &deployment, &args).await,
        Command::Feed(what) => feed::feed(voice, &deployment, what).await,
        Command::Bundle(what) => bundle::bundle(voice, &deployment, &what).await,
        Command::Doctor(args) => doctor::doctor(voice, &deployment, &args).await,
        Command::Backup(args) => backup::backup(voice, &deployment, &args).await,
        Command::Restore(args) => backup::restore(voice, &deployment, &args).await,
        Command::Store(what) => store::store(voice, &deployment, &what).await,
        Command::Key(what) => key::key(voice, &deployment, &what),
        Command::Ledger(LedgerCommand::Verify(args)) => ledger::verify(voice, &deployment, &args).await,
        Command::Ledger(LedgerCommand::Export { out }) => {
            ledger_proof::export(voice, &deployment, &out).await
        }
        Command::Ledger(LedgerCommand::Show(args)) => ledger_person::show(voice, &deployment, &args).await,
        Command::Ledger(LedgerCommand::Prove(args)) => ledger_proof::prove(&deployment, &args).await,
        Command::Receipt(what) => receipt::receipt(voice, &deployment, &what).await,
        Command::Correction(what) => correction::correction(voice, &deployment, &what).await,
        Command::Register(what) => register::register(voice, &deployment, &what).await,
        Command::Partner(what) => partner::partner(voice, &deployment, &what).await,
        Command::Quarantine(what) => quarantine::quarantine(voice, &deployment, &what).await,
        Command::Review(what) => review::review(voice, &deployment, &what).await,
        Command::Agreement(AgreementCommand::Matrix(args)) => annex::matrix(voice, &deployment, &args),
        Command::Agreement(AgreementCommand::Clauses) => {
            annex::clauses(voice, &deployment);
            Ok(Exit::Done)
        }
        Command::Agreement(AgreementCommand::WhoSees { field }) => {
            agreement::who_sees(voice, &deployment, &field)
        }
        Command::Agreement(AgreementCommand::WhatSees { recipient }) => {
            agreement::what_sees(voice, &deployment, &recipient)
        }
        Command::Agreement(AgreementCommand::Approve(args)) => {
            approve::approve(voice, &deployment, &args).await
        }
        Command::Agreement(AgreementCommand::Status) => approve::status(voice, &deployment).await,
        Command::Agreement(AgreementCommand::Diff(args)) => {
            agreement_diff::diff(voice, &deployment, &args).await
        }
        Command::Agreement(AgreementCommand::Shadow(args)) => {
            agreement_shadow::shadow(voice, &deployment, &args).await
        }
        Command::Agreement(AgreementCommand::Why { person, recipient, field, as_of, by, reason }) => {
            let asked = why::Asked { person: &person, recipient: &recipient, field: &field, as_of };
            why::why(voice, &deployment, &asked, (&by, &reason)).await
        }
        Command::Explain { .. }
        | Command::Completions { .. }
        | Command::Check { .. }
        | Command::Fmt(_)
        | Command::Schema { .. }
        | Command::Link(_)
        | Command::Sandbox(_) => Ok(Exit::Done),
    }
}

/// A deployment that cannot be used, as any command's `--json` tells it.
#[derive(Serialize)]
struct BrokenJson<'a> {
    ok: bool,
    problems: Vec<ProblemJson<'a>>,
    groups: Vec<GroupJson<'a>>,
}

/// Loads the deployment, or prints what is wrong with it.
fn load(voice: Voice, root: &std::path::Path) -> Option<Deployment> {
    match config::load(root) {
        Ok(deployment) => Some(deployment),
        Err((problems, texts)) => {
            if voice.json {
                let ProblemsJson { problems, groups } = ProblemsJson::new(&problems, Severity::Error, &texts);
                report::json(&BrokenJson { ok: false, problems, groups });
            } else {
                report::print(&problems, Severity::Error, &texts, voice.style());
            }
            None
        }
    }
}
