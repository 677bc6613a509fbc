//! `lockgate review next|list|show|decide|undo`: pairs that may be one person or two.
//!
//! Without `--values` nothing that is shown is a personal value: keyed hashes, kinds of evidence, counts.

use super::register::stopped;
use super::review_model;
use super::review_show::{self, Manner, Shown};
use super::{Voice, explain, identity, preview, reading};
use crate::cli::{
    Looker, ReviewCommand, ReviewDecideArgs, ReviewListArgs, ReviewNextArgs, ReviewUndoArgs, Reviewer, Signed,
};
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::publish::record_decision;
use crate::night::summary::table;
use crate::night::weights::words;
use crate::register::{Desk, Saying, Stop, Undone};
use crate::report;
use crate::review::look::Look;
use crate::review::said::{self, Word};
use crate::store::{Proposal, Registered, ReviewRow, ReviewState, Store};
use crate::vault::{Archive, Vault};
use anyhow::{Context as _, Result};
use lockgate_core::hash::Digest;
use lockgate_core::link::{Concord, Doubt, Pair, Ruling, Verdict};
use lockgate_core::linkage::math::BIT;
use lockgate_core::record::IdentityId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Digits of an identity in listings.
const DIGITS: usize = 12;
/// The fewest digits by which an identity is named.
const FEWEST: usize = 6;

/// Does what the words say.
pub(super) async fn review(voice: Voice, deployment: &Deployment, what: &ReviewCommand) -> Result<Exit> {
    match what {
        ReviewCommand::Next(args) => next(voice, deployment, args).await,
        ReviewCommand::List(args) => list(voice, deployment, args).await,
        ReviewCommand::Show(args) => {
            let (store, vault) = reading(deployment).await?;
            let pair = pair(deployment, (&store, &vault), &args.first, &args.second).await?;
            let shown = show(voice, deployment, (store, vault), pair, &args.looker).await?;
            Ok(shown.unwrap_or(Exit::Done))
        }
        ReviewCommand::Decide(args) => decide(voice, deployment, args).await,
        ReviewCommand::Undo(args) => undo(voice, deployment, args).await,
        ReviewCommand::Model(args) => review_model::model(voice, deployment, args).await,
    }
}

/// One pair in a listing.
#[derive(Serialize)]
struct PairJson {
    a: String,
    b: String,
    code: String,
    title: &'static str,
    /// `open` when it waits, otherwise what was decided.
    state: &'static str,
    /// Whether one person has decided and a second one is needed.
    second: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_run: Option<i64>,
    /// What a night's model has said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed: Option<ProposedJson>,
}

/// What a model has said of a pair.
#[derive(Serialize)]
struct ProposedJson {
    bits: f64,
    model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    barred: Option<String>,
}

impl ProposedJson {
    fn of(said: &Proposal) -> Self {
        Self {
            bits: f64::from(said.weight) / f64::from(BIT),
            model: words(&said.version, &said.dated),
            barred: said.barred.clone(),
        }
    }
}

#[derive(Serialize)]
struct AgreementJson {
    pairs: u32,
    agreed: u32,
    percent: f64,
    kappa: Option<f64>,
}

/// The pairs that wait, the gravest first, then the oldest.
fn queue(mut waiting: Vec<ReviewRow>) -> Vec<ReviewRow> {
    let rank = |row: &ReviewRow| Doubt::ALL.iter().position(|doubt| doubt.code() == row.reason);
    waiting.sort_by_key(|row| (rank(row), row.first_run.0, row.a, row.b));
    waiting
}

fn title(code: &str) -> &'static str {
    explain::codes().find(|c| c.code == code).map_or("", |c| c.title)
}

/// The word for what counts.
pub(super) const fn ruled(ruling: Option<&Ruling>) -> &'static str {
    match ruling {
        Some(Ruling::Same { .. }) => "same",
        Some(Ruling::Different) => "different",
        Some(Ruling::Parked(_)) => "cannot-tell",
        Some(Ruling::Waiting | Ruling::Disputed) | None => "open",
    }
}

