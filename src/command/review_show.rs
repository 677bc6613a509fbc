//! A pair side by side: what brings the two together, what speaks against it, what a decision would let out or call back; and
//! on request the values themselves.

use super::review::{ruled, short};
use super::{Voice, explain, preview};
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::summary::table;
use crate::night::weights::{InForce, Read};
use crate::report;
use crate::review::effect::{EffectLine, effect};
use crate::review::look::{Look, Who};
use crate::store::{ReviewRow, Store};
use crate::vault::{Archive, Vault};
use anyhow::{Context as _, Result};
use lockgate_core::link::{How, Pair, Ruling, Verdict, compare};
use lockgate_core::linkage::explain::Line;
use lockgate_core::linkage::guard::Bar;
use lockgate_core::linkage::math::BIT;
use lockgate_core::record::IdentityId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A pair as it is shown.
#[derive(Serialize)]
pub(super) struct Shown {
    a: SideJson,
    b: SideJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    /// Whether they are one person by what is remembered and decided now.
    one_person: bool,
    /// What counts of what was decided; while a second person is asked nobody is told what the first one said.
    decided: &'static str,
    second: bool,
    evidence: Vec<EvidenceJson>,
    /// What the model in force says of the two; absent when their files are kept no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<WeightsJson>,
    if_same: Vec<EffectLine>,
    if_different: Vec<EffectLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<ValueJson>,
}

/// How a pair is shown.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// With personal values.
    pub(super) values: bool,
    /// As though nobody had said anything of it yet.
    pub(super) blind: bool,
}

/// One of the two.
#[derive(Serialize)]
struct SideJson {
    identity: String,
    /// Whether it belongs to a person in the cohort.
    cohort: bool,
    /// How many other identities are one person with it.
    with: usize,
    sources: Vec<SourceJson>,
}

#[derive(Serialize)]
struct SourceJson {
    feed: String,
    partner: String,
    rows: u64,
}

/// How the two stand to each other in one kind of evidence.
#[derive(Serialize)]
struct EvidenceJson {
    what: &'static str,
    how: &'static str,
    /// Whether a person has only one.
    unique: bool,
}

/// What the evidence weighs, field by field, in bits.
#[derive(Serialize)]
struct WeightsJson {
    /// The model's version, and its date where it has one.
    model: String,
    bits: f64,
    /// From how many bits on a person is asked.
    ask_from: f64,
    /// The likeliest other story.
    against: &'static str,
    /// The code of what forbids to join them, whatever they weigh.
    #[serde(skip_serializing_if = "Option::is_none")]
    barred: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    barred_for: Option<&'static str>,
    lines: Vec<WeightJson>,
}

#[derive(Serialize)]
struct WeightJson {
    field: String,
    agreement: String,
    bits: f64,
}

/// Personal values of both.
#[derive(Serialize)]
struct ValueJson {
    what: &'static str,
    a: Vec<String>,
    b: Vec<String>,
    mark: &'static str,
}

/// Prints a pair.
pub(super) async fn show(
    voice: Voice,
    deployment: &Deployment,
    (store, vault): (&Store, &Vault),
    pair: Pair,
    manner: Manner,
) -> Result<()> {
    let day = store.runs(1).await?.first().map(|r| r.as_of).context("there is no run yet")?;
    let state = deployment.state();
    let archive = Archive::at(&state.join("archive"), vault)?;
    let night = preview::night(deployment, (store, vault, &archive), &state, day);
    let look = Look::at(&night, pair).await?;
    for identity in [pair.a, pair.b] {
        if !look.is_told_of(identity) {
            let what = format!("no file says anything about identity {identity} (LG1470)");
            return Err(Expected::new(Exit::Usage, what));
        }
    }
    let row = store.reviews(None).await?.into_iter().find(|row| (row.a, row.b) == (pair.a, pair.b));
    let shown = shown(deployment, &look, pair, row.as_ref(), manner).await?;
    if voice.json {
        report::json(&shown);
    } else {
        text(voice, &shown);
    }
    Ok(())
}

