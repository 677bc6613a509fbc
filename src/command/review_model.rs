//! `lockgate review model FILE`: what another model would ask about, before it does. Nothing is written.

use super::{Voice, preview, reading};
use crate::cli::ReviewModelArgs;
use crate::config::Deployment;
use crate::exit::Exit;
use crate::night::link::{WhoIsWho, retained};
use crate::night::memories::Memories;
use crate::night::propose::{Asking, Scored};
use crate::night::summary::table;
use crate::night::weights::InForce;
use crate::report;
use crate::vault::Archive;
use anyhow::{Context as _, Result};
use lockgate_core::link::Pair;
use lockgate_core::linkage::math::{BIT, Weight};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct MovesJson {
    /// The model in force, and the one that was asked about.
    before: String,
    after: String,
    /// Pairs weighed by both.
    weighed: usize,
    /// Pairs that both ask about.
    both: usize,
    /// Pairs that only the other model asks about.
    newly: Vec<MoveJson>,
    /// Pairs that only the model in force asks about.
    no_longer: Vec<MoveJson>,
}

#[derive(Serialize)]
struct MoveJson {
    a: String,
    b: String,
    bits_before: f64,
    bits_after: f64,
}

/// Reports what would move.
pub(super) async fn model(voice: Voice, deployment: &Deployment, args: &ReviewModelArgs) -> Result<Exit> {
    let (before, after) = (InForce::of(deployment)?, InForce::read(deployment, args.file.as_deref())?);
    let (store, vault) = reading(deployment).await?;
    let day = store.runs(1).await?.first().map(|r| r.as_of).context("there is no run yet")?;
    let state = deployment.state();
    let archive = Archive::at(&state.join("archive"), &vault)?;
    let night = preview::night(deployment, (&store, &vault, &archive), &state, day);
    let files = retained(&night, &Memories::open(night.state)?, &mut []).await?;
    let asking = Asking::of(&night, &files, &WhoIsWho::default(), None).await?;
    let read = asking.read()?;
    let (was, will) = (asking.weigh(&before, read.as_ref()), asking.weigh(&after, read.as_ref()));
    let cohort = store.people().await?;
    let asked = |model: &InForce, scored: &[Scored]| asking.asked(model, scored, cohort);
    let (old, new) = (asked(&before, &was), asked(&after, &will));
    let weights =
        |scored: &[Scored]| scored.iter().map(|s| (s.pair, s.weight)).collect::<BTreeMap<Pair, Weight>>();
    let (was, will) = (weights(&was), weights(&will));
    let bits = |of: &BTreeMap<Pair, Weight>, pair: &Pair| {
        f64::from(of.get(pair).copied().unwrap_or(0)) / f64::from(BIT)
    };
    let line = |pair: &Pair| MoveJson {
        a: pair.a.to_string(),
        b: pair.b.to_string(),
        bits_before: bits(&was, pair),
        bits_after: bits(&will, pair),
    };
    let moves = MovesJson {
        before: before.words(),
        after: after.words(),
        weighed: was.len(),
        both: old.intersection(&new).count(),
        newly: new.difference(&old).map(line).collect(),
        no_longer: old.difference(&new).map(line).collect(),
    };
    if voice.json {
        report::json(&moves);
    } else {
        text(voice, &moves);
    }
    Ok(Exit::Done)
}

fn text(voice: Voice, moves: &MovesJson) {
    report::line(&format!(
        "{} pairs weighed; {} are asked about by both models, {} newly by {}, {} no longer",
        moves.weighed,
        moves.both,
        moves.newly.len(),
        moves.after,
        moves.no_longer.len()
    ));
    let rows = |what: &str, moved: &[MoveJson]| -> Vec<Vec<String>> {
        let row = |m: &MoveJson| {
            let (a, b) = (super::review::short(&m.a), super::review::short(&m.b));
            vec![what.into(), a, b, format!("{:+.1}", m.bits_before), format!("{:+.1}", m.bits_after)]
        };
        moved.iter().map(row).collect()
    };
    let all = [rows("newly", &moves.newly), rows("no longer", &moves.no_longer)].concat();
    if !all.is_empty() {
        report::line(&table(voice.plain, &["asked", "one", "the other", "bits before", "bits after"], &all));
    }
}