async fn list(voice: Voice, deployment: &Deployment, args: &ReviewListArgs) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    let entries = store.registered().await?;
    if args.agreement {
        agreement(voice, &entries);
        return Ok(Exit::Done);
    }
    let day = store.runs(1).await?.first().map(|r| r.as_of).context("there is no run yet")?;
    let rulings = said::rulings(&entries, day, deployment.settings.review.two_people);
    let waiting = queue(store.reviews(Some(ReviewState::Open)).await?);
    let proposed: BTreeMap<Pair, Proposal> =
        store.proposals().await?.into_iter().map(|said| (said.pair, said)).collect();
    let of = |row: &ReviewRow| {
        let ruling = Pair::of(row.a, row.b).and_then(|pair| rulings.get(pair));
        PairJson {
            a: row.a.to_string(),
            b: row.b.to_string(),
            code: row.reason.clone(),
            title: title(&row.reason),
            state: "open",
            second: matches!(ruling, Some(Ruling::Waiting)),
            first_run: Some(row.first_run.0),
            proposed: Pair::of(row.a, row.b).and_then(|pair| proposed.get(&pair)).map(ProposedJson::of),
        }
    };
    let mut pairs: Vec<PairJson> = waiting.iter().map(of).collect();
    let open: BTreeSet<(IdentityId, IdentityId)> = waiting.iter().map(|row| (row.a, row.b)).collect();
    if args.all {
        let codes: BTreeMap<Pair, &str> = said::words(&entries)
            .into_iter()
            .filter_map(|word| Some((word.pair, word.says.code.as_deref()?)))
            .collect();
        for (pair, ruling) in rulings.iter().filter(|(pair, _)| !open.contains(&(pair.a, pair.b))) {
            let code = codes.get(&pair).copied().unwrap_or_default().to_owned();
            pairs.push(PairJson {
                a: pair.a.to_string(),
                b: pair.b.to_string(),
                title: title(&code),
                code,
                state: ruled(Some(ruling)),
                second: matches!(ruling, Ruling::Waiting),
                first_run: None,
                proposed: proposed.get(&pair).map(ProposedJson::of),
            });
        }
    }
    if voice.json {
        report::json(&pairs);
    } else if pairs.is_empty() {
        report::line("No pair waits");
    } else {
        let row = |p: &PairJson| {
            let state = if p.second { "open: a second person" } else { p.state };
            let bits = p.proposed.as_ref().map_or_else(String::new, |said| format!("{:+.1}", said.bits));
            vec![short(&p.a), short(&p.b), state.into(), bits, format!("{} {}", p.code, p.title)]
        };
        let rows: Vec<Vec<String>> = pairs.iter().map(row).collect();
        report::line(&table(voice.plain, &["one", "the other", "state", "bits", "why"], &rows));
    }
    Ok(if open.is_empty() { Exit::Done } else { Exit::Waiting })
}

pub(super) fn short(digits: &str) -> String {
    digits.get(..DIGITS).unwrap_or(digits).to_owned()
}

/// How far people agree who said something of the same pair, each before knowing the other's word: the first words of the
/// first two.
fn agreement(voice: Voice, entries: &[Registered]) {
    let mut first: BTreeMap<Pair, Vec<(&str, Verdict)>> = BTreeMap::new();
    for word in said::words(entries) {
        let Some(verdict) = word.verdict() else { continue };
        let of = first.entry(word.pair).or_default();
        let author = word.entry.made.author.as_str();
        if of.len() < 2 && of.iter().all(|(by, _)| *by != author) {
            of.push((author, verdict));
        }
    }
    let twice = first.into_values().filter_map(|said| match said.as_slice() {
        [(_, one), (_, other)] => Some((*one, *other)),
        _ => None,
    });
    let concord = Concord::of(&twice.collect::<Vec<_>>());
    if voice.json {
        let told = concord.map(|c| AgreementJson {
            pairs: c.pairs,
            agreed: c.agreed,
            percent: c.percent(),
            kappa: c.kappa,
        });
        return report::json(&told);
    }
    let Some(concord) = concord else {
        return report::line("No pair was decided by two people yet");
    };
    let kappa =
        concord.kappa.map_or_else(|| "not to be said of so few words".to_owned(), |k| format!("{k:.2}"));
    report::line(&format!(
        "{} pairs were decided by two people; they agree on {} ({:.0} %); Cohen's kappa {kappa}",
        concord.pairs,
        concord.agreed,
        concord.percent()
    ));
}

async fn next(voice: Voice, deployment: &Deployment, args: &ReviewNextArgs) -> Result<Exit> {
    let looker = &args.looker;
    let (store, vault) = reading(deployment).await?;
    let entries = store.registered().await?;
    let words = said::words(&entries);
    let own = |w: &&Word<'_>| Some(w.entry.made.author.as_str()) == looker.by.as_deref();
    let passed: BTreeSet<Pair> =
        words.iter().filter(|w| w.stands() || args.again).filter(own).map(|w| w.pair).collect();
    let waiting = queue(store.reviews(Some(ReviewState::Open)).await?);
    let open: Vec<Pair> = if args.again {
        words.iter().filter(|w| w.stands()).map(|w| w.pair).collect()
    } else {
        waiting.iter().filter_map(|row| Pair::of(row.a, row.b)).collect()
    };
    let Some(pair) = open.into_iter().find(|pair| !passed.contains(pair)) else {
        if voice.json {
            report::json(&Option::<Shown>::None);
        } else {
            report::line("No pair waits");
        }
        return Ok(Exit::Done);
    };
    let shown = show(voice, deployment, (store, vault), pair, looker).await?;
    Ok(shown.unwrap_or(if args.again { Exit::Done } else { Exit::Waiting }))
}