async fn shown(
    deployment: &Deployment,
    look: &Look<'_>,
    pair: Pair,
    row: Option<&ReviewRow>,
    Manner { values, blind }: Manner,
) -> Result<Shown> {
    let now = if blind { look.if_undecided(pair) } else { look.now() };
    let (same, different) = (look.if_decided(pair, Verdict::Same), look.if_decided(pair, Verdict::Different));
    let ruling = look.rulings.get(pair).filter(|_| !blind);
    // These codes say that somebody has decided, and what.
    let row = row.filter(|row| !blind || !DECIDED.contains(&row.reason.as_str()));
    let at = |identity| look.scope.index_of(identity).map_or(&[][..], |at| look.scope.keys(at));
    let kinds = compare(at(pair.a), at(pair.b)).into_iter();
    let evidence: Vec<EvidenceJson> = kinds
        .map(|(what, how)| EvidenceJson { what: what.words(), how: how.word(), unique: what.unique() })
        .collect();
    let values = if values { side_by_side(look, pair, &evidence)? } else { Vec::new() };
    let title = |code: &str| explain::codes().find(|c| c.code == code).map_or("", |c| c.title);
    Ok(Shown {
        a: side(deployment, look, &now, pair.a)?,
        b: side(deployment, look, &now, pair.b)?,
        code: row.map(|row| row.reason.clone()),
        title: row.map(|row| title(&row.reason)),
        one_person: now.together(pair),
        decided: ruled(ruling),
        second: matches!(ruling, Some(Ruling::Waiting)),
        evidence,
        weights: weights(look, pair)?,
        if_same: effect(look, &now, &same).await?,
        if_different: effect(look, &now, &different).await?,
        values,
    })
}

/// What the model says of a pair: its rows are read again, and let go.
fn weights(look: &Look<'_>, pair: Pair) -> Result<Option<WeightsJson>> {
    let model = InForce::of(look.night.deployment)?;
    let both = BTreeSet::from([pair.a, pair.b]);
    let read = tokio::task::block_in_place(|| Read::of(look.night, &look.files, &both))?;
    let Some((_, weighed)) = read.weigh(&model.model, &[pair]).pop() else { return Ok(None) };
    let bits = |weight| f64::from(weight) / f64::from(BIT);
    let line = |line: Line| WeightJson { field: line.field, agreement: line.level, bits: bits(line.weight) };
    Ok(Some(WeightsJson {
        model: model.words(),
        bits: bits(weighed.score.weight),
        ask_from: bits(model.ask),
        against: weighed.score.against.words(),
        barred: weighed.bar.map(Bar::code),
        barred_for: weighed.bar.map(Bar::words),
        lines: weighed.lines.into_iter().map(line).collect(),
    }))
}

fn side(deployment: &Deployment, look: &Look<'_>, now: &Who, identity: IdentityId) -> Result<SideJson> {
    let mut sources = Vec::new();
    for (feed, rows) in look.sources(identity)? {
        let mapping = deployment.mapping(feed)?;
        let partner = deployment.agreement.get(mapping.partner()).map_or("", |p| p.key.as_str());
        sources.push(SourceJson { feed: mapping.name().into(), partner: partner.into(), rows });
    }
    Ok(SideJson {
        identity: identity.to_string(),
        cohort: now.cohort.contains(&identity),
        with: now.with(identity).len().saturating_sub(1),
        sources,
    })
}

/// Codes of pairs about which something was decided.
const DECIDED: [&str; 4] = ["LG1460", "LG1461", "LG1462", "LG1463"];

/// The kinds in their order.
const KINDS: [&str; 3] = ["name", "birth_date", "postcode"];

