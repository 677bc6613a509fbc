//! `lockgate check`: the whole deployment, without touching store or network.

use super::Voice;
use crate::approval::{self, Before};
use crate::config::{self, Texts};
use crate::exit::Exit;
use crate::night::reminders;
use crate::report::{self, GroupJson, ProblemJson, ProblemsJson, Severity};
use anyhow::Result;
use jiff::civil::Date;
use lockgate_core::problem::Problem;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct CheckJson<'a> {
    ok: bool,
    problems: Vec<ProblemJson<'a>>,
    groups: Vec<GroupJson<'a>>,
    feeds: usize,
    categories: usize,
    partners: usize,
    examples: usize,
    approved: bool,
    /// What works and somebody should look at.
    warnings: Vec<ProblemJson<'a>>,
}

/// Checks settings, schema, agreement, mappings and the examples inside them.
pub(super) fn check(voice: Voice, root: &Path, as_of: Option<Date>) -> Result<Exit> {
    let (mut numbers, mut warnings, mut approved) = ([0; 4], Vec::new(), false);
    let (problems, texts): (Vec<Problem>, Texts) = match config::load(root) {
        Err((problems, texts)) => (problems, texts),
        Ok(deployment) => {
            let mut problems = Vec::new();
            for mapping in &deployment.mappings {
                numbers[3] += mapping.example_count();
                problems.extend(mapping.run_examples().iter().map(|f| f.problem(mapping.file())));
            }
            if let Err(fault) = deployment.secret() {
                problems.push(Problem::new(fault.code(), fault.to_string()).in_config("lockgate.toml", 0..0));
            }
            problems.extend_from_slice(deployment.agreement.findings());
            // From the files alone: what nights ran under before is in the store, which `check` leaves alone.
            let standing = approval::examine(&deployment, &Before::default());
            approved = standing.approved();
            // What has faults is not to be signed yet.
            warnings
                .extend((!approved && problems.is_empty()).then(|| super::approve::unapproved(&standing)));
            let today = || jiff::Timestamp::now().to_zoned_datetime(deployment.zone.clone()).date();
            let day = as_of.unwrap_or_else(today);
            warnings.extend(reminders::agreement(&deployment, day));
            warnings.extend(reminders::keys(&deployment, day));
            problems.extend(super::key::unread(&deployment));
            problems.extend(deployment.unready_places());
            numbers[0] = deployment.mappings.len();
            numbers[1] = deployment.schema.categories().count();
            numbers[2] = deployment.agreement.partners().count();
            (problems, deployment.texts)
        }
    };
    let ok = problems.is_empty();
    let [feeds, categories, partners, examples] = numbers;
    if voice.json {
        let ProblemsJson { problems, groups } = ProblemsJson::new(&problems, Severity::Error, &texts);
        let warnings = warnings.iter().map(|p| ProblemJson::new(p, Severity::Warning, &texts)).collect();
        let approved = ok && approved;
        report::json(&CheckJson {
            ok,
            problems,
            groups,
            feeds,
            categories,
            partners,
            examples,
            approved,
            warnings,
        });
    } else {
        report::print(&problems, Severity::Error, &texts, voice.style());
        report::print(&warnings, Severity::Warning, &texts, voice.style());
        if ok && !voice.quiet {
            report::line(&format!(
                "The deployment is sound: {feeds} feeds with {examples} examples, {categories} categories, {partners} partners"
            ));
        }
    }
    Ok(if ok { Exit::Done } else { Exit::Problems })
}