/// Whether somebody else has said something of a pair and this person has not: then nothing is told of it.
fn blind(entries: &[Registered], pair: Pair, by: Option<&String>) -> bool {
    let words = said::words(entries);
    let mut of = words.iter().filter(|w| w.pair == pair && w.stands()).peekable();
    by.is_some_and(|by| of.peek().is_some() && of.all(|w| w.entry.made.author != *by))
}

/// Shows a pair; with values, or one that waits for nobody, only after that was recorded: an answer says something about
/// people. Gives the exit of a refusal.
async fn show(
    voice: Voice,
    deployment: &Deployment,
    (store, vault): (Store, Vault),
    pair: Pair,
    looker: &Looker,
) -> Result<Option<Exit>> {
    let entries = store.registered().await?;
    let blind = blind(&entries, pair, looker.by.as_ref());
    let (Some(by), Some(reason)) = (&looker.by, &looker.reason) else {
        let decided = said::words(&entries).iter().any(|w| w.pair == pair);
        let listed = store.reviews(None).await?.iter().any(|row| (row.a, row.b) == (pair.a, pair.b));
        if !decided && !listed {
            let what = "nobody asks about this pair: say who looks at it and why, `--by` and `--reason`";
            return Err(Expected::new(Exit::Usage, what));
        }
        review_show::show(voice, deployment, (&store, &vault), pair, Manner { values: false, blind }).await?;
        return Ok(None);
    };
    drop(store);
    let signed = signed(deployment, &Reviewer { by: by.clone(), reason: reason.clone() })?;
    let desk = Desk::open(deployment, &signed).await?;
    if let Err(stop) = desk.reviewer().await {
        return stopped(voice, desk, stop, "review show --values").await.map(Some);
    }
    // Recorded, then shown.
    let subject = Digest::of(&[pair.a.bytes(), pair.b.bytes()].concat());
    let mut tx = desk.store.begin_decisions(desk.day).await?;
    record_decision(&mut tx, &desk.entry("show-pair", subject)).await?;
    tx.commit().await?;
    let manner = Manner { values: looker.values, blind };
    review_show::show(voice, deployment, (&desk.store, &vault), pair, manner).await?;
    desk.store.close().await?;
    Ok(None)
}

/// Whoever decides does so for the agreement's holder, who runs the gateway.
fn signed(deployment: &Deployment, reviewer: &Reviewer) -> Result<Signed> {
    let agreement = &deployment.agreement;
    let holder = agreement.get(agreement.holder()).context("the agreement has no holder")?;
    Ok(Signed { partner: holder.key.clone(), by: reviewer.by.clone(), reference: reviewer.reason.clone() })
}

#[derive(Serialize)]
struct DecidedJson<'a> {
    done: bool,
    a: String,
    b: String,
    entries: Vec<i64>,
    counts: &'a str,
    /// Whether a second person has to say the same.
    second: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

fn told(voice: Voice, out: &DecidedJson<'_>, text: &str) {
    if voice.json {
        return report::json(out);
    }
    report::line(text);
    out.notes.iter().for_each(|note| report::line(&format!("Note: {note}")));
}

async fn decide(voice: Voice, deployment: &Deployment, args: &ReviewDecideArgs) -> Result<Exit> {
    let verdict = Verdict::parse(&args.verdict).context("an unknown verdict")?;
    let signed = signed(deployment, &args.reviewer)?;
    let desk = Desk::open(deployment, &signed).await?;
    let pair = pair(deployment, (&desk.store, &desk.vault), &args.first, &args.second).await?;
    let said = match desk.reviewer().await {
        Ok(()) => say(deployment, &desk, pair, verdict, args.despite_identifiers).await,
        Err(stop) => Err(stop),
    };
    let (decided, notes) = match said {
        Ok(said) => said,
        Err(stop) => return stopped(voice, desk, stop, &format!("{} {} {verdict:?}", pair.a, pair.b)).await,
    };
    desk.store.close().await?;
    let second = matches!(decided.ruling, Some(Ruling::Waiting));
    let then = match &decided.ruling {
        Some(Ruling::Waiting) => "a second person has to say the same, until then nothing is joined",
        Some(Ruling::Disputed) => {
            "somebody else has said otherwise: the two stay apart until one of you takes it back (LG1460)"
        }
        _ => "the next run goes by it",
    };
    let out = DecidedJson {
        done: true,
        a: pair.a.to_string(),
        b: pair.b.to_string(),
        entries: vec![decided.entry.0],
        counts: ruled(decided.ruling.as_ref()),
        second,
        notes,
    };
    let text = format!("Entry {}: {}; {then}", decided.entry, verdict.word());
    told(voice, &out, &text);
    Ok(Exit::Done)
}