/// The values of both; what the linker compares is marked as it sees it, and not by how it is spelt.
fn side_by_side(look: &Look<'_>, pair: Pair, evidence: &[EvidenceJson]) -> Result<Vec<ValueJson>> {
    let mut kinds: BTreeMap<(usize, &'static str), [BTreeSet<String>; 2]> = BTreeMap::new();
    for (n, identity) in [pair.a, pair.b].into_iter().enumerate() {
        for (kind, value) in look.rows(identity)?.into_iter().flat_map(|row| row.describes) {
            let rank = KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len());
            if let Some(side) = kinds.entry((rank, kind)).or_default().get_mut(n) {
                side.insert(value);
            }
        }
    }
    let one = |((_, what), [a, b]): ((usize, &'static str), [BTreeSet<String>; 2])| {
        let compared = evidence.iter().find(|e| e.what == what).map(|e| e.how);
        let mark = compared.unwrap_or_else(|| match (a.is_empty() || b.is_empty(), a.is_disjoint(&b)) {
            (true, _) => How::Missing.word(),
            (false, false) => How::Agree.word(),
            (false, true) => How::Differ.word(),
        });
        ValueJson { what, a: a.into_iter().collect(), b: b.into_iter().collect(), mark }
    };
    Ok(kinds.into_iter().map(one).collect())
}

fn text(voice: Voice, shown: &Shown) {
    if let (Some(code), Some(title)) = (&shown.code, shown.title) {
        report::line(&format!("{code} {title}"));
    }
    let now = if shown.one_person { "They are one person now" } else { "They are two people now" };
    let decided = match (shown.second, shown.decided) {
        (true, _) => "; one person has decided, and a second one is asked",
        (false, "open") => "",
        (false, "same") => "; decided to be the same",
        (false, "different") => "; decided to be different",
        (false, _) => "; nobody could tell on this evidence",
    };
    report::line(&format!("{now}{decided}"));
    for (name, side) in [("One", &shown.a), ("The other", &shown.b)] {
        let sources: Vec<String> =
            side.sources.iter().map(|s| format!("{} ({} rows)", s.feed, s.rows)).collect();
        let cohort = if side.cohort { "in the cohort" } else { "not in the cohort" };
        let with = match side.with {
            0 => "alone".to_owned(),
            n => format!("one person with {n} more"),
        };
        report::line(&format!("{name}: {}, {cohort}, {with}: {}", short(&side.identity), sources.join(", ")));
    }
    let unique = |e: &EvidenceJson| if e.unique && e.how == "differs" { " (a person has one)" } else { "" };
    let rows: Vec<Vec<String>> =
        shown.evidence.iter().map(|e| vec![e.what.into(), format!("{}{}", e.how, unique(e))]).collect();
    report::line(&table(voice.plain, &["evidence", "of the two"], &rows));
    if let Some(weights) = &shown.weights {
        weighed(voice, weights);
    }
    if !shown.values.is_empty() {
        let row =
            |v: &ValueJson| vec![v.what.into(), v.a.join(" | "), v.b.join(" | "), v.mark.to_uppercase()];
        let rows: Vec<Vec<String>> = shown.values.iter().map(row).collect();
        report::line(&table(voice.plain, &["value", "one", "the other", ""], &rows));
    }
    effects(voice, "If they are one person", &shown.if_same);
    effects(voice, "If they are two", &shown.if_different);
}

fn weighed(voice: Voice, weights: &WeightsJson) {
    let rows: Vec<Vec<String>> = weights
        .lines
        .iter()
        .map(|line| vec![line.field.clone(), line.agreement.clone(), format!("{:+.1}", line.bits)])
        .collect();
    report::line(&table(voice.plain, &["weighed", "of the two", "bits"], &rows));
    let barred = weights.barred.zip(weights.barred_for);
    let barred =
        barred.map_or_else(String::new, |(code, why)| format!("; never joined by weight: {why} ({code})"));
    report::line(&format!(
        "{:+.1} bits for one person against {}, by the model {}; a person is asked from {:+.1} bits on{barred}",
        weights.bits, weights.against, weights.model, weights.ask_from
    ));
}

fn effects(voice: Voice, head: &str, lines: &[EffectLine]) {
    if lines.is_empty() {
        return report::line(&format!(
            "{head}: nothing leaves that does not leave now, and nothing is called back"
        ));
    }
    let row = |l: &EffectLine| {
        vec![
            l.shift.into(),
            l.recipient.clone(),
            l.category.clone(),
            l.fields.join(", "),
            l.records.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    report::line(&format!("{head}:"));
    report::line(&table(voice.plain, &["leaves", "to", "category", "fields", "records"], &rows));
}