/// Takes the word down, and says what stands in the way of following it.
async fn say(
    deployment: &Deployment,
    desk: &Desk<'_>,
    pair: Pair,
    verdict: Verdict,
    despite: bool,
) -> Result<(crate::register::Decided, Vec<String>), Stop> {
    let state = deployment.state();
    let archive = Archive::at(&state.join("archive"), &desk.vault).context("opening the archive")?;
    let night = preview::night(deployment, (&desk.store, &desk.vault, &archive), &state, desk.day);
    let look = Look::at(&night, pair).await?;
    for identity in [pair.a, pair.b] {
        if !look.is_told_of(identity) {
            return Err(Stop::no_identity(&identity.to_string()));
        }
    }
    let waiting = desk.store.reviews(Some(ReviewState::Open)).await?;
    let waits = waiting.iter().find(|row| (row.a, row.b) == (pair.a, pair.b));
    let saying = Saying { pair, verdict, despite, conflict: look.conflict(pair) };
    let mut notes = Vec::new();
    let after = look.if_decided(pair, verdict);
    if verdict == Verdict::Same && !after.together(pair) {
        notes.push("others of them are kept apart, so that nothing is joined by it (LG1461)".to_owned());
    }
    if verdict == Verdict::Different && look.now().together(pair) {
        notes.push(
            "they are one person now: the next run parts them, and corrects or withdraws what was told of either because of the other"
                .to_owned(),
        );
    }
    Ok((desk.say(&saying, waits).await?, notes))
}

async fn undo(voice: Voice, deployment: &Deployment, args: &ReviewUndoArgs) -> Result<Exit> {
    let signed = signed(deployment, &args.reviewer)?;
    let desk = Desk::open(deployment, &signed).await?;
    let pair = pair(deployment, (&desk.store, &desk.vault), &args.first, &args.second).await?;
    let done = match desk.reviewer().await {
        Ok(()) => desk.take_back(pair).await,
        Err(stop) => Err(stop),
    };
    let undone = match done {
        Ok(undone) => undone,
        Err(stop) => return stopped(voice, desk, stop, &format!("undo {} {}", pair.a, pair.b)).await,
    };
    desk.store.close().await?;
    let (entries, second, text) = match undone {
        Undone::Ended(entries) => {
            let text = format!("{} entries are ended; the next run goes by what is left", entries.len());
            (entries, false, text)
        }
        Undone::Asked(entry) => {
            let text =
                format!("Entry {entry}: a second person has to take it back too, until then they stay apart");
            (vec![entry.0], true, text)
        }
    };
    let (a, b) = (pair.a.to_string(), pair.b.to_string());
    told(voice, &DecidedJson { done: true, a, b, entries, counts: "open", second, notes: Vec::new() }, &text);
    Ok(Exit::Done)
}

/// The pair that two words name.
async fn pair(
    deployment: &Deployment,
    (store, vault): (&Store, &Vault),
    first: &str,
    second: &str,
) -> Result<Pair> {
    let mut known = BTreeSet::new();
    for row in store.reviews(None).await? {
        known.extend([row.a, row.b]);
    }
    let entries = store.registered().await?;
    known.extend(said::words(&entries).into_iter().flat_map(|word| [word.pair.a, word.pair.b]));
    let one = |text: &str| -> Result<IdentityId> {
        let digits = text.len() >= FEWEST && text.len() < 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !digits {
            return identity(deployment, vault, text);
        }
        let text = text.to_ascii_lowercase();
        let mut found = known.iter().filter(|identity| identity.to_string().starts_with(&text));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(*one),
            (None, _) => {
                Err(Expected::new(Exit::Usage, format!("no identity under review begins with `{text}`")))
            }
            _ => Err(Expected::new(Exit::Usage, format!("more than one identity begins with `{text}`"))),
        }
    };
    let same = || Expected::new(Exit::Usage, "a pair is two different identities");
    Pair::of(one(first)?, one(second)?).ok_or_else(same)
}
